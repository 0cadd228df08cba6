#include "cedar/schema_parse.h"

#include "base/attr.h"
#include "base/span.h"
#include "base/utf8.h"
#include "cedar/schema_read.h"
#include "cedar/schema_read_type.h"
#include "cedar/schema_resolve.h"

typedef SKM_VEC(struct skm_decl_action_ref) ref_list;

/* A namespace being read. */
struct space {
    struct skm_decl_name name;
    struct skm_decl_annotations annotations;
    SKM_VEC(struct skm_decl_common) commons;
    SKM_VEC(struct skm_decl_entity) entities;
    SKM_VEC(struct skm_decl_action) actions;
};

struct parser {
    struct skm_schema_reader reader;
    struct space *top; /* declarations outside of any namespace */
    SKM_VEC(struct skm_decl_namespace) spaces;
};

/* ---- common types ---- */

/* typedecl := 'type' IDENT '=' type ';' */
static skm_err parse_common(struct parser *parser, struct space *space,
                            struct skm_decl_annotations annotations)
{
    struct skm_schema_reader *reader = &parser->reader;
    struct skm_decl_common common = {.annotations = annotations};
    struct skm_decl_common *slot = NULL;
    skm_schema_read_advance(reader);
    SKM_TRY(skm_schema_read_ident(reader, &common.name));
    SKM_TRY(skm_schema_read_expect(reader, SKM_TOKEN_ASSIGN));
    SKM_TRY(skm_schema_read_type(reader, &common.type));
    SKM_TRY(skm_schema_read_expect(reader, SKM_TOKEN_SEMICOLON));
    SKM_TRY(SKM_VEC_PUSH(reader->arena, &space->commons, SKM_DECL_NAMES_MAX, &slot));
    *slot = common;
    return SKM_OK;
}

/* ---- entity types ---- */

/* item {',' item}, each read by `read` */
static skm_err parse_list(struct parser *parser, skm_decl_name_list *list,
                          skm_err (*read)(struct skm_schema_reader *, struct skm_decl_name *))
{
    struct skm_schema_reader *reader = &parser->reader;
    do {
        struct skm_decl_name name = {0};
        struct skm_decl_name *slot = NULL;
        SKM_TRY(read(reader, &name));
        SKM_TRY(SKM_VEC_PUSH(reader->arena, list, SKM_DECL_PARTS_MAX, &slot));
        *slot = name;
    } while (skm_schema_read_take(reader, SKM_TOKEN_COMMA));
    return SKM_OK;
}

/* 'enum' '[' STRING {',' STRING} ']' */
static skm_err parse_enum(struct parser *parser, struct skm_decl_entity *entity)
{
    struct skm_schema_reader *reader = &parser->reader;
    skm_decl_name_list ids = {0};
    skm_schema_read_advance(reader);
    SKM_TRY(skm_schema_read_expect(reader, SKM_TOKEN_BRACKET_OPEN));
    SKM_TRY(parse_list(parser, &ids, skm_schema_read_string));
    SKM_TRY(skm_schema_read_expect(reader, SKM_TOKEN_BRACKET_CLOSE));
    entity->is_enum = true;
    entity->enum_ids = ids.items;
    entity->enum_count = ids.len;
    return SKM_OK;
}

static skm_err parse_parents(struct parser *parser, struct skm_decl_entity *entity)
{
    skm_decl_name_list parents = {0};
    if (!skm_schema_read_take_word(&parser->reader, "in")) {
        return SKM_OK;
    }
    SKM_TRY(skm_schema_read_types(&parser->reader, &parents));
    entity->parents = parents.items;
    entity->parent_count = parents.len;
    return SKM_OK;
}

/* [['='] record] ['tags' type] */
static skm_err parse_body(struct parser *parser, struct skm_decl_entity *entity)
{
    struct skm_schema_reader *reader = &parser->reader;
    bool assigned = skm_schema_read_take(reader, SKM_TOKEN_ASSIGN);
    if (reader->token.kind == SKM_TOKEN_BRACE_OPEN) {
        SKM_TRY(skm_schema_read_record(reader, &entity->shape));
    } else if (assigned) {
        return skm_schema_read_refuse(reader, "`{`", NULL);
    }
    return skm_schema_read_take_word(reader, "tags") ? skm_schema_read_type(reader, &entity->tags)
                                                     : SKM_OK;
}

