/* Policies in JSON: a policy, a policy set, and policy text by way of JSON.
 *
 * Nothing may crash, leak or run on. What is accepted is written as JSON that reads back as itself; policy text comes
 * back equal from JSON; a policy from JSON comes back from text, where it has one. */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/span.h"
#include "cedar/parse.h"
#include "cedar/policy_json.h"
#include "cedar/policy_set.h"
#include "cedar/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define QUOTA      ((size_t)256 << 20)
#define OUTPUT_MAX ((size_t)64 << 20)

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static bool same_conditions(const struct skm_policy *a, const struct skm_policy *b)
{
    bool same = a->condition_count == b->condition_count;
    for (size_t i = 0; same && i < a->condition_count; i++) {
        same = a->conditions[i].unless == b->conditions[i].unless &&
               skm_expr_equal(a->conditions[i].body, b->conditions[i].body);
    }
    return same;
}

/* What was written reads back, and is written the same. */
static void check_json(struct skm_arena *arena, const struct skm_policy *policy)
{
    struct skm_buf json;
    struct skm_buf again;
    struct skm_policy back;
    struct skm_diags diags;
    skm_diags_init(&diags, arena, 10);
    skm_buf_init(&json, OUTPUT_MAX);
    skm_buf_init(&again, OUTPUT_MAX);
    skm_policy_json_write(policy, &json);
    if (skm_is_ok(skm_buf_check(&json))) {
        struct skm_source source = {.text = skm_buf_span(&json)};
        require(skm_is_ok(skm_policy_json_read(arena, &source, policy->id, &diags, &back)));
        require(same_conditions(policy, &back));
        skm_policy_json_write(&back, &again);
        require(skm_span_equal(skm_buf_span(&again), source.text));
    }
    skm_buf_fini(&json);
    skm_buf_fini(&again);
}

/* The text of a policy parses, and what it becomes has the same text. (An extended `has` that no text can say is printed as
 * a conjunction, so that trees may differ.) */
static void check_text(struct skm_arena *arena, const struct skm_policy *policy)
{
    struct skm_buf text;
    struct skm_buf again;
    struct skm_policy_list policies;
    struct skm_diags diags;
    skm_diags_init(&diags, arena, 10);
    skm_buf_init(&text, OUTPUT_MAX);
    skm_buf_init(&again, OUTPUT_MAX);
    skm_print_policy(policy, &text);
    if (skm_is_ok(skm_buf_check(&text))) {
        struct skm_source source = {.text = skm_buf_span(&text)};
        require(skm_is_ok(skm_parse_policies(arena, &source, 0, &diags, &policies)));
        require(policies.count == 1);
        skm_print_policy(&policies.items[0], &again);
        require(skm_span_equal(skm_buf_span(&again), source.text));
    }
    skm_buf_fini(&text);
    skm_buf_fini(&again);
}

static void check_as_text(struct skm_arena *arena, const struct skm_source *source)
{
    struct skm_policy_list policies;
    struct skm_diags diags;
    skm_diags_init(&diags, arena, 10);
    if (!skm_is_ok(skm_parse_policies(arena, source, 0, &diags, &policies))) {
        return;
    }
    for (size_t i = 0; i < policies.count && i < 20; i++) {
        check_json(arena, &policies.items[i]);
    }
}

static void check_as_policy(struct skm_arena *arena, const struct skm_source *source)
{
    struct skm_policy policy;
    struct skm_diags diags;
    skm_diags_init(&diags, arena, 10);
    skm_err err = skm_policy_json_read(arena, source, SKM_SPAN("id"), &diags, &policy);
    require(skm_is_err(err, SKM_E_INVALID) == (diags.errors != 0));
    if (skm_is_ok(err)) {
        check_json(arena, &policy);
        check_text(arena, &policy);
    }
}

static void check_as_set(struct skm_arena *arena, const struct skm_source *source)
{
    struct skm_policy_set set;
    struct skm_policy_set back;
    struct skm_buf json;
    struct skm_buf again;
    struct skm_diags diags;
    skm_diags_init(&diags, arena, 10);
    skm_buf_init(&json, OUTPUT_MAX);
    skm_buf_init(&again, OUTPUT_MAX);
    skm_policy_set_init(&set, arena);
    skm_policy_set_init(&back, arena);
    if (skm_is_ok(skm_policy_json_read_set(&set, source, &diags))) {
        skm_policy_json_write_set(&set, &json);
        struct skm_source written = {.text = skm_buf_span(&json)};
        require(skm_is_ok(skm_buf_check(&json)));
        require(skm_is_ok(skm_policy_json_read_set(&back, &written, &diags)));
        skm_policy_json_write_set(&back, &again);
        require(skm_span_equal(skm_buf_span(&again), written.text));
    }
    skm_policy_set_fini(&set);
    skm_policy_set_fini(&back);
    skm_buf_fini(&json);
    skm_buf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct skm_arena arena;
    skm_arena_init(&arena, QUOTA);
    struct skm_source source = {.text = {(const char *)data, size}};
    check_as_text(&arena, &source);
    check_as_policy(&arena, &source);
    check_as_set(&arena, &source);
    skm_arena_fini(&arena);
    return 0;
}
