/* Schemas in both forms: reading never breaks, what was read and printed reads as an equal schema, and printing what was
 * printed yields the same text. A text that starts with `{` is taken for JSON. */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/span.h"
#include "cedar/schema_equal.h"
#include "cedar/schema_json.h"
#include "cedar/schema_parse.h"
#include "cedar/schema_print.h"
#include "cedar/schema_print_json.h"
#include "cedar/schema_resolve.h"

#define INPUT_MAX     (1u << 16)
#define ARENA_BYTES   (1u << 28)
#define PRINTED_BYTES (1u << 26)
#define MESSAGES_MAX  20

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

struct reading {
    struct skm_arena arena;
    struct skm_source source;
    struct skm_diags diags;
    const struct skm_decl_schema *decls;
    const struct skm_schema *schema;
};

/* Every message must be printable, whatever the text holds. */
static void print_messages(const struct reading *reading)
{
    struct skm_buf out;
    skm_buf_init(&out, PRINTED_BYTES);
    skm_diags_print(&reading->diags, SKM_DIAG_FORM_HUMAN, &out);
    skm_diags_print(&reading->diags, SKM_DIAG_FORM_JSON, &out);
    require(skm_is_ok(skm_buf_check(&out)));
    skm_buf_fini(&out);
}

static skm_err read_schema(struct reading *reading, skm_span text)
{
    *reading = (struct reading){.source = {SKM_SPAN("fuzz"), text}};
    skm_arena_init(&reading->arena, ARENA_BYTES);
    skm_diags_init(&reading->diags, &reading->arena, MESSAGES_MAX);
    SKM_TRY(skm_schema_text_is_cedar(text)
                ? skm_schema_parse_decls(&reading->arena, &reading->source, &reading->diags,
                                         &reading->decls)
                : skm_schema_parse_json_decls(&reading->arena, &reading->source, &reading->diags,
                                              &reading->decls));
    return skm_schema_resolve(&reading->arena, &reading->decls, 1, &reading->diags,
                              &reading->schema);
}

static skm_err print_schema(struct reading *reading, bool as_json, struct skm_buf *out)
{
    skm_buf_init(out, PRINTED_BYTES);
    return as_json ? skm_schema_to_json(reading->decls, out)
                   : skm_schema_to_cedar(reading->decls, &reading->diags, out);
}

static void check_form(struct reading *reading, bool as_json)
{
    struct skm_buf text;
    struct skm_buf again;
    struct reading second;
    size_t warnings_before = reading->diags.warnings;
    skm_err err = print_schema(reading, as_json, &text);
    /* Cedar syntax cannot say all that JSON can; a warning tells of something dropped. */
    if (!as_json && (skm_is_err(err, SKM_E_INVALID) || reading->diags.warnings > warnings_before)) {
        skm_buf_fini(&text);
        return;
    }
    require(skm_is_ok(err));
    require(skm_is_ok(read_schema(&second, skm_buf_span(&text))));
    bool equal = false;
    require(
        skm_is_ok(skm_schema_equal(reading->schema, second.schema, SKM_SCHEMA_EQUAL_ALL, &equal)));
    require(equal);
    require(skm_is_ok(print_schema(&second, as_json, &again)));
    require(skm_span_equal(skm_buf_span(&text), skm_buf_span(&again)));
    skm_arena_fini(&second.arena);
    skm_buf_fini(&again);
    skm_buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reading reading;
    if (size > INPUT_MAX) {
        return 0;
    }
    skm_err err = read_schema(&reading, skm_span_of((const char *)data, size));
    print_messages(&reading);
    if (skm_is_ok(err)) {
        check_form(&reading, false);
        check_form(&reading, true);
    } else {
        require(skm_is_err(err, SKM_E_INVALID) && reading.diags.errors > 0);
    }
    skm_arena_fini(&reading.arena);
    return 0;
}
