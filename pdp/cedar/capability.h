/* Capabilities: which attribute and tag accesses are known to be safe (Cedar spec: Validation/Typechecker.lean, Capabilities).
 *
 * A capability is (expression, attribute name) or (expression, tag expression). A set is a sorted array that never
 * changes; union and intersection are merges, so a chain of n `has` costs n per step and no more.
 * Expression identity is structural equality of the core tree, in which the variable `action` stands for the
 * environment's action. Memory: the arena given, for one environment. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cedar/ast.h"

struct skm_capability {
    uint64_t hash;                 /* of all that follows */
    const struct skm_expr *entity; /* the record or entity that is accessed */
    skm_span attr;                 /* when tag == NULL */
    const struct skm_expr *tag;
};

struct skm_capabilities {
    const struct skm_capability *items; /* sorted by hash */
    size_t count;
};

/* What expression identity depends on. */
struct skm_capability_scope {
    struct skm_arena *arena;
    const struct skm_uid *action; /* what the variable `action` stands for */
};

/* The set of one. `tag` NULL: the attribute `attr`. SKM_E_MEMORY. */
SKM_MUST skm_err skm_capabilities_one(const struct skm_capability_scope *scope,
                                      const struct skm_expr *entity, skm_span attr,
                                      const struct skm_expr *tag, struct skm_capabilities *out_set);

bool skm_capabilities_has(const struct skm_capability_scope *scope, struct skm_capabilities set,
                          const struct skm_expr *entity, skm_span attr, const struct skm_expr *tag);

SKM_MUST skm_err skm_capabilities_union(const struct skm_capability_scope *scope,
                                        struct skm_capabilities a, struct skm_capabilities b,
                                        struct skm_capabilities *out_set);
SKM_MUST skm_err skm_capabilities_intersection(const struct skm_capability_scope *scope,
                                               struct skm_capabilities a, struct skm_capabilities b,
                                               struct skm_capabilities *out_set);
