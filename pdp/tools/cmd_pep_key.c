/* sekimori pep-key: a fresh key for an enforcement point, and the line of the configuration that knows it. */
#include "base/enc.h"
#include "base/rand.h"
#include "base/secret.h"
#include "crypto/sha256.h"
#include "tools/cmd_daemon.h"

/* 256 bits: nobody guesses it, and one SHA-256 is then enough to keep it. */
#define KEY_BYTES 32

struct args {
    bool json;
};

static const struct skm_option options[] = {
    {.name = "json",
     .kind = SKM_OPTION_FLAG,
     .offset = offsetof(struct args, json),
     .help = "write {\"key\":..,\"key_sha256\":..}"},
};

static skm_err make_key(struct skm_buf *key, struct skm_buf *hash)
{
    uint8_t bytes[KEY_BYTES];
    uint8_t digest[SKM_SHA256_BYTES];
    SKM_TRY(skm_rand_bytes(bytes, sizeof bytes));
    skm_enc_base64url(key, (skm_span){(const char *)bytes, sizeof bytes});
    skm_secret_wipe(bytes, sizeof bytes);
    SKM_TRY(skm_buf_check(key));
    SKM_TRY(skm_sha256_digest(skm_buf_span(key), digest));
    skm_enc_hex(hash, (skm_span){(const char *)digest, sizeof digest});
    return skm_buf_check(hash);
}

static void print(struct skm_call *call, const struct skm_buf *key, const struct skm_buf *hash)
{
    const struct args *args = call->values;
    skm_buf_append_cstr(call->out, args->json ? "{\"key\":\"" : "key:        ");
    skm_buf_append(call->out, skm_buf_span(key));
    skm_buf_append_cstr(call->out, args->json ? "\",\"key_sha256\":\"" : "\nkey_sha256: ");
    skm_buf_append(call->out, skm_buf_span(hash));
    skm_buf_append_cstr(call->out, args->json ? "\"}\n" : "\n");
}

static enum skm_exit run(struct skm_call *call)
{
    struct skm_buf key;
    struct skm_buf hash;
    skm_buf_init(&key, 4 * KEY_BYTES);
    skm_buf_init(&hash, 4 * SKM_SHA256_BYTES);
    skm_err err = make_key(&key, &hash);
    if (skm_is_ok(err)) {
        print(call, &key, &hash);
    }
    if (key.ptr != NULL) {
        skm_secret_wipe(key.ptr, key.cap);
    }
    skm_buf_fini(&key);
    skm_buf_fini(&hash);
    return skm_is_ok(err) ? SKM_EXIT_OK : skm_call_internal(call, err);
}

const struct skm_command skm_cmd_pep_key = {
    .name = "pep-key",
    .summary = "make a key for an enforcement point",
    .about =
        "Writes a fresh random key of 256 bits, for the enforcement point to show as\n"
        "`Authorization: Bearer KEY`, and its SHA-256, for `peps[].key_sha256` of sekimori.yaml. The key\n"
        "is not kept anywhere.",
    .options = {options, sizeof(options) / sizeof(options[0])},
    .values_bytes = sizeof(struct args),
    .run = run,
};
