#include "unit/cedar/text_case.h"

static const struct skm_range NOWHERE = {0, 0};

static const struct skm_expr *parse(struct text_case *t, const char *text)
{
    const struct skm_expr *expr = NULL;
    t->source.text = skm_span_cstr(text);
    assert_ok(skm_parse_expr(&t->arena, &t->source, &t->diags, &expr));
    return expr;
}

static void check_equal(const char *a, const char *b, bool equal)
{
    struct text_case t;
    text_case_init(&t, (skm_span){NULL, 0});
    const struct skm_expr *left = parse(&t, a);
    const struct skm_expr *right = parse(&t, b);
    if (skm_expr_equal(left, right) != equal || skm_expr_equal(right, left) != equal) {
        fail_msg("%s and %s should %sbe equal", a, b, equal ? "" : "not ");
    }
    assert_true(skm_expr_equal(left, left));
    text_case_fini(&t);
}

static void test_equality_sees_the_core_only(void **state)
{
    (void)state;
    check_equal("1 + 2", "(1) +  2 // c", true);
    check_equal("1 != 2", "!(1 == 2)", true);
    check_equal("1 > 2", "!(1 <= 2)", true);
    check_equal("1 >= 2", "!(1 < 2)", true);
    check_equal("principal.a", "principal[\"a\"]", true);
    check_equal("principal is T in resource", "principal is T && principal in resource", true);
    check_equal("{a: 1, b: 2}", "{\"b\": 2, \"a\": 1}", true);
    check_equal("principal has a.b", "principal has a && principal.a has b", false);
    check_equal("\"\\u{41}\"", "\"A\"", true);
}

static void test_every_part_counts(void **state)
{
    (void)state;
    static const char *const different[] = {
        "1",
        "2",
        "-(1)",
        "-1",
        "\"1\"",
        "true",
        "false",
        "A::\"1\"",
        "A::B::\"1\"",
        "A::\"2\"",
        "principal",
        "action",
        "resource",
        "context",
        "if true then 1 else 2",
        "if true then 2 else 1",
        "if false then 1 else 2",
        "true && false",
        "false && true",
        "true || false",
        "!true",
        "!!true",
        "1 == 2",
        "2 == 1",
        "1 < 2",
        "1 <= 2",
        "1 + 2",
        "1 - 2",
        "1 * 2",
        "1 in 2",
        "1 + 2 + 3",
        "1 + (2 + 3)",
        "[1].contains(1)",
        "[1].containsAll(1)",
        "[1].containsAny(1)",
        "[1].isEmpty()",
        "[1].getTag(1)",
        "[1].hasTag(1)",
        "[1].getTag(2)",
        "principal.a",
        "principal.b",
        "principal has a",
        "principal has a.b",
        "principal has a.c",
        "principal has a.b.c",
        "principal like \"a\"",
        "principal like \"a*\"",
        "principal like \"*a\"",
        "principal like \"a*b\"",
        "principal like \"\"",
        "principal is T",
        "principal is N::T",
        "[]",
        "[1]",
        "[2]",
        "[1, 2]",
        "[2, 1]",
        "[[1], 2]",
        "{}",
        "{a: 1}",
        "{b: 1}",
        "{a: 2}",
        "{a: 1, b: 2}",
        "{a: 2, b: 1}",
        "ip(\"1\")",
        "ip(\"2\")",
        "decimal(\"1\")",
        "ip()",
        "ip(\"1\", \"1\")",
        "principal.isIpv4()",
        "principal.isIpv6()",
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(different); i++) {
        for (size_t k = 0; k < SKM_ARRAY_LEN(different); k++) {
            check_equal(different[i], different[k], i == k);
        }
    }
}

