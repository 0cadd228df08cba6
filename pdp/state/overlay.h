/* A view of entities with the attributes that came with one request laid over the stored ones.
 *
 * An attribute that was sent wins over the stored one of the same name; the others keep their stored value. An entity that
 * is not in the store exists with what was sent about it. Ancestors and tags come from the store alone: a
 * request cannot put its subject into a group. Nothing of the store is copied.
 *
 * The request's principal and resource may be the same entity; then what was sent about both holds, and an attribute that was
 * sent with two different values is refused.
 *
 * Memory: the overlay is the caller's, most often on the stack; it borrows everything. One thread at a time. */
#pragma once

#include <stddef.h>

#include <sekimori/error.h>

#include "cedar/entity_view.h"

#define SKM_OVERLAY_LAYERS_MAX 3

struct skm_overlay_layer {
    const struct skm_uid *uid;
    const struct skm_value_record *attrs;
};

struct skm_overlay {
    struct skm_entity_view view; /* pass &overlay.view */
    const struct skm_entity_view *base;
    struct skm_overlay_layer layers[SKM_OVERLAY_LAYERS_MAX];
    size_t layer_count;
};

/* Nothing is laid over yet: the view answers as `base` does. */
void skm_overlay_init(struct skm_overlay *overlay, const struct skm_entity_view *base);

/* Lays the attributes over the entity. `attrs` NULL: nothing was sent, nothing changes. SKM_E_DUPLICATE when an earlier layer
 * gives the entity another value for one of the names; SKM_E_COUNT past SKM_OVERLAY_LAYERS_MAX. */
SKM_MUST skm_err skm_overlay_add(struct skm_overlay *overlay, const struct skm_uid *uid,
                                 const struct skm_value_record *attrs);
