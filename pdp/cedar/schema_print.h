/* Schema declarations as text in Cedar syntax: the other half of schema_parse.h, and the way from the JSON form to it.
 *
 * Common types, annotations and namespaces survive, in the order declared; within a namespace common types come first, then
 * entity types, then actions. The layout is fixed (two blanks of indentation, one attribute a line, commas between), so
 * printing what was printed yields the same text. Comments are not part of declarations.
 * Any thread. */
#pragma once

#include "cedar/schema_decl.h"

struct skm_buf;

/* Appends the text. `decls` should resolve. SKM_E_INVALID: `diags` says what Cedar syntax has no words for (an entity type
 * hidden by a common type, a shape that is a common type); SKM_E_MEMORY, SKM_E_SIZE. A warning is added where an action's context is
 * dropped, because the action applies to nothing. */
SKM_MUST skm_err skm_schema_to_cedar(const struct skm_decl_schema *decls, struct skm_diags *diags,
                                     struct skm_buf *out);
