#include "proto/http.h"

#include "base/attr.h"
#include "base/json.h"
#include "base/span.h"

#define HEADER_VALUE_BYTES_MAX 8192u

static unsigned char lower(char byte)
{
    return (unsigned char)(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte);
}

bool skm_http_equal_nocase(skm_span a, skm_span b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

const skm_span *skm_http_header_find(const struct skm_http_request *request, skm_span name,
                                     bool *out_repeated)
{
    const skm_span *found = NULL;
    bool repeated = false;
    for (size_t i = 0; i < request->header_count; i++) {
        if (!skm_http_equal_nocase(request->headers[i].name, name)) {
            continue;
        }
        repeated = repeated || found != NULL;
        found = &request->headers[i].value;
    }
    if (out_repeated != NULL) {
        *out_repeated = repeated;
    }
    return repeated ? NULL : found;
}

/* RFC 9110 §5.6.2: token. */
static bool is_token(skm_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool alnum = (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
        if (!alnum && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL)) {
            return false;
        }
    }
    return text.len > 0;
}

/* The server frames and dates by itself; a second word on these from an endpoint could only contradict it. */
static bool is_server_owned(skm_span name)
{
    static const char *const owned[] = {"content-length", "transfer-encoding", "connection",
                                        "date"};
    for (size_t i = 0; i < SKM_ARRAY_LEN(owned); i++) {
        if (skm_http_equal_nocase(name, skm_span_cstr(owned[i]))) {
            return true;
        }
    }
    return false;
}

/* RFC 9110 §5.5: field values hold no control characters but the tab. */
static bool is_field_value(skm_span value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

skm_err skm_http_add_header(struct skm_http_response *response, skm_span name, skm_span value)
{
    if (!is_token(name) || is_server_owned(name)) {
        return SKM_ERR(INVALID);
    }
    if (!is_field_value(value)) {
        return SKM_ERR(ENCODING);
    }
    if (value.len > HEADER_VALUE_BYTES_MAX) {
        return SKM_ERR(SIZE);
    }
    skm_buf_append(response->headers, name);
    skm_buf_append(response->headers, SKM_SPAN(": "));
    skm_buf_append(response->headers, value);
    skm_buf_append(response->headers, SKM_SPAN("\r\n"));
    SKM_TRY(skm_buf_check(response->headers));
    if (skm_http_equal_nocase(name, SKM_SPAN("cache-control"))) {
        response->has_cache_control = true;
    }
    return SKM_OK;
}

void skm_http_respond_error(struct skm_http_response *response, uint16_t status, skm_span message)
{
    response->status = status;
    response->content_type = SKM_SPAN("application/json");
    skm_buf_reset(response->body);
    skm_json_append_string(response->body, message);
}

const char *skm_http_status_text(uint16_t status)
{
    static const struct {
        uint16_t status;
        const char *text;
    } table[] = {
        {100, "Continue"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(table); i++) {
        if (table[i].status == status) {
            return table[i].text;
        }
    }
    return "Unknown";
}
