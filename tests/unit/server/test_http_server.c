#include "fixture.h"

#define HOST "Host: t\r\n"
#define MIB  ((size_t)1024 * 1024)

static skm_span text(const char *literal)
{
    return skm_span_cstr(literal);
}

/* Sends, hears everything until the end. */
static void converse(const struct fixture *f, skm_span request, struct skm_buf *answer)
{
    int fd = dial(f);
    say(fd, request);
    hear_all(fd, answer);
    (void)close(fd);
}

static void check_status(const struct fixture *f, const char *request, int status, const char *part)
{
    BUF(answer, MIB);
    int fd = dial(f);
    say(fd, text(request));
    struct reply reply = hear_reply(fd, &answer, skm_span_starts(text(request), SKM_SPAN("HEAD ")));
    if (reply.status != status || !has(skm_buf_span(&answer), part)) {
        print_error("wanted %d with `%s`, got:\n%.*s\n", status, part,
                    SKM_SPAN_ARG(skm_buf_span(&answer)));
        fail();
    }
    (void)close(fd);
}

/* ---- answers ---- */

static void test_response_carries_framing_and_safety_headers(void **state)
{
    (void)state;
    struct fixture f = {0};
    BUF(answer, MIB);
    fixture_start(&f);
    int fd = dial(&f);
    say(fd, text("GET /hello?x=1 HTTP/1.1\r\n" HOST "\r\n"));
    struct reply reply = hear_reply(fd, &answer, false);
    assert_int_equal(reply.status, 200);
    assert_span_equal(reply.body, SKM_SPAN("hello"));
    assert_true(has(reply.head, "\r\nContent-Length: 5\r\n"));
    assert_true(has(reply.head, "\r\nContent-Type: text/plain\r\n"));
    assert_true(has(reply.head, "\r\nCache-Control: no-store\r\n"));
    assert_true(has(reply.head, "\r\nX-Content-Type-Options: nosniff\r\n"));
    assert_true(has(reply.head, " GMT\r\n"));
    assert_false(has(reply.head, "Connection:"));
    (void)close(fd);
    fixture_stop(&f);
    assert_int_equal(f.counters.responses[2], 1);
}

static void test_connection_serves_many_requests_and_closes_when_asked(void **state)
{
    (void)state;
    struct fixture f = {0};
    BUF(answer, MIB);
    fixture_start(&f);
    int fd = dial(&f);
    for (int i = 0; i < 100; i++) {
        say(fd, text("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc"));
        assert_span_equal(hear_reply(fd, &answer, false).body, SKM_SPAN("abc"));
    }
    say(fd, text("GET /hello HTTP/1.1\r\n" HOST
                 "Connection: close\r\n\r\nGET /hello HTTP/1.1\r\n" HOST "\r\n"));
    skm_buf_reset(&answer);
    hear_all(fd, &answer);
    assert_int_equal(count_of(skm_buf_span(&answer), "HTTP/1.1 200"), 1);
    assert_true(has(skm_buf_span(&answer), "\r\nConnection: close\r\n"));
    (void)close(fd);
    fixture_stop(&f);
    assert_int_equal(f.counters.connections_accepted, 1);
    assert_int_equal(f.counters.responses[2], 101);
}

