/* From policy sets to images (program.h).
 *
 * Conditions become code, scopes become data: which policies can matter for a request is found from their scopes (index.h)
 * before any code runs, and all links of one template share its code. Truth values are not computed but jumped on; operands
 * that a machine can read directly (constants, variables, attributes of variables) are no instructions of their own.
 *
 * INVARIANT: operands are evaluated from left to right as in cedar/eval.c, so that a policy that fails fails with the same
 * error.
 *
 * Recursion is bounded by SKM_EXPR_DEPTH_MAX. Any thread. */
#pragma once

#include "cedar/policy_set.h"

/* Policy i of the image is instance i of the set. The image lies in `arena`. SKM_E_MEMORY; SKM_E_COUNT, SKM_E_SIZE: more than
 * an image can hold. */
SKM_MUST skm_err skm_compile(struct skm_arena *arena, const struct skm_policy_set *policies,
                             skm_span *out_image);
