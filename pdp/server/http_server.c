/* The server as its owner sees it: start, listeners, counters, end. Requests are in http_exchange.c. */
#include "server/http_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/span.h"
#include "server/counter.h"
#include "server/http_exchange.h"
#include "server/listener_bind.h"
#include "server/loop.h"

#define LISTENERS_MAX 16
/* Descriptors that connections leave to everything else. */
#define FDS_RESERVED 128

struct skm_http_server {
    struct skm_http_exchange exchange;
    struct skm_loop *loop;
    struct skm_listener *listeners[LISTENERS_MAX]; /* owned */
    size_t listener_count;
};

static const struct skm_http_limits DEFAULTS = {
    .head_bytes = 16 * 1024,
    .target_bytes = 8 * 1024,
    .headers = 100,
    .body_bytes = 1024 * 1024,
    .response_bytes = 16 * 1024 * 1024,
    .arena_bytes = 8 * 1024 * 1024,
    .connections = 16384,
    .peer_connections = 1024,
    .buffer_bytes = (uint64_t)256 * 1024 * 1024,
    .handshake_ms = 10000,
    .head_ms = 10000,
    .body_ms = 30000,
    .idle_ms = 75000,
    .write_ms = 30000,
    .linger_ms = 2000,
};

static uint32_t or_default(uint32_t value, uint32_t fallback)
{
    return value == 0 ? fallback : value;
}

/* Fills in defaults, and what the machine allows. */
static struct skm_http_limits complete(const struct skm_http_limits *given)
{
    const struct skm_http_limits *d = &DEFAULTS;
    struct skm_http_limits limits = {
        .head_bytes = or_default(given->head_bytes, d->head_bytes),
        .target_bytes = or_default(given->target_bytes, d->target_bytes),
        .headers = or_default(given->headers, d->headers),
        .body_bytes = or_default(given->body_bytes, d->body_bytes),
        .response_bytes = or_default(given->response_bytes, d->response_bytes),
        .arena_bytes = or_default(given->arena_bytes, d->arena_bytes),
        .connections = or_default(given->connections, d->connections),
        .peer_connections = or_default(given->peer_connections, d->peer_connections),
        .buffer_bytes = given->buffer_bytes == 0 ? d->buffer_bytes : given->buffer_bytes,
        .handshake_ms = or_default(given->handshake_ms, d->handshake_ms),
        .head_ms = or_default(given->head_ms, d->head_ms),
        .body_ms = or_default(given->body_ms, d->body_ms),
        .idle_ms = or_default(given->idle_ms, d->idle_ms),
        .write_ms = or_default(given->write_ms, d->write_ms),
        .linger_ms = or_default(given->linger_ms, d->linger_ms),
    };
    size_t fds = skm_listener_raise_fd_limit();
    size_t most = fds > FDS_RESERVED * 2 ? fds - FDS_RESERVED : fds / 2;
    limits.headers = limits.headers > SKM_HTTP_HEADERS_MAX ? SKM_HTTP_HEADERS_MAX : limits.headers;
    limits.connections = limits.connections > most ? (uint32_t)most : limits.connections;
    return limits;
}

/* ---- connections ---- */

