/* What the files of the parser share: its state, and the functions each gives the others. Not for others.
 *
 *     parse.c         entry points, the loop over policies, going on after an error
 *     parse_policy.c  annotations, effect, conditions
 *     parse_scope.c   principal, action, resource
 *     parse_expr.c    expressions, by precedence
 *     parse_unary.c   `!`, `-`, and what follows a primary: `.a`, `["a"]`, `.f()`
 *     parse_primary.c what stands at their leaves: literals, names, sets, records
 *     parse_call.c    names of functions and methods
 *     parse_report.c  messages
 *
 * Two kinds of fault. Where the parser can go on as if the text were right, it reports and goes on: the tree then
 * holds a stand-in, and `failed` keeps it from leaving. Where it cannot, it reports and returns SKM_E_INVALID, and
 * the loop over policies looks for the next policy. */
#pragma once

#include "base/diag.h"
#include "base/vec.h"
#include "cedar/ast.h"
#include "cedar/token.h"

/* One `if .. then .. else` whose last part is still to come. */
struct skm_parse_branch {
    const struct skm_expr *condition;
    const struct skm_expr *consequence;
    uint32_t start; /* of the `if` */
};

struct skm_parser {
    struct skm_arena *arena;
    const struct skm_source *source;
    struct skm_diags *diags;
    struct skm_token_reader reader;
    struct skm_token token; /* the one to be consumed next */
    struct skm_token last;  /* the one consumed last */
    skm_span policy_id;     /* of the policy being read */
    uint32_t open;          /* brackets open in this policy */
    uint32_t nesting;       /* expressions within expressions */
    bool failed;            /* a fault was reported */
    /* Elements of lists that are not closed yet, innermost last; each list keeps a mark. */
    SKM_VEC(const struct skm_expr *) exprs;
    SKM_VEC(struct skm_parse_branch) branches;
    SKM_VEC(struct skm_expr_field) fields;
    SKM_VEC(struct skm_range) keys; /* of the fields */
    SKM_VEC(struct skm_uid) uids;
    SKM_VEC(skm_span) names;
    SKM_VEC(struct skm_annotation) annotations;
    SKM_VEC(struct skm_condition) conditions;
};

/* Consumes the token. */
void skm_parse_advance(struct skm_parser *p);

/* The token behind the next one. */
struct skm_token skm_parse_peek(const struct skm_parser *p);

static inline bool skm_parse_at(const struct skm_parser *p, enum skm_token_kind kind)
{
    return p->token.kind == kind;
}

static inline bool skm_parse_at_word(const struct skm_parser *p, enum skm_word word)
{
    return p->token.kind == SKM_TOKEN_IDENT && p->token.word == word;
}

static inline skm_span skm_parse_text(const struct skm_parser *p, struct skm_range range)
{
    return skm_token_bytes(p->source->text, range);
}

static inline uint32_t skm_range_end(struct skm_range range)
{
    return range.start + range.len;
}

/* From `start` to the end of the token consumed last. */
static inline struct skm_range skm_parse_since(const struct skm_parser *p, uint32_t start)
{
    return (struct skm_range){start, skm_range_end(p->last.range) - start};
}

/* A copy in the arena of the elements of a scratch vector from `mark` on, which are then taken off it. SKM_E_MEMORY. */
#define SKM_PARSE_TAKE(p, vec, mark, out_items, out_count)                                         \
    skm_parse_take_((p)->arena, (vec)->items, &(vec)->len, sizeof(*(vec)->items), (mark),          \
                    (out_items), (out_count))
SKM_MUST skm_err skm_parse_take_(struct skm_arena *arena, const void *items, size_t *len,
                                 size_t item_bytes, size_t mark, void *out_items_ptr,
                                 size_t *out_count);

/* ---- parse_expr.c ---- */

/* expr := or | 'if' expr 'then' expr 'else' expr */
SKM_MUST skm_err skm_parse_expr_any(struct skm_parser *p, struct skm_expr **out_expr);

/* items := [ expr { ',' expr } [ ',' ] ] close. The opening bracket has been consumed: it is p->last. */
SKM_MUST skm_err skm_parse_expr_items(struct skm_parser *p, enum skm_token_kind close,
                                      const struct skm_expr *const **out_items, size_t *out_count);

/* ---- parse_unary.c ---- */

/* unary := member | '!'{1..4} member | '-'{1..4} member */
SKM_MUST skm_err skm_parse_unary(struct skm_parser *p, struct skm_expr **out_expr);

/* ---- parse_primary.c ---- */

