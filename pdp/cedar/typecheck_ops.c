#include "cedar/typecheck_rules.h"

#include <stdlib.h>

#include "base/span.h"
#include "cedar/ext.h"

/* ---- operators ---- */

/* The reference implementation folds `&&` and `||` of boolean literals while it builds the tree, so `(false || true)` is a literal to
 * its equality rule. Depth is bounded by SKM_EXPR_DEPTH_MAX. */
static bool folded_bool(const struct skm_expr *expr, bool *out_value)
{
    if (expr->kind == SKM_EXPR_LITERAL && expr->as.literal.kind == SKM_VALUE_BOOL) {
        *out_value = expr->as.literal.as.boolean;
        return true;
    }
    bool a = false;
    bool b = false;
    bool folds = (expr->kind == SKM_EXPR_AND || expr->kind == SKM_EXPR_OR) &&
                 folded_bool(expr->a, &a) && folded_bool(expr->b, &b);
    if (folds) {
        *out_value = expr->kind == SKM_EXPR_AND ? a && b : a || b;
    }
    return folds;
}

/* The value of a literal of any kind; false when the expression is no literal. */
static bool literal_value(const struct skm_typecheck *check, const struct skm_expr *expr,
                          struct skm_value *out_value)
{
    const struct skm_uid *uid = skm_typecheck_literal_uid(check, expr);
    if (uid != NULL) {
        *out_value = skm_value_entity(uid);
        return true;
    }
    if (expr->kind == SKM_EXPR_LITERAL) {
        *out_value = expr->as.literal;
        return true;
    }
    bool folded = false;
    if (folded_bool(expr, &folded)) {
        *out_value = skm_value_bool(folded);
        return true;
    }
    return false;
}

skm_err skm_typecheck_eq(struct skm_typecheck *check, const struct skm_expr *expr,
                         struct skm_capabilities known, struct skm_typed *out_typed)
{
    struct skm_typed a = {0};
    struct skm_typed b = {0};
    SKM_TRY(skm_typecheck_both(check, expr, known, &a, &b));
    struct skm_value left;
    struct skm_value right;
    if (literal_value(check, expr->a, &left) && literal_value(check, expr->b, &right)) {
        *out_typed = skm_typed_truth(skm_value_equal(&left, &right));
        return SKM_OK;
    }
    const struct skm_type *joined = NULL;
    skm_err err = skm_type_join(check->scratch, a.type, b.type, &joined);
    if (skm_is_ok(err)) {
        *out_typed = skm_typed_plain(skm_type_basic(SKM_TYPE_BOOL));
        return SKM_OK;
    }
    if (!skm_is_err(err, SKM_E_TYPE)) {
        return err;
    }
    if (a.type->kind == SKM_TYPE_ENTITY && b.type->kind == SKM_TYPE_ENTITY) {
        *out_typed = skm_typed_truth(false);
        return SKM_OK;
    }
    return skm_typecheck_no_join(check, expr, "the operands of `==`", a.type, b.type);
}

skm_err skm_typecheck_less(struct skm_typecheck *check, const struct skm_expr *expr,
                           struct skm_capabilities known, struct skm_typed *out_typed)
{
    struct skm_typed a = {0};
    struct skm_typed b = {0};
    SKM_TRY(skm_typecheck_both(check, expr, known, &a, &b));
    bool ordered = a.type->kind == SKM_TYPE_LONG || a.type->kind == SKM_TYPE_DATETIME ||
                   a.type->kind == SKM_TYPE_DURATION;
    if (!ordered) {
        return skm_typecheck_expected(check, expr->a, "Long, datetime or duration", a.type);
    }
    if (a.type->kind != b.type->kind) {
        return skm_typecheck_no_join(check, expr, "the operands of a comparison", a.type, b.type);
    }
    *out_typed = skm_typed_plain(skm_type_basic(SKM_TYPE_BOOL));
    return SKM_OK;
}

skm_err skm_typecheck_arithmetic(struct skm_typecheck *check, const struct skm_expr *expr,
                                 struct skm_capabilities known, struct skm_typed *out_typed)
{
    struct skm_typed a = {0};
    struct skm_typed b = {0};
    SKM_TRY(skm_typecheck_both(check, expr, known, &a, &b));
    if (a.type->kind != SKM_TYPE_LONG) {
        return skm_typecheck_expected(check, expr->a, "Long", a.type);
    }
    if (b.type->kind != SKM_TYPE_LONG) {
        return skm_typecheck_expected(check, expr->b, "Long", b.type);
    }
    *out_typed = skm_typed_plain(skm_type_basic(SKM_TYPE_LONG));
    return SKM_OK;
}

