/* Strings, numbers and literals of the JSON reader. */
#include "base/json_inner.h"

#include "base/span.h"
#include "base/utf8.h"

/* Four hex digits at `at`, or UINT32_MAX. */
static uint32_t hex4(skm_span text, size_t at)
{
    uint32_t value = 0;
    if (text.len < 4 || at > text.len - 4) {
        return UINT32_MAX;
    }
    for (size_t i = 0; i < 4; i++) {
        char c = text.ptr[at + i];
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                                : 16u;
        if (digit == 16) {
            return UINT32_MAX;
        }
        value = value << 4 | digit;
    }
    return value;
}

/* RFC 8259 §7: escapes. `at` is the backslash. Checks one escape (a surrogate pair counts as one) and yields its length
 * in the text and its scalar value. */
static skm_err read_escape(struct skm_json *json, size_t at, size_t *out_len, uint32_t *out_scalar)
{
    static const char LETTERS[] = "\"\\/bfnrt";
    static const char MEANINGS[] = "\"\\/\b\f\n\r\t";
    int letter = skm_json_byte_at(json, at + 1);
    if (letter != 'u') {
        const char *found = letter <= 0 ? NULL : strchr(LETTERS, letter);
        if (found == NULL) {
            return skm_json_fail(json, SKM_ERR(SYNTAX), at, "unknown escape in string");
        }
        *out_len = 2;
        *out_scalar = (unsigned char)MEANINGS[found - LETTERS];
        return SKM_OK;
    }
    uint32_t unit = hex4(json->text, at + 2);
    if (unit == UINT32_MAX) {
        return skm_json_fail(json, SKM_ERR(SYNTAX), at, "`\\u` wants four hexadecimal digits");
    }
    *out_len = 6;
    *out_scalar = unit;
    if (unit < 0xd800 || unit > 0xdfff) {
        return SKM_OK;
    }
    uint32_t low = unit > 0xdbff || skm_json_byte_at(json, at + 6) != '\\' ||
                           skm_json_byte_at(json, at + 7) != 'u'
                       ? UINT32_MAX
                       : hex4(json->text, at + 8);
    if (low == UINT32_MAX || low < 0xdc00 || low > 0xdfff) {
        return skm_json_fail(json, SKM_ERR(ENCODING), at, "unpaired surrogate in string");
    }
    *out_len = 12;
    *out_scalar = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    return SKM_OK;
}

/* A byte that ended a run of plain text and is not the closing quote. Yields how many bytes it stands for. */
static skm_err scan_special(struct skm_json *json, size_t at, size_t *out_len)
{
    int byte = skm_json_byte_at(json, at);
    uint32_t scalar = 0;
    if (byte == '\\') {
        return read_escape(json, at, out_len, &scalar);
    }
    if (byte < 0) {
        return skm_json_fail(json, SKM_ERR(SYNTAX), at, "string does not end");
    }
    if (byte < 0x20) {
        return skm_json_fail(json, SKM_ERR(SYNTAX), at, "control character in string");
    }
    *out_len = skm_utf8_decode(json->text, at, &scalar);
    if (*out_len == 0) {
        return skm_json_fail(json, SKM_ERR(ENCODING), at, "not valid UTF-8");
    }
    return SKM_OK;
}

/* The meaning of a checked string with escapes, in the arena. Never longer than the text. */
static skm_err unescape(struct skm_json *json, skm_span raw, skm_span *out_text)
{
    char *text = skm_arena_alloc_text(json->arena, raw.len);
    if (text == NULL) {
        return skm_json_fail(json, SKM_ERR(MEMORY), json->offset, "out of memory");
    }
    size_t base = (size_t)(raw.ptr - json->text.ptr);
    size_t len = 0;
    size_t at = 0;
    while (at < raw.len) {
        if (raw.ptr[at] != '\\') {
            text[len++] = raw.ptr[at++];
            continue;
        }
        size_t escape_len = 0;
        uint32_t scalar = 0;
        SKM_TRY(read_escape(json, base + at, &escape_len, &scalar));
        char encoded[4];
        size_t encoded_len = skm_utf8_encode(scalar, encoded);
        memcpy(text + len, encoded, encoded_len);
        len += encoded_len;
        at += escape_len;
    }
    *out_text = (skm_span){text, len};
    return SKM_OK;
}

skm_err skm_json_scan_string(struct skm_json *json, skm_span *out_text)
{
    size_t start = json->offset + 1;
    size_t at = skm_json_skip_plain(json->text, start);
    bool escaped = false;
    while (skm_json_byte_at(json, at) != '"') {
        size_t len = 0;
        SKM_TRY(scan_special(json, at, &len));
        escaped = escaped || json->text.ptr[at] == '\\';
        at = skm_json_skip_plain(json->text, at + len);
    }
    skm_span raw = {json->text.ptr + start, at - start};
    if (out_text != NULL && escaped) {
        SKM_TRY(unescape(json, raw, out_text));
    } else if (out_text != NULL) {
        *out_text = raw;
    }
    json->offset = at + 1;
    return SKM_OK;
}

/* Something a number or literal may not run into: `01`, `1.5.2`, `truex`. */
static bool runs_on(int byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || byte == '.' || byte == '+' || byte == '-' ||
           byte == '_' || byte == '"';
}

static size_t skip_digits(const struct skm_json *json, size_t at)
{
    while (at < json->text.len && json->text.ptr[at] >= '0' && json->text.ptr[at] <= '9') {
        at++;
    }
    return at;
}

static skm_err bad_number(struct skm_json *json, size_t at)
{
    return skm_json_fail(json, SKM_ERR(SYNTAX), at, "malformed number");
}

/* RFC 8259 §6: number = [ minus ] int [ frac ] [ exp ]. */
skm_err skm_json_scan_number(struct skm_json *json, skm_span *out_text, bool *out_integer)
{
    size_t start = json->offset;
    size_t at = start + (skm_json_byte_at(json, start) == '-');
    size_t end = skm_json_byte_at(json, at) == '0' ? at + 1 : skip_digits(json, at);
    if (end == at) {
        return bad_number(json, at);
    }
    bool integer = true;
    if (skm_json_byte_at(json, end) == '.') {
        integer = false;
        at = end + 1;
        end = skip_digits(json, at);
        if (end == at) {
            return bad_number(json, at);
        }
    }
    if (skm_json_byte_at(json, end) == 'e' || skm_json_byte_at(json, end) == 'E') {
        integer = false;
        at = end + 1;
        at += skm_json_byte_at(json, at) == '+' || skm_json_byte_at(json, at) == '-';
        end = skip_digits(json, at);
        if (end == at) {
            return bad_number(json, at);
        }
    }
    if (runs_on(skm_json_byte_at(json, end))) {
        return bad_number(json, end);
    }
    *out_text = (skm_span){json->text.ptr + start, end - start};
    *out_integer = integer;
    json->offset = end;
    return SKM_OK;
}

skm_err skm_json_scan_literal(struct skm_json *json, skm_span literal)
{
    size_t end = json->offset + literal.len;
    if (!skm_span_equal(skm_span_sub(json->text, json->offset, literal.len), literal) ||
        runs_on(skm_json_byte_at(json, end))) {
        return skm_json_fail(json, SKM_ERR(SYNTAX), json->offset, "not a JSON value");
    }
    json->offset = end;
    return SKM_OK;
}
