#include "cedar/schema_names.h"

#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/span.h"

/* Looking for a near name costs a walk over all of them: a file full of wrong names gets only so many hints. */
#define SUGGESTIONS_MAX 20
#define KEY_BYTES_MAX   (SIZE_MAX / 2)

static const struct builtin {
    skm_span name;
    enum skm_type_kind kind;
} BUILTINS[] = {
    {{"Bool", 4}, SKM_TYPE_BOOL},         {{"Long", 4}, SKM_TYPE_LONG},
    {{"String", 6}, SKM_TYPE_STRING},     {{"ipaddr", 6}, SKM_TYPE_IPADDR},
    {{"decimal", 7}, SKM_TYPE_DECIMAL},   {{"datetime", 8}, SKM_TYPE_DATETIME},
    {{"duration", 8}, SKM_TYPE_DURATION},
};

/* Names the JSON form gives a meaning to, so no common type can bear them. */
static const char *const RESERVED_COMMONS[] = {"Bool", "Boolean", "Entity", "Extension",
                                               "Long", "Record",  "Set",    "String"};

bool skm_names_builtin(skm_span name, enum skm_type_kind *out_kind)
{
    for (size_t i = 0; i < SKM_ARRAY_LEN(BUILTINS); i++) {
        if (skm_span_equal(BUILTINS[i].name, name)) {
            *out_kind = BUILTINS[i].kind;
            return true;
        }
    }
    return false;
}

void skm_names_init(struct skm_names *names, struct skm_arena *arena, struct skm_arena *scratch,
                    struct skm_diags *diags)
{
    *names = (struct skm_names){.arena = arena, .scratch = scratch, .diags = diags};
    skm_map_init(&names->common_map, SKM_DECL_NAMES_MAX);
    /* Twice: the types of actions are added to the declared ones. */
    skm_map_init(&names->entity_map, 2 * SKM_DECL_NAMES_MAX);
    skm_map_init(&names->action_map, SKM_DECL_NAMES_MAX);
    skm_buf_init(&names->key, KEY_BYTES_MAX);
}

void skm_names_fini(struct skm_names *names)
{
    skm_map_fini(&names->common_map);
    skm_map_fini(&names->entity_map);
    skm_map_fini(&names->action_map);
    skm_buf_fini(&names->key);
}

/* ---- names and keys ---- */

static bool is_qualified(skm_span name)
{
    return name.len > 2 && memmem(name.ptr, name.len, "::", 2) != NULL;
}

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

static skm_err name_key(struct skm_names *names, skm_span space, skm_span name, skm_span *out_key)
{
    if (space.len == 0) {
        *out_key = name;
        return SKM_OK;
    }
    skm_buf_reset(&names->key);
    skm_buf_append(&names->key, space);
    skm_buf_append_cstr(&names->key, "::");
    skm_buf_append(&names->key, name);
    SKM_TRY(skm_buf_check(&names->key));
    *out_key = skm_buf_span(&names->key);
    return SKM_OK;
}

/* The type never holds a quote, so type"id is unambiguous. */
static skm_err action_key(struct skm_names *names, skm_span space, skm_span type, skm_span id,
                          skm_span *out_key)
{
    skm_buf_reset(&names->key);
    if (space.len > 0) {
        skm_buf_append(&names->key, space);
        skm_buf_append_cstr(&names->key, "::");
    }
    skm_buf_append(&names->key, type);
    skm_buf_append_char(&names->key, '"');
    skm_buf_append(&names->key, id);
    SKM_TRY(skm_buf_check(&names->key));
    *out_key = skm_buf_span(&names->key);
    return SKM_OK;
}

/* ---- collecting ---- */

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
    SKM_TRY(action_key(names, SKM_SPAN(""), type, action->name.text, &key));
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

skm_err skm_names_collect(struct skm_names *names, const struct skm_decl_schema *schema)
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
    SKM_TRY(action_key(names, SKM_SPAN(""), SKM_SPAN("Action"), item->uid.id, &key));
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

skm_err skm_names_finish(struct skm_names *names)
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

/* ---- looking up ---- */

/* For names that are no common type: a declared entity type hides a built-in, too. */
static bool is_builtin_here(struct skm_names *names, skm_span full, enum skm_type_kind *out_kind)
{
    static const skm_span PREFIX = {"__cedar::", 9};
    if (skm_span_starts(full, PREFIX)) {
        return skm_names_builtin(skm_span_from(full, PREFIX.len), out_kind);
    }
    return skm_names_builtin(full, out_kind) && skm_map_find(&names->entity_map, full) == NULL;
}

