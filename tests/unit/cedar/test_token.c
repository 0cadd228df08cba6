#include "harness/test.h"

#include "base/attr.h"
#include "base/span.h"
#include "base/utf8.h"
#include "cedar/ast.h"
#include "cedar/token.h"

/* Kinds of all tokens of a text, as letters: see letter(). */
static char letter(const struct skm_token *token)
{
    static const char letters[] = "$!in\"S@.,;:p?(){}[]=#<l>g|&+-*/%~a";
    return letters[token->kind];
}

static void check_kinds(skm_span text, const char *expected)
{
    struct skm_token_reader reader;
    skm_token_start(&reader, text);
    char kinds[64] = {0};
    size_t count = 0;
    struct skm_token token;
    do {
        skm_token_next(&reader, &token);
        assert_true(count < sizeof kinds - 1);
        kinds[count++] = letter(&token);
    } while (token.kind != SKM_TOKEN_END);
    assert_string_equal(kinds, expected);
}

static struct skm_token only(skm_span text)
{
    struct skm_token_reader reader;
    struct skm_token token;
    struct skm_token end;
    skm_token_start(&reader, text);
    skm_token_next(&reader, &token);
    skm_token_next(&reader, &end);
    assert_int_equal(end.kind, SKM_TOKEN_END);
    return token;
}

static void test_operators_match_the_longest(void **state)
{
    (void)state;
    check_kinds(SKM_SPAN("@ . , ; : :: ( ) { } [ ]"), "@.,;:p(){}[]$");
    check_kinds(SKM_SPAN("== != < <= > >= || && + - * / % ! ="), "=#<l>g|&+-*/%~a$");
    check_kinds(SKM_SPAN(":::"), "p:$");
    check_kinds(SKM_SPAN("==="), "=a$");
    check_kinds(SKM_SPAN("!=="), "#a$");
    check_kinds(SKM_SPAN("<=="), "la$");
    check_kinds(SKM_SPAN("!!--"), "~~--$");
    check_kinds(SKM_SPAN("&&&"), "&!$");
    check_kinds(SKM_SPAN("|||"), "|!$");
}

static void test_what_is_no_token_is_one_fault(void **state)
{
    (void)state;
    check_kinds(SKM_SPAN("& | # $ ^ ~ `"), "!!!!!!!$");
    check_kinds(SKM_SPAN("a\\b"), "i!i$");
    check_kinds(SKM_SPAN("'single quoted' x"), "!i$");
    check_kinds(SKM_SPAN("'open\nx"), "!ii$");
    check_kinds(SKM_SPAN("na\xc3\xafve"), "i!$");
    check_kinds(SKM_SPAN("\xe5\x90\x8d\xe5\x89\x8d == 1"), "!=n$");
    check_kinds(SKM_SPAN("\xef\xbb\xbfpermit"), "!$"); /* no byte order mark is skipped */
    check_kinds(SKM_SPAN("a\0b"), "i!i$");
}

static void test_bytes_that_are_not_utf8_are_faults_and_end(void **state)
{
    (void)state;
    for (int byte = 0x80; byte < 0x100; byte++) {
        char text[] = {'a', ' ', (char)byte, ' ', 'b'};
        check_kinds(skm_span_of(text, sizeof text), "i!i$");
        check_kinds(skm_span_of(text, 3), "i!$");
    }
}

/* Cedar grammar: whitespace is the Unicode property White_Space. */
static void test_unicode_whitespace_parts_tokens(void **state)
{
    (void)state;
    static const uint32_t spaces[] = {0x09,   0x0A,   0x0B,   0x0C,   0x0D,   0x20,
                                      0x85,   0xA0,   0x1680, 0x2000, 0x200A, 0x2028,
                                      0x2029, 0x202F, 0x205F, 0x3000};
    static const uint32_t others[] = {0x00, 0x08, 0x1F, 0x200B, 0x2060, 0xFEFF, 0x180E};
    for (size_t i = 0; i < SKM_ARRAY_LEN(spaces); i++) {
        char text[8] = {'1'};
        size_t len = 1 + skm_utf8_encode(spaces[i], text + 1);
        text[len++] = '2';
        check_kinds(skm_span_of(text, len), "nn$");
    }
    for (size_t i = 0; i < SKM_ARRAY_LEN(others); i++) {
        char text[8] = {';'};
        size_t len = 1 + skm_utf8_encode(others[i], text + 1);
        text[len++] = ';';
        check_kinds(skm_span_of(text, len), ";!;$");
    }
}

