#include "harness/test.h"

#include "base/attr.h"
#include "base/span.h"
#include "server/http_chunk.h"
#include "server/http_parse.h"

static const struct skm_http_parse_limits LIMITS = {
    .head_bytes = 2048, .target_bytes = 256, .headers = 8};

#define HEADERS 8

/* A head in an allocation of exactly its size, so that the sanitizer sees a read past its end. */
static enum skm_http_parse_result parse_copy(skm_span text, struct skm_http_header *headers,
                                             struct skm_http_head *head)
{
    char *copy = malloc(text.len + (text.len == 0));
    assert_non_null(copy);
    memcpy(copy, text.ptr, text.len);
    enum skm_http_parse_result result =
        skm_http_parse_head(skm_span_of(copy, text.len), &LIMITS, headers, head);
    free(copy);
    return result;
}

/* status 0: accepted. */
struct row {
    skm_span text;
    uint16_t status;
    enum skm_http_reject reason;
};

#define ACCEPT(text)                                                                               \
    {                                                                                              \
        {"" text, sizeof(text) - 1}, 0, SKM_HTTP_REJECT_SYNTAX                                     \
    }
#define REFUSE(text, status, reason)                                                               \
    {                                                                                              \
        {"" text, sizeof(text) - 1}, status, SKM_HTTP_REJECT_##reason                              \
    }
#define H "Host: a\r\n"

