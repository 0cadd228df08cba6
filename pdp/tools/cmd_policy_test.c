/* sekimori policy test: cases with the outcome they should have. */
#include <sys/stat.h>

#include "base/attr.h"
#include "base/span.h"
#include "tools/case.h"
#include "tools/cmd_policy.h"
#include "tools/explanation.h"

#define CASE_QUOTA ((size_t)4 << 30)

struct args {
    struct skm_pack_files files;
    const char *pack;
    bool clauses;
    bool quiet;
};

static const struct skm_option options[] = {
    {.name = "policies",
     .kind = SKM_OPTION_TEXT,
     .value = "DIR",
     .offset = offsetof(struct args, pack),
     .help = "a pack, a folder of policies, or a sekimori.yaml (policy, then /etc/sekimori)"},
    SKM_PACK_OPTIONS(struct args, files),
    {.name = "clauses",
     .kind = SKM_OPTION_FLAG,
     .offset = offsetof(struct args, clauses),
     .help = "a denial must also cite the clauses that its case names"},
    {.name = "quiet",
     .kind = SKM_OPTION_FLAG,
     .offset = offsetof(struct args, quiet),
     .help = "no coverage"},
};

struct job {
    struct skm_call *call;
    const struct args *args;
    struct skm_pack pack;
    struct skm_cases cases;
    struct skm_map covered; /* ids of policies that determined an outcome */
    size_t passed;
    size_t failed;
};

static void job_fini(struct job *job)
{
    skm_map_fini(&job->covered);
    skm_pack_fini(&job->pack);
}

/* ---- comparing ---- */

static bool has(const struct skm_case_tokens *tokens, skm_span token)
{
    for (size_t i = 0; i < tokens->count; i++) {
        if (skm_span_equal(tokens->items[i], token)) {
            return true;
        }
    }
    return false;
}

static bool same(const struct skm_case_tokens *wanted, const struct skm_case_tokens *got)
{
    bool equal = wanted->count == got->count;
    for (size_t i = 0; i < wanted->count && equal; i++) {
        equal = skm_span_equal(wanted->items[i], got->items[i]);
    }
    return !wanted->given || equal;
}

struct outcome {
    bool permit;
    struct skm_case_tokens remedies;
    struct skm_case_tokens obligations;
    struct skm_case_tokens policies;
    struct skm_case_tokens clauses;
};

static skm_err outcome_of(struct skm_arena *arena, const struct skm_decision *decision,
                          struct outcome *out)
{
    SKM_CLEANUP(skm_buf_fini) struct skm_buf ids;
    skm_span text = {0};
    skm_span *tokens = SKM_ARENA_NEW_ARRAY(arena, skm_span, decision->obligation_count);
    if (tokens == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < decision->obligation_count; i++) {
        tokens[i] = decision->obligations[i].token;
    }
    skm_buf_init(&ids, (size_t)1 << 26);
    for (size_t i = 0; i < decision->reason_count; i++) {
        skm_buf_append(&ids, decision->reasons[i].policy_id);
        skm_buf_append_char(&ids, '\n');
    }
    SKM_TRY(skm_buf_check(&ids));
    SKM_TRY(skm_arena_dup(arena, skm_buf_span(&ids), &text));
    *out = (struct outcome){
        .permit = decision->effect == SKM_DECISION_PERMIT,
        .remedies = {true, decision->remedies, decision->remedy_count},
        .obligations = {true, tokens, decision->obligation_count},
        .clauses = {true, decision->clauses, decision->clause_count},
    };
    return skm_case_tokens_split(arena, text, "\n", &out->policies);
}

/* Clauses of a permit are those its rules serve by not applying: only a denial cites. */
static bool cites(const struct skm_case *test, const struct outcome *got)
{
    for (size_t i = 0; i < test->clauses.count && !got->permit; i++) {
        if (!has(&got->clauses, test->clauses.items[i])) {
            return false;
        }
    }
    return true;
}

static bool agrees(const struct job *job, const struct skm_case *test, const struct outcome *got)
{
    return test->permit == got->permit && same(&test->remedies, &got->remedies) &&
           same(&test->obligations, &got->obligations) && same(&test->policies, &got->policies) &&
           (!job->args->clauses || cites(test, got));
}

/* ---- telling ---- */

static void print_side(const char *sign, bool permit, const struct skm_case_tokens *remedies,
                       const struct skm_case_tokens *obligations, struct skm_buf *out)
{
    const struct skm_case_tokens *tokens = permit ? obligations : remedies;
    skm_buf_printf(out, "  %s %s", sign, permit ? "allow" : "deny");
    for (size_t i = 0; i < tokens->count; i++) {
        skm_buf_append_char(out, '+');
        skm_value_print_escaped(tokens->items[i], out);
    }
    skm_buf_append_char(out, '\n');
}

static void print_list(const char *lead, const struct skm_case_tokens *tokens, struct skm_buf *out)
{
    skm_buf_append_cstr(out, lead);
    for (size_t i = 0; i < tokens->count; i++) {
        skm_buf_append_cstr(out, i == 0 ? "" : " ");
        skm_value_print_escaped(tokens->items[i], out);
    }
    skm_buf_append_cstr(out, tokens->count == 0 ? "(none)\n" : "\n");
}

