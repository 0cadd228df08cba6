#include "harness/test.h"

#include "harness/scene.h"

#include "crypto/sha256.h"
#include "harness/exchange.h"
#include "proto/credential.h"

enum { ANONYMOUS, BY_AUTHORIZATION, BY_KEY_HEADER, BY_UID, BY_CERTIFICATE, BY_UID_AND_KEY, PEPS };

static struct skm_pep peps[PEPS];
static struct skm_pep_registry registry;

static const uint32_t web_uids[] = {33, 1000};
static const uint32_t both_uid = 34;
static const uint8_t certificates[2][32] = {{1, 2, 3}, {4, 5, 6}};

/* The connection the next requests come over. */
static struct skm_peer peer;

static int setup(void **state)
{
    (void)state;
    memset(peps, 0, sizeof(peps));
    peps[BY_AUTHORIZATION].has_key = true;
    peps[BY_KEY_HEADER].has_key = true;
    peps[BY_KEY_HEADER].credential = SKM_PEP_CREDENTIAL_KEY_HEADER;
    assert_ok(skm_sha256_digest(SKM_SPAN("alpha"), peps[BY_AUTHORIZATION].key_sha256));
    assert_ok(skm_sha256_digest(SKM_SPAN("beta"), peps[BY_KEY_HEADER].key_sha256));
    peer = (struct skm_peer){.is_loopback = true};
    peps[BY_UID].uids = web_uids;
    peps[BY_UID].uid_count = 2;
    peps[BY_CERTIFICATE].certificates = certificates;
    peps[BY_CERTIFICATE].certificate_count = 2;
    peps[BY_UID_AND_KEY].uids = &both_uid;
    peps[BY_UID_AND_KEY].uid_count = 1;
    peps[BY_UID_AND_KEY].has_key = true;
    assert_ok(skm_sha256_digest(SKM_SPAN("gamma"), peps[BY_UID_AND_KEY].key_sha256));
    registry =
        (struct skm_pep_registry){.peps = peps, .count = PEPS, .anonymous = &peps[ANONYMOUS]};
    return 0;
}

/* Index of the PEP for up to two header lines, or -1. */
static int pep_of(const char *name1, const char *value1, const char *name2, const char *value2)
{
    struct exchange x;
    exchange_open(&x);
    x.request.peer = peer;
    if (name1 != NULL) {
        exchange_header(&x, name1, value1);
    }
    if (name2 != NULL) {
        exchange_header(&x, name2, value2);
    }
    const struct skm_pep *pep = skm_credential_pep(&registry, &x.request);
    exchange_close(&x);
    return pep == NULL ? -1 : (int)(pep - peps);
}

static int authorized(const char *value)
{
    return pep_of("Authorization", value, NULL, NULL);
}

static void test_bearer_and_bare_keys_are_taken(void **state)
{
    (void)state;
    assert_int_equal(authorized("Bearer alpha"), BY_AUTHORIZATION);
    assert_int_equal(authorized("bearer alpha"), BY_AUTHORIZATION);
    assert_int_equal(authorized("Bearer   alpha"), BY_AUTHORIZATION);
    assert_int_equal(authorized("alpha"), BY_AUTHORIZATION);
    assert_int_equal(authorized("Bearer"), -1);
    assert_int_equal(authorized("Bearer "), -1);
    assert_int_equal(authorized("Bearer alpha beta"), -1);
    assert_int_equal(authorized("Bearer alphaa"), -1);
    assert_int_equal(authorized("Basic alpha"), -1);
    assert_int_equal(authorized("Token alpha"), -1);
    assert_int_equal(authorized(""), -1);
}

static void test_key_header_goes_before_authorization(void **state)
{
    (void)state;
    assert_int_equal(pep_of("X-Sekimori-Key", "beta", NULL, NULL), BY_KEY_HEADER);
    assert_int_equal(pep_of("X-Sekimori-Key", "beta", "Authorization", "Bearer nobody"),
                     BY_KEY_HEADER);
    assert_int_equal(pep_of("X-Sekimori-Key", "wrong", "Authorization", "Bearer alpha"), -1);
    assert_int_equal(pep_of("X-Sekimori-Key", "", "Authorization", "Bearer alpha"), -1);
}

