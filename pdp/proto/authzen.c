#include "proto/authzen.h"

#include "base/attr.h"
#include "base/json.h"
#include "base/span.h"
#include "proto/authzen_answer.h"
#include "proto/authzen_body.h"
#include "proto/authzen_gate.h"
#include "proto/authzen_resolve.h"

/* Working memory of one evaluation; given back before the next one of a batch. */
#define SCRATCH_BYTES_MAX (16u << 20)

/* One HTTP exchange. */
struct exchange {
    const struct skm_world_source *source;
    const struct skm_world *world;
    const struct skm_http_request *request;
    struct skm_http_response *response;
    struct skm_authzen_audience audience;
    struct skm_authzen_body body;
    struct skm_arena scratch;
};

/* What one evaluation came to. With a fault the decision is a denial that says nothing else. */
struct outcome {
    struct skm_decision decision;
    struct skm_authzen_fault fault;
};

/* RFC 9110 §12.5.4, as far as two languages need it: the first range counts. */
static bool prefers_japanese(const struct skm_http_request *request)
{
    const skm_span *value = skm_http_header_find(request, SKM_SPAN("accept-language"), NULL);
    return value != NULL && skm_http_equal_nocase(skm_span_sub(*value, 0, 2), SKM_SPAN("ja")) &&
           (value->len == 2 || value->ptr[2] == '-' || value->ptr[2] == ',' ||
            value->ptr[2] == ';');
}

static bool explains(const struct skm_pep *pep, bool wanted)
{
    switch (pep->explain) {
    case SKM_PEP_EXPLAIN_NEVER:
        return false;
    case SKM_PEP_EXPLAIN_ALWAYS:
        return true;
    case SKM_PEP_EXPLAIN_ON_REQUEST:
        return wanted;
    }
    return false;
}

/* ---- one evaluation ---- */

static skm_err record(const struct exchange *exchange, const struct skm_decide_request *request,
                      const struct skm_decision *decision)
{
    const struct skm_decision_record entry = {
        .endpoint = SKM_SPAN("authzen"),
        .pep = exchange->audience.pep,
        .request = request,
        .decision = decision,
    };
    const struct skm_world_source *source = exchange->source;
    return source->record == NULL ? SKM_OK : source->record(source->ctx, &entry);
}

static skm_err decide(struct exchange *exchange, const struct skm_decide_request *request,
                      struct outcome *outcome)
{
    skm_span what = {0};
    skm_err err = skm_pep_check(&exchange->scratch, exchange->audience.pep, request, &what);
    if (!skm_is_err(err, SKM_E_REFUSED)) {
        SKM_TRY(err);
        return skm_decide(&exchange->scratch, exchange->world->snapshot, request,
                          exchange->request->wall_ms, &outcome->decision);
    }
    outcome->fault.status = 403;
    SKM_TRY(skm_arena_printf(&exchange->scratch, &outcome->fault.message,
                             "this enforcement point may not assert %.*s", SKM_SPAN_ARG(what)));
    outcome->decision.message = outcome->fault.message;
    return SKM_OK;
}

static skm_err evaluate(struct exchange *exchange, const struct skm_authzen_item *item,
                        const struct skm_authzen_item *defaults, struct outcome *out_outcome)
{
    const struct skm_world *world = exchange->world;
    struct skm_decide_request request = {0};
    struct outcome outcome = {.decision = {.hard = true,
                                           .revision = world->snapshot->revision,
                                           .decided_wall_ms = exchange->request->wall_ms}};
    SKM_TRY(skm_authzen_resolve(&exchange->scratch, world->authzen, world->snapshot->schema, item,
                                defaults, &request, &outcome.fault));
    if (outcome.fault.status == 0) {
        SKM_TRY(decide(exchange, &request, &outcome));
        SKM_TRY(record(exchange, &request, &outcome.decision));
    } else {
        outcome.decision.message = outcome.fault.message;
        SKM_TRY(record(exchange, NULL, &outcome.decision));
    }
    *out_outcome = outcome;
    return SKM_OK;
}

/* ---- single ---- */

static skm_err answer_single(struct exchange *exchange)
{
    struct outcome outcome;
    SKM_TRY(evaluate(exchange, &exchange->body.top, NULL, &outcome));
    if (outcome.fault.status > 200) {
        skm_http_respond_error(exchange->response, outcome.fault.status, outcome.fault.message);
        return SKM_OK;
    }
    struct skm_json_writer writer;
    skm_json_writer_init(&writer, exchange->response->body);
    skm_authzen_answer_write(&writer, &exchange->audience, &outcome.decision, &outcome.fault);
    exchange->response->content_type = SKM_SPAN("application/json");
    exchange->response->status = 200;
    return skm_buf_check(exchange->response->body);
}

/* ---- batch ---- */

/* §7.1.2: whether the answer ends with this decision. An error counts as a denial. */
static bool is_last(enum skm_authzen_semantic semantic, bool permitted)
{
    switch (semantic) {
    case SKM_AUTHZEN_EXECUTE_ALL:
        return false;
    case SKM_AUTHZEN_DENY_ON_FIRST_DENY:
        return !permitted;
    case SKM_AUTHZEN_PERMIT_ON_FIRST_PERMIT:
        return permitted;
    }
    return true;
}

