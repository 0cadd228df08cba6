#include "tools/cmd_policy.h"

static const struct skm_command *const children[] = {
    &skm_cmd_policy_check,
    &skm_cmd_policy_test,
    &skm_cmd_policy_diff,
    NULL,
};

const struct skm_command skm_cmd_policy = {
    .name = "policy",
    .summary = "policies under development: check, test, compare",
    .about = "For authors of policies; works on files, without a daemon.",
    .children = children,
};
