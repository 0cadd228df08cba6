#include "cedar/schema_graph.h"

#include <string.h>

#include "base/attr.h"
#include "base/mem.h"

#define UNSEEN UINT32_MAX

skm_err skm_graph_build(struct skm_arena *arena, size_t node_count,
                        const struct skm_graph_edge *edges, size_t edge_count,
                        struct skm_graph *out_graph)
{
    if (node_count >= UINT32_MAX || edge_count >= UINT32_MAX) {
        return SKM_ERR(COUNT);
    }
    uint32_t *first = SKM_ARENA_NEW_ARRAY(arena, uint32_t, node_count + 2);
    uint32_t *targets = SKM_ARENA_NEW_ARRAY(arena, uint32_t, edge_count);
    if (first == NULL || targets == NULL) {
        return SKM_ERR(MEMORY);
    }
    /* Counted two places up, so that filling leaves first[i] at the start of row i. */
    for (size_t i = 0; i < edge_count; i++) {
        first[edges[i].from + 2]++;
    }
    for (size_t i = 2; i < node_count + 2; i++) {
        first[i] += first[i - 1];
    }
    for (size_t i = 0; i < edge_count; i++) {
        targets[first[edges[i].from + 1]++] = edges[i].to;
    }
    *out_graph = (struct skm_graph){(uint32_t)node_count, first, targets};
    return SKM_OK;
}

/* ---- components: Tarjan's algorithm with an explicit stack ---- */

struct walk {
    const struct skm_graph *graph;
    uint32_t *index; /* order of discovery */
    uint32_t *low;
    uint32_t *next;  /* edge to follow next, per node */
    uint32_t *calls; /* the explicit stack */
    uint32_t *open;  /* nodes not yet in a component */
    size_t call_count;
    size_t open_count;
    uint32_t discovered;
    struct skm_graph_order *order;
    uint32_t placed;
};

static void enter(struct walk *walk, uint32_t node)
{
    walk->index[node] = walk->discovered;
    walk->low[node] = walk->discovered++;
    walk->next[node] = walk->graph->first[node];
    walk->calls[walk->call_count++] = node;
    walk->open[walk->open_count++] = node;
}

static void close_component(struct walk *walk, uint32_t root)
{
    struct skm_graph_order *order = walk->order;
    uint32_t member = UNSEEN;
    while (member != root) {
        member = walk->open[--walk->open_count];
        order->component[member] = order->component_count;
        order->nodes[walk->placed++] = member;
    }
    order->starts[++order->component_count] = walk->placed;
}

static void follow(struct walk *walk, uint32_t node)
{
    uint32_t target = walk->graph->targets[walk->next[node]++];
    if (walk->index[target] == UNSEEN) {
        enter(walk, target);
    } else if (walk->order->component[target] == UNSEEN && walk->index[target] < walk->low[node]) {
        walk->low[node] = walk->index[target];
    }
}

static void leave(struct walk *walk, uint32_t node)
{
    walk->call_count--;
    if (walk->low[node] == walk->index[node]) {
        close_component(walk, node);
    }
    if (walk->call_count > 0) {
        uint32_t caller = walk->calls[walk->call_count - 1];
        if (walk->low[node] < walk->low[caller]) {
            walk->low[caller] = walk->low[node];
        }
    }
}

static void walk_from(struct walk *walk, uint32_t start)
{
    enter(walk, start);
    while (walk->call_count > 0) {
        uint32_t node = walk->calls[walk->call_count - 1];
        if (walk->next[node] < walk->graph->first[node + 1]) {
            follow(walk, node);
        } else {
            leave(walk, node);
        }
    }
}

