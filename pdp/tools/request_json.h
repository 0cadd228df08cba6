/* A request as JSON: `{"principal":U,"action":U,"resource":U,"context":{...}}`, each U a uid as Cedar text
 * (`"User::\"alice\""`) or as an object (`{"type":"User","id":"alice"}`). `context` may be absent: then it is empty. */
#pragma once

#include "base/diag.h"
#include "cedar/eval.h"
#include "cedar/schema.h"

enum skm_request_rule {
    SKM_REQUEST_AS_IT_IS = 0,
    SKM_REQUEST_VALIDATED, /* with a schema: must be one that the schema allows */
};

/* The parts of a request before they are understood. */
struct skm_request_parts {
    const struct skm_source *source; /* of the context, for messages */
    struct skm_uid principal;
    struct skm_uid action;
    struct skm_uid resource;
    skm_span context; /* JSON within the source's text; ptr NULL: empty */
};

/* Reads the members of the object that makes up `text`, a part of the source's. Other members are refused when `strict`, else
 * passed over. SKM_E_INVALID with messages, SKM_E_MEMORY. */
SKM_MUST skm_err skm_request_json_split(struct skm_arena *arena, const struct skm_source *source,
                                        skm_span text, bool strict, struct skm_diags *diags,
                                        struct skm_request_parts *out_parts);

/* Reads the context, by the schema when there is one (NULL: none), and checks the request by the rule. */
SKM_MUST skm_err skm_request_json_build(struct skm_arena *arena, const struct skm_schema *schema,
                                        const struct skm_request_parts *parts,
                                        enum skm_request_rule rule, struct skm_diags *diags,
                                        struct skm_request *out_request);
