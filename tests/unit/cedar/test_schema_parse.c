#include "harness/test.h"

#include "unit/cedar/schema_help.h"

#define CHECK(rows) check_verdicts(skm_schema_parse, rows, sizeof(rows) / sizeof((rows)[0]))

/* Cedar schema grammar: each accepted form beside what is refused. */

static void test_schema_is_declarations_and_namespaces(void **state)
{
    (void)state;
    static const struct verdict ROWS[] = {
        {"", NULL},
        {" \n// only a comment", NULL},
        {"entity A;", NULL},
        {"entity A", "expected `;`, found the end of the text"},
        {"entity A; namespace N { entity B; } entity C;", NULL},
        {"namespace A::B { }", NULL},
        {"namespace A::B { };", "expected `namespace`, `entity`, `action` or `type`, found `;`"},
        {"namespace { entity A; }", "expected a name, found `{`"},
        {"namespace N { namespace M { } }",
         "expected `entity`, `action`, `type` or `}`, found `namespace`"},
        {"namespace N { entity A;", "expected `}`, found the end of the text"},
        {"namespace N { entity A; } }", "found `}`"},
        {"namespace A :: /* */ B { }", "expected a name, found `/`"},
        {"namespace A // x\n :: B { } entity C in A::B::D;", "`A::B::D` is not declared"},
        {"namespace A // x\n :: B { entity D; } entity C in A :: B::D;", NULL},
        {"entityA;", "found `entityA`"},
        {"entity A; # no", "this character has no meaning here"},
        {"entity \xff;", "this is not UTF-8"},
        {"\xef\xbb\xbf"
         "entity A;",
         "no meaning here"},
        {"entity\xc2\xa0"
         "A\xe2\x80\xa8;",
         NULL},
    };
    CHECK(ROWS);
}

static void test_entity_declaration(void **state)
{
    (void)state;
    static const struct verdict ROWS[] = {
        {"entity A, B, C;", NULL},
        {"entity A, B,;", "expected a name, found `;`"},
        {"entity \"A\";", "expected a name, found a string"},
        {"entity N::A;", "expected `;`, found `::`"},
        {"entity A in B; entity B;", NULL},
        {"entity A in [B]; entity B;", NULL},
        {"entity A in [B, C]; entity B, C;", NULL},
        {"entity A in [B, C,]; entity B, C;", "expected a name, found `]`"},
        {"entity A in [];", NULL},
        {"entity A in B, C; entity B, C;", "expected `;`, found `,`"},
        {"entity A in;", "expected a name"},
        {"entity A {};", NULL},
        {"entity A = {};", NULL},
        {"entity A = ;", "expected `{`"},
        {"type T = {}; entity A = T;", "expected `{`, found `T`"},
        {"entity A { a: Long };", NULL},
        {"entity A in A = { a: Long } tags Long;", NULL},
        {"entity A tags Long;", NULL},
        {"entity A tags;", "expected a type"},
        {"entity A tags Long { a: Long };", "expected `;`, found `{`"},
        {"entity A = { a: Long } in A;", "expected `;`, found `in`"},
        {"entity A enum [\"x\"];", NULL},
        {"entity A, B enum [\"x\", \"\", \"\\n\"];", NULL},
        {"entity A enum [];", "expected a string, found `]`"},
        {"entity A enum [\"x\",];", "expected a string, found `]`"},
        {"entity A enum [x];", "expected a string, found `x`"},
        {"entity A in A enum [\"x\"];", "expected `;`, found `enum`"},
        {"entity A enum [\"x\"] tags Long;", "expected `;`, found `tags`"},
        {"entity A enum [\"x\"] { a: Long };", "expected `;`, found `{`"},
    };
    CHECK(ROWS);
}