/* A last word to a peer there is no place for. Whether it arrives is not waited for. */
static void turn_away(int fd, bool is_plain)
{
    static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\n"
                                 "Content-Type: application/json\r\n"
                                 "Content-Length: 22\r\n"
                                 "Cache-Control: no-store\r\n"
                                 "Retry-After: 1\r\n"
                                 "Connection: close\r\n\r\n"
                                 "\"too many connections\"";
    if (is_plain) {
        (void)send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    (void)close(fd);
}

static void on_accept(void *ctx, struct skm_listener *listener, int fd, const struct skm_peer *peer)
{
    struct skm_http_server *server = ctx;
    struct skm_tls_context *tls = skm_listener_tls(listener);
    skm_err err = skm_conn_open(&server->exchange.conns, fd, peer, tls);
    if (skm_is_ok(err)) {
        return;
    }
    enum skm_http_reject reason = skm_is_err(err, SKM_E_COUNT) ? SKM_HTTP_REJECT_CONNECTIONS
                                  : skm_is_err(err, SKM_E_REFUSED)
                                      ? SKM_HTTP_REJECT_PEER_CONNECTIONS
                                      : SKM_HTTP_REJECT_MEMORY;
    skm_counter_add(&server->exchange.rejected[reason], 1);
    turn_away(fd, tls == NULL);
}

/* ---- listeners ---- */

skm_err skm_http_server_listen_fd(struct skm_http_server *server, int fd,
                                  const struct skm_listener_options *options,
                                  struct skm_diags *diags, struct skm_listener **out_listener)
{
    if (server->listener_count == LISTENERS_MAX) {
        (void)close(fd);
        return SKM_ERR(COUNT);
    }
    struct skm_listener *listener = NULL;
    SKM_TRY(skm_listener_new(server->loop, fd, options, on_accept, server, diags, &listener));
    server->listeners[server->listener_count++] = listener;
    if (out_listener != NULL) {
        *out_listener = listener;
    }
    return SKM_OK;
}

skm_err skm_http_server_listen(struct skm_http_server *server,
                               const struct skm_listener_options *options, struct skm_diags *diags,
                               struct skm_listener **out_listener)
{
    int fd = -1;
    SKM_TRY(skm_listener_bind(options, diags, &fd));
    return skm_http_server_listen_fd(server, fd, options, diags, out_listener);
}

/* They are borrowed for as long as the server lives, so a stop only closes them. */
static void close_listeners(struct skm_http_server *server)
{
    for (size_t i = 0; i < server->listener_count; i++) {
        skm_listener_close(server->listeners[i]);
    }
}

static void free_listeners(struct skm_http_server *server)
{
    for (size_t i = 0; i < server->listener_count; i++) {
        skm_listener_free(server->listeners[i]);
    }
    server->listener_count = 0;
}

/* A stop has begun: who has connected already is still served, nobody else. The connections see to themselves. */
static void on_stop(void *ctx)
{
    struct skm_http_server *server = ctx;
    for (size_t i = 0; i < server->listener_count; i++) {
        skm_listener_accept_rest(server->listeners[i]);
    }
    close_listeners(server);
}

/* ---- lifetime ---- */

skm_err skm_http_server_new(struct skm_loop *loop, const struct skm_http_server_options *options,
                            struct skm_http_server **out_server)
{
    struct skm_http_server *server = skm_mem_alloc(sizeof *server);
    if (server == NULL) {
        return SKM_ERR(MEMORY);
    }
    struct skm_http_limits limits = complete(&options->limits);
    skm_err err = skm_http_exchange_init(&server->exchange, loop, options, &limits);
    if (!skm_is_ok(err)) {
        skm_mem_free(server);
        return err;
    }
    server->loop = loop;
    err = skm_loop_on_stop(loop, on_stop, server);
    if (!skm_is_ok(err)) {
        skm_http_server_free(server);
        return err;
    }
    *out_server = server;
    return SKM_OK;
}

void skm_http_server_free(struct skm_http_server *server)
{
    if (server == NULL) {
        return;
    }
    free_listeners(server);
    skm_loop_off_stop(server->loop, on_stop, server);
    skm_http_exchange_fini(&server->exchange);
    skm_mem_free(server);
}

/* ---- counters ---- */

void skm_http_server_counters(const struct skm_http_server *server,
                              struct skm_http_counters *out_counters)
{
    const struct skm_http_exchange *exchange = &server->exchange;
    const struct skm_conn_set *conns = &exchange->conns;
    *out_counters = (struct skm_http_counters){
        .connections_accepted = skm_counter_get(&conns->counters.accepted),
        .connections_closed = skm_counter_get(&conns->counters.closed),
        .connections_evicted = skm_counter_get(&conns->counters.evicted),
        .connections_open = skm_counter_get_size(&conns->open),
        .connections_idle = skm_counter_get_size(&conns->lists[SKM_CONN_IDLE].len),
        .tls_handshakes = skm_counter_get(&conns->counters.handshakes),
        .bytes_in = skm_counter_get(&conns->counters.bytes_in),
        .bytes_out = skm_counter_get(&conns->counters.bytes_out),
        .buffer_bytes = skm_counter_get(&conns->buffer_bytes),
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(exchange->responses); i++) {
        out_counters->responses[i] = skm_counter_get(&exchange->responses[i]);
    }
    for (size_t i = 0; i < SKM_HTTP_REJECT_COUNT; i++) {
        out_counters->rejected[i] = skm_counter_get(&exchange->rejected[i]);
    }
    for (size_t i = 0; i < server->listener_count; i++) {
        out_counters->accept_exhausted +=
            skm_counter_get(&skm_listener_counters(server->listeners[i])->exhausted);
    }
}

void skm_http_counters_add(struct skm_http_counters *sum, const struct skm_http_counters *one)
{
    for (size_t i = 0; i < SKM_ARRAY_LEN(sum->responses); i++) {
        sum->responses[i] += one->responses[i];
    }
    for (size_t i = 0; i < SKM_HTTP_REJECT_COUNT; i++) {
        sum->rejected[i] += one->rejected[i];
    }
    sum->connections_accepted += one->connections_accepted;
    sum->connections_closed += one->connections_closed;
    sum->connections_evicted += one->connections_evicted;
    sum->connections_open += one->connections_open;
    sum->connections_idle += one->connections_idle;
    sum->tls_handshakes += one->tls_handshakes;
    sum->bytes_in += one->bytes_in;
    sum->bytes_out += one->bytes_out;
    sum->buffer_bytes += one->buffer_bytes;
    sum->accept_exhausted += one->accept_exhausted;
}
