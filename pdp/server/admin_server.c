/* Lines of JSON over connections of conn.c. */
#include "server/admin_server.h"

#include <unistd.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/span.h"
#include "server/conn.h"
#include "server/listener_bind.h"
#include "server/loop.h"

#define LINE_BYTES_DEFAULT  ((uint32_t)64 * 1024)
#define REPLY_BYTES_DEFAULT ((uint32_t)4 * 1024 * 1024)
#define CONNECTIONS_DEFAULT 16u
#define IDLE_MS_DEFAULT     60000u
#define REQUEST_MS          10000u
#define LINGER_MS           1000u
/* A request whose command has no answer yet: a load may take minutes. */
#define WAIT_MS            3600000u
#define OUTPUT_EXTRA_BYTES ((size_t)512 * 1024)

struct skm_admin_server {
    struct skm_conn_set conns;
    struct skm_admin_server_options options; /* complete */
    struct skm_loop *loop;
    struct skm_listener *listener; /* owned; NULL once a stop has begun */
    struct skm_arena arena;        /* of the request being served */
    struct skm_buf reply;
};

/* ---- replies ---- */

static void begin_reply(struct skm_admin_server *server, struct skm_json_writer *writer, bool ok)
{
    skm_buf_reset(&server->reply);
    skm_json_writer_init(writer, &server->reply);
    skm_json_write_object_begin(writer);
    skm_json_write_key(writer, SKM_SPAN("ok"));
    skm_json_write_bool(writer, ok);
}

static void begin_error(struct skm_admin_server *server, struct skm_json_writer *writer,
                        skm_span message)
{
    begin_reply(server, writer, false);
    skm_json_write_key(writer, SKM_SPAN("error"));
    skm_json_write_string(writer, message);
}

static void reply_error(struct skm_admin_server *server, skm_span message)
{
    struct skm_json_writer writer;
    begin_error(server, &writer, message);
    skm_json_write_object_end(&writer);
}

static void reply_unknown(struct skm_admin_server *server, skm_span command)
{
    struct skm_json_writer writer;
    skm_span message = SKM_SPAN("unknown command");
    /* Too long to be shown: the fixed text stays. */
    (void)skm_is_ok(skm_arena_printf(&server->arena, &message, "unknown command `%.*s`",
                                     SKM_SPAN_ARG(skm_span_sub(command, 0, 64))));
    begin_error(server, &writer, message);
    skm_json_write_key(&writer, SKM_SPAN("commands"));
    skm_json_write_array_begin(&writer);
    for (size_t i = 0; i < server->options.command_count; i++) {
        skm_json_write_string(&writer, server->options.commands[i].name);
    }
    skm_json_write_array_end(&writer);
    skm_json_write_object_end(&writer);
}

/* ---- requests ---- */

/* An object with a string `command`; everything else in it is checked as JSON and left to the command. */
static skm_err read_command(struct skm_admin_server *server, skm_span line, skm_span *out_command)
{
    struct skm_json json;
    skm_span command = {NULL, 0};
    SKM_TRY(skm_json_init(&json, line, &server->arena, NULL));
    SKM_TRY(skm_json_enter_object(&json));
    for (;;) {
        bool more = false;
        skm_span key = {NULL, 0};
        SKM_TRY(skm_json_next_member(&json, &more, &key));
        if (!more) {
            break;
        }
        if (skm_span_equal(key, SKM_SPAN("command"))) {
            SKM_TRY(skm_json_read_string(&json, &command));
        } else {
            SKM_TRY(skm_json_skip(&json));
        }
    }
    SKM_TRY(skm_json_finish(&json));
    *out_command = command;
    return command.len == 0 ? SKM_ERR(NOT_FOUND) : SKM_OK;
}

static const struct skm_admin_command *find_command(const struct skm_admin_server *server,
                                                    skm_span name)
{
    for (size_t i = 0; i < server->options.command_count; i++) {
        if (skm_span_equal(server->options.commands[i].name, name)) {
            return &server->options.commands[i];
        }
    }
    return NULL;
}

