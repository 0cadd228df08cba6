/* Entities from JSON: `{"type":"T","id":"x"}`, with or without the escape `__entity` around it. */
#include "base/span.h"
#include "cedar/parse.h"
#include "cedar/value_json_reader.h"

static bool is_action_type(skm_span type)
{
    return skm_span_equal(type, SKM_SPAN("Action")) || skm_span_ends(type, SKM_SPAN("::Action"));
}

bool skm_value_json_allows_uid(const struct skm_schema *schema, const struct skm_uid *uid)
{
    if (schema == NULL) {
        return true;
    }
    if (is_action_type(uid->type)) {
        return skm_schema_find_action(schema, uid) != NULL;
    }
    const struct skm_schema_entity *entity = skm_schema_find_entity(schema, uid->type);
    return entity == NULL || skm_schema_entity_allows_id(entity, uid->id);
}

static skm_err check_uid(struct skm_value_reader *reader, const struct skm_uid *uid, size_t offset)
{
    if (!skm_parse_is_name(uid->type)) {
        return skm_value_reader_refuse(reader, SKM_ERR(SYNTAX), offset,
                                       "not the name of an entity type", uid->type, NULL);
    }
    if (!skm_value_json_allows_uid(reader->how->schema, uid)) {
        return skm_value_reader_refuse(reader, SKM_ERR(RANGE), offset,
                                       is_action_type(uid->type)
                                           ? "the schema declares no such action"
                                           : "the id is not one the schema lists for its type",
                                       uid->id, NULL);
    }
    return SKM_OK;
}

/* `"type":..,"id":..}`: what follows the brace, of which the first key is read already. */
static skm_err read_uid_members(struct skm_value_reader *reader, size_t offset, bool more,
                                skm_span key, struct skm_uid *out_uid)
{
    struct skm_uid uid = {{0}, {0}};
    bool has_type = false;
    bool has_id = false;
    while (more) {
        if (skm_span_equal(key, SKM_SPAN("type"))) {
            SKM_TRY(skm_value_reader_string(reader, &uid.type));
            has_type = true;
        } else if (skm_span_equal(key, SKM_SPAN("id"))) {
            SKM_TRY(skm_value_reader_string(reader, &uid.id));
            has_id = true;
        } else {
            return skm_value_reader_refuse(reader, SKM_ERR(SYNTAX), offset,
                                           "an entity is `{\"type\":..,\"id\":..}`, unexpected key",
                                           key, NULL);
        }
        SKM_TRY(skm_json_next_member(reader->json, &more, &key));
    }
    if (!has_type || !has_id) {
        return skm_value_reader_refuse(reader, SKM_ERR(SYNTAX), offset,
                                       "an entity is `{\"type\":..,\"id\":..}`, missing key",
                                       has_type ? SKM_SPAN("id") : SKM_SPAN("type"), NULL);
    }
    SKM_TRY(check_uid(reader, &uid, offset));
    *out_uid = uid;
    return SKM_OK;
}

skm_err skm_value_reader_uid_object(struct skm_value_reader *reader, struct skm_uid *out_uid)
{
    size_t offset = skm_json_value_offset(reader->json);
    bool more = false;
    skm_span key = {0};
    SKM_TRY(skm_json_enter_object(reader->json));
    SKM_TRY(skm_json_next_member(reader->json, &more, &key));
    return read_uid_members(reader, offset, more, key, out_uid);
}

/* The brace behind an escape's content. */
skm_err skm_value_reader_close_escape(struct skm_value_reader *reader)
{
    bool more = false;
    skm_span key = {0};
    SKM_TRY(skm_json_next_member(reader->json, &more, &key));
    /* skm_value_reader_at_only_member() saw no further member; were it wrong, this would be refused all the same. */
    return more ? skm_value_reader_refuse(reader, SKM_ERR(SYNTAX), reader->json->offset,
                                          "unexpected key", key, NULL)
                : SKM_OK;
}

skm_err skm_value_reader_uid(struct skm_value_reader *reader, struct skm_uid *out_uid)
{
    size_t offset = skm_json_value_offset(reader->json);
    enum skm_json_type type = SKM_JSON_NULL;
    SKM_TRY(skm_json_peek(reader->json, &type));
    if (type != SKM_JSON_OBJECT) {
        return skm_value_reader_refuse(reader, SKM_ERR(TYPE), offset,
                                       "an entity is `{\"type\":..,\"id\":..}`", SKM_SPAN(""),
                                       NULL);
    }
    bool more = false;
    skm_span key = {0};
    SKM_TRY(skm_json_enter_object(reader->json));
    SKM_TRY(skm_json_next_member(reader->json, &more, &key));
    if (more && skm_span_equal(key, SKM_SPAN("__entity")) &&
        skm_value_reader_at_only_member(reader->json)) {
        struct skm_uid uid = {{0}, {0}};
        SKM_TRY(skm_value_reader_uid_object(reader, &uid));
        SKM_TRY(skm_value_reader_close_escape(reader));
        *out_uid = uid;
        return SKM_OK;
    }
    return read_uid_members(reader, offset, more, key, out_uid);
}

skm_err skm_value_reader_make_entity(struct skm_value_reader *reader, const struct skm_uid *uid,
                                     struct skm_value *out_value)
{
    struct skm_uid *copy = SKM_ARENA_NEW(reader->how->arena, struct skm_uid);
    if (copy == NULL) {
        return skm_value_reader_refuse_memory(reader);
    }
    *copy = *uid;
    *out_value = skm_value_entity(copy);
    return SKM_OK;
}
