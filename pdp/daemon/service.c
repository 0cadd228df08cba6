#include "daemon/service.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sekimori/version.h>

#include "base/attr.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/span.h"
#include "daemon/control.h"
#include "daemon/process.h"
#include "daemon/worker.h"
#include "server/loop.h"

#define WORKERS_MAX 64u

/* A load under way at the stop is not worth waiting for. */
#define CONTROL_STOP_S 2

struct service {
    const struct skm_service_options *options;
    const struct skm_config *config;
    struct skm_worker *workers[WORKERS_MAX]; /* owned */
    const struct skm_metrics *metrics[WORKERS_MAX];
    size_t worker_count;
    pthread_t worker_threads[WORKERS_MAX]; /* [0] is the main thread */
    size_t thread_count;                   /* started, [0] included */
    struct skm_control *control;           /* owned */
    pthread_t control_thread;
    bool has_control_thread;
    int *fds; /* bound sockets, one per listener; owned */
    size_t fd_count;
    bool is_stopping; /* atomic */
    int64_t started_wall_ms;
};

/* ---- what workers ask ---- */

static void on_taken(void *ctx)
{
    struct service *service = ctx;
    skm_control_on_taken(service->control);
}

static bool is_stopping(void *ctx)
{
    struct service *service = ctx;
    return __atomic_load_n(&service->is_stopping, __ATOMIC_ACQUIRE);
}

static void view(void *ctx, struct skm_metrics_view *out_view)
{
    struct service *service = ctx;
    *out_view = (struct skm_metrics_view){
        .workers = service->metrics,
        .worker_count = service->worker_count,
        .now_wall_ms = skm_clock_wall_ms(service->options->clock),
        .started_wall_ms = service->started_wall_ms,
    };
    skm_control_reloads(service->control, &out_view->reloads);
    for (size_t i = 0; i < service->worker_count; i++) {
        skm_worker_add_http(service->workers[i], &out_view->http);
    }
}

/* ---- signals: in the loop of worker 0 ---- */

static void stop(struct service *service)
{
    bool is_second = __atomic_exchange_n(&service->is_stopping, true, __ATOMIC_ACQ_REL);
    uint32_t deadline_ms = is_second ? 0 : (uint32_t)service->config->limits.stop_timeout;
    if (!is_second) {
        skm_process_notify("STOPPING=1");
        skm_log(SKM_LOG_NOTICE, "stopping: requests under way have %" PRIu32 " ms", deadline_ms);
    }
    for (size_t i = 0; i < service->worker_count; i++) {
        skm_worker_stop(service->workers[i], deadline_ms);
    }
}

static void on_signal(void *ctx, int signal_number)
{
    struct service *service = ctx;
    if (signal_number == SIGHUP) {
        skm_log(SKM_LOG_INFO, "reload: SIGHUP");
        skm_control_reload(service->control);
        return;
    }
    stop(service);
}

static skm_err watch_signals(struct service *service)
{
    static const int signals[] = {SIGHUP, SIGTERM, SIGINT};
    for (size_t i = 0; i < SKM_ARRAY_LEN(signals); i++) {
        SKM_TRY(skm_loop_on_signal(skm_worker_loop(service->workers[0]), signals[i], on_signal,
                                   service));
    }
    return SKM_OK;
}

/* ---- set-up ---- */

static skm_err bind_listeners(struct service *service, struct skm_diags *diags)
{
    size_t count = service->config->listeners.count;
    service->fds = skm_mem_alloc_array(count, sizeof *service->fds);
    if (service->fds == NULL) {
        return SKM_ERR(MEMORY);
    }
    skm_err result = SKM_OK;
    for (size_t i = 0; i < count; i++) {
        struct skm_listener_options options =
            skm_worker_listener_options(service->options->live, i);
        service->fds[i] = -1;
        service->fd_count = i + 1;
        skm_err err = skm_listener_bind(&options, diags, &service->fds[i]);
        result = skm_is_ok(result) ? err : result;
    }
    return result;
}

static void close_listeners(struct service *service)
{
    for (size_t i = 0; i < service->fd_count; i++) {
        if (service->fds[i] >= 0) {
            (void)close(service->fds[i]);
        }
    }
    service->fd_count = 0;
    skm_mem_free(service->fds);
    service->fds = NULL;
}

static skm_err make_workers(struct service *service, struct skm_diags *diags)
{
    struct skm_worker_options options = {
        .live = service->options->live,
        .clock = service->options->clock,
        .count = (size_t)service->config->threads,
        .on_taken = on_taken,
        .is_stopping = is_stopping,
        .view = view,
        .ctx = service,
    };
    for (size_t i = 0; i < options.count && i < WORKERS_MAX; i++) {
        SKM_TRY(skm_worker_new(&options, &service->workers[i]));
        service->metrics[i] = skm_worker_metrics(service->workers[i]);
        service->worker_count = i + 1;
        SKM_TRY(skm_worker_listen(service->workers[i], service->fds, diags));
    }
    return SKM_OK;
}

