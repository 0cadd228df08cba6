#include "cedar/schema_resolve.h"

#include <stdlib.h>

#include "base/attr.h"
#include "base/span.h"
#include "cedar/schema_build.h"
#include "cedar/schema_collect.h"
#include "cedar/schema_lower.h"

/* Working memory of one resolution: items, keys, edges and bit rows of the largest schema allowed. */
#define SCRATCH_QUOTA_BYTES (UINT64_C(1) << 30)
#define CYCLE_SHOWN_MAX     8

/* The last list or type looked up: `entity A, B, C in [...]` declares three types with one list. */
struct memo {
    const void *decl;
    const void *result;
    size_t count;
};

struct resolver {
    struct skm_names names;
    struct skm_type_table table;
    struct skm_lower lower;
    struct skm_schema_build build;
    struct skm_names_item **entities; /* sorted */
    struct skm_names_item **actions;  /* sorted */
    SKM_VEC(struct skm_graph_edge) entity_edges;
    SKM_VEC(struct skm_graph_edge) action_edges;
    size_t parts; /* list entries so far */
    struct memo shape;
    struct memo tags;
    struct memo context;
    struct memo principals;
    struct memo resources;
};

static void resolver_fini(struct resolver *resolver)
{
    skm_names_fini(&resolver->names);
    skm_type_table_fini(&resolver->table);
}

/* ---- sorting ---- */

static int compare_entities(const void *a, const void *b)
{
    const struct skm_names_item *const *left = a;
    const struct skm_names_item *const *right = b;
    return skm_span_compare((*left)->uid.type, (*right)->uid.type);
}

static int compare_actions(const void *a, const void *b)
{
    const struct skm_names_item *const *left = a;
    const struct skm_names_item *const *right = b;
    return skm_uid_compare(&(*left)->uid, &(*right)->uid);
}

/* The items in a new order, each told its place. The list itself stays in the order declared, in which faults are reported. */
static skm_err sort_items(struct resolver *resolver, const skm_names_items *items,
                          int (*compare)(const void *, const void *),
                          struct skm_names_item ***out_sorted)
{
    struct skm_names_item **sorted =
        SKM_ARENA_NEW_ARRAY(resolver->names.scratch, struct skm_names_item *, items->len);
    if (sorted == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < items->len; i++) {
        sorted[i] = items->items[i];
    }
    if (items->len > 1) {
        qsort(sorted, items->len, sizeof(struct skm_names_item *), compare);
    }
    for (size_t i = 0; i < items->len; i++) {
        sorted[i]->index = (uint32_t)i;
    }
    *out_sorted = sorted;
    return SKM_OK;
}

/* ---- names of entity types in lists ---- */

/* NULL: not an entity type that may stand here, and said so. */
static skm_err find_entity(struct resolver *resolver, const struct skm_names_item *item,
                           const struct skm_decl_name *name, const char *where,
                           const struct skm_names_item **out_entity)
{
    struct skm_names *names = &resolver->names;
    struct skm_names_hit hit = {0};
    skm_span space = item->space->name.text;
    SKM_TRY(skm_names_find(names, space, name->text, SKM_NAMES_WANT_ENTITY, &hit));
    if (hit.found == SKM_NAMES_ENTITY && hit.item->entity != NULL) {
        *out_entity = hit.item;
        return SKM_OK;
    }
    *out_entity = NULL;
    if (hit.found == SKM_NAMES_ENTITY) {
        (void)skm_diags_add(names->diags, SKM_SEVERITY_ERROR, item->source, name->range,
                            "`%.*s` is the type of actions and cannot be %s",
                            SKM_SPAN_ARG(name->text), where);
        return SKM_OK;
    }
    struct skm_diag *diag =
        skm_diags_add(names->diags, SKM_SEVERITY_ERROR, item->source, name->range,
                      "entity type `%.*s` is not declared", SKM_SPAN_ARG(name->text));
    struct skm_names_hit common = {0};
    SKM_TRY(skm_names_find(names, space, name->text, SKM_NAMES_WANT_COMMON, &common));
    if (common.found != SKM_NAMES_NOTHING) {
        skm_diag_help(names->diags, diag, "`%.*s` is a %s type", SKM_SPAN_ARG(name->text),
                      common.found == SKM_NAMES_COMMON ? "common" : "built-in");
    } else {
        skm_names_suggest(names, space, name->text, SKM_NAMES_WANT_ENTITY, diag);
    }
    return SKM_OK;
}

