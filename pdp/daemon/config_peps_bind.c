#include "daemon/config_peps_bind.h"

#include <string.h>

#include "base/arena.h"
#include "base/enc.h"
#include "base/err.h"
#include "base/span.h"

/* What a change of user that failed leaves behind, (uid_t)-1, is nobody's id (setreuid(2)). */
#define UID_MAX_VALID 0xfffffffeu

static skm_err refuse(const struct skm_config *config, struct skm_diags *diags,
                      const struct skm_config_list *option, const char *name, skm_span value,
                      const char *why)
{
    (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, config->source, option->range,
                        "`peps[].%s`: `%.*s`: %s", name, SKM_SPAN_ARG(skm_span_sub(value, 0, 100)),
                        why);
    return SKM_ERR(INVALID);
}

/* ---- user ids ---- */

static bool parse_uid(skm_span text, uint32_t *out_uid)
{
    uint64_t number = 0;
    if (text.len == 0 || text.len > 10 || (text.len > 1 && text.ptr[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        number = number * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    *out_uid = (uint32_t)number;
    return number <= UID_MAX_VALID;
}

static skm_err bind_uids(struct skm_config *config, const struct skm_config_list *option,
                         struct skm_diags *diags, struct skm_pep *pep)
{
    uint32_t *uids = SKM_ARENA_NEW_ARRAY(&config->arena, uint32_t, option->count);
    if (uids == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < option->count; i++) {
        if (!parse_uid(option->names[i], &uids[i])) {
            return refuse(config, diags, option, "uid", option->names[i],
                          "not a numeric user id; `id -u NAME` tells it");
        }
    }
    pep->uids = uids;
    pep->uid_count = option->count;
    return SKM_OK;
}

/* ---- certificates ---- */

/* 64 hex digits, in either case; with colons between bytes, as `openssl x509 -fingerprint` writes them, too. */
static skm_err parse_sha256(struct skm_config *config, skm_span text, uint8_t out_sha256[32])
{
    char digits[64];
    bool has_colons = text.len == 95;
    if (text.len != 64 && !has_colons) {
        return SKM_ERR(SYNTAX);
    }
    for (size_t i = 0; i < 64; i++) {
        size_t at = has_colons ? i + i / 2 : i;
        if (has_colons && i % 2 == 1 && at + 1 < text.len && text.ptr[at + 1] != ':') {
            return SKM_ERR(SYNTAX);
        }
        digits[i] = text.ptr[at];
    }
    skm_span bytes = {0};
    SKM_TRY(skm_dec_hex(&config->arena, (skm_span){digits, sizeof digits}, &bytes));
    memcpy(out_sha256, bytes.ptr, 32);
    return SKM_OK;
}

static skm_err bind_certificates(struct skm_config *config, const struct skm_config_list *option,
                                 struct skm_diags *diags, struct skm_pep *pep)
{
    uint8_t(*certificates)[32] =
        skm_arena_alloc_array(&config->arena, option->count, sizeof *certificates);
    if (certificates == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < option->count; i++) {
        skm_err err = parse_sha256(config, option->names[i], certificates[i]);
        if (skm_is_err(err, SKM_E_SYNTAX)) {
            return refuse(config, diags, option, "certificate_sha256", option->names[i],
                          "not 64 hex digits; `openssl x509 -noout -fingerprint -sha256 -in FILE` "
                          "tells them");
        }
        SKM_TRY(err);
    }
    pep->certificates = (const uint8_t(*)[32])certificates;
    pep->certificate_count = option->count;
    return SKM_OK;
}

static skm_err refuse_any(const struct skm_config *config, struct skm_diags *diags,
                          const struct skm_config_list *option, const char *name)
{
    return option->any ? refuse(config, diags, option, name, SKM_SPAN("any"),
                                "this would be whoever can connect; `anonymous_pep` is for that")
                       : SKM_OK;
}

skm_err skm_config_peps_bind(struct skm_config *config, const struct skm_config_pep *from,
                             struct skm_diags *diags, struct skm_pep *pep)
{
    SKM_TRY(refuse_any(config, diags, &from->uid, "uid"));
    SKM_TRY(refuse_any(config, diags, &from->certificate_sha256, "certificate_sha256"));
    SKM_TRY(bind_uids(config, &from->uid, diags, pep));
    return bind_certificates(config, &from->certificate_sha256, diags, pep);
}

/* ---- all together ---- */

struct checker {
    const struct skm_config *config;
    const struct skm_pep *peps;
    struct skm_diags *diags;
};

static skm_err complain_shared(const struct checker *c, size_t index, size_t other,
                               const char *what)
{
    (void)skm_diags_add(c->diags, SKM_SEVERITY_ERROR, c->config->source,
                        c->config->peps.items[index].range, "`%.*s` has the same %s as `%.*s`",
                        SKM_SPAN_ARG(c->peps[index].name), what, SKM_SPAN_ARG(c->peps[other].name));
    return SKM_ERR(INVALID);
}

static skm_err check_alone(const struct checker *c, size_t index)
{
    const struct skm_pep_registry before = {.peps = c->peps, .count = index};
    const struct skm_pep *pep = &c->peps[index];
    for (size_t i = 0; i < pep->uid_count; i++) {
        const struct skm_pep *other = skm_pep_of_uid(&before, pep->uids[i]);
        if (other != NULL) {
            return complain_shared(c, index, (size_t)(other - c->peps), "user id");
        }
    }
    for (size_t i = 0; i < pep->certificate_count; i++) {
        const struct skm_pep *other = skm_pep_of_certificate(&before, pep->certificates[i]);
        if (other != NULL) {
            return complain_shared(c, index, (size_t)(other - c->peps), "certificate");
        }
    }
    return SKM_OK;
}

static bool has_unix_listener(const struct skm_config *config)
{
    for (size_t i = 0; i < config->listeners.count; i++) {
        if (skm_span_starts(config->listeners.items[i].address.text, SKM_SPAN("unix:"))) {
            return true;
        }
    }
    return false;
}

static bool has_certificate_listener(const struct skm_config *config)
{
    for (size_t i = 0; i < config->listeners.count; i++) {
        const struct skm_config_tls *tls = config->listeners.items[i].tls;
        if (tls != NULL && tls->client_ca.text.len > 0) {
            return true;
        }
    }
    return false;
}

static skm_err check_seen(const struct checker *c, size_t index)
{
    const struct skm_config_pep *from = &c->config->peps.items[index];
    if (from->uid.count > 0 && !has_unix_listener(c->config)) {
        return refuse(c->config, c->diags, &from->uid, "uid", from->name.text,
                      "user ids are known over Unix sockets, and no listener is one");
    }
    if (from->certificate_sha256.count > 0 && !has_certificate_listener(c->config)) {
        return refuse(c->config, c->diags, &from->certificate_sha256, "certificate_sha256",
                      from->name.text, "no listener asks for certificates (`tls.client_ca`)");
    }
    if (skm_pep_is_bound(&c->peps[index]) &&
        skm_span_equal(from->name.text, c->config->anonymous_pep.text)) {
        return refuse(c->config, c->diags,
                      from->uid.count > 0 ? &from->uid : &from->certificate_sha256,
                      from->uid.count > 0 ? "uid" : "certificate_sha256", from->name.text,
                      "what tells this one from others has no meaning for `anonymous_pep`");
    }
    return SKM_OK;
}

skm_err skm_config_peps_check_bound(const struct skm_config *config, const struct skm_pep *peps,
                                    struct skm_diags *diags)
{
    const struct checker c = {config, peps, diags};
    skm_err result = SKM_OK;
    for (size_t i = 0; i < config->peps.count; i++) {
        skm_err alone = check_alone(&c, i);
        skm_err seen = check_seen(&c, i);
        result = skm_is_ok(alone) ? result : alone;
        result = skm_is_ok(seen) ? result : seen;
    }
    return result;
}