static skm_err end_declaration(struct parser *parser, bool is_external)
{
    struct skm_schema_reader *reader = &parser->reader;
    struct skm_diag *diag = NULL;
    if (skm_schema_read_take(reader, SKM_TOKEN_SEMICOLON)) {
        return SKM_OK;
    }
    skm_err err = skm_schema_read_refuse(reader, "`;`", &diag);
    if (is_external) {
        skm_diag_help(reader->diags, diag, "an `external` declaration has `in` and nothing else");
    }
    return err;
}

/* entity, behind `external` if that is there */
static skm_err parse_entity(struct parser *parser, struct space *space,
                            struct skm_decl_annotations annotations, bool is_external)
{
    struct skm_schema_reader *reader = &parser->reader;
    struct skm_decl_entity entity = {.annotations = annotations, .is_external = is_external};
    skm_decl_name_list names = {0};
    skm_schema_read_advance(reader);
    SKM_TRY(parse_list(parser, &names, skm_schema_read_ident));
    if (skm_schema_read_at_word(reader, "enum") && !is_external) {
        SKM_TRY(parse_enum(parser, &entity));
    } else {
        SKM_TRY(parse_parents(parser, &entity));
        if (!is_external) {
            SKM_TRY(parse_body(parser, &entity));
        }
    }
    SKM_TRY(end_declaration(parser, is_external));
    for (size_t i = 0; i < names.len; i++) {
        struct skm_decl_entity *slot = NULL;
        SKM_TRY(SKM_VEC_PUSH(reader->arena, &space->entities, SKM_DECL_NAMES_MAX, &slot));
        *slot = entity;
        slot->name = names.items[i];
    }
    return SKM_OK;
}

/* ---- actions ---- */

static skm_err push_ref(struct parser *parser, ref_list *refs)
{
    struct skm_decl_action_ref ref = {0};
    struct skm_decl_action_ref *slot = NULL;
    SKM_TRY(skm_schema_read_qname(&parser->reader, &ref));
    SKM_TRY(SKM_VEC_PUSH(parser->reader.arena, refs, SKM_DECL_PARTS_MAX, &slot));
    *slot = ref;
    return SKM_OK;
}

/* ['in' (qname | '[' qname {',' qname} ']')] */
static skm_err parse_groups(struct parser *parser, struct skm_decl_action *action)
{
    struct skm_schema_reader *reader = &parser->reader;
    ref_list refs = {0};
    if (!skm_schema_read_take_word(reader, "in")) {
        return SKM_OK;
    }
    if (skm_schema_read_take(reader, SKM_TOKEN_BRACKET_OPEN)) {
        do {
            SKM_TRY(push_ref(parser, &refs));
        } while (skm_schema_read_take(reader, SKM_TOKEN_COMMA));
        SKM_TRY(skm_schema_read_expect(reader, SKM_TOKEN_BRACKET_CLOSE));
    } else {
        SKM_TRY(push_ref(parser, &refs));
    }
    action->parents = refs.items;
    action->parent_count = refs.len;
    return SKM_OK;
}

/* What `appliesTo` said so far: each may be there once. */
struct applies {
    struct skm_range principal;
    struct skm_range resource;
    struct skm_range context;
};

static skm_err parse_app_types(struct parser *parser, const struct skm_decl_name **out_types,
                               size_t *out_count)
{
    struct skm_schema_reader *reader = &parser->reader;
    uint32_t start = reader->token.range.start;
    skm_decl_name_list types = {0};
    SKM_TRY(skm_schema_read_types(reader, &types));
    if (types.len == 0) {
        return skm_schema_read_fail(reader, skm_schema_read_since(reader, start),
                                    "the list of entity types is empty",
                                    "an action that applies to nothing has no `appliesTo`");
    }
    *out_types = types.items;
    *out_count = types.len;
    return SKM_OK;
}

