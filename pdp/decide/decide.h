/* The decision: a function of snapshot, request and time. No I/O, no clock, no lock (design: the way of one request, outcomes).
 *
 * Outcome rules, first that applies:
 *
 *   the request cannot be: it does not fit the schema, or gives one attribute two values        ERROR, hard
 *   no permit policy is satisfied                                                               NOT_PERMITTED, hard
 *   a forbid policy is satisfied                                                                FORBIDDEN; hard when one of them has no
 *                                                                                               @remedy or a forbid failed as well
 *   a forbid policy failed to evaluate (on_forbid_error deny; ran out of depth or memory: always) ERROR, hard
 *   an obligation policy failed to evaluate                                                     ERROR, hard
 *   otherwise                                                                                   PERMITTED
 *
 * "No permit" comes first so that nobody is asked in vain: remedies are listed only when curing all of them would lead to a
 * permit. The forbids that matched are among the reasons then, too. A denial that is not hard lists every remedy at once.
 *
 * Obligation policies (a set of their own, looked at after a permit) grant nothing: a satisfied one, permit or forbid alike, adds the tokens of its
 * `@obligation` annotation (blank-separated; without the annotation: its policy id). One that fails denies: an obligation that could not
 * be worked out must not vanish.
 *
 * Annotations read: @clause and @remedy (blank-separated tokens), @reason_en, @reason_ja, @regime; on obligations @obligation, @clause.
 *
 * Memory: results are in the arena given, or borrowed from the snapshot. Any thread. */
#pragma once

#include <sekimori/decision.h>

#include "cedar/eval.h"
#include "state/snapshot.h"

/* A request as Cedar sees it. Attributes sent along are laid over the stored ones for this request only: sent ones win, an
 * attribute that was not sent keeps its stored value. Which may be sent is checked before (pep.h). With a schema, they must be
 * declared there and be of the declared type. */
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

/* One token of a satisfied obligation policy. */
struct skm_decision_obligation {
    skm_span token;
    skm_span policy_id; /* the first that asks for it, in the set's order */
    skm_span clause;
};

struct skm_decision {
    enum skm_effect_decision effect;
    enum skm_decision_kind kind;
    bool hard; /* denied, and no remedy of the requester's would help */
    /* Denied: forbids, satisfied and failed, in the set's order. Permitted: the satisfied permits. ERROR for an obligation: the
     * obligation policies that failed. */
    const struct skm_decision_reason *reasons;
    size_t reason_count;
    const struct skm_decision_reason
        *errors; /* permits that failed, and forbids under `skip`: for the operator */
    size_t error_count;
    skm_span message; /* why the request cannot be; empty unless kind is ERROR for that reason */
    /* Sorted, unique. */
    const skm_span *clauses; /* of the reasons */
    size_t clause_count;
    const skm_span *remedies; /* empty on a hard denial */
    size_t remedy_count;
    const struct skm_decision_obligation *obligations; /* only with a permit; sorted by token */
    size_t obligation_count;
    uint64_t revision;
    int64_t decided_wall_ms; /* the `now_wall_ms` it was decided with */
};

/* Decides. On any error the output is untouched and the caller answers "denied". SKM_E_MEMORY. */
SKM_MUST skm_err skm_decide(struct skm_arena *arena, const struct skm_snapshot *snapshot,
                            const struct skm_decide_request *request, int64_t now_wall_ms,
                            struct skm_decision *out_decision);

/* "permitted", "forbidden", "not_permitted", "error". Static storage. */
skm_span skm_decision_kind_name(enum skm_decision_kind kind);
