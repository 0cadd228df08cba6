/* What an evaluator asks about entities: an interface, so that the store, an overlay of a request on the store,
 * and tests can answer. Lookups do not fail and do not allocate; answers are borrowed and live as long as the view. */
#pragma once

#include <stdbool.h>

#include "cedar/value.h"

enum skm_entity_find {
    SKM_ENTITY_FOUND = 0,
    SKM_ENTITY_MISSING, /* the entity is not in the store */
    SKM_ENTITY_NO_KEY,  /* it is, and has no such attribute or tag */
};

struct skm_entity_view;

struct skm_entity_view_ops {
    bool (*exists)(const struct skm_entity_view *view, const struct skm_uid *uid);
    enum skm_entity_find (*attr)(const struct skm_entity_view *view, const struct skm_uid *uid,
                                 skm_span name, struct skm_value *out_value);
    enum skm_entity_find (*tag)(const struct skm_entity_view *view, const struct skm_uid *uid,
                                skm_span name, struct skm_value *out_value);
    /* True when `ancestor` is a proper ancestor (parents, transitively). The caller handles uid == ancestor. */
    bool (*has_ancestor)(const struct skm_entity_view *view, const struct skm_uid *uid,
                         const struct skm_uid *ancestor);
};

/* First member of whatever implements it. */
struct skm_entity_view {
    const struct skm_entity_view_ops *ops;
};

/* A view with nothing in it. Static storage. */
const struct skm_entity_view *skm_entity_view_empty(void);
