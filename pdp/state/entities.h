/* The entity store: entities with attributes, tags, parents and, closed transitively, ancestors. An entity_view.
 *
 * Filled by one thread, closed once, immutable and shared afterwards. Everything added is copied into the store in a
 * compact form, so that a file of a million entities takes about as much memory as its text:
 *
 *   uid          one 64-byte cell per entity, named in the store or only as a parent; found by a hash of its uid
 *   type, key    each distinct type name and attribute name is kept once
 *   attributes   16 bytes each; the list of names is shared by all entities that have the same ones
 *   parents      entities with the same parents share one list, and the list of ancestors that follows from it
 *
 * INVARIANT: after close there are no cycles; an ancestor need not itself be in the store. */
#pragma once

#include "base/diag.h"
#include "cedar/entity_view.h"
#include "cedar/schema.h"

/* Bounds of one store. */
#define SKM_ENTITIES_MAX           (1u << 28) /* entities, those only named as parents included */
#define SKM_ENTITIES_ANCESTORS_MAX (1u << 28) /* sum of the lengths of all ancestor lists */

struct skm_entities;

struct skm_entity {
    struct skm_uid uid;
    const struct skm_value_record *attrs; /* NULL: none */
    const struct skm_value_record *tags;  /* NULL: none */
    const struct skm_uid *parents;        /* when read from the store: sorted, unique */
    size_t parent_count;
};

/* Where an entity was written, for messages at close. */
struct skm_entity_origin {
    const struct skm_source *source; /* NULL: nowhere; else it must outlive skm_entities_finish() */
    uint32_t offset;
};

/* The store lives in the arena; free releases only what is outside it. */
SKM_MUST skm_err skm_entities_new(struct skm_arena *arena, struct skm_entities **out_entities);
void skm_entities_free(struct skm_entities *entities);

/* Adds one entity; everything is copied. An entity with the same uid: accepted when identical (attributes, tags and
 * parents), SKM_E_DUPLICATE when not. SKM_E_MEMORY, SKM_E_COUNT, SKM_E_SIZE (a string of 4 GiB). After any error but
 * SKM_E_DUPLICATE the store is good for skm_entities_free() only. `origin` NULL: none. */
SKM_MUST skm_err skm_entities_add(struct skm_entities *entities, const struct skm_entity *entity);
SKM_MUST skm_err skm_entities_add_from(struct skm_entities *entities, const struct skm_entity *entity,
                                       const struct skm_entity_origin *origin);

/* Adds the actions of a schema with their ancestors (no-op for those present). Before or after close. */
SKM_MUST skm_err skm_entities_add_actions(struct skm_entities *entities,
                                          const struct skm_schema *schema);

/* Computes ancestors. SKM_E_INVALID on a cycle: the message names it. SKM_E_COUNT past SKM_ENTITIES_ANCESTORS_MAX.
 * Needed before use as a view. Cost: linear in entities, parents and ancestors of the distinct lists of parents. */
SKM_MUST skm_err skm_entities_close(struct skm_entities *entities, struct skm_diags *diags);

/* With a schema: the ancestors of every entity are of declared types, and every action is exactly the schema's (same
 * ancestors, no attributes, no tags). SKM_E_INVALID, SKM_E_MEMORY. After close, before skm_entities_add_actions(). */
SKM_MUST skm_err skm_entities_check_ancestors(const struct skm_entities *entities,
                                              const struct skm_schema *schema,
                                              struct skm_diags *diags);

/* The three steps in the order the language asks for: close, check and, with a schema, add its actions. `schema` NULL:
 * close only. What a loader calls after the last entity was added. */
SKM_MUST skm_err skm_entities_finish(struct skm_entities *entities, const struct skm_schema *schema,
                                     struct skm_diags *diags);

/* As a view; valid after close, as long as the store. */
const struct skm_entity_view *skm_entities_view(const struct skm_entities *entities);

size_t skm_entities_count(const struct skm_entities *entities);

/* The uid of the i-th entity, in the order added. Borrowed from the store. */
const struct skm_uid *skm_entities_uid_at(const struct skm_entities *entities, size_t index);

/* The whole entity, built in `arena`; strings are borrowed from the store. SKM_E_NOT_FOUND, SKM_E_MEMORY. */
SKM_MUST skm_err skm_entities_get(const struct skm_entities *entities, const struct skm_uid *uid,
                                  struct skm_arena *arena, struct skm_entity *out_entity);

/* The ancestors of an entity, sorted, built in `arena`. SKM_E_NOT_FOUND, SKM_E_MEMORY. After close. */
SKM_MUST skm_err skm_entities_ancestors(const struct skm_entities *entities,
                                        const struct skm_uid *uid, struct skm_arena *arena,
                                        const struct skm_uid **out_uids, size_t *out_count);

/* True for `Action` and `NS::Action`: the last component of the type name makes an entity an action. */
bool skm_entity_type_is_action(skm_span type);
