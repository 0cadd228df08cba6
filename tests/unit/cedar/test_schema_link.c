#include "harness/test.h"

#include "cedar/schema_link.h"
#include "unit/cedar/schema_help.h"

#define SCHEMAS_MAX 3

/* Some schemas and what linking them says: NULL for nothing, else words of a message. */
struct link_case {
    const char *texts[SCHEMAS_MAX]; /* NULL behind the last */
    const char *message;
};

struct linking {
    struct reading readings[SCHEMAS_MAX];
    const struct skm_schema *schemas[SCHEMAS_MAX];
    size_t count;
    struct reading result; /* arena and messages of the linking */
};

static void linking_init(struct linking *linking, const char *const texts[SCHEMAS_MAX])
{
    linking->count = 0;
    while (linking->count < SCHEMAS_MAX && texts[linking->count] != NULL) {
        reading_init(&linking->readings[linking->count], texts[linking->count]);
        linking->schemas[linking->count] = must_parse(&linking->readings[linking->count]);
        linking->count++;
    }
    reading_init(&linking->result, "");
}

static void linking_fini(struct linking *linking)
{
    for (size_t i = 0; i < linking->count; i++) {
        reading_fini(&linking->readings[i]);
    }
    reading_fini(&linking->result);
}

static skm_err link_in_order(struct linking *linking, const size_t order[SCHEMAS_MAX],
                             const struct skm_schema **out_schema)
{
    const struct skm_schema *schemas[SCHEMAS_MAX];
    for (size_t i = 0; i < linking->count; i++) {
        schemas[i] = linking->schemas[order[i]];
    }
    return skm_schema_link(&linking->result.arena, schemas, linking->count, &linking->result.diags,
                           out_schema);
}

/* In every order the verdict is the same, and the result is. */
static void check_case(const struct link_case *row)
{
    static const size_t ORDERS[][SCHEMAS_MAX] = {{0, 1, 2}, {1, 0, 2}, {0, 2, 1},
                                                 {2, 1, 0}, {1, 2, 0}, {2, 0, 1}};
    struct linking linking;
    const struct skm_schema *first = NULL;
    linking_init(&linking, row->texts);
    size_t orders = linking.count == 3 ? 6 : linking.count;
    for (size_t i = 0; i < orders; i++) {
        const struct skm_schema *schema = NULL;
        skm_err err = link_in_order(&linking, ORDERS[i], &schema);
        bool as_said = row->message == NULL ? skm_is_ok(err)
                                            : skm_is_err(err, SKM_E_INVALID) &&
                                                  has_message(&linking.result, row->message);
        if (!as_said) {
            print_error("%s\n%s\nexpected: %s\n", row->texts[0],
                        row->texts[1] == NULL ? "" : row->texts[1],
                        row->message == NULL ? "no fault" : row->message);
            show_messages(&linking.result);
            fail();
        }
        bool equal = true;
        if (first != NULL && schema != NULL) {
            assert_ok(skm_schema_equal(first, schema, SKM_SCHEMA_EQUAL_ALL, &equal));
        }
        assert_true(equal);
        first = first == NULL ? schema : first;
    }
    linking_fini(&linking);
}

#define CHECK(rows)                                                                                \
    for (size_t row_ = 0; row_ < sizeof(rows) / sizeof((rows)[0]); row_++) {                       \
        check_case(&(rows)[row_]);                                                                 \
    }

