#include "harness/test.h"

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"
#include "cedar/schema_parse.h"
#include "state/entities_json.h"

#define QUOTA ((size_t)256 << 20)

static const char schema_text[] =
    "entity Group in [Group];\n"
    "entity User in [Group] = {\n"
    "  name: String, age?: Long, boss?: User, ip?: ipaddr, since?: datetime, nick?: Set<String>,\n"
    "  home?: { street: String, zip?: Long }, color?: Color, may?: Action\n"
    "} tags Set<String>;\n"
    "entity Color enum [\"red\", \"green\"];\n"
    "entity Shade in [Color];\n"
    "entity Plain;\n"
    "entity Type_one_Type in [Plain] = { long_a_long: String, long_b_long?: Long };\n"
    "entity Type_two_Type in [Group] = { long_b_long: Long };\n"
    "action \"all\";\n"
    "action \"some\" in [\"all\"];\n"
    "action \"view\" in [\"some\"] appliesTo { principal: [User], resource: [Plain] };\n";

struct fixture {
    struct skm_arena arena;
    struct skm_diags diags;
    struct skm_source source;
    struct skm_source schema_source;
    const struct skm_schema *schema;
    struct skm_entities *entities;
};

static void set_up(struct fixture *f, bool with_schema)
{
    *f = (struct fixture){0};
    skm_arena_init(&f->arena, QUOTA);
    skm_diags_init(&f->diags, &f->arena, 50);
    assert_ok(skm_entities_new(&f->arena, &f->entities));
    if (with_schema) {
        f->schema_source = (struct skm_source){SKM_SPAN("schema"), skm_span_cstr(schema_text)};
        assert_ok(skm_schema_parse(&f->arena, &f->schema_source, &f->diags, &f->schema));
    }
}

static void tear_down(struct fixture *f)
{
    skm_entities_free(f->entities);
    skm_arena_fini(&f->arena);
}

static skm_err load(struct fixture *f, skm_span text)
{
    f->source = (struct skm_source){SKM_SPAN("e.json"), text};
    SKM_TRY(skm_entities_json_load(f->entities, &f->source, skm_entities_json_guess(&f->source),
                                   f->schema, &f->diags));
    return skm_entities_finish(f->entities, f->schema, &f->diags);
}

static void print_diags(const struct fixture *f)
{
    struct skm_buf text = {0};
    skm_buf_init(&text, 1u << 20);
    skm_diags_print(&f->diags, SKM_DIAG_FORM_HUMAN, &text);
    print_error("%.*s\n", (int)text.len, text.ptr == NULL ? "" : text.ptr);
    skm_buf_fini(&text);
}

static bool contains(skm_span text, const char *part)
{
    size_t len = strlen(part);
    for (size_t i = 0; i + len <= text.len; i++) {
        if (memcmp(text.ptr + i, part, len) == 0) {
            return true;
        }
    }
    return false;
}

/* Some message, or its help, holds the part. */
static bool says(const struct fixture *f, const char *part)
{
    for (const struct skm_diag *diag = f->diags.first; diag != NULL; diag = diag->next) {
        if (contains(diag->message, part) || contains(diag->help, part)) {
            return true;
        }
    }
    return false;
}

/* A text and what is said about it; NULL: it is accepted without a word. */
struct text_case {
    const char *text;
    const char *complaint;
};

static void check_cases(const struct text_case *cases, size_t count, bool with_schema)
{
    for (size_t i = 0; i < count; i++) {
        struct fixture f;
        set_up(&f, with_schema);
        skm_err err = load(&f, skm_span_cstr(cases[i].text));
        bool good = cases[i].complaint == NULL
                        ? skm_is_ok(err) && f.diags.first == NULL
                        : skm_is_err(err, SKM_E_INVALID) && says(&f, cases[i].complaint);
        if (!good) {
            print_error("case %zu: %s\nexpected: %s\ncode %u\n", i, cases[i].text,
                        cases[i].complaint == NULL ? "no complaint" : cases[i].complaint, err.code);
            print_diags(&f);
            fail();
        }
        tear_down(&f);
    }
}

