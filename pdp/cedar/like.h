/* Wildcard matching for `like` (Cedar spec: Wildcard.lean). Pure, any thread. */
#pragma once

#include <stdbool.h>

#include <sekimori/types.h>

struct skm_pattern; /* ast.h */

/* True when the whole of `text` matches. Bytewise, which for UTF-8 is the same as by characters. No allocation;
 * cost linear in the text: the text may come from outside. */
bool skm_like_match(const struct skm_pattern *pattern, skm_span text);
