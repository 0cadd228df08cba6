/* Interning: uids, type names, keys, shapes and lists of parents, each kept once; records in compact form.
 *
 * All hashes are keyed (base/map.h), since whoever writes an entity file chooses the text. */
#include "state/entities_store.h"

#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/span.h"

#define TYPES_MAX  (1u << 24)
#define SHAPES_MAX SKM_ENTITIES_MAX

static uint32_t fold_hash(uint64_t hash)
{
    return (uint32_t)(hash ^ (hash >> 32));
}

static uint32_t hash_handles(const uint32_t *handles, uint32_t count)
{
    /* SAFETY: any object may be read as bytes. */
    skm_span bytes = {(const char *)handles, count * sizeof(*handles)};
    return fold_hash(skm_hash_bytes(bytes));
}

/* ---- names: types and keys ---- */

static skm_span name_at(const struct skm_entity_names *names, uint32_t handle)
{
    const skm_span *name = skm_chunks_at(&names->names, handle);
    return *name;
}

static bool find_name(const struct skm_entity_names *names, skm_span name, uint32_t hash,
                      uint32_t *out_handle)
{
    uint32_t cursor = hash;
    while (skm_handle_table_next(&names->table, hash, &cursor, out_handle)) {
        if (skm_span_equal(name_at(names, *out_handle), name)) {
            return true;
        }
    }
    return false;
}

static skm_err add_name(struct skm_entity_names *names, skm_span name, uint32_t hash,
                        uint32_t *out_handle)
{
    skm_span copy = {0};
    void *slot = NULL;
    SKM_TRY(skm_arena_dup(names->names.arena, name, &copy));
    SKM_TRY(skm_chunks_push(&names->names, TYPES_MAX, &slot));
    *(skm_span *)slot = copy;
    SKM_TRY(skm_handle_table_put(&names->table, hash, names->names.len - 1));
    *out_handle = names->names.len - 1;
    return SKM_OK;
}

static skm_err intern_name(struct skm_entity_names *names, skm_span name, uint32_t *out_handle)
{
    uint32_t *recent = &names->recent[skm_hash_hint(name, SKM_ENTITY_RECENT)];
    if (*recent != 0 && skm_span_equal(name_at(names, *recent - 1), name)) {
        *out_handle = *recent - 1;
        return SKM_OK;
    }
    uint32_t hash = fold_hash(skm_hash_bytes(name));
    if (!find_name(names, name, hash, out_handle)) {
        SKM_TRY(add_name(names, name, hash, out_handle));
    }
    *recent = *out_handle + 1;
    return SKM_OK;
}

static skm_span key_name(const struct skm_entities *entities, uint32_t key)
{
    return name_at(&entities->keys, key);
}

/* ---- nodes ---- */

static uint32_t hash_node(uint32_t type, skm_span id)
{
    return fold_hash(skm_hash_mix(skm_hash_bytes(id), type));
}

static bool find_typed(const struct skm_entities *entities, uint32_t type, skm_span id,
                       uint32_t hash, uint32_t *out_node)
{
    uint32_t cursor = hash;
    uint32_t found = 0;
    while (skm_handle_table_next(&entities->node_table, hash, &cursor, &found)) {
        const struct skm_entity_node *node = skm_entities_node(entities, found);
        if (node->type == type && skm_span_equal(node->uid.id, id)) {
            *out_node = found;
            return true;
        }
    }
    return false;
}

bool skm_entities_find_node(const struct skm_entities *entities, const struct skm_uid *uid,
                            uint32_t *out_node)
{
    uint32_t type = 0;
    uint32_t type_hash = fold_hash(skm_hash_bytes(uid->type));
    return find_name(&entities->types, uid->type, type_hash, &type) &&
           find_typed(entities, type, uid->id, hash_node(type, uid->id), out_node);
}

skm_err skm_entities_intern_node(struct skm_entities *entities, const struct skm_uid *uid,
                                 uint32_t *out_node)
{
    struct skm_entity_key key = {0};
    SKM_TRY(skm_entities_intern_key(entities, uid, &key));
    return skm_entities_intern_keyed(entities, &key, out_node);
}

