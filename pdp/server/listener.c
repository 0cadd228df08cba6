/* Serving: accept in bounded bursts, and live through a shortage of descriptors. Binding is in listener_bind.c. */
#include "server/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/attr.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/span.h"
#include "server/counter.h"
#include "server/listener_bind.h"
#include "server/loop.h"
#include "server/tls.h"

/* Connections taken in one turn, so that those being served get theirs. */
#define BURST_MAX 64
#define PAUSE_MS  50

struct skm_listener {
    struct skm_loop *loop;
    int fd;
    int reserve_fd; /* given up for a moment when descriptors run out; -1: none */
    struct event *event;
    struct skm_loop_timer *pause;
    struct skm_tls_context *tls; /* counted; NULL: plain */
    skm_listener_accept_fn on_accept;
    void *ctx;
    struct skm_listener_counters counters;
    bool is_unix;
    uint16_t port;
    dev_t file_dev; /* of a Unix socket's file when it was taken over */
    ino_t file_ino;
    char address[SKM_LISTENER_ADDRESS_BYTES];
};

static int reserve_open(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* ---- accepting ---- */

static void describe_unix(int fd, struct skm_peer *peer)
{
    struct ucred credentials = {.pid = 0, .uid = UINT32_MAX, .gid = UINT32_MAX};
    socklen_t len = sizeof credentials;
    /* Unknown credentials stay those of nobody. */
    (void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len);
    peer->is_unix = true;
    peer->uid = credentials.uid;
    peer->gid = credentials.gid;
    peer->pid = credentials.pid;
}

static void describe_peer(int fd, const struct sockaddr_storage *from, struct skm_peer *out_peer)
{
    *out_peer = (struct skm_peer){.is_unix = false};
    if (from->ss_family == AF_UNIX || from->ss_family == AF_UNSPEC) {
        describe_unix(fd, out_peer);
        return;
    }
    skm_listener_describe(from, out_peer->address, &out_peer->port);
    out_peer->is_loopback = skm_listener_is_loopback(from);
}

static void pause_accepting(struct skm_listener *listener)
{
    skm_counter_add(&listener->counters.pauses, 1);
    (void)event_del(listener->event);
    if (!skm_is_ok(skm_loop_timer_start(listener->pause, PAUSE_MS))) {
        (void)event_add(listener->event, NULL);
    }
}

static void on_pause_over(void *ctx)
{
    struct skm_listener *listener = ctx;
    if (listener->reserve_fd < 0) {
        listener->reserve_fd = reserve_open();
    }
    (void)event_add(listener->event, NULL);
}

/* No descriptor is left. The waiting peer would otherwise hang without a word and readiness would spin: with the spare
 * descriptor it is taken and turned away, then accepting rests. */
static void turn_away(struct skm_listener *listener)
{
    if (listener->reserve_fd >= 0) {
        (void)close(listener->reserve_fd);
        int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            skm_counter_add(&listener->counters.exhausted, 1);
            (void)close(fd);
        }
        listener->reserve_fd = reserve_open();
    }
    pause_accepting(listener);
}

static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* One connection; false when there is none to be had now. */
static bool accept_one(struct skm_listener *listener)
{
    struct sockaddr_storage from = {.ss_family = AF_UNSPEC};
    socklen_t from_len = sizeof from;
    int fd =
        accept4(listener->fd, (struct sockaddr *)&from, &from_len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        if (is_shortage(errno)) {
            turn_away(listener);
            return false;
        }
        /* Others than these two concern the one connection, which died while it waited (accept(2)). */
        return errno != EAGAIN && errno != EINVAL && errno != EBADF;
    }
    struct skm_peer peer;
    describe_peer(fd, &from, &peer);
    skm_counter_add(&listener->counters.accepted, 1);
    listener->on_accept(listener->ctx, listener, fd, &peer);
    return true;
}

static void accept_burst(struct skm_listener *listener, size_t max)
{
    for (size_t i = 0; i < max && accept_one(listener); i++) {
    }
}

static void on_ready(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    accept_burst(ctx, BURST_MAX);
}

void skm_listener_accept_rest(struct skm_listener *listener)
{
    accept_burst(listener, (size_t)BURST_MAX * 16);
}

