/* Small by-value types shared by the PDP and its PEPs: byte spans, ids, scalars that carry their unit. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Borrowed bytes, most often UTF-8 text. May hold NUL; never NUL-terminated by contract. {NULL, 0} is
 * the empty span. The owner is whoever the function that yields it says. */
typedef struct skm_span {
    const char *ptr;
    size_t len;
} skm_span;

/* A span over a string literal. */
#define SKM_SPAN(literal) ((skm_span){"" literal, sizeof(literal) - 1})

/* The same where a constant is wanted, as in a static table. */
#define SKM_SPAN_INIT(literal)                                                                     \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }
