#include "harness/test.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/span.h"
#include "cedar/value.h"
#include "state/entities.h"

#define QUOTA ((size_t)512 << 20)

struct fixture {
    struct skm_arena arena;
    struct skm_diags diags;
    struct skm_entities *entities;
};

static void set_up(struct fixture *fixture)
{
    skm_arena_init(&fixture->arena, QUOTA);
    skm_diags_init(&fixture->diags, &fixture->arena, 50);
    assert_ok(skm_entities_new(&fixture->arena, &fixture->entities));
}

static void tear_down(struct fixture *fixture)
{
    skm_entities_free(fixture->entities);
    skm_arena_fini(&fixture->arena);
}

static struct skm_uid uid_of(const char *type, const char *id)
{
    return (struct skm_uid){skm_span_cstr(type), skm_span_cstr(id)};
}

/* `N::"number"`; the text lives in the arena. */
static struct skm_uid numbered(struct fixture *fixture, unsigned number)
{
    struct skm_uid uid = {.type = SKM_SPAN("N")};
    assert_ok(skm_arena_printf(&fixture->arena, &uid.id, "%u", number));
    return uid;
}

static skm_err add(struct fixture *fixture, struct skm_uid uid, const struct skm_uid *parents,
                   size_t parent_count)
{
    struct skm_entity entity = {.uid = uid, .parents = parents, .parent_count = parent_count};
    return skm_entities_add(fixture->entities, &entity);
}

static bool is_in(const struct fixture *fixture, struct skm_uid uid, struct skm_uid ancestor)
{
    const struct skm_entity_view *view = skm_entities_view(fixture->entities);
    return view->ops->has_ancestor(view, &uid, &ancestor);
}

static skm_span first_message(const struct fixture *fixture)
{
    assert_non_null(fixture->diags.first);
    return fixture->diags.first->message;
}