static const struct row ROWS[] = {
    /* RFC 9112 §3: request line */
    ACCEPT("GET / HTTP/1.1\r\n" H "\r\n"),
    ACCEPT("\r\nGET / HTTP/1.1\r\n" H "\r\n"),
    REFUSE("\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", 400, SYNTAX),
    REFUSE("\nGET / HTTP/1.1\r\n" H "\r\n", 400, SYNTAX),
    REFUSE(" GET / HTTP/1.1\r\n" H "\r\n", 400, SYNTAX),
    REFUSE("GET  / HTTP/1.1\r\n" H "\r\n", 400, SYNTAX),
    REFUSE("GET /  HTTP/1.1\r\n" H "\r\n", 400, SYNTAX),
    REFUSE("GET\t/ HTTP/1.1\r\n" H "\r\n", 400, SYNTAX),
    REFUSE("GET / HTTP/1.1 \r\n" H "\r\n", 400, SYNTAX),
    REFUSE("GET / HTTP/1.1\n" H "\r\n", 400, SYNTAX),
    REFUSE("GET / HTTP/1.1\r" H "\r\n", 400, SYNTAX),
    REFUSE("GET /\r\n" H "\r\n", 400, SYNTAX),
    REFUSE("GET\r\n\r\n", 400, SYNTAX),
    REFUSE("G@T / HTTP/1.1\r\n" H "\r\n", 400, SYNTAX),
    REFUSE("G\0T / HTTP/1.1\r\n" H "\r\n", 400, SYNTAX),
    ACCEPT("BREW / HTTP/1.1\r\n" H "\r\n"),
    ACCEPT("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF / HTTP/1.1\r\n" H "\r\n"),
    REFUSE("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\n" H "\r\n", 400, SYNTAX),
    REFUSE("\x16\x03\x01\x02\x00", 400, SYNTAX), /* a TLS greeting */
    /* §2.3: version */
    ACCEPT("GET / HTTP/1.0\r\n\r\n"),
    REFUSE("GET / HTTP/1.2\r\n" H "\r\n", 505, VERSION),
    REFUSE("GET / HTTP/2.0\r\n" H "\r\n", 505, VERSION),
    REFUSE("GET / HTTP/0.9\r\n" H "\r\n", 505, VERSION),
    REFUSE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, VERSION),
    REFUSE("GET / http/1.1\r\n" H "\r\n", 400, SYNTAX),
    REFUSE("GET / HTTP/1.10\r\n" H "\r\n", 400, SYNTAX),
    REFUSE("GET / HTTP/11\r\n" H "\r\n", 400, SYNTAX),
    REFUSE("GET / HTTP /1.1\r\n" H "\r\n", 400, SYNTAX),
    /* §3.2: target */
    ACCEPT("GET /a/b%20c?x=1&y=%00;z HTTP/1.1\r\n" H "\r\n"),
    ACCEPT("GET /a?q={1|2}^`x HTTP/1.1\r\n" H "\r\n"),
    REFUSE("GET /a#b HTTP/1.1\r\n" H "\r\n", 400, SYNTAX),
    REFUSE("GET /\"a HTTP/1.1\r\n" H "\r\n", 400, SYNTAX),
    REFUSE("GET /<a> HTTP/1.1\r\n" H "\r\n", 400, SYNTAX),
    REFUSE("GET /a\\b HTTP/1.1\r\n" H "\r\n", 400, SYNTAX),
    REFUSE("GET /\x80 HTTP/1.1\r\n" H "\r\n", 400, SYNTAX),
    REFUSE("GET /\x7f HTTP/1.1\r\n" H "\r\n", 400, SYNTAX),
    REFUSE("GET /\0 HTTP/1.1\r\n" H "\r\n", 400, SYNTAX),
    REFUSE("GET a HTTP/1.1\r\n" H "\r\n", 400, SYNTAX),
    ACCEPT("OPTIONS * HTTP/1.1\r\n" H "\r\n"),
    REFUSE("GET * HTTP/1.1\r\n" H "\r\n", 400, SYNTAX),
    REFUSE("OPTIONS ** HTTP/1.1\r\n" H "\r\n", 400, SYNTAX),
    REFUSE("CONNECT a:443 HTTP/1.1\r\n" H "\r\n", 400, SYNTAX),
    ACCEPT("GET http://a/x HTTP/1.1\r\n" H "\r\n"),
    ACCEPT("GET HTTPS://A HTTP/1.1\r\n" H "\r\n"),
    REFUSE("GET http://b/x HTTP/1.1\r\n" H "\r\n", 400, HOST),
    REFUSE("GET http:///x HTTP/1.1\r\n" H "\r\n", 400, SYNTAX),
    REFUSE("GET http://u@a/x HTTP/1.1\r\n" H "\r\n", 400, HOST),
    REFUSE("GET ftp://a/x HTTP/1.1\r\n" H "\r\n", 400, SYNTAX),
    /* §3.2, RFC 9110 §7.2: Host */
    REFUSE("GET / HTTP/1.1\r\n\r\n", 400, HOST),
    REFUSE("GET / HTTP/1.1\r\n" H H "\r\n", 400, HOST),
    REFUSE("GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n", 400, HOST),
    REFUSE("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, HOST),
    REFUSE("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, HOST),
    REFUSE("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 400, HOST),
    REFUSE("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, HOST),
    REFUSE("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400, HOST),
    ACCEPT("GET / HTTP/1.1\r\nHost: a.example:8180\r\n\r\n"),
    REFUSE("GET / HTTP/1.1\r\nHost: a.example:8x\r\n\r\n", 400, HOST),
    REFUSE("GET / HTTP/1.1\r\nHost: a.example:818000\r\n\r\n", 400, HOST),
    ACCEPT("GET / HTTP/1.1\r\nHost: [::1]:8180\r\n\r\n"),
    REFUSE("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400, HOST),
    REFUSE("GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", 400, HOST),
    REFUSE("GET / HTTP/1.1\r\nHost: [::g]\r\n\r\n", 400, HOST),
    ACCEPT("GET / HTTP/1.0\r\n" H "\r\n"),
    REFUSE("GET / HTTP/1.0\r\n" H H "\r\n", 400, HOST),
    /* §5: field lines */
    ACCEPT("GET / HTTP/1.1\r\n" H "X:\r\n\r\n"),
    ACCEPT("GET / HTTP/1.1\r\n" H "X:a\tb \t\r\n\r\n"),
    ACCEPT("GET / HTTP/1.1\r\n" H "X: \xff\x80 obs-text\r\n\r\n"),
    REFUSE("GET / HTTP/1.1\r\n" H "X : a\r\n\r\n", 400, SYNTAX),
    REFUSE("GET / HTTP/1.1\r\n" H "X\t: a\r\n\r\n", 400, SYNTAX),
    REFUSE("GET / HTTP/1.1\r\n X: a\r\n" H "\r\n", 400, SYNTAX),
    REFUSE("GET / HTTP/1.1\r\n" H "X: a\r\n b\r\n\r\n", 400, SYNTAX),
    REFUSE("GET / HTTP/1.1\r\n" H "X: a\r\n\tb\r\n\r\n", 400, SYNTAX),
    REFUSE("GET / HTTP/1.1\r\n" H ": a\r\n\r\n", 400, SYNTAX),
    REFUSE("GET / HTTP/1.1\r\n" H "X\r\n\r\n", 400, SYNTAX),
    REFUSE("GET / HTTP/1.1\r\n" H "X(: a\r\n\r\n", 400, SYNTAX),
    REFUSE("GET / HTTP/1.1\r\n" H "X\x80: a\r\n\r\n", 400, SYNTAX),
    REFUSE("GET / HTTP/1.1\r\n" H "X: a\0b\r\n\r\n", 400, SYNTAX),
    REFUSE("GET / HTTP/1.1\r\n" H "X: a\x7f\r\n\r\n", 400, SYNTAX),
    REFUSE("GET / HTTP/1.1\r\n" H "X: a long value with \x01 in it\r\n\r\n", 400, SYNTAX),
    REFUSE("GET / HTTP/1.1\r\n" H "X: a\nY: b\r\n\r\n", 400, SYNTAX),
    REFUSE("GET / HTTP/1.1\r\n" H "X: a\rY: b\r\n\r\n", 400, SYNTAX),
    REFUSE("GET / HTTP/1.1\r\n" H "X: a\r\r\n\r\n", 400, SYNTAX),
    REFUSE("GET / HTTP/1.1\r\n" H "X: a\r\n\n", 400, SYNTAX),
    REFUSE("GET / HTTP/1.1\r\n" H "\rX", 400, SYNTAX),
    ACCEPT("GET / HTTP/1.1\r\n" H "1:\r\n2:\r\n3:\r\n4:\r\n5:\r\n6:\r\n7:\r\n\r\n"),
    REFUSE("GET / HTTP/1.1\r\n" H "1:\r\n2:\r\n3:\r\n4:\r\n5:\r\n6:\r\n7:\r\n8:\r\n\r\n", 431,
           HEAD_SIZE),
    /* §6.2, RFC 9110 §8.6: Content-Length */
    ACCEPT("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\n"),
    ACCEPT("POST / HTTP/1.1\r\n" H "CONTENT-LENGTH:0 \r\n\r\n"),
    ACCEPT("POST / HTTP/1.1\r\n" H "Content-Length: 123456789012345678\r\n\r\n"),
    REFUSE("POST / HTTP/1.1\r\n" H "Content-Length: 1234567890123456789\r\n\r\n", 413, BODY_SIZE),
    REFUSE("POST / HTTP/1.1\r\n" H "Content-Length: 18446744073709551621\r\n\r\n", 413, BODY_SIZE),
    REFUSE("POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n", 400, FRAMING),
    REFUSE("POST / HTTP/1.1\r\n" H "Content-Length: +5\r\n\r\n", 400, FRAMING),
    REFUSE("POST / HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\n", 400, FRAMING),
    REFUSE("POST / HTTP/1.1\r\n" H "Content-Length: 05\r\n\r\n", 400, FRAMING),
    REFUSE("POST / HTTP/1.1\r\n" H "Content-Length: 00\r\n\r\n", 400, FRAMING),
    REFUSE("POST / HTTP/1.1\r\n" H "Content-Length: 5 5\r\n\r\n", 400, FRAMING),
    REFUSE("POST / HTTP/1.1\r\n" H "Content-Length: 5, 5\r\n\r\n", 400, FRAMING),
    REFUSE("POST / HTTP/1.1\r\n" H "Content-Length: 5.0\r\n\r\n", 400, FRAMING),
    REFUSE("POST / HTTP/1.1\r\n" H "Content-Length: 0x5\r\n\r\n", 400, FRAMING),
    REFUSE("POST / HTTP/1.1\r\n" H "Content-Length: 5a\r\n\r\n", 400, FRAMING),
    REFUSE("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400, FRAMING),
    REFUSE("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400, FRAMING),
    /* §6.1, §6.3: Transfer-Encoding */
    ACCEPT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"),
    ACCEPT("POST / HTTP/1.1\r\n" H "transfer-encoding:CHUNKED\r\n\r\n"),
    REFUSE("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
           FRAMING),
    REFUSE("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400,
           FRAMING),
    REFUSE("POST / HTTP/1.1\r\n" H "Transfer-Encoding: x\r\nContent-Length: 5\r\n\r\n", 400,
           FRAMING),
    REFUSE("POST / HTTP/1.1\r\n" H
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
           400, FRAMING),
    REFUSE("POST / HTTP/1.1\r\n" H
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
           400, FRAMING),
    REFUSE("POST / HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n", 400, SYNTAX),
    REFUSE("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, identity\r\n\r\n", 400, FRAMING),
    REFUSE("POST / HTTP/1.1\r\n" H "Transfer-Encoding: identity, chunked\r\n\r\n", 400, FRAMING),
    REFUSE("POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n", 400, FRAMING),
    REFUSE("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked;q=1\r\n\r\n", 400, FRAMING),
    REFUSE("POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n", 400, FRAMING),
    REFUSE("POST / HTTP/1.1\r\n" H "Transfer-Encoding: \"chunked\"\r\n\r\n", 400, FRAMING),
    REFUSE("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\x0b\r\n\r\n", 400, SYNTAX),
    REFUSE("POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n chunked\r\n\r\n", 400, SYNTAX),
    REFUSE("POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n\r\n", 400, FRAMING),
    REFUSE("POST / HTTP/1.1\r\n" H "X: a\nTransfer-Encoding: chunked\r\n\r\n", 400, SYNTAX),
    REFUSE("POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n", 400, FRAMING),
    /* RFC 9110 §10.1.1: Expect */
    ACCEPT("POST / HTTP/1.1\r\n" H "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n"),
    ACCEPT("POST / HTTP/1.0\r\n" H "Expect: nonsense\r\n\r\n"),
    REFUSE("POST / HTTP/1.1\r\n" H "Expect: 200-ok\r\n\r\n", 417, EXPECTATION),
    REFUSE("POST / HTTP/1.1\r\n" H "Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n", 417,
           EXPECTATION),
};

static void check_row(const struct row *row)
{
    struct skm_http_header headers[HEADERS];
    struct skm_http_head head;
    enum skm_http_parse_result result = parse_copy(row->text, headers, &head);
    bool as_expected = row->status == 0
                           ? result == SKM_HTTP_PARSE_DONE && head.bytes == row->text.len
                           : result == SKM_HTTP_PARSE_REFUSED && head.fault.status == row->status &&
                                 head.fault.reason == row->reason && head.fault.text != NULL;
    if (!as_expected) {
        print_error("wanted %u, got result %d, %u (%s), for:\n%.*s\n", row->status, (int)result,
                    head.fault.status, head.fault.text == NULL ? "" : head.fault.text,
                    SKM_SPAN_ARG(row->text));
        fail();
    }
}

static void test_heads_are_accepted_or_refused_as_rfc_9112_has_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < SKM_ARRAY_LEN(ROWS); i++) {
        check_row(&ROWS[i]);
    }
}

/* Every prefix is incomplete, until it is refused for the same reason as the whole. */
static void test_heads_cut_anywhere_end_the_same_way(void **state)
{
    (void)state;
    for (size_t i = 0; i < SKM_ARRAY_LEN(ROWS); i++) {
        struct skm_http_header headers[HEADERS];
        struct skm_http_head head;
        bool refused = false;
        for (size_t len = 0; len <= ROWS[i].text.len; len++) {
            enum skm_http_parse_result result =
                parse_copy(skm_span_sub(ROWS[i].text, 0, len), headers, &head);
            if (refused || result == SKM_HTTP_PARSE_REFUSED) {
                refused = true;
                assert_int_equal(result, SKM_HTTP_PARSE_REFUSED);
                assert_int_equal(head.fault.status, ROWS[i].status);
                assert_int_equal(head.fault.reason, ROWS[i].reason);
            } else if (len < ROWS[i].text.len) {
                assert_int_equal(result, SKM_HTTP_PARSE_MORE);
            }
        }
    }
}

static void test_head_yields_method_target_host_and_headers(void **state)
{
    (void)state;
    struct skm_http_header headers[HEADERS];
    struct skm_http_head head;
    skm_span text =
        SKM_SPAN("POST /a/b?c=d?e HTTP/1.1\r\nHost: pdp.example\r\nX-Request-ID: \t 42 \r\n"
                 "Content-Length: 17\r\nExpect: 100-continue\r\n\r\nGET /");
    assert_int_equal(skm_http_parse_head(text, &LIMITS, headers, &head), SKM_HTTP_PARSE_DONE);
    assert_int_equal(head.request.method, SKM_HTTP_POST);
    assert_span_equal(head.request.method_text, SKM_SPAN("POST"));
    assert_span_equal(head.request.target, SKM_SPAN("/a/b?c=d?e"));
    assert_span_equal(head.request.path, SKM_SPAN("/a/b"));
    assert_span_equal(head.request.query, SKM_SPAN("c=d?e"));
    assert_span_equal(head.request.host, SKM_SPAN("pdp.example"));
    assert_int_equal(head.request.header_count, 4);
    assert_span_equal(head.request.headers[1].name, SKM_SPAN("X-Request-ID"));
    assert_span_equal(head.request.headers[1].value, SKM_SPAN("42"));
    assert_int_equal(head.framing, SKM_HTTP_FRAMING_LENGTH);
    assert_int_equal(head.content_length, 17);
    assert_true(head.expects_continue);
    assert_true(head.keep_alive);
    assert_int_equal(head.bytes, text.len - 5);
}

static void test_absolute_target_yields_path_and_host(void **state)
{
    (void)state;
    static const struct {
        skm_span text;
        skm_span path;
        skm_span query;
    } rows[] = {
        {{"GET http://a/x?y HTTP/1.1\r\nHost: A\r\n\r\n", 38}, {"/x", 2}, {"y", 1}},
        {{"GET http://a?y HTTP/1.1\r\nHost: a\r\n\r\n", 36}, {"/", 1}, {"y", 1}},
        {{"GET http://a HTTP/1.1\r\nHost: a\r\n\r\n", 34}, {"/", 1}, {NULL, 0}},
        {{"GET http://a/x HTTP/1.0\r\n\r\n", 27}, {"/x", 2}, {NULL, 0}},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(rows); i++) {
        struct skm_http_header headers[HEADERS];
        struct skm_http_head head;
        assert_int_equal(skm_http_parse_head(rows[i].text, &LIMITS, headers, &head),
                         SKM_HTTP_PARSE_DONE);
        assert_span_equal(head.request.path, rows[i].path);
        assert_span_equal(head.request.query, rows[i].query);
        assert_int_equal(head.request.host.len, 1);
    }
}

/* RFC 9112 §9.3 */
static void test_keep_alive_follows_version_and_connection(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool keep_alive;
    } rows[] = {
        {"GET / HTTP/1.1\r\n" H "\r\n", true},
        {"GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\n" H "Connection: Close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\n" H "Connection: foo ,\tclose ,, bar\r\n\r\n", false},
        {"GET / HTTP/1.1\r\n" H "Connection: keep-alive\r\nConnection: close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\n" H "Connection: closed\r\n\r\n", true},
        {"GET / HTTP/1.1\r\n" H "Connection:\r\n\r\n", true},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
        {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(rows); i++) {
        struct skm_http_header headers[HEADERS];
        struct skm_http_head head;
        assert_int_equal(skm_http_parse_head(skm_span_cstr(rows[i].text), &LIMITS, headers, &head),
                         SKM_HTTP_PARSE_DONE);
        assert_int_equal(head.keep_alive, rows[i].keep_alive);
    }
}

static void test_target_at_its_limit_is_accepted_one_more_is_414(void **state)
{
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        char text[512];
        size_t len = LIMITS.target_bytes + extra;
        (void)snprintf(text, sizeof text, "GET /%0*d HTTP/1.1\r\n" H "\r\n", (int)len - 1, 0);
        struct skm_http_header headers[HEADERS];
        struct skm_http_head head;
        enum skm_http_parse_result result =
            skm_http_parse_head(skm_span_cstr(text), &LIMITS, headers, &head);
        assert_int_equal(result, extra == 0 ? SKM_HTTP_PARSE_DONE : SKM_HTTP_PARSE_REFUSED);
        assert_int_equal(head.fault.status, extra == 0 ? 0 : 414);
    }
}

static void test_head_at_its_limit_is_accepted_one_more_is_431(void **state)
{
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        char text[4096];
        int fixed = (int)sizeof("GET / HTTP/1.1\r\n" H "X: \r\n\r\n") - 1;
        int len = snprintf(text, sizeof text, "GET / HTTP/1.1\r\n" H "X: %0*d\r\n\r\n",
                           (int)LIMITS.head_bytes - fixed + (int)extra, 0);
        assert_int_equal(len, LIMITS.head_bytes + extra);
        struct skm_http_header headers[HEADERS];
        struct skm_http_head head;
        enum skm_http_parse_result result =
            skm_http_parse_head(skm_span_cstr(text), &LIMITS, headers, &head);
        assert_int_equal(result, extra == 0 ? SKM_HTTP_PARSE_DONE : SKM_HTTP_PARSE_REFUSED);
        assert_int_equal(head.fault.status, extra == 0 ? 0 : 431);
    }
}

static void test_refused_head_keeps_the_headers_before_the_fault(void **state)
{
    (void)state;
    struct skm_http_header headers[HEADERS];
    struct skm_http_head head;
    skm_span text = SKM_SPAN("GET / HTTP/1.1\r\n" H "X-Request-ID: 7\r\nbad header\r\n\r\n");
    assert_int_equal(skm_http_parse_head(text, &LIMITS, headers, &head), SKM_HTTP_PARSE_REFUSED);
    assert_int_equal(head.request.header_count, 2);
    assert_span_equal(head.request.headers[1].value, SKM_SPAN("7"));
}

/* Every byte value at every offset of a value: what is refused is exactly the control characters but the tab. */
static void test_value_bytes_are_judged_alike_at_every_offset(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        for (int at = 0; at < 20; at++) {
            char text[64];
            int len = snprintf(text, sizeof text,
                               "GET / HTTP/1.1\r\n" H "X:aaaaaaaaaaaaaaaaaaaa\r\n\r\n");
            text[27 + at] = (char)byte;
            struct skm_http_header headers[HEADERS];
            struct skm_http_head head;
            bool fine = byte == '\t' || (byte >= 0x20 && byte != 0x7f);
            assert_int_equal(parse_copy(skm_span_of(text, (size_t)len), headers, &head),
                             fine ? SKM_HTTP_PARSE_DONE : SKM_HTTP_PARSE_REFUSED);
        }
    }
}

/* ---- chunked (RFC 9112 §7.1) ---- */

#define BODY_MAX 64

struct chunk_row {
    skm_span text;
    uint16_t status; /* 0: accepted */
    skm_span body;
    size_t rest; /* bytes of the next message */
};

#define CHUNKS(text, body, rest)                                                                   \
    {                                                                                              \
        {"" text, sizeof(text) - 1}, 0, {"" body, sizeof(body) - 1}, rest                          \
    }
#define NO_CHUNKS(text, status)                                                                    \
    {                                                                                              \
        {"" text, sizeof(text) - 1}, status, {NULL, 0}, 0                                          \
    }

static const struct chunk_row CHUNK_ROWS[] = {
    CHUNKS("0\r\n\r\n", "", 0),
    CHUNKS("5\r\nhello\r\n0\r\n\r\n", "hello", 0),
    CHUNKS("5\r\nhello\r\n0\r\n\r\nGET /", "hello", 5),
    CHUNKS("1\r\nh\r\n4\r\nello\r\n0\r\n\r\n", "hello", 0),
    CHUNKS("00000005\r\nhello\r\n000\r\n\r\n", "hello", 0),
    CHUNKS("A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789", 0),
    CHUNKS("5;a=b\r\nhello\r\n0;c\r\n\r\n", "hello", 0),
    CHUNKS("5\r\nhello\r\n0\r\nX: y\r\nZ:\r\n\r\n", "hello", 0),
    CHUNKS("40\r\n0123456789012345678901234567890123456789012345678901234567890123\r\n0\r\n\r\n",
           "0123456789012345678901234567890123456789012345678901234567890123", 0),
    NO_CHUNKS("41\r\n", 413),
    NO_CHUNKS("3f\r\n012345678901234567890123456789012345678901234567890123456789012\r\n2\r\n",
              413),
    NO_CHUNKS("ffffffff\r\n", 413),
    NO_CHUNKS("100000000\r\n", 400),
    NO_CHUNKS("fffffffffffffff5\r\n", 400),
    NO_CHUNKS("000000005\r\n", 400),
    NO_CHUNKS("\r\n", 400),
    NO_CHUNKS("g\r\n", 400),
    NO_CHUNKS("-1\r\n", 400),
    NO_CHUNKS("+1\r\n", 400),
    NO_CHUNKS("0x5\r\n", 400),
    NO_CHUNKS(" 5\r\n", 400),
    NO_CHUNKS("5 \r\n", 400),
    NO_CHUNKS("5 ;a\r\n", 400),
    NO_CHUNKS("5\n", 400),
    NO_CHUNKS("5\r\r", 400),
    NO_CHUNKS("5;a\n", 400),
    NO_CHUNKS("5;a\x01", 400),
    NO_CHUNKS("5;a\0", 400),
    NO_CHUNKS("5\r\nhello0\r\n", 400),
    NO_CHUNKS("5\r\nhello\n", 400),
    NO_CHUNKS("5\r\nhello\r0", 400),
    NO_CHUNKS("5\r\nhello!\r\n", 400),
    NO_CHUNKS("0\r\n\n", 400),
    NO_CHUNKS("0\r\n\rX", 400),
    NO_CHUNKS("0\r\n X: y\r\n", 400),
    NO_CHUNKS("0\r\nX : y\r\n", 400),
    NO_CHUNKS("0\r\nX\r\n", 400),
    NO_CHUNKS("0\r\nX: a\nb", 400),
    NO_CHUNKS("0\r\nX: a\x7f", 400),
};

/* Feeds in two pieces, as the server does: what is decoded stays in front, raw bytes follow. */
static enum skm_http_parse_result feed_cut(skm_span text, size_t cut, char *bytes, size_t *out_body,
                                           size_t *out_rest, struct skm_http_fault *fault)
{
    struct skm_http_chunk chunk;
    size_t read = 0;
    size_t written = 0;
    size_t filled = 0;
    skm_http_chunk_init(&chunk, BODY_MAX);
    memcpy(bytes, text.ptr, cut);
    enum skm_http_parse_result result =
        skm_http_chunk_feed(&chunk, bytes, cut, 0, 0, &read, &written, fault);
    *out_body = written;
    *out_rest = text.len - read;
    if (result != SKM_HTTP_PARSE_MORE) {
        return result;
    }
    filled = written;
    assert_int_equal(read, cut);
    memcpy(bytes + filled, text.ptr + cut, text.len - cut);
    result = skm_http_chunk_feed(&chunk, bytes, filled + text.len - cut, filled, filled, &read,
                                 &written, fault);
    *out_body = filled + written;
    *out_rest = text.len - cut - read;
    return result;
}

static void test_chunked_bodies_are_accepted_or_refused_wherever_they_are_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < SKM_ARRAY_LEN(CHUNK_ROWS); i++) {
        const struct chunk_row *row = &CHUNK_ROWS[i];
        for (size_t cut = 0; cut <= row->text.len; cut++) {
            char *bytes = malloc(row->text.len);
            assert_non_null(bytes);
            size_t body = 0;
            size_t rest = 0;
            struct skm_http_fault fault = {0};
            enum skm_http_parse_result result =
                feed_cut(row->text, cut, bytes, &body, &rest, &fault);
            if (row->status == 0) {
                assert_int_equal(result, SKM_HTTP_PARSE_DONE);
                assert_span_equal(skm_span_of(bytes, body), row->body);
                assert_int_equal(rest, row->rest);
            } else {
                assert_int_equal(result, SKM_HTTP_PARSE_REFUSED);
                assert_int_equal(fault.status, row->status);
            }
            free(bytes);
        }
    }
}

