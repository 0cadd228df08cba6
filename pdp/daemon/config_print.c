/* config.def for people: the default file, the manual page, what a reload leaves for the next start. */
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/span.h"
#include "daemon/config.h"
#include "daemon/config_amount.h"
#include "daemon/config_option.h"
#include "daemon/config_value.h"

/* ---- what a value may be ---- */

/* The option's path, `limits.batch`. */
static void print_path(const char *section, const char *name, struct skm_buf *out)
{
    if (section[0] != '\0') {
        skm_buf_append_cstr(out, section);
        skm_buf_append_char(out, '.');
    }
    skm_buf_append_cstr(out, name);
}

static void print_range(const struct skm_config_option *option, struct skm_buf *out)
{
    if (option->type == SKM_CONFIG_OPTION_INT || option->type == SKM_CONFIG_OPTION_SIZE ||
        option->type == SKM_CONFIG_OPTION_DURATION) {
        skm_config_amount_print(option->type, option->min, out);
        skm_buf_append_cstr(out, " to ");
        skm_config_amount_print(option->type, option->max, out);
    }
}

static void print_words(const char *words, struct skm_buf *out)
{
    for (size_t i = 0; skm_config_option_word(words, i).len != 0; i++) {
        skm_buf_append_cstr(out, i == 0 ? "" : ", ");
        skm_buf_append(out, skm_config_option_word(words, i));
    }
}

/* "1 to 1000000", "deny, skip", or nothing. */
static void print_values(const struct skm_config_option *option, struct skm_buf *out)
{
    print_range(option, out);
    if (option->words != NULL) {
        print_words(option->words, out);
    }
}

/* The values, and when a change takes effect; or nothing to say. */
static void print_notes(const struct skm_config_option *option, struct skm_buf *out)
{
    size_t before = out->len;
    print_values(option, out);
    if (option->applies == SKM_CONFIG_OPTION_RESTART) {
        skm_buf_append_cstr(out, out->len > before ? "; " : "");
        skm_buf_append_cstr(out, "takes effect at the next start");
    }
}

/* ---- as a file ---- */

#define TEXT_COLUMN 100u

static void indent(size_t depth, struct skm_buf *out)
{
    skm_buf_append_char(out, '#');
    for (size_t i = 0; i < depth; i++) {
        skm_buf_append_cstr(out, "  ");
    }
}

/* A comment, broken between words. */
static void print_comment(size_t depth, skm_span text, struct skm_buf *out)
{
    while (text.len > 0) {
        size_t room = TEXT_COLUMN - 2 * depth;
        size_t len = text.len;
        if (len > room) {
            len = room;
            while (len > 0 && text.ptr[len] != ' ') {
                len--;
            }
            len = len == 0 ? text.len : len;
        }
        indent(depth, out);
        skm_buf_append_cstr(out, "# ");
        skm_buf_append(out, skm_span_sub(text, 0, len));
        skm_buf_append_char(out, '\n');
        text = skm_span_from(text, len + 1);
    }
}

static void print_option(size_t depth, const struct skm_config_option *option,
                         bool is_first_of_entry, struct skm_buf *out)
{
    struct skm_buf notes;
    skm_buf_init(&notes, 1024);
    print_notes(option, &notes);
    print_comment(depth, skm_span_cstr(option->text), out);
    if (notes.len > 0) {
        print_comment(depth, skm_buf_span(&notes), out);
    }
    skm_buf_fini(&notes);
    indent(is_first_of_entry ? depth - 1 : depth, out);
    skm_buf_append_cstr(out, is_first_of_entry ? "- " : "");
    skm_buf_append_cstr(out, option->name);
    skm_buf_append_cstr(out, ": ");
    if (option->fallback == NULL) {
        skm_buf_append_cstr(out, "(must be written)");
    } else {
        skm_buf_append_cstr(out, option->fallback[0] == '\0' ? "\"\"" : option->fallback);
    }
    skm_buf_append_char(out, '\n');
}

/* Recursion is as deep as sections nest in config.def. */
static void print_section(size_t depth, const struct skm_config_section *section, bool is_entry,
                          struct skm_buf *out)
{
    for (size_t i = 0; i < section->option_count; i++) {
        print_option(depth, &section->options[i], is_entry && i == 0, out);
    }
    for (const struct skm_config_section_child *child = skm_config_section_next(section, NULL);
         child != NULL; child = skm_config_section_next(section, child)) {
        skm_buf_append_cstr(out, depth == 0 ? "\n" : "");
        print_comment(depth, skm_span_cstr(child->section->text), out);
        indent(depth, out);
        skm_buf_printf(out, "%s:\n", child->name);
        bool is_list = child->form == SKM_CONFIG_SECTION_MANY;
        print_section(depth + (is_list ? 2 : 1), child->section, is_list, out);
    }
}

void skm_config_print_defaults(struct skm_buf *out)
{
    print_section(0, skm_config_section_root(), false, out);
}

/* ---- as a manual page ---- */

/* Text for roff: backslash and a control character at the start of a line have a meaning there; `x` becomes bold. */
static void print_roff(const char *text, struct skm_buf *out)
{
    bool is_bold = false;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '`') {
            is_bold = !is_bold;
            skm_buf_append_cstr(out, is_bold ? "\\fB" : "\\fR");
        } else if (*at == '\\') {
            skm_buf_append_cstr(out, "\\e");
        } else if (*at == '-') {
            skm_buf_append_cstr(out, "\\-");
        } else {
            skm_buf_append_char(out, *at);
        }
    }
}

