#include "state/entities_conform.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/span.h"
#include "state/entities.h"

#define MESSAGE_MAX   4096u
#define NAMES_MAX     1024u /* candidates looked at for "did you mean" */
#define KEY_SHOWN_MAX 64

void skm_conform_init(struct skm_conform *conform, struct skm_arena *arena,
                      const struct skm_source *source, const struct skm_schema *schema,
                      struct skm_diags *diags)
{
    *conform = (struct skm_conform){.source = source, .schema = schema, .diags = diags};
    conform->how = (struct skm_value_json){
        .arena = arena, .borrow = true, .schema = schema, .fault = &conform->fault};
    conform->uid_how =
        (struct skm_value_json){.arena = arena, .borrow = true, .fault = &conform->fault};
}

void skm_conform_forget(struct skm_conform *conform)
{
    conform->uid = NULL;
    conform->entity = NULL;
    conform->is_action = false;
    conform->required_seen = 0;
    conform->fault = (struct skm_value_json_fault){0};
}

/* ---- messages ---- */

SKM_PRINTF(4, 0)
static struct skm_diag *add(struct skm_conform *conform, enum skm_severity severity, size_t offset,
                            const char *format, va_list args) __attribute__((format(printf, 4, 0)));

static struct skm_diag *add(struct skm_conform *conform, enum skm_severity severity, size_t offset,
                            const char *format, va_list args)
{
    char message[MESSAGE_MAX];
    struct skm_buf name = {0};
    (void)vsnprintf(message, sizeof(message), format, args);
    skm_buf_init(&name, MESSAGE_MAX);
    if (conform->uid != NULL) {
        skm_uid_print(conform->uid, &name);
    }
    skm_span uid = skm_buf_span(&name);
    struct skm_range range = {(uint32_t)offset, 1};
    struct skm_diag *diag =
        skm_diags_add(conform->diags, severity, conform->source, range, "%s", message);
    skm_diag_id(conform->diags, diag, uid);
    skm_buf_fini(&name);
    return diag;
}

void skm_conform_fault(struct skm_conform *conform, size_t offset, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)add(conform, SKM_SEVERITY_ERROR, offset, format, args);
    va_end(args);
}

struct skm_diag *skm_conform_warn(struct skm_conform *conform, size_t offset, const char *format,
                                  ...)
{
    va_list args;
    va_start(args, format);
    struct skm_diag *diag = add(conform, SKM_SEVERITY_WARNING, offset, format, args);
    va_end(args);
    return diag;
}

