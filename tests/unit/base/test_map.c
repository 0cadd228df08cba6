#include "harness/test.h"

#include "base/attr.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/span.h"
#include "harness/prng.h"

#define KEYS 700

static char key_text[KEYS][8];
static skm_span keys[KEYS];
static int values[KEYS];

static int make_keys(void **state)
{
    (void)state;
    for (int i = 0; i < KEYS; i++) {
        int len = snprintf(key_text[i], sizeof key_text[i], "k%d", i);
        keys[i] = (skm_span){key_text[i], (size_t)len};
    }
    keys[0].len = 0;
    return 0;
}

/* The plainest map there is. */
struct model {
    void *value[KEYS];
    bool present[KEYS];
    int order[KEYS];
    size_t len;
};

static void check_against(const struct skm_map *map, const struct model *model)
{
    assert_int_equal(map->len, model->len);
    for (size_t i = 0; i < model->len; i++) {
        assert_span_equal(map->entries[i].key, keys[model->order[i]]);
    }
    for (int k = 0; k < KEYS; k++) {
        const struct skm_map_entry *entry = skm_map_find(map, keys[k]);
        assert_int_equal(entry != NULL, model->present[k]);
        assert_ptr_equal(skm_map_get(map, keys[k]), model->value[k]);
    }
}

static void step(struct skm_map *map, struct model *model, struct skm_prng *prng)
{
    int k = (int)skm_prng_below(prng, KEYS);
    void *value = skm_prng_once_in(prng, 10) ? NULL : &values[skm_prng_below(prng, KEYS)];
    if (skm_prng_once_in(prng, 2000)) {
        skm_map_reset(map);
        *model = (struct model){.len = 0};
        return;
    }
    bool replace = skm_prng_once_in(prng, 2);
    skm_err err = replace ? skm_map_set(map, keys[k], value) : skm_map_put(map, keys[k], value);
    if (model->present[k] && !replace) {
        assert_err(err, EXISTS);
        return;
    }
    assert_ok(err);
    if (!model->present[k]) {
        model->order[model->len++] = k;
    }
    model->present[k] = true;
    model->value[k] = value;
}

static void test_the_map_agrees_with_a_model(void **state)
{
    (void)state;
    struct skm_map map;
    skm_map_init(&map, KEYS);
    struct model model = {.len = 0};
    struct skm_prng prng = {7};
    for (int i = 0; i < 20000; i++) {
        step(&map, &model, &prng);
        if (i % 500 == 0 || i < 40) {
            check_against(&map, &model);
        }
    }
    check_against(&map, &model);
    skm_map_fini(&map);
}

static void test_an_empty_map_holds_nothing(void **state)
{
    (void)state;
    struct skm_map map;
    skm_mem_fail_after(0);
    skm_map_init(&map, 10);
    assert_null(skm_map_find(&map, SKM_SPAN("")));
    assert_null(skm_map_get(&map, SKM_SPAN("a")));
    skm_map_reset(&map);
    skm_map_fini(&map);
    skm_map_fini(NULL);
    skm_mem_fail_after(SIZE_MAX);
}

static void test_the_maximum_is_reached_and_not_passed(void **state)
{
    (void)state;
    struct skm_map map;
    skm_map_init(&map, 20);
    for (int i = 0; i < 20; i++) {
        assert_ok(skm_map_put(&map, keys[i], &values[i]));
    }
    assert_err(skm_map_put(&map, keys[20], &values[20]), COUNT);
    assert_err(skm_map_set(&map, keys[20], &values[20]), COUNT);
    assert_err(skm_map_put(&map, keys[5], &values[20]), EXISTS);
    assert_ok(skm_map_set(&map, keys[5], &values[20]));
    assert_ptr_equal(skm_map_get(&map, keys[5]), &values[20]);
    assert_null(skm_map_find(&map, keys[20]));
    skm_map_fini(&map);
}

static void test_replacing_keeps_the_old_key(void **state)
{
    (void)state;
    struct skm_map map;
    skm_map_init(&map, 10);
    char other[] = "k3";
    assert_ok(skm_map_put(&map, keys[3], &values[1]));
    assert_ok(skm_map_set(&map, (skm_span){other, 2}, &values[2]));
    assert_ptr_equal(map.entries[0].key.ptr, keys[3].ptr);
    assert_ptr_equal(map.entries[0].value, &values[2]);
    skm_map_fini(&map);
}

static void test_a_failed_allocation_leaves_the_map_whole(void **state)
{
    (void)state;
    bool failed = true;
    for (size_t n = 0; failed; n++) {
        struct skm_map map;
        skm_map_init(&map, KEYS);
        size_t put = 0;
        skm_mem_fail_after(n);
        while (put < KEYS && skm_is_ok(skm_map_put(&map, keys[put], &values[put]))) {
            put++;
        }
        skm_mem_fail_after(SIZE_MAX);
        failed = put < KEYS;
        assert_int_equal(map.len, put);
        for (size_t i = 0; i < KEYS; i++) {
            assert_ptr_equal(skm_map_get(&map, keys[i]), i < put ? &values[i] : NULL);
        }
        /* And it goes on where it stopped. */
        for (; put < KEYS; put++) {
            assert_ok(skm_map_put(&map, keys[put], &values[put]));
        }
        assert_ptr_equal(skm_map_get(&map, keys[KEYS - 1]), &values[KEYS - 1]);
        skm_map_fini(&map);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(test_the_map_agrees_with_a_model, make_keys),
    cmocka_unit_test(test_an_empty_map_holds_nothing),
    cmocka_unit_test_setup(test_the_maximum_is_reached_and_not_passed, make_keys),
    cmocka_unit_test_setup(test_replacing_keeps_the_old_key, make_keys),
    cmocka_unit_test_setup(test_a_failed_allocation_leaves_the_map_whole, make_keys),
};

SKM_TEST_MAIN(tests)
