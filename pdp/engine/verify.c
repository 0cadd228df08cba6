#include "engine/verify.h"

#include "base/attr.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/span.h"
#include "cedar/ext.h"

/* What a register may build, constants included: leaves room for the data of a request at the bottom. */
#define BUILD_DEPTH_MAX (SKM_VALUE_DEPTH_MAX - 512u)

#define IP_BYTES 18u /* family, prefix, address */

enum form {
    TEST_1,
    TEST_2,
    TEST_NAME,
    TEST_PATH,
    TEST_LIKE,
    VALUE_1,
    VALUE_2,
    VALUE_NAME,
    BUILD_SET,
    BUILD_RECORD,
    BUILD_CALL,
    GO,
    STOP,
};

static const enum form FORMS[] = {
#define X(name, form, what) form,
#include "engine/opcode.def"
#undef X
};

struct verify {
    const struct skm_image_header *image;
    const struct skm_image_range *names;
    const struct skm_image_constant *constants;
    const uint32_t *lists;
    const char *text;
    size_t function_count;
    uint16_t *constant_depths; /* owned */
    uint32_t *
        constant_weights; /* values in it, those within values counted as often as they are reached; owned */
    uint16_t *depths; /* of registers, in the block looked at; owned */
    uint32_t depths_cap;
};

static void verify_fini(struct verify *verify)
{
    skm_mem_free(verify->constant_depths);
    skm_mem_free(verify->constant_weights);
    skm_mem_free(verify->depths);
}

static skm_err require(bool holds)
{
    return holds ? SKM_OK : SKM_ERR(INVALID);
}

static uint32_t count_of(const struct verify *verify, enum skm_image_section section)
{
    return verify->image->sections[section].count;
}

static bool is_in(const struct verify *verify, enum skm_image_section section, uint64_t index)
{
    return index < count_of(verify, section);
}

/* `count` records from `first` on. */
static bool has_range(const struct verify *verify, enum skm_image_section section, uint64_t first,
                      uint64_t count)
{
    uint64_t total = count_of(verify, section);
    return first <= total && count <= total - first;
}

/* ---- the frame ---- */

static skm_err check_frame(skm_span bytes)
{
    const struct skm_image_header *image = (const void *)bytes.ptr;
    if (bytes.len < sizeof *image || bytes.len > SKM_IMAGE_MAX ||
        (uintptr_t)bytes.ptr % _Alignof(struct skm_image_header) != 0) {
        return SKM_ERR(INVALID);
    }
    SKM_TRY(require(image->magic == SKM_IMAGE_MAGIC && image->version == SKM_IMAGE_VERSION &&
                    image->size_bytes == bytes.len));
    uint64_t at = sizeof *image;
    for (size_t i = 0; i < SKM_IMAGE_SECTION_COUNT; i++) {
        /* One after the other, each aligned: there is one way to lay an image out. */
        SKM_TRY(require(image->sections[i].at == at));
        at +=
            (uint64_t)image->sections[i].count * skm_image_record_bytes((enum skm_image_section)i);
        at = (at + 7) & ~(uint64_t)7;
        SKM_TRY(require(at <= bytes.len));
    }
    return require(at == bytes.len &&
                   image->sections[SKM_IMAGE_NAMES].count <= SKM_OPERAND_NAME_MAX);
}

/* ---- names, uids, patterns ---- */

static skm_err check_names(const struct verify *verify)
{
    for (uint32_t i = 0; i < count_of(verify, SKM_IMAGE_NAMES); i++) {
        SKM_TRY(require(
            has_range(verify, SKM_IMAGE_TEXT, verify->names[i].at, verify->names[i].count)));
    }
    return SKM_OK;
}

static skm_err check_uids(const struct verify *verify)
{
    const struct skm_image_uid *uids = skm_image_section(verify->image, SKM_IMAGE_UIDS);
    for (uint32_t i = 0; i < count_of(verify, SKM_IMAGE_UIDS); i++) {
        SKM_TRY(require(is_in(verify, SKM_IMAGE_NAMES, uids[i].type) &&
                        is_in(verify, SKM_IMAGE_NAMES, uids[i].id)));
    }
    return SKM_OK;
}

