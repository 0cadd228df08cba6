/* Shared by the tests of the extension types: calls by name, and what came of them as text. */
#pragma once

#include "harness/test.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/span.h"
#include "cedar/ext.h"
#include "cedar/value.h"

/* Arena of the current test. */
static struct skm_arena arena;

static inline int set_up(void **state)
{
    (void)state;
    skm_arena_init(&arena, 1u << 22);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    skm_arena_fini(&arena);
    return 0;
}

static inline skm_err call_values(const char *name, const struct skm_value *args, size_t count,
                                  struct skm_value *out_value)
{
    const struct skm_ext_function *function = skm_ext_find(skm_span_cstr(name));
    assert_non_null(function);
    const char *reason = NULL;
    skm_err err = skm_ext_call(function, &arena, args, count, out_value, &reason);
    if (!skm_is_ok(err)) {
        assert_non_null(reason);
    }
    return err;
}

static inline skm_err construct(const char *constructor, const char *text,
                                struct skm_value *out_value)
{
    struct skm_value arg = skm_value_string(skm_span_cstr(text));
    return call_values(constructor, &arg, 1, out_value);
}

static inline struct skm_value made(const char *constructor, const char *text)
{
    struct skm_value value = {.kind = SKM_VALUE_BOOL};
    skm_err err = construct(constructor, text, &value);
    if (!skm_is_ok(err)) {
        fail_msg("%s(\"%s\") failed", constructor, text);
    }
    return value;
}

static inline struct skm_value integer_of(enum skm_value_kind kind, int64_t integer)
{
    return (struct skm_value){.kind = kind, .as.integer = integer};
}

/* The constructor refuses the text; the value is left alone. */
static inline void assert_refused(const char *constructor, skm_span text)
{
    struct skm_value arg = skm_value_string(text);
    struct skm_value value = skm_value_long(77);
    if (skm_is_ok(call_values(constructor, &arg, 1, &value))) {
        fail_msg("%s(\"%.*s\") was accepted", constructor, SKM_SPAN_ARG(text));
    }
    assert_int_equal(value.kind, SKM_VALUE_LONG);
    assert_int_equal(value.as.integer, 77);
}

/* Receiver and argument are values; the result is a bool. */
static inline bool asks(const char *method, struct skm_value self, struct skm_value arg)
{
    struct skm_value args[2] = {self, arg};
    struct skm_value result = {.kind = SKM_VALUE_LONG};
    const struct skm_ext_function *function = skm_ext_find(skm_span_cstr(method));
    assert_non_null(function);
    assert_ok(call_values(method, args, function->arg_count, &result));
    assert_int_equal(result.kind, SKM_VALUE_BOOL);
    return result.as.boolean;
}

/* skm_ext_print() gives `text`. */
static inline void assert_printed(struct skm_value value, const char *text)
{
    struct skm_buf buf;
    skm_buf_init(&buf, 1024);
    assert_true(skm_ext_print(&value, &buf));
    assert_ok(skm_buf_check(&buf));
    assert_span_equal(skm_buf_span(&buf), skm_span_cstr(text));
    skm_buf_fini(&buf);
}

#define EXT_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
