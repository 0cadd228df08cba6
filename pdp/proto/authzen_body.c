#include "proto/authzen_body.h"

#include "base/attr.h"
#include "base/err.h"
#include "base/json.h"
#include "base/span.h"
#include "base/vec.h"

/* Enough for any attribute a policy could read, little enough to bound what a hostile body costs. */
#define DEPTH_MAX   64u
#define MEMBERS_MAX 10000u

struct item_words;

struct parser {
    struct skm_json json;
    struct skm_arena *arena;
    size_t max_items;
    struct skm_authzen_body *body;
    SKM_VEC(struct skm_authzen_item) items;
    const char *fault; /* of the body as a whole; NULL: none so far */
    const struct item_words *words;
    bool is_search;
};

/* What a member of an entity must be; the faults name it. */
struct entity_words {
    const char *not_object;
    skm_span id_member;
    const char *id_missing; /* NULL: an id is skipped */
    const char *id_not_string;
    const char *type_missing; /* NULL: it has no type */
    const char *type_not_string;
    const char *properties_not_object;
};

static const struct entity_words subject_words = {
    .not_object = "`subject` must be an object",
    .id_member = {"id", 2},
    .id_missing = "`subject.id` is missing",
    .id_not_string = "`subject.id` must be a string",
    .type_missing = "`subject.type` is missing",
    .type_not_string = "`subject.type` must be a string",
    .properties_not_object = "`subject.properties` must be an object",
};

static const struct entity_words resource_words = {
    .not_object = "`resource` must be an object",
    .id_member = {"id", 2},
    .id_missing = "`resource.id` is missing",
    .id_not_string = "`resource.id` must be a string",
    .type_missing = "`resource.type` is missing",
    .type_not_string = "`resource.type` must be a string",
    .properties_not_object = "`resource.properties` must be an object",
};

static const struct entity_words action_words = {
    .not_object = "`action` must be an object",
    .id_member = {"name", 4},
    .id_missing = "`action.name` is missing",
    .id_not_string = "`action.name` must be a string",
    .properties_not_object = "`action.properties` must be an object",
};

/* What is searched for has no id. */
static const struct entity_words searched_subject_words = {
    .not_object = "`subject` must be an object",
    .type_missing = "`subject.type` is missing",
    .type_not_string = "`subject.type` must be a string",
    .properties_not_object = "`subject.properties` must be an object",
};

static const struct entity_words searched_resource_words = {
    .not_object = "`resource` must be an object",
    .type_missing = "`resource.type` is missing",
    .type_not_string = "`resource.type` must be a string",
    .properties_not_object = "`resource.properties` must be an object",
};

/* How the entities of an item are read; NULL: skipped. */
struct item_words {
    const struct entity_words *subject;
    const struct entity_words *action;
    const struct entity_words *resource;
};

static const struct item_words evaluation_words = {&subject_words, &action_words, &resource_words};

static const struct item_words search_words[] = {
    [SKM_SEARCH_SUBJECT] = {&searched_subject_words, &action_words, &resource_words},
    [SKM_SEARCH_RESOURCE] = {&subject_words, &action_words, &searched_resource_words},
    [SKM_SEARCH_ACTION] = {&subject_words, NULL, &resource_words},
};

/* Keeps the first fault. */
static void note(const char **fault, const char *text)
{
    if (*fault == NULL) {
        *fault = text;
    }
}

/* Reads over a value that is not of the type wanted; null counts as absent. */
static skm_err skip_other(struct skm_json *json, enum skm_json_type type, const char **fault,
                          const char *text)
{
    if (type != SKM_JSON_NULL) {
        note(fault, text);
    }
    return skm_json_skip(json);
}

static skm_err read_string(struct skm_json *json, const char *not_string, const char **fault,
                           bool *out_present, skm_span *out_text)
{
    enum skm_json_type type = SKM_JSON_NULL;
    SKM_TRY(skm_json_peek(json, &type));
    if (type != SKM_JSON_STRING) {
        return skip_other(json, type, fault, not_string);
    }
    SKM_TRY(skm_json_read_string(json, out_text));
    *out_present = true;
    return SKM_OK;
}

