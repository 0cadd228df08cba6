#include "cedar/eval.h"

#include "base/span.h"
#include "cedar/eval_ops.h"
#include "cedar/ext.h"

/* SAFETY: the recursion is eval() -> eval_<shape>() -> eval(), two frames per level of the tree. Were the shapes inlined
 * into eval(), each level would pay for the locals of all of them. */
#define FRAME_OF_ITS_OWN __attribute__((noinline))

static skm_err eval(struct skm_eval *ev, const struct skm_expr *expr, struct skm_value *out_value);

/* ---- expressions (Lean: evaluate) ---- */

static skm_err eval_bool(struct skm_eval *ev, const struct skm_expr *expr, bool *out_bool)
{
    struct skm_value value = {.kind = SKM_VALUE_BOOL};
    SKM_TRY(eval(ev, expr, &value));
    SKM_TRY(skm_eval_check_kind(ev, expr, &value, SKM_VALUE_BOOL));
    *out_bool = value.as.boolean;
    return SKM_OK;
}

FRAME_OF_ITS_OWN static skm_err eval_if(struct skm_eval *ev, const struct skm_expr *expr,
                                        struct skm_value *out_value)
{
    bool condition = false;
    SKM_TRY(eval_bool(ev, expr->a, &condition));
    return eval(ev, condition ? expr->b : expr->c, out_value);
}

/* `decisive` is the left value that settles the result: false for `&&`, true for `||`. */
FRAME_OF_ITS_OWN static skm_err eval_and_or(struct skm_eval *ev, const struct skm_expr *expr,
                                            bool decisive, struct skm_value *out_value)
{
    bool result = false;
    SKM_TRY(eval_bool(ev, expr->a, &result));
    if (result != decisive) {
        SKM_TRY(eval_bool(ev, expr->b, &result));
    }
    *out_value = skm_value_bool(result);
    return SKM_OK;
}

FRAME_OF_ITS_OWN static skm_err eval_unary(struct skm_eval *ev, const struct skm_expr *expr,
                                           struct skm_value *out_value)
{
    struct skm_value value = {.kind = SKM_VALUE_BOOL};
    SKM_TRY(eval(ev, expr->a, &value));
    return skm_eval_apply_unary(ev, expr, &value, out_value);
}

FRAME_OF_ITS_OWN static skm_err eval_binary(struct skm_eval *ev, const struct skm_expr *expr,
                                            struct skm_value *out_value)
{
    struct skm_value a = {.kind = SKM_VALUE_BOOL};
    struct skm_value b = {.kind = SKM_VALUE_BOOL};
    SKM_TRY(eval(ev, expr->a, &a));
    SKM_TRY(eval(ev, expr->b, &b));
    return skm_eval_apply_binary(ev, expr, &a, &b, out_value);
}

FRAME_OF_ITS_OWN static skm_err eval_set(struct skm_eval *ev, const struct skm_expr *expr,
                                         struct skm_value *out_value)
{
    size_t count = expr->as.list.count;
    struct skm_value *items = SKM_ARENA_NEW_ARRAY(ev->arena, struct skm_value, count);
    if (items == NULL) {
        return skm_eval_fail_memory(ev, expr);
    }
    for (size_t i = 0; i < count; i++) {
        SKM_TRY(eval(ev, expr->as.list.items[i], &items[i]));
    }
    return skm_is_ok(skm_value_set_build(ev->arena, items, count, out_value))
               ? SKM_OK
               : skm_eval_fail_memory(ev, expr);
}

FRAME_OF_ITS_OWN static skm_err eval_record(struct skm_eval *ev, const struct skm_expr *expr,
                                            struct skm_value *out_value)
{
    size_t count = expr->as.record.count;
    struct skm_value_field *fields = SKM_ARENA_NEW_ARRAY(ev->arena, struct skm_value_field, count);
    if (fields == NULL) {
        return skm_eval_fail_memory(ev, expr);
    }
    for (size_t i = 0; i < count; i++) {
        fields[i].key = expr->as.record.fields[i].key;
        SKM_TRY(eval(ev, expr->as.record.fields[i].value, &fields[i].value));
    }
    /* Keys of a record expression are unique, so memory is all that can fail. */
    return skm_is_ok(skm_value_record_build(ev->arena, fields, count, out_value))
               ? SKM_OK
               : skm_eval_fail_memory(ev, expr);
}

/* Says what skm_ext_call() found wrong. */
static skm_err fail_call(struct skm_eval *ev, const struct skm_expr *expr,
                         const struct skm_value *args, skm_err err, const char *reason)
{
    const struct skm_ext_function *function = expr->as.call.function;
    if (skm_is_err(err, SKM_E_MEMORY)) {
        return skm_eval_fail_memory(ev, expr);
    }
    if (skm_is_err(err, SKM_E_COUNT)) {
        return skm_eval_fail(ev, SKM_EVAL_ERROR_ARITY, expr, reason);
    }
    for (size_t i = 0; skm_is_err(err, SKM_E_TYPE) && i < function->arg_count; i++) {
        SKM_TRY(skm_eval_check_kind(ev, expr->as.call.args[i], &args[i], function->arg_kinds[i]));
    }
    return skm_eval_fail(ev, SKM_EVAL_ERROR_EXTENSION, expr, reason);
}

