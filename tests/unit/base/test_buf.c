#include "harness/test.h"

#include "base/attr.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/span.h"

static void test_what_is_appended_is_there(void **state)
{
    (void)state;
    SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
    skm_buf_init(&buf, 1000);
    skm_buf_append(&buf, SKM_SPAN("a\0b"));
    skm_buf_append(&buf, (skm_span){NULL, 0});
    skm_buf_append_cstr(&buf, "cd");
    skm_buf_append_char(&buf, 'e');
    skm_buf_printf(&buf, "<%d|%s>", -5, "x");
    assert_ok(skm_buf_check(&buf));
    assert_span_equal(skm_buf_span(&buf), SKM_SPAN("a\0bcde<-5|x>"));
}

static void test_numbers_at_their_ends(void **state)
{
    (void)state;
    SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
    skm_buf_init(&buf, 1000);
    skm_buf_append_u64(&buf, 0);
    skm_buf_append_char(&buf, ' ');
    skm_buf_append_u64(&buf, UINT64_MAX);
    skm_buf_append_char(&buf, ' ');
    skm_buf_append_i64(&buf, INT64_MIN);
    skm_buf_append_char(&buf, ' ');
    skm_buf_append_i64(&buf, INT64_MAX);
    skm_buf_append_char(&buf, ' ');
    skm_buf_append_i64(&buf, -1);
    assert_span_equal(
        skm_buf_span(&buf),
        SKM_SPAN("0 18446744073709551615 -9223372036854775808 9223372036854775807 -1"));
}

static void test_formatted_text_of_every_length_is_whole(void **state)
{
    (void)state;
    for (int width = 250; width < 260; width++) {
        SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
        skm_buf_init(&buf, (size_t)width);
        skm_buf_printf(&buf, "%*d", width, 7);
        assert_ok(skm_buf_check(&buf));
        assert_int_equal(buf.len, width);
        assert_int_equal(buf.ptr[width - 1], '7');
    }
}

static void test_the_maximum_can_be_filled_and_not_passed(void **state)
{
    (void)state;
    static const size_t MOST[] = {0, 1, 10, 256, 257, 1000, 5000};
    for (size_t m = 0; m < sizeof MOST / sizeof MOST[0]; m++) {
        SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
        skm_buf_init(&buf, MOST[m]);
        for (size_t i = 0; i < MOST[m]; i++) {
            skm_buf_append_char(&buf, 'x');
        }
        assert_ok(skm_buf_check(&buf));
        assert_true(buf.cap <= MOST[m]);
        skm_buf_append_char(&buf, 'y');
        assert_err(skm_buf_check(&buf), SIZE);
        assert_int_equal(buf.len, MOST[m]);
    }
}

static void test_the_first_error_sticks_until_reset(void **state)
{
    (void)state;
    SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
    skm_buf_init(&buf, 4);
    skm_buf_append_cstr(&buf, "12345");
    skm_buf_append_cstr(&buf, "a");
    skm_buf_printf(&buf, "%d", 1);
    assert_null(skm_buf_reserve(&buf, 1));
    assert_err(skm_buf_check(&buf), SIZE);
    assert_int_equal(buf.len, 0);
    skm_buf_reset(&buf);
    skm_buf_append_cstr(&buf, "a");
    assert_ok(skm_buf_check(&buf));
    assert_span_equal(skm_buf_span(&buf), SKM_SPAN("a"));
}

static void test_absurd_lengths_are_refused(void **state)
{
    (void)state;
    SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
    skm_buf_init(&buf, SIZE_MAX);
    skm_buf_append_cstr(&buf, "abc");
    assert_null(skm_buf_reserve(&buf, SIZE_MAX));
    assert_err(skm_buf_check(&buf), SIZE);
}

static void test_reserved_bytes_count_when_committed(void **state)
{
    (void)state;
    SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
    skm_buf_init(&buf, 1000);
    char *room = skm_buf_reserve(&buf, 5);
    assert_non_null(room);
    memcpy(room, "12345", 5);
    assert_int_equal(skm_buf_span(&buf).len, 0);
    skm_buf_commit(&buf, 3);
    assert_span_equal(skm_buf_span(&buf), SKM_SPAN("123"));
    skm_buf_commit(&buf, 100000);
    assert_err(skm_buf_check(&buf), INTERNAL);
    assert_span_equal(skm_buf_span(&buf), SKM_SPAN("123"));
}

static void test_consumed_bytes_leave_the_rest(void **state)
{
    (void)state;
    SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
    skm_buf_init(&buf, 1000);
    skm_buf_append_cstr(&buf, "abcdef");
    skm_buf_consume(&buf, 0);
    skm_buf_consume(&buf, 2);
    assert_span_equal(skm_buf_span(&buf), SKM_SPAN("cdef"));
    skm_buf_consume(&buf, 100);
    assert_int_equal(skm_buf_span(&buf).len, 0);
}

static void test_a_failed_allocation_keeps_the_content(void **state)
{
    (void)state;
    for (size_t n = 0; n < 4; n++) {
        SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
        skm_buf_init(&buf, 100000);
        skm_mem_fail_after(n);
        for (size_t i = 0; i < 10000; i++) {
            skm_buf_append_char(&buf, (char)('a' + i % 26));
        }
        skm_mem_fail_after(SIZE_MAX);
        assert_err(skm_buf_check(&buf), MEMORY);
        for (size_t i = 0; i < buf.len; i++) {
            assert_int_equal(buf.ptr[i], 'a' + i % 26);
        }
    }
    SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
    skm_buf_init(&buf, 100000);
    skm_mem_fail_after(0);
    skm_buf_printf(&buf, "%*d", 1000, 1);
    skm_mem_fail_after(SIZE_MAX);
    assert_err(skm_buf_check(&buf), MEMORY);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_what_is_appended_is_there),
    cmocka_unit_test(test_numbers_at_their_ends),
    cmocka_unit_test(test_formatted_text_of_every_length_is_whole),
    cmocka_unit_test(test_the_maximum_can_be_filled_and_not_passed),
    cmocka_unit_test(test_the_first_error_sticks_until_reset),
    cmocka_unit_test(test_absurd_lengths_are_refused),
    cmocka_unit_test(test_reserved_bytes_count_when_committed),
    cmocka_unit_test(test_consumed_bytes_leave_the_rest),
    cmocka_unit_test(test_a_failed_allocation_keeps_the_content),
};

SKM_TEST_MAIN(tests)
