#include "proto/authzen_search_token.h"

#include <pthread.h>
#include <string.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/enc.h"
#include "base/rand.h"
#include "base/span.h"
#include "crypto/mac.h"

#define CURSOR_BYTES    24u
#define TOKEN_BYTES     (CURSOR_BYTES + SKM_MAC_BYTES)
#define TOKEN_TEXT_MAX  128u
#define QUERY_BYTES_MAX (64u << 20)

/* ---- the query ---- */

/* Each part with its length before it: two queries of different parts are never the same bytes. */
static skm_err add_part(struct skm_sha256_stream *stream, skm_span part)
{
    SKM_TRY(skm_sha256_stream_add_u64(stream, part.len));
    return skm_sha256_stream_add(stream, part);
}

static skm_err add_uid(struct skm_sha256_stream *stream, const struct skm_uid *uid, bool searched)
{
    SKM_TRY(add_part(stream, uid->type));
    return add_part(stream, searched ? SKM_SPAN("") : uid->id);
}

/* As Cedar text: fields are sorted, so the order they were sent in does not matter. */
static skm_err add_value(struct skm_sha256_stream *stream, const struct skm_value *value)
{
    struct skm_buf text;
    skm_buf_init(&text, QUERY_BYTES_MAX);
    skm_value_print(value, &text);
    skm_err err = skm_buf_check(&text);
    err = skm_is_ok(err) ? add_part(stream, skm_buf_span(&text)) : err;
    skm_buf_fini(&text);
    return err;
}

/* Nothing sent and an empty record sent are two things: the latter makes an entity known. */
static skm_err add_attrs(struct skm_sha256_stream *stream, const struct skm_value_record *attrs)
{
    const struct skm_value value = {.kind = SKM_VALUE_RECORD, .as.record = attrs};
    return attrs == NULL ? add_part(stream, SKM_SPAN("")) : add_value(stream, &value);
}

static skm_err add_query(struct skm_sha256_stream *stream, const struct skm_pep *pep,
                         enum skm_search_target target, const struct skm_decide_request *request)
{
    const struct skm_request *cedar = &request->cedar;
    SKM_TRY(skm_sha256_stream_add_u64(stream, (uint64_t)target));
    SKM_TRY(add_part(stream, pep->name));
    SKM_TRY(add_uid(stream, &cedar->principal, target == SKM_SEARCH_SUBJECT));
    SKM_TRY(add_uid(stream, &cedar->action, target == SKM_SEARCH_ACTION));
    SKM_TRY(add_uid(stream, &cedar->resource, target == SKM_SEARCH_RESOURCE));
    SKM_TRY(add_attrs(stream, request->principal_attrs));
    SKM_TRY(add_attrs(stream, request->action_attrs));
    SKM_TRY(add_attrs(stream, request->resource_attrs));
    return add_value(stream, &cedar->context);
}

skm_err skm_authzen_query_digest(const struct skm_pep *pep, enum skm_search_target target,
                                 const struct skm_decide_request *request,
                                 uint8_t out_query[SKM_SHA256_BYTES])
{
    struct skm_sha256_stream *stream = NULL;
    SKM_TRY(skm_sha256_stream_new(&stream));
    skm_err err = add_query(stream, pep, target, request);
    err = skm_is_ok(err) ? skm_sha256_stream_finish(stream, out_query) : err;
    skm_sha256_stream_free(stream);
    return err;
}

/* ---- the key ---- */

static struct {
    pthread_once_t once;
    skm_err drawn;
    uint8_t bytes[SKM_MAC_KEY_BYTES];
} token_key = {.once = PTHREAD_ONCE_INIT};

static void draw_key(void)
{
    token_key.drawn = skm_rand_bytes(token_key.bytes, sizeof(token_key.bytes));
}

/* ---- tokens ---- */

static void store_u64(uint8_t *out, uint64_t number)
{
    for (size_t i = 0; i < 8; i++) {
        out[i] = (uint8_t)(number >> (56 - 8 * i));
    }
}

static uint64_t load_u64(const uint8_t *bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < 8; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}

static skm_err mac_of(const uint8_t cursor[CURSOR_BYTES], const uint8_t query[SKM_SHA256_BYTES],
                      uint8_t out[SKM_MAC_BYTES])
{
    char text[CURSOR_BYTES + SKM_SHA256_BYTES];
    memcpy(text, cursor, CURSOR_BYTES);
    memcpy(text + CURSOR_BYTES, query, SKM_SHA256_BYTES);
    (void)pthread_once(&token_key.once, draw_key);
    SKM_TRY(token_key.drawn);
    return skm_mac_sha256(token_key.bytes, skm_span_of(text, sizeof(text)), out);
}

skm_err skm_authzen_token_write(struct skm_arena *arena, const uint8_t query[SKM_SHA256_BYTES],
                                const struct skm_authzen_cursor *cursor, skm_span *out_token)
{
    uint8_t bytes[TOKEN_BYTES];
    char raw[TOKEN_BYTES];
    struct skm_buf text;
    store_u64(bytes, cursor->position);
    store_u64(bytes + 8, cursor->limit);
    store_u64(bytes + 16, cursor->revision);
    SKM_TRY(mac_of(bytes, query, bytes + CURSOR_BYTES));
    memcpy(raw, bytes, sizeof(raw));
    skm_buf_init(&text, TOKEN_TEXT_MAX);
    skm_enc_base64url(&text, skm_span_of(raw, sizeof(raw)));
    skm_err err = skm_buf_check(&text);
    err = skm_is_ok(err) ? skm_arena_dup(arena, skm_buf_span(&text), out_token) : err;
    skm_buf_fini(&text);
    return err;
}

skm_err skm_authzen_token_read(struct skm_arena *arena, const uint8_t query[SKM_SHA256_BYTES],
                               skm_span token, struct skm_authzen_cursor *out_cursor)
{
    uint8_t bytes[TOKEN_BYTES];
    uint8_t mac[SKM_MAC_BYTES];
    skm_span raw = {0};
    if (token.len > TOKEN_TEXT_MAX) {
        return SKM_ERR(REFUSED);
    }
    skm_err err = skm_dec_base64url(arena, token, &raw);
    if (skm_is_err(err, SKM_E_SYNTAX) || (skm_is_ok(err) && raw.len != TOKEN_BYTES)) {
        return SKM_ERR(REFUSED);
    }
    SKM_TRY(err);
    memcpy(bytes, raw.ptr, sizeof(bytes));
    SKM_TRY(mac_of(bytes, query, mac));
    if (!skm_sha256_equal(mac, bytes + CURSOR_BYTES)) {
        return SKM_ERR(REFUSED);
    }
    *out_cursor = (struct skm_authzen_cursor){.position = load_u64(bytes),
                                              .limit = load_u64(bytes + 8),
                                              .revision = load_u64(bytes + 16)};
    return SKM_OK;
}
