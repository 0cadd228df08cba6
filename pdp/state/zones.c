#include "state/zones.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/span.h"
#include "base/vec.h"
#include "cedar/ext.h"

#define ADDRESS_BYTES 16u

/* From `start` on, up to the start of the next entry, `rule` decides. */
struct boundary {
    uint8_t start[ADDRESS_BYTES];
    const struct skm_zone_rule *rule; /* NULL: no network covers these addresses */
};

/* One address family: nested networks flattened into a row of boundaries. */
struct family {
    const struct skm_zone_rule **sorted;
    size_t rule_count;
    SKM_VEC(struct boundary) row;
};

struct skm_zones {
    struct skm_arena *arena;
    SKM_VEC(struct skm_zone_rule) rules;
    struct family families[2]; /* IPv4, IPv6 */
};

static size_t address_bytes(const struct skm_ip *ip)
{
    return ip->is_v6 ? 16 : 4;
}

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* An IPv4-mapped address or network as the IPv4 one (RFC 4291 §2.5.5.2); any other as it is. */
static struct skm_ip unmap(const struct skm_ip *ip)
{
    if (!ip->is_v6 || ip->prefix < 96 ||
        memcmp(ip->bytes, mapped_prefix, sizeof(mapped_prefix)) != 0) {
        return *ip;
    }
    struct skm_ip plain = {.is_v6 = false, .prefix = (uint8_t)(ip->prefix - 96)};
    memcpy(plain.bytes, ip->bytes + sizeof(mapped_prefix), 4);
    return plain;
}

/* ---- reading ---- */

skm_err skm_zones_parse_network(struct skm_arena *arena, skm_span text, struct skm_ip *out_network)
{
    const struct skm_ext_function *ip = skm_ext_constructor(SKM_VALUE_IPADDR);
    const struct skm_value arg = skm_value_string(text);
    struct skm_value value = {0};
    const char *reason = NULL;
    skm_err err = skm_ext_call(ip, arena, &arg, 1, &value, &reason);
    if (skm_is_err(err, SKM_E_MEMORY)) {
        return err;
    }
    if (!skm_is_ok(err)) {
        return SKM_ERR(SYNTAX);
    }
    *out_network = unmap(value.as.ip);
    return SKM_OK;
}

skm_err skm_zones_parse_address(struct skm_arena *arena, skm_span text, struct skm_ip *out_address)
{
    if (text.len == 0 || memchr(text.ptr, '/', text.len) != NULL) {
        return SKM_ERR(SYNTAX);
    }
    /* The kernel prints mapped addresses of dual-stack sockets in this mixed form, which Cedar does not read. */
    if ((skm_span_starts(text, SKM_SPAN("::ffff:")) ||
         skm_span_starts(text, SKM_SPAN("::FFFF:"))) &&
        memchr(text.ptr, '.', text.len) != NULL) {
        text = skm_span_from(text, 7);
    }
    return skm_zones_parse_network(arena, text, out_address);
}

/* ---- building ---- */

skm_err skm_zones_new(struct skm_arena *arena, struct skm_zones **out_zones)
{
    struct skm_zones *zones = SKM_ARENA_NEW(arena, struct skm_zones);
    if (zones == NULL) {
        return SKM_ERR(MEMORY);
    }
    zones->arena = arena;
    *out_zones = zones;
    return SKM_OK;
}

/* Sets (or clears) all bits behind the prefix: the last (or first) address of the network. */
static void fill_behind_prefix(const struct skm_ip *network, bool ones, uint8_t out[ADDRESS_BYTES])
{
    memcpy(out, network->bytes, ADDRESS_BYTES);
    for (size_t bit = network->prefix; bit < address_bytes(network) * 8; bit++) {
        uint8_t mask = (uint8_t)(0x80u >> (bit % 8));
        out[bit / 8] = (uint8_t)(ones ? out[bit / 8] | mask : out[bit / 8] & (uint8_t)~mask);
    }
}

static const char *rule_fault(const struct skm_zone_rule *rule)
{
    uint8_t first[ADDRESS_BYTES];
    if (rule->zone.len == 0) {
        return "a network needs the name of its zone";
    }
    if (rule->network.prefix > address_bytes(&rule->network) * 8) {
        return "the prefix is longer than the address";
    }
    fill_behind_prefix(&rule->network, false, first);
    if (memcmp(first, rule->network.bytes, address_bytes(&rule->network)) != 0) {
        return "bits are set behind the prefix; write the network's first address, or the prefix that was meant";
    }
    return NULL;
}

skm_err skm_zones_add(struct skm_zones *zones, const struct skm_zone_rule *rule,
                      struct skm_diags *diags)
{
    struct skm_zone_rule own = *rule;
    own.network = unmap(&rule->network);
    const char *fault = rule_fault(&own);
    if (fault != NULL) {
        (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, rule->source, rule->range, "%s", fault);
        return SKM_ERR(INVALID);
    }
    struct skm_zone_rule *slot = NULL;
    SKM_TRY(SKM_VEC_PUSH(zones->arena, &zones->rules, SKM_ZONE_RULES_MAX, &slot));
    *slot = own;
    return SKM_OK;
}

