#include "harness/test.h"

#include "base/span.h"
#include "state/resource_map.h"

struct fixture {
    struct skm_arena arena;
    struct skm_diags diags;
    struct skm_resource_map *map;
};

static void setup(struct fixture *f)
{
    skm_arena_init(&f->arena, 16u << 20);
    skm_diags_init(&f->diags, &f->arena, 20);
    assert_ok(skm_resource_map_new(&f->arena, SKM_SPAN("Action"), &f->map));
}

static void teardown(struct fixture *f)
{
    skm_arena_fini(&f->arena);
}

static struct skm_resource_rule rule(const char *host, const char *path, const char *id)
{
    return (struct skm_resource_rule){
        .host = skm_span_cstr(host),
        .path = skm_span_cstr(path),
        .resource = {SKM_SPAN("Resource"), skm_span_cstr(id)},
    };
}

static void add(struct fixture *f, const char *host, const char *path, const char *id)
{
    const struct skm_resource_rule r = rule(host, path, id);
    assert_ok(skm_resource_map_add(f->map, &r, &f->diags));
}

static void close_map(struct fixture *f)
{
    assert_ok(skm_resource_map_close(f->map, &f->diags));
}

static void assert_finds(const struct fixture *f, const char *host, const char *path,
                         const char *id)
{
    struct skm_resource_match match;
    assert_ok(skm_resource_map_find(f->map, skm_span_cstr(host), skm_span_cstr(path),
                                    SKM_SPAN("GET"), &match));
    assert_span_equal(match.resource->id, skm_span_cstr(id));
}

static void assert_finds_nothing(const struct fixture *f, const char *host, const char *path)
{
    struct skm_resource_match match;
    assert_err(skm_resource_map_find(f->map, skm_span_cstr(host), skm_span_cstr(path),
                                     SKM_SPAN("GET"), &match),
               NOT_FOUND);
}

static void test_prefix_covers_whole_segments_only(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    add(&f, "h.example", "/a", "a");
    add(&f, "h.example", "/a/b/c", "abc");
    close_map(&f);
    assert_finds(&f, "h.example", "/a", "a");
    assert_finds(&f, "h.example", "/a/", "a");
    assert_finds(&f, "h.example", "/a/b", "a");
    assert_finds(&f, "h.example", "/a/b/c", "abc");
    assert_finds(&f, "h.example", "/a/b/c/d", "abc");
    assert_finds(&f, "h.example", "/a/b/cd", "a");
    assert_finds_nothing(&f, "h.example", "/ab");
    assert_finds_nothing(&f, "h.example", "/");
    assert_finds_nothing(&f, "h.example", "");
    assert_finds_nothing(&f, "h.example", "a");
    assert_finds_nothing(&f, "h.example", "/A");
    teardown(&f);
}

static void test_root_covers_every_path(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    add(&f, "h.example", "/", "root");
    add(&f, "h.example", "/x/", "x");
    close_map(&f);
    assert_finds(&f, "h.example", "/", "root");
    assert_finds(&f, "h.example", "/y/z", "root");
    assert_finds(&f, "h.example", "/x", "x");
    assert_finds(&f, "h.example", "/x/1", "x");
    teardown(&f);
}

static void test_most_specific_host_decides_alone(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    add(&f, "www.example.org", "/a", "exact");
    add(&f, "*.example.org", "/", "wild");
    add(&f, "*.deep.example.org", "/", "deep");
    add(&f, "*", "/", "any");
    close_map(&f);
    assert_finds(&f, "www.example.org", "/a", "exact");
    /* No falling back to a wider host: the rules of the exact one are all there is. */
    assert_finds_nothing(&f, "www.example.org", "/b");
    assert_finds(&f, "x.example.org", "/a", "wild");
    assert_finds(&f, "x.y.example.org", "/a", "wild");
    assert_finds(&f, "x.deep.example.org", "/a", "deep");
    assert_finds(&f, "deep.example.org", "/a", "wild");
    assert_finds(&f, "example.org", "/a", "any");
    assert_finds(&f, "evilexample.org", "/a", "any");
    assert_finds(&f, "", "/a", "any");
    teardown(&f);
}

static void test_unknown_host_without_default_is_not_found(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    add(&f, "www.example.org", "/", "exact");
    add(&f, "*.example.net", "/", "wild");
    add(&f, "ample.example", "/", "tail");
    close_map(&f);
    assert_finds_nothing(&f, "example.example", "/");
    assert_finds_nothing(&f, "x.ample.example", "/");
    assert_finds_nothing(&f, "other.example", "/");
    assert_finds_nothing(&f, "example.net", "/");
    assert_finds_nothing(&f, "example.net.evil", "/");
    assert_finds_nothing(&f, "", "/");
    teardown(&f);
}

static void test_empty_map_finds_nothing(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    close_map(&f);
    assert_finds_nothing(&f, "h", "/");
    assert_int_equal(skm_resource_map_count(f.map), 0);
    teardown(&f);
}

