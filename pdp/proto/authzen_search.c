#include "proto/authzen_search.h"

#include "base/attr.h"
#include "base/json.h"
#include "base/span.h"
#include "decide/search.h"
#include "proto/authzen_answer.h"
#include "proto/authzen_body.h"
#include "proto/authzen_gate.h"
#include "proto/authzen_resolve.h"
#include "proto/authzen_search_token.h"

/* Working memory of one candidate; given back before the next one. */
#define SCRATCH_BYTES_MAX (16u << 20)

/* A text of so many bytes may be six times as long in JSON (§7 of RFC 8259: \u0000), plus what stands around it. */
#define BYTES_IN_JSON 8u

/* The list of results takes no more than its texts and, while it grows, twice that. */
#define ARENA_SHARE 4u

/* One HTTP exchange. */
struct exchange {
    const struct skm_world *world;
    const struct skm_http_request *http;
    struct skm_http_response *response;
    const struct skm_pep *pep;
    enum skm_search_target target;
    struct skm_authzen_body body;
    struct skm_decide_request request; /* of the searched entity only the type counts */
    uint8_t query[SKM_SHA256_BYTES];
    struct skm_authzen_cursor cursor; /* of this page */
    struct skm_arena scratch;
};

static void refuse(struct exchange *exchange, uint16_t status, skm_span message)
{
    skm_http_respond_error(exchange->response, status, message);
}

/* ---- the question ---- */

/* The actions of an action search are checked one by one. SKM_E_REFUSED: the response is written. */
static skm_err check_pep(struct exchange *exchange)
{
    struct skm_arena *arena = exchange->http->arena;
    struct skm_pep pep = *exchange->pep;
    skm_span what = {0};
    skm_span message = {0};
    pep.actions.any = pep.actions.any || exchange->target == SKM_SEARCH_ACTION;
    skm_err err = skm_pep_check(arena, &pep, &exchange->request, &what);
    if (skm_is_err(err, SKM_E_REFUSED)) {
        SKM_TRY(skm_arena_printf(arena, &message, "this enforcement point may not assert %.*s",
                                 SKM_SPAN_ARG(what)));
        refuse(exchange, 403, message);
    }
    return err;
}

/* §8.2.1. SKM_E_REFUSED: the response is written. */
static skm_err read_cursor(struct exchange *exchange)
{
    const struct skm_authzen_page *page = &exchange->body.page;
    uint64_t revision = exchange->world->snapshot->revision;
    exchange->cursor = (struct skm_authzen_cursor){
        .limit = page->has_limit ? page->limit : SKM_AUTHZEN_NO_LIMIT, .revision = revision};
    if (page->token.len == 0) {
        return SKM_OK;
    }
    struct skm_authzen_cursor cursor = {0};
    skm_err err =
        skm_authzen_token_read(exchange->http->arena, exchange->query, page->token, &cursor);
    if (skm_is_err(err, SKM_E_REFUSED)) {
        refuse(exchange, 400, SKM_SPAN("`page.token` was not given for this search"));
        return err;
    }
    SKM_TRY(err);
    if (page->has_limit && page->limit != cursor.limit) {
        refuse(exchange, 400, SKM_SPAN("`page.limit` differs from the first request's"));
        return SKM_ERR(REFUSED);
    }
    if (cursor.revision != revision) {
        refuse(exchange, 400,
               SKM_SPAN("policies or entities have changed since `page.token` was given; "
                        "begin the search again"));
        return SKM_ERR(REFUSED);
    }
    exchange->cursor = cursor;
    return SKM_OK;
}

/* A candidate may be the entity that another part of the request says something about: what may be asserted is known only with it. */
static skm_err check_candidate(void *ctx, struct skm_arena *scratch,
                               struct skm_decide_request *request, bool *out_skip)
{
    const struct exchange *exchange = ctx;
    skm_span what = {0};
    skm_err err = skm_pep_check(scratch, exchange->pep, request, &what);
    *out_skip = skm_is_err(err, SKM_E_REFUSED);
    return *out_skip ? SKM_OK : err;
}

