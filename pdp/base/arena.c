/* Chunks from the heap, newest first, filled from the front.
 *
 *     chunk ──► [header | used … | free …] ──► older chunk ──► …
 *
 * The first chunk is small, each later one twice the last, up to a limit: short requests stay cheap and large worlds
 * need few chunks. A request that is large against the next chunk gets one of its own behind the newest, whose rest
 * stays in use. */
#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISON 1
#endif
#endif
#ifndef ARENA_POISON
#define ARENA_POISON 0
#endif

#if ARENA_POISON
#include <sanitizer/asan_interface.h>
/* Bytes left poisoned between two allocations; shadow memory has a granularity of 8. */
#define GAP_BYTES      8u
#define TEXT_ALIGNMENT 8u
#else
#define ASAN_POISON_MEMORY_REGION(ptr, size)   ((void)(ptr), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(ptr, size) ((void)(ptr), (void)(size))
#define GAP_BYTES                              0u
#define TEXT_ALIGNMENT                         1u
#endif

#define ALIGNMENT         16u
#define CHUNK_FIRST_BYTES ((size_t)4096)
#define CHUNK_MOST_BYTES  ((size_t)1024 * 1024)

struct skm_arena_chunk {
    struct skm_arena_chunk *next; /* older */
    size_t size_bytes;            /* of data */
    size_t used_bytes;            /* of data */
    size_t reserved;              /* keeps data aligned */
    _Alignas(16) char data[];
};

_Static_assert(sizeof(struct skm_arena_chunk) % ALIGNMENT == 0, "data is aligned");

void skm_arena_init(struct skm_arena *arena, size_t quota_bytes)
{
    *arena = (struct skm_arena){.quota_bytes = quota_bytes};
}

static void free_chain(struct skm_arena_chunk *chunk)
{
    while (chunk != NULL) {
        struct skm_arena_chunk *next = chunk->next;
        ASAN_UNPOISON_MEMORY_REGION(chunk->data, chunk->size_bytes);
        skm_mem_free(chunk);
        chunk = next;
    }
}

void skm_arena_fini(struct skm_arena *arena)
{
    if (arena == NULL) {
        return;
    }
    free_chain(arena->chunk);
    skm_arena_init(arena, arena->quota_bytes);
}

void skm_arena_reset(struct skm_arena *arena)
{
    struct skm_arena_chunk *kept = arena->chunk;
    if (kept == NULL) {
        return;
    }
    free_chain(kept->next);
    kept->next = NULL;
    kept->used_bytes = 0;
    ASAN_POISON_MEMORY_REGION(kept->data, kept->size_bytes);
    arena->taken_bytes = sizeof *kept + kept->size_bytes;
    arena->used_bytes = 0;
}

/* Size of the next regular chunk, header included. */
static size_t next_chunk_bytes(const struct skm_arena *arena)
{
    if (arena->chunk == NULL) {
        return CHUNK_FIRST_BYTES;
    }
    size_t last = sizeof(struct skm_arena_chunk) + arena->chunk->size_bytes;
    if (last >= CHUNK_MOST_BYTES / 2) {
        return CHUNK_MOST_BYTES;
    }
    return last < CHUNK_FIRST_BYTES ? CHUNK_FIRST_BYTES : last * 2;
}

/* A chunk of `total_bytes`, header included, linked in; NULL when quota or heap is exhausted. */
static struct skm_arena_chunk *take_chunk(struct skm_arena *arena, size_t total_bytes, bool newest)
{
    struct skm_arena_chunk *chunk = skm_mem_realloc(NULL, total_bytes);
    if (chunk == NULL) {
        return NULL;
    }
    *chunk = (struct skm_arena_chunk){.size_bytes = total_bytes - sizeof *chunk};
    ASAN_POISON_MEMORY_REGION(chunk->data, chunk->size_bytes);
    arena->taken_bytes += total_bytes;
    if (newest || arena->chunk == NULL) {
        chunk->next = arena->chunk;
        arena->chunk = chunk;
    } else {
        chunk->next = arena->chunk->next;
        arena->chunk->next = chunk;
    }
    return chunk;
}

