#include "fixture.h"

#include <signal.h>

struct record {
    struct skm_loop *loop;
    struct skm_loop_timer *timer;
    atomic_int calls;
    int64_t first_ns;
    int64_t wall_ms;
    bool same;
};

static void stop_now(void *ctx)
{
    struct record *record = ctx;
    record->calls++;
    skm_loop_stop(record->loop, 0);
}

static void count_call(void *ctx)
{
    struct record *record = ctx;
    record->calls++;
}

static void test_timer_fires_once_and_can_be_moved_and_stopped(void **state)
{
    (void)state;
    struct record early = {0};
    struct record stopped = {0};
    struct record last = {0};
    struct skm_loop *loop = NULL;
    assert_ok(skm_loop_new(NULL, &loop));
    last.loop = loop;
    assert_ok(skm_loop_timer_new(loop, count_call, &early, &early.timer));
    assert_ok(skm_loop_timer_new(loop, count_call, &stopped, &stopped.timer));
    assert_ok(skm_loop_timer_new(loop, stop_now, &last, &last.timer));
    assert_ok(skm_loop_timer_start(early.timer, 1000000));
    assert_ok(skm_loop_timer_start(early.timer, 5));
    assert_ok(skm_loop_timer_start(stopped.timer, 5));
    skm_loop_timer_stop(stopped.timer);
    assert_ok(skm_loop_timer_start(last.timer, 40));
    assert_ok(skm_loop_run(loop));
    assert_int_equal(early.calls, 1);
    assert_int_equal(stopped.calls, 0);
    assert_int_equal(last.calls, 1);
    skm_loop_timer_free(early.timer);
    skm_loop_timer_free(stopped.timer);
    skm_loop_timer_free(last.timer);
    skm_loop_free(loop);
}

static void *notify_many(void *ctx)
{
    for (int i = 0; i < 1000; i++) {
        skm_loop_wake_notify(ctx);
    }
    return NULL;
}

static void test_other_threads_wake_the_loop(void **state)
{
    (void)state;
    struct record record = {0};
    struct skm_loop_wake *wake = NULL;
    pthread_t thread;
    assert_ok(skm_loop_new(NULL, &record.loop));
    assert_ok(skm_loop_wake_new(record.loop, stop_now, &record, &wake));
    assert_int_equal(pthread_create(&thread, NULL, notify_many, wake), 0);
    assert_ok(skm_loop_run(record.loop));
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_in_range(record.calls, 1, 1000);
    skm_loop_wake_free(wake);
    skm_loop_free(record.loop);
}

static void on_signal_stop(void *ctx, int signal_number)
{
    struct record *record = ctx;
    record->calls = signal_number;
    skm_loop_stop(record->loop, 0);
}

static void raise_usr1(void *ctx)
{
    (void)ctx;
    (void)raise(SIGUSR1);
}

static void test_signals_are_served_in_the_loop(void **state)
{
    (void)state;
    struct record record = {0};
    assert_ok(skm_loop_new(NULL, &record.loop));
    assert_ok(skm_loop_on_signal(record.loop, SIGUSR1, on_signal_stop, &record));
    assert_ok(skm_loop_timer_new(record.loop, raise_usr1, &record, &record.timer));
    assert_ok(skm_loop_timer_start(record.timer, 1));
    assert_ok(skm_loop_run(record.loop));
    assert_int_equal(record.calls, SIGUSR1);
    skm_loop_timer_free(record.timer);
    skm_loop_free(record.loop);
}

static void release_later(void *ctx)
{
    struct record *record = ctx;
    record->calls++;
    skm_loop_release(record->loop);
}

static void test_stopping_loop_waits_for_those_who_hold_it(void **state)
{
    (void)state;
    struct record record = {0};
    assert_ok(skm_loop_new(NULL, &record.loop));
    assert_ok(skm_loop_on_stop(record.loop, count_call, &record));
    skm_loop_hold(record.loop);
    assert_ok(skm_loop_timer_new(record.loop, release_later, &record, &record.timer));
    assert_ok(skm_loop_timer_start(record.timer, 30));
    skm_loop_stop(record.loop, 10000);
    int64_t begun_ms = now_ms();
    assert_ok(skm_loop_run(record.loop));
    assert_in_range(now_ms() - begun_ms, 20, 3000);
    assert_int_equal(record.calls, 2);
    assert_true(skm_loop_is_stopping(record.loop));
    skm_loop_timer_free(record.timer);
    skm_loop_free(record.loop);
}

static void stop_late(void *ctx)
{
    struct record *record = ctx;
    record->calls++;
    skm_loop_stop(record->loop, 60000);
}

static void stop_soon(void *ctx)
{
    struct record *record = ctx;
    record->calls++;
    skm_loop_stop(record->loop, 30);
}

static void test_second_stop_makes_the_deadline_earlier_never_later(void **state)
{
    (void)state;
    for (int earlier = 0; earlier < 2; earlier++) {
        struct record record = {0};
        assert_ok(skm_loop_new(NULL, &record.loop));
        assert_ok(skm_loop_on_stop(record.loop, earlier == 1 ? stop_soon : stop_late, &record));
        skm_loop_hold(record.loop);
        skm_loop_stop(record.loop, earlier == 1 ? 60000 : 30);
        int64_t begun_ms = now_ms();
        assert_ok(skm_loop_run(record.loop));
        assert_in_range(now_ms() - begun_ms, 20, 5000);
        assert_int_equal(record.calls, 1);
        skm_loop_free(record.loop);
    }
}

static int64_t counting_clock(void *ctx)
{
    int64_t *reads = ctx;
    return ++*reads * 1000;
}

static void note_time(void *ctx)
{
    struct record *record = ctx;
    int64_t ns = skm_loop_monotonic_ns(record->loop);
    int64_t wall_ms = skm_loop_wall_ms(record->loop);
    sleep_us(2000);
    record->same =
        ns == skm_loop_monotonic_ns(record->loop) && wall_ms == skm_loop_wall_ms(record->loop);
    if (record->calls++ == 0) {
        record->first_ns = ns;
        assert_ok(skm_loop_timer_start(record->timer, 5));
        return;
    }
    record->first_ns = ns - record->first_ns;
    skm_loop_stop(record->loop, 0);
}

static void test_time_stands_still_within_a_turn_and_moves_between_turns(void **state)
{
    (void)state;
    int64_t reads = 0;
    struct skm_clock clock = {
        .wall_ms = counting_clock, .monotonic_ns = counting_clock, .ctx = &reads};
    struct record record = {0};
    assert_ok(skm_loop_new(&clock, &record.loop));
    assert_ok(skm_loop_timer_new(record.loop, note_time, &record, &record.timer));
    assert_ok(skm_loop_timer_start(record.timer, 1));
    assert_ok(skm_loop_run(record.loop));
    assert_true(record.same);
    assert_true(record.first_ns > 0);
    skm_loop_timer_free(record.timer);
    skm_loop_free(record.loop);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_timer_fires_once_and_can_be_moved_and_stopped),
    cmocka_unit_test(test_other_threads_wake_the_loop),
    cmocka_unit_test(test_signals_are_served_in_the_loop),
    cmocka_unit_test(test_stopping_loop_waits_for_those_who_hold_it),
    cmocka_unit_test(test_second_stop_makes_the_deadline_earlier_never_later),
    cmocka_unit_test(test_time_stands_still_within_a_turn_and_moves_between_turns),
};

SKM_TEST_MAIN(tests)
