/* CSV cases: RFC 4180 with a header line, in any order of columns; columns that are not known are notes of the author. */
#include <stdlib.h>

#include "base/attr.h"
#include "base/span.h"
#include "tools/case_cells.h"

#define COLUMNS_MAX 64u

enum column {
    COLUMN_ID = 0,
    COLUMN_ACTION,
    COLUMN_EXPECTED,
    COLUMN_CLAUSES,
    COLUMN_WHY,
    COLUMN_CELLS, /* and so many more as there are cells */
    COLUMN_COUNT = COLUMN_CELLS + SKM_CASE_CELLS,
};

static const char *const column_names[COLUMN_COUNT] = {
    "case_id", "action", "expected", "clause_ids", "why",
    "subject", "mfa",    "device",   "resource",   "context",
};

struct csv {
    struct skm_cases *cases;
    const struct skm_source *source;
    size_t at;
    size_t fields_len;
    skm_span fields[COLUMNS_MAX];
    size_t where[COLUMN_COUNT]; /* index of each column; COLUMNS_MAX: none */
    size_t header_len;
};

static int compare_spans(const void *a, const void *b)
{
    return skm_span_compare(*(const skm_span *)a, *(const skm_span *)b);
}

static bool is_one_of(char c, const char *choices)
{
    while (*choices != '\0' && *choices != c) {
        choices++;
    }
    return *choices != '\0';
}

skm_err skm_case_tokens_split(struct skm_arena *arena, skm_span text, const char *separators,
                              struct skm_case_tokens *out_tokens)
{
    skm_span *items = SKM_ARENA_NEW_ARRAY(arena, skm_span, text.len / 2 + 1);
    size_t count = 0;
    size_t kept = 0;
    if (items == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t at = 0; at < text.len;) {
        size_t end = at;
        while (end < text.len && !is_one_of(text.ptr[end], separators)) {
            end++;
        }
        if (end > at) {
            items[count++] = skm_span_sub(text, at, end - at);
        }
        at = end + 1;
    }
    if (count > 1) {
        qsort(items, count, sizeof(*items), compare_spans);
    }
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || !skm_span_equal(items[kept - 1], items[i])) {
            items[kept++] = items[i];
        }
    }
    *out_tokens = (struct skm_case_tokens){true, items, kept};
    return SKM_OK;
}

/* ---- records of the file ---- */

static skm_err refuse(const struct csv *csv, size_t start, size_t end, const char *message)
{
    struct skm_range range = {(uint32_t)start, (uint32_t)(end - start)};
    (void)skm_diags_add(csv->cases->diags, SKM_SEVERITY_ERROR, csv->source, range, "%s", message);
    return SKM_ERR(INVALID);
}

static char byte_at(const struct csv *csv, size_t at)
{
    return at < csv->source->text.len ? csv->source->text.ptr[at] : '\n';
}

/* The text between quotes, doubled ones halved. */
static skm_err read_quoted(struct csv *csv, skm_span *out_field)
{
    size_t start = csv->at++;
    char *text = skm_arena_alloc_text(csv->cases->arena, csv->source->text.len - start);
    size_t len = 0;
    if (text == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (; csv->at < csv->source->text.len; csv->at++) {
        if (byte_at(csv, csv->at) != '"') {
            text[len++] = byte_at(csv, csv->at);
        } else if (byte_at(csv, csv->at + 1) == '"') {
            text[len++] = '"';
            csv->at++;
        } else {
            csv->at++;
            *out_field = (skm_span){text, len};
            return SKM_OK;
        }
    }
    return refuse(csv, start, start + 1, "this quote is never closed");
}

static skm_err read_field(struct csv *csv, skm_span *out_field)
{
    size_t start = csv->at;
    if (byte_at(csv, start) == '"') {
        SKM_TRY(read_quoted(csv, out_field));
        return is_one_of(byte_at(csv, csv->at), ",\r\n")
                   ? SKM_OK
                   : refuse(csv, csv->at, csv->at + 1, "expected a comma or the end of the line");
    }
    while (!is_one_of(byte_at(csv, csv->at), ",\r\n")) {
        csv->at++;
    }
    *out_field = skm_span_sub(csv->source->text, start, csv->at - start);
    return SKM_OK;
}

static skm_err read_record(struct csv *csv)
{
    csv->fields_len = 0;
    for (;;) {
        if (csv->fields_len == COLUMNS_MAX) {
            return refuse(csv, csv->at, csv->at, "too many columns");
        }
        SKM_TRY(read_field(csv, &csv->fields[csv->fields_len++]));
        if (byte_at(csv, csv->at) != ',') {
            break;
        }
        csv->at++;
    }
    csv->at += byte_at(csv, csv->at) == '\r' && byte_at(csv, csv->at + 1) == '\n' ? 2 : 1;
    return SKM_OK;
}

/* ---- rows ---- */

static skm_err read_header(struct csv *csv)
{
    SKM_TRY(read_record(csv));
    csv->header_len = csv->fields_len;
    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        csv->where[c] = COLUMNS_MAX;
        for (size_t i = 0; i < csv->fields_len; i++) {
            if (skm_span_equal(csv->fields[i], skm_span_cstr(column_names[c]))) {
                csv->where[c] = i;
            }
        }
        if (csv->where[c] == COLUMNS_MAX && c != COLUMN_CLAUSES && c != COLUMN_WHY) {
            (void)skm_diags_add(csv->cases->diags, SKM_SEVERITY_ERROR, csv->source,
                                (struct skm_range){0, 0}, "no column `%s` in the first line",
                                column_names[c]);
            return SKM_ERR(INVALID);
        }
    }
    return SKM_OK;
}