static skm_err read_object_text(struct skm_json *json, const char *not_object, const char **fault,
                                bool *out_present, skm_span *out_text)
{
    enum skm_json_type type = SKM_JSON_NULL;
    SKM_TRY(skm_json_peek(json, &type));
    if (type != SKM_JSON_OBJECT) {
        return skip_other(json, type, fault, not_object);
    }
    SKM_TRY(skm_json_read_raw(json, out_text));
    *out_present = true;
    return SKM_OK;
}

/* §5.1 to §5.3: subject, resource, action. */
static skm_err parse_entity(struct skm_json *json, const struct entity_words *words,
                            struct skm_authzen_entity *out)
{
    if (words == NULL) {
        return skm_json_skip(json);
    }
    enum skm_json_type type = SKM_JSON_NULL;
    SKM_TRY(skm_json_peek(json, &type));
    out->is_present = type != SKM_JSON_NULL;
    if (type != SKM_JSON_OBJECT) {
        return skip_other(json, type, &out->fault, words->not_object);
    }
    bool has_id = words->id_missing == NULL;
    bool has_type = words->type_missing == NULL;
    bool has_properties = false;
    SKM_TRY(skm_json_enter_object(json));
    for (;;) {
        bool more = false;
        skm_span key = {0};
        SKM_TRY(skm_json_next_member(json, &more, &key));
        if (!more) {
            break;
        }
        if (words->id_missing != NULL && skm_span_equal(key, words->id_member)) {
            SKM_TRY(read_string(json, words->id_not_string, &out->fault, &has_id, &out->id));
        } else if (words->type_missing != NULL && skm_span_equal(key, SKM_SPAN("type"))) {
            SKM_TRY(read_string(json, words->type_not_string, &out->fault, &has_type, &out->type));
        } else if (skm_span_equal(key, SKM_SPAN("properties"))) {
            SKM_TRY(read_object_text(json, words->properties_not_object, &out->fault,
                                     &has_properties, &out->properties));
        } else {
            SKM_TRY(skm_json_skip(json));
        }
    }
    if (!has_type) {
        note(&out->fault, words->type_missing);
    }
    if (!has_id) {
        note(&out->fault, words->id_missing);
    }
    return SKM_OK;
}

static skm_err parse_context(struct skm_json *json, struct skm_authzen_context *out)
{
    enum skm_json_type type = SKM_JSON_NULL;
    bool has_properties = false;
    SKM_TRY(skm_json_peek(json, &type));
    out->is_present = type != SKM_JSON_NULL;
    return read_object_text(json, "`context` must be an object", &out->fault, &has_properties,
                            &out->properties);
}

/* One of the four members that a request and an item of a batch share. */
static skm_err parse_item_member(struct skm_json *json, skm_span key,
                                 const struct item_words *words, struct skm_authzen_item *item,
                                 bool *out_known)
{
    *out_known = true;
    if (skm_span_equal(key, SKM_SPAN("subject"))) {
        return parse_entity(json, words->subject, &item->subject);
    }
    if (skm_span_equal(key, SKM_SPAN("action"))) {
        return parse_entity(json, words->action, &item->action);
    }
    if (skm_span_equal(key, SKM_SPAN("resource"))) {
        return parse_entity(json, words->resource, &item->resource);
    }
    if (skm_span_equal(key, SKM_SPAN("context"))) {
        return parse_context(json, &item->context);
    }
    *out_known = false;
    return SKM_OK;
}

static skm_err parse_item(struct skm_json *json, struct skm_authzen_item *item)
{
    enum skm_json_type type = SKM_JSON_NULL;
    SKM_TRY(skm_json_peek(json, &type));
    if (type != SKM_JSON_OBJECT) {
        item->fault = "an evaluation must be an object";
        return skm_json_skip(json);
    }
    SKM_TRY(skm_json_enter_object(json));
    for (;;) {
        bool more = false;
        bool known = false;
        skm_span key = {0};
        SKM_TRY(skm_json_next_member(json, &more, &key));
        if (!more) {
            return SKM_OK;
        }
        SKM_TRY(parse_item_member(json, key, &evaluation_words, item, &known));
        if (!known) {
            SKM_TRY(skm_json_skip(json));
        }
    }
}

