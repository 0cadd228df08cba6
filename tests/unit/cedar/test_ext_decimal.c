#include "harness/test.h"

#include "unit/cedar/ext_case.h"

static const struct {
    const char *text;
    int64_t scaled;
    const char *canonical;
} ACCEPTED[] = {
    {"0.0", 0, "0.0000"},
    {"1.0", 10000, "1.0000"},
    {"1.00", 10000, "1.0000"},
    {"12.34", 123400, "12.3400"},
    {"0.0001", 1, "0.0001"},
    {"0.1", 1000, "0.1000"},
    {"007.1", 71000, "7.1000"},
    {"00000000000000000000000000001.5", 15000, "1.5000"},
    {"-1.5", -15000, "-1.5000"},
    /* The integer part is zero, and the sign counts all the same. */
    {"-0.5", -5000, "-0.5000"},
    {"-0.0001", -1, "-0.0001"},
    {"-0.0", 0, "0.0000"},
    {"922337203685477.5807", INT64_MAX, "922337203685477.5807"},
    {"-922337203685477.5808", INT64_MIN, "-922337203685477.5808"},
};

static void test_decimal_is_scaled_by_ten_thousand(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ACCEPTED / sizeof ACCEPTED[0]; i++) {
        struct skm_value value = made("decimal", ACCEPTED[i].text);
        assert_int_equal(value.kind, SKM_VALUE_DECIMAL);
        assert_int_equal(value.as.integer, ACCEPTED[i].scaled);
        assert_printed(value, ACCEPTED[i].canonical);
        struct skm_value again = made("decimal", ACCEPTED[i].canonical);
        assert_true(skm_value_equal(&value, &again));
    }
}

static void test_malformed_decimal_is_refused(void **state)
{
    (void)state;
    static const char *const REFUSED[] = {
        "",      "1",     "1.",      ".5",      "-.5",
        "-",     "+1.0",  "1.00000", "1.23456", "1.0.0",
        " 1.0",  "1.0 ",  "1,0",     "1e1",     "1.0e1",
        "--1.0", "- 1.0", "0x1.0",   "1.-5",    "1 .0",
        "1_0.0", "NaN",   "inf",     "1.0f",    "\xd9\xa1.0" /* Arabic digit */,
    };
    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++) {
        assert_refused("decimal", skm_span_cstr(REFUSED[i]));
    }
    assert_refused("decimal", SKM_SPAN("1.0\0"));
    assert_refused("decimal", SKM_SPAN("\0"));
}

static void test_decimal_out_of_range_is_refused(void **state)
{
    (void)state;
    static const char *const REFUSED[] = {
        "922337203685477.5808",   "-922337203685477.5809",     "922337203685478.0",
        "9223372036854775807.0",  "18446744073709551616.0",    "1844674407370955.1616",
        "-1844674407370955.1616", "99999999999999999999999.0",
    };
    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++) {
        struct skm_value value = skm_value_bool(true);
        assert_err(construct("decimal", REFUSED[i], &value), RANGE);
        assert_refused("decimal", skm_span_cstr(REFUSED[i]));
    }
}

static void test_comparisons_go_by_value(void **state)
{
    (void)state;
    static const struct {
        const char *a;
        const char *b;
        int order;
    } PAIRS[] = {
        {"1.0", "1.0000", 0}, {"1.0", "2.0", -1},
        {"2.0", "1.0", 1},    {"-0.5", "0.5", -1},
        {"-0.5", "0.0", -1},  {"-1.0", "-2.0", 1},
        {"0.0001", "0.0", 1}, {"-922337203685477.5808", "922337203685477.5807", -1},
    };
    for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
        struct skm_value a = made("decimal", PAIRS[i].a);
        struct skm_value b = made("decimal", PAIRS[i].b);
        assert_int_equal(asks("lessThan", a, b), PAIRS[i].order < 0);
        assert_int_equal(asks("lessThanOrEqual", a, b), PAIRS[i].order <= 0);
        assert_int_equal(asks("greaterThan", a, b), PAIRS[i].order > 0);
        assert_int_equal(asks("greaterThanOrEqual", a, b), PAIRS[i].order >= 0);
        assert_int_equal(skm_value_equal(&a, &b), PAIRS[i].order == 0);
    }
}

static const struct CMUnitTest tests[] = {
    EXT_TEST(test_decimal_is_scaled_by_ten_thousand),
    EXT_TEST(test_malformed_decimal_is_refused),
    EXT_TEST(test_decimal_out_of_range_is_refused),
    EXT_TEST(test_comparisons_go_by_value),
};

SKM_TEST_MAIN(tests)
