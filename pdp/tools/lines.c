#include "tools/lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/span.h"

#define READ_BYTES ((size_t)64 << 10)

void skm_lines_init(struct skm_lines *lines, int fd, size_t line_max_bytes)
{
    *lines = (struct skm_lines){.fd = fd};
    skm_buf_init(&lines->buf, line_max_bytes + READ_BYTES);
}

void skm_lines_fini(struct skm_lines *lines)
{
    skm_buf_fini(&lines->buf);
}

static skm_err read_more(struct skm_lines *lines)
{
    skm_buf_consume(&lines->buf, lines->start);
    lines->start = 0;
    char *room = skm_buf_reserve(&lines->buf, READ_BYTES);
    if (room == NULL) {
        return skm_buf_check(&lines->buf);
    }
    ssize_t got = 0;
    do {
        got = read(lines->fd, room, READ_BYTES);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return SKM_ERR(IO);
    }
    lines->ended = got == 0;
    skm_buf_commit(&lines->buf, (size_t)got);
    return SKM_OK;
}

/* The line that starts at `start`, if its end is there (or the stream's). */
static bool take_line(struct skm_lines *lines, skm_span *out_line)
{
    skm_span rest = skm_span_from(skm_buf_span(&lines->buf), lines->start);
    const char *end = rest.len == lines->scanned
                          ? NULL
                          : memchr(rest.ptr + lines->scanned, '\n', rest.len - lines->scanned);
    if (end == NULL && !(lines->ended && rest.len > 0)) {
        lines->scanned = rest.len;
        return false;
    }
    size_t len = end == NULL ? rest.len : (size_t)(end - rest.ptr);
    *out_line = (skm_span){rest.ptr, len};
    lines->start += len + (end == NULL ? 0 : 1);
    lines->scanned = 0;
    return true;
}

/* The buffer is full and holds no line end. */
static void drop_full(struct skm_lines *lines)
{
    skm_buf_reset(&lines->buf);
    lines->start = 0;
    lines->scanned = 0;
    lines->too_long = true;
}

skm_err skm_lines_next(struct skm_lines *lines, skm_span *out_line)
{
    for (;;) {
        skm_span line = {0};
        if (take_line(lines, &line)) {
            if (!lines->too_long) {
                *out_line = line;
                return SKM_OK;
            }
            lines->too_long = false;
            return SKM_ERR(SIZE);
        }
        if (lines->ended) {
            bool told = !lines->too_long;
            lines->too_long = false;
            return told ? SKM_ERR(END) : SKM_ERR(SIZE);
        }
        skm_err err = read_more(lines);
        if (skm_is_err(err, SKM_E_SIZE)) {
            drop_full(lines);
        } else if (!skm_is_ok(err)) {
            return err;
        }
    }
}
