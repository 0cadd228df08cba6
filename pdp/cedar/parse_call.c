/* Calls: which function or method a name is (reference: methods and functions, resolved at parse time).
 *
 * Built-in methods are nodes of their own and their number of arguments is checked here. Extension functions are
 * rows of ext.h; their number of arguments is not checked here but when they are called or validated, as in the
 * reference implementation. */
#include "base/attr.h"
#include "base/span.h"
#include "cedar/ext.h"
#include "cedar/parse_internal.h"

struct builtin {
    skm_span name;
    enum skm_expr_kind kind;
    uint32_t args; /* receiver not counted */
};

#define BUILTIN(text, kind, args)                                                                  \
    {                                                                                              \
        {(text), sizeof(text) - 1}, (kind), (args)                                                 \
    }
static const struct builtin builtins[] = {
    BUILTIN("contains", SKM_EXPR_CONTAINS, 1),
    BUILTIN("containsAll", SKM_EXPR_CONTAINS_ALL, 1),
    BUILTIN("containsAny", SKM_EXPR_CONTAINS_ANY, 1),
    BUILTIN("isEmpty", SKM_EXPR_IS_EMPTY, 0),
    BUILTIN("getTag", SKM_EXPR_GET_TAG, 1),
    BUILTIN("hasTag", SKM_EXPR_HAS_TAG, 1),
};
#undef BUILTIN

static const struct builtin *find_builtin(skm_span name)
{
    for (size_t i = 0; i < SKM_ARRAY_LEN(builtins); i++) {
        if (skm_span_equal(builtins[i].name, name)) {
            return &builtins[i];
        }
    }
    return NULL;
}

/* ---- unknown names ---- */

#define CANDIDATES_MAX 64u

struct candidates {
    skm_span names[CANDIDATES_MAX];
    size_t count;
};

static void add_candidate(struct candidates *candidates, skm_span name)
{
    if (candidates->count < CANDIDATES_MAX) {
        candidates->names[candidates->count++] = name;
    }
}

static void add_extensions(struct candidates *candidates, enum skm_ext_style style)
{
    size_t count = 0;
    const struct skm_ext_function *table = skm_ext_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (table[i].style == style) {
            add_candidate(candidates, table[i].name);
        }
    }
}

static const struct skm_parse_slip method_slips[] = {
    {"startsWith", "use `like \"...*\"`"},
    {"endsWith", "use `like \"*...\"`"},
    {"matches", "use `like` with a pattern"},
    {"like", "`like` is an operator: `a like \"...*\"`"},
    {"has", "`has` is an operator: `a has name`"},
    {"in", "`in` is an operator: `a in b`"},
    {"equals", "use `==`"},
    {"size", "sets have no size; there is `isEmpty()`"},
    {"length", "strings and sets have no length; sets have `isEmpty()`"},
    {"includes", "did you mean `contains`?"},
    {"before", "compare with `<`"},
    {"after", "compare with `>`"},
};

static void refuse_method(struct skm_parser *p, struct skm_range range, skm_span name)
{
    struct candidates candidates = {.count = 0};
    for (size_t i = 0; i < SKM_ARRAY_LEN(builtins); i++) {
        add_candidate(&candidates, builtins[i].name);
    }
    add_extensions(&candidates, SKM_EXT_METHOD);
    struct skm_diag *diag = SKM_PARSE_FAULT(p, range, "unknown method `%.*s`", SKM_SPAN_ARG(name));
    if (!skm_parse_report_slip(p, diag, name, method_slips, SKM_ARRAY_LEN(method_slips))) {
        (void)skm_parse_report_nearest(p, diag, name, candidates.names, candidates.count);
    }
}

static const struct skm_parse_slip function_slips[] = {
    {"time", "use `datetime(\"...\")` or `duration(\"...\")`"},
    {"date", "use `datetime(\"2030-01-31\")`"},
    {"now", "there is no clock; the time of the request comes in `context`"},
    {"cidr", "use `ip(\"10.0.0.0/8\")`"},
    {"ipaddr", "use `ip(\"10.0.0.0/8\")`"},
};

static void refuse_function(struct skm_parser *p, struct skm_range range, skm_span name)
{
    struct candidates candidates = {.count = 0};
    add_extensions(&candidates, SKM_EXT_FUNCTION);
    struct skm_diag *diag =
        SKM_PARSE_FAULT(p, range, "unknown function `%.*s`", SKM_SPAN_ARG(name));
    skm_diag_help(p->diags, diag, "the functions are `ip`, `decimal`, `datetime` and `duration`");
    if (!skm_parse_report_slip(p, diag, name, function_slips, SKM_ARRAY_LEN(function_slips))) {
        (void)skm_parse_report_nearest(p, diag, name, candidates.names, candidates.count);
    }
}

