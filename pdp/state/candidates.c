#include "state/candidates.h"

#include <stdlib.h>

#include "base/span.h"
#include "base/vec.h"

/* Actions that policies name and ids that a schema lists, before duplicates are dropped. */
#define EXTRA_MAX (1u << 24)

struct skm_candidates {
    const struct skm_uid **uids; /* sorted by type, then id; unique */
    size_t count;
};

struct builder {
    struct skm_arena *arena;
    SKM_VEC(const struct skm_uid *) extra;
};

/* ---- beyond the store ---- */

static skm_err add(struct builder *builder, const struct skm_uid *uid)
{
    const struct skm_uid **slot = NULL;
    SKM_TRY(SKM_VEC_PUSH(builder->arena, &builder->extra, EXTRA_MAX, &slot));
    *slot = uid;
    return SKM_OK;
}

static skm_err add_enum(struct builder *builder, const struct skm_schema_entity *entity)
{
    struct skm_uid *uids = SKM_ARENA_NEW_ARRAY(builder->arena, struct skm_uid, entity->enum_count);
    if (uids == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < entity->enum_count; i++) {
        uids[i] = (struct skm_uid){.type = entity->name, .id = entity->enum_ids[i]};
        SKM_TRY(add(builder, &uids[i]));
    }
    return SKM_OK;
}

static skm_err add_enums(struct builder *builder, const struct skm_schema *schema)
{
    for (size_t i = 0; i < schema->entity_count; i++) {
        if (schema->entities[i].is_enum) {
            SKM_TRY(add_enum(builder, &schema->entities[i]));
        }
    }
    return SKM_OK;
}

/* Actions among the literals of an expression. Depth and weight of expressions are bounded (ast.h). */
static skm_err add_literals(struct builder *builder, const struct skm_expr *expr)
{
    if (expr == NULL) {
        return SKM_OK;
    }
    if (expr->kind == SKM_EXPR_LITERAL && expr->as.literal.kind == SKM_VALUE_ENTITY &&
        skm_entity_type_is_action(expr->as.literal.as.entity->type)) {
        return add(builder, expr->as.literal.as.entity);
    }
    for (size_t i = 0; expr->kind == SKM_EXPR_SET && i < expr->as.list.count; i++) {
        SKM_TRY(add_literals(builder, expr->as.list.items[i]));
    }
    for (size_t i = 0; expr->kind == SKM_EXPR_RECORD && i < expr->as.record.count; i++) {
        SKM_TRY(add_literals(builder, expr->as.record.fields[i].value));
    }
    for (size_t i = 0; expr->kind == SKM_EXPR_CALL && i < expr->as.call.count; i++) {
        SKM_TRY(add_literals(builder, expr->as.call.args[i]));
    }
    SKM_TRY(add_literals(builder, expr->a));
    SKM_TRY(add_literals(builder, expr->b));
    return add_literals(builder, expr->c);
}

static skm_err add_scope(struct builder *builder, const struct skm_scope *scope)
{
    switch (scope->kind) {
    case SKM_SCOPE_ANY:
    case SKM_SCOPE_IS:
        return SKM_OK;
    case SKM_SCOPE_EQ:
    case SKM_SCOPE_IN:
    case SKM_SCOPE_IS_IN:
        return add(builder, &scope->uid);
    case SKM_SCOPE_IN_SET:
        for (size_t i = 0; i < scope->uid_count; i++) {
            SKM_TRY(add(builder, &scope->uids[i]));
        }
        return SKM_OK;
    }
    return SKM_OK;
}

/* Links share their template, so that its actions come once for each; duplicates go when sorted. */
static skm_err add_named_actions(struct builder *builder, const struct skm_policy_set *policies)
{
    const struct skm_policy *before = NULL;
    for (size_t i = 0; i < policies->instances.len; i++) {
        const struct skm_policy *policy = policies->instances.items[i].policy;
        if (policy == before) {
            continue;
        }
        before = policy;
        SKM_TRY(add_scope(builder, &policy->action));
        for (size_t k = 0; k < policy->condition_count; k++) {
            SKM_TRY(add_literals(builder, policy->conditions[k].body));
        }
    }
    return SKM_OK;
}

/* ---- sorting ---- */

static int compare(const void *a, const void *b)
{
    const struct skm_uid *const *left = a;
    const struct skm_uid *const *right = b;
    return skm_uid_compare(*left, *right);
}

static void sort_unique(struct skm_candidates *candidates)
{
    const struct skm_uid **uids = candidates->uids;
    size_t ordered = 1;
    while (ordered < candidates->count && skm_uid_compare(uids[ordered - 1], uids[ordered]) < 0) {
        ordered++;
    }
    if (ordered >= candidates->count) {
        return;
    }
    qsort(uids, candidates->count, sizeof(*uids), compare);
    size_t kept = 1;
    for (size_t i = 1; i < candidates->count; i++) {
        if (!skm_uid_equal(uids[i], uids[kept - 1])) {
            uids[kept++] = uids[i];
        }
    }
    candidates->count = kept;
}

skm_err skm_candidates_new(struct skm_arena *arena, const struct skm_candidates_from *from,
                           const struct skm_candidates **out_candidates)
{
    struct builder builder = {.arena = arena};
    if (from->schema != NULL) {
        SKM_TRY(add_enums(&builder, from->schema));
    } else if (from->policies != NULL) {
        SKM_TRY(add_named_actions(&builder, from->policies));
    }
    size_t stored = from->entities == NULL ? 0 : skm_entities_count(from->entities);
    struct skm_candidates *candidates = SKM_ARENA_NEW(arena, struct skm_candidates);
    const struct skm_uid **uids =
        SKM_ARENA_NEW_ARRAY(arena, const struct skm_uid *, stored + builder.extra.len);
    if (candidates == NULL || uids == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < stored; i++) {
        uids[i] = skm_entities_uid_at(from->entities, i);
    }
    for (size_t i = 0; i < builder.extra.len; i++) {
        uids[stored + i] = builder.extra.items[i];
    }
    *candidates = (struct skm_candidates){.uids = uids, .count = stored + builder.extra.len};
    sort_unique(candidates);
    *out_candidates = candidates;
    return SKM_OK;
}

/* ---- reading ---- */

/* The first candidate whose type is `type` or, with `past`, comes behind it. */
static size_t find_type(const struct skm_candidates *candidates, skm_span type, bool past)
{
    size_t low = 0;
    size_t high = candidates->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = skm_span_compare(candidates->uids[middle]->type, type);
        if (order < 0 || (past && order == 0)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const struct skm_uid *const *skm_candidates_of(const struct skm_candidates *candidates,
                                               skm_span type, size_t *out_count)
{
    size_t first = find_type(candidates, type, false);
    *out_count = find_type(candidates, type, true) - first;
    return *out_count == 0 ? NULL : candidates->uids + first;
}

bool skm_candidates_has(const struct skm_candidates *candidates, const struct skm_uid *uid)
{
    return candidates->count > 0 && bsearch(&uid, candidates->uids, candidates->count,
                                            sizeof(*candidates->uids), compare) != NULL;
}
