#include "base/clock.h"

#include <stdio.h>
#include <time.h>

#include "base/attr.h"

#define MS_PER_DAY ((int64_t)86400 * 1000)

static int64_t read_clock(clockid_t id, int64_t per_second, int64_t ns_per_unit)
{
    struct timespec now = {0};
    /* Cannot fail for the two clocks asked for. */
    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * per_second + (int64_t)now.tv_nsec / ns_per_unit;
}

static int64_t system_wall_ms(SKM_UNUSED void *ctx)
{
    return read_clock(CLOCK_REALTIME, 1000, 1000000);
}

static int64_t system_monotonic_ns(SKM_UNUSED void *ctx)
{
    return read_clock(CLOCK_MONOTONIC, 1000000000, 1);
}

const struct skm_clock *skm_clock_system(void)
{
    static const struct skm_clock SYSTEM = {system_wall_ms, system_monotonic_ns, NULL};
    return &SYSTEM;
}

/* Year, month (1 to 12) and day of month of a day counted from 1970-01-01, proleptic Gregorian. Years begin in March
 * here, so that the leap day is a year's last; an era is 400 years, 146097 days. */
static void civil_of_day(int64_t day, int64_t *out_year, int *out_month, int *out_day)
{
    int64_t shifted = day + 719468; /* from 0000-03-01 */
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t of_era = shifted - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153; /* 0 is March */
    *out_day = (int)(of_year - (153 * month + 2) / 5 + 1);
    *out_month = (int)(month < 10 ? month + 3 : month - 9);
    *out_year = year + era * 400 + (month >= 10 ? 1 : 0);
}

void skm_clock_rfc3339(int64_t wall_ms, char out[SKM_CLOCK_RFC3339_BYTES])
{
    const int64_t first = (int64_t)-719528 * MS_PER_DAY;          /* 0000-01-01T00:00:00.000Z */
    const int64_t last = ((int64_t)2932896 + 1) * MS_PER_DAY - 1; /* 9999-12-31T23:59:59.999Z */
    int64_t clamped = wall_ms < first ? first : wall_ms > last ? last : wall_ms;
    int64_t days = clamped / MS_PER_DAY;
    int64_t of_day = clamped % MS_PER_DAY;
    if (of_day < 0) {
        of_day += MS_PER_DAY;
        days--;
    }
    int64_t year = 0;
    int month = 0;
    int day = 0;
    civil_of_day(days, &year, &month, &day);
    (void)snprintf(out, SKM_CLOCK_RFC3339_BYTES, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
                   (unsigned)year % 10000u, (unsigned)month % 100u, (unsigned)day % 100u,
                   (unsigned)(of_day / 3600000) % 100u, (unsigned)(of_day / 60000 % 60),
                   (unsigned)(of_day / 1000 % 60), (unsigned)(of_day % 1000));
}
