/* Expressions to JSON: one function a form. */
#include "base/attr.h"
#include "base/span.h"
#include "cedar/ext.h"
#include "cedar/policy_json_writer.h"

void skm_policy_json_write_uid(const struct skm_uid *uid, struct skm_buf *out)
{
    skm_policy_json_text(out, "{\"type\":");
    skm_json_append_string(out, uid->type);
    skm_policy_json_text(out, ",\"id\":");
    skm_json_append_string(out, uid->id);
    skm_policy_json_text(out, "}");
}

/* `,"name":E`; the comma is left out for the first member */
static void write_operand(const char *name, const struct skm_expr *operand, struct skm_buf *out)
{
    skm_policy_json_text(out, name);
    skm_policy_json_write_expr(operand, out);
}

static void write_begin(const char *op, struct skm_buf *out)
{
    skm_policy_json_text(out, "{\"");
    skm_policy_json_text(out, op);
    skm_policy_json_text(out, "\":");
}

static void write_binary(const char *op, const struct skm_expr *left, const struct skm_expr *right,
                         struct skm_buf *out)
{
    write_begin(op, out);
    write_operand("{\"left\":", left, out);
    write_operand(",\"right\":", right, out);
    skm_policy_json_text(out, "}}");
}

static void write_unary(const char *op, const struct skm_expr *arg, struct skm_buf *out)
{
    write_begin(op, out);
    write_operand("{\"arg\":", arg, out);
    skm_policy_json_text(out, "}}");
}

static void write_literal(const struct skm_value *literal, struct skm_buf *out)
{
    skm_policy_json_text(out, "{\"Value\":");
    if (literal->kind == SKM_VALUE_ENTITY) {
        skm_policy_json_text(out, "{\"__entity\":");
        skm_policy_json_write_uid(literal->as.entity, out);
        skm_policy_json_text(out, "}");
    } else if (literal->kind == SKM_VALUE_STRING) {
        skm_json_append_string(out, literal->as.string);
    } else if (literal->kind == SKM_VALUE_BOOL) {
        skm_policy_json_text(out, literal->as.boolean ? "true" : "false");
    } else {
        skm_buf_append_i64(out, literal->as.integer);
    }
    skm_policy_json_text(out, "}");
}

static void write_var(enum skm_var var, struct skm_buf *out)
{
    static const char *const names[] = {
        [SKM_VAR_PRINCIPAL] = "{\"Var\":\"principal\"}",
        [SKM_VAR_ACTION] = "{\"Var\":\"action\"}",
        [SKM_VAR_RESOURCE] = "{\"Var\":\"resource\"}",
        [SKM_VAR_CONTEXT] = "{\"Var\":\"context\"}",
    };
    skm_policy_json_text(out, names[var]);
}

/* The operator of a negation that was written as one, with its operands; else NULL. */
static const char *negated_operator(const struct skm_expr *expr)
{
    if (expr->hint == SKM_EXPR_HINT_NE && expr->a->kind == SKM_EXPR_EQ) {
        return "!=";
    }
    if (expr->hint == SKM_EXPR_HINT_GT && expr->a->kind == SKM_EXPR_LE) {
        return ">";
    }
    return expr->hint == SKM_EXPR_HINT_GE && expr->a->kind == SKM_EXPR_LT ? ">=" : NULL;
}

static void write_not(const struct skm_expr *expr, struct skm_buf *out)
{
    const char *op = negated_operator(expr);
    if (op != NULL) {
        write_binary(op, expr->a->a, expr->a->b, out);
    } else {
        write_unary("!", expr->a, out);
    }
}

static void write_is(const struct skm_expr *expr, const struct skm_expr *in, struct skm_buf *out)
{
    write_begin("is", out);
    write_operand("{\"left\":", expr->a, out);
    skm_policy_json_text(out, ",\"entity_type\":");
    skm_json_append_string(out, expr->as.name);
    if (in != NULL) {
        write_operand(",\"in\":", in, out);
    }
    skm_policy_json_text(out, "}}");
}

static void write_and(const struct skm_expr *expr, struct skm_buf *out)
{
    bool is_in = expr->hint == SKM_EXPR_HINT_IS_IN && expr->a->kind == SKM_EXPR_IS &&
                 expr->b->kind == SKM_EXPR_IN && expr->a->a == expr->b->a;
    if (is_in) {
        write_is(expr->a, expr->b->b, out);
    } else {
        write_binary("&&", expr->a, expr->b, out);
    }
}

static void write_attr(const char *op, const struct skm_expr *expr, struct skm_buf *out)
{
    write_begin(op, out);
    write_operand("{\"left\":", expr->a, out);
    skm_policy_json_text(out, ",\"attr\":");
    skm_json_append_string(out, expr->as.name);
    skm_policy_json_text(out, "}}");
}

static void write_path(const struct skm_expr *expr, struct skm_buf *out)
{
    write_begin("has", out);
    write_operand("{\"left\":", expr->a, out);
    skm_policy_json_text(out, ",\"attr\":");
    for (size_t i = 0; i < expr->as.path.count; i++) {
        skm_policy_json_text(out, i == 0 ? "[" : ",");
        skm_json_append_string(out, expr->as.path.names[i]);
    }
    skm_policy_json_text(out, "]}}");
}

