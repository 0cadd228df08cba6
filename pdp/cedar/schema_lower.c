#include "cedar/schema_lower.h"

#include <stdlib.h>

#include "base/attr.h"
#include "base/span.h"
#include "cedar/schema_graph.h"

/* Names of a cycle that a message lists. */
#define CYCLE_SHOWN_MAX 8

static unsigned wanted(enum skm_decl_type_kind kind)
{
    switch (kind) {
    case SKM_DECL_TYPE_NAME:
        return SKM_NAMES_WANT_COMMON | SKM_NAMES_WANT_ENTITY;
    case SKM_DECL_TYPE_ENTITY:
        return SKM_NAMES_WANT_ENTITY;
    case SKM_DECL_TYPE_COMMON:
        return SKM_NAMES_WANT_COMMON;
    case SKM_DECL_TYPE_BUILTIN:
    case SKM_DECL_TYPE_SET:
    case SKM_DECL_TYPE_RECORD:
        return 0;
    }
    return 0;
}

static skm_err find(struct skm_lower *lower, const struct skm_names_item *item,
                    const struct skm_decl_type *type, struct skm_names_hit *out_hit)
{
    return skm_names_find(lower->names, item->space->name.text, type->name, wanted(type->kind),
                          out_hit);
}

/* ---- one type ---- */

static void complain_undeclared(struct skm_lower *lower, const struct skm_names_item *item,
                                const struct skm_decl_type *type)
{
    unsigned want = wanted(type->kind);
    const char *what = want == SKM_NAMES_WANT_ENTITY   ? "entity type"
                       : want == SKM_NAMES_WANT_COMMON ? "common type"
                                                       : "type";
    struct skm_diag *diag =
        skm_diags_add(lower->names->diags, SKM_SEVERITY_ERROR, item->source, type->range,
                      "%s `%.*s` is not declared", what, SKM_SPAN_ARG(type->name));
    struct skm_names_hit other = {0};
    bool is_other = want == SKM_NAMES_WANT_COMMON &&
                    skm_is_ok(skm_names_find(lower->names, item->space->name.text, type->name,
                                             SKM_NAMES_WANT_ENTITY, &other)) &&
                    other.found == SKM_NAMES_ENTITY;
    if (is_other) {
        skm_diag_help(lower->names->diags, diag, "`%.*s` is an entity type",
                      SKM_SPAN_ARG(type->name));
    } else {
        skm_names_suggest(lower->names, item->space->name.text, type->name, want, diag);
    }
}

static skm_err lower_name(struct skm_lower *lower, const struct skm_names_item *item,
                          const struct skm_decl_type *type, const struct skm_type **out_type)
{
    struct skm_names_hit hit = {0};
    SKM_TRY(find(lower, item, type, &hit));
    switch (hit.found) {
    case SKM_NAMES_COMMON:
        *out_type = hit.item->type;
        return SKM_OK;
    case SKM_NAMES_ENTITY:
        return skm_type_table_entity(lower->table, hit.item->uid.type, out_type);
    case SKM_NAMES_BUILTIN:
        *out_type = skm_type_simple(hit.builtin);
        return SKM_OK;
    case SKM_NAMES_NOTHING:
        break;
    }
    complain_undeclared(lower, item, type);
    *out_type = skm_type_simple(SKM_TYPE_NEVER);
    return SKM_OK;
}

static void lower_builtin(struct skm_lower *lower, const struct skm_names_item *item,
                          const struct skm_decl_type *type, const struct skm_type **out_type)
{
    enum skm_type_kind kind = SKM_TYPE_NEVER;
    if (!skm_names_builtin(type->name, &kind)) {
        struct skm_diag *diag =
            skm_diags_add(lower->names->diags, SKM_SEVERITY_ERROR, item->source, type->range,
                          "there is no extension type `%.*s`", SKM_SPAN_ARG(type->name));
        skm_diag_help(lower->names->diags, diag,
                      "the extension types are `ipaddr`, `decimal`, `datetime` and `duration`");
    }
    *out_type = skm_type_simple(kind);
}

