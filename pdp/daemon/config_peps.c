#include "daemon/config_peps.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/enc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/span.h"
#include "crypto/sha256.h"
#include "daemon/config_peps_bind.h"

/* A key made by `sekimori pep-key` has 43 characters; fewer than these could be guessed. */
#define KEY_BYTES_MIN  20u
#define KEY_BYTES_MAX  512u
#define KEY_FILE_BYTES 4096u

static skm_err refuse(const struct skm_config *config, struct skm_diags *diags,
                      const struct skm_config_text *option, const char *why)
{
    (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, config->source, option->range,
                        "`peps[].key_file`: `%.*s`: %s", SKM_SPAN_ARG(option->text), why);
    return SKM_ERR(INVALID);
}

static skm_span trim(skm_span text)
{
    while (text.len > 0 && strchr(" \t\r\n", text.ptr[text.len - 1]) != NULL) {
        text.len--;
    }
    while (text.len > 0 && strchr(" \t\r\n", text.ptr[0]) != NULL) {
        text = skm_span_from(text, 1);
    }
    return text;
}

/* RFC 6750 §2.1: characters a bearer token may have. */
static bool is_token(skm_span key)
{
    for (size_t i = 0; i < key.len; i++) {
        unsigned char byte = (unsigned char)key.ptr[i];
        if (byte <= 0x20 || byte >= 0x7f) {
            return false;
        }
    }
    return true;
}

static skm_err hash_key_text(const struct skm_config *config, struct skm_diags *diags,
                             const struct skm_config_text *option, skm_span text, uint8_t out[32])
{
    skm_span key = trim(text);
    if (key.len < KEY_BYTES_MIN || key.len > KEY_BYTES_MAX) {
        return refuse(config, diags, option, "a key has 20 to 512 characters");
    }
    if (!is_token(key)) {
        return refuse(config, diags, option, "a key is one word of printable ASCII");
    }
    return skm_sha256_digest(key, out);
}

static skm_err read_key_file(const struct skm_config *config, struct skm_diags *diags,
                             const struct skm_config_text *option, uint8_t out[32])
{
    struct skm_arena arena;
    skm_arena_init(&arena, 4 * KEY_FILE_BYTES);
    skm_span text = {0};
    skm_err err = skm_file_read(&arena, option->text.ptr, KEY_FILE_BYTES, &text);
    if (skm_is_ok(err)) {
        err = hash_key_text(config, diags, option, text, out);
    } else if (!skm_is_err(err, SKM_E_MEMORY)) {
        err = refuse(config, diags, option,
                     skm_is_err(err, SKM_E_IO) ? strerror(errno) : skm_err_text(err));
    }
    if (text.ptr != NULL) {
        /* SAFETY: the text lies in our own arena, which is writable. */
        explicit_bzero((void *)(uintptr_t)text.ptr, text.len);
    }
    skm_arena_fini(&arena);
    return err;
}

static skm_err read_key(struct skm_config *config, struct skm_diags *diags,
                        const struct skm_config_pep *from, struct skm_pep *pep)
{
    if (from->key_file.text.len != 0) {
        SKM_TRY(read_key_file(config, diags, &from->key_file, pep->key_sha256));
        pep->has_key = true;
    } else if (from->key_sha256.text.len != 0) {
        skm_span bytes = {0};
        SKM_TRY(skm_dec_hex(&config->arena, from->key_sha256.text, &bytes));
        memcpy(pep->key_sha256, bytes.ptr, sizeof pep->key_sha256);
        pep->has_key = true;
    }
    return SKM_OK;
}

static struct skm_pep_allow allow(const struct skm_config_list *list)
{
    return (struct skm_pep_allow){.any = list->any, .names = list->names, .count = list->count};
}

static skm_err build_headers(struct skm_config *config, const struct skm_config_forward_auth *from,
                             const struct skm_pep_forward_headers **out_headers)
{
    static const char *const presets[] = {"forwarded", "original-uri", "original-url"};
    if (from->headers < sizeof presets / sizeof presets[0]) {
        *out_headers = skm_pep_forward_preset(skm_span_cstr(presets[from->headers]));
        return SKM_OK;
    }
    struct skm_pep_forward_headers *headers =
        SKM_ARENA_NEW(&config->arena, struct skm_pep_forward_headers);
    if (headers == NULL) {
        return SKM_ERR(MEMORY);
    }
    *headers = (struct skm_pep_forward_headers){
        .method = from->method_header.text,
        .url = from->url_header.text,
        .host = from->host_header.text,
        .uri = from->uri_header.text,
        .scheme = from->scheme_header.text,
        .address = from->address_header.text,
    };
    *out_headers = headers;
    return SKM_OK;
}