static void test_external_names_find_their_definitions(void **state)
{
    (void)state;
    static const char *const TEXTS[SCHEMAS_MAX] = {
        ("external entity User in Org; external entity Org; entity Doc in User { by: User } tags Org;\n"
         "external action group; action view in group appliesTo { principal: User, resource: Doc };"),
        "entity User in Org { name: String }; external entity Org; action group;",
        "@doc(\"o\") entity Org { id: Long };",
    };
    struct linking linking;
    const struct skm_schema *schema = NULL;
    linking_init(&linking, TEXTS);
    assert_ok(link_in_order(&linking, (const size_t[]){0, 1, 2}, &schema));
    assert_false(schema->is_partial);
    assert_int_equal(schema->entity_count, 4);
    assert_int_equal(schema->action_count, 2);
    assert_type_is(entity_of(schema, "User")->shape, "{name: String}");
    assert_false(entity_of(schema, "User")->is_external);
    assert_int_equal(entity_of(schema, "Org")->annotation_count, 1);
    assert_true(skm_schema_may_be_in(schema, SKM_SPAN("Doc"), SKM_SPAN("Org")));
    assert_true(entity_of(schema, "Action")->is_action);
    assert_int_equal(entity_of(schema, "Action")->ancestor_count, 1);
    assert_int_equal(action_of(schema, "Action", "view")->ancestor_count, 1);
    assert_false(action_of(schema, "Action", "group")->is_external);
    linking_fini(&linking);
}

static void test_linking_equals_resolving_the_whole(void **state)
{
    (void)state;
    static const char *const TEXTS[SCHEMAS_MAX] = {
        ("namespace N { external entity B in C; external entity C; entity A in B { x: C, y: { z: B } };"
         " action a in M::Action::\"g\"; } namespace M { external action g; }"),
        "namespace N { entity B in C { k: Long }; external entity C; } namespace M { action g; }",
        "namespace N { entity C { v: Bool }; }",
    };
    static const char WHOLE[] =
        "namespace N { entity B in C { k: Long }; entity C { v: Bool }; entity A in B { x: C, y: { z: B } };"
        " action a in M::Action::\"g\"; } namespace M { action g; }";
    struct linking linking;
    struct reading whole;
    const struct skm_schema *schema = NULL;
    bool equal = false;
    linking_init(&linking, TEXTS);
    reading_init(&whole, WHOLE);
    assert_ok(link_in_order(&linking, (const size_t[]){2, 0, 1}, &schema));
    assert_ok(skm_schema_equal(schema, must_parse(&whole), SKM_SCHEMA_EQUAL_ALL, &equal));
    assert_true(equal);
    reading_fini(&whole);
    linking_fini(&linking);
}

/* (a + b) + c and a + (b + c) */
static void test_grouping_does_not_matter(void **state)
{
    (void)state;
    static const char *const TEXTS[SCHEMAS_MAX] = {
        "external entity B in C; external entity C; entity A in B; external action g; action a in g;",
        "@x external entity B in C; external entity C in D; external entity D; action g;",
        "@y external entity B; entity D { l: Long }; external entity C in D;",
    };
    struct linking linking;
    linking_init(&linking, TEXTS);
    const struct skm_schema *pair[2] = {NULL, NULL};
    const struct skm_schema *left = NULL;
    const struct skm_schema *right = NULL;
    struct skm_arena *arena = &linking.result.arena;
    struct skm_diags *diags = &linking.result.diags;
    /* A is defined in B in C only: D above C is more than it was defined with, however it comes in. */
    skm_err direct = skm_schema_link(arena, linking.schemas, 3, diags, &left);
    assert_err(direct, INVALID);
    pair[1] = linking.schemas[2];
    skm_err first = skm_schema_link(arena, linking.schemas, 2, diags, &pair[0]);
    assert_err(first, INVALID);
    assert_ok(skm_schema_link(arena, &linking.schemas[1], 2, diags, &pair[1]));
    pair[0] = linking.schemas[0];
    assert_err(skm_schema_link(arena, pair, 2, diags, &right), INVALID);
    linking_fini(&linking);

    static const char *const FINE[SCHEMAS_MAX] = {
        "external entity B in C; external entity C; entity A in B; external action g; action a in g;",
        "@x external entity B in C; external entity C; action g;",
        "@y external entity B; entity C { l: Long };",
    };
    bool equal = false;
    linking_init(&linking, FINE);
    assert_ok(skm_schema_link(arena, linking.schemas, 2, diags, &pair[0]));
    pair[1] = linking.schemas[2];
    assert_ok(skm_schema_link(arena, pair, 2, diags, &left));
    pair[0] = linking.schemas[0];
    assert_ok(skm_schema_link(arena, &linking.schemas[1], 2, diags, &pair[1]));
    assert_ok(skm_schema_link(arena, pair, 2, diags, &right));
    assert_ok(skm_schema_equal(left, right, SKM_SCHEMA_EQUAL_ALL, &equal));
    assert_true(equal);
    assert_true(left->is_partial);
    linking_fini(&linking);
}

