/* The JSON reader: what may come where. json_scan.c reads strings and numbers, json_names.c keeps member names apart.
 *
 * INVARIANT: `value_due` is true exactly when the grammar wants a value at `offset`, so that no order of calls can
 * accept a text that is not JSON. */
#include "base/json.h"

#include "base/json_inner.h"
#include "base/span.h"

#define FIRST_LEVELS 16u

/* ---- errors and characters ---- */

skm_err skm_json_fail(struct skm_json *json, skm_err err, size_t offset, const char *reason)
{
    if (skm_is_ok(json->err)) {
        json->err = err;
        json->err_offset = offset;
        json->err_reason = reason;
    }
    return json->err;
}

static skm_err fail_here(struct skm_json *json, skm_err err, const char *reason)
{
    return skm_json_fail(json, err, json->offset, reason);
}

skm_err skm_json_init(struct skm_json *json, skm_span text, struct skm_arena *arena,
                      const struct skm_json_limits *limits)
{
    *json = (struct skm_json){.text = text, .arena = arena, .value_due = true};
    if (limits != NULL) {
        json->limits = *limits;
    }
    if (json->limits.depth == 0) {
        json->limits.depth = SKM_JSON_DEPTH_MAX;
    } else if (json->limits.depth > SKM_JSON_DEPTH_CEILING) {
        json->limits.depth = SKM_JSON_DEPTH_CEILING;
    }
    if (text.len >= UINT32_MAX) {
        return fail_here(json, SKM_ERR(SIZE), "text is too large");
    }
    return SKM_OK;
}

/* ---- scalars ---- */

/* Type by first byte, plus one; 0: no value begins so. */
static const unsigned char TYPE_OF_BYTE[256] = {
    ['n'] = SKM_JSON_NULL + 1,   ['t'] = SKM_JSON_BOOL + 1,   ['f'] = SKM_JSON_BOOL + 1,
    ['"'] = SKM_JSON_STRING + 1, ['['] = SKM_JSON_ARRAY + 1,  ['{'] = SKM_JSON_OBJECT + 1,
    ['-'] = SKM_JSON_NUMBER + 1, ['0'] = SKM_JSON_NUMBER + 1, ['1'] = SKM_JSON_NUMBER + 1,
    ['2'] = SKM_JSON_NUMBER + 1, ['3'] = SKM_JSON_NUMBER + 1, ['4'] = SKM_JSON_NUMBER + 1,
    ['5'] = SKM_JSON_NUMBER + 1, ['6'] = SKM_JSON_NUMBER + 1, ['7'] = SKM_JSON_NUMBER + 1,
    ['8'] = SKM_JSON_NUMBER + 1, ['9'] = SKM_JSON_NUMBER + 1,
};

skm_err skm_json_peek(struct skm_json *json, enum skm_json_type *out_type)
{
    SKM_TRY(json->err);
    if (!json->value_due) {
        return fail_here(json, SKM_ERR(INTERNAL), "no value is due");
    }
    int byte = skm_json_skip_space(json);
    unsigned type = byte < 0 ? 0 : TYPE_OF_BYTE[byte];
    if (type == 0) {
        return fail_here(json, SKM_ERR(SYNTAX),
                         byte < 0 ? "text ends where a value is due" : "not a JSON value");
    }
    *out_type = (enum skm_json_type)(type - 1);
    return SKM_OK;
}

size_t skm_json_value_offset(struct skm_json *json)
{
    if (skm_is_ok(json->err)) {
        (void)skm_json_skip_space(json);
    }
    return json->offset;
}

/* The next value must be of this type. */
static skm_err expect(struct skm_json *json, enum skm_json_type type, const char *reason)
{
    enum skm_json_type found = SKM_JSON_NULL;
    SKM_TRY(skm_json_peek(json, &found));
    return found == type ? SKM_OK : fail_here(json, SKM_ERR(TYPE), reason);
}

/* True when a value is due that begins with this byte: what expect() finds out, for the common case. */
static inline bool begins(struct skm_json *json, int byte)
{
    return SKM_LIKELY(skm_is_ok(json->err) && json->value_due && skm_json_skip_space(json) == byte);
}

skm_err skm_json_read_null(struct skm_json *json)
{
    SKM_TRY(expect(json, SKM_JSON_NULL, "expected null"));
    SKM_TRY(skm_json_scan_literal(json, SKM_SPAN("null")));
    json->value_due = false;
    return SKM_OK;
}

