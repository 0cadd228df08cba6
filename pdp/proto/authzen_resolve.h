/* From one AuthZEN evaluation to one Cedar request (authzen.h says how). */
#pragma once

#include "cedar/schema.h"
#include "decide/decide.h"
#include "proto/authzen.h"
#include "proto/authzen_body.h"

/* Why there is no Cedar request. */
struct skm_authzen_fault {
    uint16_t
        status; /* 0: none. 400: the evaluation is bad. 200: it is well-formed and cannot be decided, so denied */
    skm_span message; /* arena or static */
};

/* `defaults` fill in, each whole, for what `item` does not have; NULL: none. With a fault the request is of no use.
 * SKM_E_MEMORY. */
SKM_MUST skm_err skm_authzen_resolve(struct skm_arena *arena,
                                     const struct skm_authzen_config *config,
                                     const struct skm_schema *schema,
                                     const struct skm_authzen_item *item,
                                     const struct skm_authzen_item *defaults,
                                     struct skm_decide_request *out_request,
                                     struct skm_authzen_fault *out_fault);
