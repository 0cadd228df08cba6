/* Linear probing in a table twice as large as it may ever be filled; removal moves later entries back, so that no
 * tombstones pile up. The place of a key is a keyed hash: a peer cannot choose addresses that collide. */
#include "server/quota.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/map.h"
#include "base/mem.h"

struct skm_quota_entry {
    uint64_t key;
    uint32_t count; /* 0: free place */
};

/* IPv4 addresses are kept apart from IPv6 networks by a prefix that is never a network's: `::/32` is reserved (RFC 4291 §2.5.2). */
#define IPV4_MARK 0x0000000100000000u

skm_err skm_quota_init(struct skm_quota *quota, size_t max_peers, uint32_t max_each)
{
    size_t cap = 16;
    while (cap < max_peers * 2) {
        cap *= 2;
    }
    struct skm_quota made = {.cap = cap, .max_peers = max_peers, .max_each = max_each};
    made.entries = skm_mem_alloc_array(cap, sizeof *made.entries);
    if (made.entries == NULL) {
        return SKM_ERR(MEMORY);
    }
    *quota = made;
    return SKM_OK;
}

void skm_quota_fini(struct skm_quota *quota)
{
    skm_mem_free(quota->entries);
    *quota = (struct skm_quota){0};
}

static skm_quota_key ipv4_key(const void *bytes)
{
    uint32_t address = 0;
    memcpy(&address, bytes, sizeof address);
    return (skm_quota_key){IPV4_MARK | ntohl(address)};
}

skm_quota_key skm_quota_key_of(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        return ipv4_key(&v4.sin_addr);
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
            return ipv4_key(v6.sin6_addr.s6_addr + 12);
        }
        uint64_t network = 0;
        for (size_t i = 0; i < 8; i++) {
            network = network << 8 | v6.sin6_addr.s6_addr[i];
        }
        /* `::` and `::1` lie in network 0, which is no peer; any mark will do as long as it is none. */
        return (skm_quota_key){network == 0 ? 1 : network};
    }
    return (skm_quota_key){0};
}

static size_t place_of(const struct skm_quota *quota, uint64_t key)
{
    skm_span bytes = {(const char *)&key, sizeof key};
    return (size_t)skm_hash_bytes(bytes) & (quota->cap - 1);
}

/* The entry of the key, or the free place where it would go. */
static size_t find(const struct skm_quota *quota, uint64_t key)
{
    size_t at = place_of(quota, key);
    while (quota->entries[at].count != 0 && quota->entries[at].key != key) {
        at = (at + 1) & (quota->cap - 1);
    }
    return at;
}

skm_err skm_quota_charge(struct skm_quota *quota, skm_quota_key key)
{
    struct skm_quota_entry *entry = &quota->entries[find(quota, key.value)];
    if (entry->count >= quota->max_each) {
        return SKM_ERR(COUNT);
    }
    if (entry->count == 0) {
        if (quota->len == quota->max_peers) {
            return SKM_ERR(MEMORY);
        }
        entry->key = key.value;
        quota->len++;
    }
    entry->count++;
    return SKM_OK;
}

/* Closes the gap at `gap`: entries behind it that would no longer be found move forward. */
static void close_gap(struct skm_quota *quota, size_t gap)
{
    size_t mask = quota->cap - 1;
    for (size_t at = (gap + 1) & mask; quota->entries[at].count != 0; at = (at + 1) & mask) {
        size_t home = place_of(quota, quota->entries[at].key);
        if (((at - home) & mask) >= ((at - gap) & mask)) {
            quota->entries[gap] = quota->entries[at];
            quota->entries[at].count = 0;
            gap = at;
        }
    }
}

void skm_quota_release(struct skm_quota *quota, skm_quota_key key)
{
    size_t at = find(quota, key.value);
    struct skm_quota_entry *entry = &quota->entries[at];
    if (entry->count == 0 || --entry->count != 0) {
        return;
    }
    quota->len--;
    close_gap(quota, at);
}

uint32_t skm_quota_held(const struct skm_quota *quota, skm_quota_key key)
{
    return quota->entries[find(quota, key.value)].count;
}
