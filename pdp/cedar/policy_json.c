/* Policies and policy sets from JSON. */
#include "cedar/policy_json.h"

#include "base/attr.h"
#include "base/span.h"
#include "cedar/parse.h"
#include "cedar/policy_json_reader.h"
#include "cedar/policy_set.h"
#include "cedar/token.h"

/* An expression takes two levels of JSON a node; policies and sets take a few around it. */
#define JSON_DEPTH (2u * SKM_EXPR_DEPTH_MAX + SKM_JSON_DEPTH_MAX + 16u)

/* ---- members of a policy ---- */

static skm_err read_effect(struct skm_policy_reader *reader, enum skm_effect *out_effect)
{
    size_t offset = skm_policy_reader_offset(reader);
    skm_span text = {0};
    SKM_TRY(skm_json_read_string(&reader->json, &text));
    bool permit = skm_span_equal(text, SKM_SPAN("permit"));
    if (!permit && !skm_span_equal(text, SKM_SPAN("forbid"))) {
        return SKM_POLICY_REFUSE(reader, offset, "unknown effect `%.*s`", SKM_SPAN_ARG(text));
    }
    *out_effect = permit ? SKM_EFFECT_PERMIT : SKM_EFFECT_FORBID;
    return SKM_OK;
}

static skm_err read_kind(struct skm_policy_reader *reader, bool *out_unless)
{
    size_t offset = skm_policy_reader_offset(reader);
    skm_span text = {0};
    SKM_TRY(skm_json_read_string(&reader->json, &text));
    *out_unless = skm_span_equal(text, SKM_SPAN("unless"));
    return *out_unless || skm_span_equal(text, SKM_SPAN("when"))
               ? SKM_OK
               : SKM_POLICY_REFUSE(reader, offset, "unknown kind of condition `%.*s`",
                                   SKM_SPAN_ARG(text));
}

/* {"kind":"when"|"unless","body":E} */
static skm_err read_condition(struct skm_policy_reader *reader, struct skm_condition *condition)
{
    size_t offset = skm_policy_reader_offset(reader);
    bool has_kind = false;
    SKM_TRY(skm_json_enter_object(&reader->json));
    for (;;) {
        bool more = false;
        skm_span key = {0};
        SKM_TRY(skm_json_next_member(&reader->json, &more, &key));
        if (!more) {
            break;
        }
        if (skm_span_equal(key, SKM_SPAN("kind"))) {
            SKM_TRY(read_kind(reader, &condition->unless));
            has_kind = true;
        } else if (skm_span_equal(key, SKM_SPAN("body"))) {
            struct skm_expr *body = NULL;
            SKM_TRY(skm_policy_reader_expr(reader, &body));
            condition->body = body;
        } else {
            return SKM_POLICY_REFUSE(reader, reader->json.offset, "a condition has no \"%.*s\"",
                                     SKM_SPAN_ARG(key));
        }
    }
    return has_kind && condition->body != NULL
               ? SKM_OK
               : SKM_POLICY_REFUSE(reader, offset, "a condition has \"kind\" and \"body\"");
}

static skm_err read_conditions(struct skm_policy_reader *reader, struct skm_policy *policy)
{
    SKM_VEC(struct skm_condition) conditions = {0};
    SKM_TRY(skm_json_enter_array(&reader->json));
    for (;;) {
        bool more = false;
        struct skm_condition *slot = NULL;
        SKM_TRY(skm_json_next_item(&reader->json, &more));
        if (!more) {
            break;
        }
        SKM_TRY(SKM_VEC_PUSH(reader->arena, &conditions, SIZE_MAX, &slot));
        SKM_TRY(read_condition(reader, slot));
    }
    policy->conditions = conditions.items;
    policy->condition_count = conditions.len;
    return SKM_OK;
}

/* A string, or null for an annotation without value */
static skm_err read_annotation(struct skm_policy_reader *reader, size_t offset,
                               struct skm_annotation *annotation)
{
    enum skm_json_type type = SKM_JSON_NULL;
    if (!skm_token_is_any_ident(annotation->key)) {
        return SKM_POLICY_REFUSE(reader, offset, "`%.*s` is not the name of an annotation",
                                 SKM_SPAN_ARG(annotation->key));
    }
    SKM_TRY(skm_json_peek(&reader->json, &type));
    if (type == SKM_JSON_NULL) {
        return skm_json_read_null(&reader->json);
    }
    annotation->has_value = true;
    return skm_json_read_string(&reader->json, &annotation->value);
}

