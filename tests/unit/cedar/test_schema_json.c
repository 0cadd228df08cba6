#include "harness/test.h"

#include "unit/cedar/schema_help.h"

/* A schema with only these entity types, actions or common types. Quotes are written `'`. */
#define TYPES(body)   "{'':{'entityTypes':{" body "},'actions':{}}}"
#define ACTIONS(body) "{'':{'entityTypes':{'E':{}},'actions':{" body "}}}"
#define COMMONS(body) "{'':{'commonTypes':{" body "},'entityTypes':{'E':{}},'actions':{}}}"
#define ATTR(type)    TYPES("'E':{'shape':{'type':'Record','attributes':{'a':" type "}}}")

static void check_quoted(const struct verdict *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[1024];
        assert_true(strlen(rows[i].text) < sizeof(text));
        size_t len = strlen(rows[i].text);
        for (size_t k = 0; k <= len; k++) {
            text[k] = rows[i].text[k] == '\'' ? '"' : rows[i].text[k];
        }
        struct verdict row = {text, rows[i].message};
        check_verdicts(skm_schema_parse_json, &row, 1);
    }
}

#define CHECK_QUOTED(rows) check_quoted(rows, sizeof(rows) / sizeof((rows)[0]))

static void test_schema_is_an_object_of_namespaces(void **state)
{
    (void)state;
    static const struct verdict ROWS[] = {
        {"{}", NULL},
        {"{'':{'entityTypes':{},'actions':{}}}", NULL},
        {"{'N':{'entityTypes':{},'actions':{}},'A::B':{'entityTypes':{},'actions':{}}}", NULL},
        {"{'N':{'commonTypes':{},'entityTypes':{},'actions':{},'annotations':{'doc':'x','b':null}}}",
         NULL},
        {"", ""},
        {"[]", ""},
        {"{} {}", ""},
        {"{'N':{'entityTypes':{}}}", "the namespace has no `actions`"},
        {"{'N':{'actions':{}}}", "the namespace has no `entityTypes`"},
        {"{'N':{'entityTypes':{},'actions':{},'entitytypes':{}}}", "unknown member `entitytypes`"},
        {"{'N':{'entityTypes':{},'actions':{},'actons':{}}}", "did you mean `actions`?"},
        {"{'N':{'entityTypes':{},'actions':{}},'N':{'entityTypes':{},'actions':{}}}", ""},
        {"{'N':{'entityTypes':null,'actions':{}}}", ""},
        {"{'N':{'commonTypes':null,'entityTypes':{},'actions':{}}}", ""},
        {"{' N':{'entityTypes':{},'actions':{}}}", "` N` is not a name"},
        {"{'N ::M':{'entityTypes':{},'actions':{}}}", "is not a name"},
        {"{'N::':{'entityTypes':{},'actions':{}}}", "is not a name"},
        {"{'if':{'entityTypes':{},'actions':{}}}", "`if` is not a name"},
        {"{'__cedar':{'entityTypes':{},'actions':{}}}", "reserved name `__cedar`"},
        {"{'':{'entityTypes':{},'actions':{},'annotations':{'doc':'x'}}}",
         "the empty namespace has no annotations"},
        {"{'':{'entityTypes':{},'actions':{},'annotations':{}}}", NULL},
        {"{'N':{'entityTypes':{},'actions':{},'annotations':{'a b':'x'}}}", "`a b` is not a name"},
        {"{'N':{'entityTypes':{},'actions':{},'annotations':{'if':'x'}}}", NULL},
        {"{'N':{'entityTypes':{},'actions':{},'annotations':{'a':1}}}", ""},
        {"{'N':{'entityTypes':{},'actions':{},'annotations':{'a':'x','a':'y'}}}", ""},
    };
    CHECK_QUOTED(ROWS);
}

