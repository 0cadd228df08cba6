/* Certificates, keys, and what is offered to peers.
 *
 * INVARIANT: only suites with forward secrecy and authenticated encryption are offered, with ciphers and modes of the
 * CRYPTREC list of e-government recommended ciphers (AES; GCM, CCM; ECDH). Camellia is on that list as well, but OpenSSL has it
 * for TLS in CBC mode only. */
#include "server/tls_context.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/mem.h"
#include "server/tls.h"

#define FILE_BYTES_MAX ((size_t)256 * 1024)
#define CHAIN_MAX      16
#define PEER_CHAIN_MAX (32L * 1024)
#define SECURITY_BITS  112 /* SP 800-57 Part 1 §5.6.3: RSA 2048, P-256 and above */
#define ALPN_BYTES_MAX 64

static const char TLS13_SUITES[] =
    "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256";
static const char TLS12_SUITES[] = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                                   "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                                   "ECDHE-ECDSA-AES256-CCM:ECDHE-ECDSA-AES128-CCM";
#define GROUPS "P-256:X25519:P-384"
#define SIGNATURES                                                                                 \
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:"                                              \
    "RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512"

struct skm_tls_context {
    _Atomic uint32_t refs;
    SSL_CTX *ssl;
    int64_t not_after_s;
    size_t alpn_len;
    char alpn[ALPN_BYTES_MAX];
};

SKM_DEFINE_CLEANUP(bio_free_ptr, BIO, BIO_vfree)
SKM_DEFINE_CLEANUP(x509_free_ptr, X509, X509_free)
SKM_DEFINE_CLEANUP(pkey_free_ptr, EVP_PKEY, EVP_PKEY_free)
SKM_DEFINE_CLEANUP(context_unref_ptr, struct skm_tls_context, skm_tls_context_unref)

static const struct skm_range NOWHERE = {0, 0};

/* Adds an error; yields the code that says so. */
#define COMPLAIN(diags, ...)                                                                       \
    complained(skm_diags_add((diags), SKM_SEVERITY_ERROR, NULL, NOWHERE, __VA_ARGS__))

static skm_err complained(const struct skm_diag *diag)
{
    (void)diag;
    ERR_clear_error();
    return SKM_ERR(INVALID);
}

/* The library's reason for the last failure. */
static const char *library_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    return reason == NULL ? "unknown reason" : reason;
}

/* ---- files ---- */

/* The content of a file; wiped when freed, since it may be a key. */
struct content {
    char *bytes; /* FILE_BYTES_MAX of room; owned */
    size_t len;
};

static void content_fini(struct content *content)
{
    if (content->bytes != NULL) {
        OPENSSL_cleanse(content->bytes, FILE_BYTES_MAX);
    }
    skm_mem_free(content->bytes);
}

static void fd_close(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

/* A private key is for its owner alone. The descriptor is asked, so that what is checked is what is read. */
static skm_err check_private(int fd, const char *path, struct skm_diags *diags)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return COMPLAIN(diags, "cannot look at `%s`: %s", path, strerror(errno));
    }
    if ((st.st_mode & 077) != 0) {
        struct skm_diag *diag =
            skm_diags_add(diags, SKM_SEVERITY_ERROR, NULL, NOWHERE,
                          "private key `%s` is open to group or others (mode %04o)", path,
                          (unsigned)(st.st_mode & 07777));
        skm_diag_help(diags, diag, "`chmod 600 %s`, and replace the key if others could read it",
                      path);
        return SKM_ERR(INVALID);
    }
    if (st.st_uid != 0 && st.st_uid != geteuid()) {
        return COMPLAIN(diags, "private key `%s` belongs to another user (uid %u)", path,
                        (unsigned)st.st_uid);
    }
    return SKM_OK;
}

static skm_err read_all(int fd, const char *path, struct skm_diags *diags,
                        struct content *out_content)
{
    out_content->bytes = skm_mem_alloc(FILE_BYTES_MAX);
    if (out_content->bytes == NULL) {
        return SKM_ERR(MEMORY);
    }
    while (out_content->len < FILE_BYTES_MAX) {
        ssize_t got =
            read(fd, out_content->bytes + out_content->len, FILE_BYTES_MAX - out_content->len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return COMPLAIN(diags, "cannot read `%s`: %s", path, strerror(errno));
        }
        if (got == 0) {
            return SKM_OK;
        }
        out_content->len += (size_t)got;
    }
    return COMPLAIN(diags, "`%s` is larger than %zu bytes", path, FILE_BYTES_MAX);
}

static skm_err read_file(const char *path, const char *what, bool is_private,
                         struct skm_diags *diags, struct content *out_content)
{
    SKM_CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        return COMPLAIN(diags, "cannot open the %s `%s`: %s", what, path, strerror(errno));
    }
    if (is_private) {
        SKM_TRY(check_private(fd, path, diags));
    }
    return read_all(fd, path, diags, out_content);
}

