/* Registered enforcement points and what each may assert (design: a PEP may assert only what its registration allows).
 *
 * Filled from the configuration, immutable afterwards. Any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

#include "decide/decide.h"

/* A list that allows: `any` or one of the names. Empty and not any: nothing. */
struct skm_pep_allow {
    bool any;
    const skm_span *names;
    size_t count;
};

/* Whether answers carry reasons, remedies, clauses and policy ids. */
enum skm_pep_explain {
    SKM_PEP_EXPLAIN_NEVER = 0, /* bare answers */
    SKM_PEP_EXPLAIN_ALWAYS = 1,
    SKM_PEP_EXPLAIN_ON_REQUEST, /* AuthZEN: where the request says `"options":{"explain":true}` */
};

/* In which header the PEP shows its key. A key in another header than the registered one is no key: an end user's own
 * Authorization header, passed on by a proxy, never counts as the proxy's. */
enum skm_pep_credential {
    SKM_PEP_CREDENTIAL_AUTHORIZATION = 0, /* `Authorization: Bearer KEY` */
    SKM_PEP_CREDENTIAL_KEY_HEADER, /* `X-Sekimori-Key: KEY`; Authorization is not looked at */
};

/* What to do with a path that a backend could read differently from the proxy (proto/uri.h lists the forms). */
enum skm_pep_ambiguous {
    SKM_PEP_AMBIGUOUS_DENY = 0,
    SKM_PEP_AMBIGUOUS_ALLOW, /* decide on the normalised path */
};

/* Headers in which a proxy describes the original request: lower-case names. Either `url`, or `host` and `uri`. No other header of this kind is
 * looked at, whatever a client sent. */
struct skm_pep_forward_headers {
    skm_span method;
    skm_span url; /* absolute: scheme://host/path?query */
    skm_span host;
    skm_span uri;    /* path and query */
    skm_span scheme; /* empty: not told */
    skm_span
        address; /* of the client; a list: the last entry, which the proxy itself added. Empty: not told */
};

struct skm_pep {
    skm_span name;
    uint8_t key_sha256[32]; /* of the key; the key itself is not kept */
    bool has_key;
    const uint32_t *uids; /* it runs as, known over Unix sockets */
    size_t uid_count;
    const uint8_t (*certificates)[32]; /* SHA-256 of its TLS client certificates */
    size_t certificate_count;
    enum skm_pep_credential credential;
    struct skm_pep_allow principal_types; /* Cedar types it may name as principal */
    struct skm_pep_allow actions;         /* action ids */
    struct skm_pep_allow resource_types;
    struct skm_pep_allow principal_attrs; /* attributes it may send over the stored ones */
    struct skm_pep_allow action_attrs;
    struct skm_pep_allow resource_attrs;
    struct skm_pep_allow context_keys;
    enum skm_pep_explain explain;
    /* forward-auth */
    bool forward_auth;
    const struct skm_pep_forward_headers *forward_headers; /* NULL: the preset `forwarded` */
    skm_span
        subject_header; /* header in which the proxy names the authenticated subject; empty: none */
    skm_span subject_type; /* Cedar type of that subject */
    enum skm_pep_ambiguous ambiguous_paths;
    skm_span step_up_acr; /* acr_values of the step-up challenge (RFC 9470 §3); empty: not told */
};

struct skm_pep_registry {
    const struct skm_pep *peps;
    size_t count;
    bool allow_anonymous; /* requests without credentials act as `anonymous` */
    const struct skm_pep *anonymous;
};

/* Header sets by name; NULL when there is none of that name. Static storage.
 *   `forwarded`     X-Forwarded-Method, -Host, -Uri, -Proto, -For      Traefik, Caddy
 *   `original-uri`  X-Original-Method, X-Original-URI, X-Forwarded-Host, X-Forwarded-Proto, X-Real-IP   nginx
 *   `original-url`  X-Original-Method, X-Original-URL, X-Real-IP       ingress-nginx */
const struct skm_pep_forward_headers *skm_pep_forward_preset(skm_span name);

/* The PEP that holds this key and shows it in this header, or NULL. Every registered key is compared, each in constant time. An empty key is nobody's. */
const struct skm_pep *skm_pep_authenticate(const struct skm_pep_registry *registry,
                                           enum skm_pep_credential credential, skm_span key);

/* The PEP that is registered with this user id, or with this certificate; or NULL. */
const struct skm_pep *skm_pep_of_uid(const struct skm_pep_registry *registry, uint32_t uid);
const struct skm_pep *skm_pep_of_certificate(const struct skm_pep_registry *registry,
                                             const uint8_t sha256[32]);

/* True when it is registered with a user id or certificate: nothing else makes up for a missing one. */
bool skm_pep_is_bound(const struct skm_pep *pep);

bool skm_pep_allows(const struct skm_pep_allow *allow, skm_span name);

/* SKM_E_REFUSED when the request asserts what the PEP may not; *out_what names it, e.g. "context key `aal`" (arena). Attributes sent
 * about an entity that stands in two places of the request must be allowed in both. */
SKM_MUST skm_err skm_pep_check(struct skm_arena *arena, const struct skm_pep *pep,
                               const struct skm_decide_request *request, skm_span *out_what);
