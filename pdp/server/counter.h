/* A figure that one thread keeps and others read: a load and a store, neither torn, no lock.
 *
 * Threads: one writes, any read. */
#pragma once

#include <stddef.h>
#include <stdint.h>

static inline void skm_counter_add(uint64_t *counter, uint64_t amount)
{
    __atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + amount,
                     __ATOMIC_RELAXED);
}

static inline uint64_t skm_counter_get(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* For what is counted up and down in a size_t. */
static inline void skm_counter_set_size(size_t *figure, size_t value)
{
    __atomic_store_n(figure, value, __ATOMIC_RELAXED);
}

static inline size_t skm_counter_get_size(const size_t *figure)
{
    return __atomic_load_n(figure, __ATOMIC_RELAXED);
}
