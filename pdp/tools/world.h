/* What a decision needs, put together step by step from texts: policies, links, schema, entities. One world serves any number
 * of requests; each of the steps may fail with messages, and then the world is good for skm_world_fini() only.
 *
 * Memory: one arena, bounded at birth; texts are borrowed and must outlive the world. Threads: one at a time. */
#pragma once

#include "cedar/authorize.h"
#include "cedar/policy_set.h"
#include "cedar/schema.h"
#include "engine/policyset.h"
#include "state/entities.h"

/* The step in which something went wrong; the words of `cedar batch`. */
enum skm_stage {
    SKM_STAGE_POLICIES = 0,
    SKM_STAGE_LINKS,
    SKM_STAGE_SCHEMA,
    SKM_STAGE_ENTITIES,
    SKM_STAGE_REQUEST,
};

const char *skm_stage_name(enum skm_stage stage);

enum skm_schema_form {
    SKM_SCHEMA_FORM_GUESS = 0, /* JSON when the text starts with `{` */
    SKM_SCHEMA_FORM_CEDAR,
    SKM_SCHEMA_FORM_JSON,
};

/* What decides; the words of `--engine`. */
enum skm_world_engine {
    SKM_WORLD_EVAL = 0, /* the reference evaluator */
    SKM_WORLD_VM,       /* the compiled engine */
};

/* For options of the kind choice: by enum skm_world_engine, then NULL. */
extern const char *const skm_world_engines[];

struct skm_world {
    struct skm_arena arena;
    struct skm_diags diags;
    struct skm_policy_set policies;
    const struct skm_schema *schema; /* NULL: none */
    struct skm_entities *entities;
    size_t policy_count;                     /* the next policy is policy<policy_count> */
    enum skm_world_engine engine;            /* set it before the first decision */
    const struct skm_compiled_set *compiled; /* made by the first decision of SKM_WORLD_VM */
};

SKM_MUST skm_err skm_world_init(struct skm_world *world, size_t quota_bytes, size_t diags_max);
void skm_world_fini(struct skm_world *world);

/* Policies are Cedar text or, beginning with `{`, a policy set in JSON, whose keys are the ids whatever `naming` says.
 * Each: SKM_E_INVALID with messages in `world->diags`, SKM_E_MEMORY, SKM_E_SIZE. The schema comes before entities. */
SKM_MUST skm_err skm_world_add_policies(struct skm_world *world, const struct skm_source *source,
                                        enum skm_policy_naming naming);
SKM_MUST skm_err skm_world_add_links(struct skm_world *world, const struct skm_source *source);
SKM_MUST skm_err skm_world_set_schema(struct skm_world *world, const struct skm_source *source,
                                      enum skm_schema_form form);
SKM_MUST skm_err skm_world_add_entities(struct skm_world *world, const struct skm_source *source);

/* After the last entities: ancestors, and the schema's actions. */
SKM_MUST skm_err skm_world_close(struct skm_world *world);

/* Decides; temporaries and the answer go to `arena`. Policies stay as they are from the first decision on. */
SKM_MUST skm_err skm_world_authorize(struct skm_world *world, struct skm_arena *arena,
                                     const struct skm_request *request,
                                     struct skm_authorization *out_authorization);
