#include "harness/test.h"

#include "harness/scene.h"

#include "crypto/sha256.h"
#include "harness/exchange.h"
#include "proto/forward_auth.h"
#include "proto/forward_request.h"
#include "state/resource_map.h"
#include "state/zones.h"

static const char policies[] =
    "@id(\"view\") permit(principal, action == Action::\"view\", resource);"
    "@id(\"edit\") permit(principal == User::\"alice\", action == Action::\"edit\", resource);"
    "@id(\"secret\") forbid(principal, action, resource)"
    " when { resource has secret && resource.secret };"
    "@id(\"mfa\") @remedy(\"step_up_mfa\") forbid(principal, action, resource)"
    " when { context.path like \"/mfa/*\" };"
    "@id(\"fresh\") @remedy(\"reauthenticate\") forbid(principal, action, resource)"
    " when { context.path like \"/fresh/*\" || context.path like \"/mfa/fresh/*\" };"
    "@id(\"device\") @remedy(\"attest_device\") @clause(\"D-1\") forbid(principal, action, resource)"
    " when { context.path like \"/device/*\" || context.path like \"/mfa/device/*\" };"
    "@id(\"outside\") forbid(principal, action, resource)"
    " when { context has zone && context.zone == \"external\" };"
    "@id(\"exact\") forbid(principal, action, resource) when { context.path == \"/exact\" }"
    " unless { context.method == \"GET\" && context.host == \"www.example.org\" &&"
    "  context.scheme == \"https\" && context.query == \"a=%41\" &&"
    "  context.source_ip == ip(\"10.1.0.9\") && context.zone == \"org\" && context.area == \"hq\" };";

static const char obligations[] =
    "@obligation(\"show_banner\") permit(principal, action, resource)"
    " when { context.path like \"/banner/*\" };"
    "@obligation(\"record_session\") permit(principal, action, resource)"
    " when { context.path like \"/banner/*\" };";

static const struct skm_value_field secret_fields[] = {
    {{"secret", 6}, {.kind = SKM_VALUE_BOOL, .as.boolean = true}}};
static const struct skm_value_record secret = {secret_fields, 1};

struct fixture {
    struct scene scene;
    struct exchange_world world;
    struct skm_pep pep;
    struct skm_resource_map *map;
    struct skm_zones *zones;
};

static void add_resource(struct fixture *f, const char *path, const struct skm_value_record *labels)
{
    const struct skm_resource_rule rule = {.host = SKM_SPAN("www.example.org"),
                                           .path = skm_span_cstr(path),
                                           .resource = {SKM_SPAN("Page"), skm_span_cstr(path)},
                                           .labels = labels};
    assert_ok(skm_resource_map_add(f->map, &rule, &f->scene.diags));
}

static void add_zone(struct fixture *f, const char *network, const char *zone, const char *area)
{
    struct skm_zone_rule rule = {.zone = skm_span_cstr(zone), .area = skm_span_cstr(area)};
    assert_ok(skm_zones_parse_network(&f->scene.arena, skm_span_cstr(network), &rule.network));
    assert_ok(skm_zones_add(f->zones, &rule, &f->scene.diags));
}

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof(f));
    scene_open(&f.scene, &(struct scene_texts){.policies = policies, .obligations = obligations});
    assert_ok(skm_resource_map_new(&f.scene.snapshot->arena, SKM_SPAN("Action"), &f.map));
    add_resource(&f, "/", NULL);
    add_resource(&f, "/secret", &secret);
    assert_ok(skm_resource_map_close(f.map, &f.scene.diags));
    assert_ok(skm_zones_new(&f.scene.snapshot->arena, &f.zones));
    add_zone(&f, "10.0.0.0/8", "org", "");
    add_zone(&f, "10.1.0.0/16", "org", "hq");
    add_zone(&f, "203.0.113.0/24", "external", "");
    assert_ok(skm_zones_close(f.zones, &f.scene.diags));
    f.scene.snapshot->resources = f.map;
    f.scene.snapshot->zones = f.zones;
    f.pep = (struct skm_pep){
        .name = SKM_SPAN("proxy"),
        .has_key = true,
        .principal_types = {.any = true},
        .actions = {.any = true},
        .resource_types = {.any = true},
        .forward_auth = true,
        .subject_header = SKM_SPAN("remote-user"),
        .subject_type = SKM_SPAN("User"),
    };
    assert_ok(skm_sha256_digest(SKM_SPAN("key"), f.pep.key_sha256));
    exchange_world_init(&f.world, f.scene.snapshot, &f.pep, 1);
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

