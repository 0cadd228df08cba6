#include "cedar/policy_set.h"

#include "base/span.h"

#define SUGGESTIONS_MAX 2000 /* templates looked at for "did you mean" */

/* What an id stands for: value of the map. */
struct id_owner {
    const struct skm_policy *policy; /* for a link: its template */
    bool is_template;
    bool is_link;
};

/* Where to point at: a place in a text, or none. */
struct place {
    const struct skm_source *source;
    struct skm_range range;
};

void skm_policy_set_init(struct skm_policy_set *set, struct skm_arena *arena)
{
    *set = (struct skm_policy_set){.arena = arena};
    skm_map_init(&set->ids, SKM_POLICY_SET_MAX);
}

void skm_policy_set_fini(struct skm_policy_set *set)
{
    skm_map_fini(&set->ids);
}

static struct id_owner *owner_of(const struct skm_policy_set *set, skm_span id)
{
    return skm_map_get(&set->ids, id);
}

static skm_err claim_id(struct skm_policy_set *set, skm_span id, const struct id_owner *owner)
{
    struct id_owner *copy = SKM_ARENA_NEW(set->arena, struct id_owner);
    if (copy == NULL) {
        return SKM_ERR(MEMORY);
    }
    *copy = *owner;
    return skm_map_put(&set->ids, id, copy);
}

/* ---- policies ---- */

static const struct skm_annotation *id_annotation(const struct skm_policy *policy)
{
    for (size_t i = 0; i < policy->annotation_count; i++) {
        if (skm_span_equal(policy->annotations[i].key, SKM_SPAN("id"))) {
            return &policy->annotations[i];
        }
    }
    return NULL;
}

/* The policy itself, or a copy that carries the id of its annotation. */
static skm_err renamed(struct skm_arena *arena, const struct skm_policy *policy,
                       enum skm_policy_naming naming, const struct skm_policy **out_policy)
{
    const struct skm_annotation *id = NULL;
    switch (naming) {
    case SKM_POLICY_NAMING_NUMBER:
        break;
    case SKM_POLICY_NAMING_ANNOTATION:
        id = id_annotation(policy);
        break;
    }
    if (id == NULL) {
        *out_policy = policy;
        return SKM_OK;
    }
    struct skm_policy *copy = SKM_ARENA_NEW(arena, struct skm_policy);
    if (copy == NULL) {
        return SKM_ERR(MEMORY);
    }
    *copy = *policy;
    copy->id = id->value;
    *out_policy = copy;
    return SKM_OK;
}

/* The annotation that gives the policy its id, or the policy. */
static struct place place_of_id(const struct skm_policy *policy)
{
    const struct skm_annotation *id = id_annotation(policy);
    bool is_named = id != NULL && skm_span_equal(id->value, policy->id);
    return (struct place){policy->source, is_named ? id->range : policy->range};
}

static const char *owner_noun(const struct id_owner *owner)
{
    if (owner->is_link) {
        return "link";
    }
    return owner->is_template ? "template" : "policy";
}

static void report_clash(struct skm_diags *diags, skm_span id, const struct id_owner *owner,
                         struct place place)
{
    struct skm_diag *diag = skm_diags_add(diags, SKM_SEVERITY_ERROR, place.source, place.range,
                                          "policy id `%.*s` is taken by another %s",
                                          SKM_SPAN_ARG(id), owner_noun(owner));
    skm_diag_id(diags, diag, id);
    if (owner->is_link) {
        return;
    }
    struct place first = place_of_id(owner->policy);
    if (first.source != NULL) {
        diag = skm_diags_add(diags, SKM_SEVERITY_NOTE, first.source, first.range,
                             "`%.*s` is first used here", SKM_SPAN_ARG(id));
        skm_diag_id(diags, diag, id);
    }
}

static skm_err keep_policy(struct skm_policy_set *set, const struct skm_policy *policy)
{
    bool is_template = skm_policy_is_template(policy);
    SKM_TRY(claim_id(set, policy->id, &(struct id_owner){policy, is_template, false}));
    if (is_template) {
        const struct skm_policy **slot = NULL;
        SKM_TRY(SKM_VEC_PUSH(set->arena, &set->templates, SKM_POLICY_SET_MAX, &slot));
        *slot = policy;
        return SKM_OK;
    }
    struct skm_policy_instance *slot = NULL;
    SKM_TRY(SKM_VEC_PUSH(set->arena, &set->instances, SKM_POLICY_SET_MAX, &slot));
    slot->id = policy->id;
    slot->policy = policy;
    return SKM_OK;
}

