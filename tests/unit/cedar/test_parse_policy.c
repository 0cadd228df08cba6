/* Which policies are accepted, and what they become (reference: policies and templates). */
#include "unit/cedar/text_case.h"

/* A policy with this scope, and one with this text behind the scope. */
#define SCOPE(scope) "permit (" scope ");"
#define REST(rest)   "permit (principal, action, resource) " rest

static void check_all(const char *const *texts, size_t count, bool accepted)
{
    for (size_t i = 0; i < count; i++) {
        if (accepted) {
            check_policies(skm_span_cstr(texts[i]), 1);
        } else {
            check_policies_refused(skm_span_cstr(texts[i]));
        }
    }
}

#define CHECK_ALL(texts, accepted) check_all((texts), SKM_ARRAY_LEN(texts), (accepted))

static void test_scopes_accepted(void **state)
{
    (void)state;
    static const char *const texts[] = {
        SCOPE("principal, action, resource"),
        SCOPE("principal, action, resource,"),
        SCOPE("principal == U::\"a\", action == Action::\"v\", resource == P::\"x\""),
        SCOPE("principal in U::\"a\", action in Action::\"v\", resource in P::\"x\""),
        SCOPE("principal is U, action in [], resource is A::B"),
        SCOPE("principal is U in G::\"g\", action in [Action::\"v\"], resource is P in A::\"x\""),
        SCOPE("principal, action in [Action::\"v\", N::Action::\"w\",], resource"),
        SCOPE("principal == (U::\"a\"), action == ((Action::\"v\")), resource in (P::\"x\")"),
        SCOPE("principal, action in ([Action::\"v\", (Action::\"w\")]), resource"),
        SCOPE("principal, action in (Action::\"v\"), resource"),
        SCOPE("principal == ?principal, action, resource == ?resource"),
        SCOPE("principal in ?principal, action, resource in ?resource"),
        SCOPE("principal is U in ?principal, action, resource is P in (?resource)"),
        SCOPE("principal == Action::\"v\", action, resource in Action::\"v\""),
        SCOPE("principal is principal, action, resource is when"),
        SCOPE("principal // one\n, action, resource"),
    };
    CHECK_ALL(texts, true);
}

