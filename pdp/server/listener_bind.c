#include "server/listener_bind.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/span.h"

#define BACKLOG_DEFAULT   1024
#define UNIX_MODE_DEFAULT 0600u

static const struct skm_range NOWHERE = {0, 0};

/* Adds an error; yields the code that says so. */
#define COMPLAIN(diags, ...)                                                                       \
    complained(skm_diags_add((diags), SKM_SEVERITY_ERROR, NULL, NOWHERE, __VA_ARGS__))

static skm_err complained(const struct skm_diag *diag)
{
    (void)diag;
    return SKM_ERR(INVALID);
}

/* Where to listen. */
struct target {
    struct sockaddr_storage address;
    socklen_t len;
    bool is_unix;
    bool is_any; /* `*`: IPv6 and IPv4 through one socket, or IPv4 alone where there is no IPv6 */
};

static void fd_close(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

/* ---- reading addresses ---- */

static skm_err parse_unix(skm_span path, struct skm_diags *diags, struct target *out_target)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path.len == 0 || path.ptr[0] != '/' || path.len >= sizeof address.sun_path ||
        memchr(path.ptr, '\0', path.len) != NULL) {
        return COMPLAIN(diags, "`%.*s` is not an absolute path of at most %zu bytes",
                        SKM_SPAN_ARG(path), sizeof address.sun_path - 1);
    }
    memcpy(address.sun_path, path.ptr, path.len);
    *out_target = (struct target){.len = sizeof address, .is_unix = true};
    memcpy(&out_target->address, &address, sizeof address);
    return SKM_OK;
}

static bool parse_port(skm_span text, uint16_t *out_port)
{
    uint32_t port = 0;
    if (text.len == 0 || text.len > 5) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        port = port * 10 + (uint32_t)(text.ptr[i] - '0');
    }
    *out_port = (uint16_t)port;
    return port <= UINT16_MAX;
}

static void set_ipv4(struct target *target, struct in_addr host, uint16_t port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = host};
    target->len = sizeof v4;
    memcpy(&target->address, &v4, sizeof v4);
}

static void set_ipv6(struct target *target, struct in6_addr host, uint16_t port)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = host};
    target->len = sizeof v6;
    memcpy(&target->address, &v6, sizeof v6);
}

/* Numeric addresses, `localhost` and `*`. Other names are not resolved: where a server listens must not depend on who answers. */
static bool parse_host(skm_span host, uint16_t port, struct target *out_target)
{
    char text[INET6_ADDRSTRLEN + 1] = {0};
    struct in_addr v4;
    struct in6_addr v6;
    *out_target = (struct target){.is_any = skm_span_equal(host, SKM_SPAN("*"))};
    if (out_target->is_any) {
        set_ipv6(out_target, in6addr_any, port);
        return true;
    }
    if (skm_span_equal(host, SKM_SPAN("localhost"))) {
        set_ipv4(out_target, (struct in_addr){htonl(INADDR_LOOPBACK)}, port);
        return true;
    }
    bool bracketed = host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
    skm_span inner = bracketed ? skm_span_sub(host, 1, host.len - 2) : host;
    if (inner.len == 0 || inner.len >= sizeof text || memchr(inner.ptr, '\0', inner.len) != NULL) {
        return false;
    }
    memcpy(text, inner.ptr, inner.len);
    if (bracketed && inet_pton(AF_INET6, text, &v6) == 1) {
        set_ipv6(out_target, v6, port);
        return true;
    }
    if (!bracketed && inet_pton(AF_INET, text, &v4) == 1) {
        set_ipv4(out_target, v4, port);
        return true;
    }
    return false;
}

static skm_err parse_target(skm_span text, struct skm_diags *diags, struct target *out_target)
{
    if (skm_span_starts(text, SKM_SPAN("unix:"))) {
        return parse_unix(skm_span_from(text, 5), diags, out_target);
    }
    size_t colon = text.len;
    while (colon > 0 && text.ptr[colon - 1] != ':') {
        colon--;
    }
    uint16_t port = 0;
    if (colon == 0 || !parse_port(skm_span_from(text, colon), &port) ||
        !parse_host(skm_span_sub(text, 0, colon - 1), port, out_target)) {
        struct skm_diag *diag =
            skm_diags_add(diags, SKM_SEVERITY_ERROR, NULL, NOWHERE,
                          "`%.*s` is not an address to listen on", SKM_SPAN_ARG(text));
        skm_diag_help(
            diags, diag,
            "write `127.0.0.1:8180`, `[::1]:8180`, `localhost:8180`, `*:8180` or `unix:/path`");
        return SKM_ERR(INVALID);
    }
    return SKM_OK;
}

