/* sekimori cedar convert: policies and schemas between Cedar syntax and JSON. */
#include "base/attr.h"
#include "base/json.h"
#include "base/span.h"
#include "cedar/policy_json.h"
#include "cedar/print.h"
#include "cedar/schema_json.h"
#include "cedar/schema_parse.h"
#include "cedar/schema_print.h"
#include "cedar/schema_print_json.h"
#include "tools/cmd_cedar.h"
#include "tools/world_files.h"

#define WORLD_QUOTA ((size_t)4 << 30)
#define TEXT_MAX    ((size_t)1 << 30)
#define DIAGS_MAX   50u

enum form { FORM_CEDAR = 0, FORM_JSON };
enum kind { KIND_POLICIES = 0, KIND_SCHEMA };

static const char *const forms[] = {[FORM_CEDAR] = "cedar", [FORM_JSON] = "json", NULL};
static const char *const kinds[] = {[KIND_POLICIES] = "policies", [KIND_SCHEMA] = "schema", NULL};

struct args {
    unsigned from; /* enum form */
    unsigned to;
    unsigned kind; /* enum kind */
};

static const struct skm_option options[] = {
    {.name = "from",
     .kind = SKM_OPTION_CHOICE,
     .choices = forms,
     .required = true,
     .offset = offsetof(struct args, from),
     .help = "the form of the file"},
    {.name = "to",
     .kind = SKM_OPTION_CHOICE,
     .choices = forms,
     .required = true,
     .offset = offsetof(struct args, to),
     .help = "the form that is wanted"},
    {.name = "kind",
     .kind = SKM_OPTION_CHOICE,
     .choices = kinds,
     .offset = offsetof(struct args, kind),
     .help = "what the file holds (policies)"},
};

static void world_fini(struct skm_world *world)
{
    skm_world_fini(world);
}

/* ---- policies ---- */

/* One policy, and not a set, has an effect of its own. */
static bool is_single_policy(struct skm_arena *arena, skm_span text)
{
    struct skm_json json;
    bool more = false;
    skm_span key = {0};
    if (!skm_is_ok(skm_json_init(&json, text, arena, NULL)) ||
        !skm_is_ok(skm_json_enter_object(&json))) {
        return false;
    }
    while (skm_is_ok(skm_json_next_member(&json, &more, &key)) && more) {
        if (skm_span_equal(key, SKM_SPAN("effect"))) {
            return true;
        }
        if (!skm_is_ok(skm_json_skip(&json))) {
            return false;
        }
    }
    return false;
}

static skm_err read_single(struct skm_world *world, const struct skm_source *source)
{
    struct skm_policy *policy = SKM_ARENA_NEW(&world->arena, struct skm_policy);
    if (policy == NULL) {
        return SKM_ERR(MEMORY);
    }
    SKM_TRY(
        skm_policy_json_read(&world->arena, source, SKM_SPAN("policy0"), &world->diags, policy));
    const struct skm_policy_list list = {policy, 1};
    return skm_policy_set_add(&world->policies, &list, SKM_POLICY_NAMING_ANNOTATION, &world->diags);
}

static skm_err read_policies(struct skm_world *world, const struct skm_source *source,
                             enum form form)
{
    if (form == FORM_CEDAR) {
        return skm_world_add_policies(world, source, SKM_POLICY_NAMING_ANNOTATION);
    }
    return is_single_policy(&world->arena, source->text)
               ? read_single(world, source)
               : skm_policy_json_read_set(&world->policies, source, &world->diags);
}

/* Cedar text has no place for an id but the annotation: it is added where a policy would else lose its id. */
static skm_err print_policy(struct skm_world *world, const struct skm_policy *policy, size_t number,
                            struct skm_buf *out)
{
    struct skm_policy copy = *policy;
    skm_span numbered = {0};
    SKM_TRY(skm_arena_printf(&world->arena, &numbered, "policy%zu", number));
    if (skm_policy_annotation(policy, SKM_SPAN("id")) == NULL &&
        !skm_span_equal(policy->id, numbered)) {
        struct skm_annotation *annotations =
            SKM_ARENA_NEW_ARRAY(&world->arena, struct skm_annotation, policy->annotation_count + 1);
        if (annotations == NULL) {
            return SKM_ERR(MEMORY);
        }
        annotations[0] =
            (struct skm_annotation){.key = SKM_SPAN("id"), .value = policy->id, .has_value = true};
        for (size_t i = 0; i < policy->annotation_count; i++) {
            annotations[i + 1] = policy->annotations[i];
        }
        copy.annotations = annotations;
        copy.annotation_count++;
    }
    skm_buf_append_cstr(out, number == 0 ? "" : "\n");
    skm_print_policy(&copy, out);
    return SKM_OK;
}

