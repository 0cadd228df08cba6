/* Images that are damaged: refused, or harmless. */
#include "harness/test.h"

#include "base/mem.h"
#include "engine/verify.h"
#include "unit/engine/engine_case.h"

static const char POLICIES[] =
    "permit(principal in Group::\"all\", action == Action::\"view\", resource is Doc)"
    " when { [context.n, 1 + context.n].contains(2) && {b: context.s, a: principal.age} != {} };"
    "forbid(principal, action in [Action::\"edit\", Action::\"view\"], resource)"
    " when { if context.s like \"*a*\" then principal.age < -context.n else"
    "        principal has address.zip.code && principal.address.zip.code > 5 }"
    " unless { [1, \"x\", ip(\"10.0.0.0/8\"), {k: [2]}].contains(context.set) ||"
    "          datetime(context.s) < datetime(\"2024-01-01\") || principal.hasTag(\"a\") };";

static skm_span image_of(const char *text)
{
    struct skm_policy_set set;
    skm_span image = {NULL, 0};
    skm_policy_set_init(&set, &arena);
    add_policies(&set, text, SKM_POLICY_NAMING_NUMBER);
    assert_ok(skm_compile(&arena, &set, &image));
    skm_policy_set_fini(&set);
    return image;
}

/* A copy that may be changed, on the heap, so that a sanitizer sees what lies past its end. */
static char *copy_of(skm_span image)
{
    char *copy = skm_mem_alloc(image.len);
    assert_non_null(copy);
    memcpy(copy, image.ptr, image.len);
    return copy;
}

/* Whether the image loads; when it does, a decision with it ends. */
static bool loads(const char *bytes, size_t len)
{
    struct skm_arena own;
    struct skm_compiled_set set;
    skm_arena_init(&own, 64u << 20);
    skm_err err = skm_policyset_load(&own, skm_span_of(bytes, len), &set);
    if (skm_is_ok(err)) {
        struct skm_request request = {.principal = {SKM_SPAN("User"), SKM_SPAN("a")},
                                      .action = {SKM_SPAN("Action"), SKM_SPAN("view")},
                                      .resource = {SKM_SPAN("Doc"), SKM_SPAN("plan")}};
        static const struct skm_value_record none = {NULL, 0};
        struct skm_engine_answer answer;
        request.context = (struct skm_value){.kind = SKM_VALUE_RECORD, .as.record = &none};
        assert_ok(skm_engine_authorize(&own, &set, &request, skm_entity_view_empty(), &answer));
    } else {
        assert_err(err, INVALID);
    }
    skm_arena_fini(&own);
    return skm_is_ok(err);
}

static void test_each_byte_damaged_is_refused_or_harmless(void **state)
{
    (void)state;
    static const uint8_t damages[] = {0x01, 0x80, 0xff, 0x20};
    skm_span image = image_of(POLICIES);
    char *copy = copy_of(image);
    size_t refused = 0;
    assert_true(loads(copy, image.len));
    for (size_t i = 0; i < image.len; i++) {
        for (size_t k = 0; k < SKM_ARRAY_LEN(damages); k++) {
            copy[i] = (char)((uint8_t)image.ptr[i] ^ damages[k]);
            refused += !loads(copy, image.len);
        }
        copy[i] = image.ptr[i];
    }
    assert_true(refused > image.len);
    assert_true(loads(copy, image.len));
    skm_mem_free(copy);
}

static void test_each_length_but_the_whole_is_refused(void **state)
{
    (void)state;
    skm_span image = image_of(POLICIES);
    for (size_t len = 0; len < image.len; len++) {
        char *copy = skm_mem_alloc(len + 1);
        assert_non_null(copy);
        memcpy(copy, image.ptr, len);
        assert_false(loads(copy, len));
        skm_mem_free(copy);
    }
}

/* The instruction `at` of the only block, for a test to change. */
static struct skm_instruction *instruction(char *bytes, uint32_t at)
{
    struct skm_image_header header;
    memcpy(&header, bytes, sizeof header);
    return (void *)(bytes + header.sections[SKM_IMAGE_CODE].at +
                    at * sizeof(struct skm_instruction));
}

