#include "state/overlay.h"

#include "base/span.h"

/* The overlay behind a view handed to an evaluator. SAFETY: `view` is the first member. */
static const struct skm_overlay *overlay_of(const struct skm_entity_view *view)
{
    return (const struct skm_overlay *)(const void *)view;
}

static bool is_laid_over(const struct skm_overlay *overlay, const struct skm_uid *uid)
{
    for (size_t i = 0; i < overlay->layer_count; i++) {
        if (skm_uid_equal(overlay->layers[i].uid, uid)) {
            return true;
        }
    }
    return false;
}

/* What was sent under this name about the entity, or NULL. */
static const struct skm_value *sent_attr(const struct skm_overlay *overlay,
                                         const struct skm_uid *uid, skm_span name)
{
    for (size_t i = 0; i < overlay->layer_count; i++) {
        const struct skm_overlay_layer *layer = &overlay->layers[i];
        if (!skm_uid_equal(layer->uid, uid)) {
            continue;
        }
        const struct skm_value *value = skm_value_record_get(layer->attrs, name);
        if (value != NULL) {
            return value;
        }
    }
    return NULL;
}

static bool overlay_exists(const struct skm_entity_view *view, const struct skm_uid *uid)
{
    const struct skm_overlay *overlay = overlay_of(view);
    return is_laid_over(overlay, uid) || overlay->base->ops->exists(overlay->base, uid);
}

static enum skm_entity_find overlay_attr(const struct skm_entity_view *view,
                                         const struct skm_uid *uid, skm_span name,
                                         struct skm_value *out_value)
{
    const struct skm_overlay *overlay = overlay_of(view);
    const struct skm_value *sent = sent_attr(overlay, uid, name);
    if (sent != NULL) {
        *out_value = *sent;
        return SKM_ENTITY_FOUND;
    }
    enum skm_entity_find found = overlay->base->ops->attr(overlay->base, uid, name, out_value);
    return found == SKM_ENTITY_MISSING && is_laid_over(overlay, uid) ? SKM_ENTITY_NO_KEY : found;
}

static enum skm_entity_find overlay_tag(const struct skm_entity_view *view,
                                        const struct skm_uid *uid, skm_span name,
                                        struct skm_value *out_value)
{
    const struct skm_overlay *overlay = overlay_of(view);
    enum skm_entity_find found = overlay->base->ops->tag(overlay->base, uid, name, out_value);
    return found == SKM_ENTITY_MISSING && is_laid_over(overlay, uid) ? SKM_ENTITY_NO_KEY : found;
}

static bool overlay_has_ancestor(const struct skm_entity_view *view, const struct skm_uid *uid,
                                 const struct skm_uid *ancestor)
{
    const struct skm_overlay *overlay = overlay_of(view);
    return overlay->base->ops->has_ancestor(overlay->base, uid, ancestor);
}

void skm_overlay_init(struct skm_overlay *overlay, const struct skm_entity_view *base)
{
    static const struct skm_entity_view_ops ops = {
        .exists = overlay_exists,
        .attr = overlay_attr,
        .tag = overlay_tag,
        .has_ancestor = overlay_has_ancestor,
    };
    *overlay = (struct skm_overlay){.view = {.ops = &ops}, .base = base};
}

/* One request may not say two things about one attribute: which of them a policy saw would be chance. */
static bool contradicts(const struct skm_overlay *overlay, const struct skm_uid *uid,
                        const struct skm_value_record *attrs)
{
    for (size_t i = 0; i < attrs->count; i++) {
        const struct skm_value *sent = sent_attr(overlay, uid, attrs->fields[i].key);
        if (sent != NULL && !skm_value_equal(sent, &attrs->fields[i].value)) {
            return true;
        }
    }
    return false;
}

skm_err skm_overlay_add(struct skm_overlay *overlay, const struct skm_uid *uid,
                        const struct skm_value_record *attrs)
{
    if (attrs == NULL) {
        return SKM_OK;
    }
    if (overlay->layer_count == SKM_OVERLAY_LAYERS_MAX) {
        return SKM_ERR(COUNT);
    }
    if (contradicts(overlay, uid, attrs)) {
        return SKM_ERR(DUPLICATE);
    }
    overlay->layers[overlay->layer_count++] =
        (struct skm_overlay_layer){.uid = uid, .attrs = attrs};
    return SKM_OK;
}
