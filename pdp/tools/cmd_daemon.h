/* The commands that speak with a running daemon over its administration socket, and the one that makes keys for it. */
#pragma once

#include "tools/command.h"

extern const struct skm_command skm_cmd_reload;
extern const struct skm_command skm_cmd_status;
extern const struct skm_command skm_cmd_pep_key;
