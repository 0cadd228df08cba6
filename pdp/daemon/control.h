/* The control thread: loads, handing over what was loaded, and the administration socket (admin.h).
 *
 * Loads run in a thread of their own, one at a time, so that the socket is served meanwhile; what they made is handed over
 * here. A load that is asked for while one runs follows it, since files may have changed. When `reload` answers, every worker decides by the new
 * set: a decision asked for after the answer is never made by the old one. A load that fails changes nothing.
 *
 * Threads: its own; made, started and freed by the main thread. */
#pragma once

#include <stdbool.h>
#include <time.h>

#include "daemon/live.h"
#include "daemon/metrics.h"
#include "daemon/worker.h"

struct skm_control;

struct skm_control_options {
    const char *config_path;
    const struct skm_clock *clock;
    struct skm_worker *const *workers;
    size_t worker_count;
    struct skm_live *live; /* in force at the start; the control thread takes the reference over */
    int64_t started_wall_ms;
    const struct skm_live_outcome *first; /* how the first load went */
};

/* Binds the administration socket. SKM_E_INVALID: `diags` says why. On failure `live` stays the caller's. */
SKM_MUST skm_err skm_control_new(const struct skm_control_options *options, struct skm_diags *diags,
                                 struct skm_control **out_control);
/* After its thread has ended, and the workers'. NULL is accepted. */
void skm_control_free(struct skm_control *control);

/* Body of the thread. */
SKM_MUST skm_err skm_control_run(struct skm_control *control);

/* Any thread, also from a signal handler: asks for a reload. */
void skm_control_reload(struct skm_control *control);
/* Any thread. */
void skm_control_stop(struct skm_control *control);

/* A worker took what was offered, or has ended. Any thread. */
void skm_control_on_taken(struct skm_control *control);

/* Control thread: begins a load, or has one follow that which runs; yields its number. */
uint64_t skm_control_want_load(struct skm_control *control);

/* Control thread: how the last load went, once load number `load` has finished; before that NULL. `out_restart`: names of options that
 * wait for the next start. Both borrowed until the loop's next turn. */
const struct skm_live_outcome *skm_control_outcome(const struct skm_control *control, uint64_t load,
                                                   skm_span *out_restart);

/* Control thread: since when a load runs; 0: none does. */
int64_t skm_control_loading_since_ms(const struct skm_control *control);

/* After the control thread has ended: waits for a load under way. False: it goes on, and nothing may be freed. */
bool skm_control_join_loader(struct skm_control *control, const struct timespec *until);

/* Control thread: what is in force. */
const struct skm_live *skm_control_live(const struct skm_control *control);

/* How loads went so far. Any thread. */
void skm_control_reloads(struct skm_control *control, struct skm_metrics_reloads *out_reloads);