static void test_action_declaration(void **state)
{
    (void)state;
    static const struct verdict ROWS[] = {
        {"action a;", NULL},
        {"action a, \"b c\", \"\";", NULL},
        {"action a,;", "expected a name or a string"},
        {"action N::a;", "expected `;`, found `::`"},
        {"action a in b; action b;", NULL},
        {"action a in \"b\"; action b;", NULL},
        {"action a in [b, \"c\"]; action b, c;", NULL},
        {"action a in [];", "expected a name, found `]`"},
        {"action a in [b,]; action b;", "expected a name, found `]`"},
        {"action a in Action::\"b\"; action b;", NULL},
        {"action a in N::Action::\"b\"; namespace N { action b; }", NULL},
        {"action a in N::Action; namespace N { action b; }", "this is a type, not an action"},
        {"action a in N::b; namespace N { action b; }", "this is a type, not an action"},
        {"action a attributes {};", NULL},
        {"action a attributes { b: Long };", "actions have no attributes"},
        {"action a attributes;", "expected `{`"},
        {"entity E; action a appliesTo { principal: E, resource: E } attributes {};", NULL},
        {"entity E; action a attributes {} appliesTo { principal: E, resource: E };",
         "expected `;`"},
        {"action b; entity E; action a in b appliesTo { principal: E, resource: E };", NULL},
        {"action b; entity E; action a appliesTo { principal: E, resource: E } in b;",
         "expected `;`"},
    };
    CHECK(ROWS);
}

static void test_applies_to(void **state)
{
    (void)state;
    static const struct verdict ROWS[] = {
        {"entity E, F; action a appliesTo { principal: E, resource: [E, F] };", NULL},
        {"entity E; action a appliesTo { resource: E, principal: [E], };", NULL},
        {"entity E; action a appliesTo { principal: E, resource: E, context: {} };", NULL},
        {"entity E; action a appliesTo { context: { a: Long, }, principal: E, resource: E };",
         NULL},
        {"type C = {}; entity E; action a appliesTo { principal: E, resource: E, context: C };",
         NULL},
        {"action a appliesTo {};", "expected `principal`, `resource` or `context`"},
        {"entity E; action a appliesTo { principal: E };", "`appliesTo` has no `resource`"},
        {"entity E; action a appliesTo { resource: E };", "`appliesTo` has no `principal`"},
        {"action a appliesTo { context: {} };", "`appliesTo` has no `principal`"},
        {"entity E; action a appliesTo { principal: [], resource: E };",
         "the list of entity types is empty"},
        {"entity E; action a appliesTo { principal: E, resource: [] };",
         "the list of entity types is empty"},
        {"entity E; action a appliesTo { principal: [E,], resource: E };",
         "expected a name, found `]`"},
        {"entity E; action a appliesTo { principal: E, principal: E, resource: E };", "twice"},
        {"entity E; action a appliesTo { principal: E, resource: E, resource: E };", "twice"},
        {"entity E; action a appliesTo { principal: E, resource: E, context: {}, context: {} };",
         "twice"},
        {"entity E; action a appliesTo { principal: E resource: E };", "expected `}`"},
        {"entity E; action a appliesTo { principal: E, resource: E,, };", "found `,`"},
        {"entity E; action a appliesTo { principals: E, resource: E };", "found `principals`"},
        {"entity E; action a appliesTo { principal: E, resource: E, context: Set<Long> };",
         "expected `}`"},
        {"entity E; action a appliesTo { principal: E, resource: E, context: [] };",
         "the name of a common"},
        {"entity E; action a appliesTo { principal: \"E\", resource: E };", "expected a name"},
    };
    CHECK(ROWS);
}

static void test_types(void **state)
{
    (void)state;
    static const struct verdict ROWS[] = {
        {"type T = Long;", NULL},
        {"type T Long;", "expected `=`"},
        {"type T = ;", "expected a type"},
        {"type T, U = Long;", "expected `=`, found `,`"},
        {"type \"T\" = Long;", "expected a name"},
        {"type T = Set<Set<Long>>;", NULL},
        {"type T = Set<Long;", "expected `>`"},
        {"type T = Set<>;", "expected a type"},
        {"type T = Set<Long, Long>;", "expected `>`"},
        {"type T = Set;", "type `Set` is not declared"},
        {"entity Set; type T = Set; type U = Set<Set>;", NULL},
        {"type T = List<Long>;", "expected `;`, found `<`"},
        {"type T = N::Set<Long>;", "expected `;`, found `<`"},
        {"type T = {};", NULL},
        {"type T = { a: Long };", NULL},
        {"type T = { a: Long, };", NULL},
        {"type T = { a: Long, b?: String, \"c d\": Bool, \"\"? : Set<Long> };", NULL},
        {"type T = { , };", "expected a name or a string, found `,`"},
        {"type T = { a: Long,, };", "found `,`"},
        {"type T = { a: Long b: Long };", "expected `,` or `}`, found `b`"},
        {"type T = { a };", "expected `:`"},
        {"type T = { a = Long };", "expected `:`"},
        {"type T = { a??: Long };", "expected `:`"},
        {"type T = { N::a: Long };", "expected `:`"},
        {"type T = { a: { b: { c: Long } } };", NULL},
        {"type T = \"Long\";", "expected a type"},
        {"type T = 3;", "expected a type, found a number"},
    };
    CHECK(ROWS);
}

