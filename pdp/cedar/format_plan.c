/* Tokens to plans. The text is known to parse, so the grammar is followed loosely: what is met is taken. Each function
 * consumes at least one token or none that it does not know, and skm_format_plan_policy() always one. */
#include "base/span.h"
#include "cedar/format_internal.h"

#define INDENT 2u

static skm_err push(struct skm_format_plan *plan, struct skm_format_op op)
{
    struct skm_format_op *slot = NULL;
    SKM_TRY(SKM_VEC_PUSH(plan->arena, &plan->ops, SIZE_MAX, &slot));
    *slot = op;
    return SKM_OK;
}

static skm_err space(struct skm_format_plan *plan)
{
    return push(plan, (struct skm_format_op){.kind = SKM_FORMAT_SPACE, .width = 1});
}

static skm_err newline(struct skm_format_plan *plan)
{
    return push(plan, (struct skm_format_op){.kind = SKM_FORMAT_NEWLINE});
}

/* `width` blanks, or a line end within the group. */
static skm_err inner_break(struct skm_format_plan *plan, uint32_t width)
{
    return push(plan, (struct skm_format_op){.kind = SKM_FORMAT_BREAK, .width = width});
}

/* As inner_break; the line is as deep as the group's outside: for closing brackets. */
static skm_err outer_break(struct skm_format_plan *plan, uint32_t width)
{
    return push(plan,
                (struct skm_format_op){.kind = SKM_FORMAT_BREAK, .width = width, .indent = 1});
}

/* ---- tokens ---- */

static bool at(const struct skm_format_plan *plan, enum skm_token_kind kind)
{
    return plan->token.kind == kind;
}

static bool at_word(const struct skm_format_plan *plan, enum skm_word word)
{
    return plan->token.kind == SKM_TOKEN_IDENT && plan->token.word == word;
}

static void advance(struct skm_format_plan *plan)
{
    plan->gap = plan->token.range.start + plan->token.range.len;
    skm_token_next(&plan->reader, &plan->token);
}

/* Characters, not bytes. */
static uint32_t columns(skm_span text)
{
    uint32_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        count += ((unsigned char)text.ptr[i] & 0xC0u) != 0x80u;
    }
    return count;
}

/* A gap holds blanks and comments: a slash in it begins a comment. */
static bool has_comment(const struct skm_format_plan *plan)
{
    skm_span gap = skm_span_sub(plan->reader.text, plan->gap, plan->token.range.start - plan->gap);
    return gap.len != 0 && memchr(gap.ptr, '/', gap.len) != NULL;
}

static skm_err push_token(struct skm_format_plan *plan, struct skm_range range)
{
    bool wide = has_comment(plan) || (plan->token.flags & SKM_TOKEN_HAS_LF) != 0;
    struct skm_format_op op = {
        .kind = SKM_FORMAT_TEXT,
        .width = wide ? SKM_FORMAT_NEVER_FITS : columns(skm_token_bytes(plan->reader.text, range)),
        .gap = plan->gap,
        .range = range,
    };
    SKM_TRY(push(plan, op));
    advance(plan);
    return SKM_OK;
}

/* The token, as it is written. */
static skm_err take(struct skm_format_plan *plan)
{
    return push_token(plan, plan->token.range);
}

/* The token is left out; comments before it are not. */
static skm_err leave_out(struct skm_format_plan *plan)
{
    return push_token(plan, (struct skm_range){plan->token.range.start, 0});
}

static skm_err take_if(struct skm_format_plan *plan, enum skm_token_kind kind)
{
    return at(plan, kind) ? take(plan) : SKM_OK;
}

/* ---- groups ---- */

/* Comments before the group's first token are no part of it: they do not break it. */
static skm_err open(struct skm_format_plan *plan, uint32_t indent)
{
    if (has_comment(plan)) {
        struct skm_format_op comment = {
            .kind = SKM_FORMAT_TEXT,
            .width = SKM_FORMAT_NEVER_FITS,
            .gap = plan->gap,
            .range = {plan->token.range.start, 0},
        };
        SKM_TRY(push(plan, comment));
        plan->gap = plan->token.range.start;
    }
    return push(plan, (struct skm_format_op){.kind = SKM_FORMAT_OPEN, .indent = indent});
}

