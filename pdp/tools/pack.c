#include "tools/pack.h"

#include <sys/stat.h>

#include "base/attr.h"
#include "base/file.h"
#include "base/span.h"
#include "base/yaml.h"
#include "state/entities_json.h"

#define PACK_QUOTA   ((size_t)16 << 30)
#define DIAGS_MAX    1000u
#define FOLDER_FILES 100000u

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool is_there(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0;
}

static skm_err join(struct skm_call *call, skm_span folder, const char *name, const char **out_path)
{
    skm_span path = {0};
    bool absolute = name[0] == '/' || folder.len == 0;
    SKM_TRY(absolute ? skm_arena_printf(call->arena, &path, "%s", name)
                     : skm_arena_printf(call->arena, &path, "%.*s/%s", SKM_SPAN_ARG(folder), name));
    *out_path = path.ptr;
    return SKM_OK;
}

static skm_err one_text(struct skm_call *call, const char *text, struct skm_texts *out_texts)
{
    const char **items = SKM_ARENA_NEW_ARRAY(call->arena, const char *, 1);
    if (items == NULL) {
        return SKM_ERR(MEMORY);
    }
    items[0] = text;
    *out_texts = (struct skm_texts){items, 1};
    return SKM_OK;
}

/* ---- finding ---- */

/* Takes the place for what is not named yet, when it is there. */
static skm_err find_texts(struct skm_call *call, skm_span folder, const char *name,
                          struct skm_texts *texts)
{
    const char *path = NULL;
    if (texts->count > 0) {
        return SKM_OK;
    }
    SKM_TRY(join(call, folder, name, &path));
    return is_there(path) ? one_text(call, path, texts) : SKM_OK;
}

static skm_err find_schema(struct skm_call *call, skm_span folder, struct skm_pack_files *files)
{
    static const char *const names[] = {"schema.cedarschema", "schema.json"};
    for (size_t i = 0; i < SKM_ARRAY_LEN(names) && files->schema == NULL; i++) {
        const char *path = NULL;
        SKM_TRY(join(call, folder, names[i], &path));
        files->schema = is_there(path) ? path : NULL;
    }
    return SKM_OK;
}

static skm_err find_in_folder(struct skm_call *call, const char *path, struct skm_pack_files *files)
{
    skm_span folder = skm_span_cstr(path);
    const char *policies = NULL;
    SKM_TRY(join(call, folder, "policies", &policies));
    if (!is_folder(policies)) {
        return files->policies.count > 0 ? SKM_OK : one_text(call, path, &files->policies);
    }
    SKM_TRY(find_texts(call, folder, "policies", &files->policies));
    SKM_TRY(find_texts(call, folder, "obligations", &files->obligations));
    SKM_TRY(find_texts(call, folder, "entities", &files->entities));
    return find_schema(call, folder, files);
}

/* The value of a key that names a place; other kinds of value are for `sekimorid --check` to tell. */
static const char *place_of(const struct skm_yaml_node *root, const char *key)
{
    const struct skm_yaml_node *node = skm_yaml_find(root, skm_span_cstr(key));
    return node != NULL && node->kind == SKM_YAML_SCALAR && node->text.len > 0 ? node->text.ptr
                                                                               : NULL;
}

/* The scalar as a C string: the tree's texts are not terminated. */
static skm_err named(struct skm_call *call, const struct skm_yaml_node *root, const char *key,
                     skm_span folder, const char **out_path)
{
    const struct skm_yaml_node *node = skm_yaml_find(root, skm_span_cstr(key));
    skm_span text = {0};
    if (place_of(root, key) == NULL) {
        *out_path = NULL;
        return SKM_OK;
    }
    SKM_TRY(skm_arena_printf(call->arena, &text, "%.*s", SKM_SPAN_ARG(node->text)));
    return join(call, folder, text.ptr, out_path);
}

static skm_err find_named(struct skm_call *call, const struct skm_yaml_node *root, const char *key,
                          skm_span folder, struct skm_texts *texts)
{
    const char *path = NULL;
    SKM_TRY(named(call, root, key, folder, &path));
    if (texts->count > 0) {
        return SKM_OK;
    }
    /* As in the daemon, a folder that is not named has its key as name and may be absent. */
    return path == NULL ? find_texts(call, folder, key, texts) : one_text(call, path, texts);
}