static skm_err parse_context(struct parser *parser, struct skm_decl_action *action)
{
    struct skm_schema_reader *reader = &parser->reader;
    if (reader->token.kind == SKM_TOKEN_BRACE_OPEN) {
        return skm_schema_read_record(reader, &action->context);
    }
    if (reader->token.kind != SKM_TOKEN_IDENT) {
        return skm_schema_read_refuse(reader, "a record or the name of a common type", NULL);
    }
    struct skm_decl_name path = {0};
    SKM_TRY(skm_schema_read_path(reader, &path));
    return skm_schema_read_new_type(reader,
                                    (struct skm_decl_type){.kind = SKM_DECL_TYPE_COMMON,
                                                           .range = path.range,
                                                           .name = path.text},
                                    &action->context);
}

static skm_err mark_once(struct parser *parser, struct skm_range *mark)
{
    struct skm_schema_reader *reader = &parser->reader;
    struct skm_range range = reader->token.range;
    if (mark->len > 0) {
        return skm_schema_read_fail(reader, range, "this is there twice", NULL);
    }
    *mark = range;
    skm_schema_read_advance(reader);
    return skm_schema_read_expect(reader, SKM_TOKEN_COLON);
}

/* app := ('principal' | 'resource') ':' types | 'context' ':' (path | record) */
static skm_err parse_app(struct parser *parser, struct applies *applies,
                         struct skm_decl_action *action)
{
    struct skm_schema_reader *reader = &parser->reader;
    if (skm_schema_read_at_word(reader, "principal")) {
        SKM_TRY(mark_once(parser, &applies->principal));
        return parse_app_types(parser, &action->principals, &action->principal_count);
    }
    if (skm_schema_read_at_word(reader, "resource")) {
        SKM_TRY(mark_once(parser, &applies->resource));
        return parse_app_types(parser, &action->resources, &action->resource_count);
    }
    if (skm_schema_read_at_word(reader, "context")) {
        SKM_TRY(mark_once(parser, &applies->context));
        return parse_context(parser, action);
    }
    return skm_schema_read_refuse(reader, "`principal`, `resource` or `context`", NULL);
}

/* ['appliesTo' '{' app {',' app} [','] '}'] */
static skm_err parse_applies(struct parser *parser, struct skm_decl_action *action)
{
    struct skm_schema_reader *reader = &parser->reader;
    struct applies applies = {0};
    struct skm_range keyword = reader->token.range;
    if (!skm_schema_read_take_word(reader, "appliesTo")) {
        return SKM_OK;
    }
    SKM_TRY(skm_schema_read_expect(reader, SKM_TOKEN_BRACE_OPEN));
    do {
        SKM_TRY(parse_app(parser, &applies, action));
    } while (skm_schema_read_take(reader, SKM_TOKEN_COMMA) &&
             reader->token.kind != SKM_TOKEN_BRACE_CLOSE);
    SKM_TRY(skm_schema_read_expect(reader, SKM_TOKEN_BRACE_CLOSE));
    if (applies.principal.len == 0 || applies.resource.len == 0) {
        return skm_schema_read_fail(reader, keyword,
                                    applies.principal.len == 0 ? "`appliesTo` has no `principal`"
                                                               : "`appliesTo` has no `resource`",
                                    NULL);
    }
    return SKM_OK;
}

static skm_err parse_attributes(struct parser *parser)
{
    struct skm_schema_reader *reader = &parser->reader;
    if (!skm_schema_read_take_word(reader, "attributes")) {
        return SKM_OK;
    }
    SKM_TRY(skm_schema_read_expect(reader, SKM_TOKEN_BRACE_OPEN));
    if (reader->token.kind != SKM_TOKEN_BRACE_CLOSE) {
        return skm_schema_read_fail(reader, reader->token.range, "actions have no attributes",
                                    NULL);
    }
    skm_schema_read_advance(reader);
    return SKM_OK;
}

