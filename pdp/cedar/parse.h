/* Cedar policy text to trees (Cedar grammar; reference: sections 1 to 3 of the language).
 *
 * Several errors are reported per text: after one that it cannot mend the parser goes on with the next policy.
 * Memory: trees live in `arena` and borrow from `source`, which must outlive them.
 * Bounds: SKM_PARSE_NESTING_MAX for brackets, calls and `if`s within each other (an `else if` is not within),
 * SKM_EXPR_DEPTH_MAX and SKM_EXPR_WEIGHT_MAX for the tree, the arena's quota for everything else.
 * Threads: any, one arena each. */
#pragma once

#include "base/diag.h"
#include "cedar/ast.h"

struct skm_policy_list {
    const struct skm_policy *items; /* static policies and templates in file order */
    size_t count;
};

#define SKM_PARSE_POLICIES_MAX 1000000u
#define SKM_PARSE_TEXT_MAX     (256u << 20)
#define SKM_PARSE_NESTING_MAX  1000u

/* All policies of a text; ids are policy<first_number>, policy<first_number + 1>, ... An empty text is an empty list. SKM_E_INVALID: `diags`
 * has the errors and the output is untouched; SKM_E_MEMORY; SKM_E_SIZE past SKM_PARSE_TEXT_MAX, SKM_E_COUNT past
 * SKM_PARSE_POLICIES_MAX. */
SKM_MUST skm_err skm_parse_policies(struct skm_arena *arena, const struct skm_source *source,
                                    size_t first_number, struct skm_diags *diags,
                                    struct skm_policy_list *out_policies);

/* One expression, whole text. */
SKM_MUST skm_err skm_parse_expr(struct skm_arena *arena, const struct skm_source *source,
                                struct skm_diags *diags, const struct skm_expr **out_expr);

/* `Type::"id"`, whole text. SKM_E_SYNTAX (no diags: the caller knows what it was for). */
SKM_MUST skm_err skm_parse_uid(struct skm_arena *arena, skm_span text, struct skm_uid *out_uid);

/* A normalised type name: `A::B`, no blanks, no comments, no reserved word, no `__cedar`. */
bool skm_parse_is_name(skm_span text);

/* One identifier that is not reserved. */
bool skm_parse_is_ident(skm_span text);
