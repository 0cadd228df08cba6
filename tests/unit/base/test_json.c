/* The JSON reader: what it accepts, what it refuses and where it says the fault is. test_json_oracle.c compares it with
 * another reader over random texts. */
#include "harness/test.h"

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/span.h"
#include "harness/json_copy.h"

/* Reads the whole text by skipping, and again value by value; both ways must agree. */
static skm_err read_all(skm_span text, struct skm_arena *arena, struct skm_json *out_json)
{
    struct skm_json skipping;
    skm_err skipped = skm_json_init(&skipping, text, arena, NULL);
    skipped = skm_is_ok(skipped) ? skm_json_skip(&skipping) : skipped;
    skipped = skm_is_ok(skipped) ? skm_json_finish(&skipping) : skipped;

    SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
    skm_buf_init(&buf, 1 << 22);
    struct skm_json_writer writer;
    skm_json_writer_init(&writer, &buf);
    skm_err copied = skm_json_init(out_json, text, arena, NULL);
    copied = skm_is_ok(copied) ? skm_json_copy(out_json, &writer) : copied;
    copied = skm_is_ok(copied) ? skm_json_finish(out_json) : copied;

    assert_int_equal(skipped.code, copied.code);
    assert_int_equal(skipping.err_offset, out_json->err_offset);
    return copied;
}

static skm_err verdict(skm_span text)
{
    struct skm_arena arena;
    struct skm_json json;
    skm_arena_init(&arena, 1 << 22);
    skm_err err = read_all(text, &arena, &json);
    skm_arena_fini(&arena);
    return err;
}

/* RFC 8259 §2 to §7. */
static void test_valid_texts_are_accepted(void **state)
{
    (void)state;
    static const skm_span TEXTS[] = {
        SKM_SPAN_INIT("null"),
        SKM_SPAN_INIT("true"),
        SKM_SPAN_INIT("false"),
        SKM_SPAN_INIT(" \t\r\n null \t\r\n "),
        SKM_SPAN_INIT("0"),
        SKM_SPAN_INIT("-0"),
        SKM_SPAN_INIT("10"),
        SKM_SPAN_INIT("-12.50"),
        SKM_SPAN_INIT("0.0"),
        SKM_SPAN_INIT("1e0"),
        SKM_SPAN_INIT("1E+07"),
        SKM_SPAN_INIT("0e-0"),
        SKM_SPAN_INIT("123456789012345678901234567890"),
        SKM_SPAN_INIT("1e999999"),
        SKM_SPAN_INIT("\"\""),
        SKM_SPAN_INIT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
        SKM_SPAN_INIT("\"\\u0000\\u001F\\uabCD\""),
        SKM_SPAN_INIT("\"\\ud83d\\udd11\""),
        SKM_SPAN_INIT("\"\\uDBFF\\uDFFF\""),
        SKM_SPAN_INIT("\"\xe9\x96\xa2\xe5\xae\x88 \xf0\x9f\x94\x91\""),
        SKM_SPAN_INIT("\"\x7f\xc2\x80\xef\xbf\xbf\""),
        SKM_SPAN_INIT("[]"),
        SKM_SPAN_INIT("[ ]"),
        SKM_SPAN_INIT("[1,2 , 3]"),
        SKM_SPAN_INIT("[[],[[]],{}]"),
        SKM_SPAN_INIT("{}"),
        SKM_SPAN_INIT("{ }"),
        SKM_SPAN_INIT("{\"\":0}"),
        SKM_SPAN_INIT("{\"a\":1,\"b\" : {\"a\":2} , \"c\":[{\"a\":3},{\"a\":4}]}"),
        SKM_SPAN_INIT("{\"a\":1,\"A\":1,\"\\u00e4\":1,\"\xc3\xb6\":1}"),
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(TEXTS); i++) {
        skm_err err = verdict(TEXTS[i]);
        if (!skm_is_ok(err)) {
            print_error("refused: %.*s\n", (int)TEXTS[i].len, TEXTS[i].ptr);
        }
        assert_ok(err);
    }
}

struct refusal {
    skm_span text;
    enum skm_err_code code;
    size_t offset; /* of the fault */
};

#define REFUSE(text, code, offset)                                                                 \
    {                                                                                              \
        SKM_SPAN_INIT(text), SKM_E_##code, offset                                                  \
    }