static skm_err charge_parts(struct resolver *resolver, size_t count)
{
    resolver->parts += count;
    return resolver->parts > SKM_DECL_PARTS_MAX ? SKM_ERR(COUNT) : SKM_OK;
}

static int compare_spans(const void *a, const void *b)
{
    const skm_span *left = a;
    const skm_span *right = b;
    return skm_span_compare(*left, *right);
}

static size_t sort_unique(skm_span *words, size_t count)
{
    size_t kept = 0;
    if (count > 1) {
        qsort(words, count, sizeof(*words), compare_spans);
    }
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || !skm_span_equal(words[kept - 1], words[i])) {
            words[kept++] = words[i];
        }
    }
    return kept;
}

static skm_err resolve_types(struct resolver *resolver, const struct skm_names_item *item,
                             const struct skm_decl_name *list, size_t count, struct memo *memo,
                             const skm_span **out_types, size_t *out_count)
{
    if (memo->decl == NULL || memo->decl != list) {
        SKM_TRY(charge_parts(resolver, count));
        skm_span *types = SKM_ARENA_NEW_ARRAY(resolver->names.arena, skm_span, count);
        if (types == NULL) {
            return SKM_ERR(MEMORY);
        }
        size_t found = 0;
        for (size_t i = 0; i < count; i++) {
            const struct skm_names_item *entity = NULL;
            SKM_TRY(find_entity(resolver, item, &list[i], "in `appliesTo`", &entity));
            if (entity != NULL) {
                types[found++] = entity->uid.type;
            }
        }
        *memo = (struct memo){list, types, sort_unique(types, found)};
    }
    *out_types = memo->result;
    *out_count = memo->count;
    return SKM_OK;
}

/* ---- types ---- */

static skm_err resolve_type(struct resolver *resolver, const struct skm_names_item *item,
                            const struct skm_decl_type *type, struct memo *memo,
                            const struct skm_type **out_type)
{
    if (memo->decl != type) {
        const struct skm_type *lowered = NULL;
        SKM_TRY(skm_lower_type(&resolver->lower, item, type, &lowered));
        *memo = (struct memo){type, lowered, 0};
    }
    *out_type = memo->result;
    return SKM_OK;
}

/* A shape or a context: a record, and the empty one when nothing is written. */
static skm_err resolve_record(struct resolver *resolver, const struct skm_names_item *item,
                              const struct skm_decl_type *type, const char *what, struct memo *memo,
                              const struct skm_type **out_type)
{
    if (type == NULL) {
        return skm_type_table_record(&resolver->table, NULL, 0, out_type);
    }
    SKM_TRY(resolve_type(resolver, item, type, memo, out_type));
    if ((*out_type)->kind != SKM_TYPE_RECORD && (*out_type)->kind != SKM_TYPE_NEVER) {
        (void)skm_diags_add(resolver->names.diags, SKM_SEVERITY_ERROR, item->source, type->range,
                            "%s of `%.*s` is not a record", what, SKM_SPAN_ARG(item->name->text));
    }
    return SKM_OK;
}

/* ---- entity types ---- */

static skm_err add_entity_edge(struct resolver *resolver, const struct skm_names_item *child,
                               const struct skm_names_item *parent)
{
    struct skm_graph_edge *edge = NULL;
    SKM_TRY(
        SKM_VEC_PUSH(resolver->names.scratch, &resolver->entity_edges, SKM_DECL_PARTS_MAX, &edge));
    *edge = (struct skm_graph_edge){child->index, parent->index};
    return SKM_OK;
}

