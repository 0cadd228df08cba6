#include "harness/test.h"

#include "base/mem.h"
#include "unit/cedar/policy_case.h"

#define TEMPLATE_BOTH "permit(principal == ?principal, action, resource in ?resource);"
#define TEMPLATE_ONE  "permit(principal in ?principal, action, resource);"

static void assert_ids(const struct skm_policy_set *set, size_t count, const char *const *ids)
{
    assert_int_equal(set->instances.len, count);
    for (size_t i = 0; i < count; i++) {
        assert_span_equal(set->instances.items[i].id, skm_span_cstr(ids[i]));
    }
}

static void test_policies_are_numbered_in_file_order_templates_included(void **state)
{
    (void)state;
    struct skm_policy_set set;
    skm_policy_set_init(&set, &arena);
    add_policies(&set,
                 "permit(principal, action, resource);\n" TEMPLATE_ONE
                 "\n@id(\"named\") forbid(principal, action, resource);",
                 SKM_POLICY_NAMING_NUMBER);
    assert_ids(&set, 2, (const char *const[]){"policy0", "policy2"});
    assert_int_equal(set.templates.len, 1);
    assert_span_equal(set.templates.items[0]->id, SKM_SPAN("policy1"));
    skm_policy_set_fini(&set);
}

static void test_annotation_gives_the_id_when_asked_for(void **state)
{
    (void)state;
    struct skm_policy_set set;
    skm_policy_set_init(&set, &arena);
    add_policies(&set,
                 "permit(principal, action, resource);\n"
                 "@id(\"named\") forbid(principal, action, resource);\n"
                 "@id(\"T\")" TEMPLATE_ONE,
                 SKM_POLICY_NAMING_ANNOTATION);
    assert_ids(&set, 2, (const char *const[]){"policy0", "named"});
    assert_span_equal(set.instances.items[1].policy->id, SKM_SPAN("named"));
    assert_span_equal(set.templates.items[0]->id, SKM_SPAN("T"));
    skm_policy_set_fini(&set);
}

static void test_clash_of_ids_is_refused_and_shown(void **state)
{
    (void)state;
    struct skm_policy_set set;
    skm_policy_set_init(&set, &arena);
    struct skm_policy_list list =
        policies_of("permit(principal, action, resource);\n"
                    "@id(\"policy0\") permit(principal, action, resource);\n"
                    "@id(\"a\") permit(principal, action, resource);\n"
                    "@id(\"a\") " TEMPLATE_ONE);
    assert_err(skm_policy_set_add(&set, &list, SKM_POLICY_NAMING_ANNOTATION, &diags), INVALID);
    assert_messages("test:2:1: error: policy id `policy0` is taken by another policy\n"
                    "test:1:1: note: `policy0` is first used here\n"
                    "test:4:1: error: policy id `a` is taken by another policy\n"
                    "test:3:1: note: `a` is first used here\n");
    skm_policy_set_fini(&set);
}

static void test_link_fills_the_slots(void **state)
{
    (void)state;
    struct skm_policy_set set;
    skm_policy_set_init(&set, &arena);
    add_policies(&set, "@id(\"T\") @note(\"n\") " TEMPLATE_BOTH, SKM_POLICY_NAMING_ANNOTATION);
    struct skm_uid alice = uid_of("User::\"alice\"");
    struct skm_uid work = uid_of("Folder::\"work\"");
    struct skm_link link = {SKM_SPAN("T"), SKM_SPAN("L"), &alice, &work};
    assert_ok(skm_policy_set_link(&set, &link, &diags));
    assert_ids(&set, 1, (const char *const[]){"L"});
    const struct skm_policy_instance *instance = &set.instances.items[0];
    assert_ptr_equal(instance->policy, set.templates.items[0]);
    assert_true(skm_uid_equal(&instance->principal, &alice));
    assert_true(skm_uid_equal(&instance->resource, &work));
    assert_ptr_not_equal(instance->principal.id.ptr, alice.id.ptr);
    skm_policy_set_fini(&set);
}

