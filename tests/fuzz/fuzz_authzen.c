/* AuthZEN bodies, read and decided: the first byte chooses endpoint, explanation and schema, the rest is the body.
 *
 * Nothing may crash or leak. The answer is one of the statuses of the text, its body is JSON, and two answers to one body are
 * the same to the byte. */
#include <stdint.h>
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char policies[] =
    "permit(principal is user, action == Action::\"read\", resource);"
    "permit(principal, action == Action::\"write\", resource) when { principal.role == \"admin\" };"
    "permit(principal, action == Action::\"delete\", resource) when { action has soft && action.soft };"
    "@remedy(\"step_up_mfa\") @reason_en(\"more\") forbid(principal, action, resource)"
    " when { context has aal && context.aal < 2 };"
    "@clause(\"A B\") forbid(principal, action, resource) when { resource has a && resource.a.b };";

static const char obligations[] = "@obligation(\"x y\") permit(principal, action, resource)"
                                  " when { context has owed && context.owed };";

static const char entities[] =
    "[{\"uid\":{\"type\":\"user\",\"id\":\"bob\"},\"attrs\":{\"role\":\"admin\"},\"parents\":[]}]";

static const char schema[] =
    "entity user { role?: String, since?: datetime };"
    "entity record { a?: { b?: Bool } };"
    "action read, write, delete appliesTo { principal: user,"
    " resource: record, context: { aal?: Long, owed?: Bool, ip?: ipaddr } };";

static const struct skm_pep_allow any = {.any = true};

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
        const struct scene_texts plain = {
            .policies = policies, .obligations = obligations, .entities = entities};
        struct scene_texts typed = {.policies = policies, .obligations = obligations};
        typed.schema = schema;
        scene_open(&scenes[0], &plain);
        scene_open(&scenes[1], &typed);
        ready = true;
    }
    return scenes[with_schema].snapshot;
}

static uint16_t ask(struct exchange *x, uint8_t choice, skm_span body)
{
    static const struct skm_authzen_type types[] = {{{"person", 6}, {"user", 4}}};
    struct skm_pep pep = {.principal_types = any,
                          .actions = any,
                          .resource_types = any,
                          .principal_attrs = any,
                          .action_attrs = any,
                          .resource_attrs = any,
                          .context_keys = any};
    struct exchange_world world;
    pep.explain = (choice & 2) != 0 ? SKM_PEP_EXPLAIN_ALWAYS : SKM_PEP_EXPLAIN_ON_REQUEST;
    pep.step_up_acr = SKM_SPAN("mfa");
    exchange_world_init(&world, snapshot_of((choice & 4) != 0), &pep, 1);
    world.peps.allow_anonymous = true;
    world.authzen.types = types;
    world.authzen.type_count = 1;
    exchange_open(x);
    exchange_header(x, "Content-Type", "application/json");
    x->request.body = body;
    uint16_t status = exchange_call(
        x, (choice & 1) != 0 ? skm_authzen_evaluations : skm_authzen_evaluation, &world);
    require(world.acquired == 0);
    return status;
}

static void check_is_json(skm_span text)
{
    struct skm_arena arena;
    struct skm_json json;
    skm_arena_init(&arena, 64u << 20);
    require(skm_is_ok(skm_json_init(&json, text, &arena, NULL)));
    require(skm_is_ok(skm_json_skip(&json)));
    require(skm_is_ok(skm_json_finish(&json)));
    skm_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct exchange first;
    struct exchange second;
    skm_span body = skm_span_of((const char *)data + 1, size - 1);
    uint16_t status = ask(&first, data[0], body);
    require(status == 200 || status == 400 || status == 500);
    if (status != 500) {
        check_is_json(skm_buf_span(&first.body));
    }
    require(ask(&second, data[0], body) == status);
    require(skm_span_equal(skm_buf_span(&first.body), skm_buf_span(&second.body)));
    exchange_close(&first);
    exchange_close(&second);
    return 0;
}
