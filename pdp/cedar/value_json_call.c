/* Extension calls from JSON: `{"fn":"ip","arg":"10.0.0.1"}` or `{"fn":"offset","args":[..]}`, members in any order,
 * evaluated at once. */
#include "base/span.h"
#include "cedar/ext.h"
#include "cedar/value_json_reader.h"

static const struct skm_type STRING_TYPE = {.kind = SKM_TYPE_STRING};
static const struct skm_type DECIMAL_TYPE = {.kind = SKM_TYPE_DECIMAL};
static const struct skm_type IPADDR_TYPE = {.kind = SKM_TYPE_IPADDR};
static const struct skm_type DATETIME_TYPE = {.kind = SKM_TYPE_DATETIME};
static const struct skm_type DURATION_TYPE = {.kind = SKM_TYPE_DURATION};

/* The type of a parameter; NULL for kinds no extension function takes. */
static const struct skm_type *parameter_type(enum skm_value_kind kind)
{
    switch (kind) {
    case SKM_VALUE_STRING:
        return &STRING_TYPE;
    case SKM_VALUE_DECIMAL:
        return &DECIMAL_TYPE;
    case SKM_VALUE_IPADDR:
        return &IPADDR_TYPE;
    case SKM_VALUE_DATETIME:
        return &DATETIME_TYPE;
    case SKM_VALUE_DURATION:
        return &DURATION_TYPE;
    case SKM_VALUE_BOOL:
    case SKM_VALUE_LONG:
    case SKM_VALUE_ENTITY:
    case SKM_VALUE_SET:
    case SKM_VALUE_RECORD:
        break;
    }
    return NULL;
}

/* `{"fn":..,"arg":..}` or `{"fn":..,"args":[..]}`, members in any order. */
struct call {
    size_t offset;    /* of the object, for messages */
    bool is_directed; /* arguments are read as the function's parameters: escapes may be left out */
    const struct skm_ext_function *function;
    struct skm_value args[SKM_EXT_ARGS_MAX];
    size_t arg_count;
    bool has_args;
    skm_span postponed; /* raw text of `arg` or `args`, when it came before `fn` */
    bool postponed_is_array;
};

static skm_err read_function(struct skm_value_reader *reader, struct call *call)
{
    size_t offset = skm_json_value_offset(reader->json);
    skm_span name = {0};
    SKM_TRY(skm_json_read_string(reader->json, &name));
    call->function = skm_ext_find(name);
    return call->function != NULL
               ? SKM_OK
               : skm_value_reader_refuse(reader, SKM_ERR(NOT_FOUND), offset,
                                         "unknown extension function", name, NULL);
}

static skm_err read_arg(struct skm_value_reader *reader, struct call *call)
{
    if (call->arg_count >= call->function->arg_count) {
        return skm_value_reader_refuse(reader, SKM_ERR(COUNT), call->offset,
                                       "too many arguments of", call->function->name, NULL);
    }
    const struct skm_type *type =
        call->is_directed ? parameter_type(call->function->arg_kinds[call->arg_count]) : NULL;
    SKM_TRY(skm_value_reader_value(reader, type, &call->args[call->arg_count]));
    call->arg_count++;
    return SKM_OK;
}

static skm_err read_args(struct skm_value_reader *reader, struct call *call)
{
    SKM_TRY(skm_json_enter_array(reader->json));
    for (;;) {
        bool more = false;
        SKM_TRY(skm_json_next_item(reader->json, &more));
        if (!more) {
            return SKM_OK;
        }
        SKM_TRY(read_arg(reader, call));
    }
}

