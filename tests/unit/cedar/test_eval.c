#include "harness/test.h"

#include "unit/cedar/eval_case.h"

struct row {
    const char *text;
    const char *expected;
};

struct failing_row {
    const char *text;
    enum skm_eval_error_kind kind;
    const char *message;
};

#define CHECK_ROWS(rows)                                                                           \
    for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++) {                                \
        assert_evaluates((rows)[i].text, (rows)[i].expected);                                      \
    }
#define CHECK_FAILING(rows)                                                                        \
    for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++) {                                \
        assert_fails((rows)[i].text, (rows)[i].kind, (rows)[i].message);                           \
    }

static void test_literals_and_variables(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"true", "true"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"\"a\\u{0}\"", "\"a\\0\""},
        {"principal", "User::\"alice\""},
        {"action", "Action::\"view\""},
        {"resource", "Doc::\"plan\""},
        {"context.n", "1"},
        {"context", "{\"flag\": true, \"n\": 1, \"s\": \"x\", \"set\": [1, 2]}"},
    };
    CHECK_ROWS(ROWS)
}

static void test_and_or_if_look_only_at_what_they_need(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"true && true", "true"},
        {"true && false", "false"},
        {"false && true", "false"},
        {"false && (1 + \"a\" == 1)", "false"},
        {"false && 1", "false"},
        {"false || true", "true"},
        {"false || false", "false"},
        {"true || (1 + \"a\" == 1)", "true"},
        {"true || 1", "true"},
        {"if true then 1 else 1 + \"a\"", "1"},
        {"if false then 1 + \"a\" else 2", "2"},
        {"true && true && false || true", "true"},
        {"!true", "false"},
        {"!!true", "true"},
    };
    static const struct failing_row FAILING[] = {
        /* The right operand is checked when it is reached, also where it is the result. */
        {"true && 1", SKM_EVAL_ERROR_TYPE, "`1`: expected bool, got long"},
        {"false || 1", SKM_EVAL_ERROR_TYPE, "`1`: expected bool, got long"},
        {"1 && true", SKM_EVAL_ERROR_TYPE, "`1`: expected bool, got long"},
        {"\"x\" || true", SKM_EVAL_ERROR_TYPE, "`\"x\"`: expected bool, got string"},
        {"if 1 then 2 else 3", SKM_EVAL_ERROR_TYPE, "`1`: expected bool, got long"},
        {"!1", SKM_EVAL_ERROR_TYPE, "`1`: expected bool, got long"},
        {"(1 + \"a\" == 1) && false", SKM_EVAL_ERROR_TYPE, "`\"a\"`: expected long, got string"},
        {"(1 + \"a\" == 1) || true", SKM_EVAL_ERROR_TYPE, "`\"a\"`: expected long, got string"},
    };
    CHECK_ROWS(ROWS)
    CHECK_FAILING(FAILING)
}

static void test_equality_never_fails(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"1 == 1", "true"},
        {"1 == \"1\"", "false"},
        {"1 == true", "false"},
        {"1 != \"1\"", "true"},
        {"\"a\" == \"A\"", "false"},
        /* No normalisation. */
        {"\"\\u{e9}\" == \"e\\u{301}\"", "false"},
        {"principal == User::\"alice\"", "true"},
        {"principal == App::User::\"alice\"", "false"},
        {"User::\"ghost\" == User::\"ghost\"", "true"},
        {"[1, [2, 3]] == [[3, 2, 2], 1, 1]", "true"},
        {"[1, 2] == [1, 2, 3]", "false"},
        {"[] == {}", "false"},
        {"{a: 1, b: [1]} == {b: [1], a: 1}", "true"},
        {"{a: 1} == {a: 1, b: 1}", "false"},
        {"{a: 1} == {b: 1}", "false"},
        {"decimal(\"1.0\") == decimal(\"1.00\")", "true"},
        {"decimal(\"1.0\") == 1", "false"},
        {"duration(\"1s\") == duration(\"1000ms\")", "true"},
        {"ip(\"10.0.0.1/24\") == ip(\"10.0.0.0/24\")", "false"},
        {"datetime(\"1970-01-01T01:00:00+0100\") == datetime(\"1970-01-01\")", "true"},
    };
    static const struct failing_row FAILING[] = {
        {"(1 + \"a\") == 1", SKM_EVAL_ERROR_TYPE, "`\"a\"`: expected long, got string"},
        {"1 == (1 + \"a\")", SKM_EVAL_ERROR_TYPE, "`\"a\"`: expected long, got string"},
    };
    CHECK_ROWS(ROWS)
    CHECK_FAILING(FAILING)
}