static skm_span column(const struct csv *csv, size_t c)
{
    return csv->where[c] == COLUMNS_MAX ? (skm_span){NULL, 0} : csv->fields[csv->where[c]];
}

/* "allow", "deny+encrypt+step_up_mfa": what follows is obligations or remedies, exactly. */
static skm_err read_expected(const struct csv *csv, struct skm_case *test)
{
    skm_span text = column(csv, COLUMN_EXPECTED);
    struct skm_case_tokens none = {.given = true};
    size_t end = 0;
    while (end < text.len && text.ptr[end] != '+') {
        end++;
    }
    skm_span word = skm_span_sub(text, 0, end);
    struct skm_case_tokens tokens = {0};
    SKM_TRY(skm_case_tokens_split(csv->cases->arena, skm_span_from(text, end), "+", &tokens));
    test->permit = skm_span_equal(word, SKM_SPAN("allow"));
    test->obligations = test->permit ? tokens : none;
    test->remedies = test->permit ? none : tokens;
    return test->permit || skm_span_equal(word, SKM_SPAN("deny"))
               ? SKM_OK
               : refuse(csv, test->range.start, test->range.start + test->range.len,
                        "`expected` begins with neither `allow` nor `deny`");
}

static skm_err read_row(struct csv *csv)
{
    size_t start = csv->at;
    SKM_TRY(read_record(csv));
    if (csv->fields_len == 1 && csv->fields[0].len == 0) {
        return SKM_OK;
    }
    if (csv->fields_len != csv->header_len) {
        return refuse(csv, start, start + 1, "this row has not as many columns as the first line");
    }
    struct skm_case test = {
        .name = column(csv, COLUMN_ID),
        .why = column(csv, COLUMN_WHY),
        .source = csv->source,
        .range = {(uint32_t)start, (uint32_t)column(csv, COLUMN_ID).len},
    };
    struct skm_case_row row = {.action = column(csv, COLUMN_ACTION)};
    struct skm_case *slot = NULL;
    for (size_t i = 0; i < SKM_CASE_CELLS; i++) {
        row.cells[i] = column(csv, COLUMN_CELLS + i);
    }
    SKM_TRY(read_expected(csv, &test));
    SKM_TRY(
        skm_case_tokens_split(csv->cases->arena, column(csv, COLUMN_CLAUSES), " ", &test.clauses));
    SKM_TRY(skm_case_from_row(csv->cases, &row, &test));
    SKM_TRY(SKM_VEC_PUSH(csv->cases->arena, &csv->cases->items, SKM_CASES_MAX, &slot));
    *slot = test;
    return SKM_OK;
}

skm_err skm_cases_read_csv(struct skm_cases *cases, const struct skm_source *source)
{
    struct csv csv = {.cases = cases, .source = source};
    size_t errors = cases->diags->errors;
    if (source->text.len > UINT32_MAX / 2) {
        return refuse(&csv, 0, 0, "this file is too large");
    }
    csv.at = skm_span_starts(source->text, SKM_SPAN("\xef\xbb\xbf")) ? 3 : 0;
    SKM_TRY(read_header(&csv));
    while (csv.at < source->text.len) {
        size_t start = csv.at;
        skm_err err = read_row(&csv);
        cases->refused += skm_is_err(err, SKM_E_INVALID) ? 1 : 0;
        /* Go on with the next row, unless this one has no end. */
        if (!skm_is_ok(err) && (!skm_is_err(err, SKM_E_INVALID) || csv.at == start ||
                                csv.fields_len != csv.header_len)) {
            return err;
        }
    }
    return cases->diags->errors > errors ? SKM_ERR(INVALID) : SKM_OK;
}
