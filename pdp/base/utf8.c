#include "base/utf8.h"

#include <string.h>

#include "base/attr.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

static inline bool is_trail(char byte)
{
    return ((unsigned char)byte & 0xc0u) == 0x80u;
}

/* RFC 3629 §4: length of the well-formed sequence at `at`, of which `left` bytes are there; 0 when there is none. The
 * second byte's range keeps out overlong forms (E0, F0), surrogates (ED) and what lies past U+10FFFF (F4). */
static size_t sequence(const char *at, size_t left, uint32_t *out_scalar)
{
    uint32_t lead = left == 0 ? 0xffu : (unsigned char)at[0];
    if (lead < 0x80) {
        *out_scalar = lead;
        return 1;
    }
    if (lead < 0xc2 || lead > 0xf4) {
        return 0;
    }
    size_t len = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (left < len) {
        return 0;
    }
    uint32_t second = (unsigned char)at[1];
    uint32_t least = lead == 0xe0 ? 0xa0u : lead == 0xf0 ? 0x90u : 0x80u;
    uint32_t most = lead == 0xed ? 0x9fu : lead == 0xf4 ? 0x8fu : 0xbfu;
    if (second < least || second > most) {
        return 0;
    }
    uint32_t scalar = (lead & (0x7fu >> len)) << 6 | (second & 0x3fu);
    for (size_t i = 2; i < len; i++) {
        if (!is_trail(at[i])) {
            return 0;
        }
        scalar = scalar << 6 | ((unsigned char)at[i] & 0x3fu);
    }
    *out_scalar = scalar;
    return len;
}

bool skm_utf8_check(skm_span text, size_t *out_bad_offset)
{
    size_t at = 0;
    while (at < text.len) {
        uint64_t word = 0;
        if (text.len - at >= sizeof word) {
            memcpy(&word, text.ptr + at, sizeof word);
            if ((word & HIGH_BITS) == 0) {
                at += sizeof word;
                continue;
            }
        }
        uint32_t scalar = 0;
        size_t len = sequence(text.ptr + at, text.len - at, &scalar);
        if (len == 0) {
            if (out_bad_offset != NULL) {
                *out_bad_offset = at;
            }
            return false;
        }
        at += len;
    }
    return true;
}

size_t skm_utf8_decode(skm_span text, size_t offset, uint32_t *out_scalar)
{
    return offset >= text.len ? 0 : sequence(text.ptr + offset, text.len - offset, out_scalar);
}

size_t skm_utf8_encode(uint32_t scalar, char out[4])
{
    static const unsigned char LEAD[] = {0, 0, 0xc0, 0xe0, 0xf0};
    if (scalar < 0x80) {
        out[0] = (char)scalar;
        return 1;
    }
    if (scalar > 0x10ffff || (scalar >= 0xd800 && scalar <= 0xdfff)) {
        return 0;
    }
    size_t len = scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (char)(unsigned char)(0x80u | (scalar & 0x3fu));
        scalar >>= 6;
    }
    out[0] = (char)(unsigned char)(LEAD[len] | scalar);
    return len;
}

struct run {
    uint32_t first;
    uint32_t last;
};

static bool in_runs(const struct run *runs, size_t count, uint32_t scalar)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (scalar > runs[middle].last) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < count && scalar >= runs[low].first;
}

bool skm_utf8_is_space(uint32_t scalar)
{
    /* Unicode PropList.txt, White_Space. */
    static const struct run SPACES[] = {
        {0x09, 0x0d},     {0x20, 0x20},     {0x85, 0x85},     {0xa0, 0xa0},     {0x1680, 0x1680},
        {0x2000, 0x200a}, {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000},
    };
    return in_runs(SPACES, SKM_ARRAY_LEN(SPACES), scalar);
}

bool skm_utf8_is_unprintable(uint32_t scalar)
{
    /* Unicode general categories Cc, Cf, Cs, Co, Zl, Zp, Zs but for U+0020 and U+3000 (a blank that is as wide as it
     * looks, common in Japanese text), noncharacters of the basic plane, and letters that draw nothing (Hangul
     * fillers). */
    static const struct run HIDDEN[] = {
        {0x0000, 0x001f},   {0x007f, 0x00a0},      {0x00ad, 0x00ad},   {0x034f, 0x034f},
        {0x0600, 0x0605},   {0x061c, 0x061c},      {0x06dd, 0x06dd},   {0x070f, 0x070f},
        {0x0890, 0x0891},   {0x08e2, 0x08e2},      {0x115f, 0x1160},   {0x1680, 0x1680},
        {0x180e, 0x180e},   {0x2000, 0x200f},      {0x2028, 0x202f},   {0x205f, 0x206f},
        {0x3164, 0x3164},   {0xd800, 0xf8ff},      {0xfdd0, 0xfdef},   {0xfeff, 0xfeff},
        {0xffa0, 0xffa0},   {0xfff0, 0xfffb},      {0xfffe, 0xffff},   {0x110bd, 0x110bd},
        {0x110cd, 0x110cd}, {0x13430, 0x1343f},    {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
        {0xe0000, 0xe00ff}, {0xf0000, UINT32_MAX},
    };
    if (scalar >= 0x20 && scalar < 0x7f) {
        return false;
    }
    /* U+xFFFE and U+xFFFF of every plane are noncharacters. */
    return (scalar & 0xfffe) == 0xfffe || in_runs(HIDDEN, SKM_ARRAY_LEN(HIDDEN), scalar);
}

unsigned skm_utf8_cells(uint32_t scalar)
{
    static const struct run COMBINING[] = {
        {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd},   {0x064b, 0x065f},
        {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff},   {0x3099, 0x309a},
        {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xe0100, 0xe01ef},
    };
    static const struct run WIDE[] = {
        {0x1100, 0x115f},   {0x2e80, 0x3029},   {0x302e, 0x303e},   {0x3041, 0x3098},
        {0x309b, 0x4dbf},   {0x4e00, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},
        {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff01, 0xff60},   {0xffe0, 0xffe6},
        {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
    };
    if (scalar < 0x300) {
        return 1;
    }
    if (in_runs(COMBINING, SKM_ARRAY_LEN(COMBINING), scalar)) {
        return 0;
    }
    return in_runs(WIDE, SKM_ARRAY_LEN(WIDE), scalar) ? 2 : 1;
}
