#include "tools/options.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/span.h"

#define NAMES_MAX   64u
#define HELP_COLUMN 28u

struct reader {
    const struct skm_option_table *table;
    struct skm_arena *arena;
    const char *const *argv;
    size_t argc;
    size_t at;
    char *values;
    bool *given; /* one per option */
    struct skm_buf *message;
};

static skm_err complain(struct reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static skm_err complain(struct reader *reader, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    skm_buf_vprintf(reader->message, format, args);
    va_end(args);
    return SKM_ERR(INVALID);
}

/* Adds "; did you mean `X`?" when a candidate is near. */
static void suggest(struct reader *reader, skm_span word, const skm_span *names, size_t count,
                    const char *prefix)
{
    skm_span nearest = skm_diag_nearest(word, names, count);
    if (nearest.len > 0) {
        skm_buf_printf(reader->message, "; did you mean `%s%.*s`?", prefix, SKM_SPAN_ARG(nearest));
    }
}

static skm_err unknown_option(struct reader *reader, skm_span name)
{
    skm_span names[NAMES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < reader->table->count && count < NAMES_MAX; i++) {
        names[count++] = skm_span_cstr(reader->table->items[i].name);
    }
    skm_buf_printf(reader->message, "unknown option `--%.*s`", SKM_SPAN_ARG(name));
    suggest(reader, name, names, count, "--");
    return SKM_ERR(INVALID);
}

/* ---- values ---- */

/* SAFETY: `offset` is that of a member of type T in the struct the caller gave; the table says which. */
static void *member(const struct reader *reader, const struct skm_option *option)
{
    return reader->values + option->offset;
}

static skm_err set_choice(struct reader *reader, const struct skm_option *option, const char *text)
{
    skm_span names[NAMES_MAX];
    unsigned count = 0;
    for (; count < NAMES_MAX && option->choices[count] != NULL; count++) {
        names[count] = skm_span_cstr(option->choices[count]);
        if (strcmp(option->choices[count], text) == 0) {
            memcpy(member(reader, option), &count, sizeof(count));
            return SKM_OK;
        }
    }
    skm_buf_printf(reader->message, "option `--%s` is one of", option->name);
    for (unsigned i = 0; i < count; i++) {
        skm_buf_printf(reader->message, "%s `%s`",
                       i == 0           ? ""
                       : i + 1 == count ? " or"
                                        : ",",
                       option->choices[i]);
    }
    skm_buf_printf(reader->message, ", not `%s`", text);
    suggest(reader, skm_span_cstr(text), names, count, "");
    return SKM_ERR(INVALID);
}

static skm_err set_number(struct reader *reader, const struct skm_option *option, const char *text)
{
    uint64_t number = 0;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < '0' || *c > '9' || number > (UINT64_MAX - 9) / 10) {
            return complain(reader, "option `--%s` takes a whole number, not `%s`", option->name,
                            text);
        }
        number = number * 10 + (uint64_t)(*c - '0');
    }
    if (*text == '\0') {
        return complain(reader, "option `--%s` takes a whole number", option->name);
    }
    memcpy(member(reader, option), &number, sizeof(number));
    return SKM_OK;
}

static skm_err add_text(struct reader *reader, const struct skm_option *option, const char *text)
{
    struct skm_texts texts;
    memcpy(&texts, member(reader, option), sizeof(texts));
    if (texts.items == NULL) {
        /* No more values than there are arguments. */
        texts.items = SKM_ARENA_NEW_ARRAY(reader->arena, const char *, reader->argc);
        if (texts.items == NULL) {
            return SKM_ERR(MEMORY);
        }
    }
    if (texts.count == SKM_OPTION_TEXTS_MAX) {
        return complain(reader, "option `--%s` is given too often", option->name);
    }
    texts.items[texts.count++] = text;
    memcpy(member(reader, option), &texts, sizeof(texts));
    return SKM_OK;
}

static skm_err set_value(struct reader *reader, const struct skm_option *option, const char *text)
{
    switch (option->kind) {
    case SKM_OPTION_FLAG:
        return complain(reader, "option `--%s` takes no value", option->name);
    case SKM_OPTION_TEXT:
        memcpy(member(reader, option), &text, sizeof(text));
        return SKM_OK;
    case SKM_OPTION_TEXTS:
        return add_text(reader, option, text);
    case SKM_OPTION_CHOICE:
        return set_choice(reader, option, text);
    case SKM_OPTION_NUMBER:
        return set_number(reader, option, text);
    }
    return SKM_ERR(INTERNAL);
}

/* ---- arguments ---- */

static skm_err take_flag(struct reader *reader, const struct skm_option *option,
                         const char *inline_value)
{
    const bool yes = true;
    if (inline_value != NULL) {
        return complain(reader, "option `--%s` takes no value", option->name);
    }
    memcpy(member(reader, option), &yes, sizeof(yes));
    return SKM_OK;
}

