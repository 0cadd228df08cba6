#include "state/entities.h"

#include <assert.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/span.h"
#include "state/entities_store.h"

/* ---- lifetime ---- */

static void init_chunks(struct skm_entities *entities, struct skm_arena *arena)
{
    skm_chunks_init(&entities->nodes, arena, sizeof(struct skm_entity_node));
    skm_chunks_init(&entities->types.names, arena, sizeof(skm_span));
    skm_chunks_init(&entities->keys.names, arena, sizeof(skm_span));
    skm_chunks_init(&entities->shapes, arena, sizeof(struct skm_entity_shape));
    skm_chunks_init(&entities->lists, arena, sizeof(struct skm_entity_list));
    skm_chunks_init(&entities->rows, arena, sizeof(struct skm_entity_row));
    skm_chunks_init(&entities->sources, arena, sizeof(struct skm_entity_source));
}

void skm_entities_free(struct skm_entities *entities)
{
    if (entities == NULL) {
        return;
    }
    skm_chunks_fini(&entities->nodes);
    skm_chunks_fini(&entities->types.names);
    skm_chunks_fini(&entities->keys.names);
    skm_chunks_fini(&entities->shapes);
    skm_chunks_fini(&entities->lists);
    skm_chunks_fini(&entities->rows);
    skm_chunks_fini(&entities->sources);
    skm_handle_table_fini(&entities->node_table);
    skm_handle_table_fini(&entities->types.table);
    skm_handle_table_fini(&entities->keys.table);
    skm_handle_table_fini(&entities->shape_table);
    skm_handle_table_fini(&entities->list_table);
    skm_mem_free(entities->scratch);
    entities->scratch = NULL;
}

SKM_DEFINE_CLEANUP(free_entities, struct skm_entities, skm_entities_free)

/* List 0 and shape 0 are the empty ones; list 0 needs no walk. */
static skm_err add_empty(struct skm_entities *entities)
{
    uint32_t list = 0;
    void *shape = NULL;
    SKM_TRY(skm_entities_intern_list(entities, NULL, 0, &list));
    skm_entities_list(entities, list)->state = SKM_ENTITY_LIST_DONE;
    return skm_chunks_push(&entities->shapes, UINT32_MAX, &shape);
}

/* ---- adding ---- */

/* The parents of `entity` as a list, by way of the scratch. */
static skm_err intern_parents(struct skm_entities *entities, const struct skm_entity *entity,
                              uint32_t *out_list)
{
    if (entity->parent_count > SKM_ENTITIES_MAX) {
        return SKM_ERR(COUNT);
    }
    uint32_t count = (uint32_t)entity->parent_count;
    SKM_TRY(skm_entities_scratch(entities, count));
    for (uint32_t i = 0; i < count; i++) {
        SKM_TRY(skm_entities_intern_node(entities, &entity->parents[i], &entities->scratch[i]));
    }
    uint32_t unique =
        skm_handle_list_sort(entities->scratch, entities->scratch + entities->scratch_len, count);
    return skm_entities_intern_list(entities, entities->scratch, unique, out_list);
}

static skm_err compare_with(const struct skm_entities *entities, const struct skm_entity_node *node,
                            uint32_t list, const struct skm_entity *entity)
{
    bool same = node->parents == list &&
                skm_entities_record_equal(entities, skm_entities_attrs(node), entity->attrs) &&
                skm_entities_record_equal(entities, skm_entities_tags(node), entity->tags);
    return same ? SKM_OK : SKM_ERR(DUPLICATE);
}

static skm_err note_source(struct skm_entities *entities, const struct skm_source *source)
{
    uint32_t count = entities->sources.len;
    const struct skm_entity_source *last =
        count == 0 ? NULL : skm_chunks_at(&entities->sources, count - 1);
    if (source == (last == NULL ? NULL : last->source)) {
        return SKM_OK;
    }
    void *slot = NULL;
    SKM_TRY(skm_chunks_push(&entities->sources, UINT32_MAX, &slot));
    *(struct skm_entity_source *)slot = (struct skm_entity_source){source, entities->rows.len};
    return SKM_OK;
}

static skm_err add_row(struct skm_entities *entities, uint32_t node,
                       const struct skm_entity_origin *origin)
{
    void *slot = NULL;
    SKM_TRY(note_source(entities, origin == NULL ? NULL : origin->source));
    SKM_TRY(skm_chunks_push(&entities->rows, SKM_ENTITIES_MAX, &slot));
    *(struct skm_entity_row *)slot =
        (struct skm_entity_row){node, origin == NULL ? 0 : origin->offset};
    return SKM_OK;
}

