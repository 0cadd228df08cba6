#include "proto/uri.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "base/span.h"
#include "base/utf8.h"

/* Walks over the raw path and writes the normalised one. `out` is never longer than the raw path. */
struct walk {
    skm_span target;
    size_t at; /* next raw byte */
    char *out;
    size_t len;           /* written */
    size_t segment;       /* where the current segment begins in `out`, behind its slash */
    bool encoded_dot;     /* the segment has a dot that was escaped */
    bool behind_escape;   /* the segment begins behind an escaped slash */
    unsigned percent_run; /* 1: a literal `%` was just written, 2: and one hex digit behind it */
    unsigned ambiguity;
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_control(unsigned char c)
{
    return c < 0x20 || c == 0x7f;
}

/* RFC 9112 §3.2: a target has no blanks and no control characters. */
static bool has_forbidden_byte(skm_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (is_control((unsigned char)text.ptr[i]) || text.ptr[i] == ' ') {
            return true;
        }
    }
    return false;
}

/* The next byte, unescaped once. */
static skm_err next_byte(struct walk *walk, unsigned char *out_byte, bool *out_escaped)
{
    char c = walk->target.ptr[walk->at];
    *out_escaped = c == '%';
    if (c != '%') {
        *out_byte = (unsigned char)c;
        walk->at++;
        return SKM_OK;
    }
    int high = walk->at + 1 < walk->target.len ? hex_digit(walk->target.ptr[walk->at + 1]) : -1;
    int low = walk->at + 2 < walk->target.len ? hex_digit(walk->target.ptr[walk->at + 2]) : -1;
    if (high < 0 || low < 0 || (high == 0 && low == 0)) {
        return SKM_ERR(SYNTAX);
    }
    *out_byte = (unsigned char)(high * 16 + low);
    walk->at += 3;
    return SKM_OK;
}

/* A `%` that came out of unescaping, with two hex digits behind it, is an escape to whoever unescapes again. */
static void watch_double_encoding(struct walk *walk, unsigned char byte)
{
    if (byte == '%') {
        walk->percent_run = 1;
    } else if (walk->percent_run != 0 && hex_digit((char)byte) >= 0) {
        walk->percent_run++;
    } else {
        walk->percent_run = 0;
    }
    if (walk->percent_run == 3) {
        walk->ambiguity |= SKM_URI_DOUBLE_ENCODING;
        walk->percent_run = 0;
    }
}

static void flag_byte(struct walk *walk, unsigned char byte, bool escaped)
{
    if (is_control(byte)) {
        walk->ambiguity |= SKM_URI_CONTROL;
    }
    if (byte == '\\') {
        walk->ambiguity |= SKM_URI_BACKSLASH;
    }
    if (byte == ';') {
        walk->ambiguity |= SKM_URI_PATH_PARAMETER;
    }
    if (escaped && (byte == '?' || byte == '#')) {
        walk->ambiguity |= SKM_URI_ENCODED_DELIMITER;
    }
    if (escaped && byte == '.') {
        walk->encoded_dot = true;
    }
    watch_double_encoding(walk, byte);
}

/* Begins a segment at the end of what is written, behind a slash. */
static void begin_segment(struct walk *walk, bool escaped)
{
    walk->segment = walk->len;
    walk->encoded_dot = false;
    walk->behind_escape = escaped;
}

/* Resolves the segment that ends here when it is `.` or `..` (RFC 3986 §5.2.4): what is written then ends with the slash in
 * front of it, or of its parent. */
static skm_err resolve_dots(struct walk *walk)
{
    skm_span segment = skm_span_of(walk->out + walk->segment, walk->len - walk->segment);
    bool dot = skm_span_equal(segment, SKM_SPAN("."));
    bool dots = skm_span_equal(segment, SKM_SPAN(".."));
    if (!dot && !dots) {
        return SKM_OK;
    }
    walk->ambiguity |=
        walk->encoded_dot || walk->behind_escape ? SKM_URI_ENCODED_DOTS : SKM_URI_DOT_SEGMENT;
    walk->len = walk->segment;
    if (dot) {
        return SKM_OK;
    }
    if (walk->len == 1) {
        return SKM_ERR(SYNTAX);
    }
    walk->len--;
    while (walk->out[walk->len - 1] != '/') {
        walk->len--;
    }
    return SKM_OK;
}