static void test_comments_end_with_the_line(void **state)
{
    (void)state;
    check_kinds(SKM_SPAN("a // b \" c\nd"), "ii$");
    check_kinds(SKM_SPAN("a // b\rd"), "ii$");
    check_kinds(SKM_SPAN("a // b\r\nd//"), "ii$");
    check_kinds(SKM_SPAN("a // b"), "i$");
    check_kinds(SKM_SPAN("//"), "$");
    check_kinds(SKM_SPAN("a /* b */"), "i/*i*/$");
    check_kinds(SKM_SPAN("\"//\" /"), "\"/$");
    /* U+2028 is whitespace but ends no comment. */
    check_kinds(SKM_SPAN("a // b\xe2\x80\xa8"
                         "c\nd"),
                "ii$");
}

static void test_identifiers_are_ascii(void **state)
{
    (void)state;
    check_kinds(SKM_SPAN("_ a1 _1 A_b 1a"), "iiiini$");
    assert_true(skm_token_is_ident(SKM_SPAN("_a1")));
    assert_true(skm_token_is_ident(SKM_SPAN("principal")));
    assert_true(skm_token_is_ident(SKM_SPAN("permit")));
    assert_true(skm_token_is_ident(SKM_SPAN("cedar")));
    assert_true(skm_token_is_ident(SKM_SPAN("True")));
    assert_false(skm_token_is_ident(SKM_SPAN("")));
    assert_false(skm_token_is_ident(SKM_SPAN("1a")));
    assert_false(skm_token_is_ident(SKM_SPAN("a b")));
    assert_false(skm_token_is_ident(SKM_SPAN("a-b")));
    assert_false(skm_token_is_ident(SKM_SPAN("\xc3\xa9")));
    assert_false(skm_token_is_ident(SKM_SPAN("a\0")));
}

static void test_reserved_words_are_no_identifiers(void **state)
{
    (void)state;
    static const char *const reserved[] = {"true", "false", "if",  "then", "else",
                                           "in",   "is",    "has", "like", "__cedar"};
    for (size_t i = 0; i < SKM_ARRAY_LEN(reserved); i++) {
        skm_span word = skm_span_cstr(reserved[i]);
        assert_true(skm_token_is_reserved(skm_token_word(word)));
        assert_false(skm_token_is_ident(word));
        assert_true(skm_token_is_any_ident(word));
    }
    static const char *const others[] = {"principal", "action", "resource", "context", "permit",
                                         "forbid",    "when",   "unless",   "truth",   "i"};
    for (size_t i = 0; i < SKM_ARRAY_LEN(others); i++) {
        assert_false(skm_token_is_reserved(skm_token_word(skm_span_cstr(others[i]))));
    }
}

static void test_numbers_fit_64_bits(void **state)
{
    (void)state;
    assert_int_equal(only(SKM_SPAN("007")).number, 7);
    assert_true(only(SKM_SPAN("18446744073709551615")).number == UINT64_MAX);
    assert_int_equal(only(SKM_SPAN("18446744073709551616")).fault, SKM_TOKEN_FAULT_NUMBER_RANGE);
    assert_int_equal(only(SKM_SPAN("99999999999999999999999999")).kind, SKM_TOKEN_ERROR);
    assert_true(only(SKM_SPAN("00000000000000000000000018446744073709551615")).number ==
                UINT64_MAX);
    check_kinds(SKM_SPAN("1.5"), "n.n$");
    check_kinds(SKM_SPAN("0x1F"), "ni$");
    check_kinds(SKM_SPAN("1e3"), "ni$");
}

static void test_slots_and_question_marks(void **state)
{
    (void)state;
    check_kinds(SKM_SPAN("?principal ?resource ?x ? principal"), "SSS?i$");
}

static void test_strings_end_at_their_quote(void **state)
{
    (void)state;
    check_kinds(SKM_SPAN("\"\" \"a\" \"a\\\"b\" \"a\\\\\" \"a\nb\""), "\"\"\"\"\"$");
    assert_int_equal(only(SKM_SPAN("\"a\nb\"")).flags, SKM_TOKEN_HAS_LF);
    assert_int_equal(only(SKM_SPAN("\"a\rb\"")).flags, SKM_TOKEN_HAS_CR);
    assert_int_equal(only(SKM_SPAN("\"a\\nb\"")).flags, SKM_TOKEN_HAS_ESCAPE);
    assert_int_equal(only(SKM_SPAN("\"a\0b\"")).kind, SKM_TOKEN_STRING);
    assert_int_equal(only(SKM_SPAN("\"a\\\nb\"")).fault, SKM_TOKEN_FAULT_LINE_ESCAPE);
    struct skm_token unclosed = only(SKM_SPAN("  \"a; b"));
    assert_int_equal(unclosed.fault, SKM_TOKEN_FAULT_UNCLOSED);
    assert_int_equal(unclosed.range.start, 2);
    assert_int_equal(unclosed.range.len, 1);
    assert_int_equal(only(SKM_SPAN("\"a\\\"")).fault, SKM_TOKEN_FAULT_UNCLOSED);
    assert_int_equal(only(SKM_SPAN("\"a\\")).fault, SKM_TOKEN_FAULT_UNCLOSED);
}

