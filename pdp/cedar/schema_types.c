#include "cedar/schema_types.h"

#include <string.h>

#include "base/span.h"

#define TYPES_MAX     (UINT32_C(1) << 24)
#define KEY_BYTES_MAX (SIZE_MAX / 2)

/* INVARIANT: every type of a table is the first member of one of these. */
struct entry {
    struct skm_type type;
    uint32_t depth;
};

void skm_type_table_init(struct skm_type_table *table, struct skm_arena *arena,
                         struct skm_arena *scratch)
{
    *table = (struct skm_type_table){.arena = arena, .scratch = scratch};
    skm_map_init(&table->types, TYPES_MAX);
    skm_map_init(&table->imports, TYPES_MAX);
    skm_buf_init(&table->key, KEY_BYTES_MAX);
}

void skm_type_table_fini(struct skm_type_table *table)
{
    skm_map_fini(&table->types);
    skm_map_fini(&table->imports);
    skm_buf_fini(&table->key);
}

const struct skm_type *skm_type_simple(enum skm_type_kind kind)
{
#define SIMPLE(name) [SKM_TYPE_##name] = { {.kind = SKM_TYPE_##name}, 1 }
    static const struct entry ENTRIES[] = {
        SIMPLE(NEVER),  SIMPLE(TRUE),    SIMPLE(FALSE),  SIMPLE(BOOL),     SIMPLE(LONG),
        SIMPLE(STRING), SIMPLE(DECIMAL), SIMPLE(IPADDR), SIMPLE(DATETIME), SIMPLE(DURATION),
    };
#undef SIMPLE
    return &ENTRIES[kind].type;
}

/* SAFETY: `type` is the first member of an entry, by the invariant above. */
static uint32_t depth_of(const struct skm_type *type)
{
    return ((const struct entry *)(const void *)type)->depth;
}

static void key_start(struct skm_type_table *table, enum skm_type_kind kind)
{
    skm_buf_reset(&table->key);
    skm_buf_append_char(&table->key, (char)kind);
}

static void key_bytes(struct skm_type_table *table, const void *bytes, size_t len)
{
    skm_buf_append(&table->key, skm_span_of(bytes, len));
}

/* The type of that key, or NULL. */
static skm_err find(const struct skm_type_table *table, const struct skm_type **out_type)
{
    SKM_TRY(skm_buf_check(&table->key));
    *out_type = skm_map_get(&table->types, skm_buf_span(&table->key));
    return SKM_OK;
}

static skm_err add(struct skm_type_table *table, const struct skm_type *type, uint32_t depth,
                   const struct skm_type **out_type)
{
    if (depth > SKM_TYPE_DEPTH_MAX) {
        return SKM_ERR(DEPTH);
    }
    struct entry *entry = SKM_ARENA_NEW(table->arena, struct entry);
    if (entry == NULL) {
        return SKM_ERR(MEMORY);
    }
    *entry = (struct entry){*type, depth};
    skm_span key = {0};
    SKM_TRY(skm_arena_dup(table->scratch, skm_buf_span(&table->key), &key));
    SKM_TRY(skm_map_put(&table->types, key, entry));
    *out_type = &entry->type;
    return SKM_OK;
}

skm_err skm_type_table_entity(struct skm_type_table *table, skm_span name,
                              const struct skm_type **out_type)
{
    const struct skm_type *known = NULL;
    key_start(table, SKM_TYPE_ENTITY);
    key_bytes(table, name.ptr, name.len);
    SKM_TRY(find(table, &known));
    if (known != NULL) {
        *out_type = known;
        return SKM_OK;
    }
    return add(table, &(struct skm_type){.kind = SKM_TYPE_ENTITY, .entity = name}, 1, out_type);
}

skm_err skm_type_table_set(struct skm_type_table *table, const struct skm_type *element,
                           const struct skm_type **out_type)
{
    const struct skm_type *known = NULL;
    key_start(table, SKM_TYPE_SET);
    key_bytes(table, &element, sizeof(element));
    SKM_TRY(find(table, &known));
    if (known != NULL) {
        *out_type = known;
        return SKM_OK;
    }
    return add(table, &(struct skm_type){.kind = SKM_TYPE_SET, .element = element},
               depth_of(element) + 1, out_type);
}

