#include "harness/test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/log.h"
#include "base/span.h"

static int ends[2];
static char text[1 << 20];

static int open_pipe(void **state)
{
    (void)state;
    return pipe2(ends, O_CLOEXEC | O_NONBLOCK);
}

static int close_pipe(void **state)
{
    (void)state;
    skm_log_setup(STDERR_FILENO, SKM_LOG_NOTICE, SKM_LOG_FORM_TEXT);
    (void)close(ends[0]);
    (void)close(ends[1]);
    return 0;
}

/* All that was logged so far. */
static skm_span logged(void)
{
    ssize_t got = read(ends[0], text, sizeof text);
    return (skm_span){text, got < 0 ? 0 : (size_t)got};
}

static void test_a_line_has_time_level_and_message(void **state)
{
    (void)state;
    skm_log_setup(ends[1], SKM_LOG_INFO, SKM_LOG_FORM_TEXT);
    skm_log(SKM_LOG_WARNING, "reload: policies refused, %d errors", 2);
    skm_span line = logged();
    /* 2026-11-21T12:00:00.123Z */
    assert_true(line.len > 24);
    for (size_t i = 0; i < 24; i++) {
        const char *form = "dddd-dd-ddTdd:dd:dd.dddZ";
        if (form[i] == 'd') {
            assert_in_range(line.ptr[i], '0', '9');
        } else {
            assert_int_equal(line.ptr[i], form[i]);
        }
    }
    assert_span_equal(skm_span_from(line, 24),
                      SKM_SPAN(" warning reload: policies refused, 2 errors\n"));
}

static void test_lines_below_the_level_are_dropped(void **state)
{
    (void)state;
    skm_log_setup(ends[1], SKM_LOG_NOTICE, SKM_LOG_FORM_JOURNAL);
    skm_log(SKM_LOG_INFO, "not this");
    skm_log(SKM_LOG_DEBUG, "nor this");
    assert_int_equal(logged().len, 0);
    skm_log(SKM_LOG_NOTICE, "this");
    assert_span_equal(logged(), SKM_SPAN("<5>this\n"));
    skm_log(SKM_LOG_ERROR, "and this");
    assert_span_equal(logged(), SKM_SPAN("<3>and this\n"));
}

static void test_input_cannot_forge_a_line(void **state)
{
    (void)state;
    skm_log_setup(ends[1], SKM_LOG_INFO, SKM_LOG_FORM_JOURNAL);
    skm_log(SKM_LOG_NOTICE, "user `%s`",
            "x\n<3>forged\r\x1b[2J\x7f\xe2\x80\xae\xe2\x80\xa8\xff\xc2\x85 \xe9\x96\xa2");
    assert_span_equal(logged(),
                      SKM_SPAN("<5>user `x\\u{a}<3>forged\\u{d}\\u{1b}[2J\\u{7f}\\u{202e}\\u{2028}"
                               "\\xff\\u{85} \xe9\x96\xa2`\n"));
}

static void test_a_json_line_is_json_whatever_the_message(void **state)
{
    (void)state;
    struct skm_arena arena;
    skm_arena_init(&arena, 1 << 20);
    skm_log_setup(ends[1], SKM_LOG_INFO, SKM_LOG_FORM_JSON);
    for (int byte = 1; byte < 256; byte++) {
        skm_log(SKM_LOG_NOTICE, "a \"quoted\\\" %c%c end", byte, byte);
        skm_span line = logged();
        assert_int_equal(line.ptr[line.len - 1], '\n');
        assert_ptr_equal(memchr(line.ptr, '\n', line.len), line.ptr + line.len - 1);
        struct skm_json json;
        assert_ok(skm_json_init(&json, line, &arena, NULL));
        assert_ok(skm_json_skip(&json));
        assert_ok(skm_json_finish(&json));
    }
    skm_log(SKM_LOG_NOTICE, "tab\t\"q\"");
    skm_span line = logged();
    assert_true(skm_span_starts(line, SKM_SPAN("{\"time\":\"")));
    assert_true(skm_span_ends(
        line, SKM_SPAN("\",\"level\":\"notice\",\"message\":\"tab\\\\u{9}\\\"q\\\"\"}\n")));
    skm_arena_fini(&arena);
}

