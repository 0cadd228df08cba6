/* The layout of policy text; what it must never do is lose a comment or change a tree. */
#include "unit/cedar/text_case.h"

#include "base/mem.h"
#include "cedar/format.h"
#include "cedar/token.h"

static bool same_lists(const struct skm_policy_list *a, const struct skm_policy_list *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++) {
        same = same_policy(&a->items[i], &b->items[i]);
    }
    return same;
}

/* Formats; checks that a second time changes nothing, and that the trees are the same. The result is in t->out. */
static void format(struct text_case *t, skm_span text, size_t width)
{
    struct skm_policy_list before = {0};
    struct skm_policy_list after = {0};
    struct skm_buf again;
    text_case_init(t, text);
    skm_buf_init(&again, 1u << 24);
    if (!skm_is_ok(skm_format_policies(&t->source, width, &t->diags, &t->out))) {
        fail_with_messages(t);
    }
    struct skm_source source = {.text = skm_buf_span(&t->out)};
    assert_ok(skm_format_policies(&source, width, &t->diags, &again));
    assert_span_equal(skm_buf_span(&again), source.text);
    assert_ok(skm_parse_policies(&t->arena, &t->source, 0, &t->diags, &before));
    assert_ok(skm_parse_policies(&t->arena, &source, 0, &t->diags, &after));
    assert_true(same_lists(&before, &after));
    skm_buf_fini(&again);
}

static void check_format(const char *text, size_t width, const char *expected)
{
    struct text_case t;
    format(&t, skm_span_cstr(text), width);
    assert_span_equal(skm_buf_span(&t.out), skm_span_cstr(expected));
    text_case_fini(&t);
}

static void test_what_fits_stays_on_a_line(void **state)
{
    (void)state;
    check_format("permit(principal,action,resource);", 80,
                 "permit (principal, action, resource);\n");
    check_format("permit\n(principal\n,\naction,resource\n)\nwhen\n{\ntrue\n}\n;", 80,
                 "permit (principal, action, resource)\nwhen { true };\n");
    check_format(
        "@a(\"b\")@c permit(principal,action,resource)when{true}unless{false};", 80,
        "@a(\"b\")\n@c\npermit (principal, action, resource)\nwhen { true }\nunless { false };\n");
}

static void test_blanks_follow_the_tokens(void **state)
{
    (void)state;
    check_format(
        "permit(principal,action,resource)when{!  principal . a[ \"b\" ] ==- 1*2&&ip( \"::1\" ). isIpv4( )||[ "
        "1,2 ,]=={ a:1 , \"b\" :A :: \"x\" } };",
        200,
        "permit (principal, action, resource)\nwhen { !principal.a[\"b\"] == -1 * 2 && ip(\"::1\").isIpv4() || "
        "[1, 2] == {a: 1, \"b\": A::\"x\"} };\n");
    check_format(
        "permit(principal is A in ?principal,action in[Action::\"v\",],resource)when{if true then principal has "
        "a . b else context . s like\"*\"};",
        200,
        "permit (principal is A in ?principal, action in [Action::\"v\"], resource)\nwhen { if true then "
        "principal has a.b else context.s like \"*\" };\n");
}

static void test_what_is_too_long_breaks_outermost_first(void **state)
{
    (void)state;
    check_format(
        "permit(principal==User::\"alice\",action in [Action::\"view\",Action::\"edit\"],resource) when { "
        "context.authenticated && (resource.public || principal == resource.owner) };",
        60,
        "permit (\n"
        "  principal == User::\"alice\",\n"
        "  action in [Action::\"view\", Action::\"edit\"],\n"
        "  resource\n"
        ")\n"
        "when {\n"
        "  context.authenticated &&\n"
        "  (resource.public || principal == resource.owner)\n"
        "};\n");
    check_format(
        "permit(principal,action,resource) when { context.authenticated && context.method == \"hardware\" || "
        "principal in Group::\"administrators\" };",
        60,
        "permit (principal, action, resource)\n"
        "when {\n"
        "  context.authenticated && context.method == \"hardware\" ||\n"
        "  principal in Group::\"administrators\"\n"
        "};\n");
    check_format(
        "permit(principal,action,resource) when { context.authenticated && context.method == \"hardware\" || "
        "principal in Group::\"administrators\" };",
        40,
        "permit (principal, action, resource)\n"
        "when {\n"
        "  context.authenticated &&\n"
        "    context.method == \"hardware\" ||\n"
        "  principal in Group::\"administrators\"\n"
        "};\n");
}

