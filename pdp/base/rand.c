#include "base/rand.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

static atomic_bool seeded;
static _Atomic uint64_t seed_state;

void skm_rand_seed_for_tests(uint64_t seed)
{
    atomic_store(&seed_state, seed);
    atomic_store(&seeded, true);
}

/* SplitMix64: a counter through a mixer, so that threads may share it. For tests only. */
static uint64_t next_of_seed(void)
{
    const uint64_t step = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = atomic_fetch_add(&seed_state, step) + step;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void fill_of_seed(char *out, size_t len)
{
    while (len != 0) {
        uint64_t word = next_of_seed();
        size_t part = len < sizeof word ? len : sizeof word;
        memcpy(out, &word, part);
        out += part;
        len -= part;
    }
}

skm_err skm_rand_bytes(void *out, size_t len)
{
    char *to = out;
    if (atomic_load_explicit(&seeded, memory_order_relaxed)) {
        fill_of_seed(to, len);
        return SKM_OK;
    }
    size_t done = 0;
    while (done < len) {
        ssize_t got = getrandom(to + done, len - done, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return SKM_ERR(IO);
        }
        done += (size_t)got;
    }
    return SKM_OK;
}
