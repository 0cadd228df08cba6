#include "cedar/schema_link.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/span.h"
#include "base/vec.h"
#include "cedar/schema_build.h"
#include "cedar/schema_decl.h"
#include "cedar/schema_names.h"
#include "cedar/schema_types.h"

#define SCRATCH_QUOTA_BYTES (UINT64_C(1) << 30)

/* A declaration of an entity type or of an action in one of the schemas. */
struct entity_decl {
    const struct skm_schema_entity *row;
    size_t schema;
};

struct action_decl {
    const struct skm_schema_action *row;
    size_t schema;
};

struct linker {
    struct skm_arena *arena;
    struct skm_arena *scratch;
    struct skm_diags *diags;
    size_t schema_count;
    struct skm_type_table table;
    SKM_VEC(struct entity_decl)
    entities; /* sorted by name: the declarations of one name are neighbours */
    SKM_VEC(struct action_decl) actions; /* sorted by uid */
    SKM_VEC(struct skm_graph_edge) entity_edges;
    SKM_VEC(struct skm_graph_edge) action_edges;
    size_t *
        defined; /* per linked entity type: ancestors its definition has; SIZE_MAX: none defines it */
    struct skm_schema_build build;
};

static void linker_fini(struct linker *linker)
{
    skm_type_table_fini(&linker->table);
}

static void complain(struct linker *linker, const char *what, skm_span name, const char *why)
{
    (void)skm_diags_add(linker->diags, SKM_SEVERITY_ERROR, NULL, (struct skm_range){0, 0},
                        "%s `%.*s` %s", what, SKM_SPAN_ARG(name), why);
}

static void complain_pair(struct linker *linker, const char *what, skm_span name, const char *why,
                          size_t first, size_t second)
{
    (void)skm_diags_add(linker->diags, SKM_SEVERITY_ERROR, NULL, (struct skm_range){0, 0},
                        "%s `%.*s` %s (schemas %zu and %zu)", what, SKM_SPAN_ARG(name), why,
                        first + 1, second + 1);
}

/* ---- gathering ---- */

static int compare_entities(const void *a, const void *b)
{
    const struct entity_decl *left = a;
    const struct entity_decl *right = b;
    int order = skm_span_compare(left->row->name, right->row->name);
    return order != 0 ? order : (left->schema > right->schema) - (left->schema < right->schema);
}

static int compare_actions(const void *a, const void *b)
{
    const struct action_decl *left = a;
    const struct action_decl *right = b;
    int order = skm_uid_compare(&left->row->uid, &right->row->uid);
    return order != 0 ? order : (left->schema > right->schema) - (left->schema < right->schema);
}

static skm_err gather_one(struct linker *linker, const struct skm_schema *schema, size_t number)
{
    for (size_t i = 0; i < schema->entity_count; i++) {
        struct entity_decl *slot = NULL;
        SKM_TRY(SKM_VEC_PUSH(linker->scratch, &linker->entities, SKM_DECL_PARTS_MAX, &slot));
        *slot = (struct entity_decl){&schema->entities[i], number};
    }
    for (size_t i = 0; i < schema->action_count; i++) {
        struct action_decl *slot = NULL;
        SKM_TRY(SKM_VEC_PUSH(linker->scratch, &linker->actions, SKM_DECL_PARTS_MAX, &slot));
        *slot = (struct action_decl){&schema->actions[i], number};
    }
    return SKM_OK;
}

static skm_err gather(struct linker *linker, const struct skm_schema *const *schemas)
{
    for (size_t i = 0; i < linker->schema_count; i++) {
        SKM_TRY(gather_one(linker, schemas[i], i));
    }
    if (linker->entities.len > 1) {
        qsort(linker->entities.items, linker->entities.len, sizeof(struct entity_decl),
              compare_entities);
    }
    if (linker->actions.len > 1) {
        qsort(linker->actions.items, linker->actions.len, sizeof(struct action_decl),
              compare_actions);
    }
    return SKM_OK;
}

/* ---- choosing among declarations ---- */

