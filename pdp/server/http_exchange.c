/* From the bytes of a connection to requests, from responses back to bytes.
 *
 * A request is served only when it is complete. Until then the connection remembers a few numbers, no spans: when the rest has come
 * the head is parsed a second time (a fraction of a microsecond), wherever its bytes lie by then. */
#include "server/http_exchange.h"

#include "base/attr.h"
#include "base/err.h"
#include "base/log.h"
#include "base/span.h"
#include "server/counter.h"

#define RESPONSE_HEADERS_BYTES ((size_t)32 * 1024)
#define KEEP_BYTES             ((size_t)1024 * 1024)
/* What a response needs beside its body, and what may be queued before it (conn.c stops at 256 KiB). */
#define OUTPUT_EXTRA_BYTES ((size_t)512 * 1024)

enum stage {
    STAGE_HEAD = 0,
    STAGE_LENGTH,
    STAGE_CHUNKED,
};

/* Per connection, about the request under way. */
struct state {
    enum stage stage;
    size_t scanned;    /* STAGE_HEAD: bytes looked at; 0: nothing has come */
    size_t head_bytes; /* later stages */
    size_t filled;     /* STAGE_CHUNKED: head and decoded body; what is behind is not decoded yet */
    uint64_t need;     /* STAGE_LENGTH: head and body */
    struct skm_http_chunk chunk;
};

/* One step of serving. */
enum step {
    STEP_MORE = 0, /* the request is not complete */
    STEP_SERVED,   /* answered, or refused */
};

/* ---- answers ---- */

static void empty(struct skm_buf *buf, size_t max_bytes)
{
    if (buf->cap > KEEP_BYTES) {
        skm_buf_fini(buf);
        skm_buf_init(buf, max_bytes);
    } else {
        skm_buf_reset(buf);
    }
}

static struct skm_http_response fresh_response(struct skm_http_exchange *exchange)
{
    empty(&exchange->response_body, exchange->limits.response_bytes);
    empty(&exchange->response_headers, RESPONSE_HEADERS_BYTES);
    return (struct skm_http_response){
        .status = 500,
        .body = &exchange->response_body,
        .headers = &exchange->response_headers,
    };
}

static void fail(struct skm_http_exchange *exchange, struct skm_http_response *response,
                 const char *text)
{
    bool close = response->close;
    *response = fresh_response(exchange);
    response->close = close;
    skm_http_respond_error(response, 500, skm_span_cstr(text));
}

/* Frames and queues. `request` NULL: the head could not be read. */
static void answer(struct skm_http_exchange *exchange, struct skm_conn *conn,
                   const struct skm_http_request *request, struct skm_http_response *response)
{
    if (exchange->options.on_response != NULL) {
        exchange->options.on_response(exchange->options.on_response_ctx, request, response);
    }
    if (response->status < 200 || response->status > 599 ||
        !skm_is_ok(skm_buf_check(response->body)) || !skm_is_ok(skm_buf_check(response->headers))) {
        fail(exchange, response, "internal error: the response is not valid or too large");
    }
    struct skm_http_frame frame = {
        .head_only = request != NULL && request->method == SKM_HTTP_HEAD,
        .is_http_10 = request != NULL && exchange->head.is_http_10,
        .close = response->close || conn->set->draining,
    };
    skm_http_response_write(&exchange->common, skm_loop_wall_ms(conn->set->loop), response, frame,
                            skm_conn_output(conn));
    skm_counter_add(&exchange->responses[response->status / 100], 1);
    if (frame.close) {
        skm_conn_end(conn);
    }
}

/* A refusal ends the connection: where the next request would begin is not certain any more. */
static void refuse(struct skm_http_exchange *exchange, struct skm_conn *conn,
                   const struct skm_http_fault *fault)
{
    struct skm_http_request *request = &exchange->head.request;
    struct skm_http_response response = fresh_response(exchange);
    skm_counter_add(&exchange->rejected[fault->reason], 1);
    skm_http_respond_error(&response, fault->status, skm_span_cstr(fault->text));
    response.close = true;
    request->peer = conn->peer;
    request->arena = &exchange->arena;
    request->wall_ms = skm_loop_wall_ms(conn->set->loop);
    answer(exchange, conn, request->method_text.len == 0 ? NULL : request, &response);
    skm_arena_reset(&exchange->arena);
}

/* ---- routes ---- */

static const struct skm_http_route *find_route(const struct skm_http_exchange *exchange,
                                               skm_span path)
{
    for (size_t i = 0; i < exchange->options.route_count; i++) {
        if (skm_span_equal(exchange->options.routes[i].path, path)) {
            return &exchange->options.routes[i];
        }
    }
    return NULL;
}

