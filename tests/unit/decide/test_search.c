#include "harness/test.h"

#include "decide/search.h"
#include "harness/scene.h"
#include "state/candidates.h"

#define NOW INT64_C(1780000000000)

/* A search over a scene, with room for whatever it finds. */
static struct skm_search search_for(enum skm_search_target target)
{
    return (struct skm_search){.target = target,
                               .request = scene_request("view"),
                               .limit = SIZE_MAX,
                               .bounds = {.evaluations = SIZE_MAX, .bytes = SIZE_MAX}};
}

/* INVARIANT: enough for a handful of candidates, not for all of a long search: what one takes is given back before the next. */
#define SCRATCH_BYTES (32u << 10)

static struct skm_search_page run(struct scene *scene, const struct skm_search *search)
{
    struct skm_arena scratch;
    struct skm_search_page page;
    memset(&page, 0xff, sizeof(page));
    skm_arena_init(&scratch, SCRATCH_BYTES);
    assert_ok(skm_search(&scene->arena, &scratch, scene->snapshot, search, NOW, &page));
    skm_arena_fini(&scratch);
    return page;
}

static void assert_found(const struct skm_search_page *page, const char *ids)
{
    char text[512] = "";
    size_t len = 0;
    for (size_t i = 0; i < page->count; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s", i == 0 ? "" : " ",
                                SKM_SPAN_ARG(page->results[i].uid->id));
    }
    assert_string_equal(text, ids);
}

static void assert_finds(const struct scene_texts *texts, enum skm_search_target target,
                         const char *ids)
{
    struct scene scene;
    scene_open(&scene, texts);
    const struct skm_search search = search_for(target);
    const struct skm_search_page page = run(&scene, &search);
    assert_found(&page, ids);
    assert_true(page.is_last);
    scene_close(&scene);
}

/* Not in the order of ids; `Doc::"parent"` is only named. */
#define ENTITIES                                                                                   \
    "[{\"uid\":{\"type\":\"User\",\"id\":\"carol\"},\"attrs\":{\"level\":3},\"parents\":[]},"      \
    "{\"uid\":{\"type\":\"User\",\"id\":\"alice\"},\"attrs\":{\"level\":1},\"parents\":[]},"       \
    "{\"uid\":{\"type\":\"Doc\",\"id\":\"d\"},\"attrs\":{},\"parents\":[{\"type\":\"Doc\",\"id\":" \
    "\"parent\"}]},"                                                                               \
    "{\"uid\":{\"type\":\"Userx\",\"id\":\"alien\"},\"attrs\":{\"level\":9},\"parents\":[]},"      \
    "{\"uid\":{\"type\":\"Doc\",\"id\":\"b\"},\"attrs\":{},\"parents\":[]},"                       \
    "{\"uid\":{\"type\":\"User\",\"id\":\"bob\"},\"attrs\":{\"level\":2},\"parents\":[]}]"

#define ALL "permit(principal, action, resource);"

static void test_results_are_the_stored_ones_of_the_type_in_order_of_id(void **state)
{
    (void)state;
    const struct scene_texts texts = {.policies = ALL, .entities = ENTITIES};
    assert_finds(&texts, SKM_SEARCH_SUBJECT, "alice bob carol");
    assert_finds(&texts, SKM_SEARCH_RESOURCE, "b d");
}

static void test_only_those_whom_a_decision_permits_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *policies;
        const char *ids;
    } cases[] = {
        {"", ""},
        {"permit(principal, action, resource) when { principal.level > 1 };", "bob carol"},
        {"permit(principal, action == Action::\"edit\", resource);", ""},
        {ALL "forbid(principal == User::\"bob\", action, resource);", "alice carol"},
        /* Curable or not: forbidden is not permitted. */
        {ALL "@remedy(\"step_up_mfa\") forbid(principal == User::\"bob\", action, resource);",
         "alice carol"},
        /* A forbid that fails denies, also here. */
        {ALL "forbid(principal == User::\"bob\", action, resource) when { principal.missing };",
         "alice carol"},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(cases); i++) {
        const struct scene_texts texts = {.policies = cases[i].policies, .entities = ENTITIES};
        assert_finds(&texts, SKM_SEARCH_SUBJECT, cases[i].ids);
    }
}