/* What a proxy sends; NULL stands for a good value, ABSENT for a header that is not sent. */
struct asked {
    const char *method;
    const char *host;
    const char *uri;
    const char *proto;
    const char *for_;
    const char *user;
    const char *key;
};

static const char absent_mark[] = "absent";
#define ABSENT (&absent_mark[0])

static void send_header(struct exchange *x, const char *name, const char *value, const char *good)
{
    if (value != ABSENT) {
        exchange_header(x, name, value == NULL ? good : value);
    }
}

static void send_asked(struct exchange *x, const struct asked *asked)
{
    exchange_open(x);
    send_header(x, "X-Forwarded-Method", asked->method, "GET");
    send_header(x, "X-Forwarded-Host", asked->host, "www.example.org");
    send_header(x, "X-Forwarded-Uri", asked->uri, "/a");
    send_header(x, "X-Forwarded-Proto", asked->proto, "https");
    send_header(x, "X-Forwarded-For", asked->for_, "10.1.0.9");
    send_header(x, "Remote-User", asked->user, "alice");
    send_header(x, "Authorization", asked->key, "Bearer key");
}

/* Asks and checks status and reason ("" for a permit). */
static void assert_answer(struct fixture *f, const struct asked *asked, uint16_t status,
                          const char *reason)
{
    struct exchange x;
    char line[128];
    send_asked(&x, asked);
    uint16_t got = exchange_call(&x, skm_forward_auth, &f->world);
    skm_span body = skm_buf_span(&x.body);
    if (got != status) {
        print_error("%s %s %s: %u %.*s\n", asked->method, asked->host, asked->uri, got,
                    SKM_SPAN_ARG(body));
    }
    assert_int_equal(got, status);
    bool permitted = status == 200;
    assert_int_equal(exchange_has_line(&x, "X-Sekimori-Decision: permit"), permitted);
    assert_int_equal(exchange_has_line(&x, "X-Sekimori-Decision: deny"), !permitted);
    assert_int_equal(exchange_has_header(&x, "X-Sekimori-User"), permitted);
    assert_int_equal(exchange_has_header(&x, "WWW-Authenticate"), status == 401);
    (void)snprintf(line, sizeof(line), "X-Sekimori-Reason: %s", reason);
    assert_int_equal(exchange_has_line(&x, line), !permitted);
    assert_true(skm_span_starts(body, permitted ? SKM_SPAN("{\"decision\":true,")
                                                : SKM_SPAN("{\"decision\":false,")));
    exchange_close(&x);
}

static void assert_path(struct fixture *f, const char *path, uint16_t status, const char *reason)
{
    const struct asked asked = {.uri = path};
    assert_answer(f, &asked, status, reason);
}

static void test_permit_names_the_user(void **state)
{
    struct exchange x;
    const struct asked asked = {.method = NULL};
    struct fixture *f = *state;
    send_asked(&x, &asked);
    assert_int_equal(exchange_call(&x, skm_forward_auth, &f->world), 200);
    assert_true(exchange_has_line(&x, "X-Sekimori-User: alice"));
    assert_false(exchange_has_header(&x, "X-Sekimori-Obligations"));
    assert_span_equal(skm_buf_span(&x.body),
                      SKM_SPAN("{\"decision\":true,\"reason\":\"permitted\"}"));
    assert_int_equal(f->world.records, 1);
    exchange_close(&x);
}

static void test_obligations_come_in_a_header(void **state)
{
    struct exchange x;
    const struct asked asked = {.uri = "/banner/x"};
    struct fixture *f = *state;
    send_asked(&x, &asked);
    assert_int_equal(exchange_call(&x, skm_forward_auth, &f->world), 200);
    assert_true(exchange_has_line(&x, "X-Sekimori-Obligations: record_session, show_banner"));
    exchange_close(&x);
}

