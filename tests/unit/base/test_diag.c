/* Messages: how they are collected, printed and what the nearest word is. The expected texts are whole, so that a
 * change of wording or layout is seen. */
#include "harness/test.h"

#include "base/attr.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/span.h"

struct fixture {
    struct skm_arena arena;
    struct skm_diags diags;
    struct skm_buf out;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    skm_arena_init(&fixture.arena, 1 << 20);
    skm_diags_init(&fixture.diags, &fixture.arena, 10);
    skm_buf_init(&fixture.out, 1 << 20);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    skm_buf_fini(&f->out);
    skm_arena_fini(&f->arena);
    return 0;
}

/* One message about `marked`, which occurs once in the text; printed for people. */
static skm_span excerpt(struct fixture *f, skm_span text, const char *marked)
{
    struct skm_source source = {SKM_SPAN("f"), text};
    const char *at = memmem(text.ptr, text.len, marked, strlen(marked));
    assert_non_null(at);
    struct skm_range range = {(uint32_t)(at - text.ptr), (uint32_t)strlen(marked)};
    (void)skm_diags_add(&f->diags, SKM_SEVERITY_ERROR, &source, range, "bad");
    skm_buf_reset(&f->out);
    skm_diag_print(f->diags.last, SKM_DIAG_FORM_HUMAN, &f->out);
    assert_ok(skm_buf_check(&f->out));
    return skm_buf_span(&f->out);
}

static void test_the_message_of_the_manual(void **state)
{
    struct fixture *f = *state;
    struct skm_source source = {SKM_SPAN("policies/base.cedar"),
                                SKM_SPAN("permit (\n  when { resource.tags.contain(\"x\") };\n")};
    struct skm_range range = {32, 7};
    struct skm_diag *diag = skm_diags_add(&f->diags, SKM_SEVERITY_ERROR, &source, range,
                                          "unknown method `%s`", "contain");
    skm_diag_help(&f->diags, diag, "did you mean `%s`?", "contains");
    skm_diag_label(&f->diags, diag, "a set has no such method");
    skm_diag_id(&f->diags, diag, SKM_SPAN("policy0"));
    skm_diags_print(&f->diags, SKM_DIAG_FORM_HUMAN, &f->out);
    assert_span_equal(skm_buf_span(&f->out),
                      SKM_SPAN("policies/base.cedar:2:24: error: unknown method `contain`\n"
                               "   2 |   when { resource.tags.contain(\"x\") };\n"
                               "     |                        ^^^^^^^ a set has no such method\n"
                               "   in `policy0`\n"
                               "   help: did you mean `contains`?\n"));
    skm_buf_reset(&f->out);
    skm_diags_print(&f->diags, SKM_DIAG_FORM_GCC, &f->out);
    assert_span_equal(skm_buf_span(&f->out),
                      SKM_SPAN("policies/base.cedar:2:24: error: unknown method `contain` "
                               "[did you mean `contains`?]\n"));
    skm_buf_reset(&f->out);
    skm_diags_print(&f->diags, SKM_DIAG_FORM_JSON, &f->out);
    assert_span_equal(
        skm_buf_span(&f->out),
        SKM_SPAN(
            "[{\"severity\":\"error\",\"file\":\"policies/base.cedar\",\"line\":2,\"column\":24,"
            "\"end_line\":2,\"end_column\":31,\"message\":\"unknown method `contain`\","
            "\"help\":\"did you mean `contains`?\",\"id\":\"policy0\"}]"));
}

static void test_without_a_source_there_is_no_place(void **state)
{
    struct fixture *f = *state;
    struct skm_range nowhere = {0, 0};
    (void)skm_diags_add(&f->diags, SKM_SEVERITY_WARNING, NULL, nowhere, "no schema");
    skm_diags_print(&f->diags, SKM_DIAG_FORM_HUMAN, &f->out);
    assert_span_equal(skm_buf_span(&f->out), SKM_SPAN("warning: no schema\n"));
    skm_buf_reset(&f->out);
    skm_diags_print(&f->diags, SKM_DIAG_FORM_JSON, &f->out);
    assert_span_equal(skm_buf_span(&f->out),
                      SKM_SPAN("[{\"severity\":\"warning\",\"file\":null,\"line\":null,"
                               "\"column\":null,\"end_line\":null,\"end_column\":null,"
                               "\"message\":\"no schema\",\"help\":null,\"id\":null}]"));
}

