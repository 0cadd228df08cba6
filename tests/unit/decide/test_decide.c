#include "harness/test.h"

#include "harness/scene.h"

#define NOW INT64_C(1780000000000)

/* Decides scene_request("view"). */
static struct skm_decision decide(struct scene *scene)
{
    const struct skm_decide_request request = scene_request("view");
    struct skm_decision decision;
    memset(&decision, 0xff, sizeof(decision));
    assert_ok(skm_decide(&scene->arena, scene->snapshot, &request, NOW, &decision));
    return decision;
}

static void assert_spans(const skm_span *spans, size_t count, const char *joined)
{
    char text[512] = "";
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s", i == 0 ? "" : " ",
                                SKM_SPAN_ARG(spans[i]));
    }
    assert_string_equal(text, joined);
}

static void assert_reasons(const struct skm_decision_reason *reasons, size_t count,
                           const char *joined)
{
    skm_span ids[16];
    assert_true(count <= 16);
    for (size_t i = 0; i < count; i++) {
        ids[i] = reasons[i].policy_id;
    }
    assert_spans(ids, count, joined);
}

#define PERMIT "@id(\"p\") permit(principal, action, resource);"
#define NEVER  "@id(\"never\") permit(principal, action, resource) when { false };"
#define CURABLE                                                                                    \
    "@id(\"mfa\") @remedy(\"step_up_mfa reauthenticate\") @clause(\"C2 C1\") "                     \
    "forbid(principal, action, resource);"
#define CURABLE_TOO                                                                                \
    "@id(\"dev\") @remedy(\"attest_device step_up_mfa\") @clause(\"C3 C1\") "                      \
    "forbid(principal, action, resource);"
#define HARD "@id(\"hard\") @clause(\"C9\") forbid(principal, action, resource);"
#define FAILING                                                                                    \
    "@id(\"fail\") @remedy(\"encrypt\") forbid(principal, action, resource) when { principal.missing };"
#define FAILING_PERMIT                                                                             \
    "@id(\"pfail\") permit(principal, action, resource) when { principal.missing };"

struct outcome_case {
    const char *policies;
    enum skm_decision_kind kind;
    bool hard;
    const char *reasons;
    const char *remedies;
    const char *clauses;
    const char *errors;
};

static const struct outcome_case outcome_cases[] = {
    {"", SKM_DECISION_NOT_PERMITTED, true, "", "", "", ""},
    {NEVER, SKM_DECISION_NOT_PERMITTED, true, "", "", "", ""},
    {PERMIT, SKM_DECISION_PERMITTED, false, "p", "", "", ""},
    {PERMIT CURABLE, SKM_DECISION_FORBIDDEN, false, "mfa", "reauthenticate step_up_mfa", "C1 C2",
     ""},
    {CURABLE PERMIT CURABLE_TOO, SKM_DECISION_FORBIDDEN, false, "mfa dev",
     "attest_device reauthenticate step_up_mfa", "C1 C2 C3", ""},
    /* One forbid without a remedy: nobody is asked in vain. */
    {PERMIT CURABLE HARD, SKM_DECISION_FORBIDDEN, true, "mfa hard", "", "C1 C2 C9", ""},
    {PERMIT HARD, SKM_DECISION_FORBIDDEN, true, "hard", "", "C9", ""},
    /* Nothing permits: curing what is forbidden would lead nowhere. */
    {CURABLE, SKM_DECISION_NOT_PERMITTED, true, "mfa", "", "C1 C2", ""},
    {NEVER CURABLE, SKM_DECISION_NOT_PERMITTED, true, "mfa", "", "C1 C2", ""},
    {FAILING_PERMIT CURABLE, SKM_DECISION_NOT_PERMITTED, true, "mfa", "", "C1 C2", "pfail"},
    /* A forbid that fails denies, its own remedy notwithstanding. */
    {PERMIT FAILING, SKM_DECISION_ERROR, true, "fail", "", "", ""},
    {FAILING PERMIT CURABLE, SKM_DECISION_FORBIDDEN, true, "fail mfa", "", "C1 C2", ""},
    {CURABLE FAILING PERMIT HARD, SKM_DECISION_FORBIDDEN, true, "mfa fail hard", "", "C1 C2 C9",
     ""},
    {FAILING, SKM_DECISION_NOT_PERMITTED, true, "fail", "", "", ""},
    /* A permit that fails permits nothing and takes nothing from another. */
    {FAILING_PERMIT, SKM_DECISION_NOT_PERMITTED, true, "", "", "", "pfail"},
    {PERMIT FAILING_PERMIT, SKM_DECISION_PERMITTED, false, "p", "", "", "pfail"},
    /* An empty @remedy is none. */
    {PERMIT "@id(\"e\") @remedy(\" \") forbid(principal, action, resource);",
     SKM_DECISION_FORBIDDEN, true, "e", "", "", ""},
};