static skm_err read_annotations(struct skm_policy_reader *reader, struct skm_policy *policy)
{
    SKM_VEC(struct skm_annotation) annotations = {0};
    SKM_TRY(skm_json_enter_object(&reader->json));
    for (;;) {
        bool more = false;
        skm_span key = {0};
        struct skm_annotation *slot = NULL;
        SKM_TRY(skm_json_next_member(&reader->json, &more, &key));
        if (!more) {
            break;
        }
        SKM_TRY(SKM_VEC_PUSH(reader->arena, &annotations, SIZE_MAX, &slot));
        slot->key = key;
        SKM_TRY(read_annotation(reader, skm_policy_reader_offset(reader), slot));
    }
    policy->annotations = annotations.items;
    policy->annotation_count = annotations.len;
    return SKM_OK;
}

/* ---- policies ---- */

static const char *const policy_keys[] = {"effect",   "principal",  "action",
                                          "resource", "conditions", "annotations"};
enum policy_key {
    KEY_EFFECT = 0,
    KEY_PRINCIPAL,
    KEY_ACTION,
    KEY_RESOURCE,
    KEY_CONDITIONS,
    KEY_ANNOTATIONS, /* the only one that may be left out */
    KEY_COUNT,
};

static skm_err read_policy_member(struct skm_policy_reader *reader, enum policy_key key,
                                  struct skm_policy *policy)
{
    switch (key) {
    case KEY_EFFECT:
        return read_effect(reader, &policy->effect);
    case KEY_PRINCIPAL:
        return skm_policy_reader_scope(reader, "?principal", &policy->principal);
    case KEY_ACTION:
        return skm_policy_reader_scope(reader, "", &policy->action);
    case KEY_RESOURCE:
        return skm_policy_reader_scope(reader, "?resource", &policy->resource);
    case KEY_CONDITIONS:
        return read_conditions(reader, policy);
    case KEY_ANNOTATIONS:
        return read_annotations(reader, policy);
    case KEY_COUNT:
        break;
    }
    return SKM_ERR(INTERNAL);
}

static unsigned find_key(const char *const *keys, unsigned count, skm_span key)
{
    unsigned i = 0;
    while (i < count && !skm_span_equal(skm_span_cstr(keys[i]), key)) {
        i++;
    }
    return i;
}

static skm_err read_policy(struct skm_policy_reader *reader, struct skm_policy *policy)
{
    size_t offset = skm_policy_reader_offset(reader);
    unsigned present = 1u << KEY_ANNOTATIONS;
    SKM_TRY(skm_json_enter_object(&reader->json));
    for (;;) {
        bool more = false;
        skm_span key = {0};
        SKM_TRY(skm_json_next_member(&reader->json, &more, &key));
        if (!more) {
            break;
        }
        unsigned found = find_key(policy_keys, KEY_COUNT, key);
        if (found == KEY_COUNT) {
            return SKM_POLICY_REFUSE(reader, reader->json.offset, "a policy has no \"%.*s\"",
                                     SKM_SPAN_ARG(key));
        }
        present |= 1u << found;
        SKM_TRY(read_policy_member(reader, (enum policy_key)found, policy));
    }
    for (unsigned i = 0; i < KEY_COUNT; i++) {
        if ((present & 1u << i) == 0) {
            return SKM_POLICY_REFUSE(reader, offset, "the policy lacks \"%s\"", policy_keys[i]);
        }
    }
    return SKM_OK;
}

/* ---- starting and ending ---- */

static skm_err start(struct skm_policy_reader *reader, struct skm_arena *arena,
                     const struct skm_source *source, struct skm_diags *diags)
{
    if (source->text.len > SKM_PARSE_TEXT_MAX) {
        return SKM_ERR(SIZE);
    }
    *reader = (struct skm_policy_reader){.arena = arena, .source = source, .diags = diags};
    return skm_json_init(&reader->json, source->text, arena,
                         &(struct skm_json_limits){.depth = JSON_DEPTH});
}

