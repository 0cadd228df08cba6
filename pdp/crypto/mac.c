#include "crypto/mac.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

skm_err skm_mac_sha256(const uint8_t key[SKM_MAC_KEY_BYTES], skm_span text,
                       uint8_t out[SKM_MAC_BYTES])
{
    uint8_t mac[SKM_MAC_BYTES];
    unsigned len = 0;
    /* SAFETY: spans are bytes; signedness of their type does not matter here. */
    const unsigned char *bytes = (const unsigned char *)(text.ptr == NULL ? "" : text.ptr);
    if (HMAC(EVP_sha256(), key, SKM_MAC_KEY_BYTES, bytes, text.len, mac, &len) == NULL ||
        len != sizeof(mac)) {
        return SKM_ERR(CRYPTO);
    }
    memcpy(out, mac, sizeof(mac));
    return SKM_OK;
}
