#include "proto/authzen_resolve.h"

#include "base/err.h"
#include "base/json.h"
#include "base/span.h"
#include "base/vec.h"
#include "cedar/parse.h"
#include "cedar/value_json.h"

#define ATTRS_MAX 10000u

struct resolver {
    struct skm_arena *arena;
    const struct skm_authzen_config *config;
    const struct skm_schema *schema; /* NULL: none */
    struct skm_authzen_fault fault;
};

static void set_fault(struct resolver *resolver, uint16_t status, skm_span message)
{
    if (resolver->fault.status == 0) {
        resolver->fault = (struct skm_authzen_fault){.status = status, .message = message};
    }
}

/* An entity as a whole, from the item or else from the defaults (§7.1.1). NULL: a fault was set. */
static const struct skm_authzen_entity *pick(struct resolver *resolver,
                                             const struct skm_authzen_entity *own,
                                             const struct skm_authzen_entity *inherited,
                                             const char *missing)
{
    const struct skm_authzen_entity *entity = own->is_present ? own : inherited;
    const char *fault = entity->is_present ? entity->fault : missing;
    if (fault == NULL) {
        return entity;
    }
    set_fault(resolver, 400, skm_span_cstr(fault));
    return NULL;
}

static skm_err resolve_type(struct resolver *resolver, skm_span name, skm_span *out_type)
{
    for (size_t i = 0; i < resolver->config->type_count; i++) {
        if (skm_span_equal(resolver->config->types[i].name, name)) {
            *out_type = resolver->config->types[i].cedar;
            return SKM_OK;
        }
    }
    *out_type = name;
    if (!skm_parse_is_name(name)) {
        skm_span message = {0};
        SKM_TRY(skm_arena_printf(resolver->arena, &message,
                                 "type `%.*s` is not configured and is no Cedar type name",
                                 SKM_SPAN_ARG(name)));
        set_fault(resolver, 200, message);
    }
    return SKM_OK;
}

/* An attribute that cannot be read makes the request undecidable: dropping it could turn a forbid off. */
static skm_err note_unreadable(struct resolver *resolver, const char *what, skm_span key,
                               const struct skm_json *json, skm_err err)
{
    if (skm_is_err(err, SKM_E_MEMORY) || skm_is_err(err, SKM_E_INTERNAL)) {
        return err;
    }
    skm_span message = {0};
    SKM_TRY(skm_arena_printf(resolver->arena, &message, "%s `%.*s`: %s", what, SKM_SPAN_ARG(key),
                             json->err_reason != NULL ? json->err_reason : skm_err_text(err)));
    set_fault(resolver, 200, message);
    return SKM_OK;
}

/* One member; null counts as absent. *out_taken tells whether there is a value. */
static skm_err read_attr(const struct resolver *resolver, struct skm_json *json, skm_span key,
                         const struct skm_type *shape, bool *out_taken, struct skm_value *out_value)
{
    const struct skm_value_json how = {
        .arena = resolver->arena,
        .borrow = true,
        .flags = SKM_VALUE_JSON_LENIENT,
        .schema = resolver->schema,
    };
    enum skm_json_type type = SKM_JSON_NULL;
    SKM_TRY(skm_json_peek(json, &type));
    *out_taken = type != SKM_JSON_NULL;
    if (!*out_taken) {
        return skm_json_read_null(json);
    }
    const struct skm_type_attr *attr = shape == NULL ? NULL : skm_type_attr_find(shape, key);
    return skm_value_json_read(&how, json, attr == NULL ? NULL : attr->type, out_value);
}

/* The members of a JSON object as a record. `shape` gives the types of members it declares; NULL: none. */
static skm_err read_record(struct resolver *resolver, const char *what, skm_span text,
                           const struct skm_type *shape, struct skm_value *out_record)
{
    struct skm_json json;
    SKM_VEC(struct skm_value_field) fields = {0};
    SKM_TRY(skm_json_init(&json, text, resolver->arena, NULL));
    SKM_TRY(skm_json_enter_object(&json));
    for (;;) {
        bool more = false;
        bool taken = false;
        skm_span key = {0};
        struct skm_value value = {0};
        SKM_TRY(skm_json_next_member(&json, &more, &key));
        if (!more) {
            return skm_value_record_build(resolver->arena, fields.items, fields.len, out_record);
        }
        skm_err err = read_attr(resolver, &json, key, shape, &taken, &value);
        if (!skm_is_ok(err)) {
            return note_unreadable(resolver, what, key, &json, err);
        }
        if (taken) {
            struct skm_value_field *field = NULL;
            SKM_TRY(SKM_VEC_PUSH(resolver->arena, &fields, ATTRS_MAX, &field));
            *field = (struct skm_value_field){.key = key, .value = value};
        }
    }
}

