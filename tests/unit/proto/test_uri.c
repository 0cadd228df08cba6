#include "harness/test.h"

#include "base/arena.h"
#include "base/span.h"
#include "proto/uri.h"

struct path_case {
    const char *target;
    const char *path; /* NULL: refused */
    unsigned ambiguity;
};

static const struct path_case path_cases[] = {
    {"/", "/", 0},
    {"/a", "/a", 0},
    {"/a/", "/a/", 0},
    {"/a/b?c=d", "/a/b", 0},
    {"/a?", "/a", 0},
    {"/a?/../b", "/a", 0},
    {"/a?x=%zz", "/a", 0},
    {"/A/b+c", "/A/b+c", 0},
    {"/%41", "/A", 0},
    {"/%e3%81%82", "/\xe3\x81\x82", 0},
    {"/\xe3\x81\x82", "/\xe3\x81\x82", 0},
    {"/a%20b", "/a b", 0},
    {"/a:b@c,d!$&'()*=~", "/a:b@c,d!$&'()*=~", 0},
    {"/...", "/...", 0},
    {"/.a", "/.a", 0},
    {"/a.", "/a.", 0},
    {"/..a", "/..a", 0},
    {"/a../b", "/a../b", 0},
    {"/%25", "/%", 0},
    {"/100%25", "/100%", 0},
    {"/%25zz", "/%zz", 0},
    {"/.", "/", SKM_URI_DOT_SEGMENT},
    {"/./", "/", SKM_URI_DOT_SEGMENT},
    {"/./a", "/a", SKM_URI_DOT_SEGMENT},
    {"/a/.", "/a/", SKM_URI_DOT_SEGMENT},
    {"/a/..", "/", SKM_URI_DOT_SEGMENT},
    {"/a/../", "/", SKM_URI_DOT_SEGMENT},
    {"/a/../b", "/b", SKM_URI_DOT_SEGMENT},
    {"/a/b/../../c", "/c", SKM_URI_DOT_SEGMENT},
    {"/a/b/..?x", "/a/", SKM_URI_DOT_SEGMENT},
    {"//", "/", SKM_URI_EMPTY_SEGMENT},
    {"//a", "/a", SKM_URI_EMPTY_SEGMENT},
    {"/a//b", "/a/b", SKM_URI_EMPTY_SEGMENT},
    {"/a///b", "/a/b", SKM_URI_EMPTY_SEGMENT},
    {"/a//../b", "/b", SKM_URI_EMPTY_SEGMENT | SKM_URI_DOT_SEGMENT},
    {"/a%2fb", "/a/b", SKM_URI_ENCODED_SLASH},
    {"/a%2Fb", "/a/b", SKM_URI_ENCODED_SLASH},
    {"/a%2f%2fb", "/a/b", SKM_URI_ENCODED_SLASH | SKM_URI_EMPTY_SEGMENT},
    {"/a/%2e%2e/b", "/b", SKM_URI_ENCODED_DOTS},
    {"/a/.%2e/b", "/b", SKM_URI_ENCODED_DOTS},
    {"/a/%2e/b", "/a/b", SKM_URI_ENCODED_DOTS},
    {"/a/%2e", "/a/", SKM_URI_ENCODED_DOTS},
    {"/a%2f..%2fb", "/b", SKM_URI_ENCODED_SLASH | SKM_URI_ENCODED_DOTS},
    {"/a%2f../b", "/b", SKM_URI_ENCODED_SLASH | SKM_URI_ENCODED_DOTS},
    {"/a%2f/../b", "/b", SKM_URI_ENCODED_SLASH | SKM_URI_EMPTY_SEGMENT | SKM_URI_ENCODED_DOTS},
    {"/%2ea", "/.a", 0},
    {"/%252e%252e", "/%2e%2e", SKM_URI_DOUBLE_ENCODING},
    {"/%252f", "/%2f", SKM_URI_DOUBLE_ENCODING},
    {"/%25%32%66", "/%2f", SKM_URI_DOUBLE_ENCODING},
    {"/%25252f", "/%252f", SKM_URI_DOUBLE_ENCODING},
    {"/a;b", "/a;b", SKM_URI_PATH_PARAMETER},
    {"/a%3bb", "/a;b", SKM_URI_PATH_PARAMETER},
    {"/a/..;/b", "/a/..;/b", SKM_URI_PATH_PARAMETER},
    {"/a\\b", "/a\\b", SKM_URI_BACKSLASH},
    {"/a%5cb", "/a\\b", SKM_URI_BACKSLASH},
    {"/a%5c..%5cb", "/a\\..\\b", SKM_URI_BACKSLASH},
    {"/a%0ab", "/a\nb", SKM_URI_CONTROL},
    {"/a%7f", "/a\x7f", SKM_URI_CONTROL},
    {"/%ff", "/\xff", SKM_URI_NOT_UTF8},
    {"/%c0%af", "/\xc0\xaf", SKM_URI_NOT_UTF8},
    {"/a%3fb", "/a?b", SKM_URI_ENCODED_DELIMITER},
    {"/a%23b", "/a#b", SKM_URI_ENCODED_DELIMITER},
    {"/a#b", "/a", SKM_URI_FRAGMENT},
    {"/a?b#c", "/a", SKM_URI_FRAGMENT},
    {"", NULL, 0},
    {"a", NULL, 0},
    {"*", NULL, 0},
    {"?a", NULL, 0},
    {"http://h/a", NULL, 0},
    {"/..", NULL, 0},
    {"/../a", NULL, 0},
    {"/a/../../b", NULL, 0},
    {"/%2e%2e/a", NULL, 0},
    {"/a%2f..%2f..%2fb", NULL, 0},
    {"/./..", NULL, 0},
    {"/%", NULL, 0},
    {"/%4", NULL, 0},
    {"/%4g", NULL, 0},
    {"/%g4", NULL, 0},
    {"/%%41", NULL, 0},
    {"/%00", NULL, 0},
    {"/a%00b", NULL, 0},
    {"/a b", NULL, 0},
    {"/a\tb", NULL, 0},
    {"/a\x7f", NULL, 0},
    {"/a?b c", NULL, 0},
    {"/a?\n", NULL, 0},
};