static skm_err find_in_config(struct skm_call *call, const char *path, struct skm_diags *diags,
                              struct skm_pack_files *files)
{
    const struct skm_source *source = NULL;
    const struct skm_yaml_node *root = NULL;
    SKM_TRY(skm_tool_read(call, diags->arena, path, &source));
    SKM_TRY(skm_yaml_parse(diags->arena, source, &skm_yaml_limits_config, diags, &root));
    if (root->kind != SKM_YAML_MAPPING) {
        (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, source, root->range,
                            "expected a mapping of options, got %s",
                            skm_yaml_kind_name(root->kind));
        return SKM_ERR(INVALID);
    }
    skm_span folder = skm_span_cstr(path);
    while (folder.len > 0 && folder.ptr[folder.len - 1] != '/') {
        folder.len--;
    }
    folder.len -= folder.len > 1 ? 1 : 0;
    SKM_TRY(find_named(call, root, "policies", folder, &files->policies));
    SKM_TRY(find_named(call, root, "obligations", folder, &files->obligations));
    SKM_TRY(find_named(call, root, "entities", folder, &files->entities));
    if (files->schema == NULL) {
        SKM_TRY(named(call, root, "schema", folder, &files->schema));
    }
    const struct skm_yaml_node *rule = skm_yaml_find(root, SKM_SPAN("on_forbid_error"));
    if (rule != NULL && skm_span_equal(rule->text, SKM_SPAN("skip"))) {
        files->skip_forbid_errors = true;
    }
    return SKM_OK;
}

skm_err skm_pack_find(struct skm_call *call, const char *path, struct skm_diags *diags,
                      struct skm_pack_files *files)
{
    if (is_folder(path)) {
        return find_in_folder(call, path, files);
    }
    skm_span name = skm_span_cstr(path);
    if (skm_span_ends(name, SKM_SPAN(".yaml")) || skm_span_ends(name, SKM_SPAN(".yml"))) {
        return find_in_config(call, path, diags, files);
    }
    return files->policies.count > 0 ? SKM_OK : one_text(call, path, &files->policies);
}

/* ---- reading ---- */

skm_err skm_pack_init(struct skm_pack *pack)
{
    *pack = (struct skm_pack){.snapshot = {.revision = 1}};
    SKM_TRY(skm_world_init(&pack->world, PACK_QUOTA, DIAGS_MAX));
    skm_policy_set_init(&pack->obligations, &pack->world.arena);
    return SKM_OK;
}

void skm_pack_fini(struct skm_pack *pack)
{
    skm_policy_set_fini(&pack->obligations);
    skm_world_fini(&pack->world);
}

static skm_err go_on(skm_err err)
{
    return skm_is_err(err, SKM_E_INVALID) ? SKM_OK : err;
}

/* Files of a folder; a file stands for itself when `alone`. An empty list is no fault. */
static skm_err files_of(struct skm_call *call, const char *path, skm_span suffix, bool alone,
                        struct skm_texts *out_files)
{
    skm_span *names = NULL;
    size_t count = 0;
    *out_files = (struct skm_texts){NULL, 0};
    if (!is_folder(path)) {
        return alone ? one_text(call, path, out_files) : SKM_OK;
    }
    SKM_TRY(skm_file_list(call->arena, path, suffix, FOLDER_FILES, &names, &count));
    const char **items = SKM_ARENA_NEW_ARRAY(call->arena, const char *, count);
    if (items == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < count; i++) {
        skm_span name = {0};
        SKM_TRY(skm_arena_printf(call->arena, &name, "%.*s", SKM_SPAN_ARG(names[i])));
        SKM_TRY(join(call, skm_span_cstr(path), name.ptr, &items[i]));
    }
    *out_files = (struct skm_texts){items, count};
    return SKM_OK;
}

static skm_err add_policies(struct skm_pack *pack, struct skm_policy_set *set, size_t *number,
                            const struct skm_source *source)
{
    struct skm_policy_list list = {0};
    SKM_TRY(skm_parse_policies(&pack->world.arena, source, *number, &pack->world.diags, &list));
    *number += list.count;
    return skm_policy_set_add(set, &list, SKM_POLICY_NAMING_ANNOTATION, &pack->world.diags);
}

