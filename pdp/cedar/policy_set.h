/* A policy set: static policies, templates, and links of templates (Cedar spec: Policy.lean, Template.lean).
 *
 * Ids are unique over policies, templates and links together. A template by itself decides nothing.
 * Built once, then immutable: any thread may read. Memory: the arena given at birth. */
#pragma once

#include "base/diag.h"
#include "base/map.h"
#include "base/vec.h"
#include "cedar/ast.h"
#include "cedar/parse.h"

/* What the authorizer evaluates: a static policy, or a template with its slots filled. */
struct skm_policy_instance {
    skm_span id;
    const struct skm_policy *policy;
    struct skm_uid principal; /* fills ?principal where policy->principal.slot */
    struct skm_uid resource;  /* fills ?resource where policy->resource.slot */
};

struct skm_policy_set {
    struct skm_arena *arena;
    SKM_VEC(struct skm_policy_instance) instances; /* static policies in file order, then links */
    SKM_VEC(const struct skm_policy *) templates;
    struct skm_map ids; /* of all three */
};

void skm_policy_set_init(struct skm_policy_set *set, struct skm_arena *arena);
void skm_policy_set_fini(struct skm_policy_set *set);

/* Which ids the policies get. */
enum skm_policy_naming {
    SKM_POLICY_NAMING_NUMBER = 0, /* policyN, as parsed */
    SKM_POLICY_NAMING_ANNOTATION, /* @id where present, else policyN */
};

/* Most policies, templates and links of one set. */
#define SKM_POLICY_SET_MAX (1u << 24)

/* Adds all policies of a list, which must outlive the set. A clash of ids is an error in `diags` (SKM_E_INVALID: all
 * clashes are reported, and the set is good for fini only). A renamed policy carries its new id. SKM_E_COUNT,
 * SKM_E_MEMORY. */
SKM_MUST skm_err skm_policy_set_add(struct skm_policy_set *set, const struct skm_policy_list *policies,
                                    enum skm_policy_naming naming, struct skm_diags *diags);

/* One link. `principal` / `resource` NULL: not given. Errors (SKM_E_INVALID, with a message; the set is unchanged): no
 * such template, slot missing, slot too many, id taken. Strings are copied. */
struct skm_link {
    skm_span template_id;
    skm_span new_id;
    const struct skm_uid *principal;
    const struct skm_uid *resource;
};

SKM_MUST skm_err skm_policy_set_link(struct skm_policy_set *set, const struct skm_link *link,
                                     struct skm_diags *diags);

/* The same for a link that was written in a text: messages point there. `source` NULL: nowhere. */
SKM_MUST skm_err skm_policy_set_link_at(struct skm_policy_set *set, const struct skm_link *link,
                                        const struct skm_source *source, struct skm_range range,
                                        struct skm_diags *diags);

/* Links from JSON: `[{"templateId":..,"newId":..,"args":{"?principal":"User::\"a\"",..}}]`. SKM_E_INVALID: every link that
 * cannot be made is reported, at its place in `source`; those that can are made. SKM_E_SIZE past SKM_PARSE_TEXT_MAX. */
SKM_MUST skm_err skm_policy_set_link_json(struct skm_policy_set *set, const struct skm_source *source,
                                          struct skm_diags *diags);
