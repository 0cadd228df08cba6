#include "engine/vm.h"

#include "base/attr.h"
#include "base/span.h"
#include "cedar/ext.h"
#include "cedar/like.h"

/* ---- failing: each notes the error and yields false ---- */

static bool fail(struct skm_vm *vm, enum skm_eval_error_kind kind, const char *reason)
{
    vm->error = (struct skm_eval_error){.kind = kind, .reason = reason};
    return false;
}

static bool fail_memory(struct skm_vm *vm)
{
    return fail(vm, SKM_EVAL_ERROR_LIMIT, "memory limit reached");
}

/* `allowed` (may be NULL) names the kinds that would do, if there are several. */
static bool fail_type(struct skm_vm *vm, const struct skm_value *got, enum skm_value_kind expected,
                      const char *allowed)
{
    (void)fail(vm, SKM_EVAL_ERROR_TYPE, allowed);
    vm->error.got = got->kind;
    vm->error.expected = expected;
    return false;
}

static bool fail_missing(struct skm_vm *vm, enum skm_entity_find find,
                         enum skm_eval_error_kind no_key, const struct skm_value *holder,
                         skm_span name)
{
    (void)fail(vm, find == SKM_ENTITY_MISSING ? SKM_EVAL_ERROR_NO_ENTITY : no_key, NULL);
    if (holder->kind == SKM_VALUE_ENTITY) {
        vm->error.uid = *holder->as.entity;
    }
    vm->error.name = name;
    return false;
}

static inline bool check_kind(struct skm_vm *vm, const struct skm_value *value,
                              enum skm_value_kind expected)
{
    return SKM_LIKELY(value->kind == expected) || fail_type(vm, value, expected, NULL);
}

/* ---- attributes and operands ---- */

/* *out_attr is set when the attribute is found. False: `holder` is nothing that has attributes (noted). */
static bool find_attr(struct skm_vm *vm, const struct skm_value *holder, skm_span name,
                      enum skm_entity_find *out_find, struct skm_value *out_attr)
{
    if (holder->kind == SKM_VALUE_ENTITY) {
        *out_find = vm->view->ops->attr(vm->view, holder->as.entity, name, out_attr);
        return true;
    }
    if (holder->kind != SKM_VALUE_RECORD) {
        return fail_type(vm, holder, SKM_VALUE_RECORD, "record or entity");
    }
    const struct skm_value *attr = skm_value_record_get(holder->as.record, name);
    *out_find = attr == NULL ? SKM_ENTITY_NO_KEY : SKM_ENTITY_FOUND;
    if (attr != NULL) {
        *out_attr = *attr;
    }
    return true;
}

static bool get_attr(struct skm_vm *vm, const struct skm_value *holder, skm_span name,
                     struct skm_value *out_attr)
{
    enum skm_entity_find find = SKM_ENTITY_MISSING;
    struct skm_value attr = {.kind = SKM_VALUE_BOOL};
    if (!find_attr(vm, holder, name, &find, &attr)) {
        return false;
    }
    if (find != SKM_ENTITY_FOUND) {
        return fail_missing(vm, find, SKM_EVAL_ERROR_NO_ATTR, holder, name);
    }
    *out_attr = attr;
    return true;
}

/* Where the value of the operand is; `scratch` holds what had to be read from elsewhere. NULL: it could not be read. */
static inline const struct skm_value *fetch(struct skm_vm *vm, uint32_t operand,
                                            struct skm_value *scratch)
{
    uint32_t index = skm_operand_index(operand);
    switch (skm_operand_kind(operand)) {
    case SKM_OPERAND_REGISTER:
        return &vm->registers[index];
    case SKM_OPERAND_CONSTANT:
        return &vm->program->constants[index];
    case SKM_OPERAND_VAR:
        return &vm->vars[index];
    default:
        break;
    }
    const struct skm_value *holder = &vm->vars[skm_operand_attr_var(operand)];
    skm_span name = vm->program->names[skm_operand_attr_name(operand)];
    return get_attr(vm, holder, name, scratch) ? scratch : NULL;
}

