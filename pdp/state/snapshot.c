#include "state/snapshot.h"

#include "base/mem.h"

skm_err skm_snapshot_new(size_t quota_bytes, struct skm_snapshot **out_snapshot)
{
    struct skm_snapshot *snapshot = skm_mem_alloc(sizeof(*snapshot));
    if (snapshot == NULL) {
        return SKM_ERR(MEMORY);
    }
    skm_arena_init(&snapshot->arena, quota_bytes);
    snapshot->refs = 1;
    skm_policy_set_init(&snapshot->policies, &snapshot->arena);
    skm_policy_set_init(&snapshot->obligations, &snapshot->arena);
    *out_snapshot = snapshot;
    return SKM_OK;
}

/* Taking a reference orders nothing: whoever takes one got the pointer through something that did. */
struct skm_snapshot *skm_snapshot_ref(struct skm_snapshot *snapshot)
{
    __atomic_add_fetch(&snapshot->refs, 1, __ATOMIC_RELAXED);
    return snapshot;
}

/* The last one out must see all that the others did with it before they let go. */
void skm_snapshot_unref(struct skm_snapshot *snapshot)
{
    if (snapshot == NULL || __atomic_sub_fetch(&snapshot->refs, 1, __ATOMIC_ACQ_REL) != 0) {
        return;
    }
    skm_policy_set_fini(&snapshot->policies);
    skm_policy_set_fini(&snapshot->obligations);
    skm_entities_free(snapshot->entities);
    skm_arena_fini(&snapshot->arena);
    skm_mem_free(snapshot);
}