static void key_attr(struct skm_type_table *table, const struct skm_type_attr *attr)
{
    key_bytes(table, &attr->name.len, sizeof(attr->name.len));
    key_bytes(table, attr->name.ptr, attr->name.len);
    key_bytes(table, &attr->type, sizeof(attr->type));
    skm_buf_append_char(&table->key, attr->required ? 'r' : 'o');
}

skm_err skm_type_table_record(struct skm_type_table *table, const struct skm_type_attr *attrs,
                              size_t count, const struct skm_type **out_type)
{
    const struct skm_type *known = NULL;
    uint32_t depth = 0;
    key_start(table, SKM_TYPE_RECORD);
    for (size_t i = 0; i < count; i++) {
        uint32_t below = depth_of(attrs[i].type);
        depth = below > depth ? below : depth;
        key_attr(table, &attrs[i]);
    }
    SKM_TRY(find(table, &known));
    if (known != NULL) {
        *out_type = known;
        return SKM_OK;
    }
    struct skm_type_attr *copy = SKM_ARENA_NEW_ARRAY(table->arena, struct skm_type_attr, count);
    if (copy == NULL) {
        return SKM_ERR(MEMORY);
    }
    if (count > 0) {
        memcpy(copy, attrs, count * sizeof(*copy));
    }
    struct skm_type type = {.kind = SKM_TYPE_RECORD, .attrs = copy, .attr_count = count};
    return add(table, &type, depth + 1, out_type);
}

static skm_err import_record(struct skm_type_table *table, const struct skm_type *type,
                             const struct skm_type **out_type)
{
    struct skm_type_attr *attrs =
        SKM_ARENA_NEW_ARRAY(table->scratch, struct skm_type_attr, type->attr_count);
    if (attrs == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < type->attr_count; i++) {
        attrs[i] = type->attrs[i];
        SKM_TRY(skm_type_table_import(table, type->attrs[i].type, &attrs[i].type));
    }
    return skm_type_table_record(table, attrs, type->attr_count, out_type);
}

static skm_err import_new(struct skm_type_table *table, const struct skm_type *type,
                          const struct skm_type **out_type)
{
    const struct skm_type *element = NULL;
    switch (type->kind) {
    case SKM_TYPE_ENTITY:
        return skm_type_table_entity(table, type->entity, out_type);
    case SKM_TYPE_SET:
        SKM_TRY(skm_type_table_import(table, type->element, &element));
        return skm_type_table_set(table, element, out_type);
    case SKM_TYPE_RECORD:
        return import_record(table, type, out_type);
    case SKM_TYPE_NEVER:
    case SKM_TYPE_TRUE:
    case SKM_TYPE_FALSE:
    case SKM_TYPE_BOOL:
    case SKM_TYPE_LONG:
    case SKM_TYPE_STRING:
    case SKM_TYPE_DECIMAL:
    case SKM_TYPE_IPADDR:
    case SKM_TYPE_DATETIME:
    case SKM_TYPE_DURATION:
        *out_type = skm_type_simple(type->kind);
        return SKM_OK;
    }
    return SKM_ERR(INTERNAL);
}

/* Recursion: as deep as the type, which is bounded. Each object is visited once, whatever shares it. */
skm_err skm_type_table_import(struct skm_type_table *table, const struct skm_type *type,
                              const struct skm_type **out_type)
{
    skm_span address = skm_span_of((const char *)&type, sizeof(type));
    const struct skm_map_entry *known = skm_map_find(&table->imports, address);
    if (known != NULL) {
        *out_type = known->value;
        return SKM_OK;
    }
    const struct skm_type *mine = NULL;
    SKM_TRY(import_new(table, type, &mine));
    skm_span key = {0};
    SKM_TRY(skm_arena_dup(table->scratch, address, &key));
    /* SAFETY: the map stores plain pointers and never writes through them; the type stays const on the way out. */
    SKM_TRY(skm_map_put(&table->imports, key, (void *)(uintptr_t)mine));
    *out_type = mine;
    return SKM_OK;
}
