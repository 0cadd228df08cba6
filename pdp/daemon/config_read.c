#include "daemon/config_read.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/span.h"

#define ENTRIES_MAX 10000u
#define NAMES_MAX   64u

/* A list of entries in its parent's struct: struct skm_config_listeners and struct skm_config_peps share this shape. */
struct entries {
    void *items;
    size_t count;
};

static void *field_of(void *section, size_t offset)
{
    return (char *)section + offset;
}

static skm_err read_section(struct skm_config_reader *reader,
                            const struct skm_config_section *section,
                            const struct skm_yaml_node *node, void *out);

/* ---- defaults ---- */

static skm_err fill_default(struct skm_config_reader *reader,
                            const struct skm_config_option *option, void *field)
{
    if (option->fallback == NULL || option->fallback[0] == '\0') {
        return SKM_OK;
    }
    struct skm_source source = {.name = SKM_SPAN("default"),
                                .text = skm_span_cstr(option->fallback)};
    struct skm_config_reader quoted = *reader;
    quoted.source = &source;
    quoted.is_default = true;
    const struct skm_yaml_node *node = NULL;
    SKM_TRY(skm_yaml_parse(reader->arena, &source, &skm_yaml_limits_config, reader->diags, &node));
    return skm_config_value_read(&quoted, option, node, field);
}

static skm_err fill_defaults(struct skm_config_reader *reader,
                             const struct skm_config_section *section, void *out)
{
    for (size_t i = 0; i < section->option_count; i++) {
        const struct skm_config_option *option = &section->options[i];
        SKM_TRY(fill_default(reader, option, field_of(out, option->offset)));
    }
    return SKM_OK;
}

/* ---- keys ---- */

static const struct skm_config_option *find_option(const struct skm_config_section *section,
                                                   skm_span name)
{
    for (size_t i = 0; i < section->option_count; i++) {
        if (skm_span_equal(name, skm_span_cstr(section->options[i].name))) {
            return &section->options[i];
        }
    }
    return NULL;
}

static const struct skm_config_section_child *find_child(const struct skm_config_section *section,
                                                         skm_span name)
{
    for (const struct skm_config_section_child *child = skm_config_section_next(section, NULL);
         child != NULL; child = skm_config_section_next(section, child)) {
        if (skm_span_equal(name, skm_span_cstr(child->name))) {
            return child;
        }
    }
    return NULL;
}

static size_t known_keys(const struct skm_config_section *section, skm_span names[NAMES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < section->option_count && count < NAMES_MAX; i++) {
        names[count++] = skm_span_cstr(section->options[i].name);
    }
    for (const struct skm_config_section_child *child = skm_config_section_next(section, NULL);
         child != NULL && count < NAMES_MAX; child = skm_config_section_next(section, child)) {
        names[count++] = skm_span_cstr(child->name);
    }
    return count;
}

static void complain_unknown(struct skm_config_reader *reader,
                             const struct skm_config_section *section,
                             const struct skm_yaml_node *key)
{
    skm_span names[NAMES_MAX];
    size_t count = known_keys(section, names);
    skm_span near = skm_diag_nearest(key->text, names, count);
    bool is_root = section->path[0] == '\0';
    struct skm_diag *diag =
        skm_diags_add(reader->diags, SKM_SEVERITY_ERROR, reader->source, key->range,
                      "unknown key `%.*s`%s%s%s", SKM_SPAN_ARG(skm_span_sub(key->text, 0, 100)),
                      is_root ? "" : " in `", section->path, is_root ? "" : "`");
    if (near.len != 0) {
        skm_diag_help(reader->diags, diag, "did you mean `%.*s`?", SKM_SPAN_ARG(near));
        return;
    }
    if (skm_span_equal(key->text, SKM_SPAN("<<"))) {
        skm_diag_help(reader->diags, diag, "merge keys are not supported");
        return;
    }
    skm_span known = {0};
    for (size_t i = 0; i < count; i++) {
        if (!skm_is_ok(skm_arena_printf(reader->arena, &known, "%.*s%s%.*s", SKM_SPAN_ARG(known),
                                        i == 0 ? "" : ", ", SKM_SPAN_ARG(names[i])))) {
            return;
        }
    }
    skm_diag_help(reader->diags, diag, "known keys: %.*s", SKM_SPAN_ARG(known));
}

static void complain_missing(struct skm_config_reader *reader,
                             const struct skm_config_section *section,
                             const struct skm_yaml_node *node,
                             const struct skm_config_option *option)
{
    struct skm_range range =
        node->key != NULL ? node->key->range : (struct skm_range){node->range.start, 0};
    struct skm_diag *diag = skm_diags_add(reader->diags, SKM_SEVERITY_ERROR, reader->source, range,
                                          "`%s.%s` is missing", section->path, option->name);
    skm_diag_help(reader->diags, diag, "%s", option->text);
}

static void check_required(struct skm_config_reader *reader,
                           const struct skm_config_section *section,
                           const struct skm_yaml_node *node)
{
    for (size_t i = 0; i < section->option_count; i++) {
        const struct skm_config_option *option = &section->options[i];
        if (option->fallback == NULL && skm_yaml_find(node, skm_span_cstr(option->name)) == NULL) {
            complain_missing(reader, section, node, option);
        }
    }
}

