/* Collecting messages; diag_print.c prints them. */
#include "base/diag.h"

#include <stdarg.h>
#include <string.h>

#include "base/attr.h"
#include "base/span.h"
#include "base/utf8.h"

void skm_diags_init(struct skm_diags *diags, struct skm_arena *arena, size_t max)
{
    *diags = (struct skm_diags){.arena = arena, .max = max};
}

static void count(struct skm_diags *diags, enum skm_severity severity)
{
    switch (severity) {
    case SKM_SEVERITY_ERROR:
        diags->errors++;
        break;
    case SKM_SEVERITY_WARNING:
        diags->warnings++;
        break;
    case SKM_SEVERITY_NOTE:
        break;
    }
}

struct skm_diag *skm_diags_add(struct skm_diags *diags, enum skm_severity severity,
                               const struct skm_source *source, struct skm_range range,
                               const char *format, ...)
{
    count(diags, severity);
    size_t kept = diags->kept;
    struct skm_diag *diag = kept < diags->max ? SKM_ARENA_NEW(diags->arena, struct skm_diag) : NULL;
    skm_span message = {0};
    skm_err err = SKM_ERR(MEMORY);
    if (diag != NULL) {
        va_list args;
        va_start(args, format);
        err = skm_arena_vprintf(diags->arena, &message, format, args);
        va_end(args);
    }
    if (!skm_is_ok(err)) {
        diags->dropped++;
        return NULL;
    }
    *diag = (struct skm_diag){
        .source = source, .range = range, .severity = severity, .message = message};
    if (diags->last == NULL) {
        diags->first = diag;
    } else {
        diags->last->next = diag;
    }
    diags->last = diag;
    diags->kept++;
    return diag;
}

/* A text that cannot be kept for want of memory is left out: the message itself says what is wrong. */
static void keep_text(struct skm_diags *diags, skm_span *out_text, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

static void keep_text(struct skm_diags *diags, skm_span *out_text, const char *format, va_list args)
{
    skm_span text = {0};
    if (skm_is_ok(skm_arena_vprintf(diags->arena, &text, format, args))) {
        *out_text = text;
    }
}

void skm_diag_help(struct skm_diags *diags, struct skm_diag *diag, const char *format, ...)
{
    if (diag == NULL) {
        return;
    }
    va_list args;
    va_start(args, format);
    keep_text(diags, &diag->help, format, args);
    va_end(args);
}

void skm_diag_label(struct skm_diags *diags, struct skm_diag *diag, const char *format, ...)
{
    if (diag == NULL) {
        return;
    }
    va_list args;
    va_start(args, format);
    keep_text(diags, &diag->label, format, args);
    va_end(args);
}

void skm_diag_id(struct skm_diags *diags, struct skm_diag *diag, skm_span id)
{
    skm_span copy = {0};
    if (diag != NULL && skm_is_ok(skm_arena_dup(diags->arena, id, &copy))) {
        diag->id = copy;
    }
}

void skm_source_position(const struct skm_source *source, uint32_t offset, uint32_t *out_line,
                         uint32_t *out_column)
{
    skm_span before = skm_span_sub(source->text, 0, offset);
    uint32_t line = 1;
    size_t start = 0;
    for (size_t at = 0; at < before.len;) {
        const char *newline = memchr(before.ptr + at, '\n', before.len - at);
        if (newline == NULL) {
            break;
        }
        at = (size_t)(newline - before.ptr) + 1;
        start = at;
        line++;
    }
    uint32_t column = 1;
    while (start < before.len) {
        uint32_t scalar = 0;
        /* Decoded over the whole text: a character that `offset` cuts is not malformed. */
        size_t len = skm_utf8_decode(source->text, start, &scalar);
        start += len == 0 ? 1 : len;
        column += start <= before.len;
    }
    *out_line = line;
    *out_column = column;
}

/* ---- the nearest word ---- */

#define WORD_BYTES 64u

static unsigned char fold(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Edits that turn `a` into `b`: insert, delete, replace, swap neighbours (optimal string alignment). Three rows of the
 * table are enough. */
static unsigned distance(skm_span a, skm_span b)
{
    unsigned rows[3][WORD_BYTES + 1] = {{0}};
    for (unsigned j = 0; j <= b.len; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3];
        const unsigned *above2 = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b.len; j++) {
            bool same = fold(a.ptr[i - 1]) == fold(b.ptr[j - 1]);
            unsigned edit = least(above[j], row[j - 1]) + 1;
            row[j] = least(edit, above[j - 1] + !same);
            if (i > 1 && j > 1 && fold(a.ptr[i - 1]) == fold(b.ptr[j - 2]) &&
                fold(a.ptr[i - 2]) == fold(b.ptr[j - 1])) {
                row[j] = least(row[j], above2[j - 2] + 1);
            }
        }
    }
    return rows[a.len % 3][b.len];
}

skm_span skm_diag_nearest(skm_span word, const skm_span *candidates, size_t candidate_count)
{
    skm_span best = {0};
    if (word.len == 0 || word.len > WORD_BYTES) {
        return best;
    }
    /* One slip per three letters; a word of one letter has no near ones but its other case. */
    unsigned limit = word.len == 1 ? 0 : word.len < 6 ? 1 : (unsigned)word.len / 3;
    for (size_t i = 0; i < candidate_count; i++) {
        skm_span candidate = candidates[i];
        size_t apart =
            candidate.len > word.len ? candidate.len - word.len : word.len - candidate.len;
        if (candidate.len == 0 || candidate.len > WORD_BYTES || apart > limit) {
            continue;
        }
        unsigned found = distance(word, candidate);
        if (found < limit || (found == limit && best.len == 0)) {
            best = candidate;
            limit = found;
        }
    }
    return best;
}
