#include "fixture.h"

#include "server/admin_client.h"
#include "server/admin_server.h"

struct admin {
    struct skm_loop *loop;
    struct skm_admin_server *server;
    struct skm_arena arena;
    struct skm_diags diags;
    pthread_t thread;
    char address[64];
};

static skm_err on_status(void *ctx, const struct skm_admin_request *request,
                         struct skm_json_writer *reply, skm_span *out_message)
{
    (void)ctx;
    (void)out_message;
    skm_json_write_key(reply, SKM_SPAN("uid"));
    skm_json_write_u64(reply, request->peer.uid);
    skm_json_write_key(reply, SKM_SPAN("pid"));
    skm_json_write_i64(reply, request->peer.pid);
    skm_json_write_key(reply, SKM_SPAN("request"));
    skm_json_write_raw(reply, request->json);
    return SKM_OK;
}

static skm_err on_refuse(void *ctx, const struct skm_admin_request *request,
                         struct skm_json_writer *reply, skm_span *out_message)
{
    (void)ctx;
    (void)request;
    skm_json_write_key(reply, SKM_SPAN("half"));
    *out_message = SKM_SPAN("only on Sundays");
    return SKM_ERR(REFUSED);
}

static skm_err on_flood(void *ctx, const struct skm_admin_request *request,
                        struct skm_json_writer *reply, skm_span *out_message)
{
    (void)ctx;
    (void)request;
    (void)out_message;
    for (int i = 0; i < 1000; i++) {
        skm_json_write_key(reply, SKM_SPAN("a"));
        skm_json_write_string(reply, SKM_SPAN("0123456789012345678901234567890123456789"));
    }
    return SKM_OK;
}

static const struct skm_admin_command COMMANDS[] = {
    {{"status", 6}, on_status, NULL},
    {{"refuse", 6}, on_refuse, NULL},
    {{"flood", 5}, on_flood, NULL},
};

static void *admin_run(void *ctx)
{
    struct admin *a = ctx;
    assert_ok(skm_loop_run(a->loop));
    return NULL;
}

static void admin_start(struct admin *a)
{
    (void)snprintf(a->address, sizeof a->address, "unix:/tmp/skm-admin-%d.sock", (int)getpid());
    struct skm_admin_server_options options = {
        .commands = COMMANDS,
        .command_count = SKM_ARRAY_LEN(COMMANDS),
        .listener = {.address = skm_span_cstr(a->address)},
        .line_bytes = 1000,
        .reply_bytes = 4000,
    };
    skm_arena_init(&a->arena, 1 << 20);
    skm_diags_init(&a->diags, &a->arena, 8);
    assert_ok(skm_loop_new(NULL, &a->loop));
    assert_ok(skm_admin_server_new(a->loop, &options, &a->diags, &a->server));
    assert_int_equal(pthread_create(&a->thread, NULL, admin_run, a), 0);
}

static void admin_stop(struct admin *a)
{
    skm_loop_stop(a->loop, 2000);
    assert_int_equal(pthread_join(a->thread, NULL), 0);
    skm_admin_server_free(a->server);
    skm_loop_free(a->loop);
    skm_arena_fini(&a->arena);
}

static void check_call(const struct admin *a, const char *request, const char *wanted)
{
    BUF(reply, 262144);
    assert_ok(skm_admin_client_call(a->address + 5, skm_span_cstr(request), 5000, &reply));
    if (!has(skm_buf_span(&reply), wanted)) {
        print_error("wanted `%s` in `%.*s`\n", wanted, SKM_SPAN_ARG(skm_buf_span(&reply)));
        fail();
    }
}

static void test_commands_are_answered_with_one_object_each(void **state)
{
    (void)state;
    struct admin a = {0};
    char wanted[64];
    admin_start(&a);
    (void)snprintf(wanted, sizeof wanted, "{\"ok\":true,\"uid\":%u,\"pid\":%d,", (unsigned)getuid(),
                   (int)getpid());
    check_call(&a, "{\"command\":\"status\",\"deep\":[{}]}", wanted);
    check_call(&a, "{\"command\":\"status\"}", "\"request\":{\"command\":\"status\"}}");
    check_call(&a, "{\"command\":\"refuse\"}", "{\"ok\":false,\"error\":\"only on Sundays\"}");
    check_call(&a, "{\"command\":\"flood\"}",
               "{\"ok\":false,\"error\":\"the reply is too large\"}");
    check_call(
        &a, "{\"command\":\"nonsense\"}",
        "{\"ok\":false,\"error\":\"unknown command `nonsense`\",\"commands\":[\"status\",\"refuse\",\"flood\"]}");
    admin_stop(&a);
}

