/* From the YAML tree to the structs: keys looked up, values read, defaults filled in. */
#pragma once

#include "daemon/config_value.h"

/* Fills `config` from the tree. SKM_E_INVALID: `reader->diags` has every error; SKM_E_MEMORY. */
SKM_MUST skm_err skm_config_read(struct skm_config_reader *reader, const struct skm_yaml_node *root,
                                 struct skm_config *config);