#define CHECK_CASES(cases, with_schema)                                                            \
    check_cases(cases, sizeof(cases) / sizeof((cases)[0]), with_schema)

/* `attrs` of one user, name included. */
#define USER(attrs)                                                                                \
    "[{\"uid\":{\"type\":\"User\",\"id\":\"a\"},\"attrs\":{\"name\":\"A\"" attrs                   \
    "},\"parents\":[]}]"
#define ENTITY(type, id, attrs, parents)                                                           \
    "[{\"uid\":{\"type\":\"" type "\",\"id\":\"" id "\"},\"attrs\":{" attrs                        \
    "},\"parents\":[" parents "]}]"

/* ---- form ---- */

static void test_form_of_an_entity(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        {"[]", NULL},
        {" \n [ ] \n", NULL},
        {ENTITY("User", "a", "", ""), NULL},
        {"[{\"uid\":{\"__entity\":{\"type\":\"User\",\"id\":\"a\"}},\"attrs\":{},\"parents\":[]}]",
         NULL},
        {"[{\"parents\":[],\"tags\":{},\"attrs\":{},\"uid\":{\"type\":\"User\",\"id\":\"a\"}}]",
         NULL},
        {"", NULL},
        {"[{\"uid\":\"User::\\\"a\\\"\",\"attrs\":{},\"parents\":[]}]", ""},
        {"[{\"attrs\":{},\"parents\":[]}]", "without `uid`"},
        {"[{\"uid\":{\"type\":\"User\",\"id\":\"a\"},\"parents\":[]}]", "without `attrs`"},
        {"[{\"uid\":{\"type\":\"User\",\"id\":\"a\"},\"attrs\":{}}]", "without `parents`"},
        {"[{\"uid\":{\"type\":\"User\",\"id\":\"a\"},\"attrs\":[],\"parents\":[]}]", ""},
        {"[{\"uid\":{\"type\":\"User\",\"id\":\"a\"},\"attrs\":{},\"parents\":{}}]", ""},
        {"[{\"uid\":{\"type\":\"User\",\"id\":\"a\"},\"attrs\":{},\"parents\":[],\"tags\":null}]",
         ""},
        {"[{\"uid\":{\"type\":\"User\"},\"attrs\":{},\"parents\":[]}]", ""},
        {"[{\"uid\":{\"type\":\"User \",\"id\":\"a\"},\"attrs\":{},\"parents\":[]}]", ""},
        {"[{\"uid\":{\"type\":\"if\",\"id\":\"a\"},\"attrs\":{},\"parents\":[]}]", ""},
        {"[{\"uid\":{\"type\":\"__cedar::X\",\"id\":\"a\"},\"attrs\":{},\"parents\":[]}]", ""},
        {"[1]", ""},
        {"[null]", ""},
        {"[", ""},
        {"[]x", ""},
        {"[{},]", ""},
        {"7", ""},
        {"\"x\"", ""},
    };
    CHECK_CASES(cases, false);
}

static void test_repeated_member_is_refused(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        {"[{\"uid\":{\"type\":\"U\",\"id\":\"a\"},\"attrs\":{},\"attrs\":{},\"parents\":[]}]", ""},
        {"[{\"uid\":{\"type\":\"U\",\"id\":\"a\",\"id\":\"a\"},\"attrs\":{},\"parents\":[]}]", ""},
        {ENTITY("U", "a", "\"x\":1,\"x\":1", ""), ""},
        {ENTITY("U", "a", "\"x\":{\"y\":1,\"\\u0079\":1}", ""), ""},
        {ENTITY("U", "a", "\"x\":{\"y\":1,\"z\":1}", ""), NULL},
    };
    CHECK_CASES(cases, false);
}

