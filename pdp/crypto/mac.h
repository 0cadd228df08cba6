/* HMAC with SHA-256 (RFC 2104, FIPS 198-1). Any thread. */
#pragma once

#include <stdint.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

#define SKM_MAC_BYTES     32
#define SKM_MAC_KEY_BYTES 32

/* Compare with skm_sha256_equal(). SKM_E_CRYPTO when the library fails; the output is then untouched. */
SKM_MUST skm_err skm_mac_sha256(const uint8_t key[SKM_MAC_KEY_BYTES], skm_span text,
                                uint8_t out[SKM_MAC_BYTES]);
