#include "harness/test.h"

#include "cedar/schema_resolve.h"
#include "unit/cedar/schema_help.h"

#define CHECK(rows) check_verdicts(skm_schema_parse, rows, sizeof(rows) / sizeof((rows)[0]))

static void assert_attr(const struct skm_schema *schema, const char *entity, const char *attr,
                        const char *expected)
{
    const struct skm_schema_entity *row = entity_of(schema, entity);
    assert_non_null(row);
    const struct skm_type_attr *found = skm_type_attr_find(row->shape, skm_span_cstr(attr));
    assert_non_null(found);
    assert_type_is(found->type, expected);
}

/* ---- what names refer to (RFC 24) ---- */

static void test_names_are_looked_for_in_the_own_namespace_then_in_the_empty_one(void **state)
{
    (void)state;
    struct reading reading;
    reading_init(
        &reading,
        "entity Top;\n"
        "namespace A { entity In; entity E { a: In, b: Top, c: B::Other, d: A::In }; }\n"
        "namespace B { entity Other; entity In; entity F { a: In, b: A::In }; }\n"
        "namespace A::B { entity Deep; entity G { a: Deep, b: Top, c: A::In, d: B::In }; }\n");
    const struct skm_schema *schema = must_parse(&reading);
    assert_attr(schema, "A::E", "a", "A::In");
    assert_attr(schema, "A::E", "b", "Top");
    assert_attr(schema, "A::E", "c", "B::Other");
    assert_attr(schema, "A::E", "d", "A::In");
    assert_attr(schema, "B::F", "a", "B::In");
    assert_attr(schema, "B::F", "b", "A::In");
    assert_attr(schema, "A::B::G", "a", "A::B::Deep");
    assert_attr(schema, "A::B::G", "d", "B::In");
    reading_fini(&reading);
}

static void test_names_are_not_looked_for_elsewhere(void **state)
{
    (void)state;
    static const struct verdict ROWS[] = {
        {"namespace A { entity E; } entity F in E;", "entity type `E` is not declared"},
        {"namespace A { entity E; } namespace A::B { entity F in E; }",
         "entity type `E` is not declared"},
        {"namespace A::B { entity E; } namespace A { entity F in B::E; }",
         "`B::E` is not declared"},
        {"namespace A::B { entity E; } namespace A { entity F in A::B::E; }", NULL},
        {"namespace A { entity F { a: ::E }; }", "expected a type"},
        {"entity E { a: N::Long };", "type `N::Long` is not declared"},
        {"entity E { a: __cedar::Group };", "type `__cedar::Group` is not declared"},
        {"entity E in __cedar::Long;", "entity type `__cedar::Long` is not declared"},
        {"entity User; entity E in Usr;", "did you mean `User`?"},
        {"entity E { a: Strng };", "did you mean `String`?"},
        {"entity E in Long;", "`Long` is a built-in type"},
        {"type T = {}; entity E in T;", "`T` is a common type"},
    };
    CHECK(ROWS);
}

static void test_a_common_type_wins_over_an_entity_type_at_each_step(void **state)
{
    (void)state;
    struct reading reading;
    reading_init(&reading, "namespace N {\n"
                           "  entity Both; type Both = { x: Long };\n"
                           "  entity E in Both { a: Both, b: N::Both };\n"
                           "}\n");
    const struct skm_schema *schema = must_parse(&reading);
    assert_attr(schema, "N::E", "a", "{x: Long}");
    assert_attr(schema, "N::E", "b", "{x: Long}");
    assert_true(skm_schema_may_be_in(schema, SKM_SPAN("N::E"), SKM_SPAN("N::Both")));
    assert_true(has_message(&reading, "common type `Both` hides the entity type"));
    reading_fini(&reading);
}

