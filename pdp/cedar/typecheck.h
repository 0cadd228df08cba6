/* The type checker: one expression in one request environment (Cedar spec: Validation/Typechecker.lean).
 *
 * An environment fixes the action and the types of principal and resource; the variable `action` is the action's
 * literal. A type error is a message; checking goes on where the rest can still be judged by itself.
 * Depth is bounded by SKM_EXPR_DEPTH_MAX. Threads: any, one checker each. */
#pragma once

#include "base/diag.h"
#include "cedar/ast.h"
#include "cedar/capability.h"
#include "cedar/schema.h"

struct skm_typecheck_env {
    const struct skm_schema_action *action;
    const struct skm_schema_entity *principal;
    const struct skm_schema_entity *resource;
};

struct skm_typecheck_reported; /* private */

struct skm_typecheck {
    const struct skm_schema *schema;
    const struct skm_policy *policy; /* whose source and id the messages name */
    struct skm_diags *diags;
    struct skm_arena *scratch; /* reset by the caller between environments */
    struct skm_typecheck_env env;
    struct skm_arena *policy_scratch;        /* lives as long as one policy: what was reported */
    struct skm_typecheck_reported *reported; /* an error found in ten environments is told once */
    skm_span id;
};

/* Checks that the expression is a Bool. *out_type: TRUE, FALSE or BOOL. SKM_E_INVALID: reported; SKM_E_MEMORY. */
SKM_MUST skm_err skm_typecheck_condition(struct skm_typecheck *check, const struct skm_expr *expr,
                                         struct skm_capabilities known,
                                         enum skm_type_kind *out_kind,
                                         struct skm_capabilities *out_capabilities);

/* The type of a scope term, which cannot fail: TRUE, FALSE or BOOL. */
enum skm_type_kind skm_typecheck_scope(const struct skm_typecheck *check,
                                       const struct skm_policy *policy);

/* The set of `action in [..]` is a set literal like any other: strictly, it must have elements, of one type. */
bool skm_typecheck_scope_has_type(const struct skm_scope *action);

/* Reports a set without a type, unless the principal's term before it is False, which hides it. SKM_E_INVALID: reported;
 * SKM_E_MEMORY. */
SKM_MUST skm_err skm_typecheck_scope_set(struct skm_typecheck *check, const struct skm_policy *policy);
