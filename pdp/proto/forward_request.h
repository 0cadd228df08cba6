/* What a proxy's headers say about the original request, read strictly. */
#pragma once

#include <stdbool.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

#include "cedar/value.h"
#include "decide/pep.h"
#include "proto/http.h"

#define SKM_FORWARD_SUBJECT_BYTES_MAX 1024u

struct skm_forward_request {
    skm_span method;
    skm_span host;   /* normalised */
    skm_span path;   /* normalised */
    skm_span query;  /* raw; empty: none */
    skm_span scheme; /* http, https, ws, wss; empty: the set has no header for it */
    bool has_address;
    struct skm_ip address;
    skm_span subject; /* empty: nobody is logged in */
};

/* Why it is no good. */
struct skm_forward_fault {
    const char *reason; /* word for X-Sekimori-Reason; NULL: it is good */
    skm_span message;   /* for the proxy's operator; arena or static */
};

/* Every header the PEP's set names must be there exactly once. With a fault the request is of no use. SKM_E_MEMORY. */
SKM_MUST skm_err skm_forward_request_read(const struct skm_http_request *http,
                                          const struct skm_pep *pep,
                                          struct skm_forward_request *out_request,
                                          struct skm_forward_fault *out_fault);
