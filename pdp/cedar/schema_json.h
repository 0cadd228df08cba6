/* Schemas in JSON form, read strictly: unknown and repeated members are refused, names must be normalised.
 *
 *     { "Namespace" or "": { "commonTypes"?: {name: type + annotations}, "entityTypes": {...}, "actions": {...}, "annotations"?: {...} } }
 *     entity type  { "memberOfTypes"?: [names], "shape"?: type, "tags"?: type } or { "enum": [ids] } or
 *                  { "external": true, "memberOfTypes"?: [names] }
 *     action       { "memberOf"?: [{"id", "type"?}], "appliesTo"?: {"principalTypes", "resourceTypes", "context"?: type} } or
 *                  { "external": true, "memberOf"?: [...] }
 *     type         { "type": "String" | "Long" | "Boolean" } or { "type": "Set", "element": type } or
 *                  { "type": "Record", "attributes": {name: type + "required"? + annotations} } or
 *                  { "type": "Entity" | "EntityOrCommon" | "Extension", "name": name } or { "type": name of a common type }
 *
 * Any thread. */
#pragma once

#include "cedar/schema.h"
#include "cedar/schema_decl.h"

/* SKM_E_INVALID: `diags` has the errors. SKM_E_MEMORY. `source` must outlive the schema. */
SKM_MUST skm_err skm_schema_parse_json(struct skm_arena *arena, const struct skm_source *source,
                                       struct skm_diags *diags,
                                       const struct skm_schema **out_schema);

/* The declarations alone, nothing looked up: for several files (schema_resolve.h) and for printing. Errors as above. */
SKM_MUST skm_err skm_schema_parse_json_decls(struct skm_arena *arena,
                                             const struct skm_source *source,
                                             struct skm_diags *diags,
                                             const struct skm_decl_schema **out_decls);
