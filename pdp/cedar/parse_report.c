/* What the parser says about text it does not accept: where the fault is, and what was probably meant. */
#include "base/attr.h"
#include "base/span.h"
#include "base/utf8.h"
#include "cedar/parse_internal.h"

struct skm_diag *skm_parse_report_fault(struct skm_parser *p, struct skm_diag *diag)
{
    p->failed = true;
    if (diag != NULL && p->policy_id.len != 0) {
        skm_diag_id(p->diags, diag, p->policy_id);
    }
    return diag;
}

/* At most so much of a token is shown, whole characters only. */
#define SHOWN_MAX 40u

static skm_span shown(skm_span text)
{
    size_t len = text.len < SHOWN_MAX ? text.len : SHOWN_MAX;
    while (len > 0 && len < text.len && ((unsigned char)text.ptr[len] & 0xC0u) == 0x80u) {
        len--;
    }
    return (skm_span){text.ptr, len};
}

/* ---- slips ---- */

bool skm_parse_report_nearest(struct skm_parser *p, struct skm_diag *diag, skm_span word,
                              const skm_span *candidates, size_t count)
{
    if (diag == NULL) {
        return false;
    }
    skm_span nearest = skm_diag_nearest(word, candidates, count);
    if (nearest.len == 0) {
        return false;
    }
    skm_diag_help(p->diags, diag, "did you mean `%.*s`?", SKM_SPAN_ARG(nearest));
    return true;
}

bool skm_parse_report_slip(struct skm_parser *p, struct skm_diag *diag, skm_span word,
                           const struct skm_parse_slip *slips, size_t count)
{
    for (size_t i = 0; diag != NULL && i < count; i++) {
        if (skm_span_equal(word, skm_span_cstr(slips[i].word))) {
            skm_diag_help(p->diags, diag, "%s", slips[i].help);
            return true;
        }
    }
    return false;
}

/* By the text of the token that was not expected. */
static const struct skm_parse_slip token_slips[] = {
    {"=", "use `==` to compare"},
    {"&", "use `&&`"},
    {"|", "use `||`"},
    {"and", "use `&&`"},
    {"or", "use `||`"},
    {"not", "use `!`"},
    {"#", "comments are written `// ...`"},
    {"?", "a choice is written `if ... then ... else ...`"},
    {"/", "comments are written `// ...`, to the end of the line"},
    {"%", "there is no modulo"},
    {"~", "use `like` with a pattern"},
    {"^", "there is no such operator"},
    {"$", "there are no variables but `principal`, `action`, `resource` and `context`"},
    {"`", "strings are written in double quotes: `\"...\"`"},
};

/* ---- invalid tokens ---- */

/* Typographic quotes come with texts copied from documents. */
static bool is_curly_quote(skm_span text)
{
    uint32_t scalar = 0;
    return skm_utf8_decode(text, 0, &scalar) != 0 &&
           (scalar == 0x2018 || scalar == 0x2019 || scalar == 0x201C || scalar == 0x201D ||
            scalar == 0x00AB || scalar == 0x00BB);
}

static void report_character(struct skm_parser *p)
{
    skm_span text = skm_parse_text(p, p->token.range);
    skm_span part = shown(text);
    struct skm_diag *diag =
        SKM_PARSE_FAULT(p, p->token.range, "unexpected `%.*s`", SKM_SPAN_ARG(part));
    if (is_curly_quote(text)) {
        skm_diag_help(p->diags, diag, "strings are written in straight double quotes: `\"...\"`");
    } else if ((unsigned char)text.ptr[0] >= 0x80) {
        skm_diag_help(p->diags, diag,
                      "names are ASCII letters, digits and `_`; other text stands in "
                      "strings");
    } else {
        (void)skm_parse_report_slip(p, diag, text, token_slips, SKM_ARRAY_LEN(token_slips));
    }
}

static void report_invalid_token(struct skm_parser *p)
{
    struct skm_diag *diag = NULL;
    switch (p->token.fault) {
    case SKM_TOKEN_FAULT_UNCLOSED:
        diag = SKM_PARSE_FAULT(p, p->token.range, "unclosed string");
        skm_diag_label(p->diags, diag, "opened here");
        skm_diag_help(p->diags, diag,
                      "add the closing `\"`; or one is missing before, and this closes it");
        return;
    case SKM_TOKEN_FAULT_LINE_ESCAPE:
        diag = SKM_PARSE_FAULT(p, p->token.range, "a backslash at the end of a line in a string");
        skm_diag_help(p->diags, diag, "a string may span lines as it is; a backslash is `\\\\`");
        return;
    case SKM_TOKEN_FAULT_QUOTE:
        diag = SKM_PARSE_FAULT(p, p->token.range, "strings are not written in single quotes");
        skm_diag_help(p->diags, diag, "use double quotes: `\"...\"`");
        return;
    case SKM_TOKEN_FAULT_NUMBER_RANGE:
        diag = SKM_PARSE_FAULT(p, p->token.range, "integer out of range");
        skm_diag_help(p->diags, diag,
                      "integers go from -9223372036854775808 to 9223372036854775807");
        return;
    case SKM_TOKEN_FAULT_NONE:
    case SKM_TOKEN_FAULT_CHARACTER:
        report_character(p);
        return;
    }
}

/* ---- unexpected tokens ---- */

/* A string that spans lines right before the fault: more often than not its closing quote is missing. */
static bool help_long_string(struct skm_parser *p, struct skm_diag *diag)
{
    if (p->last.kind != SKM_TOKEN_STRING || (p->last.flags & SKM_TOKEN_HAS_LF) == 0 ||
        diag == NULL) {
        return false;
    }
    uint32_t line = 0;
    uint32_t column = 0;
    skm_source_position(p->source, p->last.range.start, &line, &column);
    skm_diag_help(p->diags, diag,
                  "the string that begins at %u:%u spans lines: is its closing `\"` missing?", line,
                  column);
    return true;
}

