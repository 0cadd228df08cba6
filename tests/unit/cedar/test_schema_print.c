#include "harness/test.h"

#include <unistd.h>

#include "base/file.h"
#include "unit/cedar/schema_help.h"

#define OUT_MAX (1u << 24)

/* Declarations of a text in either form, which must be good. */
static const struct skm_decl_schema *decls_of(struct reading *reading)
{
    const struct skm_decl_schema *decls = NULL;
    skm_err err =
        skm_schema_text_is_cedar(reading->source.text)
            ? skm_schema_parse_decls(&reading->arena, &reading->source, &reading->diags, &decls)
            : skm_schema_parse_json_decls(&reading->arena, &reading->source, &reading->diags,
                                          &decls);
    if (!skm_is_ok(err)) {
        print_error("%.*s\n", SKM_SPAN_ARG(reading->source.text));
        show_messages(reading);
    }
    assert_ok(err);
    return decls;
}

static const struct skm_schema *schema_of(struct reading *reading)
{
    return skm_schema_text_is_cedar(reading->source.text) ? must_parse(reading)
                                                          : must_parse_json(reading);
}

static void reading_of_span(struct reading *reading, skm_span text)
{
    reading_init(reading, "");
    reading->source.text = text;
}

static void print_as(struct reading *from, bool as_json, struct skm_buf *out)
{
    const struct skm_decl_schema *decls = decls_of(from);
    skm_buf_init(out, OUT_MAX);
    skm_err err =
        as_json ? skm_schema_to_json(decls, out) : skm_schema_to_cedar(decls, &from->diags, out);
    if (!skm_is_ok(err)) {
        show_messages(from);
    }
    assert_ok(err);
}

static void assert_same_schema(skm_span left, skm_span right)
{
    struct reading a;
    struct reading b;
    bool equal = false;
    reading_of_span(&a, left);
    reading_of_span(&b, right);
    assert_ok(skm_schema_equal(schema_of(&a), schema_of(&b), SKM_SCHEMA_EQUAL_ALL, &equal));
    if (!equal) {
        print_error("differ:\n%.*s\n%.*s\n", SKM_SPAN_ARG(left), SKM_SPAN_ARG(right));
    }
    assert_true(equal);
    reading_fini(&b);
    reading_fini(&a);
}

/* Text to Cedar syntax, to JSON, to Cedar syntax: all say the same, and each form printed again is the same text. */
static void check_round_trip(skm_span text)
{
    struct reading first;
    struct reading second;
    struct reading third;
    struct skm_buf cedar;
    struct skm_buf json;
    struct skm_buf cedar_again;
    struct skm_buf json_again;
    reading_of_span(&first, text);
    print_as(&first, false, &cedar);
    print_as(&first, true, &json);
    assert_same_schema(text, skm_buf_span(&cedar));
    assert_same_schema(text, skm_buf_span(&json));
    reading_of_span(&second, skm_buf_span(&cedar));
    print_as(&second, false, &cedar_again);
    assert_span_equal(skm_buf_span(&cedar), skm_buf_span(&cedar_again));
    reading_of_span(&third, skm_buf_span(&json));
    print_as(&third, true, &json_again);
    assert_span_equal(skm_buf_span(&json), skm_buf_span(&json_again));
    skm_buf_fini(&cedar_again);
    print_as(&third, false, &cedar_again);
    assert_same_schema(text, skm_buf_span(&cedar_again));
    reading_fini(&third);
    reading_fini(&second);
    reading_fini(&first);
    skm_buf_fini(&json_again);
    skm_buf_fini(&cedar_again);
    skm_buf_fini(&json);
    skm_buf_fini(&cedar);
}