static void write_like(const struct skm_expr *expr, struct skm_buf *out)
{
    const char *separator = "";
    write_begin("like", out);
    write_operand("{\"left\":", expr->a, out);
    skm_policy_json_text(out, ",\"pattern\":[");
    for (size_t i = 0; i < expr->as.pattern.count; i++) {
        const struct skm_pattern_part *part = &expr->as.pattern.parts[i];
        if (part->text.len != 0) {
            skm_policy_json_text(out, separator);
            skm_policy_json_text(out, "{\"Literal\":");
            skm_json_append_string(out, part->text);
            skm_policy_json_text(out, "}");
            separator = ",";
        }
        if (part->star) {
            skm_policy_json_text(out, separator);
            skm_policy_json_text(out, "\"Wildcard\"");
            separator = ",";
        }
    }
    skm_policy_json_text(out, "]}}");
}

static void write_if(const struct skm_expr *expr, struct skm_buf *out)
{
    write_begin("if-then-else", out);
    write_operand("{\"if\":", expr->a, out);
    write_operand(",\"then\":", expr->b, out);
    write_operand(",\"else\":", expr->c, out);
    skm_policy_json_text(out, "}}");
}

static void write_items(const struct skm_expr *const *items, size_t count, struct skm_buf *out)
{
    skm_policy_json_text(out, "[");
    for (size_t i = 0; i < count; i++) {
        write_operand(i == 0 ? "" : ",", items[i], out);
    }
    skm_policy_json_text(out, "]}");
}

static void write_record(const struct skm_expr *expr, struct skm_buf *out)
{
    write_begin("Record", out);
    skm_policy_json_text(out, "{");
    for (size_t i = 0; i < expr->as.record.count; i++) {
        skm_policy_json_text(out, i == 0 ? "" : ",");
        skm_json_append_string(out, expr->as.record.fields[i].key);
        write_operand(":", expr->as.record.fields[i].value, out);
    }
    skm_policy_json_text(out, "}}");
}

static void write_call(const struct skm_expr *expr, struct skm_buf *out)
{
    skm_policy_json_text(out, "{");
    skm_json_append_string(out, expr->as.call.function->name);
    skm_policy_json_text(out, ":");
    write_items(expr->as.call.args, expr->as.call.count, out);
}

/* What a node with two operands and nothing else is called; NULL for the others. */
static const char *binary_operator(enum skm_expr_kind kind)
{
    static const struct {
        enum skm_expr_kind kind;
        const char *op;
    } rows[] = {
        {SKM_EXPR_OR, "||"},
        {SKM_EXPR_EQ, "=="},
        {SKM_EXPR_LT, "<"},
        {SKM_EXPR_LE, "<="},
        {SKM_EXPR_ADD, "+"},
        {SKM_EXPR_SUB, "-"},
        {SKM_EXPR_MUL, "*"},
        {SKM_EXPR_IN, "in"},
        {SKM_EXPR_CONTAINS, "contains"},
        {SKM_EXPR_CONTAINS_ALL, "containsAll"},
        {SKM_EXPR_CONTAINS_ANY, "containsAny"},
        {SKM_EXPR_GET_TAG, "getTag"},
        {SKM_EXPR_HAS_TAG, "hasTag"},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(rows); i++) {
        if (rows[i].kind == kind) {
            return rows[i].op;
        }
    }
    return NULL;
}

/* One case a kind. */
static void write_node(const struct skm_expr *expr, struct skm_buf *out)
{
    switch (expr->kind) {
    case SKM_EXPR_LITERAL:
        write_literal(&expr->as.literal, out);
        return;
    case SKM_EXPR_VAR:
        write_var(expr->as.var, out);
        return;
    case SKM_EXPR_IF:
        write_if(expr, out);
        return;
    case SKM_EXPR_AND:
        write_and(expr, out);
        return;
    case SKM_EXPR_NOT:
        write_not(expr, out);
        return;
    case SKM_EXPR_NEG:
        write_unary("neg", expr->a, out);
        return;
    case SKM_EXPR_IS_EMPTY:
        write_unary("isEmpty", expr->a, out);
        return;
    case SKM_EXPR_GET_ATTR:
        write_attr(".", expr, out);
        return;
    case SKM_EXPR_HAS_ATTR:
        write_attr("has", expr, out);
        return;
    case SKM_EXPR_HAS_PATH:
        write_path(expr, out);
        return;
    case SKM_EXPR_LIKE:
        write_like(expr, out);
        return;
    case SKM_EXPR_IS:
        write_is(expr, NULL, out);
        return;
    case SKM_EXPR_SET:
        write_begin("Set", out);
        write_items(expr->as.list.items, expr->as.list.count, out);
        return;
    case SKM_EXPR_RECORD:
        write_record(expr, out);
        return;
    case SKM_EXPR_CALL:
        write_call(expr, out);
        return;
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
    case SKM_EXPR_GET_TAG:
    case SKM_EXPR_HAS_TAG:
        write_binary(binary_operator(expr->kind), expr->a, expr->b, out);
        return;
    }
}

void skm_policy_json_write_expr(const struct skm_expr *expr, struct skm_buf *out)
{
    if (skm_is_ok(out->err)) {
        write_node(expr, out);
    }
}
