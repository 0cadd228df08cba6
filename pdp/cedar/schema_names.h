/* What a schema declares, by full name, and what a name written in it refers to (RFC 24, RFC 70).
 *
 * A name without `::`, written in namespace N, is looked for as `N::x` and then as `x` in the empty namespace; a name with
 * `::` is looked for as it stands. At each step a common type wins over an entity type. Built-ins are `__cedar::Long`
 * and so on; they are also `Long` in the empty namespace, unless the schema declares that name there.
 * RFC 70: what is declared in the empty namespace must not be declared in another one too.
 *
 * Threads: one thread at a time. Part of the resolver; others use schema.h. */
#pragma once

#include "base/map.h"
#include "base/vec.h"
#include "cedar/schema_decl.h"
#include "cedar/schema_types.h"

/* One declared entity type, common type or action, and what the resolver found out about it. */
struct skm_names_item {
    const struct skm_source *source;
    const struct skm_decl_namespace *space;
    const struct skm_decl_common
        *common; /* exactly one of the three, none for the type `NS::Action` */
    const struct skm_decl_entity *entity;
    const struct skm_decl_action *action;
    const struct skm_decl_name *name; /* as declared; of a `NS::Action`: the namespace */
    struct skm_uid uid; /* type: full name of the type or of the action's type; id: of an action */
    struct skm_names_item *type_item; /* action: the item of its type */
    uint32_t index; /* common: as declared; entity types and actions: in sorted order */
    const struct skm_type *type; /* common: resolved; entity: shape; action: context */
    const struct skm_type *tags; /* entity */
    const skm_span *principals;  /* action: sorted, unique */
    const skm_span *resources;
    size_t principal_count;
    size_t resource_count;
};

typedef SKM_VEC(struct skm_names_item *) skm_names_items;

struct skm_names {
    struct skm_arena *arena;   /* names that stay */
    struct skm_arena *scratch; /* items */
    struct skm_diags *diags;
    skm_names_items commons; /* in the order declared */
    skm_names_items entities;
    skm_names_items actions;
    struct skm_map common_map; /* by full name */
    struct skm_map entity_map;
    struct skm_map action_map; /* by type"id */
    struct skm_buf key;
    unsigned suggestions; /* how many were looked for: each walks over all names */
};

enum skm_names_want {
    SKM_NAMES_WANT_COMMON = 1u << 0, /* built-ins count as common types */
    SKM_NAMES_WANT_ENTITY = 1u << 1,
};

enum skm_names_found {
    SKM_NAMES_NOTHING = 0,
    SKM_NAMES_COMMON,
    SKM_NAMES_ENTITY,
    SKM_NAMES_BUILTIN,
};

struct skm_names_hit {
    enum skm_names_found found;
    struct skm_names_item *item;
    enum skm_type_kind builtin;
};

void skm_names_init(struct skm_names *names, struct skm_arena *arena, struct skm_arena *scratch,
                    struct skm_diags *diags);
void skm_names_fini(struct skm_names *names);

/* The key of an action in action_map, valid until the next call: `space::type"id`. A type never holds a quote, so it is
 * unambiguous. */
SKM_MUST skm_err skm_names_action_key(struct skm_names *names, skm_span space, skm_span type,
                                      skm_span id, skm_span *out_key);

/* `want`: enum skm_names_want. Nothing found is no error of this function. SKM_E_MEMORY. */
SKM_MUST skm_err skm_names_find(struct skm_names *names, skm_span space, skm_span name,
                                unsigned want, struct skm_names_hit *out_hit);

/* NULL when not declared. An empty type means `Action`. */
SKM_MUST skm_err skm_names_find_action(struct skm_names *names, skm_span space,
                                       const struct skm_decl_action_ref *ref,
                                       struct skm_names_item **out_item);

/* Adds "did you mean" to a message about an unknown name. */
void skm_names_suggest(struct skm_names *names, skm_span space, skm_span name, unsigned want,
                       struct skm_diag *diag);
void skm_names_suggest_action(struct skm_names *names, skm_span id, struct skm_diag *diag);

/* The built-in of that name without `__cedar::`; false when there is none. */
bool skm_names_builtin(skm_span name, enum skm_type_kind *out_kind);