static void test_results_carry_their_own_obligations(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, &(struct scene_texts){
                           .policies = ALL,
                           .obligations = "@obligation(\"notify\") "
                                          "permit(principal == User::\"bob\", action, resource);"
                                          "@obligation(\"x\") permit(principal == User::\"carol\", "
                                          "action, resource) when { principal.missing };",
                           .entities = ENTITIES});
    const struct skm_search search = search_for(SKM_SEARCH_SUBJECT);
    const struct skm_search_page page = run(&scene, &search);
    /* Carol's obligation cannot be worked out: denied. */
    assert_found(&page, "alice bob");
    assert_int_equal(page.results[0].obligation_count, 0);
    assert_int_equal(page.results[1].obligation_count, 1);
    assert_span_equal(page.results[1].obligations[0].token, SKM_SPAN("notify"));
    scene_close(&scene);
}

static void test_an_id_of_the_searched_entity_changes_nothing(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, &(struct scene_texts){.policies = ALL, .entities = ENTITIES});
    struct skm_search search = search_for(SKM_SEARCH_SUBJECT);
    search.request.cedar.principal.id = SKM_SPAN("nobody");
    const struct skm_search_page page = run(&scene, &search);
    assert_found(&page, "alice bob carol");
    scene_close(&scene);
}

static void test_an_unknown_given_entity_finds_nothing_unless_described(void **state)
{
    (void)state;
    static const struct skm_value_record described = {NULL, 0};
    struct scene scene;
    scene_open(&scene, &(struct scene_texts){.policies = ALL, .entities = ENTITIES});
    struct skm_search search = search_for(SKM_SEARCH_SUBJECT);
    search.request.cedar.resource.id = SKM_SPAN("parent");
    struct skm_search_page page = run(&scene, &search);
    assert_found(&page, "");
    assert_true(page.is_last);
    search.request.resource_attrs = &described;
    page = run(&scene, &search);
    assert_found(&page, "alice bob carol");

    search = search_for(SKM_SEARCH_RESOURCE);
    search.request.cedar.principal.id = SKM_SPAN("nobody");
    page = run(&scene, &search);
    assert_found(&page, "");
    search.request.principal_attrs = &described;
    page = run(&scene, &search);
    assert_found(&page, "b d");

    /* Both count in an action search. */
    search = search_for(SKM_SEARCH_ACTION);
    search.request.cedar.principal.id = SKM_SPAN("nobody");
    search.request.resource_attrs = &described;
    page = run(&scene, &search);
    assert_found(&page, "");
    scene_close(&scene);
}

static void test_an_unknown_type_finds_nothing(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, &(struct scene_texts){.policies = ALL, .entities = ENTITIES});
    struct skm_search search = search_for(SKM_SEARCH_SUBJECT);
    search.request.cedar.principal.type = SKM_SPAN("Use");
    struct skm_search_page page = run(&scene, &search);
    assert_found(&page, "");
    assert_true(page.is_last);
    scene_close(&scene);
}

/* ---- actions ---- */

static void test_actions_without_a_schema_are_those_stored_or_named_by_policies(void **state)
{
    (void)state;
    static const char policies[] =
        "permit(principal, action == Action::\"scope\", resource);"
        "permit(principal, action in [Action::\"set1\", Action::\"set2\"], resource);"
        "permit(principal, action, resource) when { action == Action::\"condition\" };"
        "permit(principal, action, resource) when { {a: [Action::\"nested\"]}.a.contains(action) };"
        "permit(principal, action in Action::\"group\", resource);"
        "forbid(principal, action == Action::\"set2\", resource);"
        "forbid(principal, action == Action::\"never\", resource);"
        "permit(principal, action == NS::Action::\"other\", resource);";
    static const char entities[] =
        "[{\"uid\":{\"type\":\"User\",\"id\":\"alice\"},\"attrs\":{},\"parents\":[]},"
        "{\"uid\":{\"type\":\"Doc\",\"id\":\"d\"},\"attrs\":{},\"parents\":[]},"
        "{\"uid\":{\"type\":\"Action\",\"id\":\"member\"},\"attrs\":{},\"parents\":"
        "[{\"type\":\"Action\",\"id\":\"group\"}]},"
        "{\"uid\":{\"type\":\"Action\",\"id\":\"scope\"},\"attrs\":{},\"parents\":[]}]";
    const struct scene_texts texts = {.policies = policies, .entities = entities};
    assert_finds(&texts, SKM_SEARCH_ACTION, "condition group member nested scope set1");
}

static void test_actions_with_a_schema_are_its_own(void **state)
{
    (void)state;
    const struct scene_texts texts = {
        .policies = ALL,
        .entities = "[{\"uid\":{\"type\":\"User\",\"id\":\"alice\"},\"attrs\":{},\"parents\":[]},"
                    "{\"uid\":{\"type\":\"Doc\",\"id\":\"d\"},\"attrs\":{},\"parents\":[]}]",
        .schema = "entity User; entity Doc; entity Other; action all;"
                  "action view, edit in [all] appliesTo { principal: User, resource: Doc };"
                  "action foreign appliesTo { principal: User, resource: Other };"};
    assert_finds(&texts, SKM_SEARCH_ACTION, "edit view");
}

