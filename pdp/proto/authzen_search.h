/* AuthZEN search: which subjects, resources or actions (AuthZEN 1.0 §8).
 *
 * Requests become Cedar requests as for an evaluation (authzen.h). Results are the candidates (state/candidates.h) for which an
 * evaluation of the same request, with the result in the place of what was searched for, is true. So:
 *
 *   - an id of the searched entity, and an action in an action search, are ignored
 *   - properties of the searched entity are laid over every candidate, as an evaluation would
 *   - a type nobody has, and a given subject or resource that is neither stored nor comes with properties: no results
 *   - a request that cannot be decided (authzen.h): no results
 *
 * What the PEP may not assert is 403, as for an evaluation: among it a type it may not name, also as the one searched for. An action
 * search leaves out actions the PEP may not ask about.
 *
 * A result is `{"type","id"}` or `{"name"}`, in order of id; one whose permit is tied to obligations carries them in
 * `context.obligations`, as the obligations profile has it, so that a PEP drops it when it cannot fulfil them.
 *
 * Pages (§8.2). An answer holds at most `page.limit` results; it may hold fewer and still not be the last, since the work of one request
 * is bounded: evaluations, time and bytes (skm_authzen_config). `page`, first in the answer, is there when the answer is partial or the request asked
 * for pages; `next_token` is empty at the end. A follow-up repeats the query; its `limit` may be left out. 400: the query, the
 * limit or the PEP is another, the token is not of this process, or policies or entities were loaded anew since: the
 * search must then begin again, so that pages never mix two states. `limit` 0 yields no results and looks at nothing.
 *
 * Searches are not told as decisions: nothing is granted until the PEP asks for a decision. Any thread, as long as the world source allows. */
#pragma once

#include "proto/authzen.h"

#define SKM_AUTHZEN_SEARCH_SUBJECT_PATH  SKM_SPAN("/access/v1/search/subject")
#define SKM_AUTHZEN_SEARCH_RESOURCE_PATH SKM_SPAN("/access/v1/search/resource")
#define SKM_AUTHZEN_SEARCH_ACTION_PATH   SKM_SPAN("/access/v1/search/action")

#define SKM_AUTHZEN_SEARCH_EVALUATIONS_DEFAULT 10000u

/* Handlers; `ctx` is a const struct skm_world_source. Register them for POST. */
SKM_MUST skm_err skm_authzen_search_subject(void *ctx, const struct skm_http_request *request,
                                            struct skm_http_response *response);
SKM_MUST skm_err skm_authzen_search_resource(void *ctx, const struct skm_http_request *request,
                                             struct skm_http_response *response);
SKM_MUST skm_err skm_authzen_search_action(void *ctx, const struct skm_http_request *request,
                                           struct skm_http_response *response);
