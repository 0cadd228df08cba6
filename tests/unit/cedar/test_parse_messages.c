/* What is said about typical mistakes: place, message, help. A changed message shows up here. */
#include "unit/cedar/text_case.h"

struct golden {
    const char *text;
    const char *messages; /* as `line:column: severity: message [help]` */
};

static void check_messages(const char *text, const char *messages)
{
    struct text_case t;
    struct skm_policy_list policies;
    text_case_init(&t, skm_span_cstr(text));
    assert_err(skm_parse_policies(&t.arena, &t.source, 0, &t.diags, &policies), INVALID);
    skm_diags_print(&t.diags, SKM_DIAG_FORM_GCC, &t.out);
    assert_span_equal(skm_buf_span(&t.out), skm_span_cstr(messages));
    text_case_fini(&t);
}

static void test_typical_mistakes(void **state)
{
    (void)state;
    static const struct golden rows[] = {
        {"permitt (principal, action, resource);",
         "1:1: error: unknown effect `permitt` [did you mean `permit`?]\n"},
        {"allow (principal, action, resource);",
         "1:1: error: unknown effect `allow` [the effects are `permit` and `forbid`: did you mean `permit`?]\n"},
        {"permit principal;",
         "1:8: error: expected `(`, found `principal` [a policy has a scope: `permit (principal, action, resource)`]\n"},
        {"permit (principal, action, resource)",
         "1:37: error: missing `;` at the end of a policy\n"},
        {"permit (principal, action, resource) permit (principal, action, resource);",
         "1:37: error: missing `;` at the end of a policy\n"},
        {"permit (principal, action);",
         "1:26: error: the scope lacks `resource` [the scope is always `principal, action, resource`, in this order]\n"},
        {"permit (principal, resource, action);",
         "1:20: error: expected `action`, found `resource` [the scope is always `principal, action, resource`, in this order]\n"
         "1:30: error: expected `resource`, found `action` [the scope is always `principal, action, resource`, in this order]\n"},
        {"permit (user, action, resource);",
         "1:9: error: expected `principal`, found `user` [the scope is always `principal, action, resource`, in this order]\n"},
        {"permit (principal, action, resource, context);",
         "1:38: error: the scope has three elements, no more\n"},
        {"permit (principal = User::\"a\", action, resource);",
         "1:19: error: `=` is not an operator [use `==` to compare]\n"},
        {"permit (principal == \"a\", action, resource);",
         "1:22: error: expected an entity, found a string [an entity has a type: `Type::\"a\"`]\n"},
        {"permit (principal == User, action, resource);",
         "1:22: error: expected an entity, found the name `User` [write `User::\"id\"` for one entity, or `principal is User` for all of the type]\n"},
        {"permit (principal, action == view, resource);",
         "1:30: error: expected an entity, found the name `view` [write `Action::\"view\"`]\n"},
        {"permit (principal: User, action, resource);",
         "1:18: error: `:` cannot give a type here [write `principal is Type`]\n"},
        {"permit (principal in [User::\"a\"], action, resource);",
         "1:22: error: `principal in` takes one entity, not a list [use a condition: `when { principal in [...] }`]\n"},
        {"permit (principal, action == [Action::\"a\"], resource);",
         "1:30: error: `action ==` takes one entity, not a list [use `action in [...]`]\n"},
        {"permit (principal == User::\"a\" && true, action, resource);",
         "1:32: error: the scope takes one constraint for the principal [move the second one into a `when` condition]\n"},
        {"permit (principal.role == Role::\"a\", action, resource);",
         "1:18: error: `.` cannot be used in the scope [move it into a condition: `when { principal. ... }`]\n"},
        {"permit (principal is User == User::\"a\", action, resource);",
         "1:27: error: `is` and `==` cannot be combined [an entity has its type: leave out the `is`]\n"},
        {"permit (principal in G::\"g\" is User, action, resource);",
         "1:29: error: `is` stands before `in` [write `principal is Type in ...`]\n"},
        {"permit (principal, action is Action, resource);",
         "1:27: error: `is` cannot be used for the action\n"},
        {"permit (principal, action == User::\"a\", resource);",
         "1:30: error: `User` is not a type of actions [the type of an action is `Action`, or ends with `::Action`]\n"},
        {"permit (principal == ?resource, action, resource);",
         "1:22: error: slot `?resource` cannot stand for the principal [the slot here is `?principal`]\n"},
        {"permit (principal, action in ?action, resource);",
         "1:30: error: slot `?action` cannot stand for the action [actions have no slot]\n"},
        {"@id(\"a\") @id(\"b\") permit (principal, action, resource);",
         "1:10: error: duplicate annotation `@id`\n"},
        {"@id(a) permit (principal, action, resource);",
         "1:5: error: expected a string, found `a` [the value of an annotation is a string: `@id(\"...\")`]\n"},
        {"permit (principal, action, resource) when principal.x;",
         "1:43: error: expected `{`, found `principal` [a condition stands in braces: `when { ... }`]\n"},
        {"permit (principal, action, resource) when {};", "1:43: error: empty condition\n"},
        {"permit (principal, action, resource) wen { true };",
         "1:38: error: expected `when`, `unless` or `;`, found `wen` [did you mean `when`?]\n"},
        {"permit (principal, action, resource) where { true };",
         "1:38: error: expected `when`, `unless` or `;`, found `where` [did you mean `when`?]\n"},
        {"permit (principal, action, resource) when { true;",
         "1:43: error: unclosed `{` [expected `}` before `;` at 1:49]\n"},
        {"permit (principal, action, resource) when { (1 + 2 };",
         "1:45: error: unclosed `(` [expected `)` before `}` at 1:52]\n"},
        {"permit (principal, action, resource) when { [1, 2 };",
         "1:45: error: unclosed `[` [expected `]` before `}` at 1:51]\n"},
        {"permit (principal, action, resource) when { \"abc };",
         "1:45: error: unclosed string [add the closing `\"`; or one is missing before, and this closes it]\n"},
        {"permit (principal, action, resource) when { 'abc' == 'def' };",
         "1:45: error: strings are not written in single quotes [use double quotes: `\"...\"`]\n"},
        {"permit (principal, action, resource) when { principal.x = 1 };",
         "1:57: error: `=` is not an operator [use `==` to compare]\n"},
        {"permit (principal, action, resource) when { principal.x & resource.y };",
         "1:57: error: `&` is not an operator [use `&&`]\n"},
        {"permit (principal, action, resource) when { principal.x and resource.y };",
         "1:57: error: `and` is not an operator [use `&&`]\n"},
        {"permit (principal, action, resource) when { not principal.x };",
         "1:45: error: `not` is not an operator [use `!`]\n"},
        {"permit (principal, action, resource) when { 1 < 2 < 3 };",
         "1:51: error: comparisons cannot be chained [join two comparisons with `&&`, or add parentheses: `(...) < ...`]\n"},
        {"permit (principal, action, resource) when { principal in resource in action };",
         "1:67: error: comparisons cannot be chained [add parentheses around one of the two: `(...) in ...`]\n"},
        {"permit (principal, action, resource) when { 6 / 2 == 3 };",
         "1:47: error: division (`/`) is not supported\n"},
        {"permit (principal, action, resource) when { 5 % 2 == 1 };",
         "1:47: error: modulo (`%`) is not supported\n"},
        {"permit (principal, action, resource) when { 1.5 < 2 };",
         "1:47: error: expected an attribute or method name after `.`, found `5` [numbers are integers; there is `decimal(\"1.5\")`]\n"},
        {"permit (principal, action, resource) when { 9223372036854775808 == 1 };",
         "1:45: error: integer out of range [integers go from -9223372036854775808 to 9223372036854775807]\n"},
        {"permit (principal, action, resource) when { prinicpal == resource };",
         "1:45: error: unknown variable `prinicpal` [did you mean `principal`?]\n"},
        {"permit (principal, action, resource) when { user == resource };",
         "1:45: error: unknown variable `user` [the one who asks is `principal`]\n"},
        {"permit (principal, action, resource) when { context.x == null };",
         "1:58: error: unknown variable `null` [there is no null; ask with `has` whether an attribute is there]\n"},
        {"permit (principal, action, resource) when { resource in Album };",
         "1:57: error: unknown variable `Album` [the variables are `principal`, `action`, `resource` and `context`; an entity is written `Type::\"id\"`, a string `\"Album\"`]\n"},
        {"permit (principal, action, resource) when { resource in Album::vacation };",
         "1:57: error: `Album::vacation` is not a value [an entity is written `Album::\"vacation\"`]\n"},
        {"permit (principal, action, resource) when { context.tags.contain(\"x\") };",
         "1:58: error: unknown method `contain` [did you mean `contains`?]\n"},
        {"permit (principal, action, resource) when { context.name.startsWith(\"x\") };",
         "1:58: error: unknown method `startsWith` [use `like \"...*\"`]\n"},
        {"permit (principal, action, resource) when { contains(context.tags, \"x\") };",
         "1:45: error: `contains` is a method, not a function [write `a.contains(...)`]\n"},
        {"permit (principal, action, resource) when { context.addr.ip() };",
         "1:58: error: `ip` is a function, not a method [write `ip(...)`]\n"},
        {"permit (principal, action, resource) when { cidr(\"10.0.0.0/8\") == 1 };",
         "1:45: error: unknown function `cidr` [use `ip(\"10.0.0.0/8\")`]\n"},
        {"permit (principal, action, resource) when { context.tags.isEmpty(1) };",
         "1:45: error: `isEmpty` takes no arguments, not 1\n"},
        {"permit (principal, action, resource) when { context.if };",
         "1:53: error: `if` is a reserved word [write `[\"if\"]` for an attribute of this name]\n"},
        {"permit (principal, action, resource) when { context has then };",
         "1:57: error: `then` is a reserved word [write `has \"then\"` for an attribute of this name]\n"},
        {"permit (principal, action, resource) when { {else: 1} == {} };",
         "1:46: error: `else` is a reserved word [put it in quotes: `\"else\"`]\n"},
        {"permit (principal, action, resource) when { {a: 1, a: 2} == {} };",
         "1:52: error: duplicate key `a` in a record [each key of a record is written once]\n"},
        {"permit (principal, action, resource) when { context[\"a\" + \"b\"] };",
         "1:57: error: expected `]`, found `+`\n"},
        {"permit (principal, action, resource) when { context.s like context.t };",
         "1:60: error: expected a string, found `context` [the pattern of `like` is always a literal]\n"},
        {"permit (principal, action, resource) when { principal is User::\"a\" };",
         "1:64: error: expected an entity type after `is`, found an entity [use `==` or `in` to compare with an entity]\n"},
        {"permit (principal, action, resource) when { principal == ?principal };",
         "1:58: error: template slot `?principal` outside the scope [slots stand in the scope only, as in `permit (principal == ?principal, ...)`]\n"},
        {"permit (principal, action, resource) when { !!!!!true };",
         "1:45: error: too many unary operators: at most 4 in a row\n"},
        {"permit (principal, action, resource) when { !-1 == 1 };",
         "1:46: error: `!` and `-` cannot be combined [put the operand in parentheses: `!(-...)`]\n"},
        {"permit (principal, action, resource) when { true && if true then 1 else 2 };",
         "1:53: error: an `if` within an operator needs parentheses [write `(if ... then ... else ...)`]\n"},
        {"permit (principal, action, resource) when { if true then 1 };",
         "1:60: error: expected `else` or an operator, found `}` [a choice is written `if ... then ... else ...`]\n"},
        {"permit (principal, action, resource) when { \"a\\qb\" == \"\" };",
         "1:47: error: invalid escape in a string: no such escape; a backslash itself is `\\\\` [the escapes are \\n \\r \\t \\\\ \\0 \\' \\\" \\x7F \\u{10FFFF}]\n"},
        {"permit (principal, action, resource) when { \"\\x80\" == \"\\u{110000}\" };",
         "1:46: error: invalid escape in a string: `\\x` goes up to `\\x7F`; use `\\u{...}` for other characters [the escapes are \\n \\r \\t \\\\ \\0 \\' \\\" \\x7F \\u{10FFFF}]\n"
         "1:56: error: invalid escape in a string: no such character: the largest is `\\u{10FFFF}` [the escapes are \\n \\r \\t \\\\ \\0 \\' \\\" \\x7F \\u{10FFFF}]\n"},
        {"permit (principal, action, resource) when { \351\226\242\345\256\210 == 1 };",
         "1:45: error: unexpected `\351\226\242\345\256\210` [names are ASCII letters, digits and `_`; other text stands in strings]\n"},
        {"permit (principal, action, resource) when { \342\200\234a\342\200\235 == 1 };",
         "1:45: error: unexpected `\342\200\234a\342\200\235` [strings are written in straight double quotes: `\"...\"`]\n"},
        {"permit (principal, action, resource) when { 1 == 1 # one };",
         "1:52: error: unexpected `#` [comments are written `// ...`]\n"},
        {"/* a comment */ permit (principal, action, resource);",
         "1:1: error: expected `permit` or `forbid`, found `/` [comments are written `// ...`, to the end of the line]\n"},
        {"permit (principal, action, resource) when { 1 === 1 };",
         "1:49: error: expected an expression, found `=` [use `==`]\n"},
        {"permit (principal, action, resource) when { 1 <> 1 };",
         "1:48: error: expected an expression, found `>` [use `!=`]\n"},
        {"permit (principal, action, resource) when { principal() };",
         "1:45: error: only functions and methods can be called\n"},
        {"}", "1:1: error: expected `permit` or `forbid`, found `}`\n"},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(rows); i++) {
        check_messages(rows[i].text, rows[i].messages);
    }
}

