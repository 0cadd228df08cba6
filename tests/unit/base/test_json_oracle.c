/* The JSON reader against jansson, over random texts and over every small change of them: both accept the same texts
 * and read the same values. Where jansson is known to differ from RFC 8259 the text is left out. */
#include "harness/test.h"

#include <jansson.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/span.h"
#include "base/utf8.h"
#include "harness/json_copy.h"
#include "harness/prng.h"

/* ---- random texts ---- */

static void add_space(struct skm_buf *buf, struct skm_prng *prng)
{
    static const char SPACES[] = " \t\r\n";
    while (skm_prng_once_in(prng, 5)) {
        skm_buf_append_char(buf, SPACES[skm_prng_below(prng, 4)]);
    }
}

static void add_scalar(struct skm_buf *buf, struct skm_prng *prng)
{
    static const uint32_t CEILINGS[] = {0x80, 0x800, 0x10000, 0x110000};
    uint32_t scalar = skm_prng_below(prng, CEILINGS[skm_prng_below(prng, 4)]);
    char bytes[4];
    size_t len = skm_utf8_encode(scalar, bytes);
    if (len == 0) {
        return;
    }
    if (scalar < 0x20 || scalar == '"' || scalar == '\\' || skm_prng_once_in(prng, 4)) {
        uint32_t rest = scalar - 0x10000;
        if (scalar < 0x10000) {
            skm_buf_printf(buf, "\\u%04x", (unsigned)scalar);
        } else {
            skm_buf_printf(buf, "\\u%04X\\u%04x", (unsigned)(0xd800 + (rest >> 10)),
                           (unsigned)(0xdc00 + (rest & 0x3ff)));
        }
    } else {
        skm_buf_append(buf, (skm_span){bytes, len});
    }
}

static void add_string(struct skm_buf *buf, struct skm_prng *prng)
{
    static const char *const ESCAPES[] = {"\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t"};
    skm_buf_append_char(buf, '"');
    for (uint32_t left = skm_prng_below(prng, 20); left > 0; left--) {
        uint32_t kind = skm_prng_below(prng, 10);
        if (kind == 0) {
            skm_buf_append_cstr(buf, ESCAPES[skm_prng_below(prng, 8)]);
        } else if (kind == 1) {
            add_scalar(buf, prng);
        } else {
            skm_buf_append_char(buf, (char)('a' + skm_prng_below(prng, 26)));
        }
    }
    skm_buf_append_char(buf, '"');
}

static void add_number(struct skm_buf *buf, struct skm_prng *prng)
{
    if (skm_prng_once_in(prng, 2)) {
        skm_buf_append_i64(buf, (int64_t)(skm_prng_next(prng) >> skm_prng_below(prng, 63)) - 1000);
        return;
    }
    skm_buf_printf(buf, "%s%u%s%s", skm_prng_once_in(prng, 2) ? "-" : "",
                   (unsigned)skm_prng_below(prng, 1000), skm_prng_once_in(prng, 2) ? ".250" : "",
                   skm_prng_once_in(prng, 2) ? "e+12" : "E-3");
}

/* Names are few, so that some objects have one twice; the first letter is sometimes written as an escape. */
static void add_name(struct skm_buf *buf, struct skm_prng *prng, uint32_t names)
{
    uint32_t name = skm_prng_below(prng, names);
    skm_buf_printf(buf, skm_prng_once_in(prng, 3) ? "\"\\u006e%u\"" : "\"n%u\"", (unsigned)name);
}