static void test_entity_types(void **state)
{
    (void)state;
    static const struct verdict ROWS[] = {
        {TYPES("'E':{}"), NULL},
        {TYPES("'E':{'memberOfTypes':[]}"), NULL},
        {TYPES("'E':{'memberOfTypes':['E','F']},'F':{}"), NULL},
        {TYPES("'E':{'memberOfTypes':['G']}"), "entity type `G` is not declared"},
        {TYPES("'E':{'memberOfTypes':null}"), ""},
        {TYPES("'E':{'memberOfTypes':'E'}"), ""},
        {TYPES("'E':{'memberOfTypes':['E ']}"), "`E ` is not a name"},
        {TYPES("'E':{'shape':{'type':'Record','attributes':{}}}"), NULL},
        {TYPES("'E':{'shape':{'type':'Long'}}"), "the shape of `E` is not a record"},
        {TYPES("'E':{'shape':null}"), ""},
        {TYPES("'E':{'shape':{}}"), "the type has no `type`"},
        {TYPES("'E':{'tags':{'type':'Long'}}"), NULL},
        {TYPES("'E':{'tags':null}"), ""},
        {TYPES("'E':{'annotations':{'a':'b','c':null}}"), NULL},
        {TYPES("'E':{'attributes':{}}"), "unknown member `attributes`"},
        {TYPES("'E':{},'E':{}"), ""},
        {TYPES("'if':{}"), "`if` is not a name"},
        {TYPES("'N::E':{}"), "`N::E` is not a name"},
        {TYPES("'':{}"), "`` is not a name"},
        {TYPES("'Action':{}"), "it is the type of actions"},
        {TYPES("'__cedar':{}"), "reserved name `__cedar`"},
        {TYPES("'E':null"), ""},
        {TYPES("'E':{'enum':['x','']}"), NULL},
        {TYPES("'E':{'enum':[]}"), "`enum` has no ids"},
        {TYPES("'E':{'enum':null}"), ""},
        {TYPES("'E':{'enum':[1]}"), ""},
        {TYPES("'E':{'enum':['x'],'memberOfTypes':[]}"),
         "`memberOfTypes` cannot stand beside `enum`"},
        {TYPES("'E':{'enum':['x'],'shape':{'type':'Record','attributes':{}}}"),
         "`shape` cannot stand beside `enum`"},
        {TYPES("'E':{'tags':{'type':'Long'},'enum':['x']}"), "`tags` cannot stand beside `enum`"},
        {TYPES("'E':{'enum':['x'],'annotations':{'a':'b'}}"), NULL},
    };
    CHECK_QUOTED(ROWS);
}

static void test_actions(void **state)
{
    (void)state;
    static const struct verdict ROWS[] = {
        {ACTIONS("'a':{},'':{},'if':{}"), NULL},
        {ACTIONS("'a':{'memberOf':[{'id':'b'}]},'b':{}"), NULL},
        {ACTIONS("'a':{'memberOf':[{'id':'b','type':'Action'}]},'b':{}"), NULL},
        {ACTIONS("'a':{'memberOf':[{'id':'b','type':null}]},'b':{}"), NULL},
        {ACTIONS("'a':{'memberOf':null,'appliesTo':null,'attributes':null}"), NULL},
        {ACTIONS("'a':{'memberOf':[{'type':'Action'}]}"), "the action has no `id`"},
        {ACTIONS("'a':{'memberOf':[{'id':'b','kind':'x'}]},'b':{}"), "unknown member `kind`"},
        {ACTIONS("'a':{'memberOf':[{'id':'b','type':'A ction'}]},'b':{}"), "is not a name"},
        {ACTIONS("'a':{'memberOf':['b']},'b':{}"), ""},
        {ACTIONS("'a':{'memberOf':[{'id':'c'}]}"), "action `c` is not declared"},
        {ACTIONS("'a':{'memberOf':[{'id':'a'}]}"), "action `a` is in itself"},
        {ACTIONS("'a':{'appliesTo':{'principalTypes':['E'],'resourceTypes':['E']}}"), NULL},
        {ACTIONS("'a':{'appliesTo':{'principalTypes':[],'resourceTypes':[]}}"), NULL},
        {ACTIONS("'a':{'appliesTo':{'principalTypes':['E']}}"), "no `resourceTypes`"},
        {ACTIONS("'a':{'appliesTo':{'resourceTypes':['E']}}"), "no `principalTypes`"},
        {ACTIONS("'a':{'appliesTo':{'principalTypes':null,'resourceTypes':['E']}}"), ""},
        {ACTIONS("'a':{'appliesTo':{'principalTypes':['F'],'resourceTypes':['E']}}"),
         "`F` is not declared"},
        {ACTIONS(
             "'a':{'appliesTo':{'principalTypes':['E'],'resourceTypes':['E'],'context':{'type':'Record',"
             "'attributes':{'x':{'type':'Long'}}}}}"),
         NULL},
        {ACTIONS(
             "'a':{'appliesTo':{'principalTypes':['E'],'resourceTypes':['E'],'context':{'type':'Long'}}}"),
         "the context of `a` is not a record"},
        {ACTIONS("'a':{'appliesTo':{'principalTypes':['E'],'resourceTypes':['E'],'context':null}}"),
         ""},
        {ACTIONS("'a':{'appliesTo':{'principalTypes':['E'],'resourceTypes':['E'],'principal':[]}}"),
         "unknown member `principal`"},
        {ACTIONS("'a':{'attributes':{}}"), "actions have no attributes"},
        {ACTIONS("'a':{'annotations':{'x':'y'}}"), NULL},
        {ACTIONS("'a':{'annotations':null}"), ""},
        {ACTIONS("'a':{'member':[]}"), "unknown member `member`"},
        {ACTIONS("'a':{},'a':{}"), ""},
    };
    CHECK_QUOTED(ROWS);
}

