/* The value of string tokens: escapes, and the wildcards of patterns (reference: string escapes, patterns). */
#include "base/span.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "cedar/ast.h"
#include "cedar/token.h"

/* What one written character stands for. */
struct character {
    size_t len;        /* bytes in the source */
    uint32_t scalar;   /* its value, when it was escaped */
    bool escaped;      /* else its bytes are copied as they are */
    bool star;         /* `\*` of a pattern: a star that is no wildcard */
    const char *fault; /* NULL: fine */
};

static struct character refuse(size_t len, const char *reason)
{
    return (struct character){.len = len, .fault = reason};
}

static struct character value(size_t len, uint32_t scalar)
{
    return (struct character){.len = len, .scalar = scalar, .escaped = true};
}

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    char lower = (char)(byte | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* `text` begins with \x. */
static struct character read_hex(skm_span text)
{
    if (text.len < 4) {
        return refuse(text.len, "`\\x` takes two hexadecimal digits");
    }
    int high = hex_digit(text.ptr[2]);
    int low = hex_digit(text.ptr[3]);
    if (high < 0 || low < 0) {
        return refuse(2, "`\\x` takes two hexadecimal digits");
    }
    uint32_t scalar = (uint32_t)(high * 16 + low);
    if (scalar > 0x7F) {
        return refuse(4, "`\\x` goes up to `\\x7F`; use `\\u{...}` for other characters");
    }
    return value(4, scalar);
}

static const char *scalar_fault(uint32_t scalar, unsigned digits)
{
    if (digits == 0) {
        return "`\\u{}` takes one to six hexadecimal digits";
    }
    if (digits > 6) {
        return "`\\u{...}` takes at most six hexadecimal digits";
    }
    if (scalar > 0x10FFFF) {
        return "no such character: the largest is `\\u{10FFFF}`";
    }
    return scalar >= 0xD800 && scalar <= 0xDFFF ? "surrogates are not characters" : NULL;
}

/* `text` begins with \u. Digits may be parted by `_`, which may not come first. */
static struct character read_unicode(skm_span text)
{
    if (text.len < 3 || text.ptr[2] != '{') {
        return refuse(2, "`\\u` is written with braces: `\\u{1F600}`");
    }
    uint32_t scalar = 0;
    unsigned digits = 0;
    for (size_t i = 3; i < text.len; i++) {
        int digit = hex_digit(text.ptr[i]);
        if (text.ptr[i] == '}') {
            const char *fault = scalar_fault(scalar, digits);
            return fault == NULL ? value(i + 1, scalar) : refuse(i + 1, fault);
        }
        if (text.ptr[i] == '_' && digits == 0) {
            return refuse(i + 1, "`_` cannot be the first digit");
        }
        if (digit < 0 && text.ptr[i] != '_') {
            return refuse(i, "`\\u{...}` takes hexadecimal digits and a closing `}`");
        }
        if (digit >= 0) {
            /* Seven digits are refused at the brace; more would not fit. */
            scalar = digits < 7 ? scalar * 16 + (uint32_t)digit : scalar;
            digits++;
        }
    }
    return refuse(text.len, "`\\u{...}` takes hexadecimal digits and a closing `}`");
}

static struct character read_escape(skm_span text, bool pattern)
{
    if (text.len < 2) {
        return refuse(text.len, "nothing follows the backslash");
    }
    switch (text.ptr[1]) {
    case 'n':
        return value(2, '\n');
    case 'r':
        return value(2, '\r');
    case 't':
        return value(2, '\t');
    case '0':
        return value(2, 0);
    case '\\':
    case '\'':
    case '"':
        return value(2, (uint32_t)(unsigned char)text.ptr[1]);
    case 'x':
        return read_hex(text);
    case 'u':
        return read_unicode(text);
    case '*':
        if (pattern) {
            return (struct character){.len = 2, .scalar = '*', .escaped = true, .star = true};
        }
        return refuse(2, "`\\*` has a meaning in the pattern of `like` only");
    default: {
        uint32_t scalar = 0;
        size_t len = skm_utf8_decode(text, 1, &scalar);
        return refuse(1 + (len == 0 ? 1 : len), "no such escape; a backslash itself is `\\\\`");
    }
    }
}

static struct character read_character(skm_span text, bool pattern)
{
    if (text.ptr[0] == '\\') {
        return read_escape(text, pattern);
    }
    if (text.ptr[0] == '\r') {
        return refuse(1, "a carriage return in a string must be written `\\r`");
    }
    return (struct character){.len = 1};
}

/* Appends the character to `out`, which has room: no character is longer than it is written. */
static size_t put_character(struct character character, const char *written, char *out)
{
    if (!character.escaped) {
        *out = *written;
        return 1;
    }
    return skm_utf8_encode(character.scalar, out);
}

static skm_span inside_quotes(skm_span source, const struct skm_token *token)
{
    return (skm_span){source.ptr + token->range.start + 1, token->range.len - 2};
}

static skm_err set_fault(const struct skm_token *token, size_t offset, struct character character,
                         struct skm_token_escape_fault *out_fault)
{
    *out_fault = (struct skm_token_escape_fault){
        .range = {token->range.start + 1 + (uint32_t)offset, (uint32_t)character.len},
        .reason = character.fault,
    };
    return SKM_ERR(SYNTAX);
}

skm_err skm_token_string(struct skm_arena *arena, skm_span source, const struct skm_token *token,
                         skm_span *out_text, struct skm_token_escape_fault *out_fault)
{
    skm_span raw = inside_quotes(source, token);
    if ((token->flags & (SKM_TOKEN_HAS_ESCAPE | SKM_TOKEN_HAS_CR)) == 0) {
        *out_text = raw;
        return SKM_OK;
    }
    char *text = skm_arena_alloc_text(arena, raw.len);
    if (text == NULL) {
        return SKM_ERR(MEMORY);
    }
    size_t len = 0;
    for (size_t i = 0; i < raw.len;) {
        struct character character = read_character(skm_span_from(raw, i), false);
        if (character.fault != NULL) {
            return set_fault(token, i, character, out_fault);
        }
        len += put_character(character, raw.ptr + i, text + len);
        i += character.len;
    }
    *out_text = (skm_span){text, len};
    return SKM_OK;
}

typedef SKM_VEC(struct skm_pattern_part) part_vec;

static skm_err push_part(struct skm_arena *arena, part_vec *parts, skm_span text, bool star)
{
    /* A wildcard right behind a wildcard adds nothing. */
    if (text.len == 0 && (parts->len != 0 || !star)) {
        return SKM_OK;
    }
    struct skm_pattern_part *part = NULL;
    SKM_TRY(SKM_VEC_PUSH(arena, parts, SIZE_MAX, &part));
    *part = (struct skm_pattern_part){.text = text, .star = star};
    return SKM_OK;
}

skm_err skm_token_pattern(struct skm_arena *arena, skm_span source, const struct skm_token *token,
                          struct skm_pattern *out_pattern, struct skm_token_escape_fault *out_fault)
{
    skm_span raw = inside_quotes(source, token);
    char *text = skm_arena_alloc_text(arena, raw.len);
    if (text == NULL) {
        return SKM_ERR(MEMORY);
    }
    part_vec parts = {0};
    size_t start = 0;
    size_t len = 0;
    for (size_t i = 0; i < raw.len;) {
        struct character character = read_character(skm_span_from(raw, i), true);
        if (character.fault != NULL) {
            return set_fault(token, i, character, out_fault);
        }
        size_t before = len;
        len += put_character(character, raw.ptr + i, text + len);
        i += character.len;
        if (text[before] == '*' && !character.star) {
            len = before;
            SKM_TRY(push_part(arena, &parts, (skm_span){text + start, len - start}, true));
            start = len;
        }
    }
    SKM_TRY(push_part(arena, &parts, (skm_span){text + start, len - start}, false));
    *out_pattern = (struct skm_pattern){.parts = parts.items, .count = parts.len};
    return SKM_OK;
}
