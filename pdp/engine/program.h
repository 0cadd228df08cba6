/* A compiled policy set: one contiguous, position-independent image, and what a process makes of it to run it.
 *
 * The image is bytes: a header, then sections of fixed-size records that name each other by index, and the text of all strings.
 * Integers are in the byte order of the machine (the image never leaves it). compile.h writes images; verify.h refuses every
 * image that could make vm.c read, write or jump outside its bounds; skm_program_load() then resolves indices to the
 * pointers that values need. Whoever maps an image loads it; nothing else interprets it.
 *
 *     names      text of ids, types, attributes, strings    each distinct text once
 *     uids       (type name, id name)                       each distinct uid once
 *     constants  values; members of sets and records through `lists`, always of smaller index than their holder
 *     lists      indices: members of constants, paths of `has`, keys of records, actions of scopes
 *     parts, patterns   of `like`
 *     code       instructions (opcode.def); jumps lead forward only, so every run ends
 *     blocks     runs of code: the conditions of one policy; links of one template share the block
 *     policies   effect, scope and block, in the order of the set they were made from
 *
 * Memory: the loaded program lies in the arena given and borrows the image. Immutable: any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "cedar/ast.h"

#define SKM_IMAGE_MAGIC   0x31474d494d4b53ull /* "SKMIMG1" */
#define SKM_IMAGE_VERSION 1u
#define SKM_IMAGE_MAX     ((size_t)1 << 31)
#define SKM_IMAGE_NONE    UINT32_MAX /* no such index */

enum skm_opcode {
#define X(name, form, what) SKM_OP_##name,
#include "engine/opcode.def"
#undef X
};

/* What a test does with its result. */
enum skm_op_mode {
    SKM_OP_STORE = 0,
    SKM_OP_STORE_NOT,
    SKM_OP_JUMP_TRUE,
    SKM_OP_JUMP_FALSE,
};

enum skm_op_stop {
    SKM_OP_STOP_NOT_SATISFIED = 0,
    SKM_OP_STOP_SATISFIED,
};

struct skm_instruction {
    uint16_t op;   /* enum skm_opcode */
    uint16_t mode; /* enum skm_op_mode, enum skm_op_stop, or the row of an extension function */
    uint32_t a;
    uint32_t b;
    uint32_t c;
};

/* ---- value operands: three bits of kind, then an index ---- */

enum skm_operand_kind {
    SKM_OPERAND_REGISTER = 0,
    SKM_OPERAND_CONSTANT,
    SKM_OPERAND_VAR,  /* enum skm_var */
    SKM_OPERAND_ATTR, /* two bits enum skm_var, then a name */
};

#define SKM_OPERAND_INDEX_BITS 29u
#define SKM_OPERAND_NAME_BITS  27u
#define SKM_OPERAND_INDEX_MAX  ((1u << SKM_OPERAND_INDEX_BITS) - 1)
#define SKM_OPERAND_NAME_MAX   ((1u << SKM_OPERAND_NAME_BITS) - 1)

static inline uint32_t skm_operand(enum skm_operand_kind kind, uint32_t index)
{
    return ((uint32_t)kind << SKM_OPERAND_INDEX_BITS) | index;
}

static inline uint32_t skm_operand_attr(enum skm_var var, uint32_t name)
{
    return skm_operand(SKM_OPERAND_ATTR, ((uint32_t)var << SKM_OPERAND_NAME_BITS) | name);
}

static inline uint32_t skm_operand_kind(uint32_t operand)
{
    return operand >> SKM_OPERAND_INDEX_BITS;
}

static inline uint32_t skm_operand_index(uint32_t operand)
{
    return operand & SKM_OPERAND_INDEX_MAX;
}

static inline uint32_t skm_operand_attr_var(uint32_t operand)
{
    return skm_operand_index(operand) >> SKM_OPERAND_NAME_BITS;
}

static inline uint32_t skm_operand_attr_name(uint32_t operand)
{
    return operand & SKM_OPERAND_NAME_MAX;
}

/* ---- records of the image ---- */

