/* Greedy matching with a single backtrack point. When the pattern fails behind a wildcard, only the latest
 * wildcard needs to take one byte more: whatever an earlier one could take, the later can take as well. */
#include "cedar/like.h"

#include "cedar/ast.h"

/* A place in the pattern: byte `at` of the text of part `part`. */
struct place {
    size_t part;
    size_t at;
};

struct match {
    const struct skm_pattern *pattern;
    skm_span text;
    size_t at; /* in the text */
    struct place place;
    bool has_wildcard;
    struct place after_wildcard; /* where to resume in the pattern */
    size_t wildcard_end;         /* and in the text: how far the wildcard reaches */
};

/* Steps over the ends of parts and notes the wildcards there. True when the pattern has no literal byte left. */
static bool skip_to_literal(struct match *match)
{
    const struct skm_pattern *pattern = match->pattern;
    while (match->place.part < pattern->count) {
        const struct skm_pattern_part *part = &pattern->parts[match->place.part];
        if (match->place.at < part->text.len) {
            return false;
        }
        match->place = (struct place){match->place.part + 1, 0};
        if (part->star) {
            match->has_wildcard = true;
            match->after_wildcard = match->place;
            match->wildcard_end = match->at;
        }
    }
    return true;
}

/* Lets the latest wildcard take one byte more. False: there is none, or nothing left to take. */
static bool backtrack(struct match *match)
{
    if (!match->has_wildcard || match->wildcard_end >= match->text.len) {
        return false;
    }
    match->at = ++match->wildcard_end;
    match->place = match->after_wildcard;
    return true;
}

bool skm_like_match(const struct skm_pattern *pattern, skm_span text)
{
    struct match match = {.pattern = pattern, .text = text};
    for (;;) {
        bool at_pattern_end = skip_to_literal(&match);
        if (match.at >= text.len) {
            /* A literal is left but no text: if a wildcard took more, there would be even less. */
            return at_pattern_end;
        }
        if (at_pattern_end && match.has_wildcard && match.after_wildcard.part == pattern->count) {
            return true; /* a wildcard at the very end takes the rest */
        }
        if (!at_pattern_end &&
            pattern->parts[match.place.part].text.ptr[match.place.at] == text.ptr[match.at]) {
            match.place.at++;
            match.at++;
        } else if (!backtrack(&match)) {
            return false;
        }
    }
}
