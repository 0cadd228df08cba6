/* The JSON reader.
 *
 * What is open is a stack of levels; the member names seen in all open objects are one stack too, each object owning
 * the part from its `keys_base` on:
 *
 *     levels   { a, b, c }   [ ]   { x, y }
 *     keys       a  b  c             x  y
 *
 * A name is looked up among the names of the innermost object only. Up to LINEAR_KEYS that is a walk; past it all names
 * of that object enter a hash table (keyed hash: the sender cannot choose collisions), so a hostile object costs linear
 * time. One table serves all objects. Names leave it in the reverse order they came, when their object is closed, and
 * under linear probing taking out the last one that came in leaves exactly the table there was before: no tombstones,
 * no rehash, no memory per object.
 *
 * INVARIANT: `value_due` is true exactly when the grammar wants a value at `offset`, so that no order of calls can
 * accept a text that is not JSON. */
#include "base/json.h"

#include <string.h>

#include "base/attr.h"
#include "base/map.h"
#include "base/span.h"
#include "base/utf8.h"

#define LINEAR_KEYS  16u
#define FIRST_LEVELS 16u
#define FIRST_KEYS   32u
#define FIRST_SLOTS  64u

struct skm_json_level {
    uint32_t keys_base; /* objects: index of its first name in `keys` */
    uint32_t count;     /* items or members so far */
    bool is_object;
    bool is_hashed; /* its names are in `slots` */
};

struct skm_json_key {
    const char *ptr;
    uint32_t len;
    uint32_t hash; /* set when the object is hashed */
};

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

/* The byte at `offset`, or -1 at the end. */
static inline int byte_at(const struct skm_json *json, size_t offset)
{
    return offset < json->text.len ? (unsigned char)json->text.ptr[offset] : -1;
}

/* RFC 8259 §2: ws. Yields the byte that follows, or -1. */
static inline int skip_space(struct skm_json *json)
{
    size_t at = json->offset;
    int byte = byte_at(json, at);
    while (byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t') {
        byte = byte_at(json, ++at);
    }
    json->offset = at;
    return byte;
}

skm_err skm_json_init(struct skm_json *json, skm_span text, struct skm_arena *arena,
                      const struct skm_json_limits *limits)
{
    *json = (struct skm_json){.text = text, .arena = arena, .value_due = true};
    if (limits != NULL) {
        json->limits = *limits;
    }
    if (json->limits.depth == 0 || json->limits.depth > SKM_JSON_DEPTH_MAX) {
        json->limits.depth = SKM_JSON_DEPTH_MAX;
    }
    if (text.len >= UINT32_MAX) {
        return fail_here(json, SKM_ERR(SIZE), "text is too large");
    }
    return SKM_OK;
}

/* ---- strings ---- */

#define ONES  UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* High bit of each byte that needs a look: control, quote, backslash, not ASCII. Bytes above the first such may be
 * marked wrongly (borrow), which is harmless: only the first one counts. */
static inline uint64_t special_bytes(uint64_t word)
{
    uint64_t control = word - ONES * 0x20;
    uint64_t quote = (word ^ (ONES * '"')) - ONES;
    uint64_t backslash = (word ^ (ONES * '\\')) - ONES;
    return (control | quote | backslash | word) & HIGHS;
}

/* Offset of the first byte from `at` on that is not plain ASCII text; the end when there is none. */
static inline size_t skip_plain(skm_span text, size_t at)
{
    while (text.len - at >= 8) {
        uint64_t word = 0;
        memcpy(&word, text.ptr + at, 8);
        uint64_t special = special_bytes(word);
        if (special != 0) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            return at + (size_t)__builtin_ctzll(special) / 8;
#else
            break;
#endif
        }
        at += 8;
    }
    for (; at < text.len; at++) {
        unsigned char byte = (unsigned char)text.ptr[at];
        if (byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\') {
            break;
        }
    }
    return at;
}