static const char RICH[] =
    "@doc(\"all \\\"of\\\" it\\n\") @mark namespace Shop::Web { type Money = { amount: decimal, @unit(\"iso\") \"the currency\"?: "
    "String };\n"
    "  @a @e(\"\") entity Customer, Guest in [Group, Top] = { name: __cedar::String, tags: Set<Set<Money>>, boss?: Customer } tags Money;\n"
    "  entity Group; entity Level enum [\"low\", \"\\u{7}\\0\", \"\\\"q\\\"\"];\n"
    "  external entity Ext in Group; external action \"out side\" in view;\n"
    "  type Ctx = { at: datetime, for: duration, from: ipaddr, ok: Bool, n: Long, what: Action };\n"
    "  action view, \"edit it\", \"if\", \"\" in [\"all\", Action::\"any\"] appliesTo { principal: [Customer, Guest], resource: "
    "Top, context: Ctx };\n"
    "  @id(\"7\") action all; }\n"
    "entity Top; action any, solo appliesTo { principal: Top, resource: Top, context: { x: { y: { } } } };\n"
    "action alone attributes {}; namespace Empty { }\n";

static void test_both_forms_keep_the_meaning(void **state)
{
    (void)state;
    check_round_trip(skm_span_cstr(RICH));
    check_round_trip(SKM_SPAN(""));
    check_round_trip(SKM_SPAN("namespace N { }"));
    check_round_trip(
        SKM_SPAN("entity EntityOrCommon2; type EntityOrCommon = {}; entity E; action a appliesTo {"
                 " principal: E, resource: E, context: EntityOrCommon };"));
    check_round_trip(SKM_SPAN(
        "entity Long, Set, String; entity E { a: Long, b: Set, c: Set<Set>, d: __cedar::Long };"));
}

static void test_layout(void **state)
{
    (void)state;
    struct reading reading;
    struct skm_buf out;
    reading_init(
        &reading,
        "namespace N{@x(\"1\")@y entity A,B in[C]={@z \"b c\"?:Set<Long>,d:{e:Bool}}tags T;entity C;type T=Long;"
        "action a,\"b c\"in[g,N::Action::\"h\"]appliesTo{principal:[A,B],resource:C,context:{}};action g,h;}"
        "entity E enum[\"x\",\"y\"];");
    print_as(&reading, false, &out);
    assert_span_equal(skm_buf_span(&out),
                      SKM_SPAN("entity E enum [\"x\", \"y\"];\n"
                               "\n"
                               "namespace N {\n"
                               "  type T = Long;\n"
                               "\n"
                               "  @x(\"1\")\n"
                               "  @y\n"
                               "  entity A in C = {\n"
                               "    @z\n"
                               "    \"b c\"?: Set<Long>,\n"
                               "    d: {\n"
                               "      e: Bool\n"
                               "    }\n"
                               "  } tags T;\n"
                               "\n"
                               "  @x(\"1\")\n"
                               "  @y\n"
                               "  entity B in C = {\n"
                               "    @z\n"
                               "    \"b c\"?: Set<Long>,\n"
                               "    d: {\n"
                               "      e: Bool\n"
                               "    }\n"
                               "  } tags T;\n"
                               "\n"
                               "  entity C;\n"
                               "\n"
                               "  action a in [g, N::Action::\"h\"] appliesTo {\n"
                               "    principal: [A, B],\n"
                               "    resource: C\n"
                               "  };\n"
                               "\n"
                               "  action \"b c\" in [g, N::Action::\"h\"] appliesTo {\n"
                               "    principal: [A, B],\n"
                               "    resource: C\n"
                               "  };\n"
                               "\n"
                               "  action g;\n"
                               "\n"
                               "  action h;\n"
                               "}\n"));
    skm_buf_fini(&out);
    reading_fini(&reading);
}