static void test_scopes_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        SCOPE(""),
        SCOPE(","),
        SCOPE("principal"),
        SCOPE("principal, action"),
        SCOPE("principal, action,"),
        SCOPE("principal, action, resource, context"),
        SCOPE("principal, action, resource, principal"),
        SCOPE("principal, action, resource,,"),
        SCOPE("principal action resource"),
        SCOPE("principal, resource, action"),
        SCOPE("action, principal, resource"),
        SCOPE("resource, action, principal"),
        SCOPE("user, action, resource"),
        SCOPE("principal, action, context"),
        SCOPE("principal: U, action, resource"),
        SCOPE("principal = U::\"a\", action, resource"),
        SCOPE("principal != U::\"a\", action, resource"),
        SCOPE("principal < U::\"a\", action, resource"),
        SCOPE("principal has x, action, resource"),
        SCOPE("principal like \"x\", action, resource"),
        SCOPE("principal.x == U::\"a\", action, resource"),
        SCOPE("principal == U::\"a\" && true, action, resource"),
        SCOPE("principal == U::\"a\" || true, action, resource"),
        SCOPE("principal in [U::\"a\"], action, resource"),
        SCOPE("principal == [U::\"a\"], action, resource"),
        SCOPE("principal == U, action, resource"),
        SCOPE("principal == \"a\", action, resource"),
        SCOPE("principal == 1, action, resource"),
        SCOPE("principal == principal, action, resource"),
        SCOPE("principal == U::\"a\".b, action, resource"),
        SCOPE("principal == (U::\"a\", action, resource"),
        SCOPE("principal == U::\"a\"), action, resource"),
        SCOPE("principal == if true then U::\"a\" else U::\"b\", action, resource"),
        SCOPE("principal == , action, resource"),
        SCOPE("principal is, action, resource"),
        SCOPE("principal is U == U::\"a\", action, resource"),
        SCOPE("principal is U::\"a\", action, resource"),
        SCOPE("principal is (U), action, resource"),
        SCOPE("principal is \"U\", action, resource"),
        SCOPE("principal is U is U, action, resource"),
        SCOPE("principal in G::\"g\" is U, action, resource"),
        SCOPE("principal is U in [G::\"g\"], action, resource"),
        SCOPE("principal is if, action, resource"),
        SCOPE("principal is ?principal, action, resource"),
        SCOPE("principal == ?resource, action, resource"),
        SCOPE("principal in ?resource, action, resource"),
        SCOPE("principal, action, resource == ?principal"),
        SCOPE("principal, action, resource is P in ?principal"),
        SCOPE("principal == ?foo, action, resource"),
        SCOPE("principal, action == ?action, resource"),
        SCOPE("principal, action in ?action, resource"),
        SCOPE("principal, action in [?action], resource"),
        SCOPE("principal, action is Action, resource"),
        SCOPE("principal, action is Action in Action::\"v\", resource"),
        SCOPE("principal, action in Action::\"v\" is Action, resource"),
        SCOPE("principal, action == [Action::\"v\"], resource"),
        SCOPE("principal, action in [[Action::\"v\"]], resource"),
        SCOPE("principal, action in [,], resource"),
        SCOPE("principal, action in [Action::\"v\" Action::\"w\"], resource"),
        SCOPE("principal, action in [\"v\"], resource"),
        SCOPE("principal, action == U::\"v\", resource"),
        SCOPE("principal, action in U::\"v\", resource"),
        SCOPE("principal, action in [Action::\"v\", U::\"v\"], resource"),
        SCOPE("principal, action == Action::B::\"v\", resource"),
        SCOPE("principal, action == XAction::\"v\", resource"),
        SCOPE("principal, action == view, resource"),
        SCOPE("?principal, action, resource"),
        SCOPE("\"principal\", action, resource"),
        "permit principal, action, resource;",
        "permit;",
    };
    CHECK_ALL(texts, false);
}

static void test_conditions_accepted(void **state)
{
    (void)state;
    static const char *const texts[] = {
        REST(";"),
        REST("when { true };"),
        REST("unless { false };"),
        REST("when { true } unless { false } when { 1 == 2 };"),
        REST("when { {} };"),
        REST("when { {a: 1} };"),
        REST("when{true};"),
        REST("when { 1 };"),
        REST("when { principal.when.unless };"),
        "forbid(principal,action,resource);",
        "@a@b permit(principal,action,resource);",
    };
    CHECK_ALL(texts, true);
}

static void test_conditions_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        REST(""),
        REST("when {};"),
        REST("when { };"),
        REST("unless {};"),
        REST("when true;"),
        REST("when (true);"),
        REST("when;"),
        REST("when { true } ;;"),
        REST("when { true; };"),
        REST("when { true };}"),
        REST("when { true, false };"),
        REST("when { true } && { false };"),
        REST("wen { true };"),
        REST("When { true };"),
        REST("if { true };"),
        REST("when { true } else { false };"),
        REST("when { ?principal == principal };"),
        REST("unless { principal in ?resource };"),
        REST("when { true"),
        REST("when { true };;"),
        REST("{ true };"),
        "Permit (principal, action, resource);",
        "permitt (principal, action, resource);",
        "allow (principal, action, resource);",
        "(principal, action, resource);",
        ";",
        "permit (principal, action, resource),",
        "permit permit (principal, action, resource);",
    };
    CHECK_ALL(texts, false);
}

static void test_annotations_accepted(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "@id(\"a\") " REST(";"),
        "@id " REST(";"),
        "@id(\"\") " REST(";"),
        "@a(\"1\") @b(\"2\") @A(\"3\") " REST(";"),
        "@if(\"x\") @in @permit @__cedar(\"y\") @principal @true " REST(";"),
        "@ id ( \"a\\n\\u{e9}\" ) " REST(";"),
        "@id(\"a\\0b\")" REST(";"),
    };
    CHECK_ALL(texts, true);
}

