/* Options whose value is a text with a form: TEXT DIR FILE OUT ADDRESS URL HEX. */
#pragma once

#include "daemon/config_value.h"

/* Text as such: a scalar without control characters, and no plain word that other readers of YAML take for a truth value. SKM_E_INVALID. */
SKM_MUST skm_err skm_config_text_check(struct skm_config_reader *reader,
                                       const struct skm_config_option *option,
                                       const struct skm_yaml_node *node);

/* Checks the form the option's type asks for, and makes paths absolute. SKM_E_INVALID, SKM_E_MEMORY. */
SKM_MUST skm_err skm_config_text_read(struct skm_config_reader *reader,
                                      const struct skm_config_option *option,
                                      const struct skm_yaml_node *node,
                                      struct skm_config_text *field);
