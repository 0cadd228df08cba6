#include "harness/test.h"

#include "unit/cedar/ext_case.h"

#define IP_ANY "0.0.0.0" /* argument of methods that take none */

static const struct {
    const char *text;
    const char *canonical;
} ACCEPTED[] = {
    {"127.0.0.1", "127.0.0.1"},
    {"0.0.0.0", "0.0.0.0"},
    {"255.255.255.255", "255.255.255.255"},
    {"10.0.0.1/32", "10.0.0.1"},
    {"10.0.0.1/24", "10.0.0.1/24"},
    {"10.0.0.0/8", "10.0.0.0/8"},
    {"0.0.0.0/0", "0.0.0.0/0"},
    {"::", "::"},
    {"::1", "::1"},
    {"::1/128", "::1"},
    {"::/0", "::/0"},
    {"1::", "1::"},
    {"0:0:0:0:0:0:0:1", "::1"},
    {"0000:0000:0000:0000:0000:0000:0000:0001", "::1"},
    {"2001:DB8::FfFf", "2001:db8::ffff"},
    {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
    {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
    {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
    {"1::3:4:5:6:7:8", "1:0:3:4:5:6:7:8"},
    {"1:0:0:2:0:0:0:3", "1:0:0:2::3"},
    {"1:0:0:2:3:0:0:4", "1::2:3:0:0:4"},
    {"0:0:1:0:0:0:0:0", "0:0:1::"},
    {"::ffff:0102:0304", "::ffff:102:304"},
    {"ff00::2/8", "ff00::2/8"},
    {"0000:0000:0000:0000:0000:ffff:ffff:ffff/127", "::ffff:ffff:ffff/127"},
};

static void test_accepted_addresses_print_in_canonical_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ACCEPTED / sizeof ACCEPTED[0]; i++) {
        struct skm_value value = made("ip", ACCEPTED[i].text);
        assert_int_equal(value.kind, SKM_VALUE_IPADDR);
        assert_printed(value, ACCEPTED[i].canonical);
        struct skm_value again = made("ip", ACCEPTED[i].canonical);
        assert_true(skm_value_equal(&value, &again));
    }
}

static void test_malformed_addresses_are_refused(void **state)
{
    (void)state;
    static const char *const REFUSED[] = {
        "",
        "1",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.",
        ".1.2.3.4",
        "1..2.3",
        "1.2.3.256",
        "1.2.3.1000",
        "1.2.3.04",
        "01.2.3.4",
        "00.0.0.0",
        "1.2.3.-4",
        "1.2.3.4 ",
        " 1.2.3.4",
        "1.2.3.a",
        "0x7f.0.0.1",
        "1.2.3.4/",
        "1.2.3.4/33",
        "1.2.3.4/032",
        "1.2.3.4/00",
        "1.2.3.4/+8",
        "1.2.3.4/-1",
        "1.2.3.4/8/8",
        "1.2.3.4/ 8",
        "1.2.3.4/100",
        "/8",
        "/",
        ":",
        ":::",
        "1:",
        ":1",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:8:",
        ":1:2:3:4:5:6:7:8",
        /* `::` stands for at least one group. */
        "1:2:3:4:5:6:7::8",
        "1::2:3:4:5:6:7:8",
        "::1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7:8::",
        "1::2::3",
        "1:::2",
        "::1::",
        "12345::",
        "00001::",
        "g::",
        "::1%eth0",
        "fe80::1%1",
        "[::1]",
        "::1/",
        "::1/129",
        "::1/0128",
        "::1/1000",
        "::/00",
        /* No dotted tail, mapped or not. */
        "::ffff:1.2.3.4",
        "::1.2.3.4",
        "1:2:3:4:5:6:1.2.3.4",
        "localhost",
    };
    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++) {
        assert_refused("ip", skm_span_cstr(REFUSED[i]));
    }
    assert_refused("ip", SKM_SPAN("1.2.3.4\0"));
    assert_refused("ip", SKM_SPAN("1.2.3.4\0/8"));
}

static void test_text_has_at_most_43_bytes(void **state)
{
    (void)state;
    (void)made("ip", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
    /* 44 bytes; refused by length alone would be hard to tell, so the reason is looked at. */
    struct skm_value arg =
        skm_value_string(SKM_SPAN("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/0128"));
    struct skm_value value = skm_value_bool(false);
    const char *reason = NULL;
    assert_err(skm_ext_call(skm_ext_find(SKM_SPAN("ip")), &arena, &arg, 1, &value, &reason),
               SYNTAX);
    assert_non_null(strstr(reason, "43"));
}

static void test_equality_keeps_host_bits_and_prefix(void **state)
{
    (void)state;
    static const struct {
        const char *a;
        const char *b;
        bool equal;
    } PAIRS[] = {
        {"10.0.0.1", "10.0.0.1/32", true},
        {"10.0.0.1/24", "10.0.0.0/24", false},
        {"10.0.0.0/24", "10.0.0.0/25", false},
        {"::1", "0:0:0:0:0:0:0:1", true},
        {"ABCD::", "abcd::/128", true},
        /* A mapped address is no IPv4 address. */
        {"::ffff:0102:0304", "1.2.3.4", false},
        {"::", "0.0.0.0", false},
        {"::/0", "0.0.0.0/0", false},
    };
    for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
        struct skm_value a = made("ip", PAIRS[i].a);
        struct skm_value b = made("ip", PAIRS[i].b);
        assert_int_equal(skm_value_equal(&a, &b), PAIRS[i].equal);
        assert_int_equal(skm_value_compare(&a, &b) > 0, skm_value_compare(&b, &a) < 0);
    }
}

