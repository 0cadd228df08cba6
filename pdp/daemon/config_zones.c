#include "daemon/config_zones.h"

#include "base/attr.h"
#include "base/span.h"
#include "daemon/yaml_fields.h"

struct reader {
    struct skm_yaml_messages messages;
    struct skm_arena *arena;
    struct skm_zones *zones;
};

/* A message lets the reading go on. */
static skm_err go_on(skm_err err)
{
    return skm_is_err(err, SKM_E_INVALID) ? SKM_OK : err;
}

static skm_err read_network(struct reader *r, const struct skm_zone_rule *entry,
                            const struct skm_yaml_node *node)
{
    struct skm_zone_rule rule = *entry;
    SKM_TRY(skm_yaml_check_text(&r->messages, "networks", node));
    if (!skm_is_ok(skm_zones_parse_network(r->arena, node->text, &rule.network))) {
        return skm_yaml_refuse(&r->messages, node, "`%.*s` is not a network such as `10.0.0.0/8`",
                               SKM_SPAN_ARG(skm_span_sub(node->text, 0, 100)));
    }
    rule.range = node->range;
    return skm_zones_add(r->zones, &rule, r->messages.diags);
}

static skm_err read_entry(struct reader *r, const struct skm_yaml_node *node)
{
    struct skm_yaml_field fields[] = {
        {.name = "zone", .kind = SKM_YAML_SCALAR, .need = SKM_YAML_REQUIRED},
        {.name = "area", .kind = SKM_YAML_SCALAR},
        {.name = "networks", .kind = SKM_YAML_SEQUENCE, .need = SKM_YAML_REQUIRED},
    };
    SKM_TRY(skm_yaml_fields_read(&r->messages, "zone", node, fields, SKM_ARRAY_LEN(fields)));
    struct skm_zone_rule rule = {
        .zone = fields[0].node->text,
        .area = fields[1].node == NULL ? (skm_span){NULL, 0} : fields[1].node->text,
        .source = r->messages.source,
    };
    for (const struct skm_yaml_node *item = fields[2].node->first; item != NULL;
         item = item->next) {
        SKM_TRY(go_on(read_network(r, &rule, item)));
    }
    return SKM_OK;
}

static skm_err read_entries(struct reader *r, const struct skm_yaml_node *root)
{
    struct skm_yaml_field fields[] = {
        {.name = "zones", .kind = SKM_YAML_SEQUENCE, .need = SKM_YAML_REQUIRED},
    };
    SKM_TRY(skm_yaml_fields_read(&r->messages, "zones file", root, fields, SKM_ARRAY_LEN(fields)));
    for (const struct skm_yaml_node *item = fields[0].node->first; item != NULL;
         item = item->next) {
        SKM_TRY(go_on(read_entry(r, item)));
    }
    return SKM_OK;
}

skm_err skm_config_zones(struct skm_arena *arena, const struct skm_source *source,
                         struct skm_diags *diags, const struct skm_zones **out_zones)
{
    struct reader r = {.messages = {source, diags}, .arena = arena};
    size_t errors_before = diags->errors;
    const struct skm_yaml_node *root = NULL;
    SKM_TRY(skm_yaml_parse(arena, source, &skm_yaml_limits_registry, diags, &root));
    SKM_TRY(skm_zones_new(arena, &r.zones));
    SKM_TRY(read_entries(&r, root));
    SKM_TRY(skm_zones_close(r.zones, diags));
    if (diags->errors > errors_before) {
        return SKM_ERR(INVALID);
    }
    *out_zones = r.zones;
    return SKM_OK;
}
