#include "harness/test.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/span.h"
#include "harness/prng.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define HAS_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define HAS_POISON 1
#endif
#endif

static void test_allocations_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    struct skm_arena arena;
    skm_arena_init(&arena, 1 << 24);
    struct skm_prng prng = {1};
    unsigned char *blocks[500];
    size_t sizes[500];
    for (size_t i = 0; i < 500; i++) {
        sizes[i] = skm_prng_once_in(&prng, 50) ? skm_prng_below(&prng, 100000)
                                               : skm_prng_below(&prng, 200);
        blocks[i] = skm_arena_alloc(&arena, sizes[i]);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        for (size_t k = 0; k < sizes[i]; k++) {
            assert_int_equal(blocks[i][k], 0);
        }
        if (sizes[i] != 0) {
            memset(blocks[i], (int)(i % 251) + 1, sizes[i]);
        }
    }
    for (size_t i = 0; i < 500; i++) {
        for (size_t k = 0; k < sizes[i]; k++) {
            assert_int_equal(blocks[i][k], i % 251 + 1);
        }
    }
    skm_arena_fini(&arena);
}

static void test_memory_is_zeroed_again_after_reset(void **state)
{
    (void)state;
    struct skm_arena arena;
    skm_arena_init(&arena, 1 << 20);
    memset(skm_arena_alloc(&arena, 1000), 0xff, 1000);
    skm_arena_reset(&arena);
    const unsigned char *again = skm_arena_alloc(&arena, 1000);
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(again[i], 0);
    }
    skm_arena_fini(&arena);
}

static void test_nothing_is_taken_before_the_first_use(void **state)
{
    (void)state;
    struct skm_arena arena;
    skm_mem_fail_after(0);
    skm_arena_init(&arena, 1 << 20);
    skm_arena_reset(&arena);
    assert_null(skm_arena_alloc(&arena, 1));
    skm_mem_fail_after(SIZE_MAX);
    assert_non_null(skm_arena_alloc(&arena, 0));
    skm_arena_fini(&arena);
    skm_arena_fini(NULL);
}

static void test_the_quota_bounds_what_the_heap_gives(void **state)
{
    (void)state;
    static const size_t QUOTAS[] = {0, 1, 64, 100, 4096, 5000, 70000, 3000000};
    for (size_t q = 0; q < sizeof QUOTAS / sizeof QUOTAS[0]; q++) {
        struct skm_arena arena;
        skm_arena_init(&arena, QUOTAS[q]);
        size_t handed = 0;
        while (skm_arena_alloc(&arena, 48) != NULL) {
            handed += 48;
            assert_true(arena.taken_bytes <= QUOTAS[q]);
        }
        assert_true(handed <= QUOTAS[q]);
        /* Headers and the sanitizer's gaps take their share, no more. */
        assert_true(QUOTAS[q] < 200 || handed >= QUOTAS[q] / 2);
        skm_arena_fini(&arena);
        assert_int_equal(arena.taken_bytes, 0);
    }
}

static void test_a_block_past_the_quota_is_refused_and_a_smaller_one_is_not(void **state)
{
    (void)state;
    struct skm_arena arena;
    skm_arena_init(&arena, 100000);
    assert_null(skm_arena_alloc(&arena, 100000));
    assert_null(skm_arena_alloc(&arena, SIZE_MAX));
    assert_null(skm_arena_alloc(&arena, SIZE_MAX - 8));
    assert_null(skm_arena_alloc_text(&arena, SIZE_MAX - 40));
    assert_null(skm_arena_alloc_array(&arena, SIZE_MAX / 2, 4));
    assert_non_null(skm_arena_alloc(&arena, 90000));
    assert_null(skm_arena_alloc(&arena, 90000));
    assert_non_null(skm_arena_alloc(&arena, 1000));
    skm_arena_fini(&arena);
}

static void test_a_large_block_leaves_the_rest_of_the_chunk_in_use(void **state)
{
    (void)state;
    struct skm_arena arena;
    skm_arena_init(&arena, 1 << 24);
    assert_non_null(skm_arena_alloc(&arena, 16));
    assert_non_null(skm_arena_alloc(&arena, 1 << 20));
    size_t taken = arena.taken_bytes;
    assert_non_null(skm_arena_alloc(&arena, 1000));
    assert_int_equal(arena.taken_bytes, taken);
    skm_arena_fini(&arena);
}

