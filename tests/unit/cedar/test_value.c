#include "harness/test.h"

#include "base/attr.h"
#include "base/mem.h"
#include "unit/cedar/ext_case.h"

static const struct skm_uid ALICE = {{"User", 4}, {"alice", 5}};
static const struct skm_uid BOB = {{"User", 4}, {"bob", 3}};
static const struct skm_uid ADMINS = {{"Group", 5}, {"alice", 5}};

static struct skm_value text(const char *literal)
{
    return skm_value_string(skm_span_cstr(literal));
}

static struct skm_value set_of(size_t count, const struct skm_value *items)
{
    struct skm_value *copy = SKM_ARENA_NEW_ARRAY(&arena, struct skm_value, count);
    assert_non_null(copy);
    for (size_t i = 0; i < count; i++) {
        copy[i] = items[i];
    }
    struct skm_value set = {.kind = SKM_VALUE_BOOL};
    assert_ok(skm_value_set_build(&arena, copy, count, &set));
    return set;
}

static struct skm_value record_of(size_t count, const struct skm_value_field *fields)
{
    struct skm_value_field *copy = SKM_ARENA_NEW_ARRAY(&arena, struct skm_value_field, count);
    assert_non_null(copy);
    for (size_t i = 0; i < count; i++) {
        copy[i] = fields[i];
    }
    struct skm_value record = {.kind = SKM_VALUE_BOOL};
    assert_ok(skm_value_record_build(&arena, copy, count, &record));
    return record;
}

#define SET(...)                                                                                   \
    set_of(sizeof((struct skm_value[]){__VA_ARGS__}) / sizeof(struct skm_value),                   \
           (struct skm_value[]){__VA_ARGS__})
#define RECORD(...)                                                                                \
    record_of(sizeof((struct skm_value_field[]){__VA_ARGS__}) / sizeof(struct skm_value_field),    \
              (struct skm_value_field[]){__VA_ARGS__})

/* One of everything, no two equal, in no order. */
static size_t all_sorts(struct skm_value values[64])
{
    size_t n = 0;
    struct skm_value empty_set = set_of(0, NULL);
    struct skm_value empty_record = record_of(0, NULL);
    values[n++] = text("b");
    values[n++] = text("a");
    values[n++] = text("");
    values[n++] = text("ab");
    values[n++] = skm_value_string(SKM_SPAN("a\0"));
    values[n++] = text("1");
    values[n++] = text("\xf0\x9f\x98\x80");
    values[n++] = text("\xef\xbf\xbd");
    values[n++] = skm_value_long(1);
    values[n++] = skm_value_long(0);
    values[n++] = skm_value_long(INT64_MIN);
    values[n++] = skm_value_long(INT64_MAX);
    values[n++] = skm_value_bool(true);
    values[n++] = skm_value_bool(false);
    values[n++] = skm_value_entity(&BOB);
    values[n++] = skm_value_entity(&ALICE);
    values[n++] = skm_value_entity(&ADMINS);
    values[n++] = SET(skm_value_long(1));
    values[n++] = SET(skm_value_long(2));
    values[n++] = SET(text("1"));
    values[n++] = SET(skm_value_long(1), skm_value_long(2));
    values[n++] = SET(SET(skm_value_long(1)));
    values[n++] = SET(empty_set);
    values[n++] = empty_set;
    values[n++] = empty_record;
    values[n++] = RECORD({SKM_SPAN("a"), skm_value_long(1)});
    values[n++] = RECORD({SKM_SPAN("a"), skm_value_long(2)});
    values[n++] = RECORD({SKM_SPAN("b"), skm_value_long(1)});
    values[n++] = RECORD({SKM_SPAN("a"), skm_value_long(1)}, {SKM_SPAN("b"), skm_value_long(1)});
    values[n++] = integer_of(SKM_VALUE_DECIMAL, 1);
    values[n++] = integer_of(SKM_VALUE_DATETIME, 1);
    values[n++] = integer_of(SKM_VALUE_DURATION, 1);
    values[n++] = integer_of(SKM_VALUE_DURATION, -1);
    values[n++] = made("ip", "10.0.0.1");
    values[n++] = made("ip", "10.0.0.1/24");
    values[n++] = made("ip", "10.0.0.0/24");
    values[n++] = made("ip", "a00:1::");
    return n;
}

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static void test_order_is_total(void **state)
{
    (void)state;
    struct skm_value values[64];
    size_t count = all_sorts(values);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            int order = skm_value_compare(&values[i], &values[j]);
            assert_int_equal(order == 0, i == j);
            assert_int_equal(skm_value_equal(&values[i], &values[j]), i == j);
            assert_int_equal(sign(order), -sign(skm_value_compare(&values[j], &values[i])));
            for (size_t k = 0; order < 0 && k < count; k++) {
                if (skm_value_compare(&values[j], &values[k]) < 0) {
                    assert_true(skm_value_compare(&values[i], &values[k]) < 0);
                }
            }
        }
    }
}

