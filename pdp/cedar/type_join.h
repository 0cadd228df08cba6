/* The types every program knows, and the least upper bound of two types (Cedar spec: Validation/Subtyping.lean). Any thread. */
#pragma once

#include <sekimori/error.h>

#include "base/arena.h"
#include "cedar/type.h"

/* TRUE, FALSE, BOOL, LONG, STRING and the four extension types; NULL for the others. Static storage. */
const struct skm_type *skm_type_basic(enum skm_type_kind kind);

static inline bool skm_type_is_bool(const struct skm_type *type)
{
    return type->kind == SKM_TYPE_TRUE || type->kind == SKM_TYPE_FALSE ||
           type->kind == SKM_TYPE_BOOL;
}

/* Equal types; the boolean ones to BOOL; sets and records pointwise, records with the same attributes and the same required
 * flags only; entity types with themselves. SKM_E_TYPE: there is none; SKM_E_MEMORY. Depth is that of the types. */
SKM_MUST skm_err skm_type_join(struct skm_arena *arena, const struct skm_type *a,
                               const struct skm_type *b, const struct skm_type **out_type);
