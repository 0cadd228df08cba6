/* The scope of a policy: principal, action, resource, in this order (Cedar grammar; reference: policies and
 * templates).
 *
 *     element := var [ 'is' name ] [ ( '==' | 'in' ) ref ]        `is` not with `==`, not for action
 *     ref     := uid | slot | '[' [ uid { ',' uid } [ ',' ] ] ']' | '(' ref ')'
 *
 * A slot is the one of its position; a list is for `action in` only. */
#include "base/attr.h"
#include "base/span.h"
#include "cedar/parse_internal.h"

/* The three positions, in order. */
struct position {
    skm_span name;
    skm_span slot; /* empty: takes none */
    enum skm_word word;
};

static const struct position positions[] = {
    {{"principal", 9}, {"?principal", 10}, SKM_WORD_PRINCIPAL},
    {{"action", 6}, {NULL, 0}, SKM_WORD_ACTION},
    {{"resource", 8}, {"?resource", 9}, SKM_WORD_RESOURCE},
};

static bool is_action(const struct position *position)
{
    return position->word == SKM_WORD_ACTION;
}

/* ---- references ---- */

/* The last component of the type is `Action`. */
static bool is_action_type(skm_span type)
{
    return skm_span_equal(type, SKM_SPAN("Action")) || skm_span_ends(type, SKM_SPAN("::Action"));
}

static skm_err refuse_name_as_ref(struct skm_parser *p, const struct position *position,
                                  struct skm_range range)
{
    skm_span text = skm_parse_text(p, range);
    struct skm_diag *diag =
        SKM_PARSE_FAULT(p, range, "expected an entity, found the name `%.*s`", SKM_SPAN_ARG(text));
    if (is_action(position)) {
        skm_diag_help(p->diags, diag, "write `Action::\"%.*s\"`", SKM_SPAN_ARG(text));
    } else {
        skm_diag_help(p->diags, diag,
                      "write `%.*s::\"id\"` for one entity, or `%.*s is %.*s` for all of the type",
                      SKM_SPAN_ARG(text), SKM_SPAN_ARG(position->name), SKM_SPAN_ARG(text));
    }
    return SKM_ERR(INVALID);
}

/* uid; the token is an identifier */
static skm_err parse_uid(struct skm_parser *p, const struct position *position,
                         struct skm_uid *out_uid)
{
    struct skm_parse_path path;
    SKM_TRY(skm_parse_path(p, &path));
    if (!path.before_string) {
        return refuse_name_as_ref(p, position, path.range);
    }
    SKM_TRY(skm_parse_uid_tail(p, &path, out_uid));
    if (is_action(position) && !is_action_type(out_uid->type)) {
        struct skm_range range = skm_parse_since(p, path.range.start);
        struct skm_diag *diag = SKM_PARSE_FAULT(p, range, "`%.*s` is not a type of actions",
                                                SKM_SPAN_ARG(out_uid->type));
        skm_diag_help(p->diags, diag, "the type of an action is `Action`, or ends with `::Action`");
    }
    return SKM_OK;
}

static skm_err parse_slot(struct skm_parser *p, const struct position *position,
                          struct skm_scope *scope)
{
    skm_span text = skm_parse_text(p, p->token.range);
    scope->slot = true;
    if (!skm_span_equal(text, position->slot)) {
        struct skm_diag *diag =
            SKM_PARSE_FAULT(p, p->token.range, "slot `%.*s` cannot stand for the %.*s",
                            SKM_SPAN_ARG(text), SKM_SPAN_ARG(position->name));
        if (is_action(position)) {
            skm_diag_help(p->diags, diag, "actions have no slot");
        } else {
            skm_diag_help(p->diags, diag, "the slot here is `%.*s`", SKM_SPAN_ARG(position->slot));
        }
    }
    skm_parse_advance(p);
    return SKM_OK;
}

/* Parentheses around a reference mean nothing. Yields how many were opened. */
static uint32_t take_parens(struct skm_parser *p)
{
    uint32_t count = 0;
    for (; skm_parse_at(p, SKM_TOKEN_PAREN_OPEN); count++) {
        skm_parse_advance(p);
    }
    return count;
}

