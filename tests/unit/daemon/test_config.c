#include "harness/test.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/span.h"
#include "daemon/config.h"
#include "daemon/config_option.h"

#define LISTENER  "listeners: [{address: '127.0.0.1:0'}]\n"
#define PEP_HEAD  "peps:\n  - name: web\n    key_sha256: " KEY "\n"
#define KEY       "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define PEP_ALLOW "    principal_types: any\n    actions: any\n    resource_types: any\n"

struct fixture {
    struct skm_arena arena;
    struct skm_diags diags;
    struct skm_source source;
    struct skm_config *config;
};

static skm_err parse(struct fixture *f, const char *text)
{
    skm_arena_init(&f->arena, 64u << 20);
    skm_diags_init(&f->diags, &f->arena, 100);
    f->source = (struct skm_source){.name = SKM_SPAN("f.yaml"), .text = skm_span_cstr(text)};
    f->config = NULL;
    return skm_config_parse(&f->source, SKM_SPAN("/etc/sekimori"), &f->diags, &f->config);
}

static void finish(struct fixture *f)
{
    skm_config_unref(f->config);
    skm_arena_fini(&f->arena);
}

static void assert_messages(const char *text, const char *expected)
{
    struct fixture f;
    struct skm_buf out;
    skm_buf_init(&out, 1u << 16);
    assert_err(parse(&f, text), INVALID);
    assert_null(f.config);
    skm_diags_print(&f.diags, SKM_DIAG_FORM_GCC, &out);
    skm_buf_append_char(&out, '\0');
    assert_string_equal(out.ptr, expected);
    skm_buf_fini(&out);
    finish(&f);
}

static void assert_accepted(const char *text)
{
    struct fixture f;
    skm_err err = parse(&f, text);
    if (!skm_is_ok(err)) {
        struct skm_buf out;
        skm_buf_init(&out, 1u << 16);
        skm_diags_print(&f.diags, SKM_DIAG_FORM_GCC, &out);
        print_error("%.*s\n", (int)out.len, out.ptr);
        skm_buf_fini(&out);
    }
    assert_ok(err);
    finish(&f);
}

/* ---- what is accepted ---- */

static void test_defaults_fill_everything_that_is_not_written(void **state)
{
    (void)state;
    struct fixture f;
    assert_ok(parse(&f, LISTENER));
    assert_span_equal(f.config->policies.text, SKM_SPAN("/etc/sekimori/policies"));
    assert_false(f.config->policies.given);
    assert_int_equal(f.config->on_forbid_error, 0);
    assert_int_equal(f.config->limits.idle_timeout, 75000);
    assert_int_equal(f.config->limits.body_bytes, 1 << 20);
    assert_int_equal(f.config->snapshot_memory, INT64_C(1) << 30);
    assert_int_equal(f.config->admin.mode, 0600);
    assert_int_equal(f.config->log.level, 3);
    assert_int_equal(f.config->listeners.count, 1);
    assert_int_equal(f.config->listeners.items[0].serve, 15);
    assert_null(f.config->listeners.items[0].tls);
    assert_int_equal(f.config->peps.count, 0);
    finish(&f);
}

