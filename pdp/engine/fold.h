/* Constant folding: what does not depend on request or entities is computed once, by the compiler.
 *
 * Errors stay: an operation that fails on its constants is left as it is, and fails when (and only if) it is reached. A folded
 * tree may hold literals of every kind of value, which the parser's trees do not. */
#pragma once

#include "cedar/ast.h"

/* A tree of the same meaning, in `arena`; parts that do not change are shared with `expr`. SKM_E_MEMORY. Recursion is bounded
 * by SKM_EXPR_DEPTH_MAX. */
SKM_MUST skm_err skm_fold_expr(struct skm_arena *arena, const struct skm_expr *expr,
                               const struct skm_expr **out_expr);
