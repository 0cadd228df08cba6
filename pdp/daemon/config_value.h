/* One value of the configuration: from its YAML node to its field, and compared with another. */
#pragma once

#include "base/yaml.h"
#include "daemon/config_option.h"

/* What reading needs at hand. */
struct skm_config_reader {
    struct skm_arena *arena;
    const struct skm_source *source;
    struct skm_diags *diags;
    skm_span folder;     /* what relative paths are relative to; empty: they stay as they are */
    const char *section; /* path of the section being read */
    bool is_default;     /* the values are defaults of ours */
};

/* Reads into the option's field. SKM_E_INVALID: a message was added and the field is untouched; SKM_E_MEMORY. */
SKM_MUST skm_err skm_config_value_read(struct skm_config_reader *reader,
                                       const struct skm_config_option *option,
                                       const struct skm_yaml_node *node, void *field);

/* True when both fields hold the same value, wherever it was written. */
bool skm_config_value_equal(const struct skm_config_option *option, const void *a, const void *b);
