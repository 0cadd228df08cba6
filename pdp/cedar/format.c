/* Plans to lines. */
#include "cedar/format.h"

#include "base/buf.h"
#include "base/span.h"
#include "cedar/format_internal.h"
#include "cedar/parse.h"

/* Memory a text may take while it is parsed and laid out, per byte of it and besides. */
#define ARENA_FACTOR 1024u
#define ARENA_BASE   (1u << 20)

/* What comes before the next text. */
enum pending {
    PENDING_NOTHING = 0,
    PENDING_BLANKS,
    PENDING_LINE,  /* a line end */
    PENDING_BLANK, /* a line end and a blank line */
};

struct group {
    uint32_t indent;  /* of its lines */
    uint32_t outside; /* of the lines around it */
    bool broken;
};

struct layout {
    skm_span text;
    size_t width;
    struct skm_buf *out;
    struct skm_arena *arena;
    size_t column; /* characters on the line */
    enum pending pending;
    uint32_t pending_count; /* blanks, or the indentation of the line */
    bool any;               /* something was written */
    bool commented;         /* the line ends with a comment */
    SKM_VEC(struct group) groups;
    SKM_VEC(uint64_t) before; /* flat columns before op i */
    SKM_VEC(uint32_t) until;  /* first op from i on at which a line may end */
    SKM_VEC(uint32_t) ends;   /* op behind the group that op i opens */
    SKM_VEC(uint32_t) open;   /* scratch: groups that are not matched yet */
};

static struct group innermost(const struct layout *layout)
{
    return layout->groups.len == 0 ? (struct group){.broken = true}
                                   : layout->groups.items[layout->groups.len - 1];
}

/* ---- writing ---- */

static void put(struct layout *layout, skm_span text)
{
    skm_buf_append(layout->out, text);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\n') {
            layout->column = 0;
        } else {
            layout->column += ((unsigned char)text.ptr[i] & 0xC0u) != 0x80u;
        }
    }
    layout->any = true;
}

static void put_blanks(struct layout *layout, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        put(layout, SKM_SPAN(" "));
    }
}

static void flush(struct layout *layout)
{
    if (layout->pending >= PENDING_LINE && layout->any) {
        put(layout, layout->pending == PENDING_BLANK ? SKM_SPAN("\n\n") : SKM_SPAN("\n"));
    }
    if (layout->pending != PENDING_NOTHING) {
        put_blanks(layout, layout->pending_count);
    }
    layout->pending = PENDING_NOTHING;
}

static void want_line(struct layout *layout, uint32_t indent)
{
    layout->pending = layout->pending == PENDING_BLANK ? PENDING_BLANK : PENDING_LINE;
    layout->pending_count = indent;
}

/* ---- comments ---- */

static bool is_line_end(char byte)
{
    return byte == '\n' || byte == '\r';
}

/* The comment at the beginning of `gap`, without blanks at its end. */
static skm_span comment_at(skm_span gap, size_t *out_len)
{
    size_t len = 0;
    while (len < gap.len && !is_line_end(gap.ptr[len])) {
        len++;
    }
    *out_len = len;
    while (len > 0 && (gap.ptr[len - 1] == ' ' || gap.ptr[len - 1] == '\t')) {
        len--;
    }
    return (skm_span){gap.ptr, len};
}

/* Line ends in the blanks at the beginning of `gap`; CR LF is one. *out_len: how many bytes of blanks. */
static uint32_t skip_blanks(skm_span gap, size_t *out_len)
{
    uint32_t lines = 0;
    size_t i = 0;
    for (; i < gap.len && gap.ptr[i] != '/'; i++) {
        bool pair = gap.ptr[i] == '\n' && i > 0 && gap.ptr[i - 1] == '\r';
        lines += is_line_end(gap.ptr[i]) && !pair;
    }
    *out_len = i;
    return lines;
}

/* One comment, behind the token before or on a line of its own. What follows gets the line it would have had, or at
 * least a new one. */
static void put_comment(struct layout *layout, skm_span comment, bool behind)
{
    uint32_t indent = innermost(layout).indent;
    bool line = layout->pending >= PENDING_LINE;
    enum pending next = line && behind ? layout->pending : PENDING_LINE;
    uint32_t next_indent = line ? layout->pending_count : indent;
    if (behind) {
        put(layout, SKM_SPAN(" "));
    } else {
        want_line(layout, indent);
        flush(layout);
    }
    put(layout, comment);
    layout->commented = true;
    layout->pending = next;
    layout->pending_count = next_indent;
}

