#include "cedar/confusable.h"

#include "base/attr.h"
#include "base/span.h"
#include "base/utf8.h"

struct scan {
    const struct skm_policy *policy;
    skm_span id;
    struct skm_diags *diags;
};

/* Scripts whose letters look alike across each other (UTS 39, confusables: nearly all of the single-letter ones). */
enum script {
    SCRIPT_NEUTRAL = 0, /* anything else: digits, marks, scripts that do not imitate these */
    SCRIPT_LATIN,
    SCRIPT_GREEK,
    SCRIPT_CYRILLIC,
    SCRIPT_ARMENIAN,
    SCRIPT_CHEROKEE,
};

struct script_range {
    uint32_t first;
    uint32_t last;
    enum script script;
};

/* Unicode 15.0, Scripts.txt, letters of the blocks named. */
static const struct script_range SCRIPTS[] = {
    {0x0041, 0x005A, SCRIPT_LATIN},    {0x0061, 0x007A, SCRIPT_LATIN},
    {0x00C0, 0x00D6, SCRIPT_LATIN},    {0x00D8, 0x00F6, SCRIPT_LATIN},
    {0x00F8, 0x024F, SCRIPT_LATIN},    {0x0250, 0x02AF, SCRIPT_LATIN},
    {0x1E00, 0x1EFF, SCRIPT_LATIN},    {0x0370, 0x0373, SCRIPT_GREEK},
    {0x0376, 0x0377, SCRIPT_GREEK},    {0x037B, 0x037D, SCRIPT_GREEK},
    {0x0386, 0x0386, SCRIPT_GREEK},    {0x0388, 0x03E1, SCRIPT_GREEK},
    {0x1F00, 0x1FFF, SCRIPT_GREEK},    {0x0400, 0x0481, SCRIPT_CYRILLIC},
    {0x048A, 0x052F, SCRIPT_CYRILLIC}, {0x0531, 0x0556, SCRIPT_ARMENIAN},
    {0x0561, 0x0587, SCRIPT_ARMENIAN}, {0x13A0, 0x13FF, SCRIPT_CHEROKEE},
};

static enum script script_of(uint32_t scalar)
{
    for (size_t i = 0; i < SKM_ARRAY_LEN(SCRIPTS); i++) {
        if (scalar >= SCRIPTS[i].first && scalar <= SCRIPTS[i].last) {
            return SCRIPTS[i].script;
        }
    }
    return SCRIPT_NEUTRAL;
}

/* Unicode Bidi_Control property. */
static bool is_bidi_control(uint32_t scalar)
{
    return scalar == 0x061C || scalar == 0x200E || scalar == 0x200F ||
           (scalar >= 0x202A && scalar <= 0x202E) || (scalar >= 0x2066 && scalar <= 0x2069);
}

/* Default_Ignorable_Code_Point, as far as it is found in ordinary text. */
static bool is_invisible(uint32_t scalar)
{
    return scalar == 0x00AD || (scalar >= 0x200B && scalar <= 0x200D) || scalar == 0x2060 ||
           scalar == 0xFEFF;
}

/* What is wrong with a text, or NULL. */
static const char *judge(skm_span text)
{
    enum script word = SCRIPT_NEUTRAL;
    size_t at = 0;
    while (at < text.len) {
        uint32_t scalar = 0;
        size_t len = skm_utf8_decode(text, at, &scalar);
        if (len == 0) {
            return NULL; /* cannot happen to text that was parsed */
        }
        at += len;
        if (is_bidi_control(scalar)) {
            return "contains a bidirectional control character, which makes it read differently from what it is";
        }
        if (is_invisible(scalar)) {
            return "contains an invisible character";
        }
        enum script script = script_of(scalar);
        if (script == SCRIPT_NEUTRAL) {
            word = scalar < 0x80 ? SCRIPT_NEUTRAL : word;
            continue;
        }
        if (word != SCRIPT_NEUTRAL && script != word) {
            return "mixes letters of scripts that look alike in one word";
        }
        word = script;
    }
    return NULL;
}

