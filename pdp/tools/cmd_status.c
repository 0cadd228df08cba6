/* sekimori status: what the running daemon decides by, and how it fares. */
#include <inttypes.h>

#include "base/attr.h"
#include "base/json.h"
#include "base/span.h"
#include "base/vec.h"
#include "tools/cmd_daemon.h"
#include "tools/control_socket.h"

#define TIMEOUT_MS    10000u
#define LISTENERS_MAX 10000u

struct listener {
    skm_span address;
    bool tls;
};

struct status {
    skm_span version;
    skm_span config;
    skm_span policy_digest;
    skm_span loaded;
    skm_span loading_since; /* empty: no load runs */
    int64_t pid;
    int64_t uptime_s;
    int64_t revision;
    int64_t policies;
    int64_t template_links;
    int64_t obligations;
    int64_t entities;
    int64_t resource_rules;
    int64_t zone_networks;
    int64_t warnings;
    int64_t decisions;
    int64_t connections;
    SKM_VEC(struct listener) listeners;
    bool last_ok;
    skm_span last_at;
    int64_t last_took_ms;
    int64_t last_failed;
};

/* ---- reading ---- */

enum kind {
    KIND_TEXT,
    KIND_NUMBER,
    KIND_BOOL,
};

struct member {
    skm_span name;
    enum kind kind;
    void *to;
};

static skm_err read_one(struct skm_json *json, const struct member *member)
{
    switch (member->kind) {
    case KIND_TEXT:
        return skm_json_read_string(json, member->to);
    case KIND_NUMBER:
        return skm_json_read_i64(json, member->to);
    case KIND_BOOL:
        return skm_json_read_bool(json, member->to);
    }
    return SKM_ERR(INTERNAL);
}

/* Members of the table are read, others skipped. */
static skm_err read_known(struct skm_json *json, skm_span key, const struct member *members,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (skm_span_equal(key, members[i].name)) {
            return read_one(json, &members[i]);
        }
    }
    return skm_json_skip(json);
}

static skm_err read_flat(struct skm_json *json, const struct member *members, size_t count)
{
    SKM_TRY(skm_json_enter_object(json));
    for (;;) {
        bool more = false;
        skm_span key = {0};
        SKM_TRY(skm_json_next_member(json, &more, &key));
        if (!more) {
            return SKM_OK;
        }
        SKM_TRY(read_known(json, key, members, count));
    }
}

static skm_err read_listeners(struct skm_json *json, struct skm_arena *arena, struct status *status)
{
    SKM_TRY(skm_json_enter_array(json));
    for (;;) {
        bool more = false;
        struct listener *slot = NULL;
        SKM_TRY(skm_json_next_item(json, &more));
        if (!more) {
            return SKM_OK;
        }
        SKM_TRY(SKM_VEC_PUSH(arena, &status->listeners, LISTENERS_MAX, &slot));
        const struct member members[] = {
            {SKM_SPAN("address"), KIND_TEXT, &slot->address},
            {SKM_SPAN("tls"), KIND_BOOL, &slot->tls},
        };
        SKM_TRY(read_flat(json, members, SKM_ARRAY_LEN(members)));
    }
}

static skm_err read_last_reload(struct skm_json *json, struct status *status)
{
    const struct member members[] = {
        {SKM_SPAN("ok"), KIND_BOOL, &status->last_ok},
        {SKM_SPAN("at"), KIND_TEXT, &status->last_at},
        {SKM_SPAN("took_ms"), KIND_NUMBER, &status->last_took_ms},
        {SKM_SPAN("failed"), KIND_NUMBER, &status->last_failed},
    };
    return read_flat(json, members, SKM_ARRAY_LEN(members));
}

static skm_err read_member(struct skm_json *json, struct skm_arena *arena, skm_span key,
                           struct status *status)
{
    const struct member members[] = {
        {SKM_SPAN("version"), KIND_TEXT, &status->version},
        {SKM_SPAN("config"), KIND_TEXT, &status->config},
        {SKM_SPAN("policy_digest"), KIND_TEXT, &status->policy_digest},
        {SKM_SPAN("loaded"), KIND_TEXT, &status->loaded},
        {SKM_SPAN("loading_since"), KIND_TEXT, &status->loading_since},
        {SKM_SPAN("pid"), KIND_NUMBER, &status->pid},
        {SKM_SPAN("uptime_s"), KIND_NUMBER, &status->uptime_s},
        {SKM_SPAN("revision"), KIND_NUMBER, &status->revision},
        {SKM_SPAN("policies"), KIND_NUMBER, &status->policies},
        {SKM_SPAN("template_links"), KIND_NUMBER, &status->template_links},
        {SKM_SPAN("obligations"), KIND_NUMBER, &status->obligations},
        {SKM_SPAN("entities"), KIND_NUMBER, &status->entities},
        {SKM_SPAN("resource_rules"), KIND_NUMBER, &status->resource_rules},
        {SKM_SPAN("zone_networks"), KIND_NUMBER, &status->zone_networks},
        {SKM_SPAN("warnings"), KIND_NUMBER, &status->warnings},
        {SKM_SPAN("decisions"), KIND_NUMBER, &status->decisions},
        {SKM_SPAN("connections"), KIND_NUMBER, &status->connections},
    };
    if (skm_span_equal(key, SKM_SPAN("listeners"))) {
        return read_listeners(json, arena, status);
    }
    if (skm_span_equal(key, SKM_SPAN("last_reload"))) {
        return read_last_reload(json, status);
    }
    return read_known(json, key, members, SKM_ARRAY_LEN(members));
}

