#include "cedar/request_validate.h"

#include "base/buf.h"
#include "base/span.h"
#include "cedar/value_json.h"

#define NAMES_MAX 1024u /* candidates looked at for "did you mean" */

static const struct skm_range nowhere = {0, 0};

/* ---- the action ---- */

/* The action's declaration, or NULL with a message. */
static const struct skm_schema_action *
declared_action(const struct skm_schema *schema, const struct skm_uid *uid, struct skm_diags *diags)
{
    const struct skm_schema_action *action = skm_schema_find_action(schema, uid);
    if (action != NULL && !action->is_external) {
        return action;
    }
    struct skm_buf name = {0};
    skm_buf_init(&name, 4096);
    skm_uid_print(uid, &name);
    struct skm_diag *diag = skm_diags_add(
        diags, SKM_SEVERITY_ERROR, NULL, nowhere, "action `%.*s` is %s",
        SKM_SPAN_ARG(skm_buf_span(&name)),
        action == NULL ? "not declared in the schema" : "external: the schema does not define it");
    skm_buf_fini(&name);
    skm_span names[NAMES_MAX];
    size_t count = 0;
    for (size_t i = 0; action == NULL && i < schema->action_count && count < NAMES_MAX; i++) {
        names[count++] = schema->actions[i].uid.id;
    }
    skm_span nearest = skm_diag_nearest(uid->id, names, count);
    if (nearest.len > 0) {
        skm_diag_help(diags, diag, "did you mean `%.*s`?", SKM_SPAN_ARG(nearest));
    }
    return NULL;
}

/* ---- principal and resource ---- */

/* One of the two entities of a request. */
struct role {
    const char *name;
    const struct skm_uid *uid;
    const skm_span *allowed; /* types in the action's appliesTo */
    size_t allowed_count;
};

static bool is_listed(const struct role *role)
{
    for (size_t i = 0; i < role->allowed_count; i++) {
        if (skm_span_equal(role->allowed[i], role->uid->type)) {
            return true;
        }
    }
    return false;
}

static void undeclared_type(const struct skm_schema *schema, const struct role *role,
                            struct skm_diags *diags)
{
    struct skm_diag *diag = skm_diags_add(diags, SKM_SEVERITY_ERROR, NULL, nowhere,
                                          "%s type `%.*s` is not declared in the schema",
                                          role->name, SKM_SPAN_ARG(role->uid->type));
    skm_span names[NAMES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < schema->entity_count && count < NAMES_MAX; i++) {
        names[count++] = schema->entities[i].name;
    }
    skm_span nearest = skm_diag_nearest(role->uid->type, names, count);
    if (nearest.len > 0) {
        skm_diag_help(diags, diag, "did you mean `%.*s`?", SKM_SPAN_ARG(nearest));
    }
}

/* `action` NULL: not declared, so what it applies to is not known. True when all is well. */
static bool check_role(const struct skm_schema *schema, const struct skm_schema_action *action,
                       const struct role *role, struct skm_diags *diags)
{
    const struct skm_schema_entity *type = skm_schema_find_entity(schema, role->uid->type);
    if (type == NULL) {
        undeclared_type(schema, role, diags);
        return false;
    }
    bool valid = true;
    if (action != NULL && !is_listed(role)) {
        (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, NULL, nowhere,
                            "action `%.*s` does not apply to a %s of type `%.*s`",
                            SKM_SPAN_ARG(action->uid.id), role->name,
                            SKM_SPAN_ARG(role->uid->type));
        valid = false;
    }
    if (!skm_schema_entity_allows_id(type, role->uid->id)) {
        (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, NULL, nowhere,
                            "%s `%.*s` is not one of the ids of enum type `%.*s`", role->name,
                            SKM_SPAN_ARG(role->uid->id), SKM_SPAN_ARG(role->uid->type));
        valid = false;
    }
    return valid;
}

/* ---- the context ---- */