/* ---- looking at addresses ---- */

static bool is_mapped(const struct sockaddr_storage *address, struct in_addr *out_v4)
{
    struct sockaddr_in6 v6;
    memcpy(&v6, address, sizeof v6);
    if (address->ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
        return false;
    }
    memcpy(out_v4, v6.sin6_addr.s6_addr + 12, sizeof *out_v4);
    return true;
}

bool skm_listener_is_loopback(const struct sockaddr_storage *address)
{
    struct in_addr v4;
    if (is_mapped(address, &v4)) {
        return ntohl(v4.s_addr) >> 24 == 127;
    }
    if (address->ss_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
    }
    if (address->ss_family == AF_INET) {
        struct sockaddr_in plain;
        memcpy(&plain, address, sizeof plain);
        return ntohl(plain.sin_addr.s_addr) >> 24 == 127;
    }
    return false;
}

void skm_listener_describe(const struct sockaddr_storage *address,
                           char out_text[SKM_PEER_ADDRESS_BYTES], uint16_t *out_port)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct in_addr mapped;
    memcpy(&v4, address, sizeof v4);
    memcpy(&v6, address, sizeof v6);
    out_text[0] = '\0';
    *out_port = 0;
    if (address->ss_family == AF_INET6) {
        *out_port = ntohs(v6.sin6_port);
        bool is_v4 = is_mapped(address, &mapped);
        (void)inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? (const void *)&mapped : &v6.sin6_addr,
                        out_text, SKM_PEER_ADDRESS_BYTES);
    } else if (address->ss_family == AF_INET) {
        *out_port = ntohs(v4.sin_port);
        (void)inet_ntop(AF_INET, &v4.sin_addr, out_text, SKM_PEER_ADDRESS_BYTES);
    }
}

static skm_err check_plain(const struct sockaddr_storage *address,
                           const struct skm_listener_options *options, struct skm_diags *diags)
{
    if (options->tls != NULL || options->allow_plain_http || address->ss_family == AF_UNIX ||
        skm_listener_is_loopback(address)) {
        return SKM_OK;
    }
    struct skm_diag *diag =
        skm_diags_add(diags, SKM_SEVERITY_ERROR, NULL, NOWHERE,
                      "`%.*s` is not a loopback address and has no TLS: requests and answers would "
                      "cross the network in clear text",
                      SKM_SPAN_ARG(options->address));
    skm_diag_help(diags, diag,
                  "give a certificate and a key, listen on 127.0.0.1, or set `allow_plain_http` if "
                  "something else protects this network");
    return SKM_ERR(INVALID);
}

skm_err skm_listener_check_bound(int fd, const struct skm_listener_options *options,
                                 struct skm_diags *diags,
                                 char out_address[SKM_LISTENER_ADDRESS_BYTES], bool *out_is_unix,
                                 uint16_t *out_port)
{
    struct sockaddr_storage bound = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof bound;
    if (getsockname(fd, (struct sockaddr *)&bound, &len) != 0) {
        return COMPLAIN(diags, "descriptor %d is not a socket: %s", fd, strerror(errno));
    }
    if (bound.ss_family == AF_UNIX) {
        struct sockaddr_un address;
        memcpy(&address, &bound, sizeof address);
        (void)snprintf(out_address, SKM_LISTENER_ADDRESS_BYTES, "unix:%.*s",
                       (int)sizeof address.sun_path, address.sun_path);
        *out_is_unix = true;
        return SKM_OK;
    }
    if (bound.ss_family != AF_INET && bound.ss_family != AF_INET6) {
        return COMPLAIN(diags, "descriptor %d is neither a Unix socket nor a TCP socket", fd);
    }
    SKM_TRY(check_plain(&bound, options, diags));
    char host[SKM_PEER_ADDRESS_BYTES];
    skm_listener_describe(&bound, host, out_port);
    (void)snprintf(out_address, SKM_LISTENER_ADDRESS_BYTES,
                   strchr(host, ':') == NULL ? "%s:%u" : "[%s]:%u", host, (unsigned)*out_port);
    return SKM_OK;
}

/* ---- binding ---- */