static void add_value(struct skm_buf *buf, struct skm_prng *prng, int depth)
{
    static const char *const LITERALS[] = {"null", "true", "false"};
    uint32_t kind = skm_prng_below(prng, depth > 0 ? 6 : 3);
    add_space(buf, prng);
    if (kind == 0) {
        skm_buf_append_cstr(buf, LITERALS[skm_prng_below(prng, 3)]);
    } else if (kind == 1) {
        add_number(buf, prng);
    } else if (kind == 2) {
        add_string(buf, prng);
    } else {
        bool object = kind != 3;
        uint32_t count = skm_prng_below(prng, skm_prng_once_in(prng, 6) ? 40 : 5);
        uint32_t names = count * count * 4 + 8;
        skm_buf_append_char(buf, object ? '{' : '[');
        add_space(buf, prng);
        for (uint32_t i = 0; i < count; i++) {
            if (object) {
                add_name(buf, prng, names);
                add_space(buf, prng);
                skm_buf_append_char(buf, ':');
            }
            add_value(buf, prng, depth - 1);
            if (i + 1 < count) {
                skm_buf_append_char(buf, ',');
                add_space(buf, prng);
            }
        }
        skm_buf_append_char(buf, object ? '}' : ']');
    }
    add_space(buf, prng);
}

/* ---- comparing ---- */

static bool same_value(struct skm_json *json, const json_t *other);

static bool same_object(struct skm_json *json, const json_t *other)
{
    size_t count = 0;
    bool more = false;
    skm_span key = {0};
    if (!skm_is_ok(skm_json_enter_object(json))) {
        return false;
    }
    while (skm_is_ok(skm_json_next_member(json, &more, &key)) && more) {
        const json_t *member = json_object_getn(other, key.ptr, key.len);
        if (member == NULL || !same_value(json, member)) {
            return false;
        }
        count++;
    }
    return skm_is_ok(json->err) && count == json_object_size(other);
}

static bool same_array(struct skm_json *json, const json_t *other)
{
    size_t count = 0;
    bool more = false;
    if (!skm_is_ok(skm_json_enter_array(json))) {
        return false;
    }
    while (skm_is_ok(skm_json_next_item(json, &more)) && more) {
        const json_t *item = json_array_get(other, count++);
        if (item == NULL || !same_value(json, item)) {
            return false;
        }
    }
    return skm_is_ok(json->err) && count == json_array_size(other);
}

