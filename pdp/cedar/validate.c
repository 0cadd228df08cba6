#include "cedar/validate.h"

#include "base/attr.h"
#include "base/span.h"
#include "cedar/confusable.h"
#include "cedar/typecheck.h"

/* Temporaries of one policy in one environment, and of one policy. */
#define SCRATCH_BYTES_MAX (256u << 20)

/* Candidates a "did you mean" looks through. */
#define CANDIDATES_MAX 512u

struct validation {
    const struct skm_schema *schema;
    struct skm_diags *diags;
    struct skm_arena env_scratch;
    struct skm_arena policy_scratch;
    const struct skm_policy *policy;
    skm_span id;
};

/* Adds "<before> `name` <after>". */
static struct skm_diag *say(struct validation *validation, enum skm_severity severity,
                            struct skm_range range, const char *before, skm_span name,
                            const char *after)
{
    struct skm_range where = range.len != 0 ? range : validation->policy->range;
    struct skm_diag *diag = skm_diags_add(validation->diags, severity, validation->policy->source,
                                          where, "%s`%.*s`%s", before, SKM_SPAN_ARG(name), after);
    skm_diag_id(validation->diags, diag, validation->id);
    return diag;
}

/* ---- passes 1 to 3: names ---- */

static void suggest(struct validation *validation, struct skm_diag *diag, skm_span word,
                    const skm_span *candidates, size_t count)
{
    skm_span nearest = skm_diag_nearest(word, candidates, count);
    if (nearest.len != 0) {
        skm_diag_help(validation->diags, diag, "did you mean `%.*s`?", SKM_SPAN_ARG(nearest));
    }
}

static const struct skm_schema_entity *check_type(struct validation *validation, skm_span type,
                                                  struct skm_range range)
{
    const struct skm_schema *schema = validation->schema;
    const struct skm_schema_entity *entity = skm_schema_find_entity(schema, type);
    if (entity != NULL) {
        return entity;
    }
    struct skm_diag *diag =
        say(validation, SKM_SEVERITY_ERROR, range, "undeclared entity type ", type, "");
    skm_span candidates[CANDIDATES_MAX];
    size_t count = schema->entity_count < CANDIDATES_MAX ? schema->entity_count : CANDIDATES_MAX;
    for (size_t i = 0; i < count; i++) {
        candidates[i] = schema->entities[i].name;
    }
    suggest(validation, diag, type, candidates, count);
    return NULL;
}

static void undeclared_action(struct validation *validation, const struct skm_uid *uid,
                              struct skm_range range)
{
    const struct skm_schema *schema = validation->schema;
    struct skm_diag *diag =
        say(validation, SKM_SEVERITY_ERROR, range, "undeclared action ", uid->id, "");
    skm_span candidates[CANDIDATES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < schema->action_count && count < CANDIDATES_MAX; i++) {
        if (skm_span_equal(schema->actions[i].uid.type, uid->type)) {
            candidates[count++] = schema->actions[i].uid.id;
        }
    }
    suggest(validation, diag, uid->id, candidates, count);
}

static void check_uid(struct validation *validation, const struct skm_uid *uid,
                      struct skm_range range)
{
    const struct skm_schema_entity *entity = check_type(validation, uid->type, range);
    if (entity == NULL) {
        return;
    }
    if (entity->is_action && skm_schema_find_action(validation->schema, uid) == NULL) {
        undeclared_action(validation, uid, range);
    }
    if (!skm_schema_entity_allows_id(entity, uid->id)) {
        struct skm_diag *diag = say(validation, SKM_SEVERITY_ERROR, range, "", uid->id,
                                    " is not one of the type's listed ids");
        suggest(validation, diag, uid->id, entity->enum_ids, entity->enum_count);
    }
}

static void check_names(struct validation *validation, const struct skm_expr *expr);

static void check_children(struct validation *validation, const struct skm_expr *expr)
{
    const struct skm_expr *children[] = {expr->a, expr->b, expr->c};
    /* Both halves of `x is T in y` hold the same x: look at it once. */
    size_t first = expr->hint == SKM_EXPR_HINT_IS_IN ? 1 : 0;
    if (first == 1) {
        check_names(validation, expr->a);
        check_names(validation, expr->b->b);
        return;
    }
    for (size_t i = 0; i < SKM_ARRAY_LEN(children); i++) {
        if (children[i] != NULL) {
            check_names(validation, children[i]);
        }
    }
}

