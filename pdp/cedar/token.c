/* The scanner: one function per class of token, chosen by the first byte. */
#include "cedar/token.h"

#include "base/attr.h"
#include "base/span.h"
#include "base/utf8.h"

enum byte_class {
    BYTE_OTHER = 0,
    BYTE_SPACE,
    BYTE_LETTER, /* starts an identifier */
    BYTE_DIGIT,
    BYTE_HIGH, /* part of a character beyond ASCII */
};

static enum byte_class byte_class(char byte)
{
    unsigned char c = (unsigned char)byte;
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_') {
        return BYTE_LETTER;
    }
    if (c == ' ' || (c >= '\t' && c <= '\r')) {
        return BYTE_SPACE;
    }
    if (c >= '0' && c <= '9') {
        return BYTE_DIGIT;
    }
    return c >= 0x80 ? BYTE_HIGH : BYTE_OTHER;
}

static bool is_ident_byte(char byte)
{
    enum byte_class class = byte_class(byte);
    return class == BYTE_LETTER || class == BYTE_DIGIT;
}

/* ---- words ---- */

/* Ordered as enum skm_word, from SKM_WORD_TRUE on. */
#define WORD(text)                                                                                 \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }
static const skm_span words[] = {
    WORD("true"),      WORD("false"),  WORD("if"),       WORD("then"),    WORD("else"),
    WORD("in"),        WORD("is"),     WORD("has"),      WORD("like"),    WORD("__cedar"),
    WORD("principal"), WORD("action"), WORD("resource"), WORD("context"), WORD("permit"),
    WORD("forbid"),    WORD("when"),   WORD("unless"),
};
#undef WORD

enum skm_word skm_token_word(skm_span ident)
{
    /* Digits and capitals, with which type names begin, are below the first letter of every word. */
    if (ident.len < 2 || ident.len > 9 || (unsigned char)ident.ptr[0] < '_') {
        return SKM_WORD_NONE;
    }
    for (size_t i = 0; i < SKM_ARRAY_LEN(words); i++) {
        if (words[i].len == ident.len && words[i].ptr[0] == ident.ptr[0] &&
            memcmp(words[i].ptr, ident.ptr, ident.len) == 0) {
            return (enum skm_word)(i + 1);
        }
    }
    return SKM_WORD_NONE;
}

bool skm_token_is_any_ident(skm_span text)
{
    if (text.len == 0 || byte_class(text.ptr[0]) != BYTE_LETTER) {
        return false;
    }
    for (size_t i = 1; i < text.len; i++) {
        if (!is_ident_byte(text.ptr[i])) {
            return false;
        }
    }
    return true;
}

bool skm_token_is_ident(skm_span text)
{
    return skm_token_is_any_ident(text) && !skm_token_is_reserved(skm_token_word(text));
}

const char *skm_token_kind_text(enum skm_token_kind kind)
{
    static const char *const texts[] = {
#define TOKEN_TEXT(name, text) [SKM_TOKEN_##name] = (text),
        SKM_TOKEN_TABLE(TOKEN_TEXT)
#undef TOKEN_TEXT
    };
    return texts[kind];
}

/* ---- scanning ---- */

void skm_token_start(struct skm_token_reader *reader, skm_span text)
{
    *reader = (struct skm_token_reader){.text = skm_span_sub(text, 0, UINT32_MAX)};
}

static bool at(const struct skm_token_reader *reader, uint32_t offset, char byte)
{
    return offset < reader->text.len && reader->text.ptr[offset] == byte;
}

/* Bytes of the character at `offset` when it is whitespace beyond ASCII, else 0. */
static uint32_t wide_space(skm_span text, uint32_t offset)
{
    uint32_t scalar = 0;
    size_t len = skm_utf8_decode(text, offset, &scalar);
    return len != 0 && skm_utf8_is_space(scalar) ? (uint32_t)len : 0;
}

static uint32_t skip_comment(skm_span text, uint32_t offset)
{
    while (offset < text.len && text.ptr[offset] != '\n' && text.ptr[offset] != '\r') {
        offset++;
    }
    return offset;
}

