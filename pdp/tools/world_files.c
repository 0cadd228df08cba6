#include "tools/world_files.h"

#include "base/span.h"

const char *const skm_world_schema_formats[] = {
    [SKM_SCHEMA_FORM_GUESS] = "auto",
    [SKM_SCHEMA_FORM_CEDAR] = "cedar",
    [SKM_SCHEMA_FORM_JSON] = "json",
    NULL,
};

skm_err skm_world_read_policies(struct skm_world *world, struct skm_call *call,
                                const struct skm_texts *paths)
{
    for (size_t i = 0; i < paths->count; i++) {
        struct skm_texts files = {0};
        SKM_TRY(skm_tool_expand(call, paths->items[i], SKM_SPAN(".cedar"), &files));
        for (size_t j = 0; j < files.count; j++) {
            const struct skm_source *source = NULL;
            SKM_TRY(skm_tool_read(call, &world->arena, files.items[j], &source));
            SKM_TRY(skm_world_add_policies(world, source, SKM_POLICY_NAMING_ANNOTATION));
        }
    }
    return SKM_OK;
}

skm_err skm_world_read_links(struct skm_world *world, struct skm_call *call,
                             const struct skm_texts *paths)
{
    for (size_t i = 0; i < paths->count; i++) {
        const struct skm_source *source = NULL;
        SKM_TRY(skm_tool_read(call, &world->arena, paths->items[i], &source));
        SKM_TRY(skm_world_add_links(world, source));
    }
    return SKM_OK;
}

skm_err skm_world_read_schema(struct skm_world *world, struct skm_call *call, const char *path,
                              enum skm_schema_form form)
{
    if (path == NULL) {
        return SKM_OK;
    }
    const struct skm_source *source = NULL;
    SKM_TRY(skm_tool_read(call, &world->arena, path, &source));
    return skm_world_set_schema(world, source, form);
}

skm_err skm_world_read_entities(struct skm_world *world, struct skm_call *call,
                                const struct skm_texts *paths)
{
    for (size_t i = 0; i < paths->count; i++) {
        const struct skm_source *source = NULL;
        SKM_TRY(skm_tool_read(call, &world->arena, paths->items[i], &source));
        SKM_TRY(skm_world_add_entities(world, source));
    }
    return skm_world_close(world);
}

enum skm_exit skm_world_exit(struct skm_call *call, skm_err err)
{
    if (skm_is_err(err, SKM_E_INVALID)) {
        return SKM_EXIT_NEGATIVE;
    }
    return skm_is_err(err, SKM_E_NOT_FOUND) || skm_is_err(err, SKM_E_IO)
               ? SKM_EXIT_USAGE
               : skm_call_internal(call, err);
}
