#include "decide/explain.h"

#include <stdlib.h>

#include "base/attr.h"
#include "base/span.h"
#include "decide/explain_term.h"
#include "decide/fit.h"

const char *skm_explain_place_name(enum skm_explain_place place)
{
    static const char *const names[] = {
        [SKM_EXPLAIN_PRINCIPAL] = "principal", [SKM_EXPLAIN_ACTION] = "action",
        [SKM_EXPLAIN_RESOURCE] = "resource",   [SKM_EXPLAIN_WHEN] = "when",
        [SKM_EXPLAIN_UNLESS] = "unless",
    };
    return names[place];
}

static skm_err explain_set(struct skm_arena *arena, const struct skm_policy_set *set,
                           const struct skm_request *request, const struct skm_entity_view *view,
                           const struct skm_explain_policy **out_policies, size_t *out_count)
{
    size_t count = set->instances.len;
    struct skm_explain_policy *policies =
        SKM_ARENA_NEW_ARRAY(arena, struct skm_explain_policy, count);
    if (policies == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < count; i++) {
        struct skm_eval_error error = {0};
        policies[i].instance = &set->instances.items[i];
        policies[i].outcome = skm_eval_policy(arena, policies[i].instance, request, view, &error);
        if (policies[i].outcome == SKM_POLICY_ERROR && error.kind == SKM_EVAL_ERROR_LIMIT) {
            return SKM_ERR(MEMORY);
        }
        SKM_TRY(skm_explain_terms(arena, request, view, &policies[i]));
    }
    *out_policies = policies;
    *out_count = count;
    return SKM_OK;
}

/* ---- nearest permits ---- */

static int compare_sizes(size_t a, size_t b)
{
    return a < b ? -1 : a > b;
}

/* SAFETY: the policies are elements of one array, so their addresses compare. */
static int compare_nearness(const void *a, const void *b)
{
    const struct skm_explain_policy *p = *(const struct skm_explain_policy *const *)a;
    const struct skm_explain_policy *q = *(const struct skm_explain_policy *const *)b;
    int order = compare_sizes(p->term_count, q->term_count);
    if (order == 0) {
        order = (q->scope_holds ? 1 : 0) - (p->scope_holds ? 1 : 0);
    }
    if (order == 0) {
        order = compare_sizes(p->unguarded, q->unguarded);
    }
    return order != 0 ? order : p < q ? -1 : p > q;
}

static skm_err find_nearest(struct skm_arena *arena, struct skm_explanation *explanation)
{
    const struct skm_explain_policy **nearest =
        SKM_ARENA_NEW_ARRAY(arena, const struct skm_explain_policy *, explanation->policy_count);
    if (nearest == NULL) {
        return SKM_ERR(MEMORY);
    }
    size_t count = 0;
    for (size_t i = 0; i < explanation->policy_count; i++) {
        const struct skm_explain_policy *policy = &explanation->policies[i];
        if (policy->instance->policy->effect == SKM_EFFECT_PERMIT) {
            nearest[count++] = policy;
        }
    }
    if (count > 1) {
        /* SAFETY: the array's elements are pointers; qsort moves them as bytes. */
        qsort((void *)nearest, count, sizeof(*nearest), compare_nearness);
    }
    explanation->nearest = nearest;
    explanation->nearest_count = count;
    return SKM_OK;
}

skm_err skm_explain(struct skm_arena *arena, const struct skm_snapshot *snapshot,
                    const struct skm_decide_request *request, int64_t now_wall_ms,
                    struct skm_explanation *out_explanation)
{
    struct skm_explanation explanation = {0};
    struct skm_overlay overlay;
    /* Readings point to the request's uids, and outlive the caller's copy. */
    struct skm_decide_request *kept = SKM_ARENA_NEW(arena, struct skm_decide_request);
    if (kept == NULL) {
        return SKM_ERR(MEMORY);
    }
    *kept = *request;
    skm_span fault = {0};
    SKM_TRY(skm_decide(arena, snapshot, request, now_wall_ms, &explanation.decision));
    SKM_TRY(skm_request_fit(arena, snapshot, request, &overlay, &fault));
    if (fault.len > 0) {
        *out_explanation = explanation;
        return SKM_OK;
    }
    SKM_TRY(explain_set(arena, &snapshot->policies, &kept->cedar, &overlay.view,
                        &explanation.policies, &explanation.policy_count));
    if (explanation.decision.kind == SKM_DECISION_NOT_PERMITTED) {
        SKM_TRY(find_nearest(arena, &explanation));
    }
    if (explanation.decision.kind == SKM_DECISION_PERMITTED) {
        SKM_TRY(explain_set(arena, &snapshot->obligations, &kept->cedar, &overlay.view,
                            &explanation.obligations, &explanation.obligation_count));
    }
    *out_explanation = explanation;
    return SKM_OK;
}
