/* The rules of the type checker, one function per expression form: private to the typecheck_*.c files. */
#pragma once

#include "cedar/type_join.h"
#include "cedar/typecheck.h"
#include "cedar/typecheck_message.h"

/* What typeof(e, C) yields: a type, and what is known to be safe when e is true. */
struct skm_typed {
    const struct skm_type *type;
    struct skm_capabilities capabilities;
};

static inline struct skm_typed skm_typed_plain(const struct skm_type *type)
{
    return (struct skm_typed){.type = type, .capabilities = {NULL, 0}};
}

static inline struct skm_typed skm_typed_truth(bool value)
{
    return skm_typed_plain(skm_type_basic(value ? SKM_TYPE_TRUE : SKM_TYPE_FALSE));
}

static inline struct skm_capability_scope
skm_typecheck_capability_scope(const struct skm_typecheck *check)
{
    return (struct skm_capability_scope){.arena = check->scratch,
                                         .action = &check->env.action->uid};
}

/* Any expression (typecheck.c). */
SKM_MUST skm_err skm_typecheck_type_of(struct skm_typecheck *check, const struct skm_expr *expr,
                                       struct skm_capabilities known, struct skm_typed *out_typed);

/* Both operands a and b, whatever the first yields: two mistakes are told at once. */
SKM_MUST skm_err skm_typecheck_both(struct skm_typecheck *check, const struct skm_expr *expr,
                                    struct skm_capabilities known, struct skm_typed *out_a,
                                    struct skm_typed *out_b);

/* The entity a literal names, with `action` replaced by the environment's; NULL when it is no entity literal. */
const struct skm_uid *skm_typecheck_literal_uid(const struct skm_typecheck *check,
                                                const struct skm_expr *expr);

/* Operators, sets, records, like, is, extension calls (typecheck_ops.c); `in` (typecheck_in.c); attributes and tags
 * (typecheck_access.c). */
SKM_MUST skm_err skm_typecheck_eq(struct skm_typecheck *check, const struct skm_expr *expr,
                                  struct skm_capabilities known, struct skm_typed *out_typed);
SKM_MUST skm_err skm_typecheck_less(struct skm_typecheck *check, const struct skm_expr *expr,
                                    struct skm_capabilities known, struct skm_typed *out_typed);
SKM_MUST skm_err skm_typecheck_arithmetic(struct skm_typecheck *check, const struct skm_expr *expr,
                                          struct skm_capabilities known,
                                          struct skm_typed *out_typed);
SKM_MUST skm_err skm_typecheck_neg(struct skm_typecheck *check, const struct skm_expr *expr,
                                   struct skm_capabilities known, struct skm_typed *out_typed);
SKM_MUST skm_err skm_typecheck_in(struct skm_typecheck *check, const struct skm_expr *expr,
                                  struct skm_capabilities known, struct skm_typed *out_typed);
SKM_MUST skm_err skm_typecheck_contains(struct skm_typecheck *check, const struct skm_expr *expr,
                                        struct skm_capabilities known, struct skm_typed *out_typed);
SKM_MUST skm_err skm_typecheck_is_empty(struct skm_typecheck *check, const struct skm_expr *expr,
                                        struct skm_capabilities known, struct skm_typed *out_typed);
SKM_MUST skm_err skm_typecheck_set(struct skm_typecheck *check, const struct skm_expr *expr,
                                   struct skm_capabilities known, struct skm_typed *out_typed);
SKM_MUST skm_err skm_typecheck_record(struct skm_typecheck *check, const struct skm_expr *expr,
                                      struct skm_capabilities known, struct skm_typed *out_typed);
SKM_MUST skm_err skm_typecheck_get_tag(struct skm_typecheck *check, const struct skm_expr *expr,
                                       struct skm_capabilities known, struct skm_typed *out_typed);
SKM_MUST skm_err skm_typecheck_has_tag(struct skm_typecheck *check, const struct skm_expr *expr,
                                       struct skm_capabilities known, struct skm_typed *out_typed);
SKM_MUST skm_err skm_typecheck_get_attr(struct skm_typecheck *check, const struct skm_expr *expr,
                                        struct skm_capabilities known, struct skm_typed *out_typed);
SKM_MUST skm_err skm_typecheck_has_attr(struct skm_typecheck *check, const struct skm_expr *expr,
                                        struct skm_capabilities known, struct skm_typed *out_typed);
SKM_MUST skm_err skm_typecheck_has_path(struct skm_typecheck *check, const struct skm_expr *expr,
                                        struct skm_capabilities known, struct skm_typed *out_typed);
SKM_MUST skm_err skm_typecheck_like(struct skm_typecheck *check, const struct skm_expr *expr,
                                    struct skm_capabilities known, struct skm_typed *out_typed);
SKM_MUST skm_err skm_typecheck_is(struct skm_typecheck *check, const struct skm_expr *expr,
                                  struct skm_capabilities known, struct skm_typed *out_typed);
SKM_MUST skm_err skm_typecheck_call(struct skm_typecheck *check, const struct skm_expr *expr,
                                    struct skm_capabilities known, struct skm_typed *out_typed);