static skm_err read_arg_member(struct skm_value_reader *reader, struct call *call, skm_span key)
{
    bool is_array = skm_span_equal(key, SKM_SPAN("args"));
    if (!is_array && !skm_span_equal(key, SKM_SPAN("arg"))) {
        return skm_value_reader_refuse(
            reader, SKM_ERR(SYNTAX), call->offset,
            "an extension call is `{\"fn\":..,\"arg\":..}`, unexpected key", key, NULL);
    }
    if (call->has_args) {
        return skm_value_reader_refuse(reader, SKM_ERR(SYNTAX), call->offset,
                                       "an extension call has either `arg` or `args`", SKM_SPAN(""),
                                       NULL);
    }
    call->has_args = true;
    if (call->function == NULL) {
        call->postponed_is_array = is_array;
        return skm_json_read_raw(reader->json, &call->postponed);
    }
    return is_array ? read_args(reader, call) : read_arg(reader, call);
}

/* Reads the arguments that came before the function was known. */
static skm_err read_postponed(struct skm_value_reader *reader, struct call *call)
{
    struct skm_json inner;
    SKM_TRY(
        skm_value_reader_pass(reader, skm_json_init(&inner, call->postponed, reader->json->arena,
                                                    &reader->json->limits)));
    struct skm_value_reader inside = {.how = reader->how, .json = &inner};
    skm_err err = call->postponed_is_array ? read_args(&inside, call) : read_arg(&inside, call);
    if (skm_is_ok(err)) {
        return SKM_OK;
    }
    size_t start = (size_t)(call->postponed.ptr - reader->json->text.ptr);
    return skm_json_fail(reader->json, err, start + inner.err_offset, inner.err_reason);
}

static skm_err run_call(struct skm_value_reader *reader, const struct call *call,
                        struct skm_value *out_value)
{
    const char *reason = NULL;
    skm_err err = skm_ext_call(call->function, reader->how->arena, call->args, call->arg_count,
                               out_value, &reason);
    return skm_is_ok(err) ? SKM_OK
                          : skm_value_reader_refuse(reader, err, call->offset, reason,
                                                    call->function->name, NULL);
}

/* What follows the brace of a call, of which the first key is read already. */
static skm_err read_members(struct skm_value_reader *reader, struct call *call, bool more,
                            skm_span key, struct skm_value *out_value)
{
    while (more) {
        if (skm_span_equal(key, SKM_SPAN("fn"))) {
            SKM_TRY(read_function(reader, call));
        } else {
            SKM_TRY(read_arg_member(reader, call, key));
        }
        SKM_TRY(skm_json_next_member(reader->json, &more, &key));
    }
    if (call->function == NULL || !call->has_args) {
        return skm_value_reader_refuse(reader, SKM_ERR(SYNTAX), call->offset,
                                       "an extension call is `{\"fn\":..,\"arg\":..}`, missing key",
                                       call->function == NULL ? SKM_SPAN("fn") : SKM_SPAN("arg"),
                                       NULL);
    }
    if (call->postponed.len > 0) {
        SKM_TRY(read_postponed(reader, call));
    }
    return run_call(reader, call, out_value);
}

skm_err skm_value_reader_call(struct skm_value_reader *reader, bool is_directed,
                              struct skm_value *out_value)
{
    struct call call = {.offset = skm_json_value_offset(reader->json), .is_directed = is_directed};
    bool more = false;
    skm_span key = {0};
    SKM_TRY(skm_json_enter_object(reader->json));
    SKM_TRY(skm_json_next_member(reader->json, &more, &key));
    return read_members(reader, &call, more, key, out_value);
}

skm_err skm_value_reader_call_members(struct skm_value_reader *reader, size_t offset, bool more,
                                      skm_span key, struct skm_value *out_value)
{
    struct call call = {.offset = offset, .is_directed = true};
    return read_members(reader, &call, more, key, out_value);
}

skm_err skm_value_reader_construct(struct skm_value_reader *reader, enum skm_value_kind kind,
                                   struct skm_value *out_value)
{
    struct call call = {.offset = skm_json_value_offset(reader->json), .arg_count = 1};
    skm_span text = {0};
    SKM_TRY(skm_json_read_string(reader->json, &text));
    call.function = skm_ext_constructor(kind);
    call.args[0] = skm_value_string(text);
    return run_call(reader, &call, out_value);
}
