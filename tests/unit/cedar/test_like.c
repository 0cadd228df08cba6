#include "harness/test.h"

#include <time.h>

#include "base/span.h"
#include "cedar/ast.h"
#include "cedar/like.h"

#define PARTS_MAX 64

/* `*` is the wildcard, `_` a literal star. The texts borrow from `text`, or from a star of ours. */
static struct skm_pattern pattern_of(const char *text, struct skm_pattern_part parts[PARTS_MAX])
{
    size_t count = 0;
    bool is_open = false; /* the last part has no wildcard behind it yet */
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '*') {
            if (!is_open && count > 0 && parts[count - 1].star) {
                continue;
            }
            if (!is_open) {
                parts[count++] = (struct skm_pattern_part){{0}, false};
            }
            parts[count - 1].star = true;
            is_open = false;
        } else if (*at == '_') {
            parts[count++] = (struct skm_pattern_part){SKM_SPAN("*"), false};
            is_open = true;
        } else if (is_open && parts[count - 1].text.ptr + parts[count - 1].text.len == at) {
            parts[count - 1].text.len++;
        } else {
            parts[count++] = (struct skm_pattern_part){{at, 1}, false};
            is_open = true;
        }
        assert_true(count < PARTS_MAX);
    }
    return (struct skm_pattern){parts, count};
}

static bool matches(const char *pattern, skm_span text)
{
    struct skm_pattern_part parts[PARTS_MAX];
    struct skm_pattern built = pattern_of(pattern, parts);
    return skm_like_match(&built, text);
}

static const struct {
    const char *pattern;
    const char *text;
    bool matches;
} ROWS[] = {
    {"", "", true},
    {"", "a", false},
    {"*", "", true},
    {"*", "anything", true},
    {"**", "anything", true},
    {"a", "a", true},
    {"a", "A", false},
    {"a", "ab", false},
    {"a", "ba", false},
    {"ab", "a", false},
    {"a*", "a", true},
    {"a*", "abc", true},
    {"a*", "ba", false},
    {"*a", "a", true},
    {"*a", "ba", true},
    {"*a", "ab", false},
    {"*a*", "bab", true},
    {"*a*", "bbb", false},
    {"a*c", "abc", true},
    {"a*c", "ac", true},
    {"a*c", "abcd", false},
    {"a*c", "abcbc", true},
    {"a*a", "a", false},
    {"a*a", "aa", true},
    {"*ab*ab*", "abab", true},
    {"*ab*ab*", "ab", false},
    {"*aab", "aaab", true},
    {"*aab*", "aaaab", true},
    {"a*b*c", "a-b-b-c-c", true},
    {"a*b*c", "a-c-b", false},
    {"*.example.com", "www.example.com", true},
    {"*.example.com", "www.example.com.evil.org", false},
    {"*.example.com", "example.com", false},
    {"mississippi*issi*", "mississippi", false},
    {"m*issi*ppi", "mississippi", true},
    /* A literal star is no wildcard. */
    {"_", "*", true},
    {"_", "a", false},
    {"a_b", "a*b", true},
    {"a_b", "axb", false},
    {"*_*", "a*b", true},
    {"*_*", "ab", false},
    /* Characters of several bytes, whole and behind wildcards. */
    {"\xe3\x81\x82*", "\xe3\x81\x82\xe3\x81\x84", true},
    {"*\xe3\x81\x84", "\xe3\x81\x82\xe3\x81\x84", true},
    {"*\xe3\x81\x84", "\xe3\x81\x82", false},
    /* No normalisation: composed and decomposed differ. */
    {"\xc3\xa9", "e\xcc\x81", false},
};

static void test_patterns_match_the_whole_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        if (matches(ROWS[i].pattern, skm_span_cstr(ROWS[i].text)) != ROWS[i].matches) {
            fail_msg("`%s` like `%s` is not %d", ROWS[i].text, ROWS[i].pattern, ROWS[i].matches);
        }
    }
}

static void test_nul_is_a_character_like_others(void **state)
{
    (void)state;
    assert_true(matches("a*b", SKM_SPAN("a\0b")));
    assert_false(matches("a", SKM_SPAN("a\0")));
    struct skm_pattern_part part = {SKM_SPAN("\0"), false};
    struct skm_pattern pattern = {&part, 1};
    assert_true(skm_like_match(&pattern, SKM_SPAN("\0")));
    assert_false(skm_like_match(&pattern, SKM_SPAN("")));
}