static void build_record(struct text_case *t, size_t count, bool reversed, size_t odd,
                         struct skm_expr **out_expr)
{
    struct skm_expr_field *fields = SKM_ARENA_NEW_ARRAY(&t->arena, struct skm_expr_field, count);
    struct skm_expr *one = NULL;
    struct skm_expr *two = NULL;
    assert_ok(skm_expr_new_literal(&t->arena, NOWHERE, skm_value_long(1), &one));
    assert_ok(skm_expr_new_literal(&t->arena, NOWHERE, skm_value_long(2), &two));
    for (size_t i = 0; i < count; i++) {
        size_t number = reversed ? count - 1 - i : i;
        assert_ok(skm_arena_printf(&t->arena, &fields[i].key, "key%zu", number));
        fields[i].value = number == odd ? two : one;
    }
    assert_ok(skm_expr_new_record(&t->arena, NOWHERE, fields, count, out_expr));
}

static void test_large_records_are_compared_in_order(void **state)
{
    (void)state;
    struct text_case t;
    text_case_init(&t, (skm_span){NULL, 0});
    struct skm_expr *a = NULL;
    struct skm_expr *b = NULL;
    build_record(&t, 256, false, 999, &a);
    build_record(&t, 256, true, 999, &b);
    assert_true(skm_expr_equal(a, b));
    build_record(&t, 256, true, 77, &b);
    assert_false(skm_expr_equal(a, b));
    build_record(&t, 100000, false, 999999, &a);
    build_record(&t, 100000, false, 999999, &b);
    assert_true(skm_expr_equal(a, b));
    build_record(&t, 100000, true, 999999, &b);
    assert_false(skm_expr_equal(a, b));
    text_case_fini(&t);
}

/* ---- limits ---- */

static void test_depth_is_counted_and_bounded(void **state)
{
    (void)state;
    struct text_case t;
    text_case_init(&t, (skm_span){NULL, 0});
    struct skm_expr *expr = NULL;
    assert_ok(skm_expr_new_var(&t.arena, NOWHERE, SKM_VAR_CONTEXT, &expr));
    assert_int_equal(expr->depth, 1);
    for (uint32_t depth = 2; depth <= SKM_EXPR_DEPTH_MAX; depth++) {
        assert_ok(skm_expr_new(&t.arena, SKM_EXPR_NOT, NOWHERE, expr, NULL, NULL, &expr));
        assert_int_equal(expr->depth, depth);
    }
    struct skm_expr *untouched = NULL;
    const struct skm_expr *items[] = {expr};
    struct skm_expr_field field = {SKM_SPAN("a"), expr};
    assert_err(skm_expr_new(&t.arena, SKM_EXPR_NOT, NOWHERE, expr, NULL, NULL, &untouched), DEPTH);
    assert_err(skm_expr_new(&t.arena, SKM_EXPR_AND, NOWHERE, NULL, expr, NULL, &untouched), DEPTH);
    assert_err(skm_expr_new_named(&t.arena, SKM_EXPR_IS, NOWHERE, expr, SKM_SPAN("T"), &untouched),
               DEPTH);
    assert_err(skm_expr_new_set(&t.arena, NOWHERE, items, 1, &untouched), DEPTH);
    assert_err(skm_expr_new_record(&t.arena, NOWHERE, &field, 1, &untouched), DEPTH);
    assert_err(
        skm_expr_new_call(&t.arena, NOWHERE, skm_ext_find(SKM_SPAN("ip")), items, 1, &untouched),
        DEPTH);
    assert_err(skm_expr_new_ne(&t.arena, NOWHERE, expr, expr, &untouched), DEPTH);
    assert_err(skm_expr_new_is_in(&t.arena, NOWHERE, expr, SKM_SPAN("T"), expr, &untouched), DEPTH);
    assert_null(untouched);
    /* The desugared forms are two levels. */
    assert_err(skm_expr_new_gt(&t.arena, NOWHERE, expr->a, expr->a, &untouched), DEPTH);
    assert_ok(skm_expr_new_ge(&t.arena, NOWHERE, expr->a->a, expr->a->a, &untouched));
    text_case_fini(&t);
}

