/* The leaves of expressions: literals, variables, entities, names, and what brackets enclose. */
#include "base/attr.h"
#include "base/span.h"
#include "cedar/parse_internal.h"

/* ---- strings and numbers ---- */

skm_err skm_parse_string(struct skm_parser *p, skm_span *out_text)
{
    struct skm_token_escape_fault fault;
    skm_span text = {0};
    skm_err err = skm_token_string(p->arena, p->source->text, &p->token, &text, &fault);
    if (skm_is_err(err, SKM_E_SYNTAX)) {
        struct skm_diag *diag =
            SKM_PARSE_FAULT(p, fault.range, "invalid escape in a string: %s", fault.reason);
        skm_diag_help(p->diags, diag,
                      "the escapes are \\n \\r \\t \\\\ \\0 \\' \\\" \\x7F \\u{10FFFF}");
    } else {
        SKM_TRY(err);
    }
    skm_parse_advance(p);
    *out_text = text;
    return SKM_OK;
}

skm_err skm_parse_number(struct skm_parser *p, struct skm_range range, uint64_t number,
                         bool negative, struct skm_expr **out_expr)
{
    uint64_t limit = (uint64_t)INT64_MAX + (negative ? 1u : 0u);
    if (number > limit) {
        struct skm_diag *diag = SKM_PARSE_FAULT(p, range, "integer out of range");
        skm_diag_help(p->diags, diag,
                      "integers go from -9223372036854775808 to 9223372036854775807");
        number = 0;
    }
    /* Subtracts before negating: the smallest integer has no positive twin. */
    int64_t value = negative && number != 0 ? -(int64_t)(number - 1) - 1 : (int64_t)number;
    return skm_expr_new_literal(p->arena, range, skm_value_long(value), out_expr);
}

static skm_err new_string(struct skm_parser *p, struct skm_expr **out_expr)
{
    skm_span text;
    SKM_TRY(skm_parse_string(p, &text));
    return skm_expr_new_literal(p->arena, p->last.range, skm_value_string(text), out_expr);
}

static skm_err new_bool(struct skm_parser *p, struct skm_range range, bool value,
                        struct skm_expr **out_expr)
{
    return skm_expr_new_literal(p->arena, range, skm_value_bool(value), out_expr);
}

/* ---- names ---- */

static void refuse_reserved_part(struct skm_parser *p, const struct skm_token *part)
{
    if (skm_token_is_reserved(part->word)) {
        skm_span text = skm_parse_text(p, part->range);
        (void)SKM_PARSE_FAULT(p, part->range,
                              "`%.*s` is a reserved word and cannot be part of a name",
                              SKM_SPAN_ARG(text));
    }
}

/* What stands behind `::` when it is neither a name nor a string. */
static skm_err refuse_path_end(struct skm_parser *p)
{
    if (skm_parse_at(p, SKM_TOKEN_BRACE_OPEN)) {
        struct skm_diag *diag =
            SKM_PARSE_FAULT(p, p->token.range, "an entity is not written with a record");
        skm_diag_help(p->diags, diag, "write the type and the id: `User::\"alice\"`");
        return SKM_ERR(INVALID);
    }
    return skm_parse_report_unexpected(p, "an identifier or a string after `::`");
}

/* A single reserved word is the caller's to judge: it may be a literal. */
skm_err skm_parse_path(struct skm_parser *p, struct skm_parse_path *out_path)
{
    struct skm_token part = p->token;
    struct skm_parse_path path = {
        .range = part.range, .word = part.word, .parts = 1, .text_bytes = part.range.len};
    skm_parse_advance(p);
    while (skm_parse_at(p, SKM_TOKEN_PATH)) {
        refuse_reserved_part(p, &part);
        skm_parse_advance(p);
        if (skm_parse_at(p, SKM_TOKEN_STRING)) {
            path.before_string = true;
            break;
        }
        if (!skm_parse_at(p, SKM_TOKEN_IDENT)) {
            return refuse_path_end(p);
        }
        part = p->token;
        path.parts++;
        path.text_bytes += 2 + part.range.len;
        skm_parse_advance(p);
        path.range = skm_parse_since(p, path.range.start);
    }
    if (path.parts > 1 && !path.before_string) {
        refuse_reserved_part(p, &part);
    }
    *out_path = path;
    return SKM_OK;
}

