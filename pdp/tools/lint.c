#include "tools/lint.h"

#include "base/attr.h"
#include "base/span.h"

/* Pairs are compared; beyond this many policies that takes too long to be of use. */
#define PAIRS_POLICIES_MAX 5000u
#define TYPES_MAX          64u

static void warn(struct skm_diags *diags, const struct skm_policy *policy, struct skm_range range,
                 const char *message, const char *help)
{
    struct skm_diag *diag =
        skm_diags_add(diags, SKM_SEVERITY_WARNING, policy->source, range, "%s", message);
    skm_diag_id(diags, diag, policy->id);
    if (help != NULL) {
        skm_diag_help(diags, diag, "%s", help);
    }
}

/* The first line of a policy, rather than all of it. */
static struct skm_range head_of(const struct skm_policy *policy)
{
    return (struct skm_range){policy->range.start, policy->range.len > 0 ? 1 : 0};
}

/* ---- annotations ---- */

static bool is_remedy(skm_span token)
{
    static const char *const tokens[] = {
        "reauthenticate",     "step_up_mfa",   "attest_device",          "remediate_device",
        "use_secure_channel", "encrypt",       "confirm_recipient",      "limit_share_scope",
        "notify_officer",     "second_person", "individual_login_first", "change_credential",
        "complete_checklist", "classify",      "mirror_on_org_site",     "escort",
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(tokens); i++) {
        if (skm_span_equal(token, skm_span_cstr(tokens[i]))) {
            return true;
        }
    }
    return skm_span_starts(token, SKM_SPAN("require_approval:")) && token.len > 17;
}

static const struct skm_annotation *find(const struct skm_policy *policy, const char *key)
{
    for (size_t i = 0; i < policy->annotation_count; i++) {
        if (skm_span_equal(policy->annotations[i].key, skm_span_cstr(key))) {
            return &policy->annotations[i];
        }
    }
    return NULL;
}

static void lint_remedy(const struct skm_policy *policy, const struct skm_annotation *remedy,
                        struct skm_diags *diags)
{
    skm_span text = remedy->value;
    size_t tokens = 0;
    for (size_t at = 0; at < text.len;) {
        size_t end = at;
        while (end < text.len && text.ptr[end] != ' ') {
            end++;
        }
        skm_span token = skm_span_sub(text, at, end - at);
        if (token.len > 0 && !is_remedy(token)) {
            struct skm_diag *diag =
                skm_diags_add(diags, SKM_SEVERITY_WARNING, policy->source, remedy->range,
                              "unknown remedy `%.*s`", SKM_SPAN_ARG(token));
            skm_diag_id(diags, diag, policy->id);
        }
        tokens += token.len > 0 ? 1 : 0;
        at = end + 1;
    }
    if (tokens == 0) {
        warn(diags, policy, remedy->range, "`@remedy` names no remedy: the denial is final",
             "name one, or leave the annotation out");
    }
}

static void lint_annotations(const struct skm_policy *policy, struct skm_diags *diags)
{
    const struct skm_annotation *remedy = find(policy, "remedy");
    if (find(policy, "id") == NULL) {
        warn(diags, policy, head_of(policy), "a policy without `@id`",
             "its number changes when policies are added; give it a name");
    }
    if (remedy == NULL) {
        return;
    }
    if (policy->effect == SKM_EFFECT_PERMIT) {
        warn(diags, policy, remedy->range, "`@remedy` on a permit has no effect", NULL);
        return;
    }
    if (find(policy, "clause") == NULL) {
        warn(diags, policy, remedy->range, "a remedy without `@clause`",
             "say which clause of the standard asks for it");
    }
    lint_remedy(policy, remedy, diags);
}

/* ---- pairs ---- */

static bool same_scope_term(const struct skm_scope *a, const struct skm_scope *b)
{
    if (a->kind != b->kind || a->slot != b->slot || !skm_span_equal(a->type, b->type) ||
        a->uid_count != b->uid_count || (!a->slot && !skm_uid_equal(&a->uid, &b->uid))) {
        return false;
    }
    for (size_t i = 0; i < a->uid_count; i++) {
        if (!skm_uid_equal(&a->uids[i], &b->uids[i])) {
            return false;
        }
    }
    return true;
}

static bool same_scope(const struct skm_policy *a, const struct skm_policy *b)
{
    return same_scope_term(&a->principal, &b->principal) &&
           same_scope_term(&a->action, &b->action) && same_scope_term(&a->resource, &b->resource);
}

