#include "cedar/entity_view.h"

static bool empty_exists(const struct skm_entity_view *view, const struct skm_uid *uid)
{
    (void)view;
    (void)uid;
    return false;
}

static enum skm_entity_find empty_find(const struct skm_entity_view *view,
                                       const struct skm_uid *uid, skm_span name,
                                       struct skm_value *out_value)
{
    (void)view;
    (void)uid;
    (void)name;
    (void)out_value;
    return SKM_ENTITY_MISSING;
}

static bool empty_has_ancestor(const struct skm_entity_view *view, const struct skm_uid *uid,
                               const struct skm_uid *ancestor)
{
    (void)view;
    (void)uid;
    (void)ancestor;
    return false;
}

const struct skm_entity_view *skm_entity_view_empty(void)
{
    static const struct skm_entity_view_ops OPS = {
        .exists = empty_exists,
        .attr = empty_find,
        .tag = empty_find,
        .has_ancestor = empty_has_ancestor,
    };
    static const struct skm_entity_view VIEW = {.ops = &OPS};
    return &VIEW;
}
