#include "cedar/schema_json.h"

#include "base/span.h"
#include "base/vec.h"
#include "cedar/schema_json_type.h"
#include "cedar/schema_parse.h"
#include "cedar/schema_resolve.h"
#include "cedar/token.h"

/* ---- entity types ---- */

static void forbid_beside(struct skm_schema_json *reader, struct skm_range range, const char *first,
                          const char *second, bool is_there)
{
    if (is_there) {
        (void)skm_diags_add(reader->diags, SKM_SEVERITY_ERROR, reader->source, range,
                            "`%s` cannot stand beside `%s`", second, first);
    }
}

static void check_entity(struct skm_schema_json *reader, const struct skm_decl_entity *entity,
                         bool has_parents)
{
    struct skm_range range = entity->name.range;
    if (entity->is_enum) {
        forbid_beside(reader, range, "enum", "memberOfTypes", has_parents);
        forbid_beside(reader, range, "enum", "shape", entity->shape != NULL);
        forbid_beside(reader, range, "enum", "tags", entity->tags != NULL);
    }
    if (entity->is_enum && entity->enum_count == 0) {
        (void)skm_schema_json_complain(reader, range, "`enum` has no ids");
    }
    if (entity->is_external) {
        forbid_beside(reader, range, "external", "enum", entity->is_enum);
        forbid_beside(reader, range, "external", "shape", entity->shape != NULL);
        forbid_beside(reader, range, "external", "tags", entity->tags != NULL);
    }
}

static skm_err read_entity_member(struct skm_schema_json *reader, const struct skm_decl_name *key,
                                  struct skm_decl_entity *entity, bool *has_parents)
{
    static const skm_span KNOWN[] = {{"memberOfTypes", 13}, {"shape", 5},        {"tags", 4},
                                     {"enum", 4},           {"annotations", 11}, {"external", 8}};
    if (skm_schema_json_is(key, "memberOfTypes")) {
        *has_parents = true;
        return skm_schema_json_list(reader, skm_schema_json_path, &entity->parents,
                                    &entity->parent_count);
    }
    if (skm_schema_json_is(key, "shape")) {
        return skm_schema_json_type(reader, &entity->shape);
    }
    if (skm_schema_json_is(key, "tags")) {
        return skm_schema_json_type(reader, &entity->tags);
    }
    if (skm_schema_json_is(key, "enum")) {
        entity->is_enum = true;
        return skm_schema_json_list(reader, skm_schema_json_string, &entity->enum_ids,
                                    &entity->enum_count);
    }
    if (skm_schema_json_is(key, "annotations")) {
        return skm_schema_json_annotations(reader, &entity->annotations);
    }
    if (skm_schema_json_is(key, "external")) {
        return skm_json_read_bool(&reader->json, &entity->is_external);
    }
    return skm_schema_json_refuse(reader, key, KNOWN, sizeof(KNOWN) / sizeof(KNOWN[0]));
}

static skm_err read_entity(struct skm_schema_json *reader, struct skm_decl_entity *entity)
{
    bool has_parents = false;
    skm_schema_json_check_name(reader, &entity->name, skm_schema_json_is_name);
    SKM_TRY(skm_json_enter_object(&reader->json));
    for (;;) {
        bool more = false;
        struct skm_decl_name key = {0};
        SKM_TRY(skm_schema_json_next(reader, &more, &key));
        if (!more) {
            break;
        }
        SKM_TRY(read_entity_member(reader, &key, entity, &has_parents));
    }
    check_entity(reader, entity, has_parents);
    return SKM_OK;
}

/* ---- actions ---- */

/* {"id": ..., "type"?: ...} */
static skm_err read_ref(struct skm_schema_json *reader, struct skm_decl_action_ref *out_ref)
{
    static const skm_span KNOWN[] = {{"id", 2}, {"type", 4}};
    size_t start = skm_json_value_offset(&reader->json);
    bool has_id = false;
    SKM_TRY(skm_json_enter_object(&reader->json));
    for (;;) {
        bool more = false;
        bool null = false;
        struct skm_decl_name key = {0};
        struct skm_decl_name type = {0};
        SKM_TRY(skm_schema_json_next(reader, &more, &key));
        if (!more) {
            break;
        }
        if (skm_schema_json_is(&key, "id")) {
            has_id = true;
            SKM_TRY(skm_json_read_string(&reader->json, &out_ref->id));
        } else if (skm_schema_json_is(&key, "type")) {
            SKM_TRY(skm_schema_json_take_null(reader, &null));
            if (!null) {
                SKM_TRY(skm_schema_json_path(reader, &type));
            }
            out_ref->type = type.text;
        } else {
            SKM_TRY(skm_schema_json_refuse(reader, &key, KNOWN, 2));
        }
    }
    out_ref->range = skm_schema_json_since(reader, start);
    if (!has_id) {
        (void)skm_schema_json_complain(reader, out_ref->range, "the action has no `id`");
    }
    return SKM_OK;
}