static void print_failure(const struct job *job, const struct skm_case *test,
                          const struct outcome *got, const struct skm_decision *decision)
{
    struct skm_buf *out = job->call->out;
    uint32_t line = 0;
    uint32_t column = 0;
    skm_source_position(test->source, test->range.start, &line, &column);
    skm_buf_printf(out, "FAIL %.*s (%.*s:%u)", SKM_SPAN_ARG(test->name),
                   SKM_SPAN_ARG(test->source->name), (unsigned)line);
    if (test->why.len > 0) {
        skm_buf_printf(out, ": %.*s", SKM_SPAN_ARG(test->why));
    }
    skm_buf_append_char(out, '\n');
    print_side("- expected", test->permit, &test->remedies, &test->obligations, out);
    print_side("+ got     ", got->permit, &got->remedies, &got->obligations, out);
    if (test->policies.given) {
        print_list("  - policies ", &test->policies, out);
    }
    print_list("  + policies ", &got->policies, out);
    if (job->args->clauses && !cites(test, got)) {
        print_list("  - clauses  ", &test->clauses, out);
        print_list("  + clauses  ", &got->clauses, out);
    }
    if (decision->message.len > 0) {
        skm_buf_printf(out, "  the request: %.*s\n", SKM_SPAN_ARG(decision->message));
    }
    for (size_t i = 0; i < decision->reason_count; i++) {
        if (decision->reasons[i].errored) {
            skm_buf_printf(out, "  failed: %.*s: %.*s\n",
                           SKM_SPAN_ARG(decision->reasons[i].policy_id),
                           SKM_SPAN_ARG(decision->reasons[i].error));
        }
    }
}

/* ---- running ---- */

/* The case's entities, and those of the pack that it does not tell otherwise. */
static skm_err merge_entities(const struct job *job, struct skm_arena *arena,
                              const struct skm_case *test, struct skm_entities *merged)
{
    const struct skm_entities *base = job->pack.world.entities;
    struct skm_diags diags;
    skm_diags_init(&diags, arena, 1);
    for (size_t i = 0; i < test->entity_count; i++) {
        SKM_TRY(skm_entities_add(merged, &test->entities[i]));
    }
    for (size_t i = 0; i < skm_entities_count(base); i++) {
        struct skm_entity entity;
        const struct skm_uid *uid = skm_entities_uid_at(base, i);
        bool own = skm_entity_type_is_action(uid->type);
        for (size_t e = 0; e < test->entity_count && !own; e++) {
            own = skm_uid_equal(&test->entities[e].uid, uid);
        }
        if (!own) {
            SKM_TRY(skm_entities_get(base, uid, arena, &entity));
            SKM_TRY(skm_entities_add(merged, &entity));
        }
    }
    return skm_entities_finish(merged, job->pack.world.schema, &diags);
}

static skm_err cover(struct job *job, const struct skm_decision *decision)
{
    for (size_t i = 0; i < decision->reason_count; i++) {
        SKM_TRY(skm_map_set(&job->covered, decision->reasons[i].policy_id, NULL));
    }
    for (size_t i = 0; i < decision->obligation_count; i++) {
        SKM_TRY(skm_map_set(&job->covered, decision->obligations[i].policy_id, NULL));
    }
    return SKM_OK;
}

static skm_err decide(struct job *job, struct skm_arena *arena, const struct skm_case *test,
                      const struct skm_snapshot *snapshot)
{
    struct skm_decision decision;
    struct outcome got;
    SKM_TRY(skm_decide(arena, snapshot, &test->request, test->now_wall_ms, &decision));
    SKM_TRY(outcome_of(arena, &decision, &got));
    SKM_TRY(cover(job, &decision));
    if (agrees(job, test, &got)) {
        job->passed++;
    } else {
        job->failed++;
        print_failure(job, test, &got, &decision);
    }
    return SKM_OK;
}

static skm_err run_with_own(struct job *job, struct skm_arena *arena, const struct skm_case *test,
                            struct skm_entities *merged)
{
    struct skm_snapshot snapshot = job->pack.snapshot;
    skm_err err = merge_entities(job, arena, test, merged);
    if (skm_is_err(err, SKM_E_INVALID)) {
        job->failed++;
        skm_buf_printf(job->call->out, "FAIL %.*s: its entities contradict those of the pack\n",
                       SKM_SPAN_ARG(test->name));
        return SKM_OK;
    }
    SKM_TRY(err);
    snapshot.entities = merged;
    return decide(job, arena, test, &snapshot);
}

static skm_err run_case(struct job *job, const struct skm_case *test)
{
    SKM_CLEANUP(skm_arena_fini) struct skm_arena arena;
    skm_arena_init(&arena, CASE_QUOTA);
    if (test->entity_count == 0) {
        return decide(job, &arena, test, &job->pack.snapshot);
    }
    struct skm_entities *merged = NULL;
    SKM_TRY(skm_entities_new(&arena, &merged));
    skm_err err = run_with_own(job, &arena, test, merged);
    skm_entities_free(merged);
    return err;
}