static void test_unknown_member_is_a_warning_with_the_nearest_name(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, false);
    assert_ok(
        load(&f, SKM_SPAN("[{\"uid\":{\"type\":\"U\",\"id\":\"a\"},\"attrs\":{},\"parents\":[],"
                          "\"tag\":{\"x\":1}}]")));
    assert_int_equal(f.diags.warnings, 1);
    assert_true(says(&f, "unknown member `tag`"));
    assert_true(says(&f, "did you mean `tags`?"));
    tear_down(&f);
}

static void test_values_without_schema(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        {USER(",\"x\":true"), NULL},
        {USER(",\"x\":-9223372036854775808"), NULL},
        {USER(",\"x\":9223372036854775808"), ""},
        {USER(",\"x\":1.0"), ""},
        {USER(",\"x\":1e3"), ""},
        {USER(",\"x\":null"), ""},
        {USER(",\"x\":[null]"), ""},
        {USER(",\"x\":{\"__entity\":{\"type\":\"U\",\"id\":\"b\"}}"), NULL},
        {USER(",\"x\":{\"__entity\":{\"type\":\"U\"}}"), ""},
        {USER(",\"x\":{\"__entity\":{\"type\":\"U\",\"id\":\"b\"},\"y\":1}"), NULL},
        {USER(",\"x\":{\"__extn\":{\"fn\":\"ip\",\"arg\":\"10.0.0.1\"}}"), NULL},
        {USER(",\"x\":{\"__extn\":{\"fn\":\"ip\",\"arg\":\"10.0.0\"}}"), ""},
        {USER(",\"x\":{\"__extn\":{\"fn\":\"pi\",\"arg\":\"10.0.0.1\"}}"), ""},
        {USER(",\"x\":{\"__expr\":\"1\"}"), ""},
        {USER(",\"__entity\":{\"type\":\"U\",\"id\":\"b\"}"), NULL},
        {USER(",\"x\":\"\\ud800\""), ""},
    };
    CHECK_CASES(cases, false);
}

static void test_action_may_only_be_in_actions(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        {ENTITY("Action", "a", "", "{\"type\":\"Action\",\"id\":\"g\"}"), NULL},
        {ENTITY("NS::Action", "a", "", "{\"type\":\"Other::Action\",\"id\":\"g\"}"), NULL},
        {ENTITY("Action", "a", "", "{\"type\":\"Group\",\"id\":\"g\"}"),
         "an action cannot be in `Group`"},
        {ENTITY("NS::Action", "a", "", "{\"type\":\"Reaction\",\"id\":\"g\"}"),
         "an action cannot be in"},
        {ENTITY("Reaction", "a", "", "{\"type\":\"Group\",\"id\":\"g\"}"), NULL},
        {ENTITY("User", "a", "", "{\"type\":\"Action\",\"id\":\"g\"}"), NULL},
    };
    CHECK_CASES(cases, false);
}

static void test_cycle_in_a_file_is_named_with_its_place(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, false);
    assert_err(load(&f, SKM_SPAN("{\"uid\":{\"type\":\"G\",\"id\":\"a\"},\"attrs\":{},\"parents\":"
                                 "[{\"type\":\"G\",\"id\":\"b\"}]}\n"
                                 "{\"uid\":{\"type\":\"G\",\"id\":\"b\"},\"attrs\":{},\"parents\":"
                                 "[{\"type\":\"G\",\"id\":\"a\"}]}\n")),
               INVALID);
    assert_true(says(&f, "G::\"a\" -> G::\"b\" -> G::\"a\"") ||
                says(&f, "G::\"b\" -> G::\"a\" -> G::\"b\""));
    assert_ptr_equal(f.diags.first->source, &f.source);
    tear_down(&f);
}