static skm_err resolve_entity(struct resolver *resolver, struct skm_names_item *item)
{
    const struct skm_decl_entity *decl = item->entity;
    if (decl == NULL) {
        return skm_type_table_record(&resolver->table, NULL, 0, &item->type);
    }
    SKM_TRY(
        resolve_record(resolver, item, decl->shape, "the shape", &resolver->shape, &item->type));
    if (decl->tags != NULL) {
        SKM_TRY(resolve_type(resolver, item, decl->tags, &resolver->tags, &item->tags));
    }
    for (size_t i = 0; i < decl->parent_count; i++) {
        const struct skm_names_item *parent = NULL;
        SKM_TRY(find_entity(resolver, item, &decl->parents[i], "a parent of entities", &parent));
        if (parent != NULL) {
            SKM_TRY(add_entity_edge(resolver, item, parent));
        }
    }
    return charge_parts(resolver, decl->enum_count);
}

/* ---- actions ---- */

static skm_err resolve_parent(struct resolver *resolver, const struct skm_names_item *item,
                              const struct skm_decl_action_ref *ref)
{
    struct skm_names *names = &resolver->names;
    struct skm_names_item *parent = NULL;
    SKM_TRY(skm_names_find_action(names, item->space->name.text, ref, &parent));
    if (parent == NULL) {
        struct skm_diag *diag =
            skm_diags_add(names->diags, SKM_SEVERITY_ERROR, item->source, ref->range,
                          "action `%.*s%s%.*s` is not declared", SKM_SPAN_ARG(ref->type),
                          ref->type.len > 0 ? "::" : "", SKM_SPAN_ARG(ref->id));
        skm_names_suggest_action(names, ref->id, diag);
        return SKM_OK;
    }
    struct skm_graph_edge *edge = NULL;
    SKM_TRY(SKM_VEC_PUSH(names->scratch, &resolver->action_edges, SKM_DECL_PARTS_MAX, &edge));
    *edge = (struct skm_graph_edge){item->index, parent->index};
    return SKM_OK;
}

static skm_err resolve_action(struct resolver *resolver, struct skm_names_item *item)
{
    const struct skm_decl_action *decl = item->action;
    SKM_TRY(resolve_record(resolver, item, decl->context, "the context", &resolver->context,
                           &item->type));
    SKM_TRY(resolve_types(resolver, item, decl->principals, decl->principal_count,
                          &resolver->principals, &item->principals, &item->principal_count));
    SKM_TRY(resolve_types(resolver, item, decl->resources, decl->resource_count,
                          &resolver->resources, &item->resources, &item->resource_count));
    for (size_t i = 0; i < decl->parent_count; i++) {
        SKM_TRY(resolve_parent(resolver, item, &decl->parents[i]));
    }
    return SKM_OK;
}

/* ---- tables ---- */

static skm_err list_enum_ids(struct resolver *resolver, const struct skm_decl_entity *decl,
                             struct skm_schema_entity *row)
{
    skm_span *ids = SKM_ARENA_NEW_ARRAY(resolver->names.arena, skm_span, decl->enum_count);
    if (ids == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < decl->enum_count; i++) {
        ids[i] = decl->enum_ids[i].text;
    }
    row->enum_count = sort_unique(ids, decl->enum_count);
    row->enum_ids = ids;
    return SKM_OK;
}

