/* What the two halves of the writer of JSON policies share; nobody else includes it. */
#pragma once

#include "base/buf.h"
#include "base/json.h"
#include "cedar/ast.h"

/* JSON as it stands. */
static inline void skm_policy_json_text(struct skm_buf *out, const char *json)
{
    skm_buf_append_cstr(out, json);
}

/* `{"type":..,"id":..}` */
void skm_policy_json_write_uid(const struct skm_uid *uid, struct skm_buf *out);

/* Trees nest deeper than the JSON writer of base counts, so expressions are written straight into the buffer; recursion is
 * bounded by SKM_EXPR_DEPTH_MAX. */
void skm_policy_json_write_expr(const struct skm_expr *expr, struct skm_buf *out);
