#include "engine/emit.h"

#include <stdlib.h>

#include "base/span.h"
#include "cedar/ext.h"

/* What a test does with its result: goes to a register or a label. */
struct outcome {
    enum skm_op_mode mode;
    uint32_t target;         /* STORE, STORE_NOT: the register */
    struct skm_label *label; /* JUMP_*: where to; `target` is filled in when it is bound */
    uint32_t free;           /* first register that may be used meanwhile */
};

static skm_err emit_value(struct skm_emit *emit, const struct skm_expr *expr, uint32_t target);
static skm_err emit_test(struct skm_emit *emit, const struct skm_expr *expr,
                         struct outcome outcome);

/* ---- instructions ---- */

static skm_err put(struct skm_emit *emit, struct skm_instruction instruction)
{
    struct skm_instruction *slot = NULL;
    SKM_TRY(SKM_VEC_PUSH(emit->image->arena, &emit->image->code, SKM_OPERAND_NAME_MAX, &slot));
    *slot = instruction;
    return SKM_OK;
}

static void note_register(struct skm_emit *emit, uint32_t target)
{
    emit->registers = target >= emit->registers ? target + 1 : emit->registers;
}

static skm_err put_value(struct skm_emit *emit, struct skm_instruction instruction)
{
    note_register(emit, instruction.c);
    return put(emit, instruction);
}

static skm_err put_jump(struct skm_emit *emit, struct skm_instruction instruction,
                        struct skm_label *label)
{
    instruction.c = label->head;
    SKM_TRY(put(emit, instruction));
    label->head = (uint32_t)emit->image->code.len;
    return SKM_OK;
}

static skm_err put_test(struct skm_emit *emit, enum skm_opcode op, uint32_t a, uint32_t b,
                        struct outcome outcome)
{
    struct skm_instruction instruction = {(uint16_t)op, (uint16_t)outcome.mode, a, b,
                                          outcome.target};
    return outcome.label != NULL ? put_jump(emit, instruction, outcome.label)
                                 : put_value(emit, instruction);
}

static skm_err put_go(struct skm_emit *emit, struct skm_label *label)
{
    return put_jump(emit, (struct skm_instruction){.op = SKM_OP_JUMP}, label);
}

void skm_emit_bind(struct skm_emit *emit, struct skm_label *label)
{
    uint32_t here = (uint32_t)emit->image->code.len;
    while (label->head != 0) {
        struct skm_instruction *jump = &emit->image->code.items[label->head - 1];
        label->head = jump->c;
        jump->c = here;
    }
}

skm_err skm_emit_stop(struct skm_emit *emit, enum skm_op_stop stop)
{
    return put(emit, (struct skm_instruction){.op = SKM_OP_STOP, .mode = (uint16_t)stop});
}

static bool is_bool_literal(const struct skm_expr *expr)
{
    return expr->kind == SKM_EXPR_LITERAL && expr->as.literal.kind == SKM_VALUE_BOOL;
}

/* ---- operands ---- */

static bool is_attr_of_var(const struct skm_expr *expr)
{
    return expr->kind == SKM_EXPR_GET_ATTR && expr->a->kind == SKM_EXPR_VAR;
}

/* An operand the machine reads by itself. */
static bool is_direct(const struct skm_expr *expr)
{
    return expr->kind == SKM_EXPR_LITERAL || expr->kind == SKM_EXPR_VAR || is_attr_of_var(expr);
}

/* Code, if any, that makes the value readable, by way of register `free`; and how to read it. */
static skm_err emit_operand(struct skm_emit *emit, const struct skm_expr *expr, uint32_t free,
                            uint32_t *out_operand)
{
    uint32_t index = 0;
    if (expr->kind == SKM_EXPR_LITERAL) {
        SKM_TRY(skm_image_constant(emit->image, &expr->as.literal, &index));
        *out_operand = skm_operand(SKM_OPERAND_CONSTANT, index);
        return SKM_OK;
    }
    if (expr->kind == SKM_EXPR_VAR) {
        *out_operand = skm_operand(SKM_OPERAND_VAR, (uint32_t)expr->as.var);
        return SKM_OK;
    }
    if (is_attr_of_var(expr)) {
        SKM_TRY(skm_image_name(emit->image, expr->as.name, &index));
        *out_operand = skm_operand_attr(expr->a->as.var, index);
        return SKM_OK;
    }
    SKM_TRY(emit_value(emit, expr, free));
    *out_operand = skm_operand(SKM_OPERAND_REGISTER, free);
    return SKM_OK;
}

