/* The set: who may come in, whose time is up, how all of it ends. */
#include "server/conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/span.h"
#include "server/counter.h"

#define NS_PER_MS 1000000
#define NEVER     INT64_MAX
/* An idle connection may have a request under way when a stop begins: it gets this long to arrive. */
#define DRAIN_IDLE_MS 50
/* TLS adds at most this to a record's payload (RFC 8446 §5.2), records hold 16 KiB. */
#define TLS_EXTRA(bytes) (((bytes) / 16384 + 8) * 256)

/* ---- phases and deadlines ---- */

static void list_remove(struct skm_conn_list *list, struct skm_conn *conn)
{
    if (conn->prev != NULL) {
        conn->prev->next = conn->next;
    } else {
        list->first = conn->next;
    }
    if (conn->next != NULL) {
        conn->next->prev = conn->prev;
    } else {
        list->last = conn->prev;
    }
    skm_counter_set_size(&list->len, list->len - 1);
}

static void list_append(struct skm_conn_list *list, struct skm_conn *conn)
{
    conn->prev = list->last;
    conn->next = NULL;
    if (list->last != NULL) {
        list->last->next = conn;
    } else {
        list->first = conn;
    }
    list->last = conn;
    skm_counter_set_size(&list->len, list->len + 1);
}

static void arm(struct skm_conn_set *set, int64_t deadline_ns)
{
    if (deadline_ns >= set->timer_at_ns) {
        return;
    }
    int64_t wait_ns = deadline_ns - skm_loop_monotonic_ns(set->loop);
    /* Rounded up, so that the deadline has passed when the timer fires. */
    if (skm_is_ok(skm_loop_timer_start(set->timer, wait_ns <= 0 ? 0 : wait_ns / NS_PER_MS + 1))) {
        set->timer_at_ns = deadline_ns;
    }
}

static void place(struct skm_conn *conn, enum skm_conn_phase phase)
{
    struct skm_conn_set *set = conn->set;
    conn->phase = (uint8_t)phase;
    conn->deadline_ns =
        skm_loop_monotonic_ns(set->loop) + (int64_t)set->options.timeout_ms[phase] * NS_PER_MS;
    list_append(&set->lists[phase], conn);
    arm(set, conn->deadline_ns);
}

void skm_conn_enter(struct skm_conn *conn, enum skm_conn_phase phase)
{
    list_remove(&conn->set->lists[conn->phase], conn);
    place(conn, phase);
}

static void on_timer(void *ctx)
{
    struct skm_conn_set *set = ctx;
    int64_t now_ns = skm_loop_monotonic_ns(set->loop);
    int64_t next_ns = NEVER;
    set->timer_at_ns = NEVER;
    for (size_t phase = 0; phase < SKM_CONN_PHASES; phase++) {
        struct skm_conn_list *list = &set->lists[phase];
        while (list->first != NULL && list->first->deadline_ns <= now_ns) {
            skm_conn_expire(list->first);
        }
    }
    for (size_t phase = 0; phase < SKM_CONN_PHASES; phase++) {
        const struct skm_conn *first = set->lists[phase].first;
        next_ns = first != NULL && first->deadline_ns < next_ns ? first->deadline_ns : next_ns;
    }
    if (next_ns != NEVER) {
        set->timer_at_ns = NEVER;
        arm(set, next_ns);
    }
}

/* ---- coming in ---- */

static void on_event(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    skm_conn_serve(ctx, what);
}

static skm_err charge_peer(struct skm_conn *conn)
{
    if (conn->peer.is_unix || conn->peer.is_loopback) {
        return SKM_OK;
    }
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof address;
    if (getpeername(conn->fd, (struct sockaddr *)&address, &len) != 0) {
        return SKM_ERR(REFUSED);
    }
    conn->quota_key = skm_quota_key_of((const struct sockaddr *)&address);
    skm_err err = skm_quota_charge(&conn->set->quota, conn->quota_key);
    conn->charged = skm_is_ok(err);
    return skm_is_err(err, SKM_E_COUNT) ? SKM_ERR(REFUSED) : err;
}

/* Room for one more: the connection that has been idle longest goes. */
static skm_err make_room(struct skm_conn_set *set)
{
    if (set->open < set->options.connections) {
        return SKM_OK;
    }
    struct skm_conn *oldest = set->lists[SKM_CONN_IDLE].first;
    if (oldest == NULL || oldest->serving) {
        return SKM_ERR(COUNT);
    }
    skm_counter_add(&set->counters.evicted, 1);
    skm_conn_free(oldest);
    return SKM_OK;
}

static skm_err prepare(struct skm_conn *conn, struct skm_tls_context *tls)
{
    struct skm_conn_set *set = conn->set;
    SKM_TRY(charge_peer(conn));
    if (tls != NULL) {
        SKM_TRY(skm_tls_session_new(tls, &conn->tls));
    }
    if (event_assign(&conn->event, skm_loop_event_base(set->loop), conn->fd, EV_READ | EV_PERSIST,
                     on_event, conn) != 0 ||
        event_add(&conn->event, NULL) != 0) {
        return SKM_ERR(MEMORY);
    }
    return SKM_OK;
}

