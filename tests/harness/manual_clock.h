/* A clock moved by hand: time stands still until the test says otherwise.
 *
 *     struct skm_manual_clock hand;
 *     skm_manual_clock_init(&hand, 1700000000000);
 *     decide(..., &hand.clock);
 *     skm_manual_clock_advance_ms(&hand, 900000);
 */
#pragma once

#include <stdint.h>

#include "base/clock.h"

struct skm_manual_clock {
    struct skm_clock clock; /* hand this to the code under test */
    int64_t wall_ms;
    int64_t monotonic_ns;
};

/* Both times at rest; monotonic time begins at an arbitrary origin that is not 0. Do not copy afterwards: the clock
 * points into the struct. */
void skm_manual_clock_init(struct skm_manual_clock *hand, int64_t wall_ms);

/* Time passes: both clocks go on. */
void skm_manual_clock_advance_ms(struct skm_manual_clock *hand, int64_t ms);

/* Somebody sets the wall clock; monotonic time does not notice. */
void skm_manual_clock_set_wall_ms(struct skm_manual_clock *hand, int64_t wall_ms);
