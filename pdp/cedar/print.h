/* Trees to Cedar text. Printing and parsing again yields an equal tree.
 *
 * skm_print_policy writes the canonical layout of `sekimori cedar format`: 100 columns, two blanks of
 * indentation, one annotation a line. Comments are not in the tree: the formatter of cmd_cedar passes
 * through skm_format_policies (format.h), which keeps them. Any thread. */
#pragma once

#include "cedar/ast.h"

struct skm_buf;

/* On one line, with no more parentheses than the grammar needs. */
void skm_print_expr(const struct skm_expr *expr, struct skm_buf *out);

void skm_print_policy(const struct skm_policy *policy, struct skm_buf *out);