static void skip_blank(struct skm_token_reader *reader)
{
    skm_span text = reader->text;
    uint32_t offset = reader->offset;
    while (offset < text.len) {
        enum byte_class class = byte_class(text.ptr[offset]);
        if (class == BYTE_SPACE) {
            offset++;
        } else if (text.ptr[offset] == '/' && at(reader, offset + 1, '/')) {
            offset = skip_comment(text, offset);
        } else {
            uint32_t wide = class == BYTE_HIGH ? wide_space(text, offset) : 0;
            if (wide == 0) {
                break;
            }
            offset += wide;
        }
    }
    reader->offset = offset;
}

static void finish(struct skm_token_reader *reader, uint32_t end, struct skm_token *token)
{
    token->range = (struct skm_range){reader->offset, end - reader->offset};
    reader->offset = end;
}

static void finish_fault(struct skm_token_reader *reader, uint32_t end, enum skm_token_fault fault,
                         struct skm_token *token)
{
    token->kind = SKM_TOKEN_ERROR;
    token->fault = fault;
    finish(reader, end, token);
}

static uint32_t ident_end(skm_span text, uint32_t offset)
{
    while (offset < text.len && is_ident_byte(text.ptr[offset])) {
        offset++;
    }
    return offset;
}

static void scan_ident(struct skm_token_reader *reader, struct skm_token *token)
{
    token->kind = SKM_TOKEN_IDENT;
    finish(reader, ident_end(reader->text, reader->offset + 1), token);
    token->word = skm_token_word(skm_token_bytes(reader->text, token->range));
}

static void scan_number(struct skm_token_reader *reader, struct skm_token *token)
{
    uint64_t number = 0;
    bool fits = true;
    uint32_t end = reader->offset;
    for (; end < reader->text.len && byte_class(reader->text.ptr[end]) == BYTE_DIGIT; end++) {
        uint64_t digit = (uint64_t)(reader->text.ptr[end] - '0');
        fits = fits && !__builtin_mul_overflow(number, 10u, &number) &&
               !__builtin_add_overflow(number, digit, &number);
    }
    if (!fits) {
        finish_fault(reader, end, SKM_TOKEN_FAULT_NUMBER_RANGE, token);
        return;
    }
    token->kind = SKM_TOKEN_NUMBER;
    token->number = number;
    finish(reader, end, token);
}

/* string := '"' { backslash any-but-LF | any but quote and backslash } '"' */
static void scan_string(struct skm_token_reader *reader, struct skm_token *token)
{
    skm_span text = reader->text;
    enum skm_token_fault fault = SKM_TOKEN_FAULT_NONE;
    uint32_t end = reader->offset + 1;
    for (; end < text.len && text.ptr[end] != '"'; end++) {
        if (text.ptr[end] == '\\' && end + 1 < text.len) {
            end++;
            token->flags |= SKM_TOKEN_HAS_ESCAPE;
            fault = text.ptr[end] == '\n' ? SKM_TOKEN_FAULT_LINE_ESCAPE : fault;
        } else if (text.ptr[end] == '\n') {
            token->flags |= SKM_TOKEN_HAS_LF;
        } else if (text.ptr[end] == '\r') {
            token->flags |= SKM_TOKEN_HAS_CR;
        }
    }
    if (end >= text.len) {
        finish_fault(reader, reader->offset + 1, SKM_TOKEN_FAULT_UNCLOSED, token);
        reader->offset = (uint32_t)text.len;
        return;
    }
    if (fault != SKM_TOKEN_FAULT_NONE) {
        finish_fault(reader, end + 1, fault, token);
        return;
    }
    token->kind = SKM_TOKEN_STRING;
    finish(reader, end + 1, token);
}

/* '...' up to the closing quote on the same line: one fault, so that its content raises no further ones. */
static void scan_single_quote(struct skm_token_reader *reader, struct skm_token *token)
{
    skm_span text = reader->text;
    uint32_t end = reader->offset + 1;
    while (end < text.len && text.ptr[end] != '\'' && text.ptr[end] != '\n') {
        end++;
    }
    bool closed = at(reader, end, '\'');
    finish_fault(reader, closed ? end + 1 : reader->offset + 1, SKM_TOKEN_FAULT_QUOTE, token);
}

