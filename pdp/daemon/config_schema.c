/* config.def as a JSON Schema (draft 2020-12), so that editors complete and check sekimori.yaml. What only the daemon can judge (files, addresses,
 * what options mean together) stays with `sekimorid --check`. */
#include "base/buf.h"
#include "base/json.h"
#include "base/span.h"
#include "daemon/config.h"
#include "daemon/config_option.h"

/* Longest pattern of the table below, for amounts with their units. */
#define SIZE_PATTERN     "^[0-9]+(B|KiB|MiB|GiB|TiB)?$"
#define DURATION_PATTERN "^[0-9]+(ms|s|m|h|d)?$"

static void member(struct skm_json_writer *json, const char *key, const char *text)
{
    skm_json_write_key(json, skm_span_cstr(key));
    skm_json_write_string(json, skm_span_cstr(text));
}

static void write_words(struct skm_json_writer *json, const char *words)
{
    skm_json_write_key(json, SKM_SPAN("enum"));
    skm_json_write_array_begin(json);
    for (size_t i = 0; skm_config_option_word(words, i).len != 0; i++) {
        skm_json_write_string(json, skm_config_option_word(words, i));
    }
    skm_json_write_array_end(json);
}

static void write_bounds(struct skm_json_writer *json, const struct skm_config_option *option)
{
    skm_json_write_key(json, SKM_SPAN("minimum"));
    skm_json_write_i64(json, option->min);
    skm_json_write_key(json, SKM_SPAN("maximum"));
    skm_json_write_i64(json, option->max);
}

/* `items` that are strings or, with words, one of them. */
static void write_items(struct skm_json_writer *json, const char *words)
{
    member(json, "type", "array");
    skm_json_write_key(json, SKM_SPAN("items"));
    skm_json_write_object_begin(json);
    if (words == NULL) {
        skm_json_write_key(json, SKM_SPAN("type"));
        skm_json_write_raw(json, SKM_SPAN("[\"string\",\"integer\"]"));
    } else {
        write_words(json, words);
    }
    skm_json_write_object_end(json);
}

/* A list, or the word `any` where the reader takes it. */
static void write_list(struct skm_json_writer *json)
{
    skm_json_write_key(json, SKM_SPAN("anyOf"));
    skm_json_write_array_begin(json);
    skm_json_write_object_begin(json);
    write_items(json, NULL);
    skm_json_write_object_end(json);
    skm_json_write_raw(json, SKM_SPAN("{\"const\":\"any\"}"));
    skm_json_write_array_end(json);
}

static void write_type(struct skm_json_writer *json, const struct skm_config_option *option)
{
    switch (option->type) {
    case SKM_CONFIG_OPTION_BOOL:
        member(json, "type", "boolean");
        break;
    case SKM_CONFIG_OPTION_INT:
        member(json, "type", "integer");
        write_bounds(json, option);
        break;
    case SKM_CONFIG_OPTION_SIZE:
        skm_json_write_key(json, SKM_SPAN("type"));
        skm_json_write_raw(json, SKM_SPAN("[\"string\",\"integer\"]"));
        member(json, "pattern", SIZE_PATTERN);
        break;
    case SKM_CONFIG_OPTION_DURATION:
        skm_json_write_key(json, SKM_SPAN("type"));
        skm_json_write_raw(json, SKM_SPAN("[\"string\",\"integer\"]"));
        member(json, "pattern", DURATION_PATTERN);
        break;
    case SKM_CONFIG_OPTION_WORD:
        write_words(json, option->words);
        break;
    case SKM_CONFIG_OPTION_WORDS:
        write_items(json, option->words);
        break;
    case SKM_CONFIG_OPTION_MODE:
        /* Editors read 0660 as a number, octal or not; the daemon reads its digits. */
        skm_json_write_key(json, SKM_SPAN("type"));
        skm_json_write_raw(json, SKM_SPAN("[\"string\",\"integer\"]"));
        break;
    case SKM_CONFIG_OPTION_TEXT:
    case SKM_CONFIG_OPTION_DIR:
    case SKM_CONFIG_OPTION_FILE:
    case SKM_CONFIG_OPTION_OUT:
    case SKM_CONFIG_OPTION_ADDRESS:
    case SKM_CONFIG_OPTION_URL:
    case SKM_CONFIG_OPTION_HEX:
        member(json, "type", "string");
        break;
    case SKM_CONFIG_OPTION_LIST:
        write_list(json);
        break;
    case SKM_CONFIG_OPTION_MAP:
        member(json, "type", "object");
        skm_json_write_key(json, SKM_SPAN("additionalProperties"));
        skm_json_write_raw(json, SKM_SPAN("{\"type\":\"string\"}"));
        break;
    }
}

static void write_option(struct skm_json_writer *json, const struct skm_config_option *option)
{
    skm_json_write_key(json, skm_span_cstr(option->name));
    skm_json_write_object_begin(json);
    member(json, "description", option->text);
    write_type(json, option);
    skm_json_write_object_end(json);
}

static void write_section(struct skm_json_writer *json, const struct skm_config_section *section);

static void write_child(struct skm_json_writer *json, const struct skm_config_section_child *child)
{
    skm_json_write_key(json, skm_span_cstr(child->name));
    skm_json_write_object_begin(json);
    member(json, "description", child->section->text);
    if (child->form == SKM_CONFIG_SECTION_MANY) {
        member(json, "type", "array");
        skm_json_write_key(json, SKM_SPAN("items"));
        skm_json_write_object_begin(json);
        write_section(json, child->section);
        skm_json_write_object_end(json);
    } else {
        write_section(json, child->section);
    }
    skm_json_write_object_end(json);
}

static void write_required(struct skm_json_writer *json, const struct skm_config_section *section)
{
    skm_json_write_key(json, SKM_SPAN("required"));
    skm_json_write_array_begin(json);
    for (size_t i = 0; i < section->option_count; i++) {
        if (section->options[i].fallback == NULL) {
            skm_json_write_string(json, skm_span_cstr(section->options[i].name));
        }
    }
    skm_json_write_array_end(json);
}

/* Members of the object schema of a section. Sections nest as deep as config.def says. */
static void write_section(struct skm_json_writer *json, const struct skm_config_section *section)
{
    member(json, "type", "object");
    skm_json_write_key(json, SKM_SPAN("additionalProperties"));
    skm_json_write_bool(json, false);
    write_required(json, section);
    skm_json_write_key(json, SKM_SPAN("properties"));
    skm_json_write_object_begin(json);
    for (size_t i = 0; i < section->option_count; i++) {
        write_option(json, &section->options[i]);
    }
    for (const struct skm_config_section_child *child = skm_config_section_next(section, NULL);
         child != NULL; child = skm_config_section_next(section, child)) {
        write_child(json, child);
    }
    skm_json_write_object_end(json);
}

void skm_config_print_schema(struct skm_buf *out)
{
    struct skm_json_writer json;
    skm_json_writer_init(&json, out);
    skm_json_write_object_begin(&json);
    member(&json, "$schema", "https://json-schema.org/draft/2020-12/schema");
    member(&json, "title", "sekimori.yaml");
    write_section(&json, skm_config_section_root());
    skm_json_write_object_end(&json);
    skm_buf_append_char(out, '\n');
}
