/* The small pieces of the Cedar schema grammar: tokens, names, paths, strings, annotations. Part of schema_parse.c.
 *
 * Every function that yields SKM_E_SYNTAX has added its message; the caller goes on at the next declaration. */
#pragma once

#include "base/vec.h"
#include "cedar/schema_decl.h"
#include "cedar/token.h"

struct skm_schema_reader {
    struct skm_arena *arena;
    const struct skm_source *source;
    struct skm_diags *diags;
    struct skm_token_reader tokens;
    struct skm_token token; /* the next one */
    uint32_t last_end;      /* end of the token before it */
    unsigned depth;         /* of the type being read */
    unsigned open;          /* braces, brackets and parentheses open before the next token */
};

typedef SKM_VEC(struct skm_decl_name) skm_decl_name_list;

/* Ready to read the first token. */
void skm_schema_read_start(struct skm_schema_reader *reader);

void skm_schema_read_advance(struct skm_schema_reader *reader);

/* Says what was expected instead of the next token. Yields SKM_E_SYNTAX, and *out_diag (may be NULL) for a help. */
SKM_MUST skm_err skm_schema_read_refuse(struct skm_schema_reader *reader, const char *expected,
                                        struct skm_diag **out_diag);

/* An error about a range. Yields SKM_E_SYNTAX. */
SKM_MUST skm_err skm_schema_read_fail(struct skm_schema_reader *reader, struct skm_range range,
                                      const char *message, const char *help);

SKM_MUST skm_err skm_schema_read_expect(struct skm_schema_reader *reader, enum skm_token_kind kind);

/* Takes the token when it is of this kind. */
bool skm_schema_read_take(struct skm_schema_reader *reader, enum skm_token_kind kind);

/* True when the next token is this identifier (a contextual keyword). */
bool skm_schema_read_at_word(const struct skm_schema_reader *reader, const char *word);
bool skm_schema_read_take_word(struct skm_schema_reader *reader, const char *word);

/* IDENT: not a reserved word. */
SKM_MUST skm_err skm_schema_read_ident(struct skm_schema_reader *reader,
                                       struct skm_decl_name *out_name);

/* STRING, unescaped. */
SKM_MUST skm_err skm_schema_read_string(struct skm_schema_reader *reader,
                                        struct skm_decl_name *out_text);

/* name := IDENT | STRING */
SKM_MUST skm_err skm_schema_read_name(struct skm_schema_reader *reader,
                                      struct skm_decl_name *out_name);

/* path := IDENT {'::' IDENT}; normalised */
SKM_MUST skm_err skm_schema_read_path(struct skm_schema_reader *reader,
                                      struct skm_decl_name *out_path);

/* qname := name | path '::' STRING */
SKM_MUST skm_err skm_schema_read_qname(struct skm_schema_reader *reader,
                                       struct skm_decl_action_ref *out_ref);

/* types := path | '[' [path {',' path}] ']' */
SKM_MUST skm_err skm_schema_read_types(struct skm_schema_reader *reader, skm_decl_name_list *list);

/* {'@' any-ident ['(' STRING ')']}; keys unique */
SKM_MUST skm_err skm_schema_read_annotations(struct skm_schema_reader *reader,
                                             struct skm_decl_annotations *out_annotations);

/* From the start of `first` to the last token taken. */
struct skm_range skm_schema_read_since(const struct skm_schema_reader *reader, uint32_t first);