static void print_coverage(const struct job *job, const struct skm_policy_set *set,
                           const char *what)
{
    struct skm_buf *out = job->call->out;
    size_t missing = 0;
    for (size_t i = 0; i < set->instances.len; i++) {
        missing += skm_map_find(&job->covered, set->instances.items[i].id) == NULL ? 1 : 0;
    }
    if (set->instances.len == 0) {
        return;
    }
    skm_buf_printf(out, "%s: %zu of %zu determined an outcome\n", what,
                   set->instances.len - missing, set->instances.len);
    for (size_t i = 0; i < set->instances.len; i++) {
        if (skm_map_find(&job->covered, set->instances.items[i].id) == NULL) {
            skm_buf_append_cstr(out, "  never: ");
            skm_value_print_escaped(set->instances.items[i].id, out);
            skm_buf_append_char(out, '\n');
        }
    }
}

/* ---- reading ---- */

static skm_err read_file(struct job *job, const char *path)
{
    const struct skm_source *source = NULL;
    skm_span name = skm_span_cstr(path);
    SKM_TRY(skm_tool_read(job->call, &job->pack.world.arena, path, &source));
    return skm_span_ends(name, SKM_SPAN(".yaml")) || skm_span_ends(name, SKM_SPAN(".yml"))
               ? skm_cases_read_yaml(&job->cases, source)
               : skm_cases_read_csv(&job->cases, source);
}

static skm_err read_cases(struct job *job)
{
    job->cases = (struct skm_cases){.arena = &job->pack.world.arena,
                                    .schema = job->pack.world.schema,
                                    .diags = &job->pack.world.diags};
    for (size_t i = 0; i < job->call->operands.count; i++) {
        size_t refused = job->cases.refused;
        skm_err err = read_file(job, job->call->operands.items[i]);
        if (skm_is_err(err, SKM_E_INVALID) && job->cases.refused == refused) {
            job->cases.refused++; /* the file as a whole */
        }
        if (!skm_is_ok(err) && !skm_is_err(err, SKM_E_INVALID)) {
            return err;
        }
    }
    for (size_t i = 0; i < job->cases.left_out.len; i++) {
        (void)skm_diags_add(job->cases.diags, SKM_SEVERITY_WARNING, NULL, (struct skm_range){0, 0},
                            "`%.*s` of the cases is not in the schema and was left out",
                            SKM_SPAN_ARG(job->cases.left_out.items[i]));
    }
    /* What cannot be made a case of fails; the others are run all the same. */
    job->failed = job->cases.refused;
    return SKM_OK;
}

static const char *default_pack(void)
{
    struct stat status;
    return stat("policy", &status) == 0 ? "policy" : "/etc/sekimori";
}

static skm_err run_all(struct job *job)
{
    struct skm_pack_files files = job->args->files;
    const char *pack = job->args->pack == NULL ? default_pack() : job->args->pack;
    SKM_TRY(skm_pack_find(job->call, pack, &job->pack.world.diags, &files));
    SKM_TRY(skm_pack_read(&job->pack, job->call, &files));
    SKM_TRY(read_cases(job));
    skm_map_init(&job->covered, SKM_POLICY_SET_MAX);
    for (size_t i = 0; i < job->cases.items.len; i++) {
        SKM_TRY(run_case(job, &job->cases.items.items[i]));
    }
    return SKM_OK;
}

static enum skm_exit run(struct skm_call *call)
{
    SKM_CLEANUP(job_fini) struct job job = {.call = call, .args = call->values};
    skm_err err = skm_pack_init(&job.pack);
    if (skm_is_ok(err)) {
        err = run_all(&job);
    }
    skm_tool_print(call, &job.pack.world.diags);
    if (!skm_is_ok(err)) {
        return skm_world_exit(call, err);
    }
    if (job.cases.items.len == 0 && job.failed == 0) {
        skm_call_complain(call, "there are no cases in these files");
        return SKM_EXIT_NEGATIVE;
    }
    if (!job.args->quiet) {
        print_coverage(&job, &job.pack.snapshot.policies, "policies");
        print_coverage(&job, &job.pack.snapshot.obligations, "obligations");
    }
    skm_buf_printf(call->out, "%zu passed, %zu failed\n", job.passed, job.failed);
    return job.failed == 0 ? SKM_EXIT_OK : SKM_EXIT_NEGATIVE;
}

const struct skm_command skm_cmd_policy_test = {
    .name = "test",
    .summary = "run access cases against policies",
    .about =
        "Decides every case as the daemon does and compares with the outcome it should have. What\n"
        "differs is shown, then the policies that never determined an outcome, then the count.\n"
        "Cases are CSV (one access a row) or, in *.yaml, named cases; sekimori-policy(1) has both forms.\n"
        "\n"
        "exit status: 0 all as they should be; 1 a case differs, or an error in one of the files;\n"
        "2 wrong use or an unreadable file.",
    .options = {options, sizeof(options) / sizeof(options[0])},
    .values_bytes = sizeof(struct args),
    .operand = "FILE",
    .operands_min = 1,
    .run = run,
};