static void test_outcomes_follow_the_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < SKM_ARRAY_LEN(outcome_cases); i++) {
        const struct outcome_case *c = &outcome_cases[i];
        struct scene scene;
        scene_open(&scene, &(struct scene_texts){.policies = c->policies});
        scene.snapshot->revision = 7;
        const struct skm_decision decision = decide(&scene);
        if (decision.kind != c->kind) {
            print_error("case %zu: %s\n", i, c->policies);
        }
        assert_int_equal(decision.kind, c->kind);
        assert_int_equal(decision.effect, c->kind == SKM_DECISION_PERMITTED ? SKM_DECISION_PERMIT
                                                                            : SKM_DECISION_DENY);
        assert_int_equal(decision.hard, c->hard);
        assert_reasons(decision.reasons, decision.reason_count, c->reasons);
        assert_reasons(decision.errors, decision.error_count, c->errors);
        assert_spans(decision.remedies, decision.remedy_count, c->remedies);
        assert_spans(decision.clauses, decision.clause_count, c->clauses);
        assert_int_equal(decision.obligation_count, 0);
        assert_int_equal(decision.message.len, 0);
        assert_int_equal(decision.revision, 7);
        assert_int_equal(decision.decided_wall_ms, NOW);
        scene_close(&scene);
    }
}

static void test_standard_cedar_skips_a_failing_forbid_by_option(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, &(struct scene_texts){.policies = PERMIT FAILING});
    scene.snapshot->on_forbid_error = SKM_ON_FORBID_ERROR_SKIP;
    struct skm_decision decision = decide(&scene);
    assert_int_equal(decision.effect, SKM_DECISION_PERMIT);
    assert_reasons(decision.errors, decision.error_count, "fail");
    scene.snapshot->on_forbid_error = SKM_ON_FORBID_ERROR_DENY;
    decision = decide(&scene);
    assert_int_equal(decision.effect, SKM_DECISION_DENY);
    assert_reasons(decision.reasons, decision.reason_count, "fail");
    scene_close(&scene);
}

static void test_a_failure_says_why(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, &(struct scene_texts){.policies = PERMIT FAILING});
    const struct skm_decision decision = decide(&scene);
    assert_int_equal(decision.reason_count, 1);
    assert_true(decision.reasons[0].errored);
    assert_true(decision.reasons[0].error.len > 0);
    scene_close(&scene);
}

static void test_annotations_travel_with_the_reason(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, &(struct scene_texts){.policies = PERMIT
                                             "@id(\"f\") @reason_en(\"no\") @reason_ja(\"否\") "
                                             "@regime(\"N\") @remedy(\"r\") @clause(\"C\") "
                                             "forbid(principal, action, resource);"});
    const struct skm_decision decision = decide(&scene);
    assert_int_equal(decision.reason_count, 1);
    const struct skm_decision_reason *reason = &decision.reasons[0];
    assert_int_equal(reason->effect, SKM_EFFECT_FORBID);
    assert_span_equal(reason->reason_en, SKM_SPAN("no"));
    assert_span_equal(reason->reason_ja, SKM_SPAN("否"));
    assert_span_equal(reason->regime, SKM_SPAN("N"));
    assert_span_equal(reason->clause, SKM_SPAN("C"));
    assert_span_equal(reason->remedy, SKM_SPAN("r"));
    assert_span_equal(reason->error, SKM_SPAN(""));
    scene_close(&scene);
}

/* ---- obligations ---- */