static void test_paths_are_normalised_flagged_or_refused(void **state)
{
    (void)state;
    struct skm_arena arena;
    skm_arena_init(&arena, 1u << 20);
    for (size_t i = 0; i < sizeof(path_cases) / sizeof(path_cases[0]); i++) {
        const struct path_case *c = &path_cases[i];
        struct skm_uri uri = {0};
        skm_err err = skm_uri_parse(&arena, skm_span_cstr(c->target), &uri);
        if (c->path == NULL) {
            assert_err(err, SYNTAX);
            continue;
        }
        if (!skm_is_ok(err) || uri.ambiguity != c->ambiguity) {
            print_error("%s: error %u, flags %x\n", c->target, err.code, uri.ambiguity);
        }
        assert_ok(err);
        assert_span_equal(uri.path, skm_span_cstr(c->path));
        assert_int_equal(uri.ambiguity, c->ambiguity);
    }
    skm_arena_fini(&arena);
}

static void test_query_is_split_off_raw(void **state)
{
    (void)state;
    struct skm_arena arena;
    struct skm_uri uri;
    skm_arena_init(&arena, 1u << 20);
    assert_ok(skm_uri_parse(&arena, SKM_SPAN("/a?b=%41&c?d/../e"), &uri));
    assert_span_equal(uri.query, SKM_SPAN("b=%41&c?d/../e"));
    assert_ok(skm_uri_parse(&arena, SKM_SPAN("/a?b#c"), &uri));
    assert_span_equal(uri.query, SKM_SPAN("b"));
    assert_ok(skm_uri_parse(&arena, SKM_SPAN("/a#b?c"), &uri));
    assert_span_equal(uri.query, SKM_SPAN(""));
    skm_arena_fini(&arena);
}

static void test_nul_in_a_target_is_refused(void **state)
{
    (void)state;
    struct skm_arena arena;
    struct skm_uri uri;
    skm_arena_init(&arena, 1u << 20);
    assert_err(skm_uri_parse(&arena, skm_span_of("/a\0b", 4), &uri), SYNTAX);
    skm_arena_fini(&arena);
}

static void test_target_length_is_bounded(void **state)
{
    (void)state;
    static char long_target[SKM_URI_TARGET_BYTES_MAX + 1];
    struct skm_arena arena;
    struct skm_uri uri;
    skm_arena_init(&arena, 1u << 20);
    memset(long_target, 'a', sizeof(long_target));
    long_target[0] = '/';
    assert_ok(skm_uri_parse(&arena, skm_span_of(long_target, sizeof(long_target) - 1), &uri));
    assert_err(skm_uri_parse(&arena, skm_span_of(long_target, sizeof(long_target)), &uri), SIZE);
    skm_arena_fini(&arena);
}

