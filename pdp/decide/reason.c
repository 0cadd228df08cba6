#include "decide/reason.h"

#include <stdlib.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"

#define FAILURE_TEXT_BYTES_MAX 4096u

static skm_span annotation(const struct skm_policy *policy, skm_span key)
{
    const skm_span *value = skm_policy_annotation(policy, key);
    return value == NULL ? (skm_span){NULL, 0} : *value;
}

struct skm_decision_reason skm_reason_of(const struct skm_policy_instance *instance)
{
    const struct skm_policy *policy = instance->policy;
    return (struct skm_decision_reason){
        .policy_id = instance->id,
        .effect = policy->effect,
        .clause = annotation(policy, SKM_SPAN("clause")),
        .remedy = annotation(policy, SKM_SPAN("remedy")),
        .reason_en = annotation(policy, SKM_SPAN("reason_en")),
        .reason_ja = annotation(policy, SKM_SPAN("reason_ja")),
        .regime = annotation(policy, SKM_SPAN("regime")),
    };
}

skm_err skm_reason_of_failure(struct skm_arena *arena, const struct skm_policy_failure *failure,
                              struct skm_decision_reason *out_reason)
{
    SKM_CLEANUP(skm_buf_fini) struct skm_buf text;
    skm_buf_init(&text, FAILURE_TEXT_BYTES_MAX);
    skm_eval_error_print(&failure->error, failure->instance->policy->source, &text);
    struct skm_decision_reason reason = skm_reason_of(failure->instance);
    reason.errored = true;
    reason.error = SKM_SPAN("the policy failed to evaluate");
    if (skm_is_ok(skm_buf_check(&text))) {
        SKM_TRY(skm_arena_dup(arena, skm_buf_span(&text), &reason.error));
    }
    *out_reason = reason;
    return SKM_OK;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

bool skm_reason_next_token(skm_span text, size_t *at, skm_span *out_token)
{
    size_t start = *at;
    while (start < text.len && is_blank(text.ptr[start])) {
        start++;
    }
    size_t end = start;
    while (end < text.len && !is_blank(text.ptr[end])) {
        end++;
    }
    *at = end;
    *out_token = skm_span_sub(text, start, end - start);
    return end > start;
}

static skm_span field_of(const struct skm_decision_reason *reason, enum skm_reason_field field)
{
    switch (field) {
    case SKM_REASON_CLAUSE:
        return reason->clause;
    case SKM_REASON_REMEDY:
        return reason->remedy;
    }
    return (skm_span){NULL, 0};
}

static int compare_spans(const void *a, const void *b)
{
    return skm_span_compare(*(const skm_span *)a, *(const skm_span *)b);
}

/* Sorts and drops repetitions in place; yields how many are left. */
static size_t sort_unique(skm_span *tokens, size_t count)
{
    if (count < 2) {
        return count;
    }
    qsort(tokens, count, sizeof(*tokens), compare_spans);
    size_t kept = 1;
    for (size_t i = 1; i < count; i++) {
        if (!skm_span_equal(tokens[i], tokens[kept - 1])) {
            tokens[kept++] = tokens[i];
        }
    }
    return kept;
}

/* Tokens of one field over all reasons; with `out` NULL they are only counted. */
static size_t collect(const struct skm_decision_reason *reasons, size_t count,
                      enum skm_reason_field field, skm_span *out)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        skm_span token = {0};
        while (skm_reason_next_token(field_of(&reasons[i], field), &at, &token)) {
            if (out != NULL) {
                out[found] = token;
            }
            found++;
        }
    }
    return found;
}

skm_err skm_reason_tokens(struct skm_arena *arena, const struct skm_decision_reason *reasons,
                          size_t count, enum skm_reason_field field, const skm_span **out_tokens,
                          size_t *out_count)
{
    size_t found = collect(reasons, count, field, NULL);
    skm_span *tokens = SKM_ARENA_NEW_ARRAY(arena, skm_span, found);
    if (tokens == NULL) {
        return SKM_ERR(MEMORY);
    }
    (void)collect(reasons, count, field, tokens);
    *out_count = sort_unique(tokens, found);
    *out_tokens = tokens;
    return SKM_OK;
}
