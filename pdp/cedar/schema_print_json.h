/* Schema declarations in JSON form: the other half of schema_json.h, and the way from Cedar syntax to it.
 *
 * Everything survives but comments, in the order declared. Indented by two blanks; printing what was printed yields the same
 * text. Any thread. */
#pragma once

#include "cedar/schema_decl.h"

struct skm_buf;

/* Appends the text. SKM_E_MEMORY, SKM_E_SIZE. */
SKM_MUST skm_err skm_schema_to_json(const struct skm_decl_schema *decls, struct skm_buf *out);
