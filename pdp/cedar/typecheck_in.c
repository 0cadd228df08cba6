#include "cedar/typecheck_rules.h"

#include "base/span.h"

/* ---- membership ---- */

/* Lean: EntitySchema.descendentOf. Reflexive; actions are not in it, so only the same action type can match. */
static bool may_be_in(const struct skm_typecheck *check, skm_span type, skm_span ancestor)
{
    if (skm_span_equal(type, ancestor)) {
        return true;
    }
    const struct skm_schema_entity *entity = skm_schema_find_entity(check->schema, type);
    return entity != NULL && !entity->is_action &&
           skm_schema_may_be_in(check->schema, type, ancestor);
}

static bool action_is_in(const struct skm_schema_action *action, const struct skm_uid *ancestor)
{
    if (skm_uid_equal(&action->uid, ancestor)) {
        return true;
    }
    for (size_t i = 0; i < action->ancestor_count; i++) {
        if (skm_uid_equal(&action->ancestors[i], ancestor)) {
            return true;
        }
    }
    return false;
}

/* Decides `action in uid` and `action in [uids]` from the declared hierarchy. False: not decidable that way. */
static bool decide_action_in(const struct skm_typecheck *check, const struct skm_expr *expr,
                             bool *out_result)
{
    const struct skm_uid *left = skm_typecheck_literal_uid(check, expr->a);
    const struct skm_schema_action *action =
        left == NULL ? NULL : skm_schema_find_action(check->schema, left);
    if (action == NULL) {
        return false;
    }
    const struct skm_uid *right = skm_typecheck_literal_uid(check, expr->b);
    if (right != NULL) {
        *out_result = action_is_in(action, right);
        return true;
    }
    if (expr->b->kind != SKM_EXPR_SET) {
        return false;
    }
    bool found = false;
    for (size_t i = 0; i < expr->b->as.list.count; i++) {
        const struct skm_uid *item = skm_typecheck_literal_uid(check, expr->b->as.list.items[i]);
        if (item == NULL) {
            return false;
        }
        found = found || action_is_in(action, item);
    }
    *out_result = found;
    return true;
}

skm_err skm_typecheck_in(struct skm_typecheck *check, const struct skm_expr *expr,
                         struct skm_capabilities known, struct skm_typed *out_typed)
{
    struct skm_typed a = {0};
    struct skm_typed b = {0};
    SKM_TRY(skm_typecheck_both(check, expr, known, &a, &b));
    if (a.type->kind != SKM_TYPE_ENTITY) {
        return skm_typecheck_expected(check, expr->a, "an entity", a.type);
    }
    const struct skm_type *target = b.type->kind == SKM_TYPE_SET ? b.type->element : b.type;
    if (target->kind != SKM_TYPE_ENTITY) {
        return skm_typecheck_expected(check, expr->b, "an entity or a set of entities", b.type);
    }
    bool result = false;
    if (decide_action_in(check, expr, &result)) {
        *out_typed = skm_typed_truth(result);
        return SKM_OK;
    }
    bool possible = may_be_in(check, a.type->entity, target->entity);
    *out_typed = possible ? skm_typed_plain(skm_type_basic(SKM_TYPE_BOOL)) : skm_typed_truth(false);
    return SKM_OK;
}

/* ---- scope ---- */

static enum skm_type_kind kind_of(bool possible)
{
    return possible ? SKM_TYPE_BOOL : SKM_TYPE_FALSE;
}

/* `principal` and `resource` terms. A slot stands for any entity of a type that can match, so it types as Bool
 * (reference: request environments of templates). */
static enum skm_type_kind scope_term(const struct skm_typecheck *check,
                                     const struct skm_scope *scope, skm_span type)
{
    switch (scope->kind) {
    case SKM_SCOPE_ANY:
        return SKM_TYPE_TRUE;
    case SKM_SCOPE_EQ:
        return kind_of(scope->slot || skm_span_equal(scope->uid.type, type));
    case SKM_SCOPE_IN:
        return kind_of(scope->slot || may_be_in(check, type, scope->uid.type));
    case SKM_SCOPE_IS:
        return skm_span_equal(scope->type, type) ? SKM_TYPE_TRUE : SKM_TYPE_FALSE;
    case SKM_SCOPE_IS_IN:
        return kind_of(skm_span_equal(scope->type, type) &&
                       (scope->slot || may_be_in(check, type, scope->uid.type)));
    case SKM_SCOPE_IN_SET:
        break; /* actions only */
    }
    return SKM_TYPE_FALSE;
}

static bool action_term(const struct skm_schema_action *action, const struct skm_scope *scope)
{
    switch (scope->kind) {
    case SKM_SCOPE_ANY:
        return true;
    case SKM_SCOPE_EQ:
        return skm_uid_equal(&action->uid, &scope->uid);
    case SKM_SCOPE_IN:
        return action_is_in(action, &scope->uid);
    case SKM_SCOPE_IN_SET:
        for (size_t i = 0; i < scope->uid_count; i++) {
            if (action_is_in(action, &scope->uids[i])) {
                return true;
            }
        }
        return false;
    case SKM_SCOPE_IS:
    case SKM_SCOPE_IS_IN:
        break; /* not for actions */
    }
    return false;
}

enum skm_type_kind skm_typecheck_scope(const struct skm_typecheck *check,
                                       const struct skm_policy *policy)
{
    enum skm_type_kind principal =
        scope_term(check, &policy->principal, check->env.principal->name);
    enum skm_type_kind resource = scope_term(check, &policy->resource, check->env.resource->name);
    if (principal == SKM_TYPE_FALSE || resource == SKM_TYPE_FALSE ||
        !action_term(check->env.action, &policy->action)) {
        return SKM_TYPE_FALSE;
    }
    return principal == SKM_TYPE_TRUE && resource == SKM_TYPE_TRUE ? SKM_TYPE_TRUE : SKM_TYPE_BOOL;
}

bool skm_typecheck_scope_has_type(const struct skm_scope *scope)
{
    if (scope->kind != SKM_SCOPE_IN_SET) {
        return true;
    }
    for (size_t i = 1; i < scope->uid_count; i++) {
        if (!skm_span_equal(scope->uids[i].type, scope->uids[0].type)) {
            return false;
        }
    }
    return scope->uid_count > 0;
}

skm_err skm_typecheck_scope_set(struct skm_typecheck *check, const struct skm_policy *policy)
{
    const struct skm_scope *scope = &policy->action;
    if (skm_typecheck_scope_has_type(scope) ||
        scope_term(check, &policy->principal, check->env.principal->name) == SKM_TYPE_FALSE) {
        return SKM_OK;
    }
    struct skm_expr *place = SKM_ARENA_NEW(check->policy_scratch, struct skm_expr);
    if (place == NULL) {
        return SKM_ERR(MEMORY);
    }
    *place = (struct skm_expr){.kind = SKM_EXPR_SET, .range = scope->range};
    return skm_typecheck_report(check, place,
                                scope->uid_count == 0
                                    ? "an empty set of actions has no type"
                                    : "the actions of a set are of different types",
                                "strict validation wants one type for the elements of a set");
}
