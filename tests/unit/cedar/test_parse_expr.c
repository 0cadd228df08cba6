/* Which expressions are accepted, and as which trees (reference: expressions and parsing traps). */
#include "unit/cedar/text_case.h"

struct row {
    skm_span text;
    const char *dump; /* NULL: refused */
};

#define ROW(text, dump)                                                                            \
    {                                                                                              \
        {(text), sizeof(text) - 1}, (dump)                                                         \
    }
#define REFUSED(text) ROW(text, NULL)

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].dump != NULL) {
            check_expr(rows[i].text, rows[i].dump);
        } else {
            check_expr_refused(rows[i].text);
        }
    }
}

#define CHECK_ROWS(rows) check_rows((rows), SKM_ARRAY_LEN(rows))

static void test_operators_bind_by_precedence(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("1 + 2 * 3", "(add 1 (mul 2 3))"),
        ROW("1 * 2 + 3", "(add (mul 1 2) 3)"),
        ROW("(1 + 2) * 3", "(mul (add 1 2) 3)"),
        ROW("1 + 2 == 3 - 4", "(eq (add 1 2) (sub 3 4))"),
        ROW("1 < 2 && 3 < 4", "(and (lt 1 2) (lt 3 4))"),
        ROW("true || false && true", "(or true (and false true))"),
        ROW("true && false || true", "(or (and true false) true)"),
        ROW("true && (false || true)", "(and true (or false true))"),
        ROW("!true && false", "(and (not true) false)"),
        ROW("!1 == 2", "(eq (not 1) 2)"),
        ROW("!principal in resource", "(in (not principal) resource)"),
        ROW("!principal.x", "(not (get principal x))"),
        ROW("-principal.x", "(neg (get principal x))"),
        ROW("-principal.x * 2", "(mul (neg (get principal x)) 2)"),
        ROW("1 - -2", "(sub 1 -2)"),
        ROW("principal.a.b", "(get (get principal a) b)"),
        ROW("if true then 1 else 2 + 3", "(if true 1 (add 2 3))"),
        ROW("if true || false then 1 else 2", "(if (or true false) 1 2)"),
        ROW("if true then if false then 1 else 2 else 3", "(if true (if false 1 2) 3)"),
        ROW("if true then 1 else if false then 2 else 3", "(if true 1 (if false 2 3))"),
        ROW("principal has a && principal.a", "(and (has principal a) (get principal a))"),
        ROW("principal.a + 1 has b", "(has (add (get principal a) 1) b)"),
        ROW("principal is T in resource && true",
            "(and (and!is-in (is principal T) (in principal resource)) true)"),
        ROW("principal is T in resource + 1",
            "(and!is-in (is principal T) (in principal (add resource 1)))"),
        ROW("context.s like \"a\" || true", "(or (like (get context s) <a>) true)"),
    };
    CHECK_ROWS(rows);
}

static void test_chains_fold_to_the_left(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("1 - 2 - 3", "(sub (sub 1 2) 3)"),
        ROW("1 - (2 - 3)", "(sub 1 (sub 2 3))"),
        ROW("1 + 2 - 3 + 4", "(add (sub (add 1 2) 3) 4)"),
        ROW("1 * 2 * 3", "(mul (mul 1 2) 3)"),
        ROW("true && false && true", "(and (and true false) true)"),
        ROW("true && (false && true)", "(and true (and false true))"),
        ROW("true || false || true", "(or (or true false) true)"),
    };
    CHECK_ROWS(rows);
}

static void test_comparisons_do_not_chain(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("1 == 2 && 2 == 3", "(and (eq 1 2) (eq 2 3))"),
        REFUSED("1 == 2 == 3"),
        ROW("(1 == 2) == 3", "(eq (eq 1 2) 3)"),
        REFUSED("1 < 2 < 3"),
        REFUSED("1 < 2 == 3"),
        REFUSED("principal in action in resource"),
        REFUSED("principal has a == true"),
        ROW("(principal has a) == true", "(eq (has principal a) true)"),
        REFUSED("1 == principal has a"),
        REFUSED("principal has a has b"),
        REFUSED("context.s like \"a\" == true"),
        REFUSED("principal is T == true"),
        REFUSED("principal is T in action in resource"),
        REFUSED("principal is T in action is U"),
        REFUSED("principal in action is T"),
    };
    CHECK_ROWS(rows);
}

