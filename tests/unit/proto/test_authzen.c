#include "harness/test.h"

#include "harness/scene.h"

#include "crypto/sha256.h"
#include "harness/exchange.h"

/* The certification fixture in small, and a policy for every part of a request that can reach one. */
static const char policies[] =
    "@id(\"read\") permit(principal is user, action == Action::\"read\", resource is record);"
    "@id(\"alice-write\") permit(principal == user::\"alice\", action == Action::\"write\","
    " resource is record) when { resource has status && resource.status == \"active\" };"
    "@id(\"admin-write\") permit(principal is user, action == Action::\"write\", resource is record)"
    " when { principal has role && principal.role == \"admin\" && resource has status &&"
    " resource.status == \"archived\" };"
    "@id(\"soft\") permit(principal, action == Action::\"delete\", resource)"
    " when { action has soft && action.soft };"
    "@id(\"ctx\") permit(principal, action == Action::\"ctx\", resource)"
    " when { context has n && context.n == 7 };"
    "@id(\"deci\") permit(principal, action == Action::\"deci\", resource)"
    " when { context.d == decimal(\"1.5\") };"
    "@id(\"mapped\") permit(principal is Person, action == Action::\"mapped\", resource);"
    "@id(\"step\") permit(principal, action == Action::\"step\", resource);"
    "@id(\"step-f\") @remedy(\"step_up_mfa\") @clause(\"C-1\") @reason_en(\"Please confirm.\")"
    " @reason_ja(\"確認してください。\")"
    " forbid(principal, action == Action::\"step\", resource);"
    "@id(\"owed\") permit(principal, action == Action::\"owed\", resource);"
    "@id(\"any\") permit(principal, action == Action::\"any\", resource);"
    "@id(\"bad\") permit(principal, action == Action::\"bad\", resource) when { context.no };";

static const char obligations[] = "@id(\"ob\") @obligation(\"record_session\") @clause(\"C-2\")"
                                  " permit(principal, action == Action::\"owed\", resource);";

static const char entities[] =
    "[{\"uid\":{\"type\":\"user\",\"id\":\"alice\"},\"attrs\":{},\"parents\":[]},"
    "{\"uid\":{\"type\":\"user\",\"id\":\"bob\"},\"attrs\":{\"role\":\"admin\"},\"parents\":[]},"
    "{\"uid\":{\"type\":\"record\",\"id\":\"record-1\"},\"attrs\":{\"status\":\"active\"},"
    "\"parents\":[]},"
    "{\"uid\":{\"type\":\"record\",\"id\":\"record-2\"},\"attrs\":{\"status\":\"archived\"},"
    "\"parents\":[]}]";

struct fixture {
    struct scene scene;
    struct exchange_world world;
    struct skm_pep pep;
    struct skm_authzen_type types[1];
};

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof(f));
    scene_open(&f.scene, &(struct scene_texts){.policies = policies,
                                               .obligations = obligations,
                                               .entities = entities});
    f.pep = (struct skm_pep){
        .name = SKM_SPAN("app"),
        .has_key = true,
        .principal_types = {.any = true},
        .actions = {.any = true},
        .resource_types = {.any = true},
        .principal_attrs = {.any = true},
        .action_attrs = {.any = true},
        .resource_attrs = {.any = true},
        .context_keys = {.any = true},
    };
    assert_ok(skm_sha256_digest(SKM_SPAN("key"), f.pep.key_sha256));
    f.types[0] = (struct skm_authzen_type){SKM_SPAN("https://x/person"), SKM_SPAN("Person")};
    exchange_world_init(&f.world, f.scene.snapshot, &f.pep, 1);
    f.world.authzen.types = f.types;
    f.world.authzen.type_count = 1;
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(f->world.acquired, 0);
    scene_close(&f->scene);
    return 0;
}

static uint16_t post(struct fixture *f, struct exchange *x, skm_http_handler handler,
                     const char *body)
{
    exchange_open(x);
    exchange_header(x, "Authorization", "Bearer key");
    exchange_header(x, "Content-Type", "application/json");
    x->request.body = skm_span_cstr(body);
    return exchange_call(x, handler, &f->world);
}

static void assert_answer(struct fixture *f, skm_http_handler handler, const char *body,
                          uint16_t status, const char *answer)
{
    struct exchange x;
    uint16_t got = post(f, &x, handler, body);
    if (got != status) {
        print_error("%s\n", body);
    }
    assert_int_equal(got, status);
    if (answer != NULL) {
        assert_span_equal(skm_buf_span(&x.body), skm_span_cstr(answer));
    }
    assert_span_equal(x.response.content_type, SKM_SPAN("application/json"));
    exchange_close(&x);
}

static void assert_single(struct fixture *f, const char *body, const char *answer)
{
    assert_answer(f, skm_authzen_evaluation, body, 200, answer);
}

static void assert_batch(struct fixture *f, const char *body, const char *answer)
{
    assert_answer(f, skm_authzen_evaluations, body, 200, answer);
}

#define TRUE_         "{\"decision\":true}"
#define FALSE_        "{\"decision\":false}"
#define ALICE         "\"subject\":{\"type\":\"user\",\"id\":\"alice\"}"
#define BOB           "\"subject\":{\"type\":\"user\",\"id\":\"bob\"}"
#define REC1          "\"resource\":{\"type\":\"record\",\"id\":\"record-1\"}"
#define ACT(n)        "\"action\":{\"name\":\"" n "\"}"
#define PART(s, a, r) "{" s "," a "," r "}"

/* ---- single (§6) ---- */

