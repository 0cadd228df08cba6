#include "decide/derive.h"

#include "base/attr.h"
#include "base/span.h"
#include "decide/approval.h"

/* The highest class of any regime (policy model 1): what an unknown source is taken for. */
#define CLASS_MAX 4

typedef const struct skm_value_record *record_ptr;

static const struct skm_value *get(record_ptr record, const char *key)
{
    return record == NULL ? NULL : skm_value_record_get(record, skm_span_cstr(key));
}

static record_ptr record_of(record_ptr record, const char *key)
{
    const struct skm_value *value = get(record, key);
    return value != NULL && value->kind == SKM_VALUE_RECORD ? value->as.record : NULL;
}

static bool is_true(record_ptr record, const char *key)
{
    const struct skm_value *value = get(record, key);
    return value != NULL && value->kind == SKM_VALUE_BOOL && value->as.boolean;
}

static bool is_false(record_ptr record, const char *key)
{
    const struct skm_value *value = get(record, key);
    return value != NULL && value->kind == SKM_VALUE_BOOL && !value->as.boolean;
}

static bool long_of(record_ptr record, const char *key, int64_t *out_number)
{
    const struct skm_value *value = get(record, key);
    if (value == NULL || value->kind != SKM_VALUE_LONG) {
        return false;
    }
    *out_number = value->as.integer;
    return true;
}

/* A name is a string, or an entity's id. */
static skm_span name_of(const struct skm_value *value)
{
    if (value != NULL && value->kind == SKM_VALUE_ENTITY) {
        return value->as.entity->id;
    }
    return value != NULL && value->kind == SKM_VALUE_STRING ? value->as.string
                                                            : (skm_span){NULL, 0};
}

static bool set_names(record_ptr record, const char *key, skm_span name)
{
    const struct skm_value *set = get(record, key);
    if (set == NULL || set->kind != SKM_VALUE_SET || name.len == 0) {
        return false;
    }
    for (size_t i = 0; i < set->as.set->count; i++) {
        if (skm_span_equal(name_of(&set->as.set->items[i]), name)) {
            return true;
        }
    }
    return false;
}

/* ---- time ---- */

static bool digits(skm_span text, size_t at, size_t count, int64_t *out_number)
{
    int64_t number = 0;
    if (at + count > text.len) {
        return false;
    }
    for (size_t i = at; i < at + count; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        number = number * 10 + (text.ptr[i] - '0');
    }
    *out_number = number;
    return true;
}

