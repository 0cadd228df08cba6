/* Page tokens of a search: where the next page begins, bound to the question that was asked.
 *
 *   token = base64url( position, limit, revision: 8 bytes each, most significant first ; HMAC-SHA256 over them and the query )
 *
 * The key is drawn once per process: a token of another process, or of this one before it was started anew, is none. It says
 * nothing about entities but how many were looked at. A token is no credential: the query that comes with it is checked and decided as
 * any other.
 *
 * Any thread. */
#pragma once

#include <stdint.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

#include "base/arena.h"
#include "crypto/sha256.h"
#include "decide/pep.h"
#include "decide/search.h"

#define SKM_AUTHZEN_NO_LIMIT UINT64_MAX

struct skm_authzen_cursor {
    uint64_t position;
    uint64_t limit;    /* SKM_AUTHZEN_NO_LIMIT: none was given */
    uint64_t revision; /* of the snapshot */
};

/* What was asked, and by whom: everything that may change the results. The order of members and the form of the JSON do not count, nor does the id of
 * what is searched for. SKM_E_MEMORY, SKM_E_SIZE, SKM_E_CRYPTO. */
SKM_MUST skm_err skm_authzen_query_digest(const struct skm_pep *pep, enum skm_search_target target,
                                          const struct skm_decide_request *request,
                                          uint8_t out_query[SKM_SHA256_BYTES]);

/* SKM_E_MEMORY, SKM_E_CRYPTO, SKM_E_IO when there is no randomness for the key. */
SKM_MUST skm_err skm_authzen_token_write(struct skm_arena *arena,
                                         const uint8_t query[SKM_SHA256_BYTES],
                                         const struct skm_authzen_cursor *cursor,
                                         skm_span *out_token);

/* SKM_E_REFUSED: this process gave no such token for this query. The others as above. */
SKM_MUST skm_err skm_authzen_token_read(struct skm_arena *arena,
                                        const uint8_t query[SKM_SHA256_BYTES], skm_span token,
                                        struct skm_authzen_cursor *out_cursor);
