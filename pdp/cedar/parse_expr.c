/* Expressions, lowest precedence first: one function a grammar rule (Cedar grammar; reference: expressions).
 *
 * INVARIANT: skm_parse_expr_any() is the only way from a rule to itself, and it counts. */
#include "base/attr.h"
#include "base/span.h"
#include "cedar/parse.h"
#include "cedar/parse_internal.h"

static skm_err new_binary(struct skm_parser *p, enum skm_expr_kind kind, uint32_t start,
                          const struct skm_expr *a, const struct skm_expr *b,
                          struct skm_expr **out_expr)
{
    return skm_expr_new(p->arena, kind, skm_parse_since(p, start), a, b, NULL, out_expr);
}

/* True for an identifier or an invalid character that reads `text`. */
static bool at_text(const struct skm_parser *p, const char *text)
{
    return (skm_parse_at(p, SKM_TOKEN_IDENT) || skm_parse_at(p, SKM_TOKEN_ERROR)) &&
           skm_span_equal(skm_parse_text(p, p->token.range), skm_span_cstr(text));
}

/* ---- arithmetic ---- */

static void refuse_division(struct skm_parser *p)
{
    bool comment =
        skm_span_starts(skm_span_from(p->source->text, p->token.range.start), skm_span_cstr("/*"));
    struct skm_diag *diag =
        SKM_PARSE_FAULT(p, p->token.range, "%s is not supported",
                        skm_parse_at(p, SKM_TOKEN_PERCENT) ? "modulo (`%`)" : "division (`/`)");
    if (comment) {
        skm_diag_help(p->diags, diag, "comments are written `// ...`, to the end of the line");
    }
}

/* mul := unary { '*' unary } */
static skm_err parse_mul(struct skm_parser *p, struct skm_expr **out_expr)
{
    uint32_t start = p->token.range.start;
    struct skm_expr *left = NULL;
    SKM_TRY(skm_parse_unary(p, &left));
    while (skm_parse_at(p, SKM_TOKEN_STAR) || skm_parse_at(p, SKM_TOKEN_SLASH) ||
           skm_parse_at(p, SKM_TOKEN_PERCENT)) {
        if (!skm_parse_at(p, SKM_TOKEN_STAR)) {
            refuse_division(p);
        }
        skm_parse_advance(p);
        struct skm_expr *right = NULL;
        SKM_TRY(skm_parse_unary(p, &right));
        SKM_TRY(new_binary(p, SKM_EXPR_MUL, start, left, right, &left));
    }
    *out_expr = left;
    return SKM_OK;
}

/* add := mul { ( '+' | '-' ) mul } */
static skm_err parse_add(struct skm_parser *p, struct skm_expr **out_expr)
{
    uint32_t start = p->token.range.start;
    struct skm_expr *left = NULL;
    SKM_TRY(parse_mul(p, &left));
    while (skm_parse_at(p, SKM_TOKEN_PLUS) || skm_parse_at(p, SKM_TOKEN_MINUS)) {
        enum skm_expr_kind kind = skm_parse_at(p, SKM_TOKEN_PLUS) ? SKM_EXPR_ADD : SKM_EXPR_SUB;
        skm_parse_advance(p);
        struct skm_expr *right = NULL;
        SKM_TRY(parse_mul(p, &right));
        SKM_TRY(new_binary(p, kind, start, left, right, &left));
    }
    *out_expr = left;
    return SKM_OK;
}

/* ---- relations ---- */

static bool at_relation(const struct skm_parser *p)
{
    enum skm_token_kind kind = p->token.kind;
    enum skm_word word = p->token.word;
    return (kind >= SKM_TOKEN_EQ && kind <= SKM_TOKEN_GE) || kind == SKM_TOKEN_ASSIGN ||
           (word >= SKM_WORD_IN && word <= SKM_WORD_LIKE);
}

