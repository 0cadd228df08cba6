/* Each entity has a reader of its own: a fault in one leaves the others readable, and what one needs besides its place in the
 * store goes to a scratch arena that is emptied for the next. How attributes and parents are read depends on the uid; in the
 * usual order it comes first and the text is walked once, members before it are set aside and read afterwards. */
#include "state/entities_json.h"

#include <string.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/span.h"
#include "base/vec.h"
#include "cedar/value_json.h"
#include "state/entities_conform.h"

/* What one entity may need besides the store: its text unescaped, its values before they are packed. */
#define SCRATCH_QUOTA ((size_t)1 << 30)

enum member {
    MEMBER_UID = 0,
    MEMBER_ATTRS,
    MEMBER_PARENTS,
    MEMBER_TAGS,
    MEMBER_COUNT,
};

static const skm_span member_names[MEMBER_COUNT] = {
    [MEMBER_UID] = {"uid", 3},
    [MEMBER_ATTRS] = {"attrs", 5},
    [MEMBER_PARENTS] = {"parents", 7},
    [MEMBER_TAGS] = {"tags", 4},
};

struct loader {
    struct skm_entities *entities;
    struct skm_arena scratch;
    struct skm_conform conform;
    bool failed;
};

/* One entity as it is read. */
struct item {
    skm_span raw; /* in the source's text */
    bool seen[MEMBER_COUNT];
    skm_span aside[MEMBER_COUNT]; /* raw; came before the uid */
    bool has_uid;
    struct skm_entity entity;
    size_t faults_before;
};

static void loader_fini(struct loader *loader)
{
    skm_arena_fini(&loader->scratch);
}

static size_t offset_of(const struct loader *loader, const char *at)
{
    return (size_t)(at - loader->conform.source->text.ptr);
}

/* ---- faults ---- */

/* A reader failed: what the file is guilty of becomes a message, SKM_E_INVALID; memory is passed on. */
static skm_err tell(struct loader *loader, const struct skm_json *json, skm_err err,
                    const char *what)
{
    if (skm_is_err(err, SKM_E_MEMORY)) {
        return err;
    }
    SKM_CLEANUP(skm_buf_fini) struct skm_buf reason = {0};
    skm_buf_init(&reason, 4096);
    skm_value_json_fault_print(json, &loader->conform.fault, &reason);
    skm_conform_fault(&loader->conform, offset_of(loader, json->text.ptr) + json->err_offset,
                      "%s%.*s", what, SKM_SPAN_ARG(skm_buf_span(&reason)));
    return SKM_ERR(INVALID);
}

static bool is_faulty(const struct loader *loader, const struct item *item)
{
    return loader->conform.diags->errors != item->faults_before;
}