static void test_a_source_without_name_shows_line_and_column(void **state)
{
    struct fixture *f = *state;
    struct skm_source source = {{NULL, 0}, SKM_SPAN("abc")};
    struct skm_range range = {1, 1};
    (void)skm_diags_add(&f->diags, SKM_SEVERITY_NOTE, &source, range, "here");
    skm_diags_print(&f->diags, SKM_DIAG_FORM_HUMAN, &f->out);
    assert_span_equal(skm_buf_span(&f->out), SKM_SPAN("1:2: note: here\n"
                                                      "   1 | abc\n"
                                                      "     |  ^\n"));
}

static void test_carets_stand_below_tabs_and_wide_characters(void **state)
{
    struct fixture *f = *state;
    assert_span_equal(excerpt(f, SKM_SPAN("\ta\tbad x"), "bad"), SKM_SPAN("f:1:4: error: bad\n"
                                                                          "   1 |     a   bad x\n"
                                                                          "     |         ^^^\n"));
    /* two cells each */
    assert_span_equal(excerpt(f, SKM_SPAN("\xe9\x96\xa2\xe5\xae\x88 bad"), "bad"),
                      SKM_SPAN("f:1:4: error: bad\n"
                               "   1 | \xe9\x96\xa2\xe5\xae\x88 bad\n"
                               "     |      ^^^\n"));
    assert_span_equal(excerpt(f, SKM_SPAN("x \xe5\xae\x88!"), "\xe5\xae\x88"),
                      SKM_SPAN("f:1:3: error: bad\n"
                               "   1 | x \xe5\xae\x88!\n"
                               "     |   ^^\n"));
    /* a combining accent takes no cell */
    assert_span_equal(excerpt(f, SKM_SPAN("e\xcc\x81 bad"), "bad"),
                      SKM_SPAN("f:1:4: error: bad\n"
                               "   1 | e\xcc\x81 bad\n"
                               "     |   ^^^\n"));
}

static void test_what_cannot_be_shown_is_escaped(void **state)
{
    struct fixture *f = *state;
    assert_span_equal(excerpt(f, SKM_SPAN("\x1b[31m\xe2\x80\xae\xff bad"), "bad"),
                      SKM_SPAN("f:1:9: error: bad\n"
                               "   1 | \\u{1b}[31m\\u{202e}\\xff bad\n"
                               "     |                        ^^^\n"));
    struct skm_source source = {SKM_SPAN("a\nb"), SKM_SPAN("x")};
    struct skm_range range = {0, 1};
    struct skm_diag *diag = skm_diags_add(&f->diags, SKM_SEVERITY_ERROR, &source, range, "odd `%s`",
                                          "1\n2\t\x1b[0m\xe2\x80\xa8");
    skm_diag_help(&f->diags, diag, "%s", "\r\nforged: line");
    skm_buf_reset(&f->out);
    skm_diag_print(diag, SKM_DIAG_FORM_GCC, &f->out);
    assert_span_equal(skm_buf_span(&f->out),
                      SKM_SPAN("a\\nb:1:1: error: odd `1\\n2\\t\\u{1b}[0m\\u{2028}` "
                               "[\\u{d}\\nforged: line]\n"));
    skm_buf_reset(&f->out);
    skm_diag_print(diag, SKM_DIAG_FORM_HUMAN, &f->out);
    for (size_t i = 0; i < f->out.len; i++) {
        assert_true(f->out.ptr[i] == '\n' || (unsigned char)f->out.ptr[i] >= 0x20);
    }
}

