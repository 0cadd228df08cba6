#include "cedar/schema_collect.h"

#include <string.h>

#include "base/attr.h"
#include "base/span.h"

/* Names the JSON form gives a meaning to, so no common type can bear them. */
static const char *const RESERVED_COMMONS[] = {"Bool", "Boolean", "Entity", "Extension",
                                               "Long", "Record",  "Set",    "String"};

static bool has_cedar_component(skm_span path)
{
    static const skm_span CEDAR = {"__cedar", 7};
    while (path.len > 0) {
        const char *end = memmem(path.ptr, path.len, "::", 2);
        size_t len = end == NULL ? path.len : (size_t)(end - path.ptr);
        if (skm_span_equal(skm_span_of(path.ptr, len), CEDAR)) {
            return true;
        }
        path = skm_span_from(path, len + 2);
    }
    return false;
}

/* `space::name` as a new text; `name` itself in the empty namespace. */
static skm_err full_name(struct skm_arena *arena, skm_span space, skm_span name, skm_span *out_full)
{
    if (space.len == 0) {
        *out_full = name;
        return SKM_OK;
    }
    size_t len = space.len + 2 + name.len;
    char *text = skm_arena_alloc_text(arena, len);
    if (text == NULL) {
        return SKM_ERR(MEMORY);
    }
    memcpy(text, space.ptr, space.len);
    memcpy(text + space.len, "::", 2);
    memcpy(text + space.len + 2, name.ptr, name.len);
    *out_full = skm_span_of(text, len);
    return SKM_OK;
}

struct place {
    struct skm_names *names;
    const struct skm_source *source;
    const struct skm_decl_namespace *space;
};

static struct skm_diag *complain(const struct place *place, struct skm_range range,
                                 const char *what, skm_span name, const char *why)
{
    return skm_diags_add(place->names->diags, SKM_SEVERITY_ERROR, place->source, range,
                         "%s `%.*s` %s", what, SKM_SPAN_ARG(name), why);
}

static void complain_twice(const struct place *place, const char *what, skm_span name,
                           struct skm_range range, const struct skm_names_item *first)
{
    (void)complain(place, range, what, name, "is declared twice");
    (void)skm_diags_add(place->names->diags, SKM_SEVERITY_NOTE, first->source, first->name->range,
                        "`%.*s` is first declared here", SKM_SPAN_ARG(name));
}

static bool check_reserved(const struct place *place, const char *what,
                           const struct skm_decl_name *name)
{
    if (!has_cedar_component(name->text)) {
        return true;
    }
    (void)complain(place, name->range, what, name->text, "has the reserved name `__cedar` in it");
    return false;
}

static skm_err new_item(const struct place *place, skm_names_items *items, size_t max,
                        struct skm_names_item **out_item)
{
    struct skm_names_item *item = SKM_ARENA_NEW(place->names->scratch, struct skm_names_item);
    struct skm_names_item **slot = NULL;
    if (item == NULL) {
        return SKM_ERR(MEMORY);
    }
    SKM_TRY(SKM_VEC_PUSH(place->names->scratch, items, max, &slot));
    item->source = place->source;
    item->space = place->space;
    item->index = (uint32_t)(items->len - 1);
    *slot = item;
    *out_item = item;
    return SKM_OK;
}

static bool is_reserved_common(skm_span name)
{
    for (size_t i = 0; i < SKM_ARRAY_LEN(RESERVED_COMMONS); i++) {
        if (skm_span_equal(skm_span_cstr(RESERVED_COMMONS[i]), name)) {
            return true;
        }
    }
    return false;
}

static skm_err collect_common(const struct place *place, const struct skm_decl_common *common)
{
    struct skm_names *names = place->names;
    if (!check_reserved(place, "common type", &common->name)) {
        return SKM_OK;
    }
    if (is_reserved_common(common->name.text)) {
        (void)complain(place, common->name.range, "common type", common->name.text,
                       "has a name that means something else in the JSON form");
        return SKM_OK;
    }
    skm_span full = {0};
    SKM_TRY(full_name(names->arena, place->space->name.text, common->name.text, &full));
    const struct skm_names_item *first = skm_map_get(&names->common_map, full);
    if (first != NULL) {
        complain_twice(place, "common type", full, common->name.range, first);
        return SKM_OK;
    }
    struct skm_names_item *item = NULL;
    SKM_TRY(new_item(place, &names->commons, SKM_DECL_NAMES_MAX, &item));
    item->common = common;
    item->name = &common->name;
    item->uid.type = full;
    return skm_map_put(&names->common_map, full, item);
}