/* False: the command has no answer yet. */
static bool run_command(struct skm_admin_server *server, const struct skm_admin_command *command,
                        const struct skm_admin_request *request)
{
    struct skm_json_writer writer;
    skm_span message = {NULL, 0};
    begin_reply(server, &writer, true);
    skm_err err = command->handler(command->ctx, request, &writer, &message);
    if (skm_is_err(err, SKM_E_AGAIN)) {
        return false;
    }
    if (!skm_is_ok(err)) {
        reply_error(server, message.len != 0 ? message : skm_span_cstr(skm_err_text(err)));
        return true;
    }
    skm_json_write_object_end(&writer);
    if (!skm_is_ok(skm_buf_check(&server->reply))) {
        reply_error(server, SKM_SPAN("the reply is too large"));
    }
    return true;
}

/* False: the line waits. */
static bool serve_line(struct skm_admin_server *server, struct skm_conn *conn, skm_span line)
{
    struct skm_admin_request request = {
        .json = line,
        .peer = conn->peer,
        .arena = &server->arena,
        .wall_ms = skm_loop_wall_ms(server->loop),
        .ticket = skm_conn_state(conn),
    };
    bool answered = true;
    skm_err err = read_command(server, line, &request.command);
    const struct skm_admin_command *command = find_command(server, request.command);
    if (!skm_is_ok(err)) {
        reply_error(server,
                    SKM_SPAN("a request is one JSON object with a string member `command`"));
    } else if (command == NULL) {
        reply_unknown(server, request.command);
    } else {
        answered = run_command(server, command, &request);
    }
    skm_arena_reset(&server->arena);
    if (!answered) {
        return false;
    }
    *request.ticket = 0;
    skm_buf_append(skm_conn_output(conn), skm_buf_span(&server->reply));
    skm_buf_append(skm_conn_output(conn), SKM_SPAN("\n"));
    return true;
}

static void refuse(struct skm_admin_server *server, struct skm_conn *conn, skm_span message)
{
    reply_error(server, message);
    skm_buf_append(skm_conn_output(conn), skm_buf_span(&server->reply));
    skm_buf_append(skm_conn_output(conn), SKM_SPAN("\n"));
    skm_conn_end(conn);
}

static struct skm_conn_taken on_input(struct skm_conn *conn, char *bytes, size_t len)
{
    struct skm_admin_server *server = skm_conn_ctx(conn);
    struct skm_conn_taken taken = {.consumed = 0, .kept = len};
    while (taken.kept != 0 && !conn->ending && !skm_conn_is_output_full(conn)) {
        char *line = bytes + taken.consumed;
        const char *end = memchr(line, '\n', taken.kept);
        size_t line_len = end == NULL ? taken.kept : (size_t)(end - line);
        if (line_len > server->options.line_bytes) {
            refuse(server, conn, SKM_SPAN("the request is too long"));
            return taken;
        }
        if (end == NULL) {
            if (taken.consumed != 0 || conn->phase == SKM_CONN_IDLE) {
                skm_conn_enter(conn, SKM_CONN_HEAD);
            }
            return taken;
        }
        if (!serve_line(server, conn, skm_span_of(line, line_len))) {
            skm_conn_enter(conn, SKM_CONN_BODY);
            return taken;
        }
        taken.consumed += line_len + 1;
        taken.kept -= line_len + 1;
    }
    if (conn->set->draining) {
        skm_conn_end(conn);
    }
    skm_conn_enter(conn, SKM_CONN_IDLE);
    return taken;
}

/* Waiting connections are those in the phase BODY. One that goes on waiting moves to the end of the list. */
void skm_admin_server_resume(struct skm_admin_server *server)
{
    struct skm_conn_list *waiting = &server->conns.lists[SKM_CONN_BODY];
    struct skm_conn *conn = waiting->first;
    for (size_t left = waiting->len; left > 0 && conn != NULL; left--) {
        struct skm_conn *next = conn->next;
        skm_conn_resume(conn);
        conn = next;
    }
}

static void on_fault(struct skm_conn *conn, enum skm_conn_fault fault)
{
    struct skm_admin_server *server = skm_conn_ctx(conn);
    if (fault == SKM_CONN_FAULT_TIMEOUT && conn->phase == SKM_CONN_HEAD) {
        refuse(server, conn, SKM_SPAN("the request did not arrive in time"));
    } else if (fault == SKM_CONN_FAULT_MEMORY) {
        refuse(server, conn, SKM_SPAN("out of memory for requests"));
    }
}

/* ---- lifetime ---- */

