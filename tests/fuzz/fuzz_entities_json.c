/* Entity files: the first byte says whether there is a schema, the rest is the file.
 *
 * Nothing may crash or leak, and what is accepted must hold together: whoever is in somebody's list of ancestors is
 * an ancestor by the view, an entity read back and added again is the same, and its JSON reads back as itself. */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/span.h"
#include "cedar/schema_parse.h"
#include "cedar/value_json.h"
#include "state/entities_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define QUOTA         ((size_t)256 << 20)
#define ENTITIES_SEEN 200u

static const char schema_text[] =
    "entity Group in [Group];\n"
    "entity User in [Group] = { name: String, age?: Long, boss?: User, ip?: ipaddr, since?: datetime,\n"
    "  long?: duration, rate?: decimal, nick?: Set<String>, home?: { street: String, zip?: Long }, color?: Color,\n"
    "  may?: Action } tags Set<String>;\n"
    "entity Color enum [\"red\", \"green\"];\n"
    "action \"all\";\n"
    "action \"view\" in [\"all\"] appliesTo { principal: [User], resource: [Group] };\n";

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* Reading it in another store may run out of memory, and nothing else. */
static void check_entity(struct skm_entities *entities, const struct skm_uid *uid, struct skm_arena *arena)
{
    struct skm_entity entity;
    if (!skm_is_ok(skm_entities_get(entities, uid, arena, &entity))) {
        return;
    }
    require(skm_is_ok(skm_entities_add(entities, &entity)));
    const struct skm_entity_view *view = skm_entities_view(entities);
    const struct skm_uid *ancestors = NULL;
    size_t count = 0;
    require(view->ops->exists(view, uid));
    require(skm_is_ok(skm_entities_ancestors(entities, uid, arena, &ancestors, &count)));
    require(count >= entity.parent_count);
    require(!view->ops->has_ancestor(view, uid, uid));
    for (size_t i = 0; i < count; i++) {
        require(view->ops->has_ancestor(view, uid, &ancestors[i]));
        require(!view->ops->has_ancestor(view, &ancestors[i], uid));
    }
    for (size_t i = 0; i < entity.attrs->count; i++) {
        struct skm_value value;
        const struct skm_value_field *field = &entity.attrs->fields[i];
        require(view->ops->attr(view, uid, field->key, &value) == SKM_ENTITY_FOUND);
        require(skm_value_equal(&value, &field->value));
    }
}

static void check_store(struct skm_entities *entities, struct skm_arena *arena)
{
    size_t count = skm_entities_count(entities);
    for (size_t i = 0; i < count && i < ENTITIES_SEEN; i++) {
        check_entity(entities, skm_entities_uid_at(entities, i), arena);
    }
    require(skm_entities_count(entities) == count);
}

static void load(struct skm_arena *arena, struct skm_entities *entities, const struct skm_source *source,
                 const struct skm_schema *schema, struct skm_diags *diags)
{
    skm_err err = skm_entities_json_load(entities, source, skm_entities_json_guess(source), schema, diags);
    if (skm_is_ok(err)) {
        err = skm_entities_finish(entities, schema, diags);
    }
    if (skm_is_ok(err)) {
        require(diags->errors == 0);
        check_store(entities, arena);
    } else {
        require(!skm_is_err(err, SKM_E_INVALID) || diags->errors > 0);
    }
    struct skm_buf text = {0};
    skm_buf_init(&text, 1u << 20);
    skm_diags_print(diags, SKM_DIAG_FORM_HUMAN, &text);
    skm_buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct skm_arena arena;
    struct skm_diags diags;
    struct skm_entities *entities = NULL;
    const struct skm_schema *schema = NULL;
    skm_arena_init(&arena, QUOTA);
    skm_diags_init(&diags, &arena, 20);
    struct skm_source schema_source = {SKM_SPAN("schema"), skm_span_cstr(schema_text)};
    struct skm_source source = {SKM_SPAN("e.json"), {(const char *)data + 1, size - 1}};
    if (data[0] % 2 == 1) {
        require(skm_is_ok(skm_schema_parse(&arena, &schema_source, &diags, &schema)));
    }
    require(skm_is_ok(skm_entities_new(&arena, &entities)));
    load(&arena, entities, &source, schema, &diags);
    skm_entities_free(entities);
    skm_arena_fini(&arena);
    return 0;
}
