#include "harness/test.h"

#include "base/arena.h"
#include "base/json.h"

static void test_a_document_is_read_member_by_member(void **state)
{
    (void)state;
    struct skm_arena arena;
    skm_arena_init(&arena, 1 << 20);
    struct skm_json json;
    skm_span text = SKM_SPAN(
        "{\"a\" : [1, -2 ,{}], \"\\u0062\":\"x\\u00e9\", \"c\":null, \"d\":{\"a\":[true]}}");
    assert_ok(skm_json_init(&json, text, &arena, NULL));
    assert_ok(skm_json_enter_object(&json));
    bool more = false;
    skm_span key = {0};
    assert_ok(skm_json_next_member(&json, &more, &key));
    assert_span_equal(key, SKM_SPAN("a"));
    assert_ok(skm_json_enter_array(&json));
    int64_t number = 0;
    assert_ok(skm_json_next_item(&json, &more));
    assert_ok(skm_json_read_i64(&json, &number));
    assert_int_equal(number, 1);
    assert_ok(skm_json_next_item(&json, &more));
    assert_ok(skm_json_read_i64(&json, &number));
    assert_int_equal(number, -2);
    assert_ok(skm_json_next_item(&json, &more));
    assert_ok(skm_json_skip(&json));
    assert_ok(skm_json_next_item(&json, &more));
    assert_false(more);
    assert_ok(skm_json_next_member(&json, &more, &key));
    assert_span_equal(key, SKM_SPAN("b"));
    skm_span value = {0};
    assert_ok(skm_json_read_string(&json, &value));
    assert_span_equal(value, SKM_SPAN("x\xc3\xa9"));
    assert_ok(skm_json_next_member(&json, &more, &key));
    assert_ok(skm_json_read_null(&json));
    assert_ok(skm_json_next_member(&json, &more, &key));
    assert_ok(skm_json_read_raw(&json, &value));
    assert_span_equal(value, SKM_SPAN("{\"a\":[true]}"));
    assert_ok(skm_json_next_member(&json, &more, &key));
    assert_false(more);
    assert_ok(skm_json_finish(&json));
    skm_arena_fini(&arena);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_a_document_is_read_member_by_member),
};

SKM_TEST_MAIN(tests)
