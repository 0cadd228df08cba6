/* One readiness of one connection: read, decrypt, serve, encrypt, write.
 *
 * INVARIANT: a connection is freed only at the end of skm_conn_serve() or skm_conn_expire(), or by somebody else while neither
 * is on the stack; protocols merely mark it (skm_conn_end). The set's shared buffers are empty between readinesses. */
#include "server/conn.h"

#include <errno.h>
#include <sys/socket.h>

#include <event2/event.h>

#include "base/attr.h"
#include "base/span.h"
#include "server/counter.h"

#define OUTPUT_FULL_BYTES ((size_t)256 * 1024)
/* Shared buffers larger than this are given back after use. */
#define KEEP_BYTES ((size_t)1024 * 1024)
/* A peer that goes on sending after the last answer is heard out so far. */
#define LINGER_BYTES_MAX ((uint64_t)4 * 1024 * 1024)

size_t skm_conn_buffers(const struct skm_conn *conn)
{
    return conn->in.cap + conn->out.cap;
}

void skm_conn_charge_buffers(struct skm_conn *conn, size_t before)
{
    /* Unsigned arithmetic wraps, so that taking away is adding too. */
    skm_counter_add(&conn->set->buffer_bytes, (uint64_t)skm_conn_buffers(conn) - before);
}

struct skm_buf *skm_conn_output(struct skm_conn *conn)
{
    return conn->tls == NULL ? &conn->set->wire : &conn->set->answer;
}

bool skm_conn_is_output_full(struct skm_conn *conn)
{
    return skm_conn_output(conn)->len >= OUTPUT_FULL_BYTES;
}

void skm_conn_end(struct skm_conn *conn)
{
    conn->ending = true;
}

static void empty(struct skm_buf *buf)
{
    size_t max = buf->max_bytes;
    if (buf->cap > KEEP_BYTES) {
        skm_buf_fini(buf);
        skm_buf_init(buf, max);
    } else {
        skm_buf_reset(buf);
    }
}

static void fault(struct skm_conn *conn, enum skm_conn_fault what)
{
    conn->set->options.ops->on_fault(conn, what);
}

static void watch(struct skm_conn *conn, bool for_room)
{
    if (conn->writing == for_room) {
        return;
    }
    conn->writing = for_room;
    event_callback_fn callback = event_get_callback(&conn->event);
    short what = for_room ? EV_WRITE : EV_READ;
    if (event_del(&conn->event) != 0 ||
        event_assign(&conn->event, skm_loop_event_base(conn->set->loop), conn->fd,
                     (short)(what | EV_PERSIST), callback, conn) != 0 ||
        event_add(&conn->event, NULL) != 0) {
        conn->dead = true;
    }
}

/* ---- writing ---- */

