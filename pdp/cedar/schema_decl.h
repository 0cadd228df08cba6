/* Schema declarations as written: what both readers (schema_parse.h, schema_json.h) yield, the resolver reads and the
 * printer writes. Names are not looked up yet, common types and annotations are still there.
 *
 * Memory: arena-owned, immutable once read; texts may point into the source, which then outlives the declarations.
 * INVARIANT: types nest at most SKM_DECL_DEPTH_MAX deep, so recursion over one declaration is bounded.
 * Threads: immutable, any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "cedar/ast.h"

/* Nesting of sets and records inside one declaration: the JSON form of it stays within SKM_JSON_DEPTH_MAX. */
#define SKM_DECL_DEPTH_MAX 60

/* Entity types, common types and actions of one schema, counted apart; parents, attributes and listed ids together. They
 * are far above any schema people write, and keep the hierarchy tables (n^2 bits) in bounds. */
#define SKM_DECL_NAMES_MAX 16384
#define SKM_DECL_PARTS_MAX 1000000

/* A name or path and where it stands. Paths are normalised: `A::B`. */
struct skm_decl_name {
    skm_span text;
    struct skm_range range;
};

struct skm_decl_annotations {
    const struct skm_annotation *items; /* in the order written, keys unique */
    size_t count;
};

enum skm_decl_type_kind {
    SKM_DECL_TYPE_NAME =
        0, /* a common or an entity type: any path in Cedar syntax, JSON `EntityOrCommon` */
    SKM_DECL_TYPE_ENTITY, /* an entity type only: JSON `Entity` */
    SKM_DECL_TYPE_COMMON, /* a common type only: `context: path` in Cedar syntax, `{"type":"Name"}` in JSON */
    SKM_DECL_TYPE_BUILTIN, /* a built-in whatever the schema declares: JSON `Long`, `String`, `Boolean`, `Extension` */
    SKM_DECL_TYPE_SET,
    SKM_DECL_TYPE_RECORD,
};

struct skm_decl_attr;

struct skm_decl_type {
    enum skm_decl_type_kind kind;
    struct skm_range range;
    skm_span name; /* the first four kinds; BUILTIN: without `__cedar::`, `Bool` for booleans */
    const struct skm_decl_type *element; /* SET */
    const struct skm_decl_attr *attrs;   /* RECORD: in the order written; names may repeat */
    size_t attr_count;
};

struct skm_decl_attr {
    struct skm_decl_name name;
    const struct skm_decl_type *type;
    bool required;
    struct skm_decl_annotations annotations;
};

struct skm_decl_common {
    struct skm_decl_name name;
    const struct skm_decl_type *type;
    struct skm_decl_annotations annotations;
};

struct skm_decl_entity {
    struct skm_decl_name name;
    const struct skm_decl_name *parents;
    size_t parent_count;
    const struct skm_decl_type *shape;    /* NULL: no attributes */
    const struct skm_decl_type *tags;     /* NULL: no tags */
    const struct skm_decl_name *enum_ids; /* at least one when is_enum */
    size_t enum_count;
    bool is_enum;
    bool is_external;
    struct skm_decl_annotations annotations;
};

/* A parent action: `view`, or `NS::Action::"view"`. */
struct skm_decl_action_ref {
    skm_span type; /* empty when not written: `Action` */
    skm_span id;
    struct skm_range range;
};

struct skm_decl_action {
    struct skm_decl_name name; /* the id, verbatim */
    const struct skm_decl_action_ref *parents;
    size_t parent_count;
    const struct skm_decl_name
        *principals; /* all three of `appliesTo`; absent, the lists are empty */
    size_t principal_count;
    const struct skm_decl_name *resources;
    size_t resource_count;
    const struct skm_decl_type *context; /* NULL: the empty record */
    bool is_external;
    struct skm_decl_annotations annotations;
};

struct skm_decl_namespace {
    struct skm_decl_name name; /* empty text: the empty namespace */
    struct skm_decl_annotations annotations;
    const struct skm_decl_common *commons;
    size_t common_count;
    const struct skm_decl_entity *entities;
    size_t entity_count;
    const struct skm_decl_action *actions;
    size_t action_count;
};

/* One file. Each namespace should be there once; the resolver says so when not. */
struct skm_decl_schema {
    const struct skm_source *source;
    const struct skm_decl_namespace *namespaces;
    size_t namespace_count;
};
