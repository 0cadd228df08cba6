/* Expressions from JSON: an object with one key, the operator, whose value has the operands.
 *
 *     {"&&":{"left":E,"right":E}}  {"!":{"arg":E}}  {".":{"left":E,"attr":"a"}}  {"Value":data}  {"ip":[E, ...]}
 *
 * The operands of an operator come in any order; a table says which it has. */
#include "base/attr.h"
#include "base/span.h"
#include "cedar/policy_json_reader.h"

static const struct skm_range NOWHERE = {0, 0};

/* Members an operator may have, as bits. */
enum member {
    MEMBER_LEFT = 1u << 0,
    MEMBER_RIGHT = 1u << 1,
    MEMBER_ARG = 1u << 2,
    MEMBER_IF = 1u << 3,
    MEMBER_THEN = 1u << 4,
    MEMBER_ELSE = 1u << 5,
    MEMBER_IN = 1u << 6,
    MEMBER_ATTR = 1u << 7,
    MEMBER_PATTERN = 1u << 8,
    MEMBER_TYPE = 1u << 9,
};

struct operands {
    unsigned present;      /* enum member */
    struct skm_expr *a;    /* left, arg, if */
    struct skm_expr *b;    /* right, then, in */
    struct skm_expr *c;    /* else */
    const skm_span *names; /* attr */
    size_t name_count;
    skm_span type;
    struct skm_pattern pattern;
};

struct operation {
    const char *key;
    enum skm_expr_kind kind;
    enum skm_expr_hint hint;
    unsigned required;
    unsigned optional;
};

#define BINARY (MEMBER_LEFT | MEMBER_RIGHT)

static const struct operation operations[] = {
    {"!", SKM_EXPR_NOT, SKM_EXPR_HINT_NONE, MEMBER_ARG, 0},
    {"neg", SKM_EXPR_NEG, SKM_EXPR_HINT_NONE, MEMBER_ARG, 0},
    {"isEmpty", SKM_EXPR_IS_EMPTY, SKM_EXPR_HINT_NONE, MEMBER_ARG, 0},
    {"==", SKM_EXPR_EQ, SKM_EXPR_HINT_NONE, BINARY, 0},
    {"!=", SKM_EXPR_EQ, SKM_EXPR_HINT_NE, BINARY, 0},
    {"<", SKM_EXPR_LT, SKM_EXPR_HINT_NONE, BINARY, 0},
    {"<=", SKM_EXPR_LE, SKM_EXPR_HINT_NONE, BINARY, 0},
    {">", SKM_EXPR_LE, SKM_EXPR_HINT_GT, BINARY, 0},
    {">=", SKM_EXPR_LT, SKM_EXPR_HINT_GE, BINARY, 0},
    {"in", SKM_EXPR_IN, SKM_EXPR_HINT_NONE, BINARY, 0},
    {"&&", SKM_EXPR_AND, SKM_EXPR_HINT_NONE, BINARY, 0},
    {"||", SKM_EXPR_OR, SKM_EXPR_HINT_NONE, BINARY, 0},
    {"+", SKM_EXPR_ADD, SKM_EXPR_HINT_NONE, BINARY, 0},
    {"-", SKM_EXPR_SUB, SKM_EXPR_HINT_NONE, BINARY, 0},
    {"*", SKM_EXPR_MUL, SKM_EXPR_HINT_NONE, BINARY, 0},
    {"contains", SKM_EXPR_CONTAINS, SKM_EXPR_HINT_NONE, BINARY, 0},
    {"containsAll", SKM_EXPR_CONTAINS_ALL, SKM_EXPR_HINT_NONE, BINARY, 0},
    {"containsAny", SKM_EXPR_CONTAINS_ANY, SKM_EXPR_HINT_NONE, BINARY, 0},
    {"getTag", SKM_EXPR_GET_TAG, SKM_EXPR_HINT_NONE, BINARY, 0},
    {"hasTag", SKM_EXPR_HAS_TAG, SKM_EXPR_HINT_NONE, BINARY, 0},
    {".", SKM_EXPR_GET_ATTR, SKM_EXPR_HINT_NONE, MEMBER_LEFT | MEMBER_ATTR, 0},
    {"has", SKM_EXPR_HAS_ATTR, SKM_EXPR_HINT_NONE, MEMBER_LEFT | MEMBER_ATTR, 0},
    {"like", SKM_EXPR_LIKE, SKM_EXPR_HINT_NONE, MEMBER_LEFT | MEMBER_PATTERN, 0},
    {"is", SKM_EXPR_IS, SKM_EXPR_HINT_NONE, MEMBER_LEFT | MEMBER_TYPE, MEMBER_IN},
    {"if-then-else", SKM_EXPR_IF, SKM_EXPR_HINT_NONE, MEMBER_IF | MEMBER_THEN | MEMBER_ELSE, 0},
};

