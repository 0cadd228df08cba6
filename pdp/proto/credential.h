/* Which registered enforcement point sent an HTTP request.
 *
 *   X-Sekimori-Key: KEY             the key of a PEP registered with that header; a wrong one fails, whatever Authorization says
 *   Authorization: Bearer KEY       the key of a PEP registered with Authorization; the bare key without a scheme is taken, too
 *                                   (AuthZEN interop runners send it so)
 *   neither                         the PEP the connection belongs to: over a Unix socket the one registered with the peer's user id,
 *                                   over TLS the one registered with the client's certificate; on a connection that belongs
 *                                   to nobody the anonymous PEP where the configuration allows one
 *
 * What is registered must all be right: a PEP with a key and a user id or certificate needs both, and a key on a
 * connection that belongs to another PEP fails.
 *
 * An Authorization header that holds no PEP's key fails, with one exception: when the PEP that needs no key is registered with
 * X-Sekimori-Key, Authorization is the end user's own business and is not looked at.
 *
 * A header that comes twice fails. Any thread. */
#pragma once

#include "decide/pep.h"
#include "proto/http.h"

/* NULL: none, the request is refused. */
const struct skm_pep *skm_credential_pep(const struct skm_pep_registry *registry,
                                         const struct skm_http_request *request);
