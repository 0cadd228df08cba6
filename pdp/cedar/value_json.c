#include "cedar/value_json.h"

#include <stdint.h>

#include "base/span.h"
#include "base/vec.h"
#include "cedar/ext.h"
#include "cedar/value_json_reader.h"

/* ---- strings and numbers ---- */

static skm_err read_string(struct skm_value_reader *reader, struct skm_value *out_value)
{
    skm_span text = {0};
    SKM_TRY(skm_value_reader_string(reader, &text));
    *out_value = skm_value_string(text);
    return SKM_OK;
}

/* Lenient only: a number with a point or exponent. */
static skm_err read_fraction(struct skm_value_reader *reader, struct skm_value *out_value)
{
    size_t offset = skm_json_value_offset(reader->json);
    skm_span text = {0};
    SKM_TRY(skm_json_read_number(reader->json, &text));
    const char *reason = NULL;
    struct skm_value number = skm_value_string(text);
    skm_err err = skm_ext_call(skm_ext_constructor(SKM_VALUE_DECIMAL), reader->how->arena, &number,
                               1, out_value, &reason);
    return skm_is_ok(err) ? SKM_OK
                          : skm_value_reader_refuse(reader, SKM_ERR(RANGE), offset,
                                                    "a number is an integer or has 1 to 4 decimals",
                                                    text, NULL);
}

static skm_err read_number(struct skm_value_reader *reader, struct skm_value *out_value)
{
    bool is_lenient = (reader->how->flags & SKM_VALUE_JSON_LENIENT) != 0;
    if (is_lenient && !skm_value_reader_at_integer(reader->json)) {
        return read_fraction(reader, out_value);
    }
    int64_t number = 0;
    SKM_TRY(skm_json_read_i64(reader->json, &number));
    *out_value = skm_value_long(number);
    return SKM_OK;
}

/* ---- sets and records ---- */

static skm_err read_set(struct skm_value_reader *reader, const struct skm_type *element,
                        struct skm_value *out_value)
{
    SKM_VEC(struct skm_value) items = {0};
    SKM_TRY(skm_json_enter_array(reader->json));
    for (;;) {
        bool more = false;
        struct skm_value *slot = NULL;
        SKM_TRY(skm_json_next_item(reader->json, &more));
        if (!more) {
            break;
        }
        struct skm_value item = {.kind = SKM_VALUE_BOOL};
        SKM_TRY(skm_value_reader_value(reader, element, &item));
        SKM_TRY(skm_value_reader_pass(reader,
                                      SKM_VEC_PUSH(reader->how->arena, &items, SIZE_MAX, &slot)));
        *slot = item;
    }
    return skm_value_reader_pass(
        reader, skm_value_set_build(reader->how->arena, items.items, items.len, out_value));
}

/* Lenient only: a null member counts as absent. */
static skm_err skip_null(struct skm_value_reader *reader, bool *out_skipped)
{
    enum skm_json_type type = SKM_JSON_NULL;
    SKM_TRY(skm_json_peek(reader->json, &type));
    *out_skipped = type == SKM_JSON_NULL && (reader->how->flags & SKM_VALUE_JSON_LENIENT) != 0;
    return *out_skipped ? skm_json_read_null(reader->json) : SKM_OK;
}

/* Counts the attributes that are required in `required`. */
static skm_err read_field(struct skm_value_reader *reader, const struct skm_type *expected,
                          skm_span key, size_t *required, struct skm_value_field *out_field)
{
    const struct skm_type *type = NULL;
    if (expected != NULL) {
        const struct skm_type_attr *attr = skm_type_attr_find(expected, key);
        if (attr == NULL) {
            return skm_value_reader_refuse(reader, SKM_ERR(NOT_FOUND),
                                           skm_json_value_offset(reader->json),
                                           "the schema declares no such attribute", key, expected);
        }
        type = attr->type;
        *required += attr->required;
    }
    SKM_TRY(skm_value_reader_keep(reader, key, &out_field->key));
    return skm_value_reader_value(reader, type, &out_field->value);
}

