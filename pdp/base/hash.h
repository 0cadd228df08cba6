/* Keyed hash of bytes, for tables whose keys a peer chooses. Not for anything that leaves the process. Any thread. */
#pragma once

#include <stdint.h>
#include <string.h>

#include <sekimori/types.h>

/* SipHash-1-3 under a key drawn from the kernel once per process: a peer cannot choose collisions. */
uint64_t skm_hash_bytes(skm_span bytes);

/* Mixes two hashes into one, for keys of several parts; the order matters. */
uint64_t skm_hash_mix(uint64_t a, uint64_t b);

/* SipHash with one round per word and three at the end (Aumasson, Bernstein: "SipHash: a fast short-input PRF"). */
uint64_t skm_hash_sip13(uint64_t k0, uint64_t k1, skm_span bytes);

/* A few bits from the length and the ends of a name, below `slots`, a power of two. Not keyed and quick: for a table of what
 * was found last, in front of a keyed one, where a collision costs a miss and nothing else. */
static inline uint32_t skm_hash_hint(skm_span name, uint32_t slots)
{
    uint64_t word = name.len;
    if (name.len >= 4) {
        uint32_t first = 0;
        uint32_t last = 0;
        memcpy(&first, name.ptr, 4);
        memcpy(&last, name.ptr + name.len - 4, 4);
        word ^= (uint64_t)first << 32 | last;
    } else if (name.len != 0) {
        word |= (uint64_t)(unsigned char)name.ptr[0] << 8 |
                (uint64_t)(unsigned char)name.ptr[name.len / 2] << 16 |
                (uint64_t)(unsigned char)name.ptr[name.len - 1] << 24;
    }
    return (uint32_t)((word * UINT64_C(0x9e3779b97f4a7c15)) >> 40) & (slots - 1);
}