static void test_duplicates(void **state)
{
    (void)state;
#define TWICE(first, second)                                                                       \
    "{\"uid\":{\"type\":\"U\",\"id\":\"a\"}," first                                                \
    "}\n{\"uid\":{\"type\":\"U\",\"id\":\"a\"}," second "}\n"
    static const struct text_case cases[] = {
        {TWICE("\"attrs\":{\"x\":[1,2]},\"parents\":[]",
               "\"attrs\":{\"x\":[2,1,2]},\"parents\":[]"),
         NULL},
        {TWICE("\"attrs\":{\"x\":1},\"parents\":[]", "\"attrs\":{\"x\":2},\"parents\":[]"),
         "there already"},
        {TWICE("\"attrs\":{},\"parents\":[],\"tags\":{\"x\":1}", "\"attrs\":{},\"parents\":[]"),
         "there already"},
        {TWICE("\"attrs\":{},\"parents\":[],\"tags\":{}", "\"attrs\":{},\"parents\":[]"), NULL},
        {TWICE("\"attrs\":{},\"parents\":[{\"type\":\"G\",\"id\":\"1\"}]",
               "\"attrs\":{},\"parents\":[]"),
         "there already"},
    };
    CHECK_CASES(cases, false);
}

/* ---- lines ---- */

static void test_lines_are_read_to_the_last(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, false);
    assert_ok(load(
        &f, SKM_SPAN("\n{\"uid\":{\"type\":\"U\",\"id\":\"1\"},\"attrs\":{},\"parents\":[]}\r\n"
                     "\n  \n"
                     "{\"uid\":{\"type\":\"U\",\"id\":\"2\"},\"attrs\":{},\"parents\":[]}")));
    assert_int_equal(skm_entities_count(f.entities), 2);
    tear_down(&f);
}

static void test_every_faulty_line_is_told_with_its_place(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, false);
    assert_err(
        load(&f,
             SKM_SPAN(
                 "{\"uid\":{\"type\":\"U\",\"id\":\"1\"},\"attrs\":{},\"parents\":[]}\n"
                 "{\"uid\":{\"type\":\"U\",\"id\":\"2\"},\"attrs\":{\"x\":null},\"parents\":[]}\n"
                 "{\"uid\":\n"
                 "{\"uid\":{\"type\":\"U\",\"id\":\"3\"},\"attrs\":{\"x\":1.5},\"parents\":[]}\n")),
        INVALID);
    assert_int_equal(f.diags.errors, 3);
    static const uint32_t lines[] = {2, 3, 4};
    const struct skm_diag *diag = f.diags.first;
    for (size_t i = 0; i < 3; i++, diag = diag->next) {
        uint32_t line = 0;
        uint32_t column = 0;
        skm_source_position(diag->source, diag->range.start, &line, &column);
        assert_int_equal(line, lines[i]);
        if (i == 0) {
            assert_int_equal(column, 43);
            assert_span_equal(diag->id, SKM_SPAN("U::\"2\""));
            assert_true(contains(diag->message, "attribute `x`"));
        }
    }
    tear_down(&f);
}

static void test_faults_of_an_array_are_all_told(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, false);
    assert_err(
        load(&f,
             SKM_SPAN(
                 "[{\"uid\":{\"type\":\"U\",\"id\":\"1\"},\"attrs\":{\"x\":null},\"parents\":[]},\n"
                 "{\"uid\":{\"type\":\"U\",\"id\":\"2\"},\"attrs\":{},\"parents\":[3]}]")),
        INVALID);
    assert_int_equal(f.diags.errors, 2);
    tear_down(&f);
}

/* ---- with a schema ---- */

