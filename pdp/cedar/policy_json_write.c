/* Policies to JSON. Trees nest deeper than the JSON writer of base counts, so expressions are written straight into the
 * buffer; recursion is bounded by SKM_EXPR_DEPTH_MAX. */
#include "base/attr.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/span.h"
#include "cedar/ext.h"
#include "cedar/policy_json.h"
#include "cedar/policy_set.h"

static void text(struct skm_buf *out, const char *json)
{
    skm_buf_append_cstr(out, json);
}

static void write_uid(const struct skm_uid *uid, struct skm_buf *out)
{
    text(out, "{\"type\":");
    skm_json_append_string(out, uid->type);
    text(out, ",\"id\":");
    skm_json_append_string(out, uid->id);
    text(out, "}");
}

/* ---- expressions ---- */

static void write_expr(const struct skm_expr *expr, struct skm_buf *out);

/* `,"name":E`; the comma is left out for the first member */
static void write_operand(const char *name, const struct skm_expr *operand, struct skm_buf *out)
{
    text(out, name);
    write_expr(operand, out);
}

static void write_begin(const char *op, struct skm_buf *out)
{
    text(out, "{\"");
    text(out, op);
    text(out, "\":");
}

static void write_binary(const char *op, const struct skm_expr *left, const struct skm_expr *right,
                         struct skm_buf *out)
{
    write_begin(op, out);
    write_operand("{\"left\":", left, out);
    write_operand(",\"right\":", right, out);
    text(out, "}}");
}

static void write_unary(const char *op, const struct skm_expr *arg, struct skm_buf *out)
{
    write_begin(op, out);
    write_operand("{\"arg\":", arg, out);
    text(out, "}}");
}

static void write_literal(const struct skm_value *literal, struct skm_buf *out)
{
    text(out, "{\"Value\":");
    if (literal->kind == SKM_VALUE_ENTITY) {
        text(out, "{\"__entity\":");
        write_uid(literal->as.entity, out);
        text(out, "}");
    } else if (literal->kind == SKM_VALUE_STRING) {
        skm_json_append_string(out, literal->as.string);
    } else if (literal->kind == SKM_VALUE_BOOL) {
        text(out, literal->as.boolean ? "true" : "false");
    } else {
        skm_buf_append_i64(out, literal->as.integer);
    }
    text(out, "}");
}

static void write_var(enum skm_var var, struct skm_buf *out)
{
    static const char *const names[] = {
        [SKM_VAR_PRINCIPAL] = "{\"Var\":\"principal\"}",
        [SKM_VAR_ACTION] = "{\"Var\":\"action\"}",
        [SKM_VAR_RESOURCE] = "{\"Var\":\"resource\"}",
        [SKM_VAR_CONTEXT] = "{\"Var\":\"context\"}",
    };
    text(out, names[var]);
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
    text(out, ",\"entity_type\":");
    skm_json_append_string(out, expr->as.name);
    if (in != NULL) {
        write_operand(",\"in\":", in, out);
    }
    text(out, "}}");
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
    text(out, ",\"attr\":");
    skm_json_append_string(out, expr->as.name);
    text(out, "}}");
}

static void write_path(const struct skm_expr *expr, struct skm_buf *out)
{
    write_begin("has", out);
    write_operand("{\"left\":", expr->a, out);
    text(out, ",\"attr\":");
    for (size_t i = 0; i < expr->as.path.count; i++) {
        text(out, i == 0 ? "[" : ",");
        skm_json_append_string(out, expr->as.path.names[i]);
    }
    text(out, "]}}");
}

static void write_like(const struct skm_expr *expr, struct skm_buf *out)
{
    const char *separator = "";
    write_begin("like", out);
    write_operand("{\"left\":", expr->a, out);
    text(out, ",\"pattern\":[");
    for (size_t i = 0; i < expr->as.pattern.count; i++) {
        const struct skm_pattern_part *part = &expr->as.pattern.parts[i];
        if (part->text.len != 0) {
            text(out, separator);
            text(out, "{\"Literal\":");
            skm_json_append_string(out, part->text);
            text(out, "}");
            separator = ",";
        }
        if (part->star) {
            text(out, separator);
            text(out, "\"Wildcard\"");
            separator = ",";
        }
    }
    text(out, "]}}");
}

static void write_if(const struct skm_expr *expr, struct skm_buf *out)
{
    write_begin("if-then-else", out);
    write_operand("{\"if\":", expr->a, out);
    write_operand(",\"then\":", expr->b, out);
    write_operand(",\"else\":", expr->c, out);
    text(out, "}}");
}

static void write_items(const struct skm_expr *const *items, size_t count, struct skm_buf *out)
{
    text(out, "[");
    for (size_t i = 0; i < count; i++) {
        write_operand(i == 0 ? "" : ",", items[i], out);
    }
    text(out, "]}");
}

static void write_record(const struct skm_expr *expr, struct skm_buf *out)
{
    write_begin("Record", out);
    text(out, "{");
    for (size_t i = 0; i < expr->as.record.count; i++) {
        text(out, i == 0 ? "" : ",");
        skm_json_append_string(out, expr->as.record.fields[i].key);
        write_operand(":", expr->as.record.fields[i].value, out);
    }
    text(out, "}}");
}

