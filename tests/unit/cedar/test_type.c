#include "harness/test.h"

#include "cedar/type.h"
#include "unit/cedar/schema_help.h"

static const struct skm_type LONG = {.kind = SKM_TYPE_LONG};
static const struct skm_type STRING = {.kind = SKM_TYPE_STRING};

static const struct skm_type_attr ATTRS[] = {
    {{"a", 1}, &LONG, true},
    {{"b c", 3}, &STRING, false},
    {{"d", 1}, &LONG, true},
};

static struct skm_type record_of(const struct skm_type_attr *attrs, size_t count)
{
    return (struct skm_type){.kind = SKM_TYPE_RECORD, .attrs = attrs, .attr_count = count};
}

static void test_attributes_are_found_by_exact_name(void **state)
{
    (void)state;
    struct skm_type record = record_of(ATTRS, 3);
    struct skm_type empty = record_of(NULL, 0);
    assert_ptr_equal(skm_type_attr_find(&record, SKM_SPAN("a")), &ATTRS[0]);
    assert_ptr_equal(skm_type_attr_find(&record, SKM_SPAN("b c")), &ATTRS[1]);
    assert_ptr_equal(skm_type_attr_find(&record, SKM_SPAN("d")), &ATTRS[2]);
    assert_null(skm_type_attr_find(&record, SKM_SPAN("b")));
    assert_null(skm_type_attr_find(&record, SKM_SPAN("")));
    assert_null(skm_type_attr_find(&record, SKM_SPAN("e")));
    assert_null(skm_type_attr_find(&empty, SKM_SPAN("a")));
}

static void test_records_equal_in_names_types_and_flags_only(void **state)
{
    (void)state;
    struct skm_type_attr same[3] = {ATTRS[0], ATTRS[1], ATTRS[2]};
    struct skm_type_attr other_flag[3] = {ATTRS[0], ATTRS[1], ATTRS[2]};
    struct skm_type_attr other_type[3] = {ATTRS[0], ATTRS[1], ATTRS[2]};
    struct skm_type_attr other_name[3] = {ATTRS[0], ATTRS[1], ATTRS[2]};
    other_flag[1].required = true;
    other_type[2].type = &STRING;
    other_name[0].name = SKM_SPAN("A");
    struct skm_type record = record_of(ATTRS, 3);
    struct skm_type records[] = {record_of(same, 3), record_of(other_flag, 3),
                                 record_of(other_type, 3), record_of(other_name, 3),
                                 record_of(same, 2)};
    assert_true(skm_type_equal(&record, &records[0]));
    for (size_t i = 1; i < 5; i++) {
        assert_false(skm_type_equal(&record, &records[i]));
    }
}

static void test_types_equal_by_kind_name_and_element(void **state)
{
    (void)state;
    struct skm_type user = {.kind = SKM_TYPE_ENTITY, .entity = SKM_SPAN("User")};
    struct skm_type user_too = {.kind = SKM_TYPE_ENTITY, .entity = SKM_SPAN("User")};
    struct skm_type other = {.kind = SKM_TYPE_ENTITY, .entity = SKM_SPAN("NS::User")};
    struct skm_type users = {.kind = SKM_TYPE_SET, .element = &user};
    struct skm_type users_too = {.kind = SKM_TYPE_SET, .element = &user_too};
    struct skm_type longs = {.kind = SKM_TYPE_SET, .element = &LONG};
    struct skm_type boolean = {.kind = SKM_TYPE_BOOL};
    struct skm_type yes = {.kind = SKM_TYPE_TRUE};
    assert_true(skm_type_equal(&user, &user_too));
    assert_false(skm_type_equal(&user, &other));
    assert_true(skm_type_equal(&users, &users_too));
    assert_false(skm_type_equal(&users, &longs));
    assert_false(skm_type_equal(&boolean, &yes));
    assert_false(skm_type_equal(&LONG, &STRING));
}

static void test_types_print_as_they_are_written(void **state)
{
    (void)state;
    struct skm_type user = {.kind = SKM_TYPE_ENTITY, .entity = SKM_SPAN("NS::User")};
    struct skm_type users = {.kind = SKM_TYPE_SET, .element = &user};
    struct skm_type record = record_of(ATTRS, 3);
    assert_type_is(&users, "Set<NS::User>");
    assert_type_is(&record, "{a: Long, \"b c\"?: String, d: Long}");
}

static void test_long_and_deep_records_are_cut_short(void **state)
{
    (void)state;
    struct skm_type_attr many[40];
    for (size_t i = 0; i < 40; i++) {
        many[i] = (struct skm_type_attr){SKM_SPAN("a"), &LONG, true};
    }
    struct skm_type wide = record_of(many, 40);
    assert_type_is(&wide,
                   "{a: Long, a: Long, a: Long, a: Long, a: Long, a: Long, a: Long, a: Long, …}");

    struct skm_type levels[5] = {record_of(ATTRS, 1)};
    struct skm_type_attr links[5];
    for (size_t i = 1; i < 5; i++) {
        links[i] = (struct skm_type_attr){SKM_SPAN("x"), &levels[i - 1], true};
        levels[i] = record_of(&links[i], 1);
    }
    assert_type_is(&levels[4], "{x: {x: {…}}}");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_attributes_are_found_by_exact_name),
    cmocka_unit_test(test_records_equal_in_names_types_and_flags_only),
    cmocka_unit_test(test_types_equal_by_kind_name_and_element),
    cmocka_unit_test(test_types_print_as_they_are_written),
    cmocka_unit_test(test_long_and_deep_records_are_cut_short),
};

SKM_TEST_MAIN(tests)
