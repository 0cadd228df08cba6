/* Laying out policy text: two blanks of indentation, one annotation a line, a blank line between policies.
 *
 *     @id("photos")
 *     permit (
 *       principal in Group::"friends",
 *       action in [Action::"view", Action::"comment"],
 *       resource in Album::"vacation"
 *     )
 *     when {
 *       context.authenticated &&
 *       (resource.public || principal == resource.owner)
 *     };
 *
 * What fits on a line stays on it; what does not breaks at its outermost brackets or operators first. Tokens stay as
 * they are written, except that a comma before a closing bracket goes. Comments stay at the token they stand before or
 * behind; blanks at their ends go. Formatting what was formatted changes nothing, and formatted text parses to equal
 * trees. Any thread; cost linear in the text. */
#pragma once

#include <stddef.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

#include "base/diag.h"

struct skm_buf;

#define SKM_FORMAT_WIDTH     100u
#define SKM_FORMAT_WIDTH_MIN 20u

/* Parses the text, and appends it laid out in `width` columns (at least SKM_FORMAT_WIDTH_MIN) to `out`. A text with policies
 * or comments ends with a line feed; one without either yields nothing. SKM_E_INVALID: it does not parse, `diags` says why,
 * and nothing is appended. SKM_E_MEMORY, SKM_E_SIZE (of `out`). */
SKM_MUST skm_err skm_format_policies(const struct skm_source *source, size_t width,
                                     struct skm_diags *diags, struct skm_buf *out);

/* The same for text that is known to parse. SKM_E_DEPTH: it nests deeper than the parser allows. */
SKM_MUST skm_err skm_format_text(skm_span text, size_t width, struct skm_buf *out);
