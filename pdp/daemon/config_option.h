/* config.def as tables: what the reader, the comparison and the printers walk over. Static storage, any thread. */
#pragma once

#include "daemon/config.h"

enum skm_config_option_type {
    SKM_CONFIG_OPTION_BOOL = 0,
    SKM_CONFIG_OPTION_INT,
    SKM_CONFIG_OPTION_SIZE,
    SKM_CONFIG_OPTION_DURATION,
    SKM_CONFIG_OPTION_WORD,
    SKM_CONFIG_OPTION_WORDS,
    SKM_CONFIG_OPTION_MODE,
    SKM_CONFIG_OPTION_TEXT,
    SKM_CONFIG_OPTION_DIR,
    SKM_CONFIG_OPTION_FILE,
    SKM_CONFIG_OPTION_OUT,
    SKM_CONFIG_OPTION_ADDRESS,
    SKM_CONFIG_OPTION_URL,
    SKM_CONFIG_OPTION_HEX,
    SKM_CONFIG_OPTION_LIST,
    SKM_CONFIG_OPTION_MAP,
};

enum skm_config_option_applies {
    SKM_CONFIG_OPTION_RELOAD = 0,
    SKM_CONFIG_OPTION_RESTART,
};

struct skm_config_option {
    const char *name;
    enum skm_config_option_type type;
    const char *fallback; /* the default as YAML; "": none; NULL: must be written */
    int64_t min;
    int64_t max;
    const char *words; /* separated by `|`; NULL unless WORD or WORDS */
    enum skm_config_option_applies applies;
    const char *text; /* description */
    size_t offset;    /* of the field in the section's struct */
};

enum skm_config_section_form {
    SKM_CONFIG_SECTION_ONE = 0,  /* a struct in the parent, always there */
    SKM_CONFIG_SECTION_OPTIONAL, /* a pointer in the parent, perhaps NULL */
    SKM_CONFIG_SECTION_MANY,     /* {items, count} in the parent; items begin with their range */
};

struct skm_config_section;

struct skm_config_section_child {
    const struct skm_config_section *parent;
    const char *name;
    enum skm_config_section_form form;
    size_t offset; /* in the parent's struct */
    const struct skm_config_section *section;
};

struct skm_config_section {
    const char *path; /* "listeners[].tls"; "" for the whole file */
    const char *text;
    size_t size_bytes;
    const struct skm_config_option *options;
    size_t option_count;
};

/* The whole file. */
const struct skm_config_section *skm_config_section_root(void);

/* The section's child after `previous` (NULL: the first), or NULL. */
const struct skm_config_section_child *
skm_config_section_next(const struct skm_config_section *section,
                        const struct skm_config_section_child *previous);

/* The i-th word of "a|b|c"; an empty span past the end. */
skm_span skm_config_option_word(const char *words, size_t index);

/* What a value of this type looks like, for messages: "a duration such as `10s`". */
const char *skm_config_option_expected(enum skm_config_option_type type);
