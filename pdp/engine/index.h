/* Which policies can matter for a request: found from the action they name, before any of them is looked at.
 *
 * A policy whose action scope is `==` is listed under that action; all others are looked at for every request. Memory: the
 * arena given; immutable, any thread. */
#pragma once

#include "engine/program.h"

/* Policies of one action, ascending. */
struct skm_index_list {
    const uint32_t *policies;
    size_t count;
};

struct skm_index {
    const uint32_t *order; /* all policies: those of each action, then those of no particular one */
    const uint32_t *starts; /* by uid: where its policies start in `order`; one more at the end */
    uint32_t uid_count;
    uint32_t policy_count;
};

/* SKM_E_MEMORY. */
SKM_MUST skm_err skm_index_build(struct skm_arena *arena, const struct skm_program *program,
                                 struct skm_index *out_index);

/* The policies that name the action (`uid`: its index in the program or SKM_IMAGE_NONE). */
struct skm_index_list skm_index_of_action(const struct skm_index *index, uint32_t uid);

/* The policies that name no single action. */
struct skm_index_list skm_index_of_any(const struct skm_index *index);