static void test_code_that_would_leave_its_bounds_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct skm_instruction instruction;
        bool accepted;
    } rows[] = {
        /* Before it: r0 = context.n + 1. After it: EQ, STOP, STOP (instructions 2, 3, 4). */
        {"jump to the next", {SKM_OP_JUMP, 0, 0, 0, 2}, true},
        {"jump to the last", {SKM_OP_JUMP, 0, 0, 0, 4}, true},
        {"jump past the end", {SKM_OP_JUMP, 0, 0, 0, 5}, false},
        {"jump to itself", {SKM_OP_JUMP, 0, 0, 0, 1}, false},
        {"jump back", {SKM_OP_JUMP, 0, 0, 0, 0}, false},
        {"test that jumps back", {SKM_OP_TRUTH, SKM_OP_JUMP_TRUE, 0, 0, 0}, false},
        {"test of no mode", {SKM_OP_TRUTH, 4, 0, 0, 3}, false},
        {"move to a register", {SKM_OP_MOVE, 0, 0, 0, 1}, true},
        {"move to no register", {SKM_OP_MOVE, 0, 0, 0, 2}, false},
        {"move from no register", {SKM_OP_MOVE, 0, 2, 0, 0}, false},
        {"variable", {SKM_OP_MOVE, 0, 3u | 2u << 29, 0, 0}, true},
        {"no variable", {SKM_OP_MOVE, 0, 4u | 2u << 29, 0, 0}, false},
        {"no constant", {SKM_OP_MOVE, 0, 9999u | 1u << 29, 0, 0}, false},
        {"attribute without name", {SKM_OP_MOVE, 0, 9999u | 3u << 29, 0, 0}, false},
        {"no kind of operand", {SKM_OP_MOVE, 0, 4u << 29, 0, 0}, false},
        {"set of two registers", {SKM_OP_SET, 0, 2, 0, 0}, true},
        {"set of three registers", {SKM_OP_SET, 0, 3, 0, 0}, false},
        {"set of very many", {SKM_OP_SET, 0, UINT32_MAX, 1, 0}, false},
        {"function", {SKM_OP_CALL, 0, 1, 0, 0}, true},
        {"no function", {SKM_OP_CALL, 999, 1, 0, 0}, false},
        {"no pattern", {SKM_OP_LIKE, 0, 0, 0, 0}, false},
        {"no type", {SKM_OP_IS, 0, 0, 9999, 0}, false},
        {"no list", {SKM_OP_RECORD, 0, 9999, 0, 0}, false},
        {"no outcome", {SKM_OP_STOP, 2, 0, 0, 0}, false},
        {"no instruction", {SKM_OP_STOP + 1, 0, 0, 0, 0}, false},
    };
    skm_span image = image_of(
        "permit(principal, action, resource) when { (context.n + 1) == (context.n * 2) };");
    for (size_t i = 0; i < SKM_ARRAY_LEN(rows); i++) {
        char *copy = copy_of(image);
        *instruction(copy, 1) = rows[i].instruction;
        if (loads(copy, image.len) != rows[i].accepted) {
            fail_msg("%s: %s", rows[i].what, rows[i].accepted ? "refused" : "accepted");
        }
        skm_mem_free(copy);
    }
}

static void test_last_instruction_stops(void **state)
{
    (void)state;
    skm_span image = image_of(
        "permit(principal, action, resource) when { (context.n + 1) == (context.n * 2) };");
    char *copy = copy_of(image);
    struct skm_instruction move = {SKM_OP_MOVE, 0, 2u << 29, 0, 0};
    *instruction(copy, 3) = move;
    assert_true(loads(copy, image.len));
    *instruction(copy, 4) = move;
    assert_false(loads(copy, image.len));
    skm_mem_free(copy);
}

/* Every allocation of compiling and loading fails once. */
static void test_compiling_survives_every_failing_allocation(void **state)
{
    (void)state;
    struct skm_policy_set set;
    skm_policy_set_init(&set, &arena);
    add_policies(&set, POLICIES, SKM_POLICY_NAMING_NUMBER);
    bool done = false;
    size_t n = 0;
    for (; n < 1000 && !done; n++) {
        struct skm_arena own;
        struct skm_compiled_set compiled;
        skm_arena_init(&own, 64u << 20);
        skm_mem_fail_after(n);
        skm_err err = skm_policyset_compile(&own, &set, &compiled);
        skm_mem_fail_after(SIZE_MAX);
        done = skm_is_ok(err);
        assert_true(done || skm_is_err(err, SKM_E_MEMORY));
        skm_arena_fini(&own);
    }
    assert_true(done && n > 3);
    skm_policy_set_fini(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_each_byte_damaged_is_refused_or_harmless),
        WORLD_TEST(test_each_length_but_the_whole_is_refused),
        WORLD_TEST(test_code_that_would_leave_its_bounds_is_refused),
        WORLD_TEST(test_last_instruction_stops),
        WORLD_TEST(test_compiling_survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
