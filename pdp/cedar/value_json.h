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
    SKM_VALUE_JSON_STRICT = 0, /* as the Cedar formats: integers only, no null */
    /* AuthZEN properties: a null member counts as absent; a number written with a point and up to four decimals becomes
     * a decimal; others, exponents too, are refused (SKM_E_RANGE). Never an attribute silently lost. */
    SKM_VALUE_JSON_LENIENT = 1u << 0,
};

/* What the reason of a failure is about; for messages. */
struct skm_value_json_fault {
    skm_span
        name; /* attribute, function, type or id; may be empty. Borrowed from text, schema or arena */
    const struct skm_type *expected; /* what should have stood there; may be NULL */
};

struct skm_value_json {
    struct skm_arena *arena; /* where values go; strings are copied into it unless borrow is set */
    bool
        borrow; /* strings may point into the JSON text and the reader's arena, which then outlive the value */
    unsigned flags; /* enum skm_value_json_flags */
    const struct skm_schema
        *schema; /* NULL: none; enum ids and action references are checked against it */
    struct skm_value_json_fault *fault; /* may be NULL; written on failure */
};

/* One value. `expected` NULL: no type direction. With a type the value must conform to it (required attributes
 * present, no others, kinds right), and the escapes may be left out where the type says what is meant: `{"type","id"}`
 * for an entity, a string or `{"fn","arg"}` for an extension type.
 *
 * On failure the reader's sticky error has offset and reason, and how->fault the name it is about.
 * DEVIATION: an object whose only key is an escape and whose content is not that of the escape, or has further keys, is
 * refused; the Rust implementation takes it for a plain record, or ignores those keys. A misspelt reference must not
 * become an attribute that no policy matches. */
SKM_MUST skm_err skm_value_json_read(const struct skm_value_json *how, struct skm_json *json,
                                     const struct skm_type *expected, struct skm_value *out_value);

/* `{"type":"T","id":"x"}` or `{"__entity":{...}}`. */
SKM_MUST skm_err skm_value_json_read_uid(const struct skm_value_json *how, struct skm_json *json,
                                         struct skm_uid *out_uid);

/* The message of a failed read, one line: "required attribute is missing: `name`". `fault` may be NULL. */
void skm_value_json_fault_print(const struct skm_json *json,
                                const struct skm_value_json_fault *fault, struct skm_buf *out);

/* In the canonical form with escapes: reading it without a schema yields an equal value. A record with the name of an
 * escape as its only key has no such form: the writer's buffer then has the sticky error SKM_E_INVALID. */
void skm_value_json_write(const struct skm_value *value, struct skm_json_writer *writer);

/* True when the value is of the type (sets empty or conforming, records closed, enum ids listed and actions declared when
 * `schema` is given). */
bool skm_value_conforms(const struct skm_value *value, const struct skm_type *type,
                        const struct skm_schema *schema);