static void test_values_of_different_kinds_are_unequal(void **state)
{
    (void)state;
    for (int a = SKM_VALUE_LONG; a <= SKM_VALUE_DURATION; a++) {
        struct skm_value decimal = integer_of(SKM_VALUE_DECIMAL, 7);
        struct skm_value other = integer_of((enum skm_value_kind)a, 7);
        if (a == SKM_VALUE_LONG || a == SKM_VALUE_DATETIME || a == SKM_VALUE_DURATION) {
            assert_false(skm_value_equal(&decimal, &other));
        }
    }
    struct skm_value one = skm_value_long(1);
    struct skm_value yes = skm_value_bool(true);
    struct skm_value word = text("1");
    assert_false(skm_value_equal(&one, &word));
    assert_false(skm_value_equal(&one, &yes));
}

static void test_uid_is_type_and_id(void **state)
{
    (void)state;
    struct skm_uid alice = {SKM_SPAN("User"), SKM_SPAN("alice")};
    struct skm_uid namespaced = {SKM_SPAN("App::User"), SKM_SPAN("alice")};
    assert_true(skm_uid_equal(&ALICE, &alice));
    assert_int_equal(skm_uid_compare(&ALICE, &alice), 0);
    assert_false(skm_uid_equal(&ALICE, &BOB));
    assert_false(skm_uid_equal(&ALICE, &ADMINS));
    assert_false(skm_uid_equal(&ALICE, &namespaced));
    /* The border between type and id counts. */
    struct skm_uid left = {SKM_SPAN("Usera"), SKM_SPAN("lice")};
    assert_false(skm_uid_equal(&ALICE, &left));
}

static void test_sets_are_sorted_without_duplicates(void **state)
{
    (void)state;
    struct skm_value a = SET(skm_value_long(3), skm_value_long(1), skm_value_long(3),
                             skm_value_long(2), skm_value_long(1));
    struct skm_value b = SET(skm_value_long(1), skm_value_long(2), skm_value_long(3));
    assert_int_equal(a.as.set->count, 3);
    assert_true(skm_value_equal(&a, &b));
    /* Duplicates by value, not by place: nested sets written in another order. */
    struct skm_value nested =
        SET(SET(skm_value_long(1), text("x")), SET(text("x"), skm_value_long(1)));
    assert_int_equal(nested.as.set->count, 1);
    struct skm_value mixed = SET(skm_value_long(1), text("1"), skm_value_bool(true));
    assert_int_equal(mixed.as.set->count, 3);
    struct skm_value decimals = SET(made("decimal", "1.0"), made("decimal", "1.00"));
    assert_int_equal(decimals.as.set->count, 1);
    struct skm_value ranges = SET(made("ip", "10.0.0.1/24"), made("ip", "10.0.0.0/24"));
    assert_int_equal(ranges.as.set->count, 2);
    assert_int_equal(set_of(0, NULL).as.set->count, 0);
}

static void test_large_sets_sort_whatever_their_order(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    struct skm_value *items = SKM_ARENA_NEW_ARRAY(&arena, struct skm_value, COUNT);
    assert_non_null(items);
    for (unsigned shape = 0; shape < 4; shape++) {
        uint64_t seed = 12345 + shape;
        for (int64_t i = 0; i < COUNT; i++) {
            seed = seed * UINT64_C(6364136223846793005) + 1;
            int64_t number = shape == 0   ? i
                             : shape == 1 ? COUNT - 1 - i
                             : shape == 2 ? i * 7919 % COUNT
                                          : (int64_t)(seed >> 33) % 100;
            items[i] = skm_value_long(number);
        }
        struct skm_value set = {.kind = SKM_VALUE_BOOL};
        assert_ok(skm_value_set_build(&arena, items, COUNT, &set));
        assert_int_equal(set.as.set->count, shape == 3 ? 100 : COUNT);
        for (size_t i = 0; i < set.as.set->count; i++) {
            assert_int_equal(set.as.set->items[i].as.integer, (int64_t)i);
        }
        struct skm_value below = skm_value_long(-1);
        struct skm_value above = skm_value_long(COUNT);
        assert_false(skm_value_set_has(set.as.set, &below));
        assert_false(skm_value_set_has(set.as.set, &above));
    }
}

