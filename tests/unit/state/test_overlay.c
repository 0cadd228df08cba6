#include "harness/test.h"

#include "base/span.h"
#include "cedar/entity_view.h"
#include "state/overlay.h"

static const struct skm_uid alice = {{"User", 4}, {"alice", 5}};
static const struct skm_uid bob = {{"User", 4}, {"bob", 3}};
static const struct skm_uid staff = {{"Group", 5}, {"staff", 5}};

/* A store with one entity: alice, role "user", level 1, tag "t", in Group::"staff". */
static bool store_exists(const struct skm_entity_view *view, const struct skm_uid *uid)
{
    (void)view;
    return skm_uid_equal(uid, &alice);
}

static enum skm_entity_find store_attr(const struct skm_entity_view *view,
                                       const struct skm_uid *uid, skm_span name,
                                       struct skm_value *out_value)
{
    if (!store_exists(view, uid)) {
        return SKM_ENTITY_MISSING;
    }
    if (skm_span_equal(name, SKM_SPAN("role"))) {
        *out_value = skm_value_string(SKM_SPAN("user"));
        return SKM_ENTITY_FOUND;
    }
    if (skm_span_equal(name, SKM_SPAN("level"))) {
        *out_value = skm_value_long(1);
        return SKM_ENTITY_FOUND;
    }
    return SKM_ENTITY_NO_KEY;
}

static enum skm_entity_find store_tag(const struct skm_entity_view *view, const struct skm_uid *uid,
                                      skm_span name, struct skm_value *out_value)
{
    if (!store_exists(view, uid)) {
        return SKM_ENTITY_MISSING;
    }
    if (!skm_span_equal(name, SKM_SPAN("t"))) {
        return SKM_ENTITY_NO_KEY;
    }
    *out_value = skm_value_bool(true);
    return SKM_ENTITY_FOUND;
}

static bool store_has_ancestor(const struct skm_entity_view *view, const struct skm_uid *uid,
                               const struct skm_uid *ancestor)
{
    return store_exists(view, uid) && skm_uid_equal(ancestor, &staff);
}

static const struct skm_entity_view_ops store_ops = {store_exists, store_attr, store_tag,
                                                     store_has_ancestor};
static const struct skm_entity_view store = {&store_ops};

static const struct skm_value_field admin_fields[] = {
    {{"role", 4}, {.kind = SKM_VALUE_STRING, .as.string = {"admin", 5}}}};
static const struct skm_value_record admin = {admin_fields, 1};
static const struct skm_value_record nothing = {NULL, 0};

static enum skm_entity_find attr(const struct skm_overlay *overlay, const struct skm_uid *uid,
                                 const char *name, struct skm_value *out)
{
    return overlay->view.ops->attr(&overlay->view, uid, skm_span_cstr(name), out);
}

static void test_sent_attribute_wins_and_others_stay(void **state)
{
    (void)state;
    struct skm_overlay overlay;
    struct skm_value value;
    skm_overlay_init(&overlay, &store);
    assert_int_equal(attr(&overlay, &alice, "role", &value), SKM_ENTITY_FOUND);
    assert_span_equal(value.as.string, SKM_SPAN("user"));
    assert_ok(skm_overlay_add(&overlay, &alice, &admin));
    assert_int_equal(attr(&overlay, &alice, "role", &value), SKM_ENTITY_FOUND);
    assert_span_equal(value.as.string, SKM_SPAN("admin"));
    assert_int_equal(attr(&overlay, &alice, "level", &value), SKM_ENTITY_FOUND);
    assert_int_equal(value.as.integer, 1);
    assert_int_equal(attr(&overlay, &alice, "other", &value), SKM_ENTITY_NO_KEY);
}

static void test_what_was_sent_about_one_entity_does_not_reach_another(void **state)
{
    (void)state;
    struct skm_overlay overlay;
    struct skm_value value;
    skm_overlay_init(&overlay, &store);
    assert_ok(skm_overlay_add(&overlay, &bob, &admin));
    assert_int_equal(attr(&overlay, &alice, "role", &value), SKM_ENTITY_FOUND);
    assert_span_equal(value.as.string, SKM_SPAN("user"));
}