static skm_err close(struct skm_format_plan *plan)
{
    return push(plan, (struct skm_format_op){.kind = SKM_FORMAT_CLOSE});
}

/* ---- expressions ---- */

static skm_err plan_expr(struct skm_format_plan *plan);

/* Items up to the closing bracket, `opener` and it included. Each item is planned by `item`. */
static skm_err plan_bracket(struct skm_format_plan *plan, enum skm_token_kind closer,
                            skm_err (*item)(struct skm_format_plan *plan))
{
    SKM_TRY(open(plan, INDENT));
    SKM_TRY(take(plan));
    if (at(plan, closer)) {
        SKM_TRY(take(plan));
        return close(plan);
    }
    SKM_TRY(inner_break(plan, 0));
    while (!at(plan, closer) && !at(plan, SKM_TOKEN_END)) {
        SKM_TRY(item(plan));
        if (!at(plan, SKM_TOKEN_COMMA)) {
            break;
        }
        struct skm_token_reader ahead = plan->reader;
        struct skm_token next;
        skm_token_next(&ahead, &next);
        if (next.kind == closer) {
            SKM_TRY(leave_out(plan));
            break;
        }
        SKM_TRY(take(plan));
        SKM_TRY(inner_break(plan, 1));
    }
    SKM_TRY(outer_break(plan, 0));
    SKM_TRY(take_if(plan, closer));
    return close(plan);
}

/* key ':' expr, or an expression alone */
static skm_err plan_field(struct skm_format_plan *plan)
{
    SKM_TRY(take(plan));
    SKM_TRY(take_if(plan, SKM_TOKEN_COLON));
    SKM_TRY(space(plan));
    return plan_expr(plan);
}

static skm_err plan_brackets(struct skm_format_plan *plan)
{
    if (at(plan, SKM_TOKEN_PAREN_OPEN)) {
        return plan_bracket(plan, SKM_TOKEN_PAREN_CLOSE, plan_expr);
    }
    if (at(plan, SKM_TOKEN_BRACKET_OPEN)) {
        return plan_bracket(plan, SKM_TOKEN_BRACKET_CLOSE, plan_expr);
    }
    return plan_bracket(plan, SKM_TOKEN_BRACE_CLOSE, plan_field);
}

static bool at_opener(const struct skm_format_plan *plan)
{
    return at(plan, SKM_TOKEN_PAREN_OPEN) || at(plan, SKM_TOKEN_BRACKET_OPEN) ||
           at(plan, SKM_TOKEN_BRACE_OPEN);
}

/* What ends an operand. */
static bool at_operand_end(const struct skm_format_plan *plan)
{
    return at(plan, SKM_TOKEN_END) || at(plan, SKM_TOKEN_SEMICOLON) || at(plan, SKM_TOKEN_COMMA) ||
           at(plan, SKM_TOKEN_PAREN_CLOSE) || at(plan, SKM_TOKEN_BRACKET_CLOSE) ||
           at(plan, SKM_TOKEN_BRACE_CLOSE);
}

/* A chain of so many accessors may break before each of them but the first. */
#define LONG_CHAIN 4u

/* Accessors that follow the token, up to a call. */
static uint32_t count_accessors(const struct skm_format_plan *plan)
{
    struct skm_token_reader ahead = plan->reader;
    struct skm_token token;
    uint32_t count = 0;
    for (skm_token_next(&ahead, &token);
         token.kind == SKM_TOKEN_DOT || token.kind == SKM_TOKEN_BRACKET_OPEN;
         skm_token_next(&ahead, &token)) {
        bool index = token.kind == SKM_TOKEN_BRACKET_OPEN;
        skm_token_next(&ahead, &token);
        if (index) {
            skm_token_next(&ahead, &token);
        }
        count++;
    }
    return count;
}

/* `.name`, `::name`, `["name"]` or `(items)` */
static skm_err plan_accessor(struct skm_format_plan *plan)
{
    if (at(plan, SKM_TOKEN_PAREN_OPEN)) {
        return plan_brackets(plan);
    }
    bool index = at(plan, SKM_TOKEN_BRACKET_OPEN);
    SKM_TRY(take(plan));
    SKM_TRY(at_operand_end(plan) ? SKM_OK : take(plan));
    return index ? take_if(plan, SKM_TOKEN_BRACKET_CLOSE) : SKM_OK;
}

