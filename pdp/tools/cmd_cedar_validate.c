/* sekimori cedar validate: strict validation of policies against a schema. */
#include "tools/cmd_cedar.h"

#include "base/attr.h"
#include "base/json.h"
#include "base/span.h"
#include "cedar/validate.h"
#include "tools/world_files.h"

#define WORLD_QUOTA ((size_t)16 << 30)
#define DIAGS_MAX   1000u

struct args {
    struct skm_texts policies;
    struct skm_texts links;
    const char *schema;
    unsigned schema_format; /* enum skm_schema_form */
    unsigned format;        /* enum skm_diag_form */
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
    {.name = "schema",
     .kind = SKM_OPTION_TEXT,
     .value = "FILE",
     .required = true,
     .offset = offsetof(struct args, schema),
     .help = "the schema"},
    {.name = "schema-format",
     .kind = SKM_OPTION_CHOICE,
     .choices = skm_world_schema_formats,
     .offset = offsetof(struct args, schema_format),
     .help = "its form (auto: by its first character)"},
    {.name = "format",
     .kind = SKM_OPTION_CHOICE,
     .choices = skm_tool_diag_formats,
     .offset = offsetof(struct args, format),
     .help = "of the messages; gcc: one line each, for editors; json: as --json"},
    {.name = "json",
     .kind = SKM_OPTION_FLAG,
     .offset = offsetof(struct args, json),
     .help = "the answer as JSON"},
};

static void world_fini(struct skm_world *world)
{
    skm_world_fini(world);
}

/* A file with errors is no more valid than a policy with type errors: all end in `diags`. */
static skm_err validate(struct skm_call *call, const struct args *args, struct skm_world *world)
{
    SKM_TRY(skm_world_init(world, WORLD_QUOTA, DIAGS_MAX));
    SKM_TRY(skm_world_read_schema(world, call, args->schema,
                                  (enum skm_schema_form)args->schema_format));
    SKM_TRY(skm_world_read_policies(world, call, &args->policies));
    SKM_TRY(skm_world_read_links(world, call, &args->links));
    return skm_validate_policies(&world->policies, world->schema, &world->diags);
}

static skm_err write_messages(const struct skm_diags *diags, enum skm_severity severity,
                              struct skm_json_writer *writer)
{
    SKM_CLEANUP(skm_buf_fini) struct skm_buf text = {0};
    skm_buf_init(&text, (size_t)16 << 20);
    skm_json_write_array_begin(writer);
    for (const struct skm_diag *diag = diags->first; diag != NULL; diag = diag->next) {
        if (diag->severity == severity) {
            skm_buf_reset(&text);
            skm_diag_print(diag, SKM_DIAG_FORM_JSON, &text);
            SKM_TRY(skm_buf_check(&text));
            skm_json_write_raw(writer, skm_buf_span(&text));
        }
    }
    skm_json_write_array_end(writer);
    return SKM_OK;
}

static skm_err write_json(struct skm_call *call, const struct skm_diags *diags, bool valid)
{
    struct skm_json_writer writer;
    skm_json_writer_init(&writer, call->out);
    skm_json_write_object_begin(&writer);
    skm_json_write_key(&writer, SKM_SPAN("valid"));
    skm_json_write_bool(&writer, valid);
    skm_json_write_key(&writer, SKM_SPAN("errors"));
    SKM_TRY(write_messages(diags, SKM_SEVERITY_ERROR, &writer));
    skm_json_write_key(&writer, SKM_SPAN("warnings"));
    SKM_TRY(write_messages(diags, SKM_SEVERITY_WARNING, &writer));
    skm_json_write_object_end(&writer);
    skm_buf_append_char(call->out, '\n');
    return SKM_OK;
}

static enum skm_exit run(struct skm_call *call)
{
    SKM_CLEANUP(world_fini) struct skm_world world = {0};
    const struct args *args = call->values;
    skm_err err = validate(call, args, &world);
    bool valid = skm_is_ok(err);
    if (!valid && !skm_is_err(err, SKM_E_INVALID)) {
        skm_tool_print(call, &world.diags);
        return skm_world_exit(call, err);
    }
    if (args->json || args->format == SKM_DIAG_FORM_JSON) {
        err = write_json(call, &world.diags, valid);
        if (!skm_is_ok(err)) {
            return skm_call_internal(call, err);
        }
    } else if (args->format == SKM_DIAG_FORM_GCC) {
        skm_diags_print(&world.diags, SKM_DIAG_FORM_GCC, call->err);
    } else {
        skm_tool_print(call, &world.diags);
        skm_buf_printf(call->out, "%s: %zu errors, %zu warnings\n", valid ? "valid" : "not valid",
                       world.diags.errors, world.diags.warnings);
    }
    return valid ? SKM_EXIT_OK : SKM_EXIT_NEGATIVE;
}

const struct skm_command skm_cmd_cedar_validate = {
    .name = "validate",
    .summary = "check policies against a schema",
    .about =
        "Validates policies, templates and links strictly against a schema: what is valid cannot fail\n"
        "on a missing attribute or a wrong type. Warnings do not make policies invalid.\n"
        "\n"
        "With --json: {\"valid\":bool,\"errors\":[...],\"warnings\":[...]}, each message an object with\n"
        "file, line, column, message, help and id (of the policy).\n"
        "\n"
        "exit status: 0 valid; 1 not valid, or a file with errors; 2 wrong use or an unreadable file.",
    .options = {options, sizeof(options) / sizeof(options[0])},
    .values_bytes = sizeof(struct args),
    .run = run,
};
