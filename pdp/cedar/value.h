/* Cedar values: the ten kinds, equality, total order, sets and records (Cedar spec: Value.lean).
 *
 * Values are small and copied; what they point to lives in an arena and never changes once built.
 * INVARIANT: the members of a set are sorted by skm_value_compare() and unique; the fields of a record are
 * sorted by key and unique. So equality, subset and membership are merges and binary searches.
 * Threads: values are immutable, any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

#include "base/arena.h"

struct skm_buf;

/* Nesting no value exceeds: a policy's expression (SKM_EXPR_DEPTH_MAX) around data (SKM_JSON_DEPTH_MAX), with room to
 * spare. Comparing, copying and printing recurse that deep at most. */
#define SKM_VALUE_DEPTH_MAX 8192

enum skm_value_kind {
    SKM_VALUE_BOOL = 0,
    SKM_VALUE_LONG,
    SKM_VALUE_STRING,
    SKM_VALUE_ENTITY,
    SKM_VALUE_SET,
    SKM_VALUE_RECORD,
    SKM_VALUE_DECIMAL,  /* scaled by 10^4 */
    SKM_VALUE_IPADDR,
    SKM_VALUE_DATETIME, /* milliseconds since 1970-01-01T00:00:00Z */
    SKM_VALUE_DURATION, /* milliseconds */
};

/* Type name normalised ("A::B"), id verbatim. Equal when both are, bytewise. */
struct skm_uid {
    skm_span type;
    skm_span id;
};

struct skm_ip {
    bool is_v6;
    uint8_t prefix;     /* 0..32 / 0..128 */
    uint8_t bytes[16];  /* as written, host bits kept; IPv4 in the first four, the rest zero */
};

struct skm_value {
    enum skm_value_kind kind;
    union {
        bool boolean;
        int64_t integer; /* LONG, DECIMAL, DATETIME, DURATION */
        skm_span string;
        const struct skm_uid *entity;
        const struct skm_value_set *set;
        const struct skm_value_record *record;
        const struct skm_ip *ip;
    } as;
};

struct skm_value_set {
    const struct skm_value *items;
    size_t count;
};

struct skm_value_field {
    skm_span key;
    struct skm_value value;
};

struct skm_value_record {
    const struct skm_value_field *fields;
    size_t count;
};

/* "bool", "long", "string", "entity", "set", "record", "decimal", "ipaddr", "datetime", "duration". */
const char *skm_value_kind_name(enum skm_value_kind kind);

bool skm_uid_equal(const struct skm_uid *a, const struct skm_uid *b);
int skm_uid_compare(const struct skm_uid *a, const struct skm_uid *b);

/* Total order: kind, then content. 0 exactly when Cedar's `==` is true. */
int skm_value_compare(const struct skm_value *a, const struct skm_value *b);
bool skm_value_equal(const struct skm_value *a, const struct skm_value *b);

static inline struct skm_value skm_value_bool(bool boolean)
{
    return (struct skm_value){.kind = SKM_VALUE_BOOL, .as.boolean = boolean};
}

static inline struct skm_value skm_value_long(int64_t integer)
{
    return (struct skm_value){.kind = SKM_VALUE_LONG, .as.integer = integer};
}

static inline struct skm_value skm_value_string(skm_span string)
{
    return (struct skm_value){.kind = SKM_VALUE_STRING, .as.string = string};
}

static inline struct skm_value skm_value_entity(const struct skm_uid *uid)
{
    return (struct skm_value){.kind = SKM_VALUE_ENTITY, .as.entity = uid};
}

/* Sorts and de-duplicates `items` in place (they must lie in `arena` or outlive the value). SKM_E_MEMORY. */
SKM_MUST skm_err skm_value_set_build(struct skm_arena *arena, struct skm_value *items, size_t count,
                                     struct skm_value *out_set);

/* Sorts `fields` in place. SKM_E_DUPLICATE when a key occurs twice, SKM_E_MEMORY. */
SKM_MUST skm_err skm_value_record_build(struct skm_arena *arena, struct skm_value_field *fields,
                                        size_t count, struct skm_value *out_record);

bool skm_value_set_has(const struct skm_value_set *set, const struct skm_value *item);

/* Borrowed; NULL when the record has no such key. */
const struct skm_value *skm_value_record_get(const struct skm_value_record *record, skm_span key);

/* Deep copy into another arena. SKM_E_MEMORY, SKM_E_DEPTH past SKM_VALUE_DEPTH_MAX. */
SKM_MUST skm_err skm_value_dup(struct skm_arena *arena, const struct skm_value *value,
                               struct skm_value *out_copy);

/* As Cedar text that parses back to an equal value: `[1, "a"]`, `{"k": true}`, `User::"alice"`, `decimal("1.0000")`,
 * `datetime(...)` (outside years 0 to 9999: `datetime("1970-01-01").offset(duration("Nms"))`). */
void skm_value_print(const struct skm_value *value, struct skm_buf *out);

/* `Type::"id"`, id escaped as a Cedar string. */
void skm_uid_print(const struct skm_uid *uid, struct skm_buf *out);

/* Appends `text` with Cedar string escapes, without quotes; every unprintable character as \u{...}. */
void skm_value_print_escaped(skm_span text, struct skm_buf *out);
