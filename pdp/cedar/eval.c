#include "cedar/eval.h"

#include "base/span.h"
#include "cedar/ext.h"
#include "cedar/like.h"

/* SAFETY: the recursion is eval() -> eval_<shape>() -> eval(), two frames per level of the tree. Were the shapes inlined
 * into eval(), each level would pay for the locals of all of them. */
#define FRAME_OF_ITS_OWN __attribute__((noinline))

struct eval {
    struct skm_arena *arena;
    const struct skm_request *request;
    const struct skm_entity_view *view;
    struct skm_eval_error *error; /* written once, by what fails first */
};

static skm_err eval(struct eval *ev, const struct skm_expr *expr, struct skm_value *out_value);

/* ---- failing ---- */

static skm_err fail(struct eval *ev, enum skm_eval_error_kind kind, const struct skm_expr *expr,
                    const char *reason)
{
    *ev->error = (struct skm_eval_error){.kind = kind, .expr = expr, .reason = reason};
    return SKM_ERR(INVALID);
}

static skm_err fail_memory(struct eval *ev, const struct skm_expr *expr)
{
    return fail(ev, SKM_EVAL_ERROR_LIMIT, expr, "memory limit reached");
}

/* `operand` yielded `got`; `allowed` (may be NULL) names the kinds that would do, if there are several. */
static skm_err fail_type(struct eval *ev, const struct skm_expr *operand, enum skm_value_kind got,
                         enum skm_value_kind expected, const char *allowed)
{
    (void)fail(ev, SKM_EVAL_ERROR_TYPE, operand, allowed);
    ev->error->got = got;
    ev->error->expected = expected;
    return SKM_ERR(INVALID);
}

static skm_err fail_missing(struct eval *ev, enum skm_eval_error_kind kind,
                            const struct skm_expr *expr, const struct skm_uid *uid, skm_span name)
{
    (void)fail(ev, kind, expr, NULL);
    ev->error->uid = uid == NULL ? (struct skm_uid){{0}, {0}} : *uid;
    ev->error->name = name;
    return SKM_ERR(INVALID);
}

static skm_err check_kind(struct eval *ev, const struct skm_expr *operand,
                          const struct skm_value *value, enum skm_value_kind expected)
{
    return value->kind == expected ? SKM_OK : fail_type(ev, operand, value->kind, expected, NULL);
}

/* ---- entities and records ---- */

static bool is_in(const struct skm_entity_view *view, const struct skm_uid *uid,
                  const struct skm_uid *ancestor)
{
    return skm_uid_equal(uid, ancestor) || view->ops->has_ancestor(view, uid, ancestor);
}

/* All elements are looked at before any is compared: one that is no entity is an error even behind a match. */
static skm_err in_set(struct eval *ev, const struct skm_expr *expr, const struct skm_uid *uid,
                      const struct skm_value_set *set, struct skm_value *out_value)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->items[i].kind != SKM_VALUE_ENTITY) {
            return fail_type(ev, expr->b, set->items[i].kind, SKM_VALUE_ENTITY,
                             "only entities in the set");
        }
    }
    bool found = false;
    for (size_t i = 0; i < set->count && !found; i++) {
        found = is_in(ev->view, uid, set->items[i].as.entity);
    }
    *out_value = skm_value_bool(found);
    return SKM_OK;
}

static skm_err apply_in(struct eval *ev, const struct skm_expr *expr, const struct skm_value *a,
                        const struct skm_value *b, struct skm_value *out_value)
{
    SKM_TRY(check_kind(ev, expr->a, a, SKM_VALUE_ENTITY));
    if (b->kind == SKM_VALUE_SET) {
        return in_set(ev, expr, a->as.entity, b->as.set, out_value);
    }
    if (b->kind != SKM_VALUE_ENTITY) {
        return fail_type(ev, expr->b, b->kind, SKM_VALUE_ENTITY, "entity or set of entities");
    }
    *out_value = skm_value_bool(is_in(ev->view, a->as.entity, b->as.entity));
    return SKM_OK;
}

