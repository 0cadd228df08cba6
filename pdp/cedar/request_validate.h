/* Requests against a schema (Cedar spec: Validation/RequestEntityValidator.lean).
 *
 * Conditions: the action is declared (not external); the types of principal and resource are declared and in the action's
 * `appliesTo`; ids of enum types are listed ones; the context is a record of the action's context type. Principal and
 * resource need not be in the store. Any thread. */
#pragma once

#include "base/json.h"
#include "cedar/eval.h"
#include "cedar/schema.h"

/* SKM_E_INVALID: `diags` says what is wrong, all of it. */
SKM_MUST skm_err skm_request_validate(const struct skm_schema *schema, const struct skm_request *request,
                                      struct skm_diags *diags);

/* Reads the context of a request: the reader stands before an object. With a schema it is read as the type of the action's
 * context and conforms to it; an action that is not declared is refused. `schema` NULL: no type direction.
 * SKM_E_INVALID: one message, at `base_offset` plus the reader's offset in `source`; SKM_E_MEMORY. */
SKM_MUST skm_err skm_request_read_context(struct skm_arena *arena, const struct skm_schema *schema,
                                          const struct skm_uid *action, struct skm_json *json,
                                          const struct skm_source *source, size_t base_offset,
                                          struct skm_diags *diags, struct skm_value *out_context);
