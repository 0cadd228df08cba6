/* sekimori cedar authorize: one request against policies in files. */
#include "tools/cmd_cedar.h"

#include "base/attr.h"
#include "base/span.h"
#include "cedar/parse.h"
#include "tools/answer.h"
#include "tools/request_json.h"
#include "tools/world_files.h"

#define WORLD_QUOTA ((size_t)16 << 30)
#define DIAGS_MAX   50u

struct args {
    struct skm_texts policies;
    struct skm_texts links;
    struct skm_texts entities;
    const char *schema;
    unsigned schema_format; /* enum skm_schema_form */
    const char *request;
    const char *principal;
    const char *action;
    const char *resource;
    const char *context;
    bool no_request_validation;
    bool json;
};

static const struct skm_option options[] = {
    {.name = "policies",
     .kind = SKM_OPTION_TEXTS,
     .value = "FILE",
     .required = true,
     .offset = offsetof(struct args, policies),
     .help = "policies; a folder means its *.cedar files"},
    {.name = "links",
     .kind = SKM_OPTION_TEXTS,
     .value = "FILE",
     .offset = offsetof(struct args, links),
     .help = "template links (JSON)"},
    {.name = "entities",
     .kind = SKM_OPTION_TEXTS,
     .value = "FILE",
     .offset = offsetof(struct args, entities),
     .help = "entities: a JSON array, or one object a line"},
    {.name = "schema",
     .kind = SKM_OPTION_TEXT,
     .value = "FILE",
     .offset = offsetof(struct args, schema),
     .help = "schema; entities and the request must conform to it"},
    {.name = "schema-format",
     .kind = SKM_OPTION_CHOICE,
     .choices = skm_world_schema_formats,
     .offset = offsetof(struct args, schema_format),
     .help = "its form (auto: by its first character)"},
    {.name = "request",
     .kind = SKM_OPTION_TEXT,
     .value = "FILE",
     .offset = offsetof(struct args, request),
     .help = "the request (JSON)"},
    {.name = "principal",
     .kind = SKM_OPTION_TEXT,
     .value = "UID",
     .offset = offsetof(struct args, principal),
     .help = "or its parts: 'User::\"alice\"'"},
    {.name = "action",
     .kind = SKM_OPTION_TEXT,
     .value = "UID",
     .offset = offsetof(struct args, action),
     .help = "'Action::\"view\"'"},
    {.name = "resource",
     .kind = SKM_OPTION_TEXT,
     .value = "UID",
     .offset = offsetof(struct args, resource),
     .help = "'Photo::\"1\"'"},
    {.name = "context",
     .kind = SKM_OPTION_TEXT,
     .value = "JSON",
     .offset = offsetof(struct args, context),
     .help = "an object; @FILE reads it from a file"},
    {.name = "no-request-validation",
     .kind = SKM_OPTION_FLAG,
     .offset = offsetof(struct args, no_request_validation),
     .help = "decide requests that the schema does not allow, too"},
    {.name = "json",
     .kind = SKM_OPTION_FLAG,
     .offset = offsetof(struct args, json),
     .help = "the answer as JSON"},
};

struct job {
    struct skm_call *call;
    const struct args *args;
    struct skm_world world;
    enum skm_stage stage; /* that is under way */
    bool misused;         /* told already */
};

static void job_fini(struct job *job)
{
    skm_world_fini(&job->world);
}

/* ---- the request ---- */

static skm_err misuse(struct job *job, const char *message)
{
    job->misused = true;
    skm_call_complain(job->call, "%s", message);
    return SKM_ERR(INVALID);
}

static skm_err part(struct job *job, const char *name, const char *text, struct skm_uid *out_uid)
{
    skm_err err = skm_parse_uid(&job->world.arena, skm_span_cstr(text), out_uid);
    if (skm_is_ok(err) || skm_is_err(err, SKM_E_MEMORY)) {
        return err;
    }
    (void)skm_diags_add(&job->world.diags, SKM_SEVERITY_ERROR, NULL, (struct skm_range){0},
                        "`--%s %s` is not an entity uid like `User::\"alice\"`", name, text);
    return SKM_ERR(INVALID);
}

static skm_err read_context(struct job *job, struct skm_request_parts *parts)
{
    const char *text = job->args->context;
    if (text == NULL) {
        return SKM_OK;
    }
    if (text[0] == '@') {
        SKM_TRY(skm_tool_read(job->call, &job->world.arena, text + 1, &parts->source));
    } else {
        struct skm_source *source = SKM_ARENA_NEW(&job->world.arena, struct skm_source);
        if (source == NULL) {
            return SKM_ERR(MEMORY);
        }
        *source = (struct skm_source){SKM_SPAN("--context"), skm_span_cstr(text)};
        parts->source = source;
    }
    parts->context = parts->source->text;
    return SKM_OK;
}

