/* What eval.c needs of eval_ops.c; nobody else includes this. */
#pragma once

#include "cedar/eval.h"

/* One evaluation under way. */
struct skm_eval {
    struct skm_arena *arena;
    const struct skm_request *request;
    const struct skm_entity_view *view;
    struct skm_eval_error *error; /* written once, by what fails first */
};

/* Each sets the error and yields SKM_E_INVALID. `reason` may be NULL. */
SKM_MUST skm_err skm_eval_fail(struct skm_eval *ev, enum skm_eval_error_kind kind,
                               const struct skm_expr *expr, const char *reason);
SKM_MUST skm_err skm_eval_fail_memory(struct skm_eval *ev, const struct skm_expr *expr);

/* `operand` yielded `value`: a type error unless it is of the kind. */
SKM_MUST skm_err skm_eval_check_kind(struct skm_eval *ev, const struct skm_expr *operand,
                                     const struct skm_value *value, enum skm_value_kind expected);

/* `in` between two entities: reflexive, and the entities need not be in the store. */
bool skm_eval_is_in(const struct skm_entity_view *view, const struct skm_uid *uid,
                    const struct skm_uid *ancestor);

/* The operator of `expr` on its operands' values: first kinds, from left to right, then meaning. */
SKM_MUST skm_err skm_eval_apply_unary(struct skm_eval *ev, const struct skm_expr *expr,
                                      const struct skm_value *value, struct skm_value *out_value);
SKM_MUST skm_err skm_eval_apply_binary(struct skm_eval *ev, const struct skm_expr *expr,
                                       const struct skm_value *a, const struct skm_value *b,
                                       struct skm_value *out_value);
