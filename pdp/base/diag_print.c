/* Messages as text for people, for editors (gcc's form) and for programs (JSON).
 *
 * An excerpt is laid out in terminal cells, since characters may take none, one or two of them, a tab several, and what
 * cannot be shown is written as an escape. The line is walked twice by the same step function, once to find where the
 * carets go and once to print, so that carets always stand below what they mean. */
#include "base/diag.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/span.h"
#include "base/utf8.h"

#define TAB_CELLS 4u
/* The widest excerpt, and how much of it stands before the carets when a long line is cut. */
#define EXCERPT_CELLS ((size_t)110)
#define BEFORE_CELLS  ((size_t)40)
#define CUT           "..."

static const char *severity_name(enum skm_severity severity)
{
    switch (severity) {
    case SKM_SEVERITY_ERROR:
        return "error";
    case SKM_SEVERITY_WARNING:
        return "warning";
    case SKM_SEVERITY_NOTE:
        return "note";
    }
    return "error";
}

/* ---- characters as they are shown ---- */

struct glyph {
    char text[16];
    size_t text_len;
    size_t cells;
    size_t taken; /* bytes of the source it stands for */
};

/* The character at `at` when it begins in cell `cell` of its line. */
static struct glyph glyph_at(skm_span text, size_t at, size_t cell)
{
    struct glyph glyph = {.cells = 1};
    uint32_t scalar = 0;
    int len = 0;
    glyph.taken = skm_utf8_decode(text, at, &scalar);
    if (glyph.taken == 0) {
        glyph.taken = 1;
        len = snprintf(glyph.text, sizeof glyph.text, "\\x%02x",
                       (unsigned)(unsigned char)text.ptr[at]);
    } else if (scalar == '\t') {
        len =
            snprintf(glyph.text, sizeof glyph.text, "%*s", (int)(TAB_CELLS - cell % TAB_CELLS), "");
    } else if (skm_utf8_is_unprintable(scalar)) {
        len = snprintf(glyph.text, sizeof glyph.text, "\\u{%x}", (unsigned)scalar);
    } else {
        memcpy(glyph.text, text.ptr + at, glyph.taken);
        glyph.text_len = glyph.taken;
        glyph.cells = skm_utf8_cells(scalar);
        return glyph;
    }
    glyph.text_len = len < 0 ? 0 : (size_t)len;
    glyph.cells = glyph.text_len;
    return glyph;
}

/* Text from outside on one line: nothing in it can end the line or steer the terminal. */
static void append_shown(struct skm_buf *out, skm_span text)
{
    for (size_t at = 0; at < text.len;) {
        struct glyph glyph = glyph_at(text, at, 0);
        if (text.ptr[at] == '\t') {
            skm_buf_append(out, SKM_SPAN("\\t"));
        } else if (text.ptr[at] == '\n') {
            skm_buf_append(out, SKM_SPAN("\\n"));
        } else {
            skm_buf_append(out, (skm_span){glyph.text, glyph.text_len});
        }
        at += glyph.taken;
    }
}

/* ---- where ---- */

struct place {
    size_t start; /* the range, held inside the text */
    size_t end;
    uint32_t line;
    uint32_t column;
    uint32_t end_line;
    uint32_t end_column;
};

static struct place place_of(const struct skm_diag *diag)
{
    struct place place = {0};
    size_t text_len = diag->source->text.len;
    size_t start = diag->range.start < text_len ? diag->range.start : text_len;
    size_t len = diag->range.len < text_len - start ? diag->range.len : text_len - start;
    place.start = start;
    place.end = start + len;
    skm_source_position(diag->source, (uint32_t)place.start, &place.line, &place.column);
    skm_source_position(diag->source, (uint32_t)place.end, &place.end_line, &place.end_column);
    return place;
}

static void append_place(struct skm_buf *out, const struct skm_diag *diag)
{
    if (diag->source == NULL) {
        return;
    }
    if (diag->source->name.len != 0) {
        append_shown(out, diag->source->name);
        skm_buf_append_char(out, ':');
    }
    struct place place = place_of(diag);
    skm_buf_printf(out, "%u:%u: ", (unsigned)place.line, (unsigned)place.column);
}

static void append_headline(struct skm_buf *out, const struct skm_diag *diag)
{
    append_place(out, diag);
    skm_buf_append_cstr(out, severity_name(diag->severity));
    skm_buf_append(out, SKM_SPAN(": "));
    append_shown(out, diag->message);
}

/* ---- excerpts ---- */

/* One line of the source and the part of it that the carets mark, as offsets into the text. */
struct excerpt {
    skm_span text; /* the whole source */
    size_t line_start;
    size_t line_end; /* without its line feed */
    size_t mark_start;
    size_t mark_end;
    uint32_t line;
};

static size_t start_of_line(skm_span text, size_t at)
{
    const char *newline = at == 0 ? NULL : memrchr(text.ptr, '\n', at);
    return newline == NULL ? 0 : (size_t)(newline - text.ptr) + 1;
}