/* Four hex digits at `at`, or UINT32_MAX. */
static uint32_t hex4(skm_span text, size_t at)
{
    uint32_t value = 0;
    if (text.len < 4 || at > text.len - 4) {
        return UINT32_MAX;
    }
    for (size_t i = 0; i < 4; i++) {
        char c = text.ptr[at + i];
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                                : 16u;
        if (digit == 16) {
            return UINT32_MAX;
        }
        value = value << 4 | digit;
    }
    return value;
}

/* RFC 8259 §7: escapes. `at` is the backslash. Checks one escape (a surrogate pair counts as one) and yields its length
 * in the text and its scalar value. */
static skm_err read_escape(struct skm_json *json, size_t at, size_t *out_len, uint32_t *out_scalar)
{
    static const char LETTERS[] = "\"\\/bfnrt";
    static const char MEANINGS[] = "\"\\/\b\f\n\r\t";
    int letter = byte_at(json, at + 1);
    if (letter != 'u') {
        const char *found = letter <= 0 ? NULL : strchr(LETTERS, letter);
        if (found == NULL) {
            return skm_json_fail(json, SKM_ERR(SYNTAX), at, "unknown escape in string");
        }
        *out_len = 2;
        *out_scalar = (unsigned char)MEANINGS[found - LETTERS];
        return SKM_OK;
    }
    uint32_t unit = hex4(json->text, at + 2);
    if (unit == UINT32_MAX) {
        return skm_json_fail(json, SKM_ERR(SYNTAX), at, "`\\u` wants four hexadecimal digits");
    }
    *out_len = 6;
    *out_scalar = unit;
    if (unit < 0xd800 || unit > 0xdfff) {
        return SKM_OK;
    }
    uint32_t low = unit > 0xdbff || byte_at(json, at + 6) != '\\' || byte_at(json, at + 7) != 'u'
                       ? UINT32_MAX
                       : hex4(json->text, at + 8);
    if (low == UINT32_MAX || low < 0xdc00 || low > 0xdfff) {
        return skm_json_fail(json, SKM_ERR(ENCODING), at, "unpaired surrogate in string");
    }
    *out_len = 12;
    *out_scalar = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    return SKM_OK;
}

/* A byte that ended a run of plain text and is not the closing quote. Yields how many bytes it stands for. */
static skm_err scan_special(struct skm_json *json, size_t at, size_t *out_len)
{
    int byte = byte_at(json, at);
    uint32_t scalar = 0;
    if (byte == '\\') {
        return read_escape(json, at, out_len, &scalar);
    }
    if (byte < 0) {
        return skm_json_fail(json, SKM_ERR(SYNTAX), at, "string does not end");
    }
    if (byte < 0x20) {
        return skm_json_fail(json, SKM_ERR(SYNTAX), at, "control character in string");
    }
    *out_len = skm_utf8_decode(json->text, at, &scalar);
    if (*out_len == 0) {
        return skm_json_fail(json, SKM_ERR(ENCODING), at, "not valid UTF-8");
    }
    return SKM_OK;
}

/* Reads over a string whose opening quote is at `offset`, checking all of it. `out_raw` is what stands between the
 * quotes. */
static skm_err scan_string(struct skm_json *json, skm_span *out_raw, bool *out_escaped)
{
    size_t start = json->offset + 1;
    bool escaped = false;
    size_t at = skip_plain(json->text, start);
    while (byte_at(json, at) != '"') {
        size_t len = 0;
        SKM_TRY(scan_special(json, at, &len));
        escaped = escaped || json->text.ptr[at] == '\\';
        at = skip_plain(json->text, at + len);
    }
    *out_raw = (skm_span){json->text.ptr + start, at - start};
    *out_escaped = escaped;
    json->offset = at + 1;
    return SKM_OK;
}