skm_err skm_typecheck_neg(struct skm_typecheck *check, const struct skm_expr *expr,
                          struct skm_capabilities known, struct skm_typed *out_typed)
{
    struct skm_typed inner = {0};
    SKM_TRY(skm_typecheck_type_of(check, expr->a, known, &inner));
    if (inner.type->kind != SKM_TYPE_LONG) {
        return skm_typecheck_expected(check, expr->a, "Long", inner.type);
    }
    *out_typed = skm_typed_plain(skm_type_basic(SKM_TYPE_LONG));
    return SKM_OK;
}

/* ---- sets ---- */

skm_err skm_typecheck_contains(struct skm_typecheck *check, const struct skm_expr *expr,
                               struct skm_capabilities known, struct skm_typed *out_typed)
{
    struct skm_typed a = {0};
    struct skm_typed b = {0};
    SKM_TRY(skm_typecheck_both(check, expr, known, &a, &b));
    if (a.type->kind != SKM_TYPE_SET) {
        return skm_typecheck_expected(check, expr->a, "a set", a.type);
    }
    if (expr->kind != SKM_EXPR_CONTAINS && b.type->kind != SKM_TYPE_SET) {
        return skm_typecheck_expected(check, expr->b, "a set", b.type);
    }
    const struct skm_type *item = expr->kind == SKM_EXPR_CONTAINS ? b.type : b.type->element;
    const struct skm_type *joined = NULL;
    skm_err err = skm_type_join(check->scratch, a.type->element, item, &joined);
    if (skm_is_err(err, SKM_E_TYPE)) {
        return skm_typecheck_no_join(check, expr, "the set's elements and what is looked for",
                                     a.type->element, item);
    }
    SKM_TRY(err);
    *out_typed = skm_typed_plain(skm_type_basic(SKM_TYPE_BOOL));
    return SKM_OK;
}

skm_err skm_typecheck_is_empty(struct skm_typecheck *check, const struct skm_expr *expr,
                               struct skm_capabilities known, struct skm_typed *out_typed)
{
    struct skm_typed inner = {0};
    SKM_TRY(skm_typecheck_type_of(check, expr->a, known, &inner));
    if (inner.type->kind != SKM_TYPE_SET) {
        return skm_typecheck_expected(check, expr->a, "a set", inner.type);
    }
    *out_typed = skm_typed_plain(skm_type_basic(SKM_TYPE_BOOL));
    return SKM_OK;
}

skm_err skm_typecheck_set(struct skm_typecheck *check, const struct skm_expr *expr,
                          struct skm_capabilities known, struct skm_typed *out_typed)
{
    if (expr->as.list.count == 0) {
        return skm_typecheck_report(
            check, expr, "an empty set literal has no type",
            "strict validation needs at least one element to know the type");
    }
    const struct skm_type *element = NULL;
    for (size_t i = 0; i < expr->as.list.count; i++) {
        struct skm_typed item = {0};
        SKM_TRY(skm_typecheck_type_of(check, expr->as.list.items[i], known, &item));
        if (element == NULL) {
            element = item.type;
            continue;
        }
        const struct skm_type *joined = NULL;
        skm_err err = skm_type_join(check->scratch, element, item.type, &joined);
        if (skm_is_err(err, SKM_E_TYPE)) {
            return skm_typecheck_no_join(check, expr->as.list.items[i], "the elements of a set",
                                         element, item.type);
        }
        SKM_TRY(err);
        element = joined;
    }
    struct skm_type *type = SKM_ARENA_NEW(check->scratch, struct skm_type);
    if (type == NULL) {
        return SKM_ERR(MEMORY);
    }
    *type = (struct skm_type){.kind = SKM_TYPE_SET, .element = element};
    *out_typed = skm_typed_plain(type);
    return SKM_OK;
}

static int compare_attrs(const void *a, const void *b)
{
    const struct skm_type_attr *left = (const struct skm_type_attr *)a;
    const struct skm_type_attr *right = (const struct skm_type_attr *)b;
    return skm_span_compare(left->name, right->name);
}

skm_err skm_typecheck_record(struct skm_typecheck *check, const struct skm_expr *expr,
                             struct skm_capabilities known, struct skm_typed *out_typed)
{
    size_t count = expr->as.record.count;
    struct skm_type *type = SKM_ARENA_NEW(check->scratch, struct skm_type);
    struct skm_type_attr *attrs = SKM_ARENA_NEW_ARRAY(check->scratch, struct skm_type_attr, count);
    if (type == NULL || attrs == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < count; i++) {
        struct skm_typed value = {0};
        SKM_TRY(skm_typecheck_type_of(check, expr->as.record.fields[i].value, known, &value));
        attrs[i] = (struct skm_type_attr){
            .name = expr->as.record.fields[i].key, .type = value.type, .required = true};
    }
    if (count > 1) {
        qsort(attrs, count, sizeof *attrs, compare_attrs);
    }
    *type = (struct skm_type){.kind = SKM_TYPE_RECORD, .attrs = attrs, .attr_count = count};
    *out_typed = skm_typed_plain(type);
    return SKM_OK;
}