static BIO *bio_over(const struct content *content)
{
    return BIO_new_mem_buf(content->bytes, (int)content->len);
}

/* Keys here are not encrypted; being asked for a password says that one is. */
static int refuse_password(char *out, int size, int for_writing, void *ctx)
{
    bool *asked = ctx;
    (void)out;
    (void)size;
    (void)for_writing;
    *asked = true;
    return -1;
}

/* ---- certificate and key ---- */

static skm_err check_dates(struct skm_tls_context *context, const X509 *leaf, const char *path,
                           struct skm_diags *diags)
{
    struct tm tm = {0};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(leaf), &tm) != 1) {
        return COMPLAIN(diags, "certificate `%s` has no readable end of validity", path);
    }
    context->not_after_s = (int64_t)timegm(&tm);
    if (context->not_after_s < skm_clock_wall_ms(skm_clock_system()) / 1000) {
        char text[SKM_CLOCK_RFC3339_BYTES];
        skm_clock_rfc3339(context->not_after_s * 1000, text);
        (void)skm_diags_add(diags, SKM_SEVERITY_WARNING, NULL, NOWHERE,
                            "certificate `%s` ended at %s; peers will refuse it", path, text);
    }
    return SKM_OK;
}

static skm_err load_leaf(struct skm_tls_context *context, BIO *bio, const char *path,
                         struct skm_diags *diags)
{
    SKM_CLEANUP(x509_free_ptr) X509 *leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    if (leaf == NULL) {
        return COMPLAIN(diags, "`%s` holds no certificate in PEM form", path);
    }
    if (EVP_PKEY_get_security_bits(X509_get0_pubkey(leaf)) < SECURITY_BITS) {
        return COMPLAIN(
            diags,
            "the key of certificate `%s` is too weak: at least %d bits of security are needed "
            "(RSA 2048, P-256)",
            path, SECURITY_BITS);
    }
    if (SSL_CTX_use_certificate(context->ssl, leaf) != 1) {
        return COMPLAIN(diags, "certificate `%s` cannot be used: %s", path, library_reason());
    }
    return check_dates(context, leaf, path, diags);
}

static skm_err load_chain(struct skm_tls_context *context, BIO *bio, const char *path,
                          struct skm_diags *diags)
{
    for (size_t i = 0;; i++) {
        SKM_CLEANUP(x509_free_ptr) X509 *link = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        if (link == NULL) {
            bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
            ERR_clear_error();
            return is_end ? SKM_OK
                          : COMPLAIN(diags, "certificate %zu of `%s` is malformed", i + 2, path);
        }
        if (i == CHAIN_MAX) {
            return COMPLAIN(diags, "`%s` holds more than %d certificates", path, CHAIN_MAX);
        }
        if (SSL_CTX_add1_chain_cert(context->ssl, link) != 1) {
            return COMPLAIN(diags, "certificate %zu of `%s` cannot be used: %s", i + 2, path,
                            library_reason());
        }
    }
}

static skm_err load_certificate(struct skm_tls_context *context, const char *path,
                                struct skm_diags *diags)
{
    SKM_CLEANUP(content_fini) struct content content = {0};
    SKM_TRY(read_file(path, "certificate", false, diags, &content));
    SKM_CLEANUP(bio_free_ptr) BIO *bio = bio_over(&content);
    if (bio == NULL) {
        return SKM_ERR(MEMORY);
    }
    SKM_TRY(load_leaf(context, bio, path, diags));
    return load_chain(context, bio, path, diags);
}

static skm_err load_key(struct skm_tls_context *context, const struct skm_tls_options *options,
                        struct skm_diags *diags)
{
    SKM_CLEANUP(content_fini) struct content content = {0};
    const char *path = options->key_file;
    bool asked = false;
    SKM_TRY(read_file(path, "private key", true, diags, &content));
    SKM_CLEANUP(bio_free_ptr) BIO *bio = bio_over(&content);
    if (bio == NULL) {
        return SKM_ERR(MEMORY);
    }
    SKM_CLEANUP(pkey_free_ptr)
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, refuse_password, &asked);
    if (key == NULL) {
        return asked ? COMPLAIN(
                           diags,
                           "private key `%s` is encrypted; it must be readable without a password",
                           path)
                     : COMPLAIN(diags, "`%s` holds no private key in PEM form", path);
    }
    if (SSL_CTX_use_PrivateKey(context->ssl, key) != 1 ||
        SSL_CTX_check_private_key(context->ssl) != 1) {
        return COMPLAIN(diags, "private key `%s` does not belong to certificate `%s`", path,
                        options->certificate_file);
    }
    return SKM_OK;
}

