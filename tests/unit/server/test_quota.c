#include "harness/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "server/quota.h"

static skm_quota_key key_of(const char *text)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        memcpy(&address, &v4, sizeof v4);
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
        memcpy(&address, &v6, sizeof v6);
    }
    return skm_quota_key_of((const struct sockaddr *)&address);
}

static void test_peer_gets_its_share_and_no_more(void **state)
{
    (void)state;
    struct skm_quota quota;
    assert_ok(skm_quota_init(&quota, 8, 2));
    skm_quota_key a = key_of("192.0.2.1");
    skm_quota_key b = key_of("192.0.2.2");
    assert_ok(skm_quota_charge(&quota, a));
    assert_ok(skm_quota_charge(&quota, a));
    assert_err(skm_quota_charge(&quota, a), COUNT);
    assert_ok(skm_quota_charge(&quota, b));
    skm_quota_release(&quota, a);
    assert_ok(skm_quota_charge(&quota, a));
    assert_int_equal(skm_quota_held(&quota, a), 2);
    assert_int_equal(skm_quota_held(&quota, b), 1);
    skm_quota_fini(&quota);
}

static void test_ipv6_peers_are_networks_of_64_bits(void **state)
{
    (void)state;
    assert_int_equal(key_of("2001:db8::1").value, key_of("2001:db8::ffff:1").value);
    assert_int_not_equal(key_of("2001:db8::1").value, key_of("2001:db8:0:1::1").value);
    assert_int_equal(key_of("::ffff:192.0.2.1").value, key_of("192.0.2.1").value);
    assert_int_not_equal(key_of("192.0.2.1").value, key_of("192.0.2.2").value);
}

static void test_table_takes_so_many_peers_and_frees_their_places(void **state)
{
    (void)state;
    struct skm_quota quota;
    assert_ok(skm_quota_init(&quota, 4, 1));
    for (uint64_t i = 1; i <= 4; i++) {
        assert_ok(skm_quota_charge(&quota, (skm_quota_key){i}));
    }
    assert_err(skm_quota_charge(&quota, (skm_quota_key){5}), MEMORY);
    skm_quota_release(&quota, (skm_quota_key){2});
    assert_ok(skm_quota_charge(&quota, (skm_quota_key){5}));
    skm_quota_fini(&quota);
}

/* Against a plain array: after any order of coming and going every count is right (removal closes gaps). */
static void test_counts_stay_right_through_random_coming_and_going(void **state)
{
    (void)state;
    enum { PEERS = 100, STEPS = 200000 };
    uint32_t held[PEERS] = {0};
    uint64_t random = 88172645463325252u;
    struct skm_quota quota;
    assert_ok(skm_quota_init(&quota, PEERS, 3));
    for (size_t step = 0; step < STEPS; step++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        size_t peer = (size_t)(random % PEERS);
        skm_quota_key key = {peer * 0x10001};
        if ((random >> 40) % 2 == 0) {
            skm_err err = skm_quota_charge(&quota, key);
            assert_int_equal(err.code, held[peer] == 3 ? SKM_E_COUNT : SKM_E_OK);
            held[peer] += held[peer] < 3;
        } else if (held[peer] != 0) {
            skm_quota_release(&quota, key);
            held[peer]--;
        }
        assert_int_equal(skm_quota_held(&quota, key), held[peer]);
    }
    for (size_t peer = 0; peer < PEERS; peer++) {
        assert_int_equal(skm_quota_held(&quota, (skm_quota_key){peer * 0x10001}), held[peer]);
    }
    skm_quota_fini(&quota);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_peer_gets_its_share_and_no_more),
    cmocka_unit_test(test_ipv6_peers_are_networks_of_64_bits),
    cmocka_unit_test(test_table_takes_so_many_peers_and_frees_their_places),
    cmocka_unit_test(test_counts_stay_right_through_random_coming_and_going),
};

SKM_TEST_MAIN(tests)