/* `seen`: how many of the required attributes the record has. */
static skm_err check_required(struct skm_value_reader *reader, size_t offset,
                              const struct skm_value_record *record,
                              const struct skm_type *expected, size_t seen)
{
    if (seen == skm_type_required_count(expected)) {
        return SKM_OK;
    }
    for (size_t i = 0; i < expected->attr_count; i++) {
        const struct skm_type_attr *attr = &expected->attrs[i];
        if (attr->required && skm_value_record_get(record, attr->name) == NULL) {
            return skm_value_reader_refuse(reader, SKM_ERR(NOT_FOUND), offset,
                                           "required attribute is missing", attr->name, attr->type);
        }
    }
    return SKM_OK;
}

/* What follows the brace of a record, of which the first key is read already. `expected` NULL: any record. */
static skm_err read_record_members(struct skm_value_reader *reader, size_t offset, bool more,
                                   skm_span key, const struct skm_type *expected,
                                   struct skm_value *out_value)
{
    SKM_VEC(struct skm_value_field) fields = {0};
    size_t required = 0;
    while (more) {
        bool skipped = false;
        SKM_TRY(skip_null(reader, &skipped));
        if (!skipped) {
            struct skm_value_field field = {.value = {.kind = SKM_VALUE_BOOL}};
            struct skm_value_field *slot = NULL;
            SKM_TRY(read_field(reader, expected, key, &required, &field));
            SKM_TRY(skm_value_reader_pass(
                reader, SKM_VEC_PUSH(reader->how->arena, &fields, SIZE_MAX, &slot)));
            *slot = field;
        }
        SKM_TRY(skm_json_next_member(reader->json, &more, &key));
    }
    /* The JSON reader refuses duplicate keys, so memory is all that can fail here. */
    struct skm_value record = {.kind = SKM_VALUE_RECORD};
    SKM_TRY(skm_value_reader_pass(
        reader, skm_value_record_build(reader->how->arena, fields.items, fields.len, &record)));
    if (expected != NULL) {
        SKM_TRY(check_required(reader, offset, record.as.record, expected, required));
    }
    *out_value = record;
    return SKM_OK;
}

static skm_err read_record(struct skm_value_reader *reader, const struct skm_type *expected,
                           struct skm_value *out_value)
{
    size_t offset = skm_json_value_offset(reader->json);
    bool more = false;
    skm_span key = {0};
    SKM_TRY(skm_json_enter_object(reader->json));
    SKM_TRY(skm_json_next_member(reader->json, &more, &key));
    return read_record_members(reader, offset, more, key, expected, out_value);
}

/* ---- without type direction ---- */

enum escape {
    ESCAPE_NONE = 0, /* a record */
    ESCAPE_ENTITY,
    ESCAPE_EXTENSION,
    ESCAPE_EXPRESSION,
};

/* An escape is the only key of its object. */
static enum escape find_escape(const struct skm_json *json, skm_span key)
{
    enum escape escape = ESCAPE_NONE;
    if (skm_span_equal(key, SKM_SPAN("__entity"))) {
        escape = ESCAPE_ENTITY;
    } else if (skm_span_equal(key, SKM_SPAN("__extn"))) {
        escape = ESCAPE_EXTENSION;
    } else if (skm_span_equal(key, SKM_SPAN("__expr"))) {
        escape = ESCAPE_EXPRESSION;
    }
    return escape != ESCAPE_NONE && skm_value_reader_at_only_member(json) ? escape : ESCAPE_NONE;
}

static skm_err read_escaped_entity(struct skm_value_reader *reader, struct skm_value *out_value)
{
    struct skm_uid uid = {{0}, {0}};
    SKM_TRY(skm_value_reader_uid_object(reader, &uid));
    SKM_TRY(skm_value_reader_close_escape(reader));
    return skm_value_reader_make_entity(reader, &uid, out_value);
}