static void test_arithmetic_is_checked(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"1 + 2 - 4", "-1"},
        {"3 * -4", "-12"},
        {"-(3)", "-3"},
        {"--3", "3"},
        {"9223372036854775806 + 1", "9223372036854775807"},
        {"-9223372036854775807 - 1", "-9223372036854775808"},
        {"-4611686018427387904 * 2", "-9223372036854775808"},
    };
    static const struct failing_row FAILING[] = {
        {"9223372036854775807 + 1", SKM_EVAL_ERROR_OVERFLOW,
         "`9223372036854775807 + 1`: integer overflow"},
        {"-9223372036854775808 - 1", SKM_EVAL_ERROR_OVERFLOW,
         "`-9223372036854775808 - 1`: integer overflow"},
        {"4611686018427387904 * 2", SKM_EVAL_ERROR_OVERFLOW,
         "`4611686018427387904 * 2`: integer overflow"},
        {"-9223372036854775808 * -1", SKM_EVAL_ERROR_OVERFLOW,
         "`-9223372036854775808 * -1`: integer overflow"},
        {"--9223372036854775808", SKM_EVAL_ERROR_OVERFLOW,
         "`--9223372036854775808`: integer overflow"},
        {"1 + true", SKM_EVAL_ERROR_TYPE, "`true`: expected long, got bool"},
        {"\"a\" + 1", SKM_EVAL_ERROR_TYPE, "`\"a\"`: expected long, got string"},
        {"\"a\" - \"b\"", SKM_EVAL_ERROR_TYPE, "`\"a\"`: expected long, got string"},
        {"2 * [1]", SKM_EVAL_ERROR_TYPE, "`[1]`: expected long, got set"},
        {"-context.s", SKM_EVAL_ERROR_TYPE, "`context.s`: expected long, got string"},
        {"datetime(\"1970-01-01\") + 1", SKM_EVAL_ERROR_TYPE,
         "`datetime(\"1970-01-01\")`: expected long, got datetime"},
        {"duration(\"1s\") - duration(\"1s\")", SKM_EVAL_ERROR_TYPE,
         "`duration(\"1s\")`: expected long, got duration"},
    };
    CHECK_ROWS(ROWS)
    CHECK_FAILING(FAILING)
}

static void test_order_is_for_longs_datetimes_and_durations(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"1 < 2", "true"},
        {"2 < 2", "false"},
        {"2 <= 2", "true"},
        {"3 <= 2", "false"},
        {"2 > 2", "false"},
        {"3 > 2", "true"},
        {"2 >= 2", "true"},
        {"-9223372036854775808 < 9223372036854775807", "true"},
        {"datetime(\"2024-01-01\") < datetime(\"2024-01-02\")", "true"},
        {"datetime(\"2024-01-01\") >= datetime(\"2024-01-02\")", "false"},
        {"duration(\"1h\") <= duration(\"60m\")", "true"},
        {"duration(\"-1h\") < duration(\"1ms\")", "true"},
    };
    static const struct failing_row FAILING[] = {
        {"\"a\" < \"b\"", SKM_EVAL_ERROR_TYPE,
         "`\"a\"`: expected long, datetime or duration, got string"},
        {"decimal(\"1.0\") < decimal(\"2.0\")", SKM_EVAL_ERROR_TYPE,
         "`decimal(\"1.0\")`: expected long, datetime or duration, got decimal"},
        {"decimal(\"1.0\") <= decimal(\"2.0\")", SKM_EVAL_ERROR_TYPE,
         "`decimal(\"1.0\")`: expected long, datetime or duration, got decimal"},
        {"ip(\"::1\") < ip(\"::2\")", SKM_EVAL_ERROR_TYPE,
         "`ip(\"::1\")`: expected long, datetime or duration, got ipaddr"},
        {"true < false", SKM_EVAL_ERROR_TYPE,
         "`true`: expected long, datetime or duration, got bool"},
        {"1 < duration(\"1s\")", SKM_EVAL_ERROR_TYPE,
         "`duration(\"1s\")`: expected long, got duration"},
        {"datetime(\"1970-01-01\") <= duration(\"1s\")", SKM_EVAL_ERROR_TYPE,
         "`duration(\"1s\")`: expected datetime, got duration"},
        {"1 > \"a\"", SKM_EVAL_ERROR_TYPE, "`\"a\"`: expected long, got string"},
    };
    CHECK_ROWS(ROWS)
    CHECK_FAILING(FAILING)
}

