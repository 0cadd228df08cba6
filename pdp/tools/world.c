#include "tools/world.h"

#include "base/span.h"
#include "cedar/policy_json.h"
#include "cedar/schema_json.h"
#include "cedar/schema_parse.h"
#include "engine/authorize.h"
#include "state/entities_json.h"

const char *skm_stage_name(enum skm_stage stage)
{
    static const char *const names[] = {
        [SKM_STAGE_POLICIES] = "policies", [SKM_STAGE_LINKS] = "links",
        [SKM_STAGE_SCHEMA] = "schema",     [SKM_STAGE_ENTITIES] = "entities",
        [SKM_STAGE_REQUEST] = "request",
    };
    return names[stage];
}

skm_err skm_world_init(struct skm_world *world, size_t quota_bytes, size_t diags_max)
{
    *world = (struct skm_world){0};
    skm_arena_init(&world->arena, quota_bytes);
    skm_diags_init(&world->diags, &world->arena, diags_max);
    skm_policy_set_init(&world->policies, &world->arena);
    return skm_entities_new(&world->arena, &world->entities);
}

void skm_world_fini(struct skm_world *world)
{
    skm_policy_set_fini(&world->policies);
    skm_entities_free(world->entities);
    world->entities = NULL;
    skm_arena_fini(&world->arena);
}

/* The first character that is not blank. */
static char first_character(skm_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
            return c;
        }
    }
    return '\0';
}

skm_err skm_world_add_policies(struct skm_world *world, const struct skm_source *source,
                               enum skm_policy_naming naming)
{
    if (first_character(source->text) == '{') { /* no policy text begins so */
        return skm_policy_json_read_set(&world->policies, source, &world->diags);
    }
    struct skm_policy_list list = {0};
    SKM_TRY(skm_parse_policies(&world->arena, source, world->policy_count, &world->diags, &list));
    world->policy_count += list.count;
    return skm_policy_set_add(&world->policies, &list, naming, &world->diags);
}

skm_err skm_world_add_links(struct skm_world *world, const struct skm_source *source)
{
    return skm_policy_set_link_json(&world->policies, source, &world->diags);
}

skm_err skm_world_set_schema(struct skm_world *world, const struct skm_source *source,
                             enum skm_schema_form form)
{
    bool json = form == SKM_SCHEMA_FORM_JSON ||
                (form == SKM_SCHEMA_FORM_GUESS && first_character(source->text) == '{');
    return json ? skm_schema_parse_json(&world->arena, source, &world->diags, &world->schema)
                : skm_schema_parse(&world->arena, source, &world->diags, &world->schema);
}

skm_err skm_world_add_entities(struct skm_world *world, const struct skm_source *source)
{
    return skm_entities_json_load(world->entities, source, skm_entities_json_guess(source),
                                  world->schema, &world->diags);
}

skm_err skm_world_close(struct skm_world *world)
{
    return skm_entities_finish(world->entities, world->schema, &world->diags);
}

const char *const skm_world_engines[] = {
    [SKM_WORLD_EVAL] = "eval",
    [SKM_WORLD_VM] = "vm",
    NULL,
};

static skm_err compile(struct skm_world *world)
{
    struct skm_compiled_set *set = SKM_ARENA_NEW(&world->arena, struct skm_compiled_set);
    if (set == NULL) {
        return SKM_ERR(MEMORY);
    }
    SKM_TRY(skm_policyset_compile(&world->arena, &world->policies, set));
    world->compiled = set;
    return SKM_OK;
}

skm_err skm_world_authorize(struct skm_world *world, struct skm_arena *arena,
                            const struct skm_request *request,
                            struct skm_authorization *out_authorization)
{
    const struct skm_entity_view *view = skm_entities_view(world->entities);
    struct skm_engine_answer answer;
    if (world->engine == SKM_WORLD_EVAL) {
        return skm_authorize(arena, &world->policies, request, view, out_authorization);
    }
    if (world->compiled == NULL) {
        SKM_TRY(compile(world));
    }
    SKM_TRY(skm_engine_authorize(arena, world->compiled, request, view, &answer));
    return skm_engine_translate(arena, &answer, &world->policies, out_authorization);
}
