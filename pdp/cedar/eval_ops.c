/* The operators of the evaluator on values that are computed already (Lean: apply₁, apply₂, hasAttr, getAttr, inₑ, inₛ). */
#include "cedar/eval_ops.h"

#include "base/span.h"
#include "cedar/like.h"

/* ---- failing ---- */

static void note(struct skm_eval *ev, enum skm_eval_error_kind kind, const struct skm_expr *expr,
                 const char *reason)
{
    *ev->error = (struct skm_eval_error){.kind = kind, .expr = expr, .reason = reason};
}

skm_err skm_eval_fail(struct skm_eval *ev, enum skm_eval_error_kind kind,
                      const struct skm_expr *expr, const char *reason)
{
    note(ev, kind, expr, reason);
    return SKM_ERR(INVALID);
}

skm_err skm_eval_fail_memory(struct skm_eval *ev, const struct skm_expr *expr)
{
    return skm_eval_fail(ev, SKM_EVAL_ERROR_LIMIT, expr, "memory limit reached");
}

/* `operand` yielded `got`; `allowed` (may be NULL) names the kinds that would do, if there are several. */
static skm_err fail_type(struct skm_eval *ev, const struct skm_expr *operand,
                         enum skm_value_kind got, enum skm_value_kind expected, const char *allowed)
{
    note(ev, SKM_EVAL_ERROR_TYPE, operand, allowed);
    ev->error->got = got;
    ev->error->expected = expected;
    return SKM_ERR(INVALID);
}

static skm_err fail_missing(struct skm_eval *ev, enum skm_eval_error_kind kind,
                            const struct skm_expr *expr, const struct skm_uid *uid, skm_span name)
{
    note(ev, kind, expr, NULL);
    ev->error->uid = uid == NULL ? (struct skm_uid){{0}, {0}} : *uid;
    ev->error->name = name;
    return SKM_ERR(INVALID);
}

skm_err skm_eval_check_kind(struct skm_eval *ev, const struct skm_expr *operand,
                            const struct skm_value *value, enum skm_value_kind expected)
{
    return value->kind == expected ? SKM_OK : fail_type(ev, operand, value->kind, expected, NULL);
}

/* ---- entities and records ---- */

bool skm_eval_is_in(const struct skm_entity_view *view, const struct skm_uid *uid,
                    const struct skm_uid *ancestor)
{
    return skm_uid_equal(uid, ancestor) || view->ops->has_ancestor(view, uid, ancestor);
}

/* All elements are looked at before any is compared: one that is no entity is an error even behind a match. */
static skm_err in_set(struct skm_eval *ev, const struct skm_expr *expr, const struct skm_uid *uid,
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
        found = skm_eval_is_in(ev->view, uid, set->items[i].as.entity);
    }
    *out_value = skm_value_bool(found);
    return SKM_OK;
}

static skm_err apply_in(struct skm_eval *ev, const struct skm_expr *expr, const struct skm_value *a,
                        const struct skm_value *b, struct skm_value *out_value)
{
    SKM_TRY(skm_eval_check_kind(ev, expr->a, a, SKM_VALUE_ENTITY));
    if (b->kind == SKM_VALUE_SET) {
        return in_set(ev, expr, a->as.entity, b->as.set, out_value);
    }
    if (b->kind != SKM_VALUE_ENTITY) {
        return fail_type(ev, expr->b, b->kind, SKM_VALUE_ENTITY, "entity or set of entities");
    }
    *out_value = skm_value_bool(skm_eval_is_in(ev->view, a->as.entity, b->as.entity));
    return SKM_OK;
}

