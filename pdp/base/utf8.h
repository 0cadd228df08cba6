/* UTF-8 (RFC 3629 §4: no overlong forms, no surrogates, at most U+10FFFF). Any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sekimori/types.h>

/* True when all bytes are valid; else *out_bad_offset (may be NULL) is the first byte that is not. */
bool skm_utf8_check(skm_span text, size_t *out_bad_offset);

/* The scalar value at `offset` and its length in bytes (1 to 4). 0 bytes: malformed or at the end. */
size_t skm_utf8_decode(skm_span text, size_t offset, uint32_t *out_scalar);

/* Writes 1 to 4 bytes to `out`; 0 when not a scalar value. */
size_t skm_utf8_encode(uint32_t scalar, char out[4]);

/* Unicode White_Space property. */
bool skm_utf8_is_space(uint32_t scalar);

/* True for characters to be shown escaped: controls, format characters, bidi marks, separators and blanks (but for
 * U+0020 and the wide U+3000 of Japanese text), private use, noncharacters, letters that draw nothing; everything a
 * terminal or reader could be misled by. */
bool skm_utf8_is_unprintable(uint32_t scalar);

/* Cells a terminal gives a character: 0 for combining marks, 2 for wide ones (East Asian Width W and F, UAX #11), else
 * 1. For laying out carets, not for anything that matters. */
unsigned skm_utf8_cells(uint32_t scalar);