/* One try; how many bytes the peer took. */
static size_t send_some(struct skm_conn *conn, skm_span bytes)
{
    ssize_t sent = send(conn->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
    if (sent >= 0) {
        skm_counter_add(&conn->set->counters.bytes_out, (uint64_t)sent);
        return (size_t)sent;
    }
    if (errno != EAGAIN && errno != EINTR) {
        fault(conn, SKM_CONN_FAULT_IO);
        conn->dead = true;
    }
    return 0;
}

/* What the protocol wrote becomes what the network gets. */
static void seal(struct skm_conn *conn)
{
    struct skm_conn_set *set = conn->set;
    if (conn->tls == NULL) {
        return;
    }
    if (!skm_is_ok(skm_buf_check(&set->answer)) ||
        (set->answer.len != 0 &&
         !skm_is_ok(skm_tls_seal(conn->tls, skm_buf_span(&set->answer), &set->wire)))) {
        conn->dead = true;
    }
    empty(&set->answer);
    if (conn->ending && !conn->notified) {
        conn->notified = true;
        skm_tls_close(conn->tls, &set->wire);
    }
}

/* Keeps what the peer did not take. */
static void keep_output(struct skm_conn *conn, skm_span rest)
{
    size_t before = skm_conn_buffers(conn);
    if (conn->set->buffer_bytes + rest.len > conn->set->options.buffer_bytes) {
        fault(conn, SKM_CONN_FAULT_MEMORY);
        conn->dead = true;
        return;
    }
    skm_buf_append(&conn->out, rest);
    conn->dead = conn->dead || !skm_is_ok(skm_buf_check(&conn->out));
    skm_conn_charge_buffers(conn, before);
}

static void release_output(struct skm_conn *conn)
{
    size_t before = skm_conn_buffers(conn);
    size_t max = conn->out.max_bytes;
    skm_buf_fini(&conn->out);
    skm_buf_init(&conn->out, max);
    skm_conn_charge_buffers(conn, before);
}

/* Output waits or no longer waits: the phase and what is watched follow. */
static void settle_output(struct skm_conn *conn, bool progress)
{
    bool waits = conn->out.len != 0;
    if (waits && conn->phase != SKM_CONN_WRITE) {
        conn->phase_next = conn->phase;
        skm_conn_enter(conn, SKM_CONN_WRITE);
    } else if (waits && progress) {
        skm_conn_enter(conn, SKM_CONN_WRITE);
    } else if (!waits && conn->phase == SKM_CONN_WRITE) {
        release_output(conn);
        skm_conn_enter(conn, (enum skm_conn_phase)conn->phase_next);
    }
    watch(conn, waits);
}

/* Sends what is new behind what still waits. */
static void flush(struct skm_conn *conn)
{
    struct skm_conn_set *set = conn->set;
    size_t sent = 0;
    seal(conn);
    if (!skm_is_ok(skm_buf_check(&set->wire))) {
        /* An answer that is not whole is not sent. */
        fault(conn, SKM_CONN_FAULT_MEMORY);
        conn->dead = true;
    }
    if (conn->dead) {
        empty(&set->wire);
        return;
    }
    if (conn->out.len != 0) {
        keep_output(conn, skm_buf_span(&set->wire));
        sent = conn->dead ? 0 : send_some(conn, skm_buf_span(&conn->out));
        skm_buf_consume(&conn->out, sent);
    } else if (set->wire.len != 0) {
        sent = send_some(conn, skm_buf_span(&set->wire));
        skm_span rest = skm_span_from(skm_buf_span(&set->wire), sent);
        if (rest.len != 0 && !conn->dead) {
            keep_output(conn, rest);
        }
    }
    empty(&set->wire);
    if (!conn->dead) {
        settle_output(conn, sent != 0);
    }
}

/* ---- serving ---- */

static void release_input(struct skm_conn *conn)
{
    if (conn->in.cap == 0) {
        return;
    }
    size_t before = skm_conn_buffers(conn);
    size_t max = conn->in.max_bytes;
    skm_buf_fini(&conn->in);
    skm_buf_init(&conn->in, max);
    skm_conn_charge_buffers(conn, before);
}

static bool overload(struct skm_conn *conn)
{
    fault(conn, SKM_CONN_FAULT_MEMORY);
    conn->ending = true;
    return false;
}

/* Appends to the connection's own buffer. */
static bool keep_input(struct skm_conn *conn, skm_span bytes)
{
    size_t before = skm_conn_buffers(conn);
    if (conn->set->buffer_bytes + bytes.len > conn->set->options.buffer_bytes) {
        return overload(conn);
    }
    skm_buf_append(&conn->in, bytes);
    skm_conn_charge_buffers(conn, before);
    return skm_is_ok(skm_buf_check(&conn->in)) || overload(conn);
}

/* What was not served stays: moved to the front of the own buffer, or copied there from the scratch. */
static void keep_rest(struct skm_conn *conn, char *rest, size_t len, bool is_own)
{
    if (len == 0 || conn->ending || conn->dead) {
        release_input(conn);
    } else if (is_own) {
        skm_buf_consume(&conn->in, (size_t)(rest - conn->in.ptr));
        conn->in.len = len;
    } else if (!keep_input(conn, skm_span_of(rest, len))) {
        release_input(conn);
        flush(conn);
    }
}

/* Serves until the protocol has nothing more to take or an answer waits. */
static void run(struct skm_conn *conn, char *bytes, size_t len, bool is_own)
{
    for (;;) {
        struct skm_conn_taken taken = conn->set->options.ops->on_input(conn, bytes, len);
        bytes += taken.consumed;
        len = taken.kept;
        flush(conn);
        if (conn->dead || conn->ending || conn->writing || len == 0 || taken.consumed == 0) {
            break;
        }
    }
    keep_rest(conn, bytes, len, is_own);
}

static void take_input(struct skm_conn *conn, char *bytes, size_t len)
{
    if (len == 0 || conn->ending) {
        return;
    }
    if (conn->in.len == 0) {
        run(conn, bytes, len, false);
        return;
    }
    if (!keep_input(conn, skm_span_of(bytes, len))) {
        release_input(conn);
        return;
    }
    run(conn, conn->in.ptr, conn->in.len, true);
}

/* ---- TLS ---- */

static void on_established(struct skm_conn *conn)
{
    skm_counter_add(&conn->set->counters.handshakes, 1);
    conn->peer.is_tls = true;
    conn->peer.has_certificate = skm_tls_peer_certificate(conn->tls, conn->peer.certificate_sha256);
    skm_conn_enter(conn, SKM_CONN_IDLE);
}

static void decrypt(struct skm_conn *conn, skm_span network)
{
    struct skm_conn_set *set = conn->set;
    bool was_established = skm_tls_is_established(conn->tls);
    empty(&set->plain);
    skm_err err = skm_tls_feed(conn->tls, network, &set->plain, &set->wire);
    if (!was_established && skm_tls_is_established(conn->tls)) {
        on_established(conn);
    }
    if (skm_is_err(err, SKM_E_END)) {
        conn->eof = true;
    } else if (!skm_is_ok(err)) {
        fault(conn, SKM_CONN_FAULT_TLS);
        conn->ending = true;
    }
    take_input(conn, set->plain.ptr, set->plain.len);
    empty(&set->plain);
    if (conn->eof) {
        fault(conn, SKM_CONN_FAULT_END);
    }
}

/* ---- reading ---- */

static void on_end(struct skm_conn *conn)
{
    conn->eof = true;
    fault(conn, SKM_CONN_FAULT_END);
    conn->ending = true;
}

static void readable(struct skm_conn *conn)
{
    struct skm_conn_set *set = conn->set;
    ssize_t got = recv(conn->fd, set->scratch, SKM_CONN_SCRATCH_BYTES, 0);
    if (got < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            fault(conn, SKM_CONN_FAULT_IO);
            conn->dead = true;
        }
        return;
    }
    skm_counter_add(&set->counters.bytes_in, (uint64_t)got);
    if (conn->phase == SKM_CONN_LINGER) {
        conn->linger_bytes += (uint64_t)got;
        conn->dead = got == 0 || conn->linger_bytes > LINGER_BYTES_MAX;
    } else if (got == 0) {
        on_end(conn);
    } else if (conn->tls != NULL) {
        decrypt(conn, skm_span_of(set->scratch, (size_t)got));
    } else {
        take_input(conn, set->scratch, (size_t)got);
    }
}

