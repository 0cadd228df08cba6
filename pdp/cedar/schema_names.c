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

skm_err skm_names_action_key(struct skm_names *names, skm_span space, skm_span type, skm_span id,
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
        SKM_TRY(skm_names_action_key(names, space, type, ref->id, &key));
        item = skm_map_get(&names->action_map, key);
    }
    if (item == NULL) {
        SKM_TRY(skm_names_action_key(names, SKM_SPAN(""), type, ref->id, &key));
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
