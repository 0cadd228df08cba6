#include "tools/request_args.h"

#include "base/span.h"
#include "cedar/parse.h"

struct reader {
    struct skm_call *call;
    struct skm_arena *arena;
    const struct skm_request_args *args;
    struct skm_diags *diags;
    bool *misused;
};

static skm_err misuse(struct reader *reader, const char *message)
{
    *reader->misused = true;
    skm_call_complain(reader->call, "%s", message);
    return SKM_ERR(INVALID);
}

static skm_err part(struct reader *reader, const char *name, const char *text,
                    struct skm_uid *out_uid)
{
    skm_err err = skm_parse_uid(reader->arena, skm_span_cstr(text), out_uid);
    if (skm_is_ok(err) || skm_is_err(err, SKM_E_MEMORY)) {
        return err;
    }
    (void)skm_diags_add(reader->diags, SKM_SEVERITY_ERROR, NULL, (struct skm_range){0},
                        "`--%s %s` is not an entity uid like `User::\"alice\"`", name, text);
    return SKM_ERR(INVALID);
}

static skm_err read_context(struct reader *reader, struct skm_request_parts *parts)
{
    const char *text = reader->args->context;
    if (text == NULL) {
        return SKM_OK;
    }
    if (text[0] == '@') {
        SKM_TRY(skm_tool_read(reader->call, reader->arena, text + 1, &parts->source));
    } else {
        struct skm_source *source = SKM_ARENA_NEW(reader->arena, struct skm_source);
        if (source == NULL) {
            return SKM_ERR(MEMORY);
        }
        *source = (struct skm_source){SKM_SPAN("--context"), skm_span_cstr(text)};
        parts->source = source;
    }
    parts->context = parts->source->text;
    return SKM_OK;
}

static skm_err parts_from_options(struct reader *reader, struct skm_request_parts *parts)
{
    const struct skm_request_args *args = reader->args;
    if (args->principal == NULL || args->action == NULL || args->resource == NULL) {
        return misuse(
            reader, "a request is `--request FILE`, or `--principal`, `--action` and `--resource` "
                    "together");
    }
    SKM_TRY(part(reader, "principal", args->principal, &parts->principal));
    SKM_TRY(part(reader, "action", args->action, &parts->action));
    SKM_TRY(part(reader, "resource", args->resource, &parts->resource));
    return read_context(reader, parts);
}

static skm_err read_parts(struct reader *reader, struct skm_request_parts *parts)
{
    const struct skm_request_args *args = reader->args;
    if (args->request == NULL) {
        return parts_from_options(reader, parts);
    }
    if (args->principal != NULL || args->action != NULL || args->resource != NULL ||
        args->context != NULL) {
        return misuse(reader, "`--request` and the parts of a request do not go together");
    }
    const struct skm_source *source = NULL;
    SKM_TRY(skm_tool_read(reader->call, reader->arena, args->request, &source));
    return skm_request_json_split(reader->arena, source, source->text, true, reader->diags, parts);
}

skm_err skm_request_args_read(struct skm_call *call, struct skm_arena *arena,
                              const struct skm_schema *schema, const struct skm_request_args *args,
                              struct skm_diags *diags, bool *out_misused,
                              struct skm_request *out_request)
{
    struct reader reader = {call, arena, args, diags, out_misused};
    struct skm_request_parts parts = {0};
    SKM_TRY(read_parts(&reader, &parts));
    return skm_request_json_build(arena, schema, &parts,
                                  args->no_request_validation ? SKM_REQUEST_AS_IT_IS
                                                              : SKM_REQUEST_VALIDATED,
                                  diags, out_request);
}
