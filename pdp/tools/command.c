#include "tools/command.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <sekimori/version.h>

#include "base/attr.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/span.h"

#define ARENA_QUOTA  ((size_t)8 << 30)
#define OUTPUT_MAX   ((size_t)1 << 30)
#define CHILDREN_MAX 64u
#define DEPTH_MAX    4u

/* Where a call has got to in the tree. */
struct path {
    const struct skm_command *steps[DEPTH_MAX];
    size_t count;
};

/* ---- output ---- */

static bool write_all(int fd, skm_span bytes)
{
    size_t done = 0;
    while (done < bytes.len) {
        ssize_t wrote = write(fd, bytes.ptr + done, bytes.len - done);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            return false;
        }
        done += (size_t)wrote;
    }
    return true;
}

bool skm_call_flush(struct skm_call *call)
{
    bool good = skm_is_ok(skm_buf_check(call->out)) && skm_is_ok(skm_buf_check(call->err));
    bool written = write_all(STDERR_FILENO, skm_buf_span(call->err)) &&
                   write_all(STDOUT_FILENO, skm_buf_span(call->out));
    skm_buf_reset(call->out);
    skm_buf_reset(call->err);
    return good && written;
}

void skm_call_complain(struct skm_call *call, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    skm_buf_append_cstr(call->err, "sekimori: ");
    skm_buf_vprintf(call->err, format, args);
    skm_buf_append_char(call->err, '\n');
    va_end(args);
}

enum skm_exit skm_call_internal(struct skm_call *call, skm_err err)
{
    skm_call_complain(call, "%s", skm_err_text(err));
    return SKM_EXIT_INTERNAL;
}

/* ---- help ---- */

static void append_path(const struct path *path, struct skm_buf *out)
{
    for (size_t i = 0; i < path->count; i++) {
        skm_buf_printf(out, "%s%s", i == 0 ? "" : " ", path->steps[i]->name);
    }
}

static void append_usage(const struct path *path, struct skm_buf *out)
{
    const struct skm_command *command = path->steps[path->count - 1];
    skm_buf_append_cstr(out, "usage: ");
    append_path(path, out);
    if (command->children != NULL) {
        skm_buf_append_cstr(out, " COMMAND ...");
    }
    skm_options_usage(&command->options, out);
    if (command->operand != NULL) {
        skm_buf_printf(out, command->operands_min > 0 ? " %s..." : " [%s...]", command->operand);
    }
    skm_buf_append_char(out, '\n');
}

static void append_help(const struct path *path, struct skm_buf *out)
{
    const struct skm_command *command = path->steps[path->count - 1];
    append_usage(path, out);
    skm_buf_printf(out, "\n%s\n", command->about);
    if (command->children != NULL) {
        skm_buf_append_cstr(out, "\ncommands:\n");
        for (size_t i = 0; command->children[i] != NULL; i++) {
            skm_buf_printf(out, "  %-14s%s\n", command->children[i]->name,
                           command->children[i]->summary);
        }
    }
    skm_buf_append_cstr(out, "\noptions:\n");
    skm_options_help(&command->options, out);
}

/* ---- finding and running ---- */

static enum skm_exit misuse(struct skm_call *call, const struct path *path)
{
    append_usage(path, call->err);
    skm_buf_append_cstr(call->err, "`");
    append_path(path, call->err);
    skm_buf_append_cstr(call->err, " --help` tells more\n");
    return SKM_EXIT_USAGE;
}

static const struct skm_command *find_child(const struct skm_command *group, const char *word)
{
    for (size_t i = 0; group->children[i] != NULL; i++) {
        if (strcmp(group->children[i]->name, word) == 0) {
            return group->children[i];
        }
    }
    return NULL;
}

