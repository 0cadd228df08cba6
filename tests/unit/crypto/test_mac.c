#include "harness/test.h"

#include "base/span.h"
#include "crypto/mac.h"
#include "crypto/sha256.h"

/* RFC 4231 §4.7 has a key longer than ours; §4.4: key of 25 bytes 01..19, padded with zeros to 32, which HMAC cannot tell apart. */
static void test_hmac_sha256_agrees_with_rfc_4231(void **state)
{
    (void)state;
    static const uint8_t expected[SKM_MAC_BYTES] = {0x82, 0x55, 0x8a, 0x38, 0x9a, 0x44, 0x3c, 0x0e,
                                                    0xa4, 0xcc, 0x81, 0x98, 0x99, 0xf2, 0x08, 0x3a,
                                                    0x85, 0xf0, 0xfa, 0xa3, 0xe5, 0x78, 0xf8, 0x07,
                                                    0x7a, 0x2e, 0x3f, 0xf4, 0x67, 0x29, 0x66, 0x5b};
    uint8_t key[SKM_MAC_KEY_BYTES] = {0};
    char text[50];
    uint8_t mac[SKM_MAC_BYTES] = {0};
    for (uint8_t i = 0; i < 25; i++) {
        key[i] = (uint8_t)(i + 1);
    }
    memset(text, '\xcd', sizeof(text));
    assert_ok(skm_mac_sha256(key, skm_span_of(text, sizeof(text)), mac));
    assert_memory_equal(mac, expected, sizeof(mac));
}

static void test_any_bit_of_key_or_text_changes_the_mac(void **state)
{
    (void)state;
    uint8_t key[SKM_MAC_KEY_BYTES] = {0};
    char text[4] = {0};
    uint8_t plain[SKM_MAC_BYTES];
    uint8_t other[SKM_MAC_BYTES];
    assert_ok(skm_mac_sha256(key, skm_span_of(text, sizeof(text)), plain));
    assert_ok(skm_mac_sha256(key, skm_span_of(text, sizeof(text)), other));
    assert_true(skm_sha256_equal(plain, other));
    for (unsigned bit = 0; bit < 8 * sizeof(key); bit++) {
        key[bit / 8] = (uint8_t)(1u << bit % 8);
        assert_ok(skm_mac_sha256(key, skm_span_of(text, sizeof(text)), other));
        assert_false(skm_sha256_equal(plain, other));
        key[bit / 8] = 0;
    }
    for (unsigned bit = 0; bit < 8 * sizeof(text); bit++) {
        text[bit / 8] = (char)(1u << bit % 8);
        assert_ok(skm_mac_sha256(key, skm_span_of(text, sizeof(text)), other));
        assert_false(skm_sha256_equal(plain, other));
        text[bit / 8] = 0;
    }
    /* Nothing is a text, too, and not the same as a zero byte. */
    assert_ok(skm_mac_sha256(key, (skm_span){NULL, 0}, plain));
    assert_ok(skm_mac_sha256(key, skm_span_of(text, 1), other));
    assert_false(skm_sha256_equal(plain, other));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_hmac_sha256_agrees_with_rfc_4231),
    cmocka_unit_test(test_any_bit_of_key_or_text_changes_the_mac),
};

SKM_TEST_MAIN(tests)
