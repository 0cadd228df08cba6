/* Keyed hash of bytes, for tables whose keys a peer chooses. Not for anything that leaves the process. Any thread. */
#pragma once

#include <stdint.h>

#include <sekimori/types.h>

/* SipHash-1-3 under a key drawn from the kernel once per process: a peer cannot choose collisions. */
uint64_t skm_hash_bytes(skm_span bytes);

/* Mixes two hashes into one, for keys of several parts; the order matters. */
uint64_t skm_hash_mix(uint64_t a, uint64_t b);

/* SipHash with one round per word and three at the end (Aumasson, Bernstein: "SipHash: a fast short-input PRF"). */
uint64_t skm_hash_sip13(uint64_t k0, uint64_t k1, skm_span bytes);
