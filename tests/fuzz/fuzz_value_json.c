/* Values from JSON, read in every mode: what is accepted is written, read again, and equal; read against a type it conforms
 * to it. */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/span.h"
#include "cedar/schema_parse.h"
#include "cedar/value_json.h"

#define ARENA_BYTES_MAX ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char SCHEMA[] =
    "entity User { v: { user?: User, color?: Color, act?: Action, ip?: ipaddr, dec?: decimal, at?: datetime,"
    " span?: duration, n?: Long, s?: String, b?: Bool, set?: Set<ipaddr>, users?: Set<User>, rec?: { must: Long, may?: String } } };"
    "entity Color enum [\"red\", \"blue\"]; action view appliesTo { principal: User, resource: User };";

static void expect(int condition)
{
    if (!condition) {
        abort();
    }
}

/* Parsed once; lives as long as the process. */
static const struct skm_schema *the_schema(const struct skm_type **out_type)
{
    static struct skm_arena arena;
    static const struct skm_schema *schema;
    static const struct skm_type *type;
    if (schema == NULL) {
        static struct skm_source source = {.text = {SCHEMA, sizeof SCHEMA - 1}};
        struct skm_diags diags;
        skm_arena_init(&arena, ARENA_BYTES_MAX);
        skm_diags_init(&diags, &arena, 1);
        expect(skm_is_ok(skm_schema_parse(&arena, &source, &diags, &schema)));
        type = skm_type_attr_find(skm_schema_find_entity(schema, SKM_SPAN("User"))->shape,
                                  SKM_SPAN("v"))
                   ->type;
    }
    *out_type = type;
    return schema;
}

static skm_err read_value(struct skm_arena *arena, skm_span text, const struct skm_value_json *how,
                          const struct skm_type *type, struct skm_value *out_value)
{
    struct skm_json json;
    SKM_TRY(skm_json_init(&json, text, arena, NULL));
    skm_err err = skm_value_json_read(how, &json, type, out_value);
    if (!skm_is_ok(err)) {
        expect(json.err.code == err.code && json.err_reason != NULL && json.err_offset <= text.len);
        struct skm_buf message;
        skm_buf_init(&message, 1u << 16);
        skm_value_json_fault_print(&json, how->fault, &message);
        skm_buf_fini(&message);
    }
    SKM_TRY(err);
    return skm_json_finish(&json);
}

/* Only depth (the writer nests less than the reader) and a record that looks like an escape cannot be written. */
static void check_written_form(struct skm_arena *arena, const struct skm_value *value)
{
    struct skm_buf buf;
    struct skm_json_writer writer;
    skm_buf_init(&buf, ARENA_BYTES_MAX);
    skm_json_writer_init(&writer, &buf);
    skm_value_json_write(value, &writer);
    skm_err err = skm_buf_check(&buf);
    if (skm_is_ok(err)) {
        struct skm_value again = {.kind = SKM_VALUE_BOOL};
        struct skm_value_json how = {.arena = arena};
        expect(skm_is_ok(read_value(arena, skm_buf_span(&buf), &how, NULL, &again)));
        expect(skm_value_equal(value, &again));
    } else {
        expect(skm_is_err(err, SKM_E_DEPTH) || skm_is_err(err, SKM_E_INVALID));
    }
    skm_buf_fini(&buf);
}

static void check_mode(skm_span text, unsigned flags, int borrow, int is_typed)
{
    struct skm_arena arena;
    skm_arena_init(&arena, ARENA_BYTES_MAX);
    const struct skm_type *type = NULL;
    const struct skm_schema *schema = is_typed ? the_schema(&type) : NULL;
    struct skm_value_json_fault fault = {{0}, NULL};
    struct skm_value_json how = {
        .arena = &arena, .borrow = borrow != 0, .flags = flags, .schema = schema, .fault = &fault};
    struct skm_value value = {.kind = SKM_VALUE_BOOL};
    if (skm_is_ok(read_value(&arena, text, &how, type, &value))) {
        expect(type == NULL || skm_value_conforms(&value, type, schema));
        struct skm_value copy = {.kind = SKM_VALUE_BOOL};
        expect(skm_is_ok(skm_value_dup(&arena, &value, &copy)));
        expect(skm_value_equal(&value, &copy));
        check_written_form(&arena, &value);
    }
    skm_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    skm_span text = {(const char *)data, size};
    check_mode(text, SKM_VALUE_JSON_STRICT, 0, 0);
    check_mode(text, SKM_VALUE_JSON_LENIENT, 1, 0);
    check_mode(text, SKM_VALUE_JSON_STRICT, 1, 1);
    check_mode(text, SKM_VALUE_JSON_LENIENT, 0, 1);
    return 0;
}
