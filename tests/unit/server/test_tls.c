#include "fixture.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "server/tls.h"

/* ---- certificates in a folder of their own ---- */

static char folder[64];

static const char *path_of(const char *name)
{
    static char paths[8][128];
    static size_t next;
    char *path = paths[next++ % 8];
    (void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void set_name(X509 *certificate, const char *name)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    assert_int_equal(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                                (const unsigned char *)name, -1, -1, 0),
                     1);
}

/* `issuer` NULL: signed by itself. */
static X509 *certify(EVP_PKEY *key, const char *name, X509 *issuer, EVP_PKEY *issuer_key,
                     long valid_s)
{
    static long serial = 1;
    X509 *certificate = X509_new();
    assert_int_equal(X509_set_version(certificate, 2), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++), 1);
    assert_non_null(
        X509_gmtime_adj(X509_getm_notBefore(certificate), valid_s < 0 ? valid_s * 2 : -10));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), valid_s));
    set_name(certificate, name);
    assert_int_equal(X509_set_issuer_name(
                         certificate, X509_get_subject_name(issuer == NULL ? certificate : issuer)),
                     1);
    assert_int_equal(X509_set_pubkey(certificate, key), 1);
    if (issuer == NULL) {
        X509_EXTENSION *ca =
            X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
        assert_int_equal(X509_add_ext(certificate, ca, -1), 1);
        X509_EXTENSION_free(ca);
    }
    assert_int_not_equal(
        X509_sign(certificate, issuer_key == NULL ? key : issuer_key, EVP_sha256()), 0);
    return certificate;
}