static void test_listed_ids_of_an_enumerated_type_are_candidates(void **state)
{
    (void)state;
    const struct scene_texts texts = {
        .policies = "permit(principal == User::\"bob\", action, resource);"
                    "permit(principal == User::\"alice\", action, resource);",
        .entities = "[{\"uid\":{\"type\":\"Doc\",\"id\":\"d\"},\"attrs\":{},\"parents\":[]}]",
        .schema = "entity User enum [\"carol\", \"bob\", \"alice\"]; entity Doc;"
                  "action view appliesTo { principal: User, resource: Doc };"};
    assert_finds(&texts, SKM_SEARCH_SUBJECT, "alice bob");
}

/* ---- pages ---- */

static void test_pages_join_to_the_whole_without_gap_or_repetition(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, &(struct scene_texts){.policies = ALL, .entities = ENTITIES});
    struct skm_search search = search_for(SKM_SEARCH_SUBJECT);
    search.limit = 2;
    struct skm_search_page page = run(&scene, &search);
    assert_found(&page, "alice bob");
    assert_false(page.is_last);
    search.position = page.next;
    page = run(&scene, &search);
    assert_found(&page, "carol");
    assert_true(page.is_last);
    /* Past the end there is nothing. */
    search.position = SIZE_MAX;
    page = run(&scene, &search);
    assert_found(&page, "");
    assert_true(page.is_last);
    scene_close(&scene);
}

static void test_a_limit_that_is_just_met_ends_the_search(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, &(struct scene_texts){.policies = ALL, .entities = ENTITIES});
    struct skm_search search = search_for(SKM_SEARCH_SUBJECT);
    search.limit = 3;
    const struct skm_search_page page = run(&scene, &search);
    assert_found(&page, "alice bob carol");
    assert_true(page.is_last);
    scene_close(&scene);
}

static void test_a_limit_of_none_looks_at_nothing(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, &(struct scene_texts){.policies = ALL, .entities = ENTITIES});
    struct skm_search search = search_for(SKM_SEARCH_SUBJECT);
    search.limit = 0;
    const struct skm_search_page page = run(&scene, &search);
    assert_found(&page, "");
    assert_false(page.is_last);
    assert_int_equal(page.next, 0);
    scene_close(&scene);
}

static void test_bounds_end_a_page_after_one_candidate_at_least(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, &(struct scene_texts){.policies = "permit(principal == User::\"carol\", "
                                                         "action, resource);",
                                             .entities = ENTITIES});
    struct skm_search search = search_for(SKM_SEARCH_SUBJECT);
    search.bounds.evaluations = 2;
    struct skm_search_page page = run(&scene, &search);
    assert_found(&page, "");
    assert_false(page.is_last);
    assert_int_equal(page.next, 2);
    search.bounds.evaluations = 0;
    page = run(&scene, &search);
    assert_int_equal(page.next, 1);
    scene_close(&scene);

    scene_open(&scene, &(struct scene_texts){.policies = ALL, .entities = ENTITIES});
    search = search_for(SKM_SEARCH_SUBJECT);
    search.bounds.bytes = 1;
    page = run(&scene, &search);
    assert_found(&page, "alice");
    assert_false(page.is_last);
    scene_close(&scene);
}

/* A clock that advances a millisecond whenever it is read. */
static int64_t tick(void *ctx)
{
    int64_t *now_ns = ctx;
    *now_ns += 1000000;
    return *now_ns;
}

static void test_time_ends_a_page_once_the_least_number_is_done(void **state)
{
    (void)state;
    char entities[32768] = "[{\"uid\":{\"type\":\"Doc\",\"id\":\"d\"},\"attrs\":{},\"parents\":[]}";
    size_t len = strlen(entities);
    for (unsigned i = 0; i < 200; i++) {
        len += (size_t)snprintf(
            entities + len, sizeof(entities) - len,
            ",{\"uid\":{\"type\":\"User\",\"id\":\"u%03u\"},\"attrs\":{},\"parents\":[]}", i);
    }
    (void)snprintf(entities + len, sizeof(entities) - len, "]");
    int64_t now_ns = 0;
    const struct skm_clock clock = {.monotonic_ns = tick, .ctx = &now_ns};
    struct scene scene;
    scene_open(&scene, &(struct scene_texts){.policies = ALL, .entities = entities});
    struct skm_search search = search_for(SKM_SEARCH_SUBJECT);
    search.bounds.clock = &clock;
    search.bounds.time_ns = 1;
    struct skm_search_page page = run(&scene, &search);
    assert_int_equal(page.count, SKM_SEARCH_EVALUATIONS_MIN);
    assert_false(page.is_last);
    search.bounds.time_ns = 10 * INT64_C(1000000);
    page = run(&scene, &search);
    assert_int_equal(page.count, SKM_SEARCH_EVALUATIONS_MIN + 9);
    search.bounds.clock = NULL;
    page = run(&scene, &search);
    assert_int_equal(page.count, 200);
    assert_true(page.is_last);
    scene_close(&scene);
}

