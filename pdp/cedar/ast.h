/* Policies as trees: what the parsers yield and printer, evaluator, validator and compiler read.
 *
 * Expressions are the canonical core of the language (Cedar spec: Expr in Expr.lean); surface forms are
 * desugared when the tree is built, and leave a hint so that the printer can write what the author wrote:
 *
 *     a != b           NOT (a == b)          hint NE
 *     a > b, a >= b    NOT (a <= b), NOT (a < b)   hints GT, GE
 *     x is T in y      (x is T) AND (x in y) hint IS_IN, the two x are the same node
 *     x["k"]           GET_ATTR              hint INDEX
 *     x has a.b.c      HAS_PATH, a node of its own since language 4.6
 *
 * Memory: arena-owned, immutable once parsed. Names (types) are normalised: `A::B`, no blanks.
 * INVARIANT: depth of any tree is at most SKM_EXPR_DEPTH_MAX, so recursion over it is bounded.
 * INVARIANT: weight of any tree is at most SKM_EXPR_WEIGHT_MAX, so a walk over it is bounded, though the two
 * sides of IS_IN share a node and a tree may be larger than its text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "cedar/value.h"

/* Nesting of an expression tree, left-deep operator chains included (`a || b || c` is three deep). Exceeding it
 * is a parse error. Generated policies chain thousands of terms; a walker that recurses once per level has 2 KiB
 * of an 8 MiB stack for each: its frames, all functions of one level together, stay below 1 KiB (a sanitized
 * build doubles them). */
#define SKM_EXPR_DEPTH_MAX 4096

/* Nodes of an expression tree, shared ones counted as often as they are reached. */
#define SKM_EXPR_WEIGHT_MAX (1u << 22)

enum skm_expr_kind {
    SKM_EXPR_LITERAL = 0, /* as.literal: bool, long, string or entity */
    SKM_EXPR_VAR,         /* as.var */
    SKM_EXPR_IF,          /* a ? b : c */
    SKM_EXPR_AND,         /* a, b */
    SKM_EXPR_OR,          /* a, b */
    SKM_EXPR_NOT,         /* a */
    SKM_EXPR_NEG,         /* a */
    SKM_EXPR_EQ,          /* a, b */
    SKM_EXPR_LT,          /* a, b */
    SKM_EXPR_LE,          /* a, b */
    SKM_EXPR_ADD,         /* a, b */
    SKM_EXPR_SUB,         /* a, b */
    SKM_EXPR_MUL,         /* a, b */
    SKM_EXPR_IN,          /* a, b */
    SKM_EXPR_CONTAINS,    /* a, b */
    SKM_EXPR_CONTAINS_ALL,
    SKM_EXPR_CONTAINS_ANY,
    SKM_EXPR_IS_EMPTY, /* a */
    SKM_EXPR_GET_TAG,  /* a, b */
    SKM_EXPR_HAS_TAG,  /* a, b */
    SKM_EXPR_GET_ATTR, /* a, as.name */
    SKM_EXPR_HAS_ATTR, /* a, as.name */
    SKM_EXPR_HAS_PATH, /* a, as.path: at least two names */
    SKM_EXPR_LIKE,     /* a, as.pattern */
    SKM_EXPR_IS,       /* a, as.name: the type */
    SKM_EXPR_SET,      /* as.list */
    SKM_EXPR_RECORD,   /* as.record, keys in the order written, unique */
    SKM_EXPR_CALL,     /* extension function or method: as.call, receiver first */
};

enum skm_expr_hint {
    SKM_EXPR_HINT_NONE = 0,
    SKM_EXPR_HINT_NE,
    SKM_EXPR_HINT_GT,
    SKM_EXPR_HINT_GE,
    SKM_EXPR_HINT_IS_IN,
    SKM_EXPR_HINT_INDEX,
};

enum skm_var {
    SKM_VAR_PRINCIPAL = 0,
    SKM_VAR_ACTION,
    SKM_VAR_RESOURCE,
    SKM_VAR_CONTEXT,
};

