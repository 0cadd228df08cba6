#include "harness/test.h"

#include "harness/scene.h"

#include "crypto/sha256.h"
#include "harness/exchange.h"
#include "proto/authzen_search.h"

static const char policies[] =
    "@id(\"read\") permit(principal is user, action == Action::\"read\", resource is record);"
    "@id(\"write\") permit(principal is user, action == Action::\"write\", resource is record)"
    " when { principal has role && principal.role == \"admin\" };"
    "@id(\"owed\") permit(principal is user, action == Action::\"owed\", resource is record);"
    "@id(\"ctx\") permit(principal is user, action == Action::\"ctx\", resource is record)"
    " when { context has n && context.n == 7 };"
    "@id(\"self\") permit(principal is user, action == Action::\"self\", resource is user)"
    " when { principal has role && resource has role };"
    "@id(\"no\") forbid(principal == user::\"mallory\", action, resource);";

static const char obligations[] = "@id(\"ob\") @obligation(\"notify\") @clause(\"C-2\")"
                                  " permit(principal == user::\"bob\","
                                  " action == Action::\"owed\", resource);";

#define ENTITY(type, id, attrs)                                                                    \
    "{\"uid\":{\"type\":\"" type "\",\"id\":\"" id "\"},\"attrs\":{" attrs "},\"parents\":[]}"

static const char entities[] =
    "[" ENTITY("user", "mallory", "") "," ENTITY("user", "carol", "") "," ENTITY(
        "user", "bob", "\"role\":\"admin\"") "," ENTITY("user", "alice",
                                                        "") "," ENTITY("record", "r2",
                                                                       "") "," ENTITY("record",
                                                                                      "r1", "") "]";

struct fixture {
    struct scene scene;
    struct exchange_world world;
    struct skm_pep peps[2];
    struct skm_authzen_type types[1];
};

static void register_pep(struct skm_pep *pep, const char *name, const char *key)
{
    *pep = (struct skm_pep){
        .name = skm_span_cstr(name),
        .has_key = true,
        .principal_types = {.any = true},
        .actions = {.any = true},
        .resource_types = {.any = true},
        .principal_attrs = {.any = true},
        .action_attrs = {.any = true},
        .resource_attrs = {.any = true},
        .context_keys = {.any = true},
    };
    assert_ok(skm_sha256_digest(skm_span_cstr(key), pep->key_sha256));
}

static void open_fixture(struct fixture *f, const struct scene_texts *texts)
{
    memset(f, 0, sizeof(*f));
    scene_open(&f->scene, texts);
    f->scene.snapshot->revision = 5;
    register_pep(&f->peps[0], "app", "key");
    register_pep(&f->peps[1], "other", "other-key");
    f->types[0] = (struct skm_authzen_type){SKM_SPAN("https://x/person"), SKM_SPAN("user")};
    exchange_world_init(&f->world, f->scene.snapshot, f->peps, 2);
    f->world.authzen.types = f->types;
    f->world.authzen.type_count = 1;
}

