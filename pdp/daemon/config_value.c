#include "daemon/config_value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/vec.h"

#define LIST_MAX      100000u
#define MESSAGE_BYTES 1024u

/* ---- messages ---- */

void skm_config_print_path(const char *section, const char *name, struct skm_buf *out)
{
    if (section[0] != '\0') {
        skm_buf_append_cstr(out, section);
        skm_buf_append_char(out, '.');
    }
    skm_buf_append_cstr(out, name);
}

/* "`limits.batch`: " and the message. */
static struct skm_diag *complain(struct skm_config_reader *reader,
                                 const struct skm_config_option *option, struct skm_range range,
                                 const char *message)
{
    const char *dot = reader->section[0] == '\0' ? "" : ".";
    return skm_diags_add(reader->diags, SKM_SEVERITY_ERROR, reader->source, range, "`%s%s%s`: %s",
                         reader->section, dot, option->name, message);
}

static skm_err complain_type(struct skm_config_reader *reader,
                             const struct skm_config_option *option,
                             const struct skm_yaml_node *node)
{
    char message[MESSAGE_BYTES];
    const char *expected = skm_config_option_expected(option->type);
    if (node->kind != SKM_YAML_SCALAR) {
        (void)snprintf(message, sizeof message, "expected %s, came %s", expected,
                       skm_yaml_kind_name(node->kind));
    } else if (node->text.len == 0) {
        (void)snprintf(message, sizeof message, "expected %s, came nothing", expected);
    } else {
        (void)snprintf(message, sizeof message, "expected %s, came `%.*s`%s", expected,
                       SKM_SPAN_ARG(skm_span_sub(node->text, 0, 200)),
                       node->plain ? "" : " in quotes");
    }
    (void)complain(reader, option, node->range, message);
    return SKM_ERR(INVALID);
}

static skm_err complain_text(struct skm_config_reader *reader,
                             const struct skm_config_option *option,
                             const struct skm_yaml_node *node, const char *message,
                             const char *help)
{
    struct skm_diag *diag = complain(reader, option, node->range, message);
    if (help != NULL) {
        skm_diag_help(reader->diags, diag, "%s", help);
    }
    return SKM_ERR(INVALID);
}

static void print_amount(enum skm_config_option_type type, int64_t amount, struct skm_buf *out)
{
    if (type == SKM_CONFIG_OPTION_SIZE) {
        skm_config_print_size(amount, out);
    } else if (type == SKM_CONFIG_OPTION_DURATION) {
        skm_config_print_duration(amount, out);
    } else {
        skm_buf_append_i64(out, amount);
    }
}

static skm_err complain_range(struct skm_config_reader *reader,
                              const struct skm_config_option *option,
                              const struct skm_yaml_node *node)
{
    struct skm_buf out;
    skm_buf_init(&out, MESSAGE_BYTES);
    skm_buf_append_cstr(&out, "must be from ");
    print_amount(option->type, option->min, &out);
    skm_buf_append_cstr(&out, " to ");
    print_amount(option->type, option->max, &out);
    skm_buf_printf(&out, ", came `%.*s`", SKM_SPAN_ARG(skm_span_sub(node->text, 0, 64)));
    skm_buf_append_char(&out, '\0');
    (void)complain(reader, option, node->range,
                   skm_is_ok(skm_buf_check(&out)) ? out.ptr : "out of range");
    skm_buf_fini(&out);
    return SKM_ERR(INVALID);
}

/* ---- amounts ---- */

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit size_units[] = {
    {"TiB", INT64_C(1) << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1},
};

static const struct unit duration_units[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1},
};

static const struct unit no_unit[] = {{"", 1}};

static void print_with_unit(int64_t amount, const struct unit *units, size_t count,
                            struct skm_buf *out)
{
    for (size_t i = 0; i < count; i++) {
        if (i + 1 == count || (amount != 0 && amount % units[i].factor == 0)) {
            skm_buf_append_i64(out, amount / units[i].factor);
            skm_buf_append_cstr(out, units[i].name);
            return;
        }
    }
}

void skm_config_print_size(int64_t size_bytes, struct skm_buf *out)
{
    print_with_unit(size_bytes, size_units, SKM_ARRAY_LEN(size_units), out);
}

void skm_config_print_duration(int64_t duration_ms, struct skm_buf *out)
{
    print_with_unit(duration_ms, duration_units, SKM_ARRAY_LEN(duration_units), out);
}

