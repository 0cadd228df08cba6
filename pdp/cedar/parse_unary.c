/* What binds tightest: runs of `!` and `-`, and what follows a primary (Cedar grammar; reference: expressions). */
#include "base/attr.h"
#include "base/span.h"
#include "cedar/parse_internal.h"

/* A run of `!` or `-` may be so long (reference: unary operator limit). */
#define UNARY_RUN_MAX 4u

/* ---- member ---- */

/* '.' ident [ '(' items ')' ] */
static skm_err parse_dot(struct skm_parser *p, uint32_t start, const struct skm_expr *head,
                         struct skm_expr **out_expr)
{
    skm_parse_advance(p);
    if (!skm_parse_at(p, SKM_TOKEN_IDENT)) {
        return skm_parse_report_unexpected(p, "an attribute or method name after `.`");
    }
    struct skm_token name = p->token;
    skm_span text = skm_parse_text(p, name.range);
    skm_parse_advance(p);
    if (skm_token_is_reserved(name.word)) {
        struct skm_diag *diag =
            SKM_PARSE_FAULT(p, name.range, "`%.*s` is a reserved word", SKM_SPAN_ARG(text));
        skm_diag_help(p->diags, diag, "write `[\"%.*s\"]` for an attribute of this name",
                      SKM_SPAN_ARG(text));
    }
    if (skm_parse_at(p, SKM_TOKEN_PAREN_OPEN)) {
        return skm_parse_call_method(p, start, name.range, head, out_expr);
    }
    return skm_expr_new_named(p->arena, SKM_EXPR_GET_ATTR, skm_parse_since(p, start), head, text,
                              out_expr);
}

/* '[' string ']' */
static skm_err parse_index(struct skm_parser *p, uint32_t start, const struct skm_expr *head,
                           struct skm_expr **out_expr)
{
    struct skm_range opener = p->token.range;
    skm_parse_advance(p);
    if (!skm_parse_at(p, SKM_TOKEN_STRING)) {
        return skm_parse_report_missing(p, "a string", "an index is always a literal");
    }
    skm_span name;
    SKM_TRY(skm_parse_string(p, &name));
    SKM_TRY(skm_parse_report_close(p, SKM_TOKEN_BRACKET_CLOSE, opener, "`]`"));
    SKM_TRY(skm_expr_new_named(p->arena, SKM_EXPR_GET_ATTR, skm_parse_since(p, start), head, name,
                               out_expr));
    (*out_expr)->hint = SKM_EXPR_HINT_INDEX;
    return SKM_OK;
}

/* { '.' ident | '.' ident '(' items ')' | '[' string ']' } */
static skm_err parse_accessors(struct skm_parser *p, uint32_t start, struct skm_expr *head,
                               struct skm_expr **out_expr)
{
    for (;;) {
        if (skm_parse_at(p, SKM_TOKEN_DOT)) {
            SKM_TRY(parse_dot(p, start, head, &head));
        } else if (skm_parse_at(p, SKM_TOKEN_BRACKET_OPEN)) {
            SKM_TRY(parse_index(p, start, head, &head));
        } else if (skm_parse_at(p, SKM_TOKEN_PAREN_OPEN)) {
            (void)SKM_PARSE_FAULT(p, skm_parse_since(p, start),
                                  "only functions and methods can be called");
            return SKM_ERR(INVALID);
        } else {
            *out_expr = head;
            return SKM_OK;
        }
    }
}

/* member := primary accessors */
static skm_err parse_member(struct skm_parser *p, struct skm_expr **out_expr)
{
    uint32_t start = p->token.range.start;
    struct skm_expr *head = NULL;
    SKM_TRY(skm_parse_primary(p, &head));
    return parse_accessors(p, start, head, out_expr);
}

/* ---- unary ---- */

static bool at_accessor(const struct skm_parser *p)
{
    return skm_parse_at(p, SKM_TOKEN_DOT) || skm_parse_at(p, SKM_TOKEN_BRACKET_OPEN) ||
           skm_parse_at(p, SKM_TOKEN_PAREN_OPEN);
}

/* The operand of a run of `-`. A number that nothing is done to takes the last minus into its literal, which makes
 * the smallest integer writable; *out_literal tells. */
static skm_err parse_negated(struct skm_parser *p, uint32_t minus_start, bool *out_literal,
                             struct skm_expr **out_expr)
{
    *out_literal = false;
    if (!skm_parse_at(p, SKM_TOKEN_NUMBER)) {
        return parse_member(p, out_expr);
    }
    struct skm_token number = p->token;
    skm_parse_advance(p);
    if (!at_accessor(p)) {
        *out_literal = true;
        return skm_parse_number(p, skm_parse_since(p, minus_start), number.number, true, out_expr);
    }
    struct skm_expr *head = NULL;
    SKM_TRY(skm_parse_number(p, number.range, number.number, false, &head));
    return parse_accessors(p, number.range.start, head, out_expr);
}

static skm_err refuse_mixed_unary(struct skm_parser *p, enum skm_token_kind op)
{
    struct skm_diag *diag = SKM_PARSE_FAULT(p, p->token.range, "`!` and `-` cannot be combined");
    skm_diag_help(p->diags, diag, "put the operand in parentheses: `%s`",
                  op == SKM_TOKEN_NOT ? "!(-...)" : "-(!...)");
    return SKM_ERR(INVALID);
}

/* The operators of a run, of which `literal` took one in, around their operand. */
static skm_err wrap_unary(struct skm_parser *p, enum skm_token_kind op, uint32_t start,
                          uint32_t count, struct skm_expr *operand, struct skm_expr **out_expr)
{
    enum skm_expr_kind kind = op == SKM_TOKEN_NOT ? SKM_EXPR_NOT : SKM_EXPR_NEG;
    for (uint32_t i = 0; i < count; i++) {
        SKM_TRY(
            skm_expr_new(p->arena, kind, skm_parse_since(p, start), operand, NULL, NULL, &operand));
    }
    *out_expr = operand;
    return SKM_OK;
}

/* unary := member | '!'{1..4} member | '-'{1..4} member */
skm_err skm_parse_unary(struct skm_parser *p, struct skm_expr **out_expr)
{
    enum skm_token_kind op = p->token.kind;
    if (op != SKM_TOKEN_NOT && op != SKM_TOKEN_MINUS) {
        return parse_member(p, out_expr);
    }
    uint32_t start = p->token.range.start;
    uint32_t count = 0;
    for (; skm_parse_at(p, op); count++) {
        skm_parse_advance(p);
    }
    struct skm_range run = skm_parse_since(p, start);
    if (skm_parse_at(p, SKM_TOKEN_NOT) || skm_parse_at(p, SKM_TOKEN_MINUS)) {
        return refuse_mixed_unary(p, op);
    }
    if (count > UNARY_RUN_MAX) {
        (void)SKM_PARSE_FAULT(p, run, "too many unary operators: at most %u in a row",
                              UNARY_RUN_MAX);
        count = 1;
    }
    struct skm_expr *operand = NULL;
    bool literal = false;
    if (op == SKM_TOKEN_NOT) {
        SKM_TRY(parse_member(p, &operand));
    } else {
        SKM_TRY(parse_negated(p, p->last.range.start, &literal, &operand));
    }
    return wrap_unary(p, op, start, literal ? count - 1 : count, operand, out_expr);
}