/* The core has fewer operators than the surface (reference: desugaring). */
static void test_surface_forms_become_the_core(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("1 != 2", "(not!ne (eq 1 2))"),
        ROW("1 > 2", "(not!gt (le 1 2))"),
        ROW("1 >= 2", "(not!ge (lt 1 2))"),
        ROW("1 < 2", "(lt 1 2)"),
        ROW("1 <= 2", "(le 1 2)"),
        ROW("!(1 == 2)", "(not (eq 1 2))"),
        ROW("principal[\"a\"]", "(get!index principal a)"),
        ROW("principal.a", "(get principal a)"),
        ROW("principal has a", "(has principal a)"),
        ROW("principal has \"a b\"", "(has principal a b)"),
        ROW("principal has a.b", "(path principal a b)"),
        ROW("principal has a.b.c", "(path principal a b c)"),
        ROW("principal is A::B in action", "(and!is-in (is principal A::B) (in principal action))"),
    };
    CHECK_ROWS(rows);
}

static void test_if_stands_alone_or_in_brackets(void **state)
{
    (void)state;
    static const struct row rows[] = {
        REFUSED("true && if true then 1 else 2"),
        ROW("true && (if true then 1 else 2)", "(and true (if true 1 2))"),
        REFUSED("1 + if true then 1 else 2"),
        REFUSED("!if true then false else true"),
        ROW("[if true then 1 else 2]", "(set (if true 1 2))"),
        ROW("{a: if true then 1 else 2}", "(record a=(if true 1 2))"),
        ROW("ip(if true then 1 else 2)", "(call ip (if true 1 2))"),
        REFUSED("if true then 1"),
        REFUSED("if true else 1"),
        REFUSED("if then 1 else 2"),
        REFUSED("if (true) (1) else (2)"),
        ROW("if (true) then (1) else (2)", "(if true 1 2)"),
        REFUSED("(if true then 1 else 2).x.if"),
        ROW("(if true then 1 else 2).x", "(get (if true 1 2) x)"),
    };
    CHECK_ROWS(rows);
}

static void test_unary_operators_come_in_runs_of_four(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("!true", "(not true)"),
        ROW("!!!!true", "(not (not (not (not true))))"),
        REFUSED("!!!!!true"),
        ROW("!!!!(!true)", "(not (not (not (not (not true)))))"),
        ROW("----principal", "(neg (neg (neg (neg principal))))"),
        REFUSED("-----principal"),
        REFUSED("-----1"),
        ROW("---- 1", "(neg (neg (neg -1)))"),
        REFUSED("!-1"),
        ROW("!(-1)", "(not -1)"),
        REFUSED("-!true"),
        ROW("-(!true)", "(neg (not true))"),
        REFUSED("!"),
        REFUSED("1 -"),
        REFUSED("+1"),
    };
    CHECK_ROWS(rows);
}

/* Reference: integers. */
static void test_integers_are_signed_64_bits(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("9223372036854775807", "9223372036854775807"),
        REFUSED("9223372036854775808"),
        ROW("-9223372036854775808", "-9223372036854775808"),
        REFUSED("-9223372036854775809"),
        ROW("-9223372036854775807", "-9223372036854775807"),
        ROW("- // the literal takes its sign across blanks\n 9223372036854775808",
            "-9223372036854775808"),
        REFUSED("-(9223372036854775808)"),
        ROW("--9223372036854775808", "(neg -9223372036854775808)"),
        REFUSED("1 - 9223372036854775808"),
        REFUSED("-9223372036854775808.x"),
        REFUSED("18446744073709551615"),
        REFUSED("18446744073709551616"),
        ROW("-1", "-1"),
        ROW("-(1)", "(neg 1)"),
        ROW("-0", "0"),
        ROW("007", "7"),
        ROW("-1.x", "(neg (get 1 x))"),
        ROW("(-1).x", "(get -1 x)"),
        ROW("-1[\"x\"]", "(neg (get!index 1 x))"),
        REFUSED("1.5"),
        REFUSED("1e5"),
        REFUSED("0x10"),
        REFUSED("1_000"),
        REFUSED("1 / 2"),
        REFUSED("1 % 2"),
        REFUSED("1 2"),
    };
    CHECK_ROWS(rows);
}

