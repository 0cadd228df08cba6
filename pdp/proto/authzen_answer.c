#include "proto/authzen_answer.h"

#include "base/buf.h"
#include "base/span.h"

static void write_member(struct skm_json_writer *writer, skm_span key, skm_span text)
{
    skm_json_write_key(writer, key);
    skm_json_write_string(writer, text);
}

static void write_spans(struct skm_json_writer *writer, skm_span key, const skm_span *texts,
                        size_t count)
{
    skm_json_write_key(writer, key);
    skm_json_write_array_begin(writer);
    for (size_t i = 0; i < count; i++) {
        skm_json_write_string(writer, texts[i]);
    }
    skm_json_write_array_end(writer);
}

/* §7.2.1: an item that could not be evaluated. */
static void write_error(struct skm_json_writer *writer, const struct skm_authzen_fault *fault)
{
    skm_json_write_key(writer, SKM_SPAN("error"));
    skm_json_write_object_begin(writer);
    skm_json_write_key(writer, SKM_SPAN("status"));
    skm_json_write_u64(writer, fault->status);
    write_member(writer, SKM_SPAN("message"), fault->message);
    skm_json_write_object_end(writer);
}

static void write_policies(struct skm_json_writer *writer, const struct skm_decision *decision)
{
    skm_json_write_key(writer, SKM_SPAN("policies"));
    skm_json_write_array_begin(writer);
    for (size_t i = 0; i < decision->reason_count; i++) {
        skm_json_write_string(writer, decision->reasons[i].policy_id);
    }
    skm_json_write_array_end(writer);
}

/* Blank-separated tokens of an annotation as an array. */
static void write_tokens(struct skm_json_writer *writer, skm_span key, skm_span tokens)
{
    skm_json_write_key(writer, key);
    skm_json_write_array_begin(writer);
    size_t at = 0;
    while (at < tokens.len) {
        size_t end = at;
        while (end < tokens.len && tokens.ptr[end] != ' ') {
            end++;
        }
        if (end > at) {
            skm_json_write_string(writer, skm_span_sub(tokens, at, end - at));
        }
        at = end + 1;
    }
    skm_json_write_array_end(writer);
}

static skm_span user_text(const struct skm_decision_reason *reason, bool japanese)
{
    return japanese && reason->reason_ja.len > 0 ? reason->reason_ja : reason->reason_en;
}

static void write_reason(struct skm_json_writer *writer, const struct skm_decision_reason *reason,
                         bool japanese)
{
    skm_json_write_object_begin(writer);
    write_member(writer, SKM_SPAN("policy"), reason->policy_id);
    write_tokens(writer, SKM_SPAN("clauses"), reason->clause);
    write_tokens(writer, SKM_SPAN("remedies"), reason->remedy);
    skm_span text = user_text(reason, japanese);
    if (text.len > 0) {
        write_member(writer, SKM_SPAN("reason"), text);
    }
    skm_json_write_object_end(writer);
}

/* What each policy that matched has to say; those that failed are under `errors`. */
static void write_reasons(struct skm_json_writer *writer, const struct skm_decision *decision,
                          bool japanese)
{
    skm_json_write_key(writer, SKM_SPAN("reasons"));
    skm_json_write_array_begin(writer);
    for (size_t i = 0; i < decision->reason_count; i++) {
        if (!decision->reasons[i].errored) {
            write_reason(writer, &decision->reasons[i], japanese);
        }
    }
    skm_json_write_array_end(writer);
}

static void write_failed(struct skm_json_writer *writer, const struct skm_decision_reason *reasons,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!reasons[i].errored) {
            continue;
        }
        skm_json_write_object_begin(writer);
        write_member(writer, SKM_SPAN("policy"), reasons[i].policy_id);
        write_member(writer, SKM_SPAN("message"), reasons[i].error);
        skm_json_write_object_end(writer);
    }
}