/* ---- escapes (reference: string escapes) ---- */

static void check_string(skm_span literal, skm_span expected)
{
    struct skm_arena arena;
    skm_arena_init(&arena, 1u << 20);
    struct skm_token token = only(literal);
    assert_int_equal(token.kind, SKM_TOKEN_STRING);
    skm_span text = {0};
    struct skm_token_escape_fault fault;
    assert_ok(skm_token_string(&arena, literal, &token, &text, &fault));
    assert_span_equal(text, expected);
    skm_arena_fini(&arena);
}

static void check_string_refused(skm_span literal, uint32_t start, uint32_t len)
{
    struct skm_arena arena;
    skm_arena_init(&arena, 1u << 20);
    struct skm_token token = only(literal);
    assert_int_equal(token.kind, SKM_TOKEN_STRING);
    skm_span text = {0};
    struct skm_token_escape_fault fault = {0};
    assert_err(skm_token_string(&arena, literal, &token, &text, &fault), SYNTAX);
    assert_null(text.ptr);
    assert_non_null(fault.reason);
    assert_int_equal(fault.range.start, start);
    assert_int_equal(fault.range.len, len);
    skm_arena_fini(&arena);
}

static void test_escapes_have_their_values(void **state)
{
    (void)state;
    check_string(SKM_SPAN("\"\""), SKM_SPAN(""));
    check_string(SKM_SPAN("\"\\n\\r\\t\\\\\\0\\'\\\"\""), SKM_SPAN("\n\r\t\\\0'\""));
    check_string(SKM_SPAN("\"'\""), SKM_SPAN("'"));
    check_string(SKM_SPAN("\"\\x00\\x7f\\x7F\\x4a\""), SKM_SPAN("\0\x7f\x7fJ"));
    check_string(SKM_SPAN("\"\\u{0}\\u{41}\\u{e9}\\u{10FFFF}\\u{d7ff}\\u{E000}\""),
                 SKM_SPAN("\0A\xc3\xa9\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80"));
    check_string(SKM_SPAN("\"\\u{0000_41}\\u{4_1_}\""), SKM_SPAN("AA"));
    check_string(SKM_SPAN("\"\\00\""), SKM_SPAN("\0"
                                                "0"));
    check_string(SKM_SPAN("\"a\nb\""), SKM_SPAN("a\nb"));
    check_string(SKM_SPAN("\"a\0b\xe5\x90\x8d\""), SKM_SPAN("a\0b\xe5\x90\x8d"));
}

static void test_other_escapes_are_refused_where_they_stand(void **state)
{
    (void)state;
    check_string_refused(SKM_SPAN("\"ab\\q\""), 3, 2);
    check_string_refused(SKM_SPAN("\"\\*\""), 1, 2);
    check_string_refused(SKM_SPAN("\"\\a\""), 1, 2);
    check_string_refused(SKM_SPAN("\"\\e\""), 1, 2);
    check_string_refused(SKM_SPAN("\"\\1\""), 1, 2);
    check_string_refused(SKM_SPAN("\"\\ \""), 1, 2);
    check_string_refused(SKM_SPAN("\"\\\xc3\xa9\""), 1, 3);
    check_string_refused(SKM_SPAN("\"\\x80\""), 1, 4);
    check_string_refused(SKM_SPAN("\"\\xFF\""), 1, 4);
    check_string_refused(SKM_SPAN("\"\\x4\""), 1, 3);
    check_string_refused(SKM_SPAN("\"\\x4g\""), 1, 2);
    check_string_refused(SKM_SPAN("\"\\x\""), 1, 2);
    check_string_refused(SKM_SPAN("\"\\u\""), 1, 2);
    check_string_refused(SKM_SPAN("\"\\u0041\""), 1, 2);
    check_string_refused(SKM_SPAN("\"\\u{}\""), 1, 4);
    check_string_refused(SKM_SPAN("\"\\u{_41}\""), 1, 4);
    check_string_refused(SKM_SPAN("\"\\u{0000041}\""), 1, 11);
    check_string_refused(SKM_SPAN("\"\\u{110000}\""), 1, 10);
    check_string_refused(SKM_SPAN("\"\\u{d800}\""), 1, 8);
    check_string_refused(SKM_SPAN("\"\\u{DFFF}\""), 1, 8);
    check_string_refused(SKM_SPAN("\"\\u{41\""), 1, 5);
    check_string_refused(SKM_SPAN("\"\\u{4g}\""), 1, 4);
    check_string_refused(SKM_SPAN("\"a\rb\""), 2, 1);
    check_string_refused(SKM_SPAN("\"a\r\nb\""), 2, 1);
    check_string_refused(SKM_SPAN("\"\\\r\""), 1, 2);
}

