/* What an endpoint decides with, and the way to get hold of it: one reading per HTTP request, so that a reload in the middle of a
 * batch changes nothing half-way. */
#pragma once

#include <stdint.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

#include "decide/decide.h"
#include "decide/pep.h"
#include "state/snapshot.h"

struct skm_authzen_config;

/* Immutable while acquired. */
struct skm_world {
    const struct skm_snapshot *snapshot;
    const struct skm_pep_registry *peps;
    const struct skm_authzen_config *authzen;
};

/* One decision, told before its answer leaves. Everything is borrowed for the call. */
struct skm_decision_record {
    skm_span endpoint; /* "authzen", "forward-auth" */
    const struct skm_pep *pep;
    const struct skm_decide_request *request; /* NULL: the request could not be made out */
    const struct skm_decision *decision;
};

struct skm_world_source {
    void *ctx;
    /* The world as it is now, held until release. NULL: nothing is loaded yet, the endpoint answers 503. */
    const struct skm_world *(*acquire)(void *ctx);
    void (*release)(void *ctx, const struct skm_world *world);
    /* Takes note of a decision (metrics, audit). An error denies: no answer leaves that was not recorded. NULL: nobody listens. */
    skm_err (*record)(void *ctx, const struct skm_decision_record *record);
};