/* A slash, plain or escaped: ends one segment and begins the next. */
static skm_err end_segment(struct walk *walk, bool escaped)
{
    if (escaped) {
        walk->ambiguity |= SKM_URI_ENCODED_SLASH;
    }
    if (walk->len == walk->segment) {
        walk->ambiguity |= SKM_URI_EMPTY_SEGMENT;
        begin_segment(walk, escaped || walk->behind_escape);
        return SKM_OK;
    }
    SKM_TRY(resolve_dots(walk));
    if (walk->out[walk->len - 1] != '/') {
        walk->out[walk->len++] = '/';
    }
    begin_segment(walk, escaped);
    return SKM_OK;
}

static skm_err walk_path(struct walk *walk)
{
    walk->out[walk->len++] = '/';
    walk->at = 1;
    begin_segment(walk, false);
    while (walk->at < walk->target.len) {
        char raw = walk->target.ptr[walk->at];
        if (raw == '?' || raw == '#') {
            break;
        }
        unsigned char byte = 0;
        bool escaped = false;
        SKM_TRY(next_byte(walk, &byte, &escaped));
        flag_byte(walk, byte, escaped);
        if (byte == '/') {
            SKM_TRY(end_segment(walk, escaped));
        } else {
            walk->out[walk->len++] = (char)byte;
        }
    }
    return resolve_dots(walk);
}

/* What is behind the path: a query up to `#`; a fragment is dropped, as nginx does, and flagged. */
static skm_span query_of(skm_span rest, unsigned *ambiguity)
{
    const char *fragment = rest.len == 0 ? NULL : memchr(rest.ptr, '#', rest.len);
    if (fragment != NULL) {
        *ambiguity |= SKM_URI_FRAGMENT;
        rest.len = (size_t)(fragment - rest.ptr);
    }
    return rest.len > 0 ? skm_span_from(rest, 1) : rest;
}

skm_err skm_uri_parse(struct skm_arena *arena, skm_span target, struct skm_uri *out_uri)
{
    if (target.len > SKM_URI_TARGET_BYTES_MAX) {
        return SKM_ERR(SIZE);
    }
    if (target.len == 0 || target.ptr[0] != '/' || has_forbidden_byte(target)) {
        return SKM_ERR(SYNTAX);
    }
    struct walk walk = {.target = target, .out = skm_arena_alloc_text(arena, target.len)};
    if (walk.out == NULL) {
        return SKM_ERR(MEMORY);
    }
    SKM_TRY(walk_path(&walk));
    struct skm_uri uri = {.path = skm_span_of(walk.out, walk.len)};
    uri.query = query_of(skm_span_from(target, walk.at), &walk.ambiguity);
    if (!skm_utf8_check(uri.path, NULL)) {
        walk.ambiguity |= SKM_URI_NOT_UTF8;
    }
    uri.ambiguity = walk.ambiguity;
    *out_uri = uri;
    return SKM_OK;
}

static bool starts_nocase(skm_span text, skm_span lower_prefix)
{
    if (text.len < lower_prefix.len) {
        return false;
    }
    for (size_t i = 0; i < lower_prefix.len; i++) {
        char c = text.ptr[i];
        if ((c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c) != lower_prefix.ptr[i]) {
            return false;
        }
    }
    return true;
}

skm_err skm_uri_split(skm_span url, struct skm_uri_absolute *out_parts)
{
    static const skm_span schemes[] = {{"http", 4}, {"https", 5}};
    for (size_t i = 0; i < SKM_ARRAY_LEN(schemes); i++) {
        skm_span rest = skm_span_from(url, schemes[i].len);
        if (!starts_nocase(url, schemes[i]) || !skm_span_starts(rest, SKM_SPAN("://"))) {
            continue;
        }
        rest = skm_span_from(rest, 3);
        size_t end = 0;
        while (end < rest.len && strchr("/?#@", rest.ptr[end]) == NULL) {
            end++;
        }
        if (end == 0 || (end < rest.len && rest.ptr[end] != '/')) {
            return SKM_ERR(SYNTAX);
        }
        *out_parts = (struct skm_uri_absolute){
            .scheme = schemes[i],
            .host = skm_span_sub(rest, 0, end),
            .target = end == rest.len ? SKM_SPAN("/") : skm_span_from(rest, end),
        };
        return SKM_OK;
    }
    return SKM_ERR(SYNTAX);
}

