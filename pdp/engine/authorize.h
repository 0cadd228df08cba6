/* The engine's authorizer: the same answers as cedar/authorize.h, from a compiled set.
 *
 * Forbid wins, deny by default, every policy that can matter is run: all reasons and all errors are told. The answer names
 * policies by their number in the set. Memory: the answer and what policies build lie in the arena; no lock, no system call.
 * Any thread. */
#pragma once

#include "cedar/authorize.h"
#include "engine/policyset.h"

struct skm_engine_failure {
    uint32_t policy;
    struct skm_eval_error error; /* `expr` is NULL: an image has no trees */
};

struct skm_engine_answer {
    bool allow;
    /* All ascending. Arena-owned arrays. */
    const uint32_t *permits;
    size_t permit_count;
    const uint32_t *forbids;
    size_t forbid_count;
    const struct skm_engine_failure *failures;
    size_t failure_count;
};

/* SKM_E_MEMORY: nothing was decided. */
SKM_MUST skm_err skm_engine_authorize(struct skm_arena *arena, const struct skm_compiled_set *set,
                                      const struct skm_request *request,
                                      const struct skm_entity_view *view,
                                      struct skm_engine_answer *out_answer);

/* The answer in the terms of the reference authorizer, for callers that take either. `policies` is what the set was compiled
 * from. SKM_E_MEMORY. */
SKM_MUST skm_err skm_engine_translate(struct skm_arena *arena,
                                      const struct skm_engine_answer *answer,
                                      const struct skm_policy_set *policies,
                                      struct skm_authorization *out_authorization);
