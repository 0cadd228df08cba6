/* What the language says about one entity, checked while it is read from JSON, so that every message has a place: entity
 * conformance to a schema, and the rule about actions that holds without one. For entities_json.c.
 *
 * One `struct skm_conform` serves a whole file; skm_conform_forget() before each entity. Every check that finds something adds
 * a message whose id is the entity's uid; the reader counts them. */
#pragma once

#include "base/diag.h"
#include "cedar/schema.h"
#include "cedar/value_json.h"

enum skm_conform_part {
    SKM_CONFORM_ATTR = 0,
    SKM_CONFORM_TAG,
};

#define SKM_CONFORM_RECENT 1024u

struct skm_conform {
    const struct skm_source *source;
    const struct skm_schema *schema; /* NULL: none */
    struct skm_diags *diags;
    struct skm_value_json how;         /* for attributes and tags */
    struct skm_value_json uid_how;     /* for uids, which are checked here */
    struct skm_value_json_fault fault; /* what the last failed read was about */
    /* Entity types that were looked up, by skm_hash_hint() of the name. */
    const struct skm_schema_entity *recent[SKM_CONFORM_RECENT];
    /* The entity that is being read. */
    const struct skm_uid *uid;              /* NULL: not known yet */
    const struct skm_schema_entity *entity; /* NULL: no schema, an action, or not declared */
    bool is_action;
    size_t required_seen; /* required attributes that came */
};

/* Values go to `arena` and borrow from the source's text. */
void skm_conform_init(struct skm_conform *conform, struct skm_arena *arena,
                      const struct skm_source *source, const struct skm_schema *schema,
                      struct skm_diags *diags);

void skm_conform_forget(struct skm_conform *conform);

/* Adds an error / a warning at a byte of the source, with the entity's uid when it is known. */
void skm_conform_fault(struct skm_conform *conform, size_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct skm_diag *skm_conform_warn(struct skm_conform *conform, size_t offset, const char *format,
                                  ...) __attribute__((format(printf, 3, 4)));

/* The uid is known now; it outlives the entity's reading. Checks that its type, or the action, is declared and not external,
 * and that an enum type lists the id. */
void skm_conform_entity(struct skm_conform *conform, const struct skm_uid *uid, size_t offset);

/* An attribute or tag comes: true when it may be there; *out_type is what it must be, or NULL for no type direction. */
bool skm_conform_field(struct skm_conform *conform, enum skm_conform_part part, skm_span key,
                       size_t offset, const struct skm_type **out_type);

/* All attributes were read: checks that the required ones are there. */
void skm_conform_record(struct skm_conform *conform, enum skm_conform_part part,
                        const struct skm_value_record *record, size_t offset);

void skm_conform_parent(struct skm_conform *conform, const struct skm_uid *parent, size_t offset);

/* "attribute `age`: ", cut short to fit. */
void skm_conform_describe(enum skm_conform_part part, skm_span key, char *out, size_t out_bytes);
