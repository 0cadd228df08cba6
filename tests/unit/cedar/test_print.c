/* Trees to text and back: no parentheses that precedence does not ask for, and none too few. */
#include "unit/cedar/text_case.h"

#include "cedar/print.h"

/* The expression prints as `expected`, and that parses to an equal tree with equal hints. */
static void check_print(const char *text, const char *expected)
{
    struct text_case t;
    struct skm_buf again;
    const struct skm_expr *expr = NULL;
    const struct skm_expr *reparsed = NULL;
    text_case_init(&t, skm_span_cstr(text));
    skm_buf_init(&again, 1u << 20);
    if (!skm_is_ok(skm_parse_expr(&t.arena, &t.source, &t.diags, &expr))) {
        fail_with_messages(&t);
    }
    skm_print_expr(expr, &t.out);
    assert_span_equal(skm_buf_span(&t.out), skm_span_cstr(expected));
    struct skm_source source = {.text = skm_buf_span(&t.out)};
    assert_ok(skm_parse_expr(&t.arena, &source, &t.diags, &reparsed));
    assert_true(skm_expr_equal(expr, reparsed));
    skm_print_expr(reparsed, &again);
    assert_span_equal(skm_buf_span(&again), skm_buf_span(&t.out));
    skm_buf_fini(&again);
    text_case_fini(&t);
}

static void check_same(const char *text)
{
    check_print(text, text);
}

static void test_parentheses_only_where_needed(void **state)
{
    (void)state;
    check_print("((1) + (2 * 3)) == ((4))", "1 + 2 * 3 == 4");
    check_same("(1 + 2) * 3");
    check_same("1 - (2 - 3)");
    check_print("(1 - 2) - 3", "1 - 2 - 3");
    check_print("(1 * 2) * (3 * 4)", "1 * 2 * (3 * 4)");
    check_print("((true && false) && true) && (false && true)",
                "true && false && true && (false && true)");
    check_print("((true || false) || true) || (false || true)",
                "true || false || true || (false || true)");
    check_print("(true && false) || (true && false)", "true && false || true && false");
    check_same("true && (false || true)");
    check_same("(1 == 2) == (3 == 4)");
    check_same("(principal has a) == true");
    check_print("(principal has a) && (principal in resource)",
                "principal has a && principal in resource");
    check_same("!(1 == 2)");
    check_same("!principal == resource");
    check_same("(!principal).a");
    check_same("!principal.a");
    check_same("(1 + 2).a");
    check_same("(principal has a).b");
    check_same("[1 + 2, if true then 1 else 2, true || false]");
    check_same("{a: 1 + 2, \"b c\": if true then 1 else 2}");
    check_same("if if true then true else false then 1 else if true then 2 else 3");
    check_same("(if true then 1 else 2) + 3");
    check_same("!(if true then true else false)");
    check_print("if true then (if true then 1 else 2) else (if true then 3 else 4)",
                "if true then if true then 1 else 2 else if true then 3 else 4");
    check_same("(principal is T) == true");
    check_same("principal is T in (resource in action)");
    check_same("(principal in resource) is T");
}

static void test_surface_forms_come_back(void **state)
{
    (void)state;
    check_same("1 != 2");
    check_same("1 > 2");
    check_same("1 >= 2");
    check_same("!(1 <= 2)");
    check_same("!(1 != 2)");
    check_same("!!(1 > 2)");
    check_same("(1 != 2) != (3 > 4)");
    check_same("principal is A::B in resource");
    check_same("principal is A && principal in resource");
    check_same("principal[\"a\"].b[\"c d\"]");
    check_same("principal has a.b.c");
    check_print("principal has \"a\"", "principal has a");
    check_same("principal has \"a b\"");
    check_same("principal has \"if\"");
    check_same("principal[\"if\"]");
}

