/* The metadata document (AuthZEN 1.0 §9). Members without a value are left out. */
#include "proto/authzen.h"

#include <string.h>

#include "base/attr.h"
#include "base/json.h"
#include "base/span.h"
#include "proto/authzen_search.h"

#define IDENTIFIER_BYTES_MAX 512u

static const skm_span https = {"https://", 8};

/* `/tenant` of `https://host/tenant`; empty without a path. */
static skm_span path_of(skm_span identifier)
{
    skm_span rest = skm_span_from(identifier, https.len);
    const char *slash = rest.len == 0 ? NULL : memchr(rest.ptr, '/', rest.len);
    return slash == NULL ? (skm_span){NULL, 0} : skm_span_from(rest, (size_t)(slash - rest.ptr));
}

/* RFC 3986 §2: what an identifier is written with here; `?`, `#` and `@` are not for identifiers (§9.1.1). */
static bool is_identifier_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~:/[]%!$&'()*+,;=", c) != NULL);
}

skm_err skm_authzen_check_identifier(skm_span identifier)
{
    if (!skm_span_starts(identifier, https) || identifier.len > IDENTIFIER_BYTES_MAX) {
        return SKM_ERR(SYNTAX);
    }
    for (size_t i = 0; i < identifier.len; i++) {
        if (!is_identifier_byte(identifier.ptr[i])) {
            return SKM_ERR(SYNTAX);
        }
    }
    size_t host_len = identifier.len - https.len - path_of(identifier).len;
    return host_len == 0 || skm_span_ends(identifier, SKM_SPAN("/")) ? SKM_ERR(SYNTAX) : SKM_OK;
}

/* The path of an API endpoint below the identifier's. */
static skm_err prefix(struct skm_arena *arena, skm_span base, skm_span *path)
{
    return skm_arena_printf(arena, path, "%.*s%.*s", SKM_SPAN_ARG(base), SKM_SPAN_ARG(*path));
}

skm_err skm_authzen_paths(struct skm_arena *arena, skm_span identifier,
                          struct skm_authzen_paths *out_paths)
{
    struct skm_authzen_paths paths = {
        .evaluation = SKM_AUTHZEN_EVALUATION_PATH,
        .evaluations = SKM_AUTHZEN_EVALUATIONS_PATH,
        .search_subject = SKM_AUTHZEN_SEARCH_SUBJECT_PATH,
        .search_resource = SKM_AUTHZEN_SEARCH_RESOURCE_PATH,
        .search_action = SKM_AUTHZEN_SEARCH_ACTION_PATH,
        .metadata = SKM_AUTHZEN_METADATA_PATH,
    };
    skm_span base = path_of(identifier);
    if (base.len > 0) {
        SKM_TRY(prefix(arena, base, &paths.evaluation));
        SKM_TRY(prefix(arena, base, &paths.evaluations));
        SKM_TRY(prefix(arena, base, &paths.search_subject));
        SKM_TRY(prefix(arena, base, &paths.search_resource));
        SKM_TRY(prefix(arena, base, &paths.search_action));
        SKM_TRY(skm_arena_printf(arena, &paths.metadata, "%.*s%.*s",
                                 SKM_SPAN_ARG(SKM_AUTHZEN_METADATA_PATH), SKM_SPAN_ARG(base)));
    }
    *out_paths = paths;
    return SKM_OK;
}

/* The identifier with an endpoint's default path behind it (§9.1). */
static skm_err write_url(struct skm_arena *arena, struct skm_json_writer *writer, skm_span key,
                         skm_span identifier, skm_span path)
{
    skm_span url = {0};
    SKM_TRY(
        skm_arena_printf(arena, &url, "%.*s%.*s", SKM_SPAN_ARG(identifier), SKM_SPAN_ARG(path)));
    skm_json_write_key(writer, key);
    skm_json_write_string(writer, url);
    return SKM_OK;
}

static skm_err write_document(struct skm_arena *arena, skm_span identifier,
                              struct skm_http_response *response)
{
    static const skm_span obligations[] = {{"custom", 6}, {"step-up", 7}};
    struct skm_json_writer writer;
    skm_json_writer_init(&writer, response->body);
    skm_json_write_object_begin(&writer);
    skm_json_write_key(&writer, SKM_SPAN("policy_decision_point"));
    skm_json_write_string(&writer, identifier);
    SKM_TRY(write_url(arena, &writer, SKM_SPAN("access_evaluation_endpoint"), identifier,
                      SKM_AUTHZEN_EVALUATION_PATH));
    SKM_TRY(write_url(arena, &writer, SKM_SPAN("access_evaluations_endpoint"), identifier,
                      SKM_AUTHZEN_EVALUATIONS_PATH));
    SKM_TRY(write_url(arena, &writer, SKM_SPAN("search_subject_endpoint"), identifier,
                      SKM_AUTHZEN_SEARCH_SUBJECT_PATH));
    SKM_TRY(write_url(arena, &writer, SKM_SPAN("search_resource_endpoint"), identifier,
                      SKM_AUTHZEN_SEARCH_RESOURCE_PATH));
    SKM_TRY(write_url(arena, &writer, SKM_SPAN("search_action_endpoint"), identifier,
                      SKM_AUTHZEN_SEARCH_ACTION_PATH));
    skm_json_write_key(&writer, SKM_SPAN("supported_obligations"));
    skm_json_write_array_begin(&writer);
    for (size_t i = 0; i < SKM_ARRAY_LEN(obligations); i++) {
        skm_json_write_string(&writer, obligations[i]);
    }
    skm_json_write_array_end(&writer);
    skm_json_write_object_end(&writer);
    response->content_type = SKM_SPAN("application/json");
    response->status = 200;
    SKM_TRY(
        skm_http_add_header(response, SKM_SPAN("Cache-Control"), SKM_SPAN("public, max-age=300")));
    return skm_buf_check(response->body);
}

static skm_err answer(const struct skm_world *world, const struct skm_http_request *request,
                      struct skm_http_response *response)
{
    skm_span identifier = world->authzen->identifier;
    struct skm_authzen_paths paths;
    SKM_TRY(skm_authzen_paths(request->arena, identifier, &paths));
    if (identifier.len == 0 || !skm_span_equal(request->path, paths.metadata)) {
        skm_http_respond_error(response, 404, SKM_SPAN("no metadata here"));
        return SKM_OK;
    }
    return write_document(request->arena, identifier, response);
}

skm_err skm_authzen_metadata(void *ctx, const struct skm_http_request *request,
                             struct skm_http_response *response)
{
    const struct skm_world_source *source = ctx;
    const struct skm_world *world = source->acquire(source->ctx);
    if (world == NULL) {
        skm_http_respond_error(response, 503, SKM_SPAN("no policies are loaded"));
        return SKM_OK;
    }
    skm_err err = answer(world, request, response);
    source->release(source->ctx, world);
    return err;
}
