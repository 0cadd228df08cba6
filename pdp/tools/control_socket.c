#include "tools/control_socket.h"

#include "base/err.h"
#include "base/json.h"
#include "base/span.h"
#include "server/admin_client.h"

const struct skm_option skm_control_options[SKM_CONTROL_OPTION_COUNT] = {
    {.name = "socket",
     .kind = SKM_OPTION_TEXT,
     .value = "PATH",
     .offset = offsetof(struct skm_control_args, socket),
     .help = "the daemon's administration socket; " SKM_CONTROL_SOCKET " unless given"},
    {.name = "json",
     .kind = SKM_OPTION_FLAG,
     .offset = offsetof(struct skm_control_args, json),
     .help = "write the daemon's answer as it came"},
};

static void complain(struct skm_call *call, const char *socket, skm_err err)
{
    if (skm_is_err(err, SKM_E_NOT_FOUND)) {
        skm_call_complain(
            call, "nobody listens at `%s`: is sekimorid running? `--socket` names another", socket);
    } else if (skm_is_err(err, SKM_E_REFUSED)) {
        skm_call_complain(
            call, "no permission for `%s`: root, the daemon's user and its `admin.group` have it",
            socket);
    } else if (skm_is_err(err, SKM_E_AGAIN)) {
        skm_call_complain(call, "no answer from `%s` in time", socket);
    } else {
        skm_call_complain(call, "`%s`: %s", socket, skm_err_text(err));
    }
}

/* `ok` is the first member of every reply; of a refusal `error` is the second. */
static skm_err read_refusal(struct skm_json *json, bool *out_is_ok, skm_span *out_error)
{
    SKM_TRY(skm_json_enter_object(json));
    for (bool more = true; more;) {
        skm_span key = {0};
        SKM_TRY(skm_json_next_member(json, &more, &key));
        if (more && skm_span_equal(key, SKM_SPAN("ok"))) {
            SKM_TRY(skm_json_read_bool(json, out_is_ok));
        } else if (more && skm_span_equal(key, SKM_SPAN("error"))) {
            SKM_TRY(skm_json_read_string(json, out_error));
        } else if (more) {
            SKM_TRY(skm_json_skip(json));
        }
    }
    return skm_json_finish(json);
}

static enum skm_exit check_reply(struct skm_call *call, const struct skm_buf *reply)
{
    struct skm_json json;
    bool is_ok = false;
    skm_span error = {0};
    skm_err err = skm_json_init(&json, skm_buf_span(reply), call->arena, NULL);
    if (skm_is_ok(err)) {
        err = read_refusal(&json, &is_ok, &error);
    }
    if (!skm_is_ok(err)) {
        return skm_control_misunderstood(call);
    }
    if (!is_ok) {
        skm_call_complain(call, "the daemon refused: %.*s", SKM_SPAN_ARG(error));
        return SKM_EXIT_NEGATIVE;
    }
    return SKM_EXIT_OK;
}

enum skm_exit skm_control_misunderstood(struct skm_call *call)
{
    skm_call_complain(call, "the daemon's answer is not understood; is it of another version?");
    return SKM_EXIT_INTERNAL;
}

enum skm_exit skm_control_ask(struct skm_call *call, const char *socket, const char *command,
                              uint32_t timeout_ms, struct skm_buf *reply)
{
    const char *path = socket == NULL ? SKM_CONTROL_SOCKET : socket;
    skm_span request = {0};
    skm_err err = skm_arena_printf(call->arena, &request, "{\"command\":\"%s\"}", command);
    if (skm_is_ok(err)) {
        err = skm_admin_client_call(path, request, timeout_ms, reply);
    }
    if (!skm_is_ok(err)) {
        complain(call, path, err);
        return SKM_EXIT_USAGE;
    }
    return check_reply(call, reply);
}