/* ---- prepare ---- */

static skm_err skip_bob(void *ctx, struct skm_arena *scratch, struct skm_decide_request *request,
                        bool *out_skip)
{
    unsigned *calls = ctx;
    (void)scratch;
    *calls += 1;
    *out_skip = skm_span_equal(request->cedar.principal.id, SKM_SPAN("bob"));
    return *calls == 100 ? SKM_ERR(INTERNAL) : SKM_OK;
}

static void test_who_prepares_may_skip_a_candidate_or_end_the_search(void **state)
{
    (void)state;
    unsigned calls = 0;
    struct scene scene;
    scene_open(&scene, &(struct scene_texts){.policies = ALL, .entities = ENTITIES});
    struct skm_search search = search_for(SKM_SEARCH_SUBJECT);
    search.prepare = skip_bob;
    search.prepare_ctx = &calls;
    struct skm_search_page page = run(&scene, &search);
    assert_found(&page, "alice carol");
    assert_int_equal(calls, 3);

    struct skm_arena scratch;
    calls = 98;
    page = (struct skm_search_page){.next = 77};
    skm_arena_init(&scratch, 1u << 20);
    assert_err(skm_search(&scene.arena, &scratch, scene.snapshot, &search, NOW, &page), INTERNAL);
    assert_int_equal(page.next, 77);
    skm_arena_fini(&scratch);
    scene_close(&scene);
}

static void test_every_result_is_a_permit_when_asked_again_and_no_other_is(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene,
               &(struct scene_texts){
                   .policies = "permit(principal, action, resource) when { principal.level != 2 };"
                               "forbid(principal, action, resource) when { principal.level > 2 };",
                   .entities = ENTITIES});
    const struct skm_search search = search_for(SKM_SEARCH_SUBJECT);
    const struct skm_search_page page = run(&scene, &search);
    static const char *const users[] = {"alice", "bob", "carol"};
    size_t permitted = 0;
    for (size_t i = 0; i < SKM_ARRAY_LEN(users); i++) {
        struct skm_decide_request request = scene_request("view");
        struct skm_decision decision;
        request.cedar.principal.id = skm_span_cstr(users[i]);
        assert_ok(skm_decide(&scene.arena, scene.snapshot, &request, NOW, &decision));
        if (decision.effect == SKM_DECISION_PERMIT) {
            assert_true(permitted < page.count);
            assert_span_equal(page.results[permitted++].uid->id, skm_span_cstr(users[i]));
        }
    }
    assert_int_equal(page.count, permitted);
    assert_int_equal(permitted, 1);
    scene_close(&scene);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_results_are_the_stored_ones_of_the_type_in_order_of_id),
    cmocka_unit_test(test_only_those_whom_a_decision_permits_are_found),
    cmocka_unit_test(test_results_carry_their_own_obligations),
    cmocka_unit_test(test_an_id_of_the_searched_entity_changes_nothing),
    cmocka_unit_test(test_an_unknown_given_entity_finds_nothing_unless_described),
    cmocka_unit_test(test_an_unknown_type_finds_nothing),
    cmocka_unit_test(test_actions_without_a_schema_are_those_stored_or_named_by_policies),
    cmocka_unit_test(test_actions_with_a_schema_are_its_own),
    cmocka_unit_test(test_listed_ids_of_an_enumerated_type_are_candidates),
    cmocka_unit_test(test_pages_join_to_the_whole_without_gap_or_repetition),
    cmocka_unit_test(test_a_limit_that_is_just_met_ends_the_search),
    cmocka_unit_test(test_a_limit_of_none_looks_at_nothing),
    cmocka_unit_test(test_bounds_end_a_page_after_one_candidate_at_least),
    cmocka_unit_test(test_time_ends_a_page_once_the_least_number_is_done),
    cmocka_unit_test(test_who_prepares_may_skip_a_candidate_or_end_the_search),
    cmocka_unit_test(test_every_result_is_a_permit_when_asked_again_and_no_other_is),
};

SKM_TEST_MAIN(tests)
