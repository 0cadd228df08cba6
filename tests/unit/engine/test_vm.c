/* The engine against the reference evaluator on generated policies. */
#include "harness/test.h"

#include "unit/engine/engine_case.h"

#define CASES 6000u

/* ---- a generator of policies: Cedar text, most of it of the right types ---- */

enum kind { BOOL, LONG, STRING, ENTITY, SET, RECORD, EXTENSION, KINDS };

static uint64_t seed;

static size_t pick(size_t count)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(seed >> 33) % count;
}

/* Rows of text in which `%b`, `%l`, `%s`, `%e`, `%t`, `%r`, `%x`, `%a` stand for an expression of a kind, or of any. */
static const char *const LEAVES[KINDS][12] = {
    [BOOL] = {"true", "false", "context.flag", "(principal has name)", "(principal has phone)",
              "(resource is Doc)", "(principal in Group::\"all\")", "(principal.deputy has x)",
              "(principal has address.zip.code)", "principal.hasTag(\"role\")",
              "(context has nothing)", "(principal has address.name.code)"},
    [LONG] = {"0", "1", "7", "principal.age", "context.n", "resource.size", "9223372036854775807",
              "(-9223372036854775808)", "principal[\"if\"]", "principal.address.zip.code",
              "principal.getTag(\"level\")", "principal.phone"},
    [STRING] = {"\"\"", "\"a\"", "\"x\"", "principal.name", "context.s", "principal.address.city",
                "\"Alice\"", "principal.getTag(\"role\")", "principal.getTag(\"none\")", "\"role\"",
                "\"level\"", "context.missing"},
    [ENTITY] = {"principal", "resource", "action", "User::\"alice\"", "User::\"ghost\"",
                "Group::\"staff\"", "resource.owner", "principal.manager", "principal.deputy",
                "Group::\"all\"", "Action::\"read\"", "principal.deputy.boss"},
    [SET] = {"[]", "[1, 2]", "context.set", "principal.tags", "[principal, Group::\"all\"]",
             "[User::\"bob\", 1]", "[[1], [2, 1], []]", "[1, \"a\", true]", "[Group::\"staff\"]",
             "[\"a\", \"b\", \"a\"]", "[principal.age, 1 + 1]", "[principal.none]"},
    [RECORD] = {"{}", "{a: 1}", "context", "principal.address", "{b: principal, a: [1]}",
                "{\"if\": 2, x: context.n}", "principal.address.zip", "{a: 1, b: \"x\"}",
                "{z: 1, y: {x: resource.size}}", "{a: principal.none, b: 1 + \"x\"}", "{n: 1}",
                "context.none"},
    [EXTENSION] = {"decimal(\"1.0\")", "ip(\"10.0.0.1/8\")", "datetime(\"2024-02-29\")",
                   "duration(\"1d2h\")", "decimal(principal.name)", "ip(\"x\")", "ip(\"::1\")",
                   "duration(\"1h\", \"2h\")", "datetime(\"2024-02-29\").offset(duration(\"1h\"))",
                   "datetime(\"2024-01-01\").toDate()", "decimal(1)", "duration(\"-5ms\")"},
};