static const struct operation *find_operator(skm_span key)
{
    for (size_t i = 0; i < SKM_ARRAY_LEN(operations); i++) {
        if (skm_span_equal(skm_span_cstr(operations[i].key), key)) {
            return &operations[i];
        }
    }
    return NULL;
}

/* ---- members ---- */

struct member_name {
    const char *key;
    enum member member;
};

static const struct member_name member_names[] = {
    {"left", MEMBER_LEFT},       {"right", MEMBER_RIGHT},
    {"arg", MEMBER_ARG},         {"if", MEMBER_IF},
    {"then", MEMBER_THEN},       {"else", MEMBER_ELSE},
    {"in", MEMBER_IN},           {"attr", MEMBER_ATTR},
    {"pattern", MEMBER_PATTERN}, {"entity_type", MEMBER_TYPE},
};

static const struct member_name *find_member(skm_span key, unsigned allowed)
{
    for (size_t i = 0; i < SKM_ARRAY_LEN(member_names); i++) {
        const struct member_name *name = &member_names[i];
        if ((allowed & name->member) != 0 && skm_span_equal(skm_span_cstr(name->key), key)) {
            return name;
        }
    }
    return NULL;
}

/* `"in": null` is as if it were not there. */
static skm_err read_optional(struct skm_policy_reader *reader, struct operands *operands)
{
    enum skm_json_type type = SKM_JSON_NULL;
    SKM_TRY(skm_json_peek(&reader->json, &type));
    if (type == SKM_JSON_NULL) {
        operands->present &= ~(unsigned)MEMBER_IN;
        return skm_json_read_null(&reader->json);
    }
    return skm_policy_reader_expr(reader, &operands->b);
}

static skm_err read_member(struct skm_policy_reader *reader, const struct operation *op,
                           enum member member, struct operands *operands)
{
    operands->present |= member;
    switch (member) {
    case MEMBER_LEFT:
    case MEMBER_ARG:
    case MEMBER_IF:
        return skm_policy_reader_expr(reader, &operands->a);
    case MEMBER_RIGHT:
    case MEMBER_THEN:
        return skm_policy_reader_expr(reader, &operands->b);
    case MEMBER_ELSE:
        return skm_policy_reader_expr(reader, &operands->c);
    case MEMBER_IN:
        return read_optional(reader, operands);
    case MEMBER_ATTR:
        return skm_policy_reader_names(reader, op->kind == SKM_EXPR_HAS_ATTR, &operands->names,
                                       &operands->name_count);
    case MEMBER_PATTERN:
        return skm_policy_reader_pattern(reader, &operands->pattern);
    case MEMBER_TYPE:
        return skm_policy_reader_type(reader, &operands->type);
    }
    return SKM_ERR(INTERNAL);
}

static skm_err refuse_missing(struct skm_policy_reader *reader, size_t offset,
                              const struct operation *op, unsigned missing)
{
    for (size_t i = 0; i < SKM_ARRAY_LEN(member_names); i++) {
        if ((missing & member_names[i].member) != 0) {
            return SKM_POLICY_REFUSE(reader, offset, "operator `%s` lacks \"%s\"", op->key,
                                     member_names[i].key);
        }
    }
    return SKM_ERR(INTERNAL);
}

static skm_err read_operands(struct skm_policy_reader *reader, const struct operation *op,
                             struct operands *operands)
{
    size_t offset = skm_policy_reader_offset(reader);
    SKM_TRY(skm_json_enter_object(&reader->json));
    for (;;) {
        SKM_TRY(skm_policy_reader_member(reader));
        if (!reader->more) {
            break;
        }
        const struct member_name *name = find_member(reader->key, op->required | op->optional);
        if (name == NULL) {
            return SKM_POLICY_REFUSE(reader, reader->json.offset, "operator `%s` has no \"%.*s\"",
                                     op->key, SKM_SPAN_ARG(reader->key));
        }
        SKM_TRY(read_member(reader, op, name->member, operands));
    }
    unsigned missing = op->required & ~operands->present;
    return missing == 0 ? SKM_OK : refuse_missing(reader, offset, op, missing);
}

