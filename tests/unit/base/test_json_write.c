#include "harness/test.h"

#include "base/attr.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/span.h"

static void test_commas_stand_between_values_only(void **state)
{
    (void)state;
    SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
    struct skm_json_writer json;
    skm_buf_init(&buf, 10000);
    skm_json_writer_init(&json, &buf);
    skm_json_write_object_begin(&json);
    skm_json_write_key(&json, SKM_SPAN("a"));
    skm_json_write_array_begin(&json);
    skm_json_write_i64(&json, -1);
    skm_json_write_u64(&json, UINT64_MAX);
    skm_json_write_array_begin(&json);
    skm_json_write_array_end(&json);
    skm_json_write_object_begin(&json);
    skm_json_write_object_end(&json);
    skm_json_write_null(&json);
    skm_json_write_array_end(&json);
    skm_json_write_key(&json, SKM_SPAN("b"));
    skm_json_write_bool(&json, true);
    skm_json_write_key(&json, SKM_SPAN("c\"d"));
    skm_json_write_string(&json, SKM_SPAN("e"));
    skm_json_write_key(&json, SKM_SPAN("f"));
    skm_json_write_raw(&json, SKM_SPAN("[1, 2]"));
    skm_json_write_key(&json, SKM_SPAN("g"));
    skm_json_write_bool(&json, false);
    skm_json_write_object_end(&json);
    assert_ok(skm_buf_check(&buf));
    assert_span_equal(skm_buf_span(&buf),
                      SKM_SPAN("{\"a\":[-1,18446744073709551615,[],{},null],\"b\":true,"
                               "\"c\\\"d\":\"e\",\"f\":[1, 2],\"g\":false}"));
}

static void test_values_at_the_top_are_not_separated(void **state)
{
    (void)state;
    SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
    struct skm_json_writer json;
    skm_buf_init(&buf, 1000);
    skm_json_writer_init(&json, &buf);
    skm_json_write_array_begin(&json);
    skm_json_write_array_end(&json);
    skm_buf_append_char(&buf, '\n');
    skm_json_write_null(&json);
    assert_span_equal(skm_buf_span(&buf), SKM_SPAN("[]\nnull"));
}

static void test_strings_are_escaped(void **state)
{
    (void)state;
    static const struct {
        skm_span text;
        skm_span written;
    } CASES[] = {
        {SKM_SPAN_INIT(""), SKM_SPAN_INIT("\"\"")},
        {SKM_SPAN_INIT("plain / text"), SKM_SPAN_INIT("\"plain / text\"")},
        {SKM_SPAN_INIT("\"\\"), SKM_SPAN_INIT("\"\\\"\\\\\"")},
        {SKM_SPAN_INIT("\b\t\n\v\f\r"), SKM_SPAN_INIT("\"\\b\\t\\n\\u000b\\f\\r\"")},
        {SKM_SPAN_INIT("\0\x1f\x7f"), SKM_SPAN_INIT("\"\\u0000\\u001f\\u007f\"")},
        {SKM_SPAN_INIT("\xc2\x9b\xc2\xa0"), SKM_SPAN_INIT("\"\\u009b\xc2\xa0\"")},
        {SKM_SPAN_INIT("\xe9\x96\xa2\xf0\x9f\x94\x91"),
         SKM_SPAN_INIT("\"\xe9\x96\xa2\xf0\x9f\x94\x91\"")},
        {SKM_SPAN_INIT("a\xff\xc3"), SKM_SPAN_INIT("\"a\xef\xbf\xbd\xef\xbf\xbd\"")},
        {SKM_SPAN_INIT("\xed\xa0\x80z"),
         SKM_SPAN_INIT("\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\"")},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(CASES); i++) {
        SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
        skm_buf_init(&buf, 1000);
        skm_json_append_string(&buf, CASES[i].text);
        assert_span_equal(skm_buf_span(&buf), CASES[i].written);
    }
}

static void test_depth_63_is_the_deepest(void **state)
{
    (void)state;
    SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
    struct skm_json_writer json;
    skm_buf_init(&buf, 1000);
    skm_json_writer_init(&json, &buf);
    for (int i = 0; i < 63; i++) {
        skm_json_write_array_begin(&json);
    }
    skm_json_write_null(&json);
    skm_json_write_null(&json);
    assert_ok(skm_buf_check(&buf));
    skm_json_write_array_begin(&json);
    assert_err(skm_buf_check(&buf), DEPTH);
}

static void test_misuse_is_an_error_not_bad_json(void **state)
{
    (void)state;
    SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
    struct skm_json_writer json;
    skm_buf_init(&buf, 1000);
    skm_json_writer_init(&json, &buf);
    skm_json_write_object_end(&json);
    assert_err(skm_buf_check(&buf), INTERNAL);

    skm_buf_reset(&buf);
    skm_json_writer_init(&json, &buf);
    skm_json_write_object_begin(&json);
    skm_json_write_key(&json, SKM_SPAN("a"));
    skm_json_write_key(&json, SKM_SPAN("b"));
    assert_err(skm_buf_check(&buf), INTERNAL);

    skm_buf_reset(&buf);
    skm_json_writer_init(&json, &buf);
    skm_json_write_object_begin(&json);
    skm_json_write_key(&json, SKM_SPAN("a"));
    skm_json_write_object_end(&json);
    assert_err(skm_buf_check(&buf), INTERNAL);
}

static void test_a_full_buffer_is_the_writers_error(void **state)
{
    (void)state;
    for (size_t max = 0; max < 12; max++) {
        SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
        struct skm_json_writer json;
        skm_buf_init(&buf, max);
        skm_json_writer_init(&json, &buf);
        skm_json_write_object_begin(&json);
        skm_json_write_key(&json, SKM_SPAN("k"));
        skm_json_write_string(&json, SKM_SPAN("val"));
        skm_json_write_object_end(&json);
        assert_int_equal(skm_buf_check(&buf).code, max < 11 ? SKM_E_SIZE : SKM_E_OK);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_commas_stand_between_values_only),
    cmocka_unit_test(test_values_at_the_top_are_not_separated),
    cmocka_unit_test(test_strings_are_escaped),
    cmocka_unit_test(test_depth_63_is_the_deepest),
    cmocka_unit_test(test_misuse_is_an_error_not_bad_json),
    cmocka_unit_test(test_a_full_buffer_is_the_writers_error),
};

SKM_TEST_MAIN(tests)
