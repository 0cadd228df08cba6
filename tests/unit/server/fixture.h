/* A server on a thread of its own, and clients that speak to it through real sockets.
 *
 * Endpoints: GET /hello; POST /echo (the body; header X-Peer-Uid on Unix sockets); GET /big (options.big_bytes of `x`);
 * GET /fail; GET /overflow (more than response_bytes). Every response echoes X-Request-ID, by the hook. */
#pragma once

#include "harness/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/clock.h"
#include "base/span.h"
#include "server/http_server.h"
#include "server/loop.h"

struct fixture {
    struct skm_http_limits limits;
    struct skm_listener_options listener;
    size_t big_bytes;
    /* set by fixture_start() */
    struct skm_loop *loop;
    struct skm_http_server *server;
    struct skm_listener *bound;
    struct skm_loop_wake *probe;
    struct skm_arena arena;
    struct skm_diags diags;
    pthread_t thread;
    uint16_t port;
    struct skm_http_counters counters; /* filled by fixture_counters() and fixture_stop() */
    atomic_int probed;
    bool joined;
};

static inline skm_err on_hello(void *ctx, const struct skm_http_request *request,
                               struct skm_http_response *response)
{
    (void)ctx;
    (void)request;
    response->status = 200;
    response->content_type = SKM_SPAN("text/plain");
    skm_buf_append(response->body, SKM_SPAN("hello"));
    return SKM_OK;
}

static inline skm_err on_echo(void *ctx, const struct skm_http_request *request,
                              struct skm_http_response *response)
{
    (void)ctx;
    response->status = 200;
    response->content_type = SKM_SPAN("application/octet-stream");
    skm_buf_append(response->body, request->body);
    if (request->peer.is_unix) {
        char text[16];
        (void)snprintf(text, sizeof text, "%u", request->peer.uid);
        SKM_TRY(skm_http_add_header(response, SKM_SPAN("X-Peer-Uid"), skm_span_cstr(text)));
    }
    return SKM_OK;
}

static inline skm_err on_big(void *ctx, const struct skm_http_request *request,
                             struct skm_http_response *response)
{
    const struct fixture *f = ctx;
    (void)request;
    response->status = 200;
    char *room = skm_buf_reserve(response->body, f->big_bytes);
    if (room == NULL) {
        return SKM_ERR(MEMORY);
    }
    memset(room, 'x', f->big_bytes);
    skm_buf_commit(response->body, f->big_bytes);
    return SKM_OK;
}

static inline skm_err on_fail(void *ctx, const struct skm_http_request *request,
                              struct skm_http_response *response)
{
    (void)ctx;
    (void)request;
    response->status = 200;
    skm_buf_append(response->body, SKM_SPAN("half an answer"));
    return SKM_ERR(INTERNAL);
}

static inline skm_err on_overflow(void *ctx, const struct skm_http_request *request,
                                  struct skm_http_response *response)
{
    (void)ctx;
    (void)request;
    response->status = 200;
    for (int i = 0; i < 4096; i++) {
        skm_buf_append(response->body, SKM_SPAN("0123456789012345678901234567890123456789"));
    }
    return SKM_OK;
}

static inline void on_response(void *ctx, const struct skm_http_request *request,
                               struct skm_http_response *response)
{
    (void)ctx;
    const skm_span *id =
        request == NULL ? NULL : skm_http_header_find(request, SKM_SPAN("X-Request-ID"), NULL);
    if (id != NULL && !skm_is_ok(skm_http_add_header(response, SKM_SPAN("X-Request-ID"), *id))) {
        response->close = true;
    }
}

static inline void on_probe(void *ctx)
{
    struct fixture *f = ctx;
    skm_http_server_counters(f->server, &f->counters);
    atomic_store(&f->probed, 1);
}

static inline void *fixture_run(void *ctx)
{
    struct fixture *f = ctx;
    assert_ok(skm_loop_run(f->loop));
    return NULL;
}

static inline void fixture_prepare(struct fixture *f)
{
    static struct skm_http_route routes[5];
    routes[0] = (struct skm_http_route){SKM_SPAN("/hello"), 1u << SKM_HTTP_GET, on_hello, f};
    routes[1] = (struct skm_http_route){SKM_SPAN("/echo"), 1u << SKM_HTTP_POST, on_echo, f};
    routes[2] = (struct skm_http_route){SKM_SPAN("/big"), 1u << SKM_HTTP_GET, on_big, f};
    routes[3] = (struct skm_http_route){SKM_SPAN("/fail"), 1u << SKM_HTTP_GET, on_fail, f};
    routes[4] = (struct skm_http_route){SKM_SPAN("/overflow"), 1u << SKM_HTTP_GET, on_overflow, f};
    struct skm_http_server_options options = {
        .routes = routes,
        .route_count = SKM_ARRAY_LEN(routes),
        .on_response = on_response,
        .limits = f->limits,
    };
    skm_arena_init(&f->arena, 1 << 20);
    skm_diags_init(&f->diags, &f->arena, 16);
    assert_ok(skm_loop_new(NULL, &f->loop));
    assert_ok(skm_loop_wake_new(f->loop, on_probe, f, &f->probe));
    assert_ok(skm_http_server_new(f->loop, &options, &f->server));
}

