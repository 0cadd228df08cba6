/* Cases of `sekimori policy test`: requests with the outcome they should have.
 *
 * Two forms, by the file's name: `.yaml` and `.yml` hold named cases on Cedar terms; anything else is CSV with one access a row, which is
 * put into Cedar terms as sekimori-policy(1), CSV CASES, says. */
#pragma once

#include "base/vec.h"
#include "decide/decide.h"
#include "tools/pack.h"

#define SKM_CASES_MAX 100000u

/* A list of tokens to compare, when there is something to compare with. */
struct skm_case_tokens {
    bool given;
    const skm_span *items; /* sorted, unique */
    size_t count;
};

struct skm_case {
    skm_span name;
    skm_span why;
    const struct skm_source *source;
    struct skm_range range;
    struct skm_decide_request request;
    int64_t now_wall_ms;
    const struct skm_entity *entities; /* its own, before those of the pack */
    size_t entity_count;
    bool permit;
    struct skm_case_tokens remedies;
    struct skm_case_tokens obligations;
    struct skm_case_tokens policies; /* that determine the outcome, exactly */
    struct skm_case_tokens clauses;  /* at least these */
};

struct skm_cases {
    struct skm_arena *arena;
    const struct skm_schema *schema; /* NULL: none */
    struct skm_diags *diags;
    SKM_VEC(struct skm_case) items;
    size_t refused; /* cases that could not be read, and were told */
    SKM_VEC(skm_span)
    left_out; /* attributes that the schema does not declare, "User.x", each once */
};

/* Adds the cases of a file; what is wrong with one is told in `diags`, and the others are read. SKM_E_INVALID, SKM_E_MEMORY,
 * SKM_E_COUNT. */
SKM_MUST skm_err skm_cases_read_csv(struct skm_cases *cases, const struct skm_source *source);
SKM_MUST skm_err skm_cases_read_yaml(struct skm_cases *cases, const struct skm_source *source);

/* Tokens from a text, separated by any of `separators`; sorted, each once. SKM_E_MEMORY. */
SKM_MUST skm_err skm_case_tokens_split(struct skm_arena *arena, skm_span text,
                                       const char *separators, struct skm_case_tokens *out_tokens);
