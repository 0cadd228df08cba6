/* Declarations to a resolved schema (RFC 24, RFC 52, RFC 70, RFC 116): every name looked up, every rule about declarations
 * checked, hierarchies closed.
 *
 * Several files may make one schema: they are resolved together, and each may add to the same namespace.
 * Any thread; cost: near linear, plus the ancestors that result. */
#pragma once

#include "cedar/schema.h"
#include "cedar/schema_decl.h"

/* Memory: `arena`; sources and declarations outlive the schema. SKM_E_INVALID: `diags` has the errors; SKM_E_MEMORY. The
 * diags may get warnings (names that hide others) also on success. */
SKM_MUST skm_err skm_schema_resolve(struct skm_arena *arena,
                                    const struct skm_decl_schema *const *files, size_t file_count,
                                    struct skm_diags *diags, const struct skm_schema **out_schema);