/* ---- nodes ---- */

static skm_err new_node(struct skm_policy_reader *reader, const struct operation *op,
                        const struct operands *operands, struct skm_expr **out_expr)
{
    struct skm_arena *arena = reader->arena;
    const struct skm_expr *a = operands->a;
    const struct skm_expr *b = operands->b;
    switch (op->hint) {
    case SKM_EXPR_HINT_NE:
        return skm_expr_new_ne(arena, NOWHERE, a, b, out_expr);
    case SKM_EXPR_HINT_GT:
        return skm_expr_new_gt(arena, NOWHERE, a, b, out_expr);
    case SKM_EXPR_HINT_GE:
        return skm_expr_new_ge(arena, NOWHERE, a, b, out_expr);
    case SKM_EXPR_HINT_NONE:
    case SKM_EXPR_HINT_IS_IN:
    case SKM_EXPR_HINT_INDEX:
        break;
    }
    if (op->kind == SKM_EXPR_GET_ATTR) {
        return skm_expr_new_named(arena, op->kind, NOWHERE, a, operands->names[0], out_expr);
    }
    if (op->kind == SKM_EXPR_HAS_ATTR) {
        return skm_expr_new_has(arena, NOWHERE, a, operands->names, operands->name_count, out_expr);
    }
    if (op->kind == SKM_EXPR_LIKE) {
        return skm_expr_new_like(arena, NOWHERE, a, operands->pattern, out_expr);
    }
    if (op->kind == SKM_EXPR_IS && (operands->present & MEMBER_IN) != 0) {
        return skm_expr_new_is_in(arena, NOWHERE, a, operands->type, b, out_expr);
    }
    if (op->kind == SKM_EXPR_IS) {
        return skm_expr_new_named(arena, op->kind, NOWHERE, a, operands->type, out_expr);
    }
    return skm_expr_new(arena, op->kind, NOWHERE, a, b, operands->c, out_expr);
}

static skm_err read_operator(struct skm_policy_reader *reader, const struct operation *op,
                             struct skm_expr **out_expr)
{
    /* In the arena: on the stack it would count for every level. */
    struct operands *operands = SKM_ARENA_NEW(reader->arena, struct operands);
    if (operands == NULL) {
        return SKM_ERR(MEMORY);
    }
    SKM_TRY(read_operands(reader, op, operands));
    return new_node(reader, op, operands, out_expr);
}

/* ---- operators with a form of their own ---- */

static skm_err read_var(struct skm_policy_reader *reader, struct skm_expr **out_expr)
{
    static const char *const names[] = {
        [SKM_VAR_PRINCIPAL] = "principal",
        [SKM_VAR_ACTION] = "action",
        [SKM_VAR_RESOURCE] = "resource",
        [SKM_VAR_CONTEXT] = "context",
    };
    size_t offset = skm_policy_reader_offset(reader);
    skm_span text = {0};
    SKM_TRY(skm_json_read_string(&reader->json, &text));
    for (unsigned var = 0; var < SKM_ARRAY_LEN(names); var++) {
        if (skm_span_equal(skm_span_cstr(names[var]), text)) {
            return skm_expr_new_var(reader->arena, NOWHERE, (enum skm_var)var, out_expr);
        }
    }
    return SKM_POLICY_REFUSE(reader, offset, "unknown variable `%.*s`", SKM_SPAN_ARG(text));
}

static skm_err read_exprs(struct skm_policy_reader *reader, skm_policy_reader_exprs *exprs)
{
    SKM_TRY(skm_json_enter_array(&reader->json));
    for (;;) {
        bool more = false;
        struct skm_expr *expr = NULL;
        SKM_TRY(skm_json_next_item(&reader->json, &more));
        if (!more) {
            return SKM_OK;
        }
        SKM_TRY(skm_policy_reader_expr(reader, &expr));
        SKM_TRY(skm_policy_reader_push(reader, exprs, expr));
    }
}