/* An item may inherit a default as large as the body, so a batch can ask for a thousand times what its size suggests. */
static bool is_late(const struct exchange *exchange, int64_t began_ns)
{
    const struct skm_clock *clock = exchange->world->authzen->clock;
    int64_t limit_ms = exchange->world->authzen->batch_time_ms;
    return clock != NULL && limit_ms > 0 &&
           (skm_clock_monotonic_ns(clock) - began_ns) / 1000000 >= limit_ms;
}

/* Denied unseen. */
static skm_err refuse_late(const struct exchange *exchange, struct outcome *out_outcome)
{
    *out_outcome = (struct outcome){
        .decision = {.hard = true,
                     .message = SKM_SPAN("the batch took too long to reach this evaluation"),
                     .revision = exchange->world->snapshot->revision,
                     .decided_wall_ms = exchange->request->wall_ms},
        .fault = {.status = 503,
                  .message = SKM_SPAN("the batch took too long to reach this evaluation")},
    };
    return record(exchange, NULL, &out_outcome->decision);
}

static skm_err answer_items(struct exchange *exchange, struct skm_json_writer *writer)
{
    const struct skm_authzen_body *body = &exchange->body;
    const struct skm_clock *clock = exchange->world->authzen->clock;
    int64_t began_ns = clock == NULL ? 0 : skm_clock_monotonic_ns(clock);
    for (size_t i = 0; i < body->item_count; i++) {
        struct outcome outcome;
        SKM_TRY(is_late(exchange, began_ns)
                    ? refuse_late(exchange, &outcome)
                    : evaluate(exchange, &body->items[i], &body->top, &outcome));
        skm_authzen_answer_write(writer, &exchange->audience, &outcome.decision, &outcome.fault);
        skm_arena_reset(&exchange->scratch);
        bool permitted =
            outcome.fault.status == 0 && outcome.decision.effect == SKM_DECISION_PERMIT;
        if (is_last(body->semantic, permitted)) {
            break;
        }
    }
    return SKM_OK;
}

static skm_err answer_batch(struct exchange *exchange)
{
    struct skm_json_writer writer;
    skm_json_writer_init(&writer, exchange->response->body);
    skm_json_write_object_begin(&writer);
    skm_json_write_key(&writer, SKM_SPAN("evaluations"));
    skm_json_write_array_begin(&writer);
    SKM_TRY(answer_items(exchange, &writer));
    skm_json_write_array_end(&writer);
    skm_json_write_object_end(&writer);
    exchange->response->content_type = SKM_SPAN("application/json");
    exchange->response->status = 200;
    return skm_buf_check(exchange->response->body);
}

/* ---- handlers ---- */

static skm_err answer(struct exchange *exchange, size_t max_items)
{
    const struct skm_http_request *request = exchange->request;
    skm_span message = {0};
    SKM_TRY(skm_authzen_admit(exchange->world->peps, request, exchange->response,
                              &exchange->audience.pep));
    if (exchange->audience.pep == NULL) {
        return SKM_OK;
    }
    skm_err err =
        skm_authzen_body_parse(request->arena, request->body, max_items, &exchange->body, &message);
    if (skm_is_err(err, SKM_E_INVALID)) {
        skm_http_respond_error(exchange->response, 400, message);
        return SKM_OK;
    }
    SKM_TRY(err);
    exchange->audience.snapshot = exchange->world->snapshot;
    exchange->audience.explain = explains(exchange->audience.pep, exchange->body.wants_explanation);
    exchange->audience.japanese = prefers_japanese(request);
    return exchange->body.item_count == 0 ? answer_single(exchange) : answer_batch(exchange);
}

static skm_err handle(const struct skm_world_source *source, const struct skm_http_request *request,
                      struct skm_http_response *response, bool batch)
{
    const struct skm_world *world = source->acquire(source->ctx);
    if (world == NULL) {
        skm_http_respond_error(response, 503, SKM_SPAN("no policies are loaded"));
        return SKM_OK;
    }
    struct exchange exchange = {
        .source = source, .world = world, .request = request, .response = response};
    size_t max_items = world->authzen->max_evaluations;
    max_items = max_items == 0 ? SKM_AUTHZEN_EVALUATIONS_DEFAULT : max_items;
    skm_arena_init(&exchange.scratch, SCRATCH_BYTES_MAX);
    skm_err err = answer(&exchange, batch ? max_items : 0);
    skm_arena_fini(&exchange.scratch);
    source->release(source->ctx, world);
    return err;
}

skm_err skm_authzen_evaluation(void *ctx, const struct skm_http_request *request,
                               struct skm_http_response *response)
{
    return handle(ctx, request, response, false);
}

skm_err skm_authzen_evaluations(void *ctx, const struct skm_http_request *request,
                                struct skm_http_response *response)
{
    return handle(ctx, request, response, true);
}
