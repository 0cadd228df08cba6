/* sekimori reload: the daemon reads its files anew; its messages are shown here. */
#include <inttypes.h>

#include "base/attr.h"
#include "base/json.h"
#include "base/span.h"
#include "tools/cmd_daemon.h"
#include "tools/control_socket.h"

/* A load reads every file; a million entities take seconds. */
#define TIMEOUT_MS 600000u

struct result {
    bool reloaded;
    int64_t errors;
    int64_t warnings;
    int64_t revision;
    int64_t policies;
    int64_t template_links;
    int64_t obligations;
    int64_t entities;
    int64_t took_ms;
    skm_span restart;
    skm_span text;
};

static skm_err read_number(struct skm_json *json, skm_span key, struct result *result)
{
    const struct {
        skm_span name;
        int64_t *to;
    } numbers[] = {
        {SKM_SPAN("errors"), &result->errors},
        {SKM_SPAN("warnings"), &result->warnings},
        {SKM_SPAN("revision"), &result->revision},
        {SKM_SPAN("policies"), &result->policies},
        {SKM_SPAN("template_links"), &result->template_links},
        {SKM_SPAN("obligations"), &result->obligations},
        {SKM_SPAN("entities"), &result->entities},
        {SKM_SPAN("took_ms"), &result->took_ms},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(numbers); i++) {
        if (skm_span_equal(key, numbers[i].name)) {
            return skm_json_read_i64(json, numbers[i].to);
        }
    }
    return skm_json_skip(json);
}

static skm_err read_member(struct skm_json *json, skm_span key, struct result *result)
{
    if (skm_span_equal(key, SKM_SPAN("reloaded"))) {
        return skm_json_read_bool(json, &result->reloaded);
    }
    if (skm_span_equal(key, SKM_SPAN("restart"))) {
        return skm_json_read_string(json, &result->restart);
    }
    if (skm_span_equal(key, SKM_SPAN("text"))) {
        return skm_json_read_string(json, &result->text);
    }
    return read_number(json, key, result);
}

static skm_err read_result(struct skm_call *call, skm_span reply, struct result *result)
{
    struct skm_json json;
    SKM_TRY(skm_json_init(&json, reply, call->arena, NULL));
    SKM_TRY(skm_json_enter_object(&json));
    for (;;) {
        bool more = false;
        skm_span key = {0};
        SKM_TRY(skm_json_next_member(&json, &more, &key));
        if (!more) {
            return skm_json_finish(&json);
        }
        SKM_TRY(read_member(&json, key, result));
    }
}

static void print(struct skm_call *call, const struct result *result)
{
    skm_buf_append(call->err, result->text);
    if (!result->reloaded) {
        skm_call_complain(call,
                          "reload refused: %" PRId64 " errors; revision %" PRId64 " stays in force",
                          result->errors, result->revision);
        return;
    }
    skm_buf_printf(call->out,
                   "revision %" PRId64 " in force: %" PRId64 " policies, %" PRId64
                   " template links, %" PRId64 " obligations, %" PRId64 " entities; %" PRId64
                   " warnings; %" PRId64 " ms\n",
                   result->revision, result->policies, result->template_links, result->obligations,
                   result->entities, result->warnings, result->took_ms);
    if (result->restart.len > 0) {
        skm_buf_append_cstr(call->out, "these options take effect at the next start: ");
        skm_buf_append(call->out, result->restart);
        skm_buf_append_char(call->out, '\n');
    }
}

static enum skm_exit run(struct skm_call *call)
{
    const struct skm_control_args *args = call->values;
    struct result result = {0};
    SKM_CLEANUP(skm_buf_fini) struct skm_buf reply = {0};
    skm_buf_init(&reply, SKM_CONTROL_REPLY_BYTES);
    enum skm_exit status = skm_control_ask(call, args->socket, "reload", TIMEOUT_MS, &reply);
    if (status != SKM_EXIT_OK) {
        return status;
    }
    if (!skm_is_ok(read_result(call, skm_buf_span(&reply), &result))) {
        return skm_control_misunderstood(call);
    }
    if (args->json) {
        skm_buf_append(call->out, skm_buf_span(&reply));
        skm_buf_append_char(call->out, '\n');
    } else {
        print(call, &result);
    }
    return result.reloaded ? SKM_EXIT_OK : SKM_EXIT_NEGATIVE;
}

const struct skm_command skm_cmd_reload = {
    .name = "reload",
    .summary = "the running daemon reads its files anew",
    .about =
        "Asks the daemon to read its configuration and everything it names, waits for the result and\n"
        "shows its messages. When this ends with 0, every decision is made by the new set; when the\n"
        "files are not good, nothing changes.\n"
        "\n"
        "exit status: 0 in force; 1 refused, the messages say why; 2 the daemon cannot be asked.",
    .options = {skm_control_options, SKM_CONTROL_OPTION_COUNT},
    .values_bytes = sizeof(struct skm_control_args),
    .run = run,
};
