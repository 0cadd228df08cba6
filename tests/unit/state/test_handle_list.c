#include "harness/test.h"

#include "base/mem.h"
#include "state/handle_list.h"
#include "state/handle_table.h"

/* A small generator with a fixed seed: the tests repeat. */
static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void test_sort_orders_and_drops_repetitions(void **state)
{
    (void)state;
    uint32_t handles[] = {5, 1, 4, 1, 5, 9, 2, 6};
    uint32_t scratch[8];
    assert_int_equal(skm_handle_list_sort(handles, scratch, 8), 6);
    const uint32_t expected[] = {1, 2, 4, 5, 6, 9};
    assert_memory_equal(handles, expected, sizeof(expected));
}

static void test_sort_of_nothing_is_nothing(void **state)
{
    (void)state;
    assert_int_equal(skm_handle_list_sort(NULL, NULL, 0), 0);
}

static void test_sort_agrees_with_a_table_of_bits(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (uint32_t round = 0; round < 300; round++) {
        uint32_t handles[200];
        uint32_t scratch[200];
        bool there[64] = {false};
        uint32_t count = next_random(&seed) % 200;
        for (uint32_t i = 0; i < count; i++) {
            handles[i] = next_random(&seed) % 64;
            there[handles[i]] = true;
        }
        uint32_t kept = skm_handle_list_sort(handles, scratch, count);
        uint32_t at = 0;
        for (uint32_t value = 0; value < 64; value++) {
            if (there[value]) {
                assert_int_equal(handles[at++], value);
            }
            assert_int_equal(skm_handle_list_has(handles, kept, value), there[value]);
        }
        assert_int_equal(at, kept);
    }
}

static void test_pool_keeps_copies_apart(void **state)
{
    (void)state;
    struct skm_arena arena;
    skm_arena_init(&arena, 1u << 20);
    struct skm_handle_pool pool = {.arena = &arena};
    const uint32_t *copies[400];
    for (uint32_t i = 0; i < 400; i++) {
        uint32_t list[3] = {i, i + 1, i + 2};
        assert_ok(skm_handle_pool_dup(&pool, list, 3, &copies[i]));
    }
    for (uint32_t i = 0; i < 400; i++) {
        assert_int_equal(copies[i][0], i);
        assert_int_equal(copies[i][2], i + 2);
    }
    skm_arena_fini(&arena);
}

static void test_table_yields_all_handles_of_a_hash_and_no_others(void **state)
{
    (void)state;
    struct skm_handle_table table = {0};
    for (uint32_t i = 0; i < 3000; i++) {
        assert_ok(skm_handle_table_put(&table, i % 1000, i));
    }
    for (uint32_t hash = 0; hash < 1100; hash++) {
        uint32_t cursor = hash;
        uint32_t handle = 0;
        uint32_t found = 0;
        while (skm_handle_table_next(&table, hash, &cursor, &handle)) {
            assert_int_equal(handle % 1000, hash);
            found++;
        }
        assert_int_equal(found, hash < 1000 ? 3 : 0);
    }
    skm_handle_table_fini(&table);
}

static void test_table_without_memory_refuses(void **state)
{
    (void)state;
    struct skm_handle_table table = {0};
    skm_mem_fail_after(0);
    assert_err(skm_handle_table_put(&table, 1, 1), MEMORY);
    skm_mem_fail_after(SIZE_MAX);
    assert_ok(skm_handle_table_put(&table, 1, 1));
    skm_handle_table_fini(&table);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_sort_orders_and_drops_repetitions),
    cmocka_unit_test(test_sort_of_nothing_is_nothing),
    cmocka_unit_test(test_sort_agrees_with_a_table_of_bits),
    cmocka_unit_test(test_pool_keeps_copies_apart),
    cmocka_unit_test(test_table_yields_all_handles_of_a_hash_and_no_others),
    cmocka_unit_test(test_table_without_memory_refuses),
};

SKM_TEST_MAIN(tests)
