#include "daemon/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/span.h"
#include "proto/request_id.h"
#include "server/loop.h"

#define WORKER_MEMORY (1u << 20)

struct skm_worker {
    struct skm_arena arena; /* routes and tables */
    struct skm_worker_options options;
    struct skm_loop *loop;            /* owned */
    struct skm_loop_wake *wake;       /* owned */
    struct skm_http_server **servers; /* one per listener; owned */
    struct skm_listener **listeners;  /* borrowed from the servers */
    size_t listener_count;
    struct skm_endpoints *endpoints;
    struct skm_metrics metrics;
    const struct skm_live *live;    /* in force; loop thread */
    const struct skm_live *offered; /* atomic: by the control thread */
    const struct skm_live *taken;   /* atomic: by the loop thread */
    bool has_ended;                 /* atomic */
};

SKM_DEFINE_CLEANUP(cleanup_worker, struct skm_worker, skm_worker_free)

/* ---- taking over what is offered ---- */

/* Certificates are read anew with every load. A listener that is another one in the new configuration keeps what it has: that
 * takes a start. */
static void take_certificates(struct skm_worker *worker, const struct skm_live *live)
{
    const struct skm_config_listeners *old = &worker->live->config->listeners;
    const struct skm_config_listeners *new = &live->config->listeners;
    for (size_t i = 0; i < worker->listener_count && i < new->count &&i < old->count; i++) {
        bool is_same = skm_span_equal(old->items[i].address.text, new->items[i].address.text);
        if (is_same && live->tls[i] != NULL && worker->live->tls[i] != NULL) {
            /* Refused only where TLS would be turned on or off, which was looked at. */
            SKM_UNUSED skm_err err = skm_listener_set_tls(worker->listeners[i], live->tls[i]);
        }
    }
}

static void on_wake(void *ctx)
{
    struct skm_worker *worker = ctx;
    const struct skm_live *live = __atomic_load_n(&worker->offered, __ATOMIC_ACQUIRE);
    if (live == worker->live) {
        return;
    }
    take_certificates(worker, live);
    worker->live = live;
    __atomic_store_n(&worker->taken, live, __ATOMIC_RELEASE);
    worker->options.on_taken(worker->options.ctx);
}

void skm_worker_offer(struct skm_worker *worker, const struct skm_live *live)
{
    __atomic_store_n(&worker->offered, live, __ATOMIC_RELEASE);
    skm_loop_wake_notify(worker->wake);
}

bool skm_worker_has_taken(const struct skm_worker *worker, const struct skm_live *live)
{
    return __atomic_load_n(&worker->has_ended, __ATOMIC_ACQUIRE) ||
           __atomic_load_n(&worker->taken, __ATOMIC_ACQUIRE) == live;
}

/* ---- what the endpoints ask ---- */

static const struct skm_live *live_of(void *ctx)
{
    const struct skm_worker *worker = ctx;
    return worker->live;
}

static bool is_stopping(void *ctx)
{
    const struct skm_worker *worker = ctx;
    return skm_loop_is_stopping(worker->loop) || worker->options.is_stopping(worker->options.ctx);
}

static void view(void *ctx, struct skm_metrics_view *out_view)
{
    const struct skm_worker *worker = ctx;
    worker->options.view(worker->options.ctx, out_view);
    out_view->live = worker->live;
}

/* ---- life ---- */

static skm_err set_up(struct skm_worker *worker)
{
    size_t count = worker->live->config->listeners.count;
    worker->servers = SKM_ARENA_NEW_ARRAY(&worker->arena, struct skm_http_server *, count);
    worker->listeners = SKM_ARENA_NEW_ARRAY(&worker->arena, struct skm_listener *, count);
    if (worker->servers == NULL || worker->listeners == NULL) {
        return SKM_ERR(MEMORY);
    }
    SKM_TRY(skm_loop_new(worker->options.clock, &worker->loop));
    SKM_TRY(skm_loop_wake_new(worker->loop, on_wake, worker, &worker->wake));
    struct skm_endpoints_host host = {
        .ctx = worker,
        .live = live_of,
        .is_stopping = is_stopping,
        .view = view,
        .clock = worker->options.clock,
        .metrics = &worker->metrics,
    };
    return skm_endpoints_new(&worker->arena, &host, worker->live->authzen.identifier,
                             &worker->endpoints);
}

