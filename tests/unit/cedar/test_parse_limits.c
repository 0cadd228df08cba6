/* Bounds, broken texts, and want of memory: whatever the text, the parser ends with a result and frees nothing twice. */
#include "unit/cedar/text_case.h"

#include "base/mem.h"

/* `before`, then `part` so many times, `middle`, `close` as many times, `behind`. */
struct nest {
    const char *before;
    const char *part;
    const char *middle;
    const char *close;
    const char *behind;
};

static void append_times(struct skm_buf *buf, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++) {
        skm_buf_append_cstr(buf, text);
    }
}

/* Parses as an expression; what it yields. */
static skm_err parse_nest(const struct nest *nest, size_t times)
{
    struct skm_buf text;
    skm_buf_init(&text, 1u << 26);
    skm_buf_append_cstr(&text, nest->before);
    append_times(&text, nest->part, times);
    skm_buf_append_cstr(&text, nest->middle);
    append_times(&text, nest->close, times);
    skm_buf_append_cstr(&text, nest->behind);
    assert_ok(skm_buf_check(&text));
    struct text_case t;
    const struct skm_expr *expr = NULL;
    text_case_init(&t, skm_buf_span(&text));
    skm_err err = skm_parse_expr(&t.arena, &t.source, &t.diags, &expr);
    assert_int_equal(skm_is_ok(err), t.diags.errors == 0);
    text_case_fini(&t);
    skm_buf_fini(&text);
    return err;
}

static void test_nesting_is_bounded(void **state)
{
    (void)state;
    static const struct nest nests[] = {
        {"", "(", "true", ")", ""},
        {"", "[", "true", "]", ""},
        {"", "{a: ", "true", "}", ""},
        {"", "ip(", "true", ")", ""},
        {"", "principal.contains(", "true", ")", ""},
        {"", "if true then ", "true", " else true", ""},
        {"", "!(true == -(", "true", "))", ""},
        {"", "1 + 2 * (", "true", ")", ""},
        {"", "true && (", "true", ")", ""},
        {"", "principal is T in (", "resource", ")", ""},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(nests); i++) {
        size_t levels = i == 6 ? 2 : 1;
        assert_ok(parse_nest(&nests[i], (SKM_PARSE_NESTING_MAX - 1) / levels));
        assert_err(parse_nest(&nests[i], SKM_PARSE_NESTING_MAX), INVALID);
        assert_err(parse_nest(&nests[i], 100000), INVALID);
    }
}

/* Chains nest the tree, not the text. The last number is how many parts still fit. */
static void test_chains_are_bounded(void **state)
{
    (void)state;
    static const struct {
        struct nest nest;
        size_t fits;
    } rows[] = {
        {{"true", " || true", "", "", ""}, SKM_EXPR_DEPTH_MAX - 1},
        {{"true", " && true", "", "", ""}, SKM_EXPR_DEPTH_MAX - 1},
        {{"1", " + 1", "", "", ""}, SKM_EXPR_DEPTH_MAX - 1},
        {{"1", " * 1", "", "", ""}, SKM_EXPR_DEPTH_MAX - 1},
        {{"principal", ".a", "", "", ""}, SKM_EXPR_DEPTH_MAX - 1},
        {{"principal", "[\"a\"]", "", "", ""}, SKM_EXPR_DEPTH_MAX - 1},
        {{"principal", ".contains(1)", "", "", ""}, SKM_EXPR_DEPTH_MAX - 1},
        {{"", "if true then 1 else ", "1", "", ""}, SKM_EXPR_DEPTH_MAX - 1},
        {{"true == false", " || 1 == 1", "", "", ""}, SKM_EXPR_DEPTH_MAX - 2},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(rows); i++) {
        assert_ok(parse_nest(&rows[i].nest, rows[i].fits));
        assert_err(parse_nest(&rows[i].nest, rows[i].fits + 1), INVALID);
    }
}

static void test_lists_are_not_chains(void **state)
{
    (void)state;
    assert_ok(parse_nest(&(struct nest){"[", "1, ", "", "", "]"}, 200000));
    assert_ok(parse_nest(&(struct nest){"principal.a == T::\"", "x", "", "", "\""}, 1000000));
}

static void test_a_limit_is_a_message(void **state)
{
    (void)state;
    struct text_case t;
    struct skm_buf text;
    const struct skm_expr *expr = NULL;
    skm_buf_init(&text, 1u << 20);
    skm_buf_append_cstr(&text, "true");
    append_times(&text, " || true", SKM_EXPR_DEPTH_MAX);
    text_case_init(&t, skm_buf_span(&text));
    assert_err(skm_parse_expr(&t.arena, &t.source, &t.diags, &expr), INVALID);
    assert_span_equal(t.diags.first->message, SKM_SPAN("expression too deep: at most 4096 levels"));
    text_case_fini(&t);
    skm_buf_fini(&text);
}

/* The two sides of `is .. in` share a node: nested, the tree is exponentially larger than its text. */
static void test_a_tree_larger_than_its_text_is_bounded(void **state)
{
    (void)state;
    const struct nest nest = {"", "(if ", "principal",
                              " is T in resource then principal else principal)", ""};
    assert_ok(parse_nest(&nest, 10));
    assert_err(parse_nest(&nest, 60), INVALID);
}

