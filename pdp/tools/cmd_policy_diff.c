/* sekimori policy diff: which requests are decided differently by two packs. */
#include <string.h>

#include "base/attr.h"
#include "base/span.h"
#include "tools/cmd_policy.h"
#include "tools/explanation.h"
#include "tools/pack.h"
#include "tools/request_json.h"

#define REQUEST_QUOTA ((size_t)1 << 30)

struct args {
    struct skm_pack_files files;
    struct skm_texts requests;
    bool quiet;
};

static const struct skm_option options[] = {
    {.name = "requests",
     .kind = SKM_OPTION_TEXTS,
     .value = "FILE",
     .required = true,
     .offset = offsetof(struct args, requests),
     .help = "requests, one JSON object a line"},
    SKM_PACK_OPTIONS(struct args, files),
    {.name = "quiet",
     .kind = SKM_OPTION_FLAG,
     .offset = offsetof(struct args, quiet),
     .help = "the counts only"},
};

struct job {
    struct skm_call *call;
    const struct args *args;
    struct skm_pack packs[2]; /* old, new */
    size_t requests;
    size_t decisions; /* that changed */
    size_t tokens;    /* the decision did not, its remedies or obligations did */
    size_t reasons;   /* only the policies that determine it did */
};

static void job_fini(struct job *job)
{
    skm_pack_fini(&job->packs[0]);
    skm_pack_fini(&job->packs[1]);
}

/* What is compared, as text: outcome, and the policies that determine it. */
struct side {
    bool permit;
    skm_span outcome;
    skm_span reasons;
};

/* By the schema where the request fits it. What it does not allow is an outcome here, for that may be what changed. */
static skm_err build(struct skm_arena *arena, struct skm_pack *pack,
                     const struct skm_request_parts *parts, struct skm_request *out_request)
{
    struct skm_diags unfit;
    skm_diags_init(&unfit, arena, 1);
    skm_err err = skm_request_json_build(arena, pack->world.schema, parts, SKM_REQUEST_AS_IT_IS,
                                         &unfit, out_request);
    return skm_is_err(err, SKM_E_INVALID)
               ? skm_request_json_build(arena, NULL, parts, SKM_REQUEST_AS_IT_IS,
                                        &pack->world.diags, out_request)
               : err;
}

static skm_err decide(struct job *job, size_t which, struct skm_arena *arena,
                      const struct skm_source *source, skm_span line, struct side *out_side)
{
    SKM_CLEANUP(skm_buf_fini) struct skm_buf text;
    struct skm_pack *pack = &job->packs[which];
    struct skm_request_parts parts = {0};
    struct skm_decide_request request = {.principal_attrs = NULL};
    struct skm_decision decision;
    SKM_TRY(skm_request_json_split(arena, source, line, true, &pack->world.diags, &parts));
    SKM_TRY(build(arena, pack, &parts, &request.cedar));
    SKM_TRY(skm_decide(arena, &pack->snapshot, &request, 0, &decision));
    skm_buf_init(&text, (size_t)1 << 26);
    skm_explanation_outcome(&decision, &text);
    SKM_TRY(skm_buf_check(&text));
    SKM_TRY(skm_arena_dup(arena, skm_buf_span(&text), &out_side->outcome));
    skm_buf_reset(&text);
    for (size_t i = 0; i < decision.reason_count; i++) {
        skm_buf_append_char(&text, ' ');
        skm_value_print_escaped(decision.reasons[i].policy_id, &text);
    }
    skm_buf_append(&text, decision.reason_count == 0 ? decision.message : (skm_span){NULL, 0});
    SKM_TRY(skm_buf_check(&text));
    out_side->permit = decision.effect == SKM_DECISION_PERMIT;
    return skm_arena_dup(arena, skm_buf_span(&text), &out_side->reasons);
}

static void count_change(struct job *job, const struct side *sides)
{
    if (sides[0].permit != sides[1].permit) {
        job->decisions++;
    } else if (!skm_span_equal(sides[0].outcome, sides[1].outcome)) {
        job->tokens++;
    } else {
        job->reasons++;
    }
}