static void test_methods_become_actions_or_are_refused(void **state)
{
    (void)state;
    static const struct skm_resource_action actions[] = {
        {{"GET", 3}, {{"App::Action", 11}, {"download", 8}}},
        {{"OPTIONS", 7}, {{"Action", 6}, {"view", 4}}},
    };
    static const struct {
        const char *path;
        const char *method;
        const char *action; /* NULL: refused */
    } cases[] = {
        {"/", "GET", "view"},
        {"/", "HEAD", "view"},
        {"/", "POST", "edit"},
        {"/", "PUT", "edit"},
        {"/", "PATCH", "edit"},
        {"/", "DELETE", "edit"},
        {"/", "OPTIONS", NULL},
        {"/", "CONNECT", NULL},
        {"/", "get", NULL},
        {"/", "PROPFIND", NULL},
        {"/", "", NULL},
        {"/own", "GET", "download"},
        {"/own", "HEAD", "download"},
        {"/own/x", "OPTIONS", "view"},
        {"/own", "POST", "edit"},
        {"/own", "TRACE", NULL},
    };
    struct fixture f;
    setup(&f);
    struct skm_resource_rule own = rule("", "/own", "own");
    own.actions = actions;
    own.action_count = 2;
    add(&f, "", "/", "root");
    assert_ok(skm_resource_map_add(f.map, &own, &f.diags));
    close_map(&f);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct skm_resource_match match;
        skm_err err = skm_resource_map_find(f.map, SKM_SPAN("h"), skm_span_cstr(cases[i].path),
                                            skm_span_cstr(cases[i].method), &match);
        if (cases[i].action == NULL) {
            assert_err(err, REFUSED);
            continue;
        }
        assert_ok(err);
        assert_span_equal(match.action->id, skm_span_cstr(cases[i].action));
    }
    teardown(&f);
}

static void test_labels_come_with_the_match(void **state)
{
    (void)state;
    static const struct skm_value_record labels = {NULL, 0};
    struct fixture f;
    struct skm_resource_match match;
    setup(&f);
    struct skm_resource_rule r = rule("", "/l", "l");
    r.labels = &labels;
    assert_ok(skm_resource_map_add(f.map, &r, &f.diags));
    close_map(&f);
    assert_ok(skm_resource_map_find(f.map, SKM_SPAN("h"), SKM_SPAN("/l"), SKM_SPAN("GET"), &match));
    assert_ptr_equal(match.labels, &labels);
    teardown(&f);
}

static void test_rules_no_request_can_match_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        const char *path;
    } bad[] = {
        {"h", ""},        {"h", "a"},    {"h", "/a//b"},    {"h", "/a/./b"}, {"h", "/a/../b"},
        {"h", "/.."},     {"h", "/a?x"}, {"h", "/a#x"},     {"h", "/a%2fb"}, {"h", "/a\nb"},
        {"H", "/"},       {"h:80", "/"}, {"http://h", "/"}, {"*h", "/"},     {"*.", "/"},
        {"a.*", "/"},     {".h", "/"},   {"h.", "/"},       {"h/", "/"},     {"[::1]:80", "/"},
        {"[::1.2]", "/"}, {"**", "/"},   {"*.*.org", "/"},
    };
    static const struct {
        const char *host;
        const char *path;
    } good[] = {
        {"h", "/a%zz"},     {"h", "/100%"},  {"[::1]", "/"}, {"10.0.0.1", "/"},
        {"a_b-c.d", "/a/"}, {"*.h", "/..."}, {"*", "/.a"},   {"", "/a b;c"},
    };
    struct fixture f;
    setup(&f);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct skm_resource_rule r = rule(bad[i].host, bad[i].path, "x");
        size_t before = f.diags.errors;
        assert_err(skm_resource_map_add(f.map, &r, &f.diags), INVALID);
        assert_int_equal(f.diags.errors, before + 1);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        add(&f, good[i].host, good[i].path, "x");
    }
    struct skm_resource_rule r = rule("h", "/type", "x");
    r.resource.type = SKM_SPAN("not a type");
    assert_err(skm_resource_map_add(f.map, &r, &f.diags), INVALID);
    teardown(&f);
}

static void test_bad_action_tables_are_refused(void **state)
{
    (void)state;
    static const struct skm_resource_action twice[] = {
        {{"GET", 3}, {{"Action", 6}, {"a", 1}}},
        {{"GET", 3}, {{"Action", 6}, {"b", 1}}},
    };
    static const struct skm_resource_action untyped[] = {{{"GET", 3}, {{"", 0}, {"a", 1}}}};
    static const struct skm_resource_action unnamed[] = {{{"", 0}, {{"Action", 6}, {"a", 1}}}};
    struct fixture f;
    setup(&f);
    struct skm_resource_rule r = rule("h", "/", "x");
    r.actions = twice;
    r.action_count = 1;
    assert_ok(skm_resource_map_add(f.map, &r, &f.diags));
    r.action_count = 2;
    assert_err(skm_resource_map_add(f.map, &r, &f.diags), INVALID);
    r.action_count = 1;
    r.actions = untyped;
    assert_err(skm_resource_map_add(f.map, &r, &f.diags), INVALID);
    r.actions = unnamed;
    assert_err(skm_resource_map_add(f.map, &r, &f.diags), INVALID);
    teardown(&f);
}