static void test_decisions_of_the_fixture(void **state)
{
    static const struct {
        const char *body;
        const char *answer;
    } cases[] = {
        {PART(ALICE, ACT("read"), REC1), TRUE_},
        {PART(BOB, ACT("read"), REC1), TRUE_},
        {PART(ALICE, ACT("write"), REC1), TRUE_},
        {PART(BOB, ACT("write"), REC1), FALSE_},
        {PART(ALICE, ACT("write"),
              "\"resource\":{\"type\":\"record\",\"id\":\"record-1\",\"properties\":{\"status\":"
              "\"archived\"}}"),
         FALSE_},
        {PART(
             "\"subject\":{\"type\":\"user\",\"id\":\"carol\",\"properties\":{\"role\":\"admin\"}}",
             ACT("write"),
             "\"resource\":{\"type\":\"record\",\"id\":\"new\",\"properties\":{\"status\":"
             "\"archived\"}}"),
         TRUE_},
        {PART(ALICE, "\"action\":{\"name\":\"delete\",\"properties\":{\"soft\":true}}", REC1),
         TRUE_},
        {PART(ALICE, "\"action\":{\"name\":\"delete\",\"properties\":{\"soft\":false}}", REC1),
         FALSE_},
        {PART(ALICE, ACT("delete"), REC1), FALSE_},
        {PART(ALICE, ACT("nothing"), REC1), FALSE_},
        {PART("\"subject\":{\"type\":\"robot\",\"id\":\"alice\"}", ACT("read"), REC1), FALSE_},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(cases); i++) {
        assert_single(*state, cases[i].body, cases[i].answer);
    }
}

static void test_context_reaches_policies(void **state)
{
    assert_single(*state, "{" ALICE "," ACT("ctx") "," REC1 ",\"context\":{\"n\":7}}", TRUE_);
    assert_single(*state, "{" ALICE "," ACT("ctx") "," REC1 ",\"context\":{\"n\":8}}", FALSE_);
    assert_single(*state, "{" ALICE "," ACT("ctx") "," REC1 ",\"context\":{}}", FALSE_);
    assert_single(*state, "{" ALICE "," ACT("ctx") "," REC1 "}", FALSE_);
}

static void test_null_members_count_as_absent(void **state)
{
    assert_single(*state, "{" ALICE "," ACT("read") "," REC1 ",\"context\":null}", TRUE_);
    assert_single(
        *state,
        PART(ALICE, "\"action\":{\"name\":\"delete\",\"properties\":{\"soft\":null}}", REC1),
        FALSE_);
    assert_single(*state, PART(ALICE, "\"action\":{\"name\":\"read\",\"properties\":null}", REC1),
                  TRUE_);
    assert_answer(*state, skm_authzen_evaluation, "{\"subject\":null," ACT("read") "," REC1 "}",
                  400, "\"`subject` is missing\"");
}

static void test_numbers_become_values_or_a_denial(void **state)
{
    assert_single(*state, "{" ALICE "," ACT("deci") "," REC1 ",\"context\":{\"d\":1.5}}", TRUE_);
    assert_single(*state, "{" ALICE "," ACT("deci") "," REC1 ",\"context\":{\"d\":1.6}}", FALSE_);
    assert_single(*state, "{" ALICE "," ACT("any") "," REC1 ",\"context\":{\"d\":1}}", TRUE_);
    /* A value that cannot be represented is not dropped: nothing is decided without it. */
    assert_single(*state, "{" ALICE "," ACT("any") "," REC1 ",\"context\":{\"d\":1.00001}}",
                  FALSE_);
    assert_single(*state, "{" ALICE "," ACT("any") "," REC1 ",\"context\":{\"d\":1e300}}", FALSE_);
}

static void test_unknown_members_are_ignored_at_every_level(void **state)
{
    assert_single(*state,
                  "{\"x\":[1,{}]," ALICE ",\"action\":{\"name\":\"read\",\"y\":1},\"resource\":{"
                  "\"type\":\"record\",\"id\":\"record-1\",\"z\":null},\"evaluations\":7}",
                  TRUE_);
}

static void test_types_are_mapped_taken_or_denied(void **state)
{
    assert_single(
        *state,
        PART("\"subject\":{\"type\":\"https://x/person\",\"id\":\"p\"}", ACT("mapped"), REC1),
        TRUE_);
    assert_single(
        *state, PART("\"subject\":{\"type\":\"Person\",\"id\":\"p\"}", ACT("mapped"), REC1), TRUE_);
    assert_single(*state,
                  PART("\"subject\":{\"type\":\"person\",\"id\":\"p\"}", ACT("mapped"), REC1),
                  FALSE_);
    /* `any` permits everything there can be; of this type there can be nothing. */
    assert_single(*state, PART(ALICE, ACT("any"), REC1), TRUE_);
    assert_single(*state, PART("\"subject\":{\"type\":\"no name\",\"id\":\"p\"}", ACT("any"), REC1),
                  FALSE_);
    assert_single(*state, PART(ALICE, ACT("any"), "\"resource\":{\"type\":\"a-b\",\"id\":\"p\"}"),
                  FALSE_);
}

static void test_action_type_is_configurable(void **state)
{
    struct fixture *f = *state;
    f->world.authzen.action_type = SKM_SPAN("App::Action");
    assert_single(f, PART(ALICE, ACT("any"), REC1), FALSE_);
    f->world.authzen.action_type = SKM_SPAN("Action");
    assert_single(f, PART(ALICE, ACT("any"), REC1), TRUE_);
}