/* Splits off `:port`. A colon inside brackets belongs to the address. */
static skm_err drop_port(skm_span *host)
{
    size_t name_len = host->len;
    for (size_t i = host->len; i > 0 && host->ptr[i - 1] != ']'; i--) {
        if (host->ptr[i - 1] == ':') {
            name_len = i - 1;
        }
    }
    if (name_len == host->len) {
        return SKM_OK;
    }
    skm_span port = skm_span_from(*host, name_len + 1);
    uint32_t number = 0;
    for (size_t i = 0; i < port.len; i++) {
        if (port.ptr[i] < '0' || port.ptr[i] > '9' || port.len > 5) {
            return SKM_ERR(SYNTAX);
        }
        number = number * 10 + (uint32_t)(port.ptr[i] - '0');
    }
    if (port.len == 0 || number > 65535) {
        return SKM_ERR(SYNTAX);
    }
    host->len = name_len;
    return SKM_OK;
}

static bool is_name(skm_span name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        bool dot = c == '.' && i > 0 && name.ptr[i - 1] != '.' && i + 1 < name.len;
        if (!alnum && !dot && c != '-' && c != '_') {
            return false;
        }
    }
    return name.len > 0;
}

/* RFC 3986 §3.2.2: IP-literal, as far as a name to look up needs it; the form with an IPv4 part is not taken. */
static bool is_bracketed_ipv6(skm_span host)
{
    size_t colons = 0;
    if (host.len < 4 || host.ptr[0] != '[' || host.ptr[host.len - 1] != ']') {
        return false;
    }
    for (size_t i = 1; i + 1 < host.len; i++) {
        if (hex_digit(host.ptr[i]) < 0 && host.ptr[i] != ':') {
            return false;
        }
        colons += host.ptr[i] == ':';
    }
    return colons >= 2;
}

skm_err skm_uri_normalise_host(struct skm_arena *arena, skm_span host, skm_span *out_host)
{
    if (host.len > SKM_URI_HOST_BYTES_MAX) {
        return SKM_ERR(SIZE);
    }
    SKM_TRY(drop_port(&host));
    if (host.len > 1 && host.ptr[host.len - 1] == '.') {
        host.len--;
    }
    char *text = skm_arena_alloc_text(arena, host.len);
    if (text == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        text[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    skm_span lower = skm_span_of(text, host.len);
    if (!is_name(lower) && !is_bracketed_ipv6(lower)) {
        return SKM_ERR(SYNTAX);
    }
    *out_host = lower;
    return SKM_OK;
}

const char *skm_uri_ambiguity_text(unsigned ambiguity)
{
    static const struct {
        unsigned flag;
        const char *text;
    } table[] = {
        {SKM_URI_ENCODED_SLASH, "encoded slash"},
        {SKM_URI_BACKSLASH, "backslash"},
        {SKM_URI_ENCODED_DOTS, "encoded dot segment"},
        {SKM_URI_DOUBLE_ENCODING, "double encoding"},
        {SKM_URI_PATH_PARAMETER, "path parameter"},
        {SKM_URI_EMPTY_SEGMENT, "empty segment"},
        {SKM_URI_CONTROL, "control character"},
        {SKM_URI_NOT_UTF8, "not UTF-8"},
        {SKM_URI_FRAGMENT, "fragment"},
        {SKM_URI_DOT_SEGMENT, "dot segment"},
        {SKM_URI_ENCODED_DELIMITER, "encoded delimiter"},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(table); i++) {
        if ((ambiguity & table[i].flag) != 0) {
            return table[i].text;
        }
    }
    return "none";
}