/* amount = digits unit, without sign, leading zero or blank. Past the range of int64_t: INT64_MAX. */
static bool parse_amount(skm_span text, const struct unit *units, size_t count, int64_t *out_amount)
{
    size_t digits = 0;
    int64_t number = 0;
    bool huge = false;
    for (; digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9'; digits++) {
        huge = huge || __builtin_mul_overflow(number, 10, &number) ||
               __builtin_add_overflow(number, text.ptr[digits] - '0', &number);
    }
    if (digits == 0 || (digits > 1 && text.ptr[0] == '0')) {
        return false;
    }
    skm_span unit = skm_span_from(text, digits);
    for (size_t i = 0; i < count; i++) {
        if (skm_span_equal(unit, skm_span_cstr(units[i].name))) {
            huge = huge || __builtin_mul_overflow(number, units[i].factor, &number);
            *out_amount = huge ? INT64_MAX : number;
            return true;
        }
    }
    return false;
}

static skm_err read_amount(struct skm_config_reader *reader, const struct skm_config_option *option,
                           const struct skm_yaml_node *node, const struct unit *units, size_t count,
                           int64_t *field)
{
    int64_t amount = 0;
    if (node->kind != SKM_YAML_SCALAR || !node->plain ||
        !parse_amount(node->text, units, count, &amount)) {
        return complain_type(reader, option, node);
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
        return complain_text(reader, option, node, "expected `true` or `false`",
                             "readers of YAML disagree about words such as `yes` and `on`; write "
                             "`true` or `false`");
    }
    return complain_type(reader, option, node);
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
    struct skm_diag *diag = complain(reader, option, node->range,
                                     skm_is_ok(skm_buf_check(&out)) ? out.ptr : "unknown word");
    skm_buf_fini(&out);
    skm_span near = node->kind == SKM_YAML_SCALAR ? skm_diag_nearest(node->text, words, count)
                                                  : (skm_span){NULL, 0};
    if (near.len != 0) {
        skm_diag_help(reader->diags, diag, "did you mean `%.*s`?", SKM_SPAN_ARG(near));
    }
    return SKM_ERR(INVALID);
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
        return complain_type(reader, option, node);
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
        return complain_type(reader, option, node);
    }
    *field = mode;
    return SKM_OK;
}

/* ---- texts ---- */

/* Text as such: no control characters, and no word that other readers of YAML take for a truth value. */
static skm_err check_plain_text(struct skm_config_reader *reader,
                                const struct skm_config_option *option,
                                const struct skm_yaml_node *node)
{
    if (node->kind != SKM_YAML_SCALAR) {
        return complain_type(reader, option, node);
    }
    if (node->plain && skm_yaml_is_ambiguous(node->text)) {
        return complain_text(reader, option, node,
                             "this word is a truth value or null to other readers of YAML",
                             "put it in quotes if the text is meant");
    }
    for (size_t i = 0; i < node->text.len; i++) {
        unsigned char byte = (unsigned char)node->text.ptr[i];
        if (byte < 0x20 || byte == 0x7f) {
            return complain_text(reader, option, node, "control characters are not allowed", NULL);
        }
    }
    return SKM_OK;
}

static skm_err check_length(struct skm_config_reader *reader,
                            const struct skm_config_option *option,
                            const struct skm_yaml_node *node)
{
    char message[MESSAGE_BYTES];
    size_t len = node->text.len;
    if (option->max == 0 || (len >= (size_t)option->min && len <= (size_t)option->max)) {
        return SKM_OK;
    }
    if (len == 0) {
        return complain_type(reader, option, node);
    }
    (void)snprintf(message, sizeof message,
                   "must have %" PRId64 " to %" PRId64 " characters, has %zu", option->min,
                   option->max, len);
    return complain_text(reader, option, node, message, NULL);
}

static bool is_hex(skm_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char lower = (char)(text.ptr[i] | 0x20);
        if ((text.ptr[i] < '0' || text.ptr[i] > '9') && (lower < 'a' || lower > 'f')) {
            return false;
        }
    }
    return true;
}

static skm_err check_hex(struct skm_config_reader *reader, const struct skm_config_option *option,
                         const struct skm_yaml_node *node)
{
    char message[MESSAGE_BYTES];
    if (node->text.len != (size_t)option->max || !is_hex(node->text)) {
        (void)snprintf(message, sizeof message, "expected %" PRId64 " hex digits", option->max);
        return complain_text(reader, option, node, message, NULL);
    }
    return SKM_OK;
}

/* AuthZEN 1.0 §9.1: https, no query, no fragment. */
static skm_err check_url(struct skm_config_reader *reader, const struct skm_config_option *option,
                         const struct skm_yaml_node *node)
{
    skm_span text = node->text;
    skm_span rest = skm_span_from(text, 8);
    if (!skm_span_starts(text, SKM_SPAN("https://")) || rest.len == 0 || rest.ptr[0] == '/') {
        return complain_type(reader, option, node);
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= 0x20 || text.ptr[i] == 0x7f || strchr("?#\"\\<>", text.ptr[i]) != NULL) {
            return complain_text(reader, option, node,
                                 "a URL here has no query, fragment, blanks or quotes", NULL);
        }
    }
    if (text.ptr[text.len - 1] == '/') {
        return complain_text(reader, option, node, "the URL ends in a slash", "remove the slash");
    }
    return SKM_OK;
}

