/* YAML read strictly into a small tree with positions: for files that people write by hand.
 *
 * Taken: one document of mappings, sequences and scalars, in block or flow style, comments, quoted and literal text.
 * Refused, each with a message at its place: anchors and aliases (a few lines of them can stand for gigabytes), tags, a
 * second document, keys that are not scalars, duplicate keys, and whatever passes the bounds. What a plain scalar means
 * (number, truth value, text) is for the reader of the tree, which knows what is expected.
 *
 * Memory: the tree lives in the arena; texts are copies. Threads: one arena, one thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"

enum skm_yaml_kind {
    SKM_YAML_SCALAR = 0,
    SKM_YAML_SEQUENCE,
    SKM_YAML_MAPPING,
};

struct skm_yaml_node {
    enum skm_yaml_kind kind;
    bool plain;             /* a scalar without quotes, not a literal block */
    struct skm_range range; /* in the source */
    skm_span text;          /* SCALAR */
    const struct skm_yaml_node
        *key;                    /* what this node is called in the mapping around it; else NULL */
    struct skm_yaml_node *next;  /* sibling */
    struct skm_yaml_node *first; /* SEQUENCE, MAPPING: children in file order */
    struct skm_yaml_node *last;
    size_t count; /* of children */
};

struct skm_yaml_limits {
    size_t text_bytes;   /* of the file */
    size_t scalar_bytes; /* of one scalar */
    size_t nodes;
    size_t depth; /* at most SKM_YAML_DEPTH_MAX */
};

#define SKM_YAML_DEPTH_MAX 32

/* Bounds that fit a configuration file: 1 MiB, depth 16. */
extern const struct skm_yaml_limits skm_yaml_limits_config;

/* Bounds that fit a registry of resources or networks: 64 MiB. */
extern const struct skm_yaml_limits skm_yaml_limits_registry;

/* An empty text is an empty mapping. SKM_E_INVALID: `diags` has the errors; SKM_E_MEMORY. */
SKM_MUST skm_err skm_yaml_parse(struct skm_arena *arena, const struct skm_source *source,
                                const struct skm_yaml_limits *limits, struct skm_diags *diags,
                                const struct skm_yaml_node **out_root);

/* The child called `key`, or NULL. */
const struct skm_yaml_node *skm_yaml_find(const struct skm_yaml_node *mapping, skm_span key);

/* "text", "a list", "a mapping": what a message says came. */
const char *skm_yaml_kind_name(enum skm_yaml_kind kind);

/* True when this plain word is a truth value or null for some readers of YAML 1.1 (`no`, `on`, `y`, `~`, ...). */
bool skm_yaml_is_ambiguous(skm_span word);