/* Whoever answers GET answers HEAD (RFC 9110 §9.3.2). */
static unsigned methods_of(const struct skm_http_route *route)
{
    bool has_get = (route->methods & 1u << SKM_HTTP_GET) != 0;
    return route->methods | (has_get ? 1u << SKM_HTTP_HEAD : 0);
}

static void answer_method(const struct skm_http_route *route, struct skm_http_response *response)
{
    static const char *const names[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"};
    unsigned methods = methods_of(route);
    skm_buf_append(response->headers, SKM_SPAN("Allow: "));
    const char *comma = "";
    for (size_t i = 0; i < SKM_ARRAY_LEN(names); i++) {
        if ((methods & 1u << i) != 0) {
            skm_buf_append_cstr(response->headers, comma);
            skm_buf_append_cstr(response->headers, names[i]);
            comma = ", ";
        }
    }
    skm_buf_append(response->headers, SKM_SPAN("\r\n"));
    skm_http_respond_error(response, 405, SKM_SPAN("method not allowed"));
}

/* At most a line a second: whoever finds a failing request can repeat it. */
static void log_failure(struct skm_http_exchange *exchange, const struct skm_http_request *request,
                        skm_err err)
{
    int64_t wall_s = request->wall_ms / 1000;
    if (exchange->logged_wall_s != wall_s) {
        exchange->logged_wall_s = wall_s;
        skm_log(SKM_LOG_ERROR, "http: %.*s %.*s failed: %s", SKM_SPAN_ARG(request->method_text),
                SKM_SPAN_ARG(request->path), skm_err_text(err));
    }
}

static void handle(struct skm_http_exchange *exchange, const struct skm_http_request *request,
                   struct skm_http_response *response)
{
    const struct skm_http_route *route = find_route(exchange, request->path);
    if (route == NULL) {
        skm_counter_add(&exchange->rejected[SKM_HTTP_REJECT_NO_ROUTE], 1);
        skm_http_respond_error(response, 404, SKM_SPAN("no such resource"));
        return;
    }
    if ((methods_of(route) & 1u << request->method) == 0) {
        skm_counter_add(&exchange->rejected[SKM_HTTP_REJECT_METHOD], 1);
        answer_method(route, response);
        return;
    }
    skm_err err = route->handler(route->ctx, request, response);
    if (!skm_is_ok(err)) {
        log_failure(exchange, request, err);
        fail(exchange, response, "internal error");
    }
}

/* exchange->head is that of a complete request. */
static void serve(struct skm_http_exchange *exchange, struct skm_conn *conn, skm_span body)
{
    struct skm_http_request *request = &exchange->head.request;
    struct skm_http_response response = fresh_response(exchange);
    request->body = body;
    request->peer = conn->peer;
    request->arena = &exchange->arena;
    request->wall_ms = skm_loop_wall_ms(conn->set->loop);
    handle(exchange, request, &response);
    response.close = response.close || !exchange->head.keep_alive;
    answer(exchange, conn, request, &response);
    skm_arena_reset(&exchange->arena);
}

/* ---- requests ---- */

static enum skm_http_parse_result parse(struct skm_http_exchange *exchange, const char *bytes,
                                        size_t len)
{
    return skm_http_parse_head(skm_span_of(bytes, len), &exchange->parse_limits, exchange->headers,
                               &exchange->head);
}

static void invite(struct skm_http_exchange *exchange, struct skm_conn *conn, size_t len)
{
    /* RFC 9110 §10.1.1: needless when the body is coming already. */
    if (exchange->head.expects_continue && len == exchange->head.bytes) {
        skm_buf_append(skm_conn_output(conn), SKM_SPAN("HTTP/1.1 100 Continue\r\n\r\n"));
    }
}

static void reset(struct state *state)
{
    state->stage = STAGE_HEAD;
    state->scanned = 0;
}

static enum step step_chunked(struct skm_http_exchange *exchange, struct skm_conn *conn,
                              char *bytes, struct skm_conn_taken *taken)
{
    struct state *state = skm_conn_state(conn);
    struct skm_http_fault fault = {0};
    size_t read = 0;
    size_t written = 0;
    enum skm_http_parse_result result = skm_http_chunk_feed(
        &state->chunk, bytes, taken->kept, state->filled, state->filled, &read, &written, &fault);
    if (result == SKM_HTTP_PARSE_MORE) {
        state->filled += written;
        taken->kept = state->filled;
        return STEP_MORE;
    }
    size_t head_bytes = state->head_bytes;
    size_t filled = state->filled;
    reset(state);
    /* SAFETY: the decoder wrote behind the head only, which has been found complete before. */
    (void)parse(exchange, bytes, head_bytes);
    if (result == SKM_HTTP_PARSE_REFUSED) {
        refuse(exchange, conn, &fault);
        return STEP_SERVED;
    }
    serve(exchange, conn, skm_span_of(bytes + head_bytes, filled + written - head_bytes));
    taken->consumed += filled + read;
    taken->kept -= filled + read;
    return STEP_SERVED;
}

static enum step step_length(struct skm_http_exchange *exchange, struct skm_conn *conn,
                             const char *bytes, struct skm_conn_taken *taken)
{
    struct state *state = skm_conn_state(conn);
    if (taken->kept < state->need) {
        return STEP_MORE;
    }
    size_t need = (size_t)state->need;
    size_t head_bytes = state->head_bytes;
    reset(state);
    (void)parse(exchange, bytes, head_bytes);
    serve(exchange, conn, skm_span_of(bytes + head_bytes, need - head_bytes));
    taken->consumed += need;
    taken->kept -= need;
    return STEP_SERVED;
}

/* The head is complete: how the body comes. */
static enum step begin_body(struct skm_http_exchange *exchange, struct skm_conn *conn, char *bytes,
                            struct skm_conn_taken *taken)
{
    struct state *state = skm_conn_state(conn);
    const struct skm_http_head *head = &exchange->head;
    if (head->content_length > exchange->limits.body_bytes) {
        refuse(exchange, conn,
               &(struct skm_http_fault){413, SKM_HTTP_REJECT_BODY_SIZE, "request body too large"});
        return STEP_SERVED;
    }
    state->head_bytes = head->bytes;
    state->need = head->bytes + head->content_length;
    if (head->framing != SKM_HTTP_FRAMING_CHUNKED && taken->kept >= state->need) {
        serve(exchange, conn, skm_span_of(bytes + head->bytes, (size_t)head->content_length));
        taken->consumed += (size_t)state->need;
        taken->kept -= (size_t)state->need;
        return STEP_SERVED;
    }
    invite(exchange, conn, taken->kept);
    skm_conn_enter(conn, SKM_CONN_BODY);
    if (head->framing != SKM_HTTP_FRAMING_CHUNKED) {
        state->stage = STAGE_LENGTH;
        return STEP_MORE;
    }
    state->stage = STAGE_CHUNKED;
    state->filled = head->bytes;
    skm_http_chunk_init(&state->chunk, exchange->limits.body_bytes);
    return step_chunked(exchange, conn, bytes, taken);
}

static enum step step_head(struct skm_http_exchange *exchange, struct skm_conn *conn, char *bytes,
                           struct skm_conn_taken *taken)
{
    struct state *state = skm_conn_state(conn);
    size_t len = taken->kept;
    bool is_new = state->scanned == 0;
    /* What came in many small pieces is looked at again only when a line is complete. */
    if (!is_new && len < exchange->limits.head_bytes &&
        (len == state->scanned ||
         memchr(bytes + state->scanned, '\n', len - state->scanned) == NULL)) {
        state->scanned = len;
        return STEP_MORE;
    }
    switch (parse(exchange, bytes, len)) {
    case SKM_HTTP_PARSE_MORE:
        state->scanned = len;
        if (is_new) {
            skm_conn_enter(conn, SKM_CONN_HEAD);
        }
        return STEP_MORE;
    case SKM_HTTP_PARSE_REFUSED:
        refuse(exchange, conn, &exchange->head.fault);
        return STEP_SERVED;
    case SKM_HTTP_PARSE_DONE:
        break;
    }
    state->scanned = 0;
    return begin_body(exchange, conn, bytes, taken);
}

static enum step step(struct skm_http_exchange *exchange, struct skm_conn *conn, char *bytes,
                      struct skm_conn_taken *taken)
{
    const struct state *state = skm_conn_state(conn);
    switch (state->stage) {
    case STAGE_HEAD:
        return step_head(exchange, conn, bytes, taken);
    case STAGE_LENGTH:
        return step_length(exchange, conn, bytes, taken);
    case STAGE_CHUNKED:
        return step_chunked(exchange, conn, bytes, taken);
    }
    return STEP_MORE;
}

static struct skm_conn_taken on_input(struct skm_conn *conn, char *bytes, size_t len)
{
    struct skm_http_exchange *exchange = skm_conn_ctx(conn);
    struct skm_conn_taken taken = {.consumed = 0, .kept = len};
    while (taken.kept != 0 && !conn->ending && !skm_conn_is_output_full(conn)) {
        if (step(exchange, conn, bytes + taken.consumed, &taken) == STEP_MORE) {
            return taken;
        }
    }
    if (!conn->ending) {
        skm_conn_enter(conn, SKM_CONN_IDLE);
    }
    return taken;
}

/* ---- faults ---- */

static void on_timeout(struct skm_http_exchange *exchange, struct skm_conn *conn)
{
    switch ((enum skm_conn_phase)conn->phase) {
    case SKM_CONN_HANDSHAKE:
        skm_counter_add(&exchange->rejected[SKM_HTTP_REJECT_TIMEOUT_HANDSHAKE], 1);
        return;
    case SKM_CONN_HEAD:
        refuse(exchange, conn,
               &(struct skm_http_fault){408, SKM_HTTP_REJECT_TIMEOUT_HEAD,
                                        "the request did not arrive in time"});
        return;
    case SKM_CONN_BODY:
        refuse(exchange, conn,
               &(struct skm_http_fault){408, SKM_HTTP_REJECT_TIMEOUT_BODY,
                                        "the request body did not arrive in time"});
        return;
    case SKM_CONN_WRITE:
        skm_counter_add(&exchange->rejected[SKM_HTTP_REJECT_TIMEOUT_WRITE], 1);
        return;
    case SKM_CONN_IDLE:
    case SKM_CONN_LINGER:
        return;
    }
}

static void on_fault(struct skm_conn *conn, enum skm_conn_fault fault)
{
    struct skm_http_exchange *exchange = skm_conn_ctx(conn);
    exchange->head = (struct skm_http_head){.keep_alive = false};
    switch (fault) {
    case SKM_CONN_FAULT_TIMEOUT:
        on_timeout(exchange, conn);
        return;
    case SKM_CONN_FAULT_END:
    case SKM_CONN_FAULT_IO:
        skm_counter_add(&exchange->rejected[SKM_HTTP_REJECT_TRUNCATED],
                        conn->phase == SKM_CONN_HEAD || conn->phase == SKM_CONN_BODY ? 1 : 0);
        return;
    case SKM_CONN_FAULT_MEMORY:
        refuse(exchange, conn,
               &(struct skm_http_fault){503, SKM_HTTP_REJECT_MEMORY, "out of memory for requests"});
        return;
    case SKM_CONN_FAULT_TLS:
        skm_counter_add(&exchange->rejected[SKM_HTTP_REJECT_TLS], 1);
        return;
    }
}

/* ---- lifetime ---- */

skm_err skm_http_exchange_init(struct skm_http_exchange *exchange, struct skm_loop *loop,
                               const struct skm_http_server_options *options,
                               const struct skm_http_limits *limits)
{
    static const struct skm_conn_ops ops = {.on_input = on_input, .on_fault = on_fault};
    struct skm_conn_set_options set = {
        .ops = &ops,
        .ctx = exchange,
        .state_bytes = sizeof(struct state),
        .connections = limits->connections,
        .peer_connections = limits->peer_connections,
        .input_bytes = (size_t)limits->head_bytes + limits->body_bytes,
        .output_bytes = limits->response_bytes + OUTPUT_EXTRA_BYTES,
        .buffer_bytes = limits->buffer_bytes,
        .timeout_ms =
            {
                [SKM_CONN_HANDSHAKE] = limits->handshake_ms,
                [SKM_CONN_IDLE] = limits->idle_ms,
                [SKM_CONN_HEAD] = limits->head_ms,
                [SKM_CONN_BODY] = limits->body_ms,
                [SKM_CONN_WRITE] = limits->write_ms,
                [SKM_CONN_LINGER] = limits->linger_ms,
            },
    };
    *exchange = (struct skm_http_exchange){.options = *options, .limits = *limits};
    exchange->parse_limits = (struct skm_http_parse_limits){
        .head_bytes = limits->head_bytes,
        .target_bytes = limits->target_bytes,
        .headers = limits->headers,
    };
    skm_arena_init(&exchange->arena, limits->arena_bytes);
    skm_buf_init(&exchange->response_body, limits->response_bytes);
    skm_buf_init(&exchange->response_headers, RESPONSE_HEADERS_BYTES);
    return skm_conn_set_init(&exchange->conns, loop, &set);
}

void skm_http_exchange_fini(struct skm_http_exchange *exchange)
{
    skm_conn_set_fini(&exchange->conns);
    skm_arena_fini(&exchange->arena);
    skm_buf_fini(&exchange->response_body);
    skm_buf_fini(&exchange->response_headers);
}