static bool is_port(skm_span text)
{
    int64_t port = 0;
    return parse_amount(text, no_unit, SKM_ARRAY_LEN(no_unit), &port) && port <= 65535;
}

static bool is_address(skm_span text)
{
    if (skm_span_starts(text, SKM_SPAN("unix:"))) {
        return text.len > 5;
    }
    size_t colon = text.len;
    while (colon > 0 && text.ptr[colon - 1] != ':') {
        colon--;
    }
    return colon > 1 && is_port(skm_span_from(text, colon)) &&
           memchr(text.ptr, ' ', text.len) == NULL;
}

static skm_err resolve(struct skm_config_reader *reader, skm_span prefix, skm_span path,
                       skm_span *out_text)
{
    bool keep = path.len == 0 || path.ptr[0] == '/' || reader->folder.len == 0;
    skm_span folder = keep ? (skm_span){"", 0} : reader->folder;
    return skm_arena_printf(reader->arena, out_text, "%.*s%.*s%s%.*s", SKM_SPAN_ARG(prefix),
                            SKM_SPAN_ARG(folder), keep ? "" : "/", SKM_SPAN_ARG(path));
}

static skm_err copy_text(struct skm_config_reader *reader, const struct skm_config_option *option,
                         skm_span text, skm_span *out_text)
{
    if (option->type == SKM_CONFIG_OPTION_DIR || option->type == SKM_CONFIG_OPTION_FILE ||
        option->type == SKM_CONFIG_OPTION_OUT) {
        return resolve(reader, SKM_SPAN(""), text, out_text);
    }
    if (option->type == SKM_CONFIG_OPTION_ADDRESS && skm_span_starts(text, SKM_SPAN("unix:"))) {
        return resolve(reader, SKM_SPAN("unix:"), skm_span_from(text, 5), out_text);
    }
    return skm_arena_printf(reader->arena, out_text, "%.*s", SKM_SPAN_ARG(text));
}

static skm_err check_text(struct skm_config_reader *reader, const struct skm_config_option *option,
                          const struct skm_yaml_node *node)
{
    SKM_TRY(check_plain_text(reader, option, node));
    if (node->text.len == 0 && option->min == 0 && option->fallback != NULL) {
        return node->plain ? complain_type(reader, option, node) : SKM_OK;
    }
    if (option->type == SKM_CONFIG_OPTION_HEX) {
        return check_hex(reader, option, node);
    }
    SKM_TRY(check_length(reader, option, node));
    if (node->text.len > 4000) {
        return complain_text(reader, option, node, "this text is too long", NULL);
    }
    if (option->type == SKM_CONFIG_OPTION_URL) {
        return check_url(reader, option, node);
    }
    if (option->type == SKM_CONFIG_OPTION_ADDRESS && !is_address(node->text)) {
        return complain_type(reader, option, node);
    }
    return SKM_OK;
}

static skm_err read_text(struct skm_config_reader *reader, const struct skm_config_option *option,
                         const struct skm_yaml_node *node, struct skm_config_text *field)
{
    SKM_TRY(check_text(reader, option, node));
    struct skm_config_text value = {.range = node->range, .given = !reader->is_default};
    SKM_TRY(copy_text(reader, option, node->text, &value.text));
    *field = value;
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
        return complain_type(reader, option, node);
    }
    SKM_VEC(skm_span) names = {0};
    for (const struct skm_yaml_node *item = node->first; item != NULL; item = item->next) {
        skm_span *slot = NULL;
        SKM_TRY(check_plain_text(reader, option, item));
        if (item->text.len == 0) {
            return complain_text(reader, option, item, "a name in this list is empty", NULL);
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
        return complain_type(reader, option, node);
    }
    SKM_VEC(struct skm_config_pair) pairs = {0};
    for (const struct skm_yaml_node *item = node->first; item != NULL; item = item->next) {
        struct skm_config_pair *slot = NULL;
        SKM_TRY(check_plain_text(reader, option, item->key));
        SKM_TRY(check_plain_text(reader, option, item));
        if (item->text.len == 0 || item->key->text.len == 0) {
            return complain_text(reader, option, item, "neither side of an entry may be empty",
                                 NULL);
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
        return read_amount(reader, option, node, no_unit, SKM_ARRAY_LEN(no_unit), field);
    case SKM_CONFIG_OPTION_SIZE:
        return read_amount(reader, option, node, size_units, SKM_ARRAY_LEN(size_units), field);
    case SKM_CONFIG_OPTION_DURATION:
        return read_amount(reader, option, node, duration_units, SKM_ARRAY_LEN(duration_units),
                           field);
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
        return read_text(reader, option, node, field);
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
