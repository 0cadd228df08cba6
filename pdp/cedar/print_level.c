/* The levels of the grammar of expressions (Cedar grammar). */
#include "cedar/print_level.h"

#include "cedar/token.h"

static const struct skm_print_infix infix_or = {" || ", SKM_PRINT_LEVEL_OR, SKM_PRINT_LEVEL_OR,
                                                SKM_PRINT_LEVEL_AND};
static const struct skm_print_infix infix_and = {" && ", SKM_PRINT_LEVEL_AND, SKM_PRINT_LEVEL_AND,
                                                 SKM_PRINT_LEVEL_RELATION};
static const struct skm_print_infix infix_eq = {" == ", SKM_PRINT_LEVEL_RELATION,
                                                SKM_PRINT_LEVEL_ADD, SKM_PRINT_LEVEL_ADD};
static const struct skm_print_infix infix_ne = {" != ", SKM_PRINT_LEVEL_RELATION,
                                                SKM_PRINT_LEVEL_ADD, SKM_PRINT_LEVEL_ADD};
static const struct skm_print_infix infix_lt = {" < ", SKM_PRINT_LEVEL_RELATION,
                                                SKM_PRINT_LEVEL_ADD, SKM_PRINT_LEVEL_ADD};
static const struct skm_print_infix infix_le = {" <= ", SKM_PRINT_LEVEL_RELATION,
                                                SKM_PRINT_LEVEL_ADD, SKM_PRINT_LEVEL_ADD};
static const struct skm_print_infix infix_gt = {" > ", SKM_PRINT_LEVEL_RELATION,
                                                SKM_PRINT_LEVEL_ADD, SKM_PRINT_LEVEL_ADD};
static const struct skm_print_infix infix_ge = {" >= ", SKM_PRINT_LEVEL_RELATION,
                                                SKM_PRINT_LEVEL_ADD, SKM_PRINT_LEVEL_ADD};
static const struct skm_print_infix infix_in = {" in ", SKM_PRINT_LEVEL_RELATION,
                                                SKM_PRINT_LEVEL_ADD, SKM_PRINT_LEVEL_ADD};
static const struct skm_print_infix infix_add = {" + ", SKM_PRINT_LEVEL_ADD, SKM_PRINT_LEVEL_ADD,
                                                 SKM_PRINT_LEVEL_MUL};
static const struct skm_print_infix infix_sub = {" - ", SKM_PRINT_LEVEL_ADD, SKM_PRINT_LEVEL_ADD,
                                                 SKM_PRINT_LEVEL_MUL};
static const struct skm_print_infix infix_mul = {" * ", SKM_PRINT_LEVEL_MUL, SKM_PRINT_LEVEL_MUL,
                                                 SKM_PRINT_LEVEL_UNARY};

/* ---- what a node is written as ---- */

const struct skm_print_infix *skm_print_negated_infix(const struct skm_expr *expr)
{
    if (expr->hint == SKM_EXPR_HINT_NE && expr->a->kind == SKM_EXPR_EQ) {
        return &infix_ne;
    }
    if (expr->hint == SKM_EXPR_HINT_GT && expr->a->kind == SKM_EXPR_LE) {
        return &infix_gt;
    }
    if (expr->hint == SKM_EXPR_HINT_GE && expr->a->kind == SKM_EXPR_LT) {
        return &infix_ge;
    }
    return NULL;
}

bool skm_print_is_is_in(const struct skm_expr *expr)
{
    return expr->hint == SKM_EXPR_HINT_IS_IN && expr->a->kind == SKM_EXPR_IS &&
           expr->b->kind == SKM_EXPR_IN && expr->a->a == expr->b->a;
}

