#include "daemon/admin.h"

#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include <sekimori/version.h>

#include "base/attr.h"
#include "base/enc.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/span.h"
#include "daemon/control.h"
#include "server/admin_server.h"

#define GROUPS_MAX 1024

struct skm_admin {
    struct skm_admin_options options;
    struct skm_admin_server *server; /* owned */
    struct skm_admin_command commands[2];
    uint32_t gid; /* of `admin.group` */
    bool has_gid;
};

SKM_DEFINE_CLEANUP(cleanup_admin, struct skm_admin, skm_admin_free)

/* ---- who may ask ---- */

static bool is_in_group(uint32_t uid, uint32_t gid)
{
    struct passwd entry;
    struct passwd *found = NULL;
    char text[16384];
    gid_t groups[GROUPS_MAX];
    int count = GROUPS_MAX;
    if (getpwuid_r(uid, &entry, text, sizeof text, &found) != 0 || found == NULL ||
        getgrouplist(found->pw_name, found->pw_gid, groups, &count) < 0) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (groups[i] == gid) {
            return true;
        }
    }
    return false;
}

static bool may_administer(const struct skm_admin *admin, const struct skm_peer *peer)
{
    if (!peer->is_unix) {
        return false;
    }
    return peer->uid == 0 || peer->uid == geteuid() ||
           (admin->has_gid && (peer->gid == admin->gid || is_in_group(peer->uid, admin->gid)));
}

static skm_err check_peer(const struct skm_admin *admin, const struct skm_admin_request *request,
                          skm_span *out_message)
{
    if (may_administer(admin, &request->peer)) {
        return SKM_OK;
    }
    skm_log(SKM_LOG_WARNING, "admin: `%.*s` refused to uid %" PRIu32,
            SKM_SPAN_ARG(request->command), request->peer.uid);
    *out_message = SKM_SPAN(
        "not allowed: root, the daemon's user and members of `admin.group` may administer");
    return SKM_ERR(REFUSED);
}

/* ---- replies ---- */

static void write_u64(struct skm_json_writer *reply, skm_span key, uint64_t value)
{
    skm_json_write_key(reply, key);
    skm_json_write_u64(reply, value);
}

static void write_text(struct skm_json_writer *reply, skm_span key, skm_span value)
{
    skm_json_write_key(reply, key);
    skm_json_write_string(reply, value);
}

static void write_time(struct skm_json_writer *reply, skm_span key, int64_t wall_ms)
{
    char text[SKM_CLOCK_RFC3339_BYTES];
    skm_clock_rfc3339(wall_ms, text);
    write_text(reply, key, skm_span_cstr(text));
}

static void write_counts(struct skm_json_writer *reply, const struct skm_live *live)
{
    const struct skm_load_counts *counts = &live->counts;
    write_u64(reply, SKM_SPAN("revision"), live->snapshot->revision);
    write_u64(reply, SKM_SPAN("policies"), counts->policies);
    write_u64(reply, SKM_SPAN("templates"), counts->templates);
    write_u64(reply, SKM_SPAN("template_links"), counts->links);
    write_u64(reply, SKM_SPAN("obligations"), counts->obligations);
    write_u64(reply, SKM_SPAN("entities"), counts->entities);
    write_u64(reply, SKM_SPAN("resource_rules"), counts->resources);
    write_u64(reply, SKM_SPAN("zone_networks"), counts->zones);
}

static void write_outcome(struct skm_json_writer *reply, const struct skm_live_outcome *outcome,
                          skm_span restart)
{
    skm_json_write_key(reply, SKM_SPAN("reloaded"));
    skm_json_write_bool(reply, outcome->live != NULL);
    write_u64(reply, SKM_SPAN("errors"), outcome->errors);
    write_u64(reply, SKM_SPAN("warnings"), outcome->warnings);
    write_u64(reply, SKM_SPAN("took_ms"), (uint64_t)outcome->took_ms);
    write_text(reply, SKM_SPAN("restart"), restart);
    write_text(reply, SKM_SPAN("text"), skm_buf_span(&outcome->messages));
    skm_json_write_key(reply, SKM_SPAN("messages"));
    if (outcome->json.len > 0 && skm_is_ok(skm_buf_check(&outcome->json))) {
        skm_json_write_raw(reply, skm_buf_span(&outcome->json));
    } else {
        skm_json_write_null(reply);
    }
}