/* ---- tests: each yields false when it failed ---- */

static bool test_less(struct skm_vm *vm, const struct skm_value *a, const struct skm_value *b,
                      bool or_equal, bool *out)
{
    if (a->kind != SKM_VALUE_LONG && a->kind != SKM_VALUE_DATETIME &&
        a->kind != SKM_VALUE_DURATION) {
        return fail_type(vm, a, SKM_VALUE_LONG, "long, datetime or duration");
    }
    if (!check_kind(vm, b, a->kind)) {
        return false;
    }
    *out = or_equal ? a->as.integer <= b->as.integer : a->as.integer < b->as.integer;
    return true;
}

static bool is_in(const struct skm_vm *vm, const struct skm_uid *uid,
                  const struct skm_uid *ancestor)
{
    return skm_uid_equal(uid, ancestor) || vm->view->ops->has_ancestor(vm->view, uid, ancestor);
}

static bool test_in_set(struct skm_vm *vm, const struct skm_uid *uid,
                        const struct skm_value_set *set, bool *out)
{
    /* One member that is no entity fails the whole, even behind a match. */
    for (size_t i = 0; i < set->count; i++) {
        if (set->items[i].kind != SKM_VALUE_ENTITY) {
            return fail_type(vm, &set->items[i], SKM_VALUE_ENTITY, "only entities in the set");
        }
    }
    *out = false;
    for (size_t i = 0; i < set->count && !*out; i++) {
        *out = is_in(vm, uid, set->items[i].as.entity);
    }
    return true;
}

static bool test_in(struct skm_vm *vm, const struct skm_value *a, const struct skm_value *b,
                    bool *out)
{
    if (!check_kind(vm, a, SKM_VALUE_ENTITY)) {
        return false;
    }
    if (b->kind == SKM_VALUE_SET) {
        return test_in_set(vm, a->as.entity, b->as.set, out);
    }
    if (b->kind != SKM_VALUE_ENTITY) {
        return fail_type(vm, b, SKM_VALUE_ENTITY, "entity or set of entities");
    }
    *out = is_in(vm, a->as.entity, b->as.entity);
    return true;
}

static bool test_contains(struct skm_vm *vm, const struct skm_value *a, const struct skm_value *b,
                          bool *out)
{
    if (!check_kind(vm, a, SKM_VALUE_SET)) {
        return false;
    }
    *out = skm_value_set_has(a->as.set, b);
    return true;
}

/* `all`: every member of b is in a; else at least one. */
static bool test_contains_sets(struct skm_vm *vm, const struct skm_value *a,
                               const struct skm_value *b, bool all, bool *out)
{
    if (!check_kind(vm, a, SKM_VALUE_SET) || !check_kind(vm, b, SKM_VALUE_SET)) {
        return false;
    }
    *out = all;
    for (size_t i = 0; i < b->as.set->count && *out == all; i++) {
        *out = skm_value_set_has(a->as.set, &b->as.set->items[i]);
    }
    return true;
}

static bool test_has_tag(struct skm_vm *vm, const struct skm_value *a, const struct skm_value *b,
                         bool *out)
{
    struct skm_value tag = {.kind = SKM_VALUE_BOOL};
    if (!check_kind(vm, a, SKM_VALUE_ENTITY) || !check_kind(vm, b, SKM_VALUE_STRING)) {
        return false;
    }
    *out = vm->view->ops->tag(vm->view, a->as.entity, b->as.string, &tag) == SKM_ENTITY_FOUND;
    return true;
}

static bool test_has(struct skm_vm *vm, const struct skm_value *a, skm_span name, bool *out)
{
    enum skm_entity_find find = SKM_ENTITY_MISSING;
    struct skm_value attr = {.kind = SKM_VALUE_BOOL};
    if (!find_attr(vm, a, name, &find, &attr)) {
        return false;
    }
    *out = find == SKM_ENTITY_FOUND;
    return true;
}

