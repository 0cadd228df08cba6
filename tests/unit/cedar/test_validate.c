/* Strict validation, rule by rule: for each accepted policy a refused neighbour (Cedar spec: Validation/Typechecker.lean). */
#include "harness/test.h"

#include "base/buf.h"
#include "base/span.h"
#include "cedar/parse.h"
#include "cedar/schema_parse.h"
#include "cedar/validate.h"

static const char SCHEMA[] =
    "type Name = { first: String, last?: String };\n"
    "entity Color enum [\"red\", \"green\"];\n"
    "entity Org;\n"
    "entity Team in [Team, Org];\n"
    "entity User in [Team] {\n"
    "  age: Long, nick?: String, name: Name, manager?: User, joined: datetime, home: ipaddr,\n"
    "  teams: Set<Team>, scores: Set<Long>, favourite: Color, limit: decimal, address?: { city: String, zip?: Long }\n"
    "} tags String;\n"
    "entity Box { size: Long };\n"
    "entity Doc in [Box] { owner: User, size: Long, label?: String };\n"
    "entity Bare;\n"
    "action all;\n"
    "action view, edit in [all] appliesTo { principal: User, resource: Doc, context: { ip: ipaddr, mfa?: Bool, n: Long } };\n"
    "action audit in [all] appliesTo { principal: [User, Team], resource: [Doc, Box] };\n"
    "action nothing;\n";

struct row {
    const char *policy;
    const char *message; /* NULL: valid; else a part of some error */
};

struct verdict {
    struct skm_arena arena;
    struct skm_diags diags;
    struct skm_buf text;
    bool valid;
};

/* `links`: JSON, or NULL for none. */
static void validate_linked(struct verdict *verdict, const char *schema_text,
                            const char *policy_text, const char *links)
{
    skm_arena_init(&verdict->arena, 64u << 20);
    skm_diags_init(&verdict->diags, &verdict->arena, 100);
    skm_buf_init(&verdict->text, 1u << 20);
    struct skm_source *sources = SKM_ARENA_NEW_ARRAY(&verdict->arena, struct skm_source, 3);
    assert_non_null(sources);
    sources[0] = (struct skm_source){SKM_SPAN("schema"), skm_span_cstr(schema_text)};
    sources[1] = (struct skm_source){SKM_SPAN("policy"), skm_span_cstr(policy_text)};
    const struct skm_schema *schema = NULL;
    struct skm_policy_list list = {0};
    struct skm_policy_set set;
    skm_policy_set_init(&set, &verdict->arena);
    skm_err err = skm_schema_parse(&verdict->arena, &sources[0], &verdict->diags, &schema);
    if (skm_is_ok(err)) {
        err = skm_parse_policies(&verdict->arena, &sources[1], 0, &verdict->diags, &list);
    }
    if (skm_is_ok(err)) {
        err = skm_policy_set_add(&set, &list, SKM_POLICY_NAMING_NUMBER, &verdict->diags);
    }
    if (skm_is_ok(err) && links != NULL) {
        sources[2] = (struct skm_source){SKM_SPAN("links"), skm_span_cstr(links)};
        err = skm_policy_set_link_json(&set, &sources[2], &verdict->diags);
    }
    if (!skm_is_ok(err)) {
        skm_diags_print(&verdict->diags, SKM_DIAG_FORM_HUMAN, &verdict->text);
        print_error("%s\n%.*s\n", policy_text, (int)verdict->text.len, verdict->text.ptr);
        fail();
    }
    err = skm_validate_policies(&set, schema, &verdict->diags);
    verdict->valid = skm_is_ok(err);
    if (!verdict->valid) {
        assert_int_equal(err.code, SKM_E_INVALID);
    }
    skm_diags_print(&verdict->diags, SKM_DIAG_FORM_HUMAN, &verdict->text);
    skm_buf_append_char(&verdict->text, '\0');
    skm_policy_set_fini(&set);
}

static void validate(struct verdict *verdict, const char *schema_text, const char *policy_text)
{
    validate_linked(verdict, schema_text, policy_text, NULL);
}

static void release(struct verdict *verdict)
{
    skm_buf_fini(&verdict->text);
    skm_arena_fini(&verdict->arena);
}

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct verdict verdict;
        validate(&verdict, SCHEMA, rows[i].policy);
        bool as_expected =
            verdict.valid == (rows[i].message == NULL) &&
            (rows[i].message == NULL || strstr(verdict.text.ptr, rows[i].message) != NULL);
        if (!as_expected) {
            print_error("row %zu: %s\nexpected: %s\ngot:\n%s\n", i, rows[i].policy,
                        rows[i].message == NULL ? "valid" : rows[i].message, verdict.text.ptr);
            fail();
        }
        release(&verdict);
    }
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))
#define VIEW             "permit(principal, action == Action::\"view\", resource) when { "
#define END              " };"