static skm_err check_patterns(const struct verify *verify)
{
    const struct skm_image_part *parts = skm_image_section(verify->image, SKM_IMAGE_PARTS);
    const struct skm_image_range *ranges = skm_image_section(verify->image, SKM_IMAGE_PATTERNS);
    for (uint32_t i = 0; i < count_of(verify, SKM_IMAGE_PARTS); i++) {
        SKM_TRY(require(is_in(verify, SKM_IMAGE_NAMES, parts[i].text) && parts[i].star <= 1));
    }
    for (uint32_t i = 0; i < count_of(verify, SKM_IMAGE_PATTERNS); i++) {
        SKM_TRY(require(has_range(verify, SKM_IMAGE_PARTS, ranges[i].at, ranges[i].count)));
    }
    return SKM_OK;
}

/* ---- constants ---- */

static skm_err check_ip(const struct verify *verify, uint64_t name)
{
    SKM_TRY(require(is_in(verify, SKM_IMAGE_NAMES, name) && verify->names[name].count == IP_BYTES));
    const char *bytes = verify->text + verify->names[name].at;
    SKM_TRY(require(bytes[0] == 0 || bytes[0] == 1));
    SKM_TRY(require((uint8_t)bytes[1] <= (bytes[0] == 0 ? 32 : 128)));
    for (size_t i = 6; bytes[0] == 0 && i < IP_BYTES; i++) {
        SKM_TRY(require(bytes[i] == 0));
    }
    return SKM_OK;
}

/* Members of a set or fields of a record: what is held comes before its holder. `stride` 2: pairs of name and value.
 * Constants may share members, so a small image can hold a huge value; the weight bounds what comparing it takes. */
static skm_err check_members(struct verify *verify, uint32_t index, uint64_t stride)
{
    const struct skm_image_constant *constant = &verify->constants[index];
    SKM_TRY(require(
        has_range(verify, SKM_IMAGE_LISTS, constant->data, stride * (uint64_t)constant->count)));
    const uint32_t *list = verify->lists + constant->data;
    uint32_t deepest = 0;
    uint64_t weight = 1;
    for (uint64_t i = 0; i < constant->count && weight <= SKM_EXPR_WEIGHT_MAX; i++) {
        uint32_t member = list[stride * i + (stride - 1)];
        SKM_TRY(require(member < index));
        SKM_TRY(require(stride == 1 || is_in(verify, SKM_IMAGE_NAMES, list[stride * i])));
        uint32_t depth = verify->constant_depths[member];
        deepest = depth > deepest ? depth : deepest;
        weight += verify->constant_weights[member];
    }
    verify->constant_depths[index] = (uint16_t)(deepest + 1);
    verify->constant_weights[index] = (uint32_t)weight;
    return require(deepest < SKM_EXPR_DEPTH_MAX && weight <= SKM_EXPR_WEIGHT_MAX);
}

static skm_err check_constant(struct verify *verify, uint32_t index)
{
    const struct skm_image_constant *constant = &verify->constants[index];
    verify->constant_weights[index] = 1;
    switch ((enum skm_value_kind)constant->kind) {
    case SKM_VALUE_BOOL:
        return require(constant->data <= 1);
    case SKM_VALUE_LONG:
    case SKM_VALUE_DECIMAL:
    case SKM_VALUE_DATETIME:
    case SKM_VALUE_DURATION:
        return SKM_OK;
    case SKM_VALUE_STRING:
        return require(is_in(verify, SKM_IMAGE_NAMES, constant->data));
    case SKM_VALUE_ENTITY:
        return require(is_in(verify, SKM_IMAGE_UIDS, constant->data));
    case SKM_VALUE_IPADDR:
        return check_ip(verify, constant->data);
    case SKM_VALUE_SET:
        return check_members(verify, index, 1);
    case SKM_VALUE_RECORD:
        return check_members(verify, index, 2);
    }
    return SKM_ERR(INVALID);
}

