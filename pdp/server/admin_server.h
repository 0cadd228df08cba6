/* The control socket: one JSON object per line in, one per line out, over a Unix socket.
 *
 *     {"command":"reload"}                      ->  {"ok":true,"revision":17}
 *     {"command":"nonsense"}                    ->  {"ok":false,"error":"unknown command `nonsense`","commands":["reload","status"]}
 *
 * Requests of a connection are answered in order, each as soon as its command has an answer. Who may do what is for the command to say: it gets the
 * peer's credentials as the kernel vouches for them. The file's permissions (0600 by default) come before.
 *
 * Threads: the loop's thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/json.h"
#include "proto/peer.h"
#include "server/listener.h"

struct skm_admin_server;
struct skm_loop;

struct skm_admin_request {
    skm_span command;        /* value of the member `command` */
    skm_span json;           /* the whole object */
    struct skm_peer peer;    /* uid, gid, pid */
    struct skm_arena *arena; /* the request's */
    int64_t wall_ms;
    uint64_t *ticket; /* the command's own while the request is unanswered; 0 at first */
};

/* Answers with members of the reply object, after `ok`: the writer is inside the object. An error turns the reply into
 * {"ok":false,"error":text}; text is what the handler put into *out_message (arena) or that of the error.
 * SKM_E_AGAIN: not yet. The handler is called anew with the same request and ticket after skm_admin_server_resume(), and
 * perhaps before; further requests of the connection wait behind it, those of others do not. */
typedef skm_err (*skm_admin_handler)(void *ctx, const struct skm_admin_request *request,
                                     struct skm_json_writer *reply, skm_span *out_message);

struct skm_admin_command {
    skm_span name;
    skm_admin_handler handler;
    void *ctx;
};

struct skm_admin_server_options {
    const struct skm_admin_command *commands; /* borrowed for the server's life */
    size_t command_count;
    struct skm_listener_options listener; /* address must be `unix:` */
    uint32_t line_bytes;                  /* of a request; 0: 64 KiB */
    uint32_t reply_bytes;                 /* 0: 4 MiB */
    uint32_t connections;                 /* 0: 16 */
    uint32_t idle_ms;                     /* 0: 60 s */
};

/* Binds and serves. SKM_E_INVALID: see `diags`. */
SKM_MUST skm_err skm_admin_server_new(struct skm_loop *loop,
                                      const struct skm_admin_server_options *options,
                                      struct skm_diags *diags,
                                      struct skm_admin_server **out_server);

/* As above with a descriptor bound elsewhere, which becomes the server's. */
SKM_MUST skm_err skm_admin_server_new_fd(struct skm_loop *loop, int fd,
                                         const struct skm_admin_server_options *options,
                                         struct skm_diags *diags,
                                         struct skm_admin_server **out_server);

/* Calls the handlers of waiting requests anew. Not within a handler. */
void skm_admin_server_resume(struct skm_admin_server *server);

void skm_admin_server_free(struct skm_admin_server *server);
