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
 * numbers are truth values and numbers, everything else is text. An action is the id of an action, or a whole entity name.
 *
 * With a schema a rule is what a request can be: the resource's type is declared, labels are attributes it declares, of their types;
 * required attributes are labels or stored; actions are declared, those written apply to the resource, and at least one does. */
#pragma once

#include "base/diag.h"
#include "cedar/entity_view.h"
#include "cedar/schema.h"
#include "state/resource_map.h"

struct skm_config_resources_options {
    skm_span action_type;            /* of actions that are written as an id; e.g. `Action` */
    const struct skm_schema *schema; /* NULL: none */
    const struct skm_entity_view *entities; /* the stored ones; NULL: not known */
};

/* The result lives in `arena`; `source` must outlive it. SKM_E_INVALID: `diags` has every error; SKM_E_MEMORY. */
SKM_MUST skm_err skm_config_resources(struct skm_arena *arena, const struct skm_source *source,
                                      const struct skm_config_resources_options *options,
                                      struct skm_diags *diags,
                                      const struct skm_resource_map **out_map);
