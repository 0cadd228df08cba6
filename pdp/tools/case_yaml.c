/* YAML cases:
 *
 *     cases:
 *       - name: a guest sees nothing internal
 *         principal: User::"guest"
 *         action: Action::"view"
 *         resource: Document::"plan"
 *         context: {aal: 2}
 *         expect: deny
 *         remedies: [step_up_mfa]
 *         policies: [R26-secret-mfa]
 */
#include <string.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/span.h"
#include "base/yaml.h"
#include "cedar/parse.h"
#include "cedar/request_validate.h"
#include "cedar/value_json.h"
#include "tools/case.h"

#define JSON_BYTES_MAX (1u << 20)

struct reader {
    struct skm_cases *cases;
    const struct skm_source *source;
};

static const skm_span keys[] = {
    {"name", 4},     {"principal", 9},    {"action", 6},
    {"resource", 8}, {"context", 7},      {"principal_attributes", 20},
    {"expect", 6},   {"remedies", 8},     {"resource_attributes", 19},
    {"policies", 8}, {"obligations", 11}, {"clauses", 7},
    {"why", 3},
};

static skm_err refuse(const struct reader *r, const struct skm_yaml_node *node, const char *message)
{
    (void)skm_diags_add(r->cases->diags, SKM_SEVERITY_ERROR, r->source, node->range, "%s", message);
    return SKM_ERR(INVALID);
}

static skm_err check_keys(const struct reader *r, const struct skm_yaml_node *node)
{
    size_t errors = r->cases->diags->errors;
    for (const struct skm_yaml_node *child = node->first; child != NULL; child = child->next) {
        skm_span key = child->key->text;
        bool known = false;
        for (size_t i = 0; i < SKM_ARRAY_LEN(keys); i++) {
            known = known || skm_span_equal(key, keys[i]);
        }
        if (!known) {
            struct skm_diag *diag =
                skm_diags_add(r->cases->diags, SKM_SEVERITY_ERROR, r->source, child->key->range,
                              "unknown key `%.*s` of a case", SKM_SPAN_ARG(key));
            skm_span nearest = skm_diag_nearest(key, keys, SKM_ARRAY_LEN(keys));
            if (nearest.len > 0) {
                skm_diag_help(r->cases->diags, diag, "did you mean `%.*s`?", SKM_SPAN_ARG(nearest));
            }
        }
    }
    return r->cases->diags->errors > errors ? SKM_ERR(INVALID) : SKM_OK;
}

/* ---- values ---- */

static bool is_integer(skm_span text)
{
    size_t at = text.len > 0 && text.ptr[0] == '-' ? 1 : 0;
    if (at == text.len || (text.ptr[at] == '0' && text.len > at + 1)) {
        return false;
    }
    for (; at < text.len; at++) {
        if (text.ptr[at] < '0' || text.ptr[at] > '9') {
            return false;
        }
    }
    return true;
}

/* A plain scalar that is an integer, `true` or `false` is one; everything else is text. Depth: the YAML reader's. */
static void write_node(const struct skm_yaml_node *node, struct skm_json_writer *writer)
{
    bool word =
        node->plain && (is_integer(node->text) || skm_span_equal(node->text, SKM_SPAN("true")) ||
                        skm_span_equal(node->text, SKM_SPAN("false")));
    switch (node->kind) {
    case SKM_YAML_SCALAR:
        if (word) {
            skm_json_write_raw(writer, node->text);
        } else {
            skm_json_write_string(writer, node->text);
        }
        return;
    case SKM_YAML_SEQUENCE:
        skm_json_write_array_begin(writer);
        for (const struct skm_yaml_node *item = node->first; item != NULL; item = item->next) {
            write_node(item, writer);
        }
        skm_json_write_array_end(writer);
        return;
    case SKM_YAML_MAPPING:
        skm_json_write_object_begin(writer);
        for (const struct skm_yaml_node *item = node->first; item != NULL; item = item->next) {
            skm_json_write_key(writer, item->key->text);
            write_node(item, writer);
        }
        skm_json_write_object_end(writer);
        return;
    }
}

