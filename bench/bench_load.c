/* Loading: policies with their schema, entities from JSON lines. Prints rows as JSON lines.
 *
 *   cedar.load_policies_s     10 000 policies and a 200-type schema: parse, resolve, validate, build the set
 *   cedar.load_peak_mb        most memory the process held meanwhile
 *   cedar.load_growth         time for 10 times the policies, against the above
 *   entities.load_mb_per_s    1 000 000 entities from JSON lines: read, check against the schema, close
 *   entities.memory_ratio     memory the store took, against the text read
 *   entities.load_growth      1 000 000 against 100 000 entities, time
 *
 * Inputs are made here, the same each time. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/span.h"
#include "cedar/parse.h"
#include "cedar/policy_set.h"
#include "cedar/schema_parse.h"
#include "cedar/validate.h"
#include "state/entities_json.h"

#define TYPES    200u
#define POLICIES 10000u
#define ENTITIES 1000000u

static void must(skm_err err, const char *what)
{
    if (!skm_is_ok(err)) {
        (void)fprintf(stderr, "bench_load: %s failed\n", what);
        exit(1);
    }
}

static double now_s(void)
{
    return (double)skm_clock_monotonic_ns(skm_clock_system()) / 1e9;
}

/* Resident pages of this process, in bytes; `field` 1 is the resident set (proc(5), statm). */
static size_t resident_bytes(void)
{
    struct skm_arena arena;
    skm_arena_init(&arena, 1u << 20);
    skm_span text = {NULL, 0};
    must(skm_file_read(&arena, "/proc/self/statm", 4096, &text), "statm");
    size_t total = 0;
    size_t resident = 0;
    if (sscanf(text.ptr, "%zu %zu", &total, &resident) != 2) {
        must(SKM_ERR(IO), "statm");
    }
    skm_arena_fini(&arena);
    return resident * 4096u;
}

static size_t peak_bytes(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return (size_t)usage.ru_maxrss * 1024u;
}

static void row(const char *name, double value, const char *unit, const char *vs)
{
    printf("{\"name\":\"%s\",\"value\":%.4f,\"unit\":\"%s\"", name, value, unit);
    if (vs != NULL) {
        printf(",\"vs\":\"%s\"", vs);
    }
    printf("}\n");
    (void)fflush(stdout);
}

static void write_schema(struct skm_buf *out)
{
    skm_buf_append_cstr(out, "entity Group in [Group];\n");
    for (unsigned i = 0; i < TYPES; i++) {
        skm_buf_printf(
            out,
            "entity T%u in [Group] { name: String, level: Long, owner?: T%u, tags_: Set<String>, "
            "info: { city: String, zip?: Long, at: datetime }, from: ipaddr };\n",
            i, (i + 1) % TYPES);
    }
    for (unsigned i = 0; i < TYPES; i++) {
        skm_buf_printf(
            out,
            "action act%u appliesTo { principal: T%u, resource: [T%u, T%u], context: { mfa: Bool, age: Long } };\n",
            i, i, (i + 1) % TYPES, (i + 2) % TYPES);
    }
}

static void write_policies(struct skm_buf *out, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned t = i % TYPES;
        skm_buf_printf(
            out,
            "@id(\"p%u\") @clause(\"C-%u\")\n%s (\n  principal in Group::\"g%u\",\n  action == Action::\"act%u\",\n  resource\n)\n"
            "when { principal.level >= resource.level && (resource has owner && resource.owner == T%u::\"x%u\" || context.mfa) }\n"
            "when { [\"a\", \"b%u\"].containsAny(resource.tags_) && resource.info.city like \"to*\" }\n"
            "unless { context.age > %u || principal.from.isInRange(ip(\"10.%u.0.0/16\")) };\n",
            i, i, i % 3 == 0 ? "forbid" : "permit", i % 97, t, (t + 2) % TYPES, i, i, i % 5000,
            i % 256);
    }
}

/* Parse, resolve, validate; seconds. */
static double load_policies(skm_span schema_text, skm_span policy_text)
{
    struct skm_arena arena;
    struct skm_diags diags;
    skm_arena_init(&arena, (size_t)8 << 30);
    skm_diags_init(&diags, &arena, 10);
    double began = now_s();
    struct skm_source schema_source = {SKM_SPAN("schema"), schema_text};
    struct skm_source policy_source = {SKM_SPAN("policies"), policy_text};
    const struct skm_schema *schema = NULL;
    struct skm_policy_list list = {0};
    struct skm_policy_set set;
    skm_policy_set_init(&set, &arena);
    must(skm_schema_parse(&arena, &schema_source, &diags, &schema), "schema");
    must(skm_parse_policies(&arena, &policy_source, 0, &diags, &list), "policies");
    must(skm_policy_set_add(&set, &list, SKM_POLICY_NAMING_ANNOTATION, &diags), "set");
    must(skm_validate_policies(&set, schema, &diags), "validation");
    double took = now_s() - began;
    skm_policy_set_fini(&set);
    skm_arena_fini(&arena);
    return took;
}