static int setup(void **state)
{
    static struct fixture f;
    open_fixture(&f, &(struct scene_texts){
                         .policies = policies, .obligations = obligations, .entities = entities});
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

static uint16_t post_as(struct fixture *f, struct exchange *x, const char *credential,
                        skm_http_handler handler, const char *body)
{
    exchange_open(x);
    exchange_header(x, "Authorization", credential);
    exchange_header(x, "Content-Type", "application/json");
    x->request.body = skm_span_cstr(body);
    return exchange_call(x, handler, &f->world);
}

static uint16_t post(struct fixture *f, struct exchange *x, skm_http_handler handler,
                     const char *body)
{
    return post_as(f, x, "Bearer key", handler, body);
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

#define USER        "\"subject\":{\"type\":\"user\"}"
#define ALICE       "\"subject\":{\"type\":\"user\",\"id\":\"alice\"}"
#define BOB         "\"subject\":{\"type\":\"user\",\"id\":\"bob\"}"
#define RECORD      "\"resource\":{\"type\":\"record\"}"
#define REC1        "\"resource\":{\"type\":\"record\",\"id\":\"r1\"}"
#define ACT(name)   "\"action\":{\"name\":\"" name "\"}"
#define FOUND(list) "{\"results\":[" list "]}"
#define U(id)       "{\"type\":\"user\",\"id\":\"" id "\"}"
#define R(id)       "{\"type\":\"record\",\"id\":\"" id "\"}"
#define A(name)     "{\"name\":\"" name "\"}"

#define SUBJECT  skm_authzen_search_subject
#define RESOURCE skm_authzen_search_resource
#define ACTION   skm_authzen_search_action

/* ---- what is found ---- */

static void test_searches_find_what_an_evaluation_permits(void **state)
{
    struct fixture *f = *state;
    assert_answer(f, SUBJECT, "{" USER "," ACT("read") "," REC1 "}", 200,
                  FOUND(U("alice") "," U("bob") "," U("carol")));
    assert_answer(f, SUBJECT, "{" USER "," ACT("write") "," REC1 "}", 200, FOUND(U("bob")));
    assert_answer(f, SUBJECT, "{" USER "," ACT("fly") "," REC1 "}", 200, FOUND(""));
    assert_answer(f, RESOURCE, "{" ALICE "," ACT("read") "," RECORD "}", 200,
                  FOUND(R("r1") "," R("r2")));
    assert_answer(f, RESOURCE, "{" ALICE "," ACT("write") "," RECORD "}", 200, FOUND(""));
    assert_answer(f, ACTION, "{" ALICE "," REC1 "}", 200, FOUND(A("owed") "," A("read")));
}

static void test_sent_attributes_and_context_count(void **state)
{
    struct fixture *f = *state;
    assert_answer(f, RESOURCE,
                  "{\"subject\":{\"type\":\"user\",\"id\":\"alice\",\"properties\":{\"role\":"
                  "\"admin\"}}," ACT("write") "," RECORD "}",
                  200, FOUND(R("r1") "," R("r2")));
    assert_answer(f, ACTION, "{" ALICE "," REC1 ",\"context\":{\"n\":7}}", 200,
                  FOUND(A("ctx") "," A("owed") "," A("read")));
    /* Laid over every candidate, as an evaluation of it would. */
    assert_answer(f, SUBJECT,
                  "{\"subject\":{\"type\":\"user\",\"properties\":{\"role\":\"admin\"}}," ACT(
                      "write") "," REC1 "}",
                  200, FOUND(U("alice") "," U("bob") "," U("carol")));
}

static void test_an_id_of_the_searched_entity_is_ignored(void **state)
{
    struct fixture *f = *state;
    static const char found[] = FOUND(U("bob"));
    assert_answer(f, SUBJECT,
                  "{\"subject\":{\"type\":\"user\",\"id\":\"zoe\"}," ACT("write") "," REC1 "}", 200,
                  found);
    assert_answer(f, SUBJECT,
                  "{\"subject\":{\"type\":\"user\",\"id\":[1]}," ACT("write") "," REC1 "}", 200,
                  found);
    assert_answer(f, RESOURCE, "{" BOB "," ACT("write") "," REC1 "}", 200,
                  FOUND(R("r1") "," R("r2")));
    assert_answer(f, ACTION, "{" ALICE "," REC1 ",\"action\":\"read\"}", 200,
                  FOUND(A("owed") "," A("read")));
}

static void test_unknown_types_and_ids_find_nothing(void **state)
{
    struct fixture *f = *state;
    static const char *const subject[] = {
        "{\"subject\":{\"type\":\"spaceship\"}," ACT("read") "," REC1 "}",
        "{\"subject\":{\"type\":\"not a name\"}," ACT("read") "," REC1 "}",
        "{" USER "," ACT("read") ",\"resource\":{\"type\":\"record\",\"id\":\"r9\"}}",
        "{" USER "," ACT("read") ",\"resource\":{\"type\":\"moon\",\"id\":\"r1\"}}",
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(subject); i++) {
        assert_answer(f, SUBJECT, subject[i], 200, FOUND(""));
    }
    static const char *const action[] = {
        "{\"subject\":{\"type\":\"user\",\"id\":\"zoe\"}," REC1 "}",
        "{" ALICE ",\"resource\":{\"type\":\"record\",\"id\":\"r9\"}}",
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(action); i++) {
        assert_answer(f, ACTION, action[i], 200, FOUND(""));
    }
}

static void test_results_are_of_the_type_as_the_pep_calls_it(void **state)
{
    struct fixture *f = *state;
    assert_answer(f, SUBJECT,
                  "{\"subject\":{\"type\":\"https://x/person\"}," ACT("write") "," REC1 "}", 200,
                  FOUND("{\"type\":\"https://x/person\",\"id\":\"bob\"}"));
}

static void test_obligations_sit_on_the_result_they_belong_to(void **state)
{
    struct fixture *f = *state;
    assert_answer(
        f, SUBJECT, "{" USER "," ACT("owed") "," REC1 "}", 200,
        FOUND(U("alice") ",{\"type\":\"user\",\"id\":\"bob\",\"context\":{\"obligations\":[{\"id\":"
                         "\"notify\",\"type\":\"custom\",\"properties\":{\"name\":\"notify\","
                         "\"clause\":\"C-2\"}}]}}," U("carol")));
}

/* An action's context is read as the types it declares itself. */
static void test_each_action_reads_the_context_its_own_way(void **state)
{
    (void)state;
    static struct fixture f;
    open_fixture(&f,
                 &(struct scene_texts){
                     .policies = "permit(principal, action == Action::\"near\", resource)"
                                 " when { context.from.isLoopback() };"
                                 "permit(principal, action == Action::\"told\", resource)"
                                 " when { context.from == \"127.0.0.1\" };"
                                 "permit(principal, action == Action::\"blind\", resource);",
                     .entities = entities,
                     .schema = "entity user { role?: String }; entity record;"
                               "action near appliesTo { principal: user, resource: record,"
                               " context: { from: ipaddr } };"
                               "action told appliesTo { principal: user, resource: record,"
                               " context: { from: String } };"
                               "action blind appliesTo { principal: user, resource: record };"});
    assert_answer(&f, ACTION, "{" ALICE "," REC1 ",\"context\":{\"from\":\"127.0.0.1\"}}", 200,
                  FOUND(A("near") "," A("told")));
    assert_answer(&f, ACTION, "{" ALICE "," REC1 ",\"context\":{\"from\":\"10.0.0.1\"}}", 200,
                  FOUND(""));
    assert_answer(&f, ACTION, "{" ALICE "," REC1 "}", 200, FOUND(A("blind")));
    scene_close(&f.scene);
}

/* ---- refusals ---- */

static void test_bad_requests_are_400(void **state)
{
    struct fixture *f = *state;
    static const struct {
        skm_http_handler handler;
        const char *body;
    } cases[] = {
        {SUBJECT, ""},
        {SUBJECT, "[]"},
        {SUBJECT, "{"},
        {SUBJECT, "{" ACT("read") "," REC1 "}"},
        {SUBJECT, "{\"subject\":{\"id\":\"alice\"}," ACT("read") "," REC1 "}"},
        {SUBJECT, "{\"subject\":{\"type\":1}," ACT("read") "," REC1 "}"},
        {SUBJECT, "{\"subject\":\"user\"," ACT("read") "," REC1 "}"},
        {SUBJECT, "{" USER "," REC1 "}"},
        {SUBJECT, "{" USER ",\"action\":{}," REC1 "}"},
        {SUBJECT, "{" USER "," ACT("read") "}"},
        {SUBJECT, "{" USER "," ACT("read") "," RECORD "}"},
        {SUBJECT, "{" USER "," ACT("read") "," REC1 ",\"context\":[]}"},
        {RESOURCE, "{" USER "," ACT("read") "," RECORD "}"},
        {RESOURCE, "{" ALICE "," ACT("read") "}"},
        {RESOURCE, "{" ALICE "," ACT("read") ",\"resource\":{\"id\":\"r1\"}}"},
        {RESOURCE, "{" ALICE "," RECORD "}"},
        {ACTION, "{" REC1 "}"},
        {ACTION, "{" ALICE "}"},
        {ACTION, "{" USER "," REC1 "}"},
        {ACTION, "{" ALICE "," RECORD "}"},
        {ACTION, "{" ALICE "," REC1 ",\"page\":[]}"},
        {ACTION, "{" ALICE "," REC1 ",\"page\":{\"limit\":\"1\"}}"},
        {ACTION, "{" ALICE "," REC1 ",\"page\":{\"limit\":-1}}"},
        {ACTION, "{" ALICE "," REC1 ",\"page\":{\"limit\":1.5}}"},
        {ACTION, "{" ALICE "," REC1 ",\"page\":{\"limit\":99999999999999999999}}"},
        {ACTION, "{" ALICE "," REC1 ",\"page\":{\"token\":1}}"},
        {ACTION, "{" ALICE "," REC1 ",\"page\":{\"token\":\"made up\"}}"},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(cases); i++) {
        assert_answer(f, cases[i].handler, cases[i].body, 400, NULL);
    }
}

static void test_who_is_not_authenticated_learns_nothing(void **state)
{
    struct fixture *f = *state;
    struct exchange x;
    assert_int_equal(post_as(f, &x, "Bearer wrong", SUBJECT, "{" USER "," ACT("read") "," REC1 "}"),
                     401);
    assert_true(exchange_has_header(&x, "WWW-Authenticate"));
    exchange_close(&x);
}

static void test_another_content_type_is_400(void **state)
{
    struct fixture *f = *state;
    struct exchange x;
    exchange_open(&x);
    exchange_header(&x, "Authorization", "Bearer key");
    exchange_header(&x, "Content-Type", "text/plain");
    x.request.body = SKM_SPAN("{" ALICE "," REC1 "}");
    assert_int_equal(exchange_call(&x, ACTION, &f->world), 400);
    exchange_close(&x);
}

static void test_without_policies_there_is_no_search(void **state)
{
    struct fixture *f = *state;
    f->world.is_unloaded = true;
    assert_answer(f, ACTION, "{" ALICE "," REC1 "}", 503, NULL);
}

static void test_what_a_pep_may_not_assert_is_403(void **state)
{
    struct fixture *f = *state;
    static const skm_span read[] = {{"read", 4}};
    static const skm_span record[] = {{"record", 6}};
    struct skm_pep *pep = &f->peps[0];
    static const char subjects[] = "{" USER "," ACT("read") "," REC1 "}";
    /* The type searched for is asserted, too. */
    pep->principal_types = (struct skm_pep_allow){.names = record, .count = 1};
    assert_answer(f, SUBJECT, subjects, 403, NULL);
    assert_answer(f, ACTION, "{" ALICE "," REC1 "}", 403, NULL);
    pep->principal_types.any = true;
    pep->resource_types = (struct skm_pep_allow){.count = 0};
    assert_answer(f, RESOURCE, "{" ALICE "," ACT("read") "," RECORD "}", 403, NULL);
    pep->resource_types.any = true;
    pep->context_keys.any = false;
    assert_answer(f, ACTION, "{" ALICE "," REC1 ",\"context\":{\"n\":7}}", 403, NULL);
    assert_answer(f, ACTION, "{" ALICE "," REC1 "}", 200, NULL);
    pep->principal_attrs.any = false;
    assert_answer(f, SUBJECT,
                  "{\"subject\":{\"type\":\"user\",\"properties\":{\"role\":\"admin\"}}," ACT(
                      "read") "," REC1 "}",
                  403, NULL);
    pep->actions = (struct skm_pep_allow){.names = read, .count = 1};
    assert_answer(f, SUBJECT, "{" USER "," ACT("write") "," REC1 "}", 403, NULL);
    assert_answer(f, SUBJECT, subjects, 200, NULL);
    /* An action search leaves out the others. */
    assert_answer(f, ACTION, "{" ALICE "," REC1 "}", 200, FOUND(A("read")));
}

/* ---- pages ---- */

/* The value of `next_token` in an answer; the page comes first. */
static skm_span token_of(const struct exchange *x)
{
    static const char start[] = "{\"page\":{\"next_token\":\"";
    skm_span body = skm_buf_span(&x->body);
    assert_true(skm_span_starts(body, skm_span_cstr(start)));
    skm_span rest = skm_span_from(body, sizeof(start) - 1);
    size_t len = 0;
    while (rest.ptr != NULL && len < rest.len && rest.ptr[len] != '"') {
        len++;
    }
    return skm_span_sub(rest, 0, len);
}

#define READERS USER "," ACT("read") "," REC1

/* Asks with `limit` (NULL: none) and the token of the page before. */
static uint16_t follow(struct fixture *f, struct exchange *x, const char *credential,
                       const char *query, const char *limit, const char *token)
{
    char body[1024];
    (void)snprintf(body, sizeof(body), "{%s,\"page\":{%s%s%s\"token\":\"%s\"}}", query,
                   limit == NULL ? "" : "\"limit\":", limit == NULL ? "" : limit,
                   limit == NULL ? "" : ",", token);
    return post_as(f, x, credential, SUBJECT, body);
}

static void first_token(struct fixture *f, char out[256])
{
    struct exchange x;
    assert_int_equal(post(f, &x, SUBJECT, "{" READERS ",\"page\":{\"limit\":2}}"), 200);
    skm_span token = token_of(&x);
    assert_in_range(token.len, 1, 255);
    (void)snprintf(out, 256, "%.*s", SKM_SPAN_ARG(token));
    exchange_close(&x);
}

static void assert_ends_with(const struct exchange *x, const char *end)
{
    assert_true(skm_span_ends(skm_buf_span(&x->body), skm_span_cstr(end)));
}

static void test_pages_follow_one_another_to_the_end(void **state)
{
    struct fixture *f = *state;
    static const char *const limits[] = {NULL, "2"};
    for (size_t i = 0; i < SKM_ARRAY_LEN(limits); i++) {
        struct exchange x;
        char token[256];
        assert_int_equal(post(f, &x, SUBJECT, "{" READERS ",\"page\":{\"limit\":2}}"), 200);
        assert_ends_with(&x, "\"count\":2},\"results\":[" U("alice") "," U("bob") "]}");
        (void)snprintf(token, sizeof(token), "%.*s", SKM_SPAN_ARG(token_of(&x)));
        exchange_close(&x);
        assert_int_equal(follow(f, &x, "Bearer key", READERS, limits[i], token), 200);
        assert_span_equal(
            skm_buf_span(&x.body),
            SKM_SPAN("{\"page\":{\"next_token\":\"\",\"count\":1},\"results\":[" U("carol") "]}"));
        exchange_close(&x);
    }
}

static void test_the_whole_answer_to_a_request_for_a_page_says_that_it_is(void **state)
{
    struct fixture *f = *state;
    assert_answer(f, SUBJECT, "{" USER "," ACT("write") "," REC1 ",\"page\":{\"limit\":10}}", 200,
                  "{\"page\":{\"next_token\":\"\",\"count\":1},\"results\":[" U("bob") "]}");
    /* Who does not ask for pages gets none as long as everything fits. */
    assert_answer(f, SUBJECT, "{" USER "," ACT("write") "," REC1 ",\"page\":{\"x\":1}}", 200,
                  FOUND(U("bob")));
    assert_answer(f, SUBJECT, "{" USER "," ACT("write") "," REC1 ",\"page\":null}", 200,
                  FOUND(U("bob")));
}

static void test_a_token_is_good_for_its_own_search_only(void **state)
{
    struct fixture *f = *state;
    struct exchange x;
    char token[256];
    static const struct {
        const char *credential;
        const char *query;
        const char *limit;
        uint16_t status;
    } cases[] = {
        {"Bearer key", READERS, NULL, 200},
        {"Bearer key", READERS, "2", 200},
        {"Bearer key", READERS, "3", 400},
        {"Bearer key", READERS, "0", 400},
        {"Bearer other-key", READERS, "2", 400},
        {"Bearer key", USER "," ACT("write") "," REC1, NULL, 400},
        {"Bearer key", USER "," ACT("read") ",\"resource\":{\"type\":\"record\",\"id\":\"r2\"}",
         NULL, 400},
        {"Bearer key", READERS ",\"context\":{\"n\":1}", NULL, 400},
        {"Bearer key", "\"subject\":{\"type\":\"user\",\"properties\":{}}," ACT("read") "," REC1,
         NULL, 400},
        {"Bearer key", "\"subject\":{\"type\":\"record\"}," ACT("read") "," REC1, NULL, 400},
        /* The same question in other words. */
        {"Bearer key", ACT("read") ",\"x\":0,  " REC1 "," ALICE ",\"context\":{}", NULL, 200},
    };
    first_token(f, token);
    for (size_t i = 0; i < SKM_ARRAY_LEN(cases); i++) {
        assert_int_equal(follow(f, &x, cases[i].credential, cases[i].query, cases[i].limit, token),
                         cases[i].status);
        exchange_close(&x);
    }
}

static void test_a_token_without_limit_demands_none(void **state)
{
    struct fixture *f = *state;
    struct exchange x;
    char token[256];
    f->world.authzen.max_search_evaluations = 1;
    assert_int_equal(post(f, &x, SUBJECT, "{" READERS "}"), 200);
    (void)snprintf(token, sizeof(token), "%.*s", SKM_SPAN_ARG(token_of(&x)));
    assert_ends_with(&x, "\"results\":[" U("alice") "]}");
    exchange_close(&x);
    assert_int_equal(follow(f, &x, "Bearer key", READERS, "2", token), 400);
    exchange_close(&x);
    assert_int_equal(follow(f, &x, "Bearer key", READERS, NULL, token), 200);
    assert_ends_with(&x, "\"results\":[" U("bob") "]}");
    exchange_close(&x);
}

static void test_every_changed_bit_of_a_token_is_refused(void **state)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    struct fixture *f = *state;
    char token[256];
    first_token(f, token);
    for (size_t i = 0; token[i] != '\0'; i++) {
        const char was = token[i];
        size_t digit = (size_t)(strchr(alphabet, was) - alphabet);
        for (unsigned bit = 0; bit < 6; bit++) {
            struct exchange x;
            token[i] = alphabet[digit ^ (size_t)1 << bit];
            assert_int_equal(follow(f, &x, "Bearer key", READERS, NULL, token), 400);
            exchange_close(&x);
        }
        token[i] = was;
    }
}

static void test_a_token_ends_with_the_snapshot_it_was_given_for(void **state)
{
    struct fixture *f = *state;
    struct exchange x;
    char token[256];
    first_token(f, token);
    f->scene.snapshot->revision = 6;
    assert_int_equal(follow(f, &x, "Bearer key", READERS, NULL, token), 400);
    assert_ends_with(&x, "begin the search again\"");
    exchange_close(&x);
    f->scene.snapshot->revision = 5;
    assert_int_equal(follow(f, &x, "Bearer key", READERS, NULL, token), 200);
    exchange_close(&x);
}

static void test_a_limit_of_none_yields_none_and_is_partial(void **state)
{
    struct fixture *f = *state;
    struct exchange x;
    assert_int_equal(post(f, &x, SUBJECT, "{" READERS ",\"page\":{\"limit\":0}}"), 200);
    assert_true(token_of(&x).len > 0);
    assert_ends_with(&x, "\"results\":[]}");
    exchange_close(&x);
}

/* ---- limits ---- */

static void test_a_small_response_buffer_makes_small_pages(void **state)
{
    struct fixture *f = *state;
    struct exchange x;
    exchange_open(&x);
    skm_buf_fini(&x.body);
    skm_buf_init(&x.body, 600);
    exchange_header(&x, "Authorization", "Bearer key");
    exchange_header(&x, "Content-Type", "application/json");
    x.request.body = SKM_SPAN("{" READERS "}");
    assert_int_equal(exchange_call(&x, SUBJECT, &f->world), 200);
    assert_true(token_of(&x).len > 0);
    exchange_close(&x);
}

static void test_too_little_memory_is_no_answer(void **state)
{
    struct fixture *f = *state;
    size_t answered = 0;
    for (size_t quota = 0; quota < 32768; quota += 128) {
        struct exchange x;
        exchange_open(&x);
        skm_arena_fini(&x.arena);
        skm_arena_init(&x.arena, quota);
        exchange_header(&x, "Authorization", "Bearer key");
        exchange_header(&x, "Content-Type", "application/json");
        x.request.body = SKM_SPAN("{" READERS "}");
        uint16_t status = exchange_call(&x, SUBJECT, &f->world);
        assert_true(status == 200 || status == 500);
        if (status == 200) {
            answered++;
            assert_span_equal(skm_buf_span(&x.body),
                              SKM_SPAN(FOUND(U("alice") "," U("bob") "," U("carol"))));
        }
        exchange_close(&x);
    }
    assert_true(answered > 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* Alice is candidate and resource at once: what is sent about the resource must not pass for what is known about her. */
static void test_candidates_that_stand_in_two_places_need_both_allowances(void **state)
{
    struct fixture *f = *state;
    static const char by_subject[] =
        "{" USER "," ACT("self") ",\"resource\":{\"type\":\"user\",\"id\":\"alice\","
                                 "\"properties\":{\"role\":\"admin\"}}}";
    static const char by_resource[] =
        "{\"subject\":{\"type\":\"user\",\"id\":\"alice\",\"properties\":{\"role\":\"admin\"}}," ACT(
            "self") ",\"resource\":{\"type\":\"user\"}}";
    assert_answer(f, SUBJECT, by_subject, 200, FOUND(U("alice") "," U("bob")));
    assert_answer(f, RESOURCE, by_resource, 200, FOUND(U("alice") "," U("bob")));
    f->peps[0].principal_attrs.any = false;
    assert_answer(f, SUBJECT, by_subject, 200, FOUND(U("bob")));
    f->peps[0].principal_attrs.any = true;
    f->peps[0].resource_attrs.any = false;
    assert_answer(f, RESOURCE, by_resource, 200, FOUND(U("bob")));
}

static const struct CMUnitTest tests[] = {
    CASE(test_searches_find_what_an_evaluation_permits),
    CASE(test_candidates_that_stand_in_two_places_need_both_allowances),
    CASE(test_sent_attributes_and_context_count),
    CASE(test_an_id_of_the_searched_entity_is_ignored),
    CASE(test_unknown_types_and_ids_find_nothing),
    CASE(test_results_are_of_the_type_as_the_pep_calls_it),
    CASE(test_obligations_sit_on_the_result_they_belong_to),
    cmocka_unit_test(test_each_action_reads_the_context_its_own_way),
    CASE(test_bad_requests_are_400),
    CASE(test_who_is_not_authenticated_learns_nothing),
    CASE(test_another_content_type_is_400),
    CASE(test_without_policies_there_is_no_search),
    CASE(test_what_a_pep_may_not_assert_is_403),
    CASE(test_pages_follow_one_another_to_the_end),
    CASE(test_the_whole_answer_to_a_request_for_a_page_says_that_it_is),
    CASE(test_a_token_is_good_for_its_own_search_only),
    CASE(test_a_token_without_limit_demands_none),
    CASE(test_every_changed_bit_of_a_token_is_refused),
    CASE(test_a_token_ends_with_the_snapshot_it_was_given_for),
    CASE(test_a_limit_of_none_yields_none_and_is_partial),
    CASE(test_a_small_response_buffer_makes_small_pages),
    CASE(test_too_little_memory_is_no_answer),
};

SKM_TEST_MAIN(tests)
