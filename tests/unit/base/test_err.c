#include "harness/test.h"

#include "base/err.h"

static void test_each_code_has_name_text_and_class(void **state)
{
    (void)state;
    static const struct {
        enum skm_err_code code;
        const char *name;
        const char *text;
        enum skm_err_class class;
    } ROWS[] = {
#define ROW(name_, class_, text_) {SKM_E_##name_, #name_, text_, SKM_ERR_CLASS_##class_},
        SKM_ERROR_TABLE(ROW)
#undef ROW
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        skm_err err = {ROWS[i].code};
        assert_string_equal(skm_err_name(err), ROWS[i].name);
        assert_string_equal(skm_err_text(err), ROWS[i].text);
        assert_int_equal(skm_err_class(err), ROWS[i].class);
        assert_false(skm_is_ok(err));
    }
}

static void test_success_is_no_error(void **state)
{
    (void)state;
    assert_true(skm_is_ok(SKM_OK));
    assert_string_equal(skm_err_name(SKM_OK), "OK");
    assert_int_equal(skm_err_class(SKM_OK), SKM_ERR_CLASS_NONE);
}

static void test_a_code_outside_the_table_is_internal(void **state)
{
    (void)state;
    skm_err strange = {12345};
    assert_string_equal(skm_err_name(strange), "UNKNOWN");
    assert_int_equal(skm_err_class(strange), SKM_ERR_CLASS_INTERNAL);
    assert_false(skm_is_ok(strange));
}

static skm_err second_step_fails(int *steps)
{
    *steps = 1;
    SKM_TRY(SKM_OK);
    *steps = 2;
    SKM_TRY(SKM_ERR(RANGE));
    *steps = 3;
    return SKM_OK;
}

static void test_try_returns_the_first_error(void **state)
{
    (void)state;
    int steps = 0;
    assert_err(second_step_fails(&steps), RANGE);
    assert_int_equal(steps, 2);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_each_code_has_name_text_and_class),
    cmocka_unit_test(test_success_is_no_error),
    cmocka_unit_test(test_a_code_outside_the_table_is_internal),
    cmocka_unit_test(test_try_returns_the_first_error),
};

SKM_TEST_MAIN(tests)