static void test_names_are_variables_entities_or_functions(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("principal", "principal"),
        ROW("action", "action"),
        ROW("resource", "resource"),
        ROW("context", "context"),
        REFUSED("foo"),
        REFUSED("permit"),
        REFUSED("A::B"),
        REFUSED("principal::action"),
        ROW("A::\"x\"", "A::\"x\""),
        ROW("A::B::\"x\"", "A::B::\"x\""),
        ROW("A :: // here\n B\n::\n\"x\"", "A::B::\"x\""),
        ROW("principal::\"x\"", "principal::\"x\""),
        ROW("permit::when::\"x\"", "permit::when::\"x\""),
        REFUSED("if::\"x\""),
        REFUSED("true::\"x\""),
        REFUSED("A::in::\"x\""),
        REFUSED("has::A::\"x\""),
        REFUSED("__cedar::\"x\""),
        REFUSED("A::__cedar::B::\"x\""),
        ROW("A::__cedars::\"x\"", "A::__cedars::\"x\""),
        REFUSED("::\"x\""),
        REFUSED("A::"),
        REFUSED("A:\"x\""),
        REFUSED("A::{a: 1}"),
        REFUSED("A::\"x\"::\"y\""),
        REFUSED("A::'x'"),
        REFUSED("A::x"),
        REFUSED("A.\"x\""),
        REFUSED("?principal"),
        REFUSED("principal == ?principal"),
        REFUSED("?foo"),
    };
    CHECK_ROWS(rows);
}

/* What behind `is` is a type name, and a name only. */
static void test_is_takes_a_name(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("principal is T", "(is principal T)"),
        ROW("principal is principal", "(is principal principal)"),
        ROW("principal is permit::when", "(is principal permit::when)"),
        ROW("principal is A :: B", "(is principal A::B)"),
        REFUSED("principal is (T)"),
        REFUSED("principal is \"T\""),
        REFUSED("principal is T::\"x\""),
        REFUSED("principal is T.x"),
        REFUSED("principal is T + 1"),
        REFUSED("principal is true"),
        REFUSED("principal is in"),
        REFUSED("principal is __cedar::T"),
        REFUSED("principal is A::if"),
        REFUSED("principal is A::in::B"),
        ROW("principal is A::iff", "(is principal A::iff)"),
        REFUSED("principal is ?principal"),
        REFUSED("principal is"),
        REFUSED("principal is T in"),
    };
    CHECK_ROWS(rows);
}

static void test_has_takes_identifiers_or_one_string(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("principal has principal", "(has principal principal)"),
        ROW("principal has when.permit", "(path principal when permit)"),
        ROW("principal has \"if\"", "(has principal if)"),
        ROW("principal has \"\"", "(has principal )"),
        REFUSED("principal has if"),
        REFUSED("principal has true"),
        REFUSED("principal has a.if"),
        REFUSED("principal has __cedar"),
        REFUSED("principal has a.__cedar"),
        REFUSED("principal has \"a\".b"),
        REFUSED("principal has a.\"b\""),
        REFUSED("principal has a[\"b\"]"),
        REFUSED("principal has a()"),
        REFUSED("principal has A::B"),
        REFUSED("principal has (a)"),
        REFUSED("principal has 1"),
        REFUSED("principal has a + b"),
        REFUSED("principal has -a"),
        REFUSED("principal has"),
        REFUSED("principal has a."),
    };
    CHECK_ROWS(rows);
}

static void test_like_takes_a_literal_pattern(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("context.s like \"\"", "(like (get context s))"),
        ROW("context.s like \"*\"", "(like (get context s) <>*)"),
        ROW("context.s like \"a*\\*\"", "(like (get context s) <a>* <*>)"),
        ROW("context.s like \"\\u{2a}b\"", "(like (get context s) <>* <b>)"),
        REFUSED("context.s like context.t"),
        REFUSED("context.s like (\"a\")"),
        REFUSED("context.s like \"a\" + \"b\""),
        REFUSED("context.s like \"a\".b"),
        REFUSED("context.s like 1"),
        REFUSED("context.s like"),
        REFUSED("context.s like \"\\q\""),
        REFUSED("context.s == \"\\*\""),
    };
    CHECK_ROWS(rows);
}

