/* AuthZEN Authorization API 1.0: evaluation, evaluations, metadata (sections 5 to 11 of the final text; search: authzen_search.h).
 *
 * How a request becomes a Cedar request:
 *
 *   subject.type, resource.type   through the configured map of types; a type that is not in the map is taken as it is when it is a Cedar
 *                                 name (`user` and `User` both are), else the answer is false
 *   subject.id, resource.id       the entity id, verbatim
 *   action.name                   <action_type>::"name"; the type is `Action` unless configured
 *   *.properties                  attributes laid over the stored ones, also on the action: policies see `action.soft`
 *   context                       the context record
 *
 * Subjects and resources need not be in the store. With a schema, members are read as the declared types (an `ip` may come as
 * a string). A null member counts as absent. Numbers: integers, or up to four decimals; others make the request one that cannot be
 * decided: false.
 *
 * Errors (§10): 400, 401, 403, 500, each with a JSON string as body. A bad item inside a good batch is `false` at its place with
 * `context.error.{status,message}`. What a PEP may not assert (pep.h) is 403, in a batch at the item. Items that the batch's time
 * does not suffice for are 503 there.
 *
 * Answers are bare, `{"decision":...}`, unless the PEP's registration says otherwise; then `context` has `kind`,
 * `reason_admin` and `reason_user` (`{"403":"text"}`), `policies`, `reasons` (per policy), `clauses`, `remedies`, `obligations` (`{id,type,properties}` as the
 * obligations profile has them), `errors`, `policy_digest`, `revision`: nothing that differs between repetitions.
 *
 * Threads: any, as long as the world source allows. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

#include "base/clock.h"
#include "proto/http.h"
#include "proto/world.h"

#define SKM_AUTHZEN_EVALUATION_PATH  SKM_SPAN("/access/v1/evaluation")
#define SKM_AUTHZEN_EVALUATIONS_PATH SKM_SPAN("/access/v1/evaluations")
#define SKM_AUTHZEN_METADATA_PATH    SKM_SPAN("/.well-known/authzen-configuration")

#define SKM_AUTHZEN_EVALUATIONS_DEFAULT 1000u

struct skm_authzen_type {
    skm_span name;  /* as the PEP writes it */
    skm_span cedar; /* Cedar type */
};

struct skm_authzen_config {
    const struct skm_authzen_type *types;
    size_t type_count;
    skm_span action_type;          /* empty: `Action` */
    size_t max_evaluations;        /* items of one batch; 0: the default */
    int64_t batch_time_ms;         /* what a batch does not reach within this is denied; 0: not bounded */
    size_t max_search_evaluations; /* candidates one search request looks at; 0: the default */
    int64_t search_time_ms;        /* time one search request may take; 0: not bounded */
    const struct skm_clock *clock; /* that measures these times; NULL: not bounded */
    skm_span
        identifier; /* of this PDP, checked by skm_authzen_check_identifier(); empty: no metadata */
};

/* Handlers; `ctx` is a const struct skm_world_source. Register the first two for POST, the third for GET and HEAD. */
SKM_MUST skm_err skm_authzen_evaluation(void *ctx, const struct skm_http_request *request,
                                        struct skm_http_response *response);
SKM_MUST skm_err skm_authzen_evaluations(void *ctx, const struct skm_http_request *request,
                                         struct skm_http_response *response);
SKM_MUST skm_err skm_authzen_metadata(void *ctx, const struct skm_http_request *request,
                                      struct skm_http_response *response);

/* An https URL with host, without query, fragment, user or final slash (§9.1); SKM_E_SYNTAX otherwise. */
SKM_MUST skm_err skm_authzen_check_identifier(skm_span identifier);

/* Paths below an identifier with a path: `https://h/t1` gives `/t1/access/v1/evaluation` and
 * `/.well-known/authzen-configuration/t1` (§9.2). Serve these; without a path they are the defaults. SKM_E_MEMORY. */
struct skm_authzen_paths {
    skm_span evaluation;
    skm_span evaluations;
    skm_span search_subject;
    skm_span search_resource;
    skm_span search_action;
    skm_span metadata;
};
SKM_MUST skm_err skm_authzen_paths(struct skm_arena *arena, skm_span identifier,
                                   struct skm_authzen_paths *out_paths);
