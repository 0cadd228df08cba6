/* From what a proxy knows (host, path, method) to what a policy knows (resource, labels, action).
 *
 * A rule names a host and a path prefix:
 *
 *     host   `www.example.org`   this host
 *            `*.example.org`     every host below it, at any depth, not `example.org` itself
 *            empty or `*`        any host that no other rule names
 *     path   `/`, `/a`, `/a/b`   the path itself and everything below it, on whole segments: `/a` covers `/a`, `/a/` and `/a/b`,
 *                                not `/ab`. A slash at the end changes nothing.
 *
 * The most specific host that has a rule decides alone (exact, then the longest `*.` suffix, then any), and among its rules the
 * longest path. Nothing found is SKM_E_NOT_FOUND: the caller denies.
 *
 * Methods (RFC 9110 §9: case-sensitive tokens) become actions: a rule's own table first (HEAD without a line of its own is as its GET), then the map's
 * defaults: GET and HEAD `view`; POST, PUT, PATCH and DELETE `edit`. A method in neither table, OPTIONS for one, is SKM_E_REFUSED: the caller denies.
 *
 * Labels are attributes laid over the resource for the request, as if they had been sent (overlay.h).
 *
 * Cost of a look-up: one binary search per label of the host and per segment of the path, bounded by the longest rule.
 * Memory: one arena, given at birth; add() copies nothing, so what a rule points to lives as long. Built by one thread, closed, then
 * immutable: any thread. */
#pragma once

#include <stddef.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

#include "base/arena.h"
#include "base/diag.h"
#include "cedar/value.h"

#define SKM_RESOURCE_RULES_MAX    1000000u
#define SKM_RESOURCE_SEGMENTS_MAX 64u /* of a rule's path */
#define SKM_RESOURCE_ACTIONS_MAX  64u /* of a rule's table */

struct skm_resource_map;

struct skm_resource_action {
    skm_span method;
    struct skm_uid action;
};

struct skm_resource_rule {
    skm_span host;
    skm_span path; /* as proto/uri.h normalises: no `.`, `..` or empty segments */
    struct skm_uid resource;
    const struct skm_value_record *labels; /* NULL: none */
    const struct skm_resource_action *actions;
    size_t action_count;
    const struct skm_source *source; /* where it is written, for messages; NULL: nowhere */
    struct skm_range range;
};

/* What a request is about. Borrowed from the map. */
struct skm_resource_match {
    const struct skm_uid *resource;
    const struct skm_value_record *labels; /* NULL: none */
    const struct skm_uid *action;
    const struct skm_resource_rule *rule;
};

/* `action_type`: Cedar type of the default actions, e.g. `Action`; borrowed. SKM_E_MEMORY. */
SKM_MUST skm_err skm_resource_map_new(struct skm_arena *arena, skm_span action_type,
                                      struct skm_resource_map **out_map);

/* SKM_E_INVALID, with a message at the rule's place: a host or path that no request could match, a resource or action type that
 * is no Cedar name, a method twice. SKM_E_COUNT, SKM_E_MEMORY. */
SKM_MUST skm_err skm_resource_map_add(struct skm_resource_map *map,
                                      const struct skm_resource_rule *rule,
                                      struct skm_diags *diags);

/* Makes it ready for look-ups. SKM_E_INVALID, with messages: two rules for the same host and path. SKM_E_MEMORY. */
SKM_MUST skm_err skm_resource_map_close(struct skm_resource_map *map, struct skm_diags *diags);

/* The table for methods that a rule does not list; yields its length. Borrowed from the map. */
size_t skm_resource_map_defaults(const struct skm_resource_map *map,
                                 const struct skm_resource_action **out_actions);

size_t skm_resource_map_count(const struct skm_resource_map *map);

/* `host`: lower case, no port, no dot at the end; `path`: normalised. SKM_E_NOT_FOUND: no rule for host and path;
 * SKM_E_REFUSED: there is one, and it has no action for the method. */
SKM_MUST skm_err skm_resource_map_find(const struct skm_resource_map *map, skm_span host,
                                       skm_span path, skm_span method,
                                       struct skm_resource_match *out_match);
