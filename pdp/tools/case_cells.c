#include "tools/case_cells.h"

#include <string.h>

#include "base/attr.h"
#include "base/json.h"
#include "base/span.h"
#include "cedar/value_json.h"
#include "decide/derive.h"

#define FIELDS_MAX   4096u
#define LEFT_OUT_MAX 1000u

typedef SKM_VEC(struct skm_value_field) field_list;

struct row_reader {
    struct skm_cases *cases;
    struct skm_case *test;
    const struct skm_value_record *cells[SKM_CASE_CELLS];
    SKM_VEC(struct skm_entity) entities;
};

static const char *const cell_names[] = {"subject", "mfa", "device", "resource", "context"};

static skm_err refuse(const struct row_reader *r, const char *cell, const char *message)
{
    (void)skm_diags_add(r->cases->diags, SKM_SEVERITY_ERROR, r->test->source, r->test->range,
                        "case `%.*s`: cell `%s`: %s", SKM_SPAN_ARG(r->test->name), cell, message);
    return SKM_ERR(INVALID);
}

/* ---- cells ---- */

static skm_err read_cell(struct row_reader *r, enum skm_case_cell cell, skm_span text)
{
    struct skm_arena *arena = r->cases->arena;
    struct skm_json json;
    struct skm_value value = {0};
    const struct skm_value_json how = {
        .arena = arena, .borrow = true, .flags = SKM_VALUE_JSON_LENIENT};
    SKM_TRY(skm_json_init(&json, text, arena, NULL));
    skm_err err = skm_value_json_read(&how, &json, NULL, &value);
    if (skm_is_ok(err)) {
        err = skm_json_finish(&json);
    }
    if (skm_is_err(err, SKM_E_MEMORY)) {
        return err;
    }
    if (!skm_is_ok(err) || value.kind != SKM_VALUE_RECORD) {
        return refuse(r, cell_names[cell],
                      json.err_reason != NULL ? json.err_reason : "not a JSON object");
    }
    r->cells[cell] = value.as.record;
    return SKM_OK;
}

static skm_span text_of(const struct skm_value_record *record, skm_span key)
{
    const struct skm_value *value = skm_value_record_get(record, key);
    return value != NULL && value->kind == SKM_VALUE_STRING ? value->as.string
                                                            : (skm_span){NULL, 0};
}

/* ---- types ---- */

static skm_span last_name(skm_span type)
{
    for (size_t i = type.len; i > 0; i--) {
        if (type.ptr[i - 1] == ':') {
            return skm_span_from(type, i);
        }
    }
    return type;
}

/* The declared type with this name, or the only one that has it as last component; `name` itself without a schema. Empty: none. */
static skm_span find_type(const struct skm_schema *schema, skm_span name)
{
    skm_span found = {NULL, 0};
    if (schema == NULL || skm_schema_find_entity(schema, name) != NULL) {
        return name;
    }
    for (size_t i = 0; i < schema->entity_count; i++) {
        if (skm_span_equal(last_name(schema->entities[i].name), name)) {
            if (found.len > 0) {
                return (skm_span){NULL, 0};
            }
            found = schema->entities[i].name;
        }
    }
    return found;
}

/* "audit-log" is `AuditLog`. */
static skm_err type_of_kind(struct skm_arena *arena, skm_span kind, skm_span *out_name)
{
    char *name = skm_arena_alloc_text(arena, kind.len + 1);
    size_t len = 0;
    bool upper = true;
    if (name == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < kind.len; i++) {
        char c = kind.ptr[i];
        if (c == '-') {
            upper = true;
            continue;
        }
        name[len++] = upper && c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        upper = false;
    }
    *out_name = (skm_span){name, len};
    return SKM_OK;
}

