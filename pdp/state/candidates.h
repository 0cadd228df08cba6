/* What a search can enumerate: the entities of a snapshot by type, each list sorted by id.
 *
 * Candidates are the entities in the store and, with a schema, the listed ids of enumerated entity types. Actions: the schema's
 * (which a finished store holds); without a schema those in the store and those that policies name, in their scope or in a
 * condition. An entity that is only named as somebody's parent, or a principal or resource that only a policy names, is none.
 *
 * Built once by a load, immutable afterwards: any thread. Memory: one pointer per candidate in the arena given; everything else is
 * borrowed from store, schema and policies. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

#include "base/arena.h"
#include "cedar/policy_set.h"
#include "cedar/schema.h"
#include "state/entities.h"

struct skm_candidates;

/* Where candidates come from; each may be NULL. */
struct skm_candidates_from {
    const struct skm_entities *entities;
    const struct skm_schema *schema;
    const struct skm_policy_set *policies;
};

/* Cost: sorts once, n log n; linear when the store was filled in order. SKM_E_MEMORY, SKM_E_COUNT. */
SKM_MUST skm_err skm_candidates_new(struct skm_arena *arena, const struct skm_candidates_from *from,
                                    const struct skm_candidates **out_candidates);

/* Those of one type, sorted by id, unique. NULL and 0 when there are none. */
const struct skm_uid *const *skm_candidates_of(const struct skm_candidates *candidates,
                                               skm_span type, size_t *out_count);

bool skm_candidates_has(const struct skm_candidates *candidates, const struct skm_uid *uid);
