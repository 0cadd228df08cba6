/* Trees to text, with no more parentheses than the grammar of expressions needs. */
#include "cedar/print.h"

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"
#include "cedar/ext.h"
#include "cedar/print_level.h"
#include "cedar/token.h"

/* ---- writing ---- */

static void print_at(const struct skm_expr *expr, enum skm_print_level level, struct skm_buf *out);

static void print_quoted(skm_span text, struct skm_buf *out)
{
    skm_buf_append_char(out, '"');
    skm_value_print_escaped(text, out);
    skm_buf_append_char(out, '"');
}

static void print_name(skm_span name, struct skm_buf *out)
{
    if (skm_token_is_ident(name)) {
        skm_buf_append(out, name);
    } else {
        print_quoted(name, out);
    }
}

static void print_var(enum skm_var var, struct skm_buf *out)
{
    static const char *const names[] = {
        [SKM_VAR_PRINCIPAL] = "principal",
        [SKM_VAR_ACTION] = "action",
        [SKM_VAR_RESOURCE] = "resource",
        [SKM_VAR_CONTEXT] = "context",
    };
    skm_buf_append_cstr(out, names[var]);
}

static void print_infix(const struct skm_expr *a, const struct skm_print_infix *infix,
                        const struct skm_expr *b, struct skm_buf *out)
{
    print_at(a, infix->left, out);
    skm_buf_append_cstr(out, infix->text);
    print_at(b, infix->right, out);
}

static void print_if(const struct skm_expr *expr, struct skm_buf *out)
{
    skm_buf_append_cstr(out, "if ");
    print_at(expr->a, SKM_PRINT_LEVEL_EXPR, out);
    skm_buf_append_cstr(out, " then ");
    print_at(expr->b, SKM_PRINT_LEVEL_EXPR, out);
    skm_buf_append_cstr(out, " else ");
    print_at(expr->c, SKM_PRINT_LEVEL_EXPR, out);
}

/* The grammar takes so many in a row. */
#define UNARY_RUN_MAX 4u

/* A number behind `-` would become part of it: `-(1)` is the negation of 1, `-1` is a literal. A negative literal is
 * written with the run: `--1` is the negation of -1. */
static void print_unary(const struct skm_expr *expr, struct skm_buf *out)
{
    const struct skm_expr *operand = expr;
    unsigned run = 0;
    for (; run < UNARY_RUN_MAX && operand->kind == expr->kind &&
           skm_print_negated_infix(operand) == NULL;
         run++) {
        skm_buf_append_char(out, expr->kind == SKM_EXPR_NOT ? '!' : '-');
        operand = operand->a;
    }
    bool minus = expr->kind == SKM_EXPR_NEG;
    if (minus && skm_print_is_number(operand, false)) {
        skm_buf_append_char(out, '(');
        print_at(operand, SKM_PRINT_LEVEL_EXPR, out);
        skm_buf_append_char(out, ')');
    } else if (minus && skm_print_is_number(operand, true) && run < UNARY_RUN_MAX) {
        print_at(operand, SKM_PRINT_LEVEL_UNARY, out);
    } else {
        print_at(operand, SKM_PRINT_LEVEL_MEMBER, out);
    }
}

static void print_items(const struct skm_expr *const *items, size_t count, struct skm_buf *out)
{
    for (size_t i = 0; i < count; i++) {
        skm_buf_append_cstr(out, i == 0 ? "" : ", ");
        print_at(items[i], SKM_PRINT_LEVEL_EXPR, out);
    }
}

static void print_set(const struct skm_expr *expr, struct skm_buf *out)
{
    skm_buf_append_char(out, '[');
    print_items(expr->as.list.items, expr->as.list.count, out);
    skm_buf_append_char(out, ']');
}

static void print_record(const struct skm_expr *expr, struct skm_buf *out)
{
    skm_buf_append_char(out, '{');
    for (size_t i = 0; i < expr->as.record.count; i++) {
        skm_buf_append_cstr(out, i == 0 ? "" : ", ");
        print_name(expr->as.record.fields[i].key, out);
        skm_buf_append_cstr(out, ": ");
        print_at(expr->as.record.fields[i].value, SKM_PRINT_LEVEL_EXPR, out);
    }
    skm_buf_append_char(out, '}');
}

