/* Images of the engine, damaged: what loads can be run, and running it ends.
 *
 * The input is a list of changes to a sound image: each two bytes where, one byte how many (1 to 4), then so many bytes. An
 * input that starts with 0xff 0xff is an image by itself. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"
#include "engine/authorize.h"
#include "engine/compile.h"

#define ARENA_BYTES_MAX ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char POLICIES[] =
    "permit(principal in Group::\"all\", action == Action::\"view\", resource is Doc)"
    " when { [context.n, 1 + context.n].contains(2) && {b: context.s, a: principal.age} != {} };"
    "forbid(principal, action in [Action::\"edit\", Action::\"view\"], resource)"
    " when { if context.s like \"*a*\" then principal.age < -context.n else"
    "        principal has address.zip.code && principal.address.zip.code > 5 }"
    " unless { [1, \"x\", ip(\"10.0.0.0/8\"), {k: [2]}].contains(context.set) ||"
    "          datetime(context.s) < datetime(\"2024-01-01\") || principal.hasTag(context.s) };"
    "permit(principal, action, resource) when { [[context.n], [principal], [{a: context}]] =="
    "          [context.set, [resource.getTag(\"x\")], [{a: {b: context.set}}]] };";

static void expect(int condition)
{
    if (!condition) {
        abort();
    }
}

/* The sound image; made once, lives as long as the process. */
static skm_span the_image(void)
{
    static struct skm_arena arena;
    static skm_span image;
    if (image.ptr == NULL) {
        static struct skm_source source = {.text = {POLICIES, sizeof POLICIES - 1}};
        static struct skm_policy_set set;
        struct skm_policy_list list = {0};
        struct skm_diags diags;
        skm_arena_init(&arena, ARENA_BYTES_MAX);
        skm_diags_init(&diags, &arena, 1);
        skm_policy_set_init(&set, &arena);
        expect(skm_is_ok(skm_parse_policies(&arena, &source, 0, &diags, &list)));
        expect(skm_is_ok(skm_policy_set_add(&set, &list, SKM_POLICY_NAMING_NUMBER, &diags)));
        expect(skm_is_ok(skm_compile(&arena, &set, &image)));
        skm_policy_set_fini(&set);
    }
    return image;
}

/* ---- a world in which every name leads to something ---- */

static bool exists(const struct skm_entity_view *view, const struct skm_uid *uid)
{
    (void)view;
    return uid->id.len > 0;
}

static enum skm_entity_find find(const struct skm_entity_view *view, const struct skm_uid *uid,
                                 skm_span name, struct skm_value *out_value)
{
    (void)view;
    if (name.len % 3 == 0) {
        return SKM_ENTITY_NO_KEY;
    }
    *out_value = name.len % 3 == 1 ? skm_value_entity(uid) : skm_value_string(name);
    return SKM_ENTITY_FOUND;
}

static bool has_ancestor(const struct skm_entity_view *view, const struct skm_uid *uid,
                         const struct skm_uid *ancestor)
{
    (void)view;
    return skm_uid_compare(uid, ancestor) > 0;
}

static void run(skm_span image)
{
    static const struct skm_entity_view_ops OPS = {exists, find, find, has_ancestor};
    static const struct skm_entity_view VIEW = {&OPS};
    static const struct skm_value numbers[] = {{.kind = SKM_VALUE_LONG, .as.integer = 2}};
    static const struct skm_value_set set = {numbers, 1};
    static const struct skm_value_field fields[] = {
        {SKM_SPAN_INIT("n"), {.kind = SKM_VALUE_LONG, .as.integer = 1}},
        {SKM_SPAN_INIT("s"), {.kind = SKM_VALUE_STRING, .as.string = SKM_SPAN_INIT("2024-02-29")}},
        {SKM_SPAN_INIT("set"), {.kind = SKM_VALUE_SET, .as.set = &set}},
    };
    static const struct skm_value_record context = {fields, 3};
    struct skm_request request = {{SKM_SPAN("User"), SKM_SPAN("a")},
                                  {SKM_SPAN("Action"), SKM_SPAN("view")},
                                  {SKM_SPAN("Doc"), SKM_SPAN("plan")},
                                  {.kind = SKM_VALUE_RECORD, .as.record = &context}};
    struct skm_arena arena;
    struct skm_compiled_set compiled;
    struct skm_engine_answer answer;
    skm_arena_init(&arena, ARENA_BYTES_MAX);
    if (skm_is_ok(skm_policyset_load(&arena, image, &compiled))) {
        skm_err err = skm_engine_authorize(&arena, &compiled, &request, &VIEW, &answer);
        expect(skm_is_ok(err) || skm_is_err(err, SKM_E_MEMORY));
    }
    skm_arena_fini(&arena);
}

static void change(char *image, size_t len, const uint8_t *data, size_t size)
{
    for (size_t at = 0; at + 4 <= size;) {
        size_t where = data[at] | (size_t)data[at + 1] << 8;
        size_t count = data[at + 2] % 4u + 1;
        at += 3;
        for (size_t i = 0; i < count && at < size; i++, at++) {
            image[(where + i) % len] = (char)data[at];
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool whole = size > 2 && data[0] == 0xff && data[1] == 0xff;
    skm_span sound = the_image();
    size_t len = whole ? size - 2 : sound.len;
    /* As many bytes as the image has, so that the sanitizer sees a read past the end. */
    char *image = malloc(len);
    expect(image != NULL);
    memcpy(image, whole ? (const char *)data + 2 : sound.ptr, len);
    if (!whole) {
        change(image, len, data, size);
    }
    run(skm_span_of(image, len));
    free(image);
    return 0;
}
