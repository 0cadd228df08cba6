#include "daemon/endpoints.h"

#include "base/attr.h"
#include "base/span.h"
#include "proto/authzen.h"
#include "proto/authzen_search.h"
#include "proto/forward_auth.h"

#define GET_HEAD (1u << SKM_HTTP_GET | 1u << SKM_HTTP_HEAD)
#define POST     (1u << SKM_HTTP_POST)
#define ANY      (~0u)

/* One measured endpoint: the context of its route. */
struct endpoint {
    struct skm_endpoints *owner;
    enum skm_metrics_endpoint id;
    skm_http_handler inner;
    void *inner_ctx;
};

struct skm_endpoints {
    struct skm_arena *arena;
    struct skm_endpoints_host host;
    struct skm_world_source source;
    struct skm_authzen_paths paths;
    bool has_metadata;
    struct endpoint all[SKM_METRICS_ENDPOINT_COUNT];
};

/* ---- the world, for the endpoints of proto/ ----
 *
 * INVARIANT: a handler runs to its end in the loop's thread, and what is in force changes only between two handlers of that
 * loop. So acquiring needs no count. */

static const struct skm_world *acquire(void *ctx)
{
    const struct skm_endpoints *endpoints = ctx;
    return &endpoints->host.live(endpoints->host.ctx)->world;
}

static void release(void *ctx, const struct skm_world *world)
{
    (void)ctx;
    (void)world;
}

static skm_err record(void *ctx, const struct skm_decision_record *decision)
{
    const struct skm_endpoints *endpoints = ctx;
    skm_metrics_record(endpoints->host.metrics, decision);
    return SKM_OK;
}

/* ---- operations ---- */

static skm_err healthz(void *ctx, const struct skm_http_request *request,
                       struct skm_http_response *response)
{
    (void)ctx;
    (void)request;
    response->status = 200;
    response->content_type = SKM_SPAN("text/plain; charset=utf-8");
    skm_buf_append_cstr(response->body, "ok\n");
    return SKM_OK;
}

static skm_err readyz(void *ctx, const struct skm_http_request *request,
                      struct skm_http_response *response)
{
    const struct skm_endpoints *endpoints = ctx;
    (void)request;
    bool is_stopping = endpoints->host.is_stopping(endpoints->host.ctx);
    response->status = is_stopping ? 503 : 200;
    response->content_type = SKM_SPAN("text/plain; charset=utf-8");
    skm_buf_append_cstr(response->body, is_stopping ? "stopping\n" : "ready\n");
    return SKM_OK;
}

static bool may_read_metrics(const struct skm_endpoints *endpoints, const struct skm_peer *peer)
{
    switch ((enum skm_config_metrics_access)endpoints->host.live(endpoints->host.ctx)
                ->config->metrics.access) {
    case SKM_CONFIG_METRICS_LOOPBACK:
        return peer->is_loopback || peer->is_unix;
    case SKM_CONFIG_METRICS_ANY:
        return true;
    case SKM_CONFIG_METRICS_NONE:
        return false;
    }
    return false;
}

static skm_err metrics(void *ctx, const struct skm_http_request *request,
                       struct skm_http_response *response)
{
    const struct skm_endpoints *endpoints = ctx;
    if (!may_read_metrics(endpoints, &request->peer)) {
        skm_http_respond_error(response, 403,
                               SKM_SPAN("metrics are not for this peer (option `metrics.access`)"));
        return SKM_OK;
    }
    struct skm_metrics_view view;
    endpoints->host.view(endpoints->host.ctx, &view);
    response->status = 200;
    response->content_type = SKM_SPAN("text/plain; version=0.0.4; charset=utf-8");
    skm_metrics_print(&view, response->body);
    return SKM_OK;
}

/* ---- measuring ---- */

static skm_err measured(void *ctx, const struct skm_http_request *request,
                        struct skm_http_response *response)
{
    const struct endpoint *endpoint = ctx;
    const struct skm_endpoints_host *host = &endpoint->owner->host;
    int64_t began_ns = skm_clock_monotonic_ns(host->clock);
    skm_err err = endpoint->inner(endpoint->inner_ctx, request, response);
    int64_t took_ns = skm_clock_monotonic_ns(host->clock) - began_ns;
    skm_metrics_observe(host->metrics, endpoint->id, skm_is_ok(err) ? response->status : 500,
                        took_ns);
    return err;
}

/* ---- routes ---- */

static void set(struct skm_endpoints *endpoints, enum skm_metrics_endpoint id,
                skm_http_handler inner, void *inner_ctx)
{
    endpoints->all[id] =
        (struct endpoint){.owner = endpoints, .id = id, .inner = inner, .inner_ctx = inner_ctx};
}

