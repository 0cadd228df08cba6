/* A snapshot from texts, and requests against it: for tests of everything above the entity store.
 *
 *     struct scene scene;
 *     scene_open(&scene, &(struct scene_texts){.policies = "permit(principal, action, resource);"});
 *     ...
 *     scene_close(&scene);
 *
 * Texts must be right: a fault in one is a fault of the test. Include harness/test.h first, or define SCENE_REQUIRE. */
#pragma once

#include <string.h>

#include "base/attr.h"
#include "base/span.h"
#include "cedar/parse.h"
#include "cedar/schema_parse.h"
#include "decide/decide.h"
#include "state/candidates.h"
#include "state/entities_json.h"
#include "state/snapshot.h"

#ifndef SCENE_REQUIRE
#define SCENE_REQUIRE(call) assert_ok(call)
#endif

struct scene_texts {
    const char *policies;    /* NULL: none */
    const char *obligations; /* NULL: none */
    const char *entities;    /* JSON array; NULL: none */
    const char *schema;      /* Cedar syntax; NULL: none */
};

struct scene {
    struct skm_snapshot *snapshot;
    struct skm_arena arena; /* for requests and results */
    struct skm_diags diags;
    struct skm_source sources[4];
};

static inline skm_err scene_load_policies_(struct scene *scene, struct skm_policy_set *set,
                                           const struct skm_source *source)
{
    struct skm_policy_list list = {0};
    SKM_TRY(skm_parse_policies(&scene->snapshot->arena, source, 0, &scene->diags, &list));
    return skm_policy_set_add(set, &list, SKM_POLICY_NAMING_ANNOTATION, &scene->diags);
}

static inline skm_err scene_load_(struct scene *scene, const struct scene_texts *texts)
{
    const char *const all[] = {texts->policies, texts->obligations, texts->entities, texts->schema};
    for (size_t i = 0; i < SKM_ARRAY_LEN(all); i++) {
        scene->sources[i] = (struct skm_source){.text = skm_span_cstr(all[i])};
    }
    struct skm_snapshot *snapshot = scene->snapshot;
    if (texts->schema != NULL) {
        SKM_TRY(skm_schema_parse(&snapshot->arena, &scene->sources[3], &scene->diags,
                                 &snapshot->schema));
    }
    SKM_TRY(skm_entities_new(&snapshot->arena, &snapshot->entities));
    if (texts->entities != NULL) {
        SKM_TRY(skm_entities_json_load(snapshot->entities, &scene->sources[2],
                                       SKM_ENTITIES_JSON_ARRAY, snapshot->schema, &scene->diags));
    }
    SKM_TRY(skm_entities_finish(snapshot->entities, snapshot->schema, &scene->diags));
    if (texts->policies != NULL) {
        SKM_TRY(scene_load_policies_(scene, &snapshot->policies, &scene->sources[0]));
    }
    const struct skm_candidates_from from = {.entities = snapshot->entities,
                                             .schema = snapshot->schema,
                                             .policies = &snapshot->policies};
    SKM_TRY(skm_candidates_new(&snapshot->arena, &from, &snapshot->candidates));
    return texts->obligations == NULL
               ? SKM_OK
               : scene_load_policies_(scene, &snapshot->obligations, &scene->sources[1]);
}

static inline void scene_open(struct scene *scene, const struct scene_texts *texts)
{
    *scene = (struct scene){.snapshot = NULL};
    skm_arena_init(&scene->arena, 64u << 20);
    skm_diags_init(&scene->diags, &scene->arena, 20);
    SCENE_REQUIRE(skm_snapshot_new(64u << 20, &scene->snapshot));
    SCENE_REQUIRE(scene_load_(scene, texts));
}

static inline void scene_close(struct scene *scene)
{
    skm_snapshot_unref(scene->snapshot);
    skm_arena_fini(&scene->arena);
}

static inline struct skm_uid scene_uid(const char *type, const char *id)
{
    return (struct skm_uid){skm_span_cstr(type), skm_span_cstr(id)};
}

/* `User::"alice"` does `Action::"<action>"` on `Doc::"d"`, with an empty context. */
static inline struct skm_decide_request scene_request(const char *action)
{
    static const struct skm_value_record nothing = {NULL, 0};
    return (struct skm_decide_request){
        .cedar = {.principal = scene_uid("User", "alice"),
                  .action = scene_uid("Action", action),
                  .resource = scene_uid("Doc", "d"),
                  .context = {.kind = SKM_VALUE_RECORD, .as.record = &nothing}}};
}
