#include "cedar/value.h"

#include <string.h>

#include "base/span.h"

/* Records up to this size are sorted by insertion: less work than a heap, and most come nearly sorted. */
#define FEW_FIELDS 16u

const char *skm_value_kind_name(enum skm_value_kind kind)
{
    switch (kind) {
    case SKM_VALUE_BOOL:
        return "bool";
    case SKM_VALUE_LONG:
        return "long";
    case SKM_VALUE_STRING:
        return "string";
    case SKM_VALUE_ENTITY:
        return "entity";
    case SKM_VALUE_SET:
        return "set";
    case SKM_VALUE_RECORD:
        return "record";
    case SKM_VALUE_DECIMAL:
        return "decimal";
    case SKM_VALUE_IPADDR:
        return "ipaddr";
    case SKM_VALUE_DATETIME:
        return "datetime";
    case SKM_VALUE_DURATION:
        return "duration";
    }
    return "unknown";
}

/* ---- order ---- */

bool skm_uid_equal(const struct skm_uid *a, const struct skm_uid *b)
{
    return skm_span_equal(a->id, b->id) && skm_span_equal(a->type, b->type);
}

int skm_uid_compare(const struct skm_uid *a, const struct skm_uid *b)
{
    int order = skm_span_compare(a->type, b->type);
    return order != 0 ? order : skm_span_compare(a->id, b->id);
}

static int compare_integers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_sizes(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

/* By family, then address bits as written, then prefix: host bits count. */
static int compare_ips(const struct skm_ip *a, const struct skm_ip *b)
{
    if (a->is_v6 != b->is_v6) {
        return a->is_v6 ? 1 : -1;
    }
    int order = memcmp(a->bytes, b->bytes, sizeof a->bytes);
    return order != 0 ? order : compare_integers(a->prefix, b->prefix);
}

static int compare_sets(const struct skm_value_set *a, const struct skm_value_set *b)
{
    if (a == b || a->count != b->count) {
        return compare_sizes(a->count, b->count);
    }
    for (size_t i = 0; i < a->count; i++) {
        int order = skm_value_compare(&a->items[i], &b->items[i]);
        if (order != 0) {
            return order;
        }
    }
    return 0;
}

static int compare_records(const struct skm_value_record *a, const struct skm_value_record *b)
{
    if (a == b || a->count != b->count) {
        return compare_sizes(a->count, b->count);
    }
    for (size_t i = 0; i < a->count; i++) {
        int order = skm_span_compare(a->fields[i].key, b->fields[i].key);
        if (order == 0) {
            order = skm_value_compare(&a->fields[i].value, &b->fields[i].value);
        }
        if (order != 0) {
            return order;
        }
    }
    return 0;
}

int skm_value_compare(const struct skm_value *a, const struct skm_value *b)
{
    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    switch (a->kind) {
    case SKM_VALUE_BOOL:
        return (int)a->as.boolean - (int)b->as.boolean;
    case SKM_VALUE_LONG:
    case SKM_VALUE_DECIMAL:
    case SKM_VALUE_DATETIME:
    case SKM_VALUE_DURATION:
        return compare_integers(a->as.integer, b->as.integer);
    case SKM_VALUE_STRING:
        return skm_span_compare(a->as.string, b->as.string);
    case SKM_VALUE_ENTITY:
        return skm_uid_compare(a->as.entity, b->as.entity);
    case SKM_VALUE_SET:
        return compare_sets(a->as.set, b->as.set);
    case SKM_VALUE_RECORD:
        return compare_records(a->as.record, b->as.record);
    case SKM_VALUE_IPADDR:
        return compare_ips(a->as.ip, b->as.ip);
    }
    return 0;
}

bool skm_value_equal(const struct skm_value *a, const struct skm_value *b)
{
    return skm_value_compare(a, b) == 0;
}

/* ---- sorting ---- */

typedef int compare_fn(const void *a, const void *b);

struct sortable {
    char *items;
    size_t count;
    size_t item_bytes; /* at most sizeof(struct skm_value_field) */
    compare_fn *compare;
};

static void *item_at(const struct sortable *array, size_t index)
{
    return array->items + index * array->item_bytes;
}

static void swap_items(const struct sortable *array, size_t i, size_t j)
{
    char held[sizeof(struct skm_value_field)];
    memcpy(held, item_at(array, i), array->item_bytes);
    memcpy(item_at(array, i), item_at(array, j), array->item_bytes);
    memcpy(item_at(array, j), held, array->item_bytes);
}

static bool is_strictly_ascending(const struct sortable *array)
{
    for (size_t i = 1; i < array->count; i++) {
        if (array->compare(item_at(array, i - 1), item_at(array, i)) >= 0) {
            return false;
        }
    }
    return true;
}

static void sift_down(const struct sortable *array, size_t root, size_t count)
{
    for (;;) {
        size_t child = 2 * root + 1;
        if (child >= count) {
            return;
        }
        if (child + 1 < count &&
            array->compare(item_at(array, child), item_at(array, child + 1)) < 0) {
            child++;
        }
        if (array->compare(item_at(array, root), item_at(array, child)) >= 0) {
            return;
        }
        swap_items(array, root, child);
        root = child;
    }
}

/* Heap sort: n log n whatever the input, in place. qsort() takes heap memory behind base/mem's back. */
static void sort(const struct sortable *array)
{
    if (is_strictly_ascending(array)) {
        return;
    }
    for (size_t i = array->count / 2; i-- > 0;) {
        sift_down(array, i, array->count);
    }
    for (size_t end = array->count; end-- > 1;) {
        swap_items(array, 0, end);
        sift_down(array, 0, end);
    }
}

/* ---- sets and records ---- */

static int compare_items(const void *a, const void *b)
{
    return skm_value_compare(a, b);
}

static size_t drop_duplicates(struct skm_value *items, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || !skm_value_equal(&items[kept - 1], &items[i])) {
            items[kept++] = items[i];
        }
    }
    return kept;
}

