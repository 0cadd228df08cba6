/* From resolved items to struct skm_schema: hierarchies checked and closed, tables sorted. Part of the resolver and of
 * the linker, which describe their types and actions to it in the same way. */
#pragma once

#include "base/diag.h"
#include "cedar/schema.h"
#include "cedar/schema_graph.h"

/* Sum of all ancestor lists of a schema, entity types and actions apart. */
#define SKM_SCHEMA_ANCESTORS_MAX (UINT32_C(1) << 21)

/* Tables and hierarchies. Edges lead from child to parent, as indexes into the sorted tables. `ancestors` of the rows are
 * filled in by skm_schema_build_close(). */
struct skm_schema_build {
    struct skm_arena *arena;
    struct skm_arena *scratch;
    struct skm_schema_entity *entities; /* sorted by name */
    size_t entity_count;
    struct skm_schema_action *actions; /* sorted by uid */
    size_t action_count;
    const uint32_t *action_types; /* per action: the index of its type in entities */
    const struct skm_graph_edge *entity_edges;
    size_t entity_edge_count;
    const struct skm_graph_edge *action_edges;
    size_t action_edge_count;
    struct skm_graph entity_graph; /* from here on: by skm_schema_build_order() */
    struct skm_graph_order entity_order;
    struct skm_graph action_graph;
    struct skm_graph_order action_order;
};

/* Orders both hierarchies. SKM_E_MEMORY. */
SKM_MUST skm_err skm_schema_build_order(struct skm_schema_build *build);

/* The cycles of the action hierarchy, which must have none: each by one of its actions (the first in the table), as a path of
 * indexes. `*component` starts at 0 and is moved on; *out_path NULL: no more. */
SKM_MUST skm_err skm_schema_build_action_cycle(const struct skm_schema_build *build,
                                               uint32_t *component, uint32_t **out_path,
                                               size_t *out_len);

/* Fills in all ancestors. SKM_E_COUNT past SKM_SCHEMA_ANCESTORS_MAX, SKM_E_MEMORY. */
SKM_MUST skm_err skm_schema_build_close(struct skm_schema_build *build);

/* The first enum type among the ancestors of an external type: not allowed (RFC 116). NULL: none. After close. */
const struct skm_schema_entity *skm_schema_build_enum_above(const struct skm_schema_build *build,
                                                            const struct skm_schema_entity *entity);

/* The schema; the tables are its own from now on. */
SKM_MUST skm_err skm_schema_build_finish(const struct skm_schema_build *build,
                                         const struct skm_schema **out_schema);
