#include "harness/test.h"

#include <string.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"
#include "cedar/value_json.h"
#include "decide/derive.h"

#define NOW INT64_C(1748826000000) /* 2025-06-02T10:00:00+09:00 */

static const struct skm_value_record *read(struct skm_arena *arena, const char *text)
{
    struct skm_json json;
    struct skm_value value;
    const struct skm_value_json how = {.arena = arena};
    assert_ok(skm_json_init(&json, skm_span_cstr(text), arena, NULL));
    assert_ok(skm_value_json_read(&how, &json, NULL, &value));
    assert_int_equal(value.kind, SKM_VALUE_RECORD);
    return value.as.record;
}

struct derive_case {
    const char *authentication;
    const char *resource;
    const char *context;
    const char *key;
    const char *expected; /* as Cedar text */
};

#define N         "{\"regime\":\"nins2025\"}"
#define G12       "{\"regime\":\"gov2012\"}"
#define BY(who)   "\"applicant\":\"u-1\",\"approver\":\"" who "\""
#define A(fields) "{\"approvals\":[{" fields "}]}"
#define RELAX                                                                                      \
    "\"kind\":\"handling-relaxation\",\"approver_role\":\"OrgCISO\",\"status\":\"granted\""
#define GOOD  "[\"handling-relaxation:OrgCISO\"]"
#define VALID "valid_approvals"

