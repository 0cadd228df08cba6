/* Warnings about text that misleads the eye: bidirectional controls, invisible characters, and letters of several scripts mixed in
 * one word (Unicode Technical Standard 39 §5.1, Restriction Level "Single Script", Japanese exempt: Han, Hiragana, Katakana
 * and Latin are written together).
 *
 * Identifiers of Cedar are ASCII, so only strings, entity ids and annotation values can carry it. */
#pragma once

#include "base/diag.h"
#include "cedar/ast.h"

void skm_confusable_check(const struct skm_policy *policy, skm_span id, struct skm_diags *diags);
