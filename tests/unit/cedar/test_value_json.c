#include "harness/test.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/span.h"
#include "cedar/ext.h"
#include "cedar/schema_parse.h"
#include "cedar/value_json.h"

static struct skm_arena arena;

static int set_up(void **state)
{
    (void)state;
    skm_arena_init(&arena, 64u << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    skm_arena_fini(&arena);
    return 0;
}

#define JSON_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

/* ---- reading with and without a type ---- */

/* A schema with User, Group, the enum type Color and the action "view"; `type` is what the value is to be. */
static const struct skm_schema *schema_of(const char *type, const struct skm_type **out_type)
{
    skm_span text = {0};
    assert_ok(skm_arena_printf(&arena, &text,
                               "entity User, Group; entity Color enum [\"red\", \"blue\"];"
                               "action view appliesTo {principal: User, resource: User};"
                               "namespace App { entity Robot; action edit; }"
                               "entity Holder { value: %s };",
                               type));
    struct skm_source *source = SKM_ARENA_NEW(&arena, struct skm_source);
    assert_non_null(source);
    source->text = text;
    struct skm_diags diags;
    skm_diags_init(&diags, &arena, 5);
    const struct skm_schema *schema = NULL;
    if (!skm_is_ok(skm_schema_parse(&arena, source, &diags, &schema))) {
        fail_msg("type %s: %.*s", type, SKM_SPAN_ARG(diags.first->message));
    }
    *out_type = skm_type_attr_find(skm_schema_find_entity(schema, SKM_SPAN("Holder"))->shape,
                                   SKM_SPAN("value"))
                    ->type;
    return schema;
}

struct reading {
    skm_err err;
    struct skm_value value;
    struct skm_json json;
    struct skm_value_json_fault fault;
};

/* `type` NULL: without direction; "": without direction, but with the schema. */
static void read_json(skm_span text, const char *type, unsigned flags, struct reading *out)
{
    const struct skm_type *expected = NULL;
    const struct skm_schema *schema = NULL;
    if (type != NULL) {
        schema = schema_of(type[0] == '\0' ? "Long" : type, &expected);
    }
    *out = (struct reading){.value = {.kind = SKM_VALUE_LONG, .as.integer = 77}};
    struct skm_value_json how = {
        .arena = &arena, .flags = flags, .schema = schema, .fault = &out->fault};
    assert_ok(skm_json_init(&out->json, text, &arena, NULL));
    out->err = skm_value_json_read(&how, &out->json,
                                   type == NULL || type[0] == '\0' ? NULL : expected, &out->value);
    if (skm_is_ok(out->err)) {
        assert_ok(skm_json_finish(&out->json));
    } else {
        assert_int_equal(out->value.as.integer, 77);
        assert_int_equal(out->err.code, out->json.err.code);
        assert_non_null(out->json.err_reason);
    }
}

struct row {
    const char *json;
    const char *type;
    const char *expected; /* Cedar text */
};

static void assert_reads(const char *text, const char *type, unsigned flags, const char *expected)
{
    struct reading got;
    read_json(skm_span_cstr(text), type, flags, &got);
    if (!skm_is_ok(got.err)) {
        fail_msg("%s as %s: %s at %zu", text, type == NULL ? "-" : type, got.json.err_reason,
                 got.json.err_offset);
    }
    struct skm_buf buf;
    skm_buf_init(&buf, 1u << 16);
    skm_value_print(&got.value, &buf);
    assert_ok(skm_buf_check(&buf));
    assert_span_equal(skm_buf_span(&buf), skm_span_cstr(expected));
    skm_buf_fini(&buf);
}

struct refused_row {
    const char *json;
    const char *type;
    enum skm_err_code code;
    size_t offset;
    const char *message; /* NULL: the JSON reader's own */
};

static void assert_refused(const struct refused_row *row, unsigned flags)
{
    struct reading got;
    read_json(skm_span_cstr(row->json), row->type, flags, &got);
    struct skm_buf buf;
    skm_buf_init(&buf, 1u << 16);
    skm_value_json_fault_print(&got.json, &got.fault, &buf);
    skm_buf_append_char(&buf, '\0');
    assert_ok(skm_buf_check(&buf));
    if (!skm_is_err(got.err, row->code) || got.json.err_offset != row->offset ||
        (row->message != NULL && strcmp(buf.ptr, row->message) != 0)) {
        print_error("%s as %s: code %u at %zu: %s\n", row->json,
                    row->type == NULL ? "-" : row->type, got.err.code, got.json.err_offset,
                    buf.ptr);
        skm_buf_fini(&buf);
        fail();
    }
    skm_buf_fini(&buf);
}

#define CHECK_READS(rows, flags)                                                                   \
    for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++) {                                \
        assert_reads((rows)[i].json, (rows)[i].type, (flags), (rows)[i].expected);                 \
    }
#define CHECK_REFUSED(rows, flags)                                                                 \
    for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++) {                                \
        assert_refused(&(rows)[i], (flags));                                                       \
    }

