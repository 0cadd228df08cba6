/* Connections: bytes in, bytes out, TLS between, deadlines over all.
 *
 * A set is what one server has on one loop. Protocols sit on top through four functions (struct skm_conn_ops).
 *
 * The way of a readiness: one read into the set's scratch buffer, (TLS: decrypt into another,) one call of the protocol
 * with everything at hand, one write of all it answered. A connection owns buffers only while something is half done:
 * a part of a request, or an answer the peer does not take. An idle one costs its struct and what TLS keeps.
 *
 * While an answer waits to be taken nothing is read: a peer that does not listen cannot make us pile up work.
 *
 * Each phase has a bound in time; a set keeps one list per phase, ordered by deadline since all in it
 * wait equally long, and one timer for the earliest.
 *
 * Threads: the loop's thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event_struct.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

#include "base/buf.h"
#include "proto/peer.h"
#include "server/loop.h"
#include "server/quota.h"
#include "server/tls.h"

struct skm_conn;
struct skm_conn_set;

enum skm_conn_phase {
    SKM_CONN_HANDSHAKE = 0,
    SKM_CONN_IDLE,   /* between requests */
    SKM_CONN_HEAD,   /* a request has begun */
    SKM_CONN_BODY,   /* its head is complete */
    SKM_CONN_WRITE,  /* an answer waits; the deadline moves when the peer takes some */
    SKM_CONN_LINGER, /* answered for the last time; what still comes is thrown away */
};
#define SKM_CONN_PHASES 6

/* What happened to a connection that the protocol did not end itself. */
enum skm_conn_fault {
    SKM_CONN_FAULT_TIMEOUT = 0, /* of the phase it is in */
    SKM_CONN_FAULT_END,         /* the peer ended it; in HEAD or BODY: within a request */
    SKM_CONN_FAULT_MEMORY,      /* buffer_bytes reached, or the heap exhausted */
    SKM_CONN_FAULT_TLS,
    SKM_CONN_FAULT_IO, /* reset and the like */
};

/* What the protocol took of its input. */
struct skm_conn_taken {
    size_t consumed; /* from the front; forgotten */
    size_t
        kept; /* behind those; kept until more comes. The rest behind is dropped (a decoder has shortened its input). */
};

struct skm_conn_ops {
    /* `bytes` may be changed in place. Answers go to skm_conn_output(). Called again when more has come or room for answers is
     * there again. */
    struct skm_conn_taken (*on_input)(struct skm_conn *conn, char *bytes, size_t len);
    /* Last words may go to skm_conn_output() for TIMEOUT in HEAD and BODY and for MEMORY; the connection ends afterwards. */
    void (*on_fault)(struct skm_conn *conn, enum skm_conn_fault fault);
    /* Ended, for whatever reason; the state is about to be freed. */
    void (*on_close)(struct skm_conn *conn);
};

struct skm_conn_set_options {
    const struct skm_conn_ops *ops;
    void *ctx;                 /* skm_conn_ctx() */
    size_t state_bytes;        /* zeroed memory of the protocol in each connection */
    uint32_t connections;      /* at once */
    uint32_t peer_connections; /* of one remote address; local ones are not counted singly */
    size_t input_bytes;        /* one connection may keep of its input */
    size_t output_bytes;       /* one connection may have waiting */
    uint64_t buffer_bytes;     /* all connections together */
    uint32_t timeout_ms[SKM_CONN_PHASES];
};

struct skm_conn_counters {
    uint64_t accepted;
    uint64_t closed;
    uint64_t evicted; /* idle ones ended to make room */
    uint64_t handshakes;
    uint64_t bytes_in;
    uint64_t bytes_out;
};

struct skm_conn_list {
    struct skm_conn *first;
    struct skm_conn *last;
    size_t len;
};

struct skm_conn_set {
    struct skm_loop *loop;
    struct skm_conn_set_options options;
    struct skm_quota quota;
    struct skm_conn_list lists[SKM_CONN_PHASES];
    struct skm_loop_timer *timer;
    int64_t timer_at_ns; /* when it fires; INT64_MAX: not armed */
    size_t open;
    uint64_t buffer_bytes; /* held now */
    bool draining;
    struct skm_conn_counters counters;
    char *scratch;         /* one read from the network; SKM_CONN_SCRATCH_BYTES */
    struct skm_buf plain;  /* decrypted input of the connection being served */
    struct skm_buf answer; /* its answers in clear; plain connections write to `wire` directly */
    struct skm_buf wire;   /* its output as the network gets it */
};

#define SKM_CONN_SCRATCH_BYTES ((size_t)64 * 1024)

struct skm_conn {
    struct skm_conn *prev; /* in the list of its phase */
    struct skm_conn *next;
    int64_t deadline_ns;
    struct skm_conn_set *set;
    struct skm_tls_session *tls; /* NULL: plain */
    struct event event;
    int fd;
    uint8_t phase;      /* enum skm_conn_phase */
    uint8_t phase_next; /* after WRITE */
    bool ending;        /* no more input is served; ends when the output is out */
    bool eof;           /* the peer will send no more */
    bool writing;       /* waits for room, not for input */
    bool dead;          /* to be freed at the end of this readiness */
    bool serving;       /* on the stack: is freed there, not elsewhere */
    bool charged;       /* quota_key holds a charge */
    bool notified;      /* TLS: the closing alert is out */
    skm_quota_key quota_key;
    uint64_t linger_bytes; /* thrown away so far */
    struct skm_buf in;     /* the part of a request that has come */
    struct skm_buf out;    /* what the peer has not taken yet, as the network gets it */
    struct skm_peer peer;
    /* state_bytes of the protocol follow, aligned to 16 */
};

/* SKM_E_MEMORY. The set is told by the loop when to drain: idle connections are ended, the others after their answer. */
SKM_MUST skm_err skm_conn_set_init(struct skm_conn_set *set, struct skm_loop *loop,
                                   const struct skm_conn_set_options *options);

/* Ends all connections at once. */
void skm_conn_set_fini(struct skm_conn_set *set);

/* Takes over `fd`. When it fails `fd` is still the caller's. SKM_E_COUNT: the set is full and none is idle. SKM_E_REFUSED: this peer has
 * all it may. SKM_E_MEMORY, SKM_E_CRYPTO. */
SKM_MUST skm_err skm_conn_open(struct skm_conn_set *set, int fd, const struct skm_peer *peer,
                               struct skm_tls_context *tls);

/* ---- for protocols ---- */

void *skm_conn_state(struct skm_conn *conn);

static inline void *skm_conn_ctx(const struct skm_conn *conn)
{
    return conn->set->options.ctx;
}

/* Answers are appended here during on_input and on_fault. */
struct skm_buf *skm_conn_output(struct skm_conn *conn);

/* So much is waiting that the protocol shall return and be called again. */
bool skm_conn_is_output_full(struct skm_conn *conn);

/* Enters a phase and starts its time anew. */
void skm_conn_enter(struct skm_conn *conn, enum skm_conn_phase phase);

/* Ends the connection when what was written so far is out. */
void skm_conn_end(struct skm_conn *conn);

/* Outside on_input: calls it anew with the input that was kept. May free the connection. */
void skm_conn_resume(struct skm_conn *conn);

/* ---- between conn.c and conn_set.c ---- */

void skm_conn_serve(struct skm_conn *conn, short what);
void skm_conn_expire(struct skm_conn *conn);
void skm_conn_free(struct skm_conn *conn);
void skm_conn_charge_buffers(struct skm_conn *conn, size_t before);
size_t skm_conn_buffers(const struct skm_conn *conn);
