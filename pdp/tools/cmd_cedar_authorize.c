/* sekimori cedar authorize: one request against policies in files. */
#include "tools/cmd_cedar.h"

#include "base/attr.h"
#include "base/span.h"
#include "tools/answer.h"
#include "tools/request_args.h"
#include "tools/world_files.h"

#define WORLD_QUOTA ((size_t)16 << 30)
#define DIAGS_MAX   50u

struct args {
    struct skm_texts policies;
    struct skm_texts links;
    struct skm_texts entities;
    const char *schema;
    unsigned schema_format; /* enum skm_schema_form */
    unsigned engine;        /* enum skm_world_engine */
    struct skm_request_args request;
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
    {.name = "engine",
     .kind = SKM_OPTION_CHOICE,
     .choices = skm_world_engines,
     .offset = offsetof(struct args, engine),
     .help = "what decides: the reference evaluator (default) or the compiled engine"},
    SKM_REQUEST_OPTIONS(struct args, request),
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

/* ---- the answer ---- */

static skm_err decide(struct job *job, struct skm_authorization *out_authorization)
{
    struct skm_request request;
    SKM_TRY(skm_world_init(&job->world, WORLD_QUOTA, DIAGS_MAX));
    job->world.engine = (enum skm_world_engine)job->args->engine;
    SKM_TRY(skm_world_read_policies(&job->world, job->call, &job->args->policies));
    job->stage = SKM_STAGE_LINKS;
    SKM_TRY(skm_world_read_links(&job->world, job->call, &job->args->links));
    job->stage = SKM_STAGE_SCHEMA;
    SKM_TRY(skm_world_read_schema(&job->world, job->call, job->args->schema,
                                  (enum skm_schema_form)job->args->schema_format));
    job->stage = SKM_STAGE_ENTITIES;
    SKM_TRY(skm_world_read_entities(&job->world, job->call, &job->args->entities));
    job->stage = SKM_STAGE_REQUEST;
    SKM_TRY(skm_request_args_read(job->call, &job->world.arena, job->world.schema,
                                  &job->args->request, &job->world.diags, &job->misused, &request));
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
