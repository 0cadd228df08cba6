/* Scopes from JSON: `{"op":..}` with what the operator takes, in any order. */
#include "base/attr.h"
#include "base/span.h"
#include "cedar/policy_json_reader.h"

/* What an object of a scope can have, as bits. */
enum part {
    PART_OP = 1u << 0,
    PART_ENTITY = 1u << 1,
    PART_SLOT = 1u << 2,
    PART_TYPE = 1u << 3,
    PART_IN = 1u << 4,
    PART_ENTITIES = 1u << 5,
};

struct scope_reader {
    const char *slot; /* the slot of the position; "" for the action */
    unsigned present; /* enum part */
    skm_span op;
    struct skm_scope scope;
};

static bool is_action(const struct scope_reader *scope)
{
    return scope->slot[0] == '\0';
}

/* The last component of the type is `Action`. */
static bool is_action_type(skm_span type)
{
    return skm_span_equal(type, SKM_SPAN("Action")) || skm_span_ends(type, SKM_SPAN("::Action"));
}

static skm_err read_uid(struct skm_policy_reader *reader, const struct scope_reader *scope,
                        struct skm_uid *out_uid)
{
    size_t offset = skm_policy_reader_offset(reader);
    SKM_TRY(skm_policy_reader_uid(reader, out_uid));
    if (is_action(scope) && !is_action_type(out_uid->type)) {
        return SKM_POLICY_REFUSE(reader, offset, "`%.*s` is not a type of actions",
                                 SKM_SPAN_ARG(out_uid->type));
    }
    return SKM_OK;
}

static skm_err read_slot(struct skm_policy_reader *reader, struct scope_reader *scope)
{
    size_t offset = skm_policy_reader_offset(reader);
    skm_span slot = {0};
    SKM_TRY(skm_json_read_string(&reader->json, &slot));
    if (is_action(scope) || !skm_span_equal(slot, skm_span_cstr(scope->slot))) {
        return SKM_POLICY_REFUSE(reader, offset, "slot `%.*s` cannot stand here",
                                 SKM_SPAN_ARG(slot));
    }
    scope->scope.slot = true;
    return SKM_OK;
}

static skm_err read_uids(struct skm_policy_reader *reader, struct scope_reader *scope)
{
    SKM_VEC(struct skm_uid) uids = {0};
    SKM_TRY(skm_json_enter_array(&reader->json));
    for (;;) {
        bool more = false;
        struct skm_uid *uid = NULL;
        SKM_TRY(skm_json_next_item(&reader->json, &more));
        if (!more) {
            break;
        }
        SKM_TRY(SKM_VEC_PUSH(reader->arena, &uids, SIZE_MAX, &uid));
        SKM_TRY(read_uid(reader, scope, uid));
    }
    scope->scope.uids = uids.items;
    scope->scope.uid_count = uids.len;
    return SKM_OK;
}

static skm_err read_parts(struct skm_policy_reader *reader, struct scope_reader *scope,
                          unsigned allowed);

/* `{"entity":U}`, `{"slot":"?principal"}`, or null for none */
static skm_err read_in(struct skm_policy_reader *reader, struct scope_reader *scope)
{
    size_t offset = skm_policy_reader_offset(reader);
    enum skm_json_type type = SKM_JSON_NULL;
    SKM_TRY(skm_json_peek(&reader->json, &type));
    if (type == SKM_JSON_NULL) {
        scope->present &= ~(unsigned)PART_IN;
        return skm_json_read_null(&reader->json);
    }
    struct scope_reader inside = {.slot = scope->slot};
    SKM_TRY(read_parts(reader, &inside, PART_ENTITY | PART_SLOT));
    if (inside.present != PART_ENTITY && inside.present != PART_SLOT) {
        return SKM_POLICY_REFUSE(reader, offset, "\"in\" takes either \"entity\" or \"slot\"");
    }
    scope->scope.slot = inside.scope.slot;
    scope->scope.uid = inside.scope.uid;
    return SKM_OK;
}

