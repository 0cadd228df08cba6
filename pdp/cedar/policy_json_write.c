/* Policies and policy sets to JSON. */
#include "base/span.h"
#include "cedar/policy_json.h"
#include "cedar/policy_json_writer.h"
#include "cedar/policy_set.h"

/* ---- policies ---- */

static void write_ref(const struct skm_scope *scope, const char *slot, struct skm_buf *out)
{
    if (scope->slot) {
        skm_policy_json_text(out, "\"slot\":\"");
        skm_policy_json_text(out, slot);
        skm_policy_json_text(out, "\"");
    } else {
        skm_policy_json_text(out, "\"entity\":");
        skm_policy_json_write_uid(&scope->uid, out);
    }
}

static void write_is_scope(const struct skm_scope *scope, const char *slot, struct skm_buf *out)
{
    skm_policy_json_text(out, "{\"op\":\"is\",\"entity_type\":");
    skm_json_append_string(out, scope->type);
    if (scope->kind == SKM_SCOPE_IS_IN) {
        skm_policy_json_text(out, ",\"in\":{");
        write_ref(scope, slot, out);
        skm_policy_json_text(out, "}");
    }
    skm_policy_json_text(out, "}");
}

static void write_uids(const struct skm_scope *scope, struct skm_buf *out)
{
    skm_policy_json_text(out, "{\"op\":\"in\",\"entities\":[");
    for (size_t i = 0; i < scope->uid_count; i++) {
        skm_policy_json_text(out, i == 0 ? "" : ",");
        skm_policy_json_write_uid(&scope->uids[i], out);
    }
    skm_policy_json_text(out, "]}");
}

static void write_scope(const struct skm_scope *scope, const char *slot, struct skm_buf *out)
{
    switch (scope->kind) {
    case SKM_SCOPE_ANY:
        skm_policy_json_text(out, "{\"op\":\"All\"}");
        return;
    case SKM_SCOPE_EQ:
    case SKM_SCOPE_IN:
        skm_policy_json_text(out,
                             scope->kind == SKM_SCOPE_EQ ? "{\"op\":\"==\"," : "{\"op\":\"in\",");
        write_ref(scope, slot, out);
        skm_policy_json_text(out, "}");
        return;
    case SKM_SCOPE_IS:
    case SKM_SCOPE_IS_IN:
        write_is_scope(scope, slot, out);
        return;
    case SKM_SCOPE_IN_SET:
        write_uids(scope, out);
        return;
    }
}

static void write_annotations(const struct skm_policy *policy, struct skm_buf *out)
{
    for (size_t i = 0; i < policy->annotation_count; i++) {
        const struct skm_annotation *annotation = &policy->annotations[i];
        skm_policy_json_text(out, i == 0 ? ",\"annotations\":{" : ",");
        skm_json_append_string(out, annotation->key);
        skm_policy_json_text(out, ":");
        if (annotation->has_value) {
            skm_json_append_string(out, annotation->value);
        } else {
            skm_policy_json_text(out, "null");
        }
    }
    skm_policy_json_text(out, policy->annotation_count == 0 ? "" : "}");
}

void skm_policy_json_write(const struct skm_policy *policy, struct skm_buf *out)
{
    skm_policy_json_text(out, policy->effect == SKM_EFFECT_PERMIT ? "{\"effect\":\"permit\""
                                                                  : "{\"effect\":\"forbid\"");
    skm_policy_json_text(out, ",\"principal\":");
    write_scope(&policy->principal, "?principal", out);
    skm_policy_json_text(out, ",\"action\":");
    write_scope(&policy->action, "", out);
    skm_policy_json_text(out, ",\"resource\":");
    write_scope(&policy->resource, "?resource", out);
    skm_policy_json_text(out, ",\"conditions\":[");
    for (size_t i = 0; i < policy->condition_count; i++) {
        const struct skm_condition *condition = &policy->conditions[i];
        skm_policy_json_text(out, i == 0 ? "" : ",");
        skm_policy_json_text(out, condition->unless ? "{\"kind\":\"unless\",\"body\":"
                                                    : "{\"kind\":\"when\",\"body\":");
        skm_policy_json_write_expr(condition->body, out);
        skm_policy_json_text(out, "}");
    }
    skm_policy_json_text(out, "]");
    write_annotations(policy, out);
    skm_policy_json_text(out, "}");
}

/* ---- sets ---- */

static void write_link(const struct skm_policy_instance *instance, struct skm_buf *out)
{
    const char *separator = "";
    skm_policy_json_text(out, "{\"templateId\":");
    skm_json_append_string(out, instance->policy->id);
    skm_policy_json_text(out, ",\"newId\":");
    skm_json_append_string(out, instance->id);
    skm_policy_json_text(out, ",\"values\":{");
    if (instance->policy->principal.slot) {
        skm_policy_json_text(out, "\"?principal\":");
        skm_policy_json_write_uid(&instance->principal, out);
        separator = ",";
    }
    if (instance->policy->resource.slot) {
        skm_policy_json_text(out, separator);
        skm_policy_json_text(out, "\"?resource\":");
        skm_policy_json_write_uid(&instance->resource, out);
    }
    skm_policy_json_text(out, "}}");
}

static void write_member(const char *separator, const struct skm_policy *policy,
                         struct skm_buf *out)
{
    skm_policy_json_text(out, separator);
    skm_json_append_string(out, policy->id);
    skm_policy_json_text(out, ":");
    skm_policy_json_write(policy, out);
}

void skm_policy_json_write_set(const struct skm_policy_set *set, struct skm_buf *out)
{
    const char *separator = "";
    skm_policy_json_text(out, "{\"staticPolicies\":{");
    for (size_t i = 0; i < set->instances.len; i++) {
        if (!skm_policy_is_template(set->instances.items[i].policy)) {
            write_member(separator, set->instances.items[i].policy, out);
            separator = ",";
        }
    }
    skm_policy_json_text(out, "},\"templates\":{");
    for (size_t i = 0; i < set->templates.len; i++) {
        write_member(i == 0 ? "" : ",", set->templates.items[i], out);
    }
    skm_policy_json_text(out, "},\"templateLinks\":[");
    separator = "";
    for (size_t i = 0; i < set->instances.len; i++) {
        if (skm_policy_is_template(set->instances.items[i].policy)) {
            skm_policy_json_text(out, separator);
            write_link(&set->instances.items[i], out);
            separator = ",";
        }
    }
    skm_policy_json_text(out, "]}");
}