skm_err skm_entities_add_from(struct skm_entities *entities, const struct skm_entity *entity,
                              const struct skm_entity_origin *origin)
{
    uint32_t handle = 0;
    uint32_t list = 0;
    struct skm_entity_key key = {0};
    SKM_TRY(skm_entities_intern_key(entities, &entity->uid, &key));
    SKM_TRY(intern_parents(entities, entity, &list));
    SKM_TRY(skm_entities_intern_keyed(entities, &key, &handle));
    struct skm_entity_node *node = skm_entities_node(entities, handle);
    if (node->parents != SKM_ENTITY_NO_LIST) {
        return compare_with(entities, node, list, entity);
    }
    struct skm_entity_record attrs = {0};
    struct skm_entity_record tags = {0};
    SKM_TRY(skm_entities_intern_record(entities, entity->attrs, &attrs));
    SKM_TRY(skm_entities_intern_record(entities, entity->tags, &tags));
    SKM_TRY(add_row(entities, handle, origin));
    node->attrs = attrs.values;
    node->attrs_shape = attrs.shape;
    node->tags = tags.values;
    node->tags_shape = tags.shape;
    node->parents = list;
    entities->closed = false;
    return SKM_OK;
}

skm_err skm_entities_add(struct skm_entities *entities, const struct skm_entity *entity)
{
    return skm_entities_add_from(entities, entity, NULL);
}

/* ---- reading ---- */

size_t skm_entities_count(const struct skm_entities *entities)
{
    return entities->rows.len;
}

const struct skm_uid *skm_entities_uid_at(const struct skm_entities *entities, size_t index)
{
    assert(index < entities->rows.len);
    return &skm_entities_node(entities, skm_entities_row(entities, (uint32_t)index)->node)->uid;
}

struct skm_entity_origin skm_entities_origin(const struct skm_entities *entities, uint32_t row)
{
    struct skm_entity_origin origin = {.offset = skm_entities_row(entities, row)->offset};
    for (uint32_t i = 0; i < entities->sources.len; i++) {
        const struct skm_entity_source *from = skm_chunks_at(&entities->sources, i);
        if (from->first_row <= row) {
            origin.source = from->source;
        }
    }
    return origin;
}

struct skm_entity_origin skm_entities_node_origin(const struct skm_entities *entities,
                                                  uint32_t node)
{
    for (uint32_t row = 0; row < entities->rows.len; row++) {
        if (skm_entities_row(entities, row)->node == node) {
            return skm_entities_origin(entities, row);
        }
    }
    return (struct skm_entity_origin){0};
}

bool skm_entity_type_is_action(skm_span type)
{
    return skm_span_equal(type, SKM_SPAN("Action")) || skm_span_ends(type, SKM_SPAN("::Action"));
}

/* The node of an entity that is in the store, or NULL. */
static const struct skm_entity_node *find(const struct skm_entities *entities,
                                          const struct skm_uid *uid)
{
    uint32_t handle = 0;
    if (!skm_entities_find_node(entities, uid, &handle)) {
        return NULL;
    }
    const struct skm_entity_node *node = skm_entities_node(entities, handle);
    return node->parents == SKM_ENTITY_NO_LIST ? NULL : node;
}

