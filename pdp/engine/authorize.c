#include "engine/authorize.h"

#include "base/span.h"
#include "base/vec.h"
#include "engine/vm.h"

/* So many registers lie on the stack; programs that need more take them from the arena. */
#define REGISTERS_ON_STACK 32u

struct decision {
    struct skm_vm vm;
    SKM_VEC(uint32_t) permits;
    SKM_VEC(uint32_t) forbids;
    SKM_VEC(struct skm_engine_failure) failures;
};

/* ---- scopes ---- */

static bool is_in(const struct decision *decision, const struct skm_uid *actual, uint32_t ancestor)
{
    const struct skm_entity_view *view = decision->vm.view;
    const struct skm_uid *uid = &decision->vm.program->uids[ancestor];
    return skm_uid_equal(actual, uid) || view->ops->has_ancestor(view, actual, uid);
}

static bool scope_holds(const struct decision *decision, const struct skm_image_scope *scope,
                        enum skm_var var)
{
    const struct skm_program *program = decision->vm.program;
    const struct skm_uid *actual = decision->vm.vars[var].as.entity;
    switch ((enum skm_scope_kind)scope->kind) {
    case SKM_SCOPE_ANY:
        return true;
    case SKM_SCOPE_EQ:
        return skm_uid_equal(actual, &program->uids[scope->uid]);
    case SKM_SCOPE_IN:
        return is_in(decision, actual, scope->uid);
    case SKM_SCOPE_IS:
        return skm_span_equal(actual->type, program->names[scope->type]);
    case SKM_SCOPE_IS_IN:
        return skm_span_equal(actual->type, program->names[scope->type]) &&
               is_in(decision, actual, scope->uid);
    case SKM_SCOPE_IN_SET:
        break;
    }
    for (uint32_t i = 0; i < scope->uids.count; i++) {
        if (is_in(decision, actual, program->lists[scope->uids.at + i])) {
            return true;
        }
    }
    return false;
}

/* ---- policies ---- */

static skm_err note_satisfied(struct decision *decision, uint32_t policy)
{
    uint32_t *slot = NULL;
    if (decision->vm.program->policies[policy].effect == SKM_EFFECT_PERMIT) {
        SKM_TRY(SKM_VEC_PUSH(decision->vm.arena, &decision->permits, SIZE_MAX, &slot));
    } else {
        SKM_TRY(SKM_VEC_PUSH(decision->vm.arena, &decision->forbids, SIZE_MAX, &slot));
    }
    *slot = policy;
    return SKM_OK;
}

/* An exhausted arena says nothing about the policy. Were it listed like an error of the policy, a forbid would be skipped
 * for want of memory; so nothing is decided at all. */
static skm_err note_failure(struct decision *decision, uint32_t policy)
{
    struct skm_engine_failure *slot = NULL;
    if (decision->vm.error.kind == SKM_EVAL_ERROR_LIMIT) {
        return SKM_ERR(MEMORY);
    }
    SKM_TRY(SKM_VEC_PUSH(decision->vm.arena, &decision->failures, SIZE_MAX, &slot));
    *slot = (struct skm_engine_failure){policy, decision->vm.error};
    return SKM_OK;
}

static skm_err run_policy(struct decision *decision, uint32_t policy)
{
    const struct skm_image_policy *row = &decision->vm.program->policies[policy];
    if (!scope_holds(decision, &row->principal, SKM_VAR_PRINCIPAL) ||
        !scope_holds(decision, &row->action, SKM_VAR_ACTION) ||
        !scope_holds(decision, &row->resource, SKM_VAR_RESOURCE)) {
        return SKM_OK;
    }
    enum skm_policy_outcome outcome = SKM_POLICY_SATISFIED;
    if (row->block != SKM_IMAGE_NONE) {
        outcome = skm_vm_run(&decision->vm, &decision->vm.program->blocks[row->block]);
    }
    switch (outcome) {
    case SKM_POLICY_SATISFIED:
        return note_satisfied(decision, policy);
    case SKM_POLICY_ERROR:
        return note_failure(decision, policy);
    case SKM_POLICY_NOT_SATISFIED:
        break;
    }
    return SKM_OK;
}

