#include "tools/request_json.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/json.h"
#include "base/span.h"
#include "cedar/parse.h"
#include "cedar/request_validate.h"
#include "cedar/value_json.h"

enum member {
    MEMBER_PRINCIPAL = 0,
    MEMBER_ACTION,
    MEMBER_RESOURCE,
    MEMBER_CONTEXT,
    MEMBER_COUNT,
};

static const skm_span member_names[MEMBER_COUNT] = {
    [MEMBER_PRINCIPAL] = {"principal", 9},
    [MEMBER_ACTION] = {"action", 6},
    [MEMBER_RESOURCE] = {"resource", 8},
    [MEMBER_CONTEXT] = {"context", 7},
};

struct splitter {
    struct skm_arena *arena;
    const struct skm_source *source;
    skm_span text;
    bool strict;
    struct skm_diags *diags;
    bool seen[MEMBER_COUNT];
    struct skm_uid uids[MEMBER_CONTEXT];
    skm_span context;
};

static struct skm_diag *fault(struct splitter *splitter, size_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static struct skm_diag *fault(struct splitter *splitter, size_t offset, const char *format, ...)
{
    char message[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    size_t base = (size_t)(splitter->text.ptr - splitter->source->text.ptr);
    struct skm_range range = {(uint32_t)(base + offset), 1};
    return skm_diags_add(splitter->diags, SKM_SEVERITY_ERROR, splitter->source, range, "%s",
                         message);
}

/* ---- members ---- */

static skm_err read_uid(struct splitter *splitter, struct skm_json *json, struct skm_uid *out_uid)
{
    enum skm_json_type type = SKM_JSON_NULL;
    SKM_TRY(skm_json_peek(json, &type));
    if (type == SKM_JSON_OBJECT) {
        struct skm_value_json how = {.arena = splitter->arena};
        return skm_value_json_read_uid(&how, json, out_uid);
    }
    size_t offset = skm_json_value_offset(json);
    skm_span text = {0};
    SKM_TRY(skm_json_read_string(json, &text));
    skm_err err = skm_parse_uid(splitter->arena, text, out_uid);
    return skm_is_ok(err) || skm_is_err(err, SKM_E_MEMORY)
               ? err
               : skm_json_fail(json, err, offset, "not an entity uid like `User::\"alice\"`");
}

static skm_err read_other(struct splitter *splitter, struct skm_json *json, skm_span name)
{
    if (splitter->strict) {
        size_t offset = skm_json_value_offset(json);
        struct skm_diag *diag =
            fault(splitter, offset, "unknown member `%.*s` of a request", SKM_SPAN_ARG(name));
        skm_span nearest = skm_diag_nearest(name, member_names, MEMBER_COUNT);
        if (nearest.len > 0) {
            skm_diag_help(splitter->diags, diag, "did you mean `%.*s`?", SKM_SPAN_ARG(nearest));
        }
    }
    return skm_json_skip(json);
}

static skm_err read_member(struct splitter *splitter, struct skm_json *json, skm_span name)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        if (skm_span_equal(name, member_names[i])) {
            splitter->seen[i] = true;
            return i == MEMBER_CONTEXT ? skm_json_read_raw(json, &splitter->context)
                                       : read_uid(splitter, json, &splitter->uids[i]);
        }
    }
    return read_other(splitter, json, name);
}

static skm_err read_members(struct splitter *splitter, struct skm_json *json)
{
    SKM_TRY(skm_json_enter_object(json));
    for (;;) {
        bool more = false;
        skm_span name = {0};
        SKM_TRY(skm_json_next_member(json, &more, &name));
        if (!more) {
            return skm_json_finish(json);
        }
        SKM_TRY(read_member(splitter, json, name));
    }
}

static void check_members(struct splitter *splitter)
{
    for (size_t i = 0; i < MEMBER_CONTEXT; i++) {
        if (!splitter->seen[i]) {
            (void)fault(splitter, 0, "a request without `%.*s`", SKM_SPAN_ARG(member_names[i]));
        }
    }
}

skm_err skm_request_json_split(struct skm_arena *arena, const struct skm_source *source,
                               skm_span text, bool strict, struct skm_diags *diags,
                               struct skm_request_parts *out_parts)
{
    struct splitter splitter = {
        .arena = arena, .source = source, .text = text, .strict = strict, .diags = diags};
    size_t errors = diags->errors;
    struct skm_json json;
    SKM_TRY(skm_json_init(&json, text, arena, NULL));
    skm_err err = read_members(&splitter, &json);
    if (skm_is_err(err, SKM_E_MEMORY)) {
        return err;
    }
    if (!skm_is_ok(err)) {
        (void)fault(&splitter, json.err_offset, "request: %s",
                    json.err_reason == NULL ? "malformed JSON" : json.err_reason);
    } else {
        check_members(&splitter);
    }
    if (diags->errors != errors) {
        return SKM_ERR(INVALID);
    }
    *out_parts = (struct skm_request_parts){.source = source,
                                            .principal = splitter.uids[MEMBER_PRINCIPAL],
                                            .action = splitter.uids[MEMBER_ACTION],
                                            .resource = splitter.uids[MEMBER_RESOURCE],
                                            .context = splitter.context};
    return SKM_OK;
}

/* ---- the request ---- */

static skm_err read_context(struct skm_arena *arena, const struct skm_schema *schema,
                            const struct skm_request_parts *parts, struct skm_diags *diags,
                            struct skm_value *out_context)
{
    bool absent = parts->context.ptr == NULL;
    struct skm_source empty = {SKM_SPAN("context"), SKM_SPAN("{}")};
    skm_span text = absent ? empty.text : parts->context;
    struct skm_json json;
    SKM_TRY(skm_json_init(&json, text, arena, NULL));
    size_t base = absent ? 0 : (size_t)(text.ptr - parts->source->text.ptr);
    return skm_request_read_context(arena, schema, &parts->action, &json,
                                    absent ? NULL : parts->source, base, diags, out_context);
}

skm_err skm_request_json_build(struct skm_arena *arena, const struct skm_schema *schema,
                               const struct skm_request_parts *parts, enum skm_request_rule rule,
                               struct skm_diags *diags, struct skm_request *out_request)
{
    struct skm_request request = {
        .principal = parts->principal, .action = parts->action, .resource = parts->resource};
    SKM_TRY(read_context(arena, schema, parts, diags, &request.context));
    if (schema != NULL && rule == SKM_REQUEST_VALIDATED) {
        SKM_TRY(skm_request_validate(schema, &request, diags));
    }
    *out_request = request;
    return SKM_OK;
}