static bool same_conditions(const struct skm_policy *a, const struct skm_policy *b)
{
    bool same = a->condition_count == b->condition_count;
    for (size_t i = 0; i < a->condition_count && same; i++) {
        same = a->conditions[i].unless == b->conditions[i].unless &&
               skm_expr_equal(a->conditions[i].body, b->conditions[i].body);
    }
    return same;
}

static void lint_pair(const struct skm_policy *a, const struct skm_policy *b,
                      struct skm_diags *diags)
{
    struct skm_diag *diag = NULL;
    if (!same_scope(a, b)) {
        return;
    }
    if (a->effect == b->effect) {
        if (same_conditions(a, b)) {
            diag = skm_diags_add(diags, SKM_SEVERITY_WARNING, b->source, head_of(b),
                                 "the same policy as `%.*s`", SKM_SPAN_ARG(a->id));
            skm_diag_id(diags, diag, b->id);
        }
        return;
    }
    const struct skm_policy *permit = a->effect == SKM_EFFECT_PERMIT ? a : b;
    const struct skm_policy *forbid = a->effect == SKM_EFFECT_PERMIT ? b : a;
    if (forbid->condition_count == 0) {
        diag = skm_diags_add(diags, SKM_SEVERITY_WARNING, permit->source, head_of(permit),
                             "can never permit: `%.*s` forbids the same scope without condition",
                             SKM_SPAN_ARG(forbid->id));
        skm_diag_id(diags, diag, permit->id);
    }
}

/* ---- forbids that may fail ---- */

struct types {
    const struct skm_type *items[TYPES_MAX];
    size_t count;
};

static void add_type(struct types *types, const struct skm_type *type)
{
    for (size_t i = 0; i < types->count; i++) {
        if (types->items[i] == type) {
            return;
        }
    }
    if (type != NULL && types->count < TYPES_MAX) {
        types->items[types->count++] = type;
    }
}

static void add_shapes(const struct skm_schema *schema, const skm_span *names, size_t count,
                       struct types *types)
{
    for (size_t i = 0; i < count; i++) {
        const struct skm_schema_entity *entity = skm_schema_find_entity(schema, names[i]);
        add_type(types, entity == NULL ? NULL : entity->shape);
    }
}

static void types_of_var(const struct skm_schema *schema, enum skm_var var, struct types *types)
{
    for (size_t i = 0; i < schema->action_count; i++) {
        const struct skm_schema_action *action = &schema->actions[i];
        switch (var) {
        case SKM_VAR_PRINCIPAL:
            add_shapes(schema, action->principals, action->principal_count, types);
            break;
        case SKM_VAR_RESOURCE:
            add_shapes(schema, action->resources, action->resource_count, types);
            break;
        case SKM_VAR_CONTEXT:
            add_type(types, action->context);
            break;
        case SKM_VAR_ACTION:
            break;
        }
    }
}

/* Types that a path of attributes may have, an entity reached through the path as ENTITY. Depth: the tree's. */
static void types_of(const struct skm_schema *schema, const struct skm_expr *expr,
                     struct types *types)
{
    if (expr->kind == SKM_EXPR_VAR) {
        types_of_var(schema, expr->as.var, types);
        return;
    }
    if (expr->kind != SKM_EXPR_GET_ATTR) {
        return;
    }
    struct types inner = {.count = 0};
    types_of(schema, expr->a, &inner);
    for (size_t i = 0; i < inner.count; i++) {
        const struct skm_type *type = inner.items[i];
        const struct skm_schema_entity *entity =
            type->kind == SKM_TYPE_ENTITY ? skm_schema_find_entity(schema, type->entity) : NULL;
        const struct skm_type *record = entity != NULL ? entity->shape : type;
        const struct skm_type_attr *attr =
            record->kind == SKM_TYPE_RECORD ? skm_type_attr_find(record, expr->as.name) : NULL;
        add_type(types, attr == NULL ? NULL : attr->type);
    }
}

/* One walk over a policy's conditions. */
struct walk {
    const struct skm_policy *policy;
    const struct skm_schema *schema;
    struct skm_diags *diags;
    const struct skm_expr *guarded; /* looked for: `guarded->a has guarded->name` */
    bool found;
    size_t told;
};

typedef void visit_fn(struct walk *walk, const struct skm_expr *expr);

