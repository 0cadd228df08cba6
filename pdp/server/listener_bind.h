/* Addresses of listeners: reading, checking, binding. For listener.c and its tests. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sekimori/error.h>

#include "server/listener.h"

struct sockaddr_storage;

/* "unix:" and the longest path, or a bracketed IPv6 address with port. */
#define SKM_LISTENER_ADDRESS_BYTES 128

/* Text form of the numeric address (IPv4-mapped ones as IPv4) into `out_text`, and the port. */
void skm_listener_describe(const struct sockaddr_storage *address,
                           char out_text[SKM_PEER_ADDRESS_BYTES], uint16_t *out_port);

/* 127.0.0.0/8 (RFC 1122 §3.2.1.3), ::1 (RFC 4291 §2.5.3), and the former mapped into IPv6. */
bool skm_listener_is_loopback(const struct sockaddr_storage *address);

/* Looks where `fd` is really bound and checks the rule on clear text. SKM_E_INVALID. */
SKM_MUST skm_err skm_listener_check_bound(int fd, const struct skm_listener_options *options,
                                          struct skm_diags *diags,
                                          char out_address[SKM_LISTENER_ADDRESS_BYTES],
                                          bool *out_is_unix, uint16_t *out_port);

/* Takes what waits already, before the listener is freed by a graceful stop. */
void skm_listener_accept_rest(struct skm_listener *listener);
