#include "daemon/load_files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/file.h"
#include "base/span.h"
#include "base/utf8.h"

static skm_err refuse(const struct skm_load_reader *reader, const char *option, const char *path,
                      const char *why)
{
    (void)skm_diags_add(reader->diags, SKM_SEVERITY_ERROR, NULL, (struct skm_range){0, 0},
                        "`%s`: `%s`: %s", option, path, why);
    return SKM_ERR(INVALID);
}

/* What the system said, or what we found. */
static const char *reason(skm_err err)
{
    if (skm_is_err(err, SKM_E_IO) || skm_is_err(err, SKM_E_NOT_FOUND)) {
        return errno == 0 ? skm_err_text(err) : strerror(errno);
    }
    return skm_err_text(err);
}

static skm_err check_kind(const struct skm_load_reader *reader, const char *option,
                          const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        return refuse(reader, option, path, strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return refuse(reader, option, path, "this is not a file");
    }
    if ((info.st_mode & S_IWOTH) != 0) {
        return refuse(reader, option, path, "anybody may write this file; chmod o-w it");
    }
    return SKM_OK;
}

static skm_err check_encoding(const struct skm_load_reader *reader, const struct skm_source *source)
{
    size_t bad = 0;
    if (skm_utf8_check(source->text, &bad)) {
        return SKM_OK;
    }
    /* Positions in a text that is not UTF-8 would be guesses: the byte is named instead. */
    (void)skm_diags_add(reader->diags, SKM_SEVERITY_ERROR, NULL, (struct skm_range){0, 0},
                        "`%.*s`: not valid UTF-8 at byte %zu", SKM_SPAN_ARG(source->name), bad);
    return SKM_ERR(INVALID);
}

skm_err skm_load_file(const struct skm_load_reader *reader, const char *option, const char *path,
                      struct skm_source *out_source)
{
    struct skm_source source = {0};
    SKM_TRY(check_kind(reader, option, path));
    SKM_TRY(skm_arena_dup(reader->arena, skm_span_cstr(path), &source.name));
    errno = 0;
    skm_err err =
        skm_file_read(reader->arena, path, (size_t)reader->config->limits.file_bytes, &source.text);
    if (skm_is_err(err, SKM_E_MEMORY)) {
        return err;
    }
    if (!skm_is_ok(err)) {
        return refuse(reader, option, path, reason(err));
    }
    SKM_TRY(check_encoding(reader, &source));
    *out_source = source;
    return SKM_OK;
}

static skm_err list(const struct skm_load_reader *reader, const char *option, const char *folder,
                    skm_span suffix, skm_span **out_names, size_t *out_count)
{
    errno = 0;
    skm_err err = skm_file_list(reader->arena, folder, suffix, (size_t)reader->config->limits.files,
                                out_names, out_count);
    if (skm_is_ok(err) || skm_is_err(err, SKM_E_MEMORY)) {
        return err;
    }
    return refuse(reader, option, folder,
                  skm_is_err(err, SKM_E_COUNT) ? "more files than `limits.files` allows"
                                               : reason(err));
}

skm_err skm_load_folder(const struct skm_load_reader *reader, const char *option,
                        const char *folder, skm_span suffix, struct skm_load_sources *out_sources)
{
    skm_span *names = NULL;
    size_t count = 0;
    skm_err result = SKM_OK;
    SKM_TRY(list(reader, option, folder, suffix, &names, &count));
    struct skm_source *sources = SKM_ARENA_NEW_ARRAY(reader->arena, struct skm_source, count);
    if (sources == NULL) {
        return SKM_ERR(MEMORY);
    }
    size_t read = 0;
    for (size_t i = 0; i < count; i++) {
        skm_span path = {0};
        SKM_TRY(skm_arena_printf(reader->arena, &path, "%s/%.*s", folder, SKM_SPAN_ARG(names[i])));
        skm_err err = skm_load_file(reader, option, path.ptr, &sources[read]);
        if (skm_is_ok(err)) {
            read++;
        } else if (skm_is_err(err, SKM_E_INVALID)) {
            result = err;
        } else {
            return err;
        }
    }
    *out_sources = (struct skm_load_sources){sources, read};
    return result;
}

static bool ends_in_any(skm_span name, const skm_span *suffixes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (skm_span_ends(name, suffixes[i])) {
            return true;
        }
    }
    return false;
}

skm_err skm_load_warn_unread(const struct skm_load_reader *reader, const char *option,
                             const char *folder, const skm_span *suffixes, size_t count)
{
    skm_span *names = NULL;
    size_t name_count = 0;
    SKM_TRY(list(reader, option, folder, SKM_SPAN(""), &names, &name_count));
    for (size_t i = 0; i < name_count; i++) {
        if (ends_in_any(names[i], suffixes, count) ||
            skm_span_starts(names[i], SKM_SPAN("README"))) {
            continue;
        }
        (void)skm_diags_add(reader->diags, SKM_SEVERITY_WARNING, NULL, (struct skm_range){0, 0},
                            "`%s`: `%s/%.*s` is not read: its name has no known ending", option,
                            folder, SKM_SPAN_ARG(names[i]));
    }
    return SKM_OK;
}
