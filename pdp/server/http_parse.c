/* One pass from left to right. Every check looks only at bytes up to the one it refuses, therefore a prefix of a
 * refused head is either incomplete or refused for the same reason: cutting the input anywhere changes nothing.
 * What concerns several headers together (framing, Host) is judged when the head is complete. */
#include "server/http_parse.h"

#include "base/attr.h"
#include "base/span.h"

#define METHOD_BYTES_MAX 32

/* Bits of BYTE_CLASS. */
#define TCHAR 1u /* RFC 9110 §5.6.2: token */
#define TARGET                                                                                     \
    2u /* RFC 3986 §2 without `#`; DEVIATION: and ^ ` { | }, which browsers send bare in queries */
#define HOST    4u  /* RFC 3986 §3.2.2: reg-name, without `,`, which joins repeated fields */
#define LITERAL 8u  /* RFC 3986 §3.2.2: inside the brackets of an IPv6 literal */
#define VALUE   16u /* RFC 9110 §5.5: field-vchar, obs-text, blank, tab */

/* clang-format off */
static const unsigned char BYTE_CLASS[256] = {
     0,  0,  0,  0,  0,  0,  0,  0,  0, 16,  0,  0,  0,  0,  0,  0, /* 00 */
     0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0, /* 10 */
    16, 23, 16, 17, 23, 23, 23, 23, 22, 22, 23, 23, 18, 23, 31, 18, /* 20 */
    31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 26, 22, 16, 22, 16, 18, /* 30 */
    18, 31, 31, 31, 31, 31, 31, 23, 23, 23, 23, 23, 23, 23, 23, 23, /* 40 */
    23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 18, 16, 18, 19, 23, /* 50 */
    19, 31, 31, 31, 31, 31, 31, 23, 23, 23, 23, 23, 23, 23, 23, 23, /* 60 */
    23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 18, 19, 18, 23,  0, /* 70 */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, /* 80 */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, /* 90 */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, /* a0 */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, /* b0 */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, /* c0 */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, /* d0 */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, /* e0 */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, /* f0 */
};
/* clang-format on */

/* The reader: `at` never passes `end`. */
struct cursor {
    const char *at;
    const char *end;
    const char *start;
    const struct skm_http_parse_limits *limits;
    struct skm_http_head *head;
    struct skm_http_header *headers;
    bool cut; /* `end` is the limit, not the end of what came */
    /* Headers that concern the server; counts and the last value. */
    uint32_t hosts;
    uint32_t lengths;
    uint32_t encodings;
    uint32_t expectations;
    skm_span host;
    skm_span length;
    skm_span encoding;
    skm_span expectation;
    bool says_close;
    bool says_keep_alive;
};

static bool is_class(char byte, unsigned class_bits)
{
    return (BYTE_CLASS[(unsigned char)byte] & class_bits) != 0;
}

bool skm_http_is_token_byte(unsigned char byte)
{
    return (BYTE_CLASS[byte] & TCHAR) != 0;
}

bool skm_http_is_value_byte(unsigned char byte)
{
    return (BYTE_CLASS[byte] & VALUE) != 0;
}

static enum skm_http_parse_result refuse(struct cursor *c, uint16_t status,
                                         enum skm_http_reject reason, const char *text)
{
    c->head->fault = (struct skm_http_fault){.status = status, .reason = reason, .text = text};
    return SKM_HTTP_PARSE_REFUSED;
}

static enum skm_http_parse_result malformed(struct cursor *c, const char *text)
{
    return refuse(c, 400, SKM_HTTP_REJECT_SYNTAX, text);
}

/* No byte is left: more may come, unless the head is as long as it may be. */
static enum skm_http_parse_result starved(struct cursor *c)
{
    return c->cut ? refuse(c, 431, SKM_HTTP_REJECT_HEAD_SIZE, "request head too large")
                  : SKM_HTTP_PARSE_MORE;
}

/* CRLF; a CR or LF alone is refused (RFC 9112 §2.2). */
static enum skm_http_parse_result line_end(struct cursor *c, const char *text)
{
    if (c->at == c->end) {
        return starved(c);
    }
    if (*c->at != '\r') {
        return malformed(c, text);
    }
    if (c->end - c->at < 2) {
        return starved(c);
    }
    if (c->at[1] != '\n') {
        return malformed(c, "carriage return without line feed");
    }
    c->at += 2;
    return SKM_HTTP_PARSE_DONE;
}