static void test_attributes_against_a_schema(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        {USER(""), NULL},
        {USER(",\"age\":7"), NULL},
        {USER(",\"age\":\"7\""), "attribute `age`"},
        {USER(",\"agee\":7"), "did you mean `age`?"},
        {ENTITY("User", "a", "\"age\":7", ""), "required attribute `name` is missing"},
        {USER(",\"boss\":{\"type\":\"User\",\"id\":\"b\"}"), NULL},
        {USER(",\"boss\":{\"__entity\":{\"type\":\"User\",\"id\":\"b\"}}"), NULL},
        {USER(",\"boss\":{\"type\":\"Group\",\"id\":\"b\"}"), "attribute `boss`"},
        {USER(",\"ip\":\"10.0.0.1\""), NULL},
        {USER(",\"ip\":\"10.0.0\""), "attribute `ip`"},
        {USER(",\"ip\":{\"fn\":\"ip\",\"arg\":\"10.0.0.1\"}"), NULL},
        {USER(",\"ip\":{\"__extn\":{\"fn\":\"decimal\",\"arg\":\"1.0\"}}"), "attribute `ip`"},
        {USER(",\"since\":\"2024-01-01\""), NULL},
        {USER(",\"since\":{\"__extn\":{\"fn\":\"offset\",\"args\":[\"1970-01-01\",\"-5ms\"]}}"),
         NULL},
        {USER(",\"nick\":[]"), NULL},
        {USER(",\"nick\":[\"x\"]"), NULL},
        {USER(",\"nick\":[\"x\",1]"), "attribute `nick`"},
        {USER(",\"home\":{\"street\":\"s\"}"), NULL},
        {USER(",\"home\":{\"zip\":1}"), "attribute `home`"},
        {USER(",\"home\":{\"street\":\"s\",\"more\":1}"), "attribute `home`"},
        {USER(",\"color\":{\"type\":\"Color\",\"id\":\"red\"}"), NULL},
        {USER(",\"color\":{\"type\":\"Color\",\"id\":\"blue\"}"), "attribute `color`"},
        {USER(",\"may\":{\"type\":\"Action\",\"id\":\"view\"}"), NULL},
        {USER(",\"may\":{\"type\":\"Action\",\"id\":\"vew\"}"), "attribute `may`"},
    };
    CHECK_CASES(cases, true);
}

#define TAGGED(type, attrs, tags)                                                                  \
    "[{\"uid\":{\"type\":\"" type "\",\"id\":\"a\"},\"attrs\":{" attrs                             \
    "},\"parents\":[],\"tags\":{" tags "}}]"

static void test_tags_against_a_schema(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        {TAGGED("User", "\"name\":\"A\"", "\"any\":[\"x\"],\"other\":[]"), NULL},
        {TAGGED("User", "\"name\":\"A\"", "\"any\":\"x\""), "tag `any`"},
        {TAGGED("Plain", "", ""), NULL},
        {TAGGED("Plain", "", "\"any\":[\"x\"]"), "without tags"},
    };
    CHECK_CASES(cases, true);
}

static void test_types_and_parents_against_a_schema(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        {ENTITY("Group", "g", "", "{\"type\":\"Group\",\"id\":\"h\"}"), NULL},
        {ENTITY("Gruop", "g", "", ""), "did you mean `Group`?"},
        {ENTITY("Group", "g", "", "{\"type\":\"Gruop\",\"id\":\"h\"}"), "did you mean `Group`?"},
        {ENTITY("Group", "g", "", "{\"type\":\"User\",\"id\":\"h\"}"),
         "cannot be in one of type `User`"},
        {ENTITY("Plain", "g", "", "{\"type\":\"Group\",\"id\":\"h\"}"),
         "cannot be in one of type `Group`"},
        {ENTITY("Color", "red", "", ""), NULL},
        {ENTITY("Color", "rad", "", ""), "did you mean `red`?"},
        {ENTITY("Color", "red", "\"x\":1", ""), "attribute `x` is not declared"},
        {ENTITY("Color", "red", "", "{\"type\":\"Group\",\"id\":\"h\"}"), "cannot be in"},
        {ENTITY("Shade", "s", "", "{\"type\":\"Color\",\"id\":\"red\"}"), NULL},
        {ENTITY("Shade", "s", "", "{\"type\":\"Color\",\"id\":\"blue\"}"), "not one of the ids"},
    };
    CHECK_CASES(cases, true);
}