static void unprepare(struct skm_conn *conn)
{
    if (conn->charged) {
        skm_quota_release(&conn->set->quota, conn->quota_key);
    }
    skm_tls_session_free(conn->tls);
    skm_mem_free(conn);
}

skm_err skm_conn_open(struct skm_conn_set *set, int fd, const struct skm_peer *peer,
                      struct skm_tls_context *tls)
{
    SKM_TRY(make_room(set));
    struct skm_conn *conn = skm_mem_alloc(sizeof *conn + 16 + set->options.state_bytes);
    if (conn == NULL) {
        return SKM_ERR(MEMORY);
    }
    conn->set = set;
    conn->fd = fd;
    conn->peer = *peer;
    conn->phase_next = SKM_CONN_IDLE;
    skm_buf_init(&conn->in, set->options.input_bytes + SKM_CONN_SCRATCH_BYTES * 2);
    skm_buf_init(&conn->out, set->wire.max_bytes);
    skm_err err = prepare(conn, tls);
    if (!skm_is_ok(err)) {
        unprepare(conn);
        return err;
    }
    place(conn, tls == NULL ? SKM_CONN_IDLE : SKM_CONN_HANDSHAKE);
    skm_counter_set_size(&set->open, set->open + 1);
    skm_counter_add(&set->counters.accepted, 1);
    skm_loop_hold(set->loop);
    return SKM_OK;
}

void *skm_conn_state(struct skm_conn *conn)
{
    uintptr_t end = (uintptr_t)(conn + 1);
    return (void *)((end + 15) & ~(uintptr_t)15);
}

/* ---- going out ---- */

void skm_conn_free(struct skm_conn *conn)
{
    struct skm_conn_set *set = conn->set;
    size_t buffers = skm_conn_buffers(conn);
    if (set->options.ops->on_close != NULL) {
        set->options.ops->on_close(conn);
    }
    (void)event_del(&conn->event);
    (void)close(conn->fd);
    list_remove(&set->lists[conn->phase], conn);
    skm_buf_fini(&conn->in);
    skm_buf_fini(&conn->out);
    skm_conn_charge_buffers(conn, buffers);
    unprepare(conn);
    skm_counter_set_size(&set->open, set->open - 1);
    skm_counter_add(&set->counters.closed, 1);
    skm_loop_release(set->loop);
}

/* A stop has begun. */
static void on_stop(void *ctx)
{
    struct skm_conn_set *set = ctx;
    set->draining = true;
    set->options.timeout_ms[SKM_CONN_IDLE] = DRAIN_IDLE_MS;
    int64_t deadline_ns = skm_loop_monotonic_ns(set->loop) + (int64_t)DRAIN_IDLE_MS * NS_PER_MS;
    for (struct skm_conn *conn = set->lists[SKM_CONN_IDLE].first; conn != NULL; conn = conn->next) {
        conn->deadline_ns = deadline_ns;
    }
    arm(set, deadline_ns);
}

/* ---- lifetime ---- */

static skm_err take_resources(struct skm_conn_set *set)
{
    set->scratch = skm_mem_alloc(SKM_CONN_SCRATCH_BYTES);
    if (set->scratch == NULL) {
        return SKM_ERR(MEMORY);
    }
    SKM_TRY(skm_quota_init(&set->quota, set->options.connections, set->options.peer_connections));
    SKM_TRY(skm_loop_timer_new(set->loop, on_timer, set, &set->timer));
    return skm_loop_on_stop(set->loop, on_stop, set);
}

skm_err skm_conn_set_init(struct skm_conn_set *set, struct skm_loop *loop,
                          const struct skm_conn_set_options *options)
{
    size_t wire_max = options->output_bytes + TLS_EXTRA(options->output_bytes);
    *set = (struct skm_conn_set){.loop = loop, .options = *options, .timer_at_ns = NEVER};
    skm_buf_init(&set->plain, SKM_CONN_SCRATCH_BYTES * 2);
    skm_buf_init(&set->answer, options->output_bytes);
    skm_buf_init(&set->wire, wire_max + SKM_CONN_SCRATCH_BYTES);
    skm_err err = take_resources(set);
    if (!skm_is_ok(err)) {
        skm_conn_set_fini(set);
    }
    return err;
}

void skm_conn_set_fini(struct skm_conn_set *set)
{
    if (set->loop == NULL) {
        return;
    }
    for (size_t phase = 0; phase < SKM_CONN_PHASES; phase++) {
        while (set->lists[phase].first != NULL) {
            skm_conn_free(set->lists[phase].first);
        }
    }
    skm_loop_off_stop(set->loop, on_stop, set);
    skm_loop_timer_free(set->timer);
    skm_quota_fini(&set->quota);
    skm_buf_fini(&set->plain);
    skm_buf_fini(&set->answer);
    skm_buf_fini(&set->wire);
    skm_mem_free(set->scratch);
    *set = (struct skm_conn_set){.loop = NULL};
}
