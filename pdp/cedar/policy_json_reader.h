/* What the parts of the reader of JSON policies share; nobody else includes it.
 *
 *     policy_json.c          policies, sets
 *     policy_json_scope.c    scopes
 *     policy_json_expr.c     expressions
 *     policy_json_operand.c  operands that are no expressions
 *     policy_json_value.c    data within expressions */
#pragma once

#include "base/diag.h"
#include "base/json.h"
#include "base/vec.h"
#include "cedar/ast.h"

struct skm_policy_reader {
    struct skm_arena *arena;
    const struct skm_source *source;
    struct skm_diags *diags;
    struct skm_json json;
    uint32_t nesting; /* expressions and data within each other */
    /* What skm_policy_reader_member() found. Here and not on the stack, which each level of an expression takes from. */
    bool more;
    skm_span key;
};

typedef SKM_VEC(const struct skm_expr *) skm_policy_reader_exprs;

/* ---- refusing ---- */

/* Adds an error at `offset` of the text; `return SKM_POLICY_REFUSE(...)` yields SKM_E_INVALID. */
#define SKM_POLICY_REFUSE(reader, offset, ...)                                                     \
    ((void)skm_diags_add((reader)->diags, SKM_SEVERITY_ERROR, (reader)->source,                    \
                         (struct skm_range){(uint32_t)(offset), 1}, __VA_ARGS__),                  \
     SKM_ERR(INVALID))

static inline size_t skm_policy_reader_offset(struct skm_policy_reader *reader)
{
    return skm_json_value_offset(&reader->json);
}

/* The next member of the open object: its key, or that there is none. */
static inline SKM_MUST skm_err skm_policy_reader_member(struct skm_policy_reader *reader)
{
    return skm_json_next_member(&reader->json, &reader->more, &reader->key);
}

/* ---- parts ---- */

/* E of the format: an object with one key, which says what it is. */
SKM_MUST skm_err skm_policy_reader_expr(struct skm_policy_reader *reader,
                                        struct skm_expr **out_expr);

/* Data: bools, integers, strings, arrays, objects, and the escapes of entities and extension calls. */
SKM_MUST skm_err skm_policy_reader_value(struct skm_policy_reader *reader,
                                         struct skm_expr **out_expr);

/* One level deeper, at most `max` in all; `nesting` counts back when the level is left. */
SKM_MUST skm_err skm_policy_reader_enter(struct skm_policy_reader *reader, uint32_t max);

/* A uid, with or without its escape. */
SKM_MUST skm_err skm_policy_reader_uid(struct skm_policy_reader *reader, struct skm_uid *out_uid);

/* An attribute's name; with `path` also an array of at least one. */
SKM_MUST skm_err skm_policy_reader_names(struct skm_policy_reader *reader, bool path,
                                         const skm_span **out_names, size_t *out_count);

/* The pattern of `like`. Literals that follow each other are one. */
SKM_MUST skm_err skm_policy_reader_pattern(struct skm_policy_reader *reader,
                                           struct skm_pattern *out_pattern);

/* The name of an entity type. */
SKM_MUST skm_err skm_policy_reader_type(struct skm_policy_reader *reader, skm_span *out_type);

SKM_MUST skm_err skm_policy_reader_push(struct skm_policy_reader *reader,
                                        skm_policy_reader_exprs *exprs,
                                        const struct skm_expr *expr);

/* A call, made of an extension's name and its arguments, receiver first. */
SKM_MUST skm_err skm_policy_reader_call(struct skm_policy_reader *reader, size_t offset,
                                        skm_span name, const skm_policy_reader_exprs *args,
                                        struct skm_expr **out_expr);

/* The scopes of a policy. `slot` is the one of the position, "" for none. */
SKM_MUST skm_err skm_policy_reader_scope(struct skm_policy_reader *reader, const char *slot,
                                         struct skm_scope *out_scope);
