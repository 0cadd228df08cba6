/* cmocka with its prerequisites, and assertions in the house's terms. Every C test includes this first. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

/* The call succeeds. */
#define assert_ok(call) assert_int_equal((call).code, SKM_E_OK)

/* The call fails with SKM_E_<name>. */
#define assert_err(call, name) assert_int_equal((call).code, SKM_E_##name)

/* Two spans hold the same bytes. */
#define assert_span_equal(a, b)                                                                    \
    do {                                                                                           \
        skm_span left_ = (a);                                                                      \
        skm_span right_ = (b);                                                                     \
        if (left_.len != right_.len ||                                                             \
            (left_.len != 0 && memcmp(left_.ptr, right_.ptr, left_.len) != 0)) {                   \
            print_error("spans differ:\n  %.*s\n  %.*s\n", (int)left_.len,                         \
                        left_.ptr == NULL ? "" : left_.ptr, (int)right_.len,                       \
                        right_.ptr == NULL ? "" : right_.ptr);                                     \
            fail();                                                                                \
        }                                                                                          \
    } while (0)

/* Defines main() for a table of tests. */
#define SKM_TEST_MAIN(tests)                                                                       \
    int main(void)                                                                                 \
    {                                                                                              \
        return cmocka_run_group_tests(tests, NULL, NULL);                                          \
    }
