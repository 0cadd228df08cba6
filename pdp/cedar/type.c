#include "cedar/type.h"

#include "base/buf.h"
#include "base/span.h"

/* Records longer than this, and types nested deeper, are cut short in messages: a message about a record of a thousand
 * attributes helps nobody and costs time. */
#define PRINT_ATTRS_MAX 8
#define PRINT_DEPTH_MAX 2

/* Up to so many attributes are walked: lengths and first bytes tell names apart without a call, halving needs order. */
#define FEW_ATTRS 12u

static const struct skm_type_attr *find_among_few(const struct skm_type *record, skm_span name)
{
    for (size_t i = 0; i < record->attr_count; i++) {
        if (skm_span_equal(record->attrs[i].name, name)) {
            return &record->attrs[i];
        }
    }
    return NULL;
}

const struct skm_type_attr *skm_type_attr_find(const struct skm_type *record, skm_span name)
{
    if (record->attr_count <= FEW_ATTRS) {
        return find_among_few(record, name);
    }
    size_t low = 0;
    size_t high = record->attr_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = skm_span_compare(record->attrs[middle].name, name);
        if (order == 0) {
            return &record->attrs[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

static bool attrs_equal(const struct skm_type *a, const struct skm_type *b)
{
    if (a->attr_count != b->attr_count) {
        return false;
    }
    for (size_t i = 0; i < a->attr_count; i++) {
        const struct skm_type_attr *left = &a->attrs[i];
        const struct skm_type_attr *right = &b->attrs[i];
        if (left->required != right->required || !skm_span_equal(left->name, right->name) ||
            !skm_type_equal(left->type, right->type)) {
            return false;
        }
    }
    return true;
}

/* Recursion: types are finite trees whose depth the schema readers and the checker bound. A resolved common type is one
 * object, so the pointer comparison ends most walks at once. */
bool skm_type_equal(const struct skm_type *a, const struct skm_type *b)
{
    if (a == b) {
        return true;
    }
    if (a->kind != b->kind) {
        return false;
    }
    switch (a->kind) {
    case SKM_TYPE_ENTITY:
        return skm_span_equal(a->entity, b->entity);
    case SKM_TYPE_SET:
        return skm_type_equal(a->element, b->element);
    case SKM_TYPE_RECORD:
        return attrs_equal(a, b);
    case SKM_TYPE_NEVER:
    case SKM_TYPE_TRUE:
    case SKM_TYPE_FALSE:
    case SKM_TYPE_BOOL:
    case SKM_TYPE_LONG:
    case SKM_TYPE_STRING:
    case SKM_TYPE_DECIMAL:
    case SKM_TYPE_IPADDR:
    case SKM_TYPE_DATETIME:
    case SKM_TYPE_DURATION:
        return true;
    }
    return false;
}

static bool is_identifier(skm_span name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(i > 0 && c >= '0' && c <= '9')) {
            return false;
        }
    }
    return name.len > 0;
}

static void print_type(const struct skm_type *type, unsigned depth, struct skm_buf *out);

static void print_attr_name(skm_span name, struct skm_buf *out)
{
    if (is_identifier(name)) {
        skm_buf_append(out, name);
        return;
    }
    skm_buf_append_char(out, '"');
    skm_value_print_escaped(name, out);
    skm_buf_append_char(out, '"');
}

static void print_record(const struct skm_type *type, unsigned depth, struct skm_buf *out)
{
    if (type->attr_count > 0 && depth >= PRINT_DEPTH_MAX) {
        skm_buf_append_cstr(out, "{…}");
        return;
    }
    skm_buf_append_char(out, '{');
    for (size_t i = 0; i < type->attr_count; i++) {
        skm_buf_append_cstr(out, i == 0 ? "" : ", ");
        if (i == PRINT_ATTRS_MAX) {
            skm_buf_append_cstr(out, "…");
            break;
        }
        print_attr_name(type->attrs[i].name, out);
        skm_buf_append_cstr(out, type->attrs[i].required ? ": " : "?: ");
        print_type(type->attrs[i].type, depth + 1, out);
    }
    skm_buf_append_char(out, '}');
}

/* Recursion: every level is a level of the type, and types are bounded in depth. */
static void print_type(const struct skm_type *type, unsigned depth, struct skm_buf *out)
{
    switch (type->kind) {
    case SKM_TYPE_NEVER:
        skm_buf_append_cstr(out, "Never");
        return;
    case SKM_TYPE_TRUE:
        skm_buf_append_cstr(out, "True");
        return;
    case SKM_TYPE_FALSE:
        skm_buf_append_cstr(out, "False");
        return;
    case SKM_TYPE_BOOL:
        skm_buf_append_cstr(out, "Bool");
        return;
    case SKM_TYPE_LONG:
        skm_buf_append_cstr(out, "Long");
        return;
    case SKM_TYPE_STRING:
        skm_buf_append_cstr(out, "String");
        return;
    case SKM_TYPE_ENTITY:
        skm_buf_append(out, type->entity);
        return;
    case SKM_TYPE_SET:
        skm_buf_append_cstr(out, "Set<");
        print_type(type->element, depth, out);
        skm_buf_append_char(out, '>');
        return;
    case SKM_TYPE_RECORD:
        print_record(type, depth, out);
        return;
    case SKM_TYPE_DECIMAL:
        skm_buf_append_cstr(out, "decimal");
        return;
    case SKM_TYPE_IPADDR:
        skm_buf_append_cstr(out, "ipaddr");
        return;
    case SKM_TYPE_DATETIME:
        skm_buf_append_cstr(out, "datetime");
        return;
    case SKM_TYPE_DURATION:
        skm_buf_append_cstr(out, "duration");
        return;
    }
}

void skm_type_print(const struct skm_type *type, struct skm_buf *out)
{
    print_type(type, 0, out);
}