/* A name as written: `A::B`, or `A::` before a string. */
struct skm_parse_path {
    struct skm_range range; /* without a trailing `::` */
    enum skm_word word;     /* of the first identifier */
    uint32_t parts;
    uint32_t text_bytes; /* when normalised */
    bool before_string;  /* `::` and a string follow: `::` has been consumed */
};

/* path := ident { '::' ident } [ '::' before a string ]. The token is an identifier. Reserved words are reported. */
SKM_MUST skm_err skm_parse_path(struct skm_parser *p, struct skm_parse_path *out_path);

/* The name without blanks and comments. SKM_E_MEMORY. */
SKM_MUST skm_err skm_parse_path_name(struct skm_parser *p, const struct skm_parse_path *path,
                                     skm_span *out_name);

/* name := ident { '::' ident }; what is no name is reported as `expected` is missing. */
SKM_MUST skm_err skm_parse_type_name(struct skm_parser *p, const char *expected,
                                     skm_span *out_name);

/* The string of `path :: string`; the token is the string. */
SKM_MUST skm_err skm_parse_uid_tail(struct skm_parser *p, const struct skm_parse_path *path,
                                    struct skm_uid *out_uid);

/* The value of the token, a string, which is consumed. A bad escape is reported, and the value is then empty. */
SKM_MUST skm_err skm_parse_string(struct skm_parser *p, skm_span *out_text);

SKM_MUST skm_err skm_parse_primary(struct skm_parser *p, struct skm_expr **out_expr);

/* A number literal; `negative` has its minus in the range. */
SKM_MUST skm_err skm_parse_number(struct skm_parser *p, struct skm_range range, uint64_t number,
                                  bool negative, struct skm_expr **out_expr);

/* ---- parse_call.c ---- */

/* `name(...)` and `receiver.name(...)`; the token is the opening parenthesis. */
SKM_MUST skm_err skm_parse_call_function(struct skm_parser *p, uint32_t start,
                                         const struct skm_parse_path *path,
                                         struct skm_expr **out_expr);
SKM_MUST skm_err skm_parse_call_method(struct skm_parser *p, uint32_t start, struct skm_range name,
                                       const struct skm_expr *receiver, struct skm_expr **out_expr);

/* ---- parse_policy.c ---- */

SKM_MUST skm_err skm_parse_policy(struct skm_parser *p, struct skm_policy *policy);

/* A policy begins here: `permit (`, `forbid (` or an annotation. */
bool skm_parse_policy_begins(const struct skm_parser *p);

/* ---- parse_scope.c ---- */

SKM_MUST skm_err skm_parse_scope(struct skm_parser *p, struct skm_policy *policy);

/* ---- parse_report.c ---- */

/* Adds an error; yields the message for skm_diag_help(), or NULL when it was not kept. */
#define SKM_PARSE_FAULT(p, range, ...)                                                             \
    skm_parse_report_fault(                                                                        \
        (p), skm_diags_add((p)->diags, SKM_SEVERITY_ERROR, (p)->source, (range), __VA_ARGS__))
struct skm_diag *skm_parse_report_fault(struct skm_parser *p, struct skm_diag *diag);

/* The token is not what is expected here ("an expression", "`)`"): says so, with help for what is often meant, else with
 * `help`, which may be NULL. Yields SKM_E_INVALID. */
SKM_MUST skm_err skm_parse_report_missing(struct skm_parser *p, const char *expected,
                                          const char *help);
SKM_MUST skm_err skm_parse_report_unexpected(struct skm_parser *p, const char *expected);

/* Consumes the closing bracket, or reports: at the bracket it would close when that was never closed. */
SKM_MUST skm_err skm_parse_report_close(struct skm_parser *p, enum skm_token_kind close,
                                        struct skm_range opener, const char *expected);

/* Help "did you mean `...`?" when a candidate is near. True when there was one. */
bool skm_parse_report_nearest(struct skm_parser *p, struct skm_diag *diag, skm_span word,
                              const skm_span *candidates, size_t count);

/* A word people use for something Cedar writes otherwise, and what to write. */
struct skm_parse_slip {
    const char *word;
    const char *help;
};

/* Sets the help of the slip that `word` is, if it is one. */
bool skm_parse_report_slip(struct skm_parser *p, struct skm_diag *diag, skm_span word,
                           const struct skm_parse_slip *slips, size_t count);

/* SKM_E_DEPTH and SKM_E_SIZE become a message and SKM_E_INVALID; all else is yielded unchanged. */
SKM_MUST skm_err skm_parse_report_limit(struct skm_parser *p, skm_err err);