/* One candidate of an action search. With a schema the context is read as the types that action declares. */
static skm_err prepare_action(void *ctx, struct skm_arena *scratch,
                              struct skm_decide_request *request, bool *out_skip)
{
    const struct exchange *exchange = ctx;
    const struct skm_schema *schema = exchange->world->snapshot->schema;
    skm_span id = request->cedar.action.id;
    SKM_TRY(check_candidate(ctx, scratch, request, out_skip));
    if (*out_skip || schema == NULL) {
        return SKM_OK;
    }
    struct skm_authzen_item item = exchange->body.top;
    struct skm_authzen_fault fault = {0};
    item.action.id = id;
    SKM_TRY(skm_authzen_resolve(scratch, exchange->world->authzen, schema, &item, NULL, request,
                                &fault));
    *out_skip = fault.status != 0;
    return SKM_OK;
}

/* What the results of one page may take, written down in the response and before that as a list in the request's arena. */
static size_t bytes_bound(const struct exchange *exchange)
{
    size_t in_body = exchange->response->body->max_bytes / BYTES_IN_JSON;
    size_t in_arena = exchange->http->arena->quota_bytes / ARENA_SHARE;
    return in_body < in_arena ? in_body : in_arena;
}

static skm_err search(struct exchange *exchange, struct skm_search_page *out_page)
{
    const struct skm_authzen_config *config = exchange->world->authzen;
    uint64_t limit = exchange->cursor.limit;
    const struct skm_search search = {
        .target = exchange->target,
        .request = exchange->request,
        .prepare = exchange->target == SKM_SEARCH_ACTION ? prepare_action : check_candidate,
        .prepare_ctx = exchange,
        .position = (size_t)exchange->cursor.position,
        .limit = limit > SIZE_MAX ? SIZE_MAX : (size_t)limit,
        .bounds = {.evaluations = config->max_search_evaluations == 0
                                      ? SKM_AUTHZEN_SEARCH_EVALUATIONS_DEFAULT
                                      : config->max_search_evaluations,
                   .bytes = bytes_bound(exchange),
                   .clock = config->search_time_ms == 0 ? NULL : config->clock,
                   .time_ns = config->search_time_ms * 1000000},
    };
    return skm_search(exchange->http->arena, &exchange->scratch, exchange->world->snapshot, &search,
                      exchange->http->wall_ms, out_page);
}

/* ---- the answer ---- */

static void write_context(struct skm_json_writer *writer, const struct skm_search_result *result)
{
    skm_json_write_key(writer, SKM_SPAN("context"));
    skm_json_write_object_begin(writer);
    skm_json_write_key(writer, SKM_SPAN("obligations"));
    skm_json_write_array_begin(writer);
    skm_authzen_answer_write_obligations(writer, result->obligations, result->obligation_count);
    skm_json_write_array_end(writer);
    skm_json_write_object_end(writer);
}

/* The type is told as the PEP calls it. */
static void write_result(struct skm_json_writer *writer, const struct exchange *exchange,
                         const struct skm_search_result *result)
{
    const struct skm_authzen_item *asked = &exchange->body.top;
    skm_json_write_object_begin(writer);
    if (exchange->target == SKM_SEARCH_ACTION) {
        skm_json_write_key(writer, SKM_SPAN("name"));
    } else {
        skm_json_write_key(writer, SKM_SPAN("type"));
        skm_json_write_string(writer, exchange->target == SKM_SEARCH_SUBJECT
                                          ? asked->subject.type
                                          : asked->resource.type);
        skm_json_write_key(writer, SKM_SPAN("id"));
    }
    skm_json_write_string(writer, result->uid->id);
    if (result->obligation_count > 0) {
        write_context(writer, result);
    }
    skm_json_write_object_end(writer);
}

static skm_err write_page(struct skm_json_writer *writer, const struct exchange *exchange,
                          const struct skm_search_page *page)
{
    struct skm_authzen_cursor next = exchange->cursor;
    skm_span token = {0};
    next.position = page->next;
    if (!page->is_last) {
        SKM_TRY(skm_authzen_token_write(exchange->http->arena, exchange->query, &next, &token));
    }
    skm_json_write_key(writer, SKM_SPAN("page"));
    skm_json_write_object_begin(writer);
    skm_json_write_key(writer, SKM_SPAN("next_token"));
    skm_json_write_string(writer, token);
    skm_json_write_key(writer, SKM_SPAN("count"));
    skm_json_write_u64(writer, page->count);
    skm_json_write_object_end(writer);
    return SKM_OK;
}

