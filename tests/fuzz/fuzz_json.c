/* Any bytes through the JSON reader, three ways that must agree:
 *   - read over with skip,
 *   - read value by value and written; what was written is read again and written alike,
 *   - read member by member as raw text; each part must be JSON by itself.
 * Properties: no way accepts what another refuses; what is written is canonical (writing it again changes nothing); an
 * error always has a reason and a place inside the text. */
#include <stdint.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/span.h"
#include "harness/json_copy.h"

#define MOST_BYTES ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool condition)
{
    if (!condition) {
        abort();
    }
}

static const struct skm_json_limits LIMITS = {.depth = SKM_JSON_COPY_DEPTH};

static skm_err skip_all(skm_span text, struct skm_arena *arena, struct skm_json *out_json)
{
    SKM_TRY(skm_json_init(out_json, text, arena, &LIMITS));
    SKM_TRY(skm_json_skip(out_json));
    return skm_json_finish(out_json);
}

static skm_err copy_all(skm_span text, struct skm_arena *arena, struct skm_buf *out)
{
    struct skm_json json;
    struct skm_json_writer writer;
    skm_json_writer_init(&writer, out);
    SKM_TRY(skm_json_init(&json, text, arena, &LIMITS));
    SKM_TRY(skm_json_copy(&json, &writer));
    SKM_TRY(skm_json_finish(&json));
    return skm_buf_check(out);
}

/* Members one by one, each read over raw; raw parts must be JSON by themselves. */
static skm_err read_members(skm_span text, struct skm_arena *arena)
{
    struct skm_json json;
    enum skm_json_type type = SKM_JSON_NULL;
    SKM_TRY(skm_json_init(&json, text, arena, &LIMITS));
    SKM_TRY(skm_json_peek(&json, &type));
    if (type != SKM_JSON_OBJECT) {
        SKM_TRY(skm_json_skip(&json));
        return skm_json_finish(&json);
    }
    SKM_TRY(skm_json_enter_object(&json));
    for (;;) {
        bool more = false;
        skm_span key = {0};
        skm_span raw = {0};
        SKM_TRY(skm_json_next_member(&json, &more, &key));
        if (!more) {
            return skm_json_finish(&json);
        }
        struct skm_json part;
        SKM_TRY(skm_json_read_raw(&json, &raw));
        expect(raw.ptr >= text.ptr && raw.ptr + raw.len <= text.ptr + text.len);
        expect(skm_is_ok(skip_all(raw, arena, &part)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    skm_span text = {(const char *)data, size < MOST_BYTES ? size : MOST_BYTES};
    struct skm_arena arena;
    SKM_CLEANUP(skm_buf_fini) struct skm_buf once;
    SKM_CLEANUP(skm_buf_fini) struct skm_buf twice;
    /* Escapes lengthen what is written, at most six times. */
    skm_arena_init(&arena, 64 * MOST_BYTES);
    skm_buf_init(&once, 8 * MOST_BYTES);
    skm_buf_init(&twice, 8 * MOST_BYTES);

    struct skm_json json;
    skm_err skipped = skip_all(text, &arena, &json);
    skm_err copied = copy_all(text, &arena, &once);
    skm_err members = read_members(text, &arena);
    expect(skipped.code == copied.code && skipped.code == members.code);
    if (skm_is_ok(skipped)) {
        expect(json.err_reason == NULL && json.offset == text.len && json.depth == 0);
        expect(skm_is_ok(copy_all(skm_buf_span(&once), &arena, &twice)));
        expect(skm_span_equal(skm_buf_span(&once), skm_buf_span(&twice)));
    } else {
        expect(json.err_reason != NULL && json.err_offset <= text.len);
    }
    skm_arena_fini(&arena);
    return 0;
}
