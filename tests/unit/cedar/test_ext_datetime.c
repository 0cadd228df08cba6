#include "harness/test.h"

#include "unit/cedar/ext_case.h"

#define DAY_MS INT64_C(86400000)

/* ---- datetime ---- */

static const struct {
    const char *text;
    int64_t ms;
} INSTANTS[] = {
    {"1970-01-01", 0},
    {"1970-01-01T00:00:00Z", 0},
    {"1970-01-01T00:00:00.001Z", 1},
    {"1970-01-02", DAY_MS},
    {"1969-12-31", -DAY_MS},
    {"1969-12-31T23:59:59.999Z", -1},
    {"2024-02-29", 19782 * DAY_MS},
    {"2024-03-01", 19783 * DAY_MS},
    {"2023-03-01", 19417 * DAY_MS},
    {"2000-02-29", 11016 * DAY_MS},
    {"2000-03-01", 11017 * DAY_MS},
    {"1900-03-01", -25508 * DAY_MS},
    {"1900-02-28", -25509 * DAY_MS},
    {"0000-01-01", -719528 * DAY_MS},
    {"0000-02-29", -719469 * DAY_MS},
    {"0000-03-01", -719468 * DAY_MS},
    {"0001-01-01", -719162 * DAY_MS},
    {"9999-12-31", INT64_C(2932896) * DAY_MS},
    {"9999-12-31T23:59:59.999Z", INT64_C(2932897) * DAY_MS - 1},
    {"2024-10-15T11:35:00Z", INT64_C(1728992100000)},
    {"2024-10-15T23:59:59.123Z", INT64_C(1729036799123)},
    /* Instant = local time minus offset. */
    {"1970-01-01T01:00:00+0100", 0},
    {"1970-01-01T01:00:00-0100", 7200000},
    {"1969-12-31T23:30:00-0030", 0},
    {"1970-01-01T00:00:00.500+0000", 500},
    {"1970-01-01T00:00:00-0000", 0},
    {"1970-01-01T23:59:00+2359", 0},
    {"1970-01-01T00:00:00-2359", 86340000},
    /* The offset carries it past the years that can be written. */
    {"0000-01-01T00:00:00+0001", -719528 * DAY_MS - 60000},
    {"9999-12-31T23:59:59.999-0001", INT64_C(2932897) * DAY_MS - 1 + 60000},
};

static void test_datetime_counts_milliseconds_from_1970(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof INSTANTS / sizeof INSTANTS[0]; i++) {
        struct skm_value value = made("datetime", INSTANTS[i].text);
        assert_int_equal(value.kind, SKM_VALUE_DATETIME);
        if (value.as.integer != INSTANTS[i].ms) {
            fail_msg("%s is %lld", INSTANTS[i].text, (long long)value.as.integer);
        }
    }
}

static void test_malformed_datetime_is_refused(void **state)
{
    (void)state;
    static const char *const REFUSED[] = {
        "",
        "1970",
        "1970-01",
        "1970-1-1",
        "70-01-01",
        "19700-01-01",
        "+1970-01-01",
        "-0001-01-01",
        "1970/01/01",
        "19700101",
        " 1970-01-01",
        "1970-01-01 ",
        "1970-01-01Z",
        "1970-01-01T",
        "1970-01-01T00",
        "1970-01-01T00:00",
        "1970-01-01T00:00Z",
        "1970-01-01T00:00:00",
        "1970-01-01t00:00:00Z",
        "1970-01-01 00:00:00Z",
        "1970-01-01T00:00:00z",
        "1970-01-01T0:00:00Z",
        "1970-01-01T00:00:00.Z",
        "1970-01-01T00:00:00.1Z",
        "1970-01-01T00:00:00.12Z",
        "1970-01-01T00:00:00.1234Z",
        "1970-01-01T00:00:00,123Z",
        "1970-01-01T00:00:00.123",
        "1970-01-01T00:00:00+00:00",
        "1970-01-01T00:00:00+00",
        "1970-01-01T00:00:00+000",
        "1970-01-01T00:00:00+00000",
        "1970-01-01T00:00:00 +0000",
        "1970-01-01T00:00:00Z+0000",
        "1970-01-01T00:00:00ZZ",
        "1970-01-01T00:00:00GMT",
        "19a0-01-01",
        "\331\241970-01-01",
    };
    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++) {
        assert_refused("datetime", skm_span_cstr(REFUSED[i]));
    }
    assert_refused("datetime", SKM_SPAN("1970-01-01\0"));
}

