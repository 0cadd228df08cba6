/* How an expression is written, as far as its parentheses depend on it. For print.c only. */
#pragma once

#include <stdbool.h>

#include "cedar/ast.h"

/* How tightly an expression binds, as the grammar rules follow each other. Where a rule expects a level, an
 * expression of a lower one stands in parentheses. */
enum skm_print_level {
    SKM_PRINT_LEVEL_EXPR = 0, /* if */
    SKM_PRINT_LEVEL_OR,
    SKM_PRINT_LEVEL_AND,
    SKM_PRINT_LEVEL_RELATION,
    SKM_PRINT_LEVEL_ADD,
    SKM_PRINT_LEVEL_MUL,
    SKM_PRINT_LEVEL_UNARY,
    SKM_PRINT_LEVEL_MEMBER,
};

/* What an infix operator is written as, and the levels of its operands. */
struct skm_print_infix {
    const char *text;
    enum skm_print_level own;
    enum skm_print_level left;
    enum skm_print_level right;
};

/* The operator a negation was written as, when the tree still has its shape; else NULL. */
const struct skm_print_infix *skm_print_negated_infix(const struct skm_expr *expr);

/* NULL: not written infix between two operands of its own. */
const struct skm_print_infix *skm_print_infix_of(const struct skm_expr *expr);

/* The conjunction was written `is .. in`. */
bool skm_print_is_is_in(const struct skm_expr *expr);

/* Extended `has` takes identifiers only; paths from data may hold other names. */
bool skm_print_is_plain_path(const struct skm_expr *expr);

/* An integer literal, negative or not. */
bool skm_print_is_number(const struct skm_expr *expr, bool negative);

enum skm_print_level skm_print_level_of(const struct skm_expr *expr);