/* Both operands of an instruction. The machine reads direct operands at the instruction; an attribute on the left, which may
 * be missing, is read beforehand when the right side is code that may fail as well. */
static skm_err emit_operands(struct skm_emit *emit, const struct skm_expr *expr, uint32_t free,
                             uint32_t *out_a, uint32_t *out_b)
{
    if (is_attr_of_var(expr->a) && !is_direct(expr->b)) {
        SKM_TRY(emit_value(emit, expr->a, free));
        *out_a = skm_operand(SKM_OPERAND_REGISTER, free);
    } else {
        SKM_TRY(emit_operand(emit, expr->a, free, out_a));
    }
    bool used = skm_operand_kind(*out_a) == SKM_OPERAND_REGISTER;
    return emit_operand(emit, expr->b, used ? free + 1 : free, out_b);
}

/* ---- tests ---- */

static skm_err list_of_names(struct skm_emit *emit, const skm_span *names, size_t count,
                             uint32_t *out_list)
{
    *out_list = (uint32_t)emit->image->lists.len;
    SKM_TRY(skm_image_list_push(emit->image, (uint32_t)count));
    for (size_t i = 0; i < count; i++) {
        uint32_t name = 0;
        SKM_TRY(skm_image_name(emit->image, names[i], &name));
        SKM_TRY(skm_image_list_push(emit->image, name));
    }
    return SKM_OK;
}

static skm_err emit_test_1(struct skm_emit *emit, const struct skm_expr *expr, enum skm_opcode op,
                           struct outcome outcome)
{
    uint32_t a = 0;
    uint32_t b = 0;
    SKM_TRY(emit_operand(emit, expr->a, outcome.free, &a));
    if (op == SKM_OP_HAS || op == SKM_OP_IS) {
        SKM_TRY(skm_image_name(emit->image, expr->as.name, &b));
    } else if (op == SKM_OP_HAS_PATH) {
        SKM_TRY(list_of_names(emit, expr->as.path.names, expr->as.path.count, &b));
    } else if (op == SKM_OP_LIKE) {
        SKM_TRY(skm_image_pattern(emit->image, &expr->as.pattern, &b));
    }
    return put_test(emit, op, a, b, outcome);
}

static skm_err emit_test_2(struct skm_emit *emit, const struct skm_expr *expr, enum skm_opcode op,
                           struct outcome outcome)
{
    uint32_t a = 0;
    uint32_t b = 0;
    SKM_TRY(emit_operands(emit, expr, outcome.free, &a, &b));
    return put_test(emit, op, a, b, outcome);
}

static skm_err emit_truth(struct skm_emit *emit, const struct skm_expr *expr,
                          struct outcome outcome)
{
    uint32_t a = 0;
    SKM_TRY(emit_operand(emit, expr, outcome.free, &a));
    return put_test(emit, SKM_OP_TRUTH, a, 0, outcome);
}

static enum skm_op_mode opposite(enum skm_op_mode mode)
{
    static const enum skm_op_mode modes[] = {
        [SKM_OP_STORE] = SKM_OP_STORE_NOT,
        [SKM_OP_STORE_NOT] = SKM_OP_STORE,
        [SKM_OP_JUMP_TRUE] = SKM_OP_JUMP_FALSE,
        [SKM_OP_JUMP_FALSE] = SKM_OP_JUMP_TRUE,
    };
    return modes[mode];
}

/* `and`, `or` and `if` into a register, by way of jumps. */
static skm_err emit_branching_value(struct skm_emit *emit, const struct skm_expr *expr,
                                    struct outcome outcome)
{
    struct skm_label no = {0};
    struct skm_label end = {0};
    SKM_TRY(skm_emit_branch(emit, expr, false, outcome.free, &no));
    for (unsigned pass = 0; pass < 2; pass++) {
        bool value = (pass == 0) == (outcome.mode == SKM_OP_STORE);
        uint32_t constant = 0;
        struct skm_value boolean = skm_value_bool(value);
        SKM_TRY(skm_image_constant(emit->image, &boolean, &constant));
        SKM_TRY(put_value(emit,
                          (struct skm_instruction){.op = SKM_OP_MOVE,
                                                   .a = skm_operand(SKM_OPERAND_CONSTANT, constant),
                                                   .c = outcome.target}));
        if (pass == 0) {
            SKM_TRY(put_go(emit, &end));
            skm_emit_bind(emit, &no);
        }
    }
    skm_emit_bind(emit, &end);
    return SKM_OK;
}

