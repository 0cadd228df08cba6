/* The entity store: entities with attributes, tags, parents and, closed transitively, ancestors. An entity_view.
 *
 * Filled by one thread, closed once, immutable and shared afterwards. Memory: one arena, given at birth.
 * INVARIANT: no cycles among the entities; an ancestor need not itself be in the store. */
#pragma once

#include "base/diag.h"
#include "cedar/entity_view.h"
#include "cedar/schema.h"

struct skm_entities;

struct skm_entity {
    struct skm_uid uid;
    const struct skm_value_record *attrs;
    const struct skm_value_record *tags;
    const struct skm_uid *parents; /* sorted, unique */
    size_t parent_count;
};

/* The store lives in the arena; fini releases only what is outside it. */
SKM_MUST skm_err skm_entities_new(struct skm_arena *arena, struct skm_entities **out_entities);
void skm_entities_free(struct skm_entities *entities);

/* Adds one entity; what it points to must live in the store's arena. An entity with the same uid: accepted when identical,
 * SKM_E_DUPLICATE when not. SKM_E_MEMORY, SKM_E_COUNT. */
SKM_MUST skm_err skm_entities_add(struct skm_entities *entities, const struct skm_entity *entity);

/* Adds the actions of a schema with their ancestors (no-op for those present). */
SKM_MUST skm_err skm_entities_add_actions(struct skm_entities *entities, const struct skm_schema *schema);

/* Computes ancestors. SKM_E_INVALID on a cycle: the message names it. Needed before use as a view. */
SKM_MUST skm_err skm_entities_close(struct skm_entities *entities, struct skm_diags *diags);

/* As a view; valid after close, as long as the store. */
const struct skm_entity_view *skm_entities_view(const struct skm_entities *entities);

size_t skm_entities_count(const struct skm_entities *entities);

/* The i-th entity, in the order added. */
const struct skm_entity *skm_entities_at(const struct skm_entities *entities, size_t index);

/* NULL when absent. */
const struct skm_entity *skm_entities_find(const struct skm_entities *entities, const struct skm_uid *uid);
