#include "daemon/config_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/span.h"
#include "daemon/config_amount.h"
#include "daemon/config_complain.h"

#define MESSAGE_BYTES  128u
#define TEXT_BYTES_MAX 4000u /* a path fits (PATH_MAX) */

skm_err skm_config_text_check(struct skm_config_reader *reader,
                              const struct skm_config_option *option,
                              const struct skm_yaml_node *node)
{
    if (node->kind != SKM_YAML_SCALAR) {
        return skm_config_complain_type(reader, option, node);
    }
    if (node->plain && skm_yaml_is_ambiguous(node->text)) {
        return skm_config_complain(reader, option, node,
                                   "this word is a truth value or null to other readers of YAML",
                                   "put it in quotes if the text is meant");
    }
    for (size_t i = 0; i < node->text.len; i++) {
        unsigned char byte = (unsigned char)node->text.ptr[i];
        if (byte < 0x20 || byte == 0x7f) {
            return skm_config_complain(reader, option, node, "control characters are not allowed",
                                       NULL);
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
        return skm_config_complain_type(reader, option, node);
    }
    (void)snprintf(message, sizeof message,
                   "must have %" PRId64 " to %" PRId64 " characters, has %zu", option->min,
                   option->max, len);
    return skm_config_complain(reader, option, node, message, NULL);
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
        return skm_config_complain(reader, option, node, message, NULL);
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
        return skm_config_complain_type(reader, option, node);
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= 0x20 || text.ptr[i] == 0x7f || strchr("?#\"\\<>", text.ptr[i]) != NULL) {
            return skm_config_complain(reader, option, node,
                                       "a URL here has no query, fragment, blanks or quotes", NULL);
        }
    }
    if (text.ptr[text.len - 1] == '/') {
        return skm_config_complain(reader, option, node, "the URL ends in a slash",
                                   "remove the slash");
    }
    return SKM_OK;
}

static bool is_port(skm_span text)
{
    int64_t port = 0;
    return skm_config_amount_parse(SKM_CONFIG_OPTION_INT, text, &port) && port <= 65535;
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
    SKM_TRY(skm_config_text_check(reader, option, node));
    if (node->text.len == 0 && option->min == 0 && option->fallback != NULL) {
        return node->plain ? skm_config_complain_type(reader, option, node) : SKM_OK;
    }
    if (option->type == SKM_CONFIG_OPTION_HEX) {
        return check_hex(reader, option, node);
    }
    SKM_TRY(check_length(reader, option, node));
    if (node->text.len > TEXT_BYTES_MAX) {
        return skm_config_complain(reader, option, node, "this text is too long", NULL);
    }
    if (option->type == SKM_CONFIG_OPTION_URL) {
        return check_url(reader, option, node);
    }
    if (option->type == SKM_CONFIG_OPTION_ADDRESS && !is_address(node->text)) {
        return skm_config_complain_type(reader, option, node);
    }
    return SKM_OK;
}

skm_err skm_config_text_read(struct skm_config_reader *reader,
                             const struct skm_config_option *option,
                             const struct skm_yaml_node *node, struct skm_config_text *field)
{
    SKM_TRY(check_text(reader, option, node));
    struct skm_config_text value = {.range = node->range, .given = !reader->is_default};
    SKM_TRY(copy_text(reader, option, node->text, &value.text));
    *field = value;
    return SKM_OK;
}
