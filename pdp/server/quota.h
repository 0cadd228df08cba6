/* How many connections each remote address holds.
 *
 * An IPv4 address is one peer; of IPv6 the first 64 bits are, since whoever holds one address there holds the whole network.
 * Peers without connections take no room. One thread at a time. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <sekimori/error.h>

struct sockaddr;
struct skm_quota_entry;

/* Whom to charge; made from a socket address, 0 for families without addresses. */
typedef struct skm_quota_key {
    uint64_t value; /* IPv4: family mark and address; IPv6: the network */
} skm_quota_key;

struct skm_quota {
    struct skm_quota_entry *entries; /* open addressing; owned */
    size_t cap;                      /* power of two */
    size_t len;                      /* peers with connections */
    size_t max_peers;
    uint32_t max_each;
};

/* Room for `max_peers` different peers, `max_each` charges each. SKM_E_MEMORY. */
SKM_MUST skm_err skm_quota_init(struct skm_quota *quota, size_t max_peers, uint32_t max_each);
void skm_quota_fini(struct skm_quota *quota);

/* IPv4-mapped IPv6 addresses count as IPv4. */
skm_quota_key skm_quota_key_of(const struct sockaddr *address);

/* SKM_E_COUNT: this peer has all it may. SKM_E_MEMORY: the table is full. */
SKM_MUST skm_err skm_quota_charge(struct skm_quota *quota, skm_quota_key key);

/* Gives one charge back. */
void skm_quota_release(struct skm_quota *quota, skm_quota_key key);

/* Charges of a peer now. */
uint32_t skm_quota_held(const struct skm_quota *quota, skm_quota_key key);
