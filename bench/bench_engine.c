/* Deciding: the compiled engine and the reference evaluator on the same requests. Prints rows as JSON lines.
 *
 *   engine.<app>.<N>.ns           one decision by the engine, all reasons, over the entity store
 *   engine.<app>.<N>.ratio_eval   how many times as long the reference evaluator takes, in the same run
 *
 * Two applications, made here, the same each time, with N users, groups, folders and documents each: `drive` (documents in nested
 * folders, shared with groups) and `todo` (lists with readers and editors). Requests are in an order no branch predictor
 * learns; uids are given as spans, and are looked up in every decision. Medians of rounds that alternate. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/span.h"
#include "engine/authorize.h"
#include "state/entities.h"

#define REQUESTS 4096u
#define ROUNDS   9u

static const char DRIVE[] =
    "permit(principal, action == Action::\"read\", resource is Doc) when { resource.public };"
    "permit(principal, action == Action::\"read\", resource is Doc) when { principal in resource.viewers };"
    "permit(principal, action == Action::\"write\", resource is Doc) when { principal == resource.owner };"
    "permit(principal, action in [Action::\"read\", Action::\"share\"], resource)"
    " when { resource has owner && resource.owner == principal };"
    "permit(principal, action == Action::\"create\", resource is Folder) when { principal in resource.viewers };"
    "forbid(principal, action == Action::\"share\", resource) when { resource.level > principal.clearance };"
    "forbid(principal, action, resource) when { context.suspended };";

static const char TODO[] =
    "permit(principal, action in [Action::\"read\", Action::\"create\"], resource);"
    "permit(principal, action, resource is Doc) when { resource.owner == principal };"
    "permit(principal, action == Action::\"read\", resource is Doc)"
    " when { principal in resource.viewers || principal in resource.editors };"
    "permit(principal, action in [Action::\"write\", Action::\"share\"], resource is Doc)"
    " when { principal in resource.editors };";

static void must(skm_err err, const char *what)
{
    if (!skm_is_ok(err)) {
        (void)fprintf(stderr, "bench_engine: %s failed\n", what);
        exit(1);
    }
}

static uint64_t seed = 1;

static size_t pick(size_t count)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(seed >> 33) % count;
}

/* ---- the world ---- */

struct app {
    struct skm_arena arena;
    struct skm_entities *entities;
    struct skm_policy_set policies;
    struct skm_compiled_set compiled;
    struct skm_request requests[REQUESTS];
};

static struct skm_uid uid(struct app *app, const char *type, size_t number)
{
    struct skm_uid made = {skm_span_cstr(type), {NULL, 0}};
    must(skm_arena_printf(&app->arena, &made.id, "%s-%zu", type, number), "uid");
    return made;
}

static struct skm_value entity(struct app *app, const char *type, size_t number)
{
    struct skm_uid *made = SKM_ARENA_NEW(&app->arena, struct skm_uid);
    must(made == NULL ? SKM_ERR(MEMORY) : SKM_OK, "entity");
    *made = uid(app, type, number);
    return skm_value_entity(made);
}

/* An entity of the type with the attributes every type has here, in two random ones of type `parent`. */
static void add(struct app *app, const char *type, size_t number, size_t n, const char *parent)
{
    struct skm_value_field fields[] = {
        {SKM_SPAN("clearance"), skm_value_long((int64_t)pick(5))},
        {SKM_SPAN("editors"), entity(app, "Group", pick(n))},
        {SKM_SPAN("level"), skm_value_long((int64_t)pick(5))},
        {SKM_SPAN("owner"), entity(app, "User", pick(n))},
        {SKM_SPAN("public"), skm_value_bool(pick(8) == 0)},
        {SKM_SPAN("viewers"), entity(app, "Group", pick(n))},
    };
    const struct skm_value_record attrs = {fields, sizeof fields / sizeof fields[0]};
    struct skm_uid parents[2];
    size_t count = 0;
    /* Groups and folders are in some of smaller number, so that there are no circles. */
    size_t room = parent == type ? number : n;
    for (; count < 2 && room > 0; count++) {
        parents[count] = uid(app, parent, pick(room));
    }
    struct skm_entity made = {uid(app, type, number), &attrs, NULL, parents, count};
    must(skm_entities_add(app->entities, &made), "add");
}

static void add_all(struct app *app, size_t n)
{
    static const char USER[] = "User";
    static const char GROUP[] = "Group";
    static const char FOLDER[] = "Folder";
    for (size_t i = 0; i < n; i++) {
        add(app, GROUP, i, n, GROUP);
        add(app, USER, i, n, GROUP);
        add(app, FOLDER, i, n, FOLDER);
        add(app, "Doc", i, n, FOLDER);
    }
}