static void test_names_must_be_declared_even_where_the_checker_does_not_look(void **state)
{
    (void)state;
    const struct row rows[] = {
        {"permit(principal == User::\"a\", action, resource);", NULL},
        {"permit(principal == Usr::\"a\", action, resource);", "undeclared entity type `Usr`"},
        {"permit(principal is Usr, action, resource);", "did you mean `User`?"},
        {"permit(principal, action == Action::\"view\", resource);", NULL},
        {"permit(principal, action == Action::\"veiw\", resource);", "undeclared action `veiw`"},
        {"permit(principal, action in [Action::\"view\", Action::\"x\"], resource);",
         "undeclared action `x`"},
        {VIEW "false && principal == Usr::\"a\"" END, "undeclared entity type `Usr`"},
        {VIEW "false && principal is Usr" END, "undeclared entity type `Usr`"},
        {VIEW "principal.favourite == Color::\"red\"" END, NULL},
        {VIEW "principal.favourite == Color::\"blue\"" END, "not one of the type's listed ids"},
        {VIEW "true || principal.favourite == Color::\"blue\"" END,
         "not one of the type's listed ids"},
        {VIEW "false && [Color::\"blue\"].isEmpty()" END, "not one of the type's listed ids"},
        {VIEW "false && {a: Nope::\"x\"} == {a: 1}" END, "undeclared entity type `Nope`"},
    };
    CHECK_ROWS(rows);
}

static void test_attribute_access_needs_a_declared_and_safe_attribute(void **state)
{
    (void)state;
    const struct row rows[] = {
        {VIEW "principal.age > 18" END, NULL},
        {VIEW "principal.ege > 18" END, "did you mean `age`?"},
        {VIEW "principal.nick == \"x\"" END, "optional and may be missing"},
        {VIEW "principal has nick && principal.nick == \"x\"" END, NULL},
        {VIEW "principal.nick == \"x\" && principal has nick" END, "optional and may be missing"},
        {VIEW "principal has nick || principal.nick == \"x\"" END, "optional and may be missing"},
        {VIEW "if principal has nick then principal.nick == \"x\" else false" END, NULL},
        {VIEW "if principal has nick then false else principal.nick == \"x\"" END, "optional"},
        {VIEW "(if principal has nick then true else false) && principal.nick == \"x\"" END,
         "optional"},
        {VIEW "(principal has nick || principal has nick) && principal.nick == \"x\"" END, NULL},
        {VIEW "(principal has nick || context has mfa) && principal.nick == \"x\"" END, "optional"},
        {VIEW "!(principal has nick) && principal.nick == \"x\"" END, "optional"},
        {VIEW
         "principal has manager && principal.manager has nick && principal.manager.nick == \"x\"" END,
         NULL},
        {VIEW "principal has manager && principal.manager.nick == \"x\"" END, "optional"},
        {VIEW "principal has manager.nick && principal.manager.nick == \"x\"" END, NULL},
        {VIEW "principal has manager.manager && principal.manager.manager.nick == \"x\"" END,
         "optional"},
        {VIEW "principal has address.zip && principal.address.zip > 1" END, NULL},
        {VIEW "principal has address && principal.address.city == \"x\"" END, NULL},
        {VIEW "principal has address && principal.address.zip > 1" END, "optional"},
        {VIEW "principal.name.first == \"x\"" END, NULL},
        {VIEW "principal.name.last == \"x\"" END, "optional"},
        {VIEW "principal.age.x == 1" END, "a record or an entity"},
        {VIEW "principal.age has x" END, "a record or an entity"},
        /* An entity may be missing from the store; a record's required attribute cannot be. */
        {VIEW "if principal has age then true else 1" END, "no common type"},
        {VIEW "if context has n then true else 1" END, NULL},
        {VIEW "principal has address && principal.address == {city: \"a\", zip: 1}" END,
         "no common type"},
        {VIEW "{city: \"a\", zip: 1} == {zip: 2, city: \"b\"}" END, NULL},
        {VIEW "action has x" END, NULL},
        {VIEW "action.x == 1" END, "has no attribute `x`"},
        {VIEW "Color::\"red\" has x" END, NULL},
    };
    CHECK_ROWS(rows);
}