static void test_annotations_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "@id(\"a\") @id(\"b\") " REST(";"),
        "@id @id(\"\") " REST(";"),
        "@a @b @c @d @e @f @g @h @i @j @k @l @m @n @a " REST(";"),
        "@id() " REST(";"),
        "@id(a) " REST(";"),
        "@id(1) " REST(";"),
        "@id(\"a\", \"b\") " REST(";"),
        "@id(\"a\",) " REST(";"),
        "@id(\"a\" " REST(";"),
        "@id \"a\" " REST(";"),
        "@\"id\"(\"a\") " REST(";"),
        "@ " REST(";"),
        "@1(\"a\") " REST(";"),
        "@a::b(\"a\") " REST(";"),
        "@id(\"\\q\") " REST(";"),
        "@id(\"a\");",
        "@id(\"a\")",
        "permit @id(\"a\") (principal, action, resource);",
        "permit (principal, action, resource) @id(\"a\");",
    };
    CHECK_ALL(texts, false);
}

/* ---- what comes out ---- */

static const struct skm_policy *parse_one(struct text_case *t, const char *text)
{
    struct skm_policy_list policies = {0};
    text_case_init(t, skm_span_cstr(text));
    assert_ok(skm_parse_policies(&t->arena, &t->source, 7, &t->diags, &policies));
    assert_int_equal(policies.count, 1);
    return &policies.items[0];
}

static void test_a_policy_keeps_everything(void **state)
{
    (void)state;
    struct text_case t;
    const struct skm_policy *policy = parse_one(
        &t,
        "// a comment\n@id(\"a\\tb\")\n@flag\nforbid (principal is A::B in G::\"g\", action in "
        "[Action::\"v\", N::Action::\"w\"], resource == P::\"x\") when { true } unless { 1 == 2 } ;");
    assert_span_equal(policy->id, SKM_SPAN("policy7"));
    assert_int_equal(policy->effect, SKM_EFFECT_FORBID);
    assert_false(skm_policy_is_template(policy));
    assert_ptr_equal(policy->source, &t.source);
    assert_int_equal(policy->annotation_count, 2);
    assert_span_equal(*skm_policy_annotation(policy, SKM_SPAN("id")), SKM_SPAN("a\tb"));
    assert_true(policy->annotations[0].has_value);
    assert_span_equal(*skm_policy_annotation(policy, SKM_SPAN("flag")), SKM_SPAN(""));
    assert_false(policy->annotations[1].has_value);
    assert_null(skm_policy_annotation(policy, SKM_SPAN("fla")));
    assert_int_equal(policy->principal.kind, SKM_SCOPE_IS_IN);
    assert_span_equal(policy->principal.type, SKM_SPAN("A::B"));
    assert_span_equal(policy->principal.uid.id, SKM_SPAN("g"));
    assert_int_equal(policy->action.kind, SKM_SCOPE_IN_SET);
    assert_int_equal(policy->action.uid_count, 2);
    assert_span_equal(policy->action.uids[1].type, SKM_SPAN("N::Action"));
    assert_int_equal(policy->resource.kind, SKM_SCOPE_EQ);
    assert_span_equal(policy->resource.uid.type, SKM_SPAN("P"));
    assert_int_equal(policy->condition_count, 2);
    assert_false(policy->conditions[0].unless);
    assert_true(policy->conditions[1].unless);
    assert_int_equal(policy->conditions[1].body->kind, SKM_EXPR_EQ);
    assert_int_equal(policy->range.start, 13);
    assert_int_equal(policy->range.start + policy->range.len, t.source.text.len);
    text_case_fini(&t);
}

static void test_slots_make_templates(void **state)
{
    (void)state;
    struct text_case t;
    const struct skm_policy *policy =
        parse_one(&t, "permit (principal is U in ?principal, action, resource == ?resource);");
    assert_true(skm_policy_is_template(policy));
    assert_int_equal(policy->principal.kind, SKM_SCOPE_IS_IN);
    assert_true(policy->principal.slot);
    assert_int_equal(policy->resource.kind, SKM_SCOPE_EQ);
    assert_true(policy->resource.slot);
    text_case_fini(&t);
}