/* The whole expression, what the type checker skips included. */
static void check_names(struct validation *validation, const struct skm_expr *expr)
{
    check_children(validation, expr);
    switch (expr->kind) {
    case SKM_EXPR_LITERAL:
        if (expr->as.literal.kind == SKM_VALUE_ENTITY) {
            check_uid(validation, expr->as.literal.as.entity, expr->range);
        }
        break;
    case SKM_EXPR_IS:
        (void)check_type(validation, expr->as.name, expr->range);
        break;
    case SKM_EXPR_SET:
        for (size_t i = 0; i < expr->as.list.count; i++) {
            check_names(validation, expr->as.list.items[i]);
        }
        break;
    case SKM_EXPR_RECORD:
        for (size_t i = 0; i < expr->as.record.count; i++) {
            check_names(validation, expr->as.record.fields[i].value);
        }
        break;
    case SKM_EXPR_CALL:
        for (size_t i = 0; i < expr->as.call.count; i++) {
            check_names(validation, expr->as.call.args[i]);
        }
        break;
    case SKM_EXPR_VAR:
    case SKM_EXPR_IF:
    case SKM_EXPR_AND:
    case SKM_EXPR_OR:
    case SKM_EXPR_NOT:
    case SKM_EXPR_NEG:
    case SKM_EXPR_EQ:
    case SKM_EXPR_LT:
    case SKM_EXPR_LE:
    case SKM_EXPR_ADD:
    case SKM_EXPR_SUB:
    case SKM_EXPR_MUL:
    case SKM_EXPR_IN:
    case SKM_EXPR_CONTAINS:
    case SKM_EXPR_CONTAINS_ALL:
    case SKM_EXPR_CONTAINS_ANY:
    case SKM_EXPR_IS_EMPTY:
    case SKM_EXPR_GET_TAG:
    case SKM_EXPR_HAS_TAG:
    case SKM_EXPR_GET_ATTR:
    case SKM_EXPR_HAS_ATTR:
    case SKM_EXPR_HAS_PATH:
    case SKM_EXPR_LIKE:
        break;
    }
}

static void check_scope_names(struct validation *validation, const struct skm_scope *scope)
{
    bool names_type = scope->kind == SKM_SCOPE_IS || scope->kind == SKM_SCOPE_IS_IN;
    bool names_uid = scope->kind == SKM_SCOPE_EQ || scope->kind == SKM_SCOPE_IN ||
                     scope->kind == SKM_SCOPE_IS_IN;
    if (names_type) {
        (void)check_type(validation, scope->type, scope->range);
    }
    if (names_uid && !scope->slot) {
        check_uid(validation, &scope->uid, scope->range);
    }
    for (size_t i = 0; i < scope->uid_count; i++) {
        check_uid(validation, &scope->uids[i], scope->range);
    }
}

/* ---- pass 4: does any action apply ---- */

/* Whether some entity type of the list is compatible with a scope (reference 11.1, point 4). `uid` is the scope's or
 * what fills its slot; NULL for an open slot. */
static bool scope_admits(const struct skm_schema *schema, const struct skm_scope *scope,
                         const struct skm_uid *uid, const skm_span *types, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool type_ok = (scope->kind != SKM_SCOPE_IS && scope->kind != SKM_SCOPE_IS_IN) ||
                       skm_span_equal(scope->type, types[i]);
        bool equal_ok =
            scope->kind != SKM_SCOPE_EQ || uid == NULL || skm_span_equal(uid->type, types[i]);
        bool in_ok = (scope->kind != SKM_SCOPE_IN && scope->kind != SKM_SCOPE_IS_IN) ||
                     uid == NULL || skm_span_equal(uid->type, types[i]) ||
                     skm_schema_may_be_in(schema, types[i], uid->type);
        if (type_ok && equal_ok && in_ok) {
            return true;
        }
    }
    return false;
}

static bool action_admitted(const struct skm_typecheck *check, const struct skm_policy *policy,
                            const struct skm_schema_action *action)
{
    struct skm_policy only_action = {.action = policy->action};
    struct skm_typecheck probe = *check;
    static const struct skm_schema_entity any = {.name = {NULL, 0}};
    probe.env = (struct skm_typecheck_env){.action = action, .principal = &any, .resource = &any};
    return skm_typecheck_scope(&probe, &only_action) != SKM_TYPE_FALSE;
}