/* Says which key of the context is at fault; nested faults are told as their key's. */
static void explain_context(const struct skm_schema *schema, const struct skm_type *type,
                            const struct skm_value *context, struct skm_diags *diags)
{
    if (context->kind != SKM_VALUE_RECORD) {
        (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, NULL, nowhere,
                            "the context is not a record");
        return;
    }
    for (size_t i = 0; i < context->as.record->count; i++) {
        const struct skm_value_field *field = &context->as.record->fields[i];
        const struct skm_type_attr *attr = skm_type_attr_find(type, field->key);
        if (attr == NULL || !skm_value_conforms(&field->value, attr->type, schema)) {
            (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, NULL, nowhere,
                                "context attribute `%.*s` %s", SKM_SPAN_ARG(field->key),
                                attr == NULL ? "is not declared for this action"
                                             : "is not of the declared type");
        }
    }
    for (size_t i = 0; i < type->attr_count; i++) {
        if (type->attrs[i].required &&
            skm_value_record_get(context->as.record, type->attrs[i].name) == NULL) {
            (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, NULL, nowhere,
                                "context attribute `%.*s` is missing",
                                SKM_SPAN_ARG(type->attrs[i].name));
        }
    }
}

skm_err skm_request_validate(const struct skm_schema *schema, const struct skm_request *request,
                             struct skm_diags *diags)
{
    const struct skm_schema_action *action = declared_action(schema, &request->action, diags);
    struct role principal = {.name = "principal", .uid = &request->principal};
    struct role resource = {.name = "resource", .uid = &request->resource};
    bool valid = action != NULL;
    if (action != NULL) {
        principal.allowed = action->principals;
        principal.allowed_count = action->principal_count;
        resource.allowed = action->resources;
        resource.allowed_count = action->resource_count;
        if (!skm_value_conforms(&request->context, action->context, schema)) {
            explain_context(schema, action->context, &request->context, diags);
            valid = false;
        }
    }
    valid = check_role(schema, action, &principal, diags) && valid;
    valid = check_role(schema, action, &resource, diags) && valid;
    return valid ? SKM_OK : SKM_ERR(INVALID);
}

/* ---- reading a context ---- */

static skm_err read_record(const struct skm_value_json *how, struct skm_json *json,
                           const struct skm_type *type, struct skm_value *out_context)
{
    enum skm_json_type first = SKM_JSON_NULL;
    SKM_TRY(skm_json_peek(json, &first));
    size_t offset = skm_json_value_offset(json);
    if (first != SKM_JSON_OBJECT) {
        return skm_json_fail(json, SKM_ERR(TYPE), offset, "the context must be an object");
    }
    struct skm_value context = {0};
    SKM_TRY(skm_value_json_read(how, json, type, &context));
    /* An escape with one key reads as an entity or extension value. */
    if (context.kind != SKM_VALUE_RECORD) {
        return skm_json_fail(json, SKM_ERR(TYPE), offset, "the context must be a record");
    }
    *out_context = context;
    return SKM_OK;
}

skm_err skm_request_read_context(struct skm_arena *arena, const struct skm_schema *schema,
                                 const struct skm_uid *action, struct skm_json *json,
                                 const struct skm_source *source, size_t base_offset,
                                 struct skm_diags *diags, struct skm_value *out_context)
{
    const struct skm_type *type = NULL;
    if (schema != NULL) {
        const struct skm_schema_action *declared = declared_action(schema, action, diags);
        if (declared == NULL) {
            return SKM_ERR(INVALID);
        }
        type = declared->context;
    }
    struct skm_value_json_fault fault = {0};
    struct skm_value_json how = {.arena = arena, .schema = schema, .fault = &fault};
    skm_err err = read_record(&how, json, type, out_context);
    if (skm_is_ok(err) || skm_is_err(err, SKM_E_MEMORY)) {
        return err;
    }
    struct skm_range range = {(uint32_t)(base_offset + json->err_offset), 1};
    struct skm_buf reason = {0};
    skm_buf_init(&reason, 4096);
    skm_value_json_fault_print(json, &fault, &reason);
    (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, source, range, "context: %.*s",
                        SKM_SPAN_ARG(skm_buf_span(&reason)));
    skm_buf_fini(&reason);
    return SKM_ERR(INVALID);
}
