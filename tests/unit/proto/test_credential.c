#include "harness/test.h"

#include "harness/scene.h"

#include "crypto/sha256.h"
#include "harness/exchange.h"
#include "proto/credential.h"

enum { ANONYMOUS, BY_AUTHORIZATION, BY_KEY_HEADER, PEPS };

static struct skm_pep peps[PEPS];
static struct skm_pep_registry registry;

static int setup(void **state)
{
    (void)state;
    memset(peps, 0, sizeof(peps));
    peps[BY_AUTHORIZATION].has_key = true;
    peps[BY_KEY_HEADER].has_key = true;
    peps[BY_KEY_HEADER].credential = SKM_PEP_CREDENTIAL_KEY_HEADER;
    assert_ok(skm_sha256_digest(SKM_SPAN("alpha"), peps[BY_AUTHORIZATION].key_sha256));
    assert_ok(skm_sha256_digest(SKM_SPAN("beta"), peps[BY_KEY_HEADER].key_sha256));
    registry =
        (struct skm_pep_registry){.peps = peps, .count = PEPS, .anonymous = &peps[ANONYMOUS]};
    return 0;
}

/* Index of the PEP for up to two header lines, or -1. */
static int pep_of(const char *name1, const char *value1, const char *name2, const char *value2)
{
    struct exchange x;
    exchange_open(&x);
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

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(test_bearer_and_bare_keys_are_taken, setup),
    cmocka_unit_test_setup(test_key_header_goes_before_authorization, setup),
    cmocka_unit_test_setup(test_key_counts_in_its_registered_header_only, setup),
    cmocka_unit_test_setup(test_repeated_credentials_fail, setup),
    cmocka_unit_test_setup(test_anonymous_only_where_allowed_and_without_credentials, setup),
    cmocka_unit_test_setup(test_end_users_authorization_is_ignored_where_registered_so, setup),
};

SKM_TEST_MAIN(tests)