static void test_built_ins_can_be_hidden_and_are_still_there_as_cedar(void **state)
{
    (void)state;
    struct reading reading;
    reading_init(
        &reading,
        "entity String; type ipaddr = { v: Long };\n"
        "namespace N { entity decimal; type duration = Long;\n"
        "  entity E { a: String, b: ipaddr, c: decimal, d: duration, e: Long, f: Bool,\n"
        "    g: __cedar::String, h: __cedar::ipaddr, i: __cedar::decimal, j: datetime }; }\n"
        "entity F { c: decimal, d: duration };\n");
    const struct skm_schema *schema = must_parse(&reading);
    assert_attr(schema, "N::E", "a", "String");
    assert_int_equal(entity_of(schema, "N::E")->shape->attrs[0].type->kind, SKM_TYPE_ENTITY);
    assert_attr(schema, "N::E", "b", "{v: Long}");
    assert_attr(schema, "N::E", "c", "N::decimal");
    assert_attr(schema, "N::E", "d", "Long");
    assert_attr(schema, "N::E", "e", "Long");
    assert_attr(schema, "N::E", "f", "Bool");
    assert_int_equal(
        skm_type_attr_find(entity_of(schema, "N::E")->shape, SKM_SPAN("g"))->type->kind,
        SKM_TYPE_STRING);
    assert_attr(schema, "N::E", "h", "ipaddr");
    assert_attr(schema, "N::E", "i", "decimal");
    assert_attr(schema, "N::E", "j", "datetime");
    assert_attr(schema, "F", "c", "decimal");
    assert_attr(schema, "F", "d", "duration");
    assert_true(has_message(&reading, "`String` hides the built-in type"));
    assert_int_equal(reading.diags.warnings, 4);
    reading_fini(&reading);
}

static void test_names_that_cannot_be_declared(void **state)
{
    (void)state;
    static const struct verdict ROWS[] = {
        {"type Bool = Long;", "means something else in the JSON form"},
        {"type Boolean = Long;", "means something else in the JSON form"},
        {"type Entity = Long;", "means something else in the JSON form"},
        {"type Extension = Long;", "means something else in the JSON form"},
        {"type Long = String;", "means something else in the JSON form"},
        {"type Record = Long;", "means something else in the JSON form"},
        {"type Set = Long;", "means something else in the JSON form"},
        {"type String = Long;", "means something else in the JSON form"},
        {"namespace N { type String = Long; }", "means something else in the JSON form"},
        {"entity Bool, Boolean, Entity, Extension, Long, Record, Set, String;", NULL},
        {"type EntityOrCommon = Long; entity E { a: EntityOrCommon };", NULL},
        {"entity __cedar;", "has the reserved name `__cedar` in it"},
        {"type __cedar = Long;", "has the reserved name `__cedar` in it"},
        {"namespace __cedar { }", "has the reserved name `__cedar` in it"},
        {"namespace A::__cedar::B { }", "has the reserved name `__cedar` in it"},
        {"entity __cedarx; namespace x__cedar { entity E; }", NULL},
        {"action \"__cedar\";", NULL},
        {"entity Action;", "it is the type of actions"},
        {"namespace N { entity Action; }", "it is the type of actions"},
        {"entity Actions, action;", NULL},
    };
    CHECK(ROWS);
}

static void test_nothing_is_declared_twice(void **state)
{
    (void)state;
    static const struct verdict ROWS[] = {
        {"entity A; entity A;", "entity type `A` is declared twice"},
        {"entity A, A;", "entity type `A` is declared twice"},
        {"entity A; entity A enum [\"x\"];", "entity type `A` is declared twice"},
        {"external entity A; entity A;", "entity type `A` is declared twice"},
        {"external entity A; external entity A;", "entity type `A` is declared twice"},
        {"namespace N { entity A, A; }", "entity type `N::A` is declared twice"},
        {"namespace N { entity A; } namespace M { entity A; }", NULL},
        {"type T = Long; type T = Long;", "common type `T` is declared twice"},
        {"type T = Long; entity T;", NULL},
        {"action a; action \"a\";", "action `a` is declared twice"},
        {"action a, a;", "action `a` is declared twice"},
        {"external action a; action a;", "action `a` is declared twice"},
        {"namespace N { action a; } namespace M { action a; }", NULL},
        {"namespace N { entity A; } namespace N { entity B; }", "namespace `N` is opened twice"},
        {"namespace N { } namespace N::M { }", NULL},
        {"type T = { a: Long, a: Long };", "attribute `a` is declared twice"},
        {"type T = { a: Long, \"a\"?: String };", "attribute `a` is declared twice"},
        {"type T = { a: Long, b: { a: Long } };", NULL},
        {"type T = { a: Long, A: Long, \"a \": Long };", NULL},
    };
    CHECK(ROWS);
}