static void test_link_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct skm_policy_set set;
    skm_policy_set_init(&set, &arena);
    add_policies(&set,
                 "@id(\"both\") " TEMPLATE_BOTH "@id(\"one\") " TEMPLATE_ONE
                 "@id(\"static\") permit(principal, action, resource);",
                 SKM_POLICY_NAMING_ANNOTATION);
    struct skm_uid uid = uid_of("User::\"alice\"");
    struct skm_link good = {SKM_SPAN("one"), SKM_SPAN("link"), &uid, NULL};
    assert_ok(skm_policy_set_link(&set, &good, &diags));
    static const struct {
        const char *template_id;
        const char *new_id;
        bool principal;
        bool resource;
        const char *message;
    } ROWS[] = {
        {"nothing like it", "x", true, true, "error: no template `nothing like it`\n"},
        {"bot", "x", true, true, "error: no template `bot` [did you mean `both`?]\n"},
        {"static", "x", true, true, "error: `static` is a policy, not a template\n"},
        {"link", "x", true, true, "error: `link` is a link, not a template\n"},
        {"both", "x", true, false,
         "error: the link gives no value for slot `?resource` of template `both`\n"},
        {"both", "x", false, true,
         "error: the link gives no value for slot `?principal` of template `both`\n"},
        {"one", "x", false, false,
         "error: the link gives no value for slot `?principal` of template `one`\n"},
        {"one", "x", true, true,
         "error: the link gives a value for slot `?resource`, which template `one` does not have\n"},
        {"one", "static", true, false, "error: policy id `static` is taken by another policy\n"},
        {"one", "both", true, false, "error: policy id `both` is taken by another template\n"},
        {"one", "link", true, false, "error: policy id `link` is taken by another link\n"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct skm_link link = {skm_span_cstr(ROWS[i].template_id), skm_span_cstr(ROWS[i].new_id),
                                ROWS[i].principal ? &uid : NULL, ROWS[i].resource ? &uid : NULL};
        assert_err(skm_policy_set_link(&set, &link, &diags), INVALID);
        const struct skm_diag *first = diags.first;
        assert_non_null(first);
        char line[256];
        int len = snprintf(line, sizeof line, "error: %.*s", SKM_SPAN_ARG(first->message));
        if (first->help.len > 0) {
            len += snprintf(line + len, sizeof line - (size_t)len, " [%.*s]",
                            SKM_SPAN_ARG(first->help));
        }
        (void)snprintf(line + len, sizeof line - (size_t)len, "\n");
        assert_string_equal(line, ROWS[i].message);
        skm_diags_init(&diags, &arena, 20);
    }
    assert_int_equal(set.instances.len, 2);
    skm_policy_set_fini(&set);
}

static void test_policies_added_after_a_link_keep_off_its_id(void **state)
{
    (void)state;
    struct skm_policy_set set;
    skm_policy_set_init(&set, &arena);
    add_policies(&set, TEMPLATE_ONE, SKM_POLICY_NAMING_NUMBER);
    struct skm_uid uid = uid_of("User::\"alice\"");
    struct skm_link link = {SKM_SPAN("policy0"), SKM_SPAN("mine"), &uid, NULL};
    assert_ok(skm_policy_set_link(&set, &link, &diags));
    struct skm_policy_list list = policies_of("@id(\"mine\") permit(principal, action, resource);");
    assert_err(skm_policy_set_add(&set, &list, SKM_POLICY_NAMING_ANNOTATION, &diags), INVALID);
    assert_messages("test:1:1: error: policy id `mine` is taken by another link\n");
    skm_policy_set_fini(&set);
}

/* ---- links as JSON ---- */

#define LINKS_TEMPLATES "@id(\"both\") " TEMPLATE_BOTH "@id(\"one\") " TEMPLATE_ONE

static void test_links_are_read_from_json(void **state)
{
    (void)state;
    struct skm_policy_set set;
    skm_policy_set_init(&set, &arena);
    add_policies(&set, LINKS_TEMPLATES, SKM_POLICY_NAMING_ANNOTATION);
    assert_ok(skm_policy_set_link_json(
        &set,
        source_of(
            "[{\"templateId\":\"both\",\"newId\":\"l\\u0031\",\"args\":"
            "{\"?principal\":\"User::\\\"alice\\\"\",\"?resource\":\"A::B::\\\"\\\\u{31}\\\"\"}},"
            "{\"args\":{\"?principal\":\"User::\\\"bob\\\"\"},\"newId\":\"l2\",\"templateId\":\"one\"}]"),
        &diags));
    assert_ids(&set, 2, (const char *const[]){"l1", "l2"});
    assert_span_equal(set.instances.items[0].resource.type, SKM_SPAN("A::B"));
    /* The uid is Cedar text: its escapes are Cedar's. */
    assert_span_equal(set.instances.items[0].resource.id, SKM_SPAN("1"));
    assert_span_equal(set.instances.items[1].principal.id, SKM_SPAN("bob"));
    assert_ok(skm_policy_set_link_json(&set, source_of(" [ ] "), &diags));
    assert_int_equal(set.instances.len, 2);
    skm_policy_set_fini(&set);
}

