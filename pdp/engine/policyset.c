#include "engine/policyset.h"

#include "engine/compile.h"

skm_err skm_policyset_load(struct skm_arena *arena, skm_span image,
                           struct skm_compiled_set *out_set)
{
    struct skm_program *program = NULL;
    struct skm_index index;
    SKM_TRY(skm_program_load(arena, image, &program));
    SKM_TRY(skm_index_build(arena, program, &index));
    *out_set = (struct skm_compiled_set){program, index};
    return SKM_OK;
}

skm_err skm_policyset_compile(struct skm_arena *arena, const struct skm_policy_set *policies,
                              struct skm_compiled_set *out_set)
{
    skm_span image = {NULL, 0};
    SKM_TRY(skm_compile(arena, policies, &image));
    return skm_policyset_load(arena, image, out_set);
}