static void test_in_is_reflexive_and_transitive(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"principal in principal", "true"},
        {"principal in Group::\"staff\"", "true"},
        {"principal in Group::\"all\"", "true"},
        {"principal in Group::\"guests\"", "false"},
        {"Group::\"all\" in principal", "false"},
        {"action in Action::\"read\"", "true"},
        /* Also for entities that are in no store. */
        {"User::\"ghost\" in User::\"ghost\"", "true"},
        {"User::\"ghost\" in Group::\"all\"", "false"},
        {"principal in []", "false"},
        {"principal in [Group::\"guests\", Group::\"all\"]", "true"},
        {"principal in [Group::\"guests\", User::\"bob\"]", "false"},
        {"User::\"ghost\" in [User::\"ghost\"]", "true"},
        {"User::\"alice\" in App::User::\"alice\"", "false"},
    };
    static const struct failing_row FAILING[] = {
        {"1 in []", SKM_EVAL_ERROR_TYPE, "`1`: expected entity, got long"},
        {"1 in principal", SKM_EVAL_ERROR_TYPE, "`1`: expected entity, got long"},
        {"[principal] in principal", SKM_EVAL_ERROR_TYPE,
         "`[principal]`: expected entity, got set"},
        {"principal in 1", SKM_EVAL_ERROR_TYPE,
         "`1`: expected entity or set of entities, got long"},
        {"principal in {a: 1}", SKM_EVAL_ERROR_TYPE,
         "`{a: 1}`: expected entity or set of entities, got record"},
        {"principal in [1]", SKM_EVAL_ERROR_TYPE,
         "`[1]`: expected only entities in the set, got long"},
        /* Even behind an element that matches. */
        {"principal in [principal, 1]", SKM_EVAL_ERROR_TYPE,
         "`[principal, 1]`: expected only entities in the set, got long"},
        {"principal in [principal, [principal]]", SKM_EVAL_ERROR_TYPE,
         "`[principal, [principal]]`: expected only entities in the set, got set"},
        {"principal in [Group::\"all\", \"x\"]", SKM_EVAL_ERROR_TYPE,
         "`[Group::\"all\", \"x\"]`: expected only entities in the set, got string"},
        /* The left operand is evaluated first. */
        {"(1 + true) in (1 + \"a\")", SKM_EVAL_ERROR_TYPE, "`true`: expected long, got bool"},
    };
    CHECK_ROWS(ROWS)
    CHECK_FAILING(FAILING)
}