static void test_plain_values(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"true", NULL, "true"},
        {"false", NULL, "false"},
        {"0", NULL, "0"},
        {"-0", NULL, "0"},
        {"9223372036854775807", NULL, "9223372036854775807"},
        {"-9223372036854775808", NULL, "-9223372036854775808"},
        {"\"\"", NULL, "\"\""},
        /* JSON's escapes, not Cedar's. */
        {"\"a\\u0000\\n\\\\u{41}\"", NULL, "\"a\\0\\n\\\\u{41}\""},
        {"[]", NULL, "[]"},
        {"[2, 1, 2, \"1\", true]", NULL, "[true, 1, 2, \"1\"]"},
        {"[[2,1],[1,2]]", NULL, "[[1, 2]]"},
        {"{}", NULL, "{}"},
        {"{\"b\":1,\"a\":{\"\":[]}}", NULL, "{\"a\": {\"\": []}, \"b\": 1}"},
        /* No direction: an object is a record. */
        {"{\"type\":\"User\",\"id\":\"a\"}", NULL, "{\"id\": \"a\", \"type\": \"User\"}"},
        {"{\"fn\":\"ip\",\"arg\":\"::1\"}", NULL, "{\"arg\": \"::1\", \"fn\": \"ip\"}"},
    };
    static const struct refused_row REFUSED[] = {
        {"null", NULL, SKM_E_TYPE, 0, "null is not a value"},
        {"[1, null]", NULL, SKM_E_TYPE, 4, "null is not a value"},
        {"{\"a\":null}", NULL, SKM_E_TYPE, 5, "null is not a value"},
        {"1.0", NULL, SKM_E_TYPE, 0, NULL},
        {"1e3", NULL, SKM_E_TYPE, 0, NULL},
        {"9223372036854775808", NULL, SKM_E_RANGE, 0, NULL},
        {"-9223372036854775809", NULL, SKM_E_RANGE, 0, NULL},
        {"{\"a\":1,\"a\":1}", NULL, SKM_E_DUPLICATE, 7, NULL},
        {"{\"a\":{\"b\":1,\"\\u0062\":1}}", NULL, SKM_E_DUPLICATE, 12, NULL},
        {"", NULL, SKM_E_SYNTAX, 0, NULL},
        {"[1", NULL, SKM_E_SYNTAX, 2, NULL},
    };
    CHECK_READS(ROWS, 0)
    CHECK_REFUSED(REFUSED, 0)
}

static void test_entity_escape(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"{\"__entity\":{\"type\":\"User\",\"id\":\"a\"}}", NULL, "User::\"a\""},
        {"{\"__entity\":{\"id\":\"\",\"type\":\"A::B\"}}", NULL, "A::B::\"\""},
        /* The id is taken as it stands. */
        {"{\"__entity\":{\"type\":\"User\",\"id\":\"\\\\u{41}\"}}", NULL, "User::\"\\\\u{41}\""},
        {" { \"__entity\" : { \"type\" : \"User\" , \"id\" : \"}\\\"\" } } ", NULL,
         "User::\"}\\\"\""},
        {"{\"\\u005f_entity\":{\"type\":\"User\",\"id\":\"a\"}}", NULL, "User::\"a\""},
        /* With other keys it is a record, whichever comes first. */
        {"{\"__entity\":{\"type\":\"User\",\"id\":\"a\"},\"x\":1}", NULL,
         "{\"__entity\": {\"id\": \"a\", \"type\": \"User\"}, \"x\": 1}"},
        {"{\"x\":1,\"__entity\":{\"type\":\"User\",\"id\":\"a\"}}", NULL,
         "{\"__entity\": {\"id\": \"a\", \"type\": \"User\"}, \"x\": 1}"},
        {"{\"__entity\":[\"}\",{}],\"__extn\":2}", NULL,
         "{\"__entity\": [\"}\", {}], \"__extn\": 2}"},
        /* Brackets and commas inside strings are none. */
        {"{\"__entity\":{\"type\":\"User\",\"id\":\"},\"}}", NULL, "User::\"},\""},
        {"{\"__entity\":\"}\",\"x\":1}", NULL, "{\"__entity\": \"}\", \"x\": 1}"},
        {"{\"__entities\":1}", NULL, "{\"__entities\": 1}"},
    };
    static const struct refused_row REFUSED[] = {
        {"{\"__entity\":1}", NULL, SKM_E_TYPE, 12, NULL},
        {"{\"__entity\":\"User::\\\"a\\\"\"}", NULL, SKM_E_TYPE, 12, NULL},
        {"{\"__entity\":{}}", NULL, SKM_E_SYNTAX, 12,
         "an entity is `{\"type\":..,\"id\":..}`, missing key: `type`"},
        {"{\"__entity\":{\"type\":\"User\"}}", NULL, SKM_E_SYNTAX, 12,
         "an entity is `{\"type\":..,\"id\":..}`, missing key: `id`"},
        {"{\"__entity\":{\"type\":\"User\",\"id\":\"a\",\"x\":1}}", NULL, SKM_E_SYNTAX, 12,
         "an entity is `{\"type\":..,\"id\":..}`, unexpected key: `x`"},
        {"{\"__entity\":{\"type\":\"User\",\"id\":1}}", NULL, SKM_E_TYPE, 32, NULL},
        {"{\"__entity\":{\"type\":\"a b\",\"id\":\"a\"}}", NULL, SKM_E_SYNTAX, 12,
         "not the name of an entity type: `a b`"},
        {"{\"__entity\":{\"type\":\"A :: B\",\"id\":\"a\"}}", NULL, SKM_E_SYNTAX, 12,
         "not the name of an entity type: `A :: B`"},
        {"{\"__entity\":{\"type\":\"\",\"id\":\"a\"}}", NULL, SKM_E_SYNTAX, 12,
         "not the name of an entity type"},
        {"{\"__entity\":{\"type\":\"if\",\"id\":\"a\"}}", NULL, SKM_E_SYNTAX, 12,
         "not the name of an entity type: `if`"},
        {"{\"__entity\":{\"type\":\"__cedar::User\",\"id\":\"a\"}}", NULL, SKM_E_SYNTAX, 12,
         "not the name of an entity type: `__cedar::User`"},
        {"{\"__expr\":\"1 + 1\"}", NULL, SKM_E_SYNTAX, 0,
         "the escape `__expr` is no longer part of the format"},
    };
    CHECK_READS(ROWS, 0)
    CHECK_REFUSED(REFUSED, 0)
}