/* RFC 70 */
static void test_namespaces_do_not_hide_the_empty_one(void **state)
{
    (void)state;
    static const struct verdict ROWS[] = {
        {"entity A; namespace N { entity A; }",
         "`A` hides the `A` declared in the empty namespace"},
        {"namespace N { entity A; } entity A;",
         "`A` hides the `A` declared in the empty namespace"},
        {"type A = Long; namespace N { type A = Long; }", "`A` hides the `A`"},
        {"type A = Long; namespace N { entity A; }", "`A` hides the `A`"},
        {"entity A; namespace N { type A = Long; }", "`A` hides the `A`"},
        {"external entity A; namespace N { entity A; }", "`A` hides the `A`"},
        {"action a; namespace N { action a; }", "`a` hides the `a`"},
        {"action a; namespace N { entity a; }", NULL},
        {"entity A; type A = Long;", NULL},
        {"namespace N { entity A; type A = Long; }", NULL},
        {"action a; namespace N { action b; }", NULL},
        {"namespace N { entity A; } namespace N::M { entity A; }", NULL},
    };
    CHECK(ROWS);
}

/* ---- common types ---- */

static void test_common_types_do_not_contain_themselves(void **state)
{
    (void)state;
    static const struct verdict ROWS[] = {
        {"type A = A;", "common type `A` contains itself: A -> A"},
        {"type A = { a: Set<{ b: A }> };", "common type `A` contains itself: A -> A"},
        {"type A = B; type B = Set<C>; type C = { x?: A };",
         "`A` contains itself: A -> B -> C -> A"},
        {"type A = B; type B = C; type C = B;", "`B` contains itself: B -> C -> B"},
        {"namespace N { type A = N::B; type B = A; }",
         "`N::A` contains itself: N::A -> N::B -> N::A"},
        {"type A = { a: B, b: B, c: Set<B> }; type B = { a: C, b: C }; type C = Long;", NULL},
        {"entity A { a: A, b: Set<A> };", NULL},
        {"type A = A; type B = { b: A, c: Nope };", "type `Nope` is not declared"},
    };
    CHECK(ROWS);
}

static void test_order_of_common_types_does_not_matter(void **state)
{
    (void)state;
    struct reading reading;
    reading_init(&reading, "entity E { a: A, b: Set<B> };\n"
                           "type A = { b: B }; type B = { c: C }; type C = Set<Long>;\n");
    const struct skm_schema *schema = must_parse(&reading);
    assert_attr(schema, "E", "a", "{b: {c: Set<Long>}}");
    assert_attr(schema, "E", "b", "Set<{c: Set<Long>}>");
    reading_fini(&reading);
}

static void test_equal_types_are_one_object(void **state)
{
    (void)state;
    struct reading reading;
    reading_init(
        &reading,
        "type A = { x: Set<Long>, y?: E };\n"
        "type B = { \"y\"?: E, \"x\": Set<__cedar::Long> };\n"
        "entity E { a: A, b: B, c: { x: Set<Long>, y?: E }, d: { x: Set<Long>, y: E } };\n");
    const struct skm_schema *schema = must_parse(&reading);
    const struct skm_type_attr *attrs = entity_of(schema, "E")->shape->attrs;
    assert_ptr_equal(attrs[0].type, attrs[1].type);
    assert_ptr_equal(attrs[0].type, attrs[2].type);
    assert_ptr_not_equal(attrs[0].type, attrs[3].type);
    reading_fini(&reading);
}

static void test_shapes_and_contexts_are_records(void **state)
{
    (void)state;
    static const struct verdict ROWS[] = {
        {"type C = { a: Long }; entity E; action a appliesTo { principal: E, resource: E, context: C };",
         NULL},
        {"type D = C; type C = {}; entity E; action a appliesTo { principal: E, resource: E, context: D };",
         NULL},
        {"type C = Long; entity E; action a appliesTo { principal: E, resource: E, context: C };",
         "the context of `a` is not a record"},
        {"entity E; action a appliesTo { principal: E, resource: E, context: Long };",
         "the context of `a` is not a record"},
        {"entity E; action a appliesTo { principal: E, resource: E, context: E };",
         "common type `E` is not declared"},
        {"entity E; action a appliesTo { principal: E, resource: E, context: Nope };",
         "common type `Nope` is not declared"},
        {"entity E tags { a: Long }; entity F tags Set<E>;", NULL},
        {"entity E tags Nope;", "type `Nope` is not declared"},
    };
    CHECK(ROWS);
}

/* ---- hierarchies ---- */