static void test_ends_of_lines_and_of_the_text_can_be_marked(void **state)
{
    struct fixture *f = *state;
    struct skm_source source = {SKM_SPAN("f"), SKM_SPAN("ab\r\n\ncd")};
    static const struct {
        struct skm_range range;
        skm_span shown;
    } CASES[] = {
        {{2, 0}, SKM_SPAN_INIT("f:1:3: error: m\n   1 | ab\n     |   ^\n")},
        {{3, 1}, SKM_SPAN_INIT("f:1:4: error: m\n   1 | ab\n     |   ^\n")},
        {{4, 0}, SKM_SPAN_INIT("f:2:1: error: m\n   2 |\n     | ^\n")},
        {{7, 0}, SKM_SPAN_INIT("f:3:3: error: m\n   3 | cd\n     |   ^\n")},
        {{7, 100}, SKM_SPAN_INIT("f:3:3: error: m\n   3 | cd\n     |   ^\n")},
        {{UINT32_MAX, UINT32_MAX}, SKM_SPAN_INIT("f:3:3: error: m\n   3 | cd\n     |   ^\n")},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(CASES); i++) {
        struct skm_diag diag = {
            .source = &source, .range = CASES[i].range, .message = SKM_SPAN("m")};
        skm_buf_reset(&f->out);
        skm_diag_print(&diag, SKM_DIAG_FORM_HUMAN, &f->out);
        assert_span_equal(skm_buf_span(&f->out), CASES[i].shown);
    }
    struct skm_source empty = {SKM_SPAN("f"), {NULL, 0}};
    struct skm_diag diag = {.source = &empty, .message = SKM_SPAN("m")};
    skm_buf_reset(&f->out);
    skm_diag_print(&diag, SKM_DIAG_FORM_HUMAN, &f->out);
    assert_span_equal(skm_buf_span(&f->out), SKM_SPAN("f:1:1: error: m\n   1 |\n     | ^\n"));
}

static void test_a_range_over_lines_shows_its_first_and_last(void **state)
{
    struct fixture *f = *state;
    assert_span_equal(excerpt(f, SKM_SPAN("a (b\n  c) d\n"), "(b\n  c)"),
                      SKM_SPAN("f:1:3: error: bad\n"
                               "   1 | a (b\n"
                               "     |   ^^\n"
                               "   2 |   c) d\n"
                               "     |   ^^\n"));
    assert_span_equal(
        excerpt(f, SKM_SPAN("1\n2\n3\n4\n5\n6\n7\n8\na (\nx\n  y\n) z"), "(\nx\n  y\n)"),
        SKM_SPAN("f:9:3: error: bad\n"
                 "    9 | a (\n"
                 "      |   ^\n"
                 "      ...\n"
                 "   12 | ) z\n"
                 "      | ^\n"));
    /* the line feed at the end belongs to the first line */
    assert_span_equal(excerpt(f, SKM_SPAN("abc\ndef"), "bc\n"), SKM_SPAN("f:1:2: error: bad\n"
                                                                         "   1 | abc\n"
                                                                         "     |  ^^\n"));
}

static void test_a_long_line_is_cut_around_the_mark(void **state)
{
    struct fixture *f = *state;
    char text[3001];
    memset(text, 'x', sizeof text);
    memcpy(text + 1500, "bad", 3);
    skm_span shown = excerpt(f, (skm_span){text, 3000}, "bad");
    SKM_CLEANUP(skm_buf_fini) struct skm_buf expected;
    skm_buf_init(&expected, 10000);
    skm_buf_printf(&expected, "f:1:1501: error: bad\n   1 | ...%.40sbad%.67s...\n     | %43s^^^\n",
                   text, text, "");
    assert_span_equal(shown, skm_buf_span(&expected));
    /* a mark longer than the window ends with it */
    memset(text, 'y', sizeof text);
    text[0] = '!';
    text[3000] = '\0';
    shown = excerpt(f, (skm_span){text, 3000}, text);
    skm_buf_reset(&expected);
    skm_buf_printf(&expected, "f:1:1: error: bad\n   1 | %.110s...\n     | ", text);
    for (int i = 0; i < 110; i++) {
        skm_buf_append_char(&expected, '^');
    }
    skm_buf_append_char(&expected, '\n');
    assert_span_equal(shown, skm_buf_span(&expected));
}