skm_err skm_parse_path_name(struct skm_parser *p, const struct skm_parse_path *path,
                            skm_span *out_name)
{
    skm_span written = skm_parse_text(p, path->range);
    if (path->text_bytes == path->range.len) {
        *out_name = written;
        return SKM_OK;
    }
    char *text = skm_arena_alloc_text(p->arena, path->text_bytes);
    if (text == NULL) {
        return SKM_ERR(MEMORY);
    }
    struct skm_token_reader reader;
    skm_token_start(&reader, written);
    size_t len = 0;
    struct skm_token token;
    for (skm_token_next(&reader, &token); token.kind != SKM_TOKEN_END;
         skm_token_next(&reader, &token)) {
        memcpy(text + len, written.ptr + token.range.start, token.range.len);
        len += token.range.len;
    }
    *out_name = (skm_span){text, len};
    return SKM_OK;
}

skm_err skm_parse_type_name(struct skm_parser *p, const char *expected, skm_span *out_name)
{
    if (!skm_parse_at(p, SKM_TOKEN_IDENT)) {
        return skm_parse_report_unexpected(p, expected);
    }
    struct skm_parse_path path;
    SKM_TRY(skm_parse_path(p, &path));
    if (path.before_string) {
        struct skm_diag *diag =
            SKM_PARSE_FAULT(p, p->token.range, "expected %s, found an entity", expected);
        skm_diag_help(p->diags, diag, "use `==` or `in` to compare with an entity");
        return SKM_ERR(INVALID);
    }
    if (path.parts == 1 && skm_token_is_reserved(path.word)) {
        skm_span text = skm_parse_text(p, path.range);
        (void)SKM_PARSE_FAULT(p, path.range, "`%.*s` is a reserved word and cannot be a name",
                              SKM_SPAN_ARG(text));
    }
    return skm_parse_path_name(p, &path, out_name);
}

skm_err skm_parse_uid_tail(struct skm_parser *p, const struct skm_parse_path *path,
                           struct skm_uid *out_uid)
{
    struct skm_uid uid;
    SKM_TRY(skm_parse_path_name(p, path, &uid.type));
    SKM_TRY(skm_parse_string(p, &uid.id));
    *out_uid = uid;
    return SKM_OK;
}

static skm_err new_entity(struct skm_parser *p, const struct skm_parse_path *path,
                          struct skm_expr **out_expr)
{
    struct skm_uid *uid = SKM_ARENA_NEW(p->arena, struct skm_uid);
    if (uid == NULL) {
        return SKM_ERR(MEMORY);
    }
    SKM_TRY(skm_parse_uid_tail(p, path, uid));
    return skm_expr_new_literal(p->arena, skm_parse_since(p, path->range.start),
                                skm_value_entity(uid), out_expr);
}

/* ---- what a name can be ---- */

static const struct skm_parse_slip name_slips[] = {
    {"null", "there is no null; ask with `has` whether an attribute is there"},
    {"nil", "there is no null; ask with `has` whether an attribute is there"},
    {"None", "there is no null; ask with `has` whether an attribute is there"},
    {"undefined", "there is no null; ask with `has` whether an attribute is there"},
    {"user", "the one who asks is `principal`"},
    {"subject", "the one who asks is `principal`"},
    {"object", "what is asked for is `resource`"},
    {"request", "what is known about the request is in `context`"},
    {"environment", "what is known about the request is in `context`"},
    {"now", "there is no clock; the time of the request comes in `context`"},
};

/* Bytes of a path, as written, before its last `::`. */
static size_t type_bytes(skm_span path)
{
    size_t len = path.len;
    while (len > 0 && path.ptr[len - 1] != ':') {
        len--;
    }
    return len < 2 ? 0 : len - 2;
}

static skm_err refuse_name(struct skm_parser *p, const struct skm_parse_path *path,
                           struct skm_expr **out_expr)
{
    static const skm_span variables[] = {
        {"principal", 9}, {"action", 6}, {"resource", 8}, {"context", 7}, {"true", 4}, {"false", 5},
    };
    skm_span text = skm_parse_text(p, path->range);
    if (skm_span_equal(text, SKM_SPAN("not"))) {
        struct skm_diag *not = SKM_PARSE_FAULT(p, path->range, "`not` is not an operator");
        skm_diag_help(p->diags, not, "use `!`");
        return SKM_ERR(INVALID);
    }
    struct skm_diag *diag = SKM_PARSE_FAULT(
        p, path->range, path->parts == 1 ? "unknown variable `%.*s`" : "`%.*s` is not a value",
        SKM_SPAN_ARG(text));
    if (path->parts != 1) {
        skm_span last = skm_parse_text(p, p->last.range);
        skm_span type = skm_span_sub(text, 0, type_bytes(text));
        skm_diag_help(p->diags, diag, "an entity is written `%.*s::\"%.*s\"`", SKM_SPAN_ARG(type),
                      SKM_SPAN_ARG(last));
    } else if (!skm_parse_report_slip(p, diag, text, name_slips, SKM_ARRAY_LEN(name_slips)) &&
               !skm_parse_report_nearest(p, diag, text, variables, SKM_ARRAY_LEN(variables))) {
        skm_diag_help(
            p->diags, diag,
            "the variables are `principal`, `action`, `resource` and `context`; an entity is "
            "written `Type::\"id\"`, a string `\"%.*s\"`",
            SKM_SPAN_ARG(text));
    }
    return new_bool(p, path->range, true, out_expr);
}

