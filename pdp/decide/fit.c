#include "decide/fit.h"

#include "base/attr.h"
#include "base/span.h"
#include "cedar/request_validate.h"
#include "cedar/value_json.h"

#define FAULTS_MAX 8u

/* What was sent about one entity of the request. */
struct sent {
    const char *what;
    const struct skm_uid *uid;
    const struct skm_value_record *attrs;
};

/* The first message of the validator says enough for a caller; the rest follows from its mending. */
static skm_err fit_schema(struct skm_arena *arena, const struct skm_schema *schema,
                          const struct skm_request *request, skm_span *out_fault)
{
    struct skm_diags diags;
    skm_diags_init(&diags, arena, FAULTS_MAX);
    skm_err err = skm_request_validate(schema, request, &diags);
    if (!skm_is_err(err, SKM_E_INVALID)) {
        return err;
    }
    *out_fault = diags.first != NULL ? diags.first->message
                                     : SKM_SPAN("the request does not conform to the schema");
    return SKM_OK;
}

/* A declared entity type takes the attributes it declares, of their types. The validator of policies relied on that. */
static skm_err fit_sent(struct skm_arena *arena, const struct skm_schema *schema,
                        const struct sent *sent, skm_span *out_fault)
{
    const struct skm_schema_entity *entity = skm_schema_find_entity(schema, sent->uid->type);
    for (size_t i = 0; sent->attrs != NULL && i < sent->attrs->count; i++) {
        const struct skm_value_field *field = &sent->attrs->fields[i];
        const struct skm_type_attr *attr =
            entity == NULL ? NULL : skm_type_attr_find(entity->shape, field->key);
        if (attr == NULL) {
            return skm_arena_printf(arena, out_fault,
                                    "%s attribute `%.*s` is not declared for `%.*s`", sent->what,
                                    SKM_SPAN_ARG(field->key), SKM_SPAN_ARG(sent->uid->type));
        }
        if (!skm_value_conforms(&field->value, attr->type, schema)) {
            return skm_arena_printf(arena, out_fault,
                                    "%s attribute `%.*s` is not of the declared type", sent->what,
                                    SKM_SPAN_ARG(field->key));
        }
    }
    return SKM_OK;
}

static skm_err lay_over(struct skm_arena *arena, const struct sent *sent,
                        struct skm_overlay *overlay, skm_span *out_fault)
{
    skm_err err = skm_overlay_add(overlay, sent->uid, sent->attrs);
    if (!skm_is_err(err, SKM_E_DUPLICATE)) {
        return err;
    }
    return skm_arena_printf(
        arena, out_fault,
        "one entity in two places of the request has an attribute with two values");
}

skm_err skm_request_fit(struct skm_arena *arena, const struct skm_snapshot *snapshot,
                        const struct skm_decide_request *request, struct skm_overlay *out_overlay,
                        skm_span *out_fault)
{
    const struct sent sent[SKM_OVERLAY_LAYERS_MAX] = {
        {"principal", &request->cedar.principal, request->principal_attrs},
        {"action", &request->cedar.action, request->action_attrs},
        {"resource", &request->cedar.resource, request->resource_attrs},
    };
    const struct skm_entity_view *base = snapshot->entities == NULL
                                             ? skm_entity_view_empty()
                                             : skm_entities_view(snapshot->entities);
    skm_span fault = {0};
    skm_overlay_init(out_overlay, base);
    if (snapshot->schema != NULL) {
        SKM_TRY(fit_schema(arena, snapshot->schema, &request->cedar, &fault));
    }
    for (size_t i = 0; i < SKM_ARRAY_LEN(sent) && fault.len == 0; i++) {
        if (snapshot->schema != NULL) {
            SKM_TRY(fit_sent(arena, snapshot->schema, &sent[i], &fault));
        }
        if (fault.len == 0) {
            SKM_TRY(lay_over(arena, &sent[i], out_overlay, &fault));
        }
    }
    *out_fault = fault;
    return SKM_OK;
}
