/* The code of one condition: the half of the compiler that sees expressions. compile.c only.
 *
 * Registers are a stack: what is computed into register r uses registers above r for what it needs meanwhile. */
#pragma once

#include "engine/image.h"

struct skm_emit {
    struct skm_image *image;
    uint32_t registers; /* one more than the highest written in the block */
};

/* A place in the code that is not known yet: the jumps to it, chained through their c. */
struct skm_label {
    uint32_t head; /* index of the latest jump + 1; 0: none */
};

/* Jumps to the label when the expression is a bool of the value `sense`, goes on when it is the other; registers from `free` on
 * are free. SKM_E_MEMORY, SKM_E_COUNT. */
SKM_MUST skm_err skm_emit_branch(struct skm_emit *emit, const struct skm_expr *expr, bool sense,
                                 uint32_t free, struct skm_label *label);

SKM_MUST skm_err skm_emit_stop(struct skm_emit *emit, enum skm_op_stop stop);

/* The label is here. */
void skm_emit_bind(struct skm_emit *emit, struct skm_label *label);
