#include "cedar/schema_build.h"

#include "base/span.h"

skm_err skm_schema_build_order(struct skm_schema_build *build)
{
    SKM_TRY(skm_graph_build(build->scratch, build->entity_count, build->entity_edges,
                            build->entity_edge_count, &build->entity_graph));
    SKM_TRY(skm_graph_order(build->scratch, &build->entity_graph, &build->entity_order));
    SKM_TRY(skm_graph_build(build->scratch, build->action_count, build->action_edges,
                            build->action_edge_count, &build->action_graph));
    return skm_graph_order(build->scratch, &build->action_graph, &build->action_order);
}

skm_err skm_schema_build_action_cycle(const struct skm_schema_build *build, uint32_t *component,
                                      uint32_t **out_path, size_t *out_len)
{
    const struct skm_graph_order *order = &build->action_order;
    while (*component < order->component_count) {
        uint32_t c = (*component)++;
        if (!skm_graph_is_cyclic(&build->action_graph, order, c)) {
            continue;
        }
        uint32_t first = UINT32_MAX;
        for (uint32_t i = order->starts[c]; i < order->starts[c + 1]; i++) {
            first = order->nodes[i] < first ? order->nodes[i] : first;
        }
        return skm_graph_cycle(build->scratch, &build->action_graph, order, first, out_path,
                               out_len);
    }
    *out_path = NULL;
    *out_len = 0;
    return SKM_OK;
}

/* One list per component, shared by its members. Indexes ascend, so names do. */
static skm_err close_entities(struct skm_schema_build *build)
{
    const struct skm_graph_order *order = &build->entity_order;
    struct skm_graph_reach reach = {0};
    SKM_TRY(skm_graph_reach(build->scratch, &build->entity_graph, order, SKM_SCHEMA_ANCESTORS_MAX,
                            &reach));
    for (uint32_t c = 0; c < order->component_count; c++) {
        skm_span *names = SKM_ARENA_NEW_ARRAY(build->arena, skm_span, reach.counts[c]);
        if (names == NULL) {
            return SKM_ERR(MEMORY);
        }
        for (size_t i = 0; i < reach.counts[c]; i++) {
            names[i] = build->entities[reach.nodes[c][i]].name;
        }
        for (uint32_t i = order->starts[c]; i < order->starts[c + 1]; i++) {
            build->entities[order->nodes[i]].ancestors = names;
            build->entities[order->nodes[i]].ancestor_count = reach.counts[c];
        }
    }
    return SKM_OK;
}

/* What the type `NS::Action` may be in: the types of what its actions are in. Actions are sorted by type first, so one type's
 * actions are neighbours. `seen` has one mark per entity type: the type it was last seen for, plus one. */
static skm_err close_action_type(struct skm_schema_build *build,
                                 const struct skm_graph_reach *reach, size_t from, size_t to,
                                 uint32_t *seen)
{
    uint32_t type = build->action_types[from];
    size_t count = 0;
    for (size_t a = from; a < to; a++) {
        uint32_t c = build->action_order.component[a];
        for (size_t i = 0; i < reach->counts[c]; i++) {
            uint32_t above = build->action_types[reach->nodes[c][i]];
            count += seen[above] != type + 1;
            seen[above] = type + 1;
        }
    }
    skm_span *names = SKM_ARENA_NEW_ARRAY(build->arena, skm_span, count);
    if (names == NULL) {
        return SKM_ERR(MEMORY);
    }
    size_t filled = 0;
    for (size_t e = 0; filled < count && e < build->entity_count; e++) {
        if (seen[e] == type + 1) {
            names[filled++] = build->entities[e].name;
        }
    }
    build->entities[type].ancestors = names;
    build->entities[type].ancestor_count = count;
    return SKM_OK;
}

static skm_err close_action_types(struct skm_schema_build *build,
                                  const struct skm_graph_reach *reach)
{
    uint32_t *seen = SKM_ARENA_NEW_ARRAY(build->scratch, uint32_t, build->entity_count);
    if (seen == NULL) {
        return SKM_ERR(MEMORY);
    }
    size_t from = 0;
    for (size_t to = 1; to <= build->action_count; to++) {
        if (to == build->action_count || build->action_types[to] != build->action_types[from]) {
            SKM_TRY(close_action_type(build, reach, from, to, seen));
            from = to;
        }
    }
    return SKM_OK;
}

static skm_err close_actions(struct skm_schema_build *build)
{
    const struct skm_graph_order *order = &build->action_order;
    struct skm_graph_reach reach = {0};
    SKM_TRY(skm_graph_reach(build->scratch, &build->action_graph, order, SKM_SCHEMA_ANCESTORS_MAX,
                            &reach));
    for (size_t a = 0; a < build->action_count; a++) {
        uint32_t c = order->component[a];
        struct skm_uid *uids = SKM_ARENA_NEW_ARRAY(build->arena, struct skm_uid, reach.counts[c]);
        if (uids == NULL) {
            return SKM_ERR(MEMORY);
        }
        for (size_t i = 0; i < reach.counts[c]; i++) {
            uids[i] = build->actions[reach.nodes[c][i]].uid;
        }
        build->actions[a].ancestors = uids;
        build->actions[a].ancestor_count = reach.counts[c];
    }
    return close_action_types(build, &reach);
}

skm_err skm_schema_build_close(struct skm_schema_build *build)
{
    SKM_TRY(close_entities(build));
    return close_actions(build);
}

const struct skm_schema_entity *skm_schema_build_enum_above(const struct skm_schema_build *build,
                                                            const struct skm_schema_entity *entity)
{
    struct skm_schema view = {.entities = build->entities, .entity_count = build->entity_count};
    for (size_t i = 0; i < entity->ancestor_count; i++) {
        const struct skm_schema_entity *above = skm_schema_find_entity(&view, entity->ancestors[i]);
        if (above != NULL && above->is_enum) {
            return above;
        }
    }
    return NULL;
}

skm_err skm_schema_build_finish(const struct skm_schema_build *build,
                                const struct skm_schema **out_schema)
{
    struct skm_schema *schema = SKM_ARENA_NEW(build->arena, struct skm_schema);
    if (schema == NULL) {
        return SKM_ERR(MEMORY);
    }
    *schema = (struct skm_schema){.entities = build->entities,
                                  .entity_count = build->entity_count,
                                  .actions = build->actions,
                                  .action_count = build->action_count};
    for (size_t i = 0; i < build->entity_count; i++) {
        schema->is_partial = schema->is_partial || build->entities[i].is_external;
    }
    for (size_t i = 0; i < build->action_count; i++) {
        schema->is_partial = schema->is_partial || build->actions[i].is_external;
    }
    *out_schema = schema;
    return SKM_OK;
}