static void test_entity_types_may_be_in_each_other(void **state)
{
    (void)state;
    struct reading reading;
    reading_init(
        &reading,
        "entity A in B; entity B in [C, A]; entity C; entity D in A; entity Self in Self;");
    const struct skm_schema *schema = must_parse(&reading);
    const struct skm_schema_entity *a = entity_of(schema, "A");
    const struct skm_schema_entity *d = entity_of(schema, "D");
    assert_int_equal(a->ancestor_count, 3);
    assert_true(span_is(a->ancestors[0], "A") && span_is(a->ancestors[1], "B") &&
                span_is(a->ancestors[2], "C"));
    assert_int_equal(d->ancestor_count, 3);
    assert_int_equal(entity_of(schema, "C")->ancestor_count, 0);
    assert_int_equal(entity_of(schema, "Self")->ancestor_count, 1);
    reading_fini(&reading);
}

static void test_action_groups_are_not_in_each_other(void **state)
{
    (void)state;
    static const struct verdict ROWS[] = {
        {"action a in a;", "action `a` is in itself: Action::\"a\" -> Action::\"a\""},
        {"action a in b; action b in c; action c in a;",
         "`a` is in itself: Action::\"a\" -> Action::\"b\" -> Action::\"c\" -> Action::\"a\""},
        {"external action a in b; action b in a;", "action `a` is in itself"},
        {"namespace N { action a in M::Action::\"b\"; } namespace M { action b in N::Action::\"a\"; }",
         "action `b` is in itself: M::Action::\"b\" -> N::Action::\"a\" -> M::Action::\"b\""},
        {"action a in [b, c]; action b in d; action c in d; action d;", NULL},
    };
    CHECK(ROWS);
}

static void test_action_groups_are_looked_up_like_types(void **state)
{
    (void)state;
    struct reading reading;
    reading_init(&reading, "action top; action topper in top;\n"
                           "namespace N { action g in topper; action a in [g, Action::\"g\"];\n"
                           "  action b in M::Action::\"m\"; }\n"
                           "namespace M { action m; }\n");
    const struct skm_schema *schema = must_parse(&reading);
    const struct skm_schema_action *a = action_of(schema, "N::Action", "a");
    assert_int_equal(a->ancestor_count, 3);
    assert_true(span_is(a->ancestors[0].type, "Action") && span_is(a->ancestors[0].id, "top"));
    assert_true(span_is(a->ancestors[1].type, "Action") && span_is(a->ancestors[1].id, "topper"));
    assert_true(span_is(a->ancestors[2].type, "N::Action") && span_is(a->ancestors[2].id, "g"));
    assert_int_equal(action_of(schema, "N::Action", "b")->ancestor_count, 1);
    /* The types of actions have the types of the groups above them. */
    const struct skm_schema_entity *type = entity_of(schema, "N::Action");
    assert_true(type->is_action);
    assert_int_equal(type->ancestor_count, 3);
    assert_true(span_is(type->ancestors[0], "Action") && span_is(type->ancestors[1], "M::Action") &&
                span_is(type->ancestors[2], "N::Action"));
    assert_int_equal(entity_of(schema, "M::Action")->ancestor_count, 0);
    assert_int_equal(entity_of(schema, "Action")->ancestor_count, 1);
    reading_fini(&reading);

    static const struct verdict ROWS[] = {
        {"action view; action a in viwe;", "did you mean `view`?"},
        {"namespace N { action g; } action a in g;", "action `g` is not declared"},
        {"namespace N { action g; } action a in Action::\"g\";",
         "action `Action::g` is not declared"},
        {"namespace N { action a in M::Action::\"g\"; } namespace N::M { action g; }",
         "action `M::Action::g` is not declared"},
        {"namespace N { action a in N::M::Action::\"g\"; } namespace N::M { action g; }", NULL},
        {"entity E; action a in E::\"g\";", "action `E::g` is not declared"},
    };
    CHECK(ROWS);
}

static void test_type_of_actions_comes_by_itself(void **state)
{
    (void)state;
    static const struct verdict ROWS[] = {
        {"namespace N { action a; entity E { x: Action, y: Set<N::Action> }; }", NULL},
        {"namespace N { entity E { x: Action }; }", "type `Action` is not declared"},
        {"action a; namespace N { entity E { x: Action }; }", NULL},
        {"namespace N { external action a; entity E { x: Action }; }", NULL},
        {"action a; entity E in Action;", "`Action` is the type of actions and cannot be a parent"},
        {"entity E; action a appliesTo { principal: Action, resource: E };",
         "cannot be in `appliesTo`"},
        {"entity E; action a appliesTo { principal: E, resource: [E, Action] };",
         "cannot be in `appliesTo`"},
        {"action a; entity E tags Action;", NULL},
    };
    CHECK(ROWS);
}