static skm_err check_constants(struct verify *verify)
{
    uint32_t count = count_of(verify, SKM_IMAGE_CONSTANTS);
    verify->constant_depths = skm_mem_alloc_array((size_t)count + 1, sizeof(uint16_t));
    verify->constant_weights = skm_mem_alloc_array((size_t)count + 1, sizeof(uint32_t));
    if (verify->constant_depths == NULL || verify->constant_weights == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (uint32_t i = 0; i < count; i++) {
        SKM_TRY(check_constant(verify, i));
    }
    return SKM_OK;
}

skm_err skm_verify_constants(const struct skm_value *constants, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct skm_value *value = &constants[i];
        for (size_t k = 1; value->kind == SKM_VALUE_SET && k < value->as.set->count; k++) {
            SKM_TRY(require(
                skm_value_compare(&value->as.set->items[k - 1], &value->as.set->items[k]) < 0));
        }
        for (size_t k = 1; value->kind == SKM_VALUE_RECORD && k < value->as.record->count; k++) {
            SKM_TRY(require(skm_span_compare(value->as.record->fields[k - 1].key,
                                             value->as.record->fields[k].key) < 0));
        }
    }
    return SKM_OK;
}

/* ---- code ---- */

struct block {
    const struct skm_image_block *row;
    uint32_t at; /* the instruction looked at */
};

/* How deep the value is nested that the operand yields, at most; data of the request counts as 0. SKM_E_INVALID: no operand. */
static skm_err check_operand(const struct verify *verify, const struct block *block,
                             uint32_t operand, uint32_t *out_depth)
{
    uint32_t index = skm_operand_index(operand);
    *out_depth = 0;
    switch (skm_operand_kind(operand)) {
    case SKM_OPERAND_REGISTER:
        SKM_TRY(require(index < block->row->registers));
        *out_depth = verify->depths[index];
        return SKM_OK;
    case SKM_OPERAND_CONSTANT:
        SKM_TRY(require(is_in(verify, SKM_IMAGE_CONSTANTS, index)));
        *out_depth = verify->constant_depths[index];
        return SKM_OK;
    case SKM_OPERAND_VAR:
        return require(index <= SKM_VAR_CONTEXT);
    case SKM_OPERAND_ATTR:
        return require(is_in(verify, SKM_IMAGE_NAMES, skm_operand_attr_name(operand)));
    default:
        return SKM_ERR(INVALID);
    }
}

/* A path of `has`: a count, then so many names. */
static skm_err check_path(const struct verify *verify, uint32_t at)
{
    SKM_TRY(require(is_in(verify, SKM_IMAGE_LISTS, at)));
    uint32_t count = verify->lists[at];
    SKM_TRY(require(has_range(verify, SKM_IMAGE_LISTS, (uint64_t)at + 1, count)));
    for (uint32_t i = 0; i < count; i++) {
        SKM_TRY(require(is_in(verify, SKM_IMAGE_NAMES, verify->lists[at + 1 + i])));
    }
    return SKM_OK;
}

static skm_span name_text(const struct verify *verify, uint32_t name)
{
    return skm_span_of(verify->text + verify->names[name].at, verify->names[name].count);
}

/* Fields of a record: a count, then pairs of key and place, the keys strictly sorted. */
static skm_err check_fields(const struct verify *verify, uint32_t at)
{
    SKM_TRY(require(is_in(verify, SKM_IMAGE_LISTS, at)));
    uint32_t count = verify->lists[at];
    SKM_TRY(require(has_range(verify, SKM_IMAGE_LISTS, (uint64_t)at + 1, 2 * (uint64_t)count)));
    const uint32_t *pairs = &verify->lists[at] + 1;
    for (size_t i = 0; i < count; i++) {
        SKM_TRY(require(is_in(verify, SKM_IMAGE_NAMES, pairs[2 * i]) && pairs[2 * i + 1] < count));
        SKM_TRY(require(i == 0 || skm_span_compare(name_text(verify, pairs[2 * i - 2]),
                                                   name_text(verify, pairs[2 * i])) < 0));
    }
    return SKM_OK;
}

static skm_err check_target(const struct block *block, uint32_t target)
{
    return require(target > block->at && target < block->row->end);
}