static void test_bad_requests_are_400_with_a_text(void **state)
{
    static const struct {
        const char *body;
        const char *answer; /* NULL: any */
    } cases[] = {
        {"", "\"the body is empty\""},
        {" \r\n\t", "\"the body is empty\""},
        {"[]", NULL},
        {"7", NULL},
        {"{", NULL},
        {PART(ALICE, ACT("read"), REC1) " x", NULL},
        {PART(ALICE, ACT("read"), REC1) "{}", NULL},
        {"{\"a\":1,\"a\":2}", NULL},
        {"{\"a\":\"\xff\"}", NULL},
        {"{\"a\":\"\\ud800\"}", NULL},
        {"{" ACT("read") "," REC1 "}", "\"`subject` is missing\""},
        {"{" ALICE "," REC1 "}", "\"`action` is missing\""},
        {"{" ALICE "," ACT("read") "}", "\"`resource` is missing\""},
        {PART("\"subject\":\"alice\"", ACT("read"), REC1), "\"`subject` must be an object\""},
        {PART("\"subject\":{\"id\":\"alice\"}", ACT("read"), REC1),
         "\"`subject.type` is missing\""},
        {PART("\"subject\":{\"type\":\"user\"}", ACT("read"), REC1), "\"`subject.id` is missing\""},
        {PART("\"subject\":{\"type\":7,\"id\":\"a\"}", ACT("read"), REC1),
         "\"`subject.type` must be a string\""},
        {PART("\"subject\":{\"type\":\"user\",\"id\":7}", ACT("read"), REC1),
         "\"`subject.id` must be a string\""},
        {PART("\"subject\":{\"type\":\"user\",\"id\":\"a\",\"properties\":[]}", ACT("read"), REC1),
         "\"`subject.properties` must be an object\""},
        {PART(ALICE, "\"action\":{}", REC1), "\"`action.name` is missing\""},
        {PART(ALICE, "\"action\":{\"name\":123}", REC1), "\"`action.name` must be a string\""},
        {PART(ALICE, "\"action\":{\"name\":\"a\",\"properties\":1}", REC1),
         "\"`action.properties` must be an object\""},
        {PART(ALICE, ACT("read"), "\"resource\":{\"id\":\"x\"}"), "\"`resource.type` is missing\""},
        {PART(ALICE, ACT("read"), "\"resource\":{\"type\":\"x\"}"), "\"`resource.id` is missing\""},
        {PART(ALICE, ACT("read"), "\"resource\":[]"), "\"`resource` must be an object\""},
        {"{" ALICE "," ACT("read") "," REC1 ",\"context\":[]}", "\"`context` must be an object\""},
        {"{" ALICE "," ACT("read") "," REC1 ",\"context\":{\"a\":1,\"a\":1}}", NULL},
        {"{" ALICE "," ACT("read") "," REC1 ",\"x\":{\"a\":1,\"a\":1}}", NULL},
        {"{" ALICE "," ACT("read") "," REC1 ",\"options\":1}", "\"`options` must be an object\""},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(cases); i++) {
        assert_answer(*state, skm_authzen_evaluation, cases[i].body, 400, cases[i].answer);
    }
}

static void test_deep_and_wide_bodies_are_refused(void **state)
{
    static char body[200000];
    size_t len = (size_t)snprintf(body, sizeof(body), "{" ALICE "," ACT("read") "," REC1 ",\"x\":");
    memset(body + len, '[', 100);
    memset(body + len + 100, ']', 100);
    memcpy(body + len + 200, "}", 2);
    assert_answer(*state, skm_authzen_evaluation, body, 400, NULL);
    memset(body + len, '[', 60);
    memset(body + len + 60, ']', 60);
    memcpy(body + len + 120, "}", 2);
    assert_single(*state, body, TRUE_);
    len += (size_t)snprintf(body + len, sizeof(body) - len, "{\"m\":0");
    for (unsigned i = 1; i <= 10000; i++) {
        len += (size_t)snprintf(body + len, sizeof(body) - len, ",\"m%u\":0", i);
    }
    (void)snprintf(body + len, sizeof(body) - len, "}}");
    assert_answer(*state, skm_authzen_evaluation, body, 400, NULL);
}

/* ---- transport (§10, §11) ---- */

static uint16_t post_with(struct fixture *f, const char *authorization, const char *content_type,
                          struct exchange *x)
{
    exchange_open(x);
    if (authorization != NULL) {
        exchange_header(x, "Authorization", authorization);
    }
    if (content_type != NULL) {
        exchange_header(x, "Content-Type", content_type);
    }
    x->request.body = SKM_SPAN(PART(ALICE, ACT("read"), REC1));
    uint16_t status = exchange_call(x, skm_authzen_evaluation, &f->world);
    return status;
}

static void test_content_type_must_be_json(void **state)
{
    static const struct {
        const char *type;
        uint16_t status;
    } cases[] = {
        {"application/json", 200},
        {"Application/JSON", 200},
        {"application/json; charset=utf-8", 200},
        {"application/json ;charset=utf-8", 200},
        {"text/plain", 400},
        {"application/jsonx", 400},
        {"application/problem+json", 400},
        {"", 400},
        {NULL, 400},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(cases); i++) {
        struct exchange x;
        assert_int_equal(post_with(*state, "Bearer key", cases[i].type, &x), cases[i].status);
        exchange_close(&x);
    }
}