static void test_types(void **state)
{
    (void)state;
    static const struct verdict ROWS[] = {
        {ATTR("{'type':'String'}"), NULL},
        {ATTR("{'type':'Long','required':false}"), NULL},
        {ATTR("{'type':'Boolean','required':true,'annotations':{'a':null}}"), NULL},
        {ATTR("{'required':false,'element':{'type':'Long'},'type':'Set'}"), NULL},
        {ATTR("{'type':'Bool'}"), NULL},
        {ATTR("{'type':'ipaddr'}"), NULL},
        {ATTR("{'type':'__cedar::Long'}"), NULL},
        {ATTR("{'type':'Extension','name':'ipaddr'}"), NULL},
        {ATTR("{'type':'Extension','name':'ip'}"), "there is no extension type `ip`"},
        {ATTR("{'type':'Extension','name':'__cedar::ipaddr'}"), "is not a name"},
        {ATTR("{'type':'Extension'}"), "the type has no `name`"},
        {ATTR("{'type':'Entity','name':'E'}"), NULL},
        {ATTR("{'type':'Entity','name':'Long'}"), "entity type `Long` is not declared"},
        {ATTR("{'type':'Entity'}"), "the type has no `name`"},
        {ATTR("{'type':'EntityOrCommon','name':'E'}"), NULL},
        {ATTR("{'type':'EntityOrCommon','name':'Long'}"), NULL},
        {ATTR("{'type':'EntityOrCommon','name':'E :: F'}"), "is not a name"},
        {ATTR("{'type':'E'}"), "common type `E` is not declared"},
        {ATTR("{'type':'E','name':'E'}"), "this type has no `name`"},
        {ATTR("{'type':'E F'}"), "`E F` is not a name"},
        {ATTR("{'type':'if'}"), "`if` is not a name"},
        {ATTR("{'type':'Long','name':'x'}"), "this type has no `name`"},
        {ATTR("{'type':'Long','element':{'type':'Long'}}"), "this type has no `element`"},
        {ATTR("{'type':'Set'}"), "the type has no `element`"},
        {ATTR("{'type':'Set','element':{'type':'Set','element':{'type':'Long'}}}"), NULL},
        {ATTR("{'type':'Set','element':{'type':'Long','required':true}}"),
         "unknown member `required`"},
        {ATTR("{'type':'Set','element':{'type':'Long','annotations':{}}}"),
         "unknown member `annotations`"},
        {ATTR("{'type':'Set','element':null}"), ""},
        {ATTR("{'type':'Record','attributes':{}}"), NULL},
        {ATTR("{'type':'Record'}"), "the type has no `attributes`"},
        {ATTR("{'type':'Record','attributes':{},'additionalAttributes':false}"), NULL},
        {ATTR("{'type':'Record','attributes':{},'additionalAttributes':true}"),
         "are not supported"},
        {ATTR("{'type':'Record','attributes':{'b':{'type':'Long'},'b':{'type':'Long'}}}"), ""},
        {ATTR("{'type':'Record','attributes':{'b':'Long'}}"), ""},
        {ATTR("{'name':'E'}"), "the type has no `type`"},
        {ATTR("{'type':null}"), ""},
        {ATTR("{'type':'Long','requird':true}"), "did you mean `required`?"},
        {ATTR("{'type':'Long','required':'no'}"), ""},
        {ATTR("'Long'"), ""},
    };
    CHECK_QUOTED(ROWS);
}