/* Registers are followed in the order of the code, and a register is taken to hold the deepest of what it was given: since
 * jumps lead forward only, that is an upper bound on every way through the block. */
static skm_err check_result(struct verify *verify, const struct block *block, uint32_t target,
                            uint32_t depth)
{
    SKM_TRY(require(target < block->row->registers && depth <= BUILD_DEPTH_MAX));
    if (depth > verify->depths[target]) {
        verify->depths[target] = (uint16_t)depth;
    }
    return SKM_OK;
}

static skm_err check_test(struct verify *verify, const struct block *block,
                          const struct skm_instruction *op)
{
    switch (op->mode) {
    case SKM_OP_STORE:
    case SKM_OP_STORE_NOT:
        return check_result(verify, block, op->c, 0);
    case SKM_OP_JUMP_TRUE:
    case SKM_OP_JUMP_FALSE:
        return check_target(block, op->c);
    default:
        return SKM_ERR(INVALID);
    }
}

static skm_err check_build(struct verify *verify, const struct block *block,
                           const struct skm_instruction *op, uint64_t count, bool nests)
{
    SKM_TRY(require(op->b + count <= block->row->registers));
    uint32_t depth = 0;
    for (uint64_t i = op->b; i < op->b + count; i++) {
        depth = verify->depths[i] > depth ? verify->depths[i] : depth;
    }
    return check_result(verify, block, op->c, nests ? depth + 1 : 0);
}

static skm_err check_instruction(struct verify *verify, const struct block *block,
                                 const struct skm_instruction *op)
{
    uint32_t depth = 0;
    uint32_t other = 0;
    SKM_TRY(require(op->op < SKM_ARRAY_LEN(FORMS)));
    enum form form = FORMS[op->op];
    if (form <= VALUE_NAME) {
        SKM_TRY(check_operand(verify, block, op->a, &depth));
    }
    switch (form) {
    case TEST_1:
        return check_test(verify, block, op);
    case TEST_2:
        SKM_TRY(check_operand(verify, block, op->b, &other));
        return check_test(verify, block, op);
    case TEST_NAME:
        SKM_TRY(require(is_in(verify, SKM_IMAGE_NAMES, op->b)));
        return check_test(verify, block, op);
    case TEST_PATH:
        SKM_TRY(check_path(verify, op->b));
        return check_test(verify, block, op);
    case TEST_LIKE:
        SKM_TRY(require(is_in(verify, SKM_IMAGE_PATTERNS, op->b)));
        return check_test(verify, block, op);
    case VALUE_1:
        return check_result(verify, block, op->c, depth);
    case VALUE_2:
        SKM_TRY(check_operand(verify, block, op->b, &other));
        return check_result(verify, block, op->c, 0);
    case VALUE_NAME:
        SKM_TRY(require(is_in(verify, SKM_IMAGE_NAMES, op->b)));
        return check_result(verify, block, op->c, depth);
    case BUILD_SET:
        return check_build(verify, block, op, op->a, true);
    case BUILD_RECORD:
        SKM_TRY(check_fields(verify, op->a));
        return check_build(verify, block, op, verify->lists[op->a], true);
    case BUILD_CALL:
        SKM_TRY(require(op->mode < verify->function_count));
        return check_build(verify, block, op, op->a, false);
    case GO:
        return check_target(block, op->c);
    case STOP:
        return require(op->mode <= SKM_OP_STOP_SATISFIED);
    }
    return SKM_ERR(INVALID);
}

/* Registers are 0 .. registers-1, and each is written by some instruction, so their number is bounded by the code's. */
static skm_err reset_depths(struct verify *verify, uint32_t count)
{
    if (count > verify->depths_cap) {
        uint16_t *grown = skm_mem_realloc(verify->depths, (size_t)count * sizeof *grown);
        if (grown == NULL) {
            return SKM_ERR(MEMORY);
        }
        verify->depths = grown;
        verify->depths_cap = count;
    }
    for (uint32_t i = 0; i < count; i++) {
        verify->depths[i] = 0;
    }
    return SKM_OK;
}

