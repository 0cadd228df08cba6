/* What is legal in policies and most likely not meant: warnings for their authors, in a list of messages. */
#pragma once

#include "base/diag.h"
#include "cedar/policy_set.h"
#include "cedar/schema.h"

/* Looks at one set; `schema` NULL: none. SKM_E_MEMORY.
 *
 *   every policy          no @id; structurally the same as another one
 *   permit                forbidden wherever it permits, by an unconditional forbid of the same scope
 *   forbid                a remedy without clause, a remedy that is none of policy model 5; may fail to evaluate: arithmetic that can
 *                         overflow, an attribute of an entity that a request or another entity refers to and that may not be stored */
SKM_MUST skm_err skm_lint_policies(const struct skm_policy_set *set,
                                   const struct skm_schema *schema, struct skm_diags *diags);

/* Actions that no policy of the set is about, and entity types that nothing in the schema refers to. */
void skm_lint_schema(const struct skm_policy_set *set, const struct skm_schema *schema,
                     struct skm_diags *diags);