/* One element of a `like` pattern: literal text, then (perhaps) a wildcard. `a*b*` is {"a",*} {"b",*}. The
 * last element has star == false when the pattern does not end in a wildcard. */
struct skm_pattern_part {
    skm_span text;
    bool star; /* a wildcard follows the text */
};

struct skm_pattern {
    const struct skm_pattern_part *parts;
    size_t count; /* 0: the empty pattern */
};

struct skm_ext_function; /* ext.h */

struct skm_expr_field {
    skm_span key;
    const struct skm_expr *value;
};

struct skm_expr {
    enum skm_expr_kind kind;
    enum skm_expr_hint hint;
    struct skm_range range; /* in the policy's source; {0,0} for nodes built from data */
    uint32_t depth;         /* 1 for a leaf; at most SKM_EXPR_DEPTH_MAX */
    uint32_t weight;        /* 1 for a leaf; at most SKM_EXPR_WEIGHT_MAX */
    const struct skm_expr *a;
    const struct skm_expr *b;
    const struct skm_expr *c;
    union {
        struct skm_value literal;
        enum skm_var var;
        skm_span name;
        struct {
            const skm_span *names;
            size_t count;
        } path;
        struct skm_pattern pattern;
        struct {
            const struct skm_expr *const *items;
            size_t count;
        } list;
        struct {
            const struct skm_expr_field *fields;
            size_t count;
        } record;
        struct {
            const struct skm_ext_function *function;
            const struct skm_expr *const *args;
            size_t count;
        } call;
    } as;
};

enum skm_effect {
    SKM_EFFECT_FORBID = 0,
    SKM_EFFECT_PERMIT,
};

enum skm_scope_kind {
    SKM_SCOPE_ANY = 0,
    SKM_SCOPE_EQ,     /* == uid or slot */
    SKM_SCOPE_IN,     /* in uid or slot */
    SKM_SCOPE_IS,     /* is type */
    SKM_SCOPE_IS_IN,  /* is type in uid or slot */
    SKM_SCOPE_IN_SET, /* action in [uids] */
};

struct skm_scope {
    enum skm_scope_kind kind;
    bool slot;          /* the slot of this position stands in place of `uid` */
    struct skm_uid uid; /* EQ, IN, IS_IN when not a slot */
    skm_span type;      /* IS, IS_IN */
    const struct skm_uid *uids;
    size_t uid_count; /* IN_SET; may be 0 */
    struct skm_range range;
};

struct skm_annotation {
    skm_span key;
    skm_span value; /* "" when written without value */
    bool has_value;
    struct skm_range range;
};

struct skm_condition {
    bool unless;
    const struct skm_expr *body;
    struct skm_range range;
};

/* A static policy, or a template when it has a slot. */
struct skm_policy {
    skm_span id; /* "policyN" in file order until renamed */
    enum skm_effect effect;
    const struct skm_annotation *annotations; /* in the order written, keys unique */
    size_t annotation_count;
    struct skm_scope principal;
    struct skm_scope action;
    struct skm_scope resource;
    const struct skm_condition *conditions;
    size_t condition_count;
    const struct skm_source *source; /* NULL for policies built from data */
    struct skm_range range;
};

static inline bool skm_policy_is_template(const struct skm_policy *policy)
{
    return policy->principal.slot || policy->resource.slot;
}

/* The annotation's value, or NULL. */
const skm_span *skm_policy_annotation(const struct skm_policy *policy, skm_span key);

/* Structural equality of core trees, ignoring ranges and hints (Lean: capabilities compare expressions).
 * Records are equal when their fields are, in whatever order (more than 256 fields: in the same order). */
bool skm_expr_equal(const struct skm_expr *a, const struct skm_expr *b);

/* The same where the variable `action` and the literal of `action` count as one (Lean: the checker substitutes the
 * environment's action before it compares). */
bool skm_expr_equal_under(const struct skm_expr *a, const struct skm_expr *b, const struct skm_uid *action);