static skm_err fill_entities(struct resolver *resolver)
{
    size_t count = resolver->names.entities.len;
    struct skm_schema_entity *rows =
        SKM_ARENA_NEW_ARRAY(resolver->names.arena, struct skm_schema_entity, count);
    if (rows == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < count; i++) {
        const struct skm_names_item *item = resolver->entities[i];
        const struct skm_decl_entity *decl = item->entity;
        rows[i] = (struct skm_schema_entity){.name = item->uid.type,
                                             .shape = item->type,
                                             .tags = item->tags,
                                             .is_action = decl == NULL};
        if (decl != NULL) {
            rows[i].is_enum = decl->is_enum;
            rows[i].is_external = decl->is_external;
            rows[i].annotations = decl->annotations.items;
            rows[i].annotation_count = decl->annotations.count;
        }
        if (decl != NULL && decl->is_enum) {
            SKM_TRY(list_enum_ids(resolver, decl, &rows[i]));
        }
    }
    resolver->build.entities = rows;
    resolver->build.entity_count = count;
    return SKM_OK;
}

static skm_err fill_actions(struct resolver *resolver)
{
    size_t count = resolver->names.actions.len;
    struct skm_schema_action *rows =
        SKM_ARENA_NEW_ARRAY(resolver->names.arena, struct skm_schema_action, count);
    uint32_t *types = SKM_ARENA_NEW_ARRAY(resolver->names.scratch, uint32_t, count);
    if (rows == NULL || types == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < count; i++) {
        const struct skm_names_item *item = resolver->actions[i];
        types[i] = item->type_item->index;
        rows[i] = (struct skm_schema_action){.uid = item->uid,
                                             .principals = item->principals,
                                             .principal_count = item->principal_count,
                                             .resources = item->resources,
                                             .resource_count = item->resource_count,
                                             .context = item->type,
                                             .is_external = item->action->is_external,
                                             .annotations = item->action->annotations.items,
                                             .annotation_count = item->action->annotations.count};
    }
    resolver->build.actions = rows;
    resolver->build.action_count = count;
    resolver->build.action_types = types;
    return SKM_OK;
}

/* ---- hierarchies ---- */

static skm_err complain_cycle(struct resolver *resolver, const uint32_t *path, size_t len)
{
    SKM_CLEANUP(skm_buf_fini) struct skm_buf text;
    skm_buf_init(&text, SIZE_MAX / 2);
    for (size_t i = 0; i < len && i < CYCLE_SHOWN_MAX; i++) {
        skm_uid_print(&resolver->actions[path[i]]->uid, &text);
        skm_buf_append_cstr(&text, " -> ");
    }
    skm_buf_append_cstr(&text, len > CYCLE_SHOWN_MAX ? "… -> " : "");
    const struct skm_names_item *item = resolver->actions[path[0]];
    skm_uid_print(&item->uid, &text);
    SKM_TRY(skm_buf_check(&text));
    (void)skm_diags_add(resolver->names.diags, SKM_SEVERITY_ERROR, item->source, item->name->range,
                        "action `%.*s` is in itself: %.*s", SKM_SPAN_ARG(item->name->text),
                        SKM_SPAN_ARG(skm_buf_span(&text)));
    return SKM_OK;
}

static skm_err check_action_cycles(struct resolver *resolver)
{
    uint32_t component = 0;
    for (;;) {
        uint32_t *path = NULL;
        size_t len = 0;
        SKM_TRY(skm_schema_build_action_cycle(&resolver->build, &component, &path, &len));
        if (path == NULL) {
            return SKM_OK;
        }
        SKM_TRY(complain_cycle(resolver, path, len));
    }
}

/* RFC 116: an entity of an enum type is never a parent of something defined elsewhere. */
static void check_external_parents(struct resolver *resolver)
{
    for (size_t i = 0; i < resolver->build.entity_count; i++) {
        const struct skm_schema_entity *row = &resolver->build.entities[i];
        const struct skm_schema_entity *above =
            row->is_external ? skm_schema_build_enum_above(&resolver->build, row) : NULL;
        if (above != NULL) {
            const struct skm_names_item *item = resolver->entities[i];
            (void)skm_diags_add(resolver->names.diags, SKM_SEVERITY_ERROR, item->source,
                                item->name->range,
                                "external entity type `%.*s` cannot be in the enum type `%.*s`",
                                SKM_SPAN_ARG(row->name), SKM_SPAN_ARG(above->name));
        }
    }
}

