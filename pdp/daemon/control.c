#include "daemon/control.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "base/attr.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/span.h"
#include "daemon/admin.h"
#include "daemon/process.h"
#include "server/loop.h"

#define RESTART_BYTES 4096u

struct skm_control {
    struct skm_control_options options;
    struct skm_loop *loop;        /* owned */
    struct skm_loop_wake *wake;   /* owned; a reload is wanted */
    struct skm_admin *admin;      /* owned */
    struct skm_live *live;        /* in force; a reference of ours */
    struct skm_config *started;   /* its RESTART options are in force; a reference of ours */
    struct skm_loop_wake *loaded; /* owned; the loader has ended */
    pthread_t loader;
    bool is_loading;
    bool wants_another; /* asked for while loading: files may have changed since */
    uint64_t loads;     /* begun */
    uint64_t finished;  /* of them */
    int64_t loading_since_ms;
    struct skm_live_outcome loading; /* the loader's while it runs */
    struct skm_live_outcome outcome; /* of the last load that finished */
    struct skm_buf restart;          /* options that wait for the next start, found by it */
    pthread_mutex_t mutex;           /* of the following */
    pthread_cond_t taken;
    struct skm_metrics_reloads reloads;
};

SKM_DEFINE_CLEANUP(cleanup_control, struct skm_control, skm_control_free)

/* ---- handing over ---- */

static bool all_have_taken(const struct skm_control *control, const struct skm_live *live)
{
    for (size_t i = 0; i < control->options.worker_count; i++) {
        if (!skm_worker_has_taken(control->options.workers[i], live)) {
            return false;
        }
    }
    return true;
}

/* Workers answer within a turn of their loops, so waiting is short; one that has ended counts as having taken. */
static void hand_over(struct skm_control *control, struct skm_live *live)
{
    for (size_t i = 0; i < control->options.worker_count; i++) {
        skm_worker_offer(control->options.workers[i], live);
    }
    (void)pthread_mutex_lock(&control->mutex);
    while (!all_have_taken(control, live)) {
        (void)pthread_cond_wait(&control->taken, &control->mutex);
    }
    (void)pthread_mutex_unlock(&control->mutex);
    struct skm_live *old = control->live;
    control->live = live;
    skm_live_unref(old);
}

void skm_control_on_taken(struct skm_control *control)
{
    (void)pthread_mutex_lock(&control->mutex);
    (void)pthread_cond_broadcast(&control->taken);
    (void)pthread_mutex_unlock(&control->mutex);
}

/* ---- loads ---- */

static void note_load(struct skm_control *control, const struct skm_live_outcome *outcome)
{
    bool is_ok = outcome->live != NULL;
    (void)pthread_mutex_lock(&control->mutex);
    control->reloads.succeeded += is_ok ? 1 : 0;
    control->reloads.failed += is_ok ? 0 : 1;
    control->reloads.last_ok = is_ok;
    control->reloads.last_wall_ms = outcome->began_wall_ms;
    control->reloads.last_took_ms = outcome->took_ms;
    (void)pthread_mutex_unlock(&control->mutex);
}

void skm_control_reloads(struct skm_control *control, struct skm_metrics_reloads *out_reloads)
{
    (void)pthread_mutex_lock(&control->mutex);
    *out_reloads = control->reloads;
    (void)pthread_mutex_unlock(&control->mutex);
}

/* Messages have several lines; the log has one per event. */
static void log_lines(enum skm_log_level level, skm_span text)
{
    while (text.len > 0) {
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t len = end == NULL ? text.len : (size_t)(end - text.ptr);
        if (len > 0) {
            skm_log(level, "%.*s", SKM_SPAN_ARG(skm_span_sub(text, 0, len)));
        }
        text = skm_span_from(text, len + 1);
    }
}

static void log_outcome(const struct skm_control *control, const struct skm_live_outcome *outcome,
                        skm_span restart)
{
    bool is_ok = outcome->live != NULL;
    log_lines(is_ok ? SKM_LOG_WARNING : SKM_LOG_ERROR, skm_buf_span(&outcome->messages));
    if (!is_ok) {
        skm_log(SKM_LOG_ERROR, "reload: refused, %zu errors; revision %" PRIu64 " stays in force",
                outcome->errors, control->live->snapshot->revision);
        return;
    }
    const struct skm_load_counts *counts = &outcome->live->counts;
    skm_log(SKM_LOG_NOTICE,
            "reload: revision %" PRIu64
            " in force: %zu policies, %zu template links, %zu obligations, %zu entities; %" PRId64
            " ms",
            outcome->live->snapshot->revision, counts->policies, counts->links, counts->obligations,
            counts->entities, outcome->took_ms);
    if (restart.len > 0) {
        skm_log(SKM_LOG_WARNING, "reload: these options take effect at the next start: %.*s",
                SKM_SPAN_ARG(restart));
    }
}

static void *run_loader(void *ctx)
{
    struct skm_control *control = ctx;
    struct skm_live_options options = {
        .config_path = control->options.config_path,
        .clock = control->options.clock,
        .running = control->started,
        .form = SKM_DIAG_FORM_HUMAN,
    };
    skm_live_load(&options, &control->loading);
    skm_loop_wake_notify(control->loaded);
    return NULL;
}

