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
#include "proto/peer.h"

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
    struct skm_peer peer;
    int64_t wall_ms;         /* when it was read; one reading of the clock per batch */
    struct skm_arena *arena; /* the request's */
};

struct skm_http_response {
    uint16_t status;        /* 500 until set */
    bool close;             /* end the connection after this */
    bool has_cache_control; /* set by skm_http_add_header(); else `no-store` is sent */
    skm_span content_type;  /* empty: none */
    struct skm_buf *body;
    struct skm_buf *headers; /* further header lines, written with skm_http_add_header() only */
};

/* The value of the only header of this name (compared without case), or NULL when absent. More than one: *out_repeated (may be NULL) is
 * set and NULL is returned, since picking one of several is how smuggling starts. */
const skm_span *skm_http_header_find(const struct skm_http_request *request, skm_span name,
                                     bool *out_repeated);

/* Adds a response header. A value with control characters or over 8 KiB is refused (SKM_E_ENCODING, SKM_E_SIZE): never split. A
 * name that is not a token, or that the server itself writes (Content-Length, Transfer-Encoding, Connection, Date): SKM_E_INVALID. */
SKM_MUST skm_err skm_http_add_header(struct skm_http_response *response, skm_span name,
                                     skm_span value);

/* Makes the response an error for machines: status, `application/json`, body a JSON string. Drops a body written so far. */
void skm_http_respond_error(struct skm_http_response *response, uint16_t status, skm_span message);

/* "Not Found" for 404; "Unknown" for a status outside the table. Static storage. */
const char *skm_http_status_text(uint16_t status);

/* Compares without regard to ASCII case: header names, tokens. */
bool skm_http_equal_nocase(skm_span a, skm_span b);

/* One endpoint. An error becomes 500. */
typedef skm_err (*skm_http_handler)(void *ctx, const struct skm_http_request *request,
                                    struct skm_http_response *response);

struct skm_http_route {
    skm_span path;    /* exact */
    unsigned methods; /* 1u << enum skm_http_method; others: 405 with Allow */
    skm_http_handler handler;
    void *ctx;
};