static skm_err collect_entity(const struct place *place, const struct skm_decl_entity *entity)
{
    struct skm_names *names = place->names;
    if (!check_reserved(place, "entity type", &entity->name)) {
        return SKM_OK;
    }
    if (skm_span_equal(entity->name.text, SKM_SPAN("Action"))) {
        struct skm_diag *diag =
            complain(place, entity->name.range, "entity type", entity->name.text,
                     "cannot be declared: it is the type of actions");
        skm_diag_help(names->diags, diag,
                      "declare actions with `action`; their type comes by itself");
        return SKM_OK;
    }
    skm_span full = {0};
    SKM_TRY(full_name(names->arena, place->space->name.text, entity->name.text, &full));
    const struct skm_names_item *first = skm_map_get(&names->entity_map, full);
    if (first != NULL) {
        complain_twice(place, "entity type", full, entity->name.range, first);
        return SKM_OK;
    }
    struct skm_names_item *item = NULL;
    SKM_TRY(new_item(place, &names->entities, SKM_DECL_NAMES_MAX, &item));
    item->entity = entity;
    item->name = &entity->name;
    item->uid.type = full;
    return skm_map_put(&names->entity_map, full, item);
}

static skm_err collect_action(const struct place *place, const struct skm_decl_action *action,
                              skm_span type)
{
    struct skm_names *names = place->names;
    skm_span key = {0};
    SKM_TRY(skm_names_action_key(names, SKM_SPAN(""), type, action->name.text, &key));
    const struct skm_names_item *first = skm_map_get(&names->action_map, key);
    if (first != NULL) {
        complain_twice(place, "action", action->name.text, action->name.range, first);
        return SKM_OK;
    }
    struct skm_names_item *item = NULL;
    SKM_TRY(new_item(place, &names->actions, SKM_DECL_NAMES_MAX, &item));
    item->action = action;
    item->name = &action->name;
    item->uid = (struct skm_uid){type, action->name.text};
    SKM_TRY(skm_arena_dup(names->scratch, key, &key));
    return skm_map_put(&names->action_map, key, item);
}

static skm_err collect_space(const struct place *place)
{
    const struct skm_decl_namespace *space = place->space;
    skm_span action_type = {0};
    (void)check_reserved(place, "namespace", &space->name);
    for (size_t i = 0; i < space->common_count; i++) {
        SKM_TRY(collect_common(place, &space->commons[i]));
    }
    for (size_t i = 0; i < space->entity_count; i++) {
        SKM_TRY(collect_entity(place, &space->entities[i]));
    }
    SKM_TRY(full_name(place->names->arena, space->name.text, SKM_SPAN("Action"), &action_type));
    for (size_t i = 0; i < space->action_count; i++) {
        SKM_TRY(collect_action(place, &space->actions[i], action_type));
    }
    return SKM_OK;
}

static skm_err collect_spaces(struct skm_names *names, const struct skm_decl_schema *schema,
                              struct skm_map *spaces)
{
    for (size_t i = 0; i < schema->namespace_count; i++) {
        const struct skm_decl_namespace *space = &schema->namespaces[i];
        struct place place = {names, schema->source, space};
        if (skm_map_find(spaces, space->name.text) != NULL) {
            struct skm_diag *diag = complain(&place, space->name.range, "namespace",
                                             space->name.text, "is opened twice");
            skm_diag_help(names->diags, diag, "put all its declarations into one block");
        } else {
            SKM_TRY(skm_map_put(spaces, space->name.text, NULL));
        }
        SKM_TRY(collect_space(&place));
    }
    return SKM_OK;
}

