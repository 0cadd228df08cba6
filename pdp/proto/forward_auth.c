#include "proto/forward_auth.h"

#include "base/attr.h"
#include "base/json.h"
#include "base/span.h"
#include "proto/credential.h"
#include "proto/forward_request.h"
#include "state/resource_map.h"
#include "state/zones.h"

#define HEADER_BYTES_MAX 8192u
#define CONTEXT_KEYS_MAX 8u

struct exchange {
    const struct skm_world_source *source;
    const struct skm_world *world;
    const struct skm_http_request *http;
    struct skm_http_response *response;
    const struct skm_pep *pep;
};

/* ---- answers ---- */

/* `a, b, c` into a header; nothing when there are none. */
static skm_err add_list(struct skm_http_response *response, skm_span name, const skm_span *tokens,
                        size_t count)
{
    SKM_CLEANUP(skm_buf_fini) struct skm_buf value;
    skm_buf_init(&value, HEADER_BYTES_MAX);
    for (size_t i = 0; i < count; i++) {
        skm_buf_append(&value, i == 0 ? SKM_SPAN("") : SKM_SPAN(", "));
        skm_buf_append(&value, tokens[i]);
    }
    SKM_TRY(skm_buf_check(&value));
    return count == 0 ? SKM_OK : skm_http_add_header(response, name, skm_buf_span(&value));
}

static void write_spans(struct skm_json_writer *writer, skm_span key, const skm_span *texts,
                        size_t count)
{
    skm_json_write_key(writer, key);
    skm_json_write_array_begin(writer);
    for (size_t i = 0; i < count; i++) {
        skm_json_write_string(writer, texts[i]);
    }
    skm_json_write_array_end(writer);
}

/* What a registration with explanations gets besides: who decided, and why the request was no good. */
static void write_explanation(struct skm_json_writer *writer, const struct skm_decision *decision)
{
    skm_json_write_key(writer, SKM_SPAN("policies"));
    skm_json_write_array_begin(writer);
    for (size_t i = 0; i < decision->reason_count; i++) {
        skm_json_write_string(writer, decision->reasons[i].policy_id);
    }
    skm_json_write_array_end(writer);
    write_spans(writer, SKM_SPAN("clauses"), decision->clauses, decision->clause_count);
    if (decision->message.len > 0) {
        skm_json_write_key(writer, SKM_SPAN("message"));
        skm_json_write_string(writer, decision->message);
    }
}

static skm_err write_body(const struct exchange *exchange, const struct skm_decision *decision,
                          skm_span reason)
{
    struct skm_http_response *response = exchange->response;
    struct skm_json_writer writer;
    skm_json_writer_init(&writer, response->body);
    skm_json_write_object_begin(&writer);
    skm_json_write_key(&writer, SKM_SPAN("decision"));
    skm_json_write_bool(&writer, decision->effect == SKM_DECISION_PERMIT);
    skm_json_write_key(&writer, SKM_SPAN("reason"));
    skm_json_write_string(&writer, reason);
    if (decision->remedy_count > 0) {
        write_spans(&writer, SKM_SPAN("remedies"), decision->remedies, decision->remedy_count);
    }
    if (exchange->pep != NULL && exchange->pep->explain == SKM_PEP_EXPLAIN_ALWAYS) {
        write_explanation(&writer, decision);
    }
    skm_json_write_object_end(&writer);
    response->content_type = SKM_SPAN("application/json");
    return skm_buf_check(response->body);
}

static skm_err record(const struct exchange *exchange, const struct skm_decide_request *request,
                      const struct skm_decision *decision)
{
    const struct skm_decision_record entry = {.endpoint = SKM_SPAN("forward-auth"),
                                              .pep = exchange->pep,
                                              .request = request,
                                              .decision = decision};
    const struct skm_world_source *source = exchange->source;
    bool recorded = exchange->pep != NULL && source->record != NULL;
    return recorded ? source->record(source->ctx, &entry) : SKM_OK;
}

static skm_err respond_denied(const struct exchange *exchange, const struct skm_decision *decision,
                              uint16_t status, skm_span reason)
{
    struct skm_http_response *response = exchange->response;
    SKM_TRY(skm_http_add_header(response, SKM_SPAN("X-Sekimori-Decision"), SKM_SPAN("deny")));
    SKM_TRY(skm_http_add_header(response, SKM_SPAN("X-Sekimori-Reason"), reason));
    SKM_TRY(add_list(response, SKM_SPAN("X-Sekimori-Remedies"), decision->remedies,
                     decision->remedy_count));
    SKM_TRY(write_body(exchange, decision, reason));
    response->status = status;
    return SKM_OK;
}

/* Denied before there was anything to decide. */
static skm_err deny_early(const struct exchange *exchange, uint16_t status, const char *reason,
                          skm_span message)
{
    const struct skm_decision decision = {
        .hard = true, .message = message, .decided_wall_ms = exchange->http->wall_ms};
    SKM_TRY(record(exchange, NULL, &decision));
    return respond_denied(exchange, &decision, status, skm_span_cstr(reason));
}