/* By first address, the wider network first: a network comes right before those inside it. */
static int compare_rules(const void *a, const void *b)
{
    const struct skm_ip *left = &(*(const struct skm_zone_rule *const *)a)->network;
    const struct skm_ip *right = &(*(const struct skm_zone_rule *const *)b)->network;
    int order = memcmp(left->bytes, right->bytes, ADDRESS_BYTES);
    return order != 0 ? order : (int)left->prefix - (int)right->prefix;
}

static skm_err sort_family(struct skm_zones *zones, bool is_v6)
{
    struct family *family = &zones->families[is_v6];
    family->sorted =
        SKM_ARENA_NEW_ARRAY(zones->arena, const struct skm_zone_rule *, zones->rules.len);
    if (family->sorted == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < zones->rules.len; i++) {
        if (zones->rules.items[i].network.is_v6 == is_v6) {
            family->sorted[family->rule_count++] = &zones->rules.items[i];
        }
    }
    if (family->rule_count > 1) {
        qsort(family->sorted, family->rule_count, sizeof(*family->sorted), compare_rules);
    }
    return SKM_OK;
}

static skm_err check_unique(const struct family *family, struct skm_diags *diags)
{
    bool unique = true;
    for (size_t i = 1; i < family->rule_count; i++) {
        const struct skm_zone_rule *rule = family->sorted[i];
        if (compare_rules(&family->sorted[i - 1], &family->sorted[i]) != 0) {
            continue;
        }
        unique = false;
        (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, rule->source, rule->range,
                            "this network is listed twice: as zone `%.*s` and as zone `%.*s`",
                            SKM_SPAN_ARG(family->sorted[i - 1]->zone), SKM_SPAN_ARG(rule->zone));
    }
    return unique ? SKM_OK : SKM_ERR(INVALID);
}

/* From `start` on `rule` decides; a boundary at the same place is replaced. */
static skm_err set_boundary(struct skm_arena *arena, struct family *family,
                            const uint8_t start[ADDRESS_BYTES], const struct skm_zone_rule *rule)
{
    size_t count = family->row.len;
    struct boundary *slot = count > 0 ? &family->row.items[count - 1] : NULL;
    if (slot == NULL || memcmp(slot->start, start, ADDRESS_BYTES) != 0) {
        SKM_TRY(SKM_VEC_PUSH(arena, &family->row, 2u * SKM_ZONE_RULES_MAX, &slot));
        memcpy(slot->start, start, ADDRESS_BYTES);
    }
    slot->rule = rule;
    return SKM_OK;
}

/* One behind the network's last address; false when there is none. */
static bool address_behind(const struct skm_ip *network, uint8_t out[ADDRESS_BYTES])
{
    fill_behind_prefix(network, true, out);
    for (size_t i = address_bytes(network); i > 0; i--) {
        if (++out[i - 1] != 0) {
            return true;
        }
    }
    return false;
}

/* The networks around the current place, widest first. At most one per prefix length. */
struct nest {
    const struct skm_zone_rule *rules[129];
    size_t depth;
};

/* Leaves the innermost network: behind it, the one around it decides again. */
static skm_err leave(struct skm_arena *arena, struct family *family, struct nest *nest)
{
    uint8_t behind[ADDRESS_BYTES];
    const struct skm_zone_rule *left = nest->rules[--nest->depth];
    if (!address_behind(&left->network, behind)) {
        return SKM_OK;
    }
    return set_boundary(arena, family, behind,
                        nest->depth > 0 ? nest->rules[nest->depth - 1] : NULL);
}

static bool covers(const struct skm_ip *network, const struct skm_ip *inner)
{
    uint8_t last[ADDRESS_BYTES];
    fill_behind_prefix(network, true, last);
    return memcmp(inner->bytes, last, ADDRESS_BYTES) <= 0;
}

static skm_err flatten(struct skm_arena *arena, struct family *family)
{
    struct nest nest = {.depth = 0};
    for (size_t i = 0; i < family->rule_count; i++) {
        const struct skm_zone_rule *rule = family->sorted[i];
        while (nest.depth > 0 && !covers(&nest.rules[nest.depth - 1]->network, &rule->network)) {
            SKM_TRY(leave(arena, family, &nest));
        }
        nest.rules[nest.depth++] = rule;
        SKM_TRY(set_boundary(arena, family, rule->network.bytes, rule));
    }
    while (nest.depth > 0) {
        SKM_TRY(leave(arena, family, &nest));
    }
    return SKM_OK;
}

skm_err skm_zones_close(struct skm_zones *zones, struct skm_diags *diags)
{
    for (size_t i = 0; i < SKM_ARRAY_LEN(zones->families); i++) {
        SKM_TRY(sort_family(zones, i == 1));
        SKM_TRY(check_unique(&zones->families[i], diags));
        SKM_TRY(flatten(zones->arena, &zones->families[i]));
    }
    return SKM_OK;
}

size_t skm_zones_count(const struct skm_zones *zones)
{
    return zones->rules.len;
}

/* ---- looking up ---- */

const struct skm_zone_rule *skm_zones_find(const struct skm_zones *zones,
                                           const struct skm_ip *address)
{
    struct skm_ip whole = *address;
    whole.prefix = whole.is_v6 ? 128 : 32;
    const struct skm_ip plain = unmap(&whole);
    const struct family *family = &zones->families[plain.is_v6];
    size_t low = 0;
    size_t high = family->row.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(family->row.items[middle].start, plain.bytes, ADDRESS_BYTES) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == 0 ? NULL : family->row.items[low - 1].rule;
}
