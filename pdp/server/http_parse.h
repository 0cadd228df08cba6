/* The head of an HTTP/1.x request, read strictly (RFC 9112 §2 to §6).
 *
 * A pure function of the bytes at hand: the head is complete, or needs more, or is refused, and giving the bytes in
 * pieces changes nothing about the outcome. Nothing is repaired: whatever two programs might read differently is
 * refused, since that difference is what request smuggling lives on.
 *
 * Refused where RFC 9112 leaves a choice: bare LF and CR, folded lines (§5.2), blanks before the colon (§5.1), any
 * Transfer-Encoding but a single `chunked` and any beside Content-Length (§6.1, §6.3), repeated or listed Content-Length
 * also when equal (§6.3), leading zeros in it, repeated Host, a Host that differs from an absolute target (§3.2).
 * Header values may hold bytes above 0x7f (obs-text); an endpoint that reads one as text checks its encoding.
 *
 * Any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sekimori/types.h>

#include "proto/http.h"
#include "server/http_reject.h"

enum skm_http_parse_result {
    SKM_HTTP_PARSE_MORE = 0, /* not complete yet */
    SKM_HTTP_PARSE_DONE,
    SKM_HTTP_PARSE_REFUSED,
};

enum skm_http_framing {
    SKM_HTTP_FRAMING_NONE = 0, /* no body */
    SKM_HTTP_FRAMING_LENGTH,
    SKM_HTTP_FRAMING_CHUNKED,
};

struct skm_http_parse_limits {
    size_t head_bytes;
    size_t target_bytes;
    size_t headers;
};

/* Why something was refused. */
struct skm_http_fault {
    uint16_t status;
    enum skm_http_reject reason;
    const char *text; /* for the answer; static storage */
};

struct skm_http_head {
    /* Method to headers are set; on refusal those before the fault. Spans point into the bytes given. */
    struct skm_http_request request;
    size_t
        bytes; /* of the head with its empty line, and the empty line before it if there was one */
    enum skm_http_framing framing;
    uint64_t content_length;
    bool is_http_10;
    bool keep_alive; /* the peer's wish (RFC 9112 §9.3) */
    bool expects_continue;
    struct skm_http_fault fault; /* when refused */
};

/* `headers` has room for limits->headers entries; head->request.headers points to it afterwards. */
enum skm_http_parse_result skm_http_parse_head(skm_span bytes,
                                               const struct skm_http_parse_limits *limits,
                                               struct skm_http_header *headers,
                                               struct skm_http_head *out_head);

/* For other readers of the same grammar (RFC 9110 §5.6.2, §5.5). */
bool skm_http_is_token_byte(unsigned char byte);
bool skm_http_is_value_byte(unsigned char byte);