static void test_enforcement_point_must_be_known(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {NULL, "Bearer wrong", "Bearer", "Basic key"};
    struct exchange x;
    for (size_t i = 0; i < SKM_ARRAY_LEN(bad); i++) {
        assert_int_equal(post_with(f, bad[i], "application/json", &x), 401);
        assert_true(exchange_has_line(&x, "WWW-Authenticate: Bearer realm=\"sekimori\""));
        assert_true(x.body.len > 2 && x.body.ptr[0] == '"');
        exchange_close(&x);
    }
    f->world.peps.allow_anonymous = true;
    assert_int_equal(post_with(f, NULL, "application/json", &x), 200);
    exchange_close(&x);
}

static void test_what_a_registration_does_not_allow_is_403(void **state)
{
    struct fixture *f = *state;
    static const char body[] =
        "{" ALICE "," ACT("ctx") "," REC1 ",\"context\":{\"n\":7,\"aal\":3}}";
    static const skm_span keys[] = {{"n", 1}};
    assert_single(f, body, TRUE_);
    f->pep.context_keys = (struct skm_pep_allow){.names = keys, .count = 1};
    assert_answer(f, skm_authzen_evaluation, body, 403,
                  "\"this enforcement point may not assert context key `aal`\"");
    assert_int_equal(f->world.last_effect, SKM_DECISION_DENY);
    assert_single(f, "{" ALICE "," ACT("ctx") "," REC1 ",\"context\":{\"n\":7}}", TRUE_);
    f->pep.actions = (struct skm_pep_allow){.any = false};
    assert_answer(f, skm_authzen_evaluation, PART(ALICE, ACT("read"), REC1), 403, NULL);
}

static void test_types_are_checked_after_mapping(void **state)
{
    struct fixture *f = *state;
    static const skm_span types[] = {{"Person", 6}};
    f->pep.principal_types = (struct skm_pep_allow){.names = types, .count = 1};
    assert_single(
        f, PART("\"subject\":{\"type\":\"https://x/person\",\"id\":\"p\"}", ACT("mapped"), REC1),
        TRUE_);
    assert_answer(f, skm_authzen_evaluation, PART(ALICE, ACT("read"), REC1), 403, NULL);
}

static void test_nothing_loaded_is_503(void **state)
{
    struct fixture *f = *state;
    f->world.is_unloaded = true;
    assert_answer(f, skm_authzen_evaluation, PART(ALICE, ACT("read"), REC1), 503, NULL);
    assert_answer(f, skm_authzen_metadata, "", 503, NULL);
}

static void test_no_answer_leaves_that_was_not_recorded(void **state)
{
    struct fixture *f = *state;
    struct exchange x;
    assert_single(f, PART(ALICE, ACT("read"), REC1), TRUE_);
    assert_int_equal(f->world.records, 1);
    assert_int_equal(f->world.last_effect, SKM_DECISION_PERMIT);
    f->world.refuses_records = true;
    assert_int_equal(post(f, &x, skm_authzen_evaluation, PART(ALICE, ACT("read"), REC1)), 500);
    assert_int_equal(x.body.len, 0);
    exchange_close(&x);
    assert_int_equal(post(f, &x, skm_authzen_evaluations,
                          "{" ALICE "," ACT("read") ",\"evaluations\":[{" REC1 "}]}"),
                     500);
    exchange_close(&x);
}

static void test_too_little_memory_is_no_permit(void **state)
{
    struct fixture *f = *state;
    for (size_t quota = 0; quota < 8192; quota += 64) {
        struct exchange x;
        exchange_open(&x);
        skm_arena_fini(&x.arena);
        skm_arena_init(&x.arena, quota);
        exchange_header(&x, "Authorization", "Bearer key");
        exchange_header(&x, "Content-Type", "application/json");
        x.request.body = SKM_SPAN(PART(BOB, ACT("write"), REC1));
        uint16_t status = exchange_call(&x, skm_authzen_evaluation, &f->world);
        assert_true(status == 500 || status == 200);
        if (status == 200) {
            assert_span_equal(skm_buf_span(&x.body), SKM_SPAN(FALSE_));
        }
        exchange_close(&x);
    }
}

/* ---- batch (§7) ---- */

static void test_batch_answers_in_order(void **state)
{
    assert_batch(*state,
                 "{" BOB "," REC1 ",\"evaluations\":[{" ACT("read") "},{" ACT("write") "}]}",
                 "{\"evaluations\":[" TRUE_ "," FALSE_ "]}");
    assert_batch(*state,
                 "{\"evaluations\":[" PART(ALICE, ACT("write"), REC1) "," PART(BOB, ACT("write"),
                                                                               REC1) "]," BOB "}",
                 "{\"evaluations\":[" TRUE_ "," FALSE_ "]}");
}

static void test_without_items_a_batch_is_a_single_evaluation(void **state)
{
    assert_batch(*state, PART(ALICE, ACT("read"), REC1), TRUE_);
    assert_batch(*state, "{" ALICE "," ACT("read") "," REC1 ",\"evaluations\":[]}", TRUE_);
    assert_batch(*state, "{" ALICE "," ACT("read") "," REC1 ",\"evaluations\":null}", TRUE_);
    assert_answer(*state, skm_authzen_evaluations, "{" ALICE "," ACT("read") ",\"evaluations\":[]}",
                  400, "\"`resource` is missing\"");
}

