/* A decision and what it rests on (design: outcomes).
 *
 * INVARIANT: all bytes zero is a denial because of an error. A permit is written in one function only,
 * skm_decide() in pdp/decide/decide.c; every path that fails leaves the zero value. */
#pragma once

#include <stdint.h>

enum skm_effect_decision {
    SKM_DECISION_DENY = 0,
    SKM_DECISION_PERMIT = 1,
};

/* Why the decision is what it is. */
enum skm_decision_kind {
    SKM_DECISION_ERROR = 0,     /* the request could not be decided, or a forbid policy failed: denied */
    SKM_DECISION_NOT_PERMITTED, /* no permit policy matches: denied */
    SKM_DECISION_FORBIDDEN,     /* a forbid policy matches: denied, perhaps with remedies */
    SKM_DECISION_PERMITTED,
};
