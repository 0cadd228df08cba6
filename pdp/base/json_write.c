/* The JSON writer. */
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/span.h"
#include "base/utf8.h"

#define WRITER_DEPTH_MAX 63u

static void fail(struct skm_json_writer *writer, skm_err err)
{
    if (skm_is_ok(writer->buf->err)) {
        writer->buf->err = err;
    }
}

void skm_json_writer_init(struct skm_json_writer *writer, struct skm_buf *buf)
{
    *writer = (struct skm_json_writer){.buf = buf};
}

/* Before each value or key: the comma, where one is due. */
static void separate(struct skm_json_writer *writer)
{
    uint64_t bit = UINT64_C(1) << writer->depth;
    if (writer->after_key) {
        writer->after_key = false;
        return;
    }
    if (writer->depth != 0 && (writer->has_item & bit) != 0) {
        skm_buf_append_char(writer->buf, ',');
    }
    writer->has_item |= bit;
}

static void begin(struct skm_json_writer *writer, char bracket)
{
    separate(writer);
    if (writer->depth == WRITER_DEPTH_MAX) {
        fail(writer, SKM_ERR(DEPTH));
        return;
    }
    skm_buf_append_char(writer->buf, bracket);
    writer->depth++;
    writer->has_item &= ~(UINT64_C(1) << writer->depth);
}

static void end(struct skm_json_writer *writer, char bracket)
{
    if (writer->depth == 0 || writer->after_key) {
        fail(writer, SKM_ERR(INTERNAL));
        return;
    }
    writer->depth--;
    skm_buf_append_char(writer->buf, bracket);
}

void skm_json_write_object_begin(struct skm_json_writer *writer)
{
    begin(writer, '{');
}

void skm_json_write_object_end(struct skm_json_writer *writer)
{
    end(writer, '}');
}

void skm_json_write_array_begin(struct skm_json_writer *writer)
{
    begin(writer, '[');
}

void skm_json_write_array_end(struct skm_json_writer *writer)
{
    end(writer, ']');
}

void skm_json_write_key(struct skm_json_writer *writer, skm_span key)
{
    if (writer->after_key) {
        fail(writer, SKM_ERR(INTERNAL));
        return;
    }
    separate(writer);
    skm_json_append_string(writer->buf, key);
    skm_buf_append_char(writer->buf, ':');
    writer->after_key = true;
}

void skm_json_write_string(struct skm_json_writer *writer, skm_span text)
{
    separate(writer);
    skm_json_append_string(writer->buf, text);
}

void skm_json_write_i64(struct skm_json_writer *writer, int64_t number)
{
    separate(writer);
    skm_buf_append_i64(writer->buf, number);
}

void skm_json_write_u64(struct skm_json_writer *writer, uint64_t number)
{
    separate(writer);
    skm_buf_append_u64(writer->buf, number);
}

void skm_json_write_bool(struct skm_json_writer *writer, bool value)
{
    separate(writer);
    skm_buf_append(writer->buf, value ? SKM_SPAN("true") : SKM_SPAN("false"));
}

void skm_json_write_null(struct skm_json_writer *writer)
{
    separate(writer);
    skm_buf_append(writer->buf, SKM_SPAN("null"));
}

void skm_json_write_raw(struct skm_json_writer *writer, skm_span json)
{
    separate(writer);
    skm_buf_append(writer->buf, json);
}

/* How many bytes from `at` on go out as they are. */
static size_t plain_run(skm_span text, size_t at)
{
    size_t end = at;
    while (end < text.len) {
        unsigned char byte = (unsigned char)text.ptr[end];
        if (byte < 0x20 || byte >= 0x7f || byte == '"' || byte == '\\') {
            break;
        }
        end++;
    }
    return end - at;
}

/* RFC 8259 §7. C1 controls and DEL need no escape there; a terminal does not know that. */
static void append_scalar(struct skm_buf *buf, uint32_t scalar, skm_span bytes)
{
    static const char LETTERS[] = "btn\0fr"; /* for U+0008 to U+000D; U+000B has none */
    if (scalar == '"' || scalar == '\\') {
        skm_buf_append_char(buf, '\\');
        skm_buf_append(buf, bytes);
    } else if (scalar >= 8 && scalar <= 13 && LETTERS[scalar - 8] != '\0') {
        skm_buf_append_char(buf, '\\');
        skm_buf_append_char(buf, LETTERS[scalar - 8]);
    } else if (scalar < 0x20 || (scalar >= 0x7f && scalar < 0xa0)) {
        skm_buf_printf(buf, "\\u%04x", (unsigned)scalar);
    } else {
        skm_buf_append(buf, bytes);
    }
}

void skm_json_append_string(struct skm_buf *buf, skm_span text)
{
    skm_buf_append_char(buf, '"');
    size_t at = 0;
    while (at < text.len) {
        size_t run = plain_run(text, at);
        skm_buf_append(buf, skm_span_sub(text, at, run));
        at += run;
        if (at == text.len) {
            break;
        }
        uint32_t scalar = 0;
        size_t len = skm_utf8_decode(text, at, &scalar);
        if (len == 0) {
            skm_buf_append(buf, SKM_SPAN("\xef\xbf\xbd")); /* U+FFFD */
            len = 1;
        } else {
            append_scalar(buf, scalar, skm_span_sub(text, at, len));
        }
        at += len;
    }
    skm_buf_append_char(buf, '"');
}