static bool same_real(struct skm_json *json, double other)
{
    skm_span text = {0};
    char copy[128];
    if (!skm_is_ok(skm_json_read_number(json, &text)) || text.len >= sizeof copy) {
        return false;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    double mine = strtod(copy, NULL);
    return mine <= other && mine >= other;
}

static bool same_value(struct skm_json *json, const json_t *other)
{
    int64_t integer = 0;
    bool flag = false;
    skm_span text = {0};
    switch (json_typeof(other)) {
    case JSON_NULL:
        return skm_is_ok(skm_json_read_null(json));
    case JSON_TRUE:
        return skm_is_ok(skm_json_read_bool(json, &flag)) && flag;
    case JSON_FALSE:
        return skm_is_ok(skm_json_read_bool(json, &flag)) && !flag;
    case JSON_INTEGER:
        return skm_is_ok(skm_json_read_i64(json, &integer)) && integer == json_integer_value(other);
    case JSON_REAL:
        return same_real(json, json_real_value(other));
    case JSON_STRING:
        return skm_is_ok(skm_json_read_string(json, &text)) &&
               skm_span_equal(text,
                              (skm_span){json_string_value(other), json_string_length(other)});
    case JSON_ARRAY:
        return same_array(json, other);
    case JSON_OBJECT:
        return same_object(json, other);
    }
    return false;
}

/* jansson refuses numbers that fit no C type and member names with NUL; RFC 8259 allows both. */
static bool is_known_difference(const json_error_t *error)
{
    enum json_error_code code = json_error_code(error);
    return code == json_error_numeric_overflow || code == json_error_null_byte_in_key;
}

static skm_err skip_all(skm_span text, struct skm_arena *arena)
{
    struct skm_json json;
    SKM_TRY(skm_json_init(&json, text, arena, NULL));
    SKM_TRY(skm_json_skip(&json));
    return skm_json_finish(&json);
}

static void show(skm_span text, const char *what, const char *why)
{
    print_error("%s (%s): %.*s\n", what, why, (int)text.len, text.ptr);
}

/* Yields whether the text was accepted by both. */
static bool compare(skm_span text, struct skm_arena *arena)
{
    json_error_t error = {0};
    json_t *other = json_loadb(text.ptr, text.len,
                               JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    skm_arena_reset(arena);
    skm_err err = skip_all(text, arena);
    if (other == NULL) {
        if (skm_is_ok(err) && !is_known_difference(&error)) {
            show(text, "accepted, but jansson refuses", error.text);
            fail();
        }
        return false;
    }
    struct skm_json json;
    assert_ok(skm_json_init(&json, text, arena, NULL));
    if (!skm_is_ok(err) || !same_value(&json, other)) {
        show(text, "read otherwise than by jansson",
             json.err_reason == NULL ? "" : json.err_reason);
        fail();
    }
    assert_ok(skm_json_finish(&json));
    json_decref(other);
    return true;
}

static void test_random_texts_are_read_alike(void **state)
{
    (void)state;
    struct skm_prng prng = {11};
    struct skm_arena arena;
    SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
    skm_arena_init(&arena, 1 << 24);
    skm_buf_init(&buf, 1 << 22);
    int accepted = 0;
    for (int i = 0; i < 5000; i++) {
        skm_buf_reset(&buf);
        add_value(&buf, &prng, 4);
        assert_ok(skm_buf_check(&buf));
        accepted += compare(skm_buf_span(&buf), &arena);
    }
    /* Duplicate names make some texts refused; neither kind may be rare. */
    assert_in_range(accepted, 2500, 4950);
    skm_arena_fini(&arena);
}

static void test_changed_texts_are_judged_alike(void **state)
{
    (void)state;
    /* No NUL: jansson reads over some of them. */
    static const char BYTES[] = "\t\n \"\\/{}[]:,0129-+.eEutfna\x7f\x80\xc3\xa9\xed\xff";
    struct skm_prng prng = {12};
    struct skm_arena arena;
    SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
    skm_arena_init(&arena, 1 << 24);
    skm_buf_init(&buf, 1 << 22);
    int accepted = 0;
    for (int i = 0; i < 40000; i++) {
        skm_buf_reset(&buf);
        add_value(&buf, &prng, 2);
        size_t at = skm_prng_below(&prng, (uint32_t)buf.len);
        uint32_t kind = skm_prng_below(&prng, 3);
        if (kind == 0) {
            buf.ptr[at] = BYTES[skm_prng_below(&prng, sizeof BYTES - 1)];
        } else if (kind == 1) {
            memmove(buf.ptr + at, buf.ptr + at + 1, buf.len - at - 1);
            buf.len--;
        } else {
            buf.len = at;
        }
        accepted += compare(skm_buf_span(&buf), &arena);
    }
    assert_in_range(accepted, 4000, 36000);
    skm_arena_fini(&arena);
}

/* What the writer writes is read by jansson as what the reader read. */
static void test_written_texts_are_read_alike(void **state)
{
    (void)state;
    struct skm_prng prng = {13};
    struct skm_arena arena;
    SKM_CLEANUP(skm_buf_fini) struct skm_buf text;
    SKM_CLEANUP(skm_buf_fini) struct skm_buf copy;
    skm_arena_init(&arena, 1 << 24);
    skm_buf_init(&text, 1 << 22);
    skm_buf_init(&copy, 1 << 22);
    for (int i = 0; i < 3000; i++) {
        struct skm_json json;
        struct skm_json_writer writer;
        skm_buf_reset(&text);
        skm_buf_reset(&copy);
        skm_arena_reset(&arena);
        add_value(&text, &prng, 4);
        skm_json_writer_init(&writer, &copy);
        assert_ok(skm_json_init(&json, skm_buf_span(&text), &arena, NULL));
        if (!skm_is_ok(skm_json_copy(&json, &writer))) {
            continue;
        }
        assert_ok(skm_buf_check(&copy));
        json_t *original = json_loadb(text.ptr, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        json_t *written = json_loadb(copy.ptr, copy.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        assert_int_equal(original == NULL, written == NULL);
        assert_true(original == NULL || json_equal(original, written));
        json_decref(original);
        json_decref(written);
    }
    skm_arena_fini(&arena);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_random_texts_are_read_alike),
    cmocka_unit_test(test_changed_texts_are_judged_alike),
    cmocka_unit_test(test_written_texts_are_read_alike),
};

SKM_TEST_MAIN(tests)
