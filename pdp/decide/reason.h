/* What a policy's annotations say about a decision, and the token lists gathered from them.
 *
 * Memory: the arena given; texts are borrowed from the policies. Any thread. */
#pragma once

#include "cedar/authorize.h"
#include "decide/decide.h"

/* From a satisfied policy. */
struct skm_decision_reason skm_reason_of(const struct skm_policy_instance *instance);

/* From one that failed; the message is written into the arena. SKM_E_MEMORY. */
SKM_MUST skm_err skm_reason_of_failure(struct skm_arena *arena,
                                       const struct skm_policy_failure *failure,
                                       struct skm_decision_reason *out_reason);

/* Which annotation a token list is gathered from. */
enum skm_reason_field {
    SKM_REASON_CLAUSE = 0,
    SKM_REASON_REMEDY,
};

/* The blank-separated tokens of one annotation over all reasons: sorted bytewise, each once. SKM_E_MEMORY. */
SKM_MUST skm_err skm_reason_tokens(struct skm_arena *arena,
                                   const struct skm_decision_reason *reasons, size_t count,
                                   enum skm_reason_field field, const skm_span **out_tokens,
                                   size_t *out_count);

/* The next blank-separated token of `text` from *at on; false when there is none left. */
bool skm_reason_next_token(skm_span text, size_t *at, skm_span *out_token);
