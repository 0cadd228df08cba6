#include "cedar/typecheck_rules.h"

#include "base/span.h"

/* ---- attributes and tags ---- */

/* The record of attributes of a record or entity type; NULL: the type has none, report. Actions and enums have no
 * attributes. */
static const struct skm_type *shape_of(const struct skm_typecheck *check,
                                       const struct skm_type *type)
{
    if (type->kind == SKM_TYPE_RECORD) {
        return type;
    }
    if (type->kind != SKM_TYPE_ENTITY) {
        return NULL;
    }
    const struct skm_schema_entity *entity = skm_schema_find_entity(check->schema, type->entity);
    return entity == NULL ? NULL : entity->shape;
}

/* `e has name` for an operand already typed. An entity may be missing from the store, so `has` on one is never certain,
 * even for a required attribute, unless the access is known to be safe. */
static skm_err has_attr(struct skm_typecheck *check, const struct skm_expr *operand,
                        const struct skm_type *type, skm_span name, struct skm_capabilities known,
                        struct skm_typed *out_typed)
{
    const struct skm_type *shape = shape_of(check, type);
    if (shape == NULL) {
        return skm_typecheck_expected(check, operand, "a record or an entity", type);
    }
    struct skm_capability_scope scope = skm_typecheck_capability_scope(check);
    const struct skm_type_attr *attr = skm_type_attr_find(shape, name);
    if (attr == NULL) {
        *out_typed = skm_typed_truth(false);
        return SKM_OK;
    }
    bool certain = type->kind == SKM_TYPE_RECORD && attr->required;
    if (certain || skm_capabilities_has(&scope, known, operand, name, NULL)) {
        *out_typed = skm_typed_truth(true);
        return SKM_OK;
    }
    *out_typed = skm_typed_plain(skm_type_basic(SKM_TYPE_BOOL));
    return skm_capabilities_one(&scope, operand, name, NULL, &out_typed->capabilities);
}

skm_err skm_typecheck_has_attr(struct skm_typecheck *check, const struct skm_expr *expr,
                               struct skm_capabilities known, struct skm_typed *out_typed)
{
    struct skm_typed operand = {0};
    SKM_TRY(skm_typecheck_type_of(check, expr->a, known, &operand));
    return has_attr(check, expr->a, operand.type, expr->as.name, known, out_typed);
}

static skm_err get_attr(struct skm_typecheck *check, const struct skm_expr *where,
                        const struct skm_expr *operand, const struct skm_type *type, skm_span name,
                        struct skm_capabilities known, struct skm_typed *out_typed)
{
    const struct skm_type *shape = shape_of(check, type);
    if (shape == NULL) {
        return skm_typecheck_expected(check, operand, "a record or an entity", type);
    }
    const struct skm_type_attr *attr = skm_type_attr_find(shape, name);
    if (attr == NULL) {
        return skm_typecheck_no_attr(check, where, type, shape, name);
    }
    struct skm_capability_scope scope = skm_typecheck_capability_scope(check);
    if (!attr->required && !skm_capabilities_has(&scope, known, operand, name, NULL)) {
        return skm_typecheck_unsafe_attr(check, where, operand, name);
    }
    *out_typed = skm_typed_plain(attr->type);
    return SKM_OK;
}

skm_err skm_typecheck_get_attr(struct skm_typecheck *check, const struct skm_expr *expr,
                               struct skm_capabilities known, struct skm_typed *out_typed)
{
    struct skm_typed operand = {0};
    SKM_TRY(skm_typecheck_type_of(check, expr->a, known, &operand));
    return get_attr(check, expr, expr->a, operand.type, expr->as.name, known, out_typed);
}

/* One step of `e has a.b.c`: what `has` yields joins what the steps before it proved, as in a chain of `&&`. */
static skm_err path_step(struct skm_typecheck *check, const struct skm_expr *operand,
                         const struct skm_type *type, skm_span name, struct skm_capabilities known,
                         struct skm_typed *so_far)
{
    struct skm_capability_scope scope = skm_typecheck_capability_scope(check);
    struct skm_typed step = {0};
    SKM_TRY(has_attr(check, operand, type, name, known, &step));
    if (step.type->kind == SKM_TYPE_FALSE) {
        *so_far = skm_typed_truth(false);
        return SKM_OK;
    }
    so_far->type = step.type->kind == SKM_TYPE_TRUE ? so_far->type : skm_type_basic(SKM_TYPE_BOOL);
    struct skm_capabilities joined;
    SKM_TRY(skm_capabilities_union(&scope, so_far->capabilities, step.capabilities, &joined));
    so_far->capabilities = joined;
    return SKM_OK;
}