#define ACTION(id) "{\"type\":\"Action\",\"id\":\"" id "\"}"

static void test_actions_against_a_schema(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        {ENTITY("Action", "view", "", ACTION("some") "," ACTION("all")), NULL},
        {ENTITY("Action", "view", "", ACTION("some")), "are not those the schema declares"},
        {ENTITY("Action", "view", "", ""), "are not those the schema declares"},
        {ENTITY("Action", "all", "", ACTION("view")), "are not those the schema declares"},
        {ENTITY("Action", "veiw", "", ""), "did you mean `view`?"},
        {ENTITY("Action", "all", "\"x\":1", ""), "no attributes"},
        {TAGGED("Action", "", ""), "not declared"},
        {"{\"uid\":" ACTION("view") ",\"attrs\":{},\"parents\":[" ACTION(
             "some") "]}\n"
                     "{\"uid\":" ACTION("some") ",\"attrs\":{},\"parents\":[" ACTION("all") "]}\n",
         NULL},
    };
    CHECK_CASES(cases, true);
}

static void test_actions_of_the_schema_are_in_the_store(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, true);
    assert_ok(load(&f, SKM_SPAN("[]")));
    assert_int_equal(skm_entities_count(f.entities), 3);
    const struct skm_entity_view *view = skm_entities_view(f.entities);
    struct skm_uid action = {SKM_SPAN("Action"), SKM_SPAN("view")};
    struct skm_uid group = {SKM_SPAN("Action"), SKM_SPAN("all")};
    assert_true(view->ops->has_ancestor(view, &action, &group));
    assert_false(view->ops->has_ancestor(view, &group, &action));
    tear_down(&f);
}

static void test_members_before_the_uid_are_read_by_its_type(void **state)
{
    (void)state;
#define UID_LAST(attrs, parents)                                                                   \
    "[{\"attrs\":{" attrs "},\"parents\":[" parents "],\"uid\":{\"type\":\"User\",\"id\":\"a\"}}]"
    static const struct text_case cases[] = {
        {UID_LAST("\"name\":\"A\",\"ip\":\"10.0.0.1\"", ""), NULL},
        {UID_LAST("\"name\":\"A\",\"ip\":\"10.0.0\"", ""), "attribute `ip`"},
        {UID_LAST("\"ip\":\"10.0.0.1\"", ""), "required attribute `name`"},
        {UID_LAST("\"name\":\"A\"", "{\"type\":\"Plain\",\"id\":\"p\"}"), "cannot be in"},
    };
    CHECK_CASES(cases, true);
}

static void test_several_faults_of_one_entity_are_told(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, true);
    assert_err(load(&f, SKM_SPAN(ENTITY("User", "a", "\"ag\":1,\"nam\":2",
                                        "{\"type\":\"Plain\",\"id\":\"p\"}"))),
               INVALID);
    assert_int_equal(f.diags.errors, 4);
    tear_down(&f);
}

#define ONE(attrs, parent)                                                                         \
    "{\"uid\":{\"type\":\"Type_one_Type\",\"id\":\"x\"},\"attrs\":{" attrs                         \
    "},\"parents\":[{\"type\":\"" parent "\",\"id\":\"p\"}]}\n"
#define TWO(attrs, parent)                                                                         \
    "{\"uid\":{\"type\":\"Type_two_Type\",\"id\":\"x\"},\"attrs\":{" attrs                         \
    "},\"parents\":[{\"type\":\"" parent "\",\"id\":\"p\"}]}\n"
#define ONE_GOOD ONE("\"long_a_long\":\"s\"", "Plain")
#define TWO_GOOD TWO("\"long_b_long\":1", "Group")