struct part_name {
    const char *key;
    enum part part;
};

static const struct part_name part_names[] = {
    {"op", PART_OP}, {"entity", PART_ENTITY},     {"slot", PART_SLOT}, {"entity_type", PART_TYPE},
    {"in", PART_IN}, {"entities", PART_ENTITIES},
};

static skm_err read_part(struct skm_policy_reader *reader, struct scope_reader *scope,
                         enum part part)
{
    scope->present |= part;
    switch (part) {
    case PART_OP:
        return skm_json_read_string(&reader->json, &scope->op);
    case PART_ENTITY:
        return read_uid(reader, scope, &scope->scope.uid);
    case PART_SLOT:
        return read_slot(reader, scope);
    case PART_TYPE:
        return skm_policy_reader_type(reader, &scope->scope.type);
    case PART_IN:
        return read_in(reader, scope);
    case PART_ENTITIES:
        return read_uids(reader, scope);
    }
    return SKM_ERR(INTERNAL);
}

static skm_err read_parts(struct skm_policy_reader *reader, struct scope_reader *scope,
                          unsigned allowed)
{
    SKM_TRY(skm_json_enter_object(&reader->json));
    for (;;) {
        bool more = false;
        skm_span key = {0};
        SKM_TRY(skm_json_next_member(&reader->json, &more, &key));
        if (!more) {
            return SKM_OK;
        }
        const struct part_name *found = NULL;
        for (size_t i = 0; i < SKM_ARRAY_LEN(part_names) && found == NULL; i++) {
            const struct part_name *name = &part_names[i];
            bool named = skm_span_equal(skm_span_cstr(name->key), key);
            found = named && (allowed & name->part) != 0 ? name : NULL;
        }
        if (found == NULL) {
            return SKM_POLICY_REFUSE(reader, reader->json.offset, "a scope has no \"%.*s\"",
                                     SKM_SPAN_ARG(key));
        }
        SKM_TRY(read_part(reader, scope, found->part));
    }
}

/* What an operator takes besides itself, and what it then is. */
struct scope_form {
    const char *op;
    unsigned parts;
    enum skm_scope_kind kind;
    bool for_action;
    bool for_others;
};

static const struct scope_form forms[] = {
    {"All", 0, SKM_SCOPE_ANY, true, true},
    {"all", 0, SKM_SCOPE_ANY, true, true},
    {"==", PART_ENTITY, SKM_SCOPE_EQ, true, true},
    {"==", PART_SLOT, SKM_SCOPE_EQ, false, true},
    {"in", PART_ENTITY, SKM_SCOPE_IN, true, true},
    {"in", PART_SLOT, SKM_SCOPE_IN, false, true},
    {"in", PART_ENTITIES, SKM_SCOPE_IN_SET, true, false},
    {"is", PART_TYPE, SKM_SCOPE_IS, false, true},
    {"is", PART_TYPE | PART_IN, SKM_SCOPE_IS_IN, false, true},
};

skm_err skm_policy_reader_scope(struct skm_policy_reader *reader, const char *slot,
                                struct skm_scope *out_scope)
{
    size_t offset = skm_policy_reader_offset(reader);
    struct scope_reader scope = {.slot = slot};
    SKM_TRY(read_parts(reader, &scope, ~0u));
    for (size_t i = 0; i < SKM_ARRAY_LEN(forms); i++) {
        const struct scope_form *form = &forms[i];
        bool here = is_action(&scope) ? form->for_action : form->for_others;
        if (here && scope.present == (form->parts | PART_OP) &&
            skm_span_equal(scope.op, skm_span_cstr(form->op))) {
            *out_scope = scope.scope;
            out_scope->kind = form->kind;
            return SKM_OK;
        }
    }
    return SKM_POLICY_REFUSE(reader, offset,
                             "operator `%.*s` is not made so, or not for this part of the scope",
                             SKM_SPAN_ARG(scope.op));
}
