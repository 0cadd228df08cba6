#include "harness/test.h"

#include "base/mem.h"
#include "unit/cedar/ext_case.h"

static void test_table_has_every_function_of_the_language_once(void **state)
{
    (void)state;
    static const char *const NAMES[] = {
        "ip",
        "isIpv4",
        "isIpv6",
        "isLoopback",
        "isMulticast",
        "isInRange",
        "decimal",
        "lessThan",
        "lessThanOrEqual",
        "greaterThan",
        "greaterThanOrEqual",
        "datetime",
        "offset",
        "durationSince",
        "toDate",
        "toTime",
        "duration",
        "toMilliseconds",
        "toSeconds",
        "toMinutes",
        "toHours",
        "toDays",
    };
    size_t count = 0;
    const struct skm_ext_function *table = skm_ext_table(&count);
    assert_int_equal(count, sizeof NAMES / sizeof NAMES[0]);
    for (size_t i = 0; i < count; i++) {
        const struct skm_ext_function *found = skm_ext_find(skm_span_cstr(NAMES[i]));
        assert_non_null(found);
        assert_span_equal(found->name, skm_span_cstr(NAMES[i]));
        assert_ptr_equal(skm_ext_find(table[i].name), &table[i]);
    }
}

static void test_other_names_are_unknown(void **state)
{
    (void)state;
    static const char *const NAMES[] = {
        "", "IP", "ipaddr", "ip ", "contains", "isInRang", "isInRange2", "unknown", "__cedar::ip"};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        assert_null(skm_ext_find(skm_span_cstr(NAMES[i])));
    }
}

static void test_constructors_are_functions_of_one_string(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum skm_value_kind kind;
    } ROWS[] = {
        {"ip", SKM_VALUE_IPADDR},
        {"decimal", SKM_VALUE_DECIMAL},
        {"datetime", SKM_VALUE_DATETIME},
        {"duration", SKM_VALUE_DURATION},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        const struct skm_ext_function *constructor = skm_ext_constructor(ROWS[i].kind);
        assert_non_null(constructor);
        assert_span_equal(constructor->name, skm_span_cstr(ROWS[i].name));
        assert_true(constructor->is_constructor);
        assert_int_equal(constructor->style, SKM_EXT_FUNCTION);
        assert_int_equal(constructor->arg_count, 1);
        assert_int_equal(constructor->arg_kinds[0], SKM_VALUE_STRING);
    }
    static const enum skm_value_kind OTHERS[] = {SKM_VALUE_BOOL,   SKM_VALUE_LONG,
                                                 SKM_VALUE_STRING, SKM_VALUE_ENTITY,
                                                 SKM_VALUE_SET,    SKM_VALUE_RECORD};
    for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++) {
        assert_null(skm_ext_constructor(OTHERS[i]));
    }
}

/* A value of the kind that some function takes. */
static struct skm_value sample(enum skm_value_kind kind)
{
    switch (kind) {
    case SKM_VALUE_STRING:
        return skm_value_string(SKM_SPAN("sample"));
    case SKM_VALUE_IPADDR:
        return made("ip", "10.0.0.1");
    case SKM_VALUE_DECIMAL:
    case SKM_VALUE_DATETIME:
    case SKM_VALUE_DURATION:
    case SKM_VALUE_LONG:
        return integer_of(kind, 1);
    case SKM_VALUE_BOOL:
    case SKM_VALUE_ENTITY:
    case SKM_VALUE_SET:
    case SKM_VALUE_RECORD:
        break;
    }
    return skm_value_bool(true);
}