static skm_err compare(struct job *job, const struct skm_source *source, skm_span line)
{
    static const char *const signs = "-+";
    SKM_CLEANUP(skm_arena_fini) struct skm_arena arena;
    struct side sides[2] = {{.permit = false}};
    uint32_t number = 0;
    uint32_t column = 0;
    skm_arena_init(&arena, REQUEST_QUOTA);
    job->requests++;
    for (size_t i = 0; i < 2; i++) {
        SKM_TRY(decide(job, i, &arena, source, line, &sides[i]));
    }
    if (skm_span_equal(sides[0].outcome, sides[1].outcome) &&
        skm_span_equal(sides[0].reasons, sides[1].reasons)) {
        return SKM_OK;
    }
    count_change(job, sides);
    if (job->args->quiet) {
        return SKM_OK;
    }
    skm_source_position(source, (uint32_t)(line.ptr - source->text.ptr), &number, &column);
    skm_buf_printf(job->call->out, "%.*s:%u: %.*s\n", SKM_SPAN_ARG(source->name), (unsigned)number,
                   SKM_SPAN_ARG(line));
    for (size_t i = 0; i < 2; i++) {
        skm_buf_printf(job->call->out, "  %c %.*s (%.*s)\n", signs[i],
                       SKM_SPAN_ARG(sides[i].outcome),
                       SKM_SPAN_ARG(skm_span_from(
                           sides[i].reasons,
                           sides[i].reasons.len > 0 && sides[i].reasons.ptr[0] == ' ' ? 1 : 0)));
    }
    return SKM_OK;
}

static skm_err compare_file(struct job *job, const char *path)
{
    const struct skm_source *source = NULL;
    SKM_TRY(skm_tool_read(job->call, &job->packs[0].world.arena, path, &source));
    skm_span text = source->text;
    if (text.len > UINT32_MAX / 2) {
        skm_call_complain(job->call, "`%s` is too large", path);
        return SKM_ERR(IO);
    }
    for (size_t at = 0; at < text.len;) {
        const char *end = memchr(text.ptr + at, '\n', text.len - at);
        size_t len = end == NULL ? text.len - at : (size_t)(end - (text.ptr + at));
        skm_span line = skm_span_sub(text, at, len);
        at += len + 1;
        bool blank = true;
        for (size_t i = 0; i < line.len && blank; i++) {
            blank = line.ptr[i] == ' ' || line.ptr[i] == '\t' || line.ptr[i] == '\r';
        }
        if (!blank) {
            SKM_TRY(compare(job, source, line));
        }
    }
    return SKM_OK;
}

static skm_err run_all(struct job *job)
{
    for (size_t i = 0; i < 2; i++) {
        SKM_TRY(skm_pack_init(&job->packs[i]));
    }
    for (size_t i = 0; i < 2; i++) {
        struct skm_pack_files files = job->args->files;
        SKM_TRY(skm_pack_find(job->call, job->call->operands.items[i], &job->packs[i].world.diags,
                              &files));
        SKM_TRY(skm_pack_read(&job->packs[i], job->call, &files));
    }
    for (size_t i = 0; i < job->args->requests.count; i++) {
        SKM_TRY(compare_file(job, job->args->requests.items[i]));
    }
    return SKM_OK;
}

static enum skm_exit run(struct skm_call *call)
{
    SKM_CLEANUP(job_fini) struct job job = {.call = call, .args = call->values};
    if (call->operands.count != 2) {
        skm_call_complain(call, "two packs are compared: OLD and NEW");
        return SKM_EXIT_USAGE;
    }
    skm_err err = run_all(&job);
    skm_tool_print(call, &job.packs[0].world.diags);
    skm_tool_print(call, &job.packs[1].world.diags);
    if (!skm_is_ok(err)) {
        /* 1 says that outcomes differ; here nothing was compared to the end. */
        return skm_is_err(err, SKM_E_INVALID) ? SKM_EXIT_USAGE : skm_world_exit(call, err);
    }
    size_t changed = job.decisions + job.tokens + job.reasons;
    skm_buf_printf(call->out,
                   "%zu requests: %zu decisions differ, %zu remedies or obligations, %zu reasons "
                   "only, %zu unchanged\n",
                   job.requests, job.decisions, job.tokens, job.reasons, job.requests - changed);
    return changed > 0 ? SKM_EXIT_NEGATIVE : SKM_EXIT_OK;
}

const struct skm_command skm_cmd_policy_diff = {
    .name = "diff",
    .summary = "compare what two packs decide",
    .about =
        "Decides every request with both packs (each as for `policy test`; what options name serves both)\n"
        "and shows those whose decision, remedies, obligations or determining policies differ.\n"
        "\n"
        "exit status: 0 no difference; 1 differences; 2 wrong use, an unreadable file, or an error\n"
        "in one.",
    .options = {options, sizeof(options) / sizeof(options[0])},
    .values_bytes = sizeof(struct args),
    .operand = "PACK",
    .operands_min = 2,
    .run = run,
};
