/* Text to tokens, for policies and for schemas in Cedar syntax (Cedar grammar; reference: lexical rules).
 *
 *     whitespace   the Unicode White_Space property
 *     comment      two slashes up to CR or LF
 *     identifier   [_a-zA-Z][_a-zA-Z0-9]*
 *     number       [0-9]+, fits 64 bits without sign
 *     string       "...", a backslash takes the next character in; may span lines; may hold NUL
 *     slot         ?identifier
 *
 * Tokens are ranges of the source; nothing is allocated. What is not a token becomes an ERROR token, so a
 * parser meets it where it is unexpected and reports it there. The bytes between two tokens are whitespace
 * and comments only.
 *
 * INVARIANT: each call of skm_token_next() moves on by at least one byte or yields END.
 * Threads: a reader belongs to one thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

#include "base/diag.h"

struct skm_pattern;

/* X(name, text for people) */
#define SKM_TOKEN_TABLE(X)                                                                         \
    X(END, "the end of the text")                                                                  \
    X(ERROR, "an invalid token")                                                                   \
    X(IDENT, "an identifier")                                                                      \
    X(NUMBER, "a number")                                                                          \
    X(STRING, "a string")                                                                          \
    X(SLOT, "a template slot")                                                                     \
    X(AT, "`@`")                                                                                   \
    X(DOT, "`.`")                                                                                  \
    X(COMMA, "`,`")                                                                                \
    X(SEMICOLON, "`;`")                                                                            \
    X(COLON, "`:`")                                                                                \
    X(PATH, "`::`")                                                                                \
    X(QUESTION, "`?`")                                                                             \
    X(PAREN_OPEN, "`(`")                                                                           \
    X(PAREN_CLOSE, "`)`")                                                                          \
    X(BRACE_OPEN, "`{`")                                                                           \
    X(BRACE_CLOSE, "`}`")                                                                          \
    X(BRACKET_OPEN, "`[`")                                                                         \
    X(BRACKET_CLOSE, "`]`")                                                                        \
    X(EQ, "`==`")                                                                                  \
    X(NE, "`!=`")                                                                                  \
    X(LT, "`<`")                                                                                   \
    X(LE, "`<=`")                                                                                  \
    X(GT, "`>`")                                                                                   \
    X(GE, "`>=`")                                                                                  \
    X(OR, "`||`")                                                                                  \
    X(AND, "`&&`")                                                                                 \
    X(PLUS, "`+`")                                                                                 \
    X(MINUS, "`-`")                                                                                \
    X(STAR, "`*`")                                                                                 \
    X(SLASH, "`/`")                                                                                \
    X(PERCENT, "`%`")                                                                              \
    X(NOT, "`!`")                                                                                  \
    X(ASSIGN, "`=`")

enum skm_token_kind {
#define SKM_TOKEN_ENUM_(name, text) SKM_TOKEN_##name,
    SKM_TOKEN_TABLE(SKM_TOKEN_ENUM_)
#undef SKM_TOKEN_ENUM_
};

/* Identifiers with a meaning in policies. The reserved ones come first: they are no name, attribute or
 * record key without quotes. */
enum skm_word {
    SKM_WORD_NONE = 0,
    SKM_WORD_TRUE,
    SKM_WORD_FALSE,
    SKM_WORD_IF,
    SKM_WORD_THEN,
    SKM_WORD_ELSE,
    SKM_WORD_IN,
    SKM_WORD_IS,
    SKM_WORD_HAS,
    SKM_WORD_LIKE,
    SKM_WORD_CEDAR, /* __cedar; the last reserved one */
    SKM_WORD_PRINCIPAL,
    SKM_WORD_ACTION,
    SKM_WORD_RESOURCE,
    SKM_WORD_CONTEXT,
    SKM_WORD_PERMIT,
    SKM_WORD_FORBID,
    SKM_WORD_WHEN,
    SKM_WORD_UNLESS,
};

/* Why a token is an ERROR token. */
enum skm_token_fault {
    SKM_TOKEN_FAULT_NONE = 0,
    SKM_TOKEN_FAULT_CHARACTER,    /* starts no token */
    SKM_TOKEN_FAULT_QUOTE,        /* '...' on one line, or a single ' */
    SKM_TOKEN_FAULT_UNCLOSED,     /* string without closing quote; the range is the opening quote */
    SKM_TOKEN_FAULT_LINE_ESCAPE,  /* backslash before a line feed in a string */
    SKM_TOKEN_FAULT_NUMBER_RANGE, /* does not fit 64 bits */
};

enum skm_token_flags {
    SKM_TOKEN_HAS_ESCAPE = 1u << 0, /* string: a backslash is in it */
    SKM_TOKEN_HAS_CR =
        1u << 1, /* string: a bare carriage return is in it: refused by skm_token_string() */
    SKM_TOKEN_HAS_LF = 1u << 2, /* string: spans lines */
};

struct skm_token {
    enum skm_token_kind kind;
    enum skm_word word;         /* IDENT */
    enum skm_token_fault fault; /* ERROR */
    unsigned flags;             /* enum skm_token_flags */
    struct skm_range range;     /* strings: with their quotes; END: the end of the text, empty */
    uint64_t number;            /* NUMBER */
};

struct skm_token_reader {
    skm_span text;
    uint32_t offset; /* next byte to read */
};

/* The text, at most UINT32_MAX bytes (what is longer is not read), must outlive the reader. It should have
 * passed skm_utf8_check(); bytes that are not UTF-8 become ERROR tokens. */
void skm_token_start(struct skm_token_reader *reader, skm_span text);

void skm_token_next(struct skm_token_reader *reader, struct skm_token *out_token);

/* "`(`", "a string": for messages. Static storage. */
const char *skm_token_kind_text(enum skm_token_kind kind);

/* The bytes of a range of the source. */
static inline skm_span skm_token_bytes(skm_span source, struct skm_range range)
{
    return (skm_span){source.ptr + range.start, range.len};
}

static inline bool skm_token_is_reserved(enum skm_word word)
{
    return word >= SKM_WORD_TRUE && word <= SKM_WORD_CEDAR;
}

/* The word an identifier is; SKM_WORD_NONE for all others. */
enum skm_word skm_token_word(skm_span ident);

/* True for an identifier that is not reserved: what may stand behind `.`, as record key, as part of a name. */
bool skm_token_is_ident(skm_span text);

/* True for any identifier, reserved or not: what may be an annotation's key. */
bool skm_token_is_any_ident(skm_span text);

/* ---- strings ---- */

/* Where and why an escape is refused. */
struct skm_token_escape_fault {
    struct skm_range range; /* of the source */
    const char *reason;     /* static storage */
};

/* The value of a STRING token: borrowed from the source when it has no escapes, else from the arena.
 * Escapes: \n \r \t \\ \0 \' \" \xHH (at most 7F) \u{H..} (1 to 6 digits, `_` between, a scalar value).
 * SKM_E_SYNTAX: an escape or a bare carriage return is refused, *out_fault says which. SKM_E_MEMORY. */
SKM_MUST skm_err skm_token_string(struct skm_arena *arena, skm_span source,
                                  const struct skm_token *token, skm_span *out_text,
                                  struct skm_token_escape_fault *out_fault);

/* The value of a STRING token behind `like`: `*` is the wildcard, also when written as \x2a or \u{2a}; \* is
 * a star. Errors as skm_token_string(). */
SKM_MUST skm_err skm_token_pattern(struct skm_arena *arena, skm_span source,
                                   const struct skm_token *token, struct skm_pattern *out_pattern,
                                   struct skm_token_escape_fault *out_fault);