static void test_method_becomes_the_action(void **state)
{
    const struct asked cases[] = {
        {.method = "POST"},
        {.method = "POST", .user = "bob"},
        {.method = "HEAD", .user = "bob"},
        {.method = "OPTIONS"},
        {.method = "get"},
        {.method = "PROPFIND"},
        {.method = "GE T"},
        {.method = "GET1"},
        {.method = ""},
    };
    assert_answer(*state, &cases[0], 200, "");
    assert_answer(*state, &cases[1], 403, "not_permitted");
    assert_answer(*state, &cases[2], 200, "");
    assert_answer(*state, &cases[3], 403, "unknown_method");
    assert_answer(*state, &cases[4], 403, "unknown_method");
    assert_answer(*state, &cases[5], 403, "unknown_method");
    assert_answer(*state, &cases[6], 403, "bad_request");
    assert_answer(*state, &cases[7], 403, "bad_request");
    assert_answer(*state, &cases[8], 403, "bad_request");
}

static void test_unknown_host_or_path_is_denied(void **state)
{
    struct fixture *f = *state;
    const struct asked other = {.host = "other.example.org"};
    const struct asked port = {.host = "WWW.Example.org:8443"};
    const struct asked bad = {.host = "www.example.org, evil.example"};
    assert_answer(f, &other, 403, "unknown_resource");
    assert_answer(f, &port, 200, "");
    assert_answer(f, &bad, 403, "bad_request");
    f->scene.snapshot->resources = NULL;
    assert_path(f, "/a", 403, "unknown_resource");
}

static void test_labels_decide_by_the_normalised_path(void **state)
{
    struct fixture *f = *state;
    assert_path(f, "/public", 200, "");
    assert_path(f, "/secret", 403, "forbidden");
    assert_path(f, "/secret/x", 403, "forbidden");
    assert_path(f, "/%73ecret", 403, "forbidden");
    assert_path(f, "/secrets", 200, "");
    /* Forms of /secret that somebody could read differently are denied as such, and never permitted. */
    static const char *const ambiguous[] = {
        "//secret",
        "/./secret",
        "/public/../secret",
        "/public/%2e%2e/secret",
        "/%2fsecret",
        "/public/..%2fsecret",
        "/secret;x",
        "/;/secret",
        "/public\\..\\secret",
        "/public%5c..%5csecret",
        "/%2573ecret",
        "/secret%3fx",
        "/secret#x",
        "/secret%0a",
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(ambiguous); i++) {
        assert_path(f, ambiguous[i], 403, "ambiguous_path");
    }
    static const char *const refused[] = {"/..",    "/../secret", "/%00", "/%zz", "/a b",
                                          "secret", "http://h/",  "*",    "/%ff", "/a?\xff"};
    for (size_t i = 0; i < SKM_ARRAY_LEN(refused); i++) {
        assert_path(f, refused[i], 403, "bad_path");
    }
}

static void test_ambiguous_paths_by_option_are_decided_normalised(void **state)
{
    struct fixture *f = *state;
    f->pep.ambiguous_paths = SKM_PEP_AMBIGUOUS_ALLOW;
    assert_path(f, "//public", 200, "");
    assert_path(f, "//secret", 403, "forbidden");
    assert_path(f, "/public/%2e%2e/secret", 403, "forbidden");
    assert_path(f, "/public/..%2fsecret", 403, "forbidden");
    assert_path(f, "/secret/../public", 200, "");
    assert_path(f, "/%ff", 403, "bad_path");
    assert_path(f, "/..", 403, "bad_path");
}

static void test_context_says_what_is_known(void **state)
{
    struct fixture *f = *state;
    const struct asked others[] = {
        {.uri = "/exact?a=%42"},
        {.uri = "/exact?a=%41", .proto = "http"},
        {.uri = "/exact?a=%41", .for_ = "10.1.0.8"},
        {.uri = "/exact?a=%41", .method = "HEAD"},
    };
    assert_path(f, "/exact?a=%41", 200, "");
    for (size_t i = 0; i < SKM_ARRAY_LEN(others); i++) {
        assert_answer(f, &others[i], 403, "forbidden");
    }
    /* A key that is not known is absent: the policy fails, and that denies. */
    f->scene.snapshot->zones = NULL;
    assert_path(f, "/exact?a=%41", 403, "error");
}