static void test_conditions_in_a_row_pass_on_what_they_prove(void **state)
{
    (void)state;
    const struct row rows[] = {
        {"permit(principal is User, action, resource) when { principal has nick } when { principal.nick == \"x\" };",
         NULL},
        {"permit(principal is User, action, resource) unless { principal has nick } when { principal.nick == \"x\" };",
         "optional"},
        {"permit(principal is User, action, resource) when { principal.nick == \"x\" } when { principal has nick };",
         "optional"},
    };
    CHECK_ROWS(rows);
}

static void test_tags_need_a_test_with_the_same_key(void **state)
{
    (void)state;
    const struct row rows[] = {
        {VIEW "principal.hasTag(\"a\") && principal.getTag(\"a\") == \"x\"" END, NULL},
        {VIEW "principal.hasTag(\"a\") && principal.getTag(\"b\") == \"x\"" END,
         "the tag may be missing"},
        {VIEW "principal.getTag(\"a\") == \"x\"" END, "the tag may be missing"},
        {VIEW "resource.hasTag(\"a\")" END, NULL},
        {VIEW "resource.hasTag(\"a\") && resource.getTag(\"a\") == \"x\"" END,
         NULL}, /* always false: not looked at */
        {VIEW "resource.getTag(\"a\") == \"x\"" END, "no tags"},
        {VIEW "principal.hasTag(1)" END, "expected String"},
        {VIEW
         "principal.hasTag(principal.name.first) && principal.getTag(principal.name.first) == \"\"" END,
         NULL},
        {VIEW "principal.hasTag(\"a\") && principal.getTag(\"a\") == 1" END, "no common type"},
    };
    CHECK_ROWS(rows);
}

static void test_always_false_and_always_true_parts_hide_what_follows(void **state)
{
    (void)state;
    const struct row rows[] = {
        {VIEW "false && (1 + \"a\" == 2)" END, NULL},
        {VIEW "true && (1 + \"a\" == 2)" END, "expected Long"},
        {VIEW "true || (1 + \"a\" == 2)" END, NULL},
        {VIEW "false || (1 + \"a\" == 2)" END, "expected Long"},
        {VIEW "if true then true else 1" END, NULL},
        {VIEW "if false then 1 else true" END, NULL},
        {VIEW "if principal.age > 1 then true else 1" END, "no common type"},
        {VIEW "resource is User && resource.nope" END, NULL},
        {VIEW "resource is Doc && resource.nope" END, "has no attribute"},
        {"permit(principal is Team, action == Action::\"view\", resource) when { principal.nope };",
         NULL},
        {"permit(principal, action == Action::\"audit\", resource) when { principal.age > 1 };",
         "`Team` has no attribute"},
        {"permit(principal is User, action == Action::\"audit\", resource) when { principal.age > 1 };",
         NULL},
        {VIEW "action == Action::\"edit\" && 1" END, NULL},
        {VIEW "action == Action::\"view\" && 1" END, "expected Bool"},
        {VIEW "action in Action::\"all\" && 1" END, "expected Bool"},
        {VIEW "action in [Action::\"edit\", Action::\"audit\"] && 1" END, NULL},
        {VIEW "1 == 2 && 1" END, NULL},
        {VIEW "1 == 1 && 1" END, "expected Bool"},
    };
    CHECK_ROWS(rows);
}