static bool contains(skm_span text, const char *part)
{
    size_t len = strlen(part);
    for (size_t i = 0; i + len <= text.len; i++) {
        if (memcmp(text.ptr + i, part, len) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- hierarchies ---- */

static void test_ancestors_are_transitive_and_proper(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    struct skm_uid a = uid_of("User", "a");
    struct skm_uid g = uid_of("Group", "g");
    struct skm_uid h = uid_of("Group", "h");
    assert_ok(add(&f, a, &g, 1));
    assert_ok(add(&f, g, &h, 1));
    assert_ok(add(&f, h, NULL, 0));
    assert_ok(skm_entities_close(f.entities, &f.diags));
    assert_true(is_in(&f, a, g));
    assert_true(is_in(&f, a, h));
    assert_true(is_in(&f, g, h));
    assert_false(is_in(&f, h, g));
    assert_false(is_in(&f, g, a));
    assert_false(is_in(&f, a, a));
    tear_down(&f);
}

static void test_parent_outside_the_store_is_an_ancestor_and_does_not_exist(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    struct skm_uid a = uid_of("User", "a");
    struct skm_uid gone = uid_of("Group", "gone");
    struct skm_uid b = uid_of("User", "b");
    assert_ok(add(&f, a, &gone, 1));
    assert_ok(add(&f, b, &a, 1));
    assert_ok(skm_entities_close(f.entities, &f.diags));
    const struct skm_entity_view *view = skm_entities_view(f.entities);
    assert_true(is_in(&f, b, gone));
    assert_false(view->ops->exists(view, &gone));
    assert_true(view->ops->exists(view, &a));
    assert_int_equal(skm_entities_count(f.entities), 2);
    tear_down(&f);
}

static void test_same_id_of_another_type_is_another_entity(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    struct skm_uid a = uid_of("User", "x");
    struct skm_uid g = uid_of("Group", "x");
    struct skm_uid other = uid_of("NS::Group", "x");
    assert_ok(add(&f, a, &g, 1));
    assert_ok(skm_entities_close(f.entities, &f.diags));
    assert_true(is_in(&f, a, g));
    assert_false(is_in(&f, a, other));
    tear_down(&f);
}

static void test_id_may_hold_nul(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    struct skm_uid a = {SKM_SPAN("User"), {"a\0b", 3}};
    struct skm_uid b = {SKM_SPAN("User"), {"a\0c", 3}};
    assert_ok(add(&f, a, NULL, 0));
    assert_ok(skm_entities_close(f.entities, &f.diags));
    const struct skm_entity_view *view = skm_entities_view(f.entities);
    assert_true(view->ops->exists(view, &a));
    assert_false(view->ops->exists(view, &b));
    tear_down(&f);
}

static void test_deep_chain_reaches_its_end(void **state)
{
    (void)state;
    enum { DEPTH = 5000 };
    struct fixture f;
    set_up(&f);
    for (unsigned i = 0; i < DEPTH; i++) {
        struct skm_uid parent = numbered(&f, i + 1);
        assert_ok(add(&f, numbered(&f, i), &parent, 1));
    }
    assert_ok(skm_entities_close(f.entities, &f.diags));
    assert_true(is_in(&f, numbered(&f, 0), numbered(&f, DEPTH)));
    assert_true(is_in(&f, numbered(&f, DEPTH - 1), numbered(&f, DEPTH)));
    assert_false(is_in(&f, numbered(&f, DEPTH / 2), numbered(&f, DEPTH / 2 - 1)));
    tear_down(&f);
}

static void test_wide_group_holds_all_its_members(void **state)
{
    (void)state;
    enum { WIDTH = 20000 };
    struct fixture f;
    set_up(&f);
    struct skm_uid group = uid_of("Group", "all");
    struct skm_uid top = uid_of("Group", "top");
    for (unsigned i = 0; i < WIDTH; i++) {
        assert_ok(add(&f, numbered(&f, i), &group, 1));
    }
    assert_ok(add(&f, group, &top, 1));
    assert_ok(skm_entities_close(f.entities, &f.diags));
    for (unsigned i = 0; i < WIDTH; i += 997) {
        assert_true(is_in(&f, numbered(&f, i), top));
        assert_false(is_in(&f, numbered(&f, i), numbered(&f, i + 1)));
    }
    tear_down(&f);
}

static void test_diamond_counts_the_top_once(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    struct skm_uid bottom = uid_of("N", "bottom");
    struct skm_uid sides[] = {uid_of("N", "left"), uid_of("N", "right")};
    struct skm_uid top = uid_of("N", "top");
    assert_ok(add(&f, bottom, sides, 2));
    assert_ok(add(&f, sides[0], &top, 1));
    assert_ok(add(&f, sides[1], &top, 1));
    assert_ok(skm_entities_close(f.entities, &f.diags));
    const struct skm_uid *uids = NULL;
    size_t count = 0;
    assert_ok(skm_entities_ancestors(f.entities, &bottom, &f.arena, &uids, &count));
    assert_int_equal(count, 3);
    assert_span_equal(uids[0].id, SKM_SPAN("left"));
    assert_span_equal(uids[1].id, SKM_SPAN("right"));
    assert_span_equal(uids[2].id, SKM_SPAN("top"));
    tear_down(&f);
}

/* ---- cycles ---- */

/* Entities 0 to length - 1, each in the next, the last in the first. */
static void add_cycle(struct fixture *f, unsigned length)
{
    for (unsigned i = 0; i < length; i++) {
        struct skm_uid parent = numbered(f, (i + 1) % length);
        assert_ok(add(f, numbered(f, i), &parent, 1));
    }
}

static void test_cycles_of_any_length_are_refused_and_the_open_chain_is_not(void **state)
{
    (void)state;
    static const unsigned lengths[] = {1, 2, 3, 17, 1000};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct fixture f;
        set_up(&f);
        add_cycle(&f, lengths[i]);
        assert_err(skm_entities_close(f.entities, &f.diags), INVALID);
        assert_int_equal(f.diags.errors, 1);
        tear_down(&f);

        set_up(&f);
        for (unsigned n = 0; n + 1 < lengths[i]; n++) {
            struct skm_uid parent = numbered(&f, n + 1);
            assert_ok(add(&f, numbered(&f, n), &parent, 1));
        }
        assert_ok(skm_entities_close(f.entities, &f.diags));
        tear_down(&f);
    }
}

static void test_cycle_is_named(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    add_cycle(&f, 1);
    assert_err(skm_entities_close(f.entities, &f.diags), INVALID);
    assert_true(contains(first_message(&f), "N::\"0\" -> N::\"0\""));
    tear_down(&f);

    set_up(&f);
    add_cycle(&f, 3);
    assert_err(skm_entities_close(f.entities, &f.diags), INVALID);
    skm_span message = first_message(&f);
    assert_true(contains(message, "N::\"0\" -> N::\"1\" -> N::\"2\" -> N::\"0\"") ||
                contains(message, "N::\"1\" -> N::\"2\" -> N::\"0\" -> N::\"1\"") ||
                contains(message, "N::\"2\" -> N::\"0\" -> N::\"1\" -> N::\"2\""));
    tear_down(&f);
}

static void test_long_cycle_is_named_in_short(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    add_cycle(&f, 1000);
    assert_err(skm_entities_close(f.entities, &f.diags), INVALID);
    assert_true(contains(first_message(&f), "more) -> "));
    assert_true(first_message(&f).len < 1000);
    tear_down(&f);
}

static void test_cycle_behind_shared_parents_is_found(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    struct skm_uid pair[] = {uid_of("N", "p"), uid_of("N", "q")};
    assert_ok(add(&f, uid_of("N", "a"), pair, 2));
    assert_ok(add(&f, uid_of("N", "b"), pair, 2));
    assert_ok(add(&f, pair[0], NULL, 0));
    struct skm_uid b = uid_of("N", "b");
    assert_ok(add(&f, pair[1], &b, 1));
    assert_err(skm_entities_close(f.entities, &f.diags), INVALID);
    tear_down(&f);
}

/* ---- against a model ---- */

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

enum { MODEL = 40 };

/* Warshall's closure of the parents. */
static void close_model(bool in[MODEL][MODEL])
{
    for (unsigned k = 0; k < MODEL; k++) {
        for (unsigned i = 0; i < MODEL; i++) {
            for (unsigned j = 0; j < MODEL; j++) {
                in[i][j] = in[i][j] || (in[i][k] && in[k][j]);
            }
        }
    }
}

/* Random parents; without `cycles` only to higher numbers. Some entities stay out of the store. */
static void add_random(struct fixture *f, uint32_t *seed, bool cycles, bool in[MODEL][MODEL])
{
    for (unsigned i = 0; i < MODEL; i++) {
        struct skm_uid parents[MODEL];
        size_t count = 0;
        if (next_random(seed) % 8 == 0) {
            continue;
        }
        for (unsigned j = 0; j < MODEL; j++) {
            if (next_random(seed) % 16 == 0 && (cycles || j > i)) {
                in[i][j] = true;
                parents[count++] = numbered(f, j);
            }
        }
        assert_ok(add(f, numbered(f, i), parents, count));
    }
}

static void test_closure_of_random_hierarchies_is_the_models(void **state)
{
    (void)state;
    uint32_t seed = 7;
    for (unsigned round = 0; round < 60; round++) {
        struct fixture f;
        bool in[MODEL][MODEL] = {{false}};
        set_up(&f);
        add_random(&f, &seed, false, in);
        close_model(in);
        assert_ok(skm_entities_close(f.entities, &f.diags));
        for (unsigned i = 0; i < MODEL; i++) {
            for (unsigned j = 0; j < MODEL; j++) {
                assert_int_equal(is_in(&f, numbered(&f, i), numbered(&f, j)), in[i][j]);
            }
        }
        tear_down(&f);
    }
}

static void test_random_graphs_are_refused_exactly_when_the_model_has_a_cycle(void **state)
{
    (void)state;
    uint32_t seed = 11;
    unsigned refused = 0;
    for (unsigned round = 0; round < 120; round++) {
        struct fixture f;
        bool in[MODEL][MODEL] = {{false}};
        bool cycle = false;
        set_up(&f);
        add_random(&f, &seed, round % 2 == 0, in);
        close_model(in);
        for (unsigned i = 0; i < MODEL; i++) {
            cycle = cycle || in[i][i];
        }
        skm_err err = skm_entities_close(f.entities, &f.diags);
        assert_int_equal(skm_is_err(err, SKM_E_INVALID), cycle);
        refused += cycle ? 1 : 0;
        tear_down(&f);
    }
    assert_in_range(refused, 10, 110);
}

/* ---- attributes, tags, duplicates ---- */

static struct skm_value record_of(struct fixture *f, const char *key, struct skm_value value)
{
    struct skm_value_field *fields = SKM_ARENA_NEW_ARRAY(&f->arena, struct skm_value_field, 2);
    struct skm_value record = {0};
    fields[0] = (struct skm_value_field){skm_span_cstr(key), value};
    fields[1] = (struct skm_value_field){SKM_SPAN("zz"), skm_value_bool(true)};
    assert_ok(skm_value_record_build(&f->arena, fields, 2, &record));
    return record;
}

static void test_attributes_and_tags_are_apart(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    struct skm_uid a = uid_of("User", "a");
    struct skm_value attrs = record_of(&f, "level", skm_value_long(3));
    struct skm_value tags = record_of(&f, "team", skm_value_string(SKM_SPAN("red")));
    struct skm_entity entity = {.uid = a, .attrs = attrs.as.record, .tags = tags.as.record};
    assert_ok(skm_entities_add(f.entities, &entity));
    assert_ok(skm_entities_close(f.entities, &f.diags));
    const struct skm_entity_view *view = skm_entities_view(f.entities);
    struct skm_value value = {0};
    struct skm_uid other = uid_of("User", "b");
    assert_int_equal(view->ops->attr(view, &a, SKM_SPAN("level"), &value), SKM_ENTITY_FOUND);
    assert_int_equal(value.as.integer, 3);
    assert_int_equal(view->ops->tag(view, &a, SKM_SPAN("team"), &value), SKM_ENTITY_FOUND);
    assert_span_equal(value.as.string, SKM_SPAN("red"));
    assert_int_equal(view->ops->attr(view, &a, SKM_SPAN("team"), &value), SKM_ENTITY_NO_KEY);
    assert_int_equal(view->ops->tag(view, &a, SKM_SPAN("level"), &value), SKM_ENTITY_NO_KEY);
    assert_int_equal(view->ops->attr(view, &other, SKM_SPAN("level"), &value), SKM_ENTITY_MISSING);
    assert_int_equal(view->ops->tag(view, &other, SKM_SPAN("team"), &value), SKM_ENTITY_MISSING);
    tear_down(&f);
}

/* One value of each kind, nested. */
static struct skm_value all_kinds(struct fixture *f)
{
    struct skm_ip *ip = SKM_ARENA_NEW(&f->arena, struct skm_ip);
    struct skm_uid *uid = SKM_ARENA_NEW(&f->arena, struct skm_uid);
    *ip = (struct skm_ip){.prefix = 8, .bytes = {10, 1, 2, 3}};
    *uid = uid_of("User", "referred");
    struct skm_value *items = SKM_ARENA_NEW_ARRAY(&f->arena, struct skm_value, 8);
    items[0] = skm_value_bool(true);
    items[1] = skm_value_long(INT64_MIN);
    items[2] = skm_value_string(SKM_SPAN("text"));
    items[3] = skm_value_entity(uid);
    items[4] = (struct skm_value){.kind = SKM_VALUE_IPADDR, .as.ip = ip};
    items[5] = (struct skm_value){.kind = SKM_VALUE_DECIMAL, .as.integer = -5};
    items[6] = (struct skm_value){.kind = SKM_VALUE_DATETIME, .as.integer = 7};
    items[7] =
        record_of(f, "inner", (struct skm_value){.kind = SKM_VALUE_DURATION, .as.integer = 9});
    struct skm_value set = {0};
    assert_ok(skm_value_set_build(&f->arena, items, 8, &set));
    return set;
}

static void test_values_of_all_kinds_come_back_equal(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    struct skm_value set = all_kinds(&f);
    struct skm_value attrs = record_of(&f, "all", set);
    struct skm_uid parents[] = {uid_of("Z", "2"), uid_of("A", "1"), uid_of("Z", "2")};
    struct skm_entity entity = {.uid = uid_of("User", "a"),
                                .attrs = attrs.as.record,
                                .parents = parents,
                                .parent_count = 3};
    assert_ok(skm_entities_add(f.entities, &entity));
    for (size_t i = 0; i < set.as.set->count; i++) {
        struct skm_value one = record_of(&f, "one", set.as.set->items[i]);
        struct skm_entity single = {.uid = numbered(&f, (unsigned)i), .attrs = one.as.record};
        assert_ok(skm_entities_add(f.entities, &single));
        struct skm_entity back;
        assert_ok(skm_entities_get(f.entities, &single.uid, &f.arena, &back));
        assert_true(skm_value_equal(&back.attrs->fields[0].value, &set.as.set->items[i]));
    }
    struct skm_entity back;
    assert_ok(skm_entities_get(f.entities, &entity.uid, &f.arena, &back));
    struct skm_value got = {.kind = SKM_VALUE_RECORD, .as.record = back.attrs};
    assert_true(skm_value_equal(&got, &attrs));
    assert_int_equal(back.tags->count, 0);
    assert_int_equal(back.parent_count, 2);
    assert_span_equal(back.parents[0].type, SKM_SPAN("A"));
    assert_err(skm_entities_get(f.entities, &parents[0], &f.arena, &back), NOT_FOUND);
    tear_down(&f);
}

/* The store keeps nothing of what it was given. */
static void test_store_copies_what_it_is_given(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    char id[] = "alice";
    char text[] = "secret";
    char key[] = "key";
    struct skm_value_field field = {{key, 3}, skm_value_string((skm_span){text, 6})};
    struct skm_value_record record = {&field, 1};
    struct skm_entity entity = {.uid = {SKM_SPAN("User"), {id, 5}}, .attrs = &record};
    assert_ok(skm_entities_add(f.entities, &entity));
    memset(id, 'x', 5);
    memset(text, 'x', 6);
    memset(key, 'x', 3);
    assert_ok(skm_entities_close(f.entities, &f.diags));
    const struct skm_entity_view *view = skm_entities_view(f.entities);
    struct skm_uid alice = uid_of("User", "alice");
    struct skm_value value = {0};
    assert_int_equal(view->ops->attr(view, &alice, SKM_SPAN("key"), &value), SKM_ENTITY_FOUND);
    assert_span_equal(value.as.string, SKM_SPAN("secret"));
    tear_down(&f);
}

static void test_identical_duplicate_is_accepted_and_any_difference_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    struct skm_uid parents[] = {uid_of("G", "1"), uid_of("G", "2")};
    struct skm_uid swapped[] = {parents[1], parents[0], parents[1]};
    struct skm_value attrs = record_of(&f, "a", skm_value_long(1));
    struct skm_value other = record_of(&f, "a", skm_value_long(2));
    struct skm_value other_key = record_of(&f, "b", skm_value_long(1));
    struct skm_entity entity = {.uid = uid_of("User", "a"),
                                .attrs = attrs.as.record,
                                .tags = attrs.as.record,
                                .parents = parents,
                                .parent_count = 2};
    assert_ok(skm_entities_add(f.entities, &entity));
    assert_ok(skm_entities_add(f.entities, &entity));
    struct skm_entity changed = entity;
    changed.parents = swapped;
    changed.parent_count = 3;
    assert_ok(skm_entities_add(f.entities, &changed));
    assert_int_equal(skm_entities_count(f.entities), 1);

    changed = entity;
    changed.parent_count = 1;
    assert_err(skm_entities_add(f.entities, &changed), DUPLICATE);
    changed = entity;
    changed.attrs = other.as.record;
    assert_err(skm_entities_add(f.entities, &changed), DUPLICATE);
    changed = entity;
    changed.attrs = other_key.as.record;
    assert_err(skm_entities_add(f.entities, &changed), DUPLICATE);
    changed = entity;
    changed.tags = other.as.record;
    assert_err(skm_entities_add(f.entities, &changed), DUPLICATE);
    changed = entity;
    changed.tags = NULL;
    assert_err(skm_entities_add(f.entities, &changed), DUPLICATE);
    assert_int_equal(skm_entities_count(f.entities), 1);
    tear_down(&f);
}

static void test_uids_keep_their_order(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    for (unsigned i = 0; i < 600; i++) {
        struct skm_uid parent = numbered(&f, 599 - i);
        assert_ok(add(&f, numbered(&f, i), i < 300 ? &parent : NULL, i < 300 ? 1 : 0));
    }
    for (unsigned i = 0; i < 600; i++) {
        assert_span_equal(skm_entities_uid_at(f.entities, i)->id, numbered(&f, i).id);
    }
    tear_down(&f);
}

static void test_store_grows_again_after_close(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    struct skm_uid a = uid_of("N", "a");
    struct skm_uid b = uid_of("N", "b");
    struct skm_uid c = uid_of("N", "c");
    assert_ok(add(&f, a, &b, 1));
    assert_ok(skm_entities_close(f.entities, &f.diags));
    assert_false(is_in(&f, a, c));
    assert_ok(add(&f, b, &c, 1));
    assert_ok(skm_entities_close(f.entities, &f.diags));
    assert_true(is_in(&f, a, c));
    tear_down(&f);
}

/* Every allocation fails once, at each place. */
static skm_err build_small(struct fixture *f)
{
    struct skm_uid parents[] = {uid_of("G", "1"), uid_of("G", "2")};
    struct skm_uid top = uid_of("G", "top");
    struct skm_entity entity = {.uid = uid_of("User", "a"), .parents = parents, .parent_count = 2};
    struct skm_entity group = {.uid = parents[0], .parents = &top, .parent_count = 1};
    SKM_TRY(skm_entities_new(&f->arena, &f->entities));
    SKM_TRY(skm_entities_add(f->entities, &entity));
    SKM_TRY(skm_entities_add(f->entities, &group));
    return skm_entities_close(f->entities, &f->diags);
}

static void test_failing_allocation_is_an_error_at_every_place(void **state)
{
    (void)state;
    size_t failures = 0;
    for (size_t n = 0; n < 1000; n++) {
        struct fixture f = {0};
        skm_arena_init(&f.arena, QUOTA);
        skm_diags_init(&f.diags, &f.arena, 50);
        skm_mem_fail_after(n);
        skm_err err = build_small(&f);
        skm_mem_fail_after(SIZE_MAX);
        tear_down(&f);
        if (skm_is_ok(err)) {
            break;
        }
        assert_int_equal(err.code, SKM_E_MEMORY);
        failures++;
    }
    assert_in_range(failures, 5, 500);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_ancestors_are_transitive_and_proper),
    cmocka_unit_test(test_parent_outside_the_store_is_an_ancestor_and_does_not_exist),
    cmocka_unit_test(test_same_id_of_another_type_is_another_entity),
    cmocka_unit_test(test_id_may_hold_nul),
    cmocka_unit_test(test_deep_chain_reaches_its_end),
    cmocka_unit_test(test_wide_group_holds_all_its_members),
    cmocka_unit_test(test_diamond_counts_the_top_once),
    cmocka_unit_test(test_cycles_of_any_length_are_refused_and_the_open_chain_is_not),
    cmocka_unit_test(test_cycle_is_named),
    cmocka_unit_test(test_long_cycle_is_named_in_short),
    cmocka_unit_test(test_cycle_behind_shared_parents_is_found),
    cmocka_unit_test(test_closure_of_random_hierarchies_is_the_models),
    cmocka_unit_test(test_random_graphs_are_refused_exactly_when_the_model_has_a_cycle),
    cmocka_unit_test(test_attributes_and_tags_are_apart),
    cmocka_unit_test(test_values_of_all_kinds_come_back_equal),
    cmocka_unit_test(test_store_copies_what_it_is_given),
    cmocka_unit_test(test_identical_duplicate_is_accepted_and_any_difference_is_refused),
    cmocka_unit_test(test_uids_keep_their_order),
    cmocka_unit_test(test_store_grows_again_after_close),
    cmocka_unit_test(test_failing_allocation_is_an_error_at_every_place),
};

SKM_TEST_MAIN(tests)