static void test_a_text_too_long_is_refused(void **state)
{
    (void)state;
    struct text_case t;
    struct skm_policy_list policies;
    text_case_init(&t, (skm_span){"", SKM_PARSE_TEXT_MAX + (size_t)1});
    assert_err(skm_parse_policies(&t.arena, &t.source, 0, &t.diags, &policies), SIZE);
    text_case_fini(&t);
}

/* ---- a text with everything, in pieces ---- */

static const char SAMPLE[] =
    "// header\n"
    "@id(\"a\\u{e9}\") @flag\n"
    "permit (principal is A :: B in ?principal, action in [Action::\"v\", N::Action::\"w\",], resource)\n"
    "when { principal.a[\"b\"].contains(1) && context has x.y || !(-1 >= 2 * (3 - 4)) }\n"
    "unless { if context.s like \"a*\\*\" then {k: [1, {}], \"l\": ip(\"::1\").isIpv4()} == {} else "
    "resource is T in A::\"\\n\" };\n"
    "forbid (principal == U::\"\xe9\x96\xa2\", action, resource in ?resource) when { true };\n";

static skm_err parse_piece(struct text_case *t, skm_span text)
{
    struct skm_policy_list policies = {0};
    text_case_init(t, text);
    skm_err err = skm_parse_policies(&t->arena, &t->source, 0, &t->diags, &policies);
    assert_int_equal(skm_is_err(err, SKM_E_INVALID), t->diags.errors != 0);
    return err;
}

/* The piece lies in memory of its own length, so that a sanitizer sees a byte read past it. */
static skm_err parse_copy(const char *text, size_t len)
{
    struct text_case t;
    char *copy = test_malloc(len + (len == 0));
    memcpy(copy, text, len);
    skm_err err = parse_piece(&t, skm_span_of(copy, len));
    text_case_fini(&t);
    test_free(copy);
    return err;
}

static void test_a_text_cut_anywhere_is_refused(void **state)
{
    (void)state;
    size_t len = sizeof SAMPLE - 1;
    assert_ok(parse_copy(SAMPLE, len));
    size_t whole = (size_t)(strstr(SAMPLE, "forbid") - SAMPLE);
    for (size_t cut = 0; cut < len - 1; cut++) {
        /* Nothing, a comment, or the whole first policy stands before these. */
        bool fine = cut == 0 || (cut >= 2 && cut <= strlen("// header\n")) || cut == whole ||
                    cut == whole - 1;
        assert_int_equal(skm_is_ok(parse_copy(SAMPLE, cut)), fine);
    }
}

static void test_a_text_with_any_byte_changed_ends(void **state)
{
    (void)state;
    static const char bytes[] = "\0\"\\;(){}[]@?:.=!<&|/'#\x80\xff"
                                "a0 \n";
    char text[sizeof SAMPLE];
    for (size_t i = 0; i < sizeof SAMPLE - 1; i++) {
        for (size_t k = 0; k < sizeof bytes - 1; k++) {
            memcpy(text, SAMPLE, sizeof SAMPLE);
            text[i] = bytes[k];
            (void)parse_copy(text, sizeof SAMPLE - 1);
        }
    }
}

/* ---- want of memory ---- */

static void test_each_allocation_may_fail(void **state)
{
    (void)state;
    skm_err err = SKM_ERR(MEMORY);
    size_t count = 0;
    for (; !skm_is_ok(err); count++) {
        struct text_case t;
        struct skm_policy_list policies = {.count = 77};
        text_case_init(&t, skm_span_of(SAMPLE, sizeof SAMPLE - 1));
        skm_mem_fail_after(count);
        err = skm_parse_policies(&t.arena, &t.source, 0, &t.diags, &policies);
        skm_mem_fail_after(SIZE_MAX);
        if (!skm_is_ok(err)) {
            assert_int_equal(err.code, SKM_E_MEMORY);
            assert_int_equal(policies.count, 77);
        }
        text_case_fini(&t);
    }
    assert_true(count > 1);
}

/* The arena's quota bounds what a text may take, at every size. */
static void test_each_quota_may_be_too_small(void **state)
{
    (void)state;
    skm_err err = SKM_ERR(MEMORY);
    for (size_t quota = 0; !skm_is_ok(err); quota += 64) {
        struct text_case t;
        struct skm_policy_list policies = {0};
        text_case_init(&t, skm_span_of(SAMPLE, sizeof SAMPLE - 1));
        skm_arena_init(&t.arena, quota);
        err = skm_parse_policies(&t.arena, &t.source, 0, &t.diags, &policies);
        assert_true(skm_is_ok(err) || skm_is_err(err, SKM_E_MEMORY));
        assert_true(t.arena.taken_bytes <= quota);
        text_case_fini(&t);
        assert_true(quota < 1u << 20);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_nesting_is_bounded),
    cmocka_unit_test(test_chains_are_bounded),
    cmocka_unit_test(test_lists_are_not_chains),
    cmocka_unit_test(test_a_limit_is_a_message),
    cmocka_unit_test(test_a_tree_larger_than_its_text_is_bounded),
    cmocka_unit_test(test_a_text_too_long_is_refused),
    cmocka_unit_test(test_a_text_cut_anywhere_is_refused),
    cmocka_unit_test(test_a_text_with_any_byte_changed_ends),
    cmocka_unit_test(test_each_allocation_may_fail),
    cmocka_unit_test(test_each_quota_may_be_too_small),
};

SKM_TEST_MAIN(tests)