/* A run of characters beyond ASCII, with the letters and digits in it: one fault for a whole foreign word. */
static void scan_foreign(struct skm_token_reader *reader, struct skm_token *token)
{
    skm_span text = reader->text;
    uint32_t end = reader->offset;
    while (end < text.len && wide_space(text, end) == 0) {
        uint32_t scalar = 0;
        size_t len = skm_utf8_decode(text, end, &scalar);
        if (scalar < 0x80 && len == 1 && !is_ident_byte(text.ptr[end])) {
            break;
        }
        end += len == 0 ? 1 : (uint32_t)len;
    }
    finish_fault(reader, end, SKM_TOKEN_FAULT_CHARACTER, token);
}

/* Two-byte operators first: the longest match wins. */
struct operator_row {
    char first;
    char second; /* 0: a single byte */
    enum skm_token_kind kind;
};

static const struct operator_row operators[] = {
    {'.', 0, SKM_TOKEN_DOT},          {',', 0, SKM_TOKEN_COMMA},
    {'(', 0, SKM_TOKEN_PAREN_OPEN},   {')', 0, SKM_TOKEN_PAREN_CLOSE},
    {':', ':', SKM_TOKEN_PATH},       {':', 0, SKM_TOKEN_COLON},
    {'=', '=', SKM_TOKEN_EQ},         {'=', 0, SKM_TOKEN_ASSIGN},
    {';', 0, SKM_TOKEN_SEMICOLON},    {'@', 0, SKM_TOKEN_AT},
    {'{', 0, SKM_TOKEN_BRACE_OPEN},   {'}', 0, SKM_TOKEN_BRACE_CLOSE},
    {'[', 0, SKM_TOKEN_BRACKET_OPEN}, {']', 0, SKM_TOKEN_BRACKET_CLOSE},
    {'&', '&', SKM_TOKEN_AND},        {'|', '|', SKM_TOKEN_OR},
    {'!', '=', SKM_TOKEN_NE},         {'!', 0, SKM_TOKEN_NOT},
    {'<', '=', SKM_TOKEN_LE},         {'<', 0, SKM_TOKEN_LT},
    {'>', '=', SKM_TOKEN_GE},         {'>', 0, SKM_TOKEN_GT},
    {'+', 0, SKM_TOKEN_PLUS},         {'-', 0, SKM_TOKEN_MINUS},
    {'*', 0, SKM_TOKEN_STAR},         {'/', 0, SKM_TOKEN_SLASH},
    {'%', 0, SKM_TOKEN_PERCENT},
};

static void scan_question(struct skm_token_reader *reader, struct skm_token *token)
{
    uint32_t name = reader->offset + 1;
    bool slot = name < reader->text.len && byte_class(reader->text.ptr[name]) == BYTE_LETTER;
    token->kind = slot ? SKM_TOKEN_SLOT : SKM_TOKEN_QUESTION;
    finish(reader, slot ? ident_end(reader->text, name) : name, token);
}

static void scan_operator(struct skm_token_reader *reader, struct skm_token *token)
{
    char first = reader->text.ptr[reader->offset];
    for (size_t i = 0; i < SKM_ARRAY_LEN(operators); i++) {
        const struct operator_row *row = &operators[i];
        if (row->first != first) {
            continue;
        }
        if (row->second == 0 || at(reader, reader->offset + 1, row->second)) {
            token->kind = row->kind;
            finish(reader, reader->offset + (row->second == 0 ? 1 : 2), token);
            return;
        }
    }
    finish_fault(reader, reader->offset + 1, SKM_TOKEN_FAULT_CHARACTER, token);
}

void skm_token_next(struct skm_token_reader *reader, struct skm_token *out_token)
{
    *out_token = (struct skm_token){.kind = SKM_TOKEN_END};
    skip_blank(reader);
    if (reader->offset >= reader->text.len) {
        finish(reader, reader->offset, out_token);
        return;
    }
    char byte = reader->text.ptr[reader->offset];
    switch (byte_class(byte)) {
    case BYTE_LETTER:
        scan_ident(reader, out_token);
        return;
    case BYTE_DIGIT:
        scan_number(reader, out_token);
        return;
    case BYTE_HIGH:
        scan_foreign(reader, out_token);
        return;
    case BYTE_SPACE:
    case BYTE_OTHER:
        break;
    }
    if (byte == '"') {
        scan_string(reader, out_token);
    } else if (byte == '?') {
        scan_question(reader, out_token);
    } else if (byte == '\'') {
        scan_single_quote(reader, out_token);
    } else {
        scan_operator(reader, out_token);
    }
}
