#include "cedar/schema.h"

#include "base/span.h"

const struct skm_schema_entity *skm_schema_find_entity(const struct skm_schema *schema,
                                                       skm_span name)
{
    size_t low = 0;
    size_t high = schema->entity_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = skm_span_compare(schema->entities[middle].name, name);
        if (order == 0) {
            return &schema->entities[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

const struct skm_schema_action *skm_schema_find_action(const struct skm_schema *schema,
                                                       const struct skm_uid *uid)
{
    size_t low = 0;
    size_t high = schema->action_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = skm_uid_compare(&schema->actions[middle].uid, uid);
        if (order == 0) {
            return &schema->actions[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

static bool sorted_has(const skm_span *sorted, size_t count, skm_span word)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = skm_span_compare(sorted[middle], word);
        if (order == 0) {
            return true;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}

bool skm_schema_entity_may_be_in(const struct skm_schema_entity *entity, skm_span ancestor)
{
    return sorted_has(entity->ancestors, entity->ancestor_count, ancestor);
}

bool skm_schema_may_be_in(const struct skm_schema *schema, skm_span type, skm_span ancestor)
{
    const struct skm_schema_entity *entity = skm_schema_find_entity(schema, type);
    return entity != NULL && skm_schema_entity_may_be_in(entity, ancestor);
}

bool skm_schema_entity_allows_id(const struct skm_schema_entity *entity, skm_span id)
{
    return !entity->is_enum || sorted_has(entity->enum_ids, entity->enum_count, id);
}
