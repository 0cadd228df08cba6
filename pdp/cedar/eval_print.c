/* Evaluation errors as one-line messages (eval.h has the contract). */
#include "base/buf.h"
#include "base/span.h"
#include "base/utf8.h"
#include "cedar/eval.h"
#include "cedar/ext.h"
#include "cedar/print.h"

#define EXCERPT_CHARS_MAX 80
#define TREE_TEXT_MAX     4096

/* At most EXCERPT_CHARS_MAX characters, runs of white space as one blank, what could mislead a reader as \u{..}. */
static void print_excerpt(skm_span text, struct skm_buf *out)
{
    bool blank_due = false;
    size_t chars = 0;
    uint32_t scalar = 0;
    for (size_t at = 0, len = 0; at < text.len; at += len) {
        len = skm_utf8_decode(text, at, &scalar);
        if (len == 0) {
            return;
        }
        if (skm_utf8_is_space(scalar)) {
            blank_due = chars > 0;
            continue;
        }
        if (++chars > EXCERPT_CHARS_MAX) {
            skm_buf_append_cstr(out, "...");
            return;
        }
        skm_buf_append_cstr(out, blank_due ? " " : "");
        blank_due = false;
        if (skm_utf8_is_unprintable(scalar)) {
            skm_buf_printf(out, "\\u{%x}", scalar);
        } else {
            skm_buf_append(out, skm_span_sub(text, at, len));
        }
    }
}

static void print_tree(const struct skm_expr *expr, struct skm_buf *out)
{
    struct skm_buf text;
    skm_buf_init(&text, TREE_TEXT_MAX);
    skm_print_expr(expr, &text);
    if (skm_is_ok(skm_buf_check(&text))) {
        print_excerpt(skm_buf_span(&text), out);
    } else {
        skm_buf_append_cstr(out, "...");
    }
    skm_buf_fini(&text);
}

static void print_where(const struct skm_expr *expr, const struct skm_source *source,
                        struct skm_buf *out)
{
    if (expr == NULL) {
        return;
    }
    skm_buf_append_char(out, '`');
    if (source != NULL && expr->range.len > 0) {
        print_excerpt(skm_span_sub(source->text, expr->range.start, expr->range.len), out);
    } else {
        print_tree(expr, out);
    }
    skm_buf_append_cstr(out, "`: ");
}

static void print_name(skm_span name, struct skm_buf *out)
{
    skm_buf_append_char(out, '`');
    print_excerpt(name, out);
    skm_buf_append_char(out, '`');
}

/* "entity `User::"a"`" or "the record". */
static void print_holder(const struct skm_uid *uid, struct skm_buf *out)
{
    if (uid->type.len == 0) {
        skm_buf_append_cstr(out, "the record");
        return;
    }
    skm_buf_append_cstr(out, "entity `");
    skm_uid_print(uid, out);
    skm_buf_append_char(out, '`');
}

static void print_arity(const struct skm_expr *call, struct skm_buf *out)
{
    const struct skm_ext_function *function = call->as.call.function;
    /* The receiver of a method is no argument to the reader. */
    size_t receiver = function->style == SKM_EXT_METHOD ? 1 : 0;
    size_t wanted = function->arg_count - receiver;
    size_t given = call->as.call.count > 0 ? call->as.call.count - receiver : 0;
    print_name(function->name, out);
    skm_buf_printf(out, " takes %zu argument%s, got %zu", wanted, wanted == 1 ? "" : "s", given);
}

static void print_what(const struct skm_eval_error *error, struct skm_buf *out)
{
    switch (error->kind) {
    case SKM_EVAL_ERROR_NONE:
        skm_buf_append_cstr(out, "no error");
        return;
    case SKM_EVAL_ERROR_TYPE:
        skm_buf_printf(out, "expected %s, got %s",
                       error->reason != NULL ? error->reason : skm_value_kind_name(error->expected),
                       skm_value_kind_name(error->got));
        return;
    case SKM_EVAL_ERROR_NO_ENTITY:
        print_holder(&error->uid, out);
        skm_buf_append_cstr(out, " does not exist");
        return;
    case SKM_EVAL_ERROR_NO_ATTR:
        print_holder(&error->uid, out);
        skm_buf_append_cstr(out, " has no attribute ");
        print_name(error->name, out);
        return;
    case SKM_EVAL_ERROR_NO_TAG:
        print_holder(&error->uid, out);
        skm_buf_append_cstr(out, " has no tag ");
        print_name(error->name, out);
        return;
    case SKM_EVAL_ERROR_OVERFLOW:
        skm_buf_append_cstr(out, "integer overflow");
        return;
    case SKM_EVAL_ERROR_ARITY:
        if (error->expr != NULL) {
            print_arity(error->expr, out);
        } else {
            skm_buf_append_cstr(out, "wrong number of arguments");
        }
        return;
    case SKM_EVAL_ERROR_EXTENSION:
    case SKM_EVAL_ERROR_LIMIT:
        skm_buf_append_cstr(out, error->reason != NULL ? error->reason : "failed");
        return;
    }
}

void skm_eval_error_print(const struct skm_eval_error *error, const struct skm_source *source,
                          struct skm_buf *out)
{
    print_where(error->expr, source, out);
    print_what(error, out);
}