static skm_err action_uid(const struct row_reader *r, skm_span id, struct skm_uid *out_uid)
{
    const struct skm_schema *schema = r->cases->schema;
    struct skm_uid uid = {SKM_SPAN("Action"), id};
    size_t found = 0;
    if (schema != NULL && skm_schema_find_action(schema, &uid) == NULL) {
        for (size_t i = 0; i < schema->action_count; i++) {
            if (skm_span_equal(schema->actions[i].uid.id, id)) {
                uid = schema->actions[i].uid;
                found++;
            }
        }
        if (found != 1) {
            return refuse(r, "action",
                          found == 0 ? "not an action of the schema"
                                     : "an action of several namespaces");
        }
    }
    *out_uid = uid;
    return SKM_OK;
}

/* ---- values by the schema ---- */

static skm_err coerce(struct row_reader *r, const struct skm_value *value,
                      const struct skm_type *type, skm_span where, struct skm_value *out_value);

static skm_err note_left_out(struct row_reader *r, skm_span where, skm_span name)
{
    skm_span text = {0};
    skm_span *slot = NULL;
    SKM_TRY(skm_arena_printf(r->cases->arena, &text, "%.*s.%.*s", SKM_SPAN_ARG(where),
                             SKM_SPAN_ARG(name)));
    for (size_t i = 0; i < r->cases->left_out.len; i++) {
        if (skm_span_equal(r->cases->left_out.items[i], text)) {
            return SKM_OK;
        }
    }
    if (r->cases->left_out.len == LEFT_OUT_MAX) {
        return SKM_OK;
    }
    SKM_TRY(SKM_VEC_PUSH(r->cases->arena, &r->cases->left_out, LEFT_OUT_MAX, &slot));
    *slot = text;
    return SKM_OK;
}

static skm_err add_field(struct row_reader *r, field_list *list, skm_span key,
                         const struct skm_value *value)
{
    struct skm_value_field *slot = NULL;
    for (size_t i = 0; i < list->len; i++) {
        if (skm_span_equal(list->items[i].key, key)) {
            return SKM_OK;
        }
    }
    SKM_TRY(SKM_VEC_PUSH(r->cases->arena, list, FIELDS_MAX, &slot));
    *slot = (struct skm_value_field){key, *value};
    return SKM_OK;
}

/* What `type` declares of the record. `quiet`: what it does not declare needs no mention. */
static skm_err coerce_record(struct row_reader *r, const struct skm_value_record *record,
                             const struct skm_type *type, skm_span where, bool quiet,
                             struct skm_value *out_value)
{
    field_list fields = {0};
    for (size_t i = 0; i < record->count; i++) {
        const struct skm_value_field *field = &record->fields[i];
        const struct skm_type_attr *attr = skm_type_attr_find(type, field->key);
        struct skm_value value = {0};
        if (attr == NULL) {
            SKM_TRY(quiet ? SKM_OK : note_left_out(r, where, field->key));
            continue;
        }
        SKM_TRY(coerce(r, &field->value, attr->type, field->key, &value));
        SKM_TRY(add_field(r, &fields, field->key, &value));
    }
    return skm_value_record_build(r->cases->arena, fields.items, fields.len, out_value);
}

static skm_err coerce_set(struct row_reader *r, const struct skm_value_set *set,
                          const struct skm_type *element, skm_span where,
                          struct skm_value *out_value)
{
    struct skm_value *items = SKM_ARENA_NEW_ARRAY(r->cases->arena, struct skm_value, set->count);
    if (items == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < set->count; i++) {
        SKM_TRY(coerce(r, &set->items[i], element, where, &items[i]));
    }
    return skm_value_set_build(r->cases->arena, items, set->count, out_value);
}

static skm_err entity_value(struct row_reader *r, skm_span type, skm_span id,
                            struct skm_value *out_value)
{
    struct skm_uid *uid = SKM_ARENA_NEW(r->cases->arena, struct skm_uid);
    if (uid == NULL) {
        return SKM_ERR(MEMORY);
    }
    *uid = (struct skm_uid){type, id};
    *out_value = skm_value_entity(uid);
    return SKM_OK;
}