static void test_applies_to_lists_are_sorted_sets_of_full_names(void **state)
{
    (void)state;
    struct reading reading;
    reading_init(
        &reading,
        "entity Z; namespace N { entity B, A; action a, b appliesTo {\n"
        "  principal: [B, Z, A, N::B], resource: A, context: { ip: ipaddr } }; action g; }\n");
    const struct skm_schema *schema = must_parse(&reading);
    const struct skm_schema_action *a = action_of(schema, "N::Action", "a");
    const struct skm_schema_action *b = action_of(schema, "N::Action", "b");
    const struct skm_schema_action *g = action_of(schema, "N::Action", "g");
    assert_int_equal(a->principal_count, 3);
    assert_true(span_is(a->principals[0], "N::A") && span_is(a->principals[1], "N::B") &&
                span_is(a->principals[2], "Z"));
    assert_int_equal(a->resource_count, 1);
    assert_type_is(a->context, "{ip: ipaddr}");
    assert_int_equal(b->principal_count, 3);
    assert_ptr_equal(a->context, b->context);
    assert_int_equal(g->principal_count + g->resource_count, 0);
    assert_type_is(g->context, "{}");
    reading_fini(&reading);
}

static void test_annotations_are_kept_on_entity_types_and_actions(void **state)
{
    (void)state;
    struct reading reading;
    reading_init(&reading, "@doc(\"x\") @mark entity A, B; @id(\"1\") action a;");
    const struct skm_schema *schema = must_parse(&reading);
    const struct skm_schema_entity *b = entity_of(schema, "B");
    assert_int_equal(b->annotation_count, 2);
    assert_true(span_is(b->annotations[0].key, "doc") && span_is(b->annotations[0].value, "x"));
    assert_true(b->annotations[0].has_value && !b->annotations[1].has_value);
    assert_int_equal(action_of(schema, "Action", "a")->annotation_count, 1);
    reading_fini(&reading);
}

/* ---- RFC 116 ---- */

static void test_external_names_can_be_used_and_make_the_schema_partial(void **state)
{
    (void)state;
    struct reading reading;
    reading_init(
        &reading,
        "external entity User in Org; external entity Org; entity Doc in User { by: User } tags Org;\n"
        "external action group; action view in group appliesTo { principal: User, resource: [Doc, Org],\n"
        "  context: { org: Org } };\n");
    const struct skm_schema *schema = must_parse(&reading);
    assert_true(schema->is_partial);
    assert_true(entity_of(schema, "User")->is_external);
    assert_false(entity_of(schema, "Doc")->is_external);
    assert_true(action_of(schema, "Action", "group")->is_external);
    assert_true(skm_schema_may_be_in(schema, SKM_SPAN("Doc"), SKM_SPAN("Org")));
    reading_fini(&reading);
    reading_init(&reading, "entity A; external action a;");
    assert_true(must_parse(&reading)->is_partial);
    reading_fini(&reading);
    reading_init(&reading, "entity A; action a;");
    assert_false(must_parse(&reading)->is_partial);
    reading_fini(&reading);
}

static void test_external_types_are_not_in_enum_types(void **state)
{
    (void)state;
    static const struct verdict ROWS[] = {
        {"entity C enum [\"x\"]; entity A in C;", NULL},
        {"entity C enum [\"x\"]; external entity A in C;",
         "external entity type `A` cannot be in the enum type `C`"},
        {"entity C enum [\"x\"]; entity B in C; external entity A in B;",
         "external entity type `A` cannot be in the enum type `C`"},
        {"entity C enum [\"x\"]; entity B in C; external entity A in D; entity D;", NULL},
        {"type T = Long; external entity T; entity E { a: T };", NULL},
        {"external entity A in Nope;", "entity type `Nope` is not declared"},
        {"external action a in nope;", "action `nope` is not declared"},
    };
    CHECK(ROWS);
}