static void check_text(const struct scan *scan, skm_span text, struct skm_range range)
{
    const char *fault = judge(text);
    if (fault == NULL) {
        return;
    }
    struct skm_range where = range.len != 0 ? range : scan->policy->range;
    struct skm_diag *diag = skm_diags_add(scan->diags, SKM_SEVERITY_WARNING, scan->policy->source,
                                          where, "text %s", fault);
    skm_diag_id(scan->diags, diag, scan->id);
    skm_diag_help(scan->diags, diag, "write it with \\u{...} escapes if it is meant");
}

static void check_expr(const struct scan *scan, const struct skm_expr *expr);

static void check_lists(const struct scan *scan, const struct skm_expr *expr)
{
    if (expr->kind == SKM_EXPR_SET) {
        for (size_t i = 0; i < expr->as.list.count; i++) {
            check_expr(scan, expr->as.list.items[i]);
        }
    } else if (expr->kind == SKM_EXPR_CALL) {
        for (size_t i = 0; i < expr->as.call.count; i++) {
            check_expr(scan, expr->as.call.args[i]);
        }
    } else if (expr->kind == SKM_EXPR_RECORD) {
        for (size_t i = 0; i < expr->as.record.count; i++) {
            check_text(scan, expr->as.record.fields[i].key, expr->range);
            check_expr(scan, expr->as.record.fields[i].value);
        }
    } else if (expr->kind == SKM_EXPR_LIKE) {
        for (size_t i = 0; i < expr->as.pattern.count; i++) {
            check_text(scan, expr->as.pattern.parts[i].text, expr->range);
        }
    }
}

/* Depth is bounded by SKM_EXPR_DEPTH_MAX. */
static void check_expr(const struct scan *scan, const struct skm_expr *expr)
{
    if (expr->hint == SKM_EXPR_HINT_IS_IN) { /* both halves hold the same operand */
        check_expr(scan, expr->a);
        check_expr(scan, expr->b->b);
        return;
    }
    const struct skm_expr *children[] = {expr->a, expr->b, expr->c};
    for (size_t i = 0; i < SKM_ARRAY_LEN(children); i++) {
        if (children[i] != NULL) {
            check_expr(scan, children[i]);
        }
    }
    if (expr->kind == SKM_EXPR_LITERAL && expr->as.literal.kind == SKM_VALUE_STRING) {
        check_text(scan, expr->as.literal.as.string, expr->range);
    } else if (expr->kind == SKM_EXPR_LITERAL && expr->as.literal.kind == SKM_VALUE_ENTITY) {
        check_text(scan, expr->as.literal.as.entity->id, expr->range);
    } else if (expr->kind == SKM_EXPR_GET_ATTR || expr->kind == SKM_EXPR_HAS_ATTR) {
        check_text(scan, expr->as.name, expr->range);
    }
    check_lists(scan, expr);
}

static void check_scope(const struct scan *scan, const struct skm_scope *scope)
{
    check_text(scan, scope->uid.id, scope->range);
    for (size_t i = 0; i < scope->uid_count; i++) {
        check_text(scan, scope->uids[i].id, scope->range);
    }
}

void skm_confusable_check(const struct skm_policy *policy, skm_span id, struct skm_diags *diags)
{
    struct scan scan = {.policy = policy, .id = id, .diags = diags};
    check_scope(&scan, &policy->principal);
    check_scope(&scan, &policy->action);
    check_scope(&scan, &policy->resource);
    for (size_t i = 0; i < policy->condition_count; i++) {
        check_expr(&scan, policy->conditions[i].body);
    }
    for (size_t i = 0; i < policy->annotation_count; i++) {
        check_text(&scan, policy->annotations[i].value, policy->annotations[i].range);
    }
}
