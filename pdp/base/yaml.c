#include "base/yaml.h"

#include <string.h>
#include <strings.h>

#include <yaml.h>

#include "base/attr.h"
#include "base/map.h"
#include "base/span.h"
#include "base/utf8.h"

const struct skm_yaml_limits skm_yaml_limits_config = {
    .text_bytes = 1u << 20,
    .scalar_bytes = 64u << 10,
    .nodes = 100000,
    .depth = 16,
};

const struct skm_yaml_limits skm_yaml_limits_registry = {
    .text_bytes = 64u << 20,
    .scalar_bytes = 64u << 10,
    .nodes = 4000000,
    .depth = 16,
};

/* libyaml counts characters, messages count bytes: every STRIDE-th character's byte offset is kept. */
#define STRIDE 256u

struct reader {
    struct skm_arena *arena;
    const struct skm_source *source;
    const struct skm_yaml_limits *limits;
    struct skm_diags *diags;
    uint32_t *marks; /* marks[i]: byte offset of character i * STRIDE */
    size_t mark_count;
    struct skm_yaml_node *open[SKM_YAML_DEPTH_MAX]; /* collections being filled, outermost first */
    const struct skm_yaml_node *pending_key[SKM_YAML_DEPTH_MAX]; /* of the mapping at that level */
    size_t depth;
    size_t nodes;
    size_t documents;
    struct skm_yaml_node *root;
};

static size_t char_bytes(unsigned char lead)
{
    return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

static skm_err index_characters(struct reader *r)
{
    skm_span text = r->source->text;
    r->marks = SKM_ARENA_NEW_ARRAY(r->arena, uint32_t, text.len / STRIDE + 1);
    if (r->marks == NULL) {
        return SKM_ERR(MEMORY);
    }
    size_t chars = 0;
    for (size_t at = 0; at < text.len; at += char_bytes((unsigned char)text.ptr[at])) {
        if (chars % STRIDE == 0) {
            r->marks[r->mark_count++] = (uint32_t)at;
        }
        chars++;
    }
    return SKM_OK;
}

static uint32_t byte_offset(const struct reader *r, size_t chars)
{
    skm_span text = r->source->text;
    if (chars / STRIDE >= r->mark_count) {
        return (uint32_t)text.len;
    }
    size_t at = r->marks[chars / STRIDE];
    for (size_t left = chars % STRIDE; left > 0 && at < text.len; left--) {
        at += char_bytes((unsigned char)text.ptr[at]);
    }
    return (uint32_t)(at > text.len ? text.len : at);
}

static struct skm_range event_range(const struct reader *r, const yaml_event_t *event)
{
    uint32_t start = byte_offset(r, event->start_mark.index);
    uint32_t end = byte_offset(r, event->end_mark.index);
    return (struct skm_range){start, end > start ? end - start : 0};
}

static void complain(struct reader *r, struct skm_range range, const char *message,
                     const char *help)
{
    struct skm_diag *diag =
        skm_diags_add(r->diags, SKM_SEVERITY_ERROR, r->source, range, "%s", message);
    if (help != NULL) {
        skm_diag_help(r->diags, diag, "%s", help);
    }
}

static skm_err refuse(struct reader *r, struct skm_range range, const char *message,
                      const char *help)
{
    complain(r, range, message, help);
    return SKM_ERR(INVALID);
}

/* ---- building ---- */

static skm_err new_node(struct reader *r, enum skm_yaml_kind kind, struct skm_range range,
                        struct skm_yaml_node **out_node)
{
    if (r->nodes >= r->limits->nodes) {
        return refuse(r, range, "too many values in this file", NULL);
    }
    struct skm_yaml_node *node = SKM_ARENA_NEW(r->arena, struct skm_yaml_node);
    if (node == NULL) {
        return SKM_ERR(MEMORY);
    }
    r->nodes++;
    node->kind = kind;
    node->range = range;
    *out_node = node;
    return SKM_OK;
}

static bool expects_key(const struct reader *r)
{
    return r->depth > 0 && r->open[r->depth - 1]->kind == SKM_YAML_MAPPING &&
           r->pending_key[r->depth - 1] == NULL;
}

/* Puts a finished or just opened node where it belongs. */
static skm_err attach(struct reader *r, struct skm_yaml_node *node)
{
    if (r->depth == 0) {
        r->root = node;
        return SKM_OK;
    }
    size_t level = r->depth - 1;
    if (expects_key(r)) {
        if (node->kind != SKM_YAML_SCALAR) {
            return refuse(r, node->range, "a key must be plain text", NULL);
        }
        r->pending_key[level] = node;
        return SKM_OK;
    }
    struct skm_yaml_node *parent = r->open[level];
    node->key = r->pending_key[level];
    r->pending_key[level] = NULL;
    if (parent->last == NULL) {
        parent->first = node;
    } else {
        parent->last->next = node;
    }
    parent->last = node;
    parent->count++;
    return SKM_OK;
}

static skm_err refuse_anchor_and_tag(struct reader *r, const yaml_event_t *event,
                                     const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor != NULL) {
        return refuse(r, event_range(r, event), "anchors are not supported",
                      "write the value out where it is used");
    }
    if (tag != NULL) {
        return refuse(r, event_range(r, event), "tags are not supported",
                      "leave the tag out; the expected type is known from the key");
    }
    return SKM_OK;
}

