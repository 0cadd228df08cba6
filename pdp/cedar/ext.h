/* Extension types and functions: one table row per function (Cedar spec: Ext.lean).
 *
 * The parser looks names up here, the evaluators call, the validator reads the types. To add a function,
 * add a row. Functions are pure. Any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cedar/value.h"

#define SKM_EXT_ARGS_MAX 2

enum skm_ext_style {
    SKM_EXT_FUNCTION = 0, /* ip("...") */
    SKM_EXT_METHOD,       /* a.isInRange(b) */
};

struct skm_ext_function {
    skm_span name;
    enum skm_ext_style style;
    bool is_constructor; /* takes one string, which strict validation wants as a literal that parses */
    size_t arg_count;    /* receiver included */
    enum skm_value_kind arg_kinds[SKM_EXT_ARGS_MAX];
    enum skm_value_kind result_kind;
    /* Called with arg_count values of the right kinds. SKM_E_RANGE / SKM_E_SYNTAX: the extension's error,
     * *out_reason says what (static storage); SKM_E_MEMORY. */
    SKM_MUST skm_err (*call)(struct skm_arena *arena, const struct skm_value *args, struct skm_value *out_value,
                    const char **out_reason);
};

/* NULL: no such function. */
const struct skm_ext_function *skm_ext_find(skm_span name);

/* All rows. */
const struct skm_ext_function *skm_ext_table(size_t *out_count);

/* Checks count, then kinds, then calls. SKM_E_COUNT wrong number, SKM_E_TYPE wrong kind, and what the function yields. */
SKM_MUST skm_err skm_ext_call(const struct skm_ext_function *function, struct skm_arena *arena,
                              const struct skm_value *args, size_t count, struct skm_value *out_value,
                              const char **out_reason);

/* The constructor of an extension type: `ip` for IPADDR and so on; NULL for other kinds. */
const struct skm_ext_function *skm_ext_constructor(enum skm_value_kind kind);

/* Text of the value as its constructor reads it. Datetimes outside years 0 to 9999 have none: false. */
struct skm_buf;
bool skm_ext_print(const struct skm_value *value, struct skm_buf *out);