static skm_err read_refs(struct skm_schema_json *reader, struct skm_decl_action *action)
{
    SKM_VEC(struct skm_decl_action_ref) refs = {0};
    SKM_TRY(skm_json_enter_array(&reader->json));
    for (;;) {
        bool more = false;
        struct skm_decl_action_ref *slot = NULL;
        SKM_TRY(skm_json_next_item(&reader->json, &more));
        if (!more) {
            break;
        }
        SKM_TRY(SKM_VEC_PUSH(reader->arena, &refs, SKM_DECL_PARTS_MAX, &slot));
        SKM_TRY(read_ref(reader, slot));
    }
    action->parents = refs.items;
    action->parent_count = refs.len;
    return SKM_OK;
}

/* {"principalTypes": [...], "resourceTypes": [...], "context"?: type} */
static skm_err read_applies(struct skm_schema_json *reader, struct skm_decl_action *action)
{
    static const skm_span KNOWN[] = {{"principalTypes", 14}, {"resourceTypes", 13}, {"context", 7}};
    size_t start = skm_json_value_offset(&reader->json);
    bool has_principals = false;
    bool has_resources = false;
    SKM_TRY(skm_json_enter_object(&reader->json));
    for (;;) {
        bool more = false;
        struct skm_decl_name key = {0};
        SKM_TRY(skm_schema_json_next(reader, &more, &key));
        if (!more) {
            break;
        }
        if (skm_schema_json_is(&key, "principalTypes")) {
            has_principals = true;
            SKM_TRY(skm_schema_json_list(reader, skm_schema_json_path, &action->principals,
                                         &action->principal_count));
        } else if (skm_schema_json_is(&key, "resourceTypes")) {
            has_resources = true;
            SKM_TRY(skm_schema_json_list(reader, skm_schema_json_path, &action->resources,
                                         &action->resource_count));
        } else if (skm_schema_json_is(&key, "context")) {
            SKM_TRY(skm_schema_json_type(reader, &action->context));
        } else {
            SKM_TRY(skm_schema_json_refuse(reader, &key, KNOWN, 3));
        }
    }
    if (!has_principals) {
        (void)skm_schema_json_complain(reader, skm_schema_json_since(reader, start),
                                       "`appliesTo` has no `principalTypes`");
    }
    if (!has_resources) {
        (void)skm_schema_json_complain(reader, skm_schema_json_since(reader, start),
                                       "`appliesTo` has no `resourceTypes`");
    }
    return SKM_OK;
}

/* The members that may be null. */
static skm_err read_action_part(struct skm_schema_json *reader, const struct skm_decl_name *key,
                                struct skm_decl_action *action, bool *has_applies)
{
    bool null = false;
    SKM_TRY(skm_schema_json_take_null(reader, &null));
    if (null) {
        return SKM_OK;
    }
    if (skm_schema_json_is(key, "memberOf")) {
        return read_refs(reader, action);
    }
    if (skm_schema_json_is(key, "appliesTo")) {
        *has_applies = true;
        return read_applies(reader, action);
    }
    (void)skm_schema_json_complain(reader, key->range, "actions have no attributes");
    return skm_json_skip(&reader->json);
}

static skm_err read_action_member(struct skm_schema_json *reader, const struct skm_decl_name *key,
                                  struct skm_decl_action *action, bool *has_applies)
{
    static const skm_span KNOWN[] = {
        {"memberOf", 8}, {"appliesTo", 9}, {"annotations", 11}, {"external", 8}};
    if (skm_schema_json_is(key, "memberOf") || skm_schema_json_is(key, "appliesTo") ||
        skm_schema_json_is(key, "attributes")) {
        return read_action_part(reader, key, action, has_applies);
    }
    if (skm_schema_json_is(key, "annotations")) {
        return skm_schema_json_annotations(reader, &action->annotations);
    }
    if (skm_schema_json_is(key, "external")) {
        return skm_json_read_bool(&reader->json, &action->is_external);
    }
    return skm_schema_json_refuse(reader, key, KNOWN, sizeof(KNOWN) / sizeof(KNOWN[0]));
}

