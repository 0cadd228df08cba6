/* The reference evaluator, shaped like the formal specification (Cedar spec: Evaluator.lean) and never optimised: the
 * engine is held against it.
 *
 * Pure functions of policy, request and entities. Memory: sets, records and addresses that an expression makes go to the
 * arena given; nothing else is allocated. Recursion is bounded by SKM_EXPR_DEPTH_MAX: the
 * deepest tree takes less than 1 MiB of stack, less than 3 MiB in a sanitised build. Any thread. */
#pragma once

#include "cedar/ast.h"
#include "cedar/entity_view.h"
#include "cedar/policy_set.h"

struct skm_request {
    struct skm_uid principal;
    struct skm_uid action;
    struct skm_uid resource;
    struct skm_value context; /* a record */
};

enum skm_eval_error_kind {
    SKM_EVAL_ERROR_NONE = 0,
    SKM_EVAL_ERROR_TYPE,
    SKM_EVAL_ERROR_NO_ENTITY,
    SKM_EVAL_ERROR_NO_ATTR,
    SKM_EVAL_ERROR_NO_TAG,
    SKM_EVAL_ERROR_OVERFLOW,
    SKM_EVAL_ERROR_ARITY,
    SKM_EVAL_ERROR_EXTENSION,
    SKM_EVAL_ERROR_LIMIT, /* the arena is exhausted: says nothing about the policy */
};

/* Enough to write a message later; nothing is formatted during evaluation. */
struct skm_eval_error {
    enum skm_eval_error_kind kind;
    const struct skm_expr *expr;  /* where: the operand of the wrong type, or the operation that failed */
    enum skm_value_kind got;      /* TYPE */
    enum skm_value_kind expected; /* TYPE; the first of those allowed */
    struct skm_uid uid;           /* NO_ENTITY, NO_ATTR, NO_TAG; no type: a record lacks the attribute */
    skm_span name;                /* NO_ATTR, NO_TAG */
    const char *reason;           /* EXTENSION, LIMIT; TYPE when several kinds are allowed: which. Static storage */
};

/* Evaluates one expression. On SKM_E_INVALID *out_error says why (an evaluation error of the policy); no other error is
 * returned. Spans in *out_error are borrowed from the expression, the entities and the arena. */
SKM_MUST skm_err skm_eval_expr(struct skm_arena *arena, const struct skm_expr *expr,
                               const struct skm_request *request, const struct skm_entity_view *view,
                               struct skm_value *out_value, struct skm_eval_error *out_error);

enum skm_policy_outcome {
    SKM_POLICY_ERROR = 0,
    SKM_POLICY_NOT_SATISFIED,
    SKM_POLICY_SATISFIED,
};

/* Scope, then conditions, from left to right. The scope cannot fail; when it does not hold, no condition is looked at.
 * *out_error is written for SKM_POLICY_ERROR only. */
enum skm_policy_outcome skm_eval_policy(struct skm_arena *arena, const struct skm_policy_instance *instance,
                                        const struct skm_request *request,
                                        const struct skm_entity_view *view,
                                        struct skm_eval_error *out_error);

/* One line: "`principal.x`: entity `User::"a"` has no attribute `x`". The excerpt comes from `source`, the text the
 * policy was parsed from; NULL: from the tree. Long excerpts and names are cut short. */
struct skm_buf;
void skm_eval_error_print(const struct skm_eval_error *error, const struct skm_source *source,
                          struct skm_buf *out);