/* The attribute of a record or entity; `holder` is the expression that yielded `value`. */
static skm_err find_attr(struct eval *ev, const struct skm_expr *holder,
                         const struct skm_value *value, skm_span name,
                         enum skm_entity_find *out_find, struct skm_value *out_attr)
{
    if (value->kind == SKM_VALUE_ENTITY) {
        *out_find = ev->view->ops->attr(ev->view, value->as.entity, name, out_attr);
        return SKM_OK;
    }
    if (value->kind != SKM_VALUE_RECORD) {
        return fail_type(ev, holder, value->kind, SKM_VALUE_RECORD, "record or entity");
    }
    const struct skm_value *attr = skm_value_record_get(value->as.record, name);
    *out_find = attr == NULL ? SKM_ENTITY_NO_KEY : SKM_ENTITY_FOUND;
    if (attr != NULL) {
        *out_attr = *attr;
    }
    return SKM_OK;
}

static skm_err apply_get_attr(struct eval *ev, const struct skm_expr *expr,
                              const struct skm_value *value, struct skm_value *out_value)
{
    enum skm_entity_find find = SKM_ENTITY_MISSING;
    struct skm_value attr = {.kind = SKM_VALUE_BOOL};
    SKM_TRY(find_attr(ev, expr->a, value, expr->as.name, &find, &attr));
    const struct skm_uid *uid = value->kind == SKM_VALUE_ENTITY ? value->as.entity : NULL;
    switch (find) {
    case SKM_ENTITY_FOUND:
        *out_value = attr;
        return SKM_OK;
    case SKM_ENTITY_MISSING:
        return fail_missing(ev, SKM_EVAL_ERROR_NO_ENTITY, expr, uid, expr->as.name);
    case SKM_ENTITY_NO_KEY:
        return fail_missing(ev, SKM_EVAL_ERROR_NO_ATTR, expr, uid, expr->as.name);
    }
    return SKM_ERR(INTERNAL);
}

/* `x has a.b.c` is `x has a && x.a has b && x.a.b has c` with x evaluated once: an entity missing on the way is false,
 * anything but a record or entity is an error. */
static skm_err apply_has(struct eval *ev, const struct skm_expr *expr,
                         const struct skm_value *value, const skm_span *names, size_t count,
                         struct skm_value *out_value)
{
    struct skm_value holder = *value;
    enum skm_entity_find find = SKM_ENTITY_FOUND;
    for (size_t i = 0; i < count && find == SKM_ENTITY_FOUND; i++) {
        struct skm_value attr = {.kind = SKM_VALUE_BOOL};
        SKM_TRY(find_attr(ev, expr->a, &holder, names[i], &find, &attr));
        holder = attr;
    }
    *out_value = skm_value_bool(find == SKM_ENTITY_FOUND);
    return SKM_OK;
}

static skm_err apply_tag(struct eval *ev, const struct skm_expr *expr, const struct skm_value *a,
                         const struct skm_value *b, struct skm_value *out_value)
{
    SKM_TRY(check_kind(ev, expr->a, a, SKM_VALUE_ENTITY));
    SKM_TRY(check_kind(ev, expr->b, b, SKM_VALUE_STRING));
    struct skm_value tag = {.kind = SKM_VALUE_BOOL};
    enum skm_entity_find find = ev->view->ops->tag(ev->view, a->as.entity, b->as.string, &tag);
    if (expr->kind == SKM_EXPR_HAS_TAG) {
        *out_value = skm_value_bool(find == SKM_ENTITY_FOUND);
        return SKM_OK;
    }
    switch (find) {
    case SKM_ENTITY_FOUND:
        *out_value = tag;
        return SKM_OK;
    case SKM_ENTITY_MISSING:
        return fail_missing(ev, SKM_EVAL_ERROR_NO_ENTITY, expr, a->as.entity, b->as.string);
    case SKM_ENTITY_NO_KEY:
        return fail_missing(ev, SKM_EVAL_ERROR_NO_TAG, expr, a->as.entity, b->as.string);
    }
    return SKM_ERR(INTERNAL);
}

/* ---- operators on values (Lean: apply₁, apply₂) ---- */

static skm_err apply_negate(struct eval *ev, const struct skm_expr *expr,
                            const struct skm_value *value, struct skm_value *out_value)
{
    SKM_TRY(check_kind(ev, expr->a, value, SKM_VALUE_LONG));
    int64_t negated = 0;
    if (__builtin_sub_overflow((int64_t)0, value->as.integer, &negated)) {
        return fail(ev, SKM_EVAL_ERROR_OVERFLOW, expr, NULL);
    }
    *out_value = skm_value_long(negated);
    return SKM_OK;
}