/* Merges two ascending lists, so that answers are in the set's order. */
static skm_err run_lists(struct decision *decision, struct skm_index_list a,
                         struct skm_index_list b)
{
    size_t i = 0;
    size_t k = 0;
    while (i < a.count || k < b.count) {
        bool from_a = k == b.count || (i < a.count && a.policies[i] < b.policies[k]);
        SKM_TRY(run_policy(decision, from_a ? a.policies[i++] : b.policies[k++]));
    }
    return SKM_OK;
}

static void set_request(struct decision *decision, const struct skm_request *request)
{
    struct skm_value *vars = decision->vm.vars;
    vars[SKM_VAR_PRINCIPAL] = skm_value_entity(&request->principal);
    vars[SKM_VAR_ACTION] = skm_value_entity(&request->action);
    vars[SKM_VAR_RESOURCE] = skm_value_entity(&request->resource);
    vars[SKM_VAR_CONTEXT] = request->context;
}

skm_err skm_engine_authorize(struct skm_arena *arena, const struct skm_compiled_set *set,
                             const struct skm_request *request, const struct skm_entity_view *view,
                             struct skm_engine_answer *out_answer)
{
    struct skm_value registers[REGISTERS_ON_STACK];
    struct decision decision = {
        .vm = {.program = set->program, .view = view, .arena = arena, .registers = registers}};
    if (set->program->register_count > REGISTERS_ON_STACK) {
        decision.vm.registers =
            SKM_ARENA_NEW_ARRAY(arena, struct skm_value, set->program->register_count);
    }
    if (decision.vm.registers == NULL) {
        return SKM_ERR(MEMORY);
    }
    set_request(&decision, request);
    /* Only the action is looked up: principal and resource are compared with the few policies that are left. */
    uint32_t action = skm_program_find_uid(set->program, &request->action);
    SKM_TRY(run_lists(&decision, skm_index_of_action(&set->index, action),
                      skm_index_of_any(&set->index)));
    *out_answer = (struct skm_engine_answer){
        .allow = decision.permits.len > 0 && decision.forbids.len == 0,
        .permits = decision.permits.items,
        .permit_count = decision.permits.len,
        .forbids = decision.forbids.items,
        .forbid_count = decision.forbids.len,
        .failures = decision.failures.items,
        .failure_count = decision.failures.len,
    };
    return SKM_OK;
}

/* ---- in the reference's terms ---- */

static skm_err translate_list(struct skm_arena *arena, const uint32_t *policies, size_t count,
                              const struct skm_policy_set *set,
                              const struct skm_policy_instance ***out_instances)
{
    const struct skm_policy_instance **instances =
        SKM_ARENA_NEW_ARRAY(arena, const struct skm_policy_instance *, count);
    if (instances == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < count; i++) {
        instances[i] = &set->instances.items[policies[i]];
    }
    *out_instances = instances;
    return SKM_OK;
}

skm_err skm_engine_translate(struct skm_arena *arena, const struct skm_engine_answer *answer,
                             const struct skm_policy_set *policies,
                             struct skm_authorization *out_authorization)
{
    struct skm_authorization result = {.allow = answer->allow,
                                       .permit_count = answer->permit_count,
                                       .forbid_count = answer->forbid_count,
                                       .failure_count = answer->failure_count};
    SKM_TRY(translate_list(arena, answer->permits, answer->permit_count, policies,
                           &result.satisfied_permits));
    SKM_TRY(translate_list(arena, answer->forbids, answer->forbid_count, policies,
                           &result.satisfied_forbids));
    struct skm_policy_failure *failures =
        SKM_ARENA_NEW_ARRAY(arena, struct skm_policy_failure, answer->failure_count);
    if (failures == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < answer->failure_count; i++) {
        failures[i] = (struct skm_policy_failure){
            &policies->instances.items[answer->failures[i].policy], answer->failures[i].error};
    }
    result.failures = failures;
    *out_authorization = result;
    return SKM_OK;
}
