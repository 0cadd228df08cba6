/* Growable bytes on the heap, with a maximum given at birth. Errors are sticky: append as often as you
 * like and ask once, with skm_buf_check(), before the content is used.
 *
 * Threads: one thread at a time. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

struct skm_buf {
    char *ptr;        /* owned */
    size_t len;       /* bytes in use */
    size_t cap;       /* bytes allocated */
    size_t max_bytes; /* never grows past this */
    skm_err err;      /* first failure; later appends do nothing */
};

void skm_buf_init(struct skm_buf *buf, size_t max_bytes);
void skm_buf_fini(struct skm_buf *buf);

/* Length and error back to zero; the memory stays. */
void skm_buf_reset(struct skm_buf *buf);

void skm_buf_append(struct skm_buf *buf, skm_span bytes);
void skm_buf_append_cstr(struct skm_buf *buf, const char *text);
void skm_buf_append_char(struct skm_buf *buf, char byte);
void skm_buf_append_u64(struct skm_buf *buf, uint64_t number);
void skm_buf_append_i64(struct skm_buf *buf, int64_t number);
void skm_buf_printf(struct skm_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void skm_buf_vprintf(struct skm_buf *buf, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Room for `len` more bytes at the end, or NULL (then the error is set); skm_buf_commit() takes them in. */
char *skm_buf_reserve(struct skm_buf *buf, size_t len);
void skm_buf_commit(struct skm_buf *buf, size_t len);

/* Drops the first `len` bytes. */
void skm_buf_consume(struct skm_buf *buf, size_t len);

/* SKM_E_SIZE when the maximum was hit, SKM_E_MEMORY. */
SKM_MUST skm_err skm_buf_check(const struct skm_buf *buf);

/* The content; borrowed until the next append. */
skm_span skm_buf_span(const struct skm_buf *buf);