static void test_attributes_by_dot_and_by_index(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("principal.a[\"b\"].c", "(get (get!index (get principal a) b) c)"),
        ROW("principal.contains", "(get principal contains)"),
        ROW("context.ip", "(get context ip)"),
        ROW("principal.permit", "(get principal permit)"),
        ROW("principal[\"if\"]", "(get!index principal if)"),
        ROW("principal[\"a\\tb\"]", "(get!index principal a\tb)"),
        ROW("1.x", "(get 1 x)"),
        ROW("\"a\".x", "(get \"a\" x)"),
        ROW("true.x", "(get true x)"),
        ROW("[].x", "(get (set) x)"),
        ROW("{}.x", "(get (record) x)"),
        ROW("A::\"x\".y", "(get A::\"x\" y)"),
        ROW("principal . a", "(get principal a)"),
        REFUSED("principal.if"),
        REFUSED("principal.like"),
        REFUSED("principal.__cedar"),
        REFUSED("principal.1"),
        REFUSED("principal.\"a\""),
        REFUSED("principal."),
        REFUSED("principal..a"),
        REFUSED("principal[a]"),
        REFUSED("principal[(\"a\")]"),
        REFUSED("principal[\"a\" + \"b\"]"),
        REFUSED("principal[1]"),
        REFUSED("principal[]"),
        REFUSED("principal[\"a\", \"b\"]"),
        REFUSED("principal[\"\\q\"]"),
        REFUSED("foo.x"),
        REFUSED("foo[\"x\"]"),
    };
    CHECK_ROWS(rows);
}

/* Reference: methods and functions. Built-in methods have their arity checked here, extension functions not. */
static void test_calls_are_resolved(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("[1].contains(1)", "(contains (set 1) 1)"),
        ROW("[1].containsAll([1])", "(containsAll (set 1) (set 1))"),
        ROW("[1].containsAny([1],)", "(containsAny (set 1) (set 1))"),
        ROW("[1].isEmpty()", "(isEmpty (set 1))"),
        ROW("principal.getTag(\"a\")", "(getTag principal \"a\")"),
        ROW("principal.hasTag(\"a\")", "(hasTag principal \"a\")"),
        REFUSED("[1].contains()"),
        REFUSED("[1].contains(1, 2)"),
        REFUSED("[1].contains(,)"),
        REFUSED("[1].containsAll()"),
        REFUSED("[1].containsAny(1, 2)"),
        REFUSED("[1].isEmpty(1)"),
        REFUSED("principal.getTag()"),
        REFUSED("principal.hasTag(\"a\", \"b\")"),
        REFUSED("contains([1], 1)"),
        REFUSED("isEmpty([1])"),
        REFUSED("[1].Contains(1)"),
        ROW("ip(\"a\")", "(call ip \"a\")"),
        ROW("duration(\"a\", \"b\")", "(call duration \"a\" \"b\")"),
        ROW("decimal()", "(call decimal)"),
        ROW("decimal(\"1.0\").lessThan(1, 2, 3)", "(call lessThan (call decimal \"1.0\") 1 2 3)"),
        ROW("principal.isIpv4()", "(call isIpv4 principal)"),
        ROW("principal.offset(1).toDate()", "(call toDate (call offset principal 1))"),
        REFUSED("lessThan(1, 2)"),
        REFUSED("principal.ip(\"a\")"),
        REFUSED("principal.decimal()"),
        REFUSED("foo(1)"),
        REFUSED("A::ip(\"a\")"),
        REFUSED("A::contains(1)"),
        REFUSED("A::has(1)"),
        REFUSED("principal.foo(1)"),
        REFUSED("principal(1)"),
        REFUSED("context()"),
        REFUSED("(ip)(\"a\")"),
        REFUSED("(1)(2)"),
        REFUSED("\"ip\"(\"a\")"),
        REFUSED("ip(\"a\")(\"b\")"),
        REFUSED("principal.a.b(1)"),
        REFUSED("ip(\"a\""),
        REFUSED("ip(\"a\" \"b\")"),
        REFUSED("if(true)"),
    };
    CHECK_ROWS(rows);
}

