#include "cedar/capability.h"

#include "base/map.h"
#include "base/span.h"
#include "cedar/ext.h"

/* ---- identity of expressions ---- */

/* A step of the hash: order matters, so that `a.b` and `b.a` differ. */
static uint64_t mix(uint64_t hash, uint64_t more)
{
    return skm_hash_mix(hash * 31 + 7, more);
}

static uint64_t hash_uid(const struct skm_uid *uid)
{
    return mix(skm_hash_bytes(uid->type), skm_hash_bytes(uid->id));
}

static uint64_t hash_literal(const struct skm_value *literal)
{
    uint64_t kind = (uint64_t)literal->kind;
    switch (literal->kind) {
    case SKM_VALUE_BOOL:
        return mix(kind, literal->as.boolean);
    case SKM_VALUE_STRING:
        return mix(kind, skm_hash_bytes(literal->as.string));
    case SKM_VALUE_ENTITY:
        return mix(kind, hash_uid(literal->as.entity));
    case SKM_VALUE_LONG:
    case SKM_VALUE_DECIMAL:
    case SKM_VALUE_DATETIME:
    case SKM_VALUE_DURATION:
        return mix(kind, (uint64_t)literal->as.integer);
    case SKM_VALUE_SET:
    case SKM_VALUE_RECORD:
    case SKM_VALUE_IPADDR:
        break; /* no literals of these kinds; equality decides */
    }
    return kind;
}

static uint64_t hash_expr(const struct skm_capability_scope *scope, const struct skm_expr *expr);

static uint64_t hash_children(const struct skm_capability_scope *scope, const struct skm_expr *expr,
                              uint64_t hash)
{
    const struct skm_expr *children[] = {expr->a, expr->b, expr->c};
    for (size_t i = 0; i < 3; i++) {
        hash = children[i] == NULL ? hash : mix(hash, hash_expr(scope, children[i]));
    }
    return hash;
}

/* Coarse where a finer hash would buy nothing: record literals and patterns count by size only. Equal trees
 * have equal hashes. Depth is bounded by SKM_EXPR_DEPTH_MAX. */
static uint64_t hash_expr(const struct skm_capability_scope *scope, const struct skm_expr *expr)
{
    if (expr->kind == SKM_EXPR_VAR && expr->as.var == SKM_VAR_ACTION) {
        return mix(SKM_EXPR_LITERAL, mix(SKM_VALUE_ENTITY, hash_uid(scope->action)));
    }
    uint64_t hash = hash_children(scope, expr, (uint64_t)expr->kind);
    switch (expr->kind) {
    case SKM_EXPR_LITERAL:
        return mix(SKM_EXPR_LITERAL, hash_literal(&expr->as.literal));
    case SKM_EXPR_VAR:
        return mix(hash, (uint64_t)expr->as.var);
    case SKM_EXPR_GET_ATTR:
    case SKM_EXPR_HAS_ATTR:
    case SKM_EXPR_IS:
        return mix(hash, skm_hash_bytes(expr->as.name));
    case SKM_EXPR_HAS_PATH:
        return mix(hash, expr->as.path.count);
    case SKM_EXPR_LIKE:
        return mix(hash, expr->as.pattern.count);
    case SKM_EXPR_SET:
        return mix(hash, expr->as.list.count);
    case SKM_EXPR_RECORD:
        return mix(hash, expr->as.record.count);
    case SKM_EXPR_CALL:
        for (size_t i = 0; i < expr->as.call.count; i++) {
            hash = mix(hash, hash_expr(scope, expr->as.call.args[i]));
        }
        return mix(hash, skm_hash_bytes(expr->as.call.function->name));
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
        break;
    }
    return hash;
}

static uint64_t hash_capability(const struct skm_capability_scope *scope,
                                const struct skm_expr *entity, skm_span attr,
                                const struct skm_expr *tag)
{
    uint64_t access = tag == NULL ? mix(1, skm_hash_bytes(attr)) : mix(2, hash_expr(scope, tag));
    return mix(hash_expr(scope, entity), access);
}

