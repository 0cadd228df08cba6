/* Links of templates from JSON (policy_set.h has the contract).
 *
 *     [ { "templateId": ID, "newId": ID, "args": { "?principal": UID, "?resource": UID } }, ... ]
 *
 * UID is Cedar text. `args` names the slots of the template, no more and no less. */
#include "base/attr.h"
#include "base/json.h"
#include "base/span.h"
#include "cedar/policy_set.h"

/* For unescaped strings and parsed uids of one text; what is kept is copied into the set's arena. */
#define SCRATCH_BYTES_MAX ((size_t)2 * SKM_PARSE_TEXT_MAX)

struct link_reader {
    struct skm_policy_set *set;
    const struct skm_source *source;
    struct skm_diags *diags;
    struct skm_arena *scratch;
    struct skm_json json;
    bool is_bad; /* a message was given */
};

/* One link as written. */
struct link_fields {
    skm_span template_id;
    skm_span new_id;
    struct skm_uid principal;
    struct skm_uid resource;
    bool has_template_id;
    bool has_new_id;
    bool has_principal;
    bool has_resource;
    bool is_bad; /* a message was given */
};

static struct skm_range range_from(size_t start, size_t end)
{
    /* SAFETY: the text is no longer than SKM_PARSE_TEXT_MAX, which fits. */
    return (struct skm_range){(uint32_t)start, (uint32_t)(end - start)};
}

/* Complains about the value that comes next and steps over it. */
static skm_err refuse_value(struct link_reader *reader, struct link_fields *fields,
                            const char *format, skm_span name)
{
    size_t start = skm_json_value_offset(&reader->json);
    SKM_TRY(skm_json_skip(&reader->json));
    (void)skm_diags_add(reader->diags, SKM_SEVERITY_ERROR, reader->source,
                        range_from(start, reader->json.offset), "%s `%.*s`", format,
                        SKM_SPAN_ARG(name));
    fields->is_bad = true;
    return SKM_OK;
}

static skm_err read_uid(struct link_reader *reader, struct link_fields *fields,
                        struct skm_uid *out_uid, bool *out_present)
{
    size_t start = skm_json_value_offset(&reader->json);
    skm_span text = {0};
    SKM_TRY(skm_json_read_string(&reader->json, &text));
    skm_err err = skm_parse_uid(reader->scratch, text, out_uid);
    if (skm_is_err(err, SKM_E_SYNTAX)) {
        struct skm_diag *diag = skm_diags_add(reader->diags, SKM_SEVERITY_ERROR, reader->source,
                                              range_from(start, reader->json.offset),
                                              "`%.*s` is not an entity", SKM_SPAN_ARG(text));
        skm_diag_help(reader->diags, diag, "write it as in a policy: `User::\\\"alice\\\"`");
        fields->is_bad = true;
        return SKM_OK;
    }
    SKM_TRY(err);
    *out_present = true;
    return SKM_OK;
}

static skm_err read_args(struct link_reader *reader, struct link_fields *fields)
{
    SKM_TRY(skm_json_enter_object(&reader->json));
    for (;;) {
        bool more = false;
        skm_span slot = {0};
        SKM_TRY(skm_json_next_member(&reader->json, &more, &slot));
        if (!more) {
            return SKM_OK;
        }
        if (skm_span_equal(slot, SKM_SPAN("?principal"))) {
            SKM_TRY(read_uid(reader, fields, &fields->principal, &fields->has_principal));
        } else if (skm_span_equal(slot, SKM_SPAN("?resource"))) {
            SKM_TRY(read_uid(reader, fields, &fields->resource, &fields->has_resource));
        } else {
            SKM_TRY(refuse_value(reader, fields, "there is no slot", slot));
        }
    }
}

static skm_err read_fields(struct link_reader *reader, struct link_fields *fields)
{
    SKM_TRY(skm_json_enter_object(&reader->json));
    for (;;) {
        bool more = false;
        skm_span key = {0};
        SKM_TRY(skm_json_next_member(&reader->json, &more, &key));
        if (!more) {
            return SKM_OK;
        }
        if (skm_span_equal(key, SKM_SPAN("templateId"))) {
            SKM_TRY(skm_json_read_string(&reader->json, &fields->template_id));
            fields->has_template_id = true;
        } else if (skm_span_equal(key, SKM_SPAN("newId"))) {
            SKM_TRY(skm_json_read_string(&reader->json, &fields->new_id));
            fields->has_new_id = true;
        } else if (skm_span_equal(key, SKM_SPAN("args"))) {
            SKM_TRY(read_args(reader, fields));
        } else {
            SKM_TRY(refuse_value(reader, fields, "a link has no key", key));
        }
    }
}

static void require(struct link_reader *reader, struct link_fields *fields, bool is_given,
                    const char *key, struct skm_range range)
{
    if (is_given) {
        return;
    }
    (void)skm_diags_add(reader->diags, SKM_SEVERITY_ERROR, reader->source, range,
                        "the link has no `%s`", key);
    fields->is_bad = true;
}

static skm_err read_link(struct link_reader *reader)
{
    struct link_fields fields = {.is_bad = false};
    size_t start = skm_json_value_offset(&reader->json);
    SKM_TRY(read_fields(reader, &fields));
    struct skm_range range = range_from(start, reader->json.offset);
    require(reader, &fields, fields.has_template_id, "templateId", range);
    require(reader, &fields, fields.has_new_id, "newId", range);
    if (fields.is_bad) {
        reader->is_bad = true;
        return SKM_OK;
    }
    struct skm_link link = {
        .template_id = fields.template_id,
        .new_id = fields.new_id,
        .principal = fields.has_principal ? &fields.principal : NULL,
        .resource = fields.has_resource ? &fields.resource : NULL,
    };
    skm_err err = skm_policy_set_link_at(reader->set, &link, reader->source, range, reader->diags);
    if (skm_is_err(err, SKM_E_INVALID)) {
        reader->is_bad = true;
        return SKM_OK;
    }
    return err;
}

static skm_err read_links(struct link_reader *reader)
{
    SKM_TRY(skm_json_init(&reader->json, reader->source->text, reader->scratch, NULL));
    SKM_TRY(skm_json_enter_array(&reader->json));
    for (;;) {
        bool more = false;
        SKM_TRY(skm_json_next_item(&reader->json, &more));
        if (!more) {
            return skm_json_finish(&reader->json);
        }
        SKM_TRY(read_link(reader));
    }
}

skm_err skm_policy_set_link_json(struct skm_policy_set *set, const struct skm_source *source,
                                 struct skm_diags *diags)
{
    if (source->text.len > SKM_PARSE_TEXT_MAX) {
        return SKM_ERR(SIZE);
    }
    SKM_CLEANUP(skm_arena_fini) struct skm_arena scratch;
    skm_arena_init(&scratch, SCRATCH_BYTES_MAX);
    struct link_reader reader = {.set = set, .source = source, .diags = diags, .scratch = &scratch};
    skm_err err = read_links(&reader);
    if (skm_is_ok(err)) {
        return reader.is_bad ? SKM_ERR(INVALID) : SKM_OK;
    }
    if (skm_is_ok(reader.json.err) || skm_is_err(err, SKM_E_MEMORY)) {
        return err;
    }
    (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, source,
                        range_from(reader.json.err_offset, reader.json.err_offset), "%s",
                        reader.json.err_reason);
    return SKM_ERR(INVALID);
}