static skm_err apply_arithmetic(struct eval *ev, const struct skm_expr *expr,
                                const struct skm_value *a, const struct skm_value *b,
                                struct skm_value *out_value)
{
    SKM_TRY(check_kind(ev, expr->a, a, SKM_VALUE_LONG));
    SKM_TRY(check_kind(ev, expr->b, b, SKM_VALUE_LONG));
    int64_t result = 0;
    bool overflows = false;
    if (expr->kind == SKM_EXPR_ADD) {
        overflows = __builtin_add_overflow(a->as.integer, b->as.integer, &result);
    } else if (expr->kind == SKM_EXPR_SUB) {
        overflows = __builtin_sub_overflow(a->as.integer, b->as.integer, &result);
    } else {
        overflows = __builtin_mul_overflow(a->as.integer, b->as.integer, &result);
    }
    if (overflows) {
        return fail(ev, SKM_EVAL_ERROR_OVERFLOW, expr, NULL);
    }
    *out_value = skm_value_long(result);
    return SKM_OK;
}

/* `<` and `<=` take two longs, two datetimes or two durations; decimals have methods instead. */
static bool is_ordered(enum skm_value_kind kind)
{
    return kind == SKM_VALUE_LONG || kind == SKM_VALUE_DATETIME || kind == SKM_VALUE_DURATION;
}

static skm_err apply_less(struct eval *ev, const struct skm_expr *expr, const struct skm_value *a,
                          const struct skm_value *b, struct skm_value *out_value)
{
    if (!is_ordered(a->kind)) {
        return fail_type(ev, expr->a, a->kind, SKM_VALUE_LONG, "long, datetime or duration");
    }
    SKM_TRY(check_kind(ev, expr->b, b, a->kind));
    *out_value = skm_value_bool(expr->kind == SKM_EXPR_LT ? a->as.integer < b->as.integer
                                                          : a->as.integer <= b->as.integer);
    return SKM_OK;
}

static bool contains_all(const struct skm_value_set *set, const struct skm_value_set *items)
{
    for (size_t i = 0; i < items->count; i++) {
        if (!skm_value_set_has(set, &items->items[i])) {
            return false;
        }
    }
    return true;
}

static bool contains_any(const struct skm_value_set *set, const struct skm_value_set *items)
{
    for (size_t i = 0; i < items->count; i++) {
        if (skm_value_set_has(set, &items->items[i])) {
            return true;
        }
    }
    return false;
}

static skm_err apply_contains(struct eval *ev, const struct skm_expr *expr,
                              const struct skm_value *a, const struct skm_value *b,
                              struct skm_value *out_value)
{
    SKM_TRY(check_kind(ev, expr->a, a, SKM_VALUE_SET));
    if (expr->kind == SKM_EXPR_CONTAINS) {
        *out_value = skm_value_bool(skm_value_set_has(a->as.set, b));
        return SKM_OK;
    }
    SKM_TRY(check_kind(ev, expr->b, b, SKM_VALUE_SET));
    *out_value =
        skm_value_bool(expr->kind == SKM_EXPR_CONTAINS_ALL ? contains_all(a->as.set, b->as.set)
                                                           : contains_any(a->as.set, b->as.set));
    return SKM_OK;
}

