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

/* Whom the connection belongs to, or NULL. */
static const struct skm_pep *pep_of_peer(const struct skm_pep_registry *registry,
                                         const struct skm_peer *peer)
{
    if (peer->is_unix) {
        return skm_pep_of_uid(registry, peer->uid);
    }
    return peer->is_tls && peer->has_certificate
               ? skm_pep_of_certificate(registry, peer->certificate_sha256)
               : NULL;
}

/* The holder of a key, unless the connection belongs to somebody else, or should be its own and is not. */
static const struct skm_pep *holder(const struct skm_pep *by_key, const struct skm_pep *by_peer)
{
    bool conflicts =
        by_key != by_peer && (by_peer != NULL || (by_key != NULL && skm_pep_is_bound(by_key)));
    return conflicts ? NULL : by_key;
}

/* Without a key: the connection's owner when that is enough, else nobody; on a connection of nobody's, the anonymous PEP. */
static const struct skm_pep *pep_without_key(const struct skm_pep_registry *registry,
                                             const struct skm_pep *by_peer)
{
    if (by_peer != NULL) {
        return by_peer->has_key ? NULL : by_peer;
    }
    const struct skm_pep *anonymous = registry->allow_anonymous ? registry->anonymous : NULL;
    return anonymous != NULL && skm_pep_is_bound(anonymous) ? NULL : anonymous;
}

const struct skm_pep *skm_credential_pep(const struct skm_pep_registry *registry,
                                         const struct skm_http_request *request)
{
    bool key_repeated = false;
    bool authorization_repeated = false;
    const struct skm_pep *by_peer = pep_of_peer(registry, &request->peer);
    const skm_span *key = skm_http_header_find(request, SKM_SPAN("x-sekimori-key"), &key_repeated);
    const skm_span *authorization =
        skm_http_header_find(request, SKM_SPAN("authorization"), &authorization_repeated);
    if (key_repeated) {
        return NULL;
    }
    if (key != NULL) {
        return holder(skm_pep_authenticate(registry, SKM_PEP_CREDENTIAL_KEY_HEADER, *key), by_peer);
    }
    const struct skm_pep *found =
        authorization == NULL ? NULL
                              : skm_pep_authenticate(registry, SKM_PEP_CREDENTIAL_AUTHORIZATION,
                                                     key_of_authorization(*authorization));
    if (found != NULL) {
        return holder(found, by_peer);
    }
    const struct skm_pep *keyless = pep_without_key(registry, by_peer);
    bool has_authorization = authorization != NULL || authorization_repeated;
    bool ignores_it = keyless != NULL && keyless->credential == SKM_PEP_CREDENTIAL_KEY_HEADER;
    return !has_authorization || ignores_it ? keyless : NULL;
}
