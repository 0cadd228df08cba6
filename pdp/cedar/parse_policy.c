/* Policies: annotations, effect, scope, conditions (Cedar grammar; reference: policies and templates). */
#include "base/attr.h"
#include "base/span.h"
#include "cedar/parse_internal.h"

bool skm_parse_policy_begins(const struct skm_parser *p)
{
    if (skm_parse_at(p, SKM_TOKEN_AT)) {
        return skm_parse_peek(p).kind == SKM_TOKEN_IDENT;
    }
    return (skm_parse_at_word(p, SKM_WORD_PERMIT) || skm_parse_at_word(p, SKM_WORD_FORBID)) &&
           skm_parse_peek(p).kind == SKM_TOKEN_PAREN_OPEN;
}

/* ---- annotations ---- */

/* [ '(' string ')' ] */
static skm_err parse_annotation_value(struct skm_parser *p, struct skm_annotation *annotation)
{
    if (!skm_parse_at(p, SKM_TOKEN_PAREN_OPEN)) {
        return SKM_OK;
    }
    struct skm_range opener = p->token.range;
    skm_parse_advance(p);
    if (!skm_parse_at(p, SKM_TOKEN_STRING)) {
        return skm_parse_report_missing(p, "a string",
                                        "the value of an annotation is a string: `@id(\"...\")`");
    }
    annotation->has_value = true;
    SKM_TRY(skm_parse_string(p, &annotation->value));
    return skm_parse_report_close(p, SKM_TOKEN_PAREN_CLOSE, opener, "`)`");
}

/* annotation := '@' any-ident [ '(' string ')' ] */
static skm_err parse_annotation(struct skm_parser *p)
{
    uint32_t start = p->token.range.start;
    skm_parse_advance(p);
    if (!skm_parse_at(p, SKM_TOKEN_IDENT)) {
        return skm_parse_report_unexpected(p, "the name of an annotation after `@`");
    }
    struct skm_annotation *annotation = NULL;
    SKM_TRY(SKM_VEC_PUSH(p->arena, &p->annotations, SIZE_MAX, &annotation));
    annotation->key = skm_parse_text(p, p->token.range);
    skm_parse_advance(p);
    SKM_TRY(parse_annotation_value(p, annotation));
    annotation->range = skm_parse_since(p, start);
    return SKM_OK;
}

static skm_err parse_annotations(struct skm_parser *p, struct skm_policy *policy)
{
    while (skm_parse_at(p, SKM_TOKEN_AT)) {
        SKM_TRY(parse_annotation(p));
    }
    SKM_TRY(SKM_PARSE_TAKE(p, &p->annotations, 0, &policy->annotations, &policy->annotation_count));
    size_t duplicate = 0;
    SKM_TRY(skm_ast_find_duplicate(policy->annotations, sizeof *policy->annotations,
                                   policy->annotation_count, &duplicate));
    if (duplicate < policy->annotation_count) {
        const struct skm_annotation *second = &policy->annotations[duplicate];
        (void)SKM_PARSE_FAULT(p, second->range, "duplicate annotation `@%.*s`",
                              SKM_SPAN_ARG(second->key));
    }
    return SKM_OK;
}

/* ---- effect ---- */

static const struct skm_parse_slip effect_slips[] = {
    {"allow", "the effects are `permit` and `forbid`: did you mean `permit`?"},
    {"grant", "the effects are `permit` and `forbid`: did you mean `permit`?"},
    {"deny", "the effects are `permit` and `forbid`: did you mean `forbid`?"},
    {"block", "the effects are `permit` and `forbid`: did you mean `forbid`?"},
};

/* effect := 'permit' | 'forbid' */
static skm_err parse_effect(struct skm_parser *p, enum skm_effect *out_effect)
{
    static const skm_span effects[] = {{"permit", 6}, {"forbid", 6}};
    if (!skm_parse_at(p, SKM_TOKEN_IDENT)) {
        return skm_parse_report_unexpected(p, "`permit` or `forbid`");
    }
    if (!skm_parse_at_word(p, SKM_WORD_PERMIT) && !skm_parse_at_word(p, SKM_WORD_FORBID)) {
        skm_span text = skm_parse_text(p, p->token.range);
        struct skm_diag *diag =
            SKM_PARSE_FAULT(p, p->token.range, "unknown effect `%.*s`", SKM_SPAN_ARG(text));
        if (!skm_parse_report_slip(p, diag, text, effect_slips, SKM_ARRAY_LEN(effect_slips)) &&
            !skm_parse_report_nearest(p, diag, text, effects, SKM_ARRAY_LEN(effects))) {
            skm_diag_help(p->diags, diag, "a policy begins with `permit` or `forbid`");
        }
        if (skm_parse_peek(p).kind != SKM_TOKEN_PAREN_OPEN) {
            return SKM_ERR(INVALID);
        }
    }
    *out_effect = skm_parse_at_word(p, SKM_WORD_PERMIT) ? SKM_EFFECT_PERMIT : SKM_EFFECT_FORBID;
    skm_parse_advance(p);
    return SKM_OK;
}