static const struct derive_case cases[] = {
    /* Factors: kinds count, not factors. */
    {"{\"authenticated\":true,\"factors\":[\"knowledge\",\"possession\"]}", N, "{}", "aal", "2"},
    {"{\"authenticated\":true,\"factors\":[\"biometric\"]}", N, "{}", "aal", "1"},
    {"{\"authenticated\":true,\"factors\":[\"knowledge\",\"possession\",\"biometric\"]}", N, "{}",
     "aal", "2"},
    {"{\"authenticated\":true,\"factors\":[\"charm\"]}", N, "{}", "aal", "0"},
    {"{\"authenticated\":false,\"factors\":[\"knowledge\"]}", N, "{}", "aal", "0"},
    {"{\"aal\":3}", N, "{}", "aal", "3"},
    {NULL, N, "{}", "aal", "0"},
    /* Approvals: one that counts, and its refused neighbours. */
    {NULL, N, A(RELAX "," BY("u-9")), VALID, GOOD},
    {NULL, N, A(RELAX "," BY("u-1")), VALID, "[]"},
    {NULL, N, A(RELAX "," BY("u-1") ",\"unavoidable_justified\":true"), VALID, GOOD},
    {NULL, N, A(RELAX ",\"approver\":\"u-9\",\"applicant\":\"u-2\""), VALID, "[]"},
    {NULL, N,
     A(RELAX ",\"approver\":\"u-9\",\"applicant\":\"u-2\",\"scope\":{\"subjects\":[\"u-1\"]}"),
     VALID, GOOD},
    {NULL, N, A(RELAX "," BY("u-9") ",\"scope\":{\"subjects\":[\"u-2\"]}"), VALID, "[]"},
    {NULL, N, A(RELAX "," BY("u-9") ",\"scope\":{\"resources\":[\"r-1\"],\"actions\":[\"view\"]}"),
     VALID, GOOD},
    {NULL, N, A(RELAX "," BY("u-9") ",\"scope\":{\"resources\":[\"r-2\"]}"), VALID, "[]"},
    {NULL, N, A(RELAX "," BY("u-9") ",\"scope\":{\"devices\":[\"d-1\"]}"), VALID, "[]"},
    {NULL, N, A(RELAX "," BY("u-9") ",\"not_before\":\"2025-06-02T01:00:00Z\""), VALID, GOOD},
    {NULL, N, A(RELAX "," BY("u-9") ",\"not_before\":\"2025-06-02T01:00:01Z\""), VALID, "[]"},
    {NULL, N, A(RELAX "," BY("u-9") ",\"not_after\":\"2025-06-02T01:00:01Z\""), VALID, GOOD},
    {NULL, N, A(RELAX "," BY("u-9") ",\"not_after\":\"2025-06-02T01:00:00Z\""), VALID, "[]"},
    {NULL, N, A(RELAX "," BY("u-9") ",\"not_after\":\"some day\""), VALID, "[]"},
    {NULL, G12, A(RELAX "," BY("u-9")), VALID, "[]"},
    {NULL, "{}", A(RELAX "," BY("u-9")), VALID, "[]"},
    {NULL, N,
     A("\"kind\":\"handling-relaxation\",\"approver_role\":\"ISO\",\"status\":\"granted\"," BY(
         "u-9")),
     VALID, "[]"},
    {NULL, N,
     A("\"kind\":\"handling-relaxation\",\"approver_role\":\"OrgCISO\",\"status\":\"rejected\"," BY(
         "u-9")),
     VALID, "[]"},
    {NULL, N,
     A("\"kind\":\"wish\",\"approver_role\":\"OrgCISO\",\"status\":\"granted\"," BY("u-9")), VALID,
     "[]"},
    /* Notifications. */
    {NULL, G12,
     A("\"kind\":\"byod-notification\",\"approver_role\":\"SectionSecurityOfficer\",\"status\":"
       "\"waived\"," BY("u-9")),
     "notified", "[\"byod-notification\"]"},
    {NULL, G12,
     A("\"kind\":\"byod-notification\",\"approver_role\":\"SectionSecurityOfficer\",\"status\":"
       "\"granted\"," BY("u-9")),
     "notified", "[]"},
    {NULL, N,
     A("\"kind\":\"byod-notification\",\"approver_role\":\"SectionSecurityOfficer\",\"status\":"
       "\"waived\"," BY("u-9")),
     "notified", "[]"},
    /* Exceptions. */
    {NULL, N,
     A("\"kind\":\"exception\",\"approver_role\":\"OrgCISO\",\"status\":\"granted\",\"waives\":["
       "\"X-1\",\"X-2\"]," BY("u-9")),
     "waived", "[\"X-1\", \"X-2\"]"},
    {NULL, N,
     A("\"kind\":\"exception\",\"approver_role\":\"OrgCISO\",\"status\":\"expired\",\"waives\":["
       "\"X-1\"]," BY("u-9")),
     "waived", "[]"},
    {NULL, N, A(RELAX ",\"waives\":[\"X-1\"]," BY("u-9")), "waived", "[]"},
    {NULL, N,
     A("\"kind\":\"exception\",\"approver_role\":\"OrgCISO\",\"status\":\"granted\"," BY("u-9")),
     "exception_unreported", "true"},
    {NULL, N,
     A("\"kind\":\"exception\",\"approver_role\":\"OrgCISO\",\"status\":\"granted\","
       "\"reported_to_ciso\":true," BY("u-9")),
     "exception_unreported", "false"},
    {NULL, N, "{}", "exception_unreported", "false"},
    /* Sources. */
    {NULL, N, "{\"source_confidentiality\":[1,3,2]}", "max_source_confidentiality", "3"},
    {NULL, N, "{\"source_confidentiality\":[]}", "max_source_confidentiality", "1"},
    {NULL, N, "{}", "max_source_confidentiality", "4"},
    {NULL, N, "{\"source_confidentiality\":[\"1\"]}", "max_source_confidentiality", "4"},
    /* Second person. */
    {NULL, N, "{\"second_person\":{\"id\":\"u-2\",\"authorised\":true,\"confirmed\":true}}",
     "second_person_ok", "true"},
    {NULL, N, "{\"second_person\":{\"id\":\"u-1\",\"authorised\":true,\"confirmed\":true}}",
     "second_person_ok", "false"},
    {NULL, N, "{\"second_person\":{\"id\":\"u-2\",\"authorised\":true}}", "second_person_ok",
     "false"},
    {NULL, N, "{}", "second_person_ok", "false"},
    /* Place. */
    {NULL, "{\"designated_places\":[\"vault\"]}", "{\"area\":{\"id\":\"vault\"}}",
     "in_designated_place", "true"},
    {NULL, "{\"designated_places\":[{\"__entity\":{\"type\":\"Area\",\"id\":\"vault\"}}]}",
     "{\"area\":{\"__entity\":{\"type\":\"Area\",\"id\":\"vault\"}}}", "in_designated_place",
     "true"},
    {NULL, "{\"designated_places\":[\"vault\"]}", "{\"area\":{\"id\":\"home\"}}",
     "in_designated_place", "false"},
    {NULL, N, "{\"area\":{\"id\":\"vault\"}}", "in_designated_place", "false"},
    /* Retention: the last day too early, the first day that will do. */
    {NULL, N, "{\"audit_segment\":{\"retention_class\":\"nas\",\"age_days\":366,\"hold\":false}}",
     "retention_met", "true"},
    {NULL, N, "{\"audit_segment\":{\"retention_class\":\"nas\",\"age_days\":365,\"hold\":false}}",
     "retention_met", "false"},
    {NULL, N, "{\"audit_segment\":{\"retention_class\":\"nas\",\"age_days\":366,\"hold\":true}}",
     "retention_met", "false"},
    {NULL, N, "{\"audit_segment\":{\"retention_class\":\"nas\",\"age_days\":366}}", "retention_met",
     "false"},
    {NULL, N, "{\"audit_segment\":{\"retention_class\":\"tape\",\"age_days\":9999,\"hold\":false}}",
     "retention_met", "false"},
    {NULL, G12, "{\"audit_segment\":{\"retention_days\":365,\"age_days\":365,\"hold\":false}}",
     "retention_met", "true"},
    {NULL, G12, "{\"audit_segment\":{\"retention_days\":365,\"age_days\":364,\"hold\":false}}",
     "retention_met", "false"},
    {NULL, N,
     "{\"audit_segment\":{\"retention_class\":\"other\",\"retention_days\":90,\"age_days\":89,"
     "\"hold\":false}}",
     "retention_met", "false"},
    /* Protection. */
    {NULL, "{\"confidentiality\":1,\"integrity\":1,\"availability\":1}", "{}", "protected",
     "false"},
    {NULL, "{\"confidentiality\":1,\"integrity\":1,\"availability\":2}", "{}", "protected", "true"},
    {NULL, "{\"confidentiality\":1,\"integrity\":1}", "{}", "protected", "true"},
    /* Path. */
    {NULL, N, "{\"network\":{\"trusted\":false,\"via_vpn\":true}}", "path_trusted", "true"},
    {NULL, N, "{\"network\":{\"trusted\":false,\"via_vpn\":false}}", "path_trusted", "false"},
    {NULL, N, "{}", "path_trusted", "false"},
};

