#include "decide/pep.h"

#include "base/attr.h"
#include "base/span.h"
#include "crypto/sha256.h"

static const struct {
    skm_span name;
    struct skm_pep_forward_headers headers;
} presets[] = {
    {{"forwarded", 9},
     {.method = {"x-forwarded-method", 18},
      .host = {"x-forwarded-host", 16},
      .uri = {"x-forwarded-uri", 15},
      .scheme = {"x-forwarded-proto", 17},
      .address = {"x-forwarded-for", 15}}},
    {{"original-uri", 12},
     {.method = {"x-original-method", 17},
      .host = {"x-forwarded-host", 16},
      .uri = {"x-original-uri", 14},
      .scheme = {"x-forwarded-proto", 17},
      .address = {"x-real-ip", 9}}},
    {{"original-url", 12},
     {.method = {"x-original-method", 17},
      .url = {"x-original-url", 14},
      .address = {"x-real-ip", 9}}},
};

const struct skm_pep_forward_headers *skm_pep_forward_preset(skm_span name)
{
    for (size_t i = 0; i < SKM_ARRAY_LEN(presets); i++) {
        if (skm_span_equal(presets[i].name, name)) {
            return &presets[i].headers;
        }
    }
    return NULL;
}

const struct skm_pep *skm_pep_authenticate(const struct skm_pep_registry *registry,
                                           enum skm_pep_credential credential, skm_span key)
{
    uint8_t digest[SKM_SHA256_BYTES] = {0};
    if (key.len == 0 || !skm_is_ok(skm_sha256_digest(key, digest))) {
        return NULL;
    }
    const struct skm_pep *found = NULL;
    for (size_t i = 0; i < registry->count; i++) {
        const struct skm_pep *pep = &registry->peps[i];
        bool holds = skm_sha256_equal(digest, pep->key_sha256);
        if (holds && pep->has_key && pep->credential == credential) {
            found = pep;
        }
    }
    return found;
}

const struct skm_pep *skm_pep_of_uid(const struct skm_pep_registry *registry, uint32_t uid)
{
    for (size_t i = 0; i < registry->count; i++) {
        for (size_t j = 0; j < registry->peps[i].uid_count; j++) {
            if (registry->peps[i].uids[j] == uid) {
                return &registry->peps[i];
            }
        }
    }
    return NULL;
}

const struct skm_pep *skm_pep_of_certificate(const struct skm_pep_registry *registry,
                                             const uint8_t sha256[32])
{
    for (size_t i = 0; i < registry->count; i++) {
        for (size_t j = 0; j < registry->peps[i].certificate_count; j++) {
            if (skm_sha256_equal(registry->peps[i].certificates[j], sha256)) {
                return &registry->peps[i];
            }
        }
    }
    return NULL;
}

bool skm_pep_is_bound(const struct skm_pep *pep)
{
    return pep->uid_count > 0 || pep->certificate_count > 0;
}

bool skm_pep_allows(const struct skm_pep_allow *allow, skm_span name)
{
    for (size_t i = 0; i < allow->count && !allow->any; i++) {
        if (skm_span_equal(allow->names[i], name)) {
            return true;
        }
    }
    return allow->any;
}

static skm_err refuse(struct skm_arena *arena, const char *what, skm_span name, skm_span *out_what)
{
    SKM_TRY(skm_arena_printf(arena, out_what, "%s `%.*s`", what, SKM_SPAN_ARG(name)));
    return SKM_ERR(REFUSED);
}

static skm_err check_name(struct skm_arena *arena, const struct skm_pep_allow *allow,
                          const char *what, skm_span name, skm_span *out_what)
{
    return skm_pep_allows(allow, name) ? SKM_OK : refuse(arena, what, name, out_what);
}

static skm_err check_keys(struct skm_arena *arena, const struct skm_pep_allow *allow,
                          const char *what, const struct skm_value_record *record,
                          skm_span *out_what)
{
    for (size_t i = 0; record != NULL && i < record->count; i++) {
        SKM_TRY(check_name(arena, allow, what, record->fields[i].key, out_what));
    }
    return SKM_OK;
}

/* Attributes sent along. They are laid over an entity, not over a place of the request: where one entity stands in two places, what is
 * sent about it in either is seen in both, and must be allowed in both. */
static skm_err check_sent(struct skm_arena *arena, const struct skm_pep *pep,
                          const struct skm_decide_request *request, skm_span *out_what)
{
    const struct {
        const char *what;
        const struct skm_pep_allow *allow;
        const struct skm_uid *uid;
        const struct skm_value_record *attrs;
    } places[] = {
        {"subject attribute", &pep->principal_attrs, &request->cedar.principal,
         request->principal_attrs},
        {"action attribute", &pep->action_attrs, &request->cedar.action, request->action_attrs},
        {"resource attribute", &pep->resource_attrs, &request->cedar.resource,
         request->resource_attrs},
    };
    for (size_t sent = 0; sent < SKM_ARRAY_LEN(places); sent++) {
        for (size_t seen = 0; seen < SKM_ARRAY_LEN(places); seen++) {
            if (skm_uid_equal(places[sent].uid, places[seen].uid)) {
                SKM_TRY(check_keys(arena, places[seen].allow, places[seen].what, places[sent].attrs,
                                   out_what));
            }
        }
    }
    return SKM_OK;
}

skm_err skm_pep_check(struct skm_arena *arena, const struct skm_pep *pep,
                      const struct skm_decide_request *request, skm_span *out_what)
{
    const struct skm_request *cedar = &request->cedar;
    SKM_TRY(
        check_name(arena, &pep->principal_types, "subject type", cedar->principal.type, out_what));
    SKM_TRY(check_name(arena, &pep->actions, "action", cedar->action.id, out_what));
    SKM_TRY(
        check_name(arena, &pep->resource_types, "resource type", cedar->resource.type, out_what));
    SKM_TRY(check_sent(arena, pep, request, out_what));
    const struct skm_value_record *context =
        cedar->context.kind == SKM_VALUE_RECORD ? cedar->context.as.record : NULL;
    return check_keys(arena, &pep->context_keys, "context key", context, out_what);
}
