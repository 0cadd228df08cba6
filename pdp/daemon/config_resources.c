#include "daemon/config_resources.h"

#include "base/attr.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/span.h"
#include "cedar/parse.h"
#include "cedar/value_json.h"
#include "daemon/yaml_fields.h"

#define LABELS_BYTES_MAX (1u << 20)

struct reader {
    struct skm_arena *arena;
    struct skm_yaml_messages messages;
    skm_span action_type;
    struct skm_resource_map *map;
};

static skm_err go_on(skm_err err)
{
    return skm_is_err(err, SKM_E_INVALID) ? SKM_OK : err;
}

/* ---- labels: YAML to JSON to values, so that both files mean the same ---- */

static bool is_whole_number(skm_span text)
{
    size_t at = text.len > 1 && text.ptr[0] == '-' ? 1 : 0;
    if (text.len == at || (text.ptr[at] == '0' && text.len > at + 1)) {
        return false;
    }
    for (; at < text.len; at++) {
        if (text.ptr[at] < '0' || text.ptr[at] > '9') {
            return false;
        }
    }
    return true;
}

static skm_err write_scalar(struct reader *r, const struct skm_yaml_node *node,
                            struct skm_json_writer *json)
{
    bool is_word = skm_span_equal(node->text, SKM_SPAN("true")) ||
                   skm_span_equal(node->text, SKM_SPAN("false"));
    if (node->plain && (is_word || is_whole_number(node->text))) {
        skm_json_write_raw(json, node->text);
        return SKM_OK;
    }
    if (node->plain) {
        SKM_TRY(skm_yaml_check_text(&r->messages, "labels", node));
    }
    skm_json_write_string(json, node->text);
    return SKM_OK;
}

/* Recursion is bounded by the depth of the YAML tree. */
static skm_err write_json(struct reader *r, const struct skm_yaml_node *node,
                          struct skm_json_writer *json)
{
    switch (node->kind) {
    case SKM_YAML_SCALAR:
        return write_scalar(r, node, json);
    case SKM_YAML_SEQUENCE:
        skm_json_write_array_begin(json);
        for (const struct skm_yaml_node *item = node->first; item != NULL; item = item->next) {
            SKM_TRY(write_json(r, item, json));
        }
        skm_json_write_array_end(json);
        return SKM_OK;
    case SKM_YAML_MAPPING:
        skm_json_write_object_begin(json);
        for (const struct skm_yaml_node *item = node->first; item != NULL; item = item->next) {
            skm_json_write_key(json, item->key->text);
            SKM_TRY(write_json(r, item, json));
        }
        skm_json_write_object_end(json);
        return SKM_OK;
    }
    return SKM_ERR(INTERNAL);
}

static skm_err read_values(struct reader *r, const struct skm_yaml_node *node, skm_span text,
                           const struct skm_value_record **out_labels)
{
    struct skm_json json;
    struct skm_value value = {0};
    struct skm_value_json how = {.arena = r->arena};
    SKM_TRY(skm_json_init(&json, text, r->arena, NULL));
    skm_err err = skm_value_json_read(&how, &json, NULL, &value);
    if (skm_is_err(err, SKM_E_MEMORY)) {
        return err;
    }
    if (!skm_is_ok(err)) {
        return skm_yaml_refuse(&r->messages, node, "`labels`: %s",
                               json.err_reason == NULL ? "not a value" : json.err_reason);
    }
    if (value.kind != SKM_VALUE_RECORD) {
        return skm_yaml_refuse(&r->messages, node, "`labels`: expected a record of attributes");
    }
    *out_labels = value.as.record;
    return SKM_OK;
}

static skm_err read_labels(struct reader *r, const struct skm_yaml_node *node,
                           const struct skm_value_record **out_labels)
{
    if (node == NULL) {
        return SKM_OK;
    }
    struct skm_buf text;
    struct skm_json_writer json;
    skm_buf_init(&text, LABELS_BYTES_MAX);
    skm_json_writer_init(&json, &text);
    skm_err err = write_json(r, node, &json);
    if (skm_is_ok(err)) {
        err = skm_buf_check(&text);
    }
    if (skm_is_ok(err)) {
        err = read_values(r, node, skm_buf_span(&text), out_labels);
    } else if (skm_is_err(err, SKM_E_SIZE)) {
        err = skm_yaml_refuse(&r->messages, node, "`labels`: too large");
    }
    skm_buf_fini(&text);
    return err;
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
    out_action->action = (struct skm_uid){.type = r->action_type, .id = node->text};
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
    SKM_TRY(read_labels(r, fields[3].node, &rule.labels));
    SKM_TRY(read_actions(r, fields[4].node, &rule));
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
                             skm_span action_type, struct skm_diags *diags,
                             const struct skm_resource_map **out_map)
{
    struct reader r = {.arena = arena, .messages = {source, diags}};
    size_t errors_before = diags->errors;
    const struct skm_yaml_node *root = NULL;
    SKM_TRY(skm_arena_dup(arena, action_type, &r.action_type));
    SKM_TRY(skm_yaml_parse(arena, source, &skm_yaml_limits_registry, diags, &root));
    SKM_TRY(skm_resource_map_new(arena, r.action_type, &r.map));
    SKM_TRY(read_rules(&r, root));
    SKM_TRY(skm_resource_map_close(r.map, diags));
    if (diags->errors > errors_before) {
        return SKM_ERR(INVALID);
    }
    *out_map = r.map;
    return SKM_OK;
}
