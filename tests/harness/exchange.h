/* One HTTP request handed straight to an endpoint, and what came back: no socket, no server.
 *
 * Include harness/test.h and harness/scene.h first. */
#pragma once

#include "base/buf.h"
#include "base/span.h"
#include "proto/authzen.h"
#include "proto/http.h"
#include "proto/world.h"

#define EXCHANGE_HEADERS_MAX 24u

struct exchange_world {
    struct skm_world world;
    struct skm_world_source source;
    struct skm_pep_registry peps;
    struct skm_authzen_config authzen;
    int acquired;         /* references out */
    unsigned records;     /* decisions told */
    bool refuses_records; /* the audit takes nothing */
    bool is_unloaded;     /* nothing to acquire */
    enum skm_effect_decision last_effect;
};

struct exchange {
    struct skm_arena arena;
    struct skm_http_header headers[EXCHANGE_HEADERS_MAX];
    struct skm_http_request request;
    struct skm_http_response response;
    struct skm_buf body;
    struct skm_buf header_lines;
};

static inline const struct skm_world *exchange_acquire_(void *ctx)
{
    struct exchange_world *world = ctx;
    if (world->is_unloaded) {
        return NULL;
    }
    world->acquired++;
    return &world->world;
}

static inline void exchange_release_(void *ctx, const struct skm_world *held)
{
    struct exchange_world *world = ctx;
    (void)held;
    world->acquired--;
}

static inline skm_err exchange_record_(void *ctx, const struct skm_decision_record *record)
{
    struct exchange_world *world = ctx;
    world->records++;
    world->last_effect = record->decision->effect;
    return world->refuses_records ? SKM_ERR(IO) : SKM_OK;
}

/* `peps` is borrowed; the first one is the anonymous one where allowed later. */
static inline void exchange_world_init(struct exchange_world *world,
                                       const struct skm_snapshot *snapshot,
                                       const struct skm_pep *peps, size_t count)
{
    *world = (struct exchange_world){.peps = {.peps = peps, .count = count, .anonymous = peps}};
    world->world =
        (struct skm_world){.snapshot = snapshot, .peps = &world->peps, .authzen = &world->authzen};
    world->source = (struct skm_world_source){.ctx = world,
                                              .acquire = exchange_acquire_,
                                              .release = exchange_release_,
                                              .record = exchange_record_};
}

static inline void exchange_open(struct exchange *exchange)
{
    *exchange = (struct exchange){.response = {.status = 500}};
    skm_arena_init(&exchange->arena, 8u << 20);
    skm_buf_init(&exchange->body, 16u << 20);
    skm_buf_init(&exchange->header_lines, 64u << 10);
    exchange->request.headers = exchange->headers;
    exchange->request.arena = &exchange->arena;
    exchange->request.wall_ms = INT64_C(1780000000000);
    exchange->response.body = &exchange->body;
    exchange->response.headers = &exchange->header_lines;
}

static inline void exchange_close(struct exchange *exchange)
{
    skm_buf_fini(&exchange->body);
    skm_buf_fini(&exchange->header_lines);
    skm_arena_fini(&exchange->arena);
}

static inline void exchange_header(struct exchange *exchange, const char *name, const char *value)
{
    exchange->headers[exchange->request.header_count++] =
        (struct skm_http_header){skm_span_cstr(name), skm_span_cstr(value)};
}

/* Calls the endpoint as the server would: an error becomes 500 with an empty body. */
static inline uint16_t exchange_call(struct exchange *exchange, skm_http_handler handler,
                                     struct exchange_world *world)
{
    skm_err err = handler(&world->source, &exchange->request, &exchange->response);
    if (!skm_is_ok(err)) {
        exchange->response.status = 500;
        skm_buf_reset(&exchange->body);
    }
    return exchange->response.status;
}

/* The response has this header line. */
static inline bool exchange_has_line(const struct exchange *exchange, const char *line)
{
    skm_span lines = skm_buf_span(&exchange->header_lines);
    skm_span want = skm_span_cstr(line);
    for (size_t i = 0; i + want.len + 2 <= lines.len; i++) {
        bool at_start = i == 0 || lines.ptr[i - 1] == '\n';
        if (at_start && skm_span_starts(skm_span_from(lines, i), want) &&
            lines.ptr[i + want.len] == '\r') {
            return true;
        }
    }
    return false;
}

/* The response has a header of this name. */
static inline bool exchange_has_header(const struct exchange *exchange, const char *name)
{
    skm_span lines = skm_buf_span(&exchange->header_lines);
    skm_span want = skm_span_cstr(name);
    for (size_t i = 0; i + want.len < lines.len; i++) {
        bool at_start = i == 0 || lines.ptr[i - 1] == '\n';
        if (at_start && skm_span_starts(skm_span_from(lines, i), want) &&
            lines.ptr[i + want.len] == ':') {
            return true;
        }
    }
    return false;
}