static void test_common_types(void **state)
{
    (void)state;
    static const struct verdict ROWS[] = {
        {COMMONS("'T':{'type':'Long','annotations':{'a':'b'}}"), NULL},
        {COMMONS("'T':{'type':'U'},'U':{'type':'Long'}"), NULL},
        {COMMONS("'T':{'type':'T'}"), "common type `T` contains itself"},
        {COMMONS("'T':{'type':'EntityOrCommon','name':'T'}"), "common type `T` contains itself"},
        {COMMONS("'E':{'type':'Entity','name':'E'}"), NULL},
        {COMMONS("'T':{'type':'Long','required':true}"), "unknown member `required`"},
        {COMMONS("'Long':{'type':'String'}"), "means something else in the JSON form"},
        {COMMONS("'T U':{'type':'Long'}"), "`T U` is not a name"},
        {COMMONS("'T':{'type':'Long'},'T':{'type':'Long'}"), ""},
        {COMMONS("'T':{}"), "the type has no `type`"},
    };
    CHECK_QUOTED(ROWS);
}

/* RFC 116 */
static void test_external_stands_beside_parents_only(void **state)
{
    (void)state;
    static const struct verdict ROWS[] = {
        {TYPES("'E':{'external':true}"), NULL},
        {TYPES("'E':{'external':true,'memberOfTypes':['F'],'annotations':{'a':'b'}},'F':{}"), NULL},
        {TYPES("'E':{'external':false,'shape':{'type':'Record','attributes':{}}}"), NULL},
        {TYPES("'E':{'external':false,'enum':['x']}"), NULL},
        {TYPES("'E':{'external':null}"), ""},
        {TYPES("'E':{'external':'true'}"), ""},
        {TYPES("'E':{'external':true,'shape':{'type':'Record','attributes':{}}}"),
         "`shape` cannot stand beside"},
        {TYPES("'E':{'tags':{'type':'Long'},'external':true}"),
         "`tags` cannot stand beside `external`"},
        {TYPES("'E':{'external':true,'enum':['x']}"), "`enum` cannot stand beside `external`"},
        {ACTIONS("'a':{'external':true,'memberOf':[{'id':'b'}]},'b':{'external':true}"), NULL},
        {ACTIONS("'a':{'external':null}"), ""},
        {ACTIONS("'a':{'external':true,'appliesTo':{'principalTypes':[],'resourceTypes':[]}}"),
         "`appliesTo` cannot stand beside `external`"},
        {ACTIONS("'a':{'external':true,'attributes':{}}"), "actions have no attributes"},
    };
    CHECK_QUOTED(ROWS);
}