/* The meaning of a checked string with escapes, in the arena. Never longer than the text. */
static skm_err unescape(struct skm_json *json, skm_span raw, skm_span *out_text)
{
    char *text = skm_arena_alloc_text(json->arena, raw.len);
    if (text == NULL) {
        return fail_here(json, SKM_ERR(MEMORY), "out of memory");
    }
    size_t base = (size_t)(raw.ptr - json->text.ptr);
    size_t len = 0;
    size_t at = 0;
    while (at < raw.len) {
        if (raw.ptr[at] != '\\') {
            text[len++] = raw.ptr[at++];
            continue;
        }
        size_t escape_len = 0;
        uint32_t scalar = 0;
        SKM_TRY(read_escape(json, base + at, &escape_len, &scalar));
        char encoded[4];
        size_t encoded_len = skm_utf8_encode(scalar, encoded);
        memcpy(text + len, encoded, encoded_len);
        len += encoded_len;
        at += escape_len;
    }
    *out_text = (skm_span){text, len};
    return SKM_OK;
}

static skm_err take_string(struct skm_json *json, skm_span *out_text)
{
    skm_span raw = {0};
    bool escaped = false;
    SKM_TRY(scan_string(json, &raw, &escaped));
    if (SKM_UNLIKELY(escaped)) {
        return unescape(json, raw, out_text);
    }
    *out_text = raw;
    return SKM_OK;
}

/* ---- scalars ---- */

/* Something a number or literal may not run into: `01`, `1.5.2`, `truex`. */
static bool runs_on(int byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || byte == '.' || byte == '+' || byte == '-' ||
           byte == '_' || byte == '"';
}

static size_t skip_digits(const struct skm_json *json, size_t at)
{
    while (at < json->text.len && json->text.ptr[at] >= '0' && json->text.ptr[at] <= '9') {
        at++;
    }
    return at;
}

static skm_err bad_number(struct skm_json *json, size_t at)
{
    return skm_json_fail(json, SKM_ERR(SYNTAX), at, "malformed number");
}

/* RFC 8259 §6: number = [ minus ] int [ frac ] [ exp ]. */
static skm_err scan_number(struct skm_json *json, skm_span *out_text, bool *out_integer)
{
    size_t start = json->offset;
    size_t at = start + (byte_at(json, start) == '-');
    size_t end = byte_at(json, at) == '0' ? at + 1 : skip_digits(json, at);
    if (end == at) {
        return bad_number(json, at);
    }
    bool integer = true;
    if (byte_at(json, end) == '.') {
        integer = false;
        at = end + 1;
        end = skip_digits(json, at);
        if (end == at) {
            return bad_number(json, at);
        }
    }
    if (byte_at(json, end) == 'e' || byte_at(json, end) == 'E') {
        integer = false;
        at = end + 1;
        at += byte_at(json, at) == '+' || byte_at(json, at) == '-';
        end = skip_digits(json, at);
        if (end == at) {
            return bad_number(json, at);
        }
    }
    if (runs_on(byte_at(json, end))) {
        return bad_number(json, end);
    }
    *out_text = (skm_span){json->text.ptr + start, end - start};
    *out_integer = integer;
    json->offset = end;
    return SKM_OK;
}

static skm_err scan_literal(struct skm_json *json, skm_span literal)
{
    size_t end = json->offset + literal.len;
    if (!skm_span_equal(skm_span_sub(json->text, json->offset, literal.len), literal) ||
        runs_on(byte_at(json, end))) {
        return fail_here(json, SKM_ERR(SYNTAX), "not a JSON value");
    }
    json->offset = end;
    return SKM_OK;
}

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
    int byte = skip_space(json);
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
        (void)skip_space(json);
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

skm_err skm_json_read_null(struct skm_json *json)
{
    SKM_TRY(expect(json, SKM_JSON_NULL, "expected null"));
    SKM_TRY(scan_literal(json, SKM_SPAN("null")));
    json->value_due = false;
    return SKM_OK;
}

skm_err skm_json_read_bool(struct skm_json *json, bool *out_value)
{
    SKM_TRY(expect(json, SKM_JSON_BOOL, "expected true or false"));
    bool value = json->text.ptr[json->offset] == 't';
    SKM_TRY(scan_literal(json, value ? SKM_SPAN("true") : SKM_SPAN("false")));
    json->value_due = false;
    *out_value = value;
    return SKM_OK;
}