static void test_obligations_come_with_a_permit_only(void **state)
{
    (void)state;
    static const char obligations[] =
        "@id(\"o1\") @obligation(\"record_session notify\") @clause(\"C1\") "
        "permit(principal, action, resource);"
        "@id(\"o2\") @obligation(\"notify banner\") forbid(principal, action, resource);"
        "@id(\"o3\") @obligation(\"unmet\") permit(principal, action, resource) when { false };"
        "@id(\"bare\") permit(principal, action, resource);";
    struct scene scene;
    scene_open(&scene, &(struct scene_texts){.policies = PERMIT, .obligations = obligations});
    const struct skm_decision permitted = decide(&scene);
    assert_int_equal(permitted.effect, SKM_DECISION_PERMIT);
    static const char *const tokens[] = {"banner", "bare", "notify", "record_session"};
    static const char *const policies[] = {"o2", "bare", "o1", "o1"};
    assert_int_equal(permitted.obligation_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_span_equal(permitted.obligations[i].token, skm_span_cstr(tokens[i]));
        assert_span_equal(permitted.obligations[i].policy_id, skm_span_cstr(policies[i]));
    }
    assert_span_equal(permitted.obligations[3].clause, SKM_SPAN("C1"));
    assert_reasons(permitted.reasons, permitted.reason_count, "p");
    scene_close(&scene);

    scene_open(&scene, &(struct scene_texts){.policies = PERMIT HARD, .obligations = obligations});
    assert_int_equal(decide(&scene).obligation_count, 0);
    scene_close(&scene);
}

static void test_obligation_policies_grant_and_forbid_nothing(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, &(struct scene_texts){.policies = NEVER, .obligations = PERMIT});
    assert_int_equal(decide(&scene).kind, SKM_DECISION_NOT_PERMITTED);
    scene_close(&scene);
    scene_open(&scene, &(struct scene_texts){.policies = PERMIT, .obligations = HARD});
    const struct skm_decision decision = decide(&scene);
    assert_int_equal(decision.kind, SKM_DECISION_PERMITTED);
    assert_int_equal(decision.obligation_count, 1);
    scene_close(&scene);
}

static void test_obligation_that_fails_denies(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, &(struct scene_texts){.policies = PERMIT, .obligations = FAILING_PERMIT});
    const struct skm_decision decision = decide(&scene);
    assert_int_equal(decision.effect, SKM_DECISION_DENY);
    assert_int_equal(decision.kind, SKM_DECISION_ERROR);
    assert_true(decision.hard);
    assert_reasons(decision.reasons, decision.reason_count, "pfail");
    assert_int_equal(decision.obligation_count, 0);
    scene_close(&scene);
}

/* ---- what was sent ---- */

static const struct skm_value_field admin_fields[] = {
    {{"role", 4}, {.kind = SKM_VALUE_STRING, .as.string = {"admin", 5}}}};
static const struct skm_value_record admin = {admin_fields, 1};
static const struct skm_value_field soft_fields[] = {
    {{"soft", 4}, {.kind = SKM_VALUE_BOOL, .as.boolean = true}}};
static const struct skm_value_record soft = {soft_fields, 1};
static const struct skm_value_field long_fields[] = {
    {{"role", 4}, {.kind = SKM_VALUE_LONG, .as.integer = 1}}};
static const struct skm_value_record wrong_type = {long_fields, 1};

static void test_sent_attributes_are_seen_on_all_three(void **state)
{
    (void)state;
    struct scene scene;
    struct skm_decision decision;
    scene_open(&scene,
               &(struct scene_texts){
                   .policies = "permit(principal, action, resource) when { principal.role == "
                               "\"admin\" && action.soft && resource.role == \"admin\" };",
                   .entities = "[{\"uid\":{\"type\":\"User\",\"id\":\"alice\"},"
                               "\"attrs\":{\"role\":\"user\"},\"parents\":[]}]"});
    struct skm_decide_request request = scene_request("view");
    request.principal_attrs = &admin;
    request.action_attrs = &soft;
    request.resource_attrs = &admin;
    assert_ok(skm_decide(&scene.arena, scene.snapshot, &request, NOW, &decision));
    assert_int_equal(decision.effect, SKM_DECISION_PERMIT);
    const struct skm_value_record **const parts[] = {
        &request.principal_attrs, &request.action_attrs, &request.resource_attrs};
    for (size_t i = 0; i < SKM_ARRAY_LEN(parts); i++) {
        const struct skm_value_record *kept = *parts[i];
        *parts[i] = NULL;
        assert_ok(skm_decide(&scene.arena, scene.snapshot, &request, NOW, &decision));
        assert_int_equal(decision.effect, SKM_DECISION_DENY);
        *parts[i] = kept;
    }
    scene_close(&scene);
}

