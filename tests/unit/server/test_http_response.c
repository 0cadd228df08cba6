#include "harness/test.h"

#include "base/attr.h"
#include "base/span.h"
#include "server/http_response.h"

static void test_dates_have_the_fixed_form(void **state)
{
    (void)state;
    static const struct {
        int64_t wall_s;
        const char *text;
    } rows[] = {
        {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"}, /* RFC 9110 §5.6.7 */
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {-1, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {951827696, "Tue, 29 Feb 2000 12:34:56 GMT"},
        {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
        {253402300800, "Fri, 31 Dec 9999 23:59:59 GMT"},
        {INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT"},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(rows); i++) {
        char date[SKM_HTTP_DATE_BYTES];
        skm_http_date(rows[i].wall_s, date);
        assert_string_equal(date, rows[i].text);
    }
}

struct desk {
    struct skm_http_common common;
    struct skm_buf body;
    struct skm_buf headers;
    struct skm_buf out;
};

static void write_at(struct desk *desk, int64_t wall_ms, uint16_t status,
                     struct skm_http_frame frame, bool has_cache_control)
{
    struct skm_http_response response = {.status = status,
                                         .has_cache_control = has_cache_control,
                                         .content_type = SKM_SPAN("text/plain"),
                                         .body = &desk->body,
                                         .headers = &desk->headers};
    skm_buf_reset(&desk->out);
    skm_http_response_write(&desk->common, wall_ms, &response, frame, &desk->out);
    assert_ok(skm_buf_check(&desk->out));
}

static void desk_init(struct desk *desk)
{
    *desk = (struct desk){.common = {.wall_s = 0}};
    skm_buf_init(&desk->body, 1000);
    skm_buf_init(&desk->headers, 1000);
    skm_buf_init(&desk->out, 10000);
    skm_buf_append(&desk->body, SKM_SPAN("hello"));
    skm_buf_append(&desk->headers, SKM_SPAN("A: b\r\n"));
}

static void desk_fini(struct desk *desk)
{
    skm_buf_fini(&desk->body);
    skm_buf_fini(&desk->headers);
    skm_buf_fini(&desk->out);
}

static void test_response_is_framed_byte_for_byte(void **state)
{
    (void)state;
    struct desk desk;
    desk_init(&desk);
    write_at(&desk, 784111777999, 200, (struct skm_http_frame){.close = false}, false);
    assert_span_equal(
        skm_buf_span(&desk.out),
        SKM_SPAN("HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                 "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n"
                 "Content-Type: text/plain\r\nContent-Length: 5\r\nA: b\r\n\r\nhello"));
    write_at(&desk, 784111778000, 404, (struct skm_http_frame){.close = true, .head_only = true},
             true);
    assert_span_equal(skm_buf_span(&desk.out),
                      SKM_SPAN("HTTP/1.1 404 Not Found\r\nDate: Sun, 06 Nov 1994 08:49:38 GMT\r\n"
                               "X-Content-Type-Options: nosniff\r\nContent-Type: text/plain\r\n"
                               "Content-Length: 5\r\nConnection: close\r\nA: b\r\n\r\n"));
    desk_fini(&desk);
}

/* RFC 9110 §8.6 */
static void test_no_content_has_neither_length_nor_body(void **state)
{
    (void)state;
    struct desk desk;
    desk_init(&desk);
    write_at(&desk, 784111777000, 204, (struct skm_http_frame){.is_http_10 = true}, false);
    skm_span text = skm_buf_span(&desk.out);
    assert_null(memmem(text.ptr, text.len, "Content-Length", 14));
    assert_true(skm_span_ends(text, SKM_SPAN("Connection: keep-alive\r\nA: b\r\n\r\n")));
    desk_fini(&desk);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_dates_have_the_fixed_form),
    cmocka_unit_test(test_response_is_framed_byte_for_byte),
    cmocka_unit_test(test_no_content_has_neither_length_nor_body),
};

SKM_TEST_MAIN(tests)