static void test_extension_escape(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"{\"__extn\":{\"fn\":\"ip\",\"arg\":\"10.0.0.1\"}}", NULL, "ip(\"10.0.0.1\")"},
        {"{\"__extn\":{\"arg\":\"1.5\",\"fn\":\"decimal\"}}", NULL, "decimal(\"1.5000\")"},
        {"{\"__extn\":{\"fn\":\"duration\",\"args\":[\"1h\"]}}", NULL, "duration(\"1h\")"},
        /* Calls of calls, and any function of the language. */
        {"{\"__extn\":{\"fn\":\"offset\",\"args\":[{\"__extn\":{\"fn\":\"datetime\",\"arg\":\"1970-01-01\"}},"
         "{\"__extn\":{\"fn\":\"duration\",\"arg\":\"-1ms\"}}]}}",
         NULL, "datetime(\"1969-12-31T23:59:59.999Z\")"},
        {"{\"__extn\":{\"args\":[{\"__extn\":{\"arg\":\"1970-01-01\",\"fn\":\"datetime\"}},"
         "{\"__extn\":{\"fn\":\"duration\",\"arg\":\"-9223372036854775808ms\"}}],\"fn\":\"offset\"}}",
         NULL, "datetime(\"1970-01-01\").offset(duration(\"-9223372036854775808ms\"))"},
        {"{\"__extn\":{\"fn\":\"toSeconds\",\"arg\":{\"__extn\":{\"fn\":\"duration\",\"arg\":\"90s\"}}}}",
         NULL, "90"},
        /* Arguments keep their order and number: they are no set. */
        {"{\"__extn\":{\"fn\":\"lessThanOrEqual\",\"args\":[{\"__extn\":{\"fn\":\"decimal\",\"arg\":\"1.0\"}},"
         "{\"__extn\":{\"fn\":\"decimal\",\"arg\":\"1.0\"}}]}}",
         NULL, "true"},
        {"{\"__extn\":{\"args\":[{\"__extn\":{\"fn\":\"decimal\",\"arg\":\"2.0\"}},"
         "{\"__extn\":{\"fn\":\"decimal\",\"arg\":\"1.0\"}}],\"fn\":\"lessThan\"}}",
         NULL, "false"},
        {"{\"__extn\":{\"fn\":\"ip\",\"arg\":\"::1\"},\"x\":1}", NULL,
         "{\"__extn\": {\"arg\": \"::1\", \"fn\": \"ip\"}, \"x\": 1}"},
    };
    static const struct refused_row REFUSED[] = {
        {"{\"__extn\":{\"fn\":\"ip\",\"arg\":\"x\"}}", NULL, SKM_E_SYNTAX, 10,
         "not an IPv4 or IPv6 address: `ip`"},
        {"{\"__extn\":{\"fn\":\"ipp\",\"arg\":\"x\"}}", NULL, SKM_E_NOT_FOUND, 16,
         "unknown extension function: `ipp`"},
        {"{\"__extn\":{\"fn\":\"unknown\",\"arg\":\"x\"}}", NULL, SKM_E_NOT_FOUND, 16,
         "unknown extension function: `unknown`"},
        {"{\"__extn\":{\"fn\":\"ip\",\"arg\":1}}", NULL, SKM_E_TYPE, 10,
         "argument of the wrong type: `ip`"},
        {"{\"__extn\":{\"fn\":\"ip\",\"args\":[]}}", NULL, SKM_E_COUNT, 10,
         "wrong number of arguments: `ip`"},
        {"{\"__extn\":{\"fn\":\"ip\",\"args\":[\"::1\",\"::1\"]}}", NULL, SKM_E_COUNT, 10,
         "too many arguments of: `ip`"},
        {"{\"__extn\":{\"fn\":\"ip\"}}", NULL, SKM_E_SYNTAX, 10,
         "an extension call is `{\"fn\":..,\"arg\":..}`, missing key: `arg`"},
        {"{\"__extn\":{\"arg\":\"::1\"}}", NULL, SKM_E_SYNTAX, 10,
         "an extension call is `{\"fn\":..,\"arg\":..}`, missing key: `fn`"},
        {"{\"__extn\":{\"fn\":\"ip\",\"arg\":\"::1\",\"args\":[]}}", NULL, SKM_E_SYNTAX, 10,
         "an extension call has either `arg` or `args`"},
        {"{\"__extn\":{\"fn\":\"ip\",\"arg\":\"::1\",\"x\":1}}", NULL, SKM_E_SYNTAX, 10,
         "an extension call is `{\"fn\":..,\"arg\":..}`, unexpected key: `x`"},
        {"{\"__extn\":{\"fn\":\"ip\",\"args\":\"::1\"}}", NULL, SKM_E_TYPE, 28, NULL},
        {"{\"__extn\":\"ip\"}", NULL, SKM_E_TYPE, 10, NULL},
        /* Positions inside arguments that were put off until the function was known. */
        {"{\"__extn\":{\"args\":[\"::1\",null],\"fn\":\"isInRange\"}}", NULL, SKM_E_TYPE, 25,
         "null is not a value"},
        {"{\"__extn\":{\"arg\":{\"__extn\":{\"arg\":\"9x\",\"fn\":\"duration\"}},\"fn\":\"toDays\"}}",
         NULL, SKM_E_SYNTAX, 27,
         "a duration is numbers with units d, h, m, s, ms, in this order: `duration`"},
        /* Implicit forms need a type that says so. */
        {"{\"__extn\":{\"fn\":\"offset\",\"args\":[\"1970-01-01\",\"1s\"]}}", NULL, SKM_E_TYPE, 10,
         "argument of the wrong type: `offset`"},
    };
    CHECK_READS(ROWS, 0)
    CHECK_REFUSED(REFUSED, 0)
}

