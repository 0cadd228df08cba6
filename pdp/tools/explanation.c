#include "tools/explanation.h"

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"

#define VALUE_BYTES_MAX (1u << 20)
#define VALUE_SHOWN_MAX 160u
#define NEAREST_SHOWN   3u

void skm_explanation_outcome(const struct skm_decision *decision, struct skm_buf *out)
{
    bool allow = decision->effect == SKM_DECISION_PERMIT;
    skm_buf_append_cstr(out, allow ? "allow" : "deny");
    for (size_t i = 0; allow && i < decision->obligation_count; i++) {
        skm_buf_append_char(out, '+');
        skm_buf_append(out, decision->obligations[i].token);
    }
    for (size_t i = 0; !allow && i < decision->remedy_count; i++) {
        skm_buf_append_char(out, '+');
        skm_buf_append(out, decision->remedies[i]);
    }
}

static void append_value(const struct skm_value *value, size_t shown_max, struct skm_buf *out)
{
    SKM_CLEANUP(skm_buf_fini) struct skm_buf text;
    skm_buf_init(&text, VALUE_BYTES_MAX);
    skm_value_print(value, &text);
    if (!skm_is_ok(skm_buf_check(&text)) || text.len > shown_max) {
        skm_buf_printf(out, "(a long %s)", skm_value_kind_name(value->kind));
        return;
    }
    skm_buf_append(out, skm_buf_span(&text));
}

static const char *effect_name(enum skm_effect effect)
{
    return effect == SKM_EFFECT_PERMIT ? "permit" : "forbid";
}

/* ---- for people ---- */

static void print_place(const struct skm_policy *policy, struct skm_range range,
                        struct skm_buf *out)
{
    uint32_t line = 0;
    uint32_t column = 0;
    if (policy->source == NULL) {
        return;
    }
    skm_source_position(policy->source, range.start, &line, &column);
    skm_buf_printf(out, "  %.*s:%u", SKM_SPAN_ARG(policy->source->name), (unsigned)line);
}

static void print_line(const char *lead, skm_span text, struct skm_buf *out)
{
    if (text.len > 0) {
        skm_buf_append_cstr(out, lead);
        skm_value_print_escaped(text, out);
        skm_buf_append_char(out, '\n');
    }
}

/* Text of a policy's author, in whatever script: control characters are shown escaped, the rest as it is. */
static void print_words(const char *lead, skm_span text, struct skm_buf *out)
{
    if (text.len == 0) {
        return;
    }
    skm_buf_append_cstr(out, lead);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < 0x20 || c == 0x7f) {
            skm_buf_printf(out, "\\x%02x", c);
        } else {
            skm_buf_append_char(out, text.ptr[i]);
        }
    }
    skm_buf_append_char(out, '\n');
}

static void print_reason(const struct skm_decision_reason *reason, struct skm_buf *out)
{
    skm_buf_append_cstr(out, "  ");
    skm_value_print_escaped(reason->policy_id, out);
    skm_buf_printf(out, " (%s%s)\n", effect_name(reason->effect),
                   reason->errored ? ", failed" : "");
    print_words("    ", reason->reason_en, out);
    print_words("    ", reason->reason_ja, out);
    print_words("    error: ", reason->error, out);
    print_line("    clauses: ", reason->clause, out);
    print_line("    remedies: ", reason->remedy, out);
    print_line("    regime: ", reason->regime, out);
}

static void print_decision(const struct skm_decision *decision, struct skm_buf *out)
{
    skm_buf_append_cstr(out, "decision: ");
    skm_explanation_outcome(decision, out);
    skm_buf_printf(out, "\nkind:     %.*s", SKM_SPAN_ARG(skm_decision_kind_name(decision->kind)));
    if (decision->effect != SKM_DECISION_PERMIT) {
        skm_buf_append_cstr(out, decision->hard ? ", nothing the requester can do helps"
                                                : ", permitted once the remedies are taken");
    }
    skm_buf_append_char(out, '\n');
    print_words("message:  ", decision->message, out);
    for (size_t i = 0; i < decision->obligation_count; i++) {
        const struct skm_decision_obligation *duty = &decision->obligations[i];
        skm_buf_append_cstr(out, i == 0 ? "obliges:  " : "          ");
        skm_buf_append(out, duty->token);
        skm_buf_append_cstr(out, " (");
        skm_value_print_escaped(duty->policy_id, out);
        skm_buf_append_cstr(out, ")\n");
    }
    skm_buf_append_cstr(out, decision->reason_count > 0 ? "\nbecause\n" : "");
    for (size_t i = 0; i < decision->reason_count; i++) {
        print_reason(&decision->reasons[i], out);
    }
}

static void print_reading(const struct skm_explain_reading *reading, struct skm_buf *out)
{
    skm_buf_append_cstr(out, "        ");
    skm_buf_append(out, reading->text);
    if (reading->has_value) {
        skm_buf_append_cstr(out, " = ");
        append_value(&reading->value, VALUE_SHOWN_MAX, out);
    } else {
        skm_buf_append_cstr(out, ": cannot be read");
    }
    skm_buf_append_char(out, '\n');
}