static skm_err on_scalar(struct reader *r, const yaml_event_t *event)
{
    SKM_TRY(refuse_anchor_and_tag(r, event, event->data.scalar.anchor, event->data.scalar.tag));
    struct skm_range range = event_range(r, event);
    if (event->data.scalar.length > r->limits->scalar_bytes) {
        return refuse(r, range, "this text is too long", NULL);
    }
    struct skm_yaml_node *node = NULL;
    SKM_TRY(new_node(r, SKM_YAML_SCALAR, range, &node));
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    skm_span text = {(const char *)event->data.scalar.value, event->data.scalar.length};
    SKM_TRY(skm_arena_dup(r->arena, text, &node->text));
    return attach(r, node);
}

static skm_err on_open(struct reader *r, const yaml_event_t *event, enum skm_yaml_kind kind)
{
    struct skm_range range = event_range(r, event);
    if (r->depth >= r->limits->depth) {
        return refuse(r, range, "nested too deeply", NULL);
    }
    struct skm_yaml_node *node = NULL;
    SKM_TRY(new_node(r, kind, range, &node));
    SKM_TRY(attach(r, node));
    r->open[r->depth] = node;
    r->pending_key[r->depth] = NULL;
    r->depth++;
    return SKM_OK;
}

static void complain_duplicate(struct reader *r, const struct skm_yaml_node *first,
                               const struct skm_yaml_node *second)
{
    uint32_t line = 0;
    uint32_t column = 0;
    skm_source_position(r->source, first->key->range.start, &line, &column);
    struct skm_diag *diag =
        skm_diags_add(r->diags, SKM_SEVERITY_ERROR, r->source, second->key->range,
                      "key `%.*s` is given twice", SKM_SPAN_ARG(second->key->text));
    skm_diag_help(r->diags, diag, "the first one is on line %u", (unsigned)line);
}

static skm_err check_duplicates_with(struct reader *r, const struct skm_yaml_node *mapping,
                                     struct skm_map *seen)
{
    for (struct skm_yaml_node *child = mapping->first; child != NULL; child = child->next) {
        const struct skm_yaml_node *earlier = skm_map_get(seen, child->key->text);
        if (earlier != NULL) {
            complain_duplicate(r, earlier, child);
        } else {
            SKM_TRY(skm_map_put(seen, child->key->text, child));
        }
    }
    return SKM_OK;
}

static skm_err on_close(struct reader *r, const yaml_event_t *event)
{
    struct skm_yaml_node *node = r->open[--r->depth];
    uint32_t end = byte_offset(r, event->end_mark.index);
    node->range.len = end > node->range.start ? end - node->range.start : 0;
    if (node->kind != SKM_YAML_MAPPING) {
        return SKM_OK;
    }
    struct skm_map seen;
    skm_map_init(&seen, r->limits->nodes);
    skm_err err = check_duplicates_with(r, node, &seen);
    skm_map_fini(&seen);
    return err;
}

static skm_err on_event(struct reader *r, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (r->documents++ > 0) {
            return refuse(r, event_range(r, event), "a second document begins here",
                          "a file holds one document; remove the `---`");
        }
        return SKM_OK;
    case YAML_ALIAS_EVENT:
        return refuse(r, event_range(r, event), "aliases are not supported",
                      "write the value out where it is used");
    case YAML_SCALAR_EVENT:
        return on_scalar(r, event);
    case YAML_SEQUENCE_START_EVENT:
        SKM_TRY(refuse_anchor_and_tag(r, event, event->data.sequence_start.anchor,
                                      event->data.sequence_start.tag));
        return on_open(r, event, SKM_YAML_SEQUENCE);
    case YAML_MAPPING_START_EVENT:
        SKM_TRY(refuse_anchor_and_tag(r, event, event->data.mapping_start.anchor,
                                      event->data.mapping_start.tag));
        return on_open(r, event, SKM_YAML_MAPPING);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_close(r, event);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return SKM_OK;
    }
    return SKM_ERR(INTERNAL);
}

/* ---- driving libyaml ---- */

