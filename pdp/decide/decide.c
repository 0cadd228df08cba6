#include "decide/decide.h"

#include "base/attr.h"
#include "base/span.h"
#include "cedar/authorize.h"
#include "decide/fit.h"
#include "decide/obligation.h"
#include "decide/reason.h"

/* A failed forbid denies by default. Where the site asked for standard Cedar instead, running out of depth or memory denies still:
 * that is no outcome of the language, and input must not be able to switch a forbid off. */
static bool failure_denies(const struct skm_snapshot *snapshot,
                           const struct skm_policy_failure *failure)
{
    if (failure->instance->policy->effect != SKM_EFFECT_FORBID) {
        return false;
    }
    return snapshot->on_forbid_error != SKM_ON_FORBID_ERROR_SKIP ||
           failure->error.kind == SKM_EVAL_ERROR_LIMIT ||
           failure->error.kind == SKM_EVAL_ERROR_NONE;
}

/* What the first policy set says, sorted for the outcome. */
struct findings {
    struct skm_authorization found;
    size_t denying_failures;
    struct skm_decision_reason *reasons;
    size_t reason_count;
    struct skm_decision_reason *errors;
    size_t error_count;
};

/* Adds the failure in its place: with those that deny, or with those the operator should hear of. */
static skm_err note_failure(struct skm_arena *arena, const struct skm_snapshot *snapshot,
                            const struct skm_policy_failure *failure, struct findings *findings)
{
    if (failure_denies(snapshot, failure)) {
        findings->denying_failures++;
        return skm_reason_of_failure(arena, failure, &findings->reasons[findings->reason_count++]);
    }
    return skm_reason_of_failure(arena, failure, &findings->errors[findings->error_count++]);
}

/* Satisfied forbids and failures, both in the set's order, as one list in the set's order.
 * SAFETY: instances are elements of one array, so their addresses compare. */
static skm_err note_denials(struct skm_arena *arena, const struct skm_snapshot *snapshot,
                            struct findings *findings)
{
    const struct skm_authorization *found = &findings->found;
    size_t forbid = 0;
    for (size_t i = 0; i < found->failure_count; i++) {
        while (forbid < found->forbid_count &&
               found->satisfied_forbids[forbid] < found->failures[i].instance) {
            findings->reasons[findings->reason_count++] =
                skm_reason_of(found->satisfied_forbids[forbid++]);
        }
        SKM_TRY(note_failure(arena, snapshot, &found->failures[i], findings));
    }
    while (forbid < found->forbid_count) {
        findings->reasons[findings->reason_count++] =
            skm_reason_of(found->satisfied_forbids[forbid++]);
    }
    return SKM_OK;
}

static skm_err find(struct skm_arena *arena, const struct skm_snapshot *snapshot,
                    const struct skm_request *request, const struct skm_entity_view *view,
                    struct findings *findings)
{
    struct skm_authorization *found = &findings->found;
    SKM_TRY(skm_authorize(arena, &snapshot->policies, request, view, found));
    findings->reasons =
        SKM_ARENA_NEW_ARRAY(arena, struct skm_decision_reason,
                            found->permit_count + found->forbid_count + found->failure_count);
    findings->errors = SKM_ARENA_NEW_ARRAY(arena, struct skm_decision_reason, found->failure_count);
    if (findings->reasons == NULL || findings->errors == NULL) {
        return SKM_ERR(MEMORY);
    }
    return note_denials(arena, snapshot, findings);
}

/* The kind of the outcome, obligations not yet looked at. */
static enum skm_decision_kind kind_of(const struct findings *findings)
{
    if (findings->found.permit_count == 0) {
        return SKM_DECISION_NOT_PERMITTED;
    }
    if (findings->found.forbid_count > 0) {
        return SKM_DECISION_FORBIDDEN;
    }
    return findings->denying_failures > 0 ? SKM_DECISION_ERROR : SKM_DECISION_PERMITTED;
}

/* Curing all remedies leads to a permit only when every reason names one. */
static bool is_curable(const struct findings *findings)
{
    for (size_t i = 0; i < findings->reason_count; i++) {
        const struct skm_decision_reason *reason = &findings->reasons[i];
        size_t at = 0;
        skm_span token = {0};
        if (reason->errored || !skm_reason_next_token(reason->remedy, &at, &token)) {
            return false;
        }
    }
    return findings->reason_count > 0;
}

