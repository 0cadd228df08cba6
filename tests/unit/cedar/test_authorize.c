#include "harness/test.h"

#include "unit/cedar/policy_case.h"

/* ---- one policy ---- */

static enum skm_policy_outcome outcome_for(const char *principal, const char *text)
{
    struct skm_policy_list list = policies_of(text);
    assert_int_equal(list.count, 1);
    struct skm_policy_instance instance = {.id = list.items[0].id, .policy = &list.items[0]};
    struct skm_request request = request_of(principal);
    struct skm_eval_error error = {.kind = SKM_EVAL_ERROR_NONE};
    enum skm_policy_outcome outcome =
        skm_eval_policy(&arena, &instance, &request, &WORLD_VIEW, &error);
    assert_int_equal(outcome == SKM_POLICY_ERROR, error.kind != SKM_EVAL_ERROR_NONE);
    return outcome;
}

static void assert_outcome(const char *text, enum skm_policy_outcome expected)
{
    enum skm_policy_outcome outcome = outcome_for("User::\"alice\"", text);
    if (outcome != expected) {
        fail_msg("%s: outcome %d, not %d", text, (int)outcome, (int)expected);
    }
}

/* alice views plan. */
static void test_scope_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool holds;
    } ROWS[] = {
        {"permit(principal, action, resource);", true},
        {"permit(principal == User::\"alice\", action, resource);", true},
        {"permit(principal == User::\"bob\", action, resource);", false},
        {"permit(principal == App::User::\"alice\", action, resource);", false},
        {"permit(principal in User::\"alice\", action, resource);", true},
        {"permit(principal in Group::\"staff\", action, resource);", true},
        {"permit(principal in Group::\"all\", action, resource);", true},
        {"permit(principal in Group::\"guests\", action, resource);", false},
        {"permit(principal is User, action, resource);", true},
        {"permit(principal is App::User, action, resource);", false},
        {"permit(principal is Group, action, resource);", false},
        {"permit(principal is User in Group::\"all\", action, resource);", true},
        {"permit(principal is User in Group::\"guests\", action, resource);", false},
        {"permit(principal is Group in Group::\"all\", action, resource);", false},
        {"permit(principal, action == Action::\"view\", resource);", true},
        {"permit(principal, action == Action::\"read\", resource);", false},
        {"permit(principal, action in Action::\"view\", resource);", true},
        {"permit(principal, action in Action::\"read\", resource);", true},
        {"permit(principal, action in Action::\"edit\", resource);", false},
        {"permit(principal, action in [Action::\"edit\", Action::\"read\"], resource);", true},
        {"permit(principal, action in [Action::\"edit\", Action::\"delete\"], resource);", false},
        {"permit(principal, action in [], resource);", false},
        {"permit(principal, action, resource == Doc::\"plan\");", true},
        {"permit(principal, action, resource == Doc::\"other\");", false},
        {"permit(principal, action, resource in Folder::\"work\");", true},
        {"permit(principal, action, resource in Folder::\"home\");", false},
        {"permit(principal, action, resource is Doc);", true},
        {"permit(principal, action, resource is Folder);", false},
        {"permit(principal, action, resource is Doc in Folder::\"work\");", true},
        {"permit(principal, action, resource is Folder in Folder::\"work\");", false},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        assert_outcome(ROWS[i].text,
                       ROWS[i].holds ? SKM_POLICY_SATISFIED : SKM_POLICY_NOT_SATISFIED);
    }
}

static void test_conditions_are_all_required_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *conditions;
        enum skm_policy_outcome outcome;
    } ROWS[] = {
        {"when { true }", SKM_POLICY_SATISFIED},
        {"when { false }", SKM_POLICY_NOT_SATISFIED},
        {"unless { true }", SKM_POLICY_NOT_SATISFIED},
        {"unless { false }", SKM_POLICY_SATISFIED},
        {"when { true } unless { false } when { true }", SKM_POLICY_SATISFIED},
        {"when { true } unless { true }", SKM_POLICY_NOT_SATISFIED},
        {"when { principal.age > 18 }", SKM_POLICY_SATISFIED},
        {"when { principal.phone == 1 }", SKM_POLICY_ERROR},
        {"unless { principal.phone == 1 }", SKM_POLICY_ERROR},
        /* A condition that is no bool is an error, in `unless` too. */
        {"when { 1 }", SKM_POLICY_ERROR},
        {"unless { \"false\" }", SKM_POLICY_ERROR},
        /* What is not reached cannot fail. */
        {"when { false } when { principal.phone == 1 }", SKM_POLICY_NOT_SATISFIED},
        {"unless { true } unless { 1 }", SKM_POLICY_NOT_SATISFIED},
        {"when { principal.phone == 1 } when { false }", SKM_POLICY_ERROR},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "permit(principal, action, resource) %s;",
                       ROWS[i].conditions);
        assert_outcome(text, ROWS[i].outcome);
    }
}

