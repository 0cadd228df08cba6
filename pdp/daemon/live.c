#include "daemon/live.h"

#include "base/attr.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/span.h"
#include "daemon/config_peps.h"
#include "server/tls.h"

#define MESSAGES_MAX       200u
#define MESSAGES_BYTES_MAX (1u << 20)
#define DIAGS_BYTES_MAX    (16u << 20)

SKM_DEFINE_CLEANUP(cleanup_live, struct skm_live, skm_live_unref)

struct skm_live *skm_live_ref(struct skm_live *live)
{
    __atomic_add_fetch(&live->refs, 1, __ATOMIC_RELAXED);
    return live;
}

void skm_live_unref(struct skm_live *live)
{
    if (live == NULL || __atomic_sub_fetch(&live->refs, 1, __ATOMIC_ACQ_REL) != 0) {
        return;
    }
    for (size_t i = 0; live->tls != NULL && i < live->config->listeners.count; i++) {
        skm_tls_context_unref(live->tls[i]);
    }
    skm_snapshot_unref(live->snapshot);
    skm_config_unref(live->config);
    skm_mem_free(live);
}

/* ---- parts ---- */

static const char *path_or_null(const struct skm_config_text *path)
{
    return path->text.len == 0 ? NULL : path->text.ptr;
}

static skm_err build_tls(struct skm_live *live, struct skm_diags *diags)
{
    const struct skm_config_listeners *listeners = &live->config->listeners;
    live->tls =
        SKM_ARENA_NEW_ARRAY(&live->config->arena, struct skm_tls_context *, listeners->count);
    if (live->tls == NULL) {
        return SKM_ERR(MEMORY);
    }
    skm_err result = SKM_OK;
    for (size_t i = 0; i < listeners->count; i++) {
        const struct skm_config_tls *tls = listeners->items[i].tls;
        if (tls == NULL) {
            continue;
        }
        struct skm_tls_options options = {
            .certificate_file = tls->certificate.text.ptr,
            .key_file = tls->key.text.ptr,
            .client_ca_file = path_or_null(&tls->client_ca),
            .require_client_certificate =
                tls->client_ca.text.len != 0 &&
                tls->client_certificate == SKM_CONFIG_CLIENT_CERTIFICATE_REQUIRED,
            .only_tls13 = tls->only_tls13,
        };
        skm_err err = skm_tls_context_new(&options, diags, &live->tls[i]);
        result = skm_is_ok(err) ? result : err;
    }
    return result;
}

static skm_err build_authzen(struct skm_live *live, const struct skm_config *running,
                             const struct skm_clock *clock, struct skm_diags *diags)
{
    struct skm_config *config = live->config;
    const struct skm_config_text *identifier = running == NULL ? &config->pdp_id : &running->pdp_id;
    struct skm_authzen_type *types =
        SKM_ARENA_NEW_ARRAY(&config->arena, struct skm_authzen_type, config->authzen.types.count);
    if (types == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < config->authzen.types.count; i++) {
        types[i].name = config->authzen.types.pairs[i].key;
        types[i].cedar = config->authzen.types.pairs[i].value;
    }
    live->authzen = (struct skm_authzen_config){
        .types = types,
        .type_count = config->authzen.types.count,
        .action_type = config->authzen.action_type.text,
        .max_evaluations = (size_t)config->limits.batch,
        .batch_time_ms = config->limits.batch_time,
        .max_search_evaluations = (size_t)config->limits.search_evaluations,
        .search_time_ms = config->limits.search_time,
        .clock = clock,
    };
    if (identifier->text.len == 0) {
        return SKM_OK;
    }
    if (!skm_is_ok(skm_authzen_check_identifier(identifier->text))) {
        (void)skm_diags_add(
            diags, SKM_SEVERITY_ERROR, config->source, config->pdp_id.range,
            "`pdp_id`: not an https URL without query, fragment, user and final slash");
        return SKM_ERR(INVALID);
    }
    return skm_arena_dup(&config->arena, identifier->text, &live->authzen.identifier);
}

/* The first error that is no message, else INVALID when there was a message. */
static skm_err worse(skm_err a, skm_err b)
{
    if (skm_is_ok(a) || (skm_is_err(a, SKM_E_INVALID) && !skm_is_ok(b))) {
        return b;
    }
    return a;
}