static void make_requests(struct app *app, size_t n)
{
    static const char *const actions[] = {"read", "write", "share", "create"};
    static const struct skm_value_field fields[] = {
        {SKM_SPAN_INIT("suspended"), {.kind = SKM_VALUE_BOOL, .as.boolean = false}}};
    static const struct skm_value_record context = {fields, 1};
    for (size_t i = 0; i < REQUESTS; i++) {
        size_t action = pick(4);
        app->requests[i] =
            (struct skm_request){.principal = uid(app, "User", pick(n)),
                                 .action = {SKM_SPAN("Action"), skm_span_cstr(actions[action])},
                                 .resource = uid(app, action == 3 ? "Folder" : "Doc", pick(n)),
                                 .context = {.kind = SKM_VALUE_RECORD, .as.record = &context}};
    }
}

static void make_app(struct app *app, const char *policies, size_t n)
{
    struct skm_source source = {SKM_SPAN("bench"), skm_span_cstr(policies)};
    struct skm_policy_list list = {0};
    struct skm_diags diags;
    skm_arena_init(&app->arena, (size_t)1 << 30);
    skm_diags_init(&diags, &app->arena, 5);
    skm_policy_set_init(&app->policies, &app->arena);
    must(skm_parse_policies(&app->arena, &source, 0, &diags, &list), "policies");
    must(skm_policy_set_add(&app->policies, &list, SKM_POLICY_NAMING_NUMBER, &diags), "set");
    must(skm_policyset_compile(&app->arena, &app->policies, &app->compiled), "compile");
    must(skm_entities_new(&app->arena, &app->entities), "entities");
    add_all(app, n);
    must(skm_entities_finish(app->entities, NULL, &diags), "close");
    make_requests(app, n);
}

static void free_app(struct app *app)
{
    skm_entities_free(app->entities);
    skm_policy_set_fini(&app->policies);
    skm_arena_fini(&app->arena);
}

/* ---- measuring ---- */

/* Nanoseconds per decision of one round over all requests; *out_allowed counts, to be compared. */
static double round_ns(const struct app *app, bool by_engine, size_t *out_allowed)
{
    const struct skm_entity_view *view = skm_entities_view(app->entities);
    struct skm_arena arena;
    skm_arena_init(&arena, (size_t)16 << 20);
    *out_allowed = 0;
    int64_t start = skm_clock_monotonic_ns(skm_clock_system());
    for (size_t i = 0; i < REQUESTS; i++) {
        struct skm_engine_answer ours = {.allow = false};
        struct skm_authorization theirs = {.allow = false};
        if (by_engine) {
            must(skm_engine_authorize(&arena, &app->compiled, &app->requests[i], view, &ours),
                 "engine");
        } else {
            must(skm_authorize(&arena, &app->policies, &app->requests[i], view, &theirs), "eval");
        }
        *out_allowed += by_engine ? ours.allow : theirs.allow;
        skm_arena_reset(&arena);
    }
    int64_t end = skm_clock_monotonic_ns(skm_clock_system());
    skm_arena_fini(&arena);
    return (double)(end - start) / REQUESTS;
}

static int compare_times(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(const char *name, const char *policies, size_t n)
{
    static struct app app;
    double engine[ROUNDS];
    double eval[ROUNDS];
    make_app(&app, policies, n);
    for (size_t i = 0; i < ROUNDS; i++) {
        size_t ours = 0;
        size_t theirs = 0;
        engine[i] = round_ns(&app, true, &ours);
        eval[i] = round_ns(&app, false, &theirs);
        must(ours == theirs && ours > 0 && ours < REQUESTS ? SKM_OK : SKM_ERR(INTERNAL),
             "agreement");
    }
    qsort(engine, ROUNDS, sizeof engine[0], compare_times);
    qsort(eval, ROUNDS, sizeof eval[0], compare_times);
    printf("{\"name\":\"engine.%s.%zu.ns\",\"value\":%.1f,\"unit\":\"ns\"}\n", name, n,
           engine[ROUNDS / 2]);
    printf("{\"name\":\"engine.%s.%zu.ratio_eval\",\"value\":%.2f,\"unit\":\"x\","
           "\"vs\":\"the reference evaluator, same requests and run\"}\n",
           name, n, eval[ROUNDS / 2] / engine[ROUNDS / 2]);
    (void)fflush(stdout);
    free_app(&app);
}

int main(void)
{
    static const size_t sizes[] = {5, 50, 500};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        measure("drive", DRIVE, sizes[i]);
        measure("todo", TODO, sizes[i]);
    }
    return 0;
}