skm_err skm_json_read_string(struct skm_json *json, skm_span *out_text)
{
    SKM_TRY(expect(json, SKM_JSON_STRING, "expected a string"));
    SKM_TRY(take_string(json, out_text));
    json->value_due = false;
    return SKM_OK;
}

skm_err skm_json_read_number(struct skm_json *json, skm_span *out_text)
{
    bool integer = false;
    SKM_TRY(expect(json, SKM_JSON_NUMBER, "expected a number"));
    SKM_TRY(scan_number(json, out_text, &integer));
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
    SKM_TRY(scan_number(json, &text, &integer));
    if (!integer) {
        return skm_json_fail(json, SKM_ERR(TYPE), start, "expected an integer");
    }
    if (!parse_i64(text, out_value)) {
        return skm_json_fail(json, SKM_ERR(RANGE), start, "integer does not fit in 64 bits");
    }
    json->value_due = false;
    return SKM_OK;
}

/* ---- member names ---- */

/* The slot of key number `index`, or the free one where it would go. */
static uint32_t *slot_of_index(const struct skm_json *json, uint32_t index)
{
    uint32_t mask = json->slots_cap - 1;
    uint32_t at = json->keys[index].hash & mask;
    while (json->slots[at] != 0 && json->slots[at] != index + 1) {
        at = (at + 1) & mask;
    }
    return &json->slots[at];
}

/* All names of hashed objects into a new table, in the order they came. */
static skm_err grow_slots(struct skm_json *json)
{
    uint32_t cap = json->slots_cap == 0 ? FIRST_SLOTS : json->slots_cap * 2;
    uint32_t *slots = skm_arena_alloc_array(json->arena, cap, sizeof *slots);
    if (slots == NULL) {
        return fail_here(json, SKM_ERR(MEMORY), "out of memory");
    }
    json->slots = slots;
    json->slots_cap = cap;
    for (uint32_t d = 0; d < json->depth; d++) {
        uint32_t end = d + 1 < json->depth ? json->levels[d + 1].keys_base : json->keys_len;
        for (uint32_t i = json->levels[d].keys_base; json->levels[d].is_hashed && i < end; i++) {
            *slot_of_index(json, i) = i + 1;
        }
    }
    return SKM_OK;
}

/* The same name hashes differently in each open object, or nested equal objects would crowd the same slots. */
static uint32_t hash_key(const struct skm_json_level *level, skm_span key)
{
    return (uint32_t)skm_hash_bytes(key) ^ level->keys_base * UINT32_C(0x9e3779b1);
}

static skm_err add_slot(struct skm_json *json, uint32_t index)
{
    if (json->slots_cap / 2 <= json->slots_used) {
        SKM_TRY(grow_slots(json));
    }
    *slot_of_index(json, index) = index + 1;
    json->slots_used++;
    return SKM_OK;
}

static inline bool same_key(const struct skm_json_key *known, skm_span key)
{
    return known->len == key.len && (key.len == 0 || (known->ptr[0] == key.ptr[0] &&
                                                      memcmp(known->ptr, key.ptr, key.len) == 0));
}

static bool is_known_linear(const struct skm_json *json, const struct skm_json_level *level,
                            skm_span key)
{
    for (uint32_t i = level->keys_base; i < json->keys_len; i++) {
        if (same_key(&json->keys[i], key)) {
            return true;
        }
    }
    return false;
}

static bool is_known_hashed(const struct skm_json *json, const struct skm_json_level *level,
                            skm_span key, uint32_t hash)
{
    uint32_t mask = json->slots_cap - 1;
    for (uint32_t at = hash & mask; json->slots[at] != 0; at = (at + 1) & mask) {
        uint32_t index = json->slots[at] - 1;
        if (index >= level->keys_base && json->keys[index].hash == hash &&
            same_key(&json->keys[index], key)) {
            return true;
        }
    }
    return false;
}

