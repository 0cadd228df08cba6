#include "harness/test.h"

#include "base/hash.h"

/* Key 00 01 … 0f, message 00 01 … n-1. The values were computed by an independent implementation that agrees with the
 * published SipHash-2-4 example and with CPython's byte-string hash. */
static void test_siphash_1_3_yields_known_values(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        uint64_t hash;
    } KNOWN[] = {
        {0, UINT64_C(0xabac0158050fc4dc)},  {1, UINT64_C(0xc9f49bf37d57ca93)},
        {7, UINT64_C(0xd3927d989bb11140)},  {8, UINT64_C(0x369095118d299a8e)},
        {9, UINT64_C(0x25a48eb36c063de4)},  {15, UINT64_C(0xd320d86d2a519956)},
        {63, UINT64_C(0x9d199062b7bbb3a8)},
    };
    char message[64];
    for (size_t i = 0; i < sizeof message; i++) {
        message[i] = (char)i;
    }
    for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++) {
        uint64_t hash = skm_hash_sip13(UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908),
                                       (skm_span){message, KNOWN[i].len});
        assert_true(hash == KNOWN[i].hash);
    }
}

static void test_equal_bytes_hash_equally_and_others_do_not(void **state)
{
    (void)state;
    char copy[] = "principal";
    assert_true(skm_hash_bytes(SKM_SPAN("principal")) == skm_hash_bytes((skm_span){copy, 9}));
    assert_true(skm_hash_bytes(SKM_SPAN("principal")) != skm_hash_bytes(SKM_SPAN("principam")));
    assert_true(skm_hash_bytes(SKM_SPAN("")) != skm_hash_bytes(SKM_SPAN("\0")));
}

static void test_the_process_key_is_not_a_constant(void **state)
{
    (void)state;
    assert_true(skm_hash_bytes(SKM_SPAN("")) != UINT64_C(0xabac0158050fc4dc));
    assert_true(skm_hash_bytes(SKM_SPAN("x")) != skm_hash_sip13(0, 0, SKM_SPAN("x")));
}

static void test_mixing_keeps_the_order_of_parts(void **state)
{
    (void)state;
    assert_true(skm_hash_mix(1, 2) != skm_hash_mix(2, 1));
    assert_true(skm_hash_mix(0, 0) != skm_hash_mix(0, 1));
    assert_true(skm_hash_mix(0, 0) != skm_hash_mix(1, 0));
}

/* Pairs of small numbers, as for interned parts: the low bits, which pick the slot, must spread. */
static void test_mixing_spreads_over_low_bits(void **state)
{
    (void)state;
    unsigned slots[256] = {0};
    for (uint64_t a = 0; a < 64; a++) {
        for (uint64_t b = 0; b < 64; b++) {
            slots[skm_hash_mix(a, b) & 255]++;
        }
    }
    for (size_t i = 0; i < 256; i++) {
        assert_in_range(slots[i], 1, 48); /* 16 expected */
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_siphash_1_3_yields_known_values),
    cmocka_unit_test(test_equal_bytes_hash_equally_and_others_do_not),
    cmocka_unit_test(test_the_process_key_is_not_a_constant),
    cmocka_unit_test(test_mixing_keeps_the_order_of_parts),
    cmocka_unit_test(test_mixing_spreads_over_low_bits),
};

SKM_TEST_MAIN(tests)