/* The attribute of a record or entity; `holder` is the expression that yielded `value`. */
static skm_err find_attr(struct skm_eval *ev, const struct skm_expr *holder,
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

static skm_err apply_get_attr(struct skm_eval *ev, const struct skm_expr *expr,
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
static skm_err apply_has(struct skm_eval *ev, const struct skm_expr *expr,
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

static skm_err apply_tag(struct skm_eval *ev, const struct skm_expr *expr,
                         const struct skm_value *a, const struct skm_value *b,
                         struct skm_value *out_value)
{
    SKM_TRY(skm_eval_check_kind(ev, expr->a, a, SKM_VALUE_ENTITY));
    SKM_TRY(skm_eval_check_kind(ev, expr->b, b, SKM_VALUE_STRING));
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

/* ---- operators ---- */

static skm_err apply_negate(struct skm_eval *ev, const struct skm_expr *expr,
                            const struct skm_value *value, struct skm_value *out_value)
{
    SKM_TRY(skm_eval_check_kind(ev, expr->a, value, SKM_VALUE_LONG));
    int64_t negated = 0;
    if (__builtin_sub_overflow((int64_t)0, value->as.integer, &negated)) {
        return skm_eval_fail(ev, SKM_EVAL_ERROR_OVERFLOW, expr, NULL);
    }
    *out_value = skm_value_long(negated);
    return SKM_OK;
}

static skm_err apply_arithmetic(struct skm_eval *ev, const struct skm_expr *expr,
                                const struct skm_value *a, const struct skm_value *b,
                                struct skm_value *out_value)
{
    SKM_TRY(skm_eval_check_kind(ev, expr->a, a, SKM_VALUE_LONG));
    SKM_TRY(skm_eval_check_kind(ev, expr->b, b, SKM_VALUE_LONG));
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
        return skm_eval_fail(ev, SKM_EVAL_ERROR_OVERFLOW, expr, NULL);
    }
    *out_value = skm_value_long(result);
    return SKM_OK;
}

/* `<` and `<=` take two longs, two datetimes or two durations; decimals have methods instead. */
static bool is_ordered(enum skm_value_kind kind)
{
    return kind == SKM_VALUE_LONG || kind == SKM_VALUE_DATETIME || kind == SKM_VALUE_DURATION;
}

static skm_err apply_less(struct skm_eval *ev, const struct skm_expr *expr,
                          const struct skm_value *a, const struct skm_value *b,
                          struct skm_value *out_value)
{
    if (!is_ordered(a->kind)) {
        return fail_type(ev, expr->a, a->kind, SKM_VALUE_LONG, "long, datetime or duration");
    }
    SKM_TRY(skm_eval_check_kind(ev, expr->b, b, a->kind));
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

static skm_err apply_contains(struct skm_eval *ev, const struct skm_expr *expr,
                              const struct skm_value *a, const struct skm_value *b,
                              struct skm_value *out_value)
{
    SKM_TRY(skm_eval_check_kind(ev, expr->a, a, SKM_VALUE_SET));
    if (expr->kind == SKM_EXPR_CONTAINS) {
        *out_value = skm_value_bool(skm_value_set_has(a->as.set, b));
        return SKM_OK;
    }
    SKM_TRY(skm_eval_check_kind(ev, expr->b, b, SKM_VALUE_SET));
    *out_value =
        skm_value_bool(expr->kind == SKM_EXPR_CONTAINS_ALL ? contains_all(a->as.set, b->as.set)
                                                           : contains_any(a->as.set, b->as.set));
    return SKM_OK;
}

skm_err skm_eval_apply_unary(struct skm_eval *ev, const struct skm_expr *expr,
                             const struct skm_value *value, struct skm_value *out_value)
{
    switch (expr->kind) {
    case SKM_EXPR_NOT:
        SKM_TRY(skm_eval_check_kind(ev, expr->a, value, SKM_VALUE_BOOL));
        *out_value = skm_value_bool(!value->as.boolean);
        return SKM_OK;
    case SKM_EXPR_NEG:
        return apply_negate(ev, expr, value, out_value);
    case SKM_EXPR_IS_EMPTY:
        SKM_TRY(skm_eval_check_kind(ev, expr->a, value, SKM_VALUE_SET));
        *out_value = skm_value_bool(value->as.set->count == 0);
        return SKM_OK;
    case SKM_EXPR_LIKE:
        SKM_TRY(skm_eval_check_kind(ev, expr->a, value, SKM_VALUE_STRING));
        *out_value = skm_value_bool(skm_like_match(&expr->as.pattern, value->as.string));
        return SKM_OK;
    case SKM_EXPR_IS:
        SKM_TRY(skm_eval_check_kind(ev, expr->a, value, SKM_VALUE_ENTITY));
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
    return skm_eval_fail(ev, SKM_EVAL_ERROR_LIMIT, expr, "not an operator of one operand");
}

skm_err skm_eval_apply_binary(struct skm_eval *ev, const struct skm_expr *expr,
                              const struct skm_value *a, const struct skm_value *b,
                              struct skm_value *out_value)
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
    return skm_eval_fail(ev, SKM_EVAL_ERROR_LIMIT, expr, "not an operator of two operands");
}
