/* What binds an enforcement point to its connection: user ids over Unix sockets, client certificates over TLS. */
#pragma once

#include "daemon/config.h"
#include "decide/pep.h"

/* Reads `uid` and `certificate_sha256` into the registration, in the configuration's arena. SKM_E_INVALID, with messages: `any`, something
 * that is no user id or no SHA-256. SKM_E_MEMORY. */
SKM_MUST skm_err skm_config_peps_bind(struct skm_config *config, const struct skm_config_pep *from,
                                      struct skm_diags *diags, struct skm_pep *pep);

/* Over all registrations. SKM_E_INVALID, with messages: a user id or certificate of two, or one that no listener could see, or one of the
 * anonymous enforcement point. */
SKM_MUST skm_err skm_config_peps_check_bound(const struct skm_config *config,
                                             const struct skm_pep *peps, struct skm_diags *diags);