static skm_err read_policies(struct skm_pack *pack, struct skm_call *call,
                             const struct skm_texts *paths, struct skm_policy_set *set)
{
    size_t number = 0;
    for (size_t i = 0; i < paths->count; i++) {
        struct skm_texts files = {0};
        SKM_TRY(skm_tool_expand(call, paths->items[i], SKM_SPAN(".cedar"), &files));
        for (size_t f = 0; f < files.count; f++) {
            const struct skm_source *source = NULL;
            SKM_TRY(skm_tool_read(call, &pack->world.arena, files.items[f], &source));
            SKM_TRY(go_on(add_policies(pack, set, &number, source)));
        }
    }
    return SKM_OK;
}

static skm_err read_links(struct skm_pack *pack, struct skm_call *call,
                          const struct skm_texts *paths, bool alone, struct skm_policy_set *set)
{
    for (size_t i = 0; i < paths->count; i++) {
        struct skm_texts files = {0};
        SKM_TRY(files_of(call, paths->items[i], SKM_SPAN(".links.json"), alone, &files));
        for (size_t f = 0; f < files.count; f++) {
            const struct skm_source *source = NULL;
            SKM_TRY(skm_tool_read(call, &pack->world.arena, files.items[f], &source));
            SKM_TRY(go_on(skm_policy_set_link_json(set, source, &pack->world.diags)));
        }
    }
    return SKM_OK;
}

static skm_err read_entity_files(struct skm_pack *pack, struct skm_call *call,
                                 const struct skm_texts *files)
{
    for (size_t i = 0; i < files->count; i++) {
        const struct skm_source *source = NULL;
        SKM_TRY(skm_tool_read(call, &pack->world.arena, files->items[i], &source));
        SKM_TRY(go_on(skm_world_add_entities(&pack->world, source)));
    }
    return SKM_OK;
}

static skm_err read_entities(struct skm_pack *pack, struct skm_call *call,
                             const struct skm_texts *paths)
{
    size_t errors = pack->world.diags.errors;
    for (size_t i = 0; i < paths->count; i++) {
        struct skm_texts files = {0};
        SKM_TRY(files_of(call, paths->items[i], SKM_SPAN(".json"), true, &files));
        SKM_TRY(read_entity_files(pack, call, &files));
        SKM_TRY(files_of(call, paths->items[i], SKM_SPAN(".jsonl"), false, &files));
        SKM_TRY(read_entity_files(pack, call, &files));
    }
    /* Entities that an error left out would only cause messages that mislead. */
    return pack->world.diags.errors > errors ? SKM_OK : go_on(skm_world_close(&pack->world));
}

skm_err skm_pack_read(struct skm_pack *pack, struct skm_call *call,
                      const struct skm_pack_files *files)
{
    struct skm_world *world = &pack->world;
    SKM_TRY(read_policies(pack, call, &files->policies, &world->policies));
    SKM_TRY(read_links(pack, call, &files->policies, false, &world->policies));
    SKM_TRY(read_links(pack, call, &files->links, true, &world->policies));
    SKM_TRY(read_policies(pack, call, &files->obligations, &pack->obligations));
    SKM_TRY(read_links(pack, call, &files->obligations, false, &pack->obligations));
    size_t errors = world->diags.errors;
    SKM_TRY(go_on(skm_world_read_schema(world, call, files->schema,
                                        (enum skm_schema_form)files->schema_format)));
    if (world->diags.errors == errors) {
        SKM_TRY(read_entities(pack, call, &files->entities));
    }
    pack->snapshot.policies = world->policies;
    pack->snapshot.obligations = pack->obligations;
    pack->snapshot.schema = world->schema;
    pack->snapshot.entities = world->entities;
    pack->snapshot.on_forbid_error =
        files->skip_forbid_errors ? SKM_ON_FORBID_ERROR_SKIP : SKM_ON_FORBID_ERROR_DENY;
    return world->diags.errors > 0 ? SKM_ERR(INVALID) : SKM_OK;
}
