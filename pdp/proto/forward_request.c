#include "proto/forward_request.h"

#include "base/attr.h"
#include "base/span.h"
#include "base/utf8.h"
#include "proto/uri.h"
#include "state/zones.h"

#define METHOD_BYTES_MAX 32u

struct reader {
    const struct skm_http_request *http;
    const struct skm_pep *pep;
    struct skm_forward_request *request;
    struct skm_forward_fault *fault;
};

static void set_fault(struct reader *reader, const char *reason, skm_span message)
{
    if (reader->fault->reason == NULL) {
        *reader->fault = (struct skm_forward_fault){.reason = reason, .message = message};
    }
}

static skm_err fault_header(struct reader *reader, skm_span name, const char *what)
{
    skm_span message = {0};
    SKM_TRY(skm_arena_printf(reader->http->arena, &message, "header `%.*s` %s", SKM_SPAN_ARG(name),
                             what));
    set_fault(reader, "bad_request", message);
    return SKM_OK;
}

/* The value of a header that must be there once. Empty: a fault was set, or the set does not name one. */
static skm_err read_header(struct reader *reader, skm_span name, skm_span *out_value)
{
    bool repeated = false;
    *out_value = (skm_span){NULL, 0};
    if (name.len == 0 || reader->fault->reason != NULL) {
        return SKM_OK;
    }
    const skm_span *value = skm_http_header_find(reader->http, name, &repeated);
    if (repeated) {
        return fault_header(reader, name, "comes more than once");
    }
    if (value == NULL || value->len == 0) {
        return fault_header(reader, name, "is missing");
    }
    *out_value = *value;
    return SKM_OK;
}

static bool is_method(skm_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_')) {
            return false;
        }
    }
    return text.len > 0 && text.len <= METHOD_BYTES_MAX;
}

static skm_err read_method(struct reader *reader, skm_span name)
{
    SKM_TRY(read_header(reader, name, &reader->request->method));
    if (reader->fault->reason == NULL && !is_method(reader->request->method)) {
        return fault_header(reader, name, "is not a method");
    }
    return SKM_OK;
}

static skm_err read_host(struct reader *reader, skm_span name, skm_span text)
{
    if (reader->fault->reason != NULL) {
        return SKM_OK;
    }
    skm_err err = skm_uri_normalise_host(reader->http->arena, text, &reader->request->host);
    if (skm_is_err(err, SKM_E_SYNTAX) || skm_is_err(err, SKM_E_SIZE)) {
        return fault_header(reader, name, "does not hold one host");
    }
    return err;
}

static skm_err read_target(struct reader *reader, skm_span text)
{
    struct skm_uri uri = {0};
    if (reader->fault->reason != NULL) {
        return SKM_OK;
    }
    skm_err err = skm_uri_parse(reader->http->arena, text, &uri);
    if (skm_is_err(err, SKM_E_SYNTAX) || skm_is_err(err, SKM_E_SIZE)) {
        set_fault(reader, "bad_path", SKM_SPAN("the path is malformed"));
        return SKM_OK;
    }
    SKM_TRY(err);
    /* Not even by option: what is not text cannot be held against a policy. */
    if ((uri.ambiguity & SKM_URI_NOT_UTF8) != 0 || !skm_utf8_check(uri.query, NULL)) {
        set_fault(reader, "bad_path", SKM_SPAN("path or query is not UTF-8"));
    } else if (uri.ambiguity != 0 && reader->pep->ambiguous_paths == SKM_PEP_AMBIGUOUS_DENY) {
        skm_span message = {0};
        SKM_TRY(skm_arena_printf(reader->http->arena, &message, "ambiguous path: %s",
                                 skm_uri_ambiguity_text(uri.ambiguity)));
        set_fault(reader, "ambiguous_path", message);
    }
    reader->request->path = uri.path;
    reader->request->query = uri.query;
    return SKM_OK;
}

