/* Open addressing with linear probing over indices into an array of entries. No entry is ever removed, so there are no
 * tombstones; at most half of the slots are taken. */
#include "base/map.h"

#include <string.h>

#include "base/mem.h"
#include "base/span.h"

#define FIRST_ENTRIES ((size_t)8)

void skm_map_init(struct skm_map *map, size_t max)
{
    *map = (struct skm_map){.max = max < UINT32_MAX - 1 ? max : UINT32_MAX - 1};
}

void skm_map_fini(struct skm_map *map)
{
    if (map == NULL) {
        return;
    }
    skm_mem_free(map->entries);
    skm_mem_free(map->slots);
    skm_map_init(map, map->max);
}

void skm_map_reset(struct skm_map *map)
{
    if (map->len != 0) {
        memset(map->slots, 0, map->slots_cap * sizeof *map->slots);
        map->len = 0;
    }
}

/* The slot that holds the key, or the free one where it would go. There is always a free slot. */
static uint32_t *slot_for(const struct skm_map *map, skm_span key, uint64_t hash)
{
    size_t mask = map->slots_cap - 1;
    size_t at = (size_t)hash & mask;
    for (;; at = (at + 1) & mask) {
        uint32_t *slot = &map->slots[at];
        if (*slot == 0) {
            return slot;
        }
        const struct skm_map_entry *entry = &map->entries[*slot - 1];
        if (entry->hash == hash && skm_span_equal(entry->key, key)) {
            return slot;
        }
    }
}

static skm_err grow_slots(struct skm_map *map, size_t slots_cap)
{
    uint32_t *slots = skm_mem_alloc_array(slots_cap, sizeof *slots);
    if (slots == NULL) {
        return SKM_ERR(MEMORY);
    }
    size_t mask = slots_cap - 1;
    for (size_t i = 0; i < map->len; i++) {
        size_t at = (size_t)map->entries[i].hash & mask;
        while (slots[at] != 0) {
            at = (at + 1) & mask;
        }
        slots[at] = (uint32_t)(i + 1);
    }
    skm_mem_free(map->slots);
    map->slots = slots;
    map->slots_cap = slots_cap;
    return SKM_OK;
}

static skm_err grow_entries(struct skm_map *map)
{
    size_t cap = map->entries_cap == 0 ? FIRST_ENTRIES : map->entries_cap * 2;
    size_t bytes = 0;
    if (__builtin_mul_overflow(cap, sizeof *map->entries, &bytes)) {
        return SKM_ERR(MEMORY);
    }
    struct skm_map_entry *entries = skm_mem_realloc(map->entries, bytes);
    if (entries == NULL) {
        return SKM_ERR(MEMORY);
    }
    map->entries = entries;
    map->entries_cap = cap;
    return SKM_OK;
}

/* Room for one more entry. What grew stays grown when the second step fails: the map is whole either way. */
static skm_err make_room(struct skm_map *map)
{
    if (map->len == map->entries_cap) {
        SKM_TRY(grow_entries(map));
    }
    if (map->slots_cap < 2 * (map->len + 1)) {
        SKM_TRY(grow_slots(map, map->slots_cap == 0 ? 2 * FIRST_ENTRIES : 2 * map->slots_cap));
    }
    return SKM_OK;
}

static skm_err insert(struct skm_map *map, skm_span key, uint64_t hash, void *value)
{
    if (map->len >= map->max) {
        return SKM_ERR(COUNT);
    }
    SKM_TRY(make_room(map));
    uint32_t *slot = slot_for(map, key, hash);
    map->entries[map->len] = (struct skm_map_entry){key, value, hash};
    map->len++;
    *slot = (uint32_t)map->len;
    return SKM_OK;
}

static struct skm_map_entry *find(const struct skm_map *map, skm_span key, uint64_t hash)
{
    if (map->len == 0) {
        return NULL;
    }
    const uint32_t *slot = slot_for(map, key, hash);
    return *slot == 0 ? NULL : &map->entries[*slot - 1];
}

skm_err skm_map_put(struct skm_map *map, skm_span key, void *value)
{
    uint64_t hash = skm_hash_bytes(key);
    if (find(map, key, hash) != NULL) {
        return SKM_ERR(EXISTS);
    }
    return insert(map, key, hash, value);
}

skm_err skm_map_set(struct skm_map *map, skm_span key, void *value)
{
    uint64_t hash = skm_hash_bytes(key);
    struct skm_map_entry *entry = find(map, key, hash);
    if (entry == NULL) {
        return insert(map, key, hash, value);
    }
    entry->value = value;
    return SKM_OK;
}

const struct skm_map_entry *skm_map_find(const struct skm_map *map, skm_span key)
{
    return map->len == 0 ? NULL : find(map, key, skm_hash_bytes(key));
}

void *skm_map_get(const struct skm_map *map, skm_span key)
{
    const struct skm_map_entry *entry = skm_map_find(map, key);
    return entry == NULL ? NULL : entry->value;
}