static skm_err to_json(const struct reader *r, const struct skm_yaml_node *node, skm_span *out_text)
{
    SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
    struct skm_json_writer writer;
    skm_buf_init(&buf, JSON_BYTES_MAX);
    skm_json_writer_init(&writer, &buf);
    if (node != NULL && node->kind != SKM_YAML_MAPPING) {
        return refuse(r, node, "expected a mapping of attributes");
    }
    if (node == NULL) {
        skm_buf_append_cstr(&buf, "{}");
    } else {
        write_node(node, &writer);
    }
    SKM_TRY(skm_buf_check(&buf));
    return skm_arena_dup(r->cases->arena, skm_buf_span(&buf), out_text);
}

/* A fault of the value is told at the node as a whole: the text read is not the text written. */
static skm_err at_node(const struct reader *r, const struct skm_yaml_node *node, skm_err err,
                       skm_span message)
{
    if (!skm_is_err(err, SKM_E_INVALID) || node == NULL) {
        return err;
    }
    (void)skm_diags_add(r->cases->diags, SKM_SEVERITY_ERROR, r->source, node->range, "%.*s",
                        SKM_SPAN_ARG(message));
    return err;
}

static skm_err read_context(const struct reader *r, const struct skm_yaml_node *node,
                            struct skm_request *request)
{
    struct skm_json json;
    skm_span text = {0};
    struct skm_diags diags;
    skm_diags_init(&diags, r->cases->arena, 1);
    SKM_TRY(to_json(r, node, &text));
    SKM_TRY(skm_json_init(&json, text, r->cases->arena, NULL));
    skm_err err = skm_request_read_context(r->cases->arena, r->cases->schema, &request->action,
                                           &json, NULL, 0, &diags, &request->context);
    skm_span message = diags.first == NULL ? SKM_SPAN("not a context") : diags.first->message;
    return at_node(r, node, err, message);
}

static skm_err read_attrs(const struct reader *r, const struct skm_yaml_node *node,
                          const struct skm_value_record **out_record)
{
    const struct skm_schema *schema = r->cases->schema;
    const struct skm_value_json how = {.arena = r->cases->arena, .schema = schema};
    struct skm_json json;
    skm_span text = {0};
    if (node == NULL) {
        return SKM_OK;
    }
    SKM_TRY(to_json(r, node, &text));
    SKM_TRY(skm_json_init(&json, text, r->cases->arena, NULL));
    struct skm_value value = {0};
    skm_err err = skm_value_json_read(&how, &json, NULL, &value);
    if (skm_is_err(err, SKM_E_MEMORY)) {
        return err;
    }
    if (!skm_is_ok(err) || value.kind != SKM_VALUE_RECORD) {
        return refuse(r, node, json.err_reason != NULL ? json.err_reason : "not a record");
    }
    *out_record = value.as.record;
    return SKM_OK;
}

static skm_err read_uid(const struct reader *r, const struct skm_yaml_node *test, const char *key,
                        struct skm_uid *out_uid)
{
    const struct skm_yaml_node *node = skm_yaml_find(test, skm_span_cstr(key));
    if (node == NULL) {
        (void)skm_diags_add(r->cases->diags, SKM_SEVERITY_ERROR, r->source, test->range,
                            "a case without `%s`", key);
        return SKM_ERR(INVALID);
    }
    if (node->kind != SKM_YAML_SCALAR) {
        return refuse(r, node, "expected an entity such as `User::\"alice\"`");
    }
    skm_err err = skm_parse_uid(r->cases->arena, node->text, out_uid);
    return skm_is_ok(err) || skm_is_err(err, SKM_E_MEMORY)
               ? err
               : refuse(r, node, "expected an entity such as `User::\"alice\"`");
}

/* ---- expectations ---- */

static skm_err read_tokens(const struct reader *r, const struct skm_yaml_node *test,
                           const char *key, struct skm_case_tokens *out_tokens)
{
    const struct skm_yaml_node *node = skm_yaml_find(test, skm_span_cstr(key));
    skm_span text = {0};
    if (node == NULL) {
        return SKM_OK;
    }
    SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
    skm_buf_init(&buf, JSON_BYTES_MAX);
    if (node->kind != SKM_YAML_SEQUENCE) {
        return refuse(r, node, "expected a list");
    }
    for (const struct skm_yaml_node *item = node->first; item != NULL; item = item->next) {
        if (item->kind != SKM_YAML_SCALAR) {
            return refuse(r, item, "expected text");
        }
        skm_buf_append(&buf, item->text);
        skm_buf_append_char(&buf, '\n');
    }
    SKM_TRY(skm_buf_check(&buf));
    SKM_TRY(skm_arena_dup(r->cases->arena, skm_buf_span(&buf), &text));
    return skm_case_tokens_split(r->cases->arena, text, "\n", out_tokens);
}