static struct skm_names_hit find_full(struct skm_names *names, skm_span full, unsigned want)
{
    struct skm_names_hit hit = {0};
    if ((want & SKM_NAMES_WANT_COMMON) != 0) {
        hit.item = skm_map_get(&names->common_map, full);
        if (hit.item != NULL) {
            hit.found = SKM_NAMES_COMMON;
            return hit;
        }
        if (is_builtin_here(names, full, &hit.builtin)) {
            hit.found = SKM_NAMES_BUILTIN;
            return hit;
        }
    }
    if ((want & SKM_NAMES_WANT_ENTITY) != 0) {
        hit.item = skm_map_get(&names->entity_map, full);
        hit.found = hit.item != NULL ? SKM_NAMES_ENTITY : SKM_NAMES_NOTHING;
    }
    return hit;
}

skm_err skm_names_find(struct skm_names *names, skm_span space, skm_span name, unsigned want,
                       struct skm_names_hit *out_hit)
{
    struct skm_names_hit hit = {0};
    if (space.len > 0 && !is_qualified(name)) {
        skm_span full = {0};
        SKM_TRY(name_key(names, space, name, &full));
        hit = find_full(names, full, want);
    }
    *out_hit = hit.found != SKM_NAMES_NOTHING ? hit : find_full(names, name, want);
    return SKM_OK;
}

skm_err skm_names_find_action(struct skm_names *names, skm_span space,
                              const struct skm_decl_action_ref *ref,
                              struct skm_names_item **out_item)
{
    skm_span type = ref->type.len == 0 ? SKM_SPAN("Action") : ref->type;
    struct skm_names_item *item = NULL;
    skm_span key = {0};
    if (space.len > 0 && !is_qualified(type)) {
        SKM_TRY(action_key(names, space, type, ref->id, &key));
        item = skm_map_get(&names->action_map, key);
    }
    if (item == NULL) {
        SKM_TRY(action_key(names, SKM_SPAN(""), type, ref->id, &key));
        item = skm_map_get(&names->action_map, key);
    }
    *out_item = item;
    return SKM_OK;
}

/* ---- suggestions ---- */

/* As one would write the item's name in `space`. */
static skm_span spelled(const struct skm_names_item *item, skm_span space)
{
    skm_span own = item->space->name.text;
    bool near = own.len == 0 || skm_span_equal(own, space);
    if (item->common == NULL && item->entity == NULL) {
        return near ? SKM_SPAN("Action") : item->uid.type;
    }
    return near ? item->name->text : item->uid.type;
}

void skm_names_suggest(struct skm_names *names, skm_span space, skm_span name, unsigned want,
                       struct skm_diag *diag)
{
    if (diag == NULL || names->suggestions++ >= SUGGESTIONS_MAX) {
        return;
    }
    size_t max = names->commons.len + names->entities.len + SKM_ARRAY_LEN(BUILTINS);
    SKM_CLEANUP(skm_mem_free_ptr)
    skm_span *candidates = skm_mem_alloc_array(max, sizeof(*candidates));
    if (candidates == NULL) {
        return;
    }
    size_t count = 0;
    for (size_t i = 0; (want & SKM_NAMES_WANT_COMMON) != 0 && i < names->commons.len; i++) {
        candidates[count++] = spelled(names->commons.items[i], space);
    }
    for (size_t i = 0; (want & SKM_NAMES_WANT_COMMON) != 0 && i < SKM_ARRAY_LEN(BUILTINS); i++) {
        candidates[count++] = BUILTINS[i].name;
    }
    for (size_t i = 0; (want & SKM_NAMES_WANT_ENTITY) != 0 && i < names->entities.len; i++) {
        candidates[count++] = spelled(names->entities.items[i], space);
    }
    skm_span near = skm_diag_nearest(name, candidates, count);
    if (near.len > 0 && !skm_span_equal(near, name)) {
        skm_diag_help(names->diags, diag, "did you mean `%.*s`?", SKM_SPAN_ARG(near));
    }
}

void skm_names_suggest_action(struct skm_names *names, skm_span id, struct skm_diag *diag)
{
    if (diag == NULL || names->actions.len == 0 || names->suggestions++ >= SUGGESTIONS_MAX) {
        return;
    }
    SKM_CLEANUP(skm_mem_free_ptr)
    skm_span *candidates = skm_mem_alloc_array(names->actions.len, sizeof(*candidates));
    if (candidates == NULL) {
        return;
    }
    for (size_t i = 0; i < names->actions.len; i++) {
        candidates[i] = names->actions.items[i]->uid.id;
    }
    skm_span near = skm_diag_nearest(id, candidates, names->actions.len);
    if (near.len > 0 && !skm_span_equal(near, id)) {
        skm_diag_help(names->diags, diag, "did you mean `%.*s`?", SKM_SPAN_ARG(near));
    }
}