static void test_in_range_is_containment_of_whole_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *a;
        const char *b;
        bool in_range;
    } PAIRS[] = {
        {"10.1.2.3", "10.0.0.0/8", true},
        {"11.1.2.3", "10.0.0.0/8", false},
        {"10.0.0.0/8", "10.1.2.3", false},
        {"10.0.0.0/8", "10.0.0.0/8", true},
        {"10.0.0.0/7", "10.0.0.0/8", false},
        {"10.0.0.0/9", "10.0.0.0/8", true},
        /* Host bits of the range do not matter. */
        {"192.168.1.7", "192.168.1.200/24", true},
        {"192.168.2.7", "192.168.1.200/24", false},
        /* Prefixes that split a byte. */
        {"10.0.0.127", "10.0.0.0/25", true},
        {"10.0.0.128", "10.0.0.0/25", false},
        {"10.0.0.129", "10.0.0.128/31", true},
        {"10.0.0.130", "10.0.0.128/31", false},
        /* /0 holds all of its family. */
        {"255.255.255.255", "1.2.3.4/0", true},
        {"0.0.0.0/0", "255.0.0.0/0", true},
        {"0.0.0.0/0", "0.0.0.0/1", false},
        {"::1", "ffff::/0", true},
        {"::/0", "::/0", true},
        {"::1", "0.0.0.0/0", false},
        {"1.2.3.4", "::/0", false},
        {"::ffff:0102:0304", "1.2.3.0/24", false},
        {"2001:db8:1::1", "2001:db8::/32", true},
        {"2001:db9::", "2001:db8::/32", false},
        {"2001:db8::", "2001:db8::/127", true},
        {"2001:db8::2", "2001:db8::/127", false},
    };
    for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
        bool result = asks("isInRange", made("ip", PAIRS[i].a), made("ip", PAIRS[i].b));
        if (result != PAIRS[i].in_range) {
            fail_msg("%s in range %s: %d", PAIRS[i].a, PAIRS[i].b, result);
        }
    }
}

static void test_predicates_look_at_the_whole_range(void **state)
{
    (void)state;
    static const struct {
        const char *ip;
        bool v4;
        bool loopback;
        bool multicast;
    } ROWS[] = {
        {"127.0.0.1", true, true, false},
        {"127.255.255.255", true, true, false},
        {"127.0.0.1/8", true, true, false},
        /* Half of it lies outside. */
        {"127.0.0.1/7", true, false, false},
        {"127.0.0.0/0", true, false, false},
        {"126.255.255.255", true, false, false},
        {"128.0.0.0", true, false, false},
        {"::1", false, true, false},
        {"::1/127", false, false, false},
        {"::", false, false, false},
        {"::2", false, false, false},
        {"::ffff:7f00:1", false, false, false},
        {"224.0.0.1", true, false, true},
        {"239.255.255.255", true, false, true},
        {"224.0.0.0/4", true, false, true},
        {"224.0.0.0/3", true, false, false},
        {"224.0.0.1/0", true, false, false},
        {"223.255.255.255", true, false, false},
        {"240.0.0.0", true, false, false},
        {"ff00::2", false, false, true},
        {"ffff::", false, false, true},
        {"ff00::/8", false, false, true},
        {"ff00::/7", false, false, false},
        {"fe00::1", false, false, false},
    };
    struct skm_value any = made("ip", IP_ANY);
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct skm_value ip = made("ip", ROWS[i].ip);
        if (asks("isIpv4", ip, any) != ROWS[i].v4 || asks("isIpv6", ip, any) == ROWS[i].v4 ||
            asks("isLoopback", ip, any) != ROWS[i].loopback ||
            asks("isMulticast", ip, any) != ROWS[i].multicast) {
            fail_msg("predicates of %s", ROWS[i].ip);
        }
    }
}

static const struct CMUnitTest tests[] = {
    EXT_TEST(test_accepted_addresses_print_in_canonical_form),
    EXT_TEST(test_malformed_addresses_are_refused),
    EXT_TEST(test_text_has_at_most_43_bytes),
    EXT_TEST(test_equality_keeps_host_bits_and_prefix),
    EXT_TEST(test_in_range_is_containment_of_whole_ranges),
    EXT_TEST(test_predicates_look_at_the_whole_range),
};

SKM_TEST_MAIN(tests)
