#include "harness/test.h"

#include "base/span.h"
#include "crypto/sha256.h"

/* FIPS 180-4 examples: "abc" and the empty message. */
static const uint8_t digest_abc[] = {
    0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
    0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
static const uint8_t digest_empty[] = {
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};

static void test_digest_matches_the_standards_examples(void **state)
{
    (void)state;
    uint8_t out[SKM_SHA256_BYTES];
    assert_ok(skm_sha256_digest(SKM_SPAN("abc"), out));
    assert_memory_equal(out, digest_abc, sizeof out);
    assert_ok(skm_sha256_digest((skm_span){NULL, 0}, out));
    assert_memory_equal(out, digest_empty, sizeof out);
}

static void test_stream_equals_digest_of_the_whole(void **state)
{
    (void)state;
    uint8_t out[SKM_SHA256_BYTES];
    struct skm_sha256_stream *stream = NULL;
    assert_ok(skm_sha256_stream_new(&stream));
    assert_ok(skm_sha256_stream_add(stream, SKM_SPAN("a")));
    assert_ok(skm_sha256_stream_add(stream, (skm_span){NULL, 0}));
    assert_ok(skm_sha256_stream_add(stream, SKM_SPAN("bc")));
    assert_ok(skm_sha256_stream_finish(stream, out));
    skm_sha256_stream_free(stream);
    assert_memory_equal(out, digest_abc, sizeof out);
}

static void test_number_is_eight_bytes_most_significant_first(void **state)
{
    (void)state;
    uint8_t streamed[SKM_SHA256_BYTES];
    uint8_t whole[SKM_SHA256_BYTES];
    struct skm_sha256_stream *stream = NULL;
    assert_ok(skm_sha256_stream_new(&stream));
    assert_ok(skm_sha256_stream_add_u64(stream, UINT64_C(0x4142434445464748)));
    assert_ok(skm_sha256_stream_finish(stream, streamed));
    skm_sha256_stream_free(stream);
    assert_ok(skm_sha256_digest(SKM_SPAN("ABCDEFGH"), whole));
    assert_memory_equal(streamed, whole, sizeof whole);
}

static void test_equal_sees_every_single_bit(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < 8u * SKM_SHA256_BYTES; bit++) {
        uint8_t changed[SKM_SHA256_BYTES];
        memcpy(changed, digest_abc, sizeof changed);
        assert_true(skm_sha256_equal(changed, digest_abc));
        changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(skm_sha256_equal(changed, digest_abc));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_digest_matches_the_standards_examples),
    cmocka_unit_test(test_stream_equals_digest_of_the_whole),
    cmocka_unit_test(test_number_is_eight_bytes_most_significant_first),
    cmocka_unit_test(test_equal_sees_every_single_bit),
};

SKM_TEST_MAIN(tests)