/* 'has' ( string | ident { '.' ident } ). `has` has been consumed. */
static skm_err parse_has(struct skm_parser *p, uint32_t start, const struct skm_expr *left,
                         struct skm_expr **out_expr)
{
    size_t mark = p->names.len;
    if (skm_parse_at(p, SKM_TOKEN_STRING)) {
        skm_span name;
        SKM_TRY(skm_parse_string(p, &name));
        return skm_expr_new_named(p->arena, SKM_EXPR_HAS_ATTR, skm_parse_since(p, start), left,
                                  name, out_expr);
    }
    for (;;) {
        if (!skm_parse_at(p, SKM_TOKEN_IDENT)) {
            return skm_parse_report_unexpected(p, "an attribute name");
        }
        skm_span text = skm_parse_text(p, p->token.range);
        if (skm_token_is_reserved(p->token.word)) {
            struct skm_diag *diag =
                SKM_PARSE_FAULT(p, p->token.range, "`%.*s` is a reserved word", SKM_SPAN_ARG(text));
            skm_diag_help(p->diags, diag, "write `has \"%.*s\"` for an attribute of this name",
                          SKM_SPAN_ARG(text));
        }
        skm_span *name = NULL;
        SKM_TRY(SKM_VEC_PUSH(p->arena, &p->names, SIZE_MAX, &name));
        *name = text;
        skm_parse_advance(p);
        if (!skm_parse_at(p, SKM_TOKEN_DOT)) {
            break;
        }
        skm_parse_advance(p);
    }
    const skm_span *names = NULL;
    size_t count = 0;
    SKM_TRY(SKM_PARSE_TAKE(p, &p->names, mark, &names, &count));
    return skm_expr_new_has(p->arena, skm_parse_since(p, start), left, names, count, out_expr);
}

/* 'like' string. `like` has been consumed. */
static skm_err parse_like(struct skm_parser *p, uint32_t start, const struct skm_expr *left,
                          struct skm_expr **out_expr)
{
    if (!skm_parse_at(p, SKM_TOKEN_STRING)) {
        return skm_parse_report_missing(p, "a string", "the pattern of `like` is always a literal");
    }
    struct skm_pattern pattern = {0};
    struct skm_token_escape_fault fault;
    skm_err err = skm_token_pattern(p->arena, p->source->text, &p->token, &pattern, &fault);
    if (skm_is_err(err, SKM_E_SYNTAX)) {
        (void)SKM_PARSE_FAULT(p, fault.range, "invalid escape in a pattern: %s", fault.reason);
    } else {
        SKM_TRY(err);
    }
    skm_parse_advance(p);
    return skm_expr_new_like(p->arena, skm_parse_since(p, start), left, pattern, out_expr);
}

/* 'is' name [ 'in' add ]. `is` has been consumed. */
static skm_err parse_is(struct skm_parser *p, uint32_t start, const struct skm_expr *left,
                        struct skm_expr **out_expr)
{
    skm_span type = {0};
    SKM_TRY(skm_parse_type_name(p, "an entity type after `is`", &type));
    if (!skm_parse_at_word(p, SKM_WORD_IN)) {
        return skm_expr_new_named(p->arena, SKM_EXPR_IS, skm_parse_since(p, start), left, type,
                                  out_expr);
    }
    skm_parse_advance(p);
    struct skm_expr *right = NULL;
    SKM_TRY(parse_add(p, &right));
    return skm_expr_new_is_in(p->arena, skm_parse_since(p, start), left, type, right, out_expr);
}

/* The comparison that a token, which is a relation, makes of its operands. */
static skm_err new_comparison(struct skm_parser *p, const struct skm_token *op, uint32_t start,
                              const struct skm_expr *left, const struct skm_expr *right,
                              struct skm_expr **out_expr)
{
    struct skm_range range = skm_parse_since(p, start);
    if (op->kind == SKM_TOKEN_NE) {
        return skm_expr_new_ne(p->arena, range, left, right, out_expr);
    }
    if (op->kind == SKM_TOKEN_GT) {
        return skm_expr_new_gt(p->arena, range, left, right, out_expr);
    }
    if (op->kind == SKM_TOKEN_GE) {
        return skm_expr_new_ge(p->arena, range, left, right, out_expr);
    }
    enum skm_expr_kind kind = op->kind == SKM_TOKEN_LT   ? SKM_EXPR_LT
                              : op->kind == SKM_TOKEN_LE ? SKM_EXPR_LE
                              : op->word == SKM_WORD_IN  ? SKM_EXPR_IN
                                                         : SKM_EXPR_EQ;
    return skm_expr_new(p->arena, kind, range, left, right, NULL, out_expr);
}