static void test_chunk_extensions_and_trailers_are_bounded_together(void **state)
{
    (void)state;
    char text[16384];
    size_t len =
        (size_t)snprintf(text, sizeof text, "1;%04000d\r\nx\r\n0\r\nX:%0100d\r\n\r\n", 0, 0);
    for (int fits = 0; fits < 2; fits++) {
        struct skm_http_chunk chunk;
        struct skm_http_fault fault = {0};
        size_t read = 0;
        size_t written = 0;
        if (fits == 1) {
            len = (size_t)snprintf(text, sizeof text, "1;%03900d\r\nx\r\n0\r\nX:%0100d\r\n\r\n", 0,
                                   0);
        }
        skm_http_chunk_init(&chunk, BODY_MAX);
        enum skm_http_parse_result result =
            skm_http_chunk_feed(&chunk, text, len, 0, 0, &read, &written, &fault);
        assert_int_equal(result, fits == 1 ? SKM_HTTP_PARSE_DONE : SKM_HTTP_PARSE_REFUSED);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_heads_are_accepted_or_refused_as_rfc_9112_has_it),
    cmocka_unit_test(test_heads_cut_anywhere_end_the_same_way),
    cmocka_unit_test(test_head_yields_method_target_host_and_headers),
    cmocka_unit_test(test_absolute_target_yields_path_and_host),
    cmocka_unit_test(test_keep_alive_follows_version_and_connection),
    cmocka_unit_test(test_target_at_its_limit_is_accepted_one_more_is_414),
    cmocka_unit_test(test_head_at_its_limit_is_accepted_one_more_is_431),
    cmocka_unit_test(test_refused_head_keeps_the_headers_before_the_fault),
    cmocka_unit_test(test_value_bytes_are_judged_alike_at_every_offset),
    cmocka_unit_test(test_chunked_bodies_are_accepted_or_refused_wherever_they_are_cut),
    cmocka_unit_test(test_chunk_extensions_and_trailers_are_bounded_together),
};

SKM_TEST_MAIN(tests)