static skm_err add_entity(struct row_reader *r, const struct skm_entity *entity)
{
    struct skm_entity *slot = NULL;
    for (size_t i = 0; i < r->entities.len; i++) {
        if (skm_uid_equal(&r->entities.items[i].uid, &entity->uid)) {
            return SKM_OK;
        }
    }
    SKM_TRY(SKM_VEC_PUSH(r->cases->arena, &r->entities, FIELDS_MAX, &slot));
    *slot = *entity;
    return SKM_OK;
}

/* A record with an `id` where the schema has an entity: that entity, with the record's attributes. */
static skm_err coerce_described(struct row_reader *r, const struct skm_value_record *record,
                                skm_span type, struct skm_value *out_value)
{
    const struct skm_schema_entity *declared = skm_schema_find_entity(r->cases->schema, type);
    struct skm_value attrs = {0};
    struct skm_entity entity = {.uid = {type, text_of(record, SKM_SPAN("id"))}};
    SKM_TRY(coerce_record(r, record, declared->shape, type, false, &attrs));
    entity.attrs = attrs.as.record;
    SKM_TRY(add_entity(r, &entity));
    return entity_value(r, type, entity.uid.id, out_value);
}

/* What cannot be put into the type stays as it is: the decision then refuses the request and says why. */
static skm_err coerce(struct row_reader *r, const struct skm_value *value,
                      const struct skm_type *type, skm_span where, struct skm_value *out_value)
{
    int64_t ms = 0;
    if (type->kind == SKM_TYPE_ENTITY && value->kind == SKM_VALUE_STRING) {
        return entity_value(r, type->entity, value->as.string, out_value);
    }
    if (type->kind == SKM_TYPE_ENTITY && value->kind == SKM_VALUE_RECORD &&
        skm_schema_find_entity(r->cases->schema, type->entity) != NULL) {
        return coerce_described(r, value->as.record, type->entity, out_value);
    }
    if (type->kind == SKM_TYPE_SET && value->kind == SKM_VALUE_SET) {
        return coerce_set(r, value->as.set, type->element, where, out_value);
    }
    if (type->kind == SKM_TYPE_RECORD && value->kind == SKM_VALUE_RECORD) {
        return coerce_record(r, value->as.record, type, where, false, out_value);
    }
    *out_value = *value;
    if (type->kind == SKM_TYPE_DATETIME && value->kind == SKM_VALUE_STRING &&
        skm_derive_time(value->as.string, &ms)) {
        *out_value = (struct skm_value){.kind = SKM_VALUE_DATETIME, .as.integer = ms};
    }
    return SKM_OK;
}

/* ---- principal and resource ---- */

/* Roles and organ are parents: `principal in Role::"SysAdmin"`. */
static skm_err subject_parents(struct row_reader *r, skm_span type, struct skm_entity *entity)
{
    const struct skm_schema *schema = r->cases->schema;
    const struct skm_value *roles =
        skm_value_record_get(r->cells[SKM_CASE_SUBJECT], SKM_SPAN("roles"));
    skm_span organ = text_of(r->cells[SKM_CASE_SUBJECT], SKM_SPAN("organ"));
    size_t count = roles != NULL && roles->kind == SKM_VALUE_SET ? roles->as.set->count : 0;
    struct skm_uid *parents = SKM_ARENA_NEW_ARRAY(r->cases->arena, struct skm_uid, count + 1);
    skm_span role_type = find_type(schema, SKM_SPAN("Role"));
    skm_span organ_type = find_type(schema, SKM_SPAN("Organ"));
    if (parents == NULL) {
        return SKM_ERR(MEMORY);
    }
    bool role_fits = schema == NULL || skm_schema_may_be_in(schema, type, role_type);
    bool organ_fits = schema == NULL || skm_schema_may_be_in(schema, type, organ_type);
    for (size_t i = 0; i < count && role_fits; i++) {
        if (roles->as.set->items[i].kind == SKM_VALUE_STRING) {
            parents[entity->parent_count++] =
                (struct skm_uid){role_type, roles->as.set->items[i].as.string};
        }
    }
    if (organ.len > 0 && organ_fits) {
        parents[entity->parent_count++] = (struct skm_uid){organ_type, organ};
    }
    entity->parents = parents;
    return SKM_OK;
}