static skm_err take_closing_parens(struct skm_parser *p, uint32_t count)
{
    for (; count != 0; count--) {
        if (!skm_parse_at(p, SKM_TOKEN_PAREN_CLOSE)) {
            return skm_parse_report_unexpected(p, "`)`");
        }
        skm_parse_advance(p);
    }
    return SKM_OK;
}

/* '(' .. uid .. ')', onto the scratch vector */
static skm_err parse_list_uid(struct skm_parser *p, const struct position *position)
{
    uint32_t parens = take_parens(p);
    if (!skm_parse_at(p, SKM_TOKEN_IDENT)) {
        return skm_parse_report_unexpected(p, "an action, such as `Action::\"view\"`");
    }
    struct skm_uid *uid = NULL;
    SKM_TRY(SKM_VEC_PUSH(p->arena, &p->uids, SIZE_MAX, &uid));
    SKM_TRY(parse_uid(p, position, uid));
    return take_closing_parens(p, parens);
}

/* '[' [ uid { ',' uid } [ ',' ] ] ']' */
static skm_err parse_list(struct skm_parser *p, const struct position *position,
                          struct skm_scope *scope)
{
    struct skm_range opener = p->token.range;
    skm_parse_advance(p);
    while (!skm_parse_at(p, SKM_TOKEN_BRACKET_CLOSE)) {
        SKM_TRY(parse_list_uid(p, position));
        if (!skm_parse_at(p, SKM_TOKEN_COMMA)) {
            break;
        }
        skm_parse_advance(p);
    }
    SKM_TRY(skm_parse_report_close(p, SKM_TOKEN_BRACKET_CLOSE, opener, "`,` or `]`"));
    scope->kind = SKM_SCOPE_IN_SET;
    return SKM_PARSE_TAKE(p, &p->uids, 0, &scope->uids, &scope->uid_count);
}

static skm_err refuse_list(struct skm_parser *p, const struct position *position,
                           const struct skm_scope *scope)
{
    const char *op = scope->kind == SKM_SCOPE_EQ ? "==" : "in";
    struct skm_diag *diag =
        SKM_PARSE_FAULT(p, p->token.range, "`%.*s %s` takes one entity, not a list",
                        SKM_SPAN_ARG(position->name), op);
    if (is_action(position)) {
        skm_diag_help(p->diags, diag, "use `action in [...]`");
    } else {
        skm_diag_help(p->diags, diag, "use a condition: `when { %.*s in [...] }`",
                      SKM_SPAN_ARG(position->name));
    }
    return SKM_ERR(INVALID);
}

static skm_err refuse_string_as_ref(struct skm_parser *p, const struct position *position)
{
    skm_span text = skm_parse_text(p, p->token.range);
    struct skm_diag *diag =
        SKM_PARSE_FAULT(p, p->token.range, "expected an entity, found a string");
    skm_diag_help(p->diags, diag, "an entity has a type: `%s::%.*s`",
                  is_action(position) ? "Action" : "Type", SKM_SPAN_ARG(text));
    return SKM_ERR(INVALID);
}

static skm_err parse_ref_inside(struct skm_parser *p, const struct position *position,
                                struct skm_scope *scope)
{
    if (skm_parse_at(p, SKM_TOKEN_IDENT)) {
        return parse_uid(p, position, &scope->uid);
    }
    if (skm_parse_at(p, SKM_TOKEN_SLOT)) {
        return parse_slot(p, position, scope);
    }
    if (skm_parse_at(p, SKM_TOKEN_BRACKET_OPEN)) {
        return is_action(position) && scope->kind == SKM_SCOPE_IN ? parse_list(p, position, scope)
                                                                  : refuse_list(p, position, scope);
    }
    if (skm_parse_at(p, SKM_TOKEN_STRING)) {
        return refuse_string_as_ref(p, position);
    }
    return skm_parse_report_unexpected(p, "an entity, such as `User::\"alice\"`");
}