static skm_err resolve_properties(struct resolver *resolver, const char *what,
                                  const struct skm_authzen_entity *entity,
                                  const struct skm_uid *uid,
                                  const struct skm_value_record **out_attrs)
{
    if (entity->properties.len == 0 || resolver->fault.status != 0) {
        return SKM_OK;
    }
    const struct skm_schema_entity *declared =
        resolver->schema == NULL ? NULL : skm_schema_find_entity(resolver->schema, uid->type);
    struct skm_value record = {.kind = SKM_VALUE_RECORD};
    SKM_TRY(read_record(resolver, what, entity->properties,
                        declared == NULL ? NULL : declared->shape, &record));
    *out_attrs = record.as.record;
    return SKM_OK;
}

static skm_err resolve_context(struct resolver *resolver, const struct skm_authzen_context *context,
                               const struct skm_uid *action, struct skm_value *out_context)
{
    if (resolver->fault.status != 0) {
        return SKM_OK;
    }
    const struct skm_schema_action *declared =
        resolver->schema == NULL ? NULL : skm_schema_find_action(resolver->schema, action);
    skm_span text = context->properties.len == 0 ? SKM_SPAN("{}") : context->properties;
    return read_record(resolver, "context key", text, declared == NULL ? NULL : declared->context,
                       out_context);
}

/* The three entities of an evaluation, whole. */
struct parts {
    const struct skm_authzen_entity *subject;
    const struct skm_authzen_entity *action;
    const struct skm_authzen_entity *resource;
};

static skm_err resolve_uids(struct resolver *resolver, const struct parts *parts,
                            struct skm_request *out_cedar)
{
    skm_span action_type = resolver->config->action_type;
    out_cedar->principal.id = parts->subject->id;
    out_cedar->resource.id = parts->resource->id;
    out_cedar->action = (struct skm_uid){
        .type = action_type.len == 0 ? SKM_SPAN("Action") : action_type, .id = parts->action->id};
    SKM_TRY(resolve_type(resolver, parts->subject->type, &out_cedar->principal.type));
    return resolve_type(resolver, parts->resource->type, &out_cedar->resource.type);
}

static skm_err resolve_parts(struct resolver *resolver, const struct parts *parts,
                             const struct skm_authzen_context *context,
                             struct skm_decide_request *request)
{
    struct skm_request *cedar = &request->cedar;
    SKM_TRY(resolve_uids(resolver, parts, cedar));
    SKM_TRY(resolve_context(resolver, context, &cedar->action, &cedar->context));
    SKM_TRY(resolve_properties(resolver, "subject property", parts->subject, &cedar->principal,
                               &request->principal_attrs));
    SKM_TRY(resolve_properties(resolver, "action property", parts->action, &cedar->action,
                               &request->action_attrs));
    return resolve_properties(resolver, "resource property", parts->resource, &cedar->resource,
                              &request->resource_attrs);
}

skm_err skm_authzen_resolve(struct skm_arena *arena, const struct skm_authzen_config *config,
                            const struct skm_schema *schema, const struct skm_authzen_item *item,
                            const struct skm_authzen_item *defaults,
                            struct skm_decide_request *out_request,
                            struct skm_authzen_fault *out_fault)
{
    static const struct skm_authzen_item nothing = {0};
    struct resolver resolver = {.arena = arena, .config = config, .schema = schema};
    struct skm_decide_request request = {.cedar.context.kind = SKM_VALUE_RECORD};
    defaults = defaults == NULL ? &nothing : defaults;
    if (item->fault != NULL) {
        set_fault(&resolver, 400, skm_span_cstr(item->fault));
    }
    const struct parts parts = {
        .subject = pick(&resolver, &item->subject, &defaults->subject, "`subject` is missing"),
        .action = pick(&resolver, &item->action, &defaults->action, "`action` is missing"),
        .resource = pick(&resolver, &item->resource, &defaults->resource, "`resource` is missing"),
    };
    const struct skm_authzen_context *context =
        item->context.is_present ? &item->context : &defaults->context;
    if (context->fault != NULL) {
        set_fault(&resolver, 400, skm_span_cstr(context->fault));
    }
    if (resolver.fault.status == 0) {
        SKM_TRY(resolve_parts(&resolver, &parts, context, &request));
    }
    *out_request = request;
    *out_fault = resolver.fault;
    return SKM_OK;
}