static void write_certificate(const char *name, X509 *certificate)
{
    FILE *file = fopen(path_of(name), "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, certificate), 1);
    (void)fclose(file);
}

static void write_key(const char *name, EVP_PKEY *key, const EVP_CIPHER *cipher)
{
    FILE *file = fopen(path_of(name), "w");
    assert_non_null(file);
    assert_int_equal(fchmod(fileno(file), 0600), 0);
    char password[] = "secret";
    assert_int_equal(PEM_write_PKCS8PrivateKey(file, key, cipher, cipher == NULL ? NULL : password,
                                               cipher == NULL ? 0 : 6, NULL, NULL),
                     1);
    (void)fclose(file);
}

static void write_text(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");
    assert_non_null(file);
    assert_int_equal(fchmod(fileno(file), 0600), 0);
    (void)fputs(text, file);
    (void)fclose(file);
}

static void make_pair(const char *stem, EVP_PKEY *key, long valid_s)
{
    char name[32];
    X509 *certificate = certify(key, stem, NULL, NULL, valid_s);
    (void)snprintf(name, sizeof name, "%s.crt", stem);
    write_certificate(name, certificate);
    (void)snprintf(name, sizeof name, "%s.key", stem);
    write_key(name, key, NULL);
    X509_free(certificate);
}

static int make_files(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/skm-tls-XXXXXX");
    assert_non_null(mkdtemp(folder));
    EVP_PKEY *ec = EVP_EC_gen("P-256");
    EVP_PKEY *rsa = EVP_RSA_gen(2048);
    EVP_PKEY *weak = EVP_RSA_gen(1024);
    EVP_PKEY *other = EVP_EC_gen("P-256");
    EVP_PKEY *client = EVP_EC_gen("P-256");
    make_pair("server", ec, 3600);
    make_pair("rsa", rsa, 3600);
    make_pair("weak", weak, 3600);
    make_pair("old", ec, -3600);
    make_pair("other", other, 3600);
    write_key("encrypted.key", ec, EVP_aes_256_cbc());
    write_key("open.key", ec, NULL);
    assert_int_equal(chmod(path_of("open.key"), 0640), 0);
    write_text("text.pem", "not PEM\n");
    X509 *ca = certify(other, "client authority", NULL, NULL, 3600);
    X509 *leaf = certify(client, "pep-1", ca, other, 3600);
    write_certificate("ca.crt", ca);
    write_certificate("client.crt", leaf);
    write_key("client.key", client, NULL);
    make_pair("stranger", client, 3600);
    X509_free(ca);
    X509_free(leaf);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(weak);
    EVP_PKEY_free(other);
    EVP_PKEY_free(client);
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    static const char *const names[] = {
        "server.crt", "server.key", "rsa.crt",    "rsa.key",      "weak.crt",     "weak.key",
        "old.crt",    "old.key",    "other.crt",  "other.key",    "open.key",     "text.pem",
        "ca.crt",     "client.crt", "client.key", "stranger.crt", "stranger.key", "encrypted.key",
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(names); i++) {
        (void)unlink(path_of(names[i]));
    }
    return rmdir(folder);
}

/* ---- contexts ---- */

static void check_context(const char *certificate, const char *key, bool fine, const char *part)
{
    struct skm_arena arena;
    struct skm_diags diags;
    struct skm_tls_context *context = NULL;
    struct skm_tls_options options = {.certificate_file = path_of(certificate),
                                      .key_file = path_of(key)};
    skm_arena_init(&arena, 1 << 20);
    skm_diags_init(&diags, &arena, 8);
    skm_err err = skm_tls_context_new(&options, &diags, &context);
    assert_int_equal(err.code, fine ? SKM_E_OK : SKM_E_INVALID);
    assert_int_equal(diags.errors, fine ? 0 : 1);
    if (part != NULL && (diags.first == NULL || !has(diags.first->message, part))) {
        print_error("%s %s: wanted `%s`, got `%.*s`\n", certificate, key, part,
                    SKM_SPAN_ARG(diags.first == NULL ? SKM_SPAN("") : diags.first->message));
        fail();
    }
    skm_tls_context_unref(context);
    skm_arena_fini(&arena);
}

static void test_certificates_and_keys_are_refused_with_their_reason(void **state)
{
    (void)state;
    check_context("server.crt", "server.key", true, NULL);
    check_context("rsa.crt", "rsa.key", true, NULL);
    check_context("old.crt", "old.key", true, "ended at");
    check_context("server.crt", "other.key", false, "does not belong to certificate");
    check_context("server.crt", "rsa.key", false, "does not belong to certificate");
    check_context("server.crt", "open.key", false, "open to group or others (mode 0640)");
    check_context("server.crt", "encrypted.key", false, "is encrypted");
    check_context("weak.crt", "weak.key", false, "too weak");
    check_context("text.pem", "server.key", false, "no certificate in PEM form");
    check_context("server.crt", "text.pem", false, "no private key in PEM form");
    check_context("absent.crt", "server.key", false, "No such file");
    check_context("server.crt", "absent.key", false, "No such file");
}

/* ---- handshakes ---- */

struct tls_fixture {
    struct fixture http;
    struct skm_tls_context *context;
    struct skm_arena arena;
    struct skm_diags diags;
};

static void tls_start(struct tls_fixture *t, struct skm_tls_options options)
{
    options.certificate_file =
        options.certificate_file == NULL ? path_of("server.crt") : options.certificate_file;
    options.key_file = options.key_file == NULL ? path_of("server.key") : options.key_file;
    skm_arena_init(&t->arena, 1 << 20);
    skm_diags_init(&t->diags, &t->arena, 8);
    assert_ok(skm_tls_context_new(&options, &t->diags, &t->context));
    t->http.listener.tls = t->context;
    fixture_start(&t->http);
}

static void tls_stop(struct tls_fixture *t)
{
    fixture_stop(&t->http);
    skm_tls_context_unref(t->context);
    skm_arena_fini(&t->arena);
}

struct client {
    int fd;
    SSL_CTX *context;
    SSL *ssl;
    bool connected;
};

struct client_options {
    int max_version;
    const char *suites12; /* TLS 1.2 */
    const char *suites13;
    const char *groups;
    const char *protocol; /* for ALPN */
    const char *certificate;
    const char *key;
};

static struct client client_open(const struct tls_fixture *t, struct client_options options)
{
    struct client c = {.fd = dial(&t->http), .context = SSL_CTX_new(TLS_client_method())};
    SSL_CTX_set_security_level(c.context, 0);
    assert_int_equal(SSL_CTX_set_min_proto_version(c.context, TLS1_VERSION), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(c.context, options.max_version), 1);
    if (options.suites12 != NULL) {
        assert_int_equal(SSL_CTX_set_cipher_list(c.context, options.suites12), 1);
    }
    if (options.suites13 != NULL) {
        assert_int_equal(SSL_CTX_set_ciphersuites(c.context, options.suites13), 1);
    }
    if (options.groups != NULL) {
        char groups[64];
        (void)snprintf(groups, sizeof groups, "%s", options.groups);
        assert_int_equal(SSL_CTX_set1_groups_list(c.context, groups), 1);
    }
    if (options.certificate != NULL) {
        assert_int_equal(
            SSL_CTX_use_certificate_file(c.context, path_of(options.certificate), SSL_FILETYPE_PEM),
            1);
        assert_int_equal(
            SSL_CTX_use_PrivateKey_file(c.context, path_of(options.key), SSL_FILETYPE_PEM), 1);
    }
    c.ssl = SSL_new(c.context);
    if (options.protocol != NULL) {
        unsigned char list[32];
        list[0] = (unsigned char)strlen(options.protocol);
        memcpy(list + 1, options.protocol, list[0]);
        assert_int_equal(SSL_set_alpn_protos(c.ssl, list, list[0] + 1u), 0);
    }
    assert_int_equal(SSL_set_fd(c.ssl, c.fd), 1);
    c.connected = SSL_connect(c.ssl) == 1;
    return c;
}

static void client_close(struct client *c)
{
    SSL_free(c->ssl);
    SSL_CTX_free(c->context);
    (void)close(c->fd);
    ERR_clear_error();
}

/* One request; the length of the answer's body, or -1 when there is no answer. */
static long client_get(struct client *c, const char *path, struct skm_buf *answer)
{
    char request[256];
    skm_buf_reset(answer);
    int len = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: t\r\n\r\n", path);
    if (SSL_write(c->ssl, request, len) != len) {
        return -1;
    }
    for (;;) {
        char *room = skm_buf_reserve(answer, 16384);
        assert_non_null(room);
        int got = SSL_read(c->ssl, room, 16384);
        if (got <= 0) {
            return -1;
        }
        skm_buf_commit(answer, (size_t)got);
        const char *end = memmem(answer->ptr, answer->len, "\r\n\r\n", 4);
        const char *length = memmem(answer->ptr, answer->len, "Content-Length: ", 16);
        if (end != NULL && length != NULL) {
            size_t body = strtoul(length + 16, NULL, 10);
            if (answer->len >= (size_t)(end - answer->ptr) + 4 + body) {
                return (long)body;
            }
        }
    }
}

static void test_requests_are_served_over_tls_13_and_12(void **state)
{
    (void)state;
    struct tls_fixture t = {.http = {.big_bytes = 3 << 20}};
    BUF(answer, 8 << 20);
    tls_start(&t, (struct skm_tls_options){.certificate_file = NULL});
    static const int versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};
    for (size_t i = 0; i < SKM_ARRAY_LEN(versions); i++) {
        struct client c = client_open(
            &t, (struct client_options){.max_version = versions[i], .protocol = "http/1.1"});
        assert_true(c.connected);
        assert_int_equal(SSL_version(c.ssl), versions[i]);
        const unsigned char *protocol = NULL;
        unsigned protocol_len = 0;
        SSL_get0_alpn_selected(c.ssl, &protocol, &protocol_len);
        assert_int_equal(protocol_len, 8);
        assert_int_equal(client_get(&c, "/hello", &answer), 5);
        assert_int_equal(client_get(&c, "/big", &answer), 3 << 20);
        assert_int_equal(client_get(&c, "/hello", &answer), 5);
        assert_int_equal(SSL_shutdown(c.ssl), 0);
        assert_int_equal(SSL_shutdown(c.ssl), 1);
        client_close(&c);
    }
    tls_stop(&t);
    assert_int_equal(t.http.counters.tls_handshakes, 2);
    assert_int_equal(t.http.counters.buffer_bytes, 0);
}

