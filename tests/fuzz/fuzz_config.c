/* Any text as sekimori.yaml, as zones.yaml and as resources.yaml.
 *
 * Properties: a refused text has a message; an accepted one does not differ from itself; messages can be printed in every form. */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/span.h"
#include "daemon/config.h"
#include "daemon/config_resources.h"
#include "daemon/config_zones.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_messages(skm_err err, const struct skm_diags *diags)
{
    static const enum skm_diag_form forms[] = {SKM_DIAG_FORM_HUMAN, SKM_DIAG_FORM_GCC,
                                               SKM_DIAG_FORM_JSON};
    demand(skm_is_ok(err) == (diags->errors == 0) || skm_is_err(err, SKM_E_MEMORY));
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct skm_buf out;
        skm_buf_init(&out, 1u << 20);
        skm_diags_print(diags, forms[i], &out);
        skm_buf_fini(&out);
    }
}

static void check_config(const struct skm_source *source, struct skm_arena *arena)
{
    struct skm_diags diags;
    struct skm_config *config = NULL;
    skm_diags_init(&diags, arena, 20);
    skm_err err = skm_config_parse(source, SKM_SPAN("/etc/sekimori"), &diags, &config);
    check_messages(err, &diags);
    demand(skm_is_ok(err) == (config != NULL));
    if (config != NULL) {
        struct skm_buf out;
        skm_buf_init(&out, 1u << 16);
        demand(skm_config_print_restart(config, config, &out) == 0);
        skm_buf_fini(&out);
    }
    skm_config_unref(config);
}

static void check_registries(const struct skm_source *source, struct skm_arena *arena)
{
    struct skm_diags diags;
    const struct skm_zones *zones = NULL;
    const struct skm_resource_map *map = NULL;
    skm_diags_init(&diags, arena, 20);
    check_messages(skm_config_zones(arena, source, &diags, &zones), &diags);
    skm_diags_init(&diags, arena, 20);
    struct skm_config_resources_options options = {.action_type = SKM_SPAN("Action")};
    check_messages(skm_config_resources(arena, source, &options, &diags, &map), &diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct skm_arena arena;
    struct skm_source source = {.name = SKM_SPAN("fuzz.yaml"), .text = {(const char *)data, size}};
    skm_arena_init(&arena, 64u << 20);
    check_config(&source, &arena);
    check_registries(&source, &arena);
    skm_arena_fini(&arena);
    return 0;
}