static double best_of_3(skm_span schema, skm_span policies)
{
    double best = load_policies(schema, policies);
    for (int i = 0; i < 2; i++) {
        double took = load_policies(schema, policies);
        best = took < best ? took : best;
    }
    return best;
}

static void bench_policies(skm_span schema)
{
    struct skm_buf text;
    skm_buf_init(&text, (size_t)1 << 30);
    write_policies(&text, POLICIES);
    must(skm_buf_check(&text), "text");
    double base = best_of_3(schema, skm_buf_span(&text));
    row("cedar.load_policies_s", base, "s", NULL);
    row("cedar.load_peak_mb", (double)peak_bytes() / 1e6, "MB", NULL);
    skm_buf_reset(&text);
    write_policies(&text, 10 * POLICIES);
    must(skm_buf_check(&text), "text");
    row("cedar.load_growth", load_policies(schema, skm_buf_span(&text)) / base, "x",
        "10 000 policies");
    skm_buf_fini(&text);
}

static void write_entities(struct skm_buf *out, unsigned count)
{
    for (unsigned i = 0; i < 1000; i++) {
        skm_buf_printf(
            out, "{\"uid\":{\"type\":\"Group\",\"id\":\"g%u\"},\"attrs\":{},\"parents\":[", i);
        if (i >= 10) {
            skm_buf_printf(out, "{\"type\":\"Group\",\"id\":\"g%u\"}", i / 10);
        }
        skm_buf_append_cstr(out, "]}\n");
    }
    for (unsigned i = 0; i < count; i++) {
        skm_buf_printf(
            out,
            "{\"uid\":{\"type\":\"T%u\",\"id\":\"entity-%u\"},\"attrs\":{\"name\":\"Name of %u\",\"level\":%u,"
            "\"tags_\":[\"a\",\"b%u\"],\"info\":{\"city\":\"town %u\",\"zip\":%u,\"at\":\"2026-11-21\"},"
            "\"from\":\"10.%u.%u.1\"},\"parents\":[{\"type\":\"Group\",\"id\":\"g%u\"}]}\n",
            i % TYPES, i, i, i % 5, i % 50, i % 1000, i % 99999, i % 256, i % 255, i % 1000);
    }
}

/* Seconds; *out_bytes is what the store added to the resident set, or 0 where not asked for. */
static double load_entities(const struct skm_schema *schema, skm_span text, size_t *out_bytes)
{
    struct skm_arena arena;
    struct skm_diags diags;
    skm_arena_init(&arena, (size_t)16 << 30);
    skm_diags_init(&diags, &arena, 10);
    size_t before = resident_bytes();
    double began = now_s();
    struct skm_source source = {SKM_SPAN("entities"), text};
    struct skm_entities *entities = NULL;
    must(skm_entities_new(&arena, &entities), "store");
    must(skm_entities_json_load(entities, &source, SKM_ENTITIES_JSON_LINES, schema, &diags),
         "entities");
    must(skm_entities_finish(entities, schema, &diags), "closing");
    double took = now_s() - began;
    *out_bytes = resident_bytes() - before;
    skm_entities_free(entities);
    skm_arena_fini(&arena);
    return took;
}

static void bench_entities(skm_span schema_text)
{
    struct skm_arena arena;
    struct skm_diags diags;
    skm_arena_init(&arena, 64u << 20);
    skm_diags_init(&diags, &arena, 10);
    struct skm_source source = {SKM_SPAN("schema"), schema_text};
    const struct skm_schema *schema = NULL;
    must(skm_schema_parse(&arena, &source, &diags, &schema), "schema");
    struct skm_buf text;
    skm_buf_init(&text, (size_t)1 << 30);
    size_t bytes = 0;
    write_entities(&text, ENTITIES / 10);
    must(skm_buf_check(&text), "text");
    double small = load_entities(schema, skm_buf_span(&text), &bytes);
    skm_buf_reset(&text);
    write_entities(&text, ENTITIES);
    must(skm_buf_check(&text), "text");
    double took = load_entities(schema, skm_buf_span(&text), &bytes);
    row("entities.load_mb_per_s", (double)text.len / 1e6 / took, "MB/s", NULL);
    row("entities.memory_ratio", (double)bytes / (double)text.len, "x", "bytes of JSON lines read");
    row("entities.load_growth", took / small, "x", "100 000 entities");
    skm_buf_fini(&text);
    skm_arena_fini(&arena);
}

int main(void)
{
    struct skm_buf schema;
    skm_buf_init(&schema, 16u << 20);
    write_schema(&schema);
    must(skm_buf_check(&schema), "schema");
    bench_policies(skm_buf_span(&schema));
    bench_entities(skm_buf_span(&schema));
    skm_buf_fini(&schema);
    return 0;
}
