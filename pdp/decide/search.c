#include "decide/search.h"

#include <string.h>

#include "base/span.h"
#include "base/vec.h"
#include "state/candidates.h"

/* What stands around the texts of a result or an obligation when they are written down. */
#define RESULT_BYTES 64u

struct run {
    struct skm_arena *arena;
    struct skm_arena *scratch;
    const struct skm_snapshot *snapshot;
    const struct skm_search *search;
    int64_t now_wall_ms;
    int64_t started_ns;
    size_t evaluations;
    size_t bytes;
    SKM_VEC(struct skm_search_result) results;
};

/* Where the searched entity stands in a request. */
static struct skm_uid *searched_uid(enum skm_search_target target, struct skm_request *request)
{
    switch (target) {
    case SKM_SEARCH_SUBJECT:
        return &request->principal;
    case SKM_SEARCH_RESOURCE:
        return &request->resource;
    case SKM_SEARCH_ACTION:
        return &request->action;
    }
    return &request->action;
}

static bool is_known(const struct skm_snapshot *snapshot, const struct skm_uid *uid,
                     const struct skm_value_record *sent)
{
    return sent != NULL || skm_candidates_has(snapshot->candidates, uid);
}

/* Of what is not searched for. Actions are never unknown: a policy may permit any. */
static bool knows_given(const struct skm_snapshot *snapshot, const struct skm_search *search)
{
    const struct skm_decide_request *request = &search->request;
    return (search->target == SKM_SEARCH_SUBJECT ||
            is_known(snapshot, &request->cedar.principal, request->principal_attrs)) &&
           (search->target == SKM_SEARCH_RESOURCE ||
            is_known(snapshot, &request->cedar.resource, request->resource_attrs));
}

static bool is_out_of_time(const struct run *run)
{
    const struct skm_search_bounds *bounds = &run->search->bounds;
    return bounds->clock != NULL && run->evaluations >= SKM_SEARCH_EVALUATIONS_MIN &&
           skm_clock_monotonic_ns(bounds->clock) - run->started_ns >= bounds->time_ns;
}

/* Every page but one for no results looks at one candidate at least, so that following pages comes to an end. */
static bool is_full(const struct run *run)
{
    const struct skm_search *search = run->search;
    if (run->results.len >= search->limit) {
        return true;
    }
    return run->evaluations > 0 && (run->evaluations >= search->bounds.evaluations ||
                                    run->bytes >= search->bounds.bytes || is_out_of_time(run));
}

/* The obligations outlive the candidate's scratch; their texts are the snapshot's. */
static skm_err add_result(struct run *run, const struct skm_uid *uid,
                          const struct skm_decision *decision)
{
    struct skm_decision_obligation *obligations = NULL;
    if (decision->obligation_count > 0) {
        obligations = SKM_ARENA_NEW_ARRAY(run->arena, struct skm_decision_obligation,
                                          decision->obligation_count);
        if (obligations == NULL) {
            return SKM_ERR(MEMORY);
        }
        memcpy(obligations, decision->obligations,
               decision->obligation_count * sizeof(*obligations));
    }
    struct skm_search_result *result = NULL;
    SKM_TRY(SKM_VEC_PUSH(run->arena, &run->results, SIZE_MAX, &result));
    *result = (struct skm_search_result){
        .uid = uid, .obligations = obligations, .obligation_count = decision->obligation_count};
    run->bytes += RESULT_BYTES + uid->type.len + uid->id.len;
    for (size_t i = 0; i < decision->obligation_count; i++) {
        run->bytes += RESULT_BYTES + 2 * decision->obligations[i].token.len +
                      decision->obligations[i].clause.len;
    }
    return SKM_OK;
}

static skm_err look_at(struct run *run, const struct skm_uid *uid)
{
    const struct skm_search *search = run->search;
    struct skm_decide_request request = search->request;
    struct skm_decision decision = {0};
    bool skip = false;
    searched_uid(search->target, &request.cedar)->id = uid->id;
    skm_arena_reset(run->scratch);
    run->evaluations++;
    if (search->prepare != NULL) {
        SKM_TRY(search->prepare(search->prepare_ctx, run->scratch, &request, &skip));
    }
    if (skip) {
        return SKM_OK;
    }
    SKM_TRY(skm_decide(run->scratch, run->snapshot, &request, run->now_wall_ms, &decision));
    return decision.effect == SKM_DECISION_PERMIT ? add_result(run, uid, &decision) : SKM_OK;
}

skm_err skm_search(struct skm_arena *arena, struct skm_arena *scratch,
                   const struct skm_snapshot *snapshot, const struct skm_search *search,
                   int64_t now_wall_ms, struct skm_search_page *out_page)
{
    struct run run = {.arena = arena,
                      .scratch = scratch,
                      .snapshot = snapshot,
                      .search = search,
                      .now_wall_ms = now_wall_ms};
    struct skm_request given = search->request.cedar;
    const struct skm_uid *const *uids = NULL;
    size_t count = 0;
    size_t position = search->position;
    if (snapshot->candidates != NULL && knows_given(snapshot, search)) {
        uids = skm_candidates_of(snapshot->candidates, searched_uid(search->target, &given)->type,
                                 &count);
    }
    if (search->bounds.clock != NULL) {
        run.started_ns = skm_clock_monotonic_ns(search->bounds.clock);
    }
    for (; position < count && !is_full(&run); position++) {
        SKM_TRY(look_at(&run, uids[position]));
    }
    *out_page = (struct skm_search_page){.results = run.results.items,
                                         .count = run.results.len,
                                         .is_last = position >= count,
                                         .next = position};
    return SKM_OK;
}