/* action, behind `external` if that is there */
static skm_err parse_action(struct parser *parser, struct space *space,
                            struct skm_decl_annotations annotations, bool is_external)
{
    struct skm_schema_reader *reader = &parser->reader;
    struct skm_decl_action action = {.annotations = annotations, .is_external = is_external};
    skm_decl_name_list names = {0};
    skm_schema_read_advance(reader);
    SKM_TRY(parse_list(parser, &names, skm_schema_read_name));
    SKM_TRY(parse_groups(parser, &action));
    if (!is_external) {
        SKM_TRY(parse_applies(parser, &action));
        SKM_TRY(parse_attributes(parser));
    }
    SKM_TRY(end_declaration(parser, is_external));
    for (size_t i = 0; i < names.len; i++) {
        struct skm_decl_action *slot = NULL;
        SKM_TRY(SKM_VEC_PUSH(reader->arena, &space->actions, SKM_DECL_NAMES_MAX, &slot));
        *slot = action;
        slot->name = names.items[i];
    }
    return SKM_OK;
}

/* ---- declarations and namespaces ---- */

static skm_err parse_external(struct parser *parser, struct space *space,
                              struct skm_decl_annotations annotations)
{
    struct skm_schema_reader *reader = &parser->reader;
    skm_schema_read_advance(reader);
    if (skm_schema_read_at_word(reader, "entity")) {
        return parse_entity(parser, space, annotations, true);
    }
    if (skm_schema_read_at_word(reader, "action")) {
        return parse_action(parser, space, annotations, true);
    }
    return skm_schema_read_refuse(reader, "`entity` or `action`", NULL);
}

static skm_err parse_decl(struct parser *parser, struct space *space,
                          struct skm_decl_annotations annotations, const char *expected)
{
    struct skm_schema_reader *reader = &parser->reader;
    reader->depth = 0;
    if (skm_schema_read_at_word(reader, "entity")) {
        return parse_entity(parser, space, annotations, false);
    }
    if (skm_schema_read_at_word(reader, "action")) {
        return parse_action(parser, space, annotations, false);
    }
    if (skm_schema_read_at_word(reader, "type")) {
        return parse_common(parser, space, annotations);
    }
    if (skm_schema_read_at_word(reader, "external")) {
        return parse_external(parser, space, annotations);
    }
    return skm_schema_read_refuse(reader, expected, NULL);
}

/* Behind a fault: on to the end of the declaration, which is the `;` outside of what it opened, or before the `}` of its
 * namespace. `open` is what was open where the declaration began. */
static void recover(struct parser *parser, unsigned open)
{
    struct skm_schema_reader *reader = &parser->reader;
    while (reader->token.kind != SKM_TOKEN_END) {
        bool outside = reader->open <= open;
        if (outside && skm_schema_read_take(reader, SKM_TOKEN_SEMICOLON)) {
            return;
        }
        if (outside && open > 0 && reader->token.kind == SKM_TOKEN_BRACE_CLOSE) {
            return;
        }
        skm_schema_read_advance(reader);
    }
}

static skm_err settle(struct parser *parser, unsigned open, skm_err err)
{
    if (!skm_is_err(err, SKM_E_SYNTAX)) {
        return err;
    }
    recover(parser, open);
    return SKM_OK;
}

static skm_err parse_inner(struct parser *parser, struct space *space)
{
    struct skm_decl_annotations annotations = {0};
    SKM_TRY(skm_schema_read_annotations(&parser->reader, &annotations));
    return parse_decl(parser, space, annotations, "`entity`, `action`, `type` or `}`");
}

static skm_err close_space(struct parser *parser, const struct space *space)
{
    struct skm_decl_namespace *slot = NULL;
    SKM_TRY(SKM_VEC_PUSH(parser->reader.arena, &parser->spaces, SKM_DECL_NAMES_MAX, &slot));
    *slot = (struct skm_decl_namespace){
        .name = space->name,
        .annotations = space->annotations,
        .commons = space->commons.items,
        .common_count = space->commons.len,
        .entities = space->entities.items,
        .entity_count = space->entities.len,
        .actions = space->actions.items,
        .action_count = space->actions.len,
    };
    return SKM_OK;
}