static bool at_accessor(const struct skm_format_plan *plan)
{
    return at(plan, SKM_TOKEN_DOT) || at(plan, SKM_TOKEN_PATH) || at(plan, SKM_TOKEN_PAREN_OPEN) ||
           at(plan, SKM_TOKEN_BRACKET_OPEN);
}

/* primary { accessor } */
static skm_err plan_primary(struct skm_format_plan *plan)
{
    bool breaks = count_accessors(plan) >= LONG_CHAIN;
    SKM_TRY(open(plan, breaks ? INDENT : 0));
    SKM_TRY(at_opener(plan) ? plan_brackets(plan) : take(plan));
    for (uint32_t count = 0; at_accessor(plan); count++) {
        if (breaks && count != 0 && !at(plan, SKM_TOKEN_PAREN_OPEN)) {
            SKM_TRY(inner_break(plan, 0));
        }
        SKM_TRY(plan_accessor(plan));
    }
    return close(plan);
}

/* { '!' | '-' } primary */
static skm_err plan_member(struct skm_format_plan *plan)
{
    while (at(plan, SKM_TOKEN_NOT) || at(plan, SKM_TOKEN_MINUS)) {
        SKM_TRY(take(plan));
    }
    return at_operand_end(plan) ? SKM_OK : plan_primary(plan);
}

/* Operators of one level each, loosest first. */
enum chain {
    CHAIN_OR = 0,
    CHAIN_AND,
    CHAIN_RELATION,
    CHAIN_ADD,
    CHAIN_MUL,
    CHAIN_MEMBER, /* none: operands */
};

static enum chain chain_of(const struct skm_token *token)
{
    enum skm_token_kind kind = token->kind;
    if (kind == SKM_TOKEN_OR) {
        return CHAIN_OR;
    }
    if (kind == SKM_TOKEN_AND) {
        return CHAIN_AND;
    }
    if (kind == SKM_TOKEN_PLUS || kind == SKM_TOKEN_MINUS) {
        return CHAIN_ADD;
    }
    if (kind == SKM_TOKEN_STAR) {
        return CHAIN_MUL;
    }
    bool relation = (kind >= SKM_TOKEN_EQ && kind <= SKM_TOKEN_GE) ||
                    (token->word >= SKM_WORD_IN && token->word <= SKM_WORD_LIKE);
    return relation ? CHAIN_RELATION : CHAIN_MEMBER;
}

/* No line ends behind an operator before a bracket, which can break itself, nor before what `has`, `like` and `is`
 * take. */
static bool may_break_behind(const struct skm_format_plan *plan, const struct skm_token *op)
{
    bool names = op->word == SKM_WORD_HAS || op->word == SKM_WORD_LIKE || op->word == SKM_WORD_IS;
    bool bracket = at(plan, SKM_TOKEN_BRACKET_OPEN) || at(plan, SKM_TOKEN_BRACE_OPEN);
    return !names && !bracket;
}

/* Operators and operands behind the first one. *out_breaks: a line may end behind one of them. */
static skm_err plan_links(struct skm_format_plan *plan, enum chain level, bool *out_breaks);

/* operand { operator operand }. *out_group: the op that opens it, when lines may end in it, else 0. The lines are `indent`
 * deeper than what is around. */
static skm_err plan_chain(struct skm_format_plan *plan, enum chain level, uint32_t indent,
                          size_t *out_group)
{
    *out_group = 0;
    if (level == CHAIN_MEMBER) {
        return plan_member(plan);
    }
    SKM_TRY(open(plan, 0));
    size_t group = plan->ops.len - 1;
    size_t first = 0;
    SKM_TRY(plan_chain(plan, level + 1, 0, &first));
    bool breaks = false;
    SKM_TRY(plan_links(plan, level, &breaks));
    if (breaks) {
        /* Operands of `||` and `&&` are as deep as the first one; a tighter chain among them is deeper. */
        bool logic = level == CHAIN_OR || level == CHAIN_AND;
        plan->ops.items[group].indent = logic ? indent : INDENT;
        if (first != 0) {
            plan->ops.items[first].indent = INDENT;
        }
        *out_group = group;
    }
    return close(plan);
}

