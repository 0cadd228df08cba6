/* The reference authorizer (Authorizer.lean): forbid wins, deny by default, every policy is looked at.
 *
 * A policy that errors counts as not satisfied (standard Cedar semantics); the errors are listed whatever the decision, and it is
 * for the caller (decide/) to be stricter. Any thread. */
#pragma once

#include "cedar/eval.h"

struct skm_policy_failure {
    const struct skm_policy_instance *instance;
    struct skm_eval_error error;
};

struct skm_authorization {
    bool allow;
    /* All in the set's order. Arena-owned arrays. */
    const struct skm_policy_instance **satisfied_permits;
    size_t permit_count;
    const struct skm_policy_instance **satisfied_forbids;
    size_t forbid_count;
    const struct skm_policy_failure *failures;
    size_t failure_count;
};

/* The determining policies: the satisfied forbids if any, else the satisfied permits. */
static inline const struct skm_policy_instance **
skm_authorization_reasons(const struct skm_authorization *authorization, size_t *out_count)
{
    *out_count = authorization->forbid_count > 0 ? authorization->forbid_count : authorization->permit_count;
    return authorization->forbid_count > 0 ? authorization->satisfied_forbids
                                           : authorization->satisfied_permits;
}

/* SKM_E_MEMORY: nothing was decided. */
SKM_MUST skm_err skm_authorize(struct skm_arena *arena, const struct skm_policy_set *policies,
                               const struct skm_request *request, const struct skm_entity_view *view,
                               struct skm_authorization *out_authorization);