static skm_err take_option(struct reader *reader, size_t index, const char *inline_value)
{
    const struct skm_option *option = &reader->table->items[index];
    if (reader->given[index] && option->kind != SKM_OPTION_TEXTS) {
        return complain(reader, "option `--%s` is given twice", option->name);
    }
    reader->given[index] = true;
    if (option->kind == SKM_OPTION_FLAG) {
        return take_flag(reader, option, inline_value);
    }
    if (inline_value == NULL) {
        if (reader->at == reader->argc) {
            return complain(reader, "option `--%s` needs a value: --%s %s", option->name,
                            option->name, option->value);
        }
        inline_value = reader->argv[reader->at++];
    }
    return set_value(reader, option, inline_value);
}

/* `text` follows the dashes. */
static skm_err read_option(struct reader *reader, const char *text)
{
    const char *equals = strchr(text, '=');
    skm_span name =
        equals == NULL ? skm_span_cstr(text) : skm_span_of(text, (size_t)(equals - text));
    if (skm_span_equal(name, SKM_SPAN("help"))) {
        return SKM_ERR(NOT_FOUND);
    }
    for (size_t i = 0; i < reader->table->count; i++) {
        if (skm_span_equal(name, skm_span_cstr(reader->table->items[i].name))) {
            return take_option(reader, i, equals == NULL ? NULL : equals + 1);
        }
    }
    return unknown_option(reader, name);
}

static skm_err read_all(struct reader *reader, const char **operands, size_t *count)
{
    bool options_ended = false;
    while (reader->at < reader->argc) {
        const char *argument = reader->argv[reader->at++];
        if (options_ended || argument[0] != '-' || argument[1] == '\0') {
            operands[(*count)++] = argument;
        } else if (strcmp(argument, "--") == 0) {
            options_ended = true;
        } else if (strcmp(argument, "-h") == 0) {
            return SKM_ERR(NOT_FOUND);
        } else if (argument[1] == '-') {
            SKM_TRY(read_option(reader, argument + 2));
        } else {
            return complain(reader, "unknown option `%s`; options start with two dashes", argument);
        }
    }
    return SKM_OK;
}

skm_err skm_options_read(const struct skm_option_table *table, struct skm_arena *arena,
                         const char *const *argv, size_t argc, void *out_values,
                         struct skm_operands *out_operands, struct skm_buf *out_message)
{
    struct reader reader = {.table = table, .arena = arena, .argv = argv, .argc = argc};
    reader.values = out_values;
    reader.message = out_message;
    reader.given = SKM_ARENA_NEW_ARRAY(arena, bool, table->count);
    const char **operands = SKM_ARENA_NEW_ARRAY(arena, const char *, argc);
    size_t count = 0;
    if (reader.given == NULL || operands == NULL) {
        return SKM_ERR(MEMORY);
    }
    SKM_TRY(read_all(&reader, operands, &count));
    for (size_t i = 0; i < table->count; i++) {
        if (table->items[i].required && !reader.given[i]) {
            return complain(&reader, "option `--%s %s` is missing", table->items[i].name,
                            table->items[i].value);
        }
    }
    *out_operands = (struct skm_operands){operands, count};
    return SKM_OK;
}

/* ---- help ---- */

static void append_form(const struct skm_option *option, struct skm_buf *out)
{
    skm_buf_printf(out, "--%s", option->name);
    if (option->kind == SKM_OPTION_CHOICE) {
        for (size_t i = 0; option->choices[i] != NULL; i++) {
            skm_buf_printf(out, "%c%s", i == 0 ? ' ' : '|', option->choices[i]);
        }
    } else if (option->kind != SKM_OPTION_FLAG) {
        skm_buf_printf(out, " %s", option->value);
    }
}

void skm_options_help(const struct skm_option_table *table, struct skm_buf *out)
{
    for (size_t i = 0; i < table->count; i++) {
        size_t start = out->len;
        skm_buf_append_cstr(out, "  ");
        append_form(&table->items[i], out);
        if (out->len - start + 2 > HELP_COLUMN) {
            skm_buf_append_char(out, '\n');
            start = out->len;
        }
        int pad = (int)(HELP_COLUMN - (out->len - start));
        skm_buf_printf(out, "%*s%s\n", pad, "", table->items[i].help);
    }
    skm_buf_printf(out, "  --help%*sthis text\n", (int)HELP_COLUMN - 8, "");
}

void skm_options_usage(const struct skm_option_table *table, struct skm_buf *out)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct skm_option *option = &table->items[i];
        skm_buf_append_cstr(out, option->required ? " " : " [");
        append_form(option, out);
        skm_buf_append_cstr(out, option->required ? "" : "]");
        skm_buf_append_cstr(out, option->kind == SKM_OPTION_TEXTS ? "..." : "");
    }
}
