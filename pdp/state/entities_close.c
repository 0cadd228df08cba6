/* Ancestors: the transitive closure of the parents, without recursion.
 *
 * The walk goes over the distinct lists of parents, depth first. A list leads to the lists of its members. A list met
 * while it is still on the stack is a cycle of entities: if list L holds p, and p's own parents are a list further down the
 * stack, then following the current members of the lists between leads from p back to p.
 *
 * Ancestors of a list: its parents and the ancestors of each parent's list, which are done by then; a stamp per node
 * and a round per list keep everything from being looked at twice. */
#include "state/entities_store.h"

#include "base/attr.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/span.h"

#define CYCLES_REPORTED_MAX 8u
#define CYCLE_NAMES_MAX     16u

struct frame {
    uint32_t list;
    uint32_t next; /* index of the parent that is looked at next */
};

struct walk {
    struct skm_entities *entities;
    struct skm_diags *diags;
    struct frame *stack; /* one per list; owned */
    uint32_t depth;
    uint32_t *stamps; /* round in which a node was taken up; one per node; owned */
    uint32_t round;
    uint64_t total; /* ancestors so far */
    uint32_t cycles;
};

static void walk_fini(struct walk *walk)
{
    skm_mem_free(walk->stack);
    skm_mem_free(walk->stamps);
}

static skm_err walk_init(struct walk *walk, struct skm_entities *entities, struct skm_diags *diags)
{
    *walk = (struct walk){.entities = entities, .diags = diags};
    walk->stack = skm_mem_alloc_array(entities->lists.len, sizeof(*walk->stack));
    walk->stamps = skm_mem_alloc_array((size_t)entities->nodes.len + 1, sizeof(*walk->stamps));
    return walk->stack == NULL || walk->stamps == NULL ? SKM_ERR(MEMORY) : SKM_OK;
}

/* ---- one list ---- */

/* Takes handles up that were not taken in this round; they follow those in the scratch. */
static uint32_t take_up(struct walk *walk, const uint32_t *handles, uint32_t count, uint32_t taken)
{
    for (uint32_t i = 0; i < count; i++) {
        if (walk->stamps[handles[i]] != walk->round) {
            walk->stamps[handles[i]] = walk->round;
            walk->entities->scratch[taken++] = handles[i];
        }
    }
    return taken;
}

/* The list of a parent's own parents, or NULL when it has none. */
static struct skm_entity_list *list_above(const struct skm_entities *entities, uint32_t node)
{
    uint32_t list = skm_entities_node(entities, node)->parents;
    return list == SKM_ENTITY_NO_LIST || list == 0 ? NULL : skm_entities_list(entities, list);
}

static skm_err gather(struct walk *walk, const struct skm_entity_list *list, uint32_t *out_taken)
{
    struct skm_entities *entities = walk->entities;
    SKM_TRY(skm_entities_scratch(entities, list->parent_count));
    uint32_t taken = take_up(walk, list->parents, list->parent_count, 0);
    for (uint32_t i = 0; i < list->parent_count; i++) {
        struct skm_entity_list *above = list_above(entities, list->parents[i]);
        if (above == NULL || above->round == walk->round) {
            continue;
        }
        above->round = walk->round;
        uint64_t most = (uint64_t)taken + above->ancestor_count;
        SKM_TRY(skm_entities_scratch(entities, most < entities->nodes.len ? (uint32_t)most
                                                                          : entities->nodes.len));
        taken = take_up(walk, above->ancestors, above->ancestor_count, taken);
    }
    *out_taken = taken;
    return SKM_OK;
}

static skm_err finish_list(struct walk *walk, struct skm_entity_list *list)
{
    struct skm_entities *entities = walk->entities;
    uint32_t count = 0;
    walk->round++;
    SKM_TRY(gather(walk, list, &count));
    list->state = SKM_ENTITY_LIST_DONE;
    walk->total += count;
    if (walk->total > SKM_ENTITIES_ANCESTORS_MAX) {
        return SKM_ERR(COUNT);
    }
    if (count == list->parent_count) {
        list->ancestors = list->parents;
    } else {
        count = skm_handle_list_sort(entities->scratch, entities->scratch + entities->scratch_len,
                                     count);
        SKM_TRY(skm_handle_pool_dup(&entities->pool, entities->scratch, count, &list->ancestors));
    }
    list->ancestor_count = count;
    return SKM_OK;
}

/* ---- cycles ---- */

/* The member of the list on the stack at `depth` that leads on. */
static const struct skm_uid *member_at(const struct walk *walk, uint32_t depth)
{
    const struct frame *frame = &walk->stack[depth];
    const struct skm_entity_list *list = skm_entities_list(walk->entities, frame->list);
    return &skm_entities_node(walk->entities, list->parents[frame->next - 1])->uid;
}

