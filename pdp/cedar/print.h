/* Trees to Cedar text. Printing and parsing again yields an equal tree, with two exceptions, both from data only: an
 * extended `has` whose path holds a name that is no identifier has no text of its own and is written as the conjunction
 * it means; a tree that needs more than SKM_PARSE_NESTING_MAX brackets within each other is not parsed again.
 *
 * Comments are not in the tree: skm_format_policies() (format.h) lays out text with its comments. Errors are those
 * of the buffer. Any thread. */
#pragma once

#include "cedar/ast.h"

struct skm_buf;

/* On one line, with no more parentheses than the grammar needs. */
void skm_print_expr(const struct skm_expr *expr, struct skm_buf *out);

/* In the layout of format.h, SKM_FORMAT_WIDTH columns wide; ends with a line feed. The id is not printed. What nests deeper
 * than text may is left on one line. */
void skm_print_policy(const struct skm_policy *policy, struct skm_buf *out);

/* On one line, without line feed. */
void skm_print_policy_flat(const struct skm_policy *policy, struct skm_buf *out);