enum skm_image_section {
    SKM_IMAGE_NAMES = 0,
    SKM_IMAGE_UIDS,
    SKM_IMAGE_CONSTANTS,
    SKM_IMAGE_LISTS,
    SKM_IMAGE_PARTS,
    SKM_IMAGE_PATTERNS,
    SKM_IMAGE_CODE,
    SKM_IMAGE_BLOCKS,
    SKM_IMAGE_POLICIES,
    SKM_IMAGE_TEXT,
    SKM_IMAGE_SECTION_COUNT,
};

struct skm_image_range {
    uint32_t at;    /* bytes from the start of the image for a section; an index otherwise */
    uint32_t count; /* of records, bytes for the text */
};

struct skm_image_header {
    uint64_t magic;
    uint32_t version;
    uint32_t size_bytes; /* of the whole image */
    struct skm_image_range sections[SKM_IMAGE_SECTION_COUNT];
};

struct skm_image_uid {
    uint32_t type; /* name */
    uint32_t id;   /* name */
};

struct skm_image_constant {
    uint32_t kind;  /* enum skm_value_kind */
    uint32_t count; /* SET: members; RECORD: fields */
    uint64_t
        data; /* BOOL, LONG, DECIMAL, DATETIME, DURATION: the number; STRING: name; ENTITY: uid; IPADDR: name of the
                       bytes of a struct skm_ip; SET: first member in lists; RECORD: first of `count` pairs (name, constant) */
};

struct skm_image_part {
    uint32_t text; /* name */
    uint32_t star;
};

struct skm_image_block {
    uint32_t first; /* instruction */
    uint32_t end;   /* one past the last */
    uint32_t registers;
    uint32_t reserved; /* 0 */
};

/* EQ, IN: uid. IS: type. IS_IN: both. IN_SET: range of lists, uids. */
struct skm_image_scope {
    uint32_t kind; /* enum skm_scope_kind */
    uint32_t uid;
    uint32_t type;
    struct skm_image_range uids;
};

struct skm_image_policy {
    uint32_t id;     /* name */
    uint32_t effect; /* enum skm_effect */
    uint32_t block;  /* SKM_IMAGE_NONE: no conditions */
    struct skm_image_scope principal;
    struct skm_image_scope action;
    struct skm_image_scope resource;
};

/* Bytes of one record of the section. */
size_t skm_image_record_bytes(enum skm_image_section section);

/* The records of a section; the image has been verified or is being so. */
static inline const void *skm_image_section(const struct skm_image_header *image,
                                            enum skm_image_section section)
{
    return (const char *)image + image->sections[section].at;
}

/* ---- a loaded program ---- */

struct skm_program {
    const struct skm_image_header *image; /* borrowed */
    const skm_span *names;
    const struct skm_uid *uids;
    const struct skm_image_uid *uid_names;
    const struct skm_value *constants;
    const uint32_t *lists;
    const struct skm_pattern *patterns;
    const struct skm_instruction *code;
    const struct skm_image_block *blocks;
    const struct skm_image_policy *policies;
    uint32_t name_count;
    uint32_t uid_count;
    uint32_t constant_count;
    uint32_t policy_count;
    uint32_t register_count; /* most any block uses */
    /* Open-addressed tables of index + 1, 0 is free; sizes are powers of two. */
    const uint32_t *name_slots;
    const uint32_t *uid_slots;
    uint32_t name_mask;
    uint32_t uid_mask;
};

/* Verifies the image and prepares it for use. `bytes` must be aligned to 8 and outlive the program. SKM_E_INVALID: not an
 * image that can be run; SKM_E_MEMORY. */
SKM_MUST skm_err skm_program_load(struct skm_arena *arena, skm_span bytes,
                                  struct skm_program **out_program);

/* The index of a text or uid that occurs in the program, else SKM_IMAGE_NONE. */
uint32_t skm_program_find_name(const struct skm_program *program, skm_span text);
uint32_t skm_program_find_uid(const struct skm_program *program, const struct skm_uid *uid);

/* The text of the code, for tests and tools that show it. */
struct skm_buf;
void skm_program_print(const struct skm_program *program, struct skm_buf *out);
