#include "engine/fold.h"

#include "base/attr.h"
#include "base/span.h"
#include "cedar/ext.h"
#include "cedar/like.h"

/* What folding one node came to. */
struct folded {
    bool done; /* `value` stands for the node */
    struct skm_value value;
};

static const struct skm_value *literal(const struct skm_expr *expr, enum skm_value_kind kind)
{
    bool fits = expr != NULL && expr->kind == SKM_EXPR_LITERAL && expr->as.literal.kind == kind;
    return fits ? &expr->as.literal : NULL;
}

static bool is_bool(const struct skm_expr *expr, bool wanted)
{
    const struct skm_value *value = literal(expr, SKM_VALUE_BOOL);
    return value != NULL && value->as.boolean == wanted;
}

static struct folded yield(struct skm_value value)
{
    return (struct folded){true, value};
}

static struct folded yield_bool(bool boolean)
{
    return yield(skm_value_bool(boolean));
}

static struct folded nothing(void)
{
    return (struct folded){false, {.kind = SKM_VALUE_BOOL}};
}

/* ---- operators of one operand ---- */

static struct folded fold_attr(const struct skm_expr *expr, const struct skm_value_record *record)
{
    const struct skm_value *found = skm_value_record_get(record, expr->as.name);
    if (expr->kind == SKM_EXPR_HAS_ATTR) {
        return yield_bool(found != NULL);
    }
    return found == NULL ? nothing() : yield(*found);
}

static struct folded fold_unary(const struct skm_expr *expr)
{
    const struct skm_value *value = expr->a->kind == SKM_EXPR_LITERAL ? &expr->a->as.literal : NULL;
    if (value == NULL) {
        return nothing();
    }
    if (expr->kind == SKM_EXPR_NOT && value->kind == SKM_VALUE_BOOL) {
        return yield_bool(!value->as.boolean);
    }
    if (expr->kind == SKM_EXPR_NEG && value->kind == SKM_VALUE_LONG &&
        value->as.integer != INT64_MIN) {
        return yield(skm_value_long(-value->as.integer));
    }
    if (expr->kind == SKM_EXPR_IS_EMPTY && value->kind == SKM_VALUE_SET) {
        return yield_bool(value->as.set->count == 0);
    }
    if (expr->kind == SKM_EXPR_LIKE && value->kind == SKM_VALUE_STRING) {
        return yield_bool(skm_like_match(&expr->as.pattern, value->as.string));
    }
    if (expr->kind == SKM_EXPR_IS && value->kind == SKM_VALUE_ENTITY) {
        return yield_bool(skm_span_equal(value->as.entity->type, expr->as.name));
    }
    bool names_attr = expr->kind == SKM_EXPR_GET_ATTR || expr->kind == SKM_EXPR_HAS_ATTR;
    if (names_attr && value->kind == SKM_VALUE_RECORD) {
        return fold_attr(expr, value->as.record);
    }
    return nothing();
}

/* ---- operators of two operands ---- */

static struct folded fold_arithmetic(enum skm_expr_kind kind, int64_t a, int64_t b)
{
    int64_t result = 0;
    bool overflows = kind == SKM_EXPR_ADD   ? __builtin_add_overflow(a, b, &result)
                     : kind == SKM_EXPR_SUB ? __builtin_sub_overflow(a, b, &result)
                                            : __builtin_mul_overflow(a, b, &result);
    return overflows ? nothing() : yield(skm_value_long(result));
}

static struct folded fold_less(enum skm_expr_kind kind, const struct skm_value *a,
                               const struct skm_value *b)
{
    bool ordered =
        a->kind == SKM_VALUE_LONG || a->kind == SKM_VALUE_DATETIME || a->kind == SKM_VALUE_DURATION;
    if (!ordered || a->kind != b->kind) {
        return nothing();
    }
    return yield_bool(kind == SKM_EXPR_LT ? a->as.integer < b->as.integer
                                          : a->as.integer <= b->as.integer);
}

static struct folded fold_sets(enum skm_expr_kind kind, const struct skm_value_set *a,
                               const struct skm_value_set *b)
{
    size_t common = 0;
    for (size_t i = 0; i < b->count; i++) {
        common += skm_value_set_has(a, &b->items[i]);
    }
    return yield_bool(kind == SKM_EXPR_CONTAINS_ALL ? common == b->count : common > 0);
}