/* Depth is the one thing the table refuses; everything else is passed up. */
static skm_err settle(struct skm_lower *lower, const struct skm_names_item *item,
                      const struct skm_decl_type *type, skm_err err,
                      const struct skm_type **out_type)
{
    if (!skm_is_err(err, SKM_E_DEPTH)) {
        return err;
    }
    (void)skm_diags_add(lower->names->diags, SKM_SEVERITY_ERROR, item->source, type->range,
                        "the type nests more than %d levels deep", SKM_TYPE_DEPTH_MAX);
    *out_type = skm_type_simple(SKM_TYPE_NEVER);
    return SKM_OK;
}

static skm_err lower_set(struct skm_lower *lower, const struct skm_names_item *item,
                         const struct skm_decl_type *type, const struct skm_type **out_type)
{
    const struct skm_type *element = NULL;
    SKM_TRY(skm_lower_type(lower, item, type->element, &element));
    return settle(lower, item, type, skm_type_table_set(lower->table, element, out_type), out_type);
}

/* An attribute and its declaration, so that a repeated name can be shown. */
struct lowered_attr {
    struct skm_type_attr attr;
    const struct skm_decl_attr *decl;
};

/* By name, then by place, so that of two equal names the later one is reported. */
static int compare_attrs(const void *a, const void *b)
{
    const struct lowered_attr *left = a;
    const struct lowered_attr *right = b;
    int order = skm_span_compare(left->attr.name, right->attr.name);
    return order != 0 ? order : (left->decl > right->decl) - (left->decl < right->decl);
}

/* DEVIATION: the reference implementation lets the last of two equal names win, in Cedar syntax only; a policy
 * author who wrote two has made a mistake. */
static bool check_repeated(struct skm_lower *lower, const struct skm_names_item *item,
                           const struct lowered_attr *sorted, size_t count)
{
    bool fine = true;
    for (size_t i = 1; i < count; i++) {
        if (skm_span_equal(sorted[i - 1].attr.name, sorted[i].attr.name)) {
            (void)skm_diags_add(lower->names->diags, SKM_SEVERITY_ERROR, item->source,
                                sorted[i].decl->name.range, "attribute `%.*s` is declared twice",
                                SKM_SPAN_ARG(sorted[i].attr.name));
            fine = false;
        }
    }
    return fine;
}

static skm_err lower_record(struct skm_lower *lower, const struct skm_names_item *item,
                            const struct skm_decl_type *type, const struct skm_type **out_type)
{
    struct skm_arena *scratch = lower->names->scratch;
    size_t count = type->attr_count;
    struct lowered_attr *lowered = SKM_ARENA_NEW_ARRAY(scratch, struct lowered_attr, count);
    struct skm_type_attr *attrs = SKM_ARENA_NEW_ARRAY(scratch, struct skm_type_attr, count);
    if (lowered == NULL || attrs == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < count; i++) {
        const struct skm_decl_attr *decl = &type->attrs[i];
        lowered[i] = (struct lowered_attr){{decl->name.text, NULL, decl->required}, decl};
        SKM_TRY(skm_lower_type(lower, item, decl->type, &lowered[i].attr.type));
    }
    if (count > 1) {
        qsort(lowered, count, sizeof(*lowered), compare_attrs);
    }
    if (!check_repeated(lower, item, lowered, count)) {
        *out_type = skm_type_simple(SKM_TYPE_NEVER);
        return SKM_OK;
    }
    for (size_t i = 0; i < count; i++) {
        attrs[i] = lowered[i].attr;
    }
    return settle(lower, item, type, skm_type_table_record(lower->table, attrs, count, out_type),
                  out_type);
}

/* Recursion: as deep as the declaration, at most SKM_DECL_DEPTH_MAX. */
skm_err skm_lower_type(struct skm_lower *lower, const struct skm_names_item *item,
                       const struct skm_decl_type *type, const struct skm_type **out_type)
{
    switch (type->kind) {
    case SKM_DECL_TYPE_NAME:
    case SKM_DECL_TYPE_ENTITY:
    case SKM_DECL_TYPE_COMMON:
        return lower_name(lower, item, type, out_type);
    case SKM_DECL_TYPE_BUILTIN:
        lower_builtin(lower, item, type, out_type);
        return SKM_OK;
    case SKM_DECL_TYPE_SET:
        return lower_set(lower, item, type, out_type);
    case SKM_DECL_TYPE_RECORD:
        return lower_record(lower, item, type, out_type);
    }
    return SKM_ERR(INTERNAL);
}

