/* sekimori cedar batch: one question a line, one answer a line, for differential tests. */
#include "tools/cmd_cedar.h"

#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/json.h"
#include "base/span.h"
#include "cedar/validate.h"
#include "tools/answer.h"
#include "tools/lines.h"
#include "tools/request_json.h"
#include "tools/world.h"

#define LINE_MAX_BYTES ((size_t)64 << 20)
#define WORLD_QUOTA    ((size_t)2 << 30)
#define DIAGS_MAX      20u

struct args {
    unsigned engine; /* enum skm_world_engine */
};

static const struct skm_option options[] = {
    {.name = "engine",
     .kind = SKM_OPTION_CHOICE,
     .choices = skm_world_engines,
     .offset = offsetof(struct args, engine),
     .help = "what decides: the reference evaluator (default) or the compiled engine"},
};

/* The members of a line, in the order they are worked on. */
enum member {
    MEMBER_POLICIES = 0,
    MEMBER_LINKS,
    MEMBER_SCHEMA,
    MEMBER_ENTITIES,
    MEMBER_REQUEST,
    MEMBER_COUNT,
};

static const skm_span member_names[MEMBER_COUNT] = {
    [MEMBER_POLICIES] = {"policies", 8}, [MEMBER_LINKS] = {"links", 5},
    [MEMBER_SCHEMA] = {"schema", 6},     [MEMBER_ENTITIES] = {"entities", 8},
    [MEMBER_REQUEST] = {"request", 7},
};

struct question {
    struct skm_world world;
    struct skm_source sources[MEMBER_COUNT]; /* text.ptr NULL: absent */
    enum skm_stage stage;
    struct skm_authorization authorization;
    bool valid; /* with a schema: what strict validation says */
};

static void question_fini(struct question *question)
{
    skm_world_fini(&question->world);
}

/* ---- taking a line apart ---- */

/* Policies and schema are text within a JSON string; a schema may be an object, too; the others are JSON themselves. */
static skm_err read_member(struct skm_json *json, enum member member, skm_span *out_text)
{
    enum skm_json_type type = SKM_JSON_NULL;
    SKM_TRY(skm_json_peek(json, &type));
    if (member == MEMBER_POLICIES || (member == MEMBER_SCHEMA && type != SKM_JSON_OBJECT)) {
        return skm_json_read_string(json, out_text);
    }
    return skm_json_read_raw(json, out_text);
}

static skm_err read_members(struct question *question, struct skm_json *json)
{
    SKM_TRY(skm_json_enter_object(json));
    for (;;) {
        bool more = false;
        skm_span name = {0};
        SKM_TRY(skm_json_next_member(json, &more, &name));
        if (!more) {
            return skm_json_finish(json);
        }
        size_t i = 0;
        while (i < MEMBER_COUNT && !skm_span_equal(name, member_names[i])) {
            i++;
        }
        if (i == MEMBER_COUNT) {
            return skm_json_fail(
                json, SKM_ERR(SYNTAX), skm_json_value_offset(json),
                "unknown member; known are policies, links, schema, entities, request");
        }
        question->sources[i].name = member_names[i];
        SKM_TRY(read_member(json, (enum member)i, &question->sources[i].text));
    }
}

static skm_err missing(struct question *question, enum member member)
{
    (void)skm_diags_add(&question->world.diags, SKM_SEVERITY_ERROR, NULL, (struct skm_range){0},
                        "a line without `%.*s`", SKM_SPAN_ARG(member_names[member]));
    return SKM_ERR(INVALID);
}

static skm_err split_line(struct question *question, skm_span line)
{
    struct skm_json json;
    SKM_TRY(skm_json_init(&json, line, &question->world.arena, NULL));
    skm_err err = read_members(question, &json);
    if (!skm_is_ok(err)) {
        (void)skm_diags_add(&question->world.diags, SKM_SEVERITY_ERROR, NULL, (struct skm_range){0},
                            "column %zu: %s", json.err_offset + 1,
                            json.err_reason == NULL ? "malformed JSON" : json.err_reason);
    }
    return err;
}

/* ---- answering ---- */

static bool has(const struct question *question, enum member member)
{
    return question->sources[member].text.ptr != NULL;
}

static skm_err build_world(struct question *question)
{
    struct skm_world *world = &question->world;
    question->stage = SKM_STAGE_POLICIES;
    if (!has(question, MEMBER_POLICIES)) {
        return missing(question, MEMBER_POLICIES);
    }
    SKM_TRY(skm_world_add_policies(world, &question->sources[MEMBER_POLICIES],
                                   SKM_POLICY_NAMING_ANNOTATION));
    question->stage = SKM_STAGE_LINKS;
    if (has(question, MEMBER_LINKS)) {
        SKM_TRY(skm_world_add_links(world, &question->sources[MEMBER_LINKS]));
    }
    question->stage = SKM_STAGE_SCHEMA;
    if (has(question, MEMBER_SCHEMA)) {
        SKM_TRY(
            skm_world_set_schema(world, &question->sources[MEMBER_SCHEMA], SKM_SCHEMA_FORM_GUESS));
    }
    question->stage = SKM_STAGE_ENTITIES;
    if (has(question, MEMBER_ENTITIES)) {
        SKM_TRY(skm_world_add_entities(world, &question->sources[MEMBER_ENTITIES]));
    }
    return skm_world_close(world);
}