static void test_operators_want_their_types(void **state)
{
    (void)state;
    const struct row rows[] = {
        {VIEW "principal == resource" END, NULL},
        {VIEW "principal.age == \"x\"" END, "no common type"},
        {VIEW "1 == \"x\"" END, NULL}, /* two literals: decided */
        /* `&&` and `||` of boolean literals count as a literal. */
        {VIEW "\"x\" == (true && false || true)" END, NULL},
        {VIEW "\"x\" == (true && context.n > 1)" END, "no common type"},
        {VIEW "\"x\" == !true" END, "no common type"},
        {VIEW "principal in resource" END, NULL},
        {VIEW "principal in Team::\"t\"" END, NULL},
        {VIEW "principal in principal.teams" END, NULL},
        {VIEW "principal in principal.scores" END, "an entity or a set of entities"},
        {VIEW "principal.age in Team::\"t\"" END, "an entity"},
        {VIEW "principal.joined < datetime(\"2026-01-01\")" END, NULL},
        {VIEW "principal.limit < decimal(\"1.0\")" END, "Long, datetime or duration"},
        {VIEW "principal.limit.lessThan(decimal(\"1.0\"))" END, NULL},
        {VIEW "principal.joined < 1" END, "no common type"},
        {VIEW "principal.age + 1 > 2" END, NULL},
        {VIEW "-principal.name.first == 1" END, "expected Long"},
        {VIEW "!principal.age" END, "expected Bool"},
        {VIEW "principal.age" END, "expected Bool"},
        {VIEW "principal.name.first like \"a*\"" END, NULL},
        {VIEW "principal.age like \"a*\"" END, "expected String"},
        {VIEW "principal.scores.contains(1)" END, NULL},
        {VIEW "principal.scores.contains(\"x\")" END, "no common type"},
        {VIEW "principal.scores.containsAll([1, 2])" END, NULL},
        {VIEW "principal.scores.containsAll([\"x\"])" END, "no common type"},
        {VIEW "principal.scores.containsAny(1)" END, "a set"},
        {VIEW "principal.age.contains(1)" END, "a set"},
        {VIEW "principal.scores.isEmpty()" END, NULL},
        {VIEW "[].isEmpty()" END, "empty set"},
        {VIEW "[1, \"x\"].isEmpty()" END, "no common type"},
        {VIEW "[User::\"a\", Team::\"b\"].isEmpty()" END, "no common type"},
        {VIEW "{a: 1} == {a: 2}" END, NULL},
        {VIEW "{a: 1} == {b: 2}" END, "no common type"},
        {VIEW "principal.name == {first: \"x\"}" END,
         "no common type"}, /* optional attribute missing */
        {VIEW "principal is User" END, NULL},
        {VIEW "principal.age is User" END, "an entity"},
    };
    CHECK_ROWS(rows);
}

static void test_extension_constructors_want_literals_that_parse(void **state)
{
    (void)state;
    const struct row rows[] = {
        {VIEW "context.ip.isInRange(ip(\"10.0.0.0/8\"))" END, NULL},
        {VIEW "context.ip.isInRange(ip(\"10.0.0.0/33\"))" END, "error"},
        {VIEW "ip(principal.name.first).isLoopback()" END, "string literal"},
        {VIEW "ip(1).isLoopback()" END, "expected string"},
        {VIEW "context.ip.isInRange(context.ip, context.ip)" END, "takes 1 argument"},
        {VIEW "context.ip.isInRange(principal.limit)" END, "expected ipaddr"},
        {VIEW "decimal(\"1.23456\") == principal.limit" END, "error"},
        {VIEW "principal.joined.offset(duration(\"1d\")) > datetime(\"2026-01-01\")" END, NULL},
        {VIEW "principal.joined.offset(duration(\"1x\")) > datetime(\"2026-01-01\")" END, "error"},
    };
    CHECK_ROWS(rows);
}

