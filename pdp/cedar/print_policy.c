/* Policies to text: on one line first, then laid out as the formatter lays out every text. */
#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"
#include "cedar/format.h"
#include "cedar/print.h"

static void print_annotations(const struct skm_policy *policy, struct skm_buf *out)
{
    for (size_t i = 0; i < policy->annotation_count; i++) {
        const struct skm_annotation *annotation = &policy->annotations[i];
        skm_buf_append_char(out, '@');
        skm_buf_append(out, annotation->key);
        if (annotation->has_value) {
            skm_buf_append_cstr(out, "(\"");
            skm_value_print_escaped(annotation->value, out);
            skm_buf_append_cstr(out, "\")");
        }
        skm_buf_append_char(out, ' ');
    }
}

static void print_ref(const struct skm_scope *scope, const char *slot, struct skm_buf *out)
{
    if (scope->slot) {
        skm_buf_append_cstr(out, slot);
    } else {
        skm_uid_print(&scope->uid, out);
    }
}

static void print_uids(const struct skm_scope *scope, struct skm_buf *out)
{
    skm_buf_append_char(out, '[');
    for (size_t i = 0; i < scope->uid_count; i++) {
        skm_buf_append_cstr(out, i == 0 ? "" : ", ");
        skm_uid_print(&scope->uids[i], out);
    }
    skm_buf_append_char(out, ']');
}

/* `slot` is the name of the variable behind a question mark. */
static void print_scope(const struct skm_scope *scope, const char *slot, struct skm_buf *out)
{
    skm_buf_append_cstr(out, slot + 1);
    switch (scope->kind) {
    case SKM_SCOPE_ANY:
        return;
    case SKM_SCOPE_EQ:
        skm_buf_append_cstr(out, " == ");
        print_ref(scope, slot, out);
        return;
    case SKM_SCOPE_IN:
        skm_buf_append_cstr(out, " in ");
        print_ref(scope, slot, out);
        return;
    case SKM_SCOPE_IS:
    case SKM_SCOPE_IS_IN:
        skm_buf_append_cstr(out, " is ");
        skm_buf_append(out, scope->type);
        if (scope->kind == SKM_SCOPE_IS_IN) {
            skm_buf_append_cstr(out, " in ");
            print_ref(scope, slot, out);
        }
        return;
    case SKM_SCOPE_IN_SET:
        skm_buf_append_cstr(out, " in ");
        print_uids(scope, out);
        return;
    }
}

void skm_print_policy_flat(const struct skm_policy *policy, struct skm_buf *out)
{
    print_annotations(policy, out);
    skm_buf_append_cstr(out, policy->effect == SKM_EFFECT_PERMIT ? "permit (" : "forbid (");
    print_scope(&policy->principal, "?principal", out);
    skm_buf_append_cstr(out, ", ");
    print_scope(&policy->action, "?action", out);
    skm_buf_append_cstr(out, ", ");
    print_scope(&policy->resource, "?resource", out);
    skm_buf_append_cstr(out, ")");
    for (size_t i = 0; i < policy->condition_count; i++) {
        skm_buf_append_cstr(out, policy->conditions[i].unless ? " unless { " : " when { ");
        skm_print_expr(policy->conditions[i].body, out);
        skm_buf_append_cstr(out, " }");
    }
    skm_buf_append_char(out, ';');
}

void skm_print_policy(const struct skm_policy *policy, struct skm_buf *out)
{
    struct skm_buf flat;
    skm_buf_init(&flat, out->max_bytes);
    skm_print_policy_flat(policy, &flat);
    skm_err err = skm_buf_check(&flat);
    if (skm_is_ok(err)) {
        err = skm_format_text(skm_buf_span(&flat), SKM_FORMAT_WIDTH, out);
    }
    if (skm_is_err(err, SKM_E_DEPTH)) {
        skm_buf_append(out, skm_buf_span(&flat));
        skm_buf_append_char(out, '\n');
        err = skm_buf_check(out);
    }
    if (!skm_is_ok(err) && skm_is_ok(out->err)) {
        out->err = err;
    }
    skm_buf_fini(&flat);
}
