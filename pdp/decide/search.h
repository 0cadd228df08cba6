/* Search: for which subjects, resources or actions would a decision be a permit?
 *
 * The answer is what skm_decide() says about each candidate (state/candidates.h), asked one by one with the rest of the request as it
 * is: a result, asked about again with the same request, is a permit, with the same obligations. What was sent about the
 * searched entity is laid over each candidate.
 *
 * A given subject or resource that is neither a candidate of its type nor described by attributes in the request is unknown:
 * nothing is found.
 *
 * Work is bounded, so that a search cannot hold up decisions: a page ends when it has as many results as wanted, or when a bound is
 * reached. The next page goes on behind the last candidate looked at. Order is by id, so pages of one snapshot
 * neither overlap nor leave anything out.
 *
 * Memory: results are in the arena given or borrowed from the snapshot. Threads: any. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "decide/decide.h"

/* So many candidates are looked at whatever time it takes: less than what one batch may ask for. */
#define SKM_SEARCH_EVALUATIONS_MIN 64u

enum skm_search_target {
    SKM_SEARCH_SUBJECT = 0,
    SKM_SEARCH_RESOURCE,
    SKM_SEARCH_ACTION,
};

struct skm_search {
    enum skm_search_target target;
    struct skm_decide_request request; /* of the searched entity only the type counts */
    /* Makes the request for one candidate, whose id is in place, where it is not the same for all (attributes and context of an action
     * are of the types its declaration says). *out_skip: no decision, no result. `scratch` is the candidate's. NULL: nothing to do. */
    skm_err (*prepare)(void *ctx, struct skm_arena *scratch, struct skm_decide_request *request,
                       bool *out_skip);
    void *prepare_ctx;
    size_t position; /* of the first candidate to look at; `next` of the page before */
    size_t limit;    /* results */
    struct skm_search_bounds {
        size_t evaluations; /* candidates looked at */
        size_t bytes;       /* about the size of the results written down; one is always taken */
        const struct skm_clock *clock; /* NULL: time is not bounded */
        int64_t time_ns;
    } bounds;
};

struct skm_search_result {
    const struct skm_uid *uid;
    const struct skm_decision_obligation *obligations; /* sorted by token */
    size_t obligation_count;
};

struct skm_search_page {
    const struct skm_search_result *results; /* sorted by id */
    size_t count;
    bool is_last; /* every candidate was looked at */
    size_t next;  /* position of the following page */
};

/* `scratch` is reset between candidates and is the search's own. On any error the output is untouched and nothing was found:
 * SKM_E_MEMORY, or what `prepare` says. */
SKM_MUST skm_err skm_search(struct skm_arena *arena, struct skm_arena *scratch,
                            const struct skm_snapshot *snapshot, const struct skm_search *search,
                            int64_t now_wall_ms, struct skm_search_page *out_page);
