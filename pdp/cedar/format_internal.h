/* The two halves of the formatter: format_plan.c turns the tokens of a policy into a plan, format.c sets a plan on lines.
 * Not for others.
 *
 * A plan is a list of texts with the places between them where a line may end. A group is laid out as a whole: on one
 * line when it fits with what follows up to the next such place, else every break that belongs to it ends a line. */
#pragma once

#include <stdbool.h>

#include "base/vec.h"
#include "cedar/token.h"

enum skm_format_op_kind {
    SKM_FORMAT_TEXT = 0, /* a token, and the comments before it */
    SKM_FORMAT_SPACE,    /* a blank that is never a line end */
    SKM_FORMAT_BREAK,    /* a line end in a broken group, else `width` blanks */
    SKM_FORMAT_NEWLINE,  /* always a line end; outside groups only */
    SKM_FORMAT_OPEN,     /* a group begins */
    SKM_FORMAT_CLOSE,    /* it ends */
};

struct skm_format_op {
    enum skm_format_op_kind kind;
    uint32_t width; /* TEXT: columns, or SKM_FORMAT_NEVER_FITS; BREAK: blanks when no line end */
    uint32_t
        indent; /* OPEN: how much deeper its lines are; BREAK: 1 when its line is as deep as the group's outside */
    uint32_t gap;           /* TEXT: where the blanks and comments before it begin */
    struct skm_range range; /* TEXT: the token; empty for one that is left out */
};

/* Wider than any line: a comment, or a string that spans lines. */
#define SKM_FORMAT_NEVER_FITS (1u << 20)

#define SKM_FORMAT_DEPTH_MAX 1024u

struct skm_format_plan {
    struct skm_arena *arena;
    struct skm_token_reader reader;
    struct skm_token token; /* the next one */
    uint32_t gap;           /* end of the one before */
    uint32_t depth;
    SKM_VEC(struct skm_format_op) ops;
};

void skm_format_plan_start(struct skm_format_plan *plan, struct skm_arena *arena, skm_span text);

/* The ops of the next policy, in place of those of the one before. The token is not END. SKM_E_DEPTH, SKM_E_MEMORY. */
SKM_MUST skm_err skm_format_plan_policy(struct skm_format_plan *plan);
