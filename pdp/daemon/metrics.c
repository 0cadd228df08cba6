#include "daemon/metrics.h"

#include <inttypes.h>

#include <sekimori/version.h>

#include "base/attr.h"
#include "base/enc.h"
#include "base/span.h"
#include "daemon/process.h"

static const char *const endpoint_labels[] = {
#define LABEL(name, label) label,
    SKM_METRICS_ENDPOINT_TABLE(LABEL)
#undef LABEL
};

static const uint16_t statuses[] = {200, 400, 401, 403, 404, 405, 500, 503};

/* Upper bounds in nanoseconds: a decision takes microseconds, a batch of a thousand milliseconds. */
static const int64_t bucket_bounds_ns[] = {
    1000,   2500,    5000,    10000,    25000,     50000,      100000,
    250000, 1000000, 5000000, 25000000, 100000000, 1000000000,
};

static const char *const bucket_labels[] = {
    "0.000001", "0.0000025", "0.000005", "0.00001", "0.000025", "0.00005", "0.0001",
    "0.00025",  "0.001",     "0.005",    "0.025",   "0.1",      "1",       "+Inf",
};

_Static_assert(SKM_ARRAY_LEN(statuses) + 1 == SKM_METRICS_STATUS_COUNT, "one more is `other`");
_Static_assert(SKM_ARRAY_LEN(bucket_bounds_ns) + 1 == SKM_METRICS_BUCKET_COUNT, "one more is +Inf");
_Static_assert(SKM_ARRAY_LEN(bucket_labels) == SKM_METRICS_BUCKET_COUNT, "a label each");

/* ---- counting: one writer, so a load and a store are enough ---- */

static void add(uint64_t *counter, uint64_t amount)
{
    __atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + amount,
                     __ATOMIC_RELAXED);
}

