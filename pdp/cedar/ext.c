#include "cedar/ext.h"

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"
#include "cedar/ext_impl.h"

/* SKM_SPAN() is a compound literal, which ISO C does not take in a static initialiser. */
#define NAME(literal)                                                                              \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }
#define CONSTRUCTOR(name_, kind_, call_)                                                           \
    {                                                                                              \
        NAME(name_), SKM_EXT_FUNCTION, true, 1, {SKM_VALUE_STRING}, SKM_VALUE_##kind_, call_       \
    }
#define METHOD0(name_, self_, result_, call_)                                                      \
    {                                                                                              \
        NAME(name_), SKM_EXT_METHOD, false, 1, {SKM_VALUE_##self_}, SKM_VALUE_##result_, call_     \
    }
#define METHOD1(name_, self_, arg_, result_, call_)                                                \
    {                                                                                              \
        NAME(name_), SKM_EXT_METHOD, false, 2, {SKM_VALUE_##self_, SKM_VALUE_##arg_},              \
            SKM_VALUE_##result_, call_                                                             \
    }

static const struct skm_ext_function TABLE[] = {
    CONSTRUCTOR("decimal", DECIMAL, skm_ext_decimal),
    METHOD1("lessThan", DECIMAL, DECIMAL, BOOL, skm_ext_less_than),
    METHOD1("lessThanOrEqual", DECIMAL, DECIMAL, BOOL, skm_ext_less_than_or_equal),
    METHOD1("greaterThan", DECIMAL, DECIMAL, BOOL, skm_ext_greater_than),
    METHOD1("greaterThanOrEqual", DECIMAL, DECIMAL, BOOL, skm_ext_greater_than_or_equal),

    CONSTRUCTOR("ip", IPADDR, skm_ext_ip),
    METHOD0("isIpv4", IPADDR, BOOL, skm_ext_is_ipv4),
    METHOD0("isIpv6", IPADDR, BOOL, skm_ext_is_ipv6),
    METHOD0("isLoopback", IPADDR, BOOL, skm_ext_is_loopback),
    METHOD0("isMulticast", IPADDR, BOOL, skm_ext_is_multicast),
    METHOD1("isInRange", IPADDR, IPADDR, BOOL, skm_ext_is_in_range),

    CONSTRUCTOR("datetime", DATETIME, skm_ext_datetime),
    METHOD1("offset", DATETIME, DURATION, DATETIME, skm_ext_offset),
    METHOD1("durationSince", DATETIME, DATETIME, DURATION, skm_ext_duration_since),
    METHOD0("toDate", DATETIME, DATETIME, skm_ext_to_date),
    METHOD0("toTime", DATETIME, DURATION, skm_ext_to_time),

    CONSTRUCTOR("duration", DURATION, skm_ext_duration),
    METHOD0("toMilliseconds", DURATION, LONG, skm_ext_to_milliseconds),
    METHOD0("toSeconds", DURATION, LONG, skm_ext_to_seconds),
    METHOD0("toMinutes", DURATION, LONG, skm_ext_to_minutes),
    METHOD0("toHours", DURATION, LONG, skm_ext_to_hours),
    METHOD0("toDays", DURATION, LONG, skm_ext_to_days),
};

const struct skm_ext_function *skm_ext_find(skm_span name)
{
    for (size_t i = 0; i < SKM_ARRAY_LEN(TABLE); i++) {
        if (skm_span_equal(TABLE[i].name, name)) {
            return &TABLE[i];
        }
    }
    return NULL;
}

const struct skm_ext_function *skm_ext_table(size_t *out_count)
{
    *out_count = SKM_ARRAY_LEN(TABLE);
    return TABLE;
}

const struct skm_ext_function *skm_ext_constructor(enum skm_value_kind kind)
{
    for (size_t i = 0; i < SKM_ARRAY_LEN(TABLE); i++) {
        if (TABLE[i].is_constructor && TABLE[i].result_kind == kind) {
            return &TABLE[i];
        }
    }
    return NULL;
}

skm_err skm_ext_call(const struct skm_ext_function *function, struct skm_arena *arena,
                     const struct skm_value *args, size_t count, struct skm_value *out_value,
                     const char **out_reason)
{
    if (count != function->arg_count) {
        return skm_ext_fail(SKM_ERR(COUNT), "wrong number of arguments", out_reason);
    }
    for (size_t i = 0; i < count; i++) {
        if (args[i].kind != function->arg_kinds[i]) {
            return skm_ext_fail(SKM_ERR(TYPE), "argument of the wrong type", out_reason);
        }
    }
    return function->call(arena, args, out_value, out_reason);
}

skm_span skm_ext_format(const struct skm_value *value, char text[SKM_EXT_TEXT_MAX])
{
    switch (value->kind) {
    case SKM_VALUE_DECIMAL:
        return skm_span_of(text, skm_ext_format_decimal(value->as.integer, text));
    case SKM_VALUE_IPADDR:
        return skm_span_of(text, skm_ext_format_ip(value->as.ip, text));
    case SKM_VALUE_DATETIME:
        return skm_span_of(text, skm_ext_format_datetime(value->as.integer, text));
    case SKM_VALUE_DURATION:
        return skm_span_of(text, skm_ext_format_duration(value->as.integer, text));
    case SKM_VALUE_BOOL:
    case SKM_VALUE_LONG:
    case SKM_VALUE_STRING:
    case SKM_VALUE_ENTITY:
    case SKM_VALUE_SET:
    case SKM_VALUE_RECORD:
        break;
    }
    return skm_span_of(text, 0);
}

bool skm_ext_print(const struct skm_value *value, struct skm_buf *out)
{
    char text[SKM_EXT_TEXT_MAX];
    skm_span content = skm_ext_format(value, text);
    skm_buf_append(out, content);
    return content.len > 0;
}

/* ---- reading, shared by the types ---- */

bool skm_ext_read_digits(struct skm_ext_cursor *cursor, uint64_t *out_number, bool *out_fits)
{
    uint64_t number = 0;
    bool fits = true;
    size_t start = cursor->at;
    while (skm_ext_is_digit(skm_ext_peek(cursor))) {
        uint64_t digit = (uint64_t)(skm_ext_peek(cursor) - '0');
        fits = fits && !__builtin_mul_overflow(number, 10u, &number) &&
               !__builtin_add_overflow(number, digit, &number);
        cursor->at++;
    }
    if (cursor->at == start) {
        return false;
    }
    *out_number = number;
    *out_fits = fits;
    return true;
}

bool skm_ext_signed(bool is_negative, uint64_t magnitude, int64_t *out_number)
{
    uint64_t limit = (uint64_t)INT64_MAX + (is_negative ? 1 : 0);
    if (magnitude > limit) {
        return false;
    }
    if (is_negative && magnitude == limit) {
        *out_number = INT64_MIN;
    } else {
        *out_number = is_negative ? -(int64_t)magnitude : (int64_t)magnitude;
    }
    return true;
}
