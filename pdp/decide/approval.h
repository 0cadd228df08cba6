/* Which approvals count (policy model 2.3), for derive.c. */
#pragma once

#include "decide/derive.h"

struct skm_approval {
    skm_span kind;
    skm_span role;
    bool is_notification;
    const struct skm_value_record *record;
};

/* False when it does not count for this request; `approval` is one member of context.approvals. */
bool skm_approval_counts(const struct skm_derive_facts *facts, const struct skm_value *approval,
                         struct skm_approval *out_approval);