static bool is_blank_byte(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Where the next member's name stands in the source: behind blanks and the comma. */
static size_t name_offset(const struct loader *loader, const struct skm_json *json)
{
    skm_span text = json->text;
    size_t at = json->offset;
    while (at < text.len &&
           (is_blank_byte(text.ptr[at]) || text.ptr[at] == '\n' || text.ptr[at] == ',')) {
        at++;
    }
    return offset_of(loader, text.ptr) + at;
}

/* A reader over a part of the text. */
static skm_err open_part(struct loader *loader, skm_span raw, struct skm_json *out_json)
{
    return skm_json_init(out_json, raw, &loader->scratch, NULL);
}

/* ---- attributes and tags ---- */

typedef SKM_VEC(struct skm_value_field) field_vec;

/* One value of the record: type-directed where the schema has a type for it. */
static skm_err read_field(struct loader *loader, struct skm_json *json, enum skm_conform_part part,
                          skm_span key, size_t key_offset, field_vec *fields)
{
    const struct skm_type *expected = NULL;
    if (!skm_conform_field(&loader->conform, part, key, key_offset, &expected)) {
        return skm_json_skip(json);
    }
    struct skm_value_field *field = NULL;
    struct skm_value value = {0};
    SKM_TRY(skm_value_json_read(&loader->conform.how, json, expected, &value));
    SKM_TRY(SKM_VEC_PUSH(&loader->scratch, fields, SKM_ENTITIES_MAX, &field));
    *field = (struct skm_value_field){key, value};
    return SKM_OK;
}

static skm_err read_fields(struct loader *loader, struct skm_json *json, enum skm_conform_part part,
                           skm_span *out_key, field_vec *fields)
{
    SKM_TRY(skm_json_enter_object(json));
    for (;;) {
        bool more = false;
        size_t offset = name_offset(loader, json);
        SKM_TRY(skm_json_next_member(json, &more, out_key));
        if (!more) {
            return SKM_OK;
        }
        SKM_TRY(read_field(loader, json, part, *out_key, offset, fields));
    }
}

static skm_err read_record(struct loader *loader, struct skm_json *json, enum skm_conform_part part,
                           const struct skm_value_record **out_record)
{
    field_vec fields = {0};
    skm_span key = {0};
    size_t offset = offset_of(loader, json->text.ptr) + skm_json_value_offset(json);
    skm_err err = read_fields(loader, json, part, &key, &fields);
    if (!skm_is_ok(err)) {
        char what[160];
        skm_conform_describe(part, key, what, sizeof(what));
        return tell(loader, json, err, what);
    }
    struct skm_value record = {0};
    SKM_TRY(skm_value_record_build(&loader->scratch, fields.items, fields.len, &record));
    skm_conform_record(&loader->conform, part, record.as.record, offset);
    *out_record = record.as.record;
    return SKM_OK;
}

/* ---- uid and parents ---- */

static skm_err read_uid(struct loader *loader, struct skm_json *json, struct item *item)
{
    size_t offset = offset_of(loader, json->text.ptr) + skm_json_value_offset(json);
    skm_err err = skm_value_json_read_uid(&loader->conform.uid_how, json, &item->entity.uid);
    if (!skm_is_ok(err)) {
        return tell(loader, json, err, "`uid`: ");
    }
    item->has_uid = true;
    skm_conform_entity(&loader->conform, &item->entity.uid, offset);
    /* What an entity of no known type may hold is not known either. */
    return is_faulty(loader, item) ? SKM_ERR(INVALID) : SKM_OK;
}

static skm_err read_parent_items(struct loader *loader, struct skm_json *json,
                                 struct skm_entity *entity)
{
    SKM_VEC(struct skm_uid) parents = {0};
    SKM_TRY(skm_json_enter_array(json));
    for (;;) {
        bool more = false;
        SKM_TRY(skm_json_next_item(json, &more));
        if (!more) {
            break;
        }
        struct skm_uid *parent = NULL;
        size_t offset = offset_of(loader, json->text.ptr) + skm_json_value_offset(json);
        SKM_TRY(SKM_VEC_PUSH(&loader->scratch, &parents, SKM_ENTITIES_MAX, &parent));
        SKM_TRY(skm_value_json_read_uid(&loader->conform.uid_how, json, parent));
        skm_conform_parent(&loader->conform, parent, offset);
    }
    entity->parents = parents.items;
    entity->parent_count = parents.len;
    return SKM_OK;
}

static skm_err read_parents(struct loader *loader, struct skm_json *json, struct item *item)
{
    skm_err err = read_parent_items(loader, json, &item->entity);
    return skm_is_ok(err) ? SKM_OK : tell(loader, json, err, "`parents`: ");
}

/* ---- one entity ---- */

static void unknown_member(struct loader *loader, skm_span name, size_t offset)
{
    skm_span nearest = skm_diag_nearest(name, member_names, MEMBER_COUNT);
    struct skm_diag *diag =
        skm_conform_warn(&loader->conform, offset, "unknown member `%.*s` of an entity is ignored",
                         SKM_SPAN_ARG(name));
    if (nearest.len > 0) {
        skm_diag_help(loader->conform.diags, diag, "did you mean `%.*s`?", SKM_SPAN_ARG(nearest));
    }
}

/* The reader stands before the member's value, and the uid is known unless this is it. */
static skm_err read_member(struct loader *loader, struct skm_json *json, enum member member,
                           struct item *item)
{
    switch (member) {
    case MEMBER_UID:
        return read_uid(loader, json, item);
    case MEMBER_ATTRS:
        return read_record(loader, json, SKM_CONFORM_ATTR, &item->entity.attrs);
    case MEMBER_TAGS:
        return read_record(loader, json, SKM_CONFORM_TAG, &item->entity.tags);
    case MEMBER_PARENTS:
        return read_parents(loader, json, item);
    case MEMBER_COUNT:
        break;
    }
    return SKM_ERR(INTERNAL);
}

static skm_err skip_or_keep(struct loader *loader, struct skm_json *json, skm_span *out_raw)
{
    skm_err err = skm_json_read_raw(json, out_raw);
    return skm_is_ok(err) ? SKM_OK : tell(loader, json, err, "");
}

static skm_err take_member(struct loader *loader, struct skm_json *json, skm_span name,
                           size_t name_at, struct item *item)
{
    size_t i = 0;
    while (i < MEMBER_COUNT && !skm_span_equal(name, member_names[i])) {
        i++;
    }
    if (i == MEMBER_COUNT) {
        skm_span ignored = {0};
        unknown_member(loader, name, name_at);
        return skip_or_keep(loader, json, &ignored);
    }
    item->seen[i] = true;
    return i == MEMBER_UID || item->has_uid ? read_member(loader, json, (enum member)i, item)
                                            : skip_or_keep(loader, json, &item->aside[i]);
}

static skm_err read_members(struct loader *loader, struct skm_json *json, struct item *item)
{
    skm_err err = skm_json_enter_object(json);
    while (skm_is_ok(err)) {
        bool more = false;
        skm_span name = {0};
        size_t name_at = name_offset(loader, json);
        err = skm_json_next_member(json, &more, &name);
        if (skm_is_ok(err) && !more) {
            err = skm_json_finish(json);
            break;
        }
        if (skm_is_ok(err)) {
            SKM_TRY(take_member(loader, json, name, name_at, item));
        }
    }
    return skm_is_ok(err) ? SKM_OK : tell(loader, json, err, "");
}

static skm_err read_aside(struct loader *loader, struct item *item)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        if (item->aside[i].ptr != NULL) {
            struct skm_json json;
            SKM_TRY(open_part(loader, item->aside[i], &json));
            SKM_TRY(read_member(loader, &json, (enum member)i, item));
        }
    }
    return SKM_OK;
}

