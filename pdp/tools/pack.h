/* A policy pack: everything a decision is made with, read from files as the daemon reads it.
 *
 * A pack folder has the layout of /etc/sekimori:
 *
 *     policies/         *.cedar, *.links.json
 *     obligations/      likewise; may be absent
 *     schema.cedarschema or schema.json; may be absent
 *     entities/         *.json, *.jsonl; may be absent
 *
 * A folder without `policies/` in it is the folder of policies itself. A sekimori.yaml names the places (policies, obligations, schema,
 * entities, on_forbid_error), relative to itself. What the command line names outranks what a folder has. */
#pragma once

#include "state/snapshot.h"
#include "tools/world_files.h"

struct skm_pack_files {
    struct skm_texts policies; /* files and folders */
    struct skm_texts obligations;
    struct skm_texts links;
    struct skm_texts entities;
    const char *schema;     /* NULL: none */
    unsigned schema_format; /* enum skm_schema_form */
    bool skip_forbid_errors;
};

/* Option rows, all but policies, for a struct `type` with a member `member` of the type above. */
#define SKM_PACK_OPTIONS(type, member)                                                             \
    {.name = "obligations",                                                                        \
     .kind = SKM_OPTION_TEXTS,                                                                     \
     .value = "FILE",                                                                              \
     .offset = offsetof(type, member.obligations),                                                 \
     .help = "obligation policies; a folder likewise"},                                            \
        {.name = "links",                                                                          \
         .kind = SKM_OPTION_TEXTS,                                                                 \
         .value = "FILE",                                                                          \
         .offset = offsetof(type, member.links),                                                   \
         .help = "template links (JSON)"},                                                         \
        {.name = "schema",                                                                         \
         .kind = SKM_OPTION_TEXT,                                                                  \
         .value = "FILE",                                                                          \
         .offset = offsetof(type, member.schema),                                                  \
         .help = "the schema"},                                                                    \
        {.name = "schema-format",                                                                  \
         .kind = SKM_OPTION_CHOICE,                                                                \
         .choices = skm_world_schema_formats,                                                      \
         .offset = offsetof(type, member.schema_format),                                           \
         .help = "its form (auto: by its first character)"},                                       \
        {.name = "entities",                                                                       \
         .kind = SKM_OPTION_TEXTS,                                                                 \
         .value = "FILE",                                                                          \
         .offset = offsetof(type, member.entities),                                                \
         .help = "entities; a folder means its *.json and *.jsonl"},                               \
    {                                                                                              \
        .name = "skip-forbid-errors", .kind = SKM_OPTION_FLAG,                                     \
        .offset = offsetof(type, member.skip_forbid_errors),                                       \
        .help = "a forbid that fails does not deny (standard Cedar)"                               \
    }

struct skm_pack {
    struct skm_world world; /* policies, schema, entities; the arena and the messages of all */
    struct skm_policy_set obligations;
    struct skm_snapshot snapshot; /* what skm_decide() takes; borrows from the others */
};

/* Fills in what is not given yet from a pack folder or a sekimori.yaml. SKM_E_INVALID: told in `diags`; SKM_E_NOT_FOUND,
 * SKM_E_IO: told on standard error; SKM_E_MEMORY. */
SKM_MUST skm_err skm_pack_find(struct skm_call *call, const char *path, struct skm_diags *diags,
                               struct skm_pack_files *files);

SKM_MUST skm_err skm_pack_init(struct skm_pack *pack);
void skm_pack_fini(struct skm_pack *pack);

/* Reads all of it and goes on after errors, to find the others. SKM_E_INVALID: `world.diags` has them; other errors as
 * world_files.h. */
SKM_MUST skm_err skm_pack_read(struct skm_pack *pack, struct skm_call *call,
                               const struct skm_pack_files *files);