static bool help_number(struct skm_parser *p, struct skm_diag *diag)
{
    bool fraction = skm_parse_at(p, SKM_TOKEN_NUMBER) && p->last.kind == SKM_TOKEN_DOT;
    if (fraction) {
        skm_diag_help(p->diags, diag, "numbers are integers; there is `decimal(\"1.5\")`");
    }
    return fraction;
}

/* `===` and `<>` read as two operators. */
static bool help_operator(struct skm_parser *p, struct skm_diag *diag)
{
    enum skm_token_kind last = p->last.kind;
    enum skm_token_kind kind = p->token.kind;
    if (kind == SKM_TOKEN_ASSIGN && last == SKM_TOKEN_EQ) {
        skm_diag_help(p->diags, diag, "use `==`");
    } else if (kind == SKM_TOKEN_ASSIGN && last == SKM_TOKEN_NE) {
        skm_diag_help(p->diags, diag, "use `!=`");
    } else if (kind == SKM_TOKEN_GT && last == SKM_TOKEN_LT) {
        skm_diag_help(p->diags, diag, "use `!=`");
    } else if (kind == SKM_TOKEN_GT && last == SKM_TOKEN_ASSIGN) {
        skm_diag_help(p->diags, diag, "use `>=`");
    } else if (kind == SKM_TOKEN_STRING && last == SKM_TOKEN_DOT) {
        skm_diag_help(p->diags, diag, "write `[\"...\"]` instead of `.\"...\"`");
    } else {
        return false;
    }
    return true;
}

skm_err skm_parse_report_missing(struct skm_parser *p, const char *expected, const char *help)
{
    if (skm_parse_at(p, SKM_TOKEN_ERROR)) {
        report_invalid_token(p);
        return SKM_ERR(INVALID);
    }
    skm_span text = skm_parse_text(p, p->token.range);
    skm_span part = shown(text);
    struct skm_diag *diag = NULL;
    if (skm_parse_at(p, SKM_TOKEN_END)) {
        diag =
            SKM_PARSE_FAULT(p, p->token.range, "expected %s, found the end of the text", expected);
    } else if (skm_parse_at(p, SKM_TOKEN_STRING)) {
        diag = SKM_PARSE_FAULT(p, p->token.range, "expected %s, found a string", expected);
    } else {
        diag = SKM_PARSE_FAULT(p, p->token.range, "expected %s, found `%.*s`", expected,
                               SKM_SPAN_ARG(part));
    }
    if (!help_long_string(p, diag) && !help_number(p, diag) && !help_operator(p, diag) &&
        !skm_parse_report_slip(p, diag, text, token_slips, SKM_ARRAY_LEN(token_slips)) &&
        help != NULL) {
        skm_diag_help(p->diags, diag, "%s", help);
    }
    return SKM_ERR(INVALID);
}

skm_err skm_parse_report_unexpected(struct skm_parser *p, const char *expected)
{
    return skm_parse_report_missing(p, expected, NULL);
}

/* ---- brackets ---- */

/* No text that goes on like this can close the bracket. */
static bool is_past_bracket(const struct skm_parser *p)
{
    enum skm_token_kind kind = p->token.kind;
    return kind == SKM_TOKEN_END || kind == SKM_TOKEN_SEMICOLON || kind == SKM_TOKEN_PAREN_CLOSE ||
           kind == SKM_TOKEN_BRACE_CLOSE || kind == SKM_TOKEN_BRACKET_CLOSE ||
           skm_parse_policy_begins(p);
}

skm_err skm_parse_report_close(struct skm_parser *p, enum skm_token_kind close,
                               struct skm_range opener, const char *expected)
{
    if (skm_parse_at(p, close)) {
        skm_parse_advance(p);
        return SKM_OK;
    }
    if (!is_past_bracket(p)) {
        return skm_parse_report_unexpected(p, expected);
    }
    skm_span text = skm_parse_text(p, opener);
    struct skm_diag *diag = SKM_PARSE_FAULT(p, opener, "unclosed `%.*s`", SKM_SPAN_ARG(text));
    if (diag != NULL) {
        uint32_t line = 0;
        uint32_t column = 0;
        skm_source_position(p->source, p->token.range.start, &line, &column);
        skm_diag_label(p->diags, diag, "opened here");
        skm_diag_help(p->diags, diag, "expected %s before %s at %u:%u", skm_token_kind_text(close),
                      skm_parse_at(p, SKM_TOKEN_IDENT) ? "the next policy"
                                                       : skm_token_kind_text(p->token.kind),
                      line, column);
    }
    return SKM_ERR(INVALID);
}

skm_err skm_parse_report_limit(struct skm_parser *p, skm_err err)
{
    if (skm_is_err(err, SKM_E_DEPTH)) {
        struct skm_diag *diag =
            SKM_PARSE_FAULT(p, p->last.range, "expression too deep: at most %u levels",
                            (unsigned)SKM_EXPR_DEPTH_MAX);
        skm_diag_help(p->diags, diag,
                      "each operator of a chain is a level; split the condition, or use a set");
        return SKM_ERR(INVALID);
    }
    if (skm_is_err(err, SKM_E_SIZE)) {
        (void)SKM_PARSE_FAULT(p, p->last.range, "expression too large: at most %u nodes",
                              SKM_EXPR_WEIGHT_MAX);
        return SKM_ERR(INVALID);
    }
    return err;
}
