/* The heap, behind one door, so that tests can make the n-th allocation fail.
 *
 * Everything in pdp/ that takes memory from the heap takes it here (tests/checks holds to it).
 * Threads: any thread, except skm_mem_fail_after, which is for single-threaded tests. */
#pragma once

#include <stddef.h>

#include <sekimori/types.h>

/* Zeroed memory, or NULL. size 0 yields NULL. */
void *skm_mem_alloc(size_t size_bytes) __attribute__((malloc));

/* count * size, checked against overflow; zeroed. */
void *skm_mem_alloc_array(size_t count, size_t size_bytes) __attribute__((malloc));

/* As realloc; on failure the old block is untouched. Grown bytes are not zeroed. size 0 is taken as 1. */
void *skm_mem_realloc(void *ptr, size_t size_bytes);

/* A NUL-terminated copy, or NULL. */
char *skm_mem_dup_span(skm_span text);

void skm_mem_free(void *ptr);

/* Scope cleanup for a plain block: `SKM_CLEANUP(skm_mem_free_ptr) char *text = ...`. */
void skm_mem_free_ptr(void *ptr_to_ptr);

/* Tests: the allocation after `count` further ones fails, and each one after it. SIZE_MAX: never. */
void skm_mem_fail_after(size_t count);