static void test_a_long_line_is_cut_and_says_so(void **state)
{
    (void)state;
    static const enum skm_log_form FORMS[] = {SKM_LOG_FORM_TEXT, SKM_LOG_FORM_JOURNAL,
                                              SKM_LOG_FORM_JSON};
    static char long_text[9000];
    memset(long_text, '\n', sizeof long_text - 1);
    struct skm_arena arena;
    skm_arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < 3; i++) {
        skm_log_setup(ends[1], SKM_LOG_INFO, FORMS[i]);
        skm_log(SKM_LOG_ERROR, "%s", long_text);
        skm_span line = logged();
        assert_in_range(line.len, 4000, 4096);
        assert_ptr_equal(memchr(line.ptr, '\n', line.len), line.ptr + line.len - 1);
        assert_non_null(memmem(line.ptr, line.len, "[cut]", 5));
        if (FORMS[i] == SKM_LOG_FORM_JSON) {
            struct skm_json json;
            assert_ok(skm_json_init(&json, line, &arena, NULL));
            assert_ok(skm_json_skip(&json));
        }
    }
    skm_arena_fini(&arena);
}

static void test_a_message_that_would_fit_the_line_but_was_cut_says_so(void **state)
{
    (void)state;
    skm_log_setup(ends[1], SKM_LOG_INFO, SKM_LOG_FORM_JOURNAL);
    skm_log(SKM_LOG_ERROR, "%03000d", 1);
    assert_true(skm_span_ends(logged(), SKM_SPAN("0001\n")));
    skm_log(SKM_LOG_ERROR, "%03500d", 1);
    assert_true(skm_span_ends(logged(), SKM_SPAN("000[cut]\n")));
}

static void test_errno_survives_and_a_dead_log_does_no_harm(void **state)
{
    (void)state;
    skm_log_setup(-1, SKM_LOG_INFO, SKM_LOG_FORM_TEXT);
    errno = ENOSPC;
    skm_log(SKM_LOG_ERROR, "to nowhere");
    assert_int_equal(errno, ENOSPC);
}

static void *log_many(void *argument)
{
    const char *letter = argument;
    for (int i = 0; i < 20; i++) {
        skm_log(SKM_LOG_NOTICE, "%.*s", 60,
                *letter == 'a' ? "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                               : "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
    }
    return NULL;
}

static void test_lines_of_threads_do_not_mix(void **state)
{
    (void)state;
    pthread_t threads[4];
    static char letters[] = "abab";
    skm_log_setup(ends[1], SKM_LOG_INFO, SKM_LOG_FORM_JOURNAL);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, log_many, &letters[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    skm_span all = logged();
    assert_int_equal(all.len, 80 * 64);
    for (size_t line = 0; line < 80; line++) {
        const char *at = all.ptr + line * 64;
        assert_memory_equal(at, "<5>", 3);
        for (size_t i = 4; i < 63; i++) {
            assert_int_equal(at[i], at[3]);
        }
        assert_int_equal(at[63], '\n');
    }
}

#define LOG_TEST(name) cmocka_unit_test_setup_teardown(name, open_pipe, close_pipe)

static const struct CMUnitTest tests[] = {
    LOG_TEST(test_a_line_has_time_level_and_message),
    LOG_TEST(test_lines_below_the_level_are_dropped),
    LOG_TEST(test_input_cannot_forge_a_line),
    LOG_TEST(test_a_json_line_is_json_whatever_the_message),
    LOG_TEST(test_a_long_line_is_cut_and_says_so),
    LOG_TEST(test_a_message_that_would_fit_the_line_but_was_cut_says_so),
    LOG_TEST(test_errno_survives_and_a_dead_log_does_no_harm),
    LOG_TEST(test_lines_of_threads_do_not_mix),
};

SKM_TEST_MAIN(tests)
