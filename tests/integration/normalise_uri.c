/* Reads targets, one a line in hex, and prints for each `-` when it is refused, or the normalised path in hex and the doubts as a
 * number. Compiled by test_uri_nginx.py, which holds the answers against nginx's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/span.h"
#include "proto/uri.h"

int main(void)
{
    static char line[2 * SKM_URI_TARGET_BYTES_MAX + 16];
    static char target[SKM_URI_TARGET_BYTES_MAX + 8];
    while (fgets(line, sizeof(line), stdin) != NULL) {
        struct skm_arena arena;
        struct skm_uri uri;
        size_t len = 0;
        for (const char *at = line; len < sizeof(target) && at[0] != '\n' && at[0] != '\0'; at += 2) {
            unsigned byte = 0;
            if (sscanf(at, "%2x", &byte) != 1) {
                return 1;
            }
            target[len++] = (char)byte;
        }
        skm_arena_init(&arena, 1u << 20);
        if (!skm_is_ok(skm_uri_parse(&arena, skm_span_of(target, len), &uri))) {
            puts("-");
        } else {
            for (size_t i = 0; i < uri.path.len; i++) {
                printf("%02x", (unsigned)(unsigned char)uri.path.ptr[i]);
            }
            printf(" %u\n", uri.ambiguity);
        }
        skm_arena_fini(&arena);
    }
    return 0;
}
