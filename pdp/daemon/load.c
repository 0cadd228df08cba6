#include "daemon/load.h"

#include <sys/stat.h>

#include "base/attr.h"
#include "base/span.h"
#include "cedar/schema_json.h"
#include "cedar/schema_parse.h"
#include "cedar/validate.h"
#include "crypto/sha256.h"
#include "daemon/config_resources.h"
#include "daemon/config_zones.h"
#include "daemon/load_files.h"
#include "state/candidates.h"
#include "state/entities_json.h"

struct loader {
    const struct skm_config *config;
    struct skm_snapshot *snapshot;
    struct skm_arena *texts;
    struct skm_diags *diags;
    struct skm_sha256_stream *digest; /* owned */
    struct skm_load_counts counts;
};

/* A message lets the load go on, to find the others. */
static skm_err go_on(skm_err err)
{
    return skm_is_err(err, SKM_E_INVALID) ? SKM_OK : err;
}

/* Files whose text the snapshot keeps pointing into lie in its arena. */
static struct skm_load_reader kept_reader(const struct loader *l)
{
    return (struct skm_load_reader){l->config, &l->snapshot->arena, l->diags};
}

static struct skm_load_reader passing_reader(const struct loader *l)
{
    return (struct skm_load_reader){l->config, l->texts, l->diags};
}

/* A folder with a default name may be absent. */
static bool is_absent(const struct skm_config_text *folder)
{
    struct stat info;
    return folder->text.len == 0 || (!folder->given && stat(folder->text.ptr, &info) != 0);
}

/* ---- policies ---- */

/* What distinguishes two sets of files is their names and bytes; lengths keep them apart. */
static skm_err add_to_digest(struct loader *l, const struct skm_source *source)
{
    SKM_TRY(skm_sha256_stream_add_u64(l->digest, source->name.len));
    SKM_TRY(skm_sha256_stream_add(l->digest, source->name));
    SKM_TRY(skm_sha256_stream_add_u64(l->digest, source->text.len));
    return skm_sha256_stream_add(l->digest, source->text);
}

/* The digest knows files by their name in the folder, so that the same files elsewhere have the same digest. */
static skm_err digest_file(struct loader *l, const struct skm_source *source, size_t folder_bytes)
{
    struct skm_source named = {.name = skm_span_from(source->name, folder_bytes + 1),
                               .text = source->text};
    return add_to_digest(l, &named);
}

static skm_err add_policy_file(struct loader *l, struct skm_policy_set *set,
                               const struct skm_source *source, size_t *number)
{
    struct skm_policy_list policies = {0};
    SKM_TRY(skm_parse_policies(&l->snapshot->arena, source, *number, l->diags, &policies));
    *number += policies.count;
    return skm_policy_set_add(set, &policies, SKM_POLICY_NAMING_ANNOTATION, l->diags);
}

static skm_err load_policies(struct loader *l, const char *option,
                             const struct skm_config_text *folder, struct skm_policy_set *set)
{
    struct skm_load_reader reader = kept_reader(l);
    struct skm_load_sources sources = {0};
    size_t number = 0;
    SKM_TRY(
        go_on(skm_load_folder(&reader, option, folder->text.ptr, SKM_SPAN(".cedar"), &sources)));
    for (size_t i = 0; i < sources.count; i++) {
        SKM_TRY(digest_file(l, &sources.items[i], folder->text.len));
        SKM_TRY(go_on(add_policy_file(l, set, &sources.items[i], &number)));
    }
    return SKM_OK;
}

static skm_err load_links(struct loader *l, const char *option,
                          const struct skm_config_text *folder, struct skm_policy_set *set)
{
    struct skm_load_reader reader = kept_reader(l);
    struct skm_load_sources sources = {0};
    SKM_TRY(go_on(
        skm_load_folder(&reader, option, folder->text.ptr, SKM_SPAN(".links.json"), &sources)));
    for (size_t i = 0; i < sources.count; i++) {
        SKM_TRY(digest_file(l, &sources.items[i], folder->text.len));
        SKM_TRY(go_on(skm_policy_set_link_json(set, &sources.items[i], l->diags)));
    }
    return SKM_OK;
}