static void test_minus_before_a_number(void **state)
{
    (void)state;
    check_same("-1");
    check_same("-(1)");
    check_same("--1");
    check_same("----1");
    check_same("----(-1)");
    check_print("-(---1)", "----1");
    check_print("-(-(1))", "--(1)");
    check_same("(-1).a");
    check_same("-1.a");
    check_same("!(-1)");
    check_same("1 - -1");
    check_same("-9223372036854775808");
    check_print("-(-9223372036854775808)", "--9223372036854775808");
    check_same("[-1].contains(-1)");
    check_same("----principal.a");
    check_same("!!!!(!principal.a)");
    check_same("--1 * -principal");
}

static void test_calls_and_methods(void **state)
{
    (void)state;
    check_same("[1].contains(1) && [1].containsAll([]) && [1].containsAny([]) && [].isEmpty()");
    check_same("principal.getTag(\"a\") == principal.hasTag(\"b\")");
    check_same("ip(\"::1\").isInRange(ip(\"::/8\"), 1 + 2)");
    check_same("duration()");
    check_same("decimal(\"1.0\", if true then 1 else 2).lessThan()");
    check_same("(1 + 2).isIpv4()");
}

static void test_strings_and_patterns_are_escaped(void **state)
{
    (void)state;
    check_same("\"a\\\"\\\\\\n\\r\\t\\0\"");
    check_print("\"\\u{1}\\x7f\\u{200b}\"", "\"\\u{1}\\u{7f}\\u{200b}\"");
    check_print("A::\"\\u{e9}\\u{202e}\"", "A::\"\303\251\\u{202e}\"");
    check_same("context.s like \"a*b\\*c\\\"*\"");
    check_print("context.s like \"**a\\u{2a}\"", "context.s like \"*a*\"");
    check_same("context.s like \"\"");
    check_same("{\"\": 1, \"a\\n\": 2, if_: 3}");
    check_same("principal[\"\"] has \"*\"");
}

/* ---- trees from data ---- */

/* A path that extended `has` cannot write is written as what it means. */
static void test_a_path_without_text_is_written_apart(void **state)
{
    (void)state;
    struct text_case t;
    const skm_span names[] = {SKM_SPAN("a"), SKM_SPAN("b c"), SKM_SPAN("d")};
    struct skm_range nowhere = {0, 0};
    struct skm_expr *var = NULL;
    struct skm_expr *has = NULL;
    struct skm_expr *not = NULL;
    text_case_init(&t, (skm_span){NULL, 0});
    assert_ok(skm_expr_new_var(&t.arena, nowhere, SKM_VAR_CONTEXT, &var));
    assert_ok(skm_expr_new_has(&t.arena, nowhere, var, names, 3, &has));
    assert_ok(skm_expr_new(&t.arena, SKM_EXPR_NOT, nowhere, has, NULL, NULL, &not ));
    skm_print_expr(not, &t.out);
    assert_span_equal(
        skm_buf_span(&t.out),
        SKM_SPAN(
            "!(context has a && context[\"a\"] has \"b c\" && context[\"a\"][\"b c\"] has d)"));
    text_case_fini(&t);
}

/* Hints are advice: a tree that has lost the shape is printed as it is. */
static void test_a_hint_without_its_shape_is_ignored(void **state)
{
    (void)state;
    struct text_case t;
    struct skm_range nowhere = {0, 0};
    struct skm_expr *var = NULL;
    struct skm_expr *node = NULL;
    text_case_init(&t, (skm_span){NULL, 0});
    assert_ok(skm_expr_new_var(&t.arena, nowhere, SKM_VAR_CONTEXT, &var));
    assert_ok(skm_expr_new(&t.arena, SKM_EXPR_NOT, nowhere, var, NULL, NULL, &node));
    node->hint = SKM_EXPR_HINT_NE;
    skm_print_expr(node, &t.out);
    skm_buf_append_char(&t.out, ' ');
    assert_ok(skm_expr_new(&t.arena, SKM_EXPR_AND, nowhere, var, var, NULL, &node));
    node->hint = SKM_EXPR_HINT_IS_IN;
    skm_print_expr(node, &t.out);
    assert_span_equal(skm_buf_span(&t.out), SKM_SPAN("!context context && context"));
    text_case_fini(&t);
}

