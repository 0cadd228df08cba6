#include "harness/test.h"

#include "base/span.h"

static const skm_span NOTHING = {NULL, 0};

static void test_equality_is_of_bytes(void **state)
{
    (void)state;
    assert_true(skm_span_equal(SKM_SPAN("a\0b"), SKM_SPAN("a\0b")));
    assert_false(skm_span_equal(SKM_SPAN("a\0b"), SKM_SPAN("a\0c")));
    assert_false(skm_span_equal(SKM_SPAN("a"), SKM_SPAN("ab")));
    assert_true(skm_span_equal(NOTHING, SKM_SPAN("")));
}

static void test_order_is_bytewise_and_unsigned(void **state)
{
    (void)state;
    assert_true(skm_span_compare(SKM_SPAN("a"), SKM_SPAN("b")) < 0);
    assert_true(skm_span_compare(SKM_SPAN("ab"), SKM_SPAN("a")) > 0);
    assert_true(skm_span_compare(NOTHING, SKM_SPAN("a")) < 0);
    assert_int_equal(skm_span_compare(NOTHING, SKM_SPAN("")), 0);
    assert_true(skm_span_compare(SKM_SPAN("z"), SKM_SPAN("\xc3\xa9")) < 0);
}

static void test_prefixes_and_suffixes(void **state)
{
    (void)state;
    assert_true(skm_span_starts(SKM_SPAN("policy"), SKM_SPAN("pol")));
    assert_true(skm_span_starts(SKM_SPAN("policy"), NOTHING));
    assert_false(skm_span_starts(SKM_SPAN("po"), SKM_SPAN("pol")));
    assert_true(skm_span_ends(SKM_SPAN("a.cedar"), SKM_SPAN(".cedar")));
    assert_true(skm_span_ends(NOTHING, NOTHING));
    assert_false(skm_span_ends(SKM_SPAN("a.cedar~"), SKM_SPAN(".cedar")));
    assert_false(skm_span_ends(SKM_SPAN("r"), SKM_SPAN(".cedar")));
}

static void test_parts_stay_inside(void **state)
{
    (void)state;
    skm_span text = SKM_SPAN("abcdef");
    assert_span_equal(skm_span_from(text, 2), SKM_SPAN("cdef"));
    assert_span_equal(skm_span_from(text, 6), NOTHING);
    assert_span_equal(skm_span_from(text, SIZE_MAX), NOTHING);
    assert_span_equal(skm_span_sub(text, 1, 2), SKM_SPAN("bc"));
    assert_span_equal(skm_span_sub(text, 4, SIZE_MAX), SKM_SPAN("ef"));
    assert_span_equal(skm_span_sub(NOTHING, 0, 5), NOTHING);
}

static void test_strings_become_spans_without_their_nul(void **state)
{
    (void)state;
    static const skm_span TABLE[] = {SKM_SPAN_INIT("one"), SKM_SPAN_INIT("")};
    assert_span_equal(skm_span_cstr("one"), TABLE[0]);
    assert_span_equal(skm_span_cstr(NULL), TABLE[1]);
    char text[16];
    (void)snprintf(text, sizeof text, "[%.*s]", SKM_SPAN_ARG(TABLE[0]));
    assert_string_equal(text, "[one]");
    (void)snprintf(text, sizeof text, "[%.*s]", SKM_SPAN_ARG(NOTHING));
    assert_string_equal(text, "[]");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_equality_is_of_bytes),
    cmocka_unit_test(test_order_is_bytewise_and_unsigned),
    cmocka_unit_test(test_prefixes_and_suffixes),
    cmocka_unit_test(test_parts_stay_inside),
    cmocka_unit_test(test_strings_become_spans_without_their_nul),
};

SKM_TEST_MAIN(tests)