/* ---- request-line = method SP request-target SP HTTP-version CRLF (RFC 9112 §3) ---- */

static enum skm_http_method method_of(skm_span text)
{
    static const struct {
        skm_span name;
        enum skm_http_method method;
    } table[] = {
        {{"GET", 3}, SKM_HTTP_GET},       {{"POST", 4}, SKM_HTTP_POST},
        {{"HEAD", 4}, SKM_HTTP_HEAD},     {{"PUT", 3}, SKM_HTTP_PUT},
        {{"DELETE", 6}, SKM_HTTP_DELETE}, {{"OPTIONS", 7}, SKM_HTTP_OPTIONS},
        {{"PATCH", 5}, SKM_HTTP_PATCH},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(table); i++) {
        if (skm_span_equal(text, table[i].name)) {
            return table[i].method;
        }
    }
    return SKM_HTTP_OTHER;
}

static enum skm_http_parse_result read_method(struct cursor *c)
{
    const char *start = c->at;
    while (c->at < c->end && is_class(*c->at, TCHAR)) {
        c->at++;
        if (c->at - start > METHOD_BYTES_MAX) {
            return malformed(c, "method too long");
        }
    }
    if (c->at == c->end) {
        return starved(c);
    }
    if (*c->at != ' ' || c->at == start) {
        return malformed(c, "malformed request line");
    }
    c->head->request.method_text = skm_span_of(start, (size_t)(c->at - start));
    c->head->request.method = method_of(c->head->request.method_text);
    c->at++;
    return SKM_HTTP_PARSE_DONE;
}

static enum skm_http_parse_result read_target(struct cursor *c)
{
    const char *start = c->at;
    const char *most = (size_t)(c->end - start) > c->limits->target_bytes
                           ? start + c->limits->target_bytes
                           : c->end;
    while (c->at < most && is_class(*c->at, TARGET)) {
        c->at++;
    }
    if (c->at == c->end) {
        return starved(c);
    }
    if (c->at == most && is_class(*c->at, TARGET)) {
        return refuse(c, 414, SKM_HTTP_REJECT_TARGET_SIZE, "request target too long");
    }
    if (*c->at != ' ' || c->at == start) {
        return malformed(c, "malformed request target");
    }
    c->head->request.target = skm_span_of(start, (size_t)(c->at - start));
    c->at++;
    return SKM_HTTP_PARSE_DONE;
}

/* HTTP-version = "HTTP/" DIGIT "." DIGIT (RFC 9112 §2.3) */
static enum skm_http_parse_result read_version(struct cursor *c)
{
    static const char form[] = "HTTP/0.0";
    char digits[2] = {0, 0};
    size_t digit_count = 0;
    for (size_t i = 0; i < sizeof form - 1; i++, c->at++) {
        if (c->at == c->end) {
            return starved(c);
        }
        if (form[i] != '0' ? *c->at != form[i] : *c->at < '0' || *c->at > '9') {
            return malformed(c, "malformed protocol version");
        }
        if (form[i] == '0') {
            digits[digit_count++] = *c->at;
        }
    }
    enum skm_http_parse_result end = line_end(c, "malformed request line");
    if (end != SKM_HTTP_PARSE_DONE) {
        return end;
    }
    if (digits[0] != '1' || digits[1] > '1') {
        return refuse(c, 505, SKM_HTTP_REJECT_VERSION,
                      "only HTTP/1.1 and HTTP/1.0 are spoken here");
    }
    c->head->is_http_10 = digits[1] == '0';
    return SKM_HTTP_PARSE_DONE;
}

static void split_path(struct skm_http_request *request, skm_span origin)
{
    const char *mark = origin.len == 0 ? NULL : memchr(origin.ptr, '?', origin.len);
    size_t path_len = mark == NULL ? origin.len : (size_t)(mark - origin.ptr);
    request->path = skm_span_of(origin.ptr, path_len);
    request->query = mark == NULL ? (skm_span){NULL, 0} : skm_span_from(origin, path_len + 1);
}

