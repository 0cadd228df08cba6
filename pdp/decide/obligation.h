/* Obligations: what a permit is tied to. A policy set of its own, looked at after the permit; its policies grant nothing.
 *
 * Any thread. */
#pragma once

#include "cedar/entity_view.h"
#include "decide/decide.h"

struct skm_obligations {
    const struct skm_decision_obligation *items; /* sorted by token, each token once */
    size_t count;
    const struct skm_decision_reason
        *failures; /* obligation policies that failed; any of them denies */
    size_t failure_count;
};

/* SKM_E_MEMORY. */
SKM_MUST skm_err skm_obligations_find(struct skm_arena *arena,
                                      const struct skm_policy_set *policies,
                                      const struct skm_request *request,
                                      const struct skm_entity_view *view,
                                      struct skm_obligations *out_obligations);