static void test_key_counts_in_its_registered_header_only(void **state)
{
    (void)state;
    assert_int_equal(authorized("Bearer beta"), -1);
    assert_int_equal(pep_of("X-Sekimori-Key", "alpha", NULL, NULL), -1);
}

static void test_repeated_credentials_fail(void **state)
{
    (void)state;
    assert_int_equal(pep_of("Authorization", "Bearer alpha", "authorization", "Bearer alpha"), -1);
    assert_int_equal(pep_of("X-Sekimori-Key", "beta", "x-sekimori-key", "beta"), -1);
    registry.allow_anonymous = true;
    assert_int_equal(pep_of("Authorization", "Bearer alpha", "authorization", "Bearer alpha"), -1);
    assert_int_equal(pep_of("X-Sekimori-Key", "beta", "x-sekimori-key", "beta"), -1);
}

static void test_anonymous_only_where_allowed_and_without_credentials(void **state)
{
    (void)state;
    assert_int_equal(pep_of(NULL, NULL, NULL, NULL), -1);
    registry.allow_anonymous = true;
    assert_int_equal(pep_of(NULL, NULL, NULL, NULL), ANONYMOUS);
    assert_int_equal(authorized("Bearer wrong"), -1);
    assert_int_equal(authorized("Basic dXNlcjpwdw=="), -1);
    assert_int_equal(authorized("Bearer alpha"), BY_AUTHORIZATION);
    assert_int_equal(pep_of("X-Sekimori-Key", "wrong", NULL, NULL), -1);
}

static void test_end_users_authorization_is_ignored_where_registered_so(void **state)
{
    (void)state;
    registry.allow_anonymous = true;
    peps[ANONYMOUS].credential = SKM_PEP_CREDENTIAL_KEY_HEADER;
    assert_int_equal(authorized("Bearer users-own-token"), ANONYMOUS);
    assert_int_equal(pep_of("X-Sekimori-Key", "wrong", "Authorization", "Bearer x"), -1);
}

static void come_over_unix(uint32_t uid)
{
    peer = (struct skm_peer){.is_unix = true, .uid = uid};
}

static void come_over_tls(const uint8_t *sha256)
{
    peer = (struct skm_peer){.is_tls = true, .has_certificate = sha256 != NULL};
    if (sha256 != NULL) {
        memcpy(peer.certificate_sha256, sha256, sizeof(peer.certificate_sha256));
    }
}

static void test_user_id_over_a_unix_socket_needs_no_key(void **state)
{
    (void)state;
    come_over_unix(33);
    assert_int_equal(pep_of(NULL, NULL, NULL, NULL), BY_UID);
    come_over_unix(1000);
    assert_int_equal(pep_of(NULL, NULL, NULL, NULL), BY_UID);
    come_over_unix(0);
    assert_int_equal(pep_of(NULL, NULL, NULL, NULL), -1);
    come_over_unix(32);
    assert_int_equal(pep_of(NULL, NULL, NULL, NULL), -1);
}

static void test_user_id_counts_over_unix_sockets_only(void **state)
{
    (void)state;
    peer = (struct skm_peer){.is_loopback = true, .uid = 33};
    assert_int_equal(pep_of(NULL, NULL, NULL, NULL), -1);
    peer = (struct skm_peer){.is_tls = true, .uid = 33};
    assert_int_equal(pep_of(NULL, NULL, NULL, NULL), -1);
}

static void test_client_certificate_needs_no_key(void **state)
{
    (void)state;
    come_over_tls(certificates[0]);
    assert_int_equal(pep_of(NULL, NULL, NULL, NULL), BY_CERTIFICATE);
    come_over_tls(certificates[1]);
    assert_int_equal(pep_of(NULL, NULL, NULL, NULL), BY_CERTIFICATE);
    for (unsigned bit = 0; bit < 256; bit++) {
        uint8_t wrong[32];
        memcpy(wrong, certificates[0], sizeof(wrong));
        wrong[bit / 8] ^= (uint8_t)(1u << bit % 8);
        come_over_tls(wrong);
        assert_int_equal(pep_of(NULL, NULL, NULL, NULL), -1);
    }
}