static bool same(const struct skm_capability_scope *scope, const struct skm_capability *a,
                 const struct skm_capability *b)
{
    if (a->hash != b->hash || (a->tag == NULL) != (b->tag == NULL)) {
        return false;
    }
    if (!skm_expr_equal_under(a->entity, b->entity, scope->action)) {
        return false;
    }
    return a->tag == NULL ? skm_span_equal(a->attr, b->attr)
                          : skm_expr_equal_under(a->tag, b->tag, scope->action);
}

/* ---- sets ---- */

/* First item whose hash is not below. */
static size_t lower_bound(struct skm_capabilities set, uint64_t hash)
{
    size_t low = 0;
    size_t high = set.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set.items[middle].hash < hash) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool has(const struct skm_capability_scope *scope, struct skm_capabilities set,
                const struct skm_capability *wanted)
{
    for (size_t i = lower_bound(set, wanted->hash);
         i < set.count && set.items[i].hash == wanted->hash; i++) {
        if (same(scope, &set.items[i], wanted)) {
            return true;
        }
    }
    return false;
}

skm_err skm_capabilities_one(const struct skm_capability_scope *scope,
                             const struct skm_expr *entity, skm_span attr,
                             const struct skm_expr *tag, struct skm_capabilities *out_set)
{
    struct skm_capability *item = SKM_ARENA_NEW(scope->arena, struct skm_capability);
    if (item == NULL) {
        return SKM_ERR(MEMORY);
    }
    *item = (struct skm_capability){.hash = hash_capability(scope, entity, attr, tag),
                                    .entity = entity,
                                    .attr = attr,
                                    .tag = tag};
    *out_set = (struct skm_capabilities){item, 1};
    return SKM_OK;
}

bool skm_capabilities_has(const struct skm_capability_scope *scope, struct skm_capabilities set,
                          const struct skm_expr *entity, skm_span attr, const struct skm_expr *tag)
{
    if (set.count == 0) {
        return false;
    }
    struct skm_capability wanted = {.hash = hash_capability(scope, entity, attr, tag),
                                    .entity = entity,
                                    .attr = attr,
                                    .tag = tag};
    return has(scope, set, &wanted);
}

skm_err skm_capabilities_union(const struct skm_capability_scope *scope, struct skm_capabilities a,
                               struct skm_capabilities b, struct skm_capabilities *out_set)
{
    if (a.count == 0 || b.count == 0) {
        *out_set = a.count == 0 ? b : a;
        return SKM_OK;
    }
    struct skm_capability *items =
        SKM_ARENA_NEW_ARRAY(scope->arena, struct skm_capability, a.count + b.count);
    if (items == NULL) {
        return SKM_ERR(MEMORY);
    }
    size_t count = 0;
    size_t i = 0;
    size_t j = 0;
    while (i < a.count || j < b.count) {
        bool take_a = j == b.count || (i < a.count && a.items[i].hash <= b.items[j].hash);
        if (take_a) {
            items[count++] = a.items[i++];
        } else if (has(scope, a, &b.items[j])) {
            j++;
        } else {
            items[count++] = b.items[j++];
        }
    }
    *out_set = (struct skm_capabilities){items, count};
    return SKM_OK;
}

skm_err skm_capabilities_intersection(const struct skm_capability_scope *scope,
                                      struct skm_capabilities a, struct skm_capabilities b,
                                      struct skm_capabilities *out_set)
{
    *out_set = (struct skm_capabilities){NULL, 0};
    if (a.count == 0 || b.count == 0) {
        return SKM_OK;
    }
    struct skm_capability *items =
        SKM_ARENA_NEW_ARRAY(scope->arena, struct skm_capability, a.count);
    if (items == NULL) {
        return SKM_ERR(MEMORY);
    }
    size_t count = 0;
    for (size_t i = 0; i < a.count; i++) {
        if (has(scope, b, &a.items[i])) {
            items[count++] = a.items[i];
        }
    }
    *out_set = (struct skm_capabilities){items, count};
    return SKM_OK;
}