/* ref := uid | slot | list | '(' ref ')'. The kind of the scope says which operator stands before it. */
static skm_err parse_ref(struct skm_parser *p, const struct position *position,
                         struct skm_scope *scope)
{
    uint32_t parens = take_parens(p);
    SKM_TRY(parse_ref_inside(p, position, scope));
    return take_closing_parens(p, parens);
}

/* ---- elements ---- */

static skm_err refuse_is_with_eq(struct skm_parser *p)
{
    struct skm_diag *diag = SKM_PARSE_FAULT(p, p->token.range, "`is` and `==` cannot be combined");
    skm_diag_help(p->diags, diag, "an entity has its type: leave out the `is`");
    return SKM_ERR(INVALID);
}

/* [ ( '==' | 'in' ) ref ] */
static skm_err parse_equality(struct skm_parser *p, const struct position *position,
                              struct skm_scope *scope)
{
    bool in = skm_parse_at_word(p, SKM_WORD_IN);
    if (!in && !skm_parse_at(p, SKM_TOKEN_EQ) && !skm_parse_at(p, SKM_TOKEN_ASSIGN)) {
        return SKM_OK;
    }
    if (!in && scope->kind == SKM_SCOPE_IS) {
        return refuse_is_with_eq(p);
    }
    if (skm_parse_at(p, SKM_TOKEN_ASSIGN)) {
        struct skm_diag *diag = SKM_PARSE_FAULT(p, p->token.range, "`=` is not an operator");
        skm_diag_help(p->diags, diag, "use `==` to compare");
    }
    scope->kind = !in ? SKM_SCOPE_EQ : scope->kind == SKM_SCOPE_IS ? SKM_SCOPE_IS_IN : SKM_SCOPE_IN;
    skm_parse_advance(p);
    return parse_ref(p, position, scope);
}

/* [ 'is' name ] */
static skm_err parse_type(struct skm_parser *p, const struct position *position,
                          struct skm_scope *scope)
{
    if (!skm_parse_at_word(p, SKM_WORD_IS)) {
        return SKM_OK;
    }
    if (is_action(position)) {
        (void)SKM_PARSE_FAULT(p, p->token.range, "`is` cannot be used for the action");
        return SKM_ERR(INVALID);
    }
    skm_parse_advance(p);
    scope->kind = SKM_SCOPE_IS;
    return skm_parse_type_name(p, "an entity type after `is`", &scope->type);
}

/* What may not follow an element, but is often written there. */
static skm_err refuse_rest(struct skm_parser *p, const struct position *position,
                           const struct skm_scope *scope)
{
    skm_span name = position->name;
    skm_span text = skm_parse_text(p, p->token.range);
    struct skm_diag *diag = NULL;
    if (skm_parse_at(p, SKM_TOKEN_COLON)) {
        diag = SKM_PARSE_FAULT(p, p->token.range, "`:` cannot give a type here");
        skm_diag_help(p->diags, diag, "write `%.*s is Type`", SKM_SPAN_ARG(name));
    } else if (skm_parse_at_word(p, SKM_WORD_IS) && scope->kind == SKM_SCOPE_IN) {
        diag = SKM_PARSE_FAULT(p, p->token.range, "`is` stands before `in`");
        skm_diag_help(p->diags, diag, "write `%.*s is Type in ...`", SKM_SPAN_ARG(name));
    } else if (skm_parse_at(p, SKM_TOKEN_AND) || skm_parse_at(p, SKM_TOKEN_OR)) {
        diag = SKM_PARSE_FAULT(p, p->token.range, "the scope takes one constraint for the %.*s",
                               SKM_SPAN_ARG(name));
        skm_diag_help(p->diags, diag,
                      skm_parse_at(p, SKM_TOKEN_AND)
                          ? "move the second one into a `when` condition"
                          : "write a second policy, or a `when` condition");
    } else if (skm_parse_at(p, SKM_TOKEN_DOT) ||
               (p->token.kind >= SKM_TOKEN_NE && p->token.kind <= SKM_TOKEN_GE) ||
               skm_parse_at_word(p, SKM_WORD_HAS) || skm_parse_at_word(p, SKM_WORD_LIKE)) {
        diag = SKM_PARSE_FAULT(p, p->token.range, "`%.*s` cannot be used in the scope",
                               SKM_SPAN_ARG(text));
        skm_diag_help(p->diags, diag, "move it into a condition: `when { %.*s%s%.*s ... }`",
                      SKM_SPAN_ARG(name), skm_parse_at(p, SKM_TOKEN_DOT) ? "" : " ",
                      SKM_SPAN_ARG(text));
    } else {
        return skm_parse_report_unexpected(p, "`,` or `)`");
    }
    return SKM_ERR(INVALID);
}

