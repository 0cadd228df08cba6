/* Files named on a command line: reading, folders, and messages about what cannot be read. */
#pragma once

#include "base/diag.h"
#include "tools/command.h"

#define SKM_TOOL_FILE_MAX ((size_t)4 << 30)

/* Reads a file (`-`: standard input) as a source for messages; both live in `arena`. An error is told on standard error:
 * SKM_E_NOT_FOUND, SKM_E_IO, SKM_E_SIZE, SKM_E_MEMORY. */
SKM_MUST skm_err skm_tool_read(struct skm_call *call, struct skm_arena *arena, const char *path,
                               const struct skm_source **out_source);

/* The files a path stands for: itself, or, when it is a folder, what in it ends in `suffix`, sorted. Errors as above, and
 * SKM_E_NOT_FOUND for a folder without such files. */
SKM_MUST skm_err skm_tool_expand(struct skm_call *call, const char *path, skm_span suffix,
                                 struct skm_texts *out_paths);

/* The words of a `--format` option, by enum skm_diag_form; ends with NULL. */
extern const char *const skm_tool_diag_formats[];

/* Prints messages to standard error in the human form. */
void skm_tool_print(struct skm_call *call, const struct skm_diags *diags);

/* USAGE for a file that cannot be read, INTERNAL for memory. */
enum skm_exit skm_tool_exit(skm_err err);