static void write_call(const struct skm_expr *expr, struct skm_buf *out)
{
    text(out, "{");
    skm_json_append_string(out, expr->as.call.function->name);
    text(out, ":");
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

static void write_expr(const struct skm_expr *expr, struct skm_buf *out)
{
    if (skm_is_ok(out->err)) {
        write_node(expr, out);
    }
}

/* ---- policies ---- */

static void write_ref(const struct skm_scope *scope, const char *slot, struct skm_buf *out)
{
    if (scope->slot) {
        text(out, "\"slot\":\"");
        text(out, slot);
        text(out, "\"");
    } else {
        text(out, "\"entity\":");
        write_uid(&scope->uid, out);
    }
}

static void write_is_scope(const struct skm_scope *scope, const char *slot, struct skm_buf *out)
{
    text(out, "{\"op\":\"is\",\"entity_type\":");
    skm_json_append_string(out, scope->type);
    if (scope->kind == SKM_SCOPE_IS_IN) {
        text(out, ",\"in\":{");
        write_ref(scope, slot, out);
        text(out, "}");
    }
    text(out, "}");
}

static void write_uids(const struct skm_scope *scope, struct skm_buf *out)
{
    text(out, "{\"op\":\"in\",\"entities\":[");
    for (size_t i = 0; i < scope->uid_count; i++) {
        text(out, i == 0 ? "" : ",");
        write_uid(&scope->uids[i], out);
    }
    text(out, "]}");
}

static void write_scope(const struct skm_scope *scope, const char *slot, struct skm_buf *out)
{
    switch (scope->kind) {
    case SKM_SCOPE_ANY:
        text(out, "{\"op\":\"All\"}");
        return;
    case SKM_SCOPE_EQ:
    case SKM_SCOPE_IN:
        text(out, scope->kind == SKM_SCOPE_EQ ? "{\"op\":\"==\"," : "{\"op\":\"in\",");
        write_ref(scope, slot, out);
        text(out, "}");
        return;
    case SKM_SCOPE_IS:
    case SKM_SCOPE_IS_IN:
        write_is_scope(scope, slot, out);
        return;
    case SKM_SCOPE_IN_SET:
        write_uids(scope, out);
        return;
    }
}

static void write_annotations(const struct skm_policy *policy, struct skm_buf *out)
{
    for (size_t i = 0; i < policy->annotation_count; i++) {
        const struct skm_annotation *annotation = &policy->annotations[i];
        text(out, i == 0 ? ",\"annotations\":{" : ",");
        skm_json_append_string(out, annotation->key);
        text(out, ":");
        if (annotation->has_value) {
            skm_json_append_string(out, annotation->value);
        } else {
            text(out, "null");
        }
    }
    text(out, policy->annotation_count == 0 ? "" : "}");
}

void skm_policy_json_write(const struct skm_policy *policy, struct skm_buf *out)
{
    text(out,
         policy->effect == SKM_EFFECT_PERMIT ? "{\"effect\":\"permit\"" : "{\"effect\":\"forbid\"");
    text(out, ",\"principal\":");
    write_scope(&policy->principal, "?principal", out);
    text(out, ",\"action\":");
    write_scope(&policy->action, "", out);
    text(out, ",\"resource\":");
    write_scope(&policy->resource, "?resource", out);
    text(out, ",\"conditions\":[");
    for (size_t i = 0; i < policy->condition_count; i++) {
        const struct skm_condition *condition = &policy->conditions[i];
        text(out, i == 0 ? "" : ",");
        text(out,
             condition->unless ? "{\"kind\":\"unless\",\"body\":" : "{\"kind\":\"when\",\"body\":");
        write_expr(condition->body, out);
        text(out, "}");
    }
    text(out, "]");
    write_annotations(policy, out);
    text(out, "}");
}

/* ---- sets ---- */

static void write_link(const struct skm_policy_instance *instance, struct skm_buf *out)
{
    const char *separator = "";
    text(out, "{\"templateId\":");
    skm_json_append_string(out, instance->policy->id);
    text(out, ",\"newId\":");
    skm_json_append_string(out, instance->id);
    text(out, ",\"values\":{");
    if (instance->policy->principal.slot) {
        text(out, "\"?principal\":");
        write_uid(&instance->principal, out);
        separator = ",";
    }
    if (instance->policy->resource.slot) {
        text(out, separator);
        text(out, "\"?resource\":");
        write_uid(&instance->resource, out);
    }
    text(out, "}}");
}

static void write_member(const char *separator, const struct skm_policy *policy,
                         struct skm_buf *out)
{
    text(out, separator);
    skm_json_append_string(out, policy->id);
    text(out, ":");
    skm_policy_json_write(policy, out);
}

void skm_policy_json_write_set(const struct skm_policy_set *set, struct skm_buf *out)
{
    const char *separator = "";
    text(out, "{\"staticPolicies\":{");
    for (size_t i = 0; i < set->instances.len; i++) {
        if (!skm_policy_is_template(set->instances.items[i].policy)) {
            write_member(separator, set->instances.items[i].policy, out);
            separator = ",";
        }
    }
    text(out, "},\"templates\":{");
    for (size_t i = 0; i < set->templates.len; i++) {
        write_member(i == 0 ? "" : ",", set->templates.items[i], out);
    }
    text(out, "},\"templateLinks\":[");
    separator = "";
    for (size_t i = 0; i < set->instances.len; i++) {
        if (skm_policy_is_template(set->instances.items[i].policy)) {
            text(out, separator);
            write_link(&set->instances.items[i], out);
            separator = ",";
        }
    }
    text(out, "]}");
}