static void print_method(const struct skm_expr *receiver, skm_span name,
                         const struct skm_expr *const *args, size_t count, struct skm_buf *out)
{
    print_at(receiver, SKM_PRINT_LEVEL_MEMBER, out);
    skm_buf_append_char(out, '.');
    skm_buf_append(out, name);
    skm_buf_append_char(out, '(');
    print_items(args, count, out);
    skm_buf_append_char(out, ')');
}

static void print_builtin(const struct skm_expr *expr, const char *name, struct skm_buf *out)
{
    print_method(expr->a, skm_span_cstr(name), &expr->b, expr->b == NULL ? 0 : 1, out);
}

static void print_call(const struct skm_expr *expr, struct skm_buf *out)
{
    const struct skm_ext_function *function = expr->as.call.function;
    const struct skm_expr *const *args = expr->as.call.args;
    size_t count = expr->as.call.count;
    if (function->style == SKM_EXT_METHOD && count != 0) {
        print_method(args[0], function->name, args + 1, count - 1, out);
        return;
    }
    skm_buf_append(out, function->name);
    skm_buf_append_char(out, '(');
    print_items(args, count, out);
    skm_buf_append_char(out, ')');
}

static void print_attr(const struct skm_expr *expr, struct skm_buf *out)
{
    print_at(expr->a, SKM_PRINT_LEVEL_MEMBER, out);
    if (expr->hint != SKM_EXPR_HINT_INDEX && skm_token_is_ident(expr->as.name)) {
        skm_buf_append_char(out, '.');
        skm_buf_append(out, expr->as.name);
        return;
    }
    skm_buf_append_char(out, '[');
    print_quoted(expr->as.name, out);
    skm_buf_append_char(out, ']');
}

/* `a has b && a.b has c`, for a name that extended `has` cannot write. */
static void print_path_apart(const struct skm_expr *expr, struct skm_buf *out)
{
    for (size_t i = 0; i < expr->as.path.count; i++) {
        skm_buf_append_cstr(out, i == 0 ? "" : " && ");
        print_at(expr->a, i == 0 ? SKM_PRINT_LEVEL_ADD : SKM_PRINT_LEVEL_MEMBER, out);
        for (size_t k = 0; k < i; k++) {
            skm_buf_append_char(out, '[');
            print_quoted(expr->as.path.names[k], out);
            skm_buf_append_char(out, ']');
        }
        skm_buf_append_cstr(out, " has ");
        print_name(expr->as.path.names[i], out);
    }
}

static void print_path(const struct skm_expr *expr, struct skm_buf *out)
{
    if (!skm_print_is_plain_path(expr)) {
        print_path_apart(expr, out);
        return;
    }
    print_at(expr->a, SKM_PRINT_LEVEL_ADD, out);
    skm_buf_append_cstr(out, " has ");
    for (size_t i = 0; i < expr->as.path.count; i++) {
        skm_buf_append_cstr(out, i == 0 ? "" : ".");
        skm_buf_append(out, expr->as.path.names[i]);
    }
}

static void print_has(const struct skm_expr *expr, struct skm_buf *out)
{
    print_at(expr->a, SKM_PRINT_LEVEL_ADD, out);
    skm_buf_append_cstr(out, " has ");
    print_name(expr->as.name, out);
}

/* A star of the text is escaped; a wildcard is a bare star. */
static void print_pattern_text(skm_span text, struct skm_buf *out)
{
    size_t start = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '*') {
            skm_value_print_escaped(skm_span_sub(text, start, i - start), out);
            skm_buf_append_cstr(out, "\\*");
            start = i + 1;
        }
    }
    skm_value_print_escaped(skm_span_from(text, start), out);
}

static void print_like(const struct skm_expr *expr, struct skm_buf *out)
{
    const struct skm_pattern *pattern = &expr->as.pattern;
    print_at(expr->a, SKM_PRINT_LEVEL_ADD, out);
    skm_buf_append_cstr(out, " like \"");
    for (size_t i = 0; i < pattern->count; i++) {
        print_pattern_text(pattern->parts[i].text, out);
        skm_buf_append_cstr(out, pattern->parts[i].star ? "*" : "");
    }
    skm_buf_append_char(out, '"');
}

