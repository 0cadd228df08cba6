#include "daemon/config_value.h"

#include <stdio.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/vec.h"
#include "daemon/config_amount.h"
#include "daemon/config_complain.h"
#include "daemon/config_text.h"

#define LIST_MAX      100000u
#define MESSAGE_BYTES 1024u

/* ---- amounts ---- */

static skm_err complain_range(struct skm_config_reader *reader,
                              const struct skm_config_option *option,
                              const struct skm_yaml_node *node)
{
    struct skm_buf out;
    skm_buf_init(&out, MESSAGE_BYTES);
    skm_buf_append_cstr(&out, "must be from ");
    skm_config_amount_print(option->type, option->min, &out);
    skm_buf_append_cstr(&out, " to ");
    skm_config_amount_print(option->type, option->max, &out);
    skm_buf_printf(&out, ", came `%.*s`", SKM_SPAN_ARG(skm_span_sub(node->text, 0, 64)));
    skm_buf_append_char(&out, '\0');
    skm_err err = skm_config_complain(
        reader, option, node, skm_is_ok(skm_buf_check(&out)) ? out.ptr : "out of range", NULL);
    skm_buf_fini(&out);
    return err;
}

static skm_err read_amount(struct skm_config_reader *reader, const struct skm_config_option *option,
                           const struct skm_yaml_node *node, int64_t *field)
{
    int64_t amount = 0;
    if (node->kind != SKM_YAML_SCALAR || !node->plain ||
        !skm_config_amount_parse(option->type, node->text, &amount)) {
        return skm_config_complain_type(reader, option, node);
    }
    if (amount < option->min || amount > option->max) {
        return complain_range(reader, option, node);
    }
    *field = amount;
    return SKM_OK;
}

/* ---- truth values and words ---- */

static skm_err read_bool(struct skm_config_reader *reader, const struct skm_config_option *option,
                         const struct skm_yaml_node *node, bool *field)
{
    bool is_true = skm_span_equal(node->text, SKM_SPAN("true"));
    if (node->kind == SKM_YAML_SCALAR && node->plain &&
        (is_true || skm_span_equal(node->text, SKM_SPAN("false")))) {
        *field = is_true;
        return SKM_OK;
    }
    if (node->kind == SKM_YAML_SCALAR && node->plain && skm_yaml_is_ambiguous(node->text)) {
        return skm_config_complain(
            reader, option, node, "expected `true` or `false`",
            "readers of YAML disagree about words such as `yes` and `on`; write "
            "`true` or `false`");
    }
    return skm_config_complain_type(reader, option, node);
}

static size_t collect_words(const char *words, skm_span *out_words, size_t max)
{
    size_t count = 0;
    for (; count < max; count++) {
        out_words[count] = skm_config_option_word(words, count);
        if (out_words[count].len == 0) {
            break;
        }
    }
    return count;
}

static skm_err complain_word(struct skm_config_reader *reader,
                             const struct skm_config_option *option,
                             const struct skm_yaml_node *node, const skm_span *words, size_t count)
{
    struct skm_buf out;
    skm_buf_init(&out, MESSAGE_BYTES);
    skm_buf_append_cstr(&out, "expected ");
    for (size_t i = 0; i < count; i++) {
        skm_buf_printf(&out, "%s`%.*s`",
                       i == 0           ? ""
                       : i + 1 == count ? " or "
                                        : ", ",
                       SKM_SPAN_ARG(words[i]));
    }
    if (node->kind == SKM_YAML_SCALAR) {
        skm_buf_printf(&out, ", came `%.*s`", SKM_SPAN_ARG(skm_span_sub(node->text, 0, 64)));
    } else {
        skm_buf_printf(&out, ", came %s", skm_yaml_kind_name(node->kind));
    }
    skm_buf_append_char(&out, '\0');
    skm_span near = node->kind == SKM_YAML_SCALAR ? skm_diag_nearest(node->text, words, count)
                                                  : (skm_span){NULL, 0};
    char help[128] = "";
    if (near.len != 0) {
        (void)snprintf(help, sizeof help, "did you mean `%.*s`?", SKM_SPAN_ARG(near));
    }
    skm_err err = skm_config_complain(reader, option, node,
                                      skm_is_ok(skm_buf_check(&out)) ? out.ptr : "unknown word",
                                      near.len == 0 ? NULL : help);
    skm_buf_fini(&out);
    return err;
}