static bool is_scope(enum skm_explain_place place)
{
    return place != SKM_EXPLAIN_WHEN && place != SKM_EXPLAIN_UNLESS;
}

static void print_term(const struct skm_explain_term *term, struct skm_buf *out)
{
    skm_buf_append_cstr(out, "      ");
    if (!is_scope(term->place)) {
        skm_buf_printf(out, "%s ", skm_explain_place_name(term->place));
    }
    skm_buf_append(out, term->text);
    skm_buf_append_char(out, '\n');
    print_words("        error: ", term->error, out);
    for (size_t i = 0; i < term->reading_count; i++) {
        print_reading(&term->readings[i], out);
    }
}

static void print_policy(const struct skm_explain_policy *policy, bool verbose, struct skm_buf *out)
{
    static const char *const words[] = {
        [SKM_POLICY_ERROR] = "failed",
        [SKM_POLICY_NOT_SATISFIED] = "does not match",
        [SKM_POLICY_SATISFIED] = "matches",
    };
    skm_buf_append_cstr(out, "  ");
    skm_value_print_escaped(policy->instance->id, out);
    skm_buf_printf(out, " (%s) %s", effect_name(policy->instance->policy->effect),
                   words[policy->outcome]);
    print_place(policy->instance->policy, policy->instance->policy->range, out);
    skm_buf_append_char(out, '\n');
    for (size_t i = 0; i < policy->term_count && (verbose || i == 0); i++) {
        print_term(&policy->terms[i], out);
    }
}

static void print_nearest(const struct skm_explanation *explanation, struct skm_buf *out)
{
    for (size_t i = 0; i < explanation->nearest_count && i < NEAREST_SHOWN; i++) {
        const struct skm_explain_policy *policy = explanation->nearest[i];
        skm_buf_append_cstr(out, i == 0 ? "\nnearest permits\n" : "");
        skm_buf_append_cstr(out, "  ");
        skm_value_print_escaped(policy->instance->id, out);
        skm_buf_printf(out, ": %zu of %zu conditions do not hold", policy->term_count,
                       policy->conjuncts);
        if (policy->unguarded > 0) {
            skm_buf_printf(out, ", %zu cannot be told", policy->unguarded);
        }
        skm_buf_append_char(out, '\n');
        for (size_t t = 0; t < policy->term_count; t++) {
            print_term(&policy->terms[t], out);
        }
    }
}

void skm_explanation_print(const struct skm_explanation *explanation, bool verbose,
                           struct skm_buf *out)
{
    print_decision(&explanation->decision, out);
    print_nearest(explanation, out);
    skm_buf_append_cstr(out, explanation->policy_count > 0 ? "\npolicies\n" : "");
    for (size_t i = 0; i < explanation->policy_count; i++) {
        print_policy(&explanation->policies[i], verbose, out);
    }
    skm_buf_append_cstr(out, explanation->obligation_count > 0 ? "\nobligations\n" : "");
    for (size_t i = 0; i < explanation->obligation_count; i++) {
        print_policy(&explanation->obligations[i], verbose, out);
    }
}

/* ---- JSON ---- */

static void write_text(struct skm_json_writer *writer, const char *key, skm_span text)
{
    skm_json_write_key(writer, skm_span_cstr(key));
    skm_json_write_string(writer, text);
}

static void write_given(struct skm_json_writer *writer, const char *key, skm_span text)
{
    if (text.len > 0) {
        write_text(writer, key, text);
    }
}

static void write_texts(struct skm_json_writer *writer, const char *key, const skm_span *texts,
                        size_t count)
{
    skm_json_write_key(writer, skm_span_cstr(key));
    skm_json_write_array_begin(writer);
    for (size_t i = 0; i < count; i++) {
        skm_json_write_string(writer, texts[i]);
    }
    skm_json_write_array_end(writer);
}

static void write_reason(struct skm_json_writer *writer, const struct skm_decision_reason *reason)
{
    skm_json_write_object_begin(writer);
    write_text(writer, "policy", reason->policy_id);
    write_text(writer, "effect", skm_span_cstr(effect_name(reason->effect)));
    write_given(writer, "error", reason->error);
    write_given(writer, "clause", reason->clause);
    write_given(writer, "remedy", reason->remedy);
    write_given(writer, "reason_en", reason->reason_en);
    write_given(writer, "reason_ja", reason->reason_ja);
    write_given(writer, "regime", reason->regime);
    skm_json_write_object_end(writer);
}