static skm_err check_members(struct loader *loader, const struct item *item)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        if (i != MEMBER_TAGS && !item->seen[i]) {
            skm_conform_fault(&loader->conform, offset_of(loader, item->raw.ptr),
                              "an entity without `%.*s`", SKM_SPAN_ARG(member_names[i]));
        }
    }
    return is_faulty(loader, item) ? SKM_ERR(INVALID) : SKM_OK;
}

static skm_err add_item(struct loader *loader, const struct item *item)
{
    size_t offset = offset_of(loader, item->raw.ptr);
    struct skm_entity_origin origin = {loader->conform.source, (uint32_t)offset};
    skm_err err = skm_entities_add_from(loader->entities, &item->entity, &origin);
    if (skm_is_err(err, SKM_E_DUPLICATE)) {
        skm_conform_fault(&loader->conform, offset,
                          "this entity is there already, with other content");
        return SKM_OK;
    }
    return err;
}

static skm_err read_item(struct loader *loader, struct item *item)
{
    struct skm_json json;
    SKM_TRY(open_part(loader, item->raw, &json));
    SKM_TRY(read_members(loader, &json, item));
    SKM_TRY(check_members(loader, item));
    return read_aside(loader, item);
}

/* SKM_OK also when the entity is faulty: `failed` tells. */
static skm_err load_item(struct loader *loader, skm_span raw)
{
    struct item item = {.raw = raw, .faults_before = loader->conform.diags->errors};
    skm_arena_reset(&loader->scratch);
    skm_conform_forget(&loader->conform);
    skm_err err = read_item(loader, &item);
    if (skm_is_ok(err) && !is_faulty(loader, &item)) {
        err = add_item(loader, &item);
    }
    /* The uid the messages name ends with the item. */
    skm_conform_forget(&loader->conform);
    loader->failed = loader->failed || is_faulty(loader, &item);
    return skm_is_err(err, SKM_E_INVALID) ? SKM_OK : err;
}

