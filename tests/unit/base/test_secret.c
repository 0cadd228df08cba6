#include "harness/test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/secret.h"

static void test_a_secret_is_zeroed_then_holds_its_bytes(void **state)
{
    (void)state;
    static const size_t SIZES[] = {1, 32, 4095, 4096, 4097, SKM_SECRET_BYTES_MAX};
    for (size_t s = 0; s < sizeof SIZES / sizeof SIZES[0]; s++) {
        struct skm_secret *secret = NULL;
        assert_ok(skm_secret_new(SIZES[s], &secret));
        skm_span span = skm_secret_span(secret);
        assert_int_equal(span.len, SIZES[s]);
        for (size_t i = 0; i < span.len; i++) {
            assert_int_equal(span.ptr[i], 0);
        }
        memset(skm_secret_bytes(secret), 'x', SIZES[s]);
        assert_int_equal(span.ptr[SIZES[s] - 1], 'x');
        skm_secret_free(secret);
    }
}

static void test_sizes_outside_the_bounds_are_refused(void **state)
{
    (void)state;
    struct skm_secret *secret = NULL;
    assert_err(skm_secret_new(0, &secret), SIZE);
    assert_err(skm_secret_new(SKM_SECRET_BYTES_MAX + 1, &secret), SIZE);
    assert_err(skm_secret_dup((skm_span){NULL, 0}, &secret), SIZE);
    skm_mem_fail_after(0);
    assert_err(skm_secret_new(1, &secret), MEMORY);
    skm_mem_fail_after(SIZE_MAX);
    assert_null(secret);
    skm_secret_free(NULL);
}

static void test_a_copy_is_apart_from_its_original(void **state)
{
    (void)state;
    char original[] = "bearer key";
    struct skm_secret *secret = NULL;
    assert_ok(skm_secret_dup((skm_span){original, 10}, &secret));
    skm_secret_wipe(original, sizeof original);
    for (size_t i = 0; i < sizeof original; i++) {
        assert_int_equal(original[i], 0);
    }
    assert_span_equal(skm_secret_span(secret), SKM_SPAN("bearer key"));
    skm_secret_free(secret);
}

/* How a process ends that reads `offset` bytes from the start of a secret. */
static int signal_of_reading(long size, long offset)
{
    pid_t child = fork();
    if (child == 0) {
        struct skm_secret *secret = NULL;
        (void)signal(SIGSEGV, SIG_DFL);
        if (!skm_is_ok(skm_secret_new((size_t)size, &secret))) {
            _exit(1);
        }
        const volatile char *at = skm_secret_span(secret).ptr + offset;
        _exit(*at == 0 ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static void test_reading_past_either_end_faults(void **state)
{
    (void)state;
    long page = sysconf(_SC_PAGESIZE);
    assert_int_equal(signal_of_reading(page, 0), 0);
    assert_int_equal(signal_of_reading(page, page - 1), 0);
    assert_int_equal(signal_of_reading(page, page), SIGSEGV);
    assert_int_equal(signal_of_reading(page, -1), SIGSEGV);
    assert_int_equal(signal_of_reading(20, 19), 0);
    assert_int_equal(signal_of_reading(20, 20), SIGSEGV);
}

static bool map_has_flag(const void *address, const char *flag)
{
    FILE *maps = fopen("/proc/self/smaps", "r");
    char line[512];
    bool inside = false;
    bool found = false;
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        unsigned long from = 0;
        unsigned long to = 0;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
            inside = (uintptr_t)address >= from && (uintptr_t)address < to;
        } else if (inside && strncmp(line, "VmFlags:", 8) == 0) {
            found = strstr(line, flag) != NULL;
        }
    }
    if (maps != NULL) {
        (void)fclose(maps);
    }
    return found;
}

static void test_a_secret_stays_out_of_core_dumps_and_swap(void **state)
{
    (void)state;
    struct skm_secret *secret = NULL;
    assert_ok(skm_secret_new(32, &secret));
    assert_true(map_has_flag(skm_secret_span(secret).ptr, " dd"));
    assert_false(map_has_flag(&secret, " dd"));
#ifndef SKM_SANITIZED
    /* The address sanitizer turns mlock into nothing. */
    assert_int_equal(map_has_flag(skm_secret_span(secret).ptr, " lo"),
                     skm_secret_is_locked(secret));
#endif
    skm_secret_free(secret);
}

static void test_every_single_bit_makes_secrets_differ(void **state)
{
    (void)state;
    char a[33] = "0123456789abcdef0123456789abcdef";
    char b[33];
    memcpy(b, a, sizeof a);
    assert_true(skm_secret_equal((skm_span){a, 32}, (skm_span){b, 32}));
    for (size_t bit = 0; bit < 256; bit++) {
        b[bit / 8] = (char)(b[bit / 8] ^ (1 << (bit % 8)));
        assert_false(skm_secret_equal((skm_span){a, 32}, (skm_span){b, 32}));
        b[bit / 8] = a[bit / 8];
    }
    assert_false(skm_secret_equal((skm_span){a, 32}, (skm_span){b, 31}));
    assert_true(skm_secret_equal((skm_span){NULL, 0}, (skm_span){"", 0}));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_a_secret_is_zeroed_then_holds_its_bytes),
    cmocka_unit_test(test_sizes_outside_the_bounds_are_refused),
    cmocka_unit_test(test_a_copy_is_apart_from_its_original),
    cmocka_unit_test(test_reading_past_either_end_faults),
    cmocka_unit_test(test_a_secret_stays_out_of_core_dumps_and_swap),
    cmocka_unit_test(test_every_single_bit_makes_secrets_differ),
};

SKM_TEST_MAIN(tests)
