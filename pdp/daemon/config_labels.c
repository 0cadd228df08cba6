#include "daemon/config_labels.h"

#include "base/attr.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/span.h"
#include "cedar/type.h"
#include "cedar/value_json.h"

#define LABEL_BYTES_MAX   (1u << 20)
#define MESSAGE_BYTES_MAX 1024u

/* ---- YAML to JSON ---- */

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

static skm_err write_scalar(const struct skm_config_labels *how, const struct skm_yaml_node *node,
                            struct skm_json_writer *json)
{
    bool is_word = skm_span_equal(node->text, SKM_SPAN("true")) ||
                   skm_span_equal(node->text, SKM_SPAN("false"));
    if (node->plain && (is_word || is_whole_number(node->text))) {
        skm_json_write_raw(json, node->text);
        return SKM_OK;
    }
    if (node->plain) {
        SKM_TRY(skm_yaml_check_text(how->messages, "labels", node));
    }
    skm_json_write_string(json, node->text);
    return SKM_OK;
}

/* Recursion is bounded by the depth of the YAML tree. */
static skm_err write_json(const struct skm_config_labels *how, const struct skm_yaml_node *node,
                          struct skm_json_writer *json)
{
    switch (node->kind) {
    case SKM_YAML_SCALAR:
        return write_scalar(how, node, json);
    case SKM_YAML_SEQUENCE:
        skm_json_write_array_begin(json);
        for (const struct skm_yaml_node *item = node->first; item != NULL; item = item->next) {
            SKM_TRY(write_json(how, item, json));
        }
        skm_json_write_array_end(json);
        return SKM_OK;
    case SKM_YAML_MAPPING:
        skm_json_write_object_begin(json);
        for (const struct skm_yaml_node *item = node->first; item != NULL; item = item->next) {
            skm_json_write_key(json, item->key->text);
            SKM_TRY(write_json(how, item, json));
        }
        skm_json_write_object_end(json);
        return SKM_OK;
    }
    return SKM_ERR(INTERNAL);
}

/* ---- JSON to values ---- */

static skm_err complain_value(const struct skm_config_labels *how, const struct skm_yaml_node *node,
                              const struct skm_json *json, const struct skm_value_json_fault *fault)
{
    struct skm_buf message;
    skm_buf_init(&message, MESSAGE_BYTES_MAX);
    skm_value_json_fault_print(json, fault, &message);
    skm_err err = skm_yaml_refuse(how->messages, node, "label `%.*s`: %.*s",
                                  SKM_SPAN_ARG(skm_span_sub(node->key->text, 0, 100)),
                                  SKM_SPAN_ARG(skm_buf_span(&message)));
    skm_buf_fini(&message);
    return err;
}

static skm_err read_value(const struct skm_config_labels *how, const struct skm_yaml_node *node,
                          skm_span text, const struct skm_type *type, struct skm_value *out_value)
{
    struct skm_json json;
    struct skm_value_json_fault fault = {0};
    struct skm_value_json reader = {.arena = how->arena, .schema = how->schema, .fault = &fault};
    SKM_TRY(skm_json_init(&json, text, how->arena, NULL));
    skm_err err = skm_value_json_read(&reader, &json, type, out_value);
    if (skm_is_ok(err) || skm_is_err(err, SKM_E_MEMORY)) {
        return err;
    }
    return complain_value(how, node, &json, &fault);
}

static skm_err complain_undeclared(const struct skm_config_labels *how,
                                   const struct skm_yaml_node *key, const struct skm_type *shape)
{
    skm_span *names = SKM_ARENA_NEW_ARRAY(how->arena, skm_span, shape->attr_count);
    if (names == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < shape->attr_count; i++) {
        names[i] = shape->attrs[i].name;
    }
    skm_span near = skm_diag_nearest(key->text, names, shape->attr_count);
    skm_err err = skm_yaml_refuse(
        how->messages, key, "the schema declares no attribute `%.*s` for `%.*s`",
        SKM_SPAN_ARG(skm_span_sub(key->text, 0, 100)), SKM_SPAN_ARG(how->entity->name));
    if (near.len > 0) {
        skm_diag_help(how->messages->diags, how->messages->diags->last, "did you mean `%.*s`?",
                      SKM_SPAN_ARG(near));
    }
    return err;
}

/* The type a label is to have; NULL without a schema. */
static skm_err type_of(const struct skm_config_labels *how, const struct skm_yaml_node *key,
                       const struct skm_type **out_type)
{
    if (how->entity == NULL) {
        *out_type = NULL;
        return SKM_OK;
    }
    const struct skm_type_attr *attr = skm_type_attr_find(how->entity->shape, key->text);
    if (attr == NULL) {
        return complain_undeclared(how, key, how->entity->shape);
    }
    *out_type = attr->type;
    return SKM_OK;
}

static skm_err read_label(const struct skm_config_labels *how, const struct skm_yaml_node *node,
                          struct skm_value_field *out_field)
{
    struct skm_buf text;
    struct skm_json_writer json;
    const struct skm_type *type = NULL;
    if (skm_span_starts(node->key->text, SKM_SPAN("__"))) {
        return skm_yaml_refuse(how->messages, node->key,
                               "`labels`: expected the name of an attribute");
    }
    SKM_TRY(type_of(how, node->key, &type));
    skm_buf_init(&text, LABEL_BYTES_MAX);
    skm_json_writer_init(&json, &text);
    skm_err err = write_json(how, node, &json);
    if (skm_is_ok(err)) {
        err = skm_buf_check(&text);
    }
    out_field->key = node->key->text;
    if (skm_is_ok(err)) {
        err = read_value(how, node, skm_buf_span(&text), type, &out_field->value);
    } else if (skm_is_err(err, SKM_E_SIZE)) {
        err = skm_yaml_refuse(how->messages, node, "`labels`: too large");
    }
    skm_buf_fini(&text);
    return err;
}

/* All labels are read before the first fault is returned: a user sees all of them at once. */
static skm_err read_all(const struct skm_config_labels *how, const struct skm_yaml_node *node,
                        struct skm_value_field *fields)
{
    skm_err result = SKM_OK;
    size_t i = 0;
    for (const struct skm_yaml_node *item = node->first; item != NULL; item = item->next) {
        skm_err err = read_label(how, item, &fields[i++]);
        if (!skm_is_ok(err) && !skm_is_err(err, SKM_E_INVALID)) {
            return err;
        }
        result = skm_is_ok(result) ? err : result;
    }
    return result;
}

skm_err skm_config_labels_read(const struct skm_config_labels *how,
                               const struct skm_yaml_node *node,
                               const struct skm_value_record **out_labels)
{
    if (node == NULL) {
        return SKM_OK;
    }
    struct skm_value_field *fields =
        SKM_ARENA_NEW_ARRAY(how->arena, struct skm_value_field, node->count);
    struct skm_value record = {0};
    if (fields == NULL) {
        return SKM_ERR(MEMORY);
    }
    SKM_TRY(read_all(how, node, fields));
    SKM_TRY(skm_value_record_build(how->arena, fields, node->count, &record));
    *out_labels = record.as.record;
    return SKM_OK;
}
