#include "harness/manual_clock.h"

#define MONOTONIC_ORIGIN_NS INT64_C(1000000000000)

static int64_t wall_ms(void *ctx)
{
    const struct skm_manual_clock *hand = ctx;
    return hand->wall_ms;
}

static int64_t monotonic_ns(void *ctx)
{
    const struct skm_manual_clock *hand = ctx;
    return hand->monotonic_ns;
}

void skm_manual_clock_init(struct skm_manual_clock *hand, int64_t start_wall_ms)
{
    *hand = (struct skm_manual_clock){
        .clock = {wall_ms, monotonic_ns, hand},
        .wall_ms = start_wall_ms,
        .monotonic_ns = MONOTONIC_ORIGIN_NS,
    };
}

void skm_manual_clock_advance_ms(struct skm_manual_clock *hand, int64_t ms)
{
    hand->wall_ms += ms;
    hand->monotonic_ns += ms * 1000000;
}

void skm_manual_clock_set_wall_ms(struct skm_manual_clock *hand, int64_t new_wall_ms)
{
    hand->wall_ms = new_wall_ms;
}
