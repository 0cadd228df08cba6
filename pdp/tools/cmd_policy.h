/* The commands for authors of policies: `sekimori explain` and the rows of `sekimori policy`. */
#pragma once

#include "tools/command.h"

extern const struct skm_command skm_cmd_explain;
extern const struct skm_command skm_cmd_policy;

extern const struct skm_command skm_cmd_policy_check;
extern const struct skm_command skm_cmd_policy_test;
extern const struct skm_command skm_cmd_policy_diff;