static void test_scope_that_fails_keeps_conditions_from_failing(void **state)
{
    (void)state;
    assert_outcome("permit(principal == User::\"bob\", action, resource) when { 1 };",
                   SKM_POLICY_NOT_SATISFIED);
    assert_outcome("permit(principal, action == Action::\"edit\", resource) when { 1 };",
                   SKM_POLICY_NOT_SATISFIED);
    assert_outcome("permit(principal, action, resource == Doc::\"x\") when { 1 };",
                   SKM_POLICY_NOT_SATISFIED);
    assert_outcome("permit(principal, action, resource) when { 1 };", SKM_POLICY_ERROR);
}

static void test_scope_needs_no_stored_entity(void **state)
{
    (void)state;
    assert_int_equal(outcome_for("User::\"ghost\"", "permit(principal, action, resource);"),
                     SKM_POLICY_SATISFIED);
    assert_int_equal(
        outcome_for("User::\"ghost\"", "permit(principal in User::\"ghost\", action, resource);"),
        SKM_POLICY_SATISFIED);
    assert_int_equal(
        outcome_for("User::\"ghost\"", "permit(principal in Group::\"all\", action, resource);"),
        SKM_POLICY_NOT_SATISFIED);
}

/* ---- sets ---- */

struct expectation {
    const char *policies; /* ids by annotation */
    bool allow;
    const char *reasons; /* ids, each followed by a blank */
    const char *errors;
};

static void append_ids(char *out, size_t room, skm_span id)
{
    size_t len = strlen(out);
    (void)snprintf(out + len, room - len, "%.*s ", SKM_SPAN_ARG(id));
}

static void check(const struct skm_policy_set *set, const char *principal,
                  const struct expectation *expected)
{
    struct skm_request request = request_of(principal);
    struct skm_authorization got = {.allow = false};
    assert_ok(skm_authorize(&arena, set, &request, &WORLD_VIEW, &got));
    char reasons[256] = "";
    char errors[256] = "";
    size_t count = 0;
    const struct skm_policy_instance **determining = skm_authorization_reasons(&got, &count);
    for (size_t i = 0; i < count; i++) {
        append_ids(reasons, sizeof reasons, determining[i]->id);
    }
    for (size_t i = 0; i < got.failure_count; i++) {
        append_ids(errors, sizeof errors, got.failures[i].instance->id);
        assert_int_not_equal(got.failures[i].error.kind, SKM_EVAL_ERROR_NONE);
    }
    if (got.allow != expected->allow || strcmp(reasons, expected->reasons) != 0 ||
        strcmp(errors, expected->errors) != 0) {
        fail_msg("%s: %s, reasons %s, errors %s", expected->policies, got.allow ? "allow" : "deny",
                 reasons, errors);
    }
}

#define PERMIT(id, condition)                                                                      \
    "@id(\"" id "\") permit(principal, action, resource) when { " condition " };\n"
#define FORBID(id, condition)                                                                      \
    "@id(\"" id "\") forbid(principal, action, resource) when { " condition " };\n"

static void test_forbid_wins_and_deny_is_the_default(void **state)
{
    (void)state;
    static const struct expectation ROWS[] = {
        {"", false, "", ""},
        {PERMIT("p", "false"), false, "", ""},
        {PERMIT("p", "true"), true, "p ", ""},
        {FORBID("f", "true"), false, "f ", ""},
        {FORBID("f", "false"), false, "", ""},
        {PERMIT("p", "true") FORBID("f", "true"), false, "f ", ""},
        {FORBID("f", "true") PERMIT("p", "true"), false, "f ", ""},
        {PERMIT("p", "true") FORBID("f", "false"), true, "p ", ""},
        /* All that hold are reported, in file order. */
        {PERMIT("p1", "true") PERMIT("no", "false") PERMIT("p2", "true"), true, "p1 p2 ", ""},
        {FORBID("f1", "true") PERMIT("p", "true") FORBID("f2", "true"), false, "f1 f2 ", ""},
        /* Errors are skipped for the decision and reported whatever it is. */
        {PERMIT("p", "true") PERMIT("e", "1"), true, "p ", "e "},
        {PERMIT("p", "true") FORBID("e", "principal.phone == 1"), true, "p ", "e "},
        {PERMIT("e", "1"), false, "", "e "},
        {FORBID("e", "1"), false, "", "e "},
        {FORBID("f", "true") FORBID("e1", "1") PERMIT("e2", "1"), false, "f ", "e1 e2 "},
        {PERMIT("e1", "1") PERMIT("p", "true") FORBID("e2", "1 + true == 1"), true, "p ", "e1 e2 "},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct skm_policy_set set;
        skm_policy_set_init(&set, &arena);
        add_policies(&set, ROWS[i].policies, SKM_POLICY_NAMING_ANNOTATION);
        check(&set, "User::\"alice\"", &ROWS[i]);
        skm_policy_set_fini(&set);
    }
}

