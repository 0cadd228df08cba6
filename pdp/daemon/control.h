/* The control thread: loads, handing over what was loaded, and the administration socket (admin.h).
 *
 * A load runs in this thread and nowhere else, so loads never overlap. When `reload` answers, every worker decides by the new
 * set: a decision asked for after the answer is never made by the old one. A load that fails changes nothing.
 *
 * Threads: its own; made, started and freed by the main thread. */
#pragma once

#include <stdbool.h>

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

/* Control thread: loads, and puts in force what is good. The outcome is the caller's to release; `restart` receives the
 * names of options that wait for the next start. */
void skm_control_load(struct skm_control *control, struct skm_live_outcome *out_outcome,
                      struct skm_buf *restart);

/* Control thread: what is in force. */
const struct skm_live *skm_control_live(const struct skm_control *control);

/* How loads went so far. Any thread. */
void skm_control_reloads(struct skm_control *control, struct skm_metrics_reloads *out_reloads);
