/* Values as JSON, values against types, and the text of what a reader refused. */
#include "base/buf.h"
#include "base/span.h"
#include "cedar/ext.h"
#include "cedar/value_json_reader.h"

#define NAME_CHARS_MAX 80

/* ---- writing ---- */

static void write_entity(const struct skm_uid *uid, struct skm_json_writer *writer)
{
    skm_json_write_object_begin(writer);
    skm_json_write_key(writer, SKM_SPAN("__entity"));
    skm_json_write_object_begin(writer);
    skm_json_write_key(writer, SKM_SPAN("type"));
    skm_json_write_string(writer, uid->type);
    skm_json_write_key(writer, SKM_SPAN("id"));
    skm_json_write_string(writer, uid->id);
    skm_json_write_object_end(writer);
    skm_json_write_object_end(writer);
}

static void begin_call(skm_span function, struct skm_json_writer *writer)
{
    skm_json_write_object_begin(writer);
    skm_json_write_key(writer, SKM_SPAN("__extn"));
    skm_json_write_object_begin(writer);
    skm_json_write_key(writer, SKM_SPAN("fn"));
    skm_json_write_string(writer, function);
}

static void end_call(struct skm_json_writer *writer)
{
    skm_json_write_object_end(writer);
    skm_json_write_object_end(writer);
}

static void write_construction(skm_span constructor, skm_span text, struct skm_json_writer *writer)
{
    begin_call(constructor, writer);
    skm_json_write_key(writer, SKM_SPAN("arg"));
    skm_json_write_string(writer, text);
    end_call(writer);
}

/* A datetime outside the years that have a text: so far from 1970. */
static void write_offset(int64_t instant_ms, struct skm_json_writer *writer)
{
    char text[SKM_EXT_TEXT_MAX];
    struct skm_value duration = {.kind = SKM_VALUE_DURATION, .as.integer = instant_ms};
    begin_call(SKM_SPAN("offset"), writer);
    skm_json_write_key(writer, SKM_SPAN("args"));
    skm_json_write_array_begin(writer);
    write_construction(SKM_SPAN("datetime"), SKM_SPAN("1970-01-01"), writer);
    write_construction(SKM_SPAN("duration"), skm_ext_format(&duration, text), writer);
    skm_json_write_array_end(writer);
    end_call(writer);
}

static void write_extension(const struct skm_value *value, struct skm_json_writer *writer)
{
    char text[SKM_EXT_TEXT_MAX];
    skm_span content = skm_ext_format(value, text);
    if (content.len == 0) {
        write_offset(value->as.integer, writer);
        return;
    }
    write_construction(skm_ext_constructor(value->kind)->name, content, writer);
}

static void write_set(const struct skm_value_set *set, struct skm_json_writer *writer)
{
    skm_json_write_array_begin(writer);
    for (size_t i = 0; i < set->count && skm_is_ok(writer->buf->err); i++) {
        skm_value_json_write(&set->items[i], writer);
    }
    skm_json_write_array_end(writer);
}

static bool is_escape(skm_span key)
{
    return skm_span_equal(key, SKM_SPAN("__entity")) || skm_span_equal(key, SKM_SPAN("__extn")) ||
           skm_span_equal(key, SKM_SPAN("__expr"));
}

static void write_record(const struct skm_value_record *record, struct skm_json_writer *writer)
{
    if (record->count == 1 && is_escape(record->fields[0].key)) {
        if (skm_is_ok(writer->buf->err)) {
            writer->buf->err = SKM_ERR(INVALID);
        }
        return;
    }
    skm_json_write_object_begin(writer);
    for (size_t i = 0; i < record->count && skm_is_ok(writer->buf->err); i++) {
        skm_json_write_key(writer, record->fields[i].key);
        skm_value_json_write(&record->fields[i].value, writer);
    }
    skm_json_write_object_end(writer);
}