static skm_err parts_from_options(struct job *job, struct skm_request_parts *parts)
{
    const struct args *args = job->args;
    if (args->principal == NULL || args->action == NULL || args->resource == NULL) {
        return misuse(
            job, "a request is `--request FILE`, or `--principal`, `--action` and `--resource` "
                 "together");
    }
    SKM_TRY(part(job, "principal", args->principal, &parts->principal));
    SKM_TRY(part(job, "action", args->action, &parts->action));
    SKM_TRY(part(job, "resource", args->resource, &parts->resource));
    return read_context(job, parts);
}

static skm_err read_request(struct job *job, struct skm_request *out_request)
{
    struct skm_request_parts parts = {0};
    const struct args *args = job->args;
    job->stage = SKM_STAGE_REQUEST;
    if (args->request == NULL) {
        SKM_TRY(parts_from_options(job, &parts));
    } else if (args->principal != NULL || args->action != NULL || args->resource != NULL ||
               args->context != NULL) {
        return misuse(job, "`--request` and the parts of a request do not go together");
    } else {
        const struct skm_source *source = NULL;
        SKM_TRY(skm_tool_read(job->call, &job->world.arena, args->request, &source));
        SKM_TRY(skm_request_json_split(&job->world.arena, source, source->text, true,
                                       &job->world.diags, &parts));
    }
    return skm_request_json_build(&job->world.arena, job->world.schema, &parts,
                                  args->no_request_validation ? SKM_REQUEST_AS_IT_IS
                                                              : SKM_REQUEST_VALIDATED,
                                  &job->world.diags, out_request);
}

/* ---- the answer ---- */

static skm_err decide(struct job *job, struct skm_authorization *out_authorization)
{
    struct skm_request request;
    SKM_TRY(skm_world_init(&job->world, WORLD_QUOTA, DIAGS_MAX));
    SKM_TRY(skm_world_read_policies(&job->world, job->call, &job->args->policies));
    job->stage = SKM_STAGE_LINKS;
    SKM_TRY(skm_world_read_links(&job->world, job->call, &job->args->links));
    job->stage = SKM_STAGE_SCHEMA;
    SKM_TRY(skm_world_read_schema(&job->world, job->call, job->args->schema,
                                  (enum skm_schema_form)job->args->schema_format));
    job->stage = SKM_STAGE_ENTITIES;
    SKM_TRY(skm_world_read_entities(&job->world, job->call, &job->args->entities));
    SKM_TRY(read_request(job, &request));
    return skm_world_authorize(&job->world, &job->world.arena, &request, out_authorization);
}

static enum skm_exit fail(struct job *job, skm_err err)
{
    skm_tool_print(job->call, &job->world.diags);
    if (job->misused) {
        return SKM_EXIT_USAGE;
    }
    if (job->args->json) {
        struct skm_json_writer writer;
        skm_json_writer_init(&writer, job->call->out);
        skm_answer_error(job->stage, &job->world.diags, err, &writer);
        skm_buf_append_char(job->call->out, '\n');
    }
    return skm_world_exit(job->call, err);
}

static enum skm_exit run(struct skm_call *call)
{
    SKM_CLEANUP(job_fini) struct job job = {.call = call, .args = call->values};
    struct skm_authorization authorization;
    skm_err err = decide(&job, &authorization);
    if (!skm_is_ok(err)) {
        return fail(&job, err);
    }
    skm_tool_print(call, &job.world.diags);
    if (!job.args->json) {
        skm_answer_print(&authorization, call->out);
        return authorization.allow ? SKM_EXIT_OK : SKM_EXIT_NEGATIVE;
    }
    struct skm_json_writer writer;
    skm_json_writer_init(&writer, call->out);
    skm_json_write_object_begin(&writer);
    skm_answer_members(&authorization, &writer);
    skm_json_write_object_end(&writer);
    skm_buf_append_char(call->out, '\n');
    return SKM_EXIT_OK;
}

const struct skm_command skm_cmd_cedar_authorize = {
    .name = "authorize",
    .summary = "decide one request",
    .about =
        "Decides one request: allow when a policy permits it and none forbids it, else deny.\n"
        "Policies are named by their `@id`, or policy0, policy1 ... in the order of the files.\n"
        "\n"
        "With --json: {\"decision\":\"allow|deny\",\"reason\":[ids],\"errors\":[ids]}, or\n"
        "{\"error\":{\"stage\":...,\"message\":...}} when there is no decision.\n"
        "\n"
        "exit status: 0 allow; 1 deny, or an error in one of the files; 2 wrong use or an\n"
        "unreadable file. With --json the decision is in the output, and 0 says that there is one.",
    .options = {options, sizeof(options) / sizeof(options[0])},
    .values_bytes = sizeof(struct args),
    .run = run,
};
