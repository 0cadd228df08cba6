#include "harness/test.h"

#include "base/mem.h"
#include "crypto/sha256.h"

static void to_hex(const uint8_t digest[SKM_SHA256_BYTES], char out[2 * SKM_SHA256_BYTES + 1])
{
    for (size_t i = 0; i < SKM_SHA256_BYTES; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
    }
}

/* FIPS 180-4; the messages are those of NIST's examples for SHA-256. */
static void test_digests_are_those_of_the_standard(void **state)
{
    (void)state;
    static const struct {
        skm_span text;
        const char *digest;
    } CASES[] = {
        {{NULL, 0}, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {SKM_SPAN_INIT("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {SKM_SPAN_INIT("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        uint8_t digest[SKM_SHA256_BYTES];
        char hex[2 * SKM_SHA256_BYTES + 1];
        assert_ok(skm_sha256_digest(CASES[i].text, digest));
        to_hex(digest, hex);
        assert_string_equal(hex, CASES[i].digest);
    }
}

static void test_parts_yield_the_digest_of_the_whole(void **state)
{
    (void)state;
    char text[300];
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (char)(unsigned char)i;
    }
    uint8_t whole[SKM_SHA256_BYTES];
    assert_ok(skm_sha256_digest((skm_span){text, sizeof text}, whole));
    for (size_t cut = 0; cut <= sizeof text; cut++) {
        struct skm_sha256_stream *stream = NULL;
        uint8_t parts[SKM_SHA256_BYTES];
        assert_ok(skm_sha256_stream_new(&stream));
        assert_ok(skm_sha256_stream_add(stream, (skm_span){text, cut}));
        assert_ok(skm_sha256_stream_add(stream, (skm_span){NULL, 0}));
        assert_ok(skm_sha256_stream_add(stream, (skm_span){text + cut, sizeof text - cut}));
        assert_ok(skm_sha256_stream_finish(stream, parts));
        assert_true(skm_sha256_equal(whole, parts));
        skm_sha256_stream_free(stream);
    }
}

static void test_a_number_is_eight_bytes_most_significant_first(void **state)
{
    (void)state;
    struct skm_sha256_stream *stream = NULL;
    uint8_t counted[SKM_SHA256_BYTES];
    uint8_t written[SKM_SHA256_BYTES];
    assert_ok(skm_sha256_stream_new(&stream));
    assert_ok(skm_sha256_stream_add_u64(stream, UINT64_C(0x0102030405060708)));
    assert_ok(skm_sha256_stream_finish(stream, counted));
    skm_sha256_stream_free(stream);
    assert_ok(skm_sha256_digest(SKM_SPAN("\1\2\3\4\5\6\7\10"), written));
    assert_true(skm_sha256_equal(counted, written));
}

static void test_every_single_bit_makes_digests_differ(void **state)
{
    (void)state;
    uint8_t a[SKM_SHA256_BYTES];
    uint8_t b[SKM_SHA256_BYTES];
    assert_ok(skm_sha256_digest(SKM_SPAN("x"), a));
    memcpy(b, a, sizeof a);
    assert_true(skm_sha256_equal(a, b));
    for (size_t bit = 0; bit < 8 * sizeof a; bit++) {
        b[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_false(skm_sha256_equal(a, b));
        b[bit / 8] = a[bit / 8];
    }
}

static void test_without_memory_there_is_no_stream(void **state)
{
    (void)state;
    struct skm_sha256_stream *stream = NULL;
    skm_mem_fail_after(0);
    assert_err(skm_sha256_stream_new(&stream), MEMORY);
    skm_mem_fail_after(SIZE_MAX);
    assert_null(stream);
    skm_sha256_stream_free(NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_digests_are_those_of_the_standard),
    cmocka_unit_test(test_parts_yield_the_digest_of_the_whole),
    cmocka_unit_test(test_a_number_is_eight_bytes_most_significant_first),
    cmocka_unit_test(test_every_single_bit_makes_digests_differ),
    cmocka_unit_test(test_without_memory_there_is_no_stream),
};

SKM_TEST_MAIN(tests)
