/* The body of an AuthZEN request, taken apart but not yet judged (AuthZEN 1.0 §5, §6.1, §7.1).
 *
 * One strict pass over the text. What is missing or of the wrong type is noted, not refused: a default of a batch may be incomplete
 * as long as no item uses it (§7.1.1), and a bad item must not spoil its neighbours. Members outside the text's
 * are skipped, at every level; a member that is null counts as absent.
 *
 * Memory: the request's arena; spans point into the body. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sekimori/error.h>
#include <sekimori/types.h>

#include "base/arena.h"
#include "decide/search.h"

struct skm_authzen_entity {
    bool is_present;
    const char *fault;   /* why it cannot be used; static storage; NULL: fine */
    skm_span type;       /* subject, resource */
    skm_span id;         /* subject, resource; of an action: its name */
    skm_span properties; /* JSON text of an object; empty: none */
};

struct skm_authzen_context {
    bool is_present;
    const char *fault;
    skm_span properties;
};

struct skm_authzen_item {
    const char *fault; /* the item itself cannot be used; NULL: fine */
    struct skm_authzen_entity subject;
    struct skm_authzen_entity action;
    struct skm_authzen_entity resource;
    struct skm_authzen_context context;
};

enum skm_authzen_semantic {
    SKM_AUTHZEN_EXECUTE_ALL = 0,
    SKM_AUTHZEN_DENY_ON_FIRST_DENY,
    SKM_AUTHZEN_PERMIT_ON_FIRST_PERMIT,
};

/* §8.2.1: which part of the results is wanted. Other members are skipped. */
struct skm_authzen_page {
    bool has_limit;
    uint64_t limit;
    skm_span token; /* empty: from the beginning */
};

struct skm_authzen_body {
    struct skm_authzen_item top;          /* the request, or the defaults of a batch */
    const struct skm_authzen_item *items; /* `evaluations`; none when absent or empty */
    size_t item_count;
    enum skm_authzen_semantic semantic;
    bool wants_explanation;       /* `"options":{"explain":true}` */
    struct skm_authzen_page page; /* of a search */
};

/* `max_items` 0: a single evaluation, `evaluations` is skipped like any unknown member. On SKM_E_INVALID *out_message says what is
 * wrong (arena): 400. SKM_E_MEMORY. */
SKM_MUST skm_err skm_authzen_body_parse(struct skm_arena *arena, skm_span text, size_t max_items,
                                        struct skm_authzen_body *out_body, skm_span *out_message);

/* The body of a search (§8.4 to §8.6). The searched entity needs no id: one that is there is skipped, of whatever type it is. In an action
 * search an `action` is skipped, and `top.action` counts as present without a name. As above. */
SKM_MUST skm_err skm_authzen_body_parse_search(struct skm_arena *arena, skm_span text,
                                               enum skm_search_target target,
                                               struct skm_authzen_body *out_body,
                                               skm_span *out_message);