static const char *const TREES[KINDS][14] = {
    [BOOL] = {"(%b && %b)", "(%b || %b)", "(!%b)", "(if %b then %b else %b)", "(%a == %a)",
              "(%l < %l)", "(%l >= %l)", "(%e in %e)", "(%e in %t)", "(%t.contains(%a))",
              "(%t.containsAll(%t))", "(%s like \"*a*\")", "(%t.containsAny(%t) != %b)",
              "(%x < %x)"},
    [LONG] = {"(%l + %l)", "(%l - %l)", "(%l * %l)", "(-(%l))", "(if %b then %l else %l)", "%r.n",
              "%e.age", "duration(\"90m\").toHours()", "%x.toSeconds()", "%e.getTag(%s)",
              "(if %b then %a else %l)", "{a: %l, b: %a}.a", "(%l + %l)", "%r[\"a\"]"},
    [STRING] = {"(if %b then %s else %s)", "%e.name", "%r.s", "%e.getTag(%s)", "{a: %s}.a",
                "%e[\"name\"]", "(if %b then %a else %s)", "%r.city", "%s", "%s", "%s", "%s", "%s",
                "%s"},
    [ENTITY] = {"(if %b then %e else %e)", "%e.manager", "%e.owner", "{a: %e}.a", "%e", "%e", "%e",
                "%r.b", "%e", "%e", "%e", "%e", "%e.deputy", "%e"},
    [SET] = {"[%a, %a]", "[%l, %l, %l]", "[%e, %e]", "(if %b then %t else %t)", "[%t, %t]", "%r.a",
             "%e.tags", "[%s]", "[%b, %b, %b]", "[%x, %x]", "[%r]", "%t", "[%e]", "{a: %t}.a"},
    [RECORD] = {"{a: %a}", "{a: %l, b: %e, n: %l}", "{z: %s, \"\": %t, s: %s}",
                "(if %b then %r else %r)", "%e.address", "{a: %r}.a", "{b: %b, a: %b}", "%r", "%r",
                "%r", "{a: {a: %a}}", "%e.address", "%r", "{s: %x}"},
    [EXTENSION] = {"datetime(\"2024-02-29\").offset(%x)", "%x.durationSince(%x)", "%x.toTime()",
                   "duration(%s)", "decimal(%s)", "ip(%s)", "(if %b then %x else %x)", "%x", "%x",
                   "%x", "%x.toDate()", "{a: %x}.a", "%x", "%x"},
};

static const char *const BOOL_METHODS[] = {
    "%x.lessThan(%x)", "%x.isInRange(%x)",      "%x.isLoopback()",     "%t.isEmpty()",
    "%e.hasTag(%s)",   "(%e is User)",          "(%e is User in %e)",  "(%a has a)",
    "(%r has a.b)",    "(%e has address.city)", "%x.lessThan(%x, %x)", "(%s like \"\")",
    "(%l > %l)",       "%x.isInRange(%x)",
};

static void write_expr(struct skm_buf *out, enum kind kind, unsigned depth);

static void write_row(struct skm_buf *out, const char *row, unsigned depth)
{
    static const char letters[] = "blsetrx";
    for (const char *at = row; *at != '\0'; at++) {
        if (*at != '%') {
            skm_buf_append_char(out, *at);
            continue;
        }
        const char *letter = strchr(letters, *++at);
        write_expr(out, letter == NULL ? (enum kind)pick(KINDS) : (enum kind)(letter - letters),
                   depth - 1);
    }
}

static void write_expr(struct skm_buf *out, enum kind kind, unsigned depth)
{
    if (pick(24) == 0) {
        kind = (enum kind)pick(KINDS); /* the wrong type, now and then */
    }
    if (depth == 0 || pick(4) == 0) {
        skm_buf_append_cstr(out, LEAVES[kind][pick(12)]);
    } else if (kind == BOOL && pick(3) == 0) {
        write_row(out, BOOL_METHODS[pick(SKM_ARRAY_LEN(BOOL_METHODS))], depth);
    } else {
        write_row(out, TREES[kind][pick(14)], depth);
    }
}

static void write_policy(struct skm_buf *out)
{
    static const char *const principals[] = {"principal",
                                             "principal",
                                             "principal == User::\"alice\"",
                                             "principal in Group::\"all\"",
                                             "principal is User",
                                             "principal is User in Group::\"staff\"",
                                             "principal == User::\"bob\"",
                                             "principal is Group"};
    static const char *const actions[] = {"action",
                                          "action == Action::\"view\"",
                                          "action in Action::\"read\"",
                                          "action in [Action::\"edit\", Action::\"view\"]",
                                          "action in []",
                                          "action == Action::\"edit\""};
    static const char *const resources[] = {"resource",
                                            "resource",
                                            "resource == Doc::\"plan\"",
                                            "resource in Folder::\"work\"",
                                            "resource is Doc",
                                            "resource is Doc in Folder::\"home\""};
    skm_buf_printf(out, "%s(%s, %s, %s)", pick(3) == 0 ? "forbid" : "permit", principals[pick(8)],
                   actions[pick(4) == 0 ? pick(6) : pick(2)], resources[pick(6)]);
    for (size_t i = pick(3); i > 0; i--) {
        skm_buf_append_cstr(out, pick(4) == 0 ? " unless { " : " when { ");
        write_expr(out, BOOL, 4);
        skm_buf_append_cstr(out, " }");
    }
    skm_buf_append_cstr(out, ";\n");
}

