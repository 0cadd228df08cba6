/* JSON (RFC 8259) read strictly, by pulling, without a tree; and written.
 *
 * Reading. The whole text lies in memory; the reader walks over it. Strict means: UTF-8 throughout, no
 * unpaired surrogates, no duplicate member names after unescaping (I-JSON, RFC 7493 §2.3), also in what is skipped,
 * no comments, no trailing commas, depth and size bounded. The first error sticks: every later call
 * yields it again, `err_offset` and `err_reason` tell where and why.
 *
 *     SKM_TRY(skm_json_enter_object(&json));
 *     for (;;) {
 *         bool more = false;
 *         skm_span key = {0};
 *         SKM_TRY(skm_json_next_member(&json, &more, &key));
 *         if (!more) break;
 *         if (skm_span_equal(key, SKM_SPAN("id"))) { SKM_TRY(skm_json_read_string(&json, &id)); }
 *         else { SKM_TRY(skm_json_skip(&json)); }
 *     }
 *     SKM_TRY(skm_json_finish(&json));
 *
 * Strings without escapes are borrowed from the text; the others, unescaped, from the arena.
 * Threads: one thread at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

#include "base/arena.h"

struct skm_buf;

#define SKM_JSON_DEPTH_MAX 128

/* As deep as a reader can be told to go, by limits.depth, for formats whose depth follows an expression's. */
#define SKM_JSON_DEPTH_CEILING 16384

enum skm_json_type {
    SKM_JSON_NULL = 0,
    SKM_JSON_BOOL,
    SKM_JSON_NUMBER,
    SKM_JSON_STRING,
    SKM_JSON_ARRAY,
    SKM_JSON_OBJECT,
};

struct skm_json_limits {
    uint32_t depth;       /* nesting of arrays and objects, at most SKM_JSON_DEPTH_CEILING; 0: SKM_JSON_DEPTH_MAX */
    uint32_t members;     /* members of one object; 0: no other bound than the text */
};

struct skm_json_level; /* an open array or object: private to json.c */
struct skm_json_key;   /* a member name seen in an open object: private to json.c */

/* A reader on the stack; the fields are json.c's, err, err_offset and err_reason may be read by all. */
struct skm_json {
    skm_span text;
    size_t offset; /* next byte to read */
    struct skm_arena *arena;
    struct skm_json_limits limits;
    struct skm_json_level *levels; /* the open ones, outermost first; in the arena */
    uint32_t levels_cap;
    uint32_t depth;            /* how many are open */
    struct skm_json_key *keys; /* names seen in all open objects, a stack; in the arena */
    uint32_t keys_len;
    uint32_t keys_cap;
    uint32_t *slots; /* hash table over keys of large objects: index + 1, 0 is free; in the arena */
    uint32_t slots_cap;
    uint32_t slots_used;
    bool value_due;         /* a value must be read next */
    skm_err err;            /* first error */
    size_t err_offset;      /* where it is */
    const char *err_reason; /* what it is, lower case, no full stop; static storage; NULL without error */
};

/* `limits` NULL: the defaults. Nothing is taken from the arena yet. SKM_E_SIZE for a text of 4 GiB or more. */
SKM_MUST skm_err skm_json_init(struct skm_json *json, skm_span text, struct skm_arena *arena,
                               const struct skm_json_limits *limits);

/* A call out of turn (a value where none is due, next_item before the item was read, the wrong kind of container) is
 * a bug of the caller and yields SKM_E_INTERNAL: text is never accepted by accident. */

/* The type of the value that comes next; nothing is consumed. */
SKM_MUST skm_err skm_json_peek(struct skm_json *json, enum skm_json_type *out_type);

/* Offset of the first byte of the value that comes next (for messages). */
size_t skm_json_value_offset(struct skm_json *json);

/* Each reads one value. SKM_E_TYPE when another type comes. */
SKM_MUST skm_err skm_json_read_null(struct skm_json *json);
SKM_MUST skm_err skm_json_read_bool(struct skm_json *json, bool *out_value);
SKM_MUST skm_err skm_json_read_string(struct skm_json *json, skm_span *out_text);

/* An integer written without fraction or exponent. SKM_E_TYPE for `1.0` and `1e3`, SKM_E_RANGE outside i64. */
SKM_MUST skm_err skm_json_read_i64(struct skm_json *json, int64_t *out_value);

/* The text of a number as written. */
SKM_MUST skm_err skm_json_read_number(struct skm_json *json, skm_span *out_text);

SKM_MUST skm_err skm_json_enter_array(struct skm_json *json);
/* more == false: the array is closed. */
SKM_MUST skm_err skm_json_next_item(struct skm_json *json, bool *out_more);

SKM_MUST skm_err skm_json_enter_object(struct skm_json *json);
/* more == false: the object is closed. SKM_E_DUPLICATE. */
SKM_MUST skm_err skm_json_next_member(struct skm_json *json, bool *out_more, skm_span *out_key);

/* Reads over one value of any type, checking it as strictly. */
SKM_MUST skm_err skm_json_skip(struct skm_json *json);

/* As skip, and yields the bytes of the value as they stand in the text. */
SKM_MUST skm_err skm_json_read_raw(struct skm_json *json, skm_span *out_text);

/* Nothing but whitespace may follow. */
SKM_MUST skm_err skm_json_finish(struct skm_json *json);

/* For layers above that find a value unacceptable: sets the sticky error at `offset`. Yields it. */
SKM_MUST skm_err skm_json_fail(struct skm_json *json, skm_err err, size_t offset, const char *reason);

/* ---- writing ----
 * Plain appends; the writer sets commas and colons. At depth 0 nothing is put between values: who writes JSON lines
 * appends the newline. Too deep: the buffer's error becomes SKM_E_DEPTH; ends without begin: SKM_E_INTERNAL. */

struct skm_json_writer {
    struct skm_buf *buf; /* its sticky error is the writer's */
    uint64_t has_item;   /* bit per depth, from 1: a comma is due */
    uint32_t depth;      /* at most 63 */
    bool after_key;
};

void skm_json_writer_init(struct skm_json_writer *writer, struct skm_buf *buf);
void skm_json_write_object_begin(struct skm_json_writer *writer);
void skm_json_write_object_end(struct skm_json_writer *writer);
void skm_json_write_array_begin(struct skm_json_writer *writer);
void skm_json_write_array_end(struct skm_json_writer *writer);
void skm_json_write_key(struct skm_json_writer *writer, skm_span key);
void skm_json_write_string(struct skm_json_writer *writer, skm_span text);
void skm_json_write_i64(struct skm_json_writer *writer, int64_t number);
void skm_json_write_u64(struct skm_json_writer *writer, uint64_t number);
void skm_json_write_bool(struct skm_json_writer *writer, bool value);
void skm_json_write_null(struct skm_json_writer *writer);
/* Bytes that are JSON already. */
void skm_json_write_raw(struct skm_json_writer *writer, skm_span json);

/* `text` as a JSON string with quotes; control characters, quotes, backslash escaped; invalid UTF-8 becomes U+FFFD. */
void skm_json_append_string(struct skm_buf *buf, skm_span text);