static skm_err build_forward_auth(struct skm_config *config,
                                  const struct skm_config_forward_auth *from, struct skm_pep *pep)
{
    if (from == NULL) {
        return SKM_OK;
    }
    pep->forward_auth = true;
    pep->subject_header = from->subject_header.text;
    pep->subject_type = from->subject_type.text;
    pep->ambiguous_paths = from->ambiguous_paths == SKM_CONFIG_AMBIGUOUS_PATHS_ALLOW
                               ? SKM_PEP_AMBIGUOUS_ALLOW
                               : SKM_PEP_AMBIGUOUS_DENY;
    pep->step_up_acr = from->step_up_acr.text;
    return build_headers(config, from, &pep->forward_headers);
}

static enum skm_pep_explain explain_of(uint32_t word)
{
    static const enum skm_pep_explain explains[] = {SKM_PEP_EXPLAIN_NEVER, SKM_PEP_EXPLAIN_ALWAYS,
                                                    SKM_PEP_EXPLAIN_ON_REQUEST};
    return word < sizeof explains / sizeof explains[0] ? explains[word] : SKM_PEP_EXPLAIN_NEVER;
}

static skm_err build_pep(struct skm_config *config, struct skm_diags *diags,
                         const struct skm_config_pep *from, struct skm_pep *pep)
{
    *pep = (struct skm_pep){
        .name = from->name.text,
        .credential = from->credential == SKM_CONFIG_CREDENTIAL_KEY_HEADER
                          ? SKM_PEP_CREDENTIAL_KEY_HEADER
                          : SKM_PEP_CREDENTIAL_AUTHORIZATION,
        .principal_types = allow(&from->principal_types),
        .actions = allow(&from->actions),
        .resource_types = allow(&from->resource_types),
        .principal_attrs = allow(&from->principal_attrs),
        .action_attrs = allow(&from->action_attrs),
        .resource_attrs = allow(&from->resource_attrs),
        .context_keys = allow(&from->context_keys),
        .explain = explain_of(from->explain),
    };
    SKM_TRY(build_forward_auth(config, from->forward_auth, pep));
    SKM_TRY(skm_config_peps_bind(config, from, diags, pep));
    return read_key(config, diags, from, pep);
}

/* Two with one key could not be told apart. Config files have tens of them, so pairs are looked at one by one. */
static skm_err check_keys_differ(const struct skm_config *config, struct skm_diags *diags,
                                 const struct skm_pep *peps)
{
    skm_err err = SKM_OK;
    for (size_t i = 0; i < config->peps.count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (peps[i].has_key && peps[j].has_key &&
                memcmp(peps[i].key_sha256, peps[j].key_sha256, sizeof peps[i].key_sha256) == 0) {
                (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, config->source,
                                    config->peps.items[i].range,
                                    "`%.*s` has the same key as `%.*s`", SKM_SPAN_ARG(peps[i].name),
                                    SKM_SPAN_ARG(peps[j].name));
                err = SKM_ERR(INVALID);
            }
        }
    }
    return err;
}

static skm_err build_peps(struct skm_config *config, struct skm_diags *diags, struct skm_pep *peps)
{
    skm_err result = SKM_OK;
    for (size_t i = 0; i < config->peps.count; i++) {
        skm_err err = build_pep(config, diags, &config->peps.items[i], &peps[i]);
        if (!skm_is_ok(err) && !skm_is_err(err, SKM_E_INVALID)) {
            return err;
        }
        result = skm_is_ok(result) ? err : result;
    }
    return result;
}

static const struct skm_pep *find_anonymous(const struct skm_config *config,
                                            const struct skm_pep *peps)
{
    for (size_t i = 0; config->anonymous_pep.text.len != 0 && i < config->peps.count; i++) {
        if (skm_span_equal(peps[i].name, config->anonymous_pep.text)) {
            return &peps[i];
        }
    }
    return NULL;
}

skm_err skm_config_peps(struct skm_config *config, struct skm_diags *diags,
                        const struct skm_pep_registry **out_registry)
{
    struct skm_pep *peps = SKM_ARENA_NEW_ARRAY(&config->arena, struct skm_pep, config->peps.count);
    struct skm_pep_registry *registry = SKM_ARENA_NEW(&config->arena, struct skm_pep_registry);
    if (peps == NULL || registry == NULL) {
        return SKM_ERR(MEMORY);
    }
    SKM_TRY(build_peps(config, diags, peps));
    SKM_TRY(check_keys_differ(config, diags, peps));
    SKM_TRY(skm_config_peps_check_bound(config, peps, diags));
    registry->peps = peps;
    registry->count = config->peps.count;
    registry->anonymous = find_anonymous(config, peps);
    registry->allow_anonymous = registry->anonymous != NULL;
    *out_registry = registry;
    return SKM_OK;
}
