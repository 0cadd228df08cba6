/* Lists of handles: sorted, unique arrays of numbers, shared and immutable once made. Any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sekimori/error.h>

#include "base/arena.h"

/* Sorts ascending and drops repetitions; yields how many are left. `scratch` has room for `count`. Ascending runs are found
 * and merged pairwise, so joining k sorted lists of n handles together costs n * log k. */
uint32_t skm_handle_list_sort(uint32_t *handles, uint32_t *scratch, uint32_t count);

/* Binary search. */
bool skm_handle_list_has(const uint32_t *handles, uint32_t count, uint32_t handle);

/* Hands out arrays of numbers without the padding that single allocations have. */
struct skm_handle_pool {
    struct skm_arena *arena;
    uint32_t *free;
    uint32_t free_len;
};

/* A copy of the list in the pool, NULL for an empty one. SKM_E_MEMORY. */
SKM_MUST skm_err skm_handle_pool_dup(struct skm_handle_pool *pool, const uint32_t *handles,
                                     uint32_t count, const uint32_t **out_copy);