static void test_suites_and_groups_are_those_of_the_list_only(void **state)
{
    (void)state;
    static const struct {
        struct client_options options;
        bool rsa;
        bool fine;
    } rows[] = {
        {{.max_version = TLS1_3_VERSION, .suites13 = "TLS_AES_256_GCM_SHA384"}, false, true},
        {{.max_version = TLS1_3_VERSION, .suites13 = "TLS_AES_128_GCM_SHA256"}, false, true},
        {{.max_version = TLS1_3_VERSION, .suites13 = "TLS_AES_128_CCM_SHA256"}, false, true},
        {{.max_version = TLS1_3_VERSION,
          .suites12 = "AES128-SHA",
          .suites13 = "TLS_CHACHA20_POLY1305_SHA256"},
         false,
         false},
        {{.max_version = TLS1_3_VERSION,
          .suites12 = "AES128-SHA",
          .suites13 = "TLS_AES_128_CCM_8_SHA256"},
         false,
         false},
        {{.max_version = TLS1_3_VERSION, .groups = "P-256"}, false, true},
        {{.max_version = TLS1_3_VERSION, .groups = "P-384"}, false, true},
        {{.max_version = TLS1_3_VERSION, .groups = "X25519"}, false, true},
        {{.max_version = TLS1_3_VERSION, .groups = "P-521"}, false, false},
        {{.max_version = TLS1_3_VERSION, .groups = "X448"}, false, false},
        {{.max_version = TLS1_2_VERSION, .suites12 = "ECDHE-ECDSA-AES128-GCM-SHA256"}, false, true},
        {{.max_version = TLS1_2_VERSION, .suites12 = "ECDHE-ECDSA-AES256-CCM"}, false, true},
        {{.max_version = TLS1_2_VERSION, .suites12 = "ECDHE-RSA-AES256-GCM-SHA384"}, true, true},
        {{.max_version = TLS1_2_VERSION, .suites12 = "ECDHE-ECDSA-AES128-SHA256"}, false, false},
        {{.max_version = TLS1_2_VERSION, .suites12 = "ECDHE-ECDSA-AES256-SHA"}, false, false},
        {{.max_version = TLS1_2_VERSION, .suites12 = "ECDHE-ECDSA-CAMELLIA128-SHA256"},
         false,
         false},
        {{.max_version = TLS1_2_VERSION, .suites12 = "ECDHE-ECDSA-CHACHA20-POLY1305"},
         false,
         false},
        {{.max_version = TLS1_2_VERSION, .suites12 = "AES128-GCM-SHA256"}, true, false},
        {{.max_version = TLS1_2_VERSION, .suites12 = "DHE-RSA-AES128-GCM-SHA256"}, true, false},
        {{.max_version = TLS1_2_VERSION, .suites12 = "ECDHE-RSA-AES128-SHA"}, true, false},
        {{.max_version = TLS1_1_VERSION, .suites12 = "ALL:@SECLEVEL=0"}, true, false},
        {{.max_version = TLS1_1_VERSION, .suites12 = "ALL:@SECLEVEL=0"}, false, false},
        {{.max_version = TLS1_VERSION, .suites12 = "ALL:@SECLEVEL=0"}, true, false},
    };
    for (int rsa = 0; rsa < 2; rsa++) {
        struct tls_fixture t = {.http = {.limits = {.linger_ms = 50}}};
        tls_start(&t,
                  (struct skm_tls_options){.certificate_file = rsa == 1 ? path_of("rsa.crt") : NULL,
                                           .key_file = rsa == 1 ? path_of("rsa.key") : NULL});
        uint64_t refused = 0;
        for (size_t i = 0; i < SKM_ARRAY_LEN(rows); i++) {
            if (rows[i].rsa != (rsa == 1)) {
                continue;
            }
            struct client c = client_open(&t, rows[i].options);
            if (c.connected != rows[i].fine) {
                print_error("row %zu\n", i);
                fail();
            }
            refused += !rows[i].fine;
            client_close(&c);
        }
        tls_stop(&t);
        assert_int_equal(t.http.counters.rejected[SKM_HTTP_REJECT_TLS], refused);
    }
}