/* absolute-form (RFC 9112 §3.2.2): the authority goes to request.host, to be compared with Host. */
static bool split_absolute(struct skm_http_request *request, size_t scheme_len)
{
    skm_span rest = skm_span_from(request->target, scheme_len);
    size_t host_len = 0;
    while (host_len < rest.len && rest.ptr[host_len] != '/' && rest.ptr[host_len] != '?') {
        host_len++;
    }
    request->host = skm_span_of(rest.ptr, host_len);
    skm_span origin = skm_span_from(rest, host_len);
    if (origin.len == 0 || origin.ptr[0] != '/') {
        split_path(request, origin);
        request->path = SKM_SPAN("/");
    } else {
        split_path(request, origin);
    }
    return host_len > 0;
}

/* origin-form, absolute-form, and asterisk-form for OPTIONS (RFC 9112 §3.2); authority-form is for proxies. */
static enum skm_http_parse_result split_target(struct cursor *c)
{
    struct skm_http_request *request = &c->head->request;
    skm_span target = request->target;
    if (target.ptr[0] == '/') {
        split_path(request, target);
        return SKM_HTTP_PARSE_DONE;
    }
    if (target.len == 1 && target.ptr[0] == '*' && request->method == SKM_HTTP_OPTIONS) {
        request->path = target;
        return SKM_HTTP_PARSE_DONE;
    }
    static const skm_span schemes[] = {{"http://", 7}, {"https://", 8}};
    for (size_t i = 0; i < SKM_ARRAY_LEN(schemes); i++) {
        if (skm_http_equal_nocase(skm_span_sub(target, 0, schemes[i].len), schemes[i]) &&
            split_absolute(request, schemes[i].len)) {
            return SKM_HTTP_PARSE_DONE;
        }
    }
    return malformed(c, "request target is neither a path nor an http URI");
}

static enum skm_http_parse_result read_request_line(struct cursor *c)
{
    enum skm_http_parse_result result = read_method(c);
    if (result == SKM_HTTP_PARSE_DONE) {
        result = read_target(c);
    }
    if (result == SKM_HTTP_PARSE_DONE) {
        result = read_version(c);
    }
    return result == SKM_HTTP_PARSE_DONE ? split_target(c) : result;
}

/* ---- field-line = field-name ":" OWS field-value OWS CRLF (RFC 9112 §5) ---- */

/* First byte of [at, end) that is not VALUE, or `end`. Eight at a time: a word is fine when no byte is below 0x20 and none is 0x7f; for
 * a tab, or when the subtraction borrows across bytes, the table decides. */