static void test_places_are_lines_and_columns_of_characters(void **state)
{
    (void)state;
    check_messages(
        "// \351\226\242\npermit (principal, action, resource)\r\nwhen {\n  \"\351\226\242\" == foo\n};",
        "4:10: error: unknown variable `foo` [the variables are `principal`, `action`, `resource` "
        "and `context`; an entity is written `Type::\"id\"`, a string `\"foo\"`]\n");
}

/* A quote that is missing turns the text inside out: the string that spans lines is named. */
static void test_a_string_that_swallowed_lines_is_named(void **state)
{
    (void)state;
    check_messages(
        "permit (principal == User::\"alice, action, resource);\npermit (principal == "
        "User::\"bob\", action, resource);",
        "2:29: error: expected `,` or `)`, found `bob` [the string that begins at 1:28 spans lines: is "
        "its closing `\"` missing?]\n");
}

static void test_unclosed_brackets_are_pointed_at(void **state)
{
    (void)state;
    check_messages(
        "permit (principal, action, resource)\nwhen {\n  [1, (2]\n};\npermit (principal, action, "
        "resource);",
        "3:7: error: unclosed `(` [expected `)` before `]` at 3:9]\n");
    check_messages(
        "permit (principal, action, resource)\nwhen {\n  true\n\npermit (principal, action, resource);",
        "2:6: error: unclosed `{` [expected `}` before the next policy at 5:1]\n");
}

