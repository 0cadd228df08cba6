/* What is in force: one configuration with everything that was built from it. Made whole by one load, immutable afterwards, replaced
 * by one swap. The endpoints see it as a `struct skm_world`.
 *
 * Threads: made by one, read by any; counted references. */
#pragma once

#include "base/buf.h"
#include "base/clock.h"
#include "daemon/config.h"
#include "daemon/load.h"
#include "proto/authzen.h"
#include "proto/world.h"

struct skm_tls_context;

struct skm_live {
    uint32_t refs;
    struct skm_world world; /* into the following */
    struct skm_config *config;
    struct skm_snapshot *snapshot;
    const struct skm_pep_registry *peps; /* in the configuration's arena */
    struct skm_authzen_config authzen;
    struct skm_tls_context *
        *tls; /* one per listener, NULL for plain; the array is in the configuration's arena */
    struct skm_load_counts counts;
    size_t warnings; /* of the load that made it */
};

/* How a load went, for people and for machines. */
struct skm_live_outcome {
    struct skm_live *live;   /* owned; NULL: the load failed */
    struct skm_buf messages; /* every error and warning as text; owned */
    struct skm_buf json;     /* the same as a JSON array; owned */
    size_t errors;
    size_t warnings;
    int64_t began_wall_ms;
    int64_t took_ms;
};

struct skm_live_options {
    const char *config_path;
    const struct skm_clock *clock;
    /* At a reload: the configuration the process was started with, whose RESTART options stay in force. NULL at the start. */
    const struct skm_config *running;
    /* How messages look in `messages`. */
    enum skm_diag_form form;
};

/* Reads the configuration and everything it names. Never fails as such: `out_outcome` says how it went and is to be
 * released with skm_live_outcome_fini(). Takes as long as the files take: not for a loop's thread. */
void skm_live_load(const struct skm_live_options *options, struct skm_live_outcome *out_outcome);

void skm_live_outcome_fini(struct skm_live_outcome *outcome);

struct skm_live *skm_live_ref(struct skm_live *live);
/* Frees with the last reference: large, not for a thread that answers requests. NULL is accepted. */
void skm_live_unref(struct skm_live *live);
