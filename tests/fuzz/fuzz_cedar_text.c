/* Policy text, and the same bytes as an expression, a uid and text for the formatter.
 *
 * Nothing may crash, leak or run on. What is refused has a message and leaves the output alone; what is accepted comes
 * back equal from the printer and from the formatter, in which formatting twice is formatting once and no comment
 * is lost. */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/span.h"
#include "cedar/format.h"
#include "cedar/parse.h"
#include "cedar/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define QUOTA      ((size_t)256 << 20)
#define OUTPUT_MAX ((size_t)64 << 20)

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static bool same_scope(const struct skm_scope *a, const struct skm_scope *b)
{
    bool same = a->kind == b->kind && a->slot == b->slot && skm_uid_equal(&a->uid, &b->uid) &&
                skm_span_equal(a->type, b->type) && a->uid_count == b->uid_count;
    for (size_t i = 0; same && i < a->uid_count; i++) {
        same = skm_uid_equal(&a->uids[i], &b->uids[i]);
    }
    return same;
}

static bool same_policy(const struct skm_policy *a, const struct skm_policy *b)
{
    bool same = a->effect == b->effect && a->annotation_count == b->annotation_count &&
                a->condition_count == b->condition_count &&
                same_scope(&a->principal, &b->principal) && same_scope(&a->action, &b->action) &&
                same_scope(&a->resource, &b->resource);
    for (size_t i = 0; same && i < a->annotation_count; i++) {
        same = skm_span_equal(a->annotations[i].key, b->annotations[i].key) &&
               skm_span_equal(a->annotations[i].value, b->annotations[i].value);
    }
    for (size_t i = 0; same && i < a->condition_count; i++) {
        same = a->conditions[i].unless == b->conditions[i].unless &&
               skm_expr_equal(a->conditions[i].body, b->conditions[i].body);
    }
    return same;
}

/* The text parses to the same policies. */
static void check_same(struct skm_arena *arena, skm_span text,
                       const struct skm_policy_list *policies)
{
    struct skm_source source = {.text = text};
    struct skm_policy_list again = {0};
    struct skm_diags diags;
    skm_diags_init(&diags, arena, 10);
    skm_err err = skm_parse_policies(arena, &source, 0, &diags, &again);
    if (skm_is_err(err, SKM_E_MEMORY)) {
        return;
    }
    require(skm_is_ok(err) && again.count == policies->count);
    for (size_t i = 0; i < again.count; i++) {
        require(same_policy(&policies->items[i], &again.items[i]));
    }
}

static void check_printed(struct skm_arena *arena, const struct skm_policy_list *policies)
{
    struct skm_buf out;
    skm_buf_init(&out, OUTPUT_MAX);
    for (size_t i = 0; i < policies->count; i++) {
        skm_print_policy(&policies->items[i], &out);
    }
    if (skm_is_ok(skm_buf_check(&out))) {
        check_same(arena, skm_buf_span(&out), policies);
    } else {
        require(skm_is_err(out.err, SKM_E_SIZE));
    }
    skm_buf_fini(&out);
}

/* Bytes of comments, blanks aside. */
static size_t count_comment_bytes(skm_span text)
{
    size_t count = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        if (quoted) {
            i += text.ptr[i] == '\\';
            quoted = i >= text.len || text.ptr[i] != '"' || text.ptr[i - 1] == '\\';
        } else if (text.ptr[i] == '/' && i + 1 < text.len && text.ptr[i + 1] == '/') {
            for (; i < text.len && text.ptr[i] != '\n' && text.ptr[i] != '\r'; i++) {
                count += text.ptr[i] != ' ' && text.ptr[i] != '\t';
            }
        } else {
            quoted = text.ptr[i] == '"';
        }
    }
    return count;
}

static void check_formatted(struct skm_arena *arena, const struct skm_source *source, size_t width,
                            const struct skm_policy_list *policies)
{
    struct skm_buf once;
    struct skm_buf twice;
    struct skm_diags diags;
    skm_diags_init(&diags, arena, 10);
    skm_buf_init(&once, OUTPUT_MAX);
    skm_buf_init(&twice, OUTPUT_MAX);
    skm_err err = skm_format_policies(source, width, &diags, &once);
    require(skm_is_ok(err) || skm_is_err(err, SKM_E_MEMORY) || skm_is_err(err, SKM_E_SIZE));
    if (skm_is_ok(err)) {
        struct skm_source formatted = {.text = skm_buf_span(&once)};
        check_same(arena, formatted.text, policies);
        require(count_comment_bytes(formatted.text) == count_comment_bytes(source->text));
        require(skm_is_ok(skm_format_policies(&formatted, width, &diags, &twice)));
        require(skm_span_equal(skm_buf_span(&twice), formatted.text));
    }
    skm_buf_fini(&once);
    skm_buf_fini(&twice);
}

static void check_policies(struct skm_arena *arena, const struct skm_source *source)
{
    struct skm_policy_list policies = {.count = 77};
    struct skm_diags diags;
    skm_diags_init(&diags, arena, 10);
    skm_err err = skm_parse_policies(arena, source, 0, &diags, &policies);
    require(skm_is_err(err, SKM_E_INVALID) == (diags.errors != 0) || skm_is_err(err, SKM_E_MEMORY));
    if (skm_is_ok(err)) {
        check_printed(arena, &policies);
        check_formatted(arena, source, 100, &policies);
        check_formatted(arena, source, 20, &policies);
    } else {
        require(policies.count == 77);
        struct skm_buf out;
        skm_buf_init(&out, OUTPUT_MAX);
        skm_diags_print(&diags, SKM_DIAG_FORM_HUMAN, &out);
        (void)skm_is_ok(skm_format_text(source->text, 60, &out));
        skm_buf_fini(&out);
    }
}

static void check_expr(struct skm_arena *arena, const struct skm_source *source)
{
    const struct skm_expr *expr = NULL;
    const struct skm_expr *again = NULL;
    struct skm_diags diags;
    skm_diags_init(&diags, arena, 10);
    if (!skm_is_ok(skm_parse_expr(arena, source, &diags, &expr))) {
        require(expr == NULL);
        return;
    }
    struct skm_buf out;
    skm_buf_init(&out, OUTPUT_MAX);
    skm_print_expr(expr, &out);
    struct skm_source printed = {.text = skm_buf_span(&out)};
    require(skm_is_ok(skm_buf_check(&out)));
    require(skm_is_ok(skm_parse_expr(arena, &printed, &diags, &again)));
    require(skm_expr_equal(expr, again));
    skm_buf_fini(&out);
}

static void check_uid(struct skm_arena *arena, skm_span text)
{
    struct skm_uid uid = {{NULL, 0}, {NULL, 0}};
    struct skm_uid again;
    if (!skm_is_ok(skm_parse_uid(arena, text, &uid))) {
        require(uid.type.ptr == NULL);
        return;
    }
    struct skm_buf out;
    skm_buf_init(&out, OUTPUT_MAX);
    skm_uid_print(&uid, &out);
    require(skm_parse_is_name(uid.type));
    require(skm_is_ok(skm_parse_uid(arena, skm_buf_span(&out), &again)));
    require(skm_uid_equal(&uid, &again));
    skm_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct skm_arena arena;
    skm_arena_init(&arena, QUOTA);
    struct skm_source source = {.text = {(const char *)data, size}};
    check_policies(&arena, &source);
    check_expr(&arena, &source);
    check_uid(&arena, source.text);
    skm_arena_fini(&arena);
    return 0;
}