/* As a fault, with the nearest of the candidates as help. */
static void fault_near(struct skm_conform *conform, size_t offset, skm_span word,
                       const skm_span *candidates, size_t count, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

static void fault_near(struct skm_conform *conform, size_t offset, skm_span word,
                       const skm_span *candidates, size_t count, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct skm_diag *diag = add(conform, SKM_SEVERITY_ERROR, offset, format, args);
    va_end(args);
    skm_span nearest = diag == NULL ? (skm_span){0} : skm_diag_nearest(word, candidates, count);
    if (nearest.len > 0) {
        skm_diag_help(conform->diags, diag, "did you mean `%.*s`?", SKM_SPAN_ARG(nearest));
    }
}

void skm_conform_describe(enum skm_conform_part part, skm_span key, char *out, size_t out_bytes)
{
    static const char *const words[] = {
        [SKM_CONFORM_ATTR] = "attribute", [SKM_CONFORM_TAG] = "tag"};
    int shown = key.len > KEY_SHOWN_MAX ? KEY_SHOWN_MAX : (int)key.len;
    (void)snprintf(out, out_bytes, "%s `%.*s`: ", words[part], shown,
                   key.ptr == NULL ? "" : key.ptr);
}

/* ---- uids ---- */

/* As skm_schema_find_entity(): a file names few types, over and over. */
static const struct skm_schema_entity *find_type(struct skm_conform *conform, skm_span name)
{
    const struct skm_schema_entity **recent =
        &conform->recent[skm_hash_hint(name, SKM_CONFORM_RECENT)];
    if (*recent != NULL && skm_span_equal((*recent)->name, name)) {
        return *recent;
    }
    const struct skm_schema_entity *found = skm_schema_find_entity(conform->schema, name);
    if (found != NULL) {
        *recent = found;
    }
    return found;
}

static void undeclared_type(struct skm_conform *conform, skm_span type, size_t offset)
{
    skm_span names[NAMES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < conform->schema->entity_count && count < NAMES_MAX; i++) {
        names[count++] = conform->schema->entities[i].name;
    }
    fault_near(conform, offset, type, names, count, "entity type `%.*s` is not declared",
               SKM_SPAN_ARG(type));
}

static void undeclared_action(struct skm_conform *conform, const struct skm_uid *uid, size_t offset)
{
    skm_span names[NAMES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < conform->schema->action_count && count < NAMES_MAX; i++) {
        const struct skm_uid *action = &conform->schema->actions[i].uid;
        if (skm_span_equal(action->type, uid->type)) {
            names[count++] = action->id;
        }
    }
    fault_near(conform, offset, uid->id, names, count, "action `%.*s` is not declared",
               SKM_SPAN_ARG(uid->id));
}

static void check_enum_id(struct skm_conform *conform, const struct skm_schema_entity *entity,
                          const struct skm_uid *uid, size_t offset)
{
    if (!skm_schema_entity_allows_id(entity, uid->id)) {
        fault_near(conform, offset, uid->id, entity->enum_ids, entity->enum_count,
                   "`%.*s` is not one of the ids of enum type `%.*s`", SKM_SPAN_ARG(uid->id),
                   SKM_SPAN_ARG(uid->type));
    }
}

void skm_conform_entity(struct skm_conform *conform, const struct skm_uid *uid, size_t offset)
{
    conform->uid = uid;
    conform->is_action = skm_entity_type_is_action(uid->type);
    if (conform->schema == NULL) {
        return;
    }
    if (conform->is_action) {
        if (skm_schema_find_action(conform->schema, uid) == NULL) {
            undeclared_action(conform, uid, offset);
        }
        return;
    }
    conform->entity = find_type(conform, uid->type);
    if (conform->entity == NULL) {
        undeclared_type(conform, uid->type, offset);
    } else if (conform->entity->is_external) {
        skm_conform_fault(conform, offset,
                          "entity type `%.*s` is external: it has no entities here",
                          SKM_SPAN_ARG(uid->type));
    } else {
        check_enum_id(conform, conform->entity, uid, offset);
    }
}

/* ---- parents ---- */

static void check_declared_parent(struct skm_conform *conform, const struct skm_uid *parent,
                                  size_t offset)
{
    const struct skm_schema_entity *type = find_type(conform, parent->type);
    if (type == NULL) {
        undeclared_type(conform, parent->type, offset);
        return;
    }
    if (conform->entity == NULL || !skm_schema_entity_may_be_in(conform->entity, parent->type)) {
        skm_conform_fault(conform, offset,
                          "an entity of type `%.*s` cannot be in one of type `%.*s`",
                          SKM_SPAN_ARG(conform->uid->type), SKM_SPAN_ARG(parent->type));
        return;
    }
    check_enum_id(conform, type, parent, offset);
}

void skm_conform_parent(struct skm_conform *conform, const struct skm_uid *parent, size_t offset)
{
    if (conform->is_action) {
        if (!skm_entity_type_is_action(parent->type)) {
            skm_conform_fault(conform, offset, "an action cannot be in `%.*s`, which is not one",
                              SKM_SPAN_ARG(parent->type));
        }
        return;
    }
    if (conform->schema != NULL) {
        check_declared_parent(conform, parent, offset);
    }
}

/* ---- attributes and tags ---- */

static bool declared_attr(struct skm_conform *conform, skm_span key, size_t offset,
                          const struct skm_type **out_type)
{
    const struct skm_type *shape = conform->entity->shape;
    const struct skm_type_attr *attr = skm_type_attr_find(shape, key);
    if (attr != NULL) {
        conform->required_seen += attr->required;
        *out_type = attr->type;
        return true;
    }
    skm_span names[NAMES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < shape->attr_count && count < NAMES_MAX; i++) {
        names[count++] = shape->attrs[i].name;
    }
    fault_near(conform, offset, key, names, count,
               "attribute `%.*s` is not declared for type `%.*s`", SKM_SPAN_ARG(key),
               SKM_SPAN_ARG(conform->entity->name));
    return false;
}

bool skm_conform_field(struct skm_conform *conform, enum skm_conform_part part, skm_span key,
                       size_t offset, const struct skm_type **out_type)
{
    if (conform->schema == NULL) {
        return true;
    }
    if (conform->is_action) {
        skm_conform_fault(conform, offset, "an action has no attributes and no tags");
        return false;
    }
    switch (part) {
    case SKM_CONFORM_ATTR:
        return declared_attr(conform, key, offset, out_type);
    case SKM_CONFORM_TAG:
        *out_type = conform->entity->tags;
        if (*out_type == NULL) {
            skm_conform_fault(conform, offset, "type `%.*s` is declared without tags",
                              SKM_SPAN_ARG(conform->entity->name));
        }
        return *out_type != NULL;
    }
    return false;
}

void skm_conform_record(struct skm_conform *conform, enum skm_conform_part part,
                        const struct skm_value_record *record, size_t offset)
{
    if (conform->entity == NULL || part == SKM_CONFORM_TAG) {
        return;
    }
    const struct skm_type *shape = conform->entity->shape;
    if (conform->required_seen == skm_type_required_count(shape)) {
        return;
    }
    for (size_t i = 0; i < shape->attr_count; i++) {
        const struct skm_type_attr *attr = &shape->attrs[i];
        if (attr->required && skm_value_record_get(record, attr->name) == NULL) {
            skm_conform_fault(conform, offset, "required attribute `%.*s` is missing",
                              SKM_SPAN_ARG(attr->name));
        }
    }
}
