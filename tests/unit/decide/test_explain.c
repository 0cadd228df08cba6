#include "harness/test.h"

#include "base/buf.h"
#include "decide/explain.h"
#include "harness/scene.h"

#define ENTITIES                                                                                   \
    "[{\"uid\":{\"type\":\"User\",\"id\":\"alice\"},"                                              \
    "\"attrs\":{\"status\":\"left\",\"level\":3,\"limit\":9223372036854775807},"                   \
    "\"parents\":[{\"type\":\"Group\",\"id\":\"staff\"}]},"                                        \
    "{\"uid\":{\"type\":\"Doc\",\"id\":\"d\"},"                                                    \
    "\"attrs\":{\"labels\":{\"confidentiality\":3}},\"parents\":[]}]"

static struct skm_explanation explain(struct scene *scene, const char *policies)
{
    scene_open(scene, &(struct scene_texts){.policies = policies, .entities = ENTITIES});
    const struct skm_decide_request request = scene_request("view");
    struct skm_explanation explanation;
    memset(&explanation, 0xff, sizeof(explanation));
    assert_ok(skm_explain(&scene->arena, scene->snapshot, &request, 0, &explanation));
    return explanation;
}

/* One line per term: "when TEXT (READ = VALUE, READ: ERROR) ERROR". */
static void describe(const struct skm_explain_policy *policy, struct skm_buf *out)
{
    for (size_t i = 0; i < policy->term_count; i++) {
        const struct skm_explain_term *term = &policy->terms[i];
        skm_buf_printf(out, "%s%s: %.*s", i == 0 ? "" : " | ", skm_explain_place_name(term->place),
                       SKM_SPAN_ARG(term->text));
        for (size_t r = 0; r < term->reading_count; r++) {
            const struct skm_explain_reading *reading = &term->readings[r];
            skm_buf_printf(out, "; %.*s", SKM_SPAN_ARG(reading->text));
            if (reading->has_value) {
                skm_buf_append_cstr(out, " = ");
                skm_value_print(&reading->value, out);
            } else {
                skm_buf_append_cstr(out, " ?");
            }
        }
        skm_buf_append_cstr(out, term->error.len > 0 ? "; failed" : "");
    }
}

struct term_case {
    const char *policy;
    enum skm_policy_outcome outcome;
    const char *terms;
    size_t conjuncts;
    size_t unguarded;
};

static const struct term_case term_cases[] = {
    {"permit(principal, action, resource);", SKM_POLICY_SATISFIED, "", 0, 0},
    {"permit(principal in Group::\"staff\", action == Action::\"view\", resource is Doc);",
     SKM_POLICY_SATISFIED, "", 3, 0},
    /* Scope terms. */
    {"permit(principal == User::\"bob\", action, resource);", SKM_POLICY_NOT_SATISFIED,
     "principal: principal == User::\"bob\"; principal = User::\"alice\"", 1, 0},
    {"permit(principal in Group::\"board\", action in [Action::\"edit\", Action::\"copy\"], "
     "resource is Page);",
     SKM_POLICY_NOT_SATISFIED,
     "principal: principal in Group::\"board\"; principal = User::\"alice\" | "
     "action: action in [Action::\"edit\", Action::\"copy\"]; action = Action::\"view\" | "
     "resource: resource is Page; resource = Doc::\"d\"",
     3, 0},
    {"permit(principal is User in Group::\"board\", action, resource);", SKM_POLICY_NOT_SATISFIED,
     "principal: principal is User in Group::\"board\"; principal = User::\"alice\"", 1, 0},
    /* Conjuncts, each by itself: the middle one holds. */
    {"permit(principal, action, resource) when { principal.level > 5 && principal.level > 2 && "
     "resource.labels.confidentiality <= 2 };",
     SKM_POLICY_NOT_SATISFIED,
     "when: principal.level > 5; principal.level = 3 | "
     "when: resource.labels.confidentiality <= 2; resource.labels.confidentiality = 3",
     3, 0},
    /* An `or` is one conjunct with all it read, each once. */
    {"permit(principal, action, resource) when { principal.level == 1 || principal.level == "
     "resource.labels.confidentiality - 1 };",
     SKM_POLICY_NOT_SATISFIED,
     "when: principal.level == 1 || principal.level == resource.labels.confidentiality - 1; "
     "principal.level = 3; resource.labels.confidentiality = 3",
     1, 0},
    /* In `unless` an `or` splits. */
    {"forbid(principal, action, resource) unless { principal.level == 1 || principal.level == 3 };",
     SKM_POLICY_NOT_SATISFIED, "unless: principal.level == 3; principal.level = 3", 2, 0},
    {"forbid(principal, action, resource) when { !(principal.level == 1 || principal.level == 3) };",
     SKM_POLICY_NOT_SATISFIED, "when: !(principal.level == 3); principal.level = 3", 2, 0},
    /* Desugared forms stay as written. */
    {"permit(principal, action, resource) when { principal.status != \"left\" };",
     SKM_POLICY_NOT_SATISFIED, "when: principal.status != \"left\"; principal.status = \"left\"", 1,
     0},
    {"permit(principal, action, resource) when { principal is User in Group::\"board\" };",
     SKM_POLICY_NOT_SATISFIED,
     "when: principal is User in Group::\"board\"; principal = User::\"alice\"", 1, 0},
    /* What a guard that does not hold leaves open is no further obstacle. */
    {"permit(principal, action, resource) when { context has aal && context.aal >= 2 };",
     SKM_POLICY_NOT_SATISFIED, "when: context has aal; context has aal = false", 2, 1},
    /* Errors. */
    {"permit(principal, action, resource) when { context.aal >= 2 };", SKM_POLICY_ERROR,
     "when: context.aal >= 2; context.aal ?; failed", 1, 0},
    {"permit(principal, action, resource) when { principal.limit + 1 > 0 };", SKM_POLICY_ERROR,
     "when: principal.limit + 1 > 0; principal.limit = 9223372036854775807; failed", 1, 0},
    {"permit(principal, action, resource) when { principal.level };", SKM_POLICY_ERROR,
     "when: principal.level; principal.level = 3; failed", 1, 0},
};

