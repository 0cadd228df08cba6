/* What the parts of the JSON reader share: json.c (structure), json_scan.c (strings, numbers, literals), json_names.c
 * (member names). Nobody else includes it.
 *
 * Scan functions find at `offset` the first byte of what they read, check all of it and leave `offset` behind it. They
 * know nothing of commas and levels. The common cases are inline and pass nothing through memory: this reader is on
 * the way of every AuthZEN request. */
#pragma once

#include <string.h>

#include "base/attr.h"
#include "base/json.h"

/* An open array or object. */
struct skm_json_level {
    uint32_t keys_base; /* objects: index of its first name in `keys` */
    uint32_t count;     /* items or members so far */
    uint32_t marks;     /* objects: of each name so far, the bit its length and ends lead to */
    bool is_object;
    bool is_hashed; /* its names are in `slots` */
};

/* A member name that was seen. */
struct skm_json_key {
    const char *ptr;
    uint32_t len;
    uint32_t hash; /* set when the object is hashed */
};

/* The byte at `offset`, or -1 at the end. */
static inline int skm_json_byte_at(const struct skm_json *json, size_t offset)
{
    return offset < json->text.len ? (unsigned char)json->text.ptr[offset] : -1;
}

/* RFC 8259 §2: ws. Yields the byte that follows, or -1. */
static inline int skm_json_skip_space(struct skm_json *json)
{
    size_t at = json->offset;
    int byte = skm_json_byte_at(json, at);
    if (SKM_LIKELY(byte > ' ')) {
        return byte;
    }
    while (byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t') {
        byte = skm_json_byte_at(json, ++at);
    }
    json->offset = at;
    return byte;
}

#define SKM_JSON_ONES_  UINT64_C(0x0101010101010101)
#define SKM_JSON_HIGHS_ UINT64_C(0x8080808080808080)

/* High bit of each byte that needs a look: control, quote, backslash, not ASCII. Bytes above the first such may be
 * marked wrongly (borrow), which is harmless: only the first one counts. */
static inline uint64_t skm_json_special_(uint64_t word)
{
    uint64_t control = word - SKM_JSON_ONES_ * 0x20;
    uint64_t quote = (word ^ (SKM_JSON_ONES_ * '"')) - SKM_JSON_ONES_;
    uint64_t backslash = (word ^ (SKM_JSON_ONES_ * '\\')) - SKM_JSON_ONES_;
    return (control | quote | backslash | word) & SKM_JSON_HIGHS_;
}

/* Offset of the first byte from `at` on that is not plain ASCII text; the end when there is none. */
static inline size_t skm_json_skip_plain(skm_span text, size_t at)
{
    while (text.len - at >= 8) {
        uint64_t word = 0;
        memcpy(&word, text.ptr + at, 8);
        uint64_t special = skm_json_special_(word);
        if (special != 0) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            return at + (size_t)__builtin_ctzll(special) / 8;
#else
            break;
#endif
        }
        at += 8;
    }
    for (; at < text.len; at++) {
        unsigned char byte = (unsigned char)text.ptr[at];
        if (byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\') {
            break;
        }
    }
    return at;
}

/* A string; its opening quote is at `offset`. `out_text` NULL: it is only checked. */
SKM_MUST skm_err skm_json_scan_string(struct skm_json *json, skm_span *out_text);

/* The same for a string of plain ASCII; with any other nothing is read and the pointer is NULL. By value, since a span
 * that goes through memory here costs more than reading the string. */
static inline skm_span skm_json_scan_plain(struct skm_json *json)
{
    size_t start = json->offset + 1;
    size_t end = skm_json_skip_plain(json->text, start);
    if (SKM_UNLIKELY(skm_json_byte_at(json, end) != '"')) {
        return (skm_span){NULL, 0};
    }
    json->offset = end + 1;
    return (skm_span){json->text.ptr + start, end - start};
}

SKM_MUST skm_err skm_json_scan_number(struct skm_json *json, skm_span *out_text, bool *out_integer);
SKM_MUST skm_err skm_json_scan_literal(struct skm_json *json, skm_span literal);

/* Takes the name of a member of the innermost object in. RFC 7493 §2.3: no duplicates. */
SKM_MUST skm_err skm_json_note_name(struct skm_json *json, struct skm_json_level *level,
                                    skm_span name, size_t name_offset);

/* Forgets the names of the innermost object, which is closed. */
void skm_json_forget_names(struct skm_json *json, const struct skm_json_level *level);
