/* Compiler attributes under short names, scope cleanup and take-pointer. */
#pragma once

#include <stddef.h>

#include <sekimori/error.h>

#define SKM_PRINTF(fmt_index, first_arg) __attribute__((format(printf, fmt_index, first_arg)))
#define SKM_CLEANUP(func) __attribute__((cleanup(func)))
#define SKM_UNUSED __attribute__((unused))
#define SKM_NORETURN __attribute__((noreturn))
#define SKM_LIKELY(x) __builtin_expect(!!(x), 1)
#define SKM_UNLIKELY(x) __builtin_expect(!!(x), 0)

#define SKM_ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* Hands ownership on: yields the pointer and leaves NULL behind, so that scope cleanup lets go of it. */
#define SKM_TAKE(ptr)                                                                              \
    __extension__({                                                                                \
        __typeof__(ptr) skm_taken_ = (ptr);                                                        \
        (ptr) = NULL;                                                                              \
        skm_taken_;                                                                                \
    })

/* Defines the cleanup function for `SKM_CLEANUP(name)` on a variable of pointer type `type *`. */
#define SKM_DEFINE_CLEANUP(name, type, free_func)                                                  \
    static inline void name(type **ptr)                                                            \
    {                                                                                              \
        free_func(*ptr);                                                                           \
    }
