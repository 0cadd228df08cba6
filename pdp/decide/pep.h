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

struct skm_pep {
    skm_span name;
    uint8_t key_sha256[32]; /* of the bearer key; the key itself is not kept */
    bool has_key;
    struct skm_pep_allow principal_types; /* Cedar types it may name as principal */
    struct skm_pep_allow actions;         /* action ids */
    struct skm_pep_allow resource_types;
    struct skm_pep_allow principal_attrs; /* attributes it may send over the stored ones */
    struct skm_pep_allow resource_attrs;
    struct skm_pep_allow context_keys;
    bool explain;  /* answers to it carry reasons */
    /* forward-auth */
    bool forward_auth;
    skm_span subject_header; /* header in which the proxy names the authenticated subject, lower case; empty: none */
    skm_span subject_type;   /* Cedar type of that subject */
};

struct skm_pep_registry {
    const struct skm_pep *peps;
    size_t count;
    bool allow_anonymous; /* requests without credentials act as `anonymous` */
    const struct skm_pep *anonymous;
};

/* The PEP that holds this bearer key, or NULL. Every registered key is compared, each in constant time. */
const struct skm_pep *skm_pep_authenticate(const struct skm_pep_registry *registry, skm_span bearer_key);

/* SKM_E_REFUSED when the request asserts what the PEP may not; *out_what names it, e.g. "context key `aal`" (arena). */
SKM_MUST skm_err skm_pep_check(struct skm_arena *arena, const struct skm_pep *pep,
                               const struct skm_decide_request *request, skm_span *out_what);
