/* Listening sockets: where they are bound, what comes out of accept.
 *
 * Binding and serving are two steps, so that a process with more rights can bind and another one serve
 * (skm_listener_bind() gives a descriptor, skm_listener_new() takes one). A descriptor inherited from a
 * service manager goes straight to the second step.
 *
 * INVARIANT: requests travel in clear text only where no network sees them: over Unix sockets and
 * loopback addresses, unless allow_plain_http is set.
 *
 * Threads: the loop's thread; skm_listener_bind() and skm_listener_raise_fd_limit(): before start. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

#include "base/diag.h"
#include "proto/peer.h"

struct skm_listener;
struct skm_loop;
struct skm_tls_context;

struct skm_listener_options {
    /* `127.0.0.1:8180`, `[::1]:8180`, `localhost:8180`, `*:8180` (every address, IPv6 and IPv4) or
     * `unix:/run/sekimori/http.sock`. Port 0: one that is free. */
    skm_span address;
    struct skm_tls_context *tls; /* NULL: plain. A reference is taken. */
    bool allow_plain_http;       /* clear text also on addresses that are not loopback */
    bool reuse_port;             /* several sockets share the port, one per worker */
    uint32_t unix_mode;          /* permissions of a Unix socket; 0: 0600 */
    bool set_unix_gid;           /* give the socket to the group unix_gid */
    uint32_t unix_gid;
    int backlog; /* 0: 1024 */
};

/* Binds and listens; the descriptor is non-blocking, close-on-exec and the caller's. A stale Unix socket (nobody answers, same
 * owner) is replaced, a living one or any other kind of file never. SKM_E_INVALID: `diags` says what is wrong with the
 * options or what the system refused. */
SKM_MUST skm_err skm_listener_bind(const struct skm_listener_options *options,
                                   struct skm_diags *diags, int *out_fd);

/* Takes the connection; must close `fd` in the end. */
typedef void (*skm_listener_accept_fn)(void *ctx, struct skm_listener *listener, int fd,
                                       const struct skm_peer *peer);

struct skm_listener_counters {
    uint64_t accepted;
    uint64_t exhausted; /* turned away because descriptors ran out */
    uint64_t pauses;    /* times accepting was put off for a moment */
};

/* Serves a bound descriptor, which becomes the listener's. The rule on clear text is checked again against the address the
 * descriptor really has. */
SKM_MUST skm_err skm_listener_new(struct skm_loop *loop, int fd,
                                  const struct skm_listener_options *options,
                                  skm_listener_accept_fn on_accept, void *ctx,
                                  struct skm_diags *diags, struct skm_listener **out_listener);

/* Accepts no more: closes the socket, removes the file of a Unix socket when it is still the one that was bound. Address
 * and counters stay readable until free. A second call does nothing. */
void skm_listener_close(struct skm_listener *listener);

/* Closes, too. NULL is accepted. */
void skm_listener_free(struct skm_listener *listener);

/* Later connections use this context (reload of certificates); NULL only for a listener that was plain from the start. SKM_E_REFUSED
 * when that would turn TLS on or off. */
SKM_MUST skm_err skm_listener_set_tls(struct skm_listener *listener, struct skm_tls_context *tls);

/* Borrowed; NULL for plain. */
struct skm_tls_context *skm_listener_tls(const struct skm_listener *listener);

/* The address in the form of the options, with the real port. Borrowed, NUL-terminated. */
const char *skm_listener_address(const struct skm_listener *listener);

/* 0 for Unix sockets. */
uint16_t skm_listener_port(const struct skm_listener *listener);

const struct skm_listener_counters *skm_listener_counters(const struct skm_listener *listener);

/* Raises the soft limit of open files to the hard one; yields the limit now in force. */
size_t skm_listener_raise_fd_limit(void);