static void test_membership_finds_every_item_and_no_other(void **state)
{
    (void)state;
    struct skm_value values[64];
    size_t count = all_sorts(values);
    for (size_t left_out = 0; left_out < count; left_out++) {
        struct skm_value items[64];
        size_t n = 0;
        for (size_t i = 0; i < count; i++) {
            if (i != left_out) {
                items[n++] = values[i];
            }
        }
        struct skm_value set = set_of(n, items);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(skm_value_set_has(set.as.set, &values[i]), i != left_out);
        }
    }
}

static void test_record_finds_fields_by_key(void **state)
{
    (void)state;
    struct skm_value record =
        RECORD({SKM_SPAN("b"), skm_value_long(2)}, {SKM_SPAN("a"), skm_value_long(1)},
               {SKM_SPAN("a\0"), skm_value_long(3)}, {SKM_SPAN(""), skm_value_long(4)});
    assert_int_equal(skm_value_record_get(record.as.record, SKM_SPAN("a"))->as.integer, 1);
    assert_int_equal(skm_value_record_get(record.as.record, SKM_SPAN("b"))->as.integer, 2);
    assert_int_equal(skm_value_record_get(record.as.record, SKM_SPAN("a\0"))->as.integer, 3);
    assert_int_equal(skm_value_record_get(record.as.record, SKM_SPAN(""))->as.integer, 4);
    assert_null(skm_value_record_get(record.as.record, SKM_SPAN("c")));
    assert_null(skm_value_record_get(record.as.record, SKM_SPAN("A")));
    assert_null(skm_value_record_get(record_of(0, NULL).as.record, SKM_SPAN("")));
}

static void test_record_with_a_key_twice_is_refused(void **state)
{
    (void)state;
    struct skm_value_field fields[] = {{SKM_SPAN("a"), skm_value_long(1)},
                                       {SKM_SPAN("b"), skm_value_long(1)},
                                       {SKM_SPAN("a"), skm_value_long(1)}};
    struct skm_value out = skm_value_long(77);
    assert_err(skm_value_record_build(&arena, fields, 3, &out), DUPLICATE);
    assert_int_equal(out.as.integer, 77);
}

/* ---- copies ---- */

static void test_copy_lives_without_the_original(void **state)
{
    (void)state;
    struct skm_arena other;
    skm_arena_init(&other, 1u << 20);
    struct skm_value values[64];
    size_t count = all_sorts(values);
    struct skm_value original = RECORD({SKM_SPAN("all"), set_of(count, values)});
    struct skm_value copy = {.kind = SKM_VALUE_BOOL};
    assert_ok(skm_value_dup(&other, &original, &copy));
    assert_true(skm_value_equal(&original, &copy));

    struct skm_buf before;
    struct skm_buf after;
    skm_buf_init(&before, 1u << 16);
    skm_buf_init(&after, 1u << 16);
    skm_value_print(&original, &before);
    skm_arena_reset(&arena);
    memset(skm_arena_alloc(&arena, 1u << 12), 0xAA, 1u << 12);
    skm_value_print(&copy, &after);
    assert_ok(skm_buf_check(&after));
    assert_span_equal(skm_buf_span(&before), skm_buf_span(&after));
    skm_buf_fini(&before);
    skm_buf_fini(&after);
    skm_arena_fini(&other);
}

static void test_copy_has_its_own_strings(void **state)
{
    (void)state;
    char bytes[] = "keytextTypeid";
    struct skm_uid uid = {{bytes + 7, 4}, {bytes + 11, 2}};
    struct skm_value original =
        RECORD({skm_span_of(bytes, 3),
                SET(skm_value_string(skm_span_of(bytes + 3, 4)), skm_value_entity(&uid))});
    struct skm_value copy = {.kind = SKM_VALUE_BOOL};
    assert_ok(skm_value_dup(&arena, &original, &copy));
    memset(bytes, 'X', sizeof bytes - 1);
    struct skm_buf buf;
    skm_buf_init(&buf, 1u << 10);
    skm_value_print(&copy, &buf);
    assert_span_equal(skm_buf_span(&buf), SKM_SPAN("{\"key\": [\"text\", Type::\"id\"]}"));
    skm_buf_fini(&buf);
}

static struct skm_value nested_sets(size_t depth)
{
    struct skm_value value = skm_value_long(1);
    for (size_t i = 1; i < depth; i++) {
        value = SET(value);
    }
    return value;
}