/* `x is T in y` counts x twice: a text of a few hundred bytes could stand for a tree without end. */
static void test_weight_is_counted_and_bounded(void **state)
{
    (void)state;
    struct text_case t;
    text_case_init(&t, (skm_span){NULL, 0});
    struct skm_expr *leaf = NULL;
    assert_ok(skm_expr_new_var(&t.arena, NOWHERE, SKM_VAR_CONTEXT, &leaf));
    struct skm_expr *expr = leaf;
    skm_err err = SKM_OK;
    uint32_t weight = 1;
    while (skm_is_ok(err)) {
        assert_int_equal(expr->weight, weight);
        weight = 2 * weight + 4;
        err = skm_expr_new_is_in(&t.arena, NOWHERE, expr, SKM_SPAN("T"), leaf, &expr);
    }
    assert_int_equal(err.code, SKM_E_SIZE);
    assert_true(expr->weight <= SKM_EXPR_WEIGHT_MAX && weight > SKM_EXPR_WEIGHT_MAX);
    assert_true(skm_expr_equal(expr, expr));
    text_case_fini(&t);
}

static void test_large_sets_stay_below_the_weight(void **state)
{
    (void)state;
    struct text_case t;
    text_case_init(&t, (skm_span){NULL, 0});
    struct skm_expr *leaf = NULL;
    assert_ok(skm_expr_new_var(&t.arena, NOWHERE, SKM_VAR_CONTEXT, &leaf));
    const struct skm_expr **items =
        SKM_ARENA_NEW_ARRAY(&t.arena, const struct skm_expr *, SKM_EXPR_WEIGHT_MAX);
    for (size_t i = 0; i < SKM_EXPR_WEIGHT_MAX; i++) {
        items[i] = leaf;
    }
    struct skm_expr *set = NULL;
    assert_err(skm_expr_new_set(&t.arena, NOWHERE, items, SKM_EXPR_WEIGHT_MAX, &set), SIZE);
    assert_ok(skm_expr_new_set(&t.arena, NOWHERE, items, SKM_EXPR_WEIGHT_MAX - 1, &set));
    assert_int_equal(set->weight, SKM_EXPR_WEIGHT_MAX);
    text_case_fini(&t);
}

/* ---- duplicate keys ---- */

static void check_duplicate(size_t count, size_t first, size_t second)
{
    struct skm_arena arena;
    skm_arena_init(&arena, 1u << 24);
    struct skm_annotation *rows = SKM_ARENA_NEW_ARRAY(&arena, struct skm_annotation, count);
    for (size_t i = 0; i < count; i++) {
        assert_ok(skm_arena_printf(&arena, &rows[i].key, "k%zu", i == second ? first : i));
    }
    size_t index = 0;
    assert_ok(skm_ast_find_duplicate(rows, sizeof *rows, count, &index));
    assert_int_equal(index, first == second ? count : second);
    skm_arena_fini(&arena);
}

static void test_the_second_of_two_keys_is_found(void **state)
{
    (void)state;
    for (size_t count = 0; count < 40; count++) {
        check_duplicate(count, 0, 0);
        for (size_t i = 1; i < count; i++) {
            check_duplicate(count, i - 1, i);
            check_duplicate(count, 0, i);
        }
    }
    check_duplicate(5000, 17, 4999);
}

static void test_builders_report_want_of_memory(void **state)
{
    (void)state;
    struct skm_arena arena;
    skm_arena_init(&arena, 0);
    struct skm_expr *expr = NULL;
    assert_err(skm_expr_new_var(&arena, NOWHERE, SKM_VAR_CONTEXT, &expr), MEMORY);
    assert_null(expr);
    skm_arena_fini(&arena);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_equality_sees_the_core_only),
    cmocka_unit_test(test_every_part_counts),
    cmocka_unit_test(test_large_records_are_compared_in_order),
    cmocka_unit_test(test_depth_is_counted_and_bounded),
    cmocka_unit_test(test_weight_is_counted_and_bounded),
    cmocka_unit_test(test_large_sets_stay_below_the_weight),
    cmocka_unit_test(test_the_second_of_two_keys_is_found),
    cmocka_unit_test(test_builders_report_want_of_memory),
};

SKM_TEST_MAIN(tests)
