/* A request target as nginx reads it: the path that chooses the location is the path that is decided on.
 *
 * Normalisation agrees with nginx's `$uri` under its defaults (`merge_slashes on`; RFC 3986 §5.2.4, §6.2.2): percent-decoding once, `.` and
 * `..` segments resolved, runs of slashes merged, split at the first `?` or `#`, letter case, `+`, `;` and backslash untouched. Refused where nginx answers
 * 400: a path that does not begin with a slash, `..` above the root, `%` without two hex digits, an encoded NUL, control characters and blanks.
 *
 * A backend behind a proxy may read the raw target differently. Forms for which that is known to happen are flagged; the
 * caller denies them unless its configuration says otherwise.
 *
 * Any thread. Cost: linear. */
#pragma once

#include <sekimori/error.h>
#include <sekimori/types.h>

#include "base/arena.h"

#define SKM_URI_TARGET_BYTES_MAX 8192u
#define SKM_URI_HOST_BYTES_MAX   255u

/* Why two readers could disagree about a path. */
enum skm_uri_ambiguity {
    SKM_URI_ENCODED_SLASH = 1u << 0, /* %2F: a separator or part of a name */
    SKM_URI_BACKSLASH = 1u << 1,     /* \ or %5C: a separator on some systems */
    SKM_URI_ENCODED_DOTS =
        1u << 2, /* a `.` or `..` segment written with %2E, or behind an encoded slash */
    SKM_URI_DOUBLE_ENCODING =
        1u << 3, /* %25 followed by two hex digits: another decoding changes it */
    SKM_URI_PATH_PARAMETER =
        1u << 4, /* `;` or %3B in a segment: some backends cut it off, `/..;/` included */
    SKM_URI_EMPTY_SEGMENT = 1u << 5, /* `//`: merged by some, kept by others */
    SKM_URI_CONTROL = 1u << 6,       /* a decoded control character */
    SKM_URI_NOT_UTF8 = 1u << 7, /* decoded bytes are not UTF-8 (overlong slashes and the like) */
    SKM_URI_FRAGMENT =
        1u << 8, /* `#` in a request target: cut off by some, part of the path for others */
    SKM_URI_DOT_SEGMENT =
        1u << 9, /* a plain `.` or `..` segment: resolved by the proxy, perhaps passed on raw */
    SKM_URI_ENCODED_DELIMITER = 1u
                                << 10, /* %3F or %23: `?` or `#` inside the path after decoding */
};

struct skm_uri {
    skm_span path;      /* normalised; begins with a slash */
    skm_span query;     /* behind `?`, raw; empty when none */
    unsigned ambiguity; /* enum skm_uri_ambiguity; 0: every reader agrees */
};

/* Origin form, `/path?query`. SKM_E_SYNTAX: nginx would answer 400. SKM_E_SIZE, SKM_E_MEMORY. */
SKM_MUST skm_err skm_uri_parse(struct skm_arena *arena, skm_span target, struct skm_uri *out_uri);

/* Absolute form: scheme (`http` or `https`), host with port, and the rest as origin form. Spans into the text; an absent path is `/`. SKM_E_SYNTAX. */
struct skm_uri_absolute {
    skm_span scheme;
    skm_span host;
    skm_span target;
};
SKM_MUST skm_err skm_uri_split(skm_span url, struct skm_uri_absolute *out_parts);

/* A host as the resource map wants it: lower case, port and one dot at the end dropped. SKM_E_SYNTAX when it is not a name, an IPv4
 * address or a bracketed IPv6 address, with an optional port; SKM_E_SIZE, SKM_E_MEMORY. */
SKM_MUST skm_err skm_uri_normalise_host(struct skm_arena *arena, skm_span host, skm_span *out_host);

/* "encoded slash", ...: the first form that is flagged, for messages. Static storage. */
const char *skm_uri_ambiguity_text(unsigned ambiguity);
