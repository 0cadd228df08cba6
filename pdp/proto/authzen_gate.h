/* What every AuthZEN request passes before its body is read (AuthZEN 1.0 §10.1). Any thread. */
#pragma once

#include "decide/pep.h"
#include "proto/http.h"

/* The PEP that asks, or NULL: it is not authenticated, or the content type is not application/json; the response then says so (401, 400). */
SKM_MUST skm_err skm_authzen_admit(const struct skm_pep_registry *peps,
                                   const struct skm_http_request *request,
                                   struct skm_http_response *response,
                                   const struct skm_pep **out_pep);
