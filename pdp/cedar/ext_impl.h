/* What the extension types offer to the table in ext.c; nobody else includes this.
 *
 * One declaration per function of the language, in the shape of skm_ext_function.call, and one formatter per type
 * in the shape of skm_ext_format(). */
#pragma once

#include "cedar/ext.h"

#define SKM_EXT_DECLARE_(function)                                                                 \
    SKM_MUST skm_err function(struct skm_arena *arena, const struct skm_value *args,               \
                              struct skm_value *out_value, const char **out_reason)

/* Yields the error and says why: the last statement of a call that fails. */
static inline skm_err skm_ext_fail(skm_err err, const char *reason, const char **out_reason)
{
    *out_reason = reason;
    return err;
}

/* Reads over a string argument from the left. */
struct skm_ext_cursor {
    skm_span text;
    size_t at;
};

static inline bool skm_ext_at_end(const struct skm_ext_cursor *cursor)
{
    return cursor->at >= cursor->text.len;
}

/* The next byte, or NUL at the end. A NUL in the text is no part of any format, so the two may look alike. */
static inline char skm_ext_peek(const struct skm_ext_cursor *cursor)
{
    return skm_ext_at_end(cursor) ? '\0' : cursor->text.ptr[cursor->at];
}

/* Steps over `byte` if it comes next. */
static inline bool skm_ext_accept(struct skm_ext_cursor *cursor, char byte)
{
    if (skm_ext_at_end(cursor) || cursor->text.ptr[cursor->at] != byte) {
        return false;
    }
    cursor->at++;
    return true;
}

static inline bool skm_ext_is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Reads a run of one or more ASCII digits, any length. False: no digit. *out_fits is false when the number
 * exceeds u64. */
bool skm_ext_read_digits(struct skm_ext_cursor *cursor, uint64_t *out_number, bool *out_fits);

/* The integer with that sign and magnitude; false outside i64. */
bool skm_ext_signed(bool is_negative, uint64_t magnitude, int64_t *out_number);

SKM_EXT_DECLARE_(skm_ext_decimal);
SKM_EXT_DECLARE_(skm_ext_less_than);
SKM_EXT_DECLARE_(skm_ext_less_than_or_equal);
SKM_EXT_DECLARE_(skm_ext_greater_than);
SKM_EXT_DECLARE_(skm_ext_greater_than_or_equal);
size_t skm_ext_format_decimal(int64_t number, char text[SKM_EXT_TEXT_MAX]);

SKM_EXT_DECLARE_(skm_ext_ip);
SKM_EXT_DECLARE_(skm_ext_is_ipv4);
SKM_EXT_DECLARE_(skm_ext_is_ipv6);
SKM_EXT_DECLARE_(skm_ext_is_loopback);
SKM_EXT_DECLARE_(skm_ext_is_multicast);
SKM_EXT_DECLARE_(skm_ext_is_in_range);
size_t skm_ext_format_ip(const struct skm_ip *ip, char text[SKM_EXT_TEXT_MAX]);

SKM_EXT_DECLARE_(skm_ext_datetime);
SKM_EXT_DECLARE_(skm_ext_offset);
SKM_EXT_DECLARE_(skm_ext_duration_since);
SKM_EXT_DECLARE_(skm_ext_to_date);
SKM_EXT_DECLARE_(skm_ext_to_time);
size_t skm_ext_format_datetime(int64_t instant_ms, char text[SKM_EXT_TEXT_MAX]);

SKM_EXT_DECLARE_(skm_ext_duration);
SKM_EXT_DECLARE_(skm_ext_to_milliseconds);
SKM_EXT_DECLARE_(skm_ext_to_seconds);
SKM_EXT_DECLARE_(skm_ext_to_minutes);
SKM_EXT_DECLARE_(skm_ext_to_hours);
SKM_EXT_DECLARE_(skm_ext_to_days);
size_t skm_ext_format_duration(int64_t duration_ms, char text[SKM_EXT_TEXT_MAX]);