static void print_roff_default(const struct skm_config_option *option, struct skm_buf *out)
{
    if (option->fallback == NULL) {
        skm_buf_append_cstr(out, "Must be written.");
    } else if (option->fallback[0] == '\0') {
        skm_buf_append_cstr(out, "Default: none.");
    } else {
        skm_buf_append_cstr(out, "Default: \\fB");
        print_roff(option->fallback, out);
        skm_buf_append_cstr(out, "\\fR.");
    }
}

static void print_roff_values(const struct skm_config_option *option, struct skm_buf *out)
{
    struct skm_buf values;
    skm_buf_init(&values, 1024);
    print_values(option, &values);
    skm_buf_append_char(&values, '\0');
    if (values.len > 1 && skm_is_ok(skm_buf_check(&values))) {
        skm_buf_append_cstr(out, "\nValues: ");
        print_roff(values.ptr, out);
        skm_buf_append_char(out, '.');
    }
    skm_buf_fini(&values);
}

static void print_roff_option(const struct skm_config_section *section,
                              const struct skm_config_option *option, struct skm_buf *out)
{
    skm_buf_append_cstr(out, ".TP\n.B ");
    print_path(section->path, option->name, out);
    skm_buf_append_char(out, '\n');
    print_roff(option->text, out);
    skm_buf_append_char(out, '\n');
    print_roff_default(option, out);
    print_roff_values(option, out);
    if (option->applies == SKM_CONFIG_OPTION_RESTART) {
        skm_buf_append_cstr(out, "\nTakes effect at the next start.");
    }
    skm_buf_append_char(out, '\n');
}

static void print_roff_section(const struct skm_config_section *section, struct skm_buf *out)
{
    if (section->path[0] != '\0') {
        skm_buf_printf(out, ".SS %s\n", section->path);
        print_roff(section->text, out);
        skm_buf_append_char(out, '\n');
    }
    for (size_t i = 0; i < section->option_count; i++) {
        print_roff_option(section, &section->options[i], out);
    }
    for (const struct skm_config_section_child *child = skm_config_section_next(section, NULL);
         child != NULL; child = skm_config_section_next(section, child)) {
        print_roff_section(child->section, out);
    }
}

void skm_config_print_man(struct skm_buf *out)
{
    print_roff_section(skm_config_section_root(), out);
}

/* ---- what waits for the next start ---- */

struct difference {
    struct skm_buf *out;
    size_t count;
};

static const void *field_of(const void *section, size_t offset)
{
    return (const char *)section + offset;
}

static void note(struct difference *diff, const char *section, const char *name)
{
    skm_buf_append_cstr(diff->out, diff->count++ == 0 ? "" : ", ");
    print_path(section, name, diff->out);
}

static bool has_restart_option(const struct skm_config_section *section)
{
    for (size_t i = 0; i < section->option_count; i++) {
        if (section->options[i].applies == SKM_CONFIG_OPTION_RESTART) {
            return true;
        }
    }
    return false;
}

static void compare_section(struct difference *diff, const struct skm_config_section *section,
                            const void *a, const void *b);

static void compare_optional(struct difference *diff, const struct skm_config_section *parent,
                             const struct skm_config_section_child *child, const void *a,
                             const void *b)
{
    const void *left = NULL;
    const void *right = NULL;
    /* SAFETY: the field is a pointer to the section's struct; copied as bytes since its type is not void *. */
    memcpy(&left, a, sizeof left);
    memcpy(&right, b, sizeof right);
    if (left != NULL && right != NULL) {
        compare_section(diff, child->section, left, right);
    } else if (left != right && has_restart_option(parent)) {
        note(diff, parent->path, child->name);
    }
}

static void compare_entries(struct difference *diff, const struct skm_config_section *parent,
                            const struct skm_config_section_child *child, const void *a,
                            const void *b)
{
    struct entries {
        const char *items;
        size_t count;
    } left, right;
    /* SAFETY: {pointer, count}; copied as bytes since the pointer's type differs. */
    memcpy(&left, a, sizeof left);
    memcpy(&right, b, sizeof right);
    if (!has_restart_option(child->section)) {
        return;
    }
    if (left.count != right.count) {
        note(diff, parent->path, child->name);
        return;
    }
    for (size_t i = 0; i < left.count; i++) {
        size_t at = i * child->section->size_bytes;
        compare_section(diff, child->section, left.items + at, right.items + at);
    }
}

static void compare_section(struct difference *diff, const struct skm_config_section *section,
                            const void *a, const void *b)
{
    for (size_t i = 0; i < section->option_count; i++) {
        const struct skm_config_option *option = &section->options[i];
        if (option->applies == SKM_CONFIG_OPTION_RESTART &&
            !skm_config_value_equal(option, field_of(a, option->offset),
                                    field_of(b, option->offset))) {
            note(diff, section->path, option->name);
        }
    }
    for (const struct skm_config_section_child *child = skm_config_section_next(section, NULL);
         child != NULL; child = skm_config_section_next(section, child)) {
        const void *left = field_of(a, child->offset);
        const void *right = field_of(b, child->offset);
        switch (child->form) {
        case SKM_CONFIG_SECTION_ONE:
            compare_section(diff, child->section, left, right);
            break;
        case SKM_CONFIG_SECTION_OPTIONAL:
            compare_optional(diff, section, child, left, right);
            break;
        case SKM_CONFIG_SECTION_MANY:
            compare_entries(diff, section, child, left, right);
            break;
        }
    }
}

size_t skm_config_print_restart(const struct skm_config *running, const struct skm_config *wanted,
                                struct skm_buf *out)
{
    struct difference diff = {.out = out};
    compare_section(&diff, skm_config_section_root(), running, wanted);
    return diff.count;
}
