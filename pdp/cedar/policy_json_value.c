/* Data within expressions: literals, sets, records, entities and extension calls that are not evaluated. */
#include "base/span.h"
#include "cedar/ext.h"
#include "cedar/parse.h"
#include "cedar/policy_json_reader.h"
#include "cedar/value_json.h"
#include "cedar/value_json_reader.h"

static const struct skm_range NOWHERE = {0, 0};

static skm_err new_literal(struct skm_policy_reader *reader, struct skm_value value,
                           struct skm_expr **out_expr)
{
    return skm_expr_new_literal(reader->arena, NOWHERE, value, out_expr);
}

skm_err skm_policy_reader_push(struct skm_policy_reader *reader, skm_policy_reader_exprs *exprs,
                               const struct skm_expr *expr)
{
    const struct skm_expr **slot = NULL;
    SKM_TRY(SKM_VEC_PUSH(reader->arena, exprs, SIZE_MAX, &slot));
    *slot = expr;
    return SKM_OK;
}

skm_err skm_policy_reader_uid(struct skm_policy_reader *reader, struct skm_uid *out_uid)
{
    struct skm_value_json how = {.arena = reader->arena, .borrow = true};
    return skm_value_json_read_uid(&how, &reader->json, out_uid);
}

skm_err skm_policy_reader_call(struct skm_policy_reader *reader, size_t offset, skm_span name,
                               const skm_policy_reader_exprs *args, struct skm_expr **out_expr)
{
    const struct skm_ext_function *function = skm_ext_find(name);
    if (function == NULL) {
        return SKM_POLICY_REFUSE(reader, offset, "unknown operator or extension function `%.*s`",
                                 SKM_SPAN_ARG(name));
    }
    if (function->style == SKM_EXT_METHOD && args->len == 0) {
        return SKM_POLICY_REFUSE(reader, offset, "`%.*s` is a method: its receiver is missing",
                                 SKM_SPAN_ARG(name));
    }
    return skm_expr_new_call(reader->arena, NOWHERE, function, args->items, args->len, out_expr);
}

/* ---- arrays and objects ---- */

static skm_err read_values(struct skm_policy_reader *reader, skm_policy_reader_exprs *values)
{
    SKM_TRY(skm_json_enter_array(&reader->json));
    for (;;) {
        bool more = false;
        struct skm_expr *value = NULL;
        SKM_TRY(skm_json_next_item(&reader->json, &more));
        if (!more) {
            return SKM_OK;
        }
        SKM_TRY(skm_policy_reader_value(reader, &value));
        SKM_TRY(skm_policy_reader_push(reader, values, value));
    }
}

static skm_err read_set(struct skm_policy_reader *reader, struct skm_expr **out_expr)
{
    skm_policy_reader_exprs values = {0};
    SKM_TRY(read_values(reader, &values));
    return skm_expr_new_set(reader->arena, NOWHERE, values.items, values.len, out_expr);
}

/* What follows the brace of a record, of which the first key is read already. */
static skm_err read_record(struct skm_policy_reader *reader, bool more, skm_span key,
                           struct skm_expr **out_expr)
{
    SKM_VEC(struct skm_expr_field) fields = {0};
    while (more) {
        struct skm_expr_field *field = NULL;
        struct skm_expr *value = NULL;
        SKM_TRY(skm_policy_reader_value(reader, &value));
        SKM_TRY(SKM_VEC_PUSH(reader->arena, &fields, SIZE_MAX, &field));
        *field = (struct skm_expr_field){.key = key, .value = value};
        SKM_TRY(skm_json_next_member(&reader->json, &more, &key));
    }
    return skm_expr_new_record(reader->arena, NOWHERE, fields.items, fields.len, out_expr);
}

/* ---- escapes ---- */

/* The brace behind the content of an escape. */
static skm_err close_escape(struct skm_policy_reader *reader)
{
    bool more = false;
    skm_span key = {0};
    SKM_TRY(skm_json_next_member(&reader->json, &more, &key));
    return more ? SKM_POLICY_REFUSE(reader, reader->json.offset, "unexpected key `%.*s`",
                                    SKM_SPAN_ARG(key))
                : SKM_OK;
}

static skm_err read_entity(struct skm_policy_reader *reader, struct skm_expr **out_expr)
{
    struct skm_uid *uid = SKM_ARENA_NEW(reader->arena, struct skm_uid);
    if (uid == NULL) {
        return SKM_ERR(MEMORY);
    }
    SKM_TRY(skm_policy_reader_uid(reader, uid));
    SKM_TRY(close_escape(reader));
    return new_literal(reader, skm_value_entity(uid), out_expr);
}

