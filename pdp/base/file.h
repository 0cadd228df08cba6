/* Whole files, bounded. For loaders and tools at start or reload, not for the request path. */
#pragma once

#include <stddef.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

#include "base/arena.h"

/* Reads a whole file into the arena. SKM_E_NOT_FOUND, SKM_E_IO (errno says why; EAGAIN: somebody is writing to it),
 * SKM_E_SIZE past max_bytes, SKM_E_MEMORY. `-` is standard input; pipes are read to their end. A NUL follows the
 * content. */
SKM_MUST skm_err skm_file_read(struct skm_arena *arena, const char *path, size_t max_bytes,
                               skm_span *out_text);

/* Names (not paths) of the entries of a directory that end in `suffix`, sorted bytewise, hidden ones left out. At most
 * `max` (SKM_E_COUNT). */
SKM_MUST skm_err skm_file_list(struct skm_arena *arena, const char *path, skm_span suffix, size_t max,
                               skm_span **out_names, size_t *out_count);
