#include "harness/test.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/mem.h"

static char folder[] = "/tmp/skm-test-file-XXXXXX";
static struct skm_arena arena;

static const char *path_of(const char *name)
{
    static char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put_file(const char *name, const char *content, size_t len)
{
    FILE *file = fopen(path_of(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    (void)state;
    skm_arena_init(&arena, 1 << 24);
    return mkdtemp(folder) == NULL;
}

static int tear_down(void **state)
{
    static const char *const NAMES[] = {"a.cedar", "b.cedar", "c.json",  ".hidden.cedar",
                                        "pipe",    "empty",   "B.cedar", "sub.cedar"};
    (void)state;
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        (void)remove(path_of(NAMES[i]));
    }
    skm_arena_fini(&arena);
    return rmdir(folder);
}

static void test_a_file_is_read_whole(void **state)
{
    (void)state;
    skm_span text = {0};
    put_file("a.cedar", "per\0mit", 7);
    assert_ok(skm_file_read(&arena, path_of("a.cedar"), 100, &text));
    assert_span_equal(text, SKM_SPAN("per\0mit"));
    assert_int_equal(text.ptr[text.len], 0);
    put_file("empty", "", 0);
    assert_ok(skm_file_read(&arena, path_of("empty"), 0, &text));
    assert_int_equal(text.len, 0);
    assert_int_equal(text.ptr[0], 0);
}

static void test_the_size_limit_is_exact(void **state)
{
    (void)state;
    skm_span text = SKM_SPAN("before");
    put_file("a.cedar", "0123456789", 10);
    assert_err(skm_file_read(&arena, path_of("a.cedar"), 9, &text), SIZE);
    assert_span_equal(text, SKM_SPAN("before"));
    assert_ok(skm_file_read(&arena, path_of("a.cedar"), 10, &text));
    assert_ok(skm_file_read(&arena, path_of("a.cedar"), SIZE_MAX, &text));
    assert_span_equal(text, SKM_SPAN("0123456789"));
}

static void test_what_cannot_be_read_is_told_apart(void **state)
{
    (void)state;
    skm_span text = {0};
    assert_err(skm_file_read(&arena, path_of("nothing"), 100, &text), NOT_FOUND);
    assert_err(skm_file_read(&arena, folder, 100, &text), IO);
    assert_int_equal(errno, EISDIR);
    struct skm_arena none;
    skm_arena_init(&none, 0);
    put_file("a.cedar", "0123456789", 10);
    assert_err(skm_file_read(&none, path_of("a.cedar"), 100, &text), MEMORY);
}

struct feed {
    const char *path;
    size_t len;
};

static void *feed_pipe(void *argument)
{
    const struct feed *feed = argument;
    FILE *file = fopen(feed->path, "wb");
    for (size_t i = 0; file != NULL && i < feed->len; i++) {
        (void)fputc('a' + (int)(i % 26), file);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return NULL;
}

/* Reads `len` bytes that come through a pipe, at most `max`. */
static skm_err read_pipe(size_t len, size_t max, skm_span *out_text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s", path_of("pipe"));
    (void)remove(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    struct feed feed = {path, len};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, feed_pipe, &feed), 0);
    skm_err err = skm_file_read(&arena, path, max, out_text);
    assert_int_equal(pthread_join(thread, NULL), 0);
    return err;
}

static void test_a_pipe_is_read_to_its_end(void **state)
{
    (void)state;
    static const size_t LENGTHS[] = {0, 1, 4096, 65535, 65536, 65537, 300000};
    skm_span text = {0};
    for (size_t i = 0; i < sizeof LENGTHS / sizeof LENGTHS[0]; i++) {
        assert_ok(read_pipe(LENGTHS[i], LENGTHS[i], &text));
        assert_int_equal(text.len, LENGTHS[i]);
        for (size_t k = 0; k < text.len; k++) {
            assert_int_equal(text.ptr[k], 'a' + k % 26);
        }
        assert_int_equal(text.ptr[text.len], 0);
        if (LENGTHS[i] > 0) {
            assert_err(read_pipe(LENGTHS[i], LENGTHS[i] - 1, &text), SIZE);
        }
    }
}

static void test_names_are_listed_sorted(void **state)
{
    (void)state;
    skm_span *names = NULL;
    size_t count = 77;
    put_file("b.cedar", "", 0);
    put_file("a.cedar", "", 0);
    put_file("B.cedar", "", 0);
    put_file("c.json", "", 0);
    put_file(".hidden.cedar", "", 0);
    assert_ok(skm_file_list(&arena, folder, SKM_SPAN(".cedar"), 3, &names, &count));
    assert_int_equal(count, 3);
    assert_span_equal(names[0], SKM_SPAN("B.cedar"));
    assert_span_equal(names[1], SKM_SPAN("a.cedar"));
    assert_span_equal(names[2], SKM_SPAN("b.cedar"));
    assert_err(skm_file_list(&arena, folder, SKM_SPAN(".cedar"), 2, &names, &count), COUNT);
    assert_err(skm_file_list(&arena, path_of("nowhere"), SKM_SPAN(""), 9, &names, &count),
               NOT_FOUND);
    assert_err(skm_file_list(&arena, path_of("c.json"), SKM_SPAN(""), 9, &names, &count), IO);
    assert_int_equal(count, 3);
    assert_ok(skm_file_list(&arena, folder, SKM_SPAN(".none"), 9, &names, &count));
    assert_int_equal(count, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_a_file_is_read_whole),
    cmocka_unit_test(test_the_size_limit_is_exact),
    cmocka_unit_test(test_what_cannot_be_read_is_told_apart),
    cmocka_unit_test(test_a_pipe_is_read_to_its_end),
    cmocka_unit_test(test_names_are_listed_sorted),
};

int main(void)
{
    /* A reader that gives up must not end the test with its writer. */
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
