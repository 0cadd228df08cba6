#include "harness/test.h"

#include "base/rand.h"

static void test_the_kernel_gives_other_bytes_each_time(void **state)
{
    (void)state;
    unsigned char first[32] = {0};
    unsigned char second[32] = {0};
    assert_ok(skm_rand_bytes(first, sizeof first));
    assert_ok(skm_rand_bytes(second, sizeof second));
    assert_memory_not_equal(first, second, sizeof first);
    assert_ok(skm_rand_bytes(NULL, 0));
}

static void test_every_byte_is_filled_and_none_beyond(void **state)
{
    (void)state;
    /* 64 rounds: a byte that stays zero by chance in all of them has odds of 2^-512. */
    unsigned char seen[100] = {0};
    for (int round = 0; round < 64; round++) {
        unsigned char bytes[102] = {0};
        assert_ok(skm_rand_bytes(bytes + 1, 100));
        assert_int_equal(bytes[0], 0);
        assert_int_equal(bytes[101], 0);
        for (size_t i = 0; i < 100; i++) {
            seen[i] |= bytes[i + 1];
        }
    }
    for (size_t i = 0; i < 100; i++) {
        assert_int_not_equal(seen[i], 0);
    }
}

/* Last: from here on the sequence is seeded. */
static void test_a_seed_makes_the_sequence_reproducible(void **state)
{
    (void)state;
    unsigned char first[20];
    unsigned char second[20];
    unsigned char other[20];
    skm_rand_seed_for_tests(42);
    assert_ok(skm_rand_bytes(first, sizeof first));
    skm_rand_seed_for_tests(42);
    assert_ok(skm_rand_bytes(second, sizeof second));
    skm_rand_seed_for_tests(43);
    assert_ok(skm_rand_bytes(other, sizeof other));
    assert_memory_equal(first, second, sizeof first);
    assert_memory_not_equal(first, other, sizeof first);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_the_kernel_gives_other_bytes_each_time),
    cmocka_unit_test(test_every_byte_is_filled_and_none_beyond),
    cmocka_unit_test(test_a_seed_makes_the_sequence_reproducible),
};

SKM_TEST_MAIN(tests)
