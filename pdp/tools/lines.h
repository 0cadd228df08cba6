/* Lines of a stream, one at a time, each bounded; a line that is too long is passed over and told. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"

struct skm_lines {
    int fd; /* borrowed */
    struct skm_buf buf;
    size_t start;   /* of the next line in buf */
    size_t scanned; /* bytes behind start that hold no line end */
    bool ended;     /* the stream */
    bool too_long;  /* passing over the rest of a line */
};

void skm_lines_init(struct skm_lines *lines, int fd, size_t line_max_bytes);
void skm_lines_fini(struct skm_lines *lines);

/* The next line without its end, valid until the next call. SKM_E_END: no more. SKM_E_SIZE: a line longer than the maximum;
 * the next call goes on behind it. SKM_E_IO, SKM_E_MEMORY. */
SKM_MUST skm_err skm_lines_next(struct skm_lines *lines, skm_span *out_line);
