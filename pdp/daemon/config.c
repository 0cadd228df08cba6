#include "daemon/config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/span.h"
#include "base/yaml.h"
#include "daemon/config_check.h"
#include "daemon/config_read.h"

#define CONFIG_MEMORY (256u << 20)

SKM_DEFINE_CLEANUP(cleanup_config, struct skm_config, skm_config_unref)

struct skm_config *skm_config_ref(struct skm_config *config)
{
    __atomic_add_fetch(&config->refs, 1, __ATOMIC_RELAXED);
    return config;
}

void skm_config_unref(struct skm_config *config)
{
    if (config == NULL || __atomic_sub_fetch(&config->refs, 1, __ATOMIC_ACQ_REL) != 0) {
        return;
    }
    skm_arena_fini(&config->arena);
    skm_mem_free(config);
}

static skm_err new_config(const struct skm_source *source, struct skm_config **out_config)
{
    SKM_CLEANUP(cleanup_config) struct skm_config *config = skm_mem_alloc(sizeof *config);
    if (config == NULL) {
        return SKM_ERR(MEMORY);
    }
    config->refs = 1;
    skm_arena_init(&config->arena, CONFIG_MEMORY);
    struct skm_source *copy = SKM_ARENA_NEW(&config->arena, struct skm_source);
    if (copy == NULL) {
        return SKM_ERR(MEMORY);
    }
    SKM_TRY(skm_arena_dup(&config->arena, source->name, &copy->name));
    SKM_TRY(skm_arena_dup(&config->arena, source->text, &copy->text));
    config->source = copy;
    *out_config = SKM_TAKE(config);
    return SKM_OK;
}

static skm_err read_text(struct skm_config *config, const struct skm_source *source,
                         skm_span folder, struct skm_diags *diags)
{
    const struct skm_yaml_node *root = NULL;
    SKM_TRY(skm_yaml_parse(&config->arena, source, &skm_yaml_limits_config, diags, &root));
    struct skm_config_reader reader = {
        .arena = &config->arena, .source = source, .diags = diags, .folder = folder};
    return skm_config_read(&reader, root, config);
}

skm_err skm_config_parse(const struct skm_source *source, skm_span folder, struct skm_diags *diags,
                         struct skm_config **out_config)
{
    SKM_CLEANUP(cleanup_config) struct skm_config *config = NULL;
    SKM_TRY(new_config(source, &config));
    SKM_TRY(read_text(config, source, folder, diags));
    SKM_TRY(skm_config_check(config, source, diags));
    *out_config = SKM_TAKE(config);
    return SKM_OK;
}

/* ---- from a file ---- */

/* Whoever may write the configuration owns the decisions. The folder counts too, since a file can be replaced there; the
 * sticky bit (/tmp) keeps others from doing so. */
static bool anybody_may_write(const struct stat *info)
{
    return (info->st_mode & S_IWOTH) != 0 &&
           !(S_ISDIR(info->st_mode) && (info->st_mode & S_ISVTX) != 0);
}

static void complain(struct skm_diags *diags, const char *path, const char *message)
{
    (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, NULL, (struct skm_range){0, 0},
                        "configuration `%s`: %s", path, message);
}

static skm_err check_writers(const char *path, const char *folder, struct skm_diags *diags)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        bool is_missing = errno == ENOENT;
        complain(diags, path, strerror(errno));
        if (is_missing) {
            skm_diag_help(
                diags, diags->last,
                "begin with `sekimori.yaml.example` and `schema.cedarschema` of the documentation "
                "(share/doc/sekimori), or see every option by `sekimorid --print-defaults`");
        }
        return SKM_ERR(INVALID);
    }
    if (!S_ISREG(info.st_mode)) {
        complain(diags, path, "this is not a file");
        return SKM_ERR(INVALID);
    }
    if (anybody_may_write(&info)) {
        complain(diags, path, "anybody may write this file; chmod o-w it");
        return SKM_ERR(INVALID);
    }
    if (stat(folder, &info) == 0 && anybody_may_write(&info)) {
        complain(diags, path, "anybody may write the folder it is in; chmod o-w the folder");
        return SKM_ERR(INVALID);
    }
    return SKM_OK;
}

static skm_err read_file(const char *path, struct skm_diags *diags, skm_span *out_text)
{
    skm_err err = skm_file_read(diags->arena, path, skm_yaml_limits_config.text_bytes, out_text);
    if (skm_is_ok(err) || skm_is_err(err, SKM_E_MEMORY)) {
        return err;
    }
    complain(diags, path, skm_is_err(err, SKM_E_IO) ? strerror(errno) : skm_err_text(err));
    return SKM_ERR(INVALID);
}

/* The folder of the file, NUL-terminated, without final slash; `.` when the path names none. */
static skm_err folder_of(struct skm_arena *arena, const char *path, skm_span *out_folder)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return skm_arena_printf(arena, out_folder, ".");
    }
    int len = slash == path ? 1 : (int)(slash - path);
    return skm_arena_printf(arena, out_folder, "%.*s", len, path);
}

skm_err skm_config_load(const char *path, struct skm_diags *diags, struct skm_config **out_config)
{
    if (strlen(path) >= 4096) {
        complain(diags, "", "the path is too long");
        return SKM_ERR(INVALID);
    }
    struct skm_source *source = SKM_ARENA_NEW(diags->arena, struct skm_source);
    if (source == NULL) {
        return SKM_ERR(MEMORY);
    }
    skm_span folder = {0};
    SKM_TRY(skm_arena_dup(diags->arena, skm_span_cstr(path), &source->name));
    SKM_TRY(folder_of(diags->arena, path, &folder));
    SKM_TRY(check_writers(path, folder.ptr, diags));
    SKM_TRY(read_file(path, diags, &source->text));
    SKM_CLEANUP(cleanup_config) struct skm_config *config = NULL;
    SKM_TRY(skm_config_parse(source, folder, diags, &config));
    SKM_TRY(skm_config_check_files(config, source, diags));
    *out_config = SKM_TAKE(config);
    return SKM_OK;
}
