/* From an endpoint's response to bytes (RFC 9112 §4, §6; RFC 9110 §6.6.1 Date).
 *
 * One thread at a time. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "proto/http.h"

#define SKM_HTTP_COMMON_BYTES 96

/* The header lines that are the same for a whole second. */
struct skm_http_common {
    int64_t wall_s; /* the second they are for; 0 before the first */
    size_t len;
    char text[SKM_HTTP_COMMON_BYTES];
};

struct skm_http_frame {
    bool head_only; /* answer to HEAD: lengths as for GET, no body */
    bool is_http_10;
    bool close;
};

/* Appends status line, headers and body to `out`. */
void skm_http_response_write(struct skm_http_common *common, int64_t wall_ms,
                             const struct skm_http_response *response, struct skm_http_frame frame,
                             struct skm_buf *out);

#define SKM_HTTP_DATE_BYTES 30

/* IMF-fixdate, e.g. `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7), NUL-terminated. Years 1970 to 9999, others are clamped. */
void skm_http_date(int64_t wall_s, char out[SKM_HTTP_DATE_BYTES]);
