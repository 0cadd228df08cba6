#include "base/buf.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/span.h"

#define FIRST_CAP ((size_t)256)

void skm_buf_init(struct skm_buf *buf, size_t max_bytes)
{
    *buf = (struct skm_buf){.max_bytes = max_bytes};
}

void skm_buf_fini(struct skm_buf *buf)
{
    if (buf == NULL) {
        return;
    }
    skm_mem_free(buf->ptr);
    skm_buf_init(buf, buf->max_bytes);
}

void skm_buf_reset(struct skm_buf *buf)
{
    buf->len = 0;
    buf->err = SKM_OK;
}

static char *grow(struct skm_buf *buf, size_t len)
{
    if (len > buf->max_bytes || buf->len > buf->max_bytes - len) {
        buf->err = SKM_ERR(SIZE);
        return NULL;
    }
    size_t needed = buf->len + len;
    size_t doubled = buf->cap > buf->max_bytes / 2 ? buf->max_bytes : buf->cap * 2;
    size_t cap = doubled < FIRST_CAP ? FIRST_CAP : doubled;
    cap = cap < needed ? needed : cap;
    cap = cap > buf->max_bytes ? buf->max_bytes : cap;
    char *grown = skm_mem_realloc(buf->ptr, cap);
    if (grown == NULL) {
        buf->err = SKM_ERR(MEMORY);
        return NULL;
    }
    buf->ptr = grown;
    buf->cap = cap;
    return buf->ptr + buf->len;
}

char *skm_buf_reserve(struct skm_buf *buf, size_t len)
{
    if (!skm_is_ok(buf->err)) {
        return NULL;
    }
    if (buf->ptr != NULL && len <= buf->cap - buf->len) {
        return buf->ptr + buf->len;
    }
    return grow(buf, len);
}

void skm_buf_commit(struct skm_buf *buf, size_t len)
{
    if (skm_is_ok(buf->err) && len <= buf->cap - buf->len) {
        buf->len += len;
    } else if (skm_is_ok(buf->err)) {
        buf->err = SKM_ERR(INTERNAL);
    }
}

void skm_buf_append(struct skm_buf *buf, skm_span bytes)
{
    if (bytes.len == 0) {
        return;
    }
    char *room = skm_buf_reserve(buf, bytes.len);
    if (room != NULL) {
        memcpy(room, bytes.ptr, bytes.len);
        buf->len += bytes.len;
    }
}

void skm_buf_append_cstr(struct skm_buf *buf, const char *text)
{
    skm_buf_append(buf, skm_span_cstr(text));
}

void skm_buf_append_char(struct skm_buf *buf, char byte)
{
    char *room = skm_buf_reserve(buf, 1);
    if (room != NULL) {
        *room = byte;
        buf->len++;
    }
}

void skm_buf_append_u64(struct skm_buf *buf, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    skm_buf_append(buf, (skm_span){digits + at, sizeof digits - at});
}

void skm_buf_append_i64(struct skm_buf *buf, int64_t number)
{
    if (number < 0) {
        skm_buf_append_char(buf, '-');
        /* Defined for INT64_MIN too: unsigned arithmetic wraps. */
        skm_buf_append_u64(buf, 0 - (uint64_t)number);
    } else {
        skm_buf_append_u64(buf, (uint64_t)number);
    }
}

void skm_buf_vprintf(struct skm_buf *buf, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    char small[256];
    int wanted = vsnprintf(small, sizeof small, format, args);
    if (wanted < 0) {
        if (skm_is_ok(buf->err)) {
            buf->err = SKM_ERR(INTERNAL);
        }
    } else if ((size_t)wanted < sizeof small) {
        skm_buf_append(buf, (skm_span){small, (size_t)wanted});
    } else {
        /* vsnprintf ends with a NUL: it needs room that the content does not count. */
        SKM_CLEANUP(skm_mem_free_ptr) char *text = skm_mem_realloc(NULL, (size_t)wanted + 1);
        if (text == NULL) {
            buf->err = skm_is_ok(buf->err) ? SKM_ERR(MEMORY) : buf->err;
        } else {
            (void)vsnprintf(text, (size_t)wanted + 1, format, again);
            skm_buf_append(buf, (skm_span){text, (size_t)wanted});
        }
    }
    va_end(again);
}

void skm_buf_printf(struct skm_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    skm_buf_vprintf(buf, format, args);
    va_end(args);
}

void skm_buf_consume(struct skm_buf *buf, size_t len)
{
    if (len >= buf->len) {
        buf->len = 0;
        return;
    }
    if (len != 0) {
        memmove(buf->ptr, buf->ptr + len, buf->len - len);
        buf->len -= len;
    }
}

skm_err skm_buf_check(const struct skm_buf *buf)
{
    return buf->err;
}

skm_span skm_buf_span(const struct skm_buf *buf)
{
    return (skm_span){buf->ptr, buf->len};
}