static skm_err read_action(struct skm_schema_json *reader, struct skm_decl_action *action)
{
    bool has_applies = false;
    SKM_TRY(skm_json_enter_object(&reader->json));
    for (;;) {
        bool more = false;
        struct skm_decl_name key = {0};
        SKM_TRY(skm_schema_json_next(reader, &more, &key));
        if (!more) {
            break;
        }
        SKM_TRY(read_action_member(reader, &key, action, &has_applies));
    }
    if (action->is_external) {
        forbid_beside(reader, action->name.range, "external", "appliesTo", has_applies);
    }
    return SKM_OK;
}

/* ---- namespaces ---- */

/* A namespace being read. */
struct space {
    SKM_VEC(struct skm_decl_common) commons;
    SKM_VEC(struct skm_decl_entity) entities;
    SKM_VEC(struct skm_decl_action) actions;
    struct skm_decl_annotations annotations;
    bool has_entities;
    bool has_actions;
};

static skm_err add_common(struct skm_schema_json *reader, struct space *space,
                          const struct skm_decl_name *name)
{
    struct skm_decl_common *slot = NULL;
    skm_schema_json_check_name(reader, name, skm_schema_json_is_name);
    SKM_TRY(SKM_VEC_PUSH(reader->arena, &space->commons, SKM_DECL_NAMES_MAX, &slot));
    slot->name = *name;
    return skm_schema_json_common_type(reader, &slot->type, &slot->annotations);
}

static skm_err add_entity(struct skm_schema_json *reader, struct space *space,
                          const struct skm_decl_name *name)
{
    struct skm_decl_entity *slot = NULL;
    SKM_TRY(SKM_VEC_PUSH(reader->arena, &space->entities, SKM_DECL_NAMES_MAX, &slot));
    slot->name = *name;
    return read_entity(reader, slot);
}

static skm_err add_action(struct skm_schema_json *reader, struct space *space,
                          const struct skm_decl_name *name)
{
    struct skm_decl_action *slot = NULL;
    SKM_TRY(SKM_VEC_PUSH(reader->arena, &space->actions, SKM_DECL_NAMES_MAX, &slot));
    slot->name = *name;
    return read_action(reader, slot);
}

static skm_err read_decls(struct skm_schema_json *reader, struct space *space,
                          skm_err (*add)(struct skm_schema_json *, struct space *,
                                         const struct skm_decl_name *))
{
    SKM_TRY(skm_json_enter_object(&reader->json));
    for (;;) {
        bool more = false;
        struct skm_decl_name name = {0};
        SKM_TRY(skm_schema_json_next(reader, &more, &name));
        if (!more) {
            return SKM_OK;
        }
        SKM_TRY(add(reader, space, &name));
    }
}

static skm_err read_space_member(struct skm_schema_json *reader, const struct skm_decl_name *key,
                                 struct space *space)
{
    static const skm_span KNOWN[] = {
        {"commonTypes", 11}, {"entityTypes", 11}, {"actions", 7}, {"annotations", 11}};
    if (skm_schema_json_is(key, "commonTypes")) {
        return read_decls(reader, space, add_common);
    }
    if (skm_schema_json_is(key, "entityTypes")) {
        space->has_entities = true;
        return read_decls(reader, space, add_entity);
    }
    if (skm_schema_json_is(key, "actions")) {
        space->has_actions = true;
        return read_decls(reader, space, add_action);
    }
    if (skm_schema_json_is(key, "annotations")) {
        return skm_schema_json_annotations(reader, &space->annotations);
    }
    return skm_schema_json_refuse(reader, key, KNOWN, sizeof(KNOWN) / sizeof(KNOWN[0]));
}