static void test_what_is_not_a_request_is_refused_and_the_server_lives_on(void **state)
{
    (void)state;
    struct admin a = {0};
    admin_start(&a);
    static const char *const bad[] = {
        "x",
        "[]",
        "{}",
        "{\"command\":7}",
        "{\"command\":\"status\"",
        "{\"command\":\"status\"} x",
        "{\"command\":\"status\",\"command\":\"reload\"}",
        "{\"command\":\"\xff\"}",
        "null",
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(bad); i++) {
        check_call(&a, bad[i], "{\"ok\":false,\"error\":\"a request is one JSON object");
    }
    char longest[1200];
    memset(longest, ' ', sizeof longest);
    memcpy(longest, "{\"command\":\"status\"}", 20);
    longest[1000] = '\0';
    check_call(&a, longest, "{\"ok\":true");
    longest[1000] = ' ';
    longest[1001] = '\0';
    check_call(&a, longest, "the request is too long");
    check_call(&a, "{\"command\":\"status\"}", "{\"ok\":true");
    admin_stop(&a);
}

static int dial_admin(const struct admin *a)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    (void)snprintf(to.sun_path, sizeof to.sun_path, "%s", a->address + 5);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void test_lines_in_pieces_and_in_bundles_are_answered_in_order(void **state)
{
    (void)state;
    struct admin a = {0};
    BUF(answer, 262144);
    admin_start(&a);
    int fd = dial_admin(&a);
    const char *lines =
        "{\"command\":\"status\"}\n{\"command\":\"refuse\"}\n{\"command\":\"none\"}\n";
    say(fd, skm_span_cstr(lines));
    for (const char *at = lines; *at != '\0'; at++) {
        say(fd, skm_span_of(at, 1));
        sleep_us(100);
    }
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    hear_all(fd, &answer);
    skm_span text = skm_buf_span(&answer);
    assert_int_equal(count_of(text, "\n"), 6);
    assert_int_equal(count_of(text, "{\"ok\":true"), 2);
    assert_int_equal(
        count_of(text, "only on Sundays\"}\n{\"ok\":false,\"error\":\"unknown command"), 2);
    (void)close(fd);
    admin_stop(&a);
}

static void test_client_says_what_is_wrong(void **state)
{
    (void)state;
    struct admin a = {0};
    BUF(reply, 16);
    assert_err(skm_admin_client_call("/tmp/skm-admin-no-such.sock", SKM_SPAN("{}"), 100, &reply),
               NOT_FOUND);
    assert_err(skm_admin_client_call("", SKM_SPAN("{}"), 100, &reply), SIZE);
    assert_err(skm_admin_client_call("/tmp/x", SKM_SPAN("{}\n{}"), 100, &reply), SYNTAX);
    admin_start(&a);
    assert_err(
        skm_admin_client_call(a.address + 5, SKM_SPAN("{\"command\":\"status\"}"), 5000, &reply),
        SIZE);
    admin_stop(&a);
    /* Somebody listens but never answers. */
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s", a.address + 5);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_err(skm_admin_client_call(a.address + 5, SKM_SPAN("{}"), 50, &reply), AGAIN);
    (void)close(fd);
    (void)unlink(a.address + 5);
}

static void test_control_socket_is_never_on_the_network(void **state)
{
    (void)state;
    struct admin a = {0};
    struct skm_admin_server_options options = {.listener = {.address = SKM_SPAN("127.0.0.1:0")}};
    skm_arena_init(&a.arena, 1 << 20);
    skm_diags_init(&a.diags, &a.arena, 8);
    assert_ok(skm_loop_new(NULL, &a.loop));
    assert_err(skm_admin_server_new(a.loop, &options, &a.diags, &a.server), INVALID);
    assert_true(has(a.diags.first->message, "must be a Unix socket"));
    skm_loop_free(a.loop);
    skm_arena_fini(&a.arena);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_commands_are_answered_with_one_object_each),
    cmocka_unit_test(test_what_is_not_a_request_is_refused_and_the_server_lives_on),
    cmocka_unit_test(test_lines_in_pieces_and_in_bundles_are_answered_in_order),
    cmocka_unit_test(test_client_says_what_is_wrong),
    cmocka_unit_test(test_control_socket_is_never_on_the_network),
};

SKM_TEST_MAIN(tests)