static skm_err plan_links(struct skm_format_plan *plan, enum chain level, bool *out_breaks)
{
    while (chain_of(&plan->token) == level) {
        struct skm_token op = plan->token;
        SKM_TRY(space(plan));
        SKM_TRY(take(plan));
        if (may_break_behind(plan, &op)) {
            SKM_TRY(inner_break(plan, 1));
            *out_breaks = true;
        } else {
            SKM_TRY(space(plan));
        }
        size_t group = 0;
        SKM_TRY(plan_chain(plan, level + 1, INDENT, &group));
    }
    return SKM_OK;
}

/* 'if' expr 'then' expr 'else' expr, a chain of `else if` on one level */
static skm_err plan_if(struct skm_format_plan *plan)
{
    SKM_TRY(open(plan, 0));
    while (at_word(plan, SKM_WORD_IF)) {
        SKM_TRY(take(plan));
        SKM_TRY(space(plan));
        SKM_TRY(plan_expr(plan));
        SKM_TRY(inner_break(plan, 1));
        SKM_TRY(at_operand_end(plan) ? SKM_OK : take(plan)); /* then */
        SKM_TRY(space(plan));
        SKM_TRY(plan_expr(plan));
        SKM_TRY(inner_break(plan, 1));
        SKM_TRY(at_operand_end(plan) ? SKM_OK : take(plan)); /* else */
        SKM_TRY(space(plan));
    }
    SKM_TRY(plan_expr(plan));
    return close(plan);
}

static skm_err plan_expr(struct skm_format_plan *plan)
{
    if (plan->depth >= SKM_FORMAT_DEPTH_MAX) {
        return SKM_ERR(DEPTH);
    }
    plan->depth++;
    size_t group = 0;
    SKM_TRY(at_word(plan, SKM_WORD_IF) ? plan_if(plan) : plan_chain(plan, CHAIN_OR, 0, &group));
    plan->depth--;
    return SKM_OK;
}

/* ---- policies ---- */

/* '@' key [ '(' value ')' ], on a line of its own */
static skm_err plan_annotation(struct skm_format_plan *plan)
{
    SKM_TRY(take(plan));
    SKM_TRY(at(plan, SKM_TOKEN_END) ? SKM_OK : take(plan));
    if (at(plan, SKM_TOKEN_PAREN_OPEN)) {
        SKM_TRY(take(plan));
        SKM_TRY(take_if(plan, SKM_TOKEN_STRING));
        SKM_TRY(take_if(plan, SKM_TOKEN_PAREN_CLOSE));
    }
    return newline(plan);
}

/* ( 'when' | 'unless' ) '{' expr '}', on a line of its own */
static skm_err plan_condition(struct skm_format_plan *plan)
{
    SKM_TRY(newline(plan));
    SKM_TRY(take(plan));
    if (!at(plan, SKM_TOKEN_BRACE_OPEN)) {
        return SKM_OK;
    }
    SKM_TRY(space(plan));
    SKM_TRY(open(plan, INDENT));
    SKM_TRY(take(plan));
    SKM_TRY(inner_break(plan, 1));
    SKM_TRY(plan_expr(plan));
    SKM_TRY(outer_break(plan, 1));
    SKM_TRY(take_if(plan, SKM_TOKEN_BRACE_CLOSE));
    return close(plan);
}

void skm_format_plan_start(struct skm_format_plan *plan, struct skm_arena *arena, skm_span text)
{
    *plan = (struct skm_format_plan){.arena = arena};
    skm_token_start(&plan->reader, text);
    skm_token_next(&plan->reader, &plan->token);
}

skm_err skm_format_plan_policy(struct skm_format_plan *plan)
{
    plan->ops.len = 0;
    plan->depth = 0;
    while (at(plan, SKM_TOKEN_AT)) {
        SKM_TRY(plan_annotation(plan));
    }
    SKM_TRY(at(plan, SKM_TOKEN_END) ? SKM_OK : take(plan)); /* permit, forbid */
    if (at(plan, SKM_TOKEN_PAREN_OPEN)) {
        SKM_TRY(space(plan));
        SKM_TRY(plan_bracket(plan, SKM_TOKEN_PAREN_CLOSE, plan_expr));
    }
    while (at(plan, SKM_TOKEN_IDENT)) {
        SKM_TRY(plan_condition(plan));
    }
    return take_if(plan, SKM_TOKEN_SEMICOLON);
}
