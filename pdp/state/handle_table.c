/* Open addressing, linear probing, at most three quarters full: a probe ends at a free slot. */
#include "state/handle_table.h"

#include "base/mem.h"

#define CAP_MIN 16u
#define CAP_MAX (1u << 31)

void skm_handle_table_fini(struct skm_handle_table *table)
{
    skm_mem_free(table->slots);
    *table = (struct skm_handle_table){0};
}

bool skm_handle_table_next(const struct skm_handle_table *table, uint32_t hash, uint32_t *cursor,
                           uint32_t *out_handle)
{
    if (table->cap == 0) {
        return false;
    }
    for (;;) {
        const struct skm_handle_slot *slot = &table->slots[*cursor & (table->cap - 1)];
        if (slot->handle == 0) {
            return false;
        }
        (*cursor)++;
        if (slot->hash == hash) {
            *out_handle = slot->handle - 1;
            return true;
        }
    }
}

static void place(struct skm_handle_slot *slots, uint32_t cap, struct skm_handle_slot item)
{
    uint32_t at = item.hash & (cap - 1);
    while (slots[at].handle != 0) {
        at = (at + 1) & (cap - 1);
    }
    slots[at] = item;
}

static skm_err grow(struct skm_handle_table *table)
{
    if (table->cap >= CAP_MAX) {
        return SKM_ERR(COUNT);
    }
    uint32_t cap = table->cap == 0 ? CAP_MIN : table->cap * 2;
    struct skm_handle_slot *slots = skm_mem_alloc_array(cap, sizeof(*slots));
    if (slots == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (uint32_t i = 0; i < table->cap; i++) {
        if (table->slots[i].handle != 0) {
            place(slots, cap, table->slots[i]);
        }
    }
    skm_mem_free(table->slots);
    table->slots = slots;
    table->cap = cap;
    return SKM_OK;
}

skm_err skm_handle_table_put(struct skm_handle_table *table, uint32_t hash, uint32_t handle)
{
    if (table->len >= table->cap - table->cap / 4) {
        SKM_TRY(grow(table));
    }
    place(table->slots, table->cap, (struct skm_handle_slot){hash, handle + 1});
    table->len++;
    return SKM_OK;
}
