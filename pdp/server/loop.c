/* The loop is libevent's, driven one turn at a time: after each turn the remembered time is forgotten and the
 * question "finished?" is asked. Other threads reach it through an eventfd only, so that libevent needs no locks. */
#include "server/loop.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/attr.h"
#include "base/mem.h"

#define SIGNALS_MAX   8
#define STOP_SUBS_MAX 64
#define NO_DEADLINE   UINT32_MAX

struct signal_watch {
    struct event *event;
    skm_loop_signal_fn fn;
    void *ctx;
};

struct stop_sub {
    skm_loop_fn fn;
    void *ctx;
};

struct skm_loop {
    struct event_base *base;
    const struct skm_clock *clock;
    bool has_wall; /* wall_ms holds this turn's time */
    bool has_monotonic;
    bool stopping;
    bool finished;
    int64_t wall_ms;
    int64_t monotonic_ns;
    uint64_t holds;
    struct skm_loop_wake *stop_wake;
    struct skm_loop_timer *deadline;
    int64_t deadline_ns;            /* valid while stopping */
    _Atomic uint32_t stop_after_ms; /* smallest asked for and not yet seen; NO_DEADLINE: none */
    struct signal_watch signals[SIGNALS_MAX];
    size_t signal_count;
    struct stop_sub stop_subs[STOP_SUBS_MAX];
    size_t stop_sub_count;
};

struct skm_loop_timer {
    struct event *event;
    skm_loop_fn fn;
    void *ctx;
};

struct skm_loop_wake {
    struct event *event;
    int fd;
    skm_loop_fn fn;
    void *ctx;
};

/* ---- time ---- */

int64_t skm_loop_wall_ms(struct skm_loop *loop)
{
    if (!loop->has_wall) {
        loop->wall_ms = skm_clock_wall_ms(loop->clock);
        loop->has_wall = true;
    }
    return loop->wall_ms;
}

int64_t skm_loop_monotonic_ns(struct skm_loop *loop)
{
    if (!loop->has_monotonic) {
        loop->monotonic_ns = skm_clock_monotonic_ns(loop->clock);
        loop->has_monotonic = true;
    }
    return loop->monotonic_ns;
}

static void forget_time(struct skm_loop *loop)
{
    loop->has_wall = false;
    loop->has_monotonic = false;
}

/* ---- timers ---- */

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    struct skm_loop_timer *timer = ctx;
    (void)fd;
    (void)what;
    timer->fn(timer->ctx);
}

skm_err skm_loop_timer_new(struct skm_loop *loop, skm_loop_fn fn, void *ctx,
                           struct skm_loop_timer **out_timer)
{
    struct skm_loop_timer *timer = skm_mem_alloc(sizeof *timer);
    if (timer == NULL) {
        return SKM_ERR(MEMORY);
    }
    timer->fn = fn;
    timer->ctx = ctx;
    timer->event = evtimer_new(loop->base, on_timer, timer);
    if (timer->event == NULL) {
        skm_mem_free(timer);
        return SKM_ERR(MEMORY);
    }
    *out_timer = timer;
    return SKM_OK;
}

void skm_loop_timer_free(struct skm_loop_timer *timer)
{
    if (timer == NULL) {
        return;
    }
    event_free(timer->event);
    skm_mem_free(timer);
}

skm_err skm_loop_timer_start(struct skm_loop_timer *timer, int64_t after_ms)
{
    int64_t ms = after_ms < 0 ? 0 : after_ms;
    struct timeval delay = {.tv_sec = (time_t)(ms / 1000),
                            .tv_usec = (suseconds_t)(ms % 1000 * 1000)};
    return evtimer_add(timer->event, &delay) == 0 ? SKM_OK : SKM_ERR(MEMORY);
}

void skm_loop_timer_stop(struct skm_loop_timer *timer)
{
    (void)evtimer_del(timer->event);
}

/* ---- wake-ups from elsewhere ---- */

