/* zones.yaml: which networks belong to which zone and area.
 *
 *     zones:
 *       - zone: org-internal
 *         area: head-office            # optional
 *         networks: [10.1.0.0/16, 2001:db8:1::/48]
 *       - zone: external
 *         networks: [0.0.0.0/0, "::/0"]
 *
 * The longest network that covers an address decides (state/zones.h). */
#pragma once

#include "base/diag.h"
#include "state/zones.h"

/* The result lives in `arena`; `source` must outlive it. SKM_E_INVALID: `diags` has every error; SKM_E_MEMORY. */
SKM_MUST skm_err skm_config_zones(struct skm_arena *arena, const struct skm_source *source,
                                  struct skm_diags *diags, const struct skm_zones **out_zones);