static void test_two_values_for_one_attribute_cannot_be_decided(void **state)
{
    (void)state;
    struct scene scene;
    struct skm_decision decision;
    scene_open(&scene, &(struct scene_texts){.policies = PERMIT});
    struct skm_decide_request request = scene_request("view");
    request.cedar.resource = request.cedar.principal;
    request.principal_attrs = &admin;
    request.resource_attrs = &admin;
    assert_ok(skm_decide(&scene.arena, scene.snapshot, &request, NOW, &decision));
    assert_int_equal(decision.effect, SKM_DECISION_PERMIT);
    request.resource_attrs = &wrong_type;
    assert_ok(skm_decide(&scene.arena, scene.snapshot, &request, NOW, &decision));
    assert_int_equal(decision.kind, SKM_DECISION_ERROR);
    assert_true(decision.message.len > 0);
    scene_close(&scene);
}

/* ---- schema ---- */

static const char schema_text[] = "entity User { role?: String };"
                                  "entity Doc;"
                                  "action view appliesTo { principal: User, resource: Doc, "
                                  "context: { aal?: Long } };"
                                  "action other appliesTo { principal: Doc, resource: Doc };";

static skm_err decide_with_schema(const struct skm_decide_request *request,
                                  struct skm_decision *out_decision, bool *out_has_message)
{
    struct scene scene;
    scene_open(&scene, &(struct scene_texts){.policies = PERMIT, .schema = schema_text});
    skm_err err = skm_decide(&scene.arena, scene.snapshot, request, NOW, out_decision);
    *out_has_message = out_decision->message.len > 0;
    scene_close(&scene);
    return err;
}

static void assert_fits(const struct skm_decide_request *request, bool fits)
{
    struct skm_decision decision = {0};
    bool has_message = false;
    assert_ok(decide_with_schema(request, &decision, &has_message));
    assert_int_equal(decision.kind, fits ? SKM_DECISION_PERMITTED : SKM_DECISION_ERROR);
    assert_int_equal(decision.effect, fits ? SKM_DECISION_PERMIT : SKM_DECISION_DENY);
    assert_int_equal(has_message, !fits);
    assert_int_equal(decision.hard, !fits);
}

static void test_request_outside_the_schema_is_denied(void **state)
{
    (void)state;
    struct skm_decide_request request = scene_request("view");
    assert_fits(&request, true);
    request = scene_request("other");
    assert_fits(&request, false);
    request = scene_request("undeclared");
    assert_fits(&request, false);
    request = scene_request("view");
    request.cedar.principal.type = SKM_SPAN("Doc");
    assert_fits(&request, false);
    request = scene_request("view");
    request.cedar.resource.type = SKM_SPAN("Nothing");
    assert_fits(&request, false);
}

static void test_context_outside_the_schema_is_denied(void **state)
{
    (void)state;
    static const struct skm_value_field aal[] = {
        {{"aal", 3}, {.kind = SKM_VALUE_LONG, .as.integer = 2}}};
    static const struct skm_value_record good = {aal, 1};
    struct skm_decide_request request = scene_request("view");
    request.cedar.context.as.record = &good;
    assert_fits(&request, true);
    request.cedar.context.as.record = &admin;
    assert_fits(&request, false);
}

static void test_sent_attributes_outside_the_schema_are_denied(void **state)
{
    (void)state;
    struct skm_decide_request request = scene_request("view");
    request.principal_attrs = &admin;
    assert_fits(&request, true);
    request.principal_attrs = &wrong_type;
    assert_fits(&request, false);
    request.principal_attrs = &soft;
    assert_fits(&request, false);
    request = scene_request("view");
    request.resource_attrs = &admin;
    assert_fits(&request, false);
    request = scene_request("view");
    request.action_attrs = &soft;
    assert_fits(&request, false);
}

/* ---- failure ---- */

static void test_empty_snapshot_denies(void **state)
{
    (void)state;
    struct skm_snapshot *snapshot = NULL;
    struct skm_arena arena;
    struct skm_decision decision;
    skm_arena_init(&arena, 1u << 20);
    assert_ok(skm_snapshot_new(1u << 20, &snapshot));
    const struct skm_decide_request request = scene_request("view");
    assert_ok(skm_decide(&arena, snapshot, &request, NOW, &decision));
    assert_int_equal(decision.kind, SKM_DECISION_NOT_PERMITTED);
    assert_int_equal(decision.effect, SKM_DECISION_DENY);
    skm_snapshot_unref(snapshot);
    skm_arena_fini(&arena);
}