static void test_template_decides_nothing_and_its_links_do(void **state)
{
    (void)state;
    struct skm_policy_set set;
    skm_policy_set_init(&set, &arena);
    add_policies(
        &set,
        "@id(\"T\") permit(principal in ?principal, action, resource is Doc in ?resource);"
        "@id(\"F\") forbid(principal == ?principal, action, resource) when { principal.age > 18 };",
        SKM_POLICY_NAMING_ANNOTATION);
    check(&set, "User::\"alice\"", &(struct expectation){"no links", false, "", ""});

    struct skm_uid staff = uid_of("Group::\"staff\"");
    struct skm_uid work = uid_of("Folder::\"work\"");
    struct skm_uid home = uid_of("Folder::\"home\"");
    struct skm_uid bob = uid_of("User::\"bob\"");
    struct skm_link links[] = {
        {SKM_SPAN("T"), SKM_SPAN("staff-work"), &staff, &work},
        {SKM_SPAN("T"), SKM_SPAN("staff-home"), &staff, &home},
        {SKM_SPAN("F"), SKM_SPAN("bob-young"), &bob, NULL},
    };
    for (size_t i = 0; i < 3; i++) {
        assert_ok(skm_policy_set_link(&set, &links[i], &diags));
    }
    check(&set, "User::\"alice\"", &(struct expectation){"alice", true, "staff-work ", ""});
    /* bob is no staff, and has no age. */
    check(&set, "User::\"bob\"", &(struct expectation){"bob", false, "", "bob-young "});
    check(&set, "User::\"ghost\"", &(struct expectation){"ghost", false, "", ""});
    skm_policy_set_fini(&set);
}

/* A forbid that could not be evaluated for want of memory must not be skipped: nothing is decided. */
static void test_without_memory_nothing_is_decided(void **state)
{
    (void)state;
    struct skm_policy_set set;
    skm_policy_set_init(&set, &arena);
    add_policies(&set,
                 PERMIT("p", "true") FORBID("f", "[1, 2, 3].contains(context.n)") FORBID("e", "1"),
                 SKM_POLICY_NAMING_ANNOTATION);
    struct skm_request request = request_of("User::\"alice\"");
    bool succeeded = false;
    size_t failures = 0;
    for (size_t quota = 0; !succeeded; quota += 16) {
        struct skm_arena small;
        skm_arena_init(&small, quota);
        struct skm_authorization got = {.allow = false, .permit_count = 77};
        skm_err err = skm_authorize(&small, &set, &request, &WORLD_VIEW, &got);
        succeeded = skm_is_ok(err);
        if (succeeded) {
            assert_false(got.allow);
            assert_int_equal(got.forbid_count, 1);
            assert_int_equal(got.failure_count, 1);
        } else {
            failures++;
            assert_int_equal(err.code, SKM_E_MEMORY);
            assert_int_equal(got.permit_count, 77);
        }
        skm_arena_fini(&small);
    }
    assert_true(failures > 0);
    skm_policy_set_fini(&set);
}

/* Here all would fit but the set that the forbid makes. */
static void test_forbid_that_ran_out_of_memory_is_not_skipped(void **state)
{
    (void)state;
    static char text[40000] = "@id(\"p\") permit(principal, action, resource);"
                              "@id(\"f\") forbid(principal, action, resource) when { [";
    size_t len = strlen(text);
    for (int i = 0; i < 3000; i++) {
        len += (size_t)snprintf(text + len, sizeof text - len, "%d, ", i);
    }
    (void)snprintf(text + len, sizeof text - len, "].contains(context.n) };");
    struct skm_policy_set set;
    skm_policy_set_init(&set, &arena);
    add_policies(&set, text, SKM_POLICY_NAMING_ANNOTATION);
    check(&set, "User::\"alice\"", &(struct expectation){"enough memory", false, "f ", ""});

    struct skm_arena small;
    skm_arena_init(&small, 16384);
    struct skm_request request = request_of("User::\"alice\"");
    struct skm_authorization got = {.allow = false};
    assert_err(skm_authorize(&small, &set, &request, &WORLD_VIEW, &got), MEMORY);
    assert_false(got.allow);
    skm_arena_fini(&small);
    skm_policy_set_fini(&set);
}

static const struct CMUnitTest tests[] = {
    WORLD_TEST(test_scope_forms),
    WORLD_TEST(test_conditions_are_all_required_in_order),
    WORLD_TEST(test_scope_that_fails_keeps_conditions_from_failing),
    WORLD_TEST(test_scope_needs_no_stored_entity),
    WORLD_TEST(test_forbid_wins_and_deny_is_the_default),
    WORLD_TEST(test_template_decides_nothing_and_its_links_do),
    WORLD_TEST(test_without_memory_nothing_is_decided),
    WORLD_TEST(test_forbid_that_ran_out_of_memory_is_not_skipped),
};

SKM_TEST_MAIN(tests)