static void test_external_types_hide_like_defined_ones(void **state)
{
    (void)state;
    struct reading reading;
    reading_init(
        &reading,
        "external entity ipaddr; type T = Long; external entity T; entity E { a: ipaddr, b: T };");
    const struct skm_schema *schema = must_parse(&reading);
    assert_int_equal(entity_of(schema, "E")->shape->attrs[0].type->kind, SKM_TYPE_ENTITY);
    assert_int_equal(entity_of(schema, "E")->shape->attrs[1].type->kind, SKM_TYPE_LONG);
    reading_fini(&reading);
}

/* ---- several files ---- */

static void test_files_are_resolved_together(void **state)
{
    (void)state;
    struct reading first;
    struct reading second;
    reading_init(&first, "namespace N { entity A in B { x: T }; action a in g; }");
    reading_init(&second, "namespace N { entity B; type T = Long; action g; }");
    const struct skm_decl_schema *files[2] = {NULL, NULL};
    const struct skm_schema *schema = NULL;
    assert_ok(skm_schema_parse_decls(&first.arena, &first.source, &first.diags, &files[0]));
    assert_ok(skm_schema_parse_decls(&second.arena, &second.source, &second.diags, &files[1]));
    assert_ok(skm_schema_resolve(&first.arena, files, 2, &first.diags, &schema));
    assert_true(skm_schema_may_be_in(schema, SKM_SPAN("N::A"), SKM_SPAN("N::B")));
    assert_err(skm_schema_resolve(&first.arena, files, 1, &first.diags, &schema), INVALID);
    reading_fini(&second);
    reading_fini(&first);
}

/* ---- bounds ---- */

static void parse_built(struct skm_buf *text, struct reading *reading,
                        const struct skm_schema **out_schema, skm_err *out_err)
{
    assert_ok(skm_buf_check(text));
    reading_init(reading, "");
    reading->source.text = skm_buf_span(text);
    *out_err = skm_schema_parse(&reading->arena, &reading->source, &reading->diags, out_schema);
}

static void test_long_chains_resolve(void **state)
{
    (void)state;
    struct skm_buf text;
    struct reading reading;
    const struct skm_schema *schema = NULL;
    skm_err err = SKM_OK;
    skm_buf_init(&text, 1u << 24);
    skm_buf_append_cstr(&text, "entity T0; action a0; type C0 = {};\n");
    for (int i = 1; i < 1000; i++) {
        skm_buf_printf(&text, "entity T%d in T%d; action a%d in a%d;\n", i, i - 1, i, i - 1);
    }
    for (int i = 1; i < 16000; i++) {
        skm_buf_printf(&text, "type C%d = C%d;\n", i, i - 1);
    }
    skm_buf_append_cstr(&text, "entity E { a: C15999 };");
    parse_built(&text, &reading, &schema, &err);
    assert_ok(err);
    assert_int_equal(entity_of(schema, "T999")->ancestor_count, 999);
    assert_int_equal(action_of(schema, "Action", "a999")->ancestor_count, 999);
    assert_attr(schema, "E", "a", "{}");
    reading_fini(&reading);
    skm_buf_fini(&text);
}

/* `type T1 = {a: T0, b: T0}` and so on has 2^n leaves when written out. */
static void test_types_that_share_parts_stay_small(void **state)
{
    (void)state;
    for (int depth = SKM_TYPE_DEPTH_MAX - 1; depth <= SKM_TYPE_DEPTH_MAX; depth++) {
        struct skm_buf text;
        struct reading reading;
        const struct skm_schema *schema = NULL;
        skm_err err = SKM_OK;
        skm_buf_init(&text, 1u << 20);
        skm_buf_append_cstr(&text, "type T0 = Long;\n");
        for (int i = 1; i <= depth; i++) {
            skm_buf_printf(&text, "type T%d = { a: T%d, b: T%d, c: T%d };\n", i, i - 1,
                           i > 1 ? i - 2 : 0, i - 1);
        }
        parse_built(&text, &reading, &schema, &err);
        if (depth < SKM_TYPE_DEPTH_MAX) {
            assert_ok(err);
            assert_true(reading.arena.used_bytes < 1u << 20);
        } else {
            assert_err(err, INVALID);
            assert_true(has_message(&reading, "nests more than 128 levels deep"));
        }
        reading_fini(&reading);
        skm_buf_fini(&text);
    }
}