/* Room again: the rest of the answer, then the requests that waited behind it. */
static void writable(struct skm_conn *conn)
{
    flush(conn);
    if (!conn->dead && !conn->ending && !conn->writing && conn->in.len != 0) {
        run(conn, conn->in.ptr, conn->in.len, true);
    }
}

/* ---- ending ---- */

/* Closing while the peer still sends would make the kernel reset the connection and the peer lose the answer (RFC 9112 §9.6): we say
 * that nothing more comes, and listen for a while. */
static void linger(struct skm_conn *conn)
{
    if (conn->eof || shutdown(conn->fd, SHUT_WR) != 0) {
        conn->dead = true;
        return;
    }
    skm_conn_enter(conn, SKM_CONN_LINGER);
    watch(conn, false);
}

static void settle(struct skm_conn *conn)
{
    if (!conn->dead && conn->eof && !conn->writing) {
        conn->ending = true;
    }
    if (!conn->dead && conn->phase != SKM_CONN_LINGER) {
        /* Alerts and last words that nobody has sent yet. */
        if (conn->set->wire.len != 0 || conn->set->answer.len != 0 ||
            (conn->ending && conn->tls != NULL && !conn->notified)) {
            flush(conn);
        }
        if (!conn->dead && conn->ending && !conn->writing) {
            linger(conn);
        }
    }
    empty(&conn->set->wire);
    empty(&conn->set->answer);
    conn->serving = false;
    if (conn->dead) {
        skm_conn_free(conn);
    }
}

void skm_conn_serve(struct skm_conn *conn, short what)
{
    conn->serving = true;
    if ((what & EV_WRITE) != 0) {
        writable(conn);
    } else {
        readable(conn);
    }
    settle(conn);
}

void skm_conn_resume(struct skm_conn *conn)
{
    conn->serving = true;
    if (!conn->writing && !conn->ending && conn->in.len != 0) {
        run(conn, conn->in.ptr, conn->in.len, true);
    }
    settle(conn);
}

void skm_conn_expire(struct skm_conn *conn)
{
    conn->serving = true;
    fault(conn, SKM_CONN_FAULT_TIMEOUT);
    switch ((enum skm_conn_phase)conn->phase) {
    case SKM_CONN_HEAD:
    case SKM_CONN_BODY:
        conn->ending = true;
        break;
    case SKM_CONN_IDLE:
        /* The closing alert goes out if there is room; nobody waits for it. */
        conn->ending = true;
        conn->eof = true;
        break;
    case SKM_CONN_HANDSHAKE:
    case SKM_CONN_WRITE:
    case SKM_CONN_LINGER:
        conn->dead = true;
        break;
    }
    settle(conn);
}