static void test_address_is_the_last_of_a_list(void **state)
{
    static const struct {
        const char *list;
        uint16_t status;
        const char *reason;
    } cases[] = {
        {"10.1.0.9", 200, ""},
        {"203.0.113.1", 403, "forbidden"},
        {"203.0.113.1, 10.1.0.9", 200, ""},
        {"10.1.0.9, 203.0.113.1", 403, "forbidden"},
        {"10.1.0.9,203.0.113.1", 403, "forbidden"},
        {"::ffff:203.0.113.1", 403, "forbidden"},
        {"2001:db8::1", 200, ""},
        {"10.1.0.9,", 403, "bad_request"},
        {"10.1.0.9, unknown", 403, "bad_request"},
        {"10.1.0.9:1234", 403, "bad_request"},
        {"10.1.0.0/16", 403, "bad_request"},
        {"", 403, "bad_request"},
        {absent_mark, 403, "bad_request"},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(cases); i++) {
        const struct asked asked = {.for_ = cases[i].list};
        assert_answer(*state, &asked, cases[i].status, cases[i].reason);
    }
}

static void test_every_header_of_the_set_must_be_there_once(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"X-Forwarded-Method", "X-Forwarded-Host", "X-Forwarded-Uri",
                                        "X-Forwarded-Proto", "X-Forwarded-For"};
    const struct asked good = {.method = NULL};
    const struct asked missing[] = {{.method = ABSENT}, {.host = ABSENT}, {.uri = ABSENT},
                                    {.proto = ABSENT},  {.for_ = ABSENT}, {.proto = "gopher"}};
    for (size_t i = 0; i < SKM_ARRAY_LEN(missing); i++) {
        assert_answer(f, &missing[i], 403, "bad_request");
    }
    for (size_t i = 0; i < SKM_ARRAY_LEN(names); i++) {
        struct exchange x;
        send_asked(&x, &good);
        const skm_span *value = skm_http_header_find(&x.request, skm_span_cstr(names[i]), NULL);
        x.headers[x.request.header_count++] =
            (struct skm_http_header){skm_span_cstr(names[i]), *value};
        assert_int_equal(exchange_call(&x, skm_forward_auth, &f->world), 403);
        assert_true(exchange_has_line(&x, "X-Sekimori-Reason: bad_request"));
        exchange_close(&x);
    }
}

/* What a client sends under other names of this kind changes nothing. */
static void test_headers_outside_the_set_have_no_effect(void **state)
{
    struct fixture *f = *state;
    static const char *const forged[][2] = {
        {"X-Original-Uri", "/public"},     {"X-Original-Url", "https://www.example.org/public"},
        {"X-Original-Method", "GET"},      {"X-Real-Ip", "10.1.0.9"},
        {"X-Forwarded-User", "alice"},     {"X-Sekimori-User", "alice"},
        {"X-Sekimori-Decision", "permit"}, {"X-Forwarded-Prefix", "/public"},
        {"Forwarded", "for=10.1.0.9"},     {"X-Http-Method-Override", "GET"},
        {"X-Rewrite-Url", "/public"},      {"Remote_User", "alice"},
    };
    const struct asked asked = {.uri = "/secret", .user = "bob"};
    struct exchange x;
    send_asked(&x, &asked);
    for (size_t i = 0; i < SKM_ARRAY_LEN(forged); i++) {
        exchange_header(&x, forged[i][0], forged[i][1]);
    }
    assert_int_equal(exchange_call(&x, skm_forward_auth, &f->world), 403);
    assert_true(exchange_has_line(&x, "X-Sekimori-Reason: forbidden"));
    exchange_close(&x);
}