static bool some_action_applies(const struct validation *validation,
                                const struct skm_policy *policy, const struct skm_uid *principal,
                                const struct skm_uid *resource)
{
    struct skm_typecheck check = {.schema = validation->schema};
    for (size_t i = 0; i < validation->schema->action_count; i++) {
        const struct skm_schema_action *action = &validation->schema->actions[i];
        if (action_admitted(&check, policy, action) &&
            scope_admits(validation->schema, &policy->principal, principal, action->principals,
                         action->principal_count) &&
            scope_admits(validation->schema, &policy->resource, resource, action->resources,
                         action->resource_count)) {
            return true;
        }
    }
    return false;
}

/* ---- pass 5: every environment ---- */

/* What all environments together showed. */
struct verdict {
    bool failed;
    bool can_match; /* some environment does not make the policy false */
};

/* `P && (A && (R && (c1 && (c2 && ...))))`: each condition sees what the ones before it proved, and nothing behind a
 * part that is always false is checked (reference 2.2). */
static skm_err check_environment(struct skm_typecheck *check, const struct skm_policy *policy,
                                 struct verdict *verdict)
{
    SKM_TRY(skm_typecheck_scope_set(check, policy));
    if (skm_typecheck_scope(check, policy) == SKM_TYPE_FALSE) {
        return SKM_OK;
    }
    struct skm_capability_scope scope = {.arena = check->scratch,
                                         .action = &check->env.action->uid};
    struct skm_capabilities known = {NULL, 0};
    for (size_t i = 0; i < policy->condition_count; i++) {
        const struct skm_condition *condition = &policy->conditions[i];
        enum skm_type_kind kind = SKM_TYPE_BOOL;
        struct skm_capabilities proved = {NULL, 0};
        SKM_TRY(skm_typecheck_condition(check, condition->body, known, &kind, &proved));
        if (kind == (condition->unless ? SKM_TYPE_TRUE : SKM_TYPE_FALSE)) {
            return SKM_OK;
        }
        if (!condition->unless) {
            struct skm_capabilities joined;
            SKM_TRY(skm_capabilities_union(&scope, known, proved, &joined));
            known = joined;
        }
    }
    verdict->can_match = true;
    return SKM_OK;
}

static skm_err check_pair(struct skm_typecheck *check, const struct skm_policy *policy,
                          struct verdict *verdict)
{
    skm_arena_reset(check->scratch);
    skm_err err = check_environment(check, policy, verdict);
    if (skm_is_err(err, SKM_E_INVALID)) {
        verdict->failed = true;
        return SKM_OK;
    }
    return err;
}

static skm_err check_action(struct skm_typecheck *check, const struct skm_policy *policy,
                            const struct skm_schema_action *action, struct verdict *verdict)
{
    for (size_t i = 0; i < action->principal_count; i++) {
        const struct skm_schema_entity *principal =
            skm_schema_find_entity(check->schema, action->principals[i]);
        for (size_t j = 0; j < action->resource_count; j++) {
            check->env = (struct skm_typecheck_env){
                .action = action,
                .principal = principal,
                .resource = skm_schema_find_entity(check->schema, action->resources[j])};
            if (check->env.principal == NULL || check->env.resource == NULL) {
                return SKM_ERR(INTERNAL); /* a resolved schema declares what its actions name */
            }
            SKM_TRY(check_pair(check, policy, verdict));
        }
    }
    return SKM_OK;
}

static skm_err check_environments(struct validation *validation, struct verdict *verdict)
{
    struct skm_typecheck check = {.schema = validation->schema,
                                  .policy = validation->policy,
                                  .diags = validation->diags,
                                  .scratch = &validation->env_scratch,
                                  .policy_scratch = &validation->policy_scratch,
                                  .id = validation->id};
    const struct skm_scope *scope = &validation->policy->action;
    if (scope->kind == SKM_SCOPE_EQ) {
        const struct skm_schema_action *action =
            skm_schema_find_action(validation->schema, &scope->uid);
        return action == NULL ? SKM_OK : check_action(&check, validation->policy, action, verdict);
    }
    for (size_t i = 0; i < validation->schema->action_count; i++) {
        const struct skm_schema_action *action = &validation->schema->actions[i];
        /* A set without a type is wrong in every environment, also where it would admit nothing. */
        if (!skm_typecheck_scope_has_type(scope) ||
            action_admitted(&check, validation->policy, action)) {
            SKM_TRY(check_action(&check, validation->policy, action, verdict));
        }
    }
    return SKM_OK;
}

/* ---- a policy, a link, a set ---- */