/* ---- patterns (reference: like patterns) ---- */

static void check_pattern(skm_span literal, const char *expected)
{
    struct skm_arena arena;
    skm_arena_init(&arena, 1u << 20);
    struct skm_token token = only(literal);
    struct skm_pattern pattern = {0};
    struct skm_token_escape_fault fault;
    assert_ok(skm_token_pattern(&arena, literal, &token, &pattern, &fault));
    char shown[128] = {0};
    size_t len = 0;
    for (size_t i = 0; i < pattern.count; i++) {
        const struct skm_pattern_part *part = &pattern.parts[i];
        len += (size_t)snprintf(shown + len, sizeof shown - len, "<%.*s>%s", (int)part->text.len,
                                part->text.ptr, part->star ? "*" : "");
    }
    assert_string_equal(shown, expected);
    skm_arena_fini(&arena);
}

static void test_patterns_split_at_wildcards(void **state)
{
    (void)state;
    check_pattern(SKM_SPAN("\"\""), "");
    check_pattern(SKM_SPAN("\"a\""), "<a>");
    check_pattern(SKM_SPAN("\"*\""), "<>*");
    check_pattern(SKM_SPAN("\"***\""), "<>*");
    check_pattern(SKM_SPAN("\"a*b*\""), "<a>*<b>*");
    check_pattern(SKM_SPAN("\"*a**b\""), "<>*<a>*<b>");
    check_pattern(SKM_SPAN("\"a\\tb*\""), "<a\tb>*");
}

static void test_a_star_is_literal_only_behind_a_backslash(void **state)
{
    (void)state;
    check_pattern(SKM_SPAN("\"a\\*b\""), "<a*b>");
    check_pattern(SKM_SPAN("\"\\**\""), "<*>*");
    check_pattern(SKM_SPAN("\"a\\x2ab\""), "<a>*<b>");
    check_pattern(SKM_SPAN("\"a\\u{2a}b\""), "<a>*<b>");
    check_pattern(SKM_SPAN("\"\\\\*\""), "<\\>*");
}

static void test_patterns_refuse_what_strings_refuse(void **state)
{
    (void)state;
    struct skm_arena arena;
    skm_arena_init(&arena, 1u << 20);
    skm_span literal = SKM_SPAN("\"*\\q\"");
    struct skm_token token = only(literal);
    struct skm_pattern pattern = {.count = 9};
    struct skm_token_escape_fault fault = {0};
    assert_err(skm_token_pattern(&arena, literal, &token, &pattern, &fault), SYNTAX);
    assert_int_equal(fault.range.start, 2);
    assert_int_equal(pattern.count, 9);
    skm_arena_fini(&arena);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_operators_match_the_longest),
    cmocka_unit_test(test_what_is_no_token_is_one_fault),
    cmocka_unit_test(test_bytes_that_are_not_utf8_are_faults_and_end),
    cmocka_unit_test(test_unicode_whitespace_parts_tokens),
    cmocka_unit_test(test_comments_end_with_the_line),
    cmocka_unit_test(test_identifiers_are_ascii),
    cmocka_unit_test(test_reserved_words_are_no_identifiers),
    cmocka_unit_test(test_numbers_fit_64_bits),
    cmocka_unit_test(test_slots_and_question_marks),
    cmocka_unit_test(test_strings_end_at_their_quote),
    cmocka_unit_test(test_escapes_have_their_values),
    cmocka_unit_test(test_other_escapes_are_refused_where_they_stand),
    cmocka_unit_test(test_patterns_split_at_wildcards),
    cmocka_unit_test(test_a_star_is_literal_only_behind_a_backslash),
    cmocka_unit_test(test_patterns_refuse_what_strings_refuse),
};

SKM_TEST_MAIN(tests)
