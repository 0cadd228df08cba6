/* Shared by the tests of evaluator, policy set and authorizer: a small world written as Cedar text, and expressions
 * evaluated in it.
 *
 *     User::"alice" in Group::"staff" in Group::"all"; User::"ghost" is in no store */
#pragma once

#include "harness/test.h"

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"
#include "cedar/eval.h"
#include "cedar/ext.h"
#include "cedar/parse.h"

static struct skm_arena arena;
static struct skm_diags diags;

static inline int set_up(void **state)
{
    (void)state;
    skm_arena_init(&arena, 64u << 20);
    skm_diags_init(&diags, &arena, 20);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    skm_arena_fini(&arena);
    return 0;
}

#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

/* ---- entities ---- */

struct entity {
    const char *uid;
    const char *attrs;  /* a record */
    const char *tags;   /* a record */
    const char *parent; /* NULL: none */
};

static const struct entity WORLD[] = {
    {"User::\"alice\"",
     "{name: \"Alice\", age: 30, manager: User::\"bob\", deputy: User::\"ghost\","
     " address: {city: \"Osaka\", zip: {code: 5}}, tags: [\"a\", \"b\"], \"\": 1, \"if\": 2}",
     "{role: \"admin\", level: 3, \"\": 4}", "Group::\"staff\""},
    {"User::\"bob\"", "{name: \"Bob\"}", "{}", "Group::\"guests\""},
    {"Group::\"staff\"", "{}", "{}", "Group::\"all\""},
    {"Group::\"guests\"", "{}", "{}", "Group::\"all\""},
    {"Group::\"all\"", "{}", "{}", NULL},
    {"Action::\"view\"", "{}", "{}", "Action::\"read\""},
    {"Action::\"read\"", "{}", "{}", NULL},
    {"App::User::\"alice\"", "{}", "{}", NULL},
    {"Doc::\"plan\"", "{owner: User::\"alice\", size: 7}", "{}", "Folder::\"work\""},
};

#define WORLD_COUNT (sizeof WORLD / sizeof WORLD[0])

static inline const struct skm_expr *parsed(const char *text)
{
    struct skm_source *source = SKM_ARENA_NEW(&arena, struct skm_source);
    assert_non_null(source);
    source->text = skm_span_cstr(text);
    const struct skm_expr *expr = NULL;
    if (!skm_is_ok(skm_parse_expr(&arena, source, &diags, &expr))) {
        fail_msg("`%s` does not parse", text);
    }
    return expr;
}

static inline struct skm_uid uid_of(const char *text)
{
    struct skm_uid uid = {{0}, {0}};
    if (!skm_is_ok(skm_parse_uid(&arena, skm_span_cstr(text), &uid))) {
        fail_msg("`%s` is no uid", text);
    }
    return uid;
}

/* Parts that name no variable and no entity's content. */
static inline struct skm_value constant(const char *text)
{
    struct skm_request request = {.context = {.kind = SKM_VALUE_BOOL}};
    struct skm_value value = {.kind = SKM_VALUE_BOOL};
    struct skm_eval_error error = {.kind = SKM_EVAL_ERROR_NONE};
    assert_ok(
        skm_eval_expr(&arena, parsed(text), &request, skm_entity_view_empty(), &value, &error));
    return value;
}

static inline const struct entity *world_find(const struct skm_uid *uid)
{
    for (size_t i = 0; i < WORLD_COUNT; i++) {
        struct skm_uid candidate = uid_of(WORLD[i].uid);
        if (skm_uid_equal(&candidate, uid)) {
            return &WORLD[i];
        }
    }
    return NULL;
}

static inline bool world_exists(const struct skm_entity_view *view, const struct skm_uid *uid)
{
    (void)view;
    return world_find(uid) != NULL;
}

static inline enum skm_entity_find world_key(const char *record, skm_span name,
                                             struct skm_value *out_value)
{
    const struct skm_value *found = skm_value_record_get(constant(record).as.record, name);
    if (found == NULL) {
        return SKM_ENTITY_NO_KEY;
    }
    *out_value = *found;
    return SKM_ENTITY_FOUND;
}