/* The resource's attributes, and `labels`: a record with those of them that are declared in it; without a schema, with all of them. */
static skm_err resource_attrs(struct row_reader *r, const struct skm_type *shape, skm_span type,
                              struct skm_value *out_attrs)
{
    const struct skm_value_record *cell = r->cells[SKM_CASE_RESOURCE];
    const struct skm_type_attr *declared =
        shape == NULL ? NULL : skm_type_attr_find(shape, SKM_SPAN("labels"));
    bool has_labels = declared != NULL && declared->type->kind == SKM_TYPE_RECORD;
    struct skm_value labels = {.kind = SKM_VALUE_RECORD, .as.record = cell};
    field_list fields = {0};
    if (has_labels) {
        SKM_TRY(coerce_record(r, cell, declared->type, SKM_SPAN("labels"), true, &labels));
    }
    if (shape == NULL || has_labels) {
        SKM_TRY(add_field(r, &fields, SKM_SPAN("labels"), &labels));
    }
    for (size_t i = 0; i < cell->count; i++) {
        const struct skm_value_field *field = &cell->fields[i];
        const struct skm_type_attr *attr =
            shape == NULL ? NULL : skm_type_attr_find(shape, field->key);
        struct skm_value value = field->value;
        if (attr != NULL) {
            SKM_TRY(coerce(r, &field->value, attr->type, field->key, &value));
        } else if (shape != NULL) {
            bool labelled = has_labels && skm_type_attr_find(declared->type, field->key) != NULL;
            SKM_TRY(labelled ? SKM_OK : note_left_out(r, type, field->key));
            continue;
        }
        SKM_TRY(add_field(r, &fields, field->key, &value));
    }
    return skm_value_record_build(r->cases->arena, fields.items, fields.len, out_attrs);
}

static skm_err make_principal(struct row_reader *r, struct skm_uid *out_uid)
{
    const struct skm_schema *schema = r->cases->schema;
    const struct skm_value_record *cell = r->cells[SKM_CASE_SUBJECT];
    skm_span type = find_type(schema, SKM_SPAN("User"));
    struct skm_entity entity = {.uid = {type, text_of(cell, SKM_SPAN("id"))}, .attrs = cell};
    struct skm_value attrs = {0};
    if (entity.uid.id.len == 0) {
        return refuse(r, "subject", "no `id`");
    }
    if (type.len == 0) {
        return refuse(r, "subject", "the schema has no entity type `User`");
    }
    SKM_TRY(subject_parents(r, type, &entity));
    if (schema != NULL) {
        const struct skm_type *shape = skm_schema_find_entity(schema, type)->shape;
        SKM_TRY(coerce_record(r, cell, shape, type, false, &attrs));
        entity.attrs = attrs.as.record;
    }
    *out_uid = entity.uid;
    return add_entity(r, &entity);
}

static skm_err make_resource(struct row_reader *r, struct skm_uid *out_uid)
{
    const struct skm_schema *schema = r->cases->schema;
    const struct skm_value_record *cell = r->cells[SKM_CASE_RESOURCE];
    skm_span type = {NULL, 0};
    struct skm_entity entity = {.uid = {.id = text_of(cell, SKM_SPAN("id"))}};
    struct skm_value attrs = {0};
    if (entity.uid.id.len == 0) {
        return refuse(r, "resource", "no `id`");
    }
    if (schema != NULL) {
        skm_span by_kind = {0};
        SKM_TRY(type_of_kind(r->cases->arena, text_of(cell, SKM_SPAN("kind")), &by_kind));
        type = find_type(schema, by_kind);
    }
    type = type.len > 0 ? type : find_type(schema, SKM_SPAN("Resource"));
    if (type.len == 0) {
        return refuse(r, "resource",
                      "the schema has no entity type for this kind, and no `Resource`");
    }
    const struct skm_type *shape =
        schema == NULL ? NULL : skm_schema_find_entity(schema, type)->shape;
    SKM_TRY(resource_attrs(r, shape, type, &attrs));
    entity.uid.type = type;
    entity.attrs = attrs.as.record;
    *out_uid = entity.uid;
    return add_entity(r, &entity);
}

