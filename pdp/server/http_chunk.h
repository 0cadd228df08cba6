/* The chunked transfer coding (RFC 9112 §7.1), read strictly and in place.
 *
 *     chunked-body = *( 1*HEXDIG [ chunk-ext ] CRLF data CRLF ) "0" [ chunk-ext ] CRLF *( field-line CRLF ) CRLF
 *
 * Extensions and trailers are checked, bounded and thrown away. The decoder keeps its place between calls: bytes may
 * come in any pieces. Decoded data overwrites what was read, so no second buffer is needed.
 *
 * One thread at a time. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "server/http_parse.h"

enum skm_http_chunk_state {
    SKM_HTTP_CHUNK_SIZE_FIRST = 0, /* before the first digit of a size */
    SKM_HTTP_CHUNK_SIZE,
    SKM_HTTP_CHUNK_EXTENSION,
    SKM_HTTP_CHUNK_SIZE_LF, /* after the CR of a size line */
    SKM_HTTP_CHUNK_DATA,
    SKM_HTTP_CHUNK_DATA_CR,
    SKM_HTTP_CHUNK_DATA_LF,
    SKM_HTTP_CHUNK_TRAILER_START,
    SKM_HTTP_CHUNK_TRAILER_NAME,
    SKM_HTTP_CHUNK_TRAILER_VALUE,
    SKM_HTTP_CHUNK_TRAILER_LF,
    SKM_HTTP_CHUNK_END_LF,
    SKM_HTTP_CHUNK_DONE,
};

struct skm_http_chunk {
    enum skm_http_chunk_state state;
    uint32_t digits;      /* of the size being read */
    uint32_t extra_bytes; /* extensions and trailers so far */
    uint64_t remaining;   /* of the chunk being read */
    uint64_t body_bytes;  /* decoded so far */
    uint64_t body_max;    /* 413 past this */
};

void skm_http_chunk_init(struct skm_http_chunk *chunk, uint64_t body_max);

/* Reads bytes[from, len) and writes the decoded data from bytes[to] on (to <= from); *out_read and *out_written say how many of each.
 * DONE: the message ended, the bytes behind *out_read belong to the next one. MORE: all were read. REFUSED: *out_fault says why. */
enum skm_http_parse_result skm_http_chunk_feed(struct skm_http_chunk *chunk, char *bytes,
                                               size_t len, size_t from, size_t to, size_t *out_read,
                                               size_t *out_written,
                                               struct skm_http_fault *out_fault);
