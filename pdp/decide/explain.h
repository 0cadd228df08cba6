/* Why a decision is what it is, policy by policy: what matched, what failed, and what stood in the way of the others.
 *
 * A policy is a conjunction: its scope terms, then its conditions, each split at `&&` (in `unless`: at `||`) into conjuncts. For a
 * policy that does not match, every conjunct is evaluated by itself, and those that do not hold are listed in the order
 * written with the values they read:
 *
 *     when resource.labels.confidentiality <= 2        resource.labels.confidentiality = 3
 *
 * A conjunct behind one that does not hold may fail to evaluate only because nothing guards it any more (`context has aal` does not
 * hold, then `context.aal` does not exist): such ones are counted apart.
 *
 * Pure, like skm_decide(), and for people: it costs many times what a decision costs. Memory: the arena; values
 * borrow from request, policies and entities, which outlive the explanation. Any thread. */
#pragma once

#include "decide/decide.h"

#define SKM_EXPLAIN_READINGS_MAX 16u

/* An attribute path, presence test or request variable that a conjunct read. */
struct skm_explain_reading {
    skm_span text;  /* `resource.labels.confidentiality` */
    bool has_value; /* else it could not be read, and `error` says why */
    struct skm_value value;
    skm_span error;
};

enum skm_explain_place {
    SKM_EXPLAIN_PRINCIPAL = 0, /* scope */
    SKM_EXPLAIN_ACTION,
    SKM_EXPLAIN_RESOURCE,
    SKM_EXPLAIN_WHEN,
    SKM_EXPLAIN_UNLESS, /* the text must be false for the policy to match */
};

struct skm_explain_term {
    enum skm_explain_place place;
    skm_span text;          /* Cedar, on one line; a scope term with its slot filled */
    struct skm_range range; /* in the policy's source */
    skm_span error;         /* it failed to evaluate; empty: it does not hold */
    const struct skm_explain_reading *readings;
    size_t reading_count;
};

struct skm_explain_policy {
    const struct skm_policy_instance *instance;
    enum skm_policy_outcome outcome;
    size_t conjuncts; /* scope terms that ask for something, and parts of conditions */
    const struct skm_explain_term *terms; /* those that do not hold; empty for a satisfied policy */
    size_t term_count;
    size_t unguarded; /* conjuncts behind those that cannot be told: not among the terms */
    bool scope_holds;
};

struct skm_explanation {
    struct skm_decision decision;
    /* In the set's order; empty when the request does not fit (decision.message). */
    const struct skm_explain_policy *policies;
    size_t policy_count;
    /* The permits that are not satisfied, nearest first: fewest conjuncts that do not hold, then a scope that holds, then fewest that
     * cannot be told, then the set's order. Only when nothing permits. */
    const struct skm_explain_policy **nearest;
    size_t nearest_count;
    const struct skm_explain_policy *obligations; /* only after a permit */
    size_t obligation_count;
};

/* Decides and explains. SKM_E_MEMORY: the output is untouched. */
SKM_MUST skm_err skm_explain(struct skm_arena *arena, const struct skm_snapshot *snapshot,
                             const struct skm_decide_request *request, int64_t now_wall_ms,
                             struct skm_explanation *out_explanation);

/* "principal", "action", "resource", "when", "unless". Static storage. */
const char *skm_explain_place_name(enum skm_explain_place place);