static void test_everything_written_is_read(void **state)
{
    (void)state;
    struct fixture f;
    assert_ok(parse(
        &f,
        "pdp_id: https://pdp.example.org/t1\n"
        "policies: /srv/p\n"
        "on_forbid_error: skip\n"
        "anonymous_pep: web\n"
        "listeners:\n"
        "  - address: unix:run/http.sock\n"
        "    socket_mode: \"0666\"\n"
        "    serve: [health, metrics]\n"
        "  - address: '[::1]:8443'\n"
        "    tls: {certificate: a.pem, key: /k.pem, client_ca: ca.pem, client_certificate: optional}\n"
        "limits: {batch: 7, body_bytes: 64KiB, stop_timeout: 0s, idle_timeout: 2m}\n"
        "log: {level: debug, form: json}\n"
        "authzen:\n  types: {user: NS::User}\n  action_type: NS::Action\n"
        "metrics: {access: none}\n" PEP_HEAD
        "    principal_types: [User]\n    actions: [view, edit]\n    resource_types: any\n"
        "    context_keys: [\"no\"]\n    explain: on-request\n"
        "    forward_auth: {headers: original-url, subject_header: X-User}\n"));
    const struct skm_config *c = f.config;
    assert_span_equal(c->pdp_id.text, SKM_SPAN("https://pdp.example.org/t1"));
    assert_span_equal(c->policies.text, SKM_SPAN("/srv/p"));
    assert_true(c->policies.given);
    assert_int_equal(c->on_forbid_error, 1);
    assert_span_equal(c->listeners.items[0].address.text,
                      SKM_SPAN("unix:/etc/sekimori/run/http.sock"));
    assert_int_equal(c->listeners.items[0].socket_mode, 0666);
    assert_int_equal(c->listeners.items[0].serve,
                     SKM_CONFIG_SERVE_HEALTH | SKM_CONFIG_SERVE_METRICS);
    assert_span_equal(c->listeners.items[1].tls->certificate.text, SKM_SPAN("/etc/sekimori/a.pem"));
    assert_string_equal(c->listeners.items[1].tls->certificate.text.ptr, "/etc/sekimori/a.pem");
    assert_span_equal(c->listeners.items[1].tls->key.text, SKM_SPAN("/k.pem"));
    assert_int_equal(c->listeners.items[1].tls->client_certificate,
                     SKM_CONFIG_CLIENT_CERTIFICATE_OPTIONAL);
    assert_int_equal(c->limits.batch, 7);
    assert_int_equal(c->limits.body_bytes, 65536);
    assert_int_equal(c->limits.stop_timeout, 0);
    assert_int_equal(c->limits.idle_timeout, 120000);
    assert_int_equal(c->limits.connections, 16384);
    assert_int_equal(c->log.form, SKM_CONFIG_LOG_FORM_JSON);
    assert_span_equal(c->authzen.types.pairs[0].value, SKM_SPAN("NS::User"));
    assert_int_equal(c->metrics.access, SKM_CONFIG_METRICS_NONE);
    assert_int_equal(c->peps.items[0].actions.count, 2);
    assert_true(c->peps.items[0].resource_types.any);
    assert_span_equal(c->peps.items[0].context_keys.names[0], SKM_SPAN("no"));
    assert_int_equal(c->peps.items[0].forward_auth->headers, 2);
    assert_span_equal(c->peps.items[0].forward_auth->subject_type.text, SKM_SPAN("User"));
    finish(&f);
}

/* ---- what is refused: place, expectation, what came, suggestion ---- */

static void test_unknown_keys_are_refused_with_the_nearest_known_one(void **state)
{
    (void)state;
    assert_messages("listenrs: []\n" LISTENER,
                    "f.yaml:1:1: error: unknown key `listenrs` [did you mean `listeners`?]\n");
    assert_messages(LISTENER "log: {levle: info}\n",
                    "f.yaml:2:7: error: unknown key `levle` in `log` [did you mean `level`?]\n");
    assert_messages(
        LISTENER "log: {zzzzzzzz: info}\n",
        "f.yaml:2:7: error: unknown key `zzzzzzzz` in `log` [known keys: level, form]\n");
}

static void test_all_errors_of_a_file_come_at_once(void **state)
{
    (void)state;
    assert_messages(
        "polices: x\nlog:\n  level: loud\nlimits:\n  batch: many\n  idle_timeout: 3\n",
        "f.yaml:1:1: error: unknown key `polices` [did you mean `policies`?]\n"
        "f.yaml:3:10: error: `log.level`: expected `error`, `warning`, `notice`, `info` or `debug`, came `loud`\n"
        "f.yaml:5:10: error: `limits.batch`: expected a whole number, came `many`\n"
        "f.yaml:6:17: error: `limits.idle_timeout`: expected a duration such as `500ms`, `10s` or `5m`, came `3`\n");
}

