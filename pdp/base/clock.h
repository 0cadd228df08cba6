/* Time, from one place, so that tests can move it. Nothing else in pdp/ asks the system for the time
 * (tests/checks holds to it). Any thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct skm_clock {
    int64_t (*wall_ms)(void *ctx);      /* milliseconds since 1970-01-01T00:00:00Z */
    int64_t (*monotonic_ns)(void *ctx); /* never steps back; origin unspecified */
    void *ctx;
};

/* The system's clocks. Static storage. */
const struct skm_clock *skm_clock_system(void);

static inline int64_t skm_clock_wall_ms(const struct skm_clock *clock)
{
    return clock->wall_ms(clock->ctx);
}

static inline int64_t skm_clock_monotonic_ns(const struct skm_clock *clock)
{
    return clock->monotonic_ns(clock->ctx);
}

#define SKM_CLOCK_RFC3339_BYTES 32

/* "2026-11-21T12:00:00.123Z", NUL-terminated; years 0 to 9999, others are clamped (RFC 3339 §5.6). */
void skm_clock_rfc3339(int64_t wall_ms, char out[SKM_CLOCK_RFC3339_BYTES]);
