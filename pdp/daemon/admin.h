/* The commands of the administration socket.
 *
 *     {"command":"reload"}  ->  {"ok":true,"reloaded":true|false,"errors":n,"warnings":n,"took_ms":n,"restart":"options that wait
 *                                for the next start","text":"messages for people","messages":[the same as data], counts}
 *     {"command":"status"}  ->  {"ok":true,"version":..,"pid":..,"uptime_s":..,"config":..,"policy_digest":..,"loaded":.., counts,
 *                                "warnings":n,"listeners":[..],"last_reload":{..},"decisions":n,"connections":n}
 *
 * `status` is answered at once, `reload` when its load is done; while a load runs status has "loading_since", a time.
 *
 * counts: "revision","policies","templates","template_links","obligations","entities","resource_rules","zone_networks".
 *
 * Who may ask: root, the daemon's own user, and members of `admin.group`; the permissions of the socket come before.
 *
 * Threads: the control thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "daemon/config.h"

struct skm_admin;
struct skm_control;
struct skm_loop;
struct skm_worker;

struct skm_admin_options {
    struct skm_control *control;
    struct skm_loop *loop;           /* of the control thread */
    const struct skm_config *config; /* the process was started with */
    struct skm_worker *const *workers;
    size_t worker_count;
    const char *config_path;
    int64_t started_wall_ms;
};

/* Binds the socket and serves it. SKM_E_INVALID: `diags` says why. */
SKM_MUST skm_err skm_admin_new(const struct skm_admin_options *options, struct skm_diags *diags,
                               struct skm_admin **out_admin);
/* A load has finished: those who asked for it get their answer. */
void skm_admin_resume(struct skm_admin *admin);

/* NULL is accepted. */
void skm_admin_free(struct skm_admin *admin);
