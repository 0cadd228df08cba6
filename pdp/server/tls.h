/* TLS for the listeners: a context per certificate, a session per connection.
 *
 * TLS 1.3 and 1.2 only, with forward secrecy and authenticated encryption only: ECDHE with AES-GCM or AES-CCM, which are
 * on the list of ciphers recommended for Japanese government systems (CRYPTREC). No resumption: no ticket keys to lose, no replay (0-RTT), and a
 * client certificate is looked at on every connection.
 *
 * A session is a pure transformer: bytes from the network go in with skm_tls_feed(), bytes for the network come
 * out in a buffer. It never touches a descriptor, so the connection does one read and one write for a batch as
 * without TLS.
 *
 * Threads: contexts any thread (counted); a session one thread at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

#include "base/buf.h"
#include "base/diag.h"

struct skm_tls_context;
struct skm_tls_session;

struct skm_tls_options {
    const char *certificate_file; /* PEM: the server's certificate, then its chain */
    const char *key_file;         /* PEM, not encrypted, readable by its owner only */
    const char
        *client_ca_file; /* PEM authorities for client certificates; NULL: none are asked for */
    bool require_client_certificate;
    bool only_tls13;
    const char *alpn; /* the one protocol spoken here; NULL: `http/1.1` */
};

/* Reads and checks everything; nothing is read later. SKM_E_INVALID: `diags` says which file and why (absent, not PEM, expired is a
 * warning, encrypted key, key others can read, key that does not belong to the certificate, weak key). */
SKM_MUST skm_err skm_tls_context_new(const struct skm_tls_options *options, struct skm_diags *diags,
                                     struct skm_tls_context **out_context);
struct skm_tls_context *skm_tls_context_ref(struct skm_tls_context *context);
/* NULL is accepted. Keys are wiped when the last reference and session are gone. */
void skm_tls_context_unref(struct skm_tls_context *context);

/* Seconds since 1970 at which the server's certificate ends (for metrics). */
int64_t skm_tls_context_not_after_s(const struct skm_tls_context *context);

SKM_MUST skm_err skm_tls_session_new(struct skm_tls_context *context,
                                     struct skm_tls_session **out_session);
void skm_tls_session_free(struct skm_tls_session *session);

/* Takes all of `network_in`, appends what it decrypts to `plain_out` and what must be sent (handshake, alerts) to `network_out`.
 * SKM_E_END: the peer ended the session properly. SKM_E_REFUSED: handshake or record not acceptable; network_out holds the alert. */
SKM_MUST skm_err skm_tls_feed(struct skm_tls_session *session, skm_span network_in,
                              struct skm_buf *plain_out, struct skm_buf *network_out);

/* Encrypts. Only when the handshake is done (else SKM_E_AGAIN). */
SKM_MUST skm_err skm_tls_seal(struct skm_tls_session *session, skm_span plain,
                              struct skm_buf *network_out);

/* The closing alert. */
void skm_tls_close(struct skm_tls_session *session, struct skm_buf *network_out);

bool skm_tls_is_established(const struct skm_tls_session *session);

/* `TLSv1.3`, `TLS_AES_256_GCM_SHA384`: static storage. */
const char *skm_tls_version(const struct skm_tls_session *session);
const char *skm_tls_cipher(const struct skm_tls_session *session);

/* SHA-256 of the client certificate; false without one. */
bool skm_tls_peer_certificate(const struct skm_tls_session *session, uint8_t out_sha256[32]);