/* `e has a.b.c` is typed as `e has a && e.a has b && e.a.b has c`: the same result, errors and capabilities. */
skm_err skm_typecheck_has_path(struct skm_typecheck *check, const struct skm_expr *expr,
                               struct skm_capabilities known, struct skm_typed *out_typed)
{
    struct skm_capability_scope scope = skm_typecheck_capability_scope(check);
    struct skm_typed operand = {0};
    SKM_TRY(skm_typecheck_type_of(check, expr->a, known, &operand));
    struct skm_typed so_far = skm_typed_truth(true);
    const struct skm_expr *base = expr->a;
    const struct skm_type *type = operand.type;
    for (size_t i = 0; i < expr->as.path.count; i++) {
        struct skm_capabilities inner;
        SKM_TRY(skm_capabilities_union(&scope, known, so_far.capabilities, &inner));
        SKM_TRY(path_step(check, base, type, expr->as.path.names[i], inner, &so_far));
        if (so_far.type->kind == SKM_TYPE_FALSE || i + 1 == expr->as.path.count) {
            break;
        }
        SKM_TRY(skm_capabilities_union(&scope, known, so_far.capabilities, &inner));
        struct skm_typed member = {0};
        SKM_TRY(get_attr(check, expr, base, type, expr->as.path.names[i], inner, &member));
        struct skm_expr *next = NULL;
        SKM_TRY(
            skm_expr_new(check->scratch, SKM_EXPR_GET_ATTR, expr->range, base, NULL, NULL, &next));
        next->as.name = expr->as.path.names[i];
        base = next;
        type = member.type;
    }
    *out_typed = so_far;
    return SKM_OK;
}

/* Types both operands of hasTag and getTag; *out_entity is the entity type. */
static skm_err type_of_tag_operands(struct skm_typecheck *check, const struct skm_expr *expr,
                                    struct skm_capabilities known,
                                    const struct skm_schema_entity **out_entity)
{
    struct skm_typed entity = {0};
    struct skm_typed key = {0};
    SKM_TRY(skm_typecheck_both(check, expr, known, &entity, &key));
    if (entity.type->kind != SKM_TYPE_ENTITY) {
        return skm_typecheck_expected(check, expr->a, "an entity", entity.type);
    }
    if (key.type->kind != SKM_TYPE_STRING) {
        return skm_typecheck_expected(check, expr->b, "String", key.type);
    }
    *out_entity = skm_schema_find_entity(check->schema, entity.type->entity);
    return SKM_OK;
}

skm_err skm_typecheck_has_tag(struct skm_typecheck *check, const struct skm_expr *expr,
                              struct skm_capabilities known, struct skm_typed *out_typed)
{
    struct skm_capability_scope scope = skm_typecheck_capability_scope(check);
    const struct skm_schema_entity *entity = NULL;
    SKM_TRY(type_of_tag_operands(check, expr, known, &entity));
    if (entity == NULL || entity->tags == NULL) {
        *out_typed = skm_typed_truth(false);
        return SKM_OK;
    }
    if (skm_capabilities_has(&scope, known, expr->a, (skm_span){NULL, 0}, expr->b)) {
        *out_typed = skm_typed_truth(true);
        return SKM_OK;
    }
    *out_typed = skm_typed_plain(skm_type_basic(SKM_TYPE_BOOL));
    return skm_capabilities_one(&scope, expr->a, (skm_span){NULL, 0}, expr->b,
                                &out_typed->capabilities);
}

skm_err skm_typecheck_get_tag(struct skm_typecheck *check, const struct skm_expr *expr,
                              struct skm_capabilities known, struct skm_typed *out_typed)
{
    struct skm_capability_scope scope = skm_typecheck_capability_scope(check);
    const struct skm_schema_entity *entity = NULL;
    SKM_TRY(type_of_tag_operands(check, expr, known, &entity));
    if (entity == NULL || entity->tags == NULL) {
        return skm_typecheck_report(check, expr, "the entity type has no tags",
                                    "declare `tags` in the schema, or use an attribute");
    }
    if (!skm_capabilities_has(&scope, known, expr->a, (skm_span){NULL, 0}, expr->b)) {
        return skm_typecheck_report(
            check, expr, "the tag may be missing",
            "test it first: `e.hasTag(key) && ... e.getTag(key)` with the same key");
    }
    *out_typed = skm_typed_plain(entity->tags);
    return SKM_OK;
}