static const char *skip_value(const char *at, const char *end)
{
    const uint64_t ones = 0x0101010101010101u;
    const uint64_t tops = 0x8080808080808080u;
    while (end - at >= 8) {
        uint64_t word = 0;
        memcpy(&word, at, sizeof word);
        uint64_t low = (word - ones * 0x20) & ~word;
        uint64_t del = word ^ (ones * 0x7f);
        del = (del - ones) & ~del;
        if (((low | del) & tops) == 0) {
            at += 8;
            continue;
        }
        for (int i = 0; i < 8; i++, at++) {
            if (!is_class(*at, VALUE)) {
                return at;
            }
        }
    }
    while (at < end && is_class(*at, VALUE)) {
        at++;
    }
    return at;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* connection = #connection-option (RFC 9110 §7.6.1); options other than these two concern proxies. */
static void read_connection(struct cursor *c, skm_span value)
{
    size_t at = 0;
    while (at < value.len) {
        size_t start = at;
        while (at < value.len && value.ptr[at] != ',') {
            at++;
        }
        skm_span option = skm_span_sub(value, start, at - start);
        while (option.len > 0 && is_blank(option.ptr[0])) {
            option = skm_span_from(option, 1);
        }
        while (option.len > 0 && is_blank(option.ptr[option.len - 1])) {
            option.len--;
        }
        c->says_close = c->says_close || skm_http_equal_nocase(option, SKM_SPAN("close"));
        c->says_keep_alive =
            c->says_keep_alive || skm_http_equal_nocase(option, SKM_SPAN("keep-alive"));
        at++;
    }
}

static void note(uint32_t *count, skm_span *slot, skm_span value)
{
    (*count)++;
    *slot = value;
}

/* Remembers the headers that the server itself heeds. The length comes first: it sorts out nearly all others. */
static void notice(struct cursor *c, skm_span name, skm_span value)
{
    switch (name.len) {
    case 4:
        if (skm_http_equal_nocase(name, SKM_SPAN("host"))) {
            note(&c->hosts, &c->host, value);
        }
        return;
    case 6:
        if (skm_http_equal_nocase(name, SKM_SPAN("expect"))) {
            note(&c->expectations, &c->expectation, value);
        }
        return;
    case 10:
        if (skm_http_equal_nocase(name, SKM_SPAN("connection"))) {
            read_connection(c, value);
        }
        return;
    case 14:
        if (skm_http_equal_nocase(name, SKM_SPAN("content-length"))) {
            note(&c->lengths, &c->length, value);
        }
        return;
    case 17:
        if (skm_http_equal_nocase(name, SKM_SPAN("transfer-encoding"))) {
            note(&c->encodings, &c->encoding, value);
        }
        return;
    default:
        return;
    }
}

static enum skm_http_parse_result read_header(struct cursor *c)
{
    const char *name_start = c->at;
    while (c->at < c->end && is_class(*c->at, TCHAR)) {
        c->at++;
    }
    if (c->at == c->end) {
        return starved(c);
    }
    if (*c->at != ':' || c->at == name_start) {
        return malformed(c, is_blank(*name_start) ? "folded header line"
                            : is_blank(*c->at)    ? "blank in or after a header name"
                                                  : "malformed header name");
    }
    skm_span name = skm_span_of(name_start, (size_t)(c->at - name_start));
    c->at++;
    while (c->at < c->end && is_blank(*c->at)) {
        c->at++;
    }
    const char *value_start = c->at;
    c->at = skip_value(c->at, c->end);
    const char *value_end = c->at;
    enum skm_http_parse_result end = line_end(c, "control character in a header value");
    if (end != SKM_HTTP_PARSE_DONE) {
        return end;
    }
    while (value_end > value_start && is_blank(value_end[-1])) {
        value_end--;
    }
    struct skm_http_request *request = &c->head->request;
    if (request->header_count == c->limits->headers) {
        return refuse(c, 431, SKM_HTTP_REJECT_HEAD_SIZE, "too many header lines");
    }
    skm_span value = skm_span_of(value_start, (size_t)(value_end - value_start));
    c->headers[request->header_count++] = (struct skm_http_header){.name = name, .value = value};
    notice(c, name, value);
    return SKM_HTTP_PARSE_DONE;
}

/* ---- what the headers mean together ---- */

/* uri-host [ ":" port ] (RFC 9110 §7.2) */
static bool is_host(skm_span text)
{
    size_t at = 0;
    if (text.len > 0 && text.ptr[0] == '[') {
        for (at = 1; at < text.len && is_class(text.ptr[at], LITERAL); at++) {
        }
        if (at < 3 || at == text.len || text.ptr[at++] != ']') {
            return false;
        }
    } else {
        for (; at < text.len && is_class(text.ptr[at], HOST); at++) {
        }
        if (at == 0) {
            return false;
        }
    }
    if (at == text.len) {
        return true;
    }
    skm_span port = skm_span_from(text, at + 1);
    if (text.ptr[at] != ':' || port.len > 5) {
        return false;
    }
    for (size_t i = 0; i < port.len; i++) {
        if (port.ptr[i] < '0' || port.ptr[i] > '9') {
            return false;
        }
    }
    return true;
}

/* Exactly one Host, except that HTTP/1.0 may do without (RFC 9112 §3.2). */
static enum skm_http_parse_result judge_host(struct cursor *c)
{
    skm_span authority = c->head->request.host; /* of an absolute target */
    if (c->hosts == 0 && c->head->is_http_10) {
        return authority.len == 0 || is_host(authority)
                   ? SKM_HTTP_PARSE_DONE
                   : refuse(c, 400, SKM_HTTP_REJECT_HOST, "malformed host in the request target");
    }
    if (c->hosts != 1) {
        return refuse(c, 400, SKM_HTTP_REJECT_HOST,
                      c->hosts == 0 ? "no Host header" : "repeated Host header");
    }
    if (!is_host(c->host)) {
        return refuse(c, 400, SKM_HTTP_REJECT_HOST, "malformed Host header");
    }
    if (authority.len != 0 && !skm_http_equal_nocase(authority, c->host)) {
        return refuse(c, 400, SKM_HTTP_REJECT_HOST, "Host header and request target differ");
    }
    c->head->request.host = c->host;
    return SKM_HTTP_PARSE_DONE;
}

static enum skm_http_parse_result bad_framing(struct cursor *c, const char *text)
{
    return refuse(c, 400, SKM_HTTP_REJECT_FRAMING, text);
}

/* Content-Length = 1*DIGIT (RFC 9110 §8.6) */
static enum skm_http_parse_result read_length(struct cursor *c)
{
    uint64_t length = 0;
    skm_span text = c->length;
    if (text.len == 0 || (text.len > 1 && text.ptr[0] == '0')) {
        return bad_framing(c, "malformed Content-Length");
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return bad_framing(c, "malformed Content-Length");
        }
    }
    if (text.len > 18) {
        return refuse(c, 413, SKM_HTTP_REJECT_BODY_SIZE, "request body too large");
    }
    for (size_t i = 0; i < text.len; i++) {
        length = length * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    c->head->framing = SKM_HTTP_FRAMING_LENGTH;
    c->head->content_length = length;
    return SKM_HTTP_PARSE_DONE;
}

/* Message body length (RFC 9112 §6.3) */
static enum skm_http_parse_result judge_framing(struct cursor *c)
{
    if (c->encodings != 0) {
        if (c->lengths != 0) {
            return bad_framing(c, "Content-Length beside Transfer-Encoding");
        }
        if (c->encodings != 1 || !skm_http_equal_nocase(c->encoding, SKM_SPAN("chunked"))) {
            return bad_framing(c, "Transfer-Encoding other than a single `chunked`");
        }
        if (c->head->is_http_10) {
            return bad_framing(c, "Transfer-Encoding in HTTP/1.0");
        }
        c->head->framing = SKM_HTTP_FRAMING_CHUNKED;
        return SKM_HTTP_PARSE_DONE;
    }
    if (c->lengths > 1) {
        return bad_framing(c, "repeated Content-Length");
    }
    return c->lengths == 1 ? read_length(c) : SKM_HTTP_PARSE_DONE;
}

/* Expect: 100-continue is the only one there is; HTTP/1.0 does not know it (RFC 9110 §10.1.1). */
static enum skm_http_parse_result judge_expectation(struct cursor *c)
{
    if (c->expectations == 0 || c->head->is_http_10) {
        return SKM_HTTP_PARSE_DONE;
    }
    if (c->expectations != 1 || !skm_http_equal_nocase(c->expectation, SKM_SPAN("100-continue"))) {
        return refuse(c, 417, SKM_HTTP_REJECT_EXPECTATION, "unknown expectation");
    }
    c->head->expects_continue = c->head->framing != SKM_HTTP_FRAMING_NONE;
    return SKM_HTTP_PARSE_DONE;
}

static enum skm_http_parse_result finish_head(struct cursor *c)
{
    c->head->bytes = (size_t)(c->at - c->start);
    c->head->keep_alive = !c->says_close && (!c->head->is_http_10 || c->says_keep_alive);
    enum skm_http_parse_result result = judge_host(c);
    if (result == SKM_HTTP_PARSE_DONE) {
        result = judge_framing(c);
    }
    return result == SKM_HTTP_PARSE_DONE ? judge_expectation(c) : result;
}

enum skm_http_parse_result skm_http_parse_head(skm_span bytes,
                                               const struct skm_http_parse_limits *limits,
                                               struct skm_http_header *headers,
                                               struct skm_http_head *out_head)
{
    bool cut = bytes.len >= limits->head_bytes;
    struct cursor c = {
        .at = bytes.ptr,
        .start = bytes.ptr,
        .limits = limits,
        .head = out_head,
        .headers = headers,
        .cut = cut,
    };
    *out_head = (struct skm_http_head){.request = {.headers = headers}};
    if (bytes.len == 0) {
        return SKM_HTTP_PARSE_MORE;
    }
    c.end = bytes.ptr + (cut ? limits->head_bytes : bytes.len);
    /* One empty line before the request line is let pass (RFC 9112 §2.2). */
    enum skm_http_parse_result result = *c.at == '\r' ? line_end(&c, "") : SKM_HTTP_PARSE_DONE;
    if (result == SKM_HTTP_PARSE_DONE) {
        result = read_request_line(&c);
    }
    while (result == SKM_HTTP_PARSE_DONE) {
        if (c.at == c.end) {
            return starved(&c);
        }
        if (*c.at == '\r') {
            result = line_end(&c, "");
            return result == SKM_HTTP_PARSE_DONE ? finish_head(&c) : result;
        }
        result = read_header(&c);
    }
    return result;
}