/* Some total order, so that of several external declarations the same one's annotations are kept, whatever the order. */
static int compare_annotations(const struct skm_annotation *a, size_t a_count,
                               const struct skm_annotation *b, size_t b_count)
{
    for (size_t i = 0; i < a_count && i < b_count; i++) {
        int order = skm_span_compare(a[i].key, b[i].key);
        order = order != 0 ? order : skm_span_compare(a[i].value, b[i].value);
        order = order != 0 ? order : (int)a[i].has_value - (int)b[i].has_value;
        if (order != 0) {
            return order;
        }
    }
    return (a_count > b_count) - (a_count < b_count);
}

static bool entity_wins(const struct skm_schema_entity *row, const struct skm_schema_entity *best)
{
    if (row->is_external != best->is_external) {
        return best->is_external;
    }
    return compare_annotations(row->annotations, row->annotation_count, best->annotations,
                               best->annotation_count) < 0;
}

static bool action_wins(const struct skm_schema_action *row, const struct skm_schema_action *best)
{
    if (row->is_external != best->is_external) {
        return best->is_external;
    }
    return compare_annotations(row->annotations, row->annotation_count, best->annotations,
                               best->annotation_count) < 0;
}

/* Two declarations of one entity type. */
static void check_entity_pair(struct linker *linker, const struct entity_decl *a,
                              const struct entity_decl *b)
{
    skm_span name = a->row->name;
    if (a->row->is_action != b->row->is_action) {
        complain_pair(linker, "entity type", name, "is the type of actions elsewhere", a->schema,
                      b->schema);
        return;
    }
    if (a->row->is_action) {
        return;
    }
    if (!a->row->is_external && !b->row->is_external) {
        complain_pair(linker, "entity type", name, "is defined twice", a->schema, b->schema);
    } else if (a->row->is_enum || b->row->is_enum) {
        complain_pair(linker, "enum type", name, "is declared external elsewhere", a->schema,
                      b->schema);
    }
}

/* A built-in hidden in some of the schemas only: the others' declarations mean the built-in. */
static void check_builtin(struct linker *linker, skm_span name, size_t declarations)
{
    enum skm_type_kind kind = SKM_TYPE_NEVER;
    if (declarations < linker->schema_count && skm_names_builtin(name, &kind)) {
        complain(linker, "entity type", name,
                 "hides the built-in type in some of the schemas only");
    }
}

static skm_err import_row(struct linker *linker, struct skm_schema_entity *row)
{
    SKM_TRY(skm_type_table_import(&linker->table, row->shape, &row->shape));
    return row->tags == NULL ? SKM_OK
                             : skm_type_table_import(&linker->table, row->tags, &row->tags);
}

/* One row for each name. Faults are reported, and the first declaration stands in. */
static skm_err merge_entities(struct linker *linker)
{
    size_t len = linker->entities.len;
    struct skm_schema_entity *rows =
        SKM_ARENA_NEW_ARRAY(linker->arena, struct skm_schema_entity, len);
    linker->defined = SKM_ARENA_NEW_ARRAY(linker->scratch, size_t, len);
    if (rows == NULL || linker->defined == NULL) {
        return SKM_ERR(MEMORY);
    }
    size_t count = 0;
    for (size_t from = 0, to = 0; from < len; from = to) {
        const struct entity_decl *first = &linker->entities.items[from];
        const struct entity_decl *best = first;
        for (to = from + 1; to < len; to++) {
            const struct entity_decl *other = &linker->entities.items[to];
            if (!skm_span_equal(other->row->name, first->row->name)) {
                break;
            }
            check_entity_pair(linker, best, other);
            best = entity_wins(other->row, best->row) ? other : best;
        }
        check_builtin(linker, first->row->name, to - from);
        rows[count] = *best->row;
        bool is_defined = !best->row->is_external && !best->row->is_action;
        linker->defined[count] = is_defined ? best->row->ancestor_count : SIZE_MAX;
        SKM_TRY(import_row(linker, &rows[count++]));
    }
    linker->build.entities = rows;
    linker->build.entity_count = count;
    return SKM_OK;
}

