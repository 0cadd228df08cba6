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
     * *out_reason says what (static storage, set on failure only); SKM_E_MEMORY. */
    SKM_MUST skm_err (*call)(struct skm_arena *arena, const struct skm_value *args,
                             struct skm_value *out_value, const char **out_reason);
};

/* NULL: no such function. */
const struct skm_ext_function *skm_ext_find(skm_span name);

/* All rows. */
const struct skm_ext_function *skm_ext_table(size_t *out_count);

/* Checks count, then kinds, then calls. SKM_E_COUNT wrong number, SKM_E_TYPE wrong kind, and what the function yields.
 * *out_reason is set on every failure; `args` beyond `count` are not read. */
SKM_MUST skm_err skm_ext_call(const struct skm_ext_function *function, struct skm_arena *arena,
                              const struct skm_value *args, size_t count, struct skm_value *out_value,
                              const char **out_reason);

/* The constructor of an extension type: `ip` for IPADDR and so on; NULL for other kinds. */
const struct skm_ext_function *skm_ext_constructor(enum skm_value_kind kind);

/* Room for the text of any extension value. */
#define SKM_EXT_TEXT_MAX 64

/* Text of the value as its constructor reads it, canonical: equal values have equal texts. Lies in `text`. Empty for
 * datetimes outside years 0 to 9999, which have none, and for values of other kinds.
 *
 *     decimal   1.0000            four digits always
 *     ipaddr    10.0.0.0/8, ::1   RFC 5952 §4; the prefix only when it is not the full length
 *     datetime  2024-02-29T12:00:00Z, with .SSS when there are milliseconds
 *     duration  1d2h3m4s5ms       parts that are zero left out; 0ms */
skm_span skm_ext_format(const struct skm_value *value, char text[SKM_EXT_TEXT_MAX]);

/* Appends the text of skm_ext_format(). False, and nothing appended, when there is none. */
struct skm_buf;
bool skm_ext_print(const struct skm_value *value, struct skm_buf *out);