/* A chunk with room for `size_bytes`; regular where that wastes little and the quota allows. */
static struct skm_arena_chunk *make_room(struct skm_arena *arena, size_t size_bytes)
{
    size_t left = arena->quota_bytes - arena->taken_bytes;
    if (left < sizeof(struct skm_arena_chunk) ||
        size_bytes > left - sizeof(struct skm_arena_chunk)) {
        return NULL;
    }
    size_t least = sizeof(struct skm_arena_chunk) + size_bytes;
    size_t regular = next_chunk_bytes(arena);
    if (least > regular / 2) {
        bool newest = arena->chunk == NULL || least <= regular;
        return take_chunk(arena, newest && regular <= left && least <= regular ? regular : least,
                          newest);
    }
    return take_chunk(arena, regular <= left ? regular : left, true);
}

static void *hand_out(struct skm_arena *arena, struct skm_arena_chunk *chunk, size_t start,
                      size_t size_bytes)
{
    size_t end = start + size_bytes + GAP_BYTES;
    arena->used_bytes += end - chunk->used_bytes;
    chunk->used_bytes = end;
    ASAN_UNPOISON_MEMORY_REGION(chunk->data + start, size_bytes);
    return chunk->data + start;
}

/* Cold half of take(): a new chunk. Its data is aligned, so the allocation starts at 0. */
static __attribute__((noinline)) void *take_anew(struct skm_arena *arena, size_t size_bytes)
{
    if (size_bytes > SIZE_MAX - GAP_BYTES - sizeof(struct skm_arena_chunk)) {
        return NULL;
    }
    struct skm_arena_chunk *chunk = make_room(arena, size_bytes + GAP_BYTES);
    return chunk == NULL ? NULL : hand_out(arena, chunk, 0, size_bytes);
}

static inline void *take(struct skm_arena *arena, size_t size_bytes, size_t alignment)
{
    struct skm_arena_chunk *chunk = arena->chunk;
    if (chunk != NULL) {
        size_t start = (chunk->used_bytes + alignment - 1) & ~(alignment - 1);
        if (start + GAP_BYTES <= chunk->size_bytes &&
            size_bytes <= chunk->size_bytes - start - GAP_BYTES) {
            return hand_out(arena, chunk, start, size_bytes);
        }
    }
    return take_anew(arena, size_bytes);
}

void *skm_arena_alloc_unset(struct skm_arena *arena, size_t size_bytes)
{
    return take(arena, size_bytes, ALIGNMENT);
}

void *skm_arena_alloc(struct skm_arena *arena, size_t size_bytes)
{
    void *block = take(arena, size_bytes, ALIGNMENT);
    if (block != NULL) {
        memset(block, 0, size_bytes);
    }
    return block;
}

void *skm_arena_alloc_array(struct skm_arena *arena, size_t count, size_t size_bytes)
{
    size_t total = 0;
    if (__builtin_mul_overflow(count, size_bytes, &total)) {
        return NULL;
    }
    return skm_arena_alloc(arena, total);
}

char *skm_arena_alloc_text(struct skm_arena *arena, size_t size_bytes)
{
    return take(arena, size_bytes, TEXT_ALIGNMENT);
}

skm_err skm_arena_dup(struct skm_arena *arena, skm_span text, skm_span *out_copy)
{
    char *copy = skm_arena_alloc_text(arena, text.len);
    if (copy == NULL) {
        return SKM_ERR(MEMORY);
    }
    if (text.len != 0) {
        memcpy(copy, text.ptr, text.len);
    }
    *out_copy = (skm_span){copy, text.len};
    return SKM_OK;
}

skm_err skm_arena_vprintf(struct skm_arena *arena, skm_span *out_text, const char *format,
                          va_list args)
{
    va_list again;
    va_copy(again, args);
    char small[256];
    int wanted = vsnprintf(small, sizeof small, format, args);
    char *text = wanted < 0 ? NULL : skm_arena_alloc_text(arena, (size_t)wanted + 1);
    if (text != NULL && (size_t)wanted < sizeof small) {
        memcpy(text, small, (size_t)wanted + 1);
    } else if (text != NULL) {
        (void)vsnprintf(text, (size_t)wanted + 1, format, again);
    }
    va_end(again);
    if (text == NULL) {
        return wanted < 0 ? SKM_ERR(INTERNAL) : SKM_ERR(MEMORY);
    }
    *out_text = (skm_span){text, (size_t)wanted};
    return SKM_OK;
}

skm_err skm_arena_printf(struct skm_arena *arena, skm_span *out_text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    skm_err err = skm_arena_vprintf(arena, out_text, format, args);
    va_end(args);
    return err;
}