static size_t end_of_line(skm_span text, size_t at)
{
    const char *newline = at >= text.len ? NULL : memchr(text.ptr + at, '\n', text.len - at);
    size_t end = newline == NULL ? text.len : (size_t)(newline - text.ptr);
    return end > at && text.ptr[end - 1] == '\r' ? end - 1 : end;
}

/* Cells from the start of the line to `end`. */
static size_t cells_before(const struct excerpt *excerpt, size_t end)
{
    skm_span line = skm_span_sub(excerpt->text, 0, excerpt->line_end);
    size_t cell = 0;
    for (size_t at = excerpt->line_start; at < end && at < line.len;) {
        struct glyph glyph = glyph_at(line, at, cell);
        cell += glyph.cells;
        at += glyph.taken;
    }
    return cell;
}

/* `12 | ` for the line, blanks as wide for the carets. */
static void append_gutter(struct skm_buf *out, uint32_t line, int width)
{
    if (line == 0) {
        skm_buf_printf(out, "   %*s |", width, "");
    } else {
        skm_buf_printf(out, "   %*u |", width, (unsigned)line);
    }
}

static void append_repeated(struct skm_buf *out, char c, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        skm_buf_append_char(out, c);
    }
}

/* The cells of the line that are printed, [from, to); `cut_` tells that there is more on that side. */
struct window {
    size_t from;
    size_t to;
    bool cut_before;
    bool cut_after;
};

/* Prints the part of the line inside the window and says where the window ended. */
static void append_line_text(struct skm_buf *out, const struct excerpt *excerpt,
                             struct window *window)
{
    skm_span line = skm_span_sub(excerpt->text, 0, excerpt->line_end);
    size_t cell = 0;
    size_t at = excerpt->line_start;
    if (window->cut_before) {
        skm_buf_append_cstr(out, CUT);
    }
    while (at < line.len && cell < window->to) {
        struct glyph glyph = glyph_at(line, at, cell);
        if (cell >= window->from) {
            skm_buf_append(out, (skm_span){glyph.text, glyph.text_len});
        } else if (cell + glyph.cells > window->from) {
            append_repeated(out, ' ', cell + glyph.cells - window->from);
        }
        cell += glyph.cells;
        at += glyph.taken;
    }
    window->cut_after = at < line.len;
    window->to = cell < window->to ? cell : window->to;
    if (window->cut_after) {
        skm_buf_append_cstr(out, CUT);
    }
    skm_buf_append_char(out, '\n');
}

static void append_excerpt(struct skm_buf *out, const struct excerpt *excerpt, int width,
                           skm_span label)
{
    size_t mark_from = cells_before(excerpt, excerpt->mark_start);
    struct window window = {0};
    if (mark_from + BEFORE_CELLS > EXCERPT_CELLS) {
        window.from = mark_from - BEFORE_CELLS;
        window.cut_before = true;
    }
    window.to = window.from + EXCERPT_CELLS;
    append_gutter(out, excerpt->line, width);
    if (excerpt->line_end > excerpt->line_start) {
        skm_buf_append_char(out, ' ');
        append_line_text(out, excerpt, &window);
    } else {
        skm_buf_append_char(out, '\n');
    }
    /* Marks longer than the window need not be measured to their end. */
    size_t mark_end = excerpt->mark_end - excerpt->mark_start > 4 * EXCERPT_CELLS
                          ? excerpt->mark_start + 4 * EXCERPT_CELLS
                          : excerpt->mark_end;
    size_t mark_to = cells_before(excerpt, mark_end);
    mark_to = mark_to > window.to ? window.to : mark_to;
    append_gutter(out, 0, width);
    append_repeated(out, ' ',
                    1 + (window.cut_before ? sizeof CUT - 1 : 0) + mark_from - window.from);
    append_repeated(out, '^', mark_to > mark_from ? mark_to - mark_from : 1);
    if (label.len != 0) {
        skm_buf_append_char(out, ' ');
        append_shown(out, label);
    }
    skm_buf_append_char(out, '\n');
}

static struct excerpt excerpt_of(skm_span text, uint32_t line, size_t from, size_t to)
{
    struct excerpt excerpt = {.text = text, .line = line};
    excerpt.line_start = start_of_line(text, from);
    excerpt.line_end = end_of_line(text, excerpt.line_start);
    excerpt.mark_start = from;
    excerpt.mark_end = to < excerpt.line_end ? to : excerpt.line_end;
    if (excerpt.mark_end < from) {
        excerpt.mark_end = from;
    }
    return excerpt;
}

/* First byte of the line of `at` that is not blank: where the carets of a last line begin. */
static size_t first_ink(skm_span text, size_t at)
{
    size_t ink = start_of_line(text, at);
    while (ink < at && (text.ptr[ink] == ' ' || text.ptr[ink] == '\t')) {
        ink++;
    }
    return ink;
}