static void check_refusals(const struct refusal *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct skm_arena arena;
        struct skm_json json;
        skm_arena_init(&arena, 1 << 20);
        skm_err err = read_all(cases[i].text, &arena, &json);
        if (err.code != (uint32_t)cases[i].code || json.err_offset != cases[i].offset) {
            print_error("%.*s: error %u at %zu: %s\n", (int)cases[i].text.len, cases[i].text.ptr,
                        err.code, json.err_offset, json.err_reason == NULL ? "" : json.err_reason);
        }
        assert_int_equal(err.code, cases[i].code);
        assert_int_equal(json.err_offset, cases[i].offset);
        assert_non_null(json.err_reason);
        skm_arena_fini(&arena);
    }
}

static void test_malformed_structure_is_refused_where_it_breaks(void **state)
{
    (void)state;
    static const struct refusal CASES[] = {
        REFUSE("", SYNTAX, 0),
        REFUSE("  ", SYNTAX, 2),
        REFUSE("\xef\xbb\xbfnull", SYNTAX, 0), /* RFC 8259 §8.1: no byte order mark */
        REFUSE("null null", SYNTAX, 5),
        REFUSE("{} }", SYNTAX, 3),
        REFUSE("]", SYNTAX, 0),
        REFUSE("[", SYNTAX, 1),
        REFUSE("[1", SYNTAX, 2),
        REFUSE("[1,", SYNTAX, 3),
        REFUSE("[1,]", SYNTAX, 3),
        REFUSE("[,1]", SYNTAX, 1),
        REFUSE("[1 2]", SYNTAX, 3),
        REFUSE("[1,,2]", SYNTAX, 3),
        REFUSE("[1}", SYNTAX, 2),
        REFUSE("{", SYNTAX, 1),
        REFUSE("{1:2}", SYNTAX, 1),
        REFUSE("{a:2}", SYNTAX, 1),
        REFUSE("{\"a\"}", SYNTAX, 4),
        REFUSE("{\"a\" 1}", SYNTAX, 5),
        REFUSE("{\"a\":}", SYNTAX, 5),
        REFUSE("{\"a\":1,}", SYNTAX, 7),
        REFUSE("{,}", SYNTAX, 1),
        REFUSE("{\"a\":1 \"b\":2}", SYNTAX, 7),
        REFUSE("{\"a\":1]", SYNTAX, 6),
        REFUSE("{\"a\"=1}", SYNTAX, 4),
        REFUSE("{'a':1}", SYNTAX, 1),
        REFUSE("[1]/**/", SYNTAX, 3),
        REFUSE("// x\n1", SYNTAX, 0),
        REFUSE("\f1", SYNTAX, 0),
        REFUSE("\xc2\xa0"
               "1",
               SYNTAX, 0),
        REFUSE("1\0", SYNTAX, 1),
        REFUSE("[1\0]", SYNTAX, 2),
    };
    check_refusals(CASES, SKM_ARRAY_LEN(CASES));
}

static void test_malformed_scalars_are_refused(void **state)
{
    (void)state;
    static const struct refusal CASES[] = {
        REFUSE("nul", SYNTAX, 0),   REFUSE("nulL", SYNTAX, 0),     REFUSE("nullx", SYNTAX, 0),
        REFUSE("True", SYNTAX, 0),  REFUSE("tru", SYNTAX, 0),      REFUSE("falsey", SYNTAX, 0),
        REFUSE("NaN", SYNTAX, 0),   REFUSE("Infinity", SYNTAX, 0), REFUSE("-Infinity", SYNTAX, 1),
        REFUSE("-", SYNTAX, 1),     REFUSE("+1", SYNTAX, 0),       REFUSE("01", SYNTAX, 1),
        REFUSE("-01", SYNTAX, 2),   REFUSE("00", SYNTAX, 1),       REFUSE("1.", SYNTAX, 2),
        REFUSE(".5", SYNTAX, 0),    REFUSE("1.e1", SYNTAX, 2),     REFUSE("1e", SYNTAX, 2),
        REFUSE("1e+", SYNTAX, 3),   REFUSE("1e1.5", SYNTAX, 3),    REFUSE("0x10", SYNTAX, 1),
        REFUSE("1.2.3", SYNTAX, 3), REFUSE("1-2", SYNTAX, 1),      REFUSE("--1", SYNTAX, 1),
        REFUSE("1_000", SYNTAX, 1), REFUSE("[1\"a\"]", SYNTAX, 2),
    };
    check_refusals(CASES, SKM_ARRAY_LEN(CASES));
}

