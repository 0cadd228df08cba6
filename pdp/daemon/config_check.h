/* What one option says about another, and about the file system. */
#pragma once

#include "daemon/config.h"

/* Relations between options. Messages point into `source`, which must outlive them. SKM_E_INVALID: `diags` has the errors. */
SKM_MUST skm_err skm_config_check(const struct skm_config *config, const struct skm_source *source,
                                  struct skm_diags *diags);

/* Files and folders the configuration names exist and have the right kind, secrets are not readable for others. SKM_E_INVALID. */
SKM_MUST skm_err skm_config_check_files(const struct skm_config *config,
                                        const struct skm_source *source, struct skm_diags *diags);
