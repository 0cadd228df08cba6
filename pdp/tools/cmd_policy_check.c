/* sekimori policy check: what would stop a load, and what is most likely not meant. */
#include "base/attr.h"
#include "base/span.h"
#include "cedar/validate.h"
#include "tools/cmd_policy.h"
#include "tools/lint.h"
#include "tools/pack.h"

struct args {
    struct skm_pack_files files;
    const char *config;
    unsigned format; /* enum skm_diag_form */
    bool werror;
};

static const struct skm_option options[] = {
    {.name = "config",
     .kind = SKM_OPTION_TEXT,
     .value = "FILE",
     .offset = offsetof(struct args, config),
     .help = "a sekimori.yaml that names the folders, instead of DIR"},
    SKM_PACK_OPTIONS(struct args, files),
    {.name = "format",
     .kind = SKM_OPTION_CHOICE,
     .choices = skm_tool_diag_formats,
     .offset = offsetof(struct args, format),
     .help = "how messages are written"},
    {.name = "werror",
     .kind = SKM_OPTION_FLAG,
     .offset = offsetof(struct args, werror),
     .help = "warnings are failures, too"},
};

static skm_err go_on(skm_err err)
{
    return skm_is_err(err, SKM_E_INVALID) ? SKM_OK : err;
}

static skm_err look_at(struct skm_pack *pack, const struct skm_policy_set *set)
{
    struct skm_world *world = &pack->world;
    if (world->schema != NULL) {
        SKM_TRY(go_on(skm_validate_policies(set, world->schema, &world->diags)));
    }
    return skm_lint_policies(set, world->schema, &world->diags);
}

static skm_err check(struct skm_call *call, const char *path, struct skm_pack_files *files,
                     struct skm_pack *pack)
{
    struct skm_world *world = &pack->world;
    SKM_TRY(skm_pack_find(call, path, &world->diags, files));
    SKM_TRY(skm_pack_read(pack, call, files));
    SKM_TRY(look_at(pack, &world->policies));
    SKM_TRY(look_at(pack, &pack->obligations));
    if (world->schema != NULL) {
        skm_lint_schema(&world->policies, world->schema, &world->diags);
    }
    return SKM_OK;
}

static enum skm_exit run(struct skm_call *call)
{
    const struct args *args = call->values;
    SKM_CLEANUP(skm_pack_fini) struct skm_pack pack = {0};
    struct skm_pack_files files = args->files;
    if ((args->config == NULL) == (call->operands.count == 0) || call->operands.count > 1) {
        skm_call_complain(call, "one folder, or `--config FILE`");
        return SKM_EXIT_USAGE;
    }
    const char *path = args->config != NULL ? args->config : call->operands.items[0];
    skm_err err = skm_pack_init(&pack);
    if (skm_is_ok(err)) {
        err = check(call, path, &files, &pack);
    }
    const struct skm_diags *diags = &pack.world.diags;
    if (!skm_is_ok(err) && !skm_is_err(err, SKM_E_INVALID)) {
        skm_tool_print(call, diags);
        return skm_world_exit(call, err);
    }
    skm_diags_print(diags, (enum skm_diag_form)args->format, call->out);
    if (args->format == SKM_DIAG_FORM_HUMAN) {
        skm_buf_printf(call->out, "%zu policies, %zu obligations: %zu errors, %zu warnings\n",
                       pack.world.policies.instances.len, pack.obligations.instances.len,
                       diags->errors, diags->warnings);
    }
    bool bad = diags->errors > 0 || (args->werror && diags->warnings > 0);
    return bad ? SKM_EXIT_NEGATIVE : SKM_EXIT_OK;
}

const struct skm_command skm_cmd_policy_check = {
    .name = "check",
    .summary = "find what would stop a load, and what is not meant",
    .about =
        "Reads a pack as the daemon does (syntax, ids, links, schema, entities), validates the policies\n"
        "against the schema, and warns of what is legal and most likely not meant: policies without\n"
        "@id, duplicates, permits that are always forbidden, forbids that may fail, remedies without\n"
        "clause or of unknown name, actions nobody is permitted, types nothing refers to.\n"
        "\n"
        "exit status: 0 no errors; 1 errors, or with --werror warnings; 2 wrong use or an\n"
        "unreadable file.",
    .options = {options, sizeof(options) / sizeof(options[0])},
    .values_bytes = sizeof(struct args),
    .operand = "DIR",
    .run = run,
};
