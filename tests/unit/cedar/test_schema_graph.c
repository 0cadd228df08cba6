#include "harness/test.h"

#include "base/mem.h"
#include "cedar/schema_graph.h"

#define NODES_MAX 24

struct world {
    struct skm_arena arena;
    struct skm_graph graph;
    struct skm_graph_order order;
    struct skm_graph_reach reach;
};

static void build(struct world *world, size_t nodes, const struct skm_graph_edge *edges,
                  size_t edge_count)
{
    skm_arena_init(&world->arena, 1u << 24);
    assert_ok(skm_graph_build(&world->arena, nodes, edges, edge_count, &world->graph));
    assert_ok(skm_graph_order(&world->arena, &world->graph, &world->order));
    assert_ok(
        skm_graph_reach(&world->arena, &world->graph, &world->order, 1u << 20, &world->reach));
}

/* Warshall's closure: the plain way, to compare with. */
static void close_plainly(bool reach[NODES_MAX][NODES_MAX], size_t nodes)
{
    for (size_t k = 0; k < nodes; k++) {
        for (size_t i = 0; i < nodes; i++) {
            for (size_t j = 0; reach[i][k] && j < nodes; j++) {
                reach[i][j] = reach[i][j] || reach[k][j];
            }
        }
    }
}

static bool lists(const struct world *world, uint32_t from, uint32_t to)
{
    uint32_t c = world->order.component[from];
    bool found = false;
    for (size_t i = 0; i < world->reach.counts[c]; i++) {
        assert_true(i == 0 || world->reach.nodes[c][i - 1] < world->reach.nodes[c][i]);
        found = found || world->reach.nodes[c][i] == to;
    }
    return found;
}

/* A path is a cycle when each step is an edge and the last leads back. */
static void check_cycle(struct world *world, bool edge[NODES_MAX][NODES_MAX], uint32_t node)
{
    uint32_t *path = NULL;
    size_t len = 0;
    assert_ok(skm_graph_cycle(&world->arena, &world->graph, &world->order, node, &path, &len));
    assert_true(len >= 1);
    assert_int_equal(path[0], node);
    for (size_t i = 0; i < len; i++) {
        assert_true(edge[path[i]][path[(i + 1) % len]]);
    }
}

static void test_closure_of_random_graphs_is_as_the_plain_one(void **state)
{
    (void)state;
    uint32_t seed = 12345;
    for (int round = 0; round < 2000; round++) {
        static bool edge[NODES_MAX][NODES_MAX];
        static bool plain[NODES_MAX][NODES_MAX];
        struct skm_graph_edge edges[64];
        struct world world;
        memset(edge, 0, sizeof(edge));
        size_t nodes = 1 + (size_t)round % NODES_MAX;
        size_t edge_count = (size_t)round % 60;
        for (size_t i = 0; i < edge_count; i++) {
            seed = seed * 1664525u + 1013904223u;
            edges[i] = (struct skm_graph_edge){(seed >> 8) % (uint32_t)nodes,
                                               (seed >> 20) % (uint32_t)nodes};
            edge[edges[i].from][edges[i].to] = true;
        }
        memcpy(plain, edge, sizeof(plain));
        close_plainly(plain, nodes);
        build(&world, nodes, edges, edge_count);
        for (uint32_t i = 0; i < nodes; i++) {
            bool cyclic = skm_graph_is_cyclic(&world.graph, &world.order, world.order.component[i]);
            assert_true(cyclic == plain[i][i]);
            if (cyclic) {
                check_cycle(&world, edge, i);
            }
            for (uint32_t j = 0; j < nodes; j++) {
                assert_true(lists(&world, i, j) == plain[i][j]);
                assert_true(!edge[i][j] || world.order.component[j] <= world.order.component[i]);
            }
        }
        skm_arena_fini(&world.arena);
    }
}

static void test_shortest_cycle_is_shown(void **state)
{
    (void)state;
    static const struct skm_graph_edge EDGES[] = {{0, 1}, {1, 2}, {2, 3}, {3, 0}, {1, 0}, {4, 0}};
    struct world world;
    uint32_t *path = NULL;
    size_t len = 0;
    build(&world, 5, EDGES, 6);
    assert_ok(skm_graph_cycle(&world.arena, &world.graph, &world.order, 0, &path, &len));
    assert_int_equal(len, 2);
    assert_ok(skm_graph_cycle(&world.arena, &world.graph, &world.order, 2, &path, &len));
    assert_int_equal(len, 4);
    assert_false(skm_graph_is_cyclic(&world.graph, &world.order, world.order.component[4]));
    skm_arena_fini(&world.arena);
}

static void test_a_chain_of_100000_costs_no_stack(void **state)
{
    (void)state;
    size_t n = 100000;
    struct skm_arena arena;
    struct skm_graph graph;
    struct skm_graph_order order;
    skm_arena_init(&arena, 1u << 26);
    struct skm_graph_edge *edges = skm_mem_alloc_array(n, sizeof(*edges));
    assert_non_null(edges);
    for (uint32_t i = 1; i < n; i++) {
        edges[i - 1] = (struct skm_graph_edge){i - 1, i};
    }
    assert_ok(skm_graph_build(&arena, n, edges, n - 1, &graph));
    assert_ok(skm_graph_order(&arena, &graph, &order));
    assert_int_equal(order.component_count, n);
    assert_int_equal(order.component[0], n - 1);
    skm_mem_free(edges);
    skm_arena_fini(&arena);
}

static void test_size_of_the_closure_is_bounded(void **state)
{
    (void)state;
    static const struct skm_graph_edge EDGES[] = {{0, 1}, {1, 2}, {2, 3}};
    struct world world;
    struct skm_graph_reach reach;
    build(&world, 4, EDGES, 3);
    assert_ok(skm_graph_reach(&world.arena, &world.graph, &world.order, 6, &reach));
    assert_err(skm_graph_reach(&world.arena, &world.graph, &world.order, 5, &reach), COUNT);
    skm_arena_fini(&world.arena);
}

static void test_empty_graph(void **state)
{
    (void)state;
    struct world world;
    build(&world, 0, NULL, 0);
    assert_int_equal(world.order.component_count, 0);
    skm_arena_fini(&world.arena);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_closure_of_random_graphs_is_as_the_plain_one),
    cmocka_unit_test(test_shortest_cycle_is_shown),
    cmocka_unit_test(test_a_chain_of_100000_costs_no_stack),
    cmocka_unit_test(test_size_of_the_closure_is_bounded),
    cmocka_unit_test(test_empty_graph),
};

SKM_TEST_MAIN(tests)