static inline void fixture_start(struct fixture *f)
{
    fixture_prepare(f);
    if (f->listener.address.len == 0) {
        f->listener.address = SKM_SPAN("127.0.0.1:0");
    }
    skm_err err = skm_http_server_listen(f->server, &f->listener, &f->diags, &f->bound);
    if (!skm_is_ok(err) && f->diags.first != NULL) {
        print_error("%.*s\n", SKM_SPAN_ARG(f->diags.first->message));
    }
    assert_ok(err);
    f->port = skm_listener_port(f->bound);
    assert_int_equal(pthread_create(&f->thread, NULL, fixture_run, f), 0);
}

/* Waits for the loop to end by itself (a stop has been asked for). */
static inline void fixture_join(struct fixture *f)
{
    assert_int_equal(pthread_join(f->thread, NULL), 0);
    f->joined = true;
}

static inline void fixture_stop(struct fixture *f)
{
    if (!f->joined) {
        skm_loop_stop(f->loop, 0);
        fixture_join(f);
    }
    skm_http_server_counters(f->server, &f->counters);
    skm_http_server_free(f->server);
    skm_loop_wake_free(f->probe);
    skm_loop_free(f->loop);
    skm_arena_fini(&f->arena);
}

/* ---- time ---- */

static inline int64_t now_ms(void)
{
    return skm_clock_monotonic_ns(skm_clock_system()) / 1000000;
}

static inline void sleep_us(long us)
{
    struct timespec span = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    (void)nanosleep(&span, NULL);
}

/* The server's own figures, asked for in its thread. */
static inline const struct skm_http_counters *fixture_counters(struct fixture *f)
{
    atomic_store(&f->probed, 0);
    skm_loop_wake_notify(f->probe);
    for (int i = 0; i < 5000 && atomic_load(&f->probed) == 0; i++) {
        sleep_us(1000);
    }
    assert_int_equal(atomic_load(&f->probed), 1);
    return &f->counters;
}

/* ---- clients ---- */

static inline int dial(const struct fixture *f)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(f->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int on = 1;
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static inline void say(int fd, skm_span bytes)
{
    while (bytes.len != 0) {
        ssize_t sent = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        assert_true(sent > 0);
        bytes = skm_span_from(bytes, (size_t)sent);
    }
}

/* Sends while the peer takes it; true when all went. */
static inline bool say_if_heard(int fd, skm_span bytes)
{
    return send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL) == (ssize_t)bytes.len;
}

/* How the last connection that hear() saw the end of ended: 0 properly, else the error. */
static int last_end;

/* Reads until `len` bytes are there, the peer ends (*out_ended), or 10 seconds have passed. */
static inline void hear(int fd, struct skm_buf *into, size_t len, bool *out_ended)
{
    int64_t deadline_ms = now_ms() + 10000;
    *out_ended = false;
    while (into->len < len) {
        struct pollfd entry = {.fd = fd, .events = POLLIN};
        int64_t left = deadline_ms - now_ms();
        if (left <= 0 || poll(&entry, 1, (int)left) <= 0) {
            return;
        }
        char *room = skm_buf_reserve(into, 65536);
        assert_non_null(room);
        size_t want = len - into->len < 65536 ? len - into->len : 65536;
        ssize_t got = recv(fd, room, want, 0);
        if (got <= 0) {
            last_end = got == 0 ? 0 : errno;
            *out_ended = true;
            return;
        }
        skm_buf_commit(into, (size_t)got);
    }
}

/* Everything until the end; fails when the peer does not end. */
static inline void hear_all(int fd, struct skm_buf *into)
{
    bool ended = false;
    hear(fd, into, into->max_bytes, &ended);
    assert_true(ended);
}

struct reply {
    int status;
    size_t head_len;
    size_t body_len;
    skm_span head;
    skm_span body;
};

/* Reads one response; `into` holds it and is reset first. */
static inline struct reply hear_reply(int fd, struct skm_buf *into, bool head_only)
{
    struct reply reply = {0};
    bool ended = false;
    skm_buf_reset(into);
    while (reply.head_len == 0) {
        hear(fd, into, into->len + 1, &ended);
        assert_false(ended);
        const char *end = into->len < 4 ? NULL : memmem(into->ptr, into->len, "\r\n\r\n", 4);
        reply.head_len = end == NULL ? 0 : (size_t)(end - into->ptr) + 4;
    }
    skm_buf_append_char(into, '\0');
    into->len--;
    reply.status = (int)strtol(into->ptr + 9, NULL, 10);
    const char *length = strcasestr(into->ptr, "\r\nContent-Length: ");
    reply.body_len = length == NULL || head_only ? 0 : strtoul(length + 18, NULL, 10);
    hear(fd, into, reply.head_len + reply.body_len, &ended);
    assert_int_equal(into->len, reply.head_len + reply.body_len);
    reply.head = skm_span_of(into->ptr, reply.head_len);
    reply.body = skm_span_of(into->ptr + reply.head_len, reply.body_len);
    return reply;
}

static inline bool has(skm_span text, const char *part)
{
    return memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

static inline size_t count_of(skm_span text, const char *part)
{
    size_t count = 0;
    size_t len = strlen(part);
    const char *at = text.ptr;
    const char *end = text.ptr + text.len;
    while (at != NULL && (at = memmem(at, (size_t)(end - at), part, len)) != NULL) {
        count++;
        at += len;
    }
    return count;
}

static inline void buf_scope_fini(struct skm_buf *buf)
{
    skm_buf_fini(buf);
}

#define BUF(name, max)                                                                             \
    SKM_CLEANUP(buf_scope_fini) struct skm_buf name;                                               \
    skm_buf_init(&(name), (max))
