/* Counters of one worker, and the text that Prometheus reads (exposition format 0.0.4).
 *
 * Each worker counts for itself; only its loop's thread writes, any thread reads. Every figure is exact, all together are not one
 * instant. */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "daemon/live.h"
#include "server/http_server.h"

/* X(NAME, label) */
#define SKM_METRICS_ENDPOINT_TABLE(X)                                                              \
    X(EVALUATION, "evaluation")                                                                    \
    X(EVALUATIONS, "evaluations")                                                                  \
    X(SEARCH_SUBJECT, "search_subject")                                                            \
    X(SEARCH_RESOURCE, "search_resource")                                                          \
    X(SEARCH_ACTION, "search_action")                                                              \
    X(METADATA, "metadata")                                                                        \
    X(FORWARD_AUTH, "forward_auth")                                                                \
    X(HEALTHZ, "healthz")                                                                          \
    X(READYZ, "readyz")                                                                            \
    X(METRICS, "metrics")

enum skm_metrics_endpoint {
#define SKM_METRICS_ENDPOINT_ENUM_(name, label) SKM_METRICS_##name,
    SKM_METRICS_ENDPOINT_TABLE(SKM_METRICS_ENDPOINT_ENUM_)
#undef SKM_METRICS_ENDPOINT_ENUM_
        SKM_METRICS_ENDPOINT_COUNT,
};

#define SKM_METRICS_STATUS_COUNT 9  /* statuses told apart, the last is "other" */
#define SKM_METRICS_BUCKET_COUNT 14 /* of the histogram, the last is +Inf */
#define SKM_METRICS_KIND_COUNT   4  /* enum skm_decision_kind */

struct skm_metrics {
    uint64_t responses[SKM_METRICS_ENDPOINT_COUNT][SKM_METRICS_STATUS_COUNT];
    uint64_t buckets[SKM_METRICS_ENDPOINT_COUNT]
                    [SKM_METRICS_BUCKET_COUNT]; /* each alone, not summed up */
    uint64_t duration_ns[SKM_METRICS_ENDPOINT_COUNT];
    uint64_t decisions[2][SKM_METRICS_KIND_COUNT]; /* AuthZEN, forward-auth */
    uint64_t policy_errors;                        /* policies that failed to evaluate */
};

/* Loop thread. One answered request of an endpoint. */
void skm_metrics_observe(struct skm_metrics *metrics, enum skm_metrics_endpoint endpoint,
                         uint16_t status, int64_t duration_ns);

/* Loop thread. One decision. */
void skm_metrics_record(struct skm_metrics *metrics, const struct skm_decision_record *record);

/* How reloads went; guarded by whoever holds it. */
struct skm_metrics_reloads {
    uint64_t succeeded;
    uint64_t failed;
    bool last_ok;
    int64_t last_wall_ms;
    int64_t last_took_ms;
};

/* What is printed. */
struct skm_metrics_view {
    const struct skm_metrics *const *workers;
    size_t worker_count;
    struct skm_http_counters http;
    struct skm_metrics_reloads reloads;
    const struct skm_live *live;
    int64_t now_wall_ms;
    int64_t started_wall_ms;
};

void skm_metrics_print(const struct skm_metrics_view *view, struct skm_buf *out);

/* Sum of all decisions, for status. */
uint64_t skm_metrics_decisions(const struct skm_metrics_view *view);
