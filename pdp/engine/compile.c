#include "engine/compile.h"

#include "base/attr.h"
#include "base/span.h"
#include "engine/emit.h"
#include "engine/fold.h"

/* Temporaries of one compilation: tables of the image under construction and folded trees. */
#define SCRATCH_QUOTA ((size_t)8 << 30)

struct compile {
    struct skm_arena scratch;
    struct skm_image image;
    struct skm_map blocks; /* bytes of a policy's address -> block + 1, so that links share one */
};

static void compile_fini(struct compile *compile)
{
    skm_map_fini(&compile->blocks);
    skm_image_fini(&compile->image);
    skm_arena_fini(&compile->scratch);
}

/* ---- conditions ---- */

static skm_err emit_conditions(struct compile *compile, const struct skm_policy *policy,
                               struct skm_emit *emit)
{
    struct skm_label fails = {0};
    for (size_t i = 0; i < policy->condition_count; i++) {
        const struct skm_expr *body = NULL;
        SKM_TRY(skm_fold_expr(&compile->scratch, policy->conditions[i].body, &body));
        SKM_TRY(skm_emit_branch(emit, body, policy->conditions[i].unless, 0, &fails));
    }
    SKM_TRY(skm_emit_stop(emit, SKM_OP_STOP_SATISFIED));
    if (fails.head == 0) {
        return SKM_OK;
    }
    skm_emit_bind(emit, &fails);
    return skm_emit_stop(emit, SKM_OP_STOP_NOT_SATISFIED);
}

static skm_err add_block(struct compile *compile, const struct skm_policy *policy,
                         uint32_t *out_block)
{
    struct skm_emit emit = {.image = &compile->image};
    struct skm_image_block row = {.first = (uint32_t)compile->image.code.len};
    SKM_TRY(emit_conditions(compile, policy, &emit));
    row.end = (uint32_t)compile->image.code.len;
    row.registers = emit.registers;
    *out_block = (uint32_t)compile->image.blocks.len;
    struct skm_image_block *slot = NULL;
    SKM_TRY(SKM_VEC_PUSH(&compile->scratch, &compile->image.blocks, SKM_POLICY_SET_MAX, &slot));
    *slot = row;
    return SKM_OK;
}

static skm_err block_of(struct compile *compile, const struct skm_policy_instance *instance,
                        uint32_t *out_block)
{
    *out_block = SKM_IMAGE_NONE;
    if (instance->policy->condition_count == 0) {
        return SKM_OK;
    }
    skm_span key = skm_span_of((const char *)&instance->policy, sizeof instance->policy);
    const void *found = skm_map_get(&compile->blocks, key);
    if (found != NULL) {
        *out_block = (uint32_t)((uintptr_t)found - 1);
        return SKM_OK;
    }
    SKM_TRY(add_block(compile, instance->policy, out_block));
    return skm_map_put(&compile->blocks, key, (void *)((uintptr_t)*out_block + 1));
}

/* ---- scopes ---- */

/* `slot` is what the slot of this position is filled with. */
static skm_err add_scope(struct compile *compile, const struct skm_scope *scope,
                         const struct skm_uid *slot, struct skm_image_scope *out_scope)
{
    struct skm_image *image = &compile->image;
    *out_scope = (struct skm_image_scope){.kind = (uint32_t)scope->kind};
    switch (scope->kind) {
    case SKM_SCOPE_ANY:
        return SKM_OK;
    case SKM_SCOPE_EQ:
    case SKM_SCOPE_IN:
        return skm_image_uid(image, scope->slot ? slot : &scope->uid, &out_scope->uid);
    case SKM_SCOPE_IS:
        return skm_image_name(image, scope->type, &out_scope->type);
    case SKM_SCOPE_IS_IN:
        SKM_TRY(skm_image_name(image, scope->type, &out_scope->type));
        return skm_image_uid(image, scope->slot ? slot : &scope->uid, &out_scope->uid);
    case SKM_SCOPE_IN_SET:
        break;
    }
    out_scope->uids =
        (struct skm_image_range){(uint32_t)image->lists.len, (uint32_t)scope->uid_count};
    for (size_t i = 0; i < scope->uid_count; i++) {
        uint32_t uid = 0;
        SKM_TRY(skm_image_uid(image, &scope->uids[i], &uid));
        SKM_TRY(skm_image_list_push(image, uid));
    }
    return SKM_OK;
}

static skm_err add_policy(struct compile *compile, const struct skm_policy_instance *instance)
{
    const struct skm_policy *policy = instance->policy;
    struct skm_image_policy row = {.effect = (uint32_t)policy->effect};
    SKM_TRY(skm_image_name(&compile->image, instance->id, &row.id));
    SKM_TRY(add_scope(compile, &policy->principal, &instance->principal, &row.principal));
    SKM_TRY(add_scope(compile, &policy->action, NULL, &row.action));
    SKM_TRY(add_scope(compile, &policy->resource, &instance->resource, &row.resource));
    SKM_TRY(block_of(compile, instance, &row.block));
    struct skm_image_policy *slot = NULL;
    SKM_TRY(SKM_VEC_PUSH(&compile->scratch, &compile->image.policies, SKM_POLICY_SET_MAX, &slot));
    *slot = row;
    return SKM_OK;
}

skm_err skm_compile(struct skm_arena *arena, const struct skm_policy_set *policies,
                    skm_span *out_image)
{
    SKM_CLEANUP(compile_fini) struct compile compile;
    skm_arena_init(&compile.scratch, SCRATCH_QUOTA);
    skm_image_init(&compile.image, &compile.scratch);
    skm_map_init(&compile.blocks, SKM_POLICY_SET_MAX);
    for (size_t i = 0; i < policies->instances.len; i++) {
        SKM_TRY(add_policy(&compile, &policies->instances.items[i]));
    }
    return skm_image_write(&compile.image, arena, out_image);
}