/* The ticket of a request is the number of the load that answers it. */
static skm_err on_reload(void *ctx, const struct skm_admin_request *request,
                         struct skm_json_writer *reply, skm_span *out_message)
{
    struct skm_admin *admin = ctx;
    skm_span restart = {0};
    SKM_TRY(check_peer(admin, request, out_message));
    if (*request->ticket == 0) {
        skm_log(SKM_LOG_INFO, "reload: asked for by uid %" PRIu32, request->peer.uid);
        *request->ticket = skm_control_want_load(admin->options.control);
    }
    const struct skm_live_outcome *outcome =
        skm_control_outcome(admin->options.control, *request->ticket, &restart);
    if (outcome == NULL) {
        return SKM_ERR(AGAIN);
    }
    write_outcome(reply, outcome, restart);
    write_counts(reply, skm_control_live(admin->options.control));
    return SKM_OK;
}

static void write_digest(struct skm_json_writer *reply, const struct skm_snapshot *snapshot)
{
    struct skm_buf hex;
    skm_buf_init(&hex, 2 * SKM_SNAPSHOT_DIGEST_BYTES + 1);
    skm_enc_hex(&hex, (skm_span){(const char *)snapshot->policy_digest, SKM_SNAPSHOT_DIGEST_BYTES});
    write_text(reply, SKM_SPAN("policy_digest"), skm_buf_span(&hex));
    skm_buf_fini(&hex);
}

static void write_listeners(struct skm_json_writer *reply, const struct skm_admin *admin)
{
    const struct skm_config *config = admin->options.config;
    skm_json_write_key(reply, SKM_SPAN("listeners"));
    skm_json_write_array_begin(reply);
    for (size_t i = 0; i < config->listeners.count; i++) {
        const char *address = skm_worker_address(admin->options.workers[0], i);
        skm_json_write_object_begin(reply);
        write_text(reply, SKM_SPAN("address"), skm_span_cstr(address));
        write_text(reply, SKM_SPAN("name"), config->listeners.items[i].name.text);
        skm_json_write_key(reply, SKM_SPAN("tls"));
        skm_json_write_bool(reply, config->listeners.items[i].tls != NULL);
        skm_json_write_object_end(reply);
    }
    skm_json_write_array_end(reply);
}

static void write_last_reload(struct skm_json_writer *reply, struct skm_admin *admin)
{
    struct skm_metrics_reloads reloads;
    skm_control_reloads(admin->options.control, &reloads);
    skm_json_write_key(reply, SKM_SPAN("last_reload"));
    skm_json_write_object_begin(reply);
    skm_json_write_key(reply, SKM_SPAN("ok"));
    skm_json_write_bool(reply, reloads.last_ok);
    write_time(reply, SKM_SPAN("at"), reloads.last_wall_ms);
    write_u64(reply, SKM_SPAN("took_ms"), (uint64_t)reloads.last_took_ms);
    write_u64(reply, SKM_SPAN("succeeded"), reloads.succeeded);
    write_u64(reply, SKM_SPAN("failed"), reloads.failed);
    skm_json_write_object_end(reply);
}

static void write_traffic(struct skm_json_writer *reply, const struct skm_admin *admin)
{
    struct skm_http_counters http = {0};
    uint64_t decisions = 0;
    for (size_t i = 0; i < admin->options.worker_count; i++) {
        const struct skm_metrics *metrics = skm_worker_metrics(admin->options.workers[i]);
        struct skm_metrics_view view = {.workers = &metrics, .worker_count = 1};
        decisions += skm_metrics_decisions(&view);
        skm_worker_add_http(admin->options.workers[i], &http);
    }
    write_u64(reply, SKM_SPAN("decisions"), decisions);
    write_u64(reply, SKM_SPAN("connections"), http.connections_open);
}

