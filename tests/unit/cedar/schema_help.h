/* Reading schemas in tests: one arena and one list of messages at a time. */
#pragma once

#include "base/buf.h"
#include "base/mem.h"
#include "base/span.h"
#include "cedar/schema_equal.h"
#include "cedar/schema_json.h"
#include "cedar/schema_parse.h"
#include "cedar/schema_print.h"
#include "cedar/schema_print_json.h"

#define MESSAGES_MAX 50

struct reading {
    struct skm_arena arena;
    struct skm_source source;
    struct skm_diags diags;
};

static inline void reading_init(struct reading *reading, const char *text)
{
    *reading = (struct reading){.source = {SKM_SPAN("test"), skm_span_cstr(text)}};
    skm_arena_init(&reading->arena, 1u << 30);
    skm_diags_init(&reading->diags, &reading->arena, MESSAGES_MAX);
}

static inline void reading_fini(struct reading *reading)
{
    skm_arena_fini(&reading->arena);
}

static inline void show_messages(const struct reading *reading)
{
    struct skm_buf text;
    skm_buf_init(&text, 1u << 20);
    skm_diags_print(&reading->diags, SKM_DIAG_FORM_HUMAN, &text);
    print_error("%.*s\n", SKM_SPAN_ARG(skm_buf_span(&text)));
    skm_buf_fini(&text);
}

/* The schema of a text that must be good. */
static inline const struct skm_schema *must_parse(struct reading *reading)
{
    const struct skm_schema *schema = NULL;
    skm_err err = skm_schema_parse(&reading->arena, &reading->source, &reading->diags, &schema);
    if (!skm_is_ok(err)) {
        show_messages(reading);
    }
    assert_ok(err);
    return schema;
}

static inline const struct skm_schema *must_parse_json(struct reading *reading)
{
    const struct skm_schema *schema = NULL;
    skm_err err =
        skm_schema_parse_json(&reading->arena, &reading->source, &reading->diags, &schema);
    if (!skm_is_ok(err)) {
        show_messages(reading);
    }
    assert_ok(err);
    return schema;
}

/* True when one of the messages has these words. */
static inline bool has_message(const struct reading *reading, const char *words)
{
    for (const struct skm_diag *diag = reading->diags.first; diag != NULL; diag = diag->next) {
        bool in_message =
            memmem(diag->message.ptr, diag->message.len, words, strlen(words)) != NULL;
        bool in_help = diag->help.len > 0 &&
                       memmem(diag->help.ptr, diag->help.len, words, strlen(words)) != NULL;
        if (in_message || in_help) {
            return true;
        }
    }
    return false;
}

typedef skm_err (*parse_function)(struct skm_arena *, const struct skm_source *, struct skm_diags *,
                                  const struct skm_schema **);

/* A text and what is wrong with it: NULL for nothing. */
struct verdict {
    const char *text;
    const char *message;
};

static inline void check_verdicts(parse_function parse, const struct verdict *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct reading reading;
        const struct skm_schema *schema = NULL;
        reading_init(&reading, rows[i].text);
        skm_err err = parse(&reading.arena, &reading.source, &reading.diags, &schema);
        bool as_said = rows[i].message == NULL ? skm_is_ok(err)
                                               : skm_is_err(err, SKM_E_INVALID) &&
                                                     has_message(&reading, rows[i].message);
        if (!as_said) {
            print_error("row %zu: %s\n  expected: %s, got error %u\n", i, rows[i].text,
                        rows[i].message == NULL ? "no fault" : rows[i].message, err.code);
            show_messages(&reading);
            fail();
        }
        assert_true((schema != NULL) == (rows[i].message == NULL));
        reading_fini(&reading);
    }
}

static inline bool span_is(skm_span span, const char *text)
{
    return skm_span_equal(span, skm_span_cstr(text));
}

static inline const struct skm_schema_entity *entity_of(const struct skm_schema *schema,
                                                        const char *name)
{
    return skm_schema_find_entity(schema, skm_span_cstr(name));
}

static inline const struct skm_schema_action *action_of(const struct skm_schema *schema,
                                                        const char *type, const char *id)
{
    struct skm_uid uid = {skm_span_cstr(type), skm_span_cstr(id)};
    return skm_schema_find_action(schema, &uid);
}

/* The type as text, compared. */
static inline void assert_type_is(const struct skm_type *type, const char *expected)
{
    struct skm_buf text;
    skm_buf_init(&text, 1u << 16);
    skm_type_print(type, &text);
    assert_ok(skm_buf_check(&text));
    assert_span_equal(skm_buf_span(&text), skm_span_cstr(expected));
    skm_buf_fini(&text);
}
