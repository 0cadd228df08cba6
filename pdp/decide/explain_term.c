#include "decide/explain_term.h"

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/vec.h"
#include "cedar/print.h"

#define TEXT_BYTES_MAX (64u << 10)
#define TERMS_MAX      SKM_EXPR_WEIGHT_MAX

struct walk {
    struct skm_arena *arena;
    const struct skm_request *request;
    const struct skm_entity_view *view;
    const struct skm_policy_instance *instance;
    SKM_VEC(struct skm_explain_term) terms;
    size_t conjuncts;
    size_t unguarded;
};

struct readings {
    struct skm_explain_reading items[SKM_EXPLAIN_READINGS_MAX];
    const struct skm_expr *exprs[SKM_EXPLAIN_READINGS_MAX];
    size_t count;
};

/* ---- texts ---- */

static skm_err keep_text(struct skm_arena *arena, struct skm_buf *buf, skm_span *out_text)
{
    skm_err err = skm_buf_check(buf);
    if (skm_is_err(err, SKM_E_SIZE)) {
        *out_text = SKM_SPAN("...");
        return SKM_OK;
    }
    SKM_TRY(err);
    return skm_arena_dup(arena, skm_buf_span(buf), out_text);
}

static skm_err expr_text(struct skm_arena *arena, const struct skm_expr *expr, bool negated,
                         skm_span *out_text)
{
    SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
    skm_buf_init(&buf, TEXT_BYTES_MAX);
    skm_buf_append_cstr(&buf, negated ? "!(" : "");
    skm_print_expr(expr, &buf);
    skm_buf_append_cstr(&buf, negated ? ")" : "");
    return keep_text(arena, &buf, out_text);
}

static skm_err error_text(const struct walk *walk, const struct skm_eval_error *error,
                          skm_span *out_text)
{
    SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
    skm_buf_init(&buf, TEXT_BYTES_MAX);
    skm_eval_error_print(error, walk->instance->policy->source, &buf);
    return keep_text(walk->arena, &buf, out_text);
}

/* ---- what a conjunct read ---- */

static skm_err add_reading(const struct walk *walk, const struct skm_expr *expr,
                           struct readings *readings)
{
    if (readings->count == SKM_EXPLAIN_READINGS_MAX) {
        return SKM_OK;
    }
    for (size_t i = 0; i < readings->count; i++) {
        if (skm_expr_equal(readings->exprs[i], expr)) {
            return SKM_OK;
        }
    }
    struct skm_explain_reading reading = {0};
    struct skm_eval_error error = {0};
    SKM_TRY(expr_text(walk->arena, expr, false, &reading.text));
    skm_err err =
        skm_eval_expr(walk->arena, expr, walk->request, walk->view, &reading.value, &error);
    if (error.kind == SKM_EVAL_ERROR_LIMIT) {
        return SKM_ERR(MEMORY);
    }
    reading.has_value = skm_is_ok(err);
    if (!reading.has_value) {
        SKM_TRY(error_text(walk, &error, &reading.error));
    }
    readings->exprs[readings->count] = expr;
    readings->items[readings->count++] = reading;
    return SKM_OK;
}

/* A path of attributes from a request variable: `resource.labels.regime`. */
static bool is_path(const struct skm_expr *expr)
{
    while (expr->kind == SKM_EXPR_GET_ATTR) {
        expr = expr->a;
    }
    return expr->kind == SKM_EXPR_VAR;
}

/* Worth showing as a whole rather than in parts. */
static bool is_reading(const struct skm_expr *expr)
{
    switch (expr->kind) {
    case SKM_EXPR_VAR:
        /* The context as a whole is long and says little. */
        return expr->as.var != SKM_VAR_CONTEXT;
    case SKM_EXPR_GET_ATTR:
    case SKM_EXPR_HAS_ATTR:
    case SKM_EXPR_HAS_PATH:
    case SKM_EXPR_GET_TAG:
    case SKM_EXPR_HAS_TAG:
        return is_path(expr->a);
    case SKM_EXPR_LITERAL:
    case SKM_EXPR_IF:
    case SKM_EXPR_AND:
    case SKM_EXPR_OR:
    case SKM_EXPR_NOT:
    case SKM_EXPR_NEG:
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
    case SKM_EXPR_LIKE:
    case SKM_EXPR_IS:
    case SKM_EXPR_SET:
    case SKM_EXPR_RECORD:
    case SKM_EXPR_CALL:
        return false;
    }
    return false;
}

static skm_err collect(const struct walk *walk, const struct skm_expr *expr,
                       struct readings *readings);