static skm_err parse_comparison(struct skm_parser *p, const struct skm_token *op, uint32_t start,
                                const struct skm_expr *left, struct skm_expr **out_expr)
{
    if (op->kind == SKM_TOKEN_ASSIGN) {
        struct skm_diag *diag = SKM_PARSE_FAULT(p, op->range, "`=` is not an operator");
        skm_diag_help(p->diags, diag, "use `==` to compare");
    }
    struct skm_expr *right = NULL;
    SKM_TRY(parse_add(p, &right));
    return new_comparison(p, op, start, left, right, out_expr);
}

static skm_err refuse_chain(struct skm_parser *p)
{
    skm_span text = skm_parse_text(p, p->token.range);
    struct skm_diag *diag = SKM_PARSE_FAULT(p, p->token.range, "comparisons cannot be chained");
    skm_diag_label(p->diags, diag, "second operator");
    if (skm_parse_at(p, SKM_TOKEN_IDENT)) {
        skm_diag_help(p->diags, diag, "add parentheses around one of the two: `(...) %.*s ...`",
                      SKM_SPAN_ARG(text));
    } else {
        skm_diag_help(p->diags, diag,
                      "join two comparisons with `&&`, or add parentheses: `(...) %.*s ...`",
                      SKM_SPAN_ARG(text));
    }
    return SKM_ERR(INVALID);
}

/* relation := add [ comparison add | 'has' .. | 'like' .. | 'is' .. ], at most one of them */
static skm_err parse_relation(struct skm_parser *p, struct skm_expr **out_expr)
{
    uint32_t start = p->token.range.start;
    struct skm_expr *left = NULL;
    SKM_TRY(parse_add(p, &left));
    if (!at_relation(p)) {
        *out_expr = left;
        return SKM_OK;
    }
    struct skm_token op = p->token;
    skm_parse_advance(p);
    if (op.word == SKM_WORD_HAS) {
        SKM_TRY(parse_has(p, start, left, out_expr));
    } else if (op.word == SKM_WORD_LIKE) {
        SKM_TRY(parse_like(p, start, left, out_expr));
    } else if (op.word == SKM_WORD_IS) {
        SKM_TRY(parse_is(p, start, left, out_expr));
    } else {
        SKM_TRY(parse_comparison(p, &op, start, left, out_expr));
    }
    return at_relation(p) ? refuse_chain(p) : SKM_OK;
}

/* ---- logic ---- */

/* Consumes the operator, or what people write instead: `written` is one character of it or a word. */
static bool take_logic(struct skm_parser *p, enum skm_token_kind kind, const char *character,
                       const char *word)
{
    bool slip = at_text(p, character) || at_text(p, word);
    if (slip) {
        skm_span text = skm_parse_text(p, p->token.range);
        struct skm_diag *diag =
            SKM_PARSE_FAULT(p, p->token.range, "`%.*s` is not an operator", SKM_SPAN_ARG(text));
        skm_diag_help(p->diags, diag, "use %s", skm_token_kind_text(kind));
    }
    if (!slip && !skm_parse_at(p, kind)) {
        return false;
    }
    skm_parse_advance(p);
    return true;
}

/* and := relation { '&&' relation } */
static skm_err parse_and(struct skm_parser *p, struct skm_expr **out_expr)
{
    uint32_t start = p->token.range.start;
    struct skm_expr *left = NULL;
    SKM_TRY(parse_relation(p, &left));
    while (take_logic(p, SKM_TOKEN_AND, "&", "and")) {
        struct skm_expr *right = NULL;
        SKM_TRY(parse_relation(p, &right));
        SKM_TRY(new_binary(p, SKM_EXPR_AND, start, left, right, &left));
    }
    *out_expr = left;
    return SKM_OK;
}

/* or := and { '||' and } */
static skm_err parse_or(struct skm_parser *p, struct skm_expr **out_expr)
{
    uint32_t start = p->token.range.start;
    struct skm_expr *left = NULL;
    SKM_TRY(parse_and(p, &left));
    while (take_logic(p, SKM_TOKEN_OR, "|", "or")) {
        struct skm_expr *right = NULL;
        SKM_TRY(parse_and(p, &right));
        SKM_TRY(new_binary(p, SKM_EXPR_OR, start, left, right, &left));
    }
    *out_expr = left;
    return SKM_OK;
}

