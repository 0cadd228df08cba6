/* The small pieces of the JSON form of schemas: members, names, lists, annotations, types. Part of schema_json.c.
 *
 * A fault of the JSON itself ends the reading: the reader's error sticks and comes back from every function. A fault of what it
 * says is reported, and reading goes on. */
#pragma once

#include "base/json.h"
#include "cedar/schema_decl.h"

struct skm_schema_json {
    struct skm_json json;
    struct skm_arena *arena;
    const struct skm_source *source;
    struct skm_diags *diags;
    unsigned depth; /* of the type being read */
};

/* From `start` to where the reader stands. */
struct skm_range skm_schema_json_since(const struct skm_schema_json *reader, size_t start);

struct skm_diag *skm_schema_json_complain(struct skm_schema_json *reader, struct skm_range range,
                                          const char *message);

/* As skm_json_next_member(), with the place of the name. */
SKM_MUST skm_err skm_schema_json_next(struct skm_schema_json *reader, bool *out_more,
                                      struct skm_decl_name *out_key);

bool skm_schema_json_is(const struct skm_decl_name *key, const char *word);

/* An unknown member: said, with the nearest known one, and read over. */
SKM_MUST skm_err skm_schema_json_refuse(struct skm_schema_json *reader,
                                        const struct skm_decl_name *key, const skm_span *known,
                                        size_t known_count);

/* An identifier; several with `::` between them. Reserved words are none, `__cedar` is left to the resolver. */
bool skm_schema_json_is_name(skm_span text);
bool skm_schema_json_is_path(skm_span text);

/* Reports a name that is not valid. */
void skm_schema_json_check_name(struct skm_schema_json *reader, const struct skm_decl_name *name,
                                bool (*is_valid)(skm_span));

SKM_MUST skm_err skm_schema_json_string(struct skm_schema_json *reader,
                                        struct skm_decl_name *out_text);
SKM_MUST skm_err skm_schema_json_path(struct skm_schema_json *reader,
                                      struct skm_decl_name *out_path);

/* An array, each item read by `read` (one of the two above). */
SKM_MUST skm_err skm_schema_json_list(struct skm_schema_json *reader,
                                      skm_err (*read)(struct skm_schema_json *,
                                                      struct skm_decl_name *),
                                      const struct skm_decl_name **out_names, size_t *out_count);

/* Where null means absent: takes it when it comes. */
SKM_MUST skm_err skm_schema_json_take_null(struct skm_schema_json *reader, bool *out_null);

/* {key: string or null} */
SKM_MUST skm_err skm_schema_json_annotations(struct skm_schema_json *reader,
                                             struct skm_decl_annotations *out_annotations);

/* A type object. */
SKM_MUST skm_err skm_schema_json_type(struct skm_schema_json *reader,
                                      const struct skm_decl_type **out_type);

/* A type object with annotations among its members. */
SKM_MUST skm_err skm_schema_json_common_type(struct skm_schema_json *reader,
                                             const struct skm_decl_type **out_type,
                                             struct skm_decl_annotations *out_annotations);
