/* The files of a load: folders listed, files read, everything bounded and in a fixed order. */
#pragma once

#include "base/diag.h"
#include "daemon/config.h"

struct skm_load_reader {
    const struct skm_config *config; /* limits */
    struct skm_arena *arena;         /* where texts and sources go */
    struct skm_diags *diags;
};

struct skm_load_sources {
    const struct skm_source *items;
    size_t count;
};

/* Reads one file. `option`: what asked for it, for messages. SKM_E_INVALID: a message was added (absent, unreadable, too large, not a
 * file, anybody may write it, not UTF-8); SKM_E_MEMORY. */
SKM_MUST skm_err skm_load_file(const struct skm_load_reader *reader, const char *option,
                               const char *path, struct skm_source *out_source);

/* Reads the files of a folder whose names end in `suffix`, in bytewise order of their names; hidden ones are left out. Files
 * that cannot be read are messages; the others are still yielded. SKM_E_INVALID when there was a message. */
SKM_MUST skm_err skm_load_folder(const struct skm_load_reader *reader, const char *option,
                                 const char *folder, skm_span suffix,
                                 struct skm_load_sources *out_sources);

/* A warning for each entry of the folder that ends in none of the suffixes: nothing is left out silently. Names that
 * begin with `README` are no surprise. */
SKM_MUST skm_err skm_load_warn_unread(const struct skm_load_reader *reader, const char *option,
                                      const char *folder, const skm_span *suffixes, size_t count);
