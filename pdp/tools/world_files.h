/* A world put together from the files a command line names. What cannot be read is told on standard error and yields
 * SKM_E_NOT_FOUND, SKM_E_IO, SKM_E_SIZE; what is wrong in a file is in `world->diags`, SKM_E_INVALID. */
#pragma once

#include "tools/files.h"
#include "tools/world.h"

/* Choices of `--schema-format`, in the order of enum skm_schema_form. */
extern const char *const skm_world_schema_formats[];

/* A folder means its *.cedar files. Ids are the policies' `@id`, else policyN over all files. */
SKM_MUST skm_err skm_world_read_policies(struct skm_world *world, struct skm_call *call,
                                         const struct skm_texts *paths);
SKM_MUST skm_err skm_world_read_links(struct skm_world *world, struct skm_call *call,
                                      const struct skm_texts *paths);
/* NULL: no schema. */
SKM_MUST skm_err skm_world_read_schema(struct skm_world *world, struct skm_call *call,
                                       const char *path, enum skm_schema_form form);
/* And closes the world. */
SKM_MUST skm_err skm_world_read_entities(struct skm_world *world, struct skm_call *call,
                                         const struct skm_texts *paths);

/* The exit status of a step that failed; an internal failure is told. */
enum skm_exit skm_world_exit(struct skm_call *call, skm_err err);
