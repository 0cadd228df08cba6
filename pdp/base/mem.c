#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* How many allocations still succeed; SIZE_MAX: all. Only tests write it. */
static size_t allocations_left = SIZE_MAX;

void skm_mem_fail_after(size_t count)
{
    allocations_left = count;
}

static bool may_allocate(void)
{
    if (allocations_left == SIZE_MAX) {
        return true;
    }
    if (allocations_left == 0) {
        return false;
    }
    allocations_left--;
    return true;
}

void *skm_mem_alloc(size_t size_bytes)
{
    return skm_mem_alloc_array(1, size_bytes);
}

void *skm_mem_alloc_array(size_t count, size_t size_bytes)
{
    size_t total = 0;
    if (count == 0 || size_bytes == 0 || __builtin_mul_overflow(count, size_bytes, &total) ||
        !may_allocate()) {
        return NULL;
    }
    return calloc(count, size_bytes);
}

void *skm_mem_realloc(void *ptr, size_t size_bytes)
{
    if (!may_allocate()) {
        return NULL;
    }
    /* realloc(ptr, 0) would free the block and leave the caller to guess. */
    return realloc(ptr, size_bytes == 0 ? 1 : size_bytes);
}

char *skm_mem_dup_span(skm_span text)
{
    if (text.len == SIZE_MAX) {
        return NULL;
    }
    char *copy = skm_mem_realloc(NULL, text.len + 1);
    if (copy == NULL) {
        return NULL;
    }
    if (text.len != 0) {
        memcpy(copy, text.ptr, text.len);
    }
    copy[text.len] = '\0';
    return copy;
}

void skm_mem_free(void *ptr)
{
    free(ptr);
}

void skm_mem_free_ptr(void *ptr_to_ptr)
{
    /* SAFETY: the argument is the address of a pointer of some object type, read by memcpy because that type is not
     * void *. */
    void *ptr = NULL;
    memcpy(&ptr, ptr_to_ptr, sizeof ptr);
    free(ptr);
}