/* RFC 6750 §3: nobody is logged in, so there is no error to tell. */
static skm_err deny_without_subject(const struct exchange *exchange)
{
    SKM_TRY(skm_http_add_header(exchange->response, SKM_SPAN("WWW-Authenticate"),
                                SKM_SPAN("Bearer realm=\"sekimori\"")));
    return deny_early(exchange, 401, "no_subject", SKM_SPAN("nobody is logged in"));
}

static bool has_remedy(const struct skm_decision *decision, skm_span token)
{
    for (size_t i = 0; i < decision->remedy_count; i++) {
        if (skm_span_equal(decision->remedies[i], token)) {
            return true;
        }
    }
    return false;
}

/* 401 tells a browser to send its user to the log-in; a user whom that cannot help would go round in circles. */
static bool authenticating_helps(const struct skm_decision *decision)
{
    size_t helped = (size_t)has_remedy(decision, SKM_SPAN("reauthenticate")) +
                    (size_t)has_remedy(decision, SKM_SPAN("step_up_mfa"));
    return decision->remedy_count > 0 && helped == decision->remedy_count;
}

/* RFC 9110 §5.6.4: quoted-string. */
static void append_quoted(struct skm_buf *buf, skm_span text)
{
    skm_buf_append_char(buf, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\') {
            skm_buf_append_char(buf, '\\');
        }
        skm_buf_append_char(buf, text.ptr[i]);
    }
    skm_buf_append_char(buf, '"');
}

/* RFC 9470 §3: step-up challenge. */
static skm_err add_challenge(const struct exchange *exchange, const struct skm_decision *decision)
{
    SKM_CLEANUP(skm_buf_fini) struct skm_buf value;
    skm_buf_init(&value, HEADER_BYTES_MAX);
    skm_buf_append_cstr(&value, "Bearer error=\"insufficient_user_authentication\"");
    if (has_remedy(decision, SKM_SPAN("step_up_mfa"))) {
        skm_buf_append_cstr(&value,
                            ", error_description=\"a further authentication factor is needed\"");
        if (exchange->pep->step_up_acr.len > 0) {
            skm_buf_append_cstr(&value, ", acr_values=");
            append_quoted(&value, exchange->pep->step_up_acr);
        }
    } else {
        skm_buf_append_cstr(&value,
                            ", error_description=\"a more recent authentication is needed\"");
    }
    if (has_remedy(decision, SKM_SPAN("reauthenticate"))) {
        skm_buf_append_cstr(&value, ", max_age=\"0\"");
    }
    SKM_TRY(skm_buf_check(&value));
    return skm_http_add_header(exchange->response, SKM_SPAN("WWW-Authenticate"),
                               skm_buf_span(&value));
}

static skm_err respond_permitted(const struct exchange *exchange,
                                 const struct skm_decision *decision, skm_span subject)
{
    struct skm_http_response *response = exchange->response;
    skm_span *tokens =
        SKM_ARENA_NEW_ARRAY(exchange->http->arena, skm_span, decision->obligation_count);
    if (tokens == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < decision->obligation_count; i++) {
        tokens[i] = decision->obligations[i].token;
    }
    SKM_TRY(skm_http_add_header(response, SKM_SPAN("X-Sekimori-Decision"), SKM_SPAN("permit")));
    SKM_TRY(skm_http_add_header(response, SKM_SPAN("X-Sekimori-User"), subject));
    SKM_TRY(
        add_list(response, SKM_SPAN("X-Sekimori-Obligations"), tokens, decision->obligation_count));
    SKM_TRY(write_body(exchange, decision, skm_decision_kind_name(decision->kind)));
    response->status = 200;
    return SKM_OK;
}

static skm_err respond(const struct exchange *exchange, const struct skm_decision *decision,
                       skm_span subject)
{
    if (decision->effect == SKM_DECISION_PERMIT) {
        return respond_permitted(exchange, decision, subject);
    }
    bool helps = authenticating_helps(decision);
    if (helps) {
        SKM_TRY(add_challenge(exchange, decision));
    }
    return respond_denied(exchange, decision, helps ? 401 : 403,
                          skm_decision_kind_name(decision->kind));
}

/* ---- the question ---- */

/* Keys the schema does not declare for the action are left out: the set is ours, not the site's. */
static bool is_declared(const struct skm_schema *schema, const struct skm_uid *action, skm_span key)
{
    const struct skm_schema_action *declared =
        schema == NULL ? NULL : skm_schema_find_action(schema, action);
    return declared == NULL || skm_type_attr_find(declared->context, key) != NULL;
}

/* Adds what is known; an empty text is not. */
static void add_text(struct skm_value_field *fields, size_t *count, skm_span key, skm_span text)
{
    if (text.len > 0) {
        fields[(*count)++] = (struct skm_value_field){.key = key, .value = skm_value_string(text)};
    }
}