static skm_err check_block(struct verify *verify, const struct skm_image_block *row)
{
    const struct skm_instruction *code = skm_image_section(verify->image, SKM_IMAGE_CODE);
    SKM_TRY(require(row->first < row->end && row->end <= count_of(verify, SKM_IMAGE_CODE) &&
                    row->registers <= row->end - row->first && row->reserved == 0));
    SKM_TRY(require(code[row->end - 1].op == SKM_OP_STOP));
    SKM_TRY(reset_depths(verify, row->registers));
    struct block block = {row, row->first};
    for (; block.at < row->end; block.at++) {
        SKM_TRY(check_instruction(verify, &block, &code[block.at]));
    }
    return SKM_OK;
}

/* Blocks follow each other, so that a small image cannot hold much work for the verifier. */
static skm_err check_blocks(struct verify *verify)
{
    const struct skm_image_block *rows = skm_image_section(verify->image, SKM_IMAGE_BLOCKS);
    uint32_t at = 0;
    for (uint32_t i = 0; i < count_of(verify, SKM_IMAGE_BLOCKS); i++) {
        SKM_TRY(require(rows[i].first == at));
        SKM_TRY(check_block(verify, &rows[i]));
        at = rows[i].end;
    }
    return require(at == count_of(verify, SKM_IMAGE_CODE));
}

/* ---- policies ---- */

static skm_err check_scope(const struct verify *verify, const struct skm_image_scope *scope)
{
    bool uid = is_in(verify, SKM_IMAGE_UIDS, scope->uid);
    bool type = is_in(verify, SKM_IMAGE_NAMES, scope->type);
    switch (scope->kind) {
    case SKM_SCOPE_ANY:
        return SKM_OK;
    case SKM_SCOPE_EQ:
    case SKM_SCOPE_IN:
        return require(uid);
    case SKM_SCOPE_IS:
        return require(type);
    case SKM_SCOPE_IS_IN:
        return require(uid && type);
    case SKM_SCOPE_IN_SET:
        break;
    default:
        return SKM_ERR(INVALID);
    }
    SKM_TRY(require(has_range(verify, SKM_IMAGE_LISTS, scope->uids.at, scope->uids.count)));
    for (uint32_t i = 0; i < scope->uids.count; i++) {
        SKM_TRY(require(is_in(verify, SKM_IMAGE_UIDS, verify->lists[scope->uids.at + i])));
    }
    return SKM_OK;
}

static skm_err check_policies(const struct verify *verify)
{
    const struct skm_image_policy *rows = skm_image_section(verify->image, SKM_IMAGE_POLICIES);
    for (uint32_t i = 0; i < count_of(verify, SKM_IMAGE_POLICIES); i++) {
        SKM_TRY(require(
            is_in(verify, SKM_IMAGE_NAMES, rows[i].id) && rows[i].effect <= SKM_EFFECT_PERMIT &&
            (rows[i].block == SKM_IMAGE_NONE || is_in(verify, SKM_IMAGE_BLOCKS, rows[i].block))));
        SKM_TRY(check_scope(verify, &rows[i].principal));
        SKM_TRY(check_scope(verify, &rows[i].action));
        SKM_TRY(check_scope(verify, &rows[i].resource));
    }
    return SKM_OK;
}

skm_err skm_verify_image(skm_span bytes)
{
    SKM_TRY(check_frame(bytes));
    const struct skm_image_header *image = (const void *)bytes.ptr;
    SKM_CLEANUP(verify_fini)
    struct verify verify = {
        .image = image,
        .names = skm_image_section(image, SKM_IMAGE_NAMES),
        .constants = skm_image_section(image, SKM_IMAGE_CONSTANTS),
        .lists = skm_image_section(image, SKM_IMAGE_LISTS),
        .text = skm_image_section(image, SKM_IMAGE_TEXT),
    };
    (void)skm_ext_table(&verify.function_count);
    SKM_TRY(check_names(&verify));
    SKM_TRY(check_uids(&verify));
    SKM_TRY(check_patterns(&verify));
    SKM_TRY(check_constants(&verify));
    SKM_TRY(check_blocks(&verify));
    return check_policies(&verify);
}
