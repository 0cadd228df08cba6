#include "harness/test.h"

#include "harness/scene.h"

#include "harness/exchange.h"
#include "proto/request_id.h"

static void test_header_is_found_without_regard_to_case(void **state)
{
    (void)state;
    struct exchange x;
    bool repeated = true;
    exchange_open(&x);
    exchange_header(&x, "X-One", "1");
    const skm_span *value = skm_http_header_find(&x.request, SKM_SPAN("x-oNE"), &repeated);
    assert_non_null(value);
    assert_span_equal(*value, SKM_SPAN("1"));
    assert_false(repeated);
    assert_null(skm_http_header_find(&x.request, SKM_SPAN("x-on"), &repeated));
    assert_null(skm_http_header_find(&x.request, SKM_SPAN("x-one-"), &repeated));
    assert_false(repeated);
    exchange_close(&x);
}

static void test_repeated_header_has_no_value(void **state)
{
    (void)state;
    struct exchange x;
    bool repeated = false;
    exchange_open(&x);
    exchange_header(&x, "X-One", "1");
    exchange_header(&x, "x-one", "1");
    assert_null(skm_http_header_find(&x.request, SKM_SPAN("X-One"), &repeated));
    assert_true(repeated);
    assert_null(skm_http_header_find(&x.request, SKM_SPAN("X-One"), NULL));
    exchange_close(&x);
}

static void test_response_headers_cannot_be_split(void **state)
{
    (void)state;
    static const skm_span bad[] = {
        {"a\r\nb", 4}, {"a\nb", 3}, {"a\rb", 3}, {"a\0b", 3}, {"\x7f", 1}};
    struct exchange x;
    exchange_open(&x);
    for (size_t i = 0; i < SKM_ARRAY_LEN(bad); i++) {
        assert_err(skm_http_add_header(&x.response, SKM_SPAN("X-A"), bad[i]), ENCODING);
    }
    assert_int_equal(x.header_lines.len, 0);
    assert_ok(skm_http_add_header(&x.response, SKM_SPAN("X-A"), SKM_SPAN("a\tb \xe3\x81\x82")));
    assert_true(exchange_has_line(&x, "X-A: a\tb \xe3\x81\x82"));
    exchange_close(&x);
}

static void test_response_header_names_are_tokens_and_not_the_servers(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "a b",
                                      "a:",
                                      "a\r\n",
                                      "\xe3",
                                      "(a)",
                                      "Date",
                                      "date",
                                      "Content-Length",
                                      "CONNECTION",
                                      "Transfer-Encoding"};
    struct exchange x;
    exchange_open(&x);
    for (size_t i = 0; i < SKM_ARRAY_LEN(bad); i++) {
        assert_err(skm_http_add_header(&x.response, skm_span_cstr(bad[i]), SKM_SPAN("v")), INVALID);
    }
    assert_ok(skm_http_add_header(&x.response, SKM_SPAN("X-!#$%&'*+-.^_`|~9"), SKM_SPAN("v")));
    exchange_close(&x);
}

static void test_response_header_length_is_bounded(void **state)
{
    (void)state;
    static char value[8193];
    struct exchange x;
    exchange_open(&x);
    memset(value, 'a', sizeof(value));
    assert_err(skm_http_add_header(&x.response, SKM_SPAN("X"), skm_span_of(value, 8193)), SIZE);
    assert_ok(skm_http_add_header(&x.response, SKM_SPAN("X"), skm_span_of(value, 8192)));
    exchange_close(&x);
}

static void test_cache_control_of_an_endpoint_is_noted(void **state)
{
    (void)state;
    struct exchange x;
    exchange_open(&x);
    assert_ok(skm_http_add_header(&x.response, SKM_SPAN("X-Cache-Control"), SKM_SPAN("v")));
    assert_false(x.response.has_cache_control);
    assert_ok(skm_http_add_header(&x.response, SKM_SPAN("cache-control"), SKM_SPAN("v")));
    assert_true(x.response.has_cache_control);
    exchange_close(&x);
}

static void test_error_replaces_what_was_written(void **state)
{
    (void)state;
    struct exchange x;
    exchange_open(&x);
    skm_buf_append_cstr(&x.body, "half an answer");
    skm_http_respond_error(&x.response, 400, SKM_SPAN("not \"so\""));
    assert_int_equal(x.response.status, 400);
    assert_span_equal(skm_buf_span(&x.body), SKM_SPAN("\"not \\\"so\\\"\""));
    assert_span_equal(x.response.content_type, SKM_SPAN("application/json"));
    exchange_close(&x);
}

static void test_status_texts(void **state)
{
    (void)state;
    assert_string_equal(skm_http_status_text(404), "Not Found");
    assert_string_equal(skm_http_status_text(799), "Unknown");
}

/* ---- X-Request-ID (AuthZEN 1.0 §10.1.4) ---- */

static bool echoes(const char *id)
{
    struct exchange x;
    char line[400];
    exchange_open(&x);
    exchange_header(&x, "x-request-id", id);
    skm_request_id_echo(NULL, &x.request, &x.response);
    (void)snprintf(line, sizeof(line), "X-Request-ID: %s", id);
    bool echoed = exchange_has_line(&x, line);
    assert_int_equal(x.header_lines.len > 0, echoed);
    exchange_close(&x);
    return echoed;
}

static void test_request_id_comes_back_when_harmless(void **state)
{
    (void)state;
    char text[130];
    memset(text, 'a', sizeof(text));
    text[128] = '\0';
    assert_true(echoes("bfe9eb29-ab87-4ca3-be83-a1d5d8305716"));
    assert_true(echoes("a b~!"));
    assert_true(echoes(text));
    text[128] = 'a';
    text[129] = '\0';
    assert_false(echoes(text));
    assert_false(echoes(""));
    assert_false(echoes("a\tb"));
    assert_false(echoes("a\r\nSet-Cookie: x"));
    assert_false(echoes("\xe3\x81\x82"));
    assert_false(echoes("a\x7f"));
}

static void test_request_id_that_comes_twice_or_not_is_not_echoed(void **state)
{
    (void)state;
    struct exchange x;
    exchange_open(&x);
    skm_request_id_echo(NULL, &x.request, &x.response);
    exchange_header(&x, "X-Request-ID", "a");
    exchange_header(&x, "X-Request-ID", "a");
    skm_request_id_echo(NULL, &x.request, &x.response);
    skm_request_id_echo(NULL, NULL, &x.response);
    assert_int_equal(x.header_lines.len, 0);
    exchange_close(&x);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_header_is_found_without_regard_to_case),
    cmocka_unit_test(test_repeated_header_has_no_value),
    cmocka_unit_test(test_response_headers_cannot_be_split),
    cmocka_unit_test(test_response_header_names_are_tokens_and_not_the_servers),
    cmocka_unit_test(test_response_header_length_is_bounded),
    cmocka_unit_test(test_cache_control_of_an_endpoint_is_noted),
    cmocka_unit_test(test_error_replaces_what_was_written),
    cmocka_unit_test(test_status_texts),
    cmocka_unit_test(test_request_id_comes_back_when_harmless),
    cmocka_unit_test(test_request_id_that_comes_twice_or_not_is_not_echoed),
};

SKM_TEST_MAIN(tests)
