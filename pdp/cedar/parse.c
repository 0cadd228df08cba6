/* Entry points of the parser, and going on after an error. */
#include "cedar/parse.h"

#include "base/attr.h"
#include "base/span.h"
#include "base/utf8.h"
#include "cedar/parse_internal.h"

/* ---- tokens ---- */

static bool opens(enum skm_token_kind kind)
{
    return kind == SKM_TOKEN_PAREN_OPEN || kind == SKM_TOKEN_BRACE_OPEN ||
           kind == SKM_TOKEN_BRACKET_OPEN;
}

static bool closes(enum skm_token_kind kind)
{
    return kind == SKM_TOKEN_PAREN_CLOSE || kind == SKM_TOKEN_BRACE_CLOSE ||
           kind == SKM_TOKEN_BRACKET_CLOSE;
}

void skm_parse_advance(struct skm_parser *p)
{
    if (opens(p->token.kind)) {
        p->open++;
    } else if (closes(p->token.kind) && p->open != 0) {
        p->open--;
    }
    p->last = p->token;
    skm_token_next(&p->reader, &p->token);
}

struct skm_token skm_parse_peek(const struct skm_parser *p)
{
    struct skm_token_reader ahead = p->reader;
    struct skm_token token;
    skm_token_next(&ahead, &token);
    return token;
}

skm_err skm_parse_take_(struct skm_arena *arena, const void *items, size_t *len, size_t item_bytes,
                        size_t mark, void *out_items_ptr, size_t *out_count)
{
    size_t count = *len - mark;
    void *copy = NULL;
    if (count != 0) {
        copy = skm_arena_alloc_array(arena, count, item_bytes);
        if (copy == NULL) {
            return SKM_ERR(MEMORY);
        }
        memcpy(copy, (const char *)items + mark * item_bytes, count * item_bytes);
    }
    *len = mark;
    /* SAFETY: `out_items_ptr` points to a pointer of the caller's element type. */
    memcpy(out_items_ptr, &copy, sizeof copy);
    *out_count = count;
    return SKM_OK;
}

/* ---- starting ---- */

static skm_err check_text(const struct skm_source *source, struct skm_diags *diags)
{
    if (source->text.len > SKM_PARSE_TEXT_MAX) {
        return SKM_ERR(SIZE);
    }
    size_t bad = 0;
    if (!skm_utf8_check(source->text, &bad)) {
        (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, source, (struct skm_range){(uint32_t)bad, 1},
                            "the text is not valid UTF-8");
        return SKM_ERR(INVALID);
    }
    return SKM_OK;
}

static skm_err start(struct skm_parser *p, struct skm_arena *arena, const struct skm_source *source,
                     struct skm_diags *diags)
{
    SKM_TRY(check_text(source, diags));
    *p = (struct skm_parser){.arena = arena, .source = source, .diags = diags};
    skm_token_start(&p->reader, source->text);
    skm_token_next(&p->reader, &p->token);
    return SKM_OK;
}

/* ---- policies ---- */

typedef SKM_VEC(struct skm_policy) policy_vec;

/* Goes to the next policy: behind a `;` that no bracket encloses, or to what begins a policy. */
static void skip_policy(struct skm_parser *p)
{
    while (!skm_parse_at(p, SKM_TOKEN_END) && !skm_parse_policy_begins(p)) {
        bool last = skm_parse_at(p, SKM_TOKEN_SEMICOLON) && p->open == 0;
        skm_parse_advance(p);
        if (last) {
            return;
        }
    }
}

static void forget_open_lists(struct skm_parser *p)
{
    p->open = 0;
    p->nesting = 0;
    p->exprs.len = 0;
    p->branches.len = 0;
    p->fields.len = 0;
    p->keys.len = 0;
    p->uids.len = 0;
    p->names.len = 0;
    p->annotations.len = 0;
    p->conditions.len = 0;
}

