/* From files to a snapshot: policies, template links, obligations, schema, entities, resource map, zones.
 *
 * All of it is read and checked before anything is refused, so that a user sees every error of every file at once. The server
 * only ever gets a finished snapshot; nothing here knows of it, so that the loader can become a process of its own
 * that hands over a sealed image. Bounds: files and bytes by `limits`, memory by the snapshot's quota.
 *
 * Order, which the digest and the numbering of policies without @id follow: *.cedar by name, then *.links.json by name. */
#pragma once

#include "base/diag.h"
#include "daemon/config.h"
#include "state/snapshot.h"

struct skm_load_counts {
    size_t policies; /* static ones */
    size_t templates;
    size_t links;
    size_t obligations;
    size_t entities;
    size_t resources; /* rules of the resource map */
    size_t zones;     /* networks */
};

/* Fills an empty snapshot. `texts` holds what only the messages and the load itself need: it goes when the messages were printed, as
 * the snapshot does when the load failed. SKM_E_INVALID: `diags` has the errors; SKM_E_MEMORY: the quota was reached. */
SKM_MUST skm_err skm_load_snapshot(const struct skm_config *config, struct skm_arena *texts,
                                   struct skm_diags *diags, struct skm_snapshot *snapshot,
                                   struct skm_load_counts *out_counts);
