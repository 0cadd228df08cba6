/* The keys of one mapping, picked apart by a table: for registries with entries of a few known keys. */
#pragma once

#include "base/yaml.h"

enum skm_yaml_field_need {
    SKM_YAML_OPTIONAL = 0,
    SKM_YAML_REQUIRED,
};

struct skm_yaml_field {
    const char *name;
    enum skm_yaml_kind kind;
    enum skm_yaml_field_need need;
    const struct skm_yaml_node *node; /* out: NULL when absent */
};

/* Where messages go. */
struct skm_yaml_messages {
    const struct skm_source *source;
    struct skm_diags *diags;
};

/* Fills the `node` of each field. SKM_E_INVALID, with messages: unknown key (and the nearest known one), a required one missing, a value
 * of another kind, text that is empty or that other readers of YAML take for a truth value. `what`: "rule", for messages. */
SKM_MUST skm_err skm_yaml_fields_read(const struct skm_yaml_messages *messages, const char *what,
                                      const struct skm_yaml_node *mapping,
                                      struct skm_yaml_field *fields, size_t count);

/* Adds an error at a node. Yields SKM_E_INVALID. */
SKM_MUST skm_err skm_yaml_refuse(const struct skm_yaml_messages *messages,
                                 const struct skm_yaml_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Text that is meant as text. SKM_E_INVALID, with a message: not a scalar, empty, or a word that other readers take for a truth value. */
SKM_MUST skm_err skm_yaml_check_text(const struct skm_yaml_messages *messages, const char *what,
                                     const struct skm_yaml_node *node);