static skm_err emit_test(struct skm_emit *emit, const struct skm_expr *expr, struct outcome outcome)
{
    switch (expr->kind) {
    case SKM_EXPR_NOT:
        outcome.mode = opposite(outcome.mode);
        return emit_test(emit, expr->a, outcome);
    case SKM_EXPR_EQ:
        return emit_test_2(emit, expr, SKM_OP_EQ, outcome);
    case SKM_EXPR_LT:
        return emit_test_2(emit, expr, SKM_OP_LT, outcome);
    case SKM_EXPR_LE:
        return emit_test_2(emit, expr, SKM_OP_LE, outcome);
    case SKM_EXPR_IN:
        return emit_test_2(emit, expr, SKM_OP_IN, outcome);
    case SKM_EXPR_CONTAINS:
        return emit_test_2(emit, expr, SKM_OP_CONTAINS, outcome);
    case SKM_EXPR_CONTAINS_ALL:
        return emit_test_2(emit, expr, SKM_OP_CONTAINS_ALL, outcome);
    case SKM_EXPR_CONTAINS_ANY:
        return emit_test_2(emit, expr, SKM_OP_CONTAINS_ANY, outcome);
    case SKM_EXPR_HAS_TAG:
        return emit_test_2(emit, expr, SKM_OP_HAS_TAG, outcome);
    case SKM_EXPR_IS_EMPTY:
        return emit_test_1(emit, expr, SKM_OP_IS_EMPTY, outcome);
    case SKM_EXPR_HAS_ATTR:
        return emit_test_1(emit, expr, SKM_OP_HAS, outcome);
    case SKM_EXPR_HAS_PATH:
        return emit_test_1(emit, expr, SKM_OP_HAS_PATH, outcome);
    case SKM_EXPR_LIKE:
        return emit_test_1(emit, expr, SKM_OP_LIKE, outcome);
    case SKM_EXPR_IS:
        return emit_test_1(emit, expr, SKM_OP_IS, outcome);
    case SKM_EXPR_AND:
    case SKM_EXPR_OR:
        if (outcome.label == NULL) {
            return emit_branching_value(emit, expr, outcome);
        }
        return skm_emit_branch(emit, expr, outcome.mode == SKM_OP_JUMP_TRUE, outcome.free,
                               outcome.label);
    case SKM_EXPR_IF:
        if (outcome.label != NULL) {
            return skm_emit_branch(emit, expr, outcome.mode == SKM_OP_JUMP_TRUE, outcome.free,
                                   outcome.label);
        }
        return emit_truth(emit, expr, outcome);
    case SKM_EXPR_LITERAL:
    case SKM_EXPR_VAR:
    case SKM_EXPR_NEG:
    case SKM_EXPR_ADD:
    case SKM_EXPR_SUB:
    case SKM_EXPR_MUL:
    case SKM_EXPR_GET_TAG:
    case SKM_EXPR_GET_ATTR:
    case SKM_EXPR_SET:
    case SKM_EXPR_RECORD:
    case SKM_EXPR_CALL:
        break;
    }
    return emit_truth(emit, expr, outcome);
}

/* `a && b` jumps to where the whole is false, or over b to the end; `decisive` is the left value that settles the result. */
static skm_err branch_and_or(struct skm_emit *emit, const struct skm_expr *expr, bool decisive,
                             bool sense, uint32_t free, struct skm_label *label)
{
    if (sense == decisive) {
        SKM_TRY(skm_emit_branch(emit, expr->a, decisive, free, label));
        return skm_emit_branch(emit, expr->b, decisive, free, label);
    }
    struct skm_label settled = {0};
    SKM_TRY(skm_emit_branch(emit, expr->a, decisive, free, &settled));
    SKM_TRY(skm_emit_branch(emit, expr->b, sense, free, label));
    skm_emit_bind(emit, &settled);
    return SKM_OK;
}