static skm_err apply_unary(struct eval *ev, const struct skm_expr *expr,
                           const struct skm_value *value, struct skm_value *out_value)
{
    switch (expr->kind) {
    case SKM_EXPR_NOT:
        SKM_TRY(check_kind(ev, expr->a, value, SKM_VALUE_BOOL));
        *out_value = skm_value_bool(!value->as.boolean);
        return SKM_OK;
    case SKM_EXPR_NEG:
        return apply_negate(ev, expr, value, out_value);
    case SKM_EXPR_IS_EMPTY:
        SKM_TRY(check_kind(ev, expr->a, value, SKM_VALUE_SET));
        *out_value = skm_value_bool(value->as.set->count == 0);
        return SKM_OK;
    case SKM_EXPR_LIKE:
        SKM_TRY(check_kind(ev, expr->a, value, SKM_VALUE_STRING));
        *out_value = skm_value_bool(skm_like_match(&expr->as.pattern, value->as.string));
        return SKM_OK;
    case SKM_EXPR_IS:
        SKM_TRY(check_kind(ev, expr->a, value, SKM_VALUE_ENTITY));
        *out_value = skm_value_bool(skm_span_equal(value->as.entity->type, expr->as.name));
        return SKM_OK;
    case SKM_EXPR_GET_ATTR:
        return apply_get_attr(ev, expr, value, out_value);
    case SKM_EXPR_HAS_ATTR:
        return apply_has(ev, expr, value, &expr->as.name, 1, out_value);
    case SKM_EXPR_HAS_PATH:
        return apply_has(ev, expr, value, expr->as.path.names, expr->as.path.count, out_value);
    case SKM_EXPR_LITERAL:
    case SKM_EXPR_VAR:
    case SKM_EXPR_IF:
    case SKM_EXPR_AND:
    case SKM_EXPR_OR:
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
    case SKM_EXPR_SET:
    case SKM_EXPR_RECORD:
    case SKM_EXPR_CALL:
        break;
    }
    return fail(ev, SKM_EVAL_ERROR_LIMIT, expr, "not an operator of one operand");
}

static skm_err apply_binary(struct eval *ev, const struct skm_expr *expr, const struct skm_value *a,
                            const struct skm_value *b, struct skm_value *out_value)
{
    switch (expr->kind) {
    case SKM_EXPR_EQ:
        *out_value = skm_value_bool(skm_value_equal(a, b));
        return SKM_OK;
    case SKM_EXPR_LT:
    case SKM_EXPR_LE:
        return apply_less(ev, expr, a, b, out_value);
    case SKM_EXPR_ADD:
    case SKM_EXPR_SUB:
    case SKM_EXPR_MUL:
        return apply_arithmetic(ev, expr, a, b, out_value);
    case SKM_EXPR_IN:
        return apply_in(ev, expr, a, b, out_value);
    case SKM_EXPR_CONTAINS:
    case SKM_EXPR_CONTAINS_ALL:
    case SKM_EXPR_CONTAINS_ANY:
        return apply_contains(ev, expr, a, b, out_value);
    case SKM_EXPR_GET_TAG:
    case SKM_EXPR_HAS_TAG:
        return apply_tag(ev, expr, a, b, out_value);
    case SKM_EXPR_LITERAL:
    case SKM_EXPR_VAR:
    case SKM_EXPR_IF:
    case SKM_EXPR_AND:
    case SKM_EXPR_OR:
    case SKM_EXPR_NOT:
    case SKM_EXPR_NEG:
    case SKM_EXPR_IS_EMPTY:
    case SKM_EXPR_GET_ATTR:
    case SKM_EXPR_HAS_ATTR:
    case SKM_EXPR_HAS_PATH:
    case SKM_EXPR_LIKE:
    case SKM_EXPR_IS:
    case SKM_EXPR_SET:
    case SKM_EXPR_RECORD:
    case SKM_EXPR_CALL:
        break;
    }
    return fail(ev, SKM_EVAL_ERROR_LIMIT, expr, "not an operator of two operands");
}

/* ---- expressions (Lean: evaluate) ---- */

static skm_err eval_bool(struct eval *ev, const struct skm_expr *expr, bool *out_bool)
{
    struct skm_value value = {.kind = SKM_VALUE_BOOL};
    SKM_TRY(eval(ev, expr, &value));
    SKM_TRY(check_kind(ev, expr, &value, SKM_VALUE_BOOL));
    *out_bool = value.as.boolean;
    return SKM_OK;
}

FRAME_OF_ITS_OWN static skm_err eval_if(struct eval *ev, const struct skm_expr *expr,
                                        struct skm_value *out_value)
{
    bool condition = false;
    SKM_TRY(eval_bool(ev, expr->a, &condition));
    return eval(ev, condition ? expr->b : expr->c, out_value);
}