static skm_err load_authorities(struct skm_tls_context *context,
                                const struct skm_tls_options *options, struct skm_diags *diags)
{
    const char *path = options->client_ca_file;
    if (path == NULL) {
        return options->require_client_certificate
                   ? COMPLAIN(
                         diags,
                         "client certificates are required, but no authority for them is named")
                   : SKM_OK;
    }
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path);
    if (names == NULL || SSL_CTX_load_verify_file(context->ssl, path) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return COMPLAIN(diags, "authorities for client certificates cannot be read from `%s`: %s",
                        path, library_reason());
    }
    SSL_CTX_set_client_CA_list(context->ssl, names);
    SSL_CTX_set_verify(
        context->ssl,
        SSL_VERIFY_PEER |
            (options->require_client_certificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
        NULL);
    return SKM_OK;
}

/* ---- what is offered ---- */

/* A peer that names protocols must name ours (RFC 7301 §3.2): otherwise it means to talk to somebody else. */
static int select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *offered, unsigned offered_len, void *ctx)
{
    const struct skm_tls_context *context = ctx;
    (void)ssl;
    for (unsigned at = 0; at < offered_len;) {
        unsigned len = offered[at++];
        if (len > offered_len - at) {
            break;
        }
        if (len == context->alpn_len && memcmp(offered + at, context->alpn, len) == 0) {
            *out = offered + at;
            *out_len = (unsigned char)len;
            return SSL_TLSEXT_ERR_OK;
        }
        at += len;
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static bool offer(struct skm_tls_context *context, const struct skm_tls_options *options)
{
    SSL_CTX *ssl = context->ssl;
    /* Writable, since the library's macros cast qualifiers away. */
    char groups[] = GROUPS;
    char signatures[] = SIGNATURES;
    SSL_CTX_set_options(ssl, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_RENEGOTIATION |
                                 SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
    SSL_CTX_clear_options(ssl, SSL_OP_IGNORE_UNEXPECTED_EOF);
    (void)SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_max_cert_list(ssl, PEER_CHAIN_MAX);
    SSL_CTX_set_security_level(ssl, 2);
    SSL_CTX_set_alpn_select_cb(ssl, select_protocol, context);
    return SSL_CTX_set_min_proto_version(ssl, options->only_tls13 ? TLS1_3_VERSION
                                                                  : TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_ciphersuites(ssl, TLS13_SUITES) == 1 &&
           SSL_CTX_set_cipher_list(ssl, TLS12_SUITES) == 1 &&
           SSL_CTX_set1_groups_list(ssl, groups) == 1 &&
           SSL_CTX_set1_sigalgs_list(ssl, signatures) == 1 &&
           SSL_CTX_set_num_tickets(ssl, 0) == 1 && SSL_CTX_set_max_early_data(ssl, 0) == 1;
}

/* ---- lifetime ---- */

static struct skm_tls_context *context_alloc(const struct skm_tls_options *options)
{
    const char *alpn = options->alpn == NULL ? "http/1.1" : options->alpn;
    struct skm_tls_context *context = skm_mem_alloc(sizeof *context);
    if (context == NULL) {
        return NULL;
    }
    atomic_init(&context->refs, 1);
    context->alpn_len = strnlen(alpn, ALPN_BYTES_MAX);
    memcpy(context->alpn, alpn, context->alpn_len);
    context->ssl = SSL_CTX_new(TLS_server_method());
    return context;
}

skm_err skm_tls_context_new(const struct skm_tls_options *options, struct skm_diags *diags,
                            struct skm_tls_context **out_context)
{
    if (options->certificate_file == NULL || options->key_file == NULL) {
        return COMPLAIN(diags, "TLS needs both a certificate and a private key");
    }
    SKM_CLEANUP(context_unref_ptr) struct skm_tls_context *context = context_alloc(options);
    if (context == NULL) {
        return SKM_ERR(MEMORY);
    }
    if (context->ssl == NULL || !offer(context, options)) {
        return COMPLAIN(diags, "the TLS library refuses its settings: %s", library_reason());
    }
    SKM_TRY(load_certificate(context, options->certificate_file, diags));
    SKM_TRY(load_key(context, options, diags));
    SKM_TRY(load_authorities(context, options, diags));
    *out_context = SKM_TAKE(context);
    return SKM_OK;
}

struct skm_tls_context *skm_tls_context_ref(struct skm_tls_context *context)
{
    (void)atomic_fetch_add_explicit(&context->refs, 1, memory_order_relaxed);
    return context;
}

void skm_tls_context_unref(struct skm_tls_context *context)
{
    if (context == NULL ||
        atomic_fetch_sub_explicit(&context->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    SSL_CTX_free(context->ssl);
    skm_mem_free(context);
}

int64_t skm_tls_context_not_after_s(const struct skm_tls_context *context)
{
    return context->not_after_s;
}

struct ssl_ctx_st *skm_tls_context_ssl(struct skm_tls_context *context)
{
    return context->ssl;
}