/* SAFETY: the writer refuses to nest deeper than it can, and sets and records stop at its first error. */
void skm_value_json_write(const struct skm_value *value, struct skm_json_writer *writer)
{
    switch (value->kind) {
    case SKM_VALUE_BOOL:
        skm_json_write_bool(writer, value->as.boolean);
        return;
    case SKM_VALUE_LONG:
        skm_json_write_i64(writer, value->as.integer);
        return;
    case SKM_VALUE_STRING:
        skm_json_write_string(writer, value->as.string);
        return;
    case SKM_VALUE_ENTITY:
        write_entity(value->as.entity, writer);
        return;
    case SKM_VALUE_SET:
        write_set(value->as.set, writer);
        return;
    case SKM_VALUE_RECORD:
        write_record(value->as.record, writer);
        return;
    case SKM_VALUE_DECIMAL:
    case SKM_VALUE_IPADDR:
    case SKM_VALUE_DATETIME:
    case SKM_VALUE_DURATION:
        write_extension(value, writer);
        return;
    }
}

/* ---- values against types ---- */

static bool set_conforms(const struct skm_value_set *set, const struct skm_type *element,
                         const struct skm_schema *schema)
{
    for (size_t i = 0; i < set->count; i++) {
        if (!skm_value_conforms(&set->items[i], element, schema)) {
            return false;
        }
    }
    return true;
}

static bool record_conforms(const struct skm_value_record *record, const struct skm_type *type,
                            const struct skm_schema *schema)
{
    for (size_t i = 0; i < record->count; i++) {
        const struct skm_type_attr *attr = skm_type_attr_find(type, record->fields[i].key);
        if (attr == NULL || !skm_value_conforms(&record->fields[i].value, attr->type, schema)) {
            return false;
        }
    }
    for (size_t i = 0; i < type->attr_count; i++) {
        if (type->attrs[i].required && skm_value_record_get(record, type->attrs[i].name) == NULL) {
            return false;
        }
    }
    return true;
}

bool skm_value_conforms(const struct skm_value *value, const struct skm_type *type,
                        const struct skm_schema *schema)
{
    switch (type->kind) {
    case SKM_TYPE_NEVER:
        return false;
    case SKM_TYPE_TRUE:
        return value->kind == SKM_VALUE_BOOL && value->as.boolean;
    case SKM_TYPE_FALSE:
        return value->kind == SKM_VALUE_BOOL && !value->as.boolean;
    case SKM_TYPE_BOOL:
        return value->kind == SKM_VALUE_BOOL;
    case SKM_TYPE_LONG:
        return value->kind == SKM_VALUE_LONG;
    case SKM_TYPE_STRING:
        return value->kind == SKM_VALUE_STRING;
    case SKM_TYPE_ENTITY:
        return value->kind == SKM_VALUE_ENTITY &&
               skm_span_equal(value->as.entity->type, type->entity) &&
               skm_value_json_allows_uid(schema, value->as.entity);
    case SKM_TYPE_SET:
        return value->kind == SKM_VALUE_SET && set_conforms(value->as.set, type->element, schema);
    case SKM_TYPE_RECORD:
        return value->kind == SKM_VALUE_RECORD && record_conforms(value->as.record, type, schema);
    case SKM_TYPE_DECIMAL:
        return value->kind == SKM_VALUE_DECIMAL;
    case SKM_TYPE_IPADDR:
        return value->kind == SKM_VALUE_IPADDR;
    case SKM_TYPE_DATETIME:
        return value->kind == SKM_VALUE_DATETIME;
    case SKM_TYPE_DURATION:
        return value->kind == SKM_VALUE_DURATION;
    }
    return false;
}

/* ---- messages ---- */

/* At most NAME_CHARS_MAX bytes of the name, cut between characters. */
static skm_span shortened(skm_span name)
{
    if (name.len <= NAME_CHARS_MAX) {
        return name;
    }
    size_t len = NAME_CHARS_MAX;
    while (len > 0 && ((unsigned char)name.ptr[len] & 0xC0u) == 0x80u) {
        len--;
    }
    return skm_span_of(name.ptr, len);
}

void skm_value_json_fault_print(const struct skm_json *json,
                                const struct skm_value_json_fault *fault, struct skm_buf *out)
{
    skm_buf_append_cstr(out, json->err_reason != NULL ? json->err_reason : "no error");
    if (fault == NULL) {
        return;
    }
    if (fault->name.len > 0) {
        skm_span name = shortened(fault->name);
        skm_buf_append_cstr(out, ": `");
        skm_value_print_escaped(name, out);
        skm_buf_append_cstr(out, name.len < fault->name.len ? "...`" : "`");
    }
    if (fault->expected != NULL) {
        skm_buf_append_cstr(out, "; expected type ");
        skm_type_print(fault->expected, out);
    }
}
