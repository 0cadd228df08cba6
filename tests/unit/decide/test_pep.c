#include "harness/test.h"

#include "base/span.h"
#include "crypto/sha256.h"
#include "decide/pep.h"

#define KEY_A SKM_SPAN("key-of-a-0123456789")
#define KEY_B SKM_SPAN("key-of-b-0123456789")

static struct skm_pep peps[3];
static const struct skm_pep_registry registry = {.peps = peps, .count = 3};

static int setup(void **state)
{
    (void)state;
    memset(peps, 0, sizeof(peps));
    peps[0].name = SKM_SPAN("a");
    peps[0].has_key = true;
    peps[1].name = SKM_SPAN("b");
    peps[1].has_key = true;
    peps[1].credential = SKM_PEP_CREDENTIAL_KEY_HEADER;
    peps[2].name = SKM_SPAN("keyless");
    assert_ok(skm_sha256_digest(KEY_A, peps[0].key_sha256));
    assert_ok(skm_sha256_digest(KEY_B, peps[1].key_sha256));
    return 0;
}

static const struct skm_pep *by_authorization(skm_span key)
{
    return skm_pep_authenticate(&registry, SKM_PEP_CREDENTIAL_AUTHORIZATION, key);
}

static void test_key_opens_its_own_registration_only(void **state)
{
    (void)state;
    assert_ptr_equal(by_authorization(KEY_A), &peps[0]);
    assert_ptr_equal(skm_pep_authenticate(&registry, SKM_PEP_CREDENTIAL_KEY_HEADER, KEY_B),
                     &peps[1]);
    assert_null(by_authorization(SKM_SPAN("key-of-a-012345678")));
    assert_null(by_authorization(SKM_SPAN("key-of-a-0123456789 ")));
    assert_null(by_authorization(SKM_SPAN("")));
}

static void test_key_in_another_header_than_registered_is_no_key(void **state)
{
    (void)state;
    assert_null(by_authorization(KEY_B));
    assert_null(skm_pep_authenticate(&registry, SKM_PEP_CREDENTIAL_KEY_HEADER, KEY_A));
}

static void test_every_changed_bit_of_a_key_fails(void **state)
{
    (void)state;
    char key[64];
    for (size_t bit = 0; bit < KEY_A.len * 8; bit++) {
        memcpy(key, KEY_A.ptr, KEY_A.len);
        key[bit / 8] = (char)(key[bit / 8] ^ (1 << (bit % 8)));
        assert_null(by_authorization(skm_span_of(key, KEY_A.len)));
    }
}

static void test_registration_without_key_cannot_be_opened(void **state)
{
    (void)state;
    /* The digest of this key is stored, but the registration says it has none. */
    assert_ok(skm_sha256_digest(SKM_SPAN("x"), peps[2].key_sha256));
    assert_null(by_authorization(SKM_SPAN("x")));
    peps[2].has_key = true;
    assert_ptr_equal(by_authorization(SKM_SPAN("x")), &peps[2]);
}

static void test_empty_key_is_nobodys(void **state)
{
    (void)state;
    assert_ok(skm_sha256_digest(SKM_SPAN(""), peps[2].key_sha256));
    peps[2].has_key = true;
    assert_null(by_authorization(SKM_SPAN("")));
}

static void test_empty_list_allows_nothing(void **state)
{
    (void)state;
    static const skm_span names[] = {{"a", 1}, {"b", 1}};
    const struct skm_pep_allow none = {.any = false};
    const struct skm_pep_allow any = {.any = true};
    const struct skm_pep_allow some = {.names = names, .count = 2};
    assert_false(skm_pep_allows(&none, SKM_SPAN("a")));
    assert_true(skm_pep_allows(&any, SKM_SPAN("a")));
    assert_true(skm_pep_allows(&some, SKM_SPAN("b")));
    assert_false(skm_pep_allows(&some, SKM_SPAN("ab")));
    assert_false(skm_pep_allows(&some, SKM_SPAN("")));
}

/* Everything a request can assert, and how the refusal names it. */
enum part { TYPE, ACTION, RESOURCE, SUBJECT_ATTR, ACTION_ATTR, RESOURCE_ATTR, CONTEXT, PARTS };

static const char *const refusals[PARTS] = {
    [TYPE] = "subject type `User`",          [ACTION] = "action `view`",
    [RESOURCE] = "resource type `Doc`",      [SUBJECT_ATTR] = "subject attribute `sa`",
    [ACTION_ATTR] = "action attribute `aa`", [RESOURCE_ATTR] = "resource attribute `ra`",
    [CONTEXT] = "context key `ck`",
};

static const struct skm_value_field fields[] = {
    {{"sa", 2}, {.kind = SKM_VALUE_BOOL}},
    {{"aa", 2}, {.kind = SKM_VALUE_BOOL}},
    {{"ra", 2}, {.kind = SKM_VALUE_BOOL}},
    {{"ck", 2}, {.kind = SKM_VALUE_BOOL}},
};
static const struct skm_value_record records[] = {
    {&fields[0], 1}, {&fields[1], 1}, {&fields[2], 1}, {&fields[3], 1}};
static const struct skm_value_record empty = {NULL, 0};