static void test_other_protocols_are_refused_in_the_handshake(void **state)
{
    (void)state;
    struct tls_fixture t = {.http = {.limits = {.linger_ms = 50}}};
    tls_start(&t, (struct skm_tls_options){.certificate_file = NULL});
    struct client c =
        client_open(&t, (struct client_options){.max_version = TLS1_3_VERSION, .protocol = "h2"});
    assert_false(c.connected);
    client_close(&c);
    tls_stop(&t);
}

static void test_nothing_is_resumed(void **state)
{
    (void)state;
    struct tls_fixture t = {.http = {.big_bytes = 0}};
    BUF(answer, 65536);
    tls_start(&t, (struct skm_tls_options){.certificate_file = NULL});
    static const int versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};
    for (size_t i = 0; i < SKM_ARRAY_LEN(versions); i++) {
        struct client c = client_open(&t, (struct client_options){.max_version = versions[i]});
        assert_true(c.connected);
        assert_int_equal(client_get(&c, "/hello", &answer), 5);
        const SSL_SESSION *session = SSL_get_session(c.ssl);
        assert_int_equal(SSL_SESSION_has_ticket(session), 0);
        assert_int_equal(SSL_SESSION_is_resumable(session), 0);
        client_close(&c);
    }
    tls_stop(&t);
}