static skm_err read_word(struct skm_config_reader *reader, const struct skm_config_option *option,
                         const struct skm_yaml_node *node, uint32_t *field)
{
    skm_span words[16];
    size_t count = collect_words(option->words, words, SKM_ARRAY_LEN(words));
    for (size_t i = 0; node->kind == SKM_YAML_SCALAR && i < count; i++) {
        if (skm_span_equal(words[i], node->text)) {
            *field = (uint32_t)i;
            return SKM_OK;
        }
    }
    return complain_word(reader, option, node, words, count);
}

static skm_err read_words(struct skm_config_reader *reader, const struct skm_config_option *option,
                          const struct skm_yaml_node *node, uint32_t *field)
{
    if (node->kind != SKM_YAML_SEQUENCE) {
        return skm_config_complain_type(reader, option, node);
    }
    uint32_t bits = 0;
    for (const struct skm_yaml_node *item = node->first; item != NULL; item = item->next) {
        uint32_t index = 0;
        SKM_TRY(read_word(reader, option, item, &index));
        bits |= UINT32_C(1) << index;
    }
    *field = bits;
    return SKM_OK;
}

static skm_err read_mode(struct skm_config_reader *reader, const struct skm_config_option *option,
                         const struct skm_yaml_node *node, uint32_t *field)
{
    skm_span text = node->text;
    uint32_t mode = 0;
    bool fits = node->kind == SKM_YAML_SCALAR && text.len >= 3 && text.len <= 4 &&
                (text.len == 3 || text.ptr[0] == '0');
    for (size_t i = 0; fits && i < text.len; i++) {
        fits = text.ptr[i] >= '0' && text.ptr[i] <= '7';
        mode = mode * 8 + (uint32_t)(text.ptr[i] - '0');
    }
    if (!fits) {
        return skm_config_complain_type(reader, option, node);
    }
    *field = mode;
    return SKM_OK;
}

/* ---- lists and maps ---- */

static skm_err read_list(struct skm_config_reader *reader, const struct skm_config_option *option,
                         const struct skm_yaml_node *node, struct skm_config_list *field)
{
    struct skm_config_list value = {.range = node->range};
    if (node->kind == SKM_YAML_SCALAR && node->plain &&
        skm_span_equal(node->text, SKM_SPAN("any"))) {
        value.any = true;
        *field = value;
        return SKM_OK;
    }
    if (node->kind != SKM_YAML_SEQUENCE) {
        return skm_config_complain_type(reader, option, node);
    }
    SKM_VEC(skm_span) names = {0};
    for (const struct skm_yaml_node *item = node->first; item != NULL; item = item->next) {
        skm_span *slot = NULL;
        SKM_TRY(skm_config_text_check(reader, option, item));
        if (item->text.len == 0) {
            return skm_config_complain(reader, option, item, "a name in this list is empty", NULL);
        }
        SKM_TRY(SKM_VEC_PUSH(reader->arena, &names, LIST_MAX, &slot));
        SKM_TRY(skm_arena_dup(reader->arena, item->text, slot));
    }
    value.names = names.items;
    value.count = names.len;
    *field = value;
    return SKM_OK;
}

static skm_err read_map(struct skm_config_reader *reader, const struct skm_config_option *option,
                        const struct skm_yaml_node *node, struct skm_config_map *field)
{
    if (node->kind != SKM_YAML_MAPPING) {
        return skm_config_complain_type(reader, option, node);
    }
    SKM_VEC(struct skm_config_pair) pairs = {0};
    for (const struct skm_yaml_node *item = node->first; item != NULL; item = item->next) {
        struct skm_config_pair *slot = NULL;
        SKM_TRY(skm_config_text_check(reader, option, item->key));
        SKM_TRY(skm_config_text_check(reader, option, item));
        if (item->text.len == 0 || item->key->text.len == 0) {
            return skm_config_complain(reader, option, item,
                                       "neither side of an entry may be empty", NULL);
        }
        SKM_TRY(SKM_VEC_PUSH(reader->arena, &pairs, LIST_MAX, &slot));
        SKM_TRY(skm_arena_dup(reader->arena, item->key->text, &slot->key));
        SKM_TRY(skm_arena_dup(reader->arena, item->text, &slot->value));
        slot->range = item->range;
    }
    *field = (struct skm_config_map){pairs.items, pairs.len};
    return SKM_OK;
}