static void test_brackets_break_inside(void **state)
{
    (void)state;
    check_format(
        "permit(principal,action in [Action::\"aaaa\",Action::\"bbbb\",Action::\"cccc\"],resource)when{ "
        "resource.config == {organization: principal.organization, location: principal.location} };",
        40,
        "permit (\n"
        "  principal,\n"
        "  action in [\n"
        "    Action::\"aaaa\",\n"
        "    Action::\"bbbb\",\n"
        "    Action::\"cccc\"\n"
        "  ],\n"
        "  resource\n"
        ")\n"
        "when {\n"
        "  resource.config == {\n"
        "    organization: principal.organization,\n"
        "    location: principal.location\n"
        "  }\n"
        "};\n");
    check_format(
        "permit(principal,action,resource)when{ if principal.clearance >= resource.level then context.zone == "
        "\"green\" else if principal.override then true else false };",
        50,
        "permit (principal, action, resource)\n"
        "when {\n"
        "  if principal.clearance >= resource.level\n"
        "  then context.zone == \"green\"\n"
        "  else if principal.override\n"
        "  then true\n"
        "  else false\n"
        "};\n");
    check_format(
        "permit(principal,action,resource)when{ principal.aaaaaaaaaa.bbbbbbbbbb[\"cccccc\"].ddddddd.eeeee };",
        40,
        "permit (principal, action, resource)\n"
        "when {\n"
        "  principal.aaaaaaaaaa\n"
        "    .bbbbbbbbbb\n"
        "    [\"cccccc\"]\n"
        "    .ddddddd\n"
        "    .eeeee\n"
        "};\n");
}

static void test_policies_are_a_blank_line_apart(void **state)
{
    (void)state;
    check_format(
        "permit(principal,action,resource);permit(principal,action,resource);\n\n\n\n"
        "permit(principal,action,resource);",
        80,
        "permit (principal, action, resource);\n\npermit (principal, action, resource);\n\npermit (principal, "
        "action, resource);\n");
    check_format("", 80, "");
    check_format(" \n\n ", 80, "");
}

/* ---- comments ---- */

static void test_comments_keep_their_place(void **state)
{
    (void)state;
    check_format(
        "// licence\n\n\n// what it does\n// and why  \npermit(principal,action,resource); // behind\n"
        "// last\n\n// very last",
        80,
        "// licence\n\n// what it does\n// and why\npermit (principal, action, resource); // behind\n// last\n\n"
        "// very last\n");
    check_format(
        "permit(principal, // who\naction,\n// what\nresource)\n// when\nwhen { // open\n true // yes\n && "
        "false // no\n } // closed\n; // end",
        80,
        "permit (\n"
        "  principal, // who\n"
        "  action,\n"
        "  // what\n"
        "  resource\n"
        ")\n"
        "// when\n"
        "when { // open\n"
        "  true // yes\n"
        "  &&\n"
        "  false // no\n"
        "} // closed\n"
        "; // end\n");
    check_format("// only a comment", 80, "// only a comment\n");
    /* A comment before an operand does not break the operand. */
    check_format(
        "permit(principal // who\n== U::\"a\",\n// what\naction == Action::\"v\", // behind\nresource)\nwhen { // open\n"
        "context.a == [1,2] && // first\n // own\n context.b == (3) };",
        80,
        "permit (\n"
        "  principal // who\n"
        "    ==\n"
        "    U::\"a\",\n"
        "  // what\n"
        "  action == Action::\"v\", // behind\n"
        "  resource\n"
        ")\n"
        "when { // open\n"
        "  context.a == [1, 2] && // first\n"
        "  // own\n"
        "  context.b == (3)\n"
        "};\n");
    check_format(
        "permit(principal,action,resource);// a\r\n// b\rpermit(principal,action,resource);", 80,
        "permit (principal, action, resource); // a\n\n// b\npermit (principal, action, resource);\n");
}