/* The comments of a gap. One on the line of the token before stays behind it; the others get lines of their own.
 * Between policies a blank line before a comment stays. */
static void put_comments(struct layout *layout, skm_span gap, bool between_policies)
{
    for (bool first = true;; first = false) {
        size_t len = 0;
        uint32_t lines = skip_blanks(gap, &len);
        gap = skm_span_from(gap, len);
        if (between_policies && lines > 1 && layout->any) {
            layout->pending = PENDING_BLANK;
        }
        if (gap.len == 0) {
            return;
        }
        bool behind = first && lines == 0 && layout->any && !layout->commented;
        put_comment(layout, comment_at(gap, &len), behind);
        gap = skm_span_from(gap, len);
    }
}

/* ---- ops ---- */

static skm_err push_u32(struct layout *layout, void *vec_items, size_t *len, size_t *cap,
                        uint32_t value)
{
    uint32_t *slot = NULL;
    SKM_TRY(skm_vec_push_(layout->arena, vec_items, len, cap, sizeof value, SIZE_MAX, &slot));
    *slot = value;
    return SKM_OK;
}

#define PUSH_U32(layout, vec, value)                                                               \
    push_u32((layout), &(vec)->items, &(vec)->len, &(vec)->cap, (value))

/* A comment ends a line too. */
static bool may_end_line(const struct skm_format_op *op)
{
    return op->kind == SKM_FORMAT_BREAK || op->kind == SKM_FORMAT_NEWLINE ||
           (op->kind == SKM_FORMAT_TEXT && op->width == SKM_FORMAT_NEVER_FITS);
}

/* Room for all ops, and one behind them; then the sums from the front. */
static skm_err measure_widths(struct layout *layout, const struct skm_format_op *ops, size_t count)
{
    layout->before.len = 0;
    layout->until.len = 0;
    layout->ends.len = 0;
    uint64_t sum = 0;
    for (size_t i = 0; i <= count; i++) {
        uint64_t *before = NULL;
        SKM_TRY(SKM_VEC_PUSH(layout->arena, &layout->before, SIZE_MAX, &before));
        SKM_TRY(PUSH_U32(layout, &layout->until, (uint32_t)count));
        SKM_TRY(PUSH_U32(layout, &layout->ends, (uint32_t)count));
        *before = sum;
        sum += i < count ? ops[i].width : 0;
    }
    return SKM_OK;
}

static skm_err measure(struct layout *layout, const struct skm_format_op *ops, size_t count)
{
    SKM_TRY(measure_widths(layout, ops, count));
    layout->open.len = 0;
    uint32_t line_end = (uint32_t)count;
    for (size_t i = count; i-- > 0;) {
        line_end = may_end_line(&ops[i]) ? (uint32_t)i : line_end;
        layout->until.items[i] = line_end;
        if (ops[i].kind == SKM_FORMAT_CLOSE) {
            SKM_TRY(PUSH_U32(layout, &layout->open, (uint32_t)i + 1));
        } else if (ops[i].kind == SKM_FORMAT_OPEN) {
            layout->ends.items[i] = layout->open.items[--layout->open.len];
        }
    }
    return SKM_OK;
}

/* The group that op `index` opens fits on the line, with what follows it up to where a line may end. */
static bool fits(const struct layout *layout, size_t index)
{
    uint64_t column = layout->pending >= PENDING_LINE ? 0 : layout->column;
    column += layout->pending == PENDING_NOTHING ? 0 : layout->pending_count;
    size_t until = layout->until.items[layout->ends.items[index]];
    return column + layout->before.items[until] - layout->before.items[index] <= layout->width;
}

static skm_err open_group(struct layout *layout, const struct skm_format_op *ops, size_t index)
{
    struct group around = innermost(layout);
    struct group *group = NULL;
    SKM_TRY(SKM_VEC_PUSH(layout->arena, &layout->groups, SIZE_MAX, &group));
    bool broken = around.broken && !fits(layout, index);
    *group = (struct group){
        .outside = around.indent,
        .indent = around.indent + (broken ? ops[index].indent : 0),
        .broken = broken,
    };
    return SKM_OK;
}