static void write_decision(struct skm_json_writer *writer, const struct skm_decision *decision)
{
    bool allow = decision->effect == SKM_DECISION_PERMIT;
    write_text(writer, "decision", allow ? SKM_SPAN("allow") : SKM_SPAN("deny"));
    write_text(writer, "kind", skm_decision_kind_name(decision->kind));
    skm_json_write_key(writer, SKM_SPAN("hard"));
    skm_json_write_bool(writer, decision->hard);
    write_given(writer, "message", decision->message);
    write_texts(writer, "remedies", decision->remedies, decision->remedy_count);
    write_texts(writer, "clauses", decision->clauses, decision->clause_count);
    skm_json_write_key(writer, SKM_SPAN("obligations"));
    skm_json_write_array_begin(writer);
    for (size_t i = 0; i < decision->obligation_count; i++) {
        skm_json_write_object_begin(writer);
        write_text(writer, "token", decision->obligations[i].token);
        write_text(writer, "policy", decision->obligations[i].policy_id);
        write_given(writer, "clause", decision->obligations[i].clause);
        skm_json_write_object_end(writer);
    }
    skm_json_write_array_end(writer);
    skm_json_write_key(writer, SKM_SPAN("reasons"));
    skm_json_write_array_begin(writer);
    for (size_t i = 0; i < decision->reason_count; i++) {
        write_reason(writer, &decision->reasons[i]);
    }
    skm_json_write_array_end(writer);
}

static void write_position(struct skm_json_writer *writer, const struct skm_policy *policy,
                           struct skm_range range)
{
    uint32_t line = 0;
    uint32_t column = 0;
    if (policy->source == NULL) {
        return;
    }
    skm_source_position(policy->source, range.start, &line, &column);
    write_text(writer, "file", policy->source->name);
    skm_json_write_key(writer, SKM_SPAN("line"));
    skm_json_write_u64(writer, line);
    skm_json_write_key(writer, SKM_SPAN("column"));
    skm_json_write_u64(writer, column);
}

static void write_reading(struct skm_json_writer *writer, const struct skm_explain_reading *reading)
{
    skm_json_write_object_begin(writer);
    write_text(writer, "text", reading->text);
    if (reading->has_value) {
        SKM_CLEANUP(skm_buf_fini) struct skm_buf value;
        skm_buf_init(&value, VALUE_BYTES_MAX);
        append_value(&reading->value, VALUE_BYTES_MAX, &value);
        write_text(writer, "value", skm_buf_span(&value));
    } else {
        write_text(writer, "error", reading->error);
    }
    skm_json_write_object_end(writer);
}

static void write_term(struct skm_json_writer *writer, const struct skm_policy *policy,
                       const struct skm_explain_term *term)
{
    skm_json_write_object_begin(writer);
    write_text(writer, "place", skm_span_cstr(skm_explain_place_name(term->place)));
    write_text(writer, "text", term->text);
    write_position(writer, policy, term->range);
    write_given(writer, "error", term->error);
    skm_json_write_key(writer, SKM_SPAN("reads"));
    skm_json_write_array_begin(writer);
    for (size_t i = 0; i < term->reading_count; i++) {
        write_reading(writer, &term->readings[i]);
    }
    skm_json_write_array_end(writer);
    skm_json_write_object_end(writer);
}

static void write_policy(struct skm_json_writer *writer, const struct skm_explain_policy *policy)
{
    static const char *const words[] = {
        [SKM_POLICY_ERROR] = "error",
        [SKM_POLICY_NOT_SATISFIED] = "not_satisfied",
        [SKM_POLICY_SATISFIED] = "satisfied",
    };
    const struct skm_policy *text = policy->instance->policy;
    skm_json_write_object_begin(writer);
    write_text(writer, "policy", policy->instance->id);
    write_text(writer, "effect", skm_span_cstr(effect_name(text->effect)));
    write_position(writer, text, text->range);
    write_text(writer, "outcome", skm_span_cstr(words[policy->outcome]));
    skm_json_write_key(writer, SKM_SPAN("conditions"));
    skm_json_write_u64(writer, policy->conjuncts);
    skm_json_write_key(writer, SKM_SPAN("unknown"));
    skm_json_write_u64(writer, policy->unguarded);
    skm_json_write_key(writer, SKM_SPAN("failing"));
    skm_json_write_array_begin(writer);
    for (size_t i = 0; i < policy->term_count; i++) {
        write_term(writer, text, &policy->terms[i]);
    }
    skm_json_write_array_end(writer);
    skm_json_write_object_end(writer);
}

static void write_policies(struct skm_json_writer *writer, const char *key,
                           const struct skm_explain_policy *policies, size_t count)
{
    skm_json_write_key(writer, skm_span_cstr(key));
    skm_json_write_array_begin(writer);
    for (size_t i = 0; i < count; i++) {
        write_policy(writer, &policies[i]);
    }
    skm_json_write_array_end(writer);
}

void skm_explanation_write(const struct skm_explanation *explanation,
                           struct skm_json_writer *writer)
{
    skm_json_write_object_begin(writer);
    write_decision(writer, &explanation->decision);
    skm_json_write_key(writer, SKM_SPAN("nearest"));
    skm_json_write_array_begin(writer);
    for (size_t i = 0; i < explanation->nearest_count; i++) {
        skm_json_write_string(writer, explanation->nearest[i]->instance->id);
    }
    skm_json_write_array_end(writer);
    write_policies(writer, "policies", explanation->policies, explanation->policy_count);
    write_policies(writer, "obligation_policies", explanation->obligations,
                   explanation->obligation_count);
    skm_json_write_object_end(writer);
}