/* ---- building: used by both parsers, so that both desugar alike ----
 *
 * Each yields SKM_E_MEMORY, SKM_E_DEPTH when the tree would be deeper than SKM_EXPR_DEPTH_MAX, SKM_E_SIZE when it would
 * be heavier than SKM_EXPR_WEIGHT_MAX. Spans and arrays are borrowed: they lie in the arena or in the source. */

/* Operators and methods without payload: IF, AND, OR, NOT, NEG, EQ, LT, LE, ADD, SUB, MUL, IN, CONTAINS, CONTAINS_ALL,
 * CONTAINS_ANY, IS_EMPTY, GET_TAG, HAS_TAG. Operands the kind has not are NULL. */
SKM_MUST skm_err skm_expr_new(struct skm_arena *arena, enum skm_expr_kind kind,
                              struct skm_range range, const struct skm_expr *a,
                              const struct skm_expr *b, const struct skm_expr *c,
                              struct skm_expr **out_expr);

/* Leaves. */
SKM_MUST skm_err skm_expr_new_literal(struct skm_arena *arena, struct skm_range range,
                                      struct skm_value literal, struct skm_expr **out_expr);
SKM_MUST skm_err skm_expr_new_var(struct skm_arena *arena, struct skm_range range, enum skm_var var,
                                  struct skm_expr **out_expr);

/* GET_ATTR, HAS_ATTR or IS: `name` is the attribute or the type. */
SKM_MUST skm_err skm_expr_new_named(struct skm_arena *arena, enum skm_expr_kind kind,
                                    struct skm_range range, const struct skm_expr *a, skm_span name,
                                    struct skm_expr **out_expr);

/* HAS_ATTR for one name, HAS_PATH for several; `count` is at least 1. */
SKM_MUST skm_err skm_expr_new_has(struct skm_arena *arena, struct skm_range range,
                                  const struct skm_expr *a, const skm_span *names, size_t count,
                                  struct skm_expr **out_expr);

SKM_MUST skm_err skm_expr_new_like(struct skm_arena *arena, struct skm_range range,
                                   const struct skm_expr *a, struct skm_pattern pattern,
                                   struct skm_expr **out_expr);
SKM_MUST skm_err skm_expr_new_set(struct skm_arena *arena, struct skm_range range,
                                  const struct skm_expr *const *items, size_t count,
                                  struct skm_expr **out_expr);

/* The keys have been checked to be unique. */
SKM_MUST skm_err skm_expr_new_record(struct skm_arena *arena, struct skm_range range,
                                     const struct skm_expr_field *fields, size_t count,
                                     struct skm_expr **out_expr);
SKM_MUST skm_err skm_expr_new_call(struct skm_arena *arena, struct skm_range range,
                                   const struct skm_ext_function *function,
                                   const struct skm_expr *const *args, size_t count,
                                   struct skm_expr **out_expr);

/* `!=`, `>`, `>=`, `is .. in`: the desugared trees of the table above. */
SKM_MUST skm_err skm_expr_new_ne(struct skm_arena *arena, struct skm_range range,
                                 const struct skm_expr *a, const struct skm_expr *b,
                                 struct skm_expr **out_expr);
SKM_MUST skm_err skm_expr_new_gt(struct skm_arena *arena, struct skm_range range,
                                 const struct skm_expr *a, const struct skm_expr *b,
                                 struct skm_expr **out_expr);
SKM_MUST skm_err skm_expr_new_ge(struct skm_arena *arena, struct skm_range range,
                                 const struct skm_expr *a, const struct skm_expr *b,
                                 struct skm_expr **out_expr);
SKM_MUST skm_err skm_expr_new_is_in(struct skm_arena *arena, struct skm_range range,
                                    const struct skm_expr *a, skm_span type,
                                    const struct skm_expr *b, struct skm_expr **out_expr);

/* The first of `count` elements, `stride` bytes apart and each beginning with its key (a skm_span), whose key
 * occurred before; `count` when all are unique. SKM_E_MEMORY. */
SKM_MUST skm_err skm_ast_find_duplicate(const void *elements, size_t stride, size_t count,
                                        size_t *out_index);