skm_err skm_worker_new(const struct skm_worker_options *options, struct skm_worker **out_worker)
{
    SKM_CLEANUP(cleanup_worker) struct skm_worker *worker = skm_mem_alloc(sizeof *worker);
    if (worker == NULL) {
        return SKM_ERR(MEMORY);
    }
    skm_arena_init(&worker->arena, WORKER_MEMORY);
    worker->options = *options;
    worker->live = options->live;
    worker->offered = options->live;
    worker->taken = options->live;
    SKM_TRY(set_up(worker));
    *out_worker = SKM_TAKE(worker);
    return SKM_OK;
}

void skm_worker_free(struct skm_worker *worker)
{
    if (worker == NULL) {
        return;
    }
    for (size_t i = 0; i < worker->listener_count; i++) {
        skm_http_server_free(worker->servers[i]);
    }
    skm_loop_wake_free(worker->wake);
    skm_loop_free(worker->loop);
    skm_arena_fini(&worker->arena);
    skm_mem_free(worker);
}

/* ---- listening ---- */

static uint32_t share(int64_t amount, size_t count)
{
    int64_t each = (amount + (int64_t)count - 1) / (int64_t)count;
    return each > UINT32_MAX ? UINT32_MAX : (uint32_t)each;
}

static struct skm_http_limits limits_of(const struct skm_config_limits *from, size_t workers)
{
    return (struct skm_http_limits){
        .head_bytes = (uint32_t)from->head_bytes,
        .body_bytes = (uint32_t)from->body_bytes,
        .response_bytes = (uint32_t)from->response_bytes,
        .arena_bytes = (uint32_t)from->request_memory,
        .connections = share(from->connections, workers),
        .peer_connections = share(from->peer_connections, workers),
        .buffer_bytes = (uint64_t)from->buffer_memory / workers,
        .handshake_ms = (uint32_t)from->handshake_timeout,
        .head_ms = (uint32_t)from->head_timeout,
        .body_ms = (uint32_t)from->body_timeout,
        .idle_ms = (uint32_t)from->idle_timeout,
        .write_ms = (uint32_t)from->write_timeout,
    };
}

struct skm_listener_options skm_worker_listener_options(const struct skm_live *live, size_t index)
{
    const struct skm_config_listener *listener = &live->config->listeners.items[index];
    return (struct skm_listener_options){
        .address = listener->address.text,
        .tls = live->tls[index],
        .allow_plain_http = listener->allow_plain_http,
        .unix_mode = listener->socket_mode,
    };
}

static skm_err listen_one(struct skm_worker *worker, size_t index, int fd, struct skm_diags *diags)
{
    struct skm_http_server_options options = {
        .on_response = skm_request_id_echo,
        .limits = limits_of(&worker->live->config->limits, worker->options.count),
    };
    uint32_t serve = worker->live->config->listeners.items[index].serve;
    SKM_TRY(skm_endpoints_routes(worker->endpoints, serve, &options.routes, &options.route_count));
    SKM_TRY(skm_http_server_new(worker->loop, &options, &worker->servers[index]));
    worker->listener_count = index + 1;
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (own < 0) {
        (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, NULL, (struct skm_range){0, 0},
                            "listening socket: %s", strerror(errno));
        return SKM_ERR(INVALID);
    }
    struct skm_listener_options listener = skm_worker_listener_options(worker->live, index);
    return skm_http_server_listen_fd(worker->servers[index], own, &listener, diags,
                                     &worker->listeners[index]);
}

skm_err skm_worker_listen(struct skm_worker *worker, const int *fds, struct skm_diags *diags)
{
    for (size_t i = 0; i < worker->live->config->listeners.count; i++) {
        SKM_TRY(listen_one(worker, i, fds[i], diags));
    }
    return SKM_OK;
}

/* ---- running ---- */

skm_err skm_worker_run(struct skm_worker *worker)
{
    skm_err err = skm_loop_run(worker->loop);
    __atomic_store_n(&worker->has_ended, true, __ATOMIC_RELEASE);
    worker->options.on_taken(worker->options.ctx);
    return err;
}

void skm_worker_stop(struct skm_worker *worker, uint32_t deadline_ms)
{
    skm_loop_stop(worker->loop, deadline_ms);
}

struct skm_loop *skm_worker_loop(struct skm_worker *worker)
{
    return worker->loop;
}

const struct skm_metrics *skm_worker_metrics(const struct skm_worker *worker)
{
    return &worker->metrics;
}

void skm_worker_add_http(const struct skm_worker *worker, struct skm_http_counters *sum)
{
    for (size_t i = 0; i < worker->listener_count; i++) {
        struct skm_http_counters one;
        skm_http_server_counters(worker->servers[i], &one);
        skm_http_counters_add(sum, &one);
    }
}

const char *skm_worker_address(const struct skm_worker *worker, size_t index)
{
    return skm_listener_address(worker->listeners[index]);
}
