/* Linking of partial schemas into one (RFC 116): what one declares `external` another defines.
 *
 * The order of the schemas and how they are grouped make no difference. What is external in all of them stays external. Linking
 * never changes what was already decided with one of the schemas alone, hence the refusals:
 *
 *   - an entity type or an action is defined in two of them
 *   - a name is an entity type in one and the type of actions in another
 *   - an external entity type is an enum type in another; an external one comes to be in an enum type
 *   - a defined entity type comes to have more ancestors than in its own schema
 *   - two declarations of an action have different ancestors
 *   - an entity type of one has the name of a built-in, which others still see as the built-in
 *   - a name of the empty namespace is declared in another namespace too (RFC 70)
 *
 * Any thread. */
#pragma once

#include "cedar/schema.h"

/* Memory: `arena`; names and annotations are borrowed from the schemas, which outlive the result. SKM_E_INVALID: `diags` has
 * the errors (they have no source; schemas are numbered from 1 as given); SKM_E_MEMORY. */
SKM_MUST skm_err skm_schema_link(struct skm_arena *arena, const struct skm_schema *const *schemas,
                                 size_t schema_count, struct skm_diags *diags,
                                 const struct skm_schema **out_schema);