static void test_generated_policies_are_decided_as_the_evaluator_does(void **state)
{
    (void)state;
    struct outcomes outcomes = {0, 0};
    SKM_CLEANUP(skm_buf_fini) struct skm_buf text = {0};
    skm_buf_init(&text, 1u << 22);
    for (uint64_t i = 0; i < CASES; i++) {
        seed = i;
        (void)pick(2);
        skm_buf_reset(&text);
        for (size_t k = 1 + pick(4); k > 0; k--) {
            write_policy(&text);
        }
        skm_buf_append_char(&text, '\0');
        assert_ok(skm_buf_check(&text));
        compare(text.ptr, &outcomes);
        forget_all();
    }
    /* Neither side of what is compared is rare. */
    assert_true(outcomes.allowed > CASES / 10 && outcomes.allowed < CASES - CASES / 10);
    assert_true(outcomes.failed > CASES / 10);
}

/* ---- places where a compiler goes wrong ---- */

static void test_folding_keeps_errors_and_their_order(void **state)
{
    (void)state;
    static const char *const conditions[] = {
        "9223372036854775807 + 1 == 0",
        "false && (9223372036854775807 + 1 == 0)",
        "true || (9223372036854775807 + 1 == 0)",
        "true && 1",
        "1 && true",
        "-(-9223372036854775808) == 0",
        "ip(\"300.0.0.1\").isIpv4()",
        "decimal(\"1.0\", \"2.0\") == 1",
        "[1, 2].containsAll([2]) && {a: 1}.a == 1",
        "{a: 1}.b == 1",
        "{a: 1} has b",
        "User::\"alice\" in User::\"alice\"",
        "User::\"alice\" in [1]",
        "User::\"alice\" in []",
        "if true then 1 else false",
        "if 1 then true else false",
        "\"a\" < \"b\"",
        /* The left side is missing, the right one overflows: the left one is told. */
        "principal.phone == (context.n + 9223372036854775807)",
        "(context.n + 9223372036854775807) == principal.phone",
        "{b: principal.phone, a: 1 + \"x\"} == {}",
        "principal.phone in [principal.age + \"x\"]",
        "principal.age <= 30",
        "principal.age < 30",
        "principal.age > 30",
        "principal.age >= 30",
    };
    struct outcomes outcomes = {0, 0};
    for (size_t i = 0; i < SKM_ARRAY_LEN(conditions); i++) {
        char text[512];
        (void)snprintf(text, sizeof text,
                       "permit(principal, action, resource) when { %s };"
                       "forbid(principal, action, resource) unless { %s };",
                       conditions[i], conditions[i]);
        compare(text, &outcomes);
    }
    assert_int_equal(outcomes.failed, 2 * 15);
}

static void test_more_registers_than_lie_on_the_stack(void **state)
{
    (void)state;
    struct outcomes outcomes = {0, 0};
    SKM_CLEANUP(skm_buf_fini) struct skm_buf text = {0};
    skm_buf_init(&text, 1u << 20);
    skm_buf_append_cstr(&text, "permit(principal, action, resource) when { [");
    for (unsigned i = 0; i < 300; i++) {
        skm_buf_printf(&text, "context.n + %u, ", i);
    }
    skm_buf_append_cstr(&text, "0].contains(300) };");
    skm_buf_append_char(&text, '\0');
    compare(text.ptr, &outcomes);
    assert_int_equal(outcomes.allowed, 1);
}

