/* Growable arrays that live in an arena.
 *
 *     SKM_VEC(struct token) tokens = {0};
 *     struct token *slot = NULL;
 *     SKM_TRY(SKM_VEC_PUSH(arena, &tokens, MAX_TOKENS, &slot));
 *
 * The slot is zeroed. Growing doubles, and leaves the old block to the arena: at most as much again. */
#pragma once

#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"

#define SKM_VEC(type)                                                                              \
    struct {                                                                                       \
        type *items;                                                                               \
        size_t len;                                                                                \
        size_t cap;                                                                                \
    }

/* One more element at the end. SKM_E_COUNT when the vector holds `max` already, SKM_E_MEMORY. */
#define SKM_VEC_PUSH(arena, vec, max, out_slot)                                                    \
    skm_vec_push_quick_((arena), &(vec)->items, &(vec)->len, &(vec)->cap, sizeof(*(vec)->items), (max),  \
                  (out_slot))

/* SAFETY: `items_ptr` and `out_slot_ptr` point to pointers of the caller's element type; they are read and written with
 * memcpy only, since their type is not void *. */
SKM_MUST skm_err skm_vec_push_(struct skm_arena *arena, void *items_ptr, size_t *len, size_t *cap,
                               size_t item_bytes, size_t max, void *out_slot_ptr);

/* The usual case, where there is room: inline, so that sizes are known. */
SKM_MUST static inline skm_err skm_vec_push_quick_(struct skm_arena *arena, void *items_ptr,
                                                   size_t *len, size_t *cap, size_t item_bytes,
                                                   size_t max, void *out_slot_ptr)
{
    if (SKM_UNLIKELY(*len >= *cap || *len >= max)) {
        return skm_vec_push_(arena, items_ptr, len, cap, item_bytes, max, out_slot_ptr);
    }
    char *items = NULL;
    memcpy(&items, items_ptr, sizeof items);
    char *slot = items + *len * item_bytes;
    memset(slot, 0, item_bytes);
    (*len)++;
    memcpy(out_slot_ptr, &slot, sizeof slot);
    return SKM_OK;
}