static bool is_var(const struct skm_parse_path *path)
{
    return path->parts == 1 && path->word >= SKM_WORD_PRINCIPAL && path->word <= SKM_WORD_CONTEXT;
}

static skm_err new_var(struct skm_parser *p, const struct skm_parse_path *path,
                       struct skm_expr **out_expr)
{
    /* Both enums have the four in the same order. */
    enum skm_var var = (enum skm_var)(path->word - SKM_WORD_PRINCIPAL);
    return skm_expr_new_var(p->arena, path->range, var, out_expr);
}

/* A reserved word where a value should stand: one of the two literals, or a fault. */
static skm_err parse_reserved(struct skm_parser *p, struct skm_expr **out_expr)
{
    if (skm_parse_at_word(p, SKM_WORD_TRUE) || skm_parse_at_word(p, SKM_WORD_FALSE)) {
        bool value = p->token.word == SKM_WORD_TRUE;
        skm_parse_advance(p);
        return new_bool(p, p->last.range, value, out_expr);
    }
    if (!skm_parse_at_word(p, SKM_WORD_IF)) {
        return skm_parse_report_unexpected(p, "an expression");
    }
    struct skm_diag *diag =
        SKM_PARSE_FAULT(p, p->token.range, "an `if` within an operator needs parentheses");
    skm_diag_help(p->diags, diag, "write `(if ... then ... else ...)`");
    return SKM_ERR(INVALID);
}

/* literal | uid | var | name '(' items ')' */
static skm_err parse_word(struct skm_parser *p, struct skm_expr **out_expr)
{
    if (skm_token_is_reserved(p->token.word) && skm_parse_peek(p).kind != SKM_TOKEN_PATH) {
        return parse_reserved(p, out_expr);
    }
    struct skm_parse_path path;
    SKM_TRY(skm_parse_path(p, &path));
    if (path.before_string) {
        return new_entity(p, &path, out_expr);
    }
    if (is_var(&path)) {
        return new_var(p, &path, out_expr);
    }
    if (skm_parse_at(p, SKM_TOKEN_PAREN_OPEN)) {
        return skm_parse_call_function(p, path.range.start, &path, out_expr);
    }
    return refuse_name(p, &path, out_expr);
}

/* ---- brackets ---- */

/* '(' expr ')' */
static skm_err parse_parenthesized(struct skm_parser *p, struct skm_expr **out_expr)
{
    struct skm_range opener = p->token.range;
    skm_parse_advance(p);
    SKM_TRY(skm_parse_expr_any(p, out_expr));
    return skm_parse_report_close(p, SKM_TOKEN_PAREN_CLOSE, opener, "`)` or an operator");
}

/* '[' items ']' */
static skm_err parse_set(struct skm_parser *p, struct skm_expr **out_expr)
{
    uint32_t start = p->token.range.start;
    const struct skm_expr *const *items = NULL;
    size_t count = 0;
    skm_parse_advance(p);
    SKM_TRY(skm_parse_expr_items(p, SKM_TOKEN_BRACKET_CLOSE, &items, &count));
    return skm_expr_new_set(p->arena, skm_parse_since(p, start), items, count, out_expr);
}

/* key := ident | string */
static skm_err parse_key(struct skm_parser *p, skm_span *out_key)
{
    if (skm_parse_at(p, SKM_TOKEN_STRING)) {
        return skm_parse_string(p, out_key);
    }
    if (!skm_parse_at(p, SKM_TOKEN_IDENT)) {
        return skm_parse_report_unexpected(p, "an attribute name or `}`");
    }
    *out_key = skm_parse_text(p, p->token.range);
    if (skm_token_is_reserved(p->token.word)) {
        struct skm_diag *diag =
            SKM_PARSE_FAULT(p, p->token.range, "`%.*s` is a reserved word", SKM_SPAN_ARG(*out_key));
        skm_diag_help(p->diags, diag, "put it in quotes: `\"%.*s\"`", SKM_SPAN_ARG(*out_key));
    }
    skm_parse_advance(p);
    return SKM_OK;
}

