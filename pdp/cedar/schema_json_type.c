#include "cedar/schema_json_type.h"

#include <string.h>

#include "base/span.h"
#include "base/vec.h"
#include "cedar/token.h"

typedef SKM_VEC(struct skm_decl_name) name_list;

/* ---- places ---- */

struct skm_range skm_schema_json_since(const struct skm_schema_json *reader, size_t start)
{
    return (struct skm_range){(uint32_t)start, (uint32_t)(reader->json.offset - start)};
}

/* The string that starts first behind `from`: between two members stand blanks and a comma only. */
static struct skm_range key_range(const struct skm_schema_json *reader, size_t from)
{
    skm_span text = reader->source->text;
    while (from < text.len && text.ptr[from] != '"') {
        from++;
    }
    size_t end = from + 1;
    while (end < text.len && text.ptr[end] != '"') {
        end += text.ptr[end] == '\\' ? 2 : 1;
    }
    end = end < text.len ? end + 1 : text.len;
    return (struct skm_range){(uint32_t)from, (uint32_t)(end - from)};
}

struct skm_diag *skm_schema_json_complain(struct skm_schema_json *reader, struct skm_range range,
                                          const char *message)
{
    return skm_diags_add(reader->diags, SKM_SEVERITY_ERROR, reader->source, range, "%s", message);
}

skm_err skm_schema_json_next(struct skm_schema_json *reader, bool *out_more,
                             struct skm_decl_name *out_key)
{
    size_t before = reader->json.offset;
    SKM_TRY(skm_json_next_member(&reader->json, out_more, &out_key->text));
    if (*out_more) {
        out_key->range = key_range(reader, before);
    }
    return SKM_OK;
}

bool skm_schema_json_is(const struct skm_decl_name *key, const char *word)
{
    return skm_span_equal(key->text, skm_span_cstr(word));
}

/* An unknown member: said, and read over. */
skm_err skm_schema_json_refuse(struct skm_schema_json *reader, const struct skm_decl_name *key,
                               const skm_span *known, size_t known_count)
{
    struct skm_diag *diag =
        skm_diags_add(reader->diags, SKM_SEVERITY_ERROR, reader->source, key->range,
                      "unknown member `%.*s`", SKM_SPAN_ARG(key->text));
    skm_span near = skm_diag_nearest(key->text, known, known_count);
    if (near.len > 0) {
        skm_diag_help(reader->diags, diag, "did you mean `%.*s`?", SKM_SPAN_ARG(near));
    }
    return skm_json_skip(&reader->json);
}

/* ---- names ---- */

bool skm_schema_json_is_name(skm_span word)
{
    return skm_token_is_ident(word) || skm_span_equal(word, SKM_SPAN("__cedar"));
}

/* Normalised: identifiers with `::` between them and nothing else. */
bool skm_schema_json_is_path(skm_span text)
{
    for (;;) {
        const char *end = text.len == 0 ? NULL : memmem(text.ptr, text.len, "::", 2);
        if (end == NULL) {
            return skm_schema_json_is_name(text);
        }
        size_t len = (size_t)(end - text.ptr);
        if (!skm_schema_json_is_name(skm_span_of(text.ptr, len))) {
            return false;
        }
        text = skm_span_from(text, len + 2);
    }
}

void skm_schema_json_check_name(struct skm_schema_json *reader, const struct skm_decl_name *name,
                                bool (*is_valid)(skm_span))
{
    if (is_valid(name->text)) {
        return;
    }
    struct skm_diag *diag =
        skm_diags_add(reader->diags, SKM_SEVERITY_ERROR, reader->source, name->range,
                      "`%.*s` is not a name", SKM_SPAN_ARG(name->text));
    skm_diag_help(reader->diags, diag,
                  "names are identifiers without blanks, other than the reserved words");
}

skm_err skm_schema_json_string(struct skm_schema_json *reader, struct skm_decl_name *out_text)
{
    size_t start = skm_json_value_offset(&reader->json);
    SKM_TRY(skm_json_read_string(&reader->json, &out_text->text));
    out_text->range = skm_schema_json_since(reader, start);
    return SKM_OK;
}

skm_err skm_schema_json_path(struct skm_schema_json *reader, struct skm_decl_name *out_path)
{
    SKM_TRY(skm_schema_json_string(reader, out_path));
    skm_schema_json_check_name(reader, out_path, skm_schema_json_is_path);
    return SKM_OK;
}

