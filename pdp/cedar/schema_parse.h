/* Schemas in Cedar syntax: text to declarations to a resolved schema (Cedar schema grammar; RFC 24, RFC 116).
 *
 *     schema    := { annotations ( 'namespace' path '{' { annotations decl } '}' | decl ) }
 *     decl      := ['external'] entity | ['external'] action | type
 *     entity    := 'entity' IDENT {',' IDENT} ['in' types] [['='] record] ['tags' type] ';'
 *                | 'entity' IDENT {',' IDENT} 'enum' '[' STRING {',' STRING} ']' ';'
 *     action    := 'action' name {',' name} ['in' (qname | '[' qname {',' qname} ']')]
 *                  ['appliesTo' '{' app {',' app} [','] '}'] ['attributes' '{' '}'] ';'
 *     app       := ('principal' | 'resource') ':' types | 'context' ':' (path | record)
 *     type      := 'type' IDENT '=' type ';'        type := path | 'Set' '<' type '>' | record
 *     record    := '{' [attr {',' attr} [',']] '}'  attr := annotations name ['?'] ':' type
 *
 * `external` declarations have `in` and nothing else. All words are contextual: `entity entity;` is fine. After a fault
 * reading goes on at the next declaration, so one run reports many. Any thread. */
#pragma once

#include "cedar/schema.h"
#include "cedar/schema_decl.h"

/* Longest text of a schema. */
#define SKM_SCHEMA_TEXT_MAX (UINT32_C(64) << 20)

/* SKM_E_INVALID: `diags` has the errors. SKM_E_MEMORY. `source` must outlive the schema. */
SKM_MUST skm_err skm_schema_parse(struct skm_arena *arena, const struct skm_source *source,
                                  struct skm_diags *diags, const struct skm_schema **out_schema);

/* The declarations alone, nothing looked up: for several files (schema_resolve.h) and for printing. Errors as above. */
SKM_MUST skm_err skm_schema_parse_decls(struct skm_arena *arena, const struct skm_source *source,
                                        struct skm_diags *diags,
                                        const struct skm_decl_schema **out_decls);

/* True when the text is a schema in Cedar syntax rather than in JSON: its first token is not `{`. */
bool skm_schema_text_is_cedar(skm_span text);
