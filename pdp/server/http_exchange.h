/* Requests and their answers on the connections of one server. For http_server.c.
 *
 * Threads: the loop's thread. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "server/conn.h"
#include "server/http_chunk.h"
#include "server/http_parse.h"
#include "server/http_response.h"
#include "server/http_server.h"

struct skm_http_exchange {
    struct skm_conn_set conns;
    struct skm_http_server_options options;
    struct skm_http_limits limits; /* complete */
    struct skm_http_parse_limits parse_limits;
    struct skm_http_common common;
    uint64_t responses[6];
    uint64_t rejected[SKM_HTTP_REJECT_COUNT];
    int64_t logged_wall_s; /* second of the last line about a failed endpoint */
    /* Of the request being served; one at a time. */
    struct skm_http_head head;
    struct skm_http_header headers[SKM_HTTP_HEADERS_MAX];
    struct skm_arena arena;
    struct skm_buf response_body;
    struct skm_buf response_headers;
};

/* `limits` without zeros. SKM_E_MEMORY. */
SKM_MUST skm_err skm_http_exchange_init(struct skm_http_exchange *exchange, struct skm_loop *loop,
                                        const struct skm_http_server_options *options,
                                        const struct skm_http_limits *limits);
void skm_http_exchange_fini(struct skm_http_exchange *exchange);