static void test_two_rules_for_one_place_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        const char *path;
        bool clash;
    } second[] = {
        {"h", "/a/", true}, {"h", "/a", true}, {"h", "/ab", false},
        {"i", "/a", false}, {"", "/a", false},
    };
    for (size_t i = 0; i < sizeof(second) / sizeof(second[0]); i++) {
        struct fixture f;
        setup(&f);
        add(&f, "h", "/a", "1");
        add(&f, second[i].host, second[i].path, "2");
        skm_err err = skm_resource_map_close(f.map, &f.diags);
        assert_int_equal(skm_is_ok(err), !second[i].clash);
        assert_int_equal(f.diags.errors, second[i].clash ? 1 : 0);
        teardown(&f);
    }
    struct fixture f;
    setup(&f);
    add(&f, "*", "/", "1");
    add(&f, "", "/", "2");
    assert_err(skm_resource_map_close(f.map, &f.diags), INVALID);
    teardown(&f);
}

/* Many rules: what the trie finds is what a walk over all rules finds. */
static void test_trie_agrees_with_a_walk_over_all_rules(void **state)
{
    (void)state;
    static char paths[341][16];
    struct fixture f;
    setup(&f);
    size_t count = 0;
    for (unsigned a = 0; a < 4; a++) {
        (void)snprintf(paths[count++], 16, "/%u", a);
        for (unsigned b = 0; b < 4; b += 1 + a % 2) {
            (void)snprintf(paths[count++], 16, "/%u/%u", a, b);
            for (unsigned c = b % 2; c < 3; c++) {
                (void)snprintf(paths[count++], 16, "/%u/%u/%u", a, b, c);
            }
        }
    }
    for (size_t i = 0; i < count; i++) {
        add(&f, "h", paths[(i * 7) % count], paths[(i * 7) % count]);
    }
    close_map(&f);
    for (unsigned n = 0; n < 5 * 5 * 5 * 5; n++) {
        char path[16];
        (void)snprintf(path, sizeof(path), "/%u/%u/%u/%u", n % 5, n / 5 % 5, n / 25 % 5, n / 125);
        const char *best = NULL;
        for (size_t i = 0; i < count; i++) {
            size_t len = strlen(paths[i]);
            if (strncmp(path, paths[i], len) == 0 && path[len] == '/' &&
                (best == NULL || len > strlen(best))) {
                best = paths[i];
            }
        }
        if (best == NULL) {
            assert_finds_nothing(&f, "h", path);
        } else {
            assert_finds(&f, "h", path, best);
        }
    }
    teardown(&f);
}

static void test_memory_runs_out_without_harm(void **state)
{
    (void)state;
    for (size_t quota = 0; quota < 20000; quota += 64) {
        struct fixture f = {.map = NULL};
        skm_arena_init(&f.arena, quota);
        skm_diags_init(&f.diags, &f.arena, 20);
        skm_err err = skm_resource_map_new(&f.arena, SKM_SPAN("Action"), &f.map);
        for (size_t i = 0; i < 8 && skm_is_ok(err); i++) {
            static const char *const paths[] = {"/a", "/b", "/c", "/d", "/e", "/f", "/g", "/h"};
            const struct skm_resource_rule r = rule("h", paths[i], "x");
            err = skm_resource_map_add(f.map, &r, &f.diags);
        }
        err = skm_is_ok(err) ? skm_resource_map_close(f.map, &f.diags) : err;
        assert_true(skm_is_ok(err) || skm_is_err(err, SKM_E_MEMORY));
        teardown(&f);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_prefix_covers_whole_segments_only),
    cmocka_unit_test(test_root_covers_every_path),
    cmocka_unit_test(test_most_specific_host_decides_alone),
    cmocka_unit_test(test_unknown_host_without_default_is_not_found),
    cmocka_unit_test(test_empty_map_finds_nothing),
    cmocka_unit_test(test_methods_become_actions_or_are_refused),
    cmocka_unit_test(test_labels_come_with_the_match),
    cmocka_unit_test(test_rules_no_request_can_match_are_refused),
    cmocka_unit_test(test_bad_action_tables_are_refused),
    cmocka_unit_test(test_two_rules_for_one_place_are_refused),
    cmocka_unit_test(test_trie_agrees_with_a_walk_over_all_rules),
    cmocka_unit_test(test_memory_runs_out_without_harm),
};

SKM_TEST_MAIN(tests)
