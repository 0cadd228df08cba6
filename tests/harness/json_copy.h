/* Reads one JSON value of any shape with the pull reader and writes it with the writer: for tests that compare what
 * comes out with what went in. */
#pragma once

#include <sekimori/error.h>

#include "base/json.h"

/* The deepest value the writer can hold. */
#define SKM_JSON_COPY_DEPTH 60u

static inline SKM_MUST skm_err skm_json_copy(struct skm_json *json, struct skm_json_writer *writer);

static inline SKM_MUST skm_err skm_json_copy_object(struct skm_json *json,
                                                    struct skm_json_writer *writer)
{
    SKM_TRY(skm_json_enter_object(json));
    skm_json_write_object_begin(writer);
    for (;;) {
        bool more = false;
        skm_span key = {0};
        SKM_TRY(skm_json_next_member(json, &more, &key));
        if (!more) {
            break;
        }
        skm_json_write_key(writer, key);
        SKM_TRY(skm_json_copy(json, writer));
    }
    skm_json_write_object_end(writer);
    return SKM_OK;
}

static inline SKM_MUST skm_err skm_json_copy_array(struct skm_json *json,
                                                   struct skm_json_writer *writer)
{
    SKM_TRY(skm_json_enter_array(json));
    skm_json_write_array_begin(writer);
    for (;;) {
        bool more = false;
        SKM_TRY(skm_json_next_item(json, &more));
        if (!more) {
            break;
        }
        SKM_TRY(skm_json_copy(json, writer));
    }
    skm_json_write_array_end(writer);
    return SKM_OK;
}

/* One value. Recursion is bounded by the reader's depth limit: at most SKM_JSON_DEPTH_MAX. */
static inline SKM_MUST skm_err skm_json_copy(struct skm_json *json, struct skm_json_writer *writer)
{
    enum skm_json_type type = SKM_JSON_NULL;
    skm_span text = {0};
    bool flag = false;
    SKM_TRY(skm_json_peek(json, &type));
    switch (type) {
    case SKM_JSON_NULL:
        SKM_TRY(skm_json_read_null(json));
        skm_json_write_null(writer);
        return SKM_OK;
    case SKM_JSON_BOOL:
        SKM_TRY(skm_json_read_bool(json, &flag));
        skm_json_write_bool(writer, flag);
        return SKM_OK;
    case SKM_JSON_NUMBER:
        SKM_TRY(skm_json_read_number(json, &text));
        skm_json_write_raw(writer, text);
        return SKM_OK;
    case SKM_JSON_STRING:
        SKM_TRY(skm_json_read_string(json, &text));
        skm_json_write_string(writer, text);
        return SKM_OK;
    case SKM_JSON_ARRAY:
        return skm_json_copy_array(json, writer);
    case SKM_JSON_OBJECT:
        return skm_json_copy_object(json, writer);
    }
    return SKM_ERR(INTERNAL);
}
