#include "crypto/sha256.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/attr.h"
#include "base/mem.h"

struct skm_sha256_stream {
    EVP_MD_CTX *ctx; /* owned */
};

SKM_DEFINE_CLEANUP(cleanup_stream, struct skm_sha256_stream, skm_sha256_stream_free)

static skm_err from_openssl(int result)
{
    return result == 1 ? SKM_OK : SKM_ERR(CRYPTO);
}

skm_err skm_sha256_digest(skm_span text, uint8_t out[SKM_SHA256_BYTES])
{
    uint8_t digest[SKM_SHA256_BYTES];
    const void *bytes = text.ptr == NULL ? "" : text.ptr;
    SKM_TRY(from_openssl(EVP_Digest(bytes, text.len, digest, NULL, EVP_sha256(), NULL)));
    memcpy(out, digest, sizeof digest);
    return SKM_OK;
}

skm_err skm_sha256_stream_new(struct skm_sha256_stream **out_stream)
{
    SKM_CLEANUP(cleanup_stream) struct skm_sha256_stream *stream = skm_mem_alloc(sizeof *stream);
    if (stream == NULL) {
        return SKM_ERR(MEMORY);
    }
    stream->ctx = EVP_MD_CTX_new();
    if (stream->ctx == NULL) {
        return SKM_ERR(MEMORY);
    }
    SKM_TRY(from_openssl(EVP_DigestInit_ex(stream->ctx, EVP_sha256(), NULL)));
    *out_stream = SKM_TAKE(stream);
    return SKM_OK;
}

skm_err skm_sha256_stream_add(struct skm_sha256_stream *stream, skm_span part)
{
    return part.len == 0 ? SKM_OK : from_openssl(EVP_DigestUpdate(stream->ctx, part.ptr, part.len));
}

skm_err skm_sha256_stream_add_u64(struct skm_sha256_stream *stream, uint64_t number)
{
    char bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)(number >> (56 - 8 * i) & 0xff);
    }
    return skm_sha256_stream_add(stream, (skm_span){bytes, sizeof bytes});
}

skm_err skm_sha256_stream_finish(struct skm_sha256_stream *stream, uint8_t out[SKM_SHA256_BYTES])
{
    uint8_t digest[SKM_SHA256_BYTES];
    SKM_TRY(from_openssl(EVP_DigestFinal_ex(stream->ctx, digest, NULL)));
    memcpy(out, digest, sizeof digest);
    return SKM_OK;
}

void skm_sha256_stream_free(struct skm_sha256_stream *stream)
{
    if (stream == NULL) {
        return;
    }
    EVP_MD_CTX_free(stream->ctx);
    skm_mem_free(stream);
}

bool skm_sha256_equal(const uint8_t a[SKM_SHA256_BYTES], const uint8_t b[SKM_SHA256_BYTES])
{
    return CRYPTO_memcmp(a, b, SKM_SHA256_BYTES) == 0;
}