static void test_dates_and_times_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    static const char *const REFUSED[] = {
        "1970-00-01",
        "1970-13-01",
        "1970-01-00",
        "1970-01-32",
        "1970-04-31",
        "1970-06-31",
        "1970-09-31",
        "1970-11-31",
        "1970-02-29",
        "2023-02-29",
        "2024-02-30",
        /* Centuries are no leap years unless they divide by 400. */
        "1900-02-29",
        "2100-02-29",
        "0100-02-29",
        "1970-01-01T24:00:00Z",
        "1970-01-01T00:60:00Z",
        "1970-01-01T00:00:60Z",
        "2016-12-31T23:59:60Z",
        "1970-01-01T00:00:00+2400",
        "1970-01-01T00:00:00-2400",
        "1970-01-01T00:00:00+9900",
        "1970-01-01T00:00:00+0060",
        "1970-01-01T00:00:00-2360",
    };
    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++) {
        struct skm_value value = skm_value_bool(true);
        assert_err(construct("datetime", REFUSED[i], &value), RANGE);
        assert_refused("datetime", skm_span_cstr(REFUSED[i]));
    }
}

static void test_datetime_prints_as_it_reads(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } ROWS[] = {
        {0, "1970-01-01T00:00:00Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {INT64_C(1728992100000), "2024-10-15T11:35:00Z"},
        {19782 * DAY_MS + 5, "2024-02-29T00:00:00.005Z"},
        {-719528 * DAY_MS, "0000-01-01T00:00:00Z"},
        {-719469 * DAY_MS, "0000-02-29T00:00:00Z"},
        {INT64_C(2932897) * DAY_MS - 1, "9999-12-31T23:59:59.999Z"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        assert_printed(integer_of(SKM_VALUE_DATETIME, ROWS[i].ms), ROWS[i].text);
    }
}

/* Slow under the sanitizer; 37 is prime to the weeks, months and leap years it steps through. */
#ifdef SKM_SANITIZED
#define DAY_STEP 37
#else
#define DAY_STEP 1
#endif

/* Every day of the years 0 to 9999, once: the calendar against itself, both ways. */
static void test_every_day_round_trips(void **state)
{
    (void)state;
    for (int64_t day = -719528; day <= 2932896; day += DAY_STEP) {
        char text[SKM_EXT_TEXT_MAX];
        struct skm_value value = integer_of(SKM_VALUE_DATETIME, day * DAY_MS);
        struct skm_value arg = skm_value_string(skm_ext_format(&value, text));
        struct skm_value again = {.kind = SKM_VALUE_BOOL};
        assert_ok(call_values("datetime", &arg, 1, &again));
        if (!skm_value_equal(&value, &again)) {
            fail_msg("day %lld", (long long)day);
        }
    }
}

static void test_datetime_outside_written_years_has_no_text(void **state)
{
    (void)state;
    static const int64_t OUTSIDE[] = {-719528 * DAY_MS - 1, INT64_C(2932897) * DAY_MS, INT64_MIN,
                                      INT64_MAX};
    for (size_t i = 0; i < sizeof OUTSIDE / sizeof OUTSIDE[0]; i++) {
        struct skm_value value = integer_of(SKM_VALUE_DATETIME, OUTSIDE[i]);
        struct skm_buf buf;
        skm_buf_init(&buf, 64);
        assert_false(skm_ext_print(&value, &buf));
        assert_int_equal(skm_buf_span(&buf).len, 0);
        skm_buf_fini(&buf);
    }
}

static skm_err apply(const char *method, struct skm_value self, struct skm_value arg,
                     struct skm_value *out_value)
{
    struct skm_value args[2] = {self, arg};
    return call_values(method, args, skm_ext_find(skm_span_cstr(method))->arg_count, out_value);
}

static void test_offset_and_duration_since_are_checked(void **state)
{
    (void)state;
    struct skm_value out = {.kind = SKM_VALUE_BOOL};
    struct skm_value epoch = integer_of(SKM_VALUE_DATETIME, 0);
    assert_ok(apply("offset", epoch, integer_of(SKM_VALUE_DURATION, -5), &out));
    assert_int_equal(out.kind, SKM_VALUE_DATETIME);
    assert_int_equal(out.as.integer, -5);
    assert_ok(apply("offset", epoch, integer_of(SKM_VALUE_DURATION, INT64_MIN), &out));
    assert_int_equal(out.as.integer, INT64_MIN);
    assert_err(apply("offset", integer_of(SKM_VALUE_DATETIME, 1),
                     integer_of(SKM_VALUE_DURATION, INT64_MAX), &out),
               RANGE);
    assert_err(apply("offset", integer_of(SKM_VALUE_DATETIME, -1),
                     integer_of(SKM_VALUE_DURATION, INT64_MIN), &out),
               RANGE);

    assert_ok(apply("durationSince", integer_of(SKM_VALUE_DATETIME, 3),
                    integer_of(SKM_VALUE_DATETIME, 10), &out));
    assert_int_equal(out.kind, SKM_VALUE_DURATION);
    assert_int_equal(out.as.integer, -7);
    assert_err(apply("durationSince", integer_of(SKM_VALUE_DATETIME, INT64_MAX),
                     integer_of(SKM_VALUE_DATETIME, -1), &out),
               RANGE);
    assert_err(apply("durationSince", integer_of(SKM_VALUE_DATETIME, INT64_MIN),
                     integer_of(SKM_VALUE_DATETIME, 1), &out),
               RANGE);
    assert_ok(apply("durationSince", integer_of(SKM_VALUE_DATETIME, -1),
                    integer_of(SKM_VALUE_DATETIME, INT64_MAX), &out));
    assert_int_equal(out.as.integer, INT64_MIN);
}

static void test_date_and_time_of_day_round_towards_the_past(void **state)
{
    (void)state;
    static const struct {
        int64_t instant;
        int64_t date;
        int64_t time;
    } ROWS[] = {
        {0, 0, 0},
        {1, 0, 1},
        {DAY_MS - 1, 0, DAY_MS - 1},
        {DAY_MS, DAY_MS, 0},
        {-1, -DAY_MS, DAY_MS - 1},
        {-DAY_MS, -DAY_MS, 0},
        {-DAY_MS - 1, -2 * DAY_MS, DAY_MS - 1},
        {INT64_MAX, INT64_MAX - INT64_MAX % DAY_MS, INT64_MAX % DAY_MS},
    };
    struct skm_value none = skm_value_bool(false);
    struct skm_value out = {.kind = SKM_VALUE_BOOL};
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct skm_value instant = integer_of(SKM_VALUE_DATETIME, ROWS[i].instant);
        assert_ok(apply("toDate", instant, none, &out));
        assert_int_equal(out.kind, SKM_VALUE_DATETIME);
        assert_int_equal(out.as.integer, ROWS[i].date);
        assert_ok(apply("toTime", instant, none, &out));
        assert_int_equal(out.kind, SKM_VALUE_DURATION);
        assert_int_equal(out.as.integer, ROWS[i].time);
    }
    /* The day began before the first instant there is. */
    struct skm_value first = integer_of(SKM_VALUE_DATETIME, INT64_MIN);
    assert_err(apply("toDate", first, none, &out), RANGE);
    assert_ok(apply("toTime", first, none, &out));
    assert_int_equal(out.as.integer, INT64_MIN % DAY_MS + DAY_MS);
}