static skm_err make_control(struct service *service, struct skm_diags *diags)
{
    struct skm_control_options options = {
        .config_path = service->options->config_path,
        .clock = service->options->clock,
        .workers = service->workers,
        .worker_count = service->worker_count,
        .live = service->options->live,
        .started_wall_ms = service->started_wall_ms,
        .first = service->options->first,
    };
    return skm_control_new(&options, diags, &service->control);
}

static skm_err set_up(struct service *service, struct skm_diags *diags)
{
    (void)skm_listener_raise_fd_limit();
    SKM_TRY(bind_listeners(service, diags));
    SKM_TRY(make_workers(service, diags));
    close_listeners(service);
    SKM_TRY(make_control(service, diags));
    return watch_signals(service);
}

/* ---- threads ---- */

static void *run_worker(void *ctx)
{
    if (!skm_is_ok(skm_worker_run(ctx))) {
        skm_log(SKM_LOG_ERROR, "a worker's loop failed");
    }
    return NULL;
}

static void *run_control(void *ctx)
{
    if (!skm_is_ok(skm_control_run(ctx))) {
        skm_log(SKM_LOG_ERROR, "the control loop failed");
    }
    return NULL;
}

static skm_err start_thread(pthread_t *thread, void *(*body)(void *), void *ctx)
{
    return pthread_create(thread, NULL, body, ctx) == 0 ? SKM_OK : SKM_ERR(IO);
}

static skm_err start_all(struct service *service)
{
    SKM_TRY(start_thread(&service->control_thread, run_control, service->control));
    service->has_control_thread = true;
    service->thread_count = 1;
    for (size_t i = 1; i < service->worker_count; i++) {
        SKM_TRY(start_thread(&service->worker_threads[i], run_worker, service->workers[i]));
        service->thread_count = i + 1;
    }
    return SKM_OK;
}

/* Signals go to the main thread, whose loop watches them: the others begin with all of them blocked. */
static skm_err start_threads(struct service *service)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0) {
        return SKM_ERR(IO);
    }
    skm_err err = start_all(service);
    if (pthread_sigmask(SIG_SETMASK, &before, NULL) != 0) {
        return SKM_ERR(IO);
    }
    return err;
}

/* True when the control thread has ended. One that is in the middle of a long load is left to the process's end. */
static bool join_control(struct service *service)
{
    struct timespec until;
    if (!service->has_control_thread) {
        return true;
    }
    skm_control_stop(service->control);
    int64_t until_ms = skm_clock_wall_ms(skm_clock_system()) + CONTROL_STOP_S * INT64_C(1000);
    until.tv_sec = (time_t)(until_ms / 1000);
    until.tv_nsec = (long)(until_ms % 1000) * 1000000;
    return pthread_timedjoin_np(service->control_thread, NULL, &until) == 0 &&
           skm_control_join_loader(service->control, &until);
}

static void join_workers(struct service *service)
{
    for (size_t i = 1; i < service->thread_count; i++) {
        skm_worker_stop(service->workers[i], 0);
        (void)pthread_join(service->worker_threads[i], NULL);
    }
}

static void log_start(const struct service *service)
{
    const struct skm_load_counts *counts = &service->options->live->counts;
    for (size_t i = 0; i < service->config->listeners.count; i++) {
        skm_log(SKM_LOG_NOTICE, "listening on %s (%s)", skm_worker_address(service->workers[0], i),
                service->config->listeners.items[i].tls == NULL ? "http" : "https");
    }
    skm_log(
        SKM_LOG_NOTICE,
        "sekimorid %s is ready: %zu policies, %zu template links, %zu obligations, %zu entities",
        SKM_VERSION, counts->policies, counts->links, counts->obligations, counts->entities);
    if (geteuid() == 0) {
        skm_log(SKM_LOG_WARNING, "running as root, which nothing here needs");
    }
}

static skm_err serve(struct service *service)
{
    SKM_TRY(start_threads(service));
    log_start(service);
    skm_process_notify("READY=1");
    return skm_worker_run(service->workers[0]);
}

static void free_all(struct service *service)
{
    close_listeners(service);
    for (size_t i = 0; i < service->worker_count; i++) {
        skm_worker_free(service->workers[i]);
    }
    skm_control_free(service->control);
}

skm_err skm_service_run(const struct skm_service_options *options, struct skm_diags *diags)
{
    struct service service = {
        .options = options,
        .config = options->live->config,
        .started_wall_ms = skm_clock_wall_ms(options->clock),
    };
    skm_err err = set_up(&service, diags);
    if (skm_is_ok(err)) {
        err = serve(&service);
        join_workers(&service);
    }
    bool all_ended = join_control(&service);
    if (skm_is_ok(err)) {
        skm_log(SKM_LOG_NOTICE, "stopped");
    }
    if (!all_ended) {
        /* What exit() cleans up, libraries use in the load that goes on. */
        _exit(skm_is_ok(err) ? 0 : 1);
    }
    free_all(&service);
    return err;
}