/* §7.1.1: a default is inherited whole or not at all. */
static void test_defaults_are_inherited_whole(void **state)
{
    /* Not merged: the item's resource has no status of its own, and the default's does not fill in. */
    assert_batch(
        *state,
        "{" ALICE "," ACT(
            "write") ",\"resource\":{\"type\":\"record\",\"id\":\"x\",\"properties\":{\"status\":"
                     "\"active\"}},\"evaluations\":[{},{\"resource\":{\"type\":\"record\",\"id\":"
                     "\"y\"}}]}",
        "{\"evaluations\":[" TRUE_ "," FALSE_ "]}");
    assert_batch(*state,
                 "{" ALICE "," ACT("ctx") "," REC1 ",\"context\":{\"n\":7},\"evaluations\":[{},"
                                          "{\"context\":{}},{\"context\":{\"n\":7}}]}",
                 "{\"evaluations\":[" TRUE_ "," FALSE_ "," TRUE_ "]}");
}

static void test_incomplete_default_is_judged_only_when_used(void **state)
{
    assert_batch(*state,
                 "{" ALICE
                 "," ACT("read") ",\"resource\":{\"type\":\"record\"},\"evaluations\":[{" REC1
                                 "}]}",
                 "{\"evaluations\":[" TRUE_ "]}");
    assert_batch(*state,
                 "{\"subject\":{},\"action\":{},\"resource\":{},\"evaluations\":[" PART(
                     ALICE, ACT("read"), REC1) ",{" ALICE "," ACT("read") "}]}",
                 "{\"evaluations\":[" TRUE_
                 ",{\"decision\":false,\"context\":{\"error\":{\"status\":"
                 "400,\"message\":\"`resource.type` is missing\"}}}]}");
}

static void test_bad_item_spoils_nothing_else(void **state)
{
    assert_batch(*state,
                 "{" ALICE "," ACT("read") ",\"evaluations\":[{" REC1
                                           "},7,{\"resource\":\"r\"},{" REC1 "}]}",
                 "{\"evaluations\":[" TRUE_
                 ",{\"decision\":false,\"context\":{\"error\":{\"status\":"
                 "400,\"message\":\"an evaluation must be an object\"}}},{\"decision\":false,"
                 "\"context\":{\"error\":{\"status\":400,\"message\":\"`resource` must be an "
                 "object\"}}}," TRUE_ "]}");
    assert_batch(*state, "{" ACT("read") "," REC1 ",\"evaluations\":[{}]}",
                 "{\"evaluations\":[{\"decision\":false,\"context\":{\"error\":{\"status\":400,"
                 "\"message\":\"`subject` is missing\"}}}]}");
}

static void test_refused_item_is_403_in_its_place(void **state)
{
    struct fixture *f = *state;
    static const skm_span actions[] = {{"read", 4}};
    f->pep.actions = (struct skm_pep_allow){.names = actions, .count = 1};
    assert_batch(f, "{" ALICE "," REC1 ",\"evaluations\":[{" ACT("write") "},{" ACT("read") "}]}",
                 "{\"evaluations\":[{\"decision\":false,\"context\":{\"error\":{\"status\":403,"
                 "\"message\":\"this enforcement point may not assert action `write`\"}}}," TRUE_
                 "]}");
}

/* §7.1.2 */
static void test_semantics_end_the_answer_where_they_say(void **state)
{
    static const struct {
        const char *semantic;
        const char *answer;
    } cases[] = {
        {"execute_all", "{\"evaluations\":[" TRUE_ "," FALSE_ "," TRUE_ "]}"},
        {"deny_on_first_deny", "{\"evaluations\":[" TRUE_ "," FALSE_ "]}"},
        {"permit_on_first_permit", "{\"evaluations\":[" TRUE_ "]}"},
    };
    char body[1024];
    for (size_t i = 0; i < SKM_ARRAY_LEN(cases); i++) {
        (void)snprintf(body, sizeof(body),
                       "{" BOB "," REC1 ",\"evaluations\":[{" ACT("read") "},{" ACT(
                           "write") "},{" ACT("read") "}],\"options\":{\"evaluations_semantic\":"
                                                      "\"%s\",\"other\":1}}",
                       cases[i].semantic);
        assert_batch(*state, body, cases[i].answer);
    }
    assert_batch(*state,
                 "{\"options\":{\"evaluations_semantic\":\"deny_on_first_deny\"}," BOB "," REC1
                 ",\"evaluations\":[{},{" ACT("read") "}]}",
                 "{\"evaluations\":[{\"decision\":false,\"context\":{\"error\":{\"status\":400,"
                 "\"message\":\"`action` is missing\"}}}]}");
}

static void test_unknown_semantic_is_400(void **state)
{
    static const char *const bad[] = {"\"bogus\"", "\"\"", "7", "[]", "\"execute_all \""};
    char body[512];
    for (size_t i = 0; i < SKM_ARRAY_LEN(bad); i++) {
        (void)snprintf(body, sizeof(body),
                       "{" ALICE "," ACT("read") ",\"evaluations\":[{" REC1
                                                 "}],\"options\":{\"evaluations_semantic\":%s}}",
                       bad[i]);
        assert_answer(*state, skm_authzen_evaluations, body, 400, NULL);
    }
    assert_answer(*state, skm_authzen_evaluations, "{" ALICE "," ACT("read") ",\"evaluations\":{}}",
                  400, "\"`evaluations` must be an array\"");
    /* A single evaluation has no semantic. */
    assert_single(*state,
                  "{" ALICE "," ACT("read") "," REC1
                                            ",\"options\":{\"evaluations_semantic\":\"bogus\"}}",
                  TRUE_);
}