skm_err skm_schema_collect(struct skm_names *names, const struct skm_decl_schema *schema)
{
    SKM_CLEANUP(skm_map_fini) struct skm_map spaces;
    skm_map_init(&spaces, SKM_DECL_PARTS_MAX);
    return collect_spaces(names, schema, &spaces);
}

/* ---- finishing ---- */

static void complain_shadow(struct skm_names *names, const struct skm_names_item *inner,
                            const struct skm_names_item *outer)
{
    struct skm_diag *diag =
        skm_diags_add(names->diags, SKM_SEVERITY_ERROR, inner->source, inner->name->range,
                      "`%.*s` hides the `%.*s` declared in the empty namespace",
                      SKM_SPAN_ARG(inner->name->text), SKM_SPAN_ARG(outer->name->text));
    skm_diag_help(names->diags, diag, "rename one of them (RFC 70)");
    (void)skm_diags_add(names->diags, SKM_SEVERITY_NOTE, outer->source, outer->name->range,
                        "`%.*s` is declared here", SKM_SPAN_ARG(outer->name->text));
}

/* RFC 70: entity and common types together. */
static void check_type_shadow(struct skm_names *names, const struct skm_names_item *item)
{
    if (item->space->name.text.len == 0) {
        return;
    }
    const struct skm_names_item *outer = skm_map_get(&names->entity_map, item->name->text);
    if (outer == NULL) {
        outer = skm_map_get(&names->common_map, item->name->text);
    }
    if (outer != NULL) {
        complain_shadow(names, item, outer);
    }
}

static skm_err check_action_shadow(struct skm_names *names, const struct skm_names_item *item)
{
    if (item->space->name.text.len == 0) {
        return SKM_OK;
    }
    skm_span key = {0};
    SKM_TRY(skm_names_action_key(names, SKM_SPAN(""), SKM_SPAN("Action"), item->uid.id, &key));
    const struct skm_names_item *outer = skm_map_get(&names->action_map, key);
    if (outer != NULL) {
        complain_shadow(names, item, outer);
    }
    return SKM_OK;
}

static void warn_hides(struct skm_names *names, const struct skm_names_item *item)
{
    enum skm_type_kind kind = SKM_TYPE_NEVER;
    skm_span name = item->name->text;
    if (skm_names_builtin(name, &kind)) {
        struct skm_diag *diag =
            skm_diags_add(names->diags, SKM_SEVERITY_WARNING, item->source, item->name->range,
                          "`%.*s` hides the built-in type of that name", SKM_SPAN_ARG(name));
        skm_diag_help(names->diags, diag, "the built-in is still `__cedar::%.*s`",
                      SKM_SPAN_ARG(name));
    }
    if (item->common != NULL && skm_map_find(&names->entity_map, item->uid.type) != NULL) {
        (void)skm_diags_add(names->diags, SKM_SEVERITY_WARNING, item->source, item->name->range,
                            "common type `%.*s` hides the entity type of that name",
                            SKM_SPAN_ARG(name));
    }
}

static skm_err add_action_type(struct skm_names *names, struct skm_names_item *action)
{
    struct skm_names_item *known = skm_map_get(&names->entity_map, action->uid.type);
    if (known == NULL) {
        struct place place = {names, action->source, action->space};
        SKM_TRY(new_item(&place, &names->entities, 2 * SKM_DECL_NAMES_MAX, &known));
        known->name = &action->space->name;
        known->uid.type = action->uid.type;
        SKM_TRY(skm_map_put(&names->entity_map, known->uid.type, known));
    }
    action->type_item = known;
    return SKM_OK;
}

skm_err skm_schema_collect_finish(struct skm_names *names)
{
    for (size_t i = 0; i < names->commons.len; i++) {
        check_type_shadow(names, names->commons.items[i]);
        warn_hides(names, names->commons.items[i]);
    }
    for (size_t i = 0; i < names->entities.len; i++) {
        check_type_shadow(names, names->entities.items[i]);
        warn_hides(names, names->entities.items[i]);
    }
    for (size_t i = 0; i < names->actions.len; i++) {
        SKM_TRY(check_action_shadow(names, names->actions.items[i]));
        SKM_TRY(add_action_type(names, names->actions.items[i]));
    }
    return SKM_OK;
}