static void test_http_10_keeps_the_connection_only_on_request(void **state)
{
    (void)state;
    struct fixture f = {0};
    BUF(answer, MIB);
    fixture_start(&f);
    converse(&f, text("GET /hello HTTP/1.0\r\n\r\n"), &answer);
    assert_true(has(skm_buf_span(&answer), "\r\nConnection: close\r\n"));
    int fd = dial(&f);
    say(fd, text("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    assert_true(has(hear_reply(fd, &answer, false).head, "\r\nConnection: keep-alive\r\n"));
    (void)close(fd);
    fixture_stop(&f);
}

static void test_refusals_say_why_in_json(void **state)
{
    (void)state;
    struct fixture f = {.limits = {.body_bytes = 1000, .response_bytes = 64 * 1024}};
    fixture_start(&f);
    check_status(&f, "GET /nowhere HTTP/1.1\r\n" HOST "\r\n", 404, "\"no such resource\"");
    check_status(&f, "GET /hello/ HTTP/1.1\r\n" HOST "\r\n", 404, "application/json");
    check_status(&f, "POST /hello HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 405,
                 "\r\nAllow: GET, HEAD\r\n");
    check_status(&f, "BREW /echo HTTP/1.1\r\n" HOST "\r\n", 405, "\r\nAllow: POST\r\n");
    check_status(&f, "GET /fail HTTP/1.1\r\n" HOST "\r\n", 500, "\"internal error\"");
    check_status(&f, "GET /overflow HTTP/1.1\r\n" HOST "\r\n", 500, "too large");
    check_status(&f, "GET / HTTP/1.1\r\n\r\n", 400, "\"no Host header\"");
    check_status(&f, "GET / HTTP/3.0\r\n\r\n", 505, "only HTTP/1.1");
    check_status(&f, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "\r\nConnection: close\r\n");
    check_status(&f, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1001\r\n\r\n", 413,
                 "too large");
    check_status(&f, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3e9\r\n",
                 413, "too large");
    check_status(&f, "POST /echo HTTP/1.1\r\n" HOST "Expect: x\r\n\r\n", 417, "expectation");
    check_status(&f, "\x16\x03\x01\x01\x00", 400, "request line");
    fixture_stop(&f);
    assert_int_equal(f.counters.rejected[SKM_HTTP_REJECT_NO_ROUTE], 2);
    assert_int_equal(f.counters.rejected[SKM_HTTP_REJECT_METHOD], 2);
    assert_int_equal(f.counters.rejected[SKM_HTTP_REJECT_BODY_SIZE], 2);
    assert_int_equal(f.counters.rejected[SKM_HTTP_REJECT_VERSION], 2);
    assert_int_equal(f.counters.rejected[SKM_HTTP_REJECT_HOST], 1);
    assert_int_equal(f.counters.responses[5], 4);
}

static void test_refused_syntax_ends_the_connection_and_what_follows_is_not_served(void **state)
{
    (void)state;
    struct fixture f = {0};
    BUF(answer, MIB);
    fixture_start(&f);
    converse(&f,
             text("POST /echo HTTP/1.1\r\n" HOST
                  "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "0\r\n\r\nGET /hello HTTP/1.1\r\n" HOST "\r\n"),
             &answer);
    assert_int_equal(count_of(skm_buf_span(&answer), "HTTP/1.1 "), 1);
    assert_true(has(skm_buf_span(&answer), "HTTP/1.1 400"));
    fixture_stop(&f);
}

static void test_missing_route_and_failed_handler_keep_the_connection(void **state)
{
    (void)state;
    struct fixture f = {0};
    BUF(answer, MIB);
    fixture_start(&f);
    int fd = dial(&f);
    say(fd, text("GET /fail HTTP/1.1\r\n" HOST "\r\nGET /none HTTP/1.1\r\n" HOST
                 "\r\nGET /hello HTTP/1.1\r\n" HOST "\r\n"));
    struct reply failed = hear_reply(fd, &answer, false);
    assert_int_equal(failed.status, 500);
    assert_false(has(failed.body, "half an answer"));
    assert_int_equal(hear_reply(fd, &answer, false).status, 404);
    assert_int_equal(hear_reply(fd, &answer, false).status, 200);
    (void)close(fd);
    fixture_stop(&f);
}

static void test_hook_sees_refused_requests_when_their_headers_were_read(void **state)
{
    (void)state;
    struct fixture f = {0};
    fixture_start(&f);
    check_status(&f, "GET /hello HTTP/1.1\r\n" HOST "X-Request-ID: a-1\r\n\r\n", 200,
                 "\r\nX-Request-ID: a-1\r\n");
    check_status(&f, "GET /none HTTP/1.1\r\n" HOST "X-Request-ID: a-2\r\n\r\n", 404,
                 "\r\nX-Request-ID: a-2\r\n");
    check_status(&f, "GET / HTTP/1.1\r\nX-Request-ID: a-3\r\nbad\x01\r\n\r\n", 400,
                 "\r\nX-Request-ID: a-3\r\n");
    check_status(&f, "GET / HTTP/1.1\r\nX-Request-ID: a-4\r\n\r\n", 400,
                 "\r\nX-Request-ID: a-4\r\n");
    fixture_stop(&f);
}

static void test_head_is_answered_like_get_without_body(void **state)
{
    (void)state;
    struct fixture f = {0};
    BUF(answer, MIB);
    fixture_start(&f);
    converse(&f, text("HEAD /hello HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"), &answer);
    assert_true(has(skm_buf_span(&answer), "\r\nContent-Length: 5\r\n"));
    assert_true(skm_span_ends(skm_buf_span(&answer), SKM_SPAN("\r\n\r\n")));
    check_status(&f, "HEAD /echo HTTP/1.1\r\n" HOST "\r\n", 405, "Allow: POST\r\n");
    fixture_stop(&f);
}

/* RFC 9110 §10.1.1 */
static void test_expectation_is_met_before_the_body_comes(void **state)
{
    (void)state;
    struct fixture f = {0};
    BUF(answer, MIB);
    fixture_start(&f);
    int fd = dial(&f);
    say(fd,
        text("POST /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
    assert_int_equal(hear_reply(fd, &answer, true).status, 100);
    say(fd, text("ok"));
    assert_span_equal(hear_reply(fd, &answer, false).body, SKM_SPAN("ok"));
    say(fd,
        text("POST /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\nok"));
    assert_int_equal(hear_reply(fd, &answer, false).status, 200);
    (void)close(fd);
    fixture_stop(&f);
}

/* ---- pieces ---- */

static const char STREAM[] =
    "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nfirst"
    "\r\nGET /hello HTTP/1.1\r\n" HOST "\r\n"
    "POST /echo HTTP/1.1\r\n" HOST
    "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nthi\r\n2\r\nrd\r\n0\r\nT: u\r\n\r\n"
    "HEAD /hello HTTP/1.1\r\n" HOST "\r\n"
    "POST /echo HTTP/1.1\r\n" HOST "Connection: close\r\nContent-Length: 0\r\n\r\n";

static void check_stream(skm_span answer)
{
    bool fine = count_of(answer, "HTTP/1.1 200 OK\r\n") == 5 &&
                has(answer, "\r\n\r\nfirstHTTP/1.1") && has(answer, "\r\n\r\nhelloHTTP/1.1") &&
                has(answer, "\r\n\r\nthirdHTTP/1.1") &&
                has(answer, "Content-Length: 0\r\nConnection: close\r\n\r\n");
    if (!fine) {
        print_error("%.*s\n", SKM_SPAN_ARG(answer));
        fail();
    }
}

static void test_pipelined_requests_are_answered_alike_wherever_they_are_cut(void **state)
{
    (void)state;
    struct fixture f = {0};
    fixture_start(&f);
    skm_span stream = skm_span_of(STREAM, sizeof STREAM - 1);
    for (size_t cut = 0; cut <= stream.len; cut++) {
        BUF(answer, MIB);
        int fd = dial(&f);
        say(fd, skm_span_sub(stream, 0, cut));
        sleep_us(300);
        say(fd, skm_span_from(stream, cut));
        hear_all(fd, &answer);
        (void)close(fd);
        check_stream(skm_buf_span(&answer));
    }
    fixture_stop(&f);
    assert_int_equal(f.counters.responses[2], 5 * (stream.len + 1));
    assert_int_equal(f.counters.buffer_bytes, 0);
}

static void test_stream_of_single_bytes_is_served(void **state)
{
    (void)state;
    struct fixture f = {0};
    BUF(answer, MIB);
    fixture_start(&f);
    int fd = dial(&f);
    for (size_t i = 0; i < sizeof STREAM - 1; i++) {
        say(fd, skm_span_of(STREAM + i, 1));
        sleep_us(50);
    }
    hear_all(fd, &answer);
    (void)close(fd);
    check_stream(skm_buf_span(&answer));
    fixture_stop(&f);
}

static void test_thousands_of_pipelined_requests_are_answered_in_order(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    struct fixture f = {0};
    BUF(requests, 4 * MIB);
    BUF(answer, 4 * MIB);
    fixture_start(&f);
    for (int i = 0; i < COUNT; i++) {
        skm_buf_printf(&requests, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 6\r\n\r\n%06d",
                       i);
    }
    int fd = dial(&f);
    say(fd, skm_buf_span(&requests));
    for (int i = 0; i < COUNT; i++) {
        char wanted[16];
        (void)snprintf(wanted, sizeof wanted, "%06d", i);
        assert_span_equal(hear_reply(fd, &answer, false).body, skm_span_cstr(wanted));
    }
    (void)close(fd);
    fixture_stop(&f);
    assert_int_equal(f.counters.responses[2], COUNT);
}

static void test_body_of_the_maximum_is_served_chunked_and_plain(void **state)
{
    (void)state;
    enum { SIZE = 300000 };
    struct fixture f = {.limits = {.body_bytes = SIZE}};
    BUF(body, MIB);
    BUF(request, 4 * MIB);
    BUF(answer, 4 * MIB);
    fixture_start(&f);
    for (size_t i = 0; i < SIZE; i++) {
        skm_buf_append_char(&body, (char)('a' + i % 23));
    }
    int fd = dial(&f);
    skm_buf_printf(&request, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n", SIZE);
    skm_buf_append(&request, skm_buf_span(&body));
    skm_buf_append(&request,
                   SKM_SPAN("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"));
    for (size_t at = 0; at < SIZE; at += 7) {
        skm_span piece = skm_span_sub(skm_buf_span(&body), at, 7);
        skm_buf_printf(&request, "%zx\r\n%.*s\r\n", piece.len, SKM_SPAN_ARG(piece));
    }
    skm_buf_append(&request, SKM_SPAN("0\r\n\r\n"));
    say(fd, skm_buf_span(&request));
    assert_span_equal(hear_reply(fd, &answer, false).body, skm_buf_span(&body));
    assert_span_equal(hear_reply(fd, &answer, false).body, skm_buf_span(&body));
    (void)close(fd);
    fixture_stop(&f);
    assert_int_equal(f.counters.buffer_bytes, 0);
}

/* ---- bad peers ---- */

/* Bytes keep coming, one every few milliseconds: only a bound on the whole helps. */
static int64_t drip(int fd, const char *first, skm_span drops, struct skm_buf *answer)
{
    int64_t begun_ms = now_ms();
    bool ended = false;
    say(fd, text(first));
    for (size_t i = 0; !ended && i < 2000; i++) {
        (void)say_if_heard(fd, skm_span_of(drops.ptr + i % drops.len, 1));
        struct pollfd entry = {.fd = fd, .events = POLLIN};
        if (poll(&entry, 1, 5) > 0) {
            hear_all(fd, answer);
            ended = true;
        }
    }
    assert_true(ended);
    return now_ms() - begun_ms;
}

static void test_slow_head_is_ended_at_its_deadline_with_408(void **state)
{
    (void)state;
    struct fixture f = {.limits = {.head_ms = 80, .linger_ms = 50}};
    BUF(answer, MIB);
    fixture_start(&f);
    int fd = dial(&f);
    int64_t took_ms = drip(fd, "GET /hello HTTP/1.1\r\n", SKM_SPAN("X: y\r\n"), &answer);
    assert_true(has(skm_buf_span(&answer), "HTTP/1.1 408"));
    assert_in_range(took_ms, 75, 3000);
    (void)close(fd);
    fixture_stop(&f);
    assert_int_equal(f.counters.rejected[SKM_HTTP_REJECT_TIMEOUT_HEAD], 1);
}

static void test_slow_body_is_ended_at_its_deadline_with_408(void **state)
{
    (void)state;
    struct fixture f = {.limits = {.body_ms = 80, .linger_ms = 50}};
    fixture_start(&f);
    static const char *const heads[] = {
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 100000\r\n\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nfffff\r\n",
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(heads); i++) {
        BUF(answer, MIB);
        int fd = dial(&f);
        int64_t took_ms = drip(fd, heads[i], SKM_SPAN("x"), &answer);
        assert_true(has(skm_buf_span(&answer), "HTTP/1.1 408"));
        assert_in_range(took_ms, 75, 3000);
        (void)close(fd);
    }
    fixture_stop(&f);
    assert_int_equal(f.counters.rejected[SKM_HTTP_REJECT_TIMEOUT_BODY], 2);
}

static void test_idle_connection_is_ended_without_a_word(void **state)
{
    (void)state;
    struct fixture f = {.limits = {.idle_ms = 60}};
    BUF(answer, MIB);
    fixture_start(&f);
    int fd = dial(&f);
    int64_t begun_ms = now_ms();
    hear_all(fd, &answer);
    assert_int_equal(answer.len, 0);
    assert_in_range(now_ms() - begun_ms, 55, 3000);
    (void)close(fd);
    fixture_stop(&f);
    assert_int_equal(f.counters.responses[4], 0);
}

static void test_requests_push_the_idle_deadline_back(void **state)
{
    (void)state;
    struct fixture f = {.limits = {.idle_ms = 150}};
    BUF(answer, MIB);
    fixture_start(&f);
    int fd = dial(&f);
    for (int i = 0; i < 8; i++) {
        sleep_us(50000);
        say(fd, text("GET /hello HTTP/1.1\r\n" HOST "\r\n"));
        assert_int_equal(hear_reply(fd, &answer, false).status, 200);
    }
    (void)close(fd);
    fixture_stop(&f);
}

static void test_peer_that_takes_nothing_is_ended(void **state)
{
    (void)state;
    struct fixture f = {.limits = {.write_ms = 100}, .big_bytes = 12 * MIB};
    fixture_start(&f);
    int fd = dial(&f);
    say(fd, text("GET /big HTTP/1.1\r\n" HOST "\r\n"));
    for (int i = 0; i < 300 && fixture_counters(&f)->connections_closed == 0; i++) {
        sleep_us(10000);
    }
    assert_int_equal(f.counters.connections_closed, 1);
    assert_int_equal(f.counters.rejected[SKM_HTTP_REJECT_TIMEOUT_WRITE], 1);
    assert_int_equal(f.counters.buffer_bytes, 0);
    (void)close(fd);
    fixture_stop(&f);
}

static void test_slow_reader_gets_the_whole_answer_and_the_next(void **state)
{
    (void)state;
    struct fixture f = {.big_bytes = 8 * MIB};
    BUF(answer, 10 * MIB);
    fixture_start(&f);
    int fd = dial(&f);
    say(fd, text("GET /big HTTP/1.1\r\n" HOST "\r\nGET /hello HTTP/1.1\r\n" HOST "\r\n"));
    sleep_us(50000);
    struct reply reply = hear_reply(fd, &answer, false);
    assert_int_equal(reply.body.len, 8 * MIB);
    assert_span_equal(hear_reply(fd, &answer, false).body, SKM_SPAN("hello"));
    (void)close(fd);
    fixture_stop(&f);
    assert_int_equal(f.counters.buffer_bytes, 0);
}

/* The bound is on taking nothing, not on taking long. */
static void test_peer_that_takes_a_little_at_a_time_is_served_past_the_write_deadline(void **state)
{
    (void)state;
    struct fixture f = {.limits = {.write_ms = 1500}, .big_bytes = 12 * MIB};
    BUF(answer, 16 * MIB);
    fixture_start(&f);
    int fd = dial(&f);
    int window = 65536;
    bool ended = false;
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window), 0);
    say(fd, text("GET /big HTTP/1.1\r\n" HOST "\r\n"));
    int64_t begun_ms = now_ms();
    for (size_t goal = 200000; goal < 12 * MIB; goal += 200000) {
        hear(fd, &answer, goal, &ended);
        assert_false(ended);
        sleep_us(30000);
    }
    assert_true(now_ms() - begun_ms > 1600);
    hear(fd, &answer, 12 * MIB, &ended);
    assert_false(ended);
    (void)close(fd);
    fixture_stop(&f);
    assert_int_equal(f.counters.rejected[SKM_HTTP_REJECT_TIMEOUT_WRITE], 0);
}

/* A peer that asks and asks but does not listen is not read any more. */
static void test_unheard_answers_do_not_pile_up(void **state)
{
    (void)state;
    struct fixture f = {.big_bytes = 100000};
    BUF(requests, MIB);
    fixture_start(&f);
    for (int i = 0; i < 2000; i++) {
        skm_buf_append(&requests, SKM_SPAN("GET /big HTTP/1.1\r\n" HOST "\r\n"));
    }
    int fd = dial(&f);
    for (int i = 0; i < 20; i++) {
        (void)send(fd, requests.ptr, requests.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        sleep_us(5000);
    }
    const struct skm_http_counters *counters = fixture_counters(&f);
    assert_true(counters->buffer_bytes < MIB);
    assert_true(counters->responses[2] < 200);
    assert_int_equal(counters->connections_open, 1);
    (void)close(fd);
    fixture_stop(&f);
}

static void test_half_closed_peer_still_gets_its_answers(void **state)
{
    (void)state;
    struct fixture f = {0};
    BUF(answer, MIB);
    fixture_start(&f);
    int fd = dial(&f);
    say(fd, text("GET /hello HTTP/1.1\r\n" HOST "\r\nGET /hello HTTP/1.1\r\n" HOST "\r\n"));
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    hear_all(fd, &answer);
    assert_int_equal(count_of(skm_buf_span(&answer), "HTTP/1.1 200"), 2);
    (void)close(fd);
    fixture_stop(&f);
}

static void test_truncated_requests_are_counted_and_leave_nothing(void **state)
{
    (void)state;
    struct fixture f = {0};
    fixture_start(&f);
    static const char *const pieces[] = {
        "GET /hel",
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(pieces); i++) {
        BUF(answer, MIB);
        int fd = dial(&f);
        say(fd, text(pieces[i]));
        sleep_us(2000);
        assert_int_equal(shutdown(fd, SHUT_WR), 0);
        hear_all(fd, &answer);
        assert_int_equal(answer.len, 0);
        (void)close(fd);
    }
    assert_int_equal(fixture_counters(&f)->connections_open, 0);
    fixture_stop(&f);
    assert_int_equal(f.counters.rejected[SKM_HTTP_REJECT_TRUNCATED], 3);
    assert_int_equal(f.counters.buffer_bytes, 0);
}

/* The refusal reaches a peer that is still busy sending. */
static void test_oversized_body_is_refused_while_it_is_being_sent(void **state)
{
    (void)state;
    struct fixture f = {.limits = {.body_bytes = 1000}};
    BUF(answer, MIB);
    BUF(body, 2 * MIB);
    fixture_start(&f);
    char *room = skm_buf_reserve(&body, MIB);
    assert_non_null(room);
    memset(room, 'x', MIB);
    skm_buf_commit(&body, MIB);
    int fd = dial(&f);
    say(fd, text("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1048576\r\n\r\n"));
    say(fd, skm_buf_span(&body));
    hear_all(fd, &answer);
    assert_true(has(skm_buf_span(&answer), "HTTP/1.1 413"));
    assert_int_equal(last_end, 0);
    (void)close(fd);
    fixture_stop(&f);
}

static void test_endless_head_is_refused_with_431_and_endless_target_with_414(void **state)
{
    (void)state;
    struct fixture f = {0};
    fixture_start(&f);
    BUF(request, MIB);
    BUF(answer, MIB);
    skm_buf_append(&request, SKM_SPAN("GET /hello HTTP/1.1\r\nX: "));
    for (int i = 0; i < 20000; i++) {
        skm_buf_append_char(&request, 'a');
    }
    converse(&f, skm_buf_span(&request), &answer);
    assert_true(has(skm_buf_span(&answer), "HTTP/1.1 431"));
    skm_buf_reset(&request);
    skm_buf_reset(&answer);
    skm_buf_append(&request, SKM_SPAN("GET /"));
    for (int i = 0; i < 9000; i++) {
        skm_buf_append_char(&request, 'a');
    }
    converse(&f, skm_buf_span(&request), &answer);
    assert_true(has(skm_buf_span(&answer), "HTTP/1.1 414"));
    fixture_stop(&f);
}

static void test_memory_bound_refuses_with_503_and_the_server_lives_on(void **state)
{
    (void)state;
    enum { PEERS = 6 };
    struct fixture f = {.limits = {.buffer_bytes = 300000}};
    BUF(answer, MIB);
    BUF(body, MIB);
    int fds[PEERS];
    fixture_start(&f);
    skm_buf_append(&body,
                   SKM_SPAN("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 200000\r\n\r\n"));
    for (int i = 0; i < 100000; i++) {
        skm_buf_append_char(&body, 'a');
    }
    for (size_t i = 0; i < PEERS; i++) {
        fds[i] = dial(&f);
        say(fds[i], skm_buf_span(&body));
    }
    sleep_us(50000);
    assert_true(fixture_counters(&f)->buffer_bytes <= 600000);
    assert_true(f.counters.rejected[SKM_HTTP_REJECT_MEMORY] > 0);
    check_status(&f, "GET /hello HTTP/1.1\r\n" HOST "\r\n", 200, "hello");
    for (size_t i = 0; i < PEERS; i++) {
        (void)close(fds[i]);
    }
    fixture_stop(&f);
}

/* ---- many peers ---- */

static void test_two_thousand_idle_connections_hold_no_buffers(void **state)
{
    (void)state;
    enum { PEERS = 2000 };
    static int fds[PEERS];
    struct fixture f = {0};
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max < PEERS * 2 + 200) {
        print_message("skipped: too few descriptors\n");
        skip();
    }
    BUF(answer, MIB);
    fixture_start(&f);
    for (size_t i = 0; i < PEERS; i++) {
        fds[i] = dial(&f);
        say(fds[i], text("GET /hello HTTP/1.1\r\n" HOST "\r\n"));
    }
    for (size_t i = 0; i < PEERS; i++) {
        assert_int_equal(hear_reply(fds[i], &answer, false).status, 200);
    }
    assert_int_equal(fixture_counters(&f)->connections_idle, PEERS);
    assert_int_equal(f.counters.buffer_bytes, 0);
    say(fds[PEERS / 2], text("GET /hello HTTP/1.1\r\n" HOST "\r\n"));
    assert_int_equal(hear_reply(fds[PEERS / 2], &answer, false).status, 200);
    for (size_t i = 0; i < PEERS; i++) {
        (void)close(fds[i]);
    }
    fixture_stop(&f);
}

static void test_full_server_ends_the_longest_idle_connection(void **state)
{
    (void)state;
    struct fixture f = {.limits = {.connections = 3}};
    BUF(answer, MIB);
    fixture_start(&f);
    int fds[4];
    for (size_t i = 0; i < 4; i++) {
        fds[i] = dial(&f);
        say(fds[i], text("GET /hello HTTP/1.1\r\n" HOST "\r\n"));
        assert_int_equal(hear_reply(fds[i], &answer, false).status, 200);
    }
    skm_buf_reset(&answer);
    hear_all(fds[0], &answer);
    say(fds[1], text("GET /hello HTTP/1.1\r\n" HOST "\r\n"));
    assert_int_equal(hear_reply(fds[1], &answer, false).status, 200);
    for (size_t i = 0; i < 4; i++) {
        (void)close(fds[i]);
    }
    fixture_stop(&f);
    assert_int_equal(f.counters.connections_evicted, 1);
}

static void test_server_full_of_busy_connections_answers_503(void **state)
{
    (void)state;
    struct fixture f = {.limits = {.connections = 3}};
    BUF(answer, MIB);
    fixture_start(&f);
    int fds[3];
    for (size_t i = 0; i < 3; i++) {
        fds[i] = dial(&f);
        say(fds[i], text("GET /hel"));
    }
    /* Busy is who has begun a request the server has seen. */
    for (int i = 0; i < 500 && fixture_counters(&f)->bytes_in < 3 * strlen("GET /hel"); i++) {
        sleep_us(10000);
    }
    int late = dial(&f);
    hear_all(late, &answer);
    assert_true(has(skm_buf_span(&answer), "HTTP/1.1 503"));
    (void)close(late);
    for (size_t i = 0; i < 3; i++) {
        say(fds[i], text("lo HTTP/1.1\r\n" HOST "\r\n"));
        assert_int_equal(hear_reply(fds[i], &answer, false).status, 200);
        (void)close(fds[i]);
    }
    fixture_stop(&f);
    assert_int_equal(f.counters.rejected[SKM_HTTP_REJECT_CONNECTIONS], 1);
}

/* ---- stopping ---- */

static void test_stop_lets_a_request_under_way_finish_and_refuses_new_peers(void **state)
{
    (void)state;
    struct fixture f = {0};
    BUF(answer, MIB);
    fixture_start(&f);
    int idle = dial(&f);
    int busy = dial(&f);
    say(busy, text("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nab"));
    sleep_us(20000);
    skm_loop_stop(f.loop, 5000);
    hear_all(idle, &answer);
    assert_int_equal(answer.len, 0);
    int late = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(f.port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(late, (const struct sockaddr *)&to, sizeof to), -1);
    say(busy, text("cd"));
    hear_all(busy, &answer);
    assert_true(skm_span_ends(skm_buf_span(&answer), SKM_SPAN("\r\n\r\nabcd")));
    assert_true(has(skm_buf_span(&answer), "\r\nConnection: close\r\n"));
    (void)close(idle);
    (void)close(busy);
    (void)close(late);
    fixture_join(&f);
    fixture_stop(&f);
}

/* More than one burst of accept waits in the kernel when the stop comes. */
static void test_stop_still_serves_those_who_have_connected_already(void **state)
{
    (void)state;
    enum { PEERS = 150 };
    struct fixture f = {.listener = {.address = SKM_SPAN("127.0.0.1:0")}};
    int fds[PEERS];
    fixture_prepare(&f);
    assert_ok(skm_http_server_listen(f.server, &f.listener, &f.diags, &f.bound));
    f.port = skm_listener_port(f.bound);
    for (size_t i = 0; i < PEERS; i++) {
        fds[i] = dial(&f);
        say(fds[i], text("GET /hello HTTP/1.1\r\n" HOST "\r\n"));
    }
    skm_loop_stop(f.loop, 5000);
    assert_int_equal(pthread_create(&f.thread, NULL, fixture_run, &f), 0);
    for (size_t i = 0; i < PEERS; i++) {
        BUF(answer, MIB);
        hear_all(fds[i], &answer);
        assert_true(has(skm_buf_span(&answer), "HTTP/1.1 200"));
        (void)close(fds[i]);
    }
    fixture_join(&f);
    fixture_stop(&f);
}

static void test_stop_cuts_what_is_not_finished_at_the_deadline(void **state)
{
    (void)state;
    struct fixture f = {0};
    BUF(answer, MIB);
    fixture_start(&f);
    int busy = dial(&f);
    say(busy, text("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nab"));
    sleep_us(20000);
    int64_t begun_ms = now_ms();
    skm_loop_stop(f.loop, 100);
    fixture_join(&f);
    assert_in_range(now_ms() - begun_ms, 90, 3000);
    fixture_stop(&f);
    hear_all(busy, &answer);
    assert_int_equal(answer.len, 0);
    (void)close(busy);
}

/* ---- listeners ---- */

static void test_unix_socket_tells_who_the_peer_is(void **state)
{
    (void)state;
    char address[64];
    (void)snprintf(address, sizeof address, "unix:/tmp/skm-http-%d.sock", (int)getpid());
    struct fixture f = {.listener = {.address = skm_span_cstr(address)}};
    BUF(answer, MIB);
    fixture_start(&f);
    struct stat st;
    assert_int_equal(stat(address + 5, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    (void)snprintf(to.sun_path, sizeof to.sun_path, "%s", address + 5);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    say(fd, text("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"));
    char wanted[32];
    (void)snprintf(wanted, sizeof wanted, "\r\nX-Peer-Uid: %u\r\n", (unsigned)getuid());
    assert_true(has(hear_reply(fd, &answer, false).head, wanted));
    (void)close(fd);
    fixture_stop(&f);
    assert_int_equal(stat(address + 5, &st), -1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_response_carries_framing_and_safety_headers),
    cmocka_unit_test(test_connection_serves_many_requests_and_closes_when_asked),
    cmocka_unit_test(test_http_10_keeps_the_connection_only_on_request),
    cmocka_unit_test(test_refusals_say_why_in_json),
    cmocka_unit_test(test_refused_syntax_ends_the_connection_and_what_follows_is_not_served),
    cmocka_unit_test(test_missing_route_and_failed_handler_keep_the_connection),
    cmocka_unit_test(test_hook_sees_refused_requests_when_their_headers_were_read),
    cmocka_unit_test(test_head_is_answered_like_get_without_body),
    cmocka_unit_test(test_expectation_is_met_before_the_body_comes),
    cmocka_unit_test(test_pipelined_requests_are_answered_alike_wherever_they_are_cut),
    cmocka_unit_test(test_stream_of_single_bytes_is_served),
    cmocka_unit_test(test_thousands_of_pipelined_requests_are_answered_in_order),
    cmocka_unit_test(test_body_of_the_maximum_is_served_chunked_and_plain),
    cmocka_unit_test(test_slow_head_is_ended_at_its_deadline_with_408),
    cmocka_unit_test(test_slow_body_is_ended_at_its_deadline_with_408),
    cmocka_unit_test(test_idle_connection_is_ended_without_a_word),
    cmocka_unit_test(test_requests_push_the_idle_deadline_back),
    cmocka_unit_test(test_peer_that_takes_nothing_is_ended),
    cmocka_unit_test(test_slow_reader_gets_the_whole_answer_and_the_next),
    cmocka_unit_test(test_peer_that_takes_a_little_at_a_time_is_served_past_the_write_deadline),
    cmocka_unit_test(test_unheard_answers_do_not_pile_up),
    cmocka_unit_test(test_half_closed_peer_still_gets_its_answers),
    cmocka_unit_test(test_truncated_requests_are_counted_and_leave_nothing),
    cmocka_unit_test(test_oversized_body_is_refused_while_it_is_being_sent),
    cmocka_unit_test(test_endless_head_is_refused_with_431_and_endless_target_with_414),
    cmocka_unit_test(test_memory_bound_refuses_with_503_and_the_server_lives_on),
    cmocka_unit_test(test_two_thousand_idle_connections_hold_no_buffers),
    cmocka_unit_test(test_full_server_ends_the_longest_idle_connection),
    cmocka_unit_test(test_server_full_of_busy_connections_answers_503),
    cmocka_unit_test(test_stop_lets_a_request_under_way_finish_and_refuses_new_peers),
    cmocka_unit_test(test_stop_still_serves_those_who_have_connected_already),
    cmocka_unit_test(test_stop_cuts_what_is_not_finished_at_the_deadline),
    cmocka_unit_test(test_unix_socket_tells_who_the_peer_is),
};

SKM_TEST_MAIN(tests)
