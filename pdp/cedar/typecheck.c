#include "cedar/typecheck.h"

#include "cedar/typecheck_rules.h"

/* ---- literals and variables ---- */

static skm_err entity_type(struct skm_typecheck *check, skm_span name, struct skm_typed *out_typed)
{
    struct skm_type *type = SKM_ARENA_NEW(check->scratch, struct skm_type);
    if (type == NULL) {
        return SKM_ERR(MEMORY);
    }
    *type = (struct skm_type){.kind = SKM_TYPE_ENTITY, .entity = name};
    *out_typed = skm_typed_plain(type);
    return SKM_OK;
}

/* The entity a literal names, with `action` replaced by the environment's; NULL when it is no entity literal. */
const struct skm_uid *skm_typecheck_literal_uid(const struct skm_typecheck *check,
                                                const struct skm_expr *expr)
{
    if (expr->kind == SKM_EXPR_VAR && expr->as.var == SKM_VAR_ACTION) {
        return &check->env.action->uid;
    }
    if (expr->kind == SKM_EXPR_LITERAL && expr->as.literal.kind == SKM_VALUE_ENTITY) {
        return expr->as.literal.as.entity;
    }
    return NULL;
}

static skm_err type_of_literal(struct skm_typecheck *check, const struct skm_value *literal,
                               struct skm_typed *out_typed)
{
    switch (literal->kind) {
    case SKM_VALUE_BOOL:
        *out_typed = skm_typed_truth(literal->as.boolean);
        return SKM_OK;
    case SKM_VALUE_LONG:
        *out_typed = skm_typed_plain(skm_type_basic(SKM_TYPE_LONG));
        return SKM_OK;
    case SKM_VALUE_STRING:
        *out_typed = skm_typed_plain(skm_type_basic(SKM_TYPE_STRING));
        return SKM_OK;
    case SKM_VALUE_ENTITY:
        return entity_type(check, literal->as.entity->type, out_typed);
    case SKM_VALUE_SET:
    case SKM_VALUE_RECORD:
    case SKM_VALUE_DECIMAL:
    case SKM_VALUE_IPADDR:
    case SKM_VALUE_DATETIME:
    case SKM_VALUE_DURATION:
        break;
    }
    return SKM_ERR(INTERNAL); /* no literal has these kinds */
}

static skm_err type_of_var(struct skm_typecheck *check, enum skm_var var,
                           struct skm_typed *out_typed)
{
    switch (var) {
    case SKM_VAR_PRINCIPAL:
        return entity_type(check, check->env.principal->name, out_typed);
    case SKM_VAR_ACTION:
        return entity_type(check, check->env.action->uid.type, out_typed);
    case SKM_VAR_RESOURCE:
        return entity_type(check, check->env.resource->name, out_typed);
    case SKM_VAR_CONTEXT:
        *out_typed = skm_typed_plain(check->env.action->context);
        return SKM_OK;
    }
    return SKM_ERR(INTERNAL);
}

/* ---- boolean connectives ---- */

static skm_err type_of_bool(struct skm_typecheck *check, const struct skm_expr *expr,
                            struct skm_capabilities known, struct skm_typed *out_typed)
{
    SKM_TRY(skm_typecheck_type_of(check, expr, known, out_typed));
    if (skm_type_is_bool(out_typed->type)) {
        return SKM_OK;
    }
    return skm_typecheck_expected(check, expr, "Bool", out_typed->type);
}

/* Lean: typeOfAnd. The right side of a left side that is always false is not checked at all. */
static skm_err type_of_and(struct skm_typecheck *check, const struct skm_expr *expr,
                           struct skm_capabilities known, struct skm_typed *out_typed)
{
    struct skm_capability_scope scope = skm_typecheck_capability_scope(check);
    struct skm_typed left = {0};
    struct skm_typed right = {0};
    SKM_TRY(type_of_bool(check, expr->a, known, &left));
    if (left.type->kind == SKM_TYPE_FALSE) {
        *out_typed = skm_typed_truth(false);
        return SKM_OK;
    }
    struct skm_capabilities inner;
    SKM_TRY(skm_capabilities_union(&scope, known, left.capabilities, &inner));
    SKM_TRY(type_of_bool(check, expr->b, inner, &right));
    if (right.type->kind == SKM_TYPE_FALSE) {
        *out_typed = skm_typed_truth(false);
        return SKM_OK;
    }
    out_typed->type = right.type->kind == SKM_TYPE_TRUE ? left.type : skm_type_basic(SKM_TYPE_BOOL);
    return skm_capabilities_union(&scope, left.capabilities, right.capabilities,
                                  &out_typed->capabilities);
}

