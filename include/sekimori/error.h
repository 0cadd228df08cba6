/* The error type: what a function that can fail returns, and nothing else.
 *
 * `skm_err` is a struct of one field, so that the compiler refuses to use it as a condition or to mix
 * it with a count or a truth value; `SKM_MUST` makes dropping it a warning, and warnings are errors.
 * An error is never a decision: see decision.h.
 *
 * Codes come in classes:
 *   condition  a caller is meant to handle it; the header of the function that yields it names it
 *   limit      a bound that was fixed when the thing was created is reached
 *   malformed  bytes from outside are not what the format allows
 *   internal   the machine or this program failed
 * What a function does not handle it passes up unchanged.
 *
 * Threads: any thread; the type is a value. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* X(name, class, text for people) */
#define SKM_ERROR_TABLE(X)                                                                         \
    X(NOT_FOUND, CONDITION, "not found")                                                           \
    X(EXISTS, CONDITION, "already exists")                                                         \
    X(AGAIN, CONDITION, "not ready yet")                                                           \
    X(END, CONDITION, "no more input")                                                             \
    X(REFUSED, CONDITION, "refused")                                                               \
    X(INVALID, CONDITION, "invalid; the list of messages says why")                                \
    X(MEMORY, LIMIT, "memory limit reached")                                                       \
    X(DEPTH, LIMIT, "nested too deeply")                                                           \
    X(SIZE, LIMIT, "too large")                                                                    \
    X(COUNT, LIMIT, "too many")                                                                    \
    X(SYNTAX, MALFORMED, "malformed input")                                                        \
    X(ENCODING, MALFORMED, "not valid UTF-8")                                                      \
    X(TYPE, MALFORMED, "wrong type")                                                               \
    X(RANGE, MALFORMED, "out of range")                                                            \
    X(DUPLICATE, MALFORMED, "duplicate key")                                                       \
    X(IO, INTERNAL, "input or output failed")                                                      \
    X(CRYPTO, INTERNAL, "cryptographic operation failed")                                          \
    X(INTERNAL, INTERNAL, "internal error")

enum skm_err_code {
    SKM_E_OK = 0,
#define SKM_ERROR_ENUM_(name, class_, text) SKM_E_##name,
    SKM_ERROR_TABLE(SKM_ERROR_ENUM_)
#undef SKM_ERROR_ENUM_
};

enum skm_err_class {
    SKM_ERR_CLASS_NONE = 0, /* no error */
    SKM_ERR_CLASS_CONDITION,
    SKM_ERR_CLASS_LIMIT,
    SKM_ERR_CLASS_MALFORMED,
    SKM_ERR_CLASS_INTERNAL,
};

#if defined(__clang__)
#define SKM_MUST_TYPE_ __attribute__((warn_unused_result))
#else
#define SKM_MUST_TYPE_
#endif

/* Put before every function that returns skm_err: dropping the result is then a warning. */
#define SKM_MUST __attribute__((warn_unused_result))

typedef struct SKM_MUST_TYPE_ skm_err {
    uint32_t code; /* enum skm_err_code; 0 is success */
} skm_err;

#define SKM_OK ((skm_err){SKM_E_OK})

/* The error NAME of the table above: SKM_ERR(NOT_FOUND). */
#define SKM_ERR(name) ((skm_err){SKM_E_##name})

static inline bool skm_is_ok(skm_err err)
{
    return err.code == SKM_E_OK;
}

static inline bool skm_is_err(skm_err err, enum skm_err_code code)
{
    return err.code == (uint32_t)code;
}

/* The one macro with hidden control flow: hands an error on to the caller. */
#ifdef SKM_DEBUG_ERRORS
void skm_err_hop(skm_err err, const char *file, int line);
#define SKM_ERR_HOP_(err) skm_err_hop((err), __FILE__, __LINE__)
#else
#define SKM_ERR_HOP_(err) ((void)0)
#endif

#define SKM_TRY(call)                                                                              \
    do {                                                                                           \
        skm_err skm_try_err_ = (call);                                                             \
        if (skm_try_err_.code != SKM_E_OK) {                                                       \
            SKM_ERR_HOP_(skm_try_err_);                                                            \
            return skm_try_err_;                                                                   \
        }                                                                                          \
    } while (0)
