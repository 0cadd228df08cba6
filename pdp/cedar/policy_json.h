/* Policies from and to JSON (Cedar documentation: JSON policy format; reference: JSON policy format).
 *
 *     policy      {"effect","principal","action","resource","conditions", "annotations"?}
 *     set         {"staticPolicies":{id:policy},"templates":{id:policy},"templateLinks":[{"templateId","newId","values"}]}
 *
 * Reading is strict: no key is unknown, missing or there twice. Policies built from JSON have no source and no ranges; messages point
 * into the JSON text. Surface forms (`!=`, `>`, `>=`, `is .. in`, extended `has`) are kept both ways; only `x["a"]` and `x.a`
 * become the same.
 *
 * DEVIATION: keys that an operator or a scope does not have are refused everywhere; the Rust implementation ignores some
 * of them. So is a method without receiver, which has no text, and a policy without slots under "templates", which would
 * never decide.
 *
 * Memory: trees live in the arena and borrow from the JSON text. Bounds: SKM_EXPR_DEPTH_MAX, SKM_EXPR_WEIGHT_MAX, data
 * within `Value` nests SKM_JSON_DEPTH_MAX deep. Threads: any, one arena each. */
#pragma once

#include "base/diag.h"
#include "cedar/ast.h"

struct skm_buf;
struct skm_policy_set;

/* One policy or template, which gets the id. SKM_E_INVALID: `diags` has the message, the output is untouched.
 * SKM_E_MEMORY, SKM_E_SIZE (the text is longer than SKM_PARSE_TEXT_MAX). */
SKM_MUST skm_err skm_policy_json_read(struct skm_arena *arena, const struct skm_source *source,
                                      skm_span id, struct skm_diags *diags,
                                      struct skm_policy *out_policy);

/* A policy set, added to `set`: static policies, templates, links, each in the order written. Errors as above, and those
 * of skm_policy_set_add(): the set is then good for fini only. */
SKM_MUST skm_err skm_policy_json_read_set(struct skm_policy_set *set,
                                          const struct skm_source *source, struct skm_diags *diags);

/* On one line. Errors are those of the buffer. */
void skm_policy_json_write(const struct skm_policy *policy, struct skm_buf *out);
void skm_policy_json_write_set(const struct skm_policy_set *set, struct skm_buf *out);