/* The first line of the range, and where it goes on for more, the last one. */
static void append_excerpts(struct skm_buf *out, const struct skm_diag *diag)
{
    skm_span text = diag->source->text;
    struct place place = place_of(diag);
    /* A range that ends with a line feed ends on that line. */
    size_t last = place.end > place.start && place.end_column == 1 ? place.end - 1 : place.end;
    uint32_t last_line = place.end_line - (last != place.end);
    int width = snprintf(NULL, 0, "%u", (unsigned)last_line);
    struct excerpt first = excerpt_of(text, place.line, place.start, last);
    bool more = last_line > place.line;
    append_excerpt(out, &first, width, more ? (skm_span){0} : diag->label);
    if (!more) {
        return;
    }
    if (last_line > place.line + 1) {
        skm_buf_printf(out, "   %*s ...\n", width, "");
    }
    struct excerpt final = excerpt_of(text, last_line, first_ink(text, last), last);
    append_excerpt(out, &final, width, diag->label);
}

/* ---- the forms ---- */

static void print_human(const struct skm_diag *diag, struct skm_buf *out)
{
    append_headline(out, diag);
    skm_buf_append_char(out, '\n');
    if (diag->source != NULL) {
        append_excerpts(out, diag);
    }
    if (diag->id.len != 0) {
        skm_buf_append(out, SKM_SPAN("   in `"));
        append_shown(out, diag->id);
        skm_buf_append(out, SKM_SPAN("`\n"));
    }
    if (diag->help.len != 0) {
        skm_buf_append(out, SKM_SPAN("   help: "));
        append_shown(out, diag->help);
        skm_buf_append_char(out, '\n');
    }
}

static void print_gcc(const struct skm_diag *diag, struct skm_buf *out)
{
    append_headline(out, diag);
    if (diag->help.len != 0) {
        skm_buf_append(out, SKM_SPAN(" ["));
        append_shown(out, diag->help);
        skm_buf_append_char(out, ']');
    }
    skm_buf_append_char(out, '\n');
}

static void write_text(struct skm_json_writer *json, skm_span key, skm_span text)
{
    skm_json_write_key(json, key);
    if (text.len == 0) {
        skm_json_write_null(json);
    } else {
        skm_json_write_string(json, text);
    }
}

static void write_number(struct skm_json_writer *json, skm_span key, uint32_t number)
{
    skm_json_write_key(json, key);
    if (number == 0) {
        skm_json_write_null(json);
    } else {
        skm_json_write_u64(json, number);
    }
}

/* Every member is always there; null stands for what is not known. */
static void write_object(struct skm_json_writer *json, const struct skm_diag *diag)
{
    struct place place = diag->source == NULL ? (struct place){0} : place_of(diag);
    skm_json_write_object_begin(json);
    write_text(json, SKM_SPAN("severity"), skm_span_cstr(severity_name(diag->severity)));
    write_text(json, SKM_SPAN("file"), diag->source == NULL ? (skm_span){0} : diag->source->name);
    write_number(json, SKM_SPAN("line"), place.line);
    write_number(json, SKM_SPAN("column"), place.column);
    write_number(json, SKM_SPAN("end_line"), place.end_line);
    write_number(json, SKM_SPAN("end_column"), place.end_column);
    skm_json_write_key(json, SKM_SPAN("message"));
    skm_json_write_string(json, diag->message);
    write_text(json, SKM_SPAN("help"), diag->help);
    write_text(json, SKM_SPAN("id"), diag->id);
    skm_json_write_object_end(json);
}

void skm_diag_print(const struct skm_diag *diag, enum skm_diag_form form, struct skm_buf *out)
{
    switch (form) {
    case SKM_DIAG_FORM_HUMAN:
        print_human(diag, out);
        return;
    case SKM_DIAG_FORM_GCC:
        print_gcc(diag, out);
        return;
    case SKM_DIAG_FORM_JSON: {
        struct skm_json_writer json;
        skm_json_writer_init(&json, out);
        write_object(&json, diag);
        return;
    }
    }
}

void skm_diags_print(const struct skm_diags *diags, enum skm_diag_form form, struct skm_buf *out)
{
    struct skm_json_writer json;
    skm_json_writer_init(&json, out);
    bool as_json = form == SKM_DIAG_FORM_JSON;
    if (as_json) {
        skm_json_write_array_begin(&json);
    }
    for (const struct skm_diag *diag = diags->first; diag != NULL; diag = diag->next) {
        if (as_json) {
            write_object(&json, diag);
        } else {
            skm_diag_print(diag, form, out);
        }
    }
    if (diags->dropped != 0) {
        char text[64];
        (void)snprintf(text, sizeof text, "%zu more %s not shown", diags->dropped,
                       diags->dropped == 1 ? "message is" : "messages are");
        struct skm_diag rest = {.severity = SKM_SEVERITY_NOTE, .message = skm_span_cstr(text)};
        if (as_json) {
            write_object(&json, &rest);
        } else {
            skm_diag_print(&rest, form, out);
        }
    }
    if (as_json) {
        skm_json_write_array_end(&json);
    }
}