static void test_json_layout(void **state)
{
    (void)state;
    struct reading reading;
    struct skm_buf out;
    reading_init(&reading, "entity A in A { x?: Set<Long> }; action a;");
    print_as(&reading, true, &out);
    assert_span_equal(skm_buf_span(&out), SKM_SPAN("{\n"
                                                   "  \"\": {\n"
                                                   "    \"entityTypes\": {\n"
                                                   "      \"A\": {\n"
                                                   "        \"memberOfTypes\": [\n"
                                                   "          \"A\"\n"
                                                   "        ],\n"
                                                   "        \"shape\": {\n"
                                                   "          \"type\": \"Record\",\n"
                                                   "          \"attributes\": {\n"
                                                   "            \"x\": {\n"
                                                   "              \"type\": \"Set\",\n"
                                                   "              \"element\": {\n"
                                                   "                \"type\": \"EntityOrCommon\",\n"
                                                   "                \"name\": \"Long\"\n"
                                                   "              },\n"
                                                   "              \"required\": false\n"
                                                   "            }\n"
                                                   "          }\n"
                                                   "        }\n"
                                                   "      }\n"
                                                   "    },\n"
                                                   "    \"actions\": {\n"
                                                   "      \"a\": {}\n"
                                                   "    }\n"
                                                   "  }\n"
                                                   "}\n"));
    skm_buf_fini(&out);
    reading_fini(&reading);
}

/* What only the JSON form can say, with a neighbour that Cedar syntax can. */
static void test_what_cedar_syntax_cannot_say_is_refused(void **state)
{
    (void)state;
    static const struct verdict ROWS[] = {
        {"{\"\":{\"commonTypes\":{\"T\":{\"type\":\"Record\",\"attributes\":{}}},\"entityTypes\":{\"E\":{\"shape\":{\"type\":\"T\"}}},"
         "\"actions\":{}}}",
         "Cedar syntax cannot say that a common type is the shape of `E`"},
        {"{\"\":{\"commonTypes\":{\"E\":{\"type\":\"Long\"}},\"entityTypes\":{\"E\":{},\"F\":{\"tags\":{\"type\":\"Entity\",\"name\":"
         "\"E\"}}},\"actions\":{}}}",
         "the entity type is meant, not the common type `E`"},
        {"{\"\":{\"commonTypes\":{\"E\":{\"type\":\"Long\"}},\"entityTypes\":{\"E\":{},\"F\":{\"tags\":{\"type\":\"E\"}}},"
         "\"actions\":{}}}",
         NULL},
        {"{\"N\":{\"entityTypes\":{\"Bool\":{},\"F\":{\"tags\":{\"type\":\"Bool\"}}},\"actions\":{}}}",
         NULL},
        {"{\"N\":{\"entityTypes\":{\"Long\":{},\"F\":{\"tags\":{\"type\":\"Long\"}}},\"actions\":{}}}",
         NULL},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct reading reading;
        struct skm_buf out;
        reading_init(&reading, ROWS[i].text);
        skm_buf_init(&out, OUT_MAX);
        (void)must_parse_json(&reading);
        skm_err err = skm_schema_to_cedar(decls_of(&reading), &reading.diags, &out);
        if (ROWS[i].message == NULL) {
            assert_ok(err);
            assert_same_schema(reading.source.text, skm_buf_span(&out));
        } else {
            assert_err(err, INVALID);
            assert_true(has_message(&reading, ROWS[i].message));
        }
        skm_buf_fini(&out);
        reading_fini(&reading);
    }
}

static void
test_context_of_an_action_that_applies_to_nothing_is_dropped_with_a_warning(void **state)
{
    (void)state;
    struct reading reading;
    struct skm_buf out;
    reading_init(
        &reading,
        "{\"\":{\"entityTypes\":{\"E\":{}},\"actions\":{\"a\":{\"appliesTo\":{\"principalTypes\":[],"
        "\"resourceTypes\":[\"E\"]}},\"b\":{\"appliesTo\":{\"principalTypes\":[],\"resourceTypes\":[]}}}}}");
    print_as(&reading, false, &out);
    assert_span_equal(skm_buf_span(&out), SKM_SPAN("entity E;\n\naction a;\n\naction b;\n"));
    assert_int_equal(reading.diags.warnings, 1);
    assert_true(has_message(&reading, "action `a` applies to nothing"));
    skm_buf_fini(&out);
    reading_fini(&reading);
}