/* Names of one length with the same ends: what was looked up last must not answer for the other. */
static void test_names_alike_at_both_ends_are_kept_apart(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        {ONE_GOOD TWO_GOOD, NULL},
        {TWO_GOOD ONE("\"long_b_long\":2,\"long_a_long\":\"s\"", "Plain"), NULL},
        {ONE_GOOD TWO("\"long_a_long\":\"s\"", "Group"), "attribute `long_a_long` is not declared"},
        {TWO_GOOD ONE("\"long_b_long\":1", "Plain"), "required attribute `long_a_long` is missing"},
        {ONE_GOOD TWO("", "Group"), "required attribute `long_b_long` is missing"},
        {ONE_GOOD TWO("\"long_b_long\":1", "Plain"), "cannot be in one of type `Plain`"},
        {TWO_GOOD "{\"uid\":{\"type\":\"Type_six_Type\",\"id\":\"x\"},\"attrs\":{},\"parents\":[]}",
         "entity type `Type_six_Type` is not declared"},
    };
    check_cases(cases, SKM_ARRAY_LEN(cases), true);
}

static void test_uids_and_attributes_alike_at_both_ends_are_kept_apart(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, true);
    assert_ok(load(&f, SKM_SPAN(ONE("\"long_b_long\":2,\"long_a_long\":\"s\"", "Plain") TWO_GOOD)));
    const struct skm_entity_view *view = skm_entities_view(f.entities);
    struct skm_uid one = {SKM_SPAN("Type_one_Type"), SKM_SPAN("x")};
    struct skm_uid two = {SKM_SPAN("Type_two_Type"), SKM_SPAN("x")};
    struct skm_value value = {0};
    assert_int_equal(view->ops->attr(view, &one, SKM_SPAN("long_b_long"), &value),
                     SKM_ENTITY_FOUND);
    assert_int_equal(value.as.integer, 2);
    assert_int_equal(view->ops->attr(view, &one, SKM_SPAN("long_a_long"), &value),
                     SKM_ENTITY_FOUND);
    assert_int_equal(value.kind, SKM_VALUE_STRING);
    assert_int_equal(view->ops->attr(view, &two, SKM_SPAN("long_b_long"), &value),
                     SKM_ENTITY_FOUND);
    assert_int_equal(value.as.integer, 1);
    assert_int_equal(view->ops->attr(view, &two, SKM_SPAN("long_a_long"), &value),
                     SKM_ENTITY_NO_KEY);
    tear_down(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_form_of_an_entity),
    cmocka_unit_test(test_repeated_member_is_refused),
    cmocka_unit_test(test_unknown_member_is_a_warning_with_the_nearest_name),
    cmocka_unit_test(test_values_without_schema),
    cmocka_unit_test(test_action_may_only_be_in_actions),
    cmocka_unit_test(test_cycle_in_a_file_is_named_with_its_place),
    cmocka_unit_test(test_duplicates),
    cmocka_unit_test(test_lines_are_read_to_the_last),
    cmocka_unit_test(test_every_faulty_line_is_told_with_its_place),
    cmocka_unit_test(test_faults_of_an_array_are_all_told),
    cmocka_unit_test(test_attributes_against_a_schema),
    cmocka_unit_test(test_tags_against_a_schema),
    cmocka_unit_test(test_types_and_parents_against_a_schema),
    cmocka_unit_test(test_actions_against_a_schema),
    cmocka_unit_test(test_actions_of_the_schema_are_in_the_store),
    cmocka_unit_test(test_members_before_the_uid_are_read_by_its_type),
    cmocka_unit_test(test_several_faults_of_one_entity_are_told),
    cmocka_unit_test(test_names_alike_at_both_ends_are_kept_apart),
    cmocka_unit_test(test_uids_and_attributes_alike_at_both_ends_are_kept_apart),
};

SKM_TEST_MAIN(tests)
