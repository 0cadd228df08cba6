#include "proto/credential.h"

#include <string.h>

#include "base/span.h"

/* RFC 6750 §2.1; scheme names compare without case (RFC 9110 §11.1). Empty: no key in it. */
static skm_span key_of_authorization(skm_span value)
{
    const skm_span scheme = SKM_SPAN("Bearer ");
    if (skm_http_equal_nocase(skm_span_sub(value, 0, scheme.len), scheme)) {
        value = skm_span_from(value, scheme.len);
        while (value.len > 0 && value.ptr[0] == ' ') {
            value = skm_span_from(value, 1);
        }
    }
    bool has_blank = value.len > 0 && (memchr(value.ptr, ' ', value.len) != NULL ||
                                       memchr(value.ptr, '\t', value.len) != NULL);
    return has_blank ? (skm_span){NULL, 0} : value;
}

static const struct skm_pep *anonymous_of(const struct skm_pep_registry *registry)
{
    return registry->allow_anonymous ? registry->anonymous : NULL;
}

const struct skm_pep *skm_credential_pep(const struct skm_pep_registry *registry,
                                         const struct skm_http_request *request)
{
    bool key_repeated = false;
    bool authorization_repeated = false;
    const skm_span *key = skm_http_header_find(request, SKM_SPAN("x-sekimori-key"), &key_repeated);
    const skm_span *authorization =
        skm_http_header_find(request, SKM_SPAN("authorization"), &authorization_repeated);
    if (key_repeated) {
        return NULL;
    }
    if (key != NULL) {
        return skm_pep_authenticate(registry, SKM_PEP_CREDENTIAL_KEY_HEADER, *key);
    }
    const struct skm_pep *anonymous = anonymous_of(registry);
    const struct skm_pep *found =
        authorization == NULL ? NULL
                              : skm_pep_authenticate(registry, SKM_PEP_CREDENTIAL_AUTHORIZATION,
                                                     key_of_authorization(*authorization));
    if (found != NULL) {
        return found;
    }
    bool has_authorization = authorization != NULL || authorization_repeated;
    bool ignores_it = anonymous != NULL && anonymous->credential == SKM_PEP_CREDENTIAL_KEY_HEADER;
    return !has_authorization || ignores_it ? anonymous : NULL;
}