static skm_err read_url(struct reader *reader, skm_span name)
{
    skm_span text = {0};
    struct skm_uri_absolute parts = {0};
    SKM_TRY(read_header(reader, name, &text));
    if (reader->fault->reason != NULL) {
        return SKM_OK;
    }
    if (!skm_is_ok(skm_uri_split(text, &parts))) {
        return fault_header(reader, name, "does not hold an absolute http or https URL");
    }
    reader->request->scheme = parts.scheme;
    SKM_TRY(read_host(reader, name, parts.host));
    return read_target(reader, parts.target);
}

static skm_err read_host_and_uri(struct reader *reader, const struct skm_pep_forward_headers *names)
{
    skm_span host = {0};
    skm_span uri = {0};
    SKM_TRY(read_header(reader, names->host, &host));
    SKM_TRY(read_host(reader, names->host, host));
    SKM_TRY(read_header(reader, names->uri, &uri));
    return read_target(reader, uri);
}

static skm_err read_scheme(struct reader *reader, skm_span name)
{
    static const skm_span schemes[] = {{"http", 4}, {"https", 5}, {"ws", 2}, {"wss", 3}};
    skm_span value = {0};
    SKM_TRY(read_header(reader, name, &value));
    if (value.len == 0) {
        return SKM_OK;
    }
    for (size_t i = 0; i < SKM_ARRAY_LEN(schemes); i++) {
        if (skm_http_equal_nocase(value, schemes[i])) {
            reader->request->scheme = schemes[i];
            return SKM_OK;
        }
    }
    return fault_header(reader, name, "is none of http, https, ws, wss");
}

/* What stands behind the last comma: in a list of addresses the one the proxy itself added. */
static skm_span last_entry(skm_span list)
{
    size_t start = list.len;
    while (start > 0 && list.ptr[start - 1] != ',') {
        start--;
    }
    while (start < list.len && (list.ptr[start] == ' ' || list.ptr[start] == '\t')) {
        start++;
    }
    return skm_span_from(list, start);
}

static skm_err read_address(struct reader *reader, skm_span name)
{
    skm_span value = {0};
    SKM_TRY(read_header(reader, name, &value));
    if (value.len == 0) {
        return SKM_OK;
    }
    skm_err err =
        skm_zones_parse_address(reader->http->arena, last_entry(value), &reader->request->address);
    if (skm_is_err(err, SKM_E_SYNTAX)) {
        return fault_header(reader, name, "does not end in an IP address");
    }
    reader->request->has_address = true;
    return err;
}

/* An absent header is an empty one: some proxies leave out what has no value. */
static skm_err read_subject(struct reader *reader)
{
    bool repeated = false;
    skm_span name = reader->pep->subject_header;
    const skm_span *value =
        name.len == 0 ? NULL : skm_http_header_find(reader->http, name, &repeated);
    if (repeated) {
        return fault_header(reader, name, "comes more than once");
    }
    if (value != NULL &&
        (value->len > SKM_FORWARD_SUBJECT_BYTES_MAX || !skm_utf8_check(*value, NULL))) {
        return fault_header(reader, name, "is too long or not UTF-8");
    }
    if (value != NULL) {
        reader->request->subject = *value;
    }
    return SKM_OK;
}

skm_err skm_forward_request_read(const struct skm_http_request *http, const struct skm_pep *pep,
                                 struct skm_forward_request *out_request,
                                 struct skm_forward_fault *out_fault)
{
    struct skm_forward_request request = {0};
    struct skm_forward_fault fault = {0};
    struct reader reader = {.http = http, .pep = pep, .request = &request, .fault = &fault};
    const struct skm_pep_forward_headers *names = pep->forward_headers;
    names = names == NULL ? skm_pep_forward_preset(SKM_SPAN("forwarded")) : names;
    SKM_TRY(read_method(&reader, names->method));
    SKM_TRY(names->url.len > 0 ? read_url(&reader, names->url) : read_host_and_uri(&reader, names));
    SKM_TRY(read_scheme(&reader, names->scheme));
    SKM_TRY(read_address(&reader, names->address));
    SKM_TRY(read_subject(&reader));
    *out_request = request;
    *out_fault = fault;
    return SKM_OK;
}
