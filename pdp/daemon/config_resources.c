#include "daemon/config_resources.h"

#include "base/attr.h"
#include "base/span.h"
#include "cedar/parse.h"
#include "cedar/type.h"
#include "daemon/config_labels.h"
#include "daemon/yaml_fields.h"

struct reader {
    struct skm_arena *arena;
    struct skm_yaml_messages messages;
    struct skm_config_resources_options options;
    struct skm_resource_map *map;
};

static skm_err go_on(skm_err err)
{
    return skm_is_err(err, SKM_E_INVALID) ? SKM_OK : err;
}

/* ---- names of entities ---- */

static skm_err read_uid(struct reader *r, const char *what, const struct skm_yaml_node *node,
                        struct skm_uid *out_uid)
{
    skm_err err = skm_parse_uid(r->arena, node->text, out_uid);
    if (!skm_is_err(err, SKM_E_SYNTAX)) {
        return err;
    }
    err =
        skm_yaml_refuse(&r->messages, node, "`%s`: `%.*s` is not an entity such as `Type::\"id\"`",
                        what, SKM_SPAN_ARG(skm_span_sub(node->text, 0, 100)));
    if (node->plain) {
        skm_diag_help(r->messages.diags, r->messages.diags->last,
                      "in YAML put it in single quotes: '%.*s'",
                      SKM_SPAN_ARG(skm_span_sub(node->text, 0, 100)));
    }
    return err;
}

static skm_err read_action(struct reader *r, const struct skm_yaml_node *node,
                           struct skm_resource_action *out_action)
{
    SKM_TRY(skm_yaml_check_text(&r->messages, "actions", node->key));
    SKM_TRY(skm_yaml_check_text(&r->messages, "actions", node));
    out_action->method = node->key->text;
    if (skm_span_ends(node->text, SKM_SPAN("\""))) {
        return read_uid(r, "actions", node, &out_action->action);
    }
    out_action->action = (struct skm_uid){.type = r->options.action_type, .id = node->text};
    return SKM_OK;
}

static skm_err read_actions(struct reader *r, const struct skm_yaml_node *node,
                            struct skm_resource_rule *rule)
{
    if (node == NULL || node->count == 0) {
        return SKM_OK;
    }
    if (node->count > SKM_RESOURCE_ACTIONS_MAX) {
        return skm_yaml_refuse(&r->messages, node, "`actions`: more than %u entries",
                               SKM_RESOURCE_ACTIONS_MAX);
    }
    struct skm_resource_action *actions =
        SKM_ARENA_NEW_ARRAY(r->arena, struct skm_resource_action, node->count);
    if (actions == NULL) {
        return SKM_ERR(MEMORY);
    }
    size_t count = 0;
    for (const struct skm_yaml_node *item = node->first; item != NULL; item = item->next) {
        SKM_TRY(read_action(r, item, &actions[count++]));
    }
    rule->actions = actions;
    rule->action_count = count;
    return SKM_OK;
}

/* ---- against the schema ---- */

static skm_err find_type(struct reader *r, const struct skm_yaml_node *node,
                         const struct skm_uid *resource,
                         const struct skm_schema_entity **out_entity)
{
    if (r->options.schema == NULL) {
        *out_entity = NULL;
        return SKM_OK;
    }
    const struct skm_schema_entity *entity =
        skm_schema_find_entity(r->options.schema, resource->type);
    if (entity == NULL || entity->is_action) {
        return skm_yaml_refuse(&r->messages, node,
                               "`resource`: the schema declares no entity type `%.*s`",
                               SKM_SPAN_ARG(resource->type));
    }
    if (!skm_schema_entity_allows_id(entity, resource->id)) {
        return skm_yaml_refuse(&r->messages, node, "`resource`: `%.*s` has no entity \"%.*s\"",
                               SKM_SPAN_ARG(resource->type), SKM_SPAN_ARG(resource->id));
    }
    *out_entity = entity;
    return SKM_OK;
}

static bool has_label(const struct skm_value_record *labels, skm_span name)
{
    for (size_t i = 0; labels != NULL && i < labels->count; i++) {
        if (skm_span_equal(labels->fields[i].key, name)) {
            return true;
        }
    }
    return false;
}

/* Valid policies read required attributes without asking, so one that nobody gives would fail every decision about the resource. */
static skm_err check_required(struct reader *r, const struct skm_yaml_node *node,
                              const struct skm_resource_rule *rule,
                              const struct skm_schema_entity *entity)
{
    const struct skm_entity_view *entities = r->options.entities;
    if (entities == NULL || entities->ops->exists(entities, &rule->resource)) {
        return SKM_OK;
    }
    skm_err result = SKM_OK;
    for (size_t i = 0; i < entity->shape->attr_count; i++) {
        const struct skm_type_attr *attr = &entity->shape->attrs[i];
        if (attr->required && !has_label(rule->labels, attr->name)) {
            result = skm_yaml_refuse(
                &r->messages, node,
                "`%.*s` requires the attribute `%.*s`: it is not among the labels, and the resource is "
                "not in `entities`",
                SKM_SPAN_ARG(entity->name), SKM_SPAN_ARG(attr->name));
        }
    }
    return result;
}

static bool applies(const struct skm_schema *schema, const struct skm_uid *action, skm_span type)
{
    const struct skm_schema_action *declared = skm_schema_find_action(schema, action);
    for (size_t i = 0; declared != NULL && i < declared->resource_count; i++) {
        if (skm_span_equal(declared->resources[i], type)) {
            return true;
        }
    }
    return false;
}