static void test_amounts_need_their_unit_and_range(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool fits;
    } cases[] = {
        {"limits: {body_bytes: 1MiB}\n", true},
        {"limits: {body_bytes: 1MB}\n", false},
        {"limits: {body_bytes: 1048576B}\n", true},
        {"limits: {body_bytes: 1048576}\n", false},
        {"limits: {body_bytes: 64MiB}\n", true},
        {"limits: {body_bytes: 65MiB}\n", false},
        {"limits: {body_bytes: 1KiB}\n", true},
        {"limits: {body_bytes: 1023B}\n", false},
        {"limits: {body_bytes: '1MiB'}\n", false},
        {"limits: {body_bytes: 99999999999999999999TiB}\n", false},
        {"limits: {batch: 1}\n", true},
        {"limits: {batch: 0}\n", false},
        {"limits: {batch: 100000}\n", true},
        {"limits: {batch: 100001}\n", false},
        {"limits: {batch: 010}\n", false},
        {"limits: {batch: 1_000}\n", false},
        {"limits: {batch: 0x10}\n", false},
        {"limits: {batch: 1:30}\n", false},
        {"limits: {batch: -1}\n", false},
        {"limits: {batch: 1.0}\n", false},
        {"limits: {batch: 18446744073709551617}\n", false},
        {"limits: {idle_timeout: 1000ms}\n", true},
        {"limits: {idle_timeout: 999ms}\n", false},
        {"limits: {idle_timeout: 1d}\n", true},
        {"limits: {idle_timeout: 25h}\n", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;
        char text[256];
        (void)snprintf(text, sizeof text, "%s%s", LISTENER, cases[i].text);
        skm_err err = parse(&f, text);
        if (skm_is_ok(err) != cases[i].fits) {
            print_error("%s\n", cases[i].text);
        }
        assert_int_equal(skm_is_ok(err), cases[i].fits);
        finish(&f);
    }
    assert_messages(
        LISTENER "limits: {body_bytes: 1GiB}\n",
        "f.yaml:2:22: error: `limits.body_bytes`: must be from 1KiB to 64MiB, came `1GiB`\n");
    assert_messages(
        LISTENER "limits: {idle_timeout: 1ms}\n",
        "f.yaml:2:24: error: `limits.idle_timeout`: must be from 1s to 1d, came `1ms`\n");
}

static void test_only_true_and_false_are_truth_values(void **state)
{
    (void)state;
    assert_accepted("listeners: [{address: '10.0.0.1:1', allow_plain_http: true}]\n");
    assert_messages(
        "listeners: [{address: '10.0.0.1:1', allow_plain_http: yes}]\n",
        "f.yaml:1:55: error: `listeners[].allow_plain_http`: expected `true` or `false` [readers of "
        "YAML disagree about words such as `yes` and `on`; write `true` or `false`]\n");
    assert_messages(
        "listeners: [{address: '10.0.0.1:1', allow_plain_http: 'true'}]\n",
        "f.yaml:1:55: error: `listeners[].allow_plain_http`: expected `true` or `false`, came `true` in quotes\n");
}

static void test_words_that_other_readers_take_for_truth_values_need_quotes(void **state)
{
    (void)state;
    assert_accepted(LISTENER PEP_HEAD PEP_ALLOW "    context_keys: [\"NO\", norway]\n");
    assert_messages(
        LISTENER PEP_HEAD PEP_ALLOW "    context_keys: [NO]\n",
        "f.yaml:8:20: error: `peps[].context_keys`: this word is a truth value or null to other "
        "readers of YAML [put it in quotes if the text is meant]\n");
}

static void test_what_must_be_written_is_missed(void **state)
{
    (void)state;
    assert_messages(
        "listeners:\n  - name: x\n",
        "f.yaml:2:5: error: `listeners[].address` is missing [`127.0.0.1:8443`, `[::1]:8443` or "
        "`unix:/run/sekimori/http.sock`.]\n");
    assert_messages(
        "listeners: [{address: 'h:1', tls: {key: k}}]\n",
        "f.yaml:1:30: error: `listeners[].tls.certificate` is missing [Certificate chain, PEM, own "
        "certificate first.]\n");
}

static void test_wrong_kinds_are_named(void **state)
{
    (void)state;
    assert_messages(
        "listeners: {address: x}\n",
        "f.yaml:1:12: error: `listeners`: expected a list of mappings, came a mapping\n");
    assert_messages(LISTENER "log: debug\n",
                    "f.yaml:2:6: error: `log`: expected a mapping of keys to values, came text\n");
    assert_messages(
        LISTENER "log:\n",
        "f.yaml:2:5: error: `log`: expected a mapping of keys to values, came nothing\n");
    assert_messages(
        "- a\n", "f.yaml:1:1: error: `file`: expected a mapping of keys to values, came a list\n");
    assert_messages(LISTENER "policies: [x]\n",
                    "f.yaml:2:11: error: `policies`: expected the path of a folder, came a list\n");
    assert_messages(
        LISTENER "policies:\n",
        "f.yaml:2:10: error: `policies`: expected the path of a folder, came nothing\n");
}

