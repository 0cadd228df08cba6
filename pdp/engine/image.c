#include "engine/image.h"

#include <string.h>

#include "base/attr.h"
#include "base/span.h"

#define ENTRIES_MAX SKM_OPERAND_NAME_MAX /* of any section: an operand can name each */
#define IP_BYTES    18u

void skm_image_init(struct skm_image *image, struct skm_arena *arena)
{
    *image = (struct skm_image){.arena = arena};
    skm_map_init(&image->name_ids, ENTRIES_MAX);
    skm_map_init(&image->uid_ids, ENTRIES_MAX);
    skm_map_init(&image->scalar_ids, ENTRIES_MAX);
}

void skm_image_fini(struct skm_image *image)
{
    skm_map_fini(&image->name_ids);
    skm_map_fini(&image->uid_ids);
    skm_map_fini(&image->scalar_ids);
}

/* The index under the key, or the next one, `count`, which is noted. True: it was there. */
static skm_err find_or_add(struct skm_map *map, skm_span key, size_t count, uint32_t *out_index,
                           bool *out_found)
{
    const void *found = skm_map_get(map, key);
    *out_found = found != NULL;
    if (found != NULL) {
        *out_index = (uint32_t)((uintptr_t)found - 1);
        return SKM_OK;
    }
    SKM_TRY(skm_map_put(map, key, (void *)((uintptr_t)count + 1)));
    *out_index = (uint32_t)count;
    return SKM_OK;
}

skm_err skm_image_name(struct skm_image *image, skm_span text, uint32_t *out_name)
{
    bool found = false;
    SKM_TRY(find_or_add(&image->name_ids, text, image->names.len, out_name, &found));
    if (found) {
        return SKM_OK;
    }
    skm_span *slot = NULL;
    SKM_TRY(SKM_VEC_PUSH(image->arena, &image->names, ENTRIES_MAX, &slot));
    *slot = text;
    return SKM_OK;
}

skm_err skm_image_uid(struct skm_image *image, const struct skm_uid *uid, uint32_t *out_uid)
{
    struct skm_image_uid row = {0, 0};
    SKM_TRY(skm_image_name(image, uid->type, &row.type));
    SKM_TRY(skm_image_name(image, uid->id, &row.id));
    skm_span key = {NULL, 0};
    bool found = false;
    SKM_TRY(skm_arena_dup(image->arena, skm_span_of((const char *)&row, sizeof row), &key));
    SKM_TRY(find_or_add(&image->uid_ids, key, image->uids.len, out_uid, &found));
    if (found) {
        return SKM_OK;
    }
    struct skm_image_uid *slot = NULL;
    SKM_TRY(SKM_VEC_PUSH(image->arena, &image->uids, ENTRIES_MAX, &slot));
    *slot = row;
    return SKM_OK;
}

skm_err skm_image_list_push(struct skm_image *image, uint32_t entry)
{
    uint32_t *slot = NULL;
    SKM_TRY(SKM_VEC_PUSH(image->arena, &image->lists, UINT32_MAX, &slot));
    *slot = entry;
    return SKM_OK;
}

/* ---- constants ---- */

static skm_err push_constant(struct skm_image *image, struct skm_image_constant row,
                             uint32_t *out_constant)
{
    struct skm_image_constant *slot = NULL;
    *out_constant = (uint32_t)image->constants.len;
    SKM_TRY(SKM_VEC_PUSH(image->arena, &image->constants, ENTRIES_MAX, &slot));
    *slot = row;
    return SKM_OK;
}

static skm_err add_scalar(struct skm_image *image, enum skm_value_kind kind, uint64_t data,
                          uint32_t *out_constant)
{
    struct skm_image_constant row = {.kind = (uint32_t)kind, .count = 0, .data = data};
    skm_span key = {NULL, 0};
    bool found = false;
    SKM_TRY(skm_arena_dup(image->arena, skm_span_of((const char *)&row, sizeof row), &key));
    SKM_TRY(find_or_add(&image->scalar_ids, key, image->constants.len, out_constant, &found));
    return found ? SKM_OK : push_constant(image, row, out_constant);
}

