/* Declared types to types: names looked up, common types expanded, everything shared. Part of the resolver. */
#pragma once

#include "cedar/schema_names.h"

struct skm_lower {
    struct skm_names *names;
    struct skm_type_table *table;
};

/* Resolves all common types, in the order they depend on each other; cycles are reported with their path. After this
 * every common item has its type; NEVER stands for one that has an error. */
SKM_MUST skm_err skm_lower_commons(struct skm_lower *lower);

/* The type `type` means where `item` is declared. Faults go to the diags and yield NEVER in their place. SKM_E_MEMORY. */
SKM_MUST skm_err skm_lower_type(struct skm_lower *lower, const struct skm_names_item *item,
                                const struct skm_decl_type *type, const struct skm_type **out_type);
