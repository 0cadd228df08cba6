/* For tests of text: a parser run with its arena and messages, and trees written out in full.
 *
 * Each check stands alone: it makes its arena and frees it. */
#pragma once

#include "harness/test.h"

#include "base/attr.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/span.h"
#include "cedar/ext.h"
#include "cedar/parse.h"

struct text_case {
    struct skm_arena arena;
    struct skm_diags diags;
    struct skm_source source;
    struct skm_buf out;
};

static inline void text_case_init(struct text_case *t, skm_span text)
{
    skm_arena_init(&t->arena, (size_t)1 << 30);
    skm_diags_init(&t->diags, &t->arena, 100);
    t->source = (struct skm_source){.text = text};
    skm_buf_init(&t->out, 1u << 26);
}

static inline void text_case_fini(struct text_case *t)
{
    skm_buf_fini(&t->out);
    skm_arena_fini(&t->arena);
}

/* ---- trees as text: every node in parentheses, hints visible ---- */

static inline void dump_expr(const struct skm_expr *expr, struct skm_buf *out);

static inline const char *dump_name(const struct skm_expr *expr)
{
    static const char *const names[] = {
        [SKM_EXPR_LITERAL] = "lit",
        [SKM_EXPR_VAR] = "var",
        [SKM_EXPR_IF] = "if",
        [SKM_EXPR_AND] = "and",
        [SKM_EXPR_OR] = "or",
        [SKM_EXPR_NOT] = "not",
        [SKM_EXPR_NEG] = "neg",
        [SKM_EXPR_EQ] = "eq",
        [SKM_EXPR_LT] = "lt",
        [SKM_EXPR_LE] = "le",
        [SKM_EXPR_ADD] = "add",
        [SKM_EXPR_SUB] = "sub",
        [SKM_EXPR_MUL] = "mul",
        [SKM_EXPR_IN] = "in",
        [SKM_EXPR_CONTAINS] = "contains",
        [SKM_EXPR_CONTAINS_ALL] = "containsAll",
        [SKM_EXPR_CONTAINS_ANY] = "containsAny",
        [SKM_EXPR_IS_EMPTY] = "isEmpty",
        [SKM_EXPR_GET_TAG] = "getTag",
        [SKM_EXPR_HAS_TAG] = "hasTag",
        [SKM_EXPR_GET_ATTR] = "get",
        [SKM_EXPR_HAS_ATTR] = "has",
        [SKM_EXPR_HAS_PATH] = "path",
        [SKM_EXPR_LIKE] = "like",
        [SKM_EXPR_IS] = "is",
        [SKM_EXPR_SET] = "set",
        [SKM_EXPR_RECORD] = "record",
        [SKM_EXPR_CALL] = "call",
    };
    return names[expr->kind];
}

static inline void dump_items(const struct skm_expr *const *items, size_t count,
                              struct skm_buf *out)
{
    for (size_t i = 0; i < count; i++) {
        skm_buf_append_char(out, ' ');
        dump_expr(items[i], out);
    }
}

static inline void dump_pattern(const struct skm_pattern *pattern, struct skm_buf *out)
{
    for (size_t i = 0; i < pattern->count; i++) {
        skm_buf_append_cstr(out, " <");
        skm_buf_append(out, pattern->parts[i].text);
        skm_buf_append_cstr(out, pattern->parts[i].star ? ">*" : ">");
    }
}

static inline void dump_payload(const struct skm_expr *expr, struct skm_buf *out)
{
    if (expr->kind == SKM_EXPR_GET_ATTR || expr->kind == SKM_EXPR_HAS_ATTR ||
        expr->kind == SKM_EXPR_IS) {
        skm_buf_append_char(out, ' ');
        skm_buf_append(out, expr->as.name);
    } else if (expr->kind == SKM_EXPR_HAS_PATH) {
        for (size_t i = 0; i < expr->as.path.count; i++) {
            skm_buf_append_char(out, ' ');
            skm_buf_append(out, expr->as.path.names[i]);
        }
    } else if (expr->kind == SKM_EXPR_LIKE) {
        dump_pattern(&expr->as.pattern, out);
    } else if (expr->kind == SKM_EXPR_SET) {
        dump_items(expr->as.list.items, expr->as.list.count, out);
    } else if (expr->kind == SKM_EXPR_CALL) {
        skm_buf_append_char(out, ' ');
        skm_buf_append(out, expr->as.call.function->name);
        dump_items(expr->as.call.args, expr->as.call.count, out);
    } else if (expr->kind == SKM_EXPR_RECORD) {
        for (size_t i = 0; i < expr->as.record.count; i++) {
            skm_buf_append_char(out, ' ');
            skm_buf_append(out, expr->as.record.fields[i].key);
            skm_buf_append_char(out, '=');
            dump_expr(expr->as.record.fields[i].value, out);
        }
    }
}

