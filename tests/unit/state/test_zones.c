#include "harness/test.h"

#include "base/span.h"
#include "state/zones.h"

struct fixture {
    struct skm_arena arena;
    struct skm_diags diags;
    struct skm_zones *zones;
};

static void setup(struct fixture *f)
{
    skm_arena_init(&f->arena, 16u << 20);
    skm_diags_init(&f->diags, &f->arena, 20);
    assert_ok(skm_zones_new(&f->arena, &f->zones));
}

static void teardown(struct fixture *f)
{
    skm_arena_fini(&f->arena);
}

static skm_err try_add(struct fixture *f, const char *network, const char *zone, const char *area)
{
    struct skm_zone_rule rule = {.zone = skm_span_cstr(zone), .area = skm_span_cstr(area)};
    SKM_TRY(skm_zones_parse_network(&f->arena, skm_span_cstr(network), &rule.network));
    return skm_zones_add(f->zones, &rule, &f->diags);
}

static void add(struct fixture *f, const char *network, const char *zone)
{
    assert_ok(try_add(f, network, zone, ""));
}

/* The zone of an address; "" for none. */
static skm_span zone_of(struct fixture *f, const char *address)
{
    struct skm_ip ip;
    assert_ok(skm_zones_parse_address(&f->arena, skm_span_cstr(address), &ip));
    const struct skm_zone_rule *rule = skm_zones_find(f->zones, &ip);
    return rule == NULL ? SKM_SPAN("") : rule->zone;
}

static void assert_zone(struct fixture *f, const char *address, const char *zone)
{
    assert_span_equal(zone_of(f, address), skm_span_cstr(zone));
}

static void test_longest_prefix_decides(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    add(&f, "10.1.2.0/24", "c");
    add(&f, "10.0.0.0/8", "a");
    add(&f, "10.1.0.0/16", "b");
    add(&f, "10.1.2.3", "d");
    assert_ok(skm_zones_close(f.zones, &f.diags));
    assert_zone(&f, "9.255.255.255", "");
    assert_zone(&f, "10.0.0.0", "a");
    assert_zone(&f, "10.0.255.255", "a");
    assert_zone(&f, "10.1.0.0", "b");
    assert_zone(&f, "10.1.1.255", "b");
    assert_zone(&f, "10.1.2.0", "c");
    assert_zone(&f, "10.1.2.2", "c");
    assert_zone(&f, "10.1.2.3", "d");
    assert_zone(&f, "10.1.2.4", "c");
    assert_zone(&f, "10.1.3.0", "b");
    assert_zone(&f, "10.2.0.0", "a");
    assert_zone(&f, "10.255.255.255", "a");
    assert_zone(&f, "11.0.0.0", "");
    teardown(&f);
}

static void test_networks_that_end_together_nest(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    add(&f, "0.0.0.0/0", "all");
    add(&f, "255.0.0.0/8", "a");
    add(&f, "255.255.0.0/16", "b");
    add(&f, "255.255.255.255/32", "c");
    add(&f, "0.0.0.0/32", "zero");
    assert_ok(skm_zones_close(f.zones, &f.diags));
    assert_zone(&f, "0.0.0.0", "zero");
    assert_zone(&f, "0.0.0.1", "all");
    assert_zone(&f, "254.255.255.255", "all");
    assert_zone(&f, "255.254.255.255", "a");
    assert_zone(&f, "255.255.255.254", "b");
    assert_zone(&f, "255.255.255.255", "c");
    teardown(&f);
}

static void test_families_are_apart(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    add(&f, "::/0", "six");
    add(&f, "2001:db8::/32", "doc");
    assert_ok(skm_zones_close(f.zones, &f.diags));
    assert_zone(&f, "2001:db8::1", "doc");
    assert_zone(&f, "2001:db9::1", "six");
    assert_zone(&f, "10.0.0.1", "");
    teardown(&f);
}