static bool is_at(skm_span text, size_t at, const char *choices)
{
    for (; at < text.len && *choices != '\0'; choices++) {
        if (text.ptr[at] == *choices) {
            return true;
        }
    }
    return false;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar, years counted from March so that the leap day comes last. */
static int64_t day_number(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t m = month <= 2 ? month + 9 : month - 3;
    /* Years before 1 do not occur: four digits, and year 0 as -1 March-based is floored by hand. */
    int64_t era = y < 0 ? -1 : y / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * m + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* Fraction and offset, from *at on. RFC 3339 §5.6: time-secfrac, time-offset. */
static bool read_tail(skm_span text, size_t at, int64_t *out_ms, int64_t *out_offset_min)
{
    int64_t ms = 0;
    int64_t hours = 0;
    int64_t minutes = 0;
    if (is_at(text, at, ".")) {
        int64_t scale = 100;
        size_t start = ++at;
        for (; is_at(text, at, "0123456789"); at++) {
            ms += (text.ptr[at] - '0') * scale;
            scale /= 10;
        }
        if (at == start) {
            return false;
        }
    }
    *out_ms = ms;
    *out_offset_min = 0;
    if (is_at(text, at, "Zz")) {
        return at + 1 == text.len;
    }
    if (!is_at(text, at, "+-") || !digits(text, at + 1, 2, &hours) || !is_at(text, at + 3, ":") ||
        !digits(text, at + 4, 2, &minutes) || at + 6 != text.len || hours > 23 || minutes > 59) {
        return false;
    }
    *out_offset_min = (text.ptr[at] == '-' ? -1 : 1) * (hours * 60 + minutes);
    return true;
}

bool skm_derive_time(skm_span text, int64_t *out_ms)
{
    int64_t year = 0;
    int64_t month = 0;
    int64_t day = 0;
    int64_t hour = 0;
    int64_t minute = 0;
    int64_t second = 0;
    int64_t ms = 0;
    int64_t offset_min = 0;
    bool formed = digits(text, 0, 4, &year) && is_at(text, 4, "-") && digits(text, 5, 2, &month) &&
                  is_at(text, 7, "-") && digits(text, 8, 2, &day) && is_at(text, 10, "Tt") &&
                  digits(text, 11, 2, &hour) && is_at(text, 13, ":") &&
                  digits(text, 14, 2, &minute) && is_at(text, 16, ":") &&
                  digits(text, 17, 2, &second) && read_tail(text, 19, &ms, &offset_min);
    if (!formed || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) ||
        hour > 23 || minute > 59 || second > 59) {
        return false;
    }
    int64_t minutes = day_number(year, month, day) * 1440 + hour * 60 + minute - offset_min;
    *out_ms = (minutes * 60 + second) * 1000 + ms;
    return true;
}

/* ---- single facts ---- */

static int64_t derive_aal(record_ptr authentication)
{
    static const char *const kinds[] = {"knowledge", "possession", "biometric"};
    int64_t aal = 0;
    if (long_of(authentication, "aal", &aal)) {
        return aal;
    }
    if (!is_true(authentication, "authenticated")) {
        return 0;
    }
    for (size_t i = 0; i < SKM_ARRAY_LEN(kinds); i++) {
        aal += set_names(authentication, "factors", skm_span_cstr(kinds[i])) ? 1 : 0;
    }
    return aal > 2 ? 2 : aal;
}

static int64_t derive_max_source(record_ptr context)
{
    const struct skm_value *set = get(context, "source_confidentiality");
    int64_t highest = 1;
    if (set == NULL || set->kind != SKM_VALUE_SET) {
        return CLASS_MAX;
    }
    for (size_t i = 0; i < set->as.set->count; i++) {
        const struct skm_value *item = &set->as.set->items[i];
        int64_t class = item->kind == SKM_VALUE_LONG ? item->as.integer : CLASS_MAX;
        highest = class > highest ? class : highest;
    }
    return highest;
}

static bool derive_second_person(const struct skm_derive_facts *facts)
{
    record_ptr person = record_of(facts->context, "second_person");
    skm_span id = name_of(get(person, "id"));
    return is_true(person, "authorised") && is_true(person, "confirmed") && id.len > 0 &&
           facts->subject_id.len > 0 && !skm_span_equal(id, facts->subject_id);
}

static bool derive_in_place(const struct skm_derive_facts *facts)
{
    const struct skm_value *area = get(facts->context, "area");
    skm_span id = area != NULL && area->kind == SKM_VALUE_ENTITY
                      ? area->as.entity->id
                      : name_of(get(record_of(facts->context, "area"), "id"));
    return set_names(facts->resource, "designated_places", id);
}

/* Policy model 7, in days with one leap day, so that years are never cut short. */
static bool derive_retention(record_ptr context)
{
    static const struct {
        const char *name;
        int64_t days;
    } classes[] = {
        {"gateway", 731}, {"important-server", 366}, {"c3-terminal", 366}, {"nas", 366},
        {"other", 30},
    };
    record_ptr segment = record_of(context, "audit_segment");
    skm_span class = name_of(get(segment, "retention_class"));
    int64_t age_days = 0;
    int64_t days = 0;
    bool known = long_of(segment, "retention_days", &days);
    if (!is_false(segment, "hold") || !long_of(segment, "age_days", &age_days)) {
        return false;
    }
    for (size_t i = 0; class.len > 0 && i < SKM_ARRAY_LEN(classes); i++) {
        if (skm_span_equal(class, skm_span_cstr(classes[i].name))) {
            days = known && days > classes[i].days ? days : classes[i].days;
            return age_days >= days;
        }
    }
    return class.len == 0 && known && age_days >= days;
}

/* A class that is not known is taken for one that needs protection. */
static bool derive_protected(record_ptr resource)
{
    static const char *const scales[] = {"confidentiality", "integrity", "availability"};
    for (size_t i = 0; i < SKM_ARRAY_LEN(scales); i++) {
        int64_t class = 0;
        if (!long_of(resource, scales[i], &class) || class >= 2) {
            return true;
        }
    }
    return false;
}

static bool derive_path(record_ptr context)
{
    record_ptr network = record_of(context, "network");
    return is_true(network, "trusted") || is_true(network, "via_vpn");
}

/* ---- approvals ---- */

struct approvals {
    struct skm_value *valid; /* one for each */
    struct skm_value *notified;
    struct skm_value *waived;
    size_t valid_count;
    size_t notified_count;
    size_t waived_count;
    bool unreported;
};

static size_t count_waives(const struct skm_value_set *set)
{
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct skm_value *waives =
            set->items[i].kind == SKM_VALUE_RECORD ? get(set->items[i].as.record, "waives") : NULL;
        count += waives != NULL && waives->kind == SKM_VALUE_SET ? waives->as.set->count : 0;
    }
    return count;
}

