/* What the parts of the value reader share: refusing, and strings that live as long as the value. */
#include "cedar/value_json_reader.h"

#include "base/span.h"

skm_err skm_value_reader_refuse(struct skm_value_reader *reader, skm_err err, size_t offset,
                                const char *reason, skm_span name, const struct skm_type *expected)
{
    if (reader->how->fault != NULL && skm_is_ok(reader->json->err)) {
        *reader->how->fault = (struct skm_value_json_fault){name, expected};
    }
    return skm_json_fail(reader->json, err, offset, reason);
}

skm_err skm_value_reader_refuse_type(struct skm_value_reader *reader, size_t offset,
                                     const struct skm_type *expected)
{
    return skm_value_reader_refuse(reader, SKM_ERR(TYPE), offset, "the value is of the wrong type",
                                   SKM_SPAN(""), expected);
}

skm_err skm_value_reader_refuse_memory(struct skm_value_reader *reader)
{
    return skm_value_reader_refuse(reader, SKM_ERR(MEMORY), reader->json->offset,
                                   "memory limit reached", SKM_SPAN(""), NULL);
}

/* For what arena and containers yield: memory. */
skm_err skm_value_reader_pass(struct skm_value_reader *reader, skm_err err)
{
    return skm_is_ok(err) ? err : skm_value_reader_refuse_memory(reader);
}

/* ---- strings ---- */

static bool lies_in(skm_span part, skm_span whole)
{
    uintptr_t start = (uintptr_t)whole.ptr;
    uintptr_t at = (uintptr_t)part.ptr;
    return at >= start && at < start + whole.len;
}

/* A string of the reader as one that lives as long as the value. */
skm_err skm_value_reader_keep(struct skm_value_reader *reader, skm_span text, skm_span *out_text)
{
    if (reader->how->borrow || text.len == 0 ||
        (reader->json->arena == reader->how->arena && !lies_in(text, reader->json->text))) {
        *out_text = text;
        return SKM_OK;
    }
    return skm_value_reader_pass(reader, skm_arena_dup(reader->how->arena, text, out_text));
}

skm_err skm_value_reader_string(struct skm_value_reader *reader, skm_span *out_text)
{
    skm_span text = {0};
    SKM_TRY(skm_json_read_string(reader->json, &text));
    return skm_value_reader_keep(reader, text, out_text);
}

/* ---- looking ahead ---- */

/* Offset behind the string whose opening quote is at `at`; the end of the text when it does not close. */
static size_t scan_string(skm_span text, size_t at)
{
    for (at++; at < text.len && text.ptr[at] != '"'; at++) {
        if (text.ptr[at] == '\\') {
            at++;
        }
    }
    return at < text.len ? at + 1 : text.len;
}

/* Offset behind the value that begins at `at`: the first comma or closing bracket outside all that it opens. */
static size_t scan_value(skm_span text, size_t at)
{
    size_t open = 0;
    while (at < text.len) {
        char byte = text.ptr[at];
        if (open == 0 && (byte == ',' || byte == '}' || byte == ']')) {
            return at;
        }
        if (byte == '"') {
            at = scan_string(text, at);
            continue;
        }
        open += byte == '{' || byte == '[' ? 1 : 0;
        open -= byte == '}' || byte == ']' ? 1 : 0;
        at++;
    }
    return at;
}

bool skm_value_reader_at_only_member(const struct skm_json *json)
{
    size_t end = scan_value(json->text, json->offset);
    return end < json->text.len && json->text.ptr[end] == '}';
}

bool skm_value_reader_at_integer(struct skm_json *json)
{
    size_t at = skm_json_value_offset(json);
    skm_span text = json->text;
    while (at < text.len && (text.ptr[at] == '-' || (text.ptr[at] >= '0' && text.ptr[at] <= '9'))) {
        at++;
    }
    return at >= text.len || (text.ptr[at] != '.' && text.ptr[at] != 'e' && text.ptr[at] != 'E');
}