static void on_accept(void *ctx, struct skm_listener *listener, int fd, const struct skm_peer *peer)
{
    struct skm_admin_server *server = ctx;
    (void)listener;
    if (!skm_is_ok(skm_conn_open(&server->conns, fd, peer, NULL))) {
        (void)close(fd);
    }
}

static void on_stop(void *ctx)
{
    struct skm_admin_server *server = ctx;
    skm_listener_free(SKM_TAKE(server->listener));
}

static skm_err init_conns(struct skm_admin_server *server)
{
    static const struct skm_conn_ops ops = {.on_input = on_input, .on_fault = on_fault};
    const struct skm_admin_server_options *options = &server->options;
    struct skm_conn_set_options set = {
        .ops = &ops,
        .ctx = server,
        .state_bytes = sizeof(uint64_t),
        .connections = options->connections,
        .peer_connections = options->connections,
        .input_bytes = options->line_bytes,
        .output_bytes = options->reply_bytes + OUTPUT_EXTRA_BYTES,
        .buffer_bytes =
            (uint64_t)options->connections * (options->line_bytes + options->reply_bytes),
        .timeout_ms =
            {
                [SKM_CONN_HANDSHAKE] = REQUEST_MS,
                [SKM_CONN_IDLE] = options->idle_ms,
                [SKM_CONN_HEAD] = REQUEST_MS,
                [SKM_CONN_BODY] = WAIT_MS,
                [SKM_CONN_WRITE] = REQUEST_MS,
                [SKM_CONN_LINGER] = LINGER_MS,
            },
    };
    return skm_conn_set_init(&server->conns, server->loop, &set);
}

static void complete(struct skm_admin_server_options *options)
{
    options->line_bytes = options->line_bytes == 0 ? LINE_BYTES_DEFAULT : options->line_bytes;
    options->reply_bytes = options->reply_bytes == 0 ? REPLY_BYTES_DEFAULT : options->reply_bytes;
    options->connections = options->connections == 0 ? CONNECTIONS_DEFAULT : options->connections;
    options->idle_ms = options->idle_ms == 0 ? IDLE_MS_DEFAULT : options->idle_ms;
}

/* Takes `fd`. */
static skm_err start(struct skm_admin_server *server, int fd, struct skm_diags *diags)
{
    skm_err err = init_conns(server);
    if (!skm_is_ok(err)) {
        (void)close(fd);
        return err;
    }
    SKM_TRY(skm_listener_new(server->loop, fd, &server->options.listener, on_accept, server, diags,
                             &server->listener));
    return skm_loop_on_stop(server->loop, on_stop, server);
}

skm_err skm_admin_server_new_fd(struct skm_loop *loop, int fd,
                                const struct skm_admin_server_options *options,
                                struct skm_diags *diags, struct skm_admin_server **out_server)
{
    struct skm_admin_server *server = skm_mem_alloc(sizeof *server);
    if (server == NULL) {
        (void)close(fd);
        return SKM_ERR(MEMORY);
    }
    server->loop = loop;
    server->options = *options;
    complete(&server->options);
    skm_arena_init(&server->arena, (size_t)server->options.line_bytes * 8 + (size_t)1024 * 1024);
    skm_buf_init(&server->reply, server->options.reply_bytes);
    skm_err err = start(server, fd, diags);
    if (!skm_is_ok(err)) {
        skm_admin_server_free(server);
        return err;
    }
    *out_server = server;
    return SKM_OK;
}

skm_err skm_admin_server_new(struct skm_loop *loop, const struct skm_admin_server_options *options,
                             struct skm_diags *diags, struct skm_admin_server **out_server)
{
    if (!skm_span_starts(options->listener.address, SKM_SPAN("unix:"))) {
        (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, NULL, (struct skm_range){0, 0},
                            "the control socket must be a Unix socket, not `%.*s`",
                            SKM_SPAN_ARG(options->listener.address));
        return SKM_ERR(INVALID);
    }
    int fd = -1;
    SKM_TRY(skm_listener_bind(&options->listener, diags, &fd));
    return skm_admin_server_new_fd(loop, fd, options, diags, out_server);
}

void skm_admin_server_free(struct skm_admin_server *server)
{
    if (server == NULL) {
        return;
    }
    skm_listener_free(server->listener);
    skm_loop_off_stop(server->loop, on_stop, server);
    skm_conn_set_fini(&server->conns);
    skm_arena_fini(&server->arena);
    skm_buf_fini(&server->reply);
    skm_mem_free(server);
}