static skm_err parse_one(struct skm_parser *p, size_t number, policy_vec *policies)
{
    struct skm_policy *policy = NULL;
    SKM_TRY(SKM_VEC_PUSH(p->arena, policies, SKM_PARSE_POLICIES_MAX, &policy));
    SKM_TRY(skm_arena_printf(p->arena, &policy->id, "policy%zu", number));
    policy->source = p->source;
    p->policy_id = policy->id;
    forget_open_lists(p);
    skm_err err = skm_parse_report_limit(p, skm_parse_policy(p, policy));
    if (skm_is_err(err, SKM_E_INVALID)) {
        policies->len--;
        skip_policy(p);
        return SKM_OK;
    }
    return err;
}

/* policies := { policy } */
skm_err skm_parse_policies(struct skm_arena *arena, const struct skm_source *source,
                           size_t first_number, struct skm_diags *diags,
                           struct skm_policy_list *out_policies)
{
    struct skm_parser p;
    SKM_TRY(start(&p, arena, source, diags));
    policy_vec policies = {0};
    for (size_t number = first_number; !skm_parse_at(&p, SKM_TOKEN_END); number++) {
        SKM_TRY(parse_one(&p, number, &policies));
    }
    if (p.failed) {
        return SKM_ERR(INVALID);
    }
    *out_policies = (struct skm_policy_list){.items = policies.items, .count = policies.len};
    return SKM_OK;
}

/* ---- single expressions, uids, names ---- */

skm_err skm_parse_expr(struct skm_arena *arena, const struct skm_source *source,
                       struct skm_diags *diags, const struct skm_expr **out_expr)
{
    struct skm_parser p;
    SKM_TRY(start(&p, arena, source, diags));
    struct skm_expr *expr = NULL;
    SKM_TRY(skm_parse_report_limit(&p, skm_parse_expr_any(&p, &expr)));
    if (!skm_parse_at(&p, SKM_TOKEN_END)) {
        return skm_parse_report_unexpected(&p, "an operator or the end of the text");
    }
    if (p.failed) {
        return SKM_ERR(INVALID);
    }
    *out_expr = expr;
    return SKM_OK;
}

/* uid := name '::' string */
static skm_err parse_whole_uid(struct skm_parser *p, struct skm_uid *out_uid)
{
    struct skm_parse_path path;
    if (!skm_parse_at(p, SKM_TOKEN_IDENT)) {
        return SKM_ERR(SYNTAX);
    }
    SKM_TRY(skm_parse_path(p, &path));
    if (!path.before_string) {
        return SKM_ERR(SYNTAX);
    }
    struct skm_uid uid;
    SKM_TRY(skm_parse_uid_tail(p, &path, &uid));
    if (p->failed || !skm_parse_at(p, SKM_TOKEN_END)) {
        return SKM_ERR(SYNTAX);
    }
    *out_uid = uid;
    return SKM_OK;
}

skm_err skm_parse_uid(struct skm_arena *arena, skm_span text, struct skm_uid *out_uid)
{
    /* Keeps no messages: the caller knows what the text was for. */
    struct skm_diags diags;
    skm_diags_init(&diags, arena, 0);
    struct skm_source source = {.text = text};
    struct skm_parser p;
    skm_err err = start(&p, arena, &source, &diags);
    if (skm_is_ok(err)) {
        err = parse_whole_uid(&p, out_uid);
    }
    return skm_is_err(err, SKM_E_INVALID) ? SKM_ERR(SYNTAX) : err;
}

bool skm_parse_is_ident(skm_span text)
{
    return skm_token_is_ident(text);
}

bool skm_parse_is_name(skm_span text)
{
    size_t start = 0;
    for (size_t i = 0; i + 1 < text.len; i++) {
        if (text.ptr[i] != ':') {
            continue;
        }
        if (text.ptr[i + 1] != ':' || !skm_token_is_ident(skm_span_sub(text, start, i - start))) {
            return false;
        }
        start = i + 2;
        i++;
    }
    return skm_token_is_ident(skm_span_from(text, start));
}
