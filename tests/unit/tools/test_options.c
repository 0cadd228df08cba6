#include "harness/test.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/span.h"
#include "tools/options.h"

struct values {
    bool flag;
    const char *text;
    struct skm_texts texts;
    unsigned choice;
    uint64_t number;
};

static const char *const choices[] = {"first", "second", NULL};

static const struct skm_option options[] = {
    {.name = "verbose",
     .kind = SKM_OPTION_FLAG,
     .offset = offsetof(struct values, flag),
     .help = "f"},
    {.name = "output",
     .kind = SKM_OPTION_TEXT,
     .value = "FILE",
     .offset = offsetof(struct values, text),
     .help = "t"},
    {.name = "policies",
     .kind = SKM_OPTION_TEXTS,
     .value = "FILE",
     .offset = offsetof(struct values, texts),
     .help = "ts"},
    {.name = "form",
     .kind = SKM_OPTION_CHOICE,
     .choices = choices,
     .offset = offsetof(struct values, choice),
     .help = "c"},
    {.name = "count",
     .kind = SKM_OPTION_NUMBER,
     .value = "N",
     .offset = offsetof(struct values, number),
     .help = "n"},
};

static const struct skm_option_table table = {options, sizeof(options) / sizeof(options[0])};

struct fixture {
    struct skm_arena arena;
    struct skm_buf message;
    struct values values;
    struct skm_operands operands;
};

/* Reads the NULL-terminated words. */
static skm_err read_words(struct fixture *f, const struct skm_option_table *of,
                          const char *const *words)
{
    size_t count = 0;
    while (words[count] != NULL) {
        count++;
    }
    *f = (struct fixture){0};
    skm_arena_init(&f->arena, 1u << 20);
    skm_buf_init(&f->message, 1u << 16);
    return skm_options_read(of, &f->arena, words, count, &f->values, &f->operands, &f->message);
}

static void done(struct fixture *f)
{
    skm_buf_fini(&f->message);
    skm_arena_fini(&f->arena);
}

#define READ(f, ...) read_words((f), &table, (const char *const[]){__VA_ARGS__, NULL})

static void test_every_kind_of_option_is_read(void **state)
{
    (void)state;
    struct fixture f;
    assert_ok(READ(&f, "--verbose", "--output", "o", "--policies=a", "one", "--policies", "b",
                   "--form", "second", "--count=18446744073709551600", "-", "two"));
    assert_true(f.values.flag);
    assert_string_equal(f.values.text, "o");
    assert_int_equal(f.values.texts.count, 2);
    assert_string_equal(f.values.texts.items[0], "a");
    assert_string_equal(f.values.texts.items[1], "b");
    assert_int_equal(f.values.choice, 1);
    assert_true(f.values.number == 18446744073709551600u);
    assert_int_equal(f.operands.count, 3);
    assert_string_equal(f.operands.items[1], "-");
    done(&f);
}

static void test_two_dashes_end_the_options(void **state)
{
    (void)state;
    struct fixture f;
    assert_ok(READ(&f, "--", "--verbose", "--nonsense"));
    assert_false(f.values.flag);
    assert_int_equal(f.operands.count, 2);
    assert_string_equal(f.operands.items[1], "--nonsense");
    done(&f);
}

static void test_value_that_looks_like_an_option_is_a_value(void **state)
{
    (void)state;
    struct fixture f;
    assert_ok(READ(&f, "--output", "--verbose"));
    assert_string_equal(f.values.text, "--verbose");
    assert_false(f.values.flag);
    done(&f);
}

static void test_help_is_told_apart(void **state)
{
    (void)state;
    struct fixture f;
    assert_err(READ(&f, "--output", "x", "--help"), NOT_FOUND);
    done(&f);
    assert_err(READ(&f, "-h"), NOT_FOUND);
    done(&f);
    assert_ok(READ(&f, "--output", "--help"));
    done(&f);
}

struct refusal {
    const char *words[4];
    const char *message;
};

static void test_misuse_is_refused_with_the_nearest_name(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {{"--polices", "x"}, "unknown option `--polices`; did you mean `--policies`?"},
        {{"--zzzzzzzzzz"}, "unknown option `--zzzzzzzzzz`"},
        {{"--output"}, "option `--output` needs a value: --output FILE"},
        {{"--verbose=yes"}, "option `--verbose` takes no value"},
        {{"--output=a", "--output=b"}, "option `--output` is given twice"},
        {{"--verbose", "--verbose"}, "option `--verbose` is given twice"},
        {{"--form", "secnd"},
         "option `--form` is one of `first` or `second`, not `secnd`; did you mean `second`?"},
        {{"--count", "-1"}, "option `--count` takes a whole number, not `-1`"},
        {{"--count", "1x"}, "option `--count` takes a whole number, not `1x`"},
        {{"--count="}, "option `--count` takes a whole number"},
        {{"--count", "99999999999999999999"},
         "option `--count` takes a whole number, not `99999999999999999999`"},
        {{"-v"}, "unknown option `-v`; options start with two dashes"},
    };
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct fixture f;
        assert_err(read_words(&f, &table, refusals[i].words), INVALID);
        assert_span_equal(skm_buf_span(&f.message), skm_span_cstr(refusals[i].message));
        done(&f);
    }
}

static void test_required_option_is_missed(void **state)
{
    (void)state;
    struct skm_option required = options[1];
    required.required = true;
    const struct skm_option_table one = {&required, 1};
    struct fixture f;
    const char *const nothing[] = {"operand", NULL};
    const char *const given[] = {"--output", "x", NULL};
    assert_err(read_words(&f, &one, nothing), INVALID);
    assert_span_equal(skm_buf_span(&f.message), SKM_SPAN("option `--output FILE` is missing"));
    done(&f);
    assert_ok(read_words(&f, &one, given));
    done(&f);
}

static void test_help_lists_every_option(void **state)
{
    (void)state;
    struct skm_buf text = {0};
    skm_buf_init(&text, 1u << 16);
    skm_options_help(&table, &text);
    skm_buf_append_char(&text, '\0');
    for (size_t i = 0; i < table.count; i++) {
        assert_non_null(strstr(text.ptr, options[i].name));
    }
    assert_non_null(strstr(text.ptr, "first|second"));
    skm_buf_fini(&text);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_every_kind_of_option_is_read),
    cmocka_unit_test(test_two_dashes_end_the_options),
    cmocka_unit_test(test_value_that_looks_like_an_option_is_a_value),
    cmocka_unit_test(test_help_is_told_apart),
    cmocka_unit_test(test_misuse_is_refused_with_the_nearest_name),
    cmocka_unit_test(test_required_option_is_missed),
    cmocka_unit_test(test_help_lists_every_option),
};

SKM_TEST_MAIN(tests)