static bool test_has_path(struct skm_vm *vm, const struct skm_value *a, const uint32_t *path,
                          bool *out)
{
    struct skm_value holder = *a;
    *out = true;
    for (uint32_t i = 1; i <= path[0] && *out; i++) {
        enum skm_entity_find find = SKM_ENTITY_MISSING;
        struct skm_value attr = {.kind = SKM_VALUE_BOOL};
        if (!find_attr(vm, &holder, vm->program->names[path[i]], &find, &attr)) {
            return false;
        }
        *out = find == SKM_ENTITY_FOUND;
        holder = attr;
    }
    return true;
}

static bool run_test(struct skm_vm *vm, const struct skm_instruction *op, const struct skm_value *a,
                     bool *out)
{
    const struct skm_program *program = vm->program;
    switch (op->op) {
    case SKM_OP_TRUTH:
        if (!check_kind(vm, a, SKM_VALUE_BOOL)) {
            return false;
        }
        *out = a->as.boolean;
        return true;
    case SKM_OP_IS_EMPTY:
        if (!check_kind(vm, a, SKM_VALUE_SET)) {
            return false;
        }
        *out = a->as.set->count == 0;
        return true;
    case SKM_OP_IS:
        if (!check_kind(vm, a, SKM_VALUE_ENTITY)) {
            return false;
        }
        *out = skm_span_equal(a->as.entity->type, program->names[op->b]);
        return true;
    case SKM_OP_HAS:
        return test_has(vm, a, program->names[op->b], out);
    case SKM_OP_HAS_PATH:
        return test_has_path(vm, a, &program->lists[op->b], out);
    default: /* LIKE */
        if (!check_kind(vm, a, SKM_VALUE_STRING)) {
            return false;
        }
        *out = skm_like_match(&program->patterns[op->b], a->as.string);
        return true;
    }
}

static bool run_test_2(struct skm_vm *vm, const struct skm_instruction *op,
                       const struct skm_value *a, const struct skm_value *b, bool *out)
{
    switch (op->op) {
    case SKM_OP_EQ:
        *out = skm_value_equal(a, b);
        return true;
    case SKM_OP_LT:
    case SKM_OP_LE:
        return test_less(vm, a, b, op->op == SKM_OP_LE, out);
    case SKM_OP_IN:
        return test_in(vm, a, b, out);
    case SKM_OP_CONTAINS:
        return test_contains(vm, a, b, out);
    case SKM_OP_CONTAINS_ALL:
    case SKM_OP_CONTAINS_ANY:
        return test_contains_sets(vm, a, b, op->op == SKM_OP_CONTAINS_ALL, out);
    default:
        return test_has_tag(vm, a, b, out);
    }
}

/* ---- values ---- */

static bool run_negate(struct skm_vm *vm, const struct skm_value *a, struct skm_value *out)
{
    int64_t negated = 0;
    if (!check_kind(vm, a, SKM_VALUE_LONG)) {
        return false;
    }
    if (__builtin_sub_overflow((int64_t)0, a->as.integer, &negated)) {
        return fail(vm, SKM_EVAL_ERROR_OVERFLOW, NULL);
    }
    *out = skm_value_long(negated);
    return true;
}

static bool run_arithmetic(struct skm_vm *vm, uint16_t op, const struct skm_value *a,
                           const struct skm_value *b, struct skm_value *out)
{
    int64_t result = 0;
    if (!check_kind(vm, a, SKM_VALUE_LONG) || !check_kind(vm, b, SKM_VALUE_LONG)) {
        return false;
    }
    bool overflows =
        op == SKM_OP_ADD   ? __builtin_add_overflow(a->as.integer, b->as.integer, &result)
        : op == SKM_OP_SUB ? __builtin_sub_overflow(a->as.integer, b->as.integer, &result)
                           : __builtin_mul_overflow(a->as.integer, b->as.integer, &result);
    if (overflows) {
        return fail(vm, SKM_EVAL_ERROR_OVERFLOW, NULL);
    }
    *out = skm_value_long(result);
    return true;
}

