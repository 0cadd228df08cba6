/* The HTTP server: routes, framing, limits, counters.
 *
 * One server lives on one loop and may have many listeners. All requests of a connection that lie in its buffer
 * are answered with one write. Handlers run in the loop's thread and do not block.
 *
 * Every response carries Date, Content-Length, `X-Content-Type-Options: nosniff`, and `Cache-Control: no-store` unless the
 * endpoint set another. Requests that are refused before an endpoint sees them are answered with a JSON string that says why.
 *
 * Threads: the loop's thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

#include "base/diag.h"
#include "proto/http.h"
#include "server/http_reject.h"
#include "server/listener.h"

struct skm_http_server;
struct skm_loop;

/* A field of 0 means its default. */
struct skm_http_limits {
    uint32_t head_bytes;     /* request line and headers together; 16 KiB (431) */
    uint32_t target_bytes;   /* 8 KiB (414) */
    uint32_t headers;        /* 100, at most SKM_HTTP_HEADERS_MAX (431) */
    uint32_t body_bytes;     /* 1 MiB (413) */
    uint32_t response_bytes; /* body of one response; 16 MiB (500) */
    uint32_t arena_bytes;    /* memory of one request for its endpoint; 8 MiB */
    uint32_t connections;    /* open at once; 16384, never more than descriptors allow */
    uint32_t
        peer_connections; /* of one remote address (IPv6: one /64); 1024. Local peers count only towards the total. */
    uint64_t buffer_bytes; /* all connection buffers together; 256 MiB */
    uint32_t handshake_ms; /* TLS handshake; 10 s */
    uint32_t head_ms;      /* from a request's first byte to the end of its head; 10 s */
    uint32_t body_ms;      /* from there to the end of its body; 30 s */
    uint32_t idle_ms;      /* between requests; 75 s */
    uint32_t write_ms;     /* a peer takes nothing of what is to be sent; 30 s */
    uint32_t linger_ms;    /* after a refusal, for the peer to read it; 2 s */
};

#define SKM_HTTP_HEADERS_MAX 256

/* Called once for each response, after the endpoint or the refusal and before framing, e.g. to echo X-Request-ID. `request` is NULL
 * when the head could not be read; for a head refused half-way it holds the headers before the fault. */
typedef void (*skm_http_on_response)(void *ctx, const struct skm_http_request *request,
                                     struct skm_http_response *response);

struct skm_http_server_options {
    const struct skm_http_route *routes; /* borrowed for the server's life */
    size_t route_count;
    skm_http_on_response on_response; /* may be NULL */
    void *on_response_ctx;
    struct skm_http_limits limits;
};

struct skm_http_counters {
    uint64_t responses[6]; /* by status class: [2] is 2xx */
    uint64_t rejected[SKM_HTTP_REJECT_COUNT];
    uint64_t connections_accepted;
    uint64_t connections_closed;
    uint64_t connections_evicted; /* idle ones ended to make room */
    uint64_t connections_open;    /* now */
    uint64_t connections_idle;    /* now, between requests */
    uint64_t tls_handshakes;      /* completed */
    uint64_t bytes_in;            /* on the wire */
    uint64_t bytes_out;
    uint64_t buffer_bytes;     /* held by connections now */
    uint64_t accept_exhausted; /* descriptors ran out */
};

SKM_MUST skm_err skm_http_server_new(struct skm_loop *loop,
                                     const struct skm_http_server_options *options,
                                     struct skm_http_server **out_server);

/* Ends every connection at once. Free the server before its loop. NULL is accepted. */
void skm_http_server_free(struct skm_http_server *server);

/* Binds and serves. *out_listener (may be NULL) is borrowed and lives as long as the server. */
SKM_MUST skm_err skm_http_server_listen(struct skm_http_server *server,
                                        const struct skm_listener_options *options,
                                        struct skm_diags *diags,
                                        struct skm_listener **out_listener);

/* Serves a descriptor bound elsewhere; it becomes the server's. */
SKM_MUST skm_err skm_http_server_listen_fd(struct skm_http_server *server, int fd,
                                           const struct skm_listener_options *options,
                                           struct skm_diags *diags,
                                           struct skm_listener **out_listener);

/* A copy of the counters. */
void skm_http_server_counters(const struct skm_http_server *server,
                              struct skm_http_counters *out_counters);

/* Adds the figures of one server to a sum over several. */
void skm_http_counters_add(struct skm_http_counters *sum, const struct skm_http_counters *one);
