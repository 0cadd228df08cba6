#include "harness/test.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/yaml.h"

struct fixture {
    struct skm_arena arena;
    struct skm_diags diags;
    struct skm_source source;
    const struct skm_yaml_node *root;
};

static skm_err parse_limited(struct fixture *f, const char *text,
                             const struct skm_yaml_limits *limits)
{
    skm_arena_init(&f->arena, 64u << 20);
    skm_diags_init(&f->diags, &f->arena, 100);
    f->source = (struct skm_source){.name = SKM_SPAN("f.yaml"), .text = skm_span_cstr(text)};
    f->root = NULL;
    return skm_yaml_parse(&f->arena, &f->source, limits, &f->diags, &f->root);
}

static skm_err parse(struct fixture *f, const char *text)
{
    return parse_limited(f, text, &skm_yaml_limits_config);
}

static void finish(struct fixture *f)
{
    skm_arena_fini(&f->arena);
}

/* The text is refused, and the only message starts with `message` in the one-line form. */
static void assert_refused(const char *text, const char *message)
{
    struct fixture f;
    struct skm_buf out;
    skm_buf_init(&out, 1u << 16);
    assert_err(parse(&f, text), INVALID);
    skm_diags_print(&f.diags, SKM_DIAG_FORM_GCC, &out);
    skm_buf_append_char(&out, '\0');
    if (f.diags.errors != 1 || strncmp(out.ptr, message, strlen(message)) != 0) {
        print_error("expected %s\ncame     %s\n", message, out.ptr);
        fail();
    }
    skm_buf_fini(&out);
    finish(&f);
}

static void test_tree_has_kinds_order_and_keys(void **state)
{
    (void)state;
    struct fixture f;
    assert_ok(parse(&f, "a: 1\nb:\n  - x\n  - 'y'\nc: {d: e}\n"));
    assert_int_equal(f.root->kind, SKM_YAML_MAPPING);
    assert_int_equal(f.root->count, 3);
    const struct skm_yaml_node *b = skm_yaml_find(f.root, SKM_SPAN("b"));
    assert_int_equal(b->kind, SKM_YAML_SEQUENCE);
    assert_int_equal(b->count, 2);
    assert_span_equal(b->first->text, SKM_SPAN("x"));
    assert_true(b->first->plain);
    assert_false(b->last->plain);
    assert_null(b->first->key);
    const struct skm_yaml_node *c = skm_yaml_find(f.root, SKM_SPAN("c"));
    assert_span_equal(c->first->key->text, SKM_SPAN("d"));
    assert_null(skm_yaml_find(f.root, SKM_SPAN("z")));
    finish(&f);
}

static void test_empty_texts_are_empty_mappings(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "\n\n", "# only a comment\n", "---\n", "---\n...\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct fixture f;
        assert_ok(parse(&f, texts[i]));
        assert_int_equal(f.root->kind, SKM_YAML_MAPPING);
        assert_int_equal(f.root->count, 0);
        finish(&f);
    }
}

static void test_positions_count_bytes_behind_wide_characters(void **state)
{
    (void)state;
    struct fixture f;
    assert_ok(parse(&f, "# \xe9\x96\xa2\xe5\xae\x88\nname: \xe9\x96\xa2\nnext: value\n"));
    const struct skm_yaml_node *next = skm_yaml_find(f.root, SKM_SPAN("next"));
    assert_span_equal(skm_span_sub(f.source.text, next->range.start, next->range.len),
                      SKM_SPAN("value"));
    finish(&f);
}

static void test_positions_hold_far_into_a_text(void **state)
{
    (void)state;
    struct fixture f;
    struct skm_buf text;
    skm_buf_init(&text, 1u << 20);
    for (unsigned i = 0; i < 3000; i++) {
        skm_buf_printf(&text, "k%u: \xe9\x96\xa2%u\r\n", i, i);
    }
    skm_buf_append_char(&text, '\0');
    assert_ok(parse(&f, text.ptr));
    for (const struct skm_yaml_node *node = f.root->first; node != NULL; node = node->next) {
        assert_span_equal(skm_span_sub(f.source.text, node->range.start, node->range.len),
                          node->text);
    }
    skm_buf_fini(&text);
    finish(&f);
}

static void test_anchors_aliases_and_tags_are_refused(void **state)
{
    (void)state;
    assert_refused("a: &x 1\n", "f.yaml:1:4: error: anchors are not supported");
    assert_refused("a: &x [1]\n", "f.yaml:1:4: error: anchors are not supported");
    assert_refused("a: &x {b: 1}\n", "f.yaml:1:4: error: anchors are not supported");
    assert_refused("a: *x\n", "f.yaml:1:4: error: aliases are not supported");
    assert_refused("a: !!str 1\n", "f.yaml:1:4: error: tags are not supported");
    assert_refused("a: !mine [1]\n", "f.yaml:1:4: error: tags are not supported");
    assert_refused("a: !!map {}\n", "f.yaml:1:4: error: tags are not supported");
}

