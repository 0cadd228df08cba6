/* sekimori cedar format: the canonical layout of policy text. */
#include "tools/cmd_cedar.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/span.h"
#include "cedar/format.h"
#include "tools/files.h"

#define FILE_QUOTA    ((size_t)16 << 30)
#define FORMATTED_MAX ((size_t)1 << 30)
#define DIAGS_MAX     50u

struct args {
    bool check;
    bool write;
};

static const struct skm_option options[] = {
    {.name = "check",
     .kind = SKM_OPTION_FLAG,
     .offset = offsetof(struct args, check),
     .help = "change nothing, tell which files would change"},
    {.name = "write",
     .kind = SKM_OPTION_FLAG,
     .offset = offsetof(struct args, write),
     .help = "change the files in place"},
};

struct job {
    struct skm_call *call;
    const struct args *args;
    enum skm_exit status;
};

static void worsen(struct job *job, enum skm_exit status)
{
    job->status = job->status > status ? job->status : status;
}

/* ---- writing in place ---- */

static bool write_text(int fd, skm_span text)
{
    size_t done = 0;
    while (done < text.len) {
        ssize_t wrote = write(fd, text.ptr + done, text.len - done);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            return false;
        }
        done += (size_t)wrote;
    }
    return fsync(fd) == 0;
}

/* The new text appears under the old name at once or not at all: a policy file is never half a policy file. */
static bool replace_file(const char *path, skm_span text)
{
    char target[PATH_MAX];
    char temporary[PATH_MAX];
    struct stat status;
    if (realpath(path, target) == NULL || stat(target, &status) != 0) {
        return false;
    }
    int len = snprintf(temporary, sizeof(temporary), "%s.new", target);
    if (len < 0 || (size_t)len >= sizeof(temporary)) {
        errno = ENAMETOOLONG;
        return false;
    }
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return false;
    }
    bool good = fchmod(fd, status.st_mode & 07777) == 0 && write_text(fd, text);
    good = close(fd) == 0 && good;
    good = good && rename(temporary, target) == 0;
    if (!good) {
        int saved = errno;
        (void)unlink(temporary);
        errno = saved;
    }
    return good;
}

/* ---- one file ---- */

static void deliver(struct job *job, const char *path, skm_span before, skm_span after)
{
    bool same = skm_span_equal(before, after);
    if (!job->args->check && !job->args->write) {
        skm_buf_append(job->call->out, after);
        return;
    }
    if (same) {
        return;
    }
    skm_buf_printf(job->call->out, "%s: %s\n", path,
                   job->args->check ? "not formatted" : "formatted");
    if (job->args->check) {
        worsen(job, SKM_EXIT_NEGATIVE);
    } else if (!replace_file(path, after)) {
        skm_call_complain(job->call, "cannot write `%s`: %s", path, strerror(errno));
        worsen(job, SKM_EXIT_INTERNAL);
    }
}

static skm_err format_source(struct job *job, struct skm_arena *arena,
                             const struct skm_source *source, struct skm_buf *out)
{
    struct skm_diags diags;
    skm_diags_init(&diags, arena, DIAGS_MAX);
    skm_err err = skm_format_policies(source, SKM_FORMAT_WIDTH, &diags, out);
    skm_tool_print(job->call, &diags);
    return err;
}

static void arena_fini(struct skm_arena *arena)
{
    skm_arena_fini(arena);
}

static void format_file(struct job *job, const char *path)
{
    SKM_CLEANUP(arena_fini) struct skm_arena arena;
    SKM_CLEANUP(skm_buf_fini) struct skm_buf formatted;
    const struct skm_source *source = NULL;
    skm_arena_init(&arena, FILE_QUOTA);
    skm_buf_init(&formatted, FORMATTED_MAX);
    skm_err err = skm_tool_read(job->call, &arena, path, &source);
    if (!skm_is_ok(err)) {
        worsen(job, skm_tool_exit(err));
        return;
    }
    err = format_source(job, &arena, source, &formatted);
    if (skm_is_ok(err)) {
        deliver(job, path, source->text, skm_buf_span(&formatted));
    } else if (skm_is_err(err, SKM_E_INVALID)) {
        worsen(job, SKM_EXIT_NEGATIVE);
    } else {
        worsen(job, skm_call_internal(job->call, err));
    }
}

static enum skm_exit run(struct skm_call *call)
{
    struct job job = {.call = call, .args = call->values};
    if (job.args->check && job.args->write) {
        skm_call_complain(call, "`--check` and `--write` do not go together");
        return SKM_EXIT_USAGE;
    }
    for (size_t i = 0; i < call->operands.count; i++) {
        struct skm_texts paths = {0};
        skm_err err = skm_tool_expand(call, call->operands.items[i], SKM_SPAN(".cedar"), &paths);
        if (!skm_is_ok(err)) {
            worsen(&job, skm_tool_exit(err));
        }
        for (size_t j = 0; j < paths.count; j++) {
            if (job.args->write && strcmp(paths.items[j], "-") == 0) {
                skm_call_complain(call, "standard input cannot be changed in place");
                return SKM_EXIT_USAGE;
            }
            format_file(&job, paths.items[j]);
        }
    }
    return job.status;
}

const struct skm_command skm_cmd_cedar_format = {
    .name = "format",
    .summary = "lay policies out in the canonical form",
    .about =
        "Writes the policies to standard output in the canonical layout, comments kept. A folder means\n"
        "its *.cedar files, `-` is standard input. A file that does not parse is left alone.\n"
        "\n"
        "exit status: 0 done, or with --check all are formatted; 1 some are not, or do not parse;\n"
        "2 wrong use or an unreadable file; 3 a file could not be written.",
    .options = {options, sizeof(options) / sizeof(options[0])},
    .values_bytes = sizeof(struct args),
    .operand = "FILE",
    .operands_min = 1,
    .run = run,
};
