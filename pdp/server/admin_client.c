#include "server/admin_client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/span.h"

#define READ_BYTES 4096

static void fd_close(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

/* Until the socket is ready for `events` or the deadline is there. */
static skm_err wait_for(int fd, short events, int64_t deadline_ns)
{
    for (;;) {
        int64_t left_ms = (deadline_ns - skm_clock_monotonic_ns(skm_clock_system())) / 1000000;
        if (left_ms <= 0) {
            return SKM_ERR(AGAIN);
        }
        struct pollfd entry = {.fd = fd, .events = events};
        int ready = poll(&entry, 1, left_ms > 1000 ? 1000 : (int)left_ms);
        if (ready > 0) {
            return SKM_OK;
        }
        if (ready < 0 && errno != EINTR) {
            return SKM_ERR(IO);
        }
    }
}

static skm_err connect_to(int fd, const char *path, int64_t deadline_ns)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof address.sun_path) {
        return SKM_ERR(SIZE);
    }
    memcpy(address.sun_path, path, len);
    /* A Unix socket answers at once; EAGAIN: its queue is full. */
    while (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        if (errno == EACCES || errno == EPERM) {
            return SKM_ERR(REFUSED);
        }
        if (errno != EAGAIN && errno != EINTR) {
            return errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR ? SKM_ERR(NOT_FOUND)
                                                                                : SKM_ERR(IO);
        }
        if (skm_clock_monotonic_ns(skm_clock_system()) >= deadline_ns) {
            return SKM_ERR(AGAIN);
        }
        (void)poll(NULL, 0, 10);
    }
    return SKM_OK;
}

static skm_err send_all(int fd, skm_span bytes, int64_t deadline_ns)
{
    while (bytes.len != 0) {
        ssize_t sent = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes = skm_span_from(bytes, (size_t)sent);
            continue;
        }
        if (errno != EAGAIN && errno != EINTR) {
            return errno == EPIPE || errno == ECONNRESET ? SKM_ERR(END) : SKM_ERR(IO);
        }
        SKM_TRY(wait_for(fd, POLLOUT, deadline_ns));
    }
    return SKM_OK;
}

/* Up to the line end, which is not kept. */
static skm_err receive_line(int fd, int64_t deadline_ns, struct skm_buf *reply)
{
    for (;;) {
        SKM_TRY(wait_for(fd, POLLIN, deadline_ns));
        char bytes[READ_BYTES];
        ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        if (got == 0) {
            return SKM_ERR(END);
        }
        if (got < 0) {
            if (errno != EAGAIN && errno != EINTR) {
                return errno == ECONNRESET ? SKM_ERR(END) : SKM_ERR(IO);
            }
            continue;
        }
        const char *end = memchr(bytes, '\n', (size_t)got);
        skm_buf_append(reply,
                       skm_span_of(bytes, end == NULL ? (size_t)got : (size_t)(end - bytes)));
        SKM_TRY(skm_buf_check(reply));
        if (end != NULL) {
            return SKM_OK;
        }
    }
}

skm_err skm_admin_client_call(const char *socket_path, skm_span request_json, uint32_t timeout_ms,
                              struct skm_buf *reply)
{
    int64_t deadline_ns =
        skm_clock_monotonic_ns(skm_clock_system()) + (int64_t)timeout_ms * 1000000;
    if (request_json.len == 0 || memchr(request_json.ptr, '\n', request_json.len) != NULL) {
        return SKM_ERR(SYNTAX);
    }
    SKM_CLEANUP(fd_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return SKM_ERR(IO);
    }
    SKM_TRY(connect_to(fd, socket_path, deadline_ns));
    SKM_TRY(send_all(fd, request_json, deadline_ns));
    SKM_TRY(send_all(fd, SKM_SPAN("\n"), deadline_ns));
    return receive_line(fd, deadline_ns, reply);
}
