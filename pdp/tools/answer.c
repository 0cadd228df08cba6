#include "tools/answer.h"

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define MESSAGE_MAX (64u << 10)

void skm_answer_members(const struct skm_authorization *authorization,
                        struct skm_json_writer *writer)
{
    size_t count = 0;
    const struct skm_policy_instance **reasons = skm_authorization_reasons(authorization, &count);
    skm_json_write_key(writer, SKM_SPAN("decision"));
    skm_json_write_string(writer, authorization->allow ? SKM_SPAN("allow") : SKM_SPAN("deny"));
    skm_json_write_key(writer, SKM_SPAN("reason"));
    skm_json_write_array_begin(writer);
    for (size_t i = 0; i < count; i++) {
        skm_json_write_string(writer, reasons[i]->id);
    }
    skm_json_write_array_end(writer);
    skm_json_write_key(writer, SKM_SPAN("errors"));
    skm_json_write_array_begin(writer);
    for (size_t i = 0; i < authorization->failure_count; i++) {
        skm_json_write_string(writer, authorization->failures[i].instance->id);
    }
    skm_json_write_array_end(writer);
}

void skm_answer_print(const struct skm_authorization *authorization, struct skm_buf *out)
{
    size_t count = 0;
    const struct skm_policy_instance **reasons = skm_authorization_reasons(authorization, &count);
    skm_buf_printf(out, "decision: %s\n", authorization->allow ? "allow" : "deny");
    for (size_t i = 0; i < count; i++) {
        skm_buf_append_cstr(out, i == 0 ? "reason:   " : "          ");
        skm_value_print_escaped(reasons[i]->id, out);
        skm_buf_append_char(out, '\n');
    }
    if (count == 0) {
        skm_buf_append_cstr(out, "reason:   no policy permits it\n");
    }
    for (size_t i = 0; i < authorization->failure_count; i++) {
        const struct skm_policy_failure *failure = &authorization->failures[i];
        skm_buf_append_cstr(out, i == 0 ? "errors:   " : "          ");
        skm_value_print_escaped(failure->instance->id, out);
        skm_buf_append_cstr(out, ": ");
        skm_eval_error_print(&failure->error, failure->instance->policy->source, out);
        skm_buf_append_char(out, '\n');
    }
}

/* "text:3:9: message; help", on one line. */
static void append_message(const struct skm_diag *diag, struct skm_buf *out)
{
    if (diag->source != NULL) {
        uint32_t line = 0;
        uint32_t column = 0;
        skm_source_position(diag->source, diag->range.start, &line, &column);
        skm_buf_append(out, diag->source->name);
        skm_buf_printf(out, ":%u:%u: ", line, column);
    }
    skm_buf_append(out, diag->message);
    if (diag->id.len > 0) {
        skm_buf_append_cstr(out, " (in `");
        skm_buf_append(out, diag->id);
        skm_buf_append_cstr(out, "`)");
    }
    if (diag->help.len > 0) {
        skm_buf_append_cstr(out, "; ");
        skm_buf_append(out, diag->help);
    }
}

static const struct skm_diag *first_error(const struct skm_diags *diags)
{
    const struct skm_diag *diag = diags->first;
    while (diag != NULL && diag->severity != SKM_SEVERITY_ERROR) {
        diag = diag->next;
    }
    return diag;
}

void skm_answer_error(enum skm_stage stage, const struct skm_diags *diags, skm_err err,
                      struct skm_json_writer *writer)
{
    SKM_CLEANUP(skm_buf_fini) struct skm_buf message = {0};
    skm_buf_init(&message, MESSAGE_MAX);
    const struct skm_diag *diag = first_error(diags);
    if (diag == NULL) {
        skm_buf_append_cstr(&message, skm_err_text(err));
    } else {
        append_message(diag, &message);
    }
    if (diags->errors > 1) {
        skm_buf_printf(&message, " (and %zu more)", diags->errors - 1);
    }
    skm_json_write_object_begin(writer);
    skm_json_write_key(writer, SKM_SPAN("error"));
    skm_json_write_object_begin(writer);
    skm_json_write_key(writer, SKM_SPAN("stage"));
    skm_json_write_string(writer, skm_span_cstr(skm_stage_name(stage)));
    skm_json_write_key(writer, SKM_SPAN("message"));
    skm_json_write_string(writer, skm_buf_span(&message));
    skm_json_write_object_end(writer);
    skm_json_write_object_end(writer);
}
