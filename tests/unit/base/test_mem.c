#include "harness/test.h"

#include "base/attr.h"
#include "base/mem.h"

static void test_memory_comes_zeroed(void **state)
{
    (void)state;
    SKM_CLEANUP(skm_mem_free_ptr) unsigned char *block = skm_mem_alloc(100);
    assert_non_null(block);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(block[i], 0);
    }
}

static void test_nothing_and_overflow_yield_null(void **state)
{
    (void)state;
    assert_null(skm_mem_alloc(0));
    assert_null(skm_mem_alloc_array(0, 8));
    assert_null(skm_mem_alloc_array(8, 0));
    assert_null(skm_mem_alloc_array(SIZE_MAX / 4, 8));
}

static void test_the_chosen_allocation_and_all_later_ones_fail(void **state)
{
    (void)state;
    skm_mem_fail_after(2);
    SKM_CLEANUP(skm_mem_free_ptr) char *first = skm_mem_alloc(1);
    SKM_CLEANUP(skm_mem_free_ptr) char *second = skm_mem_alloc(1);
    assert_non_null(first);
    assert_non_null(second);
    assert_null(skm_mem_alloc(1));
    assert_null(skm_mem_alloc_array(1, 1));
    assert_null(skm_mem_realloc(NULL, 1));
    assert_null(skm_mem_dup_span(SKM_SPAN("x")));
    skm_mem_fail_after(SIZE_MAX);
    SKM_CLEANUP(skm_mem_free_ptr) char *third = skm_mem_alloc(1);
    assert_non_null(third);
}

static void test_a_failed_realloc_leaves_the_block(void **state)
{
    (void)state;
    SKM_CLEANUP(skm_mem_free_ptr) char *block = skm_mem_dup_span(SKM_SPAN("keep"));
    assert_non_null(block);
    skm_mem_fail_after(0);
    assert_null(skm_mem_realloc(block, 1000));
    skm_mem_fail_after(SIZE_MAX);
    assert_string_equal(block, "keep");
}

static void test_a_copy_ends_with_nul(void **state)
{
    (void)state;
    SKM_CLEANUP(skm_mem_free_ptr) char *copy = skm_mem_dup_span((skm_span){"abcdef", 3});
    assert_string_equal(copy, "abc");
    SKM_CLEANUP(skm_mem_free_ptr) char *empty = skm_mem_dup_span((skm_span){NULL, 0});
    assert_string_equal(empty, "");
}

static char *make_and_hand_on(void)
{
    SKM_CLEANUP(skm_mem_free_ptr) char *block = skm_mem_dup_span(SKM_SPAN("handed on"));
    return SKM_TAKE(block);
}

static void test_a_taken_pointer_survives_its_scope(void **state)
{
    (void)state;
    SKM_CLEANUP(skm_mem_free_ptr) char *block = make_and_hand_on();
    assert_string_equal(block, "handed on");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_memory_comes_zeroed),
    cmocka_unit_test(test_nothing_and_overflow_yield_null),
    cmocka_unit_test(test_the_chosen_allocation_and_all_later_ones_fail),
    cmocka_unit_test(test_a_failed_realloc_leaves_the_block),
    cmocka_unit_test(test_a_copy_ends_with_nul),
    cmocka_unit_test(test_a_taken_pointer_survives_its_scope),
};

SKM_TEST_MAIN(tests)