static void test_copy_is_bounded_in_depth(void **state)
{
    (void)state;
    struct skm_arena other;
    skm_arena_init(&other, 1u << 22);
    struct skm_value copy = skm_value_long(77);
    struct skm_value deep = nested_sets(SKM_VALUE_DEPTH_MAX);
    assert_ok(skm_value_dup(&other, &deep, &copy));
    assert_true(skm_value_equal(&deep, &copy));
    struct skm_value deeper = nested_sets(SKM_VALUE_DEPTH_MAX + 1);
    copy = skm_value_long(77);
    assert_err(skm_value_dup(&other, &deeper, &copy), DEPTH);
    assert_int_equal(copy.as.integer, 77);
    skm_arena_fini(&other);
}

static void test_every_failed_allocation_is_reported(void **state)
{
    (void)state;
    struct skm_value values[64];
    size_t count = all_sorts(values);
    struct skm_value original = RECORD({SKM_SPAN("all"), set_of(count, values)});
    bool succeeded = false;
    for (size_t quota = 0; !succeeded; quota += 16) {
        struct skm_arena other;
        skm_arena_init(&other, quota);
        struct skm_value copy = skm_value_long(77);
        skm_err err = skm_value_dup(&other, &original, &copy);
        succeeded = skm_is_ok(err);
        if (!succeeded) {
            assert_int_equal(err.code, SKM_E_MEMORY);
            assert_int_equal(copy.as.integer, 77);
        }
        skm_arena_fini(&other);
    }
    struct skm_arena none;
    skm_arena_init(&none, 0);
    struct skm_value item = skm_value_long(1);
    struct skm_value_field field = {SKM_SPAN("a"), skm_value_long(1)};
    struct skm_value out = skm_value_long(77);
    assert_err(skm_value_set_build(&none, &item, 1, &out), MEMORY);
    assert_err(skm_value_record_build(&none, &field, 1, &out), MEMORY);
    assert_int_equal(out.as.integer, 77);
    skm_arena_fini(&none);
}

/* ---- text ---- */

static void assert_prints(struct skm_value value, skm_span expected)
{
    struct skm_buf buf;
    skm_buf_init(&buf, 1u << 16);
    skm_value_print(&value, &buf);
    assert_ok(skm_buf_check(&buf));
    assert_span_equal(skm_buf_span(&buf), expected);
    skm_buf_fini(&buf);
}

static void test_values_print_as_cedar_text(void **state)
{
    (void)state;
    assert_prints(skm_value_bool(true), SKM_SPAN("true"));
    assert_prints(skm_value_bool(false), SKM_SPAN("false"));
    assert_prints(skm_value_long(INT64_MIN), SKM_SPAN("-9223372036854775808"));
    assert_prints(text("a"), SKM_SPAN("\"a\""));
    assert_prints(skm_value_entity(&ALICE), SKM_SPAN("User::\"alice\""));
    assert_prints(set_of(0, NULL), SKM_SPAN("[]"));
    assert_prints(SET(text("a"), skm_value_long(1)), SKM_SPAN("[1, \"a\"]"));
    assert_prints(record_of(0, NULL), SKM_SPAN("{}"));
    assert_prints(RECORD({SKM_SPAN("if"), skm_value_long(1)}, {SKM_SPAN("a\""), set_of(0, NULL)}),
                  SKM_SPAN("{\"a\\\"\": [], \"if\": 1}"));
    assert_prints(made("decimal", "1.0"), SKM_SPAN("decimal(\"1.0000\")"));
    assert_prints(made("ip", "10.0.0.1/8"), SKM_SPAN("ip(\"10.0.0.1/8\")"));
    assert_prints(made("duration", "90m"), SKM_SPAN("duration(\"1h30m\")"));
    assert_prints(made("datetime", "2024-02-29"), SKM_SPAN("datetime(\"2024-02-29T00:00:00Z\")"));
    assert_prints(
        integer_of(SKM_VALUE_DATETIME, INT64_MIN),
        SKM_SPAN("datetime(\"1970-01-01\").offset(duration(\"-9223372036854775808ms\"))"));
}

