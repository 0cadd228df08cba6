#include "fixture.h"

#include "server/listener_bind.h"

struct bench {
    struct skm_arena arena;
    struct skm_diags diags;
};

static void bench_init(struct bench *b)
{
    skm_arena_init(&b->arena, 1 << 20);
    skm_diags_init(&b->diags, &b->arena, 8);
}

static bool complains(const struct bench *b, const char *part)
{
    return b->diags.first != NULL && has(b->diags.first->message, part);
}

static skm_err bind_to(struct bench *b, const char *address, bool allow_plain, int *out_fd)
{
    struct skm_listener_options options = {.address = skm_span_cstr(address),
                                           .allow_plain_http = allow_plain};
    return skm_listener_bind(&options, &b->diags, out_fd);
}

static void test_addresses_are_taken_in_their_forms_only(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        bool fine;
    } rows[] = {
        {"127.0.0.1:0", true},
        {"127.9.8.7:0", true},
        {"localhost:0", true},
        {"[::1]:0", true},
        {"127.0.0.1", false},
        {"127.0.0.1:", false},
        {":0", false},
        {"", false},
        {"127.0.0.1:x", false},
        {"127.0.0.1:65536", false},
        {"127.0.0.1:-1", false},
        {"127.0.0.1:000000", false},
        {"127.1:0", false},
        {"::1:0", false},
        {"[::1:0", false},
        {"[127.0.0.1]:0", false},
        {"[]:0", false},
        {"example.org:0", false},
        {"unix:", false},
        {"unix:relative", false},
        {"unix:/nowhere/a-path-that-is-very-far-too-long-for-a-socket-address-since-it-has-more-than-one-hundred-and-eight-bytes-in-it",
         false},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(rows); i++) {
        struct bench b;
        int fd = -1;
        bench_init(&b);
        skm_err err = bind_to(&b, rows[i].address, false, &fd);
        if (skm_is_ok(err) != rows[i].fine) {
            print_error("%s\n", rows[i].address);
            fail();
        }
        assert_int_equal(b.diags.errors, rows[i].fine ? 0 : 1);
        if (fd >= 0) {
            (void)close(fd);
        }
        skm_arena_fini(&b.arena);
    }
}

static void test_clear_text_stays_on_loopback_unless_allowed(void **state)
{
    (void)state;
    static const char *const open[] = {"0.0.0.0:0", "*:0", "[::]:0"};
    for (size_t i = 0; i < SKM_ARRAY_LEN(open); i++) {
        struct bench b;
        int fd = -1;
        bench_init(&b);
        assert_err(bind_to(&b, open[i], false, &fd), INVALID);
        assert_true(complains(&b, "not a loopback address"));
        assert_true(has(b.diags.first->help, "allow_plain_http"));
        assert_ok(bind_to(&b, open[i], true, &fd));
        (void)close(fd);
        skm_arena_fini(&b.arena);
    }
}

static void on_accept_close(void *ctx, struct skm_listener *listener, int fd,
                            const struct skm_peer *peer)
{
    (void)ctx;
    (void)listener;
    (void)peer;
    (void)close(fd);
}

/* The rule holds for descriptors that others have bound. */
static void test_inherited_descriptor_is_judged_by_its_real_address(void **state)
{
    (void)state;
    struct bench b;
    int fd = -1;
    struct skm_loop *loop = NULL;
    struct skm_listener *listener = NULL;
    struct skm_listener_options options = {.address = SKM_SPAN("127.0.0.1:0")};
    bench_init(&b);
    assert_ok(skm_loop_new(NULL, &loop));
    assert_ok(bind_to(&b, "0.0.0.0:0", true, &fd));
    assert_err(skm_listener_new(loop, fd, &options, on_accept_close, NULL, &b.diags, &listener),
               INVALID);
    assert_true(complains(&b, "not a loopback address"));
    assert_ok(bind_to(&b, "127.0.0.1:0", false, &fd));
    assert_ok(skm_listener_new(loop, fd, &options, on_accept_close, NULL, &b.diags, &listener));
    assert_int_not_equal(skm_listener_port(listener), 0);
    skm_listener_free(listener);
    skm_loop_free(loop);
    skm_arena_fini(&b.arena);
}

static void test_taken_port_is_an_error_that_names_it(void **state)
{
    (void)state;
    struct bench b;
    int first = -1;
    int second = -1;
    char address[64];
    struct sockaddr_in bound;
    socklen_t len = sizeof bound;
    bench_init(&b);
    assert_ok(bind_to(&b, "127.0.0.1:0", false, &first));
    assert_int_equal(getsockname(first, (struct sockaddr *)&bound, &len), 0);
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", ntohs(bound.sin_port));
    assert_err(bind_to(&b, address, false, &second), INVALID);
    assert_true(complains(&b, address));
    assert_true(complains(&b, "in use"));
    (void)close(first);
    skm_arena_fini(&b.arena);
}