const struct skm_print_infix *skm_print_infix_of(const struct skm_expr *expr)
{
    switch (expr->kind) {
    case SKM_EXPR_OR:
        return &infix_or;
    case SKM_EXPR_AND:
        return skm_print_is_is_in(expr) ? NULL : &infix_and;
    case SKM_EXPR_EQ:
        return &infix_eq;
    case SKM_EXPR_LT:
        return &infix_lt;
    case SKM_EXPR_LE:
        return &infix_le;
    case SKM_EXPR_IN:
        return &infix_in;
    case SKM_EXPR_ADD:
        return &infix_add;
    case SKM_EXPR_SUB:
        return &infix_sub;
    case SKM_EXPR_MUL:
        return &infix_mul;
    case SKM_EXPR_LITERAL:
    case SKM_EXPR_VAR:
    case SKM_EXPR_IF:
    case SKM_EXPR_NOT:
    case SKM_EXPR_NEG:
    case SKM_EXPR_CONTAINS:
    case SKM_EXPR_CONTAINS_ALL:
    case SKM_EXPR_CONTAINS_ANY:
    case SKM_EXPR_IS_EMPTY:
    case SKM_EXPR_GET_TAG:
    case SKM_EXPR_HAS_TAG:
    case SKM_EXPR_GET_ATTR:
    case SKM_EXPR_HAS_ATTR:
    case SKM_EXPR_HAS_PATH:
    case SKM_EXPR_LIKE:
    case SKM_EXPR_IS:
    case SKM_EXPR_SET:
    case SKM_EXPR_RECORD:
    case SKM_EXPR_CALL:
        break;
    }
    return NULL;
}

bool skm_print_is_plain_path(const struct skm_expr *expr)
{
    for (size_t i = 0; i < expr->as.path.count; i++) {
        if (!skm_token_is_ident(expr->as.path.names[i])) {
            return false;
        }
    }
    return true;
}

bool skm_print_is_number(const struct skm_expr *expr, bool negative)
{
    return expr->kind == SKM_EXPR_LITERAL && expr->as.literal.kind == SKM_VALUE_LONG &&
           (expr->as.literal.as.integer < 0) == negative;
}

enum skm_print_level skm_print_level_of(const struct skm_expr *expr)
{
    const struct skm_print_infix *infix = skm_print_infix_of(expr);
    if (infix != NULL) {
        return infix->own;
    }
    switch (expr->kind) {
    case SKM_EXPR_IF:
        return SKM_PRINT_LEVEL_EXPR;
    case SKM_EXPR_NOT:
        return skm_print_negated_infix(expr) != NULL ? SKM_PRINT_LEVEL_RELATION
                                                     : SKM_PRINT_LEVEL_UNARY;
    case SKM_EXPR_NEG:
        return SKM_PRINT_LEVEL_UNARY;
    case SKM_EXPR_LITERAL:
        return skm_print_is_number(expr, true) ? SKM_PRINT_LEVEL_UNARY : SKM_PRINT_LEVEL_MEMBER;
    case SKM_EXPR_HAS_PATH:
        return skm_print_is_plain_path(expr) ? SKM_PRINT_LEVEL_RELATION : SKM_PRINT_LEVEL_AND;
    case SKM_EXPR_AND: /* is .. in */
    case SKM_EXPR_HAS_ATTR:
    case SKM_EXPR_LIKE:
    case SKM_EXPR_IS:
        return SKM_PRINT_LEVEL_RELATION;
    case SKM_EXPR_VAR:
    case SKM_EXPR_OR:
    case SKM_EXPR_EQ:
    case SKM_EXPR_LT:
    case SKM_EXPR_LE:
    case SKM_EXPR_ADD:
    case SKM_EXPR_SUB:
    case SKM_EXPR_MUL:
    case SKM_EXPR_IN:
    case SKM_EXPR_CONTAINS:
    case SKM_EXPR_CONTAINS_ALL:
    case SKM_EXPR_CONTAINS_ANY:
    case SKM_EXPR_IS_EMPTY:
    case SKM_EXPR_GET_TAG:
    case SKM_EXPR_HAS_TAG:
    case SKM_EXPR_GET_ATTR:
    case SKM_EXPR_SET:
    case SKM_EXPR_RECORD:
    case SKM_EXPR_CALL:
        break;
    }
    return SKM_PRINT_LEVEL_MEMBER;
}
