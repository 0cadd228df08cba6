/* What tls.c needs of a context besides tls.h. Only these two files see OpenSSL. */
#pragma once

struct ssl_ctx_st;
struct skm_tls_context;

struct ssl_ctx_st *skm_tls_context_ssl(struct skm_tls_context *context);
