/* sekimori cedar link: templates with their slots filled, as policies. */
#include "tools/cmd_cedar.h"

#include "base/attr.h"
#include "base/span.h"
#include "cedar/print.h"
#include "tools/world_files.h"

#define WORLD_QUOTA ((size_t)4 << 30)
#define DIAGS_MAX   50u

struct args {
    struct skm_texts policies;
    struct skm_texts links;
};

static const struct skm_option options[] = {
    {.name = "policies",
     .kind = SKM_OPTION_TEXTS,
     .value = "FILE",
     .required = true,
     .offset = offsetof(struct args, policies),
     .help = "policies and templates; a folder means its *.cedar files"},
    {.name = "links",
     .kind = SKM_OPTION_TEXTS,
     .value = "FILE",
     .required = true,
     .offset = offsetof(struct args, links),
     .help = "template links (JSON)"},
};

static void world_fini(struct skm_world *world)
{
    skm_world_fini(world);
}

static void fill(struct skm_scope *scope, const struct skm_uid *uid)
{
    if (scope->slot) {
        scope->slot = false;
        scope->uid = *uid;
    }
}

/* The template's annotations, but for its id: a link has its own. */
static skm_err rename_link(struct skm_arena *arena, skm_span id, struct skm_policy *policy)
{
    struct skm_annotation *items =
        SKM_ARENA_NEW_ARRAY(arena, struct skm_annotation, policy->annotation_count + 1);
    size_t count = 0;
    if (items == NULL) {
        return SKM_ERR(MEMORY);
    }
    items[count++] = (struct skm_annotation){.key = SKM_SPAN("id"), .value = id, .has_value = true};
    for (size_t i = 0; i < policy->annotation_count; i++) {
        if (!skm_span_equal(policy->annotations[i].key, SKM_SPAN("id"))) {
            items[count++] = policy->annotations[i];
        }
    }
    policy->annotations = items;
    policy->annotation_count = count;
    return SKM_OK;
}

static skm_err print_links(struct skm_world *world, struct skm_buf *out)
{
    for (size_t i = 0; i < world->policies.instances.len; i++) {
        const struct skm_policy_instance *instance = &world->policies.instances.items[i];
        struct skm_policy policy = *instance->policy;
        if (!skm_policy_is_template(&policy)) {
            continue;
        }
        fill(&policy.principal, &instance->principal);
        fill(&policy.resource, &instance->resource);
        SKM_TRY(rename_link(&world->arena, instance->id, &policy));
        skm_buf_append_cstr(out, out->len == 0 ? "" : "\n");
        skm_print_policy(&policy, out);
    }
    return SKM_OK;
}

static skm_err link_all(struct skm_call *call, const struct args *args, struct skm_world *world)
{
    SKM_TRY(skm_world_init(world, WORLD_QUOTA, DIAGS_MAX));
    SKM_TRY(skm_world_read_policies(world, call, &args->policies));
    SKM_TRY(skm_world_read_links(world, call, &args->links));
    return print_links(world, call->out);
}

static enum skm_exit run(struct skm_call *call)
{
    SKM_CLEANUP(world_fini) struct skm_world world = {0};
    skm_err err = link_all(call, call->values, &world);
    skm_tool_print(call, &world.diags);
    return skm_is_ok(err) ? SKM_EXIT_OK : skm_world_exit(call, err);
}

const struct skm_command skm_cmd_cedar_link = {
    .name = "link",
    .summary = "templates with their slots filled, as policies",
    .about =
        "Writes each template link as the static policy it amounts to: slots filled, the link's id as\n"
        "`@id`, the template's other annotations. Static policies are not written.\n"
        "\n"
        "exit status: 0 done; 1 an error in a file; 2 wrong use or an unreadable file.",
    .options = {options, sizeof(options) / sizeof(options[0])},
    .values_bytes = sizeof(struct args),
    .run = run,
};
