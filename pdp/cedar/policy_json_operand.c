/* Operands that are no expressions: names, patterns, types. */
#include "base/buf.h"
#include "base/span.h"
#include "cedar/parse.h"
#include "cedar/policy_json_reader.h"

/* "a", or where a path may stand also ["a", "b"], which is not empty */
skm_err skm_policy_reader_names(struct skm_policy_reader *reader, bool path,
                                const skm_span **out_names, size_t *out_count)
{
    size_t offset = skm_policy_reader_offset(reader);
    enum skm_json_type type = SKM_JSON_NULL;
    SKM_VEC(skm_span) names = {0};
    skm_span *name = NULL;
    SKM_TRY(skm_json_peek(&reader->json, &type));
    if (type != SKM_JSON_ARRAY || !path) {
        SKM_TRY(SKM_VEC_PUSH(reader->arena, &names, SIZE_MAX, &name));
        SKM_TRY(skm_json_read_string(&reader->json, name));
    } else {
        bool more = false;
        SKM_TRY(skm_json_enter_array(&reader->json));
        SKM_TRY(skm_json_next_item(&reader->json, &more));
        while (more) {
            SKM_TRY(SKM_VEC_PUSH(reader->arena, &names, SIZE_MAX, &name));
            SKM_TRY(skm_json_read_string(&reader->json, name));
            SKM_TRY(skm_json_next_item(&reader->json, &more));
        }
    }
    *out_names = names.items;
    *out_count = names.len;
    return names.len != 0 ? SKM_OK
                          : SKM_POLICY_REFUSE(reader, offset, "an empty path of attributes");
}

/* "Wildcard" or {"Literal":text} */
static skm_err read_pattern_item(struct skm_policy_reader *reader, skm_span *out_text,
                                 bool *out_star)
{
    size_t offset = skm_policy_reader_offset(reader);
    enum skm_json_type type = SKM_JSON_NULL;
    bool more = false;
    skm_span key = {0};
    SKM_TRY(skm_json_peek(&reader->json, &type));
    *out_star = type != SKM_JSON_OBJECT;
    if (*out_star) {
        SKM_TRY(skm_json_read_string(&reader->json, &key));
        return skm_span_equal(key, SKM_SPAN("Wildcard"))
                   ? SKM_OK
                   : SKM_POLICY_REFUSE(reader, offset,
                                       "a pattern holds \"Wildcard\" and {\"Literal\":..}");
    }
    SKM_TRY(skm_json_enter_object(&reader->json));
    SKM_TRY(skm_json_next_member(&reader->json, &more, &key));
    if (!more || !skm_span_equal(key, SKM_SPAN("Literal"))) {
        return SKM_POLICY_REFUSE(reader, offset,
                                 "a pattern holds \"Wildcard\" and {\"Literal\":..}");
    }
    SKM_TRY(skm_json_read_string(&reader->json, out_text));
    SKM_TRY(skm_json_next_member(&reader->json, &more, &key));
    return more ? SKM_POLICY_REFUSE(reader, offset,
                                    "a pattern holds \"Wildcard\" and {\"Literal\":..}")
                : SKM_OK;
}

typedef SKM_VEC(struct skm_pattern_part) part_vec;

/* Adds what was gathered in `text` to the pattern. */
static skm_err push_part(struct skm_policy_reader *reader, part_vec *parts, struct skm_buf *text,
                         bool star)
{
    SKM_TRY(skm_buf_check(text));
    /* As in the text form: a wildcard right behind a wildcard adds nothing. */
    if (text->len == 0 && (parts->len != 0 || !star)) {
        return SKM_OK;
    }
    struct skm_pattern_part *part = NULL;
    SKM_TRY(SKM_VEC_PUSH(reader->arena, parts, SIZE_MAX, &part));
    part->star = star;
    SKM_TRY(skm_arena_dup(reader->arena, skm_buf_span(text), &part->text));
    skm_buf_reset(text);
    return SKM_OK;
}

static skm_err read_pattern_parts(struct skm_policy_reader *reader, part_vec *parts,
                                  struct skm_buf *text)
{
    SKM_TRY(skm_json_enter_array(&reader->json));
    for (;;) {
        bool more = false;
        bool star = false;
        skm_span literal = {0};
        SKM_TRY(skm_json_next_item(&reader->json, &more));
        if (!more) {
            return push_part(reader, parts, text, false);
        }
        SKM_TRY(read_pattern_item(reader, &literal, &star));
        skm_buf_append(text, literal);
        if (star) {
            SKM_TRY(push_part(reader, parts, text, true));
        }
    }
}

/* Literals that follow each other are one. */
skm_err skm_policy_reader_pattern(struct skm_policy_reader *reader, struct skm_pattern *out_pattern)
{
    struct skm_buf text;
    part_vec parts = {0};
    skm_buf_init(&text, SKM_PARSE_TEXT_MAX);
    skm_err err = read_pattern_parts(reader, &parts, &text);
    skm_buf_fini(&text);
    SKM_TRY(err);
    *out_pattern = (struct skm_pattern){.parts = parts.items, .count = parts.len};
    return SKM_OK;
}

skm_err skm_policy_reader_type(struct skm_policy_reader *reader, skm_span *out_type)
{
    size_t offset = skm_policy_reader_offset(reader);
    SKM_TRY(skm_json_read_string(&reader->json, out_type));
    return skm_parse_is_name(*out_type)
               ? SKM_OK
               : SKM_POLICY_REFUSE(reader, offset, "`%.*s` is not the name of an entity type",
                                   SKM_SPAN_ARG(*out_type));
}
