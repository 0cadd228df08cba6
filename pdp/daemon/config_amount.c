#include "daemon/config_amount.h"

#include "base/attr.h"
#include "base/span.h"

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit size_units[] = {
    {"TiB", INT64_C(1) << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1},
};

static const struct unit duration_units[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1},
};

static const struct unit no_unit[] = {{"", 1}};

static const struct unit *units_of(enum skm_config_option_type type, size_t *out_count)
{
    if (type == SKM_CONFIG_OPTION_SIZE) {
        *out_count = SKM_ARRAY_LEN(size_units);
        return size_units;
    }
    if (type == SKM_CONFIG_OPTION_DURATION) {
        *out_count = SKM_ARRAY_LEN(duration_units);
        return duration_units;
    }
    *out_count = SKM_ARRAY_LEN(no_unit);
    return no_unit;
}

/* amount = digits unit */
bool skm_config_amount_parse(enum skm_config_option_type type, skm_span text, int64_t *out_amount)
{
    size_t count = 0;
    const struct unit *units = units_of(type, &count);
    size_t digits = 0;
    int64_t number = 0;
    bool huge = false;
    for (; digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9'; digits++) {
        huge = huge || __builtin_mul_overflow(number, 10, &number) ||
               __builtin_add_overflow(number, text.ptr[digits] - '0', &number);
    }
    if (digits == 0 || (digits > 1 && text.ptr[0] == '0')) {
        return false;
    }
    skm_span unit = skm_span_from(text, digits);
    for (size_t i = 0; i < count; i++) {
        if (skm_span_equal(unit, skm_span_cstr(units[i].name))) {
            huge = huge || __builtin_mul_overflow(number, units[i].factor, &number);
            *out_amount = huge ? INT64_MAX : number;
            return true;
        }
    }
    return false;
}

void skm_config_amount_print(enum skm_config_option_type type, int64_t amount, struct skm_buf *out)
{
    size_t count = 0;
    const struct unit *units = units_of(type, &count);
    for (size_t i = 0; i < count; i++) {
        if (i + 1 == count || (amount != 0 && amount % units[i].factor == 0)) {
            skm_buf_append_i64(out, amount / units[i].factor);
            skm_buf_append_cstr(out, units[i].name);
            return;
        }
    }
}
