/* HTTP/1.1 requests and responses as the endpoints see them (RFC 9110, RFC 9112).
 *
 * The server parses, bounds and frames; an endpoint is a function from request to response and does no I/O.
 * Memory: the request and everything in it is borrowed for the call; the response body is a buffer of the server's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

#include "base/arena.h"
#include "base/buf.h"

enum skm_http_method {
    SKM_HTTP_GET = 0,
    SKM_HTTP_HEAD,
    SKM_HTTP_POST,
    SKM_HTTP_PUT,
    SKM_HTTP_DELETE,
    SKM_HTTP_OPTIONS,
    SKM_HTTP_PATCH,
    SKM_HTTP_OTHER, /* any other token; see method_text */
};

struct skm_http_header {
    skm_span name;  /* as sent; compare without case */
    skm_span value; /* without surrounding blanks */
};

struct skm_http_peer {
    bool is_unix;     /* came over a Unix socket */
    bool is_loopback; /* from 127.0.0.0/8 or ::1 */
    bool is_tls;
    char address[48]; /* text form, empty for Unix sockets */
    uint16_t port;
    uint32_t uid;     /* Unix: peer credentials */
};

struct skm_http_request {
    enum skm_http_method method;
    skm_span method_text;
    skm_span target; /* as sent */
    skm_span path;   /* target up to `?`, as sent, not decoded */
    skm_span query;  /* behind `?`; empty when none */
    skm_span host;
    const struct skm_http_header *headers;
    size_t header_count;
    skm_span body;
    struct skm_http_peer peer;
    struct skm_arena *arena; /* the request's */
};

struct skm_http_response {
    uint16_t status;           /* 500 until set */
    skm_span content_type;     /* empty: none */
    struct skm_buf *body;
    struct skm_buf *headers;   /* further header lines, written with skm_http_add_header() only */
    bool close;                /* end the connection after this */
};

/* The value of the only header of this name (compared without case), or NULL when absent. More than one: *out_repeated (may be NULL) is
 * set and NULL is returned, since picking one of several is how smuggling starts. */
const skm_span *skm_http_header_find(const struct skm_http_request *request, skm_span name,
                                     bool *out_repeated);

/* Adds a response header. A value with control characters or over 8 KiB is refused (SKM_E_ENCODING, SKM_E_SIZE): never split. */
SKM_MUST skm_err skm_http_add_header(struct skm_http_response *response, skm_span name, skm_span value);

/* One endpoint. An error becomes 500. */
typedef skm_err (*skm_http_handler)(void *ctx, const struct skm_http_request *request,
                                    struct skm_http_response *response);

struct skm_http_route {
    skm_span path; /* exact */
    unsigned methods; /* 1u << enum skm_http_method; others: 405 with Allow */
    skm_http_handler handler;
    void *ctx;
};
