#include "cedar/schema_read.h"

#include <string.h>

#include "base/span.h"

/* Annotations of one declaration: their keys are compared with each other. */
#define ANNOTATIONS_MAX 256

void skm_schema_read_start(struct skm_schema_reader *reader)
{
    skm_token_start(&reader->tokens, reader->source->text);
    reader->open = 0;
    reader->last_end = 0;
    skm_token_next(&reader->tokens, &reader->token);
}

void skm_schema_read_advance(struct skm_schema_reader *reader)
{
    enum skm_token_kind kind = reader->token.kind;
    bool opens = kind == SKM_TOKEN_BRACE_OPEN || kind == SKM_TOKEN_BRACKET_OPEN ||
                 kind == SKM_TOKEN_PAREN_OPEN;
    bool closes = kind == SKM_TOKEN_BRACE_CLOSE || kind == SKM_TOKEN_BRACKET_CLOSE ||
                  kind == SKM_TOKEN_PAREN_CLOSE;
    reader->open += opens ? 1 : 0;
    reader->open -= closes && reader->open > 0 ? 1 : 0;
    reader->last_end = reader->token.range.start + reader->token.range.len;
    skm_token_next(&reader->tokens, &reader->token);
}

struct skm_range skm_schema_read_since(const struct skm_schema_reader *reader, uint32_t first)
{
    return (struct skm_range){first, reader->last_end - first};
}

static skm_span token_text(const struct skm_schema_reader *reader)
{
    return skm_token_bytes(reader->source->text, reader->token.range);
}

/* ---- faults ---- */

static const char *fault_text(enum skm_token_fault fault)
{
    switch (fault) {
    case SKM_TOKEN_FAULT_NONE:
    case SKM_TOKEN_FAULT_CHARACTER:
        return "this character has no meaning here";
    case SKM_TOKEN_FAULT_QUOTE:
        return "strings are written with `\"`";
    case SKM_TOKEN_FAULT_UNCLOSED:
        return "the string is not closed";
    case SKM_TOKEN_FAULT_LINE_ESCAPE:
        return "a backslash cannot stand before a line end";
    case SKM_TOKEN_FAULT_NUMBER_RANGE:
        return "the number is too large";
    }
    return "this is not a token";
}

skm_err skm_schema_read_fail(struct skm_schema_reader *reader, struct skm_range range,
                             const char *message, const char *help)
{
    struct skm_diag *diag =
        skm_diags_add(reader->diags, SKM_SEVERITY_ERROR, reader->source, range, "%s", message);
    if (help != NULL) {
        skm_diag_help(reader->diags, diag, "%s", help);
    }
    return SKM_ERR(SYNTAX);
}

skm_err skm_schema_read_refuse(struct skm_schema_reader *reader, const char *expected,
                               struct skm_diag **out_diag)
{
    const struct skm_token *token = &reader->token;
    if (token->kind == SKM_TOKEN_ERROR) {
        return skm_schema_read_fail(reader, token->range, fault_text(token->fault), NULL);
    }
    struct skm_diag *diag = NULL;
    if (token->kind == SKM_TOKEN_IDENT) {
        diag =
            skm_diags_add(reader->diags, SKM_SEVERITY_ERROR, reader->source, token->range,
                          "expected %s, found `%.*s`", expected, SKM_SPAN_ARG(token_text(reader)));
    } else {
        diag = skm_diags_add(reader->diags, SKM_SEVERITY_ERROR, reader->source, token->range,
                             "expected %s, found %s", expected, skm_token_kind_text(token->kind));
    }
    if (out_diag != NULL) {
        *out_diag = diag;
    }
    return SKM_ERR(SYNTAX);
}

/* ---- tokens ---- */

bool skm_schema_read_take(struct skm_schema_reader *reader, enum skm_token_kind kind)
{
    if (reader->token.kind != kind) {
        return false;
    }
    skm_schema_read_advance(reader);
    return true;
}

skm_err skm_schema_read_expect(struct skm_schema_reader *reader, enum skm_token_kind kind)
{
    return skm_schema_read_take(reader, kind)
               ? SKM_OK
               : skm_schema_read_refuse(reader, skm_token_kind_text(kind), NULL);
}

bool skm_schema_read_at_word(const struct skm_schema_reader *reader, const char *word)
{
    return reader->token.kind == SKM_TOKEN_IDENT &&
           skm_span_equal(token_text(reader), skm_span_cstr(word));
}

bool skm_schema_read_take_word(struct skm_schema_reader *reader, const char *word)
{
    if (!skm_schema_read_at_word(reader, word)) {
        return false;
    }
    skm_schema_read_advance(reader);
    return true;
}

