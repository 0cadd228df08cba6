/* Schemas in JSON form. */
#pragma once

#include "cedar/schema.h"

/* SKM_E_INVALID: `diags` has the errors. SKM_E_MEMORY. `source` must outlive the schema. */
SKM_MUST skm_err skm_schema_parse_json(struct skm_arena *arena, const struct skm_source *source,
                                       struct skm_diags *diags, const struct skm_schema **out_schema);