static void test_tls_13_only_refuses_12(void **state)
{
    (void)state;
    struct tls_fixture t = {.http = {.limits = {.linger_ms = 50}}};
    tls_start(&t, (struct skm_tls_options){.only_tls13 = true});
    struct client old = client_open(&t, (struct client_options){.max_version = TLS1_2_VERSION});
    assert_false(old.connected);
    client_close(&old);
    struct client c = client_open(&t, (struct client_options){.max_version = TLS1_3_VERSION});
    assert_true(c.connected);
    client_close(&c);
    tls_stop(&t);
}

static void test_client_certificates_are_demanded_and_verified(void **state)
{
    (void)state;
    static const struct {
        const char *certificate;
        const char *key;
        bool fine;
    } rows[] = {
        {"client.crt", "client.key", true},
        {NULL, NULL, false},
        {"stranger.crt", "stranger.key", false},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(rows); i++) {
        struct tls_fixture t = {.http = {.limits = {.linger_ms = 50}}};
        BUF(answer, 65536);
        tls_start(&t, (struct skm_tls_options){.client_ca_file = path_of("ca.crt"),
                                               .require_client_certificate = true});
        struct client c =
            client_open(&t, (struct client_options){.max_version = TLS1_3_VERSION,
                                                    .certificate = rows[i].certificate,
                                                    .key = rows[i].key});
        /* In TLS 1.3 the client learns of the refusal with its first read. */
        assert_int_equal(client_get(&c, "/hello", &answer), rows[i].fine ? 5 : -1);
        client_close(&c);
        tls_stop(&t);
        assert_int_equal(t.http.counters.tls_handshakes, rows[i].fine ? 1 : 0);
    }
}

static void test_certificate_is_exchanged_while_serving(void **state)
{
    (void)state;
    struct tls_fixture t = {.http = {.big_bytes = 0}};
    struct skm_tls_context *next = NULL;
    BUF(answer, 65536);
    tls_start(&t, (struct skm_tls_options){.certificate_file = NULL});
    struct client before = client_open(&t, (struct client_options){.max_version = TLS1_3_VERSION});
    assert_int_equal(client_get(&before, "/hello", &answer), 5);
    struct skm_tls_options options = {.certificate_file = path_of("rsa.crt"),
                                      .key_file = path_of("rsa.key")};
    assert_ok(skm_tls_context_new(&options, &t.diags, &next));
    /* The loop's thread is idle here. */
    assert_ok(skm_listener_set_tls(t.http.bound, next));
    assert_err(skm_listener_set_tls(t.http.bound, NULL), REFUSED);
    skm_tls_context_unref(next);
    struct client after = client_open(&t, (struct client_options){.max_version = TLS1_3_VERSION});
    assert_int_equal(client_get(&after, "/hello", &answer), 5);
    assert_int_equal(EVP_PKEY_get_base_id(X509_get0_pubkey(SSL_get0_peer_certificate(after.ssl))),
                     EVP_PKEY_RSA);
    assert_int_equal(client_get(&before, "/hello", &answer), 5);
    client_close(&before);
    client_close(&after);
    tls_stop(&t);
}

/* ---- bad peers ---- */

static void test_silent_handshake_is_ended_at_its_deadline(void **state)
{
    (void)state;
    struct tls_fixture t = {.http = {.limits = {.handshake_ms = 60}}};
    BUF(answer, 262144);
    tls_start(&t, (struct skm_tls_options){.certificate_file = NULL});
    int fd = dial(&t.http);
    say(fd, SKM_SPAN("\x16\x03\x01"));
    hear_all(fd, &answer);
    assert_int_equal(answer.len, 0);
    (void)close(fd);
    tls_stop(&t);
    assert_int_equal(t.http.counters.rejected[SKM_HTTP_REJECT_TIMEOUT_HANDSHAKE], 1);
}

