/* Network addresses to zones and areas, by the longest prefix (policy-model: network.zone, area).
 *
 *     10.0.0.0/8        zone org-internal
 *     10.1.0.0/16       zone org-internal   area head-office
 *     2001:db8::/32     zone org-other
 *     0.0.0.0/0, ::/0   zone external
 *
 * The rule with the longest prefix that covers an address decides alone: an area is not inherited from a shorter one. IPv4 and IPv6
 * are apart, with one exception: an IPv4-mapped IPv6 address (::ffff:a.b.c.d, RFC 4291 §2.5.5.2) is looked up as the IPv4
 * address it stands for, and a network inside ::ffff:0:0/96 is the IPv4 network. Otherwise a dual-stack socket would see another
 * zone than a plain one. Other transition forms (6to4, NAT64, IPv4-compatible) are what they are written as.
 *
 * Cost of a look-up: one binary search. Memory: one arena, given at birth. Built by one thread, closed, then
 * immutable: any thread. */
#pragma once

#include <stddef.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

#include "base/arena.h"
#include "base/diag.h"
#include "cedar/value.h"

#define SKM_ZONE_RULES_MAX 1000000u

struct skm_zones;

struct skm_zone_rule {
    struct skm_ip network;
    skm_span zone;                   /* not empty */
    skm_span area;                   /* empty: none */
    const struct skm_source *source; /* where it is written, for messages; NULL: nowhere */
    struct skm_range range;
};

/* `10.0.0.0/8`, `2001:db8::/32`, or an address by itself (a network of one), by Cedar's reading of `ip("...")`.
 * Temporaries go to the arena. SKM_E_SYNTAX, SKM_E_MEMORY. */
SKM_MUST skm_err skm_zones_parse_network(struct skm_arena *arena, skm_span text,
                                         struct skm_ip *out_network);

/* As above, but only a plain address without a prefix: what a proxy or a socket reports. `::ffff:a.b.c.d` is read, too, and yields the
 * IPv4 address. */
SKM_MUST skm_err skm_zones_parse_address(struct skm_arena *arena, skm_span text,
                                         struct skm_ip *out_address);

SKM_MUST skm_err skm_zones_new(struct skm_arena *arena, struct skm_zones **out_zones);

/* The rule is copied, its texts are borrowed. SKM_E_INVALID, with a message at the rule's place: bits set behind the prefix
 * (`10.1.0.0/8`), no zone name. SKM_E_COUNT, SKM_E_MEMORY. */
SKM_MUST skm_err skm_zones_add(struct skm_zones *zones, const struct skm_zone_rule *rule,
                               struct skm_diags *diags);

/* Makes it ready for look-ups. SKM_E_INVALID, with messages: the same network twice. SKM_E_MEMORY. */
SKM_MUST skm_err skm_zones_close(struct skm_zones *zones, struct skm_diags *diags);

size_t skm_zones_count(const struct skm_zones *zones);

/* The rule for an address (its prefix is not looked at), or NULL when none covers it. */
const struct skm_zone_rule *skm_zones_find(const struct skm_zones *zones,
                                           const struct skm_ip *address);
