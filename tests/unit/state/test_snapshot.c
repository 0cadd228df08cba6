#include "harness/test.h"

#include <pthread.h>

#include "base/mem.h"
#include "state/snapshot.h"

static void test_new_snapshot_is_empty(void **state)
{
    (void)state;
    struct skm_snapshot *snapshot = NULL;
    assert_ok(skm_snapshot_new(1u << 20, &snapshot));
    assert_int_equal(snapshot->policies.instances.len, 0);
    assert_int_equal(snapshot->obligations.instances.len, 0);
    assert_null(snapshot->schema);
    assert_null(snapshot->entities);
    assert_int_equal(snapshot->on_forbid_error, SKM_ON_FORBID_ERROR_DENY);
    assert_int_equal(snapshot->refs, 1);
    skm_snapshot_unref(snapshot);
}

/* The last reference frees: the leak checker of sanitised runs sees one that does not, and a use after free one too many. */
static void test_references_are_counted(void **state)
{
    (void)state;
    struct skm_snapshot *snapshot = NULL;
    assert_ok(skm_snapshot_new(1u << 20, &snapshot));
    assert_ptr_equal(skm_snapshot_ref(snapshot), snapshot);
    assert_int_equal(snapshot->refs, 2);
    skm_snapshot_unref(snapshot);
    assert_int_equal(snapshot->refs, 1);
    skm_snapshot_unref(snapshot);
    skm_snapshot_unref(NULL);
}

static void *take_and_release(void *arg)
{
    for (unsigned i = 0; i < 20000; i++) {
        skm_snapshot_unref(skm_snapshot_ref(arg));
    }
    skm_snapshot_unref(arg);
    return NULL;
}

static void test_references_are_counted_across_threads(void **state)
{
    (void)state;
    struct skm_snapshot *snapshot = NULL;
    pthread_t threads[4];
    assert_ok(skm_snapshot_new(1u << 20, &snapshot));
    for (size_t i = 0; i < 4; i++) {
        (void)skm_snapshot_ref(snapshot);
        assert_int_equal(pthread_create(&threads[i], NULL, take_and_release, snapshot), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(snapshot->refs, 1);
    skm_snapshot_unref(snapshot);
}

static void test_without_memory_there_is_no_snapshot(void **state)
{
    (void)state;
    struct skm_snapshot *snapshot = NULL;
    skm_mem_fail_after(0);
    assert_err(skm_snapshot_new(1u << 20, &snapshot), MEMORY);
    skm_mem_fail_after(SIZE_MAX);
    assert_null(snapshot);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_new_snapshot_is_empty),
    cmocka_unit_test(test_references_are_counted),
    cmocka_unit_test(test_references_are_counted_across_threads),
    cmocka_unit_test(test_without_memory_there_is_no_snapshot),
};

SKM_TEST_MAIN(tests)