static void print_cycle(const struct walk *walk, uint32_t first, struct skm_buf *out)
{
    uint32_t members = walk->depth - first;
    skm_uid_print(member_at(walk, walk->depth - 1), out);
    for (uint32_t i = 0; i < members; i++) {
        skm_buf_append_cstr(out, " -> ");
        if (members > CYCLE_NAMES_MAX && i == CYCLE_NAMES_MAX - 2) {
            skm_buf_printf(out, "(%u more) -> ", members - 1 - i);
            i = members - 1;
        }
        skm_uid_print(member_at(walk, first + i), out);
    }
}

/* The list on top of the stack has a member whose own parents are `list`, further down. */
static skm_err report_cycle(struct walk *walk, uint32_t list)
{
    uint32_t first = 0;
    while (walk->stack[first].list != list) {
        first++;
    }
    walk->cycles++;
    if (walk->cycles > CYCLES_REPORTED_MAX) {
        return SKM_ERR(INVALID);
    }
    struct skm_buf path = {0};
    skm_buf_init(&path, 64u << 10);
    print_cycle(walk, first, &path);
    skm_span text = skm_buf_span(&path);
    const struct skm_entity_list *top =
        skm_entities_list(walk->entities, walk->stack[walk->depth - 1].list);
    uint32_t node = top->parents[walk->stack[walk->depth - 1].next - 1];
    struct skm_entity_origin origin = skm_entities_node_origin(walk->entities, node);
    struct skm_range range = {origin.offset, origin.source == NULL ? 0 : 1};
    struct skm_diag *diag =
        skm_diags_add(walk->diags, SKM_SEVERITY_ERROR, origin.source, range,
                      "entities are their own ancestors: %.*s", SKM_SPAN_ARG(text));
    skm_diag_help(walk->diags, diag,
                  "`->` leads from an entity to its parent; take one of them out");
    skm_buf_fini(&path);
    return SKM_OK;
}

/* ---- the walk ---- */

static void push(struct walk *walk, uint32_t list)
{
    skm_entities_list(walk->entities, list)->state = SKM_ENTITY_LIST_OPEN;
    walk->stack[walk->depth++] = (struct frame){list, 0};
}

/* Looks at one more parent of the list on top of the stack, or finishes the list. */
static skm_err step(struct walk *walk)
{
    struct frame *top = &walk->stack[walk->depth - 1];
    struct skm_entity_list *list = skm_entities_list(walk->entities, top->list);
    if (top->next == list->parent_count) {
        SKM_TRY(finish_list(walk, list));
        walk->depth--;
        return SKM_OK;
    }
    uint32_t node = list->parents[top->next++];
    const struct skm_entity_list *above = list_above(walk->entities, node);
    if (above == NULL || above->state == SKM_ENTITY_LIST_DONE) {
        return SKM_OK;
    }
    uint32_t next = skm_entities_node(walk->entities, node)->parents;
    if (above->state == SKM_ENTITY_LIST_OPEN) {
        return report_cycle(walk, next);
    }
    push(walk, next);
    return SKM_OK;
}

static skm_err walk_all(struct walk *walk)
{
    for (uint32_t list = 0; list < walk->entities->lists.len; list++) {
        if (skm_entities_list(walk->entities, list)->state != SKM_ENTITY_LIST_NEW) {
            continue;
        }
        push(walk, list);
        while (walk->depth > 0) {
            SKM_TRY(step(walk));
        }
    }
    return walk->cycles == 0 ? SKM_OK : SKM_ERR(INVALID);
}

/* Forgets an earlier closure: entities may have come since. */
static void reopen(struct skm_entities *entities)
{
    for (uint32_t i = 1; i < entities->lists.len; i++) {
        struct skm_entity_list *list = skm_entities_list(entities, i);
        list->state = SKM_ENTITY_LIST_NEW;
        list->round = 0;
        list->ancestors = NULL;
        list->ancestor_count = 0;
    }
}

skm_err skm_entities_close(struct skm_entities *entities, struct skm_diags *diags)
{
    if (entities->closed) {
        return SKM_OK;
    }
    SKM_CLEANUP(walk_fini) struct walk walk = {0};
    reopen(entities);
    SKM_TRY(walk_init(&walk, entities, diags));
    SKM_TRY(walk_all(&walk));
    skm_mem_free(entities->scratch);
    entities->scratch = NULL;
    entities->scratch_len = 0;
    entities->closed = true;
    return SKM_OK;
}
