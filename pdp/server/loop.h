/* The event loop of one thread: readiness, timers, signals, and wake-ups from other threads.
 *
 * A loop belongs to the thread that runs it; several threads run one loop each and share nothing here.
 * Clocks are read at most once per turn: everything that became ready together sees the same time.
 *
 * Stopping is graceful. skm_loop_stop() tells everyone who asked with skm_loop_on_stop(); they stop taking
 * in work and finish what they have. Whoever still has something to finish holds the loop
 * (skm_loop_hold()); when the last hold is released, or the deadline passes, skm_loop_run() returns.
 *
 * Threads: the loop's own thread, unless a function says otherwise. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sekimori/error.h>

#include "base/clock.h"

struct event_base;
struct skm_loop;
struct skm_loop_timer;
struct skm_loop_wake;

typedef void (*skm_loop_fn)(void *ctx);
typedef void (*skm_loop_signal_fn)(void *ctx, int signal_number);

/* `clock` is borrowed, NULL: the system's. SKM_E_MEMORY, SKM_E_IO. */
SKM_MUST skm_err skm_loop_new(const struct skm_clock *clock, struct skm_loop **out_loop);

/* Servers, timers and wake-ups of the loop are to be freed first. NULL is accepted. */
void skm_loop_free(struct skm_loop *loop);

/* Serves until stopped. SKM_E_IO when the kernel refuses to wait. */
SKM_MUST skm_err skm_loop_run(struct skm_loop *loop);

/* Any thread, also from a signal handler. Begins the graceful stop; what is not finished after `deadline_ms`
 * is cut. A second call can only make the deadline earlier. */
void skm_loop_stop(struct skm_loop *loop, uint32_t deadline_ms);

bool skm_loop_is_stopping(const struct skm_loop *loop);

/* `fn` is called once when the stop begins. The registration lasts as long as the loop or until skm_loop_off_stop(). */
SKM_MUST skm_err skm_loop_on_stop(struct skm_loop *loop, skm_loop_fn fn, void *ctx);
void skm_loop_off_stop(struct skm_loop *loop, skm_loop_fn fn, void *ctx);

/* While held, a stopping loop goes on. */
void skm_loop_hold(struct skm_loop *loop);
void skm_loop_release(struct skm_loop *loop);

/* This turn's time. */
int64_t skm_loop_wall_ms(struct skm_loop *loop);
int64_t skm_loop_monotonic_ns(struct skm_loop *loop);

/* `fn` runs in the loop, not in signal context. One loop of the process only. SKM_E_MEMORY, SKM_E_COUNT. */
SKM_MUST skm_err skm_loop_on_signal(struct skm_loop *loop, int signal_number, skm_loop_signal_fn fn,
                                    void *ctx);

/* A timer that fires once after skm_loop_timer_start(); starting again moves it. */
SKM_MUST skm_err skm_loop_timer_new(struct skm_loop *loop, skm_loop_fn fn, void *ctx,
                                    struct skm_loop_timer **out_timer);
void skm_loop_timer_free(struct skm_loop_timer *timer);
SKM_MUST skm_err skm_loop_timer_start(struct skm_loop_timer *timer, int64_t after_ms);
void skm_loop_timer_stop(struct skm_loop_timer *timer);

/* Lets other threads call into the loop: `fn` runs in the loop some time after skm_loop_wake_notify(). Several
 * notifications may be served by one call. */
SKM_MUST skm_err skm_loop_wake_new(struct skm_loop *loop, skm_loop_fn fn, void *ctx,
                                   struct skm_loop_wake **out_wake);
/* Loop thread; no other thread may notify any more. NULL is accepted. */
void skm_loop_wake_free(struct skm_loop_wake *wake);
/* Any thread, also from a signal handler. Never blocks. */
void skm_loop_wake_notify(struct skm_loop_wake *wake);

/* For the other files of this folder. */
struct event_base *skm_loop_event_base(struct skm_loop *loop);