static skm_err branch_if(struct skm_emit *emit, const struct skm_expr *expr, bool sense,
                         uint32_t free, struct skm_label *label)
{
    struct skm_label otherwise = {0};
    struct skm_label end = {0};
    SKM_TRY(skm_emit_branch(emit, expr->a, false, free, &otherwise));
    SKM_TRY(skm_emit_branch(emit, expr->b, sense, free, label));
    SKM_TRY(put_go(emit, &end));
    skm_emit_bind(emit, &otherwise);
    SKM_TRY(skm_emit_branch(emit, expr->c, sense, free, label));
    skm_emit_bind(emit, &end);
    return SKM_OK;
}

skm_err skm_emit_branch(struct skm_emit *emit, const struct skm_expr *expr, bool sense,
                        uint32_t free, struct skm_label *label)
{
    if (is_bool_literal(expr)) {
        return expr->as.literal.as.boolean == sense ? put_go(emit, label) : SKM_OK;
    }
    if (expr->kind == SKM_EXPR_AND || expr->kind == SKM_EXPR_OR) {
        return branch_and_or(emit, expr, expr->kind == SKM_EXPR_OR, sense, free, label);
    }
    if (expr->kind == SKM_EXPR_IF) {
        return branch_if(emit, expr, sense, free, label);
    }
    if (expr->kind == SKM_EXPR_NOT) {
        return skm_emit_branch(emit, expr->a, !sense, free, label);
    }
    return emit_test(emit, expr,
                     (struct outcome){.mode = sense ? SKM_OP_JUMP_TRUE : SKM_OP_JUMP_FALSE,
                                      .label = label,
                                      .free = free});
}

/* ---- values ---- */

static skm_err emit_if(struct skm_emit *emit, const struct skm_expr *expr, uint32_t target)
{
    struct skm_label otherwise = {0};
    struct skm_label end = {0};
    SKM_TRY(skm_emit_branch(emit, expr->a, false, target, &otherwise));
    SKM_TRY(emit_value(emit, expr->b, target));
    SKM_TRY(put_go(emit, &end));
    skm_emit_bind(emit, &otherwise);
    SKM_TRY(emit_value(emit, expr->c, target));
    skm_emit_bind(emit, &end);
    return SKM_OK;
}

static skm_err emit_binary(struct skm_emit *emit, const struct skm_expr *expr, enum skm_opcode op,
                           uint32_t target)
{
    struct skm_instruction instruction = {.op = (uint16_t)op, .c = target};
    SKM_TRY(emit_operands(emit, expr, target, &instruction.a, &instruction.b));
    return put_value(emit, instruction);
}

static skm_err emit_unary(struct skm_emit *emit, const struct skm_expr *expr, enum skm_opcode op,
                          uint32_t target)
{
    struct skm_instruction instruction = {.op = (uint16_t)op, .c = target};
    SKM_TRY(emit_operand(emit, expr->a, target, &instruction.a));
    if (op == SKM_OP_GET_ATTR) {
        SKM_TRY(skm_image_name(emit->image, expr->as.name, &instruction.b));
    }
    return put_value(emit, instruction);
}

static skm_err emit_move(struct skm_emit *emit, const struct skm_expr *expr, uint32_t target)
{
    struct skm_instruction instruction = {.op = SKM_OP_MOVE, .c = target};
    SKM_TRY(emit_operand(emit, expr, target, &instruction.a));
    return put_value(emit, instruction);
}

/* Members are computed one above the other, from the register behind the target on. */
static skm_err emit_set(struct skm_emit *emit, const struct skm_expr *expr, uint32_t target)
{
    uint32_t count = (uint32_t)expr->as.list.count;
    for (uint32_t i = 0; i < count; i++) {
        SKM_TRY(emit_value(emit, expr->as.list.items[i], target + 1 + i));
    }
    return put_value(
        emit, (struct skm_instruction){.op = SKM_OP_SET, .a = count, .b = target + 1, .c = target});
}

struct field {
    skm_span key;
    uint32_t place; /* among the fields as written */
};

static int compare_fields(const void *a, const void *b)
{
    return skm_span_compare(((const struct field *)a)->key, ((const struct field *)b)->key);
}

/* Fields are computed in the order written; the list names them in the order of their keys, so that the machine need not
 * sort. */
