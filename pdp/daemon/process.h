/* What the process says to and asks of the system: hardening, usage, the service manager. */
#pragma once

#include <stdint.h>

#include <sekimori/error.h>

/* Before anything else: no core dumps and no debugger of another user (keys are in memory), a umask that gives others nothing, and no death by
 * SIGPIPE. SKM_E_IO: errno says why. */
SKM_MUST skm_err skm_process_harden(void);

struct skm_process_usage {
    uint64_t resident_bytes;
    uint64_t open_fds;
    uint64_t max_fds;
    uint64_t cpu_us;
};

/* What /proc tells; 0 where it does not. */
void skm_process_usage(struct skm_process_usage *out_usage);

/* Tells the service manager a state, e.g. "READY=1" (sd_notify(3)): one datagram to $NOTIFY_SOCKET. Does nothing without one. */
void skm_process_notify(const char *state);

/* "RELOADING=1" with the time the service manager wants beside it (Type=notify-reload). */
void skm_process_notify_reloading(void);