static skm_err read_set(struct skm_policy_reader *reader, struct skm_expr **out_expr)
{
    skm_policy_reader_exprs items = {0};
    SKM_TRY(read_exprs(reader, &items));
    return skm_expr_new_set(reader->arena, NOWHERE, items.items, items.len, out_expr);
}

static skm_err read_record(struct skm_policy_reader *reader, struct skm_expr **out_expr)
{
    SKM_VEC(struct skm_expr_field) fields = {0};
    SKM_TRY(skm_json_enter_object(&reader->json));
    for (;;) {
        bool more = false;
        struct skm_expr *value = NULL;
        struct skm_expr_field field = {0};
        struct skm_expr_field *slot = NULL;
        SKM_TRY(skm_json_next_member(&reader->json, &more, &field.key));
        if (!more) {
            return skm_expr_new_record(reader->arena, NOWHERE, fields.items, fields.len, out_expr);
        }
        SKM_TRY(skm_policy_reader_expr(reader, &value));
        field.value = value;
        SKM_TRY(SKM_VEC_PUSH(reader->arena, &fields, SIZE_MAX, &slot));
        *slot = field;
    }
}

static skm_err read_data(struct skm_policy_reader *reader, struct skm_expr **out_expr)
{
    /* Data has a depth of its own. */
    uint32_t nesting = reader->nesting;
    reader->nesting = 0;
    SKM_TRY(skm_policy_reader_value(reader, out_expr));
    reader->nesting = nesting;
    return SKM_OK;
}

static skm_err read_call(struct skm_policy_reader *reader, size_t offset, skm_span name,
                         struct skm_expr **out_expr)
{
    skm_policy_reader_exprs args = {0};
    enum skm_json_type type = SKM_JSON_NULL;
    SKM_TRY(skm_json_peek(&reader->json, &type));
    if (type == SKM_JSON_ARRAY) {
        SKM_TRY(read_exprs(reader, &args));
        return skm_policy_reader_call(reader, offset, name, &args, out_expr);
    }
    return SKM_POLICY_REFUSE(reader, offset, "unknown operator `%.*s`", SKM_SPAN_ARG(name));
}

/* The value of the one key. */
static skm_err read_by_key(struct skm_policy_reader *reader, size_t offset, skm_span key,
                           struct skm_expr **out_expr)
{
    const struct operation *op = find_operator(key);
    if (op != NULL) {
        return read_operator(reader, op, out_expr);
    }
    if (skm_span_equal(key, SKM_SPAN("Value"))) {
        return read_data(reader, out_expr);
    }
    if (skm_span_equal(key, SKM_SPAN("Var"))) {
        return read_var(reader, out_expr);
    }
    if (skm_span_equal(key, SKM_SPAN("Set"))) {
        return read_set(reader, out_expr);
    }
    if (skm_span_equal(key, SKM_SPAN("Record"))) {
        return read_record(reader, out_expr);
    }
    if (skm_span_equal(key, SKM_SPAN("Slot"))) {
        return SKM_POLICY_REFUSE(reader, offset, "slots stand in the scope only");
    }
    return read_call(reader, offset, key, out_expr);
}

skm_err skm_policy_reader_enter(struct skm_policy_reader *reader, uint32_t max)
{
    if (reader->nesting >= max) {
        return SKM_POLICY_REFUSE(reader, skm_policy_reader_offset(reader),
                                 "nested too deeply: at most %u levels", max);
    }
    reader->nesting++;
    return SKM_OK;
}

skm_err skm_policy_reader_expr(struct skm_policy_reader *reader, struct skm_expr **out_expr)
{
    size_t offset = skm_policy_reader_offset(reader);
    SKM_TRY(skm_policy_reader_enter(reader, SKM_EXPR_DEPTH_MAX));
    SKM_TRY(skm_json_enter_object(&reader->json));
    SKM_TRY(skm_policy_reader_member(reader));
    if (!reader->more) {
        return SKM_POLICY_REFUSE(reader, offset,
                                 "an expression is an object with one key, its operator");
    }
    SKM_TRY(read_by_key(reader, offset, reader->key, out_expr));
    SKM_TRY(skm_policy_reader_member(reader));
    if (reader->more) {
        return SKM_POLICY_REFUSE(reader, offset,
                                 "an expression has one operator, found also `%.*s`",
                                 SKM_SPAN_ARG(reader->key));
    }
    reader->nesting--;
    return SKM_OK;
}