static void test_malformed_strings_are_refused(void **state)
{
    (void)state;
    static const struct refusal CASES[] = {
        REFUSE("\"", SYNTAX, 1),
        REFUSE("\"abc", SYNTAX, 4),
        REFUSE("\"abcdefgh", SYNTAX, 9),
        REFUSE("\"\\", SYNTAX, 1),
        REFUSE("\"\\\"", SYNTAX, 3),
        REFUSE("\"\\x41\"", SYNTAX, 1),
        REFUSE("\"\\0\"", SYNTAX, 1),
        REFUSE("\"\\\0\"", SYNTAX, 1),
        REFUSE("\"\\U0041\"", SYNTAX, 1),
        REFUSE("\"\\u\"", SYNTAX, 1),
        REFUSE("\"\\u004\"", SYNTAX, 1),
        REFUSE("\"\\u00g0\"", SYNTAX, 1),
        REFUSE("\"\\u00", SYNTAX, 1),
        REFUSE("\"a\nb\"", SYNTAX, 2),
        REFUSE("\"a\tb\"", SYNTAX, 2),
        REFUSE("\"\0\"", SYNTAX, 1),
        REFUSE("\"12345678\x1f\"", SYNTAX, 9),
        REFUSE("\"1234\x1f"
               "56789abcdef\"",
               SYNTAX, 5),
        /* RFC 8259 §8.2: surrogates come in pairs */
        REFUSE("\"\\ud800\"", ENCODING, 1),
        REFUSE("\"\\udc00\"", ENCODING, 1),
        REFUSE("\"\\ud800x\"", ENCODING, 1),
        REFUSE("\"\\ud800\\n\"", ENCODING, 1),
        REFUSE("\"\\ud800\\u0041\"", ENCODING, 1),
        REFUSE("\"\\ud800\\ud800\"", ENCODING, 1),
        REFUSE("\"\\udc00\\ud800\"", ENCODING, 1),
        REFUSE("\"\\ud800\\udc0\"", ENCODING, 1),
        /* RFC 8259 §8.1: UTF-8 */
        REFUSE("\"\x80\"", ENCODING, 1),
        REFUSE("\"12345678\xff\"", ENCODING, 9),
        REFUSE("\"\xc3\"", ENCODING, 1),
        REFUSE("\"\xc0\xaf\"", ENCODING, 1),
        REFUSE("\"\xe0\x80\xaf\"", ENCODING, 1),
        REFUSE("\"\xed\xa0\x80\"", ENCODING, 1),
        REFUSE("\"\xf4\x90\x80\x80\"", ENCODING, 1),
        REFUSE("{\"\xff\":1}", ENCODING, 2),
        REFUSE("{\"a\":\"\xc3\xa9\xc3\"}", ENCODING, 8),
    };
    check_refusals(CASES, SKM_ARRAY_LEN(CASES));
}