static void test_type_says_what_an_object_is(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"{\"type\":\"User\",\"id\":\"a\"}", "User", "User::\"a\""},
        {"{\"__entity\":{\"type\":\"User\",\"id\":\"a\"}}", "User", "User::\"a\""},
        {"{\"type\":\"App::Robot\",\"id\":\"a\"}", "App::Robot", "App::Robot::\"a\""},
        {"{\"id\":\"red\",\"type\":\"Color\"}", "Color", "Color::\"red\""},
        {"{\"type\":\"Action\",\"id\":\"view\"}", "Action", "Action::\"view\""},
        {"[{\"type\":\"User\",\"id\":\"b\"},{\"__entity\":{\"type\":\"User\",\"id\":\"a\"}}]",
         "Set<User>", "[User::\"a\", User::\"b\"]"},
        {"\"10.0.0.1\"", "ipaddr", "ip(\"10.0.0.1\")"},
        {"{\"fn\":\"ip\",\"arg\":\"10.0.0.1\"}", "ipaddr", "ip(\"10.0.0.1\")"},
        {"{\"__extn\":{\"fn\":\"ip\",\"arg\":\"10.0.0.1\"}}", "ipaddr", "ip(\"10.0.0.1\")"},
        {"\"1.5\"", "decimal", "decimal(\"1.5000\")"},
        {"\"1h\"", "duration", "duration(\"1h\")"},
        {"\"2024-02-29\"", "datetime", "datetime(\"2024-02-29T00:00:00Z\")"},
        {"{\"fn\":\"offset\",\"args\":[\"1970-01-01\",\"1s\"]}", "datetime",
         "datetime(\"1970-01-01T00:00:01Z\")"},
        {"{\"__extn\":{\"args\":[{\"arg\":\"1970-01-01\",\"fn\":\"datetime\"},\"1s\"],\"fn\":\"offset\"}}",
         "datetime", "datetime(\"1970-01-01T00:00:01Z\")"},
        {"{\"__extn\":{\"fn\":\"durationSince\",\"args\":[\"1970-01-02\",\"1970-01-01\"]}}",
         "duration", "duration(\"1d\")"},
        {"[\"1h\", \"60m\"]", "Set<duration>", "[duration(\"1h\")]"},
        {"true", "Bool", "true"},
        {"1", "Long", "1"},
        {"\"10.0.0.1\"", "String", "\"10.0.0.1\""},
        {"{\"__extn\":{\"fn\":\"toSeconds\",\"arg\":{\"__extn\":{\"fn\":\"duration\",\"arg\":\"9s\"}}}}",
         "Long", "9"},
        {"[]", "Set<User>", "[]"},
        {"{}", "{}", "{}"},
        {"{\"a\":1}", "{a: Long}", "{\"a\": 1}"},
        {"{\"a\":1}", "{a: Long, b?: Long}", "{\"a\": 1}"},
        {"{\"b\":2,\"a\":1}", "{a: Long, b?: Long}", "{\"a\": 1, \"b\": 2}"},
        {"{\"o\":{\"owner\":{\"type\":\"User\",\"id\":\"a\"},\"net\":[\"::1\"]}}",
         "{o: {owner: User, net: Set<ipaddr>}}",
         "{\"o\": {\"net\": [ip(\"::1\")], \"owner\": User::\"a\"}}"},
        /* Where a record is meant, an escape is an attribute like others. */
        {"{\"__entity\":1}", "{\"__entity\": Long}", "{\"__entity\": 1}"},
        {"{\"type\":\"User\",\"id\":\"a\"}", "{type: String, id: String}",
         "{\"id\": \"a\", \"type\": \"User\"}"},
    };
    CHECK_READS(ROWS, 0)
}