static skm_err build_record(const struct skm_entities *entities, struct skm_arena *arena,
                            struct skm_entity_record packed,
                            const struct skm_value_record **out_record)
{
    uint32_t count = skm_entities_record_count(entities, packed);
    struct skm_value_field *fields = SKM_ARENA_NEW_ARRAY(arena, struct skm_value_field, count);
    struct skm_value_record *record = SKM_ARENA_NEW(arena, struct skm_value_record);
    if (fields == NULL || record == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (uint32_t i = 0; i < count; i++) {
        fields[i] = skm_entities_record_at(entities, packed, i);
    }
    *record = (struct skm_value_record){fields, count};
    *out_record = record;
    return SKM_OK;
}

/* The uids of handles, sorted as values are. */
static skm_err build_uids(const struct skm_entities *entities, struct skm_arena *arena,
                          const uint32_t *handles, uint32_t count, const struct skm_uid **out_uids)
{
    struct skm_value *items = SKM_ARENA_NEW_ARRAY(arena, struct skm_value, count);
    struct skm_uid *uids = SKM_ARENA_NEW_ARRAY(arena, struct skm_uid, count);
    struct skm_value set = {0};
    if (items == NULL || uids == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (uint32_t i = 0; i < count; i++) {
        items[i] = skm_value_entity(&skm_entities_node(entities, handles[i])->uid);
    }
    SKM_TRY(skm_value_set_build(arena, items, count, &set));
    for (uint32_t i = 0; i < count; i++) {
        uids[i] = *set.as.set->items[i].as.entity;
    }
    *out_uids = uids;
    return SKM_OK;
}

skm_err skm_entities_get(const struct skm_entities *entities, const struct skm_uid *uid,
                         struct skm_arena *arena, struct skm_entity *out_entity)
{
    const struct skm_entity_node *node = find(entities, uid);
    if (node == NULL) {
        return SKM_ERR(NOT_FOUND);
    }
    const struct skm_entity_list *list = skm_entities_list(entities, node->parents);
    struct skm_entity built = {.uid = node->uid, .parent_count = list->parent_count};
    SKM_TRY(build_record(entities, arena, skm_entities_attrs(node), &built.attrs));
    SKM_TRY(build_record(entities, arena, skm_entities_tags(node), &built.tags));
    SKM_TRY(build_uids(entities, arena, list->parents, list->parent_count, &built.parents));
    *out_entity = built;
    return SKM_OK;
}

skm_err skm_entities_ancestors(const struct skm_entities *entities, const struct skm_uid *uid,
                               struct skm_arena *arena, const struct skm_uid **out_uids,
                               size_t *out_count)
{
    assert(entities->closed);
    const struct skm_entity_node *node = find(entities, uid);
    if (node == NULL) {
        return SKM_ERR(NOT_FOUND);
    }
    const struct skm_entity_list *list = skm_entities_list(entities, node->parents);
    SKM_TRY(build_uids(entities, arena, list->ancestors, list->ancestor_count, out_uids));
    *out_count = list->ancestor_count;
    return SKM_OK;
}

/* ---- as a view ---- */

static const struct skm_entities *from_view(const struct skm_entity_view *view)
{
    /* SAFETY: the view is the store's first member, and only stores carry these operations. */
    return (const struct skm_entities *)view;
}

static bool view_exists(const struct skm_entity_view *view, const struct skm_uid *uid)
{
    return find(from_view(view), uid) != NULL;
}

static enum skm_entity_find view_attr(const struct skm_entity_view *view, const struct skm_uid *uid,
                                      skm_span name, struct skm_value *out_value)
{
    const struct skm_entities *entities = from_view(view);
    const struct skm_entity_node *node = find(entities, uid);
    if (node == NULL) {
        return SKM_ENTITY_MISSING;
    }
    return skm_entities_record_get(entities, skm_entities_attrs(node), name, out_value)
               ? SKM_ENTITY_FOUND
               : SKM_ENTITY_NO_KEY;
}

static enum skm_entity_find view_tag(const struct skm_entity_view *view, const struct skm_uid *uid,
                                     skm_span name, struct skm_value *out_value)
{
    const struct skm_entities *entities = from_view(view);
    const struct skm_entity_node *node = find(entities, uid);
    if (node == NULL) {
        return SKM_ENTITY_MISSING;
    }
    return skm_entities_record_get(entities, skm_entities_tags(node), name, out_value)
               ? SKM_ENTITY_FOUND
               : SKM_ENTITY_NO_KEY;
}

static bool view_has_ancestor(const struct skm_entity_view *view, const struct skm_uid *uid,
                              const struct skm_uid *ancestor)
{
    const struct skm_entities *entities = from_view(view);
    const struct skm_entity_node *node = find(entities, uid);
    uint32_t handle = 0;
    if (node == NULL || !skm_entities_find_node(entities, ancestor, &handle)) {
        return false;
    }
    const struct skm_entity_list *list = skm_entities_list(entities, node->parents);
    return skm_handle_list_has(list->ancestors, list->ancestor_count, handle);
}

static const struct skm_entity_view_ops view_ops = {
    .exists = view_exists,
    .attr = view_attr,
    .tag = view_tag,
    .has_ancestor = view_has_ancestor,
};

const struct skm_entity_view *skm_entities_view(const struct skm_entities *entities)
{
    assert(entities->closed);
    return &entities->view;
}

skm_err skm_entities_new(struct skm_arena *arena, struct skm_entities **out_entities)
{
    SKM_CLEANUP(free_entities)
    struct skm_entities *entities = SKM_ARENA_NEW(arena, struct skm_entities);
    if (entities == NULL) {
        return SKM_ERR(MEMORY);
    }
    entities->view.ops = &view_ops;
    entities->arena = arena;
    entities->pool.arena = arena;
    init_chunks(entities, arena);
    SKM_TRY(add_empty(entities));
    *out_entities = SKM_TAKE(entities);
    return SKM_OK;
}
