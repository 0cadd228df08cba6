#include "cedar/schema_print.h"

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"
#include "cedar/schema_collect.h"
#include "cedar/token.h"

#define SCRATCH_QUOTA_BYTES (UINT64_C(256) << 20)

struct printer {
    struct skm_buf *out;
    struct skm_names *names; /* what names mean, so that a name printed means the same */
    struct skm_diags *diags;
    const struct skm_source *source;
    skm_span space;
    unsigned indent; /* blanks */
};

static void put(struct printer *printer, const char *text)
{
    skm_buf_append_cstr(printer->out, text);
}

static void put_line(struct printer *printer)
{
    skm_buf_append_char(printer->out, '\n');
    for (unsigned i = 0; i < printer->indent; i++) {
        skm_buf_append_char(printer->out, ' ');
    }
}

static void put_string(struct printer *printer, skm_span text)
{
    skm_buf_append_char(printer->out, '"');
    skm_value_print_escaped(text, printer->out);
    skm_buf_append_char(printer->out, '"');
}

/* name := IDENT | STRING */
static void put_name(struct printer *printer, skm_span name)
{
    if (skm_token_is_ident(name)) {
        skm_buf_append(printer->out, name);
    } else {
        put_string(printer, name);
    }
}

/* One annotation a line, each followed by the line of what it annotates. */
static void put_annotations(struct printer *printer, const struct skm_decl_annotations *annotations)
{
    for (size_t i = 0; i < annotations->count; i++) {
        const struct skm_annotation *annotation = &annotations->items[i];
        put(printer, "@");
        skm_buf_append(printer->out, annotation->key);
        if (annotation->has_value) {
            put(printer, "(");
            put_string(printer, annotation->value);
            put(printer, ")");
        }
        put_line(printer);
    }
}

/* ---- names of types ---- */

static skm_err refuse(struct printer *printer, struct skm_range range, const char *what,
                      skm_span name)
{
    (void)skm_diags_add(printer->diags, SKM_SEVERITY_ERROR, printer->source, range,
                        "Cedar syntax cannot say that %s `%.*s`", what, SKM_SPAN_ARG(name));
    return SKM_OK;
}

static bool same_hit(const struct skm_names_hit *a, const struct skm_names_hit *b)
{
    return a->found == b->found && a->item == b->item &&
           (a->found != SKM_NAMES_BUILTIN || a->builtin == b->builtin);
}

/* Prints `name` when, as a name of any kind, it means what `wanted` is; else its full name when that does. */
static skm_err put_reference(struct printer *printer, const struct skm_decl_type *type,
                             unsigned want)
{
    const unsigned any = SKM_NAMES_WANT_COMMON | SKM_NAMES_WANT_ENTITY;
    struct skm_names_hit wanted = {0};
    struct skm_names_hit read = {0};
    SKM_TRY(skm_names_find(printer->names, printer->space, type->name, want, &wanted));
    SKM_TRY(skm_names_find(printer->names, printer->space, type->name, any, &read));
    if (same_hit(&wanted, &read)) {
        skm_buf_append(printer->out, type->name);
        return SKM_OK;
    }
    if (wanted.found == SKM_NAMES_BUILTIN) {
        put(printer, "__cedar::");
        skm_buf_append(printer->out, type->name);
        return SKM_OK;
    }
    return refuse(printer, type->range,
                  want == SKM_NAMES_WANT_ENTITY ? "the entity type is meant, not the common type"
                                                : "the common type is meant, not the entity type",
                  type->name);
}

/* ---- types ---- */

static skm_err put_type(struct printer *printer, const struct skm_decl_type *type);

static skm_err put_record(struct printer *printer, const struct skm_decl_type *type)
{
    if (type->attr_count == 0) {
        put(printer, "{}");
        return SKM_OK;
    }
    put(printer, "{");
    printer->indent += 2;
    for (size_t i = 0; i < type->attr_count; i++) {
        const struct skm_decl_attr *attr = &type->attrs[i];
        put(printer, i == 0 ? "" : ",");
        put_line(printer);
        put_annotations(printer, &attr->annotations);
        put_name(printer, attr->name.text);
        put(printer, attr->required ? ": " : "?: ");
        SKM_TRY(put_type(printer, attr->type));
    }
    printer->indent -= 2;
    put_line(printer);
    put(printer, "}");
    return SKM_OK;
}

