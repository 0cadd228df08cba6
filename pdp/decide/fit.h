/* Does a request fit? Against the snapshot's schema, and within itself.
 *
 * Any thread. */
#pragma once

#include "decide/decide.h"
#include "state/overlay.h"

/* Checks the request and lays what was sent over the stored entities. *out_fault is empty when the request fits; otherwise it says
 * why it does not (arena), and the overlay is of no use. SKM_E_MEMORY. */
SKM_MUST skm_err skm_request_fit(struct skm_arena *arena, const struct skm_snapshot *snapshot,
                                 const struct skm_decide_request *request,
                                 struct skm_overlay *out_overlay, skm_span *out_fault);