static void test_batch_size_is_bounded(void **state)
{
    struct fixture *f = *state;
    f->world.authzen.max_evaluations = 2;
    assert_batch(f, "{" ALICE "," ACT("read") ",\"evaluations\":[{" REC1 "},{" REC1 "}]}",
                 "{\"evaluations\":[" TRUE_ "," TRUE_ "]}");
    assert_answer(f, skm_authzen_evaluations,
                  "{" ALICE "," ACT("read") ",\"evaluations\":[{" REC1 "},{" REC1 "},{" REC1 "}]}",
                  400, "\"`evaluations` has too many items\"");
}

static void test_thousand_items_are_the_default_bound(void **state)
{
    static char body[10000];
    size_t len = (size_t)snprintf(body, sizeof(body),
                                  "{" ALICE "," ACT("read") "," REC1 ",\"evaluations\":[{}");
    for (unsigned i = 1; i < 1000; i++) {
        len += (size_t)snprintf(body + len, sizeof(body) - len, ",{}");
    }
    (void)snprintf(body + len, sizeof(body) - len, "]}");
    struct exchange x;
    assert_int_equal(post(*state, &x, skm_authzen_evaluations, body), 200);
    assert_int_equal(x.body.len, strlen("{\"evaluations\":[]}") + 1000 * strlen(TRUE_) + 999);
    exchange_close(&x);
    (void)snprintf(body + len, sizeof(body) - len, ",{}]}");
    assert_answer(*state, skm_authzen_evaluations, body, 400, NULL);
}

/* Every look at it takes a millisecond. */
static int64_t tick_ns(void *ctx)
{
    int64_t *now_ns = ctx;
    return *now_ns += 1000000;
}

#define LATE_                                                                                      \
    "{\"decision\":false,\"context\":{\"error\":{\"status\":503,\"message\":"                      \
    "\"the batch took too long to reach this evaluation\"}}}"

static void test_items_behind_the_time_of_a_batch_are_denied(void **state)
{
    struct fixture *f = *state;
    int64_t now_ns = 0;
    const struct skm_clock clock = {.monotonic_ns = tick_ns, .ctx = &now_ns};
    const char body[] = "{" ALICE "," ACT("read") "," REC1 ",\"evaluations\":[{},{},{},{}]}";
    f->world.authzen.clock = &clock;
    f->world.authzen.batch_time_ms = 3;
    f->world.records = 0;
    assert_batch(f, body, "{\"evaluations\":[" TRUE_ "," TRUE_ "," LATE_ "," LATE_ "]}");
    assert_int_equal(f->world.records, 4);
    f->world.authzen.batch_time_ms = 5;
    assert_batch(f, body, "{\"evaluations\":[" TRUE_ "," TRUE_ "," TRUE_ "," TRUE_ "]}");
    f->world.authzen.batch_time_ms = 0;
    assert_batch(f, body, "{\"evaluations\":[" TRUE_ "," TRUE_ "," TRUE_ "," TRUE_ "]}");
    f->world.authzen.batch_time_ms = 3;
    assert_batch(f,
                 "{" ALICE "," ACT("read") "," REC1 ",\"evaluations\":[{},{},{},{}],\"options\":"
                                           "{\"evaluations_semantic\":\"deny_on_first_deny\"}}",
                 "{\"evaluations\":[" TRUE_ "," TRUE_ "," LATE_ "]}");
}

/* Each evaluation gives back what it took before the next begins. */
static void test_memory_of_a_batch_does_not_grow_with_its_length(void **state)
{
    static char body[40000];
    size_t len = (size_t)snprintf(body, sizeof(body),
                                  "{" ALICE "," ACT("read") "," REC1 ",\"context\":{\"a\":[0");
    for (unsigned i = 1; i < 5000; i++) {
        len += (size_t)snprintf(body + len, sizeof(body) - len, ",%u", i);
    }
    len += (size_t)snprintf(body + len, sizeof(body) - len, "]},\"evaluations\":[{}");
    for (unsigned i = 1; i < 300; i++) {
        len += (size_t)snprintf(body + len, sizeof(body) - len, ",{}");
    }
    (void)snprintf(body + len, sizeof(body) - len, "]}");
    assert_answer(*state, skm_authzen_evaluations, body, 200, NULL);
}

/* ---- explanations (§6.2) ---- */

static bool answer_has(struct fixture *f, const char *body, const char *text)
{
    struct exchange x;
    assert_int_equal(post(f, &x, skm_authzen_evaluation, body), 200);
    skm_buf_append_char(&x.body, '\0');
    bool found = strstr(x.body.ptr, text) != NULL;
    exchange_close(&x);
    return found;
}

#define STEP      PART(ALICE, ACT("step"), REC1)
#define STEP_WITH "{" ALICE "," ACT("step") "," REC1 ",\"options\":{\"explain\":true}}"

static void test_explanations_are_opt_in(void **state)
{
    struct fixture *f = *state;
    assert_single(f, STEP, FALSE_);
    assert_single(f, STEP_WITH, FALSE_);
    f->pep.explain = SKM_PEP_EXPLAIN_ON_REQUEST;
    assert_single(f, STEP, FALSE_);
    assert_true(answer_has(f, STEP_WITH, "\"kind\":\"forbidden\""));
    f->pep.explain = SKM_PEP_EXPLAIN_ALWAYS;
    assert_true(answer_has(f, STEP, "\"kind\":\"forbidden\""));
}

