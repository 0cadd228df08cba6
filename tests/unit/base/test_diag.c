#include "harness/test.h"

#include "base/buf.h"
#include "base/diag.h"

static void test_excerpt_has_carets_below_the_range(void **state)
{
    (void)state;
    struct skm_arena arena;
    skm_arena_init(&arena, 1 << 20);
    struct skm_diags diags;
    skm_diags_init(&diags, &arena, 10);
    struct skm_source source = {SKM_SPAN("p.cedar"),
                                SKM_SPAN("permit (\n\twhen { tags.contain(\"x\") };\n")};
    struct skm_range range = {22, 7};
    struct skm_diag *diag =
        skm_diags_add(&diags, SKM_SEVERITY_ERROR, &source, range, "unknown method `%s`", "contain");
    skm_diag_help(&diags, diag, "did you mean `contains`?");
    struct skm_buf out;
    skm_buf_init(&out, 4096);
    skm_diags_print(&diags, SKM_DIAG_FORM_HUMAN, &out);
    assert_ok(skm_buf_check(&out));
    assert_span_equal(skm_buf_span(&out), SKM_SPAN("p.cedar:2:14: error: unknown method `contain`\n"
                                                   "   2 |     when { tags.contain(\"x\") };\n"
                                                   "     |                 ^^^^^^^\n"
                                                   "   help: did you mean `contains`?\n"));
    skm_buf_fini(&out);
    skm_arena_fini(&arena);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_excerpt_has_carets_below_the_range),
};

SKM_TEST_MAIN(tests)