/* `"arg": value` or `"args": [value, ...]` */
static skm_err read_args(struct skm_policy_reader *reader, skm_span key,
                         skm_policy_reader_exprs *args)
{
    struct skm_expr *arg = NULL;
    if (skm_span_equal(key, SKM_SPAN("args"))) {
        return read_values(reader, args);
    }
    SKM_TRY(skm_policy_reader_value(reader, &arg));
    return skm_policy_reader_push(reader, args, arg);
}

/* `{"fn":name,"arg":value}` or `{"fn":name,"args":[value, ...]}`, members in any order */
static skm_err read_call(struct skm_policy_reader *reader, struct skm_expr **out_expr)
{
    size_t offset = skm_policy_reader_offset(reader);
    skm_policy_reader_exprs args = {0};
    skm_span name = {0};
    skm_span args_key = {0};
    SKM_TRY(skm_json_enter_object(&reader->json));
    for (;;) {
        bool more = false;
        skm_span key = {0};
        SKM_TRY(skm_json_next_member(&reader->json, &more, &key));
        if (!more) {
            break;
        }
        if (skm_span_equal(key, SKM_SPAN("fn"))) {
            SKM_TRY(skm_json_read_string(&reader->json, &name));
        } else if (args_key.ptr == NULL && (skm_span_equal(key, SKM_SPAN("arg")) ||
                                            skm_span_equal(key, SKM_SPAN("args")))) {
            args_key = key;
            SKM_TRY(read_args(reader, key, &args));
        } else {
            return SKM_POLICY_REFUSE(reader, reader->json.offset, "unexpected key `%.*s`",
                                     SKM_SPAN_ARG(key));
        }
    }
    if (name.ptr == NULL || args_key.ptr == NULL) {
        return SKM_POLICY_REFUSE(reader, offset, "an extension call is `{\"fn\":..,\"arg\":..}`");
    }
    SKM_TRY(close_escape(reader));
    return skm_policy_reader_call(reader, offset, name, &args, out_expr);
}

static bool is_escape(const struct skm_policy_reader *reader, skm_span key, skm_span escape)
{
    return skm_span_equal(key, escape) && skm_value_reader_at_only_member(&reader->json);
}

static skm_err read_object(struct skm_policy_reader *reader, struct skm_expr **out_expr)
{
    size_t offset = skm_policy_reader_offset(reader);
    bool more = false;
    skm_span key = {0};
    SKM_TRY(skm_json_enter_object(&reader->json));
    SKM_TRY(skm_json_next_member(&reader->json, &more, &key));
    if (more && is_escape(reader, key, SKM_SPAN("__entity"))) {
        return read_entity(reader, out_expr);
    }
    if (more && is_escape(reader, key, SKM_SPAN("__extn"))) {
        return read_call(reader, out_expr);
    }
    if (more && is_escape(reader, key, SKM_SPAN("__expr"))) {
        return SKM_POLICY_REFUSE(reader, offset,
                                 "the escape `__expr` is no longer part of the format");
    }
    return read_record(reader, more, key, out_expr);
}

/* ---- values ---- */

static skm_err read_bool(struct skm_policy_reader *reader, struct skm_expr **out_expr)
{
    bool boolean = false;
    SKM_TRY(skm_json_read_bool(&reader->json, &boolean));
    return new_literal(reader, skm_value_bool(boolean), out_expr);
}

static skm_err read_long(struct skm_policy_reader *reader, struct skm_expr **out_expr)
{
    int64_t number = 0;
    SKM_TRY(skm_json_read_i64(&reader->json, &number));
    return new_literal(reader, skm_value_long(number), out_expr);
}

static skm_err read_string(struct skm_policy_reader *reader, struct skm_expr **out_expr)
{
    skm_span text = {0};
    SKM_TRY(skm_json_read_string(&reader->json, &text));
    return new_literal(reader, skm_value_string(text), out_expr);
}

static skm_err read_by_type(struct skm_policy_reader *reader, struct skm_expr **out_expr)
{
    enum skm_json_type type = SKM_JSON_NULL;
    SKM_TRY(skm_json_peek(&reader->json, &type));
    switch (type) {
    case SKM_JSON_NULL:
        return SKM_POLICY_REFUSE(reader, skm_policy_reader_offset(reader), "null is not a value");
    case SKM_JSON_BOOL:
        return read_bool(reader, out_expr);
    case SKM_JSON_NUMBER:
        return read_long(reader, out_expr);
    case SKM_JSON_STRING:
        return read_string(reader, out_expr);
    case SKM_JSON_ARRAY:
        return read_set(reader, out_expr);
    case SKM_JSON_OBJECT:
        return read_object(reader, out_expr);
    }
    return SKM_ERR(INTERNAL);
}

skm_err skm_policy_reader_value(struct skm_policy_reader *reader, struct skm_expr **out_expr)
{
    SKM_TRY(skm_policy_reader_enter(reader, SKM_JSON_DEPTH_MAX));
    SKM_TRY(read_by_type(reader, out_expr));
    reader->nesting--;
    return SKM_OK;
}