static void test_set_methods(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"[1, 2].contains(1)", "true"},
        {"[1, 2].contains(3)", "false"},
        {"[1, 2].contains(\"1\")", "false"},
        {"[].contains(1)", "false"},
        {"[[1], 2].contains([1, 1])", "true"},
        {"[1, 2, 3].containsAll([3, 1])", "true"},
        {"[3, 1].containsAll([1, 2, 3])", "false"},
        {"[1].containsAll([])", "true"},
        {"[].containsAll([])", "true"},
        {"[].containsAll([1])", "false"},
        {"[1, 2].containsAny([2, 3])", "true"},
        {"[1, 2].containsAny([3])", "false"},
        {"[1].containsAny([])", "false"},
        {"[].containsAny([])", "false"},
        {"[].isEmpty()", "true"},
        {"[1].isEmpty()", "false"},
        {"principal.tags.contains(\"a\")", "true"},
        {"[3, 1, 3, 2, 1]", "[1, 2, 3]"},
    };
    static const struct failing_row FAILING[] = {
        {"1.contains(1)", SKM_EVAL_ERROR_TYPE, "`1`: expected set, got long"},
        {"\"abc\".contains(\"a\")", SKM_EVAL_ERROR_TYPE, "`\"abc\"`: expected set, got string"},
        {"principal.contains(1)", SKM_EVAL_ERROR_TYPE, "`principal`: expected set, got entity"},
        {"{a: 1}.contains(\"a\")", SKM_EVAL_ERROR_TYPE, "`{a: 1}`: expected set, got record"},
        {"[1].containsAll(1)", SKM_EVAL_ERROR_TYPE, "`1`: expected set, got long"},
        {"1.containsAll([])", SKM_EVAL_ERROR_TYPE, "`1`: expected set, got long"},
        {"[1].containsAny(\"a\")", SKM_EVAL_ERROR_TYPE, "`\"a\"`: expected set, got string"},
        {"{}.containsAny([])", SKM_EVAL_ERROR_TYPE, "`{}`: expected set, got record"},
        {"\"\".isEmpty()", SKM_EVAL_ERROR_TYPE, "`\"\"`: expected set, got string"},
        {"[1, 1 + true]", SKM_EVAL_ERROR_TYPE, "`true`: expected long, got bool"},
        {"{a: 1, b: 1 + true}.a", SKM_EVAL_ERROR_TYPE, "`true`: expected long, got bool"},
    };
    CHECK_ROWS(ROWS)
    CHECK_FAILING(FAILING)
}

static void test_attributes(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"principal.name", "\"Alice\""},
        {"principal[\"if\"]", "2"},
        {"principal[\"\"]", "1"},
        {"principal.address.zip.code", "5"},
        {"principal.manager.name", "\"Bob\""},
        {"resource.owner.age", "30"},
        {"{a: {b: 2}}.a.b", "2"},
    };
    static const struct failing_row FAILING[] = {
        {"principal.phone", SKM_EVAL_ERROR_NO_ATTR,
         "`principal.phone`: entity `User::\"alice\"` has no attribute `phone`"},
        {"context.phone", SKM_EVAL_ERROR_NO_ATTR,
         "`context.phone`: the record has no attribute `phone`"},
        {"principal.deputy.name", SKM_EVAL_ERROR_NO_ENTITY,
         "`principal.deputy.name`: entity `User::\"ghost\"` does not exist"},
        {"User::\"ghost\".name", SKM_EVAL_ERROR_NO_ENTITY,
         "`User::\"ghost\".name`: entity `User::\"ghost\"` does not exist"},
        /* Tags are no attributes. */
        {"principal.role", SKM_EVAL_ERROR_NO_ATTR,
         "`principal.role`: entity `User::\"alice\"` has no attribute `role`"},
        {"1.name", SKM_EVAL_ERROR_TYPE, "`1`: expected record or entity, got long"},
        {"[1].name", SKM_EVAL_ERROR_TYPE, "`[1]`: expected record or entity, got set"},
        {"context.s.name", SKM_EVAL_ERROR_TYPE,
         "`context.s`: expected record or entity, got string"},
        {"ip(\"::1\").name", SKM_EVAL_ERROR_TYPE,
         "`ip(\"::1\")`: expected record or entity, got ipaddr"},
    };
    CHECK_ROWS(ROWS)
    CHECK_FAILING(FAILING)
}

static void test_has(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"principal has name", "true"},
        {"principal has \"if\"", "true"},
        {"principal has phone", "false"},
        {"principal has role", "false"},
        {"context has n", "true"},
        {"context has phone", "false"},
        {"{} has a", "false"},
        /* An entity that is in no store has nothing, and that is no error. */
        {"User::\"ghost\" has name", "false"},
        {"principal.deputy has name", "false"},
    };
    static const struct failing_row FAILING[] = {
        {"1 has name", SKM_EVAL_ERROR_TYPE, "`1`: expected record or entity, got long"},
        {"\"abc\" has name", SKM_EVAL_ERROR_TYPE,
         "`\"abc\"`: expected record or entity, got string"},
        {"[1] has name", SKM_EVAL_ERROR_TYPE, "`[1]`: expected record or entity, got set"},
        {"principal.phone has name", SKM_EVAL_ERROR_NO_ATTR,
         "`principal.phone`: entity `User::\"alice\"` has no attribute `phone`"},
    };
    CHECK_ROWS(ROWS)
    CHECK_FAILING(FAILING)
}

