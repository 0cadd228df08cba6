/* The running daemon: binds, starts its threads, serves until told to stop.
 *
 *     main thread      worker 0, signals
 *     worker threads   the other workers (option `threads`)
 *     control thread   loads and the administration socket (control.h)
 *
 * SIGHUP reloads; SIGTERM and SIGINT stop gracefully: no new connections, requests under way are finished within
 * `limits.stop_timeout`; a second one stops at once. */
#pragma once

#include "daemon/live.h"

struct skm_service_options {
    const char *config_path;
    const struct skm_clock *clock;
    struct skm_live *live; /* from the first load; the service takes its own reference */
    const struct skm_live_outcome *first; /* how it went */
};

/* Returns after the stop. SKM_E_INVALID: it did not start, `diags` says why; anything else but SKM_OK: it failed while
 * running. */
SKM_MUST skm_err skm_service_run(const struct skm_service_options *options,
                                 struct skm_diags *diags);