/* ---- context ---- */

static skm_err add_fields(struct row_reader *r, field_list *list,
                          const struct skm_value_record *record)
{
    for (size_t i = 0; i < record->count; i++) {
        SKM_TRY(add_field(r, list, record->fields[i].key, &record->fields[i].value));
    }
    return SKM_OK;
}

static skm_err derive(struct row_reader *r, const struct skm_decide_request *request,
                      struct skm_value *out_record)
{
    skm_span time = text_of(r->cells[SKM_CASE_CONTEXT], SKM_SPAN("time"));
    int64_t now = 0;
    bool has_now = skm_derive_time(time, &now);
    if (time.len > 0 && !has_now) {
        return refuse(r, "context", "`time` is not an RFC 3339 date and time");
    }
    const struct skm_derive_facts facts = {
        .subject_id = request->cedar.principal.id,
        .resource_id = request->cedar.resource.id,
        .action_id = request->cedar.action.id,
        .device_id = text_of(r->cells[SKM_CASE_DEVICE], SKM_SPAN("id")),
        .now_wall_ms = now,
        .has_now = has_now,
        .authentication = r->cells[SKM_CASE_MFA],
        .resource = r->cells[SKM_CASE_RESOURCE],
        .context = r->cells[SKM_CASE_CONTEXT],
    };
    r->test->now_wall_ms = now;
    return skm_derive(r->cases->arena, &facts, out_record);
}

/* The derived facts first: what a row says about them itself is for the PDP to work out. */
static skm_err make_context(struct row_reader *r, struct skm_decide_request *request)
{
    const struct skm_schema *schema = r->cases->schema;
    struct skm_value derived = {0};
    struct skm_value context = {0};
    const struct skm_value device = {.kind = SKM_VALUE_RECORD,
                                     .as.record = r->cells[SKM_CASE_DEVICE]};
    field_list fields = {0};
    SKM_TRY(derive(r, request, &derived));
    if (schema == NULL) {
        const struct skm_value time = {.kind = SKM_VALUE_DATETIME,
                                       .as.integer = r->test->now_wall_ms};
        bool timed = text_of(r->cells[SKM_CASE_CONTEXT], SKM_SPAN("time")).len > 0;
        SKM_TRY(timed ? add_field(r, &fields, SKM_SPAN("time"), &time) : SKM_OK);
    }
    SKM_TRY(add_fields(r, &fields, derived.as.record));
    SKM_TRY(add_fields(r, &fields, r->cells[SKM_CASE_CONTEXT]));
    SKM_TRY(add_fields(r, &fields, r->cells[SKM_CASE_MFA]));
    SKM_TRY(add_field(r, &fields, SKM_SPAN("device"), &device));
    SKM_TRY(skm_value_record_build(r->cases->arena, fields.items, fields.len, &context));
    if (schema != NULL) {
        const struct skm_schema_action *action =
            skm_schema_find_action(schema, &request->cedar.action);
        SKM_TRY(coerce_record(r, context.as.record, action->context, SKM_SPAN("context"), true,
                              &context));
    }
    request->cedar.context = context;
    return SKM_OK;
}

skm_err skm_case_from_row(struct skm_cases *cases, const struct skm_case_row *row,
                          struct skm_case *out_case)
{
    struct row_reader r = {.cases = cases, .test = out_case};
    struct skm_decide_request request = {.principal_attrs = NULL};
    for (size_t i = 0; i < SKM_CASE_CELLS; i++) {
        SKM_TRY(read_cell(&r, (enum skm_case_cell)i, row->cells[i]));
    }
    SKM_TRY(action_uid(&r, row->action, &request.cedar.action));
    SKM_TRY(make_principal(&r, &request.cedar.principal));
    SKM_TRY(make_resource(&r, &request.cedar.resource));
    SKM_TRY(make_context(&r, &request));
    out_case->request = request;
    out_case->entities = r.entities.items;
    out_case->entity_count = r.entities.len;
    return SKM_OK;
}
