/* HTTP over a connection: whatever comes in, and however it is cut, the answers are the same bytes.
 *
 * Input: one byte says where the cuts are, the rest is what a peer sends. It is served twice on the real connection code through a
 * socket pair, once whole and once in pieces, and the two outputs are compared (without `100 Continue`, which is sent
 * only to a peer that waits). A line feed follows at the end: a head in pieces is looked at when a line ends. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/attr.h"
#include "base/span.h"
#include "server/http_exchange.h"
#include "server/loop.h"

#define INPUT_MAX  8192
#define OUTPUT_MAX ((size_t)4 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static int64_t fixed_clock(void *ctx)
{
    (void)ctx;
    return 1700000000000;
}

/* Shows everything of the request that reaches an endpoint. */
static skm_err on_any(void *ctx, const struct skm_http_request *request,
                      struct skm_http_response *response)
{
    (void)ctx;
    response->status = 200;
    const skm_span parts[] = {request->method_text, request->target, request->path,
                              request->query,       request->host,   request->body};
    for (size_t i = 0; i < SKM_ARRAY_LEN(parts); i++) {
        skm_buf_append(response->body, parts[i]);
        skm_buf_append(response->body, SKM_SPAN("|"));
    }
    for (size_t i = 0; i < request->header_count; i++) {
        skm_buf_append(response->body, request->headers[i].name);
        skm_buf_append(response->body, request->headers[i].value);
    }
    return SKM_OK;
}

static struct skm_loop *loop;
static struct skm_http_exchange exchange;

static void start(void)
{
    static const struct skm_clock clock = {.wall_ms = fixed_clock, .monotonic_ns = fixed_clock};
    static struct skm_http_route routes[] = {
        {{"/", 1}, 1u << SKM_HTTP_GET | 1u << SKM_HTTP_POST, on_any, NULL},
        {{"/a", 2}, 1u << SKM_HTTP_POST, on_any, NULL},
        {{"*", 1}, 1u << SKM_HTTP_OPTIONS, on_any, NULL},
    };
    struct skm_http_server_options options = {.routes = routes,
                                              .route_count = SKM_ARRAY_LEN(routes)};
    struct skm_http_limits limits = {
        .head_bytes = 1024,
        .target_bytes = 128,
        .headers = 16,
        .body_bytes = 512,
        .response_bytes = 65536,
        .arena_bytes = 65536,
        .connections = 4,
        .peer_connections = 4,
        .buffer_bytes = (uint64_t)64 * 1024 * 1024,
        .handshake_ms = 1000,
        .head_ms = 1000,
        .body_ms = 1000,
        .idle_ms = 1000,
        .write_ms = 1000,
        .linger_ms = 1000,
    };
    require(skm_is_ok(skm_loop_new(&clock, &loop)));
    require(skm_is_ok(skm_http_exchange_init(&exchange, loop, &options, &limits)));
}

static void drain(int fd, struct skm_buf *out)
{
    for (;;) {
        char *room = skm_buf_reserve(out, 65536);
        require(room != NULL);
        ssize_t got = recv(fd, room, 65536, MSG_DONTWAIT);
        if (got <= 0) {
            return;
        }
        skm_buf_commit(out, (size_t)got);
    }
}

/* The connection, if it still lives. */
static struct skm_conn *living(void)
{
    for (size_t phase = 0; phase < SKM_CONN_PHASES; phase++) {
        if (exchange.conns.lists[phase].first != NULL) {
            return exchange.conns.lists[phase].first;
        }
    }
    return NULL;
}

static void serve_piece(int fd, const void *bytes, size_t len, struct skm_buf *out)
{
    struct skm_conn *conn = living();
    if (conn == NULL) {
        return;
    }
    require(send(fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len);
    skm_conn_serve(conn, EV_READ);
    drain(fd, out);
    conn = living();
    if (conn != NULL && conn->writing) {
        skm_conn_serve(conn, EV_WRITE);
        drain(fd, out);
    }
}

static void serve(const uint8_t *data, size_t size, size_t piece, struct skm_buf *out)
{
    int pair[2];
    struct skm_peer peer = {.is_unix = true};
    require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
    require(skm_is_ok(skm_conn_open(&exchange.conns, pair[0], &peer, NULL)));
    for (size_t at = 0; at < size; at += piece) {
        serve_piece(pair[1], data + at, size - at < piece ? size - at : piece, out);
    }
    serve_piece(pair[1], "\n", 1, out);
    struct skm_conn *conn = living();
    require(conn == NULL || skm_conn_buffers(conn) <= (size_t)256 * 1024);
    if (conn != NULL) {
        skm_conn_free(conn);
    }
    require(exchange.conns.buffer_bytes == 0);
    (void)close(pair[1]);
}

static void drop_invitations(struct skm_buf *out)
{
    static const char invitation[] = "HTTP/1.1 100 Continue\r\n\r\n";
    size_t len = sizeof invitation - 1;
    char *at = out->ptr;
    while (out->len != 0 &&
           (at = memmem(at, out->len - (size_t)(at - out->ptr), invitation, len)) != NULL) {
        size_t rest = out->len - (size_t)(at - out->ptr) - len;
        memmove(at, at + len, rest);
        out->len -= len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (loop == NULL) {
        start();
    }
    if (size < 1 || size > INPUT_MAX) {
        return 0;
    }
    struct skm_buf whole;
    struct skm_buf pieces;
    skm_buf_init(&whole, OUTPUT_MAX);
    skm_buf_init(&pieces, OUTPUT_MAX);
    serve(data + 1, size - 1, size, &whole);
    serve(data + 1, size - 1, data[0] % 64u + 1, &pieces);
    drop_invitations(&whole);
    drop_invitations(&pieces);
    require(skm_span_equal(skm_buf_span(&whole), skm_buf_span(&pieces)));
    skm_buf_fini(&whole);
    skm_buf_fini(&pieces);
    return 0;
}