static bool run_get_tag(struct skm_vm *vm, const struct skm_value *a, const struct skm_value *b,
                        struct skm_value *out)
{
    struct skm_value tag = {.kind = SKM_VALUE_BOOL};
    if (!check_kind(vm, a, SKM_VALUE_ENTITY) || !check_kind(vm, b, SKM_VALUE_STRING)) {
        return false;
    }
    enum skm_entity_find find = vm->view->ops->tag(vm->view, a->as.entity, b->as.string, &tag);
    if (find != SKM_ENTITY_FOUND) {
        return fail_missing(vm, find, SKM_EVAL_ERROR_NO_TAG, a, b->as.string);
    }
    *out = tag;
    return true;
}

static bool run_set(struct skm_vm *vm, const struct skm_instruction *op)
{
    struct skm_value *items = SKM_ARENA_NEW_ARRAY(vm->arena, struct skm_value, op->a);
    if (items == NULL) {
        return fail_memory(vm);
    }
    for (uint32_t i = 0; i < op->a; i++) {
        items[i] = vm->registers[op->b + i];
    }
    skm_err err = skm_value_set_build(vm->arena, items, op->a, &vm->registers[op->c]);
    return skm_is_ok(err) || fail_memory(vm);
}

/* The list has the keys sorted, as a record wants them. */
static bool run_record(struct skm_vm *vm, const struct skm_instruction *op)
{
    const uint32_t *list = &vm->program->lists[op->a];
    struct skm_value_record *record = SKM_ARENA_NEW(vm->arena, struct skm_value_record);
    struct skm_value_field *fields = SKM_ARENA_NEW_ARRAY(vm->arena, struct skm_value_field, *list);
    if (record == NULL || fields == NULL) {
        return fail_memory(vm);
    }
    *record = (struct skm_value_record){fields, *list};
    for (size_t i = 0; i < record->count; i++) {
        fields[i].key = vm->program->names[list[1 + 2 * i]];
        fields[i].value = vm->registers[op->b + list[2 + 2 * i]];
    }
    vm->registers[op->c] = (struct skm_value){.kind = SKM_VALUE_RECORD, .as.record = record};
    return true;
}

/* First the number of arguments, then their kinds, then the function. */
static bool run_call(struct skm_vm *vm, const struct skm_instruction *op)
{
    size_t count = 0;
    const struct skm_ext_function *function = &skm_ext_table(&count)[op->mode];
    const struct skm_value *args = &vm->registers[op->b];
    struct skm_value result = {.kind = SKM_VALUE_BOOL};
    const char *reason = NULL;
    skm_err err = skm_ext_call(function, vm->arena, args, op->a, &result, &reason);
    if (skm_is_ok(err)) {
        vm->registers[op->c] = result;
        return true;
    }
    if (skm_is_err(err, SKM_E_MEMORY)) {
        return fail_memory(vm);
    }
    if (skm_is_err(err, SKM_E_COUNT)) {
        return fail(vm, SKM_EVAL_ERROR_ARITY, reason);
    }
    for (size_t i = 0; skm_is_err(err, SKM_E_TYPE) && i < function->arg_count; i++) {
        if (!check_kind(vm, &args[i], function->arg_kinds[i])) {
            return false;
        }
    }
    return fail(vm, SKM_EVAL_ERROR_EXTENSION, reason);
}

/* ---- the machine ---- */

/* What the next instruction is after a test with the result `holds`. */
static inline const struct skm_instruction *
finish_test(struct skm_vm *vm, const struct skm_instruction *op, bool holds)
{
    bool inverted = op->mode & 1u; /* STORE_NOT, JUMP_FALSE */
    if (op->mode >= SKM_OP_JUMP_TRUE) {
        return holds != inverted ? vm->program->code + op->c : op + 1;
    }
    vm->registers[op->c] = skm_value_bool(holds != inverted);
    return op + 1;
}

