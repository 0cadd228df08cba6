#include "harness/test.h"

#include "base/vec.h"

struct pair {
    int a;
    int b;
};

static void test_elements_stay_in_order_while_growing(void **state)
{
    (void)state;
    struct skm_arena arena;
    skm_arena_init(&arena, 1 << 20);
    SKM_VEC(struct pair) pairs = {0};
    for (int i = 0; i < 1000; i++) {
        struct pair *slot = NULL;
        assert_ok(SKM_VEC_PUSH(&arena, &pairs, 1000, &slot));
        assert_int_equal(slot->a, 0);
        assert_int_equal(slot->b, 0);
        *slot = (struct pair){i, -i};
    }
    assert_int_equal(pairs.len, 1000);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(pairs.items[i].a, i);
        assert_int_equal(pairs.items[i].b, -i);
    }
    skm_arena_fini(&arena);
}

static void test_the_maximum_is_reached_and_not_passed(void **state)
{
    (void)state;
    static const size_t MOST[] = {0, 1, 3, 8, 9, 100};
    for (size_t m = 0; m < sizeof MOST / sizeof MOST[0]; m++) {
        struct skm_arena arena;
        skm_arena_init(&arena, 1 << 20);
        SKM_VEC(struct pair) pairs = {0};
        struct pair *slot = NULL;
        for (size_t i = 0; i < MOST[m]; i++) {
            assert_ok(SKM_VEC_PUSH(&arena, &pairs, MOST[m], &slot));
        }
        struct pair *before = slot;
        assert_err(SKM_VEC_PUSH(&arena, &pairs, MOST[m], &slot), COUNT);
        assert_ptr_equal(slot, before);
        assert_int_equal(pairs.len, MOST[m]);
        skm_arena_fini(&arena);
    }
}

static void test_a_reused_slot_is_zeroed(void **state)
{
    (void)state;
    struct skm_arena arena;
    skm_arena_init(&arena, 1 << 20);
    SKM_VEC(struct pair) pairs = {0};
    struct pair *slot = NULL;
    assert_ok(SKM_VEC_PUSH(&arena, &pairs, 8, &slot));
    slot->a = 5;
    pairs.len = 0;
    assert_ok(SKM_VEC_PUSH(&arena, &pairs, 8, &slot));
    assert_int_equal(slot->a, 0);
    skm_arena_fini(&arena);
}

static void test_without_memory_the_vector_is_unchanged(void **state)
{
    (void)state;
    struct skm_arena arena;
    skm_arena_init(&arena, 2000);
    SKM_VEC(struct pair) pairs = {0};
    struct pair *slot = NULL;
    skm_err err = SKM_OK;
    while (skm_is_ok(err)) {
        err = SKM_VEC_PUSH(&arena, &pairs, 1000000, &slot);
        if (skm_is_ok(err)) {
            slot->a = (int)pairs.len;
        }
    }
    assert_err(err, MEMORY);
    for (size_t i = 0; i < pairs.len; i++) {
        assert_int_equal(pairs.items[i].a, i + 1);
    }
    skm_arena_fini(&arena);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_elements_stay_in_order_while_growing),
    cmocka_unit_test(test_the_maximum_is_reached_and_not_passed),
    cmocka_unit_test(test_a_reused_slot_is_zeroed),
    cmocka_unit_test(test_without_memory_the_vector_is_unchanged),
};

SKM_TEST_MAIN(tests)