static void on_wake(evutil_socket_t fd, short what, void *ctx)
{
    struct skm_loop_wake *wake = ctx;
    uint64_t count = 0;
    (void)what;
    /* Nothing to read means that an earlier turn has served this notification already. */
    if (read(fd, &count, sizeof count) == (ssize_t)sizeof count) {
        wake->fn(wake->ctx);
    }
}

skm_err skm_loop_wake_new(struct skm_loop *loop, skm_loop_fn fn, void *ctx,
                          struct skm_loop_wake **out_wake)
{
    struct skm_loop_wake *wake = skm_mem_alloc(sizeof *wake);
    if (wake == NULL) {
        return SKM_ERR(MEMORY);
    }
    wake->fn = fn;
    wake->ctx = ctx;
    wake->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wake->fd >= 0) {
        wake->event = event_new(loop->base, wake->fd, EV_READ | EV_PERSIST, on_wake, wake);
    }
    if (wake->event == NULL || event_add(wake->event, NULL) != 0) {
        skm_loop_wake_free(wake);
        return SKM_ERR(IO);
    }
    *out_wake = wake;
    return SKM_OK;
}

void skm_loop_wake_free(struct skm_loop_wake *wake)
{
    if (wake == NULL) {
        return;
    }
    if (wake->event != NULL) {
        event_free(wake->event);
    }
    if (wake->fd >= 0) {
        (void)close(wake->fd);
    }
    skm_mem_free(wake);
}

void skm_loop_wake_notify(struct skm_loop_wake *wake)
{
    uint64_t one = 1;
    int saved = errno;
    /* Refused only when the counter is full: then the loop will wake anyway. */
    ssize_t written = write(wake->fd, &one, sizeof one);
    (void)written;
    errno = saved;
}

/* ---- signals ---- */

static void on_signal(evutil_socket_t signal_number, short what, void *ctx)
{
    struct signal_watch *watch = ctx;
    (void)what;
    watch->fn(watch->ctx, (int)signal_number);
}

skm_err skm_loop_on_signal(struct skm_loop *loop, int signal_number, skm_loop_signal_fn fn,
                           void *ctx)
{
    if (loop->signal_count == SIGNALS_MAX) {
        return SKM_ERR(COUNT);
    }
    struct signal_watch *watch = &loop->signals[loop->signal_count];
    *watch = (struct signal_watch){.fn = fn, .ctx = ctx};
    watch->event = evsignal_new(loop->base, signal_number, on_signal, watch);
    if (watch->event == NULL) {
        return SKM_ERR(MEMORY);
    }
    if (evsignal_add(watch->event, NULL) != 0) {
        event_free(watch->event);
        return SKM_ERR(IO);
    }
    loop->signal_count++;
    return SKM_OK;
}

/* ---- stopping ---- */

static void finish_when_free(struct skm_loop *loop)
{
    if (loop->stopping && loop->holds == 0) {
        loop->finished = true;
    }
}

static void on_deadline(void *ctx)
{
    struct skm_loop *loop = ctx;
    loop->finished = true;
}

static void tell_stop(struct skm_loop *loop)
{
    loop->stopping = true;
    /* A subscriber may take itself off while it is told. */
    for (size_t i = loop->stop_sub_count; i-- > 0;) {
        if (i < loop->stop_sub_count) {
            loop->stop_subs[i].fn(loop->stop_subs[i].ctx);
        }
    }
}

static void on_stop_wake(void *ctx)
{
    struct skm_loop *loop = ctx;
    uint32_t after_ms = atomic_exchange(&loop->stop_after_ms, NO_DEADLINE);
    int64_t deadline_ns = skm_loop_monotonic_ns(loop) + (int64_t)after_ms * 1000000;
    bool first = !loop->stopping;
    if (first || deadline_ns < loop->deadline_ns) {
        loop->deadline_ns = deadline_ns;
        if (!skm_is_ok(skm_loop_timer_start(loop->deadline, after_ms))) {
            loop->finished = true;
        }
    }
    if (first) {
        tell_stop(loop);
    }
    finish_when_free(loop);
}