static void test_addresses_urls_and_digests_have_their_form(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool fits;
    } cases[] = {
        {"listeners: [{address: 127.0.0.1}]\n", false},
        {"listeners: [{address: '127.0.0.1:65536'}]\n", false},
        {"listeners: [{address: '127.0.0.1:65535'}]\n", true},
        {"listeners: [{address: ':80'}]\n", false},
        {"listeners: [{address: 'unix:'}]\n", false},
        {"listeners: [{address: 'unix:x'}]\n", true},
        {LISTENER "pdp_id: http://h\n", false},
        {LISTENER "pdp_id: https://h\n", true},
        {LISTENER "pdp_id: https://h/\n", false},
        {LISTENER "pdp_id: https://\n", false},
        {LISTENER "pdp_id: https:///p\n", false},
        {LISTENER "pdp_id: https://h?q\n", false},
        {LISTENER "pdp_id: 'https://h#f'\n", false},
        {LISTENER "admin: {mode: 0660}\n", true},
        {LISTENER "admin: {mode: 660}\n", true},
        {LISTENER "admin: {mode: 0880}\n", false},
        {LISTENER "admin: {mode: 1660}\n", false},
        {LISTENER "peps: [{name: a, key_sha256: " KEY
                  ", actions: any, principal_types: any, resource_types: any}]\n",
         true},
        {LISTENER "peps: [{name: a, key_sha256: 0" KEY
                  ", actions: any, principal_types: any, resource_types: any}]\n",
         false},
        {LISTENER
         "peps: [{name: a, key_sha256: xyz, actions: any, principal_types: any, resource_types: any}]\n",
         false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;
        skm_err err = parse(&f, cases[i].text);
        if (skm_is_ok(err) != cases[i].fits) {
            print_error("%s\n", cases[i].text);
        }
        assert_int_equal(skm_is_ok(err), cases[i].fits);
        finish(&f);
    }
}

static void test_relations_between_options_are_checked(void **state)
{
    (void)state;
    assert_messages(
        "log: {level: info}\n",
        "f.yaml:1:1: error: `listeners` is missing: nobody could ask [listeners:\\n  - address: 127.0.0.1:8180]\n");
    assert_messages(
        "listeners: [{address: 'h:1'}, {address: 'h:1'}]\n",
        "f.yaml:1:41: error: `listeners[].address`: `h:1` is used twice, first on line 1\n");
    assert_messages(LISTENER "anonymous_pep: ghost\n",
                    "f.yaml:2:16: error: `anonymous_pep`: no entry of `peps` is called `ghost`\n");
    assert_messages(LISTENER "peps:\n  - name: web\n" PEP_ALLOW,
                    "f.yaml:3:5: error: `web` has no way to show who it is [give it `key_sha256` "
                    "(`sekimori pep-key` makes one), `key_file`, `uid` or `certificate_sha256`]\n");
    assert_messages(
        LISTENER PEP_HEAD "    actions: any\n    resource_types: any\n",
        "f.yaml:3:5: error: `peps[].principal_types` allows `web` nothing [write a list, or `any`]\n");
    assert_messages(
        LISTENER PEP_HEAD PEP_ALLOW "    key_file: k\n",
        "f.yaml:8:15: error: `peps[].key_file`: `key_sha256` is given as well; one of them is enough\n");
    assert_messages("listeners: [{address: 'h:1', serve: []}]\n",
                    "f.yaml:1:13: error: `listeners[].serve`: this listener offers nothing\n");
}

static void test_group_of_the_socket_needs_access_to_it(void **state)
{
    (void)state;
    assert_accepted(LISTENER "admin: {group: ops, mode: 0660}\n");
    assert_messages(
        LISTENER "admin: {group: ops}\n",
        "f.yaml:2:16: error: `admin.group` has no access to the socket: `admin.mode` is 0600 [write `mode: 0660`]\n");
    assert_messages(
        LISTENER "admin: {group: ops, mode: 0640}\n",
        "f.yaml:2:16: error: `admin.group` has no access to the socket: `admin.mode` is 0640 [write `mode: 0660`]\n");
}

static void test_custom_headers_must_tell_what_is_asked(void **state)
{
    (void)state;
    assert_accepted(LISTENER PEP_HEAD PEP_ALLOW
                    "    forward_auth: {headers: custom, method_header: X-M, url_header: X-U}\n");
    assert_accepted(
        LISTENER PEP_HEAD PEP_ALLOW
        "    forward_auth: {headers: custom, method_header: X-M, host_header: X-H, uri_header: X-U}\n");
    static const char *const refused[] = {
        LISTENER PEP_HEAD PEP_ALLOW "    forward_auth: {headers: custom, method_header: X-M}\n",
        LISTENER PEP_HEAD PEP_ALLOW "    forward_auth: {headers: custom, url_header: X-U}\n",
        LISTENER PEP_HEAD PEP_ALLOW "    forward_auth: {url_header: X-U}\n",
        LISTENER PEP_HEAD PEP_ALLOW "    forward_auth: {subject_type: 'a b'}\n",
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct fixture f;
        assert_err(parse(&f, refused[i]), INVALID);
        assert_int_equal(f.diags.errors, 1);
        finish(&f);
    }
}