static skm_err read_escaped_call(struct skm_value_reader *reader, bool is_directed,
                                 struct skm_value *out_value)
{
    struct skm_value value = {.kind = SKM_VALUE_BOOL};
    SKM_TRY(skm_value_reader_call(reader, is_directed, &value));
    SKM_TRY(skm_value_reader_close_escape(reader));
    *out_value = value;
    return SKM_OK;
}

static skm_err refuse_expression(struct skm_value_reader *reader, size_t offset)
{
    return skm_value_reader_refuse(reader, SKM_ERR(SYNTAX), offset,
                                   "the escape `__expr` is no longer part of the format",
                                   SKM_SPAN(""), NULL);
}

static skm_err read_any_object(struct skm_value_reader *reader, struct skm_value *out_value)
{
    size_t offset = skm_json_value_offset(reader->json);
    bool more = false;
    skm_span key = {0};
    SKM_TRY(skm_json_enter_object(reader->json));
    SKM_TRY(skm_json_next_member(reader->json, &more, &key));
    switch (more ? find_escape(reader->json, key) : ESCAPE_NONE) {
    case ESCAPE_ENTITY:
        return read_escaped_entity(reader, out_value);
    case ESCAPE_EXTENSION:
        return read_escaped_call(reader, false, out_value);
    case ESCAPE_EXPRESSION:
        return refuse_expression(reader, offset);
    case ESCAPE_NONE:
        break;
    }
    return read_record_members(reader, offset, more, key, NULL, out_value);
}

static skm_err read_any(struct skm_value_reader *reader, struct skm_value *out_value)
{
    enum skm_json_type type = SKM_JSON_NULL;
    SKM_TRY(skm_json_peek(reader->json, &type));
    switch (type) {
    case SKM_JSON_NULL:
        return skm_value_reader_refuse(reader, SKM_ERR(TYPE), skm_json_value_offset(reader->json),
                                       "null is not a value", SKM_SPAN(""), NULL);
    case SKM_JSON_BOOL: {
        bool boolean = false;
        SKM_TRY(skm_json_read_bool(reader->json, &boolean));
        *out_value = skm_value_bool(boolean);
        return SKM_OK;
    }
    case SKM_JSON_NUMBER:
        return read_number(reader, out_value);
    case SKM_JSON_STRING:
        return read_string(reader, out_value);
    case SKM_JSON_ARRAY:
        return read_set(reader, NULL, out_value);
    case SKM_JSON_OBJECT:
        return read_any_object(reader, out_value);
    }
    return SKM_ERR(INTERNAL);
}

/* ---- with type direction ---- */

static skm_err read_expected_entity(struct skm_value_reader *reader,
                                    const struct skm_type *expected, struct skm_value *out_value)
{
    size_t offset = skm_json_value_offset(reader->json);
    struct skm_uid uid = {{0}, {0}};
    SKM_TRY(skm_value_reader_uid(reader, &uid));
    if (!skm_span_equal(uid.type, expected->entity)) {
        return skm_value_reader_refuse(reader, SKM_ERR(TYPE), offset,
                                       "the entity is of the wrong type", uid.type, expected);
    }
    return skm_value_reader_make_entity(reader, &uid, out_value);
}

static enum skm_value_kind extension_kind(const struct skm_type *type)
{
    if (type->kind == SKM_TYPE_DECIMAL) {
        return SKM_VALUE_DECIMAL;
    }
    if (type->kind == SKM_TYPE_IPADDR) {
        return SKM_VALUE_IPADDR;
    }
    return type->kind == SKM_TYPE_DATETIME ? SKM_VALUE_DATETIME : SKM_VALUE_DURATION;
}

static skm_err read_expected_object(struct skm_value_reader *reader, struct skm_value *out_value)
{
    size_t offset = skm_json_value_offset(reader->json);
    bool more = false;
    skm_span key = {0};
    SKM_TRY(skm_json_enter_object(reader->json));
    SKM_TRY(skm_json_next_member(reader->json, &more, &key));
    switch (more ? find_escape(reader->json, key) : ESCAPE_NONE) {
    case ESCAPE_EXTENSION:
        return read_escaped_call(reader, true, out_value);
    case ESCAPE_EXPRESSION:
        return refuse_expression(reader, offset);
    case ESCAPE_ENTITY:
    case ESCAPE_NONE:
        break;
    }
    return skm_value_reader_call_members(reader, offset, more, key, out_value);
}