/* key ':' expr, onto the scratch vector */
static skm_err parse_field(struct skm_parser *p)
{
    skm_span key = {0};
    struct skm_range *range = NULL;
    SKM_TRY(SKM_VEC_PUSH(p->arena, &p->keys, SIZE_MAX, &range));
    *range = p->token.range;
    SKM_TRY(parse_key(p, &key));
    if (!skm_parse_at(p, SKM_TOKEN_COLON)) {
        return skm_parse_report_unexpected(p, "`:` after the attribute name");
    }
    skm_parse_advance(p);
    struct skm_expr *value = NULL;
    SKM_TRY(skm_parse_expr_any(p, &value));
    struct skm_expr_field *field = NULL;
    SKM_TRY(SKM_VEC_PUSH(p->arena, &p->fields, SIZE_MAX, &field));
    *field = (struct skm_expr_field){.key = key, .value = value};
    return SKM_OK;
}

/* The ranges of the keys lie on the scratch vector from `mark` on. */
static skm_err check_keys(struct skm_parser *p, size_t mark, const struct skm_expr_field *fields,
                          size_t count)
{
    size_t duplicate = 0;
    SKM_TRY(skm_ast_find_duplicate(fields, sizeof *fields, count, &duplicate));
    if (duplicate < count) {
        skm_span key = fields[duplicate].key;
        struct skm_diag *diag =
            SKM_PARSE_FAULT(p, p->keys.items[mark + duplicate], "duplicate key `%.*s` in a record",
                            SKM_SPAN_ARG(key));
        skm_diag_help(p->diags, diag, "each key of a record is written once");
    }
    return SKM_OK;
}

/* '{' [ key ':' expr { ',' key ':' expr } [ ',' ] ] '}' */
static skm_err parse_record(struct skm_parser *p, struct skm_expr **out_expr)
{
    struct skm_range opener = p->token.range;
    size_t mark = p->fields.len;
    skm_parse_advance(p);
    while (!skm_parse_at(p, SKM_TOKEN_BRACE_CLOSE)) {
        SKM_TRY(parse_field(p));
        if (!skm_parse_at(p, SKM_TOKEN_COMMA)) {
            break;
        }
        skm_parse_advance(p);
    }
    SKM_TRY(skm_parse_report_close(p, SKM_TOKEN_BRACE_CLOSE, opener, "`,`, `}` or an operator"));
    const struct skm_expr_field *fields = NULL;
    size_t count = 0;
    SKM_TRY(SKM_PARSE_TAKE(p, &p->fields, mark, &fields, &count));
    struct skm_range range = skm_parse_since(p, opener.start);
    SKM_TRY(check_keys(p, mark, fields, count));
    p->keys.len = mark;
    return skm_expr_new_record(p->arena, range, fields, count, out_expr);
}

static skm_err refuse_slot(struct skm_parser *p, struct skm_expr **out_expr)
{
    skm_span text = skm_parse_text(p, p->token.range);
    struct skm_diag *diag = SKM_PARSE_FAULT(
        p, p->token.range, "template slot `%.*s` outside the scope", SKM_SPAN_ARG(text));
    skm_diag_help(p->diags, diag,
                  "slots stand in the scope only, as in `permit (principal == ?principal, ...)`");
    skm_parse_advance(p);
    return new_bool(p, p->last.range, true, out_expr);
}

/* primary := literal | uid | var | name '(' items ')' | '(' expr ')' | set | record */
skm_err skm_parse_primary(struct skm_parser *p, struct skm_expr **out_expr)
{
    if (skm_parse_at(p, SKM_TOKEN_IDENT)) {
        return parse_word(p, out_expr);
    }
    if (skm_parse_at(p, SKM_TOKEN_STRING)) {
        return new_string(p, out_expr);
    }
    if (skm_parse_at(p, SKM_TOKEN_NUMBER)) {
        skm_parse_advance(p);
        return skm_parse_number(p, p->last.range, p->last.number, false, out_expr);
    }
    if (skm_parse_at(p, SKM_TOKEN_PAREN_OPEN)) {
        return parse_parenthesized(p, out_expr);
    }
    if (skm_parse_at(p, SKM_TOKEN_BRACKET_OPEN)) {
        return parse_set(p, out_expr);
    }
    if (skm_parse_at(p, SKM_TOKEN_BRACE_OPEN)) {
        return parse_record(p, out_expr);
    }
    if (skm_parse_at(p, SKM_TOKEN_SLOT)) {
        return refuse_slot(p, out_expr);
    }
    return skm_parse_report_unexpected(p, "an expression");
}