static skm_err load_set(struct loader *l, const char *option, const struct skm_config_text *folder,
                        struct skm_policy_set *set)
{
    static const skm_span endings[] = {{".cedar", 6}, {".links.json", 11}};
    SKM_TRY(skm_sha256_stream_add(l->digest, skm_span_cstr(option)));
    if (is_absent(folder)) {
        return SKM_OK;
    }
    struct skm_load_reader reader = passing_reader(l);
    SKM_TRY(load_policies(l, option, folder, set));
    SKM_TRY(load_links(l, option, folder, set));
    return go_on(
        skm_load_warn_unread(&reader, option, folder->text.ptr, endings, SKM_ARRAY_LEN(endings)));
}

static void count_policies(struct loader *l)
{
    const struct skm_policy_set *set = &l->snapshot->policies;
    l->counts.templates = set->templates.len;
    for (size_t i = 0; i < set->instances.len; i++) {
        if (skm_policy_is_template(set->instances.items[i].policy)) {
            l->counts.links++;
        } else {
            l->counts.policies++;
        }
    }
    l->counts.obligations = l->snapshot->obligations.instances.len;
}

static skm_err load_all_policies(struct loader *l)
{
    SKM_TRY(skm_sha256_stream_new(&l->digest));
    SKM_TRY(load_set(l, "policies", &l->config->policies, &l->snapshot->policies));
    SKM_TRY(load_set(l, "obligations", &l->config->obligations, &l->snapshot->obligations));
    SKM_TRY(skm_sha256_stream_finish(l->digest, l->snapshot->policy_digest));
    count_policies(l);
    return SKM_OK;
}

/* What did parse is validated even when something else did not, to find all errors at once. */
static skm_err validate_all_policies(struct loader *l)
{
    const struct skm_snapshot *snapshot = l->snapshot;
    if (snapshot->schema == NULL) {
        return SKM_OK;
    }
    SKM_TRY(go_on(skm_validate_policies(&snapshot->policies, snapshot->schema, l->diags)));
    return go_on(skm_validate_policies(&snapshot->obligations, snapshot->schema, l->diags));
}

/* ---- single files ---- */

/* The text of a file an option names, as a source that lives in the snapshot. NULL: the option is not set. */
static skm_err read_named(struct loader *l, const char *option, const struct skm_config_text *path,
                          const struct skm_source **out_source)
{
    if (path->text.len == 0) {
        *out_source = NULL;
        return SKM_OK;
    }
    struct skm_load_reader reader = kept_reader(l);
    struct skm_source *source = SKM_ARENA_NEW(&l->snapshot->arena, struct skm_source);
    if (source == NULL) {
        return SKM_ERR(MEMORY);
    }
    SKM_TRY(skm_load_file(&reader, option, path->text.ptr, source));
    *out_source = source;
    return SKM_OK;
}

/* Without a schema nothing tells a misspelt attribute from a rule that does not match. */
static skm_err complain_no_schema(struct loader *l)
{
    struct skm_diag *diag = skm_diags_add(
        l->diags, SKM_SEVERITY_ERROR, l->config->source, (struct skm_range){0, 0},
        "there is no `schema`: nothing could find a misspelt name in policies and entities");
    skm_diag_help(
        l->diags, diag,
        "declare types, attributes and actions in a Cedar schema and write `schema: schema.cedarschema`"
        " (sekimori.yaml(5) has an example); to do without such checks: `require_schema: false`");
    return SKM_ERR(INVALID);
}

static skm_err load_schema(struct loader *l)
{
    const struct skm_source *source = NULL;
    SKM_TRY(read_named(l, "schema", &l->config->schema, &source));
    if (source == NULL) {
        return l->config->require_schema ? complain_no_schema(l) : SKM_OK;
    }
    if (skm_span_ends(source->name, SKM_SPAN(".json"))) {
        return skm_schema_parse_json(&l->snapshot->arena, source, l->diags, &l->snapshot->schema);
    }
    return skm_schema_parse(&l->snapshot->arena, source, l->diags, &l->snapshot->schema);
}

static skm_err load_zones(struct loader *l)
{
    const struct skm_source *source = NULL;
    SKM_TRY(read_named(l, "zones", &l->config->zones, &source));
    if (source == NULL) {
        return SKM_OK;
    }
    SKM_TRY(skm_config_zones(&l->snapshot->arena, source, l->diags, &l->snapshot->zones));
    l->counts.zones = skm_zones_count(l->snapshot->zones);
    return SKM_OK;
}

/* ---- entities ---- */