static void test_deep_trees(void **state)
{
    (void)state;
    struct outcomes outcomes = {0, 0};
    SKM_CLEANUP(skm_buf_fini) struct skm_buf text = {0};
    skm_buf_init(&text, 1u << 20);
    skm_buf_append_cstr(&text, "permit(principal, action, resource) when { ");
    for (unsigned i = 0; i < 4000; i++) {
        skm_buf_append_cstr(&text, "context.n == 2 || ");
    }
    skm_buf_append_cstr(&text, "context.n == 1 };");
    skm_buf_append_char(&text, '\0');
    compare(text.ptr, &outcomes);
    assert_int_equal(outcomes.allowed, 1);
}

static void test_links_share_the_code_of_their_template(void **state)
{
    (void)state;
    struct skm_policy_set set;
    struct skm_compiled_set compiled;
    struct outcomes outcomes = {0, 0};
    static const char *const principals[] = {"User::\"alice\"", "User::\"bob\"", "Group::\"all\""};
    skm_policy_set_init(&set, &arena);
    add_policies(&set,
                 "permit(principal in ?principal, action, resource == ?resource)"
                 " when { context.flag && principal.age > 18 };",
                 SKM_POLICY_NAMING_NUMBER);
    for (size_t i = 0; i < SKM_ARRAY_LEN(principals); i++) {
        struct skm_uid principal = uid_of(principals[i]);
        struct skm_uid resource = uid_of(i == 1 ? "Doc::\"plan\"" : "Doc::\"other\"");
        char id[8];
        (void)snprintf(id, sizeof id, "link%zu", i);
        struct skm_link link = {SKM_SPAN("policy0"), skm_span_cstr(id), &principal, &resource};
        assert_ok(skm_policy_set_link(&set, &link, &diags));
        struct skm_request request = request_of("User::\"alice\"");
        request.resource = resource;
        compare_set(&set, "links", &request, &outcomes);
    }
    assert_int_equal(outcomes.allowed, 2);
    assert_ok(skm_policyset_compile(&arena, &set, &compiled));
    assert_int_equal(compiled.program->policy_count, 3);
    assert_int_equal(compiled.program->image->sections[SKM_IMAGE_BLOCKS].count, 1);
    skm_policy_set_fini(&set);
}

static void test_a_decision_without_memory_is_none(void **state)
{
    (void)state;
    struct skm_policy_set set;
    struct skm_compiled_set compiled;
    struct skm_request request = request_of("User::\"alice\"");
    skm_policy_set_init(&set, &arena);
    add_policies(&set,
                 "permit(principal, action, resource) when { [context.n, 2] == [2, 1] };"
                 "forbid(principal, action, resource) when { {a: context.n} == {a: 2} };"
                 "permit(principal, action, resource) when { principal.none };",
                 SKM_POLICY_NAMING_NUMBER);
    assert_ok(skm_policyset_compile(&arena, &set, &compiled));
    size_t refused = 0;
    for (size_t n = 0; n < 64; n++) {
        struct skm_arena small;
        struct skm_engine_answer answer = {.allow = false};
        skm_arena_init(&small, n * 32);
        skm_err err = skm_engine_authorize(&small, &compiled, &request, &WORLD_VIEW, &answer);
        refused += skm_is_err(err, SKM_E_MEMORY);
        assert_true(skm_is_err(err, SKM_E_MEMORY) ? !answer.allow
                                                  : answer.allow && answer.failure_count == 1);
        skm_arena_fini(&small);
    }
    assert_true(refused > 0);
    skm_policy_set_fini(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_generated_policies_are_decided_as_the_evaluator_does),
        WORLD_TEST(test_folding_keeps_errors_and_their_order),
        WORLD_TEST(test_more_registers_than_lie_on_the_stack),
        WORLD_TEST(test_deep_trees),
        WORLD_TEST(test_links_share_the_code_of_their_template),
        WORLD_TEST(test_a_decision_without_memory_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
