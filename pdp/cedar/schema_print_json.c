#include "cedar/schema_print_json.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/span.h"

/* A writer of its own: base/json.h writes for machines, on one line and less deep than types may nest. */
struct printer {
    struct skm_buf *out;
    unsigned indent; /* blanks */
    bool is_first;   /* nothing stands in the innermost object or array yet */
};

static void open_with(struct printer *printer, char bracket)
{
    skm_buf_append_char(printer->out, bracket);
    printer->indent += 2;
    printer->is_first = true;
}

static void put_line(struct printer *printer)
{
    skm_buf_append_char(printer->out, '\n');
    for (unsigned i = 0; i < printer->indent; i++) {
        skm_buf_append_char(printer->out, ' ');
    }
}

static void close_with(struct printer *printer, char bracket)
{
    printer->indent -= 2;
    if (!printer->is_first) {
        put_line(printer);
    }
    skm_buf_append_char(printer->out, bracket);
    printer->is_first = false;
}

static void put_item(struct printer *printer)
{
    if (!printer->is_first) {
        skm_buf_append_char(printer->out, ',');
    }
    printer->is_first = false;
    put_line(printer);
}

static void put_key(struct printer *printer, skm_span key)
{
    put_item(printer);
    skm_json_append_string(printer->out, key);
    skm_buf_append_cstr(printer->out, ": ");
}

static void put_member(struct printer *printer, const char *key, skm_span text)
{
    put_key(printer, skm_span_cstr(key));
    skm_json_append_string(printer->out, text);
}

static void open_member(struct printer *printer, const char *key, char bracket)
{
    put_key(printer, skm_span_cstr(key));
    open_with(printer, bracket);
}

static void put_true(struct printer *printer, const char *key)
{
    put_key(printer, skm_span_cstr(key));
    skm_buf_append_cstr(printer->out, "true");
}

static void put_names(struct printer *printer, const char *key, const struct skm_decl_name *names,
                      size_t count)
{
    open_member(printer, key, '[');
    for (size_t i = 0; i < count; i++) {
        put_item(printer);
        skm_json_append_string(printer->out, names[i].text);
    }
    close_with(printer, ']');
}

static void put_annotations(struct printer *printer, const struct skm_decl_annotations *annotations)
{
    if (annotations->count == 0) {
        return;
    }
    open_member(printer, "annotations", '{');
    for (size_t i = 0; i < annotations->count; i++) {
        put_key(printer, annotations->items[i].key);
        if (annotations->items[i].has_value) {
            skm_json_append_string(printer->out, annotations->items[i].value);
        } else {
            skm_buf_append_cstr(printer->out, "null");
        }
    }
    close_with(printer, '}');
}

/* ---- types ---- */

static void put_type_members(struct printer *printer, const struct skm_decl_type *type);

static void put_attrs(struct printer *printer, const struct skm_decl_type *type)
{
    open_member(printer, "attributes", '{');
    for (size_t i = 0; i < type->attr_count; i++) {
        const struct skm_decl_attr *attr = &type->attrs[i];
        put_key(printer, attr->name.text);
        open_with(printer, '{');
        put_type_members(printer, attr->type);
        if (!attr->required) {
            put_key(printer, SKM_SPAN("required"));
            skm_buf_append_cstr(printer->out, "false");
        }
        put_annotations(printer, &attr->annotations);
        close_with(printer, '}');
    }
    close_with(printer, '}');
}

static void put_builtin(struct printer *printer, skm_span name)
{
    if (skm_span_equal(name, SKM_SPAN("Bool"))) {
        put_member(printer, "type", SKM_SPAN("Boolean"));
    } else if (skm_span_equal(name, SKM_SPAN("Long")) || skm_span_equal(name, SKM_SPAN("String"))) {
        put_member(printer, "type", name);
    } else {
        put_member(printer, "type", SKM_SPAN("Extension"));
        put_member(printer, "name", name);
    }
}

/* `{"type": name}` means a common type unless the name is one of these. */
static bool is_type_word(skm_span name)
{
    static const char *const WORDS[] = {"String", "Long",   "Boolean",        "Set",
                                        "Record", "Entity", "EntityOrCommon", "Extension"};
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        if (skm_span_equal(name, skm_span_cstr(WORDS[i]))) {
            return true;
        }
    }
    return false;
}

static void put_type(struct printer *printer, const char *key, const struct skm_decl_type *type)
{
    open_member(printer, key, '{');
    put_type_members(printer, type);
    close_with(printer, '}');
}

