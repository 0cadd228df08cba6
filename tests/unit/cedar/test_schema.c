#include "harness/test.h"

#include "unit/cedar/schema_help.h"

static const char TEXT[] = "entity User in [Team, Org] { name: String };\n"
                           "entity Team in Org;\n"
                           "entity Org;\n"
                           "entity Album in Album;\n"
                           "entity Color enum [\"red\", \"green\", \"red\", \"with \\0 nul\"];\n"
                           "namespace NS { action view, edit; entity Doc; }\n";

static void test_entity_types_are_found_by_exact_full_name(void **state)
{
    (void)state;
    struct reading reading;
    reading_init(&reading, TEXT);
    const struct skm_schema *schema = must_parse(&reading);
    assert_int_equal(schema->entity_count, 7);
    for (size_t i = 0; i < schema->entity_count; i++) {
        assert_ptr_equal(skm_schema_find_entity(schema, schema->entities[i].name),
                         &schema->entities[i]);
    }
    assert_null(entity_of(schema, "Doc"));
    assert_null(entity_of(schema, "Use"));
    assert_null(entity_of(schema, "Users"));
    assert_null(entity_of(schema, ""));
    reading_fini(&reading);
}

static void test_actions_are_found_by_type_and_id(void **state)
{
    (void)state;
    struct reading reading;
    reading_init(&reading, TEXT);
    const struct skm_schema *schema = must_parse(&reading);
    assert_int_equal(schema->action_count, 2);
    assert_ptr_equal(action_of(schema, "NS::Action", "view"), &schema->actions[1]);
    assert_ptr_equal(action_of(schema, "NS::Action", "edit"), &schema->actions[0]);
    assert_null(action_of(schema, "Action", "view"));
    assert_null(action_of(schema, "NS::Action", "vie"));
    reading_fini(&reading);
}

static void test_ancestors_are_transitive_and_proper(void **state)
{
    (void)state;
    struct reading reading;
    reading_init(&reading, TEXT);
    const struct skm_schema *schema = must_parse(&reading);
    assert_true(skm_schema_may_be_in(schema, SKM_SPAN("User"), SKM_SPAN("Team")));
    assert_true(skm_schema_may_be_in(schema, SKM_SPAN("User"), SKM_SPAN("Org")));
    assert_true(skm_schema_may_be_in(schema, SKM_SPAN("Album"), SKM_SPAN("Album")));
    assert_false(skm_schema_may_be_in(schema, SKM_SPAN("User"), SKM_SPAN("User")));
    assert_false(skm_schema_may_be_in(schema, SKM_SPAN("Org"), SKM_SPAN("Team")));
    assert_false(skm_schema_may_be_in(schema, SKM_SPAN("Nobody"), SKM_SPAN("Team")));
    reading_fini(&reading);
}

static void test_enum_types_allow_listed_ids_only(void **state)
{
    (void)state;
    struct reading reading;
    reading_init(&reading, TEXT);
    const struct skm_schema *schema = must_parse(&reading);
    const struct skm_schema_entity *color = entity_of(schema, "Color");
    assert_true(color->is_enum);
    assert_int_equal(color->enum_count, 3);
    assert_true(skm_schema_entity_allows_id(color, SKM_SPAN("red")));
    assert_true(skm_schema_entity_allows_id(color, SKM_SPAN("green")));
    assert_true(skm_schema_entity_allows_id(color, SKM_SPAN("with \0 nul")));
    assert_false(skm_schema_entity_allows_id(color, SKM_SPAN("with ")));
    assert_false(skm_schema_entity_allows_id(color, SKM_SPAN("blue")));
    assert_false(skm_schema_entity_allows_id(color, SKM_SPAN("")));
    assert_true(skm_schema_entity_allows_id(entity_of(schema, "User"), SKM_SPAN("anything")));
    reading_fini(&reading);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_entity_types_are_found_by_exact_full_name),
    cmocka_unit_test(test_actions_are_found_by_type_and_id),
    cmocka_unit_test(test_ancestors_are_transitive_and_proper),
    cmocka_unit_test(test_enum_types_allow_listed_ids_only),
};

SKM_TEST_MAIN(tests)
