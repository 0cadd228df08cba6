/* AuthZEN searches, read, answered and followed to their end: the first byte chooses target, schema and how much one request may look at, the
 * rest is the body.
 *
 * Nothing may crash or leak. The answer is one of the statuses of the text, its body is JSON, and two answers to one body are
 * the same to the byte. A bound on the work changes nothing but how the results are cut into pages: what is found bit by bit is
 * what is found at once. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define SCENE_REQUIRE(call)                                                                        \
    do {                                                                                           \
        if (!skm_is_ok(call)) {                                                                    \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#include "harness/scene.h"

#include "base/json.h"
#include "harness/exchange.h"
#include "proto/authzen_search.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TOKEN_BYTES_MAX 256u
#define PAGES_MAX       64u

static const char policies[] =
    "permit(principal is user, action == Action::\"read\", resource);"
    "permit(principal, action == Action::\"write\", resource) when { principal.role == \"admin\" };"
    "forbid(principal, action, resource) when { context has aal && context.aal < 2 };"
    "forbid(principal, action, resource) when { resource has a && resource.a.b };";

static const char obligations[] = "@obligation(\"x y\") permit(principal == user::\"bob\", action,"
                                  " resource) when { context has owed && context.owed };";

static const char entities[] =
    "[{\"uid\":{\"type\":\"user\",\"id\":\"bob\"},\"attrs\":{\"role\":\"admin\"},\"parents\":[]},"
    "{\"uid\":{\"type\":\"user\",\"id\":\"a\\\"\\u0001\"},\"attrs\":{},\"parents\":[]},"
    "{\"uid\":{\"type\":\"record\",\"id\":\"1\"},\"attrs\":{},\"parents\":[]},"
    "{\"uid\":{\"type\":\"record\",\"id\":\"2\"},\"attrs\":{\"a\":{\"b\":true}},\"parents\":[]}]";

static const char schema[] =
    "entity user { role?: String, since?: datetime };"
    "entity record { a?: { b?: Bool } };"
    "action read, write, delete appliesTo { principal: user,"
    " resource: record, context: { aal?: Long, owed?: Bool, ip?: ipaddr } };";

static const struct skm_pep_allow any = {.any = true};

static const skm_http_handler handlers[] = {skm_authzen_search_subject, skm_authzen_search_resource,
                                            skm_authzen_search_action, skm_authzen_search_subject};

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static const struct skm_snapshot *snapshot_of(bool with_schema)
{
    static struct scene scenes[2];
    static bool ready;
    if (!ready) {
        struct scene_texts texts = {
            .policies = policies, .obligations = obligations, .entities = entities};
        scene_open(&scenes[0], &texts);
        texts.schema = schema;
        texts.policies = "permit(principal, action == Action::\"read\", resource);";
        texts.obligations = NULL;
        scene_open(&scenes[1], &texts);
        ready = true;
    }
    return scenes[with_schema].snapshot;
}

/* What is searched for, and with what in force. */
struct question {
    struct exchange_world world;
    struct skm_pep pep;
    skm_http_handler handler;
};

static void set_question(struct question *q, uint8_t choice)
{
    static const struct skm_authzen_type types[] = {{{"person", 6}, {"user", 4}}};
    *q = (struct question){.pep = {.principal_types = any,
                                   .actions = any,
                                   .resource_types = any,
                                   .principal_attrs = any,
                                   .action_attrs = any,
                                   .resource_attrs = any,
                                   .context_keys = any},
                           .handler = handlers[choice & 3]};
    exchange_world_init(&q->world, snapshot_of((choice & 4) != 0), &q->pep, 1);
    q->world.peps.allow_anonymous = true;
    q->world.authzen.types = types;
    q->world.authzen.type_count = 1;
}

static uint16_t ask(struct question *q, struct exchange *x, skm_span body)
{
    exchange_open(x);
    exchange_header(x, "Content-Type", "application/json");
    x->request.body = body;
    uint16_t status = exchange_call(x, q->handler, &q->world);
    require(q->world.acquired == 0);
    require(status == 200 || status == 400 || status == 500);
    return status;
}