/* ---- names ---- */

/* `__cedar` is let through: it may stand in references, and declarations are checked by the resolver. */
static bool is_reserved(const struct skm_token *token)
{
    return skm_token_is_reserved(token->word) && token->word != SKM_WORD_CEDAR;
}

skm_err skm_schema_read_ident(struct skm_schema_reader *reader, struct skm_decl_name *out_name)
{
    if (reader->token.kind != SKM_TOKEN_IDENT) {
        return skm_schema_read_refuse(reader, "a name", NULL);
    }
    if (is_reserved(&reader->token)) {
        struct skm_diag *diag =
            skm_diags_add(reader->diags, SKM_SEVERITY_ERROR, reader->source, reader->token.range,
                          "`%.*s` is a reserved word", SKM_SPAN_ARG(token_text(reader)));
        skm_diag_help(reader->diags, diag,
                      "attributes and actions of that name are written in quotes");
        return SKM_ERR(SYNTAX);
    }
    *out_name = (struct skm_decl_name){token_text(reader), reader->token.range};
    skm_schema_read_advance(reader);
    return SKM_OK;
}

skm_err skm_schema_read_string(struct skm_schema_reader *reader, struct skm_decl_name *out_text)
{
    if (reader->token.kind != SKM_TOKEN_STRING) {
        return skm_schema_read_refuse(reader, "a string", NULL);
    }
    struct skm_token_escape_fault fault = {0};
    skm_span text = {0};
    skm_err err =
        skm_token_string(reader->arena, reader->source->text, &reader->token, &text, &fault);
    if (skm_is_err(err, SKM_E_SYNTAX)) {
        return skm_schema_read_fail(reader, fault.range, fault.reason, NULL);
    }
    SKM_TRY(err);
    *out_text = (struct skm_decl_name){text, reader->token.range};
    skm_schema_read_advance(reader);
    return SKM_OK;
}

skm_err skm_schema_read_name(struct skm_schema_reader *reader, struct skm_decl_name *out_name)
{
    if (reader->token.kind == SKM_TOKEN_STRING) {
        return skm_schema_read_string(reader, out_name);
    }
    if (reader->token.kind != SKM_TOKEN_IDENT) {
        return skm_schema_read_refuse(reader, "a name or a string", NULL);
    }
    return skm_schema_read_ident(reader, out_name);
}

/* The path in `range` without blanks and comments, `len` bytes: a slice of the source where there are none. */
static skm_err join_path(struct skm_schema_reader *reader, struct skm_range range, size_t len,
                         skm_span *out_path)
{
    if (range.len == len) {
        *out_path = skm_token_bytes(reader->source->text, range);
        return SKM_OK;
    }
    char *text = skm_arena_alloc_text(reader->arena, len);
    if (text == NULL) {
        return SKM_ERR(MEMORY);
    }
    struct skm_token_reader again = {reader->source->text, range.start};
    size_t filled = 0;
    while (filled < len) {
        struct skm_token token = {0};
        skm_token_next(&again, &token);
        skm_span bytes = skm_token_bytes(reader->source->text, token.range);
        if (bytes.len == 0 || bytes.len > len - filled) {
            return SKM_ERR(INTERNAL);
        }
        memcpy(text + filled, bytes.ptr, bytes.len);
        filled += bytes.len;
    }
    *out_path = skm_span_of(text, len);
    return SKM_OK;
}

/* Takes `IDENT {'::' IDENT}`, and stops behind a `::` that a string follows (then *out_id is true). */
static skm_err read_path(struct skm_schema_reader *reader, bool id_allowed,
                         struct skm_decl_name *out_path, bool *out_id)
{
    struct skm_decl_name part = {0};
    SKM_TRY(skm_schema_read_ident(reader, &part));
    struct skm_range range = part.range;
    size_t len = part.text.len;
    *out_id = false;
    while (reader->token.kind == SKM_TOKEN_PATH) {
        skm_schema_read_advance(reader);
        if (id_allowed && reader->token.kind == SKM_TOKEN_STRING) {
            *out_id = true;
            break;
        }
        SKM_TRY(skm_schema_read_ident(reader, &part));
        range.len = part.range.start + part.range.len - range.start;
        len += 2 + part.text.len;
    }
    skm_span path = {0};
    SKM_TRY(join_path(reader, range, len, &path));
    *out_path = (struct skm_decl_name){path, range};
    return SKM_OK;
}

