/* Cedar values from and to JSON: `__entity`, `__extn`, and type-directed reading where a schema tells the type.
 *
 * One reader serves entity files, contexts, requests and AuthZEN. The JSON reader it is given stands before
 * the value; afterwards it stands behind it. Any thread. */
#pragma once

#include "base/json.h"
#include "cedar/schema.h"
#include "cedar/value.h"

/* What a reader may take that the entity format does not have. */
enum skm_value_json_flags {
    SKM_VALUE_JSON_STRICT = 0,     /* as the Cedar formats: integers only, no null */
    SKM_VALUE_JSON_LENIENT = 1u << 0, /* AuthZEN properties: a null member counts as absent; a number with up to four decimals that is no integer becomes a
                                         decimal; others are refused (SKM_E_RANGE). Never an attribute silently lost */
};

struct skm_value_json {
    struct skm_arena *arena; /* where values go; strings are copied into it unless borrow is set */
    bool borrow;             /* strings may point into the JSON text (which then outlives the value) */
    unsigned flags;          /* enum skm_value_json_flags */
    const struct skm_schema *schema; /* NULL: none; enum ids and action references are checked against it */
};

/* One value. `expected` NULL: no type direction. With a type the value must conform to it (required attributes
 * present, no others, kinds right). On failure the reader's sticky error has offset and reason. */
SKM_MUST skm_err skm_value_json_read(const struct skm_value_json *how, struct skm_json *json,
                                     const struct skm_type *expected, struct skm_value *out_value);

/* `{"type":"T","id":"x"}` or `{"__entity":{...}}`. */
SKM_MUST skm_err skm_value_json_read_uid(const struct skm_value_json *how, struct skm_json *json,
                                         struct skm_uid *out_uid);

/* In the canonical form with escapes: reading it without a schema yields an equal value. */
void skm_value_json_write(const struct skm_value *value, struct skm_json_writer *writer);

/* True when the value is of the type (sets empty or conforming, records closed, enum ids listed when `schema` is given). */
bool skm_value_conforms(const struct skm_value *value, const struct skm_type *type,
                        const struct skm_schema *schema);
