/* Directed graphs over 0..n-1: strongly connected components, cycles with their path, transitive closure. The hierarchies of
 * entity types, actions and common types are such graphs.
 *
 * All of it is iterative: a chain of ten thousand declarations costs no stack. Memory: the arena given (scratch).
 * Threads: one thread at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct skm_graph_edge {
    uint32_t from;
    uint32_t to;
};

/* Edges in compressed rows: targets of node i are targets[first[i]] up to targets[first[i + 1]]. */
struct skm_graph {
    uint32_t node_count;
    uint32_t *first; /* node_count + 1 of them */
    uint32_t *targets;
};

/* Components in reverse topological order: every edge leads from a component to one with the same or a lower number. */
struct skm_graph_order {
    uint32_t *component; /* of each node */
    uint32_t *nodes;     /* all nodes, component by component */
    uint32_t *starts;    /* component c is nodes[starts[c]] up to nodes[starts[c + 1]] */
    uint32_t component_count;
};

/* SKM_E_MEMORY. Edges may repeat and may lead to their own node. */
SKM_MUST skm_err skm_graph_build(struct skm_arena *arena, size_t node_count,
                                 const struct skm_graph_edge *edges, size_t edge_count,
                                 struct skm_graph *out_graph);

SKM_MUST skm_err skm_graph_order(struct skm_arena *arena, const struct skm_graph *graph,
                                 struct skm_graph_order *out_order);

/* True when the nodes of the component lie on a cycle (more than one node, or an edge to itself). */
bool skm_graph_is_cyclic(const struct skm_graph *graph, const struct skm_graph_order *order,
                         uint32_t component);

/* A shortest cycle through `node`, starting with it, without repeating it at the end. `node` must lie in a cyclic component. */
SKM_MUST skm_err skm_graph_cycle(struct skm_arena *arena, const struct skm_graph *graph,
                                 const struct skm_graph_order *order, uint32_t node,
                                 uint32_t **out_path, size_t *out_len);

/* What each component reaches: one list per component, ascending, without repeats; its own nodes only when cyclic. */
struct skm_graph_reach {
    uint32_t **nodes; /* per component; NULL when empty */
    size_t *counts;
};

/* `max` bounds the sum of the lists (SKM_E_COUNT). Cost: components that reach something * nodes / 64, per edge. */
SKM_MUST skm_err skm_graph_reach(struct skm_arena *arena, const struct skm_graph *graph,
                                 const struct skm_graph_order *order, size_t max,
                                 struct skm_graph_reach *out_reach);