static skm_err collect_parts(const struct walk *walk, const struct skm_expr *expr,
                             struct readings *readings)
{
    if (expr->kind == SKM_EXPR_SET) {
        for (size_t i = 0; i < expr->as.list.count; i++) {
            SKM_TRY(collect(walk, expr->as.list.items[i], readings));
        }
    } else if (expr->kind == SKM_EXPR_RECORD) {
        for (size_t i = 0; i < expr->as.record.count; i++) {
            SKM_TRY(collect(walk, expr->as.record.fields[i].value, readings));
        }
    } else if (expr->kind == SKM_EXPR_CALL) {
        for (size_t i = 0; i < expr->as.call.count; i++) {
            SKM_TRY(collect(walk, expr->as.call.args[i], readings));
        }
    }
    return SKM_OK;
}

/* Depth: that of the tree, at most SKM_EXPR_DEPTH_MAX. */
static skm_err collect(const struct walk *walk, const struct skm_expr *expr,
                       struct readings *readings)
{
    if (expr == NULL || readings->count == SKM_EXPLAIN_READINGS_MAX) {
        return SKM_OK;
    }
    if (is_reading(expr)) {
        return add_reading(walk, expr, readings);
    }
    SKM_TRY(collect(walk, expr->a, readings));
    SKM_TRY(collect(walk, expr->b, readings));
    SKM_TRY(collect(walk, expr->c, readings));
    return collect_parts(walk, expr, readings);
}

static skm_err keep_readings(const struct walk *walk, const struct readings *readings,
                             struct skm_explain_term *term)
{
    struct skm_explain_reading *items =
        SKM_ARENA_NEW_ARRAY(walk->arena, struct skm_explain_reading, readings->count);
    if (items == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < readings->count; i++) {
        items[i] = readings->items[i];
    }
    term->readings = items;
    term->reading_count = readings->count;
    return SKM_OK;
}

/* ---- conditions ---- */

/* Where a conjunct stands: the keyword, and what it must be for the policy to match. */
struct position {
    enum skm_explain_place place;
    bool wanted;
};

static skm_err add_term(struct walk *walk, const struct skm_explain_term *term)
{
    struct skm_explain_term *slot = NULL;
    SKM_TRY(SKM_VEC_PUSH(walk->arena, &walk->terms, TERMS_MAX, &slot));
    *slot = *term;
    return SKM_OK;
}

static skm_err add_conjunct(struct walk *walk, const struct skm_expr *expr,
                            struct position position)
{
    struct skm_value value = {0};
    struct skm_eval_error error = {0};
    walk->conjuncts++;
    skm_err err = skm_eval_expr(walk->arena, expr, walk->request, walk->view, &value, &error);
    if (error.kind == SKM_EVAL_ERROR_LIMIT) {
        return SKM_ERR(MEMORY);
    }
    bool failed = !skm_is_ok(err);
    if (!failed && value.kind != SKM_VALUE_BOOL) {
        failed = true;
        error = (struct skm_eval_error){.kind = SKM_EVAL_ERROR_TYPE,
                                        .expr = expr,
                                        .got = value.kind,
                                        .expected = SKM_VALUE_BOOL};
    }
    if (!failed && value.as.boolean == position.wanted) {
        return SKM_OK;
    }
    if (failed && walk->terms.len > 0) {
        walk->unguarded++;
        return SKM_OK;
    }
    struct skm_explain_term term = {.place = position.place, .range = expr->range};
    if (failed) {
        SKM_TRY(error_text(walk, &error, &term.error));
    }
    bool straight = position.wanted == (position.place != SKM_EXPLAIN_UNLESS);
    SKM_TRY(expr_text(walk->arena, expr, !straight, &term.text));
    struct readings readings = {.count = 0};
    SKM_TRY(collect(walk, expr, &readings));
    SKM_TRY(keep_readings(walk, &readings, &term));
    return add_term(walk, &term);
}

/* Splits where all parts must hold. What a surface form was desugared to (`!=`, `is .. in`) stays one conjunct. Depth: that of the
 * tree. */
static skm_err split(struct walk *walk, const struct skm_expr *expr, struct position position)
{
    if (expr->hint == SKM_EXPR_HINT_NONE) {
        if (expr->kind == SKM_EXPR_NOT) {
            position.wanted = !position.wanted;
            return split(walk, expr->a, position);
        }
        if (expr->kind == (position.wanted ? SKM_EXPR_AND : SKM_EXPR_OR)) {
            SKM_TRY(split(walk, expr->a, position));
            return split(walk, expr->b, position);
        }
    }
    return add_conjunct(walk, expr, position);
}

/* ---- scope ---- */

static const struct skm_uid *actual_of(const struct skm_request *request,
                                       enum skm_explain_place place)
{
    return place == SKM_EXPLAIN_PRINCIPAL ? &request->principal
           : place == SKM_EXPLAIN_ACTION  ? &request->action
                                          : &request->resource;
}

static bool is_in(const struct skm_entity_view *view, const struct skm_uid *uid,
                  const struct skm_uid *ancestor)
{
    return skm_uid_equal(uid, ancestor) || view->ops->has_ancestor(view, uid, ancestor);
}

