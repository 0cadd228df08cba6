/* An image under construction: tables that grow, each text, uid and scalar kept once. compile.c fills it.
 *
 * Memory: the arena given; fini releases what is outside it. */
#pragma once

#include "base/map.h"
#include "base/vec.h"
#include "engine/program.h"

struct skm_image {
    struct skm_arena *arena;
    struct skm_map name_ids;   /* text -> index + 1 */
    struct skm_map uid_ids;    /* bytes of struct skm_image_uid -> index + 1 */
    struct skm_map scalar_ids; /* bytes of struct skm_image_constant -> index + 1 */
    SKM_VEC(skm_span) names;
    SKM_VEC(struct skm_image_uid) uids;
    SKM_VEC(struct skm_image_constant) constants;
    SKM_VEC(uint32_t) lists;
    SKM_VEC(struct skm_image_part) parts;
    SKM_VEC(struct skm_image_range) patterns;
    SKM_VEC(struct skm_instruction) code;
    SKM_VEC(struct skm_image_block) blocks;
    SKM_VEC(struct skm_image_policy) policies;
};

void skm_image_init(struct skm_image *image, struct skm_arena *arena);
void skm_image_fini(struct skm_image *image);

/* Each yields the index in its section; SKM_E_MEMORY, SKM_E_COUNT. Texts are borrowed until the image is written. */
SKM_MUST skm_err skm_image_name(struct skm_image *image, skm_span text, uint32_t *out_name);
SKM_MUST skm_err skm_image_uid(struct skm_image *image, const struct skm_uid *uid,
                               uint32_t *out_uid);
SKM_MUST skm_err skm_image_constant(struct skm_image *image, const struct skm_value *value,
                                    uint32_t *out_constant);
SKM_MUST skm_err skm_image_pattern(struct skm_image *image, const struct skm_pattern *pattern,
                                   uint32_t *out_pattern);
SKM_MUST skm_err skm_image_list_push(struct skm_image *image, uint32_t entry);

/* The finished bytes, aligned to 16, in `arena`. SKM_E_SIZE, SKM_E_MEMORY. */
SKM_MUST skm_err skm_image_write(const struct skm_image *image, struct skm_arena *arena,
                                 skm_span *out_bytes);
