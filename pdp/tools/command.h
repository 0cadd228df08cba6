/* The tree of sub-commands: each is a row of a table, with options, help text and a function.
 *
 * A row has either `children` or `run`. `--help` works at every level; a wrong word is answered with the nearest right one.
 * Exit status is enum skm_exit everywhere. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "tools/options.h"

enum skm_exit {
    SKM_EXIT_OK = 0,       /* done, and the answer is good */
    SKM_EXIT_NEGATIVE = 1, /* done, and the answer is not: an error in a file, a failed test, a denial */
    SKM_EXIT_USAGE = 2,    /* not done: wrong use, or a file that cannot be read */
    SKM_EXIT_INTERNAL = 3, /* not done: out of memory, or output that cannot be written */
};

/* One call of a command. */
struct skm_call {
    struct skm_arena *arena; /* for as long as the process lives */
    const void *values;      /* the options' struct */
    struct skm_operands operands;
    struct skm_buf *out; /* standard output; written when the command returns, or by skm_call_flush() */
    struct skm_buf *err; /* standard error, likewise */
};

struct skm_command {
    const char *name;
    const char *summary; /* one line, lower case */
    const char *about;   /* paragraphs for --help; lines end themselves */
    /* A group: */
    const struct skm_command *const *children; /* NULL-terminated */
    /* A command: */
    struct skm_option_table options;
    size_t values_bytes; /* size of the options' struct */
    const char *operand; /* what the usage calls operands; NULL: none are taken */
    size_t operands_min;
    enum skm_exit (*run)(struct skm_call *call);
};

/* Runs the command that `argv` names below `root`; argv[0] is the program. */
enum skm_exit skm_command_run(const struct skm_command *root, const char *const *argv, size_t argc);

/* Writes what is in the buffers, error output first; false when that failed. */
bool skm_call_flush(struct skm_call *call);

/* "sekimori: MESSAGE" on standard error. */
void skm_call_complain(struct skm_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* For errors nothing can be done about: says so, SKM_EXIT_INTERNAL. */
enum skm_exit skm_call_internal(struct skm_call *call, skm_err err);