/* ---- conditions ---- */

static const struct skm_parse_slip condition_slips[] = {
    {"if", "a condition is written `when { ... }`"},
    {"where", "did you mean `when`?"},
    {"and", "several conditions follow each other: `when { ... } when { ... }`"},
    {"except", "did you mean `unless`?"},
};

/* 'when' | 'unless' */
static skm_err parse_condition_word(struct skm_parser *p, bool *out_unless)
{
    static const skm_span words[] = {{"when", 4}, {"unless", 6}};
    if (!skm_parse_at_word(p, SKM_WORD_WHEN) && !skm_parse_at_word(p, SKM_WORD_UNLESS)) {
        skm_span text = skm_parse_text(p, p->token.range);
        struct skm_diag *diag =
            SKM_PARSE_FAULT(p, p->token.range, "expected `when`, `unless` or `;`, found `%.*s`",
                            SKM_SPAN_ARG(text));
        if (!skm_parse_report_slip(p, diag, text, condition_slips,
                                   SKM_ARRAY_LEN(condition_slips))) {
            (void)skm_parse_report_nearest(p, diag, text, words, SKM_ARRAY_LEN(words));
        }
        if (skm_parse_peek(p).kind != SKM_TOKEN_BRACE_OPEN) {
            return SKM_ERR(INVALID);
        }
    }
    *out_unless = skm_parse_at_word(p, SKM_WORD_UNLESS);
    skm_parse_advance(p);
    return SKM_OK;
}

/* '{' expr '}' */
static skm_err parse_body(struct skm_parser *p, const struct skm_expr **out_body)
{
    if (!skm_parse_at(p, SKM_TOKEN_BRACE_OPEN)) {
        return skm_parse_report_missing(p, "`{`", "a condition stands in braces: `when { ... }`");
    }
    struct skm_range opener = p->token.range;
    skm_parse_advance(p);
    if (skm_parse_at(p, SKM_TOKEN_BRACE_CLOSE)) {
        skm_parse_advance(p);
        (void)SKM_PARSE_FAULT(p, skm_parse_since(p, opener.start), "empty condition");
        return SKM_OK;
    }
    struct skm_expr *body = NULL;
    SKM_TRY(skm_parse_expr_any(p, &body));
    *out_body = body;
    return skm_parse_report_close(p, SKM_TOKEN_BRACE_CLOSE, opener, "`}` or an operator");
}

/* condition := ( 'when' | 'unless' ) '{' expr '}' */
static skm_err parse_condition(struct skm_parser *p)
{
    uint32_t start = p->token.range.start;
    struct skm_condition *condition = NULL;
    SKM_TRY(SKM_VEC_PUSH(p->arena, &p->conditions, SIZE_MAX, &condition));
    SKM_TRY(parse_condition_word(p, &condition->unless));
    SKM_TRY(parse_body(p, &condition->body));
    condition->range = skm_parse_since(p, start);
    return SKM_OK;
}

static skm_err parse_conditions(struct skm_parser *p, struct skm_policy *policy)
{
    while (skm_parse_at(p, SKM_TOKEN_IDENT) && !skm_parse_policy_begins(p)) {
        SKM_TRY(parse_condition(p));
    }
    return SKM_PARSE_TAKE(p, &p->conditions, 0, &policy->conditions, &policy->condition_count);
}

/* ---- policy ---- */

/* The `;`; where only it is missing, the next policy is read all the same. */
static skm_err parse_end(struct skm_parser *p)
{
    if (skm_parse_at(p, SKM_TOKEN_SEMICOLON)) {
        skm_parse_advance(p);
        return SKM_OK;
    }
    if (!skm_parse_at(p, SKM_TOKEN_END) && !skm_parse_policy_begins(p)) {
        return skm_parse_report_unexpected(p, "`when`, `unless` or `;`");
    }
    struct skm_range behind = {skm_range_end(p->last.range), 0};
    struct skm_diag *diag = SKM_PARSE_FAULT(p, behind, "missing `;` at the end of a policy");
    skm_diag_label(p->diags, diag, "expected here");
    return SKM_OK;
}

/* policy := annotation* effect '(' scope ')' condition* ';' */
skm_err skm_parse_policy(struct skm_parser *p, struct skm_policy *policy)
{
    uint32_t start = p->token.range.start;
    SKM_TRY(parse_annotations(p, policy));
    SKM_TRY(parse_effect(p, &policy->effect));
    SKM_TRY(skm_parse_scope(p, policy));
    SKM_TRY(parse_conditions(p, policy));
    SKM_TRY(parse_end(p));
    policy->range = skm_parse_since(p, start);
    return SKM_OK;
}
