/* The rows of `sekimori cedar`: one file each. */
#pragma once

#include "tools/command.h"

extern const struct skm_command skm_cmd_cedar;

extern const struct skm_command skm_cmd_cedar_authorize;
extern const struct skm_command skm_cmd_cedar_validate;
extern const struct skm_command skm_cmd_cedar_parse;
extern const struct skm_command skm_cmd_cedar_format;
extern const struct skm_command skm_cmd_cedar_convert;
extern const struct skm_command skm_cmd_cedar_link;
extern const struct skm_command skm_cmd_cedar_batch;
extern const struct skm_command skm_cmd_cedar_conformance;