static void test_words_are_contextual_and_reserved_ones_need_quotes(void **state)
{
    (void)state;
    static const struct verdict ROWS[] = {
        {"entity entity, action, type, namespace, tags, attributes, enum, external, appliesTo, context;",
         NULL},
        {"entity principal, resource, permit, forbid, when, unless;", NULL},
        {"entity enum enum [\"x\"];", NULL},
        {"entity tags in tags = { tags: tags } tags tags;", NULL},
        {"type type = { type: type2 }; type type2 = Long;", NULL},
        {"action action, principal, context, attributes attributes {};", NULL},
        {"namespace namespace { entity entity; }", NULL},
        {"entity external; external entity entity;", NULL},
        {"entity if;", "`if` is a reserved word"},
        {"entity in;", "`in` is a reserved word"},
        {"namespace is { }", "`is` is a reserved word"},
        {"type like = Long;", "`like` is a reserved word"},
        {"entity A in has;", "`has` is a reserved word"},
        {"action then;", "`then` is a reserved word"},
        {"action \"then\", \"in\";", NULL},
        {"entity A { true: Long };", "`true` is a reserved word"},
        {"entity A { \"true\": Long, \"if\": Long };", NULL},
        {"entity A { else: Long };", "are written in quotes"},
    };
    CHECK(ROWS);
}

static void test_annotations_stand_before_declarations_and_attributes(void **state)
{
    (void)state;
    static const struct verdict ROWS[] = {
        {"@doc(\"x\") entity A;", NULL},
        {"@doc entity A;", NULL},
        {"@if(\"x\") @in @__cedar action a;", NULL},
        {"@a(\"1\") @b(\"2\") namespace N { @a(\"\\u{1F600}\") type T = { @a b: Long, @a @b \"c\"?: Long }; }",
         NULL},
        {"@a external entity A; @b external action c;", NULL},
        {"@a @a entity A;", "annotation `@a` is there twice"},
        {"@a(\"1\") @a(\"2\") type T = Long;", "annotation `@a` is there twice"},
        {"type T = { @a @a b: Long };", "annotation `@a` is there twice"},
        {"@a() entity A;", "expected a string"},
        {"@a(b) entity A;", "expected a string, found `b`"},
        {"@\"a\" entity A;", "expected the name of an annotation"},
        {"@a::b entity A;", "found `::`"},
        {"entity A; @a", "found the end of the text"},
        {"namespace N { @a }", "expected `entity`, `action`, `type` or `}`"},
        {"entity @a A;", "expected a name"},
    };
    CHECK(ROWS);
}

/* RFC 116 */
static void test_external_declarations_have_parents_only(void **state)
{
    (void)state;
    static const struct verdict ROWS[] = {
        {"external entity A;", NULL},
        {"external entity A, B in [C]; entity C;", NULL},
        {"external entity A in C; external entity C;", NULL},
        {"external action a, \"b\" in [g]; external action g;", NULL},
        {"external action a in g; action g;", NULL},
        {"external entity A {};", "an `external` declaration has `in` and nothing else"},
        {"external entity A = { a: Long };", "an `external` declaration has `in` and nothing else"},
        {"external entity A tags Long;", "an `external` declaration has `in` and nothing else"},
        {"external entity A enum [\"x\"];", "an `external` declaration has `in` and nothing else"},
        {"entity E; external action a appliesTo { principal: E, resource: E };",
         "has `in` and nothing else"},
        {"external action a attributes {};", "an `external` declaration has `in` and nothing else"},
        {"external type T = Long;", "expected `entity` or `action`, found `type`"},
        {"external namespace N { }", "expected `entity` or `action`"},
        {"external external entity A;", "expected `entity` or `action`"},
        {"namespace N { external entity A; external action b; }", NULL},
    };
    CHECK(ROWS);
}