static void test_lists_may_end_in_a_comma(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("[]", "(set)"),
        ROW("[1, 2]", "(set 1 2)"),
        ROW("[1, 2,]", "(set 1 2)"),
        REFUSED("[,]"),
        REFUSED("[1,,2]"),
        REFUSED("[1 2]"),
        REFUSED("[1; 2]"),
        REFUSED("[1, 2"),
        REFUSED("[1, 2)"),
        ROW("ip(\"a\",)", "(call ip \"a\")"),
        REFUSED("ip(,)"),
        ROW("{}", "(record)"),
        ROW("{a: 1, b: 2}", "(record a=1 b=2)"),
        ROW("{a: 1, b: 2,}", "(record a=1 b=2)"),
        REFUSED("{,}"),
        REFUSED("{a: 1,,}"),
        REFUSED("{a: 1 b: 2}"),
        REFUSED("()"),
        REFUSED("(1,)"),
        ROW("((1))", "1"),
    };
    CHECK_ROWS(rows);
}

static void test_record_keys_are_unique_names_or_strings(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("{principal: 1, permit: 2}", "(record principal=1 permit=2)"),
        ROW("{\"a b\": 1}", "(record a b=1)"),
        ROW("{\"if\": 1}", "(record if=1)"),
        ROW("{\"\": 1}", "(record =1)"),
        ROW("{a: {a: 1}}", "(record a=(record a=1))"),
        ROW("{a: 1, A: 2}", "(record a=1 A=2)"),
        REFUSED("{if: 1}"),
        REFUSED("{true: 1}"),
        REFUSED("{__cedar: 1}"),
        REFUSED("{a: 1, a: 2}"),
        REFUSED("{a: 1, \"a\": 2}"),
        REFUSED("{\"a\": 1, \"\\u{61}\": 2}"),
        REFUSED(
            "{a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8, i: 9, j: 1, k: 2, l: 3, m: 4, a: 5}"),
        ROW("{a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8, i: 9, j: 1, k: 2, l: 3, m: 4, n: 5}",
            "(record a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8 i=9 j=1 k=2 l=3 m=4 n=5)"),
        REFUSED("{(a): 1}"),
        REFUSED("{a.b: 1}"),
        REFUSED("{A::B: 1}"),
        REFUSED("{1: 1}"),
        REFUSED("{a}"),
        REFUSED("{a = 1}"),
        REFUSED("{a: }"),
        REFUSED("{\"\\q\": 1}"),
    };
    CHECK_ROWS(rows);
}

static void test_texts_may_hold_nul_and_any_character(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("A::\"a\\0b\" == A::\"\xe9\x96\xa2\"", "(eq A::\"a\\0b\" A::\"\xe9\x96\xa2\")"),
        REFUSED("1 \0 2"),
        REFUSED("\0"),
        REFUSED(""),
        REFUSED("   // nothing\n"),
        REFUSED("\xef\xbb\xbf"
                "1"),
        REFUSED("\"a\xff\""),
        REFUSED("1 // \xc0\x80"),
        ROW("\xc2\xa0"
            "1\xe2\x80\xa8",
            "1"),
    };
    CHECK_ROWS(rows);
    check_expr(SKM_SPAN("\"a\0b\""), "\"a\\0b\"");
}

/* Ranges cover what was written, brackets of the operands included. */
static void test_nodes_know_where_they_stand(void **state)
{
    (void)state;
    struct text_case t;
    const struct skm_expr *expr = NULL;
    text_case_init(&t, SKM_SPAN("  (principal) == A :: \"x\" && -  5 < [1, 2].x "));
    assert_ok(skm_parse_expr(&t.arena, &t.source, &t.diags, &expr));
    const struct {
        const struct skm_expr *node;
        const char *text;
    } rows[] = {
        {expr, "(principal) == A :: \"x\" && -  5 < [1, 2].x"},
        {expr->a, "(principal) == A :: \"x\""},
        {expr->a->a, "principal"},
        {expr->a->b, "A :: \"x\""},
        {expr->b, "-  5 < [1, 2].x"},
        {expr->b->a, "-  5"},
        {expr->b->b, "[1, 2].x"},
        {expr->b->b->a, "[1, 2]"},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(rows); i++) {
        struct skm_range range = rows[i].node->range;
        assert_span_equal(skm_span_sub(t.source.text, range.start, range.len),
                          skm_span_cstr(rows[i].text));
    }
    text_case_fini(&t);
}

static void test_both_sides_of_is_in_share_their_operand(void **state)
{
    (void)state;
    struct text_case t;
    const struct skm_expr *expr = NULL;
    text_case_init(&t, SKM_SPAN("principal.x is T in resource"));
    assert_ok(skm_parse_expr(&t.arena, &t.source, &t.diags, &expr));
    assert_ptr_equal(expr->a->a, expr->b->a);
    text_case_fini(&t);
}

