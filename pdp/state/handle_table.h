/* An index from hashes to handles (small numbers of things kept elsewhere), for interning: 8 bytes a slot, the things are
 * compared by the caller.
 *
 *     uint32_t cursor = hash;
 *     uint32_t handle = 0;
 *     while (skm_handle_table_next(&table, hash, &cursor, &handle)) {
 *         if (is_it(handle)) { return handle; }
 *     }
 *
 * Threads: one writer or many readers. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sekimori/error.h>

struct skm_handle_slot {
    uint32_t hash;
    uint32_t handle; /* plus 1; 0 is a free slot */
};

struct skm_handle_table {
    struct skm_handle_slot *slots; /* owned */
    uint32_t cap;                  /* power of two, or 0 */
    uint32_t len;
};

/* All zero is an empty table. */
void skm_handle_table_fini(struct skm_handle_table *table);

/* The next handle that was put under `hash`; false when there is none left. The cursor starts at `hash`. */
bool skm_handle_table_next(const struct skm_handle_table *table, uint32_t hash, uint32_t *cursor,
                           uint32_t *out_handle);

/* Says that `hash` will be looked up soon. */
static inline void skm_handle_table_prefetch(const struct skm_handle_table *table, uint32_t hash)
{
    if (table->cap != 0) {
        __builtin_prefetch(&table->slots[hash & (table->cap - 1)]);
    }
}

/* SKM_E_MEMORY, SKM_E_COUNT (2^30 handles). */
SKM_MUST skm_err skm_handle_table_put(struct skm_handle_table *table, uint32_t hash,
                                      uint32_t handle);