/* ---- duration ---- */

static void test_duration_adds_its_parts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
        const char *canonical;
    } ROWS[] = {
        {"1d", DAY_MS, "1d"},
        {"1h", 3600000, "1h"},
        {"1m", 60000, "1m"},
        {"1s", 1000, "1s"},
        {"1ms", 1, "1ms"},
        /* Milliseconds, not minutes and an `s`. */
        {"5ms", 5, "5ms"},
        {"1m1ms", 60001, "1m1ms"},
        {"1m1s1ms", 61001, "1m1s1ms"},
        {"1d2h3m4s5ms", 93784005, "1d2h3m4s5ms"},
        {"1d5ms", DAY_MS + 5, "1d5ms"},
        {"-1d2h", -93600000, "-1d2h"},
        {"-1ms", -1, "-1ms"},
        {"0ms", 0, "0ms"},
        {"-0d", 0, "0ms"},
        {"007s", 7000, "7s"},
        {"00000000000000000000000000000000001ms", 1, "1ms"},
        {"90m", 5400000, "1h30m"},
        {"1000ms", 1000, "1s"},
        {"9223372036854775807ms", INT64_MAX, "106751991167d7h12m55s807ms"},
        {"-9223372036854775808ms", INT64_MIN, "-106751991167d7h12m55s808ms"},
        {"-106751991167d7h12m55s808ms", INT64_MIN, "-106751991167d7h12m55s808ms"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct skm_value value = made("duration", ROWS[i].text);
        assert_int_equal(value.kind, SKM_VALUE_DURATION);
        assert_int_equal(value.as.integer, ROWS[i].ms);
        assert_printed(value, ROWS[i].canonical);
    }
}