static void test_without_a_subject_is_401(void **state)
{
    struct fixture *f = *state;
    struct exchange x;
    const struct asked absent = {.user = ABSENT};
    const struct asked empty = {.user = ""};
    assert_answer(f, &absent, 401, "no_subject");
    assert_answer(f, &empty, 401, "no_subject");
    send_asked(&x, &absent);
    assert_int_equal(exchange_call(&x, skm_forward_auth, &f->world), 401);
    assert_true(exchange_has_line(&x, "WWW-Authenticate: Bearer realm=\"sekimori\""));
    exchange_close(&x);
    /* No resource: logging in would not help. */
    const struct asked nowhere = {.user = ABSENT, .host = "other.example"};
    assert_answer(f, &nowhere, 403, "unknown_resource");
    f->pep.subject_header = SKM_SPAN("");
    const struct asked good = {.method = NULL};
    assert_answer(f, &good, 401, "no_subject");
}

static void test_subject_must_be_one_short_text(void **state)
{
    struct fixture *f = *state;
    static char text[SKM_FORWARD_SUBJECT_BYTES_MAX + 2];
    struct exchange x;
    const struct asked good = {.method = NULL};
    send_asked(&x, &good);
    exchange_header(&x, "Remote-User", "alice");
    assert_int_equal(exchange_call(&x, skm_forward_auth, &f->world), 403);
    exchange_close(&x);
    const struct asked bytes = {.user = "\xff"};
    assert_answer(f, &bytes, 403, "bad_request");
    memset(text, 'a', sizeof(text) - 1);
    const struct asked longer = {.user = text};
    assert_answer(f, &longer, 403, "bad_request");
    const struct asked longest = {.user = text + 1};
    assert_answer(f, &longest, 200, "");
}

static void test_proxy_must_be_registered_for_this(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {absent_mark, "", "Bearer wrong", "Basic key"};
    for (size_t i = 0; i < SKM_ARRAY_LEN(bad); i++) {
        const struct asked asked = {.key = bad[i]};
        assert_answer(f, &asked, 403, "unknown_pep");
    }
    const struct asked good = {.method = NULL};
    assert_answer(f, &good, 200, "");
    f->pep.forward_auth = false;
    assert_answer(f, &good, 403, "unknown_pep");
}

/* The end user's own Authorization header reaches us: it is not the proxy's key. */
static void test_end_users_authorization_is_no_credential(void **state)
{
    struct fixture *f = *state;
    struct exchange x;
    f->pep.credential = SKM_PEP_CREDENTIAL_KEY_HEADER;
    const struct asked users = {.key = "Bearer key"};
    assert_answer(f, &users, 403, "unknown_pep");
    send_asked(&x, &users);
    exchange_header(&x, "X-Sekimori-Key", "key");
    assert_int_equal(exchange_call(&x, skm_forward_auth, &f->world), 200);
    exchange_close(&x);
}

static void test_registration_limits_what_is_asked_about(void **state)
{
    struct fixture *f = *state;
    static const skm_span view[] = {{"view", 4}};
    static const skm_span doc[] = {{"Doc", 3}};
    const struct asked get = {.method = NULL};
    const struct asked post = {.method = "POST"};
    f->pep.actions = (struct skm_pep_allow){.names = view, .count = 1};
    assert_answer(f, &get, 200, "");
    assert_answer(f, &post, 403, "refused");
    f->pep.resource_types = (struct skm_pep_allow){.names = doc, .count = 1};
    assert_answer(f, &get, 403, "refused");
}

static void assert_challenge(struct fixture *f, const char *path, uint16_t status, const char *line)
{
    struct exchange x;
    const struct asked asked = {.uri = path};
    send_asked(&x, &asked);
    assert_int_equal(exchange_call(&x, skm_forward_auth, &f->world), status);
    assert_true(exchange_has_line(&x, line));
    exchange_close(&x);
}