static skm_err add_ip(struct skm_image *image, const struct skm_ip *ip, uint32_t *out_constant)
{
    char bytes[IP_BYTES] = {(char)ip->is_v6, (char)ip->prefix};
    memcpy(bytes + 2, ip->bytes, sizeof ip->bytes);
    skm_span copy = {NULL, 0};
    uint32_t name = 0;
    SKM_TRY(skm_arena_dup(image->arena, skm_span_of(bytes, sizeof bytes), &copy));
    SKM_TRY(skm_image_name(image, copy, &name));
    return add_scalar(image, SKM_VALUE_IPADDR, name, out_constant);
}

/* The members first, so that their indices are smaller; then the list of them in one piece. */
static skm_err add_set(struct skm_image *image, const struct skm_value_set *set,
                       uint32_t *out_constant)
{
    uint32_t *members = SKM_ARENA_NEW_ARRAY(image->arena, uint32_t, set->count);
    if (members == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < set->count; i++) {
        SKM_TRY(skm_image_constant(image, &set->items[i], &members[i]));
    }
    struct skm_image_constant row = {
        .kind = SKM_VALUE_SET, .count = (uint32_t)set->count, .data = image->lists.len};
    for (size_t i = 0; i < set->count; i++) {
        SKM_TRY(skm_image_list_push(image, members[i]));
    }
    return push_constant(image, row, out_constant);
}

static skm_err add_record(struct skm_image *image, const struct skm_value_record *record,
                          uint32_t *out_constant)
{
    uint32_t *pairs = SKM_ARENA_NEW_ARRAY(image->arena, uint32_t, 2 * record->count);
    if (pairs == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < record->count; i++) {
        SKM_TRY(skm_image_name(image, record->fields[i].key, &pairs[2 * i]));
        SKM_TRY(skm_image_constant(image, &record->fields[i].value, &pairs[2 * i + 1]));
    }
    struct skm_image_constant row = {
        .kind = SKM_VALUE_RECORD, .count = (uint32_t)record->count, .data = image->lists.len};
    for (size_t i = 0; i < 2 * record->count; i++) {
        SKM_TRY(skm_image_list_push(image, pairs[i]));
    }
    return push_constant(image, row, out_constant);
}

skm_err skm_image_constant(struct skm_image *image, const struct skm_value *value,
                           uint32_t *out_constant)
{
    uint32_t index = 0;
    switch (value->kind) {
    case SKM_VALUE_BOOL:
        return add_scalar(image, value->kind, value->as.boolean, out_constant);
    case SKM_VALUE_LONG:
    case SKM_VALUE_DECIMAL:
    case SKM_VALUE_DATETIME:
    case SKM_VALUE_DURATION:
        return add_scalar(image, value->kind, (uint64_t)value->as.integer, out_constant);
    case SKM_VALUE_STRING:
        SKM_TRY(skm_image_name(image, value->as.string, &index));
        return add_scalar(image, value->kind, index, out_constant);
    case SKM_VALUE_ENTITY:
        SKM_TRY(skm_image_uid(image, value->as.entity, &index));
        return add_scalar(image, value->kind, index, out_constant);
    case SKM_VALUE_IPADDR:
        return add_ip(image, value->as.ip, out_constant);
    case SKM_VALUE_SET:
        return add_set(image, value->as.set, out_constant);
    case SKM_VALUE_RECORD:
        return add_record(image, value->as.record, out_constant);
    }
    return SKM_ERR(INTERNAL);
}

skm_err skm_image_pattern(struct skm_image *image, const struct skm_pattern *pattern,
                          uint32_t *out_pattern)
{
    struct skm_image_range range = {(uint32_t)image->parts.len, (uint32_t)pattern->count};
    for (size_t i = 0; i < pattern->count; i++) {
        struct skm_image_part *part = NULL;
        SKM_TRY(SKM_VEC_PUSH(image->arena, &image->parts, ENTRIES_MAX, &part));
        part->star = pattern->parts[i].star;
        SKM_TRY(skm_image_name(image, pattern->parts[i].text, &part->text));
    }
    struct skm_image_range *slot = NULL;
    *out_pattern = (uint32_t)image->patterns.len;
    SKM_TRY(SKM_VEC_PUSH(image->arena, &image->patterns, ENTRIES_MAX, &slot));
    *slot = range;
    return SKM_OK;
}