/* 'namespace' path '{' { annotations decl } '}' */
static skm_err parse_namespace(struct parser *parser, struct skm_decl_annotations annotations)
{
    struct skm_schema_reader *reader = &parser->reader;
    struct space space = {.annotations = annotations};
    skm_schema_read_advance(reader);
    SKM_TRY(skm_schema_read_path(reader, &space.name));
    SKM_TRY(skm_schema_read_expect(reader, SKM_TOKEN_BRACE_OPEN));
    unsigned open = reader->open;
    while (reader->token.kind != SKM_TOKEN_BRACE_CLOSE && reader->token.kind != SKM_TOKEN_END) {
        SKM_TRY(settle(parser, open, parse_inner(parser, &space)));
    }
    SKM_TRY(skm_schema_read_expect(reader, SKM_TOKEN_BRACE_CLOSE));
    return close_space(parser, &space);
}

static skm_err parse_outer(struct parser *parser)
{
    struct skm_decl_annotations annotations = {0};
    SKM_TRY(skm_schema_read_annotations(&parser->reader, &annotations));
    if (skm_schema_read_at_word(&parser->reader, "namespace")) {
        return parse_namespace(parser, annotations);
    }
    return parse_decl(parser, parser->top, annotations,
                      "`namespace`, `entity`, `action` or `type`");
}

static bool check_text(const struct skm_source *source, struct skm_diags *diags)
{
    size_t bad = 0;
    if (source->text.len > SKM_SCHEMA_TEXT_MAX) {
        (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, source, (struct skm_range){0, 0},
                            "the schema is longer than %u bytes", SKM_SCHEMA_TEXT_MAX);
        return false;
    }
    if (!skm_utf8_check(source->text, &bad)) {
        (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, source, (struct skm_range){(uint32_t)bad, 1},
                            "this is not UTF-8");
        return false;
    }
    return true;
}

static skm_err parse_file(struct parser *parser)
{
    struct space top = {0};
    size_t errors_before = parser->reader.diags->errors;
    parser->top = &top;
    skm_schema_read_start(&parser->reader);
    while (parser->reader.token.kind != SKM_TOKEN_END) {
        SKM_TRY(settle(parser, 0, parse_outer(parser)));
    }
    if (top.commons.len + top.entities.len + top.actions.len > 0) {
        SKM_TRY(close_space(parser, &top));
    }
    return parser->reader.diags->errors > errors_before ? SKM_ERR(INVALID) : SKM_OK;
}

skm_err skm_schema_parse_decls(struct skm_arena *arena, const struct skm_source *source,
                               struct skm_diags *diags, const struct skm_decl_schema **out_decls)
{
    if (!check_text(source, diags)) {
        return SKM_ERR(INVALID);
    }
    struct parser parser = {.reader = {.arena = arena, .source = source, .diags = diags}};
    skm_err err = parse_file(&parser);
    if (skm_is_err(err, SKM_E_COUNT)) {
        (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, source, parser.reader.token.range,
                            "there is more of this than a schema may have");
        return SKM_ERR(INVALID);
    }
    SKM_TRY(err);
    struct skm_decl_schema *schema = SKM_ARENA_NEW(arena, struct skm_decl_schema);
    if (schema == NULL) {
        return SKM_ERR(MEMORY);
    }
    *schema = (struct skm_decl_schema){source, parser.spaces.items, parser.spaces.len};
    *out_decls = schema;
    return SKM_OK;
}

skm_err skm_schema_parse(struct skm_arena *arena, const struct skm_source *source,
                         struct skm_diags *diags, const struct skm_schema **out_schema)
{
    const struct skm_decl_schema *decls = NULL;
    SKM_TRY(skm_schema_parse_decls(arena, source, diags, &decls));
    return skm_schema_resolve(arena, &decls, 1, diags, out_schema);
}

bool skm_schema_text_is_cedar(skm_span text)
{
    struct skm_token_reader tokens = {0};
    struct skm_token token = {0};
    skm_token_start(&tokens, text);
    skm_token_next(&tokens, &token);
    return token.kind != SKM_TOKEN_BRACE_OPEN;
}
