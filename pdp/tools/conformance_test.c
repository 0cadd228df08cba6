#include "tools/conformance_test.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/span.h"
#include "base/vec.h"
#include "cedar/validate.h"
#include "tools/request_json.h"
#include "tools/world.h"

#define FILE_MAX     ((size_t)256 << 20)
#define WORLD_QUOTA  ((size_t)2 << 30)
#define DIAGS_MAX    20u
#define REQUESTS_MAX 1000000u
#define IDS_MAX      100000u
#define PATH_BYTES   4096u

typedef SKM_VEC(skm_span) span_vec;

/* What a request is to give. */
struct expectation {
    bool has_decision;
    skm_span decision;
    span_vec reason;
    span_vec errors;
    bool validate;
    skm_span description;
};

struct test {
    const char *path;
    struct skm_buf *report;
    struct skm_world world;
    struct skm_source file;
    skm_span policies; /* paths */
    skm_span entities;
    skm_span schema;
    skm_span policy_format;
    skm_span schema_format;
    bool has_should_validate;
    bool should_validate;
    bool has_requests;
    span_vec requests; /* raw */
    bool failed;
};

static void test_fini(struct test *test)
{
    skm_world_fini(&test->world);
}

/* ---- telling ---- */

static void complain(struct test *test, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void complain(struct test *test, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    skm_buf_printf(test->report, "%s: ", test->path);
    skm_buf_vprintf(test->report, format, args);
    skm_buf_append_char(test->report, '\n');
    va_end(args);
    test->failed = true;
}

/* A step failed: its messages follow. Memory is passed on, anything else is the test's failure. */
static skm_err complain_step(struct test *test, const char *step, skm_err err)
{
    if (skm_is_err(err, SKM_E_MEMORY)) {
        return err;
    }
    complain(test, "%s: %s", step, skm_err_text(err));
    skm_diags_print(&test->world.diags, SKM_DIAG_FORM_HUMAN, test->report);
    skm_diags_init(&test->world.diags, &test->world.arena, DIAGS_MAX);
    return SKM_OK;
}

/* ---- reading the test ---- */

static skm_err read_raw_items(struct skm_arena *arena, struct skm_json *json, span_vec *items)
{
    SKM_TRY(skm_json_enter_array(json));
    for (;;) {
        bool more = false;
        skm_span *slot = NULL;
        SKM_TRY(skm_json_next_item(json, &more));
        if (!more) {
            return SKM_OK;
        }
        SKM_TRY(SKM_VEC_PUSH(arena, items, REQUESTS_MAX, &slot));
        SKM_TRY(skm_json_read_raw(json, slot));
    }
}

static skm_err read_strings(struct skm_arena *arena, struct skm_json *json, span_vec *items)
{
    SKM_TRY(skm_json_enter_array(json));
    for (;;) {
        bool more = false;
        skm_span *slot = NULL;
        SKM_TRY(skm_json_next_item(json, &more));
        if (!more) {
            return SKM_OK;
        }
        SKM_TRY(SKM_VEC_PUSH(arena, items, IDS_MAX, &slot));
        SKM_TRY(skm_json_read_string(json, slot));
    }
}

static skm_err read_test_member(struct test *test, struct skm_json *json, skm_span name)
{
    const struct {
        skm_span name;
        skm_span *text;
    } texts[] = {
        {SKM_SPAN("policies"), &test->policies},
        {SKM_SPAN("entities"), &test->entities},
        {SKM_SPAN("schema"), &test->schema},
        {SKM_SPAN("policyFormat"), &test->policy_format},
        {SKM_SPAN("schemaFormat"), &test->schema_format},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(texts); i++) {
        if (skm_span_equal(name, texts[i].name)) {
            return skm_json_read_string(json, texts[i].text);
        }
    }
    if (skm_span_equal(name, SKM_SPAN("shouldValidate"))) {
        test->has_should_validate = true;
        return skm_json_read_bool(json, &test->should_validate);
    }
    if (skm_span_equal(name, SKM_SPAN("requests"))) {
        test->has_requests = true;
        return read_raw_items(&test->world.arena, json, &test->requests);
    }
    return skm_json_skip(json);
}

static skm_err read_test(struct test *test, struct skm_json *json)
{
    SKM_TRY(skm_json_enter_object(json));
    for (;;) {
        bool more = false;
        skm_span name = {0};
        SKM_TRY(skm_json_next_member(json, &more, &name));
        if (!more) {
            return skm_json_finish(json);
        }
        SKM_TRY(read_test_member(test, json, name));
    }
}

/* ---- files beside the test ---- */

/* Paths in a test are relative to some folder above it: the nearest from which `relative` leads to a file. */
static bool find_above(const char *path, skm_span relative, char out[static PATH_BYTES])
{
    size_t len = strlen(path);
    for (;;) {
        while (len > 0 && path[len - 1] != '/') {
            len--;
        }
        if (len + relative.len + 1 <= PATH_BYTES) {
            memcpy(out, path, len);
            memcpy(out + len, relative.ptr, relative.len);
            out[len + relative.len] = '\0';
            if (access(out, R_OK) == 0) {
                return true;
            }
        }
        if (len == 0) {
            return false;
        }
        len--;
    }
}

/* *out_source NULL: not found, told. */
static skm_err read_beside(struct test *test, const char *what, skm_span relative,
                           const struct skm_source **out_source)
{
    char path[PATH_BYTES];
    *out_source = NULL;
    if (relative.len == 0 || !find_above(test->path, relative, path)) {
        complain(test, "%s: no file `%.*s` in the folders above", what, SKM_SPAN_ARG(relative));
        return SKM_OK;
    }
    struct skm_source *source = SKM_ARENA_NEW(&test->world.arena, struct skm_source);
    if (source == NULL) {
        return SKM_ERR(MEMORY);
    }
    source->name = relative;
    skm_err err = skm_file_read(&test->world.arena, path, FILE_MAX, &source->text);
    if (!skm_is_ok(err)) {
        return complain_step(test, what, err);
    }
    *out_source = source;
    return SKM_OK;
}

/* ---- step 1: the world ---- */

static skm_err load_policies(struct test *test)
{
    const struct skm_source *source = NULL;
    SKM_TRY(read_beside(test, "policies", test->policies, &source));
    if (source == NULL) {
        return SKM_OK;
    }
    bool known = test->policy_format.len == 0 ||
                 skm_span_equal(test->policy_format, SKM_SPAN("cedar")) ||
                 skm_span_equal(test->policy_format, SKM_SPAN("json"));
    if (!known) {
        complain(test, "policies: format `%.*s` is not known", SKM_SPAN_ARG(test->policy_format));
        return SKM_OK;
    }
    skm_err err = skm_world_add_policies(&test->world, source, SKM_POLICY_NAMING_NUMBER);
    return skm_is_ok(err) ? SKM_OK : complain_step(test, "policies", err);
}

static skm_err load_schema(struct test *test)
{
    const struct skm_source *source = NULL;
    SKM_TRY(read_beside(test, "schema", test->schema, &source));
    if (source == NULL) {
        return SKM_OK;
    }
    bool json = skm_span_equal(test->schema_format, SKM_SPAN("json"));
    skm_err err = skm_world_set_schema(&test->world, source,
                                       json ? SKM_SCHEMA_FORM_JSON : SKM_SCHEMA_FORM_CEDAR);
    return skm_is_ok(err) ? SKM_OK : complain_step(test, "schema", err);
}

static skm_err load_entities(struct test *test)
{
    const struct skm_source *source = NULL;
    SKM_TRY(read_beside(test, "entities", test->entities, &source));
    if (source == NULL) {
        return SKM_OK;
    }
    skm_err err = skm_world_add_entities(&test->world, source);
    if (skm_is_ok(err)) {
        err = skm_world_close(&test->world);
    }
    return skm_is_ok(err) ? SKM_OK : complain_step(test, "entities", err);
}

/* ---- step 2: validation ---- */

static skm_err check_validation(struct test *test)
{
    struct skm_diags diags;
    skm_diags_init(&diags, &test->world.arena, DIAGS_MAX);
    skm_err err = skm_validate_policies(&test->world.policies, test->world.schema, &diags);
    if (!skm_is_ok(err) && !skm_is_err(err, SKM_E_INVALID)) {
        return err;
    }
    bool valid = skm_is_ok(err);
    if (valid != test->should_validate) {
        complain(test, "validation: %s, expected %s", valid ? "valid" : "invalid",
                 test->should_validate ? "valid" : "invalid");
        skm_diags_print(&diags, SKM_DIAG_FORM_HUMAN, test->report);
    }
    return SKM_OK;
}

/* ---- step 3: requests ---- */

static skm_err read_expectation(struct test *test, skm_span raw, struct expectation *expected)
{
    struct skm_arena *arena = &test->world.arena;
    struct skm_json json;
    SKM_TRY(skm_json_init(&json, raw, arena, NULL));
    SKM_TRY(skm_json_enter_object(&json));
    for (;;) {
        bool more = false;
        skm_span name = {0};
        SKM_TRY(skm_json_next_member(&json, &more, &name));
        if (!more) {
            return skm_json_finish(&json);
        }
        if (skm_span_equal(name, SKM_SPAN("decision"))) {
            expected->has_decision = true;
            SKM_TRY(skm_json_read_string(&json, &expected->decision));
        } else if (skm_span_equal(name, SKM_SPAN("reason"))) {
            SKM_TRY(read_strings(arena, &json, &expected->reason));
        } else if (skm_span_equal(name, SKM_SPAN("errors"))) {
            SKM_TRY(read_strings(arena, &json, &expected->errors));
        } else if (skm_span_equal(name, SKM_SPAN("validateRequest"))) {
            SKM_TRY(skm_json_read_bool(&json, &expected->validate));
        } else if (skm_span_equal(name, SKM_SPAN("description"))) {
            SKM_TRY(skm_json_read_string(&json, &expected->description));
        } else {
            SKM_TRY(skm_json_skip(&json));
        }
    }
}

static bool has_id(const span_vec *ids, skm_span id)
{
    for (size_t i = 0; i < ids->len; i++) {
        if (skm_span_equal(ids->items[i], id)) {
            return true;
        }
    }
    return false;
}

static bool is_subset(const span_vec *a, const span_vec *b)
{
    for (size_t i = 0; i < a->len; i++) {
        if (!has_id(b, a->items[i])) {
            return false;
        }
    }
    return true;
}

static skm_err push_id(struct test *test, span_vec *ids, skm_span id)
{
    skm_span *slot = NULL;
    SKM_TRY(SKM_VEC_PUSH(&test->world.arena, ids, IDS_MAX, &slot));
    *slot = id;
    return SKM_OK;
}

static void append_ids(const span_vec *ids, struct skm_buf *out)
{
    skm_buf_append_char(out, '[');
    for (size_t i = 0; i < ids->len; i++) {
        skm_buf_append_cstr(out, i == 0 ? "" : ", ");
        skm_buf_append(out, ids->items[i]);
    }
    skm_buf_append_char(out, ']');
}

static void compare_ids(struct test *test, size_t index, const char *what, const span_vec *got,
                        const span_vec *expected)
{
    if (is_subset(got, expected) && is_subset(expected, got)) {
        return;
    }
    SKM_CLEANUP(skm_buf_fini) struct skm_buf text = {0};
    skm_buf_init(&text, 64u << 10);
    append_ids(got, &text);
    skm_buf_append_cstr(&text, ", expected ");
    append_ids(expected, &text);
    complain(test, "request %zu: %s %.*s", index, what, SKM_SPAN_ARG(skm_buf_span(&text)));
}

static skm_err compare(struct test *test, size_t index, const struct skm_authorization *got,
                       const struct expectation *expected)
{
    skm_span decision = got->allow ? SKM_SPAN("allow") : SKM_SPAN("deny");
    if (!skm_span_equal(decision, expected->decision)) {
        complain(test, "request %zu (%.*s): decision %.*s, expected %.*s", index,
                 SKM_SPAN_ARG(expected->description), SKM_SPAN_ARG(decision),
                 SKM_SPAN_ARG(expected->decision));
    }
    span_vec reason = {0};
    span_vec errors = {0};
    size_t count = 0;
    const struct skm_policy_instance **reasons = skm_authorization_reasons(got, &count);
    for (size_t i = 0; i < count; i++) {
        SKM_TRY(push_id(test, &reason, reasons[i]->id));
    }
    for (size_t i = 0; i < got->failure_count; i++) {
        SKM_TRY(push_id(test, &errors, got->failures[i].instance->id));
    }
    compare_ids(test, index, "reason", &reason, &expected->reason);
    compare_ids(test, index, "errors", &errors, &expected->errors);
    return SKM_OK;
}

static skm_err decide(struct test *test, skm_span raw, bool validate,
                      struct skm_authorization *out_authorization)
{
    struct skm_world *world = &test->world;
    struct skm_request_parts parts;
    struct skm_request request;
    SKM_TRY(skm_request_json_split(&world->arena, &test->file, raw, false, &world->diags, &parts));
    SKM_TRY(skm_request_json_build(&world->arena, world->schema, &parts,
                                   validate ? SKM_REQUEST_VALIDATED : SKM_REQUEST_AS_IT_IS,
                                   &world->diags, &request));
    return skm_world_authorize(world, &world->arena, &request, out_authorization);
}

static skm_err run_request(struct test *test, size_t index)
{
    struct expectation expected = {.validate = true};
    struct skm_authorization authorization;
    skm_span raw = test->requests.items[index];
    skm_err err = read_expectation(test, raw, &expected);
    if (skm_is_ok(err) && !expected.has_decision) {
        complain(test, "request %zu: no `decision`", index);
        return SKM_OK;
    }
    if (skm_is_ok(err)) {
        err = decide(test, raw, expected.validate, &authorization);
    }
    if (!skm_is_ok(err)) {
        complain(test, "request %zu (%.*s): refused", index, SKM_SPAN_ARG(expected.description));
        return complain_step(test, "request", err);
    }
    return compare(test, index, &authorization, &expected);
}

/* ---- a test ---- */

static skm_err run_test(struct test *test)
{
    if (!test->has_should_validate) {
        complain(test, "no `shouldValidate`");
    }
    SKM_TRY(load_policies(test));
    SKM_TRY(load_schema(test));
    if (test->world.schema != NULL) {
        SKM_TRY(load_entities(test));
    }
    if (test->failed) {
        return SKM_OK;
    }
    SKM_TRY(check_validation(test));
    for (size_t i = 0; i < test->requests.len; i++) {
        SKM_TRY(run_request(test, i));
    }
    return SKM_OK;
}

/* A test is an object with `requests`; anything else that starts like JSON is data of a test. */
static bool looks_like_object(skm_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
            return c == '{';
        }
    }
    return false;
}