/* `decisive` is the left value that settles the result: false for `&&`, true for `||`. */
FRAME_OF_ITS_OWN static skm_err eval_and_or(struct eval *ev, const struct skm_expr *expr,
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

FRAME_OF_ITS_OWN static skm_err eval_unary(struct eval *ev, const struct skm_expr *expr,
                                           struct skm_value *out_value)
{
    struct skm_value value = {.kind = SKM_VALUE_BOOL};
    SKM_TRY(eval(ev, expr->a, &value));
    return apply_unary(ev, expr, &value, out_value);
}

FRAME_OF_ITS_OWN static skm_err eval_binary(struct eval *ev, const struct skm_expr *expr,
                                            struct skm_value *out_value)
{
    struct skm_value a = {.kind = SKM_VALUE_BOOL};
    struct skm_value b = {.kind = SKM_VALUE_BOOL};
    SKM_TRY(eval(ev, expr->a, &a));
    SKM_TRY(eval(ev, expr->b, &b));
    return apply_binary(ev, expr, &a, &b, out_value);
}

FRAME_OF_ITS_OWN static skm_err eval_set(struct eval *ev, const struct skm_expr *expr,
                                         struct skm_value *out_value)
{
    size_t count = expr->as.list.count;
    struct skm_value *items = SKM_ARENA_NEW_ARRAY(ev->arena, struct skm_value, count);
    if (items == NULL) {
        return fail_memory(ev, expr);
    }
    for (size_t i = 0; i < count; i++) {
        SKM_TRY(eval(ev, expr->as.list.items[i], &items[i]));
    }
    return skm_is_ok(skm_value_set_build(ev->arena, items, count, out_value))
               ? SKM_OK
               : fail_memory(ev, expr);
}

FRAME_OF_ITS_OWN static skm_err eval_record(struct eval *ev, const struct skm_expr *expr,
                                            struct skm_value *out_value)
{
    size_t count = expr->as.record.count;
    struct skm_value_field *fields = SKM_ARENA_NEW_ARRAY(ev->arena, struct skm_value_field, count);
    if (fields == NULL) {
        return fail_memory(ev, expr);
    }
    for (size_t i = 0; i < count; i++) {
        fields[i].key = expr->as.record.fields[i].key;
        SKM_TRY(eval(ev, expr->as.record.fields[i].value, &fields[i].value));
    }
    /* Keys of a record expression are unique, so memory is all that can fail. */
    return skm_is_ok(skm_value_record_build(ev->arena, fields, count, out_value))
               ? SKM_OK
               : fail_memory(ev, expr);
}

/* Says what skm_ext_call() found wrong. */
static skm_err fail_call(struct eval *ev, const struct skm_expr *expr, const struct skm_value *args,
                         skm_err err, const char *reason)
{
    const struct skm_ext_function *function = expr->as.call.function;
    if (skm_is_err(err, SKM_E_MEMORY)) {
        return fail_memory(ev, expr);
    }
    if (skm_is_err(err, SKM_E_COUNT)) {
        return fail(ev, SKM_EVAL_ERROR_ARITY, expr, reason);
    }
    for (size_t i = 0; skm_is_err(err, SKM_E_TYPE) && i < function->arg_count; i++) {
        SKM_TRY(check_kind(ev, expr->as.call.args[i], &args[i], function->arg_kinds[i]));
    }
    return fail(ev, SKM_EVAL_ERROR_EXTENSION, expr, reason);
}

/* All arguments are evaluated, also those that are too many; then number, kinds, function. */
FRAME_OF_ITS_OWN static skm_err eval_call(struct eval *ev, const struct skm_expr *expr,
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

static skm_err eval(struct eval *ev, const struct skm_expr *expr, struct skm_value *out_value)
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
    return fail(ev, SKM_EVAL_ERROR_LIMIT, expr, "unknown kind of expression");
}

skm_err skm_eval_expr(struct skm_arena *arena, const struct skm_expr *expr,
                      const struct skm_request *request, const struct skm_entity_view *view,
                      struct skm_value *out_value, struct skm_eval_error *out_error)
{
    struct eval ev = {.arena = arena, .request = request, .view = view, .error = out_error};
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
        return is_in(view, actual, uid);
    case SKM_SCOPE_IS:
        return skm_span_equal(actual->type, scope->type);
    case SKM_SCOPE_IS_IN:
        return skm_span_equal(actual->type, scope->type) && is_in(view, actual, uid);
    case SKM_SCOPE_IN_SET:
        break;
    }
    for (size_t i = 0; i < scope->uid_count; i++) {
        if (is_in(view, actual, &scope->uids[i])) {
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
    struct eval ev = {.arena = arena, .request = request, .view = view, .error = out_error};
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
