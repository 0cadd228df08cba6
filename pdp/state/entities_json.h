/* Entities from JSON files: an array of entities, or JSON lines (one entity object a line). */
#pragma once

#include "state/entities.h"

enum skm_entities_json_form {
    SKM_ENTITIES_JSON_ARRAY = 0,
    SKM_ENTITIES_JSON_LINES,
};

/* Reads and adds all entities of a text (not yet closed). With a schema: type-directed reading and full conformance.
 * SKM_E_INVALID: `diags` has the errors, with file, line, column and the entity's uid. */
SKM_MUST skm_err skm_entities_json_load(struct skm_entities *entities, const struct skm_source *source,
                                        enum skm_entities_json_form form, const struct skm_schema *schema,
                                        struct skm_diags *diags);

/* With a schema: ancestors of every entity are of declared types; call after skm_entities_close(). */
SKM_MUST skm_err skm_entities_check_ancestors(const struct skm_entities *entities,
                                              const struct skm_schema *schema, struct skm_diags *diags);
