#include "decide/approval.h"

#include "base/attr.h"
#include "base/span.h"

/* Who may approve what, by regime: role ids, blank-separated. "*": whoever the agency has named, which is not known here. NULL: nobody. */
struct rule {
    const char *kind;
    const char *nins2025;
    const char *gov2021;
    const char *gov2012;
    bool notification; /* filed or waived rather than granted */
};

static const struct rule rules[] = {
    {"exception", "OrgCISO", "*", "*", false},
    {"handling-relaxation", "OrgCISO", NULL, NULL, false},
    {"offsite-processing", "InfoSecManager", "SectionSecurityOfficer",
     "SystemSecurityOfficer SectionSecurityOfficer", false},
    {"offsite-notification", NULL, NULL, "SystemSecurityOfficer SectionSecurityOfficer", true},
    {"byod-use", "InfoSecManager", "DeviceManager", "SystemSecurityOfficer SectionSecurityOfficer",
     false},
    {"byod-notification", NULL, NULL, "SystemSecurityOfficer SectionSecurityOfficer", true},
    {"mobile-use", NULL, NULL, "SystemSecurityOfficer ISO", false},
    {"external-disclosure", "InfoSecManager", NULL, NULL, false},
    {"reclassification", "InfoSecManager", NULL, NULL, false},
    {"media-nonissued", "InfoSecManager", NULL, NULL, false},
    {"media-takeout", "InfoSecManager", NULL, NULL, false},
    {"cloud-service-use", "OrgCISO", "ExtServiceApprover", NULL, false},
    {"software-use", "SysAdmin", NULL, "SystemSecurityOfficer", false},
    {"important-server-install", "OrgCISO", NULL, NULL, false},
    {"qualification", "ImportantServerQualifier CSIRT", NULL, NULL, false},
    {"network-interconnect", NULL, NULL, "ISO", false},
    {"id-record-erasure", NULL, NULL, "ISO", false},
    {"capture", NULL, NULL, "AreaOfficer", false},
    {"capture-notification", NULL, NULL, "AreaOfficer", true},
};

static skm_span text_of(const struct skm_value_record *record, const char *key)
{
    const struct skm_value *value =
        record == NULL ? NULL : skm_value_record_get(record, skm_span_cstr(key));
    if (value == NULL) {
        return (skm_span){NULL, 0};
    }
    if (value->kind == SKM_VALUE_ENTITY) {
        return value->as.entity->id;
    }
    return value->kind == SKM_VALUE_STRING ? value->as.string : (skm_span){NULL, 0};
}

static bool is_word_of(const char *words, skm_span word)
{
    skm_span rest = skm_span_cstr(words);
    while (rest.len > 0) {
        size_t end = 0;
        while (end < rest.len && rest.ptr[end] != ' ') {
            end++;
        }
        if (skm_span_equal(skm_span_sub(rest, 0, end), word)) {
            return true;
        }
        rest = skm_span_from(rest, end < rest.len ? end + 1 : end);
    }
    return false;
}

static bool role_may(const struct rule *rule, skm_span regime, skm_span role)
{
    const char *roles = NULL;
    if (skm_span_equal(regime, SKM_SPAN("nins2025"))) {
        roles = rule->nins2025;
    } else if (skm_span_equal(regime, SKM_SPAN("gov2021"))) {
        roles = rule->gov2021;
    } else if (skm_span_equal(regime, SKM_SPAN("gov2012"))) {
        roles = rule->gov2012;
    }
    return roles != NULL && role.len > 0 &&
           (skm_span_equal(skm_span_cstr(roles), SKM_SPAN("*")) || is_word_of(roles, role));
}

/* A bound is a datetime, or RFC 3339 text; in any other form it holds nothing. */
static bool bound_of(const struct skm_value *value, int64_t *out_ms)
{
    if (value->kind == SKM_VALUE_DATETIME) {
        *out_ms = value->as.integer;
        return true;
    }
    return value->kind == SKM_VALUE_STRING && skm_derive_time(value->as.string, out_ms);
}