/* RFC 9470 §3; 401 only where authenticating is all that is missing. */
static void test_401_is_for_what_authenticating_cures(void **state)
{
    struct fixture *f = *state;
    assert_path(f, "/mfa/x", 401, "forbidden");
    assert_path(f, "/fresh/x", 401, "forbidden");
    assert_path(f, "/mfa/fresh/x", 401, "forbidden");
    assert_path(f, "/device/x", 403, "forbidden");
    assert_path(f, "/mfa/device/x", 403, "forbidden");
    assert_challenge(f, "/mfa/x", 401,
                     "WWW-Authenticate: Bearer error=\"insufficient_user_authentication\", "
                     "error_description=\"a further authentication factor is needed\"");
    assert_challenge(f, "/fresh/x", 401,
                     "WWW-Authenticate: Bearer error=\"insufficient_user_authentication\", "
                     "error_description=\"a more recent authentication is needed\", max_age=\"0\"");
    f->pep.step_up_acr = SKM_SPAN("urn:\"mfa\"");
    assert_challenge(f, "/mfa/fresh/x", 401,
                     "WWW-Authenticate: Bearer error=\"insufficient_user_authentication\", "
                     "error_description=\"a further authentication factor is needed\", "
                     "acr_values=\"urn:\\\"mfa\\\"\", max_age=\"0\"");
    assert_challenge(f, "/mfa/device/x", 403, "X-Sekimori-Remedies: attest_device, step_up_mfa");
}

static void test_remedies_vanish_when_nothing_permits(void **state)
{
    const struct asked asked = {.uri = "/mfa/x", .method = "POST", .user = "bob"};
    struct fixture *f = *state;
    struct exchange x;
    assert_answer(f, &asked, 403, "not_permitted");
    send_asked(&x, &asked);
    assert_int_equal(exchange_call(&x, skm_forward_auth, &f->world), 403);
    assert_false(exchange_has_header(&x, "X-Sekimori-Remedies"));
    exchange_close(&x);
}

static void test_body_explains_only_where_registered(void **state)
{
    struct fixture *f = *state;
    struct exchange x;
    const struct asked asked = {.uri = "/device/x"};
    send_asked(&x, &asked);
    assert_int_equal(exchange_call(&x, skm_forward_auth, &f->world), 403);
    assert_span_equal(skm_buf_span(&x.body),
                      SKM_SPAN("{\"decision\":false,\"reason\":\"forbidden\",\"remedies\":["
                               "\"attest_device\"]}"));
    exchange_close(&x);
    f->pep.explain = SKM_PEP_EXPLAIN_ALWAYS;
    send_asked(&x, &asked);
    assert_int_equal(exchange_call(&x, skm_forward_auth, &f->world), 403);
    assert_span_equal(
        skm_buf_span(&x.body),
        SKM_SPAN("{\"decision\":false,\"reason\":\"forbidden\",\"remedies\":["
                 "\"attest_device\"],\"policies\":[\"device\"],\"clauses\":[\"D-1\"]}"));
    exchange_close(&x);
}

static void test_nginx_set_reads_its_own_headers(void **state)
{
    struct fixture *f = *state;
    struct exchange x;
    f->pep.forward_headers = skm_pep_forward_preset(SKM_SPAN("original-uri"));
    exchange_open(&x);
    exchange_header(&x, "Authorization", "Bearer key");
    exchange_header(&x, "X-Original-Method", "GET");
    exchange_header(&x, "X-Original-URI", "/secret/x?y");
    exchange_header(&x, "X-Forwarded-Host", "www.example.org");
    exchange_header(&x, "X-Forwarded-Proto", "https");
    exchange_header(&x, "X-Real-IP", "10.1.0.9");
    exchange_header(&x, "Remote-User", "alice");
    /* Of the other set, and so without effect. */
    exchange_header(&x, "X-Forwarded-Uri", "/public");
    exchange_header(&x, "X-Forwarded-For", "unknown");
    assert_int_equal(exchange_call(&x, skm_forward_auth, &f->world), 403);
    assert_true(exchange_has_line(&x, "X-Sekimori-Reason: forbidden"));
    exchange_close(&x);
}

