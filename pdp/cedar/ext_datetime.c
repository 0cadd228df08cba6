/* datetime: an instant in milliseconds since 1970-01-01T00:00:00Z, and duration: a span of milliseconds
 * (Cedar spec: Ext/Datetime.lean).
 *
 *     datetime := date | date 'T' time zone            every field of fixed width, ASCII digits
 *     date     := YYYY '-' MM '-' DD                   proleptic Gregorian, years 0000 to 9999
 *     time     := hh ':' mm ':' ss [ '.' SSS ]         no leap second
 *     zone     := 'Z' | ('+' | '-') hhmm               hh below 24, mm below 60
 *     duration := ['-'] [n'd'] [n'h'] [n'm'] [n's'] [n'ms']    at least one part */
#include <inttypes.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/span.h"
#include "cedar/ext_impl.h"

#define MS_PER_SECOND 1000
#define MS_PER_MINUTE (60 * MS_PER_SECOND)
#define MS_PER_HOUR   (60 * MS_PER_MINUTE)
#define MS_PER_DAY    (24 * MS_PER_HOUR)

#define YEAR_MAX     9999
#define DAYS_PER_ERA 146097 /* 400 years */
/* From 0000-01-01 to 1970-01-01. */
#define EPOCH_DAYS 719528

/* ---- calendar ---- */