/* Lean: typeOfOr. What the left side proves says nothing about the right one, which runs when it is false. */
static skm_err type_of_or(struct skm_typecheck *check, const struct skm_expr *expr,
                          struct skm_capabilities known, struct skm_typed *out_typed)
{
    struct skm_typed left = {0};
    struct skm_typed right = {0};
    SKM_TRY(type_of_bool(check, expr->a, known, &left));
    if (left.type->kind == SKM_TYPE_TRUE) {
        *out_typed = skm_typed_truth(true);
        return SKM_OK;
    }
    SKM_TRY(type_of_bool(check, expr->b, known, &right));
    if (left.type->kind == SKM_TYPE_FALSE) {
        *out_typed = right;
        return SKM_OK;
    }
    if (right.type->kind == SKM_TYPE_TRUE) {
        *out_typed = skm_typed_truth(true);
        return SKM_OK;
    }
    if (right.type->kind == SKM_TYPE_FALSE) {
        *out_typed = (struct skm_typed){skm_type_basic(SKM_TYPE_BOOL), left.capabilities};
        return SKM_OK;
    }
    struct skm_capability_scope scope = skm_typecheck_capability_scope(check);
    out_typed->type = skm_type_basic(SKM_TYPE_BOOL);
    return skm_capabilities_intersection(&scope, left.capabilities, right.capabilities,
                                         &out_typed->capabilities);
}

/* Lean: typeOfIf. Only the branch that can be taken is checked. */
static skm_err type_of_if(struct skm_typecheck *check, const struct skm_expr *expr,
                          struct skm_capabilities known, struct skm_typed *out_typed)
{
    struct skm_capability_scope scope = skm_typecheck_capability_scope(check);
    struct skm_typed test = {0};
    struct skm_typed yes = {0};
    struct skm_typed no = {0};
    SKM_TRY(type_of_bool(check, expr->a, known, &test));
    if (test.type->kind == SKM_TYPE_FALSE) {
        return skm_typecheck_type_of(check, expr->c, known, out_typed);
    }
    struct skm_capabilities inner;
    SKM_TRY(skm_capabilities_union(&scope, known, test.capabilities, &inner));
    SKM_TRY(skm_typecheck_type_of(check, expr->b, inner, &yes));
    struct skm_capabilities taken;
    SKM_TRY(skm_capabilities_union(&scope, test.capabilities, yes.capabilities, &taken));
    if (test.type->kind == SKM_TYPE_TRUE) {
        *out_typed = (struct skm_typed){yes.type, taken};
        return SKM_OK;
    }
    SKM_TRY(skm_typecheck_type_of(check, expr->c, known, &no));
    skm_err joined = skm_type_join(check->scratch, yes.type, no.type, &out_typed->type);
    if (skm_is_err(joined, SKM_E_TYPE)) {
        return skm_typecheck_no_join(check, expr, "the branches of `if`", yes.type, no.type);
    }
    SKM_TRY(joined);
    return skm_capabilities_intersection(&scope, taken, no.capabilities, &out_typed->capabilities);
}

static skm_err type_of_not(struct skm_typecheck *check, const struct skm_expr *expr,
                           struct skm_capabilities known, struct skm_typed *out_typed)
{
    struct skm_typed inner = {0};
    SKM_TRY(type_of_bool(check, expr->a, known, &inner));
    *out_typed = inner.type->kind == SKM_TYPE_BOOL
                     ? skm_typed_plain(skm_type_basic(SKM_TYPE_BOOL))
                     : skm_typed_truth(inner.type->kind == SKM_TYPE_FALSE);
    return SKM_OK;
}