static void write_errors(struct skm_json_writer *writer, const struct skm_decision *decision)
{
    skm_json_write_key(writer, SKM_SPAN("errors"));
    skm_json_write_array_begin(writer);
    write_failed(writer, decision->reasons, decision->reason_count);
    write_failed(writer, decision->errors, decision->error_count);
    skm_json_write_array_end(writer);
}

static const char *summary_of(const struct skm_decision *decision)
{
    switch (decision->kind) {
    case SKM_DECISION_PERMITTED:
        return "permitted by policy";
    case SKM_DECISION_NOT_PERMITTED:
        return "no policy permits this";
    case SKM_DECISION_FORBIDDEN:
        return decision->hard ? "forbidden by policy"
                              : "forbidden by policy until the remedies are applied";
    case SKM_DECISION_ERROR:
        return decision->reason_count > 0 ? "denied: a policy failed to evaluate"
                                          : "denied: the request could not be decided";
    }
    return "denied";
}

/* Reasons are objects keyed by an HTTP-like code (§6.2.2.1's example); one key holds one text. */
static void write_code_text(struct skm_json_writer *writer, skm_span key,
                            const struct skm_decision *decision, skm_span text)
{
    bool permitted = decision->effect == SKM_DECISION_PERMIT;
    skm_json_write_key(writer, key);
    skm_json_write_object_begin(writer);
    write_member(writer, permitted ? SKM_SPAN("200") : SKM_SPAN("403"), text);
    skm_json_write_object_end(writer);
}

#define USER_TEXT_BYTES_MAX 4096u

/* What the annotations have for users; a text that names no rule where they have nothing (policy-model R123). */
static void write_reason_user(struct skm_json_writer *writer,
                              const struct skm_authzen_audience *audience,
                              const struct skm_decision *decision)
{
    struct skm_buf text;
    skm_buf_init(&text, USER_TEXT_BYTES_MAX);
    for (size_t i = 0; i < decision->reason_count; i++) {
        if (decision->reasons[i].errored) {
            continue; /* its text says what it found, and it found nothing */
        }
        skm_span part = user_text(&decision->reasons[i], audience->japanese);
        if (part.len > 0 && text.len > 0) {
            skm_buf_append_cstr(&text, "; ");
        }
        skm_buf_append(&text, part);
    }
    bool usable = text.len > 0 && skm_is_ok(skm_buf_check(&text));
    skm_span generic = audience->japanese ? SKM_SPAN("このアクセスは許可されていません。")
                                          : SKM_SPAN("This access is not allowed.");
    write_code_text(writer, SKM_SPAN("reason_user"), decision,
                    usable ? skm_buf_span(&text) : generic);
    skm_buf_fini(&text);
}

static void write_digest(struct skm_json_writer *writer, const struct skm_snapshot *snapshot)
{
    static const char digits[] = "0123456789abcdef";
    char hex[2 * SKM_SNAPSHOT_DIGEST_BYTES];
    for (size_t i = 0; i < SKM_SNAPSHOT_DIGEST_BYTES; i++) {
        hex[2 * i] = digits[snapshot->policy_digest[i] >> 4];
        hex[2 * i + 1] = digits[snapshot->policy_digest[i] & 0x0f];
    }
    write_member(writer, SKM_SPAN("policy_digest"), skm_span_of(hex, sizeof(hex)));
}

/* Obligations profile: `{id, type, properties}`; ours that the profile has no type for are `custom`. */
void skm_authzen_answer_write_obligations(struct skm_json_writer *writer,
                                          const struct skm_decision_obligation *obligations,
                                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct skm_decision_obligation *obligation = &obligations[i];
        skm_json_write_object_begin(writer);
        write_member(writer, SKM_SPAN("id"), obligation->token);
        write_member(writer, SKM_SPAN("type"), SKM_SPAN("custom"));
        skm_json_write_key(writer, SKM_SPAN("properties"));
        skm_json_write_object_begin(writer);
        write_member(writer, SKM_SPAN("name"), obligation->token);
        if (obligation->clause.len > 0) {
            write_member(writer, SKM_SPAN("clause"), obligation->clause);
        }
        skm_json_write_object_end(writer);
        skm_json_write_object_end(writer);
    }
}