static void test_wrong_number_of_arguments_is_refused_before_their_kinds(void **state)
{
    (void)state;
    size_t count = 0;
    const struct skm_ext_function *table = skm_ext_table(&count);
    struct skm_value args[SKM_EXT_ARGS_MAX + 1];
    struct skm_value out = skm_value_long(77);
    for (size_t i = 0; i < count; i++) {
        for (size_t given = 0; given <= SKM_EXT_ARGS_MAX + 1; given++) {
            if (given == table[i].arg_count) {
                continue;
            }
            for (size_t k = 0; k <= SKM_EXT_ARGS_MAX; k++) {
                args[k] = skm_value_bool(true); /* the wrong kind everywhere */
            }
            const char *reason = NULL;
            assert_err(skm_ext_call(&table[i], &arena, args, given, &out, &reason), COUNT);
            assert_non_null(reason);
        }
    }
    assert_int_equal(out.as.integer, 77);
}

static void test_each_argument_must_be_of_its_kind(void **state)
{
    (void)state;
    size_t count = 0;
    const struct skm_ext_function *table = skm_ext_table(&count);
    for (size_t i = 0; i < count; i++) {
        for (size_t wrong = 0; wrong < table[i].arg_count; wrong++) {
            for (int kind = SKM_VALUE_BOOL; kind <= SKM_VALUE_DURATION; kind++) {
                if (kind == (int)table[i].arg_kinds[wrong] || kind == SKM_VALUE_ENTITY ||
                    kind == SKM_VALUE_SET || kind == SKM_VALUE_RECORD) {
                    continue;
                }
                struct skm_value args[SKM_EXT_ARGS_MAX];
                for (size_t k = 0; k < table[i].arg_count; k++) {
                    args[k] = sample(table[i].arg_kinds[k]);
                }
                args[wrong] = sample((enum skm_value_kind)kind);
                struct skm_value out = skm_value_long(77);
                const char *reason = NULL;
                assert_err(skm_ext_call(&table[i], &arena, args, table[i].arg_count, &out, &reason),
                           TYPE);
                assert_non_null(reason);
            }
        }
    }
}

static void test_functions_yield_their_result_kind(void **state)
{
    (void)state;
    size_t count = 0;
    const struct skm_ext_function *table = skm_ext_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (table[i].is_constructor) {
            continue;
        }
        struct skm_value args[SKM_EXT_ARGS_MAX];
        for (size_t k = 0; k < table[i].arg_count; k++) {
            args[k] = sample(table[i].arg_kinds[k]);
        }
        struct skm_value out = {.kind = SKM_VALUE_SET};
        const char *reason = NULL;
        assert_ok(skm_ext_call(&table[i], &arena, args, table[i].arg_count, &out, &reason));
        assert_int_equal(out.kind, table[i].result_kind);
    }
}

static void test_address_without_memory_is_an_error(void **state)
{
    (void)state;
    struct skm_value value = skm_value_long(77);
    skm_mem_fail_after(0);
    skm_err err = construct("ip", "1.2.3.4", &value);
    skm_mem_fail_after(SIZE_MAX);
    assert_err(err, MEMORY);
    assert_int_equal(value.as.integer, 77);
}

static void test_only_extension_values_have_a_text(void **state)
{
    (void)state;
    struct skm_buf buf;
    skm_buf_init(&buf, 64);
    struct skm_value string = skm_value_string(SKM_SPAN("1.0"));
    struct skm_value number = skm_value_long(1);
    assert_false(skm_ext_print(&string, &buf));
    assert_false(skm_ext_print(&number, &buf));
    assert_int_equal(skm_buf_span(&buf).len, 0);
    skm_buf_fini(&buf);
}

static const struct CMUnitTest tests[] = {
    EXT_TEST(test_table_has_every_function_of_the_language_once),
    EXT_TEST(test_other_names_are_unknown),
    EXT_TEST(test_constructors_are_functions_of_one_string),
    EXT_TEST(test_wrong_number_of_arguments_is_refused_before_their_kinds),
    EXT_TEST(test_each_argument_must_be_of_its_kind),
    EXT_TEST(test_functions_yield_their_result_kind),
    EXT_TEST(test_address_without_memory_is_an_error),
    EXT_TEST(test_only_extension_values_have_a_text),
};

SKM_TEST_MAIN(tests)
