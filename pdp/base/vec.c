#include "base/vec.h"

#include <string.h>

#define FIRST_CAP ((size_t)8)

/* Capacity after `cap`, at most `max`. */
static size_t next_cap(size_t cap, size_t max)
{
    size_t wanted = cap == 0 ? FIRST_CAP : cap > max / 2 ? max : cap * 2;
    return wanted > max ? max : wanted;
}

skm_err skm_vec_push_(struct skm_arena *arena, void *items_ptr, size_t *len, size_t *cap,
                      size_t item_bytes, size_t max, void *out_slot_ptr)
{
    if (*len >= max) {
        return SKM_ERR(COUNT);
    }
    char *items = NULL;
    memcpy(&items, items_ptr, sizeof items);
    if (*len == *cap) {
        size_t grown_cap = next_cap(*cap, max);
        size_t grown_bytes = 0;
        char *grown = __builtin_mul_overflow(grown_cap, item_bytes, &grown_bytes)
                          ? NULL
                          : skm_arena_alloc_unset(arena, grown_bytes);
        if (grown == NULL) {
            return SKM_ERR(MEMORY);
        }
        if (*len != 0) {
            memcpy(grown, items, *len * item_bytes);
        }
        items = grown;
        *cap = grown_cap;
        memcpy(items_ptr, &items, sizeof items);
    }
    char *slot = items + *len * item_bytes;
    memset(slot, 0, item_bytes);
    (*len)++;
    memcpy(out_slot_ptr, &slot, sizeof slot);
    return SKM_OK;
}
