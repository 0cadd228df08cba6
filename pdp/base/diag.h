/* Messages about somebody's text: what is wrong, where, and what would mend it.
 *
 * A parser, validator or configuration reader that meets bad input adds a `skm_diag` for each fault and
 * goes on as far as that makes sense; it then returns SKM_E_INVALID. The messages are data; the edge
 * (tool, daemon) prints them. Wording: lower case, no full stop, input in back-ticks.
 *
 *     policies/base.cedar:12:9: error: unknown method `contain`
 *        12 |   when { resource.tags.contain("x") };
 *           |                        ^^^^^^^
 *        help: did you mean `contains`?
 *
 * Memory: everything is copied into the list's arena. Threads: one thread at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

#include "base/arena.h"

struct skm_buf;

/* One text that messages point into. The owner keeps name and text alive as long as the messages. */
struct skm_source {
    skm_span name; /* file name as the user knows it; empty: no name is printed */
    skm_span text;
};

enum skm_severity {
    SKM_SEVERITY_ERROR = 0,
    SKM_SEVERITY_WARNING,
    SKM_SEVERITY_NOTE,
};

/* Bytes [start, start + len) of a source. len 0 points between two bytes. */
struct skm_range {
    uint32_t start;
    uint32_t len;
};

struct skm_diag {
    struct skm_diag *next;
    const struct skm_source *source; /* NULL: about no text in particular */
    struct skm_range range;
    enum skm_severity severity;
    skm_span message;
    skm_span label; /* what the caret line says after the carets; may be empty */
    skm_span help;  /* how to mend it; may be empty */
    skm_span id;    /* the policy id or other object it is about; may be empty */
};

struct skm_diags {
    struct skm_arena *arena;
    struct skm_diag *first; /* in the order added */
    struct skm_diag *last;
    size_t errors;
    size_t warnings;
    size_t max;     /* at most so many are kept; counting goes on */
    size_t kept;    /* length of the list */
    size_t dropped; /* how many were not kept */
};

/* `max` messages are kept (a hostile file must not yield a million). The arena outlives the list. */
void skm_diags_init(struct skm_diags *diags, struct skm_arena *arena, size_t max);

/* Adds a message; never fails (out of memory: it is counted only). Yields the message for
 * skm_diag_help() and friends, or NULL when it was not kept. */
struct skm_diag *skm_diags_add(struct skm_diags *diags, enum skm_severity severity,
                               const struct skm_source *source, struct skm_range range,
                               const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Sets help / label / id of a message; `diag` NULL is accepted. The text is copied. */
void skm_diag_help(struct skm_diags *diags, struct skm_diag *diag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void skm_diag_label(struct skm_diags *diags, struct skm_diag *diag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void skm_diag_id(struct skm_diags *diags, struct skm_diag *diag, skm_span id);

/* Line and column, both from 1, of a byte; columns count characters (UTF-8 scalar values). */
void skm_source_position(const struct skm_source *source, uint32_t offset, uint32_t *out_line,
                         uint32_t *out_column);

enum skm_diag_form {
    SKM_DIAG_FORM_HUMAN = 0, /* with excerpt, carets and help, as above */
    SKM_DIAG_FORM_GCC,       /* file:line:col: severity: message [help] on one line */
    SKM_DIAG_FORM_JSON,      /* {"severity","file","line","column","end_line","end_column","message","help","id"} */
};

/* Prints one message / all of them. Control characters of the input are shown escaped. */
void skm_diag_print(const struct skm_diag *diag, enum skm_diag_form form, struct skm_buf *out);

/* All messages; JSON yields one array. `dropped` ones are mentioned at the end. */
void skm_diags_print(const struct skm_diags *diags, enum skm_diag_form form, struct skm_buf *out);

/* The word of `candidates` nearest to `word` (edit distance, case folded), or the empty span when none is near
 * enough to be a slip. Cost: candidates * word length squared, words over 64 bytes are not considered. */
skm_span skm_diag_nearest(skm_span word, const skm_span *candidates, size_t count);