/* ---- by type ---- */

skm_err skm_config_value_read(struct skm_config_reader *reader,
                              const struct skm_config_option *option,
                              const struct skm_yaml_node *node, void *field)
{
    switch (option->type) {
    case SKM_CONFIG_OPTION_BOOL:
        return read_bool(reader, option, node, field);
    case SKM_CONFIG_OPTION_INT:
    case SKM_CONFIG_OPTION_SIZE:
    case SKM_CONFIG_OPTION_DURATION:
        return read_amount(reader, option, node, field);
    case SKM_CONFIG_OPTION_WORD:
        return read_word(reader, option, node, field);
    case SKM_CONFIG_OPTION_WORDS:
        return read_words(reader, option, node, field);
    case SKM_CONFIG_OPTION_MODE:
        return read_mode(reader, option, node, field);
    case SKM_CONFIG_OPTION_TEXT:
    case SKM_CONFIG_OPTION_DIR:
    case SKM_CONFIG_OPTION_FILE:
    case SKM_CONFIG_OPTION_OUT:
    case SKM_CONFIG_OPTION_ADDRESS:
    case SKM_CONFIG_OPTION_URL:
    case SKM_CONFIG_OPTION_HEX:
        return skm_config_text_read(reader, option, node, field);
    case SKM_CONFIG_OPTION_LIST:
        return read_list(reader, option, node, field);
    case SKM_CONFIG_OPTION_MAP:
        return read_map(reader, option, node, field);
    }
    return SKM_ERR(INTERNAL);
}

static bool lists_equal(const struct skm_config_list *a, const struct skm_config_list *b)
{
    bool equal = a->any == b->any && a->count == b->count;
    for (size_t i = 0; equal && i < a->count; i++) {
        equal = skm_span_equal(a->names[i], b->names[i]);
    }
    return equal;
}

static bool maps_equal(const struct skm_config_map *a, const struct skm_config_map *b)
{
    bool equal = a->count == b->count;
    for (size_t i = 0; equal && i < a->count; i++) {
        equal = skm_span_equal(a->pairs[i].key, b->pairs[i].key) &&
                skm_span_equal(a->pairs[i].value, b->pairs[i].value);
    }
    return equal;
}

bool skm_config_value_equal(const struct skm_config_option *option, const void *a, const void *b)
{
    switch (option->type) {
    case SKM_CONFIG_OPTION_BOOL:
        return *(const bool *)a == *(const bool *)b;
    case SKM_CONFIG_OPTION_INT:
    case SKM_CONFIG_OPTION_SIZE:
    case SKM_CONFIG_OPTION_DURATION:
        return *(const int64_t *)a == *(const int64_t *)b;
    case SKM_CONFIG_OPTION_WORD:
    case SKM_CONFIG_OPTION_WORDS:
    case SKM_CONFIG_OPTION_MODE:
        return *(const uint32_t *)a == *(const uint32_t *)b;
    case SKM_CONFIG_OPTION_TEXT:
    case SKM_CONFIG_OPTION_DIR:
    case SKM_CONFIG_OPTION_FILE:
    case SKM_CONFIG_OPTION_OUT:
    case SKM_CONFIG_OPTION_ADDRESS:
    case SKM_CONFIG_OPTION_URL:
    case SKM_CONFIG_OPTION_HEX:
        return skm_span_equal(((const struct skm_config_text *)a)->text,
                              ((const struct skm_config_text *)b)->text);
    case SKM_CONFIG_OPTION_LIST:
        return lists_equal(a, b);
    case SKM_CONFIG_OPTION_MAP:
        return maps_equal(a, b);
    }
    return false;
}