/* ---- writing ---- */

struct piece {
    const void *items;
    size_t count;
};

static size_t text_bytes(const struct skm_image *image)
{
    size_t bytes = 0;
    for (size_t i = 0; i < image->names.len; i++) {
        bytes += image->names.items[i].len;
    }
    return bytes;
}

/* Where each section goes; false when the image would be too large. */
static bool lay_out(const struct piece pieces[static SKM_IMAGE_SECTION_COUNT],
                    struct skm_image_header *header)
{
    size_t at = sizeof *header;
    for (size_t i = 0; i < SKM_IMAGE_SECTION_COUNT; i++) {
        if (pieces[i].count > SKM_IMAGE_MAX) {
            return false;
        }
        header->sections[i] = (struct skm_image_range){(uint32_t)at, (uint32_t)pieces[i].count};
        at += pieces[i].count * skm_image_record_bytes((enum skm_image_section)i);
        at = (at + 7) & ~(size_t)7;
        if (at > SKM_IMAGE_MAX) {
            return false;
        }
    }
    header->size_bytes = (uint32_t)at;
    return true;
}

static void write_text(const struct skm_image *image, const struct skm_image_header *header,
                       char *bytes)
{
    char *text = bytes + header->sections[SKM_IMAGE_TEXT].at;
    char *ranges = bytes + header->sections[SKM_IMAGE_NAMES].at;
    uint32_t at = 0;
    for (size_t i = 0; i < image->names.len; i++) {
        skm_span name = image->names.items[i];
        struct skm_image_range range = {at, (uint32_t)name.len};
        memcpy(ranges + i * sizeof range, &range, sizeof range);
        if (name.len > 0) {
            memcpy(text + at, name.ptr, name.len);
        }
        at += range.count;
    }
}

skm_err skm_image_write(const struct skm_image *image, struct skm_arena *arena, skm_span *out_bytes)
{
    const struct piece pieces[SKM_IMAGE_SECTION_COUNT] = {
        [SKM_IMAGE_NAMES] = {NULL, image->names.len},
        [SKM_IMAGE_UIDS] = {image->uids.items, image->uids.len},
        [SKM_IMAGE_CONSTANTS] = {image->constants.items, image->constants.len},
        [SKM_IMAGE_LISTS] = {image->lists.items, image->lists.len},
        [SKM_IMAGE_PARTS] = {image->parts.items, image->parts.len},
        [SKM_IMAGE_PATTERNS] = {image->patterns.items, image->patterns.len},
        [SKM_IMAGE_CODE] = {image->code.items, image->code.len},
        [SKM_IMAGE_BLOCKS] = {image->blocks.items, image->blocks.len},
        [SKM_IMAGE_POLICIES] = {image->policies.items, image->policies.len},
        [SKM_IMAGE_TEXT] = {NULL, text_bytes(image)},
    };
    struct skm_image_header header = {.magic = SKM_IMAGE_MAGIC, .version = SKM_IMAGE_VERSION};
    if (!lay_out(pieces, &header)) {
        return SKM_ERR(SIZE);
    }
    char *bytes = skm_arena_alloc(arena, header.size_bytes);
    if (bytes == NULL) {
        return SKM_ERR(MEMORY);
    }
    memcpy(bytes, &header, sizeof header);
    for (size_t i = 0; i < SKM_IMAGE_SECTION_COUNT; i++) {
        if (pieces[i].items != NULL && pieces[i].count > 0) {
            memcpy(bytes + header.sections[i].at, pieces[i].items,
                   pieces[i].count * skm_image_record_bytes((enum skm_image_section)i));
        }
    }
    write_text(image, &header, bytes);
    *out_bytes = skm_span_of(bytes, header.size_bytes);
    return SKM_OK;
}