static void test_nothing_is_defined_twice(void **state)
{
    (void)state;
    static const struct link_case ROWS[] = {
        {{"entity A;", "entity A;"}, "entity type `A` is defined twice"},
        {{"entity A;", "external entity A;"}, NULL},
        {{"external entity A;", "external entity A;"}, NULL},
        {{"entity A;", "external entity A;", "entity A;"}, "entity type `A` is defined twice"},
        {{"entity A;", "entity B;"}, NULL},
        {{"namespace N { entity A; }", "namespace N { entity B; }"}, NULL},
        {{"action a;", "action a;"}, "action `a` is defined twice"},
        {{"action a;", "external action a;"}, NULL},
        {{"action a;", "action b;"}, NULL},
        {{"entity A enum [\"x\"];", "entity A enum [\"x\"];"}, "entity type `A` is defined twice"},
        {{"type T = Long; entity E { a: T };", "type T = String; entity F { a: T };"}, NULL},
        {{"entity A;", NULL}, NULL},
        {{NULL}, NULL},
    };
    CHECK(ROWS);
}

static void test_enum_types_are_not_external_elsewhere(void **state)
{
    (void)state;
    static const struct link_case ROWS[] = {
        {{"entity C enum [\"x\"];", "external entity C;"},
         "enum type `C` is declared external elsewhere"},
        {{"external entity A in B; external entity B;", "entity B; entity C enum [\"x\"];"}, NULL},
    };
    CHECK(ROWS);
}

static void test_defined_types_get_no_more_ancestors(void **state)
{
    (void)state;
    static const struct link_case ROWS[] = {
        {{"external entity B in C; external entity C; entity A in B;", "entity B in C; entity C;"},
         NULL},
        {{"external entity B; entity A in B;", "entity B in C; entity C;"},
         "entity type `A` would get more ancestors"},
        {{"external entity B; entity A;", "entity B in C; entity C;"}, NULL},
        {{"external entity B in C; external entity C;", "entity B; entity C;"},
         "entity type `B` would get more ancestors"},
        {{"external entity B in C; external entity C; entity A in B;",
          "external entity B; external entity C in D; entity D;"},
         "entity type `A` would get more ancestors"},
        {{"external entity B in C; external entity C;",
          "external entity B in D; external entity D;"},
         NULL},
        {{"external entity B in C; external entity C;",
          "external entity C in B; external entity B;"},
         NULL},
    };
    CHECK(ROWS);
}

static void test_an_action_has_the_same_groups_everywhere(void **state)
{
    (void)state;
    static const struct link_case ROWS[] = {
        {{"external action a in g; external action g;", "action a in g; action g;"}, NULL},
        {{"external action a;", "action a in g; action g;"}, "action `a` is in different groups"},
        {{"external action a in g; external action g;", "action a; action g;"},
         "action `a` is in different groups"},
        {{"external action a in g; action g;", "external action a in h; action h;"},
         "action `a` is in different groups"},
        {{"external action b; action a in b;", "action b in c; action c;"},
         "action `b` is in different groups"},
        {{"external action a in [b, c]; external action b in c; external action c;",
          "action a in b; action b in c; action c;"},
         NULL},
    };
    CHECK(ROWS);
}

