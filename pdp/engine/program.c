#include "engine/program.h"

#include <string.h>

#include "base/buf.h"
#include "base/span.h"
#include "cedar/ext.h"
#include "engine/verify.h"

size_t skm_image_record_bytes(enum skm_image_section section)
{
    static const size_t bytes[SKM_IMAGE_SECTION_COUNT] = {
        [SKM_IMAGE_NAMES] = sizeof(struct skm_image_range),
        [SKM_IMAGE_UIDS] = sizeof(struct skm_image_uid),
        [SKM_IMAGE_CONSTANTS] = sizeof(struct skm_image_constant),
        [SKM_IMAGE_LISTS] = sizeof(uint32_t),
        [SKM_IMAGE_PARTS] = sizeof(struct skm_image_part),
        [SKM_IMAGE_PATTERNS] = sizeof(struct skm_image_range),
        [SKM_IMAGE_CODE] = sizeof(struct skm_instruction),
        [SKM_IMAGE_BLOCKS] = sizeof(struct skm_image_block),
        [SKM_IMAGE_POLICIES] = sizeof(struct skm_image_policy),
        [SKM_IMAGE_TEXT] = 1,
    };
    return bytes[section];
}

/* ---- resolving ---- */

static skm_err load_names(struct skm_arena *arena, struct skm_program *program)
{
    const struct skm_image_header *image = program->image;
    const struct skm_image_range *ranges = skm_image_section(image, SKM_IMAGE_NAMES);
    const char *text = skm_image_section(image, SKM_IMAGE_TEXT);
    skm_span *names = SKM_ARENA_NEW_ARRAY(arena, skm_span, program->name_count);
    if (names == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (uint32_t i = 0; i < program->name_count; i++) {
        names[i] = skm_span_of(text + ranges[i].at, ranges[i].count);
    }
    program->names = names;
    return SKM_OK;
}

static skm_err load_uids(struct skm_arena *arena, struct skm_program *program)
{
    struct skm_uid *uids = SKM_ARENA_NEW_ARRAY(arena, struct skm_uid, program->uid_count);
    if (uids == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (uint32_t i = 0; i < program->uid_count; i++) {
        uids[i] = (struct skm_uid){program->names[program->uid_names[i].type],
                                   program->names[program->uid_names[i].id]};
    }
    program->uids = uids;
    return SKM_OK;
}

static skm_err load_set(struct skm_arena *arena, const struct skm_program *program,
                        const struct skm_image_constant *from, struct skm_value *to)
{
    struct skm_value_set *set = SKM_ARENA_NEW(arena, struct skm_value_set);
    struct skm_value *items = SKM_ARENA_NEW_ARRAY(arena, struct skm_value, from->count);
    if (set == NULL || items == NULL) {
        return SKM_ERR(MEMORY);
    }
    const uint32_t *members = program->lists + from->data;
    for (uint32_t i = 0; i < from->count; i++) {
        items[i] = program->constants[members[i]];
    }
    *set = (struct skm_value_set){items, from->count};
    *to = (struct skm_value){.kind = SKM_VALUE_SET, .as.set = set};
    return SKM_OK;
}

static skm_err load_record(struct skm_arena *arena, const struct skm_program *program,
                           const struct skm_image_constant *from, struct skm_value *to)
{
    struct skm_value_record *record = SKM_ARENA_NEW(arena, struct skm_value_record);
    struct skm_value_field *fields =
        SKM_ARENA_NEW_ARRAY(arena, struct skm_value_field, from->count);
    if (record == NULL || fields == NULL) {
        return SKM_ERR(MEMORY);
    }
    const uint32_t *pairs = program->lists + from->data;
    for (uint32_t i = 0; i < from->count; i++) {
        fields[i].key = program->names[pairs[2 * i]];
        fields[i].value = program->constants[pairs[2 * i + 1]];
    }
    *record = (struct skm_value_record){fields, from->count};
    *to = (struct skm_value){.kind = SKM_VALUE_RECORD, .as.record = record};
    return SKM_OK;
}

static skm_err load_ip(struct skm_arena *arena, skm_span bytes, struct skm_value *to)
{
    struct skm_ip *ip = SKM_ARENA_NEW(arena, struct skm_ip);
    if (ip == NULL) {
        return SKM_ERR(MEMORY);
    }
    ip->is_v6 = bytes.ptr[0] != 0;
    ip->prefix = (uint8_t)bytes.ptr[1];
    memcpy(ip->bytes, bytes.ptr + 2, sizeof ip->bytes);
    *to = (struct skm_value){.kind = SKM_VALUE_IPADDR, .as.ip = ip};
    return SKM_OK;
}

static skm_err load_constant(struct skm_arena *arena, const struct skm_program *program,
                             const struct skm_image_constant *from, struct skm_value *to)
{
    switch ((enum skm_value_kind)from->kind) {
    case SKM_VALUE_BOOL:
        *to = skm_value_bool(from->data != 0);
        return SKM_OK;
    case SKM_VALUE_LONG:
    case SKM_VALUE_DECIMAL:
    case SKM_VALUE_DATETIME:
    case SKM_VALUE_DURATION:
        *to = (struct skm_value){.kind = (enum skm_value_kind)from->kind};
        memcpy(&to->as.integer, &from->data, sizeof to->as.integer);
        return SKM_OK;
    case SKM_VALUE_STRING:
        *to = skm_value_string(program->names[from->data]);
        return SKM_OK;
    case SKM_VALUE_ENTITY:
        *to = skm_value_entity(&program->uids[from->data]);
        return SKM_OK;
    case SKM_VALUE_SET:
        return load_set(arena, program, from, to);
    case SKM_VALUE_RECORD:
        return load_record(arena, program, from, to);
    case SKM_VALUE_IPADDR:
        return load_ip(arena, program->names[from->data], to);
    }
    return SKM_ERR(INVALID);
}

static skm_err load_constants(struct skm_arena *arena, struct skm_program *program)
{
    const struct skm_image_constant *from = skm_image_section(program->image, SKM_IMAGE_CONSTANTS);
    struct skm_value *to = SKM_ARENA_NEW_ARRAY(arena, struct skm_value, program->constant_count);
    if (to == NULL) {
        return SKM_ERR(MEMORY);
    }
    /* Members are of smaller index than what holds them, so they are there already. */
    program->constants = to;
    for (uint32_t i = 0; i < program->constant_count; i++) {
        SKM_TRY(load_constant(arena, program, &from[i], &to[i]));
    }
    return skm_verify_constants(to, program->constant_count);
}

static skm_err load_patterns(struct skm_arena *arena, struct skm_program *program)
{
    const struct skm_image_header *image = program->image;
    const struct skm_image_part *from = skm_image_section(image, SKM_IMAGE_PARTS);
    const struct skm_image_range *ranges = skm_image_section(image, SKM_IMAGE_PATTERNS);
    size_t part_count = image->sections[SKM_IMAGE_PARTS].count;
    size_t count = image->sections[SKM_IMAGE_PATTERNS].count;
    struct skm_pattern_part *parts =
        SKM_ARENA_NEW_ARRAY(arena, struct skm_pattern_part, part_count);
    struct skm_pattern *patterns = SKM_ARENA_NEW_ARRAY(arena, struct skm_pattern, count);
    if (parts == NULL || patterns == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < part_count; i++) {
        parts[i] = (struct skm_pattern_part){program->names[from[i].text], from[i].star != 0};
    }
    for (size_t i = 0; i < count; i++) {
        patterns[i] = (struct skm_pattern){parts + ranges[i].at, ranges[i].count};
    }
    program->patterns = patterns;
    return SKM_OK;
}

/* ---- finding by content ---- */

/* Not keyed: the tables hold what the policies' owner wrote and nothing of a request, so that a peer cannot fill them with
 * collisions; a chosen uid costs it one walk over a cluster. Multiplying by an odd number spreads low bits upwards only,
 * hence the shift. */
static uint64_t hash_text(skm_span text, uint64_t hash)
{
    uint64_t word = 0;
    for (; text.len >= sizeof word; text = skm_span_from(text, sizeof word)) {
        memcpy(&word, text.ptr, sizeof word);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
    }
    word = text.len;
    for (size_t i = 0; i < text.len; i++) {
        word = word << 8 | (uint8_t)text.ptr[i];
    }
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 32;
}

static uint64_t hash_uid(const struct skm_uid *uid)
{
    return hash_text(uid->id, hash_text(uid->type, 1));
}

/* Half full at most, so that a search for what is not there ends. */
static skm_err new_slots(struct skm_arena *arena, uint32_t count, uint32_t **out_slots,
                         uint32_t *out_mask)
{
    uint32_t size = 4;
    while (size / 2 < count) {
        size *= 2;
    }
    *out_slots = SKM_ARENA_NEW_ARRAY(arena, uint32_t, size);
    *out_mask = size - 1;
    return *out_slots == NULL ? SKM_ERR(MEMORY) : SKM_OK;
}

static void put_slot(uint32_t *slots, uint32_t mask, uint64_t hash, uint32_t index)
{
    uint32_t at = (uint32_t)hash & mask;
    while (slots[at] != 0) {
        at = (at + 1) & mask;
    }
    slots[at] = index + 1;
}

static skm_err index_content(struct skm_arena *arena, struct skm_program *program)
{
    uint32_t *slots = NULL;
    SKM_TRY(new_slots(arena, program->name_count, &slots, &program->name_mask));
    for (uint32_t i = 0; i < program->name_count; i++) {
        put_slot(slots, program->name_mask, hash_text(program->names[i], 1), i);
    }
    program->name_slots = slots;
    SKM_TRY(new_slots(arena, program->uid_count, &slots, &program->uid_mask));
    for (uint32_t i = 0; i < program->uid_count; i++) {
        put_slot(slots, program->uid_mask, hash_uid(&program->uids[i]), i);
    }
    program->uid_slots = slots;
    return SKM_OK;
}

uint32_t skm_program_find_name(const struct skm_program *program, skm_span text)
{
    uint32_t at = (uint32_t)hash_text(text, 1) & program->name_mask;
    for (; program->name_slots[at] != 0; at = (at + 1) & program->name_mask) {
        uint32_t index = program->name_slots[at] - 1;
        if (skm_span_equal(program->names[index], text)) {
            return index;
        }
    }
    return SKM_IMAGE_NONE;
}

uint32_t skm_program_find_uid(const struct skm_program *program, const struct skm_uid *uid)
{
    uint32_t at = (uint32_t)hash_uid(uid) & program->uid_mask;
    for (; program->uid_slots[at] != 0; at = (at + 1) & program->uid_mask) {
        uint32_t index = program->uid_slots[at] - 1;
        if (skm_uid_equal(&program->uids[index], uid)) {
            return index;
        }
    }
    return SKM_IMAGE_NONE;
}

/* ---- loading ---- */

static void borrow_sections(struct skm_program *program)
{
    const struct skm_image_header *image = program->image;
    program->uid_names = skm_image_section(image, SKM_IMAGE_UIDS);
    program->lists = skm_image_section(image, SKM_IMAGE_LISTS);
    program->code = skm_image_section(image, SKM_IMAGE_CODE);
    program->blocks = skm_image_section(image, SKM_IMAGE_BLOCKS);
    program->policies = skm_image_section(image, SKM_IMAGE_POLICIES);
    program->name_count = image->sections[SKM_IMAGE_NAMES].count;
    program->uid_count = image->sections[SKM_IMAGE_UIDS].count;
    program->constant_count = image->sections[SKM_IMAGE_CONSTANTS].count;
    program->policy_count = image->sections[SKM_IMAGE_POLICIES].count;
    for (uint32_t i = 0; i < image->sections[SKM_IMAGE_BLOCKS].count; i++) {
        uint32_t registers = program->blocks[i].registers;
        program->register_count =
            registers > program->register_count ? registers : program->register_count;
    }
}

skm_err skm_program_load(struct skm_arena *arena, skm_span bytes, struct skm_program **out_program)
{
    SKM_TRY(skm_verify_image(bytes));
    struct skm_program *program = SKM_ARENA_NEW(arena, struct skm_program);
    if (program == NULL) {
        return SKM_ERR(MEMORY);
    }
    program->image = (const void *)bytes.ptr;
    borrow_sections(program);
    SKM_TRY(load_names(arena, program));
    SKM_TRY(load_uids(arena, program));
    SKM_TRY(load_constants(arena, program));
    SKM_TRY(load_patterns(arena, program));
    SKM_TRY(index_content(arena, program));
    *out_program = program;
    return SKM_OK;
}

/* ---- showing ---- */

static void print_operand(const struct skm_program *program, uint32_t operand, struct skm_buf *out)
{
    static const char *const vars[] = {"principal", "action", "resource", "context"};
    uint32_t index = skm_operand_index(operand);
    switch ((enum skm_operand_kind)skm_operand_kind(operand)) {
    case SKM_OPERAND_REGISTER:
        skm_buf_printf(out, " r%u", index);
        return;
    case SKM_OPERAND_CONSTANT:
        skm_buf_append_char(out, ' ');
        skm_value_print(&program->constants[index], out);
        return;
    case SKM_OPERAND_VAR:
        skm_buf_printf(out, " %s", vars[index]);
        return;
    case SKM_OPERAND_ATTR:
        skm_buf_printf(out, " %s.", vars[skm_operand_attr_var(operand)]);
        skm_buf_append(out, program->names[skm_operand_attr_name(operand)]);
        return;
    }
}

static void print_target(const struct skm_instruction *instruction, struct skm_buf *out)
{
    static const char *const modes[] = {" -> r", " not -> r", " true -> ", " false -> "};
    skm_buf_printf(out, "%s%u", modes[instruction->mode], instruction->c);
}

static void print_instruction(const struct skm_program *program, uint32_t at, struct skm_buf *out)
{
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
        STOP
    };
    static const struct {
        const char *name;
        enum form form;
    } rows[] = {
#define X(name, form, what) {#name, form},
#include "engine/opcode.def"
#undef X
    };
    const struct skm_instruction *instruction = &program->code[at];
    enum form form = rows[instruction->op].form;
    skm_buf_printf(out, "%6u %s", at, rows[instruction->op].name);
    if (form <= VALUE_NAME) {
        print_operand(program, instruction->a, out);
    }
    if (form == TEST_2 || form == VALUE_2) {
        print_operand(program, instruction->b, out);
    } else if (form == TEST_NAME || form == VALUE_NAME) {
        skm_buf_append_char(out, ' ');
        skm_buf_append(out, program->names[instruction->b]);
    }
    if (form <= TEST_LIKE) {
        print_target(instruction, out);
    } else if (form == STOP) {
        skm_buf_printf(out, " %u", instruction->mode);
    } else {
        skm_buf_printf(out, " -> %u", instruction->c);
    }
    skm_buf_append_char(out, '\n');
}

void skm_program_print(const struct skm_program *program, struct skm_buf *out)
{
    for (uint32_t i = 0; i < program->image->sections[SKM_IMAGE_BLOCKS].count; i++) {
        const struct skm_image_block *block = &program->blocks[i];
        skm_buf_printf(out, "block %u, %u registers\n", i, block->registers);
        for (uint32_t at = block->first; at < block->end; at++) {
            print_instruction(program, at, out);
        }
    }
}
