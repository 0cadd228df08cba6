/* Literals between wildcards are looked for from left to right, each as early as possible: whatever a later place would leave to the
 * rest of the pattern, an earlier one leaves too. The literal in front of the first wildcard and the one behind the last stand at the ends
 * of the text. Nothing is tried twice, so time is linear in the text. */
#include "cedar/like.h"

#include <string.h>

#include "base/span.h"
#include "cedar/ast.h"

/* A literal as a whole: parts up to and with the next that has a wildcard behind it. */
struct literal {
    const struct skm_pattern_part *parts;
    size_t count;
    size_t bytes;
    bool star;
};

static struct literal literal_at(const struct skm_pattern *pattern, size_t from)
{
    struct literal literal = {.parts = pattern->parts + from};
    while (from + literal.count < pattern->count && !literal.star) {
        literal.bytes += literal.parts[literal.count].text.len;
        literal.star = literal.parts[literal.count].star;
        literal.count++;
    }
    return literal;
}

static bool stands_at(const struct literal *literal, skm_span text, size_t at)
{
    if (text.len - at < literal->bytes) {
        return false;
    }
    for (size_t i = 0; i < literal->count; i++) {
        skm_span part = literal->parts[i].text;
        if (!skm_span_equal(skm_span_sub(text, at, part.len), part)) {
            return false;
        }
        at += part.len;
    }
    return true;
}

/* The first place from *at on; *at is then behind the literal. The parser makes one part of a literal; several are searched for
 * by their first. */
static bool find(const struct literal *literal, skm_span text, size_t *at)
{
    skm_span first = literal->parts[0].text;
    for (size_t from = *at; text.len - from >= literal->bytes; from++) {
        if (first.len > 0) {
            const char *place = memmem(text.ptr + from, text.len - from, first.ptr, first.len);
            if (place == NULL) {
                return false;
            }
            from = (size_t)(place - text.ptr);
        }
        if (stands_at(literal, text, from)) {
            *at = from + literal->bytes;
            return true;
        }
        if (from == text.len) {
            return false;
        }
    }
    return false;
}

bool skm_like_match(const struct skm_pattern *pattern, skm_span text)
{
    if (pattern->count == 0) {
        return text.len == 0;
    }
    struct literal literal = literal_at(pattern, 0);
    size_t part = literal.count;
    size_t at = literal.bytes;
    if (!stands_at(&literal, text, 0)) {
        return false;
    }
    if (!literal.star) {
        return at == text.len;
    }
    while (part < pattern->count) {
        literal = literal_at(pattern, part);
        part += literal.count;
        if (!literal.star) {
            return text.len - at >= literal.bytes &&
                   stands_at(&literal, text, text.len - literal.bytes);
        }
        if (literal.bytes > 0 && !find(&literal, text, &at)) {
            return false;
        }
    }
    return true;
}