void skm_loop_stop(struct skm_loop *loop, uint32_t deadline_ms)
{
    uint32_t asked = deadline_ms == NO_DEADLINE ? NO_DEADLINE - 1 : deadline_ms;
    uint32_t seen = atomic_load(&loop->stop_after_ms);
    while (asked < seen && !atomic_compare_exchange_weak(&loop->stop_after_ms, &seen, asked)) {
    }
    skm_loop_wake_notify(loop->stop_wake);
}

bool skm_loop_is_stopping(const struct skm_loop *loop)
{
    return loop->stopping;
}

skm_err skm_loop_on_stop(struct skm_loop *loop, skm_loop_fn fn, void *ctx)
{
    if (loop->stop_sub_count == STOP_SUBS_MAX) {
        return SKM_ERR(COUNT);
    }
    loop->stop_subs[loop->stop_sub_count++] = (struct stop_sub){.fn = fn, .ctx = ctx};
    return SKM_OK;
}

void skm_loop_off_stop(struct skm_loop *loop, skm_loop_fn fn, void *ctx)
{
    for (size_t i = 0; i < loop->stop_sub_count; i++) {
        if (loop->stop_subs[i].fn == fn && loop->stop_subs[i].ctx == ctx) {
            loop->stop_subs[i] = loop->stop_subs[--loop->stop_sub_count];
            return;
        }
    }
}

void skm_loop_hold(struct skm_loop *loop)
{
    loop->holds++;
}

void skm_loop_release(struct skm_loop *loop)
{
    loop->holds--;
    finish_when_free(loop);
}

/* ---- lifetime ---- */

static struct event_base *base_new(void)
{
    struct event_config *config = event_config_new();
    if (config == NULL) {
        return NULL;
    }
    struct event_base *base = NULL;
    if (event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0 &&
        event_config_require_features(config, EV_FEATURE_O1) == 0) {
        base = event_base_new_with_config(config);
    }
    event_config_free(config);
    return base;
}

skm_err skm_loop_new(const struct skm_clock *clock, struct skm_loop **out_loop)
{
    struct skm_loop *loop = skm_mem_alloc(sizeof *loop);
    if (loop == NULL) {
        return SKM_ERR(MEMORY);
    }
    loop->clock = clock == NULL ? skm_clock_system() : clock;
    atomic_init(&loop->stop_after_ms, NO_DEADLINE);
    loop->base = base_new();
    if (loop->base == NULL) {
        skm_loop_free(loop);
        return SKM_ERR(IO);
    }
    skm_err err = skm_loop_timer_new(loop, on_deadline, loop, &loop->deadline);
    if (skm_is_ok(err)) {
        err = skm_loop_wake_new(loop, on_stop_wake, loop, &loop->stop_wake);
    }
    if (!skm_is_ok(err)) {
        skm_loop_free(loop);
        return err;
    }
    *out_loop = loop;
    return SKM_OK;
}

void skm_loop_free(struct skm_loop *loop)
{
    if (loop == NULL) {
        return;
    }
    for (size_t i = 0; i < loop->signal_count; i++) {
        event_free(loop->signals[i].event);
    }
    skm_loop_wake_free(loop->stop_wake);
    skm_loop_timer_free(loop->deadline);
    if (loop->base != NULL) {
        event_base_free(loop->base);
    }
    skm_mem_free(loop);
}

skm_err skm_loop_run(struct skm_loop *loop)
{
    while (!loop->finished) {
        forget_time(loop);
        if (event_base_loop(loop->base, EVLOOP_ONCE) < 0) {
            return SKM_ERR(IO);
        }
    }
    return SKM_OK;
}

struct event_base *skm_loop_event_base(struct skm_loop *loop)
{
    return loop->base;
}
