#include "base/enc.h"

#include "base/arena.h"
#include "base/buf.h"

#define NO_DIGIT 0xffu

void skm_enc_hex(struct skm_buf *buf, skm_span bytes)
{
    static const char DIGITS[] = "0123456789abcdef";
    if (bytes.len > SIZE_MAX / 2) {
        buf->err = skm_is_ok(buf->err) ? SKM_ERR(SIZE) : buf->err;
        return;
    }
    char *out = skm_buf_reserve(buf, bytes.len * 2);
    if (out == NULL) {
        return;
    }
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned byte = (unsigned char)bytes.ptr[i];
        out[2 * i] = DIGITS[byte >> 4];
        out[2 * i + 1] = DIGITS[byte & 15];
    }
    skm_buf_commit(buf, bytes.len * 2);
}

static unsigned hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0');
    }
    if (c >= 'a' && c <= 'f') {
        return (unsigned)(c - 'a' + 10);
    }
    return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10) : NO_DIGIT;
}

skm_err skm_dec_hex(struct skm_arena *arena, skm_span text, skm_span *out_bytes)
{
    if (text.len % 2 != 0) {
        return SKM_ERR(SYNTAX);
    }
    char *bytes = skm_arena_alloc_text(arena, text.len / 2);
    if (bytes == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < text.len / 2; i++) {
        unsigned high = hex_digit(text.ptr[2 * i]);
        unsigned low = hex_digit(text.ptr[2 * i + 1]);
        if (high == NO_DIGIT || low == NO_DIGIT) {
            return SKM_ERR(SYNTAX);
        }
        bytes[i] = (char)(unsigned char)(high << 4 | low);
    }
    *out_bytes = (skm_span){bytes, text.len / 2};
    return SKM_OK;
}

/* RFC 4648 §5, table 2. */
static const char BASE64URL[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void skm_enc_base64url(struct skm_buf *buf, skm_span bytes)
{
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t group = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t bits = 0;
        for (size_t k = 0; k < 3; k++) {
            bits = bits << 8 | (k < group ? (unsigned char)bytes.ptr[i + k] : 0u);
        }
        char out[4];
        for (size_t k = 0; k < 4; k++) {
            out[k] = BASE64URL[bits >> (18 - 6 * k) & 63];
        }
        skm_buf_append(buf, (skm_span){out, group + 1});
    }
}

static unsigned base64url_digit(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (unsigned)(c - 'A');
    }
    if (c >= 'a' && c <= 'z') {
        return (unsigned)(c - 'a' + 26);
    }
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0' + 52);
    }
    return c == '-' ? 62 : c == '_' ? 63 : NO_DIGIT;
}

/* RFC 4648 §3.5: bits that are left over must be zero, or two texts would mean the same bytes. */
skm_err skm_dec_base64url(struct skm_arena *arena, skm_span text, skm_span *out_bytes)
{
    if (text.len % 4 == 1) {
        return SKM_ERR(SYNTAX);
    }
    size_t rest = text.len % 4;
    size_t len = text.len / 4 * 3 + (rest == 0 ? 0 : rest - 1);
    char *bytes = skm_arena_alloc_text(arena, len);
    if (bytes == NULL) {
        return SKM_ERR(MEMORY);
    }
    uint32_t bits = 0;
    unsigned held = 0;
    size_t at = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = base64url_digit(text.ptr[i]);
        if (digit == NO_DIGIT) {
            return SKM_ERR(SYNTAX);
        }
        bits = (bits << 6 | digit) & 0xffffu;
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes[at++] = (char)(unsigned char)(bits >> held);
        }
    }
    if ((bits & ((1u << held) - 1)) != 0) {
        return SKM_ERR(SYNTAX);
    }
    *out_bytes = (skm_span){bytes, len};
    return SKM_OK;
}
