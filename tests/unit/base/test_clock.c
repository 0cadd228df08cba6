#include "harness/test.h"

#include <time.h>

#include "base/clock.h"
#include "harness/manual_clock.h"
#include "harness/prng.h"

/* RFC 3339 §5.6, and §5.7 for the days of a month. */
static void test_times_are_written_as_rfc_3339(void **state)
{
    (void)state;
    static const struct {
        int64_t wall_ms;
        const char *text;
    } CASES[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {-86400000, "1969-12-31T00:00:00.000Z"},
        {951782399999, "2000-02-28T23:59:59.999Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"}, /* divisible by 400: leap */
        {951868800000, "2000-03-01T00:00:00.000Z"},
        {4107456000000, "2100-02-28T00:00:00.000Z"},
        {4107542400000, "2100-03-01T00:00:00.000Z"}, /* divisible by 100: not leap */
        {1709164800000, "2024-02-29T00:00:00.000Z"},
        {1677542400000, "2023-02-28T00:00:00.000Z"},
        {1677628800000, "2023-03-01T00:00:00.000Z"},
        {1795262400123, "2026-11-21T12:00:00.123Z"},
        {-62135596800000, "0001-01-01T00:00:00.000Z"},
        {-62167219200000, "0000-01-01T00:00:00.000Z"},
        {-62162035200001, "0000-02-29T23:59:59.999Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char text[SKM_CLOCK_RFC3339_BYTES];
        skm_clock_rfc3339(CASES[i].wall_ms, text);
        assert_string_equal(text, CASES[i].text);
    }
}

static void test_times_outside_four_digit_years_are_clamped(void **state)
{
    (void)state;
    char text[SKM_CLOCK_RFC3339_BYTES];
    skm_clock_rfc3339(253402300800000, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
    skm_clock_rfc3339(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
    skm_clock_rfc3339(-62167219200001, text);
    assert_string_equal(text, "0000-01-01T00:00:00.000Z");
    skm_clock_rfc3339(INT64_MIN, text);
    assert_string_equal(text, "0000-01-01T00:00:00.000Z");
}

static void test_dates_agree_with_the_c_library(void **state)
{
    (void)state;
    struct skm_prng prng = {3};
    const int64_t first = -62167219200;
    const int64_t last = 253402300799;
    for (int i = 0; i < 200000; i++) {
        int64_t seconds = first + (int64_t)(skm_prng_next(&prng) % (uint64_t)(last - first + 1));
        time_t when = (time_t)seconds;
        struct tm parts;
        assert_non_null(gmtime_r(&when, &parts));
        char expected[96];
        (void)snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02d.000Z",
                       parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                       parts.tm_min, parts.tm_sec);
        char text[SKM_CLOCK_RFC3339_BYTES];
        skm_clock_rfc3339(seconds * 1000, text);
        assert_string_equal(text, expected);
    }
}

static void test_the_system_clock_moves_forward(void **state)
{
    (void)state;
    const struct skm_clock *clock = skm_clock_system();
    int64_t before = skm_clock_monotonic_ns(clock);
    assert_true(skm_clock_wall_ms(clock) > INT64_C(1700000000000));
    for (int i = 0; i < 1000; i++) {
        int64_t now = skm_clock_monotonic_ns(clock);
        assert_true(now >= before);
        before = now;
    }
}

static void test_a_manual_clock_moves_only_by_hand(void **state)
{
    (void)state;
    struct skm_manual_clock hand;
    skm_manual_clock_init(&hand, 5000);
    int64_t origin = skm_clock_monotonic_ns(&hand.clock);
    assert_int_equal(skm_clock_wall_ms(&hand.clock), 5000);
    skm_manual_clock_advance_ms(&hand, 250);
    assert_int_equal(skm_clock_wall_ms(&hand.clock), 5250);
    assert_int_equal(skm_clock_monotonic_ns(&hand.clock) - origin, 250000000);
    skm_manual_clock_set_wall_ms(&hand, 10);
    assert_int_equal(skm_clock_wall_ms(&hand.clock), 10);
    assert_int_equal(skm_clock_monotonic_ns(&hand.clock) - origin, 250000000);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_times_are_written_as_rfc_3339),
    cmocka_unit_test(test_times_outside_four_digit_years_are_clamped),
    cmocka_unit_test(test_dates_agree_with_the_c_library),
    cmocka_unit_test(test_the_system_clock_moves_forward),
    cmocka_unit_test(test_a_manual_clock_moves_only_by_hand),
};

SKM_TEST_MAIN(tests)