static skm_err open_test(struct test *test, enum skm_conformance_outcome *out_outcome)
{
    struct skm_json json;
    skm_span text = {0};
    SKM_TRY(skm_world_init(&test->world, WORLD_QUOTA, DIAGS_MAX));
    SKM_TRY(skm_file_read(&test->world.arena, test->path, FILE_MAX, &text));
    *out_outcome = SKM_CONFORMANCE_NO_TEST;
    if (!looks_like_object(text)) {
        return SKM_OK;
    }
    test->file = (struct skm_source){skm_span_cstr(test->path), text};
    SKM_TRY(skm_json_init(&json, text, &test->world.arena, NULL));
    skm_err err = read_test(test, &json);
    if (skm_is_err(err, SKM_E_MEMORY)) {
        return err;
    }
    if (!skm_is_ok(err)) {
        complain(test, "byte %zu: %s", json.err_offset,
                 json.err_reason == NULL ? "malformed JSON" : json.err_reason);
        *out_outcome = SKM_CONFORMANCE_FAILED;
        return SKM_OK;
    }
    *out_outcome = test->has_requests ? SKM_CONFORMANCE_PASSED : SKM_CONFORMANCE_NO_TEST;
    return SKM_OK;
}

skm_err skm_conformance_run(const char *path, enum skm_world_engine engine, struct skm_buf *report,
                            struct skm_conformance_result *out_result)
{
    SKM_CLEANUP(test_fini) struct test test = {.path = path, .report = report};
    enum skm_conformance_outcome outcome = SKM_CONFORMANCE_FAILED;
    SKM_TRY(open_test(&test, &outcome));
    if (outcome == SKM_CONFORMANCE_PASSED) {
        test.world.engine = engine;
        SKM_TRY(run_test(&test));
        outcome = test.failed ? SKM_CONFORMANCE_FAILED : SKM_CONFORMANCE_PASSED;
    }
    *out_result = (struct skm_conformance_result){outcome, test.requests.len};
    return SKM_OK;
}