static void test_entity_outside_the_store_exists_from_what_was_sent(void **state)
{
    (void)state;
    struct skm_overlay overlay;
    struct skm_value value;
    skm_overlay_init(&overlay, &store);
    assert_false(overlay.view.ops->exists(&overlay.view, &bob));
    assert_int_equal(attr(&overlay, &bob, "role", &value), SKM_ENTITY_MISSING);
    assert_ok(skm_overlay_add(&overlay, &bob, &admin));
    assert_true(overlay.view.ops->exists(&overlay.view, &bob));
    assert_int_equal(attr(&overlay, &bob, "role", &value), SKM_ENTITY_FOUND);
    assert_int_equal(attr(&overlay, &bob, "level", &value), SKM_ENTITY_NO_KEY);
    assert_int_equal(overlay.view.ops->tag(&overlay.view, &bob, SKM_SPAN("t"), &value),
                     SKM_ENTITY_NO_KEY);
}

static void test_nothing_sent_changes_nothing(void **state)
{
    (void)state;
    struct skm_overlay overlay;
    skm_overlay_init(&overlay, &store);
    assert_ok(skm_overlay_add(&overlay, &bob, NULL));
    assert_false(overlay.view.ops->exists(&overlay.view, &bob));
    assert_ok(skm_overlay_add(&overlay, &bob, &nothing));
    assert_true(overlay.view.ops->exists(&overlay.view, &bob));
}

static void test_ancestors_and_tags_are_the_stores(void **state)
{
    (void)state;
    struct skm_overlay overlay;
    struct skm_value value;
    skm_overlay_init(&overlay, &store);
    assert_ok(skm_overlay_add(&overlay, &alice, &admin));
    assert_ok(skm_overlay_add(&overlay, &bob, &admin));
    assert_true(overlay.view.ops->has_ancestor(&overlay.view, &alice, &staff));
    assert_false(overlay.view.ops->has_ancestor(&overlay.view, &bob, &staff));
    assert_int_equal(overlay.view.ops->tag(&overlay.view, &alice, SKM_SPAN("t"), &value),
                     SKM_ENTITY_FOUND);
    assert_int_equal(overlay.view.ops->tag(&overlay.view, &alice, SKM_SPAN("role"), &value),
                     SKM_ENTITY_NO_KEY);
}

static void test_two_values_for_one_attribute_are_refused(void **state)
{
    (void)state;
    static const struct skm_value_field user_fields[] = {
        {{"role", 4}, {.kind = SKM_VALUE_STRING, .as.string = {"user", 4}}}};
    static const struct skm_value_field level_fields[] = {
        {{"level", 5}, {.kind = SKM_VALUE_LONG, .as.integer = 9}}};
    static const struct skm_value_record user = {user_fields, 1};
    static const struct skm_value_record level = {level_fields, 1};
    struct skm_overlay overlay;
    struct skm_value value;
    skm_overlay_init(&overlay, &store);
    assert_ok(skm_overlay_add(&overlay, &alice, &admin));
    assert_err(skm_overlay_add(&overlay, &alice, &user), DUPLICATE);
    assert_ok(skm_overlay_add(&overlay, &alice, &admin));
    assert_ok(skm_overlay_add(&overlay, &alice, &level));
    assert_int_equal(attr(&overlay, &alice, "level", &value), SKM_ENTITY_FOUND);
    assert_int_equal(value.as.integer, 9);
    assert_err(skm_overlay_add(&overlay, &bob, &user), COUNT);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_sent_attribute_wins_and_others_stay),
    cmocka_unit_test(test_what_was_sent_about_one_entity_does_not_reach_another),
    cmocka_unit_test(test_entity_outside_the_store_exists_from_what_was_sent),
    cmocka_unit_test(test_nothing_sent_changes_nothing),
    cmocka_unit_test(test_ancestors_and_tags_are_the_stores),
    cmocka_unit_test(test_two_values_for_one_attribute_are_refused),
};

SKM_TEST_MAIN(tests)