/* Recursion: as deep as the declaration, at most SKM_DECL_DEPTH_MAX. */
static skm_err put_type(struct printer *printer, const struct skm_decl_type *type)
{
    switch (type->kind) {
    case SKM_DECL_TYPE_NAME:
        skm_buf_append(printer->out, type->name);
        return SKM_OK;
    case SKM_DECL_TYPE_ENTITY:
        return put_reference(printer, type, SKM_NAMES_WANT_ENTITY);
    case SKM_DECL_TYPE_COMMON:
        return put_reference(printer, type, SKM_NAMES_WANT_COMMON);
    case SKM_DECL_TYPE_BUILTIN:
        put(printer, "__cedar::");
        skm_buf_append(printer->out, type->name);
        return SKM_OK;
    case SKM_DECL_TYPE_SET:
        put(printer, "Set<");
        SKM_TRY(put_type(printer, type->element));
        put(printer, ">");
        return SKM_OK;
    case SKM_DECL_TYPE_RECORD:
        return put_record(printer, type);
    }
    return SKM_ERR(INTERNAL);
}

/* ---- lists ---- */

static void put_types(struct printer *printer, const struct skm_decl_name *types, size_t count)
{
    put(printer, count == 1 ? "" : "[");
    for (size_t i = 0; i < count; i++) {
        put(printer, i == 0 ? "" : ", ");
        skm_buf_append(printer->out, types[i].text);
    }
    put(printer, count == 1 ? "" : "]");
}

static void put_ref(struct printer *printer, const struct skm_decl_action_ref *ref)
{
    if (ref->type.len == 0) {
        put_name(printer, ref->id);
        return;
    }
    skm_buf_append(printer->out, ref->type);
    put(printer, "::");
    put_string(printer, ref->id);
}

static void put_parents(struct printer *printer, const struct skm_decl_action *action)
{
    if (action->parent_count == 0) {
        return;
    }
    put(printer, action->parent_count == 1 ? " in " : " in [");
    for (size_t i = 0; i < action->parent_count; i++) {
        put(printer, i == 0 ? "" : ", ");
        put_ref(printer, &action->parents[i]);
    }
    put(printer, action->parent_count == 1 ? "" : "]");
}

/* ---- declarations ---- */

static skm_err put_common(struct printer *printer, const struct skm_decl_common *common)
{
    put_annotations(printer, &common->annotations);
    put(printer, "type ");
    skm_buf_append(printer->out, common->name.text);
    put(printer, " = ");
    SKM_TRY(put_type(printer, common->type));
    put(printer, ";");
    return SKM_OK;
}

static void put_enum(struct printer *printer, const struct skm_decl_entity *entity)
{
    put(printer, " enum [");
    for (size_t i = 0; i < entity->enum_count; i++) {
        put(printer, i == 0 ? "" : ", ");
        put_string(printer, entity->enum_ids[i].text);
    }
    put(printer, "]");
}

static skm_err put_shape(struct printer *printer, const struct skm_decl_entity *entity)
{
    const struct skm_decl_type *shape = entity->shape;
    if (shape == NULL) {
        return SKM_OK;
    }
    if (shape->kind != SKM_DECL_TYPE_RECORD) {
        return refuse(printer, shape->range, "a common type is the shape of", entity->name.text);
    }
    if (shape->attr_count == 0) {
        return SKM_OK;
    }
    put(printer, " = ");
    return put_record(printer, shape);
}

static skm_err put_entity(struct printer *printer, const struct skm_decl_entity *entity)
{
    put_annotations(printer, &entity->annotations);
    put(printer, entity->is_external ? "external entity " : "entity ");
    skm_buf_append(printer->out, entity->name.text);
    if (entity->is_enum) {
        put_enum(printer, entity);
    }
    if (entity->parent_count > 0) {
        put(printer, " in ");
        put_types(printer, entity->parents, entity->parent_count);
    }
    SKM_TRY(put_shape(printer, entity));
    if (entity->tags != NULL) {
        put(printer, " tags ");
        SKM_TRY(put_type(printer, entity->tags));
    }
    put(printer, ";");
    return SKM_OK;
}

/* In this syntax neither list may be empty; an action with an empty one applies to nothing, as one without `appliesTo`. */
static bool applies(struct printer *printer, const struct skm_decl_action *action)
{
    if (action->principal_count > 0 && action->resource_count > 0) {
        return true;
    }
    bool drops = action->principal_count + action->resource_count > 0 ||
                 (action->context != NULL && (action->context->kind != SKM_DECL_TYPE_RECORD ||
                                              action->context->attr_count > 0));
    if (drops) {
        (void)skm_diags_add(printer->diags, SKM_SEVERITY_WARNING, printer->source,
                            action->name.range,
                            "action `%.*s` applies to nothing: it is written without `appliesTo`",
                            SKM_SPAN_ARG(action->name.text));
    }
    return false;
}