static void check_space(struct skm_schema_json *reader, const struct skm_decl_name *name,
                        const struct space *space)
{
    if (!space->has_entities) {
        (void)skm_schema_json_complain(reader, name->range, "the namespace has no `entityTypes`");
    }
    if (!space->has_actions) {
        (void)skm_schema_json_complain(reader, name->range, "the namespace has no `actions`");
    }
    if (name->text.len == 0 && space->annotations.count > 0) {
        (void)skm_schema_json_complain(reader, space->annotations.items[0].range,
                                       "the empty namespace has no annotations");
    }
}

static skm_err read_space(struct skm_schema_json *reader, const struct skm_decl_name *name,
                          struct skm_decl_namespace *out_space)
{
    struct space space = {0};
    if (name->text.len > 0) {
        skm_schema_json_check_name(reader, name, skm_schema_json_is_path);
    }
    SKM_TRY(skm_json_enter_object(&reader->json));
    for (;;) {
        bool more = false;
        struct skm_decl_name key = {0};
        SKM_TRY(skm_schema_json_next(reader, &more, &key));
        if (!more) {
            break;
        }
        SKM_TRY(read_space_member(reader, &key, &space));
    }
    check_space(reader, name, &space);
    *out_space = (struct skm_decl_namespace){
        .name = *name,
        .annotations = space.annotations,
        .commons = space.commons.items,
        .common_count = space.commons.len,
        .entities = space.entities.items,
        .entity_count = space.entities.len,
        .actions = space.actions.items,
        .action_count = space.actions.len,
    };
    return SKM_OK;
}

static skm_err read_file(struct skm_schema_json *reader, struct skm_decl_schema *out_schema)
{
    SKM_VEC(struct skm_decl_namespace) spaces = {0};
    SKM_TRY(skm_json_init(&reader->json, reader->source->text, reader->arena, NULL));
    SKM_TRY(skm_json_enter_object(&reader->json));
    for (;;) {
        bool more = false;
        struct skm_decl_name name = {0};
        struct skm_decl_namespace *slot = NULL;
        SKM_TRY(skm_schema_json_next(reader, &more, &name));
        if (!more) {
            break;
        }
        SKM_TRY(SKM_VEC_PUSH(reader->arena, &spaces, SKM_DECL_NAMES_MAX, &slot));
        SKM_TRY(read_space(reader, &name, slot));
    }
    SKM_TRY(skm_json_finish(&reader->json));
    *out_schema = (struct skm_decl_schema){reader->source, spaces.items, spaces.len};
    return SKM_OK;
}

/* The fault that ended the reading, as a message. */
static skm_err settle(struct skm_schema_json *reader, skm_err err)
{
    if (skm_is_ok(err) || skm_is_err(err, SKM_E_MEMORY)) {
        return err;
    }
    bool of_json = !skm_is_ok(reader->json.err) && reader->json.err_reason != NULL;
    size_t offset = of_json ? reader->json.err_offset : reader->json.offset;
    (void)skm_schema_json_complain(reader, (struct skm_range){(uint32_t)offset, 0},
                                   of_json ? reader->json.err_reason
                                           : "there is more of this than a schema may have");
    return SKM_ERR(INVALID);
}

skm_err skm_schema_parse_json_decls(struct skm_arena *arena, const struct skm_source *source,
                                    struct skm_diags *diags,
                                    const struct skm_decl_schema **out_decls)
{
    struct skm_schema_json reader = {.arena = arena, .source = source, .diags = diags};
    size_t errors_before = diags->errors;
    struct skm_decl_schema *schema = SKM_ARENA_NEW(arena, struct skm_decl_schema);
    if (schema == NULL) {
        return SKM_ERR(MEMORY);
    }
    if (source->text.len > SKM_SCHEMA_TEXT_MAX) {
        (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, source, (struct skm_range){0, 0},
                            "the schema is longer than %u bytes", SKM_SCHEMA_TEXT_MAX);
        return SKM_ERR(INVALID);
    }
    SKM_TRY(settle(&reader, read_file(&reader, schema)));
    if (diags->errors > errors_before) {
        return SKM_ERR(INVALID);
    }
    *out_decls = schema;
    return SKM_OK;
}

skm_err skm_schema_parse_json(struct skm_arena *arena, const struct skm_source *source,
                              struct skm_diags *diags, const struct skm_schema **out_schema)
{
    const struct skm_decl_schema *decls = NULL;
    SKM_TRY(skm_schema_parse_json_decls(arena, source, diags, &decls));
    return skm_schema_resolve(arena, &decls, 1, diags, out_schema);
}