static skm_err read_expectations(const struct reader *r, const struct skm_yaml_node *node,
                                 struct skm_case *test)
{
    const struct skm_yaml_node *expect = skm_yaml_find(node, SKM_SPAN("expect"));
    if (expect == NULL) {
        return refuse(r, node, "a case without `expect`");
    }
    test->permit = skm_span_equal(expect->text, SKM_SPAN("permit"));
    if (!test->permit && !skm_span_equal(expect->text, SKM_SPAN("deny"))) {
        return refuse(r, expect, "expected `permit` or `deny`");
    }
    SKM_TRY(read_tokens(r, node, "remedies", &test->remedies));
    SKM_TRY(read_tokens(r, node, "obligations", &test->obligations));
    SKM_TRY(read_tokens(r, node, "clauses", &test->clauses));
    return read_tokens(r, node, "policies", &test->policies);
}

static skm_span text_of(const struct skm_yaml_node *node, skm_span key)
{
    const struct skm_yaml_node *child = skm_yaml_find(node, key);
    return child == NULL ? (skm_span){NULL, 0} : child->text;
}

static skm_err read_case(const struct reader *r, const struct skm_yaml_node *node)
{
    struct skm_case *slot = NULL;
    if (node->kind != SKM_YAML_MAPPING) {
        return refuse(r, node, "a case is a mapping");
    }
    SKM_TRY(check_keys(r, node));
    struct skm_case test = {.name = text_of(node, SKM_SPAN("name")),
                            .why = text_of(node, SKM_SPAN("why")),
                            .source = r->source,
                            .range = node->range};
    struct skm_request *request = &test.request.cedar;
    if (test.name.len == 0) {
        return refuse(r, node, "a case without `name`");
    }
    SKM_TRY(read_uid(r, node, "principal", &request->principal));
    SKM_TRY(read_uid(r, node, "action", &request->action));
    SKM_TRY(read_uid(r, node, "resource", &request->resource));
    SKM_TRY(read_context(r, skm_yaml_find(node, SKM_SPAN("context")), request));
    SKM_TRY(read_attrs(r, skm_yaml_find(node, SKM_SPAN("principal_attributes")),
                       &test.request.principal_attrs));
    SKM_TRY(read_attrs(r, skm_yaml_find(node, SKM_SPAN("resource_attributes")),
                       &test.request.resource_attrs));
    SKM_TRY(read_expectations(r, node, &test));
    SKM_TRY(SKM_VEC_PUSH(r->cases->arena, &r->cases->items, SKM_CASES_MAX, &slot));
    *slot = test;
    return SKM_OK;
}

skm_err skm_cases_read_yaml(struct skm_cases *cases, const struct skm_source *source)
{
    const struct reader r = {cases, source};
    const struct skm_yaml_node *root = NULL;
    size_t errors = cases->diags->errors;
    SKM_TRY(skm_yaml_parse(cases->arena, source, &skm_yaml_limits_registry, cases->diags, &root));
    const struct skm_yaml_node *list =
        root->kind == SKM_YAML_MAPPING ? skm_yaml_find(root, SKM_SPAN("cases")) : NULL;
    if (list == NULL || list->kind != SKM_YAML_SEQUENCE || root->count != 1) {
        return refuse(&r, root, "expected `cases:` with a list of cases, and nothing else");
    }
    for (const struct skm_yaml_node *node = list->first; node != NULL; node = node->next) {
        skm_err err = read_case(&r, node);
        if (!skm_is_ok(err) && !skm_is_err(err, SKM_E_INVALID)) {
            return err;
        }
        cases->refused += skm_is_ok(err) ? 0 : 1;
    }
    return cases->diags->errors > errors ? SKM_ERR(INVALID) : SKM_OK;
}