static bool same_ancestors(const struct skm_schema_action *a, const struct skm_schema_action *b)
{
    if (a->ancestor_count != b->ancestor_count) {
        return false;
    }
    for (size_t i = 0; i < a->ancestor_count; i++) {
        if (skm_uid_compare(&a->ancestors[i], &b->ancestors[i]) != 0) {
            return false;
        }
    }
    return true;
}

static void check_action_pair(struct linker *linker, const struct action_decl *a,
                              const struct action_decl *b)
{
    if (!a->row->is_external && !b->row->is_external) {
        complain_pair(linker, "action", a->row->uid.id, "is defined twice", a->schema, b->schema);
    } else if (!same_ancestors(a->row, b->row)) {
        complain_pair(linker, "action", a->row->uid.id, "is in different groups", a->schema,
                      b->schema);
    }
}

static skm_err merge_actions(struct linker *linker)
{
    size_t len = linker->actions.len;
    struct skm_schema_action *rows =
        SKM_ARENA_NEW_ARRAY(linker->arena, struct skm_schema_action, len);
    if (rows == NULL) {
        return SKM_ERR(MEMORY);
    }
    size_t count = 0;
    for (size_t from = 0, to = 0; from < len; from = to) {
        const struct action_decl *first = &linker->actions.items[from];
        const struct action_decl *best = first;
        for (to = from + 1; to < len; to++) {
            const struct action_decl *other = &linker->actions.items[to];
            if (skm_uid_compare(&other->row->uid, &first->row->uid) != 0) {
                break;
            }
            check_action_pair(linker, best, other);
            best = action_wins(other->row, best->row) ? other : best;
        }
        rows[count] = *best->row;
        SKM_TRY(skm_type_table_import(&linker->table, rows[count].context, &rows[count].context));
        count++;
    }
    linker->build.actions = rows;
    linker->build.action_count = count;
    return SKM_OK;
}

/* ---- RFC 70 ---- */

static skm_span base_name(skm_span name)
{
    size_t at = name.len;
    while (at > 0 && name.ptr[at - 1] != ':') {
        at--;
    }
    return skm_span_from(name, at);
}

static void check_shadowing(struct linker *linker, const struct skm_schema *view)
{
    for (size_t i = 0; i < view->entity_count; i++) {
        skm_span name = view->entities[i].name;
        skm_span base = base_name(name);
        if (base.len < name.len && !view->entities[i].is_action &&
            skm_schema_find_entity(view, base) != NULL) {
            complain(linker, "entity type", name, "hides a name of the empty namespace (RFC 70)");
        }
    }
    for (size_t i = 0; i < view->action_count; i++) {
        struct skm_uid plain = {SKM_SPAN("Action"), view->actions[i].uid.id};
        if (!skm_span_equal(view->actions[i].uid.type, plain.type) &&
            skm_schema_find_action(view, &plain) != NULL) {
            complain(linker, "action", plain.id, "hides one of the empty namespace (RFC 70)");
        }
    }
}

/* ---- hierarchies ---- */

static uint32_t entity_index(const struct skm_schema *view, skm_span name)
{
    return (uint32_t)(skm_schema_find_entity(view, name) - view->entities);
}

static uint32_t action_index(const struct skm_schema *view, const struct skm_uid *uid)
{
    return (uint32_t)(skm_schema_find_action(view, uid) - view->actions);
}

/* An edge to every ancestor any declaration has: all of them are in the linked tables, because each schema declares the
 * names it uses. */
