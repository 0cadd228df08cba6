/* SHA-256 (FIPS 180-4), of one text or of a stream of parts. Any thread; a stream one thread at a time. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

#define SKM_SHA256_BYTES 32

/* SKM_E_CRYPTO when the library fails; the output is then untouched. */
SKM_MUST skm_err skm_sha256_digest(skm_span text, uint8_t out[SKM_SHA256_BYTES]);

struct skm_sha256_stream;

SKM_MUST skm_err skm_sha256_stream_new(struct skm_sha256_stream **out_stream);
SKM_MUST skm_err skm_sha256_stream_add(struct skm_sha256_stream *stream, skm_span part);

/* The number as eight bytes, most significant first: lengths between parts keep two streams of other parts apart. */
SKM_MUST skm_err skm_sha256_stream_add_u64(struct skm_sha256_stream *stream, uint64_t number);
/* Nothing can be added afterwards. */
SKM_MUST skm_err skm_sha256_stream_finish(struct skm_sha256_stream *stream,
                                          uint8_t out[SKM_SHA256_BYTES]);
/* NULL is accepted. */
void skm_sha256_stream_free(struct skm_sha256_stream *stream);

/* Compares in a time that does not depend on the content. */
bool skm_sha256_equal(const uint8_t a[SKM_SHA256_BYTES], const uint8_t b[SKM_SHA256_BYTES]);
