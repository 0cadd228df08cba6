/* Types in Cedar schema syntax. Part of schema_parse.c; faults as in schema_read.h. */
#pragma once

#include "cedar/schema_read.h"

/* type := path | 'Set' '<' type '>' | record. Nesting is counted in reader->depth, at most SKM_DECL_DEPTH_MAX. */
SKM_MUST skm_err skm_schema_read_type(struct skm_schema_reader *reader,
                                      const struct skm_decl_type **out_type);

/* record := '{' [attr {',' attr} [',']] '}'   attr := annotations name ['?'] ':' type */
SKM_MUST skm_err skm_schema_read_record(struct skm_schema_reader *reader,
                                        const struct skm_decl_type **out_type);

/* A copy in the arena. */
SKM_MUST skm_err skm_schema_read_new_type(struct skm_schema_reader *reader,
                                          struct skm_decl_type type,
                                          const struct skm_decl_type **out_type);