/* The variable of the position. Another one, or a misspelt one, is reported and taken for it. */
static skm_err take_variable(struct skm_parser *p, const struct position *position)
{
    if (!skm_parse_at(p, SKM_TOKEN_IDENT)) {
        return skm_parse_report_unexpected(p, "`principal`, `action` and `resource` in the scope");
    }
    if (p->token.word != position->word) {
        skm_span text = skm_parse_text(p, p->token.range);
        struct skm_diag *diag = SKM_PARSE_FAULT(p, p->token.range, "expected `%.*s`, found `%.*s`",
                                                SKM_SPAN_ARG(position->name), SKM_SPAN_ARG(text));
        if (!skm_parse_report_nearest(p, diag, text, &position->name, 1)) {
            skm_diag_help(p->diags, diag,
                          "the scope is always `principal, action, resource`, in this order");
        }
    }
    skm_parse_advance(p);
    return SKM_OK;
}

/* element := var [ 'is' name ] [ ( '==' | 'in' ) ref ] */
static skm_err parse_element(struct skm_parser *p, const struct position *position,
                             struct skm_scope *scope)
{
    uint32_t start = p->token.range.start;
    SKM_TRY(take_variable(p, position));
    SKM_TRY(parse_type(p, position, scope));
    SKM_TRY(parse_equality(p, position, scope));
    scope->range = skm_parse_since(p, start);
    if (!skm_parse_at(p, SKM_TOKEN_COMMA) && !skm_parse_at(p, SKM_TOKEN_PAREN_CLOSE)) {
        return refuse_rest(p, position, scope);
    }
    return SKM_OK;
}

static skm_err refuse_missing(struct skm_parser *p, const struct position *position)
{
    struct skm_diag *diag =
        SKM_PARSE_FAULT(p, p->token.range, "the scope lacks `%.*s`", SKM_SPAN_ARG(position->name));
    skm_diag_help(p->diags, diag,
                  "the scope is always `principal, action, resource`, in this order");
    return SKM_ERR(INVALID);
}

/* '(' element ',' element ',' element [ ',' ] ')' */
skm_err skm_parse_scope(struct skm_parser *p, struct skm_policy *policy)
{
    struct skm_scope *const scopes[] = {&policy->principal, &policy->action, &policy->resource};
    if (!skm_parse_at(p, SKM_TOKEN_PAREN_OPEN)) {
        return skm_parse_report_missing(
            p, "`(`", "a policy has a scope: `permit (principal, action, resource)`");
    }
    skm_parse_advance(p);
    for (size_t i = 0; i < SKM_ARRAY_LEN(positions); i++) {
        if (skm_parse_at(p, SKM_TOKEN_PAREN_CLOSE)) {
            return refuse_missing(p, &positions[i]);
        }
        SKM_TRY(parse_element(p, &positions[i], scopes[i]));
        if (skm_parse_at(p, SKM_TOKEN_COMMA)) {
            skm_parse_advance(p);
        }
    }
    if (!skm_parse_at(p, SKM_TOKEN_PAREN_CLOSE)) {
        (void)SKM_PARSE_FAULT(p, p->token.range, "the scope has three elements, no more");
        return SKM_ERR(INVALID);
    }
    skm_parse_advance(p);
    return SKM_OK;
}
