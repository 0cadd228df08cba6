/* The conjuncts of one policy, evaluated one by one (explain.h). */
#pragma once

#include "decide/explain.h"

/* Fills in all but the outcome, which is the evaluator's. SKM_E_MEMORY. */
SKM_MUST skm_err skm_explain_terms(struct skm_arena *arena, const struct skm_request *request,
                                   const struct skm_entity_view *view,
                                   struct skm_explain_policy *policy);
