/* Taking declarations into the tables of schema_names.h, and the rules about what may be declared. Part of the resolver. */
#pragma once

#include "cedar/schema_names.h"

/* Takes in all declarations of a file. What is wrong with names (reserved, declared twice) goes to the diags; SKM_E_COUNT
 * when there are too many, SKM_E_MEMORY. */
SKM_MUST skm_err skm_schema_collect(struct skm_names *names, const struct skm_decl_schema *schema);

/* When all files are in: RFC 70, the types `NS::Action`, warnings about names that hide others. */
SKM_MUST skm_err skm_schema_collect_finish(struct skm_names *names);
