/* Every policy of the conformance data parses, and comes back equal from the printer, the formatter and JSON.
 * Skipped where the data is not found: $SKM_CONFORMANCE, else ../shared/conformance. */
#include "unit/cedar/text_case.h"

#include <unistd.h>

#include "cedar/format.h"
#include "cedar/policy_json.h"
#include "cedar/print.h"

#define POLICIES_MIN 3961

static bool read_command(const char *command, struct skm_buf *out)
{
    FILE *pipe = popen(command, "r");
    if (pipe == NULL) {
        return false;
    }
    char *room = NULL;
    size_t got = 1;
    while (got != 0 && (room = skm_buf_reserve(out, 1u << 16)) != NULL) {
        got = fread(room, 1, 1u << 16, pipe);
        skm_buf_commit(out, got);
    }
    return pclose(pipe) == 0 && skm_is_ok(skm_buf_check(out));
}

/* All policy texts one after the other: policies end by themselves. */
static bool read_corpus(struct skm_buf *out)
{
    const char *folder = getenv("SKM_CONFORMANCE");
    char path[4096];
    char command[8192];
    folder = folder == NULL ? "../shared/conformance" : folder;
    (void)snprintf(path, sizeof path, "%s/cedar/corpus/corpus-dev.tar.gz", folder);
    if (access(path, R_OK) != 0) {
        return false;
    }
    (void)snprintf(
        command, sizeof command,
        "tar -xzOf '%s' --wildcards '*.cedar' && find '%s/cedar/tests' -name '*.cedar' -exec cat {} +",
        path, folder);
    return read_command(command, out);
}

static skm_err parse_again(struct text_case *t, struct skm_buf *text,
                           struct skm_policy_list *out_policies)
{
    struct skm_source source = {.text = skm_buf_span(text)};
    return skm_parse_policies(&t->arena, &source, 0, &t->diags, out_policies);
}

static void check_same_lists(const struct skm_policy_list *a, const struct skm_policy_list *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_true(same_policy(&a->items[i], &b->items[i]));
    }
}

static void check_json(const struct skm_policy *policy)
{
    struct text_case t;
    struct skm_policy back = {.id = {NULL, 0}};
    text_case_init(&t, (skm_span){NULL, 0});
    skm_policy_json_write(policy, &t.out);
    t.source.text = skm_buf_span(&t.out);
    assert_ok(skm_policy_json_read(&t.arena, &t.source, policy->id, &t.diags, &back));
    assert_true(same_policy(policy, &back));
    text_case_fini(&t);
}

static void test_the_corpus_comes_back_equal(void **state)
{
    (void)state;
    struct skm_buf corpus;
    skm_buf_init(&corpus, 1u << 28);
    if (!read_corpus(&corpus)) {
        printf("SKIPPED: no conformance data\n");
        skm_buf_fini(&corpus);
        skip();
    }
    struct text_case t;
    struct skm_policy_list policies = {0};
    struct skm_policy_list again = {0};
    text_case_init(&t, skm_buf_span(&corpus));
    if (!skm_is_ok(skm_parse_policies(&t.arena, &t.source, 0, &t.diags, &policies))) {
        fail_with_messages(&t);
    }
    assert_true(policies.count >= POLICIES_MIN);
    for (size_t i = 0; i < policies.count; i++) {
        skm_print_policy_flat(&policies.items[i], &t.out);
        check_json(&policies.items[i]);
    }
    assert_ok(parse_again(&t, &t.out, &again));
    check_same_lists(&policies, &again);
    for (size_t width = 20; width <= 100; width += 40) {
        struct skm_buf formatted;
        skm_buf_init(&formatted, 1u << 28);
        assert_ok(skm_format_policies(&t.source, width, &t.diags, &formatted));
        assert_ok(parse_again(&t, &formatted, &again));
        check_same_lists(&policies, &again);
        skm_buf_fini(&formatted);
    }
    text_case_fini(&t);
    skm_buf_fini(&corpus);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_the_corpus_comes_back_equal),
};

SKM_TEST_MAIN(tests)