static skm_err parse_evaluations(struct parser *parser)
{
    struct skm_json *json = &parser->json;
    enum skm_json_type type = SKM_JSON_NULL;
    SKM_TRY(skm_json_peek(json, &type));
    if (type != SKM_JSON_ARRAY) {
        return skip_other(json, type, &parser->fault, "`evaluations` must be an array");
    }
    SKM_TRY(skm_json_enter_array(json));
    for (;;) {
        bool more = false;
        SKM_TRY(skm_json_next_item(json, &more));
        if (!more) {
            return SKM_OK;
        }
        struct skm_authzen_item *item = NULL;
        skm_err err = SKM_VEC_PUSH(parser->arena, &parser->items, parser->max_items, &item);
        if (skm_is_err(err, SKM_E_COUNT)) {
            note(&parser->fault, "`evaluations` has too many items");
            return SKM_ERR(INVALID);
        }
        SKM_TRY(err);
        SKM_TRY(parse_item(json, item));
    }
}

/* §7.1.2.1. A value outside the three is refused: guessing would short-circuit in the wrong direction. */
static void set_semantic(struct parser *parser, skm_span word)
{
    static const skm_span words[] = {
        [SKM_AUTHZEN_EXECUTE_ALL] = {"execute_all", 11},
        [SKM_AUTHZEN_DENY_ON_FIRST_DENY] = {"deny_on_first_deny", 18},
        [SKM_AUTHZEN_PERMIT_ON_FIRST_PERMIT] = {"permit_on_first_permit", 22},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(words); i++) {
        if (skm_span_equal(words[i], word)) {
            parser->body->semantic = (enum skm_authzen_semantic)i;
            return;
        }
    }
    note(&parser->fault, "`options.evaluations_semantic` is none of `execute_all`, "
                         "`deny_on_first_deny`, `permit_on_first_permit`");
}

static skm_err parse_option(struct parser *parser, skm_span key)
{
    struct skm_json *json = &parser->json;
    enum skm_json_type type = SKM_JSON_NULL;
    SKM_TRY(skm_json_peek(json, &type));
    if (parser->max_items > 0 && skm_span_equal(key, SKM_SPAN("evaluations_semantic"))) {
        bool present = false;
        skm_span word = {0};
        SKM_TRY(read_string(json, "`options.evaluations_semantic` must be a string", &parser->fault,
                            &present, &word));
        if (present) {
            set_semantic(parser, word);
        }
        return SKM_OK;
    }
    if (skm_span_equal(key, SKM_SPAN("explain")) && type == SKM_JSON_BOOL) {
        return skm_json_read_bool(json, &parser->body->wants_explanation);
    }
    return skm_json_skip(json);
}

/* An object whose members `parse_member` reads; anything else is the fault `not_object`. */
static skm_err parse_members(struct parser *parser, const char *not_object,
                             skm_err (*parse_member)(struct parser *parser, skm_span key))
{
    struct skm_json *json = &parser->json;
    enum skm_json_type type = SKM_JSON_NULL;
    SKM_TRY(skm_json_peek(json, &type));
    if (type != SKM_JSON_OBJECT) {
        return skip_other(json, type, &parser->fault, not_object);
    }
    SKM_TRY(skm_json_enter_object(json));
    for (;;) {
        bool more = false;
        skm_span key = {0};
        SKM_TRY(skm_json_next_member(json, &more, &key));
        if (!more) {
            return SKM_OK;
        }
        SKM_TRY(parse_member(parser, key));
    }
}

static skm_err parse_options(struct parser *parser)
{
    return parse_members(parser, "`options` must be an object", parse_option);
}

static skm_err parse_limit(struct parser *parser)
{
    struct skm_json *json = &parser->json;
    enum skm_json_type type = SKM_JSON_NULL;
    SKM_TRY(skm_json_peek(json, &type));
    if (type != SKM_JSON_NUMBER) {
        return skip_other(json, type, &parser->fault, "`page.limit` must be a number");
    }
    int64_t limit = 0;
    SKM_TRY(skm_json_read_i64(json, &limit));
    if (limit < 0) {
        note(&parser->fault, "`page.limit` must not be negative");
    }
    parser->body->page.has_limit = true;
    parser->body->page.limit = limit < 0 ? 0 : (uint64_t)limit;
    return SKM_OK;
}