/* Turns what the JSON reader and the builders of trees refuse into messages. */
static skm_err finish(struct skm_policy_reader *reader, skm_err err)
{
    if (skm_is_ok(err)) {
        err = skm_json_finish(&reader->json);
    }
    if (skm_is_ok(err) || skm_is_err(err, SKM_E_MEMORY) || skm_is_err(err, SKM_E_INVALID) ||
        skm_is_err(err, SKM_E_COUNT)) {
        return err;
    }
    if (!skm_is_ok(reader->json.err)) {
        return SKM_POLICY_REFUSE(reader, reader->json.err_offset, "%s", reader->json.err_reason);
    }
    if (skm_is_err(err, SKM_E_DEPTH)) {
        return SKM_POLICY_REFUSE(reader, reader->json.offset,
                                 "expression too deep: at most %u levels",
                                 (unsigned)SKM_EXPR_DEPTH_MAX);
    }
    if (skm_is_err(err, SKM_E_SIZE)) {
        return SKM_POLICY_REFUSE(reader, reader->json.offset,
                                 "expression too large: at most %u nodes", SKM_EXPR_WEIGHT_MAX);
    }
    return err;
}

skm_err skm_policy_json_read(struct skm_arena *arena, const struct skm_source *source, skm_span id,
                             struct skm_diags *diags, struct skm_policy *out_policy)
{
    struct skm_policy_reader reader;
    struct skm_policy policy = {.id = id};
    SKM_TRY(start(&reader, arena, source, diags));
    SKM_TRY(finish(&reader, read_policy(&reader, &policy)));
    *out_policy = policy;
    return SKM_OK;
}

/* ---- sets ---- */

typedef SKM_VEC(struct skm_policy) policy_vec;

struct link {
    skm_span template_id;
    skm_span new_id;
    struct skm_uid principal; /* type without bytes: not given */
    struct skm_uid resource;
    size_t offset;
};

struct set_reader {
    struct skm_policy_reader reader;
    policy_vec policies; /* static ones and templates */
    SKM_VEC(struct link) links;
};

/* {id:policy, ...}, all of them templates or none */
static skm_err read_policies(struct set_reader *set, bool templates)
{
    struct skm_policy_reader *reader = &set->reader;
    SKM_TRY(skm_json_enter_object(&reader->json));
    for (;;) {
        bool more = false;
        skm_span id = {0};
        struct skm_policy *policy = NULL;
        SKM_TRY(skm_json_next_member(&reader->json, &more, &id));
        if (!more) {
            return SKM_OK;
        }
        size_t offset = skm_policy_reader_offset(reader);
        SKM_TRY(SKM_VEC_PUSH(reader->arena, &set->policies, SKM_PARSE_POLICIES_MAX, &policy));
        policy->id = id;
        SKM_TRY(read_policy(reader, policy));
        if (skm_policy_is_template(policy) != templates) {
            return SKM_POLICY_REFUSE(reader, offset,
                                     templates ? "`%.*s` has no slots: it is no template"
                                               : "`%.*s` has slots: it is a template",
                                     SKM_SPAN_ARG(id));
        }
    }
}

/* {"?principal":U, "?resource":U} */
static skm_err read_link_values(struct skm_policy_reader *reader, struct link *link)
{
    SKM_TRY(skm_json_enter_object(&reader->json));
    for (;;) {
        bool more = false;
        skm_span key = {0};
        SKM_TRY(skm_json_next_member(&reader->json, &more, &key));
        if (!more) {
            return SKM_OK;
        }
        if (skm_span_equal(key, SKM_SPAN("?principal"))) {
            SKM_TRY(skm_policy_reader_uid(reader, &link->principal));
        } else if (skm_span_equal(key, SKM_SPAN("?resource"))) {
            SKM_TRY(skm_policy_reader_uid(reader, &link->resource));
        } else {
            return SKM_POLICY_REFUSE(reader, reader->json.offset, "unknown slot `%.*s`",
                                     SKM_SPAN_ARG(key));
        }
    }
}