static void test_names_do_not_hide_what_others_mean(void **state)
{
    (void)state;
    static const struct link_case ROWS[] = {
        {{"entity String;", "entity A { s: String };"},
         "hides the built-in type in some of the schemas only"},
        {{"entity String;", "external entity String; entity A { s: String };"}, NULL},
        {{"external entity ipaddr;", "external entity ipaddr;", "entity A;"},
         "entity type `ipaddr` hides"},
        {{"type ipaddr = Long; entity A { i: ipaddr };", "entity B { i: ipaddr };"}, NULL},
        {{"entity A;", "namespace N { entity A; }"}, "`N::A` hides a name of the empty namespace"},
        {{"entity A;", "namespace N { entity B; }"}, NULL},
        {{"action a;", "namespace N { action a; }"}, "action `a` hides one of the empty namespace"},
        {{"action a;", "namespace N { action b; }"}, NULL},
    };
    CHECK(ROWS);
}

static void test_equal_types_of_different_schemas_become_one_object(void **state)
{
    (void)state;
    static const char *const TEXTS[SCHEMAS_MAX] = {
        "entity A { x: { y: Long } } tags Set<Long>; action a appliesTo { principal: A, resource: A, context: { y: Long } };",
        "entity B { x: { y: Long } } tags Set<Long>; action b appliesTo { principal: B, resource: B, context: { y: Long } };",
    };
    struct linking linking;
    const struct skm_schema *schema = NULL;
    linking_init(&linking, TEXTS);
    assert_ok(link_in_order(&linking, (const size_t[]){0, 1, 2}, &schema));
    const struct skm_schema_entity *a = entity_of(schema, "A");
    const struct skm_schema_entity *b = entity_of(schema, "B");
    assert_ptr_equal(a->shape, b->shape);
    assert_ptr_equal(a->tags, b->tags);
    assert_ptr_equal(action_of(schema, "Action", "a")->context, a->shape->attrs[0].type);
    assert_ptr_equal(action_of(schema, "Action", "b")->context, a->shape->attrs[0].type);
    linking_fini(&linking);
}

static void test_out_of_memory_is_an_error_at_every_step(void **state)
{
    (void)state;
    static const char *const TEXTS[SCHEMAS_MAX] = {
        "external entity B in C; external entity C; entity A in B { x: { y: Set<B> } }; external action g; action a in g;",
        "entity B in C; external entity C; action g;",
        NULL,
    };
    struct linking linking;
    linking_init(&linking, TEXTS);
    for (size_t n = 0;; n++) {
        struct skm_arena arena;
        const struct skm_schema *schema = NULL;
        skm_arena_init(&arena, 1u << 24);
        skm_mem_fail_after(n);
        skm_err err = skm_schema_link(&arena, linking.schemas, 2, &linking.result.diags, &schema);
        skm_mem_fail_after(SIZE_MAX);
        assert_true((schema != NULL) == skm_is_ok(err));
        skm_arena_fini(&arena);
        if (skm_is_ok(err)) {
            assert_true(n > 5);
            break;
        }
        assert_err(err, MEMORY);
    }
    linking_fini(&linking);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_external_names_find_their_definitions),
    cmocka_unit_test(test_linking_equals_resolving_the_whole),
    cmocka_unit_test(test_grouping_does_not_matter),
    cmocka_unit_test(test_nothing_is_defined_twice),
    cmocka_unit_test(test_enum_types_are_not_external_elsewhere),
    cmocka_unit_test(test_defined_types_get_no_more_ancestors),
    cmocka_unit_test(test_an_action_has_the_same_groups_everywhere),
    cmocka_unit_test(test_names_do_not_hide_what_others_mean),
    cmocka_unit_test(test_equal_types_of_different_schemas_become_one_object),
    cmocka_unit_test(test_out_of_memory_is_an_error_at_every_step),
};

SKM_TEST_MAIN(tests)