static void test_positions_count_characters(void **state)
{
    (void)state;
    struct skm_source source = {SKM_SPAN("f"), SKM_SPAN("ab\n\xe9\x96\xa2\xff"
                                                        "c\r\n\nd")};
    static const struct {
        uint32_t offset;
        uint32_t line;
        uint32_t column;
    } CASES[] = {
        {0, 1, 1}, {2, 1, 3}, {3, 2, 1},  {4, 2, 1},  {5, 2, 1},  {6, 2, 2},  {7, 2, 3},
        {8, 2, 4}, {9, 2, 5}, {10, 3, 1}, {11, 4, 1}, {12, 4, 2}, {99, 4, 2},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(CASES); i++) {
        uint32_t line = 0;
        uint32_t column = 0;
        skm_source_position(&source, CASES[i].offset, &line, &column);
        assert_int_equal(line, CASES[i].line);
        assert_int_equal(column, CASES[i].column);
    }
}

static void test_only_so_many_are_kept_but_all_are_counted(void **state)
{
    struct fixture *f = *state;
    struct skm_range nowhere = {0, 0};
    for (int i = 0; i < 15; i++) {
        const struct skm_diag *kept =
            skm_diags_add(&f->diags, i % 2 == 0 ? SKM_SEVERITY_ERROR : SKM_SEVERITY_WARNING, NULL,
                          nowhere, "message %d", i);
        assert_int_equal(kept != NULL, i < 10);
    }
    skm_diag_help(&f->diags, NULL, "nothing");
    skm_diag_label(&f->diags, NULL, "nothing");
    skm_diag_id(&f->diags, NULL, SKM_SPAN("nothing"));
    assert_int_equal(f->diags.errors, 8);
    assert_int_equal(f->diags.warnings, 7);
    assert_int_equal(f->diags.dropped, 5);
    skm_diags_print(&f->diags, SKM_DIAG_FORM_GCC, &f->out);
    skm_span text = skm_buf_span(&f->out);
    assert_true(skm_span_starts(text, SKM_SPAN("error: message 0\nwarning: message 1\n")));
    assert_true(
        skm_span_ends(text, SKM_SPAN("warning: message 9\nnote: 5 more messages are not shown\n")));
    skm_buf_reset(&f->out);
    skm_diags_print(&f->diags, SKM_DIAG_FORM_JSON, &f->out);
    struct skm_json json;
    assert_ok(skm_json_init(&json, skm_buf_span(&f->out), &f->arena, NULL));
    assert_ok(skm_json_skip(&json));
    assert_ok(skm_json_finish(&json));
}

static void test_without_memory_messages_are_still_counted(void **state)
{
    (void)state;
    struct skm_range nowhere = {0, 0};
    for (size_t quota = 0; quota < 3000; quota += 40) {
        struct skm_arena arena;
        struct skm_diags diags;
        skm_arena_init(&arena, quota);
        skm_diags_init(&diags, &arena, 100);
        for (int i = 0; i < 20; i++) {
            struct skm_diag *diag =
                skm_diags_add(&diags, SKM_SEVERITY_ERROR, NULL, nowhere, "message %d", i);
            skm_diag_help(&diags, diag, "%060d", i);
            assert_true(diag == NULL || diag->help.len == 0 || diag->help.len == 60);
        }
        assert_int_equal(diags.errors, 20);
        assert_int_equal(diags.kept + diags.dropped, 20);
        size_t listed = 0;
        for (const struct skm_diag *diag = diags.first; diag != NULL; diag = diag->next) {
            assert_true(diag->message.len >= 9);
            listed++;
        }
        assert_int_equal(listed, diags.kept);
        skm_arena_fini(&arena);
    }
}

