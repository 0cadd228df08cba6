#include "decide/obligation.h"

#include <stdlib.h>

#include "base/span.h"
#include "decide/reason.h"

/* `@obligation` of a policy; without the annotation its id, so that a policy in the obligation set is never without effect. */
static skm_span tokens_of(const struct skm_policy_instance *instance)
{
    const skm_span *tokens = skm_policy_annotation(instance->policy, SKM_SPAN("obligation"));
    size_t at = 0;
    skm_span first = {0};
    return tokens != NULL && skm_reason_next_token(*tokens, &at, &first) ? *tokens : instance->id;
}

/* Adds the tokens of one list of satisfied policies; with `out` NULL they are only counted. */
static size_t collect(const struct skm_policy_instance *const *instances, size_t count,
                      struct skm_decision_obligation *out)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        const struct skm_decision_reason reason = skm_reason_of(instances[i]);
        skm_span tokens = tokens_of(instances[i]);
        size_t at = 0;
        skm_span token = {0};
        while (skm_reason_next_token(tokens, &at, &token)) {
            if (out != NULL) {
                out[found] = (struct skm_decision_obligation){
                    .token = token, .policy_id = reason.policy_id, .clause = reason.clause};
            }
            found++;
        }
    }
    return found;
}

static int compare_obligations(const void *a, const void *b)
{
    const struct skm_decision_obligation *left = a;
    const struct skm_decision_obligation *right = b;
    int order = skm_span_compare(left->token, right->token);
    return order != 0 ? order : skm_span_compare(left->policy_id, right->policy_id);
}

static size_t sort_unique(struct skm_decision_obligation *items, size_t count)
{
    if (count < 2) {
        return count;
    }
    qsort(items, count, sizeof(*items), compare_obligations);
    size_t kept = 1;
    for (size_t i = 1; i < count; i++) {
        if (!skm_span_equal(items[i].token, items[kept - 1].token)) {
            items[kept++] = items[i];
        }
    }
    return kept;
}

static skm_err gather_tokens(struct skm_arena *arena, const struct skm_authorization *found,
                             struct skm_obligations *out)
{
    const struct skm_policy_instance *const *permits = found->satisfied_permits;
    const struct skm_policy_instance *const *forbids = found->satisfied_forbids;
    size_t count =
        collect(permits, found->permit_count, NULL) + collect(forbids, found->forbid_count, NULL);
    struct skm_decision_obligation *items =
        SKM_ARENA_NEW_ARRAY(arena, struct skm_decision_obligation, count);
    if (items == NULL) {
        return SKM_ERR(MEMORY);
    }
    size_t used = collect(permits, found->permit_count, items);
    (void)collect(forbids, found->forbid_count, items + used);
    out->count = sort_unique(items, count);
    out->items = items;
    return SKM_OK;
}

static skm_err gather_failures(struct skm_arena *arena, const struct skm_authorization *found,
                               struct skm_obligations *out)
{
    struct skm_decision_reason *failures =
        SKM_ARENA_NEW_ARRAY(arena, struct skm_decision_reason, found->failure_count);
    if (failures == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < found->failure_count; i++) {
        SKM_TRY(skm_reason_of_failure(arena, &found->failures[i], &failures[i]));
    }
    out->failures = failures;
    out->failure_count = found->failure_count;
    return SKM_OK;
}

skm_err skm_obligations_find(struct skm_arena *arena, const struct skm_policy_set *policies,
                             const struct skm_request *request, const struct skm_entity_view *view,
                             struct skm_obligations *out_obligations)
{
    struct skm_obligations obligations = {0};
    if (policies->instances.len > 0) {
        struct skm_authorization found = {0};
        SKM_TRY(skm_authorize(arena, policies, request, view, &found));
        SKM_TRY(gather_tokens(arena, &found, &obligations));
        SKM_TRY(gather_failures(arena, &found, &obligations));
    }
    *out_obligations = obligations;
    return SKM_OK;
}
