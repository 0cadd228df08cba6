#include "server/http_response.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/span.h"

#define LAST_SECOND 253402300799 /* 9999-12-31T23:59:59Z */

void skm_http_date(int64_t wall_s, char out[SKM_HTTP_DATE_BYTES])
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t clamped = (time_t)(wall_s < 0 ? 0 : wall_s > LAST_SECOND ? LAST_SECOND : wall_s);
    struct tm tm = {0};
    (void)gmtime_r(&clamped, &tm);
    /* The remainders change nothing; they tell the compiler how wide each field is. */
    (void)snprintf(out, SKM_HTTP_DATE_BYTES, "%s, %02u %s %04u %02u:%02u:%02u GMT",
                   days[(unsigned)tm.tm_wday % 7], (unsigned)tm.tm_mday % 100,
                   months[(unsigned)tm.tm_mon % 12], ((unsigned)tm.tm_year + 1900) % 10000,
                   (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100,
                   (unsigned)tm.tm_sec % 100);
}

static void refresh(struct skm_http_common *common, int64_t wall_s)
{
    char date[SKM_HTTP_DATE_BYTES];
    skm_http_date(wall_s, date);
    int len = snprintf(common->text, sizeof common->text,
                       "Date: %s\r\nX-Content-Type-Options: nosniff\r\n", date);
    common->len = len < 0 ? 0 : (size_t)len;
    common->wall_s = wall_s;
}

static void append_status(struct skm_buf *out, uint16_t status)
{
    if (status == 200) {
        skm_buf_append(out, SKM_SPAN("HTTP/1.1 200 OK\r\n"));
        return;
    }
    skm_buf_append(out, SKM_SPAN("HTTP/1.1 "));
    skm_buf_append_u64(out, status);
    skm_buf_append(out, SKM_SPAN(" "));
    skm_buf_append_cstr(out, skm_http_status_text(status));
    skm_buf_append(out, SKM_SPAN("\r\n"));
}

/* RFC 9110 §8.6: neither has a body, nor may 204 announce one. */
static bool has_no_content(uint16_t status)
{
    return status == 204 || status == 304;
}

void skm_http_response_write(struct skm_http_common *common, int64_t wall_ms,
                             const struct skm_http_response *response, struct skm_http_frame frame,
                             struct skm_buf *out)
{
    int64_t wall_s = wall_ms / 1000;
    if (common->wall_s != wall_s || common->len == 0) {
        refresh(common, wall_s);
    }
    append_status(out, response->status);
    skm_buf_append(out, skm_span_of(common->text, common->len));
    if (!response->has_cache_control) {
        skm_buf_append(out, SKM_SPAN("Cache-Control: no-store\r\n"));
    }
    if (response->content_type.len != 0) {
        skm_buf_append(out, SKM_SPAN("Content-Type: "));
        skm_buf_append(out, response->content_type);
        skm_buf_append(out, SKM_SPAN("\r\n"));
    }
    if (!has_no_content(response->status)) {
        skm_buf_append(out, SKM_SPAN("Content-Length: "));
        skm_buf_append_u64(out, response->body->len);
        skm_buf_append(out, SKM_SPAN("\r\n"));
    }
    if (frame.close) {
        skm_buf_append(out, SKM_SPAN("Connection: close\r\n"));
    } else if (frame.is_http_10) {
        skm_buf_append(out, SKM_SPAN("Connection: keep-alive\r\n"));
    }
    skm_buf_append(out, skm_buf_span(response->headers));
    skm_buf_append(out, SKM_SPAN("\r\n"));
    if (!frame.head_only && !has_no_content(response->status)) {
        skm_buf_append(out, skm_buf_span(response->body));
    }
}