static skm_err add_edges(struct linker *linker, const struct skm_schema *view)
{
    for (size_t i = 0; i < linker->entities.len; i++) {
        const struct skm_schema_entity *row = linker->entities.items[i].row;
        for (size_t k = 0; !row->is_action && k < row->ancestor_count; k++) {
            struct skm_graph_edge *edge = NULL;
            SKM_TRY(SKM_VEC_PUSH(linker->scratch, &linker->entity_edges,
                                 2 * SKM_SCHEMA_ANCESTORS_MAX, &edge));
            *edge = (struct skm_graph_edge){entity_index(view, row->name),
                                            entity_index(view, row->ancestors[k])};
        }
    }
    for (size_t i = 0; i < view->action_count; i++) {
        const struct skm_schema_action *row = &view->actions[i];
        for (size_t k = 0; k < row->ancestor_count; k++) {
            struct skm_graph_edge *edge = NULL;
            SKM_TRY(SKM_VEC_PUSH(linker->scratch, &linker->action_edges,
                                 2 * SKM_SCHEMA_ANCESTORS_MAX, &edge));
            *edge = (struct skm_graph_edge){(uint32_t)i, action_index(view, &row->ancestors[k])};
        }
    }
    return SKM_OK;
}

static skm_err set_action_types(struct linker *linker, const struct skm_schema *view)
{
    uint32_t *types = SKM_ARENA_NEW_ARRAY(linker->scratch, uint32_t, view->action_count);
    if (types == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < view->action_count; i++) {
        types[i] = entity_index(view, view->actions[i].uid.type);
    }
    linker->build.action_types = types;
    return SKM_OK;
}

static void check_ancestors(struct linker *linker)
{
    for (size_t i = 0; i < linker->build.entity_count; i++) {
        const struct skm_schema_entity *row = &linker->build.entities[i];
        if (linker->defined[i] != SIZE_MAX && row->ancestor_count != linker->defined[i]) {
            complain(linker, "entity type", row->name,
                     "would get more ancestors than it is defined with");
        }
        const struct skm_schema_entity *above =
            row->is_external ? skm_schema_build_enum_above(&linker->build, row) : NULL;
        if (above != NULL) {
            complain(linker, "external entity type", row->name, "would be in an enum type");
        }
    }
}

/* ---- the whole ---- */

static skm_err link_all(struct linker *linker, const struct skm_schema *const *schemas,
                        const struct skm_schema **out_schema)
{
    size_t errors_before = linker->diags->errors;
    struct skm_schema_build *build = &linker->build;
    SKM_TRY(gather(linker, schemas));
    SKM_TRY(merge_entities(linker));
    SKM_TRY(merge_actions(linker));
    struct skm_schema view = {.entities = build->entities,
                              .entity_count = build->entity_count,
                              .actions = build->actions,
                              .action_count = build->action_count};
    check_shadowing(linker, &view);
    if (linker->diags->errors > errors_before) {
        return SKM_ERR(INVALID);
    }
    SKM_TRY(add_edges(linker, &view));
    SKM_TRY(set_action_types(linker, &view));
    build->entity_edges = linker->entity_edges.items;
    build->entity_edge_count = linker->entity_edges.len;
    build->action_edges = linker->action_edges.items;
    build->action_edge_count = linker->action_edges.len;
    SKM_TRY(skm_schema_build_order(build));
    SKM_TRY(skm_schema_build_close(build));
    check_ancestors(linker);
    if (linker->diags->errors > errors_before) {
        return SKM_ERR(INVALID);
    }
    return skm_schema_build_finish(build, out_schema);
}

skm_err skm_schema_link(struct skm_arena *arena, const struct skm_schema *const *schemas,
                        size_t schema_count, struct skm_diags *diags,
                        const struct skm_schema **out_schema)
{
    SKM_CLEANUP(skm_arena_fini) struct skm_arena scratch;
    skm_arena_init(&scratch, SCRATCH_QUOTA_BYTES);
    SKM_CLEANUP(linker_fini)
    struct linker linker = {.arena = arena,
                            .scratch = &scratch,
                            .diags = diags,
                            .schema_count = schema_count,
                            .build = {.arena = arena, .scratch = &scratch}};
    skm_type_table_init(&linker.table, arena, &scratch);
    skm_err err = link_all(&linker, schemas, out_schema);
    if (skm_is_err(err, SKM_E_COUNT)) {
        (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, NULL, (struct skm_range){0, 0},
                            "the linked schema is too large");
        return SKM_ERR(INVALID);
    }
    return err;
}