/* ---- common types ---- */

typedef SKM_VEC(struct skm_graph_edge) edge_list;

/* Recursion: as deep as the declaration. */
static skm_err collect_edges(struct skm_lower *lower, const struct skm_names_item *item,
                             const struct skm_decl_type *type, edge_list *edges)
{
    if (type->kind == SKM_DECL_TYPE_SET) {
        return collect_edges(lower, item, type->element, edges);
    }
    for (size_t i = 0; i < type->attr_count; i++) {
        SKM_TRY(collect_edges(lower, item, type->attrs[i].type, edges));
    }
    struct skm_names_hit hit = {0};
    if (wanted(type->kind) != 0) {
        SKM_TRY(find(lower, item, type, &hit));
    }
    if (hit.found == SKM_NAMES_COMMON) {
        struct skm_graph_edge *edge = NULL;
        SKM_TRY(SKM_VEC_PUSH(lower->names->scratch, edges, SKM_DECL_PARTS_MAX, &edge));
        *edge = (struct skm_graph_edge){item->index, hit.item->index};
    }
    return SKM_OK;
}

static skm_err complain_cycle(struct skm_lower *lower, const struct skm_graph *graph,
                              const struct skm_graph_order *order, uint32_t component)
{
    struct skm_names *names = lower->names;
    uint32_t first = UINT32_MAX;
    for (uint32_t i = order->starts[component]; i < order->starts[component + 1]; i++) {
        first = order->nodes[i] < first ? order->nodes[i] : first;
    }
    uint32_t *path = NULL;
    size_t len = 0;
    SKM_TRY(skm_graph_cycle(names->scratch, graph, order, first, &path, &len));
    SKM_CLEANUP(skm_buf_fini) struct skm_buf text;
    skm_buf_init(&text, SIZE_MAX / 2);
    for (size_t i = 0; i < len && i < CYCLE_SHOWN_MAX; i++) {
        skm_buf_append(&text, names->commons.items[path[i]]->uid.type);
        skm_buf_append_cstr(&text, " -> ");
    }
    skm_buf_append_cstr(&text, len > CYCLE_SHOWN_MAX ? "… -> " : "");
    const struct skm_names_item *item = names->commons.items[first];
    skm_buf_append(&text, item->uid.type);
    SKM_TRY(skm_buf_check(&text));
    (void)skm_diags_add(names->diags, SKM_SEVERITY_ERROR, item->source, item->name->range,
                        "common type `%.*s` contains itself: %.*s", SKM_SPAN_ARG(item->uid.type),
                        SKM_SPAN_ARG(skm_buf_span(&text)));
    return SKM_OK;
}

static skm_err lower_component(struct skm_lower *lower, const struct skm_graph *graph,
                               const struct skm_graph_order *order, uint32_t component)
{
    if (skm_graph_is_cyclic(graph, order, component)) {
        /* The types stay NEVER, so that what uses them is not reported as well. */
        return complain_cycle(lower, graph, order, component);
    }
    struct skm_names_item *item =
        lower->names->commons.items[order->nodes[order->starts[component]]];
    return skm_lower_type(lower, item, item->common->type, &item->type);
}

skm_err skm_lower_commons(struct skm_lower *lower)
{
    struct skm_names *names = lower->names;
    edge_list edges = {0};
    struct skm_graph graph = {0};
    struct skm_graph_order order = {0};
    for (size_t i = 0; i < names->commons.len; i++) {
        struct skm_names_item *item = names->commons.items[i];
        item->type = skm_type_simple(SKM_TYPE_NEVER);
        SKM_TRY(collect_edges(lower, item, item->common->type, &edges));
    }
    SKM_TRY(skm_graph_build(names->scratch, names->commons.len, edges.items, edges.len, &graph));
    SKM_TRY(skm_graph_order(names->scratch, &graph, &order));
    for (uint32_t c = 0; c < order.component_count; c++) {
        SKM_TRY(lower_component(lower, &graph, &order, c));
    }
    return SKM_OK;
}
