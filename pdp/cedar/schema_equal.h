/* Whether two resolved schemas say the same. */
#pragma once

#include "cedar/schema.h"

enum skm_schema_equal_flags {
    SKM_SCHEMA_EQUAL_ALL = 0,
    SKM_SCHEMA_EQUAL_NO_ANNOTATIONS = 1u << 0, /* annotations have no meaning to the language */
};

/* Cost: linear in both, however much their types share. SKM_E_MEMORY. */
SKM_MUST skm_err skm_schema_equal(const struct skm_schema *a, const struct skm_schema *b,
                                  unsigned flags, bool *out_equal);