/* All arguments are evaluated, also those that are too many; then number, kinds, function. */
FRAME_OF_ITS_OWN static skm_err eval_call(struct skm_eval *ev, const struct skm_expr *expr,
                                          struct skm_value *out_value)
{
    struct skm_value args[SKM_EXT_ARGS_MAX + 1] = {{.kind = SKM_VALUE_BOOL}};
    for (size_t i = 0; i < expr->as.call.count; i++) {
        size_t slot = i < SKM_EXT_ARGS_MAX ? i : SKM_EXT_ARGS_MAX;
        SKM_TRY(eval(ev, expr->as.call.args[i], &args[slot]));
    }
    const char *reason = NULL;
    skm_err err = skm_ext_call(expr->as.call.function, ev->arena, args, expr->as.call.count,
                               out_value, &reason);
    return skm_is_ok(err) ? SKM_OK : fail_call(ev, expr, args, err, reason);
}

static struct skm_value variable(const struct skm_request *request, enum skm_var var)
{
    switch (var) {
    case SKM_VAR_PRINCIPAL:
        return skm_value_entity(&request->principal);
    case SKM_VAR_ACTION:
        return skm_value_entity(&request->action);
    case SKM_VAR_RESOURCE:
        return skm_value_entity(&request->resource);
    case SKM_VAR_CONTEXT:
        break;
    }
    return request->context;
}

static skm_err eval(struct skm_eval *ev, const struct skm_expr *expr, struct skm_value *out_value)
{
    switch (expr->kind) {
    case SKM_EXPR_LITERAL:
        *out_value = expr->as.literal;
        return SKM_OK;
    case SKM_EXPR_VAR:
        *out_value = variable(ev->request, expr->as.var);
        return SKM_OK;
    case SKM_EXPR_IF:
        return eval_if(ev, expr, out_value);
    case SKM_EXPR_AND:
        return eval_and_or(ev, expr, false, out_value);
    case SKM_EXPR_OR:
        return eval_and_or(ev, expr, true, out_value);
    case SKM_EXPR_NOT:
    case SKM_EXPR_NEG:
    case SKM_EXPR_IS_EMPTY:
    case SKM_EXPR_GET_ATTR:
    case SKM_EXPR_HAS_ATTR:
    case SKM_EXPR_HAS_PATH:
    case SKM_EXPR_LIKE:
    case SKM_EXPR_IS:
        return eval_unary(ev, expr, out_value);
    case SKM_EXPR_EQ:
    case SKM_EXPR_LT:
    case SKM_EXPR_LE:
    case SKM_EXPR_ADD:
    case SKM_EXPR_SUB:
    case SKM_EXPR_MUL:
    case SKM_EXPR_IN:
    case SKM_EXPR_CONTAINS:
    case SKM_EXPR_CONTAINS_ALL:
    case SKM_EXPR_CONTAINS_ANY:
    case SKM_EXPR_GET_TAG:
    case SKM_EXPR_HAS_TAG:
        return eval_binary(ev, expr, out_value);
    case SKM_EXPR_SET:
        return eval_set(ev, expr, out_value);
    case SKM_EXPR_RECORD:
        return eval_record(ev, expr, out_value);
    case SKM_EXPR_CALL:
        return eval_call(ev, expr, out_value);
    }
    return skm_eval_fail(ev, SKM_EVAL_ERROR_LIMIT, expr, "unknown kind of expression");
}

skm_err skm_eval_expr(struct skm_arena *arena, const struct skm_expr *expr,
                      const struct skm_request *request, const struct skm_entity_view *view,
                      struct skm_value *out_value, struct skm_eval_error *out_error)
{
    struct skm_eval ev = {.arena = arena, .request = request, .view = view, .error = out_error};
    return eval(&ev, expr, out_value);
}

/* ---- policies ---- */

/* `slot` is what the slot of this position is filled with. Never fails. */
static bool scope_holds(const struct skm_entity_view *view, const struct skm_scope *scope,
                        const struct skm_uid *slot, const struct skm_uid *actual)
{
    const struct skm_uid *uid = scope->slot ? slot : &scope->uid;
    switch (scope->kind) {
    case SKM_SCOPE_ANY:
        return true;
    case SKM_SCOPE_EQ:
        return skm_uid_equal(actual, uid);
    case SKM_SCOPE_IN:
        return skm_eval_is_in(view, actual, uid);
    case SKM_SCOPE_IS:
        return skm_span_equal(actual->type, scope->type);
    case SKM_SCOPE_IS_IN:
        return skm_span_equal(actual->type, scope->type) && skm_eval_is_in(view, actual, uid);
    case SKM_SCOPE_IN_SET:
        break;
    }
    for (size_t i = 0; i < scope->uid_count; i++) {
        if (skm_eval_is_in(view, actual, &scope->uids[i])) {
            return true;
        }
    }
    return false;
}

enum skm_policy_outcome skm_eval_policy(struct skm_arena *arena,
                                        const struct skm_policy_instance *instance,
                                        const struct skm_request *request,
                                        const struct skm_entity_view *view,
                                        struct skm_eval_error *out_error)
{
    const struct skm_policy *policy = instance->policy;
    if (!scope_holds(view, &policy->principal, &instance->principal, &request->principal) ||
        !scope_holds(view, &policy->action, NULL, &request->action) ||
        !scope_holds(view, &policy->resource, &instance->resource, &request->resource)) {
        return SKM_POLICY_NOT_SATISFIED;
    }
    struct skm_eval ev = {.arena = arena, .request = request, .view = view, .error = out_error};
    for (size_t i = 0; i < policy->condition_count; i++) {
        bool holds = false;
        if (!skm_is_ok(eval_bool(&ev, policy->conditions[i].body, &holds))) {
            return SKM_POLICY_ERROR;
        }
        if (holds == policy->conditions[i].unless) {
            return SKM_POLICY_NOT_SATISFIED;
        }
    }
    return SKM_POLICY_SATISFIED;
}
