/* Building and comparing expression trees. Depth and weight are kept at every node, so that a limit is
 * noticed where it is reached and every tree that exists keeps the invariants of ast.h. */
#include "cedar/ast.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/span.h"

/* Depth and weight of a node's children, as they are counted together. */
struct extent {
    uint32_t depth;
    uint32_t weight;
};

static void extend(struct extent *extent, const struct skm_expr *child)
{
    if (child == NULL) {
        return;
    }
    extent->depth = child->depth > extent->depth ? child->depth : extent->depth;
    /* Neither summand exceeds SKM_EXPR_WEIGHT_MAX: no overflow. */
    uint32_t weight = extent->weight + child->weight;
    extent->weight = weight > SKM_EXPR_WEIGHT_MAX ? SKM_EXPR_WEIGHT_MAX : weight;
}

static skm_err new_node(struct skm_arena *arena, enum skm_expr_kind kind, struct skm_range range,
                        struct extent extent, struct skm_expr **out_expr)
{
    if (extent.depth >= SKM_EXPR_DEPTH_MAX) {
        return SKM_ERR(DEPTH);
    }
    if (extent.weight >= SKM_EXPR_WEIGHT_MAX) {
        return SKM_ERR(SIZE);
    }
    struct skm_expr *expr = SKM_ARENA_NEW(arena, struct skm_expr);
    if (expr == NULL) {
        return SKM_ERR(MEMORY);
    }
    expr->kind = kind;
    expr->range = range;
    expr->depth = extent.depth + 1;
    expr->weight = extent.weight + 1;
    *out_expr = expr;
    return SKM_OK;
}

skm_err skm_expr_new(struct skm_arena *arena, enum skm_expr_kind kind, struct skm_range range,
                     const struct skm_expr *a, const struct skm_expr *b, const struct skm_expr *c,
                     struct skm_expr **out_expr)
{
    struct extent extent = {0};
    extend(&extent, a);
    extend(&extent, b);
    extend(&extent, c);
    struct skm_expr *expr = NULL;
    SKM_TRY(new_node(arena, kind, range, extent, &expr));
    expr->a = a;
    expr->b = b;
    expr->c = c;
    *out_expr = expr;
    return SKM_OK;
}

skm_err skm_expr_new_literal(struct skm_arena *arena, struct skm_range range,
                             struct skm_value literal, struct skm_expr **out_expr)
{
    SKM_TRY(new_node(arena, SKM_EXPR_LITERAL, range, (struct extent){0}, out_expr));
    (*out_expr)->as.literal = literal;
    return SKM_OK;
}

skm_err skm_expr_new_var(struct skm_arena *arena, struct skm_range range, enum skm_var var,
                         struct skm_expr **out_expr)
{
    SKM_TRY(new_node(arena, SKM_EXPR_VAR, range, (struct extent){0}, out_expr));
    (*out_expr)->as.var = var;
    return SKM_OK;
}

skm_err skm_expr_new_named(struct skm_arena *arena, enum skm_expr_kind kind, struct skm_range range,
                           const struct skm_expr *a, skm_span name, struct skm_expr **out_expr)
{
    SKM_TRY(skm_expr_new(arena, kind, range, a, NULL, NULL, out_expr));
    (*out_expr)->as.name = name;
    return SKM_OK;
}

skm_err skm_expr_new_has(struct skm_arena *arena, struct skm_range range, const struct skm_expr *a,
                         const skm_span *names, size_t count, struct skm_expr **out_expr)
{
    if (count == 1) {
        return skm_expr_new_named(arena, SKM_EXPR_HAS_ATTR, range, a, names[0], out_expr);
    }
    SKM_TRY(skm_expr_new(arena, SKM_EXPR_HAS_PATH, range, a, NULL, NULL, out_expr));
    (*out_expr)->as.path.names = names;
    (*out_expr)->as.path.count = count;
    return SKM_OK;
}