static void test_unprintable_characters_are_escaped(void **state)
{
    (void)state;
    static const struct {
        skm_span text;
        const char *escaped;
    } ROWS[] = {
        {{"plain", 5}, "plain"},
        {{"\0", 1}, "\\0"},
        {{"\t\n\r", 3}, "\\t\\n\\r"},
        {{"\"'\\", 3}, "\\\"\\'\\\\"},
        {{"a\x01z", 3}, "a\\u{1}z"},
        {{"\x1b[2J", 4}, "\\u{1b}[2J"},
        {{"\x7f", 1}, "\\u{7f}"},
        {{"\xc2\x85", 2}, "\\u{85}"},
        /* Right-to-left override: would show the text in another order. */
        {{"\xe2\x80\xae", 3}, "\\u{202e}"},
        {{"\xe9\x96\xa2\xe5\xae\x88", 6}, "\xe9\x96\xa2\xe5\xae\x88"},
        {{"*", 1}, "*"},
        /* Malformed bytes do not get through. */
        {{"a\xff"
          "b",
          3},
         "a\\u{fffd}b"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct skm_buf buf;
        skm_buf_init(&buf, 1u << 10);
        skm_value_print_escaped(ROWS[i].text, &buf);
        assert_span_equal(skm_buf_span(&buf), skm_span_cstr(ROWS[i].escaped));
        skm_buf_fini(&buf);
    }
    struct skm_uid uid = {SKM_SPAN("A::B"), SKM_SPAN("x\"\0y")};
    assert_prints(skm_value_entity(&uid), SKM_SPAN("A::B::\"x\\\"\\0y\""));
}

static void test_kinds_have_names(void **state)
{
    (void)state;
    assert_string_equal(skm_value_kind_name(SKM_VALUE_BOOL), "bool");
    assert_string_equal(skm_value_kind_name(SKM_VALUE_IPADDR), "ipaddr");
    assert_string_equal(skm_value_kind_name(SKM_VALUE_DURATION), "duration");
}

/* Small and large records are sorted in different ways. `step` is prime to `count`: every key once, in an order of its own. */
static void check_sorted_record(size_t count, size_t step)
{
    struct skm_value_field fields[40] = {0};
    char names[40][3] = {0};
    for (size_t i = 0; i < count; i++) {
        names[i][0] = (char)('a' + (i * step % count) / 6);
        names[i][1] = (char)('a' + (i * step % count) % 6);
        fields[i] = (struct skm_value_field){skm_span_cstr(names[i]), skm_value_long((int64_t)i)};
    }
    struct skm_value record = record_of(count, fields);
    for (size_t i = 0; i < count; i++) {
        const struct skm_value *found = skm_value_record_get(record.as.record, fields[i].key);
        assert_non_null(found);
        assert_int_equal(found->as.integer, (int64_t)i);
        assert_true(i == 0 || skm_span_compare(record.as.record->fields[i - 1].key,
                                               record.as.record->fields[i].key) < 0);
    }
    struct skm_value out = {.kind = SKM_VALUE_BOOL};
    fields[count - 1].key = fields[count / 3].key;
    assert_err(skm_value_record_build(&arena, fields, count, &out), DUPLICATE);
}

static void test_records_of_every_size_are_sorted_and_refuse_a_second_key(void **state)
{
    (void)state;
    static const size_t primes[] = {1, 2, 3, 5, 7, 11, 13};
    for (size_t count = 2; count <= 36; count++) {
        check_sorted_record(count, count - 1);
        for (size_t i = 0; i < SKM_ARRAY_LEN(primes); i++) {
            if (count % primes[i] != 0 || primes[i] == 1) {
                check_sorted_record(count, primes[i]);
            }
        }
    }
}

static const struct CMUnitTest tests[] = {
    EXT_TEST(test_order_is_total),
    EXT_TEST(test_values_of_different_kinds_are_unequal),
    EXT_TEST(test_uid_is_type_and_id),
    EXT_TEST(test_sets_are_sorted_without_duplicates),
    EXT_TEST(test_large_sets_sort_whatever_their_order),
    EXT_TEST(test_membership_finds_every_item_and_no_other),
    EXT_TEST(test_record_finds_fields_by_key),
    EXT_TEST(test_record_with_a_key_twice_is_refused),
    EXT_TEST(test_copy_lives_without_the_original),
    EXT_TEST(test_copy_has_its_own_strings),
    EXT_TEST(test_copy_is_bounded_in_depth),
    EXT_TEST(test_every_failed_allocation_is_reported),
    EXT_TEST(test_values_print_as_cedar_text),
    EXT_TEST(test_unprintable_characters_are_escaped),
    EXT_TEST(test_kinds_have_names),
    cmocka_unit_test(test_records_of_every_size_are_sorted_and_refuse_a_second_key),
};

SKM_TEST_MAIN(tests)