static void read_page(struct skm_json *json, char token[TOKEN_BYTES_MAX])
{
    bool more = false;
    skm_span key = {0};
    skm_span text = {0};
    SCENE_REQUIRE(skm_json_enter_object(json));
    SCENE_REQUIRE(skm_json_next_member(json, &more, &key));
    require(skm_span_equal(key, SKM_SPAN("next_token")));
    SCENE_REQUIRE(skm_json_read_string(json, &text));
    require(text.len < TOKEN_BYTES_MAX);
    (void)snprintf(token, TOKEN_BYTES_MAX, "%.*s", SKM_SPAN_ARG(text));
    SCENE_REQUIRE(skm_json_next_member(json, &more, &key));
    require(skm_span_equal(key, SKM_SPAN("count")));
    SCENE_REQUIRE(skm_json_skip(json));
    SCENE_REQUIRE(skm_json_next_member(json, &more, &key));
    require(!more);
}

/* Number of results, and the token of the next page as it stands in the answer. */
static size_t read_answer(skm_span text, char token[TOKEN_BYTES_MAX])
{
    struct skm_arena arena;
    struct skm_json json;
    size_t results = 0;
    bool more = false;
    skm_span key = {0};
    token[0] = '\0';
    skm_arena_init(&arena, 64u << 20);
    SCENE_REQUIRE(skm_json_init(&json, text, &arena, NULL));
    SCENE_REQUIRE(skm_json_enter_object(&json));
    SCENE_REQUIRE(skm_json_next_member(&json, &more, &key));
    if (skm_span_equal(key, SKM_SPAN("page"))) {
        read_page(&json, token);
        SCENE_REQUIRE(skm_json_next_member(&json, &more, &key));
    }
    require(skm_span_equal(key, SKM_SPAN("results")));
    SCENE_REQUIRE(skm_json_enter_array(&json));
    for (;;) {
        SCENE_REQUIRE(skm_json_next_item(&json, &more));
        if (!more) {
            break;
        }
        results++;
        SCENE_REQUIRE(skm_json_skip(&json));
    }
    SCENE_REQUIRE(skm_json_next_member(&json, &more, &key));
    require(!more);
    SCENE_REQUIRE(skm_json_finish(&json));
    skm_arena_fini(&arena);
    return results;
}

/* A body of ours, page by page, one candidate each: as many results as at once. */
static void check_pages(uint8_t choice)
{
    static const char *const bodies[] = {
        "\"subject\":{\"type\":\"user\"},\"action\":{\"name\":\"read\"},"
        "\"resource\":{\"type\":\"record\",\"id\":\"1\"}",
        "\"subject\":{\"type\":\"user\",\"id\":\"bob\"},\"action\":{\"name\":\"read\"},"
        "\"resource\":{\"type\":\"record\"}",
        "\"subject\":{\"type\":\"user\",\"id\":\"bob\"},"
        "\"resource\":{\"type\":\"record\",\"id\":\"1\"}",
    };
    const char *asked = bodies[(choice & 3) % 3];
    struct question q;
    struct exchange x;
    char body[1024];
    char token[TOKEN_BYTES_MAX];
    set_question(&q, choice);
    (void)snprintf(body, sizeof(body), "{%s}", asked);
    require(ask(&q, &x, skm_span_cstr(body)) == 200);
    size_t at_once = read_answer(skm_buf_span(&x.body), token);
    exchange_close(&x);
    require(token[0] == '\0');
    q.world.authzen.max_search_evaluations = 1;
    size_t results = 0;
    for (unsigned pages = 0;; pages++) {
        require(pages < PAGES_MAX);
        require(ask(&q, &x, skm_span_cstr(body)) == 200);
        results += read_answer(skm_buf_span(&x.body), token);
        exchange_close(&x);
        if (token[0] == '\0') {
            break;
        }
        (void)snprintf(body, sizeof(body), "{%s,\"page\":{\"token\":\"%s\"}}", asked, token);
    }
    require(results == at_once);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct question q;
    struct exchange first;
    struct exchange second;
    char token[TOKEN_BYTES_MAX];
    skm_span body = skm_span_of((const char *)data + 1, size - 1);
    set_question(&q, data[0]);
    q.world.authzen.max_search_evaluations = (data[0] >> 4) & 3;
    uint16_t status = ask(&q, &first, body);
    if (status == 200) {
        (void)read_answer(skm_buf_span(&first.body), token);
    }
    require(ask(&q, &second, body) == status);
    require(skm_span_equal(skm_buf_span(&first.body), skm_buf_span(&second.body)));
    exchange_close(&first);
    exchange_close(&second);
    static bool paged[8];
    if (!paged[data[0] & 7]) {
        paged[data[0] & 7] = true;
        check_pages(data[0] & 7);
    }
    return 0;
}
