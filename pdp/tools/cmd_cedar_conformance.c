/* sekimori cedar conformance: the upstream tests below folders. */
#include "tools/cmd_cedar.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/file.h"
#include "base/span.h"
#include "base/vec.h"
#include "tools/conformance_test.h"

#define FOLDER_ENTRIES_MAX 1000000u
#define FILES_MAX          4000000u
#define FOLDER_DEPTH_MAX   16u
#define PROGRESS_STEP      64u

struct args {
    bool quiet;
    unsigned engine; /* enum skm_world_engine */
};

static const struct skm_option options[] = {
    {.name = "quiet",
     .kind = SKM_OPTION_FLAG,
     .offset = offsetof(struct args, quiet),
     .help = "only the closing line"},
    {.name = "engine",
     .kind = SKM_OPTION_CHOICE,
     .choices = skm_world_engines,
     .offset = offsetof(struct args, engine),
     .help = "what decides: the reference evaluator (default) or the compiled engine"},
};

struct found {
    const char *path;
    uint32_t depth; /* of the folder */
};

struct job {
    struct skm_call *call;
    SKM_VEC(struct found) folders; /* seen and to be looked at, in order */
    SKM_VEC(const char *) files;
    struct skm_buf report; /* of one test */
    enum skm_world_engine engine;
    bool quiet;
    bool progress; /* standard error is a terminal */
    size_t passed;
    size_t failed;
    size_t requests;
};

static void job_fini(struct job *job)
{
    skm_buf_fini(&job->report);
}

/* ---- finding ---- */

static skm_err add_folder(struct job *job, const char *path, uint32_t depth)
{
    struct found *slot = NULL;
    SKM_TRY(SKM_VEC_PUSH(job->call->arena, &job->folders, FILES_MAX, &slot));
    *slot = (struct found){path, depth};
    return SKM_OK;
}

/* Links are not followed: they could lead in circles. */
static skm_err add_entry(struct job *job, const char *path, uint32_t depth)
{
    struct stat status;
    if (lstat(path, &status) != 0) {
        return SKM_OK;
    }
    if (S_ISDIR(status.st_mode)) {
        return depth < FOLDER_DEPTH_MAX ? add_folder(job, path, depth + 1) : SKM_ERR(DEPTH);
    }
    if (S_ISREG(status.st_mode) && skm_span_ends(skm_span_cstr(path), SKM_SPAN(".json"))) {
        const char **slot = NULL;
        SKM_TRY(SKM_VEC_PUSH(job->call->arena, &job->files, FILES_MAX, &slot));
        *slot = path;
    }
    return SKM_OK;
}

static skm_err look_into(struct job *job, struct found folder)
{
    skm_span *names = NULL;
    size_t count = 0;
    SKM_TRY(skm_file_list(job->call->arena, folder.path, SKM_SPAN(""), FOLDER_ENTRIES_MAX, &names,
                          &count));
    bool slash = skm_span_ends(skm_span_cstr(folder.path), SKM_SPAN("/"));
    for (size_t i = 0; i < count; i++) {
        skm_span path = {0};
        SKM_TRY(skm_arena_printf(job->call->arena, &path, "%s%s%.*s", folder.path, slash ? "" : "/",
                                 SKM_SPAN_ARG(names[i])));
        SKM_TRY(add_entry(job, path.ptr, folder.depth));
    }
    return SKM_OK;
}

/* What the command line names: a folder, or one file, which need not end in `.json`. */
static skm_err add_operand(struct job *job, const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        skm_call_complain(job->call, "cannot read `%s`: %s", path, strerror(errno));
        return SKM_ERR(NOT_FOUND);
    }
    if (S_ISDIR(status.st_mode)) {
        return add_folder(job, path, 0);
    }
    const char **slot = NULL;
    SKM_TRY(SKM_VEC_PUSH(job->call->arena, &job->files, FILES_MAX, &slot));
    *slot = path;
    return SKM_OK;
}