static struct folded fold_binary(const struct skm_expr *expr)
{
    if (expr->a->kind != SKM_EXPR_LITERAL || expr->b->kind != SKM_EXPR_LITERAL) {
        return nothing();
    }
    const struct skm_value *a = &expr->a->as.literal;
    const struct skm_value *b = &expr->b->as.literal;
    bool sets = a->kind == SKM_VALUE_SET && b->kind == SKM_VALUE_SET;
    switch (expr->kind) {
    case SKM_EXPR_EQ:
        return yield_bool(skm_value_equal(a, b));
    case SKM_EXPR_LT:
    case SKM_EXPR_LE:
        return fold_less(expr->kind, a, b);
    case SKM_EXPR_ADD:
    case SKM_EXPR_SUB:
    case SKM_EXPR_MUL:
        return a->kind == SKM_VALUE_LONG && b->kind == SKM_VALUE_LONG
                   ? fold_arithmetic(expr->kind, a->as.integer, b->as.integer)
                   : nothing();
    case SKM_EXPR_CONTAINS:
        return a->kind == SKM_VALUE_SET ? yield_bool(skm_value_set_has(a->as.set, b)) : nothing();
    case SKM_EXPR_CONTAINS_ALL:
    case SKM_EXPR_CONTAINS_ANY:
        return sets ? fold_sets(expr->kind, a->as.set, b->as.set) : nothing();
    case SKM_EXPR_IN:
        /* Reflexive; everything else about ancestors is the entities' to say. */
        return a->kind == SKM_VALUE_ENTITY && skm_value_equal(a, b) ? yield_bool(true) : nothing();
    case SKM_EXPR_GET_TAG:
    case SKM_EXPR_HAS_TAG:
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
    return nothing();
}

/* `false && b` is false whatever b is; `true && b` needs b to be a truth value. */
static struct folded fold_and_or(const struct skm_expr *expr, bool decisive)
{
    if (is_bool(expr->a, decisive)) {
        return yield_bool(decisive);
    }
    if (is_bool(expr->a, !decisive) && literal(expr->b, SKM_VALUE_BOOL) != NULL) {
        return yield(expr->b->as.literal);
    }
    return nothing();
}

/* ---- what holds others ---- */

static skm_err fold_set(struct skm_arena *arena, const struct skm_expr *expr,
                        struct folded *out_folded)
{
    size_t count = expr->as.list.count;
    for (size_t i = 0; i < count; i++) {
        if (expr->as.list.items[i]->kind != SKM_EXPR_LITERAL) {
            return SKM_OK;
        }
    }
    struct skm_value *items = SKM_ARENA_NEW_ARRAY(arena, struct skm_value, count);
    if (items == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < count; i++) {
        items[i] = expr->as.list.items[i]->as.literal;
    }
    SKM_TRY(skm_value_set_build(arena, items, count, &out_folded->value));
    out_folded->done = true;
    return SKM_OK;
}

static skm_err fold_record(struct skm_arena *arena, const struct skm_expr *expr,
                           struct folded *out_folded)
{
    size_t count = expr->as.record.count;
    for (size_t i = 0; i < count; i++) {
        if (expr->as.record.fields[i].value->kind != SKM_EXPR_LITERAL) {
            return SKM_OK;
        }
    }
    struct skm_value_field *fields = SKM_ARENA_NEW_ARRAY(arena, struct skm_value_field, count);
    if (fields == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < count; i++) {
        fields[i].key = expr->as.record.fields[i].key;
        fields[i].value = expr->as.record.fields[i].value->as.literal;
    }
    SKM_TRY(skm_value_record_build(arena, fields, count, &out_folded->value));
    out_folded->done = true;
    return SKM_OK;
}

static skm_err fold_call(struct skm_arena *arena, const struct skm_expr *expr,
                         struct folded *out_folded)
{
    struct skm_value args[SKM_EXT_ARGS_MAX] = {{.kind = SKM_VALUE_BOOL}};
    const char *reason = NULL;
    if (expr->as.call.count > SKM_EXT_ARGS_MAX) {
        return SKM_OK;
    }
    for (size_t i = 0; i < expr->as.call.count; i++) {
        if (expr->as.call.args[i]->kind != SKM_EXPR_LITERAL) {
            return SKM_OK;
        }
        args[i] = expr->as.call.args[i]->as.literal;
    }
    skm_err err = skm_ext_call(expr->as.call.function, arena, args, expr->as.call.count,
                               &out_folded->value, &reason);
    out_folded->done = skm_is_ok(err);
    return skm_is_err(err, SKM_E_MEMORY) ? err : SKM_OK;
}

static skm_err fold_node(struct skm_arena *arena, const struct skm_expr *expr,
                         struct folded *out_folded)
{
    switch (expr->kind) {
    case SKM_EXPR_LITERAL:
    case SKM_EXPR_VAR:
    case SKM_EXPR_IF:
        return SKM_OK;
    case SKM_EXPR_AND:
        *out_folded = fold_and_or(expr, false);
        return SKM_OK;
    case SKM_EXPR_OR:
        *out_folded = fold_and_or(expr, true);
        return SKM_OK;
    case SKM_EXPR_NOT:
    case SKM_EXPR_NEG:
    case SKM_EXPR_IS_EMPTY:
    case SKM_EXPR_GET_ATTR:
    case SKM_EXPR_HAS_ATTR:
    case SKM_EXPR_HAS_PATH:
    case SKM_EXPR_LIKE:
    case SKM_EXPR_IS:
        *out_folded = fold_unary(expr);
        return SKM_OK;
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
        *out_folded = fold_binary(expr);
        return SKM_OK;
    case SKM_EXPR_SET:
        return fold_set(arena, expr, out_folded);
    case SKM_EXPR_RECORD:
        return fold_record(arena, expr, out_folded);
    case SKM_EXPR_CALL:
        return fold_call(arena, expr, out_folded);
    }
    return SKM_ERR(INTERNAL);
}

/* ---- the walk, children first ---- */

static skm_err fold_child(struct skm_arena *arena, const struct skm_expr **child)
{
    return *child == NULL ? SKM_OK : skm_fold_expr(arena, *child, child);
}

static skm_err fold_list(struct skm_arena *arena, const struct skm_expr *const **list, size_t count)
{
    const struct skm_expr **items = SKM_ARENA_NEW_ARRAY(arena, const struct skm_expr *, count);
    if (items == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < count; i++) {
        SKM_TRY(skm_fold_expr(arena, (*list)[i], &items[i]));
    }
    *list = items;
    return SKM_OK;
}

static skm_err fold_fields(struct skm_arena *arena, struct skm_expr *copy)
{
    size_t count = copy->as.record.count;
    struct skm_expr_field *fields = SKM_ARENA_NEW_ARRAY(arena, struct skm_expr_field, count);
    if (fields == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < count; i++) {
        fields[i].key = copy->as.record.fields[i].key;
        SKM_TRY(skm_fold_expr(arena, copy->as.record.fields[i].value, &fields[i].value));
    }
    copy->as.record.fields = fields;
    return SKM_OK;
}

static skm_err fold_children(struct skm_arena *arena, struct skm_expr *copy)
{
    if (copy->kind == SKM_EXPR_SET) {
        return fold_list(arena, &copy->as.list.items, copy->as.list.count);
    }
    if (copy->kind == SKM_EXPR_CALL) {
        return fold_list(arena, &copy->as.call.args, copy->as.call.count);
    }
    if (copy->kind == SKM_EXPR_RECORD) {
        return fold_fields(arena, copy);
    }
    SKM_TRY(fold_child(arena, &copy->a));
    SKM_TRY(fold_child(arena, &copy->b));
    return fold_child(arena, &copy->c);
}

skm_err skm_fold_expr(struct skm_arena *arena, const struct skm_expr *expr,
                      const struct skm_expr **out_expr)
{
    if (expr->kind == SKM_EXPR_LITERAL || expr->kind == SKM_EXPR_VAR) {
        *out_expr = expr;
        return SKM_OK;
    }
    struct skm_expr *copy = SKM_ARENA_NEW(arena, struct skm_expr);
    if (copy == NULL) {
        return SKM_ERR(MEMORY);
    }
    *copy = *expr;
    SKM_TRY(fold_children(arena, copy));
    struct folded folded = nothing();
    SKM_TRY(fold_node(arena, copy, &folded));
    if (folded.done) {
        copy->kind = SKM_EXPR_LITERAL;
        copy->as.literal = folded.value;
    }
    *out_expr = copy;
    if (copy->kind == SKM_EXPR_IF && literal(copy->a, SKM_VALUE_BOOL) != NULL) {
        *out_expr = copy->a->as.literal.as.boolean ? copy->b : copy->c;
    }
    return SKM_OK;
}