static skm_err put_context(struct printer *printer, const struct skm_decl_action *action)
{
    const struct skm_decl_type *context = action->context;
    if (context == NULL || (context->kind == SKM_DECL_TYPE_RECORD && context->attr_count == 0)) {
        return SKM_OK;
    }
    put(printer, ",");
    put_line(printer);
    put(printer, "context: ");
    /* A path stands for a common type here, whatever else has that name. */
    if (context->kind == SKM_DECL_TYPE_COMMON || context->kind == SKM_DECL_TYPE_NAME) {
        skm_buf_append(printer->out, context->name);
        return SKM_OK;
    }
    return put_type(printer, context);
}

static skm_err put_applies(struct printer *printer, const struct skm_decl_action *action)
{
    if (!applies(printer, action)) {
        return SKM_OK;
    }
    put(printer, " appliesTo {");
    printer->indent += 2;
    put_line(printer);
    put(printer, "principal: ");
    put_types(printer, action->principals, action->principal_count);
    put(printer, ",");
    put_line(printer);
    put(printer, "resource: ");
    put_types(printer, action->resources, action->resource_count);
    SKM_TRY(put_context(printer, action));
    printer->indent -= 2;
    put_line(printer);
    put(printer, "}");
    return SKM_OK;
}

static skm_err put_action(struct printer *printer, const struct skm_decl_action *action)
{
    put_annotations(printer, &action->annotations);
    put(printer, action->is_external ? "external action " : "action ");
    put_name(printer, action->name.text);
    put_parents(printer, action);
    SKM_TRY(put_applies(printer, action));
    put(printer, ";");
    return SKM_OK;
}

/* ---- namespaces ---- */

/* An empty line between two declarations, none before the first. */
static void put_gap(struct printer *printer, bool *first)
{
    if (!*first) {
        skm_buf_append_char(printer->out, '\n');
        put_line(printer);
    }
    *first = false;
}

static skm_err put_decls(struct printer *printer, const struct skm_decl_namespace *space,
                         bool *first)
{
    for (size_t i = 0; i < space->common_count; i++) {
        put_gap(printer, first);
        SKM_TRY(put_common(printer, &space->commons[i]));
    }
    for (size_t i = 0; i < space->entity_count; i++) {
        put_gap(printer, first);
        SKM_TRY(put_entity(printer, &space->entities[i]));
    }
    for (size_t i = 0; i < space->action_count; i++) {
        put_gap(printer, first);
        SKM_TRY(put_action(printer, &space->actions[i]));
    }
    return SKM_OK;
}

static skm_err put_namespace(struct printer *printer, const struct skm_decl_namespace *space)
{
    bool first = true;
    put_annotations(printer, &space->annotations);
    put(printer, "namespace ");
    skm_buf_append(printer->out, space->name.text);
    put(printer, " {");
    printer->indent += 2;
    if (space->common_count + space->entity_count + space->action_count > 0) {
        put_line(printer);
    }
    SKM_TRY(put_decls(printer, space, &first));
    printer->indent -= 2;
    put_line(printer);
    put(printer, "}");
    return SKM_OK;
}

/* Declarations of the empty namespace first, then the namespaces as they came. */
static skm_err put_schema(struct printer *printer, const struct skm_decl_schema *decls)
{
    bool first = true;
    for (size_t i = 0; i < decls->namespace_count; i++) {
        if (decls->namespaces[i].name.text.len == 0) {
            printer->space = SKM_SPAN("");
            SKM_TRY(put_decls(printer, &decls->namespaces[i], &first));
        }
    }
    for (size_t i = 0; i < decls->namespace_count; i++) {
        if (decls->namespaces[i].name.text.len > 0) {
            put_gap(printer, &first);
            printer->space = decls->namespaces[i].name.text;
            SKM_TRY(put_namespace(printer, &decls->namespaces[i]));
        }
    }
    put(printer, first ? "" : "\n");
    return skm_buf_check(printer->out);
}

skm_err skm_schema_to_cedar(const struct skm_decl_schema *decls, struct skm_diags *diags,
                            struct skm_buf *out)
{
    SKM_CLEANUP(skm_arena_fini) struct skm_arena scratch;
    skm_arena_init(&scratch, SCRATCH_QUOTA_BYTES);
    SKM_CLEANUP(skm_names_fini) struct skm_names names;
    /* What is wrong with the names is the resolver's to say. */
    struct skm_diags silent = {0};
    skm_diags_init(&silent, &scratch, 0);
    skm_names_init(&names, &scratch, &scratch, &silent);
    SKM_TRY(skm_schema_collect(&names, decls));
    SKM_TRY(skm_schema_collect_finish(&names));
    size_t errors_before = diags->errors;
    struct printer printer = {.out = out, .names = &names, .diags = diags, .source = decls->source};
    SKM_TRY(put_schema(&printer, decls));
    return diags->errors > errors_before ? SKM_ERR(INVALID) : SKM_OK;
}