skm_err skm_expr_new_like(struct skm_arena *arena, struct skm_range range, const struct skm_expr *a,
                          struct skm_pattern pattern, struct skm_expr **out_expr)
{
    SKM_TRY(skm_expr_new(arena, SKM_EXPR_LIKE, range, a, NULL, NULL, out_expr));
    (*out_expr)->as.pattern = pattern;
    return SKM_OK;
}

skm_err skm_expr_new_set(struct skm_arena *arena, struct skm_range range,
                         const struct skm_expr *const *items, size_t count,
                         struct skm_expr **out_expr)
{
    struct extent extent = {0};
    for (size_t i = 0; i < count; i++) {
        extend(&extent, items[i]);
    }
    SKM_TRY(new_node(arena, SKM_EXPR_SET, range, extent, out_expr));
    (*out_expr)->as.list.items = items;
    (*out_expr)->as.list.count = count;
    return SKM_OK;
}

skm_err skm_expr_new_record(struct skm_arena *arena, struct skm_range range,
                            const struct skm_expr_field *fields, size_t count,
                            struct skm_expr **out_expr)
{
    struct extent extent = {0};
    for (size_t i = 0; i < count; i++) {
        extend(&extent, fields[i].value);
    }
    SKM_TRY(new_node(arena, SKM_EXPR_RECORD, range, extent, out_expr));
    (*out_expr)->as.record.fields = fields;
    (*out_expr)->as.record.count = count;
    return SKM_OK;
}

skm_err skm_expr_new_call(struct skm_arena *arena, struct skm_range range,
                          const struct skm_ext_function *function,
                          const struct skm_expr *const *args, size_t count,
                          struct skm_expr **out_expr)
{
    struct extent extent = {0};
    for (size_t i = 0; i < count; i++) {
        extend(&extent, args[i]);
    }
    SKM_TRY(new_node(arena, SKM_EXPR_CALL, range, extent, out_expr));
    (*out_expr)->as.call.function = function;
    (*out_expr)->as.call.args = args;
    (*out_expr)->as.call.count = count;
    return SKM_OK;
}

/* ---- desugaring ---- */

static skm_err new_negated(struct skm_arena *arena, enum skm_expr_kind kind,
                           enum skm_expr_hint hint, struct skm_range range,
                           const struct skm_expr *a, const struct skm_expr *b,
                           struct skm_expr **out_expr)
{
    struct skm_expr *inner = NULL;
    struct skm_expr *outer = NULL;
    SKM_TRY(skm_expr_new(arena, kind, range, a, b, NULL, &inner));
    SKM_TRY(skm_expr_new(arena, SKM_EXPR_NOT, range, inner, NULL, NULL, &outer));
    outer->hint = hint;
    *out_expr = outer;
    return SKM_OK;
}

skm_err skm_expr_new_ne(struct skm_arena *arena, struct skm_range range, const struct skm_expr *a,
                        const struct skm_expr *b, struct skm_expr **out_expr)
{
    return new_negated(arena, SKM_EXPR_EQ, SKM_EXPR_HINT_NE, range, a, b, out_expr);
}

skm_err skm_expr_new_gt(struct skm_arena *arena, struct skm_range range, const struct skm_expr *a,
                        const struct skm_expr *b, struct skm_expr **out_expr)
{
    return new_negated(arena, SKM_EXPR_LE, SKM_EXPR_HINT_GT, range, a, b, out_expr);
}

skm_err skm_expr_new_ge(struct skm_arena *arena, struct skm_range range, const struct skm_expr *a,
                        const struct skm_expr *b, struct skm_expr **out_expr)
{
    return new_negated(arena, SKM_EXPR_LT, SKM_EXPR_HINT_GE, range, a, b, out_expr);
}