skm_err skm_policy_set_add(struct skm_policy_set *set, const struct skm_policy_list *policies,
                           enum skm_policy_naming naming, struct skm_diags *diags)
{
    bool clashed = false;
    for (size_t i = 0; i < policies->count; i++) {
        const struct skm_policy *policy = NULL;
        SKM_TRY(renamed(set->arena, &policies->items[i], naming, &policy));
        const struct id_owner *owner = owner_of(set, policy->id);
        if (owner != NULL) {
            report_clash(diags, policy->id, owner, place_of_id(policy));
            clashed = true;
            continue;
        }
        SKM_TRY(keep_policy(set, policy));
    }
    return clashed ? SKM_ERR(INVALID) : SKM_OK;
}

/* ---- links ---- */

/* The template id nearest to `id`, or the empty span. */
static skm_span suggest_template(const struct skm_policy_set *set, skm_span id)
{
    size_t count = set->templates.len < SUGGESTIONS_MAX ? set->templates.len : SUGGESTIONS_MAX;
    skm_span *ids = SKM_ARENA_NEW_ARRAY(set->arena, skm_span, count);
    if (ids == NULL) {
        return (skm_span){NULL, 0};
    }
    for (size_t i = 0; i < count; i++) {
        ids[i] = set->templates.items[i]->id;
    }
    return skm_diag_nearest(id, ids, count);
}

static skm_err find_template(const struct skm_policy_set *set, const struct skm_link *link,
                             struct place place, struct skm_diags *diags,
                             const struct skm_policy **out_template)
{
    const struct id_owner *owner = owner_of(set, link->template_id);
    if (owner != NULL && owner->is_template) {
        *out_template = owner->policy;
        return SKM_OK;
    }
    if (owner != NULL) {
        (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, place.source, place.range,
                            "`%.*s` is a %s, not a template", SKM_SPAN_ARG(link->template_id),
                            owner_noun(owner));
        return SKM_ERR(INVALID);
    }
    struct skm_diag *diag = skm_diags_add(diags, SKM_SEVERITY_ERROR, place.source, place.range,
                                          "no template `%.*s`", SKM_SPAN_ARG(link->template_id));
    skm_span near = suggest_template(set, link->template_id);
    if (near.len > 0) {
        skm_diag_help(diags, diag, "did you mean `%.*s`?", SKM_SPAN_ARG(near));
    }
    return SKM_ERR(INVALID);
}

/* The template has the slot exactly when the link fills it. */
static bool check_slot(const struct skm_policy *template, bool has_slot, const struct skm_uid *uid,
                       const char *slot, struct place place, struct skm_diags *diags)
{
    if (has_slot == (uid != NULL)) {
        return true;
    }
    (void)skm_diags_add(
        diags, SKM_SEVERITY_ERROR, place.source, place.range,
        has_slot ? "the link gives no value for slot `%s` of template `%.*s`"
                 : "the link gives a value for slot `%s`, which template `%.*s` does not have",
        slot, SKM_SPAN_ARG(template->id));
    return false;
}

static skm_err dup_uid(struct skm_arena *arena, const struct skm_uid *uid, struct skm_uid *out_copy)
{
    if (uid == NULL) {
        return SKM_OK;
    }
    SKM_TRY(skm_arena_dup(arena, uid->type, &out_copy->type));
    return skm_arena_dup(arena, uid->id, &out_copy->id);
}

static skm_err keep_link(struct skm_policy_set *set, const struct skm_link *link,
                         const struct skm_policy *template)
{
    struct skm_policy_instance instance = {.policy = template};
    SKM_TRY(skm_arena_dup(set->arena, link->new_id, &instance.id));
    SKM_TRY(dup_uid(set->arena, link->principal, &instance.principal));
    SKM_TRY(dup_uid(set->arena, link->resource, &instance.resource));
    SKM_TRY(claim_id(set, instance.id, &(struct id_owner){template, false, true}));
    struct skm_policy_instance *slot = NULL;
    SKM_TRY(SKM_VEC_PUSH(set->arena, &set->instances, SKM_POLICY_SET_MAX, &slot));
    *slot = instance;
    return SKM_OK;
}

skm_err skm_policy_set_link_at(struct skm_policy_set *set, const struct skm_link *link,
                               const struct skm_source *source, struct skm_range range,
                               struct skm_diags *diags)
{
    struct place place = {source, range};
    const struct skm_policy *template = NULL;
    SKM_TRY(find_template(set, link, place, diags, &template));
    bool principal_fits =
        check_slot(template, template->principal.slot, link->principal, "?principal", place, diags);
    bool resource_fits =
        check_slot(template, template->resource.slot, link->resource, "?resource", place, diags);
    const struct id_owner *owner = owner_of(set, link->new_id);
    if (owner != NULL) {
        report_clash(diags, link->new_id, owner, place);
    }
    if (!principal_fits || !resource_fits || owner != NULL) {
        return SKM_ERR(INVALID);
    }
    return keep_link(set, link, template);
}

skm_err skm_policy_set_link(struct skm_policy_set *set, const struct skm_link *link,
                            struct skm_diags *diags)
{
    return skm_policy_set_link_at(set, link, NULL, (struct skm_range){0, 0}, diags);
}
