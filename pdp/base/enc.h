/* Hex and base64url (RFC 4648 §5, no padding). Any thread. */
#pragma once

#include <sekimori/error.h>
#include <sekimori/types.h>

struct skm_buf;
struct skm_arena;

void skm_enc_hex(struct skm_buf *buf, skm_span bytes);
void skm_enc_base64url(struct skm_buf *buf, skm_span bytes);

/* SKM_E_SYNTAX on any character, length or stray bits outside the form; hex digits in either case. SKM_E_MEMORY. */
SKM_MUST skm_err skm_dec_hex(struct skm_arena *arena, skm_span text, skm_span *out_bytes);
SKM_MUST skm_err skm_dec_base64url(struct skm_arena *arena, skm_span text, skm_span *out_bytes);
