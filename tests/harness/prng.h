/* Numbers that look random and are the same in every run (SplitMix64). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct skm_prng {
    uint64_t state; /* the seed, to begin with */
};

static inline uint64_t skm_prng_next(struct skm_prng *prng)
{
    prng->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = prng->state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* 0 to below - 1. */
static inline uint32_t skm_prng_below(struct skm_prng *prng, uint32_t below)
{
    return (uint32_t)(skm_prng_next(prng) % below);
}

/* True once in `times`. */
static inline bool skm_prng_once_in(struct skm_prng *prng, uint32_t times)
{
    return skm_prng_below(prng, times) == 0;
}
