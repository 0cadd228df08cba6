/* Amounts with their units: whole numbers, sizes (`16MiB`), durations (`90s`). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "daemon/config_option.h"

/* INT without unit, SIZE in bytes, DURATION in milliseconds; other types have none. False when the text is none of it: no
 * sign, no leading zero, no blank. Past the range of int64_t it is INT64_MAX. */
bool skm_config_amount_parse(enum skm_config_option_type type, skm_span text, int64_t *out_amount);

/* In the largest unit that divides it. */
void skm_config_amount_print(enum skm_config_option_type type, int64_t amount, struct skm_buf *out);
