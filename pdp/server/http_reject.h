/* Why the HTTP server turned a connection or a request away, as counted for /metrics. */
#pragma once

/* X(NAME, metric label) */
#define SKM_HTTP_REJECT_TABLE(X)                                                                   \
    X(SYNTAX, "syntax")           /* 400: not HTTP/1.x as RFC 9112 has it */                       \
    X(FRAMING, "framing")         /* 400: length of the body unclear (smuggling forms) */          \
    X(HOST, "host")               /* 400: Host absent, repeated, malformed */                      \
    X(VERSION, "version")         /* 505 */                                                        \
    X(EXPECTATION, "expectation") /* 417 */                                                        \
    X(TARGET_SIZE, "target_size") /* 414 */                                                        \
    X(HEAD_SIZE, "head_size")     /* 431 */                                                        \
    X(BODY_SIZE, "body_size")     /* 413 */                                                        \
    X(NO_ROUTE, "no_route")       /* 404 */                                                        \
    X(METHOD, "method")           /* 405, 501 */                                                   \
    X(TIMEOUT_HANDSHAKE, "timeout_handshake")                                                      \
    X(TIMEOUT_HEAD, "timeout_head") /* 408 */                                                      \
    X(TIMEOUT_BODY, "timeout_body") /* 408 */                                                      \
    X(TIMEOUT_WRITE, "timeout_write")                                                              \
    X(TRUNCATED, "truncated")               /* the peer ended within a request */                  \
    X(CONNECTIONS, "connections")           /* 503: total reached */                               \
    X(PEER_CONNECTIONS, "peer_connections") /* 503: of one address */                              \
    X(MEMORY, "memory")                     /* 503: buffer_bytes reached, or the heap */           \
    X(TLS, "tls")                           /* handshake or record refused */

enum skm_http_reject {
#define SKM_HTTP_REJECT_ENUM_(name, label) SKM_HTTP_REJECT_##name,
    SKM_HTTP_REJECT_TABLE(SKM_HTTP_REJECT_ENUM_)
#undef SKM_HTTP_REJECT_ENUM_
        SKM_HTTP_REJECT_COUNT,
};

/* Label of a reason, e.g. "head_size". Static storage. Any thread. */
const char *skm_http_reject_label(enum skm_http_reject reason);
