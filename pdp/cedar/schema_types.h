/* A table of types in which equal types are one object.
 *
 * Common types make types into graphs: `type T1 = {a: T0, b: T0}; type T2 = {a: T1, b: T1}; ...` expands to 2^n nodes.
 * Sharing keeps the resolved schema as small as its text, and comparing two types of one schema cheap.
 *
 * Memory: types go to one arena, the table's own keys to another and to the heap. Threads: one thread at a time. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "cedar/type.h"

struct skm_type_table {
    struct skm_arena *arena;   /* types */
    struct skm_arena *scratch; /* keys */
    struct skm_map types;      /* content to type */
    struct skm_map imports;    /* address of a foreign type to its equal here */
    struct skm_buf key;
};

void skm_type_table_init(struct skm_type_table *table, struct skm_arena *arena,
                         struct skm_arena *scratch);
void skm_type_table_fini(struct skm_type_table *table);

/* A type without parts; not ENTITY, SET or RECORD. Static storage. */
const struct skm_type *skm_type_simple(enum skm_type_kind kind);

/* `name` is borrowed and must outlive the type. */
SKM_MUST skm_err skm_type_table_entity(struct skm_type_table *table, skm_span name,
                                       const struct skm_type **out_type);

/* `element` must be of this table (or simple). SKM_E_DEPTH past SKM_TYPE_DEPTH_MAX. */
SKM_MUST skm_err skm_type_table_set(struct skm_type_table *table, const struct skm_type *element,
                                    const struct skm_type **out_type);

/* `attrs` sorted by name, unique; copied when the type is new, names stay borrowed. SKM_E_DEPTH. */
SKM_MUST skm_err skm_type_table_record(struct skm_type_table *table,
                                       const struct skm_type_attr *attrs, size_t count,
                                       const struct skm_type **out_type);

/* The equal of a type from elsewhere (of another schema, say). Its names stay borrowed. */
SKM_MUST skm_err skm_type_table_import(struct skm_type_table *table, const struct skm_type *type,
                                       const struct skm_type **out_type);