static enum skm_exit unknown_child(struct skm_call *call, const struct path *path, const char *word)
{
    const struct skm_command *group = path->steps[path->count - 1];
    skm_span names[CHILDREN_MAX];
    size_t count = 0;
    for (; count < CHILDREN_MAX && group->children[count] != NULL; count++) {
        names[count] = skm_span_cstr(group->children[count]->name);
    }
    skm_span nearest = skm_diag_nearest(skm_span_cstr(word), names, count);
    skm_call_complain(call,
                      nearest.len > 0 ? "unknown command `%s`; did you mean `%.*s`?"
                                      : "unknown command `%s`%.*s",
                      word, SKM_SPAN_ARG(nearest));
    return misuse(call, path);
}

static enum skm_exit run_command(struct skm_call *call, const struct path *path,
                                 const char *const *argv, size_t argc)
{
    const struct skm_command *command = path->steps[path->count - 1];
    SKM_CLEANUP(skm_buf_fini) struct skm_buf message = {0};
    skm_buf_init(&message, 1u << 20);
    void *values = skm_arena_alloc(call->arena, command->values_bytes);
    if (values == NULL) {
        return skm_call_internal(call, SKM_ERR(MEMORY));
    }
    skm_err err = skm_options_read(&command->options, call->arena, argv, argc, values,
                                   &call->operands, &message);
    if (skm_is_err(err, SKM_E_NOT_FOUND)) {
        append_help(path, call->out);
        return SKM_EXIT_OK;
    }
    if (skm_is_err(err, SKM_E_INVALID)) {
        skm_call_complain(call, "%.*s", SKM_SPAN_ARG(skm_buf_span(&message)));
        return misuse(call, path);
    }
    if (!skm_is_ok(err)) {
        return skm_call_internal(call, err);
    }
    if (command->operand == NULL && call->operands.count > 0) {
        skm_call_complain(call, "unexpected argument `%s`", call->operands.items[0]);
        return misuse(call, path);
    }
    if (call->operands.count < command->operands_min) {
        skm_call_complain(call, "argument `%s` is missing", command->operand);
        return misuse(call, path);
    }
    call->values = values;
    return command->run(call);
}

/* A group was named and no command of it. */
static enum skm_exit run_group(struct skm_call *call, const struct path *path,
                               const char *const *argv, size_t argc)
{
    if (argc == 0) {
        skm_call_complain(call, "which command?");
        append_help(path, call->err);
        return SKM_EXIT_USAGE;
    }
    if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
        append_help(path, call->out);
        return SKM_EXIT_OK;
    }
    if (path->count == 1 && strcmp(argv[0], "--version") == 0) {
        skm_buf_append_cstr(call->out, "sekimori " SKM_VERSION "\n");
        return SKM_EXIT_OK;
    }
    return unknown_child(call, path, argv[0]);
}

static enum skm_exit dispatch(struct skm_call *call, const struct skm_command *root,
                              const char *const *argv, size_t argc)
{
    struct path path = {.steps = {root}, .count = 1};
    size_t at = 1;
    const struct skm_command *here = root;
    while (here->children != NULL && at < argc && path.count < DEPTH_MAX) {
        const struct skm_command *child = find_child(here, argv[at]);
        if (child == NULL) {
            break;
        }
        here = child;
        path.steps[path.count++] = child;
        at++;
    }
    at = at > argc ? argc : at;
    return here->run == NULL ? run_group(call, &path, argv + at, argc - at)
                             : run_command(call, &path, argv + at, argc - at);
}

enum skm_exit skm_command_run(const struct skm_command *root, const char *const *argv, size_t argc)
{
    struct skm_arena arena;
    SKM_CLEANUP(skm_buf_fini) struct skm_buf out = {0};
    SKM_CLEANUP(skm_buf_fini) struct skm_buf err = {0};
    skm_arena_init(&arena, ARENA_QUOTA);
    skm_buf_init(&out, OUTPUT_MAX);
    skm_buf_init(&err, OUTPUT_MAX);
    struct skm_call call = {.arena = &arena, .out = &out, .err = &err};
    enum skm_exit status = dispatch(&call, root, argv, argc);
    if (!skm_call_flush(&call)) {
        status = SKM_EXIT_INTERNAL;
    }
    skm_arena_fini(&arena);
    return status;
}