static skm_err write_answer(const struct exchange *exchange, const struct skm_search_page *page)
{
    const struct skm_authzen_page *asked = &exchange->body.page;
    struct skm_http_response *response = exchange->response;
    struct skm_json_writer writer;
    skm_json_writer_init(&writer, response->body);
    skm_json_write_object_begin(&writer);
    if (!page->is_last || asked->has_limit || asked->token.len > 0) {
        SKM_TRY(write_page(&writer, exchange, page));
    }
    skm_json_write_key(&writer, SKM_SPAN("results"));
    skm_json_write_array_begin(&writer);
    for (size_t i = 0; i < page->count; i++) {
        write_result(&writer, exchange, &page->results[i]);
    }
    skm_json_write_array_end(&writer);
    skm_json_write_object_end(&writer);
    response->content_type = SKM_SPAN("application/json");
    response->status = 200;
    return skm_buf_check(response->body);
}

/* ---- handlers ---- */

/* The body as a question. SKM_E_REFUSED: the response is written. *out_decidable false: nothing can be found. */
static skm_err read_question(struct exchange *exchange, bool *out_decidable)
{
    const struct skm_world *world = exchange->world;
    struct skm_arena *arena = exchange->http->arena;
    struct skm_authzen_fault fault = {0};
    skm_span message = {0};
    skm_err err = skm_authzen_body_parse_search(arena, exchange->http->body, exchange->target,
                                                &exchange->body, &message);
    if (skm_is_err(err, SKM_E_INVALID)) {
        refuse(exchange, 400, message);
        return SKM_ERR(REFUSED);
    }
    SKM_TRY(err);
    SKM_TRY(skm_authzen_resolve(arena, world->authzen, world->snapshot->schema, &exchange->body.top,
                                NULL, &exchange->request, &fault));
    if (fault.status > 200) {
        refuse(exchange, fault.status, fault.message);
        return SKM_ERR(REFUSED);
    }
    *out_decidable = fault.status == 0;
    return SKM_OK;
}

static skm_err answer(struct exchange *exchange)
{
    struct skm_search_page page = {.is_last = true};
    bool is_decidable = false;
    SKM_TRY(read_question(exchange, &is_decidable));
    if (is_decidable) {
        SKM_TRY(check_pep(exchange));
        SKM_TRY(skm_authzen_query_digest(exchange->pep, exchange->target, &exchange->request,
                                         exchange->query));
        SKM_TRY(read_cursor(exchange));
        SKM_TRY(search(exchange, &page));
    }
    return write_answer(exchange, &page);
}

static skm_err handle(const struct skm_world_source *source, const struct skm_http_request *request,
                      struct skm_http_response *response, enum skm_search_target target)
{
    const struct skm_world *world = source->acquire(source->ctx);
    if (world == NULL) {
        skm_http_respond_error(response, 503, SKM_SPAN("no policies are loaded"));
        return SKM_OK;
    }
    struct exchange exchange = {
        .world = world, .http = request, .response = response, .target = target};
    skm_arena_init(&exchange.scratch, SCRATCH_BYTES_MAX);
    skm_err err = skm_authzen_admit(world->peps, request, response, &exchange.pep);
    if (skm_is_ok(err) && exchange.pep != NULL) {
        err = answer(&exchange);
        err = skm_is_err(err, SKM_E_REFUSED) ? SKM_OK : err;
    }
    skm_arena_fini(&exchange.scratch);
    source->release(source->ctx, world);
    return err;
}

skm_err skm_authzen_search_subject(void *ctx, const struct skm_http_request *request,
                                   struct skm_http_response *response)
{
    return handle(ctx, request, response, SKM_SEARCH_SUBJECT);
}

skm_err skm_authzen_search_resource(void *ctx, const struct skm_http_request *request,
                                    struct skm_http_response *response)
{
    return handle(ctx, request, response, SKM_SEARCH_RESOURCE);
}

skm_err skm_authzen_search_action(void *ctx, const struct skm_http_request *request,
                                  struct skm_http_response *response)
{
    return handle(ctx, request, response, SKM_SEARCH_ACTION);
}
