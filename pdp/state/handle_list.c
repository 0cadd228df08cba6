#include "state/handle_list.h"

#include <string.h>

#define POOL_LEN 1024u

/* The end of the ascending run that starts at `from`. */
static uint32_t run_end(const uint32_t *handles, uint32_t from, uint32_t count)
{
    uint32_t end = from;
    while (end < count && (end == from || handles[end - 1] <= handles[end])) {
        end++;
    }
    return end;
}

static void merge(const uint32_t *left, uint32_t left_count, const uint32_t *right,
                  uint32_t right_count, uint32_t *out)
{
    uint32_t i = 0;
    uint32_t j = 0;
    while (i < left_count && j < right_count) {
        *out++ = right[j] < left[i] ? right[j++] : left[i++];
    }
    if (i < left_count) {
        memcpy(out, left + i, (left_count - i) * sizeof(*out));
    }
    if (j < right_count) {
        memcpy(out, right + j, (right_count - j) * sizeof(*out));
    }
}

/* Merges neighbouring runs of `from` into `to`. */
static void merge_runs(const uint32_t *from, uint32_t *to, uint32_t count)
{
    for (uint32_t start = 0; start < count;) {
        uint32_t middle = run_end(from, start, count);
        uint32_t end = middle == count ? count : run_end(from, middle, count);
        merge(from + start, middle - start, from + middle, end - middle, to + start);
        start = end;
    }
}

uint32_t skm_handle_list_sort(uint32_t *handles, uint32_t *scratch, uint32_t count)
{
    uint32_t *from = handles;
    uint32_t *to = scratch;
    while (run_end(from, 0, count) < count) {
        merge_runs(from, to, count);
        uint32_t *swap = from;
        from = to;
        to = swap;
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (kept == 0 || from[i] != handles[kept - 1]) {
            handles[kept++] = from[i];
        }
    }
    return kept;
}

bool skm_handle_list_has(const uint32_t *handles, uint32_t count, uint32_t handle)
{
    uint32_t low = 0;
    uint32_t high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (handles[middle] < handle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < count && handles[low] == handle;
}

skm_err skm_handle_pool_dup(struct skm_handle_pool *pool, const uint32_t *handles, uint32_t count,
                            const uint32_t **out_copy)
{
    if (count == 0) {
        *out_copy = NULL;
        return SKM_OK;
    }
    uint32_t *copy = NULL;
    if (count <= pool->free_len) {
        copy = pool->free;
        pool->free += count;
        pool->free_len -= count;
    } else {
        /* A long list gets a block of its own and leaves what is free for short ones. */
        uint32_t len = count > POOL_LEN / 4 ? count : POOL_LEN;
        copy = skm_arena_alloc_array(pool->arena, len, sizeof(*copy));
        if (copy == NULL) {
            return SKM_ERR(MEMORY);
        }
        if (len > count) {
            pool->free = copy + count;
            pool->free_len = len - count;
        }
    }
    memcpy(copy, handles, count * sizeof(*copy));
    *out_copy = copy;
    return SKM_OK;
}