static void test_printing_survives_each_failing_allocation(void **state)
{
    (void)state;
    struct skm_source source = {SKM_SPAN("f"), SKM_SPAN("some text")};
    struct skm_diag diag = {.source = &source, .range = {5, 4}, .message = SKM_SPAN("m")};
    static const enum skm_diag_form FORMS[] = {SKM_DIAG_FORM_HUMAN, SKM_DIAG_FORM_GCC,
                                               SKM_DIAG_FORM_JSON};
    for (size_t i = 0; i < SKM_ARRAY_LEN(FORMS); i++) {
        skm_err err = SKM_ERR(MEMORY);
        for (size_t n = 0; !skm_is_ok(err); n++) {
            SKM_CLEANUP(skm_buf_fini) struct skm_buf out;
            skm_buf_init(&out, 10000);
            skm_mem_fail_after(n);
            skm_diag_print(&diag, FORMS[i], &out);
            skm_mem_fail_after(SIZE_MAX);
            err = skm_buf_check(&out);
            assert_true(skm_is_ok(err) || skm_is_err(err, SKM_E_MEMORY));
        }
    }
}

static void test_the_nearest_word_is_a_slip_away(void **state)
{
    (void)state;
    static const skm_span WORDS[] = {
        SKM_SPAN_INIT("contains"), SKM_SPAN_INIT("containsAll"), SKM_SPAN_INIT("containsAny"),
        SKM_SPAN_INIT("isEmpty"),  SKM_SPAN_INIT("principal"),   SKM_SPAN_INIT("listen"),
        SKM_SPAN_INIT("ip"),       SKM_SPAN_INIT("x"),           {NULL, 0},
    };
    static const struct {
        const char *word;
        const char *nearest; /* "": none */
    } CASES[] = {
        {"contain", "contains"},
        {"Contains", "contains"},
        {"cotnains", "contains"},
        {"containsall", "containsAll"},
        {"conatinsAny", "containsAny"},
        {"isempty", "isEmpty"},
        {"prinicpal", "principal"},
        {"pincipal", "principal"},
        {"principle", "principal"},
        {"lisen", "listen"},
        {"lsten", "listen"},
        {"lsetn", ""},
        {"pi", "ip"},
        {"iq", "ip"},
        {"X", "x"},
        {"y", ""},
        {"resource", ""},
        {"", ""},
        {"verylongwordthatisnothinglikeanyoftheothersandgoesonandonandonandon", ""},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(CASES); i++) {
        skm_span found =
            skm_diag_nearest(skm_span_cstr(CASES[i].word), WORDS, SKM_ARRAY_LEN(WORDS));
        assert_span_equal(found, skm_span_cstr(CASES[i].nearest));
    }
    assert_int_equal(skm_diag_nearest(SKM_SPAN("a"), NULL, 0).len, 0);
}

#define DIAG_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    DIAG_TEST(test_the_message_of_the_manual),
    DIAG_TEST(test_without_a_source_there_is_no_place),
    DIAG_TEST(test_a_source_without_name_shows_line_and_column),
    DIAG_TEST(test_carets_stand_below_tabs_and_wide_characters),
    DIAG_TEST(test_what_cannot_be_shown_is_escaped),
    DIAG_TEST(test_ends_of_lines_and_of_the_text_can_be_marked),
    DIAG_TEST(test_a_range_over_lines_shows_its_first_and_last),
    DIAG_TEST(test_a_long_line_is_cut_around_the_mark),
    cmocka_unit_test(test_positions_count_characters),
    DIAG_TEST(test_only_so_many_are_kept_but_all_are_counted),
    cmocka_unit_test(test_without_memory_messages_are_still_counted),
    cmocka_unit_test(test_printing_survives_each_failing_allocation),
    cmocka_unit_test(test_the_nearest_word_is_a_slip_away),
};

SKM_TEST_MAIN(tests)