/* Recursion: as deep as the declaration, at most SKM_DECL_DEPTH_MAX. */
static void put_type_members(struct printer *printer, const struct skm_decl_type *type)
{
    switch (type->kind) {
    case SKM_DECL_TYPE_NAME:
        put_member(printer, "type", SKM_SPAN("EntityOrCommon"));
        put_member(printer, "name", type->name);
        return;
    case SKM_DECL_TYPE_ENTITY:
        put_member(printer, "type", SKM_SPAN("Entity"));
        put_member(printer, "name", type->name);
        return;
    case SKM_DECL_TYPE_COMMON:
        if (is_type_word(type->name)) {
            put_member(printer, "type", SKM_SPAN("EntityOrCommon"));
            put_member(printer, "name", type->name);
        } else {
            put_member(printer, "type", type->name);
        }
        return;
    case SKM_DECL_TYPE_BUILTIN:
        put_builtin(printer, type->name);
        return;
    case SKM_DECL_TYPE_SET:
        put_member(printer, "type", SKM_SPAN("Set"));
        put_type(printer, "element", type->element);
        return;
    case SKM_DECL_TYPE_RECORD:
        put_member(printer, "type", SKM_SPAN("Record"));
        put_attrs(printer, type);
        return;
    }
}

static bool is_empty_record(const struct skm_decl_type *type)
{
    return type == NULL || (type->kind == SKM_DECL_TYPE_RECORD && type->attr_count == 0);
}

/* ---- declarations ---- */

static void put_entity(struct printer *printer, const struct skm_decl_entity *entity)
{
    put_key(printer, entity->name.text);
    open_with(printer, '{');
    if (entity->is_external) {
        put_true(printer, "external");
    }
    if (entity->is_enum) {
        put_names(printer, "enum", entity->enum_ids, entity->enum_count);
    }
    if (entity->parent_count > 0) {
        put_names(printer, "memberOfTypes", entity->parents, entity->parent_count);
    }
    if (!is_empty_record(entity->shape)) {
        put_type(printer, "shape", entity->shape);
    }
    if (entity->tags != NULL) {
        put_type(printer, "tags", entity->tags);
    }
    put_annotations(printer, &entity->annotations);
    close_with(printer, '}');
}

static void put_parents(struct printer *printer, const struct skm_decl_action *action)
{
    if (action->parent_count == 0) {
        return;
    }
    open_member(printer, "memberOf", '[');
    for (size_t i = 0; i < action->parent_count; i++) {
        put_item(printer);
        open_with(printer, '{');
        put_member(printer, "id", action->parents[i].id);
        if (action->parents[i].type.len > 0) {
            put_member(printer, "type", action->parents[i].type);
        }
        close_with(printer, '}');
    }
    close_with(printer, ']');
}

static void put_applies(struct printer *printer, const struct skm_decl_action *action)
{
    if (action->principal_count + action->resource_count == 0 && is_empty_record(action->context)) {
        return;
    }
    open_member(printer, "appliesTo", '{');
    put_names(printer, "principalTypes", action->principals, action->principal_count);
    put_names(printer, "resourceTypes", action->resources, action->resource_count);
    if (!is_empty_record(action->context)) {
        put_type(printer, "context", action->context);
    }
    close_with(printer, '}');
}

static void put_action(struct printer *printer, const struct skm_decl_action *action)
{
    put_key(printer, action->name.text);
    open_with(printer, '{');
    if (action->is_external) {
        put_true(printer, "external");
    }
    put_parents(printer, action);
    put_applies(printer, action);
    put_annotations(printer, &action->annotations);
    close_with(printer, '}');
}

static void put_commons(struct printer *printer, const struct skm_decl_namespace *space)
{
    if (space->common_count == 0) {
        return;
    }
    open_member(printer, "commonTypes", '{');
    for (size_t i = 0; i < space->common_count; i++) {
        put_key(printer, space->commons[i].name.text);
        open_with(printer, '{');
        put_type_members(printer, space->commons[i].type);
        put_annotations(printer, &space->commons[i].annotations);
        close_with(printer, '}');
    }
    close_with(printer, '}');
}

static void put_namespace(struct printer *printer, const struct skm_decl_namespace *space)
{
    put_key(printer, space->name.text);
    open_with(printer, '{');
    put_annotations(printer, &space->annotations);
    put_commons(printer, space);
    open_member(printer, "entityTypes", '{');
    for (size_t i = 0; i < space->entity_count; i++) {
        put_entity(printer, &space->entities[i]);
    }
    close_with(printer, '}');
    open_member(printer, "actions", '{');
    for (size_t i = 0; i < space->action_count; i++) {
        put_action(printer, &space->actions[i]);
    }
    close_with(printer, '}');
    close_with(printer, '}');
}

skm_err skm_schema_to_json(const struct skm_decl_schema *decls, struct skm_buf *out)
{
    struct printer printer = {.out = out};
    open_with(&printer, '{');
    for (size_t i = 0; i < decls->namespace_count; i++) {
        put_namespace(&printer, &decls->namespaces[i]);
    }
    close_with(&printer, '}');
    skm_buf_append_char(out, '\n');
    return skm_buf_check(out);
}