skm_err skm_entities_intern_key(struct skm_entities *entities, const struct skm_uid *uid,
                                struct skm_entity_key *out_key)
{
    struct skm_entity_key key = {.id = uid->id};
    SKM_TRY(intern_name(&entities->types, uid->type, &key.type));
    key.hash = hash_node(key.type, uid->id);
    skm_handle_table_prefetch(&entities->node_table, key.hash);
    *out_key = key;
    return SKM_OK;
}

skm_err skm_entities_intern_keyed(struct skm_entities *entities, const struct skm_entity_key *key,
                                  uint32_t *out_node)
{
    if (find_typed(entities, key->type, key->id, key->hash, out_node)) {
        return SKM_OK;
    }
    skm_span id = {0};
    void *slot = NULL;
    SKM_TRY(skm_arena_dup(entities->arena, key->id, &id));
    SKM_TRY(skm_chunks_push(&entities->nodes, SKM_ENTITIES_MAX, &slot));
    struct skm_entity_node *node = slot;
    node->uid = (struct skm_uid){name_at(&entities->types, key->type), id};
    node->type = key->type;
    node->parents = SKM_ENTITY_NO_LIST;
    SKM_TRY(skm_handle_table_put(&entities->node_table, key->hash, entities->nodes.len - 1));
    *out_node = entities->nodes.len - 1;
    return SKM_OK;
}

/* ---- lists of parents, shapes ---- */

static bool same_handles(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count)
{
    return a_count == b_count && (a_count == 0 || memcmp(a, b, a_count * sizeof(*a)) == 0);
}

skm_err skm_entities_intern_list(struct skm_entities *entities, const uint32_t *parents,
                                 uint32_t count, uint32_t *out_list)
{
    uint32_t hash = hash_handles(parents, count);
    uint32_t cursor = hash;
    while (skm_handle_table_next(&entities->list_table, hash, &cursor, out_list)) {
        const struct skm_entity_list *known = skm_entities_list(entities, *out_list);
        if (same_handles(known->parents, known->parent_count, parents, count)) {
            return SKM_OK;
        }
    }
    const uint32_t *copy = NULL;
    void *slot = NULL;
    SKM_TRY(skm_handle_pool_dup(&entities->pool, parents, count, &copy));
    SKM_TRY(skm_chunks_push(&entities->lists, SKM_ENTITIES_MAX, &slot));
    struct skm_entity_list *list = slot;
    list->parents = copy;
    list->parent_count = count;
    SKM_TRY(skm_handle_table_put(&entities->list_table, hash, entities->lists.len - 1));
    *out_list = entities->lists.len - 1;
    return SKM_OK;
}

static skm_err intern_shape(struct skm_entities *entities, const uint32_t *keys, uint32_t count,
                            uint32_t *out_shape)
{
    const struct skm_entity_shape *last = skm_chunks_at(&entities->shapes, entities->last_shape);
    if (same_handles(last->keys, last->count, keys, count)) {
        *out_shape = entities->last_shape;
        return SKM_OK;
    }
    uint32_t hash = hash_handles(keys, count);
    uint32_t cursor = hash;
    while (skm_handle_table_next(&entities->shape_table, hash, &cursor, out_shape)) {
        const struct skm_entity_shape *known = skm_chunks_at(&entities->shapes, *out_shape);
        if (same_handles(known->keys, known->count, keys, count)) {
            entities->last_shape = *out_shape;
            return SKM_OK;
        }
    }
    const uint32_t *copy = NULL;
    void *slot = NULL;
    SKM_TRY(skm_handle_pool_dup(&entities->pool, keys, count, &copy));
    SKM_TRY(skm_chunks_push(&entities->shapes, SHAPES_MAX, &slot));
    *(struct skm_entity_shape *)slot = (struct skm_entity_shape){copy, count};
    SKM_TRY(skm_handle_table_put(&entities->shape_table, hash, entities->shapes.len - 1));
    *out_shape = entities->shapes.len - 1;
    entities->last_shape = *out_shape;
    return SKM_OK;
}

skm_err skm_entities_scratch(struct skm_entities *entities, uint32_t len)
{
    if (entities->scratch != NULL && len <= entities->scratch_len) {
        return SKM_OK;
    }
    uint32_t grown_len = len < 64 ? 64 : len + len / 2;
    uint32_t *grown = skm_mem_alloc_array((size_t)grown_len * 2, sizeof(*grown));
    if (grown == NULL) {
        return SKM_ERR(MEMORY);
    }
    if (entities->scratch_len > 0) {
        memcpy(grown, entities->scratch, entities->scratch_len * sizeof(*grown));
    }
    skm_mem_free(entities->scratch);
    entities->scratch = grown;
    entities->scratch_len = grown_len;
    return SKM_OK;
}