/* ---- like, is, extension calls ---- */

skm_err skm_typecheck_like(struct skm_typecheck *check, const struct skm_expr *expr,
                           struct skm_capabilities known, struct skm_typed *out_typed)
{
    struct skm_typed text = {0};
    SKM_TRY(skm_typecheck_type_of(check, expr->a, known, &text));
    if (text.type->kind != SKM_TYPE_STRING) {
        return skm_typecheck_expected(check, expr->a, "String", text.type);
    }
    *out_typed = skm_typed_plain(skm_type_basic(SKM_TYPE_BOOL));
    return SKM_OK;
}

skm_err skm_typecheck_is(struct skm_typecheck *check, const struct skm_expr *expr,
                         struct skm_capabilities known, struct skm_typed *out_typed)
{
    struct skm_typed operand = {0};
    SKM_TRY(skm_typecheck_type_of(check, expr->a, known, &operand));
    if (operand.type->kind != SKM_TYPE_ENTITY) {
        return skm_typecheck_expected(check, expr->a, "an entity", operand.type);
    }
    *out_typed = skm_typed_truth(skm_span_equal(operand.type->entity, expr->as.name));
    return SKM_OK;
}

static const struct skm_type *type_of_kind(enum skm_value_kind kind)
{
    switch (kind) {
    case SKM_VALUE_BOOL:
        return skm_type_basic(SKM_TYPE_BOOL);
    case SKM_VALUE_LONG:
        return skm_type_basic(SKM_TYPE_LONG);
    case SKM_VALUE_STRING:
        return skm_type_basic(SKM_TYPE_STRING);
    case SKM_VALUE_DECIMAL:
        return skm_type_basic(SKM_TYPE_DECIMAL);
    case SKM_VALUE_IPADDR:
        return skm_type_basic(SKM_TYPE_IPADDR);
    case SKM_VALUE_DATETIME:
        return skm_type_basic(SKM_TYPE_DATETIME);
    case SKM_VALUE_DURATION:
        return skm_type_basic(SKM_TYPE_DURATION);
    case SKM_VALUE_ENTITY:
    case SKM_VALUE_SET:
    case SKM_VALUE_RECORD:
        break; /* no extension function takes or yields these */
    }
    return NULL;
}

/* Strict mode: a constructor's argument is a string literal, and one that parses. */
static skm_err check_constructor(struct skm_typecheck *check, const struct skm_expr *expr)
{
    const struct skm_ext_function *function = expr->as.call.function;
    const struct skm_expr *text = expr->as.call.args[0];
    if (text->kind != SKM_EXPR_LITERAL || text->as.literal.kind != SKM_VALUE_STRING) {
        return skm_typecheck_report(
            check, text, "the argument of an extension constructor must be a string literal",
            "values that vary belong in attributes of the extension type");
    }
    struct skm_value value;
    const char *reason = "not a valid literal";
    skm_err err = skm_ext_call(function, check->scratch, &text->as.literal, 1, &value, &reason);
    if (skm_is_ok(err) || skm_is_err(err, SKM_E_MEMORY)) {
        return err;
    }
    return skm_typecheck_report(check, text, reason, NULL);
}

skm_err skm_typecheck_call(struct skm_typecheck *check, const struct skm_expr *expr,
                           struct skm_capabilities known, struct skm_typed *out_typed)
{
    const struct skm_ext_function *function = expr->as.call.function;
    if (expr->as.call.count != function->arg_count) {
        return skm_typecheck_arity(check, expr);
    }
    for (size_t i = 0; i < function->arg_count; i++) {
        struct skm_typed arg = {0};
        SKM_TRY(skm_typecheck_type_of(check, expr->as.call.args[i], known, &arg));
        const struct skm_type *wanted = type_of_kind(function->arg_kinds[i]);
        if (wanted == NULL || arg.type->kind != wanted->kind) {
            return skm_typecheck_expected(check, expr->as.call.args[i],
                                          skm_value_kind_name(function->arg_kinds[i]), arg.type);
        }
    }
    if (function->is_constructor) {
        SKM_TRY(check_constructor(check, expr));
    }
    *out_typed = skm_typed_plain(type_of_kind(function->result_kind));
    return SKM_OK;
}
