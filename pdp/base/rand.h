/* Randomness from the kernel, replaceable by a seed in tests. Any thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <sekimori/error.h>

/* Fills with random bytes. SKM_E_IO when the kernel gives none: the caller must not go on. */
SKM_MUST skm_err skm_rand_bytes(void *out, size_t len);

/* Tests: from now on a reproducible sequence. */
void skm_rand_seed_for_tests(uint64_t seed);
