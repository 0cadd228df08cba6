#include "proto/request_id.h"

/* RFC 9110 §5.5 would let a value hold more; nothing outside this range is worth the trouble in somebody's log. */
static bool is_printable(skm_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < 0x20 || text.ptr[i] > 0x7e) {
            return false;
        }
    }
    return true;
}

void skm_request_id_echo(void *ctx, const struct skm_http_request *request,
                         struct skm_http_response *response)
{
    (void)ctx;
    const skm_span *id =
        request == NULL ? NULL : skm_http_header_find(request, SKM_SPAN("x-request-id"), NULL);
    if (id == NULL || id->len == 0 || id->len > SKM_REQUEST_ID_BYTES_MAX || !is_printable(*id)) {
        return;
    }
    /* Without room for one more header the response goes without it: the id is a courtesy. */
    skm_err ignored = skm_http_add_header(response, SKM_SPAN("X-Request-ID"), *id);
    (void)ignored;
}
