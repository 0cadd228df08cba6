/* Entities from JSON files: an array of entities, or JSON lines (one entity object a line, blank lines skipped).
 *
 *     {"uid": {"type":"User","id":"alice"}, "attrs": {...}, "parents": [...], "tags": {...}}
 *
 * `tags` may be absent, the others not; other members are refused. Rules: reference, entities and their conformance. */
#pragma once

#include "state/entities.h"

enum skm_entities_json_form {
    SKM_ENTITIES_JSON_ARRAY = 0,
    SKM_ENTITIES_JSON_LINES,
};

/* Reads and adds all entities of a text; afterwards skm_entities_finish(). With a schema: type-directed reading and full
 * conformance. The text may go once the store is finished. After a fault in one entity the next is read, so that `diags` has
 * all of them, with file, line, column and the entity's uid. SKM_E_INVALID, SKM_E_SIZE (4 GiB), SKM_E_MEMORY, SKM_E_COUNT. */
SKM_MUST skm_err skm_entities_json_load(struct skm_entities *entities, const struct skm_source *source,
                                        enum skm_entities_json_form form, const struct skm_schema *schema,
                                        struct skm_diags *diags);

/* The form by its looks: lines when the first character that is not blank is `{`. */
enum skm_entities_json_form skm_entities_json_guess(const struct skm_source *source);