static void test_strings_have_policy_escapes(void **state)
{
    (void)state;
    static const struct verdict ROWS[] = {
        {"action \"\\n\\t\\\\\\\"\\'\\0\\x41\\u{1F600}\";", NULL},
        {"action \"\\*\";", "has a meaning in the pattern of `like` only"},
        {"action \"\\q\";", "no such escape"},
        {"action \"\\xff\";", "goes up to"},
        {"action \"open;", "the string is not closed"},
        {"action 'a';", "strings are written with `\"`"},
        {"action \"a\nb\";", NULL},
    };
    CHECK(ROWS);
}

static void test_several_faults_are_reported_in_one_run(void **state)
{
    (void)state;
    struct reading reading;
    const struct skm_schema *schema = NULL;
    reading_init(&reading, "entity A = { a Long };\n"
                           "entity B;\n"
                           "action a appliesTo { principal: B };\n"
                           "namespace N {\n"
                           "  type if = Long;\n"
                           "  entity C enum [];\n"
                           "}\n"
                           "entity D in ;\n");
    assert_err(skm_schema_parse(&reading.arena, &reading.source, &reading.diags, &schema), INVALID);
    assert_int_equal(reading.diags.errors, 5);
    static const uint32_t PLACES[][2] = {{1, 16}, {3, 10}, {5, 8}, {6, 18}, {8, 13}};
    size_t i = 0;
    for (const struct skm_diag *diag = reading.diags.first; diag != NULL; diag = diag->next) {
        uint32_t line = 0;
        uint32_t column = 0;
        skm_source_position(diag->source, diag->range.start, &line, &column);
        assert_int_equal(line, PLACES[i][0]);
        assert_int_equal(column, PLACES[i][1]);
        i++;
    }
    reading_fini(&reading);
}

/* 60 levels are the limit; the text form has one level fewer per type than the JSON form. */
static void test_nesting_is_bounded(void **state)
{
    (void)state;
    for (size_t depth = SKM_DECL_DEPTH_MAX - 1; depth <= SKM_DECL_DEPTH_MAX; depth++) {
        struct reading reading;
        struct skm_buf text;
        const struct skm_schema *schema = NULL;
        skm_buf_init(&text, 1u << 16);
        skm_buf_append_cstr(&text, "type T = ");
        for (size_t i = 0; i < depth; i++) {
            skm_buf_append_cstr(&text, i % 2 == 0 ? "Set<" : "{a: ");
        }
        skm_buf_append_cstr(&text, "Long");
        for (size_t i = depth; i > 0; i--) {
            skm_buf_append_cstr(&text, (i - 1) % 2 == 0 ? ">" : "}");
        }
        skm_buf_append_cstr(&text, ";");
        reading_init(&reading, "");
        reading.source.text = skm_buf_span(&text);
        skm_err err = skm_schema_parse(&reading.arena, &reading.source, &reading.diags, &schema);
        if (depth < SKM_DECL_DEPTH_MAX) {
            assert_ok(err);
        } else {
            assert_err(err, INVALID);
            assert_true(has_message(&reading, "the type nests too deeply"));
        }
        reading_fini(&reading);
        skm_buf_fini(&text);
    }
}

static void test_text_form_is_told_from_json(void **state)
{
    (void)state;
    assert_true(skm_schema_text_is_cedar(SKM_SPAN("entity A;")));
    assert_true(skm_schema_text_is_cedar(SKM_SPAN("")));
    assert_true(skm_schema_text_is_cedar(SKM_SPAN("// {\n@a entity A;")));
    assert_false(skm_schema_text_is_cedar(SKM_SPAN(" \n{\"\": {}}")));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_schema_is_declarations_and_namespaces),
    cmocka_unit_test(test_entity_declaration),
    cmocka_unit_test(test_action_declaration),
    cmocka_unit_test(test_applies_to),
    cmocka_unit_test(test_types),
    cmocka_unit_test(test_words_are_contextual_and_reserved_ones_need_quotes),
    cmocka_unit_test(test_annotations_stand_before_declarations_and_attributes),
    cmocka_unit_test(test_external_declarations_have_parents_only),
    cmocka_unit_test(test_strings_have_policy_escapes),
    cmocka_unit_test(test_several_faults_are_reported_in_one_run),
    cmocka_unit_test(test_nesting_is_bounded),
    cmocka_unit_test(test_text_form_is_told_from_json),
};

SKM_TEST_MAIN(tests)