skm_err skm_value_set_build(struct skm_arena *arena, struct skm_value *items, size_t count,
                            struct skm_value *out_set)
{
    struct skm_value_set *set = SKM_ARENA_NEW(arena, struct skm_value_set);
    if (set == NULL) {
        return SKM_ERR(MEMORY);
    }
    sort(&(struct sortable){(char *)items, count, sizeof *items, compare_items});
    set->items = items;
    set->count = drop_duplicates(items, count);
    *out_set = (struct skm_value){.kind = SKM_VALUE_SET, .as.set = set};
    return SKM_OK;
}

static int compare_keys(const void *a, const void *b)
{
    const struct skm_value_field *left = a;
    const struct skm_value_field *right = b;
    return skm_span_compare(left->key, right->key);
}

/* By insertion. False when two keys are equal: they meet on the way. */
static bool sort_few_fields(struct skm_value_field *fields, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        int order = skm_span_compare(fields[i - 1].key, fields[i].key);
        if (order < 0) {
            continue;
        }
        struct skm_value_field held = fields[i];
        size_t at = i;
        while (order > 0) {
            fields[at] = fields[at - 1];
            at--;
            order = at == 0 ? -1 : skm_span_compare(fields[at - 1].key, held.key);
        }
        fields[at] = held;
        if (order == 0) {
            return false;
        }
    }
    return true;
}

/* False when two keys are equal. */
static bool sort_fields(struct skm_value_field *fields, size_t count)
{
    if (count <= FEW_FIELDS) {
        return sort_few_fields(fields, count);
    }
    sort(&(struct sortable){(char *)fields, count, sizeof *fields, compare_keys});
    for (size_t i = 1; i < count; i++) {
        if (skm_span_equal(fields[i - 1].key, fields[i].key)) {
            return false;
        }
    }
    return true;
}

skm_err skm_value_record_build(struct skm_arena *arena, struct skm_value_field *fields,
                               size_t count, struct skm_value *out_record)
{
    struct skm_value_record *record = SKM_ARENA_NEW(arena, struct skm_value_record);
    if (record == NULL) {
        return SKM_ERR(MEMORY);
    }
    if (!sort_fields(fields, count)) {
        return SKM_ERR(DUPLICATE);
    }
    record->fields = fields;
    record->count = count;
    *out_record = (struct skm_value){.kind = SKM_VALUE_RECORD, .as.record = record};
    return SKM_OK;
}