/* A comma before a closing bracket goes; what is written at it stays. */
static void test_a_comment_at_a_comma_that_goes_stays(void **state)
{
    (void)state;
    check_format(
        "permit(principal,action in [Action::\"a\" // one\n, // two\n],resource // three\n,// four\n);",
        80,
        "permit (\n"
        "  principal,\n"
        "  action in [\n"
        "    Action::\"a\" // one\n"
        "    // two\n"
        "  ],\n"
        "  resource // three\n"
        "  // four\n"
        ");\n");
}

static const char SAMPLE[] =
    "@id(\"a\") @b permit (principal is A :: B in ?principal, action in [Action::\"v\", N::Action::\"w\",], resource) "
    "when { principal.a[\"b\"].contains(1) && context has x.y || !(-1 >= 2 * (3 - 4)) } unless { if context.s like "
    "\"a*\\*\" then {k: [1, {}], \"l\": ip(\"::1\").isIpv4()} == {} else resource is T in A::\"\\n\" }; forbid "
    "(principal, action == Action::\"v\", resource == R::\"x\nmany lines\");";

/* Every comment of `text`, in order, is in `formatted`. */
static void check_comments_kept(skm_span text, skm_span formatted)
{
    size_t from = 0;
    for (size_t i = 0; i + 4 <= text.len; i++) {
        if (memcmp(text.ptr + i, "//#", 3) != 0) {
            continue;
        }
        const char *end = memchr(text.ptr + i, '\n', text.len - i);
        size_t len = (size_t)(end - text.ptr) - i;
        const char *found = memmem(formatted.ptr + from, formatted.len - from, text.ptr + i, len);
        assert_non_null(found);
        from = (size_t)(found - formatted.ptr) + len;
    }
}

/* With a comment put in between any two tokens, and between all of them. */
static void test_no_comment_is_lost_anywhere(void **state)
{
    (void)state;
    struct skm_token_reader reader;
    struct skm_token token;
    skm_span sample = skm_span_of(SAMPLE, sizeof SAMPLE - 1);
    struct skm_buf all;
    skm_buf_init(&all, 1u << 20);
    unsigned count = 0;
    for (skm_token_start(&reader, sample), skm_token_next(&reader, &token);
         token.kind != SKM_TOKEN_END; skm_token_next(&reader, &token)) {
        for (int own_line = 0; own_line < 2; own_line++) {
            struct text_case t;
            struct skm_buf one;
            skm_buf_init(&one, 1u << 20);
            skm_buf_append(&one, skm_span_sub(sample, 0, token.range.start));
            skm_buf_printf(&one, "%s//# comment %u\n", own_line ? "\n" : "", count);
            skm_buf_append(&one, skm_span_from(sample, token.range.start));
            format(&t, skm_buf_span(&one), own_line ? 80 : 30);
            check_comments_kept(skm_buf_span(&one), skm_buf_span(&t.out));
            text_case_fini(&t);
            skm_buf_fini(&one);
        }
        skm_buf_printf(&all, "%s//# number %u\n", count % 2 ? "\n" : "", count);
        skm_buf_append(&all, skm_token_bytes(sample, token.range));
        count++;
    }
    struct text_case t;
    format(&t, skm_buf_span(&all), 80);
    check_comments_kept(skm_buf_span(&all), skm_buf_span(&t.out));
    text_case_fini(&t);
    skm_buf_fini(&all);
}

/* ---- widths ---- */

static size_t longest_line(skm_span text)
{
    size_t longest = 0;
    size_t column = 0;
    for (size_t i = 0; i < text.len; i++) {
        column = text.ptr[i] == '\n' ? 0 : column + 1;
        longest = column > longest ? column : longest;
    }
    return longest;
}

static void test_lines_keep_to_the_width(void **state)
{
    (void)state;
    for (size_t width = 45; width < 200; width++) {
        struct text_case t;
        format(&t, skm_span_of(SAMPLE, sizeof SAMPLE - 1), width);
        assert_true(longest_line(skm_buf_span(&t.out)) <= width);
        text_case_fini(&t);
    }
    /* Less than this cannot be kept to; it still ends. */
    struct text_case t;
    format(&t, skm_span_of(SAMPLE, sizeof SAMPLE - 1), 0);
    text_case_fini(&t);
}