skm_err skm_schema_json_list(struct skm_schema_json *reader,
                             skm_err (*read)(struct skm_schema_json *, struct skm_decl_name *),
                             const struct skm_decl_name **out_names, size_t *out_count)
{
    name_list names = {0};
    SKM_TRY(skm_json_enter_array(&reader->json));
    for (;;) {
        bool more = false;
        struct skm_decl_name *slot = NULL;
        SKM_TRY(skm_json_next_item(&reader->json, &more));
        if (!more) {
            break;
        }
        SKM_TRY(SKM_VEC_PUSH(reader->arena, &names, SKM_DECL_PARTS_MAX, &slot));
        SKM_TRY(read(reader, slot));
    }
    *out_names = names.items;
    *out_count = names.len;
    return SKM_OK;
}

/* A member that may be null as well as absent: takes the null. */
skm_err skm_schema_json_take_null(struct skm_schema_json *reader, bool *out_null)
{
    enum skm_json_type type = SKM_JSON_NULL;
    SKM_TRY(skm_json_peek(&reader->json, &type));
    *out_null = type == SKM_JSON_NULL;
    return *out_null ? skm_json_read_null(&reader->json) : SKM_OK;
}

/* {key: string or null} */
skm_err skm_schema_json_annotations(struct skm_schema_json *reader,
                                    struct skm_decl_annotations *out_annotations)
{
    SKM_VEC(struct skm_annotation) list = {0};
    SKM_TRY(skm_json_enter_object(&reader->json));
    for (;;) {
        bool more = false;
        bool null = false;
        struct skm_decl_name key = {0};
        struct skm_annotation *slot = NULL;
        SKM_TRY(skm_schema_json_next(reader, &more, &key));
        if (!more) {
            break;
        }
        skm_schema_json_check_name(reader, &key, skm_token_is_any_ident);
        SKM_TRY(SKM_VEC_PUSH(reader->arena, &list, SKM_DECL_PARTS_MAX, &slot));
        *slot = (struct skm_annotation){.key = key.text, .value = SKM_SPAN(""), .range = key.range};
        SKM_TRY(skm_schema_json_take_null(reader, &null));
        if (!null) {
            SKM_TRY(skm_json_read_string(&reader->json, &slot->value));
            slot->has_value = true;
        }
    }
    *out_annotations = (struct skm_decl_annotations){list.items, list.len};
    return SKM_OK;
}

/* ---- types ---- */

enum type_field {
    FIELD_TYPE = 1u << 0,
    FIELD_ELEMENT = 1u << 1,
    FIELD_ATTRIBUTES = 1u << 2,
    FIELD_ADDITIONAL = 1u << 3,
    FIELD_NAME = 1u << 4,
};

/* Where a type stands decides which members it may have beside its own. */
enum type_place {
    PLACE_PLAIN = 0,
    PLACE_COMMON, /* annotations */
    PLACE_ATTR,   /* annotations, required */
};

/* The members of a type object, whatever its kind. */
struct type_members {
    unsigned fields; /* enum type_field: which are there */
    struct skm_decl_name type;
    struct skm_decl_name name;
    const struct skm_decl_type *element;
    const struct skm_decl_attr *attrs;
    size_t attr_count;
    bool additional;
    bool required;
    struct skm_decl_annotations annotations;
};

static skm_err read_type(struct skm_schema_json *reader, enum type_place place,
                         struct type_members *members, const struct skm_decl_type **out_type);

skm_err skm_schema_json_type(struct skm_schema_json *reader, const struct skm_decl_type **out_type)
{
    struct type_members members = {0};
    return read_type(reader, PLACE_PLAIN, &members, out_type);
}

static skm_err read_attrs(struct skm_schema_json *reader, struct type_members *out_members)
{
    SKM_VEC(struct skm_decl_attr) attrs = {0};
    SKM_TRY(skm_json_enter_object(&reader->json));
    for (;;) {
        bool more = false;
        struct skm_decl_attr attr = {0};
        struct skm_decl_attr *slot = NULL;
        struct type_members members = {.required = true};
        SKM_TRY(skm_schema_json_next(reader, &more, &attr.name));
        if (!more) {
            break;
        }
        SKM_TRY(read_type(reader, PLACE_ATTR, &members, &attr.type));
        attr.required = members.required;
        attr.annotations = members.annotations;
        SKM_TRY(SKM_VEC_PUSH(reader->arena, &attrs, SKM_DECL_PARTS_MAX, &slot));
        *slot = attr;
    }
    out_members->attrs = attrs.items;
    out_members->attr_count = attrs.len;
    return SKM_OK;
}

