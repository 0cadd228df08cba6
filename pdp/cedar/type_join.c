#include "cedar/type_join.h"

#include "base/attr.h"
#include "base/span.h"

static const struct skm_type BASIC[] = {
    [SKM_TYPE_TRUE] = {.kind = SKM_TYPE_TRUE},
    [SKM_TYPE_FALSE] = {.kind = SKM_TYPE_FALSE},
    [SKM_TYPE_BOOL] = {.kind = SKM_TYPE_BOOL},
    [SKM_TYPE_LONG] = {.kind = SKM_TYPE_LONG},
    [SKM_TYPE_STRING] = {.kind = SKM_TYPE_STRING},
    [SKM_TYPE_DECIMAL] = {.kind = SKM_TYPE_DECIMAL},
    [SKM_TYPE_IPADDR] = {.kind = SKM_TYPE_IPADDR},
    [SKM_TYPE_DATETIME] = {.kind = SKM_TYPE_DATETIME},
    [SKM_TYPE_DURATION] = {.kind = SKM_TYPE_DURATION},
};

const struct skm_type *skm_type_basic(enum skm_type_kind kind)
{
    bool known =
        (size_t)kind < SKM_ARRAY_LEN(BASIC) && kind != SKM_TYPE_NEVER && BASIC[kind].kind == kind;
    return known ? &BASIC[kind] : NULL;
}

/* Pointwise; the same attributes with the same required flags, or no join. */
static skm_err join_records(struct skm_arena *arena, const struct skm_type *a,
                            const struct skm_type *b, const struct skm_type **out_type)
{
    if (a->attr_count != b->attr_count) {
        return SKM_ERR(TYPE);
    }
    struct skm_type *type = SKM_ARENA_NEW(arena, struct skm_type);
    struct skm_type_attr *attrs = SKM_ARENA_NEW_ARRAY(arena, struct skm_type_attr, a->attr_count);
    if (type == NULL || attrs == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < a->attr_count; i++) {
        if (!skm_span_equal(a->attrs[i].name, b->attrs[i].name) ||
            a->attrs[i].required != b->attrs[i].required) {
            return SKM_ERR(TYPE);
        }
        attrs[i] = a->attrs[i];
        SKM_TRY(skm_type_join(arena, a->attrs[i].type, b->attrs[i].type, &attrs[i].type));
    }
    *type = (struct skm_type){.kind = SKM_TYPE_RECORD, .attrs = attrs, .attr_count = a->attr_count};
    *out_type = type;
    return SKM_OK;
}

static skm_err join_sets(struct skm_arena *arena, const struct skm_type *a,
                         const struct skm_type *b, const struct skm_type **out_type)
{
    const struct skm_type *element = NULL;
    SKM_TRY(skm_type_join(arena, a->element, b->element, &element));
    struct skm_type *type = SKM_ARENA_NEW(arena, struct skm_type);
    if (type == NULL) {
        return SKM_ERR(MEMORY);
    }
    *type = (struct skm_type){.kind = SKM_TYPE_SET, .element = element};
    *out_type = type;
    return SKM_OK;
}

/* SKM_E_TYPE: there is none (Lean: lub?). Depth is that of the types. */
skm_err skm_type_join(struct skm_arena *arena, const struct skm_type *a, const struct skm_type *b,
                      const struct skm_type **out_type)
{
    if (a == b) {
        *out_type = a;
        return SKM_OK;
    }
    if (skm_type_is_bool(a) && skm_type_is_bool(b)) {
        *out_type = a->kind == b->kind ? a : skm_type_basic(SKM_TYPE_BOOL);
        return SKM_OK;
    }
    if (a->kind != b->kind) {
        return SKM_ERR(TYPE);
    }
    switch (a->kind) {
    case SKM_TYPE_ENTITY:
        if (!skm_span_equal(a->entity, b->entity)) {
            return SKM_ERR(TYPE);
        }
        break;
    case SKM_TYPE_SET:
        return join_sets(arena, a, b, out_type);
    case SKM_TYPE_RECORD:
        return join_records(arena, a, b, out_type);
    case SKM_TYPE_NEVER:
    case SKM_TYPE_TRUE:
    case SKM_TYPE_FALSE:
    case SKM_TYPE_BOOL:
    case SKM_TYPE_LONG:
    case SKM_TYPE_STRING:
    case SKM_TYPE_DECIMAL:
    case SKM_TYPE_IPADDR:
    case SKM_TYPE_DATETIME:
    case SKM_TYPE_DURATION:
        break;
    }
    *out_type = a;
    return SKM_OK;
}
