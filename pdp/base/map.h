/* Hash map from bytes to pointers, keyed with a per-process secret so that a peer cannot choose collisions
 * (SipHash-1-3). Keys are borrowed and must outlive the map. Insertion order is kept: entries can be
 * walked by index.
 *
 * Threads: one writer or many readers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

#include "base/hash.h"

struct skm_map_entry {
    skm_span key; /* borrowed */
    void *value;  /* borrowed */
    uint64_t hash;
};

struct skm_map {
    struct skm_map_entry *entries; /* in insertion order; owned */
    uint32_t *slots;               /* index + 1 into entries, 0 is free; owned */
    size_t len;
    size_t entries_cap;
    size_t slots_cap; /* power of two, or 0 */
    size_t max;       /* at most so many entries */
};

/* Nothing is allocated until the first put. `max` at most UINT32_MAX - 1. */
void skm_map_init(struct skm_map *map, size_t max);
void skm_map_fini(struct skm_map *map);

/* Empties the map, keeps its memory. */
void skm_map_reset(struct skm_map *map);

/* SKM_E_EXISTS when the key is there (the map is unchanged), SKM_E_COUNT, SKM_E_MEMORY. */
SKM_MUST skm_err skm_map_put(struct skm_map *map, skm_span key, void *value);

/* Puts or replaces; the old key stays. */
SKM_MUST skm_err skm_map_set(struct skm_map *map, skm_span key, void *value);

/* The value, or NULL. */
void *skm_map_get(const struct skm_map *map, skm_span key);

/* The entry, or NULL: tells an entry with a NULL value from no entry. */
const struct skm_map_entry *skm_map_find(const struct skm_map *map, skm_span key);