/* ---- lifetime ---- */

static void remember_file(struct skm_listener *listener)
{
    struct stat st;
    const char *path = listener->address + sizeof "unix:" - 1;
    if (listener->is_unix && lstat(path, &st) == 0) {
        listener->file_dev = st.st_dev;
        listener->file_ino = st.st_ino;
    }
}

static void remove_file(const struct skm_listener *listener)
{
    struct stat st;
    const char *path = listener->address + sizeof "unix:" - 1;
    if (listener->is_unix && listener->file_ino != 0 && lstat(path, &st) == 0 &&
        st.st_dev == listener->file_dev && st.st_ino == listener->file_ino) {
        (void)unlink(path);
    }
}

static skm_err start(struct skm_listener *listener)
{
    listener->reserve_fd = reserve_open();
    SKM_TRY(skm_loop_timer_new(listener->loop, on_pause_over, listener, &listener->pause));
    listener->event = event_new(skm_loop_event_base(listener->loop), listener->fd,
                                EV_READ | EV_PERSIST, on_ready, listener);
    if (listener->event == NULL || event_add(listener->event, NULL) != 0) {
        return SKM_ERR(MEMORY);
    }
    return SKM_OK;
}

skm_err skm_listener_new(struct skm_loop *loop, int fd, const struct skm_listener_options *options,
                         skm_listener_accept_fn on_accept, void *ctx, struct skm_diags *diags,
                         struct skm_listener **out_listener)
{
    struct skm_listener *listener = skm_mem_alloc(sizeof *listener);
    if (listener == NULL) {
        (void)close(fd);
        return SKM_ERR(MEMORY);
    }
    listener->loop = loop;
    listener->fd = fd;
    listener->reserve_fd = -1;
    listener->on_accept = on_accept;
    listener->ctx = ctx;
    listener->tls = options->tls == NULL ? NULL : skm_tls_context_ref(options->tls);
    skm_err err = skm_listener_check_bound(fd, options, diags, listener->address,
                                           &listener->is_unix, &listener->port);
    remember_file(listener);
    if (skm_is_ok(err)) {
        err = start(listener);
    }
    if (!skm_is_ok(err)) {
        skm_listener_free(listener);
        return err;
    }
    *out_listener = listener;
    return SKM_OK;
}

void skm_listener_close(struct skm_listener *listener)
{
    if (listener->fd < 0) {
        return;
    }
    if (listener->event != NULL) {
        event_free(listener->event);
        listener->event = NULL;
    }
    skm_loop_timer_free(listener->pause);
    listener->pause = NULL;
    (void)close(listener->fd);
    listener->fd = -1;
    if (listener->reserve_fd >= 0) {
        (void)close(listener->reserve_fd);
        listener->reserve_fd = -1;
    }
    remove_file(listener);
}

void skm_listener_free(struct skm_listener *listener)
{
    if (listener == NULL) {
        return;
    }
    skm_listener_close(listener);
    skm_tls_context_unref(listener->tls);
    skm_mem_free(listener);
}

skm_err skm_listener_set_tls(struct skm_listener *listener, struct skm_tls_context *tls)
{
    if ((listener->tls == NULL) != (tls == NULL)) {
        return SKM_ERR(REFUSED);
    }
    struct skm_tls_context *old = listener->tls;
    listener->tls = tls == NULL ? NULL : skm_tls_context_ref(tls);
    skm_tls_context_unref(old);
    return SKM_OK;
}

struct skm_tls_context *skm_listener_tls(const struct skm_listener *listener)
{
    return listener->tls;
}

const char *skm_listener_address(const struct skm_listener *listener)
{
    return listener->address;
}

uint16_t skm_listener_port(const struct skm_listener *listener)
{
    return listener->port;
}

const struct skm_listener_counters *skm_listener_counters(const struct skm_listener *listener)
{
    return &listener->counters;
}

size_t skm_listener_raise_fd_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 1024;
    }
    struct rlimit wanted = {.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
    if (limit.rlim_cur < limit.rlim_max && setrlimit(RLIMIT_NOFILE, &wanted) == 0) {
        return (size_t)wanted.rlim_cur;
    }
    return (size_t)limit.rlim_cur;
}
