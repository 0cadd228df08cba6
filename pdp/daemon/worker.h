/* One worker: a thread with a loop, an HTTP server per listener, and what is in force for it.
 *
 * What is in force changes by handing over: the control thread offers a new `skm_live`, the worker takes it between two
 * requests and says so. Until every worker has said so, the control thread keeps the old one alive. So a
 * request reads one pointer, without lock or count.
 *
 * Threads: made and freed by one; runs in its own; skm_worker_offer() and _has_taken(): the control thread. */
#pragma once

#include <stdbool.h>

#include "daemon/endpoints.h"
#include "server/http_server.h"

struct skm_worker;
struct skm_loop;

struct skm_worker_options {
    const struct skm_live *live; /* in force at the start; kept alive by the caller */
    const struct skm_clock *clock;
    size_t count; /* workers that share the listeners */
    /* Tells the control thread that an offer was taken, or that the worker has ended. */
    void (*on_taken)(void *ctx);
    /* Of the whole process. */
    bool (*is_stopping)(void *ctx);
    void (*view)(void *ctx, struct skm_metrics_view *out_view);
    void *ctx;
};

SKM_MUST skm_err skm_worker_new(const struct skm_worker_options *options,
                                struct skm_worker **out_worker);
/* After its thread has ended. NULL is accepted. */
void skm_worker_free(struct skm_worker *worker);

/* Serves the configured listeners on the bound descriptors, one per listener; they stay the caller's. Before the thread starts.
 * SKM_E_INVALID: `diags` says why. */
SKM_MUST skm_err skm_worker_listen(struct skm_worker *worker, const int *fds,
                                   struct skm_diags *diags);

/* What a configured listener binds to; also used for binding. */
struct skm_listener_options skm_worker_listener_options(const struct skm_live *live, size_t index);

/* Serves until stopped; then the worker counts as having taken every offer. */
SKM_MUST skm_err skm_worker_run(struct skm_worker *worker);

/* Control thread. `live` must stay alive until the worker has taken another one. */
void skm_worker_offer(struct skm_worker *worker, const struct skm_live *live);
bool skm_worker_has_taken(const struct skm_worker *worker, const struct skm_live *live);

/* Any thread: begins the graceful stop. */
void skm_worker_stop(struct skm_worker *worker, uint32_t deadline_ms);

struct skm_loop *skm_worker_loop(struct skm_worker *worker);
const struct skm_metrics *skm_worker_metrics(const struct skm_worker *worker);

/* Adds the figures of its servers. Any thread. */
void skm_worker_add_http(const struct skm_worker *worker, struct skm_http_counters *sum);

/* Address of a listener as it is bound, with the real port. Before the thread starts. */
const char *skm_worker_address(const struct skm_worker *worker, size_t index);
