/* One mapping per secret:
 *
 *     | guard page | … unused … secret | guard page |
 *
 * The secret ends where the upper guard begins, so that reading past its end faults at once. */
#include "base/secret.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/mem.h"

struct skm_secret {
    char *map; /* the whole mapping, guards included */
    size_t map_bytes;
    char *ptr; /* the secret */
    size_t len;
    bool locked;
};

SKM_DEFINE_CLEANUP(cleanup_secret, struct skm_secret, skm_secret_free)

static size_t page_bytes(void)
{
    long size = sysconf(_SC_PAGESIZE);
    return size > 0 ? (size_t)size : 4096;
}

/* Pages for the secret and their protection; guards stay without access. */
static skm_err map_pages(struct skm_secret *secret)
{
    size_t page = page_bytes();
    size_t inner = (secret->len + page - 1) / page * page;
    void *map = mmap(NULL, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) {
        return SKM_ERR(MEMORY);
    }
    secret->map = map;
    secret->map_bytes = inner + 2 * page;
    char *start = secret->map + page;
    if (mprotect(start, inner, PROT_READ | PROT_WRITE) != 0 ||
        madvise(start, inner, MADV_DONTDUMP) != 0) {
        return SKM_ERR(MEMORY);
    }
    secret->locked = mlock(start, inner) == 0;
    secret->ptr = start + (inner - secret->len);
    return SKM_OK;
}

skm_err skm_secret_new(size_t size_bytes, struct skm_secret **out_secret)
{
    if (size_bytes == 0 || size_bytes > SKM_SECRET_BYTES_MAX) {
        return SKM_ERR(SIZE);
    }
    SKM_CLEANUP(cleanup_secret) struct skm_secret *secret = skm_mem_alloc(sizeof *secret);
    if (secret == NULL) {
        return SKM_ERR(MEMORY);
    }
    secret->len = size_bytes;
    SKM_TRY(map_pages(secret));
    *out_secret = SKM_TAKE(secret);
    return SKM_OK;
}

skm_err skm_secret_dup(skm_span bytes, struct skm_secret **out_secret)
{
    struct skm_secret *secret = NULL;
    SKM_TRY(skm_secret_new(bytes.len, &secret));
    memcpy(secret->ptr, bytes.ptr, bytes.len);
    *out_secret = secret;
    return SKM_OK;
}

void skm_secret_free(struct skm_secret *secret)
{
    if (secret == NULL) {
        return;
    }
    if (secret->ptr != NULL) {
        skm_secret_wipe(secret->ptr, secret->len);
    }
    if (secret->map != NULL) {
        /* Unmapping unlocks. */
        (void)munmap(secret->map, secret->map_bytes);
    }
    skm_mem_free(secret);
}

char *skm_secret_bytes(struct skm_secret *secret)
{
    return secret->ptr;
}

skm_span skm_secret_span(const struct skm_secret *secret)
{
    return (skm_span){secret->ptr, secret->len};
}

bool skm_secret_is_locked(const struct skm_secret *secret)
{
    return secret->locked;
}

void skm_secret_wipe(void *ptr, size_t len)
{
    if (len != 0) {
        explicit_bzero(ptr, len);
    }
}

bool skm_secret_equal(skm_span a, skm_span b)
{
    if (a.len != b.len) {
        return false;
    }
    unsigned differ = 0;
    for (size_t i = 0; i < a.len; i++) {
        differ |= (unsigned)((unsigned char)a.ptr[i] ^ (unsigned char)b.ptr[i]);
        /* The compiler must not see that one difference decides, and leave early. */
        __asm__ volatile("" : "+r"(differ));
    }
    return differ == 0;
}