static void test_value_of_another_type_is_refused(void **state)
{
    (void)state;
    static const struct refused_row REFUSED[] = {
        {"1", "Bool", SKM_E_TYPE, 0, "the value is of the wrong type; expected type Bool"},
        {"true", "Long", SKM_E_TYPE, 0, "the value is of the wrong type; expected type Long"},
        {"1", "String", SKM_E_TYPE, 0, "the value is of the wrong type; expected type String"},
        {"{\"__entity\":{\"type\":\"User\",\"id\":\"a\"}}", "String", SKM_E_TYPE, 0,
         "the value is of the wrong type; expected type String"},
        {"1", "Set<Long>", SKM_E_TYPE, 0,
         "the value is of the wrong type; expected type Set<Long>"},
        {"{}", "Set<Long>", SKM_E_TYPE, 0,
         "the value is of the wrong type; expected type Set<Long>"},
        {"[1, \"a\"]", "Set<Long>", SKM_E_TYPE, 4,
         "the value is of the wrong type; expected type Long"},
        {"[]", "{a: Long}", SKM_E_TYPE, 0,
         "the value is of the wrong type; expected type {a: Long}"},
        {"1", "User", SKM_E_TYPE, 0, "an entity is `{\"type\":..,\"id\":..}`"},
        {"\"User::\\\"a\\\"\"", "User", SKM_E_TYPE, 0, "an entity is `{\"type\":..,\"id\":..}`"},
        {"{\"type\":\"Group\",\"id\":\"a\"}", "User", SKM_E_TYPE, 0,
         "the entity is of the wrong type: `Group`; expected type User"},
        {"{\"__entity\":{\"type\":\"App::Robot\",\"id\":\"a\"}}", "User", SKM_E_TYPE, 0,
         "the entity is of the wrong type: `App::Robot`; expected type User"},
        {"{\"type\":\"Color\",\"id\":\"green\"}", "Color", SKM_E_RANGE, 0,
         "the id is not one the schema lists for its type: `green`"},
        {"{\"type\":\"Action\",\"id\":\"edit\"}", "Action", SKM_E_RANGE, 0,
         "the schema declares no such action: `edit`"},
        {"1", "ipaddr", SKM_E_TYPE, 0, "the value is of the wrong type; expected type ipaddr"},
        {"\"x\"", "ipaddr", SKM_E_SYNTAX, 0, "not an IPv4 or IPv6 address: `ip`"},
        {"{\"fn\":\"decimal\",\"arg\":\"1.0\"}", "ipaddr", SKM_E_TYPE, 0,
         "the value is of the wrong type; expected type ipaddr"},
        {"{\"__entity\":{\"type\":\"User\",\"id\":\"a\"}}", "ipaddr", SKM_E_SYNTAX, 0,
         "an extension call is `{\"fn\":..,\"arg\":..}`, unexpected key: `__entity`"},
        {"{\"__expr\":\"x\"}", "ipaddr", SKM_E_SYNTAX, 0,
         "the escape `__expr` is no longer part of the format"},
        {"{\"__expr\":\"x\"}", "User", SKM_E_SYNTAX, 0,
         "an entity is `{\"type\":..,\"id\":..}`, unexpected key: `__expr`"},
        {"null", "Long", SKM_E_TYPE, 0, "null is not a value"},
        {"{}", "{a: Long, b?: Long}", SKM_E_NOT_FOUND, 0,
         "required attribute is missing: `a`; expected type Long"},
        {"{\"r\":{\"b\":1}}", "{r: {a: Long, b?: Long}}", SKM_E_NOT_FOUND, 5,
         "required attribute is missing: `a`; expected type Long"},
        {"{\"a\":1,\"c\":2}", "{a: Long}", SKM_E_NOT_FOUND, 11,
         "the schema declares no such attribute: `c`; expected type {a: Long}"},
        {"{\"a\":null}", "{a?: Long}", SKM_E_TYPE, 5, "null is not a value"},
        {"{\"a\":1.0}", "{a: Long}", SKM_E_TYPE, 5, NULL},
    };
    CHECK_REFUSED(REFUSED, 0)
}

static void test_schema_checks_references_without_direction_too(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"{\"__entity\":{\"type\":\"Color\",\"id\":\"red\"}}", "", "Color::\"red\""},
        {"{\"__entity\":{\"type\":\"App::Action\",\"id\":\"edit\"}}", "", "App::Action::\"edit\""},
        {"{\"__entity\":{\"type\":\"User\",\"id\":\"anybody\"}}", "", "User::\"anybody\""},
    };
    static const struct refused_row REFUSED[] = {
        {"[{\"__entity\":{\"type\":\"Color\",\"id\":\"Red\"}}]", "", SKM_E_RANGE, 13,
         "the id is not one the schema lists for its type: `Red`"},
        {"{\"__entity\":{\"type\":\"Action\",\"id\":\"edit\"}}", "", SKM_E_RANGE, 12,
         "the schema declares no such action: `edit`"},
        {"{\"__entity\":{\"type\":\"Other::Action\",\"id\":\"view\"}}", "", SKM_E_RANGE, 12,
         "the schema declares no such action: `view`"},
    };
    CHECK_READS(ROWS, 0)
    CHECK_REFUSED(REFUSED, 0)
}

static void test_lenient_reading_of_nulls_and_fractions(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"{\"a\":null,\"b\":1}", NULL, "{\"b\": 1}"},
        {"{\"a\":{\"b\":null}}", NULL, "{\"a\": {}}"},
        {"{\"a\":null}", "{a?: Long}", "{}"},
        {"0.5", NULL, "decimal(\"0.5000\")"},
        {"-12.3456", NULL, "decimal(\"-12.3456\")"},
        {"1.0", NULL, "decimal(\"1.0000\")"},
        {"1", NULL, "1"},
        {"-7", NULL, "-7"},
        {"0.25", "decimal", "decimal(\"0.2500\")"},
        {"[0.5, 0.50]", NULL, "[decimal(\"0.5000\")]"},
    };
    static const struct refused_row REFUSED[] = {
        {"null", NULL, SKM_E_TYPE, 0, "null is not a value"},
        {"[null]", NULL, SKM_E_TYPE, 1, "null is not a value"},
        {"{\"a\":null}", "{a: Long}", SKM_E_NOT_FOUND, 0,
         "required attribute is missing: `a`; expected type Long"},
        {"0.12345", NULL, SKM_E_RANGE, 0,
         "a number is an integer or has 1 to 4 decimals: `0.12345`"},
        {"1e3", NULL, SKM_E_RANGE, 0, "a number is an integer or has 1 to 4 decimals: `1e3`"},
        {"1.5e3", NULL, SKM_E_RANGE, 0, "a number is an integer or has 1 to 4 decimals: `1.5e3`"},
        {"922337203685477.5808", NULL, SKM_E_RANGE, 0,
         "a number is an integer or has 1 to 4 decimals: `922337203685477.5808`"},
        {"9223372036854775808", NULL, SKM_E_RANGE, 0, NULL},
        {"1.0", "Long", SKM_E_TYPE, 0, "the value is of the wrong type; expected type Long"},
        {"01", NULL, SKM_E_SYNTAX, 1, NULL},
    };
    CHECK_READS(ROWS, SKM_VALUE_JSON_LENIENT)
    CHECK_REFUSED(REFUSED, SKM_VALUE_JSON_LENIENT)
}