skm_err skm_json_read_bool(struct skm_json *json, bool *out_value)
{
    SKM_TRY(expect(json, SKM_JSON_BOOL, "expected true or false"));
    bool value = json->text.ptr[json->offset] == 't';
    SKM_TRY(skm_json_scan_literal(json, value ? SKM_SPAN("true") : SKM_SPAN("false")));
    json->value_due = false;
    *out_value = value;
    return SKM_OK;
}

skm_err skm_json_read_string(struct skm_json *json, skm_span *out_text)
{
    if (!begins(json, '"')) {
        SKM_TRY(expect(json, SKM_JSON_STRING, "expected a string"));
    }
    skm_span text = skm_json_scan_plain(json);
    if (SKM_UNLIKELY(text.ptr == NULL)) {
        SKM_TRY(skm_json_scan_string(json, out_text));
    } else {
        *out_text = text;
    }
    json->value_due = false;
    return SKM_OK;
}

skm_err skm_json_read_number(struct skm_json *json, skm_span *out_text)
{
    bool integer = false;
    SKM_TRY(expect(json, SKM_JSON_NUMBER, "expected a number"));
    SKM_TRY(skm_json_scan_number(json, out_text, &integer));
    json->value_due = false;
    return SKM_OK;
}

/* Digits, with or without a minus, checked already. */
static bool parse_i64(skm_span text, int64_t *out_value)
{
    bool negative = text.ptr[0] == '-';
    uint64_t most = (uint64_t)INT64_MAX + negative;
    uint64_t value = 0;
    for (size_t i = negative; i < text.len; i++) {
        uint64_t digit = (uint64_t)(text.ptr[i] - '0');
        if (value > (most - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out_value = !negative ? (int64_t)value : value == most ? INT64_MIN : -(int64_t)value;
    return true;
}

skm_err skm_json_read_i64(struct skm_json *json, int64_t *out_value)
{
    SKM_TRY(expect(json, SKM_JSON_NUMBER, "expected an integer"));
    size_t start = json->offset;
    skm_span text = {0};
    bool integer = false;
    SKM_TRY(skm_json_scan_number(json, &text, &integer));
    if (!integer) {
        return skm_json_fail(json, SKM_ERR(TYPE), start, "expected an integer");
    }
    if (!parse_i64(text, out_value)) {
        return skm_json_fail(json, SKM_ERR(RANGE), start, "integer does not fit in 64 bits");
    }
    json->value_due = false;
    return SKM_OK;
}

/* ---- arrays and objects ---- */

static skm_err grow_levels(struct skm_json *json)
{
    uint32_t cap = json->levels_cap == 0 ? FIRST_LEVELS : json->levels_cap * 2;
    struct skm_json_level *levels =
        skm_arena_alloc_unset(json->arena, (size_t)cap * sizeof *levels);
    if (levels == NULL) {
        return fail_here(json, SKM_ERR(MEMORY), "out of memory");
    }
    if (json->depth != 0) {
        memcpy(levels, json->levels, (size_t)json->depth * sizeof *levels);
    }
    json->levels = levels;
    json->levels_cap = cap;
    return SKM_OK;
}

static skm_err open_level(struct skm_json *json, bool is_object)
{
    if (json->depth >= json->limits.depth) {
        return fail_here(json, SKM_ERR(DEPTH), "nested too deeply");
    }
    if (SKM_UNLIKELY(json->depth == json->levels_cap)) {
        SKM_TRY(grow_levels(json));
    }
    json->levels[json->depth++] =
        (struct skm_json_level){.keys_base = json->keys_len, .is_object = is_object};
    json->offset++;
    json->value_due = false;
    return SKM_OK;
}

static void close_level(struct skm_json *json)
{
    const struct skm_json_level *level = &json->levels[json->depth - 1];
    if (level->is_object) {
        skm_json_forget_names(json, level);
    }
    json->depth--;
    json->offset++;
    json->value_due = false;
}

skm_err skm_json_enter_array(struct skm_json *json)
{
    if (!begins(json, '[')) {
        SKM_TRY(expect(json, SKM_JSON_ARRAY, "expected an array"));
    }
    return open_level(json, false);
}

skm_err skm_json_enter_object(struct skm_json *json)
{
    if (!begins(json, '{')) {
        SKM_TRY(expect(json, SKM_JSON_OBJECT, "expected an object"));
    }
    return open_level(json, true);
}

/* What both next_… begin with: the innermost level, of the right kind, its last value read. */
static skm_err innermost(struct skm_json *json, bool is_object, struct skm_json_level **out_level)
{
    SKM_TRY(json->err);
    if (json->depth == 0 || json->levels[json->depth - 1].is_object != is_object ||
        json->value_due) {
        return fail_here(json, SKM_ERR(INTERNAL), "reader called out of turn");
    }
    *out_level = &json->levels[json->depth - 1];
    return SKM_OK;
}

skm_err skm_json_next_item(struct skm_json *json, bool *out_more)
{
    struct skm_json_level *level = NULL;
    SKM_TRY(innermost(json, false, &level));
    int byte = skm_json_skip_space(json);
    if (byte == ']') {
        close_level(json);
        *out_more = false;
        return SKM_OK;
    }
    if (level->count != 0) {
        if (byte != ',') {
            return fail_here(json, SKM_ERR(SYNTAX), "expected `,` or `]`");
        }
        json->offset++;
    }
    level->count++;
    json->value_due = true;
    *out_more = true;
    return SKM_OK;
}

skm_err skm_json_next_member(struct skm_json *json, bool *out_more, skm_span *out_key)
{
    struct skm_json_level *level = NULL;
    SKM_TRY(innermost(json, true, &level));
    int byte = skm_json_skip_space(json);
    if (byte == '}') {
        close_level(json);
        *out_more = false;
        return SKM_OK;
    }
    if (level->count != 0) {
        if (byte != ',') {
            return fail_here(json, SKM_ERR(SYNTAX), "expected `,` or `}`");
        }
        json->offset++;
        byte = skm_json_skip_space(json);
    }
    if (byte != '"') {
        return fail_here(json, SKM_ERR(SYNTAX), "expected a member name");
    }
    size_t key_offset = json->offset;
    skm_span key = skm_json_scan_plain(json);
    if (SKM_UNLIKELY(key.ptr == NULL)) {
        skm_span other = {0};
        SKM_TRY(skm_json_scan_string(json, &other));
        key = other;
    }
    SKM_TRY(skm_json_note_name(json, level, key, key_offset));
    if (skm_json_skip_space(json) != ':') {
        return fail_here(json, SKM_ERR(SYNTAX), "expected `:`");
    }
    json->offset++;
    json->value_due = true;
    *out_key = key;
    *out_more = true;
    return SKM_OK;
}

/* ---- whole values ---- */

static skm_err skip_scalar(struct skm_json *json, enum skm_json_type type)
{
    skm_span text = {0};
    bool flag = false;
    switch (type) {
    case SKM_JSON_NULL:
        return skm_json_read_null(json);
    case SKM_JSON_BOOL:
        return skm_json_read_bool(json, &flag);
    case SKM_JSON_NUMBER:
        return skm_json_read_number(json, &text);
    case SKM_JSON_STRING:
        SKM_TRY(skm_json_scan_string(json, NULL));
        json->value_due = false;
        return SKM_OK;
    case SKM_JSON_ARRAY:
        return skm_json_enter_array(json);
    case SKM_JSON_OBJECT:
        return skm_json_enter_object(json);
    }
    return fail_here(json, SKM_ERR(INTERNAL), "no such type");
}

skm_err skm_json_skip(struct skm_json *json)
{
    uint32_t outside = json->depth;
    do {
        if (json->value_due || json->depth == outside) {
            enum skm_json_type type = SKM_JSON_NULL;
            SKM_TRY(skm_json_peek(json, &type));
            SKM_TRY(skip_scalar(json, type));
            continue;
        }
        bool more = false;
        skm_span key = {0};
        SKM_TRY(json->levels[json->depth - 1].is_object ? skm_json_next_member(json, &more, &key)
                                                        : skm_json_next_item(json, &more));
    } while (json->depth > outside);
    return SKM_OK;
}

skm_err skm_json_read_raw(struct skm_json *json, skm_span *out_text)
{
    size_t start = skm_json_value_offset(json);
    SKM_TRY(skm_json_skip(json));
    *out_text = skm_span_sub(json->text, start, json->offset - start);
    return SKM_OK;
}

skm_err skm_json_finish(struct skm_json *json)
{
    SKM_TRY(json->err);
    if (json->depth != 0 || json->value_due) {
        return fail_here(json, SKM_ERR(INTERNAL), "reader called out of turn");
    }
    if (skm_json_skip_space(json) >= 0) {
        return fail_here(json, SKM_ERR(SYNTAX), "more text after the value");
    }
    return SKM_OK;
}