/* A path that is not flagged means the same to a reader that unescapes again or does not resolve dots. */
static void test_unflagged_paths_are_fixed_points(void **state)
{
    (void)state;
    struct skm_arena arena;
    skm_arena_init(&arena, 1u << 20);
    for (size_t i = 0; i < sizeof(path_cases) / sizeof(path_cases[0]); i++) {
        struct skm_uri once;
        struct skm_uri twice;
        if (path_cases[i].path == NULL || path_cases[i].ambiguity != 0 ||
            strpbrk(path_cases[i].path, "% ") != NULL) {
            continue;
        }
        assert_ok(skm_uri_parse(&arena, skm_span_cstr(path_cases[i].target), &once));
        assert_ok(skm_uri_parse(&arena, once.path, &twice));
        assert_span_equal(once.path, twice.path);
    }
    skm_arena_fini(&arena);
}

static void test_hosts_are_normalised_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        const char *normal; /* NULL: refused */
    } cases[] = {
        {"example.org", "example.org"},
        {"EXAMPLE.org", "example.org"},
        {"example.org:443", "example.org"},
        {"example.org.", "example.org"},
        {"example.org.:80", "example.org"},
        {"10.0.0.1:8080", "10.0.0.1"},
        {"[::1]", "[::1]"},
        {"[2001:DB8::1]:443", "[2001:db8::1]"},
        {"a_b-c", "a_b-c"},
        {"", NULL},
        {".", NULL},
        {":80", NULL},
        {"h:", NULL},
        {"h:x", NULL},
        {"h:99999", NULL},
        {"h:123456", NULL},
        {"h:80:80", NULL},
        {"a..b", NULL},
        {".a", NULL},
        {"a..", NULL},
        {"a, b", NULL},
        {"a b", NULL},
        {"a/b", NULL},
        {"a@b", NULL},
        {"a%41", NULL},
        {"[::1", NULL},
        {"::1", NULL},
        {"[]", NULL},
        {"[::1]x", NULL},
        {"[g::1]", NULL},
        {"[::ffff:10.0.0.1]", NULL},
        {"[1:2]", NULL},
        {"\xe3\x81\x82", NULL},
    };
    struct skm_arena arena;
    skm_arena_init(&arena, 1u << 20);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        skm_span normal = {0};
        skm_err err = skm_uri_normalise_host(&arena, skm_span_cstr(cases[i].host), &normal);
        if (cases[i].normal == NULL) {
            assert_err(err, SYNTAX);
            continue;
        }
        assert_ok(err);
        assert_span_equal(normal, skm_span_cstr(cases[i].normal));
    }
    skm_arena_fini(&arena);
}

static void test_absolute_urls_are_split_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *scheme; /* NULL: refused */
        const char *host;
        const char *target;
    } cases[] = {
        {"http://h/a?b", "http", "h", "/a?b"},
        {"HTTPS://h:443/", "https", "h:443", "/"},
        {"https://h", "https", "h", "/"},
        {"https://[::1]:8/x", "https", "[::1]:8", "/x"},
        {"/a", NULL, NULL, NULL},
        {"", NULL, NULL, NULL},
        {"ftp://h/", NULL, NULL, NULL},
        {"http:/h/", NULL, NULL, NULL},
        {"http:///a", NULL, NULL, NULL},
        {"http://u@h/", NULL, NULL, NULL},
        {"http://h?x", NULL, NULL, NULL},
        {"http://h#x", NULL, NULL, NULL},
        {"httpx://h/", NULL, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct skm_uri_absolute parts;
        skm_err err = skm_uri_split(skm_span_cstr(cases[i].url), &parts);
        if (cases[i].scheme == NULL) {
            assert_err(err, SYNTAX);
            continue;
        }
        assert_ok(err);
        assert_span_equal(parts.scheme, skm_span_cstr(cases[i].scheme));
        assert_span_equal(parts.host, skm_span_cstr(cases[i].host));
        assert_span_equal(parts.target, skm_span_cstr(cases[i].target));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_paths_are_normalised_flagged_or_refused),
    cmocka_unit_test(test_query_is_split_off_raw),
    cmocka_unit_test(test_nul_in_a_target_is_refused),
    cmocka_unit_test(test_target_length_is_bounded),
    cmocka_unit_test(test_unflagged_paths_are_fixed_points),
    cmocka_unit_test(test_hosts_are_normalised_or_refused),
    cmocka_unit_test(test_absolute_urls_are_split_or_refused),
};

SKM_TEST_MAIN(tests)