static skm_err check_action(struct reader *r, const struct skm_yaml_node *node,
                            const struct skm_uid *action, skm_span type)
{
    const struct skm_schema *schema = r->options.schema;
    if (skm_schema_find_action(schema, action) == NULL) {
        return skm_yaml_refuse(&r->messages, node,
                               "`actions`: the schema declares no action `%.*s::\"%.*s\"`",
                               SKM_SPAN_ARG(action->type), SKM_SPAN_ARG(action->id));
    }
    if (!applies(schema, action, type)) {
        return skm_yaml_refuse(&r->messages, node, "`actions`: `%.*s` does not apply to `%.*s`",
                               SKM_SPAN_ARG(action->id), SKM_SPAN_ARG(type));
    }
    return SKM_OK;
}

/* Those written must apply. The defaults for other methods may not, as long as any method is left. */
static skm_err check_actions(struct reader *r, const struct skm_yaml_node *rule_node,
                             const struct skm_yaml_node *node, const struct skm_resource_rule *rule)
{
    skm_err result = SKM_OK;
    const struct skm_yaml_node *item = node == NULL ? NULL : node->first;
    for (size_t i = 0; i < rule->action_count; i++, item = item->next) {
        skm_err err = check_action(r, item, &rule->actions[i].action, rule->resource.type);
        result = skm_is_ok(result) ? err : result;
    }
    bool any = rule->action_count > 0;
    const struct skm_resource_action *defaults = NULL;
    size_t count = skm_resource_map_defaults(r->map, &defaults);
    for (size_t i = 0; i < count && !any; i++) {
        any = applies(r->options.schema, &defaults[i].action, rule->resource.type);
    }
    return any ? result
               : skm_yaml_refuse(&r->messages, rule_node,
                                 "no action applies to `%.*s`: neither `view` nor `edit` does, and "
                                 "the rule has no `actions`",
                                 SKM_SPAN_ARG(rule->resource.type));
}

/* ---- rules ---- */

static skm_err read_rule(struct reader *r, const struct skm_yaml_node *node)
{
    struct skm_yaml_field fields[] = {
        {.name = "host", .kind = SKM_YAML_SCALAR},
        {.name = "path", .kind = SKM_YAML_SCALAR},
        {.name = "resource", .kind = SKM_YAML_SCALAR, .need = SKM_YAML_REQUIRED},
        {.name = "labels", .kind = SKM_YAML_MAPPING},
        {.name = "actions", .kind = SKM_YAML_MAPPING},
    };
    SKM_TRY(skm_yaml_fields_read(&r->messages, "rule", node, fields, SKM_ARRAY_LEN(fields)));
    struct skm_resource_rule rule = {
        .host = fields[0].node == NULL ? SKM_SPAN("*") : fields[0].node->text,
        .path = fields[1].node == NULL ? SKM_SPAN("/") : fields[1].node->text,
        .source = r->messages.source,
        .range = (struct skm_range){node->range.start, 0},
    };
    SKM_TRY(read_uid(r, "resource", fields[2].node, &rule.resource));
    const struct skm_schema_entity *entity = NULL;
    SKM_TRY(find_type(r, fields[2].node, &rule.resource, &entity));
    struct skm_config_labels labels = {
        .arena = r->arena, .messages = &r->messages, .schema = r->options.schema, .entity = entity};
    SKM_TRY(skm_config_labels_read(&labels, fields[3].node, &rule.labels));
    SKM_TRY(read_actions(r, fields[4].node, &rule));
    if (entity != NULL) {
        SKM_TRY(check_required(r, fields[2].node, &rule, entity));
        SKM_TRY(check_actions(r, fields[2].node, fields[4].node, &rule));
    }
    return skm_resource_map_add(r->map, &rule, r->messages.diags);
}

static skm_err read_rules(struct reader *r, const struct skm_yaml_node *root)
{
    struct skm_yaml_field fields[] = {
        {.name = "resources", .kind = SKM_YAML_SEQUENCE, .need = SKM_YAML_REQUIRED},
    };
    SKM_TRY(
        skm_yaml_fields_read(&r->messages, "resources file", root, fields, SKM_ARRAY_LEN(fields)));
    for (const struct skm_yaml_node *item = fields[0].node->first; item != NULL;
         item = item->next) {
        SKM_TRY(go_on(read_rule(r, item)));
    }
    return SKM_OK;
}

skm_err skm_config_resources(struct skm_arena *arena, const struct skm_source *source,
                             const struct skm_config_resources_options *options,
                             struct skm_diags *diags, const struct skm_resource_map **out_map)
{
    struct reader r = {.arena = arena, .options = *options, .messages = {source, diags}};
    size_t errors_before = diags->errors;
    const struct skm_yaml_node *root = NULL;
    SKM_TRY(skm_arena_dup(arena, options->action_type, &r.options.action_type));
    SKM_TRY(skm_yaml_parse(arena, source, &skm_yaml_limits_registry, diags, &root));
    SKM_TRY(skm_resource_map_new(arena, r.options.action_type, &r.map));
    SKM_TRY(read_rules(&r, root));
    SKM_TRY(skm_resource_map_close(r.map, diags));
    if (diags->errors > errors_before) {
        return SKM_ERR(INVALID);
    }
    *out_map = r.map;
    return SKM_OK;
}