skm_err skm_graph_order(struct skm_arena *arena, const struct skm_graph *graph,
                        struct skm_graph_order *out_order)
{
    size_t n = graph->node_count;
    struct skm_graph_order order = {0};
    uint32_t *block = SKM_ARENA_NEW_ARRAY(arena, uint32_t, n * 5 + 1);
    order.component = SKM_ARENA_NEW_ARRAY(arena, uint32_t, n);
    order.nodes = SKM_ARENA_NEW_ARRAY(arena, uint32_t, n);
    order.starts = SKM_ARENA_NEW_ARRAY(arena, uint32_t, n + 1);
    if (block == NULL || order.component == NULL || order.nodes == NULL || order.starts == NULL) {
        return SKM_ERR(MEMORY);
    }
    struct walk walk = {.graph = graph,
                        .index = block,
                        .low = block + n,
                        .next = block + 2 * n,
                        .calls = block + 3 * n,
                        .open = block + 4 * n,
                        .order = &order};
    for (size_t i = 0; i < n; i++) {
        walk.index[i] = UNSEEN;
        order.component[i] = UNSEEN;
    }
    for (uint32_t node = 0; node < n; node++) {
        if (walk.index[node] == UNSEEN) {
            walk_from(&walk, node);
        }
    }
    *out_order = order;
    return SKM_OK;
}

bool skm_graph_is_cyclic(const struct skm_graph *graph, const struct skm_graph_order *order,
                         uint32_t component)
{
    uint32_t start = order->starts[component];
    if (order->starts[component + 1] - start > 1) {
        return true;
    }
    uint32_t node = order->nodes[start];
    for (uint32_t e = graph->first[node]; e < graph->first[node + 1]; e++) {
        if (graph->targets[e] == node) {
            return true;
        }
    }
    return false;
}

/* Breadth first from `node` inside its component until an edge leads back to it; yields the last node of the cycle. */
static uint32_t search_back(const struct skm_graph *graph, const struct skm_graph_order *order,
                            uint32_t node, uint32_t *came_from, uint32_t *queue)
{
    size_t head = 0;
    size_t tail = 0;
    queue[tail++] = node;
    while (head < tail) {
        uint32_t at = queue[head++];
        for (uint32_t e = graph->first[at]; e < graph->first[at + 1]; e++) {
            uint32_t target = graph->targets[e];
            if (target == node) {
                return at;
            }
            if (order->component[target] == order->component[node] && came_from[target] == UNSEEN) {
                came_from[target] = at;
                queue[tail++] = target;
            }
        }
    }
    return UNSEEN;
}

skm_err skm_graph_cycle(struct skm_arena *arena, const struct skm_graph *graph,
                        const struct skm_graph_order *order, uint32_t node, uint32_t **out_path,
                        size_t *out_len)
{
    uint32_t *came_from = SKM_ARENA_NEW_ARRAY(arena, uint32_t, graph->node_count);
    uint32_t *queue = SKM_ARENA_NEW_ARRAY(arena, uint32_t, graph->node_count);
    if (came_from == NULL || queue == NULL) {
        return SKM_ERR(MEMORY);
    }
    memset(came_from, 0xff, graph->node_count * sizeof(*came_from));
    uint32_t last = search_back(graph, order, node, came_from, queue);
    if (last == UNSEEN) {
        return SKM_ERR(INTERNAL);
    }
    size_t len = 1;
    for (uint32_t at = last; at != node; at = came_from[at]) {
        len++;
    }
    /* The queue has done its work: its memory takes the path. */
    uint32_t at = last;
    for (size_t i = len; i > 1; i--) {
        queue[i - 1] = at;
        at = came_from[at];
    }
    queue[0] = node;
    *out_path = queue;
    *out_len = len;
    return SKM_OK;
}

/* ---- transitive closure: one row of bits per component, filled in reverse topological order ---- */

struct closure {
    const struct skm_graph *graph;
    const struct skm_graph_order *order;
    size_t words;
    uint64_t **rows; /* per component; NULL reaches nothing; owned */
};

static void closure_fini(struct closure *closure)
{
    for (size_t c = 0; closure->rows != NULL && c < closure->order->component_count; c++) {
        skm_mem_free(closure->rows[c]);
    }
    skm_mem_free(closure->rows);
}

static void set_bit(uint64_t *row, uint32_t bit)
{
    row[bit / 64] |= UINT64_C(1) << (bit % 64);
}

static bool has_bit(const uint64_t *row, uint32_t bit)
{
    return (row[bit / 64] >> (bit % 64) & 1) != 0;
}