static void test_has_path(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"principal has address.zip.code", "true"},
        {"principal has address.zip.road", "false"},
        {"principal has address.road.code", "false"},
        {"principal has phone.area.code", "false"},
        {"principal has manager.name", "true"},
        {"principal has manager.phone", "false"},
        /* Missing on the way. */
        {"principal has deputy.name", "false"},
        {"principal has deputy.name.first", "false"},
        {"User::\"ghost\" has a.b", "false"},
        {"{a: {b: 1}} has a.b", "true"},
    };
    static const struct failing_row FAILING[] = {
        {"principal has name.first", SKM_EVAL_ERROR_TYPE,
         "`principal`: expected record or entity, got string"},
        {"principal has tags.first", SKM_EVAL_ERROR_TYPE,
         "`principal`: expected record or entity, got set"},
        {"1 has a.b", SKM_EVAL_ERROR_TYPE, "`1`: expected record or entity, got long"},
    };
    CHECK_ROWS(ROWS)
    CHECK_FAILING(FAILING)
}

static void test_tags(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"principal.hasTag(\"role\")", "true"},
        {"principal.hasTag(\"name\")", "false"},
        {"principal.hasTag(\"\")", "true"},
        {"User::\"ghost\".hasTag(\"role\")", "false"},
        {"principal.getTag(\"role\")", "\"admin\""},
        {"principal.getTag(if principal.hasTag(\"x\") then \"x\" else \"level\")", "3"},
    };
    static const struct failing_row FAILING[] = {
        {"principal.getTag(\"name\")", SKM_EVAL_ERROR_NO_TAG,
         "`principal.getTag(\"name\")`: entity `User::\"alice\"` has no tag `name`"},
        {"User::\"ghost\".getTag(\"role\")", SKM_EVAL_ERROR_NO_ENTITY,
         "`User::\"ghost\".getTag(\"role\")`: entity `User::\"ghost\"` does not exist"},
        {"principal.getTag(1)", SKM_EVAL_ERROR_TYPE, "`1`: expected string, got long"},
        {"principal.hasTag(1)", SKM_EVAL_ERROR_TYPE, "`1`: expected string, got long"},
        {"User::\"ghost\".hasTag(1)", SKM_EVAL_ERROR_TYPE, "`1`: expected string, got long"},
        {"context.hasTag(\"n\")", SKM_EVAL_ERROR_TYPE, "`context`: expected entity, got record"},
        {"context.getTag(\"n\")", SKM_EVAL_ERROR_TYPE, "`context`: expected entity, got record"},
    };
    CHECK_ROWS(ROWS)
    CHECK_FAILING(FAILING)
}

static void test_like(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"principal.name like \"Al*\"", "true"},
        {"principal.name like \"al*\"", "false"},
        {"principal.name like \"lic\"", "false"},
        {"\"\" like \"\"", "true"},
        {"\"a\" like \"\"", "false"},
        {"\"a*b\" like \"a\\*b\"", "true"},
        {"\"axb\" like \"a\\*b\"", "false"},
        /* The wildcard test is made on the unescaped character. */
        {"\"axxb\" like \"a\\u{2a}b\"", "true"},
        {"\"axxb\" like \"a\\x2ab\"", "true"},
        {"\"a\\0b\" like \"a*b\"", "true"},
    };
    static const struct failing_row FAILING[] = {
        {"1 like \"1\"", SKM_EVAL_ERROR_TYPE, "`1`: expected string, got long"},
        {"principal like \"*\"", SKM_EVAL_ERROR_TYPE, "`principal`: expected string, got entity"},
    };
    CHECK_ROWS(ROWS)
    CHECK_FAILING(FAILING)
}

