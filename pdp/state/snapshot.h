/* The snapshot: everything a decision reads, built by one load, immutable afterwards, published by one swap.
 *
 * It is the only way policies reach the server: the loader builds one from files, the server only ever sees
 * a finished one. Memory: one arena per snapshot. Threads: immutable, any thread; counted references. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "cedar/policy_set.h"
#include "cedar/schema.h"
#include "state/entities.h"

struct skm_candidates;
struct skm_resource_map;
struct skm_zones;

/* What a failing forbid policy means. */
enum skm_on_forbid_error {
    SKM_ON_FORBID_ERROR_DENY = 0, /* default: it denies */
    SKM_ON_FORBID_ERROR_SKIP,     /* standard Cedar: it counts as not satisfied */
};

#define SKM_SNAPSHOT_DIGEST_BYTES 32

struct skm_snapshot {
    struct skm_arena arena;
    uint32_t refs;     /* atomic */
    uint64_t revision; /* counts loads; set when published */
    uint8_t policy_digest
        [SKM_SNAPSHOT_DIGEST_BYTES]; /* SHA-256 over the policy files: names, lengths, bytes, in load order */
    struct skm_policy_set policies;
    struct skm_policy_set obligations;        /* evaluated after a permit; grant nothing */
    const struct skm_schema *schema;          /* NULL: none */
    struct skm_entities *entities;            /* closed */
    const struct skm_candidates *candidates;  /* NULL: a search finds nothing */
    const struct skm_resource_map *resources; /* NULL: none */
    const struct skm_zones *zones;            /* NULL: none */
    enum skm_on_forbid_error on_forbid_error;
    int64_t loaded_wall_ms;
};

/* An empty snapshot with one reference: no policies, so everything is denied. SKM_E_MEMORY. */
SKM_MUST skm_err skm_snapshot_new(size_t quota_bytes, struct skm_snapshot **out_snapshot);

struct skm_snapshot *skm_snapshot_ref(struct skm_snapshot *snapshot);

/* Frees with the last reference. NULL is accepted. */
void skm_snapshot_unref(struct skm_snapshot *snapshot);
