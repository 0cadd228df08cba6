#include "daemon/yaml_fields.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/span.h"

#define FIELDS_MAX 32u

skm_err skm_yaml_refuse(const struct skm_yaml_messages *messages, const struct skm_yaml_node *node,
                        const char *format, ...)
{
    char message[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    (void)skm_diags_add(messages->diags, SKM_SEVERITY_ERROR, messages->source, node->range, "%s",
                        message);
    return SKM_ERR(INVALID);
}

skm_err skm_yaml_check_text(const struct skm_yaml_messages *messages, const char *what,
                            const struct skm_yaml_node *node)
{
    if (node->kind != SKM_YAML_SCALAR) {
        return skm_yaml_refuse(messages, node, "`%s`: expected text, came %s", what,
                               skm_yaml_kind_name(node->kind));
    }
    if (node->text.len == 0) {
        return skm_yaml_refuse(messages, node, "`%s`: expected text, came nothing", what);
    }
    if (node->plain && skm_yaml_is_ambiguous(node->text)) {
        skm_err err = skm_yaml_refuse(
            messages, node, "`%s`: `%.*s` is a truth value or null to other readers of YAML", what,
            SKM_SPAN_ARG(node->text));
        skm_diag_help(messages->diags, messages->diags->last,
                      "put it in quotes if the text is meant");
        return err;
    }
    return SKM_OK;
}

static struct skm_yaml_field *find_field(struct skm_yaml_field *fields, size_t count, skm_span name)
{
    for (size_t i = 0; i < count; i++) {
        if (skm_span_equal(name, skm_span_cstr(fields[i].name))) {
            return &fields[i];
        }
    }
    return NULL;
}

static skm_err complain_unknown(const struct skm_yaml_messages *messages, const char *what,
                                const struct skm_yaml_node *key,
                                const struct skm_yaml_field *fields, size_t count)
{
    skm_span names[FIELDS_MAX];
    for (size_t i = 0; i < count && i < FIELDS_MAX; i++) {
        names[i] = skm_span_cstr(fields[i].name);
    }
    skm_span near = skm_diag_nearest(key->text, names, count);
    struct skm_diag *diag = skm_diags_add(messages->diags, SKM_SEVERITY_ERROR, messages->source,
                                          key->range, "unknown key `%.*s` in a %s",
                                          SKM_SPAN_ARG(skm_span_sub(key->text, 0, 100)), what);
    if (near.len != 0) {
        skm_diag_help(messages->diags, diag, "did you mean `%.*s`?", SKM_SPAN_ARG(near));
    }
    return SKM_ERR(INVALID);
}

static skm_err take(const struct skm_yaml_messages *messages, struct skm_yaml_field *field,
                    const struct skm_yaml_node *node)
{
    if (field->kind == SKM_YAML_SCALAR) {
        SKM_TRY(skm_yaml_check_text(messages, field->name, node));
    } else if (node->kind != field->kind) {
        return skm_yaml_refuse(messages, node, "`%s`: expected %s, came %s", field->name,
                               skm_yaml_kind_name(field->kind),
                               node->kind == SKM_YAML_SCALAR && node->text.len == 0
                                   ? "nothing"
                                   : skm_yaml_kind_name(node->kind));
    }
    field->node = node;
    return SKM_OK;
}

skm_err skm_yaml_fields_read(const struct skm_yaml_messages *messages, const char *what,
                             const struct skm_yaml_node *mapping, struct skm_yaml_field *fields,
                             size_t count)
{
    size_t errors_before = messages->diags->errors;
    if (mapping->kind != SKM_YAML_MAPPING) {
        return skm_yaml_refuse(messages, mapping, "a %s is a mapping of keys to values, this is %s",
                               what, skm_yaml_kind_name(mapping->kind));
    }
    for (const struct skm_yaml_node *node = mapping->first; node != NULL; node = node->next) {
        struct skm_yaml_field *field = find_field(fields, count, node->key->text);
        skm_err err = field == NULL ? complain_unknown(messages, what, node->key, fields, count)
                                    : take(messages, field, node);
        if (!skm_is_ok(err) && !skm_is_err(err, SKM_E_INVALID)) {
            return err;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (fields[i].need == SKM_YAML_REQUIRED &&
            skm_yaml_find(mapping, skm_span_cstr(fields[i].name)) == NULL) {
            (void)skm_diags_add(messages->diags, SKM_SEVERITY_ERROR, messages->source,
                                (struct skm_range){mapping->range.start, 0}, "this %s has no `%s`",
                                what, fields[i].name);
        }
    }
    return messages->diags->errors > errors_before ? SKM_ERR(INVALID) : SKM_OK;
}
