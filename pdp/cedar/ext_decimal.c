/* decimal: fixed point with four digits, an i64 scaled by 10^4 (Cedar spec: Ext/Decimal.lean).
 *
 *     decimal := ['-'] digit+ '.' digit{1,4} */
#include <inttypes.h>
#include <stdio.h>

#include "cedar/ext_impl.h"

#define SCALE        10000
#define SCALE_DIGITS 4

skm_err skm_ext_decimal(struct skm_arena *arena, const struct skm_value *args,
                        struct skm_value *out_value, const char **out_reason)
{
    (void)arena;
    struct skm_ext_cursor cursor = {.text = args[0].as.string};
    bool is_negative = skm_ext_accept(&cursor, '-');
    uint64_t whole = 0;
    uint64_t fraction = 0;
    bool whole_fits = false;
    bool fraction_fits = false;
    if (!skm_ext_read_digits(&cursor, &whole, &whole_fits) || !skm_ext_accept(&cursor, '.')) {
        return skm_ext_fail(SKM_ERR(SYNTAX), "a decimal is digits, a point, and 1 to 4 digits",
                            out_reason);
    }
    size_t fraction_start = cursor.at;
    if (!skm_ext_read_digits(&cursor, &fraction, &fraction_fits) || !skm_ext_at_end(&cursor)) {
        return skm_ext_fail(SKM_ERR(SYNTAX), "a decimal is digits, a point, and 1 to 4 digits",
                            out_reason);
    }
    size_t fraction_digits = cursor.at - fraction_start;
    if (fraction_digits > SCALE_DIGITS) {
        return skm_ext_fail(SKM_ERR(SYNTAX), "a decimal has at most 4 digits after the point",
                            out_reason);
    }
    for (size_t i = fraction_digits; i < SCALE_DIGITS; i++) {
        fraction *= 10;
    }
    uint64_t magnitude = 0;
    int64_t number = 0;
    if (!whole_fits || __builtin_mul_overflow(whole, (uint64_t)SCALE, &magnitude) ||
        __builtin_add_overflow(magnitude, fraction, &magnitude) ||
        !skm_ext_signed(is_negative, magnitude, &number)) {
        return skm_ext_fail(SKM_ERR(RANGE), "decimal out of range", out_reason);
    }
    *out_value = (struct skm_value){.kind = SKM_VALUE_DECIMAL, .as.integer = number};
    return SKM_OK;
}

/* ---- comparisons ---- */

skm_err skm_ext_less_than(struct skm_arena *arena, const struct skm_value *args,
                          struct skm_value *out_value, const char **out_reason)
{
    (void)arena;
    (void)out_reason;
    *out_value = skm_value_bool(args[0].as.integer < args[1].as.integer);
    return SKM_OK;
}

skm_err skm_ext_less_than_or_equal(struct skm_arena *arena, const struct skm_value *args,
                                   struct skm_value *out_value, const char **out_reason)
{
    (void)arena;
    (void)out_reason;
    *out_value = skm_value_bool(args[0].as.integer <= args[1].as.integer);
    return SKM_OK;
}

skm_err skm_ext_greater_than(struct skm_arena *arena, const struct skm_value *args,
                             struct skm_value *out_value, const char **out_reason)
{
    (void)arena;
    (void)out_reason;
    *out_value = skm_value_bool(args[0].as.integer > args[1].as.integer);
    return SKM_OK;
}

skm_err skm_ext_greater_than_or_equal(struct skm_arena *arena, const struct skm_value *args,
                                      struct skm_value *out_value, const char **out_reason)
{
    (void)arena;
    (void)out_reason;
    *out_value = skm_value_bool(args[0].as.integer >= args[1].as.integer);
    return SKM_OK;
}

/* ---- text ---- */

size_t skm_ext_format_decimal(int64_t number, char text[SKM_EXT_TEXT_MAX])
{
    /* Negating in u64 is defined for INT64_MIN too. */
    uint64_t magnitude = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    int len = snprintf(text, SKM_EXT_TEXT_MAX, "%s%" PRIu64 ".%04" PRIu64, number < 0 ? "-" : "",
                       magnitude / SCALE, magnitude % SCALE);
    return len < 0 ? 0 : (size_t)len;
}
