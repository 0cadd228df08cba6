/* forward-auth: a proxy asks, before it serves a request, whether it may (nginx auth_request, Traefik ForwardAuth, Caddy
 * forward_auth).
 *
 * Who asks. The proxy shows its key, in the header its registration names (pep.h). An end user's Authorization header, passed on by the proxy,
 * does not count: either the proxy replaces that header with its own, or it is registered with X-Sekimori-Key and must set that
 * header itself on every request (a client's own value is then replaced). A proxy that cannot prove itself gets 403, not 401: the end
 * user could not help it.
 *
 * What is asked. Method, host and path come from the headers of the registration's set; each header the set names must be there exactly
 * once. Everything else of this kind is ignored. The subject comes from `subject_header`, which the proxy must set on every request, so that
 * a client cannot; absent or empty means that nobody is logged in. Host and path are
 * normalised (uri.h) and looked up in the resource map, the client's address in the zones.
 *
 *   principal   <subject_type>::"<subject>"
 *   action      of the resource map, by method
 *   resource    of the resource map, with its labels laid over
 *   context     method: String, host: String, path: String (normalised), and where known
 *               scheme: String, query: String, source_ip: ipaddr, zone: String, area: String
 *
 * `source_ip` is the IPv4 address where a proxy reports an IPv4-mapped IPv6 one. `zone` and `area` are absent where no network of the zone
 * table covers the address. With a schema, keys the action does not declare are left out.
 *
 * The registration's lists of principal types, actions and resource types hold here, too; those of attributes and context keys do not,
 * since labels and context are the PDP's own words.
 *
 * The answer, in header fields a proxy can copy and a small JSON body:
 *
 *   200   X-Sekimori-Decision: permit; X-Sekimori-User: the subject; X-Sekimori-Obligations: tokens, comma-separated
 *   401   nobody is logged in, or every remedy is a matter of authenticating (reauthenticate, step_up_mfa): WWW-Authenticate, for
 *         step-up with `error="insufficient_user_authentication"` (RFC 9470 §3)
 *   403   everything else
 *   both  X-Sekimori-Decision: deny; X-Sekimori-Reason: one of the words below; X-Sekimori-Remedies: tokens
 *
 * X-Sekimori-Reason: no_subject, not_permitted, forbidden, error, ambiguous_path, bad_path, unknown_resource, unknown_method, bad_request,
 * refused (the registration does not allow it), unknown_pep, unavailable.
 *
 * Any method is answered: nginx and Traefik ask with GET, others repeat the original one. */
#pragma once

#include <sekimori/error.h>

#include "proto/http.h"
#include "proto/world.h"

#define SKM_FORWARD_AUTH_PATH SKM_SPAN("/forward-auth")

/* Handler; `ctx` is a const struct skm_world_source. Register it for all methods. */
SKM_MUST skm_err skm_forward_auth(void *ctx, const struct skm_http_request *request,
                                  struct skm_http_response *response);