/* ---- values ---- */

static skm_err copy_value(struct skm_entities *entities, const struct skm_value *value,
                          struct skm_value *out_copy);

/* For a copy of something that is in memory, so that the size cannot wrap, and that is written in full. */
static void *alloc_like(struct skm_entities *entities, size_t count, size_t item_bytes)
{
    return skm_arena_alloc_unset(entities->arena, count * item_bytes);
}

static skm_err copy_set(struct skm_entities *entities, const struct skm_value_set *set,
                        const struct skm_value_set **out_copy)
{
    struct skm_value *items = alloc_like(entities, set->count, sizeof(*items));
    struct skm_value_set *copy = alloc_like(entities, 1, sizeof(*copy));
    if (items == NULL || copy == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < set->count; i++) {
        SKM_TRY(copy_value(entities, &set->items[i], &items[i]));
    }
    *copy = (struct skm_value_set){items, set->count};
    *out_copy = copy;
    return SKM_OK;
}

static skm_err copy_record(struct skm_entities *entities, const struct skm_value_record *record,
                           const struct skm_value_record **out_copy)
{
    struct skm_value_field *fields = alloc_like(entities, record->count, sizeof(*fields));
    struct skm_value_record *copy = alloc_like(entities, 1, sizeof(*copy));
    if (fields == NULL || copy == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < record->count; i++) {
        uint32_t key = 0;
        SKM_TRY(intern_name(&entities->keys, record->fields[i].key, &key));
        fields[i].key = key_name(entities, key);
        SKM_TRY(copy_value(entities, &record->fields[i].value, &fields[i].value));
    }
    *copy = (struct skm_value_record){fields, record->count};
    *out_copy = copy;
    return SKM_OK;
}

static skm_err copy_ip(struct skm_entities *entities, const struct skm_ip *ip,
                       const struct skm_ip **out_copy)
{
    struct skm_ip *copy = alloc_like(entities, 1, sizeof(*copy));
    if (copy == NULL) {
        return SKM_ERR(MEMORY);
    }
    *copy = *ip;
    *out_copy = copy;
    return SKM_OK;
}

/* Depth is that of the value, which is bounded by what built it. */
static skm_err copy_value(struct skm_entities *entities, const struct skm_value *value,
                          struct skm_value *out_copy)
{
    *out_copy = *value;
    switch (value->kind) {
    case SKM_VALUE_BOOL:
    case SKM_VALUE_LONG:
    case SKM_VALUE_DECIMAL:
    case SKM_VALUE_DATETIME:
    case SKM_VALUE_DURATION:
        return SKM_OK;
    case SKM_VALUE_STRING:
        return skm_arena_dup(entities->arena, value->as.string, &out_copy->as.string);
    case SKM_VALUE_ENTITY: {
        uint32_t node = 0;
        SKM_TRY(skm_entities_intern_node(entities, value->as.entity, &node));
        out_copy->as.entity = &skm_entities_node(entities, node)->uid;
        return SKM_OK;
    }
    case SKM_VALUE_SET:
        return copy_set(entities, value->as.set, &out_copy->as.set);
    case SKM_VALUE_RECORD:
        return copy_record(entities, value->as.record, &out_copy->as.record);
    case SKM_VALUE_IPADDR:
        return copy_ip(entities, value->as.ip, &out_copy->as.ip);
    }
    return SKM_ERR(INTERNAL);
}

static skm_err pack(const struct skm_value *value, struct skm_entity_value *out_packed)
{
    struct skm_entity_value packed = {.kind = (uint8_t)value->kind};
    switch (value->kind) {
    case SKM_VALUE_BOOL:
        packed.as.boolean = value->as.boolean;
        break;
    case SKM_VALUE_LONG:
    case SKM_VALUE_DECIMAL:
    case SKM_VALUE_DATETIME:
    case SKM_VALUE_DURATION:
        packed.as.integer = value->as.integer;
        break;
    case SKM_VALUE_STRING:
        if (value->as.string.len > UINT32_MAX) {
            return SKM_ERR(SIZE);
        }
        packed.as.ptr = value->as.string.ptr;
        packed.len = (uint32_t)value->as.string.len;
        break;
    case SKM_VALUE_ENTITY:
        packed.as.ptr = value->as.entity;
        break;
    case SKM_VALUE_SET:
        packed.as.ptr = value->as.set;
        break;
    case SKM_VALUE_RECORD:
        packed.as.ptr = value->as.record;
        break;
    case SKM_VALUE_IPADDR:
        packed.as.ptr = value->as.ip;
        break;
    }
    *out_packed = packed;
    return SKM_OK;
}