static void test_the_deepest_tree_prints(void **state)
{
    (void)state;
    struct text_case t;
    struct skm_range nowhere = {0, 0};
    struct skm_expr *expr = NULL;
    struct skm_expr *leaf = NULL;
    text_case_init(&t, (skm_span){NULL, 0});
    assert_ok(skm_expr_new_var(&t.arena, nowhere, SKM_VAR_CONTEXT, &leaf));
    expr = leaf;
    while (expr->depth < SKM_EXPR_DEPTH_MAX) {
        assert_ok(skm_expr_new(&t.arena, SKM_EXPR_AND, nowhere, leaf, expr, NULL, &expr));
    }
    skm_print_expr(expr, &t.out);
    assert_ok(skm_buf_check(&t.out));
    skm_buf_fini(&t.out);
    skm_buf_init(&t.out, 1000);
    skm_print_expr(expr, &t.out);
    assert_err(skm_buf_check(&t.out), SIZE);
    text_case_fini(&t);
}

/* ---- policies ---- */

static void check_policy(const char *text, const char *flat, const char *laid_out)
{
    struct text_case t;
    struct skm_policy_list policies = {0};
    struct skm_policy_list again = {0};
    text_case_init(&t, skm_span_cstr(text));
    assert_ok(skm_parse_policies(&t.arena, &t.source, 0, &t.diags, &policies));
    skm_print_policy_flat(&policies.items[0], &t.out);
    assert_span_equal(skm_buf_span(&t.out), skm_span_cstr(flat));
    skm_buf_reset(&t.out);
    skm_print_policy(&policies.items[0], &t.out);
    assert_span_equal(skm_buf_span(&t.out), skm_span_cstr(laid_out));
    struct skm_source source = {.text = skm_buf_span(&t.out)};
    assert_ok(skm_parse_policies(&t.arena, &source, 0, &t.diags, &again));
    assert_true(same_policy(&policies.items[0], &again.items[0]));
    text_case_fini(&t);
}

static void test_policies_come_back(void **state)
{
    (void)state;
    check_policy("permit(principal,action,resource);", "permit (principal, action, resource);",
                 "permit (principal, action, resource);\n");
    check_policy(
        "@a(\"x\\ny\") @b @c(\"\") forbid(principal is T in ?principal,action in [],resource==?resource,)"
        "when{1!=2}unless{true};",
        "@a(\"x\\ny\") @b @c(\"\") forbid (principal is T in ?principal, action in [], resource == "
        "?resource) when { 1 != 2 } unless { true };",
        "@a(\"x\\ny\")\n@b\n@c(\"\")\nforbid (principal is T in ?principal, action in [], resource == "
        "?resource)\nwhen { 1 != 2 }\nunless { true };\n");
    check_policy("permit(principal is A::B,action==Action::\"v\",resource in P::\"x\");",
                 "permit (principal is A::B, action == Action::\"v\", resource in P::\"x\");",
                 "permit (principal is A::B, action == Action::\"v\", resource in P::\"x\");\n");
    check_policy("permit(principal in ?principal,action in N::Action::\"v\",resource);",
                 "permit (principal in ?principal, action in N::Action::\"v\", resource);",
                 "permit (principal in ?principal, action in N::Action::\"v\", resource);\n");
    check_policy("permit(principal,action in [Action::\"v\",Action::\"w\"],resource);",
                 "permit (principal, action in [Action::\"v\", Action::\"w\"], resource);",
                 "permit (principal, action in [Action::\"v\", Action::\"w\"], resource);\n");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_parentheses_only_where_needed),
    cmocka_unit_test(test_surface_forms_come_back),
    cmocka_unit_test(test_minus_before_a_number),
    cmocka_unit_test(test_calls_and_methods),
    cmocka_unit_test(test_strings_and_patterns_are_escaped),
    cmocka_unit_test(test_a_path_without_text_is_written_apart),
    cmocka_unit_test(test_a_hint_without_its_shape_is_ignored),
    cmocka_unit_test(test_the_deepest_tree_prints),
    cmocka_unit_test(test_policies_come_back),
};

SKM_TEST_MAIN(tests)
