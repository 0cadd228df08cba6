/* The inside of the entity store: for entities*.c only.
 *
 * Everything is named by handles, small numbers:
 *   node   a uid, in the store or only named (as a parent, or in an attribute)
 *   type   a type name           key    an attribute or tag name
 *   shape  a sorted list of keys: the names of a record
 *   list   a sorted list of parent nodes, and the ancestors that follow from it */
#pragma once

#include "state/chunks.h"
#include "state/entities.h"
#include "state/handle_list.h"
#include "state/handle_table.h"

#define SKM_ENTITY_NO_LIST UINT32_MAX

/* One value of an entity's record. */
struct skm_entity_value {
    union {
        bool boolean;
        int64_t integer;
        const void *ptr; /* text, uid, set, record, ip: as the kind says */
    } as;
    uint32_t len; /* of text */
    uint8_t kind; /* enum skm_value_kind */
};

/* The names of a record, sorted bytewise. Shape 0 is the empty one. */
struct skm_entity_shape {
    const uint32_t *keys;
    uint32_t count;
};

struct skm_entity_record {
    const struct skm_entity_value *values; /* in the order of the shape's keys */
    uint32_t shape;
};

struct skm_entity_node {
    struct skm_uid uid;
    const struct skm_entity_value *attrs;
    const struct skm_entity_value *tags;
    uint32_t attrs_shape;
    uint32_t tags_shape;
    uint32_t type;
    uint32_t parents; /* list; SKM_ENTITY_NO_LIST: not in the store, only named */
};

enum skm_entity_list_state {
    SKM_ENTITY_LIST_NEW = 0,
    SKM_ENTITY_LIST_OPEN, /* on the stack of the walk */
    SKM_ENTITY_LIST_DONE, /* ancestors are there */
};

/* List 0 is the empty one. */
struct skm_entity_list {
    const uint32_t *parents;
    const uint32_t *ancestors; /* parents included */
    uint32_t parent_count;
    uint32_t ancestor_count;
    uint32_t round; /* of the walk that last looked in */
    uint32_t state; /* enum skm_entity_list_state */
};

/* An entity in the order added. */
struct skm_entity_row {
    uint32_t node;
    uint32_t offset; /* in its source */
};

/* From row `first_row` on, up to the next origin's, entities come from `source`. */
struct skm_entity_source {
    const struct skm_source *source;
    uint32_t first_row;
};

/* Handles of names that were interned last, plus 1, by skm_hash_hint(). Writers only. */
#define SKM_ENTITY_RECENT 1024u

struct skm_entity_names {
    struct skm_chunks names; /* skm_span */
    struct skm_handle_table table;
    uint32_t recent[SKM_ENTITY_RECENT];
};

struct skm_entities {
    struct skm_entity_view view; /* first: the store is an entity_view */
    struct skm_arena *arena;
    struct skm_handle_pool pool;
    struct skm_entity_names types;
    struct skm_entity_names keys;
    struct skm_chunks nodes;   /* struct skm_entity_node */
    struct skm_chunks shapes;  /* struct skm_entity_shape */
    struct skm_chunks lists;   /* struct skm_entity_list */
    struct skm_chunks rows;    /* struct skm_entity_row */
    struct skm_chunks sources; /* struct skm_entity_source */
    struct skm_handle_table node_table;
    struct skm_handle_table shape_table;
    struct skm_handle_table list_table;
    uint32_t last_shape; /* the next entity's is often the same */
    uint32_t *scratch; /* two halves of scratch_len; owned */
    uint32_t scratch_len;
    bool closed;
};

static inline struct skm_entity_node *skm_entities_node(const struct skm_entities *entities,
                                                        uint32_t node)
{
    return skm_chunks_at(&entities->nodes, node);
}

static inline struct skm_entity_list *skm_entities_list(const struct skm_entities *entities,
                                                        uint32_t list)
{
    return skm_chunks_at(&entities->lists, list);
}

static inline const struct skm_entity_row *skm_entities_row(const struct skm_entities *entities,
                                                            uint32_t row)
{
    return skm_chunks_at(&entities->rows, row);
}

/* ---- entities_intern.c ---- */

/* The handle of a node; false when nobody named it. */
bool skm_entities_find_node(const struct skm_entities *entities, const struct skm_uid *uid,
                            uint32_t *out_node);

/* Finds or makes. The uid is copied. */
SKM_MUST skm_err skm_entities_intern_node(struct skm_entities *entities, const struct skm_uid *uid,
                                          uint32_t *out_node);

/* The same in two steps, with other work between them: the first sends for the memory that the second looks at. */
struct skm_entity_key {
    skm_span id; /* the uid's */
    uint32_t type;
    uint32_t hash;
};
SKM_MUST skm_err skm_entities_intern_key(struct skm_entities *entities, const struct skm_uid *uid,
                                         struct skm_entity_key *out_key);
SKM_MUST skm_err skm_entities_intern_keyed(struct skm_entities *entities,
                                           const struct skm_entity_key *key, uint32_t *out_node);

/* `parents` is sorted and unique. */
SKM_MUST skm_err skm_entities_intern_list(struct skm_entities *entities, const uint32_t *parents,
                                          uint32_t count, uint32_t *out_list);

/* Copies a record in compact form. NULL is the empty record. */
SKM_MUST skm_err skm_entities_intern_record(struct skm_entities *entities,
                                            const struct skm_value_record *record,
                                            struct skm_entity_record *out_record);

/* The value of a key, as the language has it; false when the record has no such key. */
bool skm_entities_record_get(const struct skm_entities *entities, struct skm_entity_record record,
                             skm_span name, struct skm_value *out_value);

/* True when the compact record holds the same as the plain one (NULL is empty). */
bool skm_entities_record_equal(const struct skm_entities *entities, struct skm_entity_record packed,
                               const struct skm_value_record *plain);

/* The i-th field, key included. */
struct skm_value_field skm_entities_record_at(const struct skm_entities *entities,
                                              struct skm_entity_record record, uint32_t index);

uint32_t skm_entities_record_count(const struct skm_entities *entities,
                                   struct skm_entity_record record);

/* Makes both halves of `scratch` at least `len` long; keeps the content of the first. */
SKM_MUST skm_err skm_entities_scratch(struct skm_entities *entities, uint32_t len);

/* ---- entities.c ---- */

/* Where a row was written; {NULL, 0} when unknown. */
struct skm_entity_origin skm_entities_origin(const struct skm_entities *entities, uint32_t row);

/* The same for a node; looks through all rows: for messages. */
struct skm_entity_origin skm_entities_node_origin(const struct skm_entities *entities,
                                                  uint32_t node);

static inline struct skm_entity_record skm_entities_attrs(const struct skm_entity_node *node)
{
    return (struct skm_entity_record){node->attrs, node->attrs_shape};
}

static inline struct skm_entity_record skm_entities_tags(const struct skm_entity_node *node)
{
    return (struct skm_entity_record){node->tags, node->tags_shape};
}
