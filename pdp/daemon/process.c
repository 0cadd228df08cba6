#include "daemon/process.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

/* No debugger of the same user, no core: keys are in memory. DEVIATION: the leak checker of a sanitized build is itself a debugger
 * of the process, so such a build stays open to it. */
static skm_err hide_memory(void)
{
#ifdef SKM_SANITIZED
    return SKM_OK;
#else
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? SKM_OK : SKM_ERR(IO);
#endif
}

skm_err skm_process_harden(void)
{
    struct rlimit none = {0, 0};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)umask(0077);
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        sigaction(SIGPIPE, &ignore, NULL) != 0) {
        return SKM_ERR(IO);
    }
    return hide_memory();
}

/* ---- usage ---- */

static uint64_t resident_bytes(void)
{
    uint64_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL) {
        return 0;
    }
    if (fscanf(file, "%*u %" SCNu64, &pages) != 1) {
        pages = 0;
    }
    (void)fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t open_fds(void)
{
    uint64_t count = 0;
    DIR *dir = opendir("/proc/self/fd");
    if (dir == NULL) {
        return 0;
    }
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        count += entry->d_name[0] == '.' ? 0 : 1;
    }
    (void)closedir(dir);
    /* The one the counting itself has open. */
    return count == 0 ? 0 : count - 1;
}

static uint64_t microseconds(const struct timeval *time)
{
    return (uint64_t)time->tv_sec * 1000000 + (uint64_t)time->tv_usec;
}

void skm_process_usage(struct skm_process_usage *out_usage)
{
    struct rlimit fds = {0, 0};
    struct rusage usage = {0};
    (void)getrlimit(RLIMIT_NOFILE, &fds);
    (void)getrusage(RUSAGE_SELF, &usage);
    *out_usage = (struct skm_process_usage){
        .resident_bytes = resident_bytes(),
        .open_fds = open_fds(),
        .max_fds = fds.rlim_cur,
        .cpu_us = microseconds(&usage.ru_utime) + microseconds(&usage.ru_stime),
    };
}

/* ---- service manager ---- */

void skm_process_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = path == NULL ? 0 : strlen(path);
    if (len < 2 || len >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@')) {
        return;
    }
    memcpy(address.sun_path, path, len);
    if (path[0] == '@') {
        address.sun_path[0] = '\0';
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return;
    }
    /* SAFETY: sockaddr_un is what AF_UNIX addresses are. */
    (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL,
                 (const struct sockaddr *)(const void *)&address,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
    (void)close(fd);
}

void skm_process_notify_reloading(void)
{
    char state[64];
    int64_t now_us = skm_clock_monotonic_ns(skm_clock_system()) / 1000;
    (void)snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, now_us);
    skm_process_notify(state);
}