static skm_err start_hashing(struct skm_json *json, struct skm_json_level *level)
{
    for (uint32_t i = level->keys_base; i < json->keys_len; i++) {
        json->keys[i].hash = hash_key(level, (skm_span){json->keys[i].ptr, json->keys[i].len});
    }
    for (uint32_t i = level->keys_base; i < json->keys_len; i++) {
        SKM_TRY(add_slot(json, i));
    }
    level->is_hashed = true;
    return SKM_OK;
}

static skm_err push_key(struct skm_json *json, skm_span key, uint32_t hash)
{
    if (SKM_UNLIKELY(json->keys_len == json->keys_cap)) {
        /* At least three bytes of text per name: cannot wrap below 4 GiB. */
        uint32_t cap = json->keys_cap == 0 ? FIRST_KEYS : json->keys_cap * 2;
        struct skm_json_key *keys = skm_arena_alloc_unset(json->arena, (size_t)cap * sizeof *keys);
        if (keys == NULL) {
            return fail_here(json, SKM_ERR(MEMORY), "out of memory");
        }
        if (json->keys_len != 0) {
            memcpy(keys, json->keys, (size_t)json->keys_len * sizeof *keys);
        }
        json->keys = keys;
        json->keys_cap = cap;
    }
    json->keys[json->keys_len++] = (struct skm_json_key){key.ptr, (uint32_t)key.len, hash};
    return SKM_OK;
}

/* Takes the name of a member in. RFC 7493 §2.3: no duplicates. */
static skm_err note_key(struct skm_json *json, struct skm_json_level *level, skm_span key,
                        size_t key_offset)
{
    if (json->limits.members != 0 && level->count >= json->limits.members) {
        return skm_json_fail(json, SKM_ERR(COUNT), key_offset, "too many members in object");
    }
    if (level->count == LINEAR_KEYS) {
        SKM_TRY(start_hashing(json, level));
    }
    uint32_t hash = level->is_hashed ? hash_key(level, key) : 0;
    bool known = level->is_hashed ? is_known_hashed(json, level, key, hash)
                                  : is_known_linear(json, level, key);
    if (known) {
        return skm_json_fail(json, SKM_ERR(DUPLICATE), key_offset, "duplicate member name");
    }
    level->count++;
    SKM_TRY(push_key(json, key, hash));
    return level->is_hashed ? add_slot(json, json->keys_len - 1) : SKM_OK;
}

static void forget_keys(struct skm_json *json, const struct skm_json_level *level)
{
    if (level->is_hashed) {
        for (uint32_t i = json->keys_len; i > level->keys_base; i--) {
            *slot_of_index(json, i - 1) = 0;
        }
        json->slots_used -= json->keys_len - level->keys_base;
    }
    json->keys_len = level->keys_base;
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
        forget_keys(json, level);
    }
    json->depth--;
    json->offset++;
    json->value_due = false;
}

skm_err skm_json_enter_array(struct skm_json *json)
{
    SKM_TRY(expect(json, SKM_JSON_ARRAY, "expected an array"));
    return open_level(json, false);
}

skm_err skm_json_enter_object(struct skm_json *json)
{
    SKM_TRY(expect(json, SKM_JSON_OBJECT, "expected an object"));
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
    int byte = skip_space(json);
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
    int byte = skip_space(json);
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
        byte = skip_space(json);
    }
    if (byte != '"') {
        return fail_here(json, SKM_ERR(SYNTAX), "expected a member name");
    }
    size_t key_offset = json->offset;
    skm_span key = {0};
    SKM_TRY(take_string(json, &key));
    SKM_TRY(note_key(json, level, key, key_offset));
    if (skip_space(json) != ':') {
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
        SKM_TRY(scan_string(json, &text, &flag));
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
    if (skip_space(json) >= 0) {
        return fail_here(json, SKM_ERR(SYNTAX), "more text after the value");
    }
    return SKM_OK;
}
