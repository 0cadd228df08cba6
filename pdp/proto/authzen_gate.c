#include "proto/authzen_gate.h"

#include "base/span.h"
#include "proto/credential.h"

static skm_err refuse_pep(struct skm_http_response *response)
{
    skm_http_respond_error(response, 401, SKM_SPAN("the enforcement point is not authenticated"));
    return skm_http_add_header(response, SKM_SPAN("WWW-Authenticate"),
                               SKM_SPAN("Bearer realm=\"sekimori\""));
}

/* §10.1: application/json, with or without parameters. */
static bool has_json_content(const struct skm_http_request *request)
{
    const skm_span *value = skm_http_header_find(request, SKM_SPAN("content-type"), NULL);
    if (value == NULL) {
        return false;
    }
    size_t end = 0;
    while (end < value->len && value->ptr[end] != ';') {
        end++;
    }
    while (end > 0 && (value->ptr[end - 1] == ' ' || value->ptr[end - 1] == '\t')) {
        end--;
    }
    return skm_http_equal_nocase(skm_span_sub(*value, 0, end), SKM_SPAN("application/json"));
}

skm_err skm_authzen_admit(const struct skm_pep_registry *peps,
                          const struct skm_http_request *request,
                          struct skm_http_response *response, const struct skm_pep **out_pep)
{
    const struct skm_pep *pep = skm_credential_pep(peps, request);
    *out_pep = NULL;
    if (pep == NULL) {
        return refuse_pep(response);
    }
    if (!has_json_content(request)) {
        skm_http_respond_error(response, 400,
                               SKM_SPAN("the content type must be application/json"));
        return SKM_OK;
    }
    *out_pep = pep;
    return SKM_OK;
}