static void test_too_many_declarations_and_list_entries_are_refused(void **state)
{
    (void)state;
    for (int is_product = 0; is_product < 2; is_product++) {
        struct skm_buf text;
        struct reading reading;
        const struct skm_schema *schema = NULL;
        skm_err err = SKM_OK;
        skm_buf_init(&text, 1u << 24);
        int names = is_product ? 2000 : SKM_DECL_NAMES_MAX + 1;
        skm_buf_append_cstr(&text, "entity A");
        for (int i = 1; i < names; i++) {
            skm_buf_printf(&text, ", A%d", i);
        }
        skm_buf_append_cstr(&text, is_product ? " in [A" : "");
        for (int i = 1; is_product && i < names; i++) {
            skm_buf_printf(&text, ", A%d", i);
        }
        skm_buf_append_cstr(&text, is_product ? "];" : ";");
        parse_built(&text, &reading, &schema, &err);
        assert_err(err, INVALID);
        assert_null(schema);
        assert_true(
            has_message(&reading, is_product ? "the schema is too large" : "more of this than"));
        reading_fini(&reading);
        skm_buf_fini(&text);
    }
}

/* Every allocation fails once: no leak (the sanitizer looks), no schema, and never a wrong verdict. */
static void test_out_of_memory_is_an_error_at_every_step(void **state)
{
    (void)state;
    static const char TEXT[] =
        "@doc(\"a\\n\") entity User in [Team, Org :: Unit] { n: String, \"a b\"?: Set<T> } tags Long;\n"
        "entity Team, Color enum [\"x\", \"\\u{41}\"];\n"
        "type T = { u: U, w: { x: Long } }; type U = Set<ipaddr>;\n"
        "action g; action a in [g] appliesTo { principal: User, resource: [Team, User], context: T };\n"
        "namespace Org { entity Unit in Unit; action b in Action::\"g\"; external entity X; }\n";
    for (const char *text = TEXT; text != NULL;
         text = text == TEXT ? "entity E in Usr; type A = A; action a in a; entity User;" : NULL) {
        for (size_t n = 0;; n++) {
            struct reading reading;
            const struct skm_schema *schema = NULL;
            reading_init(&reading, text);
            skm_mem_fail_after(n);
            skm_err err =
                skm_schema_parse(&reading.arena, &reading.source, &reading.diags, &schema);
            skm_mem_fail_after(SIZE_MAX);
            assert_true((schema != NULL) == skm_is_ok(err));
            reading_fini(&reading);
            if (!skm_is_err(err, SKM_E_MEMORY) && n > 40) {
                assert_int_equal(err.code, text == TEXT ? SKM_E_OK : SKM_E_INVALID);
                break;
            }
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_names_are_looked_for_in_the_own_namespace_then_in_the_empty_one),
    cmocka_unit_test(test_names_are_not_looked_for_elsewhere),
    cmocka_unit_test(test_a_common_type_wins_over_an_entity_type_at_each_step),
    cmocka_unit_test(test_built_ins_can_be_hidden_and_are_still_there_as_cedar),
    cmocka_unit_test(test_names_that_cannot_be_declared),
    cmocka_unit_test(test_nothing_is_declared_twice),
    cmocka_unit_test(test_namespaces_do_not_hide_the_empty_one),
    cmocka_unit_test(test_common_types_do_not_contain_themselves),
    cmocka_unit_test(test_order_of_common_types_does_not_matter),
    cmocka_unit_test(test_equal_types_are_one_object),
    cmocka_unit_test(test_shapes_and_contexts_are_records),
    cmocka_unit_test(test_entity_types_may_be_in_each_other),
    cmocka_unit_test(test_action_groups_are_not_in_each_other),
    cmocka_unit_test(test_action_groups_are_looked_up_like_types),
    cmocka_unit_test(test_type_of_actions_comes_by_itself),
    cmocka_unit_test(test_applies_to_lists_are_sorted_sets_of_full_names),
    cmocka_unit_test(test_annotations_are_kept_on_entity_types_and_actions),
    cmocka_unit_test(test_external_names_can_be_used_and_make_the_schema_partial),
    cmocka_unit_test(test_external_types_are_not_in_enum_types),
    cmocka_unit_test(test_external_types_hide_like_defined_ones),
    cmocka_unit_test(test_files_are_resolved_together),
    cmocka_unit_test(test_long_chains_resolve),
    cmocka_unit_test(test_types_that_share_parts_stay_small),
    cmocka_unit_test(test_too_many_declarations_and_list_entries_are_refused),
    cmocka_unit_test(test_out_of_memory_is_an_error_at_every_step),
};

SKM_TEST_MAIN(tests)