/* Every node; depth: the tree's. */
static void visit_all(struct walk *walk, const struct skm_expr *expr, visit_fn *visit)
{
    if (expr == NULL) {
        return;
    }
    visit(walk, expr);
    visit_all(walk, expr->a, visit);
    visit_all(walk, expr->b, visit);
    visit_all(walk, expr->c, visit);
    if (expr->kind == SKM_EXPR_SET) {
        for (size_t i = 0; i < expr->as.list.count; i++) {
            visit_all(walk, expr->as.list.items[i], visit);
        }
    } else if (expr->kind == SKM_EXPR_CALL) {
        for (size_t i = 0; i < expr->as.call.count; i++) {
            visit_all(walk, expr->as.call.args[i], visit);
        }
    } else if (expr->kind == SKM_EXPR_RECORD) {
        for (size_t i = 0; i < expr->as.record.count; i++) {
            visit_all(walk, expr->as.record.fields[i].value, visit);
        }
    }
}

static void visit_conditions(struct walk *walk, visit_fn *visit)
{
    for (size_t i = 0; i < walk->policy->condition_count; i++) {
        visit_all(walk, walk->policy->conditions[i].body, visit);
    }
}

static void visit_guard(struct walk *walk, const struct skm_expr *expr)
{
    walk->found = walk->found || (expr->kind == SKM_EXPR_HAS_ATTR &&
                                  skm_span_equal(expr->as.name, walk->guarded->as.name) &&
                                  skm_expr_equal(expr->a, walk->guarded->a));
}

static bool is_guarded(const struct walk *walk, const struct skm_expr *access)
{
    struct walk search = {.policy = walk->policy, .guarded = access};
    visit_conditions(&search, visit_guard);
    return search.found;
}

static bool refers_to_entity(const struct walk *walk, const struct skm_expr *expr)
{
    struct types types = {.count = 0};
    if (walk->schema == NULL || expr->kind != SKM_EXPR_GET_ATTR) {
        return false;
    }
    types_of(walk->schema, expr, &types);
    for (size_t i = 0; i < types.count; i++) {
        if (types.items[i]->kind == SKM_TYPE_ENTITY) {
            return true;
        }
    }
    return false;
}

static bool is_constant(const struct skm_expr *expr)
{
    return expr == NULL || expr->kind == SKM_EXPR_LITERAL;
}

/* The first of a kind is enough: its cure is the others', too. */
static void visit_failing(struct walk *walk, const struct skm_expr *expr)
{
    bool arithmetic = expr->kind == SKM_EXPR_ADD || expr->kind == SKM_EXPR_SUB ||
                      expr->kind == SKM_EXPR_MUL || expr->kind == SKM_EXPR_NEG;
    if (walk->told > 0) {
        return;
    }
    if (arithmetic && !(is_constant(expr->a) && is_constant(expr->b))) {
        walk->told++;
        warn(walk->diags, walk->policy, expr->range,
             "this forbid fails, and so denies, when the arithmetic overflows",
             "compare without arithmetic where you can");
    } else if (expr->kind == SKM_EXPR_GET_ATTR && refers_to_entity(walk, expr->a) &&
               !is_guarded(walk, expr)) {
        walk->told++;
        warn(walk->diags, walk->policy, expr->range,
             "this forbid fails, and so denies, when the entity referred to is not stored",
             "test it with `has` first, and say what follows when it is not there");
    }
}

/* ---- all ---- */

static void lint_one(const struct skm_policy *policy, const struct skm_schema *schema,
                     struct skm_diags *diags)
{
    struct walk walk = {.policy = policy, .schema = schema, .diags = diags};
    lint_annotations(policy, diags);
    if (policy->effect == SKM_EFFECT_FORBID) {
        visit_conditions(&walk, visit_failing);
    }
}

/* Static policies, then templates; links are instances of the latter. */
static skm_err gather(const struct skm_policy_set *set, struct skm_arena *arena,
                      const struct skm_policy ***out_policies, size_t *out_count)
{
    size_t count = 0;
    const struct skm_policy **policies = SKM_ARENA_NEW_ARRAY(
        arena, const struct skm_policy *, set->instances.len + set->templates.len);
    if (policies == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < set->instances.len; i++) {
        if (!skm_policy_is_template(set->instances.items[i].policy)) {
            policies[count++] = set->instances.items[i].policy;
        }
    }
    for (size_t i = 0; i < set->templates.len; i++) {
        policies[count++] = set->templates.items[i];
    }
    *out_policies = policies;
    *out_count = count;
    return SKM_OK;
}