bool skm_value_set_has(const struct skm_value_set *set, const struct skm_value *item)
{
    size_t low = 0;
    size_t high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = skm_value_compare(item, &set->items[middle]);
        if (order == 0) {
            return true;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return false;
}

const struct skm_value *skm_value_record_get(const struct skm_value_record *record, skm_span key)
{
    size_t low = 0;
    size_t high = record->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = skm_span_compare(key, record->fields[middle].key);
        if (order == 0) {
            return &record->fields[middle].value;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

/* ---- deep copy ---- */

static skm_err dup_value(struct skm_arena *arena, const struct skm_value *value, unsigned depth,
                         struct skm_value *out_copy);

static skm_err dup_entity(struct skm_arena *arena, const struct skm_uid *uid,
                          struct skm_value *out_copy)
{
    struct skm_uid *copy = SKM_ARENA_NEW(arena, struct skm_uid);
    if (copy == NULL) {
        return SKM_ERR(MEMORY);
    }
    SKM_TRY(skm_arena_dup(arena, uid->type, &copy->type));
    SKM_TRY(skm_arena_dup(arena, uid->id, &copy->id));
    *out_copy = skm_value_entity(copy);
    return SKM_OK;
}

static skm_err dup_ip(struct skm_arena *arena, const struct skm_ip *ip, struct skm_value *out_copy)
{
    struct skm_ip *copy = SKM_ARENA_NEW(arena, struct skm_ip);
    if (copy == NULL) {
        return SKM_ERR(MEMORY);
    }
    *copy = *ip;
    *out_copy = (struct skm_value){.kind = SKM_VALUE_IPADDR, .as.ip = copy};
    return SKM_OK;
}

static skm_err dup_set(struct skm_arena *arena, const struct skm_value_set *set, unsigned depth,
                       struct skm_value *out_copy)
{
    struct skm_value_set *copy = SKM_ARENA_NEW(arena, struct skm_value_set);
    struct skm_value *items = SKM_ARENA_NEW_ARRAY(arena, struct skm_value, set->count);
    if (copy == NULL || items == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < set->count; i++) {
        SKM_TRY(dup_value(arena, &set->items[i], depth + 1, &items[i]));
    }
    *copy = (struct skm_value_set){items, set->count};
    *out_copy = (struct skm_value){.kind = SKM_VALUE_SET, .as.set = copy};
    return SKM_OK;
}

static skm_err dup_record(struct skm_arena *arena, const struct skm_value_record *record,
                          unsigned depth, struct skm_value *out_copy)
{
    struct skm_value_record *copy = SKM_ARENA_NEW(arena, struct skm_value_record);
    struct skm_value_field *fields =
        SKM_ARENA_NEW_ARRAY(arena, struct skm_value_field, record->count);
    if (copy == NULL || fields == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < record->count; i++) {
        SKM_TRY(skm_arena_dup(arena, record->fields[i].key, &fields[i].key));
        SKM_TRY(dup_value(arena, &record->fields[i].value, depth + 1, &fields[i].value));
    }
    *copy = (struct skm_value_record){fields, record->count};
    *out_copy = (struct skm_value){.kind = SKM_VALUE_RECORD, .as.record = copy};
    return SKM_OK;
}

static skm_err dup_value(struct skm_arena *arena, const struct skm_value *value, unsigned depth,
                         struct skm_value *out_copy)
{
    if (depth > SKM_VALUE_DEPTH_MAX) {
        return SKM_ERR(DEPTH);
    }
    switch (value->kind) {
    case SKM_VALUE_BOOL:
    case SKM_VALUE_LONG:
    case SKM_VALUE_DECIMAL:
    case SKM_VALUE_DATETIME:
    case SKM_VALUE_DURATION:
        *out_copy = *value;
        return SKM_OK;
    case SKM_VALUE_STRING: {
        skm_span text = {0};
        SKM_TRY(skm_arena_dup(arena, value->as.string, &text));
        *out_copy = skm_value_string(text);
        return SKM_OK;
    }
    case SKM_VALUE_ENTITY:
        return dup_entity(arena, value->as.entity, out_copy);
    case SKM_VALUE_SET:
        return dup_set(arena, value->as.set, depth, out_copy);
    case SKM_VALUE_RECORD:
        return dup_record(arena, value->as.record, depth, out_copy);
    case SKM_VALUE_IPADDR:
        return dup_ip(arena, value->as.ip, out_copy);
    }
    return SKM_ERR(INTERNAL);
}

skm_err skm_value_dup(struct skm_arena *arena, const struct skm_value *value,
                      struct skm_value *out_copy)
{
    return dup_value(arena, value, 1, out_copy);
}