static void test_characters_count_not_bytes(void **state)
{
    (void)state;
    check_format(
        "permit (principal == U::\"\303\251\303\251\303\251\303\251\303\251\303\251\303\251\303\251\", action, "
        "resource);",
        56,
        "permit (principal == U::\"\303\251\303\251\303\251\303\251\303\251\303\251\303\251\303\251\", action, "
        "resource);\n");
    check_format("permit (principal == U::\"abcdefghi\", action, resource);", 54,
                 "permit (\n  principal == U::\"abcdefghi\",\n  action,\n  resource\n);\n");
}

/* ---- failing ---- */

static void test_a_broken_text_is_left_alone(void **state)
{
    (void)state;
    struct text_case t;
    text_case_init(&t, SKM_SPAN("permit (principal, action, resource) when { 1 + };"));
    assert_err(skm_format_policies(&t.source, 80, &t.diags, &t.out), INVALID);
    assert_int_equal(t.diags.errors, 1);
    assert_int_equal(t.out.len, 0);
    text_case_fini(&t);
}

static void test_the_buffer_bounds_the_result(void **state)
{
    (void)state;
    struct text_case t;
    text_case_init(&t, SKM_SPAN("permit (principal, action, resource);"));
    skm_buf_init(&t.out, 20);
    assert_err(skm_format_policies(&t.source, 80, &t.diags, &t.out), SIZE);
    text_case_fini(&t);
}

/* Text that does not parse is not for skm_format_text(); it ends all the same. */
static void test_any_text_ends(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "}",
        ")))",
        "permit",
        "permit (",
        "permit (((((",
        "@",
        "@ @ @",
        "when { {{{",
        "a.b.c.d.[",
        "if if if",
        ";;;;",
        "permit ( a b c ) when x",
        "- - -",
        "\"",
        "'",
        "permit (a,,,",
        "{a:}",
        "[,]",
        "if then else",
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(texts); i++) {
        struct skm_buf out;
        skm_buf_init(&out, 1u << 20);
        (void)skm_is_ok(skm_format_text(skm_span_cstr(texts[i]), 80, &out));
        skm_buf_fini(&out);
    }
    struct skm_buf deep;
    struct skm_buf out;
    skm_buf_init(&deep, 1u << 20);
    skm_buf_init(&out, 1u << 20);
    skm_buf_append_cstr(&deep, "permit ");
    for (size_t i = 0; i < 100000; i++) {
        skm_buf_append_char(&deep, '(');
    }
    assert_err(skm_format_text(skm_buf_span(&deep), 80, &out), DEPTH);
    skm_buf_fini(&out);
    skm_buf_fini(&deep);
}

static void test_each_allocation_may_fail(void **state)
{
    (void)state;
    skm_err err = SKM_ERR(MEMORY);
    size_t count = 0;
    for (; !skm_is_ok(err); count++) {
        struct text_case t;
        text_case_init(&t, skm_span_of(SAMPLE, sizeof SAMPLE - 1));
        skm_mem_fail_after(count);
        err = skm_format_policies(&t.source, 80, &t.diags, &t.out);
        skm_mem_fail_after(SIZE_MAX);
        assert_true(skm_is_ok(err) || skm_is_err(err, SKM_E_MEMORY));
        text_case_fini(&t);
    }
    assert_true(count > 3);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_what_fits_stays_on_a_line),
    cmocka_unit_test(test_blanks_follow_the_tokens),
    cmocka_unit_test(test_what_is_too_long_breaks_outermost_first),
    cmocka_unit_test(test_brackets_break_inside),
    cmocka_unit_test(test_policies_are_a_blank_line_apart),
    cmocka_unit_test(test_comments_keep_their_place),
    cmocka_unit_test(test_a_comment_at_a_comma_that_goes_stays),
    cmocka_unit_test(test_no_comment_is_lost_anywhere),
    cmocka_unit_test(test_lines_keep_to_the_width),
    cmocka_unit_test(test_characters_count_not_bytes),
    cmocka_unit_test(test_a_broken_text_is_left_alone),
    cmocka_unit_test(test_the_buffer_bounds_the_result),
    cmocka_unit_test(test_any_text_ends),
    cmocka_unit_test(test_each_allocation_may_fail),
};

SKM_TEST_MAIN(tests)
