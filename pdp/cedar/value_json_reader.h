/* The parts of the value reader know each other through this; besides, the reader of JSON policies looks ahead with it.
 *
 * SAFETY: skm_value_reader_value() recurses, through sets, records and arguments of calls, as deep as the JSON nests; the
 * JSON reader bounds that (SKM_JSON_DEPTH_MAX). */
#pragma once

#include "cedar/value_json.h"

struct skm_value_reader {
    const struct skm_value_json *how;
    struct skm_json *json;
};

/* ---- refusing: each sets the JSON reader's error and yields it ---- */

SKM_MUST skm_err skm_value_reader_refuse(struct skm_value_reader *reader, skm_err err,
                                         size_t offset, const char *reason, skm_span name,
                                         const struct skm_type *expected);
SKM_MUST skm_err skm_value_reader_refuse_type(struct skm_value_reader *reader, size_t offset,
                                              const struct skm_type *expected);
SKM_MUST skm_err skm_value_reader_refuse_memory(struct skm_value_reader *reader);

/* Takes the error of an arena or container over, which can only be memory. */
SKM_MUST skm_err skm_value_reader_pass(struct skm_value_reader *reader, skm_err err);

/* ---- strings ---- */

/* A string of the JSON reader as one that lives as long as the value. */
SKM_MUST skm_err skm_value_reader_keep(struct skm_value_reader *reader, skm_span text,
                                       skm_span *out_text);
SKM_MUST skm_err skm_value_reader_string(struct skm_value_reader *reader, skm_span *out_text);

/* ---- looking ahead, without consuming or checking anything ---- */

/* The value that comes next, of a member, is that of the last member. A malformed text may yield either; the reader
 * refuses it afterwards. */
bool skm_value_reader_at_only_member(const struct skm_json *json);

/* The number that comes next has neither point nor exponent. */
bool skm_value_reader_at_integer(struct skm_json *json);

/* ---- parts ---- */

/* Any value; `expected` may be NULL. */
SKM_MUST skm_err skm_value_reader_value(struct skm_value_reader *reader,
                                        const struct skm_type *expected,
                                        struct skm_value *out_value);

/* The brace behind an escape's content. */
SKM_MUST skm_err skm_value_reader_close_escape(struct skm_value_reader *reader);

/* An entity with or without its escape. */
SKM_MUST skm_err skm_value_reader_uid(struct skm_value_reader *reader, struct skm_uid *out_uid);

/* Only the content of the escape. */
SKM_MUST skm_err skm_value_reader_uid_object(struct skm_value_reader *reader,
                                             struct skm_uid *out_uid);
SKM_MUST skm_err skm_value_reader_make_entity(struct skm_value_reader *reader,
                                              const struct skm_uid *uid,
                                              struct skm_value *out_value);

/* A call: the whole object, or what follows its brace when the first key is read already. Arguments of a directed call
 * are read as the function's parameters, so that their escapes may be left out. */
SKM_MUST skm_err skm_value_reader_call(struct skm_value_reader *reader, bool is_directed,
                                       struct skm_value *out_value);
SKM_MUST skm_err skm_value_reader_call_members(struct skm_value_reader *reader, size_t offset,
                                               bool more, skm_span key,
                                               struct skm_value *out_value);

/* A string, given to the constructor of the extension type. */
SKM_MUST skm_err skm_value_reader_construct(struct skm_value_reader *reader,
                                            enum skm_value_kind kind, struct skm_value *out_value);

/* Ids of enum types are listed, actions declared. True without a schema. */
bool skm_value_json_allows_uid(const struct skm_schema *schema, const struct skm_uid *uid);