static void test_clear_text_on_a_tls_port_is_never_served(void **state)
{
    (void)state;
    struct tls_fixture t = {.http = {.limits = {.linger_ms = 50}}};
    BUF(answer, 262144);
    tls_start(&t, (struct skm_tls_options){.certificate_file = NULL});
    int fd = dial(&t.http);
    say(fd, SKM_SPAN("GET /hello HTTP/1.1\r\nHost: t\r\n\r\n"));
    hear_all(fd, &answer);
    assert_false(has(skm_buf_span(&answer), "hello"));
    (void)close(fd);
    tls_stop(&t);
    assert_int_equal(t.http.counters.responses[2], 0);
    assert_int_equal(t.http.counters.rejected[SKM_HTTP_REJECT_TLS], 1);
}

static void test_slow_head_over_tls_is_answered_408(void **state)
{
    (void)state;
    struct tls_fixture t = {.http = {.limits = {.head_ms = 60}}};
    BUF(answer, 65536);
    tls_start(&t, (struct skm_tls_options){.certificate_file = NULL});
    struct client c = client_open(&t, (struct client_options){.max_version = TLS1_3_VERSION});
    assert_true(c.connected);
    assert_int_equal(SSL_write(c.ssl, "GET /hel", 8), 8);
    char bytes[1024];
    int got = SSL_read(c.ssl, bytes, sizeof bytes);
    assert_true(got > 12);
    assert_memory_equal(bytes, "HTTP/1.1 408", 12);
    /* A proper end, not a cut. */
    assert_int_equal(SSL_get_error(c.ssl, SSL_read(c.ssl, bytes, sizeof bytes)),
                     SSL_ERROR_ZERO_RETURN);
    client_close(&c);
    tls_stop(&t);
}

/* Every single-bit change of a record ends the connection unserved. */
static void test_damaged_records_are_refused(void **state)
{
    (void)state;
    struct tls_fixture t = {.http = {.limits = {.linger_ms = 20}}};
    tls_start(&t, (struct skm_tls_options){.certificate_file = NULL});
    for (size_t bit = 0; bit < 64; bit++) {
        BUF(answer, 262144);
        struct client c = client_open(&t, (struct client_options){.max_version = TLS1_3_VERSION});
        assert_true(c.connected);
        BIO *net = BIO_new(BIO_s_mem());
        SSL_set0_wbio(c.ssl, net);
        static const char request[] = "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n";
        assert_int_equal(SSL_write(c.ssl, request, sizeof request - 1), (int)sizeof request - 1);
        char *record = NULL;
        long len = BIO_get_mem_data(net, &record);
        assert_true(len > 40);
        size_t at = 5 + bit * 7 % ((size_t)len - 5);
        record[at] = (char)(record[at] ^ 1 << bit % 8);
        say(c.fd, skm_span_of(record, (size_t)len));
        hear_all(c.fd, &answer);
        client_close(&c);
    }
    tls_stop(&t);
    assert_int_equal(t.http.counters.responses[2], 0);
    assert_int_equal(t.http.counters.rejected[SKM_HTTP_REJECT_TLS], 64);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_certificates_and_keys_are_refused_with_their_reason),
    cmocka_unit_test(test_requests_are_served_over_tls_13_and_12),
    cmocka_unit_test(test_suites_and_groups_are_those_of_the_list_only),
    cmocka_unit_test(test_other_protocols_are_refused_in_the_handshake),
    cmocka_unit_test(test_nothing_is_resumed),
    cmocka_unit_test(test_tls_13_only_refuses_12),
    cmocka_unit_test(test_client_certificates_are_demanded_and_verified),
    cmocka_unit_test(test_certificate_is_exchanged_while_serving),
    cmocka_unit_test(test_silent_handshake_is_ended_at_its_deadline),
    cmocka_unit_test(test_clear_text_on_a_tls_port_is_never_served),
    cmocka_unit_test(test_slow_head_over_tls_is_answered_408),
    cmocka_unit_test(test_damaged_records_are_refused),
};

int main(void)
{
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