static skm_err parse_page_member(struct parser *parser, skm_span key)
{
    if (skm_span_equal(key, SKM_SPAN("limit"))) {
        return parse_limit(parser);
    }
    if (skm_span_equal(key, SKM_SPAN("token"))) {
        bool present = false;
        return read_string(&parser->json, "`page.token` must be a string", &parser->fault, &present,
                           &parser->body->page.token);
    }
    return skm_json_skip(&parser->json);
}

static skm_err parse_page(struct parser *parser)
{
    return parse_members(parser, "`page` must be an object", parse_page_member);
}

static skm_err parse_top_member(struct parser *parser, skm_span key)
{
    bool known = false;
    SKM_TRY(parse_item_member(&parser->json, key, parser->words, &parser->body->top, &known));
    if (known) {
        return SKM_OK;
    }
    if (skm_span_equal(key, SKM_SPAN("options"))) {
        return parse_options(parser);
    }
    if (parser->max_items > 0 && skm_span_equal(key, SKM_SPAN("evaluations"))) {
        return parse_evaluations(parser);
    }
    if (parser->is_search && skm_span_equal(key, SKM_SPAN("page"))) {
        return parse_page(parser);
    }
    return skm_json_skip(&parser->json);
}

static skm_err parse_top(struct parser *parser)
{
    struct skm_json *json = &parser->json;
    SKM_TRY(skm_json_enter_object(json));
    for (;;) {
        bool more = false;
        skm_span key = {0};
        SKM_TRY(skm_json_next_member(json, &more, &key));
        if (!more) {
            return skm_json_finish(json);
        }
        SKM_TRY(parse_top_member(parser, key));
    }
}

/* Errors of the text become SKM_E_INVALID with a message; those of the machine stay what they are. */
static skm_err explain_failure(const struct parser *parser, skm_err err, skm_span *out_message)
{
    if (parser->fault != NULL) {
        *out_message = skm_span_cstr(parser->fault);
        return SKM_ERR(INVALID);
    }
    if (skm_is_ok(err) || skm_is_err(err, SKM_E_MEMORY) || skm_is_err(err, SKM_E_INTERNAL)) {
        return err;
    }
    const char *reason = parser->json.err_reason;
    SKM_TRY(skm_arena_printf(parser->arena, out_message,
                             "the body is not acceptable JSON: %s (byte %zu)",
                             reason != NULL ? reason : skm_err_text(err), parser->json.err_offset));
    return SKM_ERR(INVALID);
}

static bool is_blank(skm_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
            return false;
        }
    }
    return true;
}

static skm_err parse_body(struct parser *parser, skm_span text, skm_span *out_message)
{
    const struct skm_json_limits limits = {.depth = DEPTH_MAX, .members = MEMBERS_MAX};
    if (is_blank(text)) {
        *out_message = SKM_SPAN("the body is empty");
        return SKM_ERR(INVALID);
    }
    skm_err err = skm_json_init(&parser->json, text, parser->arena, &limits);
    err = skm_is_ok(err) ? parse_top(parser) : err;
    return explain_failure(parser, err, out_message);
}

skm_err skm_authzen_body_parse(struct skm_arena *arena, skm_span text, size_t max_items,
                               struct skm_authzen_body *out_body, skm_span *out_message)
{
    struct skm_authzen_body body = {0};
    struct parser parser = {
        .arena = arena, .max_items = max_items, .body = &body, .words = &evaluation_words};
    SKM_TRY(parse_body(&parser, text, out_message));
    body.items = parser.items.items;
    body.item_count = parser.items.len;
    *out_body = body;
    return SKM_OK;
}

skm_err skm_authzen_body_parse_search(struct skm_arena *arena, skm_span text,
                                      enum skm_search_target target,
                                      struct skm_authzen_body *out_body, skm_span *out_message)
{
    struct skm_authzen_body body = {0};
    struct parser parser = {
        .arena = arena, .body = &body, .words = &search_words[target], .is_search = true};
    SKM_TRY(parse_body(&parser, text, out_message));
    body.top.action.is_present = body.top.action.is_present || target == SKM_SEARCH_ACTION;
    *out_body = body;
    return SKM_OK;
}