static void put_break(struct layout *layout, const struct skm_format_op *op)
{
    struct group group = innermost(layout);
    if (group.broken) {
        want_line(layout, op->indent != 0 ? group.outside : group.indent);
    } else if (layout->pending == PENDING_NOTHING && op->width != 0) {
        layout->pending = PENDING_BLANKS;
        layout->pending_count = op->width;
    }
}

static void put_text(struct layout *layout, const struct skm_format_op *op, bool first)
{
    skm_span gap = skm_span_sub(layout->text, op->gap, op->range.start - op->gap);
    put_comments(layout, gap, first);
    if (op->range.len != 0) {
        flush(layout);
        put(layout, skm_token_bytes(layout->text, op->range));
        layout->commented = false;
    }
}

static skm_err put_op(struct layout *layout, const struct skm_format_op *ops, size_t i)
{
    switch (ops[i].kind) {
    case SKM_FORMAT_TEXT:
        put_text(layout, &ops[i], i == 0);
        return SKM_OK;
    case SKM_FORMAT_SPACE:
        if (layout->pending == PENDING_NOTHING) {
            layout->pending = PENDING_BLANKS;
            layout->pending_count = ops[i].width;
        }
        return SKM_OK;
    case SKM_FORMAT_BREAK:
        put_break(layout, &ops[i]);
        return SKM_OK;
    case SKM_FORMAT_NEWLINE:
        want_line(layout, 0);
        return SKM_OK;
    case SKM_FORMAT_OPEN:
        return open_group(layout, ops, i);
    case SKM_FORMAT_CLOSE:
        layout->groups.len--;
        return SKM_OK;
    }
    return SKM_ERR(INTERNAL);
}

static skm_err put_policy(struct layout *layout, const struct skm_format_plan *plan)
{
    SKM_TRY(measure(layout, plan->ops.items, plan->ops.len));
    layout->groups.len = 0;
    layout->pending = PENDING_BLANK;
    layout->pending_count = 0;
    for (size_t i = 0; i < plan->ops.len; i++) {
        SKM_TRY(put_op(layout, plan->ops.items, i));
    }
    return skm_buf_check(layout->out);
}

/* Comments behind the last policy, and the line feed at the end. */
static void put_end(struct layout *layout, const struct skm_format_plan *plan)
{
    layout->groups.len = 0;
    layout->pending = PENDING_LINE;
    layout->pending_count = 0;
    put_comments(layout, skm_span_from(layout->text, plan->gap), true);
    if (layout->any) {
        put(layout, SKM_SPAN("\n"));
    }
}

static skm_err put_policies(struct skm_arena *arena, skm_span text, size_t width,
                            struct skm_buf *out)
{
    struct layout layout = {.text = text, .width = width, .out = out, .arena = arena};
    layout.width = width < SKM_FORMAT_WIDTH_MIN ? SKM_FORMAT_WIDTH_MIN : width;
    struct skm_format_plan plan;
    skm_format_plan_start(&plan, arena, text);
    while (plan.token.kind != SKM_TOKEN_END) {
        SKM_TRY(skm_format_plan_policy(&plan));
        SKM_TRY(put_policy(&layout, &plan));
    }
    put_end(&layout, &plan);
    return skm_buf_check(out);
}

skm_err skm_format_text(skm_span text, size_t width, struct skm_buf *out)
{
    struct skm_arena arena;
    skm_arena_init(&arena, ARENA_BASE + text.len * ARENA_FACTOR);
    skm_err err = put_policies(&arena, text, width, out);
    skm_arena_fini(&arena);
    return err;
}

skm_err skm_format_policies(const struct skm_source *source, size_t width, struct skm_diags *diags,
                            struct skm_buf *out)
{
    struct skm_arena arena;
    skm_arena_init(&arena, ARENA_BASE + source->text.len * ARENA_FACTOR);
    struct skm_policy_list policies;
    skm_err err = skm_parse_policies(&arena, source, 0, diags, &policies);
    skm_arena_fini(&arena);
    SKM_TRY(err);
    return skm_format_text(source->text, width, out);
}