static void test_uids_alone(void **state)
{
    (void)state;
    struct skm_arena arena;
    skm_arena_init(&arena, 1u << 20);
    struct skm_uid uid = {0};
    assert_ok(skm_parse_uid(&arena, SKM_SPAN("User::\"alice\""), &uid));
    assert_span_equal(uid.type, SKM_SPAN("User"));
    assert_span_equal(uid.id, SKM_SPAN("alice"));
    assert_ok(skm_parse_uid(&arena, SKM_SPAN(" A :: B::\"a\\\"\\0\" // c"), &uid));
    assert_span_equal(uid.type, SKM_SPAN("A::B"));
    assert_span_equal(uid.id, SKM_SPAN("a\"\0"));
    static const struct row refused[] = {
        REFUSED(""),
        REFUSED("User"),
        REFUSED("User::alice"),
        REFUSED("\"alice\""),
        REFUSED("User::\"alice\" x"),
        REFUSED("(User::\"alice\")"),
        REFUSED("User::\"alice"),
        REFUSED("User::\"\\q\""),
        REFUSED("if::\"alice\""),
        REFUSED("User::__cedar::\"x\""),
        REFUSED("User::\"\xff\""),
        REFUSED("?principal"),
        REFUSED("User::\"alice\";"),
    };
    uid = (struct skm_uid){0};
    for (size_t i = 0; i < SKM_ARRAY_LEN(refused); i++) {
        assert_err(skm_parse_uid(&arena, refused[i].text, &uid), SYNTAX);
        assert_null(uid.type.ptr);
    }
    skm_arena_fini(&arena);
}

static void test_normalised_names(void **state)
{
    (void)state;
    assert_true(skm_parse_is_name(SKM_SPAN("A")));
    assert_true(skm_parse_is_name(SKM_SPAN("A::B::_c1")));
    assert_true(skm_parse_is_name(SKM_SPAN("principal::permit")));
    static const struct row refused[] = {
        REFUSED(""),
        REFUSED("::A"),
        REFUSED("A::"),
        REFUSED("A:B"),
        REFUSED("A:::B"),
        REFUSED("A :: B"),
        REFUSED(" A"),
        REFUSED("A::if"),
        REFUSED("in::A"),
        REFUSED("__cedar"),
        REFUSED("__cedar::Long"),
        REFUSED("A::\"x\""),
        REFUSED("1A"),
        REFUSED("A\0"),
        REFUSED("A::::B"),
        REFUSED("A:"),
        REFUSED(":"),
        REFUSED("::"),
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(refused); i++) {
        assert_false(skm_parse_is_name(refused[i].text));
    }
    assert_true(skm_parse_is_ident(SKM_SPAN("abc")));
    assert_false(skm_parse_is_ident(SKM_SPAN("A::B")));
    assert_false(skm_parse_is_ident(SKM_SPAN("like")));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_operators_bind_by_precedence),
    cmocka_unit_test(test_chains_fold_to_the_left),
    cmocka_unit_test(test_comparisons_do_not_chain),
    cmocka_unit_test(test_surface_forms_become_the_core),
    cmocka_unit_test(test_if_stands_alone_or_in_brackets),
    cmocka_unit_test(test_unary_operators_come_in_runs_of_four),
    cmocka_unit_test(test_integers_are_signed_64_bits),
    cmocka_unit_test(test_names_are_variables_entities_or_functions),
    cmocka_unit_test(test_is_takes_a_name),
    cmocka_unit_test(test_has_takes_identifiers_or_one_string),
    cmocka_unit_test(test_like_takes_a_literal_pattern),
    cmocka_unit_test(test_attributes_by_dot_and_by_index),
    cmocka_unit_test(test_calls_are_resolved),
    cmocka_unit_test(test_lists_may_end_in_a_comma),
    cmocka_unit_test(test_record_keys_are_unique_names_or_strings),
    cmocka_unit_test(test_texts_may_hold_nul_and_any_character),
    cmocka_unit_test(test_nodes_know_where_they_stand),
    cmocka_unit_test(test_both_sides_of_is_in_share_their_operand),
    cmocka_unit_test(test_uids_alone),
    cmocka_unit_test(test_normalised_names),
};

SKM_TEST_MAIN(tests)