static void test_explanation_of_a_denial(void **state)
{
    struct fixture *f = *state;
    f->pep.explain = SKM_PEP_EXPLAIN_ALWAYS;
    f->pep.step_up_acr = SKM_SPAN("urn:mfa");
    f->scene.snapshot->revision = 3;
    memset(f->scene.snapshot->policy_digest, 0xab, SKM_SNAPSHOT_DIGEST_BYTES);
    assert_single(
        f, STEP,
        "{\"decision\":false,\"context\":{\"kind\":\"forbidden\","
        "\"reason_admin\":{\"403\":\"forbidden by policy until the remedies are applied\"},"
        "\"reason_user\":{\"403\":\"Please confirm.\"},\"policies\":[\"step-f\"],"
        "\"reasons\":[{\"policy\":\"step-f\",\"clauses\":[\"C-1\"],\"remedies\":[\"step_up_mfa\"],"
        "\"reason\":\"Please confirm.\"}],"
        "\"clauses\":[\"C-1\"],\"remedies\":[\"step_up_mfa\"],\"errors\":[],"
        "\"policy_digest\":"
        "\"abababababababababababababababababababababababababababababababab\",\"revision\":3,"
        "\"obligations\":[{\"id\":\"step_up_mfa\",\"type\":\"step-up\","
        "\"properties\":{\"acr_value\":\"urn:mfa\"}}]}}");
}

static void test_users_reason_follows_the_language(void **state)
{
    struct fixture *f = *state;
    struct exchange x;
    f->pep.explain = SKM_PEP_EXPLAIN_ALWAYS;
    exchange_open(&x);
    exchange_header(&x, "Authorization", "Bearer key");
    exchange_header(&x, "Content-Type", "application/json");
    exchange_header(&x, "Accept-Language", "ja-JP, en;q=0.5");
    x.request.body = SKM_SPAN(STEP);
    assert_int_equal(exchange_call(&x, skm_authzen_evaluation, &f->world), 200);
    skm_buf_append_char(&x.body, '\0');
    assert_non_null(strstr(x.body.ptr, "確認してください。"));
    assert_null(strstr(x.body.ptr, "Please"));
    exchange_close(&x);
}

static void test_explanation_names_failed_policies(void **state)
{
    struct fixture *f = *state;
    f->pep.explain = SKM_PEP_EXPLAIN_ALWAYS;
    assert_true(answer_has(f, PART(ALICE, ACT("bad"), REC1), "\"errors\":[{\"policy\":\"bad\""));
    assert_true(answer_has(f, PART(ALICE, ACT("bad"), REC1), "\"kind\":\"not_permitted\""));
    assert_true(answer_has(f, PART(ALICE, ACT("read"), REC1), "\"policies\":[\"read\"]"));
    assert_true(answer_has(f, PART(ALICE, ACT("read"), REC1),
                           "\"reason_admin\":{\"200\":\"permitted by policy\"}"));
    assert_true(answer_has(f, PART("\"subject\":{\"type\":\"-\",\"id\":\"\"}", ACT("any"), REC1),
                           "\"403\":\"type `-` is not configured"));
}

/* A permit that is tied to something says so to everybody: who is not told cannot do it. */
static void test_obligations_are_told_without_being_asked(void **state)
{
    assert_single(*state, PART(ALICE, ACT("owed"), REC1),
                  "{\"decision\":true,\"context\":{\"obligations\":[{\"id\":\"record_session\","
                  "\"type\":\"custom\",\"properties\":{\"name\":\"record_session\",\"clause\":"
                  "\"C-2\"}}]}}");
}

/* ---- metadata (§9) ---- */

static void test_metadata_names_what_is_offered(void **state)
{
    struct fixture *f = *state;
    struct exchange x;
    f->world.authzen.identifier = SKM_SPAN("https://pdp.example.com");
    exchange_open(&x);
    x.request.path = SKM_AUTHZEN_METADATA_PATH;
    assert_int_equal(exchange_call(&x, skm_authzen_metadata, &f->world), 200);
    assert_span_equal(
        skm_buf_span(&x.body),
        SKM_SPAN(
            "{\"policy_decision_point\":\"https://pdp.example.com\","
            "\"access_evaluation_endpoint\":\"https://pdp.example.com/access/v1/evaluation\","
            "\"access_evaluations_endpoint\":\"https://pdp.example.com/access/v1/evaluations\","
            "\"search_subject_endpoint\":\"https://pdp.example.com/access/v1/search/subject\","
            "\"search_resource_endpoint\":\"https://pdp.example.com/access/v1/search/resource\","
            "\"search_action_endpoint\":\"https://pdp.example.com/access/v1/search/action\","
            "\"supported_obligations\":[\"custom\",\"step-up\"]}"));
    assert_true(exchange_has_line(&x, "Cache-Control: public, max-age=300"));
    exchange_close(&x);
}

static void test_metadata_without_identifier_is_404(void **state)
{
    struct fixture *f = *state;
    struct exchange x;
    exchange_open(&x);
    x.request.path = SKM_AUTHZEN_METADATA_PATH;
    assert_int_equal(exchange_call(&x, skm_authzen_metadata, &f->world), 404);
    exchange_close(&x);
    f->world.authzen.identifier = SKM_SPAN("https://h/t1");
    exchange_open(&x);
    x.request.path = SKM_AUTHZEN_METADATA_PATH;
    assert_int_equal(exchange_call(&x, skm_authzen_metadata, &f->world), 404);
    exchange_close(&x);
    exchange_open(&x);
    x.request.path = SKM_SPAN("/.well-known/authzen-configuration/t1");
    assert_int_equal(exchange_call(&x, skm_authzen_metadata, &f->world), 200);
    exchange_close(&x);
}