static void test_facts_are_reduced_and_lacking_input_restricts(void **state)
{
    (void)state;
    for (size_t i = 0; i < SKM_ARRAY_LEN(cases); i++) {
        const struct derive_case *c = &cases[i];
        struct skm_arena arena;
        struct skm_buf text;
        struct skm_value derived;
        skm_arena_init(&arena, 1u << 20);
        skm_buf_init(&text, 1u << 16);
        const struct skm_derive_facts facts = {
            .subject_id = SKM_SPAN("u-1"),
            .resource_id = SKM_SPAN("r-1"),
            .action_id = SKM_SPAN("view"),
            .now_wall_ms = NOW,
            .has_now = true,
            .authentication = c->authentication == NULL ? NULL : read(&arena, c->authentication),
            .resource = read(&arena, c->resource),
            .context = read(&arena, c->context),
        };
        assert_ok(skm_derive(&arena, &facts, &derived));
        const struct skm_value *value =
            skm_value_record_get(derived.as.record, skm_span_cstr(c->key));
        assert_non_null(value);
        skm_value_print(value, &text);
        skm_buf_append_char(&text, '\0');
        if (strcmp(text.ptr, c->expected) != 0) {
            print_error("case %zu: %s\n", i, c->context);
        }
        assert_string_equal(text.ptr, c->expected);
        skm_buf_fini(&text);
        skm_arena_fini(&arena);
    }
}

static void test_without_a_clock_no_time_window_holds(void **state)
{
    (void)state;
    struct skm_arena arena;
    struct skm_value derived;
    skm_arena_init(&arena, 1u << 20);
    const struct skm_derive_facts facts = {
        .subject_id = SKM_SPAN("u-1"),
        .resource = read(&arena, N),
        .context = read(&arena, A(RELAX "," BY("u-9") ",\"not_after\":\"2099-01-01T00:00:00Z\"")),
    };
    assert_ok(skm_derive(&arena, &facts, &derived));
    assert_int_equal(skm_value_record_get(derived.as.record, SKM_SPAN(VALID))->as.set->count, 0);
    skm_arena_fini(&arena);
}

/* RFC 3339 §5.6, §5.8. */
static void test_times_are_read_as_rfc_3339(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2025-06-02T10:00:00+09:00", NOW},
        {"1985-04-12T23:20:50.52Z", INT64_C(482196050520)},
        {"1996-12-19T16:39:57-08:00", INT64_C(851042397000)},
        {"2000-02-29t00:00:00z", INT64_C(951782400000)},
        {"1969-12-31T23:59:59.9999Z", -1},
        {"0000-01-01T00:00:00Z", INT64_C(-62167219200000)},
    };
    static const char *const bad[] = {"",
                                      "2025-06-02",
                                      "2025-06-02T10:00:00",
                                      "2025-06-02 10:00:00Z",
                                      "2025-13-02T10:00:00Z",
                                      "2025-02-29T10:00:00Z",
                                      "1900-02-29T10:00:00Z",
                                      "2025-06-02T24:00:00Z",
                                      "2025-06-02T10:00:60Z",
                                      "2025-06-02T10:00:00.Z",
                                      "2025-06-02T10:00:00+0900",
                                      "2025-06-02T10:00:00+09:00x",
                                      "2025-06-02T10:00:00Zx"};
    for (size_t i = 0; i < SKM_ARRAY_LEN(good); i++) {
        int64_t ms = 77;
        assert_true(skm_derive_time(skm_span_cstr(good[i].text), &ms));
        assert_int_equal(ms, good[i].ms);
    }
    for (size_t i = 0; i < SKM_ARRAY_LEN(bad); i++) {
        int64_t ms = 77;
        assert_false(skm_derive_time(skm_span_cstr(bad[i]), &ms));
        assert_int_equal(ms, 77);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_facts_are_reduced_and_lacking_input_restricts),
    cmocka_unit_test(test_without_a_clock_no_time_window_holds),
    cmocka_unit_test(test_times_are_read_as_rfc_3339),
};

SKM_TEST_MAIN(tests)