/* ---- dispatch ---- */

skm_err skm_typecheck_both(struct skm_typecheck *check, const struct skm_expr *expr,
                           struct skm_capabilities known, struct skm_typed *out_a,
                           struct skm_typed *out_b)
{
    skm_err first = skm_typecheck_type_of(check, expr->a, known, out_a);
    if (!skm_is_ok(first) && !skm_is_err(first, SKM_E_INVALID)) {
        return first;
    }
    SKM_TRY(skm_typecheck_type_of(check, expr->b, known, out_b));
    return first;
}

skm_err skm_typecheck_type_of(struct skm_typecheck *check, const struct skm_expr *expr,
                              struct skm_capabilities known, struct skm_typed *out_typed)
{
    switch (expr->kind) {
    case SKM_EXPR_LITERAL:
        return type_of_literal(check, &expr->as.literal, out_typed);
    case SKM_EXPR_VAR:
        return type_of_var(check, expr->as.var, out_typed);
    case SKM_EXPR_IF:
        return type_of_if(check, expr, known, out_typed);
    case SKM_EXPR_AND:
        return type_of_and(check, expr, known, out_typed);
    case SKM_EXPR_OR:
        return type_of_or(check, expr, known, out_typed);
    case SKM_EXPR_NOT:
        return type_of_not(check, expr, known, out_typed);
    case SKM_EXPR_NEG:
        return skm_typecheck_neg(check, expr, known, out_typed);
    case SKM_EXPR_EQ:
        return skm_typecheck_eq(check, expr, known, out_typed);
    case SKM_EXPR_LT:
    case SKM_EXPR_LE:
        return skm_typecheck_less(check, expr, known, out_typed);
    case SKM_EXPR_ADD:
    case SKM_EXPR_SUB:
    case SKM_EXPR_MUL:
        return skm_typecheck_arithmetic(check, expr, known, out_typed);
    case SKM_EXPR_IN:
        return skm_typecheck_in(check, expr, known, out_typed);
    case SKM_EXPR_CONTAINS:
    case SKM_EXPR_CONTAINS_ALL:
    case SKM_EXPR_CONTAINS_ANY:
        return skm_typecheck_contains(check, expr, known, out_typed);
    case SKM_EXPR_IS_EMPTY:
        return skm_typecheck_is_empty(check, expr, known, out_typed);
    case SKM_EXPR_GET_TAG:
        return skm_typecheck_get_tag(check, expr, known, out_typed);
    case SKM_EXPR_HAS_TAG:
        return skm_typecheck_has_tag(check, expr, known, out_typed);
    case SKM_EXPR_GET_ATTR:
        return skm_typecheck_get_attr(check, expr, known, out_typed);
    case SKM_EXPR_HAS_ATTR:
        return skm_typecheck_has_attr(check, expr, known, out_typed);
    case SKM_EXPR_HAS_PATH:
        return skm_typecheck_has_path(check, expr, known, out_typed);
    case SKM_EXPR_LIKE:
        return skm_typecheck_like(check, expr, known, out_typed);
    case SKM_EXPR_IS:
        return skm_typecheck_is(check, expr, known, out_typed);
    case SKM_EXPR_SET:
        return skm_typecheck_set(check, expr, known, out_typed);
    case SKM_EXPR_RECORD:
        return skm_typecheck_record(check, expr, known, out_typed);
    case SKM_EXPR_CALL:
        return skm_typecheck_call(check, expr, known, out_typed);
    }
    return SKM_ERR(INTERNAL);
}

skm_err skm_typecheck_condition(struct skm_typecheck *check, const struct skm_expr *expr,
                                struct skm_capabilities known, enum skm_type_kind *out_kind,
                                struct skm_capabilities *out_capabilities)
{
    struct skm_typed typed = {0};
    SKM_TRY(type_of_bool(check, expr, known, &typed));
    *out_kind = typed.type->kind;
    *out_capabilities = typed.capabilities;
    return SKM_OK;
}