/* ---- the whole text ---- */

static skm_err load_items(struct loader *loader, struct skm_json *json)
{
    SKM_TRY(skm_json_enter_array(json));
    for (;;) {
        bool more = false;
        skm_span raw = {0};
        SKM_TRY(skm_json_next_item(json, &more));
        if (!more) {
            return skm_json_finish(json);
        }
        SKM_TRY(skm_json_read_raw(json, &raw));
        skm_err err = load_item(loader, raw);
        if (!skm_is_ok(err)) {
            return skm_json_fail(json, err, skm_json_value_offset(json), skm_err_text(err));
        }
    }
}

static skm_err load_array(struct loader *loader, skm_span text)
{
    struct skm_arena arena;
    struct skm_json json;
    skm_arena_init(&arena, SCRATCH_QUOTA);
    skm_err err = skm_json_init(&json, text, &arena, NULL);
    if (skm_is_ok(err)) {
        err = load_items(loader, &json);
    }
    if (skm_err_class(err) == SKM_ERR_CLASS_MALFORMED || skm_is_err(err, SKM_E_DEPTH)) {
        err = tell(loader, &json, err, "");
    }
    skm_arena_fini(&arena);
    return err;
}

static bool is_blank(skm_span line)
{
    for (size_t i = 0; i < line.len; i++) {
        if (!is_blank_byte(line.ptr[i])) {
            return false;
        }
    }
    return true;
}

static skm_err load_lines(struct loader *loader, skm_span text)
{
    for (size_t start = 0; start < text.len;) {
        const char *end = memchr(text.ptr + start, '\n', text.len - start);
        size_t len = end == NULL ? text.len - start : (size_t)(end - (text.ptr + start));
        skm_span line = {text.ptr + start, len};
        if (!is_blank(line)) {
            SKM_TRY(load_item(loader, line));
        }
        start += len + 1;
    }
    return SKM_OK;
}

skm_err skm_entities_json_load(struct skm_entities *entities, const struct skm_source *source,
                               enum skm_entities_json_form form, const struct skm_schema *schema,
                               struct skm_diags *diags)
{
    if (source->text.len >= UINT32_MAX) {
        return SKM_ERR(SIZE);
    }
    SKM_CLEANUP(loader_fini) struct loader loader = {.entities = entities};
    skm_arena_init(&loader.scratch, SCRATCH_QUOTA);
    skm_conform_init(&loader.conform, &loader.scratch, source, schema, diags);
    switch (form) {
    case SKM_ENTITIES_JSON_ARRAY:
        SKM_TRY(load_array(&loader, source->text));
        break;
    case SKM_ENTITIES_JSON_LINES:
        SKM_TRY(load_lines(&loader, source->text));
        break;
    }
    return loader.failed ? SKM_ERR(INVALID) : SKM_OK;
}

enum skm_entities_json_form skm_entities_json_guess(const struct skm_source *source)
{
    for (size_t i = 0; i < source->text.len; i++) {
        char c = source->text.ptr[i];
        if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
            return c == '{' ? SKM_ENTITIES_JSON_LINES : SKM_ENTITIES_JSON_ARRAY;
        }
    }
    return SKM_ENTITIES_JSON_LINES;
}