static void test_several_faults_are_reported_at_their_members(void **state)
{
    (void)state;
    struct reading reading;
    const struct skm_schema *schema = NULL;
    reading_init(&reading, "{\"N\": {\n"
                           "  \"entityTypes\": {\"a b\": {\"shap\": {}}, \"E\": {\"enum\": []}},\n"
                           "  \"actions\": {\"x\": {\"memberOf\": [{}]}}\n"
                           "}}\n");
    assert_err(skm_schema_parse_json(&reading.arena, &reading.source, &reading.diags, &schema),
               INVALID);
    static const struct {
        uint32_t line;
        uint32_t column;
        uint32_t len;
    } PLACES[] = {{2, 19, 5}, {2, 27, 6}, {2, 40, 3}, {3, 34, 2}};
    size_t i = 0;
    for (const struct skm_diag *diag = reading.diags.first; diag != NULL; diag = diag->next) {
        uint32_t line = 0;
        uint32_t column = 0;
        skm_source_position(diag->source, diag->range.start, &line, &column);
        assert_int_equal(line, PLACES[i].line);
        assert_int_equal(column, PLACES[i].column);
        assert_int_equal(diag->range.len, PLACES[i].len);
        i++;
    }
    assert_int_equal(i, 4);
    reading_fini(&reading);
}

static void test_both_forms_of_a_schema_are_equal(void **state)
{
    (void)state;
    static const char *const PAIRS[][2] = {
        {"@doc(\"top\") entity User in [Team] = { name: String, \"a b\"?: Set<Long> } tags Bool;\n"
         "entity Team, Leaf enum [\"x\"];",
         "{\"\":{\"entityTypes\":{\"User\":{\"memberOfTypes\":[\"Team\"],\"shape\":{\"type\":\"Record\",\"attributes\":{"
         "\"name\":{\"type\":\"String\"},\"a b\":{\"type\":\"Set\",\"element\":{\"type\":\"Long\"},\"required\":false}}},"
         "\"tags\":{\"type\":\"Boolean\"},\"annotations\":{\"doc\":\"top\"}},\"Team\":{\"enum\":[\"x\"]},"
         "\"Leaf\":{\"enum\":[\"x\"]}},\"actions\":{}}}"},
        {"namespace N { type C = { ip: ipaddr, who: E }; entity E; external entity X;\n"
         "  action g; action a in [g, N::Action::\"h\"] appliesTo { principal: E, resource: [X, E], context: C };\n"
         "  @id external action h; }",
         "{\"N\":{\"commonTypes\":{\"C\":{\"type\":\"Record\",\"attributes\":{\"ip\":{\"type\":\"Extension\",\"name\":\"ipaddr\"},"
         "\"who\":{\"type\":\"Entity\",\"name\":\"N::E\"}}}},\"entityTypes\":{\"E\":{},\"X\":{\"external\":true}},"
         "\"actions\":{\"g\":{},\"h\":{\"external\":true,\"annotations\":{\"id\":null}},\"a\":{\"memberOf\":[{\"id\":\"g\"},"
         "{\"id\":\"h\",\"type\":\"N::Action\"}],\"appliesTo\":{\"principalTypes\":[\"E\"],\"resourceTypes\":[\"E\",\"X\"],"
         "\"context\":{\"type\":\"C\"}}}}}}"},
    };
    for (size_t i = 0; i < sizeof(PAIRS) / sizeof(PAIRS[0]); i++) {
        struct reading text;
        struct reading json;
        bool equal = false;
        reading_init(&text, PAIRS[i][0]);
        reading_init(&json, PAIRS[i][1]);
        assert_ok(skm_schema_equal(must_parse(&text), must_parse_json(&json), SKM_SCHEMA_EQUAL_ALL,
                                   &equal));
        assert_true(equal);
        reading_fini(&json);
        reading_fini(&text);
    }
}

/* The plain words mean the built-ins whatever the schema declares; names do not. */
static void test_words_for_types_are_not_hidden(void **state)
{
    (void)state;
    struct reading reading;
    reading_init(
        &reading,
        "{\"\":{\"entityTypes\":{\"Long\":{},\"ipaddr\":{},\"E\":{\"shape\":{\"type\":\"Record\",\"attributes\":{"
        "\"a\":{\"type\":\"Long\"},\"b\":{\"type\":\"Extension\",\"name\":\"ipaddr\"},"
        "\"c\":{\"type\":\"EntityOrCommon\",\"name\":\"Long\"},\"d\":{\"type\":\"Entity\",\"name\":\"ipaddr\"}"
        "}}}},\"actions\":{}}}");
    const struct skm_schema *schema = must_parse_json(&reading);
    const struct skm_type_attr *attrs = entity_of(schema, "E")->shape->attrs;
    assert_int_equal(attrs[0].type->kind, SKM_TYPE_LONG);
    assert_int_equal(attrs[1].type->kind, SKM_TYPE_IPADDR);
    assert_int_equal(attrs[2].type->kind, SKM_TYPE_ENTITY);
    assert_int_equal(attrs[3].type->kind, SKM_TYPE_ENTITY);
    reading_fini(&reading);
}