static void begin_load(struct skm_control *control)
{
    control->loads++;
    control->is_loading = true;
    control->loading_since_ms = skm_clock_wall_ms(control->options.clock);
    skm_process_notify_reloading();
    if (pthread_create(&control->loader, NULL, run_loader, control) != 0) {
        (void)pthread_mutex_lock(&control->mutex);
        control->reloads.failed++;
        control->reloads.last_ok = false;
        (void)pthread_mutex_unlock(&control->mutex);
        skm_log(SKM_LOG_ERROR, "reload: no thread to load in");
        control->is_loading = false;
        control->finished = control->loads;
        skm_live_outcome_fini(&control->outcome);
        skm_process_notify("READY=1");
    }
}

static void take_outcome(struct skm_control *control)
{
    skm_live_outcome_fini(&control->outcome);
    control->outcome = control->loading;
    control->loading = (struct skm_live_outcome){0};
    skm_buf_reset(&control->restart);
    struct skm_live *live = control->outcome.live;
    if (live != NULL) {
        live->snapshot->revision = control->live->snapshot->revision + 1;
        (void)skm_config_print_restart(control->started, live->config, &control->restart);
        hand_over(control, skm_live_ref(live));
    }
    note_load(control, &control->outcome);
    log_outcome(control, &control->outcome, skm_buf_span(&control->restart));
    skm_process_notify("READY=1");
}

static void on_loaded(void *ctx)
{
    struct skm_control *control = ctx;
    if (!control->is_loading) {
        return;
    }
    (void)pthread_join(control->loader, NULL);
    control->is_loading = false;
    control->finished = control->loads;
    take_outcome(control);
    if (control->wants_another) {
        control->wants_another = false;
        begin_load(control);
    }
    skm_admin_resume(control->admin);
}

uint64_t skm_control_want_load(struct skm_control *control)
{
    if (control->is_loading) {
        control->wants_another = true;
        return control->loads + 1;
    }
    begin_load(control);
    return control->loads;
}

const struct skm_live_outcome *skm_control_outcome(const struct skm_control *control, uint64_t load,
                                                   skm_span *out_restart)
{
    if (control->finished < load) {
        return NULL;
    }
    *out_restart = skm_buf_span(&control->restart);
    return &control->outcome;
}

int64_t skm_control_loading_since_ms(const struct skm_control *control)
{
    return control->is_loading ? control->loading_since_ms : 0;
}

static void on_wake(void *ctx)
{
    (void)skm_control_want_load(ctx);
}

const struct skm_live *skm_control_live(const struct skm_control *control)
{
    return control->live;
}

void skm_control_reload(struct skm_control *control)
{
    skm_loop_wake_notify(control->wake);
}

/* ---- life ---- */

static skm_err set_up(struct skm_control *control, struct skm_diags *diags)
{
    SKM_TRY(skm_loop_new(control->options.clock, &control->loop));
    SKM_TRY(skm_loop_wake_new(control->loop, on_wake, control, &control->wake));
    SKM_TRY(skm_loop_wake_new(control->loop, on_loaded, control, &control->loaded));
    struct skm_admin_options options = {
        .control = control,
        .loop = control->loop,
        .config = control->started,
        .workers = control->options.workers,
        .worker_count = control->options.worker_count,
        .config_path = control->options.config_path,
        .started_wall_ms = control->options.started_wall_ms,
    };
    return skm_admin_new(&options, diags, &control->admin);
}

skm_err skm_control_new(const struct skm_control_options *options, struct skm_diags *diags,
                        struct skm_control **out_control)
{
    SKM_CLEANUP(cleanup_control) struct skm_control *control = skm_mem_alloc(sizeof *control);
    if (control == NULL) {
        return SKM_ERR(MEMORY);
    }
    (void)pthread_mutex_init(&control->mutex, NULL);
    (void)pthread_cond_init(&control->taken, NULL);
    skm_buf_init(&control->restart, RESTART_BYTES);
    control->options = *options;
    control->live = skm_live_ref(options->live);
    control->started = skm_config_ref(options->live->config);
    note_load(control, options->first);
    control->options.first = NULL;
    SKM_TRY(set_up(control, diags));
    *out_control = SKM_TAKE(control);
    return SKM_OK;
}

bool skm_control_join_loader(struct skm_control *control, const struct timespec *until)
{
    if (control->is_loading && pthread_timedjoin_np(control->loader, NULL, until) != 0) {
        return false;
    }
    control->is_loading = false;
    return true;
}

void skm_control_free(struct skm_control *control)
{
    if (control == NULL) {
        return;
    }
    skm_admin_free(control->admin);
    skm_loop_wake_free(control->wake);
    skm_loop_wake_free(control->loaded);
    skm_live_outcome_fini(&control->loading);
    skm_live_outcome_fini(&control->outcome);
    skm_buf_fini(&control->restart);
    skm_loop_free(control->loop);
    skm_live_unref(control->live);
    skm_config_unref(control->started);
    (void)pthread_cond_destroy(&control->taken);
    (void)pthread_mutex_destroy(&control->mutex);
    skm_mem_free(control);
}

skm_err skm_control_run(struct skm_control *control)
{
    return skm_loop_run(control->loop);
}

void skm_control_stop(struct skm_control *control)
{
    skm_loop_stop(control->loop, 0);
}
