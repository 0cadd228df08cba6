/* The session side: a TLS connection whose network is two buffers. Setting up contexts is in tls_context.c. */
#include "server/tls.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/mem.h"
#include "base/span.h"
#include "server/tls_context.h"

/* One record's payload at most (RFC 8446 §5.1). */
#define RECORD_BYTES 16384

struct skm_tls_session {
    struct skm_tls_context *context; /* counted */
    SSL *ssl;
    skm_span in;         /* what the library has not taken yet; only within a call */
    struct skm_buf *out; /* where it writes; only within a call */
    bool established;
    bool failed; /* the library says that nothing more may be done after a fatal error */
};

/* ---- the library's view of the network ---- */

static int net_read(BIO *bio, char *out, int size)
{
    struct skm_tls_session *session = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (session->in.len == 0 || size <= 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t count = session->in.len < (size_t)size ? session->in.len : (size_t)size;
    memcpy(out, session->in.ptr, count);
    session->in = skm_span_from(session->in, count);
    return (int)count;
}

static int net_write(BIO *bio, const char *bytes, int size)
{
    struct skm_tls_session *session = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (session->out == NULL || size <= 0) {
        return -1;
    }
    skm_buf_append(session->out, skm_span_of(bytes, (size_t)size));
    return skm_is_ok(skm_buf_check(session->out)) ? size : -1;
}

static long net_ctrl(BIO *bio, int command, long number, void *ptr)
{
    (void)bio;
    (void)number;
    (void)ptr;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *net_method;

static void net_method_make(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sekimori");
    if (method == NULL) {
        return;
    }
    if (BIO_meth_set_read(method, net_read) == 1 && BIO_meth_set_write(method, net_write) == 1 &&
        BIO_meth_set_ctrl(method, net_ctrl) == 1) {
        net_method = method;
        return;
    }
    BIO_meth_free(method);
}

static BIO *net_new(struct skm_tls_session *session)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, net_method_make);
    BIO *bio = net_method == NULL ? NULL : BIO_new(net_method);
    if (bio != NULL) {
        BIO_set_data(bio, session);
        BIO_set_init(bio, 1);
    }
    return bio;
}

/* ---- sessions ---- */

skm_err skm_tls_session_new(struct skm_tls_context *context, struct skm_tls_session **out_session)
{
    struct skm_tls_session *session = skm_mem_alloc(sizeof *session);
    if (session == NULL) {
        return SKM_ERR(MEMORY);
    }
    session->context = skm_tls_context_ref(context);
    session->ssl = SSL_new(skm_tls_context_ssl(context));
    BIO *net = session->ssl == NULL ? NULL : net_new(session);
    if (net == NULL) {
        ERR_clear_error();
        skm_tls_session_free(session);
        return SKM_ERR(CRYPTO);
    }
    SSL_set_bio(session->ssl, net, net);
    SSL_set_accept_state(session->ssl);
    *out_session = session;
    return SKM_OK;
}

void skm_tls_session_free(struct skm_tls_session *session)
{
    if (session == NULL) {
        return;
    }
    SSL_free(session->ssl);
    skm_tls_context_unref(session->context);
    skm_mem_free(session);
}

/* OK: go on. SKM_E_AGAIN: the library wants more input. */
static skm_err outcome_of(struct skm_tls_session *session, int result)
{
    if (result > 0) {
        return SKM_OK;
    }
    int error = SSL_get_error(session->ssl, result);
    if (error == SSL_ERROR_WANT_READ) {
        return SKM_ERR(AGAIN);
    }
    if (error == SSL_ERROR_ZERO_RETURN) {
        return SKM_ERR(END);
    }
    session->failed = true;
    ERR_clear_error();
    return SKM_ERR(REFUSED);
}

static skm_err shake_hands(struct skm_tls_session *session)
{
    ERR_clear_error();
    SKM_TRY(outcome_of(session, SSL_do_handshake(session->ssl)));
    session->established = true;
    return SKM_OK;
}

/* Decrypts until the input is used up (SKM_E_AGAIN). */
static skm_err read_records(struct skm_tls_session *session, struct skm_buf *plain_out)
{
    for (;;) {
        size_t count = 0;
        char *room = skm_buf_reserve(plain_out, RECORD_BYTES);
        if (room == NULL) {
            return SKM_ERR(SIZE);
        }
        ERR_clear_error();
        SKM_TRY(outcome_of(session, SSL_read_ex(session->ssl, room, RECORD_BYTES, &count)));
        skm_buf_commit(plain_out, count);
    }
}

skm_err skm_tls_feed(struct skm_tls_session *session, skm_span network_in,
                     struct skm_buf *plain_out, struct skm_buf *network_out)
{
    if (session->failed) {
        return SKM_ERR(REFUSED);
    }
    session->in = network_in;
    session->out = network_out;
    skm_err err = session->established ? SKM_OK : shake_hands(session);
    if (skm_is_ok(err)) {
        err = read_records(session, plain_out);
    }
    session->in = (skm_span){NULL, 0};
    session->out = NULL;
    return skm_is_err(err, SKM_E_AGAIN) ? SKM_OK : err;
}

skm_err skm_tls_seal(struct skm_tls_session *session, skm_span plain, struct skm_buf *network_out)
{
    if (session->failed || !session->established) {
        return SKM_ERR(AGAIN);
    }
    if (plain.len == 0) {
        return SKM_OK;
    }
    size_t count = 0;
    session->out = network_out;
    ERR_clear_error();
    skm_err err = outcome_of(session, SSL_write_ex(session->ssl, plain.ptr, plain.len, &count));
    session->out = NULL;
    SKM_TRY(err);
    return count == plain.len ? SKM_OK : SKM_ERR(CRYPTO);
}

void skm_tls_close(struct skm_tls_session *session, struct skm_buf *network_out)
{
    if (session->failed || !session->established) {
        return;
    }
    session->out = network_out;
    (void)SSL_shutdown(session->ssl);
    ERR_clear_error();
    session->out = NULL;
}

bool skm_tls_is_established(const struct skm_tls_session *session)
{
    return session->established;
}

const char *skm_tls_version(const struct skm_tls_session *session)
{
    return SSL_get_version(session->ssl);
}

const char *skm_tls_cipher(const struct skm_tls_session *session)
{
    return SSL_get_cipher_name(session->ssl);
}

bool skm_tls_peer_certificate(const struct skm_tls_session *session, uint8_t out_sha256[32])
{
    X509 *certificate = SSL_get0_peer_certificate(session->ssl);
    unsigned len = 32;
    return certificate != NULL && SSL_get_verify_result(session->ssl) == X509_V_OK &&
           X509_digest(certificate, EVP_sha256(), out_sha256, &len) == 1;
}