static void complain_form(struct skm_config_reader *reader, const char *name,
                          const struct skm_yaml_node *node, const char *expected)
{
    const char *came = node->kind == SKM_YAML_SCALAR && node->text.len == 0
                           ? "nothing"
                           : skm_yaml_kind_name(node->kind);
    (void)skm_diags_add(reader->diags, SKM_SEVERITY_ERROR, reader->source, node->range,
                        "`%s`: expected %s, came %s", name, expected, came);
}

/* ---- sections ---- */

/* An error that is only a message lets the reading go on. */
static skm_err go_on(skm_err err)
{
    return skm_is_err(err, SKM_E_INVALID) ? SKM_OK : err;
}

static skm_err read_entries(struct skm_config_reader *reader,
                            const struct skm_config_section_child *child,
                            const struct skm_yaml_node *node, struct entries *out)
{
    if (node->kind != SKM_YAML_SEQUENCE || node->count > ENTRIES_MAX) {
        complain_form(reader, child->name, node, "a list of mappings");
        return SKM_OK;
    }
    size_t size = child->section->size_bytes;
    char *items = skm_arena_alloc_array(reader->arena, node->count, size);
    if (items == NULL) {
        return SKM_ERR(MEMORY);
    }
    size_t index = 0;
    for (const struct skm_yaml_node *item = node->first; item != NULL; item = item->next, index++) {
        void *entry = items + index * size;
        /* SAFETY: entries of lists begin with their range (config.h). */
        memcpy(entry, &(struct skm_range){item->range.start, 0}, sizeof(struct skm_range));
        SKM_TRY(read_section(reader, child->section, item, entry));
    }
    *out = (struct entries){items, node->count};
    return SKM_OK;
}

static skm_err read_optional(struct skm_config_reader *reader,
                             const struct skm_config_section *section,
                             const struct skm_yaml_node *node, void *field)
{
    void *made = skm_arena_alloc(reader->arena, section->size_bytes);
    if (made == NULL) {
        return SKM_ERR(MEMORY);
    }
    SKM_TRY(read_section(reader, section, node, made));
    /* SAFETY: the field is a pointer to the section's struct; copied as bytes since its type is not void *. */
    memcpy(field, &made, sizeof made);
    return SKM_OK;
}

static skm_err read_child(struct skm_config_reader *reader,
                          const struct skm_config_section_child *child,
                          const struct skm_yaml_node *node, void *field)
{
    switch (child->form) {
    case SKM_CONFIG_SECTION_ONE:
        return read_section(reader, child->section, node, field);
    case SKM_CONFIG_SECTION_OPTIONAL:
        return read_optional(reader, child->section, node, field);
    case SKM_CONFIG_SECTION_MANY: {
        struct entries entries = {0};
        SKM_TRY(read_entries(reader, child, node, &entries));
        /* SAFETY: {pointer, count} as struct entries; copied as bytes since the pointer's type differs. */
        memcpy(field, &entries, sizeof entries);
        return SKM_OK;
    }
    }
    return SKM_ERR(INTERNAL);
}

static skm_err read_key(struct skm_config_reader *reader, const struct skm_config_section *section,
                        const struct skm_yaml_node *value, void *out)
{
    const struct skm_config_option *option = find_option(section, value->key->text);
    if (option != NULL) {
        reader->section = section->path;
        return go_on(skm_config_value_read(reader, option, value, field_of(out, option->offset)));
    }
    const struct skm_config_section_child *child = find_child(section, value->key->text);
    if (child != NULL) {
        return read_child(reader, child, value, field_of(out, child->offset));
    }
    complain_unknown(reader, section, value->key);
    return SKM_OK;
}

/* Sections that are not written get their defaults all the same. */
static skm_err fill_children(struct skm_config_reader *reader,
                             const struct skm_config_section *section, void *out)
{
    for (const struct skm_config_section_child *child = skm_config_section_next(section, NULL);
         child != NULL; child = skm_config_section_next(section, child)) {
        if (child->form == SKM_CONFIG_SECTION_ONE) {
            SKM_TRY(fill_defaults(reader, child->section, field_of(out, child->offset)));
        }
    }
    return SKM_OK;
}

/* Recursion is as deep as sections nest in config.def. */
static skm_err read_section(struct skm_config_reader *reader,
                            const struct skm_config_section *section,
                            const struct skm_yaml_node *node, void *out)
{
    SKM_TRY(fill_defaults(reader, section, out));
    SKM_TRY(fill_children(reader, section, out));
    if (node->kind != SKM_YAML_MAPPING) {
        complain_form(reader, section->path[0] == '\0' ? "file" : section->path, node,
                      "a mapping of keys to values");
        return SKM_OK;
    }
    for (const struct skm_yaml_node *value = node->first; value != NULL; value = value->next) {
        SKM_TRY(read_key(reader, section, value, out));
    }
    check_required(reader, section, node);
    return SKM_OK;
}

skm_err skm_config_read(struct skm_config_reader *reader, const struct skm_yaml_node *root,
                        struct skm_config *config)
{
    size_t errors_before = reader->diags->errors;
    reader->section = "";
    SKM_TRY(read_section(reader, skm_config_section_root(), root, config));
    return reader->diags->errors > errors_before ? SKM_ERR(INVALID) : SKM_OK;
}