static void test_nesting_is_bounded(void **state)
{
    (void)state;
    for (size_t depth = SKM_DECL_DEPTH_MAX; depth <= SKM_DECL_DEPTH_MAX + 1; depth++) {
        struct skm_buf text;
        struct reading reading;
        const struct skm_schema *schema = NULL;
        skm_buf_init(&text, 1u << 16);
        skm_buf_append_cstr(&text, "{\"\":{\"commonTypes\":{\"T\":");
        for (size_t i = 1; i < depth; i++) {
            skm_buf_append_cstr(&text, "{\"type\":\"Record\",\"attributes\":{\"a\":");
        }
        skm_buf_append_cstr(&text, "{\"type\":\"Long\"}");
        for (size_t i = 1; i < depth; i++) {
            skm_buf_append_cstr(&text, "}}");
        }
        skm_buf_append_cstr(&text, "},\"entityTypes\":{},\"actions\":{}}}");
        reading_init(&reading, "");
        reading.source.text = skm_buf_span(&text);
        skm_err err =
            skm_schema_parse_json(&reading.arena, &reading.source, &reading.diags, &schema);
        if (depth <= SKM_DECL_DEPTH_MAX) {
            assert_ok(err);
        } else {
            assert_err(err, INVALID);
            assert_true(has_message(&reading, "the type nests too deeply"));
        }
        reading_fini(&reading);
        skm_buf_fini(&text);
    }
}

static void test_out_of_memory_is_an_error_at_every_step(void **state)
{
    (void)state;
    static const char TEXT[] =
        "{\"N\":{\"commonTypes\":{\"C\":{\"type\":\"Record\",\"attributes\":{\"i\\u0070\":{\"type\":\"Extension\",\"name\":\"ipaddr\"}}}},"
        "\"entityTypes\":{\"E\":{\"memberOfTypes\":[\"E\"],\"annotations\":{\"a\":\"\\n\"}},\"X\":{\"enum\":[\"x\"]}},"
        "\"actions\":{\"a\":{\"memberOf\":[{\"id\":\"b\"}],\"appliesTo\":{\"principalTypes\":[\"E\"],\"resourceTypes\":[\"X\"],"
        "\"context\":{\"type\":\"C\"}}},\"b\":{}}}}";
    for (size_t n = 0;; n++) {
        struct reading reading;
        const struct skm_schema *schema = NULL;
        reading_init(&reading, TEXT);
        skm_mem_fail_after(n);
        skm_err err =
            skm_schema_parse_json(&reading.arena, &reading.source, &reading.diags, &schema);
        skm_mem_fail_after(SIZE_MAX);
        assert_true((schema != NULL) == skm_is_ok(err));
        assert_true(skm_is_ok(err) || skm_is_err(err, SKM_E_MEMORY));
        reading_fini(&reading);
        if (skm_is_ok(err)) {
            assert_true(n > 10);
            break;
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_schema_is_an_object_of_namespaces),
    cmocka_unit_test(test_entity_types),
    cmocka_unit_test(test_actions),
    cmocka_unit_test(test_types),
    cmocka_unit_test(test_common_types),
    cmocka_unit_test(test_external_stands_beside_parents_only),
    cmocka_unit_test(test_several_faults_are_reported_at_their_members),
    cmocka_unit_test(test_both_forms_of_a_schema_are_equal),
    cmocka_unit_test(test_words_for_types_are_not_hidden),
    cmocka_unit_test(test_nesting_is_bounded),
    cmocka_unit_test(test_out_of_memory_is_an_error_at_every_step),
};

SKM_TEST_MAIN(tests)