/* Templates take numbers too (reference: policy ids). */
static void test_policies_are_numbered_in_file_order(void **state)
{
    (void)state;
    struct text_case t;
    struct skm_policy_list policies = {0};
    text_case_init(&t, SKM_SPAN(SCOPE("principal, action, resource")
                                    SCOPE("principal == ?principal, action, resource")
                                        SCOPE("principal, action, resource")));
    assert_ok(skm_parse_policies(&t.arena, &t.source, 0, &t.diags, &policies));
    assert_int_equal(policies.count, 3);
    assert_span_equal(policies.items[0].id, SKM_SPAN("policy0"));
    assert_span_equal(policies.items[1].id, SKM_SPAN("policy1"));
    assert_span_equal(policies.items[2].id, SKM_SPAN("policy2"));
    text_case_fini(&t);
}

static void test_an_empty_text_has_no_policies(void **state)
{
    (void)state;
    check_policies(SKM_SPAN(""), 0);
    check_policies(SKM_SPAN(" \n// nothing\n"), 0);
    check_policies((skm_span){NULL, 0}, 0);
    check_policies_refused(SKM_SPAN("\0"));
    check_policies_refused(SKM_SPAN("/* */"));
}

/* ---- several errors ---- */

static void check_error_count(const char *text, size_t errors)
{
    struct text_case t;
    struct skm_policy_list policies = {0};
    text_case_init(&t, skm_span_cstr(text));
    assert_err(skm_parse_policies(&t.arena, &t.source, 0, &t.diags, &policies), INVALID);
    if (t.diags.errors != errors) {
        fail_with_messages(&t);
    }
    text_case_fini(&t);
}

static void test_each_broken_policy_is_reported_once(void **state)
{
    (void)state;
    check_error_count(REST("when { 1 + };") REST(";") REST("when { [ };"), 2);
    check_error_count(REST("when { 1; b };") REST("when { ) };") REST(";"), 2);
    check_error_count(REST("when { principal == };") "@id(\"x\" " REST(";") REST("when;"), 3);
    check_error_count("permit(; permit(; permit(;", 3);
    check_error_count("x; y; z;", 3);
}

static void test_a_missing_semicolon_costs_no_other_policy(void **state)
{
    (void)state;
    check_error_count(REST("") REST("") REST(";") REST("when { 1 };"), 2);
    check_error_count(REST("when { true }") "@id(\"a\") " REST(";"), 1);
    check_error_count(REST("when { (true ;") REST("when { foo };"), 2);
}

static void test_faults_that_can_be_mended_are_all_reported(void **state)
{
    (void)state;
    check_error_count(
        "permitt (principla, action, resorce) wen { foo = 1 & bar.x and {a: 1, a: 2} };", 10);
    check_error_count(REST("when { principal.if && principal has then && {else: 1} == 1 };"), 3);
    check_error_count(REST("when { \"\\q\" == \"\\w\" && principal.foo(1, bar) };"), 4);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_scopes_accepted),
    cmocka_unit_test(test_scopes_refused),
    cmocka_unit_test(test_conditions_accepted),
    cmocka_unit_test(test_conditions_refused),
    cmocka_unit_test(test_annotations_accepted),
    cmocka_unit_test(test_annotations_refused),
    cmocka_unit_test(test_a_policy_keeps_everything),
    cmocka_unit_test(test_slots_make_templates),
    cmocka_unit_test(test_policies_are_numbered_in_file_order),
    cmocka_unit_test(test_an_empty_text_has_no_policies),
    cmocka_unit_test(test_each_broken_policy_is_reported_once),
    cmocka_unit_test(test_a_missing_semicolon_costs_no_other_policy),
    cmocka_unit_test(test_faults_that_can_be_mended_are_all_reported),
};

SKM_TEST_MAIN(tests)