static uint64_t get(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static size_t status_index(uint16_t status)
{
    size_t i = 0;
    while (i < SKM_ARRAY_LEN(statuses) && statuses[i] != status) {
        i++;
    }
    return i;
}

static size_t bucket_index(int64_t duration_ns)
{
    size_t i = 0;
    while (i < SKM_ARRAY_LEN(bucket_bounds_ns) && duration_ns > bucket_bounds_ns[i]) {
        i++;
    }
    return i;
}

void skm_metrics_observe(struct skm_metrics *metrics, enum skm_metrics_endpoint endpoint,
                         uint16_t status, int64_t duration_ns)
{
    int64_t duration = duration_ns < 0 ? 0 : duration_ns;
    add(&metrics->responses[endpoint][status_index(status)], 1);
    add(&metrics->buckets[endpoint][bucket_index(duration)], 1);
    add(&metrics->duration_ns[endpoint], (uint64_t)duration);
}

void skm_metrics_record(struct skm_metrics *metrics, const struct skm_decision_record *record)
{
    size_t source = skm_span_equal(record->endpoint, SKM_SPAN("forward-auth")) ? 1 : 0;
    size_t failed = record->decision->error_count;
    for (size_t i = 0; i < record->decision->reason_count; i++) {
        failed += record->decision->reasons[i].errored ? 1 : 0;
    }
    add(&metrics->decisions[source][record->decision->kind], 1);
    add(&metrics->policy_errors, failed);
}

/* ---- printing ---- */

static uint64_t sum(const struct skm_metrics_view *view, size_t offset)
{
    uint64_t total = 0;
    for (size_t i = 0; i < view->worker_count; i++) {
        /* SAFETY: `offset` is that of a uint64_t in the struct. */
        const void *counter = (const char *)view->workers[i] + offset;
        total += get(counter);
    }
    return total;
}

#define SUM(view, member) sum((view), offsetof(struct skm_metrics, member))

static size_t at(size_t base, size_t index)
{
    return base + index * sizeof(uint64_t);
}

static void head(struct skm_buf *out, const char *name, const char *type, const char *help)
{
    skm_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void single(struct skm_buf *out, const char *name, const char *type, const char *help,
                   uint64_t value)
{
    head(out, name, type, help);
    skm_buf_printf(out, "%s %" PRIu64 "\n", name, value);
}

/* Milliseconds as seconds. */
static void seconds(struct skm_buf *out, const char *name, const char *help, int64_t ms)
{
    int64_t positive = ms < 0 ? 0 : ms;
    head(out, name, "gauge", help);
    skm_buf_printf(out, "%s %" PRId64 ".%03" PRId64 "\n", name, positive / 1000, positive % 1000);
}

static void print_build(struct skm_buf *out)
{
    head(out, "sekimori_build_info", "gauge", "Version of the daemon.");
    skm_buf_printf(out, "sekimori_build_info{version=\"%s\"} 1\n", SKM_VERSION);
}

static void print_snapshot(const struct skm_metrics_view *view, struct skm_buf *out)
{
    const struct skm_live *live = view->live;
    const struct skm_load_counts *counts = &live->counts;
    skm_span digest = {(const char *)live->snapshot->policy_digest, SKM_SNAPSHOT_DIGEST_BYTES};
    single(out, "sekimori_snapshot_revision", "gauge",
           "Number of the policy and entity set in force.", live->snapshot->revision);
    head(out, "sekimori_snapshot_info", "gauge", "SHA-256 of the policy files in force.");
    skm_buf_append_cstr(out, "sekimori_snapshot_info{policy_digest=\"");
    skm_enc_hex(out, digest);
    skm_buf_append_cstr(out, "\"} 1\n");
    seconds(out, "sekimori_snapshot_age_seconds", "Time since the set in force was loaded.",
            view->now_wall_ms - live->snapshot->loaded_wall_ms);
    single(out, "sekimori_policies", "gauge", "Static policies.", counts->policies);
    single(out, "sekimori_templates", "gauge", "Policy templates.", counts->templates);
    single(out, "sekimori_template_links", "gauge", "Links of templates.", counts->links);
    single(out, "sekimori_obligation_policies", "gauge", "Obligation policies.",
           counts->obligations);
    single(out, "sekimori_entities", "gauge", "Entities.", counts->entities);
    single(out, "sekimori_resource_rules", "gauge", "Rules of the resource map.",
           counts->resources);
    single(out, "sekimori_zone_networks", "gauge", "Networks of the zone table.", counts->zones);
    single(out, "sekimori_load_warnings", "gauge", "Warnings about the set in force.",
           view->live->warnings);
    single(out, "sekimori_snapshot_bytes", "gauge", "Memory the set in force takes.",
           live->snapshot->arena.taken_bytes);
}

static void print_reloads(const struct skm_metrics_reloads *reloads, struct skm_buf *out)
{
    head(out, "sekimori_reloads_total", "counter",
         "Loads by result, the one at the start included.");
    skm_buf_printf(out, "sekimori_reloads_total{result=\"ok\"} %" PRIu64 "\n", reloads->succeeded);
    skm_buf_printf(out, "sekimori_reloads_total{result=\"failed\"} %" PRIu64 "\n", reloads->failed);
    single(out, "sekimori_last_reload_successful", "gauge", "Whether the last load was taken.",
           reloads->last_ok ? 1 : 0);
    seconds(out, "sekimori_last_reload_timestamp_seconds", "When the last load began.",
            reloads->last_wall_ms);
    seconds(out, "sekimori_last_reload_duration_seconds", "How long the last load took.",
            reloads->last_took_ms);
}

static void print_decisions(const struct skm_metrics_view *view, struct skm_buf *out)
{
    static const char *const sources[] = {"authzen", "forward_auth"};
    head(out, "sekimori_decisions_total", "counter", "Decisions by interface and outcome.");
    for (size_t source = 0; source < SKM_ARRAY_LEN(sources); source++) {
        for (size_t kind = 0; kind < SKM_METRICS_KIND_COUNT; kind++) {
            size_t offset =
                at(offsetof(struct skm_metrics, decisions), source * SKM_METRICS_KIND_COUNT + kind);
            skm_span name = skm_decision_kind_name((enum skm_decision_kind)kind);
            skm_buf_printf(out,
                           "sekimori_decisions_total{interface=\"%s\",kind=\"%.*s\"} %" PRIu64 "\n",
                           sources[source], SKM_SPAN_ARG(name), sum(view, offset));
        }
    }
    single(out, "sekimori_policy_errors_total", "counter", "Policies that failed to evaluate.",
           SUM(view, policy_errors));
}

static void print_responses(const struct skm_metrics_view *view, struct skm_buf *out)
{
    head(out, "sekimori_requests_total", "counter", "Requests answered by endpoint and status.");
    for (size_t endpoint = 0; endpoint < SKM_METRICS_ENDPOINT_COUNT; endpoint++) {
        for (size_t i = 0; i < SKM_METRICS_STATUS_COUNT; i++) {
            uint64_t count = sum(view, at(offsetof(struct skm_metrics, responses),
                                          endpoint * SKM_METRICS_STATUS_COUNT + i));
            if (count == 0) {
                continue;
            }
            skm_buf_printf(out, "sekimori_requests_total{endpoint=\"%s\",status=\"",
                           endpoint_labels[endpoint]);
            if (i < SKM_ARRAY_LEN(statuses)) {
                skm_buf_append_u64(out, statuses[i]);
            } else {
                skm_buf_append_cstr(out, "other");
            }
            skm_buf_printf(out, "\"} %" PRIu64 "\n", count);
        }
    }
}

static void print_histogram(const struct skm_metrics_view *view, size_t endpoint,
                            struct skm_buf *out)
{
    static const char name[] = "sekimori_request_duration_seconds";
    uint64_t total = 0;
    for (size_t i = 0; i < SKM_METRICS_BUCKET_COUNT; i++) {
        total += sum(view, at(offsetof(struct skm_metrics, buckets),
                              endpoint * SKM_METRICS_BUCKET_COUNT + i));
        skm_buf_printf(out, "%s_bucket{endpoint=\"%s\",le=\"%s\"} %" PRIu64 "\n", name,
                       endpoint_labels[endpoint], bucket_labels[i], total);
    }
    uint64_t ns = sum(view, at(offsetof(struct skm_metrics, duration_ns), endpoint));
    skm_buf_printf(out, "%s_sum{endpoint=\"%s\"} %" PRIu64 ".%09" PRIu64 "\n", name,
                   endpoint_labels[endpoint], ns / 1000000000, ns % 1000000000);
    skm_buf_printf(out, "%s_count{endpoint=\"%s\"} %" PRIu64 "\n", name, endpoint_labels[endpoint],
                   total);
}

static void print_durations(const struct skm_metrics_view *view, struct skm_buf *out)
{
    static const enum skm_metrics_endpoint shown[] = {
        SKM_METRICS_EVALUATION, SKM_METRICS_EVALUATIONS, SKM_METRICS_FORWARD_AUTH};
    head(out, "sekimori_request_duration_seconds", "histogram",
         "Time from request to answer inside the daemon, without the network.");
    for (size_t i = 0; i < SKM_ARRAY_LEN(shown); i++) {
        print_histogram(view, shown[i], out);
    }
}

static void print_http(const struct skm_http_counters *http, struct skm_buf *out)
{
    head(out, "sekimori_http_responses_total", "counter", "Responses by class of status.");
    for (size_t i = 1; i < SKM_ARRAY_LEN(http->responses); i++) {
        skm_buf_printf(out, "sekimori_http_responses_total{class=\"%zuxx\"} %" PRIu64 "\n", i,
                       http->responses[i]);
    }
    head(out, "sekimori_http_rejected_total", "counter",
         "Connections and requests turned away by reason.");
    for (size_t i = 0; i < SKM_HTTP_REJECT_COUNT; i++) {
        skm_buf_printf(out, "sekimori_http_rejected_total{reason=\"%s\"} %" PRIu64 "\n",
                       skm_http_reject_label((enum skm_http_reject)i), http->rejected[i]);
    }
    single(out, "sekimori_http_connections_accepted_total", "counter", "Connections accepted.",
           http->connections_accepted);
    single(out, "sekimori_http_connections_open", "gauge", "Connections now.",
           http->connections_open);
    single(out, "sekimori_http_connections_idle", "gauge", "Connections between requests now.",
           http->connections_idle);
    single(out, "sekimori_http_connections_evicted_total", "counter",
           "Idle connections ended to make room.", http->connections_evicted);
    single(out, "sekimori_tls_handshakes_total", "counter", "TLS handshakes completed.",
           http->tls_handshakes);
    single(out, "sekimori_http_received_bytes_total", "counter", "Bytes received.", http->bytes_in);
    single(out, "sekimori_http_sent_bytes_total", "counter", "Bytes sent.", http->bytes_out);
    single(out, "sekimori_http_buffer_bytes", "gauge", "Memory held for connections.",
           http->buffer_bytes);
}

static void print_process(const struct skm_metrics_view *view, struct skm_buf *out)
{
    struct skm_process_usage usage;
    skm_process_usage(&usage);
    single(out, "process_resident_memory_bytes", "gauge", "Resident memory.", usage.resident_bytes);
    single(out, "process_open_fds", "gauge", "Open file descriptors.", usage.open_fds);
    single(out, "process_max_fds", "gauge", "Most file descriptors allowed.", usage.max_fds);
    seconds(out, "process_start_time_seconds", "When the process started.", view->started_wall_ms);
    head(out, "process_cpu_seconds_total", "counter", "Processor time.");
    skm_buf_printf(out, "process_cpu_seconds_total %" PRIu64 ".%06" PRIu64 "\n",
                   usage.cpu_us / 1000000, usage.cpu_us % 1000000);
}

void skm_metrics_print(const struct skm_metrics_view *view, struct skm_buf *out)
{
    print_build(out);
    print_snapshot(view, out);
    print_reloads(&view->reloads, out);
    print_decisions(view, out);
    print_responses(view, out);
    print_durations(view, out);
    print_http(&view->http, out);
    print_process(view, out);
}

uint64_t skm_metrics_decisions(const struct skm_metrics_view *view)
{
    uint64_t total = 0;
    for (size_t i = 0; i < 2 * (size_t)SKM_METRICS_KIND_COUNT; i++) {
        total += sum(view, at(offsetof(struct skm_metrics, decisions), i));
    }
    return total;
}