skm_err skm_schema_read_path(struct skm_schema_reader *reader, struct skm_decl_name *out_path)
{
    bool id = false;
    return read_path(reader, false, out_path, &id);
}

skm_err skm_schema_read_qname(struct skm_schema_reader *reader, struct skm_decl_action_ref *out_ref)
{
    struct skm_decl_name name = {0};
    if (reader->token.kind == SKM_TOKEN_STRING) {
        SKM_TRY(skm_schema_read_string(reader, &name));
        *out_ref = (struct skm_decl_action_ref){.id = name.text, .range = name.range};
        return SKM_OK;
    }
    uint32_t start = reader->token.range.start;
    struct skm_decl_name path = {0};
    bool has_id = false;
    SKM_TRY(read_path(reader, true, &path, &has_id));
    if (has_id) {
        SKM_TRY(skm_schema_read_string(reader, &name));
        *out_ref = (struct skm_decl_action_ref){path.text, name.text,
                                                skm_schema_read_since(reader, start)};
        return SKM_OK;
    }
    if (memmem(path.text.ptr, path.text.len, "::", 2) != NULL) {
        return skm_schema_read_fail(
            reader, path.range, "this is a type, not an action",
            "an action of another namespace is written `NS::Action::\"name\"`");
    }
    *out_ref = (struct skm_decl_action_ref){.id = path.text, .range = path.range};
    return SKM_OK;
}

static skm_err push_path(struct skm_schema_reader *reader, skm_decl_name_list *list)
{
    struct skm_decl_name path = {0};
    struct skm_decl_name *slot = NULL;
    SKM_TRY(skm_schema_read_path(reader, &path));
    SKM_TRY(SKM_VEC_PUSH(reader->arena, list, SKM_DECL_PARTS_MAX, &slot));
    *slot = path;
    return SKM_OK;
}

skm_err skm_schema_read_types(struct skm_schema_reader *reader, skm_decl_name_list *list)
{
    if (!skm_schema_read_take(reader, SKM_TOKEN_BRACKET_OPEN)) {
        return push_path(reader, list);
    }
    if (skm_schema_read_take(reader, SKM_TOKEN_BRACKET_CLOSE)) {
        return SKM_OK;
    }
    do {
        SKM_TRY(push_path(reader, list));
    } while (skm_schema_read_take(reader, SKM_TOKEN_COMMA));
    return skm_schema_read_expect(reader, SKM_TOKEN_BRACKET_CLOSE);
}

/* ---- annotations ---- */

static skm_err read_annotation(struct skm_schema_reader *reader,
                               struct skm_annotation *out_annotation)
{
    uint32_t start = reader->token.range.start;
    skm_schema_read_advance(reader);
    if (reader->token.kind != SKM_TOKEN_IDENT) {
        return skm_schema_read_refuse(reader, "the name of an annotation", NULL);
    }
    struct skm_annotation annotation = {.key = token_text(reader), .value = SKM_SPAN("")};
    skm_schema_read_advance(reader);
    if (skm_schema_read_take(reader, SKM_TOKEN_PAREN_OPEN)) {
        struct skm_decl_name value = {0};
        SKM_TRY(skm_schema_read_string(reader, &value));
        SKM_TRY(skm_schema_read_expect(reader, SKM_TOKEN_PAREN_CLOSE));
        annotation.value = value.text;
        annotation.has_value = true;
    }
    annotation.range = skm_schema_read_since(reader, start);
    *out_annotation = annotation;
    return SKM_OK;
}

skm_err skm_schema_read_annotations(struct skm_schema_reader *reader,
                                    struct skm_decl_annotations *out_annotations)
{
    SKM_VEC(struct skm_annotation) list = {0};
    while (reader->token.kind == SKM_TOKEN_AT) {
        struct skm_annotation annotation = {0};
        struct skm_annotation *slot = NULL;
        SKM_TRY(read_annotation(reader, &annotation));
        for (size_t i = 0; i < list.len; i++) {
            if (skm_span_equal(list.items[i].key, annotation.key)) {
                (void)skm_diags_add(reader->diags, SKM_SEVERITY_ERROR, reader->source,
                                    annotation.range, "annotation `@%.*s` is there twice",
                                    SKM_SPAN_ARG(annotation.key));
                return SKM_ERR(SYNTAX);
            }
        }
        SKM_TRY(SKM_VEC_PUSH(reader->arena, &list, ANNOTATIONS_MAX, &slot));
        *slot = annotation;
    }
    *out_annotations = (struct skm_decl_annotations){list.items, list.len};
    return SKM_OK;
}