static inline enum skm_entity_find world_attr(const struct skm_entity_view *view,
                                              const struct skm_uid *uid, skm_span name,
                                              struct skm_value *out_value)
{
    (void)view;
    const struct entity *entity = world_find(uid);
    return entity == NULL ? SKM_ENTITY_MISSING : world_key(entity->attrs, name, out_value);
}

static inline enum skm_entity_find world_tag(const struct skm_entity_view *view,
                                             const struct skm_uid *uid, skm_span name,
                                             struct skm_value *out_value)
{
    (void)view;
    const struct entity *entity = world_find(uid);
    return entity == NULL ? SKM_ENTITY_MISSING : world_key(entity->tags, name, out_value);
}

static inline bool world_has_ancestor(const struct skm_entity_view *view, const struct skm_uid *uid,
                                      const struct skm_uid *ancestor)
{
    (void)view;
    const struct entity *entity = world_find(uid);
    while (entity != NULL && entity->parent != NULL) {
        struct skm_uid parent = uid_of(entity->parent);
        if (skm_uid_equal(&parent, ancestor)) {
            return true;
        }
        entity = world_find(&parent);
    }
    return false;
}

static const struct skm_entity_view_ops WORLD_OPS = {
    .exists = world_exists,
    .attr = world_attr,
    .tag = world_tag,
    .has_ancestor = world_has_ancestor,
};
static const struct skm_entity_view WORLD_VIEW = {.ops = &WORLD_OPS};

/* alice views plan; the context is {n: 1, s: "x", flag: true, set: [1, 2]}. */
static inline struct skm_request request_of(const char *principal)
{
    return (struct skm_request){
        .principal = uid_of(principal),
        .action = uid_of("Action::\"view\""),
        .resource = uid_of("Doc::\"plan\""),
        .context = constant("{n: 1, s: \"x\", flag: true, set: [1, 2]}"),
    };
}

/* ---- checks ---- */

static inline void assert_evaluates(const char *text, const char *expected)
{
    struct skm_request request = request_of("User::\"alice\"");
    struct skm_value value = {.kind = SKM_VALUE_BOOL};
    struct skm_eval_error error = {.kind = SKM_EVAL_ERROR_NONE};
    skm_err err = skm_eval_expr(&arena, parsed(text), &request, &WORLD_VIEW, &value, &error);
    struct skm_buf buf;
    skm_buf_init(&buf, 1u << 16);
    if (skm_is_ok(err)) {
        skm_value_print(&value, &buf);
    } else {
        skm_eval_error_print(&error, NULL, &buf);
    }
    assert_ok(skm_buf_check(&buf));
    if (!skm_is_ok(err) || !skm_span_equal(skm_buf_span(&buf), skm_span_cstr(expected))) {
        print_error("`%s` gives `%.*s`, not `%s`\n", text, SKM_SPAN_ARG(skm_buf_span(&buf)),
                    expected);
        fail();
    }
    skm_buf_fini(&buf);
}

/* Evaluating `text` fails in the way told; `message` is the whole message. */
static inline void assert_fails(const char *text, enum skm_eval_error_kind kind,
                                const char *message)
{
    struct skm_request request = request_of("User::\"alice\"");
    struct skm_value value = skm_value_long(77);
    struct skm_eval_error error = {.kind = SKM_EVAL_ERROR_NONE};
    struct skm_source source = {.text = skm_span_cstr(text)};
    skm_err err = skm_eval_expr(&arena, parsed(text), &request, &WORLD_VIEW, &value, &error);
    if (!skm_is_err(err, SKM_E_INVALID) || error.kind != kind) {
        print_error("`%s`: code %u, error %d instead of %d\n", text, err.code, (int)error.kind,
                    (int)kind);
        fail();
    }
    assert_int_equal(value.as.integer, 77);
    struct skm_buf buf;
    skm_buf_init(&buf, 1u << 16);
    skm_eval_error_print(&error, &source, &buf);
    assert_ok(skm_buf_check(&buf));
    assert_span_equal(skm_buf_span(&buf), skm_span_cstr(message));
    skm_buf_fini(&buf);
}