static skm_err read_type_member(struct skm_schema_json *reader, enum type_place place,
                                const struct skm_decl_name *key, struct type_members *members)
{
    static const skm_span KNOWN[] = {{"type", 4}, {"element", 7},  {"attributes", 10},
                                     {"name", 4}, {"required", 8}, {"annotations", 11}};
    if (skm_schema_json_is(key, "type")) {
        members->fields |= FIELD_TYPE;
        return skm_schema_json_string(reader, &members->type);
    }
    if (skm_schema_json_is(key, "element")) {
        members->fields |= FIELD_ELEMENT;
        return skm_schema_json_type(reader, &members->element);
    }
    if (skm_schema_json_is(key, "attributes")) {
        members->fields |= FIELD_ATTRIBUTES;
        return read_attrs(reader, members);
    }
    if (skm_schema_json_is(key, "additionalAttributes")) {
        members->fields |= FIELD_ADDITIONAL;
        return skm_json_read_bool(&reader->json, &members->additional);
    }
    if (skm_schema_json_is(key, "name")) {
        members->fields |= FIELD_NAME;
        return skm_schema_json_string(reader, &members->name);
    }
    if (place == PLACE_ATTR && skm_schema_json_is(key, "required")) {
        return skm_json_read_bool(&reader->json, &members->required);
    }
    if (place != PLACE_PLAIN && skm_schema_json_is(key, "annotations")) {
        return skm_schema_json_annotations(reader, &members->annotations);
    }
    return skm_schema_json_refuse(reader, key, KNOWN, sizeof(KNOWN) / sizeof(KNOWN[0]));
}

static skm_err read_type_members(struct skm_schema_json *reader, enum type_place place,
                                 struct type_members *members)
{
    SKM_TRY(skm_json_enter_object(&reader->json));
    for (;;) {
        bool more = false;
        struct skm_decl_name key = {0};
        SKM_TRY(skm_schema_json_next(reader, &more, &key));
        if (!more) {
            return SKM_OK;
        }
        SKM_TRY(read_type_member(reader, place, &key, members));
    }
}

/* What the word behind "type" asks for. What is in no row is the name of a common type. */
static const struct type_row {
    const char *word;
    enum skm_decl_type_kind kind;
    unsigned must; /* fields that have to be there */
    unsigned may;
    const char *builtin;
} TYPE_ROWS[] = {
    {"String", SKM_DECL_TYPE_BUILTIN, 0, 0, "String"},
    {"Long", SKM_DECL_TYPE_BUILTIN, 0, 0, "Long"},
    {"Boolean", SKM_DECL_TYPE_BUILTIN, 0, 0, "Bool"},
    {"Set", SKM_DECL_TYPE_SET, FIELD_ELEMENT, 0, NULL},
    {"Record", SKM_DECL_TYPE_RECORD, FIELD_ATTRIBUTES, FIELD_ADDITIONAL, NULL},
    {"Entity", SKM_DECL_TYPE_ENTITY, FIELD_NAME, 0, NULL},
    {"EntityOrCommon", SKM_DECL_TYPE_NAME, FIELD_NAME, 0, NULL},
    {"Extension", SKM_DECL_TYPE_BUILTIN, FIELD_NAME, 0, NULL},
};

static const struct type_row *find_row(skm_span word)
{
    static const struct type_row COMMON = {NULL, SKM_DECL_TYPE_COMMON, 0, 0, NULL};
    for (size_t i = 0; i < sizeof(TYPE_ROWS) / sizeof(TYPE_ROWS[0]); i++) {
        if (skm_span_equal(word, skm_span_cstr(TYPE_ROWS[i].word))) {
            return &TYPE_ROWS[i];
        }
    }
    return &COMMON;
}