static void test_mapped_addresses_are_ipv4(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    add(&f, "10.0.0.0/8", "four");
    add(&f, "::ffff:c0a8:0/112", "mapped");
    add(&f, "::/0", "six");
    assert_ok(skm_zones_close(f.zones, &f.diags));
    assert_zone(&f, "::ffff:a00:1", "four");
    assert_zone(&f, "::ffff:10.0.0.1", "four");
    assert_zone(&f, "::FFFF:10.0.0.1", "four");
    assert_zone(&f, "192.168.1.1", "mapped");
    assert_zone(&f, "::ffff:192.168.1.1", "mapped");
    assert_zone(&f, "::ffff:11.0.0.1", "");
    /* Other transition forms are what they are written as. */
    assert_zone(&f, "::a00:1", "six");
    assert_zone(&f, "2002:a00:1::1", "six");
    assert_zone(&f, "64:ff9b::a00:1", "six");
    teardown(&f);
}

/* Also for addresses and networks that did not come through the parser. */
static void test_mapped_addresses_are_ipv4_wherever_they_come_from(void **state)
{
    (void)state;
    static const struct skm_ip mapped = {
        .is_v6 = true, .prefix = 128, .bytes = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1}};
    struct fixture f;
    setup(&f);
    struct skm_zone_rule rule = {.zone = SKM_SPAN("one"), .network = mapped};
    assert_ok(skm_zones_add(f.zones, &rule, &f.diags));
    add(&f, "::/0", "six");
    assert_ok(skm_zones_close(f.zones, &f.diags));
    assert_zone(&f, "10.0.0.1", "one");
    assert_span_equal(skm_zones_find(f.zones, &mapped)->zone, SKM_SPAN("one"));
    teardown(&f);
}

static void test_area_is_not_inherited(void **state)
{
    (void)state;
    struct fixture f;
    struct skm_ip ip;
    setup(&f);
    assert_ok(try_add(&f, "10.0.0.0/8", "org", "campus"));
    assert_ok(try_add(&f, "10.1.0.0/16", "org", ""));
    assert_ok(skm_zones_close(f.zones, &f.diags));
    assert_ok(skm_zones_parse_address(&f.arena, SKM_SPAN("10.2.0.1"), &ip));
    assert_span_equal(skm_zones_find(f.zones, &ip)->area, SKM_SPAN("campus"));
    assert_ok(skm_zones_parse_address(&f.arena, SKM_SPAN("10.1.0.1"), &ip));
    assert_span_equal(skm_zones_find(f.zones, &ip)->area, SKM_SPAN(""));
    teardown(&f);
}

static void test_bad_rules_are_refused(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    assert_err(try_add(&f, "10.1.0.0/8", "z", ""), INVALID);
    assert_err(try_add(&f, "2001:db8::1/64", "z", ""), INVALID);
    assert_err(try_add(&f, "10.0.0.0/8", "", ""), INVALID);
    assert_err(try_add(&f, "::ffff:a00:1/104", "z", ""), INVALID);
    assert_int_equal(f.diags.errors, 4);
    assert_err(try_add(&f, "10.0.0.0/33", "z", ""), SYNTAX);
    assert_err(try_add(&f, "10.0.0", "z", ""), SYNTAX);
    assert_err(try_add(&f, "host", "z", ""), SYNTAX);
    assert_err(try_add(&f, "", "z", ""), SYNTAX);
    teardown(&f);
}

static void test_one_network_twice_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *first;
        const char *second;
        bool clash;
    } cases[] = {
        {"10.0.0.0/8", "10.0.0.0/8", true},       {"10.0.0.0/8", "10.0.0.0/9", false},
        {"::ffff:a00:0/104", "10.0.0.0/8", true}, {"2001:db8::/32", "2001:0db8:0::/32", true},
        {"10.0.0.1", "10.0.0.1/32", true},        {"0.0.0.0/0", "::/0", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture f;
        setup(&f);
        add(&f, cases[i].first, "a");
        add(&f, cases[i].second, "b");
        assert_int_equal(skm_is_ok(skm_zones_close(f.zones, &f.diags)), !cases[i].clash);
        teardown(&f);
    }
}

