/* Labels of a resource in resources.yaml: attributes of an entity, written in YAML and read as in JSON entity files.
 *
 * Plain `true`, `false` and whole numbers are truth values and numbers, everything else is text. With a schema each label must be
 * an attribute the resource's type declares and is read as its type, so that escapes may be left out. */
#pragma once

#include "cedar/schema.h"
#include "cedar/value.h"
#include "daemon/yaml_fields.h"

struct skm_config_labels {
    struct skm_arena *arena; /* of the values */
    const struct skm_yaml_messages *messages;
    const struct skm_schema *schema;        /* NULL: none */
    const struct skm_schema_entity *entity; /* declaration of the resource's type; NULL: none */
};

/* `node`: the mapping, or NULL for none, which leaves the output alone. SKM_E_INVALID, with a message at each label that is wrong;
 * SKM_E_MEMORY. */
SKM_MUST skm_err skm_config_labels_read(const struct skm_config_labels *how,
                                        const struct skm_yaml_node *node,
                                        const struct skm_value_record **out_labels);