static skm_err read_status(struct skm_call *call, skm_span reply, struct status *status)
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
        SKM_TRY(read_member(&json, call->arena, key, status));
    }
}

/* ---- writing ---- */

static void print_uptime(struct skm_buf *out, int64_t seconds)
{
    if (seconds >= 86400) {
        skm_buf_printf(out, "%" PRId64 " d ", seconds / 86400);
    }
    skm_buf_printf(out, "%02" PRId64 ":%02" PRId64 ":%02" PRId64, seconds / 3600 % 24,
                   seconds / 60 % 60, seconds % 60);
}

static void print_set(struct skm_buf *out, const struct status *status)
{
    skm_buf_printf(out, "in force    revision %" PRId64 ", loaded %.*s\n", status->revision,
                   SKM_SPAN_ARG(status->loaded));
    skm_buf_printf(out,
                   "            %" PRId64 " policies, %" PRId64 " template links, %" PRId64
                   " obligations, %" PRId64 " entities\n",
                   status->policies, status->template_links, status->obligations, status->entities);
    skm_buf_printf(
        out, "            %" PRId64 " resource rules, %" PRId64 " networks, %" PRId64 " warnings\n",
        status->resource_rules, status->zone_networks, status->warnings);
    skm_buf_printf(out, "            policy digest %.*s\n", SKM_SPAN_ARG(status->policy_digest));
}

static void print(struct skm_buf *out, const struct status *status)
{
    skm_buf_printf(out, "sekimorid   %.*s, process %" PRId64 ", up ", SKM_SPAN_ARG(status->version),
                   status->pid);
    print_uptime(out, status->uptime_s);
    skm_buf_printf(out, "\nconfig      %.*s\n", SKM_SPAN_ARG(status->config));
    print_set(out, status);
    if (status->loading_since.len > 0) {
        skm_buf_printf(out, "loading     since %.*s\n", SKM_SPAN_ARG(status->loading_since));
    }
    skm_buf_printf(out,
                   "last load   %s, %.*s, %" PRId64 " ms; %" PRId64 " refused since the start\n",
                   status->last_ok ? "good" : "REFUSED", SKM_SPAN_ARG(status->last_at),
                   status->last_took_ms, status->last_failed);
    for (size_t i = 0; i < status->listeners.len; i++) {
        skm_buf_printf(out, "%s%.*s (%s)\n", i == 0 ? "listening   " : "            ",
                       SKM_SPAN_ARG(status->listeners.items[i].address),
                       status->listeners.items[i].tls ? "https" : "http");
    }
    skm_buf_printf(out, "traffic     %" PRId64 " decisions, %" PRId64 " connections open\n",
                   status->decisions, status->connections);
}

static enum skm_exit run(struct skm_call *call)
{
    const struct skm_control_args *args = call->values;
    struct status status = {0};
    SKM_CLEANUP(skm_buf_fini) struct skm_buf reply = {0};
    skm_buf_init(&reply, SKM_CONTROL_REPLY_BYTES);
    enum skm_exit exit = skm_control_ask(call, args->socket, "status", TIMEOUT_MS, &reply);
    if (exit != SKM_EXIT_OK) {
        return exit;
    }
    if (!skm_is_ok(read_status(call, skm_buf_span(&reply), &status))) {
        return skm_control_misunderstood(call);
    }
    if (args->json) {
        skm_buf_append(call->out, skm_buf_span(&reply));
        skm_buf_append_char(call->out, '\n');
    } else {
        print(call->out, &status);
    }
    return SKM_EXIT_OK;
}

const struct skm_command skm_cmd_status = {
    .name = "status",
    .summary = "what the running daemon decides by, and how it fares",
    .about =
        "Asks the daemon for its version, the policies and entities in force, the result of the last\n"
        "load, its listeners and its traffic.\n"
        "\n"
        "exit status: 0 it answered; 1 it refused; 2 it cannot be asked.",
    .options = {skm_control_options, SKM_CONTROL_OPTION_COUNT},
    .values_bytes = sizeof(struct skm_control_args),
    .run = run,
};