static void assert_url(struct fixture *f, const char *url, uint16_t status, const char *reason)
{
    struct exchange x;
    char line[64];
    exchange_open(&x);
    exchange_header(&x, "Authorization", "Bearer key");
    exchange_header(&x, "X-Original-Method", "GET");
    exchange_header(&x, "X-Original-URL", url);
    exchange_header(&x, "X-Real-IP", "10.1.0.9");
    exchange_header(&x, "Remote-User", "alice");
    assert_int_equal(exchange_call(&x, skm_forward_auth, &f->world), status);
    (void)snprintf(line, sizeof(line), "X-Sekimori-Reason: %s", reason);
    assert_int_equal(exchange_has_line(&x, line), status != 200);
    exchange_close(&x);
}

static void test_url_set_takes_host_scheme_and_path_from_the_url(void **state)
{
    struct fixture *f = *state;
    f->pep.forward_headers = skm_pep_forward_preset(SKM_SPAN("original-url"));
    assert_url(f, "https://www.example.org/exact?a=%41", 200, "");
    assert_url(f, "http://www.example.org/exact?a=%41", 403, "forbidden");
    assert_url(f, "https://www.example.org:443/secret", 403, "forbidden");
    assert_url(f, "https://other.example/", 403, "unknown_resource");
    assert_url(f, "/public", 403, "bad_request");
    assert_url(f, "https://alice@www.example.org/public", 403, "bad_request");
}

static void test_schema_drops_what_it_does_not_declare(void **state)
{
    struct fixture *f = *state;
    struct scene scene;
    scene_open(
        &scene,
        &(struct scene_texts){
            .policies = "permit(principal, action, resource) when { context.path == \"/a\" };",
            .schema = "entity User; entity Page { secret?: Bool };"
                      "action view appliesTo { principal: User, resource: Page,"
                      " context: { path: String, source_ip: ipaddr } };"});
    scene.snapshot->resources = f->map;
    f->world.world.snapshot = scene.snapshot;
    assert_path(f, "/a", 200, "");
    assert_path(f, "/b", 403, "not_permitted");
    assert_path(f, "/secret", 403, "not_permitted");
    const struct asked post = {.method = "POST"};
    assert_answer(f, &post, 403, "error");
    scene_close(&scene);
}

static void test_no_permit_without_world_record_or_memory(void **state)
{
    struct fixture *f = *state;
    struct exchange x;
    const struct asked good = {.method = NULL};
    f->world.refuses_records = true;
    send_asked(&x, &good);
    assert_int_equal(exchange_call(&x, skm_forward_auth, &f->world), 500);
    exchange_close(&x);
    f->world.refuses_records = false;
    f->world.is_unloaded = true;
    assert_answer(f, &good, 503, "unavailable");
    f->world.is_unloaded = false;
    const struct asked bad = {.uri = "/secret"};
    for (size_t quota = 0; quota < 8192; quota += 64) {
        send_asked(&x, &bad);
        skm_arena_fini(&x.arena);
        skm_arena_init(&x.arena, quota);
        uint16_t status = exchange_call(&x, skm_forward_auth, &f->world);
        assert_true(status == 500 || status == 403);
        exchange_close(&x);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(test_permit_names_the_user),
    TEST(test_obligations_come_in_a_header),
    TEST(test_method_becomes_the_action),
    TEST(test_unknown_host_or_path_is_denied),
    TEST(test_labels_decide_by_the_normalised_path),
    TEST(test_ambiguous_paths_by_option_are_decided_normalised),
    TEST(test_context_says_what_is_known),
    TEST(test_address_is_the_last_of_a_list),
    TEST(test_every_header_of_the_set_must_be_there_once),
    TEST(test_headers_outside_the_set_have_no_effect),
    TEST(test_without_a_subject_is_401),
    TEST(test_subject_must_be_one_short_text),
    TEST(test_proxy_must_be_registered_for_this),
    TEST(test_end_users_authorization_is_no_credential),
    TEST(test_registration_limits_what_is_asked_about),
    TEST(test_401_is_for_what_authenticating_cures),
    TEST(test_remedies_vanish_when_nothing_permits),
    TEST(test_body_explains_only_where_registered),
    TEST(test_nginx_set_reads_its_own_headers),
    TEST(test_url_set_takes_host_scheme_and_path_from_the_url),
    TEST(test_schema_drops_what_it_does_not_declare),
    TEST(test_no_permit_without_world_record_or_memory),
};

SKM_TEST_MAIN(tests)
