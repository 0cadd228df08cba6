#include "cedar/typecheck_message.h"

#include "base/buf.h"
#include "base/span.h"
#include "cedar/ext.h"
#include "cedar/print.h"

/* Types and expressions inside messages are cut to this. */
#define SHOWN_BYTES_MAX 160u

/* Candidates a "did you mean" looks through. */
#define CANDIDATES_MAX 256u

/* One fault already told: a place and what kind of fault it was. */
struct skm_typecheck_reported {
    struct skm_typecheck_reported *next;
    const struct skm_expr *where;
    const char *what; /* static text, compared by address */
};

/* True when this fault is new. A policy has few faults, so a list does; past the limit repeated ones may be told again,
 * and the list of messages has its own bound. */
static bool is_new(struct skm_typecheck *check, const struct skm_expr *where, const char *what)
{
    for (const struct skm_typecheck_reported *r = check->reported; r != NULL; r = r->next) {
        /* The nodes a path expands to are made anew in each environment: their range names them. */
        bool same_place =
            r->where == where ||
            (where->range.len != 0 && r->where->range.start == where->range.start &&
             r->where->range.len == where->range.len && r->where->kind == where->kind);
        if (same_place && r->what == what) {
            return false;
        }
    }
    struct skm_typecheck_reported *entry =
        SKM_ARENA_NEW(check->policy_scratch, struct skm_typecheck_reported);
    struct skm_expr *kept = SKM_ARENA_NEW(check->policy_scratch, struct skm_expr);
    if (entry != NULL && kept != NULL) {
        *kept = *where;
        *entry =
            (struct skm_typecheck_reported){.next = check->reported, .where = where, .what = what};
        if (where->range.len != 0) {
            entry->where = kept;
        }
        check->reported = entry;
    }
    return true;
}

static struct skm_diag *add(struct skm_typecheck *check, const struct skm_expr *where,
                            skm_span message)
{
    struct skm_range range = where->range.len != 0 ? where->range : check->policy->range;
    struct skm_diag *diag = skm_diags_add(check->diags, SKM_SEVERITY_ERROR, check->policy->source,
                                          range, "%.*s", SKM_SPAN_ARG(message));
    skm_diag_id(check->diags, diag, check->id);
    return diag;
}

static void show_type(struct skm_buf *buf, const struct skm_type *type)
{
    skm_buf_append_char(buf, '`');
    skm_type_print(type, buf);
    skm_buf_append_char(buf, '`');
}

skm_err skm_typecheck_report(struct skm_typecheck *check, const struct skm_expr *where,
                             const char *message, const char *help)
{
    if (is_new(check, where, message)) {
        struct skm_diag *diag = add(check, where, skm_span_cstr(message));
        if (help != NULL) {
            skm_diag_help(check->diags, diag, "%s", help);
        }
    }
    return SKM_ERR(INVALID);
}

/* Adds a message composed in a buffer. */
static struct skm_diag *add_composed(struct skm_typecheck *check, const struct skm_expr *where,
                                     struct skm_buf *text)
{
    struct skm_diag *diag = add(check, where, skm_buf_span(text));
    skm_buf_fini(text);
    return diag;
}

static void environment_label(struct skm_typecheck *check, struct skm_diag *diag)
{
    struct skm_buf action;
    skm_buf_init(&action, SHOWN_BYTES_MAX);
    skm_uid_print(&check->env.action->uid, &action);
    skm_diag_label(check->diags, diag, "for principal `%.*s`, action `%.*s`, resource `%.*s`",
                   SKM_SPAN_ARG(check->env.principal->name), SKM_SPAN_ARG(skm_buf_span(&action)),
                   SKM_SPAN_ARG(check->env.resource->name));
    skm_buf_fini(&action);
}

skm_err skm_typecheck_expected(struct skm_typecheck *check, const struct skm_expr *where,
                               const char *expected, const struct skm_type *found)
{
    if (is_new(check, where, "expected")) {
        struct skm_buf text;
        skm_buf_init(&text, 4096);
        skm_buf_printf(&text, "expected %s, found ", expected);
        show_type(&text, found);
        environment_label(check, add_composed(check, where, &text));
    }
    return SKM_ERR(INVALID);
}

