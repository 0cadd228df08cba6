#include "cedar/authorize.h"

#include "base/vec.h"

struct tally {
    SKM_VEC(const struct skm_policy_instance *) permits;
    SKM_VEC(const struct skm_policy_instance *) forbids;
    SKM_VEC(struct skm_policy_failure) failures;
};

static skm_err note_satisfied(struct skm_arena *arena, struct tally *tally,
                              const struct skm_policy_instance *instance)
{
    const struct skm_policy_instance **slot = NULL;
    switch (instance->policy->effect) {
    case SKM_EFFECT_PERMIT:
        SKM_TRY(SKM_VEC_PUSH(arena, &tally->permits, SIZE_MAX, &slot));
        break;
    case SKM_EFFECT_FORBID:
        SKM_TRY(SKM_VEC_PUSH(arena, &tally->forbids, SIZE_MAX, &slot));
        break;
    }
    if (slot == NULL) {
        return SKM_ERR(INTERNAL);
    }
    *slot = instance;
    return SKM_OK;
}

/* An exhausted arena says nothing about the policy. Were it listed like an error of the policy, a forbid would be skipped
 * for want of memory; so nothing is decided at all. */
static skm_err note_failure(struct skm_arena *arena, struct tally *tally,
                            const struct skm_policy_instance *instance,
                            const struct skm_eval_error *error)
{
    if (error->kind == SKM_EVAL_ERROR_LIMIT) {
        return SKM_ERR(MEMORY);
    }
    struct skm_policy_failure *slot = NULL;
    SKM_TRY(SKM_VEC_PUSH(arena, &tally->failures, SIZE_MAX, &slot));
    *slot = (struct skm_policy_failure){instance, *error};
    return SKM_OK;
}

skm_err skm_authorize(struct skm_arena *arena, const struct skm_policy_set *policies,
                      const struct skm_request *request, const struct skm_entity_view *view,
                      struct skm_authorization *out_authorization)
{
    struct tally tally = {.permits = {0}, .forbids = {0}, .failures = {0}};
    for (size_t i = 0; i < policies->instances.len; i++) {
        const struct skm_policy_instance *instance = &policies->instances.items[i];
        struct skm_eval_error error = {.kind = SKM_EVAL_ERROR_NONE};
        switch (skm_eval_policy(arena, instance, request, view, &error)) {
        case SKM_POLICY_SATISFIED:
            SKM_TRY(note_satisfied(arena, &tally, instance));
            break;
        case SKM_POLICY_ERROR:
            SKM_TRY(note_failure(arena, &tally, instance, &error));
            break;
        case SKM_POLICY_NOT_SATISFIED:
            break;
        }
    }
    *out_authorization = (struct skm_authorization){
        .allow = tally.permits.len > 0 && tally.forbids.len == 0,
        .satisfied_permits = tally.permits.items,
        .permit_count = tally.permits.len,
        .satisfied_forbids = tally.forbids.items,
        .forbid_count = tally.forbids.len,
        .failures = tally.failures.items,
        .failure_count = tally.failures.len,
    };
    return SKM_OK;
}