/* ---- if ---- */

static skm_err take_word(struct skm_parser *p, enum skm_word word, const char *expected)
{
    if (!skm_parse_at_word(p, word)) {
        return skm_parse_report_missing(p, expected,
                                        "a choice is written `if ... then ... else ...`");
    }
    skm_parse_advance(p);
    return SKM_OK;
}

/* 'if' expr 'then' expr 'else', onto the scratch vector. The token is `if`. */
static skm_err parse_branch(struct skm_parser *p)
{
    struct skm_parse_branch branch = {.start = p->token.range.start};
    struct skm_expr *expr = NULL;
    skm_parse_advance(p);
    SKM_TRY(skm_parse_expr_any(p, &expr));
    branch.condition = expr;
    SKM_TRY(take_word(p, SKM_WORD_THEN, "`then` or an operator"));
    SKM_TRY(skm_parse_expr_any(p, &expr));
    branch.consequence = expr;
    SKM_TRY(take_word(p, SKM_WORD_ELSE, "`else` or an operator"));
    struct skm_parse_branch *slot = NULL;
    SKM_TRY(SKM_VEC_PUSH(p->arena, &p->branches, SIZE_MAX, &slot));
    *slot = branch;
    return SKM_OK;
}

/* if := 'if' expr 'then' expr 'else' expr. A chain of `else if` is read in a loop: it may be long. */
static skm_err parse_if(struct skm_parser *p, struct skm_expr **out_expr)
{
    size_t mark = p->branches.len;
    while (skm_parse_at_word(p, SKM_WORD_IF)) {
        SKM_TRY(parse_branch(p));
    }
    struct skm_expr *tail = NULL;
    SKM_TRY(parse_or(p, &tail));
    for (; p->branches.len > mark; p->branches.len--) {
        const struct skm_parse_branch *branch = &p->branches.items[p->branches.len - 1];
        SKM_TRY(skm_expr_new(p->arena, SKM_EXPR_IF, skm_parse_since(p, branch->start),
                             branch->condition, branch->consequence, tail, &tail));
    }
    *out_expr = tail;
    return SKM_OK;
}

/* expr := or | 'if' expr 'then' expr 'else' expr */
skm_err skm_parse_expr_any(struct skm_parser *p, struct skm_expr **out_expr)
{
    if (p->nesting >= SKM_PARSE_NESTING_MAX) {
        (void)SKM_PARSE_FAULT(p, p->token.range, "nested too deeply: at most %u levels",
                              SKM_PARSE_NESTING_MAX);
        return SKM_ERR(INVALID);
    }
    p->nesting++;
    if (skm_parse_at_word(p, SKM_WORD_IF)) {
        SKM_TRY(parse_if(p, out_expr));
    } else {
        SKM_TRY(parse_or(p, out_expr));
    }
    p->nesting--;
    return SKM_OK;
}

static const char *expected_behind_item(enum skm_token_kind close)
{
    return close == SKM_TOKEN_BRACKET_CLOSE ? "`,`, `]` or an operator" : "`,`, `)` or an operator";
}

skm_err skm_parse_expr_items(struct skm_parser *p, enum skm_token_kind close,
                             const struct skm_expr *const **out_items, size_t *out_count)
{
    struct skm_range opener = p->last.range;
    size_t mark = p->exprs.len;
    while (!skm_parse_at(p, close)) {
        struct skm_expr *item = NULL;
        SKM_TRY(skm_parse_expr_any(p, &item));
        const struct skm_expr **slot = NULL;
        SKM_TRY(SKM_VEC_PUSH(p->arena, &p->exprs, SIZE_MAX, &slot));
        *slot = item;
        if (!skm_parse_at(p, SKM_TOKEN_COMMA)) {
            break;
        }
        skm_parse_advance(p);
    }
    SKM_TRY(skm_parse_report_close(p, close, opener, expected_behind_item(close)));
    return SKM_PARSE_TAKE(p, &p->exprs, mark, out_items, out_count);
}