static void test_each_assertion_needs_its_own_allowance(void **state)
{
    (void)state;
    static const skm_span names[PARTS] = {{"User", 4}, {"view", 4}, {"Doc", 3}, {"sa", 2},
                                          {"aa", 2},   {"ra", 2},   {"ck", 2}};
    const struct skm_decide_request request = {
        .cedar = {.principal = {{"User", 4}, {"alice", 5}},
                  .action = {{"Action", 6}, {"view", 4}},
                  .resource = {{"Doc", 3}, {"d", 1}},
                  .context = {.kind = SKM_VALUE_RECORD, .as.record = &records[3]}},
        .principal_attrs = &records[0],
        .action_attrs = &records[1],
        .resource_attrs = &records[2],
    };
    struct skm_arena arena;
    skm_arena_init(&arena, 1u << 20);
    for (int missing = 0; missing <= PARTS; missing++) {
        struct skm_pep pep = {.name = SKM_SPAN("p")};
        struct skm_pep_allow *allows[PARTS] = {
            &pep.principal_types, &pep.actions,        &pep.resource_types, &pep.principal_attrs,
            &pep.action_attrs,    &pep.resource_attrs, &pep.context_keys};
        for (int i = 0; i < PARTS; i++) {
            allows[i]->names = &names[i];
            allows[i]->count = i != missing;
        }
        skm_span what = {0};
        skm_err err = skm_pep_check(&arena, &pep, &request, &what);
        if (missing == PARTS) {
            assert_ok(err);
        } else {
            assert_err(err, REFUSED);
            assert_span_equal(what, skm_span_cstr(refusals[missing]));
        }
    }
    skm_arena_fini(&arena);
}

/* What is laid over an entity is seen wherever it stands: naming the principal as the resource, too, must not turn a permission to
 * send attributes of resources into one to send attributes of principals. */
static void test_attributes_of_one_entity_in_two_places_need_both_allowances(void **state)
{
    (void)state;
    static const skm_span sa = {"sa", 2};
    static const skm_span doc = {"Doc", 3};
    const struct skm_uid alice = {SKM_SPAN("User"), SKM_SPAN("alice")};
    const struct skm_uid bob = {SKM_SPAN("User"), SKM_SPAN("bob")};
    struct skm_decide_request request = {
        .cedar = {.principal = alice,
                  .action = {SKM_SPAN("Action"), SKM_SPAN("view")},
                  .resource = alice,
                  .context = {.kind = SKM_VALUE_RECORD, .as.record = &empty}},
        .resource_attrs = &records[0],
    };
    struct skm_pep pep = {.name = SKM_SPAN("p"),
                          .principal_types = {.any = true},
                          .actions = {.any = true},
                          .resource_types = {.any = true},
                          .resource_attrs = {.any = true}};
    struct skm_arena arena;
    skm_arena_init(&arena, 1u << 20);
    skm_span what = {0};
    assert_err(skm_pep_check(&arena, &pep, &request, &what), REFUSED);
    assert_span_equal(what, SKM_SPAN("subject attribute `sa`"));
    request.cedar.resource = bob;
    assert_ok(skm_pep_check(&arena, &pep, &request, &what));
    request.cedar.resource = request.cedar.action;
    assert_err(skm_pep_check(&arena, &pep, &request, &what), REFUSED);
    assert_span_equal(what, SKM_SPAN("action attribute `sa`"));
    pep.action_attrs = (struct skm_pep_allow){.names = &sa, .count = 1};
    assert_ok(skm_pep_check(&arena, &pep, &request, &what));
    request.cedar.resource = alice;
    pep.principal_attrs = (struct skm_pep_allow){.names = &doc, .count = 1};
    assert_err(skm_pep_check(&arena, &pep, &request, &what), REFUSED);
    pep.principal_attrs = (struct skm_pep_allow){.names = &sa, .count = 1};
    assert_ok(skm_pep_check(&arena, &pep, &request, &what));
    skm_arena_fini(&arena);
}

static void test_presets_name_either_url_or_host_and_uri(void **state)
{
    (void)state;
    static const char *const names[] = {"forwarded", "original-uri", "original-url"};
    for (size_t i = 0; i < 3; i++) {
        const struct skm_pep_forward_headers *set = skm_pep_forward_preset(skm_span_cstr(names[i]));
        assert_non_null(set);
        assert_true(set->method.len > 0);
        assert_int_equal(set->url.len > 0, set->host.len == 0);
        assert_int_equal(set->url.len > 0, set->uri.len == 0);
    }
    assert_null(skm_pep_forward_preset(SKM_SPAN("Forwarded")));
    assert_null(skm_pep_forward_preset(SKM_SPAN("")));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(test_key_opens_its_own_registration_only, setup),
    cmocka_unit_test_setup(test_key_in_another_header_than_registered_is_no_key, setup),
    cmocka_unit_test_setup(test_every_changed_bit_of_a_key_fails, setup),
    cmocka_unit_test_setup(test_registration_without_key_cannot_be_opened, setup),
    cmocka_unit_test_setup(test_empty_key_is_nobodys, setup),
    cmocka_unit_test(test_empty_list_allows_nothing),
    cmocka_unit_test(test_each_assertion_needs_its_own_allowance),
    cmocka_unit_test(test_attributes_of_one_entity_in_two_places_need_both_allowances),
    cmocka_unit_test(test_presets_name_either_url_or_host_and_uri),
};

SKM_TEST_MAIN(tests)