static void test_what_stood_in_the_way_is_told_with_the_values_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < SKM_ARRAY_LEN(term_cases); i++) {
        const struct term_case *c = &term_cases[i];
        struct scene scene;
        const struct skm_explanation explanation = explain(&scene, c->policy);
        struct skm_buf text;
        skm_buf_init(&text, 1u << 16);
        assert_int_equal(explanation.policy_count, 1);
        describe(&explanation.policies[0], &text);
        skm_buf_append_char(&text, '\0');
        assert_string_equal(text.ptr, c->terms);
        assert_int_equal(explanation.policies[0].outcome, c->outcome);
        assert_int_equal(explanation.policies[0].conjuncts, c->conjuncts);
        assert_int_equal(explanation.policies[0].unguarded, c->unguarded);
        skm_buf_fini(&text);
        scene_close(&scene);
    }
}

static void test_nearest_permits_come_first(void **state)
{
    (void)state;
    struct scene scene;
    const struct skm_explanation explanation = explain(
        &scene,
        "@id(\"two\") permit(principal, action == Action::\"edit\", resource) when { false };"
        "@id(\"scope\") permit(principal, action == Action::\"edit\", resource);"
        "@id(\"forbid\") forbid(principal, action, resource) when { false };"
        "@id(\"open\") permit(principal, action, resource) when { false && context.x };"
        "@id(\"plain\") permit(principal, action, resource) when { false };");
    static const char *const order[] = {"plain", "open", "scope", "two"};
    assert_int_equal(explanation.decision.kind, SKM_DECISION_NOT_PERMITTED);
    assert_int_equal(explanation.nearest_count, SKM_ARRAY_LEN(order));
    for (size_t i = 0; i < SKM_ARRAY_LEN(order); i++) {
        assert_true(skm_span_equal(explanation.nearest[i]->instance->id, skm_span_cstr(order[i])));
    }
    scene_close(&scene);
}

static void test_a_permit_has_no_near_misses(void **state)
{
    (void)state;
    struct scene scene;
    const struct skm_explanation explanation =
        explain(&scene, "permit(principal, action, resource);"
                        "permit(principal, action, resource) when { false };");
    assert_int_equal(explanation.decision.kind, SKM_DECISION_PERMITTED);
    assert_int_equal(explanation.nearest_count, 0);
    assert_int_equal(explanation.policy_count, 2);
    scene_close(&scene);
}

static void test_outcomes_agree_with_the_terms(void **state)
{
    (void)state;
    struct scene scene;
    const struct skm_explanation explanation =
        explain(&scene, "permit(principal, action, resource) when { principal.level > 1 };"
                        "permit(principal, action, resource) unless { principal.level > 1 };"
                        "forbid(principal, action, resource) when { principal.gone };");
    assert_int_equal(explanation.policies[0].term_count, 0);
    for (size_t i = 0; i < explanation.policy_count; i++) {
        assert_int_equal(explanation.policies[i].outcome == SKM_POLICY_SATISFIED,
                         explanation.policies[i].term_count == 0);
    }
    scene_close(&scene);
}

static void test_a_request_that_does_not_fit_is_not_explained_by_policies(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, &(struct scene_texts){
                           .policies = "permit(principal, action, resource);",
                           .schema = "entity User; entity Doc; action edit appliesTo { principal: "
                                     "User, resource: Doc };"});
    const struct skm_decide_request request = scene_request("view");
    struct skm_explanation explanation;
    assert_ok(skm_explain(&scene.arena, scene.snapshot, &request, 0, &explanation));
    assert_int_equal(explanation.decision.kind, SKM_DECISION_ERROR);
    assert_true(explanation.decision.message.len > 0);
    assert_int_equal(explanation.policy_count, 0);
    scene_close(&scene);
}

static void test_every_failing_allocation_is_reported(void **state)
{
    (void)state;
    struct scene scene;
    (void)explain(&scene, term_cases[4].policy);
    const struct skm_decide_request request = scene_request("view");
    size_t ok = 0;
    for (size_t quota = 0; quota < 64u << 10; quota += 512) {
        struct skm_arena small;
        skm_arena_init(&small, quota);
        struct skm_explanation explanation = {.policy_count = 77};
        skm_err err = skm_explain(&small, scene.snapshot, &request, 0, &explanation);
        if (skm_is_ok(err)) {
            ok++;
        } else {
            assert_err(err, MEMORY);
            assert_int_equal(explanation.policy_count, 77);
        }
        skm_arena_fini(&small);
    }
    assert_true(ok > 0);
    scene_close(&scene);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_what_stood_in_the_way_is_told_with_the_values_read),
    cmocka_unit_test(test_nearest_permits_come_first),
    cmocka_unit_test(test_a_permit_has_no_near_misses),
    cmocka_unit_test(test_outcomes_agree_with_the_terms),
    cmocka_unit_test(test_a_request_that_does_not_fit_is_not_explained_by_policies),
    cmocka_unit_test(test_every_failing_allocation_is_reported),
};

SKM_TEST_MAIN(tests)