static void add_waives(const struct skm_approval *approval, struct approvals *out)
{
    const struct skm_value *waives = get(approval->record, "waives");
    if (!skm_span_equal(approval->kind, SKM_SPAN("exception"))) {
        return;
    }
    out->unreported = out->unreported || !is_true(approval->record, "reported_to_ciso");
    if (waives == NULL || waives->kind != SKM_VALUE_SET) {
        return;
    }
    for (size_t i = 0; i < waives->as.set->count; i++) {
        if (waives->as.set->items[i].kind == SKM_VALUE_STRING) {
            out->waived[out->waived_count++] = waives->as.set->items[i];
        }
    }
}

static skm_err add_approval(struct skm_arena *arena, const struct skm_approval *approval,
                            struct approvals *out)
{
    skm_span name = {0};
    SKM_TRY(skm_arena_printf(arena, &name, "%.*s:%.*s", SKM_SPAN_ARG(approval->kind),
                             SKM_SPAN_ARG(approval->role)));
    out->valid[out->valid_count++] = skm_value_string(name);
    if (approval->is_notification) {
        out->notified[out->notified_count++] = skm_value_string(approval->kind);
    }
    add_waives(approval, out);
    return SKM_OK;
}

static skm_err derive_approvals(struct skm_arena *arena, const struct skm_derive_facts *facts,
                                struct approvals *out)
{
    static const struct skm_value_set nothing = {NULL, 0};
    const struct skm_value *value = get(facts->context, "approvals");
    const struct skm_value_set *set =
        value != NULL && value->kind == SKM_VALUE_SET ? value->as.set : &nothing;
    *out = (struct approvals){
        .valid = SKM_ARENA_NEW_ARRAY(arena, struct skm_value, set->count),
        .notified = SKM_ARENA_NEW_ARRAY(arena, struct skm_value, set->count),
        .waived = SKM_ARENA_NEW_ARRAY(arena, struct skm_value, count_waives(set)),
    };
    if (out->valid == NULL || out->notified == NULL || out->waived == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < set->count; i++) {
        struct skm_approval approval;
        if (skm_approval_counts(facts, &set->items[i], &approval)) {
            SKM_TRY(add_approval(arena, &approval, out));
        }
    }
    return SKM_OK;
}

skm_err skm_derive(struct skm_arena *arena, const struct skm_derive_facts *facts,
                   struct skm_value *out_record)
{
    struct approvals approvals;
    struct skm_value valid = {0};
    struct skm_value notified = {0};
    struct skm_value waived = {0};
    SKM_TRY(derive_approvals(arena, facts, &approvals));
    SKM_TRY(skm_value_set_build(arena, approvals.valid, approvals.valid_count, &valid));
    SKM_TRY(skm_value_set_build(arena, approvals.notified, approvals.notified_count, &notified));
    SKM_TRY(skm_value_set_build(arena, approvals.waived, approvals.waived_count, &waived));
    const struct skm_value_field fields[] = {
        {SKM_SPAN("aal"), skm_value_long(derive_aal(facts->authentication))},
        {SKM_SPAN("valid_approvals"), valid},
        {SKM_SPAN("notified"), notified},
        {SKM_SPAN("waived"), waived},
        {SKM_SPAN("exception_unreported"), skm_value_bool(approvals.unreported)},
        {SKM_SPAN("max_source_confidentiality"), skm_value_long(derive_max_source(facts->context))},
        {SKM_SPAN("second_person_ok"), skm_value_bool(derive_second_person(facts))},
        {SKM_SPAN("in_designated_place"), skm_value_bool(derive_in_place(facts))},
        {SKM_SPAN("retention_met"), skm_value_bool(derive_retention(facts->context))},
        {SKM_SPAN("protected"), skm_value_bool(derive_protected(facts->resource))},
        {SKM_SPAN("path_trusted"), skm_value_bool(derive_path(facts->context))},
    };
    struct skm_value_field *copy =
        SKM_ARENA_NEW_ARRAY(arena, struct skm_value_field, SKM_ARRAY_LEN(fields));
    if (copy == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < SKM_ARRAY_LEN(fields); i++) {
        copy[i] = fields[i];
    }
    return skm_value_record_build(arena, copy, SKM_ARRAY_LEN(fields), out_record);
}