static void test_is(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"principal is User", "true"},
        {"principal is Group", "false"},
        /* The whole name counts. */
        {"principal is App::User", "false"},
        {"App::User::\"alice\" is User", "false"},
        {"App::User::\"alice\" is App::User", "true"},
        {"User::\"ghost\" is User", "true"},
        {"principal is User in Group::\"all\"", "true"},
        {"principal is User in Group::\"guests\"", "false"},
        {"principal is Group in Group::\"all\"", "false"},
        /* The right side is not reached. */
        {"principal is Group in 1", "false"},
    };
    static const struct failing_row FAILING[] = {
        {"1 is User", SKM_EVAL_ERROR_TYPE, "`1`: expected entity, got long"},
        {"principal is User in 1", SKM_EVAL_ERROR_TYPE,
         "`1`: expected entity or set of entities, got long"},
    };
    CHECK_ROWS(ROWS)
    CHECK_FAILING(FAILING)
}

static void test_extension_calls(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"ip(\"10.0.0.1\").isInRange(ip(\"10.0.0.0/8\"))", "true"},
        {"ip(\"10.0.0.0/8\").isInRange(ip(\"10.0.0.1\"))", "false"},
        {"ip(\"127.0.0.1/7\").isLoopback()", "false"},
        {"decimal(\"1.5\").lessThan(decimal(\"1.6\"))", "true"},
        {"decimal(\"-0.5\")", "decimal(\"-0.5000\")"},
        {"datetime(\"1970-01-01\").offset(duration(\"-1ms\")).toTime().toMilliseconds()",
         "86399999"},
        {"datetime(\"1970-01-01\").offset(duration(\"-1ms\")).toDate()",
         "datetime(\"1969-12-31T00:00:00Z\")"},
        {"duration(\"-1500ms\").toSeconds()", "-1"},
        {"datetime(\"1970-01-02\").durationSince(datetime(\"1970-01-01\"))", "duration(\"1d\")"},
        {"ip(if true then \"::1\" else \"x\").isIpv6()", "true"},
    };
    static const struct failing_row FAILING[] = {
        {"ip(\"x\")", SKM_EVAL_ERROR_EXTENSION, "`ip(\"x\")`: not an IPv4 or IPv6 address"},
        {"datetime(\"1900-02-29\")", SKM_EVAL_ERROR_EXTENSION,
         "`datetime(\"1900-02-29\")`: the calendar has no such date"},
        {"decimal(\"922337203685477.5808\")", SKM_EVAL_ERROR_EXTENSION,
         "`decimal(\"922337203685477.5808\")`: decimal out of range"},
        {"ip(1)", SKM_EVAL_ERROR_TYPE, "`1`: expected string, got long"},
        {"ip(\"::1\").isInRange(\"::/0\")", SKM_EVAL_ERROR_TYPE,
         "`\"::/0\"`: expected ipaddr, got string"},
        {"decimal(\"1.0\").lessThan(1)", SKM_EVAL_ERROR_TYPE, "`1`: expected decimal, got long"},
        {"1.toSeconds()", SKM_EVAL_ERROR_TYPE, "`1`: expected duration, got long"},
        {"ip()", SKM_EVAL_ERROR_ARITY, "`ip()`: `ip` takes 1 argument, got 0"},
        {"ip(\"::1\", \"::1\")", SKM_EVAL_ERROR_ARITY,
         "`ip(\"::1\", \"::1\")`: `ip` takes 1 argument, got 2"},
        {"duration(\"1s\", \"x\", \"y\", \"z\")", SKM_EVAL_ERROR_ARITY,
         "`duration(\"1s\", \"x\", \"y\", \"z\")`: `duration` takes 1 argument, got 4"},
        {"decimal(\"1.0\").lessThan()", SKM_EVAL_ERROR_ARITY,
         "`decimal(\"1.0\").lessThan()`: `lessThan` takes 1 argument, got 0"},
        {"decimal(\"1.0\").lessThan(decimal(\"2.0\"), decimal(\"3.0\"))", SKM_EVAL_ERROR_ARITY,
         "`decimal(\"1.0\").lessThan(decimal(\"2.0\"), decimal(\"3.0\"))`: `lessThan` takes 1 argument, got 2"},
        {"ip(\"::1\").isIpv4(1)", SKM_EVAL_ERROR_ARITY,
         "`ip(\"::1\").isIpv4(1)`: `isIpv4` takes 0 arguments, got 1"},
        /* Arguments first, from left to right, also those that are too many; then number, then kinds. */
        {"duration(\"1s\", ip(\"x\"))", SKM_EVAL_ERROR_EXTENSION,
         "`ip(\"x\")`: not an IPv4 or IPv6 address"},
        {"ip(1).isInRange(1 + true)", SKM_EVAL_ERROR_TYPE, "`1`: expected string, got long"},
        {"1.lessThan(2, 3)", SKM_EVAL_ERROR_ARITY,
         "`1.lessThan(2, 3)`: `lessThan` takes 1 argument, got 2"},
    };
    CHECK_ROWS(ROWS)
    CHECK_FAILING(FAILING)
}