static bool in_time(const struct skm_derive_facts *facts, const struct skm_value_record *record)
{
    const struct skm_value *from = skm_value_record_get(record, SKM_SPAN("not_before"));
    const struct skm_value *until = skm_value_record_get(record, SKM_SPAN("not_after"));
    int64_t bound = 0;
    if ((from != NULL || until != NULL) && !facts->has_now) {
        return false;
    }
    if (from != NULL && (!bound_of(from, &bound) || facts->now_wall_ms < bound)) {
        return false;
    }
    return until == NULL || (bound_of(until, &bound) && facts->now_wall_ms < bound);
}

/* A scope names what it covers: a set of strings or entities. */
static bool covers(const struct skm_value *set, skm_span id)
{
    if (set->kind != SKM_VALUE_SET || id.len == 0) {
        return false;
    }
    for (size_t i = 0; i < set->as.set->count; i++) {
        const struct skm_value *item = &set->as.set->items[i];
        skm_span name = item->kind == SKM_VALUE_STRING   ? item->as.string
                        : item->kind == SKM_VALUE_ENTITY ? item->as.entity->id
                                                         : (skm_span){NULL, 0};
        if (name.len > 0 && skm_span_equal(name, id)) {
            return true;
        }
    }
    return false;
}

static bool in_scope(const struct skm_derive_facts *facts, const struct skm_value_record *record)
{
    const struct {
        const char *key;
        skm_span id;
    } parts[] = {
        {"subjects", facts->subject_id},
        {"resources", facts->resource_id},
        {"actions", facts->action_id},
        {"devices", facts->device_id},
    };
    const struct skm_value *scope = skm_value_record_get(record, SKM_SPAN("scope"));
    bool names_subjects = false;
    if (scope != NULL && scope->kind != SKM_VALUE_RECORD) {
        return false;
    }
    for (size_t i = 0; scope != NULL && i < SKM_ARRAY_LEN(parts); i++) {
        const struct skm_value *set =
            skm_value_record_get(scope->as.record, skm_span_cstr(parts[i].key));
        if (set != NULL && !covers(set, parts[i].id)) {
            return false;
        }
        names_subjects = names_subjects || (set != NULL && i == 0);
    }
    skm_span applicant = text_of(record, "applicant");
    return names_subjects || (applicant.len > 0 && skm_span_equal(applicant, facts->subject_id));
}

static bool two_people(const struct skm_value_record *record)
{
    skm_span applicant = text_of(record, "applicant");
    skm_span approver = text_of(record, "approver");
    const struct skm_value *justified =
        skm_value_record_get(record, SKM_SPAN("unavoidable_justified"));
    bool unavoidable =
        justified != NULL && justified->kind == SKM_VALUE_BOOL && justified->as.boolean;
    return applicant.len > 0 && approver.len > 0 &&
           (unavoidable || !skm_span_equal(applicant, approver));
}

static bool status_counts(const struct rule *rule, skm_span status)
{
    if (rule->notification) {
        return skm_span_equal(status, SKM_SPAN("notified")) ||
               skm_span_equal(status, SKM_SPAN("waived"));
    }
    return skm_span_equal(status, SKM_SPAN("granted"));
}

static const struct rule *find_rule(skm_span kind)
{
    for (size_t i = 0; i < SKM_ARRAY_LEN(rules); i++) {
        if (skm_span_equal(kind, skm_span_cstr(rules[i].kind))) {
            return &rules[i];
        }
    }
    return NULL;
}

bool skm_approval_counts(const struct skm_derive_facts *facts, const struct skm_value *approval,
                         struct skm_approval *out_approval)
{
    if (approval->kind != SKM_VALUE_RECORD) {
        return false;
    }
    const struct skm_value_record *record = approval->as.record;
    skm_span role = text_of(record, "approver_role");
    const struct rule *rule = find_rule(text_of(record, "kind"));
    if (rule == NULL || !status_counts(rule, text_of(record, "status")) ||
        !role_may(rule, text_of(facts->resource, "regime"), role) || !in_time(facts, record) ||
        !in_scope(facts, record) || !two_people(record)) {
        return false;
    }
    *out_approval =
        (struct skm_approval){text_of(record, "kind"), role, rule->notification, record};
    return true;
}
