/* resources.yaml: which resource, with which labels, stands behind a host and a path.
 *
 *     resources:
 *       - host: www.example.org        # optional: any host
 *         path: /hr                    # optional: /
 *         resource: WebContent::"hr"
 *         labels: {regime: nins2025, confidentiality: 3, dynamic_ac: true}
 *         actions: {POST: edit, PROPFIND: Action::"view"}
 *
 * How rules are chosen: state/resource_map.h. Labels are what the attributes of an entity are in JSON, so
 * `{__entity: {type: Area, id: hq}}` and `{__extn: {fn: ip, arg: 10.0.0.1}}` have their meaning: plain `true`, `false` and whole
 * numbers are truth values and numbers, everything else is text. An action is the id of an action, or a whole entity name. */
#pragma once

#include "base/diag.h"
#include "state/resource_map.h"

/* The result lives in `arena`; `source` must outlive it. SKM_E_INVALID: `diags` has every error; SKM_E_MEMORY. */
SKM_MUST skm_err skm_config_resources(struct skm_arena *arena, const struct skm_source *source,
                                      skm_span action_type, struct skm_diags *diags,
                                      const struct skm_resource_map **out_map);
