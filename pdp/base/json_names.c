/* Member names of the JSON reader: no object has the same twice.
 *
 * The names seen in all open objects are one stack, each object owning the part from its `keys_base` on:
 *
 *     levels   { a, b, c }   [ ]   { x, y }
 *     keys       a  b  c             x  y
 *
 * A name is looked up among the names of the innermost object only. Up to LINEAR_KEYS that is a walk; past it all names
 * of that object enter a hash table (keyed hash: the sender cannot choose collisions), so a hostile object costs linear
 * time. One table serves all objects. Names leave it in the reverse order they came, when their object is closed, and
 * under linear probing taking out the last one that came in leaves exactly the table there was before: no tombstones,
 * no rehash, no memory per object. */
#include "base/json_inner.h"

#include "base/hash.h"

#define LINEAR_KEYS 16u
#define FIRST_KEYS  32u
#define FIRST_SLOTS 64u

static skm_err out_of_memory(struct skm_json *json)
{
    return skm_json_fail(json, SKM_ERR(MEMORY), json->offset, "out of memory");
}

/* The slot of key number `index`, or the free one where it would go. */
static uint32_t *slot_of_index(const struct skm_json *json, uint32_t index)
{
    uint32_t mask = json->slots_cap - 1;
    uint32_t at = json->keys[index].hash & mask;
    while (json->slots[at] != 0 && json->slots[at] != index + 1) {
        at = (at + 1) & mask;
    }
    return &json->slots[at];
}

/* All names of hashed objects into a new table, in the order they came. */
static skm_err grow_slots(struct skm_json *json)
{
    uint32_t cap = json->slots_cap == 0 ? FIRST_SLOTS : json->slots_cap * 2;
    uint32_t *slots = skm_arena_alloc_array(json->arena, cap, sizeof *slots);
    if (slots == NULL) {
        return out_of_memory(json);
    }
    json->slots = slots;
    json->slots_cap = cap;
    for (uint32_t d = 0; d < json->depth; d++) {
        uint32_t end = d + 1 < json->depth ? json->levels[d + 1].keys_base : json->keys_len;
        for (uint32_t i = json->levels[d].keys_base; json->levels[d].is_hashed && i < end; i++) {
            *slot_of_index(json, i) = i + 1;
        }
    }
    return SKM_OK;
}

/* The same name hashes differently in each open object, or nested equal objects would crowd the same slots. */
static uint32_t hash_key(const struct skm_json_level *level, skm_span key)
{
    return (uint32_t)skm_hash_bytes(key) ^ level->keys_base * UINT32_C(0x9e3779b1);
}

static skm_err add_slot(struct skm_json *json, uint32_t index)
{
    if (json->slots_cap / 2 <= json->slots_used) {
        SKM_TRY(grow_slots(json));
    }
    *slot_of_index(json, index) = index + 1;
    json->slots_used++;
    return SKM_OK;
}

static inline bool same_key(const struct skm_json_key *known, skm_span key)
{
    return known->len == key.len && (key.len == 0 || (known->ptr[0] == key.ptr[0] &&
                                                      memcmp(known->ptr, key.ptr, key.len) == 0));
}

/* One of 32 bits: a name whose bit no other has set is not known. */
static inline uint32_t mark_of(skm_span key)
{
    unsigned mark = (unsigned)key.len * 7;
    if (key.len != 0) {
        mark += (unsigned char)key.ptr[0] * 5u + (unsigned char)key.ptr[key.len - 1];
    }
    return UINT32_C(1) << (mark & 31);
}

static bool is_known_linear(const struct skm_json *json, const struct skm_json_level *level,
                            skm_span key)
{
    for (uint32_t i = level->keys_base; i < json->keys_len; i++) {
        if (same_key(&json->keys[i], key)) {
            return true;
        }
    }
    return false;
}

static bool is_known_hashed(const struct skm_json *json, const struct skm_json_level *level,
                            skm_span key, uint32_t hash)
{
    uint32_t mask = json->slots_cap - 1;
    for (uint32_t at = hash & mask; json->slots[at] != 0; at = (at + 1) & mask) {
        uint32_t index = json->slots[at] - 1;
        if (index >= level->keys_base && json->keys[index].hash == hash &&
            same_key(&json->keys[index], key)) {
            return true;
        }
    }
    return false;
}

static skm_err start_hashing(struct skm_json *json, struct skm_json_level *level)
{
    for (uint32_t i = level->keys_base; i < json->keys_len; i++) {
        json->keys[i].hash = hash_key(level, (skm_span){json->keys[i].ptr, json->keys[i].len});
    }
    /* Set first: when the table grows on the way, the names that are in already must come along. */
    level->is_hashed = true;
    for (uint32_t i = level->keys_base; i < json->keys_len; i++) {
        SKM_TRY(add_slot(json, i));
    }
    return SKM_OK;
}

static skm_err push_key(struct skm_json *json, skm_span key, uint32_t hash)
{
    if (SKM_UNLIKELY(json->keys_len == json->keys_cap)) {
        /* At least three bytes of text per name: cannot wrap below 4 GiB. */
        uint32_t cap = json->keys_cap == 0 ? FIRST_KEYS : json->keys_cap * 2;
        struct skm_json_key *keys = skm_arena_alloc_unset(json->arena, (size_t)cap * sizeof *keys);
        if (keys == NULL) {
            return out_of_memory(json);
        }
        if (json->keys_len != 0) {
            memcpy(keys, json->keys, (size_t)json->keys_len * sizeof *keys);
        }
        json->keys = keys;
        json->keys_cap = cap;
    }
    json->keys[json->keys_len++] = (struct skm_json_key){key.ptr, (uint32_t)key.len, hash};
    return SKM_OK;
}

skm_err skm_json_note_name(struct skm_json *json, struct skm_json_level *level, skm_span key,
                           size_t key_offset)
{
    if (json->limits.members != 0 && level->count >= json->limits.members) {
        return skm_json_fail(json, SKM_ERR(COUNT), key_offset, "too many members in object");
    }
    if (level->count == LINEAR_KEYS) {
        SKM_TRY(start_hashing(json, level));
    }
    uint32_t mark = mark_of(key);
    uint32_t hash = level->is_hashed ? hash_key(level, key) : 0;
    bool known = level->is_hashed ? is_known_hashed(json, level, key, hash)
                                  : (level->marks & mark) != 0 && is_known_linear(json, level, key);
    if (known) {
        return skm_json_fail(json, SKM_ERR(DUPLICATE), key_offset, "duplicate member name");
    }
    level->count++;
    level->marks |= mark;
    SKM_TRY(push_key(json, key, hash));
    return level->is_hashed ? add_slot(json, json->keys_len - 1) : SKM_OK;
}

void skm_json_forget_names(struct skm_json *json, const struct skm_json_level *level)
{
    if (level->is_hashed) {
        for (uint32_t i = json->keys_len; i > level->keys_base; i--) {
            *slot_of_index(json, i - 1) = 0;
        }
        json->slots_used -= json->keys_len - level->keys_base;
    }
    json->keys_len = level->keys_base;
}