/* ---- comparison at reload ---- */

static void assert_restart(const char *before, const char *after, const char *expected)
{
    struct fixture a;
    struct fixture b;
    struct skm_buf out;
    skm_buf_init(&out, 4096);
    assert_ok(parse(&a, before));
    assert_ok(parse(&b, after));
    (void)skm_config_print_restart(a.config, b.config, &out);
    skm_buf_append_char(&out, '\0');
    assert_string_equal(out.ptr, expected);
    skm_buf_fini(&out);
    finish(&a);
    finish(&b);
}

static void test_only_options_for_the_next_start_are_reported(void **state)
{
    (void)state;
    assert_restart(LISTENER, LISTENER, "");
    assert_restart(LISTENER, LISTENER "metrics: {access: any}\n" PEP_HEAD PEP_ALLOW, "");
    assert_restart(LISTENER, LISTENER "limits: {connections: 5, batch: 3}\nthreads: 2\n",
                   "threads, limits.connections");
    assert_restart(LISTENER, "listeners: [{address: 'h:1'}, {address: 'h:2'}]\n", "listeners");
    assert_restart(LISTENER, "listeners: [{address: 'h:1'}]\n", "listeners[].address");
    assert_restart("listeners: [{address: 'h:1'}]\n",
                   "listeners: [{address: 'h:1', tls: {certificate: a, key: b}}]\n",
                   "listeners[].tls");
}

/* ---- defaults under version control ---- */

static char *read_snapshot(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    char *text = calloc(1, 1u << 18);
    size_t len = text == NULL ? 0 : fread(text, 1, (1u << 18) - 1, file);
    (void)fclose(file);
    if (text != NULL) {
        text[len] = '\0';
    }
    return text;
}

static void assert_snapshot(const char *path, struct skm_buf *out)
{
    skm_buf_append_char(out, '\0');
    assert_ok(skm_buf_check(out));
    char *expected = read_snapshot(path);
    if (expected == NULL || strcmp(expected, out->ptr) != 0) {
        print_error(
            "%s differs from the option table; when that is meant, write there what the program prints\n",
            path);
        fail();
    }
    free(expected);
    skm_buf_fini(out);
}

static void test_options_and_defaults_are_as_recorded(void **state)
{
    (void)state;
    struct skm_buf out;
    skm_buf_init(&out, 1u << 18);
    skm_config_print_defaults(&out);
    assert_snapshot("tests/unit/daemon/defaults.snapshot", &out);
}

static void test_every_option_has_a_default_that_its_own_reader_takes(void **state)
{
    (void)state;
    struct fixture f;
    assert_ok(parse(
        &f, "listeners: [{address: 'h:1', tls: {certificate: a, key: b}}]\n" PEP_HEAD PEP_ALLOW
            "    forward_auth: {}\n"));
    finish(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_defaults_fill_everything_that_is_not_written),
    cmocka_unit_test(test_everything_written_is_read),
    cmocka_unit_test(test_unknown_keys_are_refused_with_the_nearest_known_one),
    cmocka_unit_test(test_all_errors_of_a_file_come_at_once),
    cmocka_unit_test(test_amounts_need_their_unit_and_range),
    cmocka_unit_test(test_only_true_and_false_are_truth_values),
    cmocka_unit_test(test_words_that_other_readers_take_for_truth_values_need_quotes),
    cmocka_unit_test(test_what_must_be_written_is_missed),
    cmocka_unit_test(test_wrong_kinds_are_named),
    cmocka_unit_test(test_addresses_urls_and_digests_have_their_form),
    cmocka_unit_test(test_relations_between_options_are_checked),
    cmocka_unit_test(test_group_of_the_socket_needs_access_to_it),
    cmocka_unit_test(test_custom_headers_must_tell_what_is_asked),
    cmocka_unit_test(test_only_options_for_the_next_start_are_reported),
    cmocka_unit_test(test_options_and_defaults_are_as_recorded),
    cmocka_unit_test(test_every_option_has_a_default_that_its_own_reader_takes),
};

SKM_TEST_MAIN(tests)
