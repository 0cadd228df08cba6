/* A region: many allocations, one release. Every arena has a quota fixed at birth, so that whoever fills
 * it from outside input can take so much and no more.
 *
 * Under AddressSanitizer what is not handed out is poisoned and a gap follows each allocation, so that overruns and
 * uses after reset are seen.
 *
 * Lifetimes in the PDP: the request (one arena, freed at once), the snapshot (one arena, immutable
 * afterwards). Threads: one thread at a time. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

struct skm_arena_chunk;

struct skm_arena {
    struct skm_arena_chunk *chunk; /* newest first; owned */
    size_t quota_bytes;            /* most that may be taken from the heap */
    size_t taken_bytes;            /* taken from the heap so far */
    size_t used_bytes;             /* handed out so far */
};

/* Nothing is allocated until the first use. */
void skm_arena_init(struct skm_arena *arena, size_t quota_bytes);

/* Frees everything; the arena can be used again. NULL is accepted. */
void skm_arena_fini(struct skm_arena *arena);

/* Forgets all allocations and keeps the newest chunk, the largest but for single huge blocks, for the next round: a
 * request arena that has seen a typical request takes nothing from the heap any more. */
void skm_arena_reset(struct skm_arena *arena);

/* Zeroed memory aligned to 16, or NULL when the quota or the heap is exhausted (report SKM_ERR(MEMORY)).
 * size 0 yields a valid pointer. */
void *skm_arena_alloc(struct skm_arena *arena, size_t size_bytes);

/* count * size with overflow check. */
void *skm_arena_alloc_array(struct skm_arena *arena, size_t count, size_t size_bytes);

/* As skm_arena_alloc, but not zeroed: for tables that are filled before they are read. */
void *skm_arena_alloc_unset(struct skm_arena *arena, size_t size_bytes);

/* Unzeroed and byte-aligned: for text. */
char *skm_arena_alloc_text(struct skm_arena *arena, size_t size_bytes);

/* Copies the bytes in. The copy of an empty span has a pointer that is not NULL. SKM_E_MEMORY. */
SKM_MUST skm_err skm_arena_dup(struct skm_arena *arena, skm_span text, skm_span *out_copy);

/* printf into the arena; the result is NUL-terminated after its length. */
SKM_MUST skm_err skm_arena_printf(struct skm_arena *arena, skm_span *out_text, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
SKM_MUST skm_err skm_arena_vprintf(struct skm_arena *arena, skm_span *out_text, const char *format,
                                   va_list args) __attribute__((format(printf, 3, 0)));

#define SKM_ARENA_NEW(arena, type) ((type *)skm_arena_alloc((arena), sizeof(type)))
#define SKM_ARENA_NEW_ARRAY(arena, type, count)                                                    \
    ((type *)skm_arena_alloc_array((arena), (count), sizeof(type)))
