/* An explanation (decide/explain.h) written for people or as JSON. */
#pragma once

#include "base/json.h"
#include "decide/explain.h"

/* `verbose`: every conjunct that does not hold, not only the first of each policy. */
void skm_explanation_print(const struct skm_explanation *explanation, bool verbose,
                           struct skm_buf *out);

/* One object; sekimori-policy(1) has the form. */
void skm_explanation_write(const struct skm_explanation *explanation,
                           struct skm_json_writer *writer);

/* "allow+notify_last_login", "deny", "deny+encrypt+step_up_mfa": the outcome as policy tests write it (tokens sorted). */
void skm_explanation_outcome(const struct skm_decision *decision, struct skm_buf *out);