static skm_err read_link_member(struct skm_policy_reader *reader, skm_span key, struct link *link,
                                unsigned *present)
{
    static const char *const keys[] = {"templateId", "newId", "values"};
    unsigned found = find_key(keys, SKM_ARRAY_LEN(keys), key);
    *present |= 1u << found;
    if (found == 0) {
        return skm_json_read_string(&reader->json, &link->template_id);
    }
    if (found == 1) {
        return skm_json_read_string(&reader->json, &link->new_id);
    }
    if (found == 2) {
        return read_link_values(reader, link);
    }
    return SKM_POLICY_REFUSE(reader, reader->json.offset, "a link has no \"%.*s\"",
                             SKM_SPAN_ARG(key));
}

/* {"templateId":id,"newId":id,"values":{..}} */
static skm_err read_link(struct skm_policy_reader *reader, struct link *link)
{
    unsigned present = 0;
    link->offset = skm_policy_reader_offset(reader);
    SKM_TRY(skm_json_enter_object(&reader->json));
    for (;;) {
        bool more = false;
        skm_span key = {0};
        SKM_TRY(skm_json_next_member(&reader->json, &more, &key));
        if (!more) {
            break;
        }
        SKM_TRY(read_link_member(reader, key, link, &present));
    }
    return present == 7u ? SKM_OK
                         : SKM_POLICY_REFUSE(reader, link->offset,
                                             "a link has \"templateId\", \"newId\" and \"values\"");
}

static skm_err read_links(struct set_reader *set)
{
    struct skm_policy_reader *reader = &set->reader;
    SKM_TRY(skm_json_enter_array(&reader->json));
    for (;;) {
        bool more = false;
        struct link *link = NULL;
        SKM_TRY(skm_json_next_item(&reader->json, &more));
        if (!more) {
            return SKM_OK;
        }
        SKM_TRY(SKM_VEC_PUSH(reader->arena, &set->links, SKM_PARSE_POLICIES_MAX, &link));
        SKM_TRY(read_link(reader, link));
    }
}

static skm_err read_set(struct set_reader *set)
{
    static const char *const keys[] = {"staticPolicies", "templates", "templateLinks"};
    struct skm_policy_reader *reader = &set->reader;
    size_t offset = skm_policy_reader_offset(reader);
    unsigned present = 0;
    SKM_TRY(skm_json_enter_object(&reader->json));
    for (;;) {
        bool more = false;
        skm_span key = {0};
        SKM_TRY(skm_json_next_member(&reader->json, &more, &key));
        if (!more) {
            break;
        }
        unsigned found = find_key(keys, SKM_ARRAY_LEN(keys), key);
        if (found == SKM_ARRAY_LEN(keys)) {
            return SKM_POLICY_REFUSE(reader, reader->json.offset, "a policy set has no \"%.*s\"",
                                     SKM_SPAN_ARG(key));
        }
        present |= 1u << found;
        SKM_TRY(found == 2 ? read_links(set) : read_policies(set, found == 1));
    }
    return present == 7u
               ? SKM_OK
               : SKM_POLICY_REFUSE(
                     reader, offset,
                     "a policy set has \"staticPolicies\", \"templates\" and \"templateLinks\"");
}

static skm_err make_link(struct skm_policy_set *set, const struct link *link,
                         const struct skm_source *source, struct skm_diags *diags)
{
    struct skm_link made = {
        .template_id = link->template_id,
        .new_id = link->new_id,
        .principal = link->principal.type.len == 0 ? NULL : &link->principal,
        .resource = link->resource.type.len == 0 ? NULL : &link->resource,
    };
    return skm_policy_set_link_at(set, &made, source, (struct skm_range){(uint32_t)link->offset, 1},
                                  diags);
}

skm_err skm_policy_json_read_set(struct skm_policy_set *set, const struct skm_source *source,
                                 struct skm_diags *diags)
{
    struct set_reader reader = {.policies = {0}};
    SKM_TRY(start(&reader.reader, set->arena, source, diags));
    SKM_TRY(finish(&reader.reader, read_set(&reader)));
    struct skm_policy_list list = {.items = reader.policies.items, .count = reader.policies.len};
    SKM_TRY(skm_policy_set_add(set, &list, SKM_POLICY_NAMING_NUMBER, diags));
    for (size_t i = 0; i < reader.links.len; i++) {
        SKM_TRY(make_link(set, &reader.links.items[i], source, diags));
    }
    return SKM_OK;
}
