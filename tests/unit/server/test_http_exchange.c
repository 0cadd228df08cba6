#include "fixture.h"

#include <event2/event.h>

#include "base/mem.h"
#include "server/http_exchange.h"

/* One connection served step by step in this thread, through a socket pair. */
struct stage {
    struct skm_loop *loop;
    struct skm_http_exchange exchange;
    int peer;
};

static const struct skm_http_limits LIMITS = {
    .head_bytes = 4096,
    .target_bytes = 1024,
    .headers = 32,
    .body_bytes = 262144,
    .response_bytes = 1 << 20,
    .arena_bytes = 65536,
    .connections = 4,
    .peer_connections = 4,
    .buffer_bytes = 1 << 20,
    .handshake_ms = 1000,
    .head_ms = 1000,
    .body_ms = 1000,
    .idle_ms = 1000,
    .write_ms = 1000,
    .linger_ms = 1000,
};

static skm_err stage_open(struct stage *stage)
{
    static struct skm_http_route routes[1];
    routes[0] = (struct skm_http_route){SKM_SPAN("/echo"), 1u << SKM_HTTP_POST, on_echo, NULL};
    struct skm_http_server_options options = {
        .routes = routes, .route_count = 1, .on_response = on_response};
    int pair[2];
    struct skm_peer peer = {.is_unix = true};
    SKM_TRY(skm_loop_new(NULL, &stage->loop));
    SKM_TRY(skm_http_exchange_init(&stage->exchange, stage->loop, &options, &LIMITS));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    stage->peer = pair[1];
    skm_err err = skm_conn_open(&stage->exchange.conns, pair[0], &peer, NULL);
    if (!skm_is_ok(err)) {
        (void)close(pair[0]);
    }
    return err;
}

static void stage_close(struct stage *stage)
{
    skm_http_exchange_fini(&stage->exchange);
    skm_loop_free(stage->loop);
    if (stage->peer >= 0) {
        (void)close(stage->peer);
    }
}

static struct skm_conn *living(const struct stage *stage)
{
    for (size_t phase = 0; phase < SKM_CONN_PHASES; phase++) {
        if (stage->exchange.conns.lists[phase].first != NULL) {
            return stage->exchange.conns.lists[phase].first;
        }
    }
    return NULL;
}

static void stage_send(struct stage *stage, skm_span bytes)
{
    struct skm_conn *conn = living(stage);
    if (conn == NULL || conn->phase == SKM_CONN_LINGER) {
        return;
    }
    assert_int_equal(send(stage->peer, bytes.ptr, bytes.len, MSG_NOSIGNAL), bytes.len);
    skm_conn_serve(conn, conn->writing ? EV_WRITE : EV_READ);
}

/* A request in three pieces, chunked and then plain, so that every buffer is needed. */
static void play(struct stage *stage)
{
    char body[2048];
    memset(body, 'b', sizeof body);
    stage_send(stage,
               SKM_SPAN("POST /echo HTTP/1.1\r\nHost: t\r\nX-Request-ID: 1\r\nTransfer-Enc"));
    stage_send(stage, SKM_SPAN("oding: chunked\r\n\r\n400\r\n"));
    stage_send(stage, skm_span_of(body, 1024));
    stage_send(
        stage,
        SKM_SPAN("\r\n0\r\n\r\nPOST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2048\r\n\r\n"));
    stage_send(stage, skm_span_of(body, sizeof body));
}

static bool is_served(struct stage *stage)
{
    BUF(answer, 262144);
    char *room = skm_buf_reserve(&answer, 100000);
    assert_non_null(room);
    ssize_t got = recv(stage->peer, room, 100000, MSG_DONTWAIT);
    skm_buf_commit(&answer, got < 0 ? 0 : (size_t)got);
    skm_span text = skm_buf_span(&answer);
    /* Whatever fails, no answer is cut short: each is whole, or the connection ends. */
    assert_int_equal(count_of(text, "HTTP/1.1 "), count_of(text, "\r\n\r\n"));
    return count_of(text, "HTTP/1.1 200 ") == 2;
}

static void test_every_failing_allocation_is_survived_and_refuses(void **state)
{
    (void)state;
    size_t failures = 0;
    bool served = false;
    for (size_t n = 0; !served && n < 10000; n++) {
        struct stage stage = {.peer = -1};
        skm_mem_fail_after(n);
        skm_err err = stage_open(&stage);
        if (skm_is_ok(err)) {
            play(&stage);
        }
        skm_mem_fail_after(SIZE_MAX);
        if (skm_is_ok(err)) {
            served = is_served(&stage);
            assert_true(stage.exchange.conns.buffer_bytes <= 262144);
        } else {
            assert_int_equal(err.code, SKM_E_MEMORY);
        }
        failures += !served;
        stage_close(&stage);
    }
    assert_true(served);
    assert_true(failures > 10);
}

/* The server goes on after an allocation failed in the midst of a request. */
static void test_other_connections_are_served_after_a_failed_allocation(void **state)
{
    (void)state;
    for (size_t n = 0; n < 12; n++) {
        struct stage stage = {.peer = -1};
        assert_ok(stage_open(&stage));
        skm_mem_fail_after(n);
        play(&stage);
        skm_mem_fail_after(SIZE_MAX);
        (void)is_served(&stage);
        struct skm_conn *conn = living(&stage);
        if (conn != NULL) {
            skm_conn_free(conn);
        }
        (void)close(stage.peer);
        int pair[2];
        struct skm_peer peer = {.is_unix = true};
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair),
                         0);
        stage.peer = pair[1];
        assert_ok(skm_conn_open(&stage.exchange.conns, pair[0], &peer, NULL));
        play(&stage);
        assert_true(is_served(&stage));
        stage_close(&stage);
    }
}

static void test_connection_between_requests_owns_no_buffers(void **state)
{
    (void)state;
    struct stage stage = {.peer = -1};
    assert_ok(stage_open(&stage));
    play(&stage);
    assert_true(is_served(&stage));
    struct skm_conn *conn = living(&stage);
    if (conn == NULL) {
        fail();
        return;
    }
    assert_int_equal(conn->phase, SKM_CONN_IDLE);
    assert_int_equal(skm_conn_buffers(conn), 0);
    stage_send(&stage, SKM_SPAN("POST /echo HT"));
    assert_int_equal(conn->phase, SKM_CONN_HEAD);
    assert_true(skm_conn_buffers(conn) > 0);
    assert_true(sizeof *conn <= 1024);
    stage_close(&stage);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_every_failing_allocation_is_survived_and_refuses),
    cmocka_unit_test(test_other_connections_are_served_after_a_failed_allocation),
    cmocka_unit_test(test_connection_between_requests_owns_no_buffers),
};

SKM_TEST_MAIN(tests)
