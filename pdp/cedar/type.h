/* Types of the schema and of the type checker (Cedar spec: Validation/Types.lean). Immutable, arena-owned, any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cedar/value.h"

/* Nesting of sets and records, common types expanded. INVARIANT: no type of a schema is deeper, so recursion over types
 * is bounded. */
#define SKM_TYPE_DEPTH_MAX 128

enum skm_type_kind {
    SKM_TYPE_NEVER = 0, /* element type of the empty set; below every type. Only the checker makes it */
    SKM_TYPE_TRUE,
    SKM_TYPE_FALSE,
    SKM_TYPE_BOOL,
    SKM_TYPE_LONG,
    SKM_TYPE_STRING,
    SKM_TYPE_ENTITY,
    SKM_TYPE_SET,
    SKM_TYPE_RECORD,
    SKM_TYPE_DECIMAL,
    SKM_TYPE_IPADDR,
    SKM_TYPE_DATETIME,
    SKM_TYPE_DURATION,
};

struct skm_type;

struct skm_type_attr {
    skm_span name;
    const struct skm_type *type;
    bool required;
};

struct skm_type {
    enum skm_type_kind kind;
    skm_span entity;                   /* ENTITY: the type's full name */
    const struct skm_type *element;    /* SET */
    const struct skm_type_attr *attrs; /* RECORD: sorted by name, unique; closed */
    size_t attr_count;
};

/* NULL when the record type has no such attribute. Binary search where there are many. */
const struct skm_type_attr *skm_type_attr_find(const struct skm_type *record, skm_span name);

/* How many attributes of the record type are required. */
static inline size_t skm_type_required_count(const struct skm_type *record)
{
    size_t count = 0;
    for (size_t i = 0; i < record->attr_count; i++) {
        count += record->attrs[i].required;
    }
    return count;
}

/* Within one schema equal types are one object (schema_types.h), so this is a pointer comparison, and unequal ones differ
 * after one walk down; across schemas it is a walk over both. */
bool skm_type_equal(const struct skm_type *a, const struct skm_type *b);

/* "Set<User>", "{name: String, age?: Long}", for messages; long records are cut short. */
struct skm_buf;
void skm_type_print(const struct skm_type *type, struct skm_buf *out);