skm_err skm_lint_policies(const struct skm_policy_set *set, const struct skm_schema *schema,
                          struct skm_diags *diags)
{
    const struct skm_policy **policies = NULL;
    size_t count = 0;
    SKM_TRY(gather(set, diags->arena, &policies, &count));
    for (size_t i = 0; i < count; i++) {
        lint_one(policies[i], schema, diags);
        for (size_t j = 0; j < i && count <= PAIRS_POLICIES_MAX; j++) {
            lint_pair(policies[j], policies[i], diags);
        }
    }
    return SKM_OK;
}

/* ---- the schema ---- */

static bool action_is_in(const struct skm_schema_action *action, const struct skm_uid *uid)
{
    bool in = skm_uid_equal(&action->uid, uid);
    for (size_t i = 0; i < action->ancestor_count && !in; i++) {
        in = skm_uid_equal(&action->ancestors[i], uid);
    }
    return in;
}

static bool admits(const struct skm_scope *scope, const struct skm_schema_action *action)
{
    switch (scope->kind) {
    case SKM_SCOPE_ANY:
        return true;
    case SKM_SCOPE_EQ:
        return skm_uid_equal(&scope->uid, &action->uid);
    case SKM_SCOPE_IN:
        return action_is_in(action, &scope->uid);
    case SKM_SCOPE_IS:
    case SKM_SCOPE_IS_IN:
        return true;
    case SKM_SCOPE_IN_SET:
        break;
    }
    for (size_t i = 0; i < scope->uid_count; i++) {
        if (action_is_in(action, &scope->uids[i])) {
            return true;
        }
    }
    return false;
}

/* Some permit is about it: without one every request for it is refused. */
static bool is_permitted(const struct skm_policy_set *set, const struct skm_schema_action *action)
{
    for (size_t i = 0; i < set->instances.len; i++) {
        const struct skm_policy *policy = set->instances.items[i].policy;
        if (policy->effect == SKM_EFFECT_PERMIT && admits(&policy->action, action)) {
            return true;
        }
    }
    return false;
}

static bool lists(const skm_span *names, size_t count, skm_span name)
{
    for (size_t i = 0; i < count; i++) {
        if (skm_span_equal(names[i], name)) {
            return true;
        }
    }
    return false;
}

/* Depth: SKM_TYPE_DEPTH_MAX. */
static bool mentions(const struct skm_type *type, skm_span name)
{
    if (type == NULL) {
        return false;
    }
    if (type->kind == SKM_TYPE_ENTITY) {
        return skm_span_equal(type->entity, name);
    }
    for (size_t i = 0; type->kind == SKM_TYPE_RECORD && i < type->attr_count; i++) {
        if (mentions(type->attrs[i].type, name)) {
            return true;
        }
    }
    return type->kind == SKM_TYPE_SET && mentions(type->element, name);
}

static bool is_referred_to(const struct skm_schema *schema, skm_span name)
{
    for (size_t i = 0; i < schema->action_count; i++) {
        const struct skm_schema_action *action = &schema->actions[i];
        if (lists(action->principals, action->principal_count, name) ||
            lists(action->resources, action->resource_count, name) ||
            mentions(action->context, name)) {
            return true;
        }
    }
    for (size_t i = 0; i < schema->entity_count; i++) {
        const struct skm_schema_entity *entity = &schema->entities[i];
        bool other = !skm_span_equal(entity->name, name);
        if (other && (lists(entity->ancestors, entity->ancestor_count, name) ||
                      mentions(entity->shape, name) || mentions(entity->tags, name))) {
            return true;
        }
    }
    return false;
}

void skm_lint_schema(const struct skm_policy_set *set, const struct skm_schema *schema,
                     struct skm_diags *diags)
{
    for (size_t i = 0; i < schema->action_count; i++) {
        const struct skm_schema_action *action = &schema->actions[i];
        /* A group of actions is no action that anybody asks for. */
        if (action->principal_count > 0 && !is_permitted(set, action)) {
            (void)skm_diags_add(diags, SKM_SEVERITY_WARNING, NULL, (struct skm_range){0, 0},
                                "no policy permits action `%.*s` of the schema",
                                SKM_SPAN_ARG(action->uid.id));
        }
    }
    for (size_t i = 0; i < schema->entity_count; i++) {
        const struct skm_schema_entity *entity = &schema->entities[i];
        if (!entity->is_action && !is_referred_to(schema, entity->name)) {
            (void)skm_diags_add(diags, SKM_SEVERITY_WARNING, NULL, (struct skm_range){0, 0},
                                "nothing refers to entity type `%.*s` of the schema",
                                SKM_SPAN_ARG(entity->name));
        }
    }
}