static bool is_leap_year(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days from 0000-01-01 to the first of January of `year`, which is not negative. */
static int64_t days_before_year(int64_t year)
{
    int64_t leap_years = (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;
    return 365 * year + leap_years;
}

/* `month` from 1. */
static int64_t days_in_month(int64_t year, int64_t month)
{
    static const uint8_t DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return DAYS[month - 1] + (month == 2 && is_leap_year(year) ? 1 : 0);
}

struct date {
    int64_t year;
    int64_t month; /* from 1 */
    int64_t day;   /* from 1 */
};

static int64_t date_to_days(const struct date *date)
{
    int64_t days = days_before_year(date->year) - EPOCH_DAYS;
    for (int64_t month = 1; month < date->month; month++) {
        days += days_in_month(date->year, month);
    }
    return days + date->day - 1;
}

/* Only for days of the years 0 to 9999. */
static struct date days_to_date(int64_t days)
{
    int64_t rest = days + EPOCH_DAYS;
    struct date date = {.year = rest * 400 / DAYS_PER_ERA, .month = 1, .day = 1};
    while (days_before_year(date.year) > rest) {
        date.year--;
    }
    while (days_before_year(date.year + 1) <= rest) {
        date.year++;
    }
    rest -= days_before_year(date.year);
    while (rest >= days_in_month(date.year, date.month)) {
        rest -= days_in_month(date.year, date.month);
        date.month++;
    }
    date.day += rest;
    return date;
}

/* Towards minus infinity; the remainder is never negative. */
static int64_t ms_into_day(int64_t instant_ms)
{
    int64_t rest = instant_ms % MS_PER_DAY;
    return rest < 0 ? rest + MS_PER_DAY : rest;
}

/* ---- datetime: reading ---- */

/* Exactly `width` digits. */
static bool read_field(struct skm_ext_cursor *cursor, unsigned width, int64_t *out_number)
{
    int64_t number = 0;
    for (unsigned i = 0; i < width; i++) {
        char byte = skm_ext_peek(cursor);
        if (!skm_ext_is_digit(byte)) {
            return false;
        }
        number = number * 10 + (byte - '0');
        cursor->at++;
    }
    *out_number = number;
    return true;
}

static bool read_date(struct skm_ext_cursor *cursor, struct date *out_date)
{
    return read_field(cursor, 4, &out_date->year) && skm_ext_accept(cursor, '-') &&
           read_field(cursor, 2, &out_date->month) && skm_ext_accept(cursor, '-') &&
           read_field(cursor, 2, &out_date->day);
}

struct time {
    int64_t hour;
    int64_t minute;
    int64_t second;
    int64_t millisecond;
};

static bool read_time(struct skm_ext_cursor *cursor, struct time *out_time)
{
    if (!read_field(cursor, 2, &out_time->hour) || !skm_ext_accept(cursor, ':') ||
        !read_field(cursor, 2, &out_time->minute) || !skm_ext_accept(cursor, ':') ||
        !read_field(cursor, 2, &out_time->second)) {
        return false;
    }
    return !skm_ext_accept(cursor, '.') || read_field(cursor, 3, &out_time->millisecond);
}

struct zone {
    bool is_behind; /* written with a minus sign */
    int64_t hour;
    int64_t minute;
};

static bool read_zone(struct skm_ext_cursor *cursor, struct zone *out_zone)
{
    if (skm_ext_accept(cursor, 'Z')) {
        return true;
    }
    out_zone->is_behind = skm_ext_accept(cursor, '-');
    if (!out_zone->is_behind && !skm_ext_accept(cursor, '+')) {
        return false;
    }
    return read_field(cursor, 2, &out_zone->hour) && read_field(cursor, 2, &out_zone->minute);
}

/* NULL, or what is out of range. */
static const char *check_ranges(const struct date *date, const struct time *time,
                                const struct zone *zone)
{
    if (date->month < 1 || date->month > 12 || date->day < 1 ||
        date->day > days_in_month(date->year, date->month)) {
        return "the calendar has no such date";
    }
    if (time->hour > 23 || time->minute > 59 || time->second > 59) {
        return "the day has no such time";
    }
    if (zone->hour > 23 || zone->minute > 59) {
        return "the zone offset is out of range";
    }
    return NULL;
}

skm_err skm_ext_datetime(struct skm_arena *arena, const struct skm_value *args,
                         struct skm_value *out_value, const char **out_reason)
{
    (void)arena;
    struct skm_ext_cursor cursor = {.text = args[0].as.string};
    struct date date = {0};
    struct time time = {0};
    struct zone zone = {0};
    bool well_formed = read_date(&cursor, &date);
    if (well_formed && skm_ext_accept(&cursor, 'T')) {
        well_formed = read_time(&cursor, &time) && read_zone(&cursor, &zone);
    }
    if (!well_formed || !skm_ext_at_end(&cursor)) {
        return skm_ext_fail(SKM_ERR(SYNTAX),
                            "a datetime is YYYY-MM-DD or YYYY-MM-DDThh:mm:ss[.SSS](Z|+hhmm|-hhmm)",
                            out_reason);
    }
    const char *fault = check_ranges(&date, &time, &zone);
    if (fault != NULL) {
        return skm_ext_fail(SKM_ERR(RANGE), fault, out_reason);
    }
    /* Ten thousand years of milliseconds are far inside i64. */
    int64_t offset_ms = zone.hour * MS_PER_HOUR + zone.minute * MS_PER_MINUTE;
    int64_t local_ms = date_to_days(&date) * MS_PER_DAY + time.hour * MS_PER_HOUR +
                       time.minute * MS_PER_MINUTE + time.second * MS_PER_SECOND + time.millisecond;
    *out_value =
        (struct skm_value){.kind = SKM_VALUE_DATETIME,
                           .as.integer = local_ms - (zone.is_behind ? -offset_ms : offset_ms)};
    return SKM_OK;
}

/* ---- datetime: methods ---- */

skm_err skm_ext_offset(struct skm_arena *arena, const struct skm_value *args,
                       struct skm_value *out_value, const char **out_reason)
{
    (void)arena;
    int64_t sum = 0;
    if (__builtin_add_overflow(args[0].as.integer, args[1].as.integer, &sum)) {
        return skm_ext_fail(SKM_ERR(RANGE), "datetime out of range", out_reason);
    }
    *out_value = (struct skm_value){.kind = SKM_VALUE_DATETIME, .as.integer = sum};
    return SKM_OK;
}

skm_err skm_ext_duration_since(struct skm_arena *arena, const struct skm_value *args,
                               struct skm_value *out_value, const char **out_reason)
{
    (void)arena;
    int64_t difference = 0;
    if (__builtin_sub_overflow(args[0].as.integer, args[1].as.integer, &difference)) {
        return skm_ext_fail(SKM_ERR(RANGE), "duration out of range", out_reason);
    }
    *out_value = (struct skm_value){.kind = SKM_VALUE_DURATION, .as.integer = difference};
    return SKM_OK;
}

skm_err skm_ext_to_date(struct skm_arena *arena, const struct skm_value *args,
                        struct skm_value *out_value, const char **out_reason)
{
    (void)arena;
    int64_t start = 0;
    if (__builtin_sub_overflow(args[0].as.integer, ms_into_day(args[0].as.integer), &start)) {
        return skm_ext_fail(SKM_ERR(RANGE), "datetime out of range", out_reason);
    }
    *out_value = (struct skm_value){.kind = SKM_VALUE_DATETIME, .as.integer = start};
    return SKM_OK;
}

skm_err skm_ext_to_time(struct skm_arena *arena, const struct skm_value *args,
                        struct skm_value *out_value, const char **out_reason)
{
    (void)arena;
    (void)out_reason;
    *out_value = (struct skm_value){.kind = SKM_VALUE_DURATION,
                                    .as.integer = ms_into_day(args[0].as.integer)};
    return SKM_OK;
}

/* ---- duration: reading ---- */

static const struct unit {
    char name[3];
    uint32_t ms;
} UNITS[] = {
    {"d", MS_PER_DAY}, {"h", MS_PER_HOUR}, {"m", MS_PER_MINUTE}, {"s", MS_PER_SECOND}, {"ms", 1},
};

/* The letters that follow, all of them: `5ms` is never `5m` and an `s`. The unit's index, or the number of units. */
static size_t read_unit(struct skm_ext_cursor *cursor)
{
    size_t start = cursor->at;
    while (skm_ext_peek(cursor) >= 'a' && skm_ext_peek(cursor) <= 'z') {
        cursor->at++;
    }
    skm_span letters = skm_span_sub(cursor->text, start, cursor->at - start);
    size_t index = 0;
    while (index < SKM_ARRAY_LEN(UNITS) &&
           !skm_span_equal(letters, skm_span_cstr(UNITS[index].name))) {
        index++;
    }
    return index;
}

/* One `<digits><unit>`; the unit stands at or behind *next_unit in the table. */
static bool read_part(struct skm_ext_cursor *cursor, size_t *next_unit, uint64_t *magnitude_ms,
                      bool *fits)
{
    uint64_t number = 0;
    bool number_fits = false;
    if (!skm_ext_read_digits(cursor, &number, &number_fits)) {
        return false;
    }
    size_t unit = read_unit(cursor);
    if (unit < *next_unit || unit == SKM_ARRAY_LEN(UNITS)) {
        return false;
    }
    *next_unit = unit + 1;
    *fits = *fits && number_fits &&
            !__builtin_mul_overflow(number, (uint64_t)UNITS[unit].ms, &number) &&
            !__builtin_add_overflow(*magnitude_ms, number, magnitude_ms);
    return true;
}

skm_err skm_ext_duration(struct skm_arena *arena, const struct skm_value *args,
                         struct skm_value *out_value, const char **out_reason)
{
    (void)arena;
    struct skm_ext_cursor cursor = {.text = args[0].as.string};
    bool is_negative = skm_ext_accept(&cursor, '-');
    size_t next_unit = 0;
    uint64_t magnitude_ms = 0;
    bool fits = true;
    do {
        if (!read_part(&cursor, &next_unit, &magnitude_ms, &fits)) {
            return skm_ext_fail(SKM_ERR(SYNTAX),
                                "a duration is numbers with units d, h, m, s, ms, in this order",
                                out_reason);
        }
    } while (!skm_ext_at_end(&cursor));
    int64_t duration_ms = 0;
    if (!fits || !skm_ext_signed(is_negative, magnitude_ms, &duration_ms)) {
        return skm_ext_fail(SKM_ERR(RANGE), "duration out of range", out_reason);
    }
    *out_value = (struct skm_value){.kind = SKM_VALUE_DURATION, .as.integer = duration_ms};
    return SKM_OK;
}

/* ---- duration: methods; C divides towards zero, as the language wants ---- */

skm_err skm_ext_to_milliseconds(struct skm_arena *arena, const struct skm_value *args,
                                struct skm_value *out_value, const char **out_reason)
{
    (void)arena;
    (void)out_reason;
    *out_value = skm_value_long(args[0].as.integer);
    return SKM_OK;
}

skm_err skm_ext_to_seconds(struct skm_arena *arena, const struct skm_value *args,
                           struct skm_value *out_value, const char **out_reason)
{
    (void)arena;
    (void)out_reason;
    *out_value = skm_value_long(args[0].as.integer / MS_PER_SECOND);
    return SKM_OK;
}

skm_err skm_ext_to_minutes(struct skm_arena *arena, const struct skm_value *args,
                           struct skm_value *out_value, const char **out_reason)
{
    (void)arena;
    (void)out_reason;
    *out_value = skm_value_long(args[0].as.integer / MS_PER_MINUTE);
    return SKM_OK;
}

skm_err skm_ext_to_hours(struct skm_arena *arena, const struct skm_value *args,
                         struct skm_value *out_value, const char **out_reason)
{
    (void)arena;
    (void)out_reason;
    *out_value = skm_value_long(args[0].as.integer / MS_PER_HOUR);
    return SKM_OK;
}

skm_err skm_ext_to_days(struct skm_arena *arena, const struct skm_value *args,
                        struct skm_value *out_value, const char **out_reason)
{
    (void)arena;
    (void)out_reason;
    *out_value = skm_value_long(args[0].as.integer / MS_PER_DAY);
    return SKM_OK;
}

/* ---- text ---- */

size_t skm_ext_format_datetime(int64_t instant_ms, char text[SKM_EXT_TEXT_MAX])
{
    int64_t first_ms = -(int64_t)EPOCH_DAYS * MS_PER_DAY;
    int64_t end_ms = (days_before_year(YEAR_MAX + 1) - EPOCH_DAYS) * MS_PER_DAY;
    if (instant_ms < first_ms || instant_ms >= end_ms) {
        return 0;
    }
    int64_t time_ms = ms_into_day(instant_ms);
    struct date date = days_to_date((instant_ms - time_ms) / MS_PER_DAY);
    int len =
        snprintf(text, SKM_EXT_TEXT_MAX,
                 "%04" PRId64 "-%02" PRId64 "-%02" PRId64 "T%02" PRId64 ":%02" PRId64 ":%02" PRId64,
                 date.year, date.month, date.day, time_ms / MS_PER_HOUR,
                 time_ms / MS_PER_MINUTE % 60, time_ms / MS_PER_SECOND % 60);
    if (len < 0) {
        return 0;
    }
    size_t used = (size_t)len;
    if (time_ms % MS_PER_SECOND != 0) {
        len =
            snprintf(text + used, SKM_EXT_TEXT_MAX - used, ".%03" PRId64, time_ms % MS_PER_SECOND);
        used += len < 0 ? 0 : (size_t)len;
    }
    text[used++] = 'Z';
    return used;
}

size_t skm_ext_format_duration(int64_t duration_ms, char text[SKM_EXT_TEXT_MAX])
{
    /* Negating in u64 is defined for INT64_MIN too. */
    uint64_t rest = duration_ms < 0 ? 0 - (uint64_t)duration_ms : (uint64_t)duration_ms;
    size_t used = 0;
    if (duration_ms < 0) {
        text[used++] = '-';
    }
    for (size_t i = 0; i < SKM_ARRAY_LEN(UNITS); i++) {
        uint64_t number = rest / UNITS[i].ms;
        rest %= UNITS[i].ms;
        if (number == 0 && !(duration_ms == 0 && UNITS[i].ms == 1)) {
            continue;
        }
        int len =
            snprintf(text + used, SKM_EXT_TEXT_MAX - used, "%" PRIu64 "%s", number, UNITS[i].name);
        used += len < 0 ? 0 : (size_t)len;
    }
    return used;
}
