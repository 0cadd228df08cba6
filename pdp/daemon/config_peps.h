/* The enforcement points of the configuration as the registry the endpoints ask. */
#pragma once

#include "daemon/config.h"
#include "decide/pep.h"

/* Reads key files and builds the registry in the configuration's arena; it lives as long. Messages point into `config->source`.
 * SKM_E_INVALID: a key file cannot be read, holds no key, or two enforcement points have the same key. */
SKM_MUST skm_err skm_config_peps(struct skm_config *config, struct skm_diags *diags,
                                 const struct skm_pep_registry **out_registry);