static inline void dump_expr(const struct skm_expr *expr, struct skm_buf *out)
{
    static const char *const hints[] = {
        [SKM_EXPR_HINT_NONE] = "",        [SKM_EXPR_HINT_NE] = "!ne",
        [SKM_EXPR_HINT_GT] = "!gt",       [SKM_EXPR_HINT_GE] = "!ge",
        [SKM_EXPR_HINT_IS_IN] = "!is-in", [SKM_EXPR_HINT_INDEX] = "!index",
    };
    static const char *const vars[] = {"principal", "action", "resource", "context"};
    if (expr->kind == SKM_EXPR_LITERAL) {
        skm_value_print(&expr->as.literal, out);
        return;
    }
    if (expr->kind == SKM_EXPR_VAR) {
        skm_buf_append_cstr(out, vars[expr->as.var]);
        return;
    }
    skm_buf_append_char(out, '(');
    skm_buf_append_cstr(out, dump_name(expr));
    skm_buf_append_cstr(out, hints[expr->hint]);
    const struct skm_expr *const operands[] = {expr->a, expr->b, expr->c};
    for (size_t i = 0; i < SKM_ARRAY_LEN(operands) && operands[i] != NULL; i++) {
        skm_buf_append_char(out, ' ');
        dump_expr(operands[i], out);
    }
    dump_payload(expr, out);
    skm_buf_append_char(out, ')');
}

/* ---- checks ---- */

static inline void fail_with_messages(struct text_case *t)
{
    skm_buf_reset(&t->out);
    skm_diags_print(&t->diags, SKM_DIAG_FORM_HUMAN, &t->out);
    fail_msg("text: %.*s\n%.*s", SKM_SPAN_ARG(t->source.text), SKM_SPAN_ARG(skm_buf_span(&t->out)));
}

/* The expression is accepted; and its tree is `dump`, when that is not NULL. */
static inline void check_expr(skm_span text, const char *dump)
{
    struct text_case t;
    const struct skm_expr *expr = NULL;
    text_case_init(&t, text);
    if (!skm_is_ok(skm_parse_expr(&t.arena, &t.source, &t.diags, &expr))) {
        fail_with_messages(&t);
        return;
    }
    if (dump != NULL) {
        dump_expr(expr, &t.out);
        assert_span_equal(skm_buf_span(&t.out), skm_span_cstr(dump));
    }
    text_case_fini(&t);
}

/* The expression is refused, with at least one message. */
static inline void check_expr_refused(skm_span text)
{
    struct text_case t;
    const struct skm_expr *expr = NULL;
    text_case_init(&t, text);
    skm_err err = skm_parse_expr(&t.arena, &t.source, &t.diags, &expr);
    if (!skm_is_err(err, SKM_E_INVALID) || t.diags.errors == 0) {
        fail_msg("not refused: %.*s", SKM_SPAN_ARG(text));
    }
    assert_null(expr);
    text_case_fini(&t);
}

static inline void check_policies(skm_span text, size_t count)
{
    struct text_case t;
    struct skm_policy_list policies = {0};
    text_case_init(&t, text);
    if (!skm_is_ok(skm_parse_policies(&t.arena, &t.source, 0, &t.diags, &policies))) {
        fail_with_messages(&t);
        return;
    }
    if (policies.count != count) {
        fail_msg("%zu policies instead of %zu: %.*s", policies.count, count, SKM_SPAN_ARG(text));
    }
    text_case_fini(&t);
}

static inline void check_policies_refused(skm_span text)
{
    struct text_case t;
    struct skm_policy_list policies = {.count = 77};
    text_case_init(&t, text);
    skm_err err = skm_parse_policies(&t.arena, &t.source, 0, &t.diags, &policies);
    if (!skm_is_err(err, SKM_E_INVALID) || t.diags.errors == 0) {
        fail_msg("not refused: %.*s", SKM_SPAN_ARG(text));
    }
    assert_int_equal(policies.count, 77);
    text_case_fini(&t);
}

/* Two policies say the same: all but ids, ranges and hints. */
static inline bool same_scope(const struct skm_scope *a, const struct skm_scope *b)
{
    bool same = a->kind == b->kind && a->slot == b->slot && skm_uid_equal(&a->uid, &b->uid) &&
                skm_span_equal(a->type, b->type) && a->uid_count == b->uid_count;
    for (size_t i = 0; same && i < a->uid_count; i++) {
        same = skm_uid_equal(&a->uids[i], &b->uids[i]);
    }
    return same;
}

static inline bool same_policy(const struct skm_policy *a, const struct skm_policy *b)
{
    bool same = a->effect == b->effect && a->annotation_count == b->annotation_count &&
                a->condition_count == b->condition_count &&
                same_scope(&a->principal, &b->principal) && same_scope(&a->action, &b->action) &&
                same_scope(&a->resource, &b->resource);
    for (size_t i = 0; same && i < a->annotation_count; i++) {
        same = skm_span_equal(a->annotations[i].key, b->annotations[i].key) &&
               skm_span_equal(a->annotations[i].value, b->annotations[i].value) &&
               a->annotations[i].has_value == b->annotations[i].has_value;
    }
    for (size_t i = 0; same && i < a->condition_count; i++) {
        same = a->conditions[i].unless == b->conditions[i].unless &&
               skm_expr_equal(a->conditions[i].body, b->conditions[i].body);
    }
    return same;
}