static void test_certificate_that_was_not_vouched_for_is_none(void **state)
{
    (void)state;
    come_over_tls(certificates[0]);
    peer.has_certificate = false;
    assert_int_equal(pep_of(NULL, NULL, NULL, NULL), -1);
    come_over_tls(certificates[0]);
    peer.is_tls = false;
    assert_int_equal(pep_of(NULL, NULL, NULL, NULL), -1);
}

static void test_key_on_the_connection_of_another_is_refused(void **state)
{
    (void)state;
    come_over_unix(33);
    assert_int_equal(authorized("Bearer alpha"), -1);
    assert_int_equal(pep_of("X-Sekimori-Key", "beta", NULL, NULL), -1);
    assert_int_equal(authorized("Bearer wrong"), -1);
    assert_int_equal(pep_of("X-Sekimori-Key", "wrong", NULL, NULL), -1);
    come_over_tls(certificates[0]);
    assert_int_equal(authorized("Bearer alpha"), -1);
    come_over_unix(35);
    assert_int_equal(authorized("Bearer alpha"), BY_AUTHORIZATION);
    come_over_tls((const uint8_t[32]){9});
    assert_int_equal(authorized("Bearer alpha"), BY_AUTHORIZATION);
}

static void test_key_and_user_id_are_both_needed_where_both_are_registered(void **state)
{
    (void)state;
    come_over_unix(34);
    assert_int_equal(authorized("Bearer gamma"), BY_UID_AND_KEY);
    assert_int_equal(pep_of(NULL, NULL, NULL, NULL), -1);
    assert_int_equal(authorized("Bearer alpha"), -1);
    come_over_unix(35);
    assert_int_equal(authorized("Bearer gamma"), -1);
    peer = (struct skm_peer){.is_loopback = true};
    assert_int_equal(authorized("Bearer gamma"), -1);
}

static void test_owner_of_a_connection_is_not_anonymous(void **state)
{
    (void)state;
    registry.allow_anonymous = true;
    come_over_unix(33);
    assert_int_equal(pep_of(NULL, NULL, NULL, NULL), BY_UID);
    come_over_unix(34);
    assert_int_equal(pep_of(NULL, NULL, NULL, NULL), -1);
    come_over_unix(35);
    assert_int_equal(pep_of(NULL, NULL, NULL, NULL), ANONYMOUS);
    registry.anonymous = &peps[BY_UID];
    assert_int_equal(pep_of(NULL, NULL, NULL, NULL), -1);
}

static void test_end_users_authorization_passes_a_proxy_known_by_its_user_id(void **state)
{
    (void)state;
    come_over_unix(33);
    peps[BY_UID].credential = SKM_PEP_CREDENTIAL_KEY_HEADER;
    assert_int_equal(authorized("Bearer users-own-token"), BY_UID);
    assert_int_equal(pep_of("X-Sekimori-Key", "wrong", NULL, NULL), -1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(test_user_id_over_a_unix_socket_needs_no_key, setup),
    cmocka_unit_test_setup(test_user_id_counts_over_unix_sockets_only, setup),
    cmocka_unit_test_setup(test_client_certificate_needs_no_key, setup),
    cmocka_unit_test_setup(test_certificate_that_was_not_vouched_for_is_none, setup),
    cmocka_unit_test_setup(test_key_on_the_connection_of_another_is_refused, setup),
    cmocka_unit_test_setup(test_key_and_user_id_are_both_needed_where_both_are_registered, setup),
    cmocka_unit_test_setup(test_owner_of_a_connection_is_not_anonymous, setup),
    cmocka_unit_test_setup(test_end_users_authorization_passes_a_proxy_known_by_its_user_id, setup),
    cmocka_unit_test_setup(test_bearer_and_bare_keys_are_taken, setup),
    cmocka_unit_test_setup(test_key_header_goes_before_authorization, setup),
    cmocka_unit_test_setup(test_key_counts_in_its_registered_header_only, setup),
    cmocka_unit_test_setup(test_repeated_credentials_fail, setup),
    cmocka_unit_test_setup(test_anonymous_only_where_allowed_and_without_credentials, setup),
    cmocka_unit_test_setup(test_end_users_authorization_is_ignored_where_registered_so, setup),
};

SKM_TEST_MAIN(tests)
