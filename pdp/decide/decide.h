/* The decision: a function of snapshot, request and time. No I/O, no clock, no lock (design: the way of one request, outcomes).
 *
 * Outcome rules:
 *   - a satisfied forbid, or one that errors under on_forbid_error deny, denies; else a satisfied permit permits;
 *   - a denial is hard when a satisfied forbid has no @remedy, when one errored, or when nothing permits;
 *   - otherwise it lists every remedy at once: curing all of them would lead to a permit, so nobody is asked in vain;
 *   - "nothing permits" (NOT_PERMITTED) is told apart from "a rule forbids" (FORBIDDEN).
 *
 * Memory: results are in the arena given, or borrowed from the snapshot. Any thread. */
#pragma once

#include <sekimori/decision.h>

#include "cedar/eval.h"
#include "state/snapshot.h"

/* A request as Cedar sees it. Attributes sent along are laid over the stored ones for this request only: sent ones win, an
 * attribute that was not sent keeps its stored value. Which may be sent is checked before (pep.h). */
struct skm_decide_request {
    struct skm_request cedar;                       /* uids and context */
    const struct skm_value_record *principal_attrs; /* NULL: none sent */
    const struct skm_value_record *action_attrs;
    const struct skm_value_record *resource_attrs;
};

/* One policy that determined the outcome, with what its annotations say. Absent annotations are empty spans. */
struct skm_decision_reason {
    skm_span policy_id;
    enum skm_effect effect;
    bool errored; /* it failed rather than matched */
    skm_span clause;
    skm_span remedy;
    skm_span reason_en;
    skm_span reason_ja;
    skm_span regime;
    skm_span error; /* why it failed */
};

struct skm_decision {
    enum skm_effect_decision effect;
    enum skm_decision_kind kind;
    bool hard; /* denied, and no remedy of the requester's would help */
    const struct skm_decision_reason *reasons;
    size_t reason_count;
    const struct skm_decision_reason *errors; /* permits that failed, and forbids under `skip`: for the operator */
    size_t error_count;
    /* Sorted, unique. */
    const skm_span *clauses;
    size_t clause_count;
    const skm_span *remedies; /* empty on a hard denial */
    size_t remedy_count;
    const skm_span *obligations; /* only with a permit */
    size_t obligation_count;
    uint64_t revision;
};

/* Decides. On any error the output is untouched and the caller answers "denied". SKM_E_MEMORY. */
SKM_MUST skm_err skm_decide(struct skm_arena *arena, const struct skm_snapshot *snapshot,
                            const struct skm_decide_request *request, int64_t now_wall_ms,
                            struct skm_decision *out_decision);
