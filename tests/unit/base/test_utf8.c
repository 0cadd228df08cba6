#include "harness/test.h"

#include "base/utf8.h"

static bool is_scalar(uint32_t value)
{
    return value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
}

/* RFC 3629 §3. */
static void test_every_scalar_value_goes_there_and_back(void **state)
{
    (void)state;
    for (uint32_t value = 0; value <= 0x110400; value++) {
        char bytes[4] = {0};
        size_t len = skm_utf8_encode(value, bytes);
        if (!is_scalar(value)) {
            assert_int_equal(len, 0);
            continue;
        }
        assert_int_equal(len, value < 0x80 ? 1 : value < 0x800 ? 2 : value < 0x10000 ? 3 : 4);
        uint32_t back = UINT32_MAX;
        assert_int_equal(skm_utf8_decode((skm_span){bytes, len}, 0, &back), len);
        assert_int_equal(back, value);
        assert_true(skm_utf8_check((skm_span){bytes, len}, NULL));
        for (size_t cut = 1; cut < len; cut++) {
            assert_false(skm_utf8_check((skm_span){bytes, cut}, NULL));
        }
    }
    char bytes[4];
    assert_int_equal(skm_utf8_encode(UINT32_MAX, bytes), 0);
}

/* A decoder by the book: gather the bits, then refuse what has a shorter form or is no scalar value. */
static size_t by_the_book(const unsigned char *bytes, uint32_t *out_value)
{
    static const uint32_t SHORTEST[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = bytes[0] < 0x80             ? 1
                 : (bytes[0] & 0xe0) == 0xc0 ? 2
                 : (bytes[0] & 0xf0) == 0xe0 ? 3
                 : (bytes[0] & 0xf8) == 0xf0 ? 4
                                             : 0;
    if (len == 0) {
        return 0;
    }
    uint32_t value = len == 1 ? bytes[0] : bytes[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 0;
        }
        value = value << 6 | (bytes[i] & 0x3f);
    }
    *out_value = value;
    return is_scalar(value) && value >= SHORTEST[len] ? len : 0;
}

/* All leads, all second bytes, and for third and fourth the values at the edges of each range: overlong forms,
 * surrogates, values past the last, lone and missing trail bytes are all among them (RFC 3629 §4, §10). */
static void test_every_sequence_is_judged_by_the_book(void **state)
{
    (void)state;
    static const unsigned char EDGES[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90,
                                          0x9f, 0xa0, 0xbf, 0xc0, 0xff};
    for (unsigned lead = 0; lead < 256; lead++) {
        for (unsigned second = 0; second < 256; second++) {
            for (size_t k = 0; k < sizeof EDGES * sizeof EDGES; k++) {
                unsigned char bytes[4] = {(unsigned char)lead, (unsigned char)second,
                                          EDGES[k / sizeof EDGES], EDGES[k % sizeof EDGES]};
                uint32_t expected = 0;
                uint32_t found = 0;
                size_t expected_len = by_the_book(bytes, &expected);
                skm_span text = {(const char *)bytes, sizeof bytes};
                assert_int_equal(skm_utf8_decode(text, 0, &found), expected_len);
                assert_true(expected_len == 0 || found == expected);
            }
        }
    }
}

static void test_the_first_bad_byte_is_named(void **state)
{
    (void)state;
    static const struct {
        skm_span text;
        size_t bad; /* SIZE_MAX: all is well */
    } CASES[] = {
        {SKM_SPAN_INIT(""), SIZE_MAX},
        {SKM_SPAN_INIT("plain ascii, longer than a word"), SIZE_MAX},
        {SKM_SPAN_INIT("\xe9\x96\xa2\xe5\xae\x88, \xf0\x9f\x94\x91\xc3\xa9"), SIZE_MAX},
        {SKM_SPAN_INIT("0123456\xff"), 7},
        {SKM_SPAN_INIT("01234567\x80"), 8},
        {SKM_SPAN_INIT("0123456789\xc0\xaf"), 10},
        {SKM_SPAN_INIT("\xe9\x96\xa2\xe5\xae"), 3},
        {SKM_SPAN_INIT("\xed\xa0\x80"), 0},
        {SKM_SPAN_INIT("\xf4\x90\x80\x80"), 0},
        {SKM_SPAN_INIT("a\xc3"), 1},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        size_t bad = SIZE_MAX;
        assert_int_equal(skm_utf8_check(CASES[i].text, &bad), CASES[i].bad == SIZE_MAX);
        assert_int_equal(bad, CASES[i].bad);
    }
}