/* Nobody answers at the socket file, and it is ours to remove. */
static bool is_stale(const struct sockaddr_un *address)
{
    struct stat st;
    if (lstat(address->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode) ||
        (st.st_uid != geteuid() && geteuid() != 0)) {
        return false;
    }
    SKM_CLEANUP(fd_close)
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return probe >= 0 && connect(probe, (const struct sockaddr *)address, sizeof *address) != 0 &&
           errno == ECONNREFUSED;
}

/* The mode is set on the socket before it gets a name (unix(7): bind applies it), so that at no time may more people connect than in
 * the end. */
static skm_err bind_unix(int fd, const struct target *target,
                         const struct skm_listener_options *options, struct skm_diags *diags)
{
    struct sockaddr_un address;
    memcpy(&address, &target->address, sizeof address);
    mode_t mode =
        (mode_t)(options->unix_mode == 0 ? UNIX_MODE_DEFAULT : options->unix_mode & 0777u);
    if (fchmod(fd, mode & S_IRWXU) != 0) {
        return COMPLAIN(diags, "cannot set the mode of `%s`: %s", address.sun_path,
                        strerror(errno));
    }
    int failed = bind(fd, (const struct sockaddr *)&address, sizeof address);
    if (failed != 0 && errno == EADDRINUSE && is_stale(&address) && unlink(address.sun_path) == 0) {
        failed = bind(fd, (const struct sockaddr *)&address, sizeof address);
    }
    if (failed != 0) {
        return errno == EADDRINUSE
                   ? COMPLAIN(diags, "`%s` exists and is in use, or is not a stale socket of ours",
                              address.sun_path)
                   : COMPLAIN(diags, "cannot listen on `%s`: %s", address.sun_path,
                              strerror(errno));
    }
    if ((options->set_unix_gid && lchown(address.sun_path, (uid_t)-1, options->unix_gid) != 0) ||
        chmod(address.sun_path, mode) != 0) {
        (void)unlink(address.sun_path);
        return COMPLAIN(diags, "cannot set mode or group of `%s`: %s", address.sun_path,
                        strerror(errno));
    }
    return SKM_OK;
}

static skm_err bind_tcp(int fd, const struct target *target,
                        const struct skm_listener_options *options, struct skm_diags *diags)
{
    int on = 1;
    int off = 0;
    /* Answers leave at once; accepted connections inherit it. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        (options->reuse_port && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) ||
        (target->address.ss_family == AF_INET6 &&
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, target->is_any ? &off : &on, sizeof on) != 0) ||
        bind(fd, (const struct sockaddr *)&target->address, target->len) != 0) {
        return COMPLAIN(diags, "cannot listen on `%.*s`: %s", SKM_SPAN_ARG(options->address),
                        strerror(errno));
    }
    return SKM_OK;
}

/* Machines without IPv6 have `*` mean every IPv4 address. */
static int open_socket(struct target *target)
{
    int flags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    int fd = socket(target->address.ss_family, flags, 0);
    if (fd < 0 && errno == EAFNOSUPPORT && target->is_any) {
        struct sockaddr_in6 v6;
        memcpy(&v6, &target->address, sizeof v6);
        set_ipv4(target, (struct in_addr){htonl(INADDR_ANY)}, ntohs(v6.sin6_port));
        fd = socket(AF_INET, flags, 0);
    }
    return fd;
}

skm_err skm_listener_bind(const struct skm_listener_options *options, struct skm_diags *diags,
                          int *out_fd)
{
    struct target target;
    SKM_TRY(parse_target(options->address, diags, &target));
    SKM_TRY(check_plain(&target.address, options, diags));
    SKM_CLEANUP(fd_close) int fd = open_socket(&target);
    if (fd < 0) {
        return COMPLAIN(diags, "cannot listen on `%.*s`: %s", SKM_SPAN_ARG(options->address),
                        strerror(errno));
    }
    SKM_TRY(target.is_unix ? bind_unix(fd, &target, options, diags)
                           : bind_tcp(fd, &target, options, diags));
    if (listen(fd, options->backlog <= 0 ? BACKLOG_DEFAULT : options->backlog) != 0) {
        return COMPLAIN(diags, "cannot listen on `%.*s`: %s", SKM_SPAN_ARG(options->address),
                        strerror(errno));
    }
    *out_fd = fd;
    fd = -1;
    return SKM_OK;
}