static void test_messages_name_their_policy(void **state)
{
    (void)state;
    struct text_case t;
    struct skm_policy_list policies;
    text_case_init(&t, SKM_SPAN("permit (principal, action, resource); permit (;"));
    assert_err(skm_parse_policies(&t.arena, &t.source, 5, &t.diags, &policies), INVALID);
    assert_span_equal(t.diags.first->id, SKM_SPAN("policy6"));
    assert_ptr_equal(t.diags.first->source, &t.source);
    text_case_fini(&t);
}

static void test_foreign_bytes_are_placed(void **state)
{
    (void)state;
    check_messages("permit (principal, action, resource); // \200",
                   "1:42: error: the text is not valid UTF-8\n");
}

/* A hostile text yields so many messages as were asked for, in time linear in its length. */
static void test_messages_are_bounded(void **state)
{
    (void)state;
    struct text_case t;
    struct skm_policy_list policies;
    char *text = test_malloc(600000);
    for (size_t i = 0; i < 600000; i += 6) {
        memcpy(text + i, "prmit;", 6);
    }
    text_case_init(&t, skm_span_of(text, 600000));
    assert_err(skm_parse_policies(&t.arena, &t.source, 0, &t.diags, &policies), INVALID);
    assert_int_equal(t.diags.errors, 100000);
    assert_int_equal(t.diags.dropped, 99900);
    text_case_fini(&t);
    test_free(text);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_typical_mistakes),
    cmocka_unit_test(test_places_are_lines_and_columns_of_characters),
    cmocka_unit_test(test_a_string_that_swallowed_lines_is_named),
    cmocka_unit_test(test_unclosed_brackets_are_pointed_at),
    cmocka_unit_test(test_messages_name_their_policy),
    cmocka_unit_test(test_foreign_bytes_are_placed),
    cmocka_unit_test(test_messages_are_bounded),
};

SKM_TEST_MAIN(tests)
