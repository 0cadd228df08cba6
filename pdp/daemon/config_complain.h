/* Messages about one value of the configuration: they begin with the path of the option. */
#pragma once

#include "daemon/config_value.h"

/* Adds the message at the value's place. `help` NULL: none. Yields SKM_E_INVALID. */
SKM_MUST skm_err skm_config_complain(struct skm_config_reader *reader,
                                     const struct skm_config_option *option,
                                     const struct skm_yaml_node *node, const char *message,
                                     const char *help);

/* What was expected, and what came. Yields SKM_E_INVALID. */
SKM_MUST skm_err skm_config_complain_type(struct skm_config_reader *reader,
                                          const struct skm_config_option *option,
                                          const struct skm_yaml_node *node);