static skm_err print_policies(struct skm_world *world, struct skm_buf *out)
{
    const struct skm_policy_set *set = &world->policies;
    size_t number = 0;
    size_t links = 0;
    for (size_t i = 0; i < set->instances.len; i++) {
        if (skm_policy_is_template(set->instances.items[i].policy)) {
            links++;
        } else {
            SKM_TRY(print_policy(world, set->instances.items[i].policy, number++, out));
        }
    }
    for (size_t i = 0; i < set->templates.len; i++) {
        SKM_TRY(print_policy(world, set->templates.items[i], number++, out));
    }
    if (links > 0) {
        (void)skm_diags_add(&world->diags, SKM_SEVERITY_WARNING, NULL, (struct skm_range){0, 0},
                            "%zu template links were left out: Cedar text has none", links);
    }
    return SKM_OK;
}

static skm_err convert_policies(struct skm_world *world, const struct skm_source *source,
                                const struct args *args, struct skm_buf *out)
{
    SKM_TRY(read_policies(world, source, (enum form)args->from));
    if (args->to == FORM_CEDAR) {
        return print_policies(world, out);
    }
    skm_policy_json_write_set(&world->policies, out);
    skm_buf_append_char(out, '\n');
    return SKM_OK;
}

/* ---- schemas ---- */

/* Resolved first: what does not resolve must not be given another form. */
static skm_err convert_schema(struct skm_world *world, const struct skm_source *source,
                              const struct args *args, struct skm_buf *out)
{
    const struct skm_decl_schema *decls = NULL;
    bool json = args->from == FORM_JSON;
    SKM_TRY(
        skm_world_set_schema(world, source, json ? SKM_SCHEMA_FORM_JSON : SKM_SCHEMA_FORM_CEDAR));
    SKM_TRY(json ? skm_schema_parse_json_decls(&world->arena, source, &world->diags, &decls)
                 : skm_schema_parse_decls(&world->arena, source, &world->diags, &decls));
    if (args->to == FORM_CEDAR) {
        return skm_schema_to_cedar(decls, &world->diags, out);
    }
    return skm_schema_to_json(decls, out);
}

static skm_err convert(struct skm_call *call, const struct args *args, struct skm_world *world,
                       struct skm_buf *out)
{
    const struct skm_source *source = NULL;
    SKM_TRY(skm_world_init(world, WORLD_QUOTA, DIAGS_MAX));
    SKM_TRY(skm_tool_read(call, &world->arena, call->operands.items[0], &source));
    SKM_TRY(args->kind == KIND_SCHEMA ? convert_schema(world, source, args, out)
                                      : convert_policies(world, source, args, out));
    return skm_buf_check(out);
}

static enum skm_exit run(struct skm_call *call)
{
    SKM_CLEANUP(world_fini) struct skm_world world = {0};
    SKM_CLEANUP(skm_buf_fini) struct skm_buf text;
    skm_buf_init(&text, TEXT_MAX);
    if (call->operands.count != 1) {
        skm_call_complain(call, "one file is converted at a time");
        return SKM_EXIT_USAGE;
    }
    skm_err err = convert(call, call->values, &world, &text);
    skm_tool_print(call, &world.diags);
    if (!skm_is_ok(err)) {
        return skm_world_exit(call, err);
    }
    skm_buf_append(call->out, skm_buf_span(&text));
    return SKM_EXIT_OK;
}

const struct skm_command skm_cmd_cedar_convert = {
    .name = "convert",
    .summary = "policies or a schema from Cedar syntax to JSON, and back",
    .about =
        "Writes the policies, or the schema, of a file in the other form. From JSON, a policy set or one\n"
        "policy is taken; ids that are not those of the order become `@id` annotations.\n"
        "Comments are lost, and so are template links towards Cedar syntax, which has none.\n"
        "\n"
        "exit status: 0 done; 1 an error in the file, or something that the form has no words for;\n"
        "2 wrong use or an unreadable file.",
    .options = {options, sizeof(options) / sizeof(options[0])},
    .values_bytes = sizeof(struct args),
    .operand = "FILE",
    .operands_min = 1,
    .run = run,
};
