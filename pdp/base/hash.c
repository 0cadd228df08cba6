#include "base/hash.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/rand.h"

static struct {
    uint64_t k0;
    uint64_t k1;
    atomic_bool ready;
    pthread_once_t once;
} hash_key = {.once = PTHREAD_ONCE_INIT};

static void draw_hash_key(void)
{
    uint64_t key[2] = {0};
    if (!skm_is_ok(skm_rand_bytes(key, sizeof key))) {
        /* With a key that can be guessed a peer could stall the process; there is no caller to tell. */
        (void)fputs("no randomness from the kernel\n", stderr);
        abort();
    }
    hash_key.k0 = key[0];
    hash_key.k1 = key[1];
    atomic_store_explicit(&hash_key.ready, true, memory_order_release);
}

static inline uint64_t rotate(uint64_t x, unsigned bits)
{
    return (x << bits) | (x >> (64 - bits));
}

struct sip {
    uint64_t v0, v1, v2, v3;
};

static inline void sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v1;
    s->v0 += s->v3;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 = rotate(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    s->v0 ^= word;
}

static inline uint64_t load_word(const char *at)
{
    uint64_t word = 0;
    memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

uint64_t skm_hash_sip13(uint64_t k0, uint64_t k1, skm_span bytes)
{
    struct sip s = {
        k0 ^ UINT64_C(0x736f6d6570736575),
        k1 ^ UINT64_C(0x646f72616e646f6d),
        k0 ^ UINT64_C(0x6c7967656e657261),
        k1 ^ UINT64_C(0x7465646279746573),
    };
    const char *at = bytes.ptr;
    size_t left = bytes.len;
    for (; left >= 8; left -= 8, at += 8) {
        sip_word(&s, load_word(at));
    }
    uint64_t last = (uint64_t)bytes.len << 56;
    for (size_t i = 0; i < left; i++) {
        last |= (uint64_t)(unsigned char)at[i] << (8 * i);
    }
    sip_word(&s, last);
    s.v2 ^= 0xff;
    sip_round(&s);
    sip_round(&s);
    sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t skm_hash_bytes(skm_span bytes)
{
    if (SKM_UNLIKELY(!atomic_load_explicit(&hash_key.ready, memory_order_acquire))) {
        (void)pthread_once(&hash_key.once, draw_hash_key);
    }
    return skm_hash_sip13(hash_key.k0, hash_key.k1, bytes);
}

uint64_t skm_hash_mix(uint64_t a, uint64_t b)
{
    uint64_t x = a * UINT64_C(0x9e3779b97f4a7c15) + rotate(b, 32) + UINT64_C(0xd6e8feb86659fd93);
    x = (x ^ (x >> 32)) * UINT64_C(0xd6e8feb86659fd93);
    x = (x ^ (x >> 29)) * UINT64_C(0xff51afd7ed558ccd);
    return (x ^ (x >> 32)) + b;
}