skm_err skm_expr_new_is_in(struct skm_arena *arena, struct skm_range range,
                           const struct skm_expr *a, skm_span type, const struct skm_expr *b,
                           struct skm_expr **out_expr)
{
    struct skm_expr *is = NULL;
    struct skm_expr *in = NULL;
    struct skm_expr *both = NULL;
    SKM_TRY(skm_expr_new_named(arena, SKM_EXPR_IS, range, a, type, &is));
    SKM_TRY(skm_expr_new(arena, SKM_EXPR_IN, range, a, b, NULL, &in));
    SKM_TRY(skm_expr_new(arena, SKM_EXPR_AND, range, is, in, NULL, &both));
    both->hint = SKM_EXPR_HINT_IS_IN;
    *out_expr = both;
    return SKM_OK;
}

/* ---- comparing ---- */

static bool pattern_equal(const struct skm_pattern *a, const struct skm_pattern *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (a->parts[i].star != b->parts[i].star ||
            !skm_span_equal(a->parts[i].text, b->parts[i].text)) {
            return false;
        }
    }
    return true;
}

static bool path_equal(const struct skm_expr *a, const struct skm_expr *b)
{
    if (a->as.path.count != b->as.path.count) {
        return false;
    }
    for (size_t i = 0; i < a->as.path.count; i++) {
        if (!skm_span_equal(a->as.path.names[i], b->as.path.names[i])) {
            return false;
        }
    }
    return true;
}

/* `action`: what the variable stands for, or NULL when it stands for itself. */
static bool equal_under(const struct skm_expr *a, const struct skm_expr *b,
                        const struct skm_uid *action);

static bool items_equal(const struct skm_expr *const *a, size_t a_count,
                        const struct skm_expr *const *b, size_t b_count,
                        const struct skm_uid *action)
{
    if (a_count != b_count) {
        return false;
    }
    for (size_t i = 0; i < a_count; i++) {
        if (!equal_under(a[i], b[i], action)) {
            return false;
        }
    }
    return true;
}

/* Records with more keys are equal only when they have them in the same order: comparing stays linear. */
#define REORDERED_KEYS_MAX 256u

/* Keys are unique on both sides. They mostly come in the same order: the search for the i-th key begins at i. */
static bool record_equal(const struct skm_expr *a, const struct skm_expr *b,
                         const struct skm_uid *action)
{
    size_t count = a->as.record.count;
    size_t tries = count <= REORDERED_KEYS_MAX ? count : 1;
    if (count != b->as.record.count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct skm_expr_field *mine = &a->as.record.fields[i];
        const struct skm_expr_field *theirs = NULL;
        for (size_t k = 0; k < tries && theirs == NULL; k++) {
            const struct skm_expr_field *field = &b->as.record.fields[(i + k) % count];
            theirs = skm_span_equal(mine->key, field->key) ? field : NULL;
        }
        if (theirs == NULL || !equal_under(mine->value, theirs->value, action)) {
            return false;
        }
    }
    return true;
}

/* Equal operands, where a missing one equals a missing one only. */
static bool operand_equal(const struct skm_expr *a, const struct skm_expr *b,
                          const struct skm_uid *action)
{
    return a == b || (a != NULL && b != NULL && equal_under(a, b, action));
}

static bool payload_equal(const struct skm_expr *a, const struct skm_expr *b,
                          const struct skm_uid *action)
{
    switch (a->kind) {
    case SKM_EXPR_LITERAL:
        return skm_value_equal(&a->as.literal, &b->as.literal);
    case SKM_EXPR_VAR:
        return a->as.var == b->as.var;
    case SKM_EXPR_GET_ATTR:
    case SKM_EXPR_HAS_ATTR:
    case SKM_EXPR_IS:
        return skm_span_equal(a->as.name, b->as.name);
    case SKM_EXPR_HAS_PATH:
        return path_equal(a, b);
    case SKM_EXPR_LIKE:
        return pattern_equal(&a->as.pattern, &b->as.pattern);
    case SKM_EXPR_SET:
        return items_equal(a->as.list.items, a->as.list.count, b->as.list.items,
                           b->as.list.count, action);
    case SKM_EXPR_RECORD:
        return record_equal(a, b, action);
    case SKM_EXPR_CALL:
        return a->as.call.function == b->as.call.function &&
               items_equal(a->as.call.args, a->as.call.count, b->as.call.args,
                           b->as.call.count, action);
    case SKM_EXPR_IF:
    case SKM_EXPR_AND:
    case SKM_EXPR_OR:
    case SKM_EXPR_NOT:
    case SKM_EXPR_NEG:
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
    case SKM_EXPR_IS_EMPTY:
    case SKM_EXPR_GET_TAG:
    case SKM_EXPR_HAS_TAG:
        return true;
    }
    return false;
}

