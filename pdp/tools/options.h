/* Command-line options from a table: reading, checking, and the help text that goes with them.
 *
 *     static const struct skm_option options[] = {
 *         {.name = "policies", .kind = SKM_OPTION_TEXTS, .value = "FILE", .required = true,
 *          .offset = offsetof(struct args, policies), .help = "Cedar policies; a file or a folder"},
 *     };
 *
 * Forms: `--name value`, `--name=value`, flags without value, `--` ends the options, `-` is an operand. An option that is
 * not in the table, a value that is missing or not one of the choices, and an option given twice are errors that name the
 * nearest thing that would have been right. Threads: start of the process. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <sekimori/error.h>

#include "base/arena.h"

struct skm_buf;

#define SKM_OPTION_TEXTS_MAX 4096u

enum skm_option_kind {
    SKM_OPTION_FLAG = 0, /* bool */
    SKM_OPTION_TEXT,     /* const char *; NULL when not given */
    SKM_OPTION_TEXTS,    /* struct skm_texts; may be given more than once */
    SKM_OPTION_CHOICE,   /* unsigned: index into `choices` */
    SKM_OPTION_NUMBER,   /* uint64_t */
};

struct skm_texts {
    const char **items;
    size_t count;
};

struct skm_option {
    const char *name; /* without dashes */
    enum skm_option_kind kind;
    const char *value;          /* what the help calls the value */
    const char *const *choices; /* CHOICE: NULL-terminated */
    bool required;
    size_t offset; /* of the member in the command's own struct, which starts zeroed */
    const char *help;
};

struct skm_option_table {
    const struct skm_option *items;
    size_t count;
};

struct skm_operands {
    const char *const *items;
    size_t count;
};

/* Reads `argv` into `out_values`, a zeroed struct with the members the table tells. SKM_E_NOT_FOUND: `--help` was given.
 * SKM_E_INVALID: `out_message` says what is wrong. SKM_E_MEMORY. */
SKM_MUST skm_err skm_options_read(const struct skm_option_table *table, struct skm_arena *arena,
                                  const char *const *argv, size_t argc, void *out_values,
                                  struct skm_operands *out_operands, struct skm_buf *out_message);

/* The lines of the help text, one per option, wrapped. */
void skm_options_help(const struct skm_option_table *table, struct skm_buf *out);

/* " --policies FILE... [--links FILE]" for the usage line. */
void skm_options_usage(const struct skm_option_table *table, struct skm_buf *out);