/* ---- the whole ---- */

static skm_err resolve_names(struct resolver *resolver, const struct skm_decl_schema *const *files,
                             size_t file_count)
{
    for (size_t i = 0; i < file_count; i++) {
        SKM_TRY(skm_schema_collect(&resolver->names, files[i]));
    }
    SKM_TRY(skm_schema_collect_finish(&resolver->names));
    SKM_TRY(sort_items(resolver, &resolver->names.entities, compare_entities, &resolver->entities));
    return sort_items(resolver, &resolver->names.actions, compare_actions, &resolver->actions);
}

static skm_err resolve_items(struct resolver *resolver)
{
    SKM_TRY(skm_lower_commons(&resolver->lower));
    for (size_t i = 0; i < resolver->names.entities.len; i++) {
        SKM_TRY(resolve_entity(resolver, resolver->names.entities.items[i]));
    }
    for (size_t i = 0; i < resolver->names.actions.len; i++) {
        SKM_TRY(resolve_action(resolver, resolver->names.actions.items[i]));
    }
    return SKM_OK;
}

static skm_err resolve_hierarchies(struct resolver *resolver, size_t errors_before)
{
    struct skm_schema_build *build = &resolver->build;
    SKM_TRY(fill_entities(resolver));
    SKM_TRY(fill_actions(resolver));
    build->entity_edges = resolver->entity_edges.items;
    build->entity_edge_count = resolver->entity_edges.len;
    build->action_edges = resolver->action_edges.items;
    build->action_edge_count = resolver->action_edges.len;
    SKM_TRY(skm_schema_build_order(build));
    SKM_TRY(check_action_cycles(resolver));
    if (resolver->names.diags->errors > errors_before) {
        return SKM_ERR(INVALID);
    }
    SKM_TRY(skm_schema_build_close(build));
    check_external_parents(resolver);
    return resolver->names.diags->errors > errors_before ? SKM_ERR(INVALID) : SKM_OK;
}

static skm_err resolve_all(struct resolver *resolver, const struct skm_decl_schema *const *files,
                           size_t file_count, const struct skm_schema **out_schema)
{
    size_t errors_before = resolver->names.diags->errors;
    SKM_TRY(resolve_names(resolver, files, file_count));
    SKM_TRY(resolve_items(resolver));
    SKM_TRY(resolve_hierarchies(resolver, errors_before));
    return skm_schema_build_finish(&resolver->build, out_schema);
}

skm_err skm_schema_resolve(struct skm_arena *arena, const struct skm_decl_schema *const *files,
                           size_t file_count, struct skm_diags *diags,
                           const struct skm_schema **out_schema)
{
    SKM_CLEANUP(skm_arena_fini) struct skm_arena scratch;
    skm_arena_init(&scratch, SCRATCH_QUOTA_BYTES);
    SKM_CLEANUP(resolver_fini)
    struct resolver resolver = {.build = {.arena = arena, .scratch = &scratch}};
    skm_names_init(&resolver.names, arena, &scratch, diags);
    skm_type_table_init(&resolver.table, arena, &scratch);
    resolver.lower = (struct skm_lower){&resolver.names, &resolver.table};
    skm_err err = resolve_all(&resolver, files, file_count, out_schema);
    if (skm_is_err(err, SKM_E_COUNT)) {
        (void)skm_diags_add(
            diags, SKM_SEVERITY_ERROR, file_count > 0 ? files[0]->source : NULL,
            (struct skm_range){0, 0},
            "the schema is too large: more than %d names of a kind, %d list entries or "
            "%u ancestors",
            SKM_DECL_NAMES_MAX, SKM_DECL_PARTS_MAX, SKM_SCHEMA_ANCESTORS_MAX);
        return SKM_ERR(INVALID);
    }
    return err;
}