skm_err skm_endpoints_new(struct skm_arena *arena, const struct skm_endpoints_host *host,
                          skm_span identifier, struct skm_endpoints **out_endpoints)
{
    struct skm_endpoints *endpoints = SKM_ARENA_NEW(arena, struct skm_endpoints);
    if (endpoints == NULL) {
        return SKM_ERR(MEMORY);
    }
    endpoints->arena = arena;
    endpoints->host = *host;
    endpoints->has_metadata = identifier.len != 0;
    endpoints->source = (struct skm_world_source){
        .ctx = endpoints, .acquire = acquire, .release = release, .record = record};
    SKM_TRY(skm_authzen_paths(arena, identifier, &endpoints->paths));
    set(endpoints, SKM_METRICS_EVALUATION, skm_authzen_evaluation, &endpoints->source);
    set(endpoints, SKM_METRICS_EVALUATIONS, skm_authzen_evaluations, &endpoints->source);
    set(endpoints, SKM_METRICS_SEARCH_SUBJECT, skm_authzen_search_subject, &endpoints->source);
    set(endpoints, SKM_METRICS_SEARCH_RESOURCE, skm_authzen_search_resource, &endpoints->source);
    set(endpoints, SKM_METRICS_SEARCH_ACTION, skm_authzen_search_action, &endpoints->source);
    set(endpoints, SKM_METRICS_METADATA, skm_authzen_metadata, &endpoints->source);
    set(endpoints, SKM_METRICS_FORWARD_AUTH, skm_forward_auth, &endpoints->source);
    set(endpoints, SKM_METRICS_HEALTHZ, healthz, endpoints);
    set(endpoints, SKM_METRICS_READYZ, readyz, endpoints);
    set(endpoints, SKM_METRICS_METRICS, metrics, endpoints);
    *out_endpoints = endpoints;
    return SKM_OK;
}

skm_err skm_endpoints_routes(struct skm_endpoints *endpoints, uint32_t serve,
                             const struct skm_http_route **out_routes, size_t *out_count)
{
    const struct {
        uint32_t serve;
        enum skm_metrics_endpoint id;
        skm_span path;
        unsigned methods;
    } table[] = {
        {SKM_CONFIG_SERVE_AUTHZEN, SKM_METRICS_EVALUATION, endpoints->paths.evaluation, POST},
        {SKM_CONFIG_SERVE_AUTHZEN, SKM_METRICS_EVALUATIONS, endpoints->paths.evaluations, POST},
        {SKM_CONFIG_SERVE_AUTHZEN, SKM_METRICS_SEARCH_SUBJECT, endpoints->paths.search_subject,
         POST},
        {SKM_CONFIG_SERVE_AUTHZEN, SKM_METRICS_SEARCH_RESOURCE, endpoints->paths.search_resource,
         POST},
        {SKM_CONFIG_SERVE_AUTHZEN, SKM_METRICS_SEARCH_ACTION, endpoints->paths.search_action, POST},
        {endpoints->has_metadata ? SKM_CONFIG_SERVE_AUTHZEN : 0, SKM_METRICS_METADATA,
         endpoints->paths.metadata, GET_HEAD},
        {SKM_CONFIG_SERVE_FORWARD_AUTH, SKM_METRICS_FORWARD_AUTH, SKM_FORWARD_AUTH_PATH, ANY},
        {SKM_CONFIG_SERVE_HEALTH, SKM_METRICS_HEALTHZ, SKM_SPAN("/healthz"), GET_HEAD},
        {SKM_CONFIG_SERVE_HEALTH, SKM_METRICS_READYZ, SKM_SPAN("/readyz"), GET_HEAD},
        {SKM_CONFIG_SERVE_METRICS, SKM_METRICS_METRICS, SKM_SPAN("/metrics"), GET_HEAD},
    };
    struct skm_http_route *routes =
        SKM_ARENA_NEW_ARRAY(endpoints->arena, struct skm_http_route, SKM_ARRAY_LEN(table));
    if (routes == NULL) {
        return SKM_ERR(MEMORY);
    }
    size_t count = 0;
    for (size_t i = 0; i < SKM_ARRAY_LEN(table); i++) {
        if ((table[i].serve & serve) != 0) {
            routes[count++] = (struct skm_http_route){.path = table[i].path,
                                                      .methods = table[i].methods,
                                                      .handler = measured,
                                                      .ctx = &endpoints->all[table[i].id]};
        }
    }
    *out_routes = routes;
    *out_count = count;
    return SKM_OK;
}
