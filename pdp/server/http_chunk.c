#include "server/http_chunk.h"

#include <string.h>

/* 32-bit sizes are beyond any body limit; more digits are only there to confuse. */
#define DIGITS_MAX 8
/* Extensions and trailers of one message together. */
#define EXTRA_BYTES_MAX 4096

void skm_http_chunk_init(struct skm_http_chunk *chunk, uint64_t body_max)
{
    *chunk = (struct skm_http_chunk){.body_max = body_max};
}

static const struct skm_http_fault MALFORMED = {400, SKM_HTTP_REJECT_FRAMING,
                                                "malformed chunked body"};
static const struct skm_http_fault TOO_LARGE = {413, SKM_HTTP_REJECT_BODY_SIZE,
                                                "request body too large"};
static const struct skm_http_fault EXTRA_TOO_LARGE = {400, SKM_HTTP_REJECT_FRAMING,
                                                      "chunk extensions or trailers too large"};

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    char lower = (char)(byte | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* What one byte outside of data does; NULL: accepted. */
typedef const struct skm_http_fault *verdict;

static verdict expect(struct skm_http_chunk *chunk, char byte, char wanted,
                      enum skm_http_chunk_state next)
{
    if (byte != wanted) {
        return &MALFORMED;
    }
    chunk->state = next;
    return NULL;
}

static verdict charge_extra(struct skm_http_chunk *chunk)
{
    return ++chunk->extra_bytes > EXTRA_BYTES_MAX ? &EXTRA_TOO_LARGE : NULL;
}

static verdict on_size(struct skm_http_chunk *chunk, char byte)
{
    int digit = hex_digit(byte);
    if (digit >= 0) {
        if (++chunk->digits > DIGITS_MAX) {
            return &MALFORMED;
        }
        chunk->remaining = chunk->remaining << 4 | (unsigned)digit;
        chunk->state = SKM_HTTP_CHUNK_SIZE;
        return NULL;
    }
    if (chunk->state == SKM_HTTP_CHUNK_SIZE_FIRST) {
        return &MALFORMED;
    }
    if (byte == ';') {
        chunk->state = SKM_HTTP_CHUNK_EXTENSION;
        return charge_extra(chunk);
    }
    return expect(chunk, byte, '\r', SKM_HTTP_CHUNK_SIZE_LF);
}

static verdict on_extension(struct skm_http_chunk *chunk, char byte)
{
    if (byte == '\r') {
        chunk->state = SKM_HTTP_CHUNK_SIZE_LF;
        return NULL;
    }
    return skm_http_is_value_byte((unsigned char)byte) ? charge_extra(chunk) : &MALFORMED;
}

static verdict on_size_end(struct skm_http_chunk *chunk, char byte)
{
    if (byte != '\n') {
        return &MALFORMED;
    }
    if (chunk->remaining > chunk->body_max - chunk->body_bytes) {
        return &TOO_LARGE;
    }
    chunk->digits = 0;
    chunk->state = chunk->remaining == 0 ? SKM_HTTP_CHUNK_TRAILER_START : SKM_HTTP_CHUNK_DATA;
    return NULL;
}

static verdict on_trailer_start(struct skm_http_chunk *chunk, char byte)
{
    if (byte == '\r') {
        chunk->state = SKM_HTTP_CHUNK_END_LF;
        return NULL;
    }
    chunk->state = SKM_HTTP_CHUNK_TRAILER_NAME;
    return skm_http_is_token_byte((unsigned char)byte) ? charge_extra(chunk) : &MALFORMED;
}

static verdict on_trailer_name(struct skm_http_chunk *chunk, char byte)
{
    if (byte == ':') {
        chunk->state = SKM_HTTP_CHUNK_TRAILER_VALUE;
        return charge_extra(chunk);
    }
    return skm_http_is_token_byte((unsigned char)byte) ? charge_extra(chunk) : &MALFORMED;
}

static verdict on_trailer_value(struct skm_http_chunk *chunk, char byte)
{
    if (byte == '\r') {
        chunk->state = SKM_HTTP_CHUNK_TRAILER_LF;
        return NULL;
    }
    return skm_http_is_value_byte((unsigned char)byte) ? charge_extra(chunk) : &MALFORMED;
}

static verdict on_byte(struct skm_http_chunk *chunk, char byte)
{
    switch (chunk->state) {
    case SKM_HTTP_CHUNK_SIZE_FIRST:
    case SKM_HTTP_CHUNK_SIZE:
        return on_size(chunk, byte);
    case SKM_HTTP_CHUNK_EXTENSION:
        return on_extension(chunk, byte);
    case SKM_HTTP_CHUNK_SIZE_LF:
        return on_size_end(chunk, byte);
    case SKM_HTTP_CHUNK_DATA_CR:
        return expect(chunk, byte, '\r', SKM_HTTP_CHUNK_DATA_LF);
    case SKM_HTTP_CHUNK_DATA_LF:
        return expect(chunk, byte, '\n', SKM_HTTP_CHUNK_SIZE_FIRST);
    case SKM_HTTP_CHUNK_TRAILER_START:
        return on_trailer_start(chunk, byte);
    case SKM_HTTP_CHUNK_TRAILER_NAME:
        return on_trailer_name(chunk, byte);
    case SKM_HTTP_CHUNK_TRAILER_VALUE:
        return on_trailer_value(chunk, byte);
    case SKM_HTTP_CHUNK_TRAILER_LF:
        return expect(chunk, byte, '\n', SKM_HTTP_CHUNK_TRAILER_START);
    case SKM_HTTP_CHUNK_END_LF:
        return expect(chunk, byte, '\n', SKM_HTTP_CHUNK_DONE);
    case SKM_HTTP_CHUNK_DATA:
    case SKM_HTTP_CHUNK_DONE:
        return &MALFORMED;
    }
    return &MALFORMED;
}

/* As much of the chunk's data as is at hand. */
static size_t move_data(struct skm_http_chunk *chunk, char *to, const char *from, size_t available)
{
    size_t count = available < chunk->remaining ? available : (size_t)chunk->remaining;
    memmove(to, from, count);
    chunk->remaining -= count;
    chunk->body_bytes += count;
    if (chunk->remaining == 0) {
        chunk->state = SKM_HTTP_CHUNK_DATA_CR;
    }
    return count;
}

enum skm_http_parse_result skm_http_chunk_feed(struct skm_http_chunk *chunk, char *bytes,
                                               size_t len, size_t from, size_t to, size_t *out_read,
                                               size_t *out_written,
                                               struct skm_http_fault *out_fault)
{
    size_t read = from;
    size_t written = to;
    while (read < len && chunk->state != SKM_HTTP_CHUNK_DONE) {
        if (chunk->state == SKM_HTTP_CHUNK_DATA) {
            size_t count = move_data(chunk, bytes + written, bytes + read, len - read);
            read += count;
            written += count;
            continue;
        }
        verdict fault = on_byte(chunk, bytes[read]);
        if (fault != NULL) {
            *out_fault = *fault;
            return SKM_HTTP_PARSE_REFUSED;
        }
        read++;
    }
    *out_read = read - from;
    *out_written = written - to;
    return chunk->state == SKM_HTTP_CHUNK_DONE ? SKM_HTTP_PARSE_DONE : SKM_HTTP_PARSE_MORE;
}