/* The entity a leaf names when `action` is given; NULL for anything else. */
static const struct skm_uid *named_uid(const struct skm_expr *expr, const struct skm_uid *action)
{
    if (action != NULL && expr->kind == SKM_EXPR_VAR && expr->as.var == SKM_VAR_ACTION) {
        return action;
    }
    bool is_uid = expr->kind == SKM_EXPR_LITERAL && expr->as.literal.kind == SKM_VALUE_ENTITY;
    return action != NULL && is_uid ? expr->as.literal.as.entity : NULL;
}

static bool equal_under(const struct skm_expr *a, const struct skm_expr *b, const struct skm_uid *action)
{
    if (a == b) {
        return true;
    }
    const struct skm_uid *left = named_uid(a, action);
    const struct skm_uid *right = named_uid(b, action);
    if (left != NULL && right != NULL) {
        return skm_uid_equal(left, right);
    }
    return a->kind == b->kind && a->depth == b->depth && a->weight == b->weight &&
           payload_equal(a, b, action) && operand_equal(a->a, b->a, action) &&
           operand_equal(a->b, b->b, action) && operand_equal(a->c, b->c, action);
}

bool skm_expr_equal(const struct skm_expr *a, const struct skm_expr *b)
{
    return equal_under(a, b, NULL);
}

bool skm_expr_equal_under(const struct skm_expr *a, const struct skm_expr *b, const struct skm_uid *action)
{
    return equal_under(a, b, action);
}

const skm_span *skm_policy_annotation(const struct skm_policy *policy, skm_span key)
{
    for (size_t i = 0; i < policy->annotation_count; i++) {
        if (skm_span_equal(policy->annotations[i].key, key)) {
            return &policy->annotations[i].value;
        }
    }
    return NULL;
}

/* ---- duplicate keys ---- */

/* Up to so many keys are compared with each other; more go through a map. */
#define PAIRWISE_MAX 12u

static const skm_span *key_at(const void *elements, size_t stride, size_t index)
{
    return (const skm_span *)(const void *)((const char *)elements + index * stride);
}

static size_t find_duplicate_pairwise(const void *elements, size_t stride, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (skm_span_equal(*key_at(elements, stride, i), *key_at(elements, stride, k))) {
                return i;
            }
        }
    }
    return count;
}

static skm_err find_duplicate_mapped(struct skm_map *seen, const void *elements, size_t stride,
                                     size_t count, size_t *out_index)
{
    for (size_t i = 0; i < count; i++) {
        skm_err err = skm_map_put(seen, *key_at(elements, stride, i), NULL);
        if (skm_is_err(err, SKM_E_EXISTS)) {
            *out_index = i;
            return SKM_OK;
        }
        SKM_TRY(err);
    }
    *out_index = count;
    return SKM_OK;
}

skm_err skm_ast_find_duplicate(const void *elements, size_t stride, size_t count, size_t *out_index)
{
    if (count <= PAIRWISE_MAX) {
        *out_index = find_duplicate_pairwise(elements, stride, count);
        return SKM_OK;
    }
    struct skm_map seen;
    skm_map_init(&seen, count);
    skm_err err = find_duplicate_mapped(&seen, elements, stride, count, out_index);
    skm_map_fini(&seen);
    return err;
}