static void test_stale_unix_socket_is_replaced_a_living_one_or_a_file_is_not(void **state)
{
    (void)state;
    struct bench b;
    char address[64];
    const char *path = address + 5;
    int first = -1;
    int second = -1;
    struct stat st;
    bench_init(&b);
    (void)snprintf(address, sizeof address, "unix:/tmp/skm-listener-%d.sock", (int)getpid());
    assert_ok(bind_to(&b, address, false, &first));
    assert_int_equal(lstat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_err(bind_to(&b, address, false, &second), INVALID);
    assert_true(complains(&b, "in use"));
    (void)close(first);
    assert_ok(bind_to(&b, address, false, &second));
    (void)close(second);
    assert_int_equal(unlink(path), 0);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fclose(file);
    assert_err(bind_to(&b, address, false, &second), INVALID);
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(unlink(path), 0);
    skm_arena_fini(&b.arena);
}

static void test_unix_socket_gets_its_mode_and_is_removed_only_while_it_is_ours(void **state)
{
    (void)state;
    struct bench b;
    char address[64];
    const char *path = address + 5;
    struct stat st;
    (void)snprintf(address, sizeof address, "unix:/tmp/skm-listener-%d.sock", (int)getpid());
    for (int replaced = 0; replaced < 3; replaced++) {
        int fd = -1;
        struct skm_loop *loop = NULL;
        struct skm_listener *listener = NULL;
        struct skm_listener_options options = {.address = skm_span_cstr(address),
                                               .unix_mode = 0660};
        bench_init(&b);
        assert_ok(skm_loop_new(NULL, &loop));
        assert_ok(skm_listener_bind(&options, &b.diags, &fd));
        assert_int_equal(lstat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0660);
        assert_ok(skm_listener_new(loop, fd, &options, on_accept_close, NULL, &b.diags, &listener));
        if (replaced == 1) {
            assert_int_equal(unlink(path), 0);
            FILE *file = fopen(path, "w");
            assert_non_null(file);
            (void)fclose(file);
        }
        int other = -1;
        if (replaced == 2) {
            assert_int_equal(unlink(path), 0);
            assert_ok(skm_listener_bind(&options, &b.diags, &other));
        }
        skm_listener_free(listener);
        assert_int_equal(lstat(path, &st), replaced == 0 ? -1 : 0);
        (void)close(other);
        (void)unlink(path);
        skm_loop_free(loop);
        skm_arena_fini(&b.arena);
    }
}

static void test_loopback_is_recognised(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int family;
        bool loopback;
    } rows[] = {
        {"127.0.0.1", AF_INET, true},
        {"127.255.255.254", AF_INET, true},
        {"128.0.0.1", AF_INET, false},
        {"::1", AF_INET6, true},
        {"::2", AF_INET6, false},
        {"::", AF_INET6, false},
        {"::ffff:127.0.0.1", AF_INET6, true},
        {"::ffff:10.0.0.1", AF_INET6, false},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(rows); i++) {
        struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
        struct sockaddr_in v4 = {.sin_family = AF_INET};
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
        if (rows[i].family == AF_INET) {
            assert_int_equal(inet_pton(AF_INET, rows[i].text, &v4.sin_addr), 1);
            memcpy(&address, &v4, sizeof v4);
        } else {
            assert_int_equal(inet_pton(AF_INET6, rows[i].text, &v6.sin6_addr), 1);
            memcpy(&address, &v6, sizeof v6);
        }
        assert_int_equal(skm_listener_is_loopback(&address), rows[i].loopback);
    }
}

/* Descriptors run out: waiting peers are turned away instead of hanging, and service goes on afterwards. */
static void test_exhausted_descriptors_turn_peers_away_until_there_are_some_again(void **state)
{
    (void)state;
    struct fixture f = {0};
    struct rlimit before;
    BUF(answer, 262144);
    fixture_start(&f);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(f.port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct rlimit none = {.rlim_cur = (rlim_t)client + 1, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(connect(client, (const struct sockaddr *)&to, sizeof to), 0);
    hear_all(client, &answer);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(answer.len, 0);
    (void)close(client);
    int later = dial(&f);
    say(later, SKM_SPAN("GET /hello HTTP/1.1\r\nHost: t\r\n\r\n"));
    assert_int_equal(hear_reply(later, &answer, false).status, 200);
    (void)close(later);
    fixture_stop(&f);
    assert_int_equal(f.counters.accept_exhausted, 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_addresses_are_taken_in_their_forms_only),
    cmocka_unit_test(test_clear_text_stays_on_loopback_unless_allowed),
    cmocka_unit_test(test_inherited_descriptor_is_judged_by_its_real_address),
    cmocka_unit_test(test_taken_port_is_an_error_that_names_it),
    cmocka_unit_test(test_stale_unix_socket_is_replaced_a_living_one_or_a_file_is_not),
    cmocka_unit_test(test_unix_socket_gets_its_mode_and_is_removed_only_while_it_is_ours),
    cmocka_unit_test(test_loopback_is_recognised),
    cmocka_unit_test(test_exhausted_descriptors_turn_peers_away_until_there_are_some_again),
};

SKM_TEST_MAIN(tests)
