/* What the type checker says. Each call adds one message, unless the same fault at the same place was told in another
 * environment already, and yields SKM_E_INVALID. */
#pragma once

#include "cedar/typecheck.h"

/* `message` and `help` (may be NULL) are static text. */
SKM_MUST skm_err skm_typecheck_report(struct skm_typecheck *check, const struct skm_expr *where,
                                      const char *message, const char *help);

/* "expected Long, found String" */
SKM_MUST skm_err skm_typecheck_expected(struct skm_typecheck *check, const struct skm_expr *where,
                                        const char *expected, const struct skm_type *found);

/* "the branches of `if` have types String and Long, which have no common type" */
SKM_MUST skm_err skm_typecheck_no_join(struct skm_typecheck *check, const struct skm_expr *where,
                                       const char *what, const struct skm_type *a,
                                       const struct skm_type *b);

/* "`User` has no attribute `nmae`"; did you mean */
SKM_MUST skm_err skm_typecheck_no_attr(struct skm_typecheck *check, const struct skm_expr *where,
                                       const struct skm_type *type, const struct skm_type *shape,
                                       skm_span name);

/* "attribute `name` is optional and may be missing"; help: test it with `e has name &&` */
SKM_MUST skm_err skm_typecheck_unsafe_attr(struct skm_typecheck *check,
                                           const struct skm_expr *where,
                                           const struct skm_expr *operand, skm_span name);

/* "`isInRange` takes 2 arguments, the receiver included, not 3" */
SKM_MUST skm_err skm_typecheck_arity(struct skm_typecheck *check, const struct skm_expr *call);