/* All files below the folders given, breadth first, sorted within a folder. */
static enum skm_exit find_files(struct job *job)
{
    for (size_t i = 0; i < job->call->operands.count; i++) {
        skm_err err = add_operand(job, job->call->operands.items[i]);
        if (!skm_is_ok(err)) {
            return skm_tool_exit(err);
        }
    }
    for (size_t i = 0; i < job->folders.len; i++) {
        skm_err err = look_into(job, job->folders.items[i]);
        if (!skm_is_ok(err)) {
            skm_call_complain(job->call, "cannot read folder `%s`: %s", job->folders.items[i].path,
                              skm_err_text(err));
            return skm_tool_exit(err);
        }
    }
    return SKM_EXIT_OK;
}

/* ---- running ---- */

static void show_progress(const struct job *job, size_t done)
{
    if (job->progress && done % PROGRESS_STEP == 0) {
        (void)fprintf(stderr, "\r%zu of %zu files, %zu failed", done, job->files.len, job->failed);
    }
}

static void clear_progress(const struct job *job)
{
    if (job->progress) {
        (void)fprintf(stderr, "\r\033[K");
    }
}

static skm_err run_file(struct job *job, const char *path)
{
    struct skm_conformance_result result = {0};
    skm_buf_reset(&job->report);
    SKM_TRY(skm_conformance_run(path, job->engine, &job->report, &result));
    switch (result.outcome) {
    case SKM_CONFORMANCE_NO_TEST:
        return SKM_OK;
    case SKM_CONFORMANCE_PASSED:
        job->passed++;
        break;
    case SKM_CONFORMANCE_FAILED:
        job->failed++;
        if (!job->quiet) {
            skm_buf_append(job->call->out, skm_buf_span(&job->report));
        }
        break;
    }
    job->requests += result.requests;
    return SKM_OK;
}

static enum skm_exit run_files(struct job *job)
{
    for (size_t i = 0; i < job->files.len; i++) {
        show_progress(job, i);
        skm_err err = run_file(job, job->files.items[i]);
        if (!skm_is_ok(err)) {
            clear_progress(job);
            skm_call_complain(job->call, "%s: %s", job->files.items[i], skm_err_text(err));
            return skm_tool_exit(err);
        }
    }
    clear_progress(job);
    return SKM_EXIT_OK;
}

static enum skm_exit run(struct skm_call *call)
{
    const struct args *args = call->values;
    SKM_CLEANUP(job_fini)
    struct job job = {
        .call = call, .quiet = args->quiet, .engine = (enum skm_world_engine)args->engine};
    job.progress = isatty(STDERR_FILENO) == 1;
    skm_buf_init(&job.report, (size_t)16 << 20);
    enum skm_exit status = find_files(&job);
    if (status == SKM_EXIT_OK) {
        status = run_files(&job);
    }
    if (status != SKM_EXIT_OK) {
        return status;
    }
    if (job.passed + job.failed == 0) {
        skm_call_complain(call, "no test file found");
    }
    if (!job.quiet) {
        skm_buf_printf(call->out, "%zu requests in %zu tests\n", job.requests,
                       job.passed + job.failed);
    }
    skm_buf_printf(call->out, "%zu passed, %zu failed\n", job.passed, job.failed);
    return job.failed > 0 || job.passed == 0 ? SKM_EXIT_NEGATIVE : SKM_EXIT_OK;
}

const struct skm_command skm_cmd_cedar_conformance = {
    .name = "conformance",
    .summary = "run the upstream conformance tests below folders",
    .about =
        "Runs every test of the form of cedar-policy/cedar-integration-tests below the folders, prints\n"
        "what failed, then `N passed, N failed`. Paths within a test are relative to the nearest folder\n"
        "above it in which they lead to a file.\n"
        "\n"
        "exit status: 0 all passed; 1 some failed, or there were none; 2 wrong use or an unreadable\n"
        "file.",
    .options = {options, sizeof(options) / sizeof(options[0])},
    .values_bytes = sizeof(struct args),
    .operand = "DIR",
    .operands_min = 1,
    .run = run,
};