static void test_differences_are_seen(void **state)
{
    (void)state;
    static const char BASE[] =
        "@a entity E in F { x: Long } tags Long; entity F; entity G enum [\"x\"]; action a in b appliesTo {"
        " principal: E, resource: F, context: { y: Long } }; action b;";
    static const char *const OTHERS[] = {
        "@b entity E in F { x: Long } tags Long; entity F; entity G enum [\"x\"]; action a in b appliesTo { principal: E, resource: F, context: { y: Long } }; action b;",
        "@a entity E in G { x: Long } tags Long; entity F; entity G enum [\"x\"]; action a in b appliesTo { principal: E, resource: F, context: { y: Long } }; action b;",
        "@a entity E in F { x?: Long } tags Long; entity F; entity G enum [\"x\"]; action a in b appliesTo { principal: E, resource: F, context: { y: Long } }; action b;",
        "@a entity E in F { x: Long }; entity F; entity G enum [\"x\"]; action a in b appliesTo { principal: E, resource: F, context: { y: Long } }; action b;",
        "@a entity E in F { x: Long } tags Long; entity F; entity G enum [\"y\"]; action a in b appliesTo { principal: E, resource: F, context: { y: Long } }; action b;",
        "@a entity E in F { x: Long } tags Long; entity F; entity G enum [\"x\"]; action a appliesTo { principal: E, resource: F, context: { y: Long } }; action b;",
        "@a entity E in F { x: Long } tags Long; entity F; entity G enum [\"x\"]; action a in b appliesTo { principal: F, resource: F, context: { y: Long } }; action b;",
        "@a entity E in F { x: Long } tags Long; entity F; entity G enum [\"x\"]; action a in b appliesTo { principal: E, resource: E, context: { y: Long } }; action b;",
        "@a entity E in F { x: Long } tags Long; entity F; entity G enum [\"x\"]; action a in b appliesTo { principal: E, resource: F, context: { y: Bool } }; action b;",
        "@a entity E in F { x: Long } tags Long; entity F; entity G enum [\"x\"]; action a in b appliesTo { principal: E, resource: F, context: { y: Long } }; external action b;",
        "@a entity E in F { x: Long } tags Long; external entity F; entity G enum [\"x\"]; action a in b appliesTo { principal: E, resource: F, context: { y: Long } }; action b;",
        "@a entity E in F { x: Long } tags Long; entity F; entity G, H enum [\"x\"]; action a in b appliesTo { principal: E, resource: F, context: { y: Long } }; action b;",
    };
    for (size_t i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++) {
        struct reading a;
        struct reading b;
        bool equal = true;
        bool equal_but_annotations = true;
        reading_init(&a, BASE);
        reading_init(&b, OTHERS[i]);
        assert_ok(skm_schema_equal(must_parse(&a), must_parse(&b), SKM_SCHEMA_EQUAL_ALL, &equal));
        assert_ok(skm_schema_equal(must_parse(&a), must_parse(&b), SKM_SCHEMA_EQUAL_NO_ANNOTATIONS,
                                   &equal_but_annotations));
        assert_false(equal);
        assert_true(equal_but_annotations == (i == 0));
        reading_fini(&b);
        reading_fini(&a);
    }
}

static void test_out_of_memory_is_an_error_at_every_step(void **state)
{
    (void)state;
    struct reading reading;
    reading_init(&reading, RICH);
    const struct skm_decl_schema *decls = decls_of(&reading);
    for (int as_json = 0; as_json < 2; as_json++) {
        for (size_t n = 0;; n++) {
            struct skm_buf out;
            skm_buf_init(&out, OUT_MAX);
            skm_mem_fail_after(n);
            skm_err err = as_json ? skm_schema_to_json(decls, &out)
                                  : skm_schema_to_cedar(decls, &reading.diags, &out);
            skm_mem_fail_after(SIZE_MAX);
            skm_buf_fini(&out);
            if (skm_is_ok(err)) {
                assert_true(n > 2);
                break;
            }
            assert_err(err, MEMORY);
        }
    }
    reading_fini(&reading);
}

