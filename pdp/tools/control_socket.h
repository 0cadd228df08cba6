/* One question to the daemon's administration socket, with its errors in words. */
#pragma once

#include "tools/command.h"

#define SKM_CONTROL_SOCKET "/run/sekimori/admin.sock"

/* What every command that asks the daemon takes. */
struct skm_control_args {
    const char *socket; /* NULL: the default */
    bool json;
};

#define SKM_CONTROL_OPTION_COUNT 2
extern const struct skm_option skm_control_options[SKM_CONTROL_OPTION_COUNT];

/* Longest reply that is read. */
#define SKM_CONTROL_REPLY_BYTES ((size_t)8 << 20)

/* Asks `{"command":name}`; the reply, a JSON object, lands in `reply` (the call's arena bounds nothing of it). SKM_EXIT_OK, or the exit
 * status after a complaint: nobody listens, no permission, no answer in time, the daemon refused. `socket` NULL: the default. */
enum skm_exit skm_control_ask(struct skm_call *call, const char *socket, const char *command,
                              uint32_t timeout_ms, struct skm_buf *reply);

/* A reply that is not what was asked for: says so, SKM_EXIT_INTERNAL. */
enum skm_exit skm_control_misunderstood(struct skm_call *call);
