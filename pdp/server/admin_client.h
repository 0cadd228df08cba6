/* Asks the control socket: for the command-line tool. Blocking, without a loop.
 *
 * Any thread. */
#pragma once

#include <stdint.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

#include "base/buf.h"

/* Sends one JSON object (without line end) and appends the reply line (without line end) to `reply`, whose maximum bounds it.
 * SKM_E_NOT_FOUND: nobody listens at `socket_path`. SKM_E_REFUSED: no permission. SKM_E_AGAIN: no complete answer within `timeout_ms`.
 * SKM_E_END: the connection ended before the answer did. SKM_E_SIZE: path or reply too long. SKM_E_SYNTAX: the request holds a line end. */
SKM_MUST skm_err skm_admin_client_call(const char *socket_path, skm_span request_json,
                                       uint32_t timeout_ms, struct skm_buf *reply);