static void test_the_second_round_takes_nothing_from_the_heap(void **state)
{
    (void)state;
    struct skm_arena arena;
    skm_arena_init(&arena, 1 << 24);
    for (size_t i = 0; i < 300; i++) {
        assert_non_null(skm_arena_alloc(&arena, 300));
    }
    skm_arena_reset(&arena);
    assert_int_equal(arena.used_bytes, 0);
    skm_mem_fail_after(0);
    for (size_t i = 0; i < 150; i++) {
        assert_non_null(skm_arena_alloc(&arena, 300));
    }
    skm_mem_fail_after(SIZE_MAX);
    skm_arena_fini(&arena);
}

static void test_copies_and_formatted_text(void **state)
{
    (void)state;
    struct skm_arena arena;
    skm_arena_init(&arena, 1 << 20);
    skm_span copy = {0};
    assert_ok(skm_arena_dup(&arena, SKM_SPAN("a\0b"), &copy));
    assert_span_equal(copy, SKM_SPAN("a\0b"));
    assert_ok(skm_arena_dup(&arena, (skm_span){NULL, 0}, &copy));
    assert_int_equal(copy.len, 0);
    assert_non_null(copy.ptr);
    skm_span text = {0};
    assert_ok(skm_arena_printf(&arena, &text, "%d-%s", 7, "x"));
    assert_span_equal(text, SKM_SPAN("7-x"));
    assert_int_equal(text.ptr[text.len], 0);
    for (int width = 250; width < 260; width++) {
        assert_ok(skm_arena_printf(&arena, &text, "%*d", width, 1));
        assert_int_equal(text.len, width);
        assert_int_equal(text.ptr[width - 1], '1');
        assert_int_equal(text.ptr[width], 0);
    }
    skm_arena_fini(&arena);
}

static void test_without_memory_the_output_is_untouched(void **state)
{
    (void)state;
    struct skm_arena arena;
    skm_arena_init(&arena, 10);
    skm_span out = SKM_SPAN("before");
    assert_err(skm_arena_dup(&arena, SKM_SPAN("12345678901"), &out), MEMORY);
    assert_err(skm_arena_printf(&arena, &out, "%s", "text"), MEMORY);
    assert_span_equal(out, SKM_SPAN("before"));
    skm_arena_fini(&arena);
}

#ifdef HAS_POISON
static void test_overruns_and_uses_after_reset_are_poisoned(void **state)
{
    (void)state;
    struct skm_arena arena;
    skm_arena_init(&arena, 1 << 20);
    char *text = skm_arena_alloc_text(&arena, 13);
    char *next = skm_arena_alloc_text(&arena, 5);
    assert_false(__asan_address_is_poisoned(text + 12));
    assert_true(__asan_address_is_poisoned(text + 13));
    assert_true(__asan_address_is_poisoned(next + 5));
    skm_arena_reset(&arena);
    assert_true(__asan_address_is_poisoned(text));
    skm_arena_fini(&arena);
}
#endif

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_allocations_are_zeroed_aligned_and_apart),
    cmocka_unit_test(test_memory_is_zeroed_again_after_reset),
    cmocka_unit_test(test_nothing_is_taken_before_the_first_use),
    cmocka_unit_test(test_the_quota_bounds_what_the_heap_gives),
    cmocka_unit_test(test_a_block_past_the_quota_is_refused_and_a_smaller_one_is_not),
    cmocka_unit_test(test_a_large_block_leaves_the_rest_of_the_chunk_in_use),
    cmocka_unit_test(test_the_second_round_takes_nothing_from_the_heap),
    cmocka_unit_test(test_copies_and_formatted_text),
    cmocka_unit_test(test_without_memory_the_output_is_untouched),
#ifdef HAS_POISON
    cmocka_unit_test(test_overruns_and_uses_after_reset_are_poisoned),
#endif
};

SKM_TEST_MAIN(tests)
