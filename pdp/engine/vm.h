/* Runs the code of one policy for one request.
 *
 * Independent of cedar/eval.c, which it is held against; shared are only values, `like` and the extension functions. Code has
 * been verified (verify.h): indices are not checked again, jumps lead forward, so a run takes at most as many steps as the
 * block has instructions. Memory: what policies build (sets, records, addresses) goes to the arena; nothing else is
 * allocated. One thread per machine. */
#pragma once

#include "cedar/eval.h"
#include "engine/program.h"

struct skm_vm {
    const struct skm_program *program;
    const struct skm_entity_view *view;
    struct skm_arena *arena;
    struct skm_value vars[4];    /* by enum skm_var */
    struct skm_value *registers; /* program->register_count; owned by the caller */
    struct skm_eval_error
        error; /* of the run that ended in SKM_POLICY_ERROR; `expr` is always NULL */
};

enum skm_policy_outcome skm_vm_run(struct skm_vm *vm, const struct skm_image_block *block);