static void test_uid_alone(void **state)
{
    (void)state;
    static const char *const READ[] = {
        "{\"type\":\"User\",\"id\":\"a\"}",
        "{\"__entity\":{\"type\":\"User\",\"id\":\"a\"}}",
        " {\"id\":\"a\" ,\"type\":\"User\"} ",
    };
    static const char *const REFUSED[] = {
        "\"User::\\\"a\\\"\"",
        "null",
        "[]",
        "{}",
        "{\"type\":\"User\"}",
        "{\"__entity\":{\"type\":\"User\",\"id\":\"a\"},\"type\":\"User\",\"id\":\"a\"}",
        "{\"__entity\":{\"type\":\"User\",\"id\":\"a\"},\"x\":1}",
        "{\"type\":\"User\",\"id\":\"a\",\"x\":1}",
        "{\"__entity\":{\"__entity\":{\"type\":\"User\",\"id\":\"a\"}}}",
    };
    struct skm_value_json how = {.arena = &arena};
    struct skm_json json;
    struct skm_uid alice = {SKM_SPAN("User"), SKM_SPAN("a")};
    for (size_t i = 0; i < sizeof READ / sizeof READ[0]; i++) {
        struct skm_uid uid = {{0}, {0}};
        assert_ok(skm_json_init(&json, skm_span_cstr(READ[i]), &arena, NULL));
        assert_ok(skm_value_json_read_uid(&how, &json, &uid));
        assert_ok(skm_json_finish(&json));
        assert_true(skm_uid_equal(&uid, &alice));
    }
    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++) {
        struct skm_uid uid = alice;
        assert_ok(skm_json_init(&json, skm_span_cstr(REFUSED[i]), &arena, NULL));
        skm_err err = skm_value_json_read_uid(&how, &json, &uid);
        if (skm_is_ok(err)) {
            fail_msg("%s was accepted", REFUSED[i]);
        }
        assert_true(skm_uid_equal(&uid, &alice));
    }
}

/* ---- where strings live ---- */

/* Reads a text, spoils the text (and the reader's arena, if it is another) unless they are borrowed, and looks. */
static void check_strings(bool borrow, bool same_arena)
{
    static const char TEXT[] =
        "{\"k\":[\"plain\",\"esc\\u0061ped\",{\"__entity\":{\"type\":\"U\",\"id\":\"i\"}}]}";
    char *text = skm_mem_dup_span(skm_span_cstr(TEXT));
    assert_non_null(text);
    struct skm_arena scratch;
    skm_arena_init(&scratch, 1u << 20);
    struct skm_json json;
    struct skm_value value = {.kind = SKM_VALUE_BOOL};
    struct skm_value_json how = {.arena = &arena, .borrow = borrow};
    assert_ok(skm_json_init(&json, skm_span_cstr(text), same_arena ? &arena : &scratch, NULL));
    assert_ok(skm_value_json_read(&how, &json, NULL, &value));
    const char *key = value.as.record->fields[0].key.ptr;
    assert_int_equal(key >= text && key < text + sizeof TEXT, borrow);
    if (!borrow) {
        memset(text, 'X', sizeof TEXT - 1);
        skm_arena_reset(&scratch);
        char *spoiled = skm_arena_alloc_text(&scratch, 3000);
        assert_non_null(spoiled);
        memset(spoiled, 'X', 3000);
    }
    struct skm_buf buf;
    skm_buf_init(&buf, 1u << 10);
    skm_value_print(&value, &buf);
    assert_span_equal(skm_buf_span(&buf), SKM_SPAN("{\"k\": [\"escaped\", \"plain\", U::\"i\"]}"));
    skm_buf_fini(&buf);
    skm_arena_fini(&scratch);
    skm_mem_free(text);
}

static void test_strings_are_copied_unless_borrowed(void **state)
{
    (void)state;
    check_strings(false, false);
    check_strings(false, true);
    check_strings(true, false);
    check_strings(true, true);
}

static void test_depth_is_bounded(void **state)
{
    (void)state;
    static const char *const OPENERS[] = {"[", "{\"a\":", "{\"__extn\":{\"fn\":\"ip\",\"arg\":",
                                          "{\"__extn\":{\"arg\":", "{\"__entity\":"};
    for (size_t i = 0; i < sizeof OPENERS / sizeof OPENERS[0]; i++) {
        struct skm_buf buf;
        skm_buf_init(&buf, 1u << 20);
        for (size_t depth = 0; depth < 10000; depth++) {
            skm_buf_append_cstr(&buf, OPENERS[i]);
        }
        assert_ok(skm_buf_check(&buf));
        struct reading got;
        read_json(skm_buf_span(&buf), NULL, 0, &got);
        assert_true(skm_is_err(got.err, SKM_E_DEPTH) || skm_is_err(got.err, SKM_E_SYNTAX));
        skm_buf_fini(&buf);
    }
}

