/* Refuses every image that could harm whoever runs it.
 *
 * After SKM_OK: every section lies in the image; every index (name, uid, constant, list, pattern, block, function) is in
 * range; constants refer to constants before them only, and nest no deeper than values may; sets and records are sorted and
 * unique; every register is below the block's count; jumps lead forward, to an instruction of the same block; the last
 * instruction of a block stops; what registers build nests no deeper than values may. So a run reads and writes only what it
 * should, and ends. That the code means what some policy said is not checked: images are made and used by one owner.
 *
 * Pure. Any thread. */
#pragma once

#include "engine/program.h"

/* The structure: everything but the content of constants. SKM_E_INVALID, SKM_E_MEMORY (the temporaries it takes). */
SKM_MUST skm_err skm_verify_image(skm_span bytes);

/* The values of the constants: sets sorted and unique, records likewise. Called by skm_program_load() once they have been
 * resolved; SKM_E_INVALID. */
SKM_MUST skm_err skm_verify_constants(const struct skm_value *constants, size_t count);
