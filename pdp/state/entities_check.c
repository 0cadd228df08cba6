/* The closed store against a schema: ancestors of declared types, actions exactly as declared (Cedar language: entity
 * conformance). What can be seen on one entity alone is checked by entities_json.c while it is read, with positions. */
#include "state/entities_store.h"

#include <assert.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/span.h"

struct check {
    const struct skm_entities *entities;
    const struct skm_schema *schema;
    struct skm_diags *diags;
    bool failed;
    /* By type: the type of parent that was found good last, plus 1; a type has few. Owned. */
    uint32_t *good_parents;
};

static void check_fini(struct check *check)
{
    skm_mem_free(check->good_parents);
}

/* A message about the row's entity. */
static void complain(struct check *check, uint32_t row, const char *text)
{
    struct skm_entity_origin origin = skm_entities_origin(check->entities, row);
    struct skm_range range = {origin.offset, origin.source == NULL ? 0 : 1};
    struct skm_buf name = {0};
    skm_buf_init(&name, 64u << 10);
    skm_uid_print(skm_entities_uid_at(check->entities, row), &name);
    skm_span uid = skm_buf_span(&name);
    struct skm_diag *diag =
        skm_diags_add(check->diags, SKM_SEVERITY_ERROR, origin.source, range, "%s", text);
    skm_diag_id(check->diags, diag, uid);
    skm_buf_fini(&name);
    check->failed = true;
}

static bool same_ancestors(const struct check *check, const struct skm_entity_node *node,
                           const struct skm_schema_action *action)
{
    const struct skm_entity_list *list = skm_entities_list(check->entities, node->parents);
    if (list->ancestor_count != action->ancestor_count) {
        return false;
    }
    for (size_t i = 0; i < action->ancestor_count; i++) {
        uint32_t handle = 0;
        if (!skm_entities_find_node(check->entities, &action->ancestors[i], &handle) ||
            !skm_handle_list_has(list->ancestors, list->ancestor_count, handle)) {
            return false;
        }
    }
    return true;
}

static void check_action(struct check *check, uint32_t row, const struct skm_entity_node *node)
{
    const struct skm_schema_action *action = skm_schema_find_action(check->schema, &node->uid);
    if (action == NULL) {
        complain(check, row, "this action is not declared");
        return;
    }
    if (node->attrs_shape != 0 || node->tags_shape != 0) {
        complain(check, row, "an action has no attributes and no tags");
    }
    if (!same_ancestors(check, node, action)) {
        complain(check, row, "the ancestors of this action are not those the schema declares");
    }
}

static void check_parents(struct check *check, uint32_t row, const struct skm_entity_node *node)
{
    const struct skm_entity_list *list = skm_entities_list(check->entities, node->parents);
    uint32_t *good = &check->good_parents[node->type];
    for (uint32_t i = 0; i < list->parent_count; i++) {
        const struct skm_entity_node *parent = skm_entities_node(check->entities, list->parents[i]);
        if (*good == parent->type + 1) {
            continue;
        }
        if (!skm_schema_may_be_in(check->schema, node->uid.type, parent->uid.type)) {
            complain(check, row, "a parent is of a type the schema does not allow there");
            return;
        }
        *good = parent->type + 1;
    }
}

/* Ancestor types are closed transitively in the schema, so checking every entity's parents checks all ancestors that are
 * in the store or are a parent of something there: there are no others. */
skm_err skm_entities_check_ancestors(const struct skm_entities *entities,
                                     const struct skm_schema *schema, struct skm_diags *diags)
{
    assert(entities->closed);
    SKM_CLEANUP(check_fini)
    struct check check = {.entities = entities, .schema = schema, .diags = diags};
    check.good_parents =
        skm_mem_alloc_array((size_t)entities->types.names.len + 1, sizeof(*check.good_parents));
    if (check.good_parents == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (uint32_t row = 0; row < entities->rows.len; row++) {
        const struct skm_entity_node *node =
            skm_entities_node(entities, skm_entities_row(entities, row)->node);
        if (skm_entity_type_is_action(node->uid.type)) {
            check_action(&check, row, node);
        } else {
            check_parents(&check, row, node);
        }
    }
    return check.failed ? SKM_ERR(INVALID) : SKM_OK;
}

/* INVARIANT: a schema's ancestors are closed transitively, so an action added after close needs no walk. */
static skm_err add_action(struct skm_entities *entities, const struct skm_schema_action *action)
{
    uint32_t handle = 0;
    if (skm_entities_find_node(entities, &action->uid, &handle) &&
        skm_entities_node(entities, handle)->parents != SKM_ENTITY_NO_LIST) {
        return SKM_OK;
    }
    bool closed = entities->closed;
    struct skm_entity entity = {
        .uid = action->uid, .parents = action->ancestors, .parent_count = action->ancestor_count};
    SKM_TRY(skm_entities_add(entities, &entity));
    if (!closed) {
        return SKM_OK;
    }
    SKM_TRY(skm_entities_intern_node(entities, &action->uid, &handle));
    struct skm_entity_list *list =
        skm_entities_list(entities, skm_entities_node(entities, handle)->parents);
    if (list->state != SKM_ENTITY_LIST_DONE) {
        list->ancestors = list->parents;
        list->ancestor_count = list->parent_count;
        list->state = SKM_ENTITY_LIST_DONE;
    }
    entities->closed = true;
    return SKM_OK;
}

skm_err skm_entities_add_actions(struct skm_entities *entities, const struct skm_schema *schema)
{
    for (size_t i = 0; i < schema->action_count; i++) {
        SKM_TRY(add_action(entities, &schema->actions[i]));
    }
    return SKM_OK;
}

skm_err skm_entities_finish(struct skm_entities *entities, const struct skm_schema *schema,
                            struct skm_diags *diags)
{
    SKM_TRY(skm_entities_close(entities, diags));
    if (schema == NULL) {
        return SKM_OK;
    }
    SKM_TRY(skm_entities_check_ancestors(entities, schema, diags));
    return skm_entities_add_actions(entities, schema);
}