static void test_every_failed_allocation_is_reported(void **state)
{
    (void)state;
    static const char TEXT[] =
        "{\"k\\u0041\":[\"plain\",\"esc\\u0061ped\",{\"__entity\":{\"type\":\"U\",\"id\":\"i\"}}],"
        "\"d\":{\"__extn\":{\"args\":[{\"__extn\":{\"fn\":\"ip\",\"arg\":\"::1\"}},"
        "{\"__extn\":{\"fn\":\"ip\",\"arg\":\"::/0\"}}],\"fn\":\"isInRange\"}}}";
    bool succeeded = false;
    size_t failures = 0;
    for (size_t quota = 0; !succeeded; quota += 16) {
        struct skm_arena small;
        skm_arena_init(&small, quota);
        struct skm_json json;
        struct skm_value value = skm_value_long(77);
        struct skm_value_json how = {.arena = &small};
        skm_err err = skm_json_init(&json, skm_span_cstr(TEXT), &small, NULL);
        if (skm_is_ok(err)) {
            err = skm_value_json_read(&how, &json, NULL, &value);
        }
        succeeded = skm_is_ok(err);
        if (!succeeded) {
            failures++;
            assert_int_equal(err.code, SKM_E_MEMORY);
            assert_int_equal(value.as.integer, 77);
        }
        skm_arena_fini(&small);
    }
    assert_true(failures > 0);
}

/* ---- writing ---- */

static void assert_written(struct skm_value value, const char *expected)
{
    struct skm_buf buf;
    struct skm_json_writer writer;
    skm_buf_init(&buf, 1u << 16);
    skm_json_writer_init(&writer, &buf);
    skm_value_json_write(&value, &writer);
    assert_ok(skm_buf_check(&buf));
    assert_span_equal(skm_buf_span(&buf), skm_span_cstr(expected));
    struct reading again;
    read_json(skm_buf_span(&buf), NULL, 0, &again);
    assert_ok(again.err);
    assert_true(skm_value_equal(&value, &again.value));
    skm_buf_fini(&buf);
}