/* With any amount of memory: the right answer, or an error and an untouched output. Never a permit that is none. */
static void test_running_out_of_memory_never_permits(void **state)
{
    (void)state;
    static const char *const denied[] = {PERMIT CURABLE, PERMIT FAILING, PERMIT HARD CURABLE_TOO};
    for (size_t c = 0; c < SKM_ARRAY_LEN(denied); c++) {
        struct scene scene;
        scene_open(&scene, &(struct scene_texts){.policies = denied[c], .obligations = CURABLE});
        const struct skm_decide_request request = scene_request("view");
        for (size_t quota = 0; quota < 70000; quota += 16 + quota / 50) {
            struct skm_arena arena;
            struct skm_decision decision = {0};
            skm_arena_init(&arena, quota);
            skm_err err = skm_decide(&arena, scene.snapshot, &request, NOW, &decision);
            assert_true(skm_is_ok(err) || skm_is_err(err, SKM_E_MEMORY));
            assert_int_equal(decision.effect, SKM_DECISION_DENY);
            skm_arena_fini(&arena);
        }
        scene_close(&scene);
    }
}

/* A forbid that runs out of memory is no forbid that Cedar would skip. */
static void test_memory_cannot_switch_a_forbid_off(void **state)
{
    (void)state;
    static char text[16384] = "@id(\"p\") permit(principal, action, resource);"
                              "forbid(principal, action, resource) when { [0";
    size_t len = strlen(text);
    for (unsigned i = 1; i < 500; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, ", %u", i);
    }
    (void)snprintf(text + len, sizeof(text) - len, "].contains(7) };");
    struct scene scene;
    unsigned failed = 0;
    scene_open(&scene, &(struct scene_texts){.policies = text});
    scene.snapshot->on_forbid_error = SKM_ON_FORBID_ERROR_SKIP;
    const struct skm_decide_request request = scene_request("view");
    for (size_t quota = 0; quota < 100000; quota += 512) {
        struct skm_arena arena;
        struct skm_decision decision = {0};
        skm_arena_init(&arena, quota);
        skm_err err = skm_decide(&arena, scene.snapshot, &request, NOW, &decision);
        assert_int_equal(decision.effect, SKM_DECISION_DENY);
        failed += !skm_is_ok(err) || decision.kind == SKM_DECISION_ERROR;
        skm_arena_fini(&arena);
    }
    assert_true(failed > 0);
    scene_close(&scene);
}

static void test_kinds_have_names(void **state)
{
    (void)state;
    assert_span_equal(skm_decision_kind_name(SKM_DECISION_PERMITTED), SKM_SPAN("permitted"));
    assert_span_equal(skm_decision_kind_name(SKM_DECISION_FORBIDDEN), SKM_SPAN("forbidden"));
    assert_span_equal(skm_decision_kind_name(SKM_DECISION_NOT_PERMITTED),
                      SKM_SPAN("not_permitted"));
    assert_span_equal(skm_decision_kind_name(SKM_DECISION_ERROR), SKM_SPAN("error"));
}

static void test_zeroed_decision_is_a_denial(void **state)
{
    (void)state;
    struct skm_decision decision;
    memset(&decision, 0, sizeof(decision));
    assert_int_equal(decision.effect, SKM_DECISION_DENY);
    assert_int_equal(decision.kind, SKM_DECISION_ERROR);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_outcomes_follow_the_rules),
    cmocka_unit_test(test_standard_cedar_skips_a_failing_forbid_by_option),
    cmocka_unit_test(test_a_failure_says_why),
    cmocka_unit_test(test_annotations_travel_with_the_reason),
    cmocka_unit_test(test_obligations_come_with_a_permit_only),
    cmocka_unit_test(test_obligation_policies_grant_and_forbid_nothing),
    cmocka_unit_test(test_obligation_that_fails_denies),
    cmocka_unit_test(test_sent_attributes_are_seen_on_all_three),
    cmocka_unit_test(test_two_values_for_one_attribute_cannot_be_decided),
    cmocka_unit_test(test_request_outside_the_schema_is_denied),
    cmocka_unit_test(test_context_outside_the_schema_is_denied),
    cmocka_unit_test(test_sent_attributes_outside_the_schema_are_denied),
    cmocka_unit_test(test_empty_snapshot_denies),
    cmocka_unit_test(test_running_out_of_memory_never_permits),
    cmocka_unit_test(test_memory_cannot_switch_a_forbid_off),
    cmocka_unit_test(test_kinds_have_names),
    cmocka_unit_test(test_zeroed_decision_is_a_denial),
};

SKM_TEST_MAIN(tests)