static skm_err validate_policy(struct validation *validation, const struct skm_policy *policy,
                               skm_span id)
{
    validation->policy = policy;
    validation->id = id;
    skm_arena_reset(&validation->policy_scratch);
    size_t errors = validation->diags->errors;
    check_scope_names(validation, &policy->principal);
    check_scope_names(validation, &policy->action);
    check_scope_names(validation, &policy->resource);
    for (size_t i = 0; i < policy->condition_count; i++) {
        check_names(validation, policy->conditions[i].body);
    }
    bool names_ok = validation->diags->errors == errors;
    struct verdict verdict = {.failed = false, .can_match = false};
    SKM_TRY(check_environments(validation, &verdict));
    skm_confusable_check(policy, id, validation->diags);
    if (!names_ok || verdict.failed) {
        return SKM_OK;
    }
    if (!some_action_applies(validation, policy,
                             policy->principal.slot ? NULL : &policy->principal.uid,
                             policy->resource.slot ? NULL : &policy->resource.uid)) {
        struct skm_diag *diag =
            say(validation, SKM_SEVERITY_WARNING, policy->action.range,
                "no action of the schema applies to the scope of policy ", id, "");
        skm_diag_help(validation->diags, diag,
                      "look at `appliesTo` of the actions the scope names");
    } else if (!verdict.can_match) {
        (void)say(validation, SKM_SEVERITY_WARNING, policy->range, "policy ", id,
                  " can never match");
    }
    return SKM_OK;
}

/* A slot's value names a declared type. That its id is a listed one, or its action a declared one, the reference does not ask of
 * links: such a link can never match, which is worth a warning. */
static void check_slot(struct validation *validation, const struct skm_uid *uid,
                       struct skm_range range)
{
    const struct skm_schema_entity *entity = check_type(validation, uid->type, range);
    if (entity == NULL) {
        return;
    }
    bool listed = entity->is_action ? skm_schema_find_action(validation->schema, uid) != NULL
                                    : skm_schema_entity_allows_id(entity, uid->id);
    if (!listed) {
        (void)say(validation, SKM_SEVERITY_WARNING, range, "the link can never match: ", uid->id,
                  " is not one of the type's ids");
    }
}

static void validate_link(struct validation *validation, const struct skm_policy_instance *link)
{
    validation->policy = link->policy;
    validation->id = link->id;
    bool has_principal = link->policy->principal.slot;
    bool has_resource = link->policy->resource.slot;
    size_t errors = validation->diags->errors;
    if (has_principal) {
        check_slot(validation, &link->principal, link->policy->principal.range);
    }
    if (has_resource) {
        check_slot(validation, &link->resource, link->policy->resource.range);
    }
    if (validation->diags->errors == errors &&
        !some_action_applies(validation, link->policy,
                             has_principal ? &link->principal : &link->policy->principal.uid,
                             has_resource ? &link->resource : &link->policy->resource.uid)) {
        (void)say(validation, SKM_SEVERITY_WARNING, link->policy->range,
                  "no action of the schema applies to the scope of link ", link->id, "");
    }
}

static skm_err validate_all(struct validation *validation, const struct skm_policy_set *policies)
{
    for (size_t i = 0; i < policies->templates.len; i++) {
        const struct skm_policy *policy = policies->templates.items[i];
        SKM_TRY(validate_policy(validation, policy, policy->id));
    }
    for (size_t i = 0; i < policies->instances.len; i++) {
        const struct skm_policy_instance *instance = &policies->instances.items[i];
        if (skm_policy_is_template(instance->policy)) {
            validate_link(validation, instance);
        } else {
            SKM_TRY(validate_policy(validation, instance->policy, instance->id));
        }
    }
    return SKM_OK;
}

skm_err skm_validate_policies(const struct skm_policy_set *policies,
                              const struct skm_schema *schema, struct skm_diags *diags)
{
    size_t errors = diags->errors;
    if (schema->is_partial) {
        struct skm_diag *diag =
            skm_diags_add(diags, SKM_SEVERITY_ERROR, NULL, (struct skm_range){0, 0},
                          "policies cannot be validated against a partial schema");
        skm_diag_help(diags, diag,
                      "link it with the schemas that define its `external` declarations");
        return SKM_ERR(INVALID);
    }
    struct validation validation = {.schema = schema, .diags = diags};
    skm_arena_init(&validation.env_scratch, SCRATCH_BYTES_MAX);
    skm_arena_init(&validation.policy_scratch, SCRATCH_BYTES_MAX);
    skm_err err = validate_all(&validation, policies);
    skm_arena_fini(&validation.env_scratch);
    skm_arena_fini(&validation.policy_scratch);
    SKM_TRY(err);
    return diags->errors == errors ? SKM_OK : SKM_ERR(INVALID);
}
