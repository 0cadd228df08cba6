/* Values as Cedar text (value.h has the contract). Reading it back yields an equal value. */
#include "base/buf.h"
#include "base/span.h"
#include "base/utf8.h"
#include "cedar/ext.h"
#include "cedar/value.h"

/* The short escape of a character, or NULL. Cedar has those of Rust's string literals. */
static const char *short_escape(uint32_t scalar)
{
    switch (scalar) {
    case '\0':
        return "\\0";
    case '\t':
        return "\\t";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '"':
        return "\\\"";
    case '\'':
        return "\\'";
    case '\\':
        return "\\\\";
    default:
        return NULL;
    }
}

void skm_value_print_escaped(skm_span text, struct skm_buf *out)
{
    size_t plain_from = 0;
    size_t at = 0;
    while (at < text.len) {
        uint32_t scalar = 0xFFFD; /* what a malformed byte is shown as */
        size_t len = skm_utf8_decode(text, at, &scalar);
        const char *escape = len == 0 ? NULL : short_escape(scalar);
        if (len != 0 && escape == NULL && !skm_utf8_is_unprintable(scalar)) {
            at += len;
            continue;
        }
        skm_buf_append(out, skm_span_sub(text, plain_from, at - plain_from));
        if (escape != NULL) {
            skm_buf_append_cstr(out, escape);
        } else {
            skm_buf_printf(out, "\\u{%x}", len == 0 ? 0xFFFDu : scalar);
        }
        at += len == 0 ? 1 : len;
        plain_from = at;
    }
    skm_buf_append(out, skm_span_sub(text, plain_from, at - plain_from));
}

static void print_quoted(skm_span text, struct skm_buf *out)
{
    skm_buf_append_char(out, '"');
    skm_value_print_escaped(text, out);
    skm_buf_append_char(out, '"');
}

void skm_uid_print(const struct skm_uid *uid, struct skm_buf *out)
{
    skm_buf_append(out, uid->type);
    skm_buf_append_cstr(out, "::");
    print_quoted(uid->id, out);
}

static void print_set(const struct skm_value_set *set, struct skm_buf *out)
{
    skm_buf_append_char(out, '[');
    for (size_t i = 0; i < set->count; i++) {
        skm_buf_append_cstr(out, i == 0 ? "" : ", ");
        skm_value_print(&set->items[i], out);
    }
    skm_buf_append_char(out, ']');
}

static void print_record(const struct skm_value_record *record, struct skm_buf *out)
{
    skm_buf_append_char(out, '{');
    for (size_t i = 0; i < record->count; i++) {
        skm_buf_append_cstr(out, i == 0 ? "" : ", ");
        print_quoted(record->fields[i].key, out);
        skm_buf_append_cstr(out, ": ");
        skm_value_print(&record->fields[i].value, out);
    }
    skm_buf_append_char(out, '}');
}

static void print_extension(const struct skm_value *value, struct skm_buf *out)
{
    char text[SKM_EXT_TEXT_MAX];
    skm_span content = skm_ext_format(value, text);
    if (content.len == 0) {
        skm_buf_printf(out, "datetime(\"1970-01-01\").offset(duration(\"%lldms\"))",
                       (long long)value->as.integer);
        return;
    }
    skm_buf_append(out, skm_ext_constructor(value->kind)->name);
    skm_buf_append_cstr(out, "(\"");
    skm_buf_append(out, content);
    skm_buf_append_cstr(out, "\")");
}

void skm_value_print(const struct skm_value *value, struct skm_buf *out)
{
    switch (value->kind) {
    case SKM_VALUE_BOOL:
        skm_buf_append_cstr(out, value->as.boolean ? "true" : "false");
        return;
    case SKM_VALUE_LONG:
        skm_buf_append_i64(out, value->as.integer);
        return;
    case SKM_VALUE_STRING:
        print_quoted(value->as.string, out);
        return;
    case SKM_VALUE_ENTITY:
        skm_uid_print(value->as.entity, out);
        return;
    case SKM_VALUE_SET:
        print_set(value->as.set, out);
        return;
    case SKM_VALUE_RECORD:
        print_record(value->as.record, out);
        return;
    case SKM_VALUE_DECIMAL:
    case SKM_VALUE_IPADDR:
    case SKM_VALUE_DATETIME:
    case SKM_VALUE_DURATION:
        print_extension(value, out);
        return;
    }
}