static void test_identifiers_are_https_urls(void **state)
{
    (void)state;
    static const char *const good[] = {"https://h", "https://h:8443", "https://[::1]:1",
                                       "https://h.example/t1", "https://h/t1/t2"};
    static const char *const bad[] = {"",
                                      "http://h",
                                      "https://",
                                      "https:///t",
                                      "https://h/",
                                      "https://h?",
                                      "https://h#f",
                                      "https://u@h",
                                      "https://h/a b",
                                      "h",
                                      "https://h/\xe3\x81\x82"};
    for (size_t i = 0; i < SKM_ARRAY_LEN(good); i++) {
        assert_ok(skm_authzen_check_identifier(skm_span_cstr(good[i])));
    }
    for (size_t i = 0; i < SKM_ARRAY_LEN(bad); i++) {
        assert_err(skm_authzen_check_identifier(skm_span_cstr(bad[i])), SYNTAX);
    }
}

static void test_paths_lie_below_the_identifier(void **state)
{
    struct fixture *f = *state;
    struct skm_authzen_paths paths;
    assert_ok(skm_authzen_paths(&f->scene.arena, SKM_SPAN("https://h"), &paths));
    assert_span_equal(paths.evaluation, SKM_AUTHZEN_EVALUATION_PATH);
    assert_span_equal(paths.metadata, SKM_AUTHZEN_METADATA_PATH);
    assert_ok(skm_authzen_paths(&f->scene.arena, SKM_SPAN(""), &paths));
    assert_span_equal(paths.evaluations, SKM_AUTHZEN_EVALUATIONS_PATH);
    assert_ok(skm_authzen_paths(&f->scene.arena, SKM_SPAN("https://h:1/a/b"), &paths));
    assert_span_equal(paths.evaluation, SKM_SPAN("/a/b/access/v1/evaluation"));
    assert_span_equal(paths.evaluations, SKM_SPAN("/a/b/access/v1/evaluations"));
    assert_span_equal(paths.metadata, SKM_SPAN("/.well-known/authzen-configuration/a/b"));
}

/* ---- schema ---- */

static void test_schema_directs_how_members_are_read(void **state)
{
    struct fixture *f = *state;
    struct scene scene;
    scene_open(&scene,
               &(struct scene_texts){
                   .policies =
                       "permit(principal, action, resource) when { context.ip.isLoopback() &&"
                       " principal.since == datetime(\"2024-01-01\") };",
                   .schema = "entity user { since: datetime }; entity record;"
                             "action read appliesTo { principal: user, resource: record,"
                             " context: { ip: ipaddr } };"});
    f->world.world.snapshot = scene.snapshot;
    static const char good[] =
        "{\"context\":{\"ip\":\"127.0.0.1\"},\"subject\":{\"type\":\"user\",\"id\":\"a\","
        "\"properties\":{\"since\":\"2024-01-01\"}}," ACT("read") "," REC1 "}";
    static const char extra[] =
        "{\"context\":{\"ip\":\"127.0.0.1\",\"x\":1},\"subject\":{\"type\":\"user\",\"id\":\"a\","
        "\"properties\":{\"since\":\"2024-01-01\"}}," ACT("read") "," REC1 "}";
    static const char wrong[] =
        "{\"context\":{\"ip\":\"127.0.0.x\"},\"subject\":{\"type\":\"user\",\"id\":\"a\","
        "\"properties\":{\"since\":\"2024-01-01\"}}," ACT("read") "," REC1 "}";
    assert_single(f, good, TRUE_);
    assert_single(f, extra, FALSE_);
    assert_single(f, wrong, FALSE_);
    scene_close(&scene);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(test_decisions_of_the_fixture),
    TEST(test_context_reaches_policies),
    TEST(test_null_members_count_as_absent),
    TEST(test_numbers_become_values_or_a_denial),
    TEST(test_unknown_members_are_ignored_at_every_level),
    TEST(test_types_are_mapped_taken_or_denied),
    TEST(test_action_type_is_configurable),
    TEST(test_bad_requests_are_400_with_a_text),
    TEST(test_deep_and_wide_bodies_are_refused),
    TEST(test_content_type_must_be_json),
    TEST(test_enforcement_point_must_be_known),
    TEST(test_what_a_registration_does_not_allow_is_403),
    TEST(test_types_are_checked_after_mapping),
    TEST(test_nothing_loaded_is_503),
    TEST(test_no_answer_leaves_that_was_not_recorded),
    TEST(test_too_little_memory_is_no_permit),
    TEST(test_batch_answers_in_order),
    TEST(test_without_items_a_batch_is_a_single_evaluation),
    TEST(test_defaults_are_inherited_whole),
    TEST(test_incomplete_default_is_judged_only_when_used),
    TEST(test_bad_item_spoils_nothing_else),
    TEST(test_refused_item_is_403_in_its_place),
    TEST(test_semantics_end_the_answer_where_they_say),
    TEST(test_unknown_semantic_is_400),
    TEST(test_batch_size_is_bounded),
    TEST(test_thousand_items_are_the_default_bound),
    TEST(test_items_behind_the_time_of_a_batch_are_denied),
    TEST(test_memory_of_a_batch_does_not_grow_with_its_length),
    TEST(test_explanations_are_opt_in),
    TEST(test_explanation_of_a_denial),
    TEST(test_users_reason_follows_the_language),
    TEST(test_explanation_names_failed_policies),
    TEST(test_obligations_are_told_without_being_asked),
    TEST(test_metadata_names_what_is_offered),
    TEST(test_metadata_without_identifier_is_404),
    TEST(test_identifiers_are_https_urls),
    TEST(test_paths_lie_below_the_identifier),
    TEST(test_schema_directs_how_members_are_read),
};

SKM_TEST_MAIN(tests)
