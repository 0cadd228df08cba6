/* A resolved schema: every name looked up, hierarchies transitively closed (Cedar spec: Validation/Types.lean, Schema).
 *
 * Made by schema_parse.h (Cedar syntax), schema_json.h, schema_resolve.h (several files) or schema_link.h (partial
 * schemas), immutable afterwards: any thread may read. Memory: the arena given to the parser. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/map.h"
#include "cedar/ast.h"
#include "cedar/type.h"

struct skm_schema_entity {
    skm_span name;                /* full name, `NS::User` */
    const struct skm_type *shape; /* RECORD; never NULL */
    const struct skm_type *tags;  /* NULL: no tags */
    const skm_span *ancestors;    /* entity types it may be in, transitive, sorted; itself only when declared so */
    size_t ancestor_count;
    const skm_span *enum_ids; /* listed ids, sorted, unique; NULL unless an enum type */
    size_t enum_count;
    bool is_enum;
    bool is_action;   /* the implicit type `NS::Action` */
    bool is_external; /* declared without definition (RFC 116) */
    const struct skm_annotation *annotations;
    size_t annotation_count;
};

struct skm_schema_action {
    struct skm_uid uid;
    const skm_span *principals; /* entity types, sorted, unique; empty: applies to nothing */
    size_t principal_count;
    const skm_span *resources;
    size_t resource_count;
    const struct skm_type *context;  /* RECORD; never NULL */
    const struct skm_uid *ancestors; /* transitive, sorted by skm_uid_compare */
    size_t ancestor_count;
    bool is_external;
    const struct skm_annotation *annotations;
    size_t annotation_count;
};

struct skm_schema {
    const struct skm_schema_entity *entities; /* sorted by name */
    size_t entity_count;
    const struct skm_schema_action *actions; /* sorted by uid */
    size_t action_count;
    bool is_partial; /* has external declarations: good for data, not for validating policies */
};

/* NULL when not declared. */
const struct skm_schema_entity *skm_schema_find_entity(const struct skm_schema *schema, skm_span name);
const struct skm_schema_action *skm_schema_find_action(const struct skm_schema *schema,
                                                       const struct skm_uid *uid);

/* True when an entity of type `type` may have `ancestor` as a proper ancestor. */
bool skm_schema_may_be_in(const struct skm_schema *schema, skm_span type, skm_span ancestor);

/* The same for a type at hand. */
bool skm_schema_entity_may_be_in(const struct skm_schema_entity *entity, skm_span ancestor);

/* True when `id` is one of the listed ids, or the type is not an enum. */
bool skm_schema_entity_allows_id(const struct skm_schema_entity *entity, skm_span id);
