/* A compiled policy set ready to decide: a loaded program and the index over it.
 *
 * Immutable once built, any thread. Memory: the arena given; the image is borrowed. */
#pragma once

#include "cedar/policy_set.h"
#include "engine/index.h"
#include "engine/program.h"

struct skm_compiled_set {
    const struct skm_program *program;
    struct skm_index index;
};

/* From an image. SKM_E_INVALID: not one that can be run; SKM_E_MEMORY. */
SKM_MUST skm_err skm_policyset_load(struct skm_arena *arena, skm_span image,
                                    struct skm_compiled_set *out_set);

/* Compiles and loads. Policy i is instance i of `policies`. As skm_compile() and skm_policyset_load(). */
SKM_MUST skm_err skm_policyset_compile(struct skm_arena *arena,
                                       const struct skm_policy_set *policies,
                                       struct skm_compiled_set *out_set);
