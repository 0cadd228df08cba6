#include "cedar/schema_equal.h"

#include "base/attr.h"
#include "base/span.h"
#include "cedar/schema_types.h"

#define SCRATCH_QUOTA_BYTES (UINT64_C(1) << 30)

struct comparison {
    struct skm_type_table table; /* takes in the types of both: equal ones are one object in it */
    unsigned flags;
};

static void comparison_fini(struct comparison *comparison)
{
    skm_type_table_fini(&comparison->table);
}

static skm_err types_equal(struct comparison *comparison, const struct skm_type *a,
                           const struct skm_type *b, bool *out_equal)
{
    if (a == NULL || b == NULL) {
        *out_equal = a == b;
        return SKM_OK;
    }
    const struct skm_type *left = NULL;
    const struct skm_type *right = NULL;
    SKM_TRY(skm_type_table_import(&comparison->table, a, &left));
    SKM_TRY(skm_type_table_import(&comparison->table, b, &right));
    *out_equal = left == right;
    return SKM_OK;
}

static bool spans_equal(const skm_span *a, size_t a_count, const skm_span *b, size_t b_count)
{
    if (a_count != b_count) {
        return false;
    }
    for (size_t i = 0; i < a_count; i++) {
        if (!skm_span_equal(a[i], b[i])) {
            return false;
        }
    }
    return true;
}

static bool annotations_equal(const struct comparison *comparison, const struct skm_annotation *a,
                              size_t a_count, const struct skm_annotation *b, size_t b_count)
{
    if ((comparison->flags & SKM_SCHEMA_EQUAL_NO_ANNOTATIONS) != 0) {
        return true;
    }
    if (a_count != b_count) {
        return false;
    }
    for (size_t i = 0; i < a_count; i++) {
        if (!skm_span_equal(a[i].key, b[i].key) || !skm_span_equal(a[i].value, b[i].value) ||
            a[i].has_value != b[i].has_value) {
            return false;
        }
    }
    return true;
}

static skm_err entities_equal(struct comparison *comparison, const struct skm_schema_entity *a,
                              const struct skm_schema_entity *b, bool *out_equal)
{
    bool shapes = false;
    bool tags = false;
    SKM_TRY(types_equal(comparison, a->shape, b->shape, &shapes));
    SKM_TRY(types_equal(comparison, a->tags, b->tags, &tags));
    *out_equal = shapes && tags && skm_span_equal(a->name, b->name) && a->is_enum == b->is_enum &&
                 a->is_action == b->is_action && a->is_external == b->is_external &&
                 spans_equal(a->ancestors, a->ancestor_count, b->ancestors, b->ancestor_count) &&
                 spans_equal(a->enum_ids, a->enum_count, b->enum_ids, b->enum_count) &&
                 annotations_equal(comparison, a->annotations, a->annotation_count, b->annotations,
                                   b->annotation_count);
    return SKM_OK;
}

static bool uids_equal(const struct skm_uid *a, size_t a_count, const struct skm_uid *b,
                       size_t b_count)
{
    if (a_count != b_count) {
        return false;
    }
    for (size_t i = 0; i < a_count; i++) {
        if (skm_uid_compare(&a[i], &b[i]) != 0) {
            return false;
        }
    }
    return true;
}

static skm_err actions_equal(struct comparison *comparison, const struct skm_schema_action *a,
                             const struct skm_schema_action *b, bool *out_equal)
{
    bool contexts = false;
    SKM_TRY(types_equal(comparison, a->context, b->context, &contexts));
    *out_equal =
        contexts && skm_uid_compare(&a->uid, &b->uid) == 0 && a->is_external == b->is_external &&
        spans_equal(a->principals, a->principal_count, b->principals, b->principal_count) &&
        spans_equal(a->resources, a->resource_count, b->resources, b->resource_count) &&
        uids_equal(a->ancestors, a->ancestor_count, b->ancestors, b->ancestor_count) &&
        annotations_equal(comparison, a->annotations, a->annotation_count, b->annotations,
                          b->annotation_count);
    return SKM_OK;
}

static skm_err tables_equal(struct comparison *comparison, const struct skm_schema *a,
                            const struct skm_schema *b, bool *out_equal)
{
    bool equal = a->entity_count == b->entity_count && a->action_count == b->action_count;
    for (size_t i = 0; equal && i < a->entity_count; i++) {
        SKM_TRY(entities_equal(comparison, &a->entities[i], &b->entities[i], &equal));
    }
    for (size_t i = 0; equal && i < a->action_count; i++) {
        SKM_TRY(actions_equal(comparison, &a->actions[i], &b->actions[i], &equal));
    }
    *out_equal = equal;
    return SKM_OK;
}

skm_err skm_schema_equal(const struct skm_schema *a, const struct skm_schema *b, unsigned flags,
                         bool *out_equal)
{
    SKM_CLEANUP(skm_arena_fini) struct skm_arena scratch;
    skm_arena_init(&scratch, SCRATCH_QUOTA_BYTES);
    SKM_CLEANUP(comparison_fini) struct comparison comparison = {.flags = flags};
    skm_type_table_init(&comparison.table, &scratch, &scratch);
    return tables_equal(&comparison, a, b, out_equal);
}