static bool scope_holds(const struct walk *walk, const struct skm_scope *scope,
                        const struct skm_uid *uid, const struct skm_uid *actual)
{
    bool of_type = skm_span_equal(actual->type, scope->type);
    switch (scope->kind) {
    case SKM_SCOPE_ANY:
        return true;
    case SKM_SCOPE_EQ:
        return skm_uid_equal(actual, uid);
    case SKM_SCOPE_IN:
        return is_in(walk->view, actual, uid);
    case SKM_SCOPE_IS:
        return of_type;
    case SKM_SCOPE_IS_IN:
        return of_type && is_in(walk->view, actual, uid);
    case SKM_SCOPE_IN_SET:
        break;
    }
    for (size_t i = 0; i < scope->uid_count; i++) {
        if (is_in(walk->view, actual, &scope->uids[i])) {
            return true;
        }
    }
    return false;
}

static void print_uids(const struct skm_scope *scope, struct skm_buf *buf)
{
    skm_buf_append_cstr(buf, " in [");
    for (size_t i = 0; i < scope->uid_count; i++) {
        skm_buf_append_cstr(buf, i == 0 ? "" : ", ");
        skm_uid_print(&scope->uids[i], buf);
    }
    skm_buf_append_char(buf, ']');
}

static void print_scope(const struct skm_scope *scope, const struct skm_uid *uid,
                        struct skm_buf *buf)
{
    switch (scope->kind) {
    case SKM_SCOPE_ANY:
        return;
    case SKM_SCOPE_EQ:
        skm_buf_append_cstr(buf, " == ");
        skm_uid_print(uid, buf);
        return;
    case SKM_SCOPE_IN:
        skm_buf_append_cstr(buf, " in ");
        skm_uid_print(uid, buf);
        return;
    case SKM_SCOPE_IS:
    case SKM_SCOPE_IS_IN:
        skm_buf_append_cstr(buf, " is ");
        skm_buf_append(buf, scope->type);
        if (scope->kind == SKM_SCOPE_IS_IN) {
            skm_buf_append_cstr(buf, " in ");
            skm_uid_print(uid, buf);
        }
        return;
    case SKM_SCOPE_IN_SET:
        print_uids(scope, buf);
        return;
    }
}

static skm_err add_scope_term(struct walk *walk, const struct skm_scope *scope,
                              const struct skm_uid *uid, enum skm_explain_place place)
{
    SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
    skm_buf_init(&buf, TEXT_BYTES_MAX);
    skm_buf_append_cstr(&buf, skm_explain_place_name(place));
    print_scope(scope, uid, &buf);
    struct skm_explain_term term = {.place = place, .range = scope->range};
    SKM_TRY(keep_text(walk->arena, &buf, &term.text));
    struct skm_explain_reading *reading = SKM_ARENA_NEW(walk->arena, struct skm_explain_reading);
    if (reading == NULL) {
        return SKM_ERR(MEMORY);
    }
    *reading = (struct skm_explain_reading){
        .text = skm_span_cstr(skm_explain_place_name(place)),
        .has_value = true,
        .value = skm_value_entity(actual_of(walk->request, place)),
    };
    term.readings = reading;
    term.reading_count = 1;
    return add_term(walk, &term);
}

static skm_err look_at_scope(struct walk *walk, const struct skm_scope *scope,
                             const struct skm_uid *slot, enum skm_explain_place place)
{
    const struct skm_uid *uid = scope->slot ? slot : &scope->uid;
    if (scope->kind != SKM_SCOPE_ANY) {
        walk->conjuncts++;
    }
    return scope_holds(walk, scope, uid, actual_of(walk->request, place))
               ? SKM_OK
               : add_scope_term(walk, scope, uid, place);
}

skm_err skm_explain_terms(struct skm_arena *arena, const struct skm_request *request,
                          const struct skm_entity_view *view, struct skm_explain_policy *policy)
{
    const struct skm_policy_instance *instance = policy->instance;
    const struct skm_policy *text = instance->policy;
    struct walk walk = {.arena = arena, .request = request, .view = view, .instance = instance};
    SKM_TRY(look_at_scope(&walk, &text->principal, &instance->principal, SKM_EXPLAIN_PRINCIPAL));
    SKM_TRY(look_at_scope(&walk, &text->action, NULL, SKM_EXPLAIN_ACTION));
    SKM_TRY(look_at_scope(&walk, &text->resource, &instance->resource, SKM_EXPLAIN_RESOURCE));
    policy->scope_holds = walk.terms.len == 0;
    for (size_t i = 0; i < text->condition_count; i++) {
        bool unless = text->conditions[i].unless;
        const struct position position = {unless ? SKM_EXPLAIN_UNLESS : SKM_EXPLAIN_WHEN, !unless};
        SKM_TRY(split(&walk, text->conditions[i].body, position));
    }
    policy->conjuncts = walk.conjuncts;
    policy->terms = walk.terms.items;
    policy->term_count = walk.terms.len;
    policy->unguarded = walk.unguarded;
    return SKM_OK;
}
