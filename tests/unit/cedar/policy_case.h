/* Shared by the tests of policy set and authorizer: policy texts into a set, and the messages of what was refused. */
#pragma once

#include "unit/cedar/eval_case.h"

#include "cedar/authorize.h"
#include "cedar/policy_set.h"

static inline const struct skm_source *source_of(const char *text)
{
    struct skm_source *source = SKM_ARENA_NEW(&arena, struct skm_source);
    assert_non_null(source);
    source->name = SKM_SPAN("test");
    source->text = skm_span_cstr(text);
    return source;
}

static inline struct skm_policy_list policies_of(const char *text)
{
    struct skm_policy_list list = {.items = NULL};
    if (!skm_is_ok(skm_parse_policies(&arena, source_of(text), 0, &diags, &list))) {
        fail_msg("does not parse: %s", text);
    }
    return list;
}

static inline void add_policies(struct skm_policy_set *set, const char *text,
                                enum skm_policy_naming naming)
{
    struct skm_policy_list list = policies_of(text);
    assert_ok(skm_policy_set_add(set, &list, naming, &diags));
}

/* All messages so far, in GCC form without the source's name. */
static inline void assert_messages(const char *expected)
{
    struct skm_buf buf;
    skm_buf_init(&buf, 1u << 16);
    skm_diags_print(&diags, SKM_DIAG_FORM_GCC, &buf);
    assert_ok(skm_buf_check(&buf));
    assert_span_equal(skm_buf_span(&buf), skm_span_cstr(expected));
    skm_buf_fini(&buf);
    skm_diags_init(&diags, &arena, 20);
}