static void test_links_that_cannot_be_made_are_all_reported(void **state)
{
    (void)state;
    struct skm_policy_set set;
    skm_policy_set_init(&set, &arena);
    add_policies(&set, LINKS_TEMPLATES, SKM_POLICY_NAMING_ANNOTATION);
    assert_err(
        skm_policy_set_link_json(
            &set,
            source_of(
                "[{\"templateId\":\"on\",\"newId\":\"a\",\"args\":{}},\n"
                "{\"templateId\":\"one\",\"newId\":\"b\",\"args\":{\"?principal\":\"alice\"}},\n"
                "{\"templateId\":\"one\",\"newId\":\"c\",\"args\":{\"?context\":[1],\"?principal\":\"U::\\\"a\\\"\"}},\n"
                "{\"templateId\":\"one\",\"args\":{},\"values\":{}},\n"
                "{\"newId\":\"d\"},\n"
                "{\"templateId\":\"one\",\"newId\":\"good\",\"args\":{\"?principal\":\"U::\\\"a\\\"\"}}]"),
            &diags),
        INVALID);
    assert_messages(
        "test:1:2: error: no template `on` [did you mean `one`?]\n"
        "test:2:54: error: `alice` is not an entity [write it as in a policy: `User::\\\"alice\\\"`]\n"
        "test:3:52: error: there is no slot `?context`\n"
        "test:4:40: error: a link has no key `values`\n"
        "test:4:1: error: the link has no `newId`\n"
        "test:5:1: error: the link has no `templateId`\n");
    assert_ids(&set, 1, (const char *const[]){"good"});
    skm_policy_set_fini(&set);
}

static void test_malformed_links_are_refused(void **state)
{
    (void)state;
    static const char *const REFUSED[] = {
        "",
        "{}",
        "[1]",
        "[{\"templateId\":1}]",
        "[{\"newId\":null}]",
        "[{\"args\":[]}]",
        "[{\"args\":{\"?principal\":{\"type\":\"U\",\"id\":\"a\"}}}]",
        "[{\"templateId\":\"one\",\"templateId\":\"one\"}]",
        "[]x",
        "[{\"templateId\":\"one\",\"newId\":\"a\",\"args\":{\"?principal\":\"U::\\\"a\\\"\"}}",
    };
    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++) {
        struct skm_policy_set set;
        skm_policy_set_init(&set, &arena);
        add_policies(&set, LINKS_TEMPLATES, SKM_POLICY_NAMING_ANNOTATION);
        assert_err(skm_policy_set_link_json(&set, source_of(REFUSED[i]), &diags), INVALID);
        assert_int_equal(diags.errors, 1);
        skm_diags_init(&diags, &arena, 20);
        skm_policy_set_fini(&set);
    }
}

static void test_every_failed_allocation_is_reported(void **state)
{
    (void)state;
    struct skm_policy_list list =
        policies_of("permit(principal, action, resource);" LINKS_TEMPLATES);
    const struct skm_source *links = source_of(
        "[{\"templateId\":\"both\",\"newId\":\"l\\u0031\",\"args\":"
        "{\"?principal\":\"User::\\\"alice\\\"\",\"?resource\":\"A::B::\\\"\\\\u{31}\\\"\"}}]");
    bool succeeded = false;
    for (size_t n = 0; !succeeded; n++) {
        struct skm_arena small;
        skm_arena_init(&small, 1u << 20);
        struct skm_policy_set set;
        skm_policy_set_init(&set, &small);
        skm_mem_fail_after(n);
        skm_err err = skm_policy_set_add(&set, &list, SKM_POLICY_NAMING_ANNOTATION, &diags);
        if (skm_is_ok(err)) {
            err = skm_policy_set_link_json(&set, links, &diags);
        }
        skm_mem_fail_after(SIZE_MAX);
        succeeded = skm_is_ok(err);
        if (!succeeded) {
            assert_int_equal(err.code, SKM_E_MEMORY);
        }
        skm_policy_set_fini(&set);
        skm_arena_fini(&small);
    }
    assert_int_equal(diags.errors, 0);
}

static const struct CMUnitTest tests[] = {
    WORLD_TEST(test_policies_are_numbered_in_file_order_templates_included),
    WORLD_TEST(test_annotation_gives_the_id_when_asked_for),
    WORLD_TEST(test_clash_of_ids_is_refused_and_shown),
    WORLD_TEST(test_link_fills_the_slots),
    WORLD_TEST(test_link_that_does_not_fit_is_refused),
    WORLD_TEST(test_policies_added_after_a_link_keep_off_its_id),
    WORLD_TEST(test_links_are_read_from_json),
    WORLD_TEST(test_links_that_cannot_be_made_are_all_reported),
    WORLD_TEST(test_malformed_links_are_refused),
    WORLD_TEST(test_every_failed_allocation_is_reported),
};

SKM_TEST_MAIN(tests)