static skm_err on_status(void *ctx, const struct skm_admin_request *request,
                         struct skm_json_writer *reply, skm_span *out_message)
{
    struct skm_admin *admin = ctx;
    SKM_TRY(check_peer(admin, request, out_message));
    int64_t uptime_ms = request->wall_ms - admin->options.started_wall_ms;
    write_text(reply, SKM_SPAN("version"), SKM_SPAN(SKM_VERSION));
    write_u64(reply, SKM_SPAN("pid"), (uint64_t)getpid());
    write_u64(reply, SKM_SPAN("uptime_s"), (uint64_t)(uptime_ms < 0 ? 0 : uptime_ms / 1000));
    write_text(reply, SKM_SPAN("config"), skm_span_cstr(admin->options.config_path));
    write_digest(reply, skm_control_live(admin->options.control)->snapshot);
    write_time(reply, SKM_SPAN("loaded"),
               skm_control_live(admin->options.control)->snapshot->loaded_wall_ms);
    int64_t loading_ms = skm_control_loading_since_ms(admin->options.control);
    if (loading_ms != 0) {
        write_time(reply, SKM_SPAN("loading_since"), loading_ms);
    }
    write_counts(reply, skm_control_live(admin->options.control));
    write_u64(reply, SKM_SPAN("warnings"), skm_control_live(admin->options.control)->warnings);
    write_listeners(reply, admin);
    write_last_reload(reply, admin);
    write_traffic(reply, admin);
    return SKM_OK;
}

/* ---- life ---- */

static skm_err find_group(struct skm_admin *admin, struct skm_diags *diags)
{
    const struct skm_config_text *name = &admin->options.config->admin.group;
    struct group entry;
    struct group *found = NULL;
    char text[65536];
    if (name->text.len == 0) {
        return SKM_OK;
    }
    if (getgrnam_r(name->text.ptr, &entry, text, sizeof text, &found) != 0 || found == NULL) {
        (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, admin->options.config->source, name->range,
                            "`admin.group`: there is no group `%.*s`", SKM_SPAN_ARG(name->text));
        return SKM_ERR(INVALID);
    }
    admin->gid = found->gr_gid;
    admin->has_gid = true;
    return SKM_OK;
}

static skm_err listen_admin(struct skm_admin *admin, struct skm_diags *diags)
{
    const struct skm_config_admin *config = &admin->options.config->admin;
    char address[128];
    (void)snprintf(address, sizeof address, "unix:%.*s", SKM_SPAN_ARG(config->socket.text));
    admin->commands[0] = (struct skm_admin_command){SKM_SPAN("reload"), on_reload, admin};
    admin->commands[1] = (struct skm_admin_command){SKM_SPAN("status"), on_status, admin};
    struct skm_admin_server_options options = {
        .commands = admin->commands,
        .command_count = SKM_ARRAY_LEN(admin->commands),
        .listener = {.address = skm_span_cstr(address),
                     .unix_mode = config->mode,
                     .set_unix_gid = admin->has_gid,
                     .unix_gid = admin->gid},
    };
    return skm_admin_server_new(admin->options.loop, &options, diags, &admin->server);
}

skm_err skm_admin_new(const struct skm_admin_options *options, struct skm_diags *diags,
                      struct skm_admin **out_admin)
{
    SKM_CLEANUP(cleanup_admin) struct skm_admin *admin = skm_mem_alloc(sizeof *admin);
    if (admin == NULL) {
        return SKM_ERR(MEMORY);
    }
    admin->options = *options;
    SKM_TRY(find_group(admin, diags));
    SKM_TRY(listen_admin(admin, diags));
    *out_admin = SKM_TAKE(admin);
    return SKM_OK;
}

void skm_admin_resume(struct skm_admin *admin)
{
    skm_admin_server_resume(admin->server);
}

void skm_admin_free(struct skm_admin *admin)
{
    if (admin == NULL) {
        return;
    }
    skm_admin_server_free(admin->server);
    skm_mem_free(admin);
}
