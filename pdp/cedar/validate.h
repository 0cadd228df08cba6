/* Strict validation of policies against a schema (Cedar spec: Validation/Validator.lean, Typechecker.lean).
 *
 * A set is valid iff no error is found; warnings do not count. Per policy or template:
 *   1. every entity type named is declared;
 *   2. every literal of an enum type uses a listed id;
 *   3. every literal of an action type is a declared action;
 *   4. some action the scope admits applies to some principal and resource type the scope admits (a warning
 *      when not, since language 4.6);
 *   5. the whole condition has type Bool in every request environment the schema knows (typecheck.h).
 * For links: 1 on the slot values, and 4 with the slots filled. A partial schema (RFC 116) is refused.
 * Warnings besides: policies that are false in every environment, identifiers and strings that mislead the eye.
 *
 * Any thread; temporaries go to an arena of its own, bounded like any other. */
#pragma once

#include "base/diag.h"
#include "cedar/policy_set.h"
#include "cedar/schema.h"

/* Messages go to `diags`, each with the policy's id. SKM_E_INVALID when there was at least one error, SKM_E_MEMORY. */
SKM_MUST skm_err skm_validate_policies(const struct skm_policy_set *policies,
                                       const struct skm_schema *schema, struct skm_diags *diags);
