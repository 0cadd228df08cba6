#include "harness/test.h"

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/enc.h"
#include "harness/prng.h"

struct fixture {
    struct skm_arena arena;
    struct skm_buf buf;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    skm_arena_init(&fixture.arena, 1 << 20);
    skm_buf_init(&fixture.buf, 1 << 20);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    skm_buf_fini(&f->buf);
    skm_arena_fini(&f->arena);
    return 0;
}

/* RFC 4648 §10, without the padding that §5 lets go of. */
static void test_the_examples_of_the_standard(void **state)
{
    struct fixture *f = *state;
    static const struct {
        skm_span bytes;
        skm_span base64url;
        skm_span hex;
    } CASES[] = {
        {SKM_SPAN_INIT(""), SKM_SPAN_INIT(""), SKM_SPAN_INIT("")},
        {SKM_SPAN_INIT("f"), SKM_SPAN_INIT("Zg"), SKM_SPAN_INIT("66")},
        {SKM_SPAN_INIT("fo"), SKM_SPAN_INIT("Zm8"), SKM_SPAN_INIT("666f")},
        {SKM_SPAN_INIT("foo"), SKM_SPAN_INIT("Zm9v"), SKM_SPAN_INIT("666f6f")},
        {SKM_SPAN_INIT("foob"), SKM_SPAN_INIT("Zm9vYg"), SKM_SPAN_INIT("666f6f62")},
        {SKM_SPAN_INIT("fooba"), SKM_SPAN_INIT("Zm9vYmE"), SKM_SPAN_INIT("666f6f6261")},
        {SKM_SPAN_INIT("foobar"), SKM_SPAN_INIT("Zm9vYmFy"), SKM_SPAN_INIT("666f6f626172")},
        {SKM_SPAN_INIT("\xfb\xff\xfe"), SKM_SPAN_INIT("-__-"), SKM_SPAN_INIT("fbfffe")},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        skm_span bytes = {0};
        skm_buf_reset(&f->buf);
        skm_enc_base64url(&f->buf, CASES[i].bytes);
        assert_span_equal(skm_buf_span(&f->buf), CASES[i].base64url);
        assert_ok(skm_dec_base64url(&f->arena, CASES[i].base64url, &bytes));
        assert_span_equal(bytes, CASES[i].bytes);
        skm_buf_reset(&f->buf);
        skm_enc_hex(&f->buf, CASES[i].bytes);
        assert_span_equal(skm_buf_span(&f->buf), CASES[i].hex);
        assert_ok(skm_dec_hex(&f->arena, CASES[i].hex, &bytes));
        assert_span_equal(bytes, CASES[i].bytes);
    }
}

static void test_random_bytes_go_there_and_back(void **state)
{
    struct fixture *f = *state;
    struct skm_prng prng = {5};
    for (int i = 0; i < 2000; i++) {
        char text[64];
        size_t len = skm_prng_below(&prng, sizeof text + 1);
        for (size_t k = 0; k < len; k++) {
            text[k] = (char)(unsigned char)skm_prng_below(&prng, 256);
        }
        skm_span bytes = {0};
        skm_arena_reset(&f->arena);
        skm_buf_reset(&f->buf);
        skm_enc_base64url(&f->buf, (skm_span){text, len});
        assert_ok(skm_dec_base64url(&f->arena, skm_buf_span(&f->buf), &bytes));
        assert_span_equal(bytes, ((skm_span){text, len}));
        skm_buf_reset(&f->buf);
        skm_enc_hex(&f->buf, (skm_span){text, len});
        assert_ok(skm_dec_hex(&f->arena, skm_buf_span(&f->buf), &bytes));
        assert_span_equal(bytes, ((skm_span){text, len}));
    }
}

/* RFC 4648 §3.3: characters outside the alphabet are refused; §3.5: so are stray bits. */
static void test_other_forms_are_refused(void **state)
{
    struct fixture *f = *state;
    static const skm_span BASE64[] = {
        SKM_SPAN_INIT("Z"),     SKM_SPAN_INIT("A"),      SKM_SPAN_INIT("Zm9vA"),
        SKM_SPAN_INIT("Zm9vY"), SKM_SPAN_INIT("Zg=="),   SKM_SPAN_INIT("Zh"),
        SKM_SPAN_INIT("Zm9"),   SKM_SPAN_INIT("Zm+v"),   SKM_SPAN_INIT("Zm/v"),
        SKM_SPAN_INIT("Zm v"),  SKM_SPAN_INIT("Zm9v\n"), SKM_SPAN_INIT("Z\xc3g"),
        SKM_SPAN_INIT("Zm\0v"),
    };
    static const skm_span HEX[] = {SKM_SPAN_INIT("6"),  SKM_SPAN_INIT("6g"),  SKM_SPAN_INIT("0x"),
                                   SKM_SPAN_INIT(" 6"), SKM_SPAN_INIT("66 "), SKM_SPAN_INIT("6\0")};
    skm_span bytes = SKM_SPAN("before");
    for (size_t i = 0; i < sizeof BASE64 / sizeof BASE64[0]; i++) {
        assert_err(skm_dec_base64url(&f->arena, BASE64[i], &bytes), SYNTAX);
    }
    for (size_t i = 0; i < sizeof HEX / sizeof HEX[0]; i++) {
        assert_err(skm_dec_hex(&f->arena, HEX[i], &bytes), SYNTAX);
    }
    assert_span_equal(bytes, SKM_SPAN("before"));
}

static void test_hex_is_read_in_either_case_and_written_in_lower(void **state)
{
    struct fixture *f = *state;
    skm_span bytes = {0};
    assert_ok(skm_dec_hex(&f->arena, SKM_SPAN("aFBc09"), &bytes));
    skm_enc_hex(&f->buf, bytes);
    assert_span_equal(skm_buf_span(&f->buf), SKM_SPAN("afbc09"));
}

static void test_without_memory_the_error_says_so(void **state)
{
    (void)state;
    struct skm_arena none;
    skm_arena_init(&none, 0);
    skm_span bytes = {0};
    assert_err(skm_dec_hex(&none, SKM_SPAN("66"), &bytes), MEMORY);
    assert_err(skm_dec_base64url(&none, SKM_SPAN("Zg"), &bytes), MEMORY);
    SKM_CLEANUP(skm_buf_fini) struct skm_buf small;
    skm_buf_init(&small, 3);
    skm_enc_hex(&small, SKM_SPAN("fo"));
    assert_err(skm_buf_check(&small), SIZE);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(test_the_examples_of_the_standard, set_up, tear_down),
    cmocka_unit_test_setup_teardown(test_random_bytes_go_there_and_back, set_up, tear_down),
    cmocka_unit_test_setup_teardown(test_other_forms_are_refused, set_up, tear_down),
    cmocka_unit_test_setup_teardown(test_hex_is_read_in_either_case_and_written_in_lower, set_up,
                                    tear_down),
    cmocka_unit_test_setup_teardown(test_without_memory_the_error_says_so, set_up, tear_down),
};

SKM_TEST_MAIN(tests)