/* Profile type `step-up`: `acr_value` is required, so it is offered only where the registration tells one. */
static void write_step_up(struct skm_json_writer *writer,
                          const struct skm_authzen_audience *audience,
                          const struct skm_decision *decision)
{
    for (size_t i = 0; i < decision->remedy_count && audience->pep->step_up_acr.len > 0; i++) {
        if (!skm_span_equal(decision->remedies[i], SKM_SPAN("step_up_mfa"))) {
            continue;
        }
        skm_json_write_object_begin(writer);
        write_member(writer, SKM_SPAN("id"), decision->remedies[i]);
        write_member(writer, SKM_SPAN("type"), SKM_SPAN("step-up"));
        skm_json_write_key(writer, SKM_SPAN("properties"));
        skm_json_write_object_begin(writer);
        write_member(writer, SKM_SPAN("acr_value"), audience->pep->step_up_acr);
        skm_json_write_object_end(writer);
        skm_json_write_object_end(writer);
    }
}

static void write_obligations(struct skm_json_writer *writer,
                              const struct skm_authzen_audience *audience,
                              const struct skm_decision *decision)
{
    skm_json_write_key(writer, SKM_SPAN("obligations"));
    skm_json_write_array_begin(writer);
    skm_authzen_answer_write_obligations(writer, decision->obligations, decision->obligation_count);
    write_step_up(writer, audience, decision);
    skm_json_write_array_end(writer);
}

/* Nothing here may differ between two answers to one question (certification: idempotency). */
static void write_explanation(struct skm_json_writer *writer,
                              const struct skm_authzen_audience *audience,
                              const struct skm_decision *decision)
{
    skm_span admin =
        decision->message.len > 0 ? decision->message : skm_span_cstr(summary_of(decision));
    write_member(writer, SKM_SPAN("kind"), skm_decision_kind_name(decision->kind));
    write_code_text(writer, SKM_SPAN("reason_admin"), decision, admin);
    if (decision->effect != SKM_DECISION_PERMIT) {
        write_reason_user(writer, audience, decision);
    }
    write_policies(writer, decision);
    write_reasons(writer, decision, audience->japanese);
    write_spans(writer, SKM_SPAN("clauses"), decision->clauses, decision->clause_count);
    write_spans(writer, SKM_SPAN("remedies"), decision->remedies, decision->remedy_count);
    write_errors(writer, decision);
    write_digest(writer, audience->snapshot);
    skm_json_write_key(writer, SKM_SPAN("revision"));
    skm_json_write_u64(writer, decision->revision);
}

static void write_context(struct skm_json_writer *writer,
                          const struct skm_authzen_audience *audience,
                          const struct skm_decision *decision,
                          const struct skm_authzen_fault *fault)
{
    skm_json_write_key(writer, SKM_SPAN("context"));
    skm_json_write_object_begin(writer);
    if (fault->status > 200) {
        write_error(writer, fault);
    } else if (audience->explain) {
        write_explanation(writer, audience, decision);
    }
    if (fault->status <= 200 && (audience->explain || decision->obligation_count > 0)) {
        write_obligations(writer, audience, decision);
    }
    skm_json_write_object_end(writer);
}

void skm_authzen_answer_write(struct skm_json_writer *writer,
                              const struct skm_authzen_audience *audience,
                              const struct skm_decision *decision,
                              const struct skm_authzen_fault *fault)
{
    bool permitted = fault->status == 0 && decision->effect == SKM_DECISION_PERMIT;
    skm_json_write_object_begin(writer);
    skm_json_write_key(writer, SKM_SPAN("decision"));
    skm_json_write_bool(writer, permitted);
    if (fault->status > 200 || audience->explain || decision->obligation_count > 0) {
        write_context(writer, audience, decision, fault);
    }
    skm_json_write_object_end(writer);
}