/* All parts, even when one of them fails: a user sees all messages at once. */
static skm_err build_parts(struct skm_live *live, const struct skm_live_options *options,
                           struct skm_arena *texts, struct skm_diags *diags)
{
    skm_err err = skm_config_peps(live->config, diags, &live->peps);
    err = worse(err, build_authzen(live, options->running, options->clock, diags));
    err = worse(err, build_tls(live, diags));
    SKM_TRY(skm_snapshot_new((size_t)live->config->snapshot_memory, &live->snapshot));
    return worse(err, skm_load_snapshot(live->config, texts, diags, live->snapshot, &live->counts));
}

static void complain_failure(struct skm_diags *diags, const struct skm_live *live, skm_err err)
{
    if (skm_is_ok(err) || skm_is_err(err, SKM_E_INVALID)) {
        return;
    }
    struct skm_diag *diag = skm_diags_add(diags, SKM_SEVERITY_ERROR, NULL, (struct skm_range){0, 0},
                                          "loading failed: %s", skm_err_text(err));
    if (skm_is_err(err, SKM_E_MEMORY) && live->config != NULL) {
        skm_diag_help(diags, diag, "`snapshot_memory` bounds what policies and entities may take");
    }
}

/* ---- outcome ---- */

static void print_messages(struct skm_live_outcome *outcome, enum skm_diag_form form,
                           const struct skm_diags *diags)
{
    skm_diags_print(diags, form, &outcome->messages);
    skm_diags_print(diags, SKM_DIAG_FORM_JSON, &outcome->json);
    outcome->errors = diags->errors;
    outcome->warnings = diags->warnings;
}

static void finish(struct skm_live *live, const struct skm_live_options *options)
{
    live->snapshot->loaded_wall_ms = skm_clock_wall_ms(options->clock);
    live->world = (struct skm_world){
        .snapshot = live->snapshot, .peps = live->peps, .authzen = &live->authzen};
}

static void load(const struct skm_live_options *options, struct skm_diags *diags,
                 struct skm_arena *texts, struct skm_live_outcome *outcome)
{
    SKM_CLEANUP(cleanup_live) struct skm_live *live = skm_mem_alloc(sizeof *live);
    skm_err err = live == NULL ? SKM_ERR(MEMORY) : SKM_OK;
    if (live != NULL) {
        live->refs = 1;
        err = skm_config_load(options->config_path, diags, &live->config);
    }
    if (skm_is_ok(err)) {
        skm_arena_init(texts, (size_t)live->config->snapshot_memory);
        err = build_parts(live, options, texts, diags);
    }
    if (live != NULL) {
        complain_failure(diags, live, err);
    }
    /* Messages point into what the load built: they are printed before it goes. */
    print_messages(outcome, options->form, diags);
    if (skm_is_ok(err) && diags->errors == 0) {
        live->warnings = diags->warnings;
        finish(live, options);
        outcome->live = SKM_TAKE(live);
    }
}

void skm_live_load(const struct skm_live_options *options, struct skm_live_outcome *out_outcome)
{
    struct skm_arena texts;
    struct skm_arena messages;
    struct skm_diags diags;
    int64_t began_ns = skm_clock_monotonic_ns(options->clock);
    *out_outcome = (struct skm_live_outcome){.began_wall_ms = skm_clock_wall_ms(options->clock)};
    skm_buf_init(&out_outcome->messages, MESSAGES_BYTES_MAX);
    skm_buf_init(&out_outcome->json, MESSAGES_BYTES_MAX);
    skm_arena_init(&messages, DIAGS_BYTES_MAX);
    skm_arena_init(&texts, 0);
    skm_diags_init(&diags, &messages, MESSAGES_MAX);
    load(options, &diags, &texts, out_outcome);
    skm_arena_fini(&texts);
    skm_arena_fini(&messages);
    out_outcome->took_ms = (skm_clock_monotonic_ns(options->clock) - began_ns) / 1000000;
}

void skm_live_outcome_fini(struct skm_live_outcome *outcome)
{
    skm_live_unref(outcome->live);
    outcome->live = NULL;
    skm_buf_fini(&outcome->messages);
    skm_buf_fini(&outcome->json);
}