static skm_err add_entity_files(struct loader *l, skm_span suffix, enum skm_entities_json_form form)
{
    struct skm_load_reader reader = passing_reader(l);
    struct skm_load_sources sources = {0};
    SKM_TRY(go_on(
        skm_load_folder(&reader, "entities", l->config->entities.text.ptr, suffix, &sources)));
    for (size_t i = 0; i < sources.count; i++) {
        SKM_TRY(go_on(skm_entities_json_load(l->snapshot->entities, &sources.items[i], form,
                                             l->snapshot->schema, l->diags)));
    }
    return SKM_OK;
}

static skm_err add_entities(struct loader *l)
{
    static const skm_span endings[] = {{".json", 5}, {".jsonl", 6}};
    if (is_absent(&l->config->entities)) {
        return SKM_OK;
    }
    struct skm_load_reader reader = passing_reader(l);
    SKM_TRY(add_entity_files(l, SKM_SPAN(".json"), SKM_ENTITIES_JSON_ARRAY));
    SKM_TRY(add_entity_files(l, SKM_SPAN(".jsonl"), SKM_ENTITIES_JSON_LINES));
    return go_on(skm_load_warn_unread(&reader, "entities", l->config->entities.text.ptr, endings,
                                      SKM_ARRAY_LEN(endings)));
}

static skm_err load_entities(struct loader *l)
{
    size_t errors_before = l->diags->errors;
    SKM_TRY(skm_entities_new(&l->snapshot->arena, &l->snapshot->entities));
    SKM_TRY(add_entities(l));
    /* Entities that are missing because of an error would only cause messages that mislead. */
    if (l->diags->errors > errors_before) {
        return SKM_OK;
    }
    SKM_TRY(skm_entities_finish(l->snapshot->entities, l->snapshot->schema, l->diags));
    l->counts.entities = skm_entities_count(l->snapshot->entities);
    const struct skm_candidates_from from = {.entities = l->snapshot->entities,
                                             .schema = l->snapshot->schema,
                                             .policies = &l->snapshot->policies};
    return skm_candidates_new(&l->snapshot->arena, &from, &l->snapshot->candidates);
}

/* ---- resource map ---- */

/* `has_entities`: all of them could be read, so that one that is not there is none. */
static skm_err load_resources(struct loader *l, bool has_entities)
{
    const struct skm_source *source = NULL;
    SKM_TRY(read_named(l, "resources", &l->config->resources, &source));
    if (source == NULL) {
        return SKM_OK;
    }
    struct skm_config_resources_options options = {
        .action_type = l->config->authzen.action_type.text,
        .schema = l->snapshot->schema,
        .entities = has_entities ? skm_entities_view(l->snapshot->entities) : NULL,
    };
    SKM_TRY(skm_config_resources(&l->snapshot->arena, source, &options, l->diags,
                                 &l->snapshot->resources));
    l->counts.resources = skm_resource_map_count(l->snapshot->resources);
    return SKM_OK;
}

/* ---- all ---- */

static skm_err load_everything(struct loader *l)
{
    SKM_TRY(load_all_policies(l));
    size_t errors_before = l->diags->errors;
    SKM_TRY(go_on(load_schema(l)));
    bool has_schema_error = l->diags->errors > errors_before;
    SKM_TRY(validate_all_policies(l));
    SKM_TRY(go_on(load_zones(l)));
    /* Without the schema that was asked for, entities and labels cannot be read as its types. */
    if (has_schema_error) {
        return SKM_OK;
    }
    errors_before = l->diags->errors;
    SKM_TRY(go_on(load_entities(l)));
    return go_on(load_resources(l, l->diags->errors == errors_before));
}

skm_err skm_load_snapshot(const struct skm_config *config, struct skm_arena *texts,
                          struct skm_diags *diags, struct skm_snapshot *snapshot,
                          struct skm_load_counts *out_counts)
{
    struct loader l = {.config = config, .snapshot = snapshot, .texts = texts, .diags = diags};
    size_t errors_before = diags->errors;
    skm_err err = load_everything(&l);
    skm_sha256_stream_free(l.digest);
    SKM_TRY(err);
    if (diags->errors > errors_before) {
        return SKM_ERR(INVALID);
    }
    snapshot->on_forbid_error = config->on_forbid_error == SKM_CONFIG_ON_FORBID_ERROR_SKIP
                                    ? SKM_ON_FORBID_ERROR_SKIP
                                    : SKM_ON_FORBID_ERROR_DENY;
    *out_counts = l.counts;
    return SKM_OK;
}