skm_err skm_typecheck_no_join(struct skm_typecheck *check, const struct skm_expr *where,
                              const char *what, const struct skm_type *a, const struct skm_type *b)
{
    if (is_new(check, where, "no join")) {
        struct skm_buf text;
        skm_buf_init(&text, 4096);
        skm_buf_printf(&text, "%s have types ", what);
        show_type(&text, a);
        skm_buf_append_cstr(&text, " and ");
        show_type(&text, b);
        skm_buf_append_cstr(&text, ", which have no common type");
        environment_label(check, add_composed(check, where, &text));
    }
    return SKM_ERR(INVALID);
}

/* "did you mean `name`?" among the attributes of a shape. */
static void suggest_attr(struct skm_typecheck *check, struct skm_diag *diag,
                         const struct skm_type *shape, skm_span name)
{
    skm_span candidates[CANDIDATES_MAX];
    size_t count = shape->attr_count < CANDIDATES_MAX ? shape->attr_count : CANDIDATES_MAX;
    for (size_t i = 0; i < count; i++) {
        candidates[i] = shape->attrs[i].name;
    }
    skm_span nearest = skm_diag_nearest(name, candidates, count);
    if (nearest.len != 0) {
        skm_diag_help(check->diags, diag, "did you mean `%.*s`?", SKM_SPAN_ARG(nearest));
    }
}

skm_err skm_typecheck_no_attr(struct skm_typecheck *check, const struct skm_expr *where,
                              const struct skm_type *type, const struct skm_type *shape,
                              skm_span name)
{
    if (is_new(check, where, "no attr")) {
        struct skm_buf text;
        skm_buf_init(&text, 4096);
        show_type(&text, type);
        skm_buf_printf(&text, " has no attribute `%.*s`", SKM_SPAN_ARG(name));
        struct skm_diag *diag = add_composed(check, where, &text);
        environment_label(check, diag);
        suggest_attr(check, diag, shape, name);
    }
    return SKM_ERR(INVALID);
}

skm_err skm_typecheck_unsafe_attr(struct skm_typecheck *check, const struct skm_expr *where,
                                  const struct skm_expr *operand, skm_span name)
{
    if (!is_new(check, where, "unsafe attr")) {
        return SKM_ERR(INVALID);
    }
    struct skm_buf shown;
    skm_buf_init(&shown, SHOWN_BYTES_MAX);
    skm_print_expr(operand, &shown);
    bool whole = skm_is_ok(skm_buf_check(&shown));
    struct skm_buf text;
    skm_buf_init(&text, 4096);
    skm_buf_printf(&text, "attribute `%.*s` is optional and may be missing", SKM_SPAN_ARG(name));
    struct skm_diag *diag = add_composed(check, where, &text);
    environment_label(check, diag);
    skm_diag_help(check->diags, diag, "test it first: `%.*s has %.*s && ...`",
                  SKM_SPAN_ARG(whole ? skm_buf_span(&shown) : SKM_SPAN("e")), SKM_SPAN_ARG(name));
    skm_buf_fini(&shown);
    return SKM_ERR(INVALID);
}

skm_err skm_typecheck_arity(struct skm_typecheck *check, const struct skm_expr *call)
{
    if (is_new(check, call, "arity")) {
        const struct skm_ext_function *function = call->as.call.function;
        bool method = function->style == SKM_EXT_METHOD;
        struct skm_buf text;
        skm_buf_init(&text, 4096);
        skm_buf_printf(&text, "`%.*s` takes %zu argument(s), not %zu", SKM_SPAN_ARG(function->name),
                       function->arg_count - (method ? 1 : 0),
                       call->as.call.count - (method ? 1 : 0));
        (void)add_composed(check, call, &text);
    }
    return SKM_ERR(INVALID);
}