static void test_written_form_reads_back(void **state)
{
    (void)state;
    static const struct {
        const char *json; /* as read */
        const char *type;
        const char *written;
    } ROWS[] = {
        {"true", NULL, "true"},
        {"-9223372036854775808", NULL, "-9223372036854775808"},
        {"\"a\\\"\\u0000\"", NULL, "\"a\\\"\\u0000\""},
        {"[2,1,1]", NULL, "[1,2]"},
        {"{\"b\":{},\"a\":[]}", NULL, "{\"a\":[],\"b\":{}}"},
        {"{\"type\":\"User\",\"id\":\"a\\\\\"}", "User",
         "{\"__entity\":{\"type\":\"User\",\"id\":\"a\\\\\"}}"},
        {"\"1.5\"", "decimal", "{\"__extn\":{\"fn\":\"decimal\",\"arg\":\"1.5000\"}}"},
        {"\"10.0.0.1/8\"", "ipaddr", "{\"__extn\":{\"fn\":\"ip\",\"arg\":\"10.0.0.1/8\"}}"},
        {"\"90m\"", "duration", "{\"__extn\":{\"fn\":\"duration\",\"arg\":\"1h30m\"}}"},
        {"\"2024-02-29\"", "datetime",
         "{\"__extn\":{\"fn\":\"datetime\",\"arg\":\"2024-02-29T00:00:00Z\"}}"},
        {"{\"fn\":\"offset\",\"args\":[\"9999-12-31\",\"1d\"]}", "datetime",
         "{\"__extn\":{\"fn\":\"offset\",\"args\":[{\"__extn\":{\"fn\":\"datetime\",\"arg\":\"1970-01-01\"}},"
         "{\"__extn\":{\"fn\":\"duration\",\"arg\":\"2932897d\"}}]}}"},
        {"{\"__entity\":1,\"x\":{\"__extn\":2,\"__expr\":3}}", NULL,
         "{\"__entity\":1,\"x\":{\"__expr\":3,\"__extn\":2}}"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct reading got;
        read_json(skm_span_cstr(ROWS[i].json), ROWS[i].type, 0, &got);
        assert_ok(got.err);
        assert_written(got.value, ROWS[i].written);
    }
    assert_written(
        (struct skm_value){.kind = SKM_VALUE_DATETIME, .as.integer = INT64_MIN},
        "{\"__extn\":{\"fn\":\"offset\",\"args\":[{\"__extn\":{\"fn\":\"datetime\",\"arg\":\"1970-01-01\"}},"
        "{\"__extn\":{\"fn\":\"duration\",\"arg\":\"-106751991167d7h12m55s808ms\"}}]}}");
}

static void test_record_that_would_read_as_an_escape_is_not_written(void **state)
{
    (void)state;
    static const char *const KEYS[] = {"__entity", "__extn", "__expr"};
    for (size_t i = 0; i < 3; i++) {
        struct skm_value_field field = {skm_span_cstr(KEYS[i]), skm_value_long(1)};
        struct skm_value record = {.kind = SKM_VALUE_BOOL};
        assert_ok(skm_value_record_build(&arena, &field, 1, &record));
        struct skm_buf buf;
        struct skm_json_writer writer;
        skm_buf_init(&buf, 1u << 10);
        skm_json_writer_init(&writer, &buf);
        skm_value_json_write(&record, &writer);
        assert_err(skm_buf_check(&buf), INVALID);
        skm_buf_fini(&buf);
    }
}

/* ---- conformance ---- */

static void test_values_conform_to_their_type_only(void **state)
{
    (void)state;
    static const struct {
        const char *json; /* read without direction */
        const char *type;
        bool conforms;
    } ROWS[] = {
        {"true", "Bool", true},
        {"true", "Long", false},
        {"1", "Long", true},
        {"1", "String", false},
        {"\"a\"", "String", true},
        {"\"1.0\"", "decimal", false},
        {"{\"__extn\":{\"fn\":\"decimal\",\"arg\":\"1.0\"}}", "decimal", true},
        {"{\"__extn\":{\"fn\":\"decimal\",\"arg\":\"1.0\"}}", "duration", false},
        {"{\"__extn\":{\"fn\":\"duration\",\"arg\":\"1s\"}}", "duration", true},
        {"{\"__extn\":{\"fn\":\"datetime\",\"arg\":\"1970-01-01\"}}", "datetime", true},
        {"{\"__extn\":{\"fn\":\"ip\",\"arg\":\"::1\"}}", "ipaddr", true},
        {"{\"__entity\":{\"type\":\"User\",\"id\":\"a\"}}", "User", true},
        {"{\"__entity\":{\"type\":\"User\",\"id\":\"a\"}}", "Group", false},
        {"{\"__entity\":{\"type\":\"Color\",\"id\":\"red\"}}", "Color", true},
        {"{\"__entity\":{\"type\":\"Color\",\"id\":\"pink\"}}", "Color", false},
        {"[]", "Set<Long>", true},
        {"[]", "Set<Set<User>>", true},
        {"[1]", "Set<Long>", true},
        {"[1,\"a\"]", "Set<Long>", false},
        {"[1]", "Long", false},
        {"[[1]]", "Set<Set<Long>>", true},
        {"[[\"a\"]]", "Set<Set<Long>>", false},
        {"{}", "{}", true},
        {"{\"a\":1}", "{}", false},
        {"{\"a\":1}", "{a: Long}", true},
        {"{\"a\":1}", "{a: Long, b?: Long}", true},
        {"{\"a\":1}", "{a: Long, b: Long}", false},
        {"{\"b\":1}", "{a: Long, b?: Long}", false},
        {"{\"a\":\"x\"}", "{a: Long}", false},
        {"{\"a\":{\"b\":[1]}}", "{a: {b: Set<Long>}}", true},
        {"{\"a\":{\"b\":[1],\"c\":1}}", "{a: {b: Set<Long>}}", false},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        const struct skm_type *type = NULL;
        const struct skm_schema *schema = schema_of(ROWS[i].type, &type);
        struct reading got;
        read_json(skm_span_cstr(ROWS[i].json), NULL, 0, &got);
        assert_ok(got.err);
        if (skm_value_conforms(&got.value, type, schema) != ROWS[i].conforms) {
            fail_msg("%s to %s is not %d", ROWS[i].json, ROWS[i].type, ROWS[i].conforms);
        }
    }
    /* Without a schema ids are not looked at. */
    const struct skm_type *color = NULL;
    (void)schema_of("Color", &color);
    struct skm_uid pink = {SKM_SPAN("Color"), SKM_SPAN("pink")};
    struct skm_value value = skm_value_entity(&pink);
    assert_true(skm_value_conforms(&value, color, NULL));
}

static void test_checker_types_have_their_values(void **state)
{
    (void)state;
    struct skm_value yes = skm_value_bool(true);
    struct skm_value no = skm_value_bool(false);
    assert_true(skm_value_conforms(&yes, &(struct skm_type){.kind = SKM_TYPE_TRUE}, NULL));
    assert_false(skm_value_conforms(&no, &(struct skm_type){.kind = SKM_TYPE_TRUE}, NULL));
    assert_true(skm_value_conforms(&no, &(struct skm_type){.kind = SKM_TYPE_FALSE}, NULL));
    assert_false(skm_value_conforms(&yes, &(struct skm_type){.kind = SKM_TYPE_FALSE}, NULL));
    assert_false(skm_value_conforms(&yes, &(struct skm_type){.kind = SKM_TYPE_NEVER}, NULL));
}

static const struct CMUnitTest tests[] = {
    JSON_TEST(test_plain_values),
    JSON_TEST(test_entity_escape),
    JSON_TEST(test_extension_escape),
    JSON_TEST(test_type_says_what_an_object_is),
    JSON_TEST(test_value_of_another_type_is_refused),
    JSON_TEST(test_schema_checks_references_without_direction_too),
    JSON_TEST(test_lenient_reading_of_nulls_and_fractions),
    JSON_TEST(test_uid_alone),
    JSON_TEST(test_strings_are_copied_unless_borrowed),
    JSON_TEST(test_depth_is_bounded),
    JSON_TEST(test_every_failed_allocation_is_reported),
    JSON_TEST(test_written_form_reads_back),
    JSON_TEST(test_record_that_would_read_as_an_escape_is_not_written),
    JSON_TEST(test_values_conform_to_their_type_only),
    JSON_TEST(test_checker_types_have_their_values),
};

SKM_TEST_MAIN(tests)