static bool check_fields(struct skm_schema_json *reader, const struct type_row *row,
                         const struct type_members *members, struct skm_range range)
{
    static const struct {
        enum type_field field;
        const char *missing;
        const char *spare;
    } FIELDS[] = {
        {FIELD_ELEMENT, "the type has no `element`", "this type has no `element`"},
        {FIELD_ATTRIBUTES, "the type has no `attributes`", "this type has no `attributes`"},
        {FIELD_ADDITIONAL, "", "this type has no `additionalAttributes`"},
        {FIELD_NAME, "the type has no `name`", "this type has no `name`"},
    };
    unsigned missing = row->must & ~members->fields;
    unsigned spare = members->fields & ~(row->must | row->may | FIELD_TYPE);
    for (size_t i = 0; i < sizeof(FIELDS) / sizeof(FIELDS[0]); i++) {
        if ((missing & FIELDS[i].field) != 0) {
            (void)skm_schema_json_complain(reader, range, FIELDS[i].missing);
        }
        if ((spare & FIELDS[i].field) != 0) {
            (void)skm_schema_json_complain(reader, range, FIELDS[i].spare);
        }
    }
    return missing == 0 && spare == 0;
}

/* An extension type bears a plain name; the resolver knows which there are. */
static void check_type_names(struct skm_schema_json *reader, const struct type_row *row,
                             const struct type_members *members)
{
    if (row->kind == SKM_DECL_TYPE_COMMON) {
        skm_schema_json_check_name(reader, &members->type, skm_schema_json_is_path);
    }
    if ((row->must & FIELD_NAME) != 0) {
        skm_schema_json_check_name(reader, &members->name,
                                   row->kind == SKM_DECL_TYPE_BUILTIN ? skm_token_is_ident
                                                                      : skm_schema_json_is_path);
    }
    if (members->additional) {
        struct skm_diag *diag = skm_schema_json_complain(
            reader, members->type.range, "records with additional attributes are not supported");
        skm_diag_help(reader->diags, diag, "leave `additionalAttributes` out");
    }
}

static skm_span type_name(const struct type_row *row, const struct type_members *members)
{
    if (row->builtin != NULL) {
        return skm_span_cstr(row->builtin);
    }
    return (row->must & FIELD_NAME) != 0 ? members->name.text : members->type.text;
}

/* A fault yields a type that stands in, so that reading goes on. */
static skm_err build_type(struct skm_schema_json *reader, const struct type_members *members,
                          struct skm_range range, const struct skm_decl_type **out_type)
{
    struct skm_decl_type *type = SKM_ARENA_NEW(reader->arena, struct skm_decl_type);
    if (type == NULL) {
        return SKM_ERR(MEMORY);
    }
    *type = (struct skm_decl_type){
        .kind = SKM_DECL_TYPE_BUILTIN, .range = range, .name = SKM_SPAN("Long")};
    *out_type = type;
    if ((members->fields & FIELD_TYPE) == 0) {
        (void)skm_schema_json_complain(reader, range, "the type has no `type`");
        return SKM_OK;
    }
    const struct type_row *row = find_row(members->type.text);
    if (!check_fields(reader, row, members, range)) {
        return SKM_OK;
    }
    check_type_names(reader, row, members);
    type->kind = row->kind;
    type->name = type_name(row, members);
    type->element = members->element;
    type->attrs = members->attrs;
    type->attr_count = members->attr_count;
    return SKM_OK;
}

/* Recursion: counted, at most SKM_DECL_DEPTH_MAX. */
static skm_err read_type(struct skm_schema_json *reader, enum type_place place,
                         struct type_members *members, const struct skm_decl_type **out_type)
{
    size_t start = skm_json_value_offset(&reader->json);
    if (reader->depth >= SKM_DECL_DEPTH_MAX) {
        return skm_json_fail(&reader->json, SKM_ERR(DEPTH), start, "the type nests too deeply");
    }
    reader->depth++;
    SKM_TRY(read_type_members(reader, place, members));
    reader->depth--;
    return build_type(reader, members, skm_schema_json_since(reader, start), out_type);
}

skm_err skm_schema_json_common_type(struct skm_schema_json *reader,
                                    const struct skm_decl_type **out_type,
                                    struct skm_decl_annotations *out_annotations)
{
    struct type_members members = {0};
    SKM_TRY(read_type(reader, PLACE_COMMON, &members, out_type));
    *out_annotations = members.annotations;
    return SKM_OK;
}