/* ---- calls ---- */

/* Stands in for a call that was refused. */
static skm_err new_stand_in(struct skm_parser *p, uint32_t start, struct skm_expr **out_expr)
{
    return skm_expr_new_literal(p->arena, skm_parse_since(p, start), skm_value_bool(true),
                                out_expr);
}

skm_err skm_parse_call_function(struct skm_parser *p, uint32_t start,
                                const struct skm_parse_path *path, struct skm_expr **out_expr)
{
    skm_span name = {0};
    const struct skm_expr *const *args = NULL;
    size_t count = 0;
    SKM_TRY(skm_parse_path_name(p, path, &name));
    skm_parse_advance(p);
    SKM_TRY(skm_parse_expr_items(p, SKM_TOKEN_PAREN_CLOSE, &args, &count));
    const struct skm_ext_function *function = skm_ext_find(name);
    if (function != NULL && function->style == SKM_EXT_FUNCTION) {
        return skm_expr_new_call(p->arena, skm_parse_since(p, start), function, args, count,
                                 out_expr);
    }
    if (function != NULL || find_builtin(name) != NULL) {
        struct skm_diag *diag = SKM_PARSE_FAULT(
            p, path->range, "`%.*s` is a method, not a function", SKM_SPAN_ARG(name));
        skm_diag_help(p->diags, diag, "write `a.%.*s(...)`", SKM_SPAN_ARG(name));
    } else {
        refuse_function(p, path->range, name);
    }
    return new_stand_in(p, start, out_expr);
}

static skm_err new_builtin(struct skm_parser *p, uint32_t start, const struct builtin *builtin,
                           const struct skm_expr *receiver, const struct skm_expr *const *args,
                           size_t count, struct skm_expr **out_expr)
{
    struct skm_range range = skm_parse_since(p, start);
    if (count != builtin->args) {
        (void)SKM_PARSE_FAULT(p, range, "`%.*s` takes %s, not %zu", SKM_SPAN_ARG(builtin->name),
                              builtin->args == 0 ? "no arguments" : "one argument", count);
        return new_stand_in(p, start, out_expr);
    }
    return skm_expr_new(p->arena, builtin->kind, range, receiver, count == 0 ? NULL : args[0], NULL,
                        out_expr);
}

/* The receiver becomes the first argument. */
static skm_err new_method(struct skm_parser *p, uint32_t start,
                          const struct skm_ext_function *function, const struct skm_expr *receiver,
                          const struct skm_expr *const *args, size_t count,
                          struct skm_expr **out_expr)
{
    const struct skm_expr **all = SKM_ARENA_NEW_ARRAY(p->arena, const struct skm_expr *, count + 1);
    if (all == NULL) {
        return SKM_ERR(MEMORY);
    }
    all[0] = receiver;
    for (size_t i = 0; i < count; i++) {
        all[i + 1] = args[i];
    }
    return skm_expr_new_call(p->arena, skm_parse_since(p, start), function, all, count + 1,
                             out_expr);
}

skm_err skm_parse_call_method(struct skm_parser *p, uint32_t start, struct skm_range name_range,
                              const struct skm_expr *receiver, struct skm_expr **out_expr)
{
    skm_span name = skm_parse_text(p, name_range);
    const struct skm_expr *const *args = NULL;
    size_t count = 0;
    skm_parse_advance(p);
    SKM_TRY(skm_parse_expr_items(p, SKM_TOKEN_PAREN_CLOSE, &args, &count));
    const struct builtin *builtin = find_builtin(name);
    if (builtin != NULL) {
        return new_builtin(p, start, builtin, receiver, args, count, out_expr);
    }
    const struct skm_ext_function *function = skm_ext_find(name);
    if (function != NULL && function->style == SKM_EXT_METHOD) {
        return new_method(p, start, function, receiver, args, count, out_expr);
    }
    if (function != NULL) {
        struct skm_diag *diag = SKM_PARSE_FAULT(p, name_range, "`%.*s` is a function, not a method",
                                                SKM_SPAN_ARG(name));
        skm_diag_help(p->diags, diag, "write `%.*s(...)`", SKM_SPAN_ARG(name));
    } else {
        refuse_method(p, name_range, name);
    }
    return new_stand_in(p, start, out_expr);
}
