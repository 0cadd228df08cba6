/* The endpoints of one worker: which path leads where, measured and counted.
 *
 *     POST /access/v1/evaluation, /access/v1/evaluations           AuthZEN
 *     POST /access/v1/search/subject, …/resource, …/action         AuthZEN
 *     GET  /.well-known/authzen-configuration                      AuthZEN metadata, when `pdp_id` is set
 *     any  /forward-auth                                           for proxies
 *     GET  /healthz                                                200 while the process answers
 *     GET  /readyz                                                 200 while it takes requests; 503 while it stops
 *     GET  /metrics                                                Prometheus
 *
 * Threads: the worker's loop. */
#pragma once

#include <stdbool.h>

#include "base/clock.h"
#include "daemon/metrics.h"
#include "proto/http.h"
#include "proto/world.h"

struct skm_endpoints;

/* What the endpoints ask their surroundings. */
struct skm_endpoints_host {
    void *ctx;
    /* What is in force for this worker; never NULL. */
    const struct skm_live *(*live)(void *ctx);
    bool (*is_stopping)(void *ctx);
    /* Figures of all workers. */
    void (*view)(void *ctx, struct skm_metrics_view *out_view);
    const struct skm_clock *clock;
    struct skm_metrics *metrics; /* this worker's */
};

/* Routes live in `arena`, as does everything else here. `identifier`: the PDP's, empty for none. SKM_E_MEMORY. */
SKM_MUST skm_err skm_endpoints_new(struct skm_arena *arena, const struct skm_endpoints_host *host,
                                   skm_span identifier, struct skm_endpoints **out_endpoints);

/* The routes of a listener that offers `serve` (bits of enum skm_config_serve). Borrowed. */
SKM_MUST skm_err skm_endpoints_routes(struct skm_endpoints *endpoints, uint32_t serve,
                                      const struct skm_http_route **out_routes, size_t *out_count);