static skm_err build_context(const struct exchange *exchange,
                             const struct skm_forward_request *asked, const struct skm_uid *action,
                             struct skm_value *out_context)
{
    const struct skm_snapshot *snapshot = exchange->world->snapshot;
    struct skm_arena *arena = exchange->http->arena;
    struct skm_value_field *fields =
        SKM_ARENA_NEW_ARRAY(arena, struct skm_value_field, CONTEXT_KEYS_MAX);
    struct skm_ip *address = SKM_ARENA_NEW(arena, struct skm_ip);
    if (fields == NULL || address == NULL) {
        return SKM_ERR(MEMORY);
    }
    size_t count = 0;
    add_text(fields, &count, SKM_SPAN("method"), asked->method);
    add_text(fields, &count, SKM_SPAN("host"), asked->host);
    add_text(fields, &count, SKM_SPAN("path"), asked->path);
    add_text(fields, &count, SKM_SPAN("query"), asked->query);
    add_text(fields, &count, SKM_SPAN("scheme"), asked->scheme);
    if (asked->has_address) {
        *address = asked->address;
        fields[count++] = (struct skm_value_field){
            .key = SKM_SPAN("source_ip"), .value = {.kind = SKM_VALUE_IPADDR, .as.ip = address}};
    }
    const struct skm_zone_rule *zone = asked->has_address && snapshot->zones != NULL
                                           ? skm_zones_find(snapshot->zones, &asked->address)
                                           : NULL;
    add_text(fields, &count, SKM_SPAN("zone"), zone == NULL ? SKM_SPAN("") : zone->zone);
    add_text(fields, &count, SKM_SPAN("area"), zone == NULL ? SKM_SPAN("") : zone->area);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_declared(snapshot->schema, action, fields[i].key)) {
            fields[kept++] = fields[i];
        }
    }
    return skm_value_record_build(arena, fields, kept, out_context);
}

/* What the registration limits is what the question is about; labels and context are the PDP's own words. */
static skm_err check_pep(const struct exchange *exchange, const struct skm_decide_request *request,
                         skm_span *out_what)
{
    static const struct skm_value_record nothing = {NULL, 0};
    struct skm_decide_request asserted = {.cedar = request->cedar};
    asserted.cedar.context = (struct skm_value){.kind = SKM_VALUE_RECORD, .as.record = &nothing};
    return skm_pep_check(exchange->http->arena, exchange->pep, &asserted, out_what);
}

static skm_err decide(const struct exchange *exchange, const struct skm_forward_request *asked,
                      const struct skm_resource_match *match)
{
    struct skm_decide_request request = {.resource_attrs = match->labels};
    request.cedar.principal =
        (struct skm_uid){.type = exchange->pep->subject_type, .id = asked->subject};
    request.cedar.action = *match->action;
    request.cedar.resource = *match->resource;
    SKM_TRY(build_context(exchange, asked, match->action, &request.cedar.context));
    skm_span what = {0};
    skm_err err = check_pep(exchange, &request, &what);
    if (skm_is_err(err, SKM_E_REFUSED)) {
        return deny_early(exchange, 403, "refused", what);
    }
    SKM_TRY(err);
    struct skm_decision decision;
    SKM_TRY(skm_decide(exchange->http->arena, exchange->world->snapshot, &request,
                       exchange->http->wall_ms, &decision));
    SKM_TRY(record(exchange, &request, &decision));
    return respond(exchange, &decision, asked->subject);
}

static skm_err answer(struct exchange *exchange)
{
    const struct skm_snapshot *snapshot = exchange->world->snapshot;
    struct skm_forward_request asked;
    struct skm_forward_fault fault;
    struct skm_resource_match match;
    exchange->pep = skm_credential_pep(exchange->world->peps, exchange->http);
    if (exchange->pep == NULL || !exchange->pep->forward_auth) {
        return deny_early(exchange, 403, "unknown_pep",
                          SKM_SPAN("the proxy is not registered for forward-auth"));
    }
    SKM_TRY(skm_forward_request_read(exchange->http, exchange->pep, &asked, &fault));
    if (fault.reason != NULL) {
        return deny_early(exchange, 403, fault.reason, fault.message);
    }
    skm_err err = snapshot->resources == NULL
                      ? SKM_ERR(NOT_FOUND)
                      : skm_resource_map_find(snapshot->resources, asked.host, asked.path,
                                              asked.method, &match);
    if (skm_is_err(err, SKM_E_NOT_FOUND)) {
        return deny_early(exchange, 403, "unknown_resource",
                          SKM_SPAN("no resource is mapped to this host and path"));
    }
    if (skm_is_err(err, SKM_E_REFUSED)) {
        return deny_early(exchange, 403, "unknown_method",
                          SKM_SPAN("no action is mapped to this method"));
    }
    SKM_TRY(err);
    return asked.subject.len == 0 ? deny_without_subject(exchange)
                                  : decide(exchange, &asked, &match);
}

skm_err skm_forward_auth(void *ctx, const struct skm_http_request *request,
                         struct skm_http_response *response)
{
    const struct skm_world_source *source = ctx;
    struct exchange exchange = {.source = source,
                                .world = source->acquire(source->ctx),
                                .http = request,
                                .response = response};
    if (exchange.world == NULL) {
        return deny_early(&exchange, 503, "unavailable", SKM_SPAN("no policies are loaded"));
    }
    skm_err err = answer(&exchange);
    source->release(source->ctx, exchange.world);
    return err;
}
