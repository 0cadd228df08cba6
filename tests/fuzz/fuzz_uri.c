/* Request targets and hosts: the whole input is a target, a host and an absolute URL at once.
 *
 * Nothing may crash. What is accepted is normalised, and a path without doubts is what any other reader would see. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/span.h"
#include "proto/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static bool contains(skm_span text, const char *part)
{
    size_t len = strlen(part);
    for (size_t i = 0; i + len <= text.len; i++) {
        if (memcmp(text.ptr + i, part, len) == 0) {
            return true;
        }
    }
    return false;
}

static void check_path(const struct skm_uri *uri, skm_span target)
{
    skm_span path = uri->path;
    require(path.len > 0 && path.ptr[0] == '/' && path.len <= target.len);
    require(!contains(path, "//") && !contains(path, "/./") && !contains(path, "/../"));
    require(!skm_span_ends(path, SKM_SPAN("/.")) && !skm_span_ends(path, SKM_SPAN("/..")));
    require(memchr(path.ptr, '\0', path.len) == NULL);
    skm_span raw = skm_span_sub(target, 0, target.len - uri->query.len);
    if (uri->ambiguity == 0) {
        require(!contains(raw, "%2f") && !contains(raw, "%2F") && !contains(raw, "//"));
        require(!contains(path, "\\") && !contains(path, ";") && !contains(path, "?"));
        require(!contains(raw, "/./") && !contains(raw, "/../") && !contains(raw, "#"));
    }
}

/* Without escapes left in it, a normalised path is its own normal form. */
static void check_fixed_point(struct skm_arena *arena, const struct skm_uri *uri)
{
    struct skm_uri again;
    for (size_t i = 0; i < uri->path.len; i++) {
        unsigned char c = (unsigned char)uri->path.ptr[i];
        if (c <= 0x20 || c == 0x7f || c == '%' || c == '?' || c == '#') {
            return;
        }
    }
    require(skm_is_ok(skm_uri_parse(arena, uri->path, &again)));
    require(skm_span_equal(again.path, uri->path));
    require((again.ambiguity & (SKM_URI_DOT_SEGMENT | SKM_URI_EMPTY_SEGMENT)) == 0);
}

static void check_host(struct skm_arena *arena, skm_span text)
{
    skm_span host = {0};
    skm_span again = {0};
    if (!skm_is_ok(skm_uri_normalise_host(arena, text, &host))) {
        return;
    }
    require(host.len > 0 && !contains(host, "..") && !contains(host, "/") && !contains(host, "@"));
    require(skm_is_ok(skm_uri_normalise_host(arena, host, &again)));
    require(skm_span_equal(host, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    skm_span text = skm_span_of((const char *)data, size);
    struct skm_arena arena;
    struct skm_uri uri;
    struct skm_uri_absolute parts;
    skm_arena_init(&arena, 1u << 20);
    if (skm_is_ok(skm_uri_parse(&arena, text, &uri))) {
        check_path(&uri, text);
        check_fixed_point(&arena, &uri);
    }
    check_host(&arena, text);
    if (skm_is_ok(skm_uri_split(text, &parts))) {
        require(parts.host.len > 0 && parts.target.len > 0 && parts.target.ptr[0] == '/');
        check_host(&arena, parts.host);
    }
    skm_arena_fini(&arena);
    return 0;
}
