/* Memory for what must not leak: bearer keys, seeds, session keys.
 *
 * A secret lies on pages of its own, between two that cannot be touched, is kept out of swap where the system allows it
 * and out of core dumps, and is wiped before its pages go back.
 *
 * Threads: new and free one thread; reading any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

/* The longest secret. */
#define SKM_SECRET_BYTES_MAX ((size_t)65536)

struct skm_secret; /* owned by who made it */

/* Zeroed memory for a secret. SKM_E_SIZE for 0 or more than the maximum, SKM_E_MEMORY. */
SKM_MUST skm_err skm_secret_new(size_t size_bytes, struct skm_secret **out_secret);

/* A copy of `bytes`; the caller wipes the original. Errors as above. */
SKM_MUST skm_err skm_secret_dup(skm_span bytes, struct skm_secret **out_secret);

/* Wipes and frees. NULL is accepted. */
void skm_secret_free(struct skm_secret *secret);

/* To fill it. */
char *skm_secret_bytes(struct skm_secret *secret);

/* Borrowed until free. */
skm_span skm_secret_span(const struct skm_secret *secret);

/* False when the system refused to keep it out of swap (RLIMIT_MEMLOCK): worth a line in the operator log. */
bool skm_secret_is_locked(const struct skm_secret *secret);

/* Overwrites memory that is not used afterwards; the compiler does not leave it out. */
void skm_secret_wipe(void *ptr, size_t len);

/* Compares in a time that depends on the lengths only, never on the content. */
bool skm_secret_equal(skm_span a, skm_span b);