static void add_component(struct closure *closure, uint64_t *row, uint32_t component)
{
    const struct skm_graph_order *order = closure->order;
    for (uint32_t i = order->starts[component]; i < order->starts[component + 1]; i++) {
        set_bit(row, order->nodes[i]);
    }
    const uint64_t *reached = closure->rows[component];
    for (size_t w = 0; reached != NULL && w < closure->words; w++) {
        row[w] |= reached[w];
    }
}

static void add_edges(struct closure *closure, uint64_t *row, uint32_t component, uint32_t node)
{
    const struct skm_graph *graph = closure->graph;
    for (uint32_t e = graph->first[node]; e < graph->first[node + 1]; e++) {
        uint32_t target = graph->targets[e];
        uint32_t other = closure->order->component[target];
        /* A node already reached brought everything it reaches with it. */
        if (other != component && !has_bit(row, target)) {
            add_component(closure, row, other);
        }
    }
}

static skm_err close_row(struct closure *closure, uint32_t component)
{
    const struct skm_graph_order *order = closure->order;
    uint32_t start = order->starts[component];
    uint32_t end = order->starts[component + 1];
    bool cyclic = skm_graph_is_cyclic(closure->graph, order, component);
    uint32_t only = order->nodes[start];
    if (!cyclic && closure->graph->first[only] == closure->graph->first[only + 1]) {
        return SKM_OK;
    }
    uint64_t *row = skm_mem_alloc_array(closure->words, sizeof(*row));
    if (row == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (uint32_t i = start; i < end; i++) {
        add_edges(closure, row, component, order->nodes[i]);
    }
    for (uint32_t i = start; cyclic && i < end; i++) {
        set_bit(row, order->nodes[i]);
    }
    closure->rows[component] = row;
    return SKM_OK;
}

static size_t count_bits(const uint64_t *row, size_t words)
{
    size_t count = 0;
    for (size_t w = 0; w < words; w++) {
        count += (size_t)__builtin_popcountll(row[w]);
    }
    return count;
}

static skm_err list_row(struct skm_arena *arena, const struct closure *closure, uint32_t component,
                        size_t *budget, struct skm_graph_reach *reach)
{
    const uint64_t *row = closure->rows[component];
    if (row == NULL) {
        return SKM_OK;
    }
    size_t count = count_bits(row, closure->words);
    if (count > *budget) {
        return SKM_ERR(COUNT);
    }
    *budget -= count;
    uint32_t *nodes = SKM_ARENA_NEW_ARRAY(arena, uint32_t, count);
    if (nodes == NULL) {
        return SKM_ERR(MEMORY);
    }
    size_t filled = 0;
    for (size_t w = 0; w < closure->words; w++) {
        for (uint64_t rest = row[w]; rest != 0; rest &= rest - 1) {
            nodes[filled++] = (uint32_t)(w * 64 + (size_t)__builtin_ctzll(rest));
        }
    }
    reach->nodes[component] = nodes;
    reach->counts[component] = count;
    return SKM_OK;
}

skm_err skm_graph_reach(struct skm_arena *arena, const struct skm_graph *graph,
                        const struct skm_graph_order *order, size_t max,
                        struct skm_graph_reach *out_reach)
{
    size_t n = order->component_count;
    struct skm_graph_reach reach = {SKM_ARENA_NEW_ARRAY(arena, uint32_t *, n),
                                    SKM_ARENA_NEW_ARRAY(arena, size_t, n)};
    if (reach.nodes == NULL || reach.counts == NULL) {
        return SKM_ERR(MEMORY);
    }
    SKM_CLEANUP(closure_fini)
    struct closure closure = {graph, order, ((size_t)graph->node_count + 63) / 64, NULL};
    closure.rows = skm_mem_alloc_array(n, sizeof(*closure.rows));
    if (closure.rows == NULL && n > 0) {
        return SKM_ERR(MEMORY);
    }
    for (uint32_t c = 0; c < n; c++) {
        SKM_TRY(close_row(&closure, c));
    }
    size_t budget = max;
    for (uint32_t c = 0; c < n; c++) {
        SKM_TRY(list_row(arena, &closure, c, &budget, &reach));
    }
    *out_reach = reach;
    return SKM_OK;
}
