/* A growing array in an arena whose elements never move: chunks of 256 elements and a directory. Nothing is left behind on
 * growth but the directory, which is on the heap. Threads: one writer or many readers. */
#pragma once

#include <stdint.h>

#include "base/arena.h"

#define SKM_CHUNK_BITS  8u
#define SKM_CHUNK_ITEMS (1u << SKM_CHUNK_BITS)

struct skm_chunks {
    struct skm_arena *arena;
    void **chunks; /* owned; the chunks are the arena's */
    uint32_t chunks_cap;
    uint32_t item_bytes; /* a multiple of the element's alignment, at most 16 */
    uint32_t len;        /* elements in use */
};

void skm_chunks_init(struct skm_chunks *chunks, struct skm_arena *arena, uint32_t item_bytes);
void skm_chunks_fini(struct skm_chunks *chunks);

/* One more element at the end, zeroed; its index is the old `len`. SKM_E_MEMORY, SKM_E_COUNT past `max`. */
SKM_MUST skm_err skm_chunks_push(struct skm_chunks *chunks, uint32_t max, void **out_item);

/* The element; `index` below `len`. */
static inline void *skm_chunks_at(const struct skm_chunks *chunks, uint32_t index)
{
    char *chunk = chunks->chunks[index >> SKM_CHUNK_BITS];
    return chunk + (size_t)(index & (SKM_CHUNK_ITEMS - 1)) * chunks->item_bytes;
}