/* ---- other people's schemas ---- */

static size_t check_folder(const char *folder, const char *suffix)
{
    struct skm_arena arena;
    skm_span *names = NULL;
    size_t count = 0;
    skm_arena_init(&arena, 1u << 28);
    skm_err err = skm_file_list(&arena, folder, skm_span_cstr(suffix), 100000, &names, &count);
    for (size_t i = 0; skm_is_ok(err) && i < count; i++) {
        struct skm_arena file;
        skm_span text = {0};
        char path[4096];
        skm_arena_init(&file, 1u << 26);
        (void)snprintf(path, sizeof(path), "%s/%.*s", folder, SKM_SPAN_ARG(names[i]));
        assert_ok(skm_file_read(&file, path, 1u << 24, &text));
        check_round_trip(text);
        skm_arena_fini(&file);
    }
    skm_arena_fini(&arena);
    return skm_is_ok(err) ? count : 0;
}

/* Unpacks the schemas of the corpus archive into a folder of their own; false when there is none. */
static bool unpack_corpus(const char *root, char folder[4096])
{
    char command[16384];
    char archive[8192];
    (void)snprintf(archive, sizeof(archive), "%s/cedar/corpus/corpus-dev.tar.gz", root);
    (void)snprintf(folder, 4096, "%s/skm-schemas-XXXXXX",
                   getenv("TMPDIR") == NULL ? "/tmp" : getenv("TMPDIR"));
    if (access(archive, R_OK) != 0 || mkdtemp(folder) == NULL) {
        return false;
    }
    (void)snprintf(command, sizeof(command),
                   "tar -xzf '%s' -C '%s' --strip-components=1 --wildcards '*.cedarschema'",
                   archive, folder);
    assert_int_equal(system(command), 0);
    return true;
}

static void test_schemas_of_the_conformance_data_survive_both_ways(void **state)
{
    (void)state;
    const char *root = getenv("SKM_CONFORMANCE");
    root = root == NULL ? "../shared/conformance" : root;
    static const char *const FOLDERS[] = {"cedar/sample-data/sandbox_a",
                                          "cedar/sample-data/sandbox_b"};
    char folder[4096];
    size_t checked = 0;
    for (size_t i = 0; i < sizeof(FOLDERS) / sizeof(FOLDERS[0]); i++) {
        (void)snprintf(folder, sizeof(folder), "%s/%s", root, FOLDERS[i]);
        checked += check_folder(folder, ".cedarschema");
    }
    if (unpack_corpus(root, folder)) {
        char command[16384];
        size_t in_corpus = check_folder(folder, ".cedarschema");
        (void)snprintf(command, sizeof(command), "rm -r '%s'", folder);
        assert_int_equal(system(command), 0);
        assert_true(in_corpus > 0);
        checked += in_corpus;
    }
    if (checked == 0) {
        print_message("no data below %s\n", root);
        skip();
    }
    print_message("%zu schemas\n", checked);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_both_forms_keep_the_meaning),
    cmocka_unit_test(test_layout),
    cmocka_unit_test(test_json_layout),
    cmocka_unit_test(test_what_cedar_syntax_cannot_say_is_refused),
    cmocka_unit_test(test_context_of_an_action_that_applies_to_nothing_is_dropped_with_a_warning),
    cmocka_unit_test(test_differences_are_seen),
    cmocka_unit_test(test_out_of_memory_is_an_error_at_every_step),
    cmocka_unit_test(test_schemas_of_the_conformance_data_survive_both_ways),
};

SKM_TEST_MAIN(tests)