/* That policies are not valid is an answer, not a failure. */
static skm_err validate(struct question *question)
{
    struct skm_diags diags;
    if (!has(question, MEMBER_SCHEMA)) {
        return SKM_OK;
    }
    skm_diags_init(&diags, &question->world.arena, DIAGS_MAX);
    skm_err err = skm_validate_policies(&question->world.policies, question->world.schema, &diags);
    question->valid = skm_is_ok(err);
    return skm_is_err(err, SKM_E_INVALID) ? SKM_OK : err;
}

static skm_err decide(struct question *question)
{
    struct skm_world *world = &question->world;
    struct skm_request_parts parts;
    struct skm_request request;
    const struct skm_source *source = &question->sources[MEMBER_REQUEST];
    question->stage = SKM_STAGE_REQUEST;
    if (!has(question, MEMBER_REQUEST)) {
        return missing(question, MEMBER_REQUEST);
    }
    SKM_TRY(
        skm_request_json_split(&world->arena, source, source->text, true, &world->diags, &parts));
    SKM_TRY(skm_request_json_build(&world->arena, world->schema, &parts, SKM_REQUEST_VALIDATED,
                                   &world->diags, &request));
    return skm_world_authorize(world, &world->arena, &request, &question->authorization);
}

static skm_err answer(struct question *question, skm_span line, enum skm_world_engine engine)
{
    question->stage = SKM_STAGE_REQUEST;
    SKM_TRY(skm_world_init(&question->world, WORLD_QUOTA, DIAGS_MAX));
    question->world.engine = engine;
    SKM_TRY(split_line(question, line));
    SKM_TRY(build_world(question));
    SKM_TRY(decide(question));
    return validate(question);
}

static void answer_line(skm_span line, enum skm_world_engine engine, struct skm_buf *out)
{
    SKM_CLEANUP(question_fini) struct question question = {0};
    struct skm_json_writer writer;
    skm_json_writer_init(&writer, out);
    skm_err err = answer(&question, line, engine);
    if (skm_is_ok(err)) {
        skm_json_write_object_begin(&writer);
        skm_answer_members(&question.authorization, &writer);
        if (has(&question, MEMBER_SCHEMA)) {
            skm_json_write_key(&writer, SKM_SPAN("valid"));
            skm_json_write_bool(&writer, question.valid);
        }
        skm_json_write_object_end(&writer);
    } else {
        skm_answer_error(question.stage, &question.world.diags, err, &writer);
    }
    skm_buf_append_char(out, '\n');
}

static void refuse_long_line(struct skm_buf *out)
{
    struct skm_json_writer writer;
    struct skm_diags none = {0};
    skm_json_writer_init(&writer, out);
    skm_answer_error(SKM_STAGE_REQUEST, &none, SKM_ERR(SIZE), &writer);
    skm_buf_append_char(out, '\n');
}

/* ---- the stream ---- */

static bool is_blank(skm_span line)
{
    for (size_t i = 0; i < line.len; i++) {
        if (strchr(" \t\r", line.ptr[i]) == NULL || line.ptr[i] == '\0') {
            return false;
        }
    }
    return true;
}

static void lines_fini(struct skm_lines *lines)
{
    skm_lines_fini(lines);
}

static enum skm_exit run(struct skm_call *call)
{
    const struct args *args = call->values;
    SKM_CLEANUP(lines_fini) struct skm_lines lines;
    skm_lines_init(&lines, STDIN_FILENO, LINE_MAX_BYTES);
    for (;;) {
        skm_span line = {0};
        skm_err err = skm_lines_next(&lines, &line);
        if (skm_is_err(err, SKM_E_END)) {
            return SKM_EXIT_OK;
        }
        if (skm_is_err(err, SKM_E_SIZE)) {
            refuse_long_line(call->out);
        } else if (!skm_is_ok(err)) {
            return skm_call_internal(call, err);
        } else if (!is_blank(line)) {
            answer_line(line, (enum skm_world_engine)args->engine, call->out);
        }
        if (!skm_call_flush(call)) {
            return SKM_EXIT_INTERNAL;
        }
    }
}

const struct skm_command skm_cmd_cedar_batch = {
    .name = "batch",
    .summary = "answer questions, one a line, from standard input",
    .about =
        "Reads JSON lines from standard input, each with everything it needs:\n"
        "  {\"policies\":text,\"links\":[...],\"entities\":[...],\"schema\":text,\"request\":{...}}\n"
        "(links, entities and schema may be absent) and answers each, in order and at once:\n"
        "  {\"decision\":\"allow|deny\",\"reason\":[ids],\"errors\":[ids],\"valid\":bool}, or\n"
        "  {\"error\":{\"stage\":\"policies|links|schema|entities|request\",\"message\":...}}\n"
        "`valid` (strict validation of the policies) comes with a schema only.\n"
        "\n"
        "exit status: 0 every line was answered; 2 wrong use; 3 input or output failed.",
    .options = {options, sizeof(options) / sizeof(options[0])},
    .values_bytes = sizeof(struct args),
    .run = run,
};