static void test_duplicate_keys_are_refused_at_any_depth(void **state)
{
    (void)state;
    assert_refused("a: 1\nb: 2\na: 3\n", "f.yaml:3:1: error: key `a` is given twice");
    assert_refused("l:\n  - {x: 1, 'x': 2}\n", "f.yaml:2:12: error: key `x` is given twice");
}

static void test_a_second_document_is_refused(void **state)
{
    (void)state;
    assert_refused("a: 1\n---\nb: 2\n", "f.yaml:2:1: error: a second document begins here");
}

static void test_keys_that_are_no_text_are_refused(void **state)
{
    (void)state;
    assert_refused("[a]: 1\n", "f.yaml:1:1: error: a key must be plain text");
    assert_refused("? {a: b}\n: 1\n", "f.yaml:1:3: error: a key must be plain text");
}

static void test_malformed_texts_are_refused_with_their_place(void **state)
{
    (void)state;
    assert_refused("a:\n\t- x\n", "f.yaml:2:1: error: not well-formed YAML: ");
    assert_refused("a: [1, 2\nb: 3\n", "f.yaml:2:");
    assert_refused("a: \"x\n", "f.yaml:2:1: error: not well-formed YAML: ");
    assert_refused("a: \xff\n", "f.yaml:1:4: error: not valid UTF-8");
    assert_refused("a: \x01\n", "f.yaml:1:4: error: not well-formed YAML: control characters");
}

static void test_bounds_hold(void **state)
{
    (void)state;
    static const struct skm_yaml_limits tight = {
        .text_bytes = 40, .scalar_bytes = 4, .nodes = 6, .depth = 3};
    static const struct {
        const char *text;
        bool fits;
    } cases[] = {
        {"[[[1]]]", true},
        {"[[[[1]]]]", false},
        {"abcd: 1", true},
        {"abcde: 1", false},
        {"{a: [1, 2]}", true},
        {"{a: [1, 2, 3, 4]}", false},
        {"# 34567890123456789012345678901234567890", true},
        {"# 345678901234567890123456789012345678901", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;
        skm_err err = parse_limited(&f, cases[i].text, &tight);
        assert_int_equal(skm_is_ok(err), cases[i].fits);
        finish(&f);
    }
}

static void test_hundred_thousand_open_brackets_are_refused_quickly(void **state)
{
    (void)state;
    struct fixture f;
    struct skm_buf text;
    skm_buf_init(&text, 1u << 20);
    for (unsigned i = 0; i < 100000; i++) {
        skm_buf_append_char(&text, '[');
    }
    skm_buf_append_char(&text, '\0');
    assert_err(parse(&f, text.ptr), INVALID);
    skm_buf_fini(&text);
    finish(&f);
}

static void test_ambiguous_words_are_known_in_any_case(void **state)
{
    (void)state;
    assert_true(skm_yaml_is_ambiguous(SKM_SPAN("no")));
    assert_true(skm_yaml_is_ambiguous(SKM_SPAN("NO")));
    assert_true(skm_yaml_is_ambiguous(SKM_SPAN("On")));
    assert_true(skm_yaml_is_ambiguous(SKM_SPAN("~")));
    assert_false(skm_yaml_is_ambiguous(SKM_SPAN("norway")));
    assert_false(skm_yaml_is_ambiguous(SKM_SPAN("")));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_tree_has_kinds_order_and_keys),
    cmocka_unit_test(test_empty_texts_are_empty_mappings),
    cmocka_unit_test(test_positions_count_bytes_behind_wide_characters),
    cmocka_unit_test(test_positions_hold_far_into_a_text),
    cmocka_unit_test(test_anchors_aliases_and_tags_are_refused),
    cmocka_unit_test(test_duplicate_keys_are_refused_at_any_depth),
    cmocka_unit_test(test_a_second_document_is_refused),
    cmocka_unit_test(test_keys_that_are_no_text_are_refused),
    cmocka_unit_test(test_malformed_texts_are_refused_with_their_place),
    cmocka_unit_test(test_bounds_hold),
    cmocka_unit_test(test_hundred_thousand_open_brackets_are_refused_quickly),
    cmocka_unit_test(test_ambiguous_words_are_known_in_any_case),
};

SKM_TEST_MAIN(tests)