/* Nothing of what an earlier block left in the registers is seen: the verifier bounds what registers hold block by block. */
static void clear_registers(struct skm_vm *vm, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        vm->registers[i] = skm_value_bool(false);
    }
}

/* One case per instruction (opcode.def). */
enum skm_policy_outcome skm_vm_run(struct skm_vm *vm, const struct skm_image_block *block)
{
    const struct skm_instruction *op = vm->program->code + block->first;
    struct skm_value scratch_a;
    struct skm_value scratch_b;
    clear_registers(vm, block->registers);
    for (;;) {
        const struct skm_value *a = NULL;
        const struct skm_value *b = NULL;
        bool holds = false;
        switch ((enum skm_opcode)op->op) {
        case SKM_OP_TRUTH:
        case SKM_OP_IS_EMPTY:
        case SKM_OP_IS:
        case SKM_OP_HAS:
        case SKM_OP_HAS_PATH:
        case SKM_OP_LIKE:
            a = fetch(vm, op->a, &scratch_a);
            if (a == NULL || !run_test(vm, op, a, &holds)) {
                return SKM_POLICY_ERROR;
            }
            op = finish_test(vm, op, holds);
            continue;
        case SKM_OP_EQ:
        case SKM_OP_LT:
        case SKM_OP_LE:
        case SKM_OP_IN:
        case SKM_OP_CONTAINS:
        case SKM_OP_CONTAINS_ALL:
        case SKM_OP_CONTAINS_ANY:
        case SKM_OP_HAS_TAG:
            a = fetch(vm, op->a, &scratch_a);
            b = a == NULL ? NULL : fetch(vm, op->b, &scratch_b);
            if (b == NULL || !run_test_2(vm, op, a, b, &holds)) {
                return SKM_POLICY_ERROR;
            }
            op = finish_test(vm, op, holds);
            continue;
        case SKM_OP_MOVE:
            a = fetch(vm, op->a, &scratch_a);
            if (a == NULL) {
                return SKM_POLICY_ERROR;
            }
            vm->registers[op->c] = *a;
            break;
        case SKM_OP_NEG:
            a = fetch(vm, op->a, &scratch_a);
            if (a == NULL || !run_negate(vm, a, &vm->registers[op->c])) {
                return SKM_POLICY_ERROR;
            }
            break;
        case SKM_OP_GET_ATTR:
            a = fetch(vm, op->a, &scratch_a);
            if (a == NULL || !get_attr(vm, a, vm->program->names[op->b], &vm->registers[op->c])) {
                return SKM_POLICY_ERROR;
            }
            break;
        case SKM_OP_ADD:
        case SKM_OP_SUB:
        case SKM_OP_MUL:
            a = fetch(vm, op->a, &scratch_a);
            b = a == NULL ? NULL : fetch(vm, op->b, &scratch_b);
            if (b == NULL || !run_arithmetic(vm, op->op, a, b, &vm->registers[op->c])) {
                return SKM_POLICY_ERROR;
            }
            break;
        case SKM_OP_GET_TAG:
            a = fetch(vm, op->a, &scratch_a);
            b = a == NULL ? NULL : fetch(vm, op->b, &scratch_b);
            if (b == NULL || !run_get_tag(vm, a, b, &vm->registers[op->c])) {
                return SKM_POLICY_ERROR;
            }
            break;
        case SKM_OP_SET:
            if (!run_set(vm, op)) {
                return SKM_POLICY_ERROR;
            }
            break;
        case SKM_OP_RECORD:
            if (!run_record(vm, op)) {
                return SKM_POLICY_ERROR;
            }
            break;
        case SKM_OP_CALL:
            if (!run_call(vm, op)) {
                return SKM_POLICY_ERROR;
            }
            break;
        case SKM_OP_JUMP:
            op = vm->program->code + op->c;
            continue;
        case SKM_OP_STOP:
            return op->mode == SKM_OP_STOP_SATISFIED ? SKM_POLICY_SATISFIED
                                                     : SKM_POLICY_NOT_SATISFIED;
        }
        op++;
    }
}