static void test_links_are_held_to_declared_types_and_applicable_scopes(void **state)
{
    (void)state;
    const struct {
        const char *slot_value;
        bool valid;
        const char *part; /* of some message; NULL: none at all */
    } rows[] = {
        {"User::\\\"a\\\"", true, NULL},
        {"Usr::\\\"a\\\"", false, "undeclared entity type `Usr`"},
        {"Color::\\\"blue\\\"", true, "not one of the type's ids"},
        {"Box::\\\"b\\\"", true, "no action of the schema applies to the scope of link `l`"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char links[256];
        (void)snprintf(
            links, sizeof links,
            "[{\"templateId\":\"policy0\",\"newId\":\"l\",\"args\":{\"?principal\":\"%s\"}}]",
            rows[i].slot_value);
        struct verdict verdict;
        validate_linked(&verdict, SCHEMA, "permit(principal == ?principal, action, resource);",
                        links);
        assert_int_equal(verdict.valid, rows[i].valid);
        bool told = rows[i].part == NULL ? verdict.diags.first == NULL
                                         : strstr(verdict.text.ptr, rows[i].part) != NULL;
        if (!told) {
            print_error("%s:\n%s\n", rows[i].slot_value, verdict.text.ptr);
            fail();
        }
        release(&verdict);
    }
}

/* Warnings leave a set valid. */
static void expect_warning(const char *policy, const char *part)
{
    struct verdict verdict;
    validate(&verdict, SCHEMA, policy);
    if (!verdict.valid || strstr(verdict.text.ptr, part) == NULL) {
        print_error("%s\nexpected the warning: %s\ngot (valid %d):\n%s\n", policy, part,
                    verdict.valid, verdict.text.ptr);
        fail();
    }
    release(&verdict);
}

static void expect_silence(const char *policy)
{
    struct verdict verdict;
    validate(&verdict, SCHEMA, policy);
    assert_true(verdict.valid);
    assert_int_equal(verdict.diags.warnings, 0);
    release(&verdict);
}

static void test_policies_that_cannot_apply_or_match_are_warned_about(void **state)
{
    (void)state;
    expect_warning("permit(principal, action == Action::\"nothing\", resource);",
                   "no action of the schema applies");
    expect_warning("permit(principal is Box, action, resource);",
                   "no action of the schema applies");
    expect_warning("permit(principal in Org::\"o\", action, resource in User::\"u\");",
                   "no action of the schema applies");
    expect_warning("permit(principal, action, resource) when { false };", "can never match");
    expect_warning("permit(principal, action, resource) unless { true };", "can never match");
    expect_silence("permit(principal in Org::\"o\", action, resource in Box::\"b\");");
    expect_silence("permit(principal == ?principal, action, resource in ?resource);");
}

static void expect_error(const char *schema, const char *policy, const char *part)
{
    struct verdict verdict;
    validate(&verdict, schema, policy);
    assert_false(verdict.valid);
    assert_int_equal(verdict.diags.errors, 1);
    assert_non_null(strstr(verdict.text.ptr, part));
    release(&verdict);
}

static void test_set_of_actions_in_the_scope_needs_a_type(void **state)
{
    (void)state;
    static const char two[] =
        "namespace A { entity E; action x appliesTo { principal: E, resource: E }; }\n"
        "namespace B { entity E; action x appliesTo { principal: E, resource: E }; }\n";
    expect_error(SCHEMA, "permit(principal, action in [], resource);", "empty set of actions");
    expect_error(SCHEMA, "permit(principal is User, action in [], resource is Bare);",
                 "empty set of actions");
    expect_warning("permit(principal is Bare, action in [], resource);",
                   "no action of the schema applies");
    expect_error(
        two, "permit(principal is A::E, action in [A::Action::\"x\", B::Action::\"x\"], resource);",
        "different types");
    expect_silence("permit(principal, action in [Action::\"view\", Action::\"all\"], resource);");
}

static void test_text_that_misleads_the_eye_is_warned_about(void **state)
{
    (void)state;
    expect_warning(VIEW "principal.name.first == \"ad\xD0\xBCin\"" END, "scripts that look alike");
    expect_warning(VIEW "principal.name.first == \"a\xE2\x80\xAE"
                        "b\"" END,
                   "bidirectional");
    expect_warning(VIEW "principal.name.first == \"a\xE2\x80\x8B"
                        "b\"" END,
                   "invisible");
    expect_silence(VIEW "principal.name.first == \"\xE6\x97\xA5\xE6\x9C\xAC"
                        "ABC\xE3\x81\x82\"" END);
    expect_silence("@x(\"\xD0\xBC\xD0\xB8\xD1\x80 abc\") permit(principal, action, resource);");
}

static void test_a_fault_seen_in_many_environments_is_told_once(void **state)
{
    (void)state;
    struct verdict verdict;
    validate(&verdict, SCHEMA,
             "permit(principal is User, action, resource) when { principal.nick == \"x\" };");
    assert_false(verdict.valid);
    assert_int_equal(verdict.diags.errors, 1);
    release(&verdict);
}

static void test_partial_schemas_are_refused(void **state)
{
    (void)state;
    struct verdict verdict;
    validate(
        &verdict,
        "external entity User; entity Doc; action view appliesTo { principal: User, resource: Doc };",
        "permit(principal, action, resource);");
    assert_false(verdict.valid);
    assert_non_null(strstr(verdict.text.ptr, "partial schema"));
    release(&verdict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_must_be_declared_even_where_the_checker_does_not_look),
        cmocka_unit_test(test_attribute_access_needs_a_declared_and_safe_attribute),
        cmocka_unit_test(test_conditions_in_a_row_pass_on_what_they_prove),
        cmocka_unit_test(test_tags_need_a_test_with_the_same_key),
        cmocka_unit_test(test_always_false_and_always_true_parts_hide_what_follows),
        cmocka_unit_test(test_operators_want_their_types),
        cmocka_unit_test(test_extension_constructors_want_literals_that_parse),
        cmocka_unit_test(test_links_are_held_to_declared_types_and_applicable_scopes),
        cmocka_unit_test(test_policies_that_cannot_apply_or_match_are_warned_about),
        cmocka_unit_test(test_set_of_actions_in_the_scope_needs_a_type),
        cmocka_unit_test(test_text_that_misleads_the_eye_is_warned_about),
        cmocka_unit_test(test_a_fault_seen_in_many_environments_is_told_once),
        cmocka_unit_test(test_partial_schemas_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