static skm_err list_of_fields(struct skm_emit *emit, const struct skm_expr *expr,
                              uint32_t *out_list)
{
    size_t count = expr->as.record.count;
    struct field *fields = SKM_ARENA_NEW_ARRAY(emit->image->arena, struct field, count);
    if (fields == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < count; i++) {
        fields[i] = (struct field){expr->as.record.fields[i].key, (uint32_t)i};
    }
    qsort(fields, count, sizeof *fields, compare_fields);
    *out_list = (uint32_t)emit->image->lists.len;
    SKM_TRY(skm_image_list_push(emit->image, (uint32_t)count));
    for (size_t i = 0; i < count; i++) {
        uint32_t name = 0;
        SKM_TRY(skm_image_name(emit->image, fields[i].key, &name));
        SKM_TRY(skm_image_list_push(emit->image, name));
        SKM_TRY(skm_image_list_push(emit->image, fields[i].place));
    }
    return SKM_OK;
}

static skm_err emit_record(struct skm_emit *emit, const struct skm_expr *expr, uint32_t target)
{
    uint32_t list = 0;
    for (uint32_t i = 0; i < expr->as.record.count; i++) {
        SKM_TRY(emit_value(emit, expr->as.record.fields[i].value, target + 1 + i));
    }
    SKM_TRY(list_of_fields(emit, expr, &list));
    return put_value(emit, (struct skm_instruction){
                               .op = SKM_OP_RECORD, .a = list, .b = target + 1, .c = target});
}

static skm_err emit_call(struct skm_emit *emit, const struct skm_expr *expr, uint32_t target)
{
    size_t functions = 0;
    const struct skm_ext_function *table = skm_ext_table(&functions);
    uint32_t count = (uint32_t)expr->as.call.count;
    for (uint32_t i = 0; i < count; i++) {
        SKM_TRY(emit_value(emit, expr->as.call.args[i], target + 1 + i));
    }
    return put_value(emit,
                     (struct skm_instruction){.op = SKM_OP_CALL,
                                              .mode = (uint16_t)(expr->as.call.function - table),
                                              .a = count,
                                              .b = target + 1,
                                              .c = target});
}

static skm_err emit_value(struct skm_emit *emit, const struct skm_expr *expr, uint32_t target)
{
    switch (expr->kind) {
    case SKM_EXPR_LITERAL:
    case SKM_EXPR_VAR:
        return emit_move(emit, expr, target);
    case SKM_EXPR_IF:
        return emit_if(emit, expr, target);
    case SKM_EXPR_NEG:
        return emit_unary(emit, expr, SKM_OP_NEG, target);
    case SKM_EXPR_GET_ATTR:
        return is_attr_of_var(expr) ? emit_move(emit, expr, target)
                                    : emit_unary(emit, expr, SKM_OP_GET_ATTR, target);
    case SKM_EXPR_ADD:
        return emit_binary(emit, expr, SKM_OP_ADD, target);
    case SKM_EXPR_SUB:
        return emit_binary(emit, expr, SKM_OP_SUB, target);
    case SKM_EXPR_MUL:
        return emit_binary(emit, expr, SKM_OP_MUL, target);
    case SKM_EXPR_GET_TAG:
        return emit_binary(emit, expr, SKM_OP_GET_TAG, target);
    case SKM_EXPR_SET:
        return emit_set(emit, expr, target);
    case SKM_EXPR_RECORD:
        return emit_record(emit, expr, target);
    case SKM_EXPR_CALL:
        return emit_call(emit, expr, target);
    case SKM_EXPR_AND:
    case SKM_EXPR_OR:
    case SKM_EXPR_NOT:
    case SKM_EXPR_EQ:
    case SKM_EXPR_LT:
    case SKM_EXPR_LE:
    case SKM_EXPR_IN:
    case SKM_EXPR_CONTAINS:
    case SKM_EXPR_CONTAINS_ALL:
    case SKM_EXPR_CONTAINS_ANY:
    case SKM_EXPR_IS_EMPTY:
    case SKM_EXPR_HAS_TAG:
    case SKM_EXPR_HAS_ATTR:
    case SKM_EXPR_HAS_PATH:
    case SKM_EXPR_LIKE:
    case SKM_EXPR_IS:
        break;
    }
    return emit_test(emit, expr,
                     (struct outcome){.mode = SKM_OP_STORE, .target = target, .free = target});
}
