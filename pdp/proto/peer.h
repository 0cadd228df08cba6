/* Who is at the other end of a connection, as far as the transport knows. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SKM_PEER_ADDRESS_BYTES 48

struct skm_peer {
    bool is_unix;         /* came over a Unix socket */
    bool is_loopback;     /* from 127.0.0.0/8 or ::1 */
    bool is_tls;          /* set once the handshake is done */
    bool has_certificate; /* showed a client certificate that a configured authority vouches for */
    uint16_t port;
    uint32_t uid; /* Unix: credentials of the peer when it connected (SO_PEERCRED) */
    uint32_t gid;
    int32_t pid;
    char address[SKM_PEER_ADDRESS_BYTES]; /* text form, empty for Unix sockets */
    uint8_t certificate_sha256[32]; /* of the client certificate's DER form; zero without one */
};