static void test_first_error_from_the_left_wins(void **state)
{
    (void)state;
    static const struct failing_row FAILING[] = {
        {"(1 + true) + (2 + \"a\")", SKM_EVAL_ERROR_TYPE, "`true`: expected long, got bool"},
        {"[ip(\"x\"), 1 + true]", SKM_EVAL_ERROR_EXTENSION,
         "`ip(\"x\")`: not an IPv4 or IPv6 address"},
        {"{b: ip(\"x\"), a: 1 + true}", SKM_EVAL_ERROR_EXTENSION,
         "`ip(\"x\")`: not an IPv4 or IPv6 address"},
        {"1.contains(1 + true)", SKM_EVAL_ERROR_TYPE, "`true`: expected long, got bool"},
        {"\"a\" < (1 + true)", SKM_EVAL_ERROR_TYPE, "`true`: expected long, got bool"},
        {"context.getTag(1 + true)", SKM_EVAL_ERROR_TYPE, "`true`: expected long, got bool"},
    };
    CHECK_FAILING(FAILING)
}

static void test_excerpts_are_short_and_on_one_line(void **state)
{
    (void)state;
    assert_fails("principal\n\t .  phone", SKM_EVAL_ERROR_NO_ATTR,
                 "`principal . phone`: entity `User::\"alice\"` has no attribute `phone`");
    assert_fails(
        "principal[\"\\u{202e}\"]", SKM_EVAL_ERROR_NO_ATTR,
        "`principal[\"\\u{202e}\"]`: entity `User::\"alice\"` has no attribute `\\u{202e}`");
    char text[400];
    (void)snprintf(text, sizeof text, "context[\"%0200d\"]", 0);
    char message[500];
    (void)snprintf(message, sizeof message,
                   "`context[\"%071d...`: the record has no attribute `%080d...`", 0, 0);
    assert_fails(text, SKM_EVAL_ERROR_NO_ATTR, message);
}

/* Without the text of the policy the excerpt is made from the tree. */
static void test_error_of_a_tree_without_text(void **state)
{
    (void)state;
    struct skm_request request = request_of("User::\"alice\"");
    struct skm_value value = {.kind = SKM_VALUE_BOOL};
    struct skm_eval_error error = {.kind = SKM_EVAL_ERROR_NONE};
    assert_err(
        skm_eval_expr(&arena, parsed("  principal . phone"), &request, &WORLD_VIEW, &value, &error),
        INVALID);
    struct skm_buf buf;
    skm_buf_init(&buf, 1u << 10);
    skm_eval_error_print(&error, NULL, &buf);
    assert_span_equal(
        skm_buf_span(&buf),
        SKM_SPAN("`principal.phone`: entity `User::\"alice\"` has no attribute `phone`"));
    skm_buf_fini(&buf);
}

