/* sekimori explain: why one request is decided as it is. */
#include "base/attr.h"
#include "base/json.h"
#include "base/span.h"
#include "tools/cmd_policy.h"
#include "tools/explanation.h"
#include "tools/pack.h"
#include "tools/request_args.h"

struct args {
    struct skm_pack_files files;
    struct skm_request_args request;
    bool verbose;
    bool json;
};

static const struct skm_option options[] = {
    {.name = "policies",
     .kind = SKM_OPTION_TEXTS,
     .value = "FILE",
     .required = true,
     .offset = offsetof(struct args, files.policies),
     .help = "policies; a folder means its *.cedar and *.links.json"},
    SKM_PACK_OPTIONS(struct args, files),
    SKM_REQUEST_OPTIONS(struct args, request),
    {.name = "verbose",
     .kind = SKM_OPTION_FLAG,
     .offset = offsetof(struct args, verbose),
     .help = "every condition that does not hold, not only the first of each policy"},
    {.name = "json",
     .kind = SKM_OPTION_FLAG,
     .offset = offsetof(struct args, json),
     .help = "the explanation as JSON"},
};

static skm_err explain(struct skm_call *call, const struct args *args, struct skm_pack *pack,
                       bool *misused, struct skm_decide_request *request,
                       struct skm_explanation *out_explanation)
{
    SKM_TRY(skm_pack_read(pack, call, &args->files));
    SKM_TRY(skm_request_args_read(call, &pack->world.arena, pack->world.schema, &args->request,
                                  &pack->world.diags, misused, &request->cedar));
    /* Without validation here the decision itself would refuse what the schema does not allow. */
    if (args->request.no_request_validation) {
        pack->snapshot.schema = NULL;
    }
    return skm_explain(&pack->world.arena, &pack->snapshot, request, 0, out_explanation);
}

static enum skm_exit run(struct skm_call *call)
{
    const struct args *args = call->values;
    SKM_CLEANUP(skm_pack_fini) struct skm_pack pack = {0};
    struct skm_decide_request request = {.principal_attrs = NULL};
    struct skm_explanation explanation; /* borrows from the request */
    bool misused = false;
    skm_err err = skm_pack_init(&pack);
    if (skm_is_ok(err)) {
        err = explain(call, args, &pack, &misused, &request, &explanation);
    }
    skm_tool_print(call, &pack.world.diags);
    if (!skm_is_ok(err)) {
        return misused ? SKM_EXIT_USAGE : skm_world_exit(call, err);
    }
    if (!args->json) {
        skm_explanation_print(&explanation, args->verbose, call->out);
        return explanation.decision.effect == SKM_DECISION_PERMIT ? SKM_EXIT_OK : SKM_EXIT_NEGATIVE;
    }
    struct skm_json_writer writer;
    skm_json_writer_init(&writer, call->out);
    skm_explanation_write(&explanation, &writer);
    skm_buf_append_char(call->out, '\n');
    return SKM_EXIT_OK;
}

const struct skm_command skm_cmd_explain = {
    .name = "explain",
    .summary = "why a request is decided as it is",
    .about =
        "Decides one request as the daemon does and says why, policy by policy: which match, which fail,\n"
        "and for the others the first condition that does not hold, with the values it read. When\n"
        "nothing permits, the permits that came nearest are listed first.\n"
        "\n"
        "exit status: 0 allow; 1 deny, or an error in one of the files; 2 wrong use or an\n"
        "unreadable file. With --json the decision is in the output, and 0 says that there is one.",
    .options = {options, sizeof(options) / sizeof(options[0])},
    .values_bytes = sizeof(struct args),
    .run = run,
};