/* RFC 7493 §2.3: no two members of an object have the same name, after escapes are processed. */
static void test_a_name_occurs_once_in_an_object(void **state)
{
    (void)state;
    static const struct refusal CASES[] = {
        REFUSE("{\"a\":1,\"a\":2}", DUPLICATE, 7),
        REFUSE("{\"a\":1,\"\\u0061\":2}", DUPLICATE, 7),
        REFUSE("{\"\\u0061\":1,\"a\":2}", DUPLICATE, 12),
        REFUSE("{\"\":1,\"\":2}", DUPLICATE, 6),
        REFUSE("{\"a/b\":1,\"a\\/b\":2}", DUPLICATE, 9),
        REFUSE("{\"\\ud83d\\udd11\":1,\"\xf0\x9f\x94\x91\":2}", DUPLICATE, 18),
        REFUSE("{\"a\":{\"b\":1},\"b\":2,\"a\":3}", DUPLICATE, 19),
        REFUSE("{\"x\":[{\"a\":1,\"b\":2,\"a\":3}]}", DUPLICATE, 19),
        REFUSE("[{\"a\":1},{\"a\":1,\"a\":2}]", DUPLICATE, 16),
    };
    check_refusals(CASES, SKM_ARRAY_LEN(CASES));
    assert_ok(verdict(SKM_SPAN("{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":1}}")));
    assert_ok(verdict(SKM_SPAN("{\"a\\u0000\":1,\"a\":2,\"a\\u0000b\":3}")));
}

/* An object of `count` members, name `k<i>`, each holding `inner`; then one more member named `last`. */
static void write_object(struct skm_buf *buf, int count, const char *inner, const char *last)
{
    skm_buf_append_char(buf, '{');
    for (int i = 0; i < count; i++) {
        skm_buf_printf(buf, "\"k%d\":%s,", i, inner);
    }
    skm_buf_printf(buf, "\"%s\":0}", last);
}

/* The reader tells most names apart by a few bits: here they agree. */
static void test_names_with_the_same_bits_are_kept_apart(void **state)
{
    (void)state;
    static const char *const accepted[] = {"{\"a\":1,\"A\":2}", "{\"a\":1,\"A\":{\"a\":2}}",
                                           "{\"\":1,\"aba\":2,\"aca\":3}"};
    static const char *const refused[] = {
        "{\"a\":1,\"A\":2,\"a\":3}", "{\"a\":1,\"A\":2,\"A\":3}", "{\"\":1,\"a\":2,\"\":3}",
        "{\"aba\":1,\"aca\":2,\"a\\u0062a\":3}", "{\"a\":{\"A\":1},\"A\":2,\"a\":3}"};
    for (size_t i = 0; i < SKM_ARRAY_LEN(accepted); i++) {
        assert_ok(verdict(skm_span_cstr(accepted[i])));
    }
    for (size_t i = 0; i < SKM_ARRAY_LEN(refused); i++) {
        assert_err(verdict(skm_span_cstr(refused[i])), DUPLICATE);
    }
}

static void test_duplicates_are_seen_at_every_size_of_object(void **state)
{
    (void)state;
    for (int count = 1; count < 200; count = count < 40 ? count + 1 : count + 37) {
        for (int repeated = 0; repeated < count; repeated += count < 40 ? 1 : 7) {
            SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
            char name[16];
            (void)snprintf(name, sizeof name, "k%d", repeated);
            skm_buf_init(&buf, 1 << 20);
            write_object(&buf, count, "1", name);
            assert_err(verdict(skm_buf_span(&buf)), DUPLICATE);
            skm_buf_reset(&buf);
            write_object(&buf, count, "1", "new");
            assert_ok(verdict(skm_buf_span(&buf)));
        }
    }
}

/* Inner objects with the same names come and go while the outer one is open; its names must still be known. */
static void test_names_of_an_outer_object_outlive_inner_ones(void **state)
{
    (void)state;
    for (int inner_count = 14; inner_count < 60; inner_count += 15) {
        SKM_CLEANUP(skm_buf_fini) struct skm_buf inner;
        skm_buf_init(&inner, 1 << 20);
        write_object(&inner, inner_count, "[]", "z");
        skm_buf_append_char(&inner, '\0');
        for (int outer_count = 14; outer_count < 60; outer_count += 15) {
            for (int repeated = -1; repeated < outer_count; repeated++) {
                SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
                char name[16];
                (void)snprintf(name, sizeof name, "k%d", repeated);
                skm_buf_init(&buf, 1 << 20);
                write_object(&buf, outer_count, inner.ptr, name);
                skm_err err = verdict(skm_buf_span(&buf));
                assert_int_equal(err.code, repeated < 0 ? SKM_E_OK : SKM_E_DUPLICATE);
            }
        }
    }
}

/* Objects within each other fill the table together, so that it grows at every point of the innermost one. */
static void test_names_of_an_inner_object_survive_growth(void **state)
{
    (void)state;
    for (int outer_count = 15; outer_count < 70; outer_count++) {
        for (int inner_count = 15; inner_count < 40; inner_count++) {
            for (int repeated = -1; repeated < inner_count; repeated += 4) {
                SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
                char name[16];
                (void)snprintf(name, sizeof name, "k%d", repeated);
                skm_buf_init(&buf, 1 << 20);
                write_object(&buf, outer_count, "1", "last");
                buf.len -= strlen("0}"); /* the last member is the inner object */
                write_object(&buf, inner_count, "1", name);
                skm_buf_append_char(&buf, '}');
                skm_err err = verdict(skm_buf_span(&buf));
                assert_int_equal(err.code, repeated < 0 ? SKM_E_OK : SKM_E_DUPLICATE);
            }
        }
    }
}

/* 200 000 names: walking through them for each one would take minutes. */
static void test_a_large_object_takes_linear_time(void **state)
{
    (void)state;
    SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
    struct skm_arena arena;
    struct skm_json json;
    skm_buf_init(&buf, 1 << 23);
    skm_arena_init(&arena, 1 << 26);
    write_object(&buf, 200000, "1", "k199999");
    assert_ok(skm_buf_check(&buf));
    assert_ok(skm_json_init(&json, skm_buf_span(&buf), &arena, NULL));
    assert_err(skm_json_skip(&json), DUPLICATE);
    skm_arena_fini(&arena);
}

/* An array of objects, each large enough to be hashed, needs no more memory than one of them. */
static void test_memory_follows_what_is_open_not_what_was_read(void **state)
{
    (void)state;
    SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
    struct skm_arena arena;
    struct skm_json json;
    skm_buf_init(&buf, 1 << 24);
    skm_arena_init(&arena, 1 << 14);
    skm_buf_append_char(&buf, '[');
    for (int i = 0; i < 5000; i++) {
        write_object(&buf, 40, "1", "last");
        skm_buf_append_char(&buf, i == 4999 ? ']' : ',');
    }
    assert_ok(skm_buf_check(&buf));
    assert_ok(skm_json_init(&json, skm_buf_span(&buf), &arena, NULL));
    assert_ok(skm_json_skip(&json));
    assert_ok(skm_json_finish(&json));
    skm_arena_fini(&arena);
}

static void test_values_mean_what_they_say(void **state)
{
    (void)state;
    struct skm_arena arena;
    struct skm_json json;
    skm_arena_init(&arena, 1 << 20);
    skm_span text =
        SKM_SPAN("[null,true,false,\"a\\u0000\\n\\u00e9\\ud83d\\udd11\",\"plain\",1.50e3,-7,"
                 " {\"b\" : [ 1 ] } ]");
    bool more = false;
    bool flag = false;
    int64_t number = 0;
    skm_span span = {0};
    assert_ok(skm_json_init(&json, text, &arena, NULL));
    assert_ok(skm_json_enter_array(&json));
    assert_ok(skm_json_next_item(&json, &more));
    assert_true(more);
    assert_ok(skm_json_read_null(&json));
    assert_ok(skm_json_next_item(&json, &more));
    assert_ok(skm_json_read_bool(&json, &flag));
    assert_true(flag);
    assert_ok(skm_json_next_item(&json, &more));
    assert_ok(skm_json_read_bool(&json, &flag));
    assert_false(flag);
    assert_ok(skm_json_next_item(&json, &more));
    assert_ok(skm_json_read_string(&json, &span));
    assert_span_equal(span, SKM_SPAN("a\0\n\xc3\xa9\xf0\x9f\x94\x91"));
    assert_ok(skm_json_next_item(&json, &more));
    assert_ok(skm_json_read_string(&json, &span));
    assert_span_equal(span, SKM_SPAN("plain"));
    assert_true(span.ptr > text.ptr && span.ptr < text.ptr + text.len); /* borrowed */
    assert_ok(skm_json_next_item(&json, &more));
    assert_ok(skm_json_read_number(&json, &span));
    assert_span_equal(span, SKM_SPAN("1.50e3"));
    assert_ok(skm_json_next_item(&json, &more));
    assert_ok(skm_json_read_i64(&json, &number));
    assert_int_equal(number, -7);
    assert_ok(skm_json_next_item(&json, &more));
    assert_int_equal(text.ptr[skm_json_value_offset(&json)], '{');
    assert_ok(skm_json_read_raw(&json, &span));
    assert_span_equal(span, SKM_SPAN("{\"b\" : [ 1 ] }"));
    assert_ok(skm_json_next_item(&json, &more));
    assert_false(more);
    assert_ok(skm_json_finish(&json));
    skm_arena_fini(&arena);
}

static void test_every_escape_has_its_meaning(void **state)
{
    (void)state;
    struct skm_arena arena;
    struct skm_json json;
    skm_span span = {0};
    skm_arena_init(&arena, 1 << 20);
    skm_span text = SKM_SPAN("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00E9\\u95a2\\uD834\\uDD1E\"");
    assert_ok(skm_json_init(&json, text, &arena, NULL));
    assert_ok(skm_json_read_string(&json, &span));
    assert_span_equal(span, SKM_SPAN("\"\\/\b\f\n\r\tA\xc3\xa9\xe9\x96\xa2\xf0\x9d\x84\x9e"));
    skm_arena_fini(&arena);
}

static void test_integers_end_at_64_bits(void **state)
{
    (void)state;
    static const struct {
        skm_span text;
        enum skm_err_code code;
        int64_t value;
    } CASES[] = {
        {SKM_SPAN_INIT("0"), SKM_E_OK, 0},
        {SKM_SPAN_INIT("-0"), SKM_E_OK, 0},
        {SKM_SPAN_INIT("9223372036854775807"), SKM_E_OK, INT64_MAX},
        {SKM_SPAN_INIT("-9223372036854775808"), SKM_E_OK, INT64_MIN},
        {SKM_SPAN_INIT("-9223372036854775807"), SKM_E_OK, -INT64_MAX},
        {SKM_SPAN_INIT("9223372036854775808"), SKM_E_RANGE, 0},
        {SKM_SPAN_INIT("-9223372036854775809"), SKM_E_RANGE, 0},
        {SKM_SPAN_INIT("18446744073709551616"), SKM_E_RANGE, 0},
        {SKM_SPAN_INIT("99999999999999999999999"), SKM_E_RANGE, 0},
        {SKM_SPAN_INIT("1.0"), SKM_E_TYPE, 0},
        {SKM_SPAN_INIT("1e3"), SKM_E_TYPE, 0},
        {SKM_SPAN_INIT("\"1\""), SKM_E_TYPE, 0},
        {SKM_SPAN_INIT("null"), SKM_E_TYPE, 0},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(CASES); i++) {
        struct skm_arena arena;
        struct skm_json json;
        int64_t value = 0;
        skm_arena_init(&arena, 1 << 20);
        assert_ok(skm_json_init(&json, CASES[i].text, &arena, NULL));
        assert_int_equal(skm_json_read_i64(&json, &value).code, CASES[i].code);
        assert_true(value == CASES[i].value);
        skm_arena_fini(&arena);
    }
}

static void test_another_type_is_an_error_that_sticks(void **state)
{
    (void)state;
    static const skm_span TEXTS[] = {SKM_SPAN_INIT(" null"), SKM_SPAN_INIT(" true"),
                                     SKM_SPAN_INIT(" 1"),    SKM_SPAN_INIT(" \"s\""),
                                     SKM_SPAN_INIT(" []"),   SKM_SPAN_INIT(" {}")};
    for (unsigned given = SKM_JSON_NULL; given <= SKM_JSON_OBJECT; given++) {
        for (unsigned asked = SKM_JSON_NULL; asked <= SKM_JSON_OBJECT; asked++) {
            struct skm_arena arena;
            struct skm_json json;
            bool flag = false;
            skm_span span = SKM_SPAN("before");
            skm_arena_init(&arena, 1 << 20);
            assert_ok(skm_json_init(&json, TEXTS[given], &arena, NULL));
            skm_err err = asked == SKM_JSON_NULL     ? skm_json_read_null(&json)
                          : asked == SKM_JSON_BOOL   ? skm_json_read_bool(&json, &flag)
                          : asked == SKM_JSON_NUMBER ? skm_json_read_number(&json, &span)
                          : asked == SKM_JSON_STRING ? skm_json_read_string(&json, &span)
                          : asked == SKM_JSON_ARRAY  ? skm_json_enter_array(&json)
                                                     : skm_json_enter_object(&json);
            assert_int_equal(err.code, given == asked ? SKM_E_OK : SKM_E_TYPE);
            if (given != asked) {
                assert_int_equal(json.err_offset, 1);
                assert_span_equal(span, SKM_SPAN("before"));
                assert_err(skm_json_skip(&json), TYPE);
                assert_err(skm_json_finish(&json), TYPE);
            }
            skm_arena_fini(&arena);
        }
    }
}

/* `depth` arrays within each other. */
static skm_span nested(char *room, size_t depth)
{
    memset(room, '[', depth);
    memset(room + depth, ']', depth);
    return (skm_span){room, 2 * depth};
}

static skm_err skip_with(skm_span text, const struct skm_json_limits *limits)
{
    struct skm_arena arena;
    struct skm_json json;
    skm_arena_init(&arena, 1 << 20);
    skm_err err = skm_json_init(&json, text, &arena, limits);
    err = skm_is_ok(err) ? skm_json_skip(&json) : err;
    skm_arena_fini(&arena);
    return err;
}

static void test_depth_ends_where_the_limit_says(void **state)
{
    (void)state;
    static char room[2 * SKM_JSON_DEPTH_CEILING + 2];
    assert_ok(skip_with(nested(room, SKM_JSON_DEPTH_MAX), NULL));
    assert_err(skip_with(nested(room, SKM_JSON_DEPTH_MAX + 1), NULL), DEPTH);
    for (uint32_t depth = 1; depth <= SKM_JSON_DEPTH_MAX; depth++) {
        struct skm_json_limits limits = {.depth = depth};
        assert_ok(skip_with(nested(room, depth), &limits));
        assert_err(skip_with(nested(room, depth + 1), &limits), DEPTH);
    }
    struct skm_json_limits greedy = {.depth = 100000};
    assert_ok(skip_with(nested(room, SKM_JSON_DEPTH_CEILING), &greedy));
    assert_err(skip_with(nested(room, SKM_JSON_DEPTH_CEILING + 1), &greedy), DEPTH);
    struct skm_json_limits two = {.depth = 2};
    assert_ok(skip_with(SKM_SPAN("{\"a\":[1,2],\"b\":{}}"), &two));
    assert_err(skip_with(SKM_SPAN("{\"a\":[1,{}]}"), &two), DEPTH);
}

static void test_members_end_where_the_limit_says(void **state)
{
    (void)state;
    struct skm_json_limits limits = {.members = 2};
    assert_ok(skip_with(SKM_SPAN("{\"a\":1,\"b\":{\"c\":1,\"d\":2}}"), &limits));
    assert_err(skip_with(SKM_SPAN("{\"a\":1,\"b\":2,\"c\":3}"), &limits), COUNT);
    assert_ok(skip_with(SKM_SPAN("[1,2,3,4]"), &limits));
}

static const char RICH[] =
    "{\"a\":[1,-2.5e+3,true,false,null],\"\\u00e9\\ud83d\\udd11\":\"\xe9\x96\xa2\\n\","
    "\"o\":{\"\":{},\"x\":[[],[\"long enough for a word\"]]}}";

static void test_no_proper_prefix_is_accepted(void **state)
{
    (void)state;
    skm_span whole = {RICH, sizeof RICH - 1};
    assert_ok(verdict(whole));
    for (size_t len = 0; len < whole.len; len++) {
        /* A block of exactly that size, so that the sanitizer sees a read past the end. */
        SKM_CLEANUP(skm_mem_free_ptr) char *exact = len == 0 ? NULL : skm_mem_alloc(len);
        if (len != 0) {
            assert_non_null(exact);
            memcpy(exact, RICH, len);
        }
        assert_false(skm_is_ok(verdict((skm_span){exact, len})));
    }
}

static void test_calls_out_of_turn_never_accept_a_text(void **state)
{
    (void)state;
    struct skm_arena arena;
    struct skm_json json;
    bool more = false;
    skm_span key = {0};
    skm_arena_init(&arena, 1 << 20);

    assert_ok(skm_json_init(&json, SKM_SPAN("1"), &arena, NULL));
    assert_err(skm_json_finish(&json), INTERNAL); /* nothing was read */

    assert_ok(skm_json_init(&json, SKM_SPAN("1 2"), &arena, NULL));
    assert_ok(skm_json_skip(&json));
    assert_err(skm_json_skip(&json), INTERNAL); /* there is one value only */

    assert_ok(skm_json_init(&json, SKM_SPAN("[1 2]"), &arena, NULL));
    assert_ok(skm_json_enter_array(&json));
    assert_err(skm_json_skip(&json), INTERNAL); /* next_item first */

    assert_ok(skm_json_init(&json, SKM_SPAN("[1 2]"), &arena, NULL));
    assert_ok(skm_json_enter_array(&json));
    assert_ok(skm_json_next_item(&json, &more));
    assert_ok(skm_json_skip(&json));
    assert_err(skm_json_skip(&json), INTERNAL);

    assert_ok(skm_json_init(&json, SKM_SPAN("[,]"), &arena, NULL));
    assert_ok(skm_json_enter_array(&json));
    assert_ok(skm_json_next_item(&json, &more));
    assert_err(skm_json_next_item(&json, &more), INTERNAL); /* the item was not read */

    assert_ok(skm_json_init(&json, SKM_SPAN("{}"), &arena, NULL));
    assert_ok(skm_json_enter_object(&json));
    assert_err(skm_json_next_item(&json, &more), INTERNAL); /* wrong kind */

    assert_ok(skm_json_init(&json, SKM_SPAN("[]"), &arena, NULL));
    assert_ok(skm_json_enter_array(&json));
    assert_err(skm_json_next_member(&json, &more, &key), INTERNAL);

    assert_ok(skm_json_init(&json, SKM_SPAN("[]"), &arena, NULL));
    assert_err(skm_json_next_item(&json, &more), INTERNAL); /* not entered */

    assert_ok(skm_json_init(&json, SKM_SPAN("[1]"), &arena, NULL));
    assert_ok(skm_json_enter_array(&json));
    assert_ok(skm_json_next_item(&json, &more));
    assert_ok(skm_json_skip(&json));
    assert_err(skm_json_finish(&json), INTERNAL); /* still open */
    skm_arena_fini(&arena);
}

static void test_a_layer_above_can_set_the_error(void **state)
{
    (void)state;
    struct skm_arena arena;
    struct skm_json json;
    skm_arena_init(&arena, 1 << 20);
    assert_ok(skm_json_init(&json, SKM_SPAN("[1]"), &arena, NULL));
    assert_err(skm_json_fail(&json, SKM_ERR(RANGE), 1, "first"), RANGE);
    assert_err(skm_json_fail(&json, SKM_ERR(TYPE), 2, "second"), RANGE);
    assert_string_equal(json.err_reason, "first");
    assert_int_equal(json.err_offset, 1);
    assert_err(skm_json_skip(&json), RANGE);
    skm_arena_fini(&arena);
}

static void test_without_memory_the_error_says_so(void **state)
{
    (void)state;
    SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
    skm_buf_init(&buf, 1 << 20);
    write_object(&buf, 3000, "{\"\\u0061\":[\"\\n\"]}", "z");
    skm_err err = SKM_ERR(MEMORY);
    size_t failures = 0;
    for (size_t n = 0; !skm_is_ok(err); n++) {
        struct skm_arena arena;
        struct skm_json json;
        skm_arena_init(&arena, 1 << 20);
        assert_ok(skm_json_init(&json, skm_buf_span(&buf), &arena, NULL));
        skm_mem_fail_after(n);
        err = skm_json_skip(&json);
        skm_mem_fail_after(SIZE_MAX);
        if (!skm_is_ok(err)) {
            assert_err(err, MEMORY);
            assert_string_equal(json.err_reason, "out of memory");
            failures++;
        }
        skm_arena_fini(&arena);
    }
    assert_true(failures >= 4);
}

static void test_texts_of_4_gib_are_refused(void **state)
{
    (void)state;
    struct skm_arena arena;
    struct skm_json json;
    skm_arena_init(&arena, 1 << 20);
    assert_err(skm_json_init(&json, (skm_span){"", UINT32_MAX}, &arena, NULL), SIZE);
    assert_err(skm_json_skip(&json), SIZE);
    skm_arena_fini(&arena);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_valid_texts_are_accepted),
    cmocka_unit_test(test_malformed_structure_is_refused_where_it_breaks),
    cmocka_unit_test(test_malformed_scalars_are_refused),
    cmocka_unit_test(test_malformed_strings_are_refused),
    cmocka_unit_test(test_a_name_occurs_once_in_an_object),
    cmocka_unit_test(test_names_with_the_same_bits_are_kept_apart),
    cmocka_unit_test(test_duplicates_are_seen_at_every_size_of_object),
    cmocka_unit_test(test_names_of_an_outer_object_outlive_inner_ones),
    cmocka_unit_test(test_names_of_an_inner_object_survive_growth),
    cmocka_unit_test(test_a_large_object_takes_linear_time),
    cmocka_unit_test(test_memory_follows_what_is_open_not_what_was_read),
    cmocka_unit_test(test_values_mean_what_they_say),
    cmocka_unit_test(test_every_escape_has_its_meaning),
    cmocka_unit_test(test_integers_end_at_64_bits),
    cmocka_unit_test(test_another_type_is_an_error_that_sticks),
    cmocka_unit_test(test_depth_ends_where_the_limit_says),
    cmocka_unit_test(test_members_end_where_the_limit_says),
    cmocka_unit_test(test_no_proper_prefix_is_accepted),
    cmocka_unit_test(test_calls_out_of_turn_never_accept_a_text),
    cmocka_unit_test(test_a_layer_above_can_set_the_error),
    cmocka_unit_test(test_without_memory_the_error_says_so),
    cmocka_unit_test(test_texts_of_4_gib_are_refused),
};

SKM_TEST_MAIN(tests)