static skm_err read_expected_extension(struct skm_value_reader *reader,
                                       const struct skm_type *expected, struct skm_value *out_value)
{
    size_t offset = skm_json_value_offset(reader->json);
    enum skm_json_type type = SKM_JSON_NULL;
    struct skm_value value = {.kind = SKM_VALUE_BOOL};
    SKM_TRY(skm_json_peek(reader->json, &type));
    if (type == SKM_JSON_STRING) {
        SKM_TRY(skm_value_reader_construct(reader, extension_kind(expected), &value));
    } else if (type == SKM_JSON_OBJECT) {
        SKM_TRY(read_expected_object(reader, &value));
    } else {
        SKM_TRY(read_any(reader, &value));
    }
    if (value.kind != extension_kind(expected)) {
        return skm_value_reader_refuse_type(reader, offset, expected);
    }
    *out_value = value;
    return SKM_OK;
}

/* No special form: as without direction, then checked. */
static skm_err read_expected_plain(struct skm_value_reader *reader, const struct skm_type *expected,
                                   struct skm_value *out_value)
{
    size_t offset = skm_json_value_offset(reader->json);
    struct skm_value value = {.kind = SKM_VALUE_BOOL};
    SKM_TRY(read_any(reader, &value));
    if (!skm_value_conforms(&value, expected, reader->how->schema)) {
        return skm_value_reader_refuse_type(reader, offset, expected);
    }
    *out_value = value;
    return SKM_OK;
}

skm_err skm_value_reader_value(struct skm_value_reader *reader, const struct skm_type *expected,
                               struct skm_value *out_value)
{
    if (expected == NULL) {
        return read_any(reader, out_value);
    }
    enum skm_json_type found = SKM_JSON_NULL;
    SKM_TRY(skm_json_peek(reader->json, &found));
    switch (expected->kind) {
    case SKM_TYPE_ENTITY:
        return read_expected_entity(reader, expected, out_value);
    case SKM_TYPE_DECIMAL:
    case SKM_TYPE_IPADDR:
    case SKM_TYPE_DATETIME:
    case SKM_TYPE_DURATION:
        return read_expected_extension(reader, expected, out_value);
    case SKM_TYPE_SET:
        return found == SKM_JSON_ARRAY ? read_set(reader, expected->element, out_value)
                                       : skm_value_reader_refuse_type(
                                             reader, skm_json_value_offset(reader->json), expected);
    case SKM_TYPE_RECORD:
        return found == SKM_JSON_OBJECT
                   ? read_record(reader, expected, out_value)
                   : skm_value_reader_refuse_type(reader, skm_json_value_offset(reader->json),
                                                  expected);
    case SKM_TYPE_STRING:
        if (found == SKM_JSON_STRING) {
            return read_string(reader, out_value);
        }
        break;
    case SKM_TYPE_LONG:
        if (found == SKM_JSON_NUMBER && (reader->how->flags & SKM_VALUE_JSON_LENIENT) == 0) {
            return read_number(reader, out_value);
        }
        break;
    case SKM_TYPE_NEVER:
    case SKM_TYPE_TRUE:
    case SKM_TYPE_FALSE:
    case SKM_TYPE_BOOL:
        break;
    }
    return read_expected_plain(reader, expected, out_value);
}

/* ---- interface ---- */

skm_err skm_value_json_read(const struct skm_value_json *how, struct skm_json *json,
                            const struct skm_type *expected, struct skm_value *out_value)
{
    struct skm_value_reader reader = {.how = how, .json = json};
    return skm_value_reader_value(&reader, expected, out_value);
}

skm_err skm_value_json_read_uid(const struct skm_value_json *how, struct skm_json *json,
                                struct skm_uid *out_uid)
{
    struct skm_value_reader reader = {.how = how, .json = json};
    return skm_value_reader_uid(&reader, out_uid);
}