static struct skm_value unpack(const struct skm_entity_value *packed)
{
    struct skm_value value = {.kind = (enum skm_value_kind)packed->kind};
    switch (value.kind) {
    case SKM_VALUE_BOOL:
        value.as.boolean = packed->as.boolean;
        break;
    case SKM_VALUE_LONG:
    case SKM_VALUE_DECIMAL:
    case SKM_VALUE_DATETIME:
    case SKM_VALUE_DURATION:
        value.as.integer = packed->as.integer;
        break;
    case SKM_VALUE_STRING:
        value.as.string = (skm_span){packed->as.ptr, packed->len};
        break;
    case SKM_VALUE_ENTITY:
        value.as.entity = packed->as.ptr;
        break;
    case SKM_VALUE_SET:
        value.as.set = packed->as.ptr;
        break;
    case SKM_VALUE_RECORD:
        value.as.record = packed->as.ptr;
        break;
    case SKM_VALUE_IPADDR:
        value.as.ip = packed->as.ptr;
        break;
    }
    return value;
}

/* ---- records ---- */

skm_err skm_entities_intern_record(struct skm_entities *entities,
                                   const struct skm_value_record *record,
                                   struct skm_entity_record *out_record)
{
    if (record == NULL || record->count == 0) {
        *out_record = (struct skm_entity_record){0};
        return SKM_OK;
    }
    if (record->count > UINT32_MAX / 4) {
        return SKM_ERR(COUNT);
    }
    uint32_t count = (uint32_t)record->count;
    SKM_TRY(skm_entities_scratch(entities, count));
    for (uint32_t i = 0; i < count; i++) {
        SKM_TRY(intern_name(&entities->keys, record->fields[i].key, &entities->scratch[i]));
    }
    struct skm_entity_record made = {0};
    SKM_TRY(intern_shape(entities, entities->scratch, count, &made.shape));
    struct skm_entity_value *values = alloc_like(entities, count, sizeof(*values));
    if (values == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct skm_value copy = {0};
        SKM_TRY(copy_value(entities, &record->fields[i].value, &copy));
        SKM_TRY(pack(&copy, &values[i]));
    }
    made.values = values;
    *out_record = made;
    return SKM_OK;
}

uint32_t skm_entities_record_count(const struct skm_entities *entities,
                                   struct skm_entity_record record)
{
    const struct skm_entity_shape *shape = skm_chunks_at(&entities->shapes, record.shape);
    return shape->count;
}

struct skm_value_field skm_entities_record_at(const struct skm_entities *entities,
                                              struct skm_entity_record record, uint32_t index)
{
    const struct skm_entity_shape *shape = skm_chunks_at(&entities->shapes, record.shape);
    return (struct skm_value_field){key_name(entities, shape->keys[index]),
                                    unpack(&record.values[index])};
}

bool skm_entities_record_get(const struct skm_entities *entities, struct skm_entity_record record,
                             skm_span name, struct skm_value *out_value)
{
    const struct skm_entity_shape *shape = skm_chunks_at(&entities->shapes, record.shape);
    uint32_t low = 0;
    uint32_t high = shape->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = skm_span_compare(key_name(entities, shape->keys[middle]), name);
        if (order == 0) {
            *out_value = unpack(&record.values[middle]);
            return true;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}

bool skm_entities_record_equal(const struct skm_entities *entities, struct skm_entity_record packed,
                               const struct skm_value_record *plain)
{
    uint32_t count = skm_entities_record_count(entities, packed);
    if (count != (plain == NULL ? 0 : plain->count)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct skm_value_field field = skm_entities_record_at(entities, packed, i);
        if (!skm_span_equal(field.key, plain->fields[i].key) ||
            !skm_value_equal(&field.value, &plain->fields[i].value)) {
            return false;
        }
    }
    return true;
}