/* Two literals in a row, or an empty one: the same language as when they are joined. */
static void test_any_split_into_parts_is_understood(void **state)
{
    (void)state;
    struct skm_pattern_part parts[] = {
        {SKM_SPAN("a"), true},
        {SKM_SPAN(""), false},
        {SKM_SPAN("b"), false},
        {SKM_SPAN("c"), false},
    };
    struct skm_pattern pattern = {parts, 4};
    assert_true(skm_like_match(&pattern, SKM_SPAN("axbxbc")));
    assert_false(skm_like_match(&pattern, SKM_SPAN("abxc")));
}

/* The definition, with recursion: slow, and plain enough to be believed. */
static bool plain_match(const char *pattern, const char *text)
{
    if (*pattern == '\0') {
        return *text == '\0';
    }
    if (*pattern == '*') {
        return plain_match(pattern + 1, text) || (*text != '\0' && plain_match(pattern, text + 1));
    }
    return *pattern == *text && plain_match(pattern + 1, text + 1);
}

/* All patterns of up to five characters from {a, b, *} against all texts of up to six from {a, b}. */
static void test_agrees_with_the_definition_on_all_short_cases(void **state)
{
    (void)state;
    for (unsigned p = 0; p < 364; p++) {
        char pattern[8] = {0};
        unsigned rest = p;
        size_t pattern_len = 0;
        for (unsigned power = 1; rest >= power; power *= 3) {
            rest -= power;
            pattern_len++;
        }
        for (size_t i = 0; i < pattern_len; i++, rest /= 3) {
            pattern[i] = "ab*"[rest % 3];
        }
        for (unsigned t = 1; t < 128; t++) {
            char text[8] = {0};
            size_t len = 0;
            for (unsigned bits = t; bits > 1; bits >>= 1) {
                text[len++] = (bits & 1) != 0 ? 'a' : 'b';
            }
            if (matches(pattern, skm_span_cstr(text)) != plain_match(pattern, text)) {
                fail_msg("`%s` like `%s`", text, pattern);
            }
        }
    }
}

/* Exponential for a matcher that backtracks into every wildcard. */
static void test_many_wildcards_take_bounded_time(void **state)
{
    (void)state;
    char text[20000];
    memset(text, 'a', sizeof text);
    assert_false(
        matches("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", skm_span_of(text, sizeof text)));
    assert_true(
        matches("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a", skm_span_of(text, sizeof text)));
}

/* Ten thousand million steps for a matcher that looks at every place anew. The text comes from a request. */
static void test_long_literals_take_time_linear_in_the_text(void **state)
{
    (void)state;
    static char text[1000000];
    static char literal[10000];
    memset(text, 'a', sizeof text);
    memset(literal, 'a', sizeof literal);
    literal[sizeof literal - 1] = 'b';
    const struct skm_pattern_part parts[] = {
        {SKM_SPAN(""), true},
        {skm_span_of(literal, sizeof literal), true},
        {SKM_SPAN("c"), false},
    };
    const struct skm_pattern inside = {parts, 2};
    const struct skm_pattern ends_otherwise = {parts, 3};
    clock_t began = clock();
    assert_false(skm_like_match(&inside, skm_span_of(text, sizeof text)));
    assert_false(skm_like_match(&ends_otherwise, skm_span_of(text, sizeof text)));
    assert_true((clock() - began) / CLOCKS_PER_SEC < 2);
    text[sizeof text - 1] = 'b';
    assert_true(skm_like_match(&inside, skm_span_of(text, sizeof text)));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_patterns_match_the_whole_text),
    cmocka_unit_test(test_nul_is_a_character_like_others),
    cmocka_unit_test(test_any_split_into_parts_is_understood),
    cmocka_unit_test(test_agrees_with_the_definition_on_all_short_cases),
    cmocka_unit_test(test_many_wildcards_take_bounded_time),
    cmocka_unit_test(test_long_literals_take_time_linear_in_the_text),
};

SKM_TEST_MAIN(tests)
