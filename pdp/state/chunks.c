#include "state/chunks.h"

#include "base/mem.h"

#define DIRECTORY_MIN 8u

void skm_chunks_init(struct skm_chunks *chunks, struct skm_arena *arena, uint32_t item_bytes)
{
    *chunks = (struct skm_chunks){.arena = arena, .item_bytes = item_bytes};
}

void skm_chunks_fini(struct skm_chunks *chunks)
{
    skm_mem_free(chunks->chunks);
    chunks->chunks = NULL;
    chunks->chunks_cap = 0;
    chunks->len = 0;
}

static skm_err grow_directory(struct skm_chunks *chunks)
{
    uint32_t cap = chunks->chunks_cap == 0 ? DIRECTORY_MIN : chunks->chunks_cap * 2;
    void **grown = skm_mem_realloc(chunks->chunks, cap * sizeof(*grown));
    if (grown == NULL) {
        return SKM_ERR(MEMORY);
    }
    chunks->chunks = grown;
    chunks->chunks_cap = cap;
    return SKM_OK;
}

skm_err skm_chunks_push(struct skm_chunks *chunks, uint32_t max, void **out_item)
{
    if (chunks->len >= max) {
        return SKM_ERR(COUNT);
    }
    uint32_t chunk = chunks->len >> SKM_CHUNK_BITS;
    if ((chunks->len & (SKM_CHUNK_ITEMS - 1)) == 0) {
        if (chunk == chunks->chunks_cap) {
            SKM_TRY(grow_directory(chunks));
        }
        chunks->chunks[chunk] =
            skm_arena_alloc_array(chunks->arena, SKM_CHUNK_ITEMS, chunks->item_bytes);
        if (chunks->chunks[chunk] == NULL) {
            return SKM_ERR(MEMORY);
        }
    }
    *out_item = skm_chunks_at(chunks, chunks->len++);
    return SKM_OK;
}