/* libyaml speaks of tokens and indicators; what people do wrong in practice is a tab or a missing quote. */
static void complain_syntax(struct reader *r, const yaml_parser_t *parser)
{
    struct skm_range range = {byte_offset(r, parser->problem_mark.index), 0};
    skm_span text = r->source->text;
    const char *problem = parser->problem != NULL ? parser->problem : "malformed";
    if (parser->error == YAML_READER_ERROR) {
        range.start =
            (uint32_t)(parser->problem_offset < text.len ? parser->problem_offset : text.len);
    }
    struct skm_diag *diag = skm_diags_add(r->diags, SKM_SEVERITY_ERROR, r->source, range,
                                          "not well-formed YAML: %s", problem);
    if (range.start < text.len && text.ptr[range.start] == '\t') {
        skm_diag_help(r->diags, diag, "indent with blanks; YAML does not allow tabs there");
    } else if (parser->context != NULL) {
        skm_diag_help(r->diags, diag, "%s that begins on line %zu", parser->context,
                      parser->context_mark.line + 1);
    }
}

static skm_err next_event(struct reader *r, yaml_parser_t *parser, bool *out_end)
{
    yaml_event_t event;
    if (yaml_parser_parse(parser, &event) == 0) {
        if (parser->error == YAML_MEMORY_ERROR) {
            return SKM_ERR(MEMORY);
        }
        complain_syntax(r, parser);
        return SKM_ERR(INVALID);
    }
    *out_end = event.type == YAML_STREAM_END_EVENT;
    skm_err err = on_event(r, &event);
    yaml_event_delete(&event);
    return err;
}

static skm_err run(struct reader *r)
{
    yaml_parser_t parser;
    if (yaml_parser_initialize(&parser) == 0) {
        return SKM_ERR(MEMORY);
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    skm_span text = r->source->text;
    yaml_parser_set_input_string(&parser, (const unsigned char *)(text.ptr == NULL ? "" : text.ptr),
                                 text.len);
    skm_err err = SKM_OK;
    for (bool end = false; !end && skm_is_ok(err);) {
        err = next_event(r, &parser, &end);
    }
    yaml_parser_delete(&parser);
    return err;
}

static skm_err check_text(struct reader *r)
{
    skm_span text = r->source->text;
    size_t bad = 0;
    if (text.len > r->limits->text_bytes || text.len > UINT32_MAX / 2) {
        return refuse(r, (struct skm_range){0, 0}, "this file is too large", NULL);
    }
    if (!skm_utf8_check(text, &bad)) {
        return refuse(r, (struct skm_range){(uint32_t)bad, 1}, "not valid UTF-8", NULL);
    }
    return SKM_OK;
}

skm_err skm_yaml_parse(struct skm_arena *arena, const struct skm_source *source,
                       const struct skm_yaml_limits *limits, struct skm_diags *diags,
                       const struct skm_yaml_node **out_root)
{
    struct reader r = {.arena = arena, .source = source, .limits = limits, .diags = diags};
    size_t errors_before = diags->errors;
    SKM_TRY(check_text(&r));
    SKM_TRY(index_characters(&r));
    SKM_TRY(run(&r));
    if (diags->errors > errors_before) {
        return SKM_ERR(INVALID);
    }
    bool is_nothing = r.root == NULL ||
                      (r.root->kind == SKM_YAML_SCALAR && r.root->plain && r.root->text.len == 0);
    if (is_nothing) {
        SKM_TRY(new_node(&r, SKM_YAML_MAPPING, (struct skm_range){0, 0}, &r.root));
    }
    *out_root = r.root;
    return SKM_OK;
}

/* ---- asking the tree ---- */

const struct skm_yaml_node *skm_yaml_find(const struct skm_yaml_node *mapping, skm_span key)
{
    for (const struct skm_yaml_node *child = mapping->first; child != NULL; child = child->next) {
        if (child->key != NULL && skm_span_equal(child->key->text, key)) {
            return child;
        }
    }
    return NULL;
}

const char *skm_yaml_kind_name(enum skm_yaml_kind kind)
{
    switch (kind) {
    case SKM_YAML_SCALAR:
        return "text";
    case SKM_YAML_SEQUENCE:
        return "a list";
    case SKM_YAML_MAPPING:
        return "a mapping";
    }
    return "nothing";
}

bool skm_yaml_is_ambiguous(skm_span word)
{
    static const char *const words[] = {"y",   "n",    "yes",   "no",   "on",
                                        "off", "true", "false", "null", "~"};
    for (size_t i = 0; i < SKM_ARRAY_LEN(words); i++) {
        if (word.len == strlen(words[i]) && strncasecmp(word.ptr, words[i], word.len) == 0) {
            return true;
        }
    }
    return false;
}