static void test_malformed_duration_is_refused(void **state)
{
    (void)state;
    static const char *const REFUSED[] = {
        "",     "-",      "d",   "1",   "-1",  "1x",  "1ss",       "1sm",  "1msm", "1md",  "+1d",
        "--1d", "1.5h",   "1 d", " 1d", "1d ", "1D",  "1d-1h",     "1h1d", "1m1h", "1s1m", "1ms1s",
        "1d1d", "1ms1ms", "1d2", "1dh", "-d",  "1d1", "\331\241d", "1us",  "1w",   "1min",
    };
    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++) {
        assert_refused("duration", skm_span_cstr(REFUSED[i]));
    }
    assert_refused("duration", SKM_SPAN("1d\0"));
}

static void test_duration_out_of_range_is_refused(void **state)
{
    (void)state;
    static const char *const REFUSED[] = {
        "9223372036854775808ms",
        "-9223372036854775809ms",
        "18446744073709551615ms",
        "18446744073709551616ms",
        "106751991168d",
        "-106751991168d",
        "213503982335d",
        "9223372036854775807d",
        "106751991167d7h12m55s808ms",
        "-106751991167d7h12m55s809ms",
        "9223372036854775807ms1ms",
    };
    for (size_t i = 0; i + 1 < sizeof REFUSED / sizeof REFUSED[0]; i++) {
        struct skm_value value = skm_value_bool(true);
        assert_err(construct("duration", REFUSED[i], &value), RANGE);
    }
    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++) {
        assert_refused("duration", skm_span_cstr(REFUSED[i]));
    }
}

static void test_duration_units_truncate_towards_zero(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        int64_t units[5]; /* ms, s, m, h, d */
    } ROWS[] = {
        {0, {0, 0, 0, 0, 0}},
        {1500, {1500, 1, 0, 0, 0}},
        {-1500, {-1500, -1, 0, 0, 0}},
        {-999, {-999, 0, 0, 0, 0}},
        {119999, {119999, 119, 1, 0, 0}},
        {-119999, {-119999, -119, -1, 0, 0}},
        {-3600001, {-3600001, -3600, -60, -1, 0}},
        {2 * DAY_MS - 1, {2 * DAY_MS - 1, 172799, 2879, 47, 1}},
        {1 - 2 * DAY_MS, {1 - 2 * DAY_MS, -172799, -2879, -47, -1}},
        {INT64_MIN,
         {INT64_MIN, INT64_C(-9223372036854775), INT64_C(-153722867280912), INT64_C(-2562047788015),
          INT64_C(-106751991167)}},
    };
    static const char *const METHODS[] = {"toMilliseconds", "toSeconds", "toMinutes", "toHours",
                                          "toDays"};
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        for (size_t unit = 0; unit < 5; unit++) {
            struct skm_value out = {.kind = SKM_VALUE_BOOL};
            assert_ok(apply(METHODS[unit], integer_of(SKM_VALUE_DURATION, ROWS[i].ms),
                            skm_value_bool(false), &out));
            assert_int_equal(out.kind, SKM_VALUE_LONG);
            assert_int_equal(out.as.integer, ROWS[i].units[unit]);
        }
    }
}

static const struct CMUnitTest tests[] = {
    EXT_TEST(test_datetime_counts_milliseconds_from_1970),
    EXT_TEST(test_malformed_datetime_is_refused),
    EXT_TEST(test_dates_and_times_that_do_not_exist_are_refused),
    EXT_TEST(test_datetime_prints_as_it_reads),
    EXT_TEST(test_every_day_round_trips),
    EXT_TEST(test_datetime_outside_written_years_has_no_text),
    EXT_TEST(test_offset_and_duration_since_are_checked),
    EXT_TEST(test_date_and_time_of_day_round_towards_the_past),
    EXT_TEST(test_duration_adds_its_parts),
    EXT_TEST(test_malformed_duration_is_refused),
    EXT_TEST(test_duration_out_of_range_is_refused),
    EXT_TEST(test_duration_units_truncate_towards_zero),
};

SKM_TEST_MAIN(tests)
