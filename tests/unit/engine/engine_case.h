/* Shared by the tests of the engine: policy texts decided by the reference evaluator and by the engine in the world of
 * eval_case.h, and the two answers compared to the last detail. */
#pragma once

#include "unit/cedar/policy_case.h"

#include "engine/authorize.h"
#include "engine/compile.h"

static inline void forget_all(void)
{
    skm_arena_reset(&arena);
    skm_diags_init(&diags, &arena, 20);
}

static inline bool same_list(const uint32_t *ours, size_t count,
                             const struct skm_policy_instance **theirs, size_t their_count,
                             const struct skm_policy_set *set)
{
    bool same = count == their_count;
    for (size_t i = 0; same && i < count; i++) {
        same = &set->instances.items[ours[i]] == theirs[i];
    }
    return same;
}

static inline bool same_error(const struct skm_eval_error *a, const struct skm_eval_error *b)
{
    bool same_reason = a->reason == b->reason || (a->reason != NULL && b->reason != NULL &&
                                                  strcmp(a->reason, b->reason) == 0);
    return a->kind == b->kind && a->got == b->got && a->expected == b->expected &&
           skm_uid_equal(&a->uid, &b->uid) && skm_span_equal(a->name, b->name) && same_reason;
}

static inline bool same_failures(const struct skm_engine_answer *ours,
                                 const struct skm_authorization *theirs,
                                 const struct skm_policy_set *set)
{
    bool same = ours->failure_count == theirs->failure_count;
    for (size_t i = 0; same && i < ours->failure_count; i++) {
        same = &set->instances.items[ours->failures[i].policy] == theirs->failures[i].instance &&
               same_error(&ours->failures[i].error, &theirs->failures[i].error);
    }
    return same;
}

/* How the cases of a test came out, so that it can see that they were not all alike. */
struct outcomes {
    size_t allowed;
    size_t failed;
};

static inline void compare_set(const struct skm_policy_set *set, const char *text,
                               const struct skm_request *request, struct outcomes *outcomes)
{
    struct skm_compiled_set compiled;
    struct skm_engine_answer ours;
    struct skm_authorization theirs;
    assert_ok(skm_policyset_compile(&arena, set, &compiled));
    assert_ok(skm_engine_authorize(&arena, &compiled, request, &WORLD_VIEW, &ours));
    assert_ok(skm_authorize(&arena, set, request, &WORLD_VIEW, &theirs));
    if (ours.allow != theirs.allow ||
        !same_list(ours.permits, ours.permit_count, theirs.satisfied_permits, theirs.permit_count,
                   set) ||
        !same_list(ours.forbids, ours.forbid_count, theirs.satisfied_forbids, theirs.forbid_count,
                   set) ||
        !same_failures(&ours, &theirs, set)) {
        SKM_CLEANUP(skm_buf_fini) struct skm_buf code = {0};
        skm_buf_init(&code, 1u << 20);
        skm_program_print(compiled.program, &code);
        print_error("%s\n%.*s", text, SKM_SPAN_ARG(skm_buf_span(&code)));
        fail_msg("the engine allows %d with %zu, %zu, %zu; the evaluator %d with %zu, %zu, %zu",
                 ours.allow, ours.permit_count, ours.forbid_count, ours.failure_count, theirs.allow,
                 theirs.permit_count, theirs.forbid_count, theirs.failure_count);
    }
    outcomes->allowed += ours.allow;
    outcomes->failed += ours.failure_count;
}

/* Decides by both, as alice; the answers are the same. */
static inline void compare(const char *text, struct outcomes *outcomes)
{
    struct skm_policy_set set;
    struct skm_request request = request_of("User::\"alice\"");
    skm_policy_set_init(&set, &arena);
    add_policies(&set, text, SKM_POLICY_NAMING_NUMBER);
    compare_set(&set, text, &request, outcomes);
    skm_policy_set_fini(&set);
}
