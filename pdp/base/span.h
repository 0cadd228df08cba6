/* Operations on borrowed bytes. All are bounded by the span's own length. Any thread. */
#pragma once

#include <stdbool.h>
#include <string.h>

#include <sekimori/types.h>

static inline skm_span skm_span_of(const char *ptr, size_t len)
{
    return (skm_span){ptr, len};
}

/* From a NUL-terminated string of ours (never from outside). */
static inline skm_span skm_span_cstr(const char *text)
{
    return (skm_span){text, text == NULL ? 0 : strlen(text)};
}

static inline bool skm_span_equal(skm_span a, skm_span b)
{
    /* The first byte tells most names of one length apart and saves the call. */
    return a.len == b.len &&
           (a.len == 0 || (a.ptr[0] == b.ptr[0] && memcmp(a.ptr, b.ptr, a.len) == 0));
}

/* Bytewise order, shorter first on a common prefix: for UTF-8 this is the order of scalar values. */
static inline int skm_span_compare(skm_span a, skm_span b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    if (common != 0 && a.ptr[0] != b.ptr[0]) {
        return (unsigned char)a.ptr[0] < (unsigned char)b.ptr[0] ? -1 : 1;
    }
    int order = common == 0 ? 0 : memcmp(a.ptr, b.ptr, common);
    if (order != 0) {
        return order;
    }
    return (a.len > b.len) - (a.len < b.len);
}

static inline bool skm_span_starts(skm_span text, skm_span prefix)
{
    return text.len >= prefix.len && skm_span_equal((skm_span){text.ptr, prefix.len}, prefix);
}

static inline bool skm_span_ends(skm_span text, skm_span suffix)
{
    return text.len >= suffix.len &&
           skm_span_equal((skm_span){text.ptr + (text.len - suffix.len), suffix.len}, suffix);
}

/* The part from `from` on; empty when `from` is past the end. */
static inline skm_span skm_span_from(skm_span text, size_t from)
{
    return from >= text.len ? (skm_span){NULL, 0} : (skm_span){text.ptr + from, text.len - from};
}

/* At most `len` bytes from `from` on. */
static inline skm_span skm_span_sub(skm_span text, size_t from, size_t len)
{
    skm_span rest = skm_span_from(text, from);
    return rest.len > len ? (skm_span){rest.ptr, len} : rest;
}

/* For "%.*s" of trusted short text: `SKM_SPAN_ARG(span)` after the format. */
#define SKM_SPAN_ARG(span) (int)((span).len > 4096 ? 4096 : (span).len), ((span).ptr == NULL ? "" : (span).ptr)
