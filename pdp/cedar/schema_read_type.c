#include "cedar/schema_read_type.h"

#include "base/span.h"

skm_err skm_schema_read_new_type(struct skm_schema_reader *reader, struct skm_decl_type type,
                                 const struct skm_decl_type **out_type)
{
    struct skm_decl_type *copy = SKM_ARENA_NEW(reader->arena, struct skm_decl_type);
    if (copy == NULL) {
        return SKM_ERR(MEMORY);
    }
    *copy = type;
    *out_type = copy;
    return SKM_OK;
}

/* attr := annotations name ['?'] ':' type */
static skm_err read_attr(struct skm_schema_reader *reader, struct skm_decl_attr *out_attr)
{
    struct skm_decl_attr attr = {0};
    SKM_TRY(skm_schema_read_annotations(reader, &attr.annotations));
    SKM_TRY(skm_schema_read_name(reader, &attr.name));
    attr.required = !skm_schema_read_take(reader, SKM_TOKEN_QUESTION);
    SKM_TRY(skm_schema_read_expect(reader, SKM_TOKEN_COLON));
    SKM_TRY(skm_schema_read_type(reader, &attr.type));
    *out_attr = attr;
    return SKM_OK;
}

/* record := '{' [attr {',' attr} [',']] '}' */
skm_err skm_schema_read_record(struct skm_schema_reader *reader,
                               const struct skm_decl_type **out_type)
{
    SKM_VEC(struct skm_decl_attr) attrs = {0};
    uint32_t start = reader->token.range.start;
    SKM_TRY(skm_schema_read_expect(reader, SKM_TOKEN_BRACE_OPEN));
    while (reader->token.kind != SKM_TOKEN_BRACE_CLOSE) {
        struct skm_decl_attr attr = {0};
        struct skm_decl_attr *slot = NULL;
        SKM_TRY(read_attr(reader, &attr));
        SKM_TRY(SKM_VEC_PUSH(reader->arena, &attrs, SKM_DECL_PARTS_MAX, &slot));
        *slot = attr;
        if (!skm_schema_read_take(reader, SKM_TOKEN_COMMA)) {
            break;
        }
    }
    if (!skm_schema_read_take(reader, SKM_TOKEN_BRACE_CLOSE)) {
        return skm_schema_read_refuse(reader, attrs.len > 0 ? "`,` or `}`" : "an attribute or `}`",
                                      NULL);
    }
    return skm_schema_read_new_type(
        reader,
        (struct skm_decl_type){.kind = SKM_DECL_TYPE_RECORD,
                               .range = skm_schema_read_since(reader, start),
                               .attrs = attrs.items,
                               .attr_count = attrs.len},
        out_type);
}

/* path | 'Set' '<' type '>' */
static skm_err read_named_type(struct skm_schema_reader *reader,
                               const struct skm_decl_type **out_type)
{
    uint32_t start = reader->token.range.start;
    struct skm_decl_name path = {0};
    SKM_TRY(skm_schema_read_path(reader, &path));
    bool is_set = reader->token.kind == SKM_TOKEN_LT && skm_span_equal(path.text, SKM_SPAN("Set"));
    if (!is_set) {
        return skm_schema_read_new_type(reader,
                                        (struct skm_decl_type){.kind = SKM_DECL_TYPE_NAME,
                                                               .range = path.range,
                                                               .name = path.text},
                                        out_type);
    }
    const struct skm_decl_type *element = NULL;
    skm_schema_read_advance(reader);
    SKM_TRY(skm_schema_read_type(reader, &element));
    SKM_TRY(skm_schema_read_expect(reader, SKM_TOKEN_GT));
    return skm_schema_read_new_type(
        reader,
        (struct skm_decl_type){.kind = SKM_DECL_TYPE_SET,
                               .range = skm_schema_read_since(reader, start),
                               .element = element},
        out_type);
}

/* Recursion: counted, at most SKM_DECL_DEPTH_MAX. */
skm_err skm_schema_read_type(struct skm_schema_reader *reader,
                             const struct skm_decl_type **out_type)
{
    if (reader->depth >= SKM_DECL_DEPTH_MAX) {
        return skm_schema_read_fail(reader, reader->token.range, "the type nests too deeply",
                                    "give the inner part a name with `type`");
    }
    reader->depth++;
    if (reader->token.kind == SKM_TOKEN_BRACE_OPEN) {
        SKM_TRY(skm_schema_read_record(reader, out_type));
    } else if (reader->token.kind == SKM_TOKEN_IDENT) {
        SKM_TRY(read_named_type(reader, out_type));
    } else {
        return skm_schema_read_refuse(reader, "a type", NULL);
    }
    reader->depth--;
    return SKM_OK;
}
