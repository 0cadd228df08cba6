#include "engine/index.h"

/* The list a policy is on: that of its action, or the last one. */
static uint32_t list_of(const struct skm_program *program, uint32_t policy)
{
    const struct skm_image_scope *action = &program->policies[policy].action;
    return action->kind == SKM_SCOPE_EQ ? action->uid : program->uid_count;
}

skm_err skm_index_build(struct skm_arena *arena, const struct skm_program *program,
                        struct skm_index *out_index)
{
    uint32_t *order = SKM_ARENA_NEW_ARRAY(arena, uint32_t, program->policy_count);
    uint32_t *starts = SKM_ARENA_NEW_ARRAY(arena, uint32_t, (size_t)program->uid_count + 2);
    uint32_t *next = SKM_ARENA_NEW_ARRAY(arena, uint32_t, (size_t)program->uid_count + 1);
    if (order == NULL || starts == NULL || next == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (uint32_t i = 0; i < program->policy_count; i++) {
        starts[list_of(program, i) + 1]++;
    }
    for (uint32_t i = 0; i <= program->uid_count; i++) {
        starts[i + 1] += starts[i];
        next[i] = starts[i];
    }
    for (uint32_t i = 0; i < program->policy_count; i++) {
        order[next[list_of(program, i)]++] = i;
    }
    *out_index = (struct skm_index){order, starts, program->uid_count, program->policy_count};
    return SKM_OK;
}

struct skm_index_list skm_index_of_action(const struct skm_index *index, uint32_t uid)
{
    if (uid >= index->uid_count) {
        return (struct skm_index_list){NULL, 0};
    }
    return (struct skm_index_list){index->order + index->starts[uid],
                                   index->starts[uid + 1] - index->starts[uid]};
}

struct skm_index_list skm_index_of_any(const struct skm_index *index)
{
    uint32_t start = index->starts[index->uid_count];
    return (struct skm_index_list){index->order + start, index->policy_count - start};
}