static void test_only_plain_addresses_are_addresses(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "10.0.0.0/8",
                                      "10.0.0.1/32",
                                      "::1/128",
                                      "::ffff:10.0.0.256",
                                      "::ffff:10.0.0.1:1",
                                      "fe80::1%1",
                                      "[::1]",
                                      "10.0.0.1:80",
                                      " 10.0.0.1",
                                      "10.0.0.1, 1.1.1.1",
                                      "unknown"};
    struct skm_arena arena;
    struct skm_ip ip;
    skm_arena_init(&arena, 1u << 20);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_err(skm_zones_parse_address(&arena, skm_span_cstr(bad[i]), &ip), SYNTAX);
    }
    assert_ok(skm_zones_parse_address(&arena, SKM_SPAN("::1"), &ip));
    skm_arena_fini(&arena);
}

static void test_empty_table_has_no_zone(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    assert_ok(skm_zones_close(f.zones, &f.diags));
    assert_zone(&f, "10.0.0.1", "");
    assert_zone(&f, "::1", "");
    teardown(&f);
}

static bool in_network(const struct skm_ip *network, const struct skm_ip *address)
{
    for (unsigned bit = 0; bit < network->prefix; bit++) {
        unsigned mask = 0x80u >> (bit % 8);
        if (((network->bytes[bit / 8] ^ address->bytes[bit / 8]) & mask) != 0) {
            return false;
        }
    }
    return true;
}

/* Many nested networks: the row of boundaries finds what a walk over all networks finds. */
static void test_row_agrees_with_a_walk_over_all_networks(void **state)
{
    (void)state;
    static struct skm_zone_rule rules[256];
    uint32_t seed = 1;
    for (unsigned round = 0; round < 20; round++) {
        struct fixture f;
        size_t count = 0;
        setup(&f);
        for (unsigned i = 0; i < 200; i++) {
            seed = seed * 1664525u + 1013904223u;
            struct skm_zone_rule rule = {.zone = SKM_SPAN("z")};
            rule.network.prefix = (uint8_t)(seed >> 27);
            uint32_t mask = rule.network.prefix == 0 ? 0 : ~0u << (32 - rule.network.prefix);
            uint32_t bits = ((seed >> 3) & 0x07070707u) & mask;
            bool known = false;
            for (unsigned b = 0; b < 4; b++) {
                rule.network.bytes[b] = (uint8_t)(bits >> (24 - 8 * b));
            }
            for (size_t j = 0; j < count; j++) {
                known =
                    known || memcmp(&rules[j].network, &rule.network, sizeof(rule.network)) == 0;
            }
            if (!known) {
                assert_ok(skm_zones_add(f.zones, &rule, &f.diags));
                rules[count++] = rule;
            }
        }
        assert_ok(skm_zones_close(f.zones, &f.diags));
        for (unsigned n = 0; n < 4096; n++) {
            seed = seed * 1664525u + 1013904223u;
            struct skm_ip ip = {.prefix = 32};
            const struct skm_zone_rule *best = NULL;
            for (unsigned b = 0; b < 4; b++) {
                ip.bytes[b] = (uint8_t)((seed >> (6 + 6 * b)) & (n % 7 == 0 ? 0x3f : 0x07));
            }
            for (size_t i = 0; i < count; i++) {
                if (in_network(&rules[i].network, &ip) &&
                    (best == NULL || rules[i].network.prefix > best->network.prefix)) {
                    best = &rules[i];
                }
            }
            const struct skm_zone_rule *found = skm_zones_find(f.zones, &ip);
            assert_int_equal(found == NULL, best == NULL);
            if (found != NULL) {
                assert_memory_equal(&found->network, &best->network, sizeof(best->network));
            }
        }
        teardown(&f);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_longest_prefix_decides),
    cmocka_unit_test(test_networks_that_end_together_nest),
    cmocka_unit_test(test_families_are_apart),
    cmocka_unit_test(test_mapped_addresses_are_ipv4),
    cmocka_unit_test(test_mapped_addresses_are_ipv4_wherever_they_come_from),
    cmocka_unit_test(test_area_is_not_inherited),
    cmocka_unit_test(test_bad_rules_are_refused),
    cmocka_unit_test(test_one_network_twice_is_refused),
    cmocka_unit_test(test_only_plain_addresses_are_addresses),
    cmocka_unit_test(test_empty_table_has_no_zone),
    cmocka_unit_test(test_row_agrees_with_a_walk_over_all_networks),
};

SKM_TEST_MAIN(tests)