static void test_nothing_is_decoded_past_the_end(void **state)
{
    (void)state;
    uint32_t scalar = 77;
    assert_int_equal(skm_utf8_decode(SKM_SPAN("ab"), 2, &scalar), 0);
    assert_int_equal(skm_utf8_decode(SKM_SPAN("ab"), SIZE_MAX, &scalar), 0);
    assert_int_equal(skm_utf8_decode((skm_span){"\xc3\xa9", 1}, 0, &scalar), 0);
    assert_int_equal(scalar, 77);
}

/* Unicode PropList.txt, White_Space: 25 characters. */
static void test_white_space_is_the_unicode_property(void **state)
{
    (void)state;
    size_t count = 0;
    for (uint32_t scalar = 0; scalar <= 0x10ffff; scalar++) {
        count += skm_utf8_is_space(scalar);
    }
    assert_int_equal(count, 25);
    assert_true(skm_utf8_is_space(' '));
    assert_true(skm_utf8_is_space(0x3000));
    assert_true(skm_utf8_is_space(0x85));
    assert_false(skm_utf8_is_space(0x200b));
    assert_false(skm_utf8_is_space(0xfeff));
    assert_false(skm_utf8_is_space(0x180e));
}

static void test_what_could_mislead_is_unprintable(void **state)
{
    (void)state;
    static const uint32_t HIDDEN[] = {0,      '\n',   0x1b,   0x7f,   0x9b,     0xa0,    0xad,
                                      0x200b, 0x200e, 0x202e, 0x2028, 0x2066,   0x2069,  0xfeff,
                                      0xe000, 0xd800, 0xfffe, 0x3164, 0x1fffff, 0xe0041, 0x10ffff};
    static const uint32_t SHOWN[] = {' ',    'a',    '~',    0xe9,    0x3000, 0x3042,
                                     0x95a2, 0xffe5, 0xac00, 0x1f511, 0x301,  0xfffd};
    for (size_t i = 0; i < sizeof HIDDEN / sizeof HIDDEN[0]; i++) {
        assert_true(skm_utf8_is_unprintable(HIDDEN[i]));
    }
    for (size_t i = 0; i < sizeof SHOWN / sizeof SHOWN[0]; i++) {
        assert_false(skm_utf8_is_unprintable(SHOWN[i]));
    }
}

static void test_cells_follow_the_terminal(void **state)
{
    (void)state;
    assert_int_equal(skm_utf8_cells('a'), 1);
    assert_int_equal(skm_utf8_cells(0xe9), 1);
    assert_int_equal(skm_utf8_cells(0x301), 0);
    assert_int_equal(skm_utf8_cells(0x95a2), 2);
    assert_int_equal(skm_utf8_cells(0x3042), 2);
    assert_int_equal(skm_utf8_cells(0xff21), 2);
    assert_int_equal(skm_utf8_cells(0xff71), 1); /* half-width katakana */
    assert_int_equal(skm_utf8_cells(0x1f511), 2);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_every_scalar_value_goes_there_and_back),
    cmocka_unit_test(test_every_sequence_is_judged_by_the_book),
    cmocka_unit_test(test_the_first_bad_byte_is_named),
    cmocka_unit_test(test_nothing_is_decoded_past_the_end),
    cmocka_unit_test(test_white_space_is_the_unicode_property),
    cmocka_unit_test(test_what_could_mislead_is_unprintable),
    cmocka_unit_test(test_cells_follow_the_terminal),
};

SKM_TEST_MAIN(tests)