static void print_is(const struct skm_expr *expr, struct skm_buf *out)
{
    print_at(expr->a, SKM_PRINT_LEVEL_ADD, out);
    skm_buf_append_cstr(out, " is ");
    skm_buf_append(out, expr->as.name);
}

static void print_is_in(const struct skm_expr *expr, struct skm_buf *out)
{
    print_is(expr->a, out);
    skm_buf_append_cstr(out, " in ");
    print_at(expr->b->b, SKM_PRINT_LEVEL_ADD, out);
}

static void print_not(const struct skm_expr *expr, struct skm_buf *out)
{
    const struct skm_print_infix *infix = skm_print_negated_infix(expr);
    if (infix != NULL) {
        print_infix(expr->a->a, infix, expr->a->b, out);
    } else {
        print_unary(expr, out);
    }
}

/* One case a kind. */
static void print_node(const struct skm_expr *expr, struct skm_buf *out)
{
    const struct skm_print_infix *infix = skm_print_infix_of(expr);
    if (infix != NULL) {
        print_infix(expr->a, infix, expr->b, out);
        return;
    }
    switch (expr->kind) {
    case SKM_EXPR_LITERAL:
        skm_value_print(&expr->as.literal, out);
        return;
    case SKM_EXPR_VAR:
        print_var(expr->as.var, out);
        return;
    case SKM_EXPR_IF:
        print_if(expr, out);
        return;
    case SKM_EXPR_NOT:
        print_not(expr, out);
        return;
    case SKM_EXPR_NEG:
        print_unary(expr, out);
        return;
    case SKM_EXPR_CONTAINS:
        print_builtin(expr, "contains", out);
        return;
    case SKM_EXPR_CONTAINS_ALL:
        print_builtin(expr, "containsAll", out);
        return;
    case SKM_EXPR_CONTAINS_ANY:
        print_builtin(expr, "containsAny", out);
        return;
    case SKM_EXPR_IS_EMPTY:
        print_builtin(expr, "isEmpty", out);
        return;
    case SKM_EXPR_GET_TAG:
        print_builtin(expr, "getTag", out);
        return;
    case SKM_EXPR_HAS_TAG:
        print_builtin(expr, "hasTag", out);
        return;
    case SKM_EXPR_GET_ATTR:
        print_attr(expr, out);
        return;
    case SKM_EXPR_HAS_ATTR:
        print_has(expr, out);
        return;
    case SKM_EXPR_HAS_PATH:
        print_path(expr, out);
        return;
    case SKM_EXPR_LIKE:
        print_like(expr, out);
        return;
    case SKM_EXPR_IS:
        print_is(expr, out);
        return;
    case SKM_EXPR_SET:
        print_set(expr, out);
        return;
    case SKM_EXPR_RECORD:
        print_record(expr, out);
        return;
    case SKM_EXPR_CALL:
        print_call(expr, out);
        return;
    case SKM_EXPR_AND:
        print_is_in(expr, out);
        return;
    case SKM_EXPR_OR:
    case SKM_EXPR_EQ:
    case SKM_EXPR_LT:
    case SKM_EXPR_LE:
    case SKM_EXPR_ADD:
    case SKM_EXPR_SUB:
    case SKM_EXPR_MUL:
    case SKM_EXPR_IN:
        return; /* infix */
    }
}

static void print_at(const struct skm_expr *expr, enum skm_print_level level, struct skm_buf *out)
{
    /* A full buffer ends the walk: an operand written more than once must not be walked in vain. */
    if (!skm_is_ok(out->err)) {
        return;
    }
    if (skm_print_level_of(expr) >= level) {
        print_node(expr, out);
        return;
    }
    skm_buf_append_char(out, '(');
    print_node(expr, out);
    skm_buf_append_char(out, ')');
}

void skm_print_expr(const struct skm_expr *expr, struct skm_buf *out)
{
    print_at(expr, SKM_PRINT_LEVEL_EXPR, out);
}