/* The stack lasts for the deepest trees there can be, of each shape that recurses. */
static void test_deepest_trees_are_evaluated(void **state)
{
    (void)state;
    enum { DEPTH = SKM_EXPR_DEPTH_MAX };
    const struct skm_expr *leaf = parsed("true");
    static const enum skm_expr_kind SHAPES[] = {SKM_EXPR_AND,  SKM_EXPR_OR,    SKM_EXPR_NOT,
                                                SKM_EXPR_IF,   SKM_EXPR_EQ,    SKM_EXPR_SET,
                                                SKM_EXPR_CALL, SKM_EXPR_RECORD};
    struct skm_request request = request_of("User::\"alice\"");
    for (size_t shape = 0; shape < sizeof SHAPES / sizeof SHAPES[0]; shape++) {
        const struct skm_expr *tree = leaf;
        for (size_t depth = 2; depth <= DEPTH; depth++) {
            struct skm_expr *node = SKM_ARENA_NEW(&arena, struct skm_expr);
            assert_non_null(node);
            *node = (struct skm_expr){.kind = SHAPES[shape], .a = tree, .b = leaf, .c = leaf};
            const struct skm_expr **item = SKM_ARENA_NEW(&arena, const struct skm_expr *);
            assert_non_null(item);
            *item = tree;
            if (SHAPES[shape] == SKM_EXPR_SET) {
                node->as.list.items = item;
                node->as.list.count = 1;
            } else if (SHAPES[shape] == SKM_EXPR_CALL) {
                node->as.call.function = skm_ext_find(SKM_SPAN("ip"));
                node->as.call.args = item;
                node->as.call.count = 1;
            } else if (SHAPES[shape] == SKM_EXPR_RECORD) {
                struct skm_expr_field *field = SKM_ARENA_NEW(&arena, struct skm_expr_field);
                assert_non_null(field);
                *field = (struct skm_expr_field){SKM_SPAN("a"), tree};
                node->as.record.fields = field;
                node->as.record.count = 1;
            }
            tree = node;
        }
        struct skm_value value = {.kind = SKM_VALUE_BOOL};
        struct skm_eval_error error = {.kind = SKM_EVAL_ERROR_NONE};
        skm_err err = skm_eval_expr(&arena, tree, &request, &WORLD_VIEW, &value, &error);
        /* ip(true) is a type error, deep down. */
        assert_int_equal(skm_is_ok(err), SHAPES[shape] != SKM_EXPR_CALL);
        if (skm_is_ok(err)) {
            assert_true(skm_value_equal(&value, &value));
        }
    }
}

/* With any amount of memory the result is the right one, or an error that says it was memory. */
static void test_every_failed_allocation_is_an_error(void **state)
{
    (void)state;
    const struct skm_expr *expr =
        parsed("[[1, 2], [ip(\"::1\")], [{a: ip(\"10.0.0.1\"), b: {}}]].contains([1, 2])");
    struct skm_request request = request_of("User::\"alice\"");
    bool succeeded = false;
    size_t failures = 0;
    for (size_t quota = 0; !succeeded; quota += 16) {
        struct skm_arena small;
        skm_arena_init(&small, quota);
        struct skm_value value = skm_value_long(77);
        struct skm_eval_error error = {.kind = SKM_EVAL_ERROR_NONE};
        skm_err err = skm_eval_expr(&small, expr, &request, &WORLD_VIEW, &value, &error);
        succeeded = skm_is_ok(err);
        if (succeeded) {
            assert_true(value.kind == SKM_VALUE_BOOL && value.as.boolean);
        } else {
            failures++;
            assert_int_equal(err.code, SKM_E_INVALID);
            assert_int_equal(error.kind, SKM_EVAL_ERROR_LIMIT);
            assert_non_null(error.reason);
            assert_int_equal(value.as.integer, 77);
        }
        skm_arena_fini(&small);
    }
    assert_true(failures > 0);
}

static const struct CMUnitTest tests[] = {
    WORLD_TEST(test_literals_and_variables),
    WORLD_TEST(test_and_or_if_look_only_at_what_they_need),
    WORLD_TEST(test_equality_never_fails),
    WORLD_TEST(test_arithmetic_is_checked),
    WORLD_TEST(test_order_is_for_longs_datetimes_and_durations),
    WORLD_TEST(test_in_is_reflexive_and_transitive),
    WORLD_TEST(test_set_methods),
    WORLD_TEST(test_attributes),
    WORLD_TEST(test_has),
    WORLD_TEST(test_has_path),
    WORLD_TEST(test_tags),
    WORLD_TEST(test_like),
    WORLD_TEST(test_is),
    WORLD_TEST(test_extension_calls),
    WORLD_TEST(test_first_error_from_the_left_wins),
    WORLD_TEST(test_excerpts_are_short_and_on_one_line),
    WORLD_TEST(test_error_of_a_tree_without_text),
    WORLD_TEST(test_deepest_trees_are_evaluated),
    WORLD_TEST(test_every_failed_allocation_is_an_error),
};

SKM_TEST_MAIN(tests)