/* Fills in reasons, clauses and, for a curable denial, remedies. */
static skm_err explain(struct skm_arena *arena, const struct findings *findings,
                       struct skm_decision *decision)
{
    decision->reasons = findings->reasons;
    decision->reason_count = findings->reason_count;
    decision->errors = findings->errors;
    decision->error_count = findings->error_count;
    SKM_TRY(skm_reason_tokens(arena, decision->reasons, decision->reason_count, SKM_REASON_CLAUSE,
                              &decision->clauses, &decision->clause_count));
    if (decision->kind != SKM_DECISION_FORBIDDEN || !is_curable(findings)) {
        return SKM_OK;
    }
    decision->hard = false;
    return skm_reason_tokens(arena, decision->reasons, decision->reason_count, SKM_REASON_REMEDY,
                             &decision->remedies, &decision->remedy_count);
}

/* An obligation that could not be worked out: nobody knows what the permit would have been tied to. */
static void deny_for_obligations(const struct skm_obligations *obligations,
                                 struct findings *findings)
{
    for (size_t i = 0; i < obligations->failure_count; i++) {
        findings->reasons[findings->reason_count++] = obligations->failures[i];
    }
}

/* INVARIANT: the only place in the program that writes a permit. It is reached when a permit policy is satisfied, no forbid policy is
 * satisfied or failed in a way that denies, and every obligation is known. */
static void permit(const struct findings *findings, const struct skm_obligations *obligations,
                   struct skm_decision *decision)
{
    if (!findings->found.allow || obligations->failure_count > 0) {
        return;
    }
    decision->effect = SKM_DECISION_PERMIT;
    decision->kind = SKM_DECISION_PERMITTED;
    decision->hard = false;
    decision->obligations = obligations->items;
    decision->obligation_count = obligations->count;
}

static skm_err conclude_permitted(struct skm_arena *arena, const struct skm_snapshot *snapshot,
                                  const struct skm_request *request,
                                  const struct skm_entity_view *view, struct findings *findings,
                                  struct skm_decision *decision)
{
    struct skm_obligations obligations = {0};
    SKM_TRY(skm_obligations_find(arena, &snapshot->obligations, request, view, &obligations));
    if (obligations.failure_count == 0) {
        for (size_t i = 0; i < findings->found.permit_count; i++) {
            findings->reasons[findings->reason_count++] =
                skm_reason_of(findings->found.satisfied_permits[i]);
        }
        SKM_TRY(explain(arena, findings, decision));
        permit(findings, &obligations, decision);
        return SKM_OK;
    }
    findings->reasons =
        SKM_ARENA_NEW_ARRAY(arena, struct skm_decision_reason, obligations.failure_count);
    if (findings->reasons == NULL) {
        return SKM_ERR(MEMORY);
    }
    deny_for_obligations(&obligations, findings);
    return explain(arena, findings, decision);
}

skm_err skm_decide(struct skm_arena *arena, const struct skm_snapshot *snapshot,
                   const struct skm_decide_request *request, int64_t now_wall_ms,
                   struct skm_decision *out_decision)
{
    struct skm_decision decision = {
        .hard = true, .revision = snapshot->revision, .decided_wall_ms = now_wall_ms};
    struct skm_overlay overlay;
    SKM_TRY(skm_request_fit(arena, snapshot, request, &overlay, &decision.message));
    if (decision.message.len > 0) {
        *out_decision = decision;
        return SKM_OK;
    }
    struct findings findings = {0};
    SKM_TRY(find(arena, snapshot, &request->cedar, &overlay.view, &findings));
    enum skm_decision_kind kind = kind_of(&findings);
    if (kind == SKM_DECISION_PERMITTED) {
        SKM_TRY(conclude_permitted(arena, snapshot, &request->cedar, &overlay.view, &findings,
                                   &decision));
    } else {
        decision.kind = kind;
        SKM_TRY(explain(arena, &findings, &decision));
    }
    *out_decision = decision;
    return SKM_OK;
}

skm_span skm_decision_kind_name(enum skm_decision_kind kind)
{
    switch (kind) {
    case SKM_DECISION_ERROR:
        return SKM_SPAN("error");
    case SKM_DECISION_NOT_PERMITTED:
        return SKM_SPAN("not_permitted");
    case SKM_DECISION_FORBIDDEN:
        return SKM_SPAN("forbidden");
    case SKM_DECISION_PERMITTED:
        return SKM_SPAN("permitted");
    }
    return SKM_SPAN("error");
}
