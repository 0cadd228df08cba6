#include "tools/files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/file.h"
#include "base/span.h"

#define FOLDER_FILES_MAX 100000u

static void cannot_read(struct skm_call *call, const char *path, skm_err err)
{
    bool system = skm_is_err(err, SKM_E_IO) || skm_is_err(err, SKM_E_NOT_FOUND);
    skm_call_complain(call, "cannot read `%s`: %s", path,
                      system && errno != 0 ? strerror(errno) : skm_err_text(err));
}

skm_err skm_tool_read(struct skm_call *call, struct skm_arena *arena, const char *path,
                      const struct skm_source **out_source)
{
    skm_span text = {0};
    errno = 0;
    skm_err err = skm_file_read(arena, path, SKM_TOOL_FILE_MAX, &text);
    if (!skm_is_ok(err)) {
        cannot_read(call, path, err);
        return err;
    }
    struct skm_source *source = SKM_ARENA_NEW(arena, struct skm_source);
    if (source == NULL) {
        return SKM_ERR(MEMORY);
    }
    const char *name = strcmp(path, "-") == 0 ? "<standard input>" : path;
    SKM_TRY(skm_arena_dup(arena, skm_span_cstr(name), &source->name));
    source->text = text;
    *out_source = source;
    return SKM_OK;
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static skm_err expand_folder(struct skm_call *call, const char *path, skm_span suffix,
                             struct skm_texts *out_paths)
{
    skm_span *names = NULL;
    size_t count = 0;
    errno = 0;
    skm_err err = skm_file_list(call->arena, path, suffix, FOLDER_FILES_MAX, &names, &count);
    if (!skm_is_ok(err)) {
        cannot_read(call, path, err);
        return err;
    }
    if (count == 0) {
        skm_call_complain(call, "folder `%s` has no files that end in `%.*s`", path,
                          SKM_SPAN_ARG(suffix));
        return SKM_ERR(NOT_FOUND);
    }
    const char **paths = SKM_ARENA_NEW_ARRAY(call->arena, const char *, count);
    if (paths == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < count; i++) {
        skm_span joined = {0};
        SKM_TRY(skm_arena_printf(call->arena, &joined, "%s/%.*s", path, SKM_SPAN_ARG(names[i])));
        paths[i] = joined.ptr;
    }
    *out_paths = (struct skm_texts){paths, count};
    return SKM_OK;
}

skm_err skm_tool_expand(struct skm_call *call, const char *path, skm_span suffix,
                        struct skm_texts *out_paths)
{
    if (is_folder(path)) {
        return expand_folder(call, path, suffix, out_paths);
    }
    const char **paths = SKM_ARENA_NEW_ARRAY(call->arena, const char *, 1);
    if (paths == NULL) {
        return SKM_ERR(MEMORY);
    }
    paths[0] = path;
    *out_paths = (struct skm_texts){paths, 1};
    return SKM_OK;
}

const char *const skm_tool_diag_formats[] = {
    [SKM_DIAG_FORM_HUMAN] = "human",
    [SKM_DIAG_FORM_GCC] = "gcc",
    [SKM_DIAG_FORM_JSON] = "json",
    NULL,
};

void skm_tool_print(struct skm_call *call, const struct skm_diags *diags)
{
    skm_diags_print(diags, SKM_DIAG_FORM_HUMAN, call->err);
}

enum skm_exit skm_tool_exit(skm_err err)
{
    return skm_is_err(err, SKM_E_MEMORY) ? SKM_EXIT_INTERNAL : SKM_EXIT_USAGE;
}
