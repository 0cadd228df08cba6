#include "tools/cmd_cedar.h"

static const struct skm_command *const children[] = {
    &skm_cmd_cedar_authorize,
    &skm_cmd_cedar_validate,
    &skm_cmd_cedar_parse,
    &skm_cmd_cedar_format,
    &skm_cmd_cedar_convert,
    &skm_cmd_cedar_link,
    &skm_cmd_cedar_batch,
    &skm_cmd_cedar_conformance,
    NULL,
};

const struct skm_command skm_cmd_cedar = {
    .name = "cedar",
    .summary = "policies, schemas and entities in files: decide, check, format",
    .about = "Works on Cedar policies (language 4.6) in files, without a daemon.",
    .children = children,
};
